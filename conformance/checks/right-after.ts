import { isDeepStrictEqual } from 'node:util';
import { createModel, type Operation } from '../../model/index.js';
import type { ErrorCode } from '../../spec/index.js';
import { Violation } from '../engine/findings.js';
import { showOperation } from '../engine/show.js';
import { check, type Trial } from '../engine/trial.js';

/*
 * What an operation does right after something has changed, when it has done it right before: what it remembers of its last call must not
 * outlive the change. Nobody looks in between, since a look may be what mends it.
 */

const server = (id: string, endpoint: string): Operation => ({ op: 'registerServer', id, endpoint });
const transport = (id: string, endpoint: string): Operation => ({ op: 'registerTransport', id, endpoint });
const bind = (transportId: string, serverId: string): Operation => ({ op: 'bindTransportToServer', transportId, serverId });

/** How a name goes: it is given up, or its endpoint goes down, alone or with another name of the same endpoint. */
function* goings(t: Trial, end: (id: string) => Operation): Generator<{ readonly why: string; readonly go: (id: string, endpoint: string) => Operation; readonly more: number }> {
  yield { why: 'it was unregistered', go: end, more: 0 };
  if (!t.offers('liveness')) return;
  for (const more of [0, 1]) yield { why: 'its endpoint went down', go: (_, endpoint) => ({ op: 'down', endpoint }), more };
}

/** Does it, ends the name, and demands that the same is refused, and again. */
async function refusedRightAfter(t: Trial, { register, end, use, code }: {
  readonly register: (id: string, endpoint: string) => Operation;
  readonly end: (id: string) => Operation;
  /** Uses the name, with others of its own. */
  readonly use: (id: string) => Promise<readonly [first: Operation, again: Operation]>;
  readonly code: ErrorCode;
}): Promise<void> {
  for (const { why, go, more } of goings(t, end)) {
    for (const times of [1, 2]) {
      const [id, another, endpoint] = [t.id(), t.id(), `of ${t.id()}`];
      await t.setup(register(id, endpoint), ...(more > 0 ? [register(another, endpoint)] : []));
      const [first, again] = await use(id);
      for (let i = 0; i < times; i++) await t.setup(first);
      await t.setup(go(id, endpoint));
      // Elsewhere the news of a "down" has to arrive first.
      if (t.downMs > 0 || t.stalenessMs > 0) await t.given(t.eventually(() => t.holds(id, undefined, why, register === server ? 'findServer' : 'findTransport'), Math.max(t.goneMs, t.stalenessMs)));
      try {
        await t.refuses(again, [code], why);
        await t.refuses(first, [code], why);
      } catch (error) {
        // What has not gone, or has come back, is not used for want of memory.
        await t.given(t.holds(id, undefined, why, register === server ? 'findServer' : 'findTransport'));
        throw error;
      }
      t.occurred();
    }
  }
}

const unregisterServer = (id: string): Operation => ({ op: 'unregisterServer', id });
const transports = ['a', 'b', 'c', 'd'] as const;

/** Everything that changes whom a broadcast of `s` reaches, and some things that do not; one at a time. */
const changes = (t: Trial): readonly Operation[] => [
  ...(t.offers('configs') ? [{ op: 'registerTransport', id: 'd', endpoint: 'of d', config: { serverId: 's' } } as const] : []),
  bind('c', 's'),
  bind('a', 'r'),
  { op: 'unbindTransport', transportId: 'b' },
  ...(t.offers('update') ? [{ op: 'updateServer', id: 's', config: {} } as const] : []),
  bind('b', 's'),
  bind('a', 's'),
  { op: 'unregisterTransport', id: 'd' },
  ...(t.offers('configs') ? [{ op: 'registerTransport', id: 'd', endpoint: 'of d, again', config: { serverId: 's' } } as const] : []),
  { op: 'unregisterTransport', id: 'a' },
  transport('a', 'of a, again'),
  ...(t.offers('liveness') ? [{ op: 'down', endpoint: 'of c' } as const, transport('c', 'of c, again'), bind('c', 's')] : []),
  { op: 'unregisterServer', id: 'r' },
  { op: 'unregisterServer', id: 's' },
  server('s', 'e3'),
  bind('c', 's'),
  ...(t.offers('liveness') ? [{ op: 'down', endpoint: 'e3' } as const, server('s', 'e4'), bind('b', 's')] : []),
];

