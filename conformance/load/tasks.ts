import type { Operation } from '../../model/index.js';
import { turn } from '../engine/virtual-clock.js';
import { randomFrom } from '../schedules/choosers.js';
import { runClient, type Ending } from './client.js';
import type { Ledger } from './ledger.js';
import { ClientPlan, type Mix } from './plan.js';
import type { Site } from './site.js';

export interface TasksOptions {
  readonly mix: Mix;
  readonly patienceMs: number;
  /** When clients stop to call. Milliseconds from now. */
  readonly milliseconds: number;
  /** Whether a client ends in the middle of a call, when it has made half of them. */
  readonly killsOne: boolean;
}

/** A load whose clients are tasks of one event loop, that of the registry. */
export async function runInTasks(site: Site, ledger: Ledger, { mix, patienceMs, milliseconds, killsOne }: TasksOptions): Promise<void> {
  const deadline = performance.now() + milliseconds;
  const random = randomFrom(mix.seed);
  const journal = ledger.journal();
  let calls = 0;
  const dies = (): boolean => ++calls > mix.operations / 2;
  const clients = Array.from({ length: mix.clients }, (_, client) =>
    runClient({
      client,
      plan: new ClientPlan(mix, client),
      journal,
      perform: (operation) => site.perform(operation),
      patienceMs,
      isOver: () => performance.now() >= deadline,
      ...(killsOne && client === 0 && { dies }),
      // Where everything answers at once, all others have their turn now and then.
      breathe: () => (random() < 1 / 4 ? turn() : undefined),
    }),
  );
  await Promise.all(clients);
}

/** The same one after the other: what goes wrong in this way does not go wrong because operations overlap. */
export async function runInSequence(site: Site, ledger: Ledger, { mix, patienceMs, milliseconds, steps }: Omit<TasksOptions, 'killsOne'> & { readonly steps?: readonly Operation[] }): Promise<void> {
  const random = randomFrom(mix.seed);
  const plans = Array.from({ length: mix.clients }, (_, client) => new ClientPlan(mix, client));
  let last: ClientPlan | undefined;
  const anyOf = {
    next(): Operation | undefined {
      last = plans[Math.floor(random() * plans.length)]!;
      return last.next();
    },
    answered: (operation: Operation, ending: Ending) => last!.answered(operation, ending),
  };
  let step = 0;
  const plan = steps === undefined ? anyOf : { next: () => steps[step++], answered: () => undefined };
  const deadline = performance.now() + milliseconds;
  await runClient({ client: 0, plan, journal: ledger.journal(), perform: (operation) => site.perform(operation), patienceMs, isOver: () => performance.now() >= deadline });
}
