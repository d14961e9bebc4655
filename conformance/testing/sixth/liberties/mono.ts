import type { Adapter } from '../../../contract.js';
import type { Endpoint, ErrorCode, PartitionStats } from '../../../../spec/index.js';
import { idOf, signalOf, summary, type Fail } from './common.js';
import { Receipt } from './receipt.js';

/*
 * Five operations, one partition. Writes are collected and committed together in the next microtask, into a skip list. Writes answer
 * with bare thenables; arguments that are none are refused at once. Real time. No configurations. A name that goes with its endpoint
 * counts as a write.
 */

class InvalidArgument extends TypeError {
  override readonly name = 'InvalidArgument';
  readonly code = 'invalid_argument';
}
class Refused extends Error {
  override readonly name = 'Refused';
  readonly #code: ErrorCode;
  constructor(code: ErrorCode, why: string) {
    super(why);
    this.#code = code;
  }
  get code(): ErrorCode {
    return this.#code;
  }
}
const fail: Fail = (code, why) => (code === 'invalid_argument' ? new InvalidArgument(why) : new Refused(code, why));

const levels = 12;

class Entry {
  readonly next: (Entry | undefined)[];
  constructor(
    readonly id: string,
    readonly endpoint: Endpoint,
    readonly household: Household,
    height: number,
  ) {
    this.next = new Array<undefined>(height).fill(undefined);
  }
}

/** All names whose endpoint has this signal. */
interface Household {
  readonly signal: AbortSignal;
  readonly members: Set<Entry>;
  readonly leave: () => void;
}

interface Job {
  readonly calledAt: number;
  readonly act: () => void;
  readonly receipt: Receipt<void>;
}

class Mono {
  readonly #heads: (Entry | undefined)[] = new Array<undefined>(levels).fill(undefined);
  readonly #households = new Map<AbortSignal, Household>();
  #log: Job[] = [];
  #count = 0;
  #window: { at: number; took: number }[] = [];

  registerServer(id: unknown, endpoint: unknown): PromiseLike<void> {
    const name = idOf(id, fail);
    const signal = signalOf(endpoint, fail);
    return this.#write(() => {
      if (this.#find(name) !== undefined) throw fail('already_registered', name);
      if (signal.aborted) throw fail('endpoint_down', name);
      this.#insert(name, endpoint as Endpoint, signal);
    });
  }

  unregisterServer(id: unknown): PromiseLike<void> {
    const name = idOf(id, fail);
    return this.#write(() => {
      const entry = this.#find(name);
      if (entry !== undefined) this.#remove(entry);
    });
  }

  findServer(id: unknown): { id: string; endpoint: Endpoint; config: Record<string, never> } | null {
    const entry = this.#find(idOf(id, fail));
    return entry === undefined ? null : { id: entry.id, endpoint: entry.endpoint, config: {} };
  }

  getPartitionStats(partition?: unknown): PartitionStats | readonly PartitionStats[] {
    if (partition !== undefined && partition !== 0) throw fail('invalid_argument', 'there is one partition, 0');
    const now = performance.now();
    this.#window = this.#window.filter(({ at }) => at + 1_000 > now);
    const samples = this.#window.map(({ took }) => took);
    const { min, mean, max } = summary(samples);
    const oldest = this.#log[0];
    const alarm = (this.#count >= 10 && mean > 100) || (oldest !== undefined && now > oldest.calledAt + 500);
    const entry: PartitionStats = { partition: 0, writeCount: this.#count, sampleCount: samples.length, samples, min, mean, max, alarm };
    return partition === undefined ? [entry] : entry;
  }

  resetStats(): null {
    this.#count = 0;
    this.#window = [];
    return null;
  }

  #write(act: () => void): PromiseLike<void> {
    const receipt = new Receipt<void>(false);
    if (this.#log.push({ calledAt: performance.now(), act, receipt }) === 1) queueMicrotask(() => this.#commit());
    return receipt;
  }

  /** Everything that has been asked for, at once. */
  #commit(): void {
    const jobs = this.#log;
    this.#log = [];
    for (const { calledAt, act, receipt } of jobs) {
      try {
        act();
        this.#sample(performance.now() - calledAt);
        receipt.keep();
      } catch (error) {
        receipt.fail(error);
      }
    }
  }

  #sample(took: number): void {
    this.#count++;
    this.#window.push({ at: performance.now(), took: Math.max(0, took) });
    if (this.#window.length > 10) this.#window.shift();
  }

  #find(id: string): Entry | undefined {
    let before: (Entry | undefined)[] = this.#heads;
    for (let level = levels - 1; level >= 0; level--) {
      for (let entry = before[level]; entry !== undefined && entry.id <= id; entry = before[level]) {
        if (entry.id === id) {
          if (!entry.household.signal.aborted) return entry;
          this.#disperse(entry.household);
          return undefined;
        }
        before = entry.next;
      }
    }
    return undefined;
  }

  /** For each level the links that lead to the first entry from this id on. */
  #path(id: string): (Entry | undefined)[][] {
    const path: (Entry | undefined)[][] = new Array<(Entry | undefined)[]>(levels);
    let before: (Entry | undefined)[] = this.#heads;
    for (let level = levels - 1; level >= 0; level--) {
      for (let entry = before[level]; entry !== undefined && entry.id < id; entry = before[level]) before = entry.next;
      path[level] = before;
    }
    return path;
  }

  #insert(id: string, endpoint: Endpoint, signal: AbortSignal): void {
    let household = this.#households.get(signal);
    if (household === undefined) {
      const listener = (): void => {
        const gone = this.#households.get(signal);
        if (gone !== undefined) this.#disperse(gone);
      };
      household = { signal, members: new Set(), leave: () => signal.removeEventListener('abort', listener) };
      this.#households.set(signal, household);
      signal.addEventListener('abort', listener);
    }
    let height = 1;
    while (height < levels && Math.random() < 0.25) height++;
    const entry = new Entry(id, endpoint, household, height);
    const path = this.#path(id);
    for (let level = 0; level < height; level++) {
      entry.next[level] = path[level]![level];
      path[level]![level] = entry;
    }
    household.members.add(entry);
  }

  #remove(entry: Entry): void {
    const path = this.#path(entry.id);
    for (let level = 0; level < entry.next.length; level++) path[level]![level] = entry.next[level];
    const { household } = entry;
    household.members.delete(entry);
    if (household.members.size === 0) {
      household.leave();
      this.#households.delete(household.signal);
    }
  }

  #disperse(household: Household): void {
    for (const entry of [...household.members]) {
      this.#remove(entry);
      this.#sample(0);
    }
  }
}

export const mono: Adapter = {
  name: 'liberties: mono (one partition, commits in microtasks, five operations, bare thenables)',
  without: ['configs', 'send-failures', 'send-awaited'],
  sla: { 'SLA-11': 0.5, 'SLA-10': 4 },
  open: async () => {
    await null;
    return new Mono();
  },
};
