import { verify } from '../conformance/verify.js';
import { requirements, type RequirementId } from '../spec/index.js';
import { findInnocent } from './innocents.js';

/** A registry and a seed; the walk through the model knows no seed, and is a trial by itself. */
export interface Accusation {
  readonly registry: string;
  readonly seed: number | 'the model';
  readonly runs: number;
}

/** What the kit said of a correct registry with one seed. */
export interface Trial {
  readonly registry: string;
  readonly seed: number | 'the model';
  readonly passed: readonly string[];
  /** Failed or warned of: a fault of the kit. */
  readonly accused: readonly { readonly requirement: string; readonly check: string; readonly message: string }[];
  /** What could not be told, or was never put to the test by so few runs. */
  readonly open: readonly { readonly requirement: string; readonly reason: string }[];
  readonly sequences: number;
  readonly schedules: number;
  readonly operations: number;
  readonly seconds: number;
}

/** Of every load this many operations: one of a thousand clients has three thousand, whatever is asked for. */
const operations = 240;

/** What was not put to the test in a run of few sequences: there are others. */
export const untried = 'nothing was put to the test';

/** Everything but the service levels. */
const inQuestion = requirements.map(({ id }) => id).filter((id) => !id.startsWith('SLA-'));

const only = (seed: Accusation['seed']): RequirementId[] => inQuestion.filter((id) => (id === 'MODEL-1') === (seed === 'the model'));

/** Has the kit judge a correct registry. What so few sequences leave open is put to as many as whoever runs the kit gets. */
export async function accuse({ registry, seed, runs }: Accusation): Promise<Trial> {
  const began = performance.now();
  const { adapter } = findInnocent(registry)!;
  const which = seed === 'the model' ? 1 : seed;
  const report = await verify(adapter, { seed: which, runs, operations, only: only(seed) });
  const left = only(seed).filter((id) => report.requirements.some((one) => one.id === id && one.status === 'inconclusive'));
  const again = left.length === 0 ? [] : (await verify(adapter, { seed: which, only: left })).requirements;
  const judged = report.requirements.map((one) => again.find(({ id }) => id === one.id) ?? one);
  return {
    registry,
    seed,
    passed: judged.filter(({ status }) => status === 'passed').map(({ id }) => id),
    accused: judged.filter(({ status }) => status === 'failed').flatMap(({ id, checks }) => checks.flatMap(({ title, failure }) => (failure === undefined ? [] : [{ requirement: id, check: title, message: `${failure.message}: expected ${failure.expected}, got ${failure.actual}` }]))),
    open: judged.filter(({ status }) => status === 'inconclusive').map(({ id, reason, checks }) => ({ requirement: id, reason: reason ?? checks.find(({ status }) => status === 'inconclusive')?.reason ?? '' })),
    sequences: report.sequences,
    schedules: (report.schedules?.run ?? 0) + (report.schedules?.commands ?? 0),
    operations: report.load?.operations ?? 0,
    seconds: (performance.now() - began) / 1_000,
  };
}
