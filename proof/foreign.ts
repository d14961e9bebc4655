import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { integer } from '../conformance/cli/integer.js';
import { report as reportSchema, type Report } from '../conformance/report/result.js';
import { specificationVersion } from '../spec/index.js';
import { foreignPage, foreignSchema, judgedFrom, type Foreign } from './foreign-page.js';
import { foreignRegistries, type ForeignRegistry } from './foreign-registries.js';
import { replaceFile } from './journal.js';

const root = new URL('../../', import.meta.url);
const kept = new URL('docs/foreign-registries.json', root);
const page = new URL('docs/foreign-registries.md', root);
const main = fileURLToPath(new URL('../conformance/cli/main.js', import.meta.url));

const { check, only, seed } = new Command('foreign-registries')
  .description('Judges registries of other people, the real ones, and writes where they differ from the specification. Those whose programs are not here are left as they are; with REQUIRE_SERVICES set that is a failure.')
  .option('--check', 'write nothing: fail if one differs otherwise than is listed, or the page is not that of what is kept')
  .option('--only <names>', 'these only, separated by commas', (value) => value.split(','))
  .option('--seed <n>', 'the seed of each run', integer(0, 0x7fff_ffff), 1)
  .parse()
  .opts<{ check?: boolean; only?: string[]; seed: number }>();

const before: Foreign = existsSync(kept) ? foreignSchema.parse(JSON.parse(readFileSync(kept, 'utf8'))) : { specification: specificationVersion, registries: [] };
const judged = new Map(before.registries.map((one) => [one.id, one]));
const faults: string[] = [];

for (const registry of foreignRegistries.filter(({ name }) => only === undefined || only.includes(name))) {
  const missing = registry.needs.find(([program, ...args]) => spawnSync(program, args, { stdio: 'ignore' }).status !== 0);
  if (missing !== undefined) {
    console.log(`${registry.name}: untested, ${missing[0]} cannot be run here`);
    if (process.env['REQUIRE_SERVICES']) faults.push(`${registry.name}: ${missing[0]} cannot be run here, and REQUIRE_SERVICES is set`);
    continue;
  }
  if (registry.build !== undefined) {
    const [program, ...args] = registry.build;
    const { status, stderr } = spawnSync(program, args, { cwd: fileURLToPath(new URL(`examples/${registry.folder}`, root)), encoding: 'utf8' });
    if (status !== 0) throw new Error(`cannot build ${registry.name}: ${stderr}`);
  }
  const { report, said, seconds } = judge(registry);
  if (report === undefined) faults.push(`${registry.name}: there is no report: ${said}`);
  else {
    const one = judgedFrom(registry.name, report);
    judged.set(registry.name, one);
    console.log(`${registry.name}: ${one.name} ${one.version ?? ''}: ${one.verdict}, ${one.differences.map(({ requirement, status }) => `${requirement} ${status}`).join(', ') || 'no difference'} (${seconds.toFixed(0)} s)`);
    if (report.baseline === undefined ? report.verdict !== 'conformant' : report.baseline.outcome !== 'met') faults.push(`${registry.name}: it is not as ${listOf(registry)} says:\n${said}`);
  }
}

const now: Foreign = { specification: specificationVersion, registries: foreignRegistries.flatMap(({ name }) => judged.get(name) ?? []) };
const find = (id: string): ForeignRegistry => foreignRegistries.find(({ name }) => name === id)!;
if (check) {
  if (foreignPage(before, find) !== readFileSync(page, 'utf8')) faults.push('docs/foreign-registries.md is not the page of docs/foreign-registries.json');
  for (const { name } of foreignRegistries) if (!before.registries.some(({ id }) => id === name)) faults.push(`${name}: docs/foreign-registries.json lacks it`);
} else if (faults.length === 0) {
  replaceFile(kept, `${JSON.stringify(now, undefined, 1)}\n`);
  replaceFile(page, foreignPage(now, find));
}
for (const fault of faults) console.error(fault);
console.log(`${foreignRegistries.length} registries, ${faults.length} faults`);
process.exitCode = faults.length > 0 ? 1 : 0;

function listOf({ folder, list = 'differences.yaml' }: ForeignRegistry): string {
  return `examples/${folder}/${list}`;
}

/** The command that anybody would give, with what is known to differ. */
function judge(registry: ForeignRegistry): { report: Report | undefined; said: string; seconds: number } {
  const began = performance.now();
  const list = listOf(registry);
  const expected = existsSync(new URL(list, root)) ? ['--expected-failures', list] : [];
  const { stdout, stderr } = spawnSync(process.execPath, [main, 'verify', ...registry.verify, '--seed', String(seed), ...(registry.options ?? []), ...expected, '--json', '-'], { cwd: fileURLToPath(root), encoding: 'utf8', maxBuffer: 2 ** 28, timeout: 1_200_000, killSignal: 'SIGINT' });
  const parsed = reportSchema.safeParse(stdout === '' ? undefined : JSON.parse(stdout));
  return { report: parsed.success ? (parsed.data as Report) : undefined, said: stderr.slice(-20_000), seconds: (performance.now() - began) / 1_000 };
}
