import { Worker } from 'node:worker_threads';
import { specificationVersion, type RequirementId, type SpecificationVersion } from '../../spec/index.js';
import { operationNames } from '../engine/answer.js';
import type { Called } from '../engine/endurance.js';
import { safe } from '../engine/show.js';
import type { Program } from '../engine/sequences.js';
import { conditionsOf } from '../report/conditions.js';
import type { Report } from '../report/result.js';
import { summarise, type Finding } from '../report/summary.js';
import { selectedBy, type Profile } from '../profile.js';
import type { Progress, Resumption, VerifyOptions } from '../verify.js';

/** What the worker is told. */
export interface Assignment {
  readonly module: string | undefined;
  /** A program that speaks the adapter protocol, in place of a module: file and arguments. */
  readonly command?: readonly string[];
  /** Whether the module is loaded in a thread of its own, and spoken to by the adapter protocol. */
  readonly isThread?: boolean;
  readonly argument: string | undefined;
  readonly only: readonly RequirementId[] | undefined;
  readonly profile?: Profile;
  readonly specification?: SpecificationVersion;
  readonly effort?: number;
  readonly seed: number;
  readonly runs: number;
  readonly patienceMs: number;
  readonly replay: Program | undefined;
  readonly load?: Pick<VerifyOptions, 'clients' | 'concurrency' | 'operations' | 'history'>;
}

/** What the worker is given: what to do, where to go on, and memory in which it says what it calls. */
export type WorkerData = Assignment & { readonly resume: Resumption | undefined; readonly calling: Int32Array };

/** What the worker says. */
export type Message =
  | { readonly kind: 'alive' }
  /** A program has begun, or has ended: the process group of this number. */
  | { readonly kind: 'began'; readonly pid: number }
  | { readonly kind: 'ended'; readonly pid: number }
  | { readonly kind: 'opened'; readonly registry: Report['registry'] }
  | { readonly kind: 'progress'; readonly progress: Progress }
  | { readonly kind: 'report'; readonly report: Report }
  | { readonly kind: 'unanswered'; readonly reason: string }
  | { readonly kind: 'adapter-error'; readonly reason: string };

export type Outcome = { readonly kind: 'report'; readonly report: Report } | { readonly kind: 'adapter-error'; readonly reason: string };

/** How often the worker shows that its event loop turns. Milliseconds. */
export const heartbeatMs = 250;

/** How often it is looked whether it has. Milliseconds. */
const lookMs = 500;

/** After so many workers there is no use in another. */
const mostWorkers = 4;

/** A worker that has turned its event loop is alive, but every wait in it is bounded: this long it may take for one thing. Milliseconds. */
const longestWithoutProgressMs = 180_000;

/**
 * Runs a verification in a worker thread, so that an adapter which blocks the event loop, exits, or floods the memory
 * takes the worker with it and not the verdict. What it was doing is inconclusive, what it was calling is not called again, and
 * another worker goes on with the rest.
 */
