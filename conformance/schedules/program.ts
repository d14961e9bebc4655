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
  const [someServers, someTransports] = [servers.slice(0, 1 + below(2)), transports.slice(0, 1 + below(2))];
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
    const bound = offers('binding') && offers('configs') && below(3) === 0;
    return { op: 'registerTransport', id: transport(), endpoint: endpoint(), ...(bound ? { config: { serverId: server() } } : {}) };
  };

  const kinds: (() => Operation)[] = [registerServer, registerServer, registerServer, registerServer, () => ({ op: 'unregisterServer', id: server() }), () => ({ op: 'unregisterServer', id: server() })];
  const when = (offered: boolean, ...more: (() => Operation)[]): void => void (offered && kinds.push(...more));
  const binds = offers('binding') && offers('transports');
  const find = (): Operation => ({ op: 'findServer', id: server() });
  when(offers('reads'), find, find);
  when(offers('configs') && offers('update'), () => ({ op: 'updateServer', id: server(), config: { v: ++made } }), () => ({ op: 'updateServer', id: server(), config: { v: ++made } }));
  when(offers('transports'), registerTransport, () => ({ op: 'unregisterTransport', id: transport() }));
  when(binds, ...Array.from({ length: 3 }, () => (): Operation => ({ op: 'bindTransportToServer', transportId: transport(), serverId: server() })), () => ({ op: 'unbindTransport', transportId: transport() }));
  when(binds && offers('reads'), () => ({ op: 'getServerForTransport', transportId: transport() }));
  when(offers('routing') && offers('transports') && offers('reads'), () => ({ op: 'routeToServer', serverId: server(), transportId: transport(), message: 'm' }));
  const down = (): Operation => ({ op: 'down', endpoint: endpoints.length > 0 ? one(endpoints) : endpoint() });
  when(offers('liveness'), down, down);

  const setup: Operation[] = [];
  for (const id of someServers) if (below(5) > 1) setup.push({ ...registerServer(), id } as Operation);
  for (const transportId of offers('transports') ? someTransports : []) {
    if (below(3) === 0) continue;
    setup.push({ ...registerTransport(), id: transportId } as Operation);
    if (binds && below(3) > 0) setup.push({ op: 'bindTransportToServer', transportId, serverId: server() });
  }
  return { setup, clients: Array.from({ length: clients }, () => Array.from({ length: 1 + below(operations) }, () => one(kinds)())) };
}

/** What is looked up when a program is over. */
export const readsAfter: readonly Operation[] = [
  ...servers.map((id): Operation => ({ op: 'findServer', id })),
  ...transports.map((id): Operation => ({ op: 'findTransport', id })),
  ...transports.map((transportId): Operation => ({ op: 'getServerForTransport', transportId })),
];

/** Programs with one thing less, the largest first: fewer clients, fewer operations, less set up. */
export function* smaller(program: ConcurrentProgram): Generator<ConcurrentProgram> {
  const { setup, clients } = program;
  for (let i = 0; i < clients.length; i++) if (clients.length > 1) yield { ...program, clients: clients.filter((_, at) => at !== i) };
  for (const [i, operations] of clients.entries()) {
    for (let j = operations.length - 1; j >= 0; j--) {
      if (operations.length > 1) yield { ...program, clients: clients.with(i, operations.filter((_, at) => at !== j)) };
    }
  }
  for (let i = setup.length - 1; i >= 0; i--) yield { ...program, setup: setup.filter((_, at) => at !== i) };
  if (program.early) yield { setup, clients };
}
