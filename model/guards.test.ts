import { setup, transition } from 'xstate';
import { describe, expect, it } from 'vitest';
import { compile, guardsOf, machines, tables, type AnyEvent, type Table } from './index.js';

const all = Object.keys(machines) as (keyof typeof machines)[];

describe.each(all)('the guards of %s', (name) => {
  const machine = machines[name];
  const table = tables[name] as unknown as Table<string, AnyEvent>;

  it('are those that the machine asks, with what they say', () => {
    const outcomes = guardsOf(machine, table);
    const { guards } = machine.implementations as { guards: Record<string, (...args: unknown[]) => boolean> };
    for (const [s, state] of table.states.entries()) {
      for (const [e, event] of table.events.entries()) {
        const asked: string[] = [];
        // A copy of the machine whose guards take notes.
        const noting = machine.provide({
          guards: Object.fromEntries(
            Object.entries(guards).map(([guard, ask]) => [
              guard,
              (...args: unknown[]) => {
                const yes = ask(...args);
                asked.push(`${machine.id}.${guard}: ${yes ? 'yes' : 'no'}`);
                return yes;
              },
            ]),
          ),
        } as never);
        const value = state.split('.').reduceRight<unknown>((inner, key) => (inner === undefined ? key : { [key]: inner }), undefined);
        transition(noting as never, noting.resolveState({ value } as never) as never, event as never);
        expect([state, event.type, [...new Set(asked)]]).toEqual([state, event.type, [...new Set(outcomes[s * table.events.length + e])]]);
      }
    }
  });
});

it('every guard says yes somewhere, and no somewhere', () => {
  const said = new Set(all.flatMap((name) => guardsOf(machines[name], tables[name] as never).flat()));
  const guards = all.flatMap((name) => Object.keys(machines[name].implementations.guards).map((guard) => `${machines[name].id}.${guard}`));
  expect([...said].sort()).toEqual(guards.flatMap((guard) => [`${guard}: no`, `${guard}: yes`]).sort());
});

it('the innermost state is asked first, and what follows a yes is not asked', () => {
  const machine = setup({
    types: { events: {} as { readonly type: 'GO'; readonly inside: boolean; readonly outside: boolean } },
    guards: { inside: ({ event }) => event.inside, outside: ({ event }) => event.outside },
  }).createMachine({
    id: 'two',
    initial: 'outer',
    states: {
      outer: { initial: 'inner', on: { GO: { guard: 'outside', target: 'left' } }, states: { inner: { on: { GO: { guard: 'inside', target: 'stayed' } } }, stayed: {} } },
      left: {},
    },
  });
  const table = compile(machine, { GO: { inside: [false, true], outside: [false, true] } });
  expect(table.states).toEqual(['outer.inner', 'left', 'outer.stayed']);
  const [no, yes] = [['two.inside: no', 'two.outside: no'], ['two.inside: no', 'two.outside: yes']];
  expect(guardsOf(machine, table).slice(0, 4)).toEqual([no, yes, ['two.inside: yes'], ['two.inside: yes']]);
  expect(guardsOf(machine, table).slice(8)).toEqual([['two.outside: no'], ['two.outside: yes'], ['two.outside: no'], ['two.outside: yes']]);
});

it('who has no guard is not asked', () => {
  const machine = setup({ types: { events: {} as { readonly type: 'GO'; readonly sure: boolean } }, guards: { sure: ({ event }) => event.sure } }).createMachine({
    id: 'one',
    initial: 'outer',
    states: { outer: { initial: 'inner', on: { GO: { guard: 'sure', target: 'left' } }, states: { inner: { on: { GO: 'stayed' } }, stayed: {} } }, left: {} },
  });
  const table = compile(machine, { GO: { sure: [false, true] } });
  expect(guardsOf(machine, table)[0]).toEqual([]);
});