/** And two at once, after which as many are reached as before. */
const exchanges: readonly (readonly Operation[])[] = [
  [{ op: 'unregisterTransport', id: 'b' }, transport('b', 'of b, again'), bind('b', 's')],
  [{ op: 'unbindTransport', transportId: 'a' }, bind('c', 's')],
  [bind('c', 'r'), bind('a', 's')],
];

/** Broadcasts before and after each change, and judges by the model whom they reach. */
async function broadcastsAround(t: Trial, crowd: number): Promise<void> {
  await t.open();
  const model = createModel();
  let { initial: state } = model;
  const holders = new Map<string, string>();
  const left = new Set<string>();
  const does = async (operation: Operation): Promise<void> => {
    if (operation.op === 'registerTransport') holders.set(operation.id, operation.endpoint);
    if (operation.op === 'unregisterTransport') left.add(holders.get(operation.id)!);
    if (operation.op === 'down') left.add(operation.endpoint);
    ({ state } = model.step(state, operation));
    await t.setup(operation);
    // Elsewhere the news of a "down" has to arrive first.
    if (operation.op === 'down' && t.downMs > 0) {
      const [id, find] = operation.endpoint === 'of c' ? (['c', 'findTransport'] as const) : (['s', 'findServer'] as const);
      await t.given(t.eventually(() => t.holds(id, undefined, 'its endpoint went down', find), t.goneMs));
    }
  };
  for (const operation of [server('s', 'e1'), server('r', 'e2'), ...(['a', 'b', 'c'] as const).map((id) => transport(id, `of ${id}`)), bind('a', 's'), bind('b', 's')]) await does(operation);
  // Of so many one more or less may go unnoticed.
  for (let i = 0; i < crowd; i++) for (const operation of [transport(`x${i}`, `of x${i}`), bind(`x${i}`, 's')]) await does(operation);
  for (const change of [...exchanges, ...changes(t).map((one) => [one])]) {
    for (const when of ['before', 'after'] as const) {
      if (when === 'after') for (const operation of change) await does(operation);
      const expected = model.step(state, { op: 'broadcast', serverId: 's', message: when }).deliveries.map(({ endpoint }) => endpoint).sort();
      const count = await t.succeeds({ op: 'broadcast', serverId: 's', message: when }, 'a broadcast is never refused');
      const got = (await t.arrivals(expected.length)).map(({ endpoint }) => endpoint).sort();
      // Who gets it in the place of another is another matter, unless the name has not gone at all.
      const former = got.find((endpoint) => left.has(endpoint) && !expected.includes(endpoint));
      if (former !== undefined) {
        for (const id of transports) {
          const { outcome } = model.step(state, { op: 'findTransport', id });
          const entry = outcome.kind === 'done' ? (outcome.value as { readonly endpoint: string } | undefined) : undefined;
          await t.given(t.holds(id, entry?.endpoint, 'it has gone, or come back, so', 'findTransport'));
        }
        throw new Violation(`a broadcast right ${when} ${change.map(showOperation).join(', then ')} reached an endpoint that had given its name up`, 'nothing at this endpoint', `a delivery at ${former}`, 'RTE-8');
      }
      try {
        t.check(isDeepStrictEqual([got, count], [expected, expected.length]), `a broadcast right ${when} ${change.map(showOperation).join(', then ')} did not reach whom it had to`, `${expected.length}: ${expected.join(', ')}`, `${String(count)}: ${got.join(', ')}`);
      } catch (error) {
        // Who is not bound as it should be is missed, or reached, for that reason.
        for (const transportId of transports) {
          const { outcome } = model.step(state, { op: 'getServerForTransport', transportId });
          await t.given(t.gives({ op: 'getServerForTransport', transportId }, outcome.kind === 'done' ? outcome.value : undefined, 'it has been bound so'));
        }
        throw error;
      }
      t.occurred(expected.length > 0);
    }
  }
}

