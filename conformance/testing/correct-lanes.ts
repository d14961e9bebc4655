import type { Clock } from '../../spec/index.js';
import type { Wait } from '../contract.js';
import { Refused } from './correct-parts.js';

type Awaitable<T> = T | PromiseLike<T>;

/** When a write commits and a read is answered. `commit` throws what it refuses; what a lane refuses goes through `withdraw`, as does that. */
export interface Lanes {
  commitMs: number;
  write(partition: number, commit: () => void, withdraw: (error: unknown) => unknown): Awaitable<void>;
  read<T>(look: () => T): Awaitable<T>;
  close(finish: () => void): Awaitable<void>;
}

const attempt = (commit: () => void, withdraw: (error: unknown) => unknown): void => {
  try {
    commit();
  } catch (error) {
    throw withdraw(error);
  }
};

/** Everything happens within the call, and is answered by its return. */
export class AtOnce implements Lanes {
  commitMs = 0;

  write(_partition: number, commit: () => void, withdraw: (error: unknown) => unknown): void {
    attempt(commit, withdraw);
  }

  read<T>(look: () => T): T {
    return look();
  }

  close(finish: () => void): void {
    finish();
  }
}

/** Each partition is a chain of promises. Closing waits for what was called before. */
export class Chains implements Lanes {
  commitMs = 0;
  readonly #tails = new Map<number, Promise<void>>();

  constructor(private readonly clock: Clock) {}

  write(partition: number, commit: () => void, withdraw: (error: unknown) => unknown): Promise<void> {
    const turn = (this.#tails.get(partition) ?? Promise.resolve()).then(async () => {
      if (this.commitMs > 0) await new Promise<void>((done) => this.clock.setTimeout(done, this.commitMs));
      attempt(commit, withdraw);
    });
    this.#tails.set(partition, turn.catch(() => undefined));
    return turn;
  }

  read<T>(look: () => T): T {
    return look();
  }

  async close(finish: () => void): Promise<void> {
    await Promise.all(this.#tails.values());
    finish();
  }
}

interface Letter {
  readonly name: string;
  readonly commit: () => void;
  readonly withdraw: (error: unknown) => unknown;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

/**
 * Each partition is an actor with a mailbox of at most so many letters: the next one is refused as `partition_overloaded`. A letter that is not
 * opened in time is withdrawn (`write_timeout`). Closing refuses every letter, opened or not. It tells who waits for whom.
 */
export class Mailboxes implements Lanes {
  commitMs = 0;
  readonly #actors = new Map<number, { letters: Letter[]; open?: { letter: Letter; timer: unknown } | undefined }>();
  #written = 0;

  constructor(
    private readonly clock: Clock,
    private readonly room = 4096,
    private readonly patienceMs = 5_000,
  ) {}

  write(partition: number, commit: () => void, withdraw: (error: unknown) => unknown): Promise<void> {
    const actor = this.#actors.get(partition) ?? { letters: [] };
    this.#actors.set(partition, actor);
    return new Promise((resolve, reject) => {
      if (actor.letters.length >= this.room) return reject(withdraw(new Refused('partition_overloaded')) as Error);
      const letter: Letter = { name: `write #${String(++this.#written)}`, commit, withdraw, done: resolve, failed: reject };
      actor.letters.push(letter);
      if (actor.open || actor.letters.length > 1) this.#impatient(actor, letter);
      if (actor.letters.length === 1 && !actor.open) queueMicrotask(() => this.#next(actor));
    });
  }

  read<T>(look: () => T): T {
    return look();
  }

  async close(finish: () => void): Promise<void> {
    finish();
    for (const actor of this.#actors.values()) {
      const letters = [...(actor.open ? [actor.open.letter] : []), ...actor.letters];
      if (actor.open) this.clock.clearTimeout(actor.open.timer);
      actor.letters = [];
      actor.open = undefined;
      for (const letter of letters) this.#answer(letter);
    }
  }

  waits(): Wait[] {
    return [...this.#actors].flatMap(([partition, { letters, open }]) =>
      open ? letters.map(({ name }) => ({ waiter: name, holder: open.letter.name, for: `the actor of partition ${String(partition)}` })) : [],
    );
  }

  #next(actor: { letters: Letter[]; open?: { letter: Letter; timer: unknown } | undefined }): void {
    while (actor.open === undefined) {
      const letter = actor.letters.shift();
      if (!letter) return;
      if (this.commitMs === 0) {
        this.#answer(letter);
        continue;
      }
      const timer = this.clock.setTimeout(() => {
        actor.open = undefined;
        this.#answer(letter);
        this.#next(actor);
      }, this.commitMs);
      actor.open = { letter, timer };
    }
  }

  #answer({ commit, withdraw, done, failed }: Letter): void {
    try {
      attempt(commit, withdraw);
      done();
    } catch (error) {
      failed(error);
    }
  }

  #impatient(actor: { letters: Letter[] }, letter: Letter): void {
    const timer = this.clock.setTimeout(() => {
      const at = actor.letters.indexOf(letter);
      if (at < 0) return;
      actor.letters.splice(at, 1);
      letter.failed(letter.withdraw(new Refused('write_timeout')));
    }, this.patienceMs);
    const { done, failed } = letter;
    Object.assign(letter, { done: () => (this.clock.clearTimeout(timer), done()), failed: (error: unknown) => (this.clock.clearTimeout(timer), failed(error)) });
  }
}

