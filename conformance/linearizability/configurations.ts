import { mix } from './hash.js';
import type { Memory } from './memory.js';

/**
 * The configurations that a search has been in: which entries have been placed, and the state that they lead to. Two that are
 * equal have the same future, so a search need go on from one of them only (Lowe, 2017). They are kept whole and compared whole,
 * and found by a hash; of the entries placed, those before the first that is not are known by their number, so that what is kept is
 * as long as operations overlap, and not as long as the history.
 */
export class Configurations {
  /** One after the other: hash, length, state, then what tells which entries are placed. Begins at 1. */
  #words: Int32Array;
  #used = 1;
  /** Where each one begins, by its hash; 0: free. */
  #table: Int32Array;
  #count = 0;

  constructor(private readonly memory: Memory) {
    this.#words = memory.take(256);
    this.#table = memory.take(64);
  }

  /**
   * Adds a configuration; false if it is there already. `words` say what is placed: those before `first` are full, those from `last`
   * to `rest` are empty, and so are most of those from `rest` on. Throws {@link MemoryFull}. O(length).
   */
  add(hash: number, state: number, words: Int32Array, first: number, last: number, rest: number): boolean {
    const most = 5 + (last - first) + 2 * (words.length - rest);
    if (this.#used + most > this.#words.length) this.#growWords(most);
    const kept = this.#words;
    const begin = this.#used;
    const mixed = mix(hash ^ Math.imul(state, 0x9e3779b1));
    let at = begin;
    kept[at++] = mixed;
    at++;
    kept[at++] = state;
    kept[at++] = first;
    kept[at++] = last;
    for (let i = first; i < last; i++) kept[at++] = words[i]!;
    for (let i = rest; i < words.length; i++) {
      if (words[i] === 0) continue;
      kept[at++] = i;
      kept[at++] = words[i]!;
    }
    const length = at - begin;
    kept[begin + 1] = length;
    const table = this.#table;
    const mask = table.length - 1;
    let slot = mixed & mask;
    for (let other = table[slot]!; other !== 0; other = table[slot]!) {
      let i = 0;
      while (i < length && kept[other + i] === kept[begin + i]) i++;
      if (i === length) return false;
      slot = (slot + 1) & mask;
    }
    table[slot] = begin;
    this.#used = at;
    if (++this.#count * 2 > table.length) this.#growTable();
    return true;
  }

  /** Forgets all of them, so that other parts can have the room. */
  clear(): void {
    this.memory.giveBack(this.#words);
    this.memory.giveBack(this.#table);
    this.#words = this.#table = new Int32Array(0);
  }

  #growWords(more: number): void {
    const old = this.#words;
    this.#words = this.memory.take(Math.max(old.length * 2, old.length + more));
    this.#words.set(old);
    this.memory.giveBack(old);
  }

  #growTable(): void {
    const old = this.#table;
    this.#table = this.memory.take(old.length * 2);
    const mask = this.#table.length - 1;
    for (let begin = 1; begin < this.#used; begin += this.#words[begin + 1]!) {
      let slot = this.#words[begin]! & mask;
      while (this.#table[slot] !== 0) slot = (slot + 1) & mask;
      this.#table[slot] = begin;
    }
    this.memory.giveBack(old);
  }
}
