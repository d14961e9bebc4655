import { describe, expect, it } from 'vitest';
import { faultsOf, keepLatest, summariseTrials, type KeptTrial } from './accusations-page.js';
import { innocents } from './innocents.js';

const [one, other] = innocents.map(({ adapter }) => adapter.name) as [string, string];
const trial = (registry: string, seed: KeptTrial['seed'], revision: string): KeptTrial => ({ registry, seed, revision, runs: 10, passed: ['REG-1'], accused: [], open: [], sequences: 1, schedules: 1, operations: 1, seconds: 1 });
const tried = (registry: string, seeds: number, revision: string): KeptTrial[] => Array.from({ length: seeds }, (_, i) => trial(registry, i + 1, revision));

describe('what is kept of what the kit said of correct registries', () => {
  const before = summariseTrials([...tried(one, 3, 'old'), ...tried(other, 3, 'old')], 10);
  const revisions = (kept: ReturnType<typeof keepLatest>): unknown => kept.registries.map(({ registry, seeds, revisions }) => [registry, seeds, ...revisions]);

  it('stays of whom nobody has judged since, each with the commit that judged it', () => {
    const now = summariseTrials([...tried(one, 2, 'new'), trial(one, 3, 'newer')], 10);
    expect(revisions(keepLatest(before, now))).toEqual([[one, 3, 'new', 'newer'], [other, 3, 'old']]);
  });

  it('stays where fewer seeds were tried', () => {
    expect(keepLatest(before, summariseTrials(tried(one, 2, 'new'), 10))).toEqual(before);
  });

  it('stays where another number of sequences was tried, but of all', () => {
    expect(keepLatest(before, summariseTrials(tried(one, 4, 'new'), 20))).toEqual(before);
    const all = summariseTrials(innocents.flatMap(({ adapter: { name } }) => tried(name, 1, 'new')), 20);
    expect(keepLatest(before, all)).toEqual(all);
  });

  it('is a fault where seeds, the walk or a registry are missing', () => {
    expect(faultsOf(before, 300, [one, other, 'nobody'])).toEqual([expect.stringMatching(/3 of 300 seeds were tried, and it was not walked/), expect.stringContaining(other), 'nobody: was not tried']);
  });
});
