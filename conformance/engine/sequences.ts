import fc from 'fast-check';
import { createModel, type Operation } from '../../model/index.js';
import { detectionMs, type Feature, type RequirementId } from '../../spec/index.js';
import { AdapterError, type Adapter, type Consistency, type OpenOptions } from '../contract.js';
import { watchBreakdowns } from './breakdowns.js';
import { companionCommands, contentionCommands, nameCommands, unwatchedCommands, type Cell, type StepCommand, type Vocabulary } from './commands.js';
import { crowdedSteps, crowdSize } from './crowds.js';
import { Blocked, Unanswered, Violation } from './findings.js';
import { hostilePool, sampleIds } from './ids.js';
import { offers } from './offers.js';
import { Oracle, type Pool, type Scope } from './oracle.js';
import { Rig, type Line } from './rig.js';
import { show } from './show.js';
import { situationOf } from './situations.js';
import { Trial } from './trial.js';
import type { Situation } from '../report/result.js';
import type { ScheduledProgram } from '../schedules/program.js';
import type { ReplayedCommands } from '../schedules/scheduled-commands.js';
import { prepareWalk, retrace } from './whole-model.js';

/** A disagreement between registry and model, as small as it could be made. */
export interface Counterexample {
  readonly requirement: RequirementId;
  readonly violation: Violation;
  readonly lines: readonly Line[];
  readonly stateBefore: readonly string[];
  /** The steps to replay. */
  readonly program: SequentialProgram;
}

/** What reproduces a counterexample. */
export type Program = SequentialProgram | ScheduledProgram | ReplayedCommands;

/** Steps that reproduce a counterexample: which suite, or walk through the model, they belong to, the ids looked at, and the steps. */
export interface SequentialProgram {
  readonly suite: SuiteName | WalkName;
  readonly ids: readonly string[];
  readonly steps: readonly Operation[];
}

export type SuiteName = 'names' | 'companions' | 'unwatched' | 'crowds' | 'spellings' | 'contention';

/** The walks through the whole model: see `whole-model.ts`. */
export type WalkName = 'model-names' | 'model-contention';

/** What a registry whose alarms show late (CTN-6) seems to break as well. */
const mayBeLate: ReadonlySet<RequirementId> = new Set(['CTN-1', 'CTN-2', 'CTN-5', 'CTN-10', 'ADM-1', 'ADM-2']);

type Sequence = (oracle: Oracle) => Promise<void>;

const ofCommands = (commands: fc.Arbitrary<StepCommand>[], maxCommands: number): fc.Arbitrary<Sequence> =>
  fc.commands(commands, { maxCommands, size: '+1' }).map((all) => (oracle) => fc.asyncModelRun(() => ({ model: { oracle } satisfies Cell, real: oracle }), all));

const ofSteps = (steps: fc.Arbitrary<readonly Operation[]>): fc.Arbitrary<Sequence> =>
  steps.map((all) => async (oracle) => {
    for (const operation of all) await oracle.step(operation);
  });

/** How many steps are made, at most, to find out whether less than a sequence is wrong: more than it takes where sequences are short. */
const mostShrinkSteps = 200_000;

/** A family of random command sequences, judged by the model. */
export interface Suite {
  readonly name: SuiteName;
  readonly title: string;
  readonly needs: readonly Feature[];
  /** The share of the runs asked for that this suite makes: contention takes many steps to come about. */
  readonly share: number;
  /** The requirement that every disagreement breaks, if it is one and the same, and its situation: what is counted under another. */
  readonly blames?: { readonly requirement: RequirementId; readonly what: string; readonly counts: RequirementId };
  /** Whether messages are sent to everybody when all is done, so that what is there in secret shows. */
  readonly looksInTheEnd?: boolean;
  /** A requirement that, if it is broken, is why others seem to be. */
  readonly presumes?: RequirementId;
  /** The level of consistency that it is about, if not any. */
  readonly consistency?: Consistency['level'];
  /** Whether a sequence is so long that it is not run again and again to find out whether another requirement was broken before one that is known to be. */
  readonly isLong?: boolean;
  /** Whether nobody looks before all is done, so that no look mends, or hides, what a step has left undone. */
  readonly isUnwatched?: boolean;
  ids(seed: number): readonly string[];
  /** What a sequence does to a registry and the oracle beside it. Where calls take real time it is to be short. */
  sequences(ids: readonly string[], offered: Vocabulary, isSlow: boolean): fc.Arbitrary<Sequence>;
  /** Opens the registry, and the oracle beside it. */
  prepare(adapter: Adapter, ids: readonly string[], patienceMs: number): Promise<Oracle>;
}

