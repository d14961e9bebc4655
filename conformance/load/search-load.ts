import type { Operation } from '../../model/index.js';
import type { RequirementId } from '../../spec/index.js';
import { AdapterError, type Adapter } from '../contract.js';
import { Unanswered, Violation } from '../engine/findings.js';
import type { Observed } from '../engine/registry-history.js';
import { showOperation } from '../engine/show.js';
import { HistoryFile, type History } from '../linearizability/index.js';
import { judgeLoad, type LoadViolation } from './judge.js';
import { runLoad, type LoadOptions, type LoadRun, type Spread } from './run-load.js';
import { admissionDuringLoad, closeDuringLoad, type ScenarioResult } from './scenarios.js';

export interface LoadSearchOptions {
  readonly spread: Spread;
  readonly clients: number;
  /** Of each load. */
  readonly operations: number;
  readonly seed: number;
  readonly patienceMs: number;
  /** After so long clients of a load stop to call, done or not, and no further load of theirs is begun. Milliseconds. */
  readonly milliseconds: number;
  readonly module?: string;
  /** Where the history of the last load, or of the first that is violated, is written to. */
  readonly historyFile?: string;
  readonly workers?: number;
  readonly script?: URL;
  readonly progress?: (doing: string) => void;
}

/** What was done, for the report. */
export interface LoadFigures {
  readonly spread: Spread;
  /** Whether clients called the registry themselves, or the host did for them. */
  readonly connected: boolean;
  readonly clients: number;
  readonly loads: number;
  readonly asked: number;
  readonly operations: number;
  readonly judged: number;
  /** Operations of which it is not known what became of them. */
  readonly lost: number;
  /** Which share of the operations overlapped another. */
  readonly overlapping: number;
  readonly perSecond: number;
  readonly milliseconds: number;
  readonly abandoned: readonly string[];
  readonly verdict: 'linearizable' | 'violated' | 'unknown';
}

export interface LoadResult {
  readonly violations: readonly LoadViolation[];
  readonly figures: LoadFigures;
  /** How often each requirement was put to the test. */
  readonly evidence: ReadonlyMap<RequirementId, number>;
  /** What could not be told, of which requirement; of all of them where none is named. */
  readonly inconclusive: readonly { readonly requirement?: RequirementId; readonly reason: string }[];
  readonly scenarios: readonly ScenarioResult[];
}

/** How many clients share names, to begin with. */
const crowd = 4;

/** How often a load that could not be judged is tried smaller. */
const mostLowered = 3;

/** How large loads are beside the one that was asked for. */
const few = 480;

/** How long the search for an order may take. Milliseconds. */
const judgeMs = 60_000;

/** The claim that the seed of this project made. */
const thousand = 1_000;

/**
 * Puts a registry under load and judges what came of it: loads of a mix of everything, in the second of which a client dies, a
 * thousand clients at once, and admission and the registry closing while clients are at work. Throws what `runLoad` does.
 */
export async function searchLoad(adapter: Adapter, options: LoadSearchOptions): Promise<LoadResult> {
  const search = new LoadSearch(adapter, options);
  try {
    await search.run();
  } catch (error) {
    if (!(error instanceof Unanswered) && !(error instanceof AdapterError)) throw error;
    search.inconclusive.push({ reason: error.message });
  }
  return search.result();
}

class LoadSearch {
  readonly inconclusive: { requirement?: RequirementId; reason: string }[] = [];
  readonly #violations: LoadViolation[] = [];
  readonly #evidence = new Map<RequirementId, number>();
  readonly #scenarios: ScenarioResult[] = [];
  readonly #runs: LoadRun[] = [];
  #asked = 0;
  #judged = 0;
  readonly #isEventual: boolean;

  constructor(
    readonly adapter: Adapter,
    readonly options: LoadSearchOptions,
  ) {
    this.#isEventual = adapter.consistency?.level === 'eventual';
  }

