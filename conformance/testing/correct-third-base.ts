import { defaultThresholds, partitionLimits, type AdmissionMode, type Config, type Delivery, type Endpoint, type ErrorCode, type PartitionStats, type Thresholds } from '../../spec/index.js';

/**
 * What the correct registries of `correct-third.ts` share: checks of arguments, copies, hashes, a window of latencies. Written from the
 * specification alone, and from nothing that other registries are made of.
 */

export class RegistryError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string = code) {
    super(message);
    this.name = 'RegistryError';
    this.code = code;
  }
}

export const refuse = (code: ErrorCode, message?: string): RegistryError => new RegistryError(code, message);
export const noop = (): void => undefined;

// ---- What an argument must be.

/** NAM-1, by walking over the code points. */
export function validId(value: unknown): value is string {
  if (typeof value !== 'string' || value.length === 0 || value.length > 510) return false;
  let n = 0;
  for (const character of value) {
    n += 1;
    const c = character.codePointAt(0)!;
    if (c === 0 || (c >= 0xd800 && c <= 0xdfff)) return false;
  }
  return n <= 255;
}

/** NAM-1 by a pattern. */
const idPattern = /^[^\0\p{Cs}]{1,255}$/u;
export const isId = (value: unknown): value is string => typeof value === 'string' && idPattern.test(value);

export function needId(...ids: readonly unknown[]): void {
  for (const id of ids) if (!validId(id)) throw refuse('invalid_argument', 'not an id');
}

export function isEndpoint(value: unknown): value is Endpoint {
  try {
    if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return false;
    if (typeof (value as Endpoint).send !== 'function') return false;
    const signal: unknown = (value as Endpoint).signal;
    return (
      signal !== null &&
      typeof signal === 'object' &&
      typeof (signal as AbortSignal).aborted === 'boolean' &&
      typeof (signal as AbortSignal).addEventListener === 'function' &&
      typeof (signal as AbortSignal).removeEventListener === 'function'
    );
  } catch {
    return false;
  }
}

export function needEndpoint(value: unknown): void {
  if (!isEndpoint(value)) throw refuse('invalid_argument', 'not an endpoint');
}

export function needMode(mode: unknown): asserts mode is AdmissionMode {
  if (mode !== 'auto' && mode !== 'open' && mode !== 'closed') throw refuse('invalid_argument', 'no such mode');
}

export function partitionCount(value: number | undefined): number {
  if (value === undefined) return partitionLimits.default;
  if (!Number.isInteger(value) || value < 1 || value > 64) throw refuse('invalid_argument', 'partitions: 1 to 64');
  return value;
}

export function thresholdsOf(options: Partial<Thresholds> = {}): Thresholds {
  return Object.fromEntries(Object.entries(defaultThresholds).map(([name, value]) => [name, options[name as keyof Thresholds] ?? value])) as unknown as Thresholds;
}

// ---- Copies.

/** How a copy is made: which prototype its objects have, and whether all of it is frozen. */
export interface CopyOptions {
  readonly proto?: object | null;
  readonly freeze?: boolean;
}

/** Fields of an object that has no prototype. */
export const bare = <T extends object>(fields: T): T => Object.assign(Object.create(null) as object, fields);

function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value) as object | null;
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** A copy of JSON data, any depth, hostile keys kept as own properties. Anything else is refused. */
export function copyJson<T>(root: T, { proto = Object.prototype, freeze = false }: CopyOptions = {}): T {
  const bad = (): RegistryError => refuse('invalid_argument', 'not JSON data');
  const path = new Set<object>();
  const stack: { readonly value: object; readonly copy: object; readonly keys: readonly (string | number)[]; at: number }[] = [];
  let result: unknown;
  const put = (into: object | undefined, key: string | number, value: unknown): void => {
    if (into === undefined) result = value;
    else Object.defineProperty(into, key, { value, writable: true, enumerable: true, configurable: true });
  };
  const visit = (into: object | undefined, key: string | number, value: unknown): void => {
    if (value === null || typeof value === 'boolean' || typeof value === 'string') return put(into, key, value);
    if (typeof value === 'number') {
      if (!Number.isFinite(value)) throw bad();
      return put(into, key, value);
    }
    if (typeof value !== 'object' || path.has(value)) throw bad();
    let copy: object;
    let keys: readonly (string | number)[];
    if (Array.isArray(value)) {
      copy = [];
      keys = Array.from({ length: value.length }, (_, i) => i);
    } else if (isPlain(value)) {
      copy = Object.create(proto) as object;
      keys = Object.keys(value);
    } else throw bad();
    put(into, key, copy);
    path.add(value);
    stack.push({ value, copy, keys, at: 0 });
  };
  visit(undefined, '', root);
  for (let frame = stack.at(-1); frame !== undefined; frame = stack.at(-1)) {
    if (frame.at < frame.keys.length) {
      const key = frame.keys[frame.at++]!;
      visit(frame.copy, key, (frame.value as Readonly<Record<string | number, unknown>>)[key]);
    } else {
      stack.pop();
      path.delete(frame.value);
      if (freeze) Object.freeze(frame.copy);
    }
  }
  return result as T;
}

