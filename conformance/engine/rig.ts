import type { Operation } from '../../model/index.js';
import { broadcast, type Clock, type Config, type Registry } from '../../spec/index.js';
import { AdapterError, type Adapter, type OpenOptions, type Subject } from '../contract.js';
import { broken, readError, readValue, showAnswer, type Answer } from './answer.js';
import { Mailbox, TestEndpoint } from './endpoint.js';
import { Endurance } from './endurance.js';
import { Blocked, Unanswered } from './findings.js';
import { offers } from './offers.js';
import type { Lag } from './patience.js';
import { safe, show, showOperation } from './show.js';
import { drained, turn, VirtualClock, waitUntil } from './virtual-clock.js';

/** One line of what was done to a registry: the operation, and what came of it. */
export interface Line {
  /** A step that the model knows, or the text of a call that it does not. */
  readonly what: Operation | string;
  /** Absent while the call is pending. */
  answer?: Answer;
}

/** A call that has been made: its answer may be there, or not yet. */
export interface Call {
  readonly answer: Promise<Answer>;
  settled: Answer | undefined;
  /** Whether it was answered before it returned. */
  readonly isPrompt: boolean;
  readonly operation: keyof Registry;
}

/** What is put around a registry in place of what a rig makes itself. */
export interface Surroundings {
  readonly clock?: Clock;
  readonly mailbox?: Mailbox;
  /** A registry that another thread or process has opened, to become a client of it: `Subject.handle` of what was opened there. */
  readonly connectTo?: { readonly handle: unknown };
  /** Whether the registry has clients in other threads or processes besides. */
  readonly isShared?: boolean;
}

/**
 * A registry under test, with everything around it: endpoints, mailbox, clock and a record of what was done. All that
 * comes out of the registry is untrusted: answers are read through shapes, waits are bounded, errors are kept apart.
 */
export class Rig {
  readonly clock = new VirtualClock();
  readonly mailbox: Mailbox;
  readonly lines: Line[] = [];
  /** A server of which nothing is asked but that it is there, for writes that are to be in flight. */
  readonly anchor = 'anchor';
  #stalled: Call | undefined = undefined;
  readonly #endpoints = new Map<string, TestEndpoint>();
  readonly #endurance: Endurance;
  #subject: Subject | undefined;
  #isDisposed = false;
  /** The adapter has broken down under a call that nobody waits for. */
  #lost: AdapterError | undefined;
  /** Whether what it answers may show endpoints that were made in another thread or process. */
  readonly #isElsewhere: boolean;
  /** How much of the time of `clock` reads may lag behind writes, if it is by that clock that the registry lives. */
  readonly lag: Lag | undefined;
  /** How many milliseconds reads may lag behind writes. */
  readonly #stalenessMs: number;
  /** Whether something was written since reads were given the time to show it, or the wait for that. */
  #behind: boolean | Promise<void> = false;

  private constructor(
    readonly adapter: Adapter,
    /** Milliseconds of real time that anything may take to answer. */
    readonly patienceMs: number,
    { clock, mailbox = new Mailbox(), connectTo, isShared = connectTo !== undefined }: Surroundings,
  ) {
    this.#stalenessMs = adapter.consistency?.level === 'eventual' ? adapter.consistency.stalenessMs : 0;
    const isOurs = clock === undefined && offers(adapter, undefined, 'virtual-time');
    this.lag = isOurs && this.#stalenessMs > 0 ? { ms: this.#stalenessMs, advance: (ms) => this.clock.advance(ms) } : undefined;
    this.#endurance = Endurance.of(adapter);
    this.mailbox = mailbox;
    this.#isElsewhere = isShared;
  }

