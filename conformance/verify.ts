import type { Operation } from '../model/index.js';
import { features, findRequirement, specificationVersion, type Feature, type RequirementId, type SpecificationVersion } from '../spec/index.js';
import { checks } from './checks/index.js';
import { AdapterError, type Adapter } from './contract.js';
import { showAnswer } from './engine/answer.js';
import { EndpointFailure } from './engine/endpoint.js';
import { watchBreakdowns } from './engine/breakdowns.js';
import { Endurance, type GivenUp } from './engine/endurance.js';
import { Blocked, Unanswered, Violation } from './engine/findings.js';
import { offers } from './engine/offers.js';
import { Rig, type Line } from './engine/rig.js';
import { noOverlap, type Contested } from './engine/contested.js';
import { replay, runSuite, suites, type Counterexample, type Program, type SuiteResult } from './engine/sequences.js';
import { safe, show, showOperation } from './engine/show.js';
import { situationOf } from './engine/situations.js';
import { Trial, type Check } from './engine/trial.js';
import { turn } from './engine/virtual-clock.js';
import { walkModel, type WalkResult } from './engine/whole-model.js';
import { coverageOf, loadFindings } from './load/findings.js';
import type { Spread } from './load/run-load.js';
import { searchLoad } from './load/search-load.js';
import { measures, selectedBy, type Profile } from './profile.js';
import { Wakers } from './progress/wakers.js';
import { conditionsOf } from './report/conditions.js';
import { isRemote } from './protocol/remote-adapter.js';
import { withCauses } from './report/consequences.js';
import type { CheckResult, Failure, LoadCoverage, ModelCoverage, Report, ScheduleCoverage, Situation } from './report/result.js';
import { summarise, type Finding } from './report/summary.js';
import { timelineOf } from './report/timeline.js';
import { unlessVacuous } from './report/vacuity.js';
import { measurings, nullAdapter, slaFindings, thisMachine } from './sla/index.js';
import { replayCommands, searchCommands } from './schedules/scheduled-commands.js';
import { replaySchedule, searchSchedules, type OverlapCounterexample, type SchedulesResult } from './schedules/search-schedules.js';

/** What to verify, and how thoroughly. */
export interface VerifyOptions {
  /** The requirements to judge; all of them unless said. */
  readonly only?: readonly RequirementId[];
  /** Which part of the specification; without it all but what needs measurement (chapter SLA). */
  readonly profile?: Profile;
  /** The version of the specification, the newest unless said: what it requires is frozen. */
  readonly specification?: SpecificationVersion;
  /** How much is measured before a verdict is tried: 1 unless it has to be quick. */
  readonly effort?: number;
  /** Where randomness starts; the same seed gives the same run. */
  readonly seed?: number;
  /** How many random command sequences to run. */
  readonly runs?: number;
  /** Milliseconds that any operation may take to answer. */
  readonly patienceMs?: number;
  /** A counterexample to replay, instead of anything else. */
  readonly replay?: Program;
  /** Where the clients of the load are: tasks of this event loop unless said. */
  readonly clients?: Spread;
  /** How many clients the load has, from 2 to 64. */
  readonly concurrency?: number;
  /** How many operations each load has, of all clients together. */
  readonly operations?: number;
  /** Where the history of a load is written to, a line for each call and each answer. */
  readonly history?: string;
  /** The file of the adapter's module, for clients in threads and processes that are to load it themselves (`Adapter.connect`). */
  readonly adapterModule?: string;
  /** Whether the adapter is the one that is loaded where no module is named. */
  readonly isDefaultAdapter?: boolean;
  /** How the adapter is named on a command line, for the lines that replay a failure. */
  readonly adapterArgument?: string;
  /** A run that was cut off goes on from there; the same seed gives the same rest. */
  readonly resume?: Resumption;
  /** Shared memory in which to see, even while the event loop is blocked, which operation is being called. */
  readonly calling?: Int32Array;
  /** Called as the run proceeds. */
  readonly onProgress?: (progress: Progress) => void;
}

