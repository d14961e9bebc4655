import type { Random } from '../schedules/choosers.js';
import { bootstrapMedian, type Interval } from './statistics.js';

/** Natural logarithms of ratios of times, one for each round: a round has fresh processes of all that is compared. */
export interface Ratios {
  /** Candidate to baseline. */
  readonly candidate: readonly number[];
  /** Baseline to baseline: what the gate shows where there is nothing to show. */
  readonly same: readonly number[];
  /** Baseline with a planted slowdown to baseline: what it shows where there is something. */
  readonly planted: readonly number[];
}

/** What a run says of a workload. */
export type RunVerdict = 'slower' | 'not slower' | 'undecided' | 'invalid';

export interface Judgement {
  readonly verdict: RunVerdict;
  readonly candidate: Interval;
  readonly same: Interval;
  readonly planted: Interval;
  /** Why it is invalid. */
  readonly reason?: string;
}

/** What is called a regression. */
export interface Rule {
  /** A slowdown that is let through, as a fraction: 0.05. */
  readonly floor: number;
  readonly confidence: number;
}

/**
 * Judges one run. The candidate is slower if the whole interval is above the floor. The controls are judged first: two processes of
 * the same build must not differ, which they do if the interval leaves out zero by a bias that is worth half of the floor; and the
 * planted slowdown must be called slower by the rule that the candidate is judged by. Otherwise the run says nothing.
 */
export function judge(ratios: Ratios, { floor, confidence }: Rule, random: Random): Judgement {
  const [candidate, same, planted] = [ratios.candidate, ratios.same, ratios.planted].map((values) => bootstrapMedian(values, random, { confidence })) as [Interval, Interval, Interval];
  const intervals = { candidate, same, planted };
  const limit = Math.log1p(floor);
  if (Object.values(ratios).flat().some((value) => !Number.isFinite(value))) return { ...intervals, verdict: 'invalid', reason: 'a time was no time: the clock of this machine cannot be relied upon' };
  const differs = (same.low > 0 || same.high < 0) && Math.abs(same.median) > limit / 2;
  if (differs) return { ...intervals, verdict: 'invalid', reason: `the baseline differs from itself by ${percent(same.median)}` };
  if (planted.low <= limit) return { ...intervals, verdict: 'invalid', reason: `the planted slowdown is not seen: ${percent(planted.low)} to ${percent(planted.high)}` };
  return { ...intervals, verdict: candidate.low > limit ? 'slower' : candidate.high <= limit ? 'not slower' : 'undecided' };
}

/** What is said of a workload in the end. */
export type Verdict = 'pass' | 'undecided' | 'regression' | 'invalid';

/** A slowdown must be there again in a second run, with other processes. */
export function recurring(first: RunVerdict, second: RunVerdict | undefined): Verdict {
  if (first === 'invalid' || first === 'undecided') return first;
  if (first === 'not slower') return 'pass';
  if (second === undefined || second === 'invalid') return 'invalid';
  return second === 'slower' ? 'regression' : 'undecided';
}

/** Of several, the one that counts: a regression has its own controls, and is one whatever became of the rest. */
export function worst(verdicts: readonly Verdict[]): Verdict {
  return (['regression', 'invalid', 'undecided'] as const).find((one) => verdicts.includes(one)) ?? 'pass';
}

/** A logarithm of a ratio, as people say it: +10.0 %. */
export function percent(logRatio: number): string {
  const value = 100 * Math.expm1(logRatio);
  return `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(1)} %`;
}
