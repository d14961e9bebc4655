import { isDeepStrictEqual } from 'node:util';
import { broadcast } from '../../spec/index.js';
import type { Operation } from '../../model/index.js';
import { Blocked } from '../engine/findings.js';
import { extremeIds, hostileIds } from '../engine/ids.js';
import { show } from '../engine/show.js';
import { check } from '../engine/trial.js';

/*
 * Messages of every kind, to recipients in every number, between names of every spelling.
 */

const server = (id: string, endpoint: string): Operation => ({ op: 'registerServer', id, endpoint });
const transport = (id: string, endpoint: string): Operation => ({ op: 'registerTransport', id, endpoint });
const bind = (transportId: string, serverId: string): Operation => ({ op: 'bindTransportToServer', transportId, serverId });

/** The n-th message: each in turn of another kind, small and large. */
const kinds: readonly ((n: number) => unknown)[] = [(n) => `${n}`, (n) => ({ n }), (n) => [n], (n) => n, (n) => ({ n, more: 'x'.repeat(5_000) }), (n) => [[n]], (n) => `${n}${' '.repeat(5_000)}`];

const numberOf = (message: unknown): number => (typeof message === 'object' && message !== null ? numberOf((message as { n?: unknown }).n ?? (message as unknown[])[0]) : Number(message));

const ascending = (numbers: readonly number[]): boolean => numbers.every((n, i) => i === 0 || numbers[i - 1]! < n);

/** Ways in which a `send` throws what is no Error, or one that cannot be read. */
const thrown: Readonly<Record<string, () => never>> = {
  null: () => {
    throw null;
  },
  undefined: () => {
    throw undefined;
  },
  'a string': () => {
    throw 'no';
  },
  'an error that cannot be read': () => {
    throw Object.defineProperties(new Error('unread'), { message: { get: fails }, stack: { get: fails }, name: { get: fails }, code: { get: fails } });
  },
};

function fails(): never {
  throw new Error('not to be read');
}

