/** There is no memory left, or no more may be used. */
export class OutOfMemory extends Error {
  override readonly name = 'OutOfMemory';
}

const chunkBits = 15;
const chunkStates = 1 << chunkBits;
/** Linear probing slows down beyond it. */
const mostLoad = 0.75;
/** An entry of the table is the number of a state, and some bits of its hash: with them few states need be read in vain. */
const numberBits = 27;
const numberMask = (1 << numberBits) - 1;
const mostStates = numberMask - 1;

/**
 * The states seen, each with the state from which it was first reached. States are numbered in the order in which they are found,
 * so that whoever walks the numbers while they grow searches breadth first, and needs no queue.
 *
 * An open-addressing table of numbers beside the words themselves, in chunks that are never copied: `4 · words + 4` bytes a
 * state, and 5 to 11 for the table.
 */
export class Visited {
  size = 0;
  readonly #words: number;
  #chunks: Int32Array[] = [];
  #parents: Int32Array[] = [];
  #table: Int32Array = new Int32Array(1 << 12);
  readonly #limit: number;
  /** Of the state looked up last. */
  #hash = 0;

  /** `limit`: how many bytes may be used. */
  constructor(words: number, limit = Infinity) {
    this.#words = words;
    this.#limit = limit;
  }

  /** Bytes in use. */
  get bytes(): number {
    return this.#table.byteLength + this.#chunks.length * (this.#words + 1) * 4 * chunkStates;
  }

  /** The number of a packed state; -1 if it has not been seen. O(1). */
  find(packed: Int32Array): number {
    return (this.#table[this.#slotOf(packed)]! & numberMask) - 1;
  }

  /** Adds a packed state, reached from another; false if it has been seen. Throws {@link OutOfMemory}. O(1), amortised. */
  add(packed: Int32Array, parent: number): boolean {
    const slot = this.#slotOf(packed);
    if (this.#table[slot] !== 0) return false;
    const number = this.size;
    if ((number & (chunkStates - 1)) === 0) this.#addChunk();
    const chunk = this.#chunks[number >>> chunkBits]!;
    const at = (number & (chunkStates - 1)) * this.#words;
    for (let w = 0; w < this.#words; w++) chunk[at + w] = packed[w]!;
    this.#parents[number >>> chunkBits]![number & (chunkStates - 1)] = parent;
    this.#table[slot] = entry(number, this.#hash);
    this.size = number + 1;
    if (this.size > this.#table.length * mostLoad) this.#grow();
    return true;
  }

  /** The chunk in which the words of a state are. */
  chunkOf(number: number): Int32Array {
    return this.#chunks[number >>> chunkBits]!;
  }

  /** Where in its chunk the words of a state begin. */
  offsetOf(number: number): number {
    return (number & (chunkStates - 1)) * this.#words;
  }

  parentOf(number: number): number {
    return this.#parents[number >>> chunkBits]![number & (chunkStates - 1)]!;
  }

  #slotOf(packed: Int32Array): number {
    const table = this.#table;
    const mask = table.length - 1;
    const words = this.#words;
    const h = hash(packed, 0, words);
    this.#hash = h;
    let slot = h & mask;
    for (;;) {
      const found = table[slot]!;
      if (found === 0) return slot;
      if (((found ^ h) & ~numberMask) === 0) {
        const number = (found & numberMask) - 1;
        const chunk = this.#chunks[number >>> chunkBits]!;
        const at = (number & (chunkStates - 1)) * words;
        let w = 0;
        while (w < words && chunk[at + w] === packed[w]) w++;
        if (w === words) return slot;
      }
      slot = (slot + 1) & mask;
    }
  }

  #addChunk(): void {
    if (this.size + chunkStates > mostStates) throw new OutOfMemory(`${this.size} states are as many as can be numbered`);
    const bytes = (this.#words + 1) * 4 * chunkStates;
    this.#reserve(bytes);
    this.#chunks.push(allocate(chunkStates * this.#words));
    this.#parents.push(allocate(chunkStates));
  }

  #grow(): void {
    this.#reserve(this.#table.byteLength * 2);
    const table = allocate(this.#table.length * 2);
    const mask = table.length - 1;
    for (let number = 0; number < this.size; number++) {
      const h = hash(this.chunkOf(number), this.offsetOf(number), this.#words);
      let slot = h & mask;
      while (table[slot] !== 0) slot = (slot + 1) & mask;
      table[slot] = entry(number, h);
    }
    this.#table = table;
  }

  #reserve(bytes: number): void {
    // The first state has its place in any case.
    if (this.size > 0 && this.bytes + bytes > this.#limit) throw new OutOfMemory(`${this.size} states fill the ${Math.round(this.#limit / 2 ** 20)} MiB that may be used`);
  }
}

function allocate(length: number): Int32Array {
  try {
    return new Int32Array(length);
  } catch {
    throw new OutOfMemory('the machine has no more memory');
  }
}

const entry = (number: number, hash: number): number => (number + 1) | (hash & ~numberMask);

/** Mixes words as MurmurHash3 does (Appleby, 2011). */
function hash(words: Int32Array, at: number, count: number): number {
  let h = 0x9747b28c;
  for (let w = 0; w < count; w++) {
    let k = Math.imul(words[at + w]!, 0xcc9e2d51 | 0);
    k = Math.imul((k << 15) | (k >>> 17), 0x1b873593);
    h ^= k;
    h = (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0;
  }
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b | 0);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35 | 0);
  return h ^ (h >>> 16);
}
