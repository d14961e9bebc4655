import { ShardedRegistry, type Endpoint } from '../../src/index.js';
import { Table } from '../../src/table.js';
import { spread, type Scenario, type Spread } from '../run.js';
import { endpoint, type Mortal } from '../contestants.js';
import { uuids } from './ids.js';
import { flat } from './wire.js';

/** An endpoint goes down that has so many names, beside as many keys that are deleted from a Map; as many others stay. */
export async function downs(what: string, names: number): Promise<Scenario> {
  const ids = flat(uuids(2 * names));
  const [staying, going] = [ids.slice(names), ids.slice(0, names)];
  const { endpoint: immortal } = endpoint();
  return {
    name: what,
    group: 'targets',
    at: names,
    batch: names,
    variants: {
      'Map': async () => {
        const map = new Map<string, Endpoint>(staying.map((id) => [id, immortal]));
        return {
          before: () => {
            for (const id of going) map.set(id, immortal);
          },
          run: () => {
            for (const id of going) map.delete(id);
          },
        };
      },
      'ShardedRegistry': async () => {
        const registry = new ShardedRegistry();
        for (const id of staying) await registry.registerServer(id, immortal);
        let mortal: Mortal;
        return {
          before: async () => {
            mortal = await registered(registry, going);
          },
          run: () => mortal.kill(),
        };
      },
      'deleting from its table': async () => {
        const table = new Table<undefined, Endpoint>();
        for (const id of staying) table.set(id, undefined, immortal);
        return {
          before: () => {
            for (const id of going) table.set(id, undefined, immortal);
          },
          run: () => {
            for (const id of going) table.delete(id);
          },
        };
      },
    },
  };
}

/**
 * The power of its names by which the time grows that an endpoint takes to go down: the slope of the line that fits the logarithms
 * best. The median over several at each size, and the slope of each round.
 */
export async function downExponent(sizes: readonly number[], rounds: number): Promise<Spread> {
  const ids = flat(uuids(Math.max(...sizes)));
  const registry = new ShardedRegistry();
  const time = async (names: number): Promise<number> => {
    const mortal = await registered(registry, ids.slice(0, names));
    const began = performance.now();
    mortal.kill();
    return performance.now() - began;
  };
  const slopes: number[] = [];
  // The first round warms up.
  for (let round = 0; round <= rounds; round++) {
    const points: [number, number][] = [];
    for (const size of sizes) {
      const times: number[] = [];
      for (let i = 0; i < 5; i++) times.push(await time(size));
      points.push([Math.log(size), Math.log(spread(times).median)]);
    }
    if (round > 0) slopes.push(slope(points));
  }
  return spread(slopes);
}

async function registered(registry: ShardedRegistry, ids: readonly string[]): Promise<Mortal> {
  const mortal = endpoint();
  for (const id of ids) await registry.registerServer(id, mortal.endpoint);
  return mortal;
}

function slope(points: readonly (readonly [number, number])[]): number {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [x, y] = [mean(points.map(([at]) => at)), mean(points.map(([, value]) => value))];
  return mean(points.map(([at, value]) => (at - x) * (value - y))) / mean(points.map(([at]) => (at - x) ** 2));
}
