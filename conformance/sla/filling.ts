import type { Endpoint } from '../../spec/index.js';
import type { Subject } from '../contract.js';
import { Unanswered } from '../engine/findings.js';
import { show } from '../engine/show.js';
import { fillMs, fillWidth, inParallel, open, settled, type Job, type Made } from './job.js';
import type { Pair } from './interleaved.js';
import { nameOf, type Form, type Names } from './names.js';
import { endpoint } from './null-adapter.js';
import type { Flow } from './latency-run.js';

/** How many entries are live where nothing else is said. */
export const liveEntries = 15_000;

/** The registry could not be brought to where the measurement begins. */
export class NotFilled extends Error {
  override readonly name = 'NotFilled';
}

/** Registers servers under the names from `from` up to `to`. Throws {@link NotFilled} unless all of them are. */
export async function fill(job: Job, subject: Subject, names: Names, to = names.count, { from = 0, endpointOf = shared(), milliseconds = fillMs }: { readonly from?: number; readonly endpointOf?: (i: number) => Endpoint; readonly milliseconds?: number } = {}): Promise<Made> {
  const count = to - from;
  const made = await inParallel(job, { count, width: fillWidth, milliseconds }, (i) => subject.registerServer(names.cached[from + i]!, endpointOf(from + i)));
  if (made.refused > 0) throw new NotFilled(`${made.refused} of ${count} registrations were refused, the first with ${show(made.firstError)}`);
  if (made.calls < count) throw new NotFilled(`only ${made.calls} of ${count} registrations were made in ${Math.round(made.elapsedMs / 1_000)} s`);
  await settled(job);
  return made;
}

/** One endpoint for all names. */
export function shared(): (i: number) => Endpoint {
  const one = endpoint();
  return () => one;
}

/** A registry with so many entries, and the null adapter beside it. */
export async function filled(job: Job, names: Names, count: number, endpointOf?: (i: number) => Endpoint): Promise<Pair<Subject>> {
  const subject = await open(job);
  await fill(job, subject, names, count, endpointOf && { endpointOf });
  return { subject, null: await open(job, job.nullAdapter) };
}

/** Lookups of names that are registered, scattered over all of them. */
export const lookups = (names: Names, form: Form, perSecond: number, judgements: Flow['judgements'], live = names.count): Flow => ({
  title: `lookups, ${form} ids`,
  perSecond,
  judgements,
  stream(subject, block) {
    const at = (number: number): number => scatter(block * 7_919 + number, live);
    return {
      call: (number) => subject.findServer(nameOf(names, form, at(number))),
      isRight: (answer, number) => (answer as { readonly id?: unknown } | undefined)?.id === names.cached[at(number)],
    };
  },
});

/** Registrations of fresh names, and what undoes them after each block. */
export function registrations(spare: Names, perSecond: number, judgements: Flow['judgements']): { readonly flows: readonly Flow[]; after(job: Job, subject: Subject): Promise<void> } {
  const endpointOf = shared();
  const registered: number[] = [];
  const half = Math.floor(spare.count / 2);
  const flow = (form: Form, from: number): Flow => ({
    title: `registrations, ${form} ids`,
    perSecond: perSecond / 2,
    judgements,
    stream: (subject) => ({
      call(number) {
        const i = from + (number % half);
        registered.push(i);
        return subject.registerServer(nameOf(spare, form, i), endpointOf(i));
      },
      isRight: () => true,
    }),
  });
  return {
    flows: [flow('cached', 0), flow('wire', half)],
    async after(job, subject) {
      const names = registered.splice(0);
      await inParallel(job, { count: names.length, width: fillWidth, milliseconds: fillMs }, (i) => subject.unregisterServer(spare.cached[names[i]!]!));
    },
  };
}

/** Numbers that are spread evenly, and do not follow the order of memory. */
export const scatter = (i: number, among: number): number => ((Math.imul(i + 1, 0x9e3779b1) >>> 0) % 0x7fff_ffff) % among;

/** Whether an error says that something could not be measured, rather than that the kit is wrong. */
export const isExcuse = (error: unknown): error is Error => error instanceof NotFilled || error instanceof Unanswered;