/** Where a run goes on. */
export interface Resumption {
  /** How many things were tried, the one included that cut the run off. */
  readonly after: number;
  /** What was found to be broken. */
  readonly failed: readonly RequirementId[];
  /** What is not to be called again. */
  readonly givenUp: GivenUp;
}

/** Where a run stands. */
export interface Progress {
  /** What is being tried now. */
  readonly doing: string;
  /** The requirement that it is about, if it is about one. */
  readonly judging: RequirementId | undefined;
  readonly done: number;
  readonly of: number;
  /** What has been found since the last call. */
  readonly findings: readonly Finding[];
  readonly sequences: number;
  /** How much has been covered, as far as it is known. */
  readonly coverage: Pick<Report, 'schedules' | 'load' | 'model'>;
}

export const defaults = { runs: 300, patienceMs: 2_000, clients: 'tasks', concurrency: 8, operations: 2_400 } as const;

/**
 * Judges a registry. Never hangs for long and never throws for what the registry does: only {@link AdapterError}, when
 * there is no registry to judge. A registry that blocks the event loop can be survived only from outside; the command
 * `sharded-registry verify` does so.
 */
export async function verify(adapter: Adapter, options: VerifyOptions = {}): Promise<Report> {
  const escaped: unknown[] = [];
  // What a listener or a timer of a registry throws would end the process: here it is a finding (ERR-1).
  const noteEscaped = (error: unknown): void => void (escaped.length < 100 && escaped.push(error));
  process.on('unhandledRejection', noteUnhandled);
  process.on('uncaughtException', noteEscaped);
  try {
    return await run(adapter, options, escaped);
  } finally {
    process.off('unhandledRejection', noteUnhandled);
    process.off('uncaughtException', noteEscaped);
  }
}

/** A rejection that a registry let go by: of a `send` it is a finding (RTE-6), of its own making only bad style. */
function noteUnhandled(reason: unknown): void {
  if (reason instanceof EndpointFailure) reason.mailbox.unhandled++;
}

