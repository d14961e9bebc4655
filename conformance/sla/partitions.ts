import type { Endpoint } from '../../spec/index.js';
import type { Subject } from '../contract.js';
import { blockBootstrap, median } from './bootstrap.js';
import { merged, regular } from './arrivals.js';
import { leastAchieved, stolenShare, tooBusy } from './blame.js';
import { extended, type Pair } from './interleaved.js';
import { aboutRequirement, answered, dispose, open, settled, type Job } from './job.js';
import { figure, finite, type Measured, type Unmeasured } from './measurement.js';
import { forms, nameOf, Names } from './names.js';
import { endpoint } from './null-adapter.js';
import { isThenable, openLoad, type Block, type Stream } from './open-load.js';
import { against, type Verdict } from './verdict.js';

/** Names of one partition, and of all others, by number. */
interface Sorted {
  readonly names: Names;
  readonly hot: readonly number[];
  readonly others: readonly number[];
}

const candidates = 600;

/** What the latency of others is measured by: writes and lookups in a bundle, of which one alone is too quick for a clock. */
const bundle = 8;

/** What commits take where the adapter can make them slow: then a partition can be saturated, and a wait for it be seen. Milliseconds. */
const commitMs = 4;

const warmUpMs = 20;

/** How long one manner may take before it is not extended any more. Milliseconds. */
const longMs = 12_000;

interface Manner {
  readonly title: string;
  readonly commitMs: number;
  /** Bundles a second on other partitions, and writes a second on the one. */
  readonly perSecond: number;
  readonly load: number;
  readonly blockMs: number;
  readonly pairs: number;
}

const manners: readonly Manner[] = [
  { title: 'as quick as it is', commitMs: 0, perSecond: 1_000, load: 10_000, blockMs: 100, pairs: 12 },
  { title: `commits of ${commitMs} ms`, commitMs, perSecond: 100, load: 300, blockMs: 400, pairs: 5 },
];

/** What is measured near the load, and far from it. Beside each of the latter the same harness with nothing to call. */
type Blocks = Pair<{ readonly block: Block; readonly harness?: Block }>;

/**
 * SLA-12: operations on other partitions while one is saturated. The control is not silence, which leaves caches and the processor to the
 * others: it is the same load on a second registry of the same kind.
 */
export async function measureInterference(job: Job): Promise<(Measured | Unmeasured)[]> {
  const results: (Measured | Unmeasured)[] = [];
  for (const manner of manners) {
    if (manner.commitMs > 0 && !job.offered.includes('slow-commit')) continue;
    const near = await open(job);
    const far = await open(job);
    const sorted = await sort(job, near);
    if (sorted === undefined) return [{ requirement: 'SLA-12', title: manner.title, untested: 'the registry has one partition only, or does not show which writes are whose' }];
    results.push(await interference(job, manner, { near, far }, sorted));
    for (const one of [near, far]) await dispose(job, one);
  }
  return results;
}

/** Finds out which names share a partition: that whose count of writes has grown. */
async function sort(job: Job, subject: Subject): Promise<Sorted | undefined> {
  const names = new Names(job.seed, candidates);
  const of = new Map<number, number[]>();
  let before = await counts(job, subject);
  for (const [number, id] of names.cached.entries()) {
    await answered(job, subject.registerServer(id, endpoint()), 'registerServer');
    const after = await counts(job, subject);
    const partition = after.findIndex((count, i) => count > (before[i] ?? 0));
    of.set(partition, [...(of.get(partition) ?? []), number]);
    await answered(job, subject.unregisterServer(id), 'unregisterServer');
    before = await counts(job, subject);
  }
  of.delete(-1);
  if (of.size < 2) return undefined;
  const [hot] = [...of.entries()].sort(([, a], [, b]) => b.length - a.length)[0]!;
  return { names, hot: of.get(hot)!, others: [...of].filter(([partition]) => partition !== hot).flatMap(([, numbers]) => numbers) };
}

async function counts(job: Job, subject: Subject): Promise<number[]> {
  const stats = (await answered(job, subject.getPartitionStats!(), 'getPartitionStats')) as readonly { readonly writeCount: number }[];
  return stats.map(({ writeCount }) => writeCount);
}

