import type { Adapter } from '../../../contract.js';
import type { Config, Endpoint, ErrorCode } from '../../../../spec/index.js';
import { copyConfig, encode, fnv, idOf, randomWord, signalOf, type Fail } from './common.js';

/*
 * Five operations. One open-addressing table in columns (linear probing, deletion by shifting back), answers at once: no promise
 * anywhere. Configurations are kept as canonical text (keys in order) and parsed for whoever asks. Knows nothing of liveness.
 */

class BeadError extends Error {
  constructor(
    readonly code: ErrorCode,
    why: string,
  ) {
    super(why);
    this.name = code;
  }
}

const fail: Fail = (code, why) => new BeadError(code, why);

class Abacus {
  readonly #seed = randomWord();
  #mask = 15;
  #ids: (string | undefined)[] = new Array<undefined>(16).fill(undefined);
  #endpoints: (Endpoint | undefined)[] = new Array<undefined>(16).fill(undefined);
  #texts: (string | undefined)[] = new Array<undefined>(16).fill(undefined);
  #hashes = new Uint32Array(16);
  #size = 0;
  #closed = false;

  registerServer(id: unknown, endpoint: unknown, config?: unknown): undefined {
    const name = idOf(id, fail);
    signalOf(endpoint, fail);
    const text = config === undefined ? '{}' : encode(copyConfig(config, fail, { sorted: true }));
    if (this.#closed) throw fail('store_failed', 'the table is gone');
    if (this.#slot(name) >= 0) throw fail('already_registered', name);
    if (2 * (this.#size + 1) > this.#mask) this.#grow();
    this.#put(name, fnv(name, this.#seed), endpoint as Endpoint, text);
    this.#size++;
  }

  unregisterServer(id: unknown): null {
    const slot = this.#slot(idOf(id, fail));
    if (slot >= 0) this.#remove(slot);
    return null;
  }

  updateServer(id: unknown, config: unknown): undefined {
    const name = idOf(id, fail);
    const text = encode(copyConfig(config, fail, { sorted: true }));
    const slot = this.#slot(name);
    if (slot < 0) throw fail('server_not_found', name);
    this.#texts[slot] = text;
  }

  findServer(id: unknown): { id: string; endpoint: Endpoint; config: Config } | null {
    const name = idOf(id, fail);
    const slot = this.#slot(name);
    return slot < 0 ? null : { config: JSON.parse(this.#texts[slot]!) as Config, endpoint: this.#endpoints[slot]!, id: name };
  }

  close(): null {
    this.#closed = true;
    this.#size = 0;
    this.#allot(16);
    return null;
  }

  #slot(id: string): number {
    const hash = fnv(id, this.#seed);
    for (let i = hash & this.#mask; this.#ids[i] !== undefined; i = (i + 1) & this.#mask) {
      if (this.#hashes[i] === hash && this.#ids[i] === id) return i;
    }
    return -1;
  }

  #put(id: string, hash: number, endpoint: Endpoint, text: string): void {
    let i = hash & this.#mask;
    while (this.#ids[i] !== undefined) i = (i + 1) & this.#mask;
    this.#ids[i] = id;
    this.#hashes[i] = hash;
    this.#endpoints[i] = endpoint;
    this.#texts[i] = text;
  }

  #remove(slot: number): void {
    let hole = slot;
    for (let i = (slot + 1) & this.#mask; this.#ids[i] !== undefined; i = (i + 1) & this.#mask) {
      const home = this.#hashes[i]! & this.#mask;
      if (((i - home) & this.#mask) < ((i - hole) & this.#mask)) continue;
      this.#ids[hole] = this.#ids[i];
      this.#hashes[hole] = this.#hashes[i]!;
      this.#endpoints[hole] = this.#endpoints[i];
      this.#texts[hole] = this.#texts[i];
      hole = i;
    }
    this.#ids[hole] = undefined;
    this.#endpoints[hole] = undefined;
    this.#texts[hole] = undefined;
    this.#size--;
  }

  #allot(capacity: number): void {
    this.#mask = capacity - 1;
    this.#ids = new Array<undefined>(capacity).fill(undefined);
    this.#endpoints = new Array<undefined>(capacity).fill(undefined);
    this.#texts = new Array<undefined>(capacity).fill(undefined);
    this.#hashes = new Uint32Array(capacity);
  }

  #grow(): void {
    const [ids, hashes, endpoints, texts] = [this.#ids, this.#hashes, this.#endpoints, this.#texts];
    this.#allot(2 * ids.length);
    for (let i = 0; i < ids.length; i++) {
      if (ids[i] !== undefined) this.#put(ids[i]!, hashes[i]!, endpoints[i]!, texts[i]!);
    }
  }
}

export const abacus: Adapter = {
  name: 'liberties: abacus (columns, five operations, answers at once)',
  features: ['virtual-time'],
  without: ['liveness', 'in-process', 'send-failures', 'send-awaited'],
  open: () => new Abacus(),
};
