import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { randomFrom } from '../schedules/choosers.js';
import { merged, poisson, regular } from './arrivals.js';
import { atLeast, atMost, clopperPearson, judgeShare, percentileBounds } from './binomial.js';
import { blockBootstrap, median, quantile } from './bootstrap.js';
import { exponentOf, slopeOf, theilSen } from './growth.js';
import { against, risk, together } from './verdict.js';

describe('percentiles by exact binomial bounds', () => {
  it('of 10,000 with 1 % allowed, 83 pass and 118 fail, at 95 % on each side', () => {
    expect(percentileBounds(10_000, 0.01)).toEqual({ pass: 83, fail: 118 });
    expect(risk).toBe(0.05);
    // One more, or one less, would be beyond the risk.
    expect(atMost(83, 10_000, 0.01)).toBeLessThanOrEqual(0.05);
    expect(atMost(84, 10_000, 0.01)).toBeGreaterThan(0.05);
    expect(atLeast(118, 10_000, 0.01)).toBeLessThanOrEqual(0.05);
    expect(atLeast(117, 10_000, 0.01)).toBeGreaterThan(0.05);
  });

  it('needs 299 samples for a p99 to pass with none over, as (1 - 0.01)^n says', () => {
    expect(percentileBounds(298, 0.01).pass).toBe(-1);
    expect(percentileBounds(299, 0.01).pass).toBe(0);
    expect(Math.ceil(Math.log(0.05) / Math.log(0.99))).toBe(299);
  });

  test.prop([fc.integer({ min: 1, max: 400 }), fc.double({ min: 0.001, max: 0.5, noNaN: true })])('the tails of a distribution make one', (n, p) => {
    const k = Math.floor(n * p);
    expect(atMost(k, n, p) + atLeast(k + 1, n, p)).toBeCloseTo(1, 9);
  });

  test.prop([fc.integer({ min: 1, max: 5_000 }), fc.double({ min: 0.001, max: 0.2, noNaN: true })])('nobody at the limit passes or fails more often than the risk', (n, allowed) => {
    const { pass, fail } = percentileBounds(n, allowed);
    expect(pass).toBeLessThan(fail);
    if (pass >= 0) expect(atMost(pass, n, allowed)).toBeLessThanOrEqual(risk + 1e-9);
    if (fail <= n) expect(atLeast(fail, n, allowed)).toBeLessThanOrEqual(risk + 1e-9);
  });

  test.prop([fc.integer({ min: 1, max: 300 }), fc.nat(300)])('agrees with the interval of Clopper and Pearson', (n, some) => {
    const over = Math.min(n, some);
    const { low, high } = clopperPearson(over, n);
    expect(low).toBeLessThanOrEqual(over / n);
    expect(high).toBeGreaterThanOrEqual(over / n);
    const verdict = judgeShare(over, n, 0.05);
    if (Math.abs(high - 0.05) > 1e-6 && Math.abs(low - 0.05) > 1e-6) expect(verdict).toBe(high < 0.05 ? 'pass' : low > 0.05 ? 'fail' : 'undecided');
  });

  it('gives the interval that is in the books', () => {
    expect(clopperPearson(0, 10, 0.05).high).toBeCloseTo(1 - 0.05 ** 0.1, 6);
    expect(clopperPearson(2, 20, 0.025).low).toBeCloseTo(0.0123, 3);
    expect(clopperPearson(2, 20, 0.025).high).toBeCloseTo(0.317, 3);
    expect(clopperPearson(0, 0)).toEqual({ low: 0, high: 1 });
    expect(clopperPearson(5, 5).high).toBe(1);
  });
});

