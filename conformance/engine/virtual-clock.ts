import type { Clock } from '../../spec/index.js';

/** Something that waits for its time. */
export interface VirtualTimer {
  readonly due: number;
  /** How long it was to wait, when it was set. Milliseconds. */
  readonly after: number;
  readonly callback: () => void;
}

/** Time that passes only when a check says so. Timers due at one moment fire in the order in which they were set. */
export class VirtualClock implements Clock {
  #now = 0;
  /** Lets everything run that does not wait for this clock: a turn of the event loop, unless the registry that lives by it is elsewhere. */
  settle: () => Promise<void> = turn;
  readonly #timers = new Set<VirtualTimer>();

  now(): number {
    return this.#now;
  }

  setTimeout(callback: () => void, ms: number): unknown {
    const after = ms > 0 ? ms : 0;
    const timer = { due: this.#now + after, after, callback };
    this.#timers.add(timer);
    return timer;
  }

  clearTimeout(timer: unknown): void {
    this.#timers.delete(timer as VirtualTimer);
  }

  /** How many timers are waiting. */
  get timers(): number {
    return this.#timers.size;
  }

  /** The timers that are waiting, in the order in which they were set. */
  pending(): VirtualTimer[] {
    return [...this.#timers];
  }

  /** As {@link pending}, without a copy: to be looked at while none is set or fired. */
  waiting(): Iterable<VirtualTimer> {
    return this.#timers;
  }

  /** Fires one timer, before its turn as if it alone had waited long enough, or as late as at the time `at`. */
  fire(timer: VirtualTimer, at = timer.due): void {
    this.#timers.delete(timer);
    this.#now = Math.max(this.#now, at);
    timer.callback();
  }

  /** Lets `ms` milliseconds pass, firing what becomes due and letting promises settle in between. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await this.settle();
    for (let timer = this.#next(end); timer !== undefined; timer = this.#next(end)) {
      this.#timers.delete(timer);
      // One may be overdue, if another was fired before its turn.
      this.#now = Math.max(this.#now, timer.due);
      timer.callback();
      await this.settle();
    }
    this.#now = end;
    await this.settle();
  }

  #next(end: number): VirtualTimer | undefined {
    let next: VirtualTimer | undefined;
    for (const timer of this.#timers) {
      if (timer.due <= end && (next === undefined || timer.due < next.due)) next = timer;
    }
    return next;
  }
}

/** Lets promise jobs run until there are none: a tick of Node's comes after all of them. */
export const drained = (): Promise<void> => new Promise((resolve) => void Promise.resolve().then(() => process.nextTick(resolve)));

/** Lets everything that is ready to run, run: promise jobs and, after them, one round of the event loop. */
export const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** So many turns of the event loop whatever the time: when the process has had none for a while, neither has the registry. */
const fewestTurns = 50;

/**
 * Waits until `isSo`, or until `ms` milliseconds of real time and some turns of the event loop have passed; says which. At first it
 * looks at every turn; what takes longer is not waited for with a busy processor.
 */
export async function waitUntil(isSo: () => boolean, ms: number): Promise<boolean> {
  const end = performance.now() + ms;
  await turn();
  for (let turns = 0; !isSo(); turns++) {
    if (turns >= fewestTurns && performance.now() >= end) return false;
    await (turns < fewestTurns ? turn() : new Promise((resolve) => void setTimeout(resolve, 1)));
  }
  return true;
}
