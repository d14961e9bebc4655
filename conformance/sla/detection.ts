import { defaultThresholds } from '../../spec/index.js';
import type { Subject } from '../contract.js';
import { clopperPearson, judgeShare } from './binomial.js';
import { median, quantile } from './bootstrap.js';
import { aboutRequirement, answered, dispose, open, type Job } from './job.js';
import { figure, finite, type Measured } from './measurement.js';
import { endpoint } from './null-adapter.js';
import { isThenable } from './open-load.js';

/** How many trials there are of each kind. All run at once, each on a registry of its own, begun at times that are spread over a second. */
const trialsEach = 40;
const spreadMs = 1_000;

/** Commits that are slow on average, and such that never end while anybody looks. Milliseconds. */
const slowMs = 110;
const stuckMs = 60_000;

/** How long an alarm is waited for, beyond the limit. Milliseconds. */
const beyondMs = 1_500;

/** How an alarm came about: when its condition began to hold, when it was last seen to be off after that, and when it was first seen. */
interface Trial {
  since: number | undefined;
  lastOff: number | undefined;
  seen: number | undefined;
  failed: string | undefined;
}

/** SLA-9: from the moment at which a write has been in flight for too long, or the tenth slow one has been committed, until somebody who looks all the time sees the alarm. */
export async function measureDetection(job: Job): Promise<Measured[]> {
  const { machine } = job;
  const base = aboutRequirement(job, 'SLA-9');
  const count = Math.max(60, Math.ceil(2 * trialsEach * job.effort));
  const begun = machine.now();
  const subjects: Subject[] = [];
  const trials = Array.from({ length: count }, (): Trial => ({ since: undefined, lastOff: undefined, seen: undefined, failed: undefined }));
  const isLooking = new Set<number>();
  const deadline = begun + spreadMs + Math.max(defaultThresholds.stuckAfterMs, 10 * slowMs + 500) + base.limit + beyondMs;
  const isDone = ({ since, seen, failed }: Trial): boolean => failed !== undefined || (since !== undefined && (seen !== undefined || machine.now() > since + base.limit + beyondMs));
  while (machine.now() < deadline && !trials.every(isDone)) {
    job.progress();
    const next = subjects.length;
    // A registry that looks once a second began to do so when it was opened: each is opened at another part of the second.
    if (next < count && machine.now() - begun >= (next * spreadMs) / count) {
      const subject = await open(job);
      subjects.push(subject);
      void (next % 2 === 0 ? getStuck : getSlow)(job, subject, trials[next]!).catch((error: unknown) => (trials[next]!.failed = String(error)));
    }
    for (let i = 0; i < subjects.length; i++) {
      const trial = trials[i]!;
      if (isDone(trial) || isLooking.has(i)) continue;
      const asked = machine.now();
      const see = (status: unknown): void => {
        if (alarmed(status)) trial.seen ??= machine.now();
        else if (trial.seen === undefined) trial.lastOff = asked;
      };
      try {
        const status: unknown = subjects[i]!.getContentionStatus!();
        if (!isThenable(status)) see(status);
        else {
          isLooking.add(i);
          status.then((value) => (isLooking.delete(i), see(value)), () => isLooking.delete(i));
        }
      } catch (error) {
        trial.failed = String(error);
      }
      await machine.turn();
    }
    await machine.turn();
  }
  const now = machine.now();
  for (const subject of subjects) await letGo(job, subject);

  const judged = trials.filter(({ since, failed }) => since !== undefined && failed === undefined);
  const latencies = judged.map(({ since, seen }) => Math.max(0, (seen ?? now) - since!)).sort((a, b) => a - b);
  // Seen late it may be because we looked late: that it was late is certain only if it was not there when we looked after the limit.
  const late = judged.filter(({ since, lastOff }) => lastOff !== undefined && lastOff - since! >= base.limit).length;
  const over = latencies.filter((latency) => latency >= base.limit).length;
  const allowed = 0.05;
  const isEnough = judged.length >= 0.9 * count;
  const [verdict, reason] = !isEnough
    ? (['undecided', `only ${judged.length} of ${count} trials came to their condition: ${trials.find(({ failed }) => failed !== undefined)?.failed ?? 'writes were not answered'}`] as const)
    : judgeShare(over, judged.length, allowed) === 'pass'
      ? (['pass'] as const)
      : judgeShare(late, judged.length, allowed) === 'fail'
        ? (['fail', `in ${late} of ${judged.length} trials the alarm was not there ${figure(base.limit, 'ms')} after its condition began to hold; median ${figure(median(latencies), 'ms')}`] as const)
        : (['undecided', `in ${over} of ${judged.length} trials the alarm was seen after the limit, in ${late} of them for certain through the registry`] as const);
  const share = clopperPearson(late, judged.length);
  return [
    {
      requirement: 'SLA-9',
      title: 'alarms for writes that are stuck, and for writes that are slow',
      ...(reason !== undefined && { reason }),
      measurement: {
        ...base, verdict, value: finite(quantile(latencies, 1 - allowed)), low: null, high: null, samples: judged.length, over,
        notes: [`median ${figure(finite(median(latencies)), 'ms')}, slowest ${figure(latencies.at(-1) ?? null, 'ms')}; late for certain: ${figure(100 * share.low)} to ${figure(100 * share.high)} %`],
      },
    },
  ];
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
