import { availableParallelism } from 'node:os';
import type { Operation } from '../../model/index.js';
import { features, type Feature } from '../../spec/index.js';
import type { Adapter } from '../contract.js';
import { runInBursts } from './bursts.js';
import { unlessBrokenDown } from '../engine/breakdowns.js';
import { Unanswered } from '../engine/findings.js';
import { withoutStrangers } from '../engine/strangers.js';
import { offers } from '../engine/offers.js';
import { within } from '../engine/patience.js';
import type { Observed } from '../engine/registry-history.js';
import { turn } from '../engine/virtual-clock.js';
import type { History, Sink } from '../linearizability/index.js';
import { monotonicSince } from './clock.js';
import { Ledger, type TimedArrival } from './ledger.js';
import { allNames, type Mix } from './plan.js';
import { Site } from './site.js';
import { runInSequence, runInTasks } from './tasks.js';
import { runInWorkers, type Abandoned, type Retired } from './workers.js';

/** Where clients are: tasks of the registry's event loop, or threads or processes of their own. */
export type Spread = 'tasks' | 'threads' | 'processes';

export interface LoadOptions {
  /** `sequence`: one after the other, in the place of a load; `bursts`: tasks that wait for each other and then call all at once. */
  readonly spread: Spread | 'sequence' | 'bursts';
  readonly seed: number;
  /** How many clients, from 2 on. */
  readonly clients: number;
  /** Of all clients together. */
  readonly operations: number;
  /** How many clients share names. */
  readonly crowd: number;
  /** When clients stop to call, done or not. Milliseconds. */
  readonly milliseconds: number;
  readonly patienceMs: number;
  /** Whether a client, or in threads and processes a worker, ends in the middle of an operation. */
  readonly killsOne?: boolean;
  /** How many threads or processes; as many as there are cores, unless said. */
  readonly workers?: number;
  /** The file of the adapter's module, for clients that are to load it themselves. */
  readonly module?: string;
  readonly script?: URL;
  readonly sink?: Sink<Operation, Observed>;
  /** What else happens while clients are at work. */
  readonly meanwhile?: (site: Site, ledger: Ledger) => Promise<void>;
  /** In sequence: what is done, in place of a mix. */
  readonly steps?: readonly Operation[];
  /** Whether names are looked up when it is over. */
  readonly readsAfter?: boolean;
}

/** What came of a load: all that was called and answered, and all that arrived. */
export interface LoadRun {
  readonly mix: Mix;
  readonly history: History<Operation, Observed>;
  readonly arrivals: readonly TimedArrival[];
  /** Whether clients called the registry themselves (`connected`), or the host for them. */
  readonly connected: boolean;
  readonly abandoned: readonly Abandoned[];
  /** Calls that have not been answered when it is over. */
  readonly unanswered: readonly Operation[];
  /** Whether nothing is left that could answer them: known only of a registry that lives by the clock it is given. */
  readonly blocked: boolean;
  /** Names that were found although the endpoint that held them had gone down, each with what was found. */
  readonly survivors: readonly string[];
  /** Whether there were more arrivals than any registry may make. */
  readonly flooded: boolean;
  /** Of the load itself, without what is looked up afterwards. Milliseconds. */
  readonly milliseconds: number;
}

/** Runs one load on a fresh registry. Throws what `Site.open` does. */
export function runLoad(adapter: Adapter, options: LoadOptions): Promise<LoadRun> {
  return unlessBrokenDown(adapter, () => runOnce(adapter, options));
}

