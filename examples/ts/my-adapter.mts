/*
 * A registry in TypeScript, and its adapter: the module that is judged.
 *
 *     npx --package typescript tsc -p . && npx sharded-registry verify ./my-adapter.mjs
 *
 * For its types, sharded-registry has to be installed where this is.
 *
 * The upper half is a registry as anybody might have one: import your own in its place. The lower half is all that it takes to have it
 * judged. What an adapter may say of itself is in the README of sharded-registry, what the operations have to do in its specification.
 */
import type { Adapter, Subject } from 'sharded-registry/conformance';
import type { Config, Endpoint, ErrorCode, Namespace, Registration } from 'sharded-registry/spec';

// ------------------------------------------------------------------------------------------------------------------ the registry

interface Entry {
  readonly namespace: Namespace;
  readonly id: string;
  readonly endpoint: Endpoint;
  config: Config;
  /** Of a transport: what it was last bound to, which may be gone by now. */
  server: Entry | undefined;
}

/** An operation that is refused, with one of the specified codes. */
const refusal = (code: ErrorCode): Error => Object.assign(new Error(code), { code });

function checkId(id: unknown): void {
  // Its length is counted in code points.
  if (typeof id !== 'string' || id === '' || /[\0\p{Surrogate}]/u.test(id) || [...id].length > 255) throw refusal('invalid_argument');
}

function copy(config: Config): Config {
  if (typeof config !== 'object' || config === null || Array.isArray(config)) throw refusal('invalid_argument');
  try {
    return structuredClone(config);
  } catch {
    throw refusal('invalid_argument');
  }
}

/** Servers and transports by name, and which transport is bound to which server. */
class MyRegistry {
  readonly names: Record<Namespace, Map<string, Entry>> = { server: new Map(), transport: new Map() };
  /** What each endpoint holds, by its signal: one listener is enough for all of it. */
  readonly #held = new Map<AbortSignal, Set<Entry>>();
  #isClosed = false;

  register(namespace: Namespace, id: string, endpoint: Endpoint, given: Config = {}): void {
    this.#checkWrite(id);
    if (typeof endpoint?.send !== 'function' || !(endpoint.signal instanceof AbortSignal)) throw refusal('invalid_argument');
    const config = copy(given);
    const serverId = namespace === 'transport' ? config.serverId : undefined;
    if (serverId !== undefined) checkId(serverId);
    if (endpoint.signal.aborted) throw refusal('endpoint_down');
    if (this.names[namespace].has(id)) throw refusal('already_registered');
    const entry: Entry = { namespace, id, endpoint, config, server: this.names.server.get(serverId as string) };
    this.names[namespace].set(id, entry);
    this.#hold(entry);
  }

  unregister(namespace: Namespace, id: string): void {
    this.#checkWrite(id);
    const entry = this.names[namespace].get(id);
    if (entry !== undefined) this.#remove(entry);
  }

  updateServer(id: string, config: Config): void {
    this.#checkWrite(id);
    const replacement = copy(config);
    this.#server(id).config = replacement;
  }

  find(namespace: Namespace, id: string): Registration | undefined {
    checkId(id);
    const entry = this.names[namespace].get(id);
    return entry && shown(entry);
  }

  list(namespace: Namespace): Registration[] {
    return [...this.names[namespace].values()].map(shown);
  }

  bind(transportId: string, serverId: string): void {
    this.#checkWrite(transportId, serverId);
    const server = this.#server(serverId);
    const transport = this.names.transport.get(transportId);
    if (transport === undefined) throw refusal('transport_not_found');
    transport.server = server;
  }

  unbind(transportId: string): void {
    this.#checkWrite(transportId);
    const transport = this.names.transport.get(transportId);
    if (transport !== undefined) transport.server = undefined;
  }

  serverOf(transportId: string): string | undefined {
    checkId(transportId);
    const server = this.names.transport.get(transportId)?.server;
    // The name may be somebody else's by now.
    return server !== undefined && this.#isRegistered(server) ? server.id : undefined;
  }

  route(namespace: Namespace, to: string, from: string, message: unknown): number {
    checkId(to);
    checkId(from);
    return this.#deliver(this.names[namespace].get(to), from, message);
  }

