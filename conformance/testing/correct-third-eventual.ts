import { broadcast, type AdmissionMode, type Clock, type Config, type ContentionStatus, type Endpoint, type Namespace, type Registration, type Thresholds } from '../../spec/index.js';
import type { OpenOptions, Subject } from '../contract.js';
import { seeded } from './correct-parts.js';
import { alarmedOf, copyConfig, copyJson, cyrb53, hand, Meter, needEndpoint, needId, needMode, partitionCount, refuse, serverIdOf, statsOf, thresholdsOf } from './correct-third-base.js';

/** Registries that claim `eventual`: by looking back, by a cache, by replicas that follow a journal. */

// ---- Looking back.

/** How far back each of three replicas sees, which are asked in turn: milliseconds. */
const lags = [20, 45, 0] as const;
/** How long versions are kept, in milliseconds. */
const keepMs = 60;

interface Versioned {
  readonly ns: Namespace;
  readonly id: string;
  readonly endpoint: Endpoint;
  readonly signal: AbortSignal;
}

/** What a name stood for from a moment on: an incarnation, or nothing. */
interface Version<X = Versioned | undefined> {
  readonly at: number;
  readonly x: X;
  readonly config?: Config;
  readonly to?: Versioned | undefined;
}

/**
 * Eventual, by the clock it is given: every name keeps its recent versions, and three replicas, asked in turn, see the registry as it
 * was 0, 20 and 45 ms ago: lookups, lists, bindings and closing. It promises 50 ms. Writes and routing are decided on the newest state.
 * An endpoint that is down is never shown, not even by a replica that lags.
 */
export class AsOf implements Subject {
  readonly #clock: Clock;
  readonly #partitions: number;
  readonly #thresholds: Thresholds;
  readonly #meters: readonly Meter[];
  /** The versions of each id, oldest first. */
  readonly #history = { server: new Map<string, Version[]>(), transport: new Map<string, Version[]>() };
  readonly #names = new Map<Endpoint, { readonly names: Set<Versioned>; readonly stop: () => void }>();
  #closedAt = Infinity;
  #closed = false;
  #mode: AdmissionMode = 'auto';
  #turn = 0;
  readonly #random = seeded(8);

  constructor({ clock, partitions, ...rest }: OpenOptions) {
    this.#clock = clock;
    this.#partitions = partitionCount(partitions);
    this.#thresholds = thresholdsOf(rest);
    this.#meters = Array.from({ length: this.#partitions }, (_, i) => new Meter(i, this.#thresholds, () => clock.now()));
  }

