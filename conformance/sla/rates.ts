import type { RequirementId } from '../../spec/index.js';
import type { Subject } from '../contract.js';
import { isBusy, stolenShare, tooBusy, type Side } from './blame.js';
import { blockBootstrap } from './bootstrap.js';
import { filled, fill, liveEntries, scatter, shared } from './filling.js';
import { extended, type Pair } from './interleaved.js';
import { aboutRequirement, dispose, fillMs, fillWidth, inParallel, open, type Job } from './job.js';
import { figure, finite, type Measured, type Measurement } from './measurement.js';
import { forms, nameOf, Names, type Form } from './names.js';
import { isThenable } from './open-load.js';
import { against } from './verdict.js';

/** Calls that may be unanswered at once. */
const width = 64;

const blockMs = 40;

/** What came of one block. */
interface Burst extends Side {
  /** How many calls were answered, and rightly. */
  readonly done: number;
}

/** SLA-4: how many lookups a second are answered. */
export async function measureLookupRate(job: Job): Promise<Measured[]> {
  const names = new Names(job.seed, liveEntries);
  const subjects = await filled(job, names, liveEntries);
  const measured: Measured[] = [];
  for (const form of forms) {
    measured.push(
      await rate(job, 'SLA-4', `lookups, ${form} ids`, async (side, pair) =>
        burst(job, (number) => subjects[side].findServer(nameOf(names, form, scatter(pair * 7_919 + number, liveEntries))), (answer) => answer !== undefined && answer !== null),
      ),
    );
  }
  await dispose(job, subjects.subject);
  return measured;
}

/** SLA-5: how many writes a second are committed. Every block registers fresh names, and unregisters them when it has registered all. */
export async function measureWriteRate(job: Job): Promise<Measured[]> {
  const live = new Names(job.seed, liveEntries);
  const spare = new Names(job.seed + 1, 2_000);
  const subjects: Pair<Subject> = { subject: await open(job, job.adapter, { partitions: 16 }), null: await open(job, job.nullAdapter) };
  await fill(job, subjects.subject, live);
  const endpointOf = shared();
  const measured: Measured[] = [];
  for (const form of forms) {
    measured.push(
      await rate(job, 'SLA-5', `writes, ${form} ids`, async (side) => {
        const subject = subjects[side];
        const churn = new Churn(spare, form, (id, i) => subject.registerServer(id, endpointOf(i)), (id) => subject.unregisterServer(id));
        const result = await burst(job, () => churn.next(), () => true);
        const left = churn.registered();
        await inParallel(job, { count: left.length, width: fillWidth, milliseconds: fillMs }, (i) => subject.unregisterServer(left[i]!));
        return result;
      }),
    );
  }
  await dispose(job, subjects.subject);
  return measured;
}

/** Registers and unregisters names in turn. A name is unregistered only when its registration has been answered, and long after it was called. */
class Churn {
  #next = 0;
  readonly #registered: number[] = [];
  readonly #free: number[];

  constructor(readonly names: Names, readonly form: Form, readonly register: (id: string, i: number) => unknown, readonly unregister: (id: string) => unknown) {
    this.#free = Array.from({ length: names.count }, (_, i) => i);
  }

  next(): unknown {
    const isRegistration = this.#registered.length === 0 || (this.#next++ % 2 === 0 && this.#free.length > 0);
    const from = isRegistration ? this.#free : this.#registered;
    const to = isRegistration ? this.#registered : this.#free;
    // None is left while so many are under way.
    const i = from.shift();
    if (i === undefined) return undefined;
    const id = nameOf(this.names, this.form, i);
    const answer = isRegistration ? this.register(id, i) : this.unregister(id);
    if (!isThenable(answer)) return void to.push(i);
    return answer.then((value) => (to.push(i), value));
  }

  registered(): string[] {
    return this.#registered.splice(0).map((i) => this.names.cached[i]!);
  }
}

/** As many calls as are answered in one block. */
export async function burst({ machine, patienceMs }: Job, call: (number: number) => unknown, isRight: (answer: unknown) => boolean): Promise<Burst> {
  let [calls, open, done] = [0, 0, 0];
  const stolen = machine.stolen();
  const begun = machine.now();
  let now = begun;
  for (; now - begun < blockMs + patienceMs; now = machine.now()) {
    const isOver = now - begun >= blockMs;
    if (isOver && open === 0) break;
    const turned = now;
    for (let made = 0; !isOver && open < width; ) {
      try {
        const answer = call(calls++);
        if (isThenable(answer)) {
          open++;
          answer.then((value) => (open--, (done += isRight(value) ? 1 : 0)), () => open--);
        } else if (isRight(answer)) done++;
      } catch {
        // A refusal is no answer that counts.
      }
      if (++made % 64 === 0 && machine.now() - turned >= 1) break;
    }
    await machine.turn();
  }
  return { done, elapsedMs: now - begun, stolenMs: machine.stolen() - stolen };
}

/** Judges a rate: as measured, it is the least that the registry can do; without what the machine took, the most. */
async function rate(job: Job, requirement: RequirementId, title: string, run: (side: keyof Pair<Burst>, pair: number) => Promise<Burst>): Promise<Measured> {
  const begun = job.machine.now();
  const base = aboutRequirement(job, requirement);
  for (const side of ['null', 'subject'] as const) for (let i = 0; i < 3; i++) await run(side, i);
  const pairs = Math.max(4, Math.ceil(10 * job.effort));
  return extended(
    { pairs, most: 4 * pairs, isOver: () => job.machine.now() - begun > 15_000 },
    (side, pair) => {
      job.progress();
      return run(side, pair);
    },
    (all) => {
      const [own, none] = [all.map((pair) => pair.subject), all.map((pair) => pair.null)];
      const per = (bursts: readonly Burst[], takenOff: boolean): number => {
        const milliseconds = bursts.reduce((sum, { elapsedMs, stolenMs }) => sum + elapsedMs - (takenOff ? Math.min(stolenMs, elapsedMs) : 0), 0);
        return (1_000 * bursts.reduce((sum, { done }) => sum + done, 0)) / Math.max(1e-6, milliseconds);
      };
      const measured = blockBootstrap(own, (drawn) => per(drawn, false), job.seed);
      const most = isBusy(none) ? blockBootstrap(own, (drawn) => per(drawn, true), job.seed).high : measured.high;
      const [value, nullValue] = [per(own, false), per(none, false)];
      const judged = against({ low: measured.low, high: most }, base.relation, base.limit);
      const invalid = nullValue < base.limit ? `the null run itself came to ${figure(nullValue, base.unit)} only` : judged === 'fail' ? tooBusy(none) : undefined;
      const verdict = invalid === undefined ? judged : 'invalid';
      const reason = invalid ?? `${figure(value, base.unit)} (${figure(measured.low)} to ${figure(most)})`;
      const measurement: Measurement = {
        ...base, verdict, value: finite(value), low: finite(measured.low), high: finite(most), samples: own.reduce((sum, { done }) => sum + done, 0),
        nullRun: { value: finite(nullValue) },
        machine: { stolen: stolenShare(own), nullStolen: stolenShare(none) },
      };
      return { verdict, requirement, title, measurement, ...(verdict !== 'pass' && { reason }) };
    },
  );
}
