import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { check } from './check.js';
import type { Entry, History } from './history.js';
import { checkRegisters, type RegisterView } from './registers.js';
import { isOrder } from './testing/order.js';
import { register, type RegisterAnswer, type RegisterCall } from './testing/models.js';
import { cases } from '../testing/cases.js';

const view: RegisterView<RegisterCall, RegisterAnswer, number | null> = {
  initial: null,
  access: (call, answer) => (call.op === 'write' ? { op: 'write', value: call.value } : call.op === 'read' ? { op: 'read', value: answer as number | null } : undefined),
  isRead: ({ op }) => op === 'read',
};

type Register = Entry<RegisterCall, RegisterAnswer>;

/** Histories of one register: every write has a value of its own; reads may find any of them, the initial one, or one that nobody wrote. */
const histories = (most: number, times: number): fc.Arbitrary<Register[]> =>
  fc.array(fc.record({ found: fc.option(fc.nat(most), { nil: undefined, freq: 2 }), times: fc.tuple(fc.nat(times), fc.nat(times)), lost: fc.nat(9) }), { maxLength: most }).map((all) => {
    let written = 0;
    return all.map(({ found, times: [a, b], lost }, id): Register => {
      const isLost = lost < 2;
      const call: RegisterCall = found === undefined ? { op: 'write', value: ++written } : { op: 'read' };
      const answer = found === undefined ? 'done' : found === 0 ? null : found;
      return { id, actor: `c${id}`, invocation: call, response: isLost ? undefined : answer, start: Math.min(a, b), end: isLost ? Infinity : Math.max(a, b) };
    });
  });

/** Histories that are right, but for a few answers that were changed: reads of values that are only just too old or too new. */
const nearlyRight: fc.Arbitrary<Register[]> = fc
  .record({
    calls: fc.array(fc.record({ isWrite: fc.boolean(), at: fc.nat(30), before: fc.nat(6), after: fc.nat(6), lost: fc.nat(9), luck: fc.nat(9) }), { minLength: 4, maxLength: 16 }),
    shift: fc.constantFrom(-2, -1, 1, 2),
  })
  .map(({ calls, shift }) => {
    let written = 0;
    return calls.sort((a, b) => a.at - b.at).map(({ isWrite, at, before, after, lost, luck }, id): Register => {
      if (isWrite) written++;
      const seen = Math.max(0, written + (luck === 0 ? shift : 0));
      return {
        id, actor: `c${id}`, start: at - before, end: lost === 0 ? Infinity : at + after,
        ...(isWrite ? { invocation: { op: 'write', value: written }, response: lost === 0 ? undefined : 'done' } : { invocation: { op: 'read' }, response: lost === 0 ? undefined : seen === 0 ? null : seen }),
      };
    });
  });

describe('registers with unique values are judged as by search', () => {
  const compare = (arbitrary: fc.Arbitrary<Register[]>, numRuns: number): void => {
    const seen = { linearizable: 0, violated: 0, unknown: 0 };
    fc.assert(
      fc.property(arbitrary, (history) => {
        const fast = checkRegisters(view, history)!;
        expect(fast.verdict).toBe(check(register, history).verdict);
        expect(isOrder(register, fast)).toBe(true);
        if (fast.verdict === 'violated') {
          // What is shown is of the history, is violated by itself, and is small: at most three operations of each of two values.
          const { history: shown } = fast.parts[0]!;
          expect(shown.every((entry) => history.includes(entry))).toBe(true);
          expect(shown.length).toBeLessThanOrEqual(6);
          expect(check(register, shown).verdict).toBe('violated');
        } else {
          expect(fast.parts.flatMap(({ longest }) => longest).filter(({ entry }) => entry.end !== Infinity).length).toBe(history.filter(({ end }) => end !== Infinity).length);
        }
        seen[fast.verdict]++;
      }),
      { numRuns },
    );
    expect(Math.min(seen.linearizable, seen.violated)).toBeGreaterThan(numRuns / 10);
  };

  it('of 10,000 small histories with many equal times', () => compare(histories(5, 8), cases(10_000)));
  it('of 5,000 histories that are nearly right', () => compare(nearlyRight, cases(5_000)));
});