/** Routes to each of so many, right after a broadcast to all of them. */
async function routesAfterBroadcast(t: Trial, count: number): Promise<void> {
  await t.open();
  const ids = Array.from({ length: count }, (_, i) => `t${i}`);
  await t.setup(server('s', 'e1'), ...ids.flatMap((id) => [transport(id, `of ${id}`), bind(id, 's')]));
  // Who is answered at once has no reason to wait.
  const all = t.rig.start({ op: 'broadcast', serverId: 's', message: 'to all' });
  if (all.settled === undefined) await t.finish(all, 'a broadcast');
  const calls = ids.map((id) => t.rig.start({ op: 'routeToTransport', transportId: id, serverId: 's', message: 'to one' }));
  for (const call of calls) await t.finish(call, 'a message');
  const got = new Map(ids.map((id) => [`of ${id}`, [] as unknown[]]));
  for (const { endpoint, message } of await t.arrivals(2 * count)) got.get(endpoint)?.push(message);
  for (const [endpoint, messages] of got) {
    // What does not arrive is another matter.
    const both = messages.filter((message) => message === 'to all' || message === 'to one');
    t.occurred(both.length === 2);
    t.check(both.length < 2 || both[0] === 'to all', `a broadcast to ${count}, and right after it a message to each of them, arrived in another order`, 'the broadcast first', `${both.join(', ')}, at ${endpoint}`);
  }
}

export const rightAfterChecks = [
  check('RTE-4', 'what is routed right after a broadcast, to any of those whom it reaches, arrives after it', 'a broadcast, and a message right after it, that have both arrived', async (t) => {
    for (const count of (await t.areCallsSlow()) ? [3, 20] : [3, 70, 300, 1_100]) await routesAfterBroadcast(t, count);
  }, { needs: ['transports', 'routing', 'binding'], consistency: 'linearizable' }),

  check('RTE-3', 'right after whatever changes whom it reaches, and also when one has been made right before', 'a broadcast delivered right after a change', async (t) => {
    for (const crowd of [0, ...((await t.areCallsSlow()) ? [] : [80])]) await broadcastsAround(t, crowd);
  }, { needs: ['binding'], consistency: 'linearizable' }),
  check('UPD-2', 'nor can one right after it has gone, by whoever has just updated it', 'an update refused, of a server that had just been updated', (t) =>
    refusedRightAfter(t, { register: server, end: unregisterServer, code: 'server_not_found', use: (id) => Promise.resolve([{ op: 'updateServer', id, config: { v: 1 } }, { op: 'updateServer', id, config: { v: 2 } }] as const) }), { needs: ['configs'] }),
  check('BND-2', 'also right after it has gone, when another has just been bound to it', 'a bind refused, to a server to which another had just been bound', (t) =>
    refusedRightAfter(t, {
      register: server,
      end: unregisterServer,
      code: 'server_not_found',
      async use(id) {
        const [a, b] = t.ids(2) as [string, string];
        await t.setup(transport(a, 'e8'), transport(b, 'e9'));
        return [bind(a, id), bind(b, id)];
      },
    }), { needs: ['binding', 'transports'] }),
  check('BND-3', 'also right after it has gone, when it has just been bound', 'a bind refused, of a transport that had just been bound', (t) =>
    refusedRightAfter(t, {
      register: transport,
      end: (id) => ({ op: 'unregisterTransport', id }),
      code: 'transport_not_found',
      async use(id) {
        const [s, r] = t.ids(2) as [string, string];
        await t.setup(server(s, 'e8'), server(r, 'e9'));
        return [bind(id, s), bind(id, r)];
      },
    }), { needs: ['binding', 'transports'] }),
];
