import type { Subject } from '../contract.js';
import { randomFrom } from '../schedules/choosers.js';
import { isBusy, stolenShare, tooBusy, type Side } from './blame.js';
import { aboutRequirement, dispose, open, type Job } from './job.js';
import { figure, type Measured, type Verdict } from './measurement.js';
import { forms, nameOf, Names } from './names.js';
import { endpoint } from './null-adapter.js';
import { isThenable } from './open-load.js';
import { Timeline } from './timeline.js';

const clients = 1_000;

/** Names that all clients fight for. */
const contended = 32;

/** How many calls each client is to have answered. */
const callsEach = 20;

/** How long the null run goes on, however soon all have had their share: of a few milliseconds a single interruption is a large part. Milliseconds. */
const nullMs = 300;

/** What commits take where the adapter can make them slow, so that there is something to wait for. Milliseconds. */
const commitMs = 1;

interface Crowd extends Side {
  readonly longestMs: number;
  /** The least that the longest wait can have been: what the machine took is taken off. */
  readonly leastMs: number;
  readonly calls: number;
  /** Clients that were not answered once. */
  readonly starved: number;
}

/** SLA-8: a thousand clients at once. A client calls again as soon as it is answered, until the last of all has had its share. */
export async function measureClients(job: Job): Promise<Measured[]> {
  const base = aboutRequirement(job, 'SLA-8');
  const nothing = await open(job, job.nullAdapter);
  const subject = await open(job);
  const before = await crowd(job, nothing, base.limit, nullMs);
  const isSlow = job.offered.includes('slow-commit');
  if (isSlow) await subject.slowCommit!(commitMs);
  const own = await crowd(job, subject, base.limit);
  if (isSlow) await subject.slowCommit!(0);
  await dispose(job, subject);
  const nullRun = [before, await crowd(job, nothing, base.limit, nullMs)];

  const nullLongestMs = Math.max(...nullRun.map(({ longestMs }) => longestMs));
  const least = isBusy(nullRun) ? own.leastMs : own.longestMs;
  const busy = tooBusy(nullRun);
  const [verdict, reason]: [Verdict, string?] =
    nullLongestMs >= base.limit || nullRun.some(({ starved }) => starved > 0)
      ? ['invalid', `in the null run a client waited ${figure(nullLongestMs, 'ms')}`]
      : own.longestMs < base.limit && own.starved === 0
        ? ['pass']
        : least >= base.limit && busy !== undefined
          ? ['invalid', busy]
          : least >= base.limit
            ? ['fail', `a client waited ${figure(own.longestMs, 'ms')}, and ${own.starved} of ${clients} were never answered, in a time in which ${own.calls} calls were made`]
            : ['undecided', `a client waited ${figure(own.longestMs, 'ms')}, of which the machine may have taken ${figure(own.longestMs - least, 'ms')}`];
  return [
    {
      requirement: 'SLA-8',
      title: `${clients} clients on ${contended} names${isSlow ? `, commits of ${commitMs} ms` : ''}`,
      ...(reason !== undefined && { reason }),
      measurement: {
        ...base, verdict, value: own.longestMs, low: null, high: null, samples: own.calls,
        nullRun: { value: nullLongestMs },
        machine: { stolen: stolenShare([own]), nullStolen: stolenShare(nullRun) },
      },
    },
  ];
}

async function crowd(job: Job, subject: Subject, limitMs: number, leastMs = 0): Promise<Crowd> {
  const { machine } = job;
  const names = new Names(job.seed, contended);
  const random = randomFrom(job.seed + 2);
  const one = endpoint();
  const since = new Float64Array(clients).fill(Number.NaN);
  const answered = new Uint32Array(clients);
  let [calls, done] = [0, 0];
  let longest = { ms: 0, from: 0, to: 0 };
  const timeline = new Timeline(machine);
  const finish = (client: number): void => {
    const now = machine.now();
    if (now - since[client]! > longest.ms) longest = { ms: now - since[client]!, from: since[client]!, to: now };
    since[client] = Number.NaN;
    if (++answered[client]! === callsEach) done++;
  };
  const call = (client: number): void => {
    const id = nameOf(names, forms[client % forms.length]!, Math.floor(random() * contended));
    const kind = random();
    since[client] = machine.now();
    calls++;
    try {
      // That a name is taken is an answer as well.
      const answer: unknown = kind < 0.4 ? subject.registerServer(id, one) : kind < 0.8 ? subject.unregisterServer(id) : subject.findServer(id);
      if (!isThenable(answer)) return finish(client);
      answer.then(() => finish(client), () => finish(client));
    } catch {
      finish(client);
    }
  };
  const begun = machine.now();
  let turn = 0;
  for (;;) {
    const turned = machine.now();
    timeline.turned(turned);
    if (done === clients && turned - begun >= leastMs) break;
    const waits = since.reduce((most, from) => (Number.isNaN(from) ? most : Math.max(most, turned - from)), 0);
    // Nobody waits for longer than is needed to tell; and a registry that is slow with everybody has twice the time, and no more.
    if (waits > limitMs + 100 || turned - begun > 2 * limitMs) break;
    job.progress();
    // Each is the first in turn: we are not the ones to keep a client waiting.
    for (let i = 0; i < clients; i++) {
      const client = turn++ % clients;
      if (Number.isNaN(since[client]!)) call(client);
      if (i % 64 === 0 && machine.now() - turned > 5) break;
    }
    await machine.turn();
  }
  timeline.end();
  const now = machine.now();
  for (let client = 0; client < clients; client++) {
    const from = Number.isNaN(since[client]!) ? now : since[client]!;
    if (now - from > longest.ms) longest = { ms: now - from, from, to: now };
  }
  return {
    longestMs: longest.ms, leastMs: longest.ms - timeline.stolenWithin(longest.from, longest.to), calls, starved: answered.filter((count) => count === 0).length,
    elapsedMs: timeline.elapsedMs, stolenMs: timeline.stolenMs,
  };
}
