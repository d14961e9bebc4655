import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect } from 'vitest';
import { requirements } from '../../spec/index.js';
import { itWith } from '../testing/requires.js';
import { verify, type VerifyOptions } from '../verify.js';
import { commandAdapter } from './command-adapter.js';

const file = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const python = file('examples/python/my_registry.py');
const built = mkdtempSync(join(tmpdir(), 'examples-'));
afterAll(() => rmSync(built, { recursive: true }));

async function holds(command: readonly string[], options: VerifyOptions, least: number): Promise<void> {
  const adapter = await commandAdapter(command, { startupMs: 60_000 });
  const report = await verify(adapter, { seed: 1, patienceMs: 20_000, operations: 400, ...options });
  await adapter.end();
  expect(report.requirements.filter(({ status }) => !['passed', 'untested'].includes(status)).map(({ id, status, checks }) => [id, status, checks.filter((one) => one.status !== 'passed' && one.status !== 'untested')])).toEqual([]);
  expect(report.verdict).toBe('conformant');
  expect(report.counts.passed).toBeGreaterThan(least);
}

describe('the registry in Python', () => {
  const it = itWith('python3', '--version');

  it('says what the page about the protocol says that it says', () => {
    const [, transcript] = /<!-- transcript -->\n```text\n([^]*?)```/.exec(readFileSync(file('docs/protocol.md'), 'utf8'))!;
    const lines = transcript!.trimEnd().split('\n');
    const said = (arrow: string): string[] => lines.filter((line) => line.startsWith(arrow)).map((line) => line.slice(2));
    const { stdout } = spawnSync('python3', [python], { input: said('→').map((line) => `${line}\n`).join(''), encoding: 'utf8' });
    const read = (texts: readonly string[]): unknown[] => texts.map((text) => JSON.parse(text) as unknown);
    expect(read(stdout.trimEnd().split('\n'))).toEqual(read(said('←')));
  });

  it('holds what can be tested of it', () => holds(['python3', python], { runs: 40 }, 40));
});

// That names and bindings are as they should be is seen in init.test.ts.
const beyond = requirements.map(({ id }) => id).filter((id) => /^(NAM|ERR|CFG|UPD|LST|DWN|RTE|CON|CLS)-/.test(id));

describe.each([
  ['Erlang', itWith('erl', '-noshell', '-eval', 'halt().'), () => ['escript', file('examples/erlang/my_registry.escript')]],
  ['Elixir', itWith('elixir', '--version'), () => ['elixir', file('examples/elixir/my_registry.exs')]],
  ['Go', itWith('go', 'version'), () => {
    const program = join(built, 'my-registry');
    expect(spawnSync('go', ['build', '-o', program], { cwd: file('examples/go'), encoding: 'utf8' })).toMatchObject({ status: 0 });
    return [program];
  }],
] as const)('the registry in %s', (_, it, command) => {
  it('holds what can be tested of it beyond names and bindings', () => holds(command(), { runs: 10, only: beyond }, 20));
});

describe('a registry in Go that serves each call in a goroutine of its own', () => {
  itWith('go', 'version')('is accused of nothing, however its calls overlap', async () => {
    const program = join(built, 'races');
    expect(spawnSync('go', ['build', '-o', program], { cwd: file('conformance/testing/races'), encoding: 'utf8' })).toMatchObject({ status: 0 });
    await holds([program], { runs: 10 }, 40);
  });
});
