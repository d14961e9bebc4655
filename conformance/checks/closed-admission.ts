import type { Operation } from '../../model/index.js';
import type { AdmissionMode, ContentionStatus } from '../../spec/index.js';
import { showAnswer } from '../engine/answer.js';
import { Blocked } from '../engine/findings.js';
import { showOperation } from '../engine/show.js';
import { check, type Trial } from '../engine/trial.js';
import { alarmed, alarms, contendTogether } from './contention.js';

/*
 * What closed admission closes, by hand or by the alarms, how it opens again, and who may say so.
 */

const admissionRefused = ['admission_control_active'] as const;
const contending = ['stats', 'contention', 'partitions', 'virtual-time', 'slow-commit', 'update'] as const;
const why = 'closed admission rejects registrations only';

const messages = (t: Trial): boolean => t.offers('transports') && t.offers('binding') && t.offers('routing');

/** Two servers, three transports bound to the first of them, and a fourth that is not. */
async function populate(t: Trial): Promise<{ s: string; r: string; bound: readonly string[]; loose: string }> {
  const [s, r, a, b, c, loose] = t.ids(6) as [string, string, string, string, string, string];
  await t.setup({ op: 'registerServer', id: s, endpoint: 'server' }, { op: 'registerServer', id: r, endpoint: 'other' });
  if (t.offers('transports')) for (const id of [a, b, c, loose]) await t.setup({ op: 'registerTransport', id, endpoint: `of ${id}` });
  if (t.offers('transports') && t.offers('binding')) for (const transportId of [a, b, c]) await t.setup({ op: 'bindTransportToServer', transportId, serverId: s });
  return { s, r, bound: [a, b, c], loose };
}

/** Every read and every message works. */
async function readsWork(t: Trial, { s, bound }: { readonly s: string; readonly bound: readonly string[] }): Promise<void> {
  await t.holds(s, 'server', why);
  if (t.offers('lists')) await t.succeeds({ op: 'listServers' }, why);
  if (!messages(t)) return;
  const [a] = bound as [string];
  await t.gives({ op: 'getServerForTransport', transportId: a }, s, why);
  for (const [operation, count] of [
    [{ op: 'routeToServer', serverId: s, transportId: a, message: 'one' }, 1],
    [{ op: 'routeToTransport', serverId: s, transportId: a, message: 'two' }, 1],
    [{ op: 'broadcast', serverId: s, message: 'three' }, bound.length],
  ] as const) {
    t.rig.mailbox.take();
    const to = await t.succeeds(operation, why);
    t.check(to === count, `${showOperation(operation)}: ${why}`, count, to);
    const arrived = (await t.arrivals(count)).length;
    t.check(arrived === count, `${showOperation(operation)}, messages that arrived: ${why}`, count, arrived);
  }
}

/** One write of every kind that registers nothing. */
function writesOf(t: Trial, { s, r, bound, loose }: Awaited<ReturnType<typeof populate>>): Operation[] {
  const [a, b, c] = bound as [string, string, string];
  return [
    ...(t.offers('update') ? [{ op: 'updateServer', id: s, config: {} } as const] : []),
    ...(t.offers('transports') && t.offers('binding')
      ? [{ op: 'bindTransportToServer', transportId: loose, serverId: s } as const, { op: 'bindTransportToServer', transportId: a, serverId: r } as const, { op: 'unbindTransport', transportId: b } as const]
      : []),
    ...(t.offers('transports') ? [{ op: 'unregisterTransport', id: c } as const] : []),
    { op: 'unregisterServer', id: s },
  ];
}

const isClosed = async (t: Trial): Promise<boolean> => ((await t.rig.raw('getContentionStatus')) as ContentionStatus).admission === 'closed';

/** What is no mode, and what somebody may have meant for one. */
const noModes: readonly unknown[] = ['shut', '', undefined, null, 1, 'OPEN', 'Closed', 'AUTO', ' open', 'open ', 'close', 'automatic', 'true', true, 0, ['open'], { mode: 'open' }];

