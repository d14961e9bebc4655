import type { Operation } from '../../model/index.js';
import type { Adapter, Subject } from '../contract.js';
import type { Answer } from '../engine/answer.js';
import type { Arrival } from '../engine/endpoint.js';
import { Unanswered } from '../engine/findings.js';
import type { Delivered } from '../engine/intervals.js';
import { offers } from '../engine/offers.js';
import { isRoute, type Observed } from '../engine/registry-history.js';
import { Rig, type Call } from '../engine/rig.js';
import { showOperation } from '../engine/show.js';
import { turn, type VirtualTimer } from '../engine/virtual-clock.js';
import { Recorder, type History } from '../linearizability/index.js';
import { askWaits, describeCycle } from '../progress/wait-for-graph.js';

import { readsOf, type ConcurrentProgram } from './program.js';
import type { Step, World } from './world.js';

/** A call that a client makes, a wait of the registry that is over, or the lapse of time. */
export interface RegistryStep extends Step {
  /** `jobs`: how many jobs of the promise queue run before the next step; all of them, unless said. */
  readonly does: { readonly kind: 'call'; readonly operation: Operation; readonly jobs?: number } | { readonly kind: 'timer'; readonly timer: VirtualTimer } | { readonly kind: 'wait' } | { readonly kind: 'time' };
}

interface Client {
  readonly operations: readonly Operation[];
  next: number;
  /** The number of the entry of its open call. */
  open: number | undefined;
}

const isLookup = ({ op }: Operation): boolean => op.startsWith('find') || op.startsWith('get');

/** Copies of operations with messages of their own; the same ones in every schedule. */
const addressed = new WeakMap<Operation, Operation[]>();

const labels = new WeakMap<Operation, string>();

/** Whose reads those are of a program that is watched. */
export const onlooker = 'an onlooker';

/** The same operations are called in schedule after schedule. */
function labelOf(operation: Operation): string {
  let label = labels.get(operation);
  if (label === undefined) labels.set(operation, (label = showOperation(operation)));
  return label;
}

/** Lets so many jobs of the promise queue run, and those that were there before. */
async function passing(jobs: number): Promise<void> {
  for (let i = 0; i < jobs; i++) await undefined;
}

/** Timers that are set for longer are time-outs: they fire only when nothing else can happen. Milliseconds. */
const longestStepMs = 20;

/** How long commits take that are stuck: longer than any time-out. Milliseconds. */
const stuckMs = 3_600_000;

/** So many time-outs in a row run off when they are due. */
const promptTimeouts = 10;

/** How long commits take, so that each of them is a step of its own. Milliseconds. */
const commitMs = 1;

/**
 * A registry and its clients, whose steps are put in order from outside: the calls of the clients, and each wait of the registry
 * that is by the clock it was given, above all that for a commit. Between two steps everything that does not wait runs to its end.
 */
export class RegistryWorld implements World<RegistryStep> {
  /** Whoever waits for ever, when it is over: nothing was left that could have answered them. */
  readonly blocked: { readonly actor: string; readonly operation: Operation }[] = [];
  /** A circle in which they wait for each other, if the registry can tell. */
  circle: string | undefined;
  /** A name that was still there when every endpoint had gone down, as a lookup showed it. */
  outlived: { readonly read: Operation; readonly answer: Answer } | undefined;
  /** What endpoints were sent, and when. */
  readonly deliveries: Delivered[] = [];
  #moment = 0;
  readonly #recorder = new Recorder<Operation, Observed>({ now: () => this.#moment++ });
  readonly #clients: Client[];
  /** Where arrivals of routed messages belong. */
  readonly #routes = new Map<string, number>();
  /** What endpoints will call back when they are sent something. */
  readonly #reactions: Map<string, Operation>;
  /** Calls from within a delivery or a "down" that have not been answered, by the numbers of their entries. */
  readonly #callbacks = new Map<number, { readonly actor: string; readonly operation: Operation }>();
  readonly #owners = new Map<VirtualTimer, number>();
  readonly #downIsPrompt: boolean;
  readonly #endsAll: boolean;
  readonly #early: boolean;
  readonly #isEventual: boolean;
  readonly #isStuck: boolean;
  /** What is looked at after each step. */
  #watched: readonly Operation[];
  #waited = false;
  /** How many time-outs in a row have run off. */
  #timeouts = 0;

