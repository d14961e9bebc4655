import type { Clock } from '../../../spec/index.js';
import type { Machine } from '../machine.js';

interface Timer {
  readonly at: number;
  readonly order: number;
  readonly callback: () => void;
}

/** A machine whose time is made by what is done on it: nothing of it depends on how quick the real one is. Milliseconds. */
export class SimulatedMachine implements Machine {
  #time = 0;
  #stolen = 0;
  #timers: Timer[] = [];
  #order = 0;
  /** Called at each turn of the event loop, for others who take the processor. */
  meanwhile: () => void = () => undefined;

  readonly clock: Clock = {
    now: () => this.#time,
    setTimeout: (callback, ms) => {
      const timer = { at: this.#time + ms, order: this.#order++, callback };
      this.#timers.push(timer);
      return timer;
    },
    clearTimeout: (timer) => void (this.#timers = this.#timers.filter((one) => one !== timer)),
  };

  /** `turnMs`: what a turn of the event loop takes. */
  constructor(readonly turnMs = 0.05) {}

  now(): number {
    // To look takes time as well, or whoever looks until it is later would look for ever.
    return (this.#time += 0.0001);
  }

  stolen(): number {
    return this.#stolen;
  }

  async turn(): Promise<void> {
    this.#time += this.turnMs;
    this.meanwhile();
    const due = this.#timers.filter(({ at }) => at <= this.#time).sort((a, b) => a.at - b.at || a.order - b.order);
    this.#timers = this.#timers.filter(({ at }) => at > this.#time);
    for (const { callback } of due) callback();
    // Promises that lead to promises.
    for (let i = 0; i < 12; i++) await undefined;
  }

  /** Somebody works. */
  work(ms: number): void {
    this.#time += ms;
  }

  /** Somebody else does, and we are kept from it. */
  steal(ms: number): void {
    this.#time += ms;
    this.#stolen += ms;
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => void this.clock.setTimeout(resolve, ms));
  }
}
