import { isDeepStrictEqual } from 'node:util';
import { createModel, type Operation, type RegistryState } from '../../model/index.js';
import type { ErrorCode } from '../../spec/index.js';
import { check, type Entry, type History, type Model } from '../linearizability/index.js';
import type { Answer } from './answer.js';
import { registryObjects } from './registry-objects.js';

/**
 * What came of an operation. Of a route, its value is the endpoint that was reached, and not how many there were: which incarnation
 * a message went to says more.
 */
export type Observed = Answer;

/** Alarms never go on in it: what contention does is judged with virtual time, not in histories. */
const model = createModel({ partitions: 1, thresholds: { windowSize: 1, minWrites: Number.MAX_SAFE_INTEGER, stuckAfterMs: Infinity } });

/** Refusals for reasons that are not in a history: the load, the store, the end. What matters here is that nothing was changed (CON-3). */
export const surroundings: ReadonlySet<ErrorCode> = new Set(['admission_control_active', 'partition_overloaded', 'write_timeout', 'store_failed', 'registry_closed']);

/** What histories of registries are judged by: the model, in which overlapping operations take effect one after the other. CON-1, CON-3. */
export const registryHistories = {
  initial: model.initial,
  step(state: RegistryState, operation: Operation, observed: Observed | undefined): readonly RegistryState[] {
    const step = model.step(state, operation);
    if (observed === undefined) return [step.state];
    if (observed.kind === 'broken') return [];
    if (observed.kind === 'refused') {
      if (surroundings.has(observed.code)) return [state];
      return step.outcome.kind === 'refused' && step.outcome.codes.includes(observed.code) ? [state] : [];
    }
    if (step.outcome.kind === 'refused') return [];
    const expected = isRoute(operation) ? step.deliveries[0]?.endpoint : step.outcome.value;
    return expected === observed.value || isDeepStrictEqual(expected, observed.value) ? [step.state] : [];
  },
  key: (state) => keys.get(state) ?? keep(state),
  operationKey: (operation, observed) => JSON.stringify([operation, observed]),
  isRead: ({ op }, observed) => op.startsWith('find') || op.startsWith('get') || op.startsWith('route') || observed?.kind === 'refused',
  partition: connected,
  objects: (history): ReturnType<typeof registryObjects> => registryObjects(registryHistories, history),
} satisfies Model<RegistryState, Operation, Observed>;

/**
 * Whether an operation may have happened in secret: it was refused for a reason that is not in the history, or it was the registration of
 * an endpoint that has the name all the same. Of others nothing shows: to take them for having happened would explain anything.
 */
function isSecretive({ invocation, response }: Entry<Operation, Observed>, history: History<Operation, Observed>): boolean {
  if (response?.kind !== 'refused') return false;
  if (surroundings.has(response.code)) return true;
  if (invocation.op !== 'registerServer' && invocation.op !== 'registerTransport') return false;
  const { op, id, endpoint } = invocation;
  // Not told apart by what was asked, which two clients may ask for with one and the same object.
  const isOnlyOne = history.every(({ invocation: other, response }) => other.op !== op || other.id !== id || other.endpoint !== endpoint || response?.kind === 'refused');
  const find = op === 'registerServer' ? 'findServer' : 'findTransport';
  return isOnlyOne && history.some(({ invocation, response }) => invocation.op === find && invocation.id === id && response?.kind === 'done' && (response.value as { readonly endpoint: string } | undefined)?.endpoint === endpoint);
}

/** As {@link registryHistories}, but that what is not known to have happened may have happened by half: the end of a binding belongs to more than itself. */
const byHalf: Model<RegistryState, Operation, Observed> = {
  initial: registryHistories.initial,
  key: registryHistories.key,
  operationKey: registryHistories.operationKey,
  isRead: registryHistories.isRead,
  partition: registryHistories.partition,
  step: (state: RegistryState, operation: Operation, observed: Observed | undefined) => [...registryHistories.step(state, operation, observed), ...(observed === undefined ? halvesOf(state, operation) : [])],
};

function halvesOf(state: RegistryState, operation: Operation): RegistryState[] {
  const unbound = (from: RegistryState, transportId: string): RegistryState => model.step(from, { op: 'unbindTransport', transportId }).state;
  switch (operation.op) {
    case 'bindTransportToServer':
      return [unbound(state, operation.transportId)];
    case 'unregisterTransport':
      return [unbound(state, operation.id)];
    case 'registerTransport':
      return operation.config?.['serverId'] === undefined ? [] : [unbound(model.step(state, operation).state, operation.id)];
    default:
      return [];
  }
}

