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
  const found: Found = { id, endpoint: endpoint.name, config: { ...config } };
  return { kind: 'done', value: found };
}

/** An object as it is written in braces, without anything that would have to be looked at twice. */
function isPlain(value: unknown): value is Config {
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return false;
  if (Object.hasOwn(value, '__proto__') || Object.hasOwn(value, 'constructor')) return false;
  return Reflect.ownKeys(value).length === Object.keys(value).length;
}
