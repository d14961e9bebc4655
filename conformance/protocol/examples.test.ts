import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect } from 'vitest';
import { itWith } from '../testing/requires.js';
import { verify } from '../verify.js';
import { commandAdapter } from './command-adapter.js';

const file = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const python = file('examples/python/my_registry.py');
const it = itWith('python3', '--version');

describe('the registry in Python', () => {
  it('says what the page about the protocol says that it says', () => {
    const [, transcript] = /<!-- transcript -->\n```text\n([^]*?)```/.exec(readFileSync(file('docs/protocol.md'), 'utf8'))!;
    const lines = transcript!.trimEnd().split('\n');
    const said = (arrow: string): string[] => lines.filter((line) => line.startsWith(arrow)).map((line) => line.slice(2));
    const { stdout } = spawnSync('python3', [python], { input: said('→').map((line) => `${line}\n`).join(''), encoding: 'utf8' });
    const read = (texts: readonly string[]): unknown[] => texts.map((text) => JSON.parse(text) as unknown);
    expect(read(stdout.trimEnd().split('\n'))).toEqual(read(said('←')));
  });

  it('holds what can be tested of it', async () => {
    const adapter = await commandAdapter(['python3', python], { startupMs: 60_000 });
    const report = await verify(adapter, { seed: 1, runs: 40, patienceMs: 20_000, operations: 400 });
    await adapter.end();
    expect(report.requirements.filter(({ status }) => !['passed', 'untested'].includes(status)).map(({ id, status, checks }) => [id, status, checks.filter((one) => one.status !== 'passed' && one.status !== 'untested')])).toEqual([]);
    expect(report.verdict).toBe('conformant');
    expect(report.counts.passed).toBeGreaterThan(40);
  });
});
