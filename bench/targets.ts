import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { z } from 'zod';
import { runScenarios, type Figure, type Scenario, type Spread } from './run.js';
import { broadcasts, counting, keeping } from './targets/broadcast.js';
import { downExponent, downs } from './targets/down.js';
import { chosen, families, uuids } from './targets/ids.js';
import { alone, besideMap, besideOrdinary, keptReferences } from './targets/lookups.js';
import { memory } from './targets/memory.js';
import { madeByReads } from './targets/reads.js';
import { targetSchema, type Aim, type Target } from './targets/target.js';
import { churn, worstWrite } from './targets/writes.js';

/** How much of everything. Tests take little. */
export interface Sizes {
  /** Names of a registry of the usual size. */
  readonly entries: number;
  readonly large: readonly number[];
  /** Of the registry whose lookups a second are counted. */
  readonly rate: number;
  /** How far a registry is filled to find its worst write. */
  readonly fill: number;
  readonly recipients: number;
  /** Of the endpoints whose end is to be linear in its names. */
  readonly names: readonly number[];
  readonly reads: number;
}

export const usual: Sizes = { entries: 10_000, large: [100_000, 1_000_000], rate: 15_000, fill: 1_000_000, recipients: 1_000, names: [100, 1_000, 10_000, 100_000], reads: 10_000 };

export interface Effort {
  readonly rounds: number;
  readonly ms: number;
}

/**
 * What our registry is to reach, measured: each measurement in a process of its own. What V8 has learnt of the functions of a
 * registry, and what it has still to collect, would change by half what is measured next.
 */
export async function benchTargets({ rounds, ms, onProgress }: Effort & { readonly onProgress?: (what: string) => void }): Promise<Target[]> {
  const child = fileURLToPath(new URL('targets/child.js', import.meta.url));
  const targets: Target[] = [];
  for (const index of measurements({ rounds, ms }).keys()) {
    const { stdout } = await promisify(execFile)(process.execPath, [child, String(index), String(rounds), String(ms)]);
    const some = z.array(targetSchema).parse(JSON.parse(stdout));
    for (const { what } of some) onProgress?.(what);
    targets.push(...some);
  }
  return targets;
}

/** Each prepares, measures, and tells of one target or of two. `memoryChild` is the program that weighs a registry. */
export function measurements({ rounds, ms, sizes = usual, memoryChild = new URL('targets/memory-child.js', import.meta.url) }: Effort & { readonly sizes?: Sizes; readonly memoryChild?: URL }): (() => Promise<Target[]>)[] {
  const { entries, large, rate, fill, recipients, names, reads } = sizes;
  const spellings = ['cached', 'wire'] as const;
  const figures = (scenario: Scenario): Promise<Figure[]> => runScenarios([scenario], { rounds, ms });

  /** The second variant against the first. A third is the floor. */
  const ratio = async (aim: Aim, scenario: Scenario): Promise<Target[]> => {
    const [, ours, least] = await figures(scenario);
    return [{ ...aim, measured: ours!.ratio!, ...(least && { floor: { what: least.variant, measured: least.ratio! } }) }];
  };
  /** The first variant, in millions a second. The second is the floor. */
  const millions = async (aim: Aim, scenario: Scenario): Promise<Target[]> => {
    const [ours, least] = await figures(scenario);
    return [{ ...aim, measured: perSecond(ours!), floor: { what: least!.variant, measured: perSecond(least!) } }];
  };

  return [
    ...spellings.flatMap((spelling) =>
      Object.entries(families).map(([family, ids]) => async () => {
        const most = spelling === 'cached' ? 1.15 : family === 'uuid-like' ? 0.5 : 1.05;
        const what = `lookup, ${spelling} id, ${family}, against Map`;
        return ratio({ what, unit: '×', most }, await besideMap(what, ids, entries, spelling));
      }),
    ),
    ...large.flatMap((size) =>
      spellings.map((spelling) => async () => {
        const what = `lookup, ${spelling} id, ${count(size)} entries, against Map`;
        return ratio({ what, unit: '×', most: 1.2 }, await besideMap(what, uuids, size, spelling));
      }),
    ),
    async () => {
      const what = 'lookup through a kept reference, against Map';
      return ratio({ what, unit: '×', most: 0.1 }, await keptReferences(what, uuids, entries));
    },
    ...spellings.map((spelling) => async () => {
      const what = `lookups on one core, ${spelling} id, ${count(rate)} entries`;
      return millions({ what, unit: 'million/s', least: 25 }, await alone(what, uuids, rate, spelling));
    }),
    ...Object.entries(chosen).flatMap(([kind, ids]) =>
      spellings.map((spelling) => async () => {
        const what = `lookup, ${spelling} id, chosen: ${kind}, against ordinary ids`;
        return ratio({ what, unit: '×', most: 3 }, await besideOrdinary(what, ids, uuids, entries, spelling));
      }),
    ),
    async () => {
      const what = 'register + unregister, writes on one core';
      return millions({ what, unit: 'million/s', least: 3 }, await churn(what, entries));
    },
    async () => [{ what: `worst write of a fill with ${count(fill)}, against Map`, unit: '×', most: 0.15, measured: await worstWrite(fill, rounds) }],
    async () => {
      const what = `broadcast to ${count(recipients)} that count, per recipient`;
      const [bare, ours] = await figures(await broadcasts(what, recipients, counting));
      return [{ what, unit: 'ns', most: 5, measured: only(ours!), floor: { what: bare!.variant, measured: only(bare!) } }];
    },
    async () => {
      const what = `broadcast to ${count(recipients)} that keep some, against a bare loop`;
      return ratio({ what, unit: '×', most: 1.8 }, await broadcasts(what, recipients, keeping));
    },
    async () => [{ what: `memory of ${count(entries)} entries, 36-character ids`, unit: 'MiB', most: (1.7 * entries) / 10_000, measured: await memory(entries, rounds, memoryChild) }],
    async () => {
      const what = `down of an endpoint with ${count(entries)} names, against deleting from a Map`;
      return ratio({ what, unit: '×', most: 2 }, await downs(what, entries));
    },
    // Linear is 1; the tenth is for the caches, which large ones do not fit into.
    async () => [{ what: `down of an endpoint, time by names (${names.map(count).join(', ')})`, unit: 'exponent', most: 1.1, measured: await downExponent(names, rounds) }],
    async () => [{ what: `listeners, timers, promises, by ${count(reads)} reads of each kind`, unit: 'made', most: 0, measured: exactly(await madeByReads(reads)) }],
  ];
}

const count = (value: number): string => value.toLocaleString('en');
const only = ({ median, low, high }: Spread): Spread => ({ median, low, high });
const exactly = (value: number): Spread => ({ median: value, low: value, high: value });
/** From nanoseconds; the most of these is the least of those. */
const perSecond = ({ median, low, high }: Spread): Spread => ({ median: 1_000 / median, low: 1_000 / high, high: 1_000 / low });
