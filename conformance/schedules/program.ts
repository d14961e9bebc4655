import type { Operation } from '../../model/index.js';
import type { Feature } from '../../spec/index.js';
import type { Random } from './choosers.js';

/** What clients do at once, and what has been done before. Plain data: it is generated, shrunk, printed and replayed. */
export interface ConcurrentProgram {
  /** One after the other, before any client begins. */
  readonly setup: readonly Operation[];
  /** For each client, what it does: each operation is called when the one before has been answered. */
  readonly clients: readonly (readonly Operation[])[];
  /** What an endpoint calls back, from within its `send`, when it is sent something for the first time: that `send` returns the promise of it. */
  readonly reactions?: Readonly<Record<string, Operation>>;
  /** What is called back when an endpoint goes down, by a listener to its signal that was added when all was set up. */
  readonly downReactions?: Readonly<Record<string, Operation>>;
  /** Whether a call may come before what the last one set off has come to rest: some registries yield without waiting for anything. */
  readonly early?: boolean;
  /** How commits are: steps of their own, unless said; at once; or stuck for so long that every time-out runs off before. */
  readonly commits?: 'prompt' | 'stuck';
  /** Whether somebody looks at every name and binding after each step, and does nothing else: then there is less that may have happened in another order. */
  readonly isWatched?: boolean;
}

/** A program, and which of the enabled steps to take, one after the other. */
export interface ScheduledProgram extends ConcurrentProgram {
  readonly suite: 'schedules';
  readonly schedule: readonly number[];
}

/** How large programs are. */
export interface ProgramSize {
  readonly clients: number;
  /** Of each client, at most. */
  readonly operations: number;
}

const servers = ['s1', 's2'];
const transports = ['t1', 't2'];

