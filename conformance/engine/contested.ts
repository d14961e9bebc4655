import type { Operation } from '../../model/index.js';
import type { Namespace } from '../../spec/index.js';
import type { Entry, History } from '../linearizability/index.js';
import { effectOf } from './lifetimes.js';
import { Periods, type Period } from './periods.js';
import type { Observed } from './registry-history.js';

/** How often operations were in each other's way: what puts requirements about overlap to the test. */
export interface Contested {
  /** Operations that were still open when another was answered that was called before, and were not refused (a refusal may be a promise where all else is a value): without any, no call outlasts its return. */
  readonly crossing: number;
  /** Operations that overlapped another on the same name, one of the two a write (CON-1, CON-2). */
  readonly operations: number;
  /** Of operations that overlapped another, those that were refused, or of which it is not known what became of them (CON-3). */
  readonly refusals: number;
  /** Of those that crossed, those on the same name, one of the two a write (DLK-4). */
  readonly waits: number;
  /** Lists that overlapped a write of their namespace (LST-3). */
  readonly lists: number;
  /** Broadcasts that overlapped a write that concerns who is bound to their server (RTE-9). */
  readonly broadcasts: number;
}

/** Why nothing can be said of overlap, of a registry in which there is none. */
export const noOverlap = 'calls are answered before they return: those of different clients never overlap';

/** Nothing at all. */
export const uncontested: Contested = { crossing: 0, operations: 0, refusals: 0, waits: 0, lists: 0, broadcasts: 0 };

export const sum = (one: Contested, other: Contested): Contested => ({
  crossing: one.crossing + other.crossing,
  operations: one.operations + other.operations,
  refusals: one.refusals + other.refusals,
  waits: one.waits + other.waits,
  lists: one.lists + other.lists,
  broadcasts: one.broadcasts + other.broadcasts,
});

type Done = Entry<Operation, Observed>;

const isWhole = ({ invocation: { op } }: Done): boolean => op === 'broadcast' || op.startsWith('list');
const isWrite = (entry: Done): boolean => /^(register|unregister|update|bind|unbind|down)/.test(entry.invocation.op) && effectOf(entry) !== undefined;
const isInDoubt = ({ response }: Done): boolean => response === undefined || response.kind === 'refused';

/** Counts what overlapped in a history. */
export function contested(history: History<Operation, Observed>): Contested {
  return { ...pairs(history), ...(history.some(isWhole) ? wholes(history) : { lists: 0, broadcasts: 0 }) };
}

/** An operation, and what it has met with so far. */
interface Seen {
  readonly entry: Done;
  readonly names: readonly string[];
  readonly writes: boolean;
  overlaps: boolean;
  crosses: boolean;
  meets: boolean;
  waits: boolean;
}

/** Goes through all pairs that overlap. What touches does not count: of two things that happen at one time either may have come first. */
function pairs(history: History<Operation, Observed>): Pick<Contested, 'crossing' | 'operations' | 'refusals' | 'waits'> {
  const held = namesHeld(history);
  const all = [...history]
    .sort((a, b) => a.start - b.start)
    .map((entry): Seen => ({ entry, names: namesIn(entry, held), writes: isWrite(entry), overlaps: false, crosses: false, meets: false, waits: false }));
  let open: Seen[] = [];
  for (const one of all) {
    open = open.filter(({ entry }) => entry.end > one.entry.start);
    for (const earlier of open) {
      const crosses = one.entry.end > earlier.entry.end;
      one.overlaps = earlier.overlaps = true;
      one.crosses ||= crosses;
      if (!(one.writes || earlier.writes) || !haveInCommon(one.names, earlier.names)) continue;
      one.meets = earlier.meets = true;
      one.waits ||= crosses;
    }
    open.push(one);
  }
  const count = (isCounted: (one: Seen) => boolean): number => all.filter(isCounted).length;
  return { crossing: count(({ crosses, entry }) => crosses && entry.response?.kind !== 'refused'), operations: count(({ meets }) => meets), refusals: count(({ overlaps, entry }) => overlaps && isInDoubt(entry)), waits: count(({ waits }) => waits) };
}

const haveInCommon = (some: readonly string[], others: readonly string[]): boolean => some.some((one) => others.includes(one));

/** Which names each endpoint has been registered for: those that its end concerns. */
function namesHeld(history: History<Operation, Observed>): ReadonlyMap<string, readonly string[]> {
  const held = new Map<string, string[]>();
  for (const { invocation } of history) {
    if (invocation.op !== 'registerServer' && invocation.op !== 'registerTransport') continue;
    held.set(invocation.endpoint, [...(held.get(invocation.endpoint) ?? []), ...namesOf(invocation)]);
  }
  return held;
}

