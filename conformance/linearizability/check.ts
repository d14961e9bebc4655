import { CacheFull, Configurations } from './configurations.js';
import { isDefinite, type Entry, type History } from './history.js';

/**
 * A sequential specification: what one operation after the other may do.
 *
 * @example A register.
 * ```ts
 * const register: Model<number, { write: number } | 'read', number> = {
 *   initial: 0,
 *   step: (state, invocation, response) => (invocation !== 'read' ? [invocation.write] : response === undefined || response === state ? [state] : []),
 * };
 * ```
 */
export interface Model<S, I, O> {
  readonly initial: S;
  /**
   * The states in which an operation may leave a state when it answers so; none if it cannot answer so in this state. Without a
   * response: all states in which it may leave it, whatever it may have answered. Pure.
   */
  step(state: S, invocation: I, response: O | undefined): readonly S[];
  /** Equal for equal states, and for no others: a string, a number. The state itself, unless given. */
  key?(state: S): unknown;
  /** Equal for operations that are alike in every state, so that the model is asked only once. */
  operationKey?(invocation: I, response: O | undefined): unknown;
  /** Whether an operation that was answered so changes nothing in any state. */
  isRead?(invocation: I, response: O | undefined): boolean;
  /** Splits a history into parts that can be judged by themselves (P-compositionality: Herlihy and Wing, 1990; Horn and Kroening, 2015). */
  partition?(history: History<I, O>): readonly History<I, O>[];
}

/** When to give up. */
export interface Budget {
  /** How many configurations may be tried. */
  readonly steps?: number;
  readonly milliseconds?: number;
  /** How much memory the configurations of one part may take; 1 GiB unless said. */
  readonly bytes?: number;
}

/** `unknown`: the budget was spent first. */
export type Verdict = 'linearizable' | 'violated' | 'unknown';

/** An operation at its place, and the state after it. */
export interface Placed<S, I, O> {
  readonly entry: Entry<I, O>;
  readonly state: S;
}

/** What was found out about one part of a history. */
export interface PartResult<S, I, O> {
  readonly verdict: Verdict;
  readonly history: History<I, O>;
  /** The longest order of operations that the model allows, of all that were tried; of a linearizable part, one of all of them. */
  readonly longest: readonly Placed<S, I, O>[];
  /** Those that ended and have no place in it. Empty if it is linearizable. */
  readonly unplaced: readonly Entry<I, O>[];
}

/** What was found out about a history. */
export interface CheckResult<S, I, O> {
  readonly verdict: Verdict;
  /** Parts that are not linearizable first. Parts that were not judged any more, because one was violated, are left out. */
  readonly parts: readonly PartResult<S, I, O>[];
  /** Configurations tried. */
  readonly steps: number;
}

/**
 * Judges whether the operations of a history can be put in one order that the model allows and in which each of them has its place
 * between its call and its answer (Herlihy and Wing, 1990). Operations with an indefinite end may be left out.
 *
 * The search is that of Wing and Gong (1993) with the cache of Lowe (2017), as in Porcupine (Athalye, 2017), and without recursion.
 * The problem is NP-complete; histories in which few operations overlap take near linear time.
 */
export function check<S, I, O>(model: Model<S, I, O>, history: History<I, O>, budget: Budget = {}): CheckResult<S, I, O> {
  const parts = model.partition?.(history) ?? [history];
  const states = new States(model);
  const purse = new Purse(budget);
  const results: PartResult<S, I, O>[] = [];
  // In turns, since a part that is hard must not stand before one that is plainly wrong.
  let open = parts.map((part) => search(states, part, purse));
  for (let turns = 1; open.length > 0 && results.at(-1)?.verdict !== 'violated'; turns *= 2) {
    open = open.filter((searching) => {
      if (results.at(-1)?.verdict === 'violated') return false;
      for (let i = 0; i < turns; i++) {
        const { done, value } = searching.next();
        if (done) return results.push(value) === 0;
      }
      return true;
    });
  }
  results.sort((a, b) => order.indexOf(a.verdict) - order.indexOf(b.verdict));
  return { verdict: results[0]?.verdict ?? 'linearizable', parts: results, steps: purse.steps };
}

const order: readonly Verdict[] = ['violated', 'unknown', 'linearizable'];

