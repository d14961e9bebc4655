import type { Adapter, Subject } from '../../../contract.js';
import type { CorrectRegistry } from '../../correct-registries.js';
import type { Config, Delivery, Endpoint, ErrorCode, Json, Namespace, Registration } from '../../../../spec/index.js';
import { copyJson, everybody, NameRegistry, offered, subjectOf, type Entry } from './registry.js';

// ------------------------------------------------------------------------------------- 1: batched commits, thenables, null for nothing

/** Only what a PromiseLike needs. */
class Answer<T> implements PromiseLike<T> {
  readonly #promise: Promise<T>;
  constructor(promise: Promise<T>) {
    this.#promise = promise;
    promise.catch(() => undefined);
  }
  then<A = T, B = never>(done?: ((value: T) => A | PromiseLike<A>) | null, failed?: ((reason: unknown) => B | PromiseLike<B>) | null): PromiseLike<A | B> {
    return new Answer(this.#promise.then(done, failed));
  }
}

class Batched extends NameRegistry {
  #batch: (() => void)[] = [];
  /** Writes are committed together, a little later, in the order of their calls. */
  commit(work: () => void): PromiseLike<void> {
    return new Answer(
      new Promise<void>((resolve, reject) => {
        if (this.#batch.length === 0) void Promise.resolve().then(() => queueMicrotask(() => this.#flush()));
        this.#batch.push(() => {
          try {
            work();
            resolve();
          } catch (error) {
            reject(error);
          }
        });
      }),
    );
  }
  #flush(): void {
    for (const step of this.#batch.splice(0)) step();
  }
  registration(namespace: Namespace, id: string, endpoint: Endpoint, config?: Config): PromiseLike<void> {
    this.checkId(id);
    // Admission is asked at the call, and at the commit once more; the configuration is copied at the commit.
    this.admit();
    return this.commit(() => this.register(namespace, id, endpoint, config));
  }
  override list(namespace: Namespace): readonly Registration[] {
    return (super.list(namespace) as Registration[]).reverse();
  }
}

function batched(): Subject {
  const registry = new Batched();
  const id = (...ids: unknown[]): void => ids.forEach((one) => registry.checkId(one));
  let reads = 0;
  // Every third read answers through a thenable.
  const read = <T>(value: T) => (++reads % 3 === 0 ? new Answer(Promise.resolve(value)) : value);
  return {
    ...subjectOf(registry),
    registerServer: (name, endpoint, config) => registry.registration('server', name, endpoint, config),
    registerTransport: (name, endpoint, config) => registry.registration('transport', name, endpoint, config),
    unregisterServer: (name) => (id(name), registry.commit(() => registry.unregister('server', name))),
    unregisterTransport: (name) => (id(name), registry.commit(() => registry.unregister('transport', name))),
    updateServer: (name, config) => (id(name), registry.commit(() => registry.update(name, config))),
    bindTransportToServer: (transport, server) => (id(transport, server), registry.commit(() => registry.bind(transport, server))),
    unbindTransport: (transport) => (id(transport), registry.commit(() => registry.unbind(transport))),
    findServer: (name) => read(registry.find('server', name) ?? null),
    findTransport: (name) => read(registry.find('transport', name) ?? null),
    listServers: () => read(registry.list('server')),
    getServerForTransport: (name) => read(registry.serverOf(name) ?? null),
    close: () => registry.commit(() => registry.close()),
  };
}

// ------------------------------------------------------------------------ 2: at once, frozen and shared, the state before the arguments

class Code extends Error {
  readonly #code: ErrorCode;
  constructor(code: ErrorCode) {
    super('');
    this.#code = code;
  }
  get code(): ErrorCode {
    return this.#code;
  }
}

/** JSON data, frozen all through; what is none is left out, as JSON.stringify does. */
const frozen = (value: unknown, open: readonly unknown[] = []): Json | undefined => {
  if (value === null || typeof value === 'string' || typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value))) return value;
  if (typeof value !== 'object') return undefined;
  if (open.includes(value)) throw new Code('invalid_argument');
  const path = [...open, value];
  if (Array.isArray(value)) return Object.freeze(Array.from(value, (item) => frozen(item, path) ?? null));
  const copy = {};
  for (const key of Object.keys(value)) {
    const item = frozen((value as Record<string, unknown>)[key], path);
    if (item !== undefined) Object.defineProperty(copy, key, { value: item, writable: true, enumerable: true, configurable: true });
  }
  return Object.freeze(copy);
};

