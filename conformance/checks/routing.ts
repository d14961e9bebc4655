import { isDeepStrictEqual } from 'node:util';
import type { Operation } from '../../model/index.js';
import { showOperation } from '../engine/show.js';
import { check, type Trial } from '../engine/trial.js';

const server = (id: string, endpoint: string): Operation => ({ op: 'registerServer', id, endpoint });
const transport = (id: string, endpoint: string): Operation => ({ op: 'registerTransport', id, endpoint });
const bind = (transportId: string, serverId: string): Operation => ({ op: 'bindTransportToServer', transportId, serverId });

/** A server `s` with as many bound transports as endpoints are named. */
async function bound(t: Trial, endpoints: readonly string[]): Promise<{ s: string; transports: string[] }> {
  const [s, ...transports] = t.ids(1 + endpoints.length) as [string, ...string[]];
  await t.setup(server(s, 'e1'));
  for (const [i, id] of transports.entries()) await t.setup(transport(id, endpoints[i]!), bind(id, s));
  return { s, transports };
}

/** What arrived, as one line for each delivery: where, to which name, what. */
const lines = (arrivals: readonly { endpoint: string; to: string; message: unknown }[]): string[] =>
  arrivals.map(({ endpoint, to, message }) => `${endpoint} ${to} ${String(message)}`).sort();

/** A broadcast whose recipients must each get it once; gives the count that was returned. */
async function reaches(t: Trial, s: string, message: string, recipients: readonly (readonly [string, string])[], why: string): Promise<number> {
  const count = await t.succeeds({ op: 'broadcast', serverId: s, message }, why);
  const got = lines((await t.arrivals(recipients.length)).filter((arrival) => arrival.message === message));
  const expected = recipients.map(([endpoint, to]) => `${endpoint} ${to} ${message}`).sort();
  t.check(JSON.stringify(got) === JSON.stringify(expected), `a broadcast did not reach each bound transport exactly once: ${why}`, expected, got);
  return count as number;
}

