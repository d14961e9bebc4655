import type { Operation } from '../../model/index.js';
import { check } from '../engine/trial.js';

/*
 * What a registry has done leaves no timer behind: whatever was asked, and whatever came of it.
 */

export const idleChecks = [
  check('CTN-8', 'a fresh registry sets no timer, and none is left after refusals of every kind, looks at everything, and closed admission', 'writes that are refused', async (t) => {
    const [s, a, none] = t.ids(3) as [string, string, string];
    t.check(t.rig.clock.timers === 0, 'a fresh registry has set a timer', 0, t.rig.clock.timers);
    const refused: Operation[] = [{ op: 'registerServer', id: s, endpoint: 'e2' }];
    await t.setup({ op: 'registerServer', id: s, endpoint: 'e1' });
    if (t.offers('update')) refused.push({ op: 'updateServer', id: none, config: {} });
    if (t.offers('transports')) {
      await t.setup({ op: 'registerTransport', id: a, endpoint: 'e1' });
      refused.push({ op: 'registerTransport', id: a, endpoint: 'e2' });
      if (t.offers('binding')) refused.push({ op: 'bindTransportToServer', transportId: a, serverId: none }, { op: 'bindTransportToServer', transportId: none, serverId: s });
    }
    if (t.offers('liveness')) {
      await t.rig.perform({ op: 'down', endpoint: 'dead' });
      refused.push({ op: 'registerServer', id: none, endpoint: 'dead' });
    }
    for (const operation of refused) {
      await t.refused(operation);
      t.occurred();
    }
    if (t.offers('override')) {
      await t.setup({ op: 'setAdmission', mode: 'closed' });
      await t.refused({ op: 'registerServer', id: none, endpoint: 'e1' });
      await t.setup({ op: 'setAdmission', mode: 'auto' });
    }
    await t.setup({ op: 'findServer', id: s }, { op: 'findServer', id: none }, { op: 'unregisterServer', id: none });
    if (t.offers('lists')) await t.setup({ op: 'listServers' });
    if (t.offers('stats')) await t.setup({ op: 'getPartitionStats' }, { op: 'resetStats' });
    if (t.offers('contention')) await t.setup({ op: 'getContentionStatus' });
    await t.rig.perform({ op: 'advance', ms: 10_000 });
    t.check(t.rig.clock.timers === 0, 'a registry that is idle has a timer running', 0, t.rig.clock.timers);
  }),
];
