import fc from 'fast-check';
import type { Operation } from '../../model/index.js';
import type { Feature, RequirementId } from '../../spec/index.js';
import { AdapterError, type Adapter, type Subject } from '../contract.js';
import { unlessBrokenDown } from '../engine/breakdowns.js';
import { contested, sum, uncontested } from '../engine/contested.js';
import { withoutStrangers } from '../engine/strangers.js';
import { Blocked, Unanswered } from '../engine/findings.js';
import { offers } from '../engine/offers.js';
import { Rig } from '../engine/rig.js';
import { randomFrom } from './choosers.js';
import { judge, runProgram, tableOf, type Run } from './overlap.js';
import { readsAfter, type ConcurrentProgram } from './program.js';
import { RegistryWorld, type RegistryStep } from './registry-world.js';
import { inAny, judged, type OverlapCounterexample, type SchedulesResult } from './search-schedules.js';
import { failsInSequence } from './shrink-schedule.js';

/** What is generated and shrunk: operations, and what is done first; and of the tasks that wait, which one goes on each time. */
export interface CommandsCase {
  readonly setup: readonly Operation[];
  readonly operations: readonly Operation[];
  readonly choices: readonly number[];
}

/** Where fast-check finds a case again. */
export interface ReplayedCommands {
  readonly suite: 'commands';
  readonly seed: number;
  readonly path: string;
  /** What was left alone: with it there would be other cases on the path. */
  readonly avoid?: readonly Feature[];
}

export interface CommandsOptions {
  readonly seed: number;
  readonly runs: number;
  readonly patienceMs: number;
  /** When to stop. Milliseconds. */
  readonly milliseconds?: number;
  /** As of {@link SchedulesOptions}. */
  readonly avoid?: readonly Feature[];
}

/** How many operations may be open at once. */
const mostClients = 3;

/** An operation that is started, and not waited for, by whichever client has nothing to do. */
class Start implements fc.AsyncCommand<Clients, Clients> {
  constructor(readonly operation: Operation) {}

  check(clients: Readonly<Clients>): boolean {
    return clients.idle !== undefined;
  }

  run(_: Clients, clients: Clients): Promise<void> {
    return clients.start(this.operation);
  }

  toString(): string {
    return this.operation.op;
  }
}

/** A registry whose commits are tasks of fast-check's scheduler, as the starts of operations are. */
class Clients {
  readonly steps: RegistryStep[] = [];
  readonly marks: { readonly entries: number; readonly interrupts: boolean }[] = [];
  readonly #listed = new Set<unknown>();

  constructor(readonly world: RegistryWorld, readonly operations: readonly Operation[][], readonly scheduler: fc.Scheduler) {}

  get idle(): number | undefined {
    const client = this.operations.findIndex((_, at) => this.world.isIdle(at));
    return client < 0 ? undefined : client;
  }

  async start(operation: Operation): Promise<void> {
    const client = this.idle!;
    this.operations[client]!.push(operation);
    await this.take(this.world.enabled().find(({ thread, does }) => thread === client && does.kind === 'call')!);
    this.#list();
  }

  async take(step: RegistryStep): Promise<void> {
    const last = this.steps.at(-1)?.thread;
    const interrupts = last !== undefined && last !== step.thread && this.world.enabled().some(({ thread }) => thread === last);
    this.marks.push({ entries: this.world.moment, interrupts });
    this.steps.push(step);
    await this.world.take(step);
  }

  /** Lets what is left come to its end, in order. */
  async drain(): Promise<void> {
    for (let [step] = this.world.enabled(); step !== undefined; [step] = this.world.enabled()) await this.take(step);
  }

  /** Whatever the registry waits for by its clock becomes a task. */
  #list(): void {
    for (const step of this.world.enabled()) {
      if (step.does.kind !== 'timer' || this.#listed.has(step.does.timer)) continue;
      const { timer } = step.does;
      this.#listed.add(timer);
      const goOn = async (): Promise<void> => {
        if (!this.world.rig.clock.pending().includes(timer)) return;
        await this.take(step);
        this.#list();
      };
      this.scheduler.scheduleSequence([{ label: step.label, builder: goOn }]);
    }
  }
}

