import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isId, partitionOf } from './ids.js';

test('what is an id', () => {
  for (const id of ['a', ' ', '__proto__', '\u0001', '\n', '😀'.repeat(255), 'a'.repeat(255), '\ue000', '1', '\ud800\udc00', '\udbff\udfff', '\ud7ff']) expect(isId(id)).toBe(true);
  for (const no of ['', '\0', 'a\0', 'a'.repeat(256), '😀'.repeat(256), `${'😀'.repeat(254)}aa`, '\ud800', '\udc00', 'a\ud83d', '\ude00\ud83d', '\ud83da', '\udfff', '\udc00\udc00', '\udbff\ue000', 1, null, undefined, {}, ['a'], Symbol('a')]) {
    expect(isId(no)).toBe(false);
  }
});

test('a string is an id if and only if it is well formed, short and free of NUL', () => {
  const wellFormed = (s: string): boolean => !/[\ud800-\udfff]/u.test(s);
  fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (s) => isId(s) === (s.length > 0 && [...s].length <= 255 && !s.includes('\0') && wellFormed(s))));
  fc.assert(fc.property(fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 5 }), (units) => {
    const s = String.fromCharCode(...units);
    return isId(s) === (s.length > 0 && !s.includes('\0') && wellFormed(s));
  }));
});

test('the partition of an id is the same in every version: what stores hold depends on it', () => {
  const ids = ['a', 'b', 'ab', '__proto__', 'é', '😀', 'x'.repeat(255)];
  expect(ids.map((id) => partitionOf(id, 64))).toEqual([51, 50, 13, 43, 41, 38, 42]);
  expect(ids.map((id) => partitionOf(id, 1))).toEqual(ids.map(() => 0));
});

test.each([
  ['numbered', (i: number) => `server-${i}`],
  ['padded', (i: number) => String(i).padStart(36, '0')],
  ['suffixed', (i: number) => `${i}-with-a-long-common-end`],
  ['binary', (i: number) => String.fromCharCode(1 + (i % 0xd000), 1 + Math.floor(i / 0xd000))],
  ['hexadecimal', (i: number) => (i * 0x10001).toString(16)],
  ['high code units', (i: number) => String.fromCodePoint(0x10000 + i)],
])('ids are spread evenly: %s', (_, id) => {
  for (const partitions of [2, 3, 16, 48, 64]) {
    const counts = new Array<number>(partitions).fill(0);
    const n = 64_000;
    for (let i = 0; i < n; i++) counts[partitionOf(id(i), partitions)]!++;
    const expected = n / partitions;
    const chi2 = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    // Wilson-Hilferty, at one in a million.
    const df = partitions - 1;
    expect(chi2).toBeLessThan(df * (1 - 2 / (9 * df) + 4.7534 * Math.sqrt(2 / (9 * df))) ** 3);
  }
});
