/**
 * A registry of its own design: every write is a *job* that stands in the lane of one partition; a lane is a queue that is pumped, not a
 * chain of promises. The books are kept apart from the lanes: `flight` knows which jobs have been called and not answered, `ledgers`
 * hold counts and windows. Alarms and admission are worked out when somebody looks; there is no timer but that of a slow commit.
 * Names point to incarnations (entries), bindings point from entry to entry.
 */
import type { Adapter, OpenOptions } from '../../../contract.js';
import type {
  AdmissionMode, Clock, Config, ContentionStatus, Delivery, Endpoint, ErrorCode, Feature, Json, Namespace, PartitionStats, Registration, Thresholds, broadcast,
} from '../../../../spec/index.js';

const everyone = Symbol.for('sharded-registry.broadcast') as typeof broadcast;

/** What a registry refuses with. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  constructor(readonly code: ErrorCode, message: string = code) {
    super(message);
  }
}

const invalid = (what: string): Refusal => new Refusal('invalid_argument', what);

/** Refuses what is no id. */
export function checkId(value: unknown): string {
  if (typeof value !== 'string' || value === '' || value.length > 510) throw invalid('not an id');
  let points = 0;
  for (let i = 0; i < value.length; i++) {
    const unit = value.charCodeAt(i);
    if (unit === 0) throw invalid('an id holds no NUL');
    if (unit >= 0xd800 && unit <= 0xdfff) {
      const low = value.charCodeAt(i + 1);
      if (unit > 0xdbff || !(low >= 0xdc00 && low <= 0xdfff)) throw invalid('an id holds no lone surrogate');
      i++;
    }
    points++;
  }
  if (points > 255) throw invalid('an id has at most 255 code points');
  return value;
}

function checkEndpoint(value: unknown): Endpoint {
  const endpoint = value as Partial<Endpoint> | null | undefined;
  if ((typeof endpoint !== 'object' && typeof endpoint !== 'function') || endpoint === null) throw invalid('not an endpoint');
  if (typeof endpoint.send !== 'function') throw invalid('an endpoint has a send');
  const signal = endpoint.signal as Partial<AbortSignal> | null | undefined;
  if (typeof signal !== 'object' || signal === null || typeof signal.aborted !== 'boolean' || typeof signal.addEventListener !== 'function') throw invalid('an endpoint has a signal');
  return endpoint as Endpoint;
}

function copyJson(value: unknown): Json {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw invalid('not JSON');
    return value;
  }
  if (Array.isArray(value)) return Array.from(value as unknown[], (item) => copyJson(item));
  if (typeof value === 'object') return copyObject(value);
  throw invalid('not JSON');
}

function copyObject(value: object): Config {
  const proto = Object.getPrototypeOf(value) as object | null;
  if (proto !== null && Object.getPrototypeOf(proto) !== null) throw invalid('not JSON');
  const copy: { [key: string]: Json } = {};
  for (const [key, item] of Object.entries(value)) {
    Object.defineProperty(copy, key, { value: copyJson(item), writable: true, enumerable: true, configurable: true });
  }
  return copy;
}

/** A copy of a configuration; refuses what is none. */
export function copyConfig(value: unknown): Config {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid('not a configuration');
  try {
    return copyObject(value);
  } catch (error) {
    throw error instanceof RangeError ? invalid('a configuration without end') : error;
  }
}

/** A queue. */
export class Fifo<T> {
  private items: (T | undefined)[] = [];
  private head = 0;
  get size(): number {
    return this.items.length - this.head;
  }
  first(): T | undefined {
    return this.items[this.head];
  }
  last(): T | undefined {
    return this.size === 0 ? undefined : this.items[this.items.length - 1];
  }
  push(item: T): void {
    this.items.push(item);
  }
  shift(): void {
    if (this.size === 0) return;
    this.items[this.head++] = undefined;
    if (this.head === this.items.length) {
      this.items = [];
      this.head = 0;
    } else if (this.head >= 512 && this.head * 2 >= this.items.length) {
      this.items = this.items.slice(this.head);
      this.head = 0;
    }
  }
}

