import {
  broadcast, defaultThresholds, maxIdLength, partitionLimits,
  type AdmissionMode, type Clock, type Config, type ContentionStatus, type Delivery, type Endpoint, type ErrorCode, type Json, type Namespace, type PartitionStats, type Registration, type RequirementId, type Thresholds,
} from '../../spec/index.js';
import type { Adapter, OpenOptions } from '../contract.js';
import type { Mutant } from './mutant.js';
import type { Answer } from './whole-registry.js';

/** One incarnation of a name. */
export interface Entry {
  readonly namespace: Namespace;
  readonly id: string;
  readonly endpoint: Endpoint;
  registration: Registration;
  /** Of a transport: the server that it is bound to. */
  server: Entry | undefined;
  /** Of a server: the transports bound to it. */
  readonly bound: Set<Entry>;
}

/** What is listened to of an endpoint, and for whose sake. */
export interface Watch {
  readonly signal: AbortSignal;
  readonly listener: () => void;
  readonly entries: Set<Entry>;
}

export interface Register {
  readonly kind: 'register';
  readonly namespace: Namespace;
  readonly id: string;
  readonly endpoint: Endpoint;
  readonly config: Config;
}

export interface Unregister {
  readonly kind: 'unregister';
  readonly namespace: Namespace;
  readonly id: string;
}

export interface Update {
  readonly kind: 'update';
  readonly namespace: 'server';
  readonly id: string;
  readonly config: Config;
}

export interface Bind {
  readonly kind: 'bind';
  readonly namespace: 'transport';
  readonly id: string;
  readonly serverId: string;
}

export interface Unbind {
  readonly kind: 'unbind';
  readonly namespace: 'transport';
  readonly id: string;
}

/** What a write asks for. */
export type Order = Register | Unregister | Update | Bind | Unbind;

/** What becomes of it on its way through the lane. Moments are milliseconds of the clock. */
interface Course {
  readonly partition: Partition;
  readonly calledAt: number;
  startedAt?: number;
  timer?: unknown;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** A write on its way. */
export type Job = Order & Course;

export interface Sample {
  /** When it was taken. */
  readonly at: number;
  readonly latency: number;
}

export interface Partition {
  readonly index: number;
  queue: Job[];
  /** Who has the lane. */
  current: Job | undefined;
  /** Called, and not answered yet. */
  inFlight: Set<Job>;
  writeCount: number;
  samples: Sample[];
}

export class RegistryError extends Error {
  override readonly name = 'RegistryError';
  constructor(
    readonly code: ErrorCode,
    detail = '',
  ) {
    super(detail ? `${code}: ${detail}` : code);
  }
}

export function refuse(code: ErrorCode, detail?: string): never {
  throw new RegistryError(code, detail);
}

/** The configuration of who gave none. */
export const noConfig: Config = Object.freeze({});

/** The two namespaces. */
export const namespaces: readonly Namespace[] = ['server', 'transport'];

/** 32 bits of FNV-1a over the code units, mixed up at the end so that the low bits are as good as the high ones. */
export function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) {
    const unit = text.charCodeAt(i);
    h = Math.imul(h ^ (unit & 0xff), 0x01000193);
    h = Math.imul(h ^ (unit >>> 8), 0x01000193);
  }
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

const codePoints = (text: string): number => {
  let n = 0;
  for (const _ of text) n += 1;
  return n;
};

/**
 * A complete registry, written from the specification alone. Every step is a method of its own, so that a variant is one that is
 * written otherwise. Correct as it stands.
 */
export class ThirdRegistry {
  protected readonly clock: Clock;
  protected readonly limits: Thresholds;
  protected readonly partitions: readonly Partition[];
  protected readonly names: Readonly<Record<Namespace, Map<string, Entry>>>;
  protected readonly watches = new Map<Endpoint, Watch>();
  protected mode: AdmissionMode = 'auto';
  protected delay = 0;
  protected closed = false;

  constructor(options: OpenOptions) {
    this.clock = options.clock;
    this.limits = this.takeLimits(options);
    this.partitions = Array.from({ length: this.takePartitions(options.partitions) }, (_, index) => this.openPartition(index));
    this.names = { server: this.openNames(), transport: this.openNames() };
  }

  // Options

  protected takeLimits(options: OpenOptions): Thresholds {
    return Object.fromEntries(Object.entries(defaultThresholds).map(([key, value]) => [key, options[key as keyof Thresholds] ?? (value as number)])) as unknown as Thresholds;
  }

