import type { Adapter, OpenOptions, Subject } from '../../../contract.js';
import type {
  AdmissionMode,
  broadcast,
  Clock,
  Config,
  ContentionStatus,
  Delivery,
  Endpoint,
  Namespace,
  PartitionStats,
  Registration,
  Registry,
  Thresholds,
} from '../../../../spec/index.js';
import {
  asRefusal,
  copyConfig,
  EMPTY_CONFIG,
  Entry,
  hashOf,
  isId,
  Lane,
  LoggedHoldings,
  MemoRoll,
  Owner,
  Refusal,
  slotOf,
  Slots,
  SlidingWindow,
  SteppedIndex,
  type Holdings,
  type NameIndex,
  type Plan,
  type Roll,
  type Write,
} from './structures.js';

const everybody = Symbol.for('sharded-registry.broadcast') as typeof broadcast;

/** A part of the registry. */
export interface Shard {
  readonly index: number;
  names: Readonly<Record<Namespace, NameIndex>>;
  readonly lane: Lane;
  readonly window: SlidingWindow;
  writeCount: number;
  timer: unknown;
}

/** Where an id belongs. */
export interface Place {
  readonly id: string;
  readonly key: string;
  readonly hash: number;
  readonly shard: number;
}

/** A registration that is asked for. */
export interface Applicant {
  readonly namespace: Namespace;
  readonly place: Place;
  readonly endpoint: Endpoint;
  readonly signal: AbortSignal;
  readonly config: Config;
  /** Of a transport: the server to bind it to. */
  readonly server: Place | undefined;
}

const noop = (): void => undefined;

/**
 * A registry in a slab. All incarnations are in slots that are used again, and whatever refers to one does so by a handle, which is a
 * slot and a generation: it names nobody once that incarnation has ended. So what ends need not be looked for. A server that ends leaves
 * the handles of its transports dangling, an endpoint's log of names keeps the handles of those that are gone, and both are tidied up
 * when somebody comes by.
 *
 * A write that is not slow is committed before its call returns.
 */
export class SlabRegistry implements Registry {
  protected readonly clock: Clock;
  protected readonly thresholds: Thresholds;
  protected readonly shards: readonly Shard[];
  protected readonly owners = new Map<object, Owner>();
  protected slots: Slots;
  protected rolls: Readonly<Record<Namespace, Roll>>;
  protected commitMs = 0;
  protected mode: AdmissionMode = 'auto';
  protected closed = false;

  constructor(options: OpenOptions) {
    const partitions = options.partitions ?? 16;
    if (!Number.isInteger(partitions) || partitions < 1 || partitions > 64) throw new Refusal('invalid_argument', 'A registry has 1 to 64 partitions');
    this.clock = options.clock;
    this.thresholds = {
      windowSize: options.windowSize ?? 10,
      windowMs: options.windowMs ?? 1_000,
      minWrites: options.minWrites ?? 10,
      alarmAboveMs: options.alarmAboveMs ?? 100,
      stuckAfterMs: options.stuckAfterMs ?? 500,
      closeAbove: options.closeAbove ?? 0.5,
    };
    this.slots = this.createSlots();
    this.rolls = { server: this.createRoll(), transport: this.createRoll() };
    this.shards = Array.from({ length: partitions }, (_, index) => ({
      index,
      names: this.createNames(),
      lane: new Lane(),
      window: this.createWindow(),
      writeCount: 0,
      timer: undefined,
    }));
  }

  // What the parts are. The first four are called by the constructor.

  protected createSlots(): Slots {
    return new Slots();
  }

  protected createIndex(): NameIndex {
    return new SteppedIndex(this.slots);
  }

  protected createRoll(): Roll {
    return new MemoRoll();
  }

  protected createWindow(): SlidingWindow {
    return new SlidingWindow(this.thresholds.windowSize, this.thresholds.windowMs);
  }

  protected createHoldings(): Holdings {
    return new LoggedHoldings(this.slots);
  }

  private createNames(): Shard['names'] {
    return { server: this.createIndex(), transport: this.createIndex() };
  }

  // Writes.

  registerServer(id: string, endpoint: Endpoint, config?: Config): Promise<void> {
    return this.register('server', id, endpoint, config);
  }

  registerTransport(id: string, endpoint: Endpoint, config?: Config): Promise<void> {
    return this.register('transport', id, endpoint, config);
  }

  unregisterServer(id: string): Promise<void> {
    return this.unregister('server', id);
  }

  unregisterTransport(id: string): Promise<void> {
    return this.unregister('transport', id);
  }

