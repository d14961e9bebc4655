import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { verifyCommand } from './verify-command.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'action-'));
afterAll(() => rmSync(folder, { recursive: true }));

interface Step {
  readonly run?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly shell?: string;
}
const action = parse(readFileSync(join(root, 'action.yml'), 'utf8')) as { readonly inputs: Readonly<Record<string, unknown>>; readonly runs: { readonly using: string; readonly steps: readonly Step[] } };

/** What the runner does with the step: gives it inputs as variables, and reads what it wrote. */
function act(inputs: Readonly<Record<string, string>>): { readonly code: number | null; readonly out: string; readonly outputs: string; readonly summary: string } {
  const place = mkdtempSync(join(folder, 'run-'));
  mkdirSync(join(place, 'node_modules'));
  symlinkSync(root, join(place, 'node_modules/sharded-registry'));
  const [output, summary] = [join(place, 'output'), join(place, 'summary')];
  for (const file of [output, summary]) writeFileSync(file, '');
  const env = Object.fromEntries(Object.entries(inputs).map(([name, value]) => [`INPUT_${name.toUpperCase().replaceAll('-', '_')}`, value]));
  const { status, stdout, stderr } = spawnSync('bash', [join(root, 'scripts/action.sh')], { cwd: place, encoding: 'utf8', timeout: 120_000, env: { PATH: process.env['PATH'], TMPDIR: place, ACTION_PATH: root, GITHUB_OUTPUT: output, GITHUB_STEP_SUMMARY: summary, ...env } });
  return { code: status, out: stdout + stderr, outputs: readFileSync(output, 'utf8'), summary: readFileSync(summary, 'utf8') };
}

describe('the action', () => {
  it('never lets an input be part of a script', () => {
    expect(action.runs.using).toBe('composite');
    for (const { run } of action.runs.steps) expect(run ?? '').not.toContain('${{');
    // Every input that is for the script reaches it.
    const variables = Object.values(action.runs.steps[0]!.env!);
    for (const name of Object.keys(action.inputs)) if (!['working-directory', 'artifact'].includes(name)) expect(variables).toContain(`\${{ inputs.${name} }}`);
  });

  it('uses options that there are', () => {
    const known = verifyCommand().options.map(({ long }) => long);
    const used = [...readFileSync(join(root, 'scripts/action.sh'), 'utf8').matchAll(/^option (--[\w-]+)|"(--[\w-]+)=\$reports/gm)].map(([, one, other]) => one ?? other);
    expect(used.length).toBeGreaterThanOrEqual(7);
    expect(known).toEqual(expect.arrayContaining(used));
  });

  it('judges, and hands over a verdict, a summary and reports', () => {
    const { code, outputs, summary } = act({ only: 'REG-1', seed: '1', runs: '5' });
    expect(code).toBe(0);
    expect(outputs).toMatch(/verdict=conformant\n/);
    expect(outputs).toContain('exit-code=0');
    expect(summary).toContain('## ✅');
    const reports = /reports=(.*)/.exec(outputs)![1]!;
    for (const name of ['verdict.json', 'verdict.xml', 'verdict.md', 'verdict.html', 'verdict.svg']) expect(existsSync(join(reports, name))).toBe(true);
  });

  it('fails with a registry that is not conformant, and still hands over everything', () => {
    const { code, outputs, summary } = act({ adapter: join(root, 'dist/conformance/adapters/naive-map.js'), only: 'INC-1', seed: '1', runs: '5' });
    expect(code).toBe(1);
    expect(outputs).toContain('verdict=not conformant');
    expect(summary).toContain('INC-1');
  });

  it.each([`$(touch pwned) \`touch pwned\` "; touch pwned; " '; touch pwned; ' \n touch pwned`, '--help', '*'])('takes %j for what it is, whichever input it is', (value) => {
    for (const input of ['adapter', 'only', 'seed', 'expected-failures']) {
      const { code, out } = act({ seed: '1', runs: '1', ...(input !== 'only' && { only: 'REG-1' }), [input]: value });
      expect([input, code, out.includes('Usage:')]).toEqual([input, 2, false]);
      expect(existsSync(join(root, 'pwned'))).toBe(false);
    }
  });

  it('what a registry says is no command of the runner', () => {
    const { out } = act({ only: 'REG-1', seed: '1', runs: '5' });
    const [, token] = /::stop-commands::([0-9a-f]{32})\n/.exec(out)!;
    expect(out.indexOf('REG-1')).toBeGreaterThan(out.indexOf('::stop-commands::'));
    expect(out.lastIndexOf(`::${token!}::`)).toBeGreaterThan(out.indexOf('CONFORMANT'));
  });
});