/**
 * What is broken when a history is not linearizable. Where it would be right for operations to have happened that were refused, or by
 * half that were refused or left unknown, they have (CON-3); else it is the order (CON-1).
 */
export function blameHistory(history: History<Operation, Observed>, budget: { readonly steps: number; readonly milliseconds: number }): 'CON-1' | 'CON-3' {
  const doubtful = new Set(history.filter((entry) => entry.response === undefined || isSecretive(entry, history)));
  const doubted = history.map((entry) => (doubtful.has(entry) ? { ...entry, response: undefined, end: Infinity } : entry));
  return doubtful.size > 0 && check(byHalf, doubted, budget).verdict === 'linearizable' ? 'CON-3' : 'CON-1';
}

export const isRoute = ({ op }: Operation): boolean => op === 'routeToServer' || op === 'routeToTransport';

const keys = new WeakMap<RegistryState, string>();

/** What can be told apart by operations of a history: names and bindings, and which endpoints are up. */
function keep(state: RegistryState): string {
  const { names, bindings, endpoints } = state;
  const sorted = <V>(map: ReadonlyMap<string, V>): [string, V][] => [...map].sort(([a], [b]) => (a < b ? -1 : 1));
  const key = JSON.stringify([sorted(names.server), sorted(names.transport), sorted(bindings), sorted(endpoints)]);
  keys.set(state, key);
  return key;
}

/** Endpoints that go down: only these tie the names together that they hold. */
export const mortalIn = (history: History<Operation, Observed>): ReadonlySet<string> => new Set(history.flatMap(({ invocation }) => (invocation.op === 'down' ? [invocation.endpoint] : [])));

/** What an operation concerns, and ties together: names, and endpoints that go down. */
export function* subjects(operation: Operation, mortal: ReadonlySet<string>): Generator<string> {
  switch (operation.op) {
    case 'registerServer':
    case 'unregisterServer':
    case 'updateServer':
    case 'findServer':
      yield `server ${operation.id}`;
      break;
    case 'registerTransport':
      yield `transport ${operation.id}`;
      if (typeof operation.config?.['serverId'] === 'string') yield `server ${operation.config['serverId']}`;
      break;
    case 'unregisterTransport':
    case 'findTransport':
      yield `transport ${operation.id}`;
      break;
    case 'bindTransportToServer':
      yield `transport ${operation.transportId}`;
      yield `server ${operation.serverId}`;
      break;
    case 'unbindTransport':
    case 'getServerForTransport':
    case 'routeToTransport':
      yield `transport ${operation.transportId}`;
      break;
    case 'routeToServer':
      yield `server ${operation.serverId}`;
      break;
    case 'down':
      yield `endpoint ${operation.endpoint}`;
      break;
    default:
      throw new RangeError(`${operation.op} concerns everything: it cannot be part of a history that is judged in parts`);
  }
  if (operation.op !== 'down' && 'endpoint' in operation && mortal.has(operation.endpoint)) yield `endpoint ${operation.endpoint}`;
}

/**
 * The groups of operations that have nothing to do with each other: no bind ties their names, and no endpoint holds names of both
 * and goes down. Each can be judged by itself, since linearizability is local (Herlihy and Wing, 1990). Near linear.
 */
export function connected(history: History<Operation, Observed>): History<Operation, Observed>[] {
  const numbers = new Map<string, number>();
  const parents: number[] = [];
  const numberOf = (subject: string): number => {
    let number = numbers.get(subject);
    if (number === undefined) numbers.set(subject, (number = parents.push(parents.length) - 1));
    return number;
  };
  const rootOf = (number: number): number => {
    let root = number;
    while (parents[root] !== root) root = parents[root] = parents[parents[root]!]!;
    return root;
  };
  const mortal = mortalIn(history);
  const firsts = history.map(({ invocation }) => {
    let first: number | undefined;
    for (const subject of subjects(invocation, mortal)) {
      const number = numberOf(subject);
      first ??= number;
      parents[rootOf(number)] = rootOf(first);
    }
    return first!;
  });
  const groups = new Map<number, Entry<Operation, Observed>[]>();
  for (const [i, entry] of history.entries()) {
    const root = rootOf(firsts[i]!);
    const group = groups.get(root);
    if (group === undefined) groups.set(root, [entry]);
    else group.push(entry);
  }
  return [...groups.values()];
}
