import { describe, expect, it } from 'vitest';
import type { RequirementId } from '../../spec/index.js';
import type { Adapter } from '../contract.js';
import type { CheckResult } from '../report/result.js';
import { replaying } from '../schedules/choosers.js';
import { runProgram } from '../schedules/overlap.js';
import type { ConcurrentProgram } from '../schedules/program.js';
import { correct } from '../testing/correct.js';
import { deadlockingMutants, slow } from '../testing/deadlocking-mutants.js';
import { honest, ours, overlappingMutants } from '../testing/overlapping-mutants.js';
import { verify } from '../verify.js';
import { deadlockChecks } from './deadlock.js';

/** What deadlocks show in, whatever else they break. */
const about: readonly RequirementId[] = ['DLK-4', 'CLS-1', 'DWN-1'];

/** What the checks of this folder say, and no random programs beside them. */
async function judged(adapter: Adapter, requirements: readonly RequirementId[], seed: number, patienceMs = 300): Promise<ReadonlyMap<RequirementId, readonly CheckResult[]>> {
  const report = await verify(adapter, { seed, runs: 1, patienceMs, only: requirements });
  return new Map(report.requirements.map(({ id, checks }) => [id as RequirementId, checks]));
}

describe.each(deadlockingMutants)('$id: $how', ({ adapter, breaks: [broken], foundBy: [requirement, title] }) => {
  it.each([1, 22, 333])('is found out with seed %i', async (seed) => {
    const results = await judged(adapter, [requirement, ...about], seed);
    const found = results.get(broken!)!.find((check) => check.title.startsWith(title));
    expect(found, JSON.stringify([...results], undefined, 1)).toMatchObject({ status: 'failed' });
  });
});

it('calls that wait for each other are shown', async () => {
  const { adapter } = deadlockingMutants.find(({ id }) => id === 'lanes-that-cross')!;
  const results = await judged(adapter, about, 1);
  const { failure } = results.get('DLK-4')!.find(({ title }) => title.startsWith('bindings that cross'))!;
  expect(failure!.actual).toMatch(/^in a circle: bind\(.*\) #\d+ → lane .* → bind\(.*\) #\d+ → lane .* → bind\(.*\) #\d+ \(seen at most \d+ ms after it closed\); none to /);
});

it('and so they are where it was found by a small program', async () => {
  const { adapter } = deadlockingMutants.find(({ id }) => id === 'lanes-that-cross')!;
  const program = { setup: [], clients: [[{ op: 'bindTransportToServer', transportId: 'a', serverId: 'b' }], [{ op: 'bindTransportToServer', transportId: 'b', serverId: 'a' }]] } satisfies ConcurrentProgram;
  const run = await runProgram(adapter, program, replaying([0, 1, 0, 0, 0]), 50);
  expect(run!.violation).toMatchObject({ requirement: 'DLK-4' });
  expect(run!.violation!.actual).toMatch(/^waiting for ever, in a circle: bind\(.*\) #1 → lane b → bind\(.*\) #2 → lane a → bind\(.*\) #1: client 1 in .*, client 2 in /);
});

it('a lane that forgets to wake is found with a thousand calls at once', async () => {
  const { adapter } = overlappingMutants.find(({ id }) => id === 'lost-wake-up')!;
  expect((await judged(adapter, about, 1)).get('DLK-4')!.find(({ title }) => title.startsWith('a thousand'))).toMatchObject({ status: 'failed' });
});

describe.each([ours, honest, ...correct, ...slow].map((adapter) => ({ name: adapter.name, adapter })))('$name', ({ adapter }) => {
  // Whoever is slower than we are patient need not be judged; but nobody is accused.
  const isPatient = !adapter.name.startsWith('slower');
  it('is accused of nothing', async () => {
    const titles = new Set(deadlockChecks.map(({ title }) => title));
    const results = [...(await judged(adapter, isPatient ? ['PRT-4', 'CON-3', ...about] : ['DLK-4'], 1, isPatient ? 1_000 : 300)).values()].flat().filter(({ title }) => titles.has(title));
    const wanted = isPatient ? ['passed', 'untested'] : ['passed', 'untested', 'inconclusive'];
    expect(results.filter(({ status }) => !wanted.includes(status))).toEqual([]);
  }, 120_000);
});
