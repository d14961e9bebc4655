import type { Adapter, OpenOptions, Subject } from '../../../contract.js';
import {
  broadcast, defaultThresholds, maxIdLength, partitionLimits,
  type AdmissionMode, type Clock, type Config, type ContentionStatus, type Endpoint, type ErrorCode, type Feature, type Namespace, type PartitionStats, type Registration, type Thresholds,
} from '../../../../spec/index.js';

export class Refused extends Error {
  constructor(readonly code: ErrorCode) {
    super(`refused: ${code}`);
  }
}

export function refuse(code: ErrorCode): never {
  throw new Refused(code);
}

/** An incarnation of a name. */
export interface Entry {
  readonly space: Namespace;
  readonly id: string;
  readonly endpoint: Endpoint;
  config: Config;
  /** Of a transport: the server it is bound to. */
  server: Entry | undefined;
  /** Of a server: what is bound to it. */
  readonly bound: Set<Entry>;
}

export type Kind = 'register' | 'unregister' | 'update' | 'bind' | 'unbind';

/** A write on its way through a lane. */
export interface Write {
  readonly kind: Kind;
  readonly space: Namespace;
  readonly id: string;
  readonly calledAt: number;
  readonly lane: Partition;
  /** The server named by a transport's registration, or by a bind. */
  readonly serverId: string | undefined;
  /** Throws if the write cannot be; asked at its turn, and again at its commit. */
  check(): void;
  apply(): void;
  done(error?: unknown): void;
  timer?: unknown;
}

export interface Sample {
  readonly at: number;
  readonly latency: number;
}

const mix = (h: number): number => {
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
};

/** FNV-1a over code units, then the finalizer of Murmur3. */
export function hash(id: string, step = 1): number {
  let h = 0x811c9dc5;
  for (let i = id.length - 1; i >= 0; i -= step) {
    const unit = id.charCodeAt(i);
    h = Math.imul(h ^ (unit & 0xff), 0x01000193);
    h = Math.imul(h ^ (unit >>> 8), 0x01000193);
  }
  return mix(h ^ id.length);
}

export const place = (id: string, partitions: number): number => hash(id) % partitions;

export function checkId(id: unknown): asserts id is string {
  if (typeof id !== 'string' || id.length === 0 || id.length > 2 * maxIdLength || id.includes('\0') || /\p{Surrogate}/u.test(id) || [...id].length > maxIdLength) refuse('invalid_argument');
}

export function copyConfig(config: unknown): Config {
  if (typeof config !== 'object' || config === null || Array.isArray(config)) refuse('invalid_argument');
  try {
    return structuredClone(config) as Config;
  } catch {
    return refuse('invalid_argument');
  }
}

/** A part of the registry: a lane, and what is known of its writes. The names are in the maps of the registry: only its lane writes them. */
export class Partition {
  writeCount = 0;
  window: Sample[] = [];
  readonly inFlight = new Set<Write>();
  readonly queue: Write[] = [];
  committing: readonly Write[] = [];
  pumping = false;

  constructor(
    readonly index: number,
    readonly limits: Thresholds,
    readonly clock: Clock,
  ) {}

  enter(write: Write): void {
    this.inFlight.add(write);
  }

  leave(write: Write): void {
    this.inFlight.delete(write);
  }

  record(write: Write): void {
    const at = this.clock.now();
    this.writeCount++;
    this.push({ at, latency: at - write.calledAt });
  }

  push(sample: Sample): void {
    this.window.push(sample);
    if (this.window.length > this.limits.windowSize) this.window.shift();
  }

  isFresh(sample: Sample): boolean {
    return this.clock.now() - sample.at < this.limits.windowMs;
  }

  /** The samples in the window now, oldest first. */
  samples(): readonly number[] {
    while (this.window.length > 0 && !this.isFresh(this.window[0]!)) this.window.shift();
    return this.window.map(({ latency }) => latency);
  }

  mean(samples = this.samples()): number {
    return samples.length === 0 ? 0 : samples.reduce((sum, sample) => sum + sample, 0) / samples.length;
  }

  isStuck(): boolean {
    const [oldest] = this.inFlight;
    return oldest !== undefined && this.clock.now() - oldest.calledAt > this.limits.stuckAfterMs;
  }

