import type { Slot, Slots, Symmetry } from './system.js';

/** Where each slot lies in the words of a packed state. */
interface Place {
  readonly word: number;
  readonly shift: number;
  readonly mask: number;
}

/**
 * Packs states into words of 32 bits, as few as there need be, and chooses among the states that a symmetry makes alike the one
 * whose words are the least: the *canonical* one.
 */
export class Packing {
  readonly words: number;
  /** The words of the state packed last. */
  readonly packed: Int32Array;
  readonly #places: readonly Place[];
  readonly #candidate: Int32Array;
  /** For each symmetry and slot, where its row in `#bits` begins: what each value contributes, already in place. */
  readonly #rows: readonly Int32Array[];
  readonly #words: readonly Uint8Array[];
  readonly #bits: Int32Array;

  constructor(slots: readonly Slot[], symmetries: readonly Symmetry[]) {
    this.#places = placesOf(slots);
    this.words = Math.max(...this.#places.map(({ word }) => word)) + 1;
    this.packed = new Int32Array(this.words);
    this.#candidate = new Int32Array(this.words);
    const bits: number[] = [];
    this.#words = symmetries.map(({ target }) => Uint8Array.from(target, (slot) => this.#places[slot]!.word));
    this.#rows = symmetries.map(({ target, value }) =>
      Int32Array.from(slots, ({ values }, i) => {
        const row = bits.length;
        for (let v = 0; v < values; v++) bits.push(value[i]![v]! << this.#places[target[i]!]!.shift);
        return row;
      }),
    );
    this.#bits = Int32Array.from(bits);
  }

  /** Packs the canonical form of a state into {@link packed}. O(symmetries · slots). */
  pack(state: Slots): void {
    const best = this.packed;
    this.#permuted(state, 0, best);
    for (let g = 1; g < this.#rows.length; g++) {
      const candidate = this.#candidate;
      this.#permuted(state, g, candidate);
      for (let w = 0; w < candidate.length; w++) {
        const difference = candidate[w]! - best[w]!;
        if (difference > 0) break;
        if (difference < 0) {
          for (let i = 0; i < best.length; i++) best[i] = candidate[i]!;
          break;
        }
      }
    }
  }

  unpack(words: Int32Array, at: number, state: Slots): void {
    const places = this.#places;
    for (let i = 0; i < places.length; i++) {
      const { word, shift, mask } = places[i]!;
      state[i] = (words[at + word]! >>> shift) & mask;
    }
  }

  #permuted(state: Slots, g: number, into: Int32Array): void {
    const rows = this.#rows[g]!;
    const words = this.#words[g]!;
    const bits = this.#bits;
    for (let w = 0; w < into.length; w++) into[w] = 0; // `fill` costs a call.
    for (let i = 0; i < rows.length; i++) into[words[i]!]! |= bits[rows[i]! + state[i]!]!;
  }
}

/** No slot straddles two words; the largest come first, so that little is lost. */
function placesOf(slots: readonly Slot[]): Place[] {
  const places: Place[] = new Array<Place>(slots.length);
  const used: number[] = [];
  const widths = slots.map(({ values }) => Math.max(1, Math.ceil(Math.log2(values))));
  const order = slots.map((_, i) => i).sort((a, b) => widths[b]! - widths[a]!);
  for (const i of order) {
    const width = widths[i]!;
    let word = used.findIndex((bits) => bits + width <= 32);
    if (word < 0) word = used.push(0) - 1;
    places[i] = { word, shift: used[word]!, mask: (1 << width) - 1 };
    used[word]! += width;
  }
  return places;
}
