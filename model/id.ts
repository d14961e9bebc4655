import { maxIdLength } from '../spec/index.js';

// With the flag u, a lone surrogate is a code point of its own and a pair is one code point that is no surrogate.
const nulOrLoneSurrogate = /[\0\p{Surrogate}]/u;

/** Whether a value is an id: 1 to 255 code points, without NUL or lone surrogates (NAM-1). */
export const isValidId = (value: unknown): value is string => {
  if (typeof value !== 'string' || value === '') return false;
  // A code point is at most two units: what is longer is too long, and need not be walked through.
  if (value.length > 2 * maxIdLength) return false;
  if (value.length > maxIdLength && [...value].length > maxIdLength) return false;
  return !nulOrLoneSurrogate.test(value);
};
