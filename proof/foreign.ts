import { execFile, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { integer } from '../conformance/cli/integer.js';
import { writeText } from '../conformance/cli/write-file.js';
import { report as reportSchema, type Report } from '../conformance/report/result.js';
import { specificationVersion } from '../spec/index.js';
import { foreignPage, foreignSchema, judgedFrom, type Foreign } from './foreign-page.js';
import { foreignRegistries, type ForeignRegistry } from './foreign-registries.js';

const root = new URL('../../', import.meta.url);
const kept = new URL('docs/foreign-registries.json', root);
const page = new URL('docs/foreign-registries.md', root);
const main = fileURLToPath(new URL('../conformance/cli/main.js', import.meta.url));

const { check, only, seed, jobs } = new Command('foreign-registries')
  .description('Judges registries of other people, the real ones, and writes where they differ from the specification. Those whose programs are not here are left as they are; with REQUIRE_SERVICES set that is a failure.')
  .option('--check', 'write nothing: fail if one differs otherwise than is listed, or the page is not that of what is kept')
  .option('--only <names>', 'these only, separated by commas', (value) => value.split(','))
  .option('--jobs <n>', 'how many at once: most of the time they wait', integer(1, 64), 2)
  .option('--seed <n>', 'the seed of each run', integer(0, 0x7fff_ffff), 1)
  .parse()
  .opts<{ check?: boolean; only?: string[]; seed: number; jobs: number }>();

const before: Foreign = existsSync(kept) ? foreignSchema.parse(JSON.parse(readFileSync(kept, 'utf8'))) : { specification: specificationVersion, registries: [] };
const judged = new Map(before.registries.map((one) => [one.id, one]));
const faults: string[] = [];

const strange = only?.filter((one) => !foreignRegistries.some(({ name }) => name === one)) ?? [];
if (strange.length > 0) throw new Error(`there is no registry ${strange.join(', ')}: proof/foreign-registries.ts has them`);
const chosen = foreignRegistries.filter(({ name }) => only === undefined || only.includes(name));
const waiting = [...chosen];
const unlike: [ForeignRegistry, string][] = [];
await Promise.all(
  Array.from({ length: jobs }, async () => {
    for (let registry = waiting.shift(); registry !== undefined; registry = waiting.shift()) {
      const fault = await judgeAndTell(registry);
      if (fault !== undefined) unlike.push([registry, fault]);
    }
  }),
);
// What a busy machine leaves in doubt is not theirs: what is not as it is listed is judged once more, by itself.
for (const [registry, fault] of unlike) {
  console.log(`${fault}\nonce more, by itself`);
  const again = await judgeAndTell(registry);
  if (again !== undefined) faults.push(again);
}

const now: Foreign = { specification: specificationVersion, registries: foreignRegistries.flatMap(({ name }) => judged.get(name) ?? []) };
const find = (id: string): ForeignRegistry => foreignRegistries.find(({ name }) => name === id)!;
if (check) {
  if (foreignPage(before, find) !== readFileSync(page, 'utf8')) faults.push('docs/foreign-registries.md is not the page of docs/foreign-registries.json');
  for (const { name } of foreignRegistries) if (!before.registries.some(({ id }) => id === name)) faults.push(`${name}: docs/foreign-registries.json lacks it`);
} else if (faults.length === 0) {
  writeText(kept, `${JSON.stringify(now, undefined, 1)}\n`);
  writeText(page, foreignPage(now, find));
}
for (const fault of faults) console.error(fault);
console.log(`${chosen.length} registries, ${faults.length} faults`);
process.exitCode = faults.length > 0 ? 1 : 0;

/** Judges a registry, and says what came of it. Gives what is not as it should be. */
async function judgeAndTell(registry: ForeignRegistry): Promise<string | undefined> {
  const { name, needs, build, folder } = registry;
  const missing = needs.find(([program, ...args]) => spawnSync(program, args, { stdio: 'ignore' }).status !== 0);
  if (missing !== undefined) {
    console.log(`${name}: untested, ${missing[0]} cannot be run here`);
    return process.env['REQUIRE_SERVICES'] ? `${name}: ${missing[0]} cannot be run here, and REQUIRE_SERVICES is set` : undefined;
  }
  if (build !== undefined) {
    const { failed, stderr } = await run(build[0], build.slice(1), new URL(`examples/${folder}`, root));
    if (failed) return `${name}: it cannot be built: ${stderr}`;
  }
  const began = performance.now();
  const { report, said } = await judge(registry);
  if (report === undefined) return `${name}: there is no report: ${said}`;
  const one = judgedFrom(name, report);
  judged.set(name, one);
  const differences = one.differences.map(({ requirement, status }) => `${requirement} ${status}`).join(', ') || 'no difference';
  console.log(`${name}: ${one.name} ${one.version ?? ''}: ${one.verdict}, ${differences} (${((performance.now() - began) / 1_000).toFixed(0)} s)`);
  const isAsListed = report.baseline === undefined ? report.verdict === 'conformant' : report.baseline.outcome === 'met';
  return isAsListed ? undefined : `${name}: it is not as ${listOf(registry)} says:\n${said}`;
}

function listOf({ folder, list = 'differences.yaml' }: ForeignRegistry): string {
  return `examples/${folder}/${list}`;
}

/** The command that anybody would give, with what is known to differ. */
async function judge(registry: ForeignRegistry): Promise<{ report: Report | undefined; said: string }> {
  const list = listOf(registry);
  const expected = existsSync(new URL(list, root)) ? ['--expected-failures', list] : [];
  const { stdout, stderr } = await run(process.execPath, [main, 'verify', ...registry.verify, '--seed', String(seed), ...(registry.options ?? []), ...expected, '--json', '-'], root);
  const parsed = reportSchema.safeParse(stdout === '' ? undefined : JSON.parse(stdout));
  return { report: parsed.success ? (parsed.data as Report) : undefined, said: stderr.slice(-20_000) };
}

/** What a program says, whatever its exit code; a quarter of an hour at most. */
function run(program: string, args: readonly string[], cwd: URL): Promise<{ failed: boolean; stdout: string; stderr: string }> {
  return new Promise((settle) => {
    execFile(program, args, { cwd: fileURLToPath(cwd), encoding: 'utf8', maxBuffer: 2 ** 28, timeout: 900_000, killSignal: 'SIGINT' }, (error, stdout, stderr) => settle({ failed: error !== null, stdout, stderr }));
  });
}
