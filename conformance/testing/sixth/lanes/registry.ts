/**
 * A correct registry whose writes are *plans* posted to the mailbox of a partition. A plan is looked at twice, when its turn
 * has come and when the store has taken it, because a "down" and the lanes of other partitions do not wait in between.
 * Names are held by *tenures* (incarnations); a binding is a *tie* between two tenures and needs no cleaning to be over.
 */
import type { Adapter, OpenOptions } from '../../../contract.js';
import type {
  AdmissionMode, broadcast, Clock, Config, ContentionStatus, Delivery, Endpoint, ErrorCode, Json, Namespace, PartitionStats, Registration, Thresholds,
} from '../../../../spec/index.js';

/** What a call answers with: at once or through a promise. */
export type Answer<T> = T | PromiseLike<T>;

export const everyone: unknown = Symbol.for('sharded-registry.broadcast');

/** How long a write waits for its turn before it is withdrawn. */
export const patienceMs = 30_000;

export class Refusal extends Error {
  override readonly name = 'Refusal';
  constructor(readonly code: ErrorCode) {
    super(code);
  }
}

/* ---------------------------------------------------------------- arguments */

export function checkId(id: unknown): asserts id is string {
  if (typeof id !== 'string' || id.length === 0 || id.length > 510 || /[\0\p{Cs}]/u.test(id)) throw new Refusal('invalid_argument');
  if (id.length > 255 && [...id].length > 255) throw new Refusal('invalid_argument');
}

function signalOf(endpoint: unknown): AbortSignal {
  try {
    const { send, signal } = endpoint as Partial<Endpoint>;
    if (typeof send === 'function' && typeof signal === 'object' && signal !== null && typeof signal.aborted === 'boolean' && typeof signal.addEventListener === 'function') return signal;
  } catch {
    // Not an endpoint either.
  }
  throw new Refusal('invalid_argument');
}

function copyJson(value: unknown, within: readonly object[]): Json {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  if (typeof value !== 'object' || within.includes(value)) throw new Refusal('invalid_argument');
  const path = [...within, value];
  if (Array.isArray(value)) return Object.freeze(Array.from(value, (item: unknown) => copyJson(item, path)));
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) throw new Refusal('invalid_argument');
  const copy: Record<string, Json> = {};
  for (const key of Object.keys(value)) {
    Object.defineProperty(copy, key, { value: copyJson((value as Record<string, unknown>)[key], path), enumerable: true, configurable: true, writable: true });
  }
  return Object.freeze(copy);
}

export function copyConfig(config: unknown): Config {
  if (config === undefined) return Object.freeze({});
  if (typeof config !== 'object' || config === null || Array.isArray(config)) throw new Refusal('invalid_argument');
  try {
    return copyJson(config, []) as Config;
  } catch {
    throw new Refusal('invalid_argument');
  }
}

export function serverIdIn(config: Config): string | undefined {
  return Object.hasOwn(config, 'serverId') ? (config['serverId'] as string) : undefined;
}

/** FNV-1a over the code units, then the finalizer of Murmur3. */
export function partitionOf(id: string, count: number): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < id.length; at += 1) {
    const unit = id.charCodeAt(at);
    hash = Math.imul(hash ^ (unit & 0xff), 0x01000193);
    hash = Math.imul(hash ^ (unit >>> 8), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) % count;
}

/* ---------------------------------------------------------------- what there is */

/** An incarnation of a name. */
export class Tenure {
  ended = false;
  registration: Registration;
  /** Of a transport: what ties it to its server. */
  tie: Tie | undefined = undefined;
  private tied: Set<Tie> | undefined = undefined;
  constructor(readonly namespace: Namespace, readonly id: string, readonly endpoint: Endpoint, readonly signal: AbortSignal, config: Config) {
    this.registration = Object.freeze({ id, endpoint, config });
  }
  /** Of a server: its ties. */
  get ties(): Set<Tie> {
    return (this.tied ??= new Set());
  }
  reconfigure(config: Config): void {
    this.registration = Object.freeze({ id: this.id, endpoint: this.endpoint, config });
  }
}

export class Tie {
  constructor(readonly transport: Tenure, readonly server: Tenure) {}
}

/** The one listener that a registry has on a signal. */
export interface Watch {
  readonly signal: AbortSignal;
  readonly tenures: Set<Tenure>;
  readonly listener: () => void;
}