/** Count and window of one partition. */
export class Ledger {
  /** Writes since the last reset. */
  writes = 0;
  protected at: number[] = [];
  protected ms: number[] = [];
  /** Index of the oldest sample that is still in the window. */
  protected from = 0;

  constructor(readonly size: number, readonly ageMs: number) {}

  add(now: number, ms: number): void {
    this.writes++;
    this.age(now);
    while (this.held() > 0 && this.held() + 1 > this.size) this.drop();
    if (this.size >= 1) {
      this.at.push(now);
      this.ms.push(ms);
    }
    if (this.from >= 64 && this.from * 2 >= this.at.length) {
      this.at = this.at.slice(this.from);
      this.ms = this.ms.slice(this.from);
      this.from = 0;
    }
  }

  /** The samples in the window, oldest first: the caller's own. */
  view(now: number): number[] {
    this.age(now);
    return this.ms.slice(this.from);
  }

  mean(now: number): number {
    this.age(now);
    if (this.held() === 0) return 0;
    let sum = 0;
    for (let i = this.from; i < this.ms.length; i++) sum += this.ms[i] as number;
    return sum / this.held();
  }

  least(samples: readonly number[]): number {
    let least = samples[0] ?? 0;
    for (const ms of samples) if (ms < least) least = ms;
    return least;
  }

  greatest(samples: readonly number[]): number {
    let greatest = samples[0] ?? 0;
    for (const ms of samples) if (ms > greatest) greatest = ms;
    return greatest;
  }

  /** When the oldest sample leaves the window; undefined when it is empty. */
  firstLeaves(now: number): number | undefined {
    this.age(now);
    const at = this.at[this.from];
    return at === undefined ? undefined : at + this.ageMs;
  }

  /** When the youngest sample leaves the window; undefined when it is empty. */
  lastLeaves(now: number): number | undefined {
    this.age(now);
    return this.held() === 0 ? undefined : (this.at[this.at.length - 1] ?? 0) + this.ageMs;
  }

  clear(): void {
    this.writes = 0;
    this.at = [];
    this.ms = [];
    this.from = 0;
  }

  protected held(): number {
    return this.at.length - this.from;
  }

  protected age(now: number): void {
    for (let at = this.at[this.from]; at !== undefined && at + this.ageMs <= now; at = this.at[this.from]) this.drop();
  }

  protected drop(): void {
    this.from++;
  }
}

/** An incarnation of a name. */
export interface Entry {
  readonly namespace: Namespace;
  readonly id: string;
  readonly endpoint: Endpoint;
  readonly signal: AbortSignal;
  config: Config;
  /** Of a transport: the server it is bound to. */
  host: Entry | undefined;
  /** Of a server: the transports bound to it. */
  guests: Set<Entry> | undefined;
  ended: boolean;
}

/** All that one signal keeps alive. */
interface Holding {
  readonly entries: Set<Entry>;
  readonly listener: () => void;
}

export type Kind = 'register' | 'unregister' | 'update' | 'bind' | 'unbind';

/** A write, as it is asked for. */
export interface Draft {
  readonly kind: Kind;
  readonly namespace: Namespace;
  /** The id whose partition the write belongs to. */
  readonly id: string;
  readonly signal?: AbortSignal | undefined;
  readonly config?: Config | undefined;
  /** Does it: true if that has changed anything. Throws what it is refused with. */
  step: () => boolean;
}

/** A write in flight. */
export interface Job extends Draft {
  readonly partition: number;
  readonly calledAt: number;
  resolve: () => void;
  reject: (error: unknown) => void;
  timer: unknown;
  changed: boolean;
}

/** Serves the writes of one partition one after the other. The first job is the one being served. */
export class Lane {
  readonly jobs = new Fifo<Job>();
}

export interface Settings extends Thresholds {
  readonly partitions: number;
}

function settle(options: OpenOptions): Settings {
  const partitions = options.partitions === undefined ? 16 : options.partitions;
  if (!Number.isInteger(partitions) || partitions < 1 || partitions > 64) throw invalid('1 to 64 partitions');
  return {
    partitions,
    windowSize: options.windowSize ?? 10,
    windowMs: options.windowMs ?? 1_000,
    minWrites: options.minWrites ?? 10,
    alarmAboveMs: options.alarmAboveMs ?? 100,
    stuckAfterMs: options.stuckAfterMs ?? 500,
    closeAbove: options.closeAbove ?? 0.5,
  };
}

