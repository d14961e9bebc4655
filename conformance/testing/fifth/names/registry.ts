import type { Adapter, Subject } from '../../../contract.js';
import type { AdmissionMode, Config, Delivery, Endpoint, ErrorCode, Feature, Json, Namespace, Registration } from '../../../../spec/index.js';

/** What is refused, and why. */
export class Refused extends Error {
  override readonly name: string = 'Refused';
  readonly code: ErrorCode;
  constructor(code: ErrorCode, detail = '') {
    super(detail === '' ? code : `${code}: ${detail}`);
    this.code = code;
  }
}

export const everybody: unique symbol = Symbol.for('sharded-registry.broadcast') as never;

/** One incarnation of a name. */
export interface Entry {
  readonly namespace: Namespace;
  readonly id: string;
  readonly endpoint: Endpoint;
  readonly signal: AbortSignal;
  /** Never the same for two incarnations. */
  readonly serial: number;
  config: Config;
  live: boolean;
  /** Of a transport: the server it is bound to. */
  server: Entry | undefined;
  /** Of a server: the transports bound to it. */
  readonly transports: Set<Entry>;
}

/** What hangs on one signal: its entries, and the one listener for all of them. */
interface Holding {
  readonly entries: Set<Entry>;
  readonly listener: () => void;
}

const isPlain = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
};

/** A deep copy of JSON data, however deep; anything else is refused. */
export function copyJson(source: Json): Json {
  let result: Json | undefined;
  const open = new Set<object>();
  type Step = { leave: object } | { value: unknown; put: (copy: Json) => void };
  const steps: Step[] = [{ value: source, put: (copy) => void (result = copy) }];
  for (let step = steps.pop(); step !== undefined; step = steps.pop()) {
    if ('leave' in step) {
      open.delete(step.leave);
      continue;
    }
    const { value, put } = step;
    if (value === null || typeof value === 'string' || typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value))) {
      put(value);
      continue;
    }
    if (typeof value !== 'object') throw new Refused('invalid_argument', `a ${typeof value} is no JSON`);
    if (open.has(value)) throw new Refused('invalid_argument', 'a cycle is no JSON');
    if (!Array.isArray(value) && !isPlain(value)) throw new Refused('invalid_argument', 'a configuration is made of plain objects');
    open.add(value);
    steps.push({ leave: value });
    if (Array.isArray(value)) {
      const copy: Json[] = new Array<Json>(value.length).fill(null);
      put(copy);
      for (let i = 0; i < value.length; i++) steps.push({ value: value[i] as unknown, put: (item) => void (copy[i] = item) });
    } else {
      const copy: Record<string, Json> = {};
      put(copy);
      const keys = Object.keys(value);
      // In the order of the keys, `__proto__` being one like any other.
      for (const key of keys) Object.defineProperty(copy, key, { value: null, writable: true, enumerable: true, configurable: true });
      for (const key of keys) {
        steps.push({
          value: (value as Record<string, unknown>)[key],
          put: (item) => void Object.defineProperty(copy, key, { value: item, writable: true, enumerable: true, configurable: true }),
        });
      }
    }
  }
  return result!;
}

export class NameRegistry {
  protected readonly tables: Readonly<Record<Namespace, Map<string, Entry>>> = { server: new Map(), transport: new Map() };
  protected readonly holdings = new Map<AbortSignal, Holding>();
  protected mode: AdmissionMode = 'auto';
  protected closed = false;
  private serials = 0;

  // ---------------------------------------------------------------------------------------------------------------- what is checked

  checkId(id: unknown): asserts id is string {
    if (typeof id !== 'string' || id.length === 0 || id.length > 510) throw new Refused('invalid_argument', 'id');
    if (id.includes('\0') || /\p{Surrogate}/u.test(id)) throw new Refused('invalid_argument', 'id');
    let codePoints = 0;
    for (const _ of id) codePoints++;
    if (codePoints > 255) throw new Refused('invalid_argument', 'id');
  }

  protected checkEndpoint(endpoint: Endpoint): void {
    if (typeof endpoint?.send !== 'function' || !(endpoint.signal instanceof AbortSignal)) throw new Refused('invalid_argument', 'endpoint');
  }

