import { openSync, readSync } from 'node:fs';

/** Milliseconds that something took. */
export interface Stopwatch {
  /** What is subtracted, for the report. */
  readonly kind: 'without waiting for a processor' | 'wall clock';
  /** Milliseconds of some beginning of time. */
  now(): number;
}

/**
 * On Linux the kernel says how long a thread was ready to run and had no processor (the second number of `/proc/self/schedstat`, in
 * nanoseconds; the main thread's). That is nobody's fault but the neighbours', and is left out. What the thread sleeps, or waits for
 * others, counts. Elsewhere it is the wall clock.
 */
export function stopwatch(file = '/proc/self/schedstat'): Stopwatch {
  const bytes = Buffer.alloc(128);
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
    if (!/^\d+ \d+ \d+\s*$/.test(bytes.toString('latin1', 0, readSync(descriptor, bytes, 0, bytes.length, 0)))) throw new Error('of another form');
  } catch {
    return { kind: 'wall clock', now: () => performance.now() };
  }
  const waited = (): number => {
    readSync(descriptor, bytes, 0, bytes.length, 0);
    const begins = bytes.indexOf(32) + 1;
    return Number(bytes.toString('latin1', begins, bytes.indexOf(32, begins))) / 1e6;
  };
  const now = (): number => {
    // Both numbers must be of one moment: who loses the processor between reading them reads them again.
    for (let before = waited(); ; ) {
      const time = performance.now();
      const after = waited();
      if (after === before) return time - before;
      before = after;
    }
  };
  return { kind: 'without waiting for a processor', now };
}
