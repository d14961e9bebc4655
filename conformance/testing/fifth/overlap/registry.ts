import type { Adapter, Consistency, OpenOptions, Subject } from '../../../contract.js';
import { defaultThresholds, maxIdLength, partitionLimits } from '../../../../spec/defaults.js';
import type { ErrorCode } from '../../../../spec/errors.js';
import { broadcast } from '../../../../spec/interface.js';
import type { AdmissionMode, Clock, Config, ContentionStatus, Delivery, Endpoint, Namespace, PartitionStats, Registration, Thresholds } from '../../../../spec/interface.js';

export type Awaitable<T> = T | Promise<T>;

export class Refusal extends Error {
  constructor(readonly code: ErrorCode) {
    super(code);
  }
}

/** An incarnation. */
export interface Entry {
  readonly ns: Namespace;
  readonly id: string;
  readonly endpoint: Endpoint;
  config: Config;
  live: boolean;
  /** Of a transport. */
  server: Entry | undefined;
  /** Of a server. */
  readonly bound: Set<Entry>;
}

export type What =
  | { readonly kind: 'register'; readonly ns: Namespace; readonly id: string; readonly endpoint: Endpoint; readonly config: Config }
  | { readonly kind: 'unregister'; readonly ns: Namespace; readonly id: string; seen?: Entry | undefined }
  | { readonly kind: 'update'; readonly ns: 'server'; readonly id: string; config: Config }
  | { readonly kind: 'bind'; readonly ns: 'transport'; readonly id: string; readonly serverId: string; seen?: Entry | undefined }
  | { readonly kind: 'unbind'; readonly ns: 'transport'; readonly id: string };

export interface Job {
  readonly what: What;
  readonly called: number;
  readonly answer: Promise<void>;
  resolve(value: void | Promise<void>): void;
  reject(reason: unknown): void;
}

export interface Lane {
  readonly index: number;
  /** The head is being committed while `running`. */
  readonly queue: Job[];
  running: boolean;
  readonly inFlight: Set<Job>;
  count: number;
  window: { readonly at: number; readonly latency: number }[];
}

export async function ticks(n: number): Promise<void> {
  for (let i = 0; i < n; i++) await null;
}

export function checkId(id: unknown): asserts id is string {
  if (typeof id !== 'string' || id.length === 0 || id.length > 2 * maxIdLength) throw new Refusal('invalid_argument');
  let points = 0;
  for (const point of id) {
    const code = point.codePointAt(0)!;
    if (code === 0 || (code >= 0xd800 && code <= 0xdfff)) throw new Refusal('invalid_argument');
    points++;
  }
  if (points > maxIdLength) throw new Refusal('invalid_argument');
}

function copyOf(config: unknown): Config {
  if (typeof config !== 'object' || config === null || Array.isArray(config)) throw new Refusal('invalid_argument');
  try {
    return structuredClone(config) as Config;
  } catch {
    throw new Refusal('invalid_argument');
  }
}

function checkEndpoint(endpoint: unknown): asserts endpoint is Endpoint {
  const e = endpoint as Partial<Endpoint> | null | undefined;
  if (e === null || (typeof e !== 'object' && typeof e !== 'function') || typeof e.send !== 'function' || typeof e.signal?.aborted !== 'boolean') throw new Refusal('invalid_argument');
}

/**
 * Lanes of writes that commit later (through the clock, or a few promise turns), each wholly at the moment of its commit; reads and
 * routing see what has been committed; a "down" takes effect within the abort.
 */
export class OverlapRegistry {
  readonly names: Record<Namespace, Map<string, Entry>> = { server: new Map(), transport: new Map() };
  readonly held = new Map<AbortSignal, Set<Entry>>();
  readonly lanes: Lane[];
  readonly clock: Clock;
  readonly limits: Thresholds;
  protected slowMs = 0;
  protected closed = false;
  protected mode: AdmissionMode = 'auto';