const harmless = (seed: number, count: number): string[] => {
  const ids = sampleIds(seed);
  return Array.from({ length: count }, () => ids.next().value);
};

const poolOf = (adapter: Adapter, rig: Rig, ids: readonly string[]): Pool => ({ servers: ids, transports: offers(adapter, rig.subject, 'transports') ? ids : [] });

async function prepareNames(adapter: Adapter, ids: readonly string[], patienceMs: number, isUnwatched = false): Promise<Oracle> {
  const rig = await Rig.open(adapter, {}, patienceMs);
  const pool = poolOf(adapter, rig, ids);
  const scope = scopeOf(adapter, rig, false);
  // What takes its time to show has to be waited for, by looking.
  if (!isUnwatched || scope.stalenessMs > 0 || scope.downMs > 0) return new Oracle(rig, createModel(), pool, scope);
  // Who is listened to is judged by what is held, and that is not looked at.
  return new Oracle(rig, createModel(), pool, { ...scope, isUnwatched, listeners: false });
}

export const suites: readonly Suite[] = [
  {
    name: 'names',
    title: 'random sequences of operations on names, bindings and messages agree with the model',
    needs: ['servers'],
    share: 1,
    // One of them begins like another: cut from the end of a key, or looked for at its beginning, they are the same.
    ids: (seed) => {
      const [one, other] = harmless(seed, 2) as [string, string];
      return [one, `${one}0`, other];
    },
    sequences: (ids, offered) => ofCommands(nameCommands(ids, offered), 40),
    prepare: prepareNames,
  },
  {
    name: 'companions',
    title: 'random sequences of what happens to names that live together for long agree with the model, and so do broadcasts in the end',
    needs: ['servers'],
    share: 1,
    ids: (seed) => harmless(seed, 4),
    sequences: (ids, offered) => ofCommands(companionCommands(ids, offered), 60),
    prepare: prepareNames,
    looksInTheEnd: true,
  },
  {
    name: 'unwatched',
    title: 'random sequences at which nobody looks before the end agree with the model',
    needs: ['servers'],
    share: 1,
    ids: (seed) => harmless(seed, 4),
    sequences: (ids, offered) => ofCommands(unwatchedCommands(ids, offered), 60),
    prepare: (adapter, ids, patienceMs) => prepareNames(adapter, ids, patienceMs, true),
    looksInTheEnd: true,
    isUnwatched: true,
  },
  {
    name: 'crowds',
    title: 'random sequences of what hundreds of names live through agree with the model',
    needs: ['servers'],
    share: 0.003,
    ids: (seed) => {
      const [prefix] = harmless(seed, 1) as [string];
      return Array.from({ length: crowdSize }, (_, i) => `${prefix}-${String(i).padStart(3, '0')}`);
    },
    // Elsewhere the news of a "down" has to be waited for, by looking.
    sequences: (ids, offered, isSlow) => ofSteps(crowdedSteps(ids, { ...offered, liveness: offered.liveness && offered.inProcess }, isSlow ? 400 : 6_000)),
    async prepare(adapter, ids, patienceMs) {
      // In one partition all of them meet.
      const rig = await Rig.open(adapter, { partitions: 1 }, patienceMs);
      return new Oracle(rig, createModel(), poolOf(adapter, rig, ids), { ...scopeOf(adapter, rig, false), isUnwatched: true, listeners: false });
    },
    consistency: 'linearizable',
    // Most names are those of one endpoint.
    presumes: 'EPT-1',
    isLong: true,
    looksInTheEnd: true,
    isUnwatched: true,
  },
  {
    name: 'spellings',
    title: 'random sequences agree with the model whatever the ids spell',
    needs: ['servers'],
    share: 0.3,
    // What works with harmless ids and fails with these fails because of their spelling.
    blames: { requirement: 'NAM-2', what: 'a name of an unusual spelling, registered', counts: 'REG-1' },
    ids: (seed) => hostilePool(seed, 3),
    sequences: (ids, offered) => ofCommands(nameCommands(ids, offered), 40),
    prepare: prepareNames,
  },
  {
    name: 'contention',
    title: 'random sequences of slow writes and passing time agree with the model about statistics, alarms and admission',
    needs: ['servers', 'configs', 'update', 'stats', 'contention', 'virtual-time', 'slow-commit', 'partitions'],
    share: 0.2,
    ids: (seed) => harmless(seed, 4),
    sequences: (ids, offered) => ofCommands(contentionCommands(ids, offered), 14),
    async prepare(adapter, ids, patienceMs) {
      const options: Omit<OpenOptions, 'clock'> = { partitions: 2 };
      const trial = new Trial(adapter, 0, patienceMs);
      const rig = await trial.open(options);
      // The registry's own mapping, learned by looking: the specification leaves the hash open.
      const watched = ids.flatMap((id) => [id, `${id}+`]);
      const mapping = new Map<string, number>();
      for (const id of watched) mapping.set(id, await trial.partitionOf(id));
      rig.lines.length = 0;
      const model = createModel({ partitions: 2, partitionOf: (id) => mapping.get(id) ?? 0 });
      const oracle = new Oracle(rig, model, { servers: watched, transports: [] }, scopeOf(adapter, rig, true));
      await oracle.begin([...ids.map((id) => ({ op: 'registerServer', id, endpoint: 'e1' }) as const), { op: 'resetStats' }]);
      return oracle;
    },
  },
];

