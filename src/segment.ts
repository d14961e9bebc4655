import { extend, mix, noSampling, sample, sampleOfAll, type RandomInt, type Sampling } from './sampling.js';

/** So many ids with the same hash are too many. */
const maxTwins = 8;
/** If more than one id in so many meets such a twin, one place more is sampled. */
const twinsOneIn = 4;
const patience = maxTwins * twinsOneIn;

const minSlots = 16;

/** Cells for each id. */
const width = 3;

const minRoom = 8;

/**
 * Values by id: a dense list, and an index of slots that hold positions in it; open addressing, linear probing, at most
 * half full.
 *
 * A slot is one word. Its low bits, as many as number the slots, are a position plus one, or 0 if the slot is empty; its
 * other bits are those of the mixed hash, whose low ones say where to begin looking. So a slot is by itself a hit or a
 * miss. In the list the id stands beside what a lookup gives: by way of the value, one step through memory more, a lookup
 * among 100,000 took 1.5 times as long. The raw hashes are for those who move slots: they read no id.
 *
 * Chosen ids that meet in one hash make a segment read all units of its ids, with random numbers of its own, until it is
 * empty (*crowded*). In no case is there a list to walk.
 */
export class Segment<S, T> {
  /** By position three cells: the id, what a lookup gives, the value. Undefined where there is room. */
  #cells: (string | S | T | undefined)[] = new Array<undefined>(width * minRoom).fill(undefined);
  /** How many ids there are. */
  size = 0;
  /** The places that tell most ids apart. */
  places = noSampling;
  /** Those, or all if the segment is crowded. */
  #sampling = noSampling;
  #index = new Int32Array(minSlots);
  #mask = minSlots - 1;
  /** Raw, by position. */
  #hashes = new Int32Array(minRoom);
  #patience = patience;

  constructor(readonly random: RandomInt) {}

