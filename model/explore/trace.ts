import { same, type Search, type Sighting } from './search.js';
import type { Lasso } from './liveness.js';
import type { Slots, System } from './system.js';

/** One step of a way through a system, and the state it leads to. */
export interface TraceStep {
  readonly action: string;
  readonly state: readonly string[];
  /** The number of the action, for whoever wants to take the way again. */
  readonly number: number;
}

/** A way from the initial state to where something was seen. */
export interface Trace {
  readonly initial: readonly string[];
  readonly steps: readonly TraceStep[];
  /** The steps from here on (counted from 0) can be repeated for ever, but for names that are interchanged. */
  readonly loopFrom?: number;
  /** The state at the end. */
  readonly end: Slots;
}

/** The way to a sighting: the shortest, since the search is breadth-first. O(steps · branching). */
export function traceTo(search: Search, { state, action }: Sighting): Trace {
  const way = new Way(search);
  way.along(numbersTo(search, state));
  if (action !== undefined) way.take(action);
  return way.trace();
}

/** The way to a loop, and once round it. */
export function traceOf(search: Search, { start, loop }: Lasso): Trace {
  const way = new Way(search);
  way.along(numbersTo(search, start));
  const loopFrom = way.length;
  for (const { to, fairness } of loop) way.stride(to, fairness);
  return { ...way.trace(), loopFrom };
}

function numbersTo({ visited }: Search, state: number): number[] {
  const numbers: number[] = [];
  for (let at = state; visited.parentOf(at) >= 0; at = visited.parentOf(at)) numbers.unshift(at);
  return numbers;
}

/**
 * Walks from the initial state along numbers of states. What the search keeps are canonical states, in which names may have
 * changed places from one to the next; here each keeps its name, so each step is looked for again.
 */
class Way {
  readonly #system: System;
  readonly #state: Slots;
  readonly #steps: TraceStep[] = [];

  constructor(readonly search: Search) {
    this.#system = search.system;
    this.#state = Uint8Array.from(this.#system.initial);
  }

  get length(): number {
    return this.#steps.length;
  }

  along(numbers: readonly number[]): void {
    for (const number of numbers) this.stride(number);
  }

  /** Takes a step to a state, by an action of a fairness class if one is owed. */
  stride(number: number, fairness?: number): void {
    this.#step((action, next) => this.search.find(next) === number && (fairness === undefined || fairness < 0 || this.#system.fairnessOf(action) === fairness));
  }

  /** Takes an action that the state alike to this one has. */
  take(action: number): void {
    const { next } = this.#system;
    const canonical: Slots = new Uint8Array(this.#state.length);
    this.search.read(this.search.find(this.#state), canonical);
    // The action is that of the canonical state: find here the one that leads to the same, in the same way.
    let goal = -1;
    let changes = false;
    let flags = 0;
    this.#system.expand(canonical, (one, its) => {
      if (one !== action) return;
      goal = this.search.find(next);
      flags = its;
      changes = !same(canonical, next);
    });
    if (same(canonical, this.#state)) this.#step((one) => one === action);
    else this.#step((_, to, its) => its === flags && same(this.#state, to) !== changes && (goal < 0 || this.search.find(to) === goal));
  }

  trace(): Trace {
    return { initial: this.#system.showState(this.#system.initial), steps: this.#steps, end: this.#state };
  }

  #step(wanted: (action: number, next: Slots, flags: number) => boolean): void {
    const { next } = this.#system;
    let found: { action: number; state: Slots } | undefined;
    this.#system.expand(this.#state, (action, flags) => {
      if (found === undefined && wanted(action, next, flags)) found = { action, state: Uint8Array.from(next) };
    });
    if (found === undefined) throw new Error('a way that was found cannot be found again: the symmetries of this system are wrong');
    const { action, state } = found;
    const shown = this.#system.showAction(action, this.#state);
    this.#state.set(state);
    this.#steps.push({ action: shown, number: action, state: this.#system.showState(this.#state) });
  }
}