function scopeOf(adapter: Adapter, rig: Rig, contention: boolean): Scope {
  const has = (feature: Feature): boolean => offers(adapter, rig.subject, feature);
  const trial = adapter.consistency?.level === 'eventual' ? adapter.consistency.stalenessMs : 0;
  return {
    // Waiting until they show would take of the time that alarms are about.
    names: !contention || trial === 0,
    bindings: has('binding') && !contention,
    lists: has('lists') && !contention,
    configs: has('configs'),
    listeners: has('in-process') && trial === 0,
    stalenessMs: trial,
    downMs: rig.downMs,
  };
}

export interface SuiteResult {
  /** How many sequences were run, shrinking included. */
  readonly sequences: number;
  /** How many steps the registry took beside the model, shrinking included. */
  readonly steps: number;
  /** How often what each requirement is about came about in them. A requirement of which nothing did is not judged by them. */
  readonly situations: ReadonlyMap<RequirementId, Situation>;
  readonly counterexamples: readonly Counterexample[];
  /** Why it could not be finished. */
  readonly inconclusive?: string;
}

/**
 * Runs random sequences until each requirement that they can break has its own smallest counterexample: what has been
 * found is excused from then on, so that one fault does not hide another.
 */
export async function runSuite(
  suite: Suite,
  adapter: Adapter,
  { seed, runs, patienceMs, judged, failed, progress }: {
    seed: number;
    runs: number;
    patienceMs: number;
    judged: (requirement: RequirementId) => boolean;
    /** Requirements that have failed already, and may be the cause of what looks like another fault. */
    failed: ReadonlySet<RequirementId>;
    progress: (sequences: number) => void;
  },
): Promise<SuiteResult> {
  const ids = suite.ids(seed);
  const situations = new Map<RequirementId, Situation>();
  const found = new Map<RequirementId, Counterexample>();
  let [sequences, steps] = [0, 0];
  let unanswered: string | undefined;

  const nothing = { sequences, steps, situations, counterexamples: [] };
  if (suite.consistency !== undefined && suite.consistency !== (adapter.consistency?.level ?? 'linearizable')) return nothing;
  const probe = await suite.prepare(adapter, ids, patienceMs).catch(stop);
  if (probe === undefined) return { ...nothing, inconclusive: unanswered! };
  const offered = vocabulary(adapter, probe.rig);
  const isSlow = await probe.rig.isSlow().catch(stop);
  await probe.rig.dispose();
  if (isSlow === undefined) return { ...nothing, inconclusive: unanswered! };

  for (;;) {
    // While shrinking, only the requirement that was broken first counts: the smallest case must be of the same kind.
    let target: RequirementId | undefined;
    let smallest: Counterexample | undefined;
    const blamed = (requirement: RequirementId): RequirementId => suite.blames?.requirement ?? requirement;
    const known = (requirement: RequirementId): boolean => failed.has(requirement) || found.has(requirement);
    const excused = ({ requirement = 'ERR-1', suspects }: Violation): boolean =>
      !judged(blamed(requirement)) ||
      found.has(blamed(requirement)) ||
      suspects.some(known) ||
      (suite.presumes !== undefined && failed.has(suite.presumes)) ||
      (suite.blames !== undefined && failed.has(requirement)) ||
      (failed.has('CTN-6') && mayBeLate.has(requirement)) ||
      (target !== undefined && requirement !== target);

    let shrinkSteps = 0;
    const property = fc.asyncProperty(suite.sequences(ids, offered, isSlow), async (run) => {
      if (unanswered !== undefined || shrinkSteps > mostShrinkSteps) return;
      sequences++;
      progress(sequences);
      let again = 0;
      const brokenDown = watchBreakdowns(adapter);
      const oracle = await suite.prepare(adapter, ids, patienceMs).catch(stop);
      if (oracle === undefined) return;
      // What goes wrong unwatched shows later: not before it is known when it began can it be excused.
      if (!suite.isUnwatched) oracle.excuses = excused;
      try {
        await run(oracle);
        if (!oracle.spoiled && suite.looksInTheEnd && offered.routing) await oracle.probe(offered.binding);
        if (!oracle.spoiled && suite.isUnwatched) await oracle.lookAtAll();
        if (!oracle.spoiled) await oracle.end();
        for (const [requirement, { what, occurred }] of situationsIn(oracle, suite)) situations.set(requirement, { what, occurred: occurred + (situations.get(requirement)?.occurred ?? 0) });
      } catch (error) {
        const broke = brokenDown();
        if (broke !== undefined) return void stop(new AdapterError(broke));
        if (error instanceof Unanswered || error instanceof AdapterError) return void stop(error);
        if (!(error instanceof Violation)) return void stop(new Blocked(`the sequence broke down: ${show(error)}`));
        if (suite.isLong && known(blamed(error.requirement ?? 'ERR-1'))) return;
        const { violation, seenBy } = (suite.isUnwatched ? await firstSeen(suite, adapter, ids, patienceMs, oracle.program, (more) => (again += more)) : undefined) ?? { violation: error, seenBy: oracle };
        const requirement = violation.requirement ?? 'ERR-1';
        if (excused(violation)) return;
        target = requirement;
        smallest = {
          requirement: blamed(requirement),
          violation,
          lines: seenBy.rig.lines,
          stateBefore: seenBy.describeBefore(),
          program: { suite: suite.name, ids, steps: seenBy.program },
        };
        throw violation;
      } finally {
        steps += oracle.program.length;
        if (smallest !== undefined) shrinkSteps += oracle.program.length + again;
        await oracle.rig.dispose();
      }
    });
    await fc.check(property, { seed, numRuns: Math.max(1, Math.ceil(runs * suite.share)), endOnFailure: false });
    if (smallest === undefined) {
      return { sequences, steps, situations, counterexamples: [...found.values()], ...(unanswered === undefined ? {} : { inconclusive: unanswered }) };
    }
    const counterexample: Counterexample = smallest;
    found.set(counterexample.requirement, suite.isLong ? await ofFewIds(counterexample, adapter, patienceMs) : counterexample);
  }

  function stop(error: unknown): undefined {
    if (error instanceof Violation) unanswered ??= `this had to be so first: ${error.message}`;
    else if (error instanceof Unanswered || error instanceof Blocked || error instanceof AdapterError) unanswered ??= error.message;
    else throw error;
    return undefined;
  }
}

