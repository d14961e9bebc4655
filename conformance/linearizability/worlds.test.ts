import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cases } from '../testing/cases.js';
import type { Entry, History } from './history.js';
import { Memory } from './memory.js';
import { States } from './states.js';
import { boxes, boxHistories, boxHistory, boxObjects, type BoxAnswer, type BoxCall } from './testing/boxes.js';
import { bruteForce } from './testing/brute-force.js';
import { isOrder } from './testing/order.js';
import { Worlds } from './worlds.js';

type BoxEntry = Entry<BoxCall, BoxAnswer>;

const few = boxes(4);

function judged(history: History<BoxCall, BoxAnswer>, { model = few, bytes = 2 ** 28 } = {}): Worlds<readonly number[], BoxCall, BoxAnswer> {
  const worlds = new Worlds(new States(model, new Memory(bytes)), history, boxObjects);
  worlds.run(Infinity, Infinity);
  return worlds;
}

let ids = 0;
const entry = (invocation: BoxCall, response: BoxAnswer, [start, end]: readonly [number, number]): BoxEntry => ({ id: ids++, actor: 'c', invocation, response: end === Infinity ? undefined : response, start, end });
const put = (box: number, value: number, ...times: [number, number]): BoxEntry => entry({ op: 'put', box, value }, 'done', times);

describe('objects that refer to each other are judged as by trying every order, and shown in one', () => {
  it.each([
    ['few that overlap much', { count: 3, most: 7, overlap: 12 }, 6_000],
    ['some that were lost', { count: 2, most: 7, overlap: 8, lostOfTen: 4 }, 3_000],
    ['one after the other, mostly', { count: 4, most: 8, overlap: 50 }, 3_000],
  ])('%s', (_, profile, runs) => {
    const seen = { linearizable: 0, violated: 0, unknown: 0 };
    fc.assert(
      fc.property(boxHistories(profile), (history) => {
        const worlds = judged(history);
        const verdict = worlds.verdict!;
        expect(verdict).toBe(bruteForce(few, history));
        expect(isOrder(few, { verdict, parts: [worlds.result()], steps: worlds.steps })).toBe(true);
        seen[verdict]++;
      }),
      { numRuns: cases(runs) },
    );
    expect(Math.min(seen.linearizable, seen.violated)).toBeGreaterThan(cases(runs) / 20);
  });
});

describe('time is that of the history', () => {
  it('if what is uncertain about one object says nothing of another', () => {
    // Of each pair of writes nobody knows which was the last.
    const pairs = (count: number): BoxEntry[] => Array.from({ length: count }, (_, box) => [put(box, 1, 2 * box, 2 * box + 1), put(box, 2, 2 * box, 2 * box + 1)]).flat();
    const [some, more] = [50, 100].map((count) => judged(pairs(count), { model: boxes(count) }));
    expect([some!.verdict, more!.verdict]).toEqual(['linearizable', 'linearizable']);
    expect(more!.steps - 1).toBe(2 * (some!.steps - 1)); // The last finds that there is nothing more.
  });

  it('if objects were tied together once, and are not any more', () => {
    const tied = (count: number): BoxEntry[] => Array.from({ length: count }, (_, i) => [put(1, 1, 10 * i, 10 * i + 1), put(2, i % 2 === 0 ? 1 : 2, 10 * i, 10 * i + 3), entry({ op: 'point', box: 0, to: 1 }, true, [10 * i + 2, 10 * i + 3]), entry({ op: 'empty', box: 1 }, 'done', [10 * i + 4, 10 * i + 6]), put(0, 2, 10 * i + 5, 10 * i + 7)]).flat();
    const [some, more] = [50, 100].map((count) => judged(tied(count)));
    expect([some!.verdict, more!.verdict]).toEqual(['linearizable', 'linearizable']);
    expect(more!.steps - 1).toBe(2 * (some!.steps - 1)); // The last finds that there is nothing more.
  });

  it('and of what it has to look at, no more than at present', () => {
    let seed = 1;
    const nat = (below: number): number => (seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0) % below;
    let steps = 0;
    const verdicts: (string | undefined)[] = [];
    for (let run = 0; run < 12; run++) {
      const plan = Array.from({ length: 60 }, (_, i) => {
        const [box, start] = [nat(4), 2 * i];
        const call: BoxCall = ([{ op: 'put', box, value: 1 + nat(2) }, { op: 'get', box }, { op: 'point', box, to: nat(4) }, { op: 'empty', box }, { op: 'put', box, value: 1 + nat(2) }] as const)[nat(5)]!;
        return { call, times: [start, start + nat(10), start + nat(10)] as const, isLost: nat(12) === 0, isLie: i > 50 && run % 2 === 0 && nat(3) === 0 };
      });
      const worlds = judged(boxHistory(4, plan));
      steps += worlds.steps;
      verdicts.push(worlds.verdict);
    }
    expect(['linearizable', 'violated'].map((one) => verdicts.filter((verdict) => verdict === one).length)).toEqual([9, 3]);
    expect(steps).toBeLessThanOrEqual(50_459);
  });

  it('and reads that were lost take none', () => {
    const some = [put(0, 1, 0, 1), put(0, 2, 2, 5), put(0, 1, 3, 6)];
    expect(judged([...some, entry({ op: 'get', box: 0 }, 0, [0, Infinity]), entry({ op: 'get', box: 1 }, 0, [4, Infinity])]).steps).toBe(judged(some).steps);
  });
});

