import type { Adapter, OpenOptions, Subject } from '../../../contract.js';
import { broadcast, type AdmissionMode, type Clock, type Config, type Delivery, type Endpoint, type ErrorCode, type Json, type Namespace, type Registration } from '../../../../spec/index.js';

/** What the registry says no with. */
export class Refusal extends Error {
  constructor(readonly code: ErrorCode) {
    super(code);
  }
}

/** One incarnation of one name. */
export interface Entry {
  readonly namespace: Namespace;
  readonly id: string;
  readonly endpoint: Endpoint;
  config: Config;
  /** Whether the incarnation is the one that is registered. */
  live: boolean;
  /** Of a transport: what it is bound to. */
  server: Entry | undefined;
  /** Of a server: who is bound to it. */
  members: Set<Entry>;
}

export type Why = 'unregistered' | 'down' | 'closed';

/** Of whatever has none: most names have neither, and an object for each would be most of what they take. */
const noMembers: Set<Entry> = new Set();
const noConfig: Config = Object.freeze({});

const badId = /[\0\p{Surrogate}]/u;

export function validId(id: unknown): string {
  if (typeof id !== 'string' || id.length === 0 || id.length > 510 || badId.test(id)) throw new Refusal('invalid_argument');
  if (id.length > 255 && [...id].length > 255) throw new Refusal('invalid_argument');
  return id;
}

/** A deep copy of JSON data; anything else is refused. */
function copied(value: unknown, above: Set<object>): Json {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  if (typeof value !== 'object' || above.has(value)) throw new Refusal('invalid_argument');
  above.add(value);
  const copy = Array.isArray(value) ? Array.from(value, (item) => copied(item, above)) : Object.fromEntries(Object.entries(value).map(([key, item]) => [key, copied(item, above)]));
  above.delete(value);
  return copy;
}

export function copiedConfig(config: unknown): Config {
  if (typeof config !== 'object' || config === null || Array.isArray(config)) throw new Refusal('invalid_argument');
  try {
    return copied(config, new Set()) as Config;
  } catch {
    // Too deep is no better than wrong.
    throw new Refusal('invalid_argument');
  }
}

export function validEndpoint(endpoint: unknown): Endpoint {
  const candidate = endpoint as Endpoint | null | undefined;
  if (typeof candidate?.send !== 'function' || !(candidate.signal instanceof AbortSignal)) throw new Refusal('invalid_argument');
  return candidate;
}

/** A registry in one piece: two tables, and the bindings as links in both directions. Every write takes effect within the call. */
export class Book {
  protected readonly tables: Record<Namespace, Map<string, Entry>> = { server: new Map(), transport: new Map() };
  /** What lives by each signal. */
  protected readonly held = new Map<AbortSignal, Set<Entry>>();
  protected mode: AdmissionMode = 'auto';
  protected shut = false;

  constructor(protected readonly clock: Clock) {}

  // ------------------------------------------------------------------------------------------------------------------- names

  register(namespace: Namespace, id: string, endpoint: Endpoint, config: Config = {}): void {
    validId(id);
    validEndpoint(endpoint);
    const own = copiedConfig(config);
    const wanted = namespace === 'transport' && Object.hasOwn(own, 'serverId') ? validId(own['serverId']) : undefined;
    this.assertOpen();
    this.assertAdmitted();
    if (endpoint.signal.aborted) throw new Refusal('endpoint_down');
    if (this.tables[namespace].has(id)) throw new Refusal('already_registered');
    const entry = this.created(namespace, id, endpoint, own);
    this.tables[namespace].set(id, entry);
    this.hold(entry);
    if (wanted !== undefined) this.bindAtBirth(entry, wanted);
  }

  unregister(namespace: Namespace, id: string): void {
    validId(id);
    this.assertOpen();
    const entry = this.tables[namespace].get(id);
    if (entry !== undefined) this.end(entry, 'unregistered');
  }

  update(id: string, config: Config): void {
    validId(id);
    const own = copiedConfig(config);
    this.assertOpen();
    this.updated(this.server(id), own);
  }

  find(namespace: Namespace, id: string): Registration | undefined {
    validId(id);
    const entry = this.tables[namespace].get(id);
    return entry && this.shown(entry);
  }

  list(namespace: Namespace): Registration[] {
    return Array.from(this.tables[namespace].values(), (entry) => this.shown(entry));
  }

  // ---------------------------------------------------------------------------------------------------------------- bindings

  bind(transportId: string, serverId: string): void {
    validId(transportId);
    validId(serverId);
    this.assertOpen();
    const server = this.server(serverId);
    const transport = this.tables.transport.get(transportId);
    if (transport === undefined) throw new Refusal('transport_not_found');
    this.attach(transport, server);
  }

  unbind(transportId: string): void {
    validId(transportId);
    this.assertOpen();
    const transport = this.tables.transport.get(transportId);
    if (transport !== undefined) this.detach(transport);
  }

  serverOf(transportId: string): string | undefined {
    validId(transportId);
    return this.tables.transport.get(transportId)?.server?.id;
  }

  // ----------------------------------------------------------------------------------------------------------------- routing

  route(namespace: Namespace, to: string, from: string, message: unknown): number {
    validId(to);
    validId(from);
    const entry = this.tables[namespace].get(to);
    if (entry === undefined) return 0;
    this.hand(entry, from, message);
    return 1;
  }

