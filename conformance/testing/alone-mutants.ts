import { adapterFor } from '../adapters/adapter-for.js';
import type { Adapter, OpenOptions } from '../contract.js';
import { broadcast, type AdmissionMode, type Config, type Delivery, type Endpoint, type Feature, type Namespace, type PartitionStats, type Registration, type RequirementId } from '../../spec/index.js';
import { ShardedRegistry } from '../../src/index.js';
import { Admitting } from './deadlocking-mutants.js';
import type { Mutant } from './mutant.js';
import { mutant } from './mutants.js';
import { anew, Honest, withEdge, type Entry as Task } from './overlapping-mutants.js';
import { PlainRegistry, refusal, type Entry } from './plain-registry.js';
import { Plain, plainAdapter, type Entry as Incarnation, type Lane, type Write } from './whole-registry.js';

/*
 * What a simple check is there for. Each of these is found by one check that is written by hand, and by no other: a registry that offers
 * less is not put to the finer ones, or the fault has a precondition that only the simple one brings about.
 */

/** A registry without partitions, statistics or admission, and without what is named. */
const plain = (id: string, breaks: readonly RequirementId[], how: string, Kind: new () => PlainRegistry, without: readonly Feature[] = []): Mutant => ({
  id,
  breaks,
  how,
  adapter: { name: how, features: ['virtual-time'], without, open: () => new Kind() },
});

/** The same that does not offer what is named. */
function lacking(without: readonly Feature[], { features = [], ...rest }: Adapter): Adapter {
  return { ...rest, features: features.filter((feature) => !without.includes(feature)), without };
}

/** A registry with everything, but for what is named. */
const whole = (id: string, breaks: readonly RequirementId[], how: string, Kind: new (options: OpenOptions) => Plain, without: readonly Feature[] = []): Mutant => ({
  id,
  breaks,
  how,
  adapter: lacking(without, plainAdapter(how, Kind)),
});

const isDown = (entry: Entry): boolean => entry.registration.endpoint.signal.aborted;

