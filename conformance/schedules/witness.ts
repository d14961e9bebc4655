import { isDefinite, type History } from '../linearizability/history.js';
import type { Model } from '../linearizability/index.js';

/**
 * Whether a history is linearizable because the model allows the order in which its operations ended: that is an order which keeps to
 * their times, so nothing else need be looked for. Most operations take effect just before they are answered, and then it is found
 * at once. Says nothing if it is not allowed. O(n log n).
 */
export function isExplainedByEnds<S, I, O>(model: Model<S, I, O>, history: History<I, O>): boolean {
  // What has no end may not have happened.
  const inOrder = history.filter(isDefinite).sort((a, b) => a.end - b.end);
  let state = model.initial;
  for (const { invocation, response } of inOrder) {
    const [next] = model.step(state, invocation, response);
    if (next === undefined) return false;
    state = next;
  }
  return true;
}
