import { initialTransition, transition, type AnyMachineSnapshot, type AnyStateMachine } from 'xstate';
import { machines, tables } from '../model/index.js';
import { defaultSize } from '../model/explore/explore.js';
import { Search } from '../model/explore/search.js';
import { SequentialSystem } from '../model/explore/sequential.js';

/** One way of taking transitions of the model, and how fast it is. */
export interface ExploreFigure {
  readonly variant: string;
  /** Per second, the median over the rounds. */
  readonly median: number;
  readonly low: number;
  readonly high: number;
  /** Median over the rounds of the ratio to xstate in the same round. */
  readonly ratio: number;
  readonly statesPerSecond?: number;
  readonly bytesPerState?: number;
}

/**
 * Transitions a second of the sequential model at the default size, with and without symmetry, beside those of xstate asked
 * directly. One transition of the model takes several machines, so the ratio says less than is gained.
 */
export function benchExplore({ rounds, ms }: { rounds: number; ms: number }): ExploreFigure[] {
  const system = new SequentialSystem(defaultSize);
  const explore = (symmetry: boolean) => (): Sample => {
    const search = new Search(system, [], { symmetries: symmetry ? system.symmetries : system.symmetries.slice(0, 1) });
    const started = performance.now();
    // Long enough for the set of visited states to outgrow the caches.
    search.run(ms * 20);
    const seconds = (performance.now() - started) / 1_000;
    return { rate: search.transitions / seconds, states: search.visited.size / seconds, bytes: search.visited.bytes / search.visited.size };
  };
  const variants: Readonly<Record<string, () => Sample>> = { 'xstate, asked directly': () => ({ rate: askXstate(ms * 5) }), 'explore': explore(true), 'explore, names told apart': explore(false) };
  const samples = new Map(Object.keys(variants).map((variant) => [variant, [] as Sample[]]));
  for (let round = 0; round < rounds; round++) for (const [variant, run] of Object.entries(variants)) samples.get(variant)!.push(run());
  const base = samples.get('xstate, asked directly')!;
  return [...samples].map(([variant, own]) => {
    const rates = own.map(({ rate }) => rate);
    return {
      variant,
      median: median(rates),
      low: Math.min(...rates),
      high: Math.max(...rates),
      ratio: median(rates.map((rate, round) => rate / base[round]!.rate)),
      ...(own[0]!.states !== undefined && { statesPerSecond: median(own.map(({ states }) => states!)), bytesPerState: median(own.map(({ bytes }) => bytes!)) }),
    };
  });
}

interface Sample {
  readonly rate: number;
  readonly states?: number;
  readonly bytes?: number;
}

/** Takes transitions of all machines in turn, as a search without tables would have to. */
function askXstate(ms: number): number {
  const runs = (Object.keys(machines) as (keyof typeof machines)[]).map((name) => {
    const machine: AnyStateMachine = machines[name];
    return { machine, events: tables[name].events as readonly { readonly type: string }[], snapshot: initialTransition(machine, undefined)[0] as AnyMachineSnapshot };
  });
  const started = performance.now();
  let asked = 0;
  while (performance.now() - started < ms) {
    for (const run of runs) {
      for (const event of run.events) {
        run.snapshot = transition(run.machine, run.snapshot, event)[0] as AnyMachineSnapshot;
        asked++;
      }
    }
  }
  return asked / ((performance.now() - started) / 1_000);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}
