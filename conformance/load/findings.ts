import { findRequirement, type RequirementId } from '../../spec/index.js';
import { safe } from '../engine/show.js';
import type { CheckResult, Failure, LoadCoverage } from '../report/result.js';
import type { Finding } from '../report/summary.js';
import type { LoadFigures, LoadResult } from './search-load.js';
import type { LoadViolation } from './judge.js';
import { tableOf } from './table.js';

/** What a load says of requirements. `rerun` is the command line that runs it again, which nobody can promise to go wrong again. */
export function loadFindings({ violations, evidence, inconclusive, scenarios, figures }: LoadResult, isEventual: boolean, rerun: (requirement: RequirementId) => string): Finding[] {
  const title = `a load of ${figures.clients} clients${figures.spread === 'tasks' ? '' : `, in ${figures.spread}`}`;
  const finding = (requirement: RequirementId, about: string, more: Pick<CheckResult, 'status'> & Partial<CheckResult>): Finding => ({
    requirement,
    result: { title: about, evidence: evidence.get(requirement) ?? 0, milliseconds: Math.round(figures.milliseconds), ...more },
  });
  const broken = new Map<RequirementId, LoadViolation>();
  for (const violation of violations) if (!broken.has(violation.requirement)) broken.set(violation.requirement, violation);
  const judged = new Set<RequirementId>([isEventual ? 'CON-2' : 'CON-1', 'DLK-4', ...evidence.keys(), ...broken.keys()]);
  const mixed = [...judged].map((requirement): Finding => {
    const violation = broken.get(requirement);
    if (violation !== undefined) return finding(requirement, title, { status: 'failed', evidence: Math.max(1, evidence.get(requirement) ?? 0), failure: describe(violation, rerun(requirement)) });
    const doubt = inconclusive.find((one) => one.requirement === undefined || one.requirement === requirement);
    if (doubt !== undefined) return finding(requirement, title, { status: 'inconclusive', reason: safe(doubt.reason) });
    return evidence.has(requirement) ? finding(requirement, title, { status: 'passed' }) : finding(requirement, title, { status: 'inconclusive', reason: 'nothing was put to the test' });
  });
  const others = scenarios.map(({ title: about, requirement, evidence: count, violation, inconclusive: reason }): Finding => {
    if (violation !== undefined) return finding(violation.requirement ?? requirement, about, { status: 'failed', evidence: count, failure: describe({ requirement, violation, history: [], part: [] }, rerun(requirement)) });
    return finding(requirement, about, reason === undefined ? { status: 'passed', evidence: count } : { status: 'inconclusive', reason: safe(reason) });
  });
  return [...mixed, ...others].filter(({ requirement }) => findRequirement(requirement) !== undefined);
}

/** Longest history that is put on a command line. */
const longest = 40;

function describe({ violation, history }: LoadViolation, rerun: string): Failure {
  const rows = tableOf(history).map(({ client, text }) => ({ ...(client !== undefined && { client }), text: safe(text, 200), switch: false }));
  return {
    message: safe(violation.message, 600),
    expected: safe(violation.expected, 600),
    actual: safe(violation.actual, 600),
    steps: [],
    stateBefore: [],
    ...(rows.length > 0 && rows.length <= 2 * longest && { interleaving: rows }),
    // What clients do is planned, who comes first is not: so not the run is repeated, but the judgement of what it came to.
    replay: history.length > 0 && history.length <= longest ? `sharded-registry check-history --entries '${quotable(history)}'` : `${rerun}   (the same calls; who comes first nobody can repeat)`,
  };
}

/** JSON for a POSIX shell. An entry without an end has `null` there. */
const quotable = (history: LoadViolation['history']): string =>
  JSON.stringify(history.map((entry) => ({ ...entry, end: entry.end === Infinity ? null : entry.end })))
    .replaceAll("'", String.raw`\u0027`)
    .replace(/[\u007f-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** The figures, as the report shows them. */
export const coverageOf = ({ connected, spread, overlapping, milliseconds, ...figures }: LoadFigures): LoadCoverage => ({
  ...figures,
  spread,
  access: spread === 'tasks' ? 'in process' : connected ? 'connected' : 'served',
  overlapping: Math.round(overlapping * 1_000) / 1_000,
  milliseconds: Math.round(milliseconds),
  abandoned: figures.abandoned.slice(0, 64).map((one) => safe(one)),
});
