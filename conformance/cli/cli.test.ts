import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { requirements } from '../../spec/index.js';
import { report as reportSchema } from '../report/result.js';
import { runInWorker } from './supervisor.js';
import { verifyCommand } from './verify-command.js';

// The command as it is installed: what `npm run build` made of it.
const dist = fileURLToPath(new URL('../../dist/', import.meta.url));
const main = join(dist, 'conformance/cli/main.js');
const worker = new URL('../../dist/conformance/cli/worker.js', import.meta.url);
const hostile = (name: string): string => fileURLToPath(new URL(`../testing/hostile/${name}.mjs`, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'cli-'));

beforeAll(() => {
  if (!existsSync(main)) throw new Error('run `npm run build` first');
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs the command as CI does, where a library may think that colours can be shown. */
function command(...args: string[]): { code: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], { encoding: 'utf8', timeout: 60_000, env: { ...process.env, CI: 'true' } });
  return { code: status, out: stdout, err: stderr.replace(/^npm warn.*\n/gm, '') };
}

const quick = ['--runs', '10', '--timeout', '200', '--seed', '5'];

describe('verify --command', () => {
  const program = `"${process.execPath}" "${main}" serve`;

  it('judges what a program speaks for as what it loads itself', () => {
    const { code, out, err } = command('verify', '--command', program, ...quick, '--timeout', '10000', '--only', 'REG-2,CLS-4');
    expect(out).toContain('✓ REG-2');
    expect(out).toContain('the adapter does not offer `in-process`');
    expect(out).toContain('CONFORMANT\n');
    expect([code, err]).toEqual([0, '']);
  });

  it('prints a line that replays a failure, with the program in it', () => {
    const { code, out } = command('verify', '--command', `${program} "${join(dist, 'conformance/adapters/naive-map.js')}"`, ...quick, '--timeout', '10000', '--only', 'INC-1');
    expect(code).toBe(1);
    const line = /replay {4}sharded-registry (verify --command .*)/.exec(out)![1]!;
    const again = spawnSync('bash', ['-c', `"${process.execPath}" "${main}" ${line}`], { encoding: 'utf8' });
    expect(again.status).toBe(1);
    expect(again.stdout).toContain('✗ INC-1');
  });

  it.each([
    ['a program that ends', [`"${process.execPath}" "${hostile('program')}" "exits at once"`], /^error: the program ended, with exit code 7; the last of its stderr: .*"the second line"/m],
    ['a program that does not exist', ['/no/such/program'], /^error: the program cannot be started: .*ENOENT/m],
    ['a line for a shell', ['cat | cat'], /is for a shell to understand/],
    ['a module besides', ['cat', './my-adapter.js'], /^error: name a module or a --command, not both/m],
  ])('takes %s for a wrong command line', (_, args, reason) => {
    const { code, err } = command('verify', '--command', ...args, '--only', 'REG-2');
    expect(err).toMatch(reason);
    expect(code).toBe(2);
  });
});

describe('verify --threads', () => {
  it('judges a module that is loaded in a thread as where it is loaded here, and replays what it finds there', () => {
    const { code, out, err } = command('verify', '--threads', ...quick, '--timeout', '10000', '--only', 'REG-2,CLS-4');
    expect(out).toContain('✓ REG-2');
    expect(out).toContain('the adapter does not offer `in-process`');
    expect([code, err]).toEqual([0, '']);
    const naive = command('verify', '--threads', join(dist, 'conformance/adapters/naive-map.js'), ...quick, '--timeout', '10000', '--only', 'INC-1');
    expect(naive.code).toBe(1);
    const line = /replay {4}sharded-registry (verify --threads .*)/.exec(naive.out)![1]!;
    expect(spawnSync('bash', ['-c', `"${process.execPath}" "${main}" ${line}`], { encoding: 'utf8' }).status).toBe(1);
  });

  it.each([['blocks', /did not answer|blocked/], ['exits', /ended its thread with code/]])('outlives an adapter that %s', (name, reason) => {
    const { code, out } = command('verify', '--threads', hostile(name), ...quick, '--only', 'REG');
    expect(out).toMatch(reason);
    expect(code).toBe(3);
  });

  it.each([['a module that is not there', ['./no-such.js'], /^error: .*cannot load /], ['a --command besides', ['--command', 'cat'], /^error: --threads is for a module/]])('takes %s for a wrong command line', (_, args, reason) => {
    const { code, err } = command('verify', '--threads', ...args);
    expect(err).toMatch(reason);
    expect(code).toBe(2);
  });
});

