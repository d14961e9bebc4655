import { expect, it } from 'vitest';
import { runScenarios } from './run.js';
import { scenarios } from './scenarios.js';
import { benchSchedules } from './schedules.js';

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
