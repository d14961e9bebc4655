import type { Operation } from '../../model/index.js';
import type { Answer } from '../engine/answer.js';
import type { Arrival } from '../engine/endpoint.js';
import type { Observed } from '../engine/registry-history.js';
import { Recorder, type History, type Sink } from '../linearizability/index.js';
import type { Journal } from './client.js';
import type { Now } from './clock.js';

/** A delivery, and when it came. */
export interface TimedArrival extends Arrival {
  readonly at: number;
}

/** Everything that clients have noted, wherever they were, and everything that arrived: one history. Bounded. */
export class Ledger {
  #time = 0;
  readonly #recorder: Recorder<Operation, Observed>;
  readonly arrivals: TimedArrival[] = [];
  /** More arrived than any registry may deliver: what came after is not in the ledger. */
  flooded = false;

  constructor(
    readonly now: Now,
    /** How many operations are kept, and four times as many arrivals. */
    readonly limit: number,
    sink?: Sink<Operation, Observed>,
  ) {
    this.#recorder = new Recorder<Operation, Observed>({ now: () => this.#time, limit, ...(sink && { sink }) });
  }

  /** Throws a `RangeError` for what no client does: two calls at a time, an answer to none, more than there is room for. */
  called(actor: string, operation: Operation, at: number): number {
    this.#time = at;
    return this.#recorder.call(actor, operation);
  }

  answered(id: number, answer: Answer, at: number): void {
    this.#time = at;
    this.#recorder.answer(id, answer);
  }

  lost(id: number): void {
    this.#recorder.lose(id);
  }

  arrived(arrival: TimedArrival): void {
    if (this.arrivals.length < 4 * this.limit + 1_000) this.arrivals.push(arrival);
    else this.flooded = true;
  }

  /** How many calls have been noted. */
  get size(): number {
    return this.#recorder.size;
  }

  /** Whether there is room for no more than so many calls. */
  isNearlyFull(room: number): boolean {
    return this.#recorder.size + room >= this.limit;
  }

  history(): History<Operation, Observed> {
    return this.#recorder.history();
  }

  /** The journal of a client that runs in this thread. */
  journal(): Journal {
    return {
      call: (actor, operation) => this.called(actor, operation, this.now()),
      answer: (id, answer) => this.answered(id, answer, this.now()),
      lose: (id) => this.lost(id),
    };
  }
}