  updateServer(id: string, config: Config): Promise<void> {
    return this.attempt(() => {
      const place = this.locate(id);
      const copy = this.copyForUpdate(config);
      return this.submit(place, this.planUpdate(place, copy));
    });
  }

  bindTransportToServer(transportId: string, serverId: string): Promise<void> {
    return this.attempt(() => {
      const transport = this.locate(transportId);
      const server = this.locate(serverId);
      return this.submit(transport, this.planBinding(transport, server));
    });
  }

  unbindTransport(transportId: string): Promise<void> {
    return this.attempt(() => {
      const place = this.locate(transportId);
      return this.submit(place, this.planUnbinding(place));
    });
  }

  protected register(namespace: Namespace, id: unknown, endpoint: unknown, config: unknown): Promise<void> {
    return this.attempt(() => {
      const place = this.locate(id);
      const vetted = this.vetEndpoint(endpoint);
      const copy = config === undefined ? EMPTY_CONFIG : this.copyForRegistration(config);
      const server = namespace === 'transport' && Object.hasOwn(copy, 'serverId') ? this.locate(copy['serverId']) : undefined;
      const applicant: Applicant = { namespace, place, endpoint: vetted, signal: vetted.signal, config: copy, server };
      this.vetSignal(applicant.signal);
      if (!this.closed && !this.admits()) throw new Refusal('admission_control_active', 'Too many partitions are contended');
      return this.submit(place, this.planRegistration(applicant));
    });
  }

  protected unregister(namespace: Namespace, id: unknown): Promise<void> {
    return this.attempt(() => {
      const place = this.locate(id);
      return this.submit(place, this.planUnregistration(namespace, place));
    });
  }

  protected planRegistration(applicant: Applicant): Plan {
    const { namespace, place } = applicant;
    const server = applicant.server === undefined ? undefined : this.resolver(applicant.server);
    return {
      check: () => {
        this.vetSignal(applicant.signal);
        const holder = this.shards[place.shard]!.names[namespace].taken(place.key, place.hash);
        if (holder !== undefined) throw new Refusal('already_registered', `${place.id} is taken`);
      },
      apply: () => {
        const entry = this.admit(applicant);
        const target = server?.();
        if (target !== undefined) this.link(entry, target);
      },
    };
  }

  /** The server that a transport is to be bound to, as it is when the transport is registered. */
  protected resolver(server: Place): () => Entry | undefined {
    return () => this.entryAt('server', server);
  }

  protected planUnregistration(namespace: Namespace, place: Place): Plan {
    return {
      check: noop,
      apply: () => {
        const entry = this.shards[place.shard]!.names[namespace].take(place.key, place.hash);
        if (entry !== undefined) this.release(entry);
      },
    };
  }

  protected planUpdate(place: Place, config: Config): Plan {
    const server = (): Entry => {
      const entry = this.entryAt('server', place);
      if (entry === undefined) throw new Refusal('server_not_found', `${place.id} is not registered`);
      return entry;
    };
    return { check: () => void server(), apply: () => this.amend(server(), config) };
  }

  protected planBinding(transport: Place, server: Place): Plan {
    const both = (): { transport: Entry; server: Entry } => {
      const to = this.entryAt('server', server);
      if (to === undefined) throw new Refusal('server_not_found', `${server.id} is not registered`);
      const from = this.entryAt('transport', transport);
      if (from === undefined) throw new Refusal('transport_not_found', `${transport.id} is not registered`);
      return { transport: from, server: to };
    };
    return {
      check: () => void both(),
      apply: () => {
        const found = both();
        this.bind(found.transport, found.server);
      },
    };
  }

  protected planUnbinding(place: Place): Plan {
    return {
      check: noop,
      apply: () => {
        const transport = this.entryAt('transport', place);
        if (transport !== undefined && transport.linkTo !== -1) this.unlink(transport);
      },
    };
  }

  // Lanes.

  protected submit(place: Place, plan: Plan): Promise<void> {
    if (this.closed) throw new Refusal('registry_closed', 'The registry has been closed');
    const shard = this.shards[place.shard]!;
    return new Promise((resolve, reject) => {
      const idle = shard.lane.length === 0;
      shard.lane.push({ calledAt: this.clock.now(), plan, resolve, reject });
      if (idle) this.serve(shard);
    });
  }