/* ---------------------------------------------------------------- lanes */

/** A first-in first-out ring that grows. */
export class Mailbox<T> {
  protected slots: (T | undefined)[];
  protected head = 0;
  size = 0;
  constructor(capacity = 32) {
    this.slots = new Array<T | undefined>(capacity).fill(undefined);
  }
  push(item: T): void {
    if (this.size === this.slots.length) this.grow();
    this.slots[(this.head + this.size) % this.slots.length] = item;
    this.size += 1;
  }
  peek(): T | undefined {
    return this.size === 0 ? undefined : this.slots[this.head];
  }
  shift(): T | undefined {
    if (this.size === 0) return undefined;
    const item = this.slots[this.head];
    this.slots[this.head] = undefined;
    this.head = (this.head + 1) % this.slots.length;
    this.size -= 1;
    return item;
  }
  protected grow(): void {
    const old = this.slots;
    const larger = new Array<T | undefined>(old.length * 2).fill(undefined);
    for (let at = 0; at < this.size; at += 1) larger[at] = old[(this.head + at) % old.length];
    this.slots = larger;
    this.head = 0;
  }
}

/** What a write is going to do. */
export interface Plan {
  readonly kind: 'register' | 'unregister' | 'update' | 'bind' | 'unbind' | 'tidy';
  readonly namespace: Namespace;
  readonly id: string;
  /** Of a bind. */
  readonly serverId?: string;
  /** Throws why it cannot be done: asked when its turn has come, and again when the store has it. */
  check(): void;
  apply(): void;
  /** Called when it is over, whatever came of it. */
  done?(): void;
  /** Needs no store, and is no write. */
  readonly instant?: boolean;
}

/** A plan that somebody waits for. */
export class Write {
  settled = false;
  refused = false;
  constructor(readonly plan: Plan, readonly calledAt: number, private readonly resolve: () => void, private readonly reject: (error: unknown) => void) {}
  succeed(): void {
    if (this.settled) return;
    this.settled = true;
    this.resolve();
    this.plan.done?.();
  }
  fail(error: unknown): void {
    if (this.settled) return;
    this.settled = true;
    this.refused = true;
    this.reject(error);
    this.plan.done?.();
  }
}

/** The latencies of a partition. */
export class Gauge {
  count = 0;
  private samples: { readonly at: number; readonly ms: number }[] = [];
  constructor(private readonly thresholds: Thresholds) {}
  record(at: number, ms: number): void {
    this.count += 1;
    this.samples.push({ at, ms });
    while (this.samples.length > this.thresholds.windowSize) this.samples.shift();
  }
  reset(): void {
    this.count = 0;
    this.samples = [];
  }
  /** Of the samples in the window; 0 when there are none. */
  mean(now: number): number {
    let sum = 0;
    let count = 0;
    for (const { at, ms } of this.samples) {
      if (now - at >= this.thresholds.windowMs) continue;
      sum += ms;
      count += 1;
    }
    return count === 0 ? 0 : sum / count;
  }
  window(now: number): number[] {
    return this.samples.filter(({ at }) => now - at < this.thresholds.windowMs).map(({ ms }) => ms);
  }
}

export interface Armed {
  readonly timer: unknown;
}

export class Lane {
  committing: readonly Write[] = [];
  scheduled = false;
  running = false;
  commitTimer: Armed | undefined = undefined;
  reaper: Armed | undefined = undefined;
  constructor(readonly index: number, readonly waiting: Mailbox<Write>, readonly gauge: Gauge) {}
  oldest(): Write | undefined {
    return this.committing[0] ?? this.waiting.peek();
  }
}

/* ---------------------------------------------------------------- the registry */

const ignore = (): void => undefined;

export class Lanes {
  protected readonly clock: Clock;
  protected readonly thresholds: Thresholds;
  protected readonly lanes: readonly Lane[];
  protected readonly names: Readonly<Record<Namespace, Map<string, Tenure>>> = { server: new Map(), transport: new Map() };
  protected readonly watches = new Map<AbortSignal, Watch>();
  protected slowMs = 0;
  protected mode: AdmissionMode = 'auto';
  protected closed = false;

