import { expect, it } from 'vitest';
import { itWith } from '../conformance/testing/requires.js';
import { benchBeam } from './beam.js';
import { page } from './page.js';
import { runScenarios } from './run.js';
import { scenarios } from './scenarios.js';
import { benchSchedules } from './schedules.js';
import { measurements } from './targets.js';
import { chosen, families } from './targets/ids.js';
import { madeBy } from './targets/made.js';
import { cells, reached, type Target } from './targets/target.js';

// That it runs and says something; how fast anything is, is no matter for a test.
it('measures every variant of every scenario', async () => {
  const small = scenarios.filter(({ at = 0 }) => at <= 1_000);
  const figures = await runScenarios(small, { rounds: 1, ms: 1 });
  expect(figures).toHaveLength(small.reduce((sum, { variants }) => sum + Object.keys(variants).length, 0));
  for (const { median, low, high } of figures) {
    expect(median).toBeGreaterThan(0);
    expect(low).toBeLessThanOrEqual(high);
  }
});

it('has what a user would take instead in every scenario that others can do', () => {
  const alone = scenarios.filter(({ variants }) => Object.keys(variants).length === 1).map(({ name }) => name);
  expect(alone).toEqual(['stats of all partitions, windows full', 'a step of the model']);
});

it('counts schedules that were run to their end', async () => {
  const figures = await benchSchedules({ rounds: 1, ms: 2 });
  expect(figures).toHaveLength(4);
  for (const { schedules, median, low, high } of figures) {
    expect(schedules).toBeGreaterThan(0);
    expect(median).toBeGreaterThan(0);
    expect(low).toBeLessThanOrEqual(high);
  }
});

const memoryChild = new URL('../dist/bench/targets/memory-child.js', import.meta.url);
const tiny = { entries: 100, large: [200], rate: 150, fill: 1_000, recipients: 10, names: [10, 20, 40], reads: 100 };

it('measures every target', async () => {
  const targets: Target[] = [];
  for (const measure of measurements({ rounds: 1, ms: 1, sizes: tiny, memoryChild })) targets.push(...(await measure()));
  expect(new Set(targets.map(({ what }) => what)).size).toBe(targets.length);
  for (const target of targets) {
    const { what, most, least, measured, floor } = target;
    expect(most ?? least, what).toBeDefined();
    if (floor !== undefined) expect(floor.measured.low, what).toBeGreaterThan(0);
    expect(cells(target).target, what).toMatch(/^[≤≥] /);
    if (measured === undefined) {
      expect(what).toMatch(/kept reference/);
      continue;
    }
    expect(measured.median, what).toBeGreaterThanOrEqual(measured.low);
    expect(measured.median, what).toBeLessThanOrEqual(measured.high);
    if (!/exponent|made/.test(target.unit)) expect(measured.low, what).toBeGreaterThan(0);
  }
  expect(targets.find(({ unit }) => unit === 'made')?.measured.median).toBe(0);
  const bare = targets.filter(({ floor }) => floor === undefined).map(({ what }) => what);
  for (const what of bare) expect(what).toMatch(/^lookup, \w+ id, chosen|^worst write|against a bare loop$|^memory|time by names|^listeners/);
});

it('counts what calls back later', () => {
  expect(madeBy(() => undefined)).toBe(0);
  expect(madeBy(() => void Promise.resolve())).toBe(1);
  expect(madeBy(() => clearTimeout(setTimeout(() => undefined, 1)))).toBe(1);
  expect(madeBy(() => new AbortController().signal.addEventListener('abort', () => undefined))).toBe(1);
});

it('has as many ids of each kind as it is asked for, none of them twice', () => {
  for (const [kind, ids] of Object.entries({ ...families, ...chosen })) {
    expect(new Set(ids(10_000)).size, kind).toBe(10_000);
    expect(Math.max(...ids(10_000).map(({ length }) => length)), kind).toBeLessThanOrEqual(255);
  }
  for (const ids of Object.values(chosen)) expect(ids(1)[0]).toHaveLength(36);
});

it('shows targets on the page, with what another Node reached', () => {
  const at = (median: number): Target => ({ what: 'a lookup', unit: '×', most: 1.15, measured: { median, low: 1, high: 2 } });
  expect([reached(at(1.15)), reached(at(1.16)), reached({ ...at(2.9), most: undefined, least: 3 }), reached({ ...at(3), most: undefined, least: 3 })]).toEqual([true, false, false, true]);
  const text = page({ node: 'v20.0.0', processor: '', rounds: 1, ms: 1, load: [0], targets: [{ ...at(1.5), floor: { what: 'one step', measured: { median: 0.5, low: 0.4, high: 0.6 } } }, { ...at(1), what: 'another' }], otherNode: { node: 'v99.0.0', targets: [at(1.1)] }, figures: [], explore: [], linearizability: [], schedules: [] });
  expect(text).toContain('| what | target | measured, Node v20.0.0 | reached | measured, Node v99.0.0 | reached | floor, Node v20.0.0 |');
  expect(text).toContain('| a lookup | ≤ 1.15× | 1.500× (1.000× – 2.000×) | no | 1.100× (1.000× – 2.000×) | yes | 0.500×: one step |');
  expect(text).toContain('| another | ≤ 1.15× | 1.000× (1.000× – 2.000×) | yes | not measured |  |  |');
  expect(text).toContain('*Untested*: there was no Elixir');
});

itWith('elixir', '--version')('measures Elixir beside ours', async () => {
  const figures = await benchBeam({ rounds: 1, ms: 1 });
  expect(figures.map(({ scenario, variant }) => `${scenario}: ${variant}`)).toHaveLength(13);
  for (const { median } of figures) expect(median).toBeGreaterThan(0);
});
