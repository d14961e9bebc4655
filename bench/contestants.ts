import { EventEmitter, setMaxListeners } from 'node:events';
import { adapter as naive } from '../conformance/adapters/naive-map.js';
import { broadcast, ShardedRegistry, systemClock, type Delivery, type Endpoint } from '../src/index.js';

/** An answer may come late. */
type Answer = unknown;

/** What anybody who maps names to endpoints can do; what a contestant lacks it is not measured at. */
export interface Contestant {
  register(id: string, endpoint: Endpoint): Answer;
  unregister(id: string): Answer;
  find(id: string): unknown;
  list?(): unknown;
  /** Binds a transport, which is registered with it if it is new. */
  join?(transport: string, endpoint: Endpoint, server: string): Answer;
  bind?(transport: string, server: string): Answer;
  route?(server: string, from: string): unknown;
  toAll?(server: string): unknown;
  stats?(): unknown;
  /** Forgets by itself what belongs to an endpoint that goes down. */
  readonly watches?: boolean;
}

const message = 'm';
const to = (namespace: Delivery['namespace'], id: string, from: string): Delivery => ({ namespace, to: id, from, message });

/** What most would begin with: a Map of endpoints, one of bindings, and sets of who is bound. */
class RawMap implements Contestant {
  readonly #servers = new Map<string, Endpoint>();
  readonly #transports = new Map<string, Endpoint>();
  readonly #bindings = new Map<string, string>();
  readonly #members = new Map<string, Set<string>>();

  register(id: string, endpoint: Endpoint): void {
    this.#servers.set(id, endpoint);
  }

  unregister(id: string): void {
    this.#servers.delete(id);
  }

  find(id: string): Endpoint | undefined {
    return this.#servers.get(id);
  }

  list(): Endpoint[] {
    return [...this.#servers.values()];
  }

  join(transport: string, endpoint: Endpoint, server: string): void {
    this.#transports.set(transport, endpoint);
    this.bind(transport, server);
  }

  bind(transport: string, server: string): void {
    const before = this.#bindings.get(transport);
    if (before !== undefined) this.#members.get(before)!.delete(transport);
    this.#bindings.set(transport, server);
    let members = this.#members.get(server);
    if (members === undefined) this.#members.set(server, (members = new Set()));
    members.add(transport);
  }

  route(server: string, from: string): void {
    this.#servers.get(server)?.send(to('server', server, from));
  }

  toAll(server: string): void {
    for (const id of this.#members.get(server) ?? []) this.#transports.get(id)!.send(to('transport', id, server));
  }
}

/** Sharding as it is often understood: a hash of the id chooses one of sixteen Maps. */
class SixteenMaps implements Contestant {
  readonly #maps = Array.from({ length: 16 }, () => new Map<string, Endpoint>());

  #of(id: string): Map<string, Endpoint> {
    let hash = 0x811c9dc5 | 0;
    for (let i = 0; i < id.length; i++) hash = Math.imul(hash ^ id.charCodeAt(i), 0x01000193);
    return this.#maps[(hash >>> 0) % 16]!;
  }

  register(id: string, endpoint: Endpoint): void {
    this.#of(id).set(id, endpoint);
  }

  unregister(id: string): void {
    this.#of(id).delete(id);
  }

  find(id: string): Endpoint | undefined {
    return this.#of(id).get(id);
  }

  list(): Endpoint[] {
    return this.#maps.flatMap((map) => [...map.values()]);
  }
}

/** Writes one after the other, each a job of a chain of promises; an endpoint is forgotten when it goes down, by a listener for each name. */
class PromiseMutex implements Contestant {
  readonly watches = true;
  readonly #servers = new Map<string, Endpoint>();
  readonly #bindings = new Map<string, string>();
  #last: Promise<void> = Promise.resolve();

  #locked(work: () => void): Promise<void> {
    return (this.#last = this.#last.then(work));
  }

  register(id: string, endpoint: Endpoint): Promise<void> {
    return this.#locked(() => {
      this.#servers.set(id, endpoint);
      endpoint.signal.addEventListener('abort', () => this.#servers.delete(id), { once: true });
    });
  }

