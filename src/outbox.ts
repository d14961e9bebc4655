import type { Members, TransportEntry, Entry } from './entry.js';
import { isDown } from './endpoint.js';
import { isThenable } from './thenable.js';

interface Parcel {
  readonly to: Entry | Members;
  readonly from: string;
  readonly message: unknown;
}

/**
 * Hands messages over, one routing call after the other. A call made from within a `send` is queued until the one it
 * interrupts has been handed over to everybody: otherwise the last recipients of a broadcast would get the answer
 * before the question (RTE-4). No lock is held during a `send`, so it may call anything (RTE-7).
 */
export class Outbox {
  #busy = false;
  readonly #queue: Parcel[] = [];

  /** Hands a message to one entry, or queues it. O(1), plus what is sent from within. */
  post(to: Entry, from: string, message: unknown): void {
    if (this.#busy) {
      this.#queue.push({ to, from, message });
      return;
    }
    this.#busy = true;
    deliver(to, from, message);
    this.#drain();
  }

  /** Hands a message to the members as they are now, or queues it (RTE-3). O(members). */
  postAll(to: Members, from: string, message: unknown): void {
    to.readers++;
    if (this.#busy) {
      this.#queue.push({ to, from, message });
      return;
    }
    this.#busy = true;
    deliverAll(to, from, message);
    this.#drain();
  }

  #drain(): void {
    // The queue grows while it is walked.
    for (const { to, from, message } of this.#queue) {
      if ('list' in to) deliverAll(to, from, message);
      else deliver(to, from, message);
    }
    this.#queue.length = 0;
    this.#busy = false;
  }
}

function deliverAll(members: Members, from: string, message: unknown): void {
  for (const member of members.list as readonly TransportEntry[]) deliver(member, from, message);
  members.readers--;
}

/** Never throws: what a `send` does is its own affair (RTE-6). Skips a name that has gone since the call (RTE-8). */
function deliver(entry: Entry, from: string, message: unknown): void {
  if (entry.group === undefined || isDown(entry.group.signal)) return;
  const { id, endpoint } = entry.registration;
  try {
    const result = endpoint.send({ namespace: entry.namespace, to: id, from, message });
    if (isThenable(result)) Promise.resolve(result).then(undefined, ignore);
  } catch {
    // At most once: what failed is not sent again (RTE-5).
  }
}

const ignore = (): void => undefined;
