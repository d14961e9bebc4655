import type { Arrival } from './arrivals.js';
import type { Machine } from './machine.js';
import { Timeline } from './timeline.js';

/*
 * Open load: calls come when they are due, whatever has become of those before them, and a latency counts from when the call was due.
 * A generator that waits for answers would call less just when the registry is slow, and so leave out what it came to measure
 * (coordinated omission).
 */

/** One kind of call in a load. */
export interface Stream {
  readonly name: string;
  /** Makes the call with this number, counted within the block. */
  call(number: number): unknown;
  /** Whether the answer is one: what is refused or wrong counts as over every limit. */
  isRight(answer: unknown, number: number): boolean;
}

/** One call, as it went. Milliseconds of the clock of the machine. */
export interface Sample {
  readonly stream: number;
  readonly due: number;
  readonly started: number;
  readonly ended: number;
  readonly right: boolean;
  /** The most that the machine can have taken away between due and ended. */
  readonly stolen: number;
}

/** What came of one block of load. */
export interface Block {
  /** Without those that were due during the warm-up. */
  readonly samples: readonly Sample[];
  /** How many calls were answered in the time in which they were to be made, to how many were to be made. */
  readonly achieved: number;
  readonly elapsedMs: number;
  readonly stolenMs: number;
  readonly longestGapMs: number;
}

export interface OpenLoad {
  readonly arrivals: readonly Arrival[];
  readonly streams: readonly Stream[];
  /** What is due before is called, and not counted. */
  readonly warmUpMs: number;
  /** How many calls may be under way at once; further ones are late. */
  readonly mostOpen: number;
  /** How long after the last arrival answers are waited for. */
  readonly drainMs: number;
}

/** For how long calls are made in a row before others get their turn. Milliseconds. */
const rowMs = 1;

/** Puts one block of load on whatever the streams call. Ends when all has been answered, or `drainMs` after the last arrival. */
export async function openLoad(machine: Machine, { arrivals, streams, warmUpMs, mostOpen, drainMs }: OpenLoad): Promise<Block> {
  const { length } = arrivals;
  const [started, ended] = [new Float64Array(length).fill(Number.NaN), new Float64Array(length).fill(Number.NaN)];
  const right = new Uint8Array(length);
  const numbers = streams.map(() => 0);
  let [next, open] = [0, 0];
  const timeline = new Timeline(machine);
  const begun = machine.now();
  const deadline = begun + (arrivals.at(-1)?.at ?? 0) + drainMs;

  const finish = (at: number, answered: boolean, stream: Stream, answer: unknown, number: number): void => {
    ended[at] = machine.now();
    if (answered && isRight(stream, answer, number)) right[at] = 1;
  };
  const call = (at: number): void => {
    const { stream: index } = arrivals[at]!;
    const stream = streams[index]!;
    const number = numbers[index]!++;
    started[at] = machine.now();
    try {
      const answer = stream.call(number);
      if (!isThenable(answer)) return finish(at, true, stream, answer, number);
      open++;
      let isOpen = true;
      const settle = (answered: boolean, value: unknown): void => {
        if (!isOpen) return;
        isOpen = false;
        open--;
        finish(at, answered, stream, value, number);
      };
      answer.then((value) => settle(true, value), (error: unknown) => settle(false, error));
    } catch {
      finish(at, false, stream, undefined, number);
    }
  };

  while (next < length || open > 0) {
    const turned = machine.now();
    timeline.turned(turned);
    if (turned >= deadline) break;
    for (let now = turned; next < length && begun + arrivals[next]!.at <= now && open < mostOpen && now - turned < rowMs; now = machine.now()) {
      call(next++);
      timeline.look(now);
    }
    await machine.turn();
  }
  timeline.end();
  const over = machine.now();
  const samples = arrivals.flatMap(({ at, stream }, i): Sample[] => {
    if (at < warmUpMs) return [];
    const due = begun + at;
    // Whatever has not been answered, or not even called, has taken at least until now.
    const end = Number.isNaN(ended[i]!) ? over : ended[i]!;
    const start = Number.isNaN(started[i]!) ? end : started[i]!;
    return [{ stream, due, started: start, ended: end, right: right[i] === 1, stolen: timeline.stolenWithin(due, end) }];
  });
  return { samples, achieved: achieved(arrivals, ended, begun), elapsedMs: timeline.elapsedMs, stolenMs: timeline.stolenMs, longestGapMs: timeline.longestGapMs };
}

/** The share of the load that was answered by the time of the last arrival and a millisecond, those being late excepted that came in that time. */
function achieved(arrivals: readonly Arrival[], ended: Float64Array, begun: number): number {
  if (arrivals.length === 0) return 1;
  const answered = ended.filter((end) => !Number.isNaN(end));
  const last = answered.reduce((most, end) => Math.max(most, end), begun);
  const planned = Math.max(arrivals.at(-1)!.at, 1);
  return (answered.length / arrivals.length) * Math.min(1, planned / Math.max(planned, last - begun - 1));
}

function isRight(stream: Stream, answer: unknown, number: number): boolean {
  try {
    return stream.isRight(answer, number);
  } catch {
    return false;
  }
}

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (typeof value === 'object' || typeof value === 'function') && value !== null && typeof (value as { then?: unknown }).then === 'function';
}