  protected serve(shard: Shard): void {
    for (let first = shard.lane.first(); first !== undefined; first = shard.lane.first()) {
      const write = first;
      try {
        write.plan.check();
      } catch (error) {
        shard.lane.shift();
        write.reject(asRefusal(error));
        continue;
      }
      if (this.commitMs > 0) {
        shard.timer = this.clock.setTimeout(() => {
          shard.timer = undefined;
          if (this.closed) return;
          this.commit(shard, write);
          this.serve(shard);
        }, this.commitMs);
        return;
      }
      this.commit(shard, write);
    }
  }

  protected commit(shard: Shard, write: Write): void {
    shard.lane.shift();
    try {
      write.plan.check();
      write.plan.apply();
    } catch (error) {
      write.reject(asRefusal(error));
      return;
    }
    this.record(shard, write);
    write.resolve();
  }

  protected record(shard: Shard, write: Write): void {
    const now = this.clock.now();
    shard.window.add(now - write.calledAt, now);
    shard.writeCount++;
  }

  // What writes do.

  protected admit({ namespace, place, endpoint, signal, config }: Applicant): Entry {
    const owner = this.ownerOf(endpoint, signal);
    const registration: Registration = Object.freeze({ id: place.id, endpoint: owner.endpoint, config });
    const entry = new Entry(namespace, place.key, place.hash, place.shard, owner, registration);
    this.slots.put(this.slots.take(), entry);
    this.shards[place.shard]!.names[namespace].insert(entry);
    this.rolls[namespace].add(entry);
    owner.holdings.add(entry);
    return entry;
  }

  protected amend(entry: Entry, config: Config): void {
    entry.registration = Object.freeze({ id: entry.registration.id, endpoint: entry.registration.endpoint, config });
    this.rolls[entry.namespace].put(entry);
  }

  protected retire(entry: Entry): void {
    this.shards[entry.shard]!.names[entry.namespace].take(entry.key, entry.hash);
    this.release(entry);
  }

  /** Lets go of an entry that the index does not know any more. */
  protected release(entry: Entry): void {
    this.rolls[entry.namespace].remove(entry);
    if (entry.linkTo !== -1) this.unlink(entry);
    this.slots.release(slotOf(entry.handle));
    const { owner } = entry;
    owner.holdings.delete(entry);
    if (owner.holdings.size === 0) this.forget(owner);
  }

  protected bind(transport: Entry, server: Entry): void {
    this.link(transport, server);
  }

  protected link(transport: Entry, server: Entry): void {
    if (transport.linkTo !== -1) this.unlink(transport);
    const bag = (server.bag ??= []);
    transport.linkTo = server.handle;
    transport.linkAt = bag.push(transport.handle) - 1;
  }

  protected unlink(transport: Entry): void {
    const bag = this.slots.get(transport.linkTo)?.bag;
    const at = transport.linkAt;
    transport.linkTo = transport.linkAt = -1;
    if (bag === undefined || bag[at] !== transport.handle) return;
    const moved = bag.pop()!;
    if (moved === transport.handle) return;
    bag[at] = moved;
    this.slots.get(moved)!.linkAt = at;
  }

  /** The server that the transport is bound to. A link to a server that has ended is cut. */
  protected serverOf(transport: Entry): Entry | undefined {
    if (transport.linkTo === -1) return undefined;
    const server = this.slots.get(transport.linkTo);
    if (server === undefined) transport.linkTo = transport.linkAt = -1;
    return server;
  }

  // Endpoints.

  protected ownerKey(endpoint: Endpoint, _signal: AbortSignal): object {
    return endpoint;
  }

  protected ownerOf(endpoint: Endpoint, signal: AbortSignal): Owner {
    const key = this.ownerKey(endpoint, signal);
    let owner = this.owners.get(key);
    if (owner === undefined) {
      owner = new Owner(endpoint, signal, this.createHoldings(), (who) => this.down(who));
      this.owners.set(key, owner);
      signal.addEventListener('abort', owner.onDown);
    }
    return owner;
  }

  protected forget(owner: Owner): void {
    owner.signal.removeEventListener('abort', owner.onDown);
    const key = this.ownerKey(owner.endpoint, owner.signal);
    if (this.owners.get(key) === owner) this.owners.delete(key);
  }

  protected down(owner: Owner): void {
    for (const entry of owner.holdings.entries()) {
      if (this.slots.get(entry.handle) === entry) this.retire(entry);
    }
  }

  // Reads.

  findServer(id: string): Registration | undefined {
    return this.lookUp('server', id)?.registration;
  }

  findTransport(id: string): Registration | undefined {
    return this.lookUp('transport', id)?.registration;
  }

  listServers(): readonly Registration[] {
    return this.rolls.server.snapshot();
  }