/** A random program in which clients get in each other's way: few names, and every registration with an endpoint and a configuration of its own. */
export function randomProgram(random: Random, { clients, operations }: ProgramSize, offers: (feature: Feature | 'reads') => boolean): ConcurrentProgram {
  const below = (count: number): number => Math.floor(random() * count);
  const one = <T>(items: readonly T[]): T => items[below(items.length)]!;
  const routes = offers('routing') && offers('transports') && offers('reads');
  const binds = offers('binding') && offers('transports');
  const lists = offers('lists') && offers('reads');
  // Each program is about few things: what gets in each other's way then meets more often than if all were about everything (swarm
  // testing: Groce and others, 2012).
  const theme = below(6);
  const about = theme < 2 && routes && binds ? 'messages' : theme === 2 && lists ? 'lists' : theme === 3 && binds ? 'bindings' : 'names';
  // There is little to be said of lists and broadcasts where there is nothing to list, and nobody to be reached.
  const someServers = servers.slice(0, about === 'lists' || about === 'bindings' ? 2 : 1 + below(2));
  const someTransports = transports.slice(0, about === 'messages' ? 2 : 1 + below(2));
  const server = (): string => one(someServers);
  const transport = (): string => one(someTransports);
  let made = 0;
  const endpoints: string[] = [];
  /** A new one, or now and then one that is there already: then two names go down with it. */
  const endpoint = (): string => {
    if (endpoints.length > 0 && below(4) === 0) return one(endpoints);
    endpoints.push(`e${endpoints.length + 1}`);
    return endpoints.at(-1)!;
  };
  const config = (): { config?: { v: number } } => (offers('configs') ? { config: { v: ++made } } : {});
  const registerServer = (): Operation => ({ op: 'registerServer', id: server(), endpoint: endpoint(), ...config() });
  const registerTransport = (): Operation => {
    const bound = offers('binding') && offers('configs') && below(3) < (about === 'bindings' ? 2 : 1);
    return { op: 'registerTransport', id: transport(), endpoint: endpoint(), ...(bound ? { config: { serverId: server() } } : {}) };
  };

  const unregisterServer = (): Operation => ({ op: 'unregisterServer', id: server() });
  const unregisterTransport = (): Operation => ({ op: 'unregisterTransport', id: transport() });
  const updateServer = (): Operation => ({ op: 'updateServer', id: server(), config: { v: ++made } });
  const bind = (): Operation => ({ op: 'bindTransportToServer', transportId: transport(), serverId: server() });
  const unbind = (): Operation => ({ op: 'unbindTransport', transportId: transport() });
  const down = (): Operation => ({ op: 'down', endpoint: endpoints.length > 0 ? one(endpoints) : endpoint() });
  const find = (): Operation => ({ op: 'findServer', id: server() });
  const findTransport = (): Operation => ({ op: 'findTransport', id: transport() });
  const getServer = (): Operation => ({ op: 'getServerForTransport', transportId: transport() });
  const list = (): Operation => ({ op: lists && offers('transports') && below(3) === 0 ? 'listTransports' : 'listServers' });
  const broadcast = (): Operation => ({ op: 'broadcast', serverId: server(), message: 'm' });
  const toTransport = (): Operation => ({ op: 'routeToTransport', transportId: transport(), serverId: server(), message: 'm' });
  const toServer = (): Operation => ({ op: 'routeToServer', serverId: server(), transportId: transport(), message: 'm' });

  const kinds: (() => Operation)[] = [];
  const when = (offered: boolean, count: number, kind: () => Operation): void => void (offered && kinds.push(...Array.from({ length: count }, () => kind)));
  const [many, some, few] = about === 'names' ? [4, 2, 1] : [1, 1, 0];
  when(true, about === 'lists' ? some * 3 : many, registerServer);
  when(true, about === 'lists' ? some * 3 : some, unregisterServer);
  when(offers('transports'), 1, registerTransport);
  when(offers('transports'), 1, unregisterTransport);
  when(offers('liveness'), some, down);
  when(offers('configs') && offers('update'), about === 'messages' ? 0 : some, updateServer);
  when(binds, about === 'lists' ? 0 : 1 + some, bind);
  when(binds, about === 'messages' ? 2 : few, unbind);
  when(offers('reads'), some, find);
  when(binds && offers('reads'), few, getServer);
  when(routes, few, toServer);
  if (about === 'bindings') {
    when(true, 2, registerTransport);
    when(true, 1, unregisterServer);
    when(true, 2, bind);
    when(true, 1, unbind);
    when(offers('reads'), 3, getServer);
    // That a transport is there and what it is bound to come about in one step (BND-8): to be seen only by who looks at both.
    when(offers('reads'), 2, findTransport);
  }
  if (about === 'lists') when(true, 5, list);
  if (about === 'messages') {
    when(true, 4, broadcast);
    when(true, 3, toTransport);
  }

  const setup: Operation[] = [];
  for (const id of someServers) if (below(5) > (about === 'names' ? 1 : 0)) setup.push({ ...registerServer(), id } as Operation);
  for (const transportId of offers('transports') ? someTransports : []) {
    if (below(about === 'messages' ? 6 : 3) === 0) continue;
    setup.push({ ...registerTransport(), id: transportId } as Operation);
    if (binds && below(about === 'messages' ? 6 : 3) > 0) setup.push({ op: 'bindTransportToServer', transportId, serverId: server() });
  }
  /** What ends a server may begin it anew: whoever is bound to it meanwhile is bound to one of the two. */
  const step = (): Operation[] => {
    const operation = one(kinds)();
    return about === 'bindings' && operation.op === 'unregisterServer' ? [operation, { ...registerServer(), id: operation.id } as Operation] : [operation];
  };
  const lines = Array.from({ length: clients }, () => Array.from({ length: 1 + below(operations) }, step).flat());
  // Twice the same at once: what is on its way already may be taken for the answer to both. About one in six: nothing is drawn for it.
  const [first, second] = lines;
  if (second !== undefined && lines.flat().length % 6 === 0) second[0] = first![0]!;
  const program = { setup, clients: lines };
  /** Whoever is called looks around now and then, if only to find out who is left. */
  const called = (): Operation => (lists && below(3) === 0 ? list() : one(kinds)());
  const { reactions, downReactions } = callbacks(program, one, called);
  return { ...program, ...(reactions && offers('send-awaited') && { reactions }), ...(downReactions && { downReactions }) };
}

