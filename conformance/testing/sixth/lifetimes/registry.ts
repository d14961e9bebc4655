import { types } from 'node:util';
import type { Adapter, OpenOptions, Wait } from '../../../contract.js';
import type {
  AdmissionMode,
  broadcast,
  Clock,
  Config,
  ContentionStatus,
  Delivery,
  Endpoint,
  ErrorCode,
  Namespace,
  PartitionStats,
  Registration,
  Registry,
  Thresholds,
} from '../../../../spec/index.js';

/*
 * A ledger of leases.
 *
 * Each registration is a `Lease`, an object that is never used twice: it *is* the incarnation. The leases of one endpoint hang in a
 * chain of their own (a `Tenancy`, with the one listener on the signal), the bindings of one server in another (a `Fan`): both are
 * intrusive, so that giving up one of many costs as much as giving up one of few. A binding (`Bond`) ties two leases. Whatever ends a
 * lease goes through `end`.
 *
 * Writes are jobs in the lane of their partition. A job is prepared when its turn comes, and committed when the store has it: at once
 * as long as commits take no time.
 */

export const everyone: typeof broadcast = Symbol.for('sharded-registry.broadcast') as typeof broadcast;

export const nothing = (): void => {};

/** What everything refused is refused with. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: ErrorCode;
  constructor(code: ErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** A node of a chain. */
export class Link {
  before: Link | undefined = undefined;
  after: Link | undefined = undefined;
}

/** A doubly linked list whose nodes carry the links themselves. */
export class Chain<N extends Link> {
  first: N | undefined = undefined;
  last: N | undefined = undefined;
  size = 0;

  append(node: N): void {
    node.before = this.last;
    node.after = undefined;
    if (this.last === undefined) this.first = node;
    else this.last.after = node;
    this.last = node;
    this.size += 1;
  }

  remove(node: N): void {
    const before = node.before as N | undefined;
    const after = node.after as N | undefined;
    if (before === undefined) this.first = after;
    else before.after = after;
    if (after === undefined) this.last = before;
    else after.before = before;
    node.before = undefined;
    node.after = undefined;
    this.size -= 1;
  }

  toArray(): N[] {
    const nodes: N[] = [];
    for (let node = this.first; node !== undefined; node = node.after as N | undefined) nodes.push(node);
    return nodes;
  }
}

/** An incarnation of a name. */
export class Lease extends Link {
  /** Until the incarnation ends; never again after that. */
  alive = true;
  /** Of a transport: what ties it to a server. */
  bond: Bond | undefined = undefined;
  /** Of a server: what ties transports to it. */
  fan: Fan | undefined = undefined;
  constructor(
    readonly space: Namespace,
    readonly id: string,
    readonly tenancy: Tenancy,
    public config: Config,
  ) {
    super();
  }
  get endpoint(): Endpoint {
    return this.tenancy.endpoint;
  }
}

/** A binding of a transport to a server. */
export class Bond extends Link {
  constructor(
    readonly transport: Lease,
    public server: Lease,
  ) {
    super();
  }
}

/** The bindings of one server. */
export interface Fan {
  readonly size: number;
  add(bond: Bond): void;
  remove(bond: Bond): void;
  /** Those there are now; the array is the caller's. */
  bonds(): Bond[];
}

export class ChainedFan implements Fan {
  protected readonly chain = new Chain<Bond>();
  get size(): number {
    return this.chain.size;
  }
  add(bond: Bond): void {
    this.chain.append(bond);
  }
  remove(bond: Bond): void {
    this.chain.remove(bond);
  }
  bonds(): Bond[] {
    return this.chain.toArray();
  }
}

/** What one endpoint holds. */
export interface Holdings {
  readonly size: number;
  add(lease: Lease): void;
  delete(lease: Lease): void;
  /** All there are now; the array is the caller's. */
  all(): Lease[];
}

