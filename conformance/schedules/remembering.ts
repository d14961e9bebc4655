import type { Model } from '../linearizability/index.js';

/** How many steps are remembered before all are forgotten. */
const mostSteps = 100_000;

/**
 * A model that is asked once for each state, operation and answer: the histories of one program are so many, and so much alike, that
 * it is asked the same again and again. Equal states become one and the same. It needs a key for both states and operations.
 */
export function remembering<S, I, O>(model: Model<S, I, O> & Required<Pick<Model<S, I, O>, 'key' | 'operationKey'>>): Model<S, I, O> {
  let states = new Map<unknown, S>();
  let steps = new Map<S, Map<unknown, readonly S[]>>();
  let size = 0;
  const known = (state: S): S => {
    const key = model.key(state);
    if (!states.has(key)) states.set(key, state);
    return states.get(key)!;
  };
  return {
    ...model,
    step(state, invocation, response) {
      if (size > mostSteps) [states, steps, size] = [new Map(), new Map(), 0];
      let from = steps.get(state);
      if (from === undefined) steps.set(state, (from = new Map<unknown, readonly S[]>()));
      const key = model.operationKey(invocation, response);
      let to = from.get(key);
      if (to === undefined) {
        size++;
        from.set(key, (to = model.step(state, invocation, response).map(known)));
      }
      return to;
    },
  };
}
