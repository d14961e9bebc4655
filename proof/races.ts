import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { z } from 'zod';
import { integer } from '../conformance/cli/integer.js';
import { searchLoad } from '../conformance/load/search-load.js';
import { commandAdapter } from '../conformance/protocol/command-adapter.js';

/*
 * A registry in Go, which serves each call in a goroutine of its own, and races that its engineers may have left in it: windows of less
 * than a microsecond, that no scheduler of ours opens. How many of them loads come upon is a matter of chance and of the machine, and so
 * is told, and not demanded; what is demanded is that nothing is accused that is right, nor for what it does not break.
 */

const source = fileURLToPath(new URL('../../conformance/testing/races/', import.meta.url));

const faultsSchema = z.array(z.object({ name: z.string(), how: z.string(), breaks: z.array(z.string()).min(1) }));

const command = new Command('races')
  .description('Puts a registry in Go under load, as it is and with each of its races, and says which were found.')
  .option('--seeds <n>', 'how many seeds for each', integer(1, 10_000), 1)
  .option('--from <n>', 'the first of them', integer(0, 0x7fff_ffff), 1)
  .option('--only <names>', 'these races only, separated by commas; `none` is the registry as it is', (names: string) => names.split(','))
  .parse();
const { seeds, from, only } = command.opts<{ seeds: number; from: number; only?: string[] }>();

const folder = mkdtempSync(join(tmpdir(), 'races-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
for (const [signal, code] of [['SIGINT', 130], ['SIGTERM', 143]] as const) process.once(signal, () => process.exit(code));
process.exitCode = await search(build());

function build(): string {
  const program = join(folder, 'registry');
  const { error, status, stderr } = spawnSync('go', ['build', '-o', program], { cwd: source, encoding: 'utf8' });
  if (status !== 0) command.error(`error: the registry in Go cannot be built: ${error?.message ?? stderr}`);
  return program;
}

async function search(program: string): Promise<number> {
  const faults = faultsSchema.parse(JSON.parse(spawnSync(program, ['--faults'], { encoding: 'utf8' }).stdout));
  const all = [{ name: 'none', breaks: [] as string[] }, ...faults].filter(({ name }) => only === undefined || only.includes(name));
  const unknown = only?.find((name) => !all.some((one) => one.name === name));
  if (unknown !== undefined) command.error(`error: there is no race ${JSON.stringify(unknown)}; there are none and ${faults.map(({ name }) => name).join(', ')}.`);
  let [found, wrong] = [0, 0];
  for (const { name, breaks } of all) {
    let count = 0;
    const seen = new Map<string, number>();
    for (let seed = from; seed < from + seeds; seed++) {
      const requirements = await foundIn([program, '--fault', name], seed);
      if (requirements.size > 0) count++;
      for (const requirement of requirements) seen.set(requirement, (seen.get(requirement) ?? 0) + 1);
    }
    const others = [...seen.keys()].filter((requirement) => !breaks.includes(requirement));
    if (count > 0 && name !== 'none') found++;
    if (others.length > 0) wrong++;
    const what = [...seen].map(([requirement, times]) => `${requirement}${seeds > 1 ? ` ${times}×` : ''}`).join(', ');
    console.log(`${name.padEnd(26)} ${name === 'none' ? (count === 0 ? 'accused of nothing' : 'ACCUSED') : count === 0 ? 'not found' : `found with ${count} of ${seeds}`}${what === '' ? '' : `: ${what}`}${others.length > 0 && name !== 'none' ? `, of which it is not known to break ${others.join(', ')}` : ''}`);
  }
  console.log(`${found} of ${all.filter(({ name }) => name !== 'none').length} races found, ${wrong} registries accused of what they do not break`);
  return wrong > 0 ? 1 : 0;
}

/** What a load says that the program breaks. */
async function foundIn(command: readonly string[], seed: number): Promise<ReadonlySet<string>> {
  const adapter = await commandAdapter(command, {});
  try {
    const { violations, scenarios, inconclusive } = await searchLoad(adapter, { spread: 'tasks', clients: 8, operations: 3_000, seed, patienceMs: 2_000, milliseconds: 3_000 });
    for (const { requirement = 'all', reason } of inconclusive) console.error(`${command.at(-1)}, seed ${seed}: ${requirement} inconclusive: ${reason}`);
    return new Set([...violations.map(({ requirement }) => requirement), ...scenarios.flatMap(({ violation, requirement }) => (violation === undefined ? [] : [violation.requirement ?? requirement]))]);
  } finally {
    await adapter.end();
  }
}
