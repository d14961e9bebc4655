import { check, type Budget, type Model } from './check.js';
import type { Entry, History } from './history.js';

/**
 * Makes a violated history small, and every part of it count: each step is one that would have left a linearizable history
 * linearizable, so what is violated in the end is a fault of the whole.
 *
 * 1. What came after the fault goes: the shortest violated prefix, in which what had not ended is indefinite.
 * 2. Reads go that are not needed: they explain nothing of what others have seen.
 * 3. Of writes it is taken back, if it is not needed, what is known of them: they may have happened at any time, or never. They
 *    cannot go, or a read of what they wrote would accuse the wrong one.
 *
 * Candidates that cannot be judged within the budget (of each of them) are not taken. O(n) checks at worst.
 */
export function shrink<S, I, O>(model: Model<S, I, O>, history: History<I, O>, budget: Budget = { steps: 50_000 }): History<I, O> {
  const isViolated = (candidate: History<I, O>): boolean => check(model, candidate, budget).verdict === 'violated';
  const isRead = ({ invocation, response }: Entry<I, O>): boolean => model.isRead?.(invocation, response) ?? false;
  const ordered = shortestPrefix([...history].sort((a, b) => a.start - b.start), isViolated);
  const part = model.partition?.(ordered).find(isViolated) ?? ordered;
  const read = part.filter(isRead);
  const kept = new Set(part);
  // By halves, then by less: most reads tell nothing.
  for (let size = read.length; size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < read.length; at += size) {
      const gone = new Set(read.slice(at, at + size).filter((entry) => kept.has(entry)));
      if (gone.size > 0 && isViolated([...kept].filter((entry) => !gone.has(entry)))) for (const entry of gone) kept.delete(entry);
    }
  }
  let rest = [...kept];
  for (const [i, entry] of rest.length > mostWeakened ? [] : rest.entries()) {
    if (entry.end === Infinity || isRead(entry)) continue;
    const candidate = rest.with(i, weakened(entry));
    if (isViolated(candidate)) rest = candidate;
  }
  // A read of which nothing is known is none.
  return rest.filter((entry) => entry.end !== Infinity || !isRead(entry));
}

/** With many operations that may have happened at any time, everything may have happened: it would take too long to tell. */
const mostWeakened = 40;

const weakened = <I, O>(entry: Entry<I, O>): Entry<I, O> => ({ ...entry, response: undefined, end: Infinity });

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
