import type { CheckResult } from '../check.js';
import type { Model } from '../model.js';

/** Whether the orders that a result shows are orders: in time, allowed by the model from state to state, and of all that ended where it says so. */
export function isOrder<S, I, O>(model: Model<S, I, O>, { parts }: CheckResult<S, I, O>): boolean {
  return parts.every(({ longest, unplaced, stuck, history, verdict }) => {
    let state = model.initial;
    const follows = longest.every(({ entry, state: after }, i) => {
      const allowed = model.step(state, entry.invocation, entry.response).includes(after);
      state = after;
      return allowed && longest.slice(i + 1).every((later) => later.entry.end >= entry.start);
    });
    const there = new Set(longest.map(({ entry }) => entry));
    const missing = history.filter((entry) => entry.end !== Infinity && !there.has(entry));
    const isWhole = there.size === longest.length && missing.length === unplaced.length && unplaced.every((entry) => missing.includes(entry));
    // What is stuck could be next, and the model allows none of it.
    const areStuck = stuck.every((entry) => missing.every(({ end }) => end >= entry.start) && model.step(state, entry.invocation, entry.response).length === 0);
    return follows && isWhole && areStuck && (verdict === 'violated' ? stuck.length > 0 : missing.length === 0);
  });
}