  protected takePartitions(count: number = partitionLimits.default): number {
    if (!Number.isInteger(count) || count < partitionLimits.least || count > partitionLimits.most) refuse('invalid_argument', 'partitions');
    return count;
  }

  protected openPartition(index: number): Partition {
    return { index, queue: [], current: undefined, inFlight: new Set(), writeCount: 0, samples: [] };
  }

  protected openNames(): Map<string, Entry> {
    return new Map();
  }

  // What is given

  protected checkId(id: unknown): void {
    if (typeof id !== 'string' || id === '') refuse('invalid_argument', 'id');
    if (id.length > 2 * maxIdLength || codePoints(id) > maxIdLength) refuse('invalid_argument', 'id too long');
    if (id.includes('\0') || /\p{Surrogate}/u.test(id)) refuse('invalid_argument', 'id');
  }

  /** The `serverId` in the configuration of a transport. */
  protected checkServerId(id: unknown): void {
    this.checkId(id);
  }

  protected checkEndpoint(endpoint: Endpoint): void {
    const is = typeof endpoint === 'object' && endpoint !== null && typeof endpoint.send === 'function' && endpoint.signal instanceof AbortSignal;
    if (!is) refuse('invalid_argument', 'endpoint');
  }

  protected takeConfig(namespace: Namespace, config: Config | undefined): Config {
    if (config === undefined) return noConfig;
    if (typeof config !== 'object' || config === null || Array.isArray(config)) refuse('invalid_argument', 'config');
    const own = this.copy(config) as Config;
    if (namespace === 'transport' && Object.hasOwn(own, 'serverId')) this.checkServerId(own.serverId);
    return own;
  }

  /** A frozen copy of JSON data, all the way down. */
  protected copy(value: unknown, above: readonly unknown[] = []): Json {
    if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
    if (typeof value === 'number' && Number.isFinite(value)) return value;
    if (typeof value !== 'object' || above.includes(value)) refuse('invalid_argument', 'not JSON');
    const within = [...above, value];
    if (Array.isArray(value)) return Object.freeze((value as unknown[]).map((item) => this.copy(item, within)));
    const entries = Object.entries(value as Record<string, unknown>).filter(([, item]) => item !== undefined);
    return Object.freeze(this.record(entries.map(([key, item]) => [key, this.copy(item, within)])));
  }

  /** An object of these own properties, whatever their keys spell. */
  protected record(entries: readonly (readonly [string, Json])[]): Record<string, Json> {
    return Object.fromEntries(entries);
  }

  protected checkOpen(): void {
    if (this.closed) refuse('registry_closed');
  }

  // Names

  /** The current incarnation of a name. */
  protected lookup(namespace: Namespace, id: string): Entry | undefined {
    return this.names[namespace].get(id);
  }

  protected isCurrent(entry: Entry): boolean {
    return this.lookup(entry.namespace, entry.id) === entry;
  }

  protected makeEntry({ namespace, id, endpoint, config }: Register): Entry {
    return { namespace, id, endpoint, registration: Object.freeze({ id, endpoint, config }), server: undefined, bound: new Set() };
  }

  /** A new incarnation begins. */
  protected enter(entry: Entry): void {
    this.names[entry.namespace].set(entry.id, entry);
    this.watch(entry);
  }

  /** An incarnation ends, with its bindings. */
  protected leave(entry: Entry): void {
    this.names[entry.namespace].delete(entry.id);
    this.unwatch(entry);
    if (entry.namespace === 'server') this.endBindings(entry);
    else this.unlink(entry);
  }

  // Liveness

  protected watch(entry: Entry): void {
    const { endpoint } = entry;
    let watch = this.watches.get(endpoint);
    if (watch === undefined) {
      watch = { signal: endpoint.signal, listener: () => this.down(endpoint), entries: new Set() };
      this.watches.set(endpoint, watch);
      watch.signal.addEventListener('abort', watch.listener);
    }
    watch.entries.add(entry);
  }

  protected unwatch(entry: Entry): void {
    const watch = this.watches.get(entry.endpoint);
    if (watch === undefined) return;
    watch.entries.delete(entry);
    if (watch.entries.size === 0) this.forget(entry.endpoint, watch);
  }

  protected forget(endpoint: Endpoint, watch: Watch): void {
    watch.signal.removeEventListener('abort', watch.listener);
    this.watches.delete(endpoint);
  }

