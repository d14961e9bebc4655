import type { AnyEvent, Table } from '../compile.js';

/** A table of a machine with its effects as bits: all that a step need look up is an element of an array. */
export interface Rules<State extends string, Event extends AnyEvent> {
  readonly states: readonly State[];
  readonly events: number;
  readonly next: Int32Array;
  /** Bits of {@link effect} for `state * events + event`. */
  readonly does: Int32Array;
  /** 1 where the event is refused. */
  readonly refuses: Uint8Array;
  stateOf(state: State): number;
  eventOf(event: Event): number;
  /** The bit of an effect. */
  effect(name: string): number;
  /** For each state, whether it has the tag. */
  having(tag: string): readonly boolean[];
}

/** Numbers the effects of a compiled machine. O(states · events). */
export function rulesOf<State extends string, Event extends AnyEvent>(table: Table<State, Event>): Rules<State, Event> {
  const names = [...new Set(table.effects.flat().map(({ type }) => type))].filter((type) => type !== 'refuse');
  const effect = (name: string): number => {
    if (!names.includes(name)) throw new Error(`no effect ${name}`);
    return 1 << names.indexOf(name);
  };
  return {
    states: table.states,
    events: table.events.length,
    next: table.next,
    does: Int32Array.from(table.effects, (effects) => effects.reduce((bits, { type }) => (type === 'refuse' ? bits : bits | effect(type)), 0)),
    refuses: Uint8Array.from(table.effects, (effects) => (effects.some(({ type }) => type === 'refuse') ? 1 : 0)),
    stateOf: (state) => table.states.indexOf(state),
    eventOf: (event) => table.numberOf(event),
    effect,
    having: (tag) => table.states.map((state) => table.has(state, tag)),
  };
}
