import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cases } from '../testing/cases.js';
import { firstIndex, Moments } from './moments.js';

/** `[start, end, label]` of each. */
type Call = readonly [start: number, end: number, label?: string];

function momentsOf(calls: readonly Call[]): Moments {
  const moments = new Moments();
  for (const [start, end, label] of calls) moments.add({ start, end }, label);
  return moments;
}

describe('of calls, each of which takes effect at a moment that nobody knows', () => {
  it('says by when one is done that came after a time', () => {
    const moments = momentsOf([[6, 9], [0, 3], [5, 7], [8, Infinity]]);
    expect([-1, 0, 4, 5, 6, 8].map((time) => moments.doneAfter(time))).toEqual([3, 7, 7, 9, Infinity, Infinity]);
    expect(momentsOf([]).doneAfter(-Infinity)).toBe(Infinity);
  });

  it('says from when one is possible that comes after a time', () => {
    const moments = momentsOf([[6, 9], [0, 3], [5, 7]]);
    expect([-Infinity, 3, 4, 7, 8, 9, 10].map((time) => moments.possibleAfter(time))).toEqual([0, 0, 5, 5, 6, 6, Infinity]);
    expect(momentsOf([[2, Infinity]]).possibleAfter(1e9)).toBe(2);
    expect(momentsOf([]).possibleAfter(0)).toBe(Infinity);
  });

  it('does not count those of one label, if that is asked', () => {
    const moments = momentsOf([[0, 9, 'a'], [1, 9, 'a'], [2, 9, 'b'], [3, 9]]);
    expect([undefined, 'a', 'b', 'c'].map((label) => moments.possibleAfter(5, label))).toEqual([0, 2, 0, 0]);
  });

  it('says what comes of looking at each of them', () => {
    const time = fc.nat(12);
    const call = fc.tuple(time, fc.oneof({ weight: 5, arbitrary: fc.nat(6) }, fc.constant(Infinity)), fc.constantFrom(undefined, 'a', 'b', 'c')).map(([start, lasted, label]): Call => [start, start + lasted, label]);
    const least = (times: readonly number[]): number => Math.min(Infinity, ...times);
    fc.assert(
      fc.property(fc.array(call), time, fc.constantFrom(undefined, 'a', 'b', 'c'), (calls, after, except) => {
        const moments = momentsOf(calls);
        expect(moments.doneAfter(after)).toBe(least(calls.filter(([start]) => start > after).map(([, end]) => end)));
        expect(moments.possibleAfter(after, except)).toBe(least(calls.filter(([, end, label]) => end >= after && (except === undefined || label !== except)).map(([start]) => start)));
      }),
      { numRuns: cases(2_000) },
    );
  });
});

it('finds the first place from which on something holds', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(9)), fc.nat(10), (numbers, bound) => {
      const sorted = numbers.toSorted((a, b) => a - b);
      expect(firstIndex(sorted, (one) => one >= bound)).toBe(sorted.filter((one) => one < bound).length);
    }),
    { numRuns: cases(500) },
  );
});
