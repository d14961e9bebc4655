import { Worker } from 'node:worker_threads';
import { requirements, type RequirementId } from '../../spec/index.js';
import { safe } from '../engine/show.js';
import type { Program } from '../engine/sequences.js';
import type { Report } from '../report/result.js';
import { summarise, type Finding } from '../report/summary.js';
import type { Progress, VerifyOptions } from '../verify.js';

/** What the worker is told. */
export interface Assignment {
  readonly module: string | undefined;
  readonly argument: string | undefined;
  readonly only: readonly RequirementId[] | undefined;
  readonly seed: number;
  readonly runs: number;
  readonly patienceMs: number;
  readonly replay: Program | undefined;
  readonly load?: Pick<VerifyOptions, 'clients' | 'concurrency' | 'operations' | 'history'>;
}

/** What the worker says. */
export type Message =
  | { readonly kind: 'opened'; readonly registry: Report['registry'] }
  | { readonly kind: 'progress'; readonly progress: Progress }
  | { readonly kind: 'report'; readonly report: Report }
  | { readonly kind: 'unanswered'; readonly reason: string }
  | { readonly kind: 'adapter-error'; readonly reason: string };

export type Outcome = { readonly kind: 'report'; readonly report: Report } | { readonly kind: 'adapter-error'; readonly reason: string };

/**
 * Runs a verification in a worker thread, so that an adapter which blocks the event loop, exits, or floods the memory
 * takes the worker with it and not the verdict: what was found until then is reported, and the rest is inconclusive.
 */
export function runInWorker({ showProgress, ...assignment }: Assignment & { readonly showProgress: boolean }, script: URL = new URL('./worker.js', import.meta.url)): Promise<Outcome> {
  const started = performance.now();
  const findings: Finding[] = [];
  let registry: Report['registry'] = { name: assignment.module ?? 'sharded-registry', consistency: 'unknown', features: [] };
  let sequences = 0;
  let doing = 'opening the registry';

  return new Promise((resolve) => {
    const worker = new Worker(script, {
      workerData: assignment,
      // What an adapter prints is not the report.
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: 2_048 },
    });
    worker.stdout.pipe(process.stderr, { end: false });
    worker.stderr.pipe(process.stderr, { end: false });

    let finished = false;
    const finish = (outcome: Outcome): void => {
      if (finished) return;
      finished = true;
      clearTimeout(silence);
      process.off('SIGINT', interrupt);
      process.off('SIGTERM', interrupt);
      if (showProgress) process.stderr.write('\r\u001b[K');
      void worker.terminate().finally(() => resolve(outcome));
    };
    const soFar = (interrupted: boolean, reason?: string): Outcome => {
      const cut: Finding[] = reason === undefined ? [] : [{ requirement: 'ERR-1', result: { title: doing, status: 'inconclusive', evidence: 0, milliseconds: 0, reason } }];
      const { seed, runs, only } = assignment;
      const about = { registry, seed, runs, sequences, milliseconds: performance.now() - started, interrupted };
      return { kind: 'report', report: summarise(about, withUnfinished(only, reason), [...findings, ...cut], true) };
    };

    // The worker speaks at every check and every few sequences; each wait in it is bounded. If it is silent for longer
    // than the longest of those, its event loop is blocked.
    const silent = (): void => finish(soFar(false, `the registry blocked the event loop for ${silenceMs / 1_000} s during: ${doing}`));
    const silenceMs = 10_000 + 4 * assignment.patienceMs;
    let silence = setTimeout(silent, silenceMs);
    const interrupt = (): void => finish(soFar(true));
    process.on('SIGINT', interrupt);
    process.on('SIGTERM', interrupt);

    worker.on('message', (message: Message) => {
      clearTimeout(silence);
      silence = setTimeout(silent, silenceMs);
      if (message.kind === 'opened') registry = message.registry;
      else if (message.kind === 'progress') {
        const { progress } = message;
        ({ doing, sequences } = progress);
        findings.push(...progress.findings);
        if (showProgress) process.stderr.write(`\r\u001b[K${line(progress, process.stderr.columns ?? 80)}`);
      } else if (message.kind === 'unanswered') finish(soFar(false, message.reason));
      else finish(message);
    });
    worker.on('error', (error) => {
      const reason = `the worker of the run broke down during: ${doing}: ${safe(String(error instanceof Error ? error.message : error), 300)}`;
      finish(registry.features.length === 0 ? { kind: 'adapter-error', reason } : soFar(false, reason));
    });
    worker.on('exit', (code) => finish(registry.features.length === 0 ? { kind: 'adapter-error', reason: `the adapter ended the process with code ${code} while it was loaded` } : soFar(false, `the registry ended the process with code ${code} during: ${doing}`)));
  });
}

/** The requirements to report: what stopped the run is reported under ERR-1, asked for or not. */
function withUnfinished(only: readonly RequirementId[] | undefined, reason: string | undefined): readonly RequirementId[] {
  if (only === undefined) return requirements.map(({ id }) => id);
  return reason === undefined ? only : [...only, 'ERR-1'];
}

function line({ doing, done, of, sequences }: Progress, columns: number): string {
  const text = `${done}/${of} ${sequences > 0 ? `${sequences} sequences ` : ''}${safe(doing)}`;
  return text.slice(0, Math.max(10, columns - 1));
}