describe('the block bootstrap', () => {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

  it('gives the same interval for the same seed, around the figure', () => {
    const random = randomFrom(1);
    const blocks = Array.from({ length: 40 }, random);
    expect(blockBootstrap(blocks, mean, 7)).toEqual(blockBootstrap(blocks, mean, 7));
    const { low, high } = blockBootstrap(blocks, mean, 7);
    expect(low).toBeLessThan(mean(blocks));
    expect(high).toBeGreaterThan(mean(blocks));
    expect(high - low).toBeCloseTo((2 * 1.645 * Math.sqrt(1 / 12)) / Math.sqrt(40), 1);
  });

  it('is wider where what is over comes in few blocks: a stall that happened once is not the rule', () => {
    const even = Array.from({ length: 20 }, () => 2);
    const once = Array.from({ length: 20 }, (_, i) => (i === 3 ? 40 : 0));
    expect(blockBootstrap(even, mean, 1).low).toBe(2);
    expect(blockBootstrap(once, mean, 1).low).toBe(0);
  });

  it('says nothing of one block', () => {
    expect(blockBootstrap([1], mean, 1)).toEqual({ low: -Infinity, high: Infinity });
  });

  it('quantiles lie between values', () => {
    expect(quantile([1, 2, 3, 4], 0.5)).toBe(2.5);
    expect(median([3, 1, 2])).toBe(2);
    expect(quantile([], 0.5)).toBeNaN();
  });
});

describe('growth', () => {
  test.prop([fc.double({ min: -0.5, max: 2, noNaN: true }), fc.double({ min: 0.01, max: 100, noNaN: true })])('finds the exponent of a power', (exponent, factor) => {
    const sizes = [1_000, 10_000, 100_000].map((size) => ({ size, times: [1, 1, 1].map(() => factor * size ** exponent) }));
    const { value, low, high } = exponentOf(sizes, 1);
    expect(value).toBeCloseTo(exponent, 6);
    expect([low, high]).toEqual([expect.closeTo(exponent, 6), expect.closeTo(exponent, 6)]);
  });

  it('is not turned by one size that is off', () => {
    const points = [1, 2, 3, 4, 5].map((x) => [x, x === 3 ? 100 : 2 * x] as const);
    expect(theilSen(points)).toBe(2);
    const { low, high } = slopeOf(points, 1);
    expect(low).toBeLessThanOrEqual(2);
    expect(high).toBeGreaterThanOrEqual(2);
  });
});

describe('arrivals', () => {
  it('come at equal distances, or at random ones with the same rate', () => {
    expect(regular(1_000, 4)).toEqual([0, 1, 2, 3]);
    const times = poisson(1_000, 10_000, randomFrom(5));
    expect(times.length).toBeGreaterThan(9_700);
    expect(times.length).toBeLessThan(10_300);
    expect(times).toEqual(poisson(1_000, 10_000, randomFrom(5)));
    // Of a Poisson process, distances have as much deviation as mean.
    const distances = times.slice(1).map((at, i) => at - times[i]!);
    const deviation = Math.sqrt(distances.reduce((sum, distance) => sum + (distance - 1) ** 2, 0) / distances.length);
    expect(deviation).toBeGreaterThan(0.95);
    expect(deviation).toBeLessThan(1.05);
  });

  it('of several streams come in the order of time', () => {
    expect(merged([[0, 2], [1]]).map(({ stream }) => stream)).toEqual([0, 1, 0]);
  });
});

describe('verdicts', () => {
  it('are about the whole of an interval', () => {
    expect(against({ low: 1, high: 2 }, '<', 2.1)).toBe('pass');
    expect(against({ low: 1, high: 2 }, '<', 2)).toBe('undecided');
    expect(against({ low: 1, high: 2 }, '<=', 2)).toBe('pass');
    expect(against({ low: 3, high: 4 }, '<', 2)).toBe('fail');
    expect(against({ low: 3, high: 4 }, '>=', 3)).toBe('pass');
    expect(against({ low: 3, high: 4 }, '>=', 5)).toBe('fail');
  });

  it('together are as bad as the worst', () => {
    expect(together(['pass', 'undecided', 'fail'])).toBe('fail');
    expect(together(['pass', 'undecided', 'invalid'])).toBe('invalid');
    expect(together(['pass', 'undecided'])).toBe('undecided');
    expect(together(['pass'])).toBe('pass');
    expect(together([])).toBe('undecided');
  });
});
