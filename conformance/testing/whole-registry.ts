import { copyConfig } from '../../src/config.js';
import { signalOf } from '../../src/endpoint.js';
import { checkId, partitionOf } from '../../src/ids.js';
import { RegistryError } from '../../src/index.js';
import { isMode, settle, type Settings } from '../../src/options.js';
import { isThenable } from '../../src/thenable.js';
import { broadcast, type AdmissionMode, type Config, type ContentionStatus, type Delivery, type Endpoint, type ErrorCode, type Namespace, type PartitionStats, type Registration, type Registry } from '../../spec/index.js';
import type { Adapter, OpenOptions } from '../contract.js';

/** One incarnation of a name. */
export interface Entry {
  readonly namespace: Namespace;
  readonly id: string;
  readonly endpoint: Endpoint;
  registration: Registration;
  alive: boolean;
  /** Of a transport: the server that it is bound to. */
  server?: Entry | undefined;
  /** Of a server: the transports bound to it. */
  readonly members: Set<Entry>;
}

/** A write on its way. */
export interface Write {
  readonly kind: keyof Registry;
  readonly namespace: Namespace;
  readonly id: string;
  readonly calledAt: number;
  startedAt: number;
  readonly steps: Steps;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** What a write does, without the waiting. Each throws a refusal. */
export interface Steps {
  /** At the call and at its turn: whether it is let in at all. */
  readonly enter?: () => void;
  /** At its turn and once more when it has been committed: whether there is anything to do. */
  readonly check: () => boolean;
  /** Takes effect. */
  readonly apply: () => void;
}

export interface Sample {
  readonly latency: number;
  readonly calledAt: number;
  /** When it was committed. */
  readonly at: number;
}

export interface Lane {
  readonly partition: number;
  readonly waiting: Write[];
  holder: Write | undefined;
  count: number;
  samples: Sample[];
}

/** What the contract allows of any answer. */
export type Answer<T> = T | Promise<T>;

export const refusal = (code: ErrorCode): RegistryError => new RegistryError(code, code);

/**
 * A registry as somebody else would write it: no store, no shortcuts, each rule in a method of its own, so that a variant is one
 * method written otherwise. Correct as it stands.
 */
export class Plain {
  protected readonly settings: Settings;
  protected readonly servers = new Map<string, Entry>();
  protected readonly transports = new Map<string, Entry>();
  protected readonly lanes: readonly Lane[];
  protected readonly watched = new Map<AbortSignal, { readonly entries: Set<Entry>; readonly listener: () => void }>();
  protected mode: AdmissionMode = 'auto';
  protected commitMs = 0;
  protected closed = false;
  protected parcels: { readonly to: readonly Entry[]; readonly from: string; readonly message: unknown }[] = [];
  protected delivering = false;

  constructor(options: OpenOptions) {
    this.settings = settle(options);
    this.lanes = Array.from({ length: this.settings.partitions }, (_, partition) => ({ partition, waiting: [], holder: undefined, count: 0, samples: [] }));
  }

  slowCommit(ms: number): void {
    this.commitMs = ms;
  }

  protected now(): number {
    return this.settings.clock.now();
  }

  protected open(): void {
    if (this.closed) throw refusal('registry_closed');
  }

  // Writes

  registerServer(id: string, endpoint: Endpoint, config?: Config): Promise<void> {
    return this.register('registerServer', 'server', id, endpoint, config);
  }

  registerTransport(id: string, endpoint: Endpoint, config?: Config): Promise<void> {
    return this.register('registerTransport', 'transport', id, endpoint, config);
  }

  protected register(kind: keyof Registry, namespace: Namespace, id: string, endpoint: Endpoint, given: Config | undefined): Promise<void> {
    const names = this.names(namespace);
    return this.write(kind, namespace, id, () => {
      const signal = signalOf(endpoint);
      const config = copyConfig(given);
      if (namespace === 'transport' && Object.hasOwn(config, 'serverId')) checkId(config['serverId'], 'config.serverId');
      return {
        enter: () => {
          if (!this.admits(namespace, id, endpoint, config)) throw refusal('admission_control_active');
        },
        check: () => {
          if (signal.aborted) throw refusal('endpoint_down');
          if (names.has(id)) throw refusal('already_registered');
          return true;
        },
        apply: () => this.insert({ namespace, id, endpoint, registration: Object.freeze({ id, endpoint, config }), alive: true, members: new Set() }),
      };
    });
  }