/** A scheduler of fast-check that takes its choices from a list, so that they are shrunk like everything else; when it is used up, the oldest task goes on. */
function schedulerBy(choices: readonly number[]): fc.Scheduler {
  let at = 0;
  const source = { clone: () => source, nextInt: (least: number, most: number) => least + ((choices[at++] ?? 0) % (most - least + 1)) };
  return fc.scheduler().generate(source as unknown as fc.Random, undefined).value;
}

/** Starts the operations of a case one after the other, lets fast-check decide what comes between, and judges what came of it. */
function runCase(adapter: Adapter, commands: CommandsCase, patienceMs: number): Promise<CaseRun> {
  return unlessBrokenDown(adapter, () => runOnce(adapter, commands, patienceMs));
}

type CaseRun = Pick<Run, 'history' | 'rows' | 'violation' | 'undecided'> & { readonly program: ConcurrentProgram };

async function runOnce(adapter: Adapter, { setup, operations, choices }: CommandsCase, patienceMs: number): Promise<CaseRun> {
  const perClient = Array.from({ length: mostClients }, (): Operation[] => []);
  const program: ConcurrentProgram = { setup, clients: perClient };
  const world = await RegistryWorld.open(adapter, program, patienceMs);
  const scheduler = schedulerBy(choices);
  const clients = new Clients(world, perClient, scheduler);
  await fc.scheduledModelRun(scheduler, () => ({ model: clients, real: clients }), operations.map((operation) => new Start(operation)));
  await clients.drain();
  const history = await world.finish(readsAfter.filter(({ op }) => typeof world.rig.subject[op as keyof Subject] === 'function'));
  const { violation, undecided } = judge(world, await withoutStrangers(adapter, history, patienceMs), offers(adapter, world.rig.subject, 'virtual-time'), adapter.consistency?.level === 'eventual');
  return { history, rows: () => tableOf(clients.steps, clients.marks, history, mostClients), violation, undecided, program: { setup, clients: perClient.filter((one) => one.length > 0) } };
}

/**
 * Model commands of fast-check under its scheduler: random operations that overlap as it decides. What fails is shrunk in its
 * operations and in its schedule at once, and found again by seed and path.
 */