export class ChainedHoldings implements Holdings {
  readonly #chain = new Chain<Lease>();
  get size(): number {
    return this.#chain.size;
  }
  add(lease: Lease): void {
    this.#chain.append(lease);
  }
  delete(lease: Lease): void {
    this.#chain.remove(lease);
  }
  all(): Lease[] {
    return this.#chain.toArray();
  }
}

/** An endpoint for as long as it holds a name. */
export class Tenancy {
  readonly listener: () => void;
  constructor(
    readonly endpoint: Endpoint,
    readonly signal: AbortSignal,
    readonly holdings: Holdings,
    down: (tenancy: Tenancy) => void,
  ) {
    this.listener = () => down(this);
  }
}

/** Finds the tenancy of an endpoint. */
export interface Tenancies {
  get(endpoint: Endpoint): Tenancy | undefined;
  set(endpoint: Endpoint, tenancy: Tenancy): unknown;
  delete(endpoint: Endpoint): unknown;
}

/** The names of one namespace in one partition. */
export interface Table {
  get(id: string): Lease | undefined;
  set(id: string, lease: Lease): unknown;
  delete(id: string): unknown;
  values(): Iterable<Lease>;
}

export type Operation = 'register' | 'unregister' | 'update' | 'bind' | 'unbind' | 'tidy';

/** What a job is about. */
export interface About {
  readonly op: Operation;
  readonly space: Namespace;
  readonly id: string;
}

