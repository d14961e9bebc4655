import type { RequirementId } from '../../spec/index.js';
import type { Subject } from '../contract.js';
import { randomFrom } from '../schedules/choosers.js';
import { merged, poisson, regular } from './arrivals.js';
import { stolenShare } from './blame.js';
import { extended, type Pair } from './interleaved.js';
import { aboutRequirement, type Job } from './job.js';
import { judgeMean, judgePercentile, spreadOf, type Judged } from './latency.js';
import { finite, type Measured, type Measurement } from './measurement.js';
import { openLoad, type Block, type Stream } from './open-load.js';
import { together } from './verdict.js';

/** One kind of call under load, and what its latencies are judged by. */
export interface Flow {
  readonly title: string;
  readonly perSecond: number;
  /** The calls of one block, numbered from 0. */
  stream(subject: Subject, block: number): Omit<Stream, 'name'>;
  readonly judgements: readonly Judgement[];
}

/** A requirement that latencies are judged by; `limitOf` where it is about another requirement's number. */
export interface Judgement {
  readonly requirement: RequirementId;
  readonly limitOf?: RequirementId;
  readonly statistic: 'mean' | 'p99';
}

/** A load on a registry and on the null adapter in turn. */
export interface LatencyRun {
  readonly flows: readonly Flow[];
  readonly arrivals: 'poisson' | 'regular';
  readonly blockMs: number;
  readonly pairs: number;
  readonly most: number;
  /** Puts the registry back to where it was, after each block. */
  after?(subject: Subject, block: number): Promise<void>;
}

/** What is due in this time at the beginning of each block is not counted. Milliseconds. */
const warmUpMs = 20;

/** Calls that may be under way at once. */
const mostOpen = 10_000;

/** How long one run may take before it is not extended any more. Milliseconds. */
const longMs = 20_000;

/** Measures and judges: one result for each flow and each of its judgements. Goes on while any of them is undecided, up to a cap. */
export async function latencyRun(job: Job, subjects: Pair<Subject>, { flows, arrivals, blockMs, pairs, most, after }: LatencyRun): Promise<Measured[]> {
  const { machine, seed, effort } = job;
  const begun = machine.now();
  const arrive = (perSecond: number, flow: number, block: number): number[] =>
    arrivals === 'regular' ? regular(perSecond, warmUpMs + blockMs) : poisson(perSecond, warmUpMs + blockMs, randomFrom((seed ^ Math.imul(block * 16 + flow + 1, 0x9e3779b1)) | 0));
  const block = async (side: keyof Pair<Block>, pair: number): Promise<Block> => {
    job.progress();
    const streams = flows.map((flow) => ({ name: flow.title, ...flow.stream(subjects[side], pair) }));
    const result = await openLoad(machine, { arrivals: merged(flows.map(({ perSecond }, flow) => arrive(perSecond, flow, pair))), streams, warmUpMs, mostOpen, drainMs: 500 });
    await after?.(subjects[side], pair);
    return result;
  };
  // What is compiled while it runs is slow until it has been.
  for (const side of ['null', 'subject'] as const) await block(side, -1);
  const { measured } = await extended({ pairs: Math.max(4, Math.ceil(pairs * effort)), most: Math.max(4, Math.ceil(most * effort)), isOver: () => machine.now() - begun > longMs }, block, (all) => {
    const results = flows.flatMap((flow, i) => flow.judgements.map((judgement) => judged(job, flow, judgement, all, i)));
    return { verdict: together(results.map(({ measurement }) => measurement.verdict)), measured: results };
  });
  return measured;
}

function judged(job: Job, { title }: Flow, { requirement, limitOf: about = requirement, statistic }: Judgement, pairs: readonly Pair<Block>[], stream: number): Measured {
  const base = aboutRequirement(job, about);
  const { limit } = base;
  const result: Judged = statistic === 'mean' ? judgeMean(pairs, stream, { limit, seed: job.seed }) : judgePercentile(pairs, stream, { limit, allowed: 0.01, seed: job.seed });
  const { verdict, reason, value, interval, samples, over, failures, nullValue, nullOver } = result;
  const [own, none] = [pairs.map((pair) => pair.subject), pairs.map((pair) => pair.null)];
  const measurement: Measurement = {
    ...base, verdict, value: finite(value), low: finite(interval.low), high: finite(interval.high), samples, over, failures,
    spread: spreadOf(own, stream),
    nullRun: { value: finite(nullValue), over: nullOver, spread: spreadOf(none, stream) },
    machine: machineOf(own, none),
  };
  return { requirement, title: `${base.metric}: ${title}`, measurement, ...(reason !== undefined && { reason }) };
}

/** What the machine and the generator did meanwhile. */
const machineOf = (own: readonly Block[], none: readonly Block[]): Measurement['machine'] => ({
  achieved: none.reduce((sum, { achieved }) => sum + achieved, 0) / Math.max(1, none.length),
  stolen: stolenShare(own),
  nullStolen: stolenShare(none),
  longestGapMs: Math.max(...none.map(({ longestGapMs }) => longestGapMs)),
});
