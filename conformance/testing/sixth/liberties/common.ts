import type { OpenOptions } from '../../../contract.js';
import type { Config, Delivery, Endpoint, ErrorCode, Json, Thresholds } from '../../../../spec/index.js';

/*
 * What the twelve share: reading arguments (once each, before anything is decided, since a getter may do anything), JSON, and hashes.
 * None of their designs is here.
 */

/** Makes a refusal: each registry has errors of its own. */
export type Fail = (code: ErrorCode, why: string) => Error;

/** What stands for a broadcast. */
export const everyone: symbol = Symbol.for('sharded-registry.broadcast');

const unfit = /[\0\p{Surrogate}]/u;

export function isId(value: unknown): value is string {
  if (typeof value !== 'string' || value.length === 0 || value.length > 510 || unfit.test(value)) return false;
  if (value.length <= 255) return true;
  let points = 0;
  for (const _ of value) points++;
  return points <= 255;
}

export function idOf(value: unknown, fail: Fail): string {
  if (!isId(value)) throw fail('invalid_argument', 'not an id');
  return value;
}

/** The signal of what is an endpoint. Each property is read once. */
export function signalOf(value: unknown, fail: Fail): AbortSignal {
  try {
    if ((typeof value === 'object' && value !== null) || typeof value === 'function') {
      const { send, signal } = value as Endpoint;
      if (typeof send === 'function' && typeof signal === 'object' && signal !== null && typeof signal.aborted === 'boolean' && typeof signal.addEventListener === 'function') return signal;
    }
  } catch {
    // A getter that throws belongs to no endpoint.
  }
  throw fail('invalid_argument', 'not an endpoint');
}

/** How a copy of a configuration is to look. */
export interface Style {
  readonly frozen?: boolean;
  /** Objects without a prototype. */
  readonly bare?: boolean;
  /** Keys in order. */
  readonly sorted?: boolean;
}

/** A copy of a configuration. */
export function copyConfig(value: unknown, fail: Fail, style: Style = {}): Config {
  try {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new TypeError('not an object');
    return copyObject(value, style, new Set()) as Config;
  } catch {
    throw fail('invalid_argument', 'a configuration is an object of JSON data');
  }
}

function copyJson(value: unknown, style: Style, above: Set<object>): Json {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      if (Number.isFinite(value)) return value;
      break;
    case 'object':
      return value === null ? null : copyObject(value, style, above);
  }
  throw new TypeError('not JSON');
}

function copyObject(source: object, style: Style, above: Set<object>): Json {
  if (above.has(source)) throw new TypeError('a cycle');
  above.add(source);
  let copy: Json[] | Record<string, Json>;
  if (Array.isArray(source)) {
    copy = [];
    for (let i = 0, n = source.length; i < n; i++) copy.push(copyJson(source[i], style, above));
  } else {
    // Plain objects of any realm.
    const prototype: unknown = Object.getPrototypeOf(source);
    if (prototype !== null && Object.getPrototypeOf(prototype) !== null) throw new TypeError('not a plain object');
    const keys = Object.keys(source);
    if (style.sorted === true) keys.sort();
    copy = style.bare === true ? (Object.create(null) as Record<string, Json>) : {};
    for (const key of keys) {
      const value = copyJson((source as Record<string, unknown>)[key], style, above);
      Object.defineProperty(copy, key, { value, writable: true, enumerable: true, configurable: true });
    }
  }
  above.delete(source);
  return style.frozen === true ? Object.freeze(copy) : copy;
}