it('says nothing of histories that it cannot judge', () => {
  const write = (id: number, value: number): Register => ({ id, actor: `c${id}`, invocation: { op: 'write', value }, response: 'done', start: id, end: id });
  expect(checkRegisters(view, [write(1, 5), write(2, 5)])).toBeUndefined();
  expect(checkRegisters({ ...view, initial: 5 }, [write(1, 5)])).toBeUndefined();
  expect(checkRegisters(view, [{ id: 1, actor: 'c', invocation: { op: 'cas', from: 1, to: 2 }, response: true, start: 1, end: 2 }])).toBeUndefined();
  expect(() => checkRegisters(view, [{ ...write(1, 5), end: 0 }])).toThrow(new RangeError('entry 1: its start, 1, is not before its end, 0'));
});

it('shows what is read before it is written with its write, and what nobody wrote by itself', () => {
  const [early, write, never]: Register[] = [
    { id: 1, actor: 'r', invocation: { op: 'read' }, response: 5, start: 0, end: 1 },
    { id: 2, actor: 'w', invocation: { op: 'write', value: 5 }, response: 'done', start: 2, end: 3 },
    { id: 3, actor: 'r', invocation: { op: 'read' }, response: 6, start: 4, end: 5 },
  ] as const;
  expect(checkRegisters(view, [early!, write!])!.parts[0]!.history).toEqual([write, early]);
  expect(checkRegisters(view, [write!, never!])!.parts[0]!.history).toEqual([never]);
});

it('judges registers apart, and shows the one that is wrong', () => {
  type Call = RegisterCall & { readonly name: string };
  const calls: History<Call, RegisterAnswer> = ['a', 'b'].flatMap((name, i) => [
    { id: 10 * i, actor: 'w', invocation: { op: 'write' as const, value: 1, name }, response: 'done' as const, start: 0, end: 1 },
    { id: 10 * i + 1, actor: 'w', invocation: { op: 'write' as const, value: 2, name }, response: 'done' as const, start: 2, end: 3 },
    { id: 10 * i + 2, actor: 'r', invocation: { op: 'read' as const, name }, response: i === 0 ? 2 : 1, start: 4, end: 5 },
  ]);
  const result = checkRegisters<Call, RegisterAnswer, number | null>({ ...view, register: ({ name }) => name }, calls)!;
  expect(result.verdict).toBe('violated');
  expect(result.parts.map(({ verdict, history }) => [verdict, history.map(({ id }) => id).sort()])).toEqual([['violated', [10, 11, 12]], ['linearizable', [0, 1, 2]]]);
  expect(result.steps).toBe(6);
  const right = checkRegisters<Call, RegisterAnswer, number | null>({ ...view, register: ({ name }) => name }, calls.slice(0, 3))!;
  expect([right.verdict, right.steps, right.parts.length]).toEqual(['linearizable', 3, 1]);
});

it('judges 100,000 operations that all overlap, where a search would be lost', () => {
  const history = Array.from({ length: 100_000 }, (_, id): Register => ({
    id, actor: `c${id}`, start: id % 7, end: 7 + (id % 5), ...(id % 2 === 0 ? { invocation: { op: 'write', value: id }, response: 'done' } : { invocation: { op: 'read' }, response: (id * 7919) % 100_000 & ~1 }),
  }));
  expect(checkRegisters(view, history)!.verdict).toBe('linearizable');
  const stale = [...history, { ...history[0]!, id: -1, invocation: { op: 'write' as const, value: -1 }, start: 20, end: 21 }, { ...history[1]!, id: -2, response: 0, start: 22, end: 23 }, { ...history[1]!, id: -3, response: -1, start: 24, end: 25 }];
  expect(checkRegisters(view, stale)!.verdict).toBe('violated');
});