  /**
   * Opens a registry, or connects to one that has been opened elsewhere. Throws {@link AdapterError} if that fails,
   * {@link Unanswered} if it takes too long.
   */
  static async open(adapter: Adapter, options: Omit<OpenOptions, 'clock'>, patienceMs: number, surroundings: Surroundings = {}): Promise<Rig> {
    const rig = new Rig(adapter, patienceMs, surroundings);
    const { connectTo } = surroundings;
    const clock: Clock = surroundings.clock ?? (offers(adapter, undefined, 'virtual-time') ? rig.clock : realClock);
    const how = connectTo === undefined ? 'open' : 'connect';
    let subject: Subject;
    rig.#endurance.beforeWait('open');
    try {
      const opened = connectTo === undefined ? adapter.open({ ...options, clock }) : adapter.connect!(connectTo.handle, { ...options, clock });
      subject = isThenable(opened) ? await rig.#endurance.wait('open', patienceMs, Promise.resolve(opened), how) : opened;
    } catch (error) {
      if (error instanceof Unanswered) throw error;
      throw new AdapterError(`${how}() of adapter ${show(adapter.name)} failed: ${show(error)}`);
    }
    if (typeof subject !== 'object' || subject === null) {
      throw new AdapterError(`${how}() of adapter ${show(adapter.name)} must return an object with the operations of a registry; it returned ${show(subject)}`);
    }
    for (const operation of ['registerServer', 'unregisterServer', 'findServer'] as const) {
      if (typeof subject[operation] !== 'function') {
        throw new AdapterError(`what ${how}() of adapter ${show(adapter.name)} returned has no ${operation}(): registerServer, unregisterServer and findServer are the least a registry has`);
      }
    }
    rig.#subject = subject;
    if (rig.#settles) rig.clock.settle = () => rig.settle();
    return rig;
  }

  get subject(): Subject {
    return this.#subject!;
  }

  /** Whether the registry is elsewhere, and tells when nothing is left to do there that does not wait for the clock. */
  get #settles(): boolean {
    return typeof this.subject.settle === 'function';
  }

  /** Lets everything run that does not wait for the clock, and arrive, where that can be told: else what takes a turn of the event loop. */
  settle(): Promise<void> {
    return this.#settles ? this.#settleElsewhere() : turn();
  }

  /** The same; in this process no more than the jobs of the promise queue. */
  drained(): Promise<void> {
    return this.#settles ? this.#settleElsewhere() : drained();
  }

  /** The same; in this process nothing is on its way. */
  async arrived(): Promise<void> {
    if (this.#settles) await this.#settleElsewhere();
  }

  async #settleElsewhere(): Promise<void> {
    this.#endurance.beforeWait('settle');
    await this.#endurance.wait('settle', this.patienceMs, Promise.resolve(this.subject.settle!()));
  }

  /** How long what was told elsewhere may be on its way here. Milliseconds of real time. */
  get arrivalMs(): number {
    return offers(this.adapter, this.subject, 'in-process') || this.#settles ? Math.min(250, this.patienceMs) : this.patienceMs;
  }

