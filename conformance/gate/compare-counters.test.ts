import { describe, expect, it } from 'vitest';
import { compareCounters, judgeCounters, type Counted } from './compare-counters.js';

const counted = (baseline: Counted['baseline'][0], candidate: Counted['candidate'][0]): Record<string, Counted> => ({ bind: { baseline: [baseline, baseline], candidate: [candidate, candidate] } });

describe('exact counters', () => {
  it('are equal, or not', () => {
    expect(compareCounters(counted({ a: 1, b: 2 }, { a: 1, b: 2 }))).toEqual({ compared: 2, changes: [], uncountable: [], unsteady: [] });
    expect(compareCounters(counted({ a: 1, b: 2, c: 3 }, { a: 2, b: 1 })).changes.map(({ counter, verdict, accepted }) => [counter, verdict, accepted])).toEqual([['a', 'more', false], ['b', 'fewer', false], ['c', 'incomparable', false]]);
  });

  it('are no counters if they differ from themselves', () => {
    const unlike = (baseline: Counted['baseline'], candidate: Counted['candidate']): unknown => compareCounters({ bind: { baseline, candidate } });
    expect(unlike([{ a: 1 }, { a: 2 }], [{ a: 5 }, { a: 5 }])).toEqual({ compared: 0, changes: [], uncountable: ['bind/a'], unsteady: [] });
    expect(unlike([{ a: 1 }, { a: 1 }], [{ a: 1 }, { a: 5 }])).toEqual({ compared: 0, changes: [], uncountable: [], unsteady: ['bind/a'] });
  });

  const pair = (value: Counted['baseline'][0], again = value): Counted['baseline'] => [value, again];
  it.each([
    ['equal', pair({ a: 1, b: 1 }), pair({ a: 1, b: 1 }), 'pass'],
    ['fewer', pair({ a: 1, b: 1 }), pair({ a: 0, b: 1 }), 'pass'],
    ['more, and fewer', pair({ a: 1, b: 1 }), pair({ a: 2, b: 0 }), 'regression'],
    ['more, and unsteady', pair({ a: 1, b: 1 }), pair({ a: 2, b: 1 }, { a: 2, b: 2 }), 'regression'],
    ['no longer to be counted', pair({ a: 1, b: 1 }), pair({ b: 1 }), 'undecided'],
    ['no longer steady', pair({ a: 1, b: 1 }), pair({ a: 1, b: 1 }, { a: 2, b: 1 }), 'undecided'],
    ['never steady', pair({ a: 1, b: 1 }, { a: 2, b: 1 }), pair({ a: 3, b: 1 }, { a: 4, b: 1 }), 'pass'],
    ['nothing that can be counted', pair({ a: 1 }, { a: 2 }), pair({ a: 3 }, { a: 4 }), 'invalid'],
  ] as const)('are judged: %s', (_, baseline, candidate, verdict) => {
    expect(judgeCounters(compareCounters({ bind: { baseline, candidate } }))).toBe(verdict);
  });

  it('may be meant to change', () => {
    expect(compareCounters(counted({ a: 1, b: 1 }, { a: 2, b: 2 }), new Set(['a', 'bind/b'])).changes.map(({ accepted }) => accepted)).toEqual([true, true]);
    expect(judgeCounters(compareCounters(counted({ a: 1, b: 1 }, { a: 2, b: 2 }), new Set(['a', 'bind/b'])))).toBe('pass');
    expect(judgeCounters(compareCounters(counted({ a: 1, b: 1 }, { a: 2, b: 2 }), new Set(['a'])))).toBe('regression');
  });
});