/** The same counterexample with no other ids than those that its steps name, if it is one: of hundreds of ids few have a part in it. */
async function ofFewIds(counterexample: Counterexample, adapter: Adapter, patienceMs: number): Promise<Counterexample> {
  const program = counterexample.program as SequentialProgram;
  const named = new Set(program.steps.flatMap((step) => Object.values(step).flatMap((value: unknown) => (typeof value === 'object' && value !== null ? Object.values(value) : [value]))));
  const { counterexamples } = await replay({ ...program, ids: program.ids.filter((id) => named.has(id)) }, adapter, patienceMs);
  return counterexamples.find(({ requirement }) => requirement === counterexample.requirement) ?? counterexample;
}

/**
 * A step after which a look shows that something is wrong, although none does after the step before it: what is seen in the end says little
 * of when it began. Undefined if no look shows it. Each number of steps is tried anew, since whoever looks may change what comes next.
 */
async function firstSeen(suite: Suite, adapter: Adapter, ids: readonly string[], patienceMs: number, program: readonly Operation[], takes: (steps: number) => void = () => undefined): Promise<{ violation: Violation; seenBy: Oracle } | undefined> {
  const seenAfter = async (steps: number): Promise<{ violation: Violation; seenBy: Oracle } | undefined> => {
    const oracle = await suite.prepare(adapter, ids, patienceMs);
    try {
      for (const operation of program.slice(0, steps)) await oracle.step(operation);
      await oracle.lookAtAll();
      return undefined;
    } catch (error) {
      if (error instanceof Violation) return { violation: error, seenBy: oracle };
      throw error;
    } finally {
      takes(steps);
      await oracle.rig.dispose();
    }
  };
  let [right, wrong] = [0, program.length - 1];
  let found = wrong > 0 ? await seenAfter(wrong) : undefined;
  // Mostly it began not long before it showed.
  for (let back = 8; found !== undefined && wrong - right > 1; back *= 8) {
    const middle = Math.max((right + wrong) >> 1, wrong - back);
    const seen = await seenAfter(middle);
    if (seen === undefined) right = middle;
    else [wrong, found] = [middle, seen];
  }
  return found;
}

