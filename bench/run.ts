import { Bench } from 'tinybench';

/** Prepares what is measured; called when its scenario's turn has come, so that memory is needed for one scenario only. */
export type Variant = () => Promise<Prepared | Elsewhere>;

export interface Prepared {
  /** Called before each call, untimed: fresh ids, for example. */
  readonly before?: () => unknown;
  readonly run: () => unknown;
}

/** Another program, which measures itself when it is asked to. */
export interface Elsewhere {
  /** Nanoseconds per operation, measured for so many milliseconds. */
  readonly measure: (ms: number) => Promise<number>;
}

/** What is compared: variants that do the same work. The first is what the others are measured against. */
export interface Scenario {
  readonly name: string;
  /** Scenarios that differ in size alone are of one group; `at` is the size. */
  readonly group: string;
  readonly at?: number;
  /** How many operations one call of a variant makes. */
  readonly batch: number;
  readonly variants: Readonly<Record<string, Variant>>;
}

/** What came out over the rounds of one run. */
export interface Spread {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

/** Nanoseconds per operation. */
export interface Figure extends Spread {
  readonly scenario: string;
  readonly group: string;
  readonly at?: number;
  readonly variant: string;
  /** To the first variant in the same round. */
  readonly ratio?: Spread;
}

/**
 * Runs the variants of each scenario in turn, round after round, there and back: machines slow down and speed up by the minute, and a
 * ratio within a round does not mind. tinybench does not interleave, so each turn is a run of its own.
 */
export async function runScenarios(scenarios: readonly Scenario[], { rounds, ms, onProgress }: { readonly rounds: number; readonly ms: number; readonly onProgress?: (scenario: string) => void }): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const { name, group, at, batch, variants } of scenarios) {
    onProgress?.(name);
    const names = Object.keys(variants);
    const perOperation = new Map<string, number[]>(names.map((variant) => [variant, []]));
    const prepared = new Map<string, Prepared | Elsewhere>();
    for (const variant of names) prepared.set(variant, await variants[variant]!());
    for (let round = 0; round < rounds; round++) {
      for (const variant of round % 2 === 0 ? names : [...names].reverse()) {
        const one = prepared.get(variant)!;
        perOperation.get(variant)!.push('measure' in one ? await one.measure(ms) : (await timed(one, ms, round === 0)) / batch);
      }
    }
    const first = perOperation.get(names[0]!)!;
    for (const [variant, own] of perOperation) {
      const ratio = own === first ? {} : { ratio: spread(own.map((value, round) => value / first[round]!)) };
      figures.push({ scenario: name, group, ...(at !== undefined && { at }), variant, ...spread(own), ...ratio });
    }
  }
  return figures;
}

/** Nanoseconds that a call takes, the median. */
async function timed({ before, run }: Prepared, ms: number, warmup: boolean): Promise<number> {
  const bench = new Bench({ time: ms, iterations: 3, warmup, warmupTime: ms, warmupIterations: 3, throws: true });
  bench.add('it', run, before === undefined ? {} : { beforeEach: async () => void (await before()) });
  await bench.run();
  const { result } = bench.tasks[0]!;
  if (result.state !== 'completed') throw new Error(`measuring ended as ${result.state}`);
  return result.latency.p50 * 1e6;
}

export function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  return { median: sorted[Math.floor(sorted.length / 2)]!, low: sorted[0]!, high: sorted.at(-1)! };
}