  unregisterServer(id: string): Promise<void> {
    return this.unregister('unregisterServer', 'server', id);
  }

  unregisterTransport(id: string): Promise<void> {
    return this.unregister('unregisterTransport', 'transport', id);
  }

  protected unregister(kind: keyof Registry, namespace: Namespace, id: string): Promise<void> {
    const names = this.names(namespace);
    return this.write(kind, namespace, id, () => ({ check: () => names.has(id), apply: () => this.remove(names.get(id)!) }));
  }

  updateServer(id: string, given: Config): Promise<void> {
    return this.write('updateServer', 'server', id, () => {
      if (given === undefined) throw refusal('invalid_argument');
      const config = copyConfig(given);
      return {
        check: () => {
          if (!this.servers.has(id)) throw refusal('server_not_found');
          return true;
        },
        apply: () => {
          const entry = this.servers.get(id)!;
          entry.registration = Object.freeze({ id, endpoint: entry.endpoint, config });
        },
      };
    });
  }

  bindTransportToServer(transportId: string, serverId: string): Promise<void> {
    return this.write('bindTransportToServer', 'transport', transportId, () => {
      checkId(serverId, 'The server id');
      return {
        check: () => {
          if (!this.servers.has(serverId)) throw refusal('server_not_found');
          if (!this.transports.has(transportId)) throw refusal('transport_not_found');
          return true;
        },
        apply: () => this.tie(this.transports.get(transportId)!, this.servers.get(serverId)!),
      };
    });
  }

  unbindTransport(transportId: string): Promise<void> {
    return this.write('unbindTransport', 'transport', transportId, () => ({
      check: () => this.transports.get(transportId)?.server !== undefined,
      apply: () => this.untie(this.transports.get(transportId)!),
    }));
  }

  protected write(kind: keyof Registry, namespace: Namespace, id: string, prepare: () => Steps): Promise<void> {
    return new Promise((resolve, reject) => {
      this.open();
      checkId(id, 'The id');
      const steps = prepare();
      steps.enter?.();
      const now = this.now();
      this.enqueue(this.laneOf(id, namespace), { kind, namespace, id, calledAt: now, startedAt: now, steps, resolve, reject });
    });
  }

  protected enqueue(lane: Lane, write: Write): void {
    lane.waiting.push(write);
    this.pump(lane);
  }

  /** Starts what waits, until something takes its time. */
  protected pump(lane: Lane): void {
    while (lane.holder === undefined) {
      const write = lane.waiting.shift();
      if (write === undefined) return;
      write.startedAt = this.now();
      try {
        write.steps.enter?.();
        if (!write.steps.check()) {
          write.resolve();
          continue;
        }
      } catch (error) {
        write.reject(error);
        continue;
      }
      lane.holder = write;
      if (this.commitMs === 0) this.commit(lane, write);
      else this.settings.clock.setTimeout(() => this.commit(lane, write), this.commitMs);
    }
  }

  protected commit(lane: Lane, write: Write): void {
    lane.holder = undefined;
    try {
      this.open();
      if (write.steps.check()) {
        write.steps.apply();
        this.record(lane, write);
      }
      write.resolve();
    } catch (error) {
      write.reject(error);
    }
    this.pump(lane);
  }

  // Names

  protected names(namespace: Namespace): Map<string, Entry> {
    return namespace === 'server' ? this.servers : this.transports;
  }

  protected insert(entry: Entry): void {
    const { signal } = entry.endpoint;
    let watch = this.watched.get(signal);
    if (watch === undefined) {
      watch = { entries: new Set(), listener: () => this.down(signal) };
      signal.addEventListener('abort', watch.listener);
      this.watched.set(signal, watch);
    }
    watch.entries.add(entry);
    this.names(entry.namespace).set(entry.id, entry);
    const { serverId } = entry.registration.config;
    const server = entry.namespace === 'transport' && typeof serverId === 'string' ? this.servers.get(serverId) : undefined;
    if (server !== undefined) this.tie(entry, server);
  }