describe('doctor', () => {
  it.each([['a module', []], ['a program', ['--command', `"${process.execPath}" "${main}" serve`]]])('finds ours sound: %s', (_, args) => {
    const { code, out, err } = command('doctor', ...args, '--timeout', '10000');
    expect(out).toMatch(/✓ two registries that are open at once share nothing\n/);
    expect(out).not.toMatch(/[✗\u001b]/);
    expect(out).toMatch(/\nSound: /);
    expect([code, err]).toEqual([0, '']);
  });

  it('says what is wrong, and where to look', () => {
    const { code, out } = command('doctor', '--command', `"${process.execPath}" "${hostile('program')}" "crashes"`, '--timeout', '100');
    expect(out).toMatch(/✗ .*\n {6}.*\n {6}look {2}/);
    expect(out).toMatch(/\nNot sound: /);
    expect(code).toBe(1);
  });

  it.each([['exits', /ended the process with code/], ['blocks', /blocked the event loop/]])('outlives an adapter that %s', (name, reason) => {
    const { code, out } = command('doctor', hostile(name), '--timeout', '100');
    expect(out).toMatch(reason);
    expect(code).toBe(1);
  });

  it('leaves nothing running when it is interrupted', async () => {
    const said = join(mkdtempSync(join(folder, 'interrupted-')), 'pid');
    const child = spawn(process.execPath, [main, 'doctor', '--command', `sh -c 'echo $$ > "${said}"; exec sleep 1000'`]);
    await vi.waitFor(() => expect(existsSync(said) && readFileSync(said, 'utf8')).toMatch(/^\d+\n/), { timeout: 20_000 });
    const ended = new Promise((resolve) => child.on('exit', (code) => resolve(code)));
    child.kill('SIGINT');
    expect(await ended).toBe(130);
    const pid = Number(readFileSync(said, 'utf8'));
    await vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow(), { timeout: 20_000 });
  });

  it.each([['a module that is not there', ['./no-such.js'], /^error: cannot load /], ['a program that ends', ['--command', `"${process.execPath}" "${hostile('program')}" "exits at once"`], /^error: the program ended/m]])('takes %s for a wrong command line', (_, args, reason) => {
    const { code, err } = command('doctor', ...args);
    expect(err).toMatch(reason);
    expect(code).toBe(2);
  });
});