/** JSON text that keeps negative zero. */
export function encode(value: Json): string {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value);
  if (typeof value === 'string') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${(value as readonly Json[]).map(encode).join(',')}]`;
  return `{${Object.entries(value as Config).map(([key, inner]) => `${JSON.stringify(key)}:${encode(inner)}`).join(',')}}`;
}

/** The server that the configuration of a transport names. */
export function serverIdOf(config: Config, fail: Fail): string | undefined {
  return Object.hasOwn(config, 'serverId') ? idOf(config['serverId'], fail) : undefined;
}

export function partitionsOf(options: OpenOptions, fail: Fail): number {
  const { partitions } = options;
  if (partitions === undefined) return 16;
  if (!Number.isInteger(partitions) || partitions < 1 || partitions > 64) throw fail('invalid_argument', '1 to 64 partitions');
  return partitions;
}

export function thresholdsOf(options: OpenOptions): Thresholds {
  return {
    windowSize: options.windowSize ?? 10,
    windowMs: options.windowMs ?? 1_000,
    minWrites: options.minWrites ?? 10,
    alarmAboveMs: options.alarmAboveMs ?? 100,
    stuckAfterMs: options.stuckAfterMs ?? 500,
    closeAbove: options.closeAbove ?? 0.5,
  };
}

/** Nobody waits for what becomes of a send, and nobody is harmed by it. */
export function hush(result: unknown): void {
  if ((typeof result === 'object' && result !== null) || typeof result === 'function') {
    new Promise<unknown>((resolve) => resolve(result)).then(undefined, () => {});
  }
}

/** Hands a delivery over; false when the send threw. */
export function handOver(endpoint: Endpoint, delivery: Delivery): boolean {
  try {
    hush(endpoint.send(delivery));
    return true;
  } catch {
    return false;
  }
}

/** Least, mean, and greatest; zeros for none. The mean never leaves the two others, whatever rounding does. */
export function summary(samples: readonly number[]): { readonly min: number; readonly mean: number; readonly max: number } {
  if (samples.length === 0) return { min: 0, mean: 0, max: 0 };
  let min = Infinity;
  let max = -Infinity;
  let sum = 0;
  for (const sample of samples) {
    if (sample < min) min = sample;
    if (sample > max) max = sample;
    sum += sample;
  }
  return { min, mean: Math.min(max, Math.max(min, sum / samples.length)), max };
}

export const mix = (value: number): number => {
  let h = value;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
};

export const randomWord = (): number => Math.floor(Math.random() * 2 ** 32) >>> 0;

/** FNV-1a over code units, finished as murmur does. */
export function fnv(id: string, seed = 0x811c9dc5): number {
  let h = seed | 0;
  for (let i = 0; i < id.length; i++) h = Math.imul(h ^ id.charCodeAt(i), 0x01000193);
  return mix(h);
}

const rotate = (value: number, by: number): number => (value << by) | (value >>> (32 - by));

/** Murmur3 (32 bits) over pairs of code units. */
export function murmur(id: string, seed = 0): number {
  let h = seed | 0;
  const pairs = id.length & ~1;
  for (let i = 0; i < pairs; i += 2) {
    const k = Math.imul(id.charCodeAt(i) | (id.charCodeAt(i + 1) << 16), 0xcc9e2d51);
    h = (Math.imul(rotate(h ^ Math.imul(rotate(k, 15), 0x1b873593), 13), 5) + 0xe6546b64) | 0;
  }
  if (pairs < id.length) h ^= Math.imul(rotate(Math.imul(id.charCodeAt(pairs), 0xcc9e2d51), 15), 0x1b873593);
  return mix(h ^ (id.length * 2));
}

/** Jenkins' one-at-a-time. */
export function oneAtATime(id: string): number {
  let h = 0;
  for (let i = 0; i < id.length; i++) {
    h = (h + id.charCodeAt(i)) | 0;
    h = (h + (h << 10)) | 0;
    h ^= h >>> 6;
  }
  h = (h + (h << 3)) | 0;
  h ^= h >>> 11;
  return mix((h + (h << 15)) | 0);
}

/** HalfSipHash-2-4 over pairs of code units, with a key. */
export function halfSip(id: string, k0: number, k1: number): number {
  let v0 = k0 | 0;
  let v1 = k1 | 0;
  let v2 = 0x6c796765 ^ k0;
  let v3 = 0x74656462 ^ k1;
  const round = (): void => {
    v0 = (v0 + v1) | 0;
    v1 = rotate(v1, 5) ^ v0;
    v0 = rotate(v0, 16);
    v2 = (v2 + v3) | 0;
    v3 = rotate(v3, 8) ^ v2;
    v0 = (v0 + v3) | 0;
    v3 = rotate(v3, 7) ^ v0;
    v2 = (v2 + v1) | 0;
    v1 = rotate(v1, 13) ^ v2;
    v2 = rotate(v2, 16);
  };
  const block = (m: number): void => {
    v3 ^= m;
    round();
    round();
    v0 ^= m;
  };
  const pairs = id.length & ~1;
  for (let i = 0; i < pairs; i += 2) block(id.charCodeAt(i) | (id.charCodeAt(i + 1) << 16));
  block((pairs < id.length ? id.charCodeAt(pairs) : 0) | ((id.length * 2) << 24));
  v2 ^= 0xff;
  round();
  round();
  round();
  round();
  return (v1 ^ v3) >>> 0;
}