/** One commit is of all the writes that came while the last one was on its way, in the order in which they came: a group commit. Answers are thenables, not promises. */
export class Groups implements Lanes {
  commitMs = 0;
  readonly #groups = new Map<number, { next: (() => void)[]; busy: boolean }>();

  constructor(private readonly clock: Clock) {}

  write(partition: number, commit: () => void, withdraw: (error: unknown) => unknown): PromiseLike<void> {
    const group = this.#groups.get(partition) ?? { next: [], busy: false };
    this.#groups.set(partition, group);
    const answer = new Promise<void>((resolve, reject) => {
      group.next.push(() => {
        try {
          attempt(commit, withdraw);
          resolve();
        } catch (error) {
          reject(error as Error);
        }
      });
    });
    if (!group.busy) this.#commit(group);
    return { then: (done, failed) => answer.then(done, failed) };
  }

  read<T>(look: () => T): T {
    return look();
  }

  /** What is on its way is refused when its time comes. */
  async close(finish: () => void): Promise<void> {
    finish();
  }

  #commit(group: { next: (() => void)[]; busy: boolean }): void {
    if (group.next.length === 0) return;
    const now = group.next;
    group.next = [];
    group.busy = true;
    const commit = (): void => {
      for (const write of now) write();
      group.busy = false;
      this.#commit(group);
    };
    if (this.commitMs > 0) this.clock.setTimeout(commit, this.commitMs);
    else commit();
  }
}

/** One mailbox for everything, reads and routing too, which are answered in their turn: it serialises everything, and answers. */
export class OneMailbox implements Lanes {
  commitMs = 0;
  #last: Promise<unknown> = Promise.resolve();

  write(_partition: number, commit: () => void, withdraw: (error: unknown) => unknown): Promise<void> {
    return this.#inTurn(() => attempt(commit, withdraw));
  }

  read<T>(look: () => T): Promise<T> {
    return this.#inTurn(look);
  }

  close(finish: () => void): Promise<void> {
    return this.#inTurn(finish);
  }

  #inTurn<T>(run: () => T): Promise<T> {
    const turn = this.#last.then(run);
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}

/** Writes are collected, and made at the next turn of the event loop, all of them in the order of their calls. Time is real. */
export class Batches implements Lanes {
  commitMs = 0;
  #batch: (() => void)[] = [];

  write(_partition: number, commit: () => void, withdraw: (error: unknown) => unknown): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#batch.push(() => {
        try {
          attempt(commit, withdraw);
          resolve();
        } catch (error) {
          reject(error as Error);
        }
      });
      if (this.#batch.length === 1) setImmediate(() => this.#flush());
    });
  }

  read<T>(look: () => T): T {
    return look();
  }

  async close(finish: () => void): Promise<void> {
    this.#flush();
    finish();
  }

  #flush(): void {
    const batch = this.#batch;
    this.#batch = [];
    for (const write of batch) write();
  }
}

/** Yields a seeded number of turns of the promise queue before and after every step, reads included; each partition keeps its order, and so do reads, routing among them. */
export class Yielding implements Lanes {
  commitMs = 0;
  readonly #tails = new Map<number, Promise<void>>();
  #lastRead: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly clock: Clock,
    private readonly random: () => number,
  ) {}

  async write(partition: number, commit: () => void, withdraw: (error: unknown) => unknown): Promise<void> {
    const before = this.#tails.get(partition);
    let over!: () => void;
    this.#tails.set(partition, new Promise((done) => (over = done)));
    try {
      await before;
      await this.#turns();
      if (this.commitMs > 0) await new Promise<void>((done) => this.clock.setTimeout(done, this.commitMs));
      attempt(commit, withdraw);
    } finally {
      over();
    }
    await this.#turns();
  }

  async read<T>(look: () => T): Promise<T> {
    const seen = this.#lastRead.then(async () => {
      await this.#turns();
      return look();
    });
    this.#lastRead = seen.catch(() => undefined);
    await seen.catch(() => undefined);
    await this.#turns();
    return seen;
  }

  async close(finish: () => void): Promise<void> {
    await this.#turns();
    finish();
    await this.#turns();
  }

  async #turns(): Promise<void> {
    for (let turns = Math.floor(this.random() * 5); turns > 0; turns--) await undefined;
  }
}

/** Every write takes some time of the real clock in the lane of its partition, which holds at most 64. */
export class RealTime implements Lanes {
  commitMs = 0;
  readonly #lanes = new Map<number, { tail: Promise<void>; length: number }>();

  constructor(
    private readonly random: () => number,
    private readonly room = 64,
  ) {}

  async write(partition: number, commit: () => void, withdraw: (error: unknown) => unknown): Promise<void> {
    const lane = this.#lanes.get(partition) ?? { tail: Promise.resolve(), length: 0 };
    this.#lanes.set(partition, lane);
    if (lane.length >= this.room) throw withdraw(new Refused('partition_overloaded'));
    lane.length++;
    const turn = lane.tail.then(async () => {
      await new Promise((done) => (this.random() < 0.5 ? setImmediate(done) : setTimeout(done, 2 * this.random())));
      lane.length--;
      attempt(commit, withdraw);
    });
    lane.tail = turn.catch(() => undefined);
    return turn;
  }

  read<T>(look: () => T): T {
    return look();
  }

  async close(finish: () => void): Promise<void> {
    finish();
  }
}