  isSlow(): boolean {
    return this.writeCount >= this.limits.minWrites && this.mean() > this.limits.alarmAboveMs;
  }

  alarm(): boolean {
    return this.isSlow() || this.isStuck();
  }

  reset(): void {
    this.writeCount = 0;
    this.window = [];
  }

  extremes(samples: readonly number[]): { min: number; max: number } {
    return samples.length === 0 ? { min: 0, max: 0 } : { min: Math.min(...samples), max: Math.max(...samples) };
  }

  stats(): PartitionStats {
    const samples = this.samples();
    const { min, max } = this.extremes(samples);
    return { partition: this.index, writeCount: this.writeCount, sampleCount: samples.length, samples, min, mean: this.mean(samples), max, alarm: this.alarm() };
  }
}

export class ShardedNames {
  readonly names: Record<Namespace, Map<string, Entry>> = { server: new Map(), transport: new Map() };
  readonly held = new Map<AbortSignal, Set<Entry>>();
  readonly partitions: readonly Partition[];
  readonly clock: Clock;
  readonly limits: Thresholds;
  mode: AdmissionMode = 'auto';
  commitMs = 0;
  closed = false;

  constructor(options: OpenOptions) {
    this.clock = options.clock;
    this.limits = this.readLimits(options);
    const count = this.readCount(options.partitions ?? partitionLimits.default);
    this.partitions = Array.from({ length: count }, (_, index) => this.makePartition(index));
  }

  readLimits({ windowSize, windowMs, minWrites, alarmAboveMs, stuckAfterMs, closeAbove }: OpenOptions): Thresholds {
    const or = defaultThresholds;
    return {
      windowSize: windowSize ?? or.windowSize,
      windowMs: windowMs ?? or.windowMs,
      minWrites: minWrites ?? or.minWrites,
      alarmAboveMs: alarmAboveMs ?? or.alarmAboveMs,
      stuckAfterMs: stuckAfterMs ?? or.stuckAfterMs,
      closeAbove: closeAbove ?? or.closeAbove,
    };
  }

  readCount(count: number): number {
    if (!Number.isInteger(count) || count < partitionLimits.least || count > partitionLimits.most) refuse('invalid_argument');
    return count;
  }

  makePartition(index: number): Partition {
    return new Partition(index, this.limits, this.clock);
  }

  hash(id: string): number {
    return hash(id);
  }

  partitionOf(id: string): Partition {
    return this.partitions[this.hash(id) % this.partitions.length]!;
  }

  // --------------------------------------------------------------------------------------------------------------- writes

  async registerServer(id: string, endpoint: Endpoint, config: Config = {}): Promise<void> {
    return this.register('server', id, endpoint, config);
  }

  async registerTransport(id: string, endpoint: Endpoint, config: Config = {}): Promise<void> {
    return this.register('transport', id, endpoint, config);
  }

  async unregisterServer(id: string): Promise<void> {
    return this.unregister('server', id);
  }

  async unregisterTransport(id: string): Promise<void> {
    return this.unregister('transport', id);
  }

  async updateServer(id: string, given: Config): Promise<void> {
    checkId(id);
    const config = copyConfig(given);
    return this.write('update', 'server', id, undefined, () => void this.known('server', id), () => void (this.known('server', id).config = config));
  }

  async bindTransportToServer(transportId: string, serverId: string): Promise<void> {
    checkId(transportId);
    checkId(serverId);
    let server: Entry | undefined;
    const check = () => {
      server ??= this.known('server', serverId);
      if (this.names.server.get(serverId) !== server) refuse('server_not_found');
      this.known('transport', transportId);
    };
    return this.write('bind', 'transport', transportId, serverId, check, () => this.tie(this.known('transport', transportId), server));
  }

  async unbindTransport(transportId: string): Promise<void> {
    checkId(transportId);
    const apply = () => {
      const transport = this.names.transport.get(transportId);
      if (transport !== undefined) this.tie(transport, undefined);
    };
    return this.write('unbind', 'transport', transportId, undefined, () => undefined, apply);
  }

