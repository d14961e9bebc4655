import { setMaxListeners } from 'node:events';
import { appendFileSync } from 'node:fs';
import { InvalidArgumentError, type Command } from 'commander';
import pc from 'picocolors';
import { AdapterError } from '../contract.js';
import { safe } from '../engine/show.js';
import { gateMarkdown, renderGate } from '../gate/report.js';
import { gateDefaults, runGate, type GateOptions, type GateReport } from '../gate/run-gate.js';
import type { Verdict } from '../gate/verdict.js';
import { workloads } from '../gate/workloads.js';
import { isColoured } from './colour.js';
import { UsageError } from './exit.js';
import { integer } from './integer.js';
import { writeJson } from './write-file.js';

/** What the exit code of the gate says. */
export const gateExitCodes: Readonly<Record<Verdict, number>> & { readonly interrupted: number } = { pass: 0, undecided: 0, regression: 1, invalid: 3, interrupted: 130 };

/** What both commands that run the gate take. */
export interface GateFlags {
  readonly workloads?: readonly string[];
  readonly seed: number;
  readonly rounds: number;
  readonly maxRounds: number;
  readonly floor: number;
  readonly accept: ReadonlySet<string>;
  readonly countersOnly?: boolean;
  readonly json?: string;
  readonly summary?: string;
}

export function gateFlags(command: Command): Command {
  return command
    .option('--workloads <names>', `only these, separated by semicolons: ${workloads.map(({ name }) => name).join('; ')}`, parseWorkloads)
    .option('--seed <n>', 'what decides the order in which the builds take turns', integer(0, 2 ** 31 - 1), Math.floor(Math.random() * 1_000_000))
    .option('--rounds <n>', 'fresh process pairs, at least', integer(8, 1_000), gateDefaults.rounds)
    .option('--max-rounds <n>', 'and at most, where the controls need more', integer(8, 1_000), gateDefaults.maxRounds)
    .option('--floor <percent>', 'a slowdown that is let through', integer(1, 100), 100 * gateDefaults.rule.floor)
    .option('--accept <counters>', 'counters that are meant to grow, separated by semicolons: "clock reads", or "bind/clock reads"', (value: string) => new Set(value.split(';').map((one) => one.trim())), new Set<string>())
    .option('--counters-only', 'only count, and leave the times out')
    .option('--json <file>', 'write the report as JSON to a file')
    .option('--summary <file>', 'append a summary in Markdown to a file (default: $GITHUB_STEP_SUMMARY)')
    .addHelpText(
      'after',
      `
Exit codes:
  0    no regression, or undecided: it may be slower, by too little or too unsteadily to say so
  1    a regression: a counter grew, or it is slower by more than the floor, twice
  2    the command line is wrong, or a build failed
  3    invalid run: the controls were not what they must be, or a process ended
  130  interrupted with Ctrl-C`,
    );
}

/** Runs the gate, says what came of it, and gives the exit code. */
export async function gateAndReport(flags: GateFlags, builds: Pick<GateOptions, 'baseline' | 'candidate' | 'functions'>, signal: AbortSignal): Promise<number> {
  const { seed, rounds, maxRounds, accept, json, summary = process.env['GITHUB_STEP_SUMMARY'] } = flags;
  if (json !== undefined) writeJson(json, undefined);
  const shows = process.stderr.isTTY === true;
  const report = await runGate({
    ...gateDefaults,
    ...builds,
    seed,
    rounds,
    maxRounds: Math.max(rounds, maxRounds),
    rule: { ...gateDefaults.rule, floor: flags.floor / 100 },
    accepted: accept,
    signal,
    ...(flags.countersOnly && { countersOnly: true }),
    ...(flags.workloads && { workloads: flags.workloads }),
    ...(shows && { onProgress: (text: string) => void process.stderr.write(`\r\u001b[K${text}`) }),
  })
    .catch((error: unknown) => {
      throw error instanceof AdapterError ? new UsageError(safe(error.message, 500)) : error;
    })
    .finally(() => void (shows && process.stderr.write('\r\u001b[K')));
  process.stdout.write(renderGate(report, pc.createColors(isColoured(process.stdout))));
  if (json !== undefined) writeJson(json, report);
  if (summary !== undefined && summary !== '') append(summary, report);
  return signal.aborted ? gateExitCodes.interrupted : gateExitCodes[report.verdict];
}

/** A signal that aborts with Ctrl-C, and with what CI sends; and an end of listening. */
export function interruption(): { readonly signal: AbortSignal; readonly done: () => void } {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal); // One for each process.
  const interrupt = (): void => controller.abort();
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const one of signals) process.on(one, interrupt);
  return { signal: controller.signal, done: () => signals.forEach((one) => process.off(one, interrupt)) };
}

/** In one write: what reads it never sees half a summary. */
function append(file: string, report: GateReport): void {
  try {
    appendFileSync(file, `${gateMarkdown(report)}\n`);
  } catch (error) {
    throw new UsageError(`cannot write ${safe(file)}: ${safe((error as Error).message)}`);
  }
}

function parseWorkloads(value: string): string[] {
  const names = value.split(';').map((one) => one.trim()).filter((one) => one !== '');
  const wrong = names.find((one) => workloads.every(({ name }) => name !== one));
  if (wrong !== undefined || names.length === 0) throw new InvalidArgumentError(wrong === undefined ? 'name at least one workload.' : `there is no workload ${safe(wrong, 40)}.`);
  return names;
}
