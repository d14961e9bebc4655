import { extend, mix, noSampling, sample, sampleOfAll, type RandomInt, type Sampling } from './sampling.js';

/** So many ids with the same hash are too many. */
const maxTwins = 8;
/** If more than one id in so many meets such a twin, one place more is sampled. */
const twinsOneIn = 4;
const patience = maxTwins * twinsOneIn;

const minSlots = 16;

/**
 * Values by id: dense lists of both, and an index of slots that hold positions in them; open addressing, linear probing,
 * at most half full.
 *
 * A slot is one word. Its low bits, as many as number the slots, are a position plus one, or 0 if the slot is empty; its
 * other bits are those of the mixed hash, whose low ones say where to begin looking. So a slot is by itself a hit or a
 * miss. The ids are kept beside the values, which saves two steps through memory before they are compared: 0.9 of the
 * time of `Map` instead of 1.25. The raw hashes are for those who move slots: they read no id.
 *
 * Chosen ids that meet in one hash make a segment read all units of its ids, with random numbers of its own, until it is
 * empty (*crowded*). In no case is there a list to walk.
 */
export class Segment<T> {
  readonly ids: string[] = [];
  readonly values: T[] = [];
  /** The places that tell most ids apart. */
  places = noSampling;
  /** Those, or all if the segment is crowded. */
  #sampling = noSampling;
  #index = new Int32Array(minSlots);
  #mask = minSlots - 1;
  /** Raw, by position. */
  #hashes = new Int32Array(minSlots / 2);
  #patience = patience;

  constructor(readonly random: RandomInt) {}

