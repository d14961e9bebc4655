import { adapter } from '../conformance/adapters/sharded-registry.js';
import { Exhaustive } from '../conformance/schedules/exhaustive.js';
import type { ProgramSize } from '../conformance/schedules/program.js';
import { searchSchedules } from '../conformance/schedules/search-schedules.js';
import { run, type Step, type World } from '../conformance/schedules/world.js';

/** How many schedules are run to their end in a second. */
export interface ScheduleFigure {
  readonly what: string;
  /** How many in one round. */
  readonly schedules: number;
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

interface Case {
  readonly what: string;
  /** Runs schedules, and gives how many. */
  readonly run: (seed: number) => number | Promise<number>;
}

/**
 * The scheduler by itself, and with our registry, as `verify` runs it: programs made up, half of their schedules in order and half at
 * random, the history of each recorded and judged together with a look at every name afterwards, and calls that are never answered.
 */
export async function benchSchedules({ rounds, ms }: { readonly rounds: number; readonly ms: number }): Promise<ScheduleFigure[]> {
  const [two, three]: readonly ProgramSize[] = [{ clients: 2, operations: 2 }, { clients: 3, operations: 3 }];
  const programs = Math.max(1, Math.round(ms));
  const cases: readonly Case[] = [
    { what: 'the scheduler by itself, 2 threads of 2 steps', run: () => schedulerAlone(ms * 1_000) },
    { what: 'our registry, 2 clients with up to 2 operations', run: (seed) => ourRegistry([two!], programs, seed) },
    { what: 'our registry, 3 clients with up to 3 operations', run: (seed) => ourRegistry([three!], programs, seed) },
    { what: 'our registry, both in turns', run: (seed) => ourRegistry([three!, two!], programs, seed) },
  ];
  const rates = cases.map((): number[] => []);
  const counts = cases.map(() => 0);
  // The first round warms up.
  for (let round = 0; round <= rounds; round++) {
    for (const [i, one] of cases.entries()) {
      const started = performance.now();
      counts[i] = await one.run(round);
      if (round > 0) rates[i]!.push(counts[i]! / ((performance.now() - started) / 1_000));
    }
  }
  return cases.map(({ what }, i) => {
    const sorted = rates[i]!.sort((a, b) => a - b);
    return { what, schedules: counts[i]!, median: sorted[sorted.length >> 1]!, low: sorted[0]!, high: sorted.at(-1)! };
  });
}

/** All six schedules of two threads of two steps, again and again. */
function schedulerAlone(least: number): number {
  let count = 0;
  while (count < least) {
    const chooser = new Exhaustive();
    for (; chooser.advance(); count++) if (run(new Threads(2, 2), chooser) !== true) throw new Error('a schedule did not come to its end');
  }
  return count;
}

async function ourRegistry(sizes: readonly ProgramSize[], programs: number, seed: number): Promise<number> {
  const { schedules, counterexamples, inconclusive } = await searchSchedules(adapter, { seed, programs, patienceMs: 2_000, sizes });
  if (counterexamples.length > 0 || inconclusive !== undefined) throw new Error(`our registry is right, and was found to be wrong: ${inconclusive ?? counterexamples[0]!.violation.message}`);
  return schedules;
}

/** Threads that take so many steps each, which do nothing. */
class Threads implements World {
  readonly #left: number[];
  readonly #steps: readonly Step[];

  constructor(threads: number, steps: number) {
    this.#left = Array.from({ length: threads }, () => steps);
    this.#steps = this.#left.map((_, thread) => ({ thread, label: 'goes on' }));
  }

  enabled(): readonly Step[] {
    return this.#steps.filter(({ thread }) => this.#left[thread]! > 0);
  }

  take({ thread }: Step): void {
    this.#left[thread]!--;
  }
}