const names: readonly Mutant[] = [
  plain('looks-in-both-tables', ['NAM-4', 'DWN-1'], 'one helper looks an id up, first where it should be and then where it may have been put by mistake', class extends PlainRegistry {
    protected override find(namespace: Namespace, id: string): Registration | undefined {
      return super.find(namespace, id) ?? (namespace === 'transport' ? super.find('server', id) : undefined);
    }
  }, ['configs']),
  plain('bindings-in-lower-case', ['NAM-3'], 'bindings are kept in a table of their own, whose collation does not mind the case', class extends PlainRegistry {
    readonly #bindings = new Map<string, string>();

    protected override attach(transport: Entry, server: Entry): void {
      super.attach(transport, server);
      this.#bindings.set(transport.registration.id.toLowerCase(), server.registration.id);
    }

    protected override detach(transport: Entry): void {
      super.detach(transport);
      if (transport.namespace === 'transport') this.#bindings.delete(transport.registration.id.toLowerCase());
    }

    override getServerForTransport(transportId: string): string | undefined {
      super.getServerForTransport(transportId);
      return this.#bindings.get(transportId.toLowerCase());
    }
  }),
  plain('bindings-by-prefix', ['BND-7'], 'bindings are kept under "transport:server", and those of a transport that goes are found by how their keys begin', class extends PlainRegistry {
    protected override unregister(namespace: Namespace, id: string): void {
      super.unregister(namespace, id);
      if (namespace === 'transport') for (const entry of this.names.transport.values()) if (entry.registration.id.startsWith(`${id}:`)) this.detach(entry);
    }
  }),
  plain('second-unregistration-refused', ['UNR-2'], 'who gives up a server that is not there has made a mistake, and is told', class extends PlainRegistry {
    protected override unregister(namespace: Namespace, id: string): void {
      super.find(namespace, id);
      if (namespace === 'server' && !this.names.server.has(id)) throw refusal('server_not_found');
      super.unregister(namespace, id);
    }
  }, ['transports', 'binding', 'routing']),
  plain('shows-ids-in-capitals', ['LKP-1'], 'a lookup shows an id as it is shown to people', class extends PlainRegistry {
    protected override find(namespace: Namespace, id: string): Registration | undefined {
      const found = super.find(namespace, id);
      return found && Object.freeze({ ...found, id: found.id.toUpperCase() });
    }
  }, ['configs', 'lists', 'transports', 'binding', 'routing']),
  plain('one-list-for-both', ['LST-1'], 'the list of transports is that of all names, which nobody sees as long as there is one kind of them', class extends PlainRegistry {
    protected override list(namespace: Namespace): readonly Registration[] {
      return namespace === 'transport' ? [...super.list('server'), ...super.list('transport')] : super.list(namespace);
    }
  }, ['configs']),
  plain('page-of-a-thousand', ['LST-1'], 'a list is a page of a thousand, and whoever wants more has to ask again', class extends PlainRegistry {
    override listServers(): readonly Registration[] {
      return super.listServers().slice(0, 1_000);
    }
  }),
  plain('transports-in-a-cache', ['LKP-1'], 'transports are looked up in a cache of a thousand, and one that has been displaced is not looked for anywhere else', class extends PlainRegistry {
    readonly #cached = new Set<string>();

    protected override insert(namespace: Namespace, registration: Registration): Entry {
      if (namespace === 'transport') this.#cached.add(registration.id);
      for (const oldest of this.#cached) if (this.#cached.size > 1_024) this.#cached.delete(oldest);
      return super.insert(namespace, registration);
    }

    override findTransport(id: string): Registration | undefined {
      const found = super.findTransport(id);
      return this.#cached.has(id) ? found : undefined;
    }
  }),
  plain('long-values-cut', ['CFG-1'], 'values are kept in a column of 4,096 characters', class extends PlainRegistry {
    protected override copy(config: unknown): Config {
      const cut = (value: unknown): unknown => (typeof value === 'string' ? value.slice(0, 4_096) : Array.isArray(value) ? value.map(cut) : value);
      return Object.freeze(Object.fromEntries(Object.entries(super.copy(config)).map(([key, value]) => [key, cut(value)]))) as Config;
    }
  }),
  mutant('watched-though-refused', ['REG-4', 'DWN-4', 'CLS-4'], 'whoever is refused by admission is listened to already, and gives the name up when it goes down', (real) => ({
    registerServer: (id: string, endpoint: Endpoint, config?: Config) =>
      real.registerServer(id, endpoint, config).catch((error: { code: string }) => {
        if (error.code === 'admission_control_active') endpoint.signal.addEventListener('abort', () => void real.unregisterServer(id), { once: true });
        throw error as unknown as Error;
      }),
  })),
];

const bindings: readonly Mutant[] = [
  plain('index-of-one-each', ['BND-1'], 'which server a transport is bound to is looked up in an index by server, which holds one transport for each', class extends PlainRegistry {
    readonly #index = new Map<Entry, Entry>();

    protected override attach(transport: Entry, server: Entry): void {
      super.attach(transport, server);
      this.#index.set(server, transport);
    }

    override getServerForTransport(transportId: string): string | undefined {
      const server = super.getServerForTransport(transportId);
      const entry = server === undefined ? undefined : this.names.server.get(server);
      return entry && this.#index.get(entry) === this.names.transport.get(transportId) ? server : undefined;
    }
  }, ['routing', 'configs']),
  plain('not-to-itself', ['BND-1'], 'a name is not bound to itself, and namespaces are forgotten about', class extends PlainRegistry {
    override bindTransportToServer(transportId: string, serverId: string): void {
      if (transportId === serverId && this.names.server.has(serverId) && this.names.transport.has(transportId)) throw refusal('invalid_argument');
      super.bindTransportToServer(transportId, serverId);
    }
  }, ['routing']),
  plain('unbinds-what-was-bound-by-hand', ['BND-5'], 'a binding that a configuration asked for is kept with the configuration, and cannot be undone', class extends PlainRegistry {
    readonly #byHand = new WeakSet<Entry>();

    override bindTransportToServer(transportId: string, serverId: string): void {
      super.bindTransportToServer(transportId, serverId);
      this.#byHand.add(this.names.transport.get(transportId)!);
    }

    override unbindTransport(transportId: string): void {
      this.open();
      this.checkId(transportId);
      const transport = this.names.transport.get(transportId);
      if (transport !== undefined && this.#byHand.has(transport)) super.unbindTransport(transportId);
    }
  }),
  plain('swaps-and-forgets', ['BND-5'], 'the bound transports of an endpoint are an array; the last takes the place of the one that is unbound, and its own place is remembered as before', class extends PlainRegistry {
    readonly #bound = new Map<Endpoint, (Entry | undefined)[]>();
    readonly #places = new Map<Entry, number>();

    protected override attach(transport: Entry, server: Entry): void {
      super.attach(transport, server);
      const all = this.#bound.get(transport.registration.endpoint) ?? [];
      this.#bound.set(transport.registration.endpoint, all);
      if (!all.includes(transport)) this.#places.set(transport, all.push(transport) - 1);
    }

    override unbindTransport(transportId: string): void {
      this.open();
      this.checkId(transportId);
      const transport = this.names.transport.get(transportId);
      if (transport?.server === undefined) return;
      const all = this.#bound.get(transport.registration.endpoint)!;
      const place = this.#places.get(transport)!;
      if (place >= all.length) return;
      const last = all.pop();
      if (place < all.length) all[place] = last;
      super.unbindTransport(transportId);
    }

    protected override remove(entry: Entry): void {
      const all = this.#bound.get(entry.registration.endpoint)?.filter((one) => one !== entry) ?? [];
      this.#bound.set(entry.registration.endpoint, all);
      for (const [place, one] of all.entries()) if (one !== undefined) this.#places.set(one, place);
      super.remove(entry);
    }
  }, ['routing']),
  plain('left-with-the-first', ['BND-7'], 'bindings are pairs, and a transport that is unregistered takes the one along that it made first', class extends PlainRegistry {
    readonly #pairs = new Map<string, string>();
    readonly #first = new WeakMap<Entry, Entry>();

    protected override attach(transport: Entry, server: Entry): void {
      super.attach(transport, server);
      if (!this.#first.has(transport)) this.#first.set(transport, server);
      this.#pairs.set(transport.registration.id, server.registration.id);
    }

    protected override detach(transport: Entry): void {
      const isLeft = !transport.live && !isDown(transport) && transport.server !== this.#first.get(transport);
      super.detach(transport);
      if (!isLeft && transport.namespace === 'transport') this.#pairs.delete(transport.registration.id);
    }

    override getServerForTransport(transportId: string): string | undefined {
      super.getServerForTransport(transportId);
      return this.#pairs.get(transportId);
    }
  }, ['routing']),
  plain('members-by-id', ['INC-2', 'RTE-3'], 'the members of a server are ids, and that of a transport which is unregistered is left among them: nobody has it by now', class extends PlainRegistry {
    readonly #members = new Map<string, Set<string>>();

    protected override attach(transport: Entry, server: Entry): void {
      super.attach(transport, server);
      const { id } = server.registration;
      this.#members.set(id, (this.#members.get(id) ?? new Set()).add(transport.registration.id));
    }

    protected override detach(transport: Entry): void {
      if (transport.live || isDown(transport)) this.#members.get(transport.server?.registration.id ?? '')?.delete(transport.registration.id);
      super.detach(transport);
    }

    protected override remove(entry: Entry): void {
      super.remove(entry);
      if (entry.namespace === 'server') this.#members.delete(entry.registration.id);
    }

    override routeToTransport(transportId: string | typeof broadcast, serverId: string, message: unknown): number {
      if (transportId !== broadcast || !this.names.server.has(serverId)) return super.routeToTransport(transportId, serverId, message);
      this.open();
      const there = [...(this.#members.get(serverId) ?? [])].flatMap((id) => this.names.transport.get(id) ?? []);
      for (const transport of there) this.deliver(transport, serverId, message);
      return there.length;
    }
  }),
];

const lifetimes: readonly Mutant[] = [
  plain('registering-is-a-heartbeat', ['REG-2'], 'a server registers its name again every so often, so that others see that it lives', class extends PlainRegistry {
    protected override register(namespace: Namespace, id: string, endpoint: Endpoint, config: Config): void | Promise<void> {
      const held = this.closed || namespace !== 'server' || typeof id !== 'string' ? undefined : this.names.server.get(id);
      if (held === undefined || held.registration.endpoint !== endpoint || isDown(held)) return super.register(namespace, id, endpoint, config);
    }
  }),
  plain('last-name-is-kept', ['INC-1'], 'the set of ids of an endpoint is kept for the next one when the last is given up, and the last with it', class extends PlainRegistry {
    readonly #ids = new Map<AbortSignal, Set<string>>();

    protected override watch(entry: Entry): void {
      const { signal } = entry.registration.endpoint;
      if (!this.#ids.has(signal)) {
        const ids = new Set<string>();
        this.#ids.set(signal, ids);
        signal.addEventListener('abort', () => {
          for (const one of [...ids]) this.#take(one);
        });
      }
      this.#ids.get(signal)!.add(`${entry.namespace} ${entry.registration.id}`);
    }

    protected override unwatch(entry: Entry): void {
      const ids = this.#ids.get(entry.registration.endpoint.signal);
      if (ids !== undefined && ids.size > 1) ids.delete(`${entry.namespace} ${entry.registration.id}`);
    }

    #take(one: string): void {
      const namespace = one.startsWith('server ') ? 'server' : 'transport';
      const entry = this.names[namespace].get(one.slice(namespace.length + 1));
      if (entry !== undefined) this.remove(entry);
    }
  }, ['in-process']),
  plain('claimants-are-holders', ['DWN-4'], 'whoever asks for a name is noted before it is seen that the name is taken', class extends PlainRegistry {
    protected override register(namespace: Namespace, id: string, endpoint: Endpoint, config: Config): void | Promise<void> {
      const held = typeof id === 'string' && !this.closed ? this.names[namespace].get(id) : undefined;
      if (held !== undefined && held.registration.endpoint !== endpoint) endpoint.signal.addEventListener('abort', () => this.remove(held), { once: true });
      return super.register(namespace, id, endpoint, config);
    }
  }, ['in-process']),
  plain('pops-the-last', ['DWN-1'], 'the names of an endpoint are an array, of which the last is dropped when one is given up', class extends PlainRegistry {
    protected override unwatch(entry: Entry): void {
      const entries = this.watches.get(entry.registration.endpoint.signal)?.entries;
      const last = [...(entries ?? [])].at(-1);
      super.unwatch(last ?? entry);
    }

    protected override down(signal: AbortSignal): void {
      for (const entry of [...(this.watches.get(signal)?.entries ?? [])]) {
        this.watches.get(signal)?.entries.add(entry);
        this.remove(entry);
      }
    }
  }, ['in-process', 'transports', 'binding', 'routing']),
  plain('first-of-that-signal', ['DWN-1'], 'when a signal aborts, the endpoint that it belongs to is looked for, and the first is taken', class extends PlainRegistry {
    protected override down(signal: AbortSignal): void {
      const entries = [...(this.watches.get(signal)?.entries ?? [])];
      const endpoint = entries[0]?.registration.endpoint;
      for (const entry of entries) if (entry.registration.endpoint === endpoint) this.remove(entry);
    }
  }),
  plain('remembers-the-last-lookup', ['DWN-3'], 'what was looked up last is remembered until the next turn of the event loop, or the next write', class extends PlainRegistry {
    #last: Registration | undefined;

    override findServer(id: string): Registration | undefined {
      const found = super.findServer(id);
      if (found === undefined && this.#last?.id === id) return this.#last;
      if (found !== undefined) setImmediate(() => (this.#last = undefined));
      return (this.#last = found);
    }

    protected override insert(namespace: Namespace, registration: Registration): Entry {
      this.#last = undefined;
      return super.insert(namespace, registration);
    }

    protected override unregister(namespace: Namespace, id: string): void {
      this.#last = undefined;
      super.unregister(namespace, id);
    }

    protected override update(entry: Entry, config: Config): void {
      this.#last = undefined;
      super.update(entry, config);
    }

    override close(): void {
      this.#last = undefined;
      super.close();
    }
  }),
  plain('takes-the-next-as-well', ['DWN-4'], 'servers are an array, those of one endpoint next to each other, and a "down" takes a slice that is one too long', class extends PlainRegistry {
    protected override down(signal: AbortSignal): void {
      const all = [...this.names.server.values()];
      const last = all.findLastIndex(({ registration }) => registration.endpoint.signal === signal);
      super.down(signal);
      const next = all[last + 1];
      if (next !== undefined) this.remove(next);
    }
  }, ['in-process', 'transports', 'binding', 'routing']),
  plain('down-ends-what-was-bound-by-hand', ['DWN-2'], 'when the endpoint of a server goes down, the table of binds is swept, and what a configuration bound is not in it', class extends PlainRegistry {
    readonly #byHand = new WeakSet<Entry>();

    override bindTransportToServer(transportId: string, serverId: string): void {
      super.bindTransportToServer(transportId, serverId);
      this.#byHand.add(this.names.transport.get(transportId)!);
    }

    protected override detachAll(server: Entry): void {
      for (const transport of [...server.members]) if (!isDown(server) || this.#byHand.has(transport)) this.detach(transport);
    }
  }, ['routing']),
  plain('watched-once-for-each-kind', ['DWN-1'], 'an endpoint that has been watched before is not watched again for the same kind of name, though it has been let go meanwhile', class extends PlainRegistry {
    readonly #met = new Set<Endpoint>();

    protected override watch(entry: Entry): void {
      const { endpoint } = entry.registration;
      if (this.watches.has(endpoint.signal) || !this.#met.has(endpoint)) super.watch(entry);
      this.#met.add(endpoint);
    }
  }, ['binding', 'routing']),
  plain('last-registry-wins', ['DWN-1'], 'who is told of an abort is kept by signal, for all registries of the process: the last to ask', class LastWins extends PlainRegistry {
    static readonly told = new WeakMap<AbortSignal, LastWins>();

    protected override watch(entry: Entry): void {
      LastWins.told.set(entry.registration.endpoint.signal, this);
      super.watch(entry);
    }

    protected override down(signal: AbortSignal): void {
      if (LastWins.told.get(signal) === this) super.down(signal);
    }
  }),
  plain('close-lets-go-for-all', ['DWN-1'], 'who listens to a signal is kept for all registries of the process, and emptied when one of them closes', class Shared extends PlainRegistry {
    static readonly told = new Set<AbortSignal>();

    protected override watch(entry: Entry): void {
      Shared.told.add(entry.registration.endpoint.signal);
      super.watch(entry);
    }

    protected override down(signal: AbortSignal): void {
      if (Shared.told.has(signal)) super.down(signal);
    }

    override close(): void {
      for (const entry of [...this.names.server.values(), ...this.names.transport.values()]) Shared.told.delete(entry.registration.endpoint.signal);
      super.close();
    }
  }),
  plain('a-listener-for-each-name', ['CLS-4'], 'each name has a listener of its own, which goes with it', class extends PlainRegistry {
    readonly #listeners = new Map<Entry, () => void>();

    protected override watch(entry: Entry): void {
      const listener = (): void => this.remove(entry);
      this.#listeners.set(entry, listener);
      entry.registration.endpoint.signal.addEventListener('abort', listener);
    }

    protected override unwatch(entry: Entry): void {
      entry.registration.endpoint.signal.removeEventListener('abort', this.#listeners.get(entry)!);
      this.#listeners.delete(entry);
    }
  }),
  plain('listens-again-with-each-update', ['CLS-4'], 'an update listens as a registration does, and all that listen for a name are let go with it', class extends PlainRegistry {
    readonly #more = new Map<Entry, (() => void)[]>();

    protected override update(entry: Entry, config: Config): void {
      super.update(entry, config);
      const listener = (): void => this.remove(entry);
      entry.registration.endpoint.signal.addEventListener('abort', listener);
      this.#more.set(entry, [...(this.#more.get(entry) ?? []), listener]);
    }

    protected override unwatch(entry: Entry): void {
      for (const listener of this.#more.get(entry) ?? []) entry.registration.endpoint.signal.removeEventListener('abort', listener);
      super.unwatch(entry);
    }
  }),
];

/** Registers a moment after the call. */
class Later extends PlainRegistry {
  protected override async register(namespace: Namespace, id: string, endpoint: Endpoint, config: Config): Promise<void> {
    this.open();
    await undefined;
    await super.register(namespace, id, endpoint, config);
  }
}

const closing: readonly Mutant[] = [
  whole('closed-amid-a-commit', ['ERR-1'], 'the store is closed first, and what it is in the middle of fails with an error of the store', class extends Plain {
    protected override commit(lane: Lane, write: Write): void {
      if (!this.closed) return super.commit(lane, write);
      lane.holder = undefined;
      write.reject(new Error('write after end'));
      this.pump(lane);
    }
  }),
  plain('lands-without-a-listener', ['CLS-1'], 'what was under way when the registry closed is written all the same, and lookups do not ask whether it is closed', class extends Later {
    protected override open(): void {
      // Asked where a call comes in.
    }

    protected override async register(namespace: Namespace, id: string, endpoint: Endpoint, config: Config): Promise<void> {
      if (this.closed) throw refusal('registry_closed');
      await super.register(namespace, id, endpoint, config);
    }

    protected override watch(entry: Entry): void {
      if (!this.closed) super.watch(entry);
    }
  }),
  plain('listens-before-it-registers', ['CLS-3'], 'an endpoint is listened to from the call on, and let go when the registration is refused, but not when it is because the registry has closed', class extends Later {
    protected override async register(namespace: Namespace, id: string, endpoint: Endpoint, config: Config): Promise<void> {
      const listener = (): void => undefined;
      if (!this.closed) (endpoint as Partial<Endpoint> | undefined)?.signal?.addEventListener?.('abort', listener);
      try {
        await super.register(namespace, id, endpoint, config);
      } finally {
        if (!this.closed) (endpoint as Partial<Endpoint> | undefined)?.signal?.removeEventListener?.('abort', listener);
      }
    }
  }),
];

/** One for all deliveries of a registry. */
class Line {
  from = '';
}

const routing: readonly Mutant[] = [
  plain('caller-on-the-line', ['RTE-1'], 'whom a delivery is from is asked of the line that it came over, which by then somebody else may use', class extends PlainRegistry {
    readonly #line = new Line();

    protected override deliver(entry: Entry | undefined, from: string, message: unknown): number {
      if (entry?.live !== true) return 0;
      const line = this.#line;
      const { namespace, registration: { id: to, endpoint: { send, signal } } } = entry;
      const wrapped: Entry = Object.assign(Object.create(entry) as Entry, {
        registration: { ...entry.registration, endpoint: { signal, send: () => ((line.from = from), send.call(entry.registration.endpoint, { namespace, to, message, get from() { return line.from; } })) } },
      });
      return super.deliver(wrapped, from, message);
    }
  }),
  plain('hears-members-only', ['RTE-1'], 'a server is handed what its own transports send, and nothing of strangers', class extends PlainRegistry {
    override routeToServer(serverId: string, transportId: string, message: unknown): number {
      const count = this.names.server.get(serverId)?.members.has(this.names.transport.get(transportId)!) === false ? 0 : undefined;
      if (count === undefined) return super.routeToServer(serverId, transportId, message);
      this.open();
      this.checkId(transportId);
      return count;
    }
  }),
  plain('addressed-to-the-session', ['RTE-1'], 'a message to one transport is handed to its session, under the first name of that', class extends PlainRegistry {
    override routeToTransport(transportId: string | typeof broadcast, serverId: string, message: unknown): number {
      if (transportId === broadcast) return super.routeToTransport(transportId, serverId, message);
      this.checkId(transportId);
      const session = this.names.transport.get(transportId)?.registration.endpoint;
      const first = [...this.names.transport.values()].find(({ registration }) => registration.endpoint === session);
      return super.routeToTransport(first?.registration.id ?? transportId, serverId, message);
    }
  }),
  plain('counts-endpoints', ['RTE-3'], 'a broadcast counts the endpoints that it has reached', class extends PlainRegistry {
    override routeToTransport(transportId: string | typeof broadcast, serverId: string, message: unknown): number {
      if (transportId !== broadcast) return super.routeToTransport(transportId, serverId, message);
      this.checkId(serverId);
      const endpoints = new Set([...(this.names.server.get(serverId)?.members ?? [])].map(({ registration }) => registration.endpoint));
      super.routeToTransport(transportId, serverId, message);
      return endpoints.size;
    }
  }),
  plain('gives-up-when-one-has-left', ['RTE-7'], 'a recipient that is gone when it has been handed a broadcast shows that the list is old, and the rest is left out', class extends PlainRegistry {
    override routeToTransport(transportId: string | typeof broadcast, serverId: string, message: unknown): number {
      if (transportId !== broadcast) return super.routeToTransport(transportId, serverId, message);
      this.open();
      this.checkId(serverId);
      const bound = [...(this.names.server.get(serverId)?.members ?? [])];
      for (const transport of bound) {
        this.deliver(transport, serverId, message);
        if (!transport.live) break;
      }
      return bound.length;
    }
  }),
  plain('unbinds-in-the-middle', ['RTE-7'], 'what comes and goes during a broadcast waits until it is over; an unbind was not thought of', class extends PlainRegistry {
    #later: (() => void)[] | undefined;

    override routeToTransport(transportId: string | typeof broadcast, serverId: string, message: unknown): number {
      if (transportId !== broadcast || this.#later !== undefined) return super.routeToTransport(transportId, serverId, message);
      this.open();
      this.checkId(serverId);
      const members = this.names.server.get(serverId)?.members ?? new Set<Entry>();
      const count = members.size;
      this.#later = [];
      for (let i = 0; i < members.size; i++) this.deliver([...members][i], serverId, message);
      const later = this.#later;
      this.#later = undefined;
      for (const change of later) change();
      return count;
    }

    protected override attach(transport: Entry, server: Entry): void {
      if (this.#later === undefined) return super.attach(transport, server);
      transport.server?.members.delete(transport);
      transport.server = server;
      this.#later.push(() => transport.live && transport.server === server && server.members.add(transport));
    }

    protected override detach(transport: Entry): void {
      const { server } = transport;
      if (this.#later === undefined || transport.live) return super.detach(transport);
      transport.server = undefined;
      this.#later.push(() => server?.members.delete(transport));
    }
  }),
  plain('broadcasts-to-old-acquaintances', ['RTE-8'], 'the recipients of a broadcast are kept by name, and forgotten when one goes down or is unbound', class extends PlainRegistry {
    readonly #known = new Map<string, Entry>();
    #isBroadcast = false;

    override routeToTransport(transportId: string | typeof broadcast, serverId: string, message: unknown): number {
      this.#isBroadcast = transportId === broadcast;
      try {
        return super.routeToTransport(transportId, serverId, message);
      } finally {
        this.#isBroadcast = false;
      }
    }

    protected override deliver(entry: Entry | undefined, from: string, message: unknown): number {
      if (entry === undefined || entry.namespace === 'server' || !this.#isBroadcast) return super.deliver(entry, from, message);
      const { id } = entry.registration;
      const known = this.#known.get(id) ?? entry;
      this.#known.set(id, known);
      return super.deliver(isDown(known) ? entry : { ...known, live: true }, from, message);
    }

    protected override down(signal: AbortSignal): void {
      for (const { registration } of this.watches.get(signal)?.entries ?? []) this.#known.delete(registration.id);
      super.down(signal);
    }
  }),
  plain('taken-for-a-retry', ['RTE-1'], 'a message to one recipient that is the same as the last to it is taken for a retry', class extends PlainRegistry {
    readonly #last = new WeakMap<Entry, string>();

    override routeToServer(serverId: string, transportId: string, message: unknown): number {
      this.open();
      this.checkId(serverId);
      this.checkId(transportId);
      const entry = this.names.server.get(serverId);
      const mark = typeof message === 'string' ? `${transportId} ${message}` : '';
      const isRetry = mark !== '' && entry !== undefined && this.#last.get(entry) === mark;
      if (entry !== undefined) this.#last.set(entry, mark);
      return isRetry ? 1 : super.routeToServer(serverId, transportId, message);
    }
  }),
  whole('ten-pending-calls', ['RTE-7'], 'room for ten calls from within a send, and what comes then is dropped', class extends Plain {
    protected override post(to: readonly Incarnation[], from: string, message: unknown): number {
      return this.delivering && this.parcels.length >= 10 ? to.length : super.post(to, from, message);
    }

    protected override drain(): void {
      this.delivering = true;
      for (let parcel = this.parcels.shift(); parcel !== undefined; parcel = this.parcels.shift()) for (const entry of parcel.to) this.hand(entry, parcel.from, parcel.message);
      this.delivering = false;
    }
  }),
  whole('ten-strikes', ['RTE-6'], 'a name whose endpoint has thrown ten times is not handed anything any more', class extends Plain {
    readonly #strikes = new WeakMap<Incarnation, number>();

    protected override hand(entry: Incarnation, from: string, message: unknown): void {
      const strikes = this.#strikes.get(entry) ?? 0;
      if (strikes >= 10) return;
      const send = (delivery: Delivery): unknown => {
        try {
          return entry.endpoint.send(delivery);
        } catch (error) {
          this.#strikes.set(entry, strikes + 1);
          throw error;
        }
      };
      if (entry.alive) this.send({ send, signal: entry.endpoint.signal }, { namespace: entry.namespace, to: entry.id, from, message });
    }
  }),
];

const load: readonly Mutant[] = [
  whole('bound-by-a-second-write', ['BND-8'], 'a registration with a serverId is two writes: in between, the transport is there and unbound', class extends Plain {
    override async registerTransport(id: string, endpoint: Endpoint, config?: Config): Promise<void> {
      const { serverId, ...rest } = config ?? {};
      if (typeof serverId !== 'string' || this.servers.get(serverId) === undefined) return super.registerTransport(id, endpoint, config);
      await super.registerTransport(id, endpoint, config && rest);
      await this.bindTransportToServer(id, serverId);
      const entry = this.transports.get(id);
      if (entry !== undefined) entry.registration = { ...entry.registration, config: config! };
    }
  }, ['partitions', 'stats']),
  whole('looks-around-for-ever', ['CTN-8'], 'a timer looks after what may have got stuck, twice a second', class extends Plain {
    constructor(options: OpenOptions) {
      super(options);
      const look = (): void => void options.clock.setTimeout(look, 500);
      look();
    }
  }, ['slow-commit']),
  whole('transports-counted-elsewhere', ['PRT-2'], 'a write is counted in the partition of its key, and the key of a transport is another than its id', class extends Plain {
    protected override record(lane: Lane, write: Write): void {
      super.record(write.namespace === 'server' ? lane : this.laneOf(`transport/${write.id}`, 'transport'), write);
    }
  }),
  whole('counts-in-a-log', ['STA-1'], 'the count of writes is the length of a log, which is cut at five hundred', class extends Plain {
    protected override stats(lane: Lane): PartitionStats {
      return { ...super.stats(lane), writeCount: Math.min(500, lane.count) };
    }
  }),
  whole('a-margin-of-doubt', ['CTN-1'], 'an alarm is raised when the limit is exceeded by two per cent, so that nobody is woken for nothing', class extends Plain {
    protected override isSlow(lane: Lane): boolean {
      return super.isSlow(lane) && this.level(lane) > this.settings.thresholds.alarmAboveMs * 1.02;
    }
  }, ['partitions', 'thresholds']),
  whole('the-eleventh-write', ['CTN-1'], '"more than" for "at least", where writes are counted', class extends Plain {
    protected override isSlow(lane: Lane): boolean {
      return super.isSlow(lane) && lane.count > this.settings.thresholds.minWrites;
    }
  }, ['partitions', 'thresholds']),
  whole('one-alarm-in-the-house', ['CTN-2'], 'there is one alarm bell, and each partition shows whether it rings', class extends Plain {
    protected override isAlarmed(): boolean {
      return this.lanes.some((lane) => super.isAlarmed(lane));
    }
  }, ['partitions', 'thresholds']),
  whole('stuck-and-forgotten', ['CTN-3'], 'a write that has been in flight for ten seconds is taken for lost, and not looked at any more', class extends Plain {
    protected override inFlight(lane: Lane): Write[] {
      return super.inFlight(lane).filter(({ calledAt }) => this.now() - calledAt < 10_000);
    }
  }),
  whole('latched-after-seconds', ['CTN-5'], 'an alarm that has been on for seconds stays until somebody resets it', class extends Plain {
    readonly #since = new WeakMap<Lane, number>();
    readonly #latched = new WeakSet<Lane>();

    protected override record(lane: Lane, write: Write): void {
      super.record(lane, write);
      if (!this.isSlow(lane)) this.#since.delete(lane);
      else if (!this.#since.has(lane)) this.#since.set(lane, this.now());
      else if (this.now() - this.#since.get(lane)! > 2_500) this.#latched.add(lane);
    }

    protected override isAlarmed(lane: Lane): boolean {
      return this.#latched.has(lane) || super.isAlarmed(lane);
    }

    protected override resetLane(lane: Lane): void {
      this.#since.delete(lane);
      this.#latched.delete(lane);
      super.resetLane(lane);
    }
  }, ['partitions', 'thresholds']),
  whole('marked-by-the-watchdog', ['CTN-5'], 'a watchdog marks a partition whose write has been stuck for two seconds, and does not take the mark back', class extends Plain {
    readonly #marked = new WeakSet<Lane>();

    protected override commit(lane: Lane, write: Write): void {
      if (this.now() - write.calledAt > 2_000) this.#marked.add(lane);
      super.commit(lane, write);
    }

    protected override isStuck(lane: Lane): boolean {
      return this.#marked.has(lane) || super.isStuck(lane);
    }
  }),
  whole('mean-looked-at-in-turns', ['CTN-6'], 'whether the mean is above the limit is worked out four times a second, and whether a write is stuck at each look', class extends Plain {
    readonly #worked = new WeakMap<Lane, readonly [slot: number, isSlow: boolean]>();

    protected override isSlow(lane: Lane): boolean {
      const slot = Math.floor(this.now() / 250);
      const [last, before] = this.#worked.get(lane) ?? [-1, false];
      if (last === slot) return before;
      const isSlow = super.isSlow(lane);
      this.#worked.set(lane, [slot, isSlow]);
      return isSlow;
    }
  }, ['partitions', 'thresholds']),
  whole('stuck-looked-at-in-turns', ['CTN-6'], 'whether a write is stuck is looked at four times a second, and the mean at each look', class extends Plain {
    readonly #worked = new WeakMap<Lane, readonly [slot: number, isStuck: boolean]>();

    protected override isStuck(lane: Lane): boolean {
      const slot = Math.floor(this.now() / 250);
      const [last, before] = this.#worked.get(lane) ?? [-1, false];
      if (last === slot) return before;
      const isStuck = super.isStuck(lane);
      this.#worked.set(lane, [slot, isStuck]);
      return isStuck;
    }
  }, ['partitions', 'thresholds']),
  whole('three-slow-at-most', ['CTN-1'], 'the alarms of slow partitions are a list with three places', class extends Plain {
    protected override isSlow(lane: Lane): boolean {
      return this.lanes.filter((one) => super.isSlow(one)).slice(0, 3).includes(lane);
    }
  }),
  whole('closed-by-hand-for-good', ['ADM-6'], 'closed by hand is closed until it is opened by hand', class extends Plain {
    override setAdmission(mode: AdmissionMode): void {
      if (mode !== 'auto' || this.mode !== 'closed') void super.setAdmission(mode);
    }
  }, ['stats', 'contention', 'partitions', 'thresholds']),
  whole('down-for-maintenance', ['ADM-3'], 'admission is closed by hand for maintenance, and then messages are not handed over either', class extends Plain {
    protected override post(to: readonly Incarnation[], from: string, message: unknown): number {
      return this.mode === 'closed' ? 0 : super.post(to, from, message);
    }
  }),
  whole('giving-up-jumps-the-line', ['DLK-2'], 'to give a name up is urgent: others wait for it', class extends Plain {
    protected override enqueue(lane: Lane, write: Write): void {
      if (write.kind === 'unregisterServer') lane.waiting.unshift(write);
      else lane.waiting.push(write);
      this.pump(lane);
    }
  }, ['partitions', 'thresholds']),
  {
    id: 'forty-connections',
    how: 'writes go over forty connections to the store in turns, and wait for whoever is on theirs',
    breaks: ['PRT-4'],
    adapter: adapterFor('forty connections', (options) => {
      const connections: Promise<unknown>[] = Array.from({ length: 40 }, () => Promise.resolve());
      let turn = 0;
      return new ShardedRegistry({
        ...options,
        store: (...args) => {
          const inner = options.store!(...args);
          return {
            ...inner,
            commit: (change) => {
              const mine = turn++ % connections.length;
              const committed = connections[mine]!.then(() => inner.commit(change));
              connections[mine] = committed.catch(() => undefined);
              return committed;
            },
          };
        },
      });
    }),
  },
];

/** Right as long as operations come one after the other. */
export const aloneInOverlap: readonly Mutant[] = [
  {
    id: 'waiting-room-for-hundreds',
    how: 'a ring holds the 256 calls that wait, and what does not fit in is written over',
    breaks: ['DLK-4'],
    adapter: anew('a waiting room for hundreds', (clock) => new (class extends Honest {
      #waiting = 0;

      protected override exclusively<T>(key: string, work: () => Promise<T>): Promise<T> {
        if (++this.#waiting > 256) {
          this.#waiting--;
          return new Promise(() => undefined);
        }
        return super.exclusively(key, work).finally(() => void this.#waiting--);
      }
    })(clock)),
  },
  {
    id: 'looked-at-again-in-memory',
    how: 'admission may have closed while a registration waited for its turn, so it is looked at again, when the name has been taken',
    breaks: ['CON-3'],
    adapter: { name: 'looked at again', without: ['stats', 'contention'], open: ({ clock }) => withEdge(new (class extends Admitting {
      protected override async register(names: Map<string, Task>, id: string, endpoint: Endpoint, config: Config): Promise<void> {
        await super.register(names, id, endpoint, config);
        this.admit(id);
      }
    })(clock)) },
  },
  {
    id: 'closes-up-when-one-has-left',
    how: 'a broadcast walks an array by index, from which nobody is taken who is unbound, but who is unregistered is, and the rest moves up',
    breaks: ['RTE-9'],
    adapter: anew('closes up when one has left', (clock) => new (class extends Honest {
      readonly #audiences = new Map<Task, Task[]>();

      #join(entry: Task | undefined): void {
        const server = entry?.server;
        if (entry === undefined || server === undefined) return;
        const audience = this.#audiences.get(server) ?? [];
        this.#audiences.set(server, audience);
        if (!audience.includes(entry)) audience.push(entry);
      }

      protected override tie(transportId: string, serverId: string): void {
        super.tie(transportId, serverId);
        this.#join(this.transports.get(transportId));
      }

      protected override put(names: Map<string, Task>, entry: Task): void {
        super.put(names, entry);
        this.#join(entry);
      }

      protected override remove(names: Map<string, Task>, entry: Task): void {
        for (const audience of this.#audiences.values()) if (audience.includes(entry)) audience.splice(audience.indexOf(entry), 1);
        super.remove(names, entry);
      }

      override async routeToTransport(transportId: string | typeof broadcast, serverId: string, message: unknown): Promise<number> {
        const server = this.servers.get(serverId);
        if (transportId !== broadcast || server === undefined) return super.routeToTransport(transportId, serverId, message);
        const audience = this.#audiences.get(server) ?? [];
        let reached = 0;
        for (let i = 0; i < audience.length; i++) {
          const { id, server: its } = audience[i]!;
          if (its === server) reached += await super.routeToTransport(id, serverId, message);
          await this.pause();
        }
        return reached;
      }
    })(clock)),
  },
  {
    id: 'broadcast-in-pages',
    how: 'a broadcast goes by pages of a hundred, each of which is asked for by its place when the one before it has been handed over',
    breaks: ['RTE-9'],
    adapter: anew('broadcast in pages', (clock) => new (class extends Honest {
      override async routeToTransport(transportId: string | typeof broadcast, serverId: string, message: unknown): Promise<number> {
        if (transportId !== broadcast) return super.routeToTransport(transportId, serverId, message);
        let reached = 0;
        for (let from = 0; from < this.bound(serverId).length; from += 100) {
          for (const { id } of this.bound(serverId).slice(from, from + 100)) reached += await super.routeToTransport(id, serverId, message);
          await this.pause();
        }
        return reached;
      }
    })(clock)),
  },
];

export const aloneMutants: readonly Mutant[] = [...names, ...bindings, ...lifetimes, ...closing, ...routing, ...load];