  protected down(signal: AbortSignal): void {
    for (const entry of [...(this.watched.get(signal)?.entries ?? [])]) this.remove(entry);
  }

  protected remove(entry: Entry): void {
    entry.alive = false;
    this.names(entry.namespace).delete(entry.id);
    this.untie(entry);
    for (const member of [...entry.members]) this.untie(member);
    const { signal } = entry.endpoint;
    const watch = this.watched.get(signal)!;
    watch.entries.delete(entry);
    if (watch.entries.size > 0) return;
    signal.removeEventListener('abort', watch.listener);
    this.watched.delete(signal);
  }

  protected tie(transport: Entry, server: Entry): void {
    this.untie(transport);
    transport.server = server;
    server.members.add(transport);
  }

  protected untie(transport: Entry): void {
    transport.server?.members.delete(transport);
    transport.server = undefined;
  }

  // Reads

  protected found(namespace: Namespace, id: string): Entry | undefined {
    this.open();
    checkId(id, 'The id');
    return this.names(namespace).get(id);
  }

  findServer(id: string): Answer<Registration | undefined> {
    return this.found('server', id)?.registration;
  }

  findTransport(id: string): Answer<Registration | undefined> {
    return this.found('transport', id)?.registration;
  }

  getServerForTransport(id: string): Answer<string | undefined> {
    return this.found('transport', id)?.server?.id;
  }

  listServers(): Answer<readonly Registration[]> {
    this.open();
    return [...this.servers.values()].map(({ registration }) => registration);
  }

  listTransports(): Answer<readonly Registration[]> {
    this.open();
    return [...this.transports.values()].map(({ registration }) => registration);
  }

  // Routing

  routeToServer(serverId: string, transportId: string, message: unknown): Answer<number> {
    checkId(transportId, 'The transport id');
    return this.post(this.present(this.found('server', serverId)), transportId, message);
  }

  routeToTransport(transportId: string | typeof broadcast, serverId: string, message: unknown): Answer<number> {
    if (transportId === broadcast) return this.broadcast(this.found('server', serverId), serverId, message);
    checkId(serverId, 'The server id');
    return this.post(this.present(this.found('transport', transportId)), serverId, message);
  }

  protected present(entry: Entry | undefined): Entry[] {
    return entry === undefined || entry.endpoint.signal.aborted ? [] : [entry];
  }

  protected broadcast(server: Entry | undefined, from: string, message: unknown): Answer<number> {
    return this.post(server === undefined ? [] : [...server.members], from, message);
  }

  /** Hands a message over, after all those that were given before it. */
  protected post(to: readonly Entry[], from: string, message: unknown): number {
    this.parcels.push({ to, from, message });
    if (!this.delivering) this.drain();
    return to.length;
  }

  protected drain(): void {
    this.delivering = true;
    for (const parcel of this.parcels) for (const entry of parcel.to) this.hand(entry, parcel.from, parcel.message);
    this.parcels.length = 0;
    this.delivering = false;
  }

  protected hand(entry: Entry, from: string, message: unknown): void {
    if (!entry.alive || entry.endpoint.signal.aborted) return;
    this.send(entry.endpoint, { namespace: entry.namespace, to: entry.id, from, message });
  }

  protected send(endpoint: Endpoint, delivery: Delivery): void {
    try {
      const result = endpoint.send(delivery);
      if (isThenable(result)) Promise.resolve(result).then(undefined, () => undefined);
    } catch {
      // Its own affair.
    }
  }

  // Statistics and contention

  protected partitionOf(id: string, _namespace: Namespace): number {
    return partitionOf(id, this.settings.partitions);
  }

  protected laneOf(id: string, namespace: Namespace): Lane {
    return this.lanes[this.partitionOf(id, namespace)]!;
  }

  protected record(lane: Lane, write: Write): void {
    lane.count++;
    this.sample(lane, this.now() - this.began(write), write);
  }

  /** From when on a latency counts. */
  protected began(write: Write): number {
    return write.calledAt;
  }

  protected sample(lane: Lane, latency: number, { calledAt }: Write): void {
    lane.samples.push({ latency, calledAt, at: this.now() });
    if (lane.samples.length > this.settings.thresholds.windowSize) lane.samples.shift();
  }

