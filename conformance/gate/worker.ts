import { setMaxListeners } from 'node:events';
import { pathToFileURL } from 'node:url';
import type { Adapter, Subject } from '../contract.js';
import type { Answer, Assignment, Question } from './messages.js';
import { unitsOfBatch } from './rounds.js';
import { stopwatch } from './stopwatch.js';
import { workloads, type LivingEndpoint, type Unit, type Workload } from './workloads.js';

/** A process that knows one build, and does what it is asked. It ends with whoever started it. */
process.on('disconnect', () => process.exit());
// Ctrl-C reaches all processes of a terminal: who started this one ends it.
process.on('SIGINT', () => {});

const { module } = JSON.parse(process.argv[2]!) as Assignment;
const units = new Map<string, Unit>();
const watch = stopwatch();
const clock = { now: () => performance.now(), setTimeout: (callback: () => void, ms: number) => setTimeout(callback, ms), clearTimeout: (timer: unknown) => clearTimeout(timer as NodeJS.Timeout) };
const gone = new Error('gone');
const endpoint = (): LivingEndpoint => {
  const lifetime = new AbortController();
  setMaxListeners(0, lifetime.signal); // A listener for each name is slow, and no reason for warnings.
  return { endpoint: { send: () => undefined, signal: lifetime.signal }, kill: () => lifetime.abort(gone) };
};

/** Hundreds of processes are started, so nothing is loaded that is not needed: what an adapter must be, only the first question looks at. */
const adapter = (import(pathToFileURL(module).href) as Promise<{ readonly adapter: Adapter }>).then((loaded) => loaded.adapter);
adapter.catch(() => {}); // Whoever asks is told.
process.on('message', (question: Question) => {
  void answer(question)
    .then((value): Answer => ({ kind: 'done', value }), (error: unknown): Answer => ({ kind: 'failed', reason: error instanceof Error ? error.message : String(error) }))
    .then((said) => process.send!(said));
});

async function answer(question: Question): Promise<unknown> {
  const loaded = await adapter;
  switch (question.kind) {
    case 'offers':
      return offers((await import('../load-adapter.js')).asAdapter(loaded, `the export \`adapter\` of ${module}`));
    case 'calibrate':
      return calibrate(loaded, workloadOf(question.workload), question);
    case 'prepare': {
      const unit = await workloadOf(question.workload).prepare(await open(loaded), { entries: question.entries, size: question.size, endpoint });
      // As what is measured, and twice as much of it: no batch may be the first to touch a page of the young generation.
      const began = performance.now();
      do await batch(unit, 2 * unitsOfBatch);
      while (performance.now() - began < question.warmUpMs);
      units.set(question.workload, unit);
      return watch.kind;
    }
    case 'measure':
      return batch(units.get(question.workload)!, question.units);
    case 'count':
      return (await import('./counters.js')).count(loaded, workloadOf(question.workload), question.functions);
  }
}

const open = async (adapter: Adapter): Promise<Subject> => adapter.open({ clock });
const workloadOf = (name: string): Workload => workloads.find((one) => one.name === name)!;

async function offers(adapter: Adapter): Promise<string[]> {
  const subject = await open(adapter);
  const offered = workloads.filter(({ needs }) => needs.every((one) => typeof subject[one] === 'function')).map(({ name }) => name);
  await subject.dispose?.();
  return offered;
}

/** Every batch begins with an empty young generation. A whole collection would have code thrown away and compiled anew, and the batch slower by half. */
function batch(unit: Unit, times: number): Promise<number> {
  globalThis.gc?.({ type: 'minor' });
  return timed(unit, times);
}

async function timed({ before, run }: Unit, times: number): Promise<number> {
  let milliseconds = 0;
  for (let i = 0; i < times; i++) {
    before?.();
    const began = watch.now();
    await run();
    milliseconds += watch.now() - began;
  }
  return milliseconds;
}

async function calibrate(adapter: Adapter, workload: Workload, { entries, unitMs, warmUpMs }: Extract<Question, { kind: 'calibrate' }>): Promise<number> {
  for (let size = 1; ; size *= 4) {
    const subject = await open(adapter);
    const unit = await workload.prepare(subject, { entries, size, endpoint });
    const began = performance.now();
    do await timed(unit, 1);
    // What the compiler makes of it the first time is there for all sizes.
    while (performance.now() - began < (size === 1 ? warmUpMs : 20));
    // The quickest of some: what is too small would make batches too short.
    const quickest = Math.min(await batch(unit, unitsOfBatch), await batch(unit, unitsOfBatch), await batch(unit, unitsOfBatch)) / unitsOfBatch;
    await subject.dispose?.();
    if (quickest >= unitMs / 4) return Math.max(1, Math.ceil((size * unitMs) / quickest));
  }
}
