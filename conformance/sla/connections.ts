import type { Subject } from '../contract.js';
import { show } from '../engine/show.js';
import type { Flow } from './latency-run.js';
import { latencyRun } from './latency-run.js';
import { fill, isExcuse, liveEntries, lookups, NotFilled, registrations } from './filling.js';
import { aboutRequirement, dispose, limitOf, open, type Job } from './job.js';
import type { Measured } from './measurement.js';
import { figure } from './measurement.js';
import { forms, Names } from './names.js';
import { endpoint } from './null-adapter.js';
import { together, type Verdict } from './verdict.js';

/** SLA-7: so many live entries, each with an endpoint of its own, and the limits of SLA-1 to SLA-3 at each of the sizes. */
export async function measureConnections(job: Job): Promise<Measured[]> {
  const most = limitOf(job, 'SLA-7').limit;
  const sizes = most <= liveEntries ? [most] : [liveEntries, most];
  const names = new Names(job.seed, most);
  const base = aboutRequirement(job, 'SLA-7');
  const title = 'live entries with the limits kept';
  const subject = await open(job);
  const none = await open(job, job.nullAdapter);
  const [verdicts, notes, details]: [Verdict[], string[], Measured[]] = [[], [], []];
  let [held, kept] = [0, 0];
  for (const size of sizes) {
    try {
      await fill(job, subject, names, size, { from: held, endpointOf: () => endpoint() });
    } catch (error) {
      if (!isExcuse(error)) throw error;
      // Not to take so many is what is judged here. Not to answer is not: others judge that.
      verdicts.push(error instanceof NotFilled && /refused/.test(error.message) ? 'fail' : 'undecided');
      notes.push(`${figure(size)} entries: ${show(error.message)}`);
      break;
    }
    held = size;
    const measured = await atSize(job, { subject, null: none }, names, size);
    const verdict = together(measured.map(({ measurement }) => measurement.verdict));
    verdicts.push(verdict);
    details.push(...measured);
    notes.push(...measured.map(({ title: what, measurement, reason }) => `${figure(size)} entries: ${what} ${figure(measurement.value, measurement.unit)}${reason === undefined ? '' : `: ${reason}`}`));
    if (verdict !== 'pass') break;
    kept = size;
  }
  await dispose(job, subject);
  const verdict = together(verdicts);
  const reason = verdict === 'pass' ? undefined : notes.filter((note) => note.includes(': ')).at(-1);
  const wrong = details.find(({ measurement }) => measurement.verdict === verdict);
  return [
    {
      requirement: 'SLA-7',
      title,
      ...(reason !== undefined && { reason: wrong?.reason === undefined ? reason : `at ${figure(held)} entries, ${wrong.title}: ${wrong.reason}` }),
      measurement: { ...base, verdict, value: verdict === 'pass' || verdict === 'fail' ? kept : null, low: null, high: null, samples: details.reduce((sum, { measurement }) => sum + measurement.samples, 0), notes, ...(details.at(-1)?.measurement.machine && { machine: details.at(-1)!.measurement.machine }) },
    },
  ];
}

function atSize(job: Job, subjects: { readonly subject: Subject; readonly null: Subject }, names: Names, size: number): Promise<Measured[]> {
  const read: Flow['judgements'] = [{ requirement: 'SLA-7', limitOf: 'SLA-1', statistic: 'mean' }, { requirement: 'SLA-7', limitOf: 'SLA-2', statistic: 'p99' }];
  const { flows, after } = registrations(new Names(job.seed + 1, 4_000), 5_000, [{ requirement: 'SLA-7', limitOf: 'SLA-3', statistic: 'p99' }]);
  return latencyRun(job, subjects, {
    flows: [...forms.map((form) => lookups(names, form, 5_000, read, size)), ...flows],
    arrivals: 'poisson', blockMs: 150, pairs: 10, most: 30,
    after: (one) => after(job, one),
  });
}
