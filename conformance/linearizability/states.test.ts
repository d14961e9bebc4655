import { describe, expect, it } from 'vitest';
import type { Entry } from './history.js';
import { Memory, MemoryFull } from './memory.js';
import type { Model } from './model.js';
import { initial, none, States } from './states.js';

/** A counter: `add` leads on, `fork` to one of two, `none` nowhere, `same` to one state that is given twice. */
type Call = { readonly op: 'add' | 'fork' | 'none' | 'same'; readonly by: number };
const counter: Model<{ readonly at: number }, Call, 'done'> = {
  initial: { at: 0 },
  step: ({ at }, { op, by }) => (op === 'add' ? [{ at: at + by }] : op === 'fork' ? [{ at: at + by }, { at: at - by }] : op === 'same' ? [{ at: at + by }, { at: at + by }] : []),
  key: ({ at }) => at,
  operationKey: ({ op, by }) => `${op} ${by}`,
};
const entry = (op: Call['op'], by: number): Entry<Call, 'done'> => ({ id: 0, actor: 'c', invocation: { op, by }, response: 'done', start: 0, end: 1 });
const fresh = (model = counter, bytes = 2 ** 24): States<{ readonly at: number }, Call, 'done'> => new States(model, new Memory(bytes));

describe('states of a model', () => {
  it('have one number each, and operations that are alike', () => {
    const states = fresh();
    expect([states.number({ at: 0 }), states.number({ at: 7 }), states.number({ at: 7 }), states.number({ at: 8 })]).toEqual([initial, 1, 1, 2]);
    expect(states.list.map(({ at }) => at)).toEqual([0, 7, 8]);
    expect([entry('add', 1), entry('add', 2), entry('add', 1)].map((one) => states.operation(one))).toEqual([0, 1, 0]);
  });

  it('are told apart by what they are, and so are operations, where there is no key', () => {
    const states = fresh({ initial: counter.initial, step: counter.step.bind(counter) });
    const one = { at: 7 };
    expect([states.number(counter.initial), states.number(one), states.number({ at: 7 }), states.number(one)]).toEqual([0, 1, 2, 1]);
    expect([states.operation(entry('add', 1)), states.operation(entry('add', 1))]).toEqual([0, 1]);
  });

  it('follow each other as the model says, to one, to several, or to none', () => {
    const states = fresh();
    const [add, fork, nothing, same] = [states.operation(entry('add', 3)), states.operation(entry('fork', 3)), states.operation(entry('none', 3)), states.operation(entry('same', 3))];
    const outcomes = (state: number, operation: number): number[] => {
      const step = states.step(state, operation);
      return Array.from({ length: states.count(step) }, (_, which) => states.list[states.choice(step, which)]!.at);
    };
    const three = states.number({ at: 3 });
    expect([outcomes(initial, add), outcomes(initial, fork), outcomes(initial, nothing), outcomes(initial, same), outcomes(three, fork)]).toEqual([[3], [3, -3], [], [3], [6, 0]]);
    expect(states.step(initial, nothing)).toBe(none);
    expect(states.step(initial, same)).toBe(three);
    expect([states.leads(initial, add, three), states.leads(initial, add, initial), states.leads(initial, fork, three), states.leads(initial, fork, initial), states.leads(initial, nothing, initial)]).toEqual([true, false, true, false, false]);
    // Another operation that leads to the same ones is the same step.
    expect(states.step(initial, states.operation({ ...entry('fork', 3), invocation: { op: 'fork', by: 3 } }))).toBe(states.step(initial, fork));
  });

  it('are asked for again only where something else has taken their place', () => {
    const states = fresh();
    const operations = [1, 2, 3].map((by) => states.operation(entry('add', by)));
    const wrong: unknown[] = [];
    /** How often the model is asked on a way through so many states, of which all is asked. */
    const askedOn = (length: number): number => {
      const before = states.asked;
      for (let state = initial, i = 0; i < length; i++) {
        for (const [by, operation] of operations.entries()) if (states.list[states.step(state, operation)]!.at !== i + by + 1) wrong.push([i, by]);
        state = states.step(state, operations[0]!);
      }
      return states.asked - before;
    };
    expect([askedOn(10), askedOn(10)].map((asked) => asked < 40)).toEqual([true, true]);
    expect(askedOn(10)).toBeLessThan(15);
    askedOn(3_000);
    // There is a place for a fourth of what has been asked.
    expect(askedOn(3_000)).toBeLessThan(9_000);
    expect(wrong).toEqual([]);
  });

  it('take 64 bytes each, and where there are several to go to', () => {
    const states = fresh(counter, 3 * 64);
    const fork = states.operation(entry('fork', 1));
    states.step(initial, fork);
    states.step(initial, fork);
    expect(() => states.number({ at: 9 })).toThrow(MemoryFull);
    expect(states.number({ at: 1 })).toBe(1);
  });
});