export const routingChecks = [
  check('RTE-1', 'a message reaches the registered endpoint as it is, in both directions', 'a message that was delivered', async (t) => {
    const [s, a] = t.ids(2) as [string, string];
    await t.setup(server(s, 'e1'), transport(a, 'e2'));
    const message = t.offers('in-process') ? { any: ['thing'] } : 'hello';
    for (const [operation, args, endpoint, namespace, to, from] of [
      ['routeToServer', [s, a, message], 'e1', 'server', s, a],
      ['routeToTransport', [a, s, message], 'e2', 'transport', a, s],
    ] as const) {
      const count = t.accepted(await t.rig.call(operation, ...args), operation, 'the recipient is registered');
      const arrivals = await t.arrivals(1);
      const first = arrivals[0];
      t.check(arrivals.length === 1 && first?.endpoint === endpoint, `${operation} did not reach the registered endpoint`, `one delivery at ${endpoint}`, arrivals);
      t.check(first?.namespace === namespace && first.to === to && first.from === from, `${operation} named recipient or sender wrongly`, { namespace, to, from }, first);
      t.check(isDeepStrictEqual(first?.message, message), `${operation} changed the message`, message, first?.message);
      t.check(count === 1, `${operation} returned the wrong count`, 1, count);
      t.occurred();
    }
  }),
  check('RTE-1', 'a message goes to the name that was asked for, when an endpoint holds many', 'a message delivered to an endpoint that holds two names', async (t) => {
    const [s, a, b] = t.ids(3) as [string, string, string];
    await t.setup(server(s, 'e1'), transport(a, 'e2'), transport(b, 'e2'), { op: 'routeToTransport', transportId: b, serverId: s, message: 'm' });
    t.check(JSON.stringify(lines(await t.arrivals(1))) === JSON.stringify([`e2 ${b} m`]), 'a delivery names the wrong recipient', b, 'another name');
    t.occurred();
  }),
  check('RTE-2', 'a message to nobody is handed to nobody', 'a message to a name that nobody holds, where one to a name that is held arrives', async (t) => {
    const [s, a, none] = t.ids(3) as [string, string, string];
    await t.setup(server(s, 'e1'), transport(a, 'e2'));
    for (const operation of [
      { op: 'routeToServer', serverId: none, transportId: a, message: 'm' },
      { op: 'routeToTransport', transportId: none, serverId: s, message: 'm' },
    ] as const) {
      const count = await t.succeeds(operation, 'routing to nobody is no error');
      const arrivals = await t.arrivals(0);
      t.check(arrivals.length === 0, 'a message to nobody was delivered', 'no delivery', arrivals);
      t.check(count === 0, 'routing to nobody returned the wrong count', 0, count);
    }
    if (t.offers('binding')) {
      const count = await t.succeeds({ op: 'broadcast', serverId: s, message: 'm' }, 'a server without transports may broadcast');
      t.check(count === 0 && (await t.arrivals(0)).length === 0, 'a broadcast to nobody was delivered', 0, count);
    }
    await t.setup({ op: 'routeToServer', serverId: s, transportId: a, message: 'm' });
    t.occurred((await t.arrivals(1)).length === 1);
  }),

  check('RTE-3', 'a broadcast reaches every bound transport exactly once, and no other', 'a broadcast that was delivered to several, and to fewer when one had gone', async (t) => {
    const { s, transports } = await bound(t, ['e2', 'e3', 'e4', 'e2', 'e1']);
    const [other, unbound] = t.ids(2) as [string, string];
    await t.setup(server(other, 'e9'), transport(unbound, 'e5'));
    const endpoints = ['e2', 'e3', 'e4', 'e2', 'e1'];
    const everybody = transports.map((id, i) => [endpoints[i]!, id] as const);
    const count = await reaches(t, s, 'all', everybody, 'five transports are bound, two of them at one endpoint');
    t.check(count === 5, 'a broadcast returned the wrong count', 5, count);
    await t.setup({ op: 'unbindTransport', transportId: transports[0]! });
    await reaches(t, s, 'four', everybody.slice(1), 'one has been unbound');
    await t.setup(bind(transports[0]!, s), { op: 'unbindTransport', transportId: transports[1]! }, bind(transports[1]!, other));
    await reaches(t, s, 'moved', everybody.filter((_, i) => i !== 1), 'one was bound again and one moved away');
    await reaches(t, other, 'other', [everybody[1]!], 'it was moved here');
    t.occurred();
  }),
  check('RTE-3', 'a broadcast reaches five hundred transports', 'a broadcast that was delivered to five hundred', async (t) => {
    const ids = Array.from({ length: 500 }, (_, i) => `transport-${i}`);
    await t.setup(server('s', 'e1'));
    for (const [i, id] of ids.entries()) await t.setup(transport(id, `e${i % 7}`), bind(id, 's'));
    await reaches(t, 's', 'all', ids.map((id, i) => [`e${i % 7}`, id] as const), 'five hundred transports are bound');
    t.occurred();
  }),

  check('RTE-4', 'towards a server as well', 'several messages delivered to one recipient', async (t) => {
    const [s, a] = t.ids(2) as [string, string];
    await t.setup(server(s, 'e1'), transport(a, 'e2'));
    const routes = Array.from({ length: 20 }, (_, i): Operation => ({ op: 'routeToServer', serverId: s, transportId: a, message: `${i}` }));
    await t.inOrder(routes, (answer) => t.accepted(answer, 'routeToServer', 'the recipient is registered'));
    const order = (await t.arrivals(20)).map(({ message }) => Number(message));
    t.check(order.every((n, i) => i === 0 || order[i - 1]! < n), 'messages overtook each other', 'ascending numbers', order);
    t.occurred(order.length > 1);
  }),

  check('RTE-5', 'nothing is delivered twice', 'several messages delivered, also to endpoints that fail', async (t) => {
    const endpoints = t.offers('send-failures') ? ['e2', 'rejects1', 'throws1'] : ['e2', 'e3', 'e4'];
    const { s, transports } = await bound(t, endpoints);
    for (const [i, id] of transports.entries()) {
      await t.rig.perform({ op: 'routeToTransport', transportId: id, serverId: s, message: `to ${i}` });
      await t.rig.perform({ op: 'routeToServer', serverId: s, transportId: id, message: `from ${i}` });
    }
    await t.rig.perform(bind(transports[0]!, s));
    await t.rig.perform({ op: 'broadcast', serverId: s, message: 'all' });
    const got = lines(await t.arrivals(9));
    t.check(new Set(got).size === got.length, 'a message was delivered more than once', 'each at most once', got);
    t.occurred(endpoints.every((endpoint) => got.some((line) => line.startsWith(endpoint))));
  }, { needs: ['binding'] }),

  check('RTE-6', 'a send that throws or rejects keeps nothing from the others', 'a message delivered to an endpoint that fails', async (t) => {
    const endpoints = ['throws1', 'e2', 'rejects1', 'e3', 'throws2', 'e4'];
    const { s, transports } = await bound(t, endpoints);
    const count = await reaches(t, s, 'all', transports.map((id, i) => [endpoints[i]!, id] as const), 'some recipients throw');
    t.check(count >= 3 && count <= 6, 'a broadcast returned the wrong count', '3 to 6', count);
    for (const [i, id] of transports.entries()) {
      await t.succeeds({ op: 'routeToTransport', transportId: id, serverId: s, message: `m${i}` }, 'what the recipient does is not for the sender');
      t.check((await t.arrivals(1)).length > 0, 'a message to an endpoint that throws was not delivered', 'a delivery', 'none');
      t.occurred(endpoints[i] !== undefined && !endpoints[i].startsWith('e'));
      await t.holds(id, endpoints[i], 'throwing is no reason to be removed', 'findTransport');
    }
    t.check(t.rig.mailbox.unhandled === 0, 'the rejection of a send was left unhandled, which ends a Node process', 'handled', `${t.rig.mailbox.unhandled} unhandled`);
  }, { needs: ['binding'] }),

  check('RTE-7', 'a send that unregisters itself harms nobody', 'a call made from within a send', async (t) => {
    await reentrant(t, 'leaves', (position) => [position], (id) => t.rig.perform({ op: 'unregisterTransport', id }));
  }, { needs: ['binding'] }),
  check('RTE-7', 'a send that unbinds another keeps nothing from the rest', 'a call made from within a send', async (t) => {
    const unbind = (transportId: string): unknown => t.rig.perform({ op: 'unbindTransport', transportId });
    for (const others of [[1], [2], [3], [1, 2]]) await reentrant(t, 'unbinds', (position) => others.map((other) => (position + other) % 4), unbind);
  }, { needs: ['binding'] }),

  check('RTE-8', 'a message never reaches an older incarnation', 'a message delivered to a name that another endpoint was delivered messages of before', async (t) => {
    const [s, a] = t.ids(2) as [string, string];
    await t.setup(server(s, 'e1'), transport(a, 'e2'), { op: 'routeToServer', serverId: s, transportId: a, message: 'warm' }, { op: 'routeToTransport', transportId: a, serverId: s, message: 'warm' });
    const before = await t.arrivals(2);
    await t.setup({ op: 'unregisterServer', id: s }, server(s, 'e3'), { op: 'unregisterTransport', id: a }, transport(a, 'e4'));
    await t.setup({ op: 'routeToServer', serverId: s, transportId: a, message: 'm' }, { op: 'routeToTransport', transportId: a, serverId: s, message: 'm' });
    const now = await t.arrivals(2);
    const old = now.filter(({ endpoint }) => endpoint === 'e1' || endpoint === 'e2');
    t.check(old.length === 0, 'a message reached an endpoint that had given its name up', 'no delivery at e1 or e2', old);
    t.occurred(before.length > 0 && now.length > 0);
  }),
  check('RTE-8', 'nor when the older one ended by going down', 'a message delivered to a name of which another endpoint went down that was delivered messages of before', async (t) => {
    const [s, a] = t.ids(2) as [string, string];
    const ways = (): Operation[] => [
      { op: 'routeToServer', serverId: s, transportId: a, message: 'm' },
      { op: 'routeToTransport', transportId: a, serverId: s, message: 'm' },
      ...(t.offers('binding') ? [{ op: 'broadcast', serverId: s, message: 'm' } as const] : []),
    ];
    const scene = (round: number): Operation[] => [server(s, `s${round}`), transport(a, `a${round}`), ...(t.offers('binding') ? [bind(a, s)] : [])];
    for (let round = 0; round < 3; round++) {
      await t.setup(...scene(round));
      for (const way of ways()) {
        const to = `${way.op === 'routeToServer' ? 's' : 'a'}${round}`;
        const arrives = async (): Promise<void> => {
          t.rig.mailbox.take();
          await t.setup(way);
          const got = (await t.arrivals(1)).map(({ endpoint }) => endpoint);
          t.check(isDeepStrictEqual(got, [to]), `${showOperation(way)}: the endpoint that held the name before went down, and another holds it now`, [to], got);
        };
        // That messages arrive at all is not for this to say.
        if (round === 0) await t.given(arrives());
        else {
          await arrives();
          t.occurred();
        }
      }
      await t.setup({ op: 'down', endpoint: `s${round}` }, { op: 'down', endpoint: `a${round}` });
      await t.given(t.eventually(() => t.holds(s, undefined, 'its endpoint went down'), t.goneMs));
      await t.given(t.eventually(() => t.holds(a, undefined, 'its endpoint went down', 'findTransport'), t.goneMs));
    }
  }, { needs: ['liveness'] }),
  check('RTE-8', 'nor does a broadcast', 'a broadcast delivered to a name that another endpoint was delivered one of before', async (t) => {
    const { s, transports } = await bound(t, ['e2', 'e3']);
    const a = transports[0]!;
    await t.setup({ op: 'broadcast', serverId: s, message: 'warm' });
    const before = await t.arrivals(2);
    await t.setup({ op: 'unregisterTransport', id: a }, transport(a, 'e4'), bind(a, s), { op: 'broadcast', serverId: s, message: 'm' });
    const now = await t.arrivals(2);
    const old = now.filter(({ endpoint }) => endpoint === 'e2');
    t.check(old.length === 0, 'a broadcast reached an endpoint that had given its name up', 'no delivery at e2', old);
    t.occurred(before.some(({ endpoint }) => endpoint === 'e2') && now.some(({ endpoint }) => endpoint === 'e4'));
  }, { needs: ['binding'] }),
];