  unregister(id: string): Promise<void> {
    return this.#locked(() => void this.#servers.delete(id));
  }

  find(id: string): Endpoint | undefined {
    return this.#servers.get(id);
  }

  list(): Endpoint[] {
    return [...this.#servers.values()];
  }

  join(transport: string, _endpoint: Endpoint, server: string): Promise<void> {
    return this.bind(transport, server);
  }

  bind(transport: string, server: string): Promise<void> {
    return this.#locked(() => void this.#bindings.set(transport, server));
  }

  route(server: string, from: string): void {
    this.#servers.get(server)?.send(to('server', server, from));
  }
}

/** Names are events: who is registered listens, who sends emits. */
class Emitter implements Contestant {
  readonly #events = new EventEmitter().setMaxListeners(0);
  readonly #listeners = new Map<string, (delivery: Delivery) => unknown>();

  register(id: string, endpoint: Endpoint): void {
    const listener = (delivery: Delivery): unknown => endpoint.send(delivery);
    this.#listeners.set(id, listener);
    this.#events.on(id, listener);
  }

  unregister(id: string): void {
    const listener = this.#listeners.get(id);
    if (listener === undefined) return;
    this.#events.off(id, listener);
    this.#listeners.delete(id);
  }

  find(id: string): boolean | undefined {
    return this.#events.listenerCount(id) > 0 || undefined;
  }

  list(): unknown {
    return this.#events.eventNames();
  }

  join(transport: string, endpoint: Endpoint, server: string): void {
    this.#events.on(`all of ${server}`, (delivery: Delivery) => endpoint.send(to('transport', transport, delivery.from)));
  }

  route(server: string, from: string): void {
    this.#events.emit(server, to('server', server, from));
  }

  toAll(server: string): void {
    this.#events.emit(`all of ${server}`, to('transport', '', server));
  }
}

type Operations = Pick<ShardedRegistry, 'registerServer' | 'unregisterServer' | 'findServer' | 'listServers' | 'registerTransport' | 'bindTransportToServer' | 'routeToServer' | 'routeToTransport'>;

/** A registry with our interface. */
class WithInterface implements Contestant {
  readonly watches = true;

  constructor(readonly registry: Operations) {}

  register(id: string, endpoint: Endpoint): unknown {
    return this.registry.registerServer(id, endpoint);
  }

  unregister(id: string): unknown {
    return this.registry.unregisterServer(id);
  }

  find(id: string): unknown {
    return this.registry.findServer(id);
  }

  list(): unknown {
    return this.registry.listServers();
  }

  join(transport: string, endpoint: Endpoint, server: string): unknown {
    return this.registry.registerTransport(transport, endpoint, { serverId: server });
  }

  bind(transport: string, server: string): unknown {
    return this.registry.bindTransportToServer(transport, server);
  }

  route(server: string, from: string): unknown {
    return this.registry.routeToServer(server, from, message);
  }

  toAll(server: string): unknown {
    return this.registry.routeToTransport(broadcast, server, message);
  }
}

class Ours extends WithInterface {
  readonly #own: ShardedRegistry;

  constructor() {
    const own = new ShardedRegistry();
    super(own);
    this.#own = own;
  }

  stats(): unknown {
    return this.#own.getPartitionStats();
  }
}

/** Ours, and what a user would take instead. The first is what the others are measured against. */
export const contestants: Readonly<Record<string, () => Contestant>> = {
  'Map': () => new RawMap(),
  'ShardedRegistry': () => new Ours(),
  'sixteen Maps': () => new SixteenMaps(),
  'promise mutex': () => new PromiseMutex(),
  'EventEmitter': () => new Emitter(),
  'naive adapter': () => new WithInterface(naive.open({ clock: systemClock }) as unknown as Operations),
};

export interface Mortal {
  readonly endpoint: Endpoint;
  kill(): void;
}

/** An endpoint that may have very many names, each with a listener if its registry knows no better. */
export function endpoint(): Mortal {
  const lifetime = new AbortController();
  setMaxListeners(0, lifetime.signal);
  return { endpoint: { send: () => undefined, signal: lifetime.signal }, kill: () => lifetime.abort(gone) };
}

const gone = new Error('gone');
