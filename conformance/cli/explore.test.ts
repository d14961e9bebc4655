import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { variants } from '../../model/explore/index.js';
import { explorationReport } from '../report/exploration.js';
import { exploreCommand } from './explore-command.js';

const main = fileURLToPath(new URL('../../dist/conformance/cli/main.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'explore-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** The command as it is installed. */
function command(...args: string[]): { code: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, 'explore', ...args], { encoding: 'utf8', timeout: 60_000 });
  return { code: status, out: stdout, err: stderr.replace(/^npm warn.*\n/gm, '') };
}

const small = ['--servers', '1', '--transports', '1', '--endpoints', '1', '--clients', '2'];

describe('explore, as it is installed', () => {
  it('proves our design', () => {
    const { code, out, err } = command(...small);
    expect([code, err]).toEqual([0, '']);
    expect(out).toContain('our design, sequential depth');
    expect(out).toContain('our design, protocol depth');
    expect(out.trimEnd().split('\n').at(-1)).toBe('PROVED');
    expect(out).not.toContain('\u001b');
  });

  it('shows a circular wait, and who waits for whom', () => {
    const { code, out } = command('--variant', 'two-lanes', '--clients', '2');
    expect(code).toBe(1);
    expect(out).toContain('client 1 waits for lane 1, which client 2 holds');
    expect(out).toContain('client 2 waits for lane 0, which client 1 holds');
    expect(out).toMatch(/ 4\. .*→/);
  });

  it.each([
    ['an unknown option', ['--nothing']],
    ['an unknown variant', ['--variant', 'nothing']],
    ['an unknown property', ['--property', 'nothing']],
    ['no property', ['--property', ',']],
    ['too many clients', ['--clients', '99']],
    ['no partitions', ['--partitions', '0']],
    ['no names', ['--servers', '0', '--transports', '0']],
    ['a window that is too large', ['--window-size', '4', '--window-ticks', '4']],
    ['a budget that is none', ['--budget', 'much']],
    ['a budget of nothing', ['--budget', '0s']],
    ['an unknown depth', ['--depth', 'deep']],
    ['a variant at the depth at which it is none', ['--variant', 'two-lanes', '--depth', 'sequential']],
    ['a file that cannot be written', ['--json', '/nowhere/at/all.json']],
    ['an argument', ['something']],
  ])('says in one line what is wrong with %s', (_, args) => {
    const { code, out, err } = command(...args);
    expect([code, out]).toEqual([2, '']);
    expect(err.replace('\n(see --help)', '').trim().split('\n')).toHaveLength(1);
    expect(err).not.toContain('    at ');
  });

  it('explains itself', () => {
    const { code, out } = command('--help');
    expect(code).toBe(0);
    for (const word of ['--partitions', '--servers', '--transports', '--endpoints', '--clients', '--variant', '--property', '--json', '--no-symmetry', '--no-partial-order', '--budget', 'Exit codes', '130']) expect(out).toContain(word);
  });
});

describe('explore, in this process', () => {
  const run = async (...args: string[]): Promise<{ code: unknown; out: string }> => {
    const written = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    try {
      await exploreCommand().exitOverride().parseAsync(['node', 'explore', ...args]);
      return { code: process.exitCode, out: written.mock.calls.map(([text]) => String(text)).join('') };
    } finally {
      written.mockRestore();
    }
  };
  afterEach(() => void (process.exitCode = 0));

  it('writes what it found, as the schema says', async () => {
    const file = join(folder, 'found.json');
    const { code } = await run(...small, '--depth', 'protocol', '--json', file);
    expect(code).toBe(0);
    const report = explorationReport.parse(JSON.parse(readFileSync(file, 'utf8')));
    expect(report).toMatchObject({ verdict: 'proved', explorations: [{ depth: 'protocol', size: { clients: 2, servers: 1 } }] });
    expect(readdirSync(folder)).toEqual(['found.json']);
  });

  it('shows a loop as a loop', async () => {
    const { code, out } = await run('--variant', 'no-turns', '--clients', '2');
    expect(code).toBe(1);
    expect(out).toContain('from here on, for ever');
  });

  it('finds every variant', async () => {
    const { code, out } = await run('--variant', 'all', '--clients', '2');
    expect(code).toBe(1);
    for (const { id, breaks } of variants) {
      const section = out.slice(out.indexOf(`variant ${id},`));
      expect([id, section.slice(0, section.indexOf('\n\n')).includes(`✗ violated`), section.includes(`✗ ${breaks!}`)]).toEqual([id, true, true]);
    }
  }, 60_000);

  it.each([
    ['states', ['--budget', '500'], 'the budget of states is spent'],
    ['seconds', ['--budget', '0.05s'], 'the budget of time is spent'],
    ['memory', ['--memory', '1'], 'the memory is full'],
  ])('is bounded by %s', async (_, args, reason) => {
    const { code, out } = await run('--depth', 'sequential', ...args);
    expect(code).toBe(3);
    expect(out).toContain(reason);
    expect(out).toContain('BOUNDED');
    expect(out).not.toContain('✓ proved');
  });

  it('misses a witness that there is no room for', async () => {
    const { code, out } = await run('--depth', 'sequential', '--min-writes', '10', '--window-size', '1', '--servers', '1', '--transports', '0', '--endpoints', '1', '--partitions', '2', '--property', 'closes-above-half,rejected');
    expect(code).toBe(0);
    expect(out).toContain('witnessed');
    expect(out).not.toContain('one-holder');
  });

  it('tells names apart, and steps, if it is asked to', async () => {
    const { out } = await run(...small, '--depth', 'protocol', '--no-symmetry', '--no-partial-order');
    expect(out).toContain('1 symmetry');
    const reduced = await run(...small, '--depth', 'protocol');
    const states = (text: string): number => Number(/([\d,]+) states/.exec(text)![1]!.replaceAll(',', ''));
    expect(states(out)).toBeGreaterThan(states(reduced.out));
  });

  it('prints what was covered when it is interrupted', async () => {
    const running = run('--clients', '3', '--no-symmetry');
    await new Promise((resolve) => void setImmediate(resolve));
    process.emit('SIGINT');
    const { code, out } = await running;
    expect(code).toBe(130);
    expect(out).toContain('bounded: interrupted');
    expect(out).toContain('INTERRUPTED');
  });

  it('shows where it stands, on a terminal', async () => {
    const { isTTY, columns } = process.stderr;
    const written = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    Object.assign(process.stderr, { isTTY: true, columns: 200 });
    await run('--depth', 'protocol', '--clients', '2');
    Object.assign(process.stderr, { isTTY, columns });
    const text = written.mock.calls.map(([one]) => String(one)).join('');
    written.mockRestore();
    expect(text).toMatch(/protocol, reachable states: [\d,]+ states, \d+ steps deep, frontier [\d,]+, [\d.]+ M transitions\/s, \d+ MiB/);
  });

  it('lists properties and variants', async () => {
    const { out } = await run('--list');
    for (const word of ['no-circular-wait', 'reopens', 'single-queue', 'samples-stay', 'late-news']) expect(out).toContain(word);
  });

  it('refuses what is not there', async () => {
    const error = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    await expect(run('--variant', 'nothing')).rejects.toThrow('invalid');
    await expect(run('--variant', 'two-lanes', '--depth', 'sequential')).rejects.toThrow('protocol only');
    await expect(run('--servers', '0', '--transports', '0')).rejects.toThrow('at least one name');
    error.mockRestore();
  });
});
