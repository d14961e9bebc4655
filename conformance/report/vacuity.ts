import type { CheckResult } from './result.js';

/**
 * What a check comes to that found nothing wrong. It has passed only if what it is about has come about, and something was then
 * expected of it: a registry in which nothing ever happens breaks nothing, and that is no merit.
 */
export function unlessVacuous({ evidence, situation }: Pick<CheckResult, 'evidence' | 'situation'>): Pick<CheckResult, 'status' | 'reason'> {
  if (situation.occurred === 0) return { status: 'inconclusive', reason: `its situation never came about: ${situation.what}` };
  return evidence > 0 ? { status: 'passed' } : { status: 'inconclusive', reason: 'nothing was put to the test' };
}
