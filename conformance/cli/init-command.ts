import { Command, Option } from 'commander';
import { constants, copyFileSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, isAbsolute, join, normalize, resolve } from 'node:path';
import { quote } from 'shell-quote';
import { safe } from '../engine/show.js';
import { quotedWord } from './command-line.js';
import { UsageError } from './exit.js';

/** An example of this package, to begin with: `examples/<language>/`. */
interface StartingPoint {
  readonly files: readonly [string, ...string[]];
  /** What has to be done before it can be judged, in its folder. */
  readonly build?: (folder: string) => string;
  /** What is judged: a module, or a program, which `program` starts when there is one. */
  readonly judged: { readonly module: string } | { readonly program?: string; readonly file: string };
}

const startingPoints = {
  ts: { files: ['my-adapter.mts', 'tsconfig.json'], build: (folder) => quote(['npx', '--package', 'typescript', 'tsc', '-p', folder]), judged: { module: 'my-adapter.mjs' } },
  js: { files: ['my-adapter.mjs'], judged: { module: 'my-adapter.mjs' } },
  erlang: { files: ['my_registry.escript'], judged: { program: 'escript', file: 'my_registry.escript' } },
  elixir: { files: ['my_registry.exs'], judged: { program: 'elixir', file: 'my_registry.exs' } },
  python: { files: ['my_registry.py'], judged: { program: 'python3', file: 'my_registry.py' } },
  go: { files: ['main.go', 'go.mod'], build: (folder) => `(cd ${quote([folder])} && go build)`, judged: { file: 'my-registry' } },
} as const satisfies Record<string, StartingPoint>;

type Language = keyof typeof startingPoints;

/** The languages in which there is something to begin with. */
export const languages = Object.keys(startingPoints) as readonly Language[];

/** The command `init`: an adapter to begin with, that already runs. */
export function initCommand(): Command {
  return new Command('init')
    .summary('write an adapter to begin with, that already runs')
    .description('Writes a registry and its adapter, with comments that say where your own registry goes, and prints the commands that judge it. Overwrites nothing.')
    .argument('[folder]', 'where; it is made if it is not there', '.')
    .addOption(new Option('--language <language>', 'what your registry is written in').choices(languages).makeOptionMandatory())
    .action((folder: string, { language }: { readonly language: Language }) => {
      write(language, folder);
      process.stdout.write(`${whatNext(startingPoints[language], at(folder))}\n`);
    });
}

/** A path as a command takes it for one, whatever it begins with. */
const at = (path: string): string => (isAbsolute(path) ? path : `./${normalize(path)}`.replace(/^\.\/(?=\.)/, ''));

/** All of it, or nothing. Throws {@link UsageError}. */
function write(language: Language, folder: string): void {
  const { files }: StartingPoint = startingPoints[language];
  const example = join(dirname(createRequire(import.meta.url).resolve('sharded-registry/package.json')), 'examples', language);
  const existing = files.map((file) => join(folder, file)).filter((path) => existsSync(path));
  if (existing.length > 0) throw new UsageError(`nothing is overwritten, and nothing was written, because of ${safe(existing.join(', '))}`);
  const written: string[] = [];
  try {
    for (const missing of missingFolders(folder)) {
      mkdirSync(missing);
      written.push(missing);
    }
    for (const file of files) {
      const path = join(folder, file);
      // Whoever writes it meanwhile keeps it.
      copyFileSync(join(example, file), path, constants.COPYFILE_EXCL);
      written.push(path);
    }
  } catch (error) {
    for (const path of written) rmSync(path, { recursive: true, force: true });
    throw new UsageError(`cannot write to ${safe(folder)}: ${safe((error as Error).message)}`);
  }
}

/**
 * A folder and those above it that are not there, from the topmost. To make them one by one is an error where none can be made: with
 * `recursive`, Node tries for ever below `/proc`.
 */
function missingFolders(folder: string): readonly string[] {
  const missing: string[] = [];
  for (let one = resolve(folder); !existsSync(one); one = dirname(one)) missing.unshift(one);
  return missing;
}

function whatNext({ files: [first], build, judged }: StartingPoint, folder: string): string {
  const inFolder = (file: string): string => at(join(folder, file));
  const whom = 'module' in judged ? quote([inFolder(judged.module)]) : `--command ${quotedWord(quote([...(judged.program === undefined ? [] : [judged.program]), inFolder(judged.file)]))}`;
  return [
    `${safe(inFolder(first))} runs as it is: ${build === undefined ? '' : 'build it, '}examine the adapter, judge the registry.`,
    '',
    ...(build === undefined ? [] : [`  ${build(folder)}`]),
    `  npx sharded-registry doctor ${whom}`,
    `  npx sharded-registry verify ${whom}`,
    '',
    'Then put your own registry in the place of the one in it: the comments say where.',
  ].join('\n');
}