async function interference(job: Job, manner: Manner, { near, far }: { readonly near: Subject; readonly far: Subject }, { names, hot, others }: Sorted): Promise<Measured> {
  const { machine } = job;
  const [hotEndpoint, otherEndpoint] = [endpoint(), endpoint()];
  const nothing = await open(job, job.nullAdapter);
  // Half of the others are there to be looked up.
  const looked = others.slice(0, Math.floor(others.length / 2));
  const written = others.slice(looked.length);
  for (const i of looked) await answered(job, near.registerServer(names.cached[i]!, otherEndpoint), 'registerServer');
  for (const one of [near, far]) if (manner.commitMs > 0) await one.slowCommit!(manner.commitMs);
  await settled(job);

  /** Operations on others, a bundle for each call. */
  const foreground = (subject: Subject): Stream => {
    const write = toggles(subject, names, written, otherEndpoint);
    let turn = 0;
    return {
      name: 'others',
      call() {
        const answers: unknown[] = [];
        for (let i = 0; i < bundle; i++, turn++) {
          // With slow commits one write is what takes its time; without, all of them count.
          if (manner.commitMs === 0 || i === 0) answers.push(write());
          answers.push(subject.findServer(idOf(names, looked[turn % looked.length]!)));
        }
        const waits = answers.filter(isThenable);
        return waits.length === 0 ? undefined : Promise.all(waits);
      },
      isRight: () => true,
    };
  };
  const background = (subject: Subject): Stream => ({ name: 'load', call: toggles(subject, names, hot, hotEndpoint), isRight: () => true });
  const calls = foreground(near);
  const streams = { near: [calls, background(near)], far: [calls, background(far)], nothing: [foreground(nothing), background(nothing)] };
  const block = async (where: keyof typeof streams): Promise<Block> => {
    const milliseconds = manner.blockMs + warmUpMs;
    const arrivals = merged([regular(manner.perSecond, milliseconds).map((at) => at + 0.37), regular(manner.load, milliseconds)]);
    const result = await openLoad(machine, { arrivals, streams: streams[where], warmUpMs, mostOpen: 10_000, drainMs: 4 * job.patienceMs });
    job.progress();
    return result;
  };
  for (const where of ['nothing', 'far', 'near'] as const) await block(where);

  const begun = machine.now();
  const pairs = Math.max(4, Math.ceil(manner.pairs * job.effort));
  return extended(
    { pairs, most: 4 * pairs, isOver: () => machine.now() - begun > longMs },
    async (side): Promise<Blocks['subject']> => (side === 'subject' ? { block: await block('near') } : { block: await block('far'), harness: await block('nothing') }),
    (all) => judged(job, manner, all),
  );
}

/** Registers and unregisters one name after the other, so that none is in use twice. */
function toggles(subject: Subject, names: Names, numbers: readonly number[], one: Endpoint): () => unknown {
  const registered = new Uint8Array(numbers.length);
  const isFree = new Uint8Array(numbers.length).fill(1);
  let turn = 0;
  return () => {
    const i = turn++ % numbers.length;
    if (isFree[i] === 0) return undefined;
    isFree[i] = 0;
    const id = idOf(names, numbers[i]!);
    const answer: unknown = registered[i] === 0 ? subject.registerServer(id, one) : subject.unregisterServer(id);
    registered[i] = 1 - registered[i]!;
    const free = (): void => void (isFree[i] = 1);
    if (!isThenable(answer)) return void free();
    return answer.then(free, free);
  };
}

/** Every other name by its wire id. */
const idOf = (names: Names, i: number): string => nameOf(names, forms[i % forms.length]!, i);

/** Latencies of others near the load against those far from it. */
function judged(job: Job, { title }: Manner, all: readonly Blocks[]): Measured & { readonly verdict: Verdict } {
  const base = aboutRequirement(job, 'SLA-12');
  const latencies = ({ block }: { readonly block: Block }): number[] => block.samples.filter(({ stream }) => stream === 0).map(({ due, ended }) => ended - due);
  const drawn = all.map((pair) => ({ near: latencies(pair.subject), far: latencies(pair.null) }));
  const [own, none] = [median(drawn.flatMap((one) => one.near)), median(drawn.flatMap((one) => one.far))];
  const value = own / Math.max(1e-9, none);
  const interval = blockBootstrap(drawn.map(({ near, far }) => median(near) / Math.max(1e-9, median(far))), median, job.seed);
  // One half of the control against the other: there is no difference to be found.
  const [even, odd] = [0, 1].map((rest) => median(drawn.filter((_, pair) => pair % 2 === rest).flatMap(({ far }) => far)));
  const control = odd! / Math.max(1e-9, even!);
  const harness = all.map((pair) => pair.null.harness!);
  const achieved = harness.reduce((sum, one) => sum + one.achieved, 0) / harness.length;
  const noise = Math.max(control, 1 / control);
  // What the control differs from itself by may be in the ratio as well: only beyond it is anybody accused.
  const judgement = against({ low: interval.low / noise, high: interval.high }, base.relation, base.limit);
  const invalid =
    achieved < leastAchieved
      ? `the generator made only ${figure(100 * achieved)} % of the load with nothing to call`
      : noise > base.limit && judgement !== 'fail'
        ? `one half of the control differs from the other by a ratio of ${figure(control)}`
        : judgement === 'fail'
          ? tooBusy(harness)
          : undefined;
  const verdict = invalid === undefined ? judgement : 'invalid';
  const reason = invalid ?? `the medians have a ratio of ${figure(value)} (${figure(interval.low)} to ${figure(interval.high)})`;
  return {
    verdict,
    requirement: 'SLA-12',
    title,
    ...(verdict !== 'pass' && { reason }),
    measurement: {
      ...base, verdict, value: finite(value), low: finite(interval.low), high: finite(interval.high), samples: drawn.reduce((sum, { near }) => sum + near.length, 0),
      nullRun: { value: finite(control) },
      machine: { achieved, stolen: stolenShare(all.map((pair) => pair.subject.block)), nullStolen: stolenShare(harness), longestGapMs: Math.max(...harness.map(({ longestGapMs }) => longestGapMs)) },
      notes: [`median ${figure(own, 'ms')} under load, ${figure(none, 'ms')} while the load was on another registry`],
    },
  };
}