  protected down(endpoint: Endpoint): void {
    for (const entry of [...(this.watches.get(endpoint)?.entries ?? [])]) this.leave(entry);
  }

  // Bindings

  protected link(transport: Entry, server: Entry): void {
    this.unlink(transport);
    transport.server = server;
    server.bound.add(transport);
  }

  protected unlink(transport: Entry): void {
    transport.server?.bound.delete(transport);
    transport.server = undefined;
  }

  protected endBindings(server: Entry): void {
    for (const transport of server.bound) if (transport.server === server) transport.server = undefined;
    server.bound.clear();
  }

  protected bindAtRegistration(entry: Entry): void {
    const { serverId } = entry.registration.config;
    const server = entry.namespace === 'transport' && serverId !== undefined ? this.lookup('server', serverId as string) : undefined;
    if (server) this.link(entry, server);
  }

  // Lanes

  protected partitionOf(id: string): Partition {
    return this.partitions[this.hashOf(id) % this.partitions.length]!;
  }

  protected hashOf(id: string): number {
    return hash(id);
  }

  /** Every write: a job in the lane of its id. Answers when it is committed. */
  protected write(order: Order): Promise<void> {
    this.checkOpen();
    const partition = this.partitionOf(order.id);
    const calledAt = this.clock.now();
    let job!: Job;
    const answer = new Promise<void>((resolve, reject) => {
      const course: Course = { partition, calledAt, resolve, reject };
      job = Object.assign(order, course);
    });
    partition.inFlight.add(job);
    this.enqueue(job);
    this.next(partition);
    return answer;
  }

  protected enqueue(job: Job): void {
    job.partition.queue.push(job);
  }

  /** Whoever is first in a lane that is free has its turn. */
  protected next(partition: Partition): void {
    while (partition.current === undefined && partition.queue.length > 0) {
      partition.current = partition.queue.shift()!;
      this.begin(partition.current);
    }
  }

  protected begin(job: Job): void {
    job.startedAt = this.clock.now();
    try {
      this.check(job);
    } catch (error) {
      this.refused(job, error);
      return;
    }
    this.schedule(job);
  }

  /** The commit takes its time. */
  protected schedule(job: Job): void {
    if (this.delay === 0) {
      this.commit(job);
      return;
    }
    job.timer = this.clock.setTimeout(() => {
      this.commit(job);
      this.next(job.partition);
    }, this.delay);
  }

  protected commit(job: Job): void {
    try {
      this.check(job);
    } catch (error) {
      this.refused(job, error);
      return;
    }
    this.apply(job);
    this.measure(job);
    this.release(job);
    job.resolve();
  }

  protected refused(job: Job, error: unknown): void {
    this.release(job);
    job.reject(error);
  }

  protected release(job: Job): void {
    job.partition.inFlight.delete(job);
    if (job.partition.current === job) job.partition.current = undefined;
  }

  protected check(job: Job): void {
    if (job.kind === 'register') this.checkRegister(job);
    else if (job.kind === 'update') this.checkUpdate(job);
    else if (job.kind === 'bind') this.checkBind(job);
  }

  protected apply(job: Job): void {
    if (job.kind === 'register') this.applyRegister(job);
    else if (job.kind === 'unregister') this.applyUnregister(job);
    else if (job.kind === 'update') this.applyUpdate(job);
    else if (job.kind === 'bind') this.applyBind(job);
    else if (job.kind === 'unbind') this.applyUnbind(job);
  }

  // The writes, each in two halves: whether it may, and what it does

  protected checkRegister({ namespace, id, endpoint }: Register): void {
    if (endpoint.signal.aborted) refuse('endpoint_down');
    if (this.lookup(namespace, id)) refuse('already_registered', id);
  }

  protected applyRegister(job: Register): void {
    const entry = this.makeEntry(job);
    this.enter(entry);
    this.bindAtRegistration(entry);
  }

  protected applyUnregister({ namespace, id }: Unregister): void {
    const entry = this.lookup(namespace, id);
    if (entry) this.leave(entry);
  }

  protected checkUpdate({ id }: Update): void {
    if (!this.lookup('server', id)) refuse('server_not_found', id);
  }

  protected applyUpdate({ id, config }: Update): void {
    const entry = this.lookup('server', id)!;
    entry.registration = Object.freeze({ id, endpoint: entry.endpoint, config });
  }

  protected checkBind({ id, serverId }: Bind): void {
    if (!this.lookup('server', serverId)) refuse('server_not_found', serverId);
    if (!this.lookup('transport', id)) refuse('transport_not_found', id);
  }

