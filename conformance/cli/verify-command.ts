import { Command, InvalidArgumentError, Option } from 'commander';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';
import { features, findRequirement, requirements, specificationVersion, specificationVersions, type RequirementId, type SpecificationVersion } from '../../spec/index.js';
import { checks } from '../checks/index.js';
import { safe } from '../engine/show.js';
import { suites, type Program } from '../engine/sequences.js';
import type { Spread } from '../load/run-load.js';
import { profiles, selectedBy, type Profile } from '../profile.js';
import { measurings } from '../sla/index.js';
import { defaults, randomSeed } from '../verify.js';
import { Expected, exitCodeOf, withBaselineOptions, type BaselineOptions } from './baseline-options.js';
import { commandOption, quotedWord, type CommandLine } from './command-line.js';
import { integer } from './integer.js';
import { UsageError } from './exit.js';
import { probeReports, withReportOptions, writeReports, type ReportOptions } from './report-options.js';
import { runInWorker } from './supervisor.js';
import { writeJson } from './write-file.js';

interface Options extends ReportOptions, BaselineOptions {
  readonly spec: SpecificationVersion;
  readonly command?: CommandLine;
  readonly threads: boolean;
  readonly only?: readonly RequirementId[];
  readonly profile?: Profile;
  readonly effort: number;
  readonly seed?: number;
  readonly runs: number;
  readonly timeout: number;
  readonly list?: boolean;
  readonly replay?: Program;
  readonly clients: Spread;
  readonly concurrency: number;
  readonly operations: number;
  readonly history?: string;
}

/** The command `verify`; how it runs a verification can be replaced, so that the command can be tested by itself. */
export function verifyCommand(run: typeof runInWorker = runInWorker): Command {
  const command = new Command('verify')
    .summary('judge a registry')
    .description('Judges a registry against the specification, and says what it got wrong.\n\nWithout a module it judges the registry of this package. A module exports `adapter`: see the README. A program in any language speaks the adapter protocol: see docs/protocol.md.')
    .argument('[adapter-module]', 'JavaScript module that exports `adapter`')
    .addOption(commandOption())
    .option('--threads', 'load the module in a thread of its own, so that its calls overlap as they do between threads, and speak to it by the adapter protocol', false)
    .option('--only <ids>', 'judge these requirements only: ids or chapters, separated by commas (REG-1,BND)', parseOnly)
    .addOption(new Option('--profile <part>', 'judge this part only: operations in sequence, overlapping ones, measurements (chapter SLA, about a minute and a half), or all; without it, all but the measurements').choices(profiles))
    .option('--effort <percent>', 'how much is measured before a verdict is tried', integer(1, 1_000), 100)
    .option('--seed <n>', 'start randomness here; the same seed gives the same run (default: random, and printed)', integer(0, 0x7fff_ffff))
    .option('--runs <n>', 'how many random command sequences to run', integer(1, 100_000_000), defaults.runs)
    .option('--timeout <ms>', 'how long an operation may take to answer', integer(1, 600_000), defaults.patienceMs)
    .addOption(new Option('--clients <where>', 'where the clients of a load are').choices(['tasks', 'threads', 'processes']).default(defaults.clients))
    .option('--concurrency <n>', 'how many clients a load has', integer(2, 64), defaults.concurrency)
    .option('--operations <n>', 'how many operations a load has, of all clients together', integer(100, 1_000_000), defaults.operations)
    .option('--history <file>', 'write the history of a load to a file, to be judged again with `check-history`')
    .addOption(new Option('--spec <version>', 'judge by this version of the specification: what it requires is frozen').choices(specificationVersions).default(specificationVersion))
    .option('--list', 'list the requirements and the checks, and judge nothing')
    .addOption(new Option('--replay <program>', 'replay a counterexample: the JSON that a failure prints, or @FILE').argParser(parseReplay))
    .addHelpText(
      'after',
      `
Exit codes:
  0    conformant: every requirement that could be tested holds
  1    not conformant: at least one MUST is broken (with --expected-failures: one that is not listed, or a listed one holds)
  2    the command line or the adapter is wrong
  3    inconclusive: something did not answer in time, or could not be tried
  130  interrupted with Ctrl-C; what was found so far is printed

Examples:
  sharded-registry verify
  sharded-registry verify ./my-adapter.js --json verdict.json --html verdict.html
  sharded-registry verify ./my-adapter.js --only BND,REG-4 --seed 42
  sharded-registry verify ./my-adapter.js --profile sla
  sharded-registry verify ./my-adapter.js --expected-failures expected-failures.yaml
  sharded-registry verify --command "python3 my_registry.py"
  sharded-registry verify --only CON-1 --clients threads --concurrency 32 --operations 100000`,
    )
    .action(async (module: string | undefined, options: Options) => {
      if (options.list) return void process.stdout.write(listing(selectedBy(options.profile, options.only, options.spec)));
      process.exitCode = await verifyAndReport(module, options, run);
    });
  return withBaselineOptions(withReportOptions(command));
}

