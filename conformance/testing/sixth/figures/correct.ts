import type { Correct } from '../correct.js';
import { adapt, Figures, Refusal, type Entry, type Job } from './registry.js';
import { Polled } from './polled.js';

/** Takes other liberties than the base: admission is asked at the commit as well, what changes nothing is no write, and a "down" is one. */
class Liberal extends Figures {
  protected override perform(job: Job, now: number): boolean {
    if (job.kind === 'register' && !this.admits(now)) throw new Refusal('admission_control_active');
    return super.perform(job, now);
  }

  protected override record(job: Job, now: number): void {
    if (job.changed || job.kind !== 'unregister') super.record(job, now);
  }

  protected override felled(entry: Entry): void {
    this.ledger(this.partitionOf(entry.id)).add(this.clock.now(), 0);
  }
}

export const correct: readonly Correct[] = [
  { id: 'figures-base', how: 'Queues that are pumped, books apart from the lanes, alarms worked out when somebody looks.', adapter: adapt('figures-base', Figures) },
  { id: 'figures-polled', how: 'Alarms are kept, and looked after at every write and every 50 ms while the registry is not idle.', adapter: adapt('figures-polled', Polled) },
  { id: 'figures-liberal', how: 'Asks for admission at the commit as well, counts a second unregistration as nothing and a "down" as a write.', adapter: adapt('figures-liberal', Liberal) },
];
