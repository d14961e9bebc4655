import { isDeepStrictEqual } from 'node:util';
import { createModel, describe, type Operation } from '../../model/index.js';
import { broadcast, type ErrorCode, type Feature, type PartitionStats, type Registry, type RequirementId } from '../../spec/index.js';
import type { Adapter, Consistency, OpenOptions } from '../contract.js';
import { showAnswer, type Answer } from './answer.js';
import { TestEndpoint, type Arrival } from './endpoint.js';
import { Blocked, Violation } from './findings.js';
import { offers } from './offers.js';
import { eventually } from './patience.js';
import { Rig, type Call } from './rig.js';
import { sampleIds } from './ids.js';
import { show, showOperation } from './show.js';
import { waitUntil } from './virtual-clock.js';

type Options = Omit<OpenOptions, 'clock'>;

/** What a hand-written check works with: one registry under test, ways to drive it, and expectations that count. */
export class Trial {
  /** Expectations that were put to the test: none at all means that nothing was checked. */
  evidence = 0;
  /** How often the situation of the check came about: never means that what was checked says nothing. */
  occurrences = 0;
  /** Calls that had to be under way for the situation to come about. */
  readonly #awaited: Call[] = [];
  #ruledOut: string | undefined;
  /** What could not be tried, because it does not reach the registry as it is. */
  readonly untried = new Set<string>();
  readonly #opened: Rig[] = [];
  #ids: Generator<string>;
  #rig: Rig | undefined;

  constructor(
    readonly adapter: Adapter,
    readonly seed: number,
    private readonly patienceMs: number,
  ) {
    this.#ids = sampleIds(seed);
  }

  /** Opens the registry under test; a second call opens another, fresh one, and goes on with that. */
  async open(options: Options = {}): Promise<Rig> {
    this.#rig = await Rig.open(this.adapter, options, this.patienceMs);
    this.#opened.push(this.#rig);
    return this.#rig;
  }

  get rig(): Rig {
    return this.#rig!;
  }

  /** Why not every call has reached a registry when it was made, if its adapter says so. */
  get heldBack(): string | undefined {
    return this.#opened.map((rig) => rig.heldBack).find((reason) => reason !== undefined);
  }

  offers(feature: Feature): boolean {
    return offers(this.adapter, this.rig.subject, feature);
  }

  /** A valid id, different from all before; short, and hostile more often than not. */
  id(): string {
    return this.#ids.next().value as string;
  }

  ids(count: number): string[] {
    return Array.from({ length: count }, () => this.id());
  }

  /**
   * The situation of the check has come about: not what the check meant to bring about, but what the registry's own answers show
   * (a name was found held, a call is still open, an alarm is on, a delivery was made).
   */
  occurred(isSeen = true): void {
    if (isSeen) this.occurrences++;
  }

  /** The situation has come about if this is so; if it is not, another check says so. */
  async occurs(expectation: Promise<void>): Promise<void> {
    await this.given(expectation);
    this.occurred();
  }

  /** Whether so many of these calls are open: the situation of a check, or part of it. */
  underWay(calls: readonly Call[], least = 1): boolean {
    this.#awaited.push(...calls);
    return calls.filter(({ settled }) => settled === undefined).length >= least;
  }

  /** Whether so many of these calls are still open when everything has run that does not wait for the clock. */
  async waiting(calls: readonly Call[], least = 1): Promise<boolean> {
    await this.settled(calls, 1);
    return this.underWay(calls, least);
  }

  /** Whether a call reaches the registry as it is made; if it does not, what it is given is untried. */
  carries(operation: keyof Registry, args: readonly unknown[], what?: string): boolean {
    const stays = (arg: unknown, i: number): boolean => arg === undefined || arg instanceof TestEndpoint || (arg === broadcast && operation === 'routeToTransport' && i === 0) || this.adapter.carries?.(arg) !== false;
    const lost = args.find((arg, i) => !stays(arg, i));
    if (lost !== undefined) this.untried.add(what ?? show(lost, 60));
    return lost === undefined;
  }

  /** The situation cannot come about, for a reason that is no fault. */
  ruledOut(why: string): void {
    this.#ruledOut = why;
  }

