import { risk, type Interval, type Verdict } from './verdict.js';

/*
 * Percentiles are judged by counting: the 99th percentile is below a limit exactly if less than one in a hundred is over it, and how
 * many of n are over follows a binomial distribution. No assumption about the shape of latencies is made, and no percentile estimated.
 */

/** ln(n!), exact up to rounding. */
const logFactorials: number[] = [0];
function logFactorial(n: number): number {
  for (let i = logFactorials.length; i <= n; i++) logFactorials.push(logFactorials[i - 1]! + Math.log(i));
  return logFactorials[n]!;
}

/** The probability that exactly k of n happen, each with probability p. */
function probability(k: number, n: number, p: number): number {
  if (p <= 0) return k === 0 ? 1 : 0;
  if (p >= 1) return k === n ? 1 : 0;
  return Math.exp(logFactorial(n) - logFactorial(k) - logFactorial(n - k) + k * Math.log(p) + (n - k) * Math.log1p(-p));
}

/** The probability that at most k of n happen. */
export function atMost(k: number, n: number, p: number): number {
  let sum = 0;
  for (let i = 0; i <= Math.min(k, n); i++) sum += probability(i, n, p);
  return Math.min(1, sum);
}

/** The probability that at least k of n happen. */
export function atLeast(k: number, n: number, p: number): number {
  let sum = 0;
  for (let i = Math.max(0, k); i <= n; i++) {
    const more = probability(i, n, p);
    sum += more;
    // Beyond the mean the terms only shrink.
    if (i > n * p && more < 1e-18) break;
  }
  return Math.min(1, sum);
}

/** From how many over the limit on a percentile passes or fails. */
export interface Bounds {
  /** With at most so many it passes; -1 if there are too few samples for any verdict. */
  readonly pass: number;
  /** With at least so many it fails. */
  readonly fail: number;
}

/**
 * The most of n that may be over the limit for a pass, and the least for a fail, where a share of `allowed` is: each is so far out that
 * a registry exactly at its limit comes there with a probability of at most `alpha`. Of 10,000 with 1 % allowed, 83 and 118.
 */
export function percentileBounds(n: number, allowed: number, alpha: number = risk): Bounds {
  let pass = -1;
  for (let below = probability(0, n, allowed); below <= alpha && pass < n; below += probability(pass + 1, n, allowed)) pass++;
  let fail = Math.max(pass + 1, Math.floor(n * allowed));
  while (fail <= n && atLeast(fail, n, allowed) > alpha) fail++;
  return { pass, fail };
}

/** Whether at most a share of `allowed` is over the limit, after `over` of `n` were. */
export function judgeShare(over: number, n: number, allowed: number, alpha: number = risk): Verdict {
  const { pass, fail } = percentileBounds(n, allowed, alpha);
  return over <= pass ? 'pass' : over >= fail ? 'fail' : 'undecided';
}

/** The exact interval of a share of which `over` of `n` were counted (Clopper and Pearson, 1934), with `alpha` on each side. */
export function clopperPearson(over: number, n: number, alpha: number = risk): Interval {
  if (n === 0) return { low: 0, high: 1 };
  return {
    low: over === 0 ? 0 : root((p) => atLeast(over, n, p) >= alpha),
    high: over === n ? 1 : root((p) => atMost(over, n, p) < alpha),
  };
}

/** The least p of which a monotone condition holds, by halving. */
function root(holds: (p: number) => boolean): number {
  let [low, high] = [0, 1];
  for (let i = 0; i < 50; i++) {
    const middle = (low + high) / 2;
    if (holds(middle)) high = middle;
    else low = middle;
  }
  return (low + high) / 2;
}