export const anyMessageChecks = [
  check('RTE-4', 'messages of every kind arrive in order, at one of many recipients as at one of few', 'messages of different kinds delivered to one recipient, none of which was waited for', async (t) => {
    for (const many of [1, 3, 9, 40, 150]) {
      await t.open();
      const ids = Array.from({ length: many }, (_, i) => `t${i}`);
      await t.setup(server('s', 'e1'));
      for (const [i, id] of ids.entries()) await t.setup(transport(id, i === 0 ? 'first' : i === many - 1 ? 'last' : `e${i % 5}`), bind(id, 's'));
      const routes = Array.from({ length: 28 }, (_, n): Operation => {
        // The model knows strings only; a registry carries whatever it is given.
        const message = kinds[n % kinds.length]!(n) as string;
        return n % 4 === 1 ? { op: 'broadcast', serverId: 's', message } : { op: 'routeToTransport', transportId: n % 2 === 0 ? ids[0]! : ids[many - 1]!, serverId: 's', message };
      });
      await t.inOrder(routes, (answer) => t.accepted(answer, 'a route', 'the recipient is registered'));
      const arrived = await t.arrivals(21 + 7 * many);
      for (const endpoint of ['first', 'last']) {
        const order = arrived.filter((one) => one.endpoint === endpoint).map(({ message }) => numberOf(message));
        t.check(ascending(order), 'messages overtook each other', 'ascending numbers', order);
        t.occurred(order.length > 1);
      }
    }
  }, { needs: ['binding'] }),

  check('RTE-1', 'names of recipient and sender are delivered as they are, whatever they spell', 'a message delivered to or from a name of an unusual spelling', async (t) => {
    const ids = [...extremeIds, ...hostileIds, ...['\u001b[31m', 'a\r\nb', '\u0085', '𝒳'.repeat(200)]].filter((id, i, all) => all.indexOf(id) === i);
    const plain = t.id();
    await t.setup(server(plain, 'e1'), transport(plain, 'e2'));
    const delivered = async (operation: Operation, expected: { namespace: string; to: string; from: string }): Promise<void> => {
      await t.setup(operation);
      const arrived = (await t.arrivals(1)).map(({ namespace, to, from }) => ({ namespace, to, from }));
      // That nothing arrives is for others to say.
      if (arrived.length === 0) throw new Blocked('a message had to arrive first, and did not');
      t.check(isDeepStrictEqual(arrived, [expected]), 'a delivery names recipient or sender wrongly', expected, arrived);
      t.occurred(expected.to !== plain || expected.from !== plain);
    };
    await delivered({ op: 'routeToServer', serverId: plain, transportId: plain, message: 'm' }, { namespace: 'server', to: plain, from: plain });
    for (const id of ids) {
      await t.setup(server(id, 'e3'), transport(id, 'e4'));
      if (t.offers('binding')) {
        await t.setup(bind(id, id));
        await delivered({ op: 'broadcast', serverId: id, message: 'm' }, { namespace: 'transport', to: id, from: id });
      }
      await delivered({ op: 'routeToServer', serverId: id, transportId: plain, message: 'm' }, { namespace: 'server', to: id, from: plain });
      await delivered({ op: 'routeToServer', serverId: plain, transportId: id, message: 'm' }, { namespace: 'server', to: plain, from: id });
      await delivered({ op: 'routeToTransport', transportId: id, serverId: plain, message: 'm' }, { namespace: 'transport', to: id, from: plain });
      await delivered({ op: 'routeToTransport', transportId: plain, serverId: id, message: 'm' }, { namespace: 'transport', to: plain, from: id });
      await t.setup({ op: 'unregisterServer', id }, { op: 'unregisterTransport', id });
    }
  }),

  check('RTE-1', 'a message stays what it is: neither frozen nor changed on the way', 'an object delivered as a message', async (t) => {
    const [s, a] = t.ids(2) as [string, string];
    await t.setup(server(s, 'e1'), transport(a, 'e2'));
    if (t.offers('binding')) await t.setup(bind(a, s));
    const ways = [['routeToServer', [s, a]], ['routeToTransport', [a, s]], ...(t.offers('binding') ? [['routeToTransport', [broadcast, s]] as const] : [])] as const;
    for (const [operation, args] of ways) {
      for (const make of [() => ({ a: { b: [1] } }), () => [{ a: 1 }, [2]], () => new Map([['a', { b: 1 }]])]) {
        const message: object = make();
        t.accepted(await t.rig.call(operation, ...args, message), operation, 'the recipient is registered');
        const [arrived] = await t.arrivals(1);
        if (arrived === undefined) throw new Blocked('a message had to arrive first, and did not');
        t.occurred();
        t.check(isDeepStrictEqual(message, make()), `${operation} changed the object of the sender`, show(make()), show(message));
        t.check(Object.isExtensible(message), `${operation} froze the object of the sender`, 'an object as it was given', 'one that cannot be changed');
        t.check(typeof arrived.message === 'object' && Object.isExtensible(arrived.message), `${operation} delivered a message that cannot be changed`, 'an object as it was given', show(arrived.message));
      }
    }
  }, { needs: ['in-process'] }),

  check('RTE-6', 'an endpoint that fails is handed a broadcast under each of its names, and others under each of theirs', 'a broadcast delivered to an endpoint that fails', async (t) => {
    const endpoints = ['throws1', 'e2', 'throws1', 'rejects1', 'e2', 'rejects1', 'e3', 'throws1'];
    const ids = t.ids(endpoints.length);
    await t.setup(server('s', 'e1'));
    for (const [i, id] of ids.entries()) await t.setup(transport(id, endpoints[i]!), bind(id, 's'));
    for (const message of ['1', '2', '3', '4', '5']) {
      await t.succeeds({ op: 'broadcast', serverId: 's', message }, 'what a recipient does is not for the sender');
      const got = (await t.arrivals(endpoints.length)).map(({ endpoint, to, message }) => `${endpoint} ${to} ${String(message)}`).sort();
      const expected = ids.map((id, i) => `${endpoints[i]} ${id} ${message}`).sort();
      t.check(isDeepStrictEqual(got, expected), 'a broadcast did not reach each name of endpoints that fail, and of others, once', expected, got);
      t.occurred();
    }
  }, { needs: ['binding'] }),
  check('RTE-6', 'whatever a send throws', 'a message delivered to an endpoint that throws what is no error', async (t) => {
    for (const [what, fail] of Object.entries(thrown)) {
      await t.open();
      await t.setup(server('s', 'e1'));
      for (const [i, endpoint] of ['e2', 'gives', 'e3'].entries()) await t.setup(transport(`t${i}`, endpoint), bind(`t${i}`, 's'));
      t.rig.mailbox.gives.set('gives', fail);
      for (const operation of [{ op: 'broadcast', serverId: 's', message: 'all' }, { op: 'routeToTransport', transportId: 't1', serverId: 's', message: 'one' }] as const) {
        const answer = await t.rig.perform(operation);
        t.check(answer.kind === 'done', `a message was refused because a send throws ${what}`, 'success', answer.kind === 'broken' ? answer.what : answer);
      }
      const got = (await t.arrivals(4)).map(({ endpoint, message }) => `${endpoint} ${String(message)}`).sort();
      const expected = ['e2 all', 'e3 all', 'gives all', 'gives one'];
      t.check(isDeepStrictEqual(got, expected), `a message was not delivered to everybody when a send throws ${what}`, expected, got);
      t.occurred();
    }
  }, { needs: ['binding', 'in-process'] }),
  check('RTE-5', 'nothing is delivered again because of what a send gives back', 'a message delivered to an endpoint whose send gives something back', async (t) => {
    for (const [i, value] of [false, 0, null, -1, '', 'again', { ok: false }, { retry: true }, undefined].entries()) {
      const [s, a] = t.ids(2) as [string, string];
      await t.setup(server(s, 'e1'), transport(a, 'gives'));
      for (const result of [(): unknown => value, (): unknown => Promise.resolve(value)]) {
        t.rig.mailbox.gives.set('gives', result);
        await t.setup({ op: 'routeToTransport', transportId: a, serverId: s, message: `m${i}` });
        const got = await t.arrivals(1);
        t.check(got.length <= 1, `a message was delivered again when a send gave back ${show(value)}`, 'at most one delivery', got.length);
        t.occurred(got.length > 0);
      }
    }
  }, { needs: ['in-process'] }),
];