  /** Why the situation cannot come about at all, if that can be told: then nothing is missing that could have been tried. */
  get impossible(): string | undefined {
    // Who answers at once may refuse through a promise all the same.
    const isPrompt = this.#awaited.some((call) => call.isPrompt) && this.#awaited.every((call) => call.isPrompt || call.settled?.kind === 'refused') && !this.offers('slow-commit');
    return isPrompt ? 'calls are answered before they return: none is ever under way' : this.#ruledOut;
  }

  /** Something that must work before the check can begin; if it does not, another check says so. */
  async setup(...operations: readonly Operation[]): Promise<void> {
    for (const operation of operations) {
      const answer = await this.rig.perform(operation);
      if (answer.kind !== 'done') throw new Blocked(`${showOperation(operation)} had to succeed first, and was ${showAnswer(answer)}`);
    }
  }

  /** Each is answered when nothing is in its way, with whatever; if it is not, another check says so. */
  async answers(...operations: readonly Operation[]): Promise<void> {
    for (const operation of operations) await this.rig.perform(operation);
  }

  /** What must be so before the check can begin; if it is not, another check says so. */
  async given(expectation: Promise<void>): Promise<void> {
    try {
      await expectation;
    } catch (error) {
      if (!(error instanceof Violation) || error.requirement !== undefined) throw error;
      throw new Blocked(`this had to be so first: ${error.message}`);
    }
  }

  /** The operation succeeds. Gives its value. */
  async succeeds(operation: Operation, why: string): Promise<unknown> {
    const answer = await this.rig.perform(operation);
    return this.accepted(answer, operation, why);
  }

  /** The answer, already there, is a success. Gives its value. */
  accepted(answer: Answer, operation: Operation | string, why: string): unknown {
    this.#whole(answer);
    this.evidence++;
    if (answer.kind === 'done') return answer.value;
    throw new Violation(`${typeof operation === 'string' ? operation : showOperation(operation)}: ${why}`, 'success', showAnswer(answer));
  }

  /** The operation is refused, with one of these codes. */
  async refuses(operation: Operation, codes: readonly ErrorCode[], why: string): Promise<void> {
    this.rejected(await this.rig.perform(operation), showOperation(operation), codes, why);
  }

  /** The answer, already there, is a refusal with one of these codes. */
  rejected(answer: Answer, what: string, codes: readonly ErrorCode[], why: string): void {
    this.#whole(answer);
    this.evidence++;
    if (answer.kind === 'refused' && codes.includes(answer.code)) return;
    throw new Violation(`${what}: ${why}`, `refused: ${codes.join(' or ')}`, showAnswer(answer));
  }

  /** The read gives this value: at once, or within the staleness that the registry claims. */
  async gives(operation: Operation, expected: unknown, why: string): Promise<void> {
    await this.eventually(async () => {
      const answer = await this.rig.perform(operation);
      this.#whole(answer);
      this.evidence++;
      const actual = answer.kind === 'done' ? answer.value : answer;
      if (answer.kind !== 'done' || !isDeepStrictEqual(actual, expected)) {
        throw new Violation(`${showOperation(operation)}: ${why}`, expected === undefined ? 'nothing' : show(expected), showAnswer(answer, 'nothing'));
      }
    });
  }

  /** Who holds a server name, or nobody. */
  async holds(id: string, endpoint: string | undefined, why: string, op: 'findServer' | 'findTransport' = 'findServer'): Promise<void> {
    await this.eventually(async () => {
      const answer = await this.rig.perform({ op, id });
      this.#whole(answer);
      this.evidence++;
      if (answer.kind === 'refused') {
        throw new Violation(`${op}(${show(id)}) was refused`, 'a registration, or nothing', showAnswer(answer), answer.code === 'admission_control_active' ? 'ADM-3' : 'LKP-2');
      }
      const actual = answer.kind === 'done' ? (answer.value as { endpoint?: string } | undefined)?.endpoint : answer;
      if (answer.kind !== 'done' || actual !== endpoint) {
        throw new Violation(`${op}(${show(id)}): ${why}`, endpoint === undefined ? 'nothing' : `held by ${endpoint}`, showAnswer(answer, 'nothing'));
      }
    });
  }

