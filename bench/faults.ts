import type { ConcurrentProgram } from '../conformance/schedules/program.js';
import { searchSchedules } from '../conformance/schedules/search-schedules.js';
import { overlappingMutants } from '../conformance/testing/overlapping-mutants.js';

/** How surely a planted fault is found that shows only when operations overlap. */
export interface FaultFigure {
  readonly fault: string;
  readonly breaks: string;
  /** In how many of the seeds it was found, with as many programs as `verify` runs at most. */
  readonly found: number;
  readonly seeds: number;
  /** Seeds in which it was not found. */
  readonly missed: readonly number[];
  /** Schedules that were run until then: median and most. */
  readonly median: number;
  readonly most: number;
  /** Operations of the largest counterexample, what is set up and what is called back included. */
  readonly operations: number;
}

/** `verify` runs the last by default; a search with fewer programs comes to the same as the beginning of one with more. */
const programs = [25, 50, 100, 200, 400, 600];

/** Looks for each planted fault with so many seeds. */
export async function benchFaults({ seeds }: { readonly seeds: number }): Promise<FaultFigure[]> {
  const figures: FaultFigure[] = [];
  for (const { id, breaks: [aim], adapter } of overlappingMutants) {
    const runs: number[] = [];
    const missed: number[] = [];
    let operations = 0;
    for (let i = 0; i < seeds; i++) {
      const seed = 1 + i * 104_729;
      const found = await firstFound(adapter, aim!, seed);
      if (found === undefined) missed.push(seed);
      else runs.push(found.schedules);
      operations = Math.max(operations, found === undefined ? 0 : sizeOf(found.program));
    }
    runs.sort((a, b) => a - b);
    figures.push({ fault: id, breaks: aim!, found: runs.length, seeds, missed, median: runs[runs.length >> 1] ?? 0, most: runs.at(-1) ?? 0, operations });
  }
  return figures;
}

async function firstFound(adapter: (typeof overlappingMutants)[number]['adapter'], breaks: string, seed: number): Promise<{ readonly program: ConcurrentProgram; readonly schedules: number } | undefined> {
  for (const count of programs) {
    const { counterexamples, schedules } = await searchSchedules(adapter, { seed, programs: count, patienceMs: 1_000 });
    const found = counterexamples.find(({ requirement }) => requirement === breaks);
    if (found !== undefined) return { program: found.program, schedules };
  }
  return undefined;
}

const sizeOf = ({ setup, clients, reactions = {}, downReactions = {} }: ConcurrentProgram): number =>
  setup.length + clients.flat().length + Object.keys(reactions).length + Object.keys(downReactions).length;
