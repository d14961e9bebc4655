import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { UsageError } from '../conformance/cli/exit.js';
import { writeJson } from '../conformance/cli/write-file.js';
import { benchBeam, noElixir } from './beam.js';
import { benchExplore, type ExploreFigure } from './explore.js';
import { benchFaults, type FaultFigure } from './faults.js';
import { benchChecker, type CheckFigure } from './linearizability.js';
import { otherNodeSchema, writePage, type Results } from './page.js';
import { benchProtocol, type ProtocolFigure } from './protocol.js';
import { runScenarios, type Figure } from './run.js';
import { scenarios } from './scenarios.js';
import { benchSchedules, type ScheduleFigure } from './schedules.js';
import { everySchedule, randomSchedules, type SoakFigure } from './soak.js';
import { benchTargets } from './targets.js';
import { cells, type Target } from './targets/target.js';

/** What is measured, by the name that `--only` takes. Each gives what goes into the JSON file, and prints a table. */
const sections: Readonly<Record<string, () => Promise<unknown>>> = {
  targets: async () => shown(await benchTargets({ rounds, ms, ...progress }), targetTable),
  beam: async () => {
    const reason = noElixir();
    if (reason === undefined) return shown(await benchBeam({ rounds, ms }), table);
    console.log(`\nbeam: skipped, ${reason}`);
    return undefined;
  },
  micro: async () => shown(await runScenarios(scenarios, { rounds, ms, ...progress }), table),
  explore: async () => shown(benchExplore({ rounds, ms }), exploreTable),
  linearizability: async () => shown(benchChecker({ rounds }), checkTable),
  schedules: async () => shown(await benchSchedules({ rounds, ms }), scheduleTable),
  protocol: async () => shown(await benchProtocol({ rounds, ms }), protocolTable),
  faults: async () => shown(await benchFaults({ seeds: 20 }), faultTable),
  soak: async () => shown([await everySchedule({ programs: 50, seed: 1 }), await randomSchedules({ schedules: 100_000, seed: 1 })], soakTable),
};

/** What takes many minutes is measured only if it is asked for. */
const long: ReadonlySet<string> = new Set(['faults', 'soak', 'protocol']);

/** What the page shows: the rest says nothing of how fast anything is. */
const onPage = ['targets', 'beam', 'micro', 'explore', 'linearizability', 'schedules'];

/**
 * `npm run bench -- [--only SECTION,…] [--rounds N] [--ms N] [--json FILE] [--page [--targets-of FILE]]`; with `--page` docs/benchmarks.md
 * and its plots are written. The file is one that `--only targets --json FILE` has written with another Node.
 */
const { values } = parseArgs({ options: { 'only': { type: 'string' }, 'rounds': { type: 'string', default: '7' }, 'ms': { type: 'string', default: '60' }, 'json': { type: 'string' }, 'page': { type: 'boolean', default: false }, 'targets-of': { type: 'string' } } });
const [rounds, ms] = [Number(values.rounds), Number(values.ms)];
if (!(Number.isInteger(rounds) && rounds > 0 && ms > 0)) {
  console.error('--rounds must be a whole number from 1, --ms a number above 0.');
  process.exit(2);
}
const selected = values.only?.split(',') ?? (values.page ? onPage : Object.keys(sections).filter((name) => !long.has(name)));
const unknown = selected.filter((name) => !Object.hasOwn(sections, name));
if (unknown.length > 0) {
  console.error(`There is no section ${unknown.join(', ')}: there are ${Object.keys(sections).join(', ')}.`);
  process.exit(2);
}

if (values.page && onPage.some((name) => !selected.includes(name))) {
  console.error(`The page shows ${onPage.join(', ')}: leave --only away.`);
  process.exit(2);
}

// Rather now than when all is measured.
if (values.json !== undefined) refuseUnwritable(values.json);
const otherNode = values['targets-of'] === undefined ? undefined : targetsOf(values['targets-of']);
const progress = process.stderr.isTTY ? { onProgress: (name: string) => console.error(name) } : {};
const processor = `${availableParallelism()} × ${cpus()[0]?.model.trim() ?? 'unknown processor'}`;
console.log(`Node ${process.version}, ${processor}, ${rounds} rounds of ${ms} ms, variants in turn`);
const load = [loadavg()[0]!];
const results: Record<string, unknown> = { node: process.version, processor, rounds, ms, load, ...(otherNode && { otherNode }) };
for (const name of selected) {
  results[name === 'micro' ? 'figures' : name] = await sections[name]!();
  load.push(loadavg()[0]!);
}
if (values.json !== undefined) writeJson(values.json, results);
if (values.page) await writePage(results as unknown as Results);

