import { broadcast, type Config, type Delivery, type Endpoint, type Json, type Namespace, type Registration } from '../../spec/index.js';

/** One incarnation of a name. */
export interface Entry {
  readonly namespace: Namespace;
  registration: Registration;
  live: boolean;
  /** What a transport is bound to. */
  server: Entry | undefined;
  /** What is bound to a server. */
  readonly members: Set<Entry>;
}

/** The names under one signal. */
export interface Watch {
  readonly entries: Set<Entry>;
  readonly listener: () => void;
}

export const refusal = (code: string): Error => Object.assign(new Error(code), { code });

/**
 * A correct registry as an engineer writes one in an afternoon: maps, sets, everything at once, refusals thrown. No
 * partitions, statistics or admission. It has nothing in common with ours, and each of its steps is a method of its own,
 * so that a broken registry is a subclass with one step got wrong.
 */
export class PlainRegistry {
  protected readonly names: Readonly<Record<Namespace, Map<string, Entry>>> = { server: new Map(), transport: new Map() };
  protected readonly watches = new Map<AbortSignal, Watch>();
  protected closed = false;

  registerServer(id: string, endpoint: Endpoint, config: Config = {}): void | Promise<void> {
    return this.register('server', id, endpoint, config);
  }

  registerTransport(id: string, endpoint: Endpoint, config: Config = {}): void | Promise<void> {
    return this.register('transport', id, endpoint, config);
  }

  unregisterServer(id: string): void {
    this.unregister('server', id);
  }

  unregisterTransport(id: string): void {
    this.unregister('transport', id);
  }

  updateServer(id: string, config: Config): void {
    this.open();
    this.checkId(id);
    const copy = this.copy(config);
    const entry = this.names.server.get(id);
    if (entry === undefined) throw refusal('server_not_found');
    this.update(entry, copy);
  }

  findServer(id: string): Registration | undefined {
    return this.find('server', id);
  }

  findTransport(id: string): Registration | undefined {
    return this.find('transport', id);
  }

  listServers(): readonly Registration[] {
    return this.list('server');
  }

  listTransports(): readonly Registration[] {
    return this.list('transport');
  }

  bindTransportToServer(transportId: string, serverId: string): void {
    this.open();
    this.checkId(transportId);
    this.checkId(serverId);
    const server = this.names.server.get(serverId);
    if (server === undefined) throw refusal('server_not_found');
    const transport = this.names.transport.get(transportId);
    if (transport === undefined) throw refusal('transport_not_found');
    this.attach(transport, server);
  }

  unbindTransport(transportId: string): void {
    this.open();
    this.checkId(transportId);
    const transport = this.names.transport.get(transportId);
    if (transport !== undefined) this.detach(transport);
  }

  getServerForTransport(transportId: string): string | undefined {
    this.open();
    this.checkId(transportId);
    return this.names.transport.get(transportId)?.server?.registration.id;
  }

  routeToServer(serverId: string, transportId: string, message: unknown): number {
    this.open();
    this.checkId(serverId);
    this.checkId(transportId);
    return this.deliver(this.names.server.get(serverId), transportId, message);
  }

  routeToTransport(transportId: string | typeof broadcast, serverId: string, message: unknown): number {
    this.open();
    this.checkId(serverId);
    if (transportId === broadcast) {
      const bound = [...(this.names.server.get(serverId)?.members ?? [])];
      for (const transport of bound) this.deliver(transport, serverId, message);
      return bound.length;
    }
    this.checkId(transportId);
    return this.deliver(this.names.transport.get(transportId), serverId, message);
  }

  close(): void {
    this.closed = true;
    for (const entry of [...this.names.transport.values(), ...this.names.server.values()]) this.remove(entry);
  }

  protected register(namespace: Namespace, id: string, endpoint: Endpoint, config: Config): void | Promise<void> {
    this.open();
    this.checkId(id);
    this.checkEndpoint(namespace, endpoint);
    const copy = this.copy(config);
    if (namespace === 'transport' && Object.hasOwn(copy, 'serverId')) this.checkId(copy['serverId']);
    if (endpoint.signal.aborted) throw refusal('endpoint_down');
    if (this.names[namespace].has(id)) throw refusal('already_registered');
    this.insert(namespace, Object.freeze({ id, endpoint, config: copy }));
  }

  protected insert(namespace: Namespace, registration: Registration): Entry {
    const entry: Entry = { namespace, registration, live: true, server: undefined, members: new Set() };
    this.names[namespace].set(registration.id, entry);
    this.watch(entry);
    const server = namespace === 'transport' ? this.names.server.get(registration.config['serverId'] as string) : undefined;
    if (server !== undefined) this.attach(entry, server);
    return entry;
  }