/** Four transports of which one, in every position, calls back when the first broadcast reaches it. */
async function reentrant(t: Trial, what: 'leaves' | 'unbinds', whom: (position: number) => readonly number[], remove: (id: string) => unknown): Promise<void> {
  for (let position = 0; position < 4; position++) {
    const endpoints = ['e2', 'e3', 'e4', 'e5'].map((name, i) => (i === position ? `${what}-${position}` : name));
    const { s, transports } = await bound(t, endpoints);
    const removed = whom(position);
    let reacted: Promise<unknown> | undefined;
    t.rig.mailbox.reaction = {
      endpoint: endpoints[position]!,
      run: async () => {
        t.occurred();
        await (reacted = Promise.all(removed.map((i) => remove(transports[i]!))));
      },
    };
    const recipients = transports.map((id, i) => ({ line: (message: string) => `${endpoints[i]} ${id} ${message}`, isRemoved: removed.includes(i), isFirst: i === position }));
    await t.succeeds({ op: 'broadcast', serverId: s, message: 'first' }, 'a recipient that calls back is no reason to fail');
    const got = lines(await t.arrivals(4));
    // Whether it still reaches who is unbound before it is handed over is left open.
    const wanted = recipients.filter(({ isRemoved, isFirst }) => isFirst || !isRemoved).map(({ line }) => line('first'));
    const allowed = recipients.map(({ line }) => line('first'));
    const isRight = wanted.every((line) => got.includes(line)) && got.every((line, i) => allowed.includes(line) && got.indexOf(line) === i);
    t.check(isRight, 'a broadcast did not reach each bound transport exactly once: all were bound when it was sent', allowed, got);
    await reacted;
    const left = transports.map((id, i) => [endpoints[i]!, id] as const).filter((_, i) => !removed.includes(i));
    await reaches(t, s, 'second', left, 'a recipient of the first changed the bindings');
  }
}
