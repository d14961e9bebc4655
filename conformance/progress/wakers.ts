import { AsyncResource, createHook, type AsyncHook } from 'node:async_hooks';

/** What runs before the event loop turns, of which there is none left when it has; and open files: a request to one is another thing. */
const harmless: ReadonlySet<string> = new Set(['PROMISE', 'TickObject', 'Microtask', 'FILEHANDLE']);

/**
 * Everything in this thread, begun since it was made, that could still wake somebody: timers, whether they keep the process alive
 * or not, sockets, requests to the system, ports, workers. When there is none of it, and every promise job has run, a call that
 * has not been answered never will be: nothing is left that could answer it.
 *
 * (Only `Atomics.waitAsync` with a time-out leaves no trace here.)
 */
export class Wakers {
  readonly #alive = new Map<number, string>();
  readonly #hook: AsyncHook;
  #hiding = false;

  private constructor(
    /** Whether it sees all there is in this thread: it was made before the registry was loaded. */
    readonly isWhole: boolean,
  ) {
    this.#hook = createHook({
      init: (id, type, _, resource) => {
        // A resource made by hand is a name for a context, and wakes nobody.
        if (this.#hiding || harmless.has(type) || resource instanceof AsyncResource) return;
        this.#alive.set(id, type);
      },
      destroy: (id) => void this.#alive.delete(id),
    }).enable();
  }

  /** What is begun from now on. */
  static fromNow(): Wakers {
    return new Wakers(false);
  }

  /** All that there is in this thread. To be called before the module of the registry is loaded. */
  static watchAll(): Wakers {
    return (Wakers.all = new Wakers(true));
  }

  /** What sees everything, if something does. */
  static all: Wakers | undefined;

  /** The kinds of what is alive. */
  alive(): readonly string[] {
    return [...this.#alive.values()];
  }

  /** What the kit sets off for itself wakes no registry. */
  hide<T>(begin: () => T): T {
    this.#hiding = true;
    try {
      return begin();
    } finally {
      this.#hiding = false;
    }
  }

  /** Sees no more, from now on. */
  stop(): void {
    this.#hook.disable();
    if (Wakers.all === this) Wakers.all = undefined;
  }
}
