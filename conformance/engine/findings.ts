import type { RequirementId } from '../../spec/index.js';

/** What broke a requirement: expected this, got that. */
export class Violation extends Error {
  override readonly name = 'Violation';
  constructor(
    message: string,
    readonly expected: string,
    readonly actual: string,
    /** The requirement that is broken, when it is not the one under test. */
    readonly requirement?: RequirementId,
    /** Other requirements that may be to blame as well: if one of them is known to be broken, this says nothing new. */
    readonly suspects: readonly RequirementId[] = [],
  ) {
    super(message);
  }
}

/** An operation, or the opening of a registry, has not answered in time: nothing can be concluded. */
export class Unanswered extends Error {
  override readonly name = 'Unanswered';
}

/** What a check wanted to try could not be set up: whatever is broken is for another check to say. */
export class Blocked extends Error {
  override readonly name = 'Blocked';
}