/** What came about in the steps of one oracle. */
function situationsIn({ occurred }: Oracle, suite: Suite | undefined): Map<RequirementId, Situation> {
  if (suite?.blames !== undefined) {
    const { requirement, what, counts } = suite.blames;
    return new Map([[requirement, { what, occurred: occurred.get(counts) ?? 0 }]]);
  }
  return new Map([...occurred].map(([requirement, count]) => [requirement, { what: situationOf(requirement), occurred: count }]));
}

function vocabulary(adapter: Adapter, rig: Rig): Vocabulary {
  const has = (feature: Feature): boolean => offers(adapter, rig.subject, feature);
  return {
    transports: has('transports'),
    configs: has('configs'),
    liveness: has('liveness'),
    update: has('update'),
    binding: has('binding') && has('transports'),
    routing: has('routing') && has('transports'),
    override: has('override'),
    failures: has('send-failures'),
    awaited: has('send-awaited'),
    lists: has('lists'),
    inProcess: has('in-process'),
  };
}

/** Replays a program: the counterexample, if it still is one. */
export async function replay(program: SequentialProgram, adapter: Adapter, patienceMs: number): Promise<SuiteResult> {
  const suite = suites.find(({ name }) => name === program.suite);
  const brokenDown = watchBreakdowns(adapter);
  let oracle: Oracle;
  try {
    oracle = suite === undefined ? await prepareWalk(adapter, program.suite === 'model-names' ? 'names' : 'contention', patienceMs) : await suite.prepare(adapter, program.ids, patienceMs);
  } catch (error) {
    if (error instanceof Blocked || error instanceof Unanswered) return { sequences: 1, steps: 0, situations: new Map(), counterexamples: [], inconclusive: error.message };
    throw error;
  }
  const result = (counterexamples: Counterexample[], inconclusive?: string): SuiteResult => ({
    sequences: 1,
    steps: oracle.program.length,
    situations: situationsIn(oracle, suite),
    counterexamples,
    ...(inconclusive === undefined ? {} : { inconclusive }),
  });
  try {
    if (suite === undefined) await retrace(oracle, program);
    else for (const step of program.steps) {
      // A pause of this length is how the contention suite looks: see Oracle.look.
      if (program.suite === 'contention' && step.op === 'advance' && step.ms === detectionMs) await oracle.look();
      else await oracle.step(step);
    }
    if (suite?.isUnwatched) await oracle.lookAtAll();
    await oracle.end();
    return result([]);
  } catch (error) {
    const broke = brokenDown();
    if (broke !== undefined) return result([], broke);
    if (error instanceof Unanswered || error instanceof AdapterError) return result([], error.message);
    if (!(error instanceof Violation)) throw error;
    return result([{ requirement: suite?.blames?.requirement ?? error.requirement ?? 'ERR-1', violation: error, lines: oracle.rig.lines, stateBefore: oracle.describeBefore(), program }]);
  } finally {
    await oracle.rig.dispose();
  }
}
