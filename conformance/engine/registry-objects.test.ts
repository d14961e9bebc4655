import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Operation } from '../../model/index.js';
import { check, type Entry } from '../linearizability/index.js';
import { Memory } from '../linearizability/memory.js';
import { States } from '../linearizability/states.js';
import { bruteForce } from '../linearizability/testing/brute-force.js';
import { isOrder } from '../linearizability/testing/order.js';
import { Worlds } from '../linearizability/worlds.js';
import { registryHistory } from '../testing/registry-histories.js';
import { connected, registryHistories, type Observed } from './registry-history.js';
import { registryObjects } from './registry-objects.js';
import { cases } from '../testing/cases.js';

type RegistryEntry = Entry<Operation, Observed>;

/** Without its parts: all of it at once. */
const whole = { ...registryHistories, partition: undefined, objects: undefined } as unknown as typeof registryHistories;

function judgeByWorlds(history: readonly RegistryEntry[]): Worlds<typeof registryHistories.initial, Operation, Observed> {
  const states = new States(registryHistories, new Memory(2 ** 28));
  const worlds = new Worlds(states, history, registryObjects(registryHistories, history)!);
  while (worlds.verdict === undefined) worlds.run(Infinity, 1_000);
  return worlds;
}

/** What an operation of the same kind may answer. */
const answers = (history: readonly RegistryEntry[], { op }: Operation): Observed[] => [
  { kind: 'done', value: undefined },
  ...history.flatMap(({ invocation, response }) => (invocation.op === op && response !== undefined ? [response] : [])),
  ...(op.startsWith('find') || op.startsWith('get') || op.startsWith('route') ? [] : [{ kind: 'refused', code: 'already_registered' } as const, { kind: 'refused', code: 'server_not_found' } as const]),
];

/** Histories of few names; of some operations another answer is told, and some end sooner or later than they did. */
const histories = ({ operations, clients }: { readonly operations: number; readonly clients: number }): fc.Arbitrary<RegistryEntry[]> =>
  fc
    .record({
      seed: fc.integer({ min: 1, max: 2 ** 31 - 1 }), operations: fc.integer({ min: operations >> 1, max: operations }), clients: fc.integer({ min: 2, max: clients }), names: fc.constantFrom(1, 1, 2, 3),
      binds: fc.constantFrom(true, true, true, false), lost: fc.constantFrom(0, 0, 100, 300), lies: fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 2 }), delays: fc.array(fc.tuple(fc.nat(), fc.integer({ min: -60, max: 60 })), { maxLength: 3 }),
    })
    .map(({ lies, delays, ...run }) => {
      const history = registryHistory(run);
      for (const [a, b] of lies) {
        const entry = history[a % history.length]!;
        const others = answers(history, entry.invocation);
        if (entry.end !== Infinity) history[a % history.length] = { ...entry, response: others[b % others.length] };
      }
      for (const [a, by] of delays) {
        const entry = history[a % history.length]!;
        history[a % history.length] = { ...entry, end: Math.max(entry.start, entry.end + by) };
      }
      return history;
    });

describe('a registry as objects', () => {
  it('is judged as by trying every order, for 4,000 small histories', () => {
    const counts = { linearizable: 0, violated: 0, unknown: 0 };
    fc.assert(
      fc.property(histories({ operations: 7, clients: 5 }), (history) => {
        const worlds = judgeByWorlds(history);
        expect(worlds.verdict).toBe(bruteForce(registryHistories, history));
        counts[worlds.verdict!]++;
      }),
      { numRuns: cases(4_000) },
    );
    expect(counts.linearizable).toBeGreaterThan(cases(1_000));
    expect(counts.violated).toBeGreaterThan(cases(500));
  }, 120_000);

  it('is judged as by the search, for 3,000 histories, and shows orders', () => {
    const counts = { linearizable: 0, violated: 0, unknown: 0 };
    fc.assert(
      fc.property(histories({ operations: 40, clients: 8 }), (history) => {
        const { verdict } = check(whole, history, { steps: 200_000 });
        if (verdict === 'unknown') return;
        const worlds = judgeByWorlds(history);
        expect(worlds.verdict).toBe(verdict);
        const result = { verdict, parts: [worlds.result()], steps: worlds.steps };
        expect(showsOrder(result)).toBe(true);
        counts[verdict]++;
      }),
      { numRuns: cases(3_000) },
    );
    expect(counts.linearizable).toBeGreaterThan(cases(300));
    expect(counts.violated).toBeGreaterThan(cases(300));
  }, 120_000);
});

