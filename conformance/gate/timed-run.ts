import { randomFrom } from '../schedules/choosers.js';
import { logRatio, measureRound, type Arm, type RoundOptions, type Sized, type Times } from './rounds.js';
import { judge, type Judgement, type Ratios, type Rule } from './verdict.js';

export interface TimedRunOptions extends Pick<RoundOptions, 'blocks' | 'warmUpMs' | 'signal' | 'start'> {
  readonly baseline: string;
  /** Whom to compare with the baseline: one, but for whoever tests the gate itself. */
  readonly candidates: readonly Arm[];
  readonly workloads: readonly Sized[];
  /** The planted slowdown that a run must see: a multiple of 1/20. */
  readonly planted: number;
  /** Process pairs: at least, and at most where the controls need more. */
  readonly rounds: number;
  readonly maxRounds: number;
  /** Milliseconds that batches are made to last, and that each must last, or its round does not count. */
  readonly batchMs: number;
  readonly leastBatchMs: number;
  readonly rule: Rule;
  readonly seed: number;
  readonly onRound?: (round: number, workloads: number) => void;
}

/** What a run has measured of a workload: the times of each round, and what is to be made of each candidate. */
export interface TimedRun {
  readonly workload: string;
  /** {@link Sized.size} in the last round. */
  readonly size: number;
  readonly times: readonly Times[];
  readonly judgements: ReadonlyMap<string, Judgement>;
}

/**
 * The baseline is there a second time for the controls, so that a control that is fulfilled by chance favours neither verdict.
 */
const controls = (module: string, planted: number): readonly Arm[] => [
  { name: 'baseline', module },
  { name: 'control', module },
  { name: 'planted', module, planted },
];

export const ratiosOf = (times: readonly Times[], candidate: string): Ratios => ({
  candidate: times.map((one) => logRatio(one, candidate, 'baseline')),
  same: times.map((one) => logRatio(one, 'control', 'baseline')),
  planted: times.map((one) => logRatio(one, 'planted', 'control')),
});

/**
 * Rounds for all workloads, and more of them for those whose controls are not what they must be: how a candidate does is not looked at.
 * A round with a batch that was too short does not count, and the next has more to do; if even the shortest was far too long, it has less.
 */
export async function timedRun({ baseline, candidates, workloads, planted, rounds, maxRounds, batchMs, leastBatchMs, rule, seed, onRound, ...how }: TimedRunOptions): Promise<TimedRun[]> {
  const random = randomFrom(seed);
  const arms = [...candidates, ...controls(baseline, planted)];
  const runs = workloads.map((sized) => ({ sized, times: [] as Times[] }));
  const judged = (times: readonly Times[], candidate: string): Judgement => {
    const judgement = judge(ratiosOf(times, candidate), rule, randomFrom(seed));
    return times.length >= rounds ? judgement : { ...judgement, verdict: 'invalid', reason: `only ${times.length} of ${rounds} rounds had batches of at least ${leastBatchMs} ms` };
  };
  let left = runs;
  for (let round = 1; left.length > 0 && round <= 2 * maxRounds; round++) {
    onRound?.(round, left.length);
    const found = await measureRound({ ...how, arms, workloads: left.map(({ sized }) => sized), random });
    for (const one of left) {
      const times = found[one.sized.workload]!;
      const shortest = Math.min(...Object.values(times).flat());
      if (!(shortest < leastBatchMs)) one.times.push(times);
      if (shortest < leastBatchMs || shortest > 3 * batchMs) one.sized = resized(one.sized, batchMs / shortest);
    }
    left = left.filter(({ times }) => times.length < rounds || (times.length < maxRounds && judged(times, candidates[0]!.name).verdict === 'invalid'));
  }
  return runs.map(({ sized, times }) => ({ workload: sized.workload, size: sized.size, times, judgements: new Map(candidates.map(({ name }) => [name, judged(times, name)])) }));
}

/** A single batch, which may be a fault of the clock, makes it neither larger nor smaller than twice. */
const resized = ({ size, ...rest }: Sized, by: number): Sized => ({ ...rest, size: Math.ceil(size * Math.min(2, Math.max(0.5, by))) });