async function run(adapter: Adapter, options: VerifyOptions, escaped: unknown[]): Promise<Report> {
  const started = performance.now();
  const { runs = defaults.runs, patienceMs = defaults.patienceMs } = options;
  const seed = options.seed ?? randomSeed();
  const specification = options.specification ?? specificationVersion;
  const selected = selectedBy(options.profile, options.only, specification);
  const findings: Finding[] = [];
  let sequences = 0;
  let schedules: ScheduleCoverage | undefined;
  let load: LoadCoverage | undefined;
  let model: ModelCoverage | undefined;

  Endurance.begin(adapter, options.resume?.givenUp, options.calling);
  const registry = await introduce(adapter, patienceMs);
  const todo = options.replay ? [] : checks.filter(({ requirement }) => selected.includes(requirement));
  const walks = !options.replay && selected.includes('MODEL-1');
  const overlaps = !options.replay && aboutOverlap.some((id) => selected.includes(id));
  const loads = !options.replay && aboutOverlap.some((id) => selected.includes(id));
  const measured = !options.replay && measures(options.profile) ? measurings.filter((one) => one.requirements.some((id) => selected.includes(id))) : [];
  const runsSuites = options.replay === undefined && selected.some((id) => !isJudgedOtherwise(id));
  const of = todo.length + measured.length + (options.replay ? 1 : suites.length) + (overlaps ? 2 : 0) + (loads ? 1 : 0) + (walks ? 1 : 0);
  let done = 0;
  const context = { adapter, seed, runs, patienceMs, argument: options.adapterArgument };
  /** Whether it was done before the run was cut off. */
  const isDone = (): boolean => done < (options.resume?.after ?? 0) && ++done > 0;
  const failedSoFar = (): Set<RequirementId> => new Set([...(options.resume?.failed ?? []), ...findings.filter((one) => one.result.status === 'failed').map((one) => one.requirement)]);
  /** What fails without any overlap, and would only be found again. */
  const unsound = (): Feature[] => ([...failedSoFar()].some((id) => id.startsWith('DWN-')) ? ['liveness'] : []);
  const report = (doing: string, found: readonly Finding[] = [], judging?: RequirementId): void => {
    const all = [...found, ...escapes(doing, escaped.splice(0), commandLine(context, `--seed ${seed}`))];
    findings.push(...all);
    options.onProgress?.({ doing, judging, done, of, findings: all, sequences, coverage: { ...(schedules && { schedules }), ...(load && { load }), ...(model && { model }) } });
  };
  for (const check of todo) {
    if (isDone()) continue;
    report(check.title, [], check.requirement);
    const found = await runCheck(check, context, registry.features);
    done++;
    // Lets signals, messages and what escaped come through even if everything answers at once.
    await turn();
    report(check.title, found.filter(({ requirement }) => selected.includes(requirement)));
  }

  for (const suite of runsSuites ? suites : []) {
    if (isDone()) continue;
    report(suite.title);
    const before = sequences;
    const began = performance.now();
    const lacking = suite.needs.find((feature) => !registry.features.includes(feature));
    const result: SuiteResult =
      lacking !== undefined
        ? { sequences: 0, steps: 0, situations: new Map(), counterexamples: [] }
        : await runSuite(suite, adapter, {
            seed,
            runs,
            patienceMs,
            judged: (requirement) => selected.includes(requirement),
            failed: failedSoFar(),
            progress: (count) => {
              sequences = before + count;
              if (count % 20 === 0) report(suite.title);
            },
          });
    done++;
    report(suite.title, suiteFindings(suite.title, result, registry.features, performance.now() - began, context).filter(({ requirement }) => selected.includes(requirement)));
  }

  if (overlaps && !isDone()) {
    const began = performance.now();
    report(overlapTitle, [], 'DLK-4');
    const milliseconds = overlapMs * Math.max(1, runs / defaults.runs);
    const result = await unlessUnanswered(
      searchSchedules(adapter, { seed, programs: runs * 2, patienceMs, milliseconds, avoid: unsound(), progress: (count) => count % 200 === 0 && report(`${overlapTitle} (${count})`, [], 'DLK-4') }),
    );
    schedules = result && { programs: result.programs, exhausted: result.exhausted, run: result.schedules, random: result.random, outOf: Math.max(result.outOf, result.schedules), late: result.late, commands: 0 };
    done++;
    report(overlapTitle, overlapFindings(overlapTitle, result, registry.features, performance.now() - began, context).filter(({ requirement }) => selected.includes(requirement)));
  }

  if (overlaps && !isDone()) {
    const began = performance.now();
    report(commandsTitle, [], 'DLK-4');
    const milliseconds = commandsMs * Math.max(1, runs / defaults.runs);
    const result = await unlessUnanswered(searchCommands(adapter, { seed, runs: runs * 5, patienceMs, milliseconds, avoid: unsound() }));
    if (result !== undefined && schedules !== undefined) schedules = { ...schedules, commands: result.schedules };
    done++;
    report(commandsTitle, commandsFindings(result, registry.features, performance.now() - began, context).filter(({ requirement }) => selected.includes(requirement)));
  }

  if (loads && !isDone()) {
    const { clients = defaults.clients, concurrency = defaults.concurrency, operations = defaults.operations } = options;
    let doing = 'a load';
    report(doing, [], 'DLK-4');
    // What is asked may take long, and whoever watches the run must not take it to hang.
    const beat = setInterval(() => report(doing, [], 'DLK-4'), 1_000);
    const result = await unlessUnanswered(
      searchLoad(adapter, {
        spread: clients, clients: concurrency, operations, seed, patienceMs,
        milliseconds: Math.max(loadMs, operations),
        ...(options.history !== undefined && { historyFile: options.history }),
        ...(options.adapterModule !== undefined && { module: options.adapterModule }),
        progress: (now) => report((doing = now), [], 'DLK-4'),
      }).finally(() => clearInterval(beat)),
    );
    done++;
    if (result !== undefined) {
      load = coverageOf(result.figures);
      // A load is run for what is about overlap.
      const rerun = (id: RequirementId): string => commandLine(context, `--only ${isAboutOverlap(id) ? id : `${id},DLK-4`} --seed ${seed} --clients ${clients} --concurrency ${concurrency} --operations ${operations}`);
      report('a load', loadFindings(result, adapter.consistency?.level === 'eventual', rerun).filter(({ requirement }) => selected.includes(requirement)));
    }
  }

  if (walks && !isDone()) {
    const began = performance.now();
    report(walkTitle, [], 'MODEL-1');
    const result = await unlessUnanswered(walkModel(adapter, { patienceMs, milliseconds: walkMs, progress: () => report(walkTitle, [], 'MODEL-1') }));
    model = result?.coverage;
    done++;
    report(walkTitle, [walkFinding(result, failedSoFar(), performance.now() - began, context)]);
  }

  // To look at every promise costs time, and that is what is measured now.
  if (measured.length > 0) Wakers.all?.stop();
  // What the way there takes is the protocol's own: the null run goes it as well.
  const nothing = measured.length > 0 && !isDone() && isRemote(adapter) ? await adapter.nothing() : undefined;
  for (const measuring of measured) {
    if (isDone()) continue;
    const judging = measuring.requirements[0];
    report(measuring.title, [], judging);
    let said = performance.now();
    const progress = (): void => {
      if (performance.now() - said < 1_000) return;
      said = performance.now();
      report(measuring.title, [], judging);
    };
    const found = await slaFindings(
      measuring,
      { adapter, nullAdapter: nothing ?? nullAdapter, offered: registry.features, machine: thisMachine(), seed, effort: options.effort ?? 1, patienceMs, module: options.adapterModule, isLoadable: options.adapterModule !== undefined || options.isDefaultAdapter === true, progress },
      (id) => commandLine(context, `--only ${id} --profile sla --seed ${seed}`),
    );
    done++;
    report(measuring.title, found.filter(({ requirement }) => selected.includes(requirement)));
  }
  await nothing?.end();

  if (options.replay) {
    const began = performance.now();
    const title = 'replay of a counterexample';
    const findings =
      options.replay.suite === 'schedules'
        ? replayFindings(title, await replaySchedule(adapter, options.replay, patienceMs), performance.now() - began, context)
        : options.replay.suite === 'commands'
        ? replayFindings(title, await replayCommands(adapter, options.replay, patienceMs), performance.now() - began, context)
        : suiteFindings(title, await replay(options.replay, adapter, patienceMs), registry.features, performance.now() - began, context);
    sequences = 1;
    done++;
    report('replay', findings);
  }
  return summarise({ registry, seed, runs, sequences, milliseconds: performance.now() - started, interrupted: false, specification, conditions: conditionsOf(options.profile), ...(schedules && { schedules }), ...(load && { load }), ...(model && { model }) }, selected, withCauses(findings));
}

