import { describe, expect, it } from 'vitest';
import { requirements } from '../spec/index.js';
import { adapter as ours } from './adapters/sharded-registry.js';
import { checks } from './checks/index.js';
import { yieldingReadsChecks } from './checks/yielding-reads.js';
import type { Adapter } from './contract.js';
import { reportSchema } from './report/schema.js';
import { ruledOut, uneventfuls } from './testing/uneventful.js';
import { verify, type VerifyOptions } from './verify.js';
import type { CheckResult } from './report/result.js';

/** Every result of a run, by requirement and title. */
async function results(adapter: Adapter, options: VerifyOptions): Promise<ReadonlyMap<string, CheckResult>> {
  const report = await verify(adapter, options);
  return new Map(report.requirements.flatMap(({ id, checks: all }) => all.map((result) => [`${id} ${result.title}`, result] as const)));
}

/** What hand-written checks judge, but for what programs and loads judge as well and at length. */
const inSequence = requirements.map(({ id }) => id).filter((id) => id !== 'MODEL-1' && checks.some(({ requirement }) => requirement === id) && !/^CON-|^DLK-4$/.test(id));

it('no two checks of one requirement have the same title', () => {
  const named = checks.map(({ requirement, title }) => `${requirement} ${title}`);
  expect(named.filter((one, i) => named.indexOf(one) !== i)).toEqual([]);
});

it.each([1, 22, 333])('in our registry the situation of every check comes about, with seed %i', async (seed) => {
  const all = await results(ours, { seed, runs: 20 });
  const never = checks.filter(({ requirement, title }) => (all.get(`${requirement} ${title}`)?.situation.occurred ?? 0) === 0);
  // Ours claims to be linearizable, and answers reads before they return.
  expect(never.filter(({ consistency }) => consistency !== 'eventual').filter((check) => !yieldingReadsChecks.includes(check)).map(({ title }) => title)).toEqual([]);
  // The same of random sequences, overlap, loads and the walk: what passes has come about.
  expect([...all].filter(([, { status, situation }]) => status === 'passed' && situation.occurred === 0)).toEqual([]);
  expect([...all].filter(([, { status }]) => status === 'inconclusive')).toEqual([]);
});

describe.each(uneventfuls)('a registry in which it never happens that $never', ({ adapter, vacuous }) => {
  it('passes nothing that is about it', async () => {
    const all = await results(adapter, { seed: 1, runs: 1, patienceMs: 300, only: inSequence });
    const unknown = vacuous.filter((name) => !all.has(name));
    expect(unknown).toEqual([]);
    expect(vacuous.filter((name) => !['inconclusive', 'untested'].includes(all.get(name)!.status))).toEqual([]);
    expect(vacuous.filter((name) => all.get(name)!.situation.occurred > 0)).toEqual([]);
  });
});

describe.each(ruledOut)('of $adapter.name, of which it can be told that $reason', ({ adapter, reason, untested }) => {
  it('what it cannot come to is untested, and the rest is judged', async () => {
    const report = await verify(adapter, { seed: 1, runs: 20 });
    expect(report.counts).toMatchObject({ failed: 0, inconclusive: 0 });
    const all = report.requirements.flatMap(({ id, checks: some }) => some.map((result) => [`${id} ${result.title}`, result] as const));
    for (const name of untested) expect(all.find(([one]) => one === name)).toMatchObject([name, { status: 'untested', reason, situation: { occurred: 0 } }]);
  });
});

it('the count is in the JSON of the report, for every check', () => {
  const text = JSON.stringify(reportSchema);
  expect(text).toContain('"situation"');
  expect(text).toContain('"occurred"');
});
