import type { Clock, Namespace } from '../spec/interface.js';
import type { ErrorCode } from '../spec/errors.js';
import type { Entry } from './entry.js';
import { RegistryError } from './error.js';
import type { Change, CommitResult, Store, Stored } from './store.js';
import { isThenable } from './thenable.js';

/** What a write does, without the waiting. All of it is called while the write holds its lane. */
export interface Operation {
  readonly namespace: Namespace;
  readonly id: string;
  /** Whether it puts a record where it expects none. */
  readonly creates: boolean;
  /** The incarnation it concerns, once decided. */
  readonly entry: Entry | undefined;
  /** At its turn: what to commit, or nothing if there is nothing to do. Throws a refusal. */
  decide(): Change | undefined;
  /** When that has been committed: makes it visible, or finds that it may not be any more. */
  apply(): Amendment | undefined;
}

/** What is left to do when the world has moved on during a commit. */
export interface Amendment {
  /** To be committed as well, so that the store agrees. */
  readonly change: Change | undefined;
  /** Why the write is refused after all: then nothing has become visible. */
  readonly refusal?: RegistryError;
}

/** What a lane needs to know of its registry. */
export interface LaneContext {
  readonly clock: Clock;
  readonly maxWaitingWrites: number;
  readonly writeTimeoutMs: number;
  /** {@link Directory.restate}. */
  restate(entry: Entry): Change | undefined;
  /** A write was committed, `latency` milliseconds after its call. */
  onCommit(latency: number, now: number): void;
  /** The lane is held beyond the call that took it. */
  onBusy(): void;
}

/** A key of which the store may hold something else than what is registered. */
interface Doubt {
  /** The write that may have been committed, unless that is known. */
  write?: { readonly change: Change; readonly operation: Operation };
  /** The incarnation in doubt. */
  readonly entry: Entry;
}

/** A call on its way. */
class Write {
  /** Its own change is with the store. */
  committing = false;
  /** It has taken effect. */
  committed = false;
  /** Its caller has been answered. */
  answered = false;
  error: RegistryError | undefined = undefined;
  timer: unknown = undefined;
  #answer: { promise: Promise<void>; resolve: () => void; reject: (error: RegistryError) => void } | undefined = undefined;

  constructor(
    readonly operation: Operation,
    readonly calledAt: number,
    /** Caused by a "down": nobody waits for it, and it is neither counted nor timed. */
    readonly background: boolean,
  ) {}

  /** Answers the caller, unless that has been done: a promise keeps the first answer. */
  settle(error?: RegistryError): void {
    this.answered = true;
    this.error = error;
    if (error) this.#answer?.reject(error);
    else this.#answer?.resolve();
  }

  /** What the caller gets. A promise of its own is made only if there is something to wait for. */
  promise(): Promise<void> {
    if (this.answered) return this.error ? Promise.reject(this.error) : done;
    let resolve!: () => void;
    let reject!: (error: RegistryError) => void;
    const promise = new Promise<void>((yes, no) => ([resolve, reject] = [yes, no]));
    this.#answer = { promise, resolve, reject };
    return promise;
  }
}

const done = Promise.resolve();

/**
 * The writes of one partition, one after the other in the order of their calls (DLK-2). A write that holds the lane
 * waits for nothing but the store of this partition, so no lanes can wait for each other (DLK-3). When the lane is free
 * and the store answers at once, a write has taken effect before its call returns.
 *
 * An outcome that the store does not know is settled by reading before the lane goes on. If that fails too, the *key*
 * stays in doubt and its next write settles it first; all other keys go on.
 */
export class Lane {
  #holder: Write | undefined = undefined;
  /** "Down" outranks all that waits: a name that has gone must leave the store before it is registered again. */
  readonly #downs: Write[] = [];
  /** In the order of calls. A Set, because a write that times out leaves from wherever it stands. */
  readonly #waiting = new Set<Write>();
  readonly #doubts = new Map<string, Doubt>();
  #pumping = false;
  #closed = false;
  #onIdle: (() => void) | undefined = undefined;

  constructor(
    readonly store: Store,
    readonly context: LaneContext,
  ) {}

  /**
   * Performs a write at its turn. Rejects with what its operation is refused with, and with `partition_overloaded`,
   * `write_timeout`, `store_failed`, `outcome_unknown`, `already_registered`, `registry_closed`. O(1), plus the store.
   */
  submit(operation: Operation): Promise<void> {
    const write = new Write(operation, this.context.clock.now(), false);
    if (this.#holder === undefined && !this.#pumping) {
      this.#start(write);
    } else if (this.#waiting.size >= this.context.maxWaitingWrites) {
      write.settle(refusal('partition_overloaded', `The partition of ${show(operation)} has ${this.#waiting.size} writes waiting: try again later.`));
    } else {
      this.#waiting.add(write);
      this.#arm(write);
      this.context.onBusy();
    }
    return write.promise();
  }