  /** An answer that the interface does not know breaks a requirement of its own, whatever was being checked. */
  #whole(answer: Answer): void {
    if (answer.kind === 'broken') throw new Violation('an answer has the wrong shape', 'a value of the interface, or an error with a specified code', answer.what, answer.breaks);
  }

  /** The operation has to be refused before the check can begin; if it is not, another check says so. Gives the code. */
  async refused(operation: Operation): Promise<ErrorCode> {
    const answer = await this.rig.perform(operation);
    if (answer.kind !== 'refused') throw new Blocked(`${showOperation(operation)} had to be refused first, and was ${showAnswer(answer)}`);
    return answer.code;
  }

  /** The statement holds. */
  check(holds: boolean, message: string, expected: unknown, actual: unknown): void {
    this.evidence++;
    if (!holds) throw new Violation(message, typeof expected === 'string' ? expected : show(expected), typeof actual === 'string' ? actual : show(actual));
  }

  /**
   * Repeats an expectation for as long as the registry may be stale: not at all when it claims to be linearizable,
   * except for the "down" of an endpoint that lives in another process. `of`: the registry, if it is another than was opened last.
   */
  eventually(expectation: () => Promise<void>, boundMs = this.stalenessMs, of = this.rig): Promise<void> {
    const { evidence, rig: { lines } } = this;
    const { length } = lines;
    const anew = (): Promise<void> => {
      // How often it is tried is a matter of time: the last counts, and is shown.
      this.evidence = evidence;
      lines.length = Math.min(lines.length, length);
      return expectation();
    };
    return eventually(boundMs, anew, of.lag);
  }

  get stalenessMs(): number {
    const { consistency } = this.adapter;
    return consistency?.level === 'eventual' ? consistency.stalenessMs : 0;
  }

  /** How long a "down" may take to show: no time at all in process. */
  get downMs(): number {
    return this.rig.downMs;
  }

  /** How long it is waited for what a "down" has to end: that it does so at once is for DWN-3 to say. */
  get goneMs(): number {
    return this.downMs || 250;
  }

  /** What has arrived, once `count` deliveries have, or have had time to. */
  async arrivals(count: number): Promise<Arrival[]> {
    const { mailbox } = this.rig;
    await this.rig.arrived();
    await waitUntil(() => mailbox.size >= count, this.rig.arrivalMs);
    await this.rig.settle();
    return mailbox.take();
  }

  /** Whether each call takes time of its own, as over a wire: then fewer are made. */
  areCallsSlow(): Promise<boolean> {
    return this.rig.isSlow();
  }

  /** The statistics of every partition. */
  async stats(): Promise<readonly PartitionStats[]> {
    const answer = await this.rig.perform({ op: 'getPartitionStats' });
    if (answer.kind !== 'done' || !Array.isArray(answer.value)) throw new Blocked(`getPartitionStats() had to give a list, and gave ${showAnswer(answer)}`);
    return answer.value as readonly PartitionStats[];
  }

  /** Which partition an id maps to, learned from the write counts. */
  async partitionOf(id: string): Promise<number> {
    const before = await this.stats();
    await this.setup({ op: 'registerServer', id, endpoint: 'e1' }, { op: 'unregisterServer', id });
    const after = await this.stats();
    const risen = after.filter((now, i) => now.writeCount > (before[i]?.writeCount ?? 0)).map((now) => now.partition);
    if (risen.length !== 1) throw new Blocked(`registering ${show(id)} had to raise the write count of one partition, and raised those of ${show(risen)}`);
    return risen[0]!;
  }

  /** One id for each of the first `count` partitions to be met, and their partitions. */
  async idPerPartition(count: number): Promise<{ id: string; partition: number }[]> {
    const met = new Map<number, string>();
    for (let i = 0; i < 64 * 20 && met.size < count; i++) {
      const id = `id-${i}`;
      const partition = await this.partitionOf(id);
      if (!met.has(partition)) met.set(partition, id);
    }
    if (met.size < count) throw new Blocked(`${count} partitions had to be reachable by id, and only ${met.size} were`);
    this.rig.lines.length = 0;
    await this.setup({ op: 'resetStats' });
    return [...met].map(([partition, id]) => ({ id, partition }));
  }

  /** `count` writes on one id, registered or not, each taking `takes` ms. Leaves the name as it was. */
  async writes(id: string, count: number, takes: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      await this.setup(i % 2 === 0 ? { op: 'registerServer', id, endpoint: 'e1', takes } : { op: 'unregisterServer', id, takes });
    }
  }

  /** Makes a call that does not commit until so much virtual time has passed. */
  async stall(operation: Operation, ms: number): Promise<Call> {
    await this.rig.slowCommit(ms);
    const call = this.rig.start(operation);
    await this.rig.underway(call);
    await this.rig.slowCommit(0);
    return call;
  }

  /**
   * Makes calls in this order, none of which waits for the one before, so that what is handed over later must keep the order too: unless
   * the registry is elsewhere, where calls that are open together have no order. Gives whether any overlapped.
   */
  async inOrder(operations: readonly Operation[], each: (answer: Answer) => void): Promise<boolean> {
    const isHere = this.offers('in-process');
    const calls: Call[] = [];
    for (const operation of operations) {
      const call = this.rig.start(operation);
      calls.push(call);
      if (!isHere) await this.finish(call, operation.op);
    }
    const overlap = isHere && calls.some(({ settled }) => settled === undefined);
    for (const [i, call] of calls.entries()) each(await this.finish(call, operations[i]!.op));
    return overlap;
  }

  /** Gives calls a few milliseconds of real time to answer, before virtual time goes on; says whether all have. */
  async settled(calls: readonly Call[], ms = 8): Promise<boolean> {
    await this.rig.arrived();
    return waitUntil(() => calls.every(({ settled }) => settled !== undefined), ms);
  }

  /** Waits for a call that has been made. */
  finish(call: Call, what: string): Promise<Answer> {
    return this.rig.finish(call, what);
  }

  /** The call answers soon, in real time and in virtual time, whatever else is stuck for a minute. */
  async answersNow(operation: Operation, why: string): Promise<Answer> {
    const call = this.rig.start(operation);
    for (let i = 0; i < 10 && call.settled === undefined; i++) await this.rig.settle();
    for (let ms = 0; ms < 100 && call.settled === undefined; ms += 20) await this.rig.clock.advance(20);
    if (call.settled === undefined) await waitUntil(() => call.settled !== undefined, this.rig.arrivalMs);
    this.rig.assertSound();
    this.evidence++;
    if (call.settled === undefined) throw new Violation(`${showOperation(operation)}: ${why}`, 'an answer, soon', 'no answer: it waits');
    return call.settled;
  }

  /** What the specification says the registry held before the last step. */
  stateBefore(): string[] {
    try {
      const model = createModel();
      let { initial: state } = model;
      for (const { what } of this.rig.lines.slice(0, -1)) {
        if (typeof what !== 'string') ({ state } = model.step(state, what));
      }
      // Partitions are left out: which ids share one is the registry's own affair, and the model was not told.
      return describe(state).filter((line) => !line.startsWith('partition') && line !== 'admission open (auto)' && line !== 'time 0 ms');
    } catch {
      return [];
    }
  }

  async dispose(): Promise<void> {
    for (const rig of this.#opened) await rig.dispose();
  }
}

/** A check: one requirement, one thing tried. */
export interface Check {
  readonly requirement: RequirementId;
  /** What is tried, as a sentence. */
  readonly title: string;
  /**
   * What has to come about for the check to say anything, in a few words; {@link run} says each time that it has, by
   * {@link Trial.occurred} or {@link Trial.occurs}. If it never does, the check is inconclusive.
   */
  readonly situation: string;
  /** Features that this check needs beyond those of its requirement. */
  readonly needs?: readonly Feature[];
  readonly options?: Options;
  /** What a registry has to claim to be judged by it. */
  readonly consistency?: Consistency['level'];
  run(t: Trial): Promise<void>;
}

/** Writes a check down. */
export function check(requirement: Check['requirement'], title: string, situation: string, run: Check['run'], more: Pick<Check, 'needs' | 'options' | 'consistency'> = {}): Check {
  return { requirement, title, situation, run, ...more };
}
