import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { reportSchema } from '../report/schema.js';
import { report as reportType } from '../report/result.js';

// The command as it is installed: what `npm run build` made of it.
const dist = fileURLToPath(new URL('../../dist/', import.meta.url));
const main = join(dist, 'conformance/cli/main.js');
const naive = join(dist, 'conformance/adapters/naive-map.js');
const folder = mkdtempSync(join(tmpdir(), 'reports-'));
afterAll(() => rmSync(folder, { recursive: true }));

function verify(...args: string[]): { code: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, 'verify', ...args, '--seed', '1', '--runs', '5'], { encoding: 'utf8', timeout: 60_000, cwd: folder });
  return { code: status, out: stdout, err: stderr };
}
const written = (name: string, text: string): string => {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
};
const read = (name: string): string => readFileSync(join(folder, name), 'utf8');

describe('reports', () => {
  it('are all written from one run', () => {
    const { code } = verify(naive, '--only', 'INC-1,LKP', '--json', 'a.json', '--junit', 'a.xml', '--markdown', 'a.md', '--html', 'a.html', '--badge', 'a.svg');
    expect(code).toBe(1);
    const report = reportType.parse(JSON.parse(read('a.json')));
    expect(report.conditions).toMatchObject({ node: process.version });
    expect(read('a.xml')).toContain('failures="1"');
    expect(read('a.md')).toContain('❌ a naive Map');
    expect(read('a.html')).toContain('<!DOCTYPE html>');
    expect(read('a.svg')).toContain('not conformant');
    // Nothing is left beside them.
    expect(readdirSync(folder).sort()).toEqual(['a.html', 'a.json', 'a.md', 'a.svg', 'a.xml']);
  });

  it('leave the standard output to JSON alone if that is asked for', () => {
    const { code, out, err } = verify('--only', 'REG-1', '--json', '-');
    expect(code).toBe(0);
    expect(reportType.parse(JSON.parse(out)).verdict).toBe('conformant');
    expect(err).toContain('CONFORMANT');
  });

  it('that cannot be written are found out before the run, and none is begun', () => {
    for (const args of [['--html', '/nowhere/at/all.html'], ['--json', 'x.json', '--junit', './x.json'], ['--markdown', '-', '--json', '-'], ['--badge', '']]) {
      const { code, out, err } = verify('--only', 'REG-1', ...args);
      expect([code, out]).toEqual([2, '']);
      expect(err.trim().split('\n').filter((line) => line !== '(see --help)')).toHaveLength(1);
    }
    expect(verify('--json', 'x.json', '--junit', './x.json').err).toContain('--json and --junit would both write');
  });

  it('leave what was there, and nothing half-written, if the disk is full', () => {
    const place = join(folder, 'full');
    mkdirSync(place);
    const file = join(place, 'verdict.json');
    writeFileSync(file, 'old');
    // No file may be longer than a kilobyte: to the one who writes that is a full disk.
    const { status, stderr } = spawnSync('bash', ['-c', 'ulimit -f 1; exec "$0" "$@"', process.execPath, main, 'verify', '--only', 'REG', '--seed', '1', '--runs', '5', '--json', file], { encoding: 'utf8' });
    expect([status, stderr]).toEqual([2, expect.stringContaining('cannot write')]);
    expect([readdirSync(place), readFileSync(file, 'utf8')]).toEqual([['verdict.json'], 'old']);
  });

  it('have a published schema that lets newer reports pass', () => {
    expect(JSON.stringify(reportSchema)).not.toContain('"additionalProperties":false');
    expect(reportSchema).toMatchObject({ required: expect.arrayContaining(['schemaVersion', 'specification', 'verdict']) as unknown });
  });
});

describe('expected failures', () => {
  it('do not fail the run, are printed, and do fail it when they hold by now', () => {
    const list = written('known.yaml', 'expectedFailures:\n  - id: INC-*\n    reason: issue 12\n');
    const known = verify(naive, '--only', 'INC-1,LKP-1', '--expected-failures', list);
    expect(known.out).toContain('✗ INC-1 (MUST)');
    expect(known.out).toMatch(/NOT CONFORMANT: INC-1\n.*\nas expected\n {2}expected {2}INC-\* failed: issue 12/);
    expect(known.code).toBe(0);

    const mended = verify('--only', 'INC-1,LKP-1', '--expected-failures', list);
    expect(mended.out).toContain('stale  INC-* passes, although it is listed (issue 12): take it off the list');
    expect(mended.code).toBe(1);

    const another = verify(naive, '--only', 'INC-1,DWN-1', '--expected-failures', written('other.json', '{"expectedFailures": [{"id": "DWN-1", "reason": "x"}]}'));
    expect([another.code, another.out]).toEqual([1, expect.stringContaining('not on the list: INC-1')]);
  });

  it.each(['yaml', 'json'])('are written down as %s, and met by the next run', (kind) => {
    const file = `new.${kind}`;
    expect(verify(naive, '--only', 'INC,LKP', '--write-expected-failures', file).code).toBe(1);
    expect(read(file)).toMatch(/INC-1[^]*reason/);
    const { code, out } = verify(naive, '--only', 'INC,LKP', '--expected-failures', file, '--write-expected-failures', file);
    expect([code, out]).toEqual([0, expect.stringContaining('as expected')]);
    expect(verify(naive, '--only', 'INC,LKP', '--expected-failures', file).code).toBe(0);
  });

  it.each([
    ['is not there', undefined, 'no such file'],
    ['is no YAML', 'expectedFailures: [', 'line 1, column'],
    ['gives no reason', 'expectedFailures:\n  - id: INC-1\n', 'expectedFailures[0].reason: a reason is required'],
    ['lists nothing that there is', 'knownFlaky:\n  - {id: NO-1, reason: x}\n', 'NO-1 is no requirement'],
    ['is made to fill the memory', `a: &a [x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nexpectedFailures: [*b,*b,*b,*b]\n`, 'Alias'],
    ['is too long', `# ${'x'.repeat(1_000_001)}`, 'longer than'],
    ['is of another specification', 'specification: "0.1"\n', '--spec 0.1'],
  ])('in a file that %s are refused before the run', (name, text, why) => {
    const file = text === undefined ? '/nowhere.yaml' : written(`${name.replaceAll(' ', '-')}.yaml`, text);
    const { code, out, err } = verify('--only', 'REG-1', '--expected-failures', file);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(why);
    expect(err.trim().split('\n')).toHaveLength(1);
  });
});

describe('versions and profiles', () => {
  it('a version that there is not is refused', () => {
    expect(verify('--spec', '9.9')).toMatchObject({ code: 2, err: expect.stringContaining('Allowed choices are 1.0') as unknown });
  });

  it.each([['core', 'REG-1', 'CON-1'], ['concurrent', 'CON-1', 'REG-1'], ['sla', 'SLA-1', 'REG-1'], ['full', 'SLA-1', undefined]])('profile %s has %s and not %s', (profile, has, hasNot) => {
    const { out } = verify('--profile', profile, '--list', '--spec', '1.0');
    expect(out).toMatch(new RegExp(`^${has} `, 'm'));
    if (hasNot !== undefined) expect(out).not.toMatch(new RegExp(`^${hasNot} `, 'm'));
  });
});
