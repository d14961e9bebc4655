import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { check, checkAsync } from './check.js';
import { Memory } from './memory.js';
import type { Model } from './model.js';
import { States } from './states.js';
import { Worlds } from './worlds.js';
import type { Entry, History } from './history.js';
import { bruteForce } from './testing/brute-force.js';
import { registerHistories } from './testing/histories.js';
import { boxes, boxObjects, type BoxAnswer, type BoxCall } from './testing/boxes.js';
import { keyValue, register, type KeyCall, type RegisterAnswer, type RegisterCall } from './testing/models.js';
import { isOrder } from './testing/order.js';
import { cases } from '../testing/cases.js';

/** A switch that lands on either side, and a lamp to look at. */
const coin: Model<number, 'toss' | 'look', number> = {
  initial: 0,
  step: (state, call, answer) => (call === 'toss' ? [0, 1, 2] : answer === undefined || answer === state ? [state] : []),
};

/** Three states, three operations and two answers: any set of states, mostly none or one, may follow. What happens to change nothing is said to be a read. */
const automata: fc.Arbitrary<Model<number, number, number>> = fc
  .array(fc.oneof({ weight: 3, arbitrary: fc.constant<number[]>([]) }, { weight: 4, arbitrary: fc.tuple(fc.nat(2)) }, fc.constant<number[]>([0, 1]), fc.constant<number[]>([1, 2, 1])), { minLength: 18, maxLength: 18 })
  .chain((table) => fc.subarray([0, 1, 2]).map((reads) => table.map((next, at) => (reads.includes(Math.floor(at / 6)) && next.length > 0 ? [at % 3] : next))))
  .map((table) => {
    const step = (state: number, call: number, answer: number | undefined): number[] =>
      answer === undefined ? [...step(state, call, 0), ...step(state, call, 1)] : table[call * 6 + answer * 3 + state]!;
    const isRead = (call: number, answer: number | undefined): boolean => [0, 1, 2].every((state) => step(state, call, answer).every((next) => next === state));
    return { initial: 0, step, isRead, operationKey: (call, answer) => `${call} ${answer}` };
  });

