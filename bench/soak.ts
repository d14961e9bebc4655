import { adapter } from '../conformance/adapters/sharded-registry.js';
import { randomFrom } from '../conformance/schedules/choosers.js';
import { runProgram } from '../conformance/schedules/overlap.js';
import { randomProgram, type ProgramSize } from '../conformance/schedules/program.js';
import { atRandom, searchSchedules } from '../conformance/schedules/search-schedules.js';

/** What became of our registry under very many schedules. */
export interface SoakFigure {
  readonly what: string;
  readonly programs: number;
  /** Of these, programs of which every schedule was run. */
  readonly exhausted: number;
  readonly schedules: number;
  readonly failed: number;
  readonly seconds: number;
}

const sizes: readonly ProgramSize[] = [{ clients: 2, operations: 3 }, { clients: 3, operations: 2 }];

/** Programs of which no schedule is left out. */
export async function everySchedule({ programs, seed }: { readonly programs: number; readonly seed: number }): Promise<SoakFigure> {
  const began = performance.now();
  // In order for as long as it takes: there is no program of this size with a tenth as many.
  const { exhausted, schedules, counterexamples, inconclusive } = await searchSchedules(adapter, { seed, programs, schedules: 100_000_000, sizes, patienceMs: 2_000 });
  if (inconclusive !== undefined) throw new Error(`nothing can be told: ${inconclusive}`);
  return { what: 'every schedule', programs, exhausted, schedules, failed: counterexamples.length, seconds: (performance.now() - began) / 1_000 };
}

/** So many schedules at random, half of them by priorities (PCT), a hundred of each program. */
export async function randomSchedules({ schedules, seed }: { readonly schedules: number; readonly seed: number }): Promise<SoakFigure> {
  const began = performance.now();
  let [programs, failed] = [0, 0];
  for (let count = 0; count < schedules; programs++) {
    const random = randomFrom(seed + programs);
    const program = { ...randomProgram(random, { clients: 3, operations: 3 }, () => true), early: programs % 5 < 2 };
    for (let i = 0; i < 100 && count < schedules; i++, count++) {
      const run = await runProgram(adapter, program, atRandom(program, random, 2 * i + 1), 2_000);
      if (run?.violation !== undefined || run?.undecided !== undefined) failed++;
    }
  }
  return { what: 'random schedules', programs, exhausted: 0, schedules, failed, seconds: (performance.now() - began) / 1_000 };
}