  constructor(options: OpenOptions) {
    const count = options.partitions ?? 16;
    if (!Number.isInteger(count) || count < 1 || count > 64) throw new Refusal('invalid_argument');
    this.clock = options.clock;
    this.thresholds = {
      windowSize: options.windowSize ?? 10,
      windowMs: options.windowMs ?? 1_000,
      minWrites: options.minWrites ?? 10,
      alarmAboveMs: options.alarmAboveMs ?? 100,
      stuckAfterMs: options.stuckAfterMs ?? 500,
      closeAbove: options.closeAbove ?? 0.5,
    };
    this.lanes = Array.from({ length: count }, (_, index) => new Lane(index, this.makeMailbox(), new Gauge(this.thresholds)));
  }

  protected makeMailbox(): Mailbox<Write> {
    return new Mailbox();
  }

  /* ---- writes */

  registerServer(id: string, endpoint: Endpoint, config?: Config): Promise<void> {
    return this.register('server', id, endpoint, config);
  }

  registerTransport(id: string, endpoint: Endpoint, config?: Config): Promise<void> {
    return this.register('transport', id, endpoint, config);
  }

  protected register(namespace: Namespace, id: string, endpoint: Endpoint, config: Config | undefined): Promise<void> {
    return this.attempt(() => {
      checkId(id);
      const signal = signalOf(endpoint);
      const copy = copyConfig(config);
      if (namespace === 'transport' && Object.hasOwn(copy, 'serverId')) checkId(copy['serverId']);
      this.assertOpen();
      if (!this.admits()) throw new Refusal('admission_control_active');
      return this.submit(this.planRegister(namespace, id, endpoint, signal, copy));
    });
  }

  unregisterServer(id: string): Promise<void> {
    return this.attempt(() => {
      checkId(id);
      return this.submit(this.planUnregister('server', id));
    });
  }

  unregisterTransport(id: string): Promise<void> {
    return this.attempt(() => {
      checkId(id);
      return this.submit(this.planUnregister('transport', id));
    });
  }

  updateServer(id: string, config: Config): Promise<void> {
    return this.attempt(() => {
      checkId(id);
      return this.submit(this.planUpdate(id, copyConfig(config)));
    });
  }

  bindTransportToServer(transportId: string, serverId: string): Promise<void> {
    return this.attempt(() => {
      checkId(transportId);
      checkId(serverId);
      return this.submit(this.planBind(transportId, serverId));
    });
  }

  unbindTransport(transportId: string): Promise<void> {
    return this.attempt(() => {
      checkId(transportId);
      return this.submit(this.planUnbind(transportId));
    });
  }

  /* ---- what they do */

  protected planRegister(namespace: Namespace, id: string, endpoint: Endpoint, signal: AbortSignal, config: Config): Plan {
    return {
      kind: 'register',
      namespace,
      id,
      check: () => {
        if (signal.aborted) throw new Refusal('endpoint_down');
        if (this.holder(namespace, id) !== undefined) throw new Refusal('already_registered');
      },
      apply: () => this.install(new Tenure(namespace, id, endpoint, signal, config)),
    };
  }

  protected planUnregister(namespace: Namespace, id: string): Plan {
    return {
      kind: 'unregister',
      namespace,
      id,
      check: ignore,
      apply: () => {
        const tenure = this.holder(namespace, id);
        if (tenure !== undefined) this.end(tenure);
      },
    };
  }

  protected planUpdate(id: string, config: Config): Plan {
    return {
      kind: 'update',
      namespace: 'server',
      id,
      check: () => {
        if (this.holder('server', id) === undefined) throw new Refusal('server_not_found');
      },
      apply: () => this.holder('server', id)?.reconfigure(config),
    };
  }

  protected planBind(id: string, serverId: string): Plan {
    return {
      kind: 'bind',
      namespace: 'transport',
      id,
      serverId,
      check: () => {
        if (this.holder('server', serverId) === undefined) throw new Refusal('server_not_found');
        if (this.holder('transport', id) === undefined) throw new Refusal('transport_not_found');
      },
      apply: () => {
        const server = this.holder('server', serverId);
        const transport = this.holder('transport', id);
        if (server !== undefined && transport !== undefined) this.tie(transport, server);
      },
    };
  }

  protected planUnbind(id: string): Plan {
    return {
      kind: 'unbind',
      namespace: 'transport',
      id,
      check: ignore,
      apply: () => {
        const transport = this.holder('transport', id);
        if (transport !== undefined) this.untie(transport);
      },
    };
  }

  /* ---- tenures and ties */

