import type { Change, CommitResult, Key, Store, Stored } from '../store.js';

/** A commit that waits for the test to say what comes of it. */
export interface Pending {
  readonly change: Change;
  /** Tries it: compare and set. */
  commit(): void;
  fail(): void;
  conflict(): void;
  /** Answers `unknown`, having stored it or not. */
  doubt(stored: boolean): void;
  reject(stored: boolean): void;
  answer(result: unknown): void;
}

/** A store with compare-and-set whose commits are driven by hand, or that commits at once while `auto`. */
export class HandStore implements Store {
  readonly data = new Map<string, Stored>();
  readonly pending: Pending[] = [];
  readonly log: Change[] = [];
  auto = false;
  readFails = false;
  /** How often it was read. */
  reads = 0;
  closed = 0;
  #revision = 0;

  commit(change: Change): CommitResult | Promise<CommitResult> {
    this.log.push(change);
    if (this.auto) return this.#apply(change);
    return new Promise((resolve, reject) => {
      const once = (act: () => void) => () => {
        this.pending.splice(this.pending.indexOf(pending), 1);
        act();
      };
      const pending: Pending = {
        change,
        commit: once(() => resolve(this.#apply(change))),
        fail: once(() => resolve({ kind: 'failed', error: new Error('disk full') })),
        conflict: once(() => resolve({ kind: 'conflict' })),
        doubt: (stored) => once(() => (stored && this.#apply(change), resolve({ kind: 'unknown', error: new Error('lost') })))(),
        reject: (stored) => once(() => (stored && this.#apply(change), reject(new Error('gone'))))(),
        answer: (result) => once(() => resolve(result as CommitResult))(),
      };
      this.pending.push(pending);
    });
  }

  read(key: Key): Stored | undefined {
    this.reads++;
    if (this.readFails) throw new Error('unreadable');
    return this.data.get(`${key.namespace}:${key.id}`);
  }

  close(): void {
    this.closed++;
  }

  /** The commit that waits: there is only ever one. */
  get next(): Pending {
    if (this.pending.length !== 1) throw new Error(`${this.pending.length} commits are pending`);
    return this.pending[0]!;
  }

  #apply(change: Change): CommitResult {
    const key = `${change.key.namespace}:${change.key.id}`;
    if (this.data.get(key)?.revision !== change.expected) return { kind: 'conflict' };
    const revision = ++this.#revision;
    // Through JSON, as in a real one.
    if (change.kind === 'put') this.data.set(key, { record: JSON.parse(JSON.stringify(change.record)) as typeof change.record, revision });
    else this.data.delete(key);
    return { kind: 'committed', revision };
  }
}
