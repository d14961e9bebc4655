import type { Entry } from './history.js';

/** Three kinds of operations, each in a list of its own: those that may change something, those that only look, and those whose end is unknown. */
export type Kind = 0 | 1 | 2;

/**
 * The entries that have no place yet, as lists in the order of their calls, and the ends of them in a list of their own. An entry
 * can be the next if it was called before any of the others had ended. Entries are lifted out in place and put back in reverse
 * order (Knuth's dancing links), as in Wing and Gong (1993).
 */
export class Candidates {
  /** When an entry was called; of the head of a list, which stands after its last entry: never. */
  readonly start: Float64Array;
  readonly next: Int32Array;
  readonly #previous: Int32Array;
  readonly #end: Float64Array;
  readonly #nextEnd: Int32Array;
  readonly #previousEnd: Int32Array;

  /** Entries in the order of their calls, of each kind, and among all that have ended. Those from `definite` on have not ended. */
  constructor(entries: readonly Entry[], readonly definite: number, kindOf: (entry: number) => Kind) {
    const count = entries.length;
    this.start = new Float64Array(count + 3).fill(Infinity);
    this.next = new Int32Array(count + 3);
    this.#previous = new Int32Array(count + 3);
    const last = [this.head(0), this.head(1), this.head(2)];
    for (let entry = 0; entry < count; entry++) {
      this.start[entry] = entries[entry]!.start;
      const kind = kindOf(entry);
      this.next[last[kind]!] = entry;
      this.#previous[entry] = last[kind]!;
      last[kind] = entry;
    }
    for (const kind of [0, 1, 2] as const) {
      this.next[last[kind]!] = this.head(kind);
      this.#previous[this.head(kind)] = last[kind]!;
    }
    this.#end = new Float64Array(definite + 1).fill(Infinity);
    this.#nextEnd = new Int32Array(definite + 1);
    this.#previousEnd = new Int32Array(definite + 1);
    for (let entry = 0; entry < definite; entry++) this.#end[entry] = entries[entry]!.end;
    const byEnd = Array.from({ length: definite }, (_, entry) => entry).sort((a, b) => this.#end[a]! - this.#end[b]!);
    let before = definite;
    for (const entry of byEnd) {
      this.#nextEnd[before] = entry;
      this.#previousEnd[entry] = before;
      before = entry;
    }
    this.#nextEnd[before] = definite;
    this.#previousEnd[definite] = before;
  }

  /** Where a list begins and ends. */
  head(kind: Kind): number {
    return this.start.length - 3 + kind;
  }

  /** The first end: what was called later cannot be next. Infinity if nothing is left that has ended. */
  get bound(): number {
    return this.#end[this.#nextEnd[this.definite]!]!;
  }

  lift(entry: number): void {
    const { next } = this;
    const [before, after] = [this.#previous[entry]!, next[entry]!];
    next[before] = after;
    this.#previous[after] = before;
    if (entry >= this.definite) return;
    const [beforeEnd, afterEnd] = [this.#previousEnd[entry]!, this.#nextEnd[entry]!];
    this.#nextEnd[beforeEnd] = afterEnd;
    this.#previousEnd[afterEnd] = beforeEnd;
  }

  /** Puts back what was lifted last. */
  unlift(entry: number): void {
    this.next[this.#previous[entry]!] = entry;
    this.#previous[this.next[entry]!] = entry;
    if (entry >= this.definite) return;
    this.#nextEnd[this.#previousEnd[entry]!] = entry;
    this.#previousEnd[this.#nextEnd[entry]!] = entry;
  }
}
