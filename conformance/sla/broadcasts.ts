import { broadcast, type Endpoint } from '../../spec/index.js';
import type { Adapter, Subject } from '../contract.js';
import { fillMs, fillWidth, dispose, inParallel, open, settled, type Job } from './job.js';
import { NotFilled } from './filling.js';
import { latencyRun } from './latency-run.js';
import type { Measured } from './measurement.js';
import { forms, nameOf, Names } from './names.js';
import { endpoint } from './null-adapter.js';

const recipients = 1_000;

/** At most so many broadcasts a second that a registry which takes all of its time for each would still keep up. */
const perSecond = 80;

/** Counts what all recipients together have been handed, and tells when each of them has one more message. */
class Audience {
  #handed = 0;
  readonly #waiting: { readonly until: number; readonly resolve: () => void }[] = [];

  readonly endpoint: Endpoint = {
    ...endpoint(),
    send: () => {
      this.#handed++;
      while (this.#waiting.length > 0 && this.#handed >= this.#waiting[0]!.until) this.#waiting.shift()!.resolve();
    },
  };
  #expected = 0;

  /** When one more message has reached every recipient; at once if it has by the time that the call has returned. */
  next(call: () => unknown): unknown {
    const until = (this.#expected += recipients);
    const answer = call();
    if (this.#handed >= until) return answer;
    return Promise.all([answer, new Promise<void>((resolve) => void this.#waiting.push({ until, resolve }))]);
  }
}

/** SLA-6: until the last of 1,000 recipients has the message, and the call has been answered. */
export async function measureBroadcasts(job: Job): Promise<Measured[]> {
  const names = new Names(job.seed, recipients);
  const server = new Names(job.seed + 1, 1);
  const audience = new Audience();
  const subject = await gathered(job, job.adapter, names, server, audience);
  const none = await open(job, job.nullAdapter);
  const measured = await latencyRun(
    job,
    { subject, null: none },
    {
      flows: forms.map((form) => ({
        title: `broadcasts, ${form} ids`,
        perSecond: perSecond / 2,
        judgements: [{ requirement: 'SLA-6', statistic: 'p99' } as const],
        stream: (one) => {
          const send = (): unknown => (one as Required<Subject>).routeToTransport(broadcast, nameOf(server, form, 0), 'm');
          return { call: () => (one === none ? send() : audience.next(send)), isRight: () => true };
        },
      })),
      arrivals: 'regular', blockMs: 800, pairs: 10, most: 30,
    },
  );
  await dispose(job, subject);
  return measured;
}

async function gathered(job: Job, adapter: Adapter, names: Names, server: Names, audience: Audience): Promise<Subject> {
  const subject = (await open(job, adapter)) as Required<Subject>;
  const id = server.cached[0]!;
  const call = async (count: number, one: (i: number) => unknown): Promise<void> => {
    const { refused } = await inParallel(job, { count, width: fillWidth, milliseconds: fillMs }, one);
    if (refused > 0) throw new NotFilled(`${refused} of ${count} recipients could not be bound`);
  };
  await call(1, () => subject.registerServer(id, endpoint()));
  await call(recipients, (i) => subject.registerTransport(names.cached[i]!, audience.endpoint));
  await call(recipients, (i) => subject.bindTransportToServer(names.cached[i]!, id));
  await settled(job);
  return subject;
}
