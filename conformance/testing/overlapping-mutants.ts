import { adapterFor } from '../adapters/adapter-for.js';
import type { Adapter } from '../contract.js';
import { broadcast, type Clock, type Config, type Delivery, type Endpoint, type Registration, type Registry } from '../../spec/index.js';
import { copyConfig } from '../../src/config.js';
import { signalOf } from '../../src/endpoint.js';
import { checkId } from '../../src/ids.js';
import { RegistryError, ShardedRegistry, type RegistryOptions } from '../../src/index.js';
import type { Mutant } from './mutant.js';

/*
 * Registries that are right as long as operations come one after the other. Most are written anew rather than wrapped around ours:
 * whoever makes these mistakes does so in the steps of a write, and those of ours cannot be got between.
 */

export interface Entry {
  readonly id: string;
  readonly endpoint: Endpoint;
  config: Config;
  server?: Entry | undefined;
  alive: boolean;
}

/** Where a fault can be planted in the registry below; all of it is right as it stands. */
export class Honest {
  protected readonly servers = new Map<string, Entry>();
  protected readonly transports = new Map<string, Entry>();
  readonly #lanes = new Map<string, Promise<unknown>>();
  /** One listener for all names that hang on a signal. */
  readonly #watched = new Map<AbortSignal, { readonly entries: Map<Entry, Map<string, Entry>>; readonly listener: () => void }>();

  constructor(protected readonly clock: Clock) {}

  #commitMs = 0;

  protected get isSlow(): boolean {
    return this.#commitMs > 0;
  }

  slowCommit(ms: number): void {
    this.#commitMs = ms;
  }

  /** A round trip to wherever the data is. */
  protected async pause(): Promise<void> {
    if (this.#commitMs > 0) await new Promise<void>((resolve) => void this.clock.setTimeout(resolve, this.#commitMs));
  }

  /** One after the other for each key. */
  protected exclusively<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#lanes.get(key) ?? Promise.resolve();
    const mine = before.then(work, work);
    this.#lanes.set(key, mine.catch(() => undefined));
    return mine;
  }

  registerServer(id: string, endpoint: Endpoint, config: Config = {}): Promise<void> {
    return this.exclusively(`s${id}`, () => this.register(this.servers, id, endpoint, config));
  }

  registerTransport(id: string, endpoint: Endpoint, config: Config = {}): Promise<void> {
    return this.exclusively(`t${id}`, () => this.register(this.transports, id, endpoint, config));
  }

  protected async register(names: Map<string, Entry>, id: string, endpoint: Endpoint, config: Config): Promise<void> {
    await this.pause();
    this.insert(names, id, endpoint, config);
  }

  protected insert(names: Map<string, Entry>, id: string, endpoint: Endpoint, config: Config): void {
    if (endpoint.signal.aborted) throw new RegistryError('endpoint_down', id);
    if (names.has(id)) throw new RegistryError('already_registered', id);
    this.put(names, { id, endpoint, config, alive: true });
  }

  protected put(names: Map<string, Entry>, entry: Entry): void {
    const { serverId } = entry.config;
    if (names === this.transports && typeof serverId === 'string') entry.server = this.servers.get(serverId);
    names.set(entry.id, entry);
    this.#watch(names, entry);
  }

