import { findRequirement, type RequirementId } from '../../spec/index.js';
import type { Adapter, OpenOptions, Subject } from '../contract.js';
import { Unanswered } from '../engine/findings.js';
import type { Measurement } from '../report/result.js';
import type { Machine } from './machine.js';
import { isThenable } from './open-load.js';

/** What all measurements of one run share. */
export interface Job {
  readonly adapter: Adapter;
  /** What the generator is judged by. */
  readonly nullAdapter: Adapter;
  /** The features that the adapter offers. */
  readonly offered: readonly string[];
  readonly machine: Machine;
  readonly seed: number;
  /** How much is measured before a verdict is tried, 1 unless it has to be quick: fewer samples are sooner undecided, never otherwise wrong. */
  readonly effort: number;
  readonly patienceMs: number;
  /** The module of the adapter, where it can be loaded again in a process of its own. */
  readonly module: string | undefined;
  /** Whether `module` says where the adapter comes from: of one that was given as an object nobody knows. */
  readonly isLoadable: boolean;
  /** Called now and then. */
  progress(): void;
}

/** The number that a registry is held to: its own, if it states one. */
export function limitOf({ adapter }: Job, requirement: RequirementId): Pick<Measurement, 'limit' | 'limitFrom'> {
  const own = adapter.sla?.[requirement];
  return own === undefined ? { limit: findRequirement(requirement)!.sla!.value, limitFrom: 'specification' } : { limit: own, limitFrom: 'adapter' };
}

/** What a measurement says whatever it measured. */
export function aboutRequirement(job: Job, requirement: RequirementId): Pick<Measurement, 'metric' | 'unit' | 'relation' | 'limit' | 'limitFrom' | 'conditions' | 'method'> {
  const { metric, unit, relation, conditions, method } = findRequirement(requirement)!.sla!;
  return { metric, unit, relation: relation === '=' ? '<=' : relation, conditions, method, ...limitOf(job, requirement) };
}

/** Opens a registry. */
export async function open(job: Job, adapter: Adapter = job.adapter, options: Pick<OpenOptions, 'partitions'> = {}): Promise<Subject> {
  return (await answered(job, adapter.open({ ...options, clock: job.machine.clock }), 'open')) as Subject;
}

/** Gives an eventual registry its time to show what it was told: what it shows before is not wrong. */
export async function settled({ adapter: { consistency }, machine, progress }: Job): Promise<void> {
  if (consistency?.level !== 'eventual') return;
  for (const until = machine.now() + consistency.stalenessMs; machine.now() < until; progress()) await machine.turn();
}

/** Lets a registry go, whatever becomes of it. */
export async function dispose(job: Job, subject: Subject): Promise<void> {
  try {
    await answered(job, subject.close?.(), 'close');
    await answered(job, subject.dispose?.(), 'dispose');
  } catch {
    // Other checks judge how a registry closes.
  }
}

/** What a call gives in the end. Throws what it rejects with, or {@link Unanswered}. The event loop goes round meanwhile, and does not idle. */
export async function answered({ machine, patienceMs }: Pick<Job, 'machine' | 'patienceMs'>, answer: unknown, what: string): Promise<unknown> {
  if (!isThenable(answer)) return answer;
  let settled: { readonly value: unknown } | { readonly error: unknown } | undefined;
  answer.then((value) => (settled ??= { value }), (error: unknown) => (settled ??= { error }));
  const deadline = machine.now() + patienceMs;
  await undefined;
  while (settled === undefined) {
    if (machine.now() > deadline) throw new Unanswered(`${what} did not answer within ${patienceMs} ms`);
    await machine.turn();
  }
  if ('error' in settled) throw settled.error;
  return settled.value;
}

/** What came of many calls. */
export interface Made {
  readonly calls: number;
  readonly refused: number;
  readonly firstError: unknown;
  readonly elapsedMs: number;
}

/**
 * Makes calls with the numbers from 0, so many of them unanswered at a time, until there are no more or the time is over. Others get their
 * turn each millisecond. Waits no longer than its patience for the last answers.
 */
export async function inParallel({ machine, patienceMs }: Job, { count, width, milliseconds }: { readonly count: number; readonly width: number; readonly milliseconds: number }, call: (number: number) => unknown): Promise<Made> {
  let [calls, open, refused] = [0, 0, 0];
  let firstError: unknown;
  const refuse = (error: unknown): void => {
    refused++;
    firstError ??= error;
  };
  const begun = machine.now();
  for (;;) {
    const turned = machine.now();
    const isOver = turned - begun >= milliseconds;
    if ((isOver || calls >= count) && open === 0) break;
    if (turned - begun >= milliseconds + patienceMs) throw new Unanswered(`${open} calls were not answered within ${patienceMs} ms`);
    while (!isOver && calls < count && open < width) {
      try {
        const answer = call(calls++);
        if (isThenable(answer)) {
          open++;
          answer.then(() => open--, (error: unknown) => (open--, refuse(error)));
        }
      } catch (error) {
        refuse(error);
      }
      // Looking at the clock costs as much as some calls do.
      if (calls % 16 === 0 && machine.now() - turned >= 1) break;
    }
    await machine.turn();
  }
  return { calls, refused, firstError, elapsedMs: machine.now() - begun };
}

/** How many calls may be unanswered while a registry is filled. */
export const fillWidth = 256;

/** How long filling a registry may take. Milliseconds. */
export const fillMs = 30_000;