/** A write on its way. */
export interface Job {
  readonly serial: number;
  readonly about: About;
  readonly calledAt: number;
  /** House-keeping: goes to no store, is no write, and nobody waits for it. */
  readonly quiet: boolean;
  /** At its turn. */
  readonly prepare: () => void;
  /** When the store has it. Throws what the write is refused with. */
  readonly commit: () => void;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

interface Sample {
  readonly at: number;
  readonly ms: number;
}

export class Partition {
  /** The job whose turn it is. */
  serving: Job | undefined = undefined;
  timer: unknown = undefined;
  pumping = false;
  /** Those that wait for their turn. */
  queue: Job[] = [];
  writeCount = 0;
  samples: Sample[] = [];
  constructor(
    readonly index: number,
    readonly server: Table,
    readonly transport: Table,
  ) {}
  get idle(): boolean {
    return this.serving === undefined && this.queue.length === 0;
  }
}

/** A registration asked for, checked. */
export interface Request {
  readonly space: Namespace;
  readonly id: string;
  readonly endpoint: Endpoint;
  /** As the endpoint gave it at the call. */
  readonly signal: AbortSignal;
  readonly config: Config;
  /** Of a transport: the server to bind it to. */
  readonly serverId: string | undefined;
}

const standard: Thresholds = { windowSize: 10, windowMs: 1_000, minWrites: 10, alarmAboveMs: 100, stuckAfterMs: 500, closeAbove: 0.5 };

const empty: Config = Object.freeze({});

/** Whether a value is an id. */
const isId = (value: unknown): value is string => {
  if (typeof value !== 'string' || value.length === 0 || value.length > 510) return false;
  if (/\0|\p{Cs}/u.test(value)) return false;
  if (value.length <= 255) return true;
  let points = 0;
  for (const point of value) points += point.length > 0 ? 1 : 0;
  return points <= 255;
};

const hashOf = (id: string): number => {
  let h = 0x811c9dc5;
  for (let i = 0; i < id.length; i += 1) h = Math.imul(h ^ id.charCodeAt(i), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
};

export class Ledger implements Registry {
  protected readonly clock: Clock;
  protected readonly limits: Thresholds;
  protected readonly partitions: readonly Partition[];
  protected readonly tenancies: Tenancies;
  protected mode: AdmissionMode = 'auto';
  protected closed = false;
  protected commitMs = 0;
  protected serial = 0;

  constructor(options: OpenOptions) {
    const count = options.partitions ?? 16;
    if (!Number.isInteger(count) || count < 1 || count > 64) throw new Refusal('invalid_argument', 'a registry has 1 to 64 partitions');
    this.clock = options.clock;
    this.limits = {
      windowSize: options.windowSize ?? standard.windowSize,
      windowMs: options.windowMs ?? standard.windowMs,
      minWrites: options.minWrites ?? standard.minWrites,
      alarmAboveMs: options.alarmAboveMs ?? standard.alarmAboveMs,
      stuckAfterMs: options.stuckAfterMs ?? standard.stuckAfterMs,
      closeAbove: options.closeAbove ?? standard.closeAbove,
    };
    this.partitions = Array.from({ length: count }, (_, index) => new Partition(index, this.newTable(), this.newTable()));
    this.tenancies = this.newTenancies();
  }

  // What things are made of. Called from the constructor: no fields of subclasses yet.

  protected newTable(): Table {
    return new Map<string, Lease>();
  }

  protected newTenancies(): Tenancies {
    return new WeakMap<Endpoint, Tenancy>();
  }

  protected newHoldings(): Holdings {
    return new ChainedHoldings();
  }

  protected newFan(_server: Lease): Fan {
    return new ChainedFan();
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
    return this.answer(() => {
      this.checkId(id);
      const kept = this.keepConfig(config);
      this.checkOpen();
      return this.queueUpdate(id, kept);
    });
  }

  bindTransportToServer(transportId: string, serverId: string): Promise<void> {
    return this.answer(() => {
      this.checkId(transportId);
      this.checkId(serverId);
      this.checkOpen();
      let server: Lease | undefined;
      return this.submit(
        { op: 'bind', space: 'transport', id: transportId },
        () => this.commitBind(transportId, serverId, server),
        () => {
          server = this.lookup('server', serverId);
        },
      );
    });
  }

  unbindTransport(transportId: string): Promise<void> {
    return this.answer(() => {
      this.checkId(transportId);
      this.checkOpen();
      return this.submit({ op: 'unbind', space: 'transport', id: transportId }, () => this.commitUnbind(transportId));
    });
  }

  protected register(space: Namespace, id: string, endpoint: Endpoint, config: Config | undefined): Promise<void> {
    return this.answer(() => {
      const request = this.readRequest(space, id, endpoint, config);
      this.admit(request);
      return this.queueRegister(request);
    });
  }

  protected unregister(space: Namespace, id: string): Promise<void> {
    return this.answer(() => {
      this.checkId(id);
      this.checkOpen();
      return this.submit({ op: 'unregister', space, id }, () => this.commitUnregister(space, id));
    });
  }

  /** A write refused when it is called is refused through its promise as well. */
  protected answer(act: () => Promise<void>): Promise<void> {
    try {
      return act();
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** What can be refused when a registration is called. */
  protected admit(request: Request): void {
    this.checkOpen();
    if (!this.admits()) throw this.refuse('admission_control_active', 'too many partitions are contended');
    this.checkUp(request);
  }

  protected queueRegister(request: Request): Promise<void> {
    return this.submit({ op: 'register', space: request.space, id: request.id }, () => this.commitRegister(request));
  }

  protected queueUpdate(id: string, config: Config): Promise<void> {
    return this.submit({ op: 'update', space: 'server', id }, () => this.commitUpdate(id, config));
  }

  // Lanes.

  protected submit(about: About, commit: () => void, prepare: () => void = nothing, quiet = false): Promise<void> {
    return new Promise((resolve, reject) => {
      this.serial += 1;
      this.enqueue(this.partitionOf(about.id), { serial: this.serial, about, calledAt: this.clock.now(), quiet, prepare, commit, resolve, reject });
    });
  }

  protected enqueue(partition: Partition, job: Job): void {
    partition.queue.push(job);
    this.pump(partition);
  }

  protected pump(partition: Partition): void {
    if (partition.pumping) return;
    partition.pumping = true;
    try {
      while (partition.serving === undefined) {
        const job = partition.queue.shift();
        if (job === undefined) break;
        partition.serving = job;
        job.prepare();
        this.serve(partition, job);
      }
    } finally {
      partition.pumping = false;
    }
  }

  /** Completes a job as soon as the store has it. */
  protected serve(partition: Partition, job: Job): void {
    if (job.quiet || !(this.commitMs > 0)) {
      this.complete(partition, job);
      return;
    }
    partition.timer = this.clock.setTimeout(() => {
      partition.timer = undefined;
      this.finish(partition, job);
    }, this.commitMs);
  }

  /** Completes a job later, and goes on to the next. */
  protected finish(partition: Partition, job: Job): void {
    partition.pumping = true;
    try {
      this.complete(partition, job);
    } finally {
      partition.pumping = false;
    }
    this.pump(partition);
  }

  protected complete(partition: Partition, job: Job): void {
    partition.serving = undefined;
    try {
      job.commit();
    } catch (error) {
      job.reject(error);
      return;
    }
    if (!job.quiet) this.record(partition, job.calledAt);
    job.resolve();
  }

  protected record(partition: Partition, calledAt: number): void {
    const now = this.clock.now();
    partition.writeCount += 1;
    partition.samples.push({ at: now, ms: now - calledAt });
    if (partition.samples.length > this.limits.windowSize) partition.samples.shift();
  }

  // Commits: one step each.

  protected commitRegister(request: Request): void {
    this.checkUp(request);
    this.checkFree(request);
    this.enter(this.claim(request), request);
  }

  /** Has the endpoint hold the lease. */
  protected claim(request: Request): Lease {
    const tenancy = this.tenancyOf(request.endpoint, request.signal);
    const lease = new Lease(request.space, request.id, tenancy, request.config);
    tenancy.holdings.add(lease);
    return lease;
  }

  /** Has the name stand for the lease, and binds it. */
  protected enter(lease: Lease, request: Request): void {
    this.partitionOf(lease.id)[lease.space].set(lease.id, lease);
    if (request.serverId === undefined) return;
    const server = this.lookup('server', request.serverId);
    if (server !== undefined) this.attach(lease, server);
  }

  protected commitUnregister(space: Namespace, id: string): void {
    const lease = this.lookup(space, id);
    if (lease !== undefined) this.end(lease);
  }

  protected commitUpdate(id: string, config: Config): void {
    const lease = this.lookup('server', id);
    if (lease === undefined) throw this.refuse('server_not_found', 'no such server');
    lease.config = config;
  }

  /** `server` is the incarnation that was there when the turn came. */
  protected commitBind(transportId: string, _serverId: string, server: Lease | undefined): void {
    if (server === undefined || !server.alive) throw this.refuse('server_not_found', 'no such server');
    const transport = this.lookup('transport', transportId);
    if (transport === undefined) throw this.refuse('transport_not_found', 'no such transport');
    this.attach(transport, server);
  }

  protected commitUnbind(transportId: string): void {
    const transport = this.lookup('transport', transportId);
    if (transport !== undefined) this.detach(transport);
  }

  // Leases.

  protected lookup(space: Namespace, id: string): Lease | undefined {
    return this.partitionOf(id)[space].get(id);
  }

  /** Ends an incarnation, once. */
  protected end(lease: Lease): void {
    if (!lease.alive) return;
    lease.alive = false;
    this.erase(lease);
  }

  /** Takes a lease out of everything that knows of it. */
  protected erase(lease: Lease): void {
    this.partitionOf(lease.id)[lease.space].delete(lease.id);
    this.leave(lease);
    this.detach(lease);
    this.dissolve(lease);
  }

  protected attach(transport: Lease, server: Lease): void {
    if (transport.bond?.server === server) return;
    this.detach(transport);
    const bond = new Bond(transport, server);
    transport.bond = bond;
    this.fanOf(server).add(bond);
  }

  protected detach(transport: Lease): void {
    const bond = transport.bond;
    if (bond === undefined) return;
    transport.bond = undefined;
    bond.server.fan?.remove(bond);
  }

  /** Ends all bindings of a server. */
  protected dissolve(server: Lease): void {
    const fan = server.fan;
    if (fan === undefined) return;
    for (const bond of fan.bonds()) bond.transport.bond = undefined;
    server.fan = undefined;
  }

  protected fanOf(server: Lease): Fan {
    server.fan ??= this.newFan(server);
    return server.fan;
  }

  protected serverOf(transport: Lease): Lease | undefined {
    return transport.bond?.server;
  }

  // Endpoints.

  protected isDown(signal: AbortSignal): boolean {
    return signal.aborted;
  }

  protected tenancyOf(endpoint: Endpoint, signal: AbortSignal): Tenancy {
    const known = this.tenancies.get(endpoint);
    if (known !== undefined) return known;
    const tenancy = new Tenancy(endpoint, signal, this.newHoldings(), (gone) => this.goneDown(gone));
    this.tenancies.set(endpoint, tenancy);
    this.watch(tenancy);
    return tenancy;
  }

  protected leave(lease: Lease): void {
    const { tenancy } = lease;
    tenancy.holdings.delete(lease);
    if (tenancy.holdings.size > 0) return;
    if (this.tenancies.get(tenancy.endpoint) === tenancy) this.tenancies.delete(tenancy.endpoint);
    this.unwatch(tenancy);
  }

  protected watch(tenancy: Tenancy): void {
    tenancy.signal.addEventListener('abort', tenancy.listener, { once: true });
  }

  protected unwatch(tenancy: Tenancy): void {
    tenancy.signal.removeEventListener('abort', tenancy.listener);
  }

  protected goneDown(tenancy: Tenancy): void {
    for (const lease of tenancy.holdings.all()) this.end(lease);
  }

  // Reads.

  findServer(id: string): Registration | undefined {
    return this.find('server', id);
  }

  findTransport(id: string): Registration | undefined {
    return this.find('transport', id);
  }

  listServers(): readonly Registration[] {
    return this.list('server');
  }

  listTransports(): readonly Registration[] {
    return this.list('transport');
  }

  getServerForTransport(transportId: string): string | undefined {
    this.checkId(transportId);
    if (this.closed) return undefined;
    const transport = this.lookup('transport', transportId);
    return transport === undefined ? undefined : this.serverOf(transport)?.id;
  }

  protected find(space: Namespace, id: string): Registration | undefined {
    this.checkId(id);
    if (this.closed) return undefined;
    const lease = this.lookup(space, id);
    return lease === undefined ? undefined : this.view(lease);
  }

  protected list(space: Namespace): Registration[] {
    const views: Registration[] = [];
    if (this.closed) return views;
    for (const partition of this.partitions) for (const lease of partition[space].values()) views.push(this.view(lease));
    return views;
  }

  protected view(lease: Lease): Registration {
    return { id: lease.id, endpoint: lease.endpoint, config: lease.config };
  }

  // Routing.

  routeToServer(serverId: string, transportId: string, message: unknown): number {
    this.checkId(serverId);
    this.checkId(transportId);
    const server = this.lookup('server', serverId);
    return server === undefined ? 0 : this.deliver(server, transportId, message);
  }

  routeToTransport(transportId: string | typeof broadcast, serverId: string, message: unknown): number {
    if (transportId === everyone) {
      this.checkId(serverId);
      const server = this.lookup('server', serverId);
      return server === undefined ? 0 : this.spread(server, message);
    }
    this.checkId(transportId);
    this.checkId(serverId);
    const transport = this.lookup('transport', transportId as string);
    return transport === undefined ? 0 : this.deliver(transport, serverId, message);
  }

  /** To all that are bound to a server now. */
  protected spread(server: Lease, message: unknown): number {
    const bonds = server.fan?.bonds() ?? [];
    for (const { transport } of bonds) if (transport.alive) this.deliver(transport, server.id, message);
    return bonds.length;
  }

  protected deliver(lease: Lease, from: string, message: unknown): number {
    this.hand(lease.endpoint, { namespace: lease.space, to: lease.id, from, message });
    return 1;
  }

  /** Whether `send` took it: what it throws or rejects with is nobody's business. */
  protected hand(endpoint: Endpoint, delivery: Delivery): boolean {
    try {
      const outcome = endpoint.send(delivery);
      if (types.isPromise(outcome)) Promise.prototype.then.call(outcome, nothing, nothing);
      return true;
    } catch {
      return false;
    }
  }

  // Statistics, contention, admission.

  getPartitionStats(): readonly PartitionStats[];
  getPartitionStats(partition: number): PartitionStats;
  getPartitionStats(partition?: number): PartitionStats | readonly PartitionStats[] {
    if (partition === undefined) return this.partitions.map((each) => this.statsOf(each));
    const one = Number.isInteger(partition) ? this.partitions[partition] : undefined;
    if (one === undefined) throw this.refuse('invalid_argument', 'no such partition');
    return this.statsOf(one);
  }

  getContentionStatus(): ContentionStatus {
    const alarmed = this.alarmed();
    return { partitions: this.partitions.length, alarmed, admission: this.admits(alarmed.length) ? 'open' : 'closed', mode: this.mode };
  }

  resetStats(): void {
    for (const partition of this.partitions) {
      partition.writeCount = 0;
      partition.samples = [];
    }
  }

  setAdmission(mode: AdmissionMode): void {
    if (mode !== 'auto' && mode !== 'open' && mode !== 'closed') throw this.refuse('invalid_argument', 'no such mode');
    this.mode = mode;
  }

  protected statsOf(partition: Partition): PartitionStats {
    const now = this.clock.now();
    const samples = partition.samples.filter((sample) => now - sample.at < this.limits.windowMs).map((sample) => sample.ms);
    const mean = samples.length === 0 ? 0 : samples.reduce((sum, ms) => sum + ms, 0) / samples.length;
    return {
      partition: partition.index,
      writeCount: partition.writeCount,
      sampleCount: samples.length,
      samples,
      min: samples.length === 0 ? 0 : Math.min(...samples),
      mean,
      max: samples.length === 0 ? 0 : Math.max(...samples),
      alarm: this.isAlarmed(partition, now),
    };
  }

  protected isAlarmed(partition: Partition, now: number): boolean {
    const { serving, queue, samples, writeCount } = partition;
    if (serving !== undefined) {
      const oldest = serving.quiet ? queue.find((job) => !job.quiet) : serving;
      if (oldest !== undefined && now - oldest.calledAt > this.limits.stuckAfterMs) return true;
    }
    if (writeCount < this.limits.minWrites) return false;
    let count = 0;
    let sum = 0;
    for (const { at, ms } of samples) {
      if (now - at >= this.limits.windowMs) continue;
      count += 1;
      sum += ms;
    }
    return count > 0 && sum / count > this.limits.alarmAboveMs;
  }

  protected alarmed(): number[] {
    const now = this.clock.now();
    return this.partitions.filter((each) => this.isAlarmed(each, now)).map((each) => each.index);
  }

  protected admits(alarmed?: number): boolean {
    if (this.mode !== 'auto') return this.mode === 'open';
    return (alarmed ?? this.alarmed().length) / this.partitions.length <= this.limits.closeAbove;
  }

  // The end.

  close(): Promise<void> {
    if (!this.closed) {
      this.closed = true;
      for (const partition of this.partitions) this.abandon(partition);
      for (const partition of this.partitions) {
        for (const lease of [...partition.transport.values(), ...partition.server.values()]) this.end(lease);
      }
    }
    return Promise.resolve();
  }

  /** Refuses whatever is still on its way. */
  protected abandon(partition: Partition): void {
    if (partition.timer !== undefined) this.clock.clearTimeout(partition.timer);
    const jobs = partition.serving === undefined ? partition.queue : [partition.serving, ...partition.queue];
    partition.timer = undefined;
    partition.serving = undefined;
    partition.queue = [];
    for (const job of jobs) job.reject(this.refuse('registry_closed', 'the registry has been closed'));
  }

  // For the adapter.

  slowCommit(ms: number): void {
    this.commitMs = ms;
  }

  waits(): readonly Wait[] {
    const nameOf = (job: Job): string => `${job.about.op} ${job.about.space} ${job.about.id} #${job.serial}`;
    return this.partitions.flatMap(({ index, serving, queue }) =>
      serving === undefined ? [] : queue.map((job, i) => ({ waiter: nameOf(job), holder: nameOf(queue[i - 1] ?? serving), for: `lane ${index}` })),
    );
  }

  // Checks.

  protected refuse(code: ErrorCode, message: string): Refusal {
    return new Refusal(code, message);
  }

  protected partitionOf(id: string): Partition {
    return this.partitions[Math.floor((hashOf(id) / 4_294_967_296) * this.partitions.length)] as Partition;
  }

  protected checkId(id: unknown): void {
    if (!isId(id)) throw this.refuse('invalid_argument', 'not an id');
  }

  protected checkOpen(): void {
    if (this.closed) throw this.refuse('registry_closed', 'the registry has been closed');
  }

  protected checkUp(request: Request): void {
    const known = this.tenancies.get(request.endpoint);
    if (this.isDown(request.signal) || (known !== undefined && this.isDown(known.signal))) {
      throw this.refuse('endpoint_down', 'the signal of the endpoint has aborted');
    }
  }

  protected checkFree(request: Request): void {
    if (this.lookup(request.space, request.id) !== undefined) throw this.refuse('already_registered', 'the name is taken');
  }

  protected readRequest(space: Namespace, id: string, endpoint: Endpoint, config: Config | undefined): Request {
    this.checkId(id);
    const signal = this.signalOf(endpoint);
    const kept = this.keepConfig(config);
    let serverId: string | undefined;
    if (space === 'transport' && Object.hasOwn(kept, 'serverId')) {
      this.checkId(kept['serverId']);
      serverId = kept['serverId'] as string;
    }
    return { space, id, endpoint, signal, config: kept, serverId };
  }

  /** Reads the signal once: it may be another each time. */
  protected signalOf(endpoint: unknown): AbortSignal {
    if ((typeof endpoint === 'object' && endpoint !== null) || typeof endpoint === 'function') {
      const { send, signal } = endpoint as { send?: unknown; signal?: unknown };
      if (typeof send === 'function' && typeof signal === 'object' && signal !== null) {
        const { aborted, addEventListener } = signal as { aborted?: unknown; addEventListener?: unknown };
        if (typeof aborted === 'boolean' && typeof addEventListener === 'function') return signal as AbortSignal;
      }
    }
    throw this.refuse('invalid_argument', 'not an endpoint');
  }

  /** A frozen copy. */
  protected keepConfig(config: unknown): Config {
    if (config === undefined) return empty;
    if (typeof config !== 'object' || config === null || Array.isArray(config)) throw this.refuse('invalid_argument', 'not a configuration');
    let copy: object;
    try {
      copy = structuredClone(config);
    } catch {
      throw this.refuse('invalid_argument', 'not a configuration');
    }
    const open: object[] = [copy];
    for (let each = open.pop(); each !== undefined; each = open.pop()) {
      if (!Array.isArray(each) && Object.getPrototypeOf(each) !== Object.prototype) throw this.refuse('invalid_argument', 'not JSON');
      for (const [key, value] of Object.entries(each) as [string, unknown][]) {
        if (value === undefined && !Array.isArray(each)) Reflect.deleteProperty(each, key);
        else if (typeof value === 'object' && value !== null) {
          if (!Object.isFrozen(value)) open.push(value);
        } else if (value !== null && typeof value !== 'string' && typeof value !== 'boolean' && !Number.isFinite(value)) {
          throw this.refuse('invalid_argument', 'not JSON');
        }
      }
      Object.freeze(each);
    }
    return copy as Config;
  }
}

/** An adapter of a ledger of some kind. */
export const adapterOf = (name: string, Kind: new (options: OpenOptions) => Ledger): Adapter => ({
  name,
  version: '1',
  features: ['partitions', 'thresholds', 'virtual-time', 'slow-commit', 'in-process', 'send-failures', 'send-awaited'],
  open: (options) => new Kind(options),
});