  /** What a lookup gives of an id. Here and below `base` is the raw hash of the id, as far as the table has made it. O(1). */
  find(id: string, base: number): S | undefined {
    const cell = this.#cellOf(id, base);
    return cell < 0 ? undefined : (this.#cells[cell + 1] as S);
  }

  /** The value of an id. O(1). */
  get(id: string, base: number): T | undefined {
    const cell = this.#cellOf(id, base);
    return cell < 0 ? undefined : (this.#cells[cell + 2] as T);
  }

  /** The first cell of an id, or -1. */
  #cellOf(id: string, base: number): number {
    const mixed = mix(sample(id, base, this.#sampling));
    const index = this.#index;
    const mask = this.#mask;
    for (let slot = mixed & mask; ; slot = (slot + 1) & mask) {
      const word = index[slot]!;
      if (word === 0) return -1;
      if (((word ^ mixed) & ~mask) !== 0) continue;
      const cell = width * ((word & mask) - 1);
      if (this.#cells[cell] === id) return cell;
    }
  }

  /** Gives an id a value, and what a lookup gives. O(1) amortized. */
  set(id: string, shown: S, value: T, base: number): void {
    if (2 * this.size >= this.#index.length) this.#resize(2 * this.#index.length);
    if (this.size === this.#hashes.length) this.#reserve();
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
      const other = this.#idAt(position);
      if (other === id) {
        this.#cells[width * position + 1] = shown;
        this.#cells[width * position + 2] = value;
        return;
      }
      twins++;
      twin = other;
    }
    this.#append(raw, id, shown, value);
    index[slot] = (mixed & ~mask) | this.size;
    this.#patience = Math.min(patience, this.#patience + 1 - twins * twinsOneIn);
    if (twins > maxTwins || (twins > 0 && this.#patience < 0)) this.#distinguish(id, twin, twins);
  }

  /** Deals all out to `parts`, which are new. `choose` chooses one by the hash it is to begin with. O(size). */
  deal(parts: readonly Segment<S, T>[], begin: (id: string) => number, choose: (base: number) => number): void {
    const crowded = this.#sampling !== this.places;
    // First into the lists, then into the index. Few steps for each, because code that runs once is slow.
    for (let i = 0; i < this.size; i++) {
      const cell = width * i;
      const base = crowded ? begin(this.#idAt(i)) : this.#hashes[i]!;
      const part = parts[choose(base)]!;
      if (part.size === part.#hashes.length) part.#reserve();
      part.#append(base, this.#idAt(i), this.#cells[cell + 1] as S, this.#cells[cell + 2] as T);
    }
    for (const part of parts) {
      let slots = minSlots;
      while (slots < 2 * part.size) slots *= 2;
      part.#resize(slots);
    }
  }

  /** Takes out an id; whether it was there. O(1) amortized. */
  delete(id: string, base: number): boolean {
    const raw = sample(id, base, this.#sampling);
    const index = this.#index;
    const mask = this.#mask;
    for (let slot = mix(raw) & mask; index[slot] !== 0; slot = (slot + 1) & mask) {
      const position = (index[slot]! & mask) - 1;
      if (this.#hashes[position] !== raw || this.#idAt(position) !== id) continue;
      this.#vacate(slot);
      this.#fill(position);
      if (this.size === 0) this.#sampling = this.places;
      if (8 * this.size < index.length && index.length > minSlots) {
        this.#resize(index.length / 2);
        this.#reserve();
      }
      return true;
    }
    return false;
  }

  /** Adds what lookups give, of all. O(size). */
  list(all: S[]): void {
    for (let cell = 1; cell < width * this.size; cell += width) all.push(this.#cells[cell] as S);
  }

  /** The most slots that it takes to find an id. O(size). */
  get longestProbe(): number {
    let longest = 0;
    for (let position = 0; position < this.size; position++) {
      const home = mix(this.#hashes[position]!);
      longest = Math.max(longest, 1 + ((this.#slotOf(position) - home) & this.#mask));
    }
    return longest;
  }

  /** Adds to the lists, which have room. */
  #append(raw: number, id: string, shown: S, value: T): void {
    const cell = width * this.size;
    this.#cells[cell] = id;
    this.#cells[cell + 1] = shown;
    this.#cells[cell + 2] = value;
    this.#hashes[this.size++] = raw;
  }

  #idAt(position: number): string {
    return this.#cells[width * position] as string;
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
    const end = --this.size;
    const cells = this.#cells;
    if (position !== end) {
      const slot = this.#slotOf(end);
      this.#index[slot] = (this.#index[slot]! & ~this.#mask) | (position + 1);
      this.#hashes[position] = this.#hashes[end]!;
      for (let i = 0; i < width; i++) cells[width * position + i] = cells[width * end + i];
    }
    for (let i = 0; i < width; i++) cells[width * end + i] = undefined;
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
    for (let i = 0; i < this.size; i++) {
      const id = this.#idAt(i);
      this.#hashes[i] = this.#hashes[i]! - sample(id, 0, before) + sample(id, 0, sampling);
    }
    this.#resize(this.#index.length);
  }

  /** Makes the index anew. O(slots). */
  #resize(slots: number): void {
    const index = new Int32Array(slots);
    const mask = slots - 1;
    for (let i = 0; i < this.size; i++) {
      const mixed = mix(this.#hashes[i]!);
      let slot = mixed & mask;
      while (index[slot] !== 0) slot = (slot + 1) & mask;
      index[slot] = (mixed & ~mask) | (i + 1);
    }
    this.#index = index;
    this.#mask = mask;
  }

  /** Makes the lists anew, with room for at least one and at most a quarter more: an array that grows by itself has half as much again. O(size). */
  #reserve(): void {
    const { size } = this;
    const step = Math.max(minRoom, 2 ** (29 - Math.clz32(size)));
    const room = size - (size % step) + step;
    const hashes = new Int32Array(room);
    hashes.set(this.#hashes.subarray(0, size));
    this.#hashes = hashes;
    // Joined, because that makes an array with no room but what is asked for.
    this.#cells.length = width * size;
    this.#cells = this.#cells.concat(new Array<undefined>(width * (room - size)).fill(undefined));
  }
}
