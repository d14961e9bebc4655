import { openSync, readSync } from 'node:fs';
import type { Clock } from '../../spec/index.js';

/** The machine that something is measured on, as far as it can be seen. Injected, so that tests have one whose time is made. */
export interface Machine {
  /** Milliseconds since some moment, which never go back. */
  now(): number;
  /** Milliseconds so far in which this thread would have run, and the machine did not let it. Grows, and means nothing but its growth. */
  stolen(): number;
  /** Lets everything that waits for the event loop go on, once, and does not idle: who sleeps cannot tell being kept waiting from sleeping. */
  turn(): Promise<void>;
  /** The time that a registry gets. */
  readonly clock: Clock;
}

/** The machine that we are on. */
export function thisMachine(): Machine {
  const delay = runDelay();
  return {
    now: () => performance.now(),
    stolen: stolenTime(delay, () => performance.now(), () => process.cpuUsage()),
    turn: () => new Promise((resolve) => setImmediate(resolve)),
    clock: {
      now: () => performance.now(),
      setTimeout: (callback, ms) => setTimeout(callback, ms),
      clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout),
    },
  };
}

/**
 * What the machine takes away, interval by interval, from two sources of which the larger counts. The kernel says how long the thread stood
 * in line for a processor (Linux). And while it measures it never idles: time in which the whole process has used less than one
 * processor has gone elsewhere, for example to those that a garbage collector's helpers were kept waiting by.
 */
export function stolenTime(runDelayMs: (() => number) | undefined, now: () => number, cpu: () => { readonly user: number; readonly system: number }): () => number {
  const used = (): number => {
    const { user, system } = cpu();
    return (user + system) / 1_000;
  };
  let [at, busy, delayed, sum] = [now(), used(), runDelayMs?.() ?? 0, 0];
  return () => {
    const [nextAt, nextBusy, nextDelayed] = [now(), used(), runDelayMs?.() ?? 0];
    sum += Math.max(0, nextDelayed - delayed, nextAt - at - (nextBusy - busy));
    [at, busy, delayed] = [nextAt, nextBusy, nextDelayed];
    return sum;
  };
}

/** How long this thread has waited for a processor while it could have run. Milliseconds; nothing where the kernel does not say. */
function runDelay(): (() => number) | undefined {
  const line = Buffer.alloc(96);
  let file: number;
  const read = (): number => Number(line.toString('latin1', 0, readSync(file, line, 0, line.length, 0)).split(' ')[1]) / 1e6;
  try {
    file = openSync('/proc/thread-self/schedstat', 'r');
    return Number.isFinite(read()) ? read : undefined;
  } catch {
    return undefined;
  }
}
