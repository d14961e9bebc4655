import type { Operation } from '../../model/index.js';

/** Control characters, bidirectional overrides and lone surrogates must not reach a terminal or a report as they are. */
const unsafe = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** Any text, made safe to print: on one line, at most `limit` characters. */
export function safe(text: string, limit = 400): string {
  const cut = text.length > limit ? `${text.slice(0, limit)}… (${text.length} characters)` : text;
  return cut.replace(unsafe, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Any value, as one line a person can read. Never throws, whatever an adapter hands out. */
export function show(value: unknown, limit = 400): string {
  try {
    return safe(describe(value, 4), limit);
  } catch {
    return 'a value that cannot be shown';
  }
}

function describe(value: unknown, depth: number): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'function') return 'a function';
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  if (typeof value !== 'object' || value === null) return typeof value === 'bigint' ? `${value}n` : String(value);
  if (depth === 0) return '…';
  const items = Array.isArray(value)
    ? value.slice(0, 20).map((item) => describe(item, depth - 1))
    : Object.entries(value).slice(0, 20).map(([key, item]) => `${key}: ${describe(item, depth - 1)}`);
  const rest = (Array.isArray(value) ? value.length : Object.keys(value).length) > 20 ? [...items, '…'] : items;
  return Array.isArray(value) ? `[${rest.join(', ')}]` : `{${rest.join(', ')}}`;
}

/** An operation as it would be written in code: `registerServer("s1", e1)`. */
export function showOperation(operation: Operation): string {
  const { op, takes, ...args } = operation as Operation & { takes?: number };
  if (op === 'down') return `${(args as { endpoint: string }).endpoint} goes down`;
  if (op === 'advance') return `${(args as { ms: number }).ms} ms pass`;
  const shown = Object.entries(args)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => (key === 'endpoint' ? String(value) : show(value, 120)));
  const call = op === 'broadcast' ? `routeToTransport(broadcast, ${shown.join(', ')})` : `${op}(${shown.join(', ')})`;
  return takes ? `${call} taking ${takes} ms` : call;
}