  /** The value of an id. Here and below `base` is the raw hash of the id, as far as the table has made it. O(1). */
  get(id: string, base: number): T | undefined {
    const mixed = mix(sample(id, base, this.#sampling));
    const index = this.#index;
    const mask = this.#mask;
    for (let slot = mixed & mask; ; slot = (slot + 1) & mask) {
      const word = index[slot]!;
      if (word === 0) return undefined;
      if (((word ^ mixed) & ~mask) !== 0) continue;
      const position = (word & mask) - 1;
      if (this.ids[position] === id) return this.values[position];
    }
  }

  /** Gives an id a value. O(1) amortized. */
  set(id: string, value: T, base: number): void {
    if (2 * this.ids.length >= this.#index.length) this.#resize(2 * this.#index.length);
    const raw = sample(id, base, this.#sampling);
    const mixed = mix(raw);
    const index = this.#index;
    const mask = this.#mask;
    let twins = 0;
    let twin = id;
    let slot = mixed & mask;
    for (; index[slot] !== 0; slot = (slot + 1) & mask) {
      const position = (index[slot]! & mask) - 1;
      if (this.#hashes[position] !== raw) continue;
      if (this.ids[position] === id) {
        this.values[position] = value;
        return;
      }
      twins++;
      twin = this.ids[position]!;
    }
    this.#hashes[this.ids.length] = raw;
    this.values.push(value);
    index[slot] = (mixed & ~mask) | this.ids.push(id);
    this.#patience = Math.min(patience, this.#patience + 1 - twins * twinsOneIn);
    if (twins > maxTwins || (twins > 0 && this.#patience < 0)) this.#distinguish(id, twin, twins);
  }

  /** Deals all out to `parts`, which are new. `choose` chooses one by the hash it is to begin with. O(size). */
  deal(parts: readonly Segment<T>[], begin: (id: string) => number, choose: (base: number) => number): void {
    const crowded = this.#sampling !== this.places;
    // First into the lists, then into the index. Few steps for each, because code that runs once is slow.
    for (let i = 0; i < this.ids.length; i++) {
      const base = crowded ? begin(this.ids[i]!) : this.#hashes[i]!;
      const part = parts[choose(base)]!;
      const { length } = part.ids;
      if (length === part.#hashes.length) part.#resize(4 * length);
      part.#hashes[length] = base;
      part.ids.push(this.ids[i]!);
      part.values.push(this.values[i]!);
    }
    for (const part of parts) part.#resize(2 * part.#hashes.length);
  }

  /** Takes out an id; whether it was there. O(1) amortized. */
  delete(id: string, base: number): boolean {
    const raw = sample(id, base, this.#sampling);
    const index = this.#index;
    const mask = this.#mask;
    for (let slot = mix(raw) & mask; index[slot] !== 0; slot = (slot + 1) & mask) {
      const position = (index[slot]! & mask) - 1;
      if (this.#hashes[position] !== raw || this.ids[position] !== id) continue;
      this.#vacate(slot);
      this.#fill(position);
      if (this.ids.length === 0) this.#sampling = this.places;
      if (8 * this.ids.length < index.length && index.length > minSlots) this.#resize(index.length / 2);
      return true;
    }
    return false;
  }

  /** The most slots that it takes to find an id. O(size). */
  get longestProbe(): number {
    let longest = 0;
    for (let position = 0; position < this.ids.length; position++) {
      const home = mix(this.#hashes[position]!);
      longest = Math.max(longest, 1 + ((this.#slotOf(position) - home) & this.#mask));
    }
    return longest;
  }

  /** Empties a slot, and moves those after it nearer to where they belong. */
  #vacate(slot: number): void {
    const index = this.#index;
    const mask = this.#mask;
    let gap = slot;
    for (let next = (gap + 1) & mask; index[next] !== 0; next = (next + 1) & mask) {
      const home = mix(this.#hashes[(index[next]! & mask) - 1]!);
      if (((next - home) & mask) < ((next - gap) & mask)) continue;
      index[gap] = index[next]!;
      gap = next;
    }
    index[gap] = 0;
  }

  /** Puts what is last in the lists into a gap. */
  #fill(position: number): void {
    const end = this.ids.length - 1;
    if (position !== end) {
      const slot = this.#slotOf(end);
      this.#index[slot] = (this.#index[slot]! & ~this.#mask) | (position + 1);
      this.#hashes[position] = this.#hashes[end]!;
      this.ids[position] = this.ids[end]!;
      this.values[position] = this.values[end]!;
    }
    this.ids.pop();
    this.values.pop();
  }

  #slotOf(position: number): number {
    const index = this.#index;
    const mask = this.#mask;
    let slot = mix(this.#hashes[position]!) & mask;
    while ((index[slot]! & mask) !== position + 1) slot = (slot + 1) & mask;
    return slot;
  }

  /** Too many ids look like another: samples one place more, or reads all if that is not enough. O(size). */
  #distinguish(id: string, twin: string, twins: number): void {
    this.#patience = patience;
    if (this.#sampling !== this.places) return; // By chance, then: all is read already.
    const places = extend(this.places, id, twin, this.random);
    if (places !== undefined) this.#resample((this.places = places));
    else if (twins > maxTwins) this.#resample(sampleOfAll(this.random));
  }

  #resample(sampling: Sampling): void {
    const before = this.#sampling;
    this.#sampling = sampling;
    for (let i = 0; i < this.ids.length; i++) {
      const id = this.ids[i]!;
      this.#hashes[i] = this.#hashes[i]! - sample(id, 0, before) + sample(id, 0, sampling);
    }
    this.#resize(this.#index.length);
  }

  /** Makes the index anew. O(slots). */
  #resize(slots: number): void {
    const { length } = this.ids;
    const hashes = new Int32Array(slots / 2);
    hashes.set(this.#hashes.subarray(0, length));
    const index = new Int32Array(slots);
    const mask = slots - 1;
    for (let i = 0; i < length; i++) {
      const mixed = mix(hashes[i]!);
      let slot = mixed & mask;
      while (index[slot] !== 0) slot = (slot + 1) & mask;
      index[slot] = (mixed & ~mask) | (i + 1);
    }
    this.#hashes = hashes;
    this.#index = index;
    this.#mask = mask;
  }
}
