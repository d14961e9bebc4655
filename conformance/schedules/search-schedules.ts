import type { Feature, RequirementId } from '../../spec/index.js';
import type { Adapter } from '../contract.js';
import { AdapterError } from '../contract.js';
import { contested } from '../engine/contested.js';
import { Blocked, Unanswered, type Violation } from '../engine/findings.js';
import { offers } from '../engine/offers.js';
import { Rig } from '../engine/rig.js';
import { anything, pct, randomFrom, replaying, serial, type Random } from './choosers.js';
import { Exhaustive } from './exhaustive.js';
import { runProgram, type Row, type Run } from './overlap.js';
import { inSequence, randomProgram, smaller, type ConcurrentProgram, type ProgramSize, type ScheduledProgram } from './program.js';
import type { RegistryStep } from './registry-world.js';
import type { Chooser, Schedule } from './world.js';

/** Something that goes wrong only when operations overlap, as small as it could be made. */
export interface OverlapCounterexample {
  readonly requirement: RequirementId;
  readonly violation: Violation;
  readonly program: ConcurrentProgram;
  readonly schedule: Schedule;
  readonly rows: readonly Row[];
}

/** How much was tried, and what came of it. */
export interface SchedulesResult {
  readonly programs: number;
  /** Of these, the programs of which every schedule was run. */
  readonly exhausted: number;
  readonly schedules: number;
  /** How many schedules the programs have, all together: counted where all were run, else estimated (Knuth, 1975). */
  readonly outOf: number;
  readonly counterexamples: readonly OverlapCounterexample[];
  /** How often refusals were among what was judged (CON-3). */
  readonly refusals: number;
  /** How many lists and broadcasts overlapped a write that may have changed what they give (LST-3, RTE-9). */
  readonly contested: { readonly lists: number; readonly broadcasts: number };
  /** Why it says less than it should. */
  readonly inconclusive: string | undefined;
}

export interface SchedulesOptions {
  readonly seed: number;
  /** How many programs are made up. */
  readonly programs: number;
  /** How many schedules of each are run at most. */
  readonly schedules: number;
  readonly size?: ProgramSize;
  /** When to stop. Milliseconds. */
  readonly milliseconds?: number;
  /** How long a registry that waits for something else than its clock is given. Milliseconds of real time. */
  readonly patienceMs: number;
  readonly progress?: (schedules: number) => void;
}

/** Every other program is of this size: of most of them every schedule can be run. */
const small: ProgramSize = { clients: 2, operations: 2 };

/** Programs whose operations go wrong one by one say nothing about overlap: after so many there is no use in going on. */
const mostSpoiled = 25;

/** How long to wait, at first, before a call is taken to be never answered: confirmed with all patience before it is reported. Milliseconds. */
const shortPatienceMs = 20;

/**
 * Runs small programs of overlapping operations under many schedules: every one of a program if there are not too many, else at
 * random, half of them by priorities (PCT). What fails is made small, in its operations and in how often clients interrupt each other.
 */
