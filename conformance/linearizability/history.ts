/**
 * One operation of a history: what was called by whom, what was answered, and when. Of an operation with an *indefinite* end nobody
 * knows what became of it (a time-out, a client that died, an error that leaves the effect unknown): `response` is undefined and
 * `end` is `Infinity`, since it may have happened at any moment after its call, or never (`:info`, in Jepsen).
 *
 * Times are those of one monotonic source, in any unit. An operation precedes another if it ends before the other starts; where
 * one ends at the very time at which the other starts, either may have come first.
 */
export interface Entry<I = unknown, O = unknown> {
  readonly id: number;
  readonly actor: string;
  readonly invocation: I;
  readonly response: O | undefined;
  readonly start: number;
  readonly end: number;
}

/** Operations that overlap or follow each other, in any order. */
export type History<I = unknown, O = unknown> = readonly Entry<I, O>[];

/** Whether it is known that the operation ended. */
export const isDefinite = ({ end }: Entry): boolean => end !== Infinity;
