import type { Registration } from '../spec/interface.js';
import type { Entry } from './entry.js';

/** Refers to one registration of a name, whatever becomes of the name. For who looks the same name up again and again. */
export interface EntryReference {
  /**
   * The registration as it is now; undefined for ever, once it has gone: a name that is registered again is another one
   * (INC-1, INC-2). Undefined after close as well. Never throws. O(1), without a lookup.
   */
  readonly registration: Registration | undefined;
}

/** Shows nothing of its entry but what a lookup gives. */
export class Reference implements EntryReference {
  readonly #entry: Entry;

  constructor(entry: Entry) {
    this.#entry = entry;
  }

  get registration(): Registration | undefined {
    const entry = this.#entry;
    return entry.group === undefined ? undefined : entry.registration;
  }
}

/** Not a field of the entry: who does not refer to names pays no memory for it, 5 % of that of a name. */
const references = new WeakMap<Entry, Reference>();

/** The reference to an entry: one and the same. O(1). */
export function referTo(entry: Entry): EntryReference {
  let reference = references.get(entry);
  if (reference === undefined) references.set(entry, (reference = new Reference(entry)));
  return reference;
}
