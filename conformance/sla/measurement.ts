import type { RequirementId } from '../../spec/index.js';
import type { Measurement } from '../report/result.js';
import type { Verdict } from './verdict.js';

/** What one measurement says of one requirement. */
export interface Measured {
  readonly requirement: RequirementId;
  /** What was measured. */
  readonly title: string;
  readonly measurement: Measurement;
  /** Why it is undecided or invalid, or what is wrong. */
  readonly reason?: string;
}

/** A requirement that was not measured, and why. */
export interface Unmeasured {
  readonly requirement: RequirementId;
  readonly title: string;
  readonly untested: string;
}

/** JSON knows no infinity. */
export const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);

/** A figure for people: three digits are more than any of them is good for. */
export function figure(value: number | null, unit = ''): string {
  if (value === null) return 'unknown';
  const text = value !== 0 && Math.abs(value) < 0.001 ? value.toExponential(1) : Math.abs(value) >= 1_000 ? Math.round(value).toLocaleString('en') : String(Number(value.toPrecision(3)));
  return unit === '' ? text : `${text} ${unit}`;
}

export const isMeasured = (one: Measured | Unmeasured): one is Measured => 'measurement' in one;

export type { Measurement, Verdict };
