import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../../', import.meta.url));
const prefix = 'sharded-registry-gate-';

/** A build could not be made: one line for the user. */
export class BuildError extends Error {
  override readonly name = 'BuildError';
}

/** Two builds of the registry beside each other, as adapters. */
export interface Builds {
  readonly baseline: string;
  readonly candidate: string;
  /** The revision that the baseline was built from, shortened. */
  readonly revision: string;
  remove(): void;
}

/**
 * Builds the working tree and a git revision, both in the same way, in folders whose paths have the same length (Mytkowicz and others,
 * 2009, found programs to be faster or slower by such things). The files of the revision are taken out of git with `git archive`: other
 * than a worktree, that leaves nothing in the repository even if this process is killed.
 */
export async function buildBoth(revision: string, signal: AbortSignal): Promise<Builds> {
  sweep();
  const folder = mkdtempSync(join(tmpdir(), `${prefix}${process.pid}-`));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  process.once('exit', remove);
  try {
    const commit = await git(['rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`], signal).catch(() => {
      throw new BuildError(`there is no revision ${JSON.stringify(revision)}`);
    });
    const source = join(folder, 'source');
    mkdirSync(source);
    await git(['archive', '--format=tar', `--output=${join(folder, 'source.tar')}`, commit.trim(), 'src', 'spec', 'tsconfig.json', 'package.json'], signal);
    await run('tar', ['-xf', join(folder, 'source.tar'), '-C', source], { signal });
    const baseline = await build(source, join(folder, 'baseline_'), signal);
    const candidate = await build(root, join(folder, 'candidate'), signal);
    return { baseline, candidate, revision: commit.slice(0, 10), remove };
  } catch (error) {
    remove();
    if (error instanceof BuildError) throw error;
    const { stdout = '', message, signal: killedBy } = error as { stdout?: string; message: string; signal?: string | null };
    throw new BuildError(signal.aborted ? 'interrupted' : `cannot build ${revision} beside the working tree: ${(stdout || message).split('\n')[0]}${killedBy ? ` (${killedBy})` : ''}`);
  }
}

const git = async (args: readonly string[], signal: AbortSignal): Promise<string> => (await run('git', [...args], { cwd: root, signal })).stdout;

/** Compiles the registry alone, with the compiler and the types of the working tree. Gives the module with its adapter. */
async function build(source: string, to: string, signal: AbortSignal): Promise<string> {
  mkdirSync(to);
  const config = join(to, 'tsconfig.json');
  const compilerOptions = { rootDir: source, outDir: join(to, 'dist'), typeRoots: [join(root, 'node_modules/@types')], declaration: false, declarationMap: false, sourceMap: false };
  const folders = ['src', 'spec'].map((one) => join(source, one));
  writeFileSync(config, JSON.stringify({ extends: join(source, 'tsconfig.json'), compilerOptions, include: folders, exclude: folders.flatMap((one) => [`${one}/**/*.test.ts`, `${one}/**/testing/**`]) }));
  const compiler = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  await run(process.execPath, [compiler, '-p', config], { signal });
  writeFileSync(join(to, 'package.json'), '{ "type": "module" }\n');
  const adapter = join(to, 'adapter.js');
  writeFileSync(adapter, "import { ShardedRegistry } from './dist/src/index.js';\nexport const adapter = { name: 'sharded-registry', open: (options) => new ShardedRegistry(options) };\n");
  return adapter;
}

/** What a process that was killed has left behind. */
function sweep(): void {
  for (const name of readdirSync(tmpdir()).filter((one) => one.startsWith(prefix))) {
    const owner = Number(name.slice(prefix.length).split('-')[0]);
    if (owner > 0 && !isAlive(owner)) rmSync(join(tmpdir(), name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