  protected checkConfig(config: unknown): asserts config is Config {
    if (typeof config !== 'object' || config === null || Array.isArray(config)) throw new Refused('invalid_argument', 'config');
  }

  protected checkOpen(): void {
    if (this.closed) throw new Refused('registry_closed');
  }

  protected isDown(endpoint: Endpoint): boolean {
    return endpoint.signal.aborted;
  }

  protected admit(): void {
    if (this.mode === 'closed') throw new Refused('admission_control_active');
  }

  // ------------------------------------------------------------------------------------------------------------------ what is kept

  /** Under which key the tables keep an id. */
  protected key(id: string): string {
    return id;
  }

  protected get(namespace: Namespace, id: string): Entry | undefined {
    return this.tables[namespace].get(this.key(id));
  }

  protected copyIn(config: Config): Config {
    return copyJson(config) as Config;
  }

  protected copyOut(config: Config): Config {
    return copyJson(config) as Config;
  }

  protected begin(namespace: Namespace, id: string, endpoint: Endpoint, config: Config): Entry {
    const entry: Entry = { namespace, id, endpoint, signal: endpoint.signal, serial: ++this.serials, config, live: true, server: undefined, transports: new Set() };
    this.tables[namespace].set(this.key(id), entry);
    this.hold(entry);
    return entry;
  }

  /** Ends an incarnation, and every binding that it is part of. */
  protected end(entry: Entry): void {
    if (!entry.live) return;
    entry.live = false;
    this.tables[entry.namespace].delete(this.key(entry.id));
    this.release(entry);
    this.cut(entry);
    for (const transport of [...entry.transports]) this.cut(transport);
  }

  protected hold(entry: Entry): void {
    const { signal } = entry;
    let holding = this.holdings.get(signal);
    if (holding === undefined) {
      holding = { entries: new Set(), listener: () => this.down(signal) };
      this.holdings.set(signal, holding);
      signal.addEventListener('abort', holding.listener);
    }
    holding.entries.add(entry);
  }

  protected release(entry: Entry): void {
    const holding = this.holdings.get(entry.signal);
    if (holding === undefined) return;
    holding.entries.delete(entry);
    if (holding.entries.size > 0) return;
    this.holdings.delete(entry.signal);
    entry.signal.removeEventListener('abort', holding.listener);
  }

  protected down(signal: AbortSignal): void {
    for (const entry of [...(this.holdings.get(signal)?.entries ?? [])]) this.end(entry);
  }

  protected tie(transport: Entry, server: Entry): void {
    this.cut(transport);
    transport.server = server;
    server.transports.add(transport);
  }

  protected cut(transport: Entry): void {
    transport.server?.transports.delete(transport);
    transport.server = undefined;
  }

  protected show(entry: Entry): Registration {
    return { id: entry.id, endpoint: entry.endpoint, config: this.copyOut(entry.config) };
  }

  // --------------------------------------------------------------------------------------------------------------- the operations

  register(namespace: Namespace, id: string, endpoint: Endpoint, given: Config = {}): void {
    this.checkId(id);
    this.checkEndpoint(endpoint);
    this.checkConfig(given);
    this.checkOpen();
    const config = this.copyIn(given);
    const serverId = namespace === 'transport' && Object.hasOwn(config, 'serverId') ? config['serverId'] : undefined;
    if (serverId !== undefined) this.checkId(serverId);
    this.admit();
    if (this.isDown(endpoint)) throw new Refused('endpoint_down');
    if (this.get(namespace, id) !== undefined) throw new Refused('already_registered', id);
    const entry = this.begin(namespace, id, endpoint, config);
    const server = serverId === undefined ? undefined : this.get('server', serverId);
    if (server !== undefined) this.tie(entry, server);
  }

  unregister(namespace: Namespace, id: string): void {
    this.checkId(id);
    this.checkOpen();
    const entry = this.get(namespace, id);
    if (entry !== undefined) this.end(entry);
  }

  update(id: string, given: Config): void {
    this.checkId(id);
    this.checkConfig(given);
    this.checkOpen();
    const config = this.copyIn(given);
    const entry = this.get('server', id);
    if (entry === undefined) throw new Refused('server_not_found', id);
    entry.config = config;
  }

