import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { Stryker } from '@stryker-mutator/core';
import { Argument, Command } from 'commander';
import { integer } from '../../conformance/cli/integer.js';
import { writeText } from '../../conformance/cli/write-file.js';
import { compare, figuresOf, figuresSchema, scoreOf, type Figures } from './figures.js';
import { goneOnFrom, mutantsOf, type Judged, type Mutant } from './mutants.js';
import { mutationPage } from './page.js';
import { parts, type Part } from './parts.js';
import { excused } from './survivors.js';

const root = new URL('../../../', import.meta.url);
const kept = new URL('docs/mutation.json', root);
const page = new URL('docs/mutation.md', root);

const command = new Command('mutation')
  .description('Changes our own code, one place at a time, and says which changes no test notices.')
  .addArgument(new Argument('[parts...]', 'which parts; all of them unless told').choices(parts.map(({ id }) => id)))
  .option('--check', 'run nothing: look whether the list of survivors and the page fit the code and the figures that are kept')
  .option('--files <globs>', 'these files of the part only, separated by commas; writes nothing', (value) => value.split(','))
  .option('--again', 'run what was run before as well, instead of what has changed since')
  .option('--timed-out', 'run once more what timed out: on a machine that was busy it may have been slow and no more')
  .option('--jobs <n>', 'how many processes at once', integer(1, 256), 1)
  .parse();
const { check, files, again, timedOut, jobs } = command.opts<{ check?: boolean; files?: string[]; again?: boolean; timedOut?: boolean; jobs: number }>();

const read = (file: string): string => readFileSync(new URL(file, root), 'utf8');
const digestOf = (file: string): string => createHash('sha256').update(read(file)).digest('hex').slice(0, 16);
const show = ({ file, line, from, to }: Mutant): string => `${file}\n      [${[line, from, to].map((text) => JSON.stringify(text)).join(', ')}],`;

const figures: Figures = existsSync(kept) ? figuresSchema.parse(JSON.parse(readFileSync(kept, 'utf8'))) : {};
const faults: string[] = [];

if (check) checkKept();
else for (const part of parts) if (command.args.length === 0 || command.args.includes(part.id)) await measure(part);

for (const fault of faults) console.error(fault);
console.log(`${faults.length} faults`);
process.exitCode = faults.length > 0 ? 1 : 0;

async function measure(part: Part): Promise<void> {
  const mutants = await run(part);
  const own = figuresOf(`Stryker ${version()}`, mutants, digestOf);
  const score = scoreOf(own);
  console.log(`${part.id}: ${score.percent.toFixed(1)} % of ${score.mutants}: ${score.killed} killed, ${score.timedOut} timed out, ${score.survived} survived, ${score.uncovered} without coverage`);
  for (const one of own.timedOut) console.log(`timed out: ${show(one)}`);
  if (score.percent < part.least) faults.push(`${part.id}: the score is below ${part.least} %`);
  const { unexcused, stale } = compare(own, excused);
  for (const one of unexcused) faults.push(`survives, and has no reason: ${show(one)}`);
  for (const one of stale) faults.push(`is listed as a survivor, and is none: ${show(one)}`);
  if (files !== undefined) return;
  // Part by part: an interruption of the next one leaves this one.
  Object.assign(figures, { [part.id]: own });
  writeText(kept, `${JSON.stringify(figures, undefined, 1)}\n`);
  writeText(page, mutationPage(figures));
}

async function run({ id, files: all, tests }: Part): Promise<Judged[]> {
  const folder = `coverage/mutation/${files === undefined ? id : 'some'}`;
  const incremental = new URL(`${folder}/incremental.json`, root);
  if (files !== undefined) rmSync(incremental, { force: true });
  if (existsSync(incremental)) writeFileSync(incremental, JSON.stringify(goneOnFrom(JSON.parse(readFileSync(incremental, 'utf8')), { timedOut: timedOut ?? false })));
  process.chdir(new URL('.', root).pathname);
  // Not through `testFiles` of Stryker: with it, what is changed while a module loads is never put to the test (9.6.1).
  process.env['MUTATION_TESTS'] = tests.join(' ');
  process.env['MUTATION_FOLDERS'] = [...new Set(all.filter((file) => !file.startsWith('!')).map((file) => dirname(file).replace('/**', '')))].join(' ');
  await new Stryker({
    mutate: [...(files ?? all)],
    concurrency: jobs,
    force: again ?? false,
    incrementalFile: `${folder}/incremental.json`,
    jsonReporter: { fileName: `${folder}/report.json` },
  }).runMutationTest();
  return mutantsOf(JSON.parse(read(`${folder}/report.json`)));
}

function version(): string {
  return (createRequire(import.meta.url)('@stryker-mutator/core/package.json') as { version: string }).version;
}

/** Cheap: no mutant is run. */
function checkKept(): void {
  for (const one of excused) {
    if (!existsSync(new URL(one.file, root)) || !read(one.file).split('\n').some((line) => line.replaceAll(/\s+/g, ' ').trim().startsWith(one.line.replace(/…$/, '')))) {
      faults.push(`is listed as a survivor, and its line is no more: ${show(one)}`);
    }
  }
  for (const { id, least } of parts) {
    const own = figures[id];
    if (own === undefined) {
      console.log(`${id}: has not been measured: run \`npm run mutation -- ${id}\``);
      continue;
    }
    if (scoreOf(own).percent < least) faults.push(`${id}: the score is below ${least} %`);
    const { unexcused, stale } = compare(own, excused);
    for (const one of unexcused) faults.push(`survives, and has no reason: ${show(one)}`);
    for (const one of stale) faults.push(`is listed as a survivor, and is none: ${show(one)}`);
    const changed = Object.entries(own.files).filter(([file, { digest }]) => !existsSync(new URL(file, root)) || digestOf(file) !== digest).map(([file]) => file);
    if (changed.length > 0) console.log(`${id}: changed since it was measured: ${changed.join(', ')}`);
  }
  if (!existsSync(page) || readFileSync(page, 'utf8') !== mutationPage(figures)) faults.push('docs/mutation.md is not what the figures say: run `npm run mutation`');
}