describe('too much at once', () => {
  it('is unknown, and not tried for ever: so many writes that any may be the last', () => {
    const writes = Array.from({ length: 30 }, (_, i) => put(0, i, 0, 10 + i));
    const worlds = judged(writes);
    expect(worlds.verdict).toBe('unknown');
    expect(worlds.steps).toBeLessThan(300_000);
  });

  it('is unknown where so much may be the case, of one thing or of two that are tied', () => {
    const writes = (box: number, count: number): BoxEntry[] => Array.from({ length: count }, (_, i) => put(box, 1 + i, 0, 10 + i));
    expect([judged(writes(0, 9)).verdict, judged(writes(0, 12)).verdict]).toEqual(['linearizable', 'unknown']);
    const apart = [...writes(0, 7), ...writes(1, 7)];
    expect(judged(apart).verdict).toBe('linearizable');
    expect(judged([...apart, entry({ op: 'point', box: 0, to: 1 }, true, [10.5, 30])]).verdict).toBe('unknown');
  });

  it('is unknown where there is no room for it', () => {
    const writes = Array.from({ length: 8 }, (_, i) => put(0, i, 0, 10 + i));
    expect(judged(writes).verdict).toBe('linearizable');
    expect(judged(writes, { bytes: 1_000 }).verdict).toBe('unknown');
  });

  it('is no excuse for a specification that breaks down', () => {
    const worlds = new Worlds(new States(few, new Memory(2 ** 28)), [put(0, 1, 0, 1)], { ...boxObjects, step: () => { throw new Error('broken'); } });
    expect(() => worlds.run(Infinity, Infinity)).toThrow('broken');
  });
});

it('knows of no reads unless it is told', () => {
  const { isRead: _, ...told } = few;
  fc.assert(fc.property(boxHistories({ count: 3, most: 7 }), (history) => void expect(judged(history, { model: told }).verdict).toBe(bruteForce(few, history))), { numRuns: cases(1_000) });
});

it('what is emptied takes with it what may refer to it, even if that is not certain', () => {
  // Whether the box refers to the other, or holds 2, nobody can tell; and what it may refer to is known, and on no island.
  const before = [put(1, 1, 0, 1), entry({ op: 'point', box: 0, to: 1 }, true, [2, 5]), put(0, 2, 3, 6), entry({ op: 'empty', box: 1 }, 'done', [10, 11])];
  const get = (value: number): BoxEntry => entry({ op: 'get', box: 0 }, value, [12, 13]);
  expect([0, 2, 101].map((value) => judged([...before, get(value)]).verdict)).toEqual(['linearizable', 'linearizable', 'violated']);
});

describe('a result', () => {
  const get = (box: number, value: number, ...times: [number, number]): BoxEntry => entry({ op: 'get', box }, value, times);

  it('shows what cannot be next, among it what is called as something else ends', () => {
    const [wrong, alsoWrong, right, later] = [get(0, 7, 0, 5), get(1, 7, 5, 6), put(1, 1, 5, 8), put(2, 1, 5.5, 9)];
    const worlds = judged([wrong, alsoWrong, right, later]);
    const { verdict, longest, unplaced, stuck, history } = worlds.result();
    expect(verdict).toBe('violated');
    expect(longest.map((one) => one.entry)).toEqual([right]);
    expect([unplaced, stuck]).toEqual([[wrong, alsoWrong, later], [wrong, alsoWrong]]);
    expect(history).toEqual([wrong, alsoWrong, right, later]);
  });

  it('is unknown before the end, and shows how far it came', () => {
    const history = [put(0, 1, 0, 1), put(0, 2, 2, 3), put(1, 1, 4, 5)];
    const worlds = new Worlds(new States(few, new Memory(2 ** 28)), history, boxObjects);
    expect(worlds.result()).toMatchObject({ verdict: 'unknown', unplaced: [], stuck: [] });
    worlds.run(3, Infinity);
    const { verdict, longest } = worlds.result();
    expect([verdict, longest.map((one) => one.entry)]).toEqual(['unknown', history]);
  });
});

it('goes on a slice at a time', () => {
  const history = Array.from({ length: 100 }, (_, i) => put(i % 4, 1 + (i % 2), i, i + 2));
  const worlds = new Worlds(new States(few, new Memory(2 ** 28)), history, boxObjects);
  const steps: number[] = [];
  for (let turns = 0; worlds.verdict === undefined && turns < 1_000; turns++) {
    const before = worlds.steps;
    worlds.run(turns % 2 === 0 ? 20 : Infinity, turns % 2 === 0 ? Infinity : 20);
    steps.push(worlds.steps - before);
  }
  expect(worlds.verdict).toBe('linearizable');
  expect(steps.length).toBeGreaterThan(10);
  expect(Math.max(...steps)).toBeLessThan(60);
});
