import type { RequirementId } from '../../spec/index.js';

/**
 * A state while it is worked on: one small number per slot. Packed into a few words it is what the search keeps.
 */
export type Slots = Uint8Array;

/** One part of a state: what it is called, and how many values it can take (at most 256). */
export interface Slot {
  readonly name: string;
  readonly values: number;
}

/** What is said of a step beside its number. A system may use the bits from {@link firstOwnFlag} on for its own. */
export const flags = {
  /** The operation was refused. */
  refused: 1,
  /** Somebody who is in the middle of an operation went on with it. */
  progress: 2,
} as const;

export const firstOwnFlag = 4;

/** Takes note of a step: its action and its flags. The state that follows is in {@link System.next}. */
export type Emit = (action: number, flags: number) => void;

/**
 * A permutation of a system's parts that changes nothing about what can happen: names of one kind are interchangeable, if their
 * partitions are interchanged with them. The value `v` of slot `i` becomes the value `value[i][v]` of slot `target[i]`.
 */
export interface Symmetry {
  readonly target: readonly number[];
  readonly value: readonly Uint8Array[];
}

/** A finite system to be explored. */
export interface System {
  readonly slots: readonly Slot[];
  readonly initial: Slots;
  /** Where `expand` leaves each state it emits. */
  readonly next: Slots;
  /** Emits every step that a state allows, in a fixed order. Leaves `state` as it is. */
  expand(state: Slots, emit: Emit): void;
  /** All symmetries, the identity first. */
  readonly symmetries: readonly Symmetry[];
  /** The symmetries that keep every fairness class in place: what may be used where fairness counts. */
  readonly fairSymmetries: readonly Symmetry[];
  /** The number of the fairness class of an action, from 0 to 30, or -1: nobody owes it. */
  fairnessOf(action: number): number;
  /** An action in words. */
  showAction(action: number, before: Slots): string;
  /** A state in words, a line for each thing that there is. */
  showState(state: Slots): string[];
}

/** What a property is called, and what it says. */
export interface AboutProperty {
  readonly id: string;
  /** What it shows to hold of the design. */
  readonly requirements: readonly RequirementId[];
  readonly text: string;
}

/** Must hold in every reachable state, or of every reachable step. */
export interface Always extends AboutProperty {
  readonly kind: 'always';
  readonly state?: (state: Slots) => boolean;
  readonly step?: (before: Slots, action: number, after: Slots, flags: number) => boolean;
  /** Asked where nobody can go on with what they are in the middle of. */
  readonly standstill?: (state: Slots) => boolean;
  /** What there is to say of a state that breaks it. */
  readonly explain?: (state: Slots) => readonly string[];
}

/** Must be found somewhere: otherwise what is proved might be true for want of anything to be false of. */
export interface Sometimes extends AboutProperty {
  readonly kind: 'sometimes';
  readonly state?: (state: Slots) => boolean;
  readonly step?: (before: Slots, action: number, after: Slots, flags: number) => boolean;
}

/**
 * Must not be put off for ever: no run that is weakly fair (whoever could go on all the time does go on some time) stays among
 * the states that are `pending` while it takes only actions that are `allowed`.
 */
export interface Eventually extends AboutProperty {
  readonly kind: 'eventually';
  readonly pending: (state: Slots) => boolean;
  readonly allowed: (action: number, flags: number) => boolean;
}

/** What is to be shown of a system, in the words of Stateright. */
export type Property = Always | Sometimes | Eventually;
