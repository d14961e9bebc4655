import fc from 'fast-check';
import { expect, test } from 'vitest';
import { copyConfig } from './config.js';
import { thrown } from './testing/fixtures.js';

const nest = (depth: number): unknown => (depth === 0 ? 1 : { a: nest(depth - 1) });

test('JSON data is copied, deeply, and frozen', () => {
  fc.assert(fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (config) => {
    const before = JSON.stringify(config);
    const copy = copyConfig(config);
    expect(JSON.stringify(copy)).toBe(before);
    const frozen = (value: unknown): boolean => typeof value !== 'object' || value === null || (Object.isFrozen(value) && Object.values(value).every(frozen));
    expect(frozen(copy)).toBe(true);
  }));
  const own = { list: [{ a: 1 }] };
  const copy = copyConfig(own);
  own.list[0]!.a = 2;
  expect(copy).toEqual({ list: [{ a: 1 }] });
});

test('no configuration, and an empty one, are all the same object', () => {
  expect(copyConfig(undefined)).toBe(copyConfig({}));
  expect(copyConfig(Object.create(null))).toBe(copyConfig(undefined));
});

test('__proto__ is a key like any other', () => {
  const copy = copyConfig(JSON.parse('{"__proto__": {"polluted": true}, "constructor": 1}')) as Record<string, unknown>;
  expect(Object.keys(copy)).toEqual(['__proto__', 'constructor']);
  expect(Object.getPrototypeOf(copy)).toBe(Object.prototype);
  expect(copy['polluted']).toBeUndefined();
});

test('what is no JSON data is refused', () => {
  const cyclic: Record<string, unknown> = {};
  cyclic['self'] = cyclic;
  const named = Object.assign([1], { extra: 1 });
  const thrower = { get a(): number { throw new Error('no'); } };
  const trap = new Proxy({}, { ownKeys: () => { throw new Error('no'); } });
  const wrong: unknown[] = [null, 1, 'a', true, [], () => 1, new Date(), new Map(), Object.create({ a: 1 }), thrower, trap, cyclic, { [Symbol('a')]: 1 }];
  const wrongWithin: unknown[] = [undefined, () => 1, Symbol('a'), 1n, NaN, Infinity, new Date(), new Map(), new Array(3), named, cyclic, [undefined], new Uint8Array(1)];
  for (const config of [...wrong, ...wrongWithin.map((value) => ({ value }))]) expect(thrown(() => copyConfig(config))).toBe('invalid_argument');
});

test('depth and size are bounded', () => {
  expect(thrown(() => copyConfig(nest(32)))).toBe('nothing');
  expect(thrown(() => copyConfig(nest(33)))).toBe('invalid_argument');
  expect(thrown(() => copyConfig({ list: new Array(9_998).fill(0) }))).toBe('nothing');
  expect(thrown(() => copyConfig({ list: new Array(9_999).fill(0) }))).toBe('invalid_argument');
  expect(thrown(() => copyConfig({ list: new Array(2 ** 31) }))).toBe('invalid_argument');
});
