import { describe, expect, it } from 'vitest';
import { withExpectations } from '../conformance/report/baseline.js';
import { adapter as naive } from '../conformance/adapters/naive-map.js';
import { verify } from '../conformance/verify.js';
import { specificationVersion } from '../spec/index.js';
import { foreignPage, foreignSchema, judgedFrom } from './foreign-page.js';
import type { ForeignRegistry } from './foreign-registries.js';

describe('the page about registries of other people', () => {
  const naiveOne: ForeignRegistry = { name: 'naive', folder: 'registries/naive', about: 'A Map, and who looks after it.', verify: ['--command', 'node naive.js'], needs: [] };
  const report = async () =>
    withExpectations(await verify(naive, { seed: 1, runs: 5, only: ['REG-1', 'INC-1', 'BND-6'] }), {
      specification: specificationVersion,
      expectedFailures: [{ id: 'INC-1', reason: 'names are <all> that it knows' }],
      knownFlaky: [{ id: 'REG-1', reason: 'now and then' }],
    });

  it('shows what differs, with the reason, what may, and how it was found', async () => {
    const judged = judgedFrom(naiveOne.name, await report());
    expect(judged.differences.map(({ requirement, status, chance, why }) => [requirement, status, chance, why])).toEqual([
      ['REG-1', 'passed', true, 'now and then'],
      ['INC-1', 'failed', false, 'names are <all> that it knows'],
      ['BND-6', 'failed', false, ''],
    ]);
    const kept = foreignSchema.parse(JSON.parse(JSON.stringify({ specification: specificationVersion, registries: [judged] })));
    const page = foreignPage(kept, () => naiveOne);
    expect(page).toContain('verify --command "node naive.js"');
    expect(page).toMatch(/\| INC-1 \| .* \| differs \| names are &#60;all&#62; that it knows \|/);
    expect(page).toMatch(/\| REG-1 \| .* \| by chance \| now and then \|/);
    expect(page).toMatch(/<summary>INC-1, as it was found<\/summary>\n\n```text\n✗ INC-1 [^]*replay/);
    expect(page).toMatch(/^\| \[.*\]\(#naive\) \| linearizable \| not conformant \| \d+ \| 2 \| 1 \| 0 \| \d+ \|$/m);
  });

  it('says so where nothing differs', async () => {
    const judged = judgedFrom(naiveOne.name, await verify(naive, { seed: 1, runs: 5, only: ['REG-1'] }));
    expect(foreignPage({ specification: specificationVersion, registries: [judged] }, () => naiveOne)).toContain('Nothing that it offers differs.');
  });
});
