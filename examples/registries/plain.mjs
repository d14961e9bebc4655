/*
 * What adapters have in common: refusals, and what gets through where all is written as JSON.
 */
import { isDeepStrictEqual } from 'node:util';

/** An operation that is refused, with one of the specified codes. */
export const refusal = (code) => Object.assign(new Error(code), { code });

/** Whether a value is JSON, and what is read again when it has been written is the same. */
export function carries(value) {
  try {
    return isDeepStrictEqual(JSON.parse(JSON.stringify(value)), value);
  } catch {
    return false;
  }
}
