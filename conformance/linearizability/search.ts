import { Candidates, type Kind } from './candidates.js';
import { Configurations } from './configurations.js';
import { mix } from './hash.js';
import { isDefinite, type Entry, type History } from './history.js';
import { MemoryFull } from './memory.js';
import { initial, none, type States } from './states.js';

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
  /** The order that the model allows of the most operations that ended, of all orders that were tried; of a linearizable part, of all of them. */
  readonly longest: readonly Placed<S, I, O>[];
  /** Those that ended and have no place in it. Empty if it is linearizable. */
  readonly unplaced: readonly Entry<I, O>[];
  /** Of the unplaced ones, those that could have been next by their times, none of which the model allows after `longest`. */
  readonly stuck: readonly Entry<I, O>[];
}

const [write, read, lost]: readonly Kind[] = [0, 1, 2];

/**
 * The search of one part: places one operation after the other, depth first, and takes back the last where none can follow. Without
 * recursion, and a slice at a time.
 *
 * Three things are left out that could find nothing new:
 * - A read is placed as soon as the model allows it. If there is an order in which it comes later, it can be taken out of that
 *   order and put here, since it changes nothing. So nothing else need be tried beside it.
 * - An operation with an unknown end is left away where it would change nothing, and where the operation after it leads to the
 *   state to which it would have led without it: what can be done with it can be done without it.
 * - Of operations with an unknown end that are alike, the one that was called first comes first: they can change places.
 *
 * The last two lead from an order to one that is no longer and has no more of them; so the shortest order, if there is one, is found.
 */
export class Search<S, I, O> {
  verdict: Verdict | undefined = undefined;
  /** How many operations have been placed, those taken back included. */
  steps = 0;
  readonly #entries: readonly Entry<I, O>[];
  readonly #definite: number;
  readonly #operations: Int32Array;
  readonly #isRead: Uint8Array;
  /** Of an operation with an unknown end, the one before it that is alike; or none. */
  readonly #twins: Int32Array;
  readonly #candidates: Candidates;
  #seen: Configurations | undefined = undefined;

  // What has been placed: a bit for each entry, those that ended first; the first word that is not full, and the first from which all are empty.
  readonly #bits: Int32Array;
  readonly #rest: number;
  #hash = 0;
  #first = 0;
  #last = 0;
  #state = initial;
  #missing: number;
  /** What is tried next, and which of its outcomes; -1 before the beginning. */
  #at = -1;
  #choice = 0;

  // The way here: what was placed, which of its outcomes was taken, and what has to be restored when it is taken back.
  #depth = 0;
  readonly #placed: Int32Array;
  readonly #choices: Int32Array;
  readonly #before: Int32Array;
  readonly #firsts: Int32Array;
  readonly #lasts: Int32Array;

  /** Entries of the longest order, and the states after them; how many of them are still the way here; and how many that ended it has not. */
  readonly #best: number[] = [];
  readonly #bestStates: number[] = [];
  #shared = 0;
  #bestMissing: number;
  #bestBound: number;

  constructor(readonly states: States<S, I, O>, readonly history: History<I, O>) {
    const { model } = states;
    const inOrder = [...history].sort((a, b) => a.start - b.start);
    const ended = inOrder.filter(isDefinite);
    // Of a read that was lost nothing is known, and it changes nothing.
    this.#entries = [...ended, ...inOrder.filter((entry) => !isDefinite(entry) && !(model.isRead?.(entry.invocation, entry.response) ?? false))];
    const count = this.#entries.length;
    this.#definite = this.#missing = this.#bestMissing = ended.length;
    this.#operations = Int32Array.from(this.#entries, (entry) => states.operation(entry));
    this.#isRead = Uint8Array.from(ended, ({ invocation, response }) => ((model.isRead?.(invocation, response) ?? false) ? 1 : 0));
    this.#candidates = new Candidates(this.#entries, ended.length, (entry) => (entry >= ended.length ? lost! : this.#isRead[entry] === 1 ? read! : write!));
    this.#bestBound = this.#candidates.bound;
    this.#twins = this.#findTwins();
    this.#rest = (ended.length + 31) >>> 5;
    this.#bits = new Int32Array(this.#rest + ((count - ended.length + 31) >>> 5));
    this.#placed = new Int32Array(count);
    this.#choices = new Int32Array(count);
    this.#before = new Int32Array(count);
    this.#firsts = new Int32Array(count);
    this.#lasts = new Int32Array(count);
  }

  /** Goes on until there is a verdict, `steps` are done, or about `work` entries have been looked at: when it may be somebody else's turn. */
  run(steps: number, work: number): void {
    try {
      this.#seen ??= new Configurations(this.states.memory);
      this.verdict = this.#search(steps, work);
    } catch (error) {
      if (!(error instanceof MemoryFull)) throw error;
      this.verdict = 'unknown';
    }
    if (this.verdict !== undefined) this.#seen?.clear();
  }

