import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { deserialize, serialize } from 'node:v8';
import { broadcast, type AdmissionMode, type Config, type Delivery, type Endpoint, type ErrorCode, type Namespace, type Registration, type Registry } from '../../spec/index.js';
import type { Subject } from '../contract.js';
import { configOf, handOver, isEndpoint, isId, Meters, whenDown } from './correct-fourth-arithmetic.js';

/** Registries that do what they are asked to a turn later: of the event loop, or of an iterator. */

// --- Bytes, a turn later

type Operation = Exclude<keyof Registry, 'getPartitionStats' | 'getContentionStatus' | 'resetStats'>;
/** How many ids an operation begins with, if not one. */
const idsFirst: Partial<Record<Operation, number>> = { bindTransportToServer: 2, routeToServer: 2, routeToTransport: 2, listServers: 0, listTransports: 0, setAdmission: 0, close: 0 };
type Sent = { readonly call: number; readonly operation: Operation; readonly args: readonly unknown[] } | { readonly down: number };
type Arrived =
  | { readonly call: number; readonly value?: unknown; readonly code?: ErrorCode }
  | { readonly endpoint: number; readonly delivery: Delivery }
  | { readonly forget: number };

/** Bytes that arrive, in order, at the next turn of the event loop. */
class Wire<T> {
  #under: Buffer[] = [];
  constructor(readonly arrives: (message: T) => void) {}

  post(message: T): void {
    const bytes = serialize(message);
    if (this.#under.push(bytes) === 1) setImmediate(() => this.#under.splice(0).forEach((each) => this.arrives(deserialize(each) as T)));
  }
}

interface Remote {
  readonly id: string;
  readonly endpoint: number;
  readonly incarnation: number;
  config: Config;
  server?: Remote | undefined;
}

/** The far side: knows endpoints by number only. */
class FarSide {
  readonly #server = new Map<string, Remote>();
  readonly #transport = new Map<string, Remote>();
  readonly #bound = new Map<Remote, Set<Remote>>();
  readonly #held = new Map<number, Map<Remote, Map<string, Remote>>>();
  /** Whose last name has gone in this step. */
  readonly #emptied: number[] = [];
  #mode: AdmissionMode = 'auto';
  #closed = false;
  #incarnations = 0;

  constructor(readonly answer: (message: Arrived) => void) {}

