import type { Flow } from './latency-run.js';
import { latencyRun } from './latency-run.js';
import { filled, liveEntries, lookups, registrations } from './filling.js';
import { dispose, type Job } from './job.js';
import type { Measured } from './measurement.js';
import { forms, Names } from './names.js';

/** SLA-1, SLA-2: lookups under open load at 15,000 live entries. */
export async function measureLookups(job: Job): Promise<Measured[]> {
  const names = new Names(job.seed, liveEntries);
  const subjects = await filled(job, names, liveEntries);
  const judgements: Flow['judgements'] = [{ requirement: 'SLA-1', statistic: 'mean' }, { requirement: 'SLA-2', statistic: 'p99' }];
  const measured = await latencyRun(job, subjects, { flows: forms.map((form) => lookups(names, form, 5_000, judgements)), arrivals: 'poisson', blockMs: 150, pairs: 14, most: 42 });
  await dispose(job, subjects.subject);
  return measured;
}

/** SLA-3: 5,000 registrations a second beside 15,000 live entries. */
export async function measureWrites(job: Job): Promise<Measured[]> {
  const names = new Names(job.seed, liveEntries);
  const subjects = await filled(job, names, liveEntries);
  const { flows, after } = registrations(new Names(job.seed + 1, 4_000), 5_000, [{ requirement: 'SLA-3', statistic: 'p99' }]);
  const measured = await latencyRun(job, subjects, { flows, arrivals: 'poisson', blockMs: 150, pairs: 12, most: 36, after: (subject) => after(job, subject) });
  await dispose(job, subjects.subject);
  return measured;
}
