import { Command, InvalidArgumentError, Option } from 'commander';
import pc from 'picocolors';
import { z } from 'zod';
import type { Operation } from '../../model/index.js';
import { errorCodes } from '../../spec/index.js';
import type { Observed } from '../engine/registry-history.js';
import { safe } from '../engine/show.js';
import { HistoryFileError, readHistory, type Entry, type History } from '../linearizability/index.js';
import { judgeOrder } from '../load/judge.js';
import { tableOf } from '../load/table.js';
import { columnsOf } from '../report/console.js';
import { isColoured } from './colour.js';
import { exitCodes, UsageError } from './exit.js';

interface Options {
  readonly entries?: History<Operation, Observed>;
  readonly timeout: number;
}

/** The command `check-history`: judges once more what clients have called and been answered. */
export function checkHistoryCommand(): Command {
  return new Command('check-history')
    .summary('judge a recorded history')
    .description('Judges whether the operations of a history can be put in an order that the specification allows (CON-1).\n\nA file has an entry on each line, as `verify --history` writes it. Lists, broadcasts and what concerns the registry as a whole are left out.')
    .argument('[file]', 'history, as JSON lines')
    .addOption(new Option('--entries <json>', 'the entries themselves, as a failure prints them').argParser(parseEntries))
    .option('--timeout <ms>', 'how long it may take', (value) => (/^[1-9]\d{0,8}$/.test(value) ? Number(value) : refuse('must be a whole number of milliseconds from 1.')), 60_000)
    .addHelpText('after', '\nExit codes:\n  0    linearizable\n  1    violated\n  2    the command line or the history is wrong\n  3    it could not be told in the time\n')
    .action(async (file: string | undefined, { entries, timeout }: Options) => {
      if ((file === undefined) === (entries === undefined)) throw new UsageError('name a file, or give the entries with --entries.');
      process.exitCode = await judge(entries ?? (await read(file!)), timeout);
    });
}

async function judge(history: History<Operation, Observed>, milliseconds: number): Promise<number> {
  const began = performance.now();
  const { violations: [wrong], undecided } = await judgeOrder(history, { milliseconds, isEventual: false }).catch((error: unknown) => {
    throw new UsageError(`the history has operations that cannot be judged: ${safe(String((error as Error).message), 300)}`);
  });
  const c = pc.createColors(isColoured(process.stdout));
  const about = `${history.length.toLocaleString('en')} operations, ${((performance.now() - began) / 1_000).toFixed(1)} s`;
  if (undecided !== undefined) process.stdout.write(`${c.bold(c.yellow('UNKNOWN'))}: ${undecided}\n`);
  else if (wrong === undefined) process.stdout.write(`${c.bold(c.green('LINEARIZABLE'))}: ${about}\n`);
  else process.stdout.write(`${c.bold(c.red('VIOLATED'))} (${wrong.requirement}): ${wrong.violation.message}\n${columnsOf(tableOf(wrong.history).map((row) => ({ ...row, text: safe(row.text, 200) })), c).join('\n')}\n${about}\n`);
  return undecided !== undefined ? exitCodes.inconclusive : wrong === undefined ? exitCodes.conformant : exitCodes.notConformant;
}

const refuse = (why: string): never => {
  throw new InvalidArgumentError(why);
};

/** What any operation may hold; whatever it lacks the model would trip over. */
const text = z.string();
const config = z.record(z.string(), z.json());
const operation = z.discriminatedUnion('op', [
  z.object({ op: z.enum(['registerServer', 'registerTransport']), id: text, endpoint: text, config: config.optional() }),
  z.object({ op: z.enum(['unregisterServer', 'unregisterTransport', 'findServer', 'findTransport']), id: text }),
  z.object({ op: z.literal('updateServer'), id: text, config }),
  z.object({ op: z.literal('bindTransportToServer'), transportId: text, serverId: text }),
  z.object({ op: z.enum(['unbindTransport', 'getServerForTransport']), transportId: text }),
  z.object({ op: z.enum(['routeToServer', 'routeToTransport']), serverId: text, transportId: text, message: text }),
  z.object({ op: z.literal('broadcast'), serverId: text, message: text }),
  z.object({ op: z.literal('down'), endpoint: text }),
  z.object({ op: z.literal('setAdmission'), mode: z.enum(['auto', 'open', 'closed']) }),
  z.object({ op: z.enum(['listServers', 'listTransports', 'getPartitionStats', 'getContentionStatus', 'resetStats', 'close']) }),
]);
/** JSON has no `undefined`: what is not there is that. */
const observed = z.union([z.object({ kind: z.literal('done'), value: z.unknown().optional() }), z.object({ kind: z.literal('refused'), code: z.enum(errorCodes as [string, ...string[]]) }), z.object({ kind: z.literal('broken'), what: text, breaks: text })]);

/** What an entry of a file holds is up to whoever wrote it. */
function understood(entry: Entry): Entry<Operation, Observed> {
  const invocation = operation.safeParse(entry.invocation);
  const response = observed.safeParse(entry.response);
  if (!invocation.success) throw new UsageError(`entry ${entry.id}: ${safe(JSON.stringify(entry.invocation) ?? 'nothing', 100)} is no operation of a registry`);
  if (entry.end !== Infinity && !response.success) throw new UsageError(`entry ${entry.id}: ${safe(JSON.stringify(entry.response) ?? 'nothing', 100)} is no answer of a registry`);
  const answer = entry.end === Infinity ? undefined : (response.data as Observed);
  return { ...entry, invocation: invocation.data as Operation, response: answer?.kind === 'done' ? { kind: 'done', value: answer.value } : answer };
}

async function read(file: string): Promise<History<Operation, Observed>> {
  try {
    return (await readHistory(file)).map(understood);
  } catch (error) {
    if (error instanceof HistoryFileError) throw new UsageError(safe(error.message));
    if (error instanceof UsageError) throw error;
    throw new UsageError(`cannot read ${safe(file)}: ${safe((error as Error).message)}`);
  }
}

const entryShape = z.object({ id: z.int().nonnegative(), actor: text.max(1_000), invocation: z.unknown(), response: z.unknown().optional(), start: z.number(), end: z.number().nullable() });

function parseEntries(value: string): History<Operation, Observed> {
  try {
    return z.array(entryShape).max(10_000).parse(JSON.parse(value)).map((entry) => understood({ ...entry, response: entry.response, end: entry.end ?? Infinity }));
  } catch (error) {
    return refuse(error instanceof UsageError ? error.message : 'must be the JSON that a failure prints after --entries.');
  }
}