  #watch(names: Map<string, Entry>, entry: Entry): void {
    const { signal } = entry.endpoint;
    let watch = this.#watched.get(signal);
    if (watch === undefined) {
      const entries = new Map<Entry, Map<string, Entry>>();
      watch = { entries, listener: () => void [...entries].forEach(([one, its]) => this.down(its, one)) };
      this.#watched.set(signal, watch);
      signal.addEventListener('abort', watch.listener, { once: true });
    }
    watch.entries.set(entry, names);
  }

  #unwatch(entry: Entry): void {
    const { signal } = entry.endpoint;
    const watch = this.#watched.get(signal);
    if (watch === undefined || !watch.entries.delete(entry) || watch.entries.size > 0) return;
    this.#watched.delete(signal);
    signal.removeEventListener('abort', watch.listener);
  }

  protected down(names: Map<string, Entry>, entry: Entry): void {
    this.remove(names, entry);
  }

  protected remove(names: Map<string, Entry>, entry: Entry): void {
    if (names.get(entry.id) !== entry) return;
    names.delete(entry.id);
    this.#unwatch(entry);
    entry.alive = false;
    if (names === this.servers) for (const transport of this.transports.values()) if (transport.server === entry) transport.server = undefined;
  }

  unregisterServer(id: string): Promise<void> {
    return this.exclusively(`s${id}`, () => this.unregister(this.servers, id));
  }

  unregisterTransport(id: string): Promise<void> {
    return this.exclusively(`t${id}`, () => this.unregister(this.transports, id));
  }

  protected async unregister(names: Map<string, Entry>, id: string): Promise<void> {
    await this.pause();
    const entry = names.get(id);
    if (entry !== undefined) this.remove(names, entry);
  }

  updateServer(id: string, config: Config): Promise<void> {
    return this.exclusively(`s${id}`, async () => {
      await this.pause();
      const entry = this.servers.get(id);
      if (entry === undefined) throw new RegistryError('server_not_found', id);
      entry.config = config;
    });
  }

  bindTransportToServer(transportId: string, serverId: string): Promise<void> {
    return this.exclusively(`t${transportId}`, async () => {
      await this.pause();
      this.tie(transportId, serverId);
    });
  }

  protected tie(transportId: string, serverId: string): void {
    const server = this.servers.get(serverId);
    if (server === undefined) throw new RegistryError('server_not_found', serverId);
    const transport = this.transports.get(transportId);
    if (transport === undefined) throw new RegistryError('transport_not_found', transportId);
    transport.server = server;
  }

  unbindTransport(transportId: string): Promise<void> {
    return this.exclusively(`t${transportId}`, async () => {
      await this.pause();
      const transport = this.transports.get(transportId);
      if (transport !== undefined) transport.server = undefined;
    });
  }

  findServer(id: string): Registration | undefined | Promise<Registration | undefined> {
    return shown(this.servers.get(id));
  }

  findTransport(id: string): Registration | undefined {
    return shown(this.transports.get(id));
  }

  listServers(): Registration[] | Promise<Registration[]> {
    return [...this.servers.values()].map((entry) => shown(entry)!);
  }

  listTransports(): Registration[] | Promise<Registration[]> {
    return [...this.transports.values()].map((entry) => shown(entry)!);
  }

  getServerForTransport(id: string): string | undefined {
    return this.transports.get(id)?.server?.id;
  }

  routeToServer(serverId: string, transportId: string, message: unknown): number | Promise<number> {
    return send(this.servers.get(serverId), { namespace: 'server', to: serverId, from: transportId, message });
  }

  routeToTransport(transportId: string | typeof broadcast, serverId: string, message: unknown): number | Promise<number> {
    if (transportId !== broadcast) return send(this.transports.get(transportId), { namespace: 'transport', to: transportId, from: serverId, message });
    return this.bound(serverId).reduce((sum, entry) => sum + send(entry, { namespace: 'transport', to: entry.id, from: serverId, message }), 0);
  }

  protected bound(serverId: string): Entry[] {
    return [...this.transports.values()].filter(({ server }) => server?.id === serverId);
  }
}

const shown = (entry: Entry | undefined): Registration | undefined => entry && { id: entry.id, endpoint: entry.endpoint, config: entry.config };

function send(entry: Entry | undefined, delivery: Delivery): number {
  if (entry === undefined) return 0;
  try {
    void Promise.resolve(entry.endpoint.send(delivery)).catch(() => undefined);
  } catch {
    // Of no account to the sender.
  }
  return 1;
}

const features: Adapter['features'] = ['virtual-time', 'slow-commit'];

export const anew = (name: string, create: (clock: Clock) => Honest): Adapter => ({ name, features, without: ['stats', 'contention'], open: ({ clock }) => withEdge(create(clock)) });

/** How many arguments of an operation are ids, and which one is a configuration. */
const takes: Partial<Record<keyof Registry, { readonly ids: number; readonly config?: number }>> = {
  registerServer: { ids: 1, config: 2 },
  registerTransport: { ids: 1, config: 2 },
  unregisterServer: { ids: 1 },
  unregisterTransport: { ids: 1 },
  updateServer: { ids: 1, config: 1 },
  findServer: { ids: 1 },
  findTransport: { ids: 1 },
  bindTransportToServer: { ids: 2 },
  unbindTransport: { ids: 1 },
  getServerForTransport: { ids: 1 },
  routeToServer: { ids: 2 },
  routeToTransport: { ids: 2 },
};

