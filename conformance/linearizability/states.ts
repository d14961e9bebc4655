import { mix } from './hash.js';
import type { Entry } from './history.js';
import type { Memory } from './memory.js';
import type { Model } from './model.js';

/** No state: the operation cannot have been answered so. */
export const none = -1;
/** Smaller numbers than this stand for several states. */
const several = -2;

/** How large the table may become: 2 MiB, as much as a processor has at hand. */
const mostWords = 2 ** 19;

/** The number of the state in which a model begins. */
export const initial = 0;

/** What a state that the model has made is taken to need, in bytes: only the model could know. */
const nominalState = 64;

/**
 * The states of a model, numbered from 0, and where its operations lead. What the model has said lately is looked up: in a table of
 * operation, state, and answer, in which what is new takes the place of what is old. O(1) but for the model itself.
 */
export class States<S, I, O> {
  readonly list: S[] = [];
  /** How often the model was asked: that is what may take long. */
  asked = 0;
  readonly #numbers = new Map<unknown, number>();
  readonly #operations = new Map<unknown, number>();
  /** One entry of those that are alike, for each number of an operation. */
  readonly #examples: Entry<I, O>[] = [];
  readonly #choices: number[][] = [];
  readonly #choicesByKey = new Map<string, number>();
  // The first few have their place in any case.
  #table: Int32Array = new Int32Array(4 * 64);

  constructor(readonly model: Model<S, I, O>, readonly memory: Memory) {
    this.list.push(model.initial);
    this.#numbers.set(this.#keyOf(model.initial), initial);
  }

  number(state: S): number {
    const key = this.#keyOf(state);
    let number = this.#numbers.get(key);
    if (number === undefined) {
      this.memory.count(nominalState);
      number = this.list.push(state) - 1;
      this.#numbers.set(key, number);
    }
    return number;
  }

  /** The number of an operation: the same for operations that are alike. */
  operation(entry: Entry<I, O>): number {
    const key = this.model.operationKey?.(entry.invocation, entry.response);
    if (key === undefined) return this.#examples.push(entry) - 1;
    let number = this.#operations.get(key);
    if (number === undefined) {
      number = this.#examples.push(entry) - 1;
      this.#operations.set(key, number);
    }
    return number;
  }

  /** Where an operation leads: a state, {@link none}, or a number for {@link choice} where there are several. */
  step(state: number, operation: number): number {
    const table = this.#table;
    const slot = slotOf(state, operation) & (table.length - 1);
    // Operations are in the table from 1 on; 0 is free.
    return table[slot] === operation + 1 && table[slot + 1] === state ? table[slot + 2]! : this.#ask(state, operation);
  }

  /** How many states a step leads to. */
  count(step: number): number {
    return step > none ? 1 : step === none ? 0 : this.#choices[several - step]!.length;
  }

  /** The state that a step leads to, or one of them. */
  choice(step: number, which: number): number {
    return step > none ? step : this.#choices[several - step]![which]!;
  }

  /** Whether an operation may lead from one state to the other. */
  leads(from: number, operation: number, to: number): boolean {
    const step = this.step(from, operation);
    return step === to || (step <= several && this.#choices[several - step]!.includes(to));
  }

  #keyOf(state: S): unknown {
    return this.model.key === undefined ? state : this.model.key(state);
  }

  #ask(state: number, operation: number): number {
    this.asked++;
    const { invocation, response } = this.#examples[operation]!;
    const next = this.model.step(this.list[state]!, invocation, response);
    const step = next.length === 0 ? none : next.length === 1 ? this.number(next[0]!) : this.#several(next);
    if (this.asked > this.#table.length && this.#table.length < mostWords) this.#grow();
    insert(this.#table, state, operation, step);
    return step;
  }

  #several(states: readonly S[]): number {
    const numbers = [...new Set(states.map((state) => this.number(state)))];
    if (numbers.length === 1) return numbers[0]!;
    const key = numbers.join();
    let step = this.#choicesByKey.get(key);
    if (step === undefined) {
      this.memory.count(nominalState);
      step = several - (this.#choices.push(numbers) - 1);
      this.#choicesByKey.set(key, step);
    }
    return step;
  }

  #grow(): void {
    const old = this.#table;
    this.#table = this.memory.take(old.length * 2);
    for (let at = 0; at < old.length; at += 4) if (old[at] !== 0) insert(this.#table, old[at + 1]!, old[at]! - 1, old[at + 2]!);
    this.memory.giveBack(old);
  }
}

const slotOf = (state: number, operation: number): number => mix(Math.imul(operation, 0x9e3779b1) ^ state) << 2;

function insert(table: Int32Array, state: number, operation: number, step: number): void {
  const slot = slotOf(state, operation) & (table.length - 1);
  table[slot] = operation + 1;
  table[slot + 1] = state;
  table[slot + 2] = step;
}
