import fc from 'fast-check';
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import { carries, type Reach } from './values.js';

const reach: Reach = { line: 100_000, depth: 20, strings: 'utf-16' };

describe('a value', () => {
  it('is carried if, and only if, JSON gives back the same', () => {
    fc.assert(fc.property(fc.anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: false, withSparseArray: true, withTypedArray: true, withBoxedValues: true, withObjectString: true, maxDepth: 4 }), (value) => {
      let same = false;
      try {
        same = value !== undefined && isDeepStrictEqual(JSON.parse(JSON.stringify(value)), value);
      } catch {
        // It is none.
      }
      expect(carries(value, reach)).toBe(same);
    }), { seed: 1, numRuns: 2_000 });
  });

  it.each<[string, unknown, boolean]>([
    ['a lone surrogate', '\ud800', true],
    ['an object without a prototype', Object.assign(Object.create(null), { a: 1 }), true],
    ['a function', () => 1, false],
    ['what has a toJSON', { toJSON: () => 1 }, false],
    ['what has a toJSON that is data', { toJSON: 'j', then: 1, '': 2 }, true],
    ['what cannot be read', Object.defineProperty({}, 'a', { enumerable: true, get: () => 1 }), false],
    ['what cannot be looked at', new Proxy({}, { ownKeys: () => { throw new Error('no'); } }), false],
    ['a list with a property', Object.assign([1], { more: 1 }), false],
    ['a string longer than a line', 'x'.repeat(100_000), false],
    ['nested as deep as may be', nested(16), true],
    ['nested deeper', nested(17), false],
  ])('%s: %#', (_, value, is) => {
    expect(carries(value, reach)).toBe(is);
  });

  it('without end is not', () => {
    const cyclic: Record<string, unknown> = {};
    cyclic['self'] = cyclic;
    expect(carries(cyclic, reach)).toBe(false);
  });

  it('with a lone surrogate is not, where strings are Unicode', () => {
    expect(carries({ 'a\udc00': 1 }, { ...reach, strings: 'unicode' })).toBe(false);
    expect(carries('😀', { ...reach, strings: 'unicode' })).toBe(true);
  });
});

function nested(depth: number): unknown {
  return depth === 0 ? 1 : [nested(depth - 1)];
}
