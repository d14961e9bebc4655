import { chapters, findRequirement } from '../spec/index.js';
import type { Adapter } from './contract.js';
import { selectedBy } from './profile.js';
import { failureText } from './report/console.js';
import { chapterOf } from './report/plain.js';
import type { Report, RequirementResult } from './report/result.js';
import { verify, type VerifyOptions } from './verify.js';

/** Defines a test. `limitMs`: how long it may take, for runners that ask for it here. */
export type DefineTest = (name: string, test: () => void | Promise<void>, limitMs?: number) => unknown;

/** What is asked of a test runner: vitest, jest, mocha and node:test have it. */
export interface TestRunner {
  /** Begins a group of tests. */
  readonly describe: (name: string, define: () => void) => unknown;
  /** Defines a test; its `skip`, if it has one, defines a test that is not run. */
  readonly it: DefineTest & { readonly skip?: DefineTest };
}

export interface DescribeOptions extends Omit<VerifyOptions, 'replay' | 'resume' | 'calling' | 'onProgress'> {
  /** A report that there is already, for example of `await verify(adapter)`: nothing is run, and of what is to be skipped that is known from the beginning. */
  readonly report?: Report;
  /** How long the whole verification may take, as the runner is told; five minutes unless said. Milliseconds. */
  readonly limitMs?: number;
}

/**
 * Judges a registry as tests of whatever runner there is, a test for each requirement. The registry is judged once, when the first of
 * them is run; the others wait for it. A test fails if its requirement is broken or inconclusive. One of which nothing could be tested
 * is skipped: where a runner cannot skip a test that it has begun (jest), it fails and says what to do (`report`), for it has not passed.
 *
 * A registry that blocks the event loop blocks the runner: `sharded-registry verify` survives that, tests do not.
 */
export function describeConformance(adapter: Adapter, { describe, it }: TestRunner, { report: given, limitMs = 300_000, ...options }: DescribeOptions = {}): void {
  let running: Promise<Report> | undefined;
  const judged = (): Promise<Report> => (running ??= given === undefined ? verify(adapter, options) : Promise.resolve(given));
  const ids = given === undefined ? selectedBy(options.profile, options.only, options.specification) : given.requirements.map(({ id }) => id);
  const title = (id: string): string => `${id} ${findRequirement(id)?.text ?? ''}`;

  describe(`conformance of ${adapter.name}`, () => {
    for (const prefix of new Set(ids.map(chapterOf))) {
      describe(`${prefix} ${chapters.find((chapter) => chapter.prefix === prefix)?.title ?? ''}`.trim(), () => {
        for (const id of ids.filter((one) => chapterOf(one) === prefix)) {
          // Without a parameter: jest and mocha would take it for a callback to wait for. What vitest and node:test give is looked at all the same.
          const isSkipped = given !== undefined && ['untested', 'warning'].includes(kindOf(given.requirements.find((one) => one.id === id)!));
          const define = isSkipped && it.skip !== undefined ? it.skip : it;
          define(title(id), async function (this: unknown, ...context: readonly unknown[]) {
            allow(this, limitMs);
            const { requirements } = await judged();
            assertHolds(requirements.find((one) => one.id === id)!, skipperOf(this, context[0]));
          }, limitMs);
        }
      });
    }
  });
}

/** How a requirement stands for a test: a SHOULD that is broken is a warning. */
const kindOf = ({ status, level }: RequirementResult): RequirementResult['status'] | 'warning' => (status === 'failed' && level === 'SHOULD' ? 'warning' : status);

function assertHolds(requirement: RequirementResult, skip: ((why: string) => void) | undefined): void {
  const { id, reason = '' } = requirement;
  const kind = kindOf(requirement);
  if (kind === 'passed') return;
  if (kind === 'failed') throw plainError(`${id} is broken\n${failureText(requirement)}`);
  if (kind === 'inconclusive') throw plainError(`${id} is inconclusive: ${reason}`);
  const why = kind === 'warning' ? `a SHOULD is broken: ${failureText(requirement)}` : `untested: ${reason}`;
  if (skip === undefined) throw plainError(`${id} has not passed (${why}), and this test runner cannot skip a test that has begun: give \`report: await verify(adapter)\`, or leave it out with \`only\``);
  skip(why);
}

/** Without a stack, which would lead into the kit and not to what is wrong. */
function plainError(message: string): Error {
  const error = new Error(message);
  error.stack = `${error.name}: ${message}`;
  return error;
}

type Skipping = Partial<Record<'skip' | 'timeout', (argument?: unknown) => void>> | null | undefined;

/** How a test that is running is skipped: by its context in vitest and node:test, by `this` in mocha. */
function skipperOf(self: unknown, context: unknown): ((why: string) => void) | undefined {
  for (const one of [context, self] as Skipping[]) if (typeof one?.skip === 'function') return (why) => one.skip!(why);
  return undefined;
}

/** Mocha asks a test itself how long it may take. */
function allow(self: unknown, limitMs: number): void {
  const test = self as Skipping;
  if (typeof test?.timeout === 'function') test.timeout(limitMs);
}
