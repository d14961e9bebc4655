import type { Operation } from '../../model/index.js';
import type { RequirementId } from '../../spec/index.js';
import { AdapterError, type Adapter } from '../contract.js';
import { Unanswered, Violation } from '../engine/findings.js';
import type { Observed } from '../engine/registry-history.js';
import { contested, sum, uncontested } from '../engine/contested.js';
import { showOperation } from '../engine/show.js';
import { HistoryFile, type History } from '../linearizability/index.js';
import type { Situation } from '../report/result.js';
import { judgeLoad, type LoadViolation } from './judge.js';
import type { TimedArrival } from './ledger.js';
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
  /** How often what each requirement is about came about. */
  readonly situations: ReadonlyMap<RequirementId, Situation>;
  /** Whether any call outlasted its return, and another in between. */
  readonly overlapped: boolean;
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

/** As many at once as a program takes unless it says otherwise, and what they come to in a second or two; and that some times. */
const [burstClients, burstOperations, bursts, burstMs] = [256, 60_000, 4, 3_000];

/** How often a registry that serves several calls at a time is closed while so many are made. */
const [closes, closeClients] = [40, 64];

/** The claim that the seed of this project made. */
const thousand = 1_000;

/**
 * Puts a registry under load and judges what came of it: loads of a mix of everything, in the second of which a client dies, a
 * thousand clients at once, bursts of calls if it is elsewhere, and admission and the registry closing while clients are at work. Throws
 * what `runLoad` does.
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
  readonly #situations = new Map<RequirementId, Situation>();
  #contested = uncontested;
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
    const enough = performance.now() + bursts * burstMs;
    const goesOn = (): boolean => this.#violations.length === 0 && performance.now() < enough && !this.#runs.some(({ unanswered }) => unanswered.length > 0);
    for (let burst = 0; burst < bursts && this.#isParallel() && goesOn(); burst++) {
      progress?.('a load in bursts');
      await this.#load({ spread: 'bursts', seed: seed + 3 + burst * 0x51ed, clients: burstClients, operations: burstOperations, milliseconds: Math.min(milliseconds, burstMs), readsAfter: false });
    }
    if (this.#isEventual) return;
    progress?.('a load, and what happens meanwhile');
    const options = this.#optionsOf({ seed: seed + 2, clients, operations: Math.min(operations, 2 * few), milliseconds: Math.max(1_000, milliseconds / 3) });
    this.#scenarios.push(...(await admissionDuringLoad(this.adapter, options)));
    this.#scenarios.push(...(await this.#closes(options)));
  }

  /** What a close meets, it meets once: where that is a matter of chance, it is given some. */
  async #closes(options: LoadOptions): Promise<ScenarioResult[]> {
    const first = await closeDuringLoad(this.adapter, options);
    const isOf = (results: readonly ScenarioResult[]): boolean => results.some(({ violation }) => violation !== undefined);
    if (!this.#isParallel() || isOf(first) || !first.some(({ requirement }) => requirement === 'CLS-1')) return first;
    const late = performance.now() + burstMs;
    for (let again = 1; again < closes && performance.now() < late; again++) {
      const results = await closeDuringLoad(this.adapter, { ...options, seed: options.seed + again * 0x51ed, clients: closeClients, operations: few });
      if (isOf(results)) return results;
    }
    return first;
  }

  /** A load, and the same smaller if it could not be judged. */
  async #load(given: Partial<LoadOptions> & Pick<LoadOptions, 'seed' | 'clients' | 'operations' | 'milliseconds'>): Promise<void> {
    const { historyFile } = this.options;
    for (let lowered = 0; ; lowered++) {
      const file = historyFile === undefined || given.clients === thousand || given.spread === 'bursts' ? undefined : new HistoryFile<Operation, Observed>(historyFile);
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
      // Bursts are not asked for, and their crowds are as small as they can be.
      if (undecided === undefined || given.spread === 'bursts') return;
      if (lowered === mostLowered) return void this.inconclusive.push({ requirement: this.#isEventual ? 'CON-2' : 'CON-1', reason: `${undecided}, nor of fewer` });
    }
  }

  /**
   * Whether it is elsewhere, and serves several calls at a time, so that one is answered before another that was called earlier: what
   * happens there between two steps, no scheduler of ours decides.
   */
  #isParallel(): boolean {
    return this.#runs.some(({ mix, history }) => !mix.offered.includes('in-process') && overtakes(history));
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
    const count = contested(history);
    this.#contested = sum(this.#contested, count);
    const add = (requirement: RequirementId, what: string, occurred: number): void =>
      void this.#situations.set(requirement, { what, occurred: occurred + (this.#situations.get(requirement)?.occurred ?? 0) });
    add('DLK-4', 'an operation that has to wait for another on the same name', count.waits);
    if (isDecided) {
      add(this.#isEventual ? 'CON-2' : 'CON-1', 'an operation that overlaps another on the same name, where one of them is a write', count.operations);
      add('CON-3', 'an operation that overlaps another and is refused, or of which nobody knows what became of it', count.refusals);
    }
    if (this.#isEventual) return;
    const messages = deliveredAmong(history, arrivals);
    add('LST-3', 'a list that overlaps a write of its namespace', count.lists);
    add('RTE-4', 'a message delivered after another from the same sender to the same recipient', messages.following);
    add('RTE-5', 'a message that was delivered', arrivals.length);
    add('RTE-8', 'a message delivered to a name that another endpoint has held', messages.toSuccessors);
    add('RTE-9', 'a broadcast that overlaps a bind, an unbind or an end of a binding of its server', count.broadcasts);
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
      situations: this.#situations,
      overlapped: this.#contested.crossing > 0,
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

/** Whether an operation was answered before another that was called earlier. */
function overtakes(history: History<Operation, Observed>): boolean {
  let latest = -Infinity;
  for (const { end, response } of [...history].sort((a, b) => a.start - b.start)) {
    if (response?.kind !== 'done') continue;
    if (end < latest) return true;
    latest = Math.max(latest, end);
  }
  return false;
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

/** Of messages that were delivered: those that followed another on the same way, and those to a name that somebody else held before they were sent. */
function deliveredAmong(history: History<Operation, Observed>, arrivals: readonly TimedArrival[]): { readonly following: number; readonly toSuccessors: number } {
  const held = new Map<string, { readonly endpoint: string; readonly since: number }[]>();
  const sent = new Map<unknown, number>();
  for (const { invocation, response, start, end } of history) {
    if ('message' in invocation) sent.set(invocation.message, start);
    if (response?.kind !== 'done' || (invocation.op !== 'registerServer' && invocation.op !== 'registerTransport')) continue;
    const name = `${invocation.op === 'registerServer' ? 'server' : 'transport'} ${invocation.id}`;
    held.set(name, [...(held.get(name) ?? []), { endpoint: invocation.endpoint, since: end }]);
  }
  const ways = new Set<string>();
  let [following, toSuccessors] = [0, 0];
  for (const { namespace, to, from, endpoint, message } of arrivals) {
    const way = `${namespace} ${to} ${from}`;
    if (ways.has(way)) following++;
    ways.add(way);
    if (held.get(`${namespace} ${to}`)?.some((one) => one.endpoint !== endpoint && one.since < (sent.get(message) ?? -Infinity))) toSuccessors++;
  }
  return { following, toSuccessors };
}