  constructor(options: OpenOptions) {
    const n = options.partitions ?? partitionLimits.default;
    if (!Number.isInteger(n) || n < partitionLimits.least || n > partitionLimits.most) throw new Refusal('invalid_argument');
    this.clock = options.clock;
    const limits: Record<string, number> = { ...defaultThresholds };
    for (const key of Object.keys(limits)) limits[key] = options[key as keyof Thresholds] ?? limits[key]!;
    this.limits = limits as unknown as Thresholds;
    this.lanes = Array.from({ length: n }, (_, index) => ({ index, queue: [], running: false, inFlight: new Set(), count: 0, window: [] }));
  }

  // ------------------------------------------------------------------------------------------------ writes
  async register(ns: Namespace, id: string, endpoint: Endpoint, given: Config = {}): Promise<void> {
    checkId(id);
    checkEndpoint(endpoint);
    const config = copyOf(given);
    if (ns === 'transport' && config.serverId !== undefined) checkId(config.serverId);
    if (this.closed) throw new Refusal('registry_closed');
    if (this.admission() === 'closed') throw new Refusal('admission_control_active');
    return this.write({ kind: 'register', ns, id, endpoint, config });
  }

  async unregister(ns: Namespace, id: string): Promise<void> {
    checkId(id);
    return this.write({ kind: 'unregister', ns, id });
  }

  async updateServer(id: string, given: Config): Promise<void> {
    checkId(id);
    return this.write({ kind: 'update', ns: 'server', id, config: copyOf(given) });
  }

  async bind(id: string, serverId: string): Promise<void> {
    checkId(id);
    checkId(serverId);
    return this.write({ kind: 'bind', ns: 'transport', id, serverId });
  }

  async unbind(id: string): Promise<void> {
    checkId(id);
    return this.write({ kind: 'unbind', ns: 'transport', id });
  }

  protected write(what: What): Promise<void> {
    if (this.closed) throw new Refusal('registry_closed');
    let resolve!: Job['resolve'], reject!: Job['reject'];
    const answer = new Promise<void>((a, b) => ((resolve = a), (reject = b)));
    const job: Job = { what, called: this.clock.now(), answer, resolve, reject };
    this.enqueue(this.laneOf(what.id), job);
    return answer;
  }

  protected enqueue(lane: Lane, job: Job): void {
    lane.inFlight.add(job);
    lane.queue.push(job);
    this.pump(lane);
  }

  protected pump(lane: Lane): void {
    const job = lane.queue[0];
    if (lane.running || job === undefined) return;
    lane.running = true;
    this.start(lane, job);
  }

  /** The turn of a job has come: its commit takes a while. */
  protected start(lane: Lane, job: Job): void {
    const done = () => this.finish(lane, job);
    if (this.slowMs > 0) this.clock.setTimeout(done, this.slowMs);
    else queueMicrotask(() => queueMicrotask(done));
  }

  protected finish(lane: Lane, job: Job): void {
    lane.queue.shift();
    lane.running = false;
    this.settle(lane, job);
    this.pump(lane);
  }

  protected settle(lane: Lane, job: Job): boolean {
    lane.inFlight.delete(job);
    try {
      if (this.closed) throw new Refusal('registry_closed');
      const later = this.commit(job.what);
      this.sample(lane, job.called);
      job.resolve(later);
      return true;
    } catch (error) {
      job.reject(error);
      return false;
    }
  }

  protected sample(lane: Lane, called: number): void {
    const at = this.clock.now();
    lane.count++;
    lane.window.push({ at, latency: at - called });
    if (lane.window.length > this.limits.windowSize) lane.window.shift();
  }

  /** The whole effect of a write, at one moment. */
  protected commit(what: What): void | Promise<void> {
    const { id } = what;
    const entry = this.names[what.ns].get(id);
    switch (what.kind) {
      case 'register': {
        if (what.endpoint.signal.aborted) throw new Refusal('endpoint_down');
        if (entry !== undefined) throw new Refusal('already_registered');
        return this.add(what.ns, id, what.endpoint, what.config);
      }
      case 'unregister':
        if (entry !== undefined) this.remove(entry);
        return;
      case 'update':
        if (entry === undefined) throw new Refusal('server_not_found');
        entry.config = what.config;
        this.changed(what.ns, id);
        return;
      case 'bind': {
        const server = this.names.server.get(what.serverId);
        if (server === undefined) throw new Refusal('server_not_found');
        if (entry === undefined) throw new Refusal('transport_not_found');
        this.tie(entry, server);
        return;
      }
      case 'unbind':
        if (entry !== undefined) this.tie(entry, undefined);
    }
  }

