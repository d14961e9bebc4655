import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { benchExplore, type ExploreFigure } from './explore.js';
import { benchChecker, type CheckFigure } from './linearizability.js';
import { runScenarios, type Figure } from './run.js';
import { scenarios } from './scenarios.js';

/** `npm run bench -- [--rounds N] [--ms N] [--json FILE]` */
const { values } = parseArgs({ options: { rounds: { type: 'string', default: '7' }, ms: { type: 'string', default: '60' }, json: { type: 'string' } } });

const figures = await runScenarios(scenarios, { rounds: Number(values.rounds), ms: Number(values.ms) });

console.log(`Node ${process.version}, ${cpus()[0]?.model ?? 'unknown processor'}, ${values.rounds} rounds of ${values.ms} ms, variants in turn\n`);
console.log(table(figures));

const explored = benchExplore({ rounds: Number(values.rounds), ms: Number(values.ms) });
console.log(`\n${exploreTable(explored)}`);
const checked = benchChecker({ rounds: Number(values.rounds) });
console.log(`\n${checkTable(checked)}`);
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify({ node: process.version, figures, explore: explored, linearizability: checked }, undefined, 2)}\n`);

function table(all: readonly Figure[]): string {
  const rows = all.map(({ scenario, variant, median, low, high, ratio }) => [scenario, variant, nanoseconds(median), `${nanoseconds(low)} – ${nanoseconds(high)}`, ratio === undefined ? '' : `${ratio.toFixed(2)}x`]);
  return columns(['what', 'variant', 'ns/op, median', 'least – most', 'ratio, median'], rows);
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

function columns(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]!.length)));
  return [head, widths.map((width) => '-'.repeat(width)), ...rows].map((row) => row.map((cell, i) => cell.padEnd(widths[i]!)).join('  ')).join('\n');
}

function nanoseconds(value: number): string {
  return value < 100 ? value.toFixed(1) : Math.round(value).toLocaleString('en');
}
