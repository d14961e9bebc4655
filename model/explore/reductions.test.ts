import { describe, expect, it } from 'vitest';
import { explore, type Depth, type ExploreSize } from './explore.js';
import { ProtocolSystem } from './protocol.js';
import { Search } from './search.js';
import { SequentialSystem } from './sequential.js';
import type { Slots, Symmetry, System } from './system.js';
import { lateNews, variants, type Variant } from './variants.js';

const ours = (depth: Depth): { id: string; depth: Depth; variant: undefined } => ({ id: `ours, ${depth}`, depth, variant: undefined });
const designs: { id: string; depth: Depth; variant: Variant | undefined }[] = [
  ours('sequential'),
  ours('protocol'),
  ...[lateNews, ...variants].map((variant) => ({ id: variant.id, depth: variant.depth, variant })),
];

const systemOf = (depth: Depth, variant: Variant | undefined, partialOrder: boolean): System => {
  const size = { partitions: 2, servers: 2, transports: 2, endpoints: 2, clients: 2, ...variant?.size };
  return depth === 'sequential' ? new SequentialSystem(size, (variant?.design ?? {}) as never) : new ProtocolSystem(size, (variant?.design ?? {}) as never, { partialOrder });
};

describe('symmetries', () => {
  const image = ({ target, value }: Symmetry, state: Slots): Slots => {
    const to = new Uint8Array(state.length);
    for (let i = 0; i < state.length; i++) to[target[i]!] = value[i]![state[i]!]!;
    return to;
  };
  const stepsOf = (system: System, state: Slots, mapped: (next: Slots) => Slots = (next) => next): string[] => {
    const steps: string[] = [];
    system.expand(state, (_, flags) => steps.push(`${mapped(Uint8Array.from(system.next)).join()} ${flags}`));
    return steps.sort();
  };

  it.each(designs)('change nothing about what can happen: $id', ({ depth, variant }) => {
    for (const partialOrder of depth === 'protocol' ? [true, false] : [true]) {
      const system = systemOf(depth, variant, partialOrder);
      const search = new Search(system, [], { symmetries: system.symmetries, states: 4_000 });
      search.run();
      const state = new Uint8Array(system.slots.length);
      for (let number = 0; number < search.visited.size; number += 41) {
        search.read(number, state);
        const here = Uint8Array.from(state);
        for (const symmetry of system.symmetries) {
          expect(stepsOf(system, image(symmetry, here))).toEqual(stepsOf(system, here, (next) => image(symmetry, next)));
          expect(search.find(image(symmetry, here))).toBe(number);
        }
      }
    }
  });
});

describe('reductions', () => {
  const small: Partial<ExploreSize> = { partitions: 2, servers: 1, transports: 1, endpoints: 1, clients: 2 };
  // Large enough for each mistake to show.
  const sizes: Readonly<Record<string, Partial<ExploreSize>>> = {
    'two-lanes': { servers: 2, transports: 2 },
    'closes-at-half': { partitions: 2 },
    'samples-stay': { partitions: 1 },
    'ignores-incarnations': { partitions: 1, transports: 0, endpoints: 2 },
    'forgets-by-key': { partitions: 1, transports: 0, endpoints: 2 },
    'late-news': { partitions: 1, endpoints: 2 },
    'single-queue': { partitions: 1 },
  };

  it.each(designs)('come to the verdicts of the full search, with counterexamples of the same length: $id', async ({ id, depth, variant }) => {
    const size = { ...small, ...variant?.size, ...sizes[id] };
    const verdicts = async (symmetry: boolean, partialOrder: boolean): Promise<unknown> => {
      const { properties, bound } = await explore({ depth, size, ...(variant && { variant }), symmetry, partialOrder });
      return { bound, properties: properties.map((one) => [one.id, one.verdict, one.kind === 'eventually' ? undefined : one.trace?.steps.length]) };
    };
    const full = await verdicts(false, false);
    expect(await verdicts(true, false)).toEqual(full);
    if (depth === 'protocol') {
      expect(await verdicts(false, true)).toEqual(full);
      expect(await verdicts(true, true)).toEqual(full);
    }
    if (variant?.breaks !== undefined) expect(full).toMatchObject({ properties: expect.arrayContaining([expect.arrayContaining([variant.breaks, 'violated'])]) });
  }, 60_000);
});