  /** Performs an operation in the background, before all that waits. */
  interject(operation: Operation): void {
    const write = new Write(operation, 0, true);
    if (this.#holder === undefined && !this.#pumping) this.#start(write);
    else this.#downs.push(write);
  }

  /** Whether nothing is under way. */
  get idle(): boolean {
    return this.#holder === undefined;
  }

  /** When the oldest call was made that has not been committed; undefined if there is none. Milliseconds of the clock. */
  get oldestCall(): number | undefined {
    const holder = this.#holder;
    if (holder !== undefined && !holder.background && !holder.committed) return holder.calledAt;
    for (const write of this.#waiting) return write.calledAt;
    return undefined;
  }

  /** Refuses what waits. Resolves when what is under way has ended; undefined if nothing is. */
  close(): Promise<void> | undefined {
    this.#closed = true;
    this.#downs.length = 0;
    for (const write of this.#waiting) this.#answer(write, closedBefore(write.operation));
    this.#waiting.clear();
    return this.idle ? undefined : new Promise((resolve) => (this.#onIdle = resolve));
  }

  #start(write: Write): void {
    this.#holder = write;
    this.#disarm(write);
    const doubt = this.#doubts.size === 0 ? undefined : this.#doubts.get(keyOf(write.operation));
    if (doubt === undefined) this.#decide(write);
    else void this.#repair(write, doubt);
    if (this.#holder === write) {
      this.#arm(write);
      this.context.onBusy();
    }
  }

  #decide(write: Write): void {
    let change: Change | undefined;
    try {
      change = write.operation.decide();
    } catch (error) {
      this.#finish(write, error as RegistryError);
      return;
    }
    if (change === undefined) {
      this.#finish(write);
      return;
    }
    write.committing = true;
    const decided = change;
    const result = this.#commit(decided);
    if (result instanceof Promise) void result.then((late) => this.#conclude(write, decided, late));
    else this.#conclude(write, decided, result);
  }

  #conclude(write: Write, change: Change, result: CommitResult): void {
    switch (result.kind) {
      case 'committed':
        this.#apply(write, change, result.revision);
        return;
      case 'failed':
        this.#finish(write, storeFailed(write.operation, result.error));
        return;
      case 'conflict':
        if (write.operation.creates) this.#finish(write, refusal('already_registered', `The store already holds ${show(write.operation)}: it is registered elsewhere.`));
        else void this.#reread(write);
        return;
      case 'unknown':
        void this.#settle(write, change, result.error);
    }
  }

  #apply(write: Write, change: Change, revision: number): void {
    const entry = write.operation.entry!;
    entry.revision = change.kind === 'put' ? revision : undefined;
    // Closed: committed before the close, and nobody can look any more.
    const amendment = this.#closed ? undefined : write.operation.apply();
    if (amendment?.refusal === undefined) {
      write.committed = true;
      if (!write.background) {
        const now = this.context.clock.now();
        this.context.onCommit(Math.max(0, now - write.calledAt), now);
      }
    }
    if (amendment?.change === undefined) {
      this.#finish(write, amendment?.refusal);
      return;
    }
    if (amendment.refusal === undefined) this.#answer(write);
    const { change: further, refusal: error } = amendment;
    const conclude = (result: CommitResult): void => {
      if (result.kind === 'committed') entry.revision = result.revision;
      else this.#doubts.set(keyOf(write.operation), { entry });
      this.#finish(write, error);
    };
    const result = this.#commit(further);
    if (result instanceof Promise) void result.then(conclude);
    else conclude(result);
  }

  /** The store could not tell: ask it what it holds. */
  async #settle(write: Write, change: Change, cause: unknown): Promise<void> {
    const { operation } = write;
    const entry = operation.entry!;
    let stored: Stored | undefined;
    try {
      stored = await this.#read(operation);
    } catch {
      this.#doubts.set(keyOf(operation), { write: { change, operation }, entry });
      this.#finish(write, unknownOutcome(operation, cause));
      return;
    }
    if (happened(change, entry, stored)) {
      this.#apply(write, change, stored?.revision ?? 0);
      return;
    }
    adopt(entry, stored);
    this.#finish(write, storeFailed(operation, cause));
  }

  /** The record is not at the revision it was left at. The write is refused; the next one knows the revision there is. */
  async #reread(write: Write): Promise<void> {
    const { operation } = write;
    let cause: unknown = new Error('The record was changed by somebody else.');
    try {
      adopt(operation.entry!, await this.#read(operation));
    } catch (error) {
      cause = error;
    }
    this.#finish(write, storeFailed(operation, cause));
  }

  /** Makes the store agree with what is registered under a key in doubt, then lets the write go on. */
  async #repair(write: Write, doubt: Doubt): Promise<void> {
    const { operation } = write;
    const { entry } = doubt;
    try {
      const stored = await this.#read(operation);
      adopt(entry, stored);
      const late = doubt.write;
      delete doubt.write; // From here on it is known.
      if (late && happened(late.change, entry, stored) && !this.#closed && late.operation.apply()?.refusal === undefined) {
        const now = this.context.clock.now();
        this.context.onCommit(0, now); // When it was committed, nobody knows: it counts, and says nothing of latency.
      }
      const foreign = stored !== undefined && stored.record.incarnation !== entry.incarnation;
      const change = foreign ? undefined : this.context.restate(entry);
      if (change !== undefined) {
        const result = await this.#commit(change);
        if (result.kind !== 'committed') throw new Error('The store did not take the correction.', { cause: result });
        entry.revision = change.kind === 'put' ? result.revision : undefined;
      }
      this.#doubts.delete(keyOf(operation));
    } catch (cause) {
      this.#finish(write, storeFailed(operation, cause));
      return;
    }
    if (this.#closed) this.#answer(write, closedBefore(operation));
    if (write.answered) {
      this.#finish(write);
      return;
    }
    this.#decide(write);
    this.#arm(write);
  }

  /** Answers the caller, and gives the lane to the next. */
  #finish(write: Write, error?: RegistryError): void {
    const { operation } = write;
    // A name that went down and may still be stored: whoever registers it next takes it out first.
    if (write.background && error !== undefined && !this.#doubts.has(keyOf(operation))) this.#doubts.set(keyOf(operation), { entry: operation.entry! });
    this.#answer(write, error);
    this.#holder = undefined;
    if (this.#closed) this.#onIdle?.();
    else if (this.#waiting.size > 0 || this.#downs.length > 0) this.#pump();
  }

  /** A loop, not a recursion: thousands may wait, and a store may answer each at once. */
  #pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    for (let next = this.#next(); next !== undefined; next = this.#next()) this.#start(next);
    this.#pumping = false;
  }

  #next(): Write | undefined {
    if (this.#holder !== undefined) return undefined;
    const down = this.#downs.pop(); // Each concerns another name, so their order is of no account.
    if (down !== undefined) return down;
    for (const write of this.#waiting) {
      this.#waiting.delete(write);
      return write;
    }
    return undefined;
  }

  #answer(write: Write, error?: RegistryError): void {
    this.#disarm(write);
    write.settle(error);
  }

  /** Bounds how long the caller, if one waits, does so from now on. The lane stays held until the store answers. */
  #arm(write: Write): void {
    if (write.background || write.answered) return;
    this.#disarm(write);
    const { clock, writeTimeoutMs } = this.context;
    write.timer = clock.setTimeout(() => {
      write.timer = undefined;
      this.#waiting.delete(write);
      write.settle(
        write.committing
          ? unknownOutcome(write.operation, undefined)
          : refusal('write_timeout', `${show(write.operation)} had to wait for more than ${writeTimeoutMs} ms and was withdrawn: try again later.`),
      );
    }, writeTimeoutMs);
  }

