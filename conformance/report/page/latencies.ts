import type { Measurement, Report } from '../result.js';
import { count, el, figure, svg, table } from './dom.js';

type Spread = NonNullable<Measurement['spread']>;

const points = ['p50', 'p90', 'p99', 'p999', 'max'] as const;
const parts = ['total', 'queue', 'service'] as const;

/** What was measured: figures, and the percentiles where there are some. */
export function latencies({ requirements }: Report): { readonly element: HTMLElement; readonly ready?: () => void }[] {
  const measured = requirements.flatMap(({ id, checks }) => checks.flatMap(({ title, measurement }) => (measurement === undefined ? [] : [{ id, title, measurement }])));
  if (measured.length === 0) return [];
  const element = el(
    'section',
    { id: 'measured', 'aria-labelledby': 'measured-title' },
    el('h2', { id: 'measured-title' }, 'Measured'),
    table(
      'What was measured, and what it was held to',
      ['requirement', 'measured', 'verdict', 'figure', '95 % interval', 'limit', 'samples', 'conditions'],
      measured.map(({ id, title, measurement: { verdict, value, unit, low, high, relation, limit, limitFrom, samples, conditions } }) => [
        el('a', { href: `#${id}` }, id), title, el('span', { class: `standing ${verdict}` }, verdict), value === null ? 'none' : `${figure(value)} ${unit}`, low === null || high === null ? '' : `${figure(low)} – ${figure(high)}`,
        `${relation} ${figure(limit)} ${unit}${limitFrom === 'adapter' ? ' (its own)' : ''}`, count(samples), conditions,
      ]),
    ),
    ...measured.flatMap(({ id, title, measurement }) => (measurement.spread === undefined ? [] : [percentiles(`${id}: ${title}`, measurement, measurement.spread)])),
  );
  return [{ element }];
}

/** Percentiles on a logarithmic scale, beside the limit; the same numbers in a table. */
function percentiles(title: string, { limit, unit, nullRun }: Measurement, spread: Spread): HTMLElement {
  const rows = [...parts.map((part) => ({ name: part, values: spread[part] })), ...(nullRun?.spread === undefined ? [] : [{ name: 'null run, total', values: nullRun.spread.total }])];
  const limits = unit === 'ms' ? [limit] : [];
  const positive = [...rows.flatMap(({ values }) => points.map((point) => values[point])), ...limits].filter((value) => value > 0);
  if (positive.length === 0) return el('p', { class: 'quiet' }, `${title}: nothing took any time that could be measured`);
  const [low, high] = [Math.floor(Math.log10(Math.min(...positive))), Math.ceil(Math.log10(Math.max(...positive)) + 0.001)];
  const [left, width, rowHeight] = [130, 560, 30];
  const x = (value: number): number => left + ((Math.log10(Math.max(value, 10 ** low)) - low) / (high - low)) * width;
  const bottom = rows.length * rowHeight + 14;
  const decades = Array.from({ length: high - low + 1 }, (_, i) => 10 ** (low + i));
  const chart = svg(
    'svg',
    { class: 'percentiles', role: 'img', 'aria-label': `${title}: percentiles in milliseconds, on a logarithmic scale; the table has the numbers`, viewBox: `0 0 ${left + width + 40} ${bottom + 24}`, width: left + width + 40, height: bottom + 24 },
    ...decades.flatMap((value) => [svg('line', { class: 'grid', x1: x(value), x2: x(value), y1: 4, y2: bottom }), svg('text', { x: x(value), y: bottom + 16, 'text-anchor': 'middle' }, `${value >= 1 ? value : value.toPrecision(1)} ms`)]),
    ...rows.flatMap(({ name, values }, i) => {
      const y = 4 + (i + 0.5) * rowHeight;
      return [svg('text', { x: left - 10, y: y + 4, 'text-anchor': 'end' }, name), svg('line', { class: 'range', x1: x(values.p50), x2: x(values.max), y1: y, y2: y }), ...points.map((point, k) => svg('circle', { class: 'percentile', cx: x(values[point]), cy: y, r: 3 + k }, svg('title', {}, `${name} ${point}: ${figure(values[point])} ms`)))];
    }),
    ...limits.map((value) => svg('g', {}, svg('line', { class: 'limit', x1: x(value), x2: x(value), y1: 0, y2: bottom }), svg('title', {}, `limit: ${value} ms`))),
  );
  return el(
    'figure',
    {},
    el('figcaption', {}, `${title}: percentiles, the larger the dot the higher: 50, 90, 99, 99.9 and all; the dashed line is the limit`),
    el('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': `Percentiles: ${title}` }, chart),
    table(`Percentiles of ${title}, in milliseconds`, ['', ...points], rows.map(({ name, values }) => [name, ...points.map((point) => figure(values[point]))])),
  );
}
