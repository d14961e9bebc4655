import type { Config, Endpoint, Namespace, Registration } from '../../spec/index.js';
import { variant } from './held-out-names.js';
import type { Mutant } from './mutant.js';
import { PlainRegistry, refusal, type Entry, type Watch } from './plain-registry.js';

/** What endpoints are kept for, beyond any one registry. */
const watchedAnywhere = new WeakSet<AbortSignal>();

/** Incarnations, bindings, endpoints that go down, and closing; of the same hand as the held-out names. */
export const heldOutBindings: readonly Mutant[] = [
  variant('late-down-unbinds', ['INC-1'], 'when an endpoint goes down its former names are compared with who holds them now, and their bindings are not', class extends PlainRegistry {
    protected override insert(namespace: Namespace, registration: Registration): Entry {
      const entry = super.insert(namespace, registration);
      if (namespace === 'transport') return entry;
      const { signal } = registration.endpoint;
      this.#held.set(signal, [...(this.#held.get(signal) ?? []), registration.id]);
      return entry;
    }

    protected override down(signal: AbortSignal): void {
      super.down(signal);
      for (const id of this.#held.get(signal) ?? []) {
        const server = this.names.server.get(id);
        if (server !== undefined) this.detachAll(server);
      }
    }

    readonly #held = new Map<AbortSignal, string[]>();
  }),
  variant('late-down-of-transports', ['INC-1', 'CLS-3', 'CLS-4'], 'a listener for each transport that is never taken off, and knows the id alone', class extends PlainRegistry {
    protected override insert(namespace: Namespace, registration: Registration): Entry {
      const { id, endpoint } = registration;
      if (namespace === 'transport') {
        endpoint.signal.addEventListener('abort', () => {
          const now = this.names.transport.get(id);
          if (now !== undefined) this.remove(now);
        });
      }
      return super.insert(namespace, registration);
    }
  }),
  variant('binding-sleeps-through-down', ['INC-2'], 'unregistering a server ends its bindings; when it goes down they sleep, by id, until it is back', class extends PlainRegistry {
    readonly #asleep = new Map<string, Entry[]>();

    protected override down(signal: AbortSignal): void {
      for (const { namespace, registration, members } of this.watches.get(signal)?.entries ?? []) if (namespace === 'server') this.#asleep.set(registration.id, [...members]);
      super.down(signal);
    }

    protected override insert(namespace: Namespace, registration: Registration): Entry {
      const entry = super.insert(namespace, registration);
      if (namespace === 'transport') return entry;
      for (const transport of this.#asleep.get(registration.id) ?? []) if (transport.live && transport.server === undefined) this.attach(transport, entry);
      this.#asleep.delete(registration.id);
      return entry;
    }
  }),
  variant('reconnected', ['INC-2'], 'a transport that comes back with the endpoint that it had is a reconnection, and gets back its binding', class extends PlainRegistry {
    readonly #before = new Map<string, { readonly endpoint: Endpoint; readonly server: Entry }>();

    protected override remove(entry: Entry): void {
      if (entry.live && entry.namespace === 'transport' && entry.server !== undefined) this.#before.set(entry.registration.id, { endpoint: entry.registration.endpoint, server: entry.server });
      super.remove(entry);
    }

    protected override insert(namespace: Namespace, registration: Registration): Entry {
      const entry = super.insert(namespace, registration);
      const before = namespace === 'transport' ? this.#before.get(registration.id) : undefined;
      if (before?.endpoint === registration.endpoint && before.server.live && entry.server === undefined) this.attach(entry, before.server);
      return entry;
    }
  }),
  variant('bindings-in-an-object', ['BND-1', 'NAM-2'], 'bindings as properties of an object, of which `__proto__` is a special one', class extends PlainRegistry {
    protected override attach(transport: Entry, server: Entry): void {
      if (transport.registration.id === '__proto__') this.detach(transport);
      else super.attach(transport, server);
    }
  }),
  variant('unbound-is-remembered', ['BND-8'], 'that a transport is unbound is remembered until it is bound, and to be registered with a server is not to be bound', class extends PlainRegistry {
    readonly #unbound = new Set<string>();

    override getServerForTransport(transportId: string): string | undefined {
      const found = super.getServerForTransport(transportId);
      if (found === undefined) this.#unbound.add(transportId);
      return this.#unbound.has(transportId) ? undefined : found;
    }

    override bindTransportToServer(transportId: string, serverId: string): void {
      super.bindTransportToServer(transportId, serverId);
      this.#unbound.delete(transportId);
    }
  }),
  variant('bind-once-seen', ['BND-4', 'BND-1'], 'pairs that have been bound are remembered, so that to bind them again is nothing to do', class extends PlainRegistry {
    readonly #seen = new WeakMap<Entry, Set<Entry>>();

    override bindTransportToServer(transportId: string, serverId: string): void {
      const transport = this.names.transport.get(transportId);
      const server = this.names.server.get(serverId);
      if (transport !== undefined && server !== undefined) {
        const seen = this.#seen.get(transport) ?? new Set();
        this.#seen.set(transport, seen);
        if (seen.has(server)) return;
        seen.add(server);
      }
      super.bindTransportToServer(transportId, serverId);
    }

    protected override detach(transport: Entry): void {
      super.detach(transport);
      if (!this.#moving) this.#seen.delete(transport);
    }

    protected override attach(transport: Entry, server: Entry): void {
      this.#moving = true;
      super.attach(transport, server);
      this.#moving = false;
    }

    #moving = false;
  }),
  variant('server-departed-is-enough', ['BND-2'], 'a server that has gone is still in the table of ids, so that to bind to it succeeds and does nothing', class extends PlainRegistry {
    readonly #known = new Set<string>();

    protected override remove(entry: Entry): void {
      super.remove(entry);
      if (entry.namespace === 'server') this.#known.add(entry.registration.id);
    }

    override bindTransportToServer(transportId: string, serverId: string): void {
      if (!this.closed && this.#known.has(serverId) && !this.names.server.has(serverId) && this.names.transport.has(transportId)) return;
      super.bindTransportToServer(transportId, serverId);
    }
  }),
  variant('transport-departed-is-enough', ['BND-3'], 'a transport that went down a moment ago will be back: to bind it succeeds and does nothing', class extends PlainRegistry {
    readonly #down = new Set<string>();

    protected override down(signal: AbortSignal): void {
      for (const { namespace, registration } of this.watches.get(signal)?.entries ?? []) if (namespace === 'transport') this.#down.add(registration.id);
      super.down(signal);
    }

    override bindTransportToServer(transportId: string, serverId: string): void {
      if (!this.closed && this.#down.has(transportId) && !this.names.transport.has(transportId) && this.names.server.has(serverId)) return;
      super.bindTransportToServer(transportId, serverId);
    }
  }),
  variant('moved-but-still-a-member', ['BND-4'], 'a move leaves the transport in the list of the server it came from, and when that goes it cuts all that it lists', class extends PlainRegistry {
    readonly #once = new WeakMap<Entry, Set<Entry>>();

    protected override attach(transport: Entry, server: Entry): void {
      super.attach(transport, server);
      this.#once.set(server, (this.#once.get(server) ?? new Set()).add(transport));
    }

    override unregisterServer(id: string): void {
      const server = this.names.server.get(id);
      super.unregisterServer(id);
      for (const transport of (server && this.#once.get(server)) ?? []) this.detach(transport);
    }
  }),
  variant('third-move-stays', ['BND-4', 'BND-1'], 'a binding is written with its revision, and the third write of the same record is lost as a conflict', class extends PlainRegistry {
    readonly #moves = new WeakMap<Entry, number>();

    protected override attach(transport: Entry, server: Entry): void {
      const moves = (this.#moves.get(transport) ?? 0) + (transport.server === undefined || transport.server === server ? 0 : 1);
      this.#moves.set(transport, moves);
      if (moves !== 3 || transport.server === undefined) super.attach(transport, server);
    }
  }),
  variant('unbind-takes-namesakes-too', ['BND-5', 'RTE-3'], 'bindings by endpoint: unbinding one transport unbinds all that its endpoint holds', class extends PlainRegistry {
    override unbindTransport(transportId: string): void {
      super.unbindTransport(transportId);
      const endpoint = this.names.transport.get(transportId)?.registration.endpoint;
      for (const entry of this.names.transport.values()) if (endpoint !== undefined && entry.registration.endpoint === endpoint) this.detach(entry);
    }
  }),
  variant('unbind-by-prefix', ['BND-5'], 'bindings under keys like "transport/server", deleted by their beginning', class extends PlainRegistry {
    override unbindTransport(transportId: string): void {
      super.unbindTransport(transportId);
      for (const [id, entry] of this.names.transport) if (id.startsWith(transportId)) this.detach(entry);
    }
  }),
  variant('cascade-skips-every-second', ['BND-6', 'DWN-2'], 'a loop over the list of those bound, from which each is taken out in its turn', class extends PlainRegistry {
    protected override detachAll(server: Entry): void {
      const members = [...server.members];
      for (let i = 0; i < members.length; i++) {
        this.detach(members[i]!);
        members.splice(i, 1);
      }
    }
  }),
  variant('cascade-by-prefix', ['BND-6', 'NAM-3', 'UNR-1'], 'bindings under keys like "server/transport", and a server that goes deletes all that begin with its id', class extends PlainRegistry {
    override unregisterServer(id: string): void {
      const was = this.names.server.has(id);
      super.unregisterServer(id);
      for (const [other, entry] of this.names.server) if (was && other.startsWith(id)) this.detachAll(entry);
    }
  }),
  variant('moved-ones-are-missed', ['BND-6', 'DWN-2'], 'a server knows those that were bound to it first, and not those that were moved to it', class extends PlainRegistry {
    readonly #moved = new WeakSet<Entry>();

    override bindTransportToServer(transportId: string, serverId: string): void {
      const transport = this.names.transport.get(transportId);
      const moved = transport?.server !== undefined && transport.server !== this.names.server.get(serverId);
      super.bindTransportToServer(transportId, serverId);
      if (moved) this.#moved.add(transport);
      else if (transport !== undefined) this.#moved.delete(transport);
    }

    protected override detachAll(server: Entry): void {
      for (const transport of [...server.members]) if (!this.#moved.has(transport)) this.detach(transport);
    }
  }),
  variant('gone-but-bound', ['BND-7', 'DWN-2'], 'a table of bindings beside that of names, from which a transport that moved has only its first taken out', class extends PlainRegistry {
    readonly #ghosts = new Map<string, Entry>();

    protected override attach(transport: Entry, server: Entry): void {
      const moved = transport.server !== undefined && transport.server !== server;
      super.attach(transport, server);
      if (moved) this.#ghosts.set(transport.registration.id, server);
    }

    protected override detach(transport: Entry): void {
      super.detach(transport);
      if (transport.live) this.#ghosts.delete(transport.registration.id);
    }

    override getServerForTransport(transportId: string): string | undefined {
      const found = super.getServerForTransport(transportId);
      const ghost = this.names.transport.has(transportId) ? undefined : this.#ghosts.get(transportId);
      return found ?? (ghost?.live === true ? ghost.registration.id : undefined);
    }
  }),
  variant('first-config-counts', ['BND-8', 'BND-9'], 'what a configuration says of the server is read once for each id, and kept', class extends PlainRegistry {
    readonly #read = new Map<string, string>();

    override registerTransport(id: string, endpoint: Endpoint, config?: Config): void | Promise<void> {
      super.registerTransport(id, endpoint, config);
      const wanted = config?.['serverId'] as string | undefined;
      if (wanted === undefined) return;
      const first = this.#read.get(id) ?? wanted;
      this.#read.set(id, first);
      const server = this.names.server.get(first);
      const entry = this.names.transport.get(id)!;
      if (first === wanted) return;
      this.detach(entry);
      if (server !== undefined) this.attach(entry, server);
    }
  }),
  variant('no-such-server-yet', ['BND-9'], 'a transport for a server that is not there is refused', class extends PlainRegistry {
    override registerTransport(id: string, endpoint: Endpoint, config?: Config): void | Promise<void> {
      const wanted = config?.['serverId'];
      if (!this.closed && typeof wanted === 'string' && wanted !== '' && !this.names.server.has(wanted) && !this.names.transport.has(id)) {
        this.checkId(id);
        this.checkId(wanted);
        this.checkEndpoint('transport', endpoint);
        this.copy(config);
        if (!endpoint.signal.aborted) throw refusal('server_not_found');
      }
      return super.registerTransport(id, endpoint, config);
    }
  }),
  variant('update-finds-the-waiting', ['UPD-1', 'BND-9'], 'transports that name a server wait for it, and are looked for whenever it is updated', class extends PlainRegistry {
    protected override update(entry: Entry, config: Config): void {
      super.update(entry, config);
      if (entry.namespace === 'transport') return;
      for (const transport of this.names.transport.values()) if (transport.server === undefined && transport.registration.config['serverId'] === entry.registration.id) this.attach(transport, entry);
    }
  }),
  variant('watched-once', ['DWN-1', 'DWN-2'], 'endpoints that are watched are remembered, and not forgotten when their last name goes and the listener with it', class extends PlainRegistry {
    readonly #watched = new WeakSet<AbortSignal>();

    protected override watch(entry: Entry): void {
      const { signal } = entry.registration.endpoint;
      if (this.watches.has(signal) || !this.#watched.has(signal)) super.watch(entry);
      this.#watched.add(signal);
    }
  }),
  variant('ids-of-an-endpoint', ['DWN-1'], 'an endpoint has a set of ids: an id that it holds in both namespaces is in it once', class extends PlainRegistry {
    protected override down(signal: AbortSignal): void {
      const done = new Set<string>();
      for (const entry of [...(this.watches.get(signal)?.entries ?? [])]) {
        if (!done.has(entry.registration.id)) this.remove(entry);
        done.add(entry.registration.id);
      }
    }
  }),
  variant('unwatched-with-the-first', ['DWN-1'], 'two endpoints with one signal: the listener is taken off when the first of them has no name left', class extends PlainRegistry {
    protected override unwatch(entry: Entry): void {
      super.unwatch(entry);
      const { endpoint } = entry.registration;
      const watch = this.watches.get(endpoint.signal);
      if (watch !== undefined && ![...watch.entries].some(({ registration }) => registration.endpoint === endpoint)) endpoint.signal.removeEventListener('abort', watch.listener);
    }
  }),
  variant('watched-by-another-registry', ['DWN-1'], 'which endpoints are watched is kept beside the class, so that of two registries in a process only the first watches', class extends PlainRegistry {
    protected override watch(entry: Entry): void {
      const { signal } = entry.registration.endpoint;
      if (this.watches.has(signal) || !watchedAnywhere.has(signal)) super.watch(entry);
      watchedAnywhere.add(signal);
    }

    protected override forget(signal: AbortSignal, watch: Watch): void {
      super.forget(signal, watch);
      watchedAnywhere.delete(signal);
    }
  }),
  variant('bindings-of-the-first-name', ['DWN-2'], 'when an endpoint goes down the bindings of its first server are ended, since it has but one', class extends PlainRegistry {
    #ended = 0;
    #falling = false;

    protected override down(signal: AbortSignal): void {
      this.#falling = true;
      this.#ended = 0;
      super.down(signal);
      this.#falling = false;
    }

    protected override detachAll(server: Entry): void {
      if (server.namespace === 'server' && this.#falling && this.#ended++ > 0) return;
      super.detachAll(server);
    }
  }),
  variant('one-down-unbinds-all', ['DWN-2', 'DWN-4'], 'when a bound transport goes down, its server is told by ending all its bindings', class extends PlainRegistry {
    protected override down(signal: AbortSignal): void {
      const servers = [...(this.watches.get(signal)?.entries ?? [])].map(({ server }) => server);
      super.down(signal);
      for (const server of servers) if (server !== undefined) this.detachAll(server);
    }
  }),
  variant('cleanup-in-batches', ['DWN-3'], 'names are cleaned up in batches of 128, so as not to block', class extends PlainRegistry {
    protected override down(signal: AbortSignal): void {
      const entries = [...(this.watches.get(signal)?.entries ?? [])];
      for (const entry of entries.slice(0, 128)) this.remove(entry);
      if (entries.length > 128) queueMicrotask(() => this.down(signal));
    }
  }),
  variant('cached-past-down', ['DWN-1', 'DWN-3'], 'lookups are cached; what registers and unregisters clears the cache, what goes down does not', class extends PlainRegistry {
    readonly #cache = new Map<string, Registration>();

    override findServer(id: string): Registration | undefined {
      const found = (this.closed ? undefined : this.#cache.get(id)) ?? super.findServer(id);
      if (found !== undefined) this.#cache.set(id, found);
      return found;
    }

    protected override insert(namespace: Namespace, registration: Registration): Entry {
      this.#cache.clear();
      return super.insert(namespace, registration);
    }

    protected override unregister(namespace: Namespace, id: string): void {
      this.#cache.clear();
      super.unregister(namespace, id);
    }

    protected override update(entry: Entry, config: Config): void {
      this.#cache.clear();
      super.update(entry, config);
    }
  }),
  variant('down-takes-those-moved-away', ['BND-4', 'DWN-2', 'DWN-4'], 'a server keeps all that were ever bound to it, and when it goes down it takes them along, those that have moved as well', class extends PlainRegistry {
    readonly #ever = new WeakMap<Entry, Set<Entry>>();

    protected override attach(transport: Entry, server: Entry): void {
      super.attach(transport, server);
      this.#ever.set(server, (this.#ever.get(server) ?? new Set()).add(transport));
    }

    protected override down(signal: AbortSignal): void {
      const servers = [...(this.watches.get(signal)?.entries ?? [])];
      super.down(signal);
      for (const server of servers) for (const transport of this.#ever.get(server) ?? []) this.detach(transport);
    }
  }),
  variant('namesake-goes-too', ['DWN-4', 'NAM-4'], 'a transport that goes down takes the server of the same id with it, if that has nothing bound to it: they were one process once', class extends PlainRegistry {
    protected override down(signal: AbortSignal): void {
      const ids = [...(this.watches.get(signal)?.entries ?? [])].filter(({ namespace }) => namespace === 'transport').map(({ registration }) => registration.id);
      super.down(signal);
      for (const id of ids) {
        const namesake = this.names.server.get(id);
        if (namesake !== undefined && namesake.members.size === 0) this.remove(namesake);
      }
    }
  }),
  variant('transports-after-close', ['CLS-1', 'CLS-3'], 'servers are refused after close; for transports nobody thought of it', class extends PlainRegistry {
    override registerTransport(id: string, endpoint: Endpoint, config?: Config): void | Promise<void> {
      if (!this.closed) return super.registerTransport(id, endpoint, config);
      this.closed = false;
      try {
        return super.registerTransport(id, endpoint, config);
      } finally {
        this.closed = true;
      }
    }
  }),
  variant('open-write-lands-after-close', ['CLS-1', 'CLS-3'], 'a write that waits a turn looks whether the registry is closed when it is called, and not when it lands', class extends PlainRegistry {
    override async registerServer(id: string, endpoint: Endpoint, config?: Config): Promise<void> {
      this.open();
      await Promise.resolve();
      const { closed } = this;
      this.closed = false;
      try {
        await super.registerServer(id, endpoint, config);
      } finally {
        this.closed = closed;
      }
    }

    override findServer(id: string): Registration | undefined {
      this.checkId(id);
      return this.names.server.get(id)?.registration;
    }
  }),
  variant('bindings-after-close', ['CLS-1'], 'close forgets the names, and the table of bindings is not one of names', class extends PlainRegistry {
    readonly #left = new Map<string, string>();

    override close(): void {
      for (const [id, { server }] of this.names.transport) if (server !== undefined) this.#left.set(id, server.registration.id);
      super.close();
    }

    override getServerForTransport(transportId: string): string | undefined {
      return this.closed ? this.#left.get(transportId) : super.getServerForTransport(transportId);
    }
  }),
  variant('list-after-close', ['CLS-1'], 'the last list is kept, and given after close as well', class extends PlainRegistry {
    #left: readonly Registration[] = [];

    override close(): void {
      if (!this.closed) this.#left = super.listTransports();
      super.close();
    }

    override listTransports(): readonly Registration[] {
      return this.closed ? this.#left : super.listTransports();
    }
  }),
  variant('close-of-nothing', ['CLS-2'], 'close rejects what is closed already, unless there was something to close', class extends PlainRegistry {
    #held = false;

    override close(): void {
      if (this.closed && !this.#held) throw refusal('registry_closed');
      this.#held ||= this.names.server.size + this.names.transport.size > 0;
      super.close();
    }
  }),
  variant('close-skips-every-second', ['CLS-3'], 'a loop over the endpoints that are watched, from which each is taken out in its turn', class extends PlainRegistry {
    protected override forget(signal: AbortSignal, watch: Watch): void {
      if (this.closed) this.#left.push([signal, watch]);
      else super.forget(signal, watch);
    }

    override close(): void {
      super.close();
      for (let i = 0; i < this.#left.length; i++) {
        super.forget(...this.#left[i]!);
        this.#left.splice(i, 1);
      }
    }

    readonly #left: [AbortSignal, Watch][] = [];
  }),
  variant('close-forgets-transports', ['CLS-3'], 'close goes through the servers, and through what is bound to them; transports that are bound to nothing keep their listener', class extends PlainRegistry {
    override close(): void {
      const alone = [...this.names.transport.values()].filter(({ server }) => server === undefined);
      super.close();
      for (const { registration } of alone) registration.endpoint.signal.addEventListener('abort', () => undefined, { once: true });
    }
  }),
  variant('listener-per-move', ['CLS-4', 'CLS-3'], 'a binding listens for its server to go down, and a move or an unbind leaves the listener where it was', class extends PlainRegistry {
    readonly #listening = new Map<Entry, { readonly signal: AbortSignal; readonly listener: () => void }>();

    protected override attach(transport: Entry, server: Entry): void {
      super.attach(transport, server);
      const { signal } = server.registration.endpoint;
      const listener = (): void => {
        if (transport.server === server) this.detach(transport);
      };
      signal.addEventListener('abort', listener);
      this.#listening.set(transport, { signal, listener });
    }

    protected override detach(transport: Entry): void {
      const moving = transport.server?.live === true && transport.live;
      super.detach(transport);
      const listening = this.#listening.get(transport);
      if (listening !== undefined && !moving) listening.signal.removeEventListener('abort', listening.listener);
      if (!moving) this.#listening.delete(transport);
    }
  }),
  variant('update-listens-again', ['CLS-4', 'CLS-3'], 'an update makes a new record, and with it a new listener', class extends PlainRegistry {
    protected override update(entry: Entry, config: Config): void {
      super.update(entry, config);
      const { signal } = entry.registration.endpoint;
      signal.addEventListener('abort', () => this.remove(entry), { once: true });
    }
  }),
  variant('last-name-by-unregister-only', ['CLS-4'], 'the listener goes with the last server of an endpoint; one that only held transports keeps it', class extends PlainRegistry {
    readonly #left = new Map<AbortSignal, () => void>();

    override unregisterTransport(id: string): void {
      const signal = this.names.transport.get(id)?.registration.endpoint.signal;
      super.unregisterTransport(id);
      if (signal === undefined || this.watches.has(signal) || this.#left.has(signal)) return;
      const nothing = (): void => undefined;
      signal.addEventListener('abort', nothing);
      this.#left.set(signal, nothing);
    }

    override close(): void {
      super.close();
      for (const [signal, nothing] of this.#left) signal.removeEventListener('abort', nothing);
    }
  }),
];
