import { figure } from './measurement.js';

/*
 * Whose fault lateness is. What the machine took away while a call was under way may be taken off its latency: what remains is the least
 * that the registry can have taken, as what was measured is the most. A registry passes only by the most and fails only by the least.
 */

/** Which share of its time the null run must have lost for the machine to count as busy. */
const busyFrom = 0.01;

export interface Side {
  readonly elapsedMs: number;
  readonly stolenMs: number;
}

export const stolenShare = (sides: readonly Side[]): number => sides.reduce((sum, { stolenMs, elapsedMs }) => sum + Math.min(stolenMs, elapsedMs), 0) / Math.max(1e-9, sides.reduce((sum, { elapsedMs }) => sum + elapsedMs, 0));

/**
 * Whether anything may be laid to the machine. If it let the null run have all its time, between the very same blocks, then what is
 * missing from the registry's has been slept away by the registry.
 */
export const isBusy = (nullRun: readonly Side[]): boolean => stolenShare(nullRun) >= busyFrom;

/**
 * Which share of its time the null run may lose at most for anybody to be accused of being slow. What the machine took can be taken off,
 * but not what follows from it: calls that were delayed delay those behind them even when the others are gone, caches are theirs by then, and
 * a registry in a process of its own has lost what nobody here can see.
 */
const mostStolen = 0.1;

/** Why nobody can be accused of being slow, if that is so. */
export function tooBusy(nullRun: readonly Side[]): string | undefined {
  const stolen = stolenShare(nullRun);
  return stolen <= mostStolen ? undefined : `others on the machine took ${figure(100 * stolen)} % of the null run's time`;
}

/** The least share of the load that the null run has to achieve. */
export const leastAchieved = 0.99;
