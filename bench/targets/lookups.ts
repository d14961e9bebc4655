import { ShardedRegistry, type EntryReference, type Registration } from '../../src/index.js';
import type { Prepared, Scenario } from '../run.js';
import { endpointsFor, scattered } from '../scenarios.js';
import type { Ids } from './ids.js';
import { flat, Wire } from './wire.js';

/** *cached* ids are the very strings that were registered, *wire* ids fresh ones, whose hash nobody has worked out yet. */
export type Spelling = 'cached' | 'wire';

/** Lookups in one call, at most: all names of a registry of the usual size; of fresh ids as many as stay in the caches, as those do that have just come. */
const batches: Readonly<Record<Spelling, number>> = { cached: 10_000, wire: 1_000 };

// What nobody uses may be optimised away.
let found = 0;
export const foundSoFar = (): number => found;

// The loops below are written out for each variant: V8 keeps what it learns of a function by its source text.

/** Our registry beside a Map that holds the same records under the same ids. */
export async function besideMap(what: string, ids: Ids, entries: number, spelling: Spelling): Promise<Scenario> {
  const names = flat(ids(entries));
  const registry = await filled(names);
  const map = new Map<string, Registration>(names.map((id) => [id, registry.findServer(id)!]));
  return scenario(what, entries, spelling, {
    'Map': async () => {
      const { before, now } = asked(names, spelling);
      return {
        before,
        run: () => {
          let hits = 0;
          for (let i = 0; i < now.length; i++) if (map.get(now[i]!) !== undefined) hits++;
          found += hits;
        },
      };
    },
    'ShardedRegistry': async () => inRegistry(registry, names, spelling),
    'four characters read, and compared with a record at hand': async () => {
      const { before, now, places } = asked(names, spelling);
      const records = scattered(names).map((id) => map.get(id)!);
      return {
        before,
        run: () => {
          let sum = 0;
          for (let i = 0; i < now.length; i++) {
            const id = now[i]!;
            const { length } = id;
            sum += id.charCodeAt(0) + id.charCodeAt(length >> 2) + id.charCodeAt(length >> 1) + id.charCodeAt(length - 1);
            if (records[places[i]!]!.id === id) sum++;
          }
          found += sum;
        },
      };
    },
  });
}

/** Our registry with chosen ids beside our registry with ordinary ones. */
export async function besideOrdinary(what: string, chosen: Ids, ordinary: Ids, entries: number, spelling: Spelling): Promise<Scenario> {
  const [usual, built] = [flat(ordinary(entries)), flat(chosen(entries))];
  const [one, other] = [await filled(usual), await filled(built)];
  return scenario(what, entries, spelling, { 'ordinary ids': async () => inRegistry(one, usual, spelling), 'chosen ids': async () => inRegistry(other, built, spelling) });
}

/** Our registry by itself. */
export async function alone(what: string, ids: Ids, entries: number, spelling: Spelling): Promise<Scenario> {
  const { Map: _, ...variants } = (await besideMap(what, ids, entries, spelling)).variants;
  return scenario(what, entries, spelling, variants);
}

/** Entries that were referred to once, and kept, beside a Map. */
export async function keptReferences(what: string, ids: Ids, entries: number): Promise<Scenario> {
  const names = flat(ids(entries));
  const registry = await filled(names);
  const map = new Map<string, EntryReference>(names.map((id) => [id, registry.referToServer(id)!]));
  return scenario(what, entries, 'cached', {
    'Map': async () => {
      const { before, now } = asked(names, 'cached');
      return {
        before,
        run: () => {
          let hits = 0;
          for (let i = 0; i < now.length; i++) if (map.get(now[i]!) !== undefined) hits++;
          found += hits;
        },
      };
    },
    'kept reference': async () => {
      const kept = scattered(names).slice(0, batches.cached).map((id) => map.get(id)!);
      return {
        run: () => {
          let hits = 0;
          for (let i = 0; i < kept.length; i++) if (kept[i]!.registration !== undefined) hits++;
          found += hits;
        },
      };
    },
    'one field of each record read': async () => {
      const kept = scattered(names).slice(0, batches.cached).map((id) => map.get(id)!.registration!);
      return {
        run: () => {
          let hits = 0;
          for (let i = 0; i < kept.length; i++) if (kept[i]!.endpoint !== undefined) hits++;
          found += hits;
        },
      };
    },
  });
}

const scenario = (name: string, entries: number, spelling: Spelling, variants: Scenario['variants']): Scenario => ({ name, group: 'targets', at: entries, batch: Math.min(batches[spelling], entries), variants });

function inRegistry(registry: ShardedRegistry, names: readonly string[], spelling: Spelling): Prepared {
  const { before, now } = asked(names, spelling);
  return {
    before,
    run: () => {
      let hits = 0;
      for (let i = 0; i < now.length; i++) if (registry.findServer(now[i]!) !== undefined) hits++;
      found += hits;
    },
  };
}

/** The ids of the next call, and where among the scattered ones they are: on round all names, far from each other in memory. */
function asked(names: readonly string[], spelling: Spelling): { readonly now: string[]; readonly places: number[]; readonly before: () => void } {
  const wanted = scattered(names);
  const wire = spelling === 'wire' ? new Wire(wanted) : undefined;
  const now = wanted.slice(0, batches[spelling]);
  const places = now.map((_, i) => i);
  let at = 0;
  const before = (): void => {
    for (let i = 0; i < now.length; i++, at = (at + 1) % wanted.length) {
      now[i] = wire === undefined ? wanted[at]! : wire.read(at);
      places[i] = at;
    }
  };
  return { now, places, before };
}

async function filled(names: readonly string[]): Promise<ShardedRegistry> {
  const registry = new ShardedRegistry();
  const endpoints = endpointsFor(names.length);
  for (const [i, id] of names.entries()) await registry.registerServer(id, endpoints[i]!);
  return registry;
}