  /** Whether a tenure is over: also while an abort is under way that has not come to our listener yet. */
  protected gone(tenure: Tenure): boolean {
    return tenure.ended || tenure.signal.aborted;
  }

  /** Who holds a name, as writes see it. */
  protected holder(namespace: Namespace, id: string): Tenure | undefined {
    const tenure = this.names[namespace].get(id);
    return tenure === undefined || this.gone(tenure) ? undefined : tenure;
  }

  /** Who holds a name, as reads see it. */
  protected visible(namespace: Namespace, id: string): Tenure | undefined {
    return this.holder(namespace, id);
  }

  /** All who hold a name, as reads see it. */
  protected living(namespace: Namespace): Tenure[] {
    return [...this.names[namespace].values()].filter((tenure) => !this.gone(tenure));
  }

  protected install(tenure: Tenure): void {
    this.enter(tenure);
    this.attach(tenure);
    if (tenure.namespace !== 'transport') return;
    const serverId = serverIdIn(tenure.registration.config);
    const server = serverId === undefined ? undefined : this.holder('server', serverId);
    if (server !== undefined) this.tie(tenure, server);
  }

  protected end(tenure: Tenure): void {
    if (tenure.ended) return;
    tenure.ended = true;
    this.leave(tenure);
    this.detach(tenure);
    this.untie(tenure);
    this.release(tenure);
  }

  protected enter(tenure: Tenure): void {
    this.names[tenure.namespace].set(tenure.id, tenure);
  }

  protected leave(tenure: Tenure): void {
    const names = this.names[tenure.namespace];
    if (names.get(tenure.id) === tenure) names.delete(tenure.id);
  }

  protected tie(transport: Tenure, server: Tenure): void {
    this.untie(transport);
    transport.tie = new Tie(transport, server);
    server.ties.add(transport.tie);
  }

  /** Ends the tie of a transport. */
  protected untie(transport: Tenure): void {
    const { tie } = transport;
    if (tie === undefined) return;
    transport.tie = undefined;
    tie.server.ties.delete(tie);
  }

  /** Ends the ties of a server. */
  protected release(server: Tenure): void {
    if (server.namespace !== 'server') return;
    for (const tie of server.ties) tie.transport.tie = undefined;
    server.ties.clear();
  }

  protected serverOf(transport: Tenure): Tenure | undefined {
    const server = transport.tie?.server;
    return server === undefined || this.gone(server) ? undefined : server;
  }

  protected roster(server: Tenure): Tie[] {
    return [...server.ties].filter((tie) => !this.gone(tie.transport));
  }

  /* ---- liveness */

  protected watchFor(signal: AbortSignal): Watch {
    const known = this.watches.get(signal);
    if (known !== undefined) return known;
    const watch: Watch = { signal, tenures: new Set(), listener: () => this.down(watch) };
    this.watches.set(signal, watch);
    signal.addEventListener('abort', watch.listener, { once: true });
    return watch;
  }

  protected attach(tenure: Tenure): void {
    this.watchFor(tenure.signal).tenures.add(tenure);
  }

  protected detach(tenure: Tenure): void {
    const watch = this.watches.get(tenure.signal);
    if (watch === undefined) return;
    watch.tenures.delete(tenure);
    if (watch.tenures.size === 0) this.drop(watch);
  }

  protected drop(watch: Watch): void {
    watch.signal.removeEventListener('abort', watch.listener);
    if (this.watches.get(watch.signal) === watch) this.watches.delete(watch.signal);
  }

  protected down(watch: Watch): void {
    for (const tenure of [...watch.tenures]) this.end(tenure);
  }

  /* ---- lanes */

  protected partition(id: string): number {
    return partitionOf(id, this.lanes.length);
  }

  protected laneOf(id: string): Lane {
    return this.lanes[this.partition(id)]!;
  }

  /** What a call throws is its answer. */
  protected attempt(start: () => Promise<void>): Promise<void> {
    try {
      return start();
    } catch (error) {
      return Promise.reject(error);
    }
  }

  protected assertOpen(): void {
    if (this.closed) throw new Refusal('registry_closed');
  }

  protected submit(plan: Plan): Promise<void> {
    this.assertOpen();
    const lane = this.laneOf(plan.id);
    return new Promise((resolve, reject) => {
      lane.waiting.push(new Write(plan, this.clock.now(), resolve, reject));
      this.wake(lane);
    });
  }

