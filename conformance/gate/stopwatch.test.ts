import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { stopwatch } from './stopwatch.js';

const folder = mkdtempSync(join(tmpdir(), 'stopwatch-'));
afterAll(() => rmSync(folder, { recursive: true }));

function schedstat(text: string): string {
  const file = join(folder, 'schedstat');
  writeFileSync(file, text);
  return file;
}

it('leaves out what the kernel says that the thread was ready and had no processor', () => {
  const file = schedstat('5000000 7000000 12\n');
  const { kind, now } = stopwatch(file);
  expect(kind).toBe('without waiting for a processor');
  const within = (waited: number): void => {
    const before = performance.now() - waited;
    const time = now();
    expect(time).toBeGreaterThanOrEqual(before);
    expect(time).toBeLessThanOrEqual(performance.now() - waited);
  };
  within(7);
  writeFileSync(file, '6000000 9500000 14\n');
  within(9.5);
});

it.each([
  ['there is no such file', () => join(folder, 'nowhere')],
  ['it has another form', () => schedstat('cpu time: 5\n')],
])('is a clock on the wall if %s', (_, file) => {
  const { kind, now } = stopwatch(file());
  expect(kind).toBe('wall clock');
  const before = performance.now();
  const time = now();
  expect(time).toBeGreaterThanOrEqual(before);
  expect(time).toBeLessThanOrEqual(performance.now());
});
