import { randomFrom } from '../schedules/choosers.js';
import { risk, type Interval } from './verdict.js';

/** How often is drawn anew. */
const draws = 2_000;

/**
 * The interval of a statistic of blocks, by drawing blocks anew with replacement (Künsch, 1989): latencies that follow each other are not
 * independent, because a stall delays all that come behind it, but blocks that are long beside a stall nearly are.
 */
export function blockBootstrap<Block>(blocks: readonly Block[], statistic: (blocks: readonly Block[]) => number, seed: number, alpha: number = risk): Interval {
  if (blocks.length < 2) return { low: -Infinity, high: Infinity };
  const random = randomFrom(seed);
  const values = Array.from({ length: draws }, () => statistic(blocks.map(() => blocks[Math.floor(random() * blocks.length)]!))).sort((a, b) => a - b);
  return { low: quantile(values, alpha), high: quantile(values, 1 - alpha) };
}

/** A quantile of values in ascending order, in between by interpolation. */
export function quantile(sorted: readonly number[], share: number): number {
  if (sorted.length === 0) return Number.NaN;
  const at = share * (sorted.length - 1);
  const [low, high] = [sorted[Math.floor(at)]!, sorted[Math.ceil(at)]!];
  return low === high ? low : low + (high - low) * (at - Math.floor(at));
}

export const median = (values: readonly number[]): number => quantile([...values].sort((a, b) => a - b), 0.5);
