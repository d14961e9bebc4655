import type { Entry } from './history.js';

/** An operation of the history. */
export interface Call<I, O> {
  readonly number: number;
  readonly entry: Entry<I, O>;
  readonly touches: readonly number[];
  readonly names: readonly string[];
  readonly isRemoval: boolean;
  readonly isRead: boolean;
  readonly isLost: boolean;
  island: Island<I, O> | undefined;
}

/** What was placed last, and what before it; two ways meet where islands do. */
export interface Way {
  /** Ways that are longer have greater numbers. */
  readonly at: number;
  /** The number of the call, or -1 where two ways meet. */
  readonly call: number;
  readonly before: Way | undefined;
  readonly other?: Way | undefined;
}

/** One of the things that may have happened so far. */
export interface World {
  /** What each object of the island holds. */
  readonly values: readonly number[];
  /** The open calls that have been placed, in ascending order. */
  readonly placed: readonly number[];
  readonly way: Way | undefined;
}

/** Objects about which something is open, and all that may be the case with them. What is on one island says nothing of another. */
export interface Island<I, O> {
  readonly objects: readonly number[];
  open: readonly Call<I, O>[];
  worlds: readonly World[];
}

export const isSame = (a: World, b: World): boolean => a.values.every((value, i) => value === b.values[i]) && a.placed.length === b.placed.length && a.placed.every((number, i) => number === b.placed[i]);

/** Worlds, without those that are like another that has used no operations with an unknown end beyond those of this one: whatever can follow on it can follow on the other. */
export class Least {
  readonly #worlds = new Map<string, (readonly number[])[]>();

  constructor(readonly isLost: (call: number) => boolean) {}

  /** False if there is one already that is as good. */
  add({ values, placed }: World): boolean {
    const lost = placed.filter(this.isLost);
    const key = `${values.join()};${(lost.length === 0 ? placed : placed.filter((number) => !lost.includes(number))).join()}`;
    const others = this.#worlds.get(key);
    if (others === undefined) this.#worlds.set(key, [lost]);
    else if (others.some((other) => other.every((number) => lost.includes(number)))) return false;
    else others.push(lost);
    return true;
  }
}

export const inserted = (numbers: readonly number[], number: number): readonly number[] => merged(numbers, [number]);

export const merged = (a: readonly number[], b: readonly number[]): readonly number[] => (a.length === 0 ? b : b.length === 0 ? a : [...a, ...b].sort((x, y) => x - y));

/** Of some calls, those that touch what a call touches, or what one of those touches. */
export function connected<I, O>(to: Call<I, O>, calls: readonly Call<I, O>[]): Call<I, O>[] {
  const reached = [to];
  const left = new Set(calls);
  for (const one of reached) for (const other of left) if (one.isRemoval || other.isRemoval || one.touches.some((object) => other.touches.includes(object))) {
    left.delete(other);
    reached.push(other);
  }
  return reached.slice(1);
}
