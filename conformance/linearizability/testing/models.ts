import type { Model } from '../model.js';
import type { History } from '../history.js';

/** Calls of the one register of the etcd logs. */
export type RegisterCall = { readonly op: 'read' } | { readonly op: 'write'; readonly value: number } | { readonly op: 'cas'; readonly from: number; readonly to: number };

/** What was read, whether a compare-and-set took place, or that a write is done. */
export type RegisterAnswer = number | null | boolean | 'done';

/** A register that holds nothing at first. */
export const register: Model<number | null, RegisterCall, RegisterAnswer> = {
  initial: null,
  step(state, call, answer) {
    switch (call.op) {
      case 'read':
        return answer === undefined || answer === state ? [state] : [];
      case 'write':
        return [call.value];
      case 'cas': {
        const swaps = state === call.from;
        return answer === undefined || answer === swaps ? [swaps ? call.to : state] : [];
      }
    }
  },
  isRead: ({ op }, answer) => op === 'read' || (op === 'cas' && answer === false),
  operationKey: (call, answer) => `${call.op === 'read' ? '' : call.op === 'write' ? call.value : `${call.from} ${call.to}`}:${call.op}:${String(answer)}`,
};

/** Calls of the key-value logs. */
export interface KeyCall {
  readonly op: 'get' | 'put' | 'append';
  readonly key: string;
  readonly value: string;
}

/** String registers by key, empty at first. */
export const keyValue: Model<string, KeyCall, string> = {
  initial: '',
  step(state, { op, value }, answer) {
    if (op === 'put') return [value];
    if (op === 'append') return [state + value];
    return answer === undefined || answer === state ? [state] : [];
  },
  isRead: ({ op }) => op === 'get',
  partition: byKey,
};

function byKey(history: History<KeyCall, string>): History<KeyCall, string>[] {
  const parts = new Map<string, History<KeyCall, string>[number][]>();
  for (const entry of history) {
    const part = parts.get(entry.invocation.key);
    if (part === undefined) parts.set(entry.invocation.key, [entry]);
    else part.push(entry);
  }
  return [...parts.values()];
}
