import type { Subject } from '../contract.js';
import { blockBootstrap, median } from './bootstrap.js';
import { merged, regular } from './arrivals.js';
import { isBusy, stolenShare } from './blame.js';
import { extended, type Pair } from './interleaved.js';
import { aboutRequirement, answered, dispose, open, type Job } from './job.js';
import { figure, finite, type Measured, type Unmeasured } from './measurement.js';
import { Names } from './names.js';
import { endpoint } from './null-adapter.js';
import { openLoad, type Block, type Stream } from './open-load.js';
import { against, type Verdict } from './verdict.js';

/** Ids of one partition, and ids of all others. */
interface Sorted {
  readonly hot: readonly string[];
  readonly others: readonly string[];
}

const candidates = 600;

/** What the latency of others is measured by: writes and lookups in a bundle, of which one alone is too quick for a clock. */
const bundle = 8;

/** What commits take where the adapter can make them slow: then a partition can be saturated, and a wait for it be seen. Milliseconds. */
const commitMs = 4;

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

/** Finds out which ids share a partition: that whose count of writes has grown. */
async function sort(job: Job, subject: Subject): Promise<Sorted | undefined> {
  const names = new Names(job.seed, candidates);
  const of = new Map<number, string[]>();
  let before = await counts(job, subject);
  for (const id of names.cached) {
    await answered(job, subject.registerServer(id, endpoint()), 'registerServer');
    const after = await counts(job, subject);
    const partition = after.findIndex((count, i) => count > (before[i] ?? 0));
    of.set(partition, [...(of.get(partition) ?? []), id]);
    before = after;
    await answered(job, subject.unregisterServer(id), 'unregisterServer');
    before = await counts(job, subject);
  }
  of.delete(-1);
  if (of.size < 2) return undefined;
  const [hot] = [...of.entries()].sort(([, a], [, b]) => b.length - a.length)[0]!;
  return { hot: of.get(hot)!, others: [...of].filter(([partition]) => partition !== hot).flatMap(([, ids]) => ids) };
}

async function counts(job: Job, subject: Subject): Promise<number[]> {
  const stats = (await answered(job, subject.getPartitionStats!(), 'getPartitionStats')) as readonly { readonly writeCount: number }[];
  return stats.map(({ writeCount }) => writeCount);
}

