import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { Command } from 'commander';
import { catalogue, findMutant } from './catalogue.js';
import { Journal, replaceFile } from './journal.js';
import { judgedBy, type Row, type Settings } from './kill.js';
import { faults, matrixSchema, type Matrix } from './matrix.js';
import { matrixPage } from './page.js';
import { inProcesses } from './pool.js';
import { adapter as unbroken } from '../conformance/adapters/sharded-registry.js';
import { verify } from '../conformance/verify.js';

const root = new URL('../../', import.meta.url);
const kept = new URL('docs/kill-matrix.json', root);
const page = new URL('docs/kill-matrix.md', root);
const folder = new URL('.kill-matrix/', root);

const { check, only, jobs } = new Command('kill-matrix')
  .description('Runs the kit on every broken registry of the catalogue, and writes who was found out by which check.')
  .option('--check', 'compare with the matrix that is kept, and write nothing; fails on survivors and on drift')
  .option('--only <ids>', 'these mutants only, separated by commas; writes nothing', (value) => value.split(','))
  .option('--jobs <n>', 'how many processes at once', Number, availableParallelism())
  .parse()
  .opts<{ check?: boolean; only?: string[]; jobs: number }>();

const settings: Settings = { seed: 1, runs: 100, patienceMs: 300 };
const unknown = only?.filter((id) => findMutant(id) === undefined) ?? [];
if (unknown.length > 0) throw new Error(`there is no mutant ${unknown.join(', ')}: conformance/testing has them`);

const read = (): Matrix | undefined => (existsSync(kept) ? (matrixSchema.parse(JSON.parse(readFileSync(kept, 'utf8'))) as Matrix) : undefined);

// The unbroken registry first, with the same settings: what accuses it has killed nobody.
for (const profile of ['core', 'concurrent'] as const) {
  const { counts, verdict } = await verify(unbroken, { ...settings, only: judgedBy(profile, ['MODEL-1']) });
  if (counts.failed + counts.warnings + counts.inconclusive > 0) throw new Error(`the unbroken registry is ${verdict} (${profile}): whatever else fails says nothing`);
}
console.error('the unbroken registry passes');

// What was judged before an interruption need not be judged again.
const journal = new Journal<Row>(folder, new URL('dist/', root), ({ mutant }) => mutant);
const judged = journal.results;

const mutants = catalogue.filter(({ id }) => only === undefined || only.includes(id));
const left = mutants.filter(({ id }) => !judged.has(id));
if (left.length < mutants.length) console.error(`${mutants.length - left.length} were judged before`);
await inProcesses(
  new URL('worker.js', import.meta.url),
  left.map(({ id }) => ({ mutant: id, settings })),
  { processes: jobs, milliseconds: 240_000 },
  ({ mutant }, reason): Row => ({ mutant, fate: 'inconclusive', failed: [{ requirement: '', check: '', message: reason }] }),
  (row) => {
    journal.add(row);
    console.error(`${String(judged.size).padStart(4)}/${mutants.length} ${row.fate.padEnd(12)} ${row.mutant}${row.seconds === undefined ? '' : ` (${row.seconds.toFixed(1)} s)`}`);
  },
);

const matrix: Matrix = { settings, rows: mutants.map(({ id }) => judged.get(id)!) };
const wrong = faults(matrix, check ? read() : undefined).filter((fault) => only === undefined || only.some((id) => fault.startsWith(`${id}:`)));
if (!check && only === undefined) {
  replaceFile(kept, `${JSON.stringify(matrix, undefined, 1)}\n`);
  replaceFile(page, matrixPage(matrix));
}
for (const fault of wrong) console.error(fault);
console.log(`${matrix.rows.filter(({ fate }) => fate === 'killed').length} of ${matrix.rows.length} killed, ${wrong.length} faults`);
process.exitCode = wrong.length > 0 ? 1 : 0;
