import { describe, expect, it } from 'vitest';
import { requirements } from '../spec/index.js';
import { brokenByThemselves } from './report/consequences.js';
import { renderConsole } from './report/console.js';
import { mutants } from './testing/mutants.js';
import { verify } from './verify.js';

const seeds = [1, 77, 4242];
// Wrappers that await in the middle of an operation have faults of overlap besides the one they are there for: those are judged
// in schedules/search-schedules.test.ts, with registries of their own.
const inSequence = requirements.map(({ id }) => id).filter((id) => !/^CON-|^DLK-4$|^LST-3$|^RTE-9$/.test(id));
/** The walk through the model knows no seed: once is enough. */
const withoutWalk = inSequence.filter((id) => id !== 'MODEL-1');

// Who checks the checks: each broken registry is found out, under the requirement that it breaks and under no other.
describe.each(mutants)('$breaks: $how', ({ breaks, adapter }) => {
  it.each(breaks.includes('MODEL-1') ? seeds.slice(0, 1) : seeds)('is found out with seed %i', async (seed) => {
    const report = await verify(adapter, { seed, runs: 100, patienceMs: 300, only: seed === seeds[0] ? inSequence : withoutWalk });
    const failed = brokenByThemselves(report);
    expect(failed, renderConsole(report, { colour: false, chapters: () => '' })).toEqual([...breaks].sort((a, b) => order(a) - order(b)));
  });
});

const order = (id: string): number => requirements.findIndex((requirement) => requirement.id === id);

it('every requirement that is judged by operations in sequence has a mutant', () => {
  const broken = new Set(mutants.map(({ breaks }) => breaks[0]));
  expect(requirements.filter(({ id, method }) => method === 'sequential' && !broken.has(id)).map(({ id }) => id)).toEqual([]);
});