  find(namespace: Namespace, id: string): Registration | undefined {
    this.checkId(id);
    const entry = this.get(namespace, id);
    return entry && this.show(entry);
  }

  list(namespace: Namespace): readonly Registration[] | Promise<readonly Registration[]> {
    return Array.from(this.tables[namespace].values(), (entry) => this.show(entry));
  }

  bind(transportId: string, serverId: string): void {
    this.checkId(transportId);
    this.checkId(serverId);
    this.checkOpen();
    const server = this.get('server', serverId);
    if (server === undefined) throw new Refused('server_not_found', serverId);
    const transport = this.get('transport', transportId);
    if (transport === undefined) throw new Refused('transport_not_found', transportId);
    this.tie(transport, server);
  }

  unbind(transportId: string): void {
    this.checkId(transportId);
    this.checkOpen();
    const transport = this.get('transport', transportId);
    if (transport !== undefined) this.cut(transport);
  }

  serverOf(transportId: string): string | undefined {
    this.checkId(transportId);
    return this.get('transport', transportId)?.server?.id;
  }

  route(namespace: Namespace, to: string, from: string, message: unknown): number {
    this.checkId(to);
    this.checkId(from);
    const entry = this.get(namespace, to);
    return entry === undefined ? 0 : this.deliver(entry, from, message);
  }

  broadcast(serverId: string, message: unknown): number {
    this.checkId(serverId);
    const bound = [...(this.get('server', serverId)?.transports ?? [])];
    for (const transport of bound) this.deliver(transport, serverId, message);
    return bound.length;
  }

  protected deliver(entry: Entry, from: string, message: unknown): number {
    if (!entry.live) return 0;
    const delivery: Delivery = { namespace: entry.namespace, to: entry.id, from, message };
    try {
      const answer = entry.endpoint.send(delivery);
      Promise.resolve(answer).catch(() => undefined);
    } catch {
      // It has been handed over.
    }
    return 1;
  }

  setAdmission(mode: AdmissionMode): void {
    if (mode !== 'auto' && mode !== 'open' && mode !== 'closed') throw new Refused('invalid_argument', 'mode');
    this.mode = mode;
  }

  close(): void {
    this.closed = true;
    for (const table of Object.values(this.tables)) for (const entry of [...table.values()]) this.end(entry);
  }
}

/** A write answers through a promise, though it has been done when the call returns. */
const write = (work: () => void): Promise<void> =>
  new Promise((resolve) => {
    work();
    resolve();
  });

export function subjectOf(registry: NameRegistry): Subject {
  return {
    registerServer: (id, endpoint, config) => write(() => registry.register('server', id, endpoint, config)),
    registerTransport: (id, endpoint, config) => write(() => registry.register('transport', id, endpoint, config)),
    unregisterServer: (id) => write(() => registry.unregister('server', id)),
    unregisterTransport: (id) => write(() => registry.unregister('transport', id)),
    updateServer: (id, config) => write(() => registry.update(id, config)),
    findServer: (id) => registry.find('server', id),
    findTransport: (id) => registry.find('transport', id),
    listServers: () => registry.list('server'),
    listTransports: () => registry.list('transport'),
    bindTransportToServer: (transportId, serverId) => write(() => registry.bind(transportId, serverId)),
    unbindTransport: (transportId) => write(() => registry.unbind(transportId)),
    getServerForTransport: (transportId) => registry.serverOf(transportId),
    routeToServer: (serverId, transportId, message) => registry.route('server', serverId, transportId, message),
    routeToTransport: (transportId, serverId, message) =>
      (transportId as unknown) === everybody ? registry.broadcast(serverId, message) : registry.route('transport', transportId as unknown as string, serverId, message),
    setAdmission: (mode) => registry.setAdmission(mode),
    close: () => write(() => registry.close()),
  };
}

export const offered: readonly Feature[] = ['virtual-time', 'in-process', 'send-failures', 'send-awaited'];

export const adapterOf = (name: string, make: () => NameRegistry): Adapter => ({ name, version: '1', features: offered, open: () => subjectOf(make()) });

export const base: Adapter = adapterOf('names base', () => new NameRegistry());
