import type { Ledger } from './ledger.js';
import { runClient } from './client.js';
import { ClientPlan, type Mix } from './plan.js';
import { randomFrom } from '../schedules/choosers.js';
import { turn } from '../engine/virtual-clock.js';
import type { Site } from './site.js';

export interface TasksOptions {
  readonly mix: Mix;
  readonly patienceMs: number;
  /** When clients stop to call. Milliseconds from now. */
  readonly milliseconds: number;
}

/** A load whose clients are tasks of one event loop, that of the registry. */
export async function runInTasks(site: Site, ledger: Ledger, { mix, patienceMs, milliseconds }: TasksOptions): Promise<void> {
  const deadline = performance.now() + milliseconds;
  const random = randomFrom(mix.seed);
  const journal = ledger.journal();
  const clients = Array.from({ length: mix.clients }, (_, client) =>
    runClient({
      client,
      plan: new ClientPlan(mix, client),
      journal,
      perform: (operation) => site.perform(operation),
      patienceMs,
      isOver: () => performance.now() >= deadline,
      // Where everything answers at once, all others have their turn now and then.
      breathe: () => (random() < 1 / 4 ? turn() : undefined),
    }),
  );
  await Promise.all(clients);
}