  async run(): Promise<void> {
    const { seed, clients, operations, milliseconds, progress } = this.options;
    const deadline = performance.now() + milliseconds;
    progress?.('a load in sequence');
    if (await this.#failsInSequence()) return void this.inconclusive.push({ reason: 'what a load does cannot be told from what is broken without it' });
    for (let round = 0; round < 2 && this.#violations.length === 0 && (round === 0 || performance.now() < deadline); round++) {
      progress?.(`a load of ${clients} clients`);
      await this.#load({ seed: seed + round * 0x51ed, clients, operations, milliseconds, killsOne: round === 1 });
    }
    if (this.#violations.length > 0 || this.inconclusive.length > 0 || this.#runs.some(({ unanswered }) => unanswered.length > 0)) return;
    progress?.(`${thousand} clients at once`);
    await this.#load({ spread: 'tasks', seed: seed + 1, clients: thousand, operations: 3 * thousand, milliseconds: Math.max(1_000, milliseconds / 3), readsAfter: false });
    for (const scenario of this.#isEventual ? [] : [admissionDuringLoad, closeDuringLoad]) {
      progress?.('a load, and what happens meanwhile');
      this.#scenarios.push(...(await scenario(this.adapter, this.#optionsOf({ seed: seed + 2, clients, operations: Math.min(operations, 2 * few), milliseconds: Math.max(1_000, milliseconds / 3) }))));
    }
  }

  /** A load, and the same smaller if it could not be judged. */
  async #load(given: Partial<LoadOptions> & Pick<LoadOptions, 'seed' | 'clients' | 'operations' | 'milliseconds'>): Promise<void> {
    const { historyFile } = this.options;
    for (let lowered = 0; ; lowered++) {
      const file = historyFile === undefined || given.clients === thousand ? undefined : new HistoryFile<Operation, Observed>(historyFile);
      const operations = Math.max(given.clients, given.operations >> lowered);
      const run = await runLoad(this.adapter, this.#optionsOf({ ...given, operations, crowd: Math.max(2, crowd >> lowered), ...(file && { sink: file }) })).finally(() => file?.close());
      if (file?.error !== undefined) this.inconclusive.push({ reason: `the history could not be written: ${file.error.message}` });
      this.#runs.push(run);
      this.#asked += operations;
      const { violations, judged, undecided } = await judgeLoad(run, { milliseconds: judgeMs, isEventual: this.#isEventual });
      this.#judged += undecided === undefined ? judged : 0;
      this.#count(run, undecided === undefined);
      for (const violation of violations) if (!(await this.#comesInSequence(violation))) this.#violations.push(violation);
      if (run.flooded) this.inconclusive.push({ requirement: 'RTE-5', reason: 'endpoints were sent more than anybody sent them' });
      if (undecided === undefined) return;
      if (lowered === mostLowered) return void this.inconclusive.push({ requirement: this.#isEventual ? 'CON-2' : 'CON-1', reason: `${undecided}, nor of fewer` });
    }
  }

  #optionsOf(more: Partial<LoadOptions> & Pick<LoadOptions, 'seed' | 'clients' | 'operations' | 'milliseconds'>): LoadOptions {
    const { spread, patienceMs, module, workers, script } = this.options;
    return { spread, patienceMs, crowd, ...(module !== undefined && { module }), ...(workers !== undefined && { workers }), ...(script && { script }), ...more };
  }

  /** Whether the mix goes wrong with nothing overlapping: then other checks say better what is wrong. */
  async #failsInSequence(): Promise<boolean> {
    const run = await runLoad(this.adapter, this.#optionsOf({ spread: 'sequence', seed: this.options.seed, clients: 8, operations: few, milliseconds: 2_000 }));
    return (await judgeLoad(run, { milliseconds: judgeMs, isEventual: this.#isEventual })).violations.length > 0;
  }

  /** Whether the same operations go wrong one after the other. */
  async #comesInSequence({ part }: LoadViolation): Promise<boolean> {
    const steps = [...part].filter(({ actor }) => actor.startsWith('client')).sort((a, b) => a.start - b.start).slice(0, 5_000).map(({ invocation }) => invocation);
    const run = await runLoad(this.adapter, this.#optionsOf({ spread: 'sequence', steps, seed: this.options.seed, clients: 2, operations: steps.length, milliseconds: 3_000 }));
    return (await judgeLoad(run, { milliseconds: judgeMs, isEventual: this.#isEventual })).violations.length > 0;
  }

  #count({ history, arrivals }: LoadRun, isDecided: boolean): void {
    const add = (requirement: RequirementId, count: number): void => void (count > 0 && this.#evidence.set(requirement, (this.#evidence.get(requirement) ?? 0) + count));
    const answered = (test: (op: Operation['op']) => boolean): number => history.filter(({ invocation, response }) => test(invocation.op) && response?.kind === 'done').length;
    add('DLK-4', history.length);
    if (isDecided) {
      add(this.#isEventual ? 'CON-2' : 'CON-1', history.length);
      add('CON-3', history.filter(({ response }) => response?.kind === 'refused').length);
    }
    if (this.#isEventual) return;
    add('LST-3', answered((op) => op.startsWith('list')));
    add('RTE-4', answered((op) => op.startsWith('route')));
    add('RTE-5', arrivals.length);
    add('RTE-8', arrivals.length);
    add('RTE-9', answered((op) => op === 'broadcast'));
  }

  result(): LoadResult {
    const runs = this.#runs;
    const of = (count: (run: LoadRun) => number): number => runs.reduce((sum, run) => sum + count(run), 0);
    const operations = of(({ history }) => history.length);
    const took = of(({ milliseconds }) => milliseconds);
    const unanswered = runs.flatMap((run) => run.unanswered);
    if (unanswered.length > 0 && !runs.some(({ blocked }) => blocked)) this.inconclusive.push({ requirement: 'DLK-4', reason: `not answered: ${unanswered.length} calls` });
    const { spread, clients } = this.options;
    const isViolated = this.#violations.some(({ requirement }) => requirement.startsWith('CON-'));
    return {
      violations: [...this.#violations, ...blockedIn(runs)],
      evidence: this.#evidence,
      inconclusive: this.inconclusive,
      scenarios: this.#scenarios,
      figures: {
        spread, clients, connected: runs.some(({ connected }) => connected), loads: runs.length, asked: this.#asked, operations, judged: this.#judged,
        lost: of(({ history }) => history.filter(({ end }) => end === Infinity).length),
        overlapping: operations === 0 ? 0 : of(({ history }) => overlapping(history)) / operations,
        perSecond: took === 0 ? 0 : Math.round((operations / took) * 1_000),
        milliseconds: took,
        abandoned: runs.flatMap(({ abandoned }) => abandoned.map(({ worker, reason }) => `worker ${worker + 1}: ${reason}`)),
        verdict: isViolated ? 'violated' : this.inconclusive.length > 0 || this.#judged === 0 ? 'unknown' : 'linearizable',
      },
    };
  }
}

/** Calls that wait for ever, of the first load in which some do. */
function blockedIn(runs: readonly LoadRun[]): LoadViolation[] {
  const run = runs.find(({ blocked }) => blocked);
  if (run === undefined) return [];
  const shown = run.unanswered.slice(0, 6).map((operation) => showOperation(operation)).join('; ');
  const violation = new Violation('calls are never answered: nothing is left that could happen', 'every operation ends', `${run.unanswered.length} wait for ever: ${shown}`, 'DLK-4');
  return [{ requirement: 'DLK-4', violation, history: [], part: [] }];
}

/** How many operations overlap another. */
function overlapping(history: History): number {
  const sorted = [...history].sort((a, b) => a.start - b.start);
  let [count, reach] = [0, -Infinity];
  for (const [i, { start, end }] of sorted.entries()) {
    if (start < reach || (sorted[i + 1]?.start ?? Infinity) < end) count++;
    reach = Math.max(reach, end);
  }
  return count;
}
