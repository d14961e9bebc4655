import { describe, expect, it } from 'vitest';
import { requirements } from '../spec/index.js';
import { renderConsole } from './report/console.js';
import { correct } from './testing/correct.js';
import { foundations } from './testing/held-out-load.js';
import { third } from './testing/third-registry.js';
import { verify } from './verify.js';

const seeds = [11, 222];
/** What takes long, or knows no seed, is tried with the first seed only. */
const inSequence = requirements.map(({ id }) => id).filter((id) => id !== 'MODEL-1' && !/^CON-|^DLK-4$|^LST-3$|^RTE-9$/.test(id));

// A kit that accuses the innocent is worse than none. Lots that were written by others: correct-lots.test.ts.
describe.each([...correct, ...foundations, third])('$name', (adapter) => {
  it.each(seeds)('is conformant with seed %i', async (seed) => {
    const report = await verify(adapter, { seed, runs: adapter.consistency ? 8 : 25, ...(seed !== seeds[0] && { only: inSequence }) });
    expect(report.verdict, renderConsole(report, { colour: false, chapters: () => '' })).toBe('conformant');
    expect(report.counts).toMatchObject({ failed: 0, warnings: 0, inconclusive: 0 });
  });
});
