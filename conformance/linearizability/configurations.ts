/** Largest number of 32-bit words that fit one buffer. */
const mostWords = 2 ** 29;

/** There is no room for another configuration. */
export class CacheFull extends Error {
  override readonly name = 'CacheFull';
}

/**
 * The configurations that a search has been in: which entries have been placed, and the state that they lead to. Two that are
 * equal have the same future, so a search need go on from one of them only (Lowe, 2017). They are kept whole and compared whole;
 * of the entries placed, those before the first that is not are known by their number, so that what is kept is as long as
 * operations overlap, and not as long as the history.
 */
export class Configurations {
  /** The configurations, one after the other: length, state, then what tells which entries are placed. */
  #words = new Int32Array(1024);
  #used = 1;
  /** Where each one begins, by its hash; 0: free. */
  #table = new Int32Array(256);
  #count = 0;

  constructor(private readonly bytes: number) {}

  get size(): number {
    return this.#count;
  }

  /**
   * Adds a configuration; false if it is there already. `words` from `first` to `last` and from `rest` on say what is placed.
   * Throws {@link CacheFull}. O(length).
   */
  add(hash: number, state: number, words: Int32Array, first: number, last: number, rest: number): boolean {
    const length = 2 + (last - first) + (words.length - rest);
    if (this.#used + length + 1 > this.#words.length) this.#growWords(length + 1);
    const kept = this.#words;
    const begin = this.#used;
    let at = begin;
    kept[at++] = length;
    kept[at++] = state;
    kept[at++] = first;
    for (let i = first; i < last; i++) kept[at++] = words[i]!;
    for (let i = rest; i < words.length; i++) kept[at++] = words[i]!;
    const table = this.#table;
    const mask = table.length - 1;
    let slot = mix(hash ^ Math.imul(state, 0x9e3779b1)) & mask;
    for (let other = table[slot]!; other !== 0; other = table[(slot = (slot + 1) & mask)]!) {
      let i = 0;
      while (i <= length && kept[other + i] === kept[begin + i]) i++;
      if (i > length) return false;
    }
    table[slot] = begin;
    this.#used = at;
    this.#hashes[this.#count++] = hash;
    if (this.#count * 2 > table.length) this.#growTable();
    return true;
  }

  /** Hashes in the order of addition, for when the table grows. */
  #hashes = new Int32Array(128);

  #growWords(more: number): void {
    const wanted = Math.min(mostWords, Math.max(this.#words.length * 2, this.#used + more));
    if (this.#used + more > wanted || (wanted + this.#table.length) * 4 > this.bytes) throw new CacheFull();
    const words = new Int32Array(wanted);
    words.set(this.#words);
    this.#words = words;
  }

  #growTable(): void {
    const table = new Int32Array(this.#table.length * 2);
    const hashes = new Int32Array(table.length / 2);
    hashes.set(this.#hashes.subarray(0, this.#count));
    this.#hashes = hashes;
    const mask = table.length - 1;
    for (let begin = 1, i = 0; begin < this.#used; begin += this.#words[begin]! + 1, i++) {
      let slot = mix(hashes[i]! ^ Math.imul(this.#words[begin + 1]!, 0x9e3779b1)) & mask;
      while (table[slot] !== 0) slot = (slot + 1) & mask;
      table[slot] = begin;
    }
    this.#table = table;
  }
}

/** Spreads a hash over all of its bits. */
function mix(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