  protected wake(lane: Lane): void {
    if (lane.scheduled) return;
    lane.scheduled = true;
    queueMicrotask(() => {
      lane.scheduled = false;
      this.run(lane);
    });
  }

  /** Serves a lane until it is empty or waits for its store. */
  protected run(lane: Lane): void {
    if (lane.running) return;
    lane.running = true;
    try {
      while (lane.committing.length === 0) {
        const batch = this.take(lane);
        if (batch.length === 0) break;
        this.begin(lane, batch);
      }
    } finally {
      lane.running = false;
    }
    this.tend(lane);
  }

  /** Whose turn it is. */
  protected take(lane: Lane): readonly Write[] {
    const write = lane.waiting.shift();
    return write === undefined ? [] : [write];
  }

  protected begin(lane: Lane, batch: readonly Write[]): void {
    const admitted = batch.filter((write) => this.passes(write));
    if (admitted.length > 0) this.persist(lane, admitted);
  }

  protected persist(lane: Lane, batch: readonly Write[]): void {
    lane.committing = batch;
    this.store(lane, batch, () => {
      // The registry may have been closed meanwhile.
      if (lane.committing !== batch) return;
      lane.committing = [];
      this.commit(lane, batch);
      this.run(lane);
    });
  }

  /** The store: says when it has a batch. */
  protected store(lane: Lane, batch: readonly Write[], done: () => void): void {
    if (this.slowMs <= 0 || batch.every(({ plan }) => plan.instant)) return done();
    const armed = {
      timer: this.clock.setTimeout(() => {
        lane.commitTimer = undefined;
        done();
      }, this.slowMs),
    };
    lane.commitTimer = armed;
  }

  protected commit(lane: Lane, batch: readonly Write[]): void {
    for (const write of batch) {
      if (this.passes(write)) this.finish(lane, write);
    }
  }

  protected finish(lane: Lane, write: Write): void {
    write.plan.apply();
    if (write.plan.instant !== true) {
      const now = this.clock.now();
      lane.gauge.record(now, now - write.calledAt);
    }
    write.succeed();
  }

  protected passes(write: Write): boolean {
    try {
      write.plan.check();
      return true;
    } catch (error) {
      write.fail(error);
      return false;
    }
  }

  /** A timer runs while somebody waits in the lane, and no longer. */
  protected tend(lane: Lane): void {
    const oldest = lane.waiting.peek();
    if (oldest === undefined) {
      if (lane.reaper !== undefined) this.clock.clearTimeout(lane.reaper.timer);
      lane.reaper = undefined;
    } else if (lane.reaper === undefined) {
      const left = Math.max(1, oldest.calledAt + patienceMs - this.clock.now());
      lane.reaper = {
        timer: this.clock.setTimeout(() => {
          lane.reaper = undefined;
          this.reap(lane);
        }, left),
      };
    }
  }

  protected reap(lane: Lane): void {
    const limit = this.clock.now() - patienceMs;
    for (let oldest = lane.waiting.peek(); oldest !== undefined && oldest.calledAt <= limit; oldest = lane.waiting.peek()) {
      lane.waiting.shift();
      oldest.fail(new Refusal('write_timeout'));
    }
    this.tend(lane);
  }

  /* ---- reads */

  findServer(id: string): Answer<Registration | undefined> {
    return this.find('server', id);
  }

  findTransport(id: string): Answer<Registration | undefined> {
    return this.find('transport', id);
  }

  protected find(namespace: Namespace, id: string): Registration | undefined {
    checkId(id);
    return this.visible(namespace, id)?.registration;
  }

  listServers(): Answer<readonly Registration[]> {
    return this.list('server');
  }

  listTransports(): Answer<readonly Registration[]> {
    return this.list('transport');
  }

  protected list(namespace: Namespace): Registration[] {
    return this.living(namespace).map(({ registration }) => registration);
  }

  getServerForTransport(transportId: string): Answer<string | undefined> {
    return this.boundTo(transportId);
  }

  protected boundTo(transportId: string): string | undefined {
    checkId(transportId);
    const transport = this.visible('transport', transportId);
    return transport === undefined ? undefined : this.serverOf(transport)?.id;
  }

  /* ---- routing */

  routeToServer(serverId: string, transportId: string, message: unknown): Answer<number> {
    checkId(serverId);
    checkId(transportId);
    return this.unicast(this.visible('server', serverId), transportId, message);
  }

