import type { Machine } from './machine.js';

/** How often it is looked what the machine took. Milliseconds. */
const everyMs = 0.25;

/** What the machine took away, and when: a look every quarter of a millisecond, and after whatever took longer. */
export class Timeline {
  /** When each look was. */
  readonly #times: number[];
  /** How much had been taken by then. */
  readonly #taken: number[];
  /** The longest time between two turns of the event loop. */
  longestGapMs = 0;
  #turned: number;

  constructor(private readonly machine: Machine) {
    this.#turned = machine.now();
    this.#times = [this.#turned];
    this.#taken = [machine.stolen()];
  }

  /** Called often. */
  look(now: number): void {
    if (now - this.#times.at(-1)! < everyMs) return;
    this.#taken.push(this.machine.stolen());
    this.#times.push(this.machine.now());
  }

  /** Called at each turn of the event loop. */
  turned(now: number): void {
    this.longestGapMs = Math.max(this.longestGapMs, now - this.#turned);
    this.#turned = now;
    this.look(now);
  }

  /** Closes the record. */
  end(): void {
    this.#taken.push(this.machine.stolen());
    this.#times.push(this.machine.now());
  }

  get elapsedMs(): number {
    return this.#times.at(-1)! - this.#times[0]!;
  }

  /** All that was taken. */
  get stolenMs(): number {
    return this.#taken.at(-1)! - this.#taken[0]!;
  }

  /** The most that can have been taken from what lasted from one moment to another: all of every look that overlaps it. */
  stolenWithin(from: number, to: number): number {
    if (to <= from) return 0;
    const first = Math.max(0, this.#after(from) - 1);
    const last = Math.min(this.#times.length - 1, this.#after(to));
    return Math.min(to - from, this.#taken[last]! - this.#taken[first]!);
  }

  /** The first look that was later than a moment. */
  #after(moment: number): number {
    let [low, high] = [0, this.#times.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#times[middle]! > moment) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
