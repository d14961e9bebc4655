import fc from 'fast-check';
import type { Entry } from '../history.js';
import type { Model } from '../model.js';
import type { Objects } from '../objects.js';

/** Boxes that hold a number, refer to a box, or are empty. */
export type BoxCall =
  | { readonly op: 'put'; readonly box: number; readonly value: number }
  | { readonly op: 'get'; readonly box: number }
  /** Refers to a box, unless that is empty. */
  | { readonly op: 'point'; readonly box: number; readonly to: number }
  /** Empties a box, and those that refer to it, and those that refer to these. */
  | { readonly op: 'empty'; readonly box: number };

/** What is in a box, whether it refers there, or that it is done. */
export type BoxAnswer = number | boolean | 'done';

/** Greater numbers refer to a box: this one to the first. */
const references = 100;

/** What boxes hold after a call, given all of them that it may touch; undefined if it cannot have been answered so. The very array if nothing changes. */
function after(boxes: readonly number[], held: readonly number[], call: BoxCall, answer: BoxAnswer | undefined): readonly number[] | undefined {
  const allows = (right: BoxAnswer): boolean => answer === undefined || answer === right;
  const at = boxes.indexOf(call.box);
  switch (call.op) {
    case 'get':
      return allows(held[at]!) ? held : undefined;
    case 'put':
      return allows('done') ? filled(held, [at], call.value) : undefined;
    case 'point': {
      const refers = held[boxes.indexOf(call.to)] !== 0;
      return !allows(refers) ? undefined : refers ? filled(held, [at], references + call.to) : held;
    }
    case 'empty': {
      const emptied = new Set([at]);
      for (const one of emptied) held.forEach((value, i) => value === references + boxes[one]! && emptied.add(i));
      return allows('done') ? filled(held, [...emptied], 0) : undefined;
    }
  }
}

const filled = (held: readonly number[], which: readonly number[], value: number): readonly number[] =>
  which.every((at) => held[at] === value) ? held : held.map((before, i) => (which.includes(i) ? value : before));

/** So many boxes, as one specification. Equal states are one state. */
export function boxes(count: number): Model<readonly number[], BoxCall, BoxAnswer> {
  const all = Array.from({ length: count }, (_, box) => box);
  const states = new Map<string, readonly number[]>();
  const one = (state: readonly number[]): readonly number[] => {
    const key = state.join();
    if (!states.has(key)) states.set(key, state);
    return states.get(key)!;
  };
  return {
    initial: one(all.map(() => 0)),
    step(state, call, answer) {
      const next = after(all, state, call, answer);
      return next === undefined ? [] : [one(next)];
    },
    isRead: ({ op }, answer) => op === 'get' || (op === 'point' && answer === false),
    objects: () => boxObjects,
  };
}

/** The same as objects. */
export const boxObjects: Objects<BoxCall, BoxAnswer> = {
  touches: (call) => (call.op === 'point' && call.to !== call.box ? [`${call.box}`, `${call.to}`] : [`${call.box}`]),
  isRemoval: ({ op }) => op === 'empty',
  refersTo: (value) => (value >= references ? [`${value - references}`] : []),
  step: (objects, values, call, answer) => after(objects.map(Number), values, call, answer),
};

/** One call of many clients: when it was made, when it took effect and when it ended, in any order. */
interface Planned {
  readonly call: BoxCall;
  readonly times: readonly [number, number, number];
  /** Nobody knows when it ended. */
  readonly isLost: boolean;
  /** Another answer is told than there was. */
  readonly isLie: boolean;
}

const planned = (count: number, lostOfTen: number): fc.Arbitrary<Omit<Planned, 'times'>> => {
  const box = fc.nat(count - 1);
  return fc.record({
    call: fc.oneof(
      fc.record({ op: fc.constant('put' as const), box, value: fc.integer({ min: 1, max: 2 }) }),
      fc.record({ op: fc.constant('get' as const), box }),
      fc.record({ op: fc.constant('point' as const), box, to: box }),
      fc.record({ op: fc.constant('empty' as const), box }),
    ),
    isLost: fc.nat(9).map((luck) => luck < lostOfTen),
    isLie: fc.nat(5).map((luck) => luck === 0),
  });
};

/** Histories of boxes in which about what would be answered is answered: some are linearizable, some are not. */
export const boxHistories = ({ count, most, overlap = 12, lostOfTen = 1 }: { readonly count: number; readonly most: number; readonly overlap?: number; readonly lostOfTen?: number }): fc.Arbitrary<Entry<BoxCall, BoxAnswer>[]> =>
  fc.array(fc.tuple(planned(count, lostOfTen), fc.tuple(fc.nat(overlap), fc.nat(overlap), fc.nat(overlap))), { maxLength: most }).map((plan) => boxHistory(count, plan.map(([one, times]) => ({ ...one, times }))));

/** The history of a plan. */
export function boxHistory(count: number, plan: readonly Planned[]): Entry<BoxCall, BoxAnswer>[] {
  const { initial, step } = boxes(count);
  const sorted = (times: Planned['times']): number[] => [...times].sort((a, b) => a - b);
  let state = initial;
  const answers = new Map<Planned, BoxAnswer>();
  for (const one of [...plan].sort((a, b) => sorted(a.times)[1]! - sorted(b.times)[1]!)) {
    const { call, isLie } = one;
    const right = call.op === 'get' ? state[call.box]! : call.op === 'point' ? state[call.to] !== 0 : 'done';
    [state] = step(state, call, right) as [readonly number[]];
    answers.set(one, !isLie || right === 'done' ? right : typeof right === 'boolean' ? !right : (right + 1) % 3);
  }
  return plan.map((one, id) => {
    const [start, , end] = sorted(one.times);
    return { id, actor: `c${id}`, invocation: one.call, response: one.isLost ? undefined : answers.get(one)!, start: start!, end: one.isLost ? Infinity : end! };
  });
}
