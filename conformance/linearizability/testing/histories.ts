import fc from 'fast-check';
import type { Entry } from '../history.js';
import type { RegisterAnswer, RegisterCall } from './models.js';

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