export class Figures {
  protected readonly clock: Clock;
  protected readonly settings: Settings;
  protected readonly lanes: Lane[];
  protected readonly ledgers: Ledger[];
  /** By partition, the writes that have been called and not answered, in the order of their calls. */
  protected readonly flight: Set<Job>[];
  protected readonly names: Readonly<Record<Namespace, Map<string, Entry>>> = { server: new Map(), transport: new Map() };
  protected readonly holdings = new Map<AbortSignal, Holding>();
  protected mode: AdmissionMode = 'auto';
  protected over = false;
  protected commitMs = 0;

  constructor(options: OpenOptions) {
    this.clock = options.clock;
    this.settings = settle(options);
    const each = <T>(make: () => T): T[] => Array.from({ length: this.settings.partitions }, make);
    this.lanes = each(() => new Lane());
    this.flight = each(() => new Set<Job>());
    this.ledgers = each(() => this.makeLedger());
  }

  // ---- writes

  registerServer(id: string, endpoint: Endpoint, config?: Config): Promise<void> {
    return this.write(() => this.registration('server', id, endpoint, config));
  }

  registerTransport(id: string, endpoint: Endpoint, config?: Config): Promise<void> {
    return this.write(() => this.registration('transport', id, endpoint, config));
  }

  unregisterServer(id: string): Promise<void> {
    return this.write(() => this.removal('server', id));
  }

  unregisterTransport(id: string): Promise<void> {
    return this.write(() => this.removal('transport', id));
  }

  updateServer(id: string, config: Config): Promise<void> {
    return this.write(() => {
      checkId(id);
      const copy = copyConfig(config);
      return {
        kind: 'update',
        namespace: 'server',
        id,
        step: () => {
          const server = this.live('server', id);
          if (server === undefined) throw new Refusal('server_not_found');
          server.config = copy;
          return true;
        },
      };
    });
  }

  bindTransportToServer(transportId: string, serverId: string): Promise<void> {
    return this.write(() => {
      checkId(transportId);
      checkId(serverId);
      return {
        kind: 'bind',
        namespace: 'transport',
        id: transportId,
        step: () => {
          const server = this.live('server', serverId);
          if (server === undefined) throw new Refusal('server_not_found');
          const transport = this.live('transport', transportId);
          if (transport === undefined) throw new Refusal('transport_not_found');
          this.attach(transport, server);
          return true;
        },
      };
    });
  }

  unbindTransport(transportId: string): Promise<void> {
    return this.write(() => {
      checkId(transportId);
      return {
        kind: 'unbind',
        namespace: 'transport',
        id: transportId,
        step: () => {
          const transport = this.live('transport', transportId);
          return transport !== undefined && this.detach(transport);
        },
      };
    });
  }

  private registration(namespace: Namespace, id: string, endpoint: Endpoint, config: Config | undefined): Draft {
    checkId(id);
    checkEndpoint(endpoint);
    const copy = config === undefined ? {} : copyConfig(config);
    const serverId = namespace === 'transport' && Object.hasOwn(copy, 'serverId') ? checkId(copy['serverId']) : undefined;
    const signal = endpoint.signal;
    if (signal.aborted) throw new Refusal('endpoint_down');
    return {
      kind: 'register',
      namespace,
      id,
      signal,
      config: copy,
      step: () => {
        if (signal.aborted) throw new Refusal('endpoint_down');
        if (this.live(namespace, id) !== undefined) throw new Refusal('already_registered');
        const entry: Entry = { namespace, id, endpoint, signal, config: copy, host: undefined, guests: undefined, ended: false };
        this.grip(signal).entries.add(entry);
        this.names[namespace].set(id, entry);
        const server = serverId === undefined ? undefined : this.live('server', serverId);
        if (server !== undefined) this.attach(entry, server);
        return true;
      },
    };
  }

