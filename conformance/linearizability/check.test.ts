import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { check, type CheckResult, type Model } from './check.js';
import type { Entry, History } from './history.js';
import { bruteForce } from './testing/brute-force.js';
import { registerHistories } from './testing/histories.js';
import { keyValue, register } from './testing/models.js';

/** Whether the order that a result shows is one: in time, and allowed by the model from state to state. */
function isOrder<S, I, O>(model: Model<S, I, O>, { parts }: CheckResult<S, I, O>): boolean {
  return parts.every(({ longest, unplaced, history, verdict }) => {
    let state = model.initial;
    const follows = longest.every(({ entry, state: after }, i) => {
      const allowed = model.step(state, entry.invocation, entry.response).includes(after);
      state = after;
      return allowed && longest.slice(i + 1).every((later) => later.entry.end >= entry.start);
    });
    const there = new Set(longest.map(({ entry }) => entry));
    const missing = history.filter((entry) => entry.end !== Infinity && !there.has(entry));
    return follows && there.size === longest.length && missing.length === unplaced.length && (verdict !== 'linearizable' || missing.length === 0);
  });
}

/** A switch that lands on either side, and a lamp to look at. */
const coin: Model<number, 'toss' | 'look', number> = {
  initial: 0,
  step: (state, call, answer) => (call === 'toss' ? [0, 1, 2] : answer === undefined || answer === state ? [state] : []),
};

const histories = <I, O>(call: fc.Arbitrary<readonly [I, O]>): fc.Arbitrary<Entry<I, O>[]> =>
  fc.array(fc.record({ call, times: fc.tuple(fc.nat(8), fc.nat(8)), lost: fc.constantFrom(0, 1, 2, 3, 4, 5) }), { maxLength: 6 }).map((all) =>
    all.map(({ call: [invocation, response], times: [a, b], lost }, id) => ({
      id, actor: `c${id}`, invocation, response: lost === 0 ? undefined : response, start: Math.min(a, b), end: lost === 0 ? Infinity : Math.max(a, b),
    })),
  );

describe('the checker agrees with trying every order', () => {
  const counts = { linearizable: 0, violated: 0, unknown: 0 };

  it('of a register with compare-and-set, for 6,000 histories', () => {
    fc.assert(
      fc.property(registerHistories({ most: 7 }), (history) => {
        const result = check(register, history);
        expect(result.verdict).toBe(bruteForce(register, history));
        expect(isOrder(register, result)).toBe(true);
        counts[result.verdict]++;
      }),
      { numRuns: 6_000 },
    );
    expect(counts.linearizable).toBeGreaterThan(1_000);
    expect(counts.violated).toBeGreaterThan(1_000);
  });

  it('of a model that may go on in several ways, for 3,000 histories', () => {
    const calls = fc.oneof(fc.constant(['toss', 0] as const), fc.nat(2).map((seen) => ['look', seen] as const));
    const seen = { linearizable: 0, violated: 0, unknown: 0 };
    fc.assert(
      fc.property(histories<'toss' | 'look', number>(calls), (history) => {
        const result = check(coin, history);
        expect(result.verdict).toBe(bruteForce(coin, history));
        expect(isOrder(coin, result)).toBe(true);
        seen[result.verdict]++;
      }),
      { numRuns: 3_000 },
    );
    expect(Math.min(seen.linearizable, seen.violated)).toBeGreaterThan(300);
  });

  it('of keys that are judged apart', () => {
    const calls = fc.record({ op: fc.constantFrom('get' as const, 'put' as const, 'append' as const), key: fc.constantFrom('a', 'b'), value: fc.constantFrom('x', 'y') });
    const answered = fc.tuple(calls, fc.constantFrom('', 'x', 'y', 'xy'));
    const whole: Model<string, { op: 'get' | 'put' | 'append'; key: string; value: string }, string> = {
      initial: '{}',
      step: (state, call, answer) => {
        const all = JSON.parse(state) as Record<string, string>;
        return keyValue.step(all[call.key] ?? '', call, answer).map((next) => JSON.stringify({ a: all['a'] ?? '', b: all['b'] ?? '', [call.key]: next }));
      },
    };
    fc.assert(
      fc.property(histories(answered), (history) => {
        expect(check(keyValue, history).verdict).toBe(bruteForce(whole, history));
      }),
      { numRuns: 1_000 },
    );
  });

  it('with more operations than fit one word, most of them one after the other', () => {
    fc.assert(
      fc.property(registerHistories({ most: 5, lostOfTen: 0 }), fc.integer({ min: 20, max: 90 }), fc.boolean(), (tail, before, lost) => {
        // Writes that nobody overlaps, then something that can be tried in every order.
        const writes = Array.from({ length: before }, (_, i): Entry => ({
          id: i, actor: 'w', invocation: { op: 'write', value: i % 3 }, response: lost && i % 7 === 3 ? undefined : 'done', start: i - 1_000, end: lost && i % 7 === 3 ? Infinity : i - 999.5,
        }));
        const late = writes.filter(({ end }) => end === Infinity).slice(0, 2);
        const definite = writes.filter(({ end }) => end !== Infinity);
        const history = [...definite, ...late, ...tail] as unknown as History<never, never>;
        const started = { ...register, initial: (before - 1) % 3 === 3 ? 0 : lastOf(definite) } as Model<never, never, never>;
        expect(check(register as unknown as Model<never, never, never>, history).verdict).toBe(bruteForce(started, [...late, ...tail] as unknown as History<never, never>));
      }),
      { numRuns: 500 },
    );
  });
});

