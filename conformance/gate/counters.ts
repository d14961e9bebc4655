import { createHook } from 'node:async_hooks';
import { setMaxListeners } from 'node:events';
import { Session, type Profiler } from 'node:inspector';
import { getHeapStatistics } from 'node:v8';
import type { Clock } from '../../spec/index.js';
import type { Adapter } from '../contract.js';
import { VirtualClock } from '../engine/virtual-clock.js';
import { median } from './statistics.js';
import type { CountedFunction } from './messages.js';
import type { LivingEndpoint, Unit, Workload } from './workloads.js';

/** Numbers without noise, for one unit of work; those that could not be counted are not there. */
export type Counters = Readonly<Record<string, number>>;

const warmUps = 50;
const repetitions = 16;
/** A call that is not answered after so many turns waits for something else than promises. */
const mostTurns = 2_000;

/**
 * Counts what a registry does while the work is done, by what it is given (clock, endpoints and their signals) and by what Node.js
 * shows of promises, other waits, memory and function calls. No time is involved: the clock stands still.
 */
export async function count(adapter: Adapter, workload: Workload, functions: readonly CountedFunction[]): Promise<Counters> {
  const tally = new Tally();
  const subject = await adapter.open({ clock: watchedClock(tally) });
  const unit = await workload.prepare(subject, { entries: 64, size: 1, endpoint: () => watchedEndpoint(tally) });
  for (let i = 0; i < warmUps; i++) await once(unit);
  tally.clear();
  await again(unit);
  const counted: Record<string, number> = tally.each(repetitions);
  const turns = await turnsOf(unit);
  if (turns !== undefined) counted['microtask turns'] = turns;
  Object.assign(counted, await waitsOf(unit), await callsOf(unit, functions));
  counted['bytes allocated'] = await bytesOf(unit);
  await subject.dispose?.();
  return counted;
}

async function once({ before, run }: Unit): Promise<void> {
  before?.();
  await run();
}

async function again(unit: Unit): Promise<void> {
  for (let i = 0; i < repetitions; i++) await once(unit);
}

class Tally {
  readonly #counts = new Map<string, number>();

  add(what: string): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + 1);
  }

  clear(): void {
    for (const what of this.#counts.keys()) this.#counts.set(what, 0);
  }

  each(times: number): Record<string, number> {
    return Object.fromEntries(counted.map((what) => [what, (this.#counts.get(what) ?? 0) / times]));
  }
}

const counted = ['clock reads', 'timers set', 'timers cleared', 'signals asked', 'listeners added', 'listeners removed', 'deliveries'] as const;

function watchedClock(tally: Tally): Clock {
  const clock = new VirtualClock();
  return {
    now: () => (tally.add('clock reads'), clock.now()),
    setTimeout: (callback, ms) => (tally.add('timers set'), clock.setTimeout(callback, ms)),
    clearTimeout: (timer) => (tally.add('timers cleared'), clock.clearTimeout(timer as never)),
  };
}

const gone = new Error('gone');

function watchedEndpoint(tally: Tally): LivingEndpoint {
  const lifetime = new AbortController();
  const { signal } = lifetime;
  setMaxListeners(0, signal);
  Object.defineProperties(signal, {
    aborted: { get: () => (tally.add('signals asked'), Reflect.get(AbortSignal.prototype, 'aborted', signal)) },
    addEventListener: { value: (...args: Parameters<AbortSignal['addEventListener']>) => (tally.add('listeners added'), AbortSignal.prototype.addEventListener.apply(signal, args)) },
    removeEventListener: { value: (...args: Parameters<AbortSignal['removeEventListener']>) => (tally.add('listeners removed'), AbortSignal.prototype.removeEventListener.apply(signal, args)) },
  });
  return { endpoint: { send: () => tally.add('deliveries'), signal }, kill: () => lifetime.abort(gone) };
}

/** How many turns of the microtask queue pass until the work is done. */
async function turnsOf(unit: Unit): Promise<number | undefined> {
  let [turns, isOver] = [0, false];
  unit.before?.();
  const work = unit.run().then(() => (isOver = true));
  const turn = (): void => {
    if (isOver || turns++ >= mostTurns) return;
    queueMicrotask(turn);
  };
  queueMicrotask(turn);
  await work;
  return turns > mostTurns ? undefined : turns;
}

/** Promises that are made, jobs of promises that are run, and everything else that is waited for: timers, ticks, sockets. */
async function waitsOf(unit: Unit): Promise<Counters> {
  const promises = new Set<number>();
  let [jobs, others] = [0, 0];
  const hook = createHook({
    init: (id, type) => void (type === 'PROMISE' ? promises.add(id) : type === 'Microtask' || others++),
    before: (id) => void (promises.has(id) && jobs++),
  });
  hook.enable();
  await again(unit);
  hook.disable();
  return { 'promises made': promises.size / repetitions, 'promise jobs': jobs / repetitions, 'other waits': others / repetitions };
}

/** Calls of functions of the build, by V8's precise coverage: for this, nothing need be built into the functions. */
async function callsOf(unit: Unit, functions: readonly CountedFunction[]): Promise<Counters> {
  if (functions.length === 0) return {};
  const session = new Session();
  session.connect();
  const post = (method: string, params?: object): unknown => {
    let answer: unknown;
    session.post(method, params, (error, result) => {
      if (error !== null) throw error;
      answer = result;
    });
    return answer;
  };
  post('Profiler.enable');
  post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
  await again(unit); // What was optimised before is compiled anew, and counted from now on.
  post('Profiler.takePreciseCoverage');
  await again(unit);
  const { result } = post('Profiler.takePreciseCoverage') as Profiler.TakePreciseCoverageReturnType;
  post('Profiler.stopPreciseCoverage');
  session.disconnect();
  const callsTo = ({ name, file }: CountedFunction): number =>
    result
      .filter(({ url }) => url.endsWith(file))
      .flatMap((script) => script.functions)
      .filter(({ functionName }) => functionName === name)
      .reduce((sum, { ranges }) => sum + ranges[0]!.count, 0);
  return Object.fromEntries(functions.map((one) => [one.counter, callsTo(one) / repetitions]));
}

/** Bytes that a unit takes from the heap, less what measuring takes: the median over many units, since now and then a table grows. */
async function bytesOf(unit: Unit): Promise<number> {
  const nothing: Unit = { run: async () => {} };
  const taken = async (one: Unit): Promise<number> => {
    const all: number[] = [];
    for (let i = 0; i < 101; i++) {
      one.before?.();
      const before = getHeapStatistics().used_heap_size;
      await one.run();
      all.push(getHeapStatistics().used_heap_size - before);
    }
    return median(all);
  };
  await taken(nothing);
  await taken(unit);
  globalThis.gc?.();
  return (await taken(unit)) - (await taken(nothing));
}