  broadcast(serverId: string, message: unknown): number {
    checkId(serverId);
    const server = this.names.server.get(serverId);
    const bound = server === undefined ? [] : [...this.names.transport.values()].filter((transport) => transport.server === server);
    for (const transport of bound) this.#deliver(transport, serverId, message);
    return bound.length;
  }

  close(): void {
    this.#isClosed = true;
    for (const names of Object.values(this.names)) for (const entry of names.values()) this.#remove(entry);
  }

  #hold(entry: Entry): void {
    const { signal } = entry.endpoint;
    const held = this.#held.get(signal) ?? new Set();
    if (held.size === 0) signal.addEventListener('abort', this.#down);
    this.#held.set(signal, held.add(entry));
  }

  readonly #down = ({ target }: Event): void => {
    for (const entry of this.#held.get(target as AbortSignal) ?? []) this.#remove(entry);
  };

  #remove(entry: Entry): void {
    this.names[entry.namespace].delete(entry.id);
    const { signal } = entry.endpoint;
    const held = this.#held.get(signal);
    held?.delete(entry);
    if (held?.size !== 0) return;
    this.#held.delete(signal);
    signal.removeEventListener('abort', this.#down);
  }

  #deliver(entry: Entry | undefined, from: string, message: unknown): number {
    // A recipient before this one may have called back, and unregistered it.
    if (entry === undefined || !this.#isRegistered(entry)) return 0;
    try {
      // What becomes of it at the recipient is not for the sender.
      Promise.resolve(entry.endpoint.send({ namespace: entry.namespace, to: entry.id, from, message })).catch(() => undefined);
    } catch {
      // The same.
    }
    return 1;
  }

  #isRegistered(entry: Entry): boolean {
    return this.names[entry.namespace].get(entry.id) === entry;
  }

  #server(id: string): Entry {
    const server = this.names.server.get(id);
    if (server === undefined) throw refusal('server_not_found');
    return server;
  }

  #checkWrite(...ids: string[]): void {
    for (const id of ids) checkId(id);
    if (this.#isClosed) throw refusal('registry_closed');
  }
}

const shown = ({ id, endpoint, config }: Entry): Registration => ({ id, endpoint, config: copy(config) });

// ------------------------------------------------------------------------------------------------------------------- the adapter

/** Stands for everybody bound to a server, in place of the id of a transport. */
const broadcast: symbol = Symbol.for('sharded-registry.broadcast');

/**
 * The operations of the specification, in terms of the registry above. Each may answer at once or through a promise. The first three
 * are the least; leave out what yours has not, and it is reported untested. Has yours these methods by these names? Then it needs
 * nothing of this.
 */
function subject(registry: MyRegistry): Subject {
  return {
    registerServer: (id, endpoint, config) => registry.register('server', id, endpoint, config),
    unregisterServer: (id) => registry.unregister('server', id),
    findServer: (id) => registry.find('server', id),
    registerTransport: (id, endpoint, config) => registry.register('transport', id, endpoint, config),
    unregisterTransport: (id) => registry.unregister('transport', id),
    findTransport: (id) => registry.find('transport', id),
    updateServer: (id, config) => registry.updateServer(id, config),
    listServers: () => registry.list('server'),
    listTransports: () => registry.list('transport'),
    bindTransportToServer: (transportId, serverId) => registry.bind(transportId, serverId),
    unbindTransport: (transportId) => registry.unbind(transportId),
    getServerForTransport: (transportId) => registry.serverOf(transportId),
    routeToServer: (serverId, transportId, message) => registry.route('server', serverId, transportId, message),
    routeToTransport: (transportId, serverId, message) => (transportId === broadcast ? registry.broadcast(serverId, message) : registry.route('transport', transportId as string, serverId, message)),
    close: () => registry.close(),
  };
}

export const adapter: Adapter = {
  name: 'my registry',
  version: '1',
  // A fresh, empty registry for each thing that is tried. If yours holds connections or files, give the subject a `dispose` as well.
  open: () => subject(new MyRegistry()),
};