/** Nothing, of what could not begin because the registry did not answer. */
async function unlessUnanswered<T>(promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise;
  } catch (error) {
    if (error instanceof Unanswered) return undefined;
    throw error;
  }
}

/** Whether a requirement is judged by something that random sequences can add nothing to. */
const isJudgedOtherwise = (id: RequirementId): boolean => id === 'MODEL-1' || (aboutOverlap as readonly RequirementId[]).includes(id) || findRequirement(id)!.method === 'load';

/** What is judged by programs of overlapping operations. */
const aboutOverlap = ['CON-1', 'CON-2', 'CON-3', 'DLK-4', 'LST-3', 'RTE-9'] as const;

const isAboutOverlap = (requirement: RequirementId): requirement is (typeof aboutOverlap)[number] => (aboutOverlap as readonly RequirementId[]).includes(requirement);

const overlapTitle = 'small programs of overlapping operations, their steps in many orders';

/** How long loads may take: longer only if more is asked of them. */
const loadMs = 3_000;

/** How long schedules may take, of as many runs as there are by default. */
const overlapMs = 15_000;

const commandsTitle = 'random commands, their steps in random order';

/** How long random commands may take, of as many runs as there are by default. */
const commandsMs = 5_000;

/** A second look at the same: where nothing came about, the first has said so. */
const commandsFindings = (result: SchedulesResult | undefined, offered: readonly string[], milliseconds: number, context: Context): Finding[] =>
  overlapFindings(commandsTitle, result, offered, milliseconds, context).filter(({ result: { status, situation } }) => status === 'failed' || (status !== 'untested' && situation.occurred > 0) || (status === 'inconclusive' && result?.inconclusive !== undefined));

