import { describe, expect, it } from 'vitest';
import type { RequirementId } from '../../spec/index.js';
import { checks } from '../checks/index.js';
import { renderConsole } from '../report/console.js';
import type { CheckResult } from '../report/result.js';
import { verify, type VerifyOptions } from '../verify.js';
import type { CorrectRegistry } from './correct-registries.js';

const byHand: ReadonlySet<string> = new Set(checks.map(({ title }) => title));

/**
 * That nobody of a lot that was written from the specification alone is accused, nor left in doubt; `npm run false-accusations` tries them
 * with many seeds. Those that take real time at every step are left to that.
 */
export function describeNotAccused(lot: readonly CorrectRegistry[]): void {
  describe.each(lot.filter(({ takesTime }) => takesTime !== true).map(({ adapter }) => adapter))('$name', (adapter) => {
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
}
