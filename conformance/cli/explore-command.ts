import { Command, InvalidArgumentError, Option } from 'commander';
import { totalmem } from 'node:os';
import { defaultSize, explore, largestSize, lateNews, propertiesOf, variants, type Depth, type Exploration, type ExploreOptions, type ExploreSize, type Variant } from '../../model/explore/index.js';
import { safe } from '../engine/show.js';
import { progressLine, renderExploration } from '../report/exploration-console.js';
import { summariseExplorations } from '../report/exploration.js';
import { integer } from './integer.js';
import { isColoured } from './colour.js';
import { exitCodes, UsageError } from './exit.js';
import { writeJson } from './write-file.js';

interface Options extends Partial<ExploreSize> {
  readonly depth?: Depth;
  readonly variant?: 'all' | Variant;
  readonly property?: readonly string[];
  readonly symmetry: boolean;
  readonly partialOrder: boolean;
  readonly budget?: Pick<ExploreOptions, 'states' | 'seconds'>;
  readonly memory?: number;
  readonly json?: string;
  readonly list?: boolean;
}

/** The command `explore`. */
export function exploreCommand(): Command {
  const command = new Command('explore')
    .summary('explore the model exhaustively')
    .description('Explores the model: every state that can be reached at a size, as whole operations and as the steps of clients that overlap. Each property is proved, or violated by a shortest counterexample.')
    .addOption(new Option('--depth <depth>', 'whole operations, or the steps of overlapping clients (default: both)').choices(['sequential', 'protocol']));
  for (const kind of ['partitions', 'servers', 'transports', 'endpoints', 'clients'] as const) {
    const [least, most] = largestSize[kind];
    command.option(`--${kind} <n>`, `how many ${kind} (default: ${defaultSize[kind]})`, integer(least, most));
  }
  return command
    .option('--window-ticks <n>', 'for how many ticks a sample counts (default: 1)', integer(...largestSize.windowTicks))
    .option('--window-size <n>', 'how many samples a window has (default: 2)', integer(...largestSize.windowSize))
    .option('--min-writes <n>', 'from how many writes on the mean counts (default: 2)', integer(...largestSize.minWrites))
    .option('--variant <name>', 'explore this design instead of ours, or `all` that are mistaken', parseVariant)
    .option('--property <ids>', 'look at these properties only, separated by commas', parseProperties)
    .option('--budget <limit>', 'end as bounded after so many states (2000000) or seconds (30s)', parseBudget)
    .option('--memory <MiB>', 'end as bounded when the states take so much (default: half of the memory there is)', integer(1, 1_000_000))
    .option('--no-symmetry', 'tell apart states that differ in names alone')
    .option('--no-partial-order', 'take steps that nobody else can notice in every order')
    .option('--json <file>', 'write what was found as JSON to a file')
    .option('--list', 'list the properties and the variants, and explore nothing')
    .addHelpText(
      'after',
      `
Exit codes:
  0    every property is proved, and every witness found
  1    a property is violated
  2    the command line is wrong
  3    bounded: the budget, or the memory, ended before it could be told; or a witness is missing
  130  interrupted with Ctrl-C; what was covered so far is printed

Examples:
  sharded-registry explore
  sharded-registry explore --variant single-queue
  sharded-registry explore --depth protocol --clients 4 --budget 60s --json found.json`,
    )
    .action(async (options: Options) => {
      if (options.list) return void process.stdout.write(listing());
      process.exitCode = await exploreAndReport(options);
    });
}