export async function searchCommands(adapter: Adapter, options: CommandsOptions): Promise<SchedulesResult> {
  const counterexamples: OverlapCounterexample[] = [];
  const undecided: string[] = [];
  let [ran, spoiled] = [0, 0];
  let met = uncontested;
  const deadline = performance.now() + (options.milliseconds ?? Infinity);
  const patienceMs = Math.min(options.patienceMs, 20);

  const breaks = async (commands: CommandsCase, wanted: RequirementId | undefined): Promise<RequirementId | undefined> => {
    if (performance.now() > deadline || undecided.length >= 3 || spoiled > mostSpoiled) return undefined;
    const hasty = await runCase(adapter, commands, patienceMs);
    // Who lives by another clock may only have been slow.
    const result = hasty.undecided === undefined ? hasty : await runCase(adapter, commands, options.patienceMs);
    ran++;
    met = sum(met, inAny(contested(result.history)));
    if (result.undecided !== undefined) undecided.push(result.undecided);
    const requirement = result.violation?.requirement;
    if (requirement === undefined || (wanted !== undefined && requirement !== wanted)) return undefined;
    // Whoever is late is not blocked.
    if (requirement === 'DLK-4' && wanted === undefined && (await runCase(adapter, commands, options.patienceMs)).violation?.requirement !== requirement) return undefined;
    // What goes wrong without any overlap is for others to say.
    if (judged.has(requirement) && !(await failsInSequence((program, chooser) => runProgram(adapter, program, chooser, patienceMs), result.program, randomFrom(1), 20))) return requirement;
    if (wanted === undefined) spoiled++;
    return undefined;
  };

  const { stackTraceLimit } = Error;
  try {
    const cases = await casesFor(adapter, options.patienceMs, options.avoid);
    Error.stackTraceLimit = 0;
    // One fault is enough: it would hide the next, and there is another search for those.
    let wanted: RequirementId | undefined;
    const details = await fc.check(
      fc.asyncProperty(cases, async (one) => {
        const broken = await breaks(one, wanted);
        wanted ??= broken;
        return broken === undefined;
      }),
      { seed: options.seed, numRuns: options.runs },
    );
    if (details.errorInstance !== undefined && details.errorInstance !== null && !isOfProperty(details.errorInstance)) throw details.errorInstance;
    if (details.failed && wanted !== undefined) {
      const found = await confirmed(adapter, details.counterexample![0], wanted, options.patienceMs, { suite: 'commands', seed: options.seed, path: details.counterexamplePath!, ...(options.avoid && options.avoid.length > 0 && { avoid: options.avoid }) });
      if (found === undefined) undecided.push('a failure did not come again under the same schedule: the registry waits for something else than the clock it was given');
      else counterexamples.push(found);
    }
  } catch (error) {
    if (!isOfRegistry(error)) throw error;
    undecided.push(error.message);
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
  return { programs: ran, exhausted: 0, schedules: ran, random: ran, outOf: ran, late: performance.now() > deadline, counterexamples, contested: met, inconclusive: undecided[0] ?? (spoiled > mostSpoiled ? 'what overlap does cannot be told from what is broken without it' : undefined) };
}

/** Runs one case once more: the counterexample, if it still is one. */
export async function replayCommands(adapter: Adapter, replay: ReplayedCommands, patienceMs: number): Promise<SchedulesResult> {
  const none: SchedulesResult = { programs: 1, exhausted: 0, schedules: 1, random: 0, outOf: 1, late: false, counterexamples: [], contested: uncontested, inconclusive: undefined };
  try {
    let one: CommandsCase | undefined;
    // At the end of the path its siblings follow, as long as nothing fails.
    const remember = fc.property(await casesFor(adapter, patienceMs, replay.avoid), (value) => void (one ??= value));
    fc.check(remember, { seed: replay.seed, path: replay.path, numRuns: 1, endOnFailure: true });
    if (one === undefined) return { ...none, inconclusive: 'the path leads nowhere' };
    const { violation, rows, undecided, program, history } = await runCase(adapter, one, patienceMs);
    if (violation === undefined) return { ...none, contested: inAny(contested(history)), inconclusive: undecided };
    return { ...none, counterexamples: [{ requirement: violation.requirement ?? 'ERR-1', violation, program, schedule: one.choices, rows: rows(), history, replay }] };
  } catch (error) {
    if (!isOfRegistry(error)) throw error;
    return { ...none, inconclusive: error.message };
  }
}

async function confirmed(adapter: Adapter, one: CommandsCase, requirement: RequirementId, patienceMs: number, replay: ReplayedCommands): Promise<OverlapCounterexample | undefined> {
  const { violation, rows, program, history } = await runCase(adapter, one, patienceMs);
  return violation?.requirement === requirement ? { requirement, violation, program, schedule: one.choices, rows: rows(), history, replay } : undefined;
}

/** What fast-check itself says of a property that gives false. */
const isOfProperty = (error: unknown): boolean => error instanceof Error && error.message.includes('Property failed by returning false');

const isOfRegistry = (error: unknown): error is Error => error instanceof Unanswered || error instanceof AdapterError || error instanceof Blocked;

/** After so many failures that are none of overlap there is no use in going on. */
const mostSpoiled = 25;

/** Cases of what an adapter offers. */
async function casesFor(adapter: Adapter, patienceMs: number, avoid: readonly Feature[] = []): Promise<fc.Arbitrary<CommandsCase>> {
  const rig = await Rig.open(adapter, {}, patienceMs);
  // A registry that is right in the end may be wrong in between: then only what is looked up at the end counts (CON-2).
  const isEventual = adapter.consistency?.level === 'eventual';
  const has = (feature: Feature): boolean => offers(adapter, rig.subject, feature) && !avoid.includes(feature);
  const arbitrary = cases({ reads: !isEventual, configs: has('configs'), transports: has('transports'), binding: has('binding') && has('transports'), update: has('update') && has('configs'), liveness: has('liveness') });
  await rig.dispose();
  return arbitrary;
}

interface Offered {
  readonly reads: boolean;
  readonly configs: boolean;
  readonly transports: boolean;
  readonly binding: boolean;
  readonly update: boolean;
  readonly liveness: boolean;
}

function cases(offered: Offered): fc.Arbitrary<CommandsCase> {
  const { reads, configs, transports, binding, update, liveness } = offered;
  const server = fc.constantFrom('s1', 's1', 's1', 's2');
  const transport = fc.constantFrom('t1', 't1', 't1', 't2');
  const is = <Op extends Operation['op']>(op: Op): fc.Arbitrary<Op> => fc.constant(op);
  const when = (offers: boolean, weight: number, arbitrary: fc.Arbitrary<Operation>): { weight: number; arbitrary: fc.Arbitrary<Operation> }[] => (offers ? [{ weight, arbitrary }] : []);
  const endpoint = fc.nat(7).map((back) => `${back}`);
  const operation = fc.oneof(
    ...when(true, 4, fc.record({ op: is('registerServer'), id: server, endpoint })),
    ...when(true, 2, fc.record({ op: is('unregisterServer'), id: server })),
    ...when(reads, 2, fc.record({ op: is('findServer'), id: server })),
    ...when(update, 2, fc.record({ op: is('updateServer'), id: server, config: fc.constant({}) })),
    ...when(transports, 1, fc.record({ op: is('registerTransport'), id: transport, endpoint })),
    ...when(transports, 1, fc.record({ op: is('unregisterTransport'), id: transport })),
    ...when(binding, 3, fc.record({ op: is('bindTransportToServer'), transportId: transport, serverId: server })),
    ...when(binding, 1, fc.record({ op: is('unbindTransport'), transportId: transport })),
    ...when(binding && reads, 1, fc.record({ op: is('getServerForTransport'), transportId: transport })),
    ...when(liveness, 2, fc.record({ op: is('down'), endpoint })),
  );
  const config = (v: number): { config?: { v: number } } => (configs ? { config: { v } } : {});
  const first: readonly Operation[] = [
    { op: 'registerServer', id: 's1', endpoint: 'e101', ...config(101) },
    ...(transports ? [{ op: 'registerTransport', id: 't1', endpoint: 'e102' } as const] : []),
    ...(binding ? [{ op: 'bindTransportToServer', transportId: 't1', serverId: 's1' } as const] : []),
  ];
  return fc.record({
    setup: fc.subarray([...first]),
    // Small numbers are no better than others here: what is oldest would mostly go first, and nothing overlap.
    operations: fc.noBias(fc.array(operation, { minLength: 1, maxLength: 7, size: 'max' })),
    choices: fc.noBias(fc.array(fc.nat(3), { maxLength: 40, size: 'max' })),
  }).map(({ setup, operations, choices }) => ({ setup, operations: numbered(operations, configs), choices }));
}

/** Gives every registration a configuration of its own, and an endpoint of its own unless it is to be one that is there already. */
function numbered(operations: readonly Operation[], configs: boolean): Operation[] {
  const endpoints = ['e101', 'e102'];
  return operations.map((operation, i): Operation => {
    const config = configs ? { config: { v: i + 1 } } : {};
    switch (operation.op) {
      case 'registerServer':
      case 'registerTransport': {
        const back = Number(operation.endpoint);
        const endpoint = back === 7 ? endpoints.at(-1)! : `e${i + 1}`;
        endpoints.push(endpoint);
        return { ...operation, endpoint, ...(operation.op === 'registerServer' && config) };
      }
      case 'updateServer':
        return { ...operation, config: { v: i + 1 } };
      case 'down':
        return { ...operation, endpoint: endpoints[Number(operation.endpoint) % endpoints.length]! };
      default:
        return operation;
    }
  });
}
