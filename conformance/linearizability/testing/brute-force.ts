import type { Model } from '../model.js';
import type { Verdict } from '../search.js';
import type { History } from '../history.js';

/** Tries every order of every selection of operations. For histories of a few, to have something to compare with. */
export function bruteForce<S, I, O>(model: Model<S, I, O>, history: History<I, O>): Verdict {
  const canFollow = (state: S, left: History<I, O>): boolean => {
    if (left.every(({ end }) => end === Infinity)) return true;
    return left.some((entry) => {
      const others = left.filter((other) => other !== entry);
      if (others.some(({ end }) => end < entry.start)) return false;
      return model.step(state, entry.invocation, entry.response).some((next) => canFollow(next, others));
    });
  };
  return canFollow(model.initial, history) ? 'linearizable' : 'violated';
}