const namesIn = ({ invocation }: Done, held: ReadonlyMap<string, readonly string[]>): readonly string[] => (invocation.op === 'down' ? (held.get(invocation.endpoint) ?? []) : namesOf(invocation));

/** Programs are run again and again with operations that are the same objects. */
const known = new WeakMap<Operation, readonly string[]>();

function namesOf(operation: Operation): readonly string[] {
  let names = known.get(operation);
  if (names === undefined) known.set(operation, (names = [...concerned(operation)]));
  return names;
}

function* concerned(operation: Operation): Generator<string> {
  if ('id' in operation) yield `${operation.op.endsWith('Transport') ? 'transport' : 'server'} ${operation.id}`;
  // A message is for its recipient alone: who sends it is not looked up.
  if ('transportId' in operation && operation.op !== 'routeToServer') yield `transport ${operation.transportId}`;
  if ('serverId' in operation && operation.op !== 'routeToTransport') yield `server ${operation.serverId}`;
  if (operation.op === 'registerTransport' && typeof operation.config?.['serverId'] === 'string') yield `server ${operation.config['serverId']}`;
}

/** Lists and broadcasts that overlapped a write which may have changed what they give. */
function wholes(history: History<Operation, Observed>): Pick<Contested, 'lists' | 'broadcasts'> {
  const writes = history.filter((entry) => effectOf(entry) !== undefined);
  const ofNamespace: Record<Namespace, Periods<Period>> = { server: new Periods(), transport: new Periods() };
  const ofServer = new Map<string, Periods<Period>>();
  const serversOf = tied(writes);
  for (const { invocation, start, end } of writes) {
    const period = { from: start, to: end };
    for (const namespace of namespacesOf(invocation)) ofNamespace[namespace].add(period);
    for (const server of serversConcerned(invocation, serversOf)) {
      const periods = ofServer.get(server) ?? new Periods<Period>();
      ofServer.set(server, periods);
      periods.add(period);
    }
  }
  const isContested = ({ invocation, start, end }: Entry<Operation, Observed>): boolean => {
    const periods = invocation.op === 'broadcast' ? ofServer.get(invocation.serverId) : ofNamespace[invocation.op === 'listServers' ? 'server' : 'transport'];
    return periods?.some({ start, end }, () => true) ?? false;
  };
  const answered = history.filter(({ response }) => response?.kind === 'done');
  return {
    lists: answered.filter((entry) => entry.invocation.op.startsWith('list') && isContested(entry)).length,
    broadcasts: answered.filter((entry) => entry.invocation.op === 'broadcast' && isContested(entry)).length,
  };
}

/** For each transport, the servers that it was ever tied to; for each endpoint, those whose bindings end with it. */
function tied(writes: History<Operation, Observed>): { readonly transports: ReadonlyMap<string, ReadonlySet<string>>; readonly endpoints: ReadonlyMap<string, ReadonlySet<string>> } {
  const [transports, endpoints] = [new Map<string, Set<string>>(), new Map<string, Set<string>>()];
  const tie = (map: Map<string, Set<string>>, key: string, server: string): void => void map.set(key, (map.get(key) ?? new Set()).add(server));
  for (const { invocation } of writes) {
    if (invocation.op === 'bindTransportToServer') tie(transports, invocation.transportId, invocation.serverId);
    if (invocation.op === 'registerTransport' && typeof invocation.config?.['serverId'] === 'string') tie(transports, invocation.id, invocation.config['serverId']);
  }
  for (const { invocation } of writes) {
    if (invocation.op === 'registerServer') tie(endpoints, invocation.endpoint, invocation.id);
    if (invocation.op === 'registerTransport') for (const server of transports.get(invocation.id) ?? []) tie(endpoints, invocation.endpoint, server);
  }
  return { transports, endpoints };
}

function namespacesOf({ op }: Operation): readonly Namespace[] {
  if (op === 'down' || op === 'close') return ['server', 'transport'];
  if (op === 'registerServer' || op === 'unregisterServer') return ['server'];
  return op === 'registerTransport' || op === 'unregisterTransport' ? ['transport'] : [];
}

function serversConcerned(operation: Operation, { transports, endpoints }: ReturnType<typeof tied>): Iterable<string> {
  switch (operation.op) {
    case 'unregisterServer':
      return [operation.id];
    case 'registerTransport':
    case 'unregisterTransport':
      return transports.get(operation.id) ?? [];
    case 'bindTransportToServer':
    case 'unbindTransport':
      return transports.get(operation.transportId) ?? [];
    case 'down':
      return endpoints.get(operation.endpoint) ?? [];
    default:
      return [];
  }
}