async function exploreAndReport(options: Options): Promise<number> {
  if (options.json !== undefined) writeJson(options.json, undefined);
  const { variant } = options;
  const designs: (Variant | undefined)[] = variant === 'all' ? [...variants] : [variant];
  const found: Exploration[] = [];
  const interruption = new AbortController();
  const interrupt = (): void => interruption.abort();
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  try {
    for (const design of designs) {
      for (const depth of depthsOf(design, options.depth)) {
        if (interruption.signal.aborted) break;
        const exploration = await explore({
          depth,
          size: sizeOf(options),
          symmetry: options.symmetry,
          partialOrder: options.partialOrder,
          memory: (options.memory ?? Math.floor(memoryThereIs() / 2 ** 21)) * 2 ** 20,
          signal: interruption.signal,
          ...options.budget,
          ...(design && { variant: design }),
          ...(options.property && { properties: options.property }),
          ...(process.stderr.isTTY && { onProgress: (progress) => void process.stderr.write(`\r\u001b[K${progressLine(progress, process.stderr.columns ?? 80)}`) }),
        });
        if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
        found.push(exploration);
        process.stdout.write(renderExploration(exploration, { colour: isColoured(process.stdout) }));
      }
    }
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(error.message);
    throw error;
  } finally {
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
  }
  const report = summariseExplorations(found);
  process.stdout.write(`${verdictLine(report.verdict, interruption.signal.aborted)}\n`);
  if (options.json !== undefined) writeJson(options.json, report);
  if (interruption.signal.aborted) return exitCodes.interrupted;
  return report.verdict === 'proved' ? exitCodes.conformant : report.verdict === 'violated' ? exitCodes.notConformant : exitCodes.inconclusive;
}

/** Of this process: a container may have less than the machine. Bytes. */
function memoryThereIs(): number {
  const granted = process.constrainedMemory(); // 0, or more than there is: no limit is set.
  return granted > 0 ? Math.min(granted, totalmem()) : totalmem();
}

function depthsOf(variant: Variant | undefined, wanted: Depth | undefined): readonly Depth[] {
  if (variant === undefined) return wanted === undefined ? ['sequential', 'protocol'] : [wanted];
  if (wanted !== undefined && wanted !== variant.depth) throw new UsageError(`variant ${variant.id} differs from ours at depth ${variant.depth} only`);
  return [variant.depth];
}

/** The sizes that were asked for, and no others. */
function sizeOf(options: Options): Partial<ExploreSize> {
  return Object.fromEntries(Object.entries(options).filter(([key]) => key in largestSize));
}

const verdictLine = (verdict: string, interrupted: boolean): string =>
  interrupted ? 'INTERRUPTED: above is what was covered' : { proved: 'PROVED', violated: 'VIOLATED', vacuous: 'VACUOUS: a witness is missing', bounded: 'BOUNDED: not everything was seen, and nothing that needs it is proved' }[verdict]!;

function parseVariant(value: string): 'all' | Variant {
  if (value === 'all') return value;
  const variant = [lateNews, ...variants].find(({ id }) => id === value);
  if (variant === undefined) throw new InvalidArgumentError(`there is no variant ${safe(value, 40)}; \`explore --list\` shows them.`);
  return variant;
}

function parseProperties(value: string): string[] {
  const known = new Set([...propertiesOf('sequential'), ...propertiesOf('protocol')].map(({ id }) => id));
  const ids = value.split(',').map((part) => part.trim()).filter((part) => part !== '');
  const wrong = ids.find((id) => !known.has(id));
  if (wrong !== undefined) throw new InvalidArgumentError(`there is no property ${safe(wrong, 40)}; \`explore --list\` shows them.`);
  if (ids.length === 0) throw new InvalidArgumentError('name at least one property.');
  return ids;
}

function parseBudget(value: string): Pick<ExploreOptions, 'states' | 'seconds'> {
  const match = /^(\d+(?:\.\d+)?)(s?)$/.exec(value);
  const number = Number(match?.[1]);
  if (match === null || !(number > 0) || (match[2] === '' && !Number.isInteger(number))) throw new InvalidArgumentError('must be a number of states, as in 2000000, or of seconds, as in 30s.');
  return match[2] === 's' ? { seconds: number } : { states: number };
}

function listing(): string {
  const lines = (['sequential', 'protocol'] as const).flatMap((depth) => [
    `Properties at depth ${depth}:`,
    ...propertiesOf(depth).map(({ id, kind, text, requirements }) => `  ${id.padEnd(24)} ${kind.padEnd(10)} ${text} (${requirements.join(', ')})`),
    '',
  ]);
  return `${[...lines, 'Variants:', ...[lateNews, ...variants].map(({ id, text, breaks }) => `  ${id.padEnd(24)} ${text} (${breaks === undefined ? 'right' : `breaks ${breaks}`})`)].join('\n')}\n`;
}