/** The same registry, to which only valid arguments come, and configurations that are its own: what it gets wrong besides is about overlap. */
export function withEdge(inner: Honest): Honest {
  return new Proxy(inner, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== 'function') return value;
      const operation = key as keyof Registry;
      const { ids = 0, config } = takes[operation] ?? {};
      return (...args: unknown[]): unknown => {
        try {
          for (const id of args.slice(0, ids)) if (id !== broadcast || operation !== 'routeToTransport') checkId(id, operation);
          if (operation.startsWith('register')) signalOf(args[1]);
          if (config !== undefined) args[config] = copyConfig(args[config]);
        } catch (error) {
          if (/^(find|get|route)/.test(operation)) throw error;
          return Promise.reject(error as unknown as Error);
        }
        return Reflect.apply(value, target, args) as unknown;
      };
    },
  });
}

/** Right in all it does, and written otherwise than ours: what the faults below are planted in. */
export const honest: Adapter = anew('one that keeps its data elsewhere', (clock) => new Honest(clock));

/** Right, and never in a hurry: others go on between two recipients of a broadcast, and between two names of a list; what `send` returns is awaited. */
export const unhurried: Adapter = anew('one that takes its time', (clock) => new (class extends Honest {
  override async listServers(): Promise<Registration[]> {
    return this.#look(this.servers);
  }
  override async listTransports(): Promise<Registration[]> {
    return this.#look(this.transports);
  }
  async #look(names: Map<string, Entry>): Promise<Registration[]> {
    const found: Registration[] = [];
    for (const id of [...names.keys()]) {
      await this.pause();
      // Whatever the name is by now, if it still is.
      found.push(...[shown(names.get(id))].filter((one) => one !== undefined));
    }
    return found;
  }
  override async routeToTransport(transportId: string | typeof broadcast, serverId: string, message: unknown): Promise<number> {
    const deliver = async (entry: Entry | undefined): Promise<number> => {
      if (entry === undefined) return 0;
      try {
        await entry.endpoint.send({ namespace: 'transport', to: entry.id, from: serverId, message });
      } catch {
        // Of no account to the sender.
      }
      return 1;
    };
    if (transportId !== broadcast) return deliver(this.transports.get(transportId));
    let reached = 0;
    for (const entry of this.bound(serverId)) {
      reached += await deliver(entry);
      await this.pause();
    }
    return reached;
  }
})(clock));

/** Right, and late: whom a broadcast reaches and what a list holds is looked up after a round trip, all at one moment; a list is answered after another. */
export const lateLooking: Adapter = anew('one that looks late', (clock) => new (class extends Honest {
  override async routeToTransport(transportId: string | typeof broadcast, serverId: string, message: unknown): Promise<number> {
    await this.pause();
    return super.routeToTransport(transportId, serverId, message);
  }
  override async listServers(): Promise<Registration[]> {
    await this.pause();
    const found = await super.listServers();
    await this.pause();
    return found.reverse();
  }
})(clock));