/** CFG-1: a copy of a configuration, or the empty one. */
export function copyConfig(config: unknown = {}, options?: CopyOptions): Config {
  if (config === null || typeof config !== 'object' || Array.isArray(config)) throw refuse('invalid_argument', 'not a configuration');
  try {
    return copyJson(config as Config, options);
  } catch (error) {
    throw error instanceof RegistryError ? error : refuse('invalid_argument', 'not a configuration');
  }
}

/** The server that the configuration of a transport names, or undefined. */
export function serverIdOf(config: Config): string | undefined {
  if (!Object.hasOwn(config, 'serverId')) return undefined;
  needId(config['serverId']);
  return config['serverId'] as string;
}

// ---- Messages.

/** Hands a delivery over. False when `send` threw. */
export function hand(endpoint: Endpoint, delivery: Delivery): boolean {
  try {
    const result = endpoint.send(delivery);
    if (result !== null && (typeof result === 'object' || typeof result === 'function')) Promise.resolve(result).then(noop, noop);
    return true;
  } catch {
    return false;
  }
}

// ---- Hashes.

export function mix32(h: number): number {
  h ^= h >>> 16;
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

export function fnv(id: string, seed = 0x811c9dc5): number {
  let h = seed;
  for (let i = 0; i < id.length; i++) {
    const c = id.charCodeAt(i);
    h = Math.imul(h ^ (c & 0xff), 0x01000193);
    h = Math.imul(h ^ (c >>> 8), 0x01000193);
  }
  return mix32(h);
}

/** Another hash, with 53 bits. */
export function cyrb53(id: string, seed = 0): number {
  let a = 0xdeadbeef ^ seed;
  let b = 0x41c6ce57 ^ seed;
  for (let i = 0; i < id.length; i++) {
    const c = id.charCodeAt(i);
    a = Math.imul(a ^ c, 2654435761);
    b = Math.imul(b ^ c, 1597334677);
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
  return 4294967296 * (2097151 & b) + (a >>> 0);
}

// ---- Statistics.

/** A write in flight: when it was called, in milliseconds. */
export interface Token {
  readonly at: number;
}

/** The window, the count and the writes in flight of one partition; the alarm is worked out when somebody looks. */
export class Meter {
  readonly inFlight = new Set<Token>();
  count = 0;
  window: { readonly at: number; readonly ms: number }[] = [];

  constructor(
    readonly partition: number,
    readonly thresholds: Thresholds,
    readonly now: () => number,
  ) {}

  reset(): void {
    this.count = 0;
    this.window = [];
  }

  begin(): Token {
    const token = { at: this.now() };
    this.inFlight.add(token);
    return token;
  }

  drop(token: Token): void {
    this.inFlight.delete(token);
  }

  commit(token: Token): void {
    this.inFlight.delete(token);
    const at = this.now();
    this.count += 1;
    this.window.push({ at, ms: at - token.at });
    this.prune(at);
  }

  prune(now = this.now()): void {
    const { window, thresholds } = this;
    while (window.length > 0 && (window.length > thresholds.windowSize || now - window[0]!.at >= thresholds.windowMs)) window.shift();
  }

  mean(): number {
    const { window } = this;
    return window.length === 0 ? 0 : window.reduce((sum, { ms }) => sum + ms, 0) / window.length;
  }

  alarm(): boolean {
    const now = this.now();
    this.prune(now);
    if (this.count >= this.thresholds.minWrites && this.window.length > 0 && this.mean() > this.thresholds.alarmAboveMs) return true;
    for (const { at } of this.inFlight) return now - at > this.thresholds.stuckAfterMs; // the oldest is the first
    return false;
  }

  stats(): PartitionStats {
    const alarm = this.alarm();
    const samples = this.window.map(({ ms }) => ms);
    return {
      partition: this.partition,
      writeCount: this.count,
      sampleCount: samples.length,
      samples,
      min: samples.length === 0 ? 0 : Math.min(...samples),
      mean: this.mean(),
      max: samples.length === 0 ? 0 : Math.max(...samples),
      alarm,
    };
  }
}

export const alarmedOf = (meters: readonly Meter[]): number[] => meters.filter((meter) => meter.alarm()).map(({ partition }) => partition);

export function statsOf(meters: readonly Meter[], partition?: number): PartitionStats | PartitionStats[] {
  if (partition === undefined) return meters.map((meter) => meter.stats());
  if (!Number.isInteger(partition) || partition < 0 || partition >= meters.length) throw refuse('invalid_argument', 'no such partition');
  return meters[partition]!.stats();
}