export async function searchSchedules(adapter: Adapter, options: SchedulesOptions): Promise<SchedulesResult> {
  const { seed, programs, schedules, size = { clients: 3, operations: 3 }, milliseconds = Infinity, progress } = options;
  const deadline = performance.now() + milliseconds;
  const found = new Map<RequirementId, OverlapCounterexample>();
  const undecided: string[] = [];
  let [ran, outOf, exhausted, made, spoiled, refusals, deadlocks, ofLists, ofBroadcasts] = [0, 0, 0, 0, 0, 0, 0, 0, 0];
  const patienceMs = Math.min(options.patienceMs, shortPatienceMs);

  // Of a refusal nobody reads where it was thrown, and to find that out takes longer than all the rest of it.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  const rig = await Rig.open(adapter, {}, options.patienceMs);
  // A registry that is right in the end may be wrong in between: then only what is looked up at the end counts (CON-2).
  const isEventual = adapter.consistency?.level === 'eventual';
  const has = (feature: Feature | 'reads'): boolean => (feature === 'reads' ? !isEventual : offers(adapter, rig.subject, feature));
  await rig.dispose();

  const attempt = async (program: ConcurrentProgram, chooser: Chooser<RegistryStep>): Promise<Run | undefined> => {
    const result = await runProgram(adapter, program, chooser, patienceMs);
    ran++;
    progress?.(ran);
    return result;
  };

  try {
    search: for (; made < programs && performance.now() < deadline && spoiled < mostSpoiled && undecided.length < 3; made++) {
      const random = randomFrom(seed + made * 0x9e37);
      const program = { ...randomProgram(random, made % 2 === 0 ? size : small, has), early: made % 5 < 2 };
      const exhaustive = new Exhaustive<RegistryStep>();
      let [count, estimate] = [0, 0];
      let complete = false;
      while (count < schedules && performance.now() < deadline) {
        // Half of them in order, so that a small program is seen whole, and half from all over.
        const inOrder = !complete && (count < schedules / 2 || count % 2 === 0);
        if (inOrder && !exhaustive.advance()) {
          complete = true;
          if (count <= schedules / 2) break;
          continue;
        }
        const chooser = inOrder ? exhaustive : count % 4 === 1 ? anything(random) : pct(random, { threads: program.clients.length + 1, steps: 12, depth: 1 + Math.floor(random() * 3) });
        const result = await attempt(program, chooser);
        if (result === undefined) continue;
        count++;
        if (!inOrder) estimate += (result.widths.reduce((product, width) => product * width, 1) - estimate) / Math.max(1, count);
        if (result.history.some(({ response }) => response?.kind === 'refused')) refusals++;
        const { lists, broadcasts } = contested(result.history);
        [ofLists, ofBroadcasts] = [ofLists + lists, ofBroadcasts + broadcasts];
        if (result.undecided !== undefined) undecided.push(result.undecided);
        if (result.undecided !== undefined && undecided.length >= 3) break;
        const { violation } = result;
        if (violation === undefined) continue;
        if (found.has(violation.requirement!)) {
          // Waiting for what never comes takes its time: once is enough in each program.
          if (violation.requirement === 'DLK-4' && ++deadlocks > 10) break search;
          if (violation.requirement === 'DLK-4') break;
          continue;
        }
        if (!judged.has(violation.requirement!) || (await failsInSequence(program, random, 30))) {
          spoiled++;
          break;
        }
        const smallest = await shrink(program, result, random);
        if (smallest === undefined) {
          spoiled++;
          break;
        }
        found.set(smallest.requirement, smallest);
        break;
      }
      if (complete) exhausted++;
      outOf += complete ? count : Math.max(count, estimate);
    }
  } catch (error) {
    if (!(error instanceof Unanswered) && !(error instanceof AdapterError) && !(error instanceof Blocked)) throw error;
    undecided.push(error.message);
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
  return {
    programs: made, exhausted, schedules: ran, outOf: Math.round(outOf), counterexamples: [...found.values()], refusals, contested: { lists: ofLists, broadcasts: ofBroadcasts },
    inconclusive: undecided[0] ?? (spoiled >= mostSpoiled ? 'what overlap does cannot be told from what is broken without it' : undefined),
  };

  /** Whether operations of a program go wrong one after the other. */
  async function failsInSequence(program: ConcurrentProgram, random: Random, orders: number): Promise<boolean> {
    const apart = inSequence(program);
    for (let i = 0; i < orders; i++) if ((await attempt(apart, serial(random)))?.violation !== undefined) return true;
    return false;
  }

  /** A schedule under which a program breaks the requirement: the one given, or another. */
  async function failing(program: ConcurrentProgram, requirement: RequirementId, schedule: Schedule, random: Random): Promise<Run | undefined> {
    const breaks = (result: Run | undefined): result is Run => result?.violation?.requirement === requirement;
    const first = await attempt(program, replaying(schedule));
    if (breaks(first)) return first;
    for (let i = 0; i < 40; i++) {
      const result = await attempt(program, anything(random));
      if (breaks(result)) return result;
    }
    const exhaustive = new Exhaustive<RegistryStep>({ preemptions: 2 });
    for (let i = 0; i < 150 && exhaustive.advance(); i++) {
      const result = await attempt(program, exhaustive);
      if (breaks(result)) return result;
    }
    return undefined;
  }

  async function shrink(program: ConcurrentProgram, run: Run, random: Random): Promise<OverlapCounterexample | undefined> {
    const requirement = run.violation!.requirement!;
    let [smallest, result] = [program, run];
    for (let goesOn = true; goesOn; ) {
      goesOn = false;
      for (const candidate of smaller(smallest)) {
        const next = await failing(candidate, requirement, result.schedule, random);
        if (next === undefined || (await failsInSequence(candidate, random, 10))) continue;
        [smallest, result, goesOn] = [candidate, next, true];
        break;
      }
    }
    if (await failsInSequence(smallest, random, 60)) return undefined;
    result = (await leastInterrupted(smallest, requirement)) ?? result;
    const confirmed = await runProgram(adapter, smallest, replaying(result.schedule), options.patienceMs);
    if (confirmed?.violation?.requirement !== requirement) {
      undecided.push('a failure did not come again under the same schedule: the registry waits for something else than the clock it was given');
      return undefined;
    }
    return { requirement, violation: confirmed.violation, program: smallest, schedule: confirmed.schedule, rows: confirmed.rows() };
  }

  /** The schedule that fails with the fewest interruptions. */
  async function leastInterrupted(program: ConcurrentProgram, requirement: RequirementId): Promise<Run | undefined> {
    for (let preemptions = 0; preemptions < 4; preemptions++) {
      const exhaustive = new Exhaustive<RegistryStep>({ preemptions });
      for (let i = 0; i < 300 && exhaustive.advance(); i++) {
        const result = await attempt(program, exhaustive);
        if (result?.violation?.requirement === requirement) return result;
      }
    }
    return undefined;
  }
}

/** Runs a program under one schedule once more: the counterexample, if it still is one. */
export async function replaySchedule(adapter: Adapter, { setup, clients, reactions, downReactions, early, schedule }: ScheduledProgram, patienceMs: number): Promise<SchedulesResult> {
  const program: ConcurrentProgram = { setup, clients, ...(reactions && { reactions }), ...(downReactions && { downReactions }), ...(early !== undefined && { early }) };
  const result = await runProgram(adapter, program, replaying(schedule), patienceMs).catch((error: unknown) => {
    if (!(error instanceof Unanswered) && !(error instanceof AdapterError) && !(error instanceof Blocked)) throw error;
    return error;
  });
  const none: SchedulesResult = { programs: 1, exhausted: 0, schedules: 1, outOf: 1, counterexamples: [], refusals: 0, contested: { lists: 0, broadcasts: 0 }, inconclusive: undefined };
  if (result === undefined || result instanceof Error) return { ...none, inconclusive: result?.message };
  const { violation, rows, undecided } = result;
  if (violation === undefined) return { ...none, contested: contested(result.history), inconclusive: undecided };
  return { ...none, counterexamples: [{ requirement: violation.requirement ?? 'ERR-1', violation, program, schedule: result.schedule, rows: rows() }] };
}

/** What can be told from schedules; anything else that is wrong is for others to say. */
const judged: ReadonlySet<RequirementId> = new Set(['CON-1', 'CON-2', 'CON-3', 'DLK-4', 'LST-1', 'LST-3', 'RTE-4', 'RTE-5', 'RTE-8', 'RTE-9']);
