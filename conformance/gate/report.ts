import type { Colors } from 'picocolors/types.js';
import { safe } from '../engine/show.js';
import type { CounterChange } from './compare-counters.js';
import type { GateReport, WorkloadResult } from './run-gate.js';
import type { Interval } from './statistics.js';
import { percent, type Verdict } from './verdict.js';

const sign: Readonly<Record<Verdict, string>> = { pass: '✓', undecided: '?', regression: '✗', invalid: '!' };

const interval = ({ median, low, high }: Interval): string => Number.isNaN(median) ? 'not measured' : `${percent(median)} [${percent(low)}, ${percent(high)}]`;

const changeText = ({ workload, counter, baseline, candidate, verdict, accepted }: CounterChange): string =>
  `${workload}: ${counter} ${baseline ?? 'unknown'} → ${candidate ?? 'unknown'}${accepted ? ' (accepted)' : verdict === 'incomparable' ? ' (cannot be compared)' : verdict === 'fewer' ? ' (fewer)' : ''}`;

const signOf = ({ verdict, accepted }: CounterChange): string => (accepted || verdict === 'fewer' ? sign.pass : verdict === 'more' ? sign.regression : sign.undecided);

/** What a workload's verdict rests on: the second run, if there was one. */
const reasonOf = ({ first, second }: WorkloadResult): string | undefined => second?.reason ?? first.reason;

const head = ['workload', 'candidate to baseline', 'baseline to itself', 'planted slowdown', 'rounds', 'verdict'];
const rowOf = (one: WorkloadResult): string[] => [one.workload, [one.first, ...(one.second ? [one.second] : [])].map(({ candidate }) => interval(candidate)).join('; again '), interval(one.first.same), interval(one.first.planted), String(one.rounds), `${sign[one.verdict]} ${one.verdict}`];

const about = ({ seed, node, clock, rule, seconds }: GateReport): string =>
  `seed ${seed}, Node ${node}, time ${clock}, floor ${percent(Math.log1p(rule.floor))}, median and ${100 * rule.confidence} % interval of the process pairs, ${seconds.toFixed(0)} s`;

/** For people. */
export function renderGate(report: GateReport, colour: Colors): string {
  const { counters, workloads, untested, verdict, reason } = report;
  const rows = workloads.map(rowOf);
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]!.length)));
  const line = (row: readonly string[]): string => `  ${row.map((text, i) => text.padEnd(widths[i]!)).join('  ')}`.trimEnd();
  const paint = verdict === 'pass' ? colour.green : verdict === 'regression' ? colour.red : colour.yellow;
  return [
    `Exact counters: ${counters.compared} compared, ${counters.changes.length} changed`,
    ...counters.changes.map((change) => `  ${signOf(change)} ${changeText(change)}`),
    ...(counters.uncountable.length > 0 ? [`  not the same twice in the baseline, and left out: ${counters.uncountable.join(', ')}`] : []),
    ...(counters.unsteady.length > 0 ? [`  ? no longer the same twice: ${counters.unsteady.join(', ')}`] : []),
    ...(rows.length > 0 ? ['', 'Time:', line(head), ...rows.map(line)] : []),
    ...workloads.flatMap((one) => (one.verdict === 'invalid' ? [`  ! ${one.workload}: ${reasonOf(one) ?? 'the second run is invalid'}`] : [])),
    ...(untested.length > 0 ? [`  untested, for want of operations: ${untested.join(', ')}`] : []),
    '',
    about(report),
    `${colour.bold(paint(heading(report)))}${reason === undefined ? '' : `: ${safe(reason, 300)}`}`,
    '',
  ].join('\n');
}

const heading = ({ verdict }: GateReport): string => ({ pass: 'PASS', undecided: 'UNDECIDED: it may be slower, which does not block', regression: 'REGRESSION', invalid: 'INVALID RUN' })[verdict];

/** For the summary page of a CI job. */
export function gateMarkdown(report: GateReport): string {
  const { counters, workloads, untested, reason } = report;
  const cell = (text: string): string => text.replaceAll('|', '\\|');
  return [
    `## Regression gate: ${heading(report)}`,
    '',
    ...(reason === undefined ? [] : [safe(reason, 300), '']),
    `${counters.compared} exact counters compared, ${counters.changes.length} changed${counters.uncountable.length > 0 ? `, ${counters.uncountable.length} that were not the same twice in the baseline left out` : ''}.`,
    '',
    ...counters.changes.map((change) => `- ${signOf(change)} ${changeText(change)}`),
    ...(counters.unsteady.length > 0 ? [`- ${sign.undecided} no longer the same twice: ${counters.unsteady.join(', ')}`] : []),
    ...(counters.changes.length + counters.unsteady.length > 0 ? [''] : []),
    ...(workloads.length > 0 ? [`| ${head.join(' | ')} |`, `|${' --- |'.repeat(head.length)}`, ...workloads.map((one) => `| ${rowOf(one).map(cell).join(' | ')} |`), ''] : []),
    ...workloads.flatMap((one) => (one.verdict === 'invalid' ? [`- ${one.workload}: ${reasonOf(one) ?? 'the second run is invalid'}`] : [])),
    '',
    ...(untested.length > 0 ? [`Untested, for want of operations: ${untested.join(', ')}.`, ''] : []),
    about(report),
    '',
  ].join('\n');
}
