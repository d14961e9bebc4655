import { forced } from '../../conformance/sla/collection.js';
import { checkId, partitionOf } from '../../src/ids.js';
import { ShardedRegistry, systemClock, type Endpoint } from '../../src/index.js';
import { spread, type Scenario, type Spread } from '../run.js';
import { endpointsFor } from '../scenarios.js';
import { uuids } from './ids.js';
import { flat } from './wire.js';

// What nobody uses may be optimised away.
let partitionsSeen = 0;
let latencySeen = 0;
export const seenSoFar = (): number => partitionsSeen + latencySeen;

/** Pairs of writes in one call. */
const batch = 1_000;

/** Names come and go beside those that stay, with the windows and alarms that a registry has by default. */
export async function churn(what: string, entries: number): Promise<Scenario> {
  const ids = flat(uuids(entries + batch));
  const registry = new ShardedRegistry();
  // Endpoints that have other names: what it takes to listen to a signal is no part of a write.
  const endpoints = endpointsFor(entries);
  for (let i = 0; i < entries; i++) await registry.registerServer(ids[i]!, endpoints[i]!);
  const fresh = ids.slice(entries);
  return {
    name: what,
    group: 'targets',
    at: entries,
    batch: 2 * batch,
    variants: {
      'ShardedRegistry': async () => ({
        // A write has taken effect when its call returns; the last is waited for all the same.
        run: async () => {
          let last: Promise<void> | undefined;
          for (let i = 0; i < fresh.length; i++) {
            void registry.registerServer(fresh[i]!, endpoints[i % entries]!);
            last = registry.unregisterServer(fresh[i]!);
          }
          await last;
        },
      }),
      'two looks at the clock, id checked and hashed, set in a Map or deleted': async () => {
        const map = new Map<string, Endpoint>();
        for (let i = 0; i < entries; i++) map.set(ids[i]!, endpoints[i]!);
        const began = (id: string): number => {
          const now = systemClock.now();
          checkId(id, 'The id');
          partitionsSeen += partitionOf(id, 16);
          return now;
        };
        return {
          run: () => {
            let latency = 0;
            for (let i = 0; i < fresh.length; i++) {
              const registering = began(fresh[i]!);
              map.set(fresh[i]!, endpoints[i % entries]!);
              latency += systemClock.now() - registering;
              const unregistering = began(fresh[i]!);
              map.delete(fresh[i]!);
              latency += systemClock.now() - unregistering;
            }
            latencySeen += latency;
          },
        };
      },
    },
  };
}

/** The longest that one write takes while a registry is filled, as a ratio to the longest while a Map is, filled in turn. */
export async function worstWrite(entries: number, rounds: number): Promise<Spread> {
  const ids = flat(uuids(entries));
  const endpoints = endpointsFor(entries);
  const collect = forced();
  const ratios: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const fills = round % 2 === 0 ? [fillMap, fillRegistry] : [fillRegistry, fillMap];
    const worst = new Map<typeof fillMap, number>();
    for (const fill of fills) {
      // What others have left is not collected at the expense of a write.
      await collect();
      worst.set(fill, fill(ids, endpoints));
    }
    ratios.push(worst.get(fillRegistry)! / worst.get(fillMap)!);
  }
  return spread(ratios);
}

function fillMap(ids: readonly string[], endpoints: readonly Endpoint[]): number {
  const map = new Map<string, Endpoint>();
  let worst = 0;
  let before = performance.now();
  for (let i = 0; i < ids.length; i++) {
    map.set(ids[i]!, endpoints[i]!);
    const now = performance.now();
    if (now - before > worst) worst = now - before;
    before = now;
  }
  if (map.size !== ids.length) throw new Error(`the Map holds ${map.size} of ${ids.length}`);
  return worst;
}

function fillRegistry(ids: readonly string[], endpoints: readonly Endpoint[]): number {
  const registry = new ShardedRegistry();
  let worst = 0;
  let before = performance.now();
  for (let i = 0; i < ids.length; i++) {
    void registry.registerServer(ids[i]!, endpoints[i]!);
    const now = performance.now();
    if (now - before > worst) worst = now - before;
    before = now;
  }
  if (registry.findServer(ids.at(-1)!) === undefined) throw new Error('the registry does not hold the last name');
  void registry.close(); // Lets go of the endpoints, which outlive it.
  return worst;
}
