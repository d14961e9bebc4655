import { build } from 'hdr-histogram-js';
import { judgeShare, percentileBounds } from './binomial.js';
import { isBusy, leastAchieved, stolenShare, tooBusy } from './blame.js';
import { blockBootstrap } from './bootstrap.js';
import type { Pair } from './interleaved.js';
import { figure } from './measurement.js';
import type { Block, Sample } from './open-load.js';
import { against, type Interval, type Verdict } from './verdict.js';

/** Percentiles of one kind of time, in milliseconds. */
export interface Percentiles {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

/** Of every call, how long it waited for its turn, how long it was served, and both: kept apart, because only together they are what a caller sees. */
export interface Spread {
  readonly queue: Percentiles;
  readonly service: Percentiles;
  readonly total: Percentiles;
}

/** A verdict on latencies, with all that it rests on. */
export interface Judged {
  readonly verdict: Verdict;
  readonly reason?: string;
  readonly value: number;
  readonly interval: Interval;
  readonly samples: number;
  readonly over: number;
  readonly failures: number;
  readonly nullValue: number;
  readonly nullOver: number;
}

const total = ({ due, ended }: Sample): number => ended - due;

/** What is judged: calls of one stream, in the blocks of the registry and in those of the null run. */
interface Calls {
  readonly subject: readonly (readonly Sample[])[];
  readonly null: readonly (readonly Sample[])[];
  /** The least that a call of the registry can have taken. */
  least(sample: Sample): number;
}

function callsOf(pairs: readonly Pair<Block>[], stream: number): Calls {
  const of = (side: keyof Pair<Block>): Sample[][] => pairs.map((pair) => pair[side].samples.filter((sample) => sample.stream === stream));
  const excuses = isBusy(pairs.map((pair) => pair.null));
  return { subject: of('subject'), null: of('null'), least: (sample) => total(sample) - (excuses ? sample.stolen : 0) };
}

/** Why the run says nothing, if it does: the load was not made. */
function notMade(pairs: readonly Pair<Block>[]): string | undefined {
  const achieved = pairs.reduce((sum, pair) => sum + pair.null.achieved, 0) / Math.max(1, pairs.length);
  if (achieved >= leastAchieved) return undefined;
  const stolen = stolenShare(pairs.map((pair) => pair.null));
  return `the generator made only ${figure(100 * achieved)} % of the load in the null run (${figure(100 * stolen)} % of its time was taken by others)`;
}

/** Whether a percentile of the latencies of a stream is below a limit. `allowed` is the share that may be over: 0.01 for the 99th percentile. */
export function judgePercentile(pairs: readonly Pair<Block>[], stream: number, { limit, allowed, seed }: { readonly limit: number; readonly allowed: number; readonly seed: number }): Judged {
  const calls = callsOf(pairs, stream);
  const count = (samples: readonly Sample[], isOver: (sample: Sample) => boolean): number => samples.reduce((sum, sample) => sum + (isOver(sample) ? 1 : 0), 0);
  const isOver = (sample: Sample): boolean => !sample.right || total(sample) >= limit;
  const isOwn = (sample: Sample): boolean => !sample.right || calls.least(sample) >= limit;
  const [all, none] = [calls.subject.flat(), calls.null.flat()];
  const [over, own, nullOver] = [count(all, isOver), count(all, isOwn), count(none, isOver)];

  const blocks = calls.subject.map((samples, i) => ({
    n: samples.length, over: count(samples, isOver), own: count(samples, isOwn),
    nullN: calls.null[i]!.length, nullOver: count(calls.null[i]!, isOver),
  }));
  type Drawn = readonly (typeof blocks)[number][];
  const share = (drawn: Drawn, part: 'over' | 'own' | 'nullOver', whole: 'n' | 'nullN'): number => drawn.reduce((sum, one) => sum + one[part], 0) / Math.max(1, drawn.reduce((sum, one) => sum + one[whole], 0));
  const isBelow = judgeShare(over, all.length, allowed) === 'pass' && blockBootstrap(blocks, (drawn) => share(drawn, 'over', 'n'), seed).high <= allowed;
  // Beyond what chance can do, and beyond what the same machine did to the null run in the same minutes.
  const isAbove = judgeShare(own, all.length, allowed) === 'fail' && blockBootstrap(blocks, (drawn) => share(drawn, 'own', 'n') - share(drawn, 'nullOver', 'nullN'), seed).low > allowed;

  const percentile = (samples: readonly Sample[]): number => percentileOf(samples.map(total), 100 * (1 - allowed));
  const figures = {
    value: percentile(all), interval: intervalOf(all.map(total), allowed), samples: all.length, over,
    failures: count(all, ({ right }) => !right), nullValue: percentile(none), nullOver,
  };
  const invalid = notMade(pairs) ?? (nullOver === 0 || judgeShare(nullOver, none.length, allowed) === 'pass' ? undefined : `the null run itself was over the limit ${nullOver} times in ${none.length}`);
  if (invalid !== undefined) return { verdict: 'invalid', reason: invalid, ...figures };
  if (isBelow) return { verdict: 'pass', ...figures };
  const busy = tooBusy(pairs.map((pair) => pair.null));
  if (isAbove && busy !== undefined) return { verdict: 'invalid', reason: busy, ...figures };
  if (isAbove) return { verdict: 'fail', reason: `${own} of ${all.length} calls took ${figure(limit, 'ms')} or longer, or were refused or answered wrongly (${figures.failures})`, ...figures };
  return { verdict: 'undecided', reason: undecided(over, own, all.length), ...figures };
}

const undecided = (over: number, own: number, n: number): string =>
  own < over ? `${over} of ${n} calls were over the limit, ${own} of them for certain through the registry` : `${over} of ${n} calls were over the limit, too near to what is allowed`;

/** Whether the mean of the latencies of a stream is below a limit. */
export function judgeMean(pairs: readonly Pair<Block>[], stream: number, { limit, seed }: { readonly limit: number; readonly seed: number }): Judged {
  const calls = callsOf(pairs, stream);
  // What failed counts as over the limit, however soon it failed.
  const most = (sample: Sample): number => (sample.right ? total(sample) : Math.max(total(sample), limit));
  const least = (sample: Sample): number => (sample.right ? calls.least(sample) : Math.max(calls.least(sample), limit));
  const mean = (blocks: readonly (readonly Sample[])[], of: (sample: Sample) => number): number => {
    const samples = blocks.flat();
    return samples.reduce((sum, sample) => sum + of(sample), 0) / Math.max(1, samples.length);
  };
  const drawn = (of: (sample: Sample) => number): Interval => {
    const blocks = calls.subject.map((samples) => ({ n: samples.length, sum: samples.reduce((sum, sample) => sum + of(sample), 0) }));
    return blockBootstrap(blocks, (some) => some.reduce((sum, one) => sum + one.sum, 0) / Math.max(1, some.reduce((sum, one) => sum + one.n, 0)), seed);
  };
  const [nullValue, interval] = [mean(calls.null, total), drawn(most)];
  const all = calls.subject.flat();
  const figures = {
    value: mean(calls.subject, most), interval, samples: all.length, over: all.filter((sample) => total(sample) >= limit).length,
    failures: all.filter(({ right }) => !right).length, nullValue, nullOver: calls.null.flat().filter((sample) => total(sample) >= limit).length,
  };
  const invalid = notMade(pairs) ?? (nullValue < limit ? undefined : `the null run itself took ${figure(nullValue, 'ms')} on average`);
  if (invalid !== undefined) return { verdict: 'invalid', reason: invalid, ...figures };
  const verdict = against({ low: drawn(least).low - nullValue, high: interval.high }, '<', limit);
  const busy = tooBusy(pairs.map((pair) => pair.null));
  if (verdict === 'fail' && busy !== undefined) return { verdict: 'invalid', reason: busy, ...figures };
  return verdict === 'pass' ? { verdict, ...figures } : { verdict, reason: `the mean is ${figure(figures.value, 'ms')} (${figure(interval.low)} to ${figure(interval.high)})`, ...figures };
}

/** The spread of all calls of a stream. */
export function spreadOf(blocks: readonly Block[], stream: number): Spread {
  const samples = blocks.flatMap((block) => block.samples.filter((sample) => sample.stream === stream));
  return {
    queue: percentiles(samples.map(({ due, started }) => started - due)),
    service: percentiles(samples.map(({ started, ended }) => ended - started)),
    total: percentiles(samples.map(total)),
  };
}

/** Histograms count nanoseconds, up to a minute, to three digits. */
const nanoseconds = 1e6;
const histogram = (values: readonly number[]): ReturnType<typeof build> => {
  const counts = build({ bitBucketSize: 32, lowestDiscernibleValue: 1, highestTrackableValue: 60_000 * nanoseconds, numberOfSignificantValueDigits: 3, autoResize: false });
  for (const value of values) counts.recordValue(Math.min(60_000 * nanoseconds, Math.max(0, Math.round(value * nanoseconds))));
  return counts;
};

function percentiles(values: readonly number[]): Percentiles {
  const counts = histogram(values);
  const at = (percent: number): number => counts.getValueAtPercentile(percent) / nanoseconds;
  return { p50: at(50), p90: at(90), p99: at(99), p999: at(99.9), max: values.length === 0 ? 0 : counts.maxValue / nanoseconds };
}

const percentileOf = (values: readonly number[], percent: number): number => (values.length === 0 ? Number.NaN : histogram(values).getValueAtPercentile(percent) / nanoseconds);

/** The interval of a percentile: between the samples that would have to be over a limit for it to be failed, or passed. No shape is assumed. */
function intervalOf(values: readonly number[], allowed: number): Interval {
  const { pass, fail } = percentileBounds(values.length, allowed);
  const at = (over: number): number => percentileOf(values, 100 * (1 - over / values.length));
  return { low: fail > values.length ? 0 : at(fail), high: pass < 0 ? Number.NaN : at(pass) };
}