function refuseUnwritable(file: string): void {
  try {
    writeJson(file, undefined);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(error.message);
    process.exit(2);
  }
}

function targetsOf(file: string): Results['otherNode'] {
  try {
    return otherNodeSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    console.error(`${file} is not what \`npm run bench -- --only targets --json FILE\` writes: ${(error as Error).message}`);
    process.exit(2);
  }
}

function shown<T>(figures: T, asTable: (figures: T) => string): T {
  console.log(`\n${asTable(figures)}`);
  return figures;
}

function table(all: readonly Figure[]): string {
  const rows = all.map(({ scenario, variant, median, low, high, ratio }) => [scenario, variant, nanoseconds(median), `${nanoseconds(low)} – ${nanoseconds(high)}`, ratio === undefined ? '' : `${ratio.median.toFixed(2)}x`]);
  return columns(['what', 'variant', 'ns/op, median', 'least – most', 'ratio, median'], rows);
}

function targetTable(all: readonly Target[]): string {
  return columns(['what', 'target', 'measured, median', 'least – most', 'reached', 'floor'], all.map(cells).map((one) => [one.what, one.target, one.measured, one.range, one.reached, one.floor]));
}

function exploreTable(all: readonly ExploreFigure[]): string {
  const thousands = (rate: number | undefined): string => (rate === undefined ? '' : Math.round(rate / 1_000).toLocaleString('en'));
  const rows = all.map(({ variant, median, low, high, ratio, statesPerSecond, bytesPerState }) => [
    variant, thousands(median), `${thousands(low)} – ${thousands(high)}`, `${ratio.toFixed(1)}x`, thousands(statesPerSecond), bytesPerState?.toFixed(1) ?? '',
  ]);
  return columns(['exploring the model', '1000 transitions/s, median', 'least – most', 'ratio, median', '1000 states/s', 'bytes/state'], rows);
}

function checkTable(all: readonly CheckFigure[]): string {
  const rows = all.map(({ history, operations, verdict, median, low, high }) => [history, operations.toLocaleString('en'), verdict, median.toFixed(2), `${low.toFixed(2)} – ${high.toFixed(2)}`]);
  return columns(['linearizability', 'operations', 'verdict', 'ms, median', 'least – most'], rows);
}

function scheduleTable(all: readonly ScheduleFigure[]): string {
  const whole = (rate: number): string => Math.round(rate).toLocaleString('en');
  const rows = all.map(({ what, schedules, median, low, high }) => [what, schedules.toLocaleString('en'), whole(median), `${whole(low)} – ${whole(high)}`]);
  return columns(['schedules', 'complete ones a round', 'schedules/s, median', 'least – most'], rows);
}

function protocolTable(all: readonly ProtocolFigure[]): string {
  const rows = all.map(({ where, open, median, low, high }) => [where, String(open), median.toFixed(1), `${low.toFixed(1)} – ${high.toFixed(1)}`, `${(median / all.find((one) => one.open === open)!.median).toFixed(0)}x`]);
  return columns(['a lookup of a registry that does nothing', 'at once', 'µs/op, median', 'least – most', 'ratio'], rows);
}

function faultTable(all: readonly FaultFigure[]): string {
  const rows = all.map(({ fault, breaks, found, seeds, missed, median, most, operations }) => [fault, breaks, `${found} of ${seeds}${missed.length > 0 ? ` (not ${missed.join(', ')})` : ''}`, median.toLocaleString('en'), most.toLocaleString('en'), String(operations)]);
  return columns(['planted fault', 'breaks', 'seeds in which it is found', 'schedules, median', 'most', 'operations at most'], rows);
}

function soakTable(all: readonly SoakFigure[]): string {
  const rows = all.map(({ what, programs, exhausted, schedules, failed, seconds }) => [what, programs.toLocaleString('en'), exhausted.toLocaleString('en'), schedules.toLocaleString('en'), String(failed), Math.round(schedules / seconds).toLocaleString('en')]);
  return columns(['our registry', 'programs', 'exhausted', 'schedules', 'failed', 'schedules/s'], rows);
}

function columns(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]!.length)));
  return [head, widths.map((width) => '-'.repeat(width)), ...rows].map((row) => row.map((cell, i) => cell.padEnd(widths[i]!)).join('  ')).join('\n');
}

function nanoseconds(value: number): string {
  return value < 100 ? value.toFixed(1) : Math.round(value).toLocaleString('en');
}
