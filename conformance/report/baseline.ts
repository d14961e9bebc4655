import { z } from 'zod';
import { findRequirement, requirements } from '../../spec/index.js';
import type { Baseline, Report } from './result.js';

/**
 * What is known not to hold yet, written down with reasons: expected failures, and requirements that are known to be flaky. A file of
 * them keeps a CI useful while a registry is mended, and says so when it has been.
 */

const entry = z.strictObject({
  id: z.string().describe('A requirement, `REG-1`, or a pattern in which `*` stands for anything, `BND-*`.'),
  reason: z.string().trim().min(1).max(1_000).describe('Why it fails.'),
});

export const expectations = z.strictObject({
  specification: z.string().optional().describe('The version of the specification that the ids are of.'),
  expectedFailures: z.array(entry).max(1_000).default([]),
  knownFlaky: z.array(entry).max(1_000).default([]).describe('These may pass or fail, and are never stale.'),
});

/** What is known not to hold yet. */
export interface Expectations extends z.infer<typeof expectations> {}

/** What is wrong with a file of expectations, and what to do about it: in a line. */
export class ExpectationsError extends Error {
  override readonly name = 'ExpectationsError';
}

const shape = 'the file holds `expectedFailures` and `knownFlaky`, lists of { id, reason }';

/** Reads expectations from data that somebody wrote. Throws {@link ExpectationsError}. `specification`: the version that is judged. */
export function parseExpectations(data: unknown, specification: string): Expectations {
  const { success, data: read, error } = expectations.safeParse(data ?? {});
  if (!success) {
    const { path, message, code } = error.issues[0]!;
    const where = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('').replace(/^\./, '');
    const isReason = path.at(-1) === 'reason' && (code === 'too_small' || code === 'invalid_type');
    throw new ExpectationsError(`${where === '' ? 'the file' : where}: ${isReason ? 'a reason is required: say why it fails, or where that is discussed' : `${message} (${shape})`}`);
  }
  if (read.specification !== undefined && read.specification !== specification) {
    throw new ExpectationsError(`the list is of specification ${read.specification}, and ${specification} is judged: go through it, then write "${specification}", or run with --spec ${read.specification}`);
  }
  const seen = new Map<string, string>();
  for (const list of ['expectedFailures', 'knownFlaky'] as const) {
    for (const [i, { id }] of read[list].entries()) {
      const where = `${list}[${i}]`;
      if (matching(id).length === 0) throw new ExpectationsError(`${where}: ${id} is no requirement, nor a pattern that any requirement matches: \`verify --list\` shows them`);
      for (const one of matching(id)) {
        if (seen.has(one)) throw new ExpectationsError(`${where}: ${one} is already meant by ${seen.get(one)!}: list it once`);
        seen.set(one, `${where} (${id})`);
      }
    }
  }
  return read;
}

/** The requirements that an id or a pattern means. */
function matching(pattern: string): string[] {
  if (!pattern.includes('*')) return findRequirement(pattern) === undefined ? [] : [pattern];
  const parts = pattern.split('*');
  // Part by part: a regular expression made of what somebody wrote may take for ever.
  const isMatch = (id: string): boolean => {
    const [first, last] = [parts[0]!, parts.at(-1)!];
    if (id.length < first.length + last.length || !id.startsWith(first) || !id.endsWith(last)) return false;
    let at = first.length;
    return parts.slice(1, -1).every((part) => {
      const found = id.indexOf(part, at);
      at = found + part.length;
      return found >= 0 && at <= id.length - last.length;
    });
  };
  return requirements.filter(({ id }) => isMatch(id)).map(({ id }) => id);
}

/**
 * A report with what was expected of it beside what was found; the verdict stays what it is. An entry excuses whatever of it did not
 * pass. It is stale if all of what it means that was judged has passed, in a run that went to its end: then the list is out of date, which fails the run.
 */
export function withExpectations(report: Report, { expectedFailures, knownFlaky }: Expectations): Report {
  const status = new Map(report.requirements.map((one) => [one.id, one.status]));
  const entries = ([['expected', expectedFailures], ['flaky', knownFlaky]] as const).flatMap(([list, those]) =>
    those.map(({ id, reason }): Baseline['entries'][number] => {
      const meant = matching(id).filter((one) => status.has(one));
      const has = (wanted: string): boolean => meant.some((one) => status.get(one) === wanted);
      const state = has('failed') ? 'failed' : has('inconclusive') ? 'inconclusive' : !has('passed') ? 'not judged' : list === 'flaky' || report.interrupted ? 'passed' : 'stale';
      return { list, id, reason, state, requirements: meant };
    }),
  );
  const excused = new Set(entries.flatMap((one) => one.requirements));
  const unexpected = report.requirements.filter((one) => !excused.has(one.id) && ((one.status === 'failed' && one.level === 'MUST') || one.status === 'inconclusive'));
  const isStale = entries.some(({ state }) => state === 'stale');
  const isBroken = isStale || unexpected.some((one) => one.status === 'failed');
  // A run in which nothing passed has shown nothing, whatever was expected of it.
  const isUntold = report.interrupted || unexpected.length > 0 || report.counts.passed === 0;
  return { ...report, baseline: { outcome: isBroken ? 'broken' : isUntold ? 'inconclusive' : 'met', entries, unexpected: unexpected.map(({ id }) => id) } };
}

/** The entry of the list that means a requirement. */
export const expectationOf = ({ baseline }: Pick<Report, 'baseline'>, id: string): Baseline['entries'][number] | undefined => baseline?.entries.find(({ requirements: meant }) => meant.includes(id));

/** A list of all that a report shows not to hold: reasons to begin with are what went wrong. Entries of an older list are kept where they still mean something. */
export function expectationsFrom(report: Report, older: Expectations | undefined): Expectations {
  const keep = (those: Expectations['expectedFailures'], states: readonly string[]): Expectations['expectedFailures'] =>
    those.filter(({ id }) => report.baseline === undefined || states.includes(report.baseline.entries.find((one) => one.id === id)?.state ?? 'not judged'));
  const expectedFailures = keep(older?.expectedFailures ?? [], ['failed', 'inconclusive', 'not judged']);
  const knownFlaky = older?.knownFlaky ?? [];
  const known = new Set([...expectedFailures, ...knownFlaky].flatMap(({ id }) => matching(id)));
  const added = report.requirements.flatMap(({ id, status, reason, checks }) => {
    if (known.has(id) || (status !== 'failed' && status !== 'inconclusive')) return [];
    const why = checks.find(({ failure }) => failure !== undefined)?.failure?.message ?? reason ?? status;
    return [{ id, reason: `${status === 'failed' ? 'fails' : status}: ${why}`.slice(0, 1_000) }];
  });
  return { specification: report.specification, expectedFailures: [...expectedFailures, ...added], knownFlaky };
}
