import { describe, expect, it } from 'vitest';
import { isValidId } from './id.js';

describe('isValidId (NAM-1, NAM-2)', () => {
  it.each([
    'a', ' ', '__proto__', '\u0001', '\n', '0', 'e\u0301', 'a'.repeat(255), '\u{1F600}'.repeat(255),
  ])('takes %j', (id) => expect(isValidId(id)).toBe(true));

  it.each([
    '', '\0', 'a\0b', '\ud800', 'a\udc00', '\udc00\ud800', 'a'.repeat(256), '\u{1F600}'.repeat(256), '\u{1F600}'.repeat(255) + 'a', 'a'.repeat(511),
    7, null, undefined, {}, ['a'], Symbol('a'), new String('a'),
  ])('refuses %j', (id) => expect(isValidId(id)).toBe(false));
});
