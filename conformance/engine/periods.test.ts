import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cases } from '../testing/cases.js';
import type { Span } from './moments.js';
import { Periods, throughout, type Period } from './periods.js';

const time = fc.nat(12);
const length = fc.oneof({ weight: 5, arbitrary: fc.nat(6) }, fc.constant(Infinity));
const span = fc.tuple(time, length).map(([start, lasted]): Span => ({ start, end: start + lasted }));
/** Over before it began is what certainly lasted for no time at all. */
const period = fc.tuple(time, fc.oneof(fc.integer({ min: -3, max: 6 }), fc.constant(Infinity))).map(([from, lasted]): Period => ({ from, to: from + lasted }));

describe('periods', () => {
  it('are asked if they touch a span, and no others are', () => {
    const asked: Period[] = [];
    const periods = new Periods();
    const touching = [{ from: 4, to: 6 }, { from: 0, to: 2 }, { from: 1, to: 9 }, { from: 3, to: 3 }];
    for (const one of [...touching, { from: 0, to: 1 }, { from: 5, to: 6 }, { from: 1, to: 1 }]) periods.add(one);
    expect(periods.some({ start: 2, end: 4 }, (one) => (asked.push(one), false))).toBe(false);
    expect(new Set(asked)).toEqual(new Set(touching));
  });

  it('are asked from the last that began, until one will do', () => {
    const asked: number[] = [];
    const periods = new Periods();
    for (const from of [2, 0, 1, 3]) periods.add({ from, to: 9 });
    expect(periods.some({ start: 5, end: 6 }, ({ from }) => asked.push(from) === 2)).toBe(true);
    expect(asked).toEqual([3, 2]);
  });

  it('may be added when others have been asked', () => {
    fc.assert(
      fc.property(fc.array(period), fc.array(fc.tuple(period, span)), (first, more) => {
        const all: Period[] = [...first];
        const periods = new Periods();
        for (const one of first) periods.add(one);
        for (const [one, { start, end }] of more) {
          const asked: Period[] = [];
          periods.some({ start, end }, (each) => (asked.push(each), false));
          expect(new Set(asked)).toEqual(new Set(all.filter(({ from, to }) => from <= end && to >= start)));
          periods.add(one);
          all.push(one);
        }
      }),
      { numRuns: cases(1_000) },
    );
  });
});

describe('what lasted throughout a call', () => {
  it('began before it and was not over when it ended', () => {
    const during = (from: number, to: number): number => [...throughout([{ start: 2, end: 5 }], [{ from, to }])][0]![1].length;
    expect([during(1, 6), during(2, 6), during(3, 6), during(1, 5), during(1, 4), during(0, 1)]).toEqual([1, 0, 0, 0, 0, 0]);
  });

  it('is told of each call, in order, and is what comes of looking at each period', () => {
    fc.assert(
      fc.property(fc.array(span), fc.array(period), (calls, periods) => {
        const told = [...throughout(calls, periods)];
        expect(told.map(([call]) => call)).toEqual(calls.toSorted((a, b) => a.start - b.start));
        for (const [{ start, end }, lasting] of told) expect(new Set(lasting)).toEqual(new Set(periods.filter(({ from, to }) => from < start && to > end)));
      }),
      { numRuns: cases(1_000) },
    );
  });
});
