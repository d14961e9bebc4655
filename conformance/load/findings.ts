import { findRequirement, type RequirementId } from '../../spec/index.js';
import { noOverlap } from '../engine/contested.js';
import { safe } from '../engine/show.js';
import type { CheckResult, Failure, LoadCoverage } from '../report/result.js';
import type { Finding } from '../report/summary.js';
import { timelineOf } from '../report/timeline.js';
import { unlessVacuous } from '../report/vacuity.js';
import type { LoadFigures, LoadResult } from './search-load.js';
import type { LoadViolation } from './judge.js';
import { tableOf } from './table.js';

/** What a load says of requirements. `rerun` is the command line that runs it again, which nobody can promise to go wrong again. */
export function loadFindings({ violations, situations, overlapped, inconclusive, scenarios, figures }: LoadResult, isEventual: boolean, rerun: (requirement: RequirementId) => string): Finding[] {
  const title = `a load of ${figures.clients} clients${figures.spread === 'tasks' ? '' : `, in ${figures.spread}`}`;
  const milliseconds = Math.round(figures.milliseconds);
  const broken = new Map<RequirementId, LoadViolation>();
  for (const violation of violations) if (!broken.has(violation.requirement)) broken.set(violation.requirement, violation);
  const first = new Set<RequirementId>([isEventual ? 'CON-2' : 'CON-1', 'DLK-4']);
  const judged = new Set<RequirementId>([...first, ...situations.keys(), ...broken.keys()]);
  const mixed = [...judged].flatMap((requirement): Finding[] => {
    const shown = { evidence: figures.judged, situation: situations.get(requirement) ?? { what: 'an operation of a load that can be judged', occurred: 0 } };
    const finding = (more: Pick<CheckResult, 'status'> & Partial<CheckResult>): Finding[] => [{ requirement, result: { title, ...shown, milliseconds, ...more } }];
    const violation = broken.get(requirement);
    if (violation !== undefined) return finding({ status: 'failed', failure: describe(violation, rerun(requirement)) });
    const doubt = inconclusive.find((one) => one.requirement === undefined || one.requirement === requirement);
    if (doubt !== undefined) return finding({ status: 'inconclusive', reason: safe(doubt.reason) });
    if (shown.situation.occurred > 0) return finding(unlessVacuous(shown));
    // A second look at what schedules look at: what did not come about in this one has no place in it.
    if (!first.has(requirement)) return [];
    return finding(figures.judged > 0 && !overlapped ? { status: 'untested', reason: noOverlap } : unlessVacuous(shown));
  });
  const others = scenarios.map(({ title: about, requirement, evidence, situation, violation, inconclusive: reason }): Finding => {
    const finding = (more: Pick<CheckResult, 'status'> & Partial<CheckResult>): Finding => ({ requirement: violation?.requirement ?? requirement, result: { title: about, evidence, situation, milliseconds, ...more } });
    if (violation !== undefined) return finding({ status: 'failed', failure: describe({ requirement, violation, history: [], part: [] }, rerun(requirement)) });
    return finding(reason === undefined ? unlessVacuous({ evidence, situation }) : { status: 'inconclusive', reason: safe(reason) });
  });
  return [...mixed, ...others].filter(({ requirement }) => findRequirement(requirement) !== undefined);
}

/** Longest history that is put on a command line. */
const longest = 40;

function describe({ violation, history, part }: LoadViolation, rerun: string): Failure {
  const rows = tableOf(history).map(({ client, text }) => ({ ...(client !== undefined && { client }), text: safe(text, 200), switch: false }));
  return {
    message: safe(violation.message, 600),
    expected: safe(violation.expected, 600),
    actual: safe(violation.actual, 600),
    steps: [],
    stateBefore: [],
    ...(part.length > 1 && { timeline: timelineOf(part, { unit: 'ns', core: history }) }),
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
