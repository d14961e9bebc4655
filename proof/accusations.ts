import { existsSync, readFileSync } from 'node:fs';
import { Command, InvalidArgumentError } from 'commander';
import { accusationsPage, accusationsSchema, faultsOf, keepLatest, summariseTrials, type KeptTrial } from './accusations-page.js';
import type { Accusation, Trial } from './accuse.js';
import { integer } from '../conformance/cli/integer.js';
import { writeText } from '../conformance/cli/write-file.js';
import { findInnocent, innocents, seedsOf } from './innocents.js';
import { Journal } from './journal.js';
import { inProcesses } from './pool.js';
import { currentRevision } from './revision.js';

const root = new URL('../../', import.meta.url);
const kept = new URL('docs/false-accusations.json', root);
const page = new URL('docs/false-accusations.md', root);
const folder = new URL('.false-accusations/', root);

const { check, only, jobs, seeds, runs } = new Command('false-accusations')
  .description('Has the kit judge every correct registry with many seeds, everything but the service levels, and writes what it said of them. Goes on where it was interrupted.')
  .option('--seeds <n>', 'how many seeds, from 1', integer(1, 100_000), 300)
  .option('--runs <n>', 'how many random sequences of each suite with each seed', integer(1, 100_000), 10)
  .option('--only <names>', 'these registries only, separated by semicolons; what was said of the others stays', parseNames)
  .option('--jobs <n>', 'how many processes at once', integer(1, 256), 1)
  .option('--check', 'run nothing: fail if what is kept accuses anybody, lacks a registry or a seed, or is not what the page says')
  .parse()
  .opts<{ check?: boolean; only?: string[]; jobs: number; seeds: number; runs: number }>();

const names = innocents.map(({ adapter }) => adapter.name).filter((name) => only === undefined || only.includes(name));

const before = accusationsSchema.parse(JSON.parse(existsSync(kept) ? readFileSync(kept, 'utf8') : '{"runs":0,"registries":[]}'));

if (check) {
  const isStale = !existsSync(page) || readFileSync(page, 'utf8') !== accusationsPage(before);
  conclude([...faultsOf(before, seeds, names), ...(isStale ? ['docs/false-accusations.md is not what the figures say: run `npm run false-accusations`'] : [])]);
} else {
  const keyOf = ({ registry, seed, runs }: { registry: string; seed: Accusation['seed']; runs: number }): string => `${registry}, ${seed}, ${runs}`;
  const revision = currentRevision();
  const journal = new Journal<KeptTrial>(folder, new URL('dist/', root), keyOf);
  // Seed by seed, and not registry by registry: when it is interrupted, all have been tried alike.
  const all = ([...Array.from({ length: seeds }, (_, i) => i + 1), 'the model'] as const)
    .flatMap((seed) => names.map((registry): Accusation => ({ registry, seed, runs })))
    .filter(({ registry, seed }) => seed === 'the model' || seed <= seedsOf(registry, seeds));
  const left = all.filter((one) => !journal.results.has(keyOf(one)));
  let done = all.length - left.length;
  if (done > 0) console.error(`${done} of ${all.length} were judged before`);
  await inProcesses<Accusation, Trial>(
    new URL('accusations-worker.js', import.meta.url),
    left,
    { processes: jobs, milliseconds: 600_000 },
    ({ registry, seed }, reason) => ({ registry, seed, passed: [], accused: [], open: [{ requirement: 'all', reason }], sequences: 0, schedules: 0, operations: 0, seconds: 0 }),
    (trial) => {
      journal.add({ ...trial, runs, revision });
      const said = [...trial.accused.map(({ requirement, message }) => `${requirement} accused: ${message}`), ...trial.open.map(({ requirement, reason }) => `${requirement} open: ${reason}`)];
      console.error(`${String(++done).padStart(5)}/${all.length} ${trial.registry}, seed ${trial.seed} (${trial.seconds.toFixed(1)} s)${said.map((one) => `\n      ${one}`).join('')}`);
    },
  );
  const accusations = summariseTrials([...journal.results.values()].filter((trial) => trial.runs === runs && (trial.seed === 'the model' || trial.seed <= seeds) && names.includes(trial.registry)), runs);
  const latest = keepLatest(before, accusations);
  writeText(kept, `${JSON.stringify(latest, undefined, 1)}\n`);
  writeText(page, accusationsPage(latest));
  conclude(faultsOf(accusations, seeds, names));
}

function parseNames(value: string): string[] {
  const names = value.split(';').filter((name) => name !== '');
  const wrong = names.find((name) => findInnocent(name) === undefined);
  if (names.length === 0) throw new InvalidArgumentError('it names no registry.');
  if (wrong !== undefined) throw new InvalidArgumentError(`there is no registry ${wrong}; docs/false-accusations.md lists them.`);
  return names;
}

function conclude(faults: readonly string[]): void {
  for (const fault of faults) console.error(fault);
  console.log(`${names.length} correct registries, ${faults.length} faults`);
  process.exitCode = faults.length > 0 ? 1 : 0;
}
