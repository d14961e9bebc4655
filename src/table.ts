import { mix, noSampling, sample, type RandomInt, type Sampling } from './sampling.js';
import { Segment } from './segment.js';

/** Up to so many ids are in one segment, more are in sixteen. */
export const maxWhole = 16_384;
const segments = 16;

const randomInt: RandomInt = () => (Math.random() * 2 ** 32) | 0;

/**
 * A map from ids to what a lookup gives of them, and to a value beside that, for ids that have just come off the wire. Of
 * such a string `Map` hashes all before it looks anything up; this reads a few code units (see `sampling.ts`).
 *
 * A large table is in segments of which each grows alone, so that no write moves a million ids: the worst takes 5 to 10 ms,
 * of a `Map` 31 to 42.
 */
export class Table<S, T> {
  /** The only segment; undefined when there are many. Its field makes a lookup of a known id a tenth faster. */
  #whole: Segment<S, T> | undefined;
  #parts: readonly Segment<S, T>[];
  /** What the part is chosen by. */
  #sampling: Sampling = noSampling;
  readonly #random: RandomInt;
  readonly #maxWhole: number;

  /** Who knows what comes of `random` can choose ids that meet. */
  constructor(random: RandomInt = randomInt, most: number = maxWhole) {
    this.#random = random;
    this.#maxWhole = most;
    this.#parts = [(this.#whole = new Segment(random))];
  }

  /** O(segments). */
  get size(): number {
    return this.#parts.reduce((sum, { size }) => sum + size, 0);
  }

  /** What a lookup gives of an id; what is no string has nothing. O(1). */
  find(id: string): S | undefined {
    if (typeof id !== 'string') return undefined;
    if (this.#whole !== undefined) return this.#whole.find(id, id.length);
    const base = this.#base(id);
    return this.#part(base).find(id, base);
  }

  /** The value of an id; what is no string has none. O(1). */
  get(id: string): T | undefined {
    if (typeof id !== 'string') return undefined;
    const base = this.#base(id);
    return this.#part(base).get(id, base);
  }

  /** Gives an id a value, and what a lookup gives. O(1) amortized. */
  set(id: string, shown: S, value: T): void {
    const base = this.#base(id);
    const part = this.#part(base);
    part.set(id, shown, value, base);
    if (part === this.#whole && part.size > this.#maxWhole) this.#split(part);
  }

  /** Takes out an id; whether it was there. O(1) amortized. */
  delete(id: string): boolean {
    const base = this.#base(id);
    return this.#part(base).delete(id, base);
  }

  /** What lookups give, of all, in no order, in a list of its own. O(size). */
  list(): S[] {
    const all: S[] = [];
    for (const part of this.#parts) part.list(all);
    return all;
  }

  /** Forgets all. O(1). */
  clear(): void {
    this.#sampling = noSampling;
    this.#parts = [(this.#whole = new Segment(this.#random))];
  }

  /** The most slots that it takes to find an id. O(size). */
  get longestProbe(): number {
    return Math.max(...this.#parts.map(({ longestProbe }) => longestProbe));
  }

  #base(id: string): number {
    return sample(id, id.length, this.#sampling);
  }

  #part(base: number): Segment<S, T> {
    return this.#parts[choose(base) & (this.#parts.length - 1)]!;
  }

  #split(whole: Segment<S, T>): void {
    this.#whole = undefined;
    this.#sampling = whole.places;
    this.#parts = Array.from({ length: segments }, () => new Segment(this.#random));
    whole.deal(this.#parts, (id) => this.#base(id), choose);
  }
}

/** One of sixteen. By the top bits: the low ones say where to look within a segment. */
const choose = (base: number): number => mix(base) >>> 28;
