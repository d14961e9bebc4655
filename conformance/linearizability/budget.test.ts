import { describe, expect, it } from 'vitest';
import { check } from './check.js';
import { Configurations } from './configurations.js';
import type { Entry } from './history.js';
import { Memory } from './memory.js';
import { Search } from './search.js';
import { States } from './states.js';
import { boxes, boxObjects, type BoxAnswer, type BoxCall } from './testing/boxes.js';
import { manyClients } from './testing/histories.js';
import { keyValue, register, type KeyCall, type RegisterAnswer, type RegisterCall } from './testing/models.js';
import { Worlds } from './worlds.js';

/** All at once, and a get of what nobody wrote: many orders have to be tried. */
const hard = (op: 'put' | 'append', key: string, count: number, value?: string): Entry<KeyCall, string>[] =>
  Array.from({ length: count }, (_, i) => ({ id: i, actor: `c${i}`, invocation: { op: i === 0 ? 'get' : op, key, value: value ?? `${i}` }, response: i === 0 ? 'x' : '', start: 0, end: 1 }));

describe('a budget', () => {
  it('of time is spent when the time is over', () => {
    const steps = 5_000_000;
    const result = check(keyValue, hard('append', 'a', 30, ''), { milliseconds: 10, steps });
    expect(result.verdict).toBe('unknown');
    expect(result.steps).toBeLessThan(steps);
  });

  it.each([[{ steps: 0 }], [{ milliseconds: 0 }], [{ signal: AbortSignal.abort() }]])('of nothing is enough for nothing: %o', (budget) => {
    const read: Entry<RegisterCall, RegisterAnswer> = { id: 0, actor: 'c', invocation: { op: 'read' }, response: null, start: 0, end: 1 };
    expect(check(register, [read], budget)).toMatchObject({ verdict: 'unknown', steps: 0 });
  });

  it('of memory is there for the next part, once a part is given up', () => {
    const wrong = { id: 99, actor: 'c', invocation: { op: 'get' as const, key: 'b', value: '' }, response: 'y', start: 0, end: 1 };
    expect(check(keyValue, [...hard('append', 'a', 24), wrong], { bytes: 4_000 }).parts.map(({ verdict }) => verdict)).toEqual(['violated', 'unknown']);
  });
});

it('leaves out what was not judged any more, because something is wrong', () => {
  // Neither can be told in one slice.
  const { verdict, parts, steps } = check(keyValue, [...hard('put', 'a', 24), ...hard('put', 'b', 13)], { steps: 1_000_000 });
  expect([verdict, parts.map((part) => [part.verdict, part.history.length])]).toEqual(['violated', [['violated', 13]]]);
  expect(steps).toBeGreaterThan(8_192);
});

describe('a long history', () => {
  it('is searched if the model knows of no objects', () => {
    const writes = Array.from({ length: 100 }, (_, i): Entry<RegisterCall, RegisterAnswer> => ({ id: i, actor: 'c', invocation: { op: 'write', value: i }, response: 'done', start: i, end: i }));
    expect(check(register, writes).verdict).toBe('linearizable');
  });

  it('is not searched if it can be judged by objects', () => {
    const model = boxes(4);
    const puts = Array.from({ length: 120 }, (_, i): Entry<BoxCall, BoxAnswer> => ({ id: i, actor: `c${i}`, invocation: { op: 'put', box: i % 4, value: (i % 3) + 1 }, response: 'done', start: 10 + i, end: 10.5 + i }));
    const worlds = new Worlds(new States(model, new Memory(2 ** 28)), puts, boxObjects);
    worlds.run(Infinity, Infinity);
    expect(worlds.verdict).toBe('linearizable');
    expect(check(model, puts)).toMatchObject({ verdict: 'linearizable', steps: worlds.steps, parts: [worlds.result()] });
  });
});

it('a slice of a search asks the model only so often: it may take long to answer', () => {
  const states = new States(keyValue, new Memory(2 ** 28));
  const search = new Search(states, hard('put', 'a', 13));
  for (let asked = 0; search.verdict === undefined; asked = states.asked) {
    search.run(Infinity, 320);
    expect(states.asked - asked).toBeLessThanOrEqual(320 / 32 + 13);
  }
});

it('the model is asked again only for what is new', () => {
  const history = manyClients({ operations: 60, clients: 6, keys: 1, seed: 1 });
  const states = new States(keyValue, new Memory(2 ** 28));
  new Search(states, history).run(Infinity, 2 ** 30);
  expect(states.asked).toBeGreaterThanOrEqual(60);
});

it('configurations have room for one that is longer than all before it together', () => {
  const seen = new Configurations(new Memory(2 ** 20));
  for (const length of [1, 2_000, 5_000]) {
    const words = new Int32Array(length).fill(5);
    expect([seen.add(1, 0, words, 0, length, length), seen.add(1, 0, words, 0, length, length)]).toEqual([true, false]);
    words[length - 1] = 6;
    expect([seen.add(1, 0, words, 0, length, length), seen.add(1, 0, words, 0, length, length)]).toEqual([true, false]);
  }
});
