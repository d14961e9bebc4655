import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Operation } from '../../model/index.js';
import { keyOf } from './operation-key.js';

const operation: Operation = { op: 'findServer', id: 's1' };
const done = (value: unknown): string => keyOf(operation, { kind: 'done', value });
const value = fc.anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true, withSparseArray: true, withObjectString: true, maxDepth: 2, maxKeys: 2, key: fc.constantFrom('a', 'b', '__proto__') });

it('is equal only for answers that are deeply equal', () => {
  fc.assert(
    fc.property(value, value, (a, b) => {
      if (done(a) === done(b)) expect(isDeepStrictEqual(a, b)).toBe(true);
    }),
    { numRuns: 20_000 },
  );
});

it('is equal for plain answers that are equal', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 3 }), (json) => {
      expect(done(json)).toBe(done(structuredClone(json)));
    }),
  );
});

it.each([[undefined, null], [null, 'null'], [0, -0], [NaN, null], [1, '1'], [1n, 1], [{ v: undefined }, {}], [[undefined], []], [[1], { 0: 1 }]])('tells %o from %o', (a, b) => {
  expect(done(a)).not.toBe(done(b));
});

it('tells operations apart that are not the same, and answers of other kinds', () => {
  const texts = [keyOf(operation, undefined), done(undefined), done('?'), keyOf(operation, { kind: 'refused', code: 'registry_closed' }), done('registry_closed'), keyOf({ ...operation }, undefined)];
  expect(new Set(texts).size).toBe(texts.length);
});

it('survives what cannot be read', () => {
  const circle: Record<string, unknown> = {};
  circle['circle'] = circle;
  expect(done(circle)).not.toBe(done(circle));
});
