import { initialTransition, transition, type AnyMachineSnapshot, type AnyStateMachine, type SnapshotFrom, type StateValueFrom } from 'xstate';
import { errors, type ErrorCode } from '../spec/index.js';

type Flat<Value> = Value extends string
  ? Value
  : { [Key in keyof Value & string]: `${Key}.${Flat<Value[Key]>}` }[keyof Value & string];

type KeysOf<Value> = Value extends string ? never : keyof Value;

/** The states of a machine as dotted names: `calm`, `auto.closed`; of a state with states within, these only. */
export type StateOf<Machine extends AnyStateMachine> = Exclude<Flat<StateValueFrom<Machine>>, KeysOf<StateValueFrom<Machine>>>;

/** The tags of a machine. */
export type TagOf<Machine extends AnyStateMachine> = SnapshotFrom<Machine> extends { readonly tags: Set<infer Tag extends string> } ? Tag : string;

/** What an event may be. */
export interface AnyEvent {
  readonly type: string;
}

/** The whole finite alphabet of a machine: for each type of event, the values that each of its facts can take. */
export type Alphabet<Event extends AnyEvent> = {
  readonly [Type in Event['type']]: {
    readonly [Fact in Exclude<keyof Extract<Event, { type: Type }>, 'type'>]: readonly Extract<Event, { type: Type }>[Fact][];
  };
};

export const yesOrNo = [false, true] as const;

/** A named action of a machine: what whoever runs the machine is to do. */
export interface Effect {
  readonly type: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/** What an event does in a state. */
export interface Move<State extends string> {
  readonly state: State;
  readonly effects: readonly Effect[];
  /** The names of the effects, refusals left out: what there is to commit. */
  readonly does: ReadonlySet<string>;
  /** The codes of the effects `refuse`. */
  readonly refusals: readonly ErrorCode[];
}

/** A finite machine as a table of integers: states and events are numbered, each pair of them leads to a move. */
export interface Table<State extends string, Event extends AnyEvent, Tag extends string = string> {
  readonly initial: State;
  /** Every reachable state, by number. */
  readonly states: readonly State[];
  /** Every event of the alphabet, by number. */
  readonly events: readonly Event[];
  /** `next[state * events.length + event]`: the number of the state that follows. */
  readonly next: Int32Array;
  /** `effects[state * events.length + event]`. */
  readonly effects: readonly (readonly Effect[])[];
  /** The number of an event; it must be of the alphabet. */
  numberOf(event: Event): number;
  /** What the event does in the state. */
  move(state: State, event: Event): Move<State>;
  /** Whether the state has the tag. */
  has(state: State, tag: Tag): boolean;
  /** How many times each cell has been asked by {@link move}: what coverage is reckoned from. */
  readonly asked: Uint32Array;
}

/** A dotted name for a state value of xstate. */
export const nameOf = (value: unknown): string =>
  typeof value === 'string'
    ? value
    : Object.entries(value as Record<string, unknown>).map(([key, inner]) => `${key}.${nameOf(inner)}`).join(' & ');

/** Facts vary like the digits of a number, the last one fastest: this makes the number of an event computable. */
const eventsOfType = (type: string, facts: readonly (readonly [string, readonly unknown[]])[]): AnyEvent[] =>
  facts.reduce<AnyEvent[]>(
    (events, [fact, values]) => events.flatMap((event) => values.map((value) => ({ ...event, [fact]: value }))),
    [{ type }],
  );

const isErrorCode = (code: unknown): code is ErrorCode => typeof code === 'string' && Object.hasOwn(errors, code);

const refusalOf = (effect: Effect): ErrorCode[] => {
  if (effect.type !== 'refuse') return [];
  const { code } = effect.params;
  if (!isErrorCode(code)) throw new Error(`refuse(${String(code)}): no code of the specification`);
  return [code];
};

/**
 * Explores a machine that has no context, event by event, into its {@link Table}. The machine stays the only source of the rules;
 * the table is what makes it cheap to ask, for xstate answers some 70,000 questions a second and a table tens of millions.
 */
export const compile = <Machine extends AnyStateMachine, Event extends AnyEvent>(
  machine: Machine,
  alphabet: Alphabet<Event>,
): Table<StateOf<Machine>, Event, TagOf<Machine>> => {
  type State = StateOf<Machine>;

  const offsets = new Map<string, { readonly first: number; readonly facts: readonly (readonly [string, readonly unknown[]])[] }>();
  const events: Event[] = [];
  for (const [type, factsOfType] of Object.entries<Readonly<Record<string, readonly unknown[]>>>(alphabet)) {
    const facts = Object.entries(factsOfType);
    offsets.set(type, { first: events.length, facts });
    events.push(...(eventsOfType(type, facts) as Event[]));
  }

  const numberOf = (event: Event): number => {
    const { first, facts } = offsets.get(event.type)!;
    let digits = 0;
    for (const [fact, values] of facts) digits = digits * values.length + values.indexOf((event as Readonly<Record<string, unknown>>)[fact]);
    return first + digits;
  };

  const numbers = new Map<string, number>();
  const snapshots: AnyMachineSnapshot[] = [];
  const number = (snapshot: AnyMachineSnapshot): number => {
    const name = nameOf(snapshot.value);
    const known = numbers.get(name);
    if (known !== undefined) return known;
    numbers.set(name, snapshots.length);
    return snapshots.push(snapshot) - 1;
  };

  // Without context there is no input either: a machine of any kind will do from here on.
  const anyMachine: AnyStateMachine = machine;
  number(initialTransition(anyMachine, undefined)[0] as AnyMachineSnapshot);
  const next: number[] = [];
  const effects: Effect[][] = [];
  // The list grows while it is walked: whatever is found is explored in its turn.
  for (const snapshot of snapshots) {
    for (const event of events) {
      const [after, actions] = transition(anyMachine, snapshot, event);
      next.push(number(after as AnyMachineSnapshot));
      effects.push(actions.map(({ type, params }) => ({ type, params: (params ?? {}) as Effect['params'] })));
    }
  }

  const states = [...numbers.keys()] as State[];
  const moves = next.map((state, cell): Move<State> => ({
    state: states[state]!,
    effects: effects[cell]!,
    does: new Set(effects[cell]!.map(({ type }) => type).filter((type) => type !== 'refuse')),
    refusals: effects[cell]!.flatMap(refusalOf),
  }));
  const asked = new Uint32Array(next.length);
  const tags = snapshots.map((snapshot) => snapshot.tags as ReadonlySet<string>);

  return {
    initial: states[0]!,
    states,
    events,
    next: Int32Array.from(next),
    effects,
    numberOf,
    move: (state, event) => {
      const cell = numbers.get(state)! * events.length + numberOf(event);
      asked[cell]!++;
      return moves[cell]!;
    },
    asked,
    has: (state, tag) => tags[numbers.get(state)!]!.has(tag),
  };
};
