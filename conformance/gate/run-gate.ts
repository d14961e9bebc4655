import { AdapterError } from '../contract.js';
import { compareCounters, judgeCounters, type Counted, type CounterFinding } from './compare-counters.js';
import type { Counters } from './counters.js';
import type { CountedFunction } from './messages.js';
import { ProcessFailure, startProcess, type Start, type Worker } from './process.js';
import { calibrate, type Sized, type Times } from './rounds.js';
import { stopwatch } from './stopwatch.js';
import { timedRun, type TimedRun } from './timed-run.js';
import { recurring, worst, type Judgement, type Rule, type Verdict } from './verdict.js';
import { workloads as allWorkloads } from './workloads.js';

/** What is compared with what, and how thoroughly. */
export interface GateOptions {
  /** Modules that export `adapter`. */
  readonly baseline: string;
  readonly candidate: string;
  readonly seed: number;
  /** Names of workloads; all that both registries have the operations for unless said. */
  readonly workloads?: readonly string[];
  /** Process pairs: at least, and at most where the controls need more. */
  readonly rounds: number;
  readonly maxRounds: number;
  /** How many batches each arm has in a round, there, and as many back. */
  readonly blocks: number;
  /** What batches are made to last, and what each must last. */
  readonly batchMs: number;
  readonly leastBatchMs: number;
  readonly warmUpMs: number;
  readonly entries: number;
  readonly rule: Rule;
  /** The planted slowdown that a run must see: a multiple of 1/20. */
  readonly planted: number;
  /** Leaves the times out. */
  readonly countersOnly?: boolean;
  /** Functions of the builds whose calls are counted. */
  readonly functions?: readonly CountedFunction[];
  /** Counters that are meant to change: `counter`, or `workload/counter`. */
  readonly accepted?: ReadonlySet<string>;
  readonly signal?: AbortSignal;
  /** How to come by processes. */
  readonly start?: Start;
  readonly onProgress?: (text: string) => void;
}

export const gateDefaults = { rounds: 8, maxRounds: 16, blocks: 4, batchMs: 60, leastBatchMs: 50, warmUpMs: 500, entries: 1_000, rule: { floor: 0.05, confidence: 0.99 }, planted: 0.1 } as const;

/** What was found out about one workload. */
export interface WorkloadResult {
  readonly workload: string;
  /** How often a unit did its work in the end; a batch has twenty units. */
  readonly size: number;
  readonly verdict: Verdict;
  readonly rounds: number;
  readonly first: Judgement;
  /** If the first said slower. */
  readonly second?: Judgement;
  /** Milliseconds of every batch, so that all can be judged again. */
  readonly times: { readonly first: readonly Times[]; readonly second?: readonly Times[] };
}

export interface GateReport {
  readonly kind: 'regression-gate';
  readonly version: 1;
  readonly verdict: Verdict;
  /** Why nothing can be said, if the run as a whole is invalid. */
  readonly reason?: string;
  readonly seed: number;
  readonly rule: Rule;
  readonly planted: number;
  readonly node: string;
  /** What is meant by time. */
  readonly clock: string;
  readonly counters: CounterFinding;
  readonly workloads: readonly WorkloadResult[];
  /** Workloads that one of the registries lacks operations for. */
  readonly untested: readonly string[];
  readonly seconds: number;
}

