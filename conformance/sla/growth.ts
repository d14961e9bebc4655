import { blockBootstrap, median } from './bootstrap.js';
import type { Interval } from './verdict.js';

/** What an operation takes at one size, measured several times. */
export interface Growing {
  readonly size: number;
  readonly times: readonly number[];
}

/** The exponent b of time = a · size^b: 0 if it does not grow, 1 if it grows with the size. */
export interface Exponent extends Interval {
  readonly value: number;
}

/** The slope of y over x that the median pair of points has (Theil, 1950; Sen, 1968): one point that is off does not turn it. */
export function theilSen(points: readonly (readonly [x: number, y: number])[]): number {
  const slopes = points.flatMap(([x, y], i) => points.slice(i + 1).flatMap(([toX, toY]) => (toX === x ? [] : [(toY - y) / (toX - x)])));
  return median(slopes);
}

/**
 * The exponent by which times grow with sizes, between logarithms. The interval comes from drawing the rounds of each size anew. That a
 * machine became slower from one size to the next is not in it: the null run tells.
 */
export function exponentOf(sizes: readonly Growing[], seed: number): Exponent {
  const rounds = Math.min(...sizes.map(({ times }) => times.length));
  const fit = (drawn: readonly number[]): number =>
    theilSen(sizes.map(({ size, times }) => [Math.log(size), Math.log(median(drawn.map((round) => times[round]!)))] as const));
  const all = Array.from({ length: rounds }, (_, round) => round);
  return { value: fit(all), ...blockBootstrap(all, fit, seed) };
}

/** The slope of a straight line, with the interval that drawing its points anew gives. */
export function slopeOf(points: readonly (readonly [x: number, y: number])[], seed: number): Exponent {
  const fit = (drawn: readonly (readonly [number, number])[]): number => {
    const slope = theilSen(drawn);
    return Number.isNaN(slope) ? theilSen(points) : slope;
  };
  return { value: fit(points), ...blockBootstrap(points, fit, seed) };
}
