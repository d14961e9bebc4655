import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it, vi } from 'vitest';
import type { GateReport } from '../gate/run-gate.js';

const dist = fileURLToPath(new URL('../../dist/', import.meta.url));
const main = join(dist, 'conformance/cli/main.js');
const [ours, naive] = ['sharded-registry', 'naive-map'].map((name) => join(dist, `conformance/adapters/${name}.js`)) as [string, string];
const hostile = (name: string): string => fileURLToPath(new URL(`../testing/hostile/${name}.mjs`, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'bench-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** The command as it is installed. */
function bench(...args: string[]): { code: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, 'bench', ...args], { encoding: 'utf8', timeout: 280_000, env: { ...process.env, GITHUB_STEP_SUMMARY: '' } });
  return { code: status, out: stdout, err: stderr };
}

/** A registry that does one thing more than it must at each lookup. */
function adapterThat(name: string, atLookup: string): string {
  const file = join(folder, `${name}.mjs`);
  writeFileSync(file, `let lookups = 0;\nexport const adapter = { name: '${name}', open: ({ clock }) => {\n  const names = new Map();\n  return { registerServer: (id, endpoint) => { names.set(id, endpoint); }, unregisterServer: (id) => { names.delete(id); }, findServer: (id) => { ${atLookup}; return names.get(id); } };\n} };\n`);
  return file;
}

const plain = adapterThat('plain', '');
const quick = ['--counters-only', '--workloads', 'lookup', '--seed', '1'];

describe('bench, as it is installed', () => {
  it('finds a build equal to itself', () => {
    const [json, summary] = [join(folder, 'report.json'), join(folder, 'summary.md')];
    const { code, out } = bench('--adapter', ours, '--baseline', ours, '--counters-only', '--workloads', 'bind', '--json', json, '--summary', summary);
    expect(out).toMatch(/(\d\d) compared, 0 changed/);
    expect(out).toContain('PASS');
    expect(code).toBe(0);
    expect((JSON.parse(readFileSync(json, 'utf8')) as GateReport).verdict).toBe('pass');
    expect(readFileSync(summary, 'utf8')).toContain('## Regression gate: PASS');
  });

  it.each([
    ['reads the clock', 'clock.now()', 'clock reads 0 → 1'],
    ['makes the caller wait', 'return Promise.resolve().then(() => names.get(id))', 'microtask turns 0 → '],
    ['makes garbage', 'names.garbage = [id, id]', 'bytes allocated '],
    ['sets a timer of its own', 'clearTimeout(setTimeout(() => {}, 1))', 'other waits 0 → '],
  ])('sees, without measuring any time, a lookup that %s', (name, code, change) => {
    const { code: exit, out } = bench('--adapter', adapterThat(name.replaceAll(' ', '-'), code), '--baseline', plain, ...quick);
    expect(out).toContain(`✗ lookup: ${change}`);
    expect(exit).toBe(1);
  });

  it('lets through what is meant to grow', () => {
    const { code, out } = bench('--adapter', adapterThat('reads', 'clock.now()'), '--baseline', plain, ...quick, '--accept', 'clock reads; bytes allocated');
    expect(out).toContain('clock reads 0 → 1 (accepted)');
    expect(code).toBe(0);
  });

  it('says nothing of a registry that dies', () => {
    const { code, out } = bench('--adapter', adapterThat('dies', 'if (++lookups > 20) process.exit(0)'), '--baseline', plain, ...quick);
    expect(out).toContain('INVALID RUN');
    expect(out).toContain('the process ended (code 0)');
    expect(code).toBe(3);
  });

  it('names the workloads that a registry has no operations for', () => {
    const { out } = bench('--adapter', plain, '--baseline', naive, '--counters-only', '--workloads', 'lookup;bind');
    expect(out).toContain('untested, for want of operations: bind');
  });

  it('stops at a signal, with its processes', async () => {
    const pids = join(folder, 'pids');
    const adapter = adapterThat('tells-its-process', `once(() => appendFileSync(${JSON.stringify(pids)}, process.pid + '\\n'))`);
    writeFileSync(adapter, `import { appendFileSync } from 'node:fs';\nlet told = false;\nconst once = (tell) => { if (!told) tell(); told = true; };\n${readFileSync(adapter, 'utf8')}`);
    const child = spawn(process.execPath, [main, 'bench', '--adapter', adapter, '--baseline', adapter, '--workloads', 'lookup', '--seed', '1'], { stdio: ['ignore', 'pipe', 'ignore'] });
    let out = '';
    child.stdout.on('data', (text: Buffer) => (out += text.toString()));
    const code = new Promise((resolve) => child.once('close', resolve));
    // The second process that counts has begun: the command has been listening to signals for long.
    await vi.waitUntil(() => existsSync(pids) && readFileSync(pids, 'utf8').split('\n').length > 2, { timeout: 200_000 });
    child.kill('SIGINT');
    expect(await code).toBe(130);
    expect(out).toContain('INVALID RUN: interrupted');
    for (const pid of readFileSync(pids, 'utf8').trim().split('\n')) await vi.waitUntil(() => !existsSync(`/proc/${pid}`), { timeout: 100_000 });
  });

  it.each([
    ['no adapter', []],
    ['no baseline', ['--adapter', ours]],
    ['an adapter that is not there', ['--adapter', '/nowhere.js', '--baseline', ours]],
    ['an adapter that is none', ['--adapter', hostile('no-adapter'), '--baseline', ours]],
    ['an adapter that ends the process', ['--adapter', hostile('exits-on-load'), '--baseline', ours]],
    ['an unknown workload', ['--adapter', ours, '--baseline', ours, '--workloads', 'nothing']],
    ['too few rounds', ['--adapter', ours, '--baseline', ours, '--rounds', '7']],
    ['a file that cannot be written', ['--adapter', ours, '--baseline', ours, '--json', '/nowhere/at/all.json']],
  ])('says in one line what is wrong with %s', (_, args) => {
    const { code, out, err } = bench(...args);
    expect([code, out]).toEqual([2, '']);
    expect(err.replace('\n(see --help)', '').trim().split('\n')).toHaveLength(1);
    expect(existsSync('/nowhere')).toBe(false);
  });
});
