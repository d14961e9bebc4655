import { createModel, type Operation } from '../../model/index.js';
import { isRoute, type Observed } from '../engine/registry-history.js';
import type { Entry } from '../linearizability/index.js';
import { randomFrom } from '../schedules/choosers.js';

export interface RegistryRun {
  readonly operations: number;
  readonly clients: number;
  /** How many servers there are, and how many transports. */
  readonly names: number;
  /** Whether transports are bound to servers, which ties their names together; else each name is for itself. */
  readonly binds: boolean;
  /** Of a thousand operations, so many have an end that nobody knows. */
  readonly lost?: number;
  /** One lookup, after half of the operations, tells of a registration that was over before it was called. */
  readonly staleRead?: boolean;
  readonly seed: number;
}

interface Call {
  readonly id: number;
  readonly actor: string;
  readonly invocation: Operation;
  readonly start: number;
  /** When it takes effect. */
  readonly effect: number;
  readonly end: number;
}

/**
 * What clients of a registry might see, each of which has one operation open at a time: every operation takes effect at some moment
 * between its call and its end, and is answered as the model says. Linearizable, unless a stale read is asked for. The same for the
 * same seed.
 */
export function registryHistory(run: RegistryRun): Entry<Operation, Observed>[] {
  const random = randomFrom(run.seed);
  const below = (count: number): number => Math.floor(random() * count);
  const calls = callsOf(run, below).sort((a, b) => a.effect - b.effect);
  const { initial, step } = createModel({ partitions: 1, thresholds: { minWrites: Number.MAX_SAFE_INTEGER, stuckAfterMs: Infinity } });
  let state = initial;
  const entries = calls.map(({ id, actor, invocation, start, end }): Entry<Operation, Observed> => {
    const isLost = below(1_000) < (run.lost ?? 0);
    // It may have happened as well as not.
    const { outcome, deliveries, ...after } = isLost && below(2) === 0 ? { state, outcome: undefined, deliveries: [] } : step(state, invocation);
    state = after.state;
    if (isLost) return { id, actor: `${actor}, which was lost in ${id}`, invocation, response: undefined, start, end: Infinity };
    const value = isRoute(invocation) ? deliveries[0]?.endpoint : outcome!.kind === 'done' ? outcome!.value : undefined;
    return { id, actor, invocation, response: outcome!.kind === 'refused' ? { kind: 'refused', code: outcome!.codes[below(outcome!.codes.length)]! } : { kind: 'done', value }, start, end };
  });
  if (run.staleRead === true) plantStaleRead(entries);
  return entries.sort((a, b) => a.start - b.start);
}

function callsOf({ operations, clients, names, binds }: RegistryRun, below: (count: number) => number): Call[] {
  const free = Array.from({ length: clients }, () => 0);
  const server = (): string => `s${below(names)}`;
  const transport = (): string => `t${below(names)}`;
  const lookups: (() => Operation)[] = [
    () => ({ op: 'findServer', id: server() }),
    () => ({ op: 'findServer', id: server() }),
    () => ({ op: 'findTransport', id: transport() }),
    () => ({ op: 'routeToServer', serverId: server(), transportId: transport(), message: 'm' }),
  ];
  if (binds) lookups.push(() => ({ op: 'getServerForTransport', transportId: transport() }), () => ({ op: 'getServerForTransport', transportId: transport() }));
  const writes = (v: number): (() => Operation)[] => [
    () => ({ op: 'registerServer', id: server(), endpoint: `e${v}`, config: { v } }),
    () => ({ op: 'registerServer', id: server(), endpoint: `e${v}`, config: { v } }),
    () => ({ op: 'registerTransport', id: transport(), endpoint: `e${v}`, config: { v, ...(binds && v % 2 === 0 && { serverId: server() }) } }),
    () => ({ op: 'updateServer', id: server(), config: { v } }),
    () => ({ op: 'unregisterServer', id: server() }),
    () => ({ op: 'unregisterTransport', id: transport() }),
    // One of those that were registered lately, if it was.
    () => (v % 4 === 0 ? { op: 'down', endpoint: `e${Math.max(0, v - 1 - below(8 * clients))}` } : { op: 'unregisterServer', id: server() }),
    ...(binds ? Array.from({ length: 4 }, () => (): Operation => ({ op: 'bindTransportToServer', transportId: transport(), serverId: server() })) : []),
    ...(binds ? [(): Operation => ({ op: 'unbindTransport', transportId: transport() })] : []),
  ];
  return Array.from({ length: operations }, (_, id): Call => {
    const client = id % clients;
    const start = free[client]! + below(20);
    const effect = start + below(100);
    const end = effect + below(100);
    free[client] = end + 1;
    const kinds = below(2) === 0 ? lookups : writes(id);
    return { id, actor: `client ${client + 1}`, invocation: kinds[below(kinds.length)]!(), start, effect, end };
  });
}

/** A registration, what ended it, and a lookup, one after the other: the lookup tells of the registration, which no other is like. */
function plantStaleRead(entries: Entry<Operation, Observed>[]): void {
  const registered = new Map<string, Entry<Operation, Observed>>();
  const over = new Map<string, { readonly since: number; readonly registration: Entry<Operation, Observed> }>();
  for (const [i, entry] of entries.entries()) {
    const { invocation, response, start, end } = entry;
    if (response?.kind !== 'done') continue;
    if (invocation.op === 'registerServer') registered.set(invocation.id, entry);
    if (invocation.op === 'unregisterServer') {
      const registration = registered.get(invocation.id);
      registered.delete(invocation.id);
      if (registration !== undefined && registration.end < start) over.set(invocation.id, { since: end, registration });
    }
    if (invocation.op !== 'findServer' || i < entries.length / 2) continue;
    const former = over.get(invocation.id);
    if (former === undefined || former.since >= start) continue;
    const { id, endpoint, config } = former.registration.invocation as Operation & { op: 'registerServer' };
    entries[i] = { ...entry, response: { kind: 'done', value: { id, endpoint, config } } };
    return;
  }
  throw new RangeError('there is no lookup that could be stale: more operations, or fewer names');
}