/** What each requirement about overlap is about, and how often it came about. */
const overlapSituations: Record<(typeof aboutOverlap)[number], { readonly what: string; readonly in: (contested: Contested) => number }> = {
  'CON-1': { what: 'a schedule in which operations on one name overlap, and one of them is a write', in: ({ operations }) => operations },
  'CON-2': { what: 'a schedule in which operations on one name overlap, and one of them is a write', in: ({ operations }) => operations },
  'CON-3': { what: 'a schedule in which an operation that overlaps another is refused, or nobody knows what became of it', in: ({ refusals }) => refusals },
  'DLK-4': { what: 'a schedule in which an operation has to wait for another on the same name', in: ({ waits }) => waits },
  'LST-3': { what: 'a list that overlaps a write of its namespace', in: ({ lists }) => lists },
  'RTE-9': { what: 'a broadcast that overlaps a bind, an unbind or an end of a binding of its server', in: ({ broadcasts }) => broadcasts },
};

function overlapFindings(title: string, result: SchedulesResult | undefined, offered: readonly string[], milliseconds: number, context: Context): Finding[] {
  const level = context.adapter.consistency?.level ?? 'linearizable';
  const evidence = result?.schedules ?? 0;
  const judged = aboutOverlap.map((requirement): Finding => {
    const { what, in: count } = overlapSituations[requirement];
    const shown = { evidence, situation: { what, occurred: result === undefined ? 0 : count(result.contested) } };
    const finding = (more: Pick<CheckResult, 'status'> & Partial<CheckResult>): Finding => ({ requirement, result: { title, ...shown, milliseconds, ...more } });
    const nothing = { evidence: 0, situation: { what, occurred: 0 } };
    const lacking = findRequirement(requirement)!.needs.find((feature) => !offered.includes(feature));
    if (lacking !== undefined) return finding({ ...nothing, status: 'untested', reason: `the adapter does not offer \`${lacking}\`` });
    // What an eventual registry shows in between may be old: only what it did, and what it shows in the end, is judged.
    if ((level === 'eventual' ? ['CON-1', 'LST-3', 'RTE-9'] : ['CON-2']).includes(requirement)) return finding({ ...nothing, status: 'untested', reason: `the registry claims to be ${level}` });
    if (result === undefined) return finding({ status: 'inconclusive', reason: 'the registry has stopped answering' });
    const counterexample = result.counterexamples.find((one) => one.requirement === requirement);
    if (counterexample !== undefined) return finding({ status: 'failed', failure: describeOverlap(counterexample, context) });
    if (result.inconclusive !== undefined) return finding({ status: 'inconclusive', reason: result.inconclusive });
    const isPrompt = shown.situation.occurred === 0 && result.schedules > 0 && result.contested.crossing === 0 && !offered.includes('slow-commit');
    return finding(isPrompt ? { status: 'untested', reason: noOverlap } : unlessVacuous(shown));
  });
  // What other requirements say is judged by other checks, but that it fails only when operations overlap is found here.
  const others = (result?.counterexamples ?? []).filter(({ requirement }) => !isAboutOverlap(requirement));
  return [...judged, ...others.map((one): Finding => ({ requirement: one.requirement, result: { title, status: 'failed', evidence, situation: shownOnce, milliseconds, failure: describeOverlap(one, context) } }))];
}

/** Of what goes wrong in overlap although others judge it: that once it did is all that is known. */
const shownOnce = { what: 'a schedule in which it goes wrong', occurred: 1 } as const;