/** What is left to spend. */
class Purse {
  steps = 0;
  isEmpty = false;
  readonly bytes: number;
  readonly #most: number;
  readonly #deadline: number;

  constructor({ steps = Infinity, milliseconds = Infinity, bytes = 2 ** 30 }: Budget) {
    this.#most = steps;
    this.#deadline = performance.now() + milliseconds;
    this.bytes = bytes;
  }

  spend(): boolean {
    this.steps++;
    if (this.steps > this.#most || ((this.steps & 0xfff) === 0 && performance.now() > this.#deadline)) this.isEmpty = true;
    return !this.isEmpty;
  }
}

/** The states of a model, numbered, and what its operations do to them, asked once. */
class States<S, I, O> {
  readonly list: S[] = [];
  readonly #numbers = new Map<unknown, number>();
  readonly #operations = new Map<unknown, number>();
  /** For each operation and state, where it may lead. */
  readonly #steps: (readonly number[])[][] = [];

  constructor(readonly model: Model<S, I, O>) {}

  number(state: S): number {
    const key = this.model.key === undefined ? state : this.model.key(state);
    let number = this.#numbers.get(key);
    if (number === undefined) {
      number = this.list.push(state) - 1;
      this.#numbers.set(key, number);
    }
    return number;
  }

  /** The number of an operation, the same for operations that are alike. */
  operation({ invocation, response }: Entry<I, O>): number {
    const key = this.model.operationKey?.(invocation, response);
    let number = key === undefined ? undefined : this.#operations.get(key);
    if (number === undefined) {
      number = this.#steps.push([]) - 1;
      if (key !== undefined) this.#operations.set(key, number);
    }
    return number;
  }

  step(state: number, operation: number, { invocation, response }: Entry<I, O>): readonly number[] {
    const known = this.#steps[operation]!;
    return (known[state] ??= this.model.step(this.list[state]!, invocation, response).map((next) => this.number(next)));
  }
}

/** Calls and returns as a list in the order of time, from which entries that have been placed are lifted out. */
class Events {
  /** Of node 0, which stands before all others, and of each call and return; 0 is the end as well. */
  readonly next: Int32Array;
  readonly #previous: Int32Array;

  /** Entries from 0 to `definite` have ended, the others not. */
  constructor(entries: readonly Entry[], readonly definite: number) {
    const nodes = entries.flatMap(({ start, end }, i) => [{ node: callOf(i), at: start }, ...(end === Infinity ? [] : [{ node: returnOf(i), at: end }])]);
    // Where one ends when the other starts, they overlap: calls come first.
    nodes.sort((a, b) => a.at - b.at || (b.node & 1) - (a.node & 1) || a.node - b.node);
    this.next = new Int32Array(2 + 2 * entries.length);
    this.#previous = new Int32Array(2 + 2 * entries.length);
    let last = 0;
    for (const { node } of nodes) {
      this.next[last] = node;
      this.#previous[node] = last;
      last = node;
    }
    this.#previous[0] = last;
  }

  lift(entry: number): void {
    this.#out(callOf(entry));
    if (entry < this.definite) this.#out(returnOf(entry));
  }

  /** Puts back what was lifted last. */
  unlift(entry: number): void {
    if (entry < this.definite) this.#in(returnOf(entry));
    this.#in(callOf(entry));
  }

  #out(node: number): void {
    const [before, after] = [this.#previous[node]!, this.next[node]!];
    this.next[before] = after;
    this.#previous[after] = before;
  }

