import { randomFrom } from '../schedules/choosers.js';
import { logRatio, measureRound, type Arm, type RoundOptions, type Sized, type Times } from './rounds.js';
import { judge, type Judgement, type Ratios, type Rule } from './verdict.js';

export interface TimedRunOptions extends Pick<RoundOptions, 'blocks' | 'warmUpMs' | 'signal' | 'script'> {
  readonly baseline: string;
  /** Whom to compare with the baseline: one, but for whoever tests the gate itself. */
  readonly candidates: readonly Arm[];
  readonly workloads: readonly Sized[];
  /** The planted slowdown that a run must see: a multiple of 1/20. */
  readonly planted: number;
  /** Process pairs: at least, and at most where the controls need more. */
  readonly rounds: number;
  readonly maxRounds: number;
  readonly rule: Rule;
  readonly seed: number;
  readonly onRound?: (round: number, workloads: number) => void;
}

/** What a run has measured of a workload: the times of each round, and what is to be made of each candidate. */
export interface TimedRun {
  readonly workload: string;
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

/** Rounds for all workloads, and more of them for those whose controls are not what they must be: how a candidate does is not looked at. */
export async function timedRun({ baseline, candidates, workloads, planted, rounds, maxRounds, rule, seed, onRound, ...how }: TimedRunOptions): Promise<TimedRun[]> {
  const random = randomFrom(seed);
  const arms = [...candidates, ...controls(baseline, planted)];
  const times = new Map(workloads.map(({ workload }) => [workload, [] as Times[]]));
  const judged = (workload: string, candidate: string): Judgement => judge(ratiosOf(times.get(workload)!, candidate), rule, randomFrom(seed));
  let left = workloads;
  for (let round = 1; left.length > 0 && round <= maxRounds; round++) {
    onRound?.(round, left.length);
    const found = await measureRound({ ...how, arms, workloads: left, random });
    for (const { workload } of left) times.get(workload)!.push(found[workload]!);
    if (round >= rounds) left = left.filter(({ workload }) => judged(workload, candidates[0]!.name).verdict === 'invalid');
  }
  return workloads.map(({ workload }) => ({ workload, times: times.get(workload)!, judgements: new Map(candidates.map(({ name }) => [name, judged(workload, name)])) }));
}