  /** What has been found out so far. */
  result(): PartResult<S, I, O> {
    if (this.verdict === 'linearizable' || this.#missing < this.#bestMissing) this.#remember();
    const there = new Set(this.#best);
    const unplaced = this.#entries.slice(0, this.#definite).filter((_, entry) => !there.has(entry));
    return {
      verdict: this.verdict ?? 'unknown',
      history: this.history,
      longest: this.#best.map((entry, i) => ({ entry: this.#entries[entry]!, state: this.states.list[this.#bestStates[i]!]! })),
      unplaced,
      stuck: unplaced.filter(({ start }) => start <= this.#bestBound),
    };
  }

  #search(steps: number, work: number): Verdict | undefined {
    const { states } = this;
    const { start, next } = this.#candidates;
    const writes = this.#candidates.head(write!);
    const lastStep = this.steps + steps;
    const lastAsked = states.asked + (work >>> 5);
    if (this.#at < 0) this.#enter();
    let bound = this.#candidates.bound;
    while (this.#missing > 0) {
      if (this.steps >= lastStep || --work < 0 || states.asked > lastAsked) return undefined;
      const at = this.#at;
      if (start[at]! <= bound) {
        const step = states.step(this.#state, this.#operations[at]!);
        const count = states.count(step);
        if (this.#choice < count && this.#place(at, states.choice(step, this.#choice))) {
          this.#enter();
          bound = this.#candidates.bound;
        } else if (++this.#choice >= count) {
          this.#at = next[at]!;
          this.#choice = 0;
        }
      } else if (at < this.#definite || at === writes) {
        this.#at = next[this.#candidates.head(lost!)]!;
      } else {
        // Something has ended that has no place yet: what was placed last was a mistake.
        if (!this.#takeBack()) return 'violated';
        bound = this.#candidates.bound;
      }
    }
    return 'linearizable';
  }

  /** Begins with what can follow here: with all reads that are allowed, and then with the first of the others. */
  #enter(): void {
    const { next, start } = this.#candidates;
    const head = this.#candidates.head(read!);
    for (let entry = next[head]!; entry !== head && start[entry]! <= this.#candidates.bound; entry = next[entry]!) {
      const step = this.states.step(this.#state, this.#operations[entry]!);
      if (step === none) continue;
      if (step !== this.#state) throw new TypeError(`entry ${this.#entries[entry]!.id}: \`isRead\` says that it changes nothing, \`step\` says otherwise`);
      this.#push(entry);
    }
    this.#at = next[this.#candidates.head(write!)]!;
    this.#choice = 0;
  }

  /** Places an entry, unless that can be left out. */
  #place(entry: number, outcome: number): boolean {
    if (entry >= this.#definite) {
      const twin = this.#twins[entry]!;
      if (outcome === this.#state || (twin >= 0 && (this.#bits[this.#wordOf(twin)]! & this.#bitOf(twin)) === 0)) return false;
    }
    const depth = this.#depth;
    const skipsLost = depth > 0 && this.#placed[depth - 1]! >= this.#definite;
    if (skipsLost && this.states.leads(this.#before[depth - 1]!, this.#operations[entry]!, outcome)) return false;
    this.#push(entry);
    if (this.#seen!.add(this.#hash, outcome, this.#bits, this.#first, this.#last, this.#rest)) {
      this.#choices[depth] = this.#choice;
      this.#state = outcome;
      return true;
    }
    this.#pop();
    return false;
  }

  /** Takes back what was placed last, and the reads after it, and goes on with what comes after it. False if there is nothing. */
  #takeBack(): boolean {
    if (this.#missing < this.#bestMissing) this.#remember();
    while (this.#depth > 0) {
      const entry = this.#pop();
      if (entry < this.#definite && this.#isRead[entry] === 1) continue;
      if (this.#depth < this.#shared) this.#shared = this.#depth;
      this.#at = entry;
      this.#choice = this.#choices[this.#depth]! + 1;
      return true;
    }
    return false;
  }

  #push(entry: number): void {
    const depth = this.#depth++;
    this.#placed[depth] = entry;
    this.#before[depth] = this.#state;
    this.#firsts[depth] = this.#first;
    this.#lasts[depth] = this.#last;
    const word = this.#wordOf(entry);
    this.#bits[word]! |= this.#bitOf(entry);
    this.#hash ^= mix(entry + 1);
    if (entry < this.#definite) {
      this.#missing--;
      if (word >= this.#last) this.#last = word + 1;
      while (this.#first < this.#last && this.#bits[this.#first] === -1) this.#first++;
    }
    this.#candidates.lift(entry);
    this.steps++;
  }

  #pop(): number {
    const depth = --this.#depth;
    const entry = this.#placed[depth]!;
    this.#candidates.unlift(entry);
    this.#state = this.#before[depth]!;
    this.#first = this.#firsts[depth]!;
    this.#last = this.#lasts[depth]!;
    this.#bits[this.#wordOf(entry)]! &= ~this.#bitOf(entry);
    this.#hash ^= mix(entry + 1);
    if (entry < this.#definite) this.#missing++;
    return entry;
  }

  #remember(): void {
    for (let i = this.#shared; i < this.#depth; i++) {
      this.#best[i] = this.#placed[i]!;
      this.#bestStates[i] = i + 1 < this.#depth ? this.#before[i + 1]! : this.#state;
    }
    this.#best.length = this.#bestStates.length = this.#shared = this.#depth;
    this.#bestMissing = this.#missing;
    this.#bestBound = this.#candidates.bound;
  }

  #findTwins(): Int32Array {
    const latest = new Map<number, number>();
    return Int32Array.from(this.#operations, (operation, entry) => {
      if (entry < this.#definite) return none;
      const twin = latest.get(operation) ?? none;
      latest.set(operation, entry);
      return twin;
    });
  }

  #wordOf(entry: number): number {
    return entry < this.#definite ? entry >>> 5 : this.#rest + ((entry - this.#definite) >>> 5);
  }

  #bitOf(entry: number): number {
    return 1 << ((entry < this.#definite ? entry : entry - this.#definite) & 31);
  }
}
