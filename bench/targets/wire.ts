/** Ids as they come over a wire: bytes, of which each reading makes another string, in one piece and with no hash yet. */
export class Wire {
  readonly #bytes: Buffer;
  /** Where each id begins, and where the last one ends. */
  readonly #offsets: Uint32Array;
  /** Half as dear as the other where it will do. */
  readonly #encoding: 'latin1' | 'utf8';

  constructor(ids: readonly string[]) {
    const whole = ids.join('');
    this.#encoding = Buffer.byteLength(whole) === whole.length ? 'latin1' : 'utf8';
    this.#bytes = Buffer.from(whole, this.#encoding);
    this.#offsets = new Uint32Array(ids.length + 1);
    for (const [i, id] of ids.entries()) this.#offsets[i + 1] = this.#offsets[i]! + Buffer.byteLength(id);
  }

  get length(): number {
    return this.#offsets.length - 1;
  }

  read(i: number): string {
    return this.#bytes.toString(this.#encoding, this.#offsets[i], this.#offsets[i + 1]);
  }

  readAll(): string[] {
    return Array.from({ length: this.length }, (_, i) => this.read(i));
  }
}

/** The same ids, each in one piece: one that was put together of several takes longer to read until somebody has flattened it. */
export const flat = (ids: readonly string[]): string[] => new Wire(ids).readAll();