  #in(node: number): void {
    this.next[this.#previous[node]!] = node;
    this.#previous[this.next[node]!] = node;
  }
}

const callOf = (entry: number): number => 2 * entry + 1;
const returnOf = (entry: number): number => 2 * entry + 2;

/** How many configurations are tried before it is another part's turn. */
const slice = 4096;

function* search<S, I, O>(states: States<S, I, O>, history: History<I, O>, purse: Purse): Generator<void, PartResult<S, I, O>> {
  const inOrder = [...history].sort((a, b) => a.start - b.start);
  const entries = [...inOrder.filter(isDefinite), ...inOrder.filter((entry) => !isDefinite(entry))];
  const definite = inOrder.filter(isDefinite).length;
  const operations = Int32Array.from(entries, (entry) => states.operation(entry));
  const events = new Events(entries, definite);
  const { next } = events;

  // What has been placed: a bit for each entry, those that ended first; the first word that is not full, and the first that is empty.
  const rest = (definite + 31) >>> 5;
  const bits = new Int32Array(rest + ((entries.length - definite + 31) >>> 5));
  const hashes = Int32Array.from(entries, (_, i) => Math.imul(i + 1, 0x9e3779b1) ^ Math.imul(i + 0x7f4a7c15, 0x85ebca6b));
  const wordOf = (entry: number): number => (entry < definite ? entry >>> 5 : rest + ((entry - definite) >>> 5));
  const bitOf = (entry: number): number => 1 << ((entry < definite ? entry : entry - definite) & 31);

  const seen = new Configurations(purse.bytes);
  // The way here: what was placed, which of its outcomes was taken, and what has to be restored when it is taken back.
  const placed = new Int32Array(entries.length);
  const branch = new Int32Array(entries.length);
  const before = new Int32Array(entries.length);
  const firsts = new Int32Array(entries.length);
  const lasts = new Int32Array(entries.length);
  const best: number[] = [];
  const bestStates: number[] = [];
  /** How much of `best` is still the way here. */
  let shared = 0;
  let depth = 0;
  let missing = definite;
  let hash = 0;
  let first = 0;
  let last = 0;
  let state = states.number(states.model.initial);
  let steps = 0;

  const remember = (): void => {
    for (let i = shared; i < depth; i++) {
      best[i] = placed[i]!;
      bestStates[i] = i + 1 < depth ? before[i + 1]! : state;
    }
    best.length = shared = depth;
  };
  const result = (verdict: Verdict): PartResult<S, I, O> => {
    if (verdict === 'linearizable' || depth > best.length) remember();
    const inBest = new Set(best);
    return {
      verdict,
      history,
      longest: best.map((entry, i) => ({ entry: entries[entry]!, state: states.list[bestStates[i]!]! })),
      unplaced: entries.slice(0, definite).filter((_, i) => !inBest.has(i)),
    };
  };

  try {
    let node = next[0]!;
    let choice = 0;
    while (missing > 0) {
      if ((node & 1) === 1) {
        const entry = node >>> 1;
        const outcomes = states.step(state, operations[entry]!, entries[entry]!);
        const word = wordOf(entry);
        if (choice < outcomes.length) {
          if (!purse.spend()) return result('unknown');
          if (++steps % slice === 0) yield;
          bits[word]! |= bitOf(entry);
          hash ^= hashes[entry]!;
          const firstBefore = first;
          const lastBefore = last;
          if (entry < definite) {
            if (word >= last) last = word + 1;
            while (first < last && bits[first] === -1) first++;
          }
          if (seen.add(hash, outcomes[choice]!, bits, first, last, rest)) {
            placed[depth] = entry;
            branch[depth] = choice;
            before[depth] = state;
            firsts[depth] = firstBefore;
            lasts[depth] = lastBefore;
            depth++;
            events.lift(entry);
            if (entry < definite) missing--;
            state = outcomes[choice]!;
            node = next[0]!;
            choice = 0;
          } else {
            bits[word]! &= ~bitOf(entry);
            hash ^= hashes[entry]!;
            first = firstBefore;
            last = lastBefore;
            choice++;
          }
          continue;
        }
        choice = 0;
        node = next[node]!;
        continue;
      }
      // Something has ended that has no place yet: what was placed last was a mistake.
      if (depth > best.length) remember();
      if (depth === 0) return result('violated');
      depth--;
      if (depth < shared) shared = depth;
      const entry = placed[depth]!;
      events.unlift(entry);
      if (entry < definite) missing++;
      bits[wordOf(entry)]! &= ~bitOf(entry);
      hash ^= hashes[entry]!;
      first = firsts[depth]!;
      last = lasts[depth]!;
      state = before[depth]!;
      choice = branch[depth]! + 1;
      node = callOf(entry);
    }
    return result('linearizable');
  } catch (error) {
    if (!(error instanceof CacheFull)) throw error;
    purse.isEmpty = true;
    return result('unknown');
  }
}