/** Of the endpoints that will be sent something, or go down, some call back. */
function callbacks({ setup, clients }: ConcurrentProgram, one: <T>(items: readonly T[]) => T, operation: () => Operation): Pick<ConcurrentProgram, 'reactions' | 'downReactions'> {
  const all = [...setup, ...clients.flat()];
  const reached = (namespace: 'Server' | 'Transport'): string[] => all.flatMap((other) => (other.op === `register${namespace}` && 'endpoint' in other ? [other.endpoint] : []));
  const recipients = all.flatMap(({ op }) => (op === 'routeToServer' ? reached('Server') : op === 'routeToTransport' || op === 'broadcast' ? reached('Transport') : []));
  const mortal = all.flatMap((other) => (other.op === 'down' ? [other.endpoint] : []));
  return {
    ...(recipients.length > 0 && one([true, false]) && { reactions: { [one(recipients)]: operation() } }),
    ...(mortal.length > 0 && one([true, false]) && { downReactions: { [one(mortal)]: operation() } }),
  };
}

/** What is looked up when a program is over. */
export const readsAfter: readonly Operation[] = [
  ...servers.map((id): Operation => ({ op: 'findServer', id })),
  ...transports.map((id): Operation => ({ op: 'findTransport', id })),
  ...transports.map((transportId): Operation => ({ op: 'getServerForTransport', transportId })),
];

/** What a program does, with nothing called from within anything else: calls back are clients of their own. */
export function inSequence({ setup, clients, reactions = {}, downReactions = {}, isWatched }: ConcurrentProgram): ConcurrentProgram {
  return { ...(isWatched && { isWatched }), setup, clients: [...clients, ...[reactions, downReactions].flatMap((all) => Object.values(all).map((operation) => [operation]))] };
}

/** What is looked up after each step of a program that is watched: the names that it is about. */
export function readsOf({ setup, clients, reactions = {}, downReactions = {} }: ConcurrentProgram): readonly Operation[] {
  const operations = [...setup, ...clients.flat(), ...Object.values(reactions), ...Object.values(downReactions)];
  const named = new Set(operations.flatMap((operation) => [
    ...('id' in operation ? [operation.id] : []),
    ...('transportId' in operation ? [operation.transportId] : []),
    ...('serverId' in operation ? [operation.serverId] : []),
    ...('config' in operation && typeof operation.config?.['serverId'] === 'string' ? [operation.config['serverId']] : []),
  ]));
  return readsAfter.filter((read) => named.has('id' in read ? read.id : (read as { readonly transportId: string }).transportId));
}

/** Programs with one thing less, the largest first: fewer clients, fewer operations, less called back, less set up, nobody who looks. */
export function* smaller(program: ConcurrentProgram): Generator<ConcurrentProgram> {
  const { setup, clients, reactions, downReactions, early, commits, ...others } = program;
  const rest = { ...others, ...(commits && { commits }) };
  for (let i = 0; i < clients.length; i++) if (clients.length > 1) yield { ...program, clients: clients.filter((_, at) => at !== i) };
  for (const [i, operations] of clients.entries()) {
    for (let j = operations.length - 1; j >= 0; j--) {
      if (operations.length > 1) yield { ...program, clients: clients.with(i, operations.filter((_, at) => at !== j)) };
    }
  }
  const always = { ...rest, setup, clients, ...(early && { early }) };
  if (reactions !== undefined) yield { ...always, ...(downReactions && { downReactions }) };
  if (downReactions !== undefined) yield { ...always, ...(reactions && { reactions }) };
  for (let i = setup.length - 1; i >= 0; i--) yield { ...program, setup: setup.filter((_, at) => at !== i) };
  for (const [i, bind] of setup.entries()) {
    // What binds a transport by its configuration is one operation less (BND-8).
    const made = bind.op === 'bindTransportToServer' ? setup.findIndex((other) => other.op === 'registerTransport' && other.id === bind.transportId) : -1;
    if (bind.op !== 'bindTransportToServer' || made < 0 || made > i) continue;
    yield { ...program, setup: setup.map((other, at) => (at === made ? ({ ...other, config: { serverId: bind.serverId } } as Operation) : other)).filter((_, at) => at !== i) };
  }
  if (program.isWatched) yield unwatched(program);
  if (commits !== undefined) yield { ...others, setup, clients, ...(early && { early }), ...(reactions && { reactions }), ...(downReactions && { downReactions }) };
  if (early) yield { ...rest, setup, clients, ...(reactions && { reactions }), ...(downReactions && { downReactions }) };
}

const unwatched = ({ isWatched: _, ...program }: ConcurrentProgram): ConcurrentProgram => program;
