import { fill, isExcuse } from './filling.js';
import { slopeOf, type Exponent } from './growth.js';
import { answered, dispose, fillMs, fillWidth, inParallel, open, type Job } from './job.js';
import { Names } from './names.js';
import { endpoint } from './null-adapter.js';
import { against } from './verdict.js';

/** Bytes per entry, and bytes kept of each entry that has come and gone. */
export interface Heap {
  readonly perEntry: Exponent;
  readonly perChurned: Exponent;
  /** How often was weighed while they came and went. */
  readonly rounds: number;
  /** Bytes by number of entries, of each size. */
  readonly sizes: readonly (readonly [entries: number, bytes: number])[];
}

/** A registry of each size; between powers of two and at them, since tables grow in steps. */
const sizes = [5_000, 10_000, 15_000, 20_000, 30_000, 40_000, 60_000] as const;

/** While so many entries are live, so many others come and go in each round. */
const liveWhileChurning = 2_000;
const churnedEach = 4_000;
const churnRounds = 8;

/** Where nothing can be told yet, so many rounds at most. */
const mostRounds = 24;

/** What may be kept of an entry that has come and gone, in bytes: less than the pointer without which nothing is kept. */
export const leakLimit = 8;

/** Bytes that are in use after all that is not has been collected. */
export type Collected = () => Promise<number>;

/** What entries take: the slope over several sizes, as many as the registry can be filled with in time; and over rounds in which as many come as go. */
export async function weigh(job: Job, collected: Collected): Promise<Heap> {
  const names = new Names(job.seed, sizes.at(-1)!);
  const churned = await churn(job, names, collected);
  const points: [number, number][] = [];
  let left = fillMs;
  try {
    // The first registry pays for what is made once.
    for (const size of [sizes[0], ...sizes]) {
      const one = endpoint();
      const before = await collected();
      const subject = await open(job);
      const { elapsedMs } = await fill(job, subject, names, size, { endpointOf: () => one, milliseconds: Math.max(1, left) });
      left -= elapsedMs;
      const bytes = (await collected()) - before;
      // Still in use, so that it has been counted.
      await answered(job, subject.findServer(names.cached[0]!), 'findServer');
      points.push([size, bytes]);
      job.progress();
      await dispose(job, subject);
    }
  } catch (error) {
    // What is kept is known all the same.
    if (!isExcuse(error)) throw error;
  }
  points.shift();
  const perEntry = points.length < 3 ? { value: Number.NaN, low: -Infinity, high: Infinity } : slopeOf(points, job.seed);
  return { perEntry, ...churned, sizes: points };
}

/** Bytes kept per entry that came and went: by being unregistered, by the "down" of its endpoint, and after having been looked up. */
async function churn(job: Job, names: Names, collected: Collected): Promise<Pick<Heap, 'perChurned' | 'rounds'>> {
  const subject = await open(job);
  const stays = endpoint();
  await fill(job, subject, names, liveWhileChurning, { endpointOf: () => stays });
  const points: [number, number][] = [];
  let come = 0;
  // To begin with tables and code still settle.
  const kept = (): Exponent => slopeOf(points.slice(points.length >> 2), job.seed);
  for (let round = 0; round < mostRounds && (round < churnRounds || against(kept(), '<', leakLimit) === 'undecided'); round++) {
    const fresh = new Names(job.seed + 1 + round, churnedEach);
    const half = churnedEach / 2;
    const lifetime = new AbortController();
    const goes = endpoint(lifetime.signal);
    const all = async (from: number, to: number, call: (id: string) => unknown): Promise<void> =>
      void (await inParallel(job, { count: to - from, width: fillWidth, milliseconds: fillMs }, (i) => call(fresh.wire(from + i))));
    await all(0, churnedEach, (id) => subject.registerServer(id, id < '8' ? stays : goes));
    await all(0, churnedEach, (id) => subject.findServer(id));
    await all(0, half, (id) => subject.unregisterServer(id));
    lifetime.abort();
    await all(half, churnedEach, (id) => subject.unregisterServer(id));
    await all(0, half, (id) => subject.findServer(id));
    come += churnedEach;
    points.push([come, await collected()]);
    job.progress();
  }
  await answered(job, subject.findServer(names.cached[0]!), 'findServer');
  await dispose(job, subject);
  return { perChurned: kept(), rounds: points.length };
}
