import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { Command, InvalidArgumentError } from 'commander';
import { findMutant, unmeasured } from './catalogue.js';
import { judgedBy, killer, type Row, type Settings } from './kill.js';
import { faults, matrixSchema, type Matrix } from './matrix.js';
import { matrixPage } from './page.js';
import { inProcesses } from './pool.js';
import { integer } from '../conformance/cli/integer.js';
import { adapter as unbroken } from '../conformance/adapters/sharded-registry.js';
import { verify } from '../conformance/verify.js';

const root = new URL('../../', import.meta.url);
const kept = new URL('docs/kill-matrix.json', root);
const page = new URL('docs/kill-matrix.md', root);
const folder = new URL('.kill-matrix/', root);

const { check, only, seeds, jobs } = new Command('kill-matrix')
  .description('Runs the kit on every broken registry of the catalogue, and writes who was found out by which check.')
  .option('--check', 'compare with the matrix that is kept, and write nothing; fails on survivors and on drift')
  .option('--only <ids>', 'these mutants only, separated by commas; writes nothing', parseIds)
  .option('--seeds <n>', 'how many seeds; the matrix that is kept has 3', integer(1, 1_000), 3)
  .option('--jobs <n>', 'how many processes at once', integer(1, 256), availableParallelism())
  .parse()
  .opts<{ check?: boolean; only?: string[]; seeds: number; jobs: number }>();

const settings: Settings = { seeds: Array.from({ length: seeds }, (_, i) => 1 + i * 104_729), runs: 100, patienceMs: 300 };

const read = (): Matrix | undefined => (existsSync(kept) ? (matrixSchema.parse(JSON.parse(readFileSync(kept, 'utf8'))) as Matrix) : undefined);

// The unbroken registry first, with the same settings: what accuses it, or has put nothing of it to the test, has killed nobody.
const passed = new Set<string>();
for (const seed of settings.seeds) {
  const { counts, verdict, requirements } = await verify(unbroken, { ...settings, seed, only: judgedBy('concurrent', ['MODEL-1']) });
  if (counts.failed + counts.warnings + counts.inconclusive > 0) throw new Error(`the unbroken registry is ${verdict} (seed ${seed}): whatever else fails says nothing`);
  for (const { id, status, checks } of requirements) if (status === 'passed') for (const check of checks) if (check.status === 'passed') passed.add(id).add(check.title);
}
const confirmed = (row: Row): Row => {
  const by = killer(row);
  return row.fate === 'killed' && !(passed.has(by!.requirement) && passed.has(by!.check)) ? { ...row, fate: 'inconclusive' } : row;
};
console.error('the unbroken registry passes');

// What was judged before an interruption need not be judged again, unless the code has changed since.
mkdirSync(folder, { recursive: true });
const journal = new URL(`${digest(new URL('dist/', root))}-${seeds}.jsonl`, folder);
for (const name of readdirSync(folder)) if (!journal.pathname.endsWith(name)) rmSync(new URL(name, folder));
const judged = new Map(existsSync(journal) ? readFileSync(journal, 'utf8').split('\n').flatMap(rowOf) : []);

const mutants = unmeasured.filter(({ id }) => only === undefined || only.includes(id));
const left = mutants.filter(({ id }) => !judged.has(id));
if (left.length < mutants.length) console.error(`${mutants.length - left.length} were judged before`);
await inProcesses(
  new URL('worker.js', import.meta.url),
  left.map(({ id }) => ({ mutant: id, settings })),
  { processes: jobs, milliseconds: 120_000 * (1 + seeds) },
  ({ mutant }, reason): Row => ({ mutant, aim: findMutant(mutant)!.breaks[0]!, fate: 'inconclusive', failed: [{ requirement: '', check: '', message: reason }], escapes: [] }),
  (verdict) => {
    const row = confirmed(verdict);
    judged.set(row.mutant, row);
    appendFileSync(journal, `${JSON.stringify(row)}\n`);
    console.error(`${String(judged.size).padStart(4)}/${mutants.length} ${row.fate.padEnd(12)} ${row.mutant}${row.seconds === undefined ? '' : ` (${row.seconds.toFixed(2)} s)`}`);
  },
);

const matrix: Matrix = { settings, rows: mutants.map(({ id }) => judged.get(id)!) };
const wrong = faults(matrix, check ? read() : undefined).filter((fault) => only === undefined || only.some((id) => fault.startsWith(`${id}: `)));
if (!check && only === undefined) {
  write(kept, `${JSON.stringify(matrix, undefined, 1)}\n`);
  write(page, matrixPage(matrix));
}
for (const fault of wrong) console.error(fault);
console.log(`${matrix.rows.filter(({ fate }) => fate === 'killed').length} of ${matrix.rows.length} killed, ${wrong.length} faults`);
process.exitCode = wrong.length > 0 ? 1 : 0;

/** All or nothing: an interruption leaves what was there. */
function write(file: URL, text: string): void {
  const beside = new URL(`${file.href}.new`);
  writeFileSync(beside, text);
  renameSync(beside, file);
}

/** A last line that was cut off by an interruption is passed over. */
function rowOf(line: string): [string, Row][] {
  try {
    const row = JSON.parse(line) as Row;
    return [[row.mutant, row]];
  } catch {
    return [];
  }
}

function digest(folder: URL): string {
  const hash = createHash('sha256');
  for (const name of (readdirSync(folder, { recursive: true }) as string[]).filter((one) => one.endsWith('.js')).sort()) hash.update(name).update(readFileSync(new URL(name, folder)));
  return hash.digest('hex').slice(0, 16);
}

function parseIds(value: string): string[] {
  const ids = value.split(',').filter((id) => id !== '');
  const wrong = ids.find((id) => !unmeasured.some((mutant) => mutant.id === id));
  if (wrong !== undefined) throw new InvalidArgumentError(`there is no mutant ${wrong}; docs/kill-matrix.md lists them.`);
  return ids;
}
