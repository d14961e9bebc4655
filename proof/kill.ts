import type { Adapter, Subject } from '../conformance/contract.js';
import { verify } from '../conformance/verify.js';
import { brokenByThemselves } from '../conformance/report/consequences.js';
import type { Report } from '../conformance/report/result.js';
import { requirements, type RequirementId } from '../spec/index.js';
import type { Mutant, Profile } from './catalogue.js';

/** How every registry of a matrix is judged. */
export interface Settings {
  readonly seed: number;
  readonly runs: number;
  readonly patienceMs: number;
}

/**
 * What became of a mutant. *Killed*: a check of the requirement it breaks failed, and nothing failed that is not listed for it.
 * *Wrong reason*: something else failed. *Survived*: nothing did.
 */
export type Fate = 'killed' | 'wrong reason' | 'survived' | 'inconclusive';

/** A row of the matrix. */
export interface Row {
  readonly mutant: string;
  readonly fate: Fate;
  /** The checks that failed, by requirement: the columns that are marked. */
  readonly failed: readonly { readonly requirement: string; readonly check: string; readonly message: string }[];
  /** Calls of the registry until the kill was reported, shrinking included. */
  readonly operations?: number;
  /** Until the kill was reported. */
  readonly seconds?: number;
  /** Operations of the counterexample. */
  readonly steps?: number;
}

/** The requirements that a profile judges. The walk through the model knows no seed and takes its time: only what it is needed for has it. */
export function judgedBy(profile: Profile, breaks: readonly RequirementId[]): RequirementId[] {
  const methods = { core: 'sequential', concurrent: 'concurrent', sla: 'load' } as const;
  return requirements.filter(({ id, method }) => breaks.includes(id as RequirementId) || (method === methods[profile] && id !== 'MODEL-1')).map(({ id }) => id);
}

/** Judges one mutant. */
export async function kill(mutant: Mutant, { seed, runs, patienceMs }: Settings): Promise<Row> {
  const began = performance.now();
  const [aim] = mutant.breaks;
  const counter = counting(mutant.adapter);
  let at: { operations: number; seconds: number } | undefined;
  const report = await verify(counter.adapter, {
    seed,
    runs,
    patienceMs,
    only: judgedBy(mutant.profile, mutant.breaks),
    onProgress: ({ findings }) => {
      if (!findings.some(({ requirement, result }) => requirement === aim && result.status === 'failed')) return;
      at ??= { operations: counter.calls, seconds: (performance.now() - began) / 1_000 };
    },
  });
  const failures = report.requirements.filter(({ status }) => status === 'failed');
  const failed = failures.flatMap(({ id, checks }) =>
    checks.filter(({ status }) => status === 'failed').map(({ title, failure }) => ({ requirement: id, check: title, message: nameless(failure?.message ?? '') })),
  );
  const steps = failures.find(({ id }) => id === aim)?.checks.find(({ status }) => status === 'failed')?.failure;
  return { mutant: mutant.id, fate: fateOf(mutant, report), failed, ...at, ...(steps && { steps: (steps.interleaving ?? steps.steps).length }) };
}

function fateOf({ breaks }: Mutant, report: Report): Fate {
  const failed = brokenByThemselves(report);
  if (failed.includes(breaks[0]!)) return failed.every((id) => breaks.includes(id)) ? 'killed' : 'wrong reason';
  if (failed.length > 0) return 'wrong reason';
  return report.counts.inconclusive > 0 ? 'inconclusive' : 'survived';
}

/** A message without the names and numbers that differ from seed to seed. */
const nameless = (message: string): string => message.replaceAll(/"[^"]*"/g, '…').replaceAll(/\d+(\.\d+)?/g, 'N');

/** The same registry, whose calls are counted. */
function counting(adapter: Adapter): { readonly adapter: Adapter; readonly calls: number } {
  let calls = 0;
  const counted = (subject: Subject): Subject =>
    new Proxy(subject, {
      get(target, key) {
        const value: unknown = Reflect.get(target, key, target);
        if (typeof value !== 'function') return value;
        return (...args: unknown[]): unknown => {
          calls++;
          return Reflect.apply(value, target, args) as unknown;
        };
      },
    });
  return {
    adapter: { ...adapter, open: async (options) => counted(await adapter.open(options)) },
    get calls() {
      return calls;
    },
  };
}
