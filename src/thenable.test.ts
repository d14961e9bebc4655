import { expect, test } from 'vitest';
import { isThenable } from './thenable.js';

test('what must be waited for is an object or a function with a function then', () => {
  const then = (): void => undefined;
  for (const value of [Promise.resolve(), { then }, Object.assign(() => 1, { then })]) expect(isThenable(value)).toBe(true);
  for (const value of [undefined, null, 1, 'then', {}, { then: 1 }, () => 1]) expect(isThenable(value)).toBe(false);
});

test('a string is none, whatever strings have been taught', () => {
  Object.defineProperty(String.prototype, 'then', { value: () => undefined, configurable: true });
  try {
    expect(isThenable('a')).toBe(false);
  } finally {
    Reflect.deleteProperty(String.prototype, 'then');
  }
});
