import { fork } from 'node:child_process';
import { forced } from './collection.js';
import { isExcuse } from './filling.js';
import { leakLimit, weigh, type Heap } from './heap.js';
import { aboutRequirement, type Job } from './job.js';
import { figure, finite, type Measured, type Unmeasured } from './measurement.js';
import { against, together } from './verdict.js';

/** What the process is told, and what it says. */
export interface Order {
  readonly module: string | undefined;
  readonly seed: number;
  readonly patienceMs: number;
}
export type Weighed = { readonly heap: Heap } | { readonly reason: string };

/** How long the process may take. Milliseconds. */
const childMs = 60_000;

const [mebibyte, per] = [2 ** 20, 10_000];

/** SLA-10: the heap, in a process of its own where the adapter can be loaded there; else in this one. */
export async function measureMemory(job: Job, child: URL = new URL('./memory-child.js', import.meta.url)): Promise<(Measured | Unmeasured)[]> {
  const base = aboutRequirement(job, 'SLA-10');
  const title = 'heap per entry, and what is kept of entries that have come and gone';
  if (job.adapter.connect !== undefined || !job.offered.includes('in-process')) return [{ requirement: 'SLA-10', title, untested: 'the registry keeps its entries in another process' }];
  const weighed = job.isLoadable ? await weighedBy(child, job) : await weighedHere(job);
  if ('reason' in weighed) return [{ requirement: 'SLA-10', title, reason: weighed.reason, measurement: { ...base, verdict: 'undecided', value: null, low: null, high: null, samples: 0 } }];
  const { perEntry, perChurned, rounds, sizes } = weighed.heap;
  const scaled = (bytes: number): number => (bytes * per) / mebibyte;
  const isLeaking = against(perChurned, '<', leakLimit);
  const verdict = together([against({ low: scaled(perEntry.low), high: scaled(perEntry.high) }, base.relation, base.limit), isLeaking]);
  const leak = `${figure(perChurned.value, 'bytes')} (${figure(perChurned.low)} to ${figure(perChurned.high)}) are kept of each entry that has come and gone`;
  const size = sizes.length < 3 ? 'too few sizes could be filled in time' : `${figure(scaled(perEntry.value), base.unit)} (${figure(scaled(perEntry.low))} to ${figure(scaled(perEntry.high))})`;
  return [
    {
      requirement: 'SLA-10',
      title,
      ...(verdict !== 'pass' && { reason: isLeaking === verdict ? leak : size }),
      measurement: {
        ...base, verdict, value: finite(scaled(perEntry.value)), low: finite(scaled(perEntry.low)), high: finite(scaled(perEntry.high)), samples: sizes.length + rounds,
        notes: [leak, ...sizes.map(([entries, bytes]) => `${figure(entries)} entries: ${figure(bytes / mebibyte, 'MiB')}`), ...(job.isLoadable ? [] : ['measured in the process of the kit: the adapter was given as an object'])],
      },
    },
  ];
}

async function weighedHere(job: Job): Promise<Weighed> {
  try {
    return { heap: await weigh(job, forced()) };
  } catch (error) {
    if (!isExcuse(error)) throw error;
    return { reason: error.message };
  }
}

/** The result of a process that is ended when it takes too long. */
function weighedBy(script: URL, { module, seed, patienceMs, progress }: Job): Promise<Weighed> {
  return new Promise((resolve) => {
    // What an adapter prints is not the report; and what is unknown is infinite, which JSON would make nothing.
    const child = fork(script, { execArgv: ['--expose-gc'], serialization: 'advanced', stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
    const beat = setInterval(progress, 1_000);
    const finish = (weighed: Weighed): void => {
      clearInterval(beat);
      clearTimeout(timer);
      child.kill('SIGKILL');
      resolve(weighed);
    };
    const timer = setTimeout(() => finish({ reason: `the process that measures memory was not done in ${childMs / 1_000} s` }), childMs);
    child.on('message', (weighed) => finish(weighed as Weighed));
    child.on('error', (error) => finish({ reason: error.message }));
    child.on('exit', (code) => finish({ reason: `the process that measures memory ended with code ${code}` }));
    child.send({ module, seed, patienceMs } satisfies Order);
  });
}
