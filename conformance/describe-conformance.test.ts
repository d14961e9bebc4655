import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { adapter as naive } from './adapters/naive-map.js';
import { adapter as ours } from './adapters/sharded-registry.js';
import { describeConformance, type DescribeOptions } from './describe-conformance.js';
import { sample } from './report/testing/reports.js';

const quick = { only: ['REG-1', 'REG-2', 'LKP-1'], seed: 1, runs: 5 } as const;

// For real: these are tests of this run.
describeConformance(ours, { describe, it }, quick);

type Test = (this: unknown, ...context: unknown[]) => Promise<void>;

/** The tests that are defined, in a runner that only notes them. */
function defined(options: DescribeOptions, adapter = ours): ReadonlyMap<string, Test> {
  const tests = new Map<string, Test>();
  const groups: string[] = [];
  describeConformance(adapter, {
    describe: (name, define) => {
      groups.push(name);
      define();
      groups.pop();
    },
    it: (name, test) => {
      // With a parameter, jest and mocha would wait for a callback.
      expect(test).toHaveLength(0);
      tests.set([...groups, name].join(' > '), test as Test);
    },
  }, options);
  return tests;
}

const named = (tests: ReadonlyMap<string, Test>, id: string): Test => [...tests].find(([name]) => name.includes(` > ${id} `))![1];

describe('describeConformance', () => {
  it('defines a test for each requirement, in groups by chapter', () => {
    const names = [...defined(quick).keys()];
    expect(names).toHaveLength(3);
    expect(names[0]).toMatch(/^conformance of sharded-registry > REG Registration > REG-1 .+\.$/);
    expect(defined({}).size).toBeGreaterThan(90);
  });

  it('fails what is broken, and shows how', async () => {
    const tests = defined({ only: ['INC-1', 'LKP-1'], seed: 1, runs: 5 }, naive);
    await expect(named(tests, 'INC-1').call(undefined)).rejects.toThrow(/INC-1 is broken[^]*replay/);
    await expect(named(tests, 'LKP-1').call(undefined)).resolves.toBeUndefined();
  });

  it('skips what is untested, and a broken SHOULD, and fails what is inconclusive', async () => {
    const tests = defined({ report: sample() });
    const skipped: unknown[] = [];
    const context = { skip: (why: unknown) => void skipped.push(why) };
    await named(tests, 'ADM-2').call(undefined, context);
    await named(tests, 'STA-6').call({ ...context, timeout: () => undefined });
    expect(skipped).toEqual(['untested: the adapter does not offer `contention`', expect.stringContaining('a SHOULD is broken')]);
    await expect(named(tests, 'BND-4').call(undefined, context)).rejects.toThrow('BND-4 is inconclusive');
    await expect(named(tests, 'REG-2').call(undefined, context)).rejects.toThrow('REG-2 is broken');
  });

  it('skips from the beginning what a report says was not tested, where that can be done', () => {
    const [defined, skipped]: [string[], string[]] = [[], []];
    const runner = { describe: (_: string, define: () => void) => define(), it: Object.assign((name: string) => defined.push(name), { skip: (name: string) => skipped.push(name) }) };
    describeConformance(ours, runner, { report: sample() });
    expect(skipped.map((name) => name.split(' ')[0])).toEqual(['STA-6', 'CTN-8', 'ADM-2']);
    expect(defined).toHaveLength(sample().requirements.length - 3);
  });

  it('never passes what is untested, not even where nothing can be skipped', async () => {
    await expect(named(defined({ report: sample() }), 'ADM-2').call({})).rejects.toThrow('ADM-2 has not passed');
  });
});

describe('under node:test', () => {
  const folder = mkdtempSync(join(tmpdir(), 'describe-'));
  const dist = new URL('../dist/conformance/', import.meta.url);
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each([['sharded-registry', 'LKP-1', 0], ['naive-map', 'INC-1', 1]])('%s is judged for %s', (adapter, only, code) => {
    const file = join(folder, `${adapter}.test.mjs`);
    writeFileSync(file, `
      import { describe, it } from 'node:test';
      import { describeConformance } from '${new URL('index.js', dist).href}';
      import { adapter } from '${new URL(`adapters/${adapter}.js`, dist).href}';
      describeConformance(adapter, { describe, it }, { only: ['${only}', 'SLA-1'], seed: 1, runs: 5 });
    `);
    const { status, stdout } = spawnSync(process.execPath, ['--test', '--test-reporter=tap', file], { encoding: 'utf8' });
    expect(stdout).toContain(`${code === 0 ? 'ok' : 'not ok'} 1 - ${only} `);
    // Without a measurement nothing of this chapter is tested.
    expect(stdout).toMatch(/# SKIP untested: nothing has measured it/);
    expect(status).toBe(code);
  });
});