const histories = <I, O>(call: fc.Arbitrary<readonly [I, O]>, lostOfSix = 1): fc.Arbitrary<Entry<I, O>[]> =>
  fc.array(fc.record({ call, times: fc.tuple(fc.nat(8), fc.nat(8)), lost: fc.constantFrom(0, 1, 2, 3, 4, 5) }), { maxLength: 6 }).map((all) =>
    all.map(({ call: [invocation, response], times: [a, b], lost }, id) => ({
      id, actor: `c${id}`, invocation, response: lost < lostOfSix ? undefined : response, start: Math.min(a, b), end: lost < lostOfSix ? Infinity : Math.max(a, b),
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
      { numRuns: cases(6_000) },
    );
    expect(counts.linearizable).toBeGreaterThan(cases(1_000));
    expect(counts.violated).toBeGreaterThan(cases(1_000));
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
      { numRuns: cases(3_000) },
    );
    expect(Math.min(seen.linearizable, seen.violated)).toBeGreaterThan(cases(300));
  });

  it('of a register, for 6,000 histories most of which was lost', () => {
    // Writes are alike whether they were lost or not, which a model may know, or not.
    const byCall: typeof register = { ...register, operationKey: (call, answer) => JSON.stringify([call, call.op === 'write' ? '' : answer]) };
    const models = [register, byCall, { initial: register.initial, step: register.step }];
    const seen = { linearizable: 0, violated: 0, unknown: 0 };
    fc.assert(
      fc.property(registerHistories({ most: 7, lostOfTen: 6, overlap: 8 }), fc.constantFrom(...models), (history, model) => {
        const result = check(model, history);
        expect(result.verdict).toBe(bruteForce(register, history));
        expect(isOrder(register, result)).toBe(true);
        seen[result.verdict]++;
      }),
      { numRuns: cases(6_000) },
    );
    expect(Math.min(seen.linearizable, seen.violated)).toBeGreaterThan(cases(300));
  });

  it('of any model, for 10,000 of them with a history each', () => {
    const seen = { linearizable: 0, violated: 0, unknown: 0 };
    fc.assert(
      fc.property(automata, fc.constantFrom(1, 3).chain((lost) => histories(fc.tuple(fc.nat(2), fc.nat(1)), lost)), (model, history) => {
        const result = check(model, history);
        expect(result.verdict).toBe(bruteForce(model, history));
        expect(isOrder(model, result)).toBe(true);
        seen[result.verdict]++;
      }),
      { numRuns: cases(10_000) },
    );
    expect(Math.min(seen.linearizable, seen.violated)).toBeGreaterThan(cases(2_000));
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
      { numRuns: cases(1_000) },
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
      { numRuns: cases(500) },
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

describe('what is no history', () => {
  const entry: Entry<RegisterCall, RegisterAnswer> = { id: 7, actor: 'c', invocation: { op: 'read' }, response: null, start: 2, end: 3 };

  it.each([[1, 0], [NaN, 1], [0, NaN]])('is refused: from %d to %d', (start, end) => {
    expect(() => check(register, [{ ...entry, start, end }])).toThrow(new RangeError(`entry 7: its start, ${start}, is not before its end, ${end}`));
  });

  it('is refused if a read changes something', () => {
    expect(() => check({ ...register, isRead: () => true }, [{ ...entry, invocation: { op: 'write', value: 1 }, response: 'done' }])).toThrow(new TypeError('entry 7: `isRead` says that it changes nothing, `step` says otherwise'));
  });
});

it('knows of 60 writes that were lost that they explain no read of what nobody wrote', () => {
  const lost = Array.from({ length: 60 }, (_, i): Entry<RegisterCall, RegisterAnswer> => ({ id: i, actor: `c${i}`, invocation: { op: 'write', value: i }, response: undefined, start: 0, end: Infinity }));
  const reads = [5, 3, 99].map((value, i): Entry<RegisterCall, RegisterAnswer> => ({ id: 100 + i, actor: 'r', invocation: { op: 'read' }, response: value, start: 10 * i, end: 10 * i + 1 }));
  const result = check(register, [...lost, ...reads]);
  expect(result.verdict).toBe('violated');
  expect(result.parts[0]!.stuck).toEqual([reads[2]]);
  expect(result.steps).toBeLessThan(100_000);
});

it('lets an operation that was lost come before one that is alike and came later', () => {
  const model: typeof register = { ...register, operationKey: (call, answer) => JSON.stringify([call, call.op === 'write' ? '' : answer]) };
  const write: Entry<RegisterCall, RegisterAnswer> = { id: 1, actor: 'a', invocation: { op: 'write', value: 1 }, response: undefined, start: 0, end: Infinity };
  const read: Entry<RegisterCall, RegisterAnswer> = { id: 2, actor: 'b', invocation: { op: 'read' }, response: 1, start: 5, end: 6 };
  expect(check(model, [write, read, { ...write, id: 3, actor: 'c', response: 'done', start: 10, end: 11 }]).verdict).toBe('linearizable');
  expect(check(model, [write, read, { ...write, id: 3, actor: 'c', start: 10 }]).verdict).toBe('linearizable');
});

describe('what cannot be told in time', () => {
  /** Writes that all overlap, and a read of what nobody wrote: every order has to be tried. */
  const hard = Array.from({ length: 14 }, (_, i): Entry<RegisterCall, RegisterAnswer> => ({
    id: i, actor: `c${i}`, invocation: i === 0 ? { op: 'read' } : { op: 'write', value: i }, response: i === 0 ? 99 : 'done', start: 0, end: 1,
  }));

  it('is unknown, never passed', () => {
    expect(check(register, hard, { steps: 1_000 }).verdict).toBe('unknown');
    expect(check(register, hard, { steps: 1_000 }).steps).toBeLessThanOrEqual(1_000);
    expect(check(register, hard, { milliseconds: 0 }).verdict).toBe('unknown');
    for (const bytes of [0, 1_000, 10_000]) expect(check(register, hard, { bytes }).verdict).toBe('unknown');
    expect(check(register, hard, { signal: AbortSignal.abort() }).verdict).toBe('unknown');
    expect(check(register, hard).verdict).toBe('violated');
  });

  it('is told apart for parts: one that fills the memory does not hide another that is wrong', () => {
    const puts = Array.from({ length: 24 }, (_, i): Entry<KeyCall, string> => ({ id: i, actor: `c${i}`, invocation: { op: i === 0 ? 'get' : 'append', key: 'a', value: `${i}` }, response: i === 0 ? 'x' : '', start: 0, end: 1 }));
    const wrong = { id: 99, actor: 'c', invocation: { op: 'get' as const, key: 'b', value: '' }, response: 'y', start: 0, end: 1 };
    expect(check(keyValue, puts, { bytes: 100_000 }).verdict).toBe('unknown');
    expect(check(keyValue, [...puts, wrong], { bytes: 100_000 }).verdict).toBe('violated');
  });

  it('can be given up by somebody else, who has a turn meanwhile', async () => {
    const endless = Array.from({ length: 40 }, (_, i): Entry<KeyCall, string> => ({ id: i, actor: `c${i}`, invocation: { op: i === 0 ? 'get' : 'append', key: 'a', value: `${i}` }, response: i === 0 ? 'x' : '', start: 0, end: 1 }));
    const controller = new AbortController();
    setImmediate(() => controller.abort());
    expect((await checkAsync(keyValue, endless, { signal: controller.signal })).verdict).toBe('unknown');
    expect((await checkAsync(register, hard)).verdict).toBe('violated');
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

describe('a budget', () => {
  const inSequence = Array.from({ length: 10 }, (_, i): Entry<RegisterCall, RegisterAnswer> => ({ id: i, actor: 'c', invocation: { op: 'write', value: i }, response: 'done', start: 2 * i, end: 2 * i + 1 }));

  it('of as many steps as there are operations is enough if they follow each other, and one less is not', () => {
    expect(check(register, inSequence, { steps: 10 })).toMatchObject({ verdict: 'linearizable', steps: 10 });
    const cut = check(register, inSequence, { steps: 9 });
    expect(cut).toMatchObject({ verdict: 'unknown', steps: 9 });
    expect([cut.parts[0]!.longest.length, cut.parts[0]!.unplaced]).toEqual([9, [inSequence[9]]]);
    expect(check(register, inSequence, { steps: 0 })).toMatchObject({ verdict: 'unknown', steps: 0, parts: [{ longest: [], unplaced: inSequence }] });
    expect(check(register, [])).toEqual({ verdict: 'linearizable', steps: 0, parts: [expect.objectContaining({ verdict: 'linearizable' })] });
    expect(check(keyValue, [])).toEqual({ verdict: 'linearizable', steps: 0, parts: [] });
  });

  it('is one for all parts: those that are not judged are unknown, and shown before those that are right', () => {
    const put = (key: string, i: number): Entry<KeyCall, string> => ({ id: i, actor: 'c', invocation: { op: 'put', key, value: 'x' }, response: '', start: i, end: i });
    const history = [put('a', 0), put('a', 1), put('b', 2), put('b', 3)];
    expect(check(keyValue, history, { steps: 4 }).parts.map(({ verdict }) => verdict)).toEqual(['linearizable', 'linearizable']);
    const cut = check(keyValue, history, { steps: 3 });
    expect([cut.verdict, cut.steps]).toEqual(['unknown', 3]);
    expect(cut.parts.map((part) => [part.verdict, part.history[0]!.invocation.key])).toEqual([['unknown', 'b'], ['linearizable', 'a']]);
  });
});

describe('objects', () => {
  const model = boxes(4);
  const puts = (count: number, end: (i: number) => number): Entry<BoxCall, BoxAnswer>[] => Array.from({ length: count }, (_, i) => ({ id: i, actor: `c${i}`, invocation: { op: 'put', box: i % 4, value: i % 3 + 1 }, response: 'done', start: 0, end: end(i) }));

  it('are asked for where there are a hundred operations', () => {
    const asked: number[] = [];
    for (const count of [99, 100]) check({ ...model, objects: (history) => void asked.push(history.length) }, puts(count, () => 1));
    expect(asked).toEqual([100]);
  });

  it('of which too much is uncertain at once are searched', () => {
    const history = puts(120, (i) => 10 + i);
    const worlds = new Worlds(new States(model, new Memory(2 ** 28)), history, boxObjects);
    worlds.run(Infinity, Infinity);
    expect(worlds.verdict).toBe('unknown');
    expect(check(model, history)).toMatchObject({ verdict: 'linearizable', parts: [{ verdict: 'linearizable', unplaced: [] }] });
  });
});
