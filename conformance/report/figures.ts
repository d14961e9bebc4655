import { figure } from '../sla/measurement.js';
import type { CheckResult, Measurement, Report } from './result.js';

/** What was measured, as a table; nothing if nothing was. */
export function figureTable({ requirements }: Pick<Report, 'requirements'>): string[] {
  const rows = requirements.flatMap(({ id, checks }) => checks.flatMap(({ title, measurement }) => (measurement === undefined ? [] : [rowOf(id, title, measurement)])));
  if (rows.length === 0) return [];
  const head = ['', 'measured', 'verdict', 'figure', 'interval', 'limit', 'samples', 'over', 'null run', 'queue p99', 'service p99', 'stolen'];
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]!.length)));
  return [head, ...rows].map((row) => `  ${row.map((cell, i) => cell.padEnd(widths[i]!)).join('  ')}`.trimEnd());
}

function rowOf(id: string, title: CheckResult['title'], { verdict, value, low, high, unit, relation, limit, limitFrom, samples, over, nullRun, spread, machine }: Measurement): string[] {
  const within = low === null || high === null ? '' : `${figure(low)} – ${figure(high)}`;
  const percent = (share: number | undefined): string => (share === undefined ? '' : `${(100 * share).toFixed(1)} %`);
  return [
    id, title, verdict, figure(value, unit), within, `${relation} ${figure(limit)}${limitFrom === 'adapter' ? ' (its own)' : ''}`, samples.toLocaleString('en'), over === undefined ? '' : String(over),
    nullRun === undefined ? '' : figure(nullRun.value), spread === undefined ? '' : figure(spread.queue.p99), spread === undefined ? '' : figure(spread.service.p99), percent(machine?.stolen),
  ];
}
