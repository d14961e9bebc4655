import type { Feature, RequirementId } from '../../spec/index.js';
import type { Adapter } from '../contract.js';
import { AdapterError } from '../contract.js';
import { contested, sum, uncontested, type Contested } from '../engine/contested.js';
import { Blocked, Unanswered, type Violation } from '../engine/findings.js';
import { offers } from '../engine/offers.js';
import { Rig } from '../engine/rig.js';
import { anything, pct, randomFrom, replaying, type Random } from './choosers.js';
import { FewestFirst } from './fewest-first.js';
import { runProgram, type Row, type Run } from './overlap.js';
import { randomProgram, type ConcurrentProgram, type ProgramSize, type ScheduledProgram } from './program.js';
import { onlooker, type RegistryStep } from './registry-world.js';
import type { ReplayedCommands } from './scheduled-commands.js';
import { failsInSequence, shrinkFailing, type Attempt } from './shrink-schedule.js';
import type { Chooser, Schedule } from './world.js';

/** Something that goes wrong only when operations overlap, as small as it could be made. */
export interface OverlapCounterexample {
  readonly requirement: RequirementId;
  readonly violation: Violation;
  readonly program: ConcurrentProgram;
  readonly schedule: Schedule;
  readonly rows: readonly Row[];
  readonly history: Run['history'];
  /** How it is found again, if not by its program and its schedule. */
  readonly replay?: ReplayedCommands;
}

/** How much was tried, and what came of it. */
export interface SchedulesResult {
  readonly programs: number;
  /** Of these, the programs of which every schedule was run. */
  readonly exhausted: number;
  readonly schedules: number;
  /** Of these, those chosen at random. */
  readonly random: number;
  /** How many schedules the programs have, all together: counted where all were run, else estimated (Knuth, 1975). */
  readonly outOf: number;
  readonly counterexamples: readonly OverlapCounterexample[];
  /** Whether the time was over before all programs had been run. */
  readonly late: boolean;
  /** In how many schedules something met; of lists and broadcasts, how many did. */
  readonly contested: Contested;
  /** Why it says less than it should. */
  readonly inconclusive: string | undefined;
}

export interface SchedulesOptions {
  readonly seed: number;
  /** How many programs are made up. */
  readonly programs: number;
  /** How many schedules of each are run at most; 40 unless said: more programs find more than more schedules of each. */
  readonly schedules?: number;
  /** How large they are, in turns; of three clients with up to three operations and of two with up to two, unless said. */
  readonly sizes?: readonly ProgramSize[];
  /** When to stop. Milliseconds. */
  readonly milliseconds?: number;
  /** How long a registry that waits for something else than its clock is given. Milliseconds of real time. */
  readonly patienceMs: number;
  /** What is known not to work, and is left alone: whatever it does when operations overlap says nothing of overlap. */
  readonly avoid?: readonly Feature[];
  readonly progress?: (schedules: number) => void;
}

/** Of most programs of the second size every schedule can be run. */
const usualSizes: readonly ProgramSize[] = [{ clients: 3, operations: 3 }, { clients: 2, operations: 2 }];

const usualSchedules = 40;

/** Programs whose operations go wrong one by one say nothing about overlap: after so many there is no use in going on. */
const mostSpoiled = 25;

/** After so many schedules of which nothing can be told there is none either. */
const mostUndecided = 3;

/** Waiting for what never comes takes its time: after so many calls that are not answered it is enough. */
const mostDeadlocks = 10;

/** How long to wait, at first, before a call is taken to be never answered: confirmed with all patience before it is reported. Milliseconds. */
const shortPatienceMs = 20;

/** What can be told from schedules; anything else that is wrong is for others to say. */
export const judged: ReadonlySet<RequirementId> = new Set(['CON-1', 'CON-2', 'CON-3', 'DLK-4', 'DWN-1', 'LST-1', 'LST-3', 'RTE-4', 'RTE-5', 'RTE-8', 'RTE-9']);

/**
 * Runs small programs of overlapping operations under many schedules: every one of a program if there are not too many, else those
 * with the fewest interruptions, and some at random, half of them by priorities (PCT). What fails is made small, in its operations
 * and in how often clients interrupt each other.
 *
 * No schedule is left out because another is said to come to the same (sleep sets, DPOR): of a registry of which nothing is known, not
 * even two lookups can be taken to be independent of each other.
 */