  broadcast(serverId: string, message: unknown): number {
    validId(serverId);
    const server = this.tables.server.get(serverId);
    if (server === undefined) return 0;
    const recipients = this.recipients(server);
    for (const recipient of recipients) if (recipient.live) this.hand(recipient, serverId, message);
    return recipients.length;
  }

  // ------------------------------------------------------------------------------------------------------------------- whole

  setAdmission(mode: AdmissionMode): void {
    if (mode !== 'auto' && mode !== 'open' && mode !== 'closed') throw new Refusal('invalid_argument');
    this.mode = mode;
  }

  close(): void {
    this.shut = true;
    for (const table of Object.values(this.tables)) for (const entry of [...table.values()]) this.end(entry, 'closed');
  }

  // ------------------------------------------------------------------------------------------------------------------- steps

  protected created(namespace: Namespace, id: string, endpoint: Endpoint, config: Config): Entry {
    return { namespace, id, endpoint, config: Object.keys(config).length === 0 ? noConfig : config, live: true, server: undefined, members: noMembers };
  }

  protected updated(server: Entry, config: Config): void {
    server.config = config;
  }

  protected bindAtBirth(transport: Entry, wanted: string): void {
    const server = this.tables.server.get(wanted);
    if (server !== undefined) this.attach(transport, server);
  }

  protected attach(transport: Entry, server: Entry): void {
    this.detach(transport);
    transport.server = server;
    this.join(transport, server);
  }

  protected join(transport: Entry, server: Entry): void {
    if (server.members === noMembers) server.members = new Set();
    server.members.add(transport);
  }

  protected detach(transport: Entry): void {
    transport.server?.members.delete(transport);
    transport.server = undefined;
  }

  /** Ends all bindings of a server. */
  protected dissolve(server: Entry): void {
    for (const member of [...server.members]) this.detach(member);
  }

  protected recipients(server: Entry): Entry[] {
    return [...server.members];
  }

  protected hand(entry: Entry, from: string, message: unknown): void {
    const delivery: Delivery = { namespace: entry.namespace, to: entry.id, from, message };
    try {
      Promise.resolve(entry.endpoint.send(delivery)).catch((error: unknown) => this.failed(entry, delivery, error, 'rejected'));
    } catch (error) {
      this.failed(entry, delivery, error, 'thrown');
    }
  }

  /** A `send` has thrown, or rejected: that is the recipient's affair. */
  protected failed(_entry: Entry, _delivery: Delivery, _error: unknown, _how: 'thrown' | 'rejected'): void {}

  protected end(entry: Entry, _why: Why): void {
    entry.live = false;
    this.tables[entry.namespace].delete(entry.id);
    this.release(entry);
    if (entry.namespace === 'server') this.dissolve(entry);
    else this.detach(entry);
  }

  protected hold(entry: Entry): void {
    const { signal } = entry.endpoint;
    let names = this.held.get(signal);
    if (names === undefined) {
      this.held.set(signal, (names = new Set()));
      signal.addEventListener('abort', this.aborted);
    }
    names.add(entry);
  }

  protected release(entry: Entry): void {
    const { signal } = entry.endpoint;
    const names = this.held.get(signal);
    if (names === undefined || !names.delete(entry) || names.size > 0) return;
    this.held.delete(signal);
    signal.removeEventListener('abort', this.aborted);
  }

  private readonly aborted = (event: Event): void => this.down([...(this.held.get(event.target as AbortSignal) ?? [])]);

  protected down(entries: readonly Entry[]): void {
    for (const entry of entries) this.end(entry, 'down');
  }

  protected shown({ id, endpoint, config }: Entry): Registration {
    return { id, endpoint, config: copiedConfig(config) };
  }

  protected server(id: string): Entry {
    const server = this.tables.server.get(id);
    if (server === undefined) throw new Refusal('server_not_found');
    return server;
  }

  protected assertOpen(): void {
    if (this.shut) throw new Refusal('registry_closed');
  }

  protected assertAdmitted(): void {
    if (this.mode === 'closed') throw new Refusal('admission_control_active');
  }
}

/** What is judged: writes answer through promises, reads and routing at once. */
export function subjectOf(book: Book): Subject {
  return {
    registerServer: async (id, endpoint, config) => book.register('server', id, endpoint, config),
    registerTransport: async (id, endpoint, config) => book.register('transport', id, endpoint, config),
    unregisterServer: async (id) => book.unregister('server', id),
    unregisterTransport: async (id) => book.unregister('transport', id),
    updateServer: async (id, config) => book.update(id, config),
    findServer: (id) => book.find('server', id),
    findTransport: (id) => book.find('transport', id),
    listServers: () => book.list('server'),
    listTransports: () => book.list('transport'),
    bindTransportToServer: async (transportId, serverId) => book.bind(transportId, serverId),
    unbindTransport: async (transportId) => book.unbind(transportId),
    getServerForTransport: (transportId) => book.serverOf(transportId),
    routeToServer: (serverId, transportId, message) => book.route('server', serverId, transportId, message),
    routeToTransport: (transportId, serverId, message) =>
      transportId === broadcast ? book.broadcast(serverId, message) : book.route('transport', transportId, serverId, message),
    setAdmission: (mode) => book.setAdmission(mode),
    close: async () => book.close(),
  };
}

export function adapterOf(name: string, make: (options: OpenOptions) => Book, subject: (book: Book) => Subject = subjectOf): Adapter {
  return { name, version: '1', features: ['virtual-time'], open: (options) => subject(make(options)) };
}

export const base: Adapter = adapterOf('routing base', ({ clock }) => new Book(clock));