  register(space: Namespace, id: string, endpoint: Endpoint, given: Config): Promise<void> {
    checkId(id);
    if (typeof endpoint?.send !== 'function' || !(endpoint.signal instanceof AbortSignal)) refuse('invalid_argument');
    const config = copyConfig(given);
    const serverId = space === 'transport' ? config['serverId'] : undefined;
    if (serverId !== undefined) checkId(serverId);
    const check = () => {
      if (endpoint.signal.aborted) refuse('endpoint_down');
      if (this.names[space].has(id)) refuse('already_registered');
    };
    const apply = () => {
      const entry: Entry = { space, id, endpoint, config, server: undefined, bound: new Set() };
      this.names[space].set(id, entry);
      this.hold(entry);
      if (serverId !== undefined) this.tie(entry, this.names.server.get(serverId));
    };
    if (this.closed) refuse('registry_closed');
    this.admit(space, id, serverId);
    return this.write('register', space, id, serverId, check, apply);
  }

  unregister(space: Namespace, id: string): Promise<void> {
    checkId(id);
    const apply = () => {
      const entry = this.names[space].get(id);
      if (entry !== undefined) this.remove(entry);
    };
    return this.write('unregister', space, id, undefined, () => undefined, apply);
  }

  write(kind: Kind, space: Namespace, id: string, serverId: string | undefined, check: () => void, apply: () => void): Promise<void> {
    if (this.closed) refuse('registry_closed');
    const lane = this.partitionOf(id);
    return new Promise((resolve, reject) => {
      const done = (error?: unknown) => (error === undefined ? resolve() : reject(error));
      const write: Write = { kind, space, id, calledAt: this.clock.now(), lane, serverId, check, apply, done };
      lane.enter(write);
      lane.queue.push(write);
      this.pump(lane);
    });
  }

  /** Serves a lane: one write after the other. */
  pump(lane: Partition): void {
    if (lane.pumping) return;
    lane.pumping = true;
    while (lane.committing.length === 0) {
      const write = lane.queue.shift();
      if (write === undefined) break;
      try {
        write.check();
      } catch (error) {
        this.end(write, error);
        continue;
      }
      lane.committing = [write];
      this.store(write, () => {
        this.commit(write);
        lane.committing = [];
        this.pump(lane);
      });
    }
    lane.pumping = false;
  }

  /** The store of a partition: takes its time, then calls back. */
  store(write: Write, stored: () => void): void {
    if (this.commitMs > 0) write.timer = this.clock.setTimeout(stored, this.commitMs);
    else stored();
  }

  commit(write: Write): void {
    try {
      write.check();
    } catch (error) {
      this.end(write, error);
      return;
    }
    write.apply();
    this.account(write).record(write);
    this.end(write);
  }

  account(write: Write): Partition {
    return write.lane;
  }

  end(write: Write, error?: unknown): void {
    write.lane.leave(write);
    write.done(error);
  }

  slowCommit(ms: number): void {
    this.commitMs = ms;
  }

  // ---------------------------------------------------------------------------------------------------------------- names

  known(space: Namespace, id: string): Entry {
    return this.names[space].get(id) ?? refuse(space === 'server' ? 'server_not_found' : 'transport_not_found');
  }

  tie(transport: Entry, server: Entry | undefined): void {
    transport.server?.bound.delete(transport);
    transport.server = server;
    server?.bound.add(transport);
  }

  hold(entry: Entry): void {
    const { signal } = entry.endpoint;
    const names = this.held.get(signal);
    if (names !== undefined) {
      names.add(entry);
      return;
    }
    this.held.set(signal, new Set([entry]));
    signal.addEventListener('abort', this.down);
  }

  readonly down = (event: Event): void => {
    for (const entry of [...(this.held.get(event.target as AbortSignal) ?? [])]) this.remove(entry);
  };

  remove(entry: Entry): void {
    this.names[entry.space].delete(entry.id);
    this.tie(entry, undefined);
    for (const transport of [...entry.bound]) this.tie(transport, undefined);
    const { signal } = entry.endpoint;
    const names = this.held.get(signal);
    names?.delete(entry);
    if (names?.size !== 0) return;
    this.held.delete(signal);
    signal.removeEventListener('abort', this.down);
  }

  // ---------------------------------------------------------------------------------------------------------------- reads

  shown({ id, endpoint, config }: Entry): Registration {
    return { id, endpoint, config: structuredClone(config) };
  }

