import { requirements, specificationVersion, type RequirementId } from '../../spec/index.js';
import type { CheckResult, Report, RequirementResult, Status } from './result.js';

/** What the run found about one requirement, before it is summed up. */
export interface Finding {
  readonly requirement: RequirementId;
  readonly result: CheckResult;
}

/** How a requirement stands, given how its checks do: one failure fails it, and nothing unfinished passes. */
export function standing(checks: readonly CheckResult[]): Status {
  const has = (status: Status): boolean => checks.some((check) => check.status === status);
  if (has('failed')) return 'failed';
  if (has('inconclusive')) return 'inconclusive';
  return has('passed') ? 'passed' : 'untested';
}

/** Sums findings up, requirement by requirement, in the order of the specification. */
export function summarise(
  about: Pick<Report, 'registry' | 'seed' | 'runs' | 'sequences' | 'milliseconds' | 'interrupted' | 'conditions' | 'model' | 'schedules' | 'load'> & Partial<Pick<Report, 'specification'>>,
  selected: readonly RequirementId[],
  findings: readonly Finding[],
  /** Whether the run ended before it came to everything, whoever ended it. */
  cutShort: boolean = about.interrupted,
): Report {
  const byRequirement = new Map<RequirementId, CheckResult[]>();
  for (const { requirement, result } of findings) byRequirement.set(requirement, [...(byRequirement.get(requirement) ?? []), result]);
  const results = requirements
    .filter(({ id }) => selected.includes(id))
    .map(({ id, level, text, method }): RequirementResult => {
      const checks = byRequirement.get(id) ?? [];
      const status = standing(checks);
      const reason = checks.length === 0 ? missing(method, cutShort) : checks.find((check) => check.status === status)?.reason;
      return { id, level, text, status, ...(reason === undefined || status === 'passed' ? {} : { reason }), checks };
    });
  const count = (status: Status, level?: 'MUST' | 'SHOULD'): number => results.filter((one) => one.status === status && (level === undefined || one.level === level)).length;
  const counts = {
    passed: count('passed'),
    failed: count('failed', 'MUST'),
    warnings: count('failed', 'SHOULD'),
    inconclusive: count('inconclusive'),
    untested: count('untested'),
  };
  const verdict = counts.failed > 0 ? 'not conformant' : counts.inconclusive > 0 || about.interrupted || counts.passed === 0 ? 'inconclusive' : 'conformant';
  return { schemaVersion: 1, specification: specificationVersion, ...about, verdict, counts, requirements: results };
}

function missing(method: string, cutShort: boolean): string {
  if (method === 'concurrent') return 'needs overlapping operations, which this version of the kit does not make';
  if (method === 'load') return cutShort ? 'the run ended before it came to this' : 'nothing has measured it: `verify --profile sla` does';
  if (method === 'argument') return 'is argued in the specification, not tested';
  return cutShort ? 'the run ended before it came to this' : 'no check came to it';
}
