import { Unanswered, Violation } from './findings.js';

/** In how many steps a clock moves on while something is waited for. */
const steps = 8;

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

/**
 * Repeats an expectation that a registry may meet late, until it holds or `boundMs` have passed: of its own time, if it lives by a
 * clock that `pass` moves on, and then of real time, since not everything that has a clock waits by it.
 */
export async function eventually(boundMs: number, expectation: () => Promise<void>, pass?: (ms: number) => Promise<void>): Promise<void> {
  for (let left = pass === undefined ? 0 : boundMs; left > 0; left -= Math.ceil(boundMs / steps)) {
    try {
      return await expectation();
    } catch (error) {
      if (!(error instanceof Violation)) throw error;
      await pass!(Math.min(left, Math.ceil(boundMs / steps)));
    }
  }
  const end = performance.now() + boundMs;
  for (;;) {
    try {
      return await expectation();
    } catch (error) {
      if (!(error instanceof Violation) || boundMs === 0) throw error;
      if (performance.now() >= end) break;
      await new Promise((resolve) => setTimeout(resolve, 3));
    }
  }
  // Where the process had no turn for a while, what was due in time may be waiting behind this.
  await new Promise((resolve) => setTimeout(resolve, boundMs / 4 + 10));
  return expectation();
}