export function runInWorker({ showProgress, ...assignment }: Assignment & { readonly showProgress: boolean }, script: URL = new URL('./worker.js', import.meta.url)): Promise<Outcome> {
  const started = performance.now();
  const { seed, runs, only, profile, specification = specificationVersion, patienceMs } = assignment;
  // A call may take as long as anybody is patient, and the kit computes for some seconds now and then.
  const silenceMs = 10_000 + 2 * patienceMs;
  const findings: Finding[] = [];
  const givenUp: Partial<Record<Called, string>> = {};
  let registry: Report['registry'] | undefined;
  let progress: Pick<Progress, 'doing' | 'judging' | 'done' | 'sequences' | 'coverage'> = { doing: 'opening the registry', judging: undefined, done: 0, sequences: 0, coverage: {} };
  let workers = 0;

  const summary = (interrupted: boolean, isCut: boolean): Outcome => {
    const { sequences, coverage } = progress;
    const about = { registry: registry ?? { name: assignment.module ?? assignment.command?.join(' ') ?? 'sharded-registry', consistency: 'unknown', features: [] }, seed, runs, sequences, milliseconds: performance.now() - started, interrupted, specification, conditions: conditionsOf(profile), ...coverage };
    const aboutAll = findings.some(({ requirement }) => requirement === 'ERR-1') ? 'ERR-1' : undefined;
    return { kind: 'report', report: summarise(about, reported(profile, only, specification, aboutAll), findings, isCut) };
  };

  /** Runs a worker until it is done, or has to be given up: then it says why. */
  const runOne = (resume: Resumption | undefined): Promise<Outcome | { readonly kind: 'cut off'; readonly reason: string; readonly called: Called | undefined }> => {
    const calling = new Int32Array(new SharedArrayBuffer(4)).fill(-1);
    const before = progress;
    workers++;
    return new Promise((resolve) => {
      const worker = new Worker(script, {
        workerData: { ...assignment, resume, calling } satisfies WorkerData,
        // What an adapter prints is not the report.
        stdout: true,
        stderr: true,
        resourceLimits: { maxOldGenerationSizeMb: 2_048 },
      });
      worker.stdout.pipe(process.stderr, { end: false });
      worker.stderr.pipe(process.stderr, { end: false });

      // Programs do not outlive the verdict, whatever became of the thread that started them.
      const programs = new Set<number>();
      const endPrograms = (): void => programs.forEach(endGroup);
      process.once('exit', endPrograms);

      let finished = false;
      const finish = (outcome: Awaited<ReturnType<typeof runOne>>): void => {
        if (finished) return;
        finished = true;
        clearInterval(looking);
        process.off('SIGINT', interrupt);
        process.off('SIGTERM', interrupt);
        if (showProgress) process.stderr.write('\r\u001b[K');
        void worker.terminate().finally(() => {
          endPrograms();
          process.off('exit', endPrograms);
          resolve(outcome);
        });
      };
      const cutOff = (what: string): void => {
        const called = operationNames[calling[0]!];
        finish({ kind: 'cut off', reason: `${what} during: ${progress.doing}${called === undefined ? '' : `, in ${called}`}`, called });
      };
      const brokenDown = (what: string): void => (registry === undefined ? finish({ kind: 'adapter-error', reason: what }) : cutOff(what));

      // Counted in looks, not by a clock: a machine that was asleep has blocked nothing.
      let [silent, idle] = [0, 0];
      const looking = setInterval(() => {
        [silent, idle] = [silent + lookMs, idle + lookMs];
        if (showProgress && silent > 2 * heartbeatMs + lookMs) process.stderr.write(`\r\u001b[K${`the event loop is blocked, since ${silent / 1_000} s: ${safe(progress.doing)}`.slice(0, columns())}`);
        if (silent >= silenceMs) cutOff(`the registry blocked the event loop for ${silent / 1_000} s`);
        else if (idle >= longestWithoutProgressMs) cutOff(`nothing came of it for ${idle / 1_000} s`);
      }, lookMs);
      const interrupt = (): void => finish(summary(true, true));
      process.on('SIGINT', interrupt);
      process.on('SIGTERM', interrupt);

      worker.on('message', (message: Message) => {
        silent = 0;
        if (message.kind === 'alive') return;
        idle = 0;
        if (message.kind === 'opened') registry ??= message.registry;
        else if (message.kind === 'began') programs.add(message.pid);
        else if (message.kind === 'ended') programs.delete(message.pid);
        else if (message.kind === 'progress') {
          const { findings: found, sequences, coverage, ...rest } = message.progress;
          progress = { ...rest, sequences: before.sequences + sequences, coverage: { ...before.coverage, ...coverage } };
          findings.push(...found);
          if (showProgress) process.stderr.write(`\r\u001b[K${line(message.progress).slice(0, columns())}`);
        } else if (message.kind === 'unanswered') {
          note(message.reason);
          finish(summary(false, true));
        } else if (message.kind === 'report') finish(workers === 1 ? message : summary(false, false));
        else finish(message);
      });
      worker.on('error', (error) => brokenDown(`the worker of the run broke down: ${safe(String(error instanceof Error ? error.message : error), 300)}`));
      worker.on('exit', (code) => brokenDown(`the registry ended the process with code ${code}`));
    });
  };

  /** What was being done could not be judged. */
  const note = (reason: string): void => void findings.push({ requirement: progress.judging ?? 'ERR-1', result: { title: progress.doing, status: 'inconclusive', evidence: 0, situation: { what: 'a registry that answers', occurred: 0 }, milliseconds: 0, reason } });

  return (async () => {
    let resume: Resumption | undefined;
    for (;;) {
      const outcome = await runOne(resume);
      if (outcome.kind !== 'cut off') return outcome;
      note(outcome.reason);
      if (registry === undefined || workers >= mostWorkers) return summary(false, true);
      if (outcome.called !== undefined) givenUp[outcome.called] = 'blocked the event loop, or ended the process';
      const failed = findings.filter(({ result }) => result.status === 'failed').map(({ requirement }) => requirement);
      resume = { after: progress.done + 1, failed: [...new Set(failed)], givenUp };
    }
  })();
}

/** Ends a process and all that it has begun. */
export function endGroup(pid: number): void {
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, 'SIGKILL');
  } catch {
    // Nobody is left.
  }
}

/** The requirements to report: what stopped the run is reported under ERR-1, asked for or not. */
function reported(profile: Profile | undefined, only: readonly RequirementId[] | undefined, specification: SpecificationVersion, more: RequirementId | undefined): readonly RequirementId[] {
  const selected = selectedBy(profile, only, specification);
  return more === undefined || selected.includes(more) ? selected : [...selected, more];
}

const columns = (): number => Math.max(10, (process.stderr.columns ?? 80) - 1);

const line = ({ doing, done, of, sequences }: Progress): string => `${done}/${of} ${sequences > 0 ? `${sequences} sequences ` : ''}${safe(doing)}`;
