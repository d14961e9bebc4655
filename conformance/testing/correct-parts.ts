import { defaultThresholds, maxIdLength, type Config, type ContentionStatus, type Endpoint, type ErrorCode, type PartitionStats, type Thresholds } from '../../spec/index.js';
import type { OpenOptions } from '../contract.js';

/**
 * What the correct registries of `correct-registries.ts` have in common although they differ: what an argument must be, hashes to choose
 * from, and the arithmetic of statistics. Written from the specification alone.
 */

export class Refused extends Error {
  constructor(readonly code: ErrorCode) {
    super(`refused: ${code}`);
  }
}

/** NAM-1. A lone surrogate is half a pair. */
export const isId = (id: unknown): id is string => typeof id === 'string' && id !== '' && [...id].length <= maxIdLength && !/\0|\p{Surrogate}/u.test(id);

export function idOf(id: unknown): string {
  if (!isId(id)) throw new Refused('invalid_argument');
  return id;
}

/** EPT-2. */
export function endpointOf(endpoint: unknown): Endpoint {
  const { send, signal } = (endpoint ?? {}) as Partial<Endpoint>;
  if (typeof send !== 'function' || typeof signal !== 'object' || typeof signal.aborted !== 'boolean') throw new Refused('invalid_argument');
  return endpoint as Endpoint;
}

/** CFG-1: a copy of our own, so that no change to either is a change to the other. */
export function configOf(config: unknown): Config {
  if (config === undefined) return {};
  if (typeof config !== 'object' || config === null || Array.isArray(config)) throw new Refused('invalid_argument');
  try {
    return JSON.parse(JSON.stringify(config)) as Config;
  } catch {
    throw new Refused('invalid_argument');
  }
}

/** Calls a `send` so that whatever comes of it harms nobody (RTE-6). Whether it threw. */
export function handOver(endpoint: Endpoint, delivery: Parameters<Endpoint['send']>[0]): 'taken' | 'threw' {
  try {
    Promise.resolve(endpoint.send(delivery)).catch(() => undefined);
    return 'taken';
  } catch {
    return 'threw';
  }
}

// ---- Hashes. Each gives 32 bits for an id, every code unit of which counts.

