import { Worker } from 'node:worker_threads';
import { safe } from '../engine/show.js';

/** How often a thread shows that its event loop turns. Milliseconds. */
export const heartbeatMs = 250;

/** How often it is looked whether it has. Milliseconds. */
export const lookMs = 500;

/** What every watched thread says, beside what it has to say. */
export type SignOfLife =
  | { readonly kind: 'alive' }
  /** A program has begun, or has ended: the process group of this number. */
  | { readonly kind: 'began' | 'ended'; readonly pid: number };

export interface Watching<M> {
  /** Milliseconds after which a thread whose event loop does not turn is given up. */
  readonly silenceMs: number;
  readonly hear: (message: M) => void;
  /** Its event loop does not turn, or it has ended by itself: nothing more will come of it. One of these is called, once, unless it is ended before. */
  readonly blocked: (reason: string) => void;
  readonly ended: (reason: string) => void;
  /** Somebody wants it to stop (SIGINT, SIGTERM). */
  readonly interrupted: () => void;
  /** Each time that somebody has looked: for how many milliseconds it has shown no sign of life. */
  readonly looked?: (silent: number) => void;
}

/**
 * Runs a script in a thread, in which an adapter may block the event loop, exit, or flood the memory without taking more than the thread
 * with it. What it prints goes to stderr. Programs that it says have begun end with it, and with this process. Gives what ends it.
 */
export function watchThread<M>(script: URL, workerData: unknown, { silenceMs, hear, blocked, ended, interrupted, looked }: Watching<M>): () => Promise<void> {
  const worker = new Worker(script, { workerData, stdout: true, stderr: true, resourceLimits: { maxOldGenerationSizeMb: 2_048 } });
  worker.stdout.pipe(process.stderr, { end: false });
  worker.stderr.pipe(process.stderr, { end: false });
  const programs = new Set<number>();
  const endPrograms = (): void => programs.forEach(endGroup);
  process.once('exit', endPrograms);
  process.on('SIGINT', interrupted);
  process.on('SIGTERM', interrupted);

  let isOver = false;
  const over = (tell: (reason: string) => void, reason: string): void => {
    if (isOver) return;
    isOver = true;
    tell(reason);
  };
  // Counted in looks, not by a clock: a machine that was asleep has blocked nothing.
  let silent = 0;
  const looking = setInterval(() => {
    silent += lookMs;
    looked?.(silent);
    if (silent >= silenceMs) over(blocked, `the registry blocked the event loop for ${silent / 1_000} s`);
  }, lookMs);
  worker.on('message', (message: M | SignOfLife) => {
    silent = 0;
    const { kind, pid } = message as { readonly kind: string; readonly pid: number };
    if (kind === 'began') programs.add(pid);
    else if (kind === 'ended') programs.delete(pid);
    else if (kind !== 'alive' && !isOver) hear(message as M);
  });
  worker.on('error', (error) => over(ended, `the worker of the run broke down: ${safe(String(error instanceof Error ? error.message : error), 300)}`));
  worker.on('exit', (code) => over(ended, `the registry ended the process with code ${code}`));
  return async () => {
    isOver = true;
    clearInterval(looking);
    process.off('SIGINT', interrupted);
    process.off('SIGTERM', interrupted);
    await worker.terminate();
    endPrograms();
    process.off('exit', endPrograms);
  };
}

/** Ends a process and all that it has begun. */
function endGroup(pid: number): void {
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, 'SIGKILL');
  } catch {
    // Nobody is left.
  }
}
