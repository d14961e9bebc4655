import type { Operation } from '../../model/index.js';
import type { Answer } from '../engine/answer.js';
import { Unanswered } from '../engine/findings.js';
import { within } from '../engine/patience.js';

/** What is known of an operation when it has come to an end: of one that is undefined nothing, it may have happened at any time after its call, or never. */
export type Ending = Answer | undefined;

/** Where a client notes its calls, as they are made and answered. */
export interface Journal {
  /** Settles when the call is known to whoever outlives the client, and not before. */
  call(actor: string, operation: Operation): number | Promise<number>;
  answer(id: number, answer: Answer): void;
  lose(id: number): void;
}

export interface ClientOptions {
  readonly client: number;
  readonly plan: { next(): Operation | undefined; answered(operation: Operation, ending: Ending): void };
  readonly journal: Journal;
  /** Makes a call; the number is the one that the journal gave. */
  readonly perform: (operation: Operation, id: number) => Ending | Promise<Ending>;
  readonly patienceMs: number;
  readonly isOver: () => boolean;
  /** Whether the client ends now, in the middle of the call that it has just made. */
  readonly dies?: () => boolean;
  /** Waited for after each call. */
  readonly breathe?: () => Promise<void> | undefined;
}

/** After so many calls without an answer a client gives up. */
const mostLost = 3;

/**
 * A client with one call at a time. One that is not answered in time is lost, and goes on to be under way for ever: so the client
 * goes on under a new name.
 */
export async function runClient({ client, plan, journal, perform, patienceMs, isOver, dies, breathe }: ClientOptions): Promise<void> {
  let life = 1;
  let lost = 0;
  for (let operation = plan.next(); operation !== undefined && !isOver() && lost < mostLost; operation = plan.next()) {
    const actor = life === 1 ? `client ${client + 1}` : `client ${client + 1}, life ${life}`;
    const noted = journal.call(actor, operation);
    const id = noted instanceof Promise ? await noted : noted;
    const given = perform(operation, id);
    if (dies?.() === true) return;
    let ending: Ending;
    try {
      ending = given instanceof Promise ? await within(patienceMs, operation.op, given) : given;
    } catch (error) {
      if (!(error instanceof Unanswered)) throw error;
      lost++;
    }
    if (ending === undefined || (ending.kind === 'refused' && ending.code === 'outcome_unknown')) {
      journal.lose(id);
      life++;
    } else journal.answer(id, ending);
    plan.answered(operation, ending);
    await breathe?.();
  }
}
