/**
 * A specification whose state is that of many objects, of which each operation touches few. What is uncertain about one of them
 * can then be told apart from what is uncertain about another.
 *
 * Objects are known by strings, what they hold by numbers; at first each holds 0.
 */
export interface Objects<I, O> {
  /** The objects that an operation asks or changes, those left out that {@link isRemoval} brings. Never none. */
  touches(invocation: I): readonly string[];
  /** Whether an operation also touches the objects that refer to those it touches, and those that refer to them. */
  isRemoval(invocation: I): boolean;
  /** The objects to which an object refers that holds this. */
  refersTo(value: number): readonly string[];
  /** What the objects hold after an operation that was answered so; undefined if it cannot be. The very array if nothing changes. Deterministic. */
  step(objects: readonly string[], values: readonly number[], invocation: I, response: O | undefined): readonly number[] | undefined;
}