export const closedAdmissionChecks = [
  check('ADM-3', 'while admission is closed by hand, messages reach everybody and every other write works', 'admission that is closed, as a registration is told', async (t) => {
    const names = await populate(t);
    await t.setup({ op: 'setAdmission', mode: 'closed' });
    t.occurred((await t.rig.perform({ op: 'registerServer', id: t.id(), endpoint: 'e1' })).kind === 'refused');
    await readsWork(t, names);
    for (const write of writesOf(t, names)) await t.succeeds(write, why);
    await t.holds(names.s, undefined, why);
  }),
  check('ADM-3', 'while the alarms keep admission closed, messages reach everybody and every other write works', 'admission that shows closed while no hand has closed it', async (t) => {
    // Each for itself: a quick write makes the mean fall.
    for (let kind = -1; ; kind++) {
      await t.open({ partitions: 2 });
      const names = await populate(t);
      const write = kind < 0 ? undefined : writesOf(t, names)[kind];
      if (kind >= 0 && write === undefined) return;
      await contendTogether(t, (await t.idPerPartition(2)).map(({ id }) => id));
      if (!(await isClosed(t))) throw new Blocked('admission had to be closed first');
      t.occurred();
      if (write === undefined) await readsWork(t, names);
      else await t.succeeds(write, `${showOperation(write)}: ${why}`);
      if (write?.op === 'unregisterServer') await t.holds(names.s, undefined, why);
    }
  }, { needs: contending }),
  check('ADM-3', 'also those that are under way when it closes', 'writes that are under way while admission closes', async (t) => {
    for (let kind = 0; ; kind++) {
      await t.open();
      const write = writesOf(t, await populate(t))[kind];
      if (write === undefined) return;
      const call = await t.stall(write, 50);
      t.occurred(t.underWay([call]));
      await t.setup({ op: 'setAdmission', mode: 'closed' }, { op: 'advance', ms: 100 });
      t.accepted(await t.finish(call, 'a write'), write, `admission closed while it was under way, and ${why}`);
    }
  }, { needs: ['virtual-time', 'slow-commit'] }),
  check('ADM-4', 'admission reopens although nobody looks, and although nobody asks', 'registrations that the alarms have rejected', async (t) => {
    for (const rejected of [0, 1, 5]) {
      await t.open({ partitions: 1 });
      await contendTogether(t, ['a']);
      for (let i = 0; i < rejected; i++) {
        await t.refused({ op: 'registerServer', id: `b${i}`, endpoint: 'e1' });
        t.occurred();
      }
      await t.rig.perform({ op: 'advance', ms: 3_000 });
      await t.succeeds({ op: 'registerServer', id: 'c', endpoint: 'e1' }, 'the last slow write ended three seconds ago, and nobody has called anything since');
    }
  }, { needs: ['update'] }),
  check('ADM-6', 'admission opened by hand stays open when alarms go, and when they come again', 'admission opened by hand while three of four partitions show the alarm', async (t) => {
    const { busy, free } = await alarmed(t, 4, 3);
    await t.setup({ op: 'setAdmission', mode: 'open' });
    t.occurred();
    const [id] = free as [string];
    const admitted = async (when: string): Promise<void> => {
      await t.succeeds({ op: 'registerServer', id, endpoint: 'e1' }, `admission was opened by hand, and nobody has closed it since: ${when}`);
      await t.setup({ op: 'unregisterServer', id });
    };
    await admitted('three of four partitions are alarmed');
    await t.rig.perform({ op: 'advance', ms: 5_000 });
    await admitted('no partition is alarmed any more');
    await contendTogether(t, busy, 'registered');
    await admitted('three of four partitions are alarmed again');
    await t.setup({ op: 'resetStats' });
    await contendTogether(t, busy, 'registered');
    await admitted('three of four partitions are alarmed, since the statistics were reset');
    await t.setup({ op: 'setAdmission', mode: 'auto' });
    await t.refuses({ op: 'registerServer', id, endpoint: 'e1' }, admissionRefused, 'three of four partitions are alarmed, and it is for the alarms to decide');
  }, { needs: contending }),
  check('ADM-6', 'given back to the alarms, admission goes by what they show by then', 'alarms that came or went while admission was decided by hand', async (t) => {
    for (const by of ['open', 'closed'] as const) {
      const { free } = await alarmed(t, 4, 3);
      const [id] = free as [string];
      await t.setup({ op: 'setAdmission', mode: by });
      await t.rig.perform({ op: 'advance', ms: 5_000 });
      t.occurred((await alarms(t)) === 0);
      await t.setup({ op: 'setAdmission', mode: 'auto' });
      await t.succeeds({ op: 'registerServer', id, endpoint: 'e1' }, `admission was set to ${by} while three of four partitions were alarmed, and is given back to the alarms when none is`);
    }
    for (const by of ['open', 'closed'] as const) {
      await t.open({ partitions: 4 });
      const ids = (await t.idPerPartition(4)).map(({ id }) => id);
      const free = ids.pop()!;
      for (const id of ids) await t.setup({ op: 'registerServer', id, endpoint: 'e1' });
      await t.setup({ op: 'setAdmission', mode: by });
      await contendTogether(t, ids, 'registered');
      if ((await alarms(t)) !== 3) throw new Blocked('three of four partitions had to be alarmed first');
      await t.setup({ op: 'setAdmission', mode: 'auto' });
      await t.refuses({ op: 'registerServer', id: free, endpoint: 'e1' }, admissionRefused, `admission was set to ${by} while no partition was alarmed, and is given back to the alarms when three of four are`);
    }
  }, { needs: contending }),
  check('ADM-7', 'a mode that does not exist is refused, and changes nothing', 'registrations that are answered as was set by hand, after modes that do not exist', async (t) => {
    for (const set of ['closed', 'open'] as const satisfies readonly AdmissionMode[]) {
      await t.setup({ op: 'setAdmission', mode: set });
      for (const mode of noModes) {
        if (!t.carries('setAdmission', [mode])) continue;
        const answer = await t.rig.call('setAdmission', mode);
        t.check(answer.kind === 'refused' && answer.code === 'invalid_argument', 'there are three modes: auto, open and closed', 'refused: invalid_argument', showAnswer(answer));
      }
      const id = t.id();
      const answer = await t.rig.perform({ op: 'registerServer', id, endpoint: 'e1' });
      t.occurred((answer.kind === 'done') === (set === 'open'));
      t.check((answer.kind === 'done') === (set === 'open'), `registerServer: admission is ${set}, and modes that do not exist were refused since`, set === 'open' ? 'success' : 'refused: admission_control_active', showAnswer(answer));
    }
  }),
];
