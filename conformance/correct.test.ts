import { describe, expect, it } from 'vitest';
import { renderConsole } from './report/console.js';
import { correct } from './testing/correct.js';
import { verify } from './verify.js';

// A kit that accuses the innocent is worse than none.
describe.each(correct)('$name', (adapter) => {
  it.each([11, 222, 3333])('is conformant with seed %i', async (seed) => {
    const report = await verify(adapter, { seed, runs: adapter.consistency ? 8 : 25 });
    expect(report.verdict, renderConsole(report, { colour: false, chapters: () => '' })).toBe('conformant');
    expect(report.counts).toMatchObject({ failed: 0, warnings: 0, inconclusive: 0 });
  });
});
