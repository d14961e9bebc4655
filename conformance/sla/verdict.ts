/**
 * What a measurement says of a limit. *Pass* and *fail* are said only where chance and the machine have been ruled out. *Undecided*: the
 * figures are too close to the limit, or too few. *Invalid*: the run has measured the machine or the generator, and says nothing of the
 * registry.
 */
export type Verdict = 'pass' | 'fail' | 'undecided' | 'invalid';

/** How sure each side of a verdict is: a registry exactly at its limit passes, or fails, once in twenty runs at most. */
export const risk = 0.05;

/** What several parts of one requirement come to: whatever fails makes it fail, and it passes only if all of it does. */
export function together(verdicts: readonly Verdict[]): Verdict {
  for (const one of ['fail', 'invalid', 'undecided'] as const) if (verdicts.includes(one)) return one;
  return verdicts.length === 0 ? 'undecided' : 'pass';
}

/** The verdict on a figure of which an interval is known: only where the whole of it is on one side of the limit can anything be said. */
export function against({ low, high }: Interval, relation: Relation, limit: number): Verdict {
  const holds = (value: number): boolean => (relation === '>=' ? value >= limit : relation === '<' ? value < limit : value <= limit);
  const [least, most] = [holds(low), holds(high)];
  return least && most ? 'pass' : least || most ? 'undecided' : 'fail';
}

/** Between which values a figure is. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

export type Relation = '<' | '<=' | '>=';
