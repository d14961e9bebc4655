import type { Config, Json } from '../spec/interface.js';
import { invalid, RegistryError } from './error.js';

/** How deep a configuration may nest, and how many values it may hold: what is kept must be bounded. */
const maxDepth = 32;
const maxValues = 10_000;

/** All registrations without a configuration share this one. */
const empty: Config = Object.freeze({});

/**
 * A deep, frozen copy of a configuration (CFG-1). Anything but JSON data of at most 32 levels and 10,000 values is
 * refused with `invalid_argument`; so is what throws while it is read. O(size).
 */
export function copyConfig(config: unknown): Config {
  if (config === undefined) return empty;
  try {
    if (!isPlain(config)) throw invalid('The config is not a plain object: give JSON data.');
    const copy = copyValue(config, 1, { left: maxValues }) as Config;
    return Object.keys(copy).length === 0 ? empty : copy;
  } catch (error) {
    throw error instanceof RegistryError ? error : invalid('The config could not be read: give plain JSON data.', error);
  }
}

function copyValue(value: unknown, depth: number, budget: { left: number }): Json {
  if (--budget.left < 0) throw invalid(`The config holds more than ${maxValues} values: keep large data elsewhere.`);
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  if (Number.isFinite(value)) return value as number;
  if (typeof value !== 'object') throw invalid(`The config holds ${describe(value)}, which is not JSON data.`);
  // A cycle is endless depth.
  if (depth > maxDepth) throw invalid(`The config is nested deeper than ${maxDepth} levels, or refers to itself.`);

  const keys = Object.keys(value);
  if (Object.getOwnPropertySymbols(value).length > 0) throw invalid('The config holds a symbol key, which is not JSON data.');
  if (Array.isArray(value)) {
    // Before the copy: a sparse array may be long and hold nothing.
    if (keys.length !== value.length) throw invalid('The config holds an array with holes or named properties, which is not JSON data.');
    return Object.freeze(value.map((item) => copyValue(item, depth + 1, budget)));
  }
  if (!isPlain(value)) throw invalid('The config holds an object that is not a plain one: give JSON data.');
  const copy: Record<string, Json> = {};
  for (const key of keys) {
    const item = copyValue(value[key], depth + 1, budget);
    // Assigned, `__proto__` would set the prototype.
    if (key === '__proto__') Object.defineProperty(copy, key, { value: item, enumerable: true });
    else copy[key] = item;
  }
  return Object.freeze(copy);
}

/** Plain: no prototype, or the root of a prototype chain, so that objects of another realm are plain too. */
function isPlain(value: unknown): value is Record<string, unknown> {
  if (value === null || Array.isArray(value)) return false; // What is no object has a prototype that is not the root.
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

const describe = (value: unknown): string => (typeof value === 'number' ? String(value) : `a value of type ${typeof value}`);
