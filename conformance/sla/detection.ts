import { defaultThresholds } from '../../spec/index.js';
import type { Subject } from '../contract.js';
import { clopperPearson, judgeShare } from './binomial.js';
import { median, quantile } from './bootstrap.js';
import type { Pair } from './interleaved.js';
import { aboutRequirement, answered, dispose, open, type Job } from './job.js';
import type { Machine } from './machine.js';
import { figure, finite, type Measured } from './measurement.js';
import { endpoint } from './null-adapter.js';
import { isThenable } from './open-load.js';

/** How many trials there are of each kind. All run at once, each on a registry of its own, begun at times that are spread over a second. */
const trialsEach = 40;
const spreadMs = 1_000;

/** As many trials again, so often at most, while nothing can be told. */
const mostBatches = 3;

/** Commits that are slow on average, and such that never end while anybody looks. Milliseconds. */
const slowMs = 110;
const stuckMs = 60_000;

/** What ten slow writes take. Milliseconds. */
const slowlyMs = slowMs * defaultThresholds.minWrites;

/** How long an alarm is waited for, beyond the limit. Milliseconds. */
const beyondMs = 1_500;

/** The share of trials that may be late: the limit is on the 95th percentile. */
const allowed = 0.05;

/** How an alarm came about: when its condition began to hold, when it was last seen to be off after that, and when it was first seen. */
interface Trial {
  readonly look: () => unknown;
  isLooking: boolean;
  since: number | undefined;
  lastOff: number | undefined;
  seen: number | undefined;
  failed: string | undefined;
}

/** Trials with registries, and as many with nothing but an alarm that is on from the moment at which it is due: the null run of the same looks. */
type Batch = Pair<readonly Trial[]>;

/** SLA-9: from the moment at which a write has been in flight for too long, or the tenth slow one has been committed, until somebody who looks all the time sees the alarm. */
export async function measureDetection(job: Job): Promise<Measured[]> {
  const batches: Batch[] = [];
  for (;;) {
    batches.push(await batch(job, Math.max(60, Math.ceil(2 * trialsEach * job.effort))));
    const measured = judged(job, batches);
    if (measured.measurement.verdict !== 'undecided' || batches.length === mostBatches) return [measured];
  }
}

function judged(job: Job, batches: readonly Batch[]): Measured {
  const base = aboutRequirement(job, 'SLA-9');
  const all = batches.flatMap(({ subject }) => subject);
  const hasCome = ({ since, failed }: Trial): boolean => since !== undefined && failed === undefined;
  const latency = ({ since, seen }: Trial): number => (seen === undefined ? Infinity : Math.max(0, seen - since!));
  const latenciesOf = (trials: readonly Trial[]): number[] => trials.filter(hasCome).map(latency).sort((a, b) => a - b);
  const overOf = (latencies: readonly number[]): number => latencies.filter((one) => one >= base.limit).length;
  const latencies = latenciesOf(all);
  const none = latenciesOf(batches.flatMap((one) => one.null));
  const [over, nullOver, n] = [overOf(latencies), overOf(none), latencies.length];
  // Seen late it may be because we looked late: that it was late is certain only if it was not there when we looked after the limit.
  const late = all.filter((trial) => hasCome(trial) && trial.lastOff !== undefined && trial.lastOff - trial.since! >= base.limit).length;
  const [verdict, reason] =
    nullOver > 0 && judgeShare(nullOver, none.length, allowed) !== 'pass'
      ? (['invalid', `in the null run, in which alarms are there at once, ${nullOver} of ${none.length} were seen after the limit`] as const)
      : n < 0.9 * all.length
        ? (['undecided', `only ${n} of ${all.length} trials came to their condition: ${all.find(({ failed }) => failed !== undefined)?.failed ?? 'writes were not answered'}`] as const)
        : judgeShare(over, n, allowed) === 'pass'
          ? (['pass'] as const)
          : judgeShare(late, n, allowed) === 'fail'
            ? (['fail', `in ${late} of ${n} trials the alarm was not there ${figure(base.limit, 'ms')} after its condition began to hold; median ${figure(finite(median(latencies)), 'ms')}`] as const)
            : (['undecided', `in ${over} of ${n} trials the alarm was seen after the limit, in ${late} of them for certain through the registry`] as const);
  const share = clopperPearson(late, n);
  return {
    requirement: 'SLA-9',
    title: 'alarms for writes that are stuck, and for writes that are slow',
    ...(reason !== undefined && { reason }),
    measurement: {
      ...base, verdict, value: finite(quantile(latencies, 1 - allowed)), low: null, high: null, samples: n, over,
      nullRun: { value: finite(quantile(none, 1 - allowed)), over: nullOver },
      notes: [`median ${figure(finite(median(latencies)), 'ms')}, slowest ${figure(finite(latencies.at(-1) ?? Infinity), 'ms')}; late for certain: ${figure(100 * share.low)} to ${figure(100 * share.high)} %`],
    },
  };
}