  protected applyBind({ id, serverId }: Bind): void {
    this.link(this.lookup('transport', id)!, this.lookup('server', serverId)!);
  }

  protected applyUnbind({ id }: Unbind): void {
    const transport = this.lookup('transport', id);
    if (transport) this.unlink(transport);
  }

  // Operations: writes

  async registerServer(id: string, endpoint: Endpoint, config?: Config): Promise<void> {
    return this.register('server', id, endpoint, config);
  }

  async registerTransport(id: string, endpoint: Endpoint, config?: Config): Promise<void> {
    return this.register('transport', id, endpoint, config);
  }

  protected register(namespace: Namespace, id: string, endpoint: Endpoint, config: Config | undefined): Promise<void> {
    this.checkId(id);
    this.checkEndpoint(endpoint);
    const order: Register = { kind: 'register', namespace, id, endpoint, config: this.takeConfig(namespace, config) };
    this.admit(order);
    return this.write(order);
  }

  async unregisterServer(id: string): Promise<void> {
    this.checkId(id);
    return this.write({ kind: 'unregister', namespace: 'server', id });
  }

  async unregisterTransport(id: string): Promise<void> {
    this.checkId(id);
    return this.write({ kind: 'unregister', namespace: 'transport', id });
  }

  async updateServer(id: string, config: Config): Promise<void> {
    this.checkId(id);
    if (config === undefined) refuse('invalid_argument', 'config');
    return this.write({ kind: 'update', namespace: 'server', id, config: this.takeConfig('server', config) });
  }

  async bindTransportToServer(transportId: string, serverId: string): Promise<void> {
    this.checkId(transportId);
    this.checkId(serverId);
    return this.write({ kind: 'bind', namespace: 'transport', id: transportId, serverId });
  }

  async unbindTransport(transportId: string): Promise<void> {
    this.checkId(transportId);
    return this.write({ kind: 'unbind', namespace: 'transport', id: transportId });
  }

  // Operations: reads

  findServer(id: string): Registration | undefined {
    return this.find('server', id);
  }

  findTransport(id: string): Registration | undefined {
    return this.find('transport', id);
  }

  protected find(namespace: Namespace, id: string): Registration | undefined {
    this.checkId(id);
    return this.lookup(namespace, id)?.registration;
  }

  listServers(): Answer<readonly Registration[]> {
    return this.list('server');
  }

  listTransports(): Answer<readonly Registration[]> {
    return this.list('transport');
  }

  protected list(namespace: Namespace): Answer<readonly Registration[]> {
    return [...this.names[namespace].values()].map((entry) => entry.registration);
  }

  getServerForTransport(transportId: string): string | undefined {
    this.checkId(transportId);
    return this.lookup('transport', transportId)?.server?.id;
  }

  // Operations: routing

  routeToServer(serverId: string, transportId: string, message: unknown): number {
    this.checkId(serverId);
    this.checkId(transportId);
    return this.route('server', serverId, transportId, message);
  }

  routeToTransport(transportId: string | typeof broadcast, serverId: string, message: unknown): Answer<number> {
    if (transportId !== broadcast) this.checkId(transportId);
    this.checkId(serverId);
    if (transportId !== broadcast) return this.route('transport', transportId, serverId, message);
    const server = this.lookup('server', serverId);
    return server ? this.broadcast(server, message) : 0;
  }

  protected route(namespace: Namespace, to: string, from: string, message: unknown): number {
    const entry = this.lookup(namespace, to);
    if (!entry) return 0;
    this.handOver(entry, from, message);
    return 1;
  }

  protected broadcast(server: Entry, message: unknown): Answer<number> {
    const recipients = [...server.bound];
    for (const transport of recipients) this.handOver(transport, server.id, message);
    return recipients.length;
  }

  protected handOver(entry: Entry, from: string, message: unknown): void {
    if (!this.isCurrent(entry)) return;
    this.deliver(entry.endpoint, Object.freeze({ namespace: entry.namespace, to: entry.id, from, message }));
  }

  protected deliver(endpoint: Endpoint, delivery: Delivery): unknown {
    try {
      const outcome = endpoint.send(delivery);
      if (typeof outcome === 'object' && outcome !== null) Promise.resolve(outcome).catch(() => {});
      return outcome;
    } catch {
      return undefined; // what became of it is the recipient's business
    }
  }

  // Statistics and alarms

