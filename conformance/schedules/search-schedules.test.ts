import { describe, expect, it } from 'vitest';
import { requirements } from '../../spec/index.js';
import { renderConsole } from '../report/console.js';
import { correct } from '../testing/correct.js';
import { lateLooking, honest, ours, overlappingMutants, unhurried } from '../testing/overlapping-mutants.js';
import { verify } from '../verify.js';
import type { ConcurrentProgram } from './program.js';
import { searchSchedules } from './search-schedules.js';

/** As many programs as `verify` runs by default. */
const options = { programs: 600, patienceMs: 1_000 };

/** Of a counterexample: the operations of all that has a part in it. */
const sizeOf = ({ setup, clients, reactions = {}, downReactions = {} }: ConcurrentProgram): number => [...setup, ...clients.flat(), ...Object.values(reactions), ...Object.values(downReactions)].length;

describe.each(overlappingMutants)('$id: $how', ({ adapter, breaks: [aim, ...others] }) => {
  it.each([1, 22, 333])('is found out with seed %i, in at most six operations', async (seed) => {
    const { counterexamples } = await searchSchedules(adapter, { ...options, seed });
    expect(counterexamples.map(({ requirement }) => requirement)).toContain(aim);
    for (const { program } of counterexamples) expect(sizeOf(program)).toBeLessThanOrEqual(6);
  });

  it('does nothing wrong as long as operations come one after the other', async () => {
    // What overlap does is not asked for: loads would show it in lists and messages as well.
    const report = await verify(adapter, { seed: 5, runs: 60, patienceMs: 500, only: requirements.filter(({ method }) => method !== 'concurrent').map(({ id }) => id).filter((id) => /^(REG|UNR|UPD|BND|INC|DWN|LST|RTE|LKP)-/.test(id)) });
    const failed = report.requirements.filter(({ status }) => status === 'failed').map(({ id }) => id);
    // An endpoint that goes down during a write overlaps it.
    expect(failed.filter((id) => !others.some((other) => other === id)), renderConsole(report, { colour: false, chapters: () => '' })).toEqual([]);
  });
});

describe.each([ours, honest, unhurried, lateLooking, ...correct].map((adapter) => ({ name: adapter.name, adapter })))('$name', ({ adapter }) => {
  it.each([1, 22, 333])('is accused of nothing with seed %i', async (seed) => {
    const { counterexamples, inconclusive, schedules } = await searchSchedules(adapter, { ...options, seed, ...(adapter.consistency && { programs: 5, schedules: 10 }), milliseconds: 3_000 });
    expect(counterexamples).toEqual([]);
    expect(inconclusive).toBeUndefined();
    expect(schedules).toBeGreaterThan(40);
  }, 30_000);
});

it('finds a lane that forgets to wake with a thousand calls at once as well', async () => {
  const { adapter } = overlappingMutants.find(({ id }) => id === 'lost-wake-up')!;
  const { requirements: [result] } = await verify(adapter, { seed: 1, runs: 1, patienceMs: 300, only: ['DLK-4'] });
  expect(result!.checks.find(({ title }) => title.startsWith('a thousand'))).toMatchObject({ status: 'failed', failure: { message: expect.stringMatching(/^calls came to no end/) as string } });
});

it('comes to the same with the same seed', async () => {
  const { adapter } = overlappingMutants[0]!;
  const once = await searchSchedules(adapter, { ...options, seed: 4 });
  const again = await searchSchedules(adapter, { ...options, seed: 4 });
  expect(again).toEqual(once);
});
