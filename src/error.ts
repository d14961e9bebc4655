import type { ErrorCode } from '../spec/errors.js';

/**
 * A refusal (ERR-1). `code` is stable and says what was wrong; `message` says what to do about it; `cause` is what lay
 * beneath, where something did. Every code but `outcome_unknown` means that nothing changed (REG-4, CON-3).
 */
export class RegistryError extends Error {
  override readonly name = 'RegistryError';

  constructor(
    readonly code: ErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** A refusal of something that is not what the interface takes. */
export const invalid = (message: string, cause?: unknown): RegistryError =>
  new RegistryError('invalid_argument', message, cause === undefined ? undefined : { cause });
