/*
 * A registry in JavaScript, and its adapter: the module that is judged.
 *
 *     npx sharded-registry verify ./my-adapter.mjs
 *
 * The upper half is a registry as anybody might have one: import your own in its place. The lower half is all that it takes to have it
 * judged. What an adapter may say of itself is in the README of sharded-registry, what the operations have to do in its specification.
 */

// ------------------------------------------------------------------------------------------------------------------ the registry

/** An operation that is refused, with one of the specified codes. */
const refusal = (code) => Object.assign(new Error(code), { code });

function checkId(id) {
  // Its length is counted in code points.
  if (typeof id !== 'string' || id === '' || /[\0\p{Surrogate}]/u.test(id) || [...id].length > 255) throw refusal('invalid_argument');
}

function copy(config) {
  if (typeof config !== 'object' || config === null || Array.isArray(config)) throw refusal('invalid_argument');
  try {
    return structuredClone(config);
  } catch {
    throw refusal('invalid_argument');
  }
}

/** Servers and transports by name, and which transport is bound to which server. */
class MyRegistry {
  names = { server: new Map(), transport: new Map() };
  /** What each endpoint holds, by its signal: one listener is enough for all of it. */
  #held = new Map();
  #isClosed = false;

  register(namespace, id, endpoint, given = {}) {
    this.#checkWrite(id);
    if (typeof endpoint?.send !== 'function' || !(endpoint.signal instanceof AbortSignal)) throw refusal('invalid_argument');
    const config = copy(given);
    const serverId = namespace === 'transport' ? config.serverId : undefined;
    if (serverId !== undefined) checkId(serverId);
    if (endpoint.signal.aborted) throw refusal('endpoint_down');
    if (this.names[namespace].has(id)) throw refusal('already_registered');
    const entry = { namespace, id, endpoint, config, server: this.names.server.get(serverId) };
    this.names[namespace].set(id, entry);
    this.#hold(entry);
  }

  unregister(namespace, id) {
    this.#checkWrite(id);
    const entry = this.names[namespace].get(id);
    if (entry !== undefined) this.#remove(entry);
  }

  updateServer(id, config) {
    this.#checkWrite(id);
    const replacement = copy(config);
    this.#server(id).config = replacement;
  }

  find(namespace, id) {
    checkId(id);
    const entry = this.names[namespace].get(id);
    return entry && shown(entry);
  }

  list(namespace) {
    return [...this.names[namespace].values()].map(shown);
  }

  bind(transportId, serverId) {
    this.#checkWrite(transportId, serverId);
    const server = this.#server(serverId);
    const transport = this.names.transport.get(transportId);
    if (transport === undefined) throw refusal('transport_not_found');
    transport.server = server;
  }

  unbind(transportId) {
    this.#checkWrite(transportId);
    const transport = this.names.transport.get(transportId);
    if (transport !== undefined) transport.server = undefined;
  }

  serverOf(transportId) {
    checkId(transportId);
    const server = this.names.transport.get(transportId)?.server;
    // The name may be somebody else's by now.
    return server !== undefined && this.#isRegistered(server) ? server.id : undefined;
  }

  route(namespace, to, from, message) {
    checkId(to);
    checkId(from);
    return this.#deliver(this.names[namespace].get(to), from, message);
  }

  broadcast(serverId, message) {
    checkId(serverId);
    const server = this.names.server.get(serverId);
    const bound = server === undefined ? [] : [...this.names.transport.values()].filter((transport) => transport.server === server);
    for (const transport of bound) this.#deliver(transport, serverId, message);
    return bound.length;
  }

  close() {
    this.#isClosed = true;
    for (const names of Object.values(this.names)) for (const entry of names.values()) this.#remove(entry);
  }

  #hold(entry) {
    const { signal } = entry.endpoint;
    const held = this.#held.get(signal) ?? new Set();
    if (held.size === 0) signal.addEventListener('abort', this.#down);
    this.#held.set(signal, held.add(entry));
  }

  #down = ({ target }) => {
    for (const entry of this.#held.get(target) ?? []) this.#remove(entry);
  };

  #remove(entry) {
    this.names[entry.namespace].delete(entry.id);
    const { signal } = entry.endpoint;
    const held = this.#held.get(signal);
    held?.delete(entry);
    if (held?.size !== 0) return;
    this.#held.delete(signal);
    signal.removeEventListener('abort', this.#down);
  }

  #deliver(entry, from, message) {
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

  #isRegistered(entry) {
    return this.names[entry.namespace].get(entry.id) === entry;
  }

  #server(id) {
    const server = this.names.server.get(id);
    if (server === undefined) throw refusal('server_not_found');
    return server;
  }

  #checkWrite(...ids) {
    for (const id of ids) checkId(id);
    if (this.#isClosed) throw refusal('registry_closed');
  }
}

const shown = ({ id, endpoint, config }) => ({ id, endpoint, config: copy(config) });

// ------------------------------------------------------------------------------------------------------------------- the adapter

/** Stands for everybody bound to a server, in place of the id of a transport. */
const broadcast = Symbol.for('sharded-registry.broadcast');

/**
 * The operations of the specification, in terms of the registry above. Each may answer at once or through a promise. The first three
 * are the least; leave out what yours has not, and it is reported untested. Has yours these methods by these names? Then it needs
 * nothing of this.
 */
function subject(registry) {
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
    routeToTransport: (transportId, serverId, message) => (transportId === broadcast ? registry.broadcast(serverId, message) : registry.route('transport', transportId, serverId, message)),
    close: () => registry.close(),
  };
}

export const adapter = {
  name: 'my registry',
  version: '1',
  // A fresh, empty registry for each thing that is tried. If yours holds connections or files, give the subject a `dispose` as well.
  open: () => subject(new MyRegistry()),
};