  private removal(namespace: Namespace, id: string): Draft {
    checkId(id);
    return {
      kind: 'unregister',
      namespace,
      id,
      step: () => {
        const entry = this.live(namespace, id);
        if (entry !== undefined) this.end(entry);
        return entry !== undefined;
      },
    };
  }

  // ---- lanes

  protected write(make: () => Draft): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      const draft = make();
      if (this.over) throw new Refusal('registry_closed');
      this.ask(draft);
      const { kind, namespace, id, signal, config, step } = draft;
      this.enter({ kind, namespace, id, signal, config, step, partition: this.placeOf(draft), calledAt: this.clock.now(), resolve, reject, timer: undefined, changed: false });
    });
  }

  /** Asked when a write is called: throws if it is not admitted. */
  protected ask(draft: Draft): void {
    if (draft.kind === 'register' && !this.admits(this.clock.now())) throw new Refusal('admission_control_active');
  }

  /** The partition in whose lane a write stands. */
  protected placeOf(draft: Draft): number {
    return this.partitionOf(draft.id);
  }

  protected enter(job: Job): void {
    this.took(job);
    const lane = this.lane(job.partition);
    lane.jobs.push(job);
    if (lane.jobs.size === 1) this.begin(lane);
  }

  /** Serves what stands in a lane until something takes time. */
  protected begin(lane: Lane): void {
    for (let job = lane.jobs.first(); job !== undefined; job = lane.jobs.first()) {
      if (!this.mayStart(lane)) return;
      if (this.commitMs > 0) {
        const held = job;
        held.timer = this.clock.setTimeout(() => {
          held.timer = undefined;
          this.turn(lane);
        }, this.commitMs);
        return;
      }
      this.finish(lane);
    }
  }

  protected mayStart(_lane: Lane): boolean {
    return true;
  }

  /** A slow commit has ended. */
  protected turn(lane: Lane): void {
    this.finish(lane);
    this.begin(lane);
  }

  /** Commits, or refuses, the first job of a lane. */
  protected finish(lane: Lane): void {
    const job = lane.jobs.first();
    if (job === undefined) return;
    const now = this.clock.now();
    let refusal: { readonly error: unknown } | undefined;
    try {
      job.changed = this.perform(job, now);
    } catch (error) {
      refusal = { error };
    }
    lane.jobs.shift();
    this.left(job, refusal?.error);
    if (refusal !== undefined) {
      job.reject(refusal.error);
      return;
    }
    this.record(job, now);
    job.resolve();
  }

  protected perform(job: Job, _now: number): boolean {
    return job.step();
  }

  protected took(job: Job): void {
    this.flying(job.partition).add(job);
  }

  protected left(job: Job, _error: unknown): void {
    this.flying(job.partition).delete(job);
  }

  protected record(job: Job, now: number): void {
    this.ledger(job.partition).add(now, now - job.calledAt);
  }

  /** When the oldest write in flight was called. */
  protected oldest(partition: number): number | undefined {
    for (const job of this.flying(partition)) return job.calledAt;
    return undefined;
  }

  protected lane(partition: number): Lane {
    return this.lanes[partition] as Lane;
  }

  protected flying(partition: number): Set<Job> {
    return this.flight[partition] as Set<Job>;
  }

  protected ledger(partition: number): Ledger {
    return this.ledgers[partition] as Ledger;
  }

  // ---- names

  /** The current incarnation of a name. */
  protected live(namespace: Namespace, id: string): Entry | undefined {
    const entry = this.names[namespace].get(id);
    if (entry === undefined || !entry.signal.aborted) return entry;
    this.fell(entry.signal);
    return undefined;
  }

  protected grip(signal: AbortSignal): Holding {
    let holding = this.holdings.get(signal);
    if (holding === undefined) {
      holding = { entries: new Set(), listener: () => this.fell(signal) };
      this.holdings.set(signal, holding);
      signal.addEventListener('abort', holding.listener, { once: true });
    }
    return holding;
  }

  /** An endpoint has gone down. */
  protected fell(signal: AbortSignal): void {
    const holding = this.holdings.get(signal);
    if (holding === undefined) return;
    for (const entry of [...holding.entries]) {
      this.end(entry);
      this.felled(entry);
    }
  }

  protected felled(_entry: Entry): void {
    // Not a write here.
  }

  /** Ends an incarnation, and all that hangs on it. */
  protected end(entry: Entry): void {
    if (entry.ended) return;
    entry.ended = true;
    const names = this.names[entry.namespace];
    if (names.get(entry.id) === entry) names.delete(entry.id);
    this.detach(entry);
    for (const guest of entry.guests ?? []) guest.host = undefined;
    entry.guests = undefined;
    const holding = this.holdings.get(entry.signal);
    if (holding !== undefined) {
      holding.entries.delete(entry);
      if (holding.entries.size === 0) {
        this.holdings.delete(entry.signal);
        entry.signal.removeEventListener('abort', holding.listener);
      }
    }
  }

  protected attach(transport: Entry, server: Entry): void {
    this.detach(transport);
    transport.host = server;
    (server.guests ??= new Set()).add(transport);
  }

  protected detach(transport: Entry): boolean {
    const host = transport.host;
    if (host === undefined) return false;
    transport.host = undefined;
    host.guests?.delete(transport);
    return true;
  }

  // ---- reads

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
    checkId(transportId);
    const host = this.live('transport', transportId)?.host;
    return host === undefined ? undefined : this.live('server', host.id)?.id;
  }

  private find(namespace: Namespace, id: string): Registration | undefined {
    checkId(id);
    const entry = this.live(namespace, id);
    return entry === undefined ? undefined : shown(entry);
  }

  private list(namespace: Namespace): Registration[] {
    const list: Registration[] = [];
    for (const entry of [...this.names[namespace].values()]) {
      if (entry.signal.aborted) this.fell(entry.signal);
      else list.push(shown(entry));
    }
    return list;
  }

  // ---- routing

  routeToServer(serverId: string, transportId: string, message: unknown): number {
    checkId(serverId);
    checkId(transportId);
    const server = this.live('server', serverId);
    if (server === undefined) return 0;
    hand(server, { namespace: 'server', to: serverId, from: transportId, message });
    return 1;
  }

  routeToTransport(transportId: string | typeof broadcast, serverId: string, message: unknown): number {
    checkId(serverId);
    if (transportId !== everyone) {
      checkId(transportId);
      const transport = this.live('transport', transportId as string);
      if (transport === undefined) return 0;
      hand(transport, { namespace: 'transport', to: transport.id, from: serverId, message });
      return 1;
    }
    const server = this.live('server', serverId);
    const guests = [...(server?.guests ?? [])].filter((guest) => !guest.signal.aborted);
    for (const guest of guests) {
      if (!guest.ended) hand(guest, { namespace: 'transport', to: guest.id, from: serverId, message });
    }
    return guests.length;
  }

  // ---- partitions

  protected partitionOf(id: string): number {
    return this.hash(id) % this.settings.partitions;
  }

  /** 32 bits: MurmurHash3 with a code unit for a block. */
  protected hash(id: string): number {
    let h = 0x2f0b4c27;
    for (let i = 0; i < id.length; i++) {
      let k = Math.imul(id.charCodeAt(i), 0xcc9e2d51);
      k = (k << 15) | (k >>> 17);
      h ^= Math.imul(k, 0x1b873593);
      h = (h << 13) | (h >>> 19);
      h = (Math.imul(h, 5) + 0xe6546b64) | 0;
    }
    return mix(h ^ id.length);
  }

  // ---- statistics

  protected makeLedger(): Ledger {
    return new Ledger(this.settings.windowSize, this.settings.windowMs);
  }

  getPartitionStats(): readonly PartitionStats[];
  getPartitionStats(partition: number): PartitionStats;
  getPartitionStats(partition?: number): PartitionStats | readonly PartitionStats[] {
    const now = this.clock.now();
    if (partition === undefined) return this.ledgers.map((_, index) => this.statsOf(index, now));
    if (!Number.isInteger(partition) || partition < 0 || partition >= this.settings.partitions) throw invalid('no such partition');
    return this.statsOf(partition, now);
  }

  protected statsOf(partition: number, now: number): PartitionStats {
    const ledger = this.ledger(partition);
    const samples = ledger.view(now);
    return {
      partition,
      writeCount: ledger.writes,
      sampleCount: samples.length,
      samples,
      min: ledger.least(samples),
      mean: ledger.mean(now),
      max: ledger.greatest(samples),
      alarm: this.alarm(partition, now),
    };
  }

  resetStats(): void {
    for (const ledger of this.ledgers) ledger.clear();
  }

  // ---- contention

  protected slow(partition: number, now: number): boolean {
    const ledger = this.ledger(partition);
    return ledger.writes >= this.settings.minWrites && ledger.mean(now) > this.settings.alarmAboveMs;
  }

  protected stuck(partition: number, now: number): boolean {
    const since = this.oldest(partition);
    return since !== undefined && now - since > this.settings.stuckAfterMs;
  }

  protected alarm(partition: number, now: number): boolean {
    return this.slow(partition, now) || this.stuck(partition, now);
  }

  protected alarmed(now: number): number[] {
    const alarmed: number[] = [];
    for (let partition = 0; partition < this.settings.partitions; partition++) if (this.alarm(partition, now)) alarmed.push(partition);
    return alarmed;
  }

  /** Whether the alarms close admission. */
  protected crowded(now: number): boolean {
    let alarmed = 0;
    for (let partition = 0; partition < this.settings.partitions; partition++) if (this.alarm(partition, now)) alarmed++;
    return alarmed / this.settings.partitions > this.settings.closeAbove;
  }

  protected admits(now: number): boolean {
    return this.mode === 'auto' ? !this.crowded(now) : this.mode === 'open';
  }

  getContentionStatus(): ContentionStatus {
    const now = this.clock.now();
    return {
      partitions: this.settings.partitions,
      alarmed: this.alarmed(now),
      admission: !this.over && this.admits(now) ? 'open' : 'closed',
      mode: this.mode,
    };
  }

  setAdmission(mode: AdmissionMode): void {
    if (mode !== 'auto' && mode !== 'open' && mode !== 'closed') throw invalid('no such mode');
    this.mode = mode;
  }

  // ---- the end

  close(): Promise<void> {
    this.over = true;
    this.letGo();
    return Promise.resolve();
  }

  /** Refuses what is in flight and forgets everything. */
  protected letGo(): void {
    const jobs = this.flight.flatMap((flying) => [...flying]);
    for (const flying of this.flight) flying.clear();
    for (let partition = 0; partition < this.lanes.length; partition++) this.lanes[partition] = new Lane();
    for (const job of jobs) {
      if (job.timer !== undefined) this.clock.clearTimeout(job.timer);
      job.timer = undefined;
      job.reject(new Refusal('registry_closed'));
    }
    for (const names of [this.names.server, this.names.transport]) for (const entry of [...names.values()]) this.end(entry);
    for (const [signal, { listener }] of this.holdings) signal.removeEventListener('abort', listener);
    this.holdings.clear();
    for (const ledger of this.ledgers) ledger.clear();
  }

  /** The adapter's: each commit takes so long from now on. */
  slowCommit(ms: number): void {
    this.commitMs = ms;
  }
}

/** The finaliser of MurmurHash3. */
export function mix(hash: number): number {
  let h = hash;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

function shown(entry: Entry): Registration {
  return { id: entry.id, endpoint: entry.endpoint, config: copyObject(entry.config) };
}

function hand(entry: Entry, delivery: Delivery): void {
  try {
    const result = entry.endpoint.send(delivery);
    if (typeof result === 'object' && result !== null && typeof (result as { then?: unknown }).then === 'function') {
      Promise.resolve(result).catch(() => undefined);
    }
  } catch {
    // Its own affair.
  }
}

const features: readonly Feature[] = ['in-process', 'send-failures', 'send-awaited', 'partitions', 'thresholds', 'virtual-time', 'slow-commit'];

/** An adapter for a class of registries. */
export function adapt(name: string, Kind: new (options: OpenOptions) => Figures): Adapter {
  return { name, version: '1', features, open: (options) => new Kind(options) };
}
