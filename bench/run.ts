import { Bench } from 'tinybench';

/** Prepares what is measured; called when its scenario's turn has come, so that memory is needed for one scenario only. */
export type Variant = () => Promise<Prepared>;

export interface Prepared {
  /** Called before each call, untimed: fresh ids, for example. */
  readonly before?: () => unknown;
  readonly run: () => unknown;
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

/** Nanoseconds per operation, over the rounds of one run. */
export interface Figure {
  readonly scenario: string;
  readonly group: string;
  readonly at?: number;
  readonly variant: string;
  readonly median: number;
  readonly low: number;
  readonly high: number;
  /** Median over the rounds of the ratio to the first variant in the same round. */
  readonly ratio?: number;
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
    const prepared = new Map<string, Prepared>();
    for (const variant of names) prepared.set(variant, await variants[variant]!());
    for (let round = 0; round < rounds; round++) {
      for (const variant of round % 2 === 0 ? names : [...names].reverse()) {
        const { before, run } = prepared.get(variant)!;
        const bench = new Bench({ time: ms, iterations: 3, warmup: round === 0, warmupTime: ms, warmupIterations: 3, throws: true });
        bench.add(variant, run, before === undefined ? {} : { beforeEach: async () => void (await before()) });
        await bench.run();
        const { result } = bench.tasks[0]!;
        if (result.state !== 'completed') throw new Error(`${name}, ${variant}: ${result.state}`);
        perOperation.get(variant)!.push((result.latency.p50 * 1e6) / batch);
      }
    }
    const [first] = names;
    for (const variant of names) {
      const own = perOperation.get(variant)!;
      const ratios = own.map((value, round) => value / perOperation.get(first!)![round]!);
      figures.push({ scenario: name, group, ...(at !== undefined && { at }), variant, median: median(own), low: Math.min(...own), high: Math.max(...own), ...(variant !== first && { ratio: median(ratios) }) });
    }
  }
  return figures;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}
