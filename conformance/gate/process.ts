import { fork, spawnSync, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { isAnswer, type Assignment, type Question } from './messages.js';

/** A process did not do what it was asked: it died, hangs, or its registry failed. */
export class ProcessFailure extends Error {
  override readonly name = 'ProcessFailure';
}

/** What a process runs. */
export const workerScript = new URL('worker.js', import.meta.url);

/** Whether what is counted or what is timed; the former without compilers, whose moment of work is by chance, and with the same `Math.random`. */
export type Purpose = 'counts' | 'times';
const flags: Readonly<Record<Purpose, readonly string[]>> = {
  counts: ['--expose-gc', '--no-opt', '--no-sparkplug', '--single-threaded', '--random-seed=1', '--min-semi-space-size=64', '--max-semi-space-size=64'],
  // A young generation that adapts, helpers of the collector that the kernel puts somewhere, and objects that are made old at once since they
  // outlived a collection that chance called for: all of these make processes that differ for life.
  times: ['--expose-gc', '--no-allocation-site-pretenuring', '--single-threaded-gc', '--min-semi-space-size=64', '--max-semi-space-size=64'],
};

/**
 * Processors are not alike: on a shared machine each has neighbours of its own, and a process that the kernel has put beside a busy one
 * is slower for life (by a third, as we have seen). So all that is timed runs on one processor, one process at a time: the last that we
 * may use, and where `taskset` is not there (other systems than Linux) on any.
 */
let pinning: readonly string[] | undefined;
function pinned(): readonly string[] {
  if (pinning === undefined) {
    const processor = lastProcessor();
    const isThere = processor !== undefined && spawnSync('taskset', ['-c', processor, process.execPath, '--version'], { stdio: 'ignore', timeout: 10_000 }).status === 0;
    pinning = isThere ? ['taskset', '-c', processor] : [];
  }
  return pinning;
}

function lastProcessor(): string | undefined {
  try {
    return /^Cpus_allowed_list:.*?(\d+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  } catch {
    return undefined;
  }
}

/** Who has one build, and does what is asked. */
export interface Worker {
  ask<T>(question: Question, patienceMs?: number): Promise<T>;
  end(): void;
}

/** How the gate comes by its workers: by fresh processes, other than on the simulated machines that it is tried on. */
export type Start = (module: string, purpose: Purpose, signal: AbortSignal) => Worker;
export const startProcess: Start = (module, purpose, signal) => new GateProcess(module, purpose, signal);

/** A fresh process with one build in it. */
export class GateProcess implements Worker {
  readonly #child: ChildProcess;
  readonly #build: string;
  #ended: string | undefined;

  constructor(module: string, purpose: Purpose, signal: AbortSignal, script: URL = workerScript) {
    this.#build = module;
    const [execPath, ...execArgv] = [...(purpose === 'times' ? pinned() : []), process.execPath, ...flags[purpose]] as [string, ...string[]];
    this.#child = fork(script, [JSON.stringify({ module } satisfies Assignment)], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], execPath, execArgv });
    const end = (): void => this.end();
    signal.addEventListener('abort', end);
    this.#child.once('exit', (code, killedBy) => {
      this.#ended = killedBy ?? `code ${code}`;
      signal.removeEventListener('abort', end);
    });
    if (signal.aborted) this.end();
  }

  ask<T>(question: Question, patienceMs = 60_000): Promise<T> {
    return new Promise((resolve, reject) => {
      const fail = (reason: string): void => finish(() => reject(new ProcessFailure(`${this.#build}: ${reason}`)));
      const message = (answer: unknown): void => {
        if (!isAnswer(answer)) return; // An adapter may have things of its own to say.
        if (answer.kind === 'failed') fail(answer.reason);
        else finish(() => resolve(answer.value as T));
      };
      const exit = (code: number | null, killedBy: string | null): void => fail(`the process ended (${killedBy ?? `code ${code}`})`);
      const error = (problem: Error): void => fail(problem.message);
      const timer = setTimeout(() => {
        fail(`no answer to "${question.kind}" within ${patienceMs / 1_000} s`);
        this.end();
      }, patienceMs);
      const finish = (settle: () => void): void => {
        clearTimeout(timer);
        this.#child.off('message', message).off('exit', exit).off('error', error);
        settle();
      };
      if (this.#ended !== undefined) {
        fail(`the process ended (${this.#ended})`);
        return;
      }
      this.#child.on('message', message).once('exit', exit).once('error', error);
      this.#child.send(question, (problem) => void (problem && fail(problem.message)));
    });
  }

  end(): void {
    this.#child.kill('SIGKILL');
  }
}
