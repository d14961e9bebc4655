import fc from 'fast-check';
import type { Entry } from '../history.js';
import type { KeyCall, RegisterAnswer, RegisterCall } from './models.js';

const times = (most: number): fc.Arbitrary<{ start: number; end: number }> =>
  fc.tuple(fc.nat(most), fc.nat(most)).map(([a, b]) => ({ start: Math.min(a, b), end: Math.max(a, b) }));

const value = fc.nat(2);

const call: fc.Arbitrary<{ invocation: RegisterCall; response: RegisterAnswer }> = fc.oneof(
  fc.record({ invocation: fc.constant({ op: 'read' as const }), response: fc.option(value) }),
  fc.record({ invocation: fc.record({ op: fc.constant('write' as const), value }), response: fc.constant('done' as const) }),
  fc.record({ invocation: fc.record({ op: fc.constant('cas' as const), from: value, to: value }), response: fc.boolean() }),
);

/** Histories of a register in which anything may have been answered: some are linearizable, some are not. Times may be equal. */
export const registerHistories = ({ most, overlap = 12, lostOfTen = 2 }: { readonly most: number; readonly overlap?: number; readonly lostOfTen?: number }): fc.Arbitrary<Entry<RegisterCall, RegisterAnswer>[]> =>
  fc.array(fc.tuple(call, times(overlap), fc.constantFrom(0, 1, 2, 3, 4, 5, 6, 7, 8, 9)), { maxLength: most }).map((calls) =>
    calls.map(([{ invocation, response }, { start, end }, luck], id) => {
      const lost = luck < lostOfTen;
      return { id, actor: `c${id}`, invocation, response: lost ? undefined : response, start, end: lost ? Infinity : end };
    }),
  );

/**
 * A run of clients, each of which has one operation open at a time, on string registers: gets, puts and some appends, each of which
 * takes effect at some moment of its call. Linearizable. The same for the same seed.
 */
export function manyClients({ operations, clients, keys, seed }: { readonly operations: number; readonly clients: number; readonly keys: number; readonly seed: number }): Entry<KeyCall, string>[] {
  let random = seed;
  const nat = (below: number): number => {
    random = (Math.imul(random, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((random / 2 ** 32) * below);
  };
  const free = Array.from({ length: clients }, () => 0);
  const calls = Array.from({ length: operations }, (_, id) => {
    const client = id % clients;
    const start = free[client]! + nat(100);
    const effect = start + nat(100);
    const end = effect + nat(100);
    free[client] = end + 1;
    const op = nat(10) < 6 ? ('get' as const) : nat(10) < 8 ? ('put' as const) : ('append' as const);
    return { id, actor: `c${client}`, start, effect, end, invocation: { op, key: `${nat(keys)}`, value: op === 'get' ? '' : `v${id}` } };
  });
  const values = new Map<string, string>();
  const answers = new Map<number, string>();
  for (const { id, invocation: { op, key, value } } of [...calls].sort((a, b) => a.effect - b.effect)) {
    const before = values.get(key) ?? '';
    if (op !== 'get') values.set(key, op === 'put' ? value : before + value);
    answers.set(id, op === 'get' ? before : '');
  }
  return calls.map(({ id, actor, invocation, start, end }) => ({ id, actor, invocation, response: answers.get(id)!, start, end }));
}