  routeToTransport(transportId: string | typeof broadcast, serverId: string, message: unknown): Answer<number> {
    checkId(serverId);
    if (transportId === everyone) {
      const server = this.visible('server', serverId);
      return server === undefined ? 0 : this.spread(server, message);
    }
    checkId(transportId);
    return this.unicast(this.visible('transport', transportId), serverId, message);
  }

  protected unicast(to: Tenure | undefined, from: string, message: unknown): number {
    if (to === undefined) return 0;
    this.hand(to, from, message);
    return 1;
  }

  protected spread(server: Tenure, message: unknown): Answer<number> {
    const roster = this.roster(server);
    for (const tie of roster) {
      if (!this.gone(tie.transport)) this.hand(tie.transport, server.id, message);
    }
    return roster.length;
  }

  /** Hands a message over; what becomes of it is the business of the endpoint. */
  protected hand(to: Tenure, from: string, message: unknown): void {
    try {
      this.offer(to, from, message);
    } catch {
      // A send that throws harms nobody else.
    }
  }

  /** The same, but throws what the send throws. */
  protected offer(to: Tenure, from: string, message: unknown): void {
    const delivery: Delivery = { namespace: to.namespace, to: to.id, from, message };
    const outcome: unknown = to.endpoint.send(delivery);
    if ((typeof outcome === 'object' || typeof outcome === 'function') && outcome !== null && typeof (outcome as { then?: unknown }).then === 'function') {
      Promise.resolve(outcome).then(ignore, ignore);
    }
  }

  /* ---- statistics, contention, admission */

  protected statsOf(lane: Lane, now: number): PartitionStats {
    const samples = lane.gauge.window(now);
    return {
      partition: lane.index,
      writeCount: lane.gauge.count,
      sampleCount: samples.length,
      samples,
      min: samples.length === 0 ? 0 : Math.min(...samples),
      mean: lane.gauge.mean(now),
      max: samples.length === 0 ? 0 : Math.max(...samples),
      alarm: this.alarmOf(lane, now),
    };
  }

  protected alarmOf(lane: Lane, now: number): boolean {
    const oldest = lane.oldest();
    if (oldest !== undefined && now - oldest.calledAt > this.thresholds.stuckAfterMs) return true;
    return lane.gauge.count >= this.thresholds.minWrites && lane.gauge.mean(now) > this.thresholds.alarmAboveMs;
  }

  getPartitionStats(): readonly PartitionStats[];
  getPartitionStats(partition: number): PartitionStats;
  getPartitionStats(partition?: number): readonly PartitionStats[] | PartitionStats {
    const now = this.clock.now();
    if (partition === undefined) return this.lanes.map((lane) => this.statsOf(lane, now));
    const lane = Number.isInteger(partition) ? this.lanes[partition] : undefined;
    if (lane === undefined) throw new Refusal('invalid_argument');
    return this.statsOf(lane, now);
  }

  protected alarmed(): number[] {
    const now = this.clock.now();
    return this.lanes.filter((lane) => this.alarmOf(lane, now)).map(({ index }) => index);
  }

  protected admits(): boolean {
    return this.mode === 'auto' ? this.alarmed().length <= this.thresholds.closeAbove * this.lanes.length : this.mode === 'open';
  }

  getContentionStatus(): ContentionStatus {
    return { partitions: this.lanes.length, alarmed: this.alarmed(), admission: this.admits() ? 'open' : 'closed', mode: this.mode };
  }

  resetStats(): void {
    for (const lane of this.lanes) lane.gauge.reset();
  }

  setAdmission(mode: AdmissionMode): void {
    if (mode !== 'auto' && mode !== 'open' && mode !== 'closed') throw new Refusal('invalid_argument');
    this.mode = mode;
  }

  slowCommit(ms: number): void {
    this.slowMs = ms;
  }

  /* ---- closing */

  close(): Promise<void> {
    if (this.closed) return Promise.resolve();
    this.closed = true;
    for (const lane of this.lanes) {
      if (lane.commitTimer !== undefined) this.clock.clearTimeout(lane.commitTimer.timer);
      lane.commitTimer = undefined;
      const unfinished = lane.committing;
      lane.committing = [];
      for (const write of unfinished) write.fail(new Refusal('registry_closed'));
      for (let write = lane.waiting.shift(); write !== undefined; write = lane.waiting.shift()) write.fail(new Refusal('registry_closed'));
      this.tend(lane);
    }
    for (const namespace of ['server', 'transport'] as const) {
      for (const tenure of [...this.names[namespace].values()]) this.end(tenure);
    }
    return Promise.resolve();
  }
}

