import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { extend, mix, noSampling, sample, sampleOfAll, type Sampling } from './sampling.js';

/** What a sampling says that a hash is, place by place. */
function hashOf(id: string, hash: number, places: readonly (readonly [place: number, factor: number])[]): number {
  let sum = hash;
  for (const [place, factor] of places) {
    const unit = id.charCodeAt(place < 0 ? id.length + place : place); // NaN, which counts for nothing, if the id is too short.
    sum = (sum + Math.imul(unit, factor)) | 0;
  }
  return sum;
}

const placesOf = (sampling: Sampling): [number, number][] => Array.from({ length: (sampling.length - 1) / 2 }, (_, i) => [sampling[2 * i + 1]!, sampling[2 * i + 2]!]);

const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const ids = fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)), maxLength: 40 });

test('a hash is the sum of the units at the places, each times its factor, however short the id', () => {
  const places = fc.array(fc.tuple(fc.integer({ min: -20, max: 20 }), int32), { maxLength: 4 }).map((half) => [...half, ...half.map(([place, factor]) => [-place - 1, factor ^ 5] as [number, number])]);
  fc.assert(
    fc.property(ids, int32, places, (id, hash, places) => {
      const sampling = Int32Array.of(Math.max(0, ...places.map(([place]) => (place < 0 ? -place : place + 1))), ...places.flat());
      expect(sample(id, hash, sampling)).toBe(hashOf(id, hash, places));
    }),
    { numRuns: 500 },
  );
});

test('all units are read of as many as an id can have', () => {
  let calls = 0;
  const sampling = sampleOfAll(() => Math.imul(++calls, 0x9e3779b1));
  expect([calls, sampling.length]).toEqual([511 - 1, 511]);
  const factors = [...sampling.slice(1)];
  expect(factors.every((factor) => factor % 2 !== 0)).toBe(true);
  for (const length of [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 36, 255, 507, 508, 509, 510]) {
    const id = Array.from({ length }, (_, i) => String.fromCharCode((i * 7_919) & 0xffff)).join('');
    expect(sample(id, 17, sampling)).toBe(hashOf(id, 17, factors.map((factor, i) => [i, factor])));
    if (length === 510) expect(sample(`${id}more`, 17, sampling)).toBe(sample(id, 17, sampling));
  }
});

describe('a sampling is extended', () => {
  const random = (): number => 6;

  test('by the last place at which two differ, counted from the nearer end', () => {
    expect([...extend(noSampling, 'abcdef', 'abcdeX', random)!]).toEqual([1, -1, 7, -1, 0]);
    expect([...extend(noSampling, 'abcdef', 'abXdef', random)!]).toEqual([3, 2, 7, 2, 0]);
    expect([...extend(noSampling, 'abcdef', 'aXcXef', random)!]).toEqual([3, -3, 7, -3, 0]);
    expect([...extend(noSampling, 'abcdefg', 'abcXefg', random)!]).toEqual([4, -4, 7, -4, 0]);
    expect([...extend(noSampling, 'a', 'b', random)!]).toEqual([1, -1, 7, -1, 0]);
  });

  test('to two places, and to eight, and no further', () => {
    let sampling: Sampling | undefined = noSampling;
    for (let places = 1; places <= 8; places++) {
      const one = 'a'.repeat(20);
      sampling = extend(sampling, one, `${'a'.repeat(places)}b${'a'.repeat(19 - places)}`, random)!;
      const terms = placesOf(sampling);
      expect(terms.filter(([, factor]) => factor !== 0).map(([place]) => place)).toEqual(Array.from({ length: places }, (_, i) => i + 1));
      expect(terms.length % 2).toBe(0);
      expect(sampling[0]).toBe(places + 1);
      for (const id of ['', 'abc', 'zyxwvutsrqponmlkjihgfedcba']) expect(sample(id, 3, sampling)).toBe(hashOf(id, 3, terms));
    }
    expect(extend(sampling, 'aaaa', 'aaab', random)).toBeUndefined();
  });

  test('by nothing, if no place would help', () => {
    expect(extend(noSampling, 'abc', 'abc', random)).toBeUndefined();
    expect(extend(noSampling, 'abc', 'abcd', random)).toBeUndefined();
    expect(extend(noSampling, 'abcd', 'abc', random)).toBeUndefined();
  });
});

test.each([1, 3, 16, 256, 4_096])('mixed hashes differ if raw ones do, and begin and end as if by chance: in steps of %d', (step) => {
  const mixed = Array.from({ length: 4_096 }, (_, i) => mix(Math.imul(i, Math.imul(step, 0x9e3779b1))));
  expect(new Set(mixed).size).toBe(4_096);
  // Of 8,192 places 4,096 dice take 3,223.
  for (const bits of [mixed.map((one) => one & 8_191), mixed.map((one) => one >>> 19)]) {
    expect(new Set(bits).size).toBeGreaterThan(3_000);
  }
});
