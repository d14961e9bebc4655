import { describe, expect, it } from 'vitest';
import { explore, propertiesOf } from './explore.js';
import { findRequirement } from '../../spec/index.js';
import { lateNews, variants } from './variants.js';

describe('our design', () => {
  it.each(['sequential', 'protocol'] as const)('has every property, at depth %s', async (depth) => {
    const { properties, bound } = await explore({ depth, size: { clients: 2 } });
    expect(bound).toBeUndefined();
    for (const { id, kind, verdict } of properties) expect([id, verdict]).toEqual([id, kind === 'sometimes' ? 'witnessed' : 'proved']);
  }, 60_000);

  it('has them for three clients, two partitions, two servers and two transports', async () => {
    const { properties, bound } = await explore({ depth: 'protocol', size: { clients: 3, partitions: 2, servers: 2, transports: 2, endpoints: 2 } });
    expect(bound).toBeUndefined();
    expect(properties.filter(({ verdict }) => verdict !== 'proved' && verdict !== 'witnessed')).toEqual([]);
  }, 120_000);

  it('has them where news of an endpoint arrives late', async () => {
    const { properties, bound } = await explore({ depth: 'protocol', variant: lateNews, size: { transports: 1, clients: 2 } });
    expect(bound).toBeUndefined();
    expect(properties.filter(({ verdict, id }) => verdict !== 'proved' && verdict !== 'witnessed' && id !== 'rebind-races-removal')).toEqual([]);
  }, 60_000);
});

describe('variants', () => {
  it('are many, and each has a name of its own', () => {
    expect(variants.length).toBeGreaterThanOrEqual(12);
    expect(new Set(variants.map(({ id }) => id)).size).toBe(variants.length);
  });

  // What the search finds, as does the one without reductions (`reductions.test.ts`): a change here is a change of the model.
  const steps: Readonly<Record<string, number>> = {
    'single-queue': 3, 'two-lanes': 4, 'samples-stay': 5, 'ignores-incarnations': 11, 'cascade-first': 9, 'polled-alarm': 3,
    'two-lanes-in-order': 3, 'no-recheck': 11, 'check-then-act': 6, 'no-turns': 6, 'refusal-keeps-lane': 3, 'reads-in-lane': 2, 'overtaken-kept': 4,
    'cascade-after': 9, 'forgets-by-key': 8, 'closes-at-half': 2, 'admission-at-commits': 3, 'alarm-stays-on': 3, 'stuck-unnoticed': 2, 'servers-only': 2, 'refusal-unbinds': 3, 'leaves-bindings': 3,
  };

  const violated = new Set<string>();

  it.each(variants)('$id breaks $breaks', async (variant) => {
    const { properties } = await explore({ depth: variant.depth, variant, size: { clients: 2 } });
    for (const { id, verdict } of properties) if (verdict === 'violated') violated.add(id);
    const broken = properties.find(({ id }) => id === variant.breaks)!;
    expect(broken.verdict).toBe('violated');
    expect(broken.trace!.steps).toHaveLength(steps[variant.id]!);
  }, 60_000);

  it('break every property between them', () => {
    const kept = [...propertiesOf('sequential'), ...propertiesOf('protocol')].filter(({ id, kind }) => kind !== 'sometimes' && !violated.has(id)).map(({ id }) => id);
    expect(kept).toEqual([]);
  });
});

describe('properties', () => {
  it.each(['sequential', 'protocol'] as const)('each belong to requirements, at depth %s', (depth) => {
    const properties = propertiesOf(depth);
    expect(new Set(properties.map(({ id }) => id)).size).toBe(properties.length);
    for (const { requirements } of properties) {
      expect(requirements.length).toBeGreaterThan(0);
      for (const id of requirements) expect(findRequirement(id)).toBeDefined();
    }
  });
});

describe('an exploration that ends early', () => {
  it.each([
    ['states', { states: 100 }],
    ['seconds', { seconds: 0 }],
    ['memory', { memory: 50_000 }],
  ] as const)('is bounded by %s, and proves nothing', async (bound, limit) => {
    const exploration = await explore({ depth: 'sequential', ...limit });
    expect(exploration.bound).toBe(bound);
    expect(exploration.properties.filter(({ kind }) => kind !== 'sometimes').map(({ verdict }) => verdict)).not.toContain('proved');
    expect(exploration.properties.map(({ verdict }) => verdict)).not.toContain('vacuous');
  });

  it('is bounded when it is interrupted, wherever that is', async () => {
    const seen: string[] = [];
    for (const pass of ['reachable states', 'states for fairness', 'every-operation-ends']) {
      const interrupt = new AbortController();
      const { properties } = await explore({
        depth: 'protocol',
        size: { clients: 2 },
        signal: interrupt.signal,
        onProgress: (progress) => void (progress.pass === pass && interrupt.abort()),
      });
      seen.push(properties.find(({ id }) => id === 'every-operation-ends')!.verdict);
    }
    expect(seen.slice(0, 2)).toEqual(['bounded', 'bounded']);
  }, 60_000);

  it('looks at the properties that it is asked for', async () => {
    const { properties } = await explore({ depth: 'protocol', properties: ['one-lane'], size: { clients: 1, servers: 1, transports: 1 } });
    expect(properties.map(({ id }) => id)).toEqual(['one-lane']);
  });
});
