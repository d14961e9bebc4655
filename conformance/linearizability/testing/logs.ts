import type { Entry, History } from '../history.js';
import type { KeyCall, RegisterAnswer, RegisterCall } from './models.js';

/** Puts calls and returns, in the order of a log, together to entries. */
class Pairing<I, O> {
  readonly entries: Entry<I, O>[] = [];
  readonly #open = new Map<string, { readonly invocation: I; readonly start: number }>();
  #time = 0;

  call(actor: string, invocation: I): void {
    this.#open.set(actor, { invocation, start: ++this.#time });
  }

  answer(actor: string, response: O | undefined): void {
    const { invocation, start } = this.#open.get(actor)!;
    this.#open.delete(actor);
    const end = response === undefined ? Infinity : ++this.#time;
    this.entries.push({ id: this.entries.length, actor, invocation, response, start, end });
  }

  forget(actor: string): void {
    this.#open.delete(actor);
  }

  finish(): History<I, O> {
    for (const actor of [...this.#open.keys()]) this.answer(actor, undefined);
    return this.entries;
  }
}

/** A log of Jepsen's run against etcd: `INFO jepsen.util - PROCESS :TYPE :OP VALUE`. */
export function readEtcdLog(text: string): History<RegisterCall, RegisterAnswer> {
  const log = new Pairing<RegisterCall, RegisterAnswer>();
  for (const line of text.split('\n')) {
    const [, process, type, op, value] = /^INFO\s+jepsen\.util\s+-\s+(\d+)\s+:(\w+)\s+:(\w+)\s+(.*)$/.exec(line) ?? [];
    if (process === undefined) continue;
    const numbers = (value!.match(/-?\d+/g) ?? []).map(Number);
    if (type === 'invoke') {
      log.call(process, op === 'read' ? { op } : op === 'write' ? { op, value: numbers[0]! } : { op: 'cas', from: numbers[0]!, to: numbers[1]! });
    } else if (type === 'ok') {
      log.answer(process, op === 'read' ? (numbers[0] ?? null) : op === 'write' ? 'done' : true);
    } else if (type === 'fail') {
      // A read that failed tells nothing, a compare-and-set that failed has found something else.
      if (op === 'read') log.forget(process);
      else log.answer(process, false);
    }
  }
  return log.finish();
}

/** A log of key-value operations: a map in EDN on each line. */
export function readKeyValueLog(text: string): History<KeyCall, string> {
  const log = new Pairing<KeyCall, string>();
  for (const line of text.split('\n')) {
    const [, process, type, op, key, value] = /^\{:process (\d+), :type :(\w+), :f :(\w+), :key "([^"]*)", :value (.*)\}$/.exec(line) ?? [];
    if (process === undefined) continue;
    const text = value === 'nil' ? '' : value!.slice(1, -1);
    if (type === 'invoke') log.call(process, { op: op as KeyCall['op'], key: key!, value: text });
    else log.answer(process, text);
  }
  return log.finish();
}