export const overlappingMutants: readonly Mutant[] = [
  {
    id: 'check-then-act',
    how: 'looks whether the name is free, asks the store, and takes the name',
    breaks: ['CON-1'],
    adapter: anew('check-then-act', (clock) => new (class extends Honest {
      override async registerServer(id: string, endpoint: Endpoint, config: Config = {}): Promise<void> {
        if (this.servers.has(id)) throw new RegistryError('already_registered', id);
        if (endpoint.signal.aborted) throw new RegistryError('endpoint_down', id);
        await this.pause();
        if (endpoint.signal.aborted) throw new RegistryError('endpoint_down', id);
        const former = this.servers.get(id);
        if (former !== undefined) this.remove(this.servers, former);
        this.put(this.servers, { id, endpoint, config, alive: true });
      }
    })(clock)),
  },
  {
    id: 'check-then-act-a-job-apart',
    how: 'the same, but for nothing longer than an `await` of something that is there',
    breaks: ['CON-1'],
    adapter: anew('check-then-act, a job apart', (clock) => new (class extends Honest {
      override async registerServer(id: string, endpoint: Endpoint, config: Config = {}): Promise<void> {
        if (endpoint.signal.aborted) throw new RegistryError('endpoint_down', id);
        if (this.servers.has(id)) throw new RegistryError('already_registered', id);
        await undefined;
        this.put(this.servers, { id, endpoint, config, alive: true });
      }
    })(clock)),
  },
  {
    id: 'stale-read',
    how: 'reads look into a cache that is invalidated when the write has been acknowledged, and not before',
    breaks: ['CON-1'],
    adapter: anew('stale read', (clock) => new (class extends Honest {
      readonly #cache = new Map<string, Registration>();
      override async findServer(id: string): Promise<Registration | undefined> {
        const cached = this.#cache.get(id);
        if (cached !== undefined) return cached;
        const found = await super.findServer(id);
        await this.pause();
        if (found !== undefined && this.servers.has(id)) this.#cache.set(id, found);
        return found;
      }
      protected override remove(names: Map<string, Entry>, entry: Entry): void {
        super.remove(names, entry);
        if (names === this.servers) this.#cache.delete(entry.id);
      }
      protected override put(names: Map<string, Entry>, entry: Entry): void {
        super.put(names, entry);
        if (names === this.servers) this.#cache.delete(entry.id);
      }
      override async updateServer(id: string, config: Config): Promise<void> {
        await super.updateServer(id, config);
        this.#cache.delete(id);
      }
    })(clock)),
  },
  {
    id: 'dangling-binding',
    how: 'bind looks for the server, asks the store, and ties what it found without looking again',
    breaks: ['CON-1'],
    adapter: anew('dangling binding', (clock) => new (class extends Honest {
      override bindTransportToServer(transportId: string, serverId: string): Promise<void> {
        return this.exclusively(`t${transportId}`, async () => {
          const server = this.servers.get(serverId);
          if (server === undefined) throw new RegistryError('server_not_found', serverId);
          const transport = this.transports.get(transportId);
          if (transport === undefined) throw new RegistryError('transport_not_found', transportId);
          await this.pause();
          transport.server = server;
        });
      }
    })(clock)),
  },
  {
    id: 'lost-update',
    how: 'an update reads the record, and writes it back whole when the store has answered',
    breaks: ['CON-1', 'DWN-1'],
    adapter: anew('lost update', (clock) => new (class extends Honest {
      override async updateServer(id: string, config: Config): Promise<void> {
        const read = this.servers.get(id);
        if (read === undefined) throw new RegistryError('server_not_found', id);
        await this.pause();
        // The record as it was read, with the new configuration: whoever holds the name by now is overwritten.
        this.servers.set(id, Object.assign(read, { config }));
      }
    })(clock)),
  },
  {
    id: 'late-down',
    how: '"down" removes the name, after a round trip, whoever has it by then',
    breaks: ['CON-1', 'INC-1'],
    adapter: {
      ...anew('late down', (clock) => new (class extends Honest {
        protected override down(names: Map<string, Entry>, entry: Entry): void {
          this.remove(names, entry);
          if (!this.isSlow) return;
          void this.pause().then(() => {
            const now = names.get(entry.id);
            if (now !== undefined) this.remove(names, now);
          });
        }
      })(clock)),
    },
  },
  {
    id: 'lock-order',
    how: 'bind locks transport and server, removal of a server locks the server and then its transports',
    breaks: ['DLK-4'],
    adapter: anew('lock order', (clock) => new (class extends Honest {
      override bindTransportToServer(transportId: string, serverId: string): Promise<void> {
        return this.exclusively(`t${transportId}`, async () => {
          await this.pause();
          await this.exclusively(`s${serverId}`, async () => this.tie(transportId, serverId));
        });
      }
      override unregisterServer(id: string): Promise<void> {
        return this.exclusively(`s${id}`, async () => {
          await this.pause();
          const entry = this.servers.get(id);
          if (entry === undefined) return;
          for (const transport of this.bound(id)) await this.exclusively(`t${transport.id}`, async () => {
            if (transport.server === entry) transport.server = undefined;
          });
          this.remove(this.servers, entry);
        });
      }
    })(clock)),
  },
  {
    id: 'lost-wake-up',
    how: 'a lane wakes the next in line only if there is one when the work begins',
    // A recipient that calls back overlaps the message.
    breaks: ['DLK-4', 'RTE-7'],
    adapter: anew('lost wake-up', (clock) => new (class extends Honest {
      readonly #busy = new Set<string>();
      readonly #line = new Map<string, (() => void)[]>();
      protected override async exclusively<T>(key: string, work: () => Promise<T>): Promise<T> {
        const line = this.#line.get(key) ?? [];
        this.#line.set(key, line);
        // Whoever wakes another hands the lane over.
        if (this.#busy.has(key)) await new Promise<void>((resolve) => void line.push(resolve));
        this.#busy.add(key);
        const next = line.shift();
        try {
          return await work();
        } finally {
          if (next === undefined) this.#busy.delete(key);
          else next();
        }
      }
    })(clock)),
  },
  {
    id: 're-entrant-own-lane',
    how: 'a message goes through the lane of its recipient, so as not to overtake a write, and the lane waits for what `send` returned',
    breaks: ['DLK-4'],
    adapter: anew('re-entrant own lane', (clock) => new (class extends Honest {
      override async routeToTransport(transportId: string | typeof broadcast, serverId: string, message: unknown): Promise<number> {
        const recipients = transportId === broadcast ? this.bound(serverId) : [this.transports.get(transportId)];
        const counts = await Promise.all(recipients.map((entry) => (entry === undefined ? 0 : this.#post(entry, serverId, message))));
        return counts.reduce((sum, count) => sum + count, 0);
      }
      #post(entry: Entry, from: string, message: unknown): Promise<number> {
        return this.exclusively(`t${entry.id}`, async () => {
          if (!entry.alive) return 0;
          try {
            await entry.endpoint.send({ namespace: 'transport', to: entry.id, from, message });
          } catch {
            // Of no account to the sender.
          }
          return 1;
        });
      }
    })(clock)),
  },
  {
    id: 'broadcast-skip',
    how: 'a broadcast lets others go on between two recipients, and walks through a live array from which one is removed by moving the last into its place',
    breaks: ['RTE-9'],
    adapter: anew('broadcast skip', (clock) => new (class extends Honest {
      readonly #members = new Map<Entry, Entry[]>();
      protected override bound(serverId: string): Entry[] {
        const server = this.servers.get(serverId);
        if (server === undefined) return [];
        const members = this.#members.get(server) ?? [];
        this.#members.set(server, members);
        // Whoever was bound since is added; whoever is no longer, is removed as cheaply as can be.
        for (let i = members.length - 1; i >= 0; i--) {
          if (members[i]!.server === server && members[i]!.alive) continue;
          members[i] = members.at(-1)!;
          members.pop();
        }
        for (const entry of this.transports.values()) if (entry.server === server && !members.includes(entry)) members.push(entry);
        return members;
      }
      override routeToTransport(transportId: string | typeof broadcast, serverId: string, message: unknown): number | Promise<number> {
        return transportId === broadcast && this.isSlow ? this.#spread(serverId, message) : super.routeToTransport(transportId, serverId, message);
      }
      async #spread(serverId: string, message: unknown): Promise<number> {
        let reached = 0;
        for (let i = 0; i < this.bound(serverId).length; i++) {
          const entry = this.bound(serverId)[i]!;
          reached += send(entry, { namespace: 'transport', to: entry.id, from: serverId, message });
          await this.pause();
        }
        return reached;
      }
    })(clock)),
  },
  {
    id: 'list-by-pages',
    how: 'a list is read page by page, each beginning at the number of what has been read',
    breaks: ['LST-3'],
    adapter: anew('list by pages', (clock) => new (class extends Honest {
      override listServers(): Registration[] | Promise<Registration[]> {
        return this.isSlow ? this.#byPages(this.servers) : super.listServers();
      }
      async #byPages(names: Map<string, Entry>): Promise<Registration[]> {
        const read: Registration[] = [];
        for (;;) {
          const entry = [...names.values()][read.length];
          if (entry === undefined) return read;
          read.push(shown(entry)!);
          await this.pause();
        }
      }
    })(clock)),
  },
  {
    id: 'happens-although-refused',
    how: 'a registration is refused because there are too many, after it has been put in line',
    breaks: ['CON-3'],
    adapter: anew('happens although refused', (clock) => new (class extends Honest {
      #underway = 0;
      override registerServer(id: string, endpoint: Endpoint, config: Config = {}): Promise<void> {
        const registered = super.registerServer(id, endpoint, config).finally(() => void this.#underway--);
        if (this.#underway++ === 0) return registered;
        registered.catch(() => undefined);
        return Promise.reject(new RegistryError('partition_overloaded', id));
      }
    })(clock)),
  },
];

/** Ours, whose commits are put in order by the kit. */
export const ours: Adapter = adapterFor('sharded-registry', (options: RegistryOptions): Registry => new ShardedRegistry(options));