  #push(ns: Namespace, id: string, version: Omit<Version, 'at'>): void {
    const history = this.#history[ns];
    let versions = history.get(id);
    if (versions === undefined) history.set(id, (versions = []));
    const at = this.#clock.now();
    versions.push({ at, ...version });
    while (versions.length > 1 && versions[1]!.at <= at - keepMs) versions.shift();
  }

  /** Forgets names that have been gone for long. */
  #forget(): void {
    const past = this.#clock.now() - keepMs;
    for (const history of Object.values(this.#history))
      for (const [id, versions] of history) {
        const last = versions.at(-1)!;
        if (last.x === undefined && last.at <= past) history.delete(id);
      }
  }

  #seen(ns: Namespace, id: string, cutoff: number): Version<Versioned> | undefined {
    const version = this.#history[ns].get(id)?.findLast(({ at }) => at <= cutoff);
    return version?.x === undefined || version.x.signal.aborted ? undefined : (version as Version<Versioned>);
  }

  #now(ns: Namespace, id: string): Version<Versioned> | undefined {
    return this.#seen(ns, id, Infinity);
  }

  /** Up to when the replica whose turn it is sees; undefined when it sees that the registry is closed. */
  #cutoff(): number | undefined {
    this.#turn = (this.#turn + 1) % lags.length;
    const cutoff = this.#clock.now() - lags[this.#turn]!;
    return cutoff >= this.#closedAt ? undefined : cutoff;
  }

  #bound(version: Version | undefined, cutoff: number): string | undefined {
    if (version?.to === undefined) return undefined;
    const server = this.#seen('server', version.to.id, cutoff);
    return server?.x === version.to ? version.to.id : undefined;
  }

  #end(x: Versioned): void {
    this.#push(x.ns, x.id, { x: undefined });
    const holding = this.#names.get(x.endpoint);
    if (holding === undefined) return;
    holding.names.delete(x);
    if (holding.names.size === 0) {
      holding.stop();
      this.#names.delete(x.endpoint);
    }
  }

  async #write(id: string, step: () => unknown): Promise<void> {
    if (this.#closed) throw refuse('registry_closed');
    const meter = this.#meters[cyrb53(id, 7) % this.#partitions]!;
    const token = meter.begin();
    try {
      if (step() === false) meter.drop(token);
      else meter.commit(token);
    } finally {
      meter.drop(token);
    }
    if (this.#random() < 0.02) this.#forget();
    await undefined; // acknowledged a little later
  }

  #admitted(): boolean {
    return this.#mode === 'auto' ? alarmedOf(this.#meters).length <= this.#thresholds.closeAbove * this.#partitions : this.#mode === 'open';
  }

  async #register(ns: Namespace, id: string, endpoint: Endpoint, config?: Config): Promise<void> {
    needId(id);
    needEndpoint(endpoint);
    const own = copyConfig(config);
    const serverId = ns === 'transport' ? serverIdOf(own) : undefined;
    await this.#write(id, () => {
      if (!this.#admitted()) throw refuse('admission_control_active');
      if (endpoint.signal.aborted) throw refuse('endpoint_down');
      if (this.#now(ns, id) !== undefined) throw refuse('already_registered');
      const old = this.#history[ns].get(id)?.at(-1);
      if (old?.x !== undefined) this.#end(old.x); // down, and not yet swept
      const x: Versioned = { ns, id, endpoint, signal: endpoint.signal };
      const to = serverId === undefined ? undefined : this.#now('server', serverId)?.x;
      this.#push(ns, id, { x, config: own, to });
      let holding = this.#names.get(endpoint);
      if (holding === undefined) {
        const names = new Set<Versioned>();
        const down = (): void => {
          for (const y of [...names]) this.#end(y);
        };
        holding = { names, stop: () => x.signal.removeEventListener('abort', down) };
        this.#names.set(endpoint, holding);
        x.signal.addEventListener('abort', down);
      }
      holding.names.add(x);
    });
  }

  async #unregister(ns: Namespace, id: string): Promise<void> {
    needId(id);
    await this.#write(id, () => {
      const version = this.#now(ns, id);
      if (version === undefined) return false;
      this.#end(version.x);
      return true;
    });
  }

  #show({ at, x, config }: Version<Versioned>): Registration & { readonly age: number } {
    return { id: x.id, endpoint: x.endpoint, config: copyJson(config!), age: this.#clock.now() - at };
  }

  #find(ns: Namespace, id: string): Registration | null {
    needId(id);
    const cutoff = this.#cutoff();
    const version = cutoff === undefined ? undefined : this.#seen(ns, id, cutoff);
    return version === undefined ? null : this.#show(version);
  }

  #list(ns: Namespace): Registration[] {
    const cutoff = this.#cutoff();
    if (cutoff === undefined) return [];
    return [...this.#history[ns].keys()]
      .map((id) => this.#seen(ns, id, cutoff))
      .filter((version) => version !== undefined)
      .map((version) => this.#show(version));
  }

  registerServer(id: string, endpoint: Endpoint, config?: Config): Promise<void> {
    return this.#register('server', id, endpoint, config);
  }

  registerTransport(id: string, endpoint: Endpoint, config?: Config): Promise<void> {
    return this.#register('transport', id, endpoint, config);
  }

  unregisterServer(id: string): Promise<void> {
    return this.#unregister('server', id);
  }

  unregisterTransport(id: string): Promise<void> {
    return this.#unregister('transport', id);
  }

  async updateServer(id: string, config: Config): Promise<void> {
    needId(id);
    const own = copyConfig(config);
    await this.#write(id, () => {
      const version = this.#now('server', id);
      if (version === undefined) throw refuse('server_not_found');
      this.#push('server', id, { x: version.x, config: own });
    });
  }

  async findServer(id: string): Promise<Registration | null> {
    return this.#find('server', id);
  }

  findTransport(id: string): Registration | null {
    return this.#find('transport', id);
  }

  listServers(): Registration[] {
    return this.#list('server');
  }

  listTransports(): Registration[] {
    return this.#list('transport');
  }

  async bindTransportToServer(transportId: string, serverId: string): Promise<void> {
    needId(transportId, serverId);
    await this.#write(transportId, () => {
      const server = this.#now('server', serverId);
      if (server === undefined) throw refuse('server_not_found');
      const version = this.#now('transport', transportId);
      if (version === undefined) throw refuse('transport_not_found');
      this.#push('transport', transportId, { x: version.x, config: version.config!, to: server.x });
    });
  }

  async unbindTransport(id: string): Promise<void> {
    needId(id);
    await this.#write(id, () => {
      const version = this.#now('transport', id);
      if (version?.to === undefined) return false;
      this.#push('transport', id, { x: version.x, config: version.config! });
      return true;
    });
  }

  getServerForTransport(id: string): string | null {
    needId(id);
    const cutoff = this.#cutoff();
    return (cutoff === undefined ? undefined : this.#bound(this.#seen('transport', id, cutoff), cutoff)) ?? null;
  }

  #send(ns: Namespace, to: string, from: string, message: unknown): number {
    const version = this.#closed ? undefined : this.#now(ns, to);
    if (version === undefined) return 0;
    return hand(version.x.endpoint, { namespace: ns, to, from, message }) ? 1 : 0;
  }

  routeToServer(serverId: string, transportId: string, message: unknown): number {
    needId(serverId, transportId);
    return this.#send('server', serverId, transportId, message);
  }

  routeToTransport(transportId: string | typeof broadcast, serverId: string, message: unknown): number {
    needId(serverId);
    if (transportId !== broadcast) {
      needId(transportId);
      return this.#send('transport', transportId, serverId, message);
    }
    if (this.#closed) return 0;
    const to: Versioned[] = [];
    for (const id of this.#history.transport.keys()) {
      const version = this.#now('transport', id);
      if (version !== undefined && this.#bound(version, Infinity) === serverId) to.push(version.x);
    }
    let n = 0;
    for (const x of to) {
      if (this.#closed || this.#now('transport', x.id)?.x !== x) n += 1;
      else if (hand(x.endpoint, { namespace: 'transport', to: x.id, from: serverId, message })) n += 1;
    }
    return n;
  }

  getPartitionStats(partition?: number): unknown {
    return statsOf(this.#meters, partition);
  }

  resetStats(): void {
    for (const meter of this.#meters) meter.reset();
  }

  getContentionStatus(): ContentionStatus {
    return { partitions: this.#partitions, alarmed: alarmedOf(this.#meters), admission: this.#admitted() ? 'open' : 'closed', mode: this.#mode };
  }

  setAdmission(mode: AdmissionMode): void {
    needMode(mode);
    this.#mode = mode;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#closedAt = this.#clock.now();
    for (const { stop } of this.#names.values()) stop();
    this.#names.clear();
  }
}

// ---- A cache.

/** How long the cache keeps what it has seen, in milliseconds. */
const timeToLive = 20;

interface Kept {
  readonly id: string;
  readonly endpoint: Endpoint;
  readonly config: Config;
  readonly inc: symbol;
}

class Found implements Registration {
  readonly #id: string;
  readonly #endpoint: Endpoint;
  readonly #config: Config;

  constructor(x: Kept) {
    this.#id = x.id;
    this.#endpoint = x.endpoint;
    this.#config = copyJson(x.config);
  }

  get id(): string {
    return this.#id;
  }

  get endpoint(): Endpoint {
    return this.#endpoint;
  }

  get config(): Config {
    return this.#config;
  }

  toString(): string {
    return `server ${this.#id}`;
  }
}

/**
 * Five operations, eventual: lookups go through a cache that keeps what it has seen, also that there was nothing, for 20 ms of the clock
 * it is given, and by chance for less; it promises 25 ms. An object per answer with accessors and private state. Not frozen, not shared.
 */
export class Cached implements Subject {
  readonly #clock: Clock;
  readonly #truth = new Map<string, Kept>();
  readonly #cache = new Map<string, { readonly at: number; readonly x: Kept | undefined }>();
  readonly #watch = new Map<Endpoint, { readonly ids: Set<string>; readonly signal: AbortSignal; readonly onAbort: () => void }>();
  #closed = false;
  #lookups = 0;
  readonly #random = seeded(9);

  constructor({ clock }: OpenOptions) {
    this.#clock = clock;
  }

  #current(id: string): Kept | undefined {
    const x = this.#truth.get(id);
    return x !== undefined && !x.endpoint.signal.aborted ? x : undefined;
  }

  #drop(x: Kept): void {
    if (this.#truth.get(x.id)?.inc === x.inc) this.#truth.delete(x.id);
    const watching = this.#watch.get(x.endpoint);
    if (watching === undefined || !watching.ids.delete(x.id) || watching.ids.size > 0) return;
    watching.signal.removeEventListener('abort', watching.onAbort);
    this.#watch.delete(x.endpoint);
  }

  async registerServer(id: string, endpoint: Endpoint, config?: Config): Promise<void> {
    needId(id);
    needEndpoint(endpoint);
    const own = copyConfig(config);
    await Promise.resolve();
    if (this.#closed) throw refuse('registry_closed');
    if (endpoint.signal.aborted) throw refuse('endpoint_down');
    if (this.#current(id) !== undefined) throw refuse('already_registered');
    const ghost = this.#truth.get(id);
    if (ghost !== undefined) this.#drop(ghost);
    this.#truth.set(id, { id, endpoint, config: own, inc: Symbol(id) });
    let watching = this.#watch.get(endpoint);
    if (watching === undefined) {
      const ids = new Set<string>();
      const onAbort = (): void => {
        for (const each of [...ids]) {
          const x = this.#truth.get(each);
          if (x?.endpoint === endpoint) this.#drop(x);
        }
      };
      watching = { ids, signal: endpoint.signal, onAbort };
      this.#watch.set(endpoint, watching);
      watching.signal.addEventListener('abort', onAbort, { once: true, passive: true });
    }
    watching.ids.add(id);
  }

  async unregisterServer(id: string): Promise<void> {
    needId(id);
    if (this.#closed) throw refuse('registry_closed');
    const x = this.#truth.get(id);
    if (x !== undefined) this.#drop(x);
  }

  async updateServer(id: string, config: Config): Promise<void> {
    needId(id);
    const own = copyConfig(config);
    if (this.#closed) throw refuse('registry_closed');
    const x = this.#current(id);
    if (x === undefined) throw refuse('server_not_found');
    this.#truth.set(id, { ...x, config: own });
  }

  findServer(id: string): Registration | undefined {
    needId(id);
    const now = this.#clock.now();
    let hit = this.#cache.get(id);
    if (hit === undefined || now - hit.at > timeToLive || hit.x?.endpoint.signal.aborted || this.#random() < 0.1) {
      hit = { at: now, x: this.#current(id) };
      this.#cache.delete(id);
      this.#cache.set(id, hit);
      if (++this.#lookups % 256 === 0) for (const [key, { at }] of this.#cache) if (now - at > timeToLive) this.#cache.delete(key);
    }
    return hit.x && new Found(hit.x);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#truth.clear();
    for (const { signal, onAbort } of this.#watch.values()) signal.removeEventListener('abort', onAbort);
    this.#watch.clear();
  }
}

// ---- A journal.

/** A replica that is read catches up with all that is older than this first, in milliseconds. */
const catchUpMs = 40;

/** An incarnation; of a transport, also the incarnation of a server that it is bound to. */
interface Journalled {
  readonly inc: number;
  readonly view: Registration;
  readonly to: number | undefined;
  readonly toId: string | undefined;
}

type News = { readonly closed: true } | { readonly ns: Namespace; readonly id: string; readonly value: Journalled | undefined };
type Entry = News & { readonly seq: number; readonly at: number };

class JournalReplica {
  readonly tables = { server: new Map<string, Journalled>(), transport: new Map<string, Journalled>() };
  /** The sequence number of the last entry applied. */
  done = 0;
  timer: NodeJS.Timeout | undefined;

  apply(entry: Entry): void {
    this.done = entry.seq;
    if ('closed' in entry) {
      this.tables.server.clear();
      this.tables.transport.clear();
      return;
    }
    const table = this.tables[entry.ns];
    if (entry.value === undefined) table.delete(entry.id);
    else table.set(entry.id, entry.value);
  }
}

/**
 * Eventual, in real time: a primary, which decides everything, and three replicas, which answer all reads and pull the primary's journal
 * by timers of 5 to 25 ms. Whoever reads a replica makes it catch up with all that is older than 40 ms first; so however late timers
 * are, the bound of 60 ms holds. "Down" and closing come to the replicas in the same way: not in-process.
 */
export class Journaled implements Subject {
  readonly #tables = { server: new Map<string, Journalled>(), transport: new Map<string, Journalled>() };
  #incs = 0;
  #seq = 0;
  readonly #journal: Entry[] = [];
  readonly #replicas = [new JournalReplica(), new JournalReplica(), new JournalReplica()] as const;
  readonly #listeners = new Map<Endpoint, { count: number; readonly listener: () => void }>();
  #closed = false;
  readonly #random = seeded(10);

  #note(news: News): void {
    this.#journal.push({ seq: ++this.#seq, at: performance.now(), ...news });
    for (const replica of this.#replicas) this.#arm(replica);
  }

  #arm(replica: JournalReplica): void {
    if (replica.timer !== undefined || replica.done === this.#seq) return;
    replica.timer = setTimeout(
      () => {
        replica.timer = undefined;
        // Takes a part of what there is, as networks do.
        const todo = this.#seq - replica.done;
        this.#pull(replica, replica.done + Math.ceil(todo * this.#random()) + 1);
        this.#arm(replica);
      },
      5 + this.#random() * 20,
    );
    replica.timer.unref();
  }

  #pull(replica: JournalReplica, upTo: number): void {
    const first = this.#journal[0]?.seq ?? 0;
    for (let i = replica.done + 1 - first; i < this.#journal.length && this.#journal[i]!.seq <= upTo; i++) replica.apply(this.#journal[i]!);
    const least = Math.min(...this.#replicas.map(({ done }) => done));
    if (this.#journal.length > 0 && least >= this.#journal[0]!.seq) this.#journal.splice(0, least - this.#journal[0]!.seq + 1);
  }

  /** Some replica, no further behind than promised. */
  #replica(): JournalReplica {
    const replica = this.#replicas[Math.floor(this.#random() * 3)]!;
    const late = performance.now() - catchUpMs;
    let upTo = 0;
    const first = this.#journal[0]?.seq ?? 0;
    for (let i = Math.max(0, replica.done + 1 - first); i < this.#journal.length && this.#journal[i]!.at <= late; i++) upTo = this.#journal[i]!.seq;
    if (upTo > replica.done) this.#pull(replica, upTo);
    return replica;
  }

  #set(ns: Namespace, id: string, value: Journalled | undefined): void {
    if (value === undefined) this.#tables[ns].delete(id);
    else this.#tables[ns].set(id, value);
    this.#note({ ns, id, value });
  }

  #end(ns: Namespace, x: Journalled): void {
    this.#set(ns, x.view.id, undefined);
    const { endpoint } = x.view;
    const listening = this.#listeners.get(endpoint);
    if (listening === undefined || --listening.count > 0) return;
    endpoint.signal.removeEventListener('abort', listening.listener);
    this.#listeners.delete(endpoint);
  }

  #down(endpoint: Endpoint): void {
    for (const ns of ['transport', 'server'] as const) for (const x of [...this.#tables[ns].values()]) if (x.view.endpoint === endpoint) this.#end(ns, x);
  }

  #live(ns: Namespace, id: string): Journalled | undefined {
    const x = this.#tables[ns].get(id);
    if (x !== undefined && x.view.endpoint.signal.aborted) this.#down(x.view.endpoint);
    return this.#tables[ns].get(id);
  }

  #open(): void {
    if (this.#closed) throw refuse('registry_closed');
  }

  async #register(ns: Namespace, id: string, endpoint: Endpoint, config?: Config): Promise<void> {
    needId(id);
    needEndpoint(endpoint);
    const own = copyConfig(config, { freeze: true });
    const serverId = ns === 'transport' ? serverIdOf(own) : undefined;
    await null;
    this.#open();
    if (endpoint.signal.aborted) throw refuse('endpoint_down');
    if (this.#live(ns, id) !== undefined) throw refuse('already_registered');
    const to = serverId === undefined ? undefined : this.#live('server', serverId)?.inc;
    this.#set(ns, id, { inc: ++this.#incs, view: { id, endpoint, config: own }, to, toId: to === undefined ? undefined : serverId });
    const listening = this.#listeners.get(endpoint);
    if (listening !== undefined) listening.count += 1;
    else {
      const listener = (): void => this.#down(endpoint);
      this.#listeners.set(endpoint, { count: 1, listener });
      endpoint.signal.addEventListener('abort', listener);
    }
  }

  async #unregister(ns: Namespace, id: string): Promise<void> {
    needId(id);
    this.#open();
    const x = this.#live(ns, id);
    if (x !== undefined) this.#end(ns, x);
  }

  async #find(ns: Namespace, id: string): Promise<Registration | undefined> {
    needId(id);
    const view = this.#replica().tables[ns].get(id)?.view;
    return view && { ...view, config: copyJson(view.config) };
  }

  registerServer(id: string, endpoint: Endpoint, config?: Config): Promise<void> {
    return this.#register('server', id, endpoint, config);
  }

  registerTransport(id: string, endpoint: Endpoint, config?: Config): Promise<void> {
    return this.#register('transport', id, endpoint, config);
  }

  unregisterServer(id: string): Promise<void> {
    return this.#unregister('server', id);
  }

  unregisterTransport(id: string): Promise<void> {
    return this.#unregister('transport', id);
  }

  findServer(id: string): Promise<Registration | undefined> {
    return this.#find('server', id);
  }

  findTransport(id: string): Promise<Registration | undefined> {
    return this.#find('transport', id);
  }

  async listServers(): Promise<Registration[]> {
    return [...this.#replica().tables.server.values()].map(({ view }) => ({ ...view }));
  }

  async listTransports(): Promise<Registration[]> {
    return [...this.#replica().tables.transport.values()].map(({ view }) => ({ ...view }));
  }

  async updateServer(id: string, config: Config): Promise<void> {
    needId(id);
    const own = copyConfig(config, { freeze: true });
    this.#open();
    const x = this.#live('server', id);
    if (x === undefined) throw refuse('server_not_found');
    this.#set('server', id, { ...x, view: { ...x.view, config: own } });
  }

  async bindTransportToServer(transportId: string, serverId: string): Promise<void> {
    needId(transportId, serverId);
    await null;
    this.#open();
    const server = this.#live('server', serverId);
    if (server === undefined) throw refuse('server_not_found');
    const x = this.#live('transport', transportId);
    if (x === undefined) throw refuse('transport_not_found');
    this.#set('transport', transportId, { ...x, to: server.inc, toId: serverId });
  }

  async unbindTransport(id: string): Promise<void> {
    needId(id);
    this.#open();
    const x = this.#live('transport', id);
    if (x?.to !== undefined) this.#set('transport', id, { ...x, to: undefined, toId: undefined });
  }

  async getServerForTransport(id: string): Promise<string | undefined> {
    needId(id);
    const { tables } = this.#replica();
    const x = tables.transport.get(id);
    return x?.to !== undefined && tables.server.get(x.toId!)?.inc === x.to ? x.toId : undefined;
  }

  #send(ns: Namespace, x: Journalled | undefined, from: string, message: unknown): number {
    if (x === undefined) return 0;
    hand(x.view.endpoint, { namespace: ns, to: x.view.id, from, message });
    return 1;
  }

  async routeToServer(serverId: string, transportId: string, message: unknown): Promise<number> {
    needId(serverId, transportId);
    return this.#send('server', this.#live('server', serverId), transportId, message);
  }

  async routeToTransport(transportId: string | typeof broadcast, serverId: string, message: unknown): Promise<number> {
    needId(serverId);
    if (transportId !== broadcast) {
      needId(transportId);
      return this.#send('transport', this.#live('transport', transportId), serverId, message);
    }
    const server = this.#live('server', serverId);
    const all = [...this.#tables.transport.values()].filter((x) => server !== undefined && x.to === server.inc && !x.view.endpoint.signal.aborted);
    for (const x of all) if (this.#live('transport', x.view.id)?.inc === x.inc) this.#send('transport', x, serverId, message);
    return all.length;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const [endpoint, { listener }] of this.#listeners) endpoint.signal.removeEventListener('abort', listener);
    this.#listeners.clear();
    this.#tables.server.clear();
    this.#tables.transport.clear();
    this.#note({ closed: true });
  }

  dispose(): void {
    for (const { timer } of this.#replicas) clearTimeout(timer);
  }
}