  /** How long a "down" may take to show: no time at all in process. Milliseconds of real time. */
  get downMs(): number {
    if (offers(this.adapter, this.subject, 'in-process')) return this.#stalenessMs;
    return Math.max(this.#stalenessMs, this.#settles ? this.arrivalMs : this.patienceMs / 2);
  }

  /** Throws {@link AdapterError} if the adapter has broken down: then calls that nobody waited for say nothing. */
  assertSound(): void {
    if (this.#lost !== undefined) throw this.#lost;
  }

  /** The endpoint of this name, made when it is first asked for. */
  endpoint(name: string): TestEndpoint {
    let endpoint = this.#endpoints.get(name);
    if (endpoint === undefined) {
      endpoint = new TestEndpoint(name, this.mailbox);
      this.#endpoints.set(name, endpoint);
    }
    return endpoint;
  }

  /** Every endpoint that has been asked for. */
  get endpoints(): Iterable<TestEndpoint> {
    return this.#endpoints.values();
  }

  /** Performs one step and gives its answer; what takes time is given the time. */
  perform(operation: Operation): Answer | Promise<Answer> {
    const line: Line = { what: operation };
    this.lines.push(line);
    const noted = (answer: Answer): Answer => (line.answer = answer);
    switch (operation.op) {
      case 'down':
        this.endpoint(operation.endpoint).kill();
        this.#behind = true;
        return noted(done);
      case 'advance':
        return this.clock.advance(operation.ms).then(() => noted(done));
      case 'stall':
        return this.#stall(operation.takes ?? 0).then(noted);
      case 'unstall':
        return this.#unstall(operation.takes ?? 0).then(noted);
      default: {
        const takes = 'takes' in operation ? (operation.takes ?? 0) : 0;
        if (takes > 0) return this.#slowly(operation, takes).then(noted);
        const answer = this.#upToDate(operation.op, () => this.#invoke(operation));
        return answer instanceof Promise ? answer.then(noted) : noted(answer);
      }
    }
  }

  /** Makes a call without waiting for its answer. */
  start(operation: Operation): Call {
    const line: Line = { what: `${showOperation(operation)}, not awaited` };
    this.lines.push(line);
    const [name] = this.#arguments(operation);
    const call = this.#pending(name, this.#upToDate(operation.op, () => this.#invoke(operation, Infinity)));
    void call.answer.then((answer) => (line.answer = answer));
    return call;
  }

  /** Makes a call without waiting for its answer, and without a line in the record. */
  begin(operation: Operation): Call {
    // Whoever waits for it bounds the wait: it may be meant to stay pending for as long as the clock stands.
    const [name] = this.#arguments(operation);
    return this.#pending(name, this.#invoke(operation, Infinity));
  }

  #pending(operation: keyof Registry, given: Answer | Promise<Answer>): Call {
    if (!(given instanceof Promise)) return { answer: Promise.resolve(given), settled: given, isPrompt: true, operation };
    const answer = given.catch((error: unknown) => {
      if (!(error instanceof AdapterError)) throw error;
      this.#lost ??= error;
      return broken(error.message);
    });
    const call: Call = { answer, settled: undefined, isPrompt: false, operation };
    void answer.then((settled) => (call.settled = settled));
    return call;
  }

  /** Waits, within bounds, for the answer of a call. */
  async finish(call: Call, what: string): Promise<Answer> {
    if (call.settled === undefined) this.#endurance.beforeWait(call.operation);
    const answer = await this.#endurance.wait(call.operation, this.patienceMs, call.answer, what);
    this.assertSound();
    return answer;
  }

  /** Commits take `ms` milliseconds of virtual time from now on. */
  async slowCommit(ms: number): Promise<void> {
    this.#endurance.beforeWait('slowCommit');
    try {
      const told = this.subject.slowCommit?.(ms);
      if (isThenable(told)) await this.#endurance.wait('slowCommit', this.patienceMs, Promise.resolve(told));
    } catch (error) {
      if (error instanceof Unanswered) throw error;
      throw new AdapterError(`slowCommit() of adapter ${show(this.adapter.name)} failed: ${show(error)}`);
    }
  }

  /**
   * What an operation returns, itself and not what the kit reads out of it: to see whether it can be tampered with. It is looked at
   * once, so a registry whose reads may lag behind has caught up by then.
   */
  async raw(operation: keyof Registry, ...args: unknown[]): Promise<unknown> {
    await this.caughtUp();
    const call = this.subject[operation] as (...args: unknown[]) => unknown;
    this.#endurance.beforeCall(operation);
    this.#endurance.beforeWait(operation);
    try {
      return await this.#endurance.wait(operation, this.patienceMs, Promise.resolve(call.apply(this.subject, args)));
    } catch (error) {
      if (error instanceof Unanswered || error instanceof AdapterError) throw error;
      throw new Blocked(`${operation} had to succeed first, and failed: ${show(error)}`);
    }
  }

  /** Waits until the commit of a call is under way, or the call has been answered. */
  async underway(call: Call): Promise<void> {
    await this.arrived();
    // A registry may begin a commit some turns after the call: time must not pass before it has.
    await waitUntil(() => call.settled !== undefined || this.clock.timers > 0, Math.min(50, this.patienceMs));
  }

  /** Calls an operation with arguments that need not be what the interface takes. */
  call(operation: keyof Registry, ...args: unknown[]): Answer | Promise<Answer> {
    const shown = args.map((arg) => (arg instanceof TestEndpoint ? arg.name : arg === broadcast ? 'broadcast' : show(arg, 80)));
    const line: Line = { what: `${operation}(${shown.join(', ')})` };
    this.lines.push(line);
    const noted = (answer: Answer): Answer => (line.answer = answer);
    const answer = this.#upToDate(operation, () => this.#call(operation, args, this.patienceMs));
    return answer instanceof Promise ? answer.then(noted) : noted(answer);
  }

  /**
   * Makes a call. A registry whose reads may lag behind may look up recipients as any reader does: before something is routed it is
   * given the time that it asks for.
   */
  #upToDate(operation: string, make: () => Answer | Promise<Answer>): Answer | Promise<Answer> {
    if (this.#stalenessMs === 0) return make();
    if (operation !== 'broadcast' && !operation.startsWith('route')) {
      if (!/^(find|list|get)/.test(operation)) this.#behind = true;
      return make();
    }
    return this.#behind === false ? make() : this.caughtUp().then(make);
  }

  /** The time that a registry whose reads may lag behind asks for has passed since the last write. */
  async caughtUp(): Promise<void> {
    if (this.#behind === false) return;
    if (this.#behind === true) {
      // One that is put around another may be late by real time, although that lives by the clock it was given.
      const caughtUp = Promise.all([this.lag?.advance(this.#stalenessMs), new Promise((resolve) => setTimeout(resolve, this.#stalenessMs))]).then(() => {
        if (this.#behind === caughtUp) this.#behind = false;
      });
      this.#behind = caughtUp;
    }
    await this.#behind;
  }

  /** Why not every call has reached the registry when it was made ({@link Subject.heldBack}). */
  get heldBack(): string | undefined {
    try {
      const reason: unknown = this.subject.heldBack?.();
      return typeof reason === 'string' ? safe(reason, 200) : undefined;
    } catch {
      // Who cannot say so is judged.
      return undefined;
    }
  }

  /** Whether each call takes time of its own, as over a wire. */
  async isSlow(): Promise<boolean> {
    const began = performance.now();
    for (let i = 0; i < 20; i++) await this.peek({ op: 'findServer', id: 'a' });
    return performance.now() - began > 10;
  }

  /** A read that leaves no line in the record. */
  peek(operation: Operation): Answer | Promise<Answer> {
    return this.#invoke(operation);
  }

  /** Lets go of the registry, once. Never throws: what it was used for has been judged. */
  async dispose(): Promise<void> {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    try {
      this.#endurance.beforeWait('dispose');
      const disposed = this.#subject?.dispose?.();
      if (isThenable(disposed)) await this.#endurance.wait('dispose', this.patienceMs, Promise.resolve(disposed));
    } catch {
      // A registry that cannot be let go of is no reason to distrust its answers.
    }
  }

  /** Begins a write that changes nothing, and commits when so many milliseconds have passed. */
  async #stall(takes: number): Promise<Answer> {
    await this.slowCommit(takes);
    this.#stalled = this.begin({ op: 'updateServer', id: this.anchor, config: {} });
    await this.underway(this.#stalled);
    await this.slowCommit(0);
    return done;
  }

  /** Lets the time pass that is left until the write commits. What it answers, or has answered when it was late, is of no account. */
  async #unstall(takes: number): Promise<Answer> {
    await this.clock.advance(takes);
    if (this.#stalled !== undefined) await this.finish(this.#stalled, 'a write that had been in flight');
    this.#stalled = undefined;
    return done;
  }

  async #slowly(operation: Operation, takes: number): Promise<Answer> {
    await this.slowCommit(takes);
    const call = this.begin(operation);
    await this.underway(call);
    await this.clock.advance(takes);
    const answer = await this.finish(call, operation.op);
    await this.slowCommit(0);
    return answer;
  }

  #invoke(operation: Operation, patienceMs = this.patienceMs): Answer | Promise<Answer> {
    const [name, args] = this.#arguments(operation);
    return this.#call(name, args, patienceMs);
  }

  #arguments(operation: Operation): [keyof Registry, unknown[]] {
    switch (operation.op) {
      case 'registerServer':
      case 'registerTransport': {
        const config: [] | [Config] = operation.config === undefined ? [] : [copied(operation.config)];
        return [operation.op, [operation.id, this.endpoint(operation.endpoint), ...config]];
      }
      case 'updateServer':
        return [operation.op, [operation.id, copied(operation.config)]];
      case 'unregisterServer':
      case 'unregisterTransport':
      case 'findServer':
      case 'findTransport':
        return [operation.op, [operation.id]];
      case 'bindTransportToServer':
        return [operation.op, [operation.transportId, operation.serverId]];
      case 'unbindTransport':
      case 'getServerForTransport':
        return [operation.op, [operation.transportId]];
      case 'routeToServer':
        return [operation.op, [operation.serverId, operation.transportId, operation.message]];
      case 'routeToTransport':
        return [operation.op, [operation.transportId, operation.serverId, operation.message]];
      case 'broadcast':
        return ['routeToTransport', [broadcast, operation.serverId, operation.message]];
      case 'setAdmission':
        return [operation.op, [operation.mode]];
      case 'listServers':
      case 'listTransports':
      case 'getPartitionStats':
      case 'getContentionStatus':
      case 'resetStats':
      case 'close':
        return [operation.op, []];
      default:
        throw new Error(`${operation.op} is no operation of the interface`);
    }
  }

  #call(operation: keyof Registry, args: unknown[], patienceMs: number): Answer | Promise<Answer> {
    this.#endurance.beforeCall(operation);
    if (patienceMs !== Infinity) this.#endurance.beforeWait(operation);
    let result: unknown;
    const before = this.#endurance.enter(operation);
    try {
      result = (this.subject[operation] as (...args: unknown[]) => unknown).apply(this.subject, args);
      if (!isThenable(result)) return readValue(operation, result, this.#isElsewhere);
    } catch (error) {
      return readError(operation, error);
    } finally {
      this.#endurance.leave(before);
    }
    const answer = settle(operation, result, this.#isElsewhere);
    return patienceMs === Infinity ? answer : this.#endurance.wait(operation, patienceMs, answer);
  }
}

/** A configuration of the registry's own: it may do with it what it likes. Most hold nothing that has to be cloned. */
const copied = (config: Config): Config => (Object.values(config).every((value) => Object(value) !== value) ? { ...config } : structuredClone(config));

const done: Answer = { kind: 'done', value: undefined };

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  (typeof value === 'object' || typeof value === 'function') && value !== null && typeof (value as { then?: unknown }).then === 'function';

/** Settles a promise of an adapter; one that answers twice (only a home-made one can) is broken. */
function settle(operation: keyof Registry, promise: PromiseLike<unknown>, isElsewhere: boolean): Promise<Answer> {
  if (promise instanceof Promise) {
    return promise.then(
      (value) => readValue(operation, value, isElsewhere),
      (error: unknown) => readError(operation, error),
    );
  }
  return new Promise((resolve) => {
    let first: Answer | undefined;
    const answered = (answer: Answer): void => {
      if (first !== undefined) {
        first = broken(`${operation} answered twice: ${showAnswer(first)}, then ${showAnswer(answer)}`);
        return;
      }
      first = answer;
      // The second answer, if there is one, mostly comes in the same turn.
      void turn().then(() => resolve(first!));
    };
    try {
      promise.then(
        (value) => answered(readValue(operation, value, isElsewhere)),
        (error: unknown) => answered(readError(operation, error)),
      );
    } catch (error) {
      answered(readError(operation, error));
    }
  });
}

const realClock: Clock = {
  now: () => performance.now(),
  setTimeout: (callback, ms) => setTimeout(callback, ms),
  clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout),
};