class Frozen extends NameRegistry {
  readonly #rows = new WeakMap<Entry, Registration>();
  readonly #lists: Partial<Record<Namespace, readonly Registration[]>> = {};
  protected override copyIn(config: Config): Config {
    return frozen(config) as Config;
  }
  protected override copyOut(config: Config): Config {
    return config;
  }
  protected override begin(namespace: Namespace, id: string, endpoint: Endpoint, config: Config): Entry {
    this.#lists[namespace] = undefined;
    return super.begin(namespace, id, endpoint, config);
  }
  protected override end(entry: Entry): void {
    this.#lists[entry.namespace] = undefined;
    super.end(entry);
  }
  override register(namespace: Namespace, id: string, endpoint: Endpoint, given: Config = {}): void {
    this.checkId(id);
    this.admit();
    if (this.get(namespace, id) !== undefined) throw new Code('already_registered');
    if (typeof endpoint?.send === 'function' && endpoint.signal instanceof AbortSignal && endpoint.signal.aborted) throw new Code('endpoint_down');
    super.register(namespace, id, endpoint, given);
  }
  override update(id: string, given: Config): void {
    this.checkId(id);
    const entry = this.get('server', id);
    if (entry === undefined) throw new Code(this.closed ? 'registry_closed' : 'server_not_found');
    super.update(id, given);
    this.#rows.delete(entry);
    delete this.#lists.server;
  }
  override find(namespace: Namespace, id: string): Registration | undefined {
    this.checkId(id);
    this.checkOpen();
    return super.find(namespace, id);
  }
  override serverOf(transportId: string): string | undefined {
    this.checkId(transportId);
    this.checkOpen();
    return super.serverOf(transportId);
  }
  protected override show(entry: Entry): Registration {
    let row = this.#rows.get(entry);
    if (row === undefined) this.#rows.set(entry, (row = Object.freeze(super.show(entry))));
    return row;
  }
  override list(namespace: Namespace): readonly Registration[] {
    this.checkOpen();
    const backwards = ({ id }: Registration): string => id.split('').reverse().join('');
    return (this.#lists[namespace] ??= Object.freeze((super.list(namespace) as Registration[]).sort((a, b) => (backwards(a) < backwards(b) ? 1 : -1))));
  }
  protected override deliver(entry: Entry, from: string, message: unknown): number {
    if (!entry.live) return 0;
    try {
      const answer = entry.endpoint.send(Object.freeze<Delivery>({ from, message, to: entry.id, namespace: entry.namespace }));
      void Promise.resolve(answer).catch(() => undefined);
      return 1;
    } catch {
      return 0;
    }
  }
}

function atOnce(): Subject {
  const registry = new Frozen();
  return {
    registerServer: (id, endpoint, config) => registry.register('server', id, endpoint, config),
    registerTransport: (id, endpoint, config) => registry.register('transport', id, endpoint, config),
    unregisterServer: (id) => registry.unregister('server', id),
    unregisterTransport: (id) => registry.unregister('transport', id),
    updateServer: (id, config) => registry.update(id, config),
    findServer: (id) => registry.find('server', id),
    findTransport: (id) => registry.find('transport', id),
    listServers: () => registry.list('server'),
    listTransports: () => registry.list('transport'),
    bindTransportToServer: (transportId, serverId) => registry.bind(transportId, serverId),
    unbindTransport: (transportId) => registry.unbind(transportId),
    getServerForTransport: (transportId) => registry.serverOf(transportId),
    routeToServer: (serverId, transportId, message) => registry.route('server', serverId, transportId, message),
    routeToTransport: (transportId, serverId, message) =>
      (transportId as unknown) === everybody ? registry.broadcast(serverId, message) : registry.route('transport', transportId as unknown as string, serverId, message),
    setAdmission: (mode) => registry.setAdmission(mode),
    close: () => registry.close(),
  };
}

// ---------------------------------------------------------------------------------------------- 3: views, bare objects, all by promise

class View implements Registration {
  readonly #entry: Registration;
  constructor(entry: Registration) {
    this.#entry = entry;
  }
  get id(): string {
    return this.#entry.id;
  }
  get endpoint(): Endpoint {
    return this.#entry.endpoint;
  }
  get config(): Config {
    return this.#entry.config;
  }
}

const bare = (value: Json): Json => {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item: Json) => bare(item));
  const copy = Object.create(null) as Record<string, Json>;
  for (const [key, item] of Object.entries(value as Config)) copy[key] = bare(item);
  return copy;
};

class Viewed extends NameRegistry {
  protected override copyOut(config: Config): Config {
    return bare(copyJson(config)) as Config;
  }
  protected override show(entry: Entry): Registration {
    return new View(super.show(entry));
  }
}

function byPromise(): Subject {
  const registry = subjectOf(new Viewed());
  const later = Object.entries(registry).map(([operation, call]) => [operation, async (...args: unknown[]) => (call as (...args: unknown[]) => unknown)(...args)]);
  return Object.fromEntries(later) as Subject;
}

const adapter = (name: string, open: () => Subject): Adapter => ({ name, version: '1', features: offered, open });

export const correct: readonly CorrectRegistry[] = [
  {
    differs: 'Writes are committed in batches some microtasks after the call, in the order of the calls, and answer through bare thenables; invalid ids and closed admission are refused at once, by throwing; the configuration is copied, and admission asked again, at the commit; reads answer null for nothing, at once or (every third) through a thenable; lists are in reverse order.',
    adapter: adapter('names-correct-batched', batched),
  },
  {
    differs: 'Everything answers at once and refuses by throwing; what is handed out is deeply frozen and the same object until it changes; the state of the registry is looked at before endpoint and configuration; `code` is a getter; what is no JSON is left out of configurations; a send that throws does not count; a closed registry refuses reads.',
    adapter: adapter('names-correct-frozen', atOnce),
  },
  {
    differs: 'Registrations are instances of a class, with getters on its prototype; configurations are handed out as objects without prototype; every operation, reads and routing too, answers through a promise (having been done at the call).',
    adapter: adapter('names-correct-views', byPromise),
  },
];
