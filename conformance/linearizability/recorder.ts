import type { Entry, History } from './history.js';

/** Where entries go as they are recorded. */
export interface Sink<I, O> {
  /** An entry at its call, with no end yet, and again when it has ended. */
  write(entry: Entry<I, O>): void;
}

export interface RecorderOptions<I, O> {
  /** The time, never going back; by default a count of what was recorded, which is all that matters within one thread. */
  readonly now?: () => number;
  /** How many entries are kept; 1,000,000 unless said. */
  readonly limit?: number;
  readonly sink?: Sink<I, O>;
}

/** Records who called what when, and what was answered when. Memory is bounded by the limit of entries. */
export class Recorder<I, O> {
  readonly #entries: Entry<I, O>[] = [];
  /** The open call of each actor. */
  readonly #busy = new Map<string, number>();
  readonly #now: () => number;
  readonly #limit: number;
  readonly #sink: Sink<I, O> | undefined;

  constructor({ now, limit = 1_000_000, sink }: RecorderOptions<I, O> = {}) {
    let moment = 0;
    this.#now = now ?? (() => moment++);
    this.#limit = limit;
    this.#sink = sink;
  }

  get size(): number {
    return this.#entries.length;
  }

  /** Whether no more calls can be recorded. */
  get isFull(): boolean {
    return this.#entries.length >= this.#limit;
  }

  /**
   * A call is about to be made. Gives the number of its entry. An actor has one call at a time: one that must go on while a call of
   * its own is lost takes another name. Throws a `RangeError` if it has one, or if the recorder is full. O(1).
   */
  call(actor: string, invocation: I): number {
    if (this.#busy.has(actor)) throw new RangeError(`${actor} has called already, and was not answered`);
    if (this.isFull) throw new RangeError(`the history holds ${this.#limit} operations, and takes no more`);
    const entry = { id: this.#entries.length, actor, invocation, response: undefined, start: this.#now(), end: Infinity };
    this.#busy.set(actor, entry.id);
    this.#entries.push(entry);
    this.#sink?.write(entry);
    return entry.id;
  }

  /** A call has been answered. Throws a `RangeError` if it is not open. O(1). */
  answer(id: number, response: O): void {
    const { actor, invocation, start } = this.#open(id);
    const entry = { id, actor, invocation, response, start, end: this.#now() };
    this.#entries[id] = entry;
    this.#busy.delete(entry.actor);
    this.#sink?.write(entry);
  }

  /** Of a call it will never be known what became of it; an answer that comes later is refused. O(1). */
  lose(id: number): void {
    this.#busy.delete(this.#open(id).actor);
  }

  /** All that was recorded; what has not been answered has an indefinite end. */
  history(): History<I, O> {
    return [...this.#entries];
  }

  #open(id: number): Entry<I, O> {
    const entry = this.#entries[id];
    if (entry === undefined || this.#busy.get(entry.actor) !== id) throw new RangeError(`no call with the number ${id} is open`);
    return entry;
  }
}
