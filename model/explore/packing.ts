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
  readonly #images: number;
  /** What goes into each word of each image of a state, one after the other: the slots, and where their rows in `#bits` begin. */
  readonly #slots: Uint8Array;
  readonly #rows: Int32Array;
  /** Where in these the part of each word of each image ends. */
  readonly #ends: Int32Array;
  /** What each value of a slot contributes to its word, already in place. */
  readonly #bits: Int32Array;

  constructor(slots: readonly Slot[], symmetries: readonly Symmetry[]) {
    this.#places = placesOf(slots);
    this.words = Math.max(...this.#places.map(({ word }) => word)) + 1;
    this.packed = new Int32Array(this.words);
    this.#images = symmetries.length;
    const parts: { readonly slot: number; readonly row: number }[] = [];
    const ends: number[] = [];
    const bits: number[] = [];
    for (const { target, value } of symmetries) {
      for (let word = 0; word < this.words; word++) {
        for (const [slot, { values }] of slots.entries()) {
          const place = this.#places[target[slot]!]!;
          if (place.word !== word) continue;
          parts.push({ slot, row: bits.length });
          for (let v = 0; v < values; v++) bits.push(value[slot]![v]! << place.shift);
        }
        ends.push(parts.length);
      }
    }
    this.#slots = Uint8Array.from(parts, ({ slot }) => slot);
    this.#rows = Int32Array.from(parts, ({ row }) => row);
    this.#ends = Int32Array.from(ends);
    this.#bits = Int32Array.from(bits);
  }

  /** Packs the canonical form of a state into {@link packed}. O(symmetries · slots). */
  pack(state: Slots): void {
    const best = this.packed;
    const { words } = this;
    const images = this.#images;
    const slots = this.#slots;
    const rows = this.#rows;
    const ends = this.#ends;
    const bits = this.#bits;
    let end = 0;
    for (let image = 0; image < images; image++) {
      let isLess = image === 0;
      for (let word = 0; word < words; word++) {
        let at = end;
        end = ends[image * words + word]!;
        let packed = 0;
        for (; at < end; at++) packed |= bits[rows[at]! + state[slots[at]!]!]!;
        if (isLess) {
          best[word] = packed;
        } else if (packed !== best[word]!) {
          if (packed > best[word]!) {
            // No more of this image need be known.
            end = ends[image * words + words - 1]!;
            break;
          }
          isLess = true;
          best[word] = packed;
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
