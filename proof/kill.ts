import type { Adapter, Subject } from '../conformance/contract.js';
import { verify } from '../conformance/verify.js';
import { brokenByThemselves } from '../conformance/report/consequences.js';
import type { Report } from '../conformance/report/result.js';
import { requirements, type Method, type RequirementId } from '../spec/index.js';
import type { Mutant, Profile } from './catalogue.js';

/** How every registry of a matrix is judged. */
export interface Settings {
  /** Each is a run of its own. The matrix shows the first; with the others a mutant must be killed as well. */
  readonly seeds: readonly number[];
  readonly runs: number;
  readonly patienceMs: number;
  /** How many operations each load has; as many as by default unless said. */
  readonly operations?: number;
  /** Whether nothing is judged but what the mutant breaks: then it is not known what else would have failed. */
  readonly aimOnly?: boolean;
}

/**
 * What became of a mutant. *Killed*: a check of the requirement it breaks failed, and nothing failed that is not listed for it.
 * *Wrong reason*: something else failed. *Survived*: nothing did.
 */
export type Fate = 'killed' | 'wrong reason' | 'survived' | 'inconclusive';

/** A check that failed, and with which message; names and numbers, which differ from seed to seed, are left out. */
export interface Found {
  readonly requirement: string;
  readonly check: string;
  readonly message: string;
}

/** A row of the matrix. */
export interface Row {
  readonly mutant: string;
  readonly fate: Fate;
  /** The requirement that it is made to break. */
  readonly aim: RequirementId;
  /** The checks that failed, by requirement: the columns that are marked. */
  readonly failed: readonly Found[];
  /** Calls of the registry until the kill was reported, shrinking included. */
  readonly operations?: number;
  /** Until the kill was reported. */
  readonly seconds?: number;
  /** Operations of the counterexample. */
  readonly steps?: number;
  /** The commit of the kit that judged it, as `git describe --always --dirty` names it. */
  readonly revision?: string;
  /** The seeds with which it was not killed, and what became of it then. */
  readonly escapes: readonly { readonly seed: number; readonly fate: Fate; readonly failed: readonly Found[] }[];
}

/** The requirements that a profile judges, and those that the mutant breaks. The walk through the model knows no seed and takes its time: only what it is needed for has it. */
export function judgedBy(profile: Profile, breaks: readonly RequirementId[]): RequirementId[] {
  const methods: Record<Profile, Method> = { core: 'sequential', concurrent: 'concurrent', sla: 'load' };
  return requirements.filter(({ id, method }) => breaks.includes(id) || (method === methods[profile] && id !== 'MODEL-1')).map(({ id }) => id);
}

/** Judges one mutant, with each seed. */
export async function kill(mutant: Mutant, settings: Settings): Promise<Row> {
  // The walk through the model knows no seed.
  const seeds = mutant.breaks[0] === 'MODEL-1' ? settings.seeds.slice(0, 1) : settings.seeds;
  const rows: (Row & { readonly seed: number })[] = [];
  for (const seed of seeds) rows.push({ seed, ...(await judge(mutant, seed, settings)) });
  const escapes = rows.slice(1).flatMap(({ seed, fate, failed }) => (fate === 'killed' ? [] : [{ seed, fate, failed }]));
  const { seed: _, ...first } = rows[0]!;
  return { ...first, escapes };
}

async function judge(mutant: Mutant, seed: number, { runs, patienceMs, operations, aimOnly = false }: Settings): Promise<Row> {
  const began = performance.now();
  const [aim] = mutant.breaks;
  const counter = counting(mutant.adapter);
  let at: { operations: number; seconds: number } | undefined;
  const report = await verify(counter.adapter, {
    seed,
    runs,
    patienceMs,
    ...(operations !== undefined && { operations }),
    only: aimOnly ? mutant.breaks : judgedBy(mutant.profile, mutant.breaks),
    onProgress: ({ findings }) => {
      if (!findings.some(({ requirement, result }) => requirement === aim && result.status === 'failed')) return;
      at ??= { operations: counter.calls, seconds: (performance.now() - began) / 1_000 };
    },
  });
  const failures = report.requirements.filter(({ status }) => status === 'failed');
  const failed = failures.flatMap(({ id, checks }) =>
    checks.filter(({ status }) => status === 'failed').map(({ title, failure }) => ({ requirement: id, check: title, message: nameless(failure?.message ?? '') })),
  );
  const shown = failures.find(({ id }) => id === aim)?.checks.find(({ status }) => status === 'failed')?.failure;
  return { mutant: mutant.id, aim: aim!, fate: fateOf(mutant, report), failed, ...at, ...(shown && { steps: (shown.interleaving ?? shown.steps).length }), escapes: [] };
}

/** The check that found a mutant out: the first that failed of the requirement that it breaks. */
export const killer = ({ aim, failed }: Row): Found | undefined => failed.find(({ requirement }) => requirement === aim);

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