/** Another turn of the event loop. */
export const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/* ---------------------------------------------------------------- other correct ones */

/** Group commit: all that waits goes to the store at once. What cannot be done is refused when it is applied, each on its own. */
export class Grouped extends Lanes {
  protected override take(lane: Lane): readonly Write[] {
    const batch: Write[] = [];
    for (let write = lane.waiting.shift(); write !== undefined; write = lane.waiting.shift()) batch.push(write);
    return batch;
  }
  protected override begin(lane: Lane, batch: readonly Write[]): void {
    this.persist(lane, batch);
  }
}

/** A write whose lane is free and whose store is quick has been done when the call returns. */
export class Prompt extends Lanes {
  protected override wake(lane: Lane): void {
    this.run(lane);
  }
}

/** Reads and routing answer through promises, from the state at the call. */
export class Deferred extends Lanes {
  override async findServer(id: string): Promise<Registration | undefined> {
    return this.find('server', id);
  }
  override async findTransport(id: string): Promise<Registration | undefined> {
    return this.find('transport', id);
  }
  override async listServers(): Promise<readonly Registration[]> {
    return this.list('server');
  }
  override async listTransports(): Promise<readonly Registration[]> {
    return this.list('transport');
  }
  override async getServerForTransport(transportId: string): Promise<string | undefined> {
    return this.boundTo(transportId);
  }
  override async routeToServer(serverId: string, transportId: string, message: unknown): Promise<number> {
    return super.routeToServer(serverId, transportId, message);
  }
  override async routeToTransport(transportId: string | typeof broadcast, serverId: string, message: unknown): Promise<number> {
    return super.routeToTransport(transportId, serverId, message);
  }
}

/** A bind is meant for the incarnation of the server that was there when its turn came: if that has ended, it is refused. */
export class Faithful extends Lanes {
  protected override planBind(id: string, serverId: string): Plan {
    const plan = super.planBind(id, serverId);
    let meant: Tenure | undefined;
    return {
      ...plan,
      check: () => {
        plan.check();
        const server = this.holder('server', serverId);
        meant ??= server;
        if (meant !== server) throw new Refusal('server_not_found');
      },
    };
  }
}

/** A broadcast to many goes out over several turns of the event loop and answers after the last; what the same server routes meanwhile queues behind it. */
export class Chunked extends Lanes {
  protected readonly chunk: number = 64;
  private readonly ongoing = new Map<string, Promise<unknown>>();

  override routeToTransport(transportId: string | typeof broadcast, serverId: string, message: unknown): Answer<number> {
    checkId(serverId);
    if (transportId !== everyone) checkId(transportId);
    const before = this.ongoing.get(serverId);
    if (before === undefined) {
      const answer = super.routeToTransport(transportId, serverId, message);
      return typeof answer === 'number' ? answer : this.follow(serverId, Promise.resolve(answer));
    }
    return this.follow(serverId, before.then(() => super.routeToTransport(transportId, serverId, message)));
  }

  private follow(serverId: string, answer: Promise<number>): Promise<number> {
    const over = answer.then(ignore, ignore).then(() => {
      if (this.ongoing.get(serverId) === over) this.ongoing.delete(serverId);
    });
    this.ongoing.set(serverId, over);
    return answer;
  }

  protected override spread(server: Tenure, message: unknown): Answer<number> {
    return this.roster(server).length <= this.chunk ? super.spread(server, message) : this.spreadSlowly(server, message);
  }

  private async spreadSlowly(server: Tenure, message: unknown): Promise<number> {
    const roster = this.roster(server);
    for (let at = 0; at < roster.length; at += this.chunk) {
      if (at > 0) await turn();
      for (const tie of roster.slice(at, at + this.chunk)) {
        if (this.wanted(tie)) this.hand(tie.transport, server.id, message);
      }
    }
    return roster.length;
  }

  protected wanted(tie: Tie): boolean {
    return !this.gone(tie.transport);
  }
}

/* ---------------------------------------------------------------- adapters */

export function adapterOf(name: string, make: (options: OpenOptions) => Lanes): Adapter {
  return { name, version: '1', features: ['partitions', 'thresholds', 'virtual-time', 'slow-commit'], open: make };
}