function replayFindings(title: string, { counterexamples, contested, inconclusive, schedules }: SchedulesResult, milliseconds: number, context: Context): Finding[] {
  const [counterexample] = counterexamples;
  const known = (requirement: RequirementId): Situation => {
    if (!isAboutOverlap(requirement)) return shownOnce;
    const { what, in: count } = overlapSituations[requirement];
    return { what, occurred: count(contested) };
  };
  const finding = (requirement: RequirementId, more: Pick<CheckResult, 'status'> & Partial<CheckResult>): Finding => ({ requirement, result: { title, evidence: schedules, situation: known(requirement), milliseconds, ...more } });
  if (counterexample !== undefined) return [finding(counterexample.requirement, { status: 'failed', failure: describeOverlap(counterexample, context) })];
  const replayed = (['CON-1', 'DLK-4', 'LST-3', 'RTE-9'] as const).filter((requirement) => requirement === 'CON-1' || known(requirement).occurred > 0);
  return replayed.map((requirement) => finding(requirement, inconclusive === undefined ? unlessVacuous({ evidence: schedules, situation: known(requirement) }) : { status: 'inconclusive', reason: inconclusive }));
}

const describeOverlap = ({ violation, program, schedule, requirement, rows, history, replay }: OverlapCounterexample, context: Context): Failure => ({
  ...failure(violation, [], [], replayLineOf(replay ?? { suite: 'schedules', ...program, schedule }, requirement, context)),
  timeline: timelineOf(history, { unit: 'steps' }),
  interleaving: rows.map(({ client, text, switch: interrupts }) => ({ ...(client !== undefined && { client }), text: safe(text, 200), switch: interrupts })),
});

const walkTitle = 'every transition of the model, taken one by one';

/** How long the walk through the model may take. */
const walkMs = 20_000;

/**
 * What the walk says of MODEL-1. It fails for what nothing else has found: a disagreement that comes of a requirement known to be
 * broken says only that the rest could not be seen.
 */
function walkFinding(result: WalkResult | undefined, failed: ReadonlySet<RequirementId>, milliseconds: number, context: Context): Finding {
  const covered = result?.coverage.transitions.covered ?? 0;
  const shown = { evidence: covered + (result?.coverage.disagreements ?? 0), situation: { what: 'a transition of the model, taken from the state in which it belongs', occurred: covered } };
  const finding = (more: Pick<CheckResult, 'status'> & Partial<CheckResult>): Finding => ({
    requirement: 'MODEL-1',
    result: { title: walkTitle, ...shown, milliseconds, ...more },
  });
  if (result === undefined) return finding({ status: 'inconclusive', reason: 'the registry has stopped answering' });
  const { coverage, counterexamples, inconclusive, late } = result;
  // Where one thing about contention is broken, the rest of it disagrees as well.
  const contention = [...failed].some((one) => /^(STA|CTN|ADM)-/.test(one));
  const isKnown = ({ requirement, violation, program }: Counterexample): boolean =>
    [requirement, ...violation.suspects].some((one) => failed.has(one)) || (contention && program.suite === 'model-contention');
  const news = counterexamples.find((counterexample) => !isKnown(counterexample));
  if (news !== undefined) {
    const failure = describeCounterexample({ ...news, requirement: 'MODEL-1' }, context);
    return finding({ status: 'failed', failure: { ...failure, message: `${failure.message} (${news.requirement})` } });
  }
  if (counterexamples.length > 0) {
    const broken = counterexamples.map(({ requirement }) => requirement).join(', ');
    return finding({ status: 'inconclusive', reason: `${coverage.disagreements} transitions disagree with the model, as is to be expected: ${broken} is broken` });
  }
  if (inconclusive !== undefined) return finding({ status: 'inconclusive', reason: inconclusive });
  const { reachable } = coverage.transitions;
  if (covered < reachable) return finding({ status: 'untested', reason: `${covered} of ${reachable} transitions were taken${late ? ` in ${walkMs / 1_000} s` : ''}, and all agree` });
  return finding(unlessVacuous(shown));
}

