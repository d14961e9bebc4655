/*
 * The hash of an id is made of its length and of a few of its code units, each times a random odd number of its own.
 * Which units, the ids themselves say: those at which two of them differed that had looked the same. So as few are read
 * as tell the ids apart, wherever in the ids that is.
 */

/**
 * First how long an id must be to have all the places; then pairs of a place, from the start or, if negative, from the
 * end, and the number that its unit is multiplied with. An even number of pairs. Or, for all units, {@link all} and then
 * a number for each: as if every id were too short, so that the fast way has nothing to ask.
 */
export type Sampling = Int32Array;

const all = 0x7fff_ffff;

/** Gives random 32-bit integers. */
export type RandomInt = () => number;

/** To read more than so many costs as much as to read all. */
const maxPlaces = 8;

export const noSampling: Sampling = Int32Array.of(0);

/**
 * Adds what is sampled of an id to a raw hash (see {@link mix}), so that a hash can be continued. Written out, because a
 * loop makes a whole lookup take 1.5 times as long. O(places).
 */
export function sample(id: string, hash: number, sampling: Sampling): number {
  const { length } = id;
  if (length < sampling[0]!) return sampling[0] === all ? sampleAll(id, hash, sampling) : sampleShort(id, hash, sampling);
  let sum = hash;
  if (sampling.length > 1) {
    sum = (sum + term(id, length, sampling, 1) + term(id, length, sampling, 3)) | 0;
    if (sampling.length > 5) {
      sum = (sum + term(id, length, sampling, 5) + term(id, length, sampling, 7)) | 0;
      if (sampling.length > 9) {
        sum = (sum + term(id, length, sampling, 9) + term(id, length, sampling, 11)) | 0;
        if (sampling.length > 13) sum = (sum + term(id, length, sampling, 13) + term(id, length, sampling, 15)) | 0;
      }
    }
  }
  return sum;
}

function sampleShort(id: string, hash: number, sampling: Sampling): number {
  const { length } = id;
  let sum = hash;
  for (let i = 1; i < sampling.length; i += 2) {
    const at = sampling[i]!;
    if (at < 0 ? length + at >= 0 : at < length) sum = (sum + term(id, length, sampling, i)) | 0;
  }
  return sum;
}

function term(id: string, length: number, sampling: Sampling, i: number): number {
  const at = sampling[i]!;
  return Math.imul(id.charCodeAt(at + (length & (at >> 31))), sampling[i + 1]!);
}

/**
 * The sampling with one place more, at which two ids differ that it does not tell apart; undefined if it has places
 * enough, or if no place would help. O(length).
 */
export function extend(sampling: Sampling, one: string, other: string, random: RandomInt): Sampling | undefined {
  const { length } = one;
  let at = length - 1;
  while (at >= 0 && one.charCodeAt(at) === other.charCodeAt(at)) at--;
  if (at < 0 || other.length !== length) return undefined;
  // From the nearer end: there ids of other lengths more likely have what is like it.
  const place = at < length >> 1 ? at : at - length;
  const terms = [...termsOf(sampling), [place, random() | 1] as const];
  if (terms.length > maxPlaces) return undefined;
  if (terms.length % 2 === 1) terms.push([place, 0]);
  return Int32Array.of(Math.max(...terms.map(([at]) => (at < 0 ? -at : at + 1))), ...terms.flat());
}

function termsOf(sampling: Sampling): (readonly [place: number, factor: number])[] {
  const terms: (readonly [number, number])[] = [];
  for (let i = 1; i < sampling.length; i += 2) if (sampling[i + 1] !== 0) terms.push([sampling[i]!, sampling[i + 1]!]);
  return terms;
}

/** As many as an id has code units. */
const maxUnits = 510;

/**
 * The sampling that reads all units. Who does not know its numbers finds no two ids that have the same hash with a chance
 * above 2^-16: the numbers would have to solve an equation, in which even the worst difference of two units, 2^15, leaves
 * 17 bits. Nor have any two the same for all numbers, as in a chain of xor, multiply and shift those have whose units
 * differ in the top bit. And the terms do not wait for each other.
 */
export const sampleOfAll = (random: RandomInt): Sampling => Int32Array.from({ length: 1 + maxUnits }, (_, i) => (i === 0 ? all : random() | 1));

function sampleAll(id: string, hash: number, sampling: Sampling): number {
  const length = Math.min(id.length, maxUnits); // What is longer is no id.
  const product = (i: number): number => Math.imul(id.charCodeAt(i), sampling[i + 1]!);
  let sum = hash;
  let i = 0;
  // Four at a time: a lookup takes 2.6 times as long as one that reads a few, instead of 3.6.
  for (; i + 3 < length; i += 4) sum = (sum + product(i) + product(i + 1) + product(i + 2) + product(i + 3)) | 0;
  for (; i < length; i++) sum = (sum + product(i)) | 0;
  return sum;
}

/** Makes all bits of a raw hash depend on all: a sum alone leaves the ids of a counter in a row. */
export function mix(hash: number): number {
  const mixed = Math.imul(hash ^ (hash >>> 16), 0x7feb352d);
  return mixed ^ (mixed >>> 15);
}
