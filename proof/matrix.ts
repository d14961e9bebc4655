import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { findMutant, unmeasured } from './catalogue.js';
import { killer, type Row, type Settings } from './kill.js';

const fate = z.enum(['killed', 'wrong reason', 'survived', 'inconclusive']);
const failed = z.array(z.object({ requirement: z.string(), check: z.string(), message: z.string() }));

/** The kill matrix as it is kept: what is compared from one run to the next, and how long it took. */
export const matrixSchema = z.object({
  settings: z.object({ seeds: z.array(z.number()), runs: z.number(), patienceMs: z.number() }),
  rows: z.array(
    z.object({
      mutant: z.string(),
      aim: z.string(),
      fate,
      failed,
      operations: z.number().optional(),
      seconds: z.number().optional(),
      steps: z.number().optional(),
      revision: z.string().optional(),
      escapes: z.array(z.object({ seed: z.number(), fate, failed })),
    }),
  ),
});

export interface Matrix {
  readonly settings: Settings;
  readonly rows: readonly Row[];
}

/** The matrix that is kept, with what is known better by now: other rows stay if they were judged alike, and their mutants are still in the catalogue. */
export function withLatest(kept: Matrix | undefined, { settings, rows }: Matrix): Matrix {
  const latest = new Map([...(isDeepStrictEqual(kept?.settings, settings) ? kept!.rows : []), ...rows].map((row) => [row.mutant, row]));
  return { settings, rows: unmeasured.flatMap(({ id }) => latest.get(id) ?? []) };
}

/** Mutants that are known to survive, and why that is right. */
export const survivors: Readonly<Record<string, string>> = {};

/** What is wrong with a matrix: mutants not killed without a reason, and, beside the one that is kept, what has changed. */
export function faults(matrix: Matrix, kept: Matrix | undefined): string[] {
  const faults: string[] = [];
  const rows = new Map(matrix.rows.map((row) => [row.mutant, row]));
  for (const { id } of unmeasured) {
    const row = rows.get(id);
    if (row === undefined) faults.push(`${id}: was not judged`);
    else if (survivors[id] === undefined) {
      if (row.fate !== 'killed') faults.push(`${id}: ${told(row)}`);
      for (const { seed, ...escape } of row.escapes) faults.push(`${id}: with seed ${seed} ${told(escape)}`);
    } else if (row.fate === 'killed' && row.escapes.length === 0) faults.push(`${id}: is killed, and listed as a survivor`);
  }
  if (kept === undefined) return faults;
  const before = new Map(kept.rows.map((row) => [row.mutant, row]));
  for (const row of matrix.rows) {
    const was = before.get(row.mutant);
    if (was === undefined) faults.push(`${row.mutant}: is not in the matrix that is kept: run \`npm run kill-matrix\``);
    else if (named(was) !== named(row)) faults.push(`${row.mutant}: is killed otherwise than before:\n    before ${named(was)}\n    now    ${named(row)}`);
  }
  for (const { mutant } of kept.rows) if (!rows.has(mutant)) faults.push(`${mutant}: is in the matrix that is kept, and no more in the catalogue`);
  return faults;
}

const told = ({ fate, failed }: Pick<Row, 'fate' | 'failed'>): string => `${fate}${failed.map(({ requirement, message }) => `; ${requirement}: ${message}`).join('')}`;

/**
 * What must stay the same: the fate, and the check by which it was found out, with its message. Faults of overlap are searched for as
 * long as there is time: which search meets one first differs from machine to machine.
 */
function named(row: Row): string {
  const found = killer(row) ?? row.failed[0];
  if (row.fate === 'killed' && findMutant(row.mutant)?.profile === 'concurrent') return `killed: ${row.aim}`;
  return `${row.fate}: ${found === undefined ? 'nothing' : `${found.requirement}, ${found.check}: ${found.message}`}`;
}
