import { Unanswered, Violation } from './findings.js';

/** Waits no longer than `ms`. The timer starts only when some turns of the promise queue have not been enough. */
export async function within<T>(ms: number, what: string, promise: Promise<T>): Promise<T> {
  let settled = false;
  const watched = promise.finally(() => {
    settled = true;
  });
  for (let i = 0; i < 8 && !settled; i++) await undefined;
  if (settled) return watched;
  let timer: NodeJS.Timeout | undefined;
  const expiry = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Unanswered(`${what} did not answer within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([watched, expiry]);
  } finally {
    clearTimeout(timer);
  }
}

/** A clock that stands still unless it is told to go on, and how much of its time a registry that lives by it may take. */
export interface Lag {
  readonly ms: number;
  readonly advance: (ms: number) => Promise<void>;
}

/**
 * Repeats an expectation that a registry may meet late, until it holds or `boundMs` of real time have passed, and `lag` of the time
 * that the registry lives by. A violation that is `excused`, since it is known, is given a tenth of the time: it will not go away.
 */
export async function eventually(boundMs: number, expectation: () => Promise<void>, lag?: Lag, excused: (violation: Violation) => boolean = () => false): Promise<void> {
  const began = performance.now();
  let wait = boundMs;
  const step = Math.ceil((lag?.ms ?? 0) / 5);
  let left = lag?.ms ?? 0;
  for (let isLast = false; ; ) {
    // When the process has had no turn for a while, neither has the registry: what is due by then comes before the last try.
    const isOver = left <= 0 && performance.now() >= began + wait;
    try {
      return await expectation();
    } catch (error) {
      if (!(error instanceof Violation) || isLast || (boundMs === 0 && left <= 0)) throw error;
      wait = excused(error) ? boundMs / 10 : boundMs;
      isLast = isOver;
      if (left > 0) await lag!.advance(Math.min(step, left));
      else await new Promise((resolve) => setTimeout(resolve, 3));
      left -= step;
    }
  }
}