const lastOf = (writes: readonly Entry[]): number => (writes.at(-1)!.invocation as { value: number }).value;

describe('the order of time', () => {
  const write = (value: number, start: number, end: number, id = value): Entry<{ op: 'write'; value: number }, 'done'> => ({ id, actor: `w${value}`, invocation: { op: 'write', value }, response: 'done', start, end });
  const read = (value: number, start: number, end: number): Entry<{ op: 'read' }, number> => ({ id: 9, actor: 'r', invocation: { op: 'read' }, response: value, start, end });

  it('binds operations that do not overlap', () => {
    expect(check(register, [write(1, 0, 1), write(2, 2, 3), read(1, 4, 5)]).verdict).toBe('violated');
    expect(check(register, [write(1, 0, 1), write(2, 2, 3), read(2, 4, 5)]).verdict).toBe('linearizable');
  });

  it('binds no operations that meet at one moment', () => {
    expect(check(register, [write(1, 2, 3), write(2, 0, 2), read(2, 4, 5)]).verdict).toBe('linearizable');
    expect(check(register, [write(1, 2.1, 3), write(2, 0, 2), read(2, 4, 5)]).verdict).toBe('violated');
  });

  it('lets an operation without an end happen late, or never', () => {
    const lost = { ...write(1, 0, Infinity), response: undefined };
    expect(check(register, [lost, write(2, 1, 2), read(2, 3, 4), { ...read(1, 5, 6), id: 10 }]).verdict).toBe('linearizable');
    expect(check(register, [lost, write(2, 1, 2), read(2, 3, 4)]).verdict).toBe('linearizable');
    expect(check(register, [lost, write(2, 1, 2), { ...read(1, 3, 4), id: 10 }, read(2, 5, 6)]).verdict).toBe('violated');
  });
});

describe('what cannot be told in time', () => {
  /** Writes that all overlap, and a read of what nobody wrote: every order has to be tried. */
  const hard = Array.from({ length: 14 }, (_, i): Entry<{ op: 'write'; value: number } | { op: 'read' }, number | 'done'> => ({
    id: i, actor: `c${i}`, invocation: i === 0 ? { op: 'read' } : { op: 'write', value: i }, response: i === 0 ? 99 : 'done', start: 0, end: 1,
  }));

  it('is unknown, never passed', () => {
    expect(check(register, hard, { steps: 1_000 }).verdict).toBe('unknown');
    expect(check(register, hard, { milliseconds: 0 }).verdict).toBe('unknown');
    expect(check(register, hard, { bytes: 20_000 }).verdict).toBe('unknown');
    expect(check(register, hard).verdict).toBe('violated');
  });

  it('does not stand before what is plainly wrong', () => {
    const inKey = (key: string): Entry<{ op: 'get' | 'put'; key: string; value: string }, string>[] =>
      Array.from({ length: 24 }, (_, i) => ({ id: i, actor: `c${i}`, invocation: { op: i === 0 ? 'get' : 'put', key, value: `${i}` }, response: i === 0 ? 'x' : '', start: 0, end: 1 }));
    const wrong = { id: 99, actor: 'c', invocation: { op: 'get' as const, key: 'b', value: '' }, response: 'y', start: 0, end: 1 };
    const result = check(keyValue, [...inKey('a'), wrong], { milliseconds: 10_000 });
    expect(result.verdict).toBe('violated');
    expect(result.parts[0]!.unplaced).toEqual([wrong]);
  });
});

it('judges 100,000 operations of one register that 32 clients share, without recursion', () => {
  const history = Array.from({ length: 100_000 }, (_, i): Entry<{ op: 'write'; value: number } | { op: 'read' }, number | 'done'> => ({
    id: i, actor: `c${i % 32}`, start: i - ((i * 31) % 8), end: i + 1 + ((i * 17) % 8),
    ...(i % 2 === 0 ? { invocation: { op: 'write', value: i % 1_000 }, response: 'done' } : { invocation: { op: 'read' }, response: (i - 1) % 1_000 }),
  }));
  expect(check(register, history).verdict).toBe('linearizable');
}, 60_000);
