import type { Operation } from '../../model/index.js';
import { defaultThresholds, detectionMs } from '../../spec/index.js';
import { showOperation } from '../engine/show.js';
import { check, type Trial } from '../engine/trial.js';
import { overtaken } from './in-flight.js';
import { hold, writesOf } from './lanes.js';

/*
 * What a registry has done leaves no timer behind: whatever was asked, and whatever came of it.
 */

/** When no write is in flight, it is idle once the last sample has left its window; a little later, if it notices by a timer. */
async function idles(t: Trial, after: string): Promise<void> {
  await t.rig.perform({ op: 'advance', ms: defaultThresholds.windowMs + 2 * detectionMs + t.stalenessMs });
  t.check(t.rig.clock.timers === 0, `a registry that is idle has a timer running, ${after}`, 0, t.rig.clock.timers);
}

/** Writes that are refused at once, where `s` is a server, `a` a transport and `none` neither, and the endpoint `dead` is down. */
function refusals(t: Trial, s: string, a: string, none: string): Operation[] {
  const refused: Operation[] = [{ op: 'registerServer', id: s, endpoint: 'e2' }];
  if (t.offers('update')) refused.push({ op: 'updateServer', id: none, config: {} });
  if (t.offers('transports')) refused.push({ op: 'registerTransport', id: a, endpoint: 'e2' });
  if (t.offers('transports') && t.offers('binding')) refused.push({ op: 'bindTransportToServer', transportId: a, serverId: none }, { op: 'bindTransportToServer', transportId: none, serverId: s });
  if (t.offers('liveness')) refused.push({ op: 'registerServer', id: none, endpoint: 'dead' });
  return refused;
}

export const idleChecks = [
  check('CTN-8', 'a fresh registry sets no timer, and none is left after refusals of every kind, looks at everything, and closed admission', 'writes that are refused', async (t) => {
    const [s, a, none] = t.ids(3) as [string, string, string];
    t.check(t.rig.clock.timers === 0, 'a fresh registry has set a timer', 0, t.rig.clock.timers);
    await t.setup({ op: 'registerServer', id: s, endpoint: 'e1' });
    if (t.offers('transports')) await t.setup({ op: 'registerTransport', id: a, endpoint: 'e1' });
    if (t.offers('liveness')) await t.rig.perform({ op: 'down', endpoint: 'dead' });
    for (const operation of refusals(t, s, a, none)) {
      await t.refused(operation);
      t.occurred();
      await idles(t, `after ${showOperation(operation)} was refused`);
    }
    if (t.offers('override')) {
      await t.setup({ op: 'setAdmission', mode: 'closed' });
      await t.refused({ op: 'registerServer', id: none, endpoint: 'e1' });
      await idles(t, 'after a registration that closed admission refused');
      await t.setup({ op: 'setAdmission', mode: 'auto' });
    }
    await t.setup({ op: 'findServer', id: s }, { op: 'findServer', id: none }, { op: 'unregisterServer', id: none });
    if (t.offers('lists')) await t.setup({ op: 'listServers' });
    if (t.offers('stats')) await t.setup({ op: 'getPartitionStats' }, { op: 'resetStats' });
    if (t.offers('contention')) await t.setup({ op: 'getContentionStatus' });
    await idles(t, 'after looks at everything');
  }),
  check('CTN-8', 'a registry that has been busy, slow and contended is idle again without a timer', 'calls that have been open for a while, and a second in which nothing was asked', async (t) => {
    const id = t.id();
    await t.rig.slowCommit(300);
    const calls = [t.rig.start({ op: 'registerServer', id, endpoint: 'e1' }), ...Array.from({ length: 11 }, (_, i) => t.rig.start(i % 2 === 0 ? { op: 'unregisterServer', id } : { op: 'registerServer', id, endpoint: 'e1' }))];
    t.occurred(await t.waiting(calls, 2));
    for (let ms = 0; ms < 300 * 14 && !(await t.settled(calls)); ms += 300) {
      await t.rig.clock.advance(300);
      if (t.offers('stats')) await t.stats();
    }
    await t.rig.slowCommit(0);
    for (const call of calls) await t.finish(call, 'a write');
    if (t.offers('contention')) await t.rig.perform({ op: 'getContentionStatus' });
    await idles(t, 'after writes that were slow');
    // After a write of any kind, too, with some that are refused at their turn; and after those that are refused at their commit.
    for (const kind of writesOf(t, 'a', 'b', 'c').keys()) {
      await t.open();
      await hold(t, 'a', 'c');
      const write = writesOf(t, 'a', 'b', 'c')[kind]!;
      const calls = [await t.stall(write, 50), t.rig.start({ op: 'registerServer', id: 'a', endpoint: 'e3' }), t.rig.start({ op: 'registerServer', id: 'b', endpoint: 'e3' })];
      t.occurred(await t.waiting(calls, 2));
      await t.rig.perform({ op: 'advance', ms: 300 });
      for (const call of calls) await t.finish(call, 'a write');
      await idles(t, `after ${showOperation(write)}, and registrations that had to wait for it`);
    }
    for (const which of overtaken(t, 'a', 'b').keys()) {
      await t.open();
      const { needed, write, meanwhile } = overtaken(t, 'a', 'b')[which]!;
      await t.setup(...needed);
      const calls = [await t.stall(write, 50)];
      if (meanwhile.op === 'down') await t.setup(meanwhile);
      else calls.push(t.rig.start(meanwhile));
      await t.rig.perform({ op: 'advance', ms: 300 });
      for (const call of calls) await t.finish(call, 'a write');
      await idles(t, `after ${showOperation(write)}, with ${showOperation(meanwhile)} during its commit`);
    }
  }, { needs: ['slow-commit'] }),
];
