import { describe, expect, it } from 'vitest';
import { compareCounters, type Counted } from './compare-counters.js';

const counted = (baseline: Counted['baseline'][0], candidate: Counted['candidate'][0]): Record<string, Counted> => ({ bind: { baseline: [baseline, baseline], candidate: [candidate, candidate] } });

describe('exact counters', () => {
  it('are equal, or not', () => {
    expect(compareCounters(counted({ a: 1, b: 2 }, { a: 1, b: 2 }))).toEqual({ compared: 2, changes: [], uncountable: [] });
    expect(compareCounters(counted({ a: 1, b: 2, c: 3 }, { a: 2, b: 1 })).changes.map(({ counter, verdict, accepted }) => [counter, verdict, accepted])).toEqual([['a', 'more', false], ['b', 'fewer', false], ['c', 'incomparable', false]]);
  });

  it('are no counters if they differ from themselves', () => {
    expect(compareCounters({ bind: { baseline: [{ a: 1 }, { a: 2 }], candidate: [{ a: 5 }, { a: 5 }] } })).toEqual({ compared: 0, changes: [], uncountable: ['bind/a'] });
  });

  it('may be meant to change', () => {
    expect(compareCounters(counted({ a: 1, b: 1 }, { a: 2, b: 2 }), new Set(['a', 'bind/b'])).changes.map(({ accepted }) => accepted)).toEqual([true, true]);
  });
});
