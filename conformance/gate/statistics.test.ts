import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { randomFrom } from '../schedules/choosers.js';
import { bootstrapMedian, median } from './statistics.js';

const values = fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 1, maxLength: 20 });

describe('median', () => {
  it('is in the middle', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
  });
});

describe('the bootstrap', () => {
  test.prop([values, fc.nat()])('brackets the median, stays within what was measured, and is the same for the same seed', (sample, seed) => {
    const one = bootstrapMedian(sample, randomFrom(seed), { resamples: 200 });
    expect(one.low).toBeLessThanOrEqual(one.high);
    expect(one.low).toBeGreaterThanOrEqual(Math.min(...sample));
    expect(one.high).toBeLessThanOrEqual(Math.max(...sample));
    expect(one).toEqual(bootstrapMedian(sample, randomFrom(seed), { resamples: 200 }));
  });

  it('holds the truth about as often as it says', () => {
    const random = randomFrom(1);
    const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    let holds = 0;
    for (let i = 0; i < 400; i++) {
      const { low, high } = bootstrapMedian(Array.from({ length: 8 }, normal), random, { resamples: 300 });
      if (low <= 0 && high >= 0) holds++;
    }
    // Too short for so few values, as is known of it: that is why more is asked for than is wanted.
    expect(holds / 400).toBeGreaterThan(0.93);
  });
});