  listTransports(): readonly Registration[] {
    return this.rolls.transport.snapshot();
  }

  getServerForTransport(transportId: string): string | undefined {
    const transport = this.lookUp('transport', transportId);
    return transport === undefined ? undefined : this.serverIdOf(transport);
  }

  protected lookUp(namespace: Namespace, id: unknown): Entry | undefined {
    const key = this.keyOf(this.vetId(id));
    const hash = this.hash(key);
    return this.shards[this.shardOf(key, hash)]!.names[namespace].find(key, hash);
  }

  protected entryAt(namespace: Namespace, place: Place): Entry | undefined {
    return this.shards[place.shard]!.names[namespace].find(place.key, place.hash);
  }

  protected serverIdOf(transport: Entry): string | undefined {
    return this.serverOf(transport)?.registration.id;
  }

  // Routing.

  routeToServer(serverId: string, transportId: string, message: unknown): number {
    const server = this.lookUp('server', serverId);
    this.vetId(transportId);
    if (server === undefined) return 0;
    this.deliver(server.registration.endpoint, { namespace: 'server', to: serverId, from: transportId, message });
    return 1;
  }

  routeToTransport(transportId: string | typeof broadcast, serverId: string, message: unknown): number {
    if (transportId === everybody) return this.broadcast(serverId, message);
    const transport = this.lookUp('transport', transportId);
    this.vetId(serverId);
    if (transport === undefined) return 0;
    this.deliver(transport.registration.endpoint, { namespace: 'transport', to: transport.registration.id, from: serverId, message });
    return 1;
  }

  protected broadcast(serverId: string, message: unknown): number {
    const server = this.lookUp('server', serverId);
    if (server?.bag === undefined) return 0;
    const recipients = server.bag.slice();
    for (const handle of recipients) {
      // Whoever has gone meanwhile has gone.
      const registration = this.slots.get(handle)?.registration;
      if (registration !== undefined) this.deliver(registration.endpoint, { namespace: 'transport', to: registration.id, from: serverId, message });
    }
    return recipients.length;
  }

  protected deliver(endpoint: Endpoint, delivery: Delivery): void {
    try {
      const result: unknown = endpoint.send(delivery);
      if ((typeof result === 'object' && result !== null) || typeof result === 'function') Promise.resolve(result).then(noop, noop);
    } catch {
      // Its own affair.
    }
  }

  // Statistics, contention, admission.

  getPartitionStats(): readonly PartitionStats[];
  getPartitionStats(partition: number): PartitionStats;
  getPartitionStats(partition?: number): PartitionStats | readonly PartitionStats[] {
    if (partition === undefined) return this.shards.map((shard) => this.describe(shard));
    const shard = Number.isInteger(partition) ? this.shards[partition] : undefined;
    if (shard === undefined) throw new Refusal('invalid_argument', 'There is no such partition');
    return this.describeOne(shard);
  }

  getContentionStatus(): ContentionStatus {
    const alarmed = this.alarmedShards();
    return { partitions: this.shards.length, alarmed, admission: this.admits(alarmed.length) ? 'open' : 'closed', mode: this.mode };
  }

  resetStats(): void {
    for (const shard of this.shards) {
      shard.writeCount = 0;
      shard.window.clear();
    }
  }

  setAdmission(mode: AdmissionMode): void {
    if (mode !== 'auto' && mode !== 'open' && mode !== 'closed') throw new Refusal('invalid_argument', 'There is no such mode');
    this.mode = mode;
  }

  /** From now on a commit takes so long. */
  slowCommit(ms: number): void {
    this.commitMs = ms;
  }

  protected describeOne(shard: Shard): PartitionStats {
    return this.describe(shard);
  }

  protected describe(shard: Shard): PartitionStats {
    const now = this.clock.now();
    const samples = shard.window.samples(now);
    const { min, mean, max } = shard.window.summary(now);
    return { partition: shard.index, writeCount: shard.writeCount, sampleCount: samples.length, samples, min, mean, max, alarm: this.alarmed(shard, now) };
  }

  protected alarmed(shard: Shard, now: number): boolean {
    const oldest = shard.lane.first();
    if (oldest !== undefined && now - oldest.calledAt > this.thresholds.stuckAfterMs) return true;
    return shard.writeCount >= this.thresholds.minWrites && shard.window.summary(now).mean > this.thresholds.alarmAboveMs;
  }

  protected alarmedShards(): number[] {
    const now = this.clock.now();
    return this.shards.filter((shard) => this.alarmed(shard, now)).map(({ index }) => index);
  }

