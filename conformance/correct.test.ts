import { describe, expect, it } from 'vitest';
import { requirements, type RequirementId } from '../spec/index.js';
import { checks } from './checks/index.js';
import { renderConsole } from './report/console.js';
import type { CheckResult } from './report/result.js';
import { correct } from './testing/correct.js';
import { correctRegistries } from './testing/correct-registries.js';
import { correctFourth } from './testing/correct-fourth.js';
import { correctFifth } from './testing/fifth/index.js';
import { correctSixth } from './testing/sixth/index.js';
import { correctThird } from './testing/correct-third.js';
import { foundations } from './testing/held-out-load.js';
import { third } from './testing/third-registry.js';
import { verify, type VerifyOptions } from './verify.js';

const seeds = [11, 222];
const byHand: ReadonlySet<string> = new Set(checks.map(({ title }) => title));
/** What takes long, or knows no seed, is tried with the first seed only. */
const inSequence = requirements.map(({ id }) => id).filter((id) => id !== 'MODEL-1' && !/^CON-|^DLK-4$|^LST-3$|^RTE-9$/.test(id));

// A kit that accuses the innocent is worse than none.
describe.each([...correct, ...foundations, third])('$name', (adapter) => {
  it.each(seeds)('is conformant with seed %i', async (seed) => {
    const report = await verify(adapter, { seed, runs: adapter.consistency ? 8 : 25, ...(seed !== seeds[0] && { only: inSequence }) });
    expect(report.verdict, renderConsole(report, { colour: false, chapters: () => '' })).toBe('conformant');
    expect(report.counts).toMatchObject({ failed: 0, warnings: 0, inconclusive: 0 });
  });
});

// Written from the specification alone; `npm run false-accusations` tries three hundred seeds of each.
// Those that take real time at every step are left to that.
describe.each([...correctRegistries, ...correctThird, ...correctFourth, ...correctFifth, ...correctSixth].filter(({ takesTime }) => takesTime !== true).map(({ adapter }) => adapter))('$name', (adapter) => {
  it('is not accused', async () => {
    const judge = async (options: VerifyOptions): Promise<readonly RequirementId[]> => {
      const report = await verify(adapter, { seed: 1, ...options });
      expect(report.counts, renderConsole(report, { colour: false, chapters: () => '' })).toMatchObject({ failed: 0, warnings: 0 });
      // So few programs may hold nothing that overlaps in the way that one looks for; what is written by hand leaves no doubt.
      const isOpen = ({ status, title, reason }: CheckResult): boolean => status === 'inconclusive' && (byHand.has(title) || !/^its situation never came about|^nothing was put to the test$/.test(reason!));
      return report.requirements.filter(({ checks: all }) => all.some(isOpen)).map(({ id }) => id as RequirementId);
    };
    const open = await judge({ runs: 10, operations: 240 });
    // What a busy machine leaves in doubt, it need not leave in doubt twice.
    if (open.length > 0) expect(await judge({ only: open })).toEqual([]);
  });
});