export async function searchSchedules(adapter: Adapter, options: SchedulesOptions): Promise<SchedulesResult> {
  const rig = await Rig.open(adapter, {}, options.patienceMs);
  const offered = (feature: Feature): boolean => offers(adapter, rig.subject, feature) && !options.avoid?.includes(feature);
  await rig.dispose();
  // Of a refusal nobody reads where it was thrown, and to find that out takes longer than all the rest of it.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  const search = new Search(adapter, options, offered);
  try {
    await search.run();
  } catch (error) {
    if (!isOfAdapter(error)) throw error;
    search.undecided.push(error.message);
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
  return search.result();
}

class Search {
  /** Why nothing could be told of some schedules. */
  readonly undecided: string[] = [];
  readonly #found = new Map<RequirementId, OverlapCounterexample>();
  readonly #deadline: number;
  #programs = 0;
  #exhausted = 0;
  #schedules = 0;
  #random = 0;
  #outOf = 0;
  #contested = uncontested;
  #spoiled = 0;
  #deadlocks = 0;

  constructor(readonly adapter: Adapter, readonly options: SchedulesOptions, readonly offered: (feature: Feature) => boolean) {
    this.#deadline = performance.now() + (options.milliseconds ?? Infinity);
  }

  async run(): Promise<void> {
    const { seed, programs, sizes = usualSizes } = this.options;
    // A registry that is right in the end may be wrong in between: then only what is looked up at the end counts (CON-2).
    const isEventual = this.adapter.consistency?.level === 'eventual';
    const offered = (feature: Feature | 'reads'): boolean => (feature === 'reads' ? !isEventual : this.offered(feature));
    for (; this.#programs < programs && !this.#isLate && !this.#isEnough; this.#programs++) {
      const random = randomFrom(seed + this.#programs * 0x9e37);
      const program = { ...randomProgram(random, sizes[this.#programs % sizes.length]!, offered), early: this.#programs % 5 < 2, ...commitsOf(this.#programs), ...(!isEventual && this.#programs % 5 > 2 && { isWatched: true }) };
      await this.#search(program, random);
    }
  }

  result(): SchedulesResult {
    return {
      programs: this.#programs,
      exhausted: this.#exhausted,
      schedules: this.#schedules,
      random: this.#random,
      outOf: Math.round(this.#outOf),
      counterexamples: [...this.#found.values()],
      contested: this.#contested,
      late: this.#programs < this.options.programs && this.#isLate,
      inconclusive: this.undecided[0] ?? (this.#spoiled >= mostSpoiled ? 'what overlap does cannot be told from what is broken without it' : undefined),
    };
  }

  get #isLate(): boolean {
    return performance.now() >= this.#deadline;
  }

  get #isEnough(): boolean {
    return this.#spoiled >= mostSpoiled || this.undecided.length >= mostUndecided || this.#deadlocks > mostDeadlocks;
  }

  /** Runs schedules of a program until there are no more, or enough, or one fails. */
  async #search(program: ConcurrentProgram, random: Random): Promise<void> {
    const { schedules = usualSchedules } = this.options;
    const inOrder = new FewestFirst<RegistryStep>();
    let [count, ordered, estimate, isComplete, isOver] = [0, 0, 0, false, false];
    while (!isOver && count < schedules && !this.#isLate) {
      // Half of them in order, so that a small program is seen whole; then every other one is from all over.
      const isInOrder = count < schedules / 2 || count % 2 === 0;
      if (isInOrder && !inOrder.advance()) {
        isComplete = true;
        break;
      }
      const run = await this.#attempt(program, isInOrder ? inOrder : atRandom(program, random, count));
      if (run === undefined) continue;
      count++;
      if (isInOrder) ordered++;
      else {
        this.#random++;
        estimate += (run.widths.reduce((product, width) => product * width, 1) - estimate) / (count - ordered);
      }
      isOver = await this.#isLastOf(program, run, random);
    }
    if (isComplete) this.#exhausted++;
    this.#outOf += isComplete ? ordered : Math.max(count, estimate);
  }

  /** Takes down what a run shows. Whether no more can be learned from its program. */
  async #isLastOf(program: ConcurrentProgram, run: Run, random: Random): Promise<boolean> {
    const { violation, undecided } = run;
    this.#contested = sum(this.#contested, inAny(contested(ofClients(run.history))));
    if (undecided !== undefined) this.undecided.push(undecided);
    if (violation === undefined) return this.undecided.length >= mostUndecided;
    const requirement = violation.requirement!;
    if (this.#found.has(requirement)) {
      if (requirement !== 'DLK-4') return false;
      this.#deadlocks++;
      return true;
    }
    // Whoever is late is not blocked: nobody is accused who answers when given all patience.
    if (requirement === 'DLK-4' && (await runProgram(this.adapter, program, replaying(run.schedule), this.options.patienceMs))?.violation?.requirement !== requirement) return false;
    const counterexample = judged.has(requirement) && !(await failsInSequence(this.#attempt, program, random, 30)) ? await this.#shrink(program, run, random) : undefined;
    if (counterexample === undefined) this.#spoiled++;
    else this.#found.set(counterexample.requirement, counterexample);
    return true;
  }

  /** The smallest counterexample that comes of a run that fails, if that fails again when it is given all patience. */
  async #shrink(program: ConcurrentProgram, run: Run, random: Random): Promise<OverlapCounterexample | undefined> {
    const smallest = await shrinkFailing(this.#attempt, { program, run }, random);
    if (smallest === undefined) return undefined;
    const confirmed = await runProgram(this.adapter, smallest.program, replaying(smallest.run.schedule), this.options.patienceMs);
    const requirement = run.violation!.requirement!;
    if (confirmed?.violation?.requirement !== requirement) {
      this.undecided.push('a failure did not come again under the same schedule: the registry waits for something else than the clock it was given');
      return undefined;
    }
    return { requirement, violation: confirmed.violation, program: smallest.program, schedule: confirmed.schedule, rows: confirmed.rows(), history: confirmed.history };
  }

  readonly #attempt: Attempt = async (program, chooser) => {
    const hasty = await runProgram(this.adapter, program, chooser, Math.min(this.options.patienceMs, shortPatienceMs));
    // Who lives by another clock may only have been slow.
    const run = hasty?.undecided === undefined ? hasty : await runProgram(this.adapter, program, replaying(hasty.schedule), this.options.patienceMs);
    this.#schedules++;
    this.options.progress?.(this.#schedules);
    return run;
  };
}

/** Every other program in which calls come early has commits that take no time: only so do others get in between what waits for nothing. In one of nine they are stuck. */
const commitsOf = (program: number): Pick<ConcurrentProgram, 'commits'> => (program % 5 === 0 ? { commits: 'prompt' } : program % 9 === 8 ? { commits: 'stuck' } : {});

/** Who only looks meets everybody. */
const ofClients = (history: Run['history']): Run['history'] => history.filter(({ actor }) => actor !== onlooker);

/** Of what met in one schedule only whether it did: how often is a matter of how long programs are. */
export const inAny = ({ crossing, operations, refusals, waits, ...whole }: Contested): Contested => ({
  ...whole,
  crossing: Math.min(crossing, 1),
  operations: Math.min(operations, 1),
  refusals: Math.min(refusals, 1),
  waits: Math.min(waits, 1),
});

/** Anything, and by priorities, in turns. */
export function atRandom({ clients }: ConcurrentProgram, random: Random, count: number): Chooser<RegistryStep> {
  if (count % 4 === 1) return anything(random);
  return pct(random, { threads: clients.length + 1, steps: 12, depth: 1 + Math.floor(random() * 3) });
}

/** Whether it is the adapter that went wrong, and not the kit. */
const isOfAdapter = (error: unknown): error is Error => error instanceof Unanswered || error instanceof AdapterError || error instanceof Blocked;

/** Runs a program under one schedule once more: the counterexample, if it still is one. */
export async function replaySchedule(adapter: Adapter, { setup, clients, reactions, downReactions, early, commits, isWatched, schedule }: ScheduledProgram, patienceMs: number): Promise<SchedulesResult> {
  const program: ConcurrentProgram = { setup, clients, ...(reactions && { reactions }), ...(downReactions && { downReactions }), ...(early !== undefined && { early }), ...(commits && { commits }), ...(isWatched && { isWatched }) };
  const result = await runProgram(adapter, program, replaying(schedule), patienceMs).catch((error: unknown) => {
    if (!isOfAdapter(error)) throw error;
    return error;
  });
  const none: SchedulesResult = { programs: 1, exhausted: 0, schedules: 1, random: 0, outOf: 1, counterexamples: [], late: false, contested: uncontested, inconclusive: undefined };
  if (result === undefined || result instanceof Error) return { ...none, inconclusive: result?.message };
  const { violation, rows, undecided, history } = result;
  if (violation === undefined) return { ...none, contested: inAny(contested(ofClients(history))), inconclusive: undecided };
  return { ...none, counterexamples: [{ requirement: violation.requirement ?? 'ERR-1', violation, program, schedule: result.schedule, rows: rows(), history }] };
}
