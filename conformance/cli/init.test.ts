import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { itWith } from '../testing/requires.js';
import { initCommand, languages } from './init-command.js';

// The package as somebody has it who has installed it: what `npm run build` made of it, in the node_modules of a project.
const root = fileURLToPath(new URL('../../', import.meta.url));
const main = join(root, 'dist/conformance/cli/main.js');
const project = mkdtempSync(join(tmpdir(), 'init-'));
const modules = join(project, 'node_modules');

beforeAll(() => {
  if (!existsSync(main)) throw new Error('run `npm run build` first');
  mkdirSync(join(modules, '.bin'), { recursive: true });
  symlinkSync(root, join(modules, 'sharded-registry'));
  symlinkSync(main, join(modules, '.bin/sharded-registry'));
  symlinkSync(join(root, 'node_modules/typescript'), join(modules, 'typescript'));
  symlinkSync(join(root, 'node_modules/typescript/bin/tsc'), join(modules, '.bin/tsc'));
});
afterAll(() => rmSync(project, { recursive: true }));

/** Runs a line as somebody does who pastes it. */
function paste(line: string): { code: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync('bash', ['-c', line], { cwd: project, encoding: 'utf8', timeout: 240_000 });
  return { code: status, out: stdout, err: stderr.replace(/^npm (warn|notice).*\n/gm, '') };
}

const init = (...args: string[]): ReturnType<typeof paste> => paste(`"${process.execPath}" "${main}" init ${args.join(' ')}`);

const programs = { ts: it, js: it, erlang: itWith('erl', '-noshell', '-eval', 'halt().'), elixir: itWith('elixir', '--version'), python: itWith('python3', '--version'), go: itWith('go', 'version') };

describe.each(languages)('init --language %s', (language) => {
  programs[language]('writes what is sound and conformant, by the commands that it prints', () => {
    const { code, out, err } = init('--language', language, `"a registry's ${language}"`);
    expect([code, err]).toEqual([0, '']);
    const [verify, doctor, ...build] = [...out.matchAll(/^ {2}(.*)$/gm)].map(([, line]) => line!).reverse();
    for (const line of build) expect(paste(line)).toMatchObject({ code: 0 });
    const examined = paste(`${doctor} --timeout 20000`);
    expect(examined.out).toContain('\nSound: ');
    expect([examined.code, examined.err]).toEqual([0, '']);
    const judged = paste(`${verify} --only REG,INC,BND --runs 10 --seed 1 --timeout 20000`);
    expect(judged.out).toContain('\nCONFORMANT\n16 passed, 0 failed, 0 inconclusive, 0 untested\n');
    expect([judged.code, judged.err]).toEqual([0, '']);
  });
});

describe('init', () => {
  it('makes folders, and writes here when none is named', () => {
    expect(init('--language', 'js', 'new/folder')).toMatchObject({ code: 0 });
    expect(readdirSync(join(project, 'new/folder'))).toEqual(['my-adapter.mjs']);
    const { code, out } = init('--language', 'js');
    expect(code).toBe(0);
    expect(out).toContain('\n  npx sharded-registry verify ./my-adapter.mjs\n');
    expect(existsSync(join(project, 'my-adapter.mjs'))).toBe(true);
  });

  it('overwrites nothing, and then writes nothing', () => {
    const folder = join(project, 'taken');
    mkdirSync(folder);
    writeFileSync(join(folder, 'go.mod'), 'mine');
    const { code, out, err } = init('--language', 'go', 'taken');
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain('taken/go.mod');
    expect(readdirSync(folder)).toEqual(['go.mod']);
    expect(readFileSync(join(folder, 'go.mod'), 'utf8')).toBe('mine');
  });

  it('leaves nothing behind when it cannot write all of it', () => {
    mkdirSync(join(project, 'half'));
    // Is not there for whoever looks, and cannot be written.
    symlinkSync('/nowhere/at/all', join(project, 'half/go.mod'));
    expect(init('--language', 'go', 'half')).toMatchObject({ code: 2, out: '', err: expect.stringMatching(/^error: cannot write to half: .*go\.mod/) as unknown });
    expect(readdirSync(join(project, 'half'))).toEqual(['go.mod']);
  });

  it.runIf(process.platform === 'linux')('does not try for ever where no folder can be made', () => {
    expect(init('--language', 'js', '/proc/no/folder')).toMatchObject({ code: 2, out: '', err: expect.stringMatching(/^error: cannot write to \/proc\/no\/folder: ENOENT/) as unknown });
  });

  it.each([
    [['--language', 'cobol'], languages.join(', ')],
    [[], "option '--language <language>' not specified"],
    [['--language', 'js', 'node_modules/sharded-registry/package.json/new'], 'cannot write to '],
  ])('%j is refused, and it is said why', (args, why) => {
    const { code, out, err } = init(...args);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(why);
  });

  it('prints what comes next', async () => {
    const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    await initCommand().exitOverride().parseAsync(['node', 'init', '--language', 'elixir', join(project, 'in process')]);
    const text = write.mock.calls.map(([one]) => String(one)).join('');
    write.mockRestore();
    expect(text).toContain('my_registry.exs runs as it is');
    await expect(initCommand().exitOverride().parseAsync(['node', 'init', '--language', 'elixir', join(project, 'in process')])).rejects.toThrow('nothing is overwritten');
    await expect(initCommand().exitOverride().parseAsync(['node', 'init', '--language', 'elixir', join(main, 'below a file')])).rejects.toThrow('cannot write to');
  });
});

it('has the same to begin with in JavaScript as in TypeScript, but for the types', () => {
  const withoutTypes = (file: string): string => {
    const source = readFileSync(join(root, 'examples', file), 'utf8');
    const code = source.slice(source.indexOf('// ---')).replaceAll(/^interface [^]*?^}\n/gm, '');
    return ts.transpileModule(code, { fileName: file, compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext } }).outputText;
  };
  expect(withoutTypes('js/my-adapter.mjs')).toBe(withoutTypes('ts/my-adapter.mts'));
});
