import type { Config, Registration } from '../spec/interface.js';
import { isDown } from './endpoint.js';
import { detach, detachAll, join, leave, TransportEntry, type Entry, type Group, ServerEntry } from './entry.js';
import type { Change } from './store.js';
import { Table } from './table.js';

/**
 * What is registered now: all that reads and routing look at. Changes at once and as a whole; what has to be decided
 * and committed before it may change is not its business.
 *
 * One index for all partitions: within one thread nothing contends for it, and to find the partition of an id costs
 * several times what a lookup does. Partitions divide what does contend: lanes, stores, windows.
 */
export class Directory {
  readonly servers = new Table<Registration, ServerEntry>();
  readonly transports = new Table<Registration, TransportEntry>();
  readonly #groups = new Map<AbortSignal, Group>();
  #operations = 0;

  /** `onDown` gets what went with a signal, after all of it has gone. */
  constructor(readonly onDown: (entries: readonly Entry[]) => void) {}

  /**
   * Makes an entry visible and watches its signal; false if that has aborted. Throws, and changes nothing, if the
   * signal cannot be listened to. O(1).
   */
  insert(entry: Entry, signal: AbortSignal): boolean {
    if (isDown(signal)) return false;
    let group = this.#groups.get(signal);
    if (group === undefined) {
      // One listener for all names of a signal: no warning about leaks, and one place to take it off (CLS-4).
      group = { signal, listener: () => this.#down(signal), first: undefined };
      signal.addEventListener('abort', group.listener);
      this.#groups.set(signal, group);
    }
    join(entry, group);
    this.show(entry);
    return true;
  }

  /** Makes lookups give the registration that an entry has now. O(1). */
  show(entry: Entry): void {
    const { registration } = entry;
    if (entry instanceof ServerEntry) this.servers.set(registration.id, registration, entry);
    else this.transports.set(registration.id, registration, entry);
  }

  /** Removes a live entry and its bindings. O(1), for a server O(members). */
  remove(entry: Entry): void {
    const group = entry.group!;
    this.#erase(entry);
    if (group.first === undefined) this.#unwatch(group);
  }

  /** Forgets everything and lets go of every signal (CLS-3). O(entries). */
  clear(): void {
    for (const group of this.#groups.values()) {
      this.#unwatch(group);
      this.#eraseAll(group);
    }
  }

  /** A number that no write and no incarnation of this registry has had. */
  nextOperation(): number {
    return ++this.#operations;
  }

  /** The change that puts an entry into the store with this configuration and binding. */
  put(entry: Entry, config: Config, server: ServerEntry | undefined): Change {
    const { namespace, incarnation, revision, registration } = entry;
    const record = { config, incarnation, operation: this.nextOperation() };
    return {
      kind: 'put',
      key: { namespace, id: registration.id },
      expected: revision,
      record: server === undefined ? record : { ...record, binding: { serverId: server.registration.id, incarnation: server.incarnation } },
    };
  }

  /** The change that makes the store agree with what an entry is now; undefined if it has nothing to say. */
  restate(entry: Entry): Change | undefined {
    if (entry.live) return this.put(entry, entry.registration.config, entry instanceof TransportEntry ? entry.server : undefined);
    return entry.revision === undefined ? undefined : removal(entry);
  }

  #down(signal: AbortSignal): void {
    const group = this.#groups.get(signal);
    if (group === undefined) return;
    this.#unwatch(group);
    this.onDown(this.#eraseAll(group));
  }

  #eraseAll(group: Group): Entry[] {
    const erased: Entry[] = [];
    for (let entry = group.first; entry !== undefined; entry = group.first) {
      this.#erase(entry);
      erased.push(entry);
    }
    return erased;
  }

  #erase(entry: Entry): void {
    leave(entry);
    const { id } = entry.registration;
    if (entry instanceof ServerEntry) {
      this.servers.delete(id);
      detachAll(entry);
    } else {
      this.transports.delete(id);
      detach(entry);
    }
  }

  #unwatch({ signal, listener }: Group): void {
    this.#groups.delete(signal);
    try {
      signal.removeEventListener('abort', listener);
    } catch {
      // A signal that throws keeps a listener that finds nothing to do.
    }
  }
}

/** The change that takes an entry out of the store. */
export const removal = ({ namespace, registration, revision }: Entry): Change => ({
  kind: 'delete',
  key: { namespace, id: registration.id },
  expected: revision,
});
