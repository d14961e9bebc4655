import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { integer } from '../conformance/cli/integer.js';
import { catalogue, findMutant, type Profile } from './catalogue.js';
import type { Row, Settings } from './kill.js';
import { matrixSchema } from './matrix.js';
import { inProcesses } from './pool.js';

const { profile, jobs, only, every, aim } = new Command('through-protocol')
  .description('Judges the broken registries of the catalogue through the adapter protocol, and says where the verdict is another than that of the kill matrix, which was reached in process.')
  .option('--profile <profile>', 'core or concurrent', 'core')
  .option('--only <ids>', 'these mutants only, separated by commas', (ids: string) => ids.split(','))
  .option('--every <n>', 'only every n-th of them', integer(1, 1_000), 1)
  .option('--aim', 'judge nothing but what each is made to break, which takes a fraction of the time')
  .option('--jobs <n>', 'how many processes at once', integer(1, 256), 1)
  .parse()
  .opts<{ profile: Profile; jobs: number; every: number; only?: string[]; aim?: boolean }>();

// Calls take longer, and a machine may be busy: who has not answered after this has not answered.
const settings: Settings = { seeds: [1], runs: aim ? 30 : 100, patienceMs: 2_000, aimOnly: aim ?? false };
const kept = new Map(matrixSchema.parse(JSON.parse(readFileSync(new URL('../../docs/kill-matrix.json', import.meta.url), 'utf8'))).rows.map((row) => [row.mutant, row]));
const mutants = catalogue.filter((mutant, i) => (only === undefined ? mutant.profile === profile && i % every === 0 : only.includes(mutant.id)));

let [judged, same] = [0, 0];
await inProcesses(
  new URL('worker.js', import.meta.url),
  mutants.map(({ id }) => ({ mutant: id, settings, throughProtocol: true })),
  { processes: jobs, milliseconds: 240_000 },
  ({ mutant }, reason): Row => ({ mutant, aim: findMutant(mutant)!.breaks[0]!, fate: 'inconclusive', failed: [{ requirement: '', check: '', message: reason }], escapes: [] }),
  ({ mutant, aim, fate, failed }) => {
    judged++;
    const before = kept.get(mutant);
    if (before?.fate === fate) same++;
    else console.log(`${mutant} (${aim}): ${before?.fate ?? 'not kept'} in process, ${fate} through the protocol${failed.map(({ requirement, check, message }) => `; ${requirement} ${check}: ${message}`).slice(0, 3).join('')}`);
    if (judged % 20 === 0) console.error(`${judged} of ${mutants.length}, ${same} the same`);
  },
);
console.log(`${same} of ${judged} have the same verdict, for the same requirement`);