/** Opens registries at times that are spread over a second, and looks after all of them until every alarm has been seen or is overdue. */
async function batch(job: Job, count: number): Promise<Batch> {
  const { machine } = job;
  const { limit } = aboutRequirement(job, 'SLA-9');
  const begun = machine.now();
  const [own, none, subjects]: [Trial[], Trial[], Subject[]] = [[], [], []];
  const deadline = begun + spreadMs + Math.max(defaultThresholds.stuckAfterMs, slowlyMs + 500) + limit + beyondMs;
  const isDone = ({ since, seen, failed }: Trial): boolean => failed !== undefined || (since !== undefined && (seen !== undefined || machine.now() > since + limit + beyondMs));
  while (machine.now() < deadline && !(own.length === count && own.every(isDone) && none.every(isDone))) {
    job.progress();
    const next = own.length;
    // A registry that looks once a second began to do so when it was opened: each is opened at another part of the second.
    if (next < count && machine.now() - begun >= (next * spreadMs) / count) {
      const subject = await open(job);
      subjects.push(subject);
      const trial = trialOf(() => subject.getContentionStatus!());
      own.push(trial);
      const isSlow = next % 2 === 1;
      void (isSlow ? getSlow : getStuck)(job, subject, trial).catch((error: unknown) => (trial.failed = String(error)));
      const due = machine.now() + (isSlow ? slowlyMs : defaultThresholds.stuckAfterMs);
      none.push({ ...trialOf(() => ({ alarmed: machine.now() >= due ? [0] : [] })), since: due });
    }
    for (let i = 0; i < own.length; i++) {
      for (const trial of [own[i]!, none[i]!]) {
        if (isDone(trial) || trial.isLooking) continue;
        look(machine, trial);
        await machine.turn();
      }
    }
    await machine.turn();
  }
  for (const subject of subjects) await letGo(job, subject);
  return { subject: own, null: none };
}

const trialOf = (look: () => unknown): Trial => ({ look, isLooking: false, since: undefined, lastOff: undefined, seen: undefined, failed: undefined });

/** Asks for the status once; another time only when it has been answered. */
function look(machine: Machine, trial: Trial): void {
  const asked = machine.now();
  const see = (status: unknown): void => {
    if (alarmed(status)) trial.seen ??= machine.now();
    else if (trial.seen === undefined) trial.lastOff = asked;
  };
  try {
    const status = trial.look();
    if (!isThenable(status)) return see(status);
    trial.isLooking = true;
    status.then((value) => ((trial.isLooking = false), see(value)), (error: unknown) => ((trial.isLooking = false), (trial.failed = String(error))));
  } catch (error) {
    trial.failed = String(error);
  }
}

/** A write that never ends: the alarm is due when it has been in flight for longer than the threshold. */
async function getStuck(job: Job, subject: Subject, trial: Trial): Promise<void> {
  await answered(job, subject.slowCommit!(stuckMs), 'slowCommit');
  const called = job.machine.now();
  const answer: unknown = subject.registerServer('stuck', endpoint());
  if (isThenable(answer)) answer.then(undefined, () => undefined);
  // The call has been made before it returns.
  trial.since = Math.max(called, job.machine.now()) + defaultThresholds.stuckAfterMs;
}

/** Ten writes that take too long: the alarm is due when the tenth has been committed. One name, so one partition. */
async function getSlow(job: Job, subject: Subject, trial: Trial): Promise<void> {
  await answered(job, subject.slowCommit!(slowMs), 'slowCommit');
  for (let i = 0; i < defaultThresholds.minWrites; i++) await (i % 2 === 0 ? subject.registerServer('slow', endpoint()) : subject.unregisterServer('slow'));
  trial.since = job.machine.now();
}

/** A registry whose write is stuck cannot be closed in time. */
async function letGo(job: Job, subject: Subject): Promise<void> {
  await dispose({ ...job, patienceMs: 1 }, subject);
}

const alarmed = (status: unknown): boolean => {
  const list = (status as { readonly alarmed?: unknown } | undefined)?.alarmed;
  return Array.isArray(list) && list.length > 0;
};
