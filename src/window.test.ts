import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Window } from './window.js';

test('a window is the last samples that are young enough, oldest first', () => {
  const step = fc.record({ latency: fc.nat(500), wait: fc.nat(400) });
  fc.assert(fc.property(fc.integer({ min: 1, max: 12 }), fc.array(step, { maxLength: 50 }), (size, steps) => {
    const window = new Window(size, 1_000);
    const all: { latency: number; at: number }[] = [];
    let now = 0;
    for (const { latency, wait } of steps) {
      now += wait;
      window.record(latency, now);
      all.push({ latency, at: now });
      const last = all.slice(-size);
      for (const later of [0, 399, 1_000]) {
        expect(window.samples(now + later)).toEqual(last.filter(({ at }) => now + later - at < 1_000).map((sample) => sample.latency));
      }
    }
    expect(window.writeCount).toBe(steps.length);
    window.reset();
    expect([window.writeCount, window.samples(now)]).toEqual([0, []]);
    window.record(7, now);
    expect(window.samples(now)).toEqual([7]);
  }));
});