  protected unregister(namespace: Namespace, id: string): void {
    this.open();
    this.checkId(id);
    const entry = this.names[namespace].get(id);
    if (entry !== undefined) this.remove(entry);
  }

  protected remove(entry: Entry): void {
    if (!entry.live) return;
    entry.live = false;
    this.names[entry.namespace].delete(entry.registration.id);
    this.unwatch(entry);
    this.detach(entry);
    this.detachAll(entry);
  }

  protected update(entry: Entry, config: Config): void {
    entry.registration = Object.freeze({ ...entry.registration, config });
  }

  protected find(namespace: Namespace, id: string): Registration | undefined {
    this.open();
    this.checkId(id);
    return this.names[namespace].get(id)?.registration;
  }

  protected list(namespace: Namespace): readonly Registration[] {
    this.open();
    return [...this.names[namespace].values()].map(({ registration }) => registration);
  }

  protected attach(transport: Entry, server: Entry): void {
    this.detach(transport);
    transport.server = server;
    server.members.add(transport);
  }

  protected detach(transport: Entry): void {
    transport.server?.members.delete(transport);
    transport.server = undefined;
  }

  protected detachAll(server: Entry): void {
    for (const transport of [...server.members]) this.detach(transport);
  }

  protected watch(entry: Entry): void {
    const { signal } = entry.registration.endpoint;
    const watch = this.watches.get(signal);
    if (watch !== undefined) {
      watch.entries.add(entry);
      return;
    }
    const listener = (): void => this.down(signal);
    this.watches.set(signal, { entries: new Set([entry]), listener });
    signal.addEventListener('abort', listener);
  }

  protected unwatch(entry: Entry): void {
    const { signal } = entry.registration.endpoint;
    const watch = this.watches.get(signal);
    if (watch === undefined) return;
    watch.entries.delete(entry);
    if (watch.entries.size === 0) this.forget(signal, watch);
  }

  protected forget(signal: AbortSignal, { listener }: Watch): void {
    this.watches.delete(signal);
    signal.removeEventListener('abort', listener);
  }

  protected down(signal: AbortSignal): void {
    for (const entry of [...(this.watches.get(signal)?.entries ?? [])]) this.remove(entry);
  }

  /** What a `send` does is its own affair. */
  protected deliver(entry: Entry | undefined, from: string, message: unknown): number {
    if (entry?.live !== true) return 0;
    const { namespace, registration } = entry;
    const delivery: Delivery = { namespace, to: registration.id, from, message };
    this.queue.push(() => {
      if (!entry.live) return;
      try {
        Promise.resolve(registration.endpoint.send(delivery)).catch(() => undefined);
      } catch {
        // At most once.
      }
    });
    if (this.queue.length === 1) {
      for (const send of this.queue) send();
      this.queue.length = 0;
    }
    return 1;
  }

  protected open(): void {
    if (this.closed) throw refusal('registry_closed');
  }

  protected checkId(id: unknown): void {
    if (typeof id !== 'string' || id === '' || /[\0\p{Surrogate}]/u.test(id) || [...id].length > 255) throw refusal('invalid_argument');
  }

  protected checkEndpoint(_namespace: Namespace, endpoint: unknown): void {
    const { send, signal } = (endpoint ?? {}) as Partial<Endpoint>;
    if (typeof send !== 'function' || typeof signal?.addEventListener !== 'function') throw refusal('invalid_argument');
  }

  protected copy(config: unknown): Config {
    if (typeof config !== 'object' || config === null || Array.isArray(config)) throw refusal('invalid_argument');
    try {
      return jsonOf(config) as Config;
    } catch {
      throw refusal('invalid_argument');
    }
  }

  /** What is being handed over, first to last. */
  private readonly queue: (() => void)[] = [];
}

/** A frozen copy; throws for what is no JSON data, and for what has no end. */
function jsonOf(value: unknown): Json {
  if (value === null || typeof value === 'boolean' || typeof value === 'string' || Number.isFinite(value)) return value as Json;
  if (Array.isArray(value)) return Object.freeze(Array.from(value, jsonOf));
  if (typeof value !== 'object' || !isPlain(value)) throw refusal('invalid_argument');
  // From entries, not assigned: `__proto__` is a key like any other.
  return Object.freeze(Object.fromEntries(Object.entries(value).map(([key, part]) => [key, jsonOf(part)])));
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
