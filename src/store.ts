import type { Config, Namespace } from '../spec/interface.js';

/**
 * Where a partition commits its writes before they take effect: the seam for a journal, or for a distributed engine
 * with compare-and-set. Each partition has a store of its own and gives it one change at a time.
 */
export interface Store {
  /**
   * Commits a change if the key is still as expected. May answer at once: then the write takes effect before its call
   * returns. To throw or reject is to answer `unknown`.
   */
  commit(change: Change): CommitResult | PromiseLike<CommitResult>;
  /**
   * What is stored under a key; undefined for nothing. Must see every change committed before. Only asked to settle a
   * doubt after `unknown` or `conflict`, and may throw or reject when it cannot tell.
   */
  read(key: Key): Stored | undefined | PromiseLike<Stored | undefined>;
  /** Frees what the store holds, once the registry has been closed. What is stored stays. */
  close?(): unknown;
}

/** The name of a record. */
export interface Key {
  readonly namespace: Namespace;
  readonly id: string;
}

/** One step of compare-and-set. */
export type Change =
  | { readonly kind: 'put'; readonly key: Key; readonly expected: number | undefined; readonly record: StoredRecord }
  | { readonly kind: 'delete'; readonly key: Key; readonly expected: number | undefined };

/** What is kept of a name. JSON data: an endpoint lives in the process and is not kept. */
export interface StoredRecord {
  readonly config: Config;
  /** The registration of the name that the record belongs to: unique within its registry. */
  readonly incarnation: number;
  /** The write that made the record: unique within its registry. */
  readonly operation: number;
  /** The server a transport is bound to. It holds only while that incarnation of the server is registered. */
  readonly binding?: { readonly serverId: string; readonly incarnation: number };
}

/** A record, and the revision that the next change of its key has to expect. */
export interface Stored {
  readonly record: StoredRecord;
  readonly revision: number;
}

/** What came of a change. */
export type CommitResult =
  /** It is stored. `revision` is that of the record; of no meaning after a delete. */
  | { readonly kind: 'committed'; readonly revision: number }
  /** The key is not at the expected revision. Nothing changed. */
  | { readonly kind: 'conflict' }
  /** It was not stored, and will not be. */
  | { readonly kind: 'failed'; readonly error: unknown }
  /** Perhaps it was stored, perhaps not. */
  | { readonly kind: 'unknown'; readonly error: unknown };

const committed: CommitResult = Object.freeze({ kind: 'committed', revision: 0 });

/**
 * The default: everything commits at once. It keeps nothing, because within one process the registry already decides
 * who has a name, and a second index would cost as much memory as the first; nothing ever asks it to `read`.
 */
export const memoryStore = (): Store => ({ commit: () => committed, read: () => undefined });
