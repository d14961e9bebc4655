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

/** Repeats an expectation that a registry may meet late, until it holds or `boundMs` of real time have passed. */
export async function eventually(boundMs: number, expectation: () => Promise<void>): Promise<void> {
  const end = performance.now() + boundMs;
  for (;;) {
    try {
      return await expectation();
    } catch (error) {
      if (!(error instanceof Violation) || performance.now() >= end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 3));
    }
  }
}
