import type { Subject } from '../contract.js';
import { isBusy, tooBusy, type Side } from './blame.js';
import { fill, isExcuse, scatter, shared } from './filling.js';
import { exponentOf, type Exponent, type Growing } from './growth.js';
import type { Pair } from './interleaved.js';
import { aboutRequirement, dispose, inParallel, open, type Job } from './job.js';
import { figure, finite, type Measured, type Verdict } from './measurement.js';
import { forms, nameOf, Names } from './names.js';
import { against } from './verdict.js';

const allSizes: readonly number[] = [1_000, 4_000, 16_000, 64_000, 256_000, 1_000_000];

/**
 * So many names are in use at every size: what grows then is what the registry does, and not how much of it fits into a cache. With a
 * thousand, each of which lies in some pages of memory of its own, the address translation does not fit any more.
 */
const inUse = 32;

/** What a kind of call is tried for before it is measured for the first time, until the compiler has made of it what it will. Milliseconds. */
const warmUpMs = 150;

/** How often each size is measured; each time for a few milliseconds at least. */
const rounds = 9;
const roundMs = 4;
const batch = 250;

/** Calls that may be unanswered at once. */
const width = 64;

/** How long the registry may take to be filled, all sizes together. Milliseconds. */
const fillMs = 30_000;

/** Milliseconds per operation, of one round. */
interface Round extends Side {
  readonly msEach: number;
  /** Without what the machine took. */
  readonly leastMsEach: number;
}

/** SLA-11: time per operation at sizes from 1,000 to 1,000,000, and the exponent by which it grows. */
export async function measureGrowth(job: Job, sizes: readonly number[] = allSizes): Promise<Measured[]> {
  const base = aboutRequirement(job, 'SLA-11');
  const { machine } = job;
  const names = new Names(job.seed, sizes.at(-1)!);
  const spare = new Names(job.seed + 1, batch);
  const endpointOf = shared();
  const subject = await open(job);
  const none = await open(job, job.nullAdapter);
  const kinds = [
    ...forms.map((form) => ({
      title: `lookups, ${form} ids`,
      call: (one: Subject, size: number, i: number): unknown => one.findServer(nameOf(names, form, scatter(i % inUse, inUse) * Math.floor(size / inUse))),
    })),
    ...forms.map((form) => ({
      title: `registering and unregistering, ${form} ids`,
      call(one: Subject, _: number, i: number): unknown {
        const id = nameOf(spare, form, i % batch);
        return i % (2 * batch) < batch ? one.registerServer(id, endpointOf(i)) : one.unregisterServer(id);
      },
    })),
  ];
  const results = kinds.map(() => ({ subject: [] as { size: number; rounds: Round[] }[], null: [] as { size: number; rounds: Round[] }[] }));
  let [reached, left] = ['', fillMs];
  let held = 0;
  try {
    for (const size of sizes) {
      const { elapsedMs } = await fill(job, subject, names, size, { from: held, endpointOf, milliseconds: Math.max(1, left) });
      left -= elapsedMs;
      held = size;
      for (const [k, { call }] of kinds.entries()) {
        const take = async (): Promise<Pair<Round>> => {
          job.progress();
          const nothing = await round(job, (number) => call(none, size, number));
          return { null: nothing, subject: await round(job, (number) => call(subject, size, number)) };
        };
        const warm = machine.now() + (size === sizes[0] ? warmUpMs : 0);
        do await take();
        while (machine.now() < warm);
        const taken: Pair<Round>[] = [];
        while (taken.length < rounds) taken.push(await take());
        for (const side of ['null', 'subject'] as const) results[k]![side].push({ size, rounds: taken.map((pair) => pair[side]) });
      }
    }
  } catch (error) {
    if (!isExcuse(error)) throw error;
    reached = `measured up to ${figure(held)} entries only: ${error.message}`;
  }
  await dispose(job, subject);
  return kinds.map(({ title }, k): Measured => {
    const { subject: own, null: nothing } = results[k]!;
    if (own.length < 3) {
      return { requirement: 'SLA-11', title, reason: reached, measurement: { ...base, verdict: 'undecided', value: null, low: null, high: null, samples: 0 } };
    }
    const excuses = isBusy(nothing.flatMap((one) => one.rounds));
    const times = (all: typeof own, of: (one: Round) => number): Growing[] => all.map(({ size, rounds: each }) => ({ size, times: each.map(of) }));
    const as = ({ msEach }: Round): number => msEach;
    const measured = exponentOf(times(own, as), job.seed);
    const nullRun = exponentOf(times(nothing, as), job.seed);
    // With what the machine took left out, of big sizes and of small ones alike.
    const least: Exponent = excuses ? exponentOf(times(own, ({ leastMsEach }) => leastMsEach), job.seed) : measured;
    // Sizes are measured one after the other: what grew in the null run as well is the machine, which became slower meanwhile.
    const interval = { low: Math.min(measured.low, least.low) - Math.max(0, nullRun.value), high: Math.max(measured.high, least.high) };
    const judged = against(interval, base.relation, base.limit);
    const invalid =
      nullRun.high > base.limit && judged !== 'pass' ? `the null run itself grew with an exponent of ${figure(nullRun.value)}` : judged === 'fail' ? tooBusy(nothing.flatMap((one) => one.rounds)) : undefined;
    const verdict: Verdict = invalid !== undefined ? 'invalid' : judged === 'pass' && reached !== '' ? 'undecided' : judged;
    const reason = invalid !== undefined ? invalid : judged === 'pass' ? reached : `the exponent is ${figure(measured.value)} (${figure(interval.low)} to ${figure(interval.high)})`;
    return {
      requirement: 'SLA-11',
      title,
      ...(verdict !== 'pass' && { reason }),
      measurement: {
        ...base, verdict, value: finite(measured.value), low: finite(interval.low), high: finite(interval.high), samples: own.length * rounds,
        nullRun: { value: finite(nullRun.value) },
        notes: own.map(({ size, rounds: each }) => `${figure(size)} entries: ${figure(1e6 * middle(each.map(as)), 'ns')}`),
      },
    };
  });
}

async function round(job: Job, call: (number: number) => unknown): Promise<Round> {
  const { machine } = job;
  const stolen = machine.stolen();
  const begun = machine.now();
  let calls = 0;
  do {
    const from = calls;
    // Registering is done before unregistering begins: what overlaps on one name is refused.
    await inParallel(job, { count: batch, width, milliseconds: 60_000 }, (i) => call(from + i));
    calls += batch;
  } while (machine.now() - begun < roundMs || calls % (2 * batch) !== 0);
  const elapsedMs = machine.now() - begun;
  const stolenMs = Math.min(elapsedMs, machine.stolen() - stolen);
  return { elapsedMs, stolenMs, msEach: elapsedMs / calls, leastMsEach: Math.max(1e-9, elapsedMs - stolenMs) / calls };
}

const middle = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
