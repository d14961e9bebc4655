import type { Config, Endpoint, Namespace, Registration } from '../../spec/index.js';
import { RegistryError, ShardedRegistry } from '../../src/index.js';
import { wrong, wronglyUsed } from './held-out-fourth-wrong.js';
import type { Mutant } from './mutant.js';
import { noConfig, refuse, ThirdRegistry, type Entry, type Job, type Order, type Register, type Unregister, type Update } from './third-registry.js';
import type { Answer } from './whole-registry.js';

/* Held out: names, endpoints, errors, registration, configurations, updates, unregistration. */

const ids: readonly Mutant[] = [
  wronglyUsed(
    'bind-counts-units',
    ['NAM-2', 'BND-1'],
    'The column that binds refer to is 255 units wide, so a bind refuses a server id of more UTF-16 units, which registration takes.',
    (options) =>
      new (class extends ShardedRegistry {
        override async bindTransportToServer(transportId: string, serverId: string): Promise<void> {
          if (typeof serverId === 'string' && serverId.length > 255) throw new RegistryError('invalid_argument', 'The server id is too long.');
          return super.bindTransportToServer(transportId, serverId);
        }
      })(options),
  ),

  wronglyUsed(
    'sender-looked-at-late',
    ['NAM-1'],
    'Routing looks for the recipient first and is done if there is none, so a sender that is no id is refused only if the server exists.',
    (options) =>
      new (class extends ShardedRegistry {
        override routeToServer(serverId: string, transportId: string, message: unknown): number {
          return this.findServer(serverId) === undefined ? 0 : super.routeToServer(serverId, transportId, message);
        }
      })(options),
  ),

  wrong(
    'ids-known-by-text',
    ['NAM-1'],
    'Ids that have been checked are remembered as keys of an object, so that a number or an array that spells one of them counts as checked too.',
    class extends ThirdRegistry {
      readonly #known = new Set<string>();

      protected override checkId(id: unknown): void {
        if ((typeof id === 'string' || typeof id === 'number' || Array.isArray(id)) && this.#known.has(String(id))) return;
        super.checkId(id);
        if (this.#known.size >= 1_000) this.#known.clear();
        this.#known.add(id as string);
      }
    },
  ),

  wrong(
    'namesake-unbound',
    ['NAM-4', 'DWN-4'],
    'Bindings are one table by id, from which the row of whatever is unregistered is deleted, a server or a transport.',
    class extends ThirdRegistry {
      protected override leave(entry: Entry): void {
        super.leave(entry);
        const namesake = entry.namespace === 'server' ? this.lookup('transport', entry.id) : undefined;
        if (namesake) this.unlink(namesake);
      }
    },
  ),

  wrong(
    'recipients-by-locale',
    ['NAM-3', 'RTE-3'],
    'The recipients of a broadcast are sorted, and neighbours that compare as equal are taken for the same; the comparison is that of the locale.',
    class extends ThirdRegistry {
      protected override broadcast(server: Entry, message: unknown): number {
        const sorted = [...server.bound].sort((a, b) => a.id.localeCompare(b.id));
        const recipients = sorted.filter((transport, at) => at === 0 || transport.id.localeCompare(sorted[at - 1]!.id) !== 0);
        for (const transport of recipients) this.handOver(transport, server.id, message);
        return recipients.length;
      }
    },
  ),

  wrong(
    'unassigned-refused',
    ['NAM-2'],
    'What Unicode has not assigned is refused together with lone surrogates, by the one look at a class of code points.',
    class extends ThirdRegistry {
      protected override checkId(id: unknown): void {
        super.checkId(id);
        if (/\p{Cn}/u.test(id as string)) refuse('invalid_argument', 'id');
      }
    },
  ),

  wrong(
    'bindings-in-an-object',
    ['NAM-2', 'ERR-1'],
    'Which server a transport has is looked up in a plain object, which has heard of `constructor` and `toString`.',
    class extends ThirdRegistry {
      readonly #serverOf: Record<string, string> = {};

      protected override link(transport: Entry, server: Entry): void {
        super.link(transport, server);
        this.#serverOf[transport.id] = server.id;
      }

      protected override unlink(transport: Entry): void {
        super.unlink(transport);
        Reflect.deleteProperty(this.#serverOf, transport.id);
      }

      protected override endBindings(server: Entry): void {
        for (const transport of server.bound) Reflect.deleteProperty(this.#serverOf, transport.id);
        super.endBindings(server);
      }

      override getServerForTransport(transportId: string): string | undefined {
        this.checkId(transportId);
        return this.closed ? undefined : this.#serverOf[transportId];
      }
    },
  ),
];

const endpoints: readonly Mutant[] = [
  wrong(
    'names-of-endpoint-by-id',
    ['DWN-1', 'EPT-1'],
    'What an endpoint holds is kept by id, so that of a server and a transport of the same id only the later goes with it.',
    class extends ThirdRegistry {
      protected override watch(entry: Entry): void {
        super.watch(entry);
        const { entries } = this.watches.get(entry.endpoint)!;
        for (const namespace of ['server', 'transport'] as const) {
          const other = this.lookup(namespace, entry.id);
          if (other && other !== entry) entries.delete(other);
        }
      }
    },
  ),

  wrong(
    'thirty-two-names',
    ['DWN-1', 'EPT-1'],
    'Which of the slots of an endpoint are taken is a number of 32 bits, so that its 33rd name takes the slot of the first.',
    class extends ThirdRegistry {
      protected override watch(entry: Entry): void {
        super.watch(entry);
        const { entries } = this.watches.get(entry.endpoint)!;
        const [first] = entries;
        if (entries.size > 32) entries.delete(first!);
      }
    },
  ),

  wrong(
    'first-listener-of-a-signal',
    ['DWN-1'],
    'A signal that is listened to is not listened to again, but what is done on "down" concerns the one endpoint; another that shares the signal is overlooked.',
    class extends ThirdRegistry {
      readonly #listening = new WeakMap<AbortSignal, Endpoint>();

      protected override watch(entry: Entry): void {
        super.watch(entry);
        const { signal, listener } = this.watches.get(entry.endpoint)!;
        const first = this.#listening.get(signal);
        if (first === undefined || !this.watches.has(first)) this.#listening.set(signal, entry.endpoint);
        else if (first !== entry.endpoint) signal.removeEventListener('abort', listener);
      }
    },
  ),

  wrong(
    'known-endpoint-trusted',
    ['REG-3', 'DWN-1'],
    'An endpoint that holds a name when its next registration has its turn is known to be up, so its signal is not asked again at the commit.',
    class extends ThirdRegistry {
      readonly #trusted = new WeakSet<object>();

      protected override begin(job: Job): void {
        if (job.kind === 'register' && this.watches.has(job.endpoint)) this.#trusted.add(job);
        super.begin(job);
      }

      protected override checkRegister(job: Register): void {
        if (!this.#trusted.has(job)) super.checkRegister(job);
        else if (this.lookup(job.namespace, job.id)) refuse('already_registered', job.id);
      }
    },
  ),
];

const registrations: readonly Mutant[] = [
  wrong(
    'taken-transport-moves',
    ['REG-4'],
    'Registration binds first, by name, and looks only then whether the name is free: a refused one has moved the transport that holds it.',
    class extends ThirdRegistry {
      protected override checkRegister(job: Register): void {
        const taken = job.namespace === 'transport' ? this.lookup('transport', job.id) : undefined;
        const server = this.names.server.get(job.config.serverId as string);
        if (taken && server && !job.endpoint.signal.aborted) this.link(taken, server);
        super.checkRegister(job);
      }
    },
  ),

  wrong(
    'generation-in-a-byte',
    ['REG-1'],
    'A partition counts its registrations in a byte to tell incarnations apart, and 0 means that there is none: so the 256th is not found.',
    class extends ThirdRegistry {
      readonly #generations = new Uint8Array(64);
      readonly #none = new WeakSet<Entry>();

      protected override enter(entry: Entry): void {
        const { index } = this.partitionOf(entry.id);
        if (++this.#generations[index]! % 256 === 0) this.#none.add(entry);
        super.enter(entry);
      }

      protected override lookup(namespace: Namespace, id: string): Entry | undefined {
        const entry = super.lookup(namespace, id);
        return entry && this.#none.has(entry) ? undefined : entry;
      }
    },
  ),

  wrong(
    'refused-keeps-listening',
    ['DWN-4', 'INC-1', 'CLS-3', 'CLS-4'],
    'Registration listens to the signal before it looks whether the name is free, and leaves the listener when it is not: it takes the name from whoever holds it.',
    class extends ThirdRegistry {
      protected override refused(job: Job, error: unknown): void {
        super.refused(job, error);
        if (job.kind !== 'register' || (error as RegistryError).code !== 'already_registered') return;
        const { namespace, id, endpoint } = job;
        const listener = (): void => this.applyUnregister({ kind: 'unregister', namespace, id });
        endpoint.signal.addEventListener('abort', listener, { once: true });
      }
    },
  ),
];

const configurations: readonly Mutant[] = [
  wrong(
    'list-hands-out-configs',
    ['CFG-1'],
    'Lookups hand out copies of configurations; lists, for the sake of speed, those that the registry keeps, which nobody has frozen.',
    class extends ThirdRegistry {
      protected override takeConfig(namespace: Namespace, config: Config | undefined): Config {
        return structuredClone(super.takeConfig(namespace, config));
      }

      protected override find(namespace: Namespace, id: string): Registration | undefined {
        const found = super.find(namespace, id);
        return found && Object.freeze({ ...found, config: structuredClone(found.config) });
      }
    },
  ),

  wrong(
    'interned-configs',
    ['CFG-1', 'UPD-1'],
    'Equal configurations are kept once, found by their JSON with the keys in order; the list of keys that puts them in order also leaves out all others, further down.',
    class extends ThirdRegistry {
      readonly #interned = new Map<string, Config>();

      protected override takeConfig(namespace: Namespace, config: Config | undefined): Config {
        const own = super.takeConfig(namespace, config);
        const key = JSON.stringify(own, Object.keys(own).sort());
        if (this.#interned.size >= 1_000) this.#interned.clear();
        if (!this.#interned.has(key)) this.#interned.set(key, own);
        return this.#interned.get(key)!;
      }
    },
  ),

  wrong(
    'config-outlives-down',
    ['LKP-1', 'CFG-1'],
    'Configurations are in a cache of their own, by name; unregistering takes them out, a "down" does not, so who registers such a name without one inherits it.',
    class extends ThirdRegistry {
      readonly #configs = new Map<string, Config>();

      #keep(namespace: Namespace, id: string, config: Config): void {
        this.#configs.set(`${namespace} ${id}`, config);
        const [oldest] = this.#configs.keys();
        if (this.#configs.size > 100) this.#configs.delete(oldest!);
      }

      protected override makeEntry(job: Register): Entry {
        const config = job.config === noConfig ? (this.#configs.get(`${job.namespace} ${job.id}`) ?? noConfig) : job.config;
        this.#keep(job.namespace, job.id, config);
        return super.makeEntry({ ...job, config });
      }

      protected override applyUpdate(job: Update): void {
        super.applyUpdate(job);
        this.#keep('server', job.id, job.config);
      }

      protected override applyUnregister(job: Unregister): void {
        super.applyUnregister(job);
        this.#configs.delete(`${job.namespace} ${job.id}`);
      }
    },
  ),
];

const updates: readonly Mutant[] = [
  wrong(
    'update-clones-entry',
    ['RTE-3', 'BND-5'],
    'An update puts a new record in the place of the old one and copies its transports, which still point to the old one: who unbinds afterwards leaves there, not here.',
    class extends ThirdRegistry {
      protected override applyUpdate({ id, config }: Update): void {
        const old = this.lookup('server', id)!;
        const entry: Entry = { ...old, registration: Object.freeze({ id, endpoint: old.endpoint, config }), bound: new Set(old.bound) };
        this.names.server.set(id, entry);
        const { entries } = this.watches.get(old.endpoint)!;
        entries.delete(old);
        entries.add(entry);
      }

      protected override endBindings(server: Entry): void {
        for (const transport of server.bound) if (transport.server?.id === server.id) transport.server = undefined;
        server.bound.clear();
      }
    },
  ),

  wrong(
    'update-reconciles',
    ['UPD-1', 'BND-9'],
    'After an update the bindings are set right: a transport that asked for this server when it was registered, and is not bound, is bound to it.',
    class extends ThirdRegistry {
      readonly #asking = new Map<string, Set<Entry>>();

      protected override bindAtRegistration(entry: Entry): void {
        super.bindAtRegistration(entry);
        const serverId = entry.namespace === 'transport' ? entry.registration.config.serverId : undefined;
        if (typeof serverId !== 'string') return;
        if (!this.#asking.has(serverId)) this.#asking.set(serverId, new Set());
        this.#asking.get(serverId)!.add(entry);
      }

      protected override leave(entry: Entry): void {
        super.leave(entry);
        const serverId = entry.registration.config.serverId as string;
        if (this.#asking.get(serverId)?.delete(entry) && this.#asking.get(serverId)!.size === 0) this.#asking.delete(serverId);
      }

      protected override applyUpdate(job: Update): void {
        super.applyUpdate(job);
        for (const transport of this.#asking.get(job.id) ?? []) if (!transport.server) this.link(transport, this.lookup('server', job.id)!);
      }
    },
  ),

  wrong(
    'down-after-update',
    ['DWN-1', 'UPD-1'],
    'An update puts a new record in the place of the old one, which is the one that "down" knows: it finds that this is not current any more, and leaves the name alone.',
    class extends ThirdRegistry {
      readonly #registeredAs = new WeakMap<Entry, Entry>();

      protected override applyUpdate({ id, config }: Update): void {
        const old = this.lookup('server', id)!;
        const entry: Entry = { ...old, registration: Object.freeze({ id, endpoint: old.endpoint, config }) };
        for (const transport of entry.bound) transport.server = entry;
        this.names.server.set(id, entry);
        this.#registeredAs.set(entry, this.#registeredAs.get(old) ?? old);
      }

      protected override unwatch(entry: Entry): void {
        super.unwatch(this.#registeredAs.get(entry) ?? entry);
      }

      protected override down(endpoint: Endpoint): void {
        for (const entry of [...(this.watches.get(endpoint)?.entries ?? [])]) if (this.isCurrent(entry)) this.leave(entry);
      }
    },
  ),

  wrong(
    'update-brings-back',
    ['DWN-1', 'CON-1'],
    'An update looks its server up when it has its turn, and puts it into the table again when it is committed, although it may have gone down meanwhile.',
    class extends ThirdRegistry {
      readonly #seen = new WeakMap<object, Entry>();

      protected override begin(job: Job): void {
        const entry = job.kind === 'update' ? this.lookup('server', job.id) : undefined;
        if (entry) this.#seen.set(job, entry);
        super.begin(job);
      }

      protected override checkUpdate(job: Update): void {
        if (!this.#seen.has(job)) super.checkUpdate(job);
      }

      protected override applyUpdate(job: Update): void {
        const entry = this.#seen.get(job)!;
        if (!this.isCurrent(entry)) this.enter(entry);
        super.applyUpdate(job);
      }
    },
  ),
];

const unregistrations: readonly Mutant[] = [
  wrong(
    'unregister-of-what-was-seen',
    ['DLK-2'],
    'An unregistration concerns the incarnation that was there when it was called, not when it has its turn: one that a write before it is to make is spared.',
    class extends ThirdRegistry {
      readonly #seen = new WeakMap<object, Entry>();

      protected override write(order: Order): Promise<void> {
        const entry = order.kind === 'unregister' ? this.lookup(order.namespace, order.id) : undefined;
        if (entry) this.#seen.set(order, entry);
        return super.write(order);
      }

      protected override applyUnregister(job: Unregister): void {
        const entry = this.#seen.get(job);
        if (entry && this.isCurrent(entry)) this.leave(entry);
      }
    },
  ),

  wrong(
    'unregister-after-down',
    ['UNR-2'],
    'An unregistration that finds its name when it has its turn, and not when it is committed, because the endpoint went down, takes that for an error.',
    class extends ThirdRegistry {
      readonly #found = new WeakSet<object>();

      protected override begin(job: Job): void {
        if (job.kind === 'unregister' && this.lookup(job.namespace, job.id)) this.#found.add(job);
        super.begin(job);
      }

      protected override check(job: Job): void {
        super.check(job);
        if (this.#found.has(job) && !this.lookup(job.namespace, job.id)) refuse(`${job.namespace}_not_found`, job.id);
      }
    },
  ),
];

const lists: readonly Mutant[] = [
  wrong(
    'stale-slot',
    ['LST-1'],
    'A list is kept as an array in which the last takes the place of what is removed; where it stands now is not noted, so its own removal takes out another.',
    class extends ThirdRegistry {
      readonly #lists: Record<Namespace, Entry[]> = { server: [], transport: [] };
      readonly #slots = new WeakMap<Entry, number>();

      protected override enter(entry: Entry): void {
        super.enter(entry);
        this.#slots.set(entry, this.#lists[entry.namespace].push(entry) - 1);
      }

      protected override leave(entry: Entry): void {
        super.leave(entry);
        const list = this.#lists[entry.namespace];
        const slot = this.#slots.get(entry)!;
        const last = list.pop()!;
        if (slot < list.length) list[slot] = last;
      }

      protected override list(namespace: Namespace): readonly Registration[] {
        return this.closed ? [] : this.#lists[namespace].map((entry) => entry.registration);
      }
    },
  ),

  wronglyUsed(
    'first-page',
    ['LST-1'],
    'A list of transports is the first page of a query, which has at most 256 rows; nobody asks for the next.',
    (options) =>
      new (class extends ShardedRegistry {
        override listTransports(): readonly Registration[] {
          return super.listTransports().slice(0, 256);
        }
      })(options),
  ),

  wrong(
    'cached-list',
    ['LST-2'],
    'A list is made once and handed out until something changes, as an array that whoever gets it may sort or empty.',
    class extends ThirdRegistry {
      readonly #lists = new Map<Namespace, Answer<readonly Registration[]>>();

      protected override enter(entry: Entry): void {
        super.enter(entry);
        this.#lists.delete(entry.namespace);
      }

      protected override leave(entry: Entry): void {
        super.leave(entry);
        this.#lists.delete(entry.namespace);
      }

      protected override applyUpdate(job: Update): void {
        super.applyUpdate(job);
        this.#lists.delete('server');
      }

      protected override list(namespace: Namespace): Answer<readonly Registration[]> {
        if (this.closed) return [];
        const list = this.#lists.get(namespace) ?? super.list(namespace);
        this.#lists.set(namespace, list);
        return list;
      }
    },
  ),

  wrong(
    'list-by-pages',
    ['LST-3'],
    'A long list is read sixteen at a time, so that nobody has to wait for it; what is removed meanwhile has its place taken by the last, which is then not read.',
    class extends ThirdRegistry {
      readonly #lists: Record<Namespace, Entry[]> = { server: [], transport: [] };
      readonly #slots = new WeakMap<Entry, number>();

      protected override enter(entry: Entry): void {
        super.enter(entry);
        this.#slots.set(entry, this.#lists[entry.namespace].push(entry) - 1);
      }

      protected override leave(entry: Entry): void {
        super.leave(entry);
        const list = this.#lists[entry.namespace];
        const slot = this.#slots.get(entry)!;
        const last = list.pop()!;
        if (last !== entry) this.#slots.set((list[slot] = last), slot);
      }

      protected override async list(namespace: Namespace): Promise<readonly Registration[]> {
        const found = new Set<Registration>();
        for (let at = 0; at < this.#lists[namespace].length && !this.closed; at += 16) {
          if (at > 0) await undefined;
          for (const { registration } of this.#lists[namespace].slice(at, at + 16)) found.add(registration);
        }
        return [...found];
      }
    },
  ),

  wrong(
    'list-shows-reserved',
    ['LST-3', 'CON-1'],
    'A name whose registration is being committed is reserved in the table; lookups know that it does not count yet, lists do not.',
    class extends ThirdRegistry {
      protected override list(namespace: Namespace): readonly Registration[] {
        const reserved = this.partitions.map(({ current }) => current).filter((job) => job?.kind === 'register' && job.namespace === namespace) as Register[];
        return [...[...this.names[namespace].values()].map((entry) => entry.registration), ...reserved.map(({ id, endpoint, config }) => Object.freeze({ id, endpoint, config }))];
      }
    },
  ),
];

export const heldOutFourthNames: readonly Mutant[] = [...ids, ...endpoints, ...registrations, ...configurations, ...updates, ...unregistrations, ...lists];
