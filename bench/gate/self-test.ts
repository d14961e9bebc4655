import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { ProcessFailure } from '../../conformance/gate/process.js';
import { calibrate, type Sized } from '../../conformance/gate/rounds.js';
import { gateDefaults } from '../../conformance/gate/run-gate.js';
import { timedRun } from '../../conformance/gate/timed-run.js';
import { recurring, type Verdict } from '../../conformance/gate/verdict.js';
import type { Builds } from './builds.js';
import { errorRates } from './error-rates.js';

/** Slowdowns that are planted, the first of them none. */
export const doses = [0, 0.05, 0.1, 0.2] as const;
/** Writes, with their promises, timers and garbage, are noisier than lookups. */
const workload = 'register + unregister';

/** What the gate said in one repetition: of each dose, by its name. */
export interface Repetition {
  readonly condition: 'idle' | 'busy';
  readonly seed: number;
  readonly verdicts: Readonly<Record<string, Verdict>>;
  readonly rounds: number;
  readonly seconds: number;
  /** The machine's load in the minute before its end. */
  readonly load: number;
  readonly node: string;
  readonly processor: string;
  /** Of the registry that was measured, and of the gate that said it. */
  readonly revision: string;
}

const kept = new URL('../../../bench/gate/error-rates.json', import.meta.url);
const page = new URL('../../../docs/regression-gate.md', import.meta.url);
export const doseName = (dose: number): string => (dose === 0 ? 'A/A' : `+${Math.round(100 * dose)} %`);

/**
 * Runs the gate so many times on one build, a git revision, beside itself with slowdowns planted in it. All doses of a repetition share their baseline,
 * their controls and the moment, which takes half of the time; repetitions share nothing. Each is kept as soon as it is done.
 */
export async function selfTest({ baseline, revision }: Builds, { repetitions, first, isBusy, signal }: { readonly repetitions: number; readonly first: number; readonly isBusy: boolean; readonly signal: AbortSignal }): Promise<number> {
  const condition = isBusy ? 'busy' : 'idle';
  let all = existsSync(kept) ? (JSON.parse(readFileSync(kept, 'utf8')) as Repetition[]) : [];
  const spinners = isBusy ? Array.from({ length: availableParallelism() }, spin) : [];
  try {
    const [sized] = await calibrate([baseline], [workload], { ...gateDefaults, signal });
    for (let seed = first; seed < first + repetitions; seed++) {
      if (all.some((one) => one.condition === condition && one.seed === seed)) continue;
      const began = performance.now();
      const { verdicts, rounds } = await repeat(baseline, sized!, seed, signal).catch((error: unknown) => {
        if (!(error instanceof ProcessFailure) || signal.aborted) throw error;
        return { verdicts: Object.fromEntries(doses.map((dose) => [doseName(dose), 'invalid' as const])), rounds: 0 }; // As the gate would say.
      });
      const repetition: Repetition = { condition, seed, verdicts, rounds, seconds: (performance.now() - began) / 1_000, load: Number(loadavg()[0]!.toFixed(1)), node: process.version, processor: `${availableParallelism()} × ${cpus()[0]?.model.trim() ?? 'unknown'}`, revision };
      all = [...all, repetition];
      write(kept, `[\n${all.map((one) => JSON.stringify(one)).join(',\n')}\n]\n`);
      process.stdout.write(`${condition} ${seed}: ${Object.entries(verdicts).map(([dose, verdict]) => `${dose} ${verdict}`).join(', ')} (${rounds} rounds, ${repetition.seconds.toFixed(0)} s, load ${repetition.load})\n`);
    }
  } finally {
    for (const one of spinners) one.kill('SIGKILL');
  }
  write(page, withTable(readFileSync(page, 'utf8'), errorRates(all)));
  return 0;
}

/** One gate run for each dose: the first run is for all of them, the second for those that seemed slower. */
async function repeat(baseline: string, sized: Sized, seed: number, signal: AbortSignal): Promise<Pick<Repetition, 'verdicts' | 'rounds'>> {
  const options = { ...gateDefaults, baseline, workloads: [sized], signal };
  const candidates = doses.map((dose) => ({ name: doseName(dose), module: baseline, planted: dose }));
  // No two runs take turns in the same order.
  const [first] = await timedRun({ ...options, candidates, seed: 2 * seed });
  const suspicious = candidates.filter(({ name }) => first!.judgements.get(name)!.verdict === 'slower');
  const [second] = suspicious.length === 0 ? [] : await timedRun({ ...options, candidates: suspicious, seed: 2 * seed + 1 });
  const verdicts = Object.fromEntries(candidates.map(({ name }) => [name, recurring(first!.judgements.get(name)!.verdict, second?.judgements.get(name)?.verdict)]));
  return { verdicts, rounds: first!.times.length + (second?.times.length ?? 0) };
}

/** A neighbour that wants a whole processor for itself; it ends with us, however we end. */
const spin = (): ChildProcess => spawn(process.execPath, ['-e', `for (;;) { for (let i = 0; i < 1e8; i++); try { process.kill(${process.pid}, 0); } catch { process.exit(); } }`], { stdio: 'ignore' });

/** All or nothing: an interruption leaves what was there. */
function write(file: URL, text: string): void {
  const beside = new URL(`${file.href}.new`);
  writeFileSync(beside, text);
  renameSync(beside, file);
}

const [begin, end] = ['<!-- error rates: generated by `npm run bench:gate -- --self-test` -->', '<!-- end of error rates -->'];

function withTable(text: string, table: string): string {
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error('docs/regression-gate.md has lost the marks between which the table belongs');
  return `${text.slice(0, from + begin.length)}\n\n${table}\n\n${text.slice(to)}`;
}