  arrives(message: Sent): void {
    if ('down' in message) {
      for (const [{ id }, table] of this.#held.get(message.down) ?? []) this.#drop(table, id);
      this.#emptied.length = 0;
      return this.answer({ forget: message.down });
    }
    const { call, operation, args } = message;
    const code: { refused?: ErrorCode } = {};
    const value = this.#do(operation, args as string[], (refused) => {
      code.refused = refused;
    });
    this.answer(code.refused ? { call, code: code.refused } : { call, value });
    const endpoint = operation.startsWith('register') ? (args[1] as number | null) : null;
    if (endpoint !== null && !this.#held.has(endpoint)) this.answer({ forget: endpoint });
    for (const number of this.#emptied.splice(0)) if (!this.#held.has(number)) this.answer({ forget: number });
  }

  #do(operation: Operation, args: readonly unknown[], refuse: (code: ErrorCode) => void): unknown {
    const ids = Array.from({ length: idsFirst[operation] ?? 1 }, (_, index) => args[index]);
    const toAll = operation === 'routeToTransport' && args[0] === null;
    const config = operation.startsWith('register') ? configOf(args[2]) : operation === 'updateServer' ? configOf(args[1]) : undefined;
    if (!ids.every((id, index) => isId(id) || (toAll && index === 0))) return refuse('invalid_argument');
    const [id, second] = args as [string, string];
    const table = operation.includes('Transport') ? this.#transport : this.#server;
    const writes = /^(register|unregister|update|bind|unbind)/.test(operation);
    if (this.#closed && writes) return refuse('registry_closed');
    switch (operation) {
      case 'registerServer':
      case 'registerTransport': {
        const endpoint = args[1] as number | null;
        if (endpoint === null || config === undefined) return refuse('invalid_argument');
        if (table.has(id)) return refuse('already_registered');
        if (this.#mode === 'closed') return refuse('admission_control_active');
        const remote: Remote = { id, endpoint, incarnation: ++this.#incarnations, config };
        table.set(id, remote);
        this.#held.set(endpoint, (this.#held.get(endpoint) ?? new Map<Remote, Map<string, Remote>>()).set(remote, table));
        if (table === this.#transport && Object.hasOwn(config, 'serverId')) this.#tie(remote, this.#server.get(config['serverId'] as string));
        return undefined;
      }
      case 'unregisterServer':
      case 'unregisterTransport':
        return this.#drop(table, id);
      case 'updateServer': {
        const remote = this.#server.get(id);
        if (!remote || !config) return refuse(remote ? 'invalid_argument' : 'server_not_found');
        remote.config = config;
        return undefined;
      }
      case 'findServer':
      case 'findTransport':
        return shown(table.get(id));
      case 'listServers':
        return Array.from(this.#server.values(), shown);
      case 'listTransports':
        return Array.from(this.#transport.values(), shown);
      case 'bindTransportToServer': {
        const [transport, server] = [this.#transport.get(id), this.#server.get(second)];
        if (!server || !transport) return refuse(server ? 'transport_not_found' : 'server_not_found');
        return this.#tie(transport, server);
      }
      case 'unbindTransport': {
        const transport = this.#transport.get(id);
        return transport && this.#tie(transport, undefined);
      }
      case 'getServerForTransport':
        return this.#transport.get(id)?.server?.id;
      case 'routeToServer':
        return this.#deliver('server', [this.#server.get(id)], second, args[2]);
      case 'routeToTransport': {
        const server = this.#server.get(second);
        return this.#deliver('transport', toAll ? [...((server && this.#bound.get(server)) ?? [])] : [this.#transport.get(id)], second, args[2]);
      }
      case 'setAdmission':
        if (!['auto', 'open', 'closed'].includes(id)) return refuse('invalid_argument');
        this.#mode = id as AdmissionMode;
        return undefined;
      case 'close':
        this.#closed = true;
        for (const each of [this.#server, this.#transport]) for (const name of each.keys()) this.#drop(each, name);
        return undefined;
    }
  }

  #deliver(namespace: Namespace, recipients: readonly (Remote | undefined)[], from: string, message: unknown): number {
    const found = recipients.filter((remote) => remote !== undefined);
    for (const { id: to, endpoint } of found) this.answer({ endpoint, delivery: { namespace, to, from, message } });
    return found.length;
  }

  #tie(transport: Remote, server: Remote | undefined): void {
    if (transport.server) this.#bound.get(transport.server)?.delete(transport);
    transport.server = server;
    if (server) this.#bound.set(server, (this.#bound.get(server) ?? new Set()).add(transport));
  }

  #drop(table: Map<string, Remote>, id: string): void {
    const remote = table.get(id);
    if (!remote) return;
    table.delete(id);
    this.#tie(remote, undefined);
    this.#bound.get(remote)?.forEach((transport) => (transport.server = undefined));
    this.#bound.delete(remote);
    const held = this.#held.get(remote.endpoint)!;
    held.delete(remote);
    if (held.size > 0) return;
    this.#held.delete(remote.endpoint);
    this.#emptied.push(remote.endpoint);
  }
}

const shown = (remote: Remote | undefined): Omit<Remote, 'server' | 'incarnation'> | undefined => remote && { id: remote.id, endpoint: remote.endpoint, config: remote.config };

/**
 * Every call is written down as bytes, done at the next turn of the event loop, and answered at the one after; so is a "down". A refusal is what came
 * over the wire, plain data. Messages and configurations are what serialization makes of them.
 */
export class BytesLater {
  readonly #there: Wire<Sent>;
  readonly #calls = new Map<number, { readonly resolve: (value: never) => void; readonly reject: (reason: unknown) => void }>();
  readonly #numbers = new Map<Endpoint, number>();
  readonly #endpoints = new Map<number, { readonly endpoint: Endpoint; readonly deaf: () => void; registering: number }>();
  #count = 0;
  #idle: (() => void)[] = [];

  constructor() {
    const back = new Wire<Arrived>((message) => this.#arrives(message));
    const far = new FarSide((message) => back.post(message));
    this.#there = new Wire((message) => far.arrives(message));
  }

  registerServer = (id: string, endpoint: Endpoint, config?: Config): Promise<void> => this.#register('registerServer', id, endpoint, config);
  registerTransport = (id: string, endpoint: Endpoint, config?: Config): Promise<void> => this.#register('registerTransport', id, endpoint, config);
  unregisterServer = (id: string): Promise<void> => this.#call('unregisterServer', id);
  unregisterTransport = (id: string): Promise<void> => this.#call('unregisterTransport', id);
  updateServer = (id: string, config: Config): Promise<void> => this.#call('updateServer', id, config);
  findServer = (id: string): Promise<Registration | undefined> => this.#call('findServer', id);
  findTransport = (id: string): Promise<Registration | undefined> => this.#call('findTransport', id);
  listServers = (): Promise<Registration[]> => this.#call('listServers');
  listTransports = (): Promise<Registration[]> => this.#call('listTransports');
  bindTransportToServer = (transportId: string, serverId: string): Promise<void> => this.#call('bindTransportToServer', transportId, serverId);
  unbindTransport = (id: string): Promise<void> => this.#call('unbindTransport', id);
  getServerForTransport = (id: string): Promise<string | undefined> => this.#call('getServerForTransport', id);
  routeToServer = (to: string, from: string, message: unknown): Promise<number> => this.#call('routeToServer', to, from, message);
  routeToTransport = (to: string | typeof broadcast, from: string, message: unknown): Promise<number> => this.#call('routeToTransport', to === broadcast ? null : (to ?? 0), from, message);
  setAdmission = (mode: AdmissionMode): Promise<void> => this.#call('setAdmission', mode);
  close = (): Promise<void> => this.#call('close');

  /** Settles when nothing is on its way. */
  async settle(): Promise<void> {
    while (this.#calls.size > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
    for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve)); // A "down", and what it sets off.
  }

  #call<T>(operation: Operation, ...args: unknown[]): Promise<T> {
    return new Promise((resolve, reject) => {
      const call = ++this.#count;
      try {
        this.#there.post({ call, operation, args });
        this.#calls.set(call, { resolve, reject });
      } catch {
        reject(refusal('invalid_argument')); // It cannot be written down.
      }
    });
  }

  async #register(operation: Operation, id: string, endpoint: Endpoint, config: unknown): Promise<void> {
    if (!isEndpoint(endpoint)) throw refusal('invalid_argument');
    if (endpoint.signal.aborted) throw refusal('endpoint_down');
    const number = this.#numbers.get(endpoint) ?? this.#meet(endpoint);
    const known = this.#endpoints.get(number)!;
    known.registering++;
    try {
      await this.#call(operation, id, number, config);
    } finally {
      known.registering--;
    }
  }

  #meet(endpoint: Endpoint): number {
    const number = ++this.#count;
    this.#numbers.set(endpoint, number);
    this.#endpoints.set(number, { endpoint, deaf: whenDown(endpoint.signal, () => this.#there.post({ down: number })), registering: 0 });
    return number;
  }

  #arrives(message: Arrived): void {
    if ('delivery' in message) {
      const endpoint = this.#endpoints.get(message.endpoint)?.endpoint;
      if (endpoint && !endpoint.signal.aborted) handOver(endpoint, message.delivery);
    } else if ('forget' in message) {
      void Promise.resolve().then(() => this.#forget(message.forget)); // When whoever registered has seen the answer.
    } else {
      const { resolve, reject } = this.#calls.get(message.call)!;
      this.#calls.delete(message.call);
      if (message.code) reject(refusal(message.code));
      else resolve(this.#revived(message.value) as never);
      if (this.#calls.size === 0) this.#idle.splice(0).forEach((idle) => idle());
    }
  }

  #forget(number: number): void {
    const known = this.#endpoints.get(number);
    if (!known || known.registering > 0) return;
    known.deaf();
    this.#endpoints.delete(number);
    this.#numbers.delete(known.endpoint);
  }

  /** With endpoints in place of their numbers. */
  #revived(value: unknown): unknown {
    if (Array.isArray(value)) return value.map((each) => this.#revived(each));
    if (typeof value !== 'object' || value === null) return value;
    const { id, endpoint, config } = value as Remote;
    return { id, endpoint: this.#endpoints.get(endpoint)!.endpoint, config };
  }
}

const refusal = (code: ErrorCode): object => ({ name: 'Refusal', code, message: `The registry answered ${code}.` });

/** What arrives as it was. */
export function survives(value: unknown): boolean {
  try {
    return value === broadcast || isEndpoint(value) || isDeepStrictEqual(deserialize(serialize(value)), value);
  } catch {
    return false;
  }
}

// --- An iterator of what is to be done

/** Values that are iterated over as they come. */
class Inbox<T> implements AsyncIterable<T> {
  readonly #waiting: T[] = [];
  #wake: (() => void) | undefined;

  put(value: T): void {
    this.#waiting.push(value);
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, never> {
    for (;;) {
      while (this.#waiting.length > 0) yield* this.#waiting.splice(0);
      await new Promise<void>((wake) => (this.#wake = wake));
    }
  }
}

interface Member {
  readonly namespace: Namespace;
  readonly id: string;
  readonly endpoint: Endpoint;
  home?: Member | undefined;
  guests?: Set<Member>;
}

class IteratorError extends AggregateError {
  constructor(readonly code: ErrorCode) {
    super([], code);
  }
}
const refuse: (code: ErrorCode) => never = (code) => {
  throw new IteratorError(code);
};

const eight = 8;
const nothing: Config = Object.freeze({});

/**
 * Writes and messages are what one asynchronous iterator yields, in the order of the calls; who gets a message is found when its turn comes, and then
 * the call is answered. No listener on any signal of an endpoint, but on one that follows it (`AbortSignal.any`). Eight partitions, by SHA-256; real
 * time. No configurations, no close.
 */
export function iterators(): Subject {
  const tables = { server: new Map<string, Member>(), transport: new Map<string, Member>() };
  const meters = new Meters(eight, { now: () => performance.now(), setTimeout: () => undefined, clearTimeout: () => undefined });
  const todo = new Inbox<() => unknown>();
  const followers = new WeakMap<AbortSignal, AbortSignal>();
  const held = new Map<AbortSignal, { readonly members: Set<Member>; readonly deaf: () => void }>();

  void (async () => {
    for await (const act of todo) act();
  })();

  const checked = (id: string): string => (isId(id) ? id : refuse('invalid_argument'));
  const partitionOf = (id: string): number => createHash('sha256').update(id, 'utf16le').digest().readUInt32BE(0) % eight;
  const write = (id: string, act: () => void): Promise<void> => {
    const called = performance.now();
    return new Promise((resolve, reject) => {
      checked(id);
      todo.put(() => {
        try {
          act();
          meters.note(partitionOf(id), called);
          resolve();
        } catch (error) {
          reject(error as Error);
        }
      });
    });
  };
  const follower = (signal: AbortSignal): AbortSignal => {
    if (!followers.has(signal)) followers.set(signal, AbortSignal.any([signal]));
    return followers.get(signal)!;
  };
  const tie = (transport: Member, home: Member | undefined): void => {
    transport.home?.guests?.delete(transport);
    transport.home = home;
    if (home) (home.guests ??= new Set()).add(transport);
  };
  const drop = (member: Member | undefined): void => {
    if (!member) return;
    tables[member.namespace].delete(member.id);
    tie(member, undefined);
    member.guests?.forEach((guest) => tie(guest, undefined));
    const signal = follower(member.endpoint.signal);
    const holding = held.get(signal)!;
    holding.members.delete(member);
    if (holding.members.size > 0) return;
    holding.deaf();
    held.delete(signal);
  };
  const register = (namespace: Namespace, id: string, endpoint: Endpoint): Promise<void> =>
    write(id, () => {
      if (!isEndpoint(endpoint) || !(endpoint.signal instanceof AbortSignal)) refuse('invalid_argument');
      if (tables[namespace].has(id)) refuse('already_registered');
      const signal = follower(endpoint.signal);
      if (signal.aborted) refuse('endpoint_down');
      const member: Member = { namespace, id, endpoint };
      tables[namespace].set(id, member);
      if (!held.has(signal)) {
        const members = new Set<Member>();
        held.set(signal, { members, deaf: whenDown(signal, () => members.forEach(drop)) });
      }
      held.get(signal)!.members.add(member);
    });
  const shown = ({ id, endpoint }: Member): Registration => ({ id, endpoint, config: nothing });
  const find = (namespace: Namespace, id: string): Registration | undefined => {
    const member = tables[namespace].get(checked(id));
    return member && shown(member);
  };
  const post = (recipients: () => readonly (Member | undefined)[], from: string, message: unknown): Promise<number> => {
    checked(from);
    return new Promise((resolve) =>
      todo.put(() => {
        const found = recipients().filter((member) => member !== undefined);
        for (const member of found) {
          const { namespace, id: to, endpoint } = member;
          if (tables[namespace].get(to) === member) handOver(endpoint, { namespace, to, from, message });
        }
        resolve(found.length);
      }),
    );
  };

  return {
    registerServer: (id, endpoint) => register('server', id, endpoint),
    registerTransport: (id, endpoint) => register('transport', id, endpoint),
    unregisterServer: (id) => write(id, () => drop(tables.server.get(id))),
    unregisterTransport: (id) => write(id, () => drop(tables.transport.get(id))),
    findServer: (id) => find('server', id),
    findTransport: (id) => find('transport', id),
    listServers: () => Array.from(tables.server.values(), shown).sort((a, b) => a.id.length - b.id.length),
    listTransports: () => Array.from(tables.transport.values(), shown).sort((a, b) => a.id.length - b.id.length),
    bindTransportToServer: (transportId, serverId) =>
      write(transportId, () => {
        const server = tables.server.get(checked(serverId)) ?? refuse('server_not_found');
        tie(tables.transport.get(transportId) ?? refuse('transport_not_found'), server);
      }),
    unbindTransport: (id) =>
      write(id, () => {
        const transport = tables.transport.get(id);
        if (transport) tie(transport, undefined);
      }),
    getServerForTransport: (id) => tables.transport.get(checked(id))?.home?.id,
    routeToServer: (to, from, message) => post(() => [tables.server.get(to)], (checked(to), from), message),
    routeToTransport: (to, from, message) =>
      to === broadcast ? post(() => [...(tables.server.get(from)?.guests ?? [])], from, message) : post(() => [tables.transport.get(to)], (checked(to), from), message),
    getPartitionStats: (partition) => meters.answer(partition, refuse),
    resetStats: () => meters.reset(),
  };
}
