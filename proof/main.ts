import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { Command, InvalidArgumentError } from 'commander';
import { findMutant, unmeasured } from './catalogue.js';
import { Journal } from './journal.js';
import { judgedBy, killer, type Row, type Settings } from './kill.js';
import { faults, matrixSchema, withLatest, type Matrix } from './matrix.js';
import { matrixPage } from './page.js';
import { isIn, parsePart, type Part } from './part.js';
import { inProcesses } from './pool.js';
import { currentRevision } from './revision.js';
import { conformant } from './traceability.js';
import { integer } from '../conformance/cli/integer.js';
import { writeText } from '../conformance/cli/write-file.js';
import { defaults, verify } from '../conformance/verify.js';

const root = new URL('../../', import.meta.url);
const kept = new URL('docs/kill-matrix.json', root);
const page = new URL('docs/kill-matrix.md', root);
const folder = new URL('.kill-matrix/', root);

const { check, only, part, seeds, jobs } = new Command('kill-matrix')
  .description('Runs the kit on every broken registry of the catalogue, and writes who was found out by which check.')
  .option('--check', 'compare with the matrix that is kept, and write nothing; fails on survivors and on drift')
  .option('--only <ids>', 'these mutants only, separated by commas; what was said of the others stays', parseIds)
  .option('--part <k/n>', 'one in n of the mutants only, from the k-th on; what was said of the others stays', parsePart)
  .option('--seeds <n>', 'how many seeds; the matrix that is kept has one', integer(1, 1_000), 1)
  .option('--jobs <n>', 'how many processes at once', integer(1, 256), availableParallelism())
  .parse()
  .opts<{ check?: boolean; only?: string[]; part?: Part; seeds: number; jobs: number }>();

const settings: Settings = { seeds: Array.from({ length: seeds }, (_, i) => 1 + i * 104_729), runs: 100, patienceMs: 300 };

// A whole run does not depend on the matrix that is kept, nor on whether it can be read; any other finds out before it begins.
const isWhole = !check && only === undefined && part === undefined;
const before = !isWhole && existsSync(kept) ? (matrixSchema.parse(JSON.parse(readFileSync(kept, 'utf8'))) as Matrix) : undefined;

// Registries that are not broken first, with the same settings: what accuses them, or has put nothing of them to the test, has killed nobody.
const passed = new Set<string>();
for (const seed of settings.seeds) {
  for (const unbroken of conformant) {
    // What is said of lists that take their time can be put to the test only where they do.
    const only = [...(unbroken === conformant[0] ? judgedBy('core', ['MODEL-1']) : []), ...judgedBy('concurrent', ['LST-1'])];
    const { counts, verdict, requirements } = await verify(unbroken, { ...settings, seed, only });
    if (counts.failed + counts.warnings + counts.inconclusive > 0) throw new Error(`${unbroken.name} is not broken, and is ${verdict} (seed ${seed}): whatever else fails says nothing`);
    for (const { id, checks } of requirements) for (const check of checks) if (check.status === 'passed') passed.add(id).add(check.title);
  }
}
const confirmed = (row: Row): Row => {
  const by = killer(row);
  return row.fate === 'killed' && !(passed.has(by!.requirement) && passed.has(by!.check)) ? { ...row, fate: 'inconclusive' } : row;
};
console.error(`${conformant.map(({ name }) => name).join(', ')}: pass`);

const revision = currentRevision();
// What was judged before an interruption need not be judged again.
const journal = new Journal<Row & { readonly seeds: number }>(folder, new URL('dist/', root), (row) => `${row.mutant}, ${row.seeds}`);
const judged = new Map([...journal.results.values()].filter((row) => row.seeds === seeds).map(({ seeds: _, ...row }) => [row.mutant, row as Row]));

const mutants = unmeasured.filter(({ id }, i) => (only === undefined || only.includes(id)) && isIn(part, i));
const left = mutants.filter(({ id }) => !judged.has(id));
if (left.length < mutants.length) console.error(`${mutants.length - left.length} were judged before`);
const judgeAll = (some: typeof mutants, processes: number, more: Partial<Settings> = {}): Promise<void> =>
  inProcesses(
    new URL('worker.js', import.meta.url),
    some.map(({ id }) => ({ mutant: id, settings: { ...settings, ...more } })),
    { processes, milliseconds: 120_000 * (1 + seeds) },
    ({ mutant }, reason): Row => ({ mutant, aim: findMutant(mutant)!.breaks[0]!, fate: 'inconclusive', failed: [{ requirement: '', check: '', message: reason }], escapes: [] }),
    (verdict) => {
      const row = { ...confirmed(verdict), revision };
      judged.set(row.mutant, row);
      journal.add({ ...row, seeds });
      console.error(`${String(judged.size).padStart(4)}/${mutants.length} ${row.fate.padEnd(12)} ${row.mutant}${row.seconds === undefined ? '' : ` (${row.seconds.toFixed(2)} s)`}`);
    },
  );
await judgeAll(left, jobs);
// Overlap is searched for as long as there is time, of which a machine that does several things at once has less: what was missed so is
// tried once more, by itself and for longer. What was found for the wrong reason stays found.
const missed = mutants.filter(({ id, profile }) => profile === 'concurrent' && ['survived', 'inconclusive'].includes(judged.get(id)!.fate));
if (missed.length > 0) console.error(`once more, by themselves: ${missed.map(({ id }) => id).join(', ')}`);
await judgeAll(missed, 1, { runs: 6 * settings.runs, operations: 10 * defaults.operations });

const matrix: Matrix = { settings, rows: mutants.map(({ id }) => judged.get(id)!) };
const others = unmeasured.filter((mutant) => !mutants.includes(mutant));
const wrong = faults(matrix, check ? before : undefined).filter((fault) => !others.some(({ id }) => fault.startsWith(`${id}: `)));
if (!check) {
  const latest = withLatest(before, matrix);
  if (latest.rows.length === unmeasured.length) {
    writeText(kept, `${JSON.stringify(latest, undefined, 1)}\n`);
    writeText(page, matrixPage(latest));
  } else console.error(`not written: ${unmeasured.length - latest.rows.length} other mutants have not been judged with these settings`);
}
for (const fault of wrong) console.error(fault);
console.log(`${matrix.rows.filter(({ fate }) => fate === 'killed').length} of ${matrix.rows.length} killed, ${wrong.length} faults`);
process.exitCode = wrong.length > 0 ? 1 : 0;

function parseIds(value: string): string[] {
  const ids = value.split(',').filter((id) => id !== '');
  const wrong = ids.find((id) => !unmeasured.some((mutant) => mutant.id === id));
  if (wrong !== undefined) throw new InvalidArgumentError(`there is no mutant ${wrong}; docs/kill-matrix.md lists them.`);
  return ids;
}