describe('the objects of a registry', () => {
  const done: Observed = { kind: 'done', value: undefined };
  const entry = (invocation: Operation, response: Observed = done): RegistryEntry => ({ id: 0, actor: 'c', invocation, response, start: 0, end: 1 });
  const all: Operation[] = [
    { op: 'registerServer', id: 's', endpoint: 'e1' },
    { op: 'registerTransport', id: 's', endpoint: 'e1', config: { serverId: 's' } },
    { op: 'registerTransport', id: 'u', endpoint: 'e2', config: { serverId: 7 } },
    { op: 'unregisterServer', id: 's' },
    { op: 'unregisterTransport', id: 's' },
    { op: 'updateServer', id: 's', config: { a: 1 } },
    { op: 'findServer', id: 's' },
    { op: 'findTransport', id: 's' },
    { op: 'bindTransportToServer', transportId: 's', serverId: 's' },
    { op: 'unbindTransport', transportId: 's' },
    { op: 'getServerForTransport', transportId: 's' },
    { op: 'routeToServer', serverId: 's', transportId: 'n', message: 'm' },
    { op: 'routeToTransport', serverId: 'n', transportId: 's', message: 'm' },
    { op: 'down', endpoint: 'e1' },
  ];
  const objects = registryObjects(registryHistories, all.map((one) => entry(one)))!;

  it('are there for histories of what touches few of them, and for no others', () => {
    for (const one of all) expect(registryObjects(registryHistories, [entry(one)])).toBeDefined();
    const list = entry({ op: 'listServers' });
    expect([registryObjects(registryHistories, [list]), registryObjects(registryHistories, [entry(all[0]!), list])]).toEqual([undefined, undefined]);
  });

  it('are touched by what names them, and by what goes with them', () => {
    expect(all.map((one) => [...objects.touches(one)])).toEqual([
      ['server s', 'endpoint e1'], ['transport s', 'server s', 'endpoint e1'], ['transport u'], ['server s'], ['transport s'], ['server s'], ['server s'], ['transport s'],
      ['transport s', 'server s'], ['transport s'], ['transport s'], ['server s'], ['transport s'], ['endpoint e1'],
    ]);
    expect(all.filter((one) => objects.isRemoval(one)).map(({ op }) => op)).toEqual(['unregisterServer', 'down']);
  });

  it('hold what the model says, and refer to that without which it would not be so', () => {
    const [register, bind] = [all[0]!, all[8]!];
    const names = ['transport s', 'server s', 'endpoint e1'];
    const [server] = objects.step(['server s', 'endpoint e1'], [0, 0], register, done)!;
    const [transport, , endpoint] = objects.step(names, [0, server!, 0], { op: 'registerTransport', id: 's', endpoint: 'e1' }, done)!;
    expect([0, server!, transport!].map((value) => objects.refersTo(value))).toEqual([[], ['endpoint e1'], ['endpoint e1']]);
    expect(endpoint).toBe(0);
    const [bound, same] = objects.step(['transport s', 'server s'], [transport!, server!], bind, done)!;
    expect(same).toBe(server);
    expect(objects.refersTo(bound!)).toEqual(['server s', 'endpoint e1']);
    // Of another endpoint, that never goes down, nothing is known but the name.
    const [other] = objects.step(['transport u'], [0], { op: 'registerTransport', id: 'u', endpoint: 'e2' }, done)!;
    expect(objects.refersTo(other!)).toEqual([]);
    const before = [transport!, 0];
    expect(objects.step(['transport s', 'server s'], before, bind, { kind: 'refused', code: 'server_not_found' })).toBe(before);
    expect(objects.step(['transport s', 'server s'], [0, server!], bind, done)).toBeUndefined();
    const [gone, none, down] = objects.step(names, [bound!, server!, 0], all[13]!, done)!;
    expect([gone, none]).toEqual([0, 0]);
    expect([down === 0, objects.refersTo(down!)]).toEqual([false, []]);
    expect(objects.step(['server s', 'endpoint e1'], [0, down!], register, done)).toBeUndefined();
  });
});

it('a read may need a write that has nothing to do with the one that must come after it', () => {
  const done: Observed = { kind: 'done', value: undefined };
  const entry = (id: number, end: number, invocation: Operation, response: Observed): RegistryEntry => ({ id, actor: `client ${id}`, invocation, response, start: 0, end });
  const history = [
    entry(1, 10, { op: 'registerServer', id: 's', endpoint: 'e1' }, done),
    entry(2, 11, { op: 'bindTransportToServer', transportId: 't', serverId: 's' }, { kind: 'refused', code: 'transport_not_found' }),
    entry(3, 5, { op: 'registerTransport', id: 't', endpoint: 'e2' }, done),
  ];
  expect(judgeByWorlds(history).verdict).toBe('linearizable');
});

/** States of the model are made anew by each step, and known by their keys. */
function showsOrder(result: Parameters<typeof isOrder<typeof registryHistories.initial, Operation, Observed>>[1]): boolean {
  const { step, key } = registryHistories;
  const same = new Map<unknown, typeof registryHistories.initial>([[key!(registryHistories.initial), registryHistories.initial]]);
  const known = (state: typeof registryHistories.initial): typeof registryHistories.initial => {
    if (!same.has(key!(state))) same.set(key!(state), state);
    return same.get(key!(state))!;
  };
  const model = { ...registryHistories, step: (...args: Parameters<typeof step>) => step(...args).map(known) };
  const parts = result.parts.map((part) => ({ ...part, longest: part.longest.map(({ entry, state }) => ({ entry, state: known(state) })), unplaced: part.unplaced, stuck: part.stuck }));
  return isOrder(model, { ...result, parts });
}

describe('a history of 20,000 operations of 32 clients', () => {
  const operations = cases(20_000);

  it.each([
    { binds: false, staleRead: false }, { binds: false, staleRead: true }, { binds: true, staleRead: false }, { binds: true, staleRead: true },
  ])('is told, $binds, $staleRead', (profile) => {
    for (const seed of [1, 22]) {
      const history = registryHistory({ operations, clients: 32, names: 100, ...profile, lost: 1, seed });
      if (profile.binds) expect(connected(history).some((part) => part.length > 0.75 * operations)).toBe(true);
      expect(check(registryHistories, history, { milliseconds: 20_000 }).verdict).toBe(profile.staleRead ? 'violated' : 'linearizable');
    }
  }, 120_000);
});
