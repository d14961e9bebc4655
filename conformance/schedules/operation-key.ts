import type { Operation } from '../../model/index.js';
import type { Observed } from '../engine/registry-history.js';

const numbers = new WeakMap<Operation, number>();
let operations = 0;

/** Equal only for the same operation with equal answers. Operations are known by who they are: those of a program stay the same. */
export function keyOf(invocation: Operation, response: Observed | undefined): string {
  let number = numbers.get(invocation);
  if (number === undefined) numbers.set(invocation, (number = ++operations));
  if (response === undefined) return `${number} ?`;
  if (response.kind !== 'done') return `${number} ${response.kind === 'refused' ? response.code : response.what}`;
  return response.value === undefined ? `${number}` : `${number} =${textOf(response.value, 8)}`;
}

let odd = 0;

/** Equal only for values that are deeply equal: what is no plain data is equal to nothing. */
function textOf(value: unknown, depth: number): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value);
  if (typeof value === 'boolean' || value === null || value === undefined) return String(value);
  if (typeof value === 'bigint') return `${value}n`;
  const prototype: unknown = typeof value === 'object' ? Object.getPrototypeOf(value) : undefined;
  if (depth === 0 || (prototype !== Object.prototype && prototype !== Array.prototype) || Object.getOwnPropertySymbols(value).length > 0) return `odd ${++odd}`;
  let text = Array.isArray(value) ? `[${value.length}` : '{';
  for (const key of Object.keys(value as object)) text += `${JSON.stringify(key)}:${textOf((value as Record<string, unknown>)[key], depth - 1)},`;
  return `${text}}`;
}
