import { initialTransition, setup, transition, type AnyMachineSnapshot, type AnyStateMachine } from 'xstate';
import { describe, expect, it } from 'vitest';
import {
  admissionMachine, alarmMachine, bindingMachine, compile, endpointMachine, lifecycleMachine, modeOf, nameOf, registrationMachine, tables, yesOrNo,
  type AnyEvent, type Effect, type Table,
} from './index.js';

const all: [string, AnyStateMachine, Table<string, AnyEvent>][] = [
  ['lifecycle', lifecycleMachine, tables.lifecycle as unknown as Table<string, AnyEvent>],
  ['endpoint', endpointMachine, tables.endpoint as unknown as Table<string, AnyEvent>],
  ['registration', registrationMachine, tables.registration as unknown as Table<string, AnyEvent>],
  ['binding', bindingMachine, tables.binding as unknown as Table<string, AnyEvent>],
  ['alarm', alarmMachine, tables.alarm as unknown as Table<string, AnyEvent>],
  ['admission', admissionMachine, tables.admission as unknown as Table<string, AnyEvent>],
];

describe.each(all)('the table of %s', (_, machine, table) => {
  it('agrees with the machine on every reachable state and every event', () => {
    const seen = new Set<string>();
    const waiting = [initialTransition(machine, undefined)[0] as AnyMachineSnapshot];
    for (const snapshot of waiting) {
      const state = nameOf(snapshot.value);
      if (seen.has(state)) continue;
      seen.add(state);
      for (const tag of ['down', 'registered', 'bound', 'alarm', 'closed']) expect(table.has(state, tag)).toBe(snapshot.hasTag(tag));
      for (const event of table.events) {
        const [after, actions] = transition(machine, snapshot, event);
        const move = table.move(state, event);
        const effects = actions.map(({ type, params }): Effect => ({ type, params: (params ?? {}) as Effect['params'] }));
        expect(move.state).toBe(nameOf((after as AnyMachineSnapshot).value));
        expect(move.effects).toEqual(effects);
        expect(move.refusals).toEqual(effects.flatMap(({ type, params }) => (type === 'refuse' ? [params['code']] : [])));
        expect([...move.does]).toEqual(effects.map(({ type }) => type).filter((type) => type !== 'refuse'));
        const cell = table.states.indexOf(state) * table.events.length + table.numberOf(event);
        expect(table.states[table.next[cell]!]).toBe(move.state);
        expect(table.effects[cell]).toBe(move.effects);
        waiting.push(after as AnyMachineSnapshot);
      }
    }
    expect(new Set(table.states)).toEqual(seen);
    expect(table.initial).toBe(table.states[0]);
  });

  it('numbers each event once', () => {
    expect(table.events.map((event) => table.numberOf(event))).toEqual(table.events.map((__, index) => index));
  });

  it('reaches every state of the machine', () => {
    const leaves = (node: AnyStateMachine['root']): number => {
      const within = Object.values(node.states);
      return within.length === 0 ? 1 : within.reduce((sum, inner) => sum + leaves(inner), 0);
    };
    expect(table.states).toHaveLength(leaves(machine.root));
  });

  it('never changes state or does anything where it refuses', () => {
    for (const state of table.states) {
      for (const event of table.events) {
        const move = table.move(state, event);
        if (move.refusals.length > 0) expect(move).toMatchObject({ state, does: new Set() });
      }
    }
  });
});

describe('compile', () => {
  it('names nested and parallel states', () => {
    expect(nameOf('a')).toBe('a');
    expect(nameOf({ a: { b: 'c' } })).toBe('a.b.c');
    expect(nameOf({ a: 'x', b: 'y' })).toBe('a.x & b.y');
  });

  it('takes any finite machine, with facts of several values', () => {
    type Event = { readonly type: 'GO'; readonly by: 1 | 2 | 3; readonly really: boolean };
    const machine = setup({ types: { events: {} as Event }, guards: { far: ({ event }) => event.by === 3 && event.really } }).createMachine({
      initial: 'here',
      states: { here: { on: { GO: { guard: 'far', target: 'there' } } }, there: {} },
    });
    const table = compile<typeof machine, Event>(machine, { GO: { by: [1, 2, 3], really: yesOrNo } });
    expect(table.events).toHaveLength(6);
    expect(table.events.filter((event) => table.move('here', event).state === 'there')).toEqual([{ type: 'GO', by: 3, really: true }]);
  });

  it('rejects a refusal with a code that the specification does not know', () => {
    const machine = setup({ types: { events: {} as { readonly type: 'GO' } }, actions: { refuse: (__, _params: { code: string }) => {} } }).createMachine({
      initial: 'here',
      states: { here: { on: { GO: { actions: { type: 'refuse', params: { code: 'nonsense' } } } } } },
    });
    expect(() => compile<typeof machine, { readonly type: 'GO' }>(machine, { GO: {} })).toThrow('nonsense');
  });

  it('knows a mode for every state of admission', () => {
    expect(Object.keys(modeOf).sort()).toEqual([...tables.admission.states].sort());
  });
});
