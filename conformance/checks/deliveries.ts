import { isDeepStrictEqual } from 'node:util';
import type { Operation } from '../../model/index.js';
import { broadcast } from '../../spec/index.js';
import { showAnswer, type Answer } from '../engine/answer.js';
import { EndpointFailure } from '../engine/endpoint.js';
import { Blocked, Violation } from '../engine/findings.js';
import { hostileIds } from '../engine/ids.js';
import type { Call } from '../engine/rig.js';
import { show, showOperation } from '../engine/show.js';
import { check, type Trial } from '../engine/trial.js';
import { runFromWithin } from './from-within.js';

/*
 * What a message may be, what a recipient may answer, and what it may do meanwhile: all of it is of no account to routing.
 */

const server = (id: string, endpoint: string): Operation => ({ op: 'registerServer', id, endpoint });
const transport = (id: string, endpoint: string): Operation => ({ op: 'registerTransport', id, endpoint });
const bind = (transportId: string, serverId: string): Operation => ({ op: 'bindTransportToServer', transportId, serverId });

/** Something that is more than its fields. */
class Thing {
  constructor(readonly part: string) {}
}

/** Messages that are easily taken for none, for many, or for something to be read. JSON data first. */
const messages = (inProcess: boolean): unknown[] => [
  ...[null, false, 0, -1.5, '', ' ', '{}', [], [[1], [2, [3]]], {}, { message: 1, from: 'a', to: 'b' }, { then: 'x' }, { length: 1, 0: 'a' }],
  ...(inProcess ? [undefined, Number.NaN, -0, Symbol('s'), () => 1, new Thing('a'), new Map([[1, new Thing('b')]]), new Date(0), Promise.resolve('kept'), Object.freeze({ a: [1] }), new Error('a message')] : []),
];

/** What a `send` may give back that is no failure. */
const results: Readonly<Record<string, () => unknown>> = {
  false: () => false,
  '0': () => 0,
  null: () => null,
  'a string': () => 'no',
  'an object': () => ({ ok: false }),
  'a promise that never settles': () => new Promise(() => undefined),
  'a thenable without catch': () => ({ then: (resolve: ((value: unknown) => void) | undefined) => resolve?.(undefined) }),
};

/** What of these is the same where only the end of a `send` is told. */
const carried: readonly string[] = ['null', 'a promise that never settles'];

/** And what is one, in ways of which a promise of the language knows nothing. */
const failures: Readonly<Record<string, (error: Error) => unknown>> = {
  'a thenable whose then throws': (error) => ({ then: () => raise(error) }),
  'a thenable whose then cannot be read': (error) => Object.defineProperty({}, 'then', { get: () => raise(error) }),
  'a thenable that rejects': (error) => ({ then: (_: unknown, reject: ((error: unknown) => void) | undefined) => reject?.(error) }),
};

const raise = (error: Error): never => {
  throw error;
};

/** Routes something that must be routed. Whatever goes wrong breaks what is being checked. */
async function routed(t: Trial, operation: Operation, why: string): Promise<unknown> {
  const answer = await t.rig.perform(operation);
  t.check(answer.kind === 'done', `${showOperation(operation)}: ${why}`, 'success', showAnswer(answer));
  return answer.kind === 'done' ? answer.value : undefined;
}

/** A server `s` at `e1` with a bound transport at each of these endpoints. */
async function bound(t: Trial, endpoints: readonly string[]): Promise<{ s: string; transports: string[] }> {
  const [s, ...transports] = t.ids(1 + endpoints.length) as [string, ...string[]];
  await t.setup(server(s, 'e1'));
  for (const [i, id] of transports.entries()) await t.setup(transport(id, endpoints[i]!), bind(id, s));
  return { s, transports };
}

/** What was delivered, as one line for each: where and what, in any order. */
async function received(t: Trial, count: number): Promise<string[]> {
  return (await t.arrivals(count)).map(({ endpoint, message }) => `${endpoint} ${show(message)}`).sort();
}

const same = (got: readonly string[], expected: readonly string[]): boolean => JSON.stringify(got) === JSON.stringify([...expected].sort());