  protected isFresh(sample: Sample, _lane: Lane): boolean {
    return this.now() - sample.at < this.settings.thresholds.windowMs;
  }

  /** The latencies in the window, oldest first. */
  protected window(lane: Lane): number[] {
    return lane.samples.filter((sample) => this.isFresh(sample, lane)).map(({ latency }) => latency);
  }

  /** What the alarm goes by. */
  protected level(lane: Lane): number {
    return mean(this.window(lane));
  }

  protected isSlow(lane: Lane): boolean {
    const { minWrites, alarmAboveMs } = this.settings.thresholds;
    return lane.count >= minWrites && this.level(lane) > alarmAboveMs;
  }

  protected inFlight(lane: Lane): Write[] {
    return lane.holder === undefined ? lane.waiting : [lane.holder, ...lane.waiting];
  }

  protected isStuck(lane: Lane): boolean {
    return this.inFlight(lane).some(({ calledAt }) => this.now() - calledAt > this.settings.thresholds.stuckAfterMs);
  }

  protected isAlarmed(lane: Lane): boolean {
    return this.isSlow(lane) || this.isStuck(lane);
  }

  protected stats(lane: Lane): PartitionStats {
    const samples = this.window(lane);
    return {
      partition: lane.partition,
      writeCount: lane.count,
      sampleCount: samples.length,
      samples,
      min: samples.length === 0 ? 0 : Math.min(...samples),
      mean: mean(samples),
      max: samples.length === 0 ? 0 : Math.max(...samples),
      alarm: this.isAlarmed(lane),
    };
  }

  getPartitionStats(partition?: number): Answer<unknown> {
    this.open();
    if (partition === undefined) return this.lanes.map((lane) => this.stats(lane));
    const lane = this.lanes[partition];
    if (lane === undefined) throw refusal('invalid_argument');
    return this.stats(lane);
  }

  protected alarmed(): number[] {
    return this.lanes.filter((lane) => this.isAlarmed(lane)).map(({ partition }) => partition);
  }

  getContentionStatus(): Answer<ContentionStatus> {
    this.open();
    return { partitions: this.lanes.length, alarmed: this.alarmed(), admission: this.isOpen() ? 'open' : 'closed', mode: this.mode };
  }

  /** Whether the alarms leave admission open. */
  protected isCalm(): boolean {
    return this.alarmed().length <= this.settings.thresholds.closeAbove * this.lanes.length;
  }

  protected isOpen(): boolean {
    return this.mode === 'auto' ? this.isCalm() : this.mode === 'open';
  }

  /** Whether a registration is admitted. */
  protected admits(_namespace: Namespace, _id: string, _endpoint: Endpoint, _config: Config): boolean {
    return this.isOpen();
  }

  setAdmission(mode: AdmissionMode): Answer<void> {
    this.open();
    if (!isMode(mode)) throw refusal('invalid_argument');
    this.mode = mode;
  }

  resetStats(): Answer<void> {
    this.open();
    for (const lane of this.lanes) this.resetLane(lane);
  }

  protected resetLane(lane: Lane): void {
    lane.count = 0;
    lane.samples = [];
  }

  close(): Promise<void> {
    this.closed = true;
    for (const lane of this.lanes) for (const write of lane.waiting.splice(0)) write.reject(refusal('registry_closed'));
    for (const entry of [...this.servers.values(), ...this.transports.values()]) this.remove(entry);
    return Promise.resolve();
  }
}

export const mean = (samples: readonly number[]): number => {
  if (samples.length === 0) return 0;
  const sum = samples.reduce((sum, sample) => sum + sample, 0);
  // Rounding must not put the mean outside of what it is the mean of.
  return Math.min(Math.max(...samples), Math.max(Math.min(...samples), sum / samples.length));
};

/** An adapter for a variant of the plain registry. */
export const plainAdapter = (name: string, Kind: new (options: OpenOptions) => Plain): Adapter => ({
  name,
  features: ['virtual-time', 'slow-commit', 'partitions', 'thresholds'],
  open: (options) => new Kind(options),
});

/** As it stands. */
export const plain: Adapter = plainAdapter('one without stores or shortcuts', Plain);
