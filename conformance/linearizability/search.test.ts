import { describe, expect, it } from 'vitest';
import type { Entry } from './history.js';
import { Memory } from './memory.js';
import type { Model } from './model.js';
import { Search } from './search.js';
import { States } from './states.js';
import { manyClients } from './testing/histories.js';
import { keyValue, register, type KeyCall, type RegisterAnswer, type RegisterCall } from './testing/models.js';

type RegisterEntry = Entry<RegisterCall, RegisterAnswer>;

function searched(history: readonly RegisterEntry[], model = register): Search<number | null, RegisterCall, RegisterAnswer> {
  const search = new Search(new States(model, new Memory(2 ** 28)), history);
  search.run(Infinity, 2 ** 30);
  return search;
}

const write = (id: number, value: number, start: number, end: number): RegisterEntry => ({ id, actor: `c${id}`, invocation: { op: 'write', value }, response: end === Infinity ? undefined : 'done', start, end });
const read = (id: number, value: number, start: number, end: number): RegisterEntry => ({ id, actor: `c${id}`, invocation: { op: 'read' }, response: value, start, end });

describe('a search tries no more than it must', () => {
  it('one step for each operation, if they follow each other', () => {
    const history = Array.from({ length: 100 }, (_, i) => (i % 2 === 0 ? write(i, i, 2 * i, 2 * i + 1) : read(i, i - 1, 2 * i, 2 * i + 1)));
    expect([searched(history).verdict, searched(history).steps]).toEqual(['linearizable', 100]);
  });

  it('reads where they are possible, and nothing else beside them', () => {
    const history = [write(0, 1, 0, 1), ...Array.from({ length: 30 }, (_, i) => read(1 + i, 1, 2, 10)), read(99, 2, 2, 10)];
    expect([searched(history).verdict, searched(history).steps]).toEqual(['violated', 31]);
  });

  it('of operations that were lost and are alike the one that was called first', () => {
    const counter: Model<number, 'add' | 'get', number> = { initial: 0, step: (state, call, answer) => (call === 'add' ? [state + 1] : answer === state ? [state] : []) };
    const history = [...Array.from({ length: 10 }, (_, id): Entry<'add' | 'get', number> => ({ id, actor: `c${id}`, invocation: 'add', response: undefined, start: id, end: Infinity })), { id: 20, actor: 'r', invocation: 'get' as const, response: 99, start: 20, end: 21 }];
    const stepsOf = (model: typeof counter): number => {
      const search = new Search(new States(model, new Memory(2 ** 28)), history);
      search.run(Infinity, 2 ** 30);
      expect(search.verdict).toBe('violated');
      return search.steps;
    };
    expect(stepsOf({ ...counter, operationKey: (call) => call })).toBe(10);
    expect(stepsOf(counter)).toBeGreaterThan(1_000);
  });

  it('nothing that was lost and changes nothing, or whose change is as good as none', () => {
    const idle = [write(0, 1, 0, 1), ...Array.from({ length: 12 }, (_, i) => write(1 + i, 1, 2, Infinity)), read(20, 2, 3, 4)];
    expect([searched(idle).verdict, searched(idle).steps]).toEqual(['violated', 1]);
    // Whatever was lost before, the write leads to what it writes.
    const covered = [...Array.from({ length: 12 }, (_, i) => write(i, 1 + i, 0, Infinity)), write(20, 99, 1, 2), read(21, 99, 3, 4)];
    expect([searched(covered).verdict, searched(covered).steps]).toEqual(['linearizable', 2]);
  });

  it('no configuration twice, whether it is right or wrong in the end', () => {
    let [steps, asked] = [0, 0];
    const verdicts = new Map<string | undefined, number>();
    for (let seed = 1; seed <= 40; seed++) {
      const history = manyClients({ operations: 60, clients: 6, keys: 1, seed }).map((entry, i): Entry<KeyCall, string> => (i % 11 === 5 ? { ...entry, response: undefined, end: Infinity } : i === 50 && seed % 2 === 0 && entry.invocation.op === 'get' ? { ...entry, response: 'v3' } : entry));
      const states = new States(keyValue, new Memory(2 ** 28));
      const search = new Search(states, history);
      search.run(Infinity, 2 ** 30);
      verdicts.set(search.verdict, (verdicts.get(search.verdict) ?? 0) + 1);
      steps += search.steps;
      asked += states.asked;
    }
    expect([...verdicts]).toEqual([['linearizable', 30], ['violated', 10]]);
    expect(steps).toBeLessThanOrEqual(8_059);
    expect(asked).toBeLessThanOrEqual(10_253);
  });
});

describe('a search goes on a slice at a time', () => {
  const endless = Array.from({ length: 13 }, (_, i) => (i === 0 ? read(0, 99, 0, 1) : write(i, i, 0, 1)));

  it.each([
    ['so many steps', [50, 2 ** 30], 50],
    ['about so much work', [Infinity, 50], 60],
    ['as often as the model may be asked meanwhile', [Infinity, 320], 330],
  ] as const)('of %s', (_, [most, work], atMost) => {
    const search = new Search(new States(register, new Memory(2 ** 28)), endless);
    let turns = 0;
    for (let before = 0; search.verdict === undefined && turns < 100_000; turns++, before = search.steps) {
      search.run(most, work);
      expect(search.steps - before).toBeLessThanOrEqual(atMost);
    }
    expect([search.verdict, search.steps]).toEqual([searched(endless).verdict, searched(endless).steps]);
    expect(turns).toBeGreaterThan(searched(endless).steps / atMost);
  });
});