async function runOnce(adapter: Adapter, options: LoadOptions): Promise<LoadRun> {
  const { spread, seed, clients, patienceMs, milliseconds, killsOne = false } = options;
  const each = Math.max(1, Math.floor(options.operations / clients));
  const origin = process.hrtime.bigint();
  const now = monotonicSince(origin);
  const isEventual = adapter.consistency?.level === 'eventual';
  // What is looked up afterwards, and what happens meanwhile, has a place too.
  const ledger = new Ledger(now, each * clients * 2 + 10_000, options.sink);
  // Of a refusal nobody reads where it was thrown, and to find that out takes longer than all the rest of it.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  const isShared = (spread === 'threads' || spread === 'processes') && adapter.connect !== undefined && options.module !== undefined;
  const site = await Site.open(adapter, { seed, now, isShared, slows: spread !== 'sequence' && spread !== 'bursts', arrived: (arrival) => ledger.arrived(arrival), patienceMs });
  try {
    const offered = [...(Object.keys(features) as Feature[]).filter((feature) => offers(adapter, site.rig.subject, feature)), ...(isEventual ? [] : (['reads'] as const))];
    const mix: Mix = { seed, clients, operations: each, offered, crowd: options.crowd };
    const connect = isShared ? { module: options.module!, handle: site.rig.subject.handle } : undefined;
    let workers: Retired | undefined;
    let survivors: readonly string[] = [];
    const began = performance.now();
    const load =
      spread === 'sequence' ? runInSequence(site, ledger, { mix, patienceMs, milliseconds, ...(options.steps && { steps: options.steps }) })
      : spread === 'bursts' ? runInBursts(site, ledger, { mix, patienceMs, milliseconds }).then((found) => void (survivors = found))
      : spread === 'tasks' ? runInTasks(site, ledger, { mix, patienceMs, milliseconds, killsOne })
      : runInWorkers(site, ledger, { kind: spread, workers: Math.min(clients, options.workers ?? Math.max(2, availableParallelism())), mix, origin, patienceMs, milliseconds, connect, killsOne, ...(options.script && { script: options.script }) }).then((retired) => void (workers = retired));
    await Promise.all([load, options.meanwhile?.(site, ledger)]);
    const took = performance.now() - began;

    if (adapter.consistency?.level === 'eventual') await passing(adapter.consistency.stalenessMs);
    const blocked = offers(adapter, site.rig.subject, 'virtual-time') && (await isAtRest(site)) && site.waiting.size > 0;
    // What hangs would only hang once more.
    if (options.readsAfter !== false && site.waiting.size === 0) await lookUpAll(site, ledger, mix, patienceMs);
    await lastArrivals(ledger, patienceMs);
    await workers?.dismiss();
    site.rig.assertSound();
    return { mix, history: await withoutStrangers(adapter, ledger.history(), patienceMs), arrivals: ledger.arrivals, connected: connect !== undefined, abandoned: workers?.abandoned ?? [], unanswered: [...site.waiting], blocked, survivors, flooded: ledger.flooded, milliseconds: took };
  } finally {
    await site.dispose();
    Error.stackTraceLimit = stackTraceLimit;
  }
}

const passing = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms));

/** Every name that may have been used: what went wrong with one that nobody looked at shows here. */
async function lookUpAll(site: Site, ledger: Ledger, mix: Mix, patienceMs: number): Promise<void> {
  const perform = async (operation: Operation): Promise<void> => {
    const id = ledger.called('afterwards', operation, ledger.now());
    const ending = await within(patienceMs, operation.op, Promise.resolve(site.perform(operation)));
    if (ending !== undefined) ledger.answered(id, ending, ledger.now());
  };
  try {
    for (const { servers, transports } of allNames(mix)) {
      if (ledger.isNearlyFull(6)) return;
      for (const id of servers) await perform({ op: 'findServer', id });
      if (mix.offered.includes('transports')) for (const id of transports) await perform({ op: 'findTransport', id });
      if (mix.offered.includes('transports') && mix.offered.includes('binding')) for (const transportId of transports) await perform({ op: 'getServerForTransport', transportId });
    }
  } catch (error) {
    // The load has been recorded: what could not be looked up is not known.
    if (!(error instanceof Unanswered)) throw error;
  }
}

/** Messages may be handed over after their call has been answered: as many as the answers say, or none for as long as anybody has patience. */
async function lastArrivals(ledger: Ledger, patienceMs: number): Promise<void> {
  const promised = ledger.history().reduce((sum, { invocation, response }) => (/^route|^broadcast$/.test(invocation.op) && response?.kind === 'done' ? sum + Math.min(Number(response.value), 1_000) : sum), 0);
  const end = performance.now() + patienceMs;
  for (let turns = 0; turns < 20 || (ledger.arrivals.length < promised && performance.now() < end); turns++) await (turns < 20 ? turn() : passing(5));
}

/** Whether nothing is left that could happen: no timer waits, and what could run has run. */
async function isAtRest(site: Site): Promise<boolean> {
  for (let turns = 0; turns < 50; turns++) {
    if (site.waiting.size === 0 || site.clock.pending > 0) return false;
    await site.rig.settle();
  }
  return true;
}
