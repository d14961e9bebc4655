import { maxIdLength } from '../spec/defaults.js';
import { invalid } from './error.js';

/** Whether a value is an id: 1 to 255 code points, no NUL, no lone surrogate (NAM-1, NAM-2). O(length), length bounded. */
export function isId(value: unknown): value is string {
  if (typeof value !== 'string' || value.length === 0 || value.length > 2 * maxIdLength) return false;
  let points = 0;
  for (let i = 0; i < value.length; i++, points++) {
    const unit = value.charCodeAt(i);
    if (unit === 0) return false;
    if (unit < 0xd800 || unit > 0xdfff) continue;
    const next = value.charCodeAt(++i); // NaN past the end, which no comparison below lets through.
    if (unit > 0xdbff || !(next >= 0xdc00 && next <= 0xdfff)) return false;
  }
  return points <= maxIdLength;
}

/** Throws `invalid_argument` for anything but an id. `what` names the argument. */
export function checkId(value: unknown, what: string): asserts value is string {
  if (!isId(value)) {
    throw invalid(`${what} is not an id: give a non-empty string of at most ${maxIdLength} code points without NUL or lone surrogates.`);
  }
}

/**
 * The partition of an id (PRT-2, PRT-3): FNV-1a over all UTF-16 code units, then the finaliser of MurmurHash3, because
 * FNV alone leaves the low bits of similar ids similar. O(length).
 */
export function partitionOf(id: string, partitions: number): number {
  let hash = 0x811c9dc5 | 0; // An int32 from the start: otherwise the loop runs on floats, at half the speed.
  for (let i = 0; i < id.length; i++) hash = Math.imul(hash ^ id.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) % partitions;
}