const ascending = (numbers: readonly number[]): boolean => numbers.every((n, i) => i === 0 || numbers[i - 1]! < n);

/** Of messages from each of these servers to each of these transports, what became of the first that went astray. */
async function wentAstray(t: Trial, ids: readonly string[], from: readonly string[]): Promise<string | undefined> {
  for (const serverId of from) {
    await t.setup(server(serverId, 'e1'), transport(`bound-to-${serverId}`, 'e9'));
    if (t.offers('binding')) await t.setup(bind(`bound-to-${serverId}`, serverId));
  }
  for (const [i, id] of ids.entries()) await t.setup(transport(id, `e${2 + (i % 5)}`));
  for (const [i, transportId] of ids.entries()) {
    for (const serverId of from) {
      const message = `${i} from ${serverId}`;
      await t.setup({ op: 'routeToTransport', transportId, serverId, message });
      const got = (await t.arrivals(1)).map(({ endpoint, to, message }) => [endpoint, to, message]);
      if (!isDeepStrictEqual(got, [[`e${2 + (i % 5)}`, transportId, message]])) return `a message to ${show(transportId)} was delivered ${got.length === 0 ? 'nowhere' : `as ${show(got)}`}`;
    }
  }
  return undefined;
}

export const deliveriesChecks = [
  check('RTE-1', 'a message is handed over as it is, whatever it is, from outside and from within a send', 'a message that was delivered, whatever it was', async (t) => {
    const { s, transports } = t.offers('binding') ? await bound(t, ['e2']) : { s: t.id(), transports: [t.id()] };
    const [a, caller] = [transports[0]!, t.id()];
    if (!t.offers('binding')) await t.setup(server(s, 'e1'), transport(a, 'e2'));
    await t.setup(transport(caller, 'calls'));
    const handsOver = async (message: unknown, from: 'outside' | 'a send'): Promise<void> => {
      const ways: (readonly ['routeToServer' | 'routeToTransport', readonly unknown[]])[] = [['routeToServer', [s, a, message]], ['routeToTransport', [a, s, message]]];
      if (t.offers('binding')) ways.push(['routeToTransport', [broadcast, s, message]]);
      const counts: unknown[] = [];
      const routeAll = async (): Promise<void> => {
        for (const [operation, args] of ways.filter((way) => t.carries(...way))) {
          // In the same turn, for as long as the registry answers at once.
          const called = t.rig.call(operation, ...args);
          counts.push(t.accepted(called instanceof Promise ? await called : called, `${operation} of ${show(message)}`, 'a message is of no account to whoever routes it'));
        }
      };
      await (from === 'outside' ? routeAll() : runFromWithin(t, routeAll, { op: 'routeToTransport', transportId: caller, serverId: s, message: 'go' }));
      const got = (await t.arrivals(counts.length + (from === 'outside' ? 0 : 1))).map((arrival) => arrival.message).filter((one) => one !== 'go');
      t.check(got.length === counts.length && got.every((one) => isDeepStrictEqual(one, message)), `${show(message)}, routed from ${from}, was not handed over as it is`, `${counts.length} deliveries of ${show(message)}`, got);
      t.check(counts.every((count) => count === 1), `${show(message)}, routed from ${from}, was counted wrongly`, counts.map(() => 1), counts);
      t.occurred(counts.length > 0);
    };
    for (const message of messages(t.offers('in-process'))) await handsOver(message, 'outside');
    if (!t.offers('send-awaited')) return;
    await t.given(handsOver('m', 'a send'));
    for (const message of messages(t.offers('in-process'))) await handsOver(message, 'a send');
  }),
  check('RTE-1', 'the same message can be sent again', 'a message delivered that is equal to the one before', async (t) => {
    const { s, transports } = await bound(t, ['e2']);
    for (let i = 0; i < 3; i++) {
      await t.succeeds({ op: 'routeToTransport', transportId: transports[0]!, serverId: s, message: 'again' }, 'the recipient is registered');
      await t.succeeds({ op: 'routeToServer', serverId: s, transportId: transports[0]!, message: 'again' }, 'the recipient is registered');
    }
    const got = await received(t, 6);
    t.check(same(got, Array.from({ length: 6 }, (_, i) => `e${1 + (i % 2)} "again"`)), 'a message equal to the one before was not delivered once for each call', 'three deliveries at each', got);
    t.occurred();
  }, { needs: ['binding'] }),
  check('RTE-1', 'what a send gives back, or is still waiting for, is of no account', 'a message delivered after a send has given something back', async (t) => {
    for (const [what, make] of Object.entries(results).filter(([what]) => t.offers('in-process') || carried.includes(what))) {
      const [s, a] = t.ids(2) as [string, string];
      await t.setup(server(s, 'e1'), transport(a, 'gives'));
      t.rig.mailbox.gives.set('gives', make);
      for (const message of ['first', 'second']) {
        const count = await routed(t, { op: 'routeToTransport', transportId: a, serverId: s, message }, `a send gave back ${what}`);
        t.check(count === 1, `a message was not counted when a send gave back ${what}`, 1, count);
      }
      // That none is delivered twice is for others to say.
      const got = [...new Set(await received(t, 2))];
      t.check(same(got, ['gives "first"', 'gives "second"']), `a message was not delivered when a send gave back ${what}`, 'first and second', got);
      t.occurred();
    }
  }, { needs: ['send-awaited'] }),
  check('RTE-6', 'a recipient that has failed before is handed the next message', 'a message delivered to an endpoint that has failed before', async (t) => {
    for (const endpoint of ['throws1', 'rejects1']) {
      const [s, a] = t.ids(2) as [string, string];
      await t.setup(server(s, 'e1'), transport(a, endpoint));
      for (let i = 1; i <= 20; i++) {
        await t.succeeds({ op: 'routeToTransport', transportId: a, serverId: s, message: `m${i}` }, 'what the recipient does is not for the sender');
        const got = await received(t, 1);
        t.check(got.includes(`${endpoint} "m${i}"`), `message ${i} to an endpoint that has failed ${i - 1} times was not delivered`, 'a delivery', got);
        t.occurred(i > 1);
      }
    }
  }),
  check('NAM-2', 'a message reaches a name whatever it spells, and nobody else', 'a message delivered to a name of an unusual spelling', async (t) => {
    const ids = hostileIds.filter((id) => !['A', 'e\u0301', ' a', 'a ', '00', '\ufeffa'].includes(id));
    // What goes wrong with harmless names as well is not for this to say.
    const astray = await wentAstray(t, t.ids(ids.length), t.ids(2));
    if (astray !== undefined) throw new Blocked(`messages to harmless names had to arrive first, and ${astray}`);
    await t.open();
    const found = await wentAstray(t, ids, ['someone', '*']);
    t.check(found === undefined, 'a message did not reach its recipient and nobody else', 'one delivery at the recipient', found);
    t.occurred();
  }, { needs: ['transports', 'routing'] }),

  check('RTE-3', 'broadcasts that nobody waits for all arrive', 'several broadcasts delivered that were made at once', async (t) => {
    const { s } = await bound(t, ['e2', 'e3']);
    const sent = ['1', '2', '3', '4', '5'];
    const calls = sent.map((message) => t.rig.start({ op: 'broadcast', serverId: s, message }));
    for (const call of calls) t.accepted(await t.finish(call, 'a broadcast'), 'a broadcast', 'two transports are bound');
    const got = await received(t, 10);
    t.check(same(got, sent.flatMap((message) => [`e2 "${message}"`, `e3 "${message}"`])), 'of broadcasts one after another some were lost or repeated', 'each of five at both', got);
    t.occurred();
  }),
  check('RTE-3', 'a broadcast reaches who was bound when it was sent, not who is bound from within it', 'a bind made from within a send', async (t) => {
    const { s, transports } = await bound(t, ['binds', 'e3']);
    const [late, own] = [t.id(), transports[0]!];
    await t.setup(transport(late, 'e4'));
    const answers: Answer[] = [];
    let binding: Promise<void> | undefined;
    const bindAnew = async (): Promise<void> => {
      t.occurred();
      // One after the other: of calls that overlap, any may take effect last.
      for (const operation of [bind(late, s), { op: 'unbindTransport', transportId: own } as const, bind(own, s)]) answers.push(await t.rig.perform(operation));
    };
    t.rig.mailbox.reaction = { endpoint: 'binds', run: () => (binding = bindAnew()) };
    const count = await t.succeeds({ op: 'broadcast', serverId: s, message: 'first' }, 'a recipient that binds is no reason to fail');
    const got = await received(t, 2);
    const expected = ['binds "first"', 'e3 "first"'];
    t.check(got.every((one, i) => expected.includes(one) && got.indexOf(one) === i), 'a broadcast reached somebody who was not bound when it was sent, or somebody twice', expected, got);
    if (!same(got, expected)) throw new Violation('a broadcast did not reach everybody, when one of them called back', show(expected), show(got), 'RTE-7');
    t.check(count === 2, 'a broadcast returned the wrong count', 2, count);
    await binding;
    for (const answer of answers) {
      if (answer.kind !== 'done') throw new Violation('a call made from within a send failed', 'success', showAnswer(answer), 'RTE-7');
    }
    await t.succeeds({ op: 'broadcast', serverId: s, message: 'second' }, 'three transports are bound');
    const then = await received(t, 3);
    t.check(same(then, ['binds "second"', 'e3 "second"', 'e4 "second"']), 'a broadcast did not reach each bound transport exactly once', 'a delivery at each of the three', then);
  }, { needs: ['send-awaited'] }),

  check('RTE-3', 'nor who is bound from within it in the place of another', 'a bind made from within a send', async (t) => {
    for (const gone of [1, 2, 3]) {
      await t.open();
      const endpoints = ['replaces', 'e3', 'e4', 'e5'];
      const { s, transports } = await bound(t, endpoints);
      const late = t.id();
      await t.setup(transport(late, 'late'));
      const answers: Answer[] = [];
      let replacing: Promise<void> | undefined;
      const replace = async (): Promise<void> => {
        // Both at once: whichever comes first, there are as many as before.
        answers.push(...(await Promise.all([t.rig.perform({ op: 'unbindTransport', transportId: transports[gone]! }), t.rig.perform(bind(late, s))])));
        t.occurred();
      };
      t.rig.mailbox.reaction = { endpoint: 'replaces', run: () => (replacing = replace()) };
      await t.succeeds({ op: 'broadcast', serverId: s, message: 'm' }, 'a recipient that binds is no reason to fail');
      const got = await received(t, 4);
      await replacing;
      if (answers.some(({ kind }) => kind !== 'done')) throw new Blocked('calls made from within a send had to succeed first');
      // Whether it still reaches who is unbound before it is handed over is left open.
      const rest = endpoints.filter((_, i) => i !== gone).map((endpoint) => `${endpoint} "m"`);
      const allowed = [...rest, `${endpoints[gone]!} "m"`];
      t.check(got.every((one, i) => allowed.includes(one) && got.indexOf(one) === i), 'a broadcast reached somebody who was not bound when it was sent, or somebody twice', rest, got);
      if (!rest.every((one) => got.includes(one))) throw new Violation('a broadcast did not reach everybody, when one of them called back', show(rest), show(got), 'RTE-7');
    }
  }, { needs: ['send-awaited'] }),

  check('RTE-4', 'calls from within a send keep their order among themselves', 'several messages delivered that were routed from within a send', async (t) => {
    const { s, transports } = await bound(t, ['calls', 'e3', 'e4']);
    const a = transports[1]!;
    let overlap = false;
    t.rig.mailbox.reaction = {
      endpoint: 'calls',
      run: async () => {
        const calls = Array.from({ length: 12 }, (_, i): Operation => (i % 4 === 3 ? { op: 'broadcast', serverId: s, message: `${i}` } : { op: 'routeToTransport', transportId: a, serverId: s, message: `${i}` }));
        overlap = await t.inOrder(calls, () => undefined);
      },
    };
    await t.succeeds({ op: 'broadcast', serverId: s, message: 'first' }, 'a recipient that calls back is no reason to fail');
    const order = (await t.arrivals(3 + 9 + 9)).filter(({ endpoint, message }) => endpoint === 'e3' && message !== 'first').map(({ message }) => Number(message));
    // What is called while a broadcast is under way may come before it, or after.
    for (const those of overlap ? [order.filter((n) => n % 4 !== 3), order.filter((n) => n % 4 === 3)] : [order]) {
      t.check(ascending(those), 'messages routed from within a send overtook each other', 'ascending numbers', those);
    }
    t.occurred(order.length > 1);
  }, { needs: ['binding', 'send-awaited'] }),

  check('RTE-6', 'what a send gives back may fail in any way', 'a message delivered to an endpoint that fails', async (t) => {
    const { mailbox } = t.rig;
    for (const [what, make] of Object.entries(failures)) {
      const { s, transports } = await bound(t, ['e2', 'gives', 'e3']);
      mailbox.gives.set('gives', () => make(new EndpointFailure(what, mailbox)));
      await routed(t, { op: 'broadcast', serverId: s, message: 'all' }, `a send gave back ${what}`);
      await routed(t, { op: 'routeToTransport', transportId: transports[1]!, serverId: s, message: 'one' }, `a send gave back ${what}`);
      const got = await received(t, 4);
      t.check(same(got, ['e2 "all"', 'gives "all"', 'e3 "all"', 'gives "one"']), `a message was not delivered to everybody when a send gave back ${what}`, 'all to three, one to one', got);
      t.occurred();
    }
  }, { needs: ['binding', 'in-process'] }),

  check('RTE-7', 'all the calls that a send makes are carried out', 'a call made from within a send', async (t) => {
    const { s, transports } = await bound(t, ['calls', 'e3']);
    const calls: Call[] = [];
    const nested = ['1', '2', '3', '4', '5', '6'];
    t.rig.mailbox.reaction = {
      endpoint: 'calls',
      run: async () => {
        t.occurred();
        for (const message of nested) {
          calls.push(t.rig.start({ op: 'routeToServer', serverId: s, transportId: transports[0]!, message }), t.rig.start({ op: 'broadcast', serverId: s, message }));
        }
        await Promise.all(calls.map(({ answer }) => answer));
      },
    };
    await t.succeeds({ op: 'broadcast', serverId: s, message: 'first' }, 'a recipient that calls back is no reason to fail');
    const got = await received(t, 2 + 3 * nested.length);
    const expected = ['calls "first"', 'e3 "first"', ...nested.flatMap((message) => [`e1 "${message}"`, `calls "${message}"`, `e3 "${message}"`])];
    t.check(same(got, expected), 'of the calls made from within a send some were lost or repeated', expected, got);
    for (const call of calls) t.accepted(await t.finish(call, 'a call made from within a send'), 'a call made from within a send', 'it is a call like any other');
  }, { needs: ['binding'] }),
  check('RTE-7', 'two that answer each other a hundred times are not cut short', 'a call made from within a send', async (t) => {
    const [s, a] = t.ids(2) as [string, string];
    await t.setup(server(s, 'e1'), transport(a, 'e2'));
    // That messages arrive at all is not for this to say.
    for (const operation of [{ op: 'routeToTransport', transportId: a, serverId: s, message: 'first' }, { op: 'routeToServer', serverId: s, transportId: a, message: 'first' }] as const) {
      await t.setup(operation);
      await t.given(t.arrivals(1).then(({ length }) => t.check(length === 1, 'a message did not arrive', 1, length)));
    }
    const times = 100;
    const answer = (n: number): void => {
      t.rig.mailbox.reaction = {
        endpoint: n % 2 === 0 ? 'e1' : 'e2',
        run: async () => {
          t.occurred();
          if (n < times) answer(n + 1);
          await t.rig.perform(n % 2 === 0 ? { op: 'routeToTransport', transportId: a, serverId: s, message: `${n}` } : { op: 'routeToServer', serverId: s, transportId: a, message: `${n}` });
        },
      };
    };
    answer(1);
    await t.succeeds({ op: 'routeToTransport', transportId: a, serverId: s, message: '0' }, 'a recipient that answers is no reason to fail');
    const order = (await t.arrivals(times + 1)).map(({ message }) => Number(message));
    t.check(order.length === times + 1, 'of messages that answer each other some were lost or repeated', times + 1, order.length);
  }),
];