  protected add(ns: Namespace, id: string, endpoint: Endpoint, config: Config): void | Promise<void> {
    const entry: Entry = { ns, id, endpoint, config, live: true, server: undefined, bound: new Set() };
    this.names[ns].set(id, entry);
    this.hold(entry);
    this.changed(ns, id);
    if (ns === 'transport') return this.tieNew(entry);
  }

  protected tieNew(entry: Entry): void | Promise<void> {
    const { serverId } = entry.config;
    if (typeof serverId === 'string') this.tie(entry, this.names.server.get(serverId));
  }

  protected tie(transport: Entry, server: Entry | undefined): void {
    transport.server?.bound.delete(transport);
    transport.server = server;
    server?.bound.add(transport);
  }

  protected remove(entry: Entry): void {
    entry.live = false;
    this.names[entry.ns].delete(entry.id);
    this.tie(entry, undefined);
    for (const transport of entry.bound) transport.server = undefined;
    entry.bound.clear();
    this.letGo(entry);
    this.changed(entry.ns, entry.id);
  }

  /** A name is not what it was. */
  protected changed(_ns: Namespace, _id: string): void {}

  // ------------------------------------------------------------------------------------------------ lifetimes
  protected readonly onAbort = (event: Event): void => this.down(event.target as AbortSignal);

  protected down(signal: AbortSignal): void {
    for (const entry of [...(this.held.get(signal) ?? [])]) this.remove(entry);
  }

  protected hold(entry: Entry): void {
    const { signal } = entry.endpoint;
    let entries = this.held.get(signal);
    if (entries === undefined) {
      this.held.set(signal, (entries = new Set()));
      signal.addEventListener('abort', this.onAbort);
    }
    entries.add(entry);
  }

  protected letGo(entry: Entry): void {
    const { signal } = entry.endpoint;
    const entries = this.held.get(signal);
    entries?.delete(entry);
    if (entries?.size === 0) {
      this.held.delete(signal);
      signal.removeEventListener('abort', this.onAbort);
    }
  }

  // ------------------------------------------------------------------------------------------------ reads
  find(ns: Namespace, id: string): Awaitable<Registration | undefined> {
    checkId(id);
    const entry = this.names[ns].get(id);
    return entry && this.show(entry);
  }

  list(ns: Namespace): Awaitable<readonly Registration[]> {
    return [...this.names[ns].values()].map((entry) => this.show(entry));
  }

  serverOf(id: string): Awaitable<string | undefined> {
    checkId(id);
    const server = this.names.transport.get(id)?.server;
    return server?.live === true ? server.id : undefined;
  }

  protected show(entry: Entry): Registration {
    return { id: entry.id, endpoint: entry.endpoint, config: structuredClone(entry.config) as Config };
  }

  // ------------------------------------------------------------------------------------------------ routing
  route(ns: Namespace, to: string, from: string, message: unknown): Awaitable<number> {
    checkId(to);
    checkId(from);
    const entry = this.names[ns].get(to);
    return entry === undefined ? 0 : this.deliver(entry, from, message);
  }

  broadcast(serverId: string, message: unknown): Awaitable<number> {
    checkId(serverId);
    const bound = [...(this.names.server.get(serverId)?.bound ?? [])];
    for (const transport of bound) if (transport.live) this.deliver(transport, serverId, message);
    return bound.length;
  }

  protected deliver(entry: Entry, from: string, message: unknown): number {
    const delivery: Delivery = { namespace: entry.ns, to: entry.id, from, message };
    try {
      Promise.resolve(entry.endpoint.send(delivery)).catch(() => undefined);
    } catch {
      // Not the sender's concern.
    }
    return 1;
  }

  // ------------------------------------------------------------------------------------------------ statistics
  protected laneOf(id: string): Lane {
    let h = 0x811c9dc5;
    for (let i = 0; i < id.length; i++) h = Math.imul(h ^ id.charCodeAt(i), 0x01000193);
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
    return this.lanes[((h ^ (h >>> 16)) >>> 0) % this.lanes.length]!;
  }

