import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Wait } from '../contract.js';
import { askWaits, findCycle, readWaits, showCycle } from './wait-for-graph.js';

const edges = (...pairs: readonly string[]): Wait[] => pairs.map((pair) => ({ waiter: pair[0]!, holder: pair[1]! }));

/** Whether anybody can come back to himself, found out the slow way. */
function hasCycle(waits: readonly Wait[]): number | undefined {
  let shortest: number | undefined;
  for (const { waiter: start } of waits) {
    let ring = new Set([start]);
    const met = new Set<string>();
    for (let length = 1; ring.size > 0; length++) {
      const next = new Set(waits.filter(({ waiter }) => ring.has(waiter)).map(({ holder }) => holder).filter((node) => !met.has(node)));
      if (next.has(start)) {
        shortest = Math.min(shortest ?? Infinity, length);
        break;
      }
      for (const node of next) met.add(node);
      ring = next;
    }
  }
  return shortest;
}

describe('a cycle', () => {
  it('is found as short as it is, exactly where there is one', () => {
    const node = fc.constantFrom(...'abcdefgh');
    fc.assert(
      fc.property(fc.array(fc.record({ waiter: node, holder: node }), { maxLength: 14 }), (waits) => {
        const cycle = findCycle(waits);
        expect(cycle?.length).toBe(hasCycle(waits));
        for (const [i, { holder }] of (cycle ?? []).entries()) expect(cycle![(i + 1) % cycle!.length]!.waiter).toBe(holder);
      }),
      { seed: 7, numRuns: 3_000 },
    );
  });

  it('is printed with what is waited for', () => {
    const cycle = findCycle([
      { waiter: 'find', holder: 'bind(t1, s1)' },
      { waiter: 'bind(t1, s1)', holder: 'unregister(s1)', for: 'lock s1' },
      { waiter: 'unregister(s1)', holder: 'bind(t1, s1)', for: 'lock t1' },
    ])!;
    expect(showCycle(cycle)).toBe('bind(t1, s1) → lock s1 → unregister(s1) → lock t1 → bind(t1, s1)');
    expect(showCycle(findCycle(edges('aa'))!)).toBe('a → a');
    expect(showCycle([{ waiter: '\u001b[31m', holder: '\u001b[31m' }])).not.toContain('\u001b');
  });

  it('is found in ten thousand edges within a moment', () => {
    const ring = Array.from({ length: 10_000 }, (_, i) => ({ waiter: `n${i}`, holder: `n${(i + 1) % 10_000}` }));
    const began = performance.now();
    expect(findCycle(ring)).toHaveLength(10_000);
    expect(findCycle(ring.slice(1))).toBeUndefined();
    expect(showCycle(ring)).toContain('… 9980 more …');
    expect(performance.now() - began).toBeLessThan(1_000);
  });
});

describe('what an adapter says', () => {
  it('is read as far as it has the right shape', () => {
    const trap = { get waiter() { throw new Error('trap'); } };
    expect(readWaits([{ waiter: 'a', holder: 'b', more: 1 }, { waiter: 1, holder: 'b' }, null])).toEqual([{ waiter: 'a', holder: 'b' }]);
    expect(readWaits([trap])).toEqual([]);
    expect(readWaits('abc')).toEqual([]);
    expect(readWaits(Array.from({ length: 20_000 }, () => ({ waiter: 'a', holder: 'b' })))).toHaveLength(10_000);
  });

  it('is not waited for longer than for anything else', async () => {
    expect(await askWaits({ waits: () => new Promise<never>(() => undefined) }, 10)).toEqual([]);
    expect(await askWaits({ waits: () => { throw new Error('no'); } }, 10)).toEqual([]);
    expect(await askWaits({}, 10)).toEqual([]);
    expect(await askWaits({ waits: () => edges('ab') }, 10)).toEqual(edges('ab'));
    expect(await askWaits({ waits: async () => edges('ab') }, 10)).toEqual(edges('ab'));
  });
});
