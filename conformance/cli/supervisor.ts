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
import { heartbeatMs, lookMs, watchThread } from './watched-thread.js';

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
  | { readonly kind: 'opened'; readonly registry: Report['registry'] }
  | { readonly kind: 'progress'; readonly progress: Progress }
  | { readonly kind: 'report'; readonly report: Report }
  | { readonly kind: 'unanswered'; readonly reason: string }
  | { readonly kind: 'adapter-error'; readonly reason: string };

export type Outcome = { readonly kind: 'report'; readonly report: Report } | { readonly kind: 'adapter-error'; readonly reason: string };

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
      const finish = (outcome: Awaited<ReturnType<typeof runOne>>): void => {
        if (finished) return;
        finished = true;
        if (showProgress) process.stderr.write('\r\u001b[K');
        void end().finally(() => resolve(outcome));
      };
      const cutOff = (what: string): void => {
        const called = operationNames[calling[0]!];
        finish({ kind: 'cut off', reason: `${what} during: ${progress.doing}${called === undefined ? '' : `, in ${called}`}`, called });
      };
      let finished = false;
      let idle = 0;
      const end = watchThread<Message>(script, { ...assignment, resume, calling } satisfies WorkerData, {
        silenceMs,
        blocked: cutOff,
        ended: (what) => (registry === undefined ? finish({ kind: 'adapter-error', reason: what }) : cutOff(what)),
        interrupted: () => finish(summary(true, true)),
        looked(silent) {
          idle += lookMs;
          if (showProgress && silent > 2 * heartbeatMs + lookMs) process.stderr.write(`\r\u001b[K${`the event loop is blocked, since ${silent / 1_000} s: ${safe(progress.doing)}`.slice(0, columns())}`);
          if (idle >= longestWithoutProgressMs) cutOff(`nothing came of it for ${idle / 1_000} s`);
        },
        hear(message) {
          idle = 0;
          if (message.kind === 'opened') registry ??= message.registry;
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
        },
      });
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

/** The requirements to report: what stopped the run is reported under ERR-1, asked for or not. */
function reported(profile: Profile | undefined, only: readonly RequirementId[] | undefined, specification: SpecificationVersion, more: RequirementId | undefined): readonly RequirementId[] {
  const selected = selectedBy(profile, only, specification);
  return more === undefined || selected.includes(more) ? selected : [...selected, more];
}

const columns = (): number => Math.max(10, (process.stderr.columns ?? 80) - 1);

const line = ({ doing, done, of, sequences }: Progress): string => `${done}/${of} ${sequences > 0 ? `${sequences} sequences ` : ''}${safe(doing)}`;
