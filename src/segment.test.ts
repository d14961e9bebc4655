import { describe, expect, test } from 'vitest';
import type { Sampling } from './sampling.js';
import { Segment } from './segment.js';
import { randomInts } from './testing/random-ints.js';

/** A segment, and how often it has asked for a random number: once for each place that it samples, and hundreds of times to read all. */
function watched(): { readonly segment: Segment<number, string>; readonly put: (...ids: string[]) => void; readonly asked: () => number } {
  let asked = 0;
  const random = randomInts(1);
  const segment = new Segment<number, string>(() => {
    asked++;
    return random();
  });
  const put = (...ids: string[]): void => ids.forEach((id, i) => segment.set(id, i, id, id.length));
  return { segment, put, asked: () => asked };
}

const placesOf = (sampling: Sampling): number => sampling.filter((_, i) => i > 0 && i % 2 === 0).filter((factor) => factor !== 0).length;

describe('a segment samples no more than it must', () => {
  test('nothing, while ids are told apart by their lengths', () => {
    const { segment, put, asked } = watched();
    for (let length = 1; length <= 250; length++) put('a'.repeat(length));
    expect([asked(), placesOf(segment.places), segment.longestProbe < 10]).toEqual([0, 0, true]);
  });

  test('nothing, while one in five looks like another', () => {
    const { segment, put, asked } = watched();
    for (let length = 1; length <= 250; length++) put('a'.repeat(length), ...(length % 4 === 0 ? ['b'.repeat(length)] : []));
    expect([asked(), placesOf(segment.places)]).toEqual([0, 0]);
  });

  test('one place, once one in three has looked like another for long', () => {
    const { segment, put, asked } = watched();
    let before = 0;
    for (let length = 1; length <= 250 && asked() === 0; length++, before = length) put('a'.repeat(length), ...(length % 2 === 0 ? ['b'.repeat(length)] : []));
    expect([asked(), placesOf(segment.places)]).toEqual([1, 1]);
    // It begins with patience for 32 more than one in four: each three cost one.
    expect(before).toBeGreaterThan(60);
    expect(before).toBeLessThan(80);
  });

  test('patience is not saved up beyond that', () => {
    const { put, asked } = watched();
    for (let length = 1; length <= 200; length++) put('a'.repeat(length));
    let twins = 0;
    for (let length = 1; asked() === 0; length++, twins++) put('b'.repeat(length));
    expect(twins).toBe(11); // Three each, of 32.
  });

  test('one more if five look the same, and all if none helps', () => {
    const { segment, put, asked } = watched();
    put('abcdefgh', 'bacdefgh', 'acbdefgh', 'abdcefgh');
    expect(asked()).toBe(0);
    put('abcedfgh');
    expect([asked(), placesOf(segment.places)]).toEqual([1, 1]);
    for (const id of ['abcdefgh', 'bacdefgh', 'acbdefgh', 'abdcefgh', 'abcedfgh']) expect(segment.get(id, id.length)).toBe(id);
  });
});

/** Each differs from the others in a place of its own: wherever eight places are sampled, most look the same. */
const meeting = (i: number): string => {
  const units = new Array<string>(200).fill('a');
  units[i] = 'b';
  return units.join('');
};

describe('a segment whose ids were chosen to meet', () => {
  test('reads all units, until it is empty', () => {
    const { segment, put, asked } = watched();
    const ids = Array.from({ length: 150 }, (_, i) => meeting(i));
    put(...ids);
    expect(placesOf(segment.places)).toBe(8);
    expect(asked()).toBe(9 + 510); // For a ninth place as well, before it turns out to be one too many.
    expect(segment.longestProbe).toBeLessThan(20);
    for (const id of ids) expect(segment.delete(id, id.length)).toBe(true);
    // Nobody meets, so a few places are enough again, until somebody does.
    put(...Array.from({ length: 50 }, (_, i) => 'c'.repeat(i + 1)));
    expect(asked()).toBe(9 + 510);
    put(...ids);
    expect(asked()).toBeGreaterThan(9 + 510 + 510);
    expect(asked()).toBeLessThan(9 + 510 + 510 + 20);
    expect(segment.longestProbe).toBeLessThan(20);
  });
});

test.each([
  ['like a UUID', (i: number) => `${Math.imul(i, 0x9e3779b1) >>> 0}`.padStart(10, '0') + `-${Math.imul(i, 0x85ebca6b) >>> 0}`.padStart(11, '0'), 6],
  ['a counter', (i: number) => `server-${String(i).padStart(6, '0')}`, 6],
  ['a shared suffix', (i: number) => `${String(i).padStart(5, '0')}.registry.production`, 6],
] as const)('a few places and a few steps are enough for ordinary ids: %s', (_, id, most) => {
  const { segment, put } = watched();
  const ids = Array.from({ length: 3_000 }, (_, i) => id(i));
  put(...ids);
  expect(placesOf(segment.places)).toBeGreaterThan(2);
  expect(placesOf(segment.places)).toBeLessThanOrEqual(most);
  expect(segment.longestProbe).toBeGreaterThan(2); // 3,000 do not all have a slot of their own.
  expect(segment.longestProbe).toBeLessThan(40);
  for (const gone of ids.slice(100)) segment.delete(gone, gone.length);
  expect([segment.size, segment.longestProbe < 15]).toEqual([100, true]);
  expect(ids.map((one) => segment.find(one, one.length))).toEqual(ids.map((_, i) => (i < 100 ? i : undefined)));
});