describe('verify', () => {
  it('judges our own registry conformant', () => {
    const { code, out, err } = command('verify', ...quick);
    expect(out).toContain('CONFORMANT\n');
    expect(out).toContain('seed 5, 10 runs asked for');
    expect([code, err]).toEqual([0, '']);
    expect(out).not.toContain('\u001b');
  });

  it.each([['naive-map', 'INC-1'], ['seed', 'ADM-4']])('judges %s not conformant, for %s among others', (name, requirement) => {
    const { code, out } = command('verify', join(dist, `conformance/adapters/${name}.js`), ...quick);
    expect(code).toBe(1);
    expect(out).toMatch(new RegExp(`NOT CONFORMANT: .*${requirement}`));
    expect(out).toContain('replay    sharded-registry verify /');
  });

  it('takes requirements and chapters', () => {
    const { code, out } = command('verify', '--only', 'bnd-1,LKP', ...quick);
    expect(code).toBe(0);
    expect([...out.matchAll(/^ {2}. ([A-Z]+-\d+)/gm)].map(([, id]) => id)).toEqual(['LKP-1', 'LKP-2', 'BND-1']);
  });

  it('writes a report that follows the schema, the same for the same seed', () => {
    const reports = mkdtempSync(join(folder, 'reports-'));
    const read = (name: string): unknown => {
      const file = join(reports, name);
      command('verify', ...quick, '--json', file, '--only', 'REG,CTN');
      const report = reportSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
      return JSON.parse(JSON.stringify(report, (key, value: unknown) => (key === 'milliseconds' ? 0 : value)));
    };
    expect(read('a.json')).toEqual(read('b.json'));
    expect(readdirSync(reports).sort()).toEqual(['a.json', 'b.json']);
  });

  it('prints a line that replays a random counterexample', () => {
    const adapter = join(dist, 'conformance/adapters/naive-map.js');
    const { out } = command('verify', adapter, '--only', 'BND-6', '--seed', '3', '--runs', '200', '--timeout', '200');
    const line = /replay {4}sharded-registry (verify .*--replay .*)/.exec(out)![1]!;
    const again = spawnSync('bash', ['-c', `"${process.execPath}" "${main}" ${line}`], { encoding: 'utf8' });
    expect(again.status).toBe(1);
    const failure = (text: string): string => /check {5}random.*?\n([^]*?) {2}replay/.exec(text)?.[1] ?? /check {5}replay.*?\n([^]*?) {2}replay/.exec(text)![1]!;
    expect(failure(again.stdout)).toBe(failure(out));
  });

  it('lists requirements and checks', () => {
    const { code, out } = command('verify', '--list');
    expect(code).toBe(0);
    for (const { id } of requirements) expect(out).toContain(id);
    expect(out).toContain('a taken name is refused to its holder and to others');
  });

  it('comes to its verdict also if nobody reads on', async () => {
    const child = spawn(process.execPath, [main, 'verify', ...quick, '--only', 'REG-2']);
    child.stdout.destroy();
    let err = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
    const code = await new Promise((resolve) => child.on('close', resolve));
    expect([code, err.replace(/^npm warn.*\n/gm, '')]).toEqual([0, '']);
  });

  it('explains itself', () => {
    const { code, out } = command('verify', '--help');
    expect(code).toBe(0);
    for (const word of ['--only', '--seed', '--runs', '--json', '--list', '--replay', 'Exit codes', '130']) expect(out).toContain(word);
    expect(command('--help').out).toContain('verify');
    expect(command('--version').out).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it.each([
    ['a module that is not there', [hostile('nothing')]],
    ['a module without an adapter', [hostile('no-adapter')]],
    ['a module with something else for an adapter', [hostile('wrong-shape')]],
    ['a module that does not parse', [hostile('syntax')]],
    ['a module that ends the process', [hostile('exits-on-load')]],
    ['an adapter that cannot be opened', [hostile('open-throws')]],
    ['an option that does not exist', ['--nothing']],
    ['a requirement that does not exist', ['--only', 'XYZ-1']],
    ['no requirement', ['--only', ',']],
    ['a seed that is no number', ['--seed', 'x']],
    ['runs out of range', ['--runs', '0']],
    ['a counterexample that is none', ['--replay', '{"suite":"names"}']],
    ['a report in a folder that is not there', ['--json', '/nowhere/at/all.json']],
  ])('says in one line what is wrong with %s', (_, args) => {
    const { code, out, err } = command('verify', ...args);
    expect([code, out]).toEqual([2, '']);
    expect(err.replace('\n(see --help)', '').trim().split('\n')).toHaveLength(1);
    expect(err).not.toContain('    at ');
  });

  it.each([
    ['never opens', 'open-hangs', 'open did not answer'],
    ['ends the process', 'exits', 'ended the process with code 0'],
    ['blocks the event loop', 'blocks', 'blocked the event loop'],
  ])('is inconclusive about a registry that %s', (_, name, reason) => {
    const { code, out, err } = command('verify', hostile(name), ...quick);
    expect([code, err]).toEqual([3, '']);
    expect(out).toContain(reason);
    expect(out).toContain('INCONCLUSIVE');
  });

  it('proves that a registry never answers, if nothing is left in the process that could', () => {
    const { code, out, err } = command('verify', hostile('hangs'), ...quick);
    expect([code, err]).toEqual([1, '']);
    expect(out).toContain('NOT CONFORMANT: DLK-4');
    expect(out).toContain('nothing is left that could answer; none to registerServer(');
    expect(out).toContain('did not answer within 200 ms');
  });

  it('says nothing of the kind of one that may still answer', () => {
    const { code, out } = command('verify', hostile('may-answer'), '--only', 'DLK-4', ...quick);
    expect(code).toBe(3);
    expect(out).toMatch(/DLK-4 .* inconclusive: a thousand calls were made at once: \d+ calls did not answer for 0\.\d s, while \d+ others were: may be/);
  });

  it.each([
    ['blocks the event loop in one operation', 'bind-blocks', 'blocked the event loop for 10.5 s during: ', 3],
    ['never answers one operation', 'bind-hangs', 'calls came to no end', 1],
  ])('judges all else of a registry that %s', (_, name, reason, expected) => {
    const file = join(folder, 'd.json');
    const { code, out, err } = command('verify', hostile(name), ...quick, '--json', file);
    expect([code, err]).toEqual([expected, '']);
    expect(out).toContain(reason);
    const { requirements: judged } = reportSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
    const passed = judged.filter(({ status }) => status === 'passed').map(({ id }) => id);
    // What needs no binding, before and after the first check that does.
    for (const id of ['EPT-1', 'EPT-2', 'REG-3', 'LKP-2', 'LST-1', 'PRT-3', 'STA-2', 'CTN-1', 'ADM-5']) expect(passed).toContain(id);
    expect(passed).not.toContain('BND-1');
    rmSync(file);
  });

  it('finds what nobody caught', () => {
    const { code, out } = command('verify', hostile('rejects'), ...quick);
    expect(code).toBe(1);
    expect(out).toContain('an exception escaped');
  });

  it('lets nothing of an adapter reach the terminal as it is', () => {
    const { code, out } = command('verify', hostile('escapes'), ...quick);
    expect(code).toBe(1);
    expect(out).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f\u202e]/);
    expect(out).not.toContain('printed');
  });

  it('prints what was found so far when it is interrupted', async () => {
    const child = spawn(process.execPath, [main, 'verify', hostile('says-when'), '--runs', '1000000'], { stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    child.stdout.on('data', (data: Buffer) => (out += data.toString()));
    await new Promise<void>((resolve) => void child.stderr.on('data', (data: Buffer) => data.includes('started') && resolve()));
    child.kill('SIGINT');
    expect(await new Promise((resolve) => child.on('close', resolve))).toBe(130);
    expect(out).toContain('interrupted: this is what was found so far');
    expect(out).toMatch(/✓ NAM-1/);
  });
});

describe('check-history', () => {
  const load = ['verify', '--only', 'LST-3', '--seed', '3', '--runs', '20', '--operations', '600'];

  it.each(['tasks', 'threads', 'processes'])('judges once more what clients in %s have done', (clients) => {
    const file = join(folder, `${clients}.jsonl`);
    const { code, out } = command(...load, '--clients', clients, '--concurrency', '4', '--history', file);
    expect([code, out]).toEqual([0, expect.stringMatching(/load: 4 clients .*linearizable/) as unknown]);
    expect(command('check-history', file)).toMatchObject({ code: 0, out: expect.stringMatching(/^LINEARIZABLE: \d+ operations/) as unknown });
  });

  it('shows what contradicts itself', () => {
    const taken = [1, 2].map((id) => ({ id, actor: `client ${id}`, invocation: { op: 'registerServer', id: 's1', endpoint: `e${id}` }, response: { kind: 'done' }, start: id, end: id + 2 }));
    const { code, out } = command('check-history', '--entries', JSON.stringify(taken));
    expect(code).toBe(1);
    expect(out).toContain('VIOLATED (CON-1)');
    expect(out).toMatch(/client 1 +client 2\n/);
  });

  it.each([
    [['check-history'], 'name a file'],
    [['check-history', '/nowhere'], 'cannot read /nowhere'],
    [['check-history', main], 'main.js:1: '],
    [['check-history', '--entries', '{'], 'must be the JSON'],
    [['check-history', '--entries', '[{"id":1,"actor":"a","invocation":{"op":"x"},"start":1,"end":null}]'], 'is no operation'],
    [['check-history', '--timeout', '0', main], 'whole number of milliseconds'],
    [['verify', '--clients', 'machines'], 'Allowed choices are tasks, threads, processes'],
    [['verify', '--concurrency', '65'], 'must be a whole number from 2 to 64'],
    [['verify', '--operations', 'many'], 'must be a whole number from 100 to 1000000'],
    [['verify', '--history', '/nowhere/at/all'], 'cannot write /nowhere/at/all'],
  ])('%j is refused, and it is said what to do', (args, why) => {
    const { code, err } = command(...args);
    expect(err).toContain(why);
    expect(code).toBe(2);
  });
});

describe('in this process', () => {
  const assignment = { module: undefined, argument: undefined, only: ['REG-1'] as const, seed: 1, runs: 5, patienceMs: 200, replay: undefined, showProgress: false };

  it('the supervisor brings back the report of the worker', async () => {
    const outcome = await runInWorker(assignment, worker);
    expect(outcome).toMatchObject({ kind: 'report', report: { verdict: 'conformant' } });
  });

  it('shows progress where it is wanted', async () => {
    const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    await runInWorker({ ...assignment, showProgress: true }, worker);
    expect(write.mock.calls.map(([text]) => String(text)).join('')).toMatch(/\d+\/\d+ .*free name/);
    write.mockRestore();
  });

  it.each([
    ['hangs', 'report'],
    ['exits', 'report'],
    ['exits-on-load', 'adapter-error'],
    ['no-adapter', 'adapter-error'],
  ])('survives one that %s', async (name, kind) => {
    expect((await runInWorker({ ...assignment, module: hostile(name) }, worker)).kind).toBe(kind);
  });

  it('stops at a signal', async () => {
    const run = runInWorker({ ...assignment, only: undefined, runs: 1_000_000, showProgress: false }, worker);
    await new Promise((resolve) => void setImmediate(resolve));
    process.emit('SIGINT');
    expect(await run).toMatchObject({ kind: 'report', report: { interrupted: true, verdict: 'inconclusive' } });
  });

  it('the command passes on what it was told, and turns the verdict into an exit code', async () => {
    const written = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    const codes: unknown[] = [];
    for (const module of [undefined, hostile('hangs'), join(dist, 'conformance/adapters/naive-map.js')]) {
      const args = ['node', 'verify', ...(module === undefined ? [] : [module]), ...quick, '--only', 'REG', '--json', join(folder, 'c.json')];
      await verifyCommand((given) => runInWorker(given, worker)).exitOverride().parseAsync(args);
      codes.push(process.exitCode);
    }
    await verifyCommand().exitOverride().parseAsync(['node', 'verify', '--list', '--only', 'SLA-1']);
    process.exitCode = 0;
    const text = written.mock.calls.map(([one]) => String(one)).join('');
    written.mockRestore();
    expect(codes).toEqual([0, 3, 1]);
    expect(text).toContain('SLA-1');
  });

  it.each([['--only', 'nothing'], ['--seed', '-1'], ['--replay', '@/nowhere'], ['--replay', 'x']])('refuses %s %s', async (...args) => {
    const error = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    await expect(verifyCommand().exitOverride().parseAsync(['node', 'verify', ...args])).rejects.toThrow('invalid');
    error.mockRestore();
  });

  it('refuses an adapter that cannot be loaded, and a report that cannot be written', async () => {
    const parse = (...args: string[]): Promise<unknown> => verifyCommand((given) => runInWorker(given, worker)).exitOverride().parseAsync(['node', 'verify', ...args]);
    await expect(parse(hostile('no-adapter'))).rejects.toThrow('has no export named `adapter`');
    await expect(parse('--json', '/nowhere/at/all.json')).rejects.toThrow('cannot write');
  });
});
