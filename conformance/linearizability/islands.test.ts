import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cases } from '../testing/cases.js';
import { connected, inserted, isSame, Least, merged, type Call, type World } from './islands.js';

const ascending = (numbers: readonly number[]): number[] => numbers.toSorted((a, b) => a - b);
const some = fc.uniqueArray(fc.nat(6), { maxLength: 4 }).map(ascending);
const world = (values: readonly number[], placed: readonly number[]): World => ({ values, placed, way: undefined });
const worlds = fc.tuple(fc.array(fc.nat(1), { minLength: 2, maxLength: 2 }), some).map(([values, placed]) => world(values, placed));

it('what is put into a list in ascending order leaves it in that order', () => {
  expect([inserted([1, 3], 2), inserted([], 2), inserted([1, 9], 10)]).toEqual([[1, 2, 3], [2], [1, 9, 10]]);
  fc.assert(fc.property(some, some, (a, b) => void expect(merged(a, b)).toEqual(ascending([...a, ...b]))), { numRuns: cases(500) });
});

it('worlds are the same that hold the same, and in which the same was placed', () => {
  const one = world([1, 2], [3, 4]);
  expect([world([1, 2], [3, 4]), world([2, 1], [3, 4]), world([1, 0], [3, 4]), world([1, 2], [3]), world([1, 2], [3, 4, 5]), world([1, 2], [3, 5]), world([1, 2], [])].map((other) => isSame(one, other))).toEqual([true, false, false, false, false, false, false]);
});

describe('worlds, of those that are alike the least', () => {
  /** Of even calls the end is not known. */
  const isLost = (call: number): boolean => call % 2 === 0;

  it.each<[string, World[], boolean[]]>([
    ['is not there twice', [world([1], [1]), world([1], [1])], [true, false]],
    ['is there beside one that holds something else', [world([1], [1]), world([2], [1])], [true, true]],
    ['is there beside one that has placed something else that ended', [world([1], [1]), world([1], [1, 3]), world([1], [])], [true, true, true]],
    ['is not there if it has used more that was lost', [world([1], [1, 2]), world([1], [1, 2, 4])], [true, false]],
    ['is there if it has used something else that was lost', [world([1], [1, 2]), world([1], [1, 4]), world([1], [1, 2, 4])], [true, true, false]],
    ['is there if it has used less', [world([1], [2, 4]), world([1], [2]), world([1], []), world([1], [4])], [true, true, true, false]],
  ])('that %s', (_, all, expected) => {
    const least = new Least(isLost);
    expect(all.map((one) => least.add(one))).toEqual(expected);
  });

  it('is one for which no other does as well', () => {
    const parts = ({ values, placed }: World): { definite: string; lost: number[] } => ({ definite: JSON.stringify([values, placed.filter((call) => !isLost(call))]), lost: placed.filter(isLost) });
    fc.assert(
      fc.property(fc.array(worlds), (all) => {
        const least = new Least(isLost);
        for (const [i, one] of all.entries()) {
          const { definite, lost } = parts(one);
          const isCovered = all.slice(0, i).map(parts).some((other) => other.definite === definite && other.lost.every((call) => lost.includes(call)));
          expect(least.add(one)).toBe(!isCovered);
        }
      }),
      { numRuns: cases(1_000) },
    );
  });
});

describe('calls', () => {
  const calls = fc.array(fc.tuple(fc.uniqueArray(fc.nat(8), { minLength: 1, maxLength: 2 }), fc.constantFrom(false, false, false, false, true)), { minLength: 1, maxLength: 8 }).map((all) => all.map(([touches, isRemoval], number) => ({ number, touches, isRemoval }) as unknown as Call<unknown, unknown>));

  it('have to do with one that are tied to it by what they touch, or through others; a removal may touch anything', () => {
    fc.assert(
      fc.property(calls, ([to, ...others]) => {
        const tied = (a: Call<unknown, unknown>, b: Call<unknown, unknown>): boolean => a.isRemoval || b.isRemoval || a.touches.some((object) => b.touches.includes(object));
        let reached = [to!];
        for (const _ of others) reached = [to!, ...others.filter((one) => reached.some((other) => tied(one, other)))];
        expect(new Set(connected(to!, others))).toEqual(new Set(reached.slice(1)));
      }),
      { numRuns: cases(1_000) },
    );
  });
});
