import type { Random } from '../schedules/choosers.js';

/** When something is to be called, in milliseconds from the beginning, and which of several streams of calls it belongs to. */
export interface Arrival {
  readonly at: number;
  readonly stream: number;
}

/** At equal distances. */
export function regular(perSecond: number, milliseconds: number): number[] {
  const distance = 1_000 / perSecond;
  return Array.from({ length: Math.floor(milliseconds / distance) }, (_, i) => i * distance);
}

/** At random distances, as of many callers who know nothing of each other (a Poisson process). */
export function poisson(perSecond: number, milliseconds: number, random: Random): number[] {
  const times: number[] = [];
  for (let at = 0; ; ) {
    at += (-Math.log(1 - random()) * 1_000) / perSecond;
    if (at >= milliseconds) return times;
    times.push(at);
  }
}

/** Several streams, as they come. */
export const merged = (streams: readonly (readonly number[])[]): Arrival[] => streams.flatMap((times, stream) => times.map((at) => ({ at, stream }))).sort((a, b) => a.at - b.at);