  private constructor(
    readonly rig: Rig,
    program: ConcurrentProgram,
    /** How long a registry may take that does not wait by its clock. Milliseconds of real time. */
    readonly patienceMs: number,
  ) {
    this.#clients = program.clients.map((operations) => ({ operations, next: 0, open: undefined }));
    this.#early = program.early ?? false;
    // An hour of real time is not waited for.
    this.#isStuck = program.commits === 'stuck' && offers(rig.adapter, rig.subject, 'virtual-time');
    this.#isEventual = rig.adapter.consistency?.level === 'eventual';
    this.#watched = program.isWatched ? readsOf(program).filter(({ op }) => typeof rig.subject[op as keyof Subject] === 'function') : [];
    this.#reactions = new Map(Object.entries(program.reactions ?? {}));
    rig.mailbox.witness = (arrival) => this.#delivered(arrival);
    this.#downIsPrompt = offers(rig.adapter, rig.subject, 'in-process');
    // What is called back then may come too late to be a fault.
    this.#endsAll = this.#downIsPrompt && offers(rig.adapter, rig.subject, 'liveness') && !this.#isEventual && !this.#isStuck && program.downReactions === undefined;
  }

  /** Opens a registry and does what is to be done first. Throws what `Rig.open` does; a setup that fails is part of the history. */
  static async open(adapter: Adapter, program: ConcurrentProgram, patienceMs: number): Promise<RegistryWorld> {
    // Haste is for calls: to open a registry takes what it takes.
    const rig = await Rig.open(adapter, { partitions: 2 }, Math.max(patienceMs, 2_000));
    const world = new RegistryWorld(rig, program, patienceMs);
    for (const operation of program.setup) {
      const waits = world.#perform('setup', operation);
      if (waits !== undefined) await waits;
    }
    await rig.drained();
    for (const [endpoint, operation] of Object.entries(program.downReactions ?? {})) rig.endpoint(endpoint).signal.addEventListener('abort', () => void world.#callBack(`${endpoint}, going down`, operation), { once: true });
    if (program.commits !== 'prompt' && offers(adapter, rig.subject, 'slow-commit')) await rig.slowCommit(world.#isStuck ? stuckMs : commitMs);
    return world;
  }

  /** The time in the history. */
  get moment(): number {
    return this.#moment;
  }

  /** Whether a client waits for no answer. */
  isIdle(client: number): boolean {
    return this.#clients[client]!.open === undefined;
  }

  enabled(): readonly RegistryStep[] {
    const steps: RegistryStep[] = [];
    for (const timer of this.#isEventual ? this.#first() : this.rig.clock.waiting()) {
      if (timer.after > longestStepMs) continue;
      steps.push({ thread: this.#ownerOf(timer), label: 'goes on', does: { kind: 'timer', timer } });
    }
    const goesOn = steps.length > 0;
    let idle = 0;
    for (const client of this.#clients) if (client.open === undefined && client.next < client.operations.length) idle++;
    for (const [thread, { open, operations, next }] of this.#clients.entries()) {
      const operation = operations[next];
      if (open !== undefined || operation === undefined) continue;
      const label = labelOf(operation);
      steps.push({ thread, label, does: { kind: 'call', operation } });
      // As long as there is somebody else to call.
      if (this.#early && idle > 1) for (const jobs of [0, 1, 2, 4]) steps.push({ thread, label, does: { kind: 'call', operation, jobs } });
    }
    const someWait = this.#waiting > 0;
    if (someWait && !goesOn && !this.#waited) steps.push({ thread: this.#clients.length, label: 'time passes', does: { kind: 'wait' } });
    else if (someWait && steps.length === 0 && this.rig.clock.timers > 0) steps.push({ thread: this.#clients.length, label: 'a time-out runs off', does: { kind: 'time' } });
    return steps;
  }

  /** The timer that is due first: news that reach a replica by the clock come in the order of the clock, or it never agrees. */
  #first(): readonly VirtualTimer[] {
    const timers = this.rig.clock.pending().filter(({ after }) => after <= longestStepMs);
    return timers.length === 0 ? [] : [timers.reduce((first, timer) => (timer.due < first.due ? timer : first))];
  }

  take(step: RegistryStep): void | Promise<void> {
    const taking = this.#take(step);
    return this.#watched.length === 0 ? taking : this.#lookAfter(taking);
  }

  /** Who takes a while to answer reads is not asked again: what that waits for would be a step. */
  async #lookAfter(taking: void | Promise<void>): Promise<void> {
    await taking;
    for (const read of this.#watched) {
      const id = this.#recorder.call(onlooker, read);
      const call = this.rig.begin(read);
      for (let jobs = 0; jobs < 4 && call.settled === undefined; jobs++) await undefined;
      if (call.settled !== undefined) {
        this.#recorder.answer(id, call.settled);
        continue;
      }
      void call.answer.then((answer) => this.#recorder.answer(id, answer));
      this.#watched = [];
      return;
    }
  }

  #take(step: RegistryStep): void | Promise<void> {
    const { does, thread } = step;
    this.#waited = false;
    if (does.kind === 'call' || does.kind === 'timer') this.#timeouts = 0;
    switch (does.kind) {
      case 'call':
        return this.#call(thread, does.operation, does.jobs);
      case 'timer':
        this.#owners.delete(does.timer);
        this.rig.clock.fire(does.timer);
        return this.rig.drained();
      case 'time':
        this.#runOff();
        return this.rig.drained();
      case 'wait':
        return this.#wait();
    }
  }

  /** What is looked up when everything is over, and all that was called and answered before. */
  async finish(reads: readonly Operation[]): Promise<History<Operation, Observed>> {
    for (const [client, { open, operations, next }] of this.#clients.entries()) if (open !== undefined) this.blocked.push({ actor: `client ${client + 1}`, operation: operations[next - 1]! });
    this.blocked.push(...this.#callbacks.values());
    if (this.blocked.length > 0) this.circle = describeCycle(await askWaits(this.rig.subject, this.patienceMs));
    const { consistency } = this.rig.adapter;
    // Commits that were given up come after all: at most so many are left.
    for (let left = this.#clients.length + 20; this.#isStuck && this.rig.clock.timers > 0 && left > 0; left--) await this.rig.clock.advance(stuckMs);
    // One that is put around another may be late by real time.
    await this.rig.lag?.advance(this.rig.lag.ms);
    if (consistency?.level === 'eventual') await new Promise((resolve) => setTimeout(resolve, consistency.stalenessMs));
    // What hangs has been found out, and would only hang once more.
    if (this.blocked.length === 0) for (const read of reads) {
      const waits = this.#perform('afterwards', read);
      if (waits !== undefined) await waits;
    }
    const history = this.#recorder.history();
    await this.#handedOver(history);
    if (this.blocked.length === 0 && this.#endsAll) await this.#endAll(reads);
    const reached = new Map(this.deliveries.flatMap(({ message, endpoint }) => {
      const route = this.#routes.get(message);
      return route === undefined ? [] : [[route, endpoint] as const];
    }));
    await this.rig.dispose();
    this.rig.assertSound();
    if (this.#routes.size === 0) return history;
    return history.map((entry) => (isRoute(entry.invocation) && entry.response?.kind === 'done' ? { ...entry, response: { kind: 'done', value: reached.get(entry.id) } } : entry));
  }

  /** Every endpoint goes down. Not part of the history, in which it would tie all names together. */
  async #endAll(reads: readonly Operation[]): Promise<void> {
    for (const { name, signal } of this.rig.endpoints) if (!signal.aborted) this.rig.endpoint(name).kill();
    await this.rig.drained();
    for (const read of reads.filter(({ op }) => op.startsWith('find'))) {
      const call = this.rig.begin(read);
      const answer = call.settled ?? (await this.#answerOf(call, read));
      if (answer.kind === 'done' && answer.value !== undefined) this.outlived ??= { read, answer };
    }
  }

  #call(thread: number, operation: Operation, jobs = Infinity): void | Promise<void> {
    const client = this.#clients[thread]!;
    client.next++;
    if (operation.op === 'down') {
      this.#kill(this.#recorder.call(`client ${thread + 1}`, operation), operation.endpoint);
      return this.rig.drained();
    }
    const sent = this.#addressed(operation);
    const id = this.#recorder.call(`client ${thread + 1}`, sent);
    client.open = id;
    if (isRoute(sent)) this.#routes.set((sent as { message: string }).message, id);
    const call = this.rig.begin(sent);
    if (call.settled !== undefined) {
      this.#answered(client, id, call.settled);
      // What was looked up at once has set nothing off.
      return isLookup(operation) ? undefined : this.rig.drained();
    }
    void call.answer.then((answer) => this.#answered(client, id, answer));
    return jobs === Infinity ? this.rig.drained() : jobs > 0 ? passing(jobs) : undefined;
  }

  #answered(client: Client, id: number, answer: Answer): void {
    if (client.open !== id) return;
    client.open = undefined;
    this.#ended(id, answer);
  }

  #ended(id: number, answer: Answer): void {
    // Of what came of it nothing is known, but that it came to an end.
    if (answer.kind === 'refused' && answer.code === 'outcome_unknown') this.#recorder.lose(id);
    else this.#recorder.answer(id, answer);
  }

  #delivered({ message, endpoint, namespace, to, from }: Arrival): Promise<void> | undefined {
    if (typeof message === 'string') this.deliveries.push({ message, endpoint, namespace, to, from, at: this.#moment++ });
    const reaction = this.#reactions.get(endpoint);
    if (reaction === undefined) return undefined;
    this.#reactions.delete(endpoint);
    return this.#callBack(endpoint, reaction);
  }

  /** A call from within one that the registry makes: an operation like any other, but nobody's step. */
  #callBack(actor: string, operation: Operation): Promise<void> | undefined {
    const sent = this.#addressed(operation);
    const id = this.#recorder.call(actor, sent);
    if (operation.op === 'down') {
      this.#kill(id, operation.endpoint);
      return undefined;
    }
    if (isRoute(sent)) this.#routes.set((sent as { message: string }).message, id);
    const call = this.rig.begin(sent);
    if (call.settled !== undefined) {
      this.#ended(id, call.settled);
      return undefined;
    }
    this.#callbacks.set(id, { actor, operation });
    return call.answer.then((answer) => {
      this.#callbacks.delete(id);
      this.#ended(id, answer);
    });
  }

  #kill(id: number, endpoint: string): void {
    this.rig.endpoint(endpoint).kill();
    // Elsewhere it takes effect when the news arrives.
    if (this.#downIsPrompt) this.#recorder.answer(id, { kind: 'done', value: undefined });
    else this.#recorder.lose(id);
  }

  /** How many calls have not been answered. */
  get #waiting(): number {
    let count = this.#callbacks.size;
    for (const { open } of this.#clients) if (open !== undefined) count++;
    return count;
  }

  /** Messages may be handed over after the call has been answered: it said how many there are. */
  async #handedOver(history: History<Operation, Observed>): Promise<void> {
    let expected = 0;
    for (const { invocation, response } of history) if ('message' in invocation && response?.kind === 'done') expected += Number(response.value);
    await this.rig.arrived();
    const end = performance.now() + this.patienceMs;
    for (let turns = 0; this.rig.mailbox.size < expected && (turns < 20 || performance.now() < end); turns++) await turn();
  }

  /** A message that is told apart from all others, so that it is known where it went. */
  #addressed(operation: Operation): Operation {
    if (!('message' in operation)) return operation;
    const known = addressed.get(operation) ?? [];
    addressed.set(operation, known);
    return (known[this.#recorder.size] ??= { ...operation, message: `m${this.#recorder.size}` } as Operation);
  }

  /** One operation by itself, given all the time it takes. A promise only if it takes any. */
  #perform(actor: string, operation: Operation): void | Promise<void> {
    const id = this.#recorder.call(actor, operation);
    const call = this.rig.begin(operation);
    if (call.settled === undefined) return this.#answerOf(call, operation).then((answer) => this.#recorder.answer(id, answer));
    this.#recorder.answer(id, call.settled);
  }

  async #answerOf(call: Call, operation: Operation): Promise<Answer> {
    for (let jobs = 0; jobs < 4 && call.settled === undefined; jobs++) await undefined;
    if (call.settled === undefined) await this.rig.drained();
    const patienceMs = Math.max(this.patienceMs, 2_000);
    const end = performance.now() + patienceMs;
    for (let turns = 0; call.settled === undefined; turns++) {
      const [timer] = this.rig.clock.pending().sort((a, b) => a.due - b.due);
      if (timer !== undefined) this.rig.clock.fire(timer);
      else if (turns > 50 && performance.now() > end) throw new Unanswered(`${showOperation(operation)}, by itself, did not answer within ${patienceMs} ms`);
      await (timer === undefined ? turn() : this.rig.drained());
    }
    return call.settled;
  }

  /** The time-out that is due first runs off. One that is set again and again comes late after a while: an hour is 60,000 times 60 ms. */
  #runOff(): void {
    const [first, second] = this.rig.clock.pending().sort((a, b) => a.due - b.due);
    this.rig.clock.fire(first!, ++this.#timeouts > promptTimeouts ? second?.due : undefined);
  }

  /** Real time passes, until something has come of it or there was enough. */
  async #wait(): Promise<void> {
    const [waiting, timers] = [this.#waiting, this.rig.clock.timers];
    const changed = (): boolean => this.rig.clock.timers !== timers || this.#waiting !== waiting;
    const end = performance.now() + this.patienceMs;
    // Where commits are stuck, they are what is waited for, until none is left.
    for (let turns = 0; !changed() && (this.#isStuck && timers > 0 ? turns < 5 : turns < 50 || performance.now() < end); turns++) await turn();
    this.#waited = !changed();
  }

  /** Whose step it is that a timer stands for: a guess, for people to read. Of the clients that wait, the first that has no timer. */
  #ownerOf(timer: VirtualTimer): number {
    let owner = this.#owners.get(timer);
    if (owner === undefined) {
      const taken = new Set(this.#owners.values());
      const waiting = this.#clients.map(({ open }, thread) => ({ open, thread })).filter(({ open, thread }) => open !== undefined && !taken.has(thread));
      owner = waiting.sort((a, b) => a.open! - b.open!)[0]?.thread ?? this.#clients.length;
      this.#owners.set(timer, owner);
    }
    return owner;
  }
}
