import type { Clock } from '../../spec/index.js';

/** The time in a history: nanoseconds since a moment, the same in all threads and processes of a machine (CLOCK_MONOTONIC). */
export type Now = () => number;

/** Nanoseconds since `origin`, a value of `process.hrtime.bigint()`. A double holds them to the nanosecond for a hundred days. */
export const monotonicSince = (origin: bigint): Now => () => Number(process.hrtime.bigint() - origin);

interface Timer {
  node?: NodeJS.Timeout;
}

/** Shorter waits end as soon as they may: a timer of Node's waits for a millisecond at least. Milliseconds. */
const shortMs = 2;

/** Real time, with waits as short as they are asked for, so that commits can overlap in many ways. */
export class RealClock implements Clock {
  readonly #waiting = new Map<Timer, { readonly due: number; readonly callback: () => void }>();
  readonly #long = new Set<Timer>();
  #polls = false;

  /** In whole milliseconds, as a registry's clock has them: one elsewhere is told each time that it changes. */
  now(): number {
    return Math.floor(performance.now());
  }

  /** How many timers have been set and have not fired. */
  get pending(): number {
    return this.#waiting.size + this.#long.size;
  }

  setTimeout(callback: () => void, ms: number): unknown {
    const timer: Timer = {};
    if (ms >= shortMs) {
      this.#long.add(timer);
      timer.node = setTimeout(() => {
        this.#long.delete(timer);
        callback();
      }, ms);
    } else {
      this.#waiting.set(timer, { due: performance.now() + Math.max(0, ms), callback });
      this.#poll();
    }
    return timer;
  }

  clearTimeout(timer: unknown): void {
    const { node } = (timer ?? {}) as Timer;
    if (node !== undefined) clearTimeout(node);
    this.#waiting.delete(timer as Timer);
    this.#long.delete(timer as Timer);
  }

  #poll(): void {
    if (this.#polls) return;
    this.#polls = true;
    setImmediate(() => {
      this.#polls = false;
      const now = performance.now();
      const due = [...this.#waiting].filter(([, one]) => one.due <= now).sort(([, a], [, b]) => a.due - b.due);
      for (const [timer] of due) this.#waiting.delete(timer);
      if (this.#waiting.size > 0) this.#poll();
      // What one of them throws must not keep the others from it.
      for (const [, { callback }] of due) queueMicrotask(callback);
    });
  }
}
