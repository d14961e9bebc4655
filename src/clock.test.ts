import { expect, test } from 'vitest';
import { systemClock } from './clock.js';

test('the clock of the process goes on, calls back once, and not what was cleared', async () => {
  const before = systemClock.now();
  const called: string[] = [];
  const cleared = systemClock.setTimeout(() => called.push('cleared'), 0);
  systemClock.setTimeout(() => called.push('one'), 0);
  systemClock.clearTimeout(cleared);
  await new Promise<void>((resolve) => void systemClock.setTimeout(resolve, 2));
  expect(called).toEqual(['one']);
  expect(systemClock.now()).toBeGreaterThan(before);
});
