import { Bench } from 'tinybench';

/** What is compared: variants that do the same work. The first is what the others are measured against. */
export interface Scenario {
  readonly name: string;
  /** How many operations one call of a variant makes. */
  readonly batch: number;
  readonly variants: Readonly<Record<string, () => () => void>>;
  /** Called before each call of a variant, untimed: fresh ids, for example. */
  readonly before?: () => void;
}

/** Nanoseconds per operation, over the rounds of one run. */
export interface Figure {
  readonly scenario: string;
  readonly variant: string;
  readonly median: number;
  readonly low: number;
  readonly high: number;
  /** Median over the rounds of the ratio to the first variant in the same round. */
  readonly ratio: number | undefined;
}

/**
 * Runs the variants of each scenario in turn, round after round: machines slow down and speed up by the minute, and a
 * ratio within a round does not mind.
 */
export async function runScenarios(scenarios: readonly Scenario[], { rounds, ms }: { rounds: number; ms: number }): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const { name, batch, variants, before } of scenarios) {
    const names = Object.keys(variants);
    const perOperation = new Map<string, number[]>(names.map((variant) => [variant, []]));
    const calls = Object.fromEntries(names.map((variant) => [variant, variants[variant]!()]));
    for (let round = 0; round < rounds; round++) {
      for (const variant of names) {
        const bench = new Bench({ time: ms, iterations: 3, warmup: round === 0, warmupTime: ms, throws: true });
        bench.add(variant, calls[variant]!, before === undefined ? {} : { beforeEach: before });
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
      figures.push({ scenario: name, variant, median: median(own), low: Math.min(...own), high: Math.max(...own), ratio: variant === first ? undefined : median(ratios) });
    }
  }
  return figures;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}
