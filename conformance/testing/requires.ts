import { spawnSync } from 'node:child_process';
import { it, type TestAPI } from 'vitest';

/**
 * `it`, for what needs a program that may not be there: without it the tests are skipped, and the reason is printed. Where
 * REQUIRE_SERVICES is set, as in CI, that is a failure.
 */
export function itWith(program: string, ...args: string[]): TestAPI | TestAPI['skip'] {
  const { error, status } = spawnSync(program, args, { stdio: 'ignore' });
  if (error === undefined && status === 0) return it;
  const reason = `${program} cannot be run here (${error?.message ?? `exit code ${status}`})`;
  if (process.env['REQUIRE_SERVICES']) throw new Error(`${reason}, and REQUIRE_SERVICES is set`);
  console.warn(`skipped: ${reason}`);
  return it.skip;
}
