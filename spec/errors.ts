/**
 * The codes of refusal (ERR-1). `effect` says what a caller may conclude: `none`, the operation changed nothing;
 * `unknown`, it happened wholly or not at all, now or later, and the registry cannot tell which (CON-3).
 */
export const errors = {
  invalid_argument: { effect: 'none', meaning: 'An argument is not what the interface takes.' },
  already_registered: { effect: 'none', meaning: 'The name is taken.' },
  endpoint_down: { effect: 'none', meaning: "The endpoint's signal has aborted." },
  admission_control_active: { effect: 'none', meaning: 'Too many partitions are contended; registrations are rejected until that clears.' },
  server_not_found: { effect: 'none', meaning: 'No server is registered under this id.' },
  transport_not_found: { effect: 'none', meaning: 'No transport is registered under this id.' },
  registry_closed: { effect: 'none', meaning: 'The registry has been closed.' },
  partition_overloaded: { effect: 'none', meaning: "The partition's lane holds as many waiting writes as it may." },
  write_timeout: { effect: 'none', meaning: 'The write waited too long for its turn and was withdrawn.' },
  store_failed: { effect: 'none', meaning: 'The store refused the write.' },
  outcome_unknown: { effect: 'unknown', meaning: 'The store did not say whether the write happened.' },
} as const;

/** A stable error code. */
export type ErrorCode = keyof typeof errors;

/** Every {@link ErrorCode}. */
export const errorCodes = Object.keys(errors) as readonly ErrorCode[];