/** The last step of MurmurHash3: every bit of the input changes every bit of the output. */
function mixed(h: number): number {
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

const octets = (id: string): Uint8Array => Uint8Array.from({ length: id.length * 2 }, (_, at) => (id.charCodeAt(at >> 1) >> (8 * (at & 1))) & 255);

export const fnv = (id: string): number => mixed(octets(id).reduce((hash, octet) => Math.imul(hash ^ octet, 0x01000193), 0x811c9dc5));

export const crc = (id: string): number =>
  mixed(octets(id).reduce((hash, octet) => Array.from({ length: 8 }).reduce<number>((sum) => (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0), hash ^ octet), -1));

export function murmur(id: string): number {
  let hash = 0x9747b28c;
  for (let at = 0; at < id.length; at++) {
    const block = Math.imul(id.charCodeAt(at), 0xcc9e2d51);
    hash ^= Math.imul((block << 15) | (block >>> 17), 0x1b873593);
    hash = (Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64) | 0;
  }
  return mixed(hash ^ id.length);
}

/** A partition for a hash: what is left of a division, the place in a range, or the bucket of jump consistent hashing (Lamping and Veach, 2014). */
export const byRemainder = (hash: number, partitions: number): number => hash % partitions;
export const byRange = (hash: number, partitions: number): number => Math.floor((hash / 2 ** 32) * partitions);
export function byJumps(hash: number, partitions: number): number {
  let key = BigInt(hash) * 0x9e3779b97f4a7c15n;
  let [bucket, next] = [-1, 0];
  while (next < partitions) {
    bucket = next;
    key = BigInt.asUintN(64, key * 2862933555777941757n + 1n);
    next = Math.floor((bucket + 1) * (2 ** 31 / (Number(key >> 33n) + 1)));
  }
  return bucket;
}

/** Numbers in [0, 1) that a seed decides (mulberry32). */
export function seeded(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function thresholdsOf(options: OpenOptions): Thresholds {
  const { windowSize, windowMs, minWrites, alarmAboveMs, stuckAfterMs, closeAbove } = options;
  const given = Object.entries({ windowSize, windowMs, minWrites, alarmAboveMs, stuckAfterMs, closeAbove }).filter(([, value]) => value !== undefined);
  return { ...defaultThresholds, ...(Object.fromEntries(given) as Partial<Thresholds>) };
}

// ---- Statistics (chapters STA and CTN).

/** A write that has been called and not answered. */
export interface InFlight {
  readonly partition: number;
  readonly calledAt: number;
}

interface Part {
  writes: number;
  samples: { readonly ms: number; readonly at: number }[];
  readonly inFlight: Set<InFlight>;
}

/** Counts, windows and alarms, all worked out when somebody looks: nothing runs in between. */
export class Meter {
  readonly #parts: Part[];

  constructor(
    partitions: number,
    protected readonly thresholds: Thresholds,
    protected readonly now: () => number,
  ) {
    this.#parts = Array.from({ length: partitions }, () => ({ writes: 0, samples: [], inFlight: new Set() }));
  }

  get partitions(): number {
    return this.#parts.length;
  }

  called(partition: number): InFlight {
    const write = { partition, calledAt: this.now() };
    this.#parts[partition]!.inFlight.add(write);
    return write;
  }

  committed(write: InFlight): void {
    const part = this.#parts[write.partition]!;
    part.inFlight.delete(write);
    part.writes++;
    part.samples.push({ ms: this.now() - write.calledAt, at: this.now() });
    if (part.samples.length > this.thresholds.windowSize) part.samples.shift();
  }

  /** It was refused, or did nothing that counts. */
  withdrawn(write: InFlight): void {
    this.#parts[write.partition]!.inFlight.delete(write);
  }

  reset(): void {
    for (const part of this.#parts) {
      part.writes = 0;
      part.samples = [];
    }
  }

  of(partition: number): PartitionStats {
    const { writes, samples } = this.#parts[partition]!;
    const window = samples.filter(({ at }) => this.now() - at < this.thresholds.windowMs).map(({ ms }) => ms);
    const mean = meanOf(window);
    const [min, max] = window.length === 0 ? [0, 0] : [Math.min(...window), Math.max(...window)];
    return { partition, writeCount: writes, sampleCount: window.length, samples: window, min, mean, max, alarm: this.alarm(partition) };
  }

  all(): PartitionStats[] {
    return this.#parts.map((_, partition) => this.of(partition));
  }

  alarmed(): number[] {
    return this.#parts.flatMap((_, partition) => (this.alarm(partition) ? [partition] : []));
  }

  get crowded(): boolean {
    return this.alarmed().length > this.thresholds.closeAbove * this.partitions;
  }

  get busy(): boolean {
    return this.#parts.some(({ inFlight }) => inFlight.size > 0);
  }

  /** Whether a sample in some window is above the limit: as those before it age, the mean may rise with no further write. */
  protected get slow(): boolean {
    return this.#parts.some(({ samples }) => samples.some(({ ms, at }) => ms > this.thresholds.alarmAboveMs && this.now() - at < this.thresholds.windowMs));
  }

  protected alarm(partition: number): boolean {
    return this.condition(partition);
  }

  protected condition(partition: number): boolean {
    const { writes, samples, inFlight } = this.#parts[partition]!;
    if ([...inFlight].some(({ calledAt }) => this.now() - calledAt > this.thresholds.stuckAfterMs)) return true;
    if (writes < this.thresholds.minWrites) return false;
    return meanOf(samples.filter(({ at }) => this.now() - at < this.thresholds.windowMs).map(({ ms }) => ms)) > this.thresholds.alarmAboveMs;
  }
}

/** Alarms that a timer looks after: they are up to a period late, which CTN-6 allows. It runs only while an alarm is on or one could come on. */
export class PolledMeter extends Meter {
  static readonly #periodMs = 60;
  readonly #alarms = new Set<number>();
  #timer: unknown;

  constructor(
    partitions: number,
    thresholds: Thresholds,
    private readonly clock: OpenOptions['clock'],
  ) {
    super(partitions, thresholds, () => clock.now());
  }

  override called(partition: number): InFlight {
    const write = super.called(partition);
    this.#runOrStop();
    return write;
  }

  override committed(write: InFlight): void {
    super.committed(write);
    this.#runOrStop();
  }

  override withdrawn(write: InFlight): void {
    super.withdrawn(write);
    this.#runOrStop();
  }

  protected override alarm(partition: number): boolean {
    return this.#alarms.has(partition);
  }

  #runOrStop(): void {
    const needed = this.busy || this.#alarms.size > 0 || this.slow;
    if (needed) this.#timer ??= this.clock.setTimeout(() => this.#look(), PolledMeter.#periodMs);
    else if (this.#timer !== undefined) {
      this.clock.clearTimeout(this.#timer);
      this.#timer = undefined;
    }
  }

  #look(): void {
    this.#timer = undefined;
    for (let partition = 0; partition < this.partitions; partition++) {
      if (this.condition(partition)) this.#alarms.add(partition);
      else this.#alarms.delete(partition);
    }
    this.#runOrStop();
  }
}

const meanOf = (values: readonly number[]): number => (values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length);

export function statusOf(meter: Meter, mode: ContentionStatus['mode']): ContentionStatus {
  return { partitions: meter.partitions, alarmed: meter.alarmed(), admission: closes(meter, mode) ? 'closed' : 'open', mode };
}

export const closes = (meter: Meter, mode: ContentionStatus['mode']): boolean => mode === 'closed' || (mode === 'auto' && meter.crowded);

/** PRT-1. */
export function partitionsOf(asked: number | undefined, otherwise = 16): number {
  const partitions = asked ?? otherwise;
  if (!Number.isInteger(partitions) || partitions < 1 || partitions > 64) throw new Refused('invalid_argument');
  return partitions;
}
