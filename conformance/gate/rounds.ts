import type { Random } from '../schedules/choosers.js';
import { shuffled, thereAndBack } from './order.js';
import { startProcess, type Start, type Worker } from './process.js';
import { median } from './statistics.js';

/** One that takes part: a build, and how much more it does than it counts. */
export interface Arm {
  readonly name: string;
  readonly module: string;
  /** A planted slowdown, a multiple of 1/20: with 0.1 it does eleven units of work where it should do ten. */
  readonly planted?: number;
}

/** Units of a batch; a planted slowdown is a multiple of one of them. */
export const unitsOfBatch = 20;

/**
 * Turns of a batch. What neighbours do to a machine lasts for tenths of seconds: it harms all arms alike only if they take turns more
 * often than that. Of as many batches in one piece of 60 ms the ratios were found to scatter half as much again, or more.
 */
export const turnsOfBatch = 10;

const unitsOf = ({ planted = 0 }: Arm): number => Math.round(unitsOfBatch * (1 + planted));
/** All turns of a batch together are its units. */
const unitsOfTurn = (units: number, turn: number): number => Math.floor(((turn + 1) * units) / turnsOfBatch) - Math.floor((turn * units) / turnsOfBatch);

/** What a workload is done with: enough of it to take as long as a batch must. */
export interface Sized {
  readonly workload: string;
  readonly entries: number;
  readonly size: number;
}

/** Milliseconds of each arm's batches in a round, in their order. */
export type Times = Readonly<Record<string, readonly number[]>>;
/** Of each workload. */
export type Round = Readonly<Record<string, Times>>;

export interface RoundOptions {
  readonly arms: readonly Arm[];
  readonly workloads: readonly Sized[];
  readonly blocks: number;
  readonly warmUpMs: number;
  readonly random: Random;
  readonly signal: AbortSignal;
  /** How to come by processes. */
  readonly start?: Start;
}

/** One round: fresh processes of all arms, which take turns, there and back. Only one of them works at a time. */
export async function measureRound({ arms, workloads, blocks, warmUpMs, random, signal, start = startProcess }: RoundOptions): Promise<Round> {
  const processes = new Map<string, Worker>();
  try {
    for (const { name, module } of shuffled(arms, random)) processes.set(name, start(module, 'times', signal));
    const round: Record<string, Times> = {};
    for (const sized of shuffled(workloads, random)) {
      for (const name of shuffled([...processes.keys()], random)) await processes.get(name)!.ask({ kind: 'prepare', ...sized, warmUpMs });
      const times: Record<string, number[]> = Object.fromEntries(arms.map(({ name }) => [name, []]));
      for (let block = 0; block < blocks; block++) {
        const batches = new Map(arms.map((arm) => [arm, { there: 0, back: 0 }]));
        for (let turn = 0; turn < turnsOfBatch; turn++) {
          for (const [position, arm] of thereAndBack(arms, random).entries()) {
            const ms = await processes.get(arm.name)!.ask<number>({ kind: 'measure', workload: sized.workload, units: unitsOfTurn(unitsOf(arm), turn) });
            batches.get(arm)![position < arms.length ? 'there' : 'back'] += ms;
          }
        }
        for (const [{ name }, { there, back }] of batches) times[name]!.push(there, back);
      }
      round[sized.workload] = times;
    }
    return round;
  } finally {
    for (const one of processes.values()) one.end();
  }
}

/** How much of each workload it takes for a batch of every arm to last so long. */
export async function calibrate(modules: readonly string[], workloads: readonly string[], { entries, batchMs, warmUpMs, signal, start = startProcess }: { readonly entries: number; readonly batchMs: number; readonly warmUpMs: number; readonly signal: AbortSignal; readonly start?: Start }): Promise<Sized[]> {
  const processes = modules.map((module) => start(module, 'times', signal));
  try {
    const sized: Sized[] = [];
    for (const workload of workloads) {
      let size = 1;
      for (const one of processes) size = Math.max(size, await one.ask<number>({ kind: 'calibrate', workload, entries, unitMs: batchMs / unitsOfBatch, warmUpMs }));
      sized.push({ workload, entries, size });
    }
    return sized;
  } finally {
    for (const one of processes) one.end();
  }
}

/** The logarithm of how many times longer `arm` took than `base` in a round: of the two batches of each block the mean, of the blocks the median. */
export function logRatio(times: Times, arm: string, base: string): number {
  const logs = times[arm]!.map((ms, i) => Math.log(ms / times[base]![i]!));
  return median(Array.from({ length: logs.length / 2 }, (_, block) => (logs[2 * block]! + logs[2 * block + 1]!) / 2));
}