  protected admits(alarmed?: number): boolean {
    if (this.mode !== 'auto') return this.mode === 'open';
    return (alarmed ?? this.alarmedShards().length) <= this.thresholds.closeAbove * this.shards.length;
  }

  // Closing.

  close(): Promise<void> {
    if (this.closed) return Promise.resolve();
    this.closed = true;
    for (const shard of this.shards) {
      if (shard.timer !== undefined) this.clock.clearTimeout(shard.timer);
      shard.timer = undefined;
      for (const write of shard.lane.drain()) write.reject(new Refusal('registry_closed', 'The registry has been closed'));
    }
    for (const owner of this.owners.values()) owner.signal.removeEventListener('abort', owner.onDown);
    this.owners.clear();
    this.slots = this.createSlots();
    this.rolls = { server: this.createRoll(), transport: this.createRoll() };
    for (const shard of this.shards) shard.names = this.createNames();
    return Promise.resolve();
  }

  // Arguments.

  protected attempt(call: () => Promise<void>): Promise<void> {
    try {
      return call();
    } catch (error) {
      return Promise.reject(asRefusal(error));
    }
  }

  protected locate(id: unknown): Place {
    const vetted = this.vetId(id);
    const key = this.keyOf(vetted);
    const hash = this.hash(key);
    return { id: vetted, key, hash, shard: this.shardOf(key, hash) };
  }

  protected vetId(id: unknown): string {
    if (!isId(id)) throw new Refusal('invalid_argument', 'That is no id');
    return id;
  }

  /** What an id is looked up by. */
  protected keyOf(id: string): string {
    return id;
  }

  protected hash(key: string): number {
    return hashOf(key);
  }

  protected shardOf(_key: string, hash: number): number {
    return (hash >>> 0) % this.shards.length;
  }

  protected copyForRegistration(config: unknown): Config {
    return copyConfig(config);
  }

  protected copyForUpdate(config: unknown): Config {
    return copyConfig(config);
  }

  protected vetEndpoint(value: unknown): Endpoint {
    if ((typeof value === 'object' && value !== null) || typeof value === 'function') {
      const { send, signal } = value as { readonly send?: unknown; readonly signal?: Partial<AbortSignal> | null };
      if (typeof send === 'function' && typeof signal === 'object' && signal !== null) {
        if (typeof signal.aborted === 'boolean' && typeof signal.addEventListener === 'function') return value as Endpoint;
      }
    }
    throw new Refusal('invalid_argument', 'That is no endpoint');
  }

  protected vetSignal(signal: AbortSignal): void {
    if (signal.aborted) throw new Refusal('endpoint_down', 'The endpoint is down');
  }
}

/** What the kit is given of a registry. */
export function subjectOf(registry: SlabRegistry): Subject {
  return {
    registerServer: (id, endpoint, config) => registry.registerServer(id, endpoint, config),
    registerTransport: (id, endpoint, config) => registry.registerTransport(id, endpoint, config),
    unregisterServer: (id) => registry.unregisterServer(id),
    unregisterTransport: (id) => registry.unregisterTransport(id),
    updateServer: (id, config) => registry.updateServer(id, config),
    findServer: (id) => registry.findServer(id),
    findTransport: (id) => registry.findTransport(id),
    listServers: () => registry.listServers(),
    listTransports: () => registry.listTransports(),
    bindTransportToServer: (transportId, serverId) => registry.bindTransportToServer(transportId, serverId),
    unbindTransport: (transportId) => registry.unbindTransport(transportId),
    getServerForTransport: (transportId) => registry.getServerForTransport(transportId),
    routeToServer: (serverId, transportId, message) => registry.routeToServer(serverId, transportId, message),
    routeToTransport: (transportId, serverId, message) => registry.routeToTransport(transportId, serverId, message),
    getPartitionStats: (partition?: number) => (partition === undefined ? registry.getPartitionStats() : registry.getPartitionStats(partition)),
    getContentionStatus: () => registry.getContentionStatus(),
    resetStats: () => registry.resetStats(),
    setAdmission: (mode) => registry.setAdmission(mode),
    close: () => registry.close(),
    slowCommit: (ms) => registry.slowCommit(ms),
  };
}

/** An adapter that opens registries of a kind. */
export function adapterOf(name: string, Kind: new (options: OpenOptions) => SlabRegistry): Adapter {
  return {
    name,
    version: '1',
    features: ['partitions', 'thresholds', 'virtual-time', 'slow-commit'],
    open: (options) => subjectOf(new Kind(options)),
  };
}
