import type { Config, Endpoint, Json, Namespace, Registration, RequirementId } from '../../spec/index.js';
import type { OpenOptions } from '../contract.js';
import type { Mutant } from './mutant.js';
import { PlainRegistry, refusal, type Entry } from './plain-registry.js';

/*
 * Written from the specification alone, by somebody who had not read the checks, and committed before the kit had met
 * any of them. First met by the kit on 25 November 2026, together with those in `held-out-bindings.ts`: of 87, it killed
 * 37, found fault with 12 for another reason than theirs, and passed 38. Since then it has seen them all.
 */

/** A broken registry of another make than ours: the plain one, with one of its steps got wrong. */
export const variant = (id: string, breaks: readonly RequirementId[], how: string, Variant: new (options: OpenOptions) => PlainRegistry): Mutant => ({
  id,
  breaks,
  how,
  adapter: { name: how, features: ['virtual-time'], open: (options) => new Variant(options) },
});

/** Names, endpoints, errors, registration, configurations, updates, unregistration, lookups and lists. */
export const heldOutNames: readonly Mutant[] = [
  variant('unbind-takes-anything', ['NAM-1'], 'to unbind what is not there does no harm, so nobody looks at the id', class extends PlainRegistry {
    override unbindTransport(transportId: string): void {
      this.open();
      const transport = this.names.transport.get(transportId);
      if (transport !== undefined) this.detach(transport);
    }
  }),
  variant('surrogates-by-regexp', ['NAM-1'], 'a regular expression without the flag u counts code units, so the length is checked apart, and lone surrogates not at all', class extends PlainRegistry {
    protected override checkId(id: unknown): void {
      if (typeof id !== 'string' || !/^[^\0]+$/.test(id) || [...id].length > 255) throw refusal('invalid_argument');
    }
  }),
  variant('sender-unchecked', ['NAM-1'], 'the sender need not be registered, so its id is passed on as it comes', class extends PlainRegistry {
    override routeToServer(serverId: string, transportId: string, message: unknown): number {
      this.open();
      this.checkId(serverId);
      return this.deliver(this.names.server.get(serverId), transportId, message);
    }
  }),
  variant('nul-at-the-end', ['NAM-1'], 'C strings: the id is looked at up to the first NUL, which may be the last character', class extends PlainRegistry {
    protected override checkId(id: unknown): void {
      super.checkId(typeof id === 'string' && id.length > 1 && id.endsWith('\0') ? id.slice(0, -1) : id);
    }
  }),
  variant('code-units-counted', ['NAM-2'], 'the limit is on `length`, which counts code units', class extends PlainRegistry {
    protected override checkId(id: unknown): void {
      super.checkId(id);
      if ((id as string).length > 255) throw refusal('invalid_argument');
    }
  }),
  variant('blank-ids-refused', ['NAM-2'], 'an id that is blank when trimmed is taken for an empty one', class extends PlainRegistry {
    protected override checkId(id: unknown): void {
      super.checkId(typeof id === 'string' ? id.trim() && id : id);
    }
  }),
  variant('transports-in-lower-case', ['NAM-3'], 'transport ids are session ids of HTTP headers, and headers do not mind the case', class extends PlainRegistry {
    protected override insert(namespace: Namespace, registration: Registration): Entry {
      const same = (other: string): boolean => other.toLowerCase() === registration.id.toLowerCase();
      if (namespace === 'transport' && [...this.names.transport.keys()].some(same)) throw refusal('already_registered');
      return super.insert(namespace, registration);
    }
  }),
  variant('bind-trims', ['NAM-3', 'NAM-2', 'BND-1'], 'bindings are read from a file, line by line, and so trimmed', class extends PlainRegistry {
    override bindTransportToServer(transportId: string, serverId: string): void {
      const trimmed = (id: string): string => (typeof id === 'string' ? id.trim() || id : id);
      super.bindTransportToServer(trimmed(transportId), trimmed(serverId));
    }
  }),
  variant('hash-is-the-key', ['NAM-3', 'REG-1'], 'the table is keyed by a hash of sixteen bits, and the id itself is compared nowhere', class extends PlainRegistry {
    readonly #taken = { server: new Map<number, Entry>(), transport: new Map<number, Entry>() };

    protected override insert(namespace: Namespace, registration: Registration): Entry {
      let hash = 7;
      for (const char of registration.id) hash = (hash * 31 + char.codePointAt(0)!) & 0xffff;
      if (this.#taken[namespace].get(hash)?.live === true) throw refusal('already_registered');
      const entry = super.insert(namespace, registration);
      this.#taken[namespace].set(hash, entry);
      return entry;
    }
  }),
  variant('prefix-for-one-kind', ['NAM-4'], 'transports came later, and went into the same table with "transport:" before their ids', class extends PlainRegistry {
    protected override insert(namespace: Namespace, registration: Registration): Entry {
      const { id } = registration;
      const taken = namespace === 'transport' ? this.names.server.has(`transport:${id}`) : id.startsWith('transport:') && this.names.transport.has(id.slice('transport:'.length));
      if (taken) throw refusal('already_registered');
      return super.insert(namespace, registration);
    }
  }),
  variant('unregister-unbinds-namesake', ['NAM-4'], 'one unregister for both kinds, which clears the table of bindings by id', class extends PlainRegistry {
    protected override unregister(namespace: Namespace, id: string): void {
      const was = this.names[namespace].has(id);
      super.unregister(namespace, id);
      const namesake = this.names.transport.get(id);
      if (was && namespace === 'server' && namesake !== undefined) this.detach(namesake);
    }
  }),
  variant('one-table-of-configs', ['NAM-4'], 'configurations in one table by id, for both kinds', class extends PlainRegistry {
    protected override insert(namespace: Namespace, registration: Registration): Entry {
      const entry = super.insert(namespace, registration);
      const namesake = this.names[namespace === 'server' ? 'transport' : 'server'].get(registration.id);
      if (namesake !== undefined) this.update(namesake, registration.config);
      return entry;
    }
  }),
  variant('either-server-or-transport', ['EPT-1'], 'an endpoint is a server or a transport: one that is a server cannot be a transport as well', class extends PlainRegistry {
    protected override insert(namespace: Namespace, registration: Registration): Entry {
      const others = this.watches.get(registration.endpoint.signal)?.entries ?? [];
      if ([...others].some((other) => other.namespace !== namespace)) throw refusal('invalid_argument');
      return super.insert(namespace, registration);
    }
  }),
  variant('deaf-transports', ['EPT-2'], 'transports are registered by our own code, so only their signal is looked at', class extends PlainRegistry {
    protected override checkEndpoint(namespace: Namespace, endpoint: unknown): void {
      if (namespace === 'server') super.checkEndpoint(namespace, endpoint);
      else if (typeof (endpoint as Partial<Endpoint> | undefined)?.signal?.addEventListener !== 'function') throw refusal('invalid_argument');
    }
  }),
  variant('closed-without-a-code', ['ERR-1'], 'after close the table is null, and whoever writes to it gets a TypeError', class extends PlainRegistry {
    override bindTransportToServer(transportId: string, serverId: string): void {
      if (this.closed) throw new TypeError("Cannot read properties of null (reading 'get')");
      super.bindTransportToServer(transportId, serverId);
    }
  }),
  variant('cache-of-a-thousand', ['LKP-1', 'LST-1'], 'the table is a cache of a thousand, least recently registered first out', class extends PlainRegistry {
    protected override insert(namespace: Namespace, registration: Registration): Entry {
      const table = this.names[namespace];
      if (table.size >= 1_000) this.remove([...table.values()][0]!);
      return super.insert(namespace, registration);
    }
  }),
  variant('same-transport-twice', ['REG-2'], 'a transport that registers again with the same endpoint has reconnected, which is a success', class extends PlainRegistry {
    override registerTransport(id: string, endpoint: Endpoint, config?: Config): void | Promise<void> {
      const holder = this.names.transport.get(id);
      if (holder !== undefined && holder.registration.endpoint === endpoint && !endpoint.signal.aborted) return undefined;
      return super.registerTransport(id, endpoint, config);
    }
  }),
  variant('dead-transport-in-silence', ['REG-3'], 'a transport that has gone before it was registered is nobody\'s fault', class extends PlainRegistry {
    protected override register(namespace: Namespace, id: string, endpoint: Endpoint, config: Config): void | Promise<void> {
      try {
        return super.register(namespace, id, endpoint, config);
      } catch (error) {
        if (namespace === 'transport' && (error as { code?: string }).code === 'endpoint_down' && !this.names.transport.has(id)) return undefined;
        throw error;
      }
    }
  }),
  variant('config-before-the-look', ['REG-4'], 'the configuration is stored first, since whoever holds the name is looked up only with the insert', class extends PlainRegistry {
    override registerTransport(id: string, endpoint: Endpoint, config?: Config): void | Promise<void> {
      try {
        return super.registerTransport(id, endpoint, config);
      } catch (error) {
        const holder = this.names.transport.get(id);
        if ((error as { code?: string }).code === 'already_registered' && holder !== undefined) this.update(holder, this.copy(config ?? {}));
        throw error;
      }
    }
  }),
  variant('bound-before-the-look', ['REG-4'], 'a transport is bound to the server of its configuration before the name is found to be taken', class extends PlainRegistry {
    override registerTransport(id: string, endpoint: Endpoint, config?: Config): void | Promise<void> {
      try {
        return super.registerTransport(id, endpoint, config);
      } catch (error) {
        const holder = this.names.transport.get(id);
        const server = this.names.server.get(config?.['serverId'] as string);
        if ((error as { code?: string }).code === 'already_registered' && holder !== undefined && server !== undefined) this.attach(holder, server);
        throw error;
      }
    }
  }),
  variant('the-dead-evict', ['REG-4'], 'a name is taken over in two steps, out with the old and in with the new, and a new one that is dead is found out in the second', class extends PlainRegistry {
    override registerServer(id: string, endpoint: Endpoint, config?: Config): void | Promise<void> {
      try {
        return super.registerServer(id, endpoint, config);
      } catch (error) {
        const holder = this.names.server.get(id);
        if ((error as { code?: string }).code === 'endpoint_down' && holder !== undefined) this.remove(holder);
        throw error;
      }
    }
  }),
  variant('refused-bind-is-remembered', ['REG-4'], 'a bind of a transport that is not there yet is refused, and kept for when it comes', class extends PlainRegistry {
    readonly #wanted = new Map<string, string>();

    override bindTransportToServer(transportId: string, serverId: string): void {
      try {
        super.bindTransportToServer(transportId, serverId);
      } catch (error) {
        if ((error as { code?: string }).code === 'transport_not_found') this.#wanted.set(transportId, serverId);
        throw error;
      }
    }

    protected override insert(namespace: Namespace, registration: Registration): Entry {
      const entry = super.insert(namespace, registration);
      const server = namespace === 'transport' ? this.names.server.get(this.#wanted.get(registration.id) ?? '') : undefined;
      if (namespace === 'transport') this.#wanted.delete(registration.id);
      if (server !== undefined && entry.server === undefined) this.attach(entry, server);
      return entry;
    }
  }),
  variant('refused-update-is-kept', ['REG-4'], 'an update of a server that is not there is refused, but has been written: the next to register without a configuration finds it', class extends PlainRegistry {
    readonly #written = new Map<string, Config>();

    override updateServer(id: string, config: Config): void {
      try {
        super.updateServer(id, config);
      } catch (error) {
        if ((error as { code?: string }).code === 'server_not_found') this.#written.set(id, this.copy(config));
        throw error;
      }
    }

    override registerServer(id: string, endpoint: Endpoint, config?: Config): void | Promise<void> {
      super.registerServer(id, endpoint, config);
      const written = this.#written.get(id);
      this.#written.delete(id);
      if (written !== undefined && Object.keys(config ?? {}).length === 0) this.update(this.names.server.get(id)!, written);
    }
  }),
  variant('tombstone-after-down', ['REG-5'], 'the dead leave a tombstone, which only unregistering takes away', class extends PlainRegistry {
    readonly #tombs = new Set<string>();

    protected override down(signal: AbortSignal): void {
      for (const { namespace, registration } of this.watches.get(signal)?.entries ?? []) if (namespace === 'transport') this.#tombs.add(registration.id);
      super.down(signal);
    }

    override unregisterTransport(id: string): void {
      super.unregisterTransport(id);
      this.#tombs.delete(id);
    }

    protected override insert(namespace: Namespace, registration: Registration): Entry {
      if (namespace === 'transport' && this.#tombs.has(registration.id)) throw refusal('already_registered');
      return super.insert(namespace, registration);
    }
  }),
  variant('no-way-back', ['REG-5'], 'a guard against requests that are sent twice: who has had a name and given it up asks for it in vain', class extends PlainRegistry {
    readonly #had = new WeakMap<Endpoint, Set<string>>();

    protected override insert(namespace: Namespace, registration: Registration): Entry {
      const had = this.#had.get(registration.endpoint) ?? new Set();
      const key = `${namespace} ${registration.id}`;
      if (had.has(key)) throw refusal('already_registered');
      this.#had.set(registration.endpoint, had.add(key));
      return super.insert(namespace, registration);
    }
  }),
  variant('transport-config-shallow', ['CFG-1'], 'a copy with `...`, of the top level alone', class extends PlainRegistry {
    override registerTransport(id: string, endpoint: Endpoint, config: Config = {}): void | Promise<void> {
      super.registerTransport(id, endpoint, config);
      this.update(this.names.transport.get(id)!, Object.freeze({ ...config }));
    }
  }),
  variant('update-keeps-the-callers', ['CFG-1'], 'a registration copies its configuration, an update was added later and does not', class extends PlainRegistry {
    override updateServer(id: string, config: Config): void {
      super.updateServer(id, config);
      this.update(this.names.server.get(id)!, config);
    }
  }),
  variant('list-hands-out-its-own', ['CFG-1'], 'lookups copy what they hand out; the list hands out what is kept', class extends PlainRegistry {
    protected override copy(config: unknown): Config {
      return structuredClone(super.copy(config));
    }

    protected override find(namespace: Namespace, id: string): Registration | undefined {
      const found = super.find(namespace, id);
      return found && { ...found, config: structuredClone(found.config) };
    }
  }),
  variant('proto-key-is-lost', ['CFG-1'], 'a copy made by assigning key after key, `__proto__` too', class extends PlainRegistry {
    protected override copy(config: unknown): Config {
      const assign = (value: Json): Json => {
        if (typeof value !== 'object' || value === null) return value;
        if (Array.isArray(value)) return Object.freeze(value.map(assign));
        const copy: Record<string, Json> = {};
        for (const [key, part] of Object.entries(value)) copy[key] = assign(part);
        return Object.freeze(copy);
      };
      return assign(super.copy(config)) as Config;
    }
  }),
  variant('omit-empty', ['CFG-1'], 'what is false, zero or null is left out when it is stored, as encoders with `omitempty` do', class extends PlainRegistry {
    protected override copy(config: unknown): Config {
      return super.copy(Object.fromEntries(Object.entries(super.copy(config)).filter(([key, value]) => key === 'serverId' || (value !== null && value !== 0 && value !== false))));
    }
  }),
  variant('one-empty-config', ['CFG-1'], 'all who bring no configuration get the same empty one, and it can be written to', class extends PlainRegistry {
    readonly #empty: Config = {};

    protected override copy(config: unknown): Config {
      const copy = super.copy(config);
      return Object.keys(copy).length === 0 ? this.#empty : copy;
    }
  }),
  variant('update-registers-anew', ['UPD-1'], 'an update is an unregister and a register', class extends PlainRegistry {
    protected override update(entry: Entry, config: Config): void {
      this.remove(entry);
      this.insert(entry.namespace, { ...entry.registration, config });
    }
  }),
  variant('update-with-nothing', ['UPD-1'], 'an update with an empty configuration is taken for one that was left out', class extends PlainRegistry {
    protected override update(entry: Entry, config: Config): void {
      if (Object.keys(config).length > 0) super.update(entry, config);
    }
  }),
  variant('update-brings-back-the-first', ['UPD-1'], 'the record is made from the first registration of the name, which was kept in a cache', class extends PlainRegistry {
    readonly #first = new Map<string, Endpoint>();
    readonly #shown = new WeakMap<Entry, Registration>();

    protected override insert(namespace: Namespace, registration: Registration): Entry {
      if (namespace === 'server' && !this.#first.has(registration.id)) this.#first.set(registration.id, registration.endpoint);
      return super.insert(namespace, registration);
    }

    protected override update(entry: Entry, config: Config): void {
      super.update(entry, config);
      this.#shown.set(entry, Object.freeze({ ...entry.registration, endpoint: this.#first.get(entry.registration.id)! }));
    }

    override findServer(id: string): Registration | undefined {
      return super.findServer(id) && (this.#shown.get(this.names.server.get(id)!) ?? super.findServer(id));
    }

    override listServers(): readonly Registration[] {
      return super.listServers().map(({ id }) => this.findServer(id)!);
    }
  }),
  variant('update-of-the-departed', ['UPD-2'], 'ids are checked against all that were ever registered, and an update of one that has gone is nothing to do', class extends PlainRegistry {
    readonly #known = new Set<string>();

    protected override insert(namespace: Namespace, registration: Registration): Entry {
      if (namespace === 'server') this.#known.add(registration.id);
      return super.insert(namespace, registration);
    }

    override updateServer(id: string, config: Config): void {
      try {
        super.updateServer(id, config);
      } catch (error) {
        if ((error as { code?: string }).code !== 'server_not_found' || !this.#known.has(id)) throw error;
      }
    }
  }),
  variant('unregister-takes-the-endpoint', ['UNR-1'], 'a transport that is unregistered is gone, and with it all that its endpoint holds', class extends PlainRegistry {
    override unregisterTransport(id: string): void {
      const signal = this.names.transport.get(id)?.registration.endpoint.signal;
      super.unregisterTransport(id);
      if (signal !== undefined) this.down(signal);
    }
  }),
  variant('names-are-paths', ['UNR-1'], 'names are paths, and who removes a node removes what is below it', class extends PlainRegistry {
    protected override unregister(namespace: Namespace, id: string): void {
      super.unregister(namespace, id);
      for (const [other, entry] of [...this.names[namespace]]) if (other.startsWith(`${id}/`)) this.remove(entry);
    }
  }),
  variant('unregister-of-the-departed', ['UNR-2'], 'a second unregister is told from one of a name that never was, and is an error', class extends PlainRegistry {
    readonly #departed = new Set<string>();

    override unregisterTransport(id: string): void {
      this.open();
      if (!this.names.transport.has(id) && this.#departed.has(id)) throw refusal('transport_not_found');
      if (this.names.transport.has(id)) this.#departed.add(id);
      super.unregisterTransport(id);
    }
  }),
  variant('misses-are-cached', ['REG-1', 'LKP-1'], 'a lookup that found nothing is remembered, and a registration of a transport does not know of that', class extends PlainRegistry {
    readonly #missed = new Set<string>();

    override findTransport(id: string): Registration | undefined {
      if (!this.closed && this.#missed.has(id)) return undefined;
      const found = super.findTransport(id);
      if (found === undefined) this.#missed.add(id);
      return found;
    }
  }),
  variant('growth-loses-one', ['LKP-1', 'NAM-3'], 'when the index for lookups doubles, at 64, its last slot is not copied', class extends PlainRegistry {
    readonly #lost = new WeakSet<Entry>();

    protected override insert(namespace: Namespace, registration: Registration): Entry {
      const entry = super.insert(namespace, registration);
      if (namespace === 'server' && this.names.server.size === 65) this.#lost.add([...this.names.server.values()][63]!);
      return entry;
    }

    protected override find(namespace: Namespace, id: string): Registration | undefined {
      const found = super.find(namespace, id);
      return found && this.#lost.has(this.names[namespace].get(id)!) ? undefined : found;
    }
  }),
  variant('lease-runs-out', ['LKP-1'], 'a lease of a minute, which nobody is told to renew', class extends PlainRegistry {
    readonly #since = new WeakMap<Entry, number>();

    constructor(private readonly options: OpenOptions) {
      super();
    }

    protected override insert(namespace: Namespace, registration: Registration): Entry {
      const entry = super.insert(namespace, registration);
      this.#since.set(entry, this.options.clock.now());
      return entry;
    }

    override findServer(id: string): Registration | undefined {
      const found = super.findServer(id);
      return found && this.options.clock.now() - this.#since.get(this.names.server.get(id)!)! > 60_000 ? undefined : found;
    }
  }),
  variant('gone-is-an-error', ['LKP-2'], 'a name that was there and has gone is answered as 410 Gone, one that never was with nothing', class extends PlainRegistry {
    readonly #gone = new Set<string>();

    protected override remove(entry: Entry): void {
      super.remove(entry);
      if (entry.namespace === 'server') this.#gone.add(entry.registration.id);
    }

    override findServer(id: string): Registration | undefined {
      const found = super.findServer(id);
      if (found === undefined && this.#gone.has(id)) throw refusal('server_not_found');
      return found;
    }
  }),
  variant('list-forgets-updates', ['LST-1'], 'the list is made when something is registered or goes, and an update is neither', class extends PlainRegistry {
    #made: readonly Registration[] | undefined = undefined;

    protected override insert(namespace: Namespace, registration: Registration): Entry {
      this.#made = undefined;
      return super.insert(namespace, registration);
    }

    protected override remove(entry: Entry): void {
      this.#made = undefined;
      super.remove(entry);
    }

    override listServers(): readonly Registration[] {
      this.open();
      return [...(this.#made ??= super.listServers())];
    }
  }),
  variant('slot-not-moved', ['LST-1'], 'the last of the list is put where one was taken out, and not told its new place', class extends PlainRegistry {
    readonly #list: Entry[] = [];
    readonly #slots = new WeakMap<Entry, number>();

    protected override insert(namespace: Namespace, registration: Registration): Entry {
      const entry = super.insert(namespace, registration);
      if (namespace === 'transport') this.#slots.set(entry, this.#list.push(entry) - 1);
      return entry;
    }

    protected override remove(entry: Entry): void {
      super.remove(entry);
      const slot = this.#slots.get(entry);
      if (slot === undefined) return;
      const last = this.#list.pop();
      if (last !== undefined && slot < this.#list.length) this.#list[slot] = last;
    }

    override listTransports(): readonly Registration[] {
      this.open();
      return this.#list.map(({ registration }) => registration);
    }
  }),
  variant('one-list-for-all', ['LST-2'], 'the list is made once and given to all who ask, until something changes', class extends PlainRegistry {
    #made: readonly Registration[] | undefined = undefined;

    protected override insert(namespace: Namespace, registration: Registration): Entry {
      this.#made = undefined;
      return super.insert(namespace, registration);
    }

    protected override remove(entry: Entry): void {
      this.#made = undefined;
      super.remove(entry);
    }

    override listTransports(): readonly Registration[] {
      this.open();
      return (this.#made ??= super.listTransports());
    }
  }),
  variant('record-updated-in-place', ['LST-2'], 'an update changes the record, and whoever has been given a list has the record', class extends PlainRegistry {
    readonly #records = new WeakMap<Entry, { id: string; endpoint: Endpoint; config: Config }>();

    override listServers(): readonly Registration[] {
      this.open();
      return [...this.names.server.values()].map((entry) => {
        const record = this.#records.get(entry) ?? { ...entry.registration };
        this.#records.set(entry, record);
        return record;
      });
    }

    protected override update(entry: Entry, config: Config): void {
      super.update(entry, config);
      const record = this.#records.get(entry);
      if (record !== undefined) record.config = config;
    }
  }),
];
