import type { Operation } from '../../model/index.js';
import { check, type Trial } from '../engine/trial.js';

/*
 * A refused operation changes nothing: not what is there, and not what comes later, when what it asked for would be
 * possible or whoever asked is gone.
 */

const server = (id: string, endpoint = 'e1', config?: { v: number }): Operation => ({ op: 'registerServer', id, endpoint, ...(config && { config }) });
const transport = (id: string, endpoint = 'e2', serverId?: string): Operation => ({ op: 'registerTransport', id, endpoint, ...(serverId !== undefined && { config: { serverId } }) });
const bind = (transportId: string, serverId: string): Operation => ({ op: 'bindTransportToServer', transportId, serverId });

/** What is there: server `s` at e1, server `other` at e3, transport `a` at e2, bound to `s`. `none` is not there. */
interface Scene {
  readonly s: string;
  readonly other: string;
  readonly a: string;
  readonly none: string;
}

async function scene(t: Trial): Promise<Scene> {
  const [s, other, a, none] = t.ids(4) as [string, string, string, string];
  await t.setup(server(s, 'e1', t.offers('configs') ? { v: 1 } : undefined), server(other, 'e3'));
  if (t.offers('transports')) await t.setup(transport(a));
  if (t.offers('transports') && t.offers('binding')) await t.setup(bind(a, s));
  await t.given(asItWas(t, { s, other, a, none }, 'nothing has been refused'));
  return { s, other, a, none };
}

/** Nothing is different in what can be looked up and listed. */
async function asItWas(t: Trial, { s, other, a, none }: Scene, why: string): Promise<void> {
  const configs = t.offers('configs');
  await t.holds(s, 'e1', why);
  if (configs) await t.gives({ op: 'findServer', id: s }, { id: s, endpoint: 'e1', config: { v: 1 } }, why);
  await t.holds(other, 'e3', why);
  await t.holds(none, undefined, why);
  if (!t.offers('transports')) return;
  if (configs) await t.gives({ op: 'findTransport', id: a }, { id: a, endpoint: 'e2', config: {} }, why);
  else await t.holds(a, 'e2', why, 'findTransport');
  await t.holds(none, undefined, why, 'findTransport');
  if (!t.offers('binding')) return;
  await t.gives({ op: 'getServerForTransport', transportId: a }, s, why);
  await t.gives({ op: 'getServerForTransport', transportId: none }, undefined, why);
}

/** Operations that are refused in the scene, as far as the registry offers them; `dead` has been down from the beginning. */
function refusals(t: Trial, { s, other, a, none }: Scene): Operation[] {
  const configs = t.offers('configs');
  const all: Operation[] = [server(s, 'e4'), server(s, 'e1')];
  if (configs) all.push(server(s, 'e4', { v: 2 }));
  if (t.offers('liveness')) all.push(server(s, 'dead'), server(none, 'dead'));
  if (t.offers('update')) all.push({ op: 'updateServer', id: none, config: { v: 3 } });
  if (!t.offers('transports')) return all;
  all.push(transport(a, 'e4'), transport(a, 'e2'));
  if (configs) all.push(transport(a, 'e4', other));
  if (t.offers('liveness')) all.push(transport(a, 'dead'), transport(none, 'dead'), ...(configs ? [transport(none, 'dead', s), transport(a, 'dead', other)] : []));
  if (t.offers('binding')) all.push(bind(a, none), bind(none, s), bind(none, none));
  return all;
}

/** What was refused in the scene has become possible, and is done by somebody else, without a configuration. */
async function later(t: Trial, { s, none }: Scene): Promise<void> {
  await t.succeeds(server(none, 'e5'), 'the name is free');
  if (t.offers('configs')) await t.gives({ op: 'findServer', id: none }, { id: none, endpoint: 'e5', config: {} }, 'what came before was refused');
  if (t.offers('transports')) {
    await t.succeeds(transport(none, 'e6'), 'the name is free');
    if (t.offers('configs')) await t.gives({ op: 'findTransport', id: none }, { id: none, endpoint: 'e6', config: {} }, 'what came before was refused');
    if (t.offers('binding')) await t.gives({ op: 'getServerForTransport', transportId: none }, undefined, 'what came before was refused');
  }
  await t.setup({ op: 'unregisterServer', id: s });
  await t.holds(s, undefined, 'whoever was refused the name does not get it now');
  await t.succeeds(server(s, 'e5'), 'the name is free');
  if (t.offers('configs')) await t.gives({ op: 'findServer', id: s }, { id: s, endpoint: 'e5', config: {} }, 'what came before was refused');
}

export const refusalChecks = [
  check('REG-4', 'whatever is refused, everything is as it was', 'a refusal, and everything found as it was before', async (t) => {
    const there = await scene(t);
    t.rig.endpoint('dead').kill();
    for (const operation of refusals(t, there)) {
      await t.refused(operation);
      await asItWas(t, there, 'an operation was refused');
      t.occurred();
    }
  }),
  check('REG-4', 'what was refused is not done later, when it would be possible', 'a name that was refused, and is registered later', async (t) => {
    // What goes otherwise without any refusal does so for another reason.
    await t.given(later(t, await scene(t)));
    await t.open();
    const there = await scene(t);
    t.rig.endpoint('dead').kill();
    for (const operation of refusals(t, there)) await t.refused(operation);
    await later(t, there);
    t.occurred();
  }),
  check('DWN-4', 'whoever was refused a name goes down without it', 'an endpoint that goes down, with a name that goes with it, after it has been refused others', async (t) => {
    const there = await scene(t);
    // One of them holds another name, so that the registry looks at its end.
    const own = t.id();
    await t.setup(server(own, 'e4'));
    await t.given(t.holds(own, 'e4', 'it was registered'));
    for (const endpoint of ['e4', 'e5']) {
      for (let i = 0; i < 3; i++) {
        await t.refused(server(there.s, endpoint));
        if (t.offers('transports')) await t.refused(transport(there.a, endpoint));
      }
    }
    for (const endpoint of ['e4', 'e5']) {
      await t.setup({ op: 'down', endpoint });
      if (t.downMs > 0) await new Promise((resolve) => setTimeout(resolve, Math.min(t.downMs, 300)));
      await asItWas(t, there, 'an endpoint that had been refused the names went down');
    }
    await t.occurs(t.eventually(() => t.holds(own, undefined, 'its endpoint went down'), t.downMs));
  }),
];
