import { randomFrom } from '../schedules/choosers.js';

/** Length of an id, as that of a UUID. */
const length = 36;

/**
 * Ids by seed, each in two forms. *Cached*: a string that has been used before, whose hash the engine remembers. *Wire*: a string that has
 * just been made from bytes, as those are that come off a socket; what it costs to hash and compare one is part of a lookup.
 */
export class Names {
  readonly cached: readonly string[];
  readonly #bytes: Buffer;

  constructor(seed: number, readonly count: number) {
    const random = randomFrom(seed);
    const hex = (digits: number): string => Math.floor(random() * 16 ** digits).toString(16).padStart(digits, '0');
    const text = Array.from({ length: count }, (_, i) => `${hex(4)}${hex(4)}-${hex(4)}-4${hex(3)}-a${hex(3)}-${i.toString(16).padStart(12, '0')}`);
    this.#bytes = Buffer.from(text.join(''), 'latin1');
    // What has been put together from parts would be put together for good only when it is looked up first.
    this.cached = text.map((_, i) => this.wire(i));
  }

  /** The same id as bytes on the wire give it: another string each time. */
  wire(i: number): string {
    return this.#bytes.toString('latin1', i * length, (i + 1) * length);
  }
}

/** What is tried with ids of both forms. */
export const forms = ['cached', 'wire'] as const;
export type Form = (typeof forms)[number];

export const nameOf = (names: Names, form: Form, i: number): string => (form === 'cached' ? names.cached[i]! : names.wire(i));