async function interference(job: Job, manner: Manner, registries: { readonly near: Subject; readonly far: Subject }, { hot, others }: Sorted): Promise<Measured> {
  const { machine } = job;
  const base = aboutRequirement(job, 'SLA-12');
  const { near, far } = registries;
  const [hotEndpoint, otherEndpoint] = [endpoint(), endpoint()];
  // In both there is something to look up.
  const looked = others.slice(0, Math.floor(others.length / 2));
  const written = others.slice(looked.length);
  for (const id of looked) await answered(job, near.registerServer(id, otherEndpoint), 'registerServer');
  for (const one of [near, far]) if (manner.commitMs > 0) await one.slowCommit!(manner.commitMs);

  /** Registers and unregisters one id after the other, so that none is in use twice. */
  const toggles = (subject: Subject, ids: readonly string[], one: ReturnType<typeof endpoint>): ((turn: number) => unknown) => {
    const registered = new Uint8Array(ids.length);
    const isFree = new Uint8Array(ids.length).fill(1);
    return (turn) => {
      const i = turn % ids.length;
      if (isFree[i] === 0) return undefined;
      isFree[i] = 0;
      const answer: unknown = registered[i] === 0 ? subject.registerServer(ids[i]!, one) : subject.unregisterServer(ids[i]!);
      registered[i] = 1 - registered[i]!;
      return then(answer, () => (isFree[i] = 1));
    };
  };
  const writeOthers = toggles(near, written, otherEndpoint);
  const writeHot = { near: toggles(near, hot, hotEndpoint), far: toggles(far, hot, hotEndpoint) };
  let [turn, loaded] = [0, 0];
  const foreground: Stream = {
    name: 'others',
    call() {
      const answers: unknown[] = [];
      for (let i = 0; i < bundle; i++) {
        // With slow commits one write is what takes its time; without, all of them count.
        if (manner.commitMs === 0 || i === 0) answers.push(writeOthers(turn++));
        answers.push(near.findServer(looked[(turn * bundle + i) % looked.length]!));
      }
      const waits = answers.filter((answer) => typeof (answer as { then?: unknown } | undefined)?.then === 'function');
      return waits.length === 0 ? undefined : Promise.all(waits);
    },
    isRight: () => true,
  };
  const block = async (where: 'near' | 'far'): Promise<Block> => {
    const background: Stream = { name: 'load', call: () => writeHot[where](loaded++), isRight: () => true };
    const milliseconds = manner.blockMs + 20;
    const loads = regular(manner.load, milliseconds);
    const result = await openLoad(machine, { arrivals: merged([regular(manner.perSecond, milliseconds).map((at) => at + 0.37), loads]), streams: [foreground, background], warmUpMs: 20, mostOpen: 10_000, drainMs: 4 * job.patienceMs });
    job.progress();
    return result;
  };
  for (const where of ['far', 'near'] as const) await block(where);

  const begun = machine.now();
  const pairs = Math.max(4, Math.ceil(manner.pairs * job.effort));
  return extended({ pairs, most: 4 * pairs, isOver: () => machine.now() - begun > 12_000 }, (side) => block(side === 'subject' ? 'near' : 'far'), (all): Measured & { readonly verdict: Verdict } => {
    const times = ({ samples }: Block): number[] => samples.filter(({ stream }) => stream === 0).map(({ started, ended }) => ended - started);
    const drawn = all.map((pair): Pair<number[]> => ({ subject: times(pair.subject), null: times(pair.null) }));
    const ratio = (some: readonly Pair<number[]>[]): number => median(some.flatMap((one) => one.subject)) / Math.max(1e-9, median(some.flatMap((one) => one.null)));
    const interval = blockBootstrap(drawn.map((pair) => median(pair.subject) / Math.max(1e-9, median(pair.null))), median, job.seed);
    const value = ratio(drawn);
    const judged = against(interval, base.relation, base.limit);
    const [own, none] = [all.map((pair) => pair.subject), all.map((pair) => pair.null)];
    const moved = stolenShare(own) - stolenShare(none);
    const isInvalid = judged === 'fail' && isBusy([...own, ...none]) && Math.abs(moved) > 0.05;
    const verdict: Verdict = isInvalid ? 'invalid' : judged;
    const reason = isInvalid ? `the machine took ${figure(100 * stolenShare(own))} % of the time under load and ${figure(100 * stolenShare(none))} % without` : `the medians have a ratio of ${figure(value)} (${figure(interval.low)} to ${figure(interval.high)})`;
    return {
      verdict,
      requirement: 'SLA-12',
      title: manner.title,
      ...(verdict !== 'pass' && { reason }),
      measurement: {
        ...base, verdict, value: finite(value), low: finite(interval.low), high: finite(interval.high), samples: drawn.reduce((sum, one) => sum + one.subject.length, 0),
        nullRun: { value: 1 },
        machine: { stolen: stolenShare(own), nullStolen: stolenShare(none) },
        notes: [`median ${figure(median(drawn.flatMap((one) => one.subject)), 'ms')} under load, ${figure(median(drawn.flatMap((one) => one.null)), 'ms')} while the load was on another registry`],
      },
    };
  });
}

/** The answer, of which we learn as well. */
function then(answer: unknown, done: () => void): unknown {
  if (typeof (answer as { then?: unknown } | undefined)?.then !== 'function') {
    done();
    return answer;
  }
  return (answer as PromiseLike<unknown>).then((value) => (done(), value), () => done());
}