/** Exceptions that nobody caught, as findings. */
const escapes = (title: string, errors: readonly unknown[], replayLine: string): Finding[] =>
  errors.slice(0, 1).map((error) => ({
    requirement: 'ERR-1',
    result: {
      title,
      status: 'failed',
      evidence: errors.length,
      situation: { what: 'an exception that nobody caught', occurred: errors.length },
      milliseconds: 0,
      failure: { message: 'an exception escaped from a listener or a timer of the registry, which ends a process', expected: 'no uncaught exception', actual: show(error), steps: [], stateBefore: [], replay: replayLine },
    },
  }));

interface Context {
  readonly adapter: Adapter;
  readonly seed: number;
  readonly runs: number;
  readonly patienceMs: number;
  readonly argument: string | undefined;
}

/** A seed for a run that was given none. */
export const randomSeed = (): number => Math.floor(Math.random() * 0x7fff_ffff);

/** Opens the registry once, to see what it offers. */
export async function introduce(adapter: Adapter, patienceMs: number): Promise<Report['registry']> {
  const rig = await Rig.open(adapter, {}, patienceMs);
  const offered = (Object.keys(features) as Feature[]).filter((feature) => offers(adapter, rig.subject, feature));
  await rig.dispose();
  const { consistency } = adapter;
  return {
    name: safe(adapter.name, 100),
    ...(adapter.version === undefined ? {} : { version: safe(adapter.version, 50) }),
    consistency: consistency?.level === 'eventual' ? `eventual, within ${consistency.stalenessMs} ms` : 'linearizable',
    features: offered,
  };
}

async function runCheck(check: Check, context: Context, offered: readonly string[]): Promise<Finding[]> {
  const { requirement, title, situation: what } = check;
  const lacking = [...findRequirement(requirement)!.needs, ...(check.needs ?? [])].find((feature) => !offered.includes(feature));
  if (lacking !== undefined) {
    return [{ requirement, result: { title, status: 'untested', evidence: 0, situation: { what, occurred: 0 }, milliseconds: 0, reason: `the adapter does not offer \`${lacking}\`` } }];
  }
  const level = context.adapter.consistency?.level ?? 'linearizable';
  if (check.consistency !== undefined && check.consistency !== level) {
    return [{ requirement, result: { title, status: 'untested', evidence: 0, situation: { what, occurred: 0 }, milliseconds: 0, reason: `the registry claims to be ${level}` } }];
  }
  const began = performance.now();
  const trial = new Trial(context.adapter, context.seed, context.patienceMs);
  const brokenDown = watchBreakdowns(context.adapter);
  const shown = (): Pick<CheckResult, 'evidence' | 'situation'> => ({ evidence: trial.evidence, situation: { what, occurred: trial.occurrences } });
  const finding = (more: Pick<CheckResult, 'status'> & Partial<CheckResult>, about = requirement): Finding => ({
    requirement: about,
    result: { title, ...shown(), milliseconds: performance.now() - began, ...more },
  });
  try {
    await trial.open(check.options);
    await check.run(trial);
    const untried = trial.untried.size === 0 ? undefined : `does not reach the registry as it is, and was not tried: ${[...trial.untried].join(', ')}`;
    const impossible = trial.impossible ?? untried;
    if (trial.occurrences === 0 && impossible !== undefined) return [finding({ status: 'untested', reason: impossible })];
    return [finding(unlessVacuous(shown())), ...(untried === undefined ? [] : [finding({ status: 'untested', evidence: 0, situation: { what, occurred: 0 }, reason: untried })])];
  } catch (error) {
    const broke = brokenDown();
    if (broke !== undefined) return [finding({ status: 'inconclusive', reason: broke })];
    if (error instanceof Violation) {
      const { heldBack } = trial;
      if (heldBack !== undefined) return [finding({ status: 'inconclusive', reason: heldBack })];
      const broken = error.requirement ?? requirement;
      const replayLine = commandLine(context, `--only ${requirement}${broken === requirement ? '' : `,${broken}`} --seed ${context.seed}`);
      const failed = finding({ status: 'failed', failure: failure(error, trial.rig.lines, trial.stateBefore(), replayLine) }, broken);
      // What another requirement's fault kept from being tried has not been tried.
      return broken === requirement ? [failed] : [failed, finding({ status: 'inconclusive', reason: `could not be tried: ${broken} is broken` })];
    }
    if (error instanceof Blocked || error instanceof Unanswered || error instanceof AdapterError) return [finding({ status: 'inconclusive', reason: error.message })];
    // Values of an adapter can blow up in anybody's hands: the run goes on, and the requirement has not been judged.
    return [finding({ status: 'inconclusive', reason: `the check broke down: ${show(error)}` })];
  } finally {
    await trial.dispose();
  }
}