  protected isStuck(lane: Lane): boolean {
    const [oldest] = lane.inFlight;
    return oldest !== undefined && this.clock.now() - oldest.called > this.limits.stuckAfterMs;
  }

  protected statsOf(lane: Lane): PartitionStats {
    const now = this.clock.now();
    lane.window = lane.window.filter(({ at }) => now - at < this.limits.windowMs);
    const samples = lane.window.map(({ latency }) => latency);
    const mean = samples.length === 0 ? 0 : samples.reduce((a, b) => a + b, 0) / samples.length;
    const alarm = this.isStuck(lane) || (lane.count >= this.limits.minWrites && mean > this.limits.alarmAboveMs);
    const min = samples.length === 0 ? 0 : Math.min(...samples);
    const max = samples.length === 0 ? 0 : Math.max(...samples);
    return { partition: lane.index, writeCount: lane.count, sampleCount: samples.length, samples, min, mean, max, alarm };
  }

  stats(partition?: number): PartitionStats | PartitionStats[] {
    if (partition === undefined) return this.lanes.map((lane) => this.statsOf(lane));
    const lane = this.lanes[partition];
    if (lane === undefined) throw new Refusal('invalid_argument');
    return this.statsOf(lane);
  }

  protected alarmed(): number[] {
    return this.lanes.filter((lane) => this.statsOf(lane).alarm).map(({ index }) => index);
  }

  protected admission(): 'open' | 'closed' {
    if (this.mode !== 'auto') return this.mode;
    return this.alarmed().length > this.limits.closeAbove * this.lanes.length ? 'closed' : 'open';
  }

  contention(): ContentionStatus {
    return { partitions: this.lanes.length, alarmed: this.alarmed(), admission: this.admission(), mode: this.mode };
  }

  resetStats(): void {
    for (const lane of this.lanes) {
      lane.count = 0;
      lane.window = [];
    }
  }

  setAdmission(mode: AdmissionMode): void {
    if (mode !== 'auto' && mode !== 'open' && mode !== 'closed') throw new Refusal('invalid_argument');
    this.mode = mode;
  }

  slowCommit(ms: number): void {
    this.slowMs = ms;
  }

  async close(): Promise<void> {
    this.closed = true;
    for (const names of Object.values(this.names)) for (const entry of [...names.values()]) this.remove(entry);
  }
}

export function subjectOf(r: OverlapRegistry): Subject {
  return {
    registerServer: (id, endpoint, config) => r.register('server', id, endpoint, config),
    registerTransport: (id, endpoint, config) => r.register('transport', id, endpoint, config),
    unregisterServer: (id) => r.unregister('server', id),
    unregisterTransport: (id) => r.unregister('transport', id),
    updateServer: (id, config) => r.updateServer(id, config),
    findServer: (id) => r.find('server', id),
    findTransport: (id) => r.find('transport', id),
    listServers: () => r.list('server'),
    listTransports: () => r.list('transport'),
    bindTransportToServer: (t, s) => r.bind(t, s),
    unbindTransport: (t) => r.unbind(t),
    getServerForTransport: (t) => r.serverOf(t),
    routeToServer: (to, from, message) => r.route('server', to, from, message),
    routeToTransport: (to, from, message) => (to === broadcast ? r.broadcast(from, message) : r.route('transport', to, from, message)),
    getPartitionStats: (partition?: number) => r.stats(partition),
    getContentionStatus: () => r.contention(),
    resetStats: () => r.resetStats(),
    setAdmission: (mode) => r.setAdmission(mode),
    close: () => r.close(),
    slowCommit: (ms) => r.slowCommit(ms),
  };
}

export function adapterOf(name: string, make: new (options: OpenOptions) => OverlapRegistry, consistency?: Consistency): Adapter {
  return {
    name,
    ...(consistency && { consistency }),
    features: ['virtual-time', 'slow-commit', 'partitions', 'thresholds', 'in-process', 'send-failures', 'send-awaited'],
    open: (options) => subjectOf(new make(options)),
  };
}

export const base: Adapter = adapterOf('overlap base', OverlapRegistry);
