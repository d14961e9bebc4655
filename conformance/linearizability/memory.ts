/** There is no room for what a search would have to remember. */
export class MemoryFull extends Error {
  override readonly name = 'MemoryFull';
}

/** Counts the bytes that the parts of one check use together, so that they end in an answer and not in a process that dies. */
export class Memory {
  #left: number;

  /** `bytes`: how many may be in use at once, old tables that are being copied into larger ones included. */
  constructor(bytes: number) {
    this.#left = bytes;
  }

  /** Throws {@link MemoryFull}, also if the machine itself has no more. */
  take(words: number): Int32Array {
    this.count(words * 4);
    try {
      return new Int32Array(words);
    } catch {
      throw new MemoryFull();
    }
  }

  count(bytes: number): void {
    if (bytes > this.#left) throw new MemoryFull();
    this.#left -= bytes;
  }

  giveBack(words: Int32Array): void {
    this.#left += words.byteLength;
  }
}
