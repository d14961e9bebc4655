import { describe, expect, it } from 'vitest';
import { renderConsole } from './report/console.js';
import { correct } from './testing/correct.js';
import { foundations } from './testing/held-out-load.js';
import { third } from './testing/third-registry.js';
import { verify } from './verify.js';

// A kit that accuses the innocent is worse than none: `npm run false-accusations` tries them with hundreds of seeds, and those that others wrote as well.
describe.each([...correct, ...foundations, third])('$name', (adapter) => {
  it('is conformant', async () => {
    const report = await verify(adapter, { seed: 11, runs: adapter.consistency ? 8 : 25 });
    expect(report.verdict, renderConsole(report, { colour: false, chapters: () => '' })).toBe('conformant');
    expect(report.counts).toMatchObject({ failed: 0, warnings: 0, inconclusive: 0 });
  });
});
