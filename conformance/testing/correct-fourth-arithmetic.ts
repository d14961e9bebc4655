import { addAbortListener } from 'node:events';
import { defaultThresholds, partitionLimits, type AdmissionMode, type Clock, type Config, type ContentionStatus, type Delivery, type Endpoint, type ErrorCode, type Json, type PartitionStats, type Thresholds } from '../../spec/index.js';

/**
 * What the registries of the fourth kind have in common: what an id, an endpoint and a configuration are, where an id belongs, and what a
 * window of latencies says. Nothing here holds a name.
 */

/** How a registry refuses: each has errors of its own. */
export type Refuse = (code: ErrorCode) => never;

const wellFormed = /^[^\0\p{Surrogate}]{1,255}$/u;

export const isId = (value: unknown): value is string => typeof value === 'string' && wellFormed.test(value);

export function isEndpoint(value: unknown): value is Endpoint {
  try {
    const { send, signal } = value as Endpoint;
    return typeof send === 'function' && typeof signal.aborted === 'boolean' && typeof signal.addEventListener === 'function';
  } catch {
    return false;
  }
}

/** A copy of what is JSON data; nothing if it is not. */
function copied(value: unknown): Json | undefined {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  if (typeof value !== 'object') return undefined;
  if (Array.isArray(value)) {
    const items = Array.from(value, copied);
    return items.some((item) => item === undefined) ? undefined : (items as Json[]);
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) return undefined;
  const entries = Object.entries(value).map(([key, inner]) => [key, copied(inner)] as const);
  return entries.some(([, inner]) => inner === undefined) ? undefined : (Object.fromEntries(entries) as Config);
}

const empty: Config = Object.freeze({});

/** A copy of a configuration, the empty object if there is none; nothing if it is not JSON data. */
export function configOf(value: unknown): Config | undefined {
  if (value === undefined) return empty;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  try {
    const copy = copied(value) as Config | undefined;
    return copy && Object.keys(copy).length === 0 ? empty : copy;
  } catch {
    return undefined; // It refers to itself, or does not let itself be read.
  }
}

export function deepFrozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) Object.values(Object.freeze(value)).forEach(deepFrozen);
  return value;
}

/** The partition of an id: Murmur3 over its code units. */
export function spread(id: string, over: number, seed = 0x5eed): number {
  let hash = seed;
  for (let index = 0; index < id.length; index++) {
    let unit = Math.imul(id.charCodeAt(index), 0xcc9e2d51);
    unit = (unit << 15) | (unit >>> 17);
    hash ^= Math.imul(unit, 0x1b873593);
    hash = (Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64) | 0;
  }
  hash ^= id.length;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) % over;
}

/** Calls back when the signal aborts, even if another listener keeps the event from those after it; the result calls that off. */
export function whenDown(signal: AbortSignal, act: () => void): () => void {
  const listening = addAbortListener(signal, act);
  return () => listening[Symbol.dispose]();
}

/** Hands a delivery over; false if the endpoint threw. What it rejects with is nobody's business. */
export function handOver(endpoint: Endpoint, delivery: Delivery): boolean {
  try {
    Promise.resolve(endpoint.send(delivery)).catch(() => undefined);
    return true;
  } catch {
    return false;
  }
}

/** How many partitions are asked for; nothing if that is no number of partitions. */
export function partitionsOf(asked: number | undefined): number | undefined {
  if (asked === undefined) return partitionLimits.default;
  return Number.isInteger(asked) && asked >= partitionLimits.least && asked <= partitionLimits.most ? asked : undefined;
}

/** The windows of all partitions, and what follows from them. Everything is worked out when it is asked for. */
export class Meters {
  readonly limits: Thresholds;
  mode: AdmissionMode = 'auto';
  readonly #counts: number[];
  readonly #windows: { readonly latency: number; readonly end: number }[][];

  /** `since` tells when the oldest write in flight in a partition was called. */
  constructor(
    readonly partitions: number,
    readonly clock: Clock,
    limits: Partial<Thresholds> = {},
    readonly since: (partition: number) => number | undefined = () => undefined,
  ) {
    const given = Object.entries(limits).filter(([name, value]) => Object.hasOwn(defaultThresholds, name) && value !== undefined);
    this.limits = { ...defaultThresholds, ...Object.fromEntries(given) };
    this.#counts = Array.from({ length: partitions }, () => 0);
    this.#windows = Array.from({ length: partitions }, () => []);
  }

  /** A write has been committed. */
  note(partition: number, called: number): void {
    const end = this.clock.now();
    const window = this.#windows[partition]!;
    window.push({ latency: end - called, end });
    if (window.length > this.limits.windowSize) window.shift();
    this.#counts[partition]!++;
  }

  samples(partition: number, now = this.clock.now()): number[] {
    const window = this.#windows[partition]!;
    while (window.length > 0 && now >= window[0]!.end + this.limits.windowMs) window.shift();
    return window.map(({ latency }) => latency);
  }

  alarm(partition: number, now = this.clock.now()): boolean {
    const since = this.since(partition);
    if (since !== undefined && now - since > this.limits.stuckAfterMs) return true;
    return this.#counts[partition]! >= this.limits.minWrites && mean(this.samples(partition, now)) > this.limits.alarmAboveMs;
  }

  alarmed(): number[] {
    const now = this.clock.now();
    return Array.from({ length: this.partitions }, (_, partition) => partition).filter((partition) => this.alarm(partition, now));
  }

  admits(alarmed = this.mode === 'auto' ? this.alarmed() : []): boolean {
    return this.mode === 'auto' ? alarmed.length <= this.limits.closeAbove * this.partitions : this.mode === 'open';
  }

  stats(partition: number): PartitionStats {
    const samples = this.samples(partition);
    const some = samples.length > 0;
    return {
      partition,
      writeCount: this.#counts[partition]!,
      sampleCount: samples.length,
      samples,
      min: some ? Math.min(...samples) : 0,
      mean: mean(samples),
      max: some ? Math.max(...samples) : 0,
      alarm: this.alarm(partition),
    };
  }

  /** What `getPartitionStats` answers. */
  answer(partition: number | undefined, refuse: Refuse): PartitionStats | PartitionStats[] {
    if (partition === undefined) return this.#counts.map((_, index) => this.stats(index));
    return Number.isInteger(partition) && partition >= 0 && partition < this.partitions ? this.stats(partition) : refuse('invalid_argument');
  }

  status(): ContentionStatus {
    const alarmed = this.alarmed();
    return { partitions: this.partitions, alarmed, admission: this.admits(alarmed) ? 'open' : 'closed', mode: this.mode };
  }

  set(mode: AdmissionMode, refuse: Refuse): void {
    if (!['auto', 'open', 'closed'].includes(mode)) refuse('invalid_argument');
    this.mode = mode;
  }

  reset(): void {
    this.#counts.fill(0);
    this.#windows.forEach((window) => (window.length = 0));
  }
}

const mean = (samples: readonly number[]): number => (samples.length === 0 ? 0 : samples.reduce((sum, sample) => sum + sample, 0) / samples.length);