/** Counts, times, and times again what seems slower. Throws {@link AdapterError}. */
export async function runGate(options: GateOptions): Promise<GateReport> {
  const began = performance.now();
  const { seed, rule, planted, signal = new AbortController().signal, onProgress = () => undefined } = options;
  const about = { kind: 'regression-gate', version: 1, seed, rule, planted, node: process.version, clock: stopwatch().kind } as const;
  let counters: CounterFinding = { compared: 0, changes: [], uncountable: [], unsteady: [] };
  let results: readonly WorkloadResult[] = [];
  let untested: readonly string[] = [];
  let reason: string | undefined;
  try {
    const wanted = options.workloads ?? allWorkloads.map(({ name }) => name);
    const offered = await offeredByBoth(options, signal);
    untested = wanted.filter((name) => !offered.has(name));
    const names = wanted.filter((name) => offered.has(name));
    if (names.length === 0) throw new ProcessFailure('there is no workload that both have the operations for');
    counters = compareCounters(await countAll(names, options, signal, onProgress), options.accepted);
    if (counters.compared + counters.unsteady.length === 0) throw new ProcessFailure('the baseline does nothing twice in the same way: there is nothing to count');
    if (options.countersOnly !== true) results = await timeAll(names, options, signal, onProgress);
  } catch (error) {
    if (!(error instanceof ProcessFailure)) throw error;
    reason = signal.aborted ? 'interrupted' : error.message;
  }
  const verdict = worst([judgeCounters(counters), ...results.map((one) => one.verdict), ...(reason === undefined ? [] : ['invalid' as const])]);
  return { ...about, verdict, ...(reason !== undefined && { reason }), counters, workloads: results, untested, seconds: (performance.now() - began) / 1_000 };
}

/** Throws {@link AdapterError} for a module that has no adapter, or one whose registry cannot be opened. */
async function offeredByBoth({ baseline, candidate, start = startProcess }: GateOptions, signal: AbortSignal): Promise<ReadonlySet<string>> {
  const offers = (module: string): Promise<string[]> =>
    withProcess(start(module, 'times', signal), (one) => one.ask<string[]>({ kind: 'offers' })).catch((error: unknown) => {
      throw signal.aborted ? error : new AdapterError((error as Error).message);
    });
  const [before, after] = [await offers(baseline), await offers(candidate)];
  return new Set(before.filter((name) => after.includes(name)));
}

/** Each workload twice in each build, every time in a process of its own; no time is measured, so both builds may be at work at once. */
async function countAll(names: readonly string[], { baseline, candidate, functions = [], start = startProcess }: GateOptions, signal: AbortSignal, onProgress: (text: string) => void): Promise<Record<string, Counted>> {
  const counted: Record<string, Counted> = {};
  for (const workload of names) {
    onProgress(`counting: ${workload}`);
    const counts = (module: string): Promise<Counters> => withProcess(start(module, 'counts', signal), (one) => one.ask<Counters>({ kind: 'count', workload, functions }));
    const twice = async (module: string): Promise<[Counters, Counters]> => [await counts(module), await counts(module)];
    const [before, after] = await Promise.all([twice(baseline), twice(candidate)]);
    counted[workload] = { baseline: before, candidate: after };
  }
  return counted;
}

async function timeAll(names: readonly string[], options: GateOptions, signal: AbortSignal, onProgress: (text: string) => void): Promise<WorkloadResult[]> {
  onProgress('calibrating');
  const sized = await calibrate([options.baseline, options.candidate], names, { ...options, signal });
  const time = (name: string, workloads: readonly Sized[], seed: number): Promise<TimedRun[]> =>
    timedRun({ ...options, workloads, candidates: [{ name: 'candidate', module: options.candidate }], seed, signal, onRound: (round, count) => onProgress(`${name}: round ${round}, ${count} workloads`) });
  const first = await time('first run', sized, options.seed);
  const suspicious = sized.filter((_, i) => judgementOf(first[i]!).verdict === 'slower');
  const second = suspicious.length === 0 ? [] : await time('second run', suspicious, options.seed + 1);
  return sized.map(({ workload }, i) => {
    const [once, again] = [first[i]!, second.find((one) => one.workload === workload)];
    return {
      workload,
      size: once.size,
      verdict: recurring(judgementOf(once).verdict, again && judgementOf(again).verdict),
      rounds: once.times.length + (again?.times.length ?? 0),
      first: judgementOf(once),
      ...(again && { second: judgementOf(again) }),
      times: { first: once.times, ...(again && { second: again.times }) },
    };
  });
}

const judgementOf = ({ judgements }: TimedRun): Judgement => judgements.get('candidate')!;

async function withProcess<T>(one: Worker, use: (one: Worker) => Promise<T>): Promise<T> {
  try {
    return await use(one);
  } finally {
    one.end();
  }
}