  find(space: Namespace, id: string): Registration | undefined {
    checkId(id);
    const entry = this.names[space].get(id);
    return entry && this.shown(entry);
  }

  findServer(id: string): Registration | undefined {
    return this.find('server', id);
  }

  findTransport(id: string): Registration | undefined {
    return this.find('transport', id);
  }

  listServers(): readonly Registration[] {
    return Array.from(this.names.server.values(), this.shown);
  }

  listTransports(): readonly Registration[] {
    return Array.from(this.names.transport.values(), this.shown);
  }

  getServerForTransport(transportId: string): string | undefined {
    checkId(transportId);
    return this.names.transport.get(transportId)?.server?.id;
  }

  routeToServer(serverId: string, transportId: string, message: unknown): number {
    checkId(serverId);
    checkId(transportId);
    return this.deliver(this.names.server.get(serverId), transportId, message);
  }

  routeToTransport(transportId: string | typeof broadcast, serverId: string, message: unknown): number {
    checkId(serverId);
    if (transportId !== broadcast) {
      checkId(transportId);
      return this.deliver(this.names.transport.get(transportId), serverId, message);
    }
    const bound = [...(this.names.server.get(serverId)?.bound ?? [])];
    for (const transport of bound) this.deliver(transport, serverId, message);
    return bound.length;
  }

  deliver(entry: Entry | undefined, from: string, message: unknown): number {
    if (entry === undefined || this.names[entry.space].get(entry.id) !== entry) return 0;
    try {
      const answer = entry.endpoint.send({ namespace: entry.space, to: entry.id, from, message });
      Promise.resolve(answer).catch(() => undefined);
    } catch {
      // Its own affair.
    }
    return 1;
  }

  // ----------------------------------------------------------------------------------------------- statistics and admission

  alarmed(): number[] {
    return this.partitions.filter((partition) => partition.alarm()).map(({ index }) => index);
  }

  /** Whether that many alarms close admission. Divided, not multiplied: `closeAbove` is what a quotient of this kind is rounded to. */
  isTooMany(alarmed: number): boolean {
    return alarmed / this.partitions.length > this.limits.closeAbove;
  }

  isAdmitting(): boolean {
    return this.mode === 'auto' ? !this.isTooMany(this.alarmed().length) : this.mode === 'open';
  }

  admit(_space: Namespace, _id: string, _serverId: string | undefined): void {
    if (!this.isAdmitting()) refuse('admission_control_active');
  }

  getPartitionStats(): readonly PartitionStats[];
  getPartitionStats(partition: number): PartitionStats;
  getPartitionStats(partition?: number): PartitionStats | readonly PartitionStats[];
  getPartitionStats(partition?: number): PartitionStats | readonly PartitionStats[] {
    if (partition === undefined) return this.partitions.map((each) => each.stats());
    return this.statsOf(Number.isInteger(partition) ? (this.partitions[partition] ?? refuse('invalid_argument')) : refuse('invalid_argument'));
  }

  statsOf(partition: Partition): PartitionStats {
    return partition.stats();
  }

  getContentionStatus(): ContentionStatus {
    return { partitions: this.partitions.length, alarmed: this.alarmed(), admission: this.isAdmitting() ? 'open' : 'closed', mode: this.mode };
  }

  resetStats(): void {
    for (const partition of this.partitions) partition.reset();
  }

  setAdmission(mode: AdmissionMode): void {
    if (mode !== 'auto' && mode !== 'open' && mode !== 'closed') refuse('invalid_argument');
    this.mode = mode;
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    for (const lane of this.partitions) {
      for (const write of lane.committing) if (write.timer !== undefined) this.clock.clearTimeout(write.timer);
      lane.queue.length = 0;
      lane.committing = [];
      for (const write of [...lane.inFlight]) this.end(write, new Refused('registry_closed'));
      lane.reset();
    }
    for (const names of Object.values(this.names)) for (const entry of [...names.values()]) this.remove(entry);
  }
}

export const features: readonly Feature[] = ['virtual-time', 'slow-commit', 'partitions', 'thresholds'];

export const adapterOf = (name: string, make: new (options: OpenOptions) => Subject): Adapter => ({ name, version: '1', features, open: (options) => new make(options) });

export const base: Adapter = adapterOf('load base', ShardedNames);