async function verifyAndReport(module: string | undefined, options: Options, run: typeof runInWorker): Promise<number> {
  if (module !== undefined && options.command !== undefined) throw new UsageError('name a module or a --command, not both');
  if (options.threads && options.command !== undefined) throw new UsageError('--threads is for a module: a --command has a process of its own');
  // Found out before the run, not after it.
  probeReports(options);
  const expected = new Expected(options, options.spec);
  if (options.history !== undefined) writeJson(options.history, undefined);
  const seed = options.seed ?? randomSeed();
  const outcome = await run({
    module: module === undefined ? undefined : resolve(module),
    ...(options.command && { command: options.command.words }),
    isThread: options.threads,
    argument: argumentOf(module, options),
    only: options.only,
    ...(options.profile !== undefined && { profile: options.profile }),
    specification: options.spec,
    effort: options.effort / 100,
    seed,
    runs: options.runs,
    patienceMs: options.timeout,
    replay: options.replay,
    load: { clients: options.clients, concurrency: options.concurrency, operations: options.operations, ...(options.history !== undefined && { history: resolve(options.history) }) },
    showProgress: process.stderr.isTTY === true,
  });
  if (outcome.kind === 'adapter-error') throw new UsageError(safe(outcome.reason, 1_000));
  const report = expected.compare(outcome.report);
  writeReports(report, options);
  return exitCodeOf(report);
}

/** What names the registry in a line that replays a failure. */
function argumentOf(module: string | undefined, { command, threads }: Options): string | undefined {
  if (command !== undefined) return `--command ${quotedWord(command.text)}`;
  const words = [...(threads ? ['--threads'] : []), ...(module === undefined ? [] : [/^[\w./-]+$/.test(module) ? module : quotedWord(module)])];
  return words.length === 0 ? undefined : words.join(' ');
}

function parseOnly(value: string): RequirementId[] {
  const wanted = value.split(',').map((part) => part.trim().toUpperCase()).filter((part) => part !== '');
  const ids = wanted.flatMap((part) => {
    const found = requirements.filter(({ id }) => id === part || id.startsWith(`${part}-`)).map(({ id }) => id);
    if (found.length === 0) throw new InvalidArgumentError(`there is no requirement or chapter ${safe(part, 40)}; \`verify --list\` shows them.`);
    return found;
  });
  if (ids.length === 0) throw new InvalidArgumentError('name at least one requirement.');
  return ids;
}

/** A program comes from outside: it is read through a schema. */
const operation = z.looseObject({ op: z.string() });
const operations = z.array(operation).max(10_000);
const reactions = z.record(z.string(), operation).optional();
const sequentialSchema = z.object({
  suite: z.enum([...suites.map(({ name }) => name), 'model-names', 'model-contention']),
  ids: z.array(z.string()).max(1_000),
  steps: operations,
});
const programSchema = z.union([
  sequentialSchema,
  z.object({
    suite: z.literal('schedules'),
    setup: operations,
    clients: z.array(operations).min(1).max(64),
    reactions,
    downReactions: reactions,
    early: z.boolean().optional(),
    commits: z.enum(['prompt', 'stuck']).optional(),
    isWatched: z.boolean().optional(),
    schedule: z.array(z.number().int().nonnegative()).max(100_000),
  }),
  z.object({ suite: z.literal('commands'), seed: z.number().int(), path: z.string().regex(/^\d+(:\d+)*$/).max(10_000), avoid: z.array(z.enum(Object.keys(features))).optional() }),
]);

function parseReplay(value: string): Program {
  try {
    const text = value.startsWith('@') ? readFileSync(value.slice(1), 'utf8') : value;
    return programSchema.parse(JSON.parse(text)) as unknown as Program;
  } catch {
    throw new InvalidArgumentError('must be the JSON that a failure prints after --replay, or @ and the name of a file with it.');
  }
}

/** Every requirement, and what is tried for it. */
function listing(only: readonly RequirementId[]): string {
  const lines = only.flatMap((id) => {
    const { level, text, method } = findRequirement(id)!;
    const tried = [...checks.filter((check) => check.requirement === id), ...measurings.filter((measuring) => measuring.requirements.includes(id))];
    const titles = tried.map(({ title }) => `           - ${title}`);
    return [`${id.padEnd(7)} ${level.padEnd(6)} ${text}`, ...(titles.length > 0 ? titles : [`           (${method}: no check of its own)`])];
  });
  return `${lines.join('\n')}\n`;
}
