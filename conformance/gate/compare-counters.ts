import type { Counters } from './counters.js';
import type { Verdict } from './verdict.js';

/** A counter of a workload that is not what it was. */
export interface CounterChange {
  readonly workload: string;
  readonly counter: string;
  readonly baseline: number | undefined;
  readonly candidate: number | undefined;
  /** More is worse: nobody needs to measure it. What is only there in one of them can be neither. */
  readonly verdict: 'more' | 'fewer' | 'incomparable';
  /** It was said that this one is meant to change. */
  readonly accepted: boolean;
}

/** Counted twice in each build, in processes of their own. */
export interface Counted {
  readonly baseline: readonly [Counters, Counters];
  readonly candidate: readonly [Counters, Counters];
}

export interface CounterFinding {
  readonly compared: number;
  readonly changes: readonly CounterChange[];
  /** Not the same twice in the baseline: no counter, and nothing can be said of it. */
  readonly uncountable: readonly string[];
  /** The same twice in the baseline, and no longer in the candidate. */
  readonly unsteady: readonly string[];
}

/** Compares for equality. A counter that differs from itself in the baseline is no counter, and is left out. */
export function compareCounters(counted: Readonly<Record<string, Counted>>, accepted: ReadonlySet<string> = new Set()): CounterFinding {
  const changes: CounterChange[] = [];
  const uncountable: string[] = [];
  const unsteady: string[] = [];
  let compared = 0;
  for (const [workload, { baseline, candidate }] of Object.entries(counted)) {
    for (const counter of new Set([...baseline, ...candidate].flatMap((one) => Object.keys(one)))) {
      const name = `${workload}/${counter}`;
      const [before, after] = [baseline[0][counter], candidate[0][counter]];
      if (baseline[1][counter] !== before) {
        uncountable.push(name);
        continue;
      }
      if (candidate[1][counter] !== after) {
        unsteady.push(name);
        continue;
      }
      compared++;
      if (before === after) continue;
      const verdict = before === undefined || after === undefined ? 'incomparable' : after > before ? 'more' : 'fewer';
      changes.push({ workload, counter, baseline: before, candidate: after, verdict, accepted: accepted.has(name) || accepted.has(counter) });
    }
  }
  return { compared, changes, uncountable, unsteady };
}

/** More is a regression, unless it is meant; what cannot be compared any more cannot be passed either. */
export function judgeCounters({ compared, changes, unsteady }: CounterFinding): Verdict {
  const unmeant = changes.filter(({ accepted }) => !accepted);
  if (unmeant.some(({ verdict }) => verdict === 'more')) return 'regression';
  if (unsteady.length > 0 || unmeant.some(({ verdict }) => verdict === 'incomparable')) return 'undecided';
  return compared === 0 ? 'invalid' : 'pass';
}
