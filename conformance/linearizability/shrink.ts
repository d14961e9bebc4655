import { check } from './check.js';
import { isDefinite, type Entry, type History } from './history.js';
import type { Model } from './model.js';
import type { Verdict } from './search.js';

/** How much may be spent on making a history small. */
export interface ShrinkBudget {
  /** Steps of each check; 50,000 unless said. What cannot be judged with them is not left out. */
  readonly steps?: number;
  /** For all of it; 5,000 unless said. What it is then is the result, small or not. */
  readonly milliseconds?: number;
}

/**
 * Makes a violated history small, so that everything in it counts. The first three steps would have left a linearizable history
 * linearizable, so what is violated after them is a fault of the whole:
 *
 * 1. What came after the fault goes: the shortest violated prefix, in which what had not ended is indefinite.
 * 2. Reads go that are not needed: they explain nothing of what others have seen.
 * 3. Of other operations it is taken back, if it is not needed, what is known of them: they may have happened at any time, or never.
 *    They cannot go, or whoever has seen what they did would be accused of it.
 *
 * The last only keeps what has nothing to do with it from being shown:
 *
 * 4. Of those that may have happened at any time, all go that explain nothing: without any one of the operations that are known to
 *    have ended, the others can be explained, and can still if these are gone.
 *
 * So an operation that is not in the result either changed nothing, or may be thought to have happened at any time or never without
 * it making a difference. A history that is not violated, or not known to be, is given back as it is. About O(k log n) checks for k
 * operations that remain.
 */
export function shrink<S, I, O>(model: Model<S, I, O>, history: History<I, O>, { steps = 50_000, milliseconds = 5_000 }: ShrinkBudget = {}): History<I, O> {
  const deadline = performance.now() + milliseconds;
  const judge = (candidate: History<I, O>): Verdict => check(model, candidate, { steps, milliseconds: deadline - performance.now() }).verdict;
  const isViolated = (candidate: History<I, O>): boolean => judge(candidate) === 'violated';
  const isRead = ({ invocation, response }: Entry<I, O>): boolean => model.isRead?.(invocation, response) ?? false;

  const prefix = shortestPrefix([...history].sort((a, b) => a.start - b.start), isViolated);
  const part = model.partition?.(prefix).find(isViolated) ?? prefix;
  // A read of which nothing is known is none.
  let rest = part.filter((entry) => isDefinite(entry) || !isRead(entry));
  const reads = leastOf(rest.filter(isRead), (kept) => isViolated(rest.filter((entry) => !isRead(entry) || kept.has(entry))));
  rest = rest.filter((entry) => !isRead(entry) || reads.has(entry));
  const certain = leastOf(rest.filter((entry) => isDefinite(entry) && !isRead(entry)), (kept) => isViolated(rest.map((entry) => (isRead(entry) || kept.has(entry) ? entry : weakened(entry)))));
  rest = rest.map((entry) => (isRead(entry) || certain.has(entry) ? entry : weakened(entry)));

  const without = (one: Entry<I, O>, all: History<I, O>): History<I, O> => (isRead(one) ? all.filter((entry) => entry !== one) : all.map((entry) => (entry === one ? weakened(entry) : entry)));
  const core = rest.filter(isDefinite);
  const isExplained = (all: History<I, O>): boolean => core.every((one) => judge(without(one, all)) === 'linearizable');
  if (!isExplained(rest)) return rest;
  const explaining = leastOf(rest.filter((entry) => !isDefinite(entry)), (kept) => isExplained(rest.filter((entry) => isDefinite(entry) || kept.has(entry))));
  return rest.filter((entry) => isDefinite(entry) || explaining.has(entry));
}

const weakened = <I, O>(entry: Entry<I, O>): Entry<I, O> => ({ ...entry, response: undefined, end: Infinity });

/** Takes away from all, by halves and then by less, what need not be there for it to be enough. */
function leastOf<T>(all: readonly T[], isEnough: (kept: ReadonlySet<T>) => boolean): ReadonlySet<T> {
  let kept: ReadonlySet<T> = new Set(all);
  for (let size = all.length; size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < all.length; at += size) {
      const gone = all.slice(at, at + size).filter((one) => kept.has(one));
      const left = new Set(kept);
      for (const one of gone) left.delete(one);
      if (gone.length > 0 && isEnough(left)) kept = left;
    }
  }
  return kept;
}

/** What had happened at the earliest time at which it was a violation. A prefix of a linearizable history is linearizable, so halving finds it. */
function shortestPrefix<I, O>(history: History<I, O>, isViolated: (candidate: History<I, O>) => boolean): History<I, O> {
  const ends = [...new Set(history.map(({ end }) => end))].filter((end) => end !== Infinity).sort((a, b) => a - b);
  const until = (time: number): History<I, O> => history.filter(({ start }) => start <= time).map((entry) => (entry.end <= time ? entry : weakened(entry)));
  let [low, high] = [0, ends.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isViolated(until(ends[middle]!))) high = middle;
    else low = middle + 1;
  }
  const prefix = until(ends[high] ?? 0);
  return isViolated(prefix) ? prefix : history;
}