function suiteFindings(title: string, result: SuiteResult, offered: readonly string[], milliseconds: number, context: Context): Finding[] {
  const failed = new Set(result.counterexamples.map(({ requirement }) => requirement));
  const finding = (requirement: RequirementId, more: Pick<CheckResult, 'status'> & Partial<CheckResult>): Finding => ({
    requirement,
    result: { title, evidence: result.steps, situation: result.situations.get(requirement) ?? { what: situationOf(requirement), occurred: 0 }, milliseconds, ...more },
  });
  // What is not asked of the adapter may come about all the same: alarms close admission that nobody can close by hand.
  const isAsked = (requirement: RequirementId): boolean => findRequirement(requirement)!.needs.every((feature) => offered.includes(feature));
  const others = [...result.situations].filter(([requirement]) => !failed.has(requirement) && isAsked(requirement));
  return [
    ...result.counterexamples.map((counterexample) => finding(counterexample.requirement, { status: 'failed', failure: describeCounterexample(counterexample, context) })),
    ...others.map(([requirement, situation]) => finding(requirement, result.inconclusive === undefined ? unlessVacuous({ evidence: result.steps, situation }) : { status: 'inconclusive', reason: result.inconclusive })),
    // A suite that could not even begin must not vanish from the report.
    ...(result.inconclusive !== undefined && others.length === 0 && failed.size === 0 ? [finding('REG-1', { status: 'inconclusive', reason: result.inconclusive })] : []),
  ];
}

function describeCounterexample({ violation, lines, stateBefore, program, requirement }: Counterexample, context: Context): Failure {
  return failure(violation, lines, stateBefore, replayLineOf(program, requirement, context));
}

/** Quoted for a POSIX shell: the program is JSON, in which an apostrophe may be written as an escape. */
function replayLineOf(program: Program, requirement: RequirementId, context: Context): string {
  const quoted = `'${JSON.stringify(program).replaceAll("'", String.raw`\u0027`).replace(/[\u007f-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)}'`;
  // What no command line holds comes about again with the same seed.
  return commandLine(context, `--only ${requirement} --seed ${context.seed}${quoted.length > longestArgument ? '' : ` --replay ${quoted}`}`);
}

/** How many characters of a program are printed to be replayed, at most: Linux takes 128 KiB for one argument, and people less. */
const longestArgument = 60_000;

/** Longest record that is printed: beginning and end of it. */
const longest = 60;

function failure(violation: Violation, lines: readonly Line[], stateBefore: readonly string[], replayLine: string): Failure {
  const steps = lines.map(({ what, answer }) => ({
    text: typeof what === 'string' ? safe(what) : showOperation(what),
    answer: answer === undefined ? 'no answer yet' : safe(showAnswer(answer, typeof what !== 'string' && isRead(what) ? 'nothing' : 'done')),
  }));
  const cut = steps.length > longest ? [...steps.slice(0, 10), { text: `… ${steps.length - longest} more …`, answer: '' }, ...steps.slice(10 - longest)] : steps;
  const before = stateBefore.length > longest ? [...stateBefore.slice(0, longest), `… ${stateBefore.length - longest} more …`] : stateBefore;
  return {
    message: safe(violation.message, 600),
    expected: safe(violation.expected, 600),
    actual: safe(violation.actual, 600),
    steps: cut,
    stateBefore: before.map((line) => safe(line)),
    replay: replayLine,
  };
}

const isRead = ({ op }: Operation): boolean => op.startsWith('find') || op.startsWith('get');

const commandLine = ({ argument }: Context, options: string): string => `sharded-registry verify ${argument === undefined ? '' : `${argument} `}${options}`;
