import type { History } from './history.js';
import type { Objects } from './objects.js';

/**
 * A sequential specification: what one operation after the other may do.
 *
 * @example A register.
 * ```ts
 * const register: Model<number, { write: number } | 'read', number> = {
 *   initial: 0,
 *   step: (state, invocation, response) => (invocation !== 'read' ? [invocation.write] : response === undefined || response === state ? [state] : []),
 * };
 * ```
 */
export interface Model<S, I, O> {
  readonly initial: S;
  /**
   * The states in which an operation may leave a state when it answers so; none if it cannot answer so in this state. Without a
   * response: all states in which it may leave it, whatever it may have answered. Pure.
   */
  step(state: S, invocation: I, response: O | undefined): readonly S[];
  /** Equal for equal states, and for no others: a string, a number. The state itself, unless given. */
  key?(state: S): unknown;
  /** Equal for operations that are alike in every state, so that the model is asked only once. */
  operationKey?(invocation: I, response: O | undefined): unknown;
  /**
   * Whether an operation that was answered so changes nothing in any state. It can then be placed as soon as it is allowed, and
   * nothing else need be tried, which makes many histories much easier. One that does change something throws a `TypeError`.
   */
  isRead?(invocation: I, response: O | undefined): boolean;
  /** Splits a history into parts that can be judged by themselves (P-compositionality: Herlihy and Wing, 1990; Horn and Kroening, 2015). */
  partition?(history: History<I, O>): readonly History<I, O>[];
  /**
   * The same specification as one of many objects, of which each operation touches few: then a long history is judged in about as
   * much time for each operation as a short one, though all of it be tied together. Undefined if the history cannot be seen so.
   */
  objects?(history: History<I, O>): Objects<I, O> | undefined;
}
