import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RequirementId } from '../../spec/index.js';
import { adapter as ours } from '../adapters/sharded-registry.js';
import { loadAdapter } from '../load-adapter.js';
import { selectedBy } from '../profile.js';
import { renderConsole } from '../report/console.js';
import { report as schema, type Report } from '../report/result.js';
import { verify } from '../verify.js';
import { measureMemory } from './memory.js';
import { nullAdapter } from './null-adapter.js';
import { thisMachine } from './machine.js';

// What is measured here is measured for real: only what form it has is asked for, and that nobody is accused.

const statuses = ({ requirements }: Report): Record<string, string> => Object.fromEntries(requirements.map(({ id, status }) => [id, status]));

describe('the profile', () => {
  it('says what is judged', () => {
    expect(selectedBy('sla', undefined).every((id) => id.startsWith('SLA-'))).toBe(true);
    expect(selectedBy('sla', ['SLA-8', 'REG-1'])).toEqual(['SLA-8']);
    expect(selectedBy('core', undefined)).toContain('REG-1');
    expect(selectedBy('core', undefined)).not.toContain('CON-1');
    expect(selectedBy('concurrent', undefined)).toContain('CON-1');
    expect(selectedBy('full', undefined)).toEqual(selectedBy(undefined, undefined));
  });

  it('sla measures, and nothing else; the report shows the figures', async () => {
    const report = await verify(ours, { profile: 'sla', only: ['SLA-8'], seed: 1 });
    expect(report.sequences).toBe(0);
    expect(report.requirements).toHaveLength(1);
    const [requirement] = report.requirements;
    expect(['passed', 'inconclusive']).toContain(requirement!.status);
    const [check] = requirement!.checks;
    expect(['pass', 'undecided', 'invalid']).toContain(check!.measurement!.verdict);
    expect(check!.measurement).toMatchObject({ limit: 5_000, limitFrom: 'specification', unit: 'ms', relation: '<' });
    expect(requirement!.status === 'passed').toBe(check!.measurement!.verdict === 'pass');
    if (requirement!.status === 'inconclusive') expect(requirement!.reason).toMatch(/^(undecided|invalid run): ./);
    expect(schema.parse(JSON.parse(JSON.stringify(report)))).toEqual(JSON.parse(JSON.stringify(report)));
    const text = renderConsole(report, { colour: false, chapters: () => 'Service levels' });
    expect(text).toMatch(/Measured\n +measured +verdict/);
    expect(text).toMatch(/SLA-8 +1000 clients .*< 5,000/);
  });

  it('is needed: without it nothing is measured, and the numbers are untested', async () => {
    let opened = 0;
    const counted = { ...ours, open: (options: Parameters<typeof ours.open>[0]) => (opened++, ours.open(options)) };
    const report = await verify(counted, { only: ['SLA-1', 'SLA-8'], seed: 1 });
    expect(statuses(report)).toEqual({ 'SLA-1': 'untested', 'SLA-8': 'untested' });
    expect(report.requirements[0]!.reason).toContain('--profile sla');
    expect(report.verdict).toBe('inconclusive');
    // Only to see what it offers.
    expect(opened).toBeLessThan(3);
  });
});

describe('memory', () => {
  const job = { adapter: ours, nullAdapter, offered: ['in-process'], machine: thisMachine(), seed: 1, effort: 1, patienceMs: 10_000, module: undefined, progress: () => undefined };

  it('is weighed in a process of its own', async () => {
    const [one] = await measureMemory({ ...job, isLoadable: true }, new URL('../../dist/conformance/sla/memory-child.js', import.meta.url));
    expect(one).toMatchObject({ requirement: 'SLA-10', measurement: { unit: 'MiB per 10,000 entries' } });
    expect(['pass', 'undecided']).toContain((one as { measurement: { verdict: string } }).measurement.verdict);
  });

  it('is undecided where that process ends too soon', async () => {
    const [one] = await measureMemory({ ...job, isLoadable: true }, new URL('./no-such-file.js', import.meta.url));
    expect(one).toMatchObject({ reason: expect.stringContaining('ended with code'), measurement: { verdict: 'undecided', value: null } });
  });

  it('of an adapter that was given as an object is weighed here, and the report says so', async () => {
    const [one] = await measureMemory({ ...job, adapter: nullAdapter, isLoadable: false });
    expect(one).toMatchObject({ requirement: 'SLA-10', measurement: { notes: expect.arrayContaining([expect.stringContaining('given as an object')]) } });
  });
});

describe('numbers of its own', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sla-'));
  const load = (sla: Partial<Record<RequirementId, unknown>>): ReturnType<typeof loadAdapter> => {
    const file = join(folder, `${JSON.stringify(sla).replaceAll(/\W/g, '_')}.mjs`);
    writeFileSync(file, `export const adapter = { name: 'a', open: () => ({}), sla: ${JSON.stringify(sla)} };`);
    return loadAdapter(file);
  };

  it('may be stated by a registry, for what has numbers', async () => {
    expect((await load({ 'SLA-2': 1 })).sla).toEqual({ 'SLA-2': 1 });
    await expect(load({ 'SLA-2': -1 })).rejects.toThrow();
    await expect(load({ 'SLA-2': 'quick' })).rejects.toThrow();
    await expect(load({ 'REG-1': 1 })).rejects.toThrow();
  });
});