  #disarm(write: Write): void {
    if (write.timer !== undefined) this.context.clock.clearTimeout(write.timer);
    write.timer = undefined;
  }

  /** Neither throws nor rejects. */
  #commit(change: Change): CommitResult | Promise<CommitResult> {
    try {
      const result = this.store.commit(change);
      return isThenable(result) ? Promise.resolve(result).then(checked, unknown) : checked(result);
    } catch (error) {
      return unknown(error);
    }
  }

  async #read({ namespace, id }: Operation): Promise<Stored | undefined> {
    return this.store.read({ namespace, id });
  }
}

const kinds: readonly unknown[] = ['committed', 'conflict', 'failed', 'unknown'];

/** An answer that is none tells nothing. */
const checked = (result: CommitResult): CommitResult =>
  kinds.includes((result as CommitResult | undefined)?.kind) ? result : unknown(new TypeError('The store answered a commit with something that is no CommitResult.'));

const unknown = (error: unknown): CommitResult => ({ kind: 'unknown', error });

/** Whether what is stored shows that a change to an entry was made. What is stored of another incarnation came after a delete. */
const happened = (change: Change, entry: Entry, stored: Stored | undefined): boolean =>
  change.kind === 'delete' ? stored?.record.incarnation !== entry.incarnation : stored?.record.operation === change.record.operation;

/** Takes over the revision of a record, unless the record is somebody else's. */
function adopt(entry: Entry, stored: Stored | undefined): void {
  if (stored === undefined) entry.revision = undefined;
  else if (stored.record.incarnation === entry.incarnation) entry.revision = stored.revision;
}

const keyOf = ({ namespace, id }: Operation): string => `${namespace}:${id}`;

const show = ({ namespace, id }: Operation): string => `the ${namespace} ${JSON.stringify(id)}`;

const refusal = (code: ErrorCode, message: string, cause?: unknown): RegistryError => new RegistryError(code, message, cause === undefined ? undefined : { cause });

const closedBefore = (operation: Operation): RegistryError => refusal('registry_closed', `The registry was closed before ${show(operation)} had its turn.`);

const storeFailed = (operation: Operation, cause: unknown): RegistryError =>
  refusal('store_failed', `The store did not take the write of ${show(operation)}, and nothing changed: try again.`, cause);

const unknownOutcome = (operation: Operation, cause: unknown): RegistryError =>
  refusal('outcome_unknown', `The store did not say whether the write of ${show(operation)} happened: look the name up before trying again.`, cause);
