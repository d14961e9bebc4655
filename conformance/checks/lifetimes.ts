import type { Operation } from '../../model/index.js';
import { Blocked } from '../engine/findings.js';
import { check, type Trial } from '../engine/trial.js';
import type { Rig } from '../engine/rig.js';

/*
 * How long a registration lives: until it is given up or its signal aborts, whoever else lives by that signal, and however
 * long that takes.
 */

const server = (id: string, endpoint = 'e1'): Operation => ({ op: 'registerServer', id, endpoint });
const transport = (id: string, endpoint = 'e2'): Operation => ({ op: 'registerTransport', id, endpoint });

/** Registers a server for an endpoint that the registry need not have been opened with. */
async function admit(t: Trial, rig: Rig, id: string, owner: Rig, endpoint = 'e1'): Promise<void> {
  t.accepted(await rig.call('registerServer', id, owner.endpoint(endpoint)), 'registerServer', 'the endpoint is up');
}

async function holder(rig: Rig, id: string): Promise<string | undefined> {
  const answer = await rig.perform({ op: 'findServer', id });
  if (answer.kind !== 'done') throw new Blocked('a lookup had to be answered');
  return (answer.value as { endpoint: string } | undefined)?.endpoint;
}

export const lifetimeChecks = [
  check('LKP-1', 'a registration is there for as long as it is held, and time takes nothing away', 'a name found held, hours after it was registered', async (t) => {
    const [s, a] = t.ids(2) as [string, string];
    await t.setup(server(s));
    if (t.offers('transports')) await t.setup(transport(a));
    if (t.offers('transports') && t.offers('binding')) await t.setup({ op: 'bindTransportToServer', transportId: a, serverId: s });
    for (const minutes of [1, 9, 50, 24 * 60]) {
      await t.setup({ op: 'advance', ms: minutes * 60_000 });
      await t.holds(s, 'e1', 'nobody has given it up');
      t.occurred();
      if (t.offers('transports')) await t.holds(a, 'e2', 'nobody has given it up', 'findTransport');
      if (t.offers('transports') && t.offers('binding')) await t.gives({ op: 'getServerForTransport', transportId: a }, s, 'nobody has ended the binding');
    }
  }, { needs: ['virtual-time'] }),

  check('DWN-1', 'of endpoints that share a signal, also when one of them has given up all it held', 'a name found held by an endpoint that shares a signal with one that holds nothing', async (t) => {
    for (const order of [[0, 1], [1, 0]] as const) {
      await t.open();
      const [one, other] = t.ids(2) as [string, string];
      const endpoints = [t.rig.endpoint('e1'), t.rig.endpoint('e1').twin('e1b')] as const;
      t.accepted(await t.rig.call('registerServer', one, endpoints[order[0]]), 'registerServer', 'the endpoint is up');
      t.accepted(await t.rig.call('registerServer', other, endpoints[order[1]]), 'registerServer', 'the endpoint is up');
      await t.setup({ op: 'unregisterServer', id: one });
      await t.occurs(t.holds(other, endpoints[order[1]].name, 'it was registered'));
      await t.setup({ op: 'down', endpoint: 'e1' });
      await t.eventually(() => t.holds(other, undefined, 'the signal of its endpoint has aborted'), t.goneMs);
    }
  }, { needs: ['in-process'] }),
  check('DWN-1', 'of an endpoint that gave up all it held before and came back', 'a name found held by an endpoint that had given up all it held before', async (t) => {
    const [s, a] = t.ids(2) as [string, string];
    for (let round = 0; round < 3; round++) {
      await t.setup(server(s), { op: 'unregisterServer', id: s });
      if (t.offers('transports')) await t.setup(transport(a, 'e1'), { op: 'unregisterTransport', id: a });
    }
    await t.setup(server(s));
    if (t.offers('transports')) await t.setup(transport(a, 'e1'));
    await t.occurs(t.holds(s, 'e1', 'it was registered'));
    await t.setup({ op: 'down', endpoint: 'e1' });
    await t.eventually(() => t.holds(s, undefined, 'its endpoint went down'), t.goneMs);
    if (t.offers('transports')) await t.eventually(() => t.holds(a, undefined, 'its endpoint went down', 'findTransport'), t.goneMs);
  }),
  check('DWN-1', 'also while a write is in flight', 'a name found held, whose endpoint goes down while a call is open', async (t) => {
    const [busy, s, a] = t.ids(3) as [string, string, string];
    await t.setup(server(busy, 'e5'), server(s));
    if (t.offers('transports')) await t.setup(transport(a, 'e1'));
    await t.given(t.holds(s, 'e1', 'it was registered'));
    const gone = async (): Promise<void> => {
      await t.eventually(() => t.holds(s, undefined, 'its endpoint went down while a write was in flight'), t.goneMs);
      if (t.offers('transports')) await t.eventually(() => t.holds(a, undefined, 'its endpoint went down while a write was in flight', 'findTransport'), t.goneMs);
    };
    const call = await t.stall({ op: 'updateServer', id: busy, config: {} }, 400);
    t.occurred(t.underWay([call]));
    await t.setup({ op: 'down', endpoint: 'e1' });
    await gone();
    await t.setup({ op: 'advance', ms: 1_000 });
    await t.finish(call, 'a write that had been in flight');
    await gone();
  }, { needs: ['update', 'configs', 'virtual-time', 'slow-commit'] }),
  check('DWN-1', 'in each of the registries that an endpoint is registered in', 'a name found held in both registries', async (t) => {
    const id = t.id();
    const first = t.rig;
    const second = await t.open();
    await admit(t, first, id, first);
    await admit(t, second, id, first);
    for (const rig of [first, second]) await t.given(t.eventually(async () => t.check((await holder(rig, id)) === 'e1', 'a name is not found', 'e1', 'nothing'), t.stalenessMs, rig));
    t.occurred();
    first.endpoint('e1').kill();
    for (const rig of [first, second]) {
      await t.eventually(async () => t.check((await holder(rig, id)) === undefined, 'a name outlived its endpoint, which was registered in two registries', 'nothing', 'e1'), t.goneMs, rig);
    }
  }, { needs: ['in-process'] }),
  check('DWN-1', 'also when one of the registries has been closed before', 'a name found held in one registry after another was closed', async (t) => {
    const id = t.id();
    const first = t.rig;
    const second = await t.open();
    await admit(t, first, id, first);
    await admit(t, second, id, first);
    const stays = (): Promise<void> => t.eventually(async () => t.check((await holder(second, id)) === 'e1', 'closing one registry changed another', 'e1', 'nothing'));
    await t.given(stays());
    const closed = await first.perform({ op: 'close' });
    t.accepted(closed, 'close()', 'the registry is open');
    await stays();
    t.occurred();
    first.endpoint('e1').kill();
    await t.eventually(async () => t.check((await holder(second, id)) === undefined, 'a name outlived its endpoint, which was registered in two registries', 'nothing', 'e1'), t.goneMs);
  }, { needs: ['in-process', 'close'] }),
];
