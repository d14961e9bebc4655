import { setImmediate as nextTurn } from 'node:timers/promises';
import type { History } from './history.js';
import { Memory } from './memory.js';
import type { Model } from './model.js';
import { Search, type PartResult, type Verdict } from './search.js';
import { States } from './states.js';
import { Worlds } from './worlds.js';

/** When to give up. */
export interface Budget {
  /** How many operations may be placed, those taken back included. */
  readonly steps?: number;
  /** Looked at between slices of some thousand steps, or some hundred calls of the model. */
  readonly milliseconds?: number;
  /** How much memory may be used beside some words for each entry; 1 GiB unless said. A state of the model counts for 64, whatever it is. */
  readonly bytes?: number;
  /** Looked at as often as the clock. Only {@link checkAsync} lets somebody else abort it. */
  readonly signal?: AbortSignal;
}

/** What was found out about a history. */
export interface CheckResult<S, I, O> {
  readonly verdict: Verdict;
  /** Parts that are not linearizable first. Parts that were not judged any more, because one was violated, are left out. */
  readonly parts: readonly PartResult<S, I, O>[];
  /** How many operations were placed, those taken back included. */
  readonly steps: number;
}

/**
 * Judges whether the operations of a history can be put in one order that the model allows and in which each of them has its place
 * between its call and its answer (Herlihy and Wing, 1990). Operations with an indefinite end may be left out. If the budget is
 * spent before that is known, the verdict is `unknown`. Throws a `RangeError` for an entry that ends before it starts.
 *
 * The search is that of Wing and Gong (1993) with the cache of Lowe (2017), as in Porcupine (Athalye, 2017), and without recursion.
 * Beyond that it does not try other orders where a read is possible, and places operations with an indefinite end only where they
 * may be of use. The problem is NP-complete (Gibbons and Korach, 1997); histories in which few operations overlap take near linear time.
 */
export function check<S, I, O>(model: Model<S, I, O>, history: History<I, O>, budget: Budget = {}): CheckResult<S, I, O> {
  const judging = judge(model, history, budget);
  for (;;) {
    const { done, value } = judging.next();
    if (done) return value;
  }
}

/** As {@link check}, but lets others have their turn about every ten milliseconds, so that a signal can end it. */
export async function checkAsync<S, I, O>(model: Model<S, I, O>, history: History<I, O>, budget: Budget = {}): Promise<CheckResult<S, I, O>> {
  const judging = judge(model, history, budget);
  for (let began = performance.now(); ; ) {
    const { done, value } = judging.next();
    if (done) return value;
    if (performance.now() - began < 10) continue;
    await nextTurn();
    began = performance.now();
  }
}

/** How many entries are looked at before it is another part's turn, and before the clock is looked at. */
const slice = 8_192;

/** Judges a slice at a time. */
function* judge<S, I, O>(model: Model<S, I, O>, history: History<I, O>, budget: Budget): Generator<void, CheckResult<S, I, O>> {
  for (const { id, start, end } of history) if (!(start <= end)) throw new RangeError(`entry ${id}: its start, ${start}, is not before its end, ${end}`);
  const states = new States(model, new Memory(budget.bytes ?? 2 ** 30));
  const purse = new Purse(budget);
  const results: PartResult<S, I, O>[] = [];
  // In turns, since a part that is hard must not stand before one that is plainly wrong.
  let open: Judge<S, I, O>[] = [];
  const turn = function* (search: Judge<S, I, O>, slices: number): Generator<void, boolean> {
    for (let i = 0; i < slices && search.verdict === undefined && !purse.isEmpty; i++) {
      const before = search.steps;
      search.run(purse.steps, slice);
      purse.spend(search.steps - before);
      yield;
    }
    // Too much was uncertain at once. A search needs luck, but no room.
    if (search instanceof Worlds && search.verdict === 'unknown') {
      open.push(new Search(states, search.history));
      return false;
    }
    if (search.verdict !== undefined) results.push(search.result());
    return search.verdict === undefined;
  };
  for (const part of model.partition?.(history) ?? [history]) {
    const search = judgeOf(states, part);
    if (yield* turn(search, 1)) open.push(search);
    if (search.verdict === 'violated') return summary(results, purse);
  }
  for (let slices = 2; open.length > 0 && !purse.isEmpty; slices *= 2) {
    const rest: Judge<S, I, O>[] = [];
    for (const search of open) {
      if (yield* turn(search, slices)) rest.push(search);
      if (search.verdict === 'violated') return summary(results, purse);
    }
    open = rest;
  }
  results.push(...open.map((search) => search.result()));
  return summary(results, purse);
}

/** Judges one part. */
type Judge<S, I, O> = Pick<Search<S, I, O>, 'verdict' | 'steps' | 'run' | 'result'>;

/** Shorter parts than this are searched: what is said of them is better to read, and there is little to be gained. */
const long = 100;

function judgeOf<S, I, O>(states: States<S, I, O>, part: History<I, O>): Judge<S, I, O> {
  const objects = part.length < long ? undefined : states.model.objects?.(part);
  return objects === undefined ? new Search(states, part) : new Worlds(states, part, objects);
}

const order: readonly Verdict[] = ['violated', 'unknown', 'linearizable'];

function summary<S, I, O>(parts: PartResult<S, I, O>[], { spent }: Purse): CheckResult<S, I, O> {
  parts.sort((a, b) => order.indexOf(a.verdict) - order.indexOf(b.verdict));
  return { verdict: parts[0]?.verdict ?? 'linearizable', parts, steps: spent };
}

/** What is left to spend. */
class Purse {
  isEmpty: boolean;
  /** Steps that are left. */
  steps: number;
  spent = 0;
  readonly #deadline: number;
  readonly #signal: AbortSignal | undefined;

  constructor({ steps = Infinity, milliseconds = Infinity, signal }: Budget) {
    this.steps = steps;
    this.#deadline = performance.now() + milliseconds;
    this.#signal = signal;
    this.isEmpty = steps <= 0 || milliseconds <= 0 || (signal?.aborted ?? false);
  }

  spend(steps: number): void {
    this.spent += steps;
    this.steps -= steps;
    this.isEmpty = this.steps <= 0 || performance.now() > this.#deadline || (this.#signal?.aborted ?? false);
  }
}
