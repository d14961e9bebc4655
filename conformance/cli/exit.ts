/** What the exit code of `verify` says. */
export const exitCodes = { conformant: 0, notConformant: 1, usage: 2, inconclusive: 3, interrupted: 130 } as const;

/** What was asked for cannot be done: one line for the user, without a stack trace. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
