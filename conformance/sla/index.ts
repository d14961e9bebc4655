import { findRequirement, type RequirementId } from '../../spec/index.js';
import { show } from '../engine/show.js';
import type { CheckResult } from '../report/result.js';
import type { Finding } from '../report/summary.js';
import { unlessVacuous } from '../report/vacuity.js';
import { isExcuse } from './filling.js';
import type { Job } from './job.js';
import { figure, isMeasured, type Measured, type Unmeasured } from './measurement.js';

export { thisMachine } from './machine.js';
export { nullAdapter } from './null-adapter.js';
export type { Job } from './job.js';

/** One measurement, and the requirements that it judges. */
export interface Measuring {
  readonly title: string;
  readonly requirements: readonly [RequirementId, ...RequirementId[]];
  run(job: Job): Promise<readonly (Measured | Unmeasured)[]>;
}

/** What is measured, in this order. Loaded only when it is: whoever measures nothing has no use for histograms. */
export const measurings: readonly Measuring[] = [
  { title: 'lookups under open load', requirements: ['SLA-1', 'SLA-2'], run: async (job) => (await import('./latencies.js')).measureLookups(job) },
  { title: 'registrations under open load', requirements: ['SLA-3'], run: async (job) => (await import('./latencies.js')).measureWrites(job) },
  { title: 'how many lookups a second', requirements: ['SLA-4'], run: async (job) => (await import('./rates.js')).measureLookupRate(job) },
  { title: 'how many writes a second', requirements: ['SLA-5'], run: async (job) => (await import('./rates.js')).measureWriteRate(job) },
  { title: 'broadcasts under open load', requirements: ['SLA-6'], run: async (job) => (await import('./broadcasts.js')).measureBroadcasts(job) },
  { title: 'connections', requirements: ['SLA-7'], run: async (job) => (await import('./connections.js')).measureConnections(job) },
  { title: 'a thousand clients', requirements: ['SLA-8'], run: async (job) => (await import('./clients.js')).measureClients(job) },
  { title: 'how soon contention is seen', requirements: ['SLA-9'], run: async (job) => (await import('./detection.js')).measureDetection(job) },
  { title: 'memory', requirements: ['SLA-10'], run: async (job) => (await import('./memory.js')).measureMemory(job) },
  { title: 'growth of time with the number of entries', requirements: ['SLA-11'], run: async (job) => (await import('./growing.js')).measureGrowth(job) },
  { title: 'interference of partitions', requirements: ['SLA-12'], run: async (job) => (await import('./partitions.js')).measureInterference(job) },
];

/** What a measurement says of a requirement, as a result; without samples nothing has come about. */
type Said = Omit<CheckResult, 'evidence' | 'milliseconds' | 'situation'> & { readonly samples?: number };

/** Measures one thing, and says what it means. `rerun` is the command line that measures it again. */
export async function slaFindings(measuring: Measuring, job: Job, rerun: (requirement: RequirementId) => string): Promise<Finding[]> {
  const began = performance.now();
  const finding = (requirement: RequirementId, { samples = 0, ...said }: Said): Finding => ({
    requirement,
    result: { evidence: samples, situation: { what: 'something that was measured', occurred: samples }, milliseconds: performance.now() - began, ...said },
  });
  const lacks = findRequirement(measuring.requirements[0])!.needs.find((feature) => !job.offered.includes(feature));
  if (lacks !== undefined) return measuring.requirements.map((requirement) => finding(requirement, { title: measuring.title, status: 'untested', reason: `the adapter does not offer \`${lacks}\`` }));
  try {
    return (await measuring.run(job)).map((one) => finding(one.requirement, resultOf(one, rerun)));
  } catch (error) {
    const reason = isExcuse(error) ? error.message : `the measurement broke down: ${show(error)}`;
    return measuring.requirements.map((requirement) => finding(requirement, { title: measuring.title, status: 'inconclusive', reason }));
  }
}

/** Undecided and invalid are inconclusive, and say which. */
function resultOf(one: Measured | Unmeasured, rerun: (requirement: RequirementId) => string): Said {
  if (!isMeasured(one)) return { title: one.title, status: 'untested', reason: one.untested };
  const { title, requirement, measurement, reason = '' } = one;
  const { verdict, samples, metric, relation, limit, unit, value, conditions, limitFrom } = measurement;
  const said = { title, samples, measurement };
  if (verdict === 'pass') return { ...said, ...unlessVacuous({ evidence: samples, situation: { what: title, occurred: samples } }) };
  if (verdict === 'invalid') return { ...said, status: 'inconclusive', reason: `invalid run: ${reason}` };
  if (verdict === 'undecided') return { ...said, status: 'inconclusive', reason: `undecided: ${reason}` };
  const failure = {
    message: reason,
    expected: `${metric} ${relation} ${figure(limit, unit)} (${conditions}; the number is that of the ${limitFrom})`,
    actual: figure(value, unit),
    steps: [], stateBefore: [], replay: rerun(requirement),
  };
  return { ...said, status: 'failed', failure };
}