  protected measure(job: Job): void {
    const { partition } = job;
    partition.writeCount += 1;
    partition.samples.push(this.sample(job));
    if (partition.samples.length > this.limits.windowSize) partition.samples.shift();
  }

  protected sample(job: Job): Sample {
    const now = this.clock.now();
    return { at: now, latency: now - job.calledAt };
  }

  /** The samples that are not too old, oldest first. */
  protected windowOf(partition: Partition): readonly number[] {
    const now = this.clock.now();
    return partition.samples.filter((sample) => now - sample.at < this.limits.windowMs).map((sample) => sample.latency);
  }

  protected meanOf(samples: readonly number[]): number {
    return samples.length === 0 ? 0 : samples.reduce((sum, sample) => sum + sample, 0) / samples.length;
  }

  protected isSlow(partition: Partition): boolean {
    return partition.writeCount >= this.limits.minWrites && this.meanOf(this.windowOf(partition)) > this.limits.alarmAboveMs;
  }

  protected isStuck(partition: Partition): boolean {
    const [oldest] = partition.inFlight;
    return oldest !== undefined && this.clock.now() - oldest.calledAt > this.limits.stuckAfterMs;
  }

  protected isAlarmed(partition: Partition): boolean {
    return this.isSlow(partition) || this.isStuck(partition);
  }

  protected statsOf(partition: Partition): PartitionStats {
    const samples = this.windowOf(partition);
    const some = samples.length > 0;
    return {
      partition: partition.index,
      writeCount: partition.writeCount,
      sampleCount: samples.length,
      samples,
      min: some ? Math.min(...samples) : 0,
      mean: this.meanOf(samples),
      max: some ? Math.max(...samples) : 0,
      alarm: this.isAlarmed(partition),
    };
  }

  getPartitionStats(partition?: number): PartitionStats | readonly PartitionStats[] {
    if (partition === undefined) return this.partitions.map((one) => this.statsOf(one));
    if (!Number.isInteger(partition) || partition < 0 || partition >= this.partitions.length) refuse('invalid_argument', 'partition');
    return this.statsOf(this.partitions[partition]!);
  }

  resetStats(): void {
    for (const partition of this.partitions) Object.assign(partition, { writeCount: 0, samples: [] });
  }

  // Admission

  protected alarmed(): readonly number[] {
    return this.partitions.filter((partition) => this.isAlarmed(partition)).map((partition) => partition.index);
  }

  protected isContended(): boolean {
    return this.alarmed().length > this.limits.closeAbove * this.partitions.length;
  }

  protected admission(): 'open' | 'closed' {
    if (this.mode !== 'auto') return this.mode;
    return this.isContended() ? 'closed' : 'open';
  }

  protected admit(_order: Pick<Order, 'kind'>): void {
    if (this.admission() === 'closed') refuse('admission_control_active');
  }

  getContentionStatus(): ContentionStatus {
    return { partitions: this.partitions.length, alarmed: this.alarmed(), admission: this.admission(), mode: this.mode };
  }

  setAdmission(mode: AdmissionMode): void {
    if (!['auto', 'open', 'closed'].includes(mode)) refuse('invalid_argument', 'mode');
    this.mode = mode;
  }

  // The end, and what helps to observe

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    for (const partition of this.partitions) this.closePartition(partition);
    for (const [endpoint, watch] of [...this.watches]) this.forget(endpoint, watch);
    for (const namespace of namespaces) this.names[namespace].clear();
  }

  protected closePartition(partition: Partition): void {
    partition.queue = [];
    for (const job of [...partition.inFlight]) {
      if (job.timer !== undefined) this.clock.clearTimeout(job.timer);
      this.refused(job, new RegistryError('registry_closed'));
    }
  }

  /** From now on each commit takes this many milliseconds. */
  slowCommit(ms: number): void {
    this.delay = ms;
  }
}

const adapterOf = (name: string, Kind: new (options: OpenOptions) => ThirdRegistry): Adapter => ({
  name,
  features: ['virtual-time', 'slow-commit', 'partitions', 'thresholds'],
  open: (options) => new Kind(options),
});

/** As it stands. */
export const third: Adapter = adapterOf('one written from the text alone', ThirdRegistry);

/** A variant that is written otherwise, and wrong. */
export const broken = (id: string, breaks: readonly RequirementId[], how: string, Kind: new (options: OpenOptions) => ThirdRegistry): Mutant => ({
  id: `third-${id}`,
  breaks,
  how,
  adapter: adapterOf(how, Kind),
});
