import type { Found } from '../../model/index.js';
import type { Config, Registry } from '../../spec/index.js';
import type { Answer } from './answer.js';
import { TestEndpoint } from './endpoint.js';

const done: Answer = { kind: 'done', value: undefined };

/**
 * Reads what almost every registry answers almost every time, as the shapes of {@link readShaped} do, and many times as fast: nothing, an
 * id, a registration that is plain data. Undefined: it is something else, for the shapes to read. Throws what getters throw.
 */
export function readPlain(operation: keyof Registry, value: unknown): Answer | undefined {
  switch (operation) {
    case 'registerServer':
    case 'registerTransport':
    case 'unregisterServer':
    case 'unregisterTransport':
    case 'updateServer':
    case 'bindTransportToServer':
    case 'unbindTransport':
      // Whatever a write resolves with is of no account.
      return done;
    case 'getServerForTransport':
      return value === undefined ? done : typeof value === 'string' ? { kind: 'done', value } : undefined;
    case 'findServer':
    case 'findTransport':
      return value === undefined ? done : readRegistration(value);
  }
  return undefined;
}

function readRegistration(value: unknown): Answer | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const { id, endpoint, config } = value as { readonly id?: unknown; readonly endpoint?: unknown; readonly config?: unknown };
  if (typeof id !== 'string' || !(endpoint instanceof TestEndpoint) || !isPlain(config)) return undefined;
  const found: Found = { id, endpoint: endpoint.name, config: asData(config) as Config };
  return { kind: 'done', value: found };
}

/** How deep a configuration is read: deeper than any that the kit has given. */
const deepest = 100;

/**
 * JSON data by itself, whatever it is kept in: objects without a prototype, or of some class, and arrays of some kind are as good as others, and what becomes of them later is of
 * no account. What is no JSON data stays what it is. Throws if it is deeper than any that was given, or has no end.
 */
export function asData(value: unknown, depth = 0): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (depth > deepest) throw new Error('a configuration without end');
  if (Array.isArray(value)) return Array.from(value, (item) => asData(item, depth + 1));
  if (Object.prototype.toString.call(value) !== '[object Object]') return value;
  const data: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    const item = asData((value as Record<string, unknown>)[key], depth + 1);
    if (key === '__proto__') Object.defineProperty(data, key, { value: item, enumerable: true, configurable: true, writable: true });
    else data[key] = item;
  }
  return data;
}

/** An object as it is written in braces, without anything that would have to be looked at twice. */
function isPlain(value: unknown): value is Config {
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return false;
  if (Object.hasOwn(value, '__proto__') || Object.hasOwn(value, 'constructor')) return false;
  return Reflect.ownKeys(value).length === Object.keys(value).length;
}
