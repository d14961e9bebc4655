import { existsSync, readFileSync } from 'node:fs';
import { Command, InvalidArgumentError, Option } from 'commander';
import { accusationsPage, accusationsSchema, faultsOf, keepLatest, summariseTrials, type KeptTrial } from './accusations-page.js';
import type { Accusation, Trial } from './accuse.js';
import { integer } from '../conformance/cli/integer.js';
import { writeText } from '../conformance/cli/write-file.js';
import { everyInnocent, innocents, seedsOf } from './innocents.js';
import { Journal } from './journal.js';
import { isIn, parsePart, type Part } from './part.js';
import { inProcesses } from './pool.js';
import { currentRevision } from './revision.js';

const root = new URL('../../', import.meta.url);
const kept = new URL('docs/false-accusations.json', root);
const page = new URL('docs/false-accusations.md', root);
const folder = new URL('.false-accusations/', root);

const command = new Command('false-accusations')
  .description('Has the kit judge every correct registry with many seeds, everything but the service levels, and writes what it said of them. Goes on where it was interrupted.')
  .option('--seeds <n>', 'how many seeds, from 1', integer(1, 100_000), 300)
  .option('--runs <n>', 'how many random sequences of each suite with each seed', integer(1, 100_000), 10)
  .option('--only <names>', 'these registries only, separated by semicolons; what was said of the others stays', parseNames)
  .addOption(new Option('--part <k/n>', 'try one in n of all correct registries, from the k-th on, with one seed; writes nothing. Those that take real time are left out if what was said of them with many seeds is kept').argParser(parsePart).conflicts(['check', 'only', 'seeds']))
  .option('--jobs <n>', 'how many processes at once', integer(1, 256), 1)
  .option('--check', 'run nothing: fail if what is kept accuses anybody, lacks a registry or a seed, or is not what the page says')
  .parse();
const { check, only, part, jobs, seeds, runs } = command.opts<{ check?: boolean; only?: string[]; part?: Part; jobs: number; seeds: number; runs: number }>();

const before = accusationsSchema.parse(JSON.parse(existsSync(kept) ? readFileSync(kept, 'utf8') : '{"runs":0,"registries":[]}'));
const revision = currentRevision();

if (check) checkKept();
else if (part === undefined) await judgeAndKeep();
else await judgeOnce(part);

function checkKept(): void {
  const names = chosen();
  const isStale = !existsSync(page) || readFileSync(page, 'utf8') !== accusationsPage(before);
  conclude(names, [...faultsOf(before, seeds, names), ...(isStale ? ['docs/false-accusations.md is not what the figures say: run `npm run false-accusations`'] : [])]);
}

async function judgeAndKeep(): Promise<void> {
  const names = chosen();
  const keyOf = ({ registry, seed, runs }: { registry: string; seed: Accusation['seed']; runs: number }): string => `${registry}, ${seed}, ${runs}`;
  const journal = new Journal<KeptTrial>(folder, new URL('dist/', root), keyOf);
  const all = trialsOf(names, seeds);
  const left = all.filter((one) => !journal.results.has(keyOf(one)));
  if (left.length < all.length) console.error(`${all.length - left.length} of ${all.length} were judged before`);
  await judge(left, all.length, (trial) => journal.add(trial));
  const accusations = summariseTrials([...journal.results.values()].filter((trial) => trial.runs === runs && (trial.seed === 'the model' || trial.seed <= seeds) && names.includes(trial.registry)), runs);
  const latest = keepLatest(before, accusations);
  writeText(kept, `${JSON.stringify(latest, undefined, 1)}\n`);
  writeText(page, accusationsPage(latest));
  conclude(names, faultsOf(accusations, seeds, names));
}

/** What takes a few minutes, for every revision: some registries, with one seed. */
async function judgeOnce(some: Part): Promise<void> {
  const names = everyInnocent.filter((one, i) => isIn(some, i) && !(one.takesTime === true && innocents.includes(one))).map(({ adapter }) => adapter.name);
  if (names.length === 0) command.error(`error: there are no registries in part ${some.at + 1} of ${some.of}.`);
  const trials: KeptTrial[] = [];
  const all = trialsOf(names, 1);
  await judge(all, all.length, (trial) => void trials.push(trial));
  // What a machine that does several things at once leaves in doubt, it need not leave in doubt twice.
  const doubtful = trials.filter(({ open, accused }) => open.length > 0 && accused.length === 0);
  const again: KeptTrial[] = [];
  await judge(doubtful.map(({ registry, seed }) => ({ registry, seed, runs })), doubtful.length, (trial) => void again.push(trial), 1);
  conclude(names, faultsOf(summariseTrials([...trials.filter((trial) => !doubtful.includes(trial)), ...again], runs), 1, names));
}

function chosen(): string[] {
  return innocents.map(({ adapter }) => adapter.name).filter((name) => only === undefined || only.includes(name));
}

/** Seed by seed, and not registry by registry: when it is interrupted, all have been tried alike. */
function trialsOf(names: readonly string[], upTo: number): Accusation[] {
  return ([...Array.from({ length: upTo }, (_, i) => i + 1), 'the model'] as const)
    .flatMap((seed) => names.map((registry): Accusation => ({ registry, seed, runs })))
    .filter(({ registry, seed }) => seed === 'the model' || seed <= seedsOf(registry, upTo));
}

async function judge(trials: readonly Accusation[], of: number, add: (trial: KeptTrial) => void, processes = jobs): Promise<void> {
  let done = of - trials.length;
  await inProcesses<Accusation, Trial>(
    new URL('accusations-worker.js', import.meta.url),
    trials,
    { processes, milliseconds: 600_000 },
    ({ registry, seed }, reason) => ({ registry, seed, passed: [], accused: [], open: [{ requirement: 'all', reason }], sequences: 0, schedules: 0, operations: 0, seconds: 0 }),
    (trial) => {
      add({ ...trial, runs, revision });
      const said = [...trial.accused.map(({ requirement, message }) => `${requirement} accused: ${message}`), ...trial.open.map(({ requirement, reason }) => `${requirement} open: ${reason}`)];
      console.error(`${String(++done).padStart(5)}/${of} ${trial.registry}, seed ${trial.seed} (${trial.seconds.toFixed(1)} s)${said.map((one) => `\n      ${one}`).join('')}`);
    },
  );
}

function parseNames(value: string): string[] {
  const names = value.split(';').filter((name) => name !== '');
  const wrong = names.find((name) => !innocents.some(({ adapter }) => adapter.name === name));
  if (names.length === 0) throw new InvalidArgumentError('it names no registry.');
  if (wrong !== undefined) throw new InvalidArgumentError(`there is no registry ${wrong}; docs/false-accusations.md lists them.`);
  return names;
}

function conclude(names: readonly string[], faults: readonly string[]): void {
  for (const fault of faults) console.error(fault);
  console.log(`${names.length} correct registries, ${faults.length} faults`);
  process.exitCode = faults.length > 0 ? 1 : 0;
}
