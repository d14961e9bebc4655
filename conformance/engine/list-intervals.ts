import { isDeepStrictEqual } from 'node:util';
import type { Found, Operation } from '../../model/index.js';
import type { Namespace } from '../../spec/index.js';
import type { History } from '../linearizability/index.js';
import { Violation } from './findings.js';
import type { Life, Lifetimes } from './lifetimes.js';
import type { Span } from './moments.js';
import { throughout } from './periods.js';
import type { Observed } from './registry-history.js';
import { show } from './show.js';

interface List extends Span {
  readonly found: readonly Found[];
}

/** What lists must hold and must not hold while others write, whenever each of them was collected. At most one of each kind. LST-1, LST-3. */
export function judgeLists(history: History<Operation, Observed>, lifetimes: Lifetimes): Violation[] {
  return (['server', 'transport'] as const).flatMap((namespace) => {
    const op = namespace === 'server' ? 'listServers' : 'listTransports';
    const lists = history.flatMap(({ invocation, response, start, end }): List[] => (invocation.op === op && response?.kind === 'done' ? [{ start, end, found: response.value as readonly Found[] }] : []));
    return [first(lists, (list) => twice(op, list)), missing(op, lists, lifetimes.registered[namespace]), first(lists, (list) => unaccounted(op, namespace, list, lifetimes))].filter((one) => one !== undefined);
  });
}

function first<T>(items: readonly T[], judge: (item: T) => Violation | undefined): Violation | undefined {
  for (const item of items) {
    const violation = judge(item);
    if (violation !== undefined) return violation;
  }
  return undefined;
}

function twice(op: string, { found }: List): Violation | undefined {
  const ids = new Set<string>();
  for (const { id } of found) {
    if (ids.has(id)) return new Violation('a list holds a name twice', `${show(id)} once`, `${op}() → ${show(found.filter((one) => one.id === id))}`, 'LST-1');
    ids.add(id);
  }
  return undefined;
}

function missing(op: string, lists: readonly List[], registered: Lifetimes['registered'][Namespace]): Violation | undefined {
  for (const [{ found }, certain] of throughout(lists, registered)) {
    const held = new Map(found.map(({ id, endpoint }) => [id, endpoint]));
    const lost = certain.find(({ id, endpoint }) => held.get(id) !== endpoint);
    if (lost !== undefined) return new Violation('a list lacks what was registered before it began and until it had ended', `${show(lost.id)}, held by ${lost.endpoint}`, `${op}() → ${show(found)}`, 'LST-3');
  }
  return undefined;
}

function unaccounted(op: string, namespace: Namespace, list: List, lifetimes: Lifetimes): Violation | undefined {
  for (const item of list.found) {
    const lives = lifetimes.lives(namespace, item.id);
    if (lives.some(list, (life) => life.endpoint === item.endpoint && isCurrent(namespace, item, life, list, lifetimes))) continue;
    const actual = `${op}() → ${show(list.found)}`;
    return lives.some(list, ({ endpoint }) => endpoint === item.endpoint)
      ? new Violation('a list shows a configuration that was not in force at any moment of the call', `another configuration of ${show(item.id)}`, actual, 'LST-1')
      : new Violation('a list holds what was not registered at any moment of the call', `no ${show(item.id)} held by ${item.endpoint}`, actual, 'LST-3');
  }
  return undefined;
}

/** Whether an incarnation can have had this configuration at some moment of a list: its first, or one that an update gave it. */
function isCurrent(namespace: Namespace, { id, config }: Found, life: Life, list: List, lifetimes: Lifetimes): boolean {
  if (isDeepStrictEqual(life.config, config) && lifetimes.writtenUntil(namespace, id, life.made) >= list.start) return true;
  return lifetimes.written(namespace, id).some(list, (update) => update.made.end >= life.made.start && isDeepStrictEqual(update.config, config));
}
