import { z } from 'zod';
import { keyOf, type Judged, type Mutant } from './mutants.js';
import type { Excused } from './survivors.js';

const mutant = z.object({ file: z.string(), line: z.string(), from: z.string(), to: z.string() });

/** What is kept of the last run of each part. */
export const figuresSchema = z.record(
  z.string(),
  z.object({
    tool: z.string(),
    /** The files as they were, by their digests. */
    files: z.record(z.string(), z.object({ digest: z.string(), mutants: z.number(), killed: z.number() })),
    timedOut: z.array(mutant),
    survived: z.array(mutant),
    /** Those among the survivors that no test even ran. */
    uncovered: z.number(),
  }),
);

export type Figures = Readonly<z.infer<typeof figuresSchema>>;
export type PartFigures = Figures[string];

export function figuresOf(tool: string, mutants: readonly Judged[], digestOf: (file: string) => string): PartFigures {
  const those = (...fates: Judged['fate'][]): Mutant[] => mutants.filter(({ fate }) => fates.includes(fate)).map(({ file, line, from, to }) => ({ file, line, from, to }));
  const valid = mutants.filter(({ fate }) => fate !== 'invalid');
  return {
    tool,
    files: Object.fromEntries(
      [...new Set(valid.map(({ file }) => file))].map((file) => {
        const own = valid.filter((one) => one.file === file);
        return [file, { digest: digestOf(file), mutants: own.length, killed: own.filter(({ fate }) => fate === 'killed').length }];
      }),
    ),
    timedOut: those('timed out'),
    survived: those('survived', 'no coverage'),
    uncovered: those('no coverage').length,
  };
}

const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);

export interface Score {
  readonly mutants: number;
  readonly killed: number;
  readonly timedOut: number;
  readonly survived: number;
  readonly uncovered: number;
  /** Percent of the mutants that were noticed, by a test that fails or by one that never ends. */
  readonly percent: number;
}

export function scoreOf({ files, timedOut, survived, uncovered }: PartFigures): Score {
  const mutants = sum(Object.values(files).map((file) => file.mutants));
  const killed = sum(Object.values(files).map((file) => file.killed));
  return { mutants, killed, timedOut: timedOut.length, survived: survived.length - uncovered, uncovered, percent: (100 * (killed + timedOut.length)) / mutants };
}

export interface Difference {
  /** Survive, and nobody has said why that is right. */
  readonly unexcused: readonly Mutant[];
  /** Listed as survivors of a file that was tested, and neither survive nor time out: what is only slower does the one or the other. */
  readonly stale: readonly Excused[];
}

/** The survivors beside the list of those that have a reason. The same change in the same line may occur several times. */
export function compare({ files, survived, timedOut }: PartFigures, excused: readonly Excused[]): Difference {
  const slow = new Set(timedOut.map(keyOf));
  const open = new Map<string, number>();
  for (const one of survived) open.set(keyOf(one), (open.get(keyOf(one)) ?? 0) + 1);
  const stale = excused.filter((one) => {
    const left = open.get(keyOf(one)) ?? 0;
    open.set(keyOf(one), left - 1);
    return files[one.file] !== undefined && left <= 0 && !slow.has(keyOf(one));
  });
  const unexcused = survived.filter((one) => {
    const left = open.get(keyOf(one))!;
    open.set(keyOf(one), left - 1);
    return left > 0;
  });
  return { unexcused, stale };
}
