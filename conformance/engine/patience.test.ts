import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Violation } from './findings.js';
import { eventually } from './patience.js';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
afterEach(() => void vi.useRealTimers());

const late = new Violation('late', 'soon', 'not yet', 'DWN-1');

/** How many milliseconds pass until it is over, and how it ends. */
async function over(waits: Promise<void>): Promise<[number, string]> {
  const began = performance.now();
  let end: string | undefined;
  void waits.then(() => (end = 'met'), (error: Error) => (end = error.message));
  while (end === undefined) await vi.advanceTimersByTimeAsync(1);
  return [performance.now() - began, end];
}

it('waits until an expectation is met, and no longer', async () => {
  let tries = 0;
  const [ms, end] = await over(eventually(1_000, () => (++tries < 5 ? Promise.reject(late) : Promise.resolve())));
  expect([ms, end]).toEqual([12, 'met']);
});

it('gives up when the time is over', async () => {
  const [ms, end] = await over(eventually(1_000, () => Promise.reject(late)));
  expect(end).toBe('late');
  expect(ms).toBeGreaterThanOrEqual(1_000);
  expect(ms).toBeLessThan(1_010);
});

it('waits a tenth of the time for what is excused', async () => {
  const [ms, end] = await over(eventually(1_000, () => Promise.reject(late), undefined, ({ requirement }) => requirement === 'DWN-1'));
  expect(end).toBe('late');
  expect(ms).toBeGreaterThanOrEqual(100);
  expect(ms).toBeLessThan(110);
});

it('waits all of it if what is excused turns into what is not', async () => {
  let tries = 0;
  const [ms] = await over(eventually(1_000, () => Promise.reject(++tries < 5 ? late : new Violation('other', '', '', 'INC-1')), undefined, ({ requirement }) => requirement === 'DWN-1'));
  expect(ms).toBeGreaterThanOrEqual(1_000);
});

it('gives what is wrong at once where nothing may be late', async () => {
  await expect(eventually(0, () => Promise.reject(late))).rejects.toBe(late);
});
