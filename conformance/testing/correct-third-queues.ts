import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { MessageChannel } from 'node:worker_threads';
import { broadcast, defaultThresholds, type AdmissionMode, type Config, type ContentionStatus, type Endpoint, type ErrorCode, type Namespace, type Registration } from '../../spec/index.js';
import type { Subject } from '../contract.js';
import { seeded } from './correct-parts.js';
import { alarmedOf, bare, copyConfig, fnv, hand, isEndpoint, isId, Meter, needMode, noop, refuse, statsOf, type RegistryError, type Token } from './correct-third-base.js';

/** Registries in which everything that writes passes one place, whatever its id: a queue, a lock, a log. All live by real time. */

const realTime = (): number => performance.now();

// ---- A queue.

/** An error that keeps its code to itself, and tells it by a getter. */
class Refusal extends Error {
  readonly #code: ErrorCode;

  constructor(code: ErrorCode) {
    super();
    this.#code = code;
  }

  get code(): ErrorCode {
    return this.#code;
  }

  override get message(): string {
    return `refused, ${this.#code}`;
  }
}

class QueuedNames extends Map<string, QueuedEntry> {
  up(id: string): QueuedEntry | undefined {
    const x = this.get(id);
    return x?.up() ? x : undefined;
  }
}

class List<T> extends Array<T> {}

class QueuedEntry {
  server: QueuedEntry | undefined;

  constructor(
    readonly ns: Namespace,
    readonly id: string,
    readonly endpoint: Endpoint,
    public config: Config,
  ) {}

  up(): boolean {
    return !this.endpoint.signal.aborted;
  }
}

class FrozenRegistration implements Registration {
  readonly id: string;
  readonly endpoint: Endpoint;
  readonly config: Config;

  constructor(x: QueuedEntry) {
    this.id = x.id;
    this.endpoint = x.endpoint;
    this.config = copyConfig(x.config, { freeze: true });
    Object.freeze(this);
  }
}

/**
 * One queue for all: writes, reads, routing, closing; up to four of them are served in a turn of the event loop, each answered when it
 * has been done. A "down" is in the queue too, but nothing shows an endpoint that is down in the meantime. One partition, whose alarm is
 * worked out but whose statistics are not offered. Subclasses of Map and Array; errors with a getter for the code.
 */
export class QueueEverything implements Subject {
  readonly #queue: (() => void)[] = [];
  #running = false;
  readonly #servers = new QueuedNames();
  readonly #transports = new QueuedNames();
  readonly #listeners = new Map<Endpoint, { count: number; readonly listener: () => void }>();
  readonly #meter = new Meter(0, defaultThresholds, realTime);
  #mode: AdmissionMode = 'auto';
  #closed = false;

  #later<T>(work: () => T, token?: Token): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#queue.push(() => {
        try {
          const value = work();
          if (token !== undefined) this.#meter.commit(token);
          resolve(value);
        } catch (error) {
          if (token !== undefined) this.#meter.drop(token);
          reject(error);
        }
      });
      if (this.#queue.length === 1 && !this.#running) setImmediate(() => this.#serve());
    });
  }

  #serve(): void {
    this.#running = true;
    for (let i = 0; i < 4 && this.#queue.length > 0; i++) this.#queue.shift()!();
    this.#running = false;
    if (this.#queue.length > 0) setImmediate(() => this.#serve());
  }

  #check(...ids: readonly unknown[]): void {
    for (const id of ids) if (!isId(id)) throw new Refusal('invalid_argument');
  }

  async #write(step: () => void): Promise<void> {
    return this.#later(() => {
      if (this.#closed) throw new Refusal('registry_closed');
      step();
    }, this.#meter.begin());
  }

  #names(ns: Namespace): QueuedNames {
    return ns === 'server' ? this.#servers : this.#transports;
  }

  #end(x: QueuedEntry): void {
    if (this.#names(x.ns).get(x.id) !== x) return;
    this.#names(x.ns).delete(x.id);
    const listening = this.#listeners.get(x.endpoint);
    if (listening === undefined || --listening.count > 0) return;
    this.#listeners.delete(x.endpoint);
    x.endpoint.signal.removeEventListener('abort', listening.listener);
  }

  #swept(endpoint: Endpoint): void {
    for (const names of [this.#servers, this.#transports]) for (const x of [...names.values()]) if (x.endpoint === endpoint) this.#end(x);
  }

  #admission(): 'open' | 'closed' {
    return this.#mode === 'auto' ? (this.#meter.alarm() ? 'closed' : 'open') : this.#mode;
  }

  async #register(ns: Namespace, id: string, endpoint: Endpoint, config?: Config): Promise<void> {
    this.#check(id);
    if (!isEndpoint(endpoint)) throw new Refusal('invalid_argument');
    const own = copyConfig(config);
    const wanted = ns === 'transport' && Object.hasOwn(own, 'serverId') ? (own['serverId'] as string) : undefined;
    if (wanted !== undefined) this.#check(wanted);
    return this.#write(() => {
      if (this.#names(ns).up(id)) throw new Refusal('already_registered');
      if (this.#admission() === 'closed') throw new Refusal('admission_control_active');
      if (endpoint.signal.aborted) throw new Refusal('endpoint_down');
      const ghost = this.#names(ns).get(id);
      if (ghost !== undefined) this.#end(ghost);
      const x = new QueuedEntry(ns, id, endpoint, own);
      if (wanted !== undefined) x.server = this.#servers.up(wanted);
      this.#names(ns).set(id, x);
      const listening = this.#listeners.get(endpoint);
      if (listening !== undefined) listening.count += 1;
      else {
        const listener = (): void => void this.#later(() => this.#swept(endpoint));
        this.#listeners.set(endpoint, { count: 1, listener });
        endpoint.signal.addEventListener('abort', listener, { once: true });
      }
    });
  }

  async #unregister(ns: Namespace, id: string): Promise<void> {
    this.#check(id);
    return this.#write(() => {
      const x = this.#names(ns).get(id);
      if (x !== undefined) this.#end(x);
    });
  }

  async #find(ns: Namespace, id: string): Promise<Registration | undefined> {
    this.#check(id);
    return this.#later(() => {
      const x = this.#names(ns).up(id);
      return x && new FrozenRegistration(x);
    });
  }

  #list(ns: Namespace): Promise<readonly Registration[]> {
    return this.#later(() =>
      List.from(
        [...this.#names(ns).values()].filter((x) => x.up()),
        (x) => new FrozenRegistration(x),
      ),
    );
  }

  #serverOf(x: QueuedEntry | undefined): QueuedEntry | undefined {
    return x?.server !== undefined && this.#servers.up(x.server.id) === x.server ? x.server : undefined;
  }

  #send(x: QueuedEntry, from: string, message: unknown): number {
    try {
      const result = x.endpoint.send(Object.freeze({ namespace: x.ns, to: x.id, from, message, at: performance.now() }));
      Promise.resolve(result).then(undefined, noop);
    } catch {
      return 0;
    }
    return 1;
  }

  #one(ns: Namespace, to: string, from: string, message: unknown): Promise<number> {
    return this.#later(() => {
      const x = this.#names(ns).up(to);
      return x === undefined ? 0 : this.#send(x, from, message);
    });
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
    this.#check(id);
    const own = copyConfig(config);
    return this.#write(() => {
      const x = this.#servers.up(id);
      if (x === undefined) throw new Refusal('server_not_found');
      x.config = own;
    });
  }

  findServer(id: string): Promise<Registration | undefined> {
    return this.#find('server', id);
  }

  findTransport(id: string): Promise<Registration | undefined> {
    return this.#find('transport', id);
  }

  listServers(): Promise<readonly Registration[]> {
    return this.#list('server');
  }

  listTransports(): Promise<readonly Registration[]> {
    return this.#list('transport');
  }

  async bindTransportToServer(transportId: string, serverId: string): Promise<void> {
    this.#check(transportId, serverId);
    return this.#write(() => {
      const server = this.#servers.up(serverId);
      if (server === undefined) throw new Refusal('server_not_found');
      const x = this.#transports.up(transportId);
      if (x === undefined) throw new Refusal('transport_not_found');
      x.server = server;
    });
  }

  async unbindTransport(id: string): Promise<void> {
    this.#check(id);
    return this.#write(() => {
      const x = this.#transports.up(id);
      if (x !== undefined) x.server = undefined;
    });
  }

  async getServerForTransport(id: string): Promise<string | undefined> {
    this.#check(id);
    return this.#later(() => this.#serverOf(this.#transports.up(id))?.id);
  }

  async routeToServer(serverId: string, transportId: string, message: unknown): Promise<number> {
    this.#check(serverId, transportId);
    return this.#one('server', serverId, transportId, message);
  }

  async routeToTransport(transportId: string | typeof broadcast, serverId: string, message: unknown): Promise<number> {
    this.#check(serverId);
    if (transportId !== broadcast) {
      this.#check(transportId);
      return this.#one('transport', transportId, serverId, message);
    }
    return this.#later(() => {
      const server = this.#servers.up(serverId);
      const to = server === undefined ? [] : [...this.#transports.values()].filter((x) => x.up() && x.server === server);
      let n = 0;
      // Within a turn of the queue only a "down" can come in between.
      for (const x of to.reverse()) n += x.up() ? this.#send(x, serverId, message) : 1;
      return n;
    });
  }

  getContentionStatus(): Promise<ContentionStatus> {
    return this.#later(() => ({ partitions: 1, alarmed: this.#meter.alarm() ? [0] : [], admission: this.#admission(), mode: this.#mode }));
  }

  async setAdmission(mode: AdmissionMode): Promise<void> {
    if (!['open', 'auto', 'closed'].includes(mode)) throw new Refusal('invalid_argument');
    return this.#later(() => {
      this.#mode = mode;
    });
  }

  close(): Promise<void> {
    return this.#later(() => {
      this.#closed = true;
      for (const [endpoint, { listener }] of this.#listeners) endpoint.signal.removeEventListener('abort', listener);
      this.#listeners.clear();
      this.#servers.clear();
      this.#transports.clear();
    });
  }
}

// ---- A lock.

const lockedPartitions = 7;
const lockedPartitionOf = (id: string): number => Number(createHash('sha1').update(Buffer.from(id, 'utf8')).digest().readBigUInt64LE(3) % BigInt(lockedPartitions));

function must(ok: boolean, code: ErrorCode = 'invalid_argument'): asserts ok {
  if (!ok) throw refuse(code);
}

class Mutex {
  #tail: Promise<void> = Promise.resolve();

  hold<T>(work: () => T | Promise<T>): Promise<T> {
    const mine = this.#tail.then(work);
    this.#tail = mine.then(noop, noop);
    return mine;
  }
}

interface Locked {
  readonly ns: Namespace;
  readonly id: string;
  readonly endpoint: Endpoint;
  config: Config;
}

interface Awaiting {
  readonly from: string;
  readonly message: unknown;
  readonly resolve: (handed: boolean) => void;
}

/**
 * One mutex for everything that writes, closing too; a write takes 1 to 3 ms of real time while it holds it. Seven partitions, for the
 * statistics only, by a modulus of SHA-1. Alarms by a timer that polls while there is something to watch. Deliveries wait in a queue per
 * recipient, and the routing call is answered when its own has been handed over. Async functions only; null for nothing.
 */
export class SlowGlobalLock implements Subject {
  readonly #mutex = new Mutex();
  readonly #byEndpoint = new Map<Endpoint, { readonly names: Set<Locked>; readonly forget: () => void }>();
  readonly #servers = new Map<string, Locked>();
  readonly #transports = new Map<string, Locked>();
  /** Of a transport, the server. */
  readonly #bindings = new Map<Locked, Locked>();
  /** What waits for a recipient. */
  readonly #queues = new Map<Locked, Awaiting[]>();
  readonly #meters = Array.from({ length: lockedPartitions }, (_, i) => new Meter(i, defaultThresholds, realTime));
  #alarms: ReadonlySet<number> = new Set();
  #poll: NodeJS.Timeout | undefined;
  #mode: AdmissionMode = 'auto';
  #closed = false;
  readonly #random = seeded(7);

  #watch(): void {
    this.#alarms = new Set(alarmedOf(this.#meters));
    if (this.#poll !== undefined) return;
    this.#poll = setTimeout(() => {
      this.#poll = undefined;
      this.#alarms = new Set(alarmedOf(this.#meters));
      if (this.#meters.some(({ inFlight, window }) => inFlight.size > 0 || window.length > 0)) this.#watch();
    }, 40);
    this.#poll.unref();
  }

  async #write(id: string, step: () => void): Promise<void> {
    const meter = this.#meters[lockedPartitionOf(id)]!;
    const token = meter.begin();
    try {
      await this.#mutex.hold(async () => {
        await sleep(1 + this.#random() * 2);
        must(!this.#closed, 'registry_closed');
        step();
        meter.commit(token);
      });
    } finally {
      meter.drop(token);
      this.#watch();
    }
  }

  #table(ns: Namespace): Map<string, Locked> {
    return ns === 'server' ? this.#servers : this.#transports;
  }

  #get(ns: Namespace, id: string): Locked | undefined {
    const x = this.#table(ns).get(id);
    return x === undefined || x.endpoint.signal.aborted ? undefined : x;
  }

  #is(x: Locked): boolean {
    return this.#get(x.ns, x.id) === x;
  }

  #bound(x: Locked | undefined): Locked | undefined {
    const server = x && this.#bindings.get(x);
    return server !== undefined && this.#is(server) ? server : undefined;
  }

  #delete(x: Locked): void {
    const table = this.#table(x.ns);
    if (table.get(x.id) === x) table.delete(x.id);
    this.#bindings.delete(x);
    if (x.ns === 'server') for (const [transport, server] of this.#bindings) if (server === x) this.#bindings.delete(transport);
    const mine = this.#byEndpoint.get(x.endpoint);
    if (mine === undefined) return;
    mine.names.delete(x);
    if (mine.names.size === 0) {
      mine.forget();
      this.#byEndpoint.delete(x.endpoint);
    }
  }

  #admitted(): boolean {
    return this.#mode === 'auto' ? this.#alarms.size * 2 <= lockedPartitions : this.#mode === 'open';
  }

  async #register(ns: Namespace, id: string, endpoint: Endpoint, config?: Config): Promise<void> {
    must(isId(id));
    must(isEndpoint(endpoint));
    const own = copyConfig(config);
    const wanted = ns === 'transport' && Object.hasOwn(own, 'serverId');
    if (wanted) must(isId(own['serverId']));
    must(!endpoint.signal.aborted, 'endpoint_down');
    must(this.#admitted(), 'admission_control_active');
    await this.#write(id, () => {
      must(this.#mode !== 'closed', 'admission_control_active');
      must(!endpoint.signal.aborted, 'endpoint_down');
      must(this.#get(ns, id) === undefined, 'already_registered');
      const ghost = this.#table(ns).get(id);
      if (ghost !== undefined) this.#delete(ghost);
      const x: Locked = { ns, id, endpoint, config: own };
      this.#table(ns).set(id, x);
      let mine = this.#byEndpoint.get(endpoint);
      if (mine === undefined) {
        const { signal } = endpoint;
        // What is down is not shown from that moment on; it is cleared away in a microtask.
        const listener = (): void => queueMicrotask(() => this.#byEndpoint.get(endpoint)?.names.forEach((y) => this.#delete(y)));
        signal.addEventListener('abort', listener, { once: true });
        mine = { names: new Set(), forget: () => signal.removeEventListener('abort', listener) };
        this.#byEndpoint.set(endpoint, mine);
      }
      mine.names.add(x);
      if (wanted) {
        const server = this.#get('server', own['serverId'] as string);
        if (server !== undefined) this.#bindings.set(x, server);
      }
    });
  }

  async #unregister(ns: Namespace, id: string): Promise<void> {
    must(isId(id));
    await this.#write(id, () => {
      const x = this.#get(ns, id);
      if (x !== undefined) this.#delete(x);
    });
  }

  async #find(ns: Namespace, id: string): Promise<Registration | null> {
    must(isId(id));
    const x = this.#get(ns, id);
    return x ? { id, endpoint: x.endpoint, config: copyConfig(x.config, { proto: null }) } : null;
  }

  async #list(ns: Namespace): Promise<Registration[]> {
    const all = await Promise.all([...this.#table(ns).keys()].map((id) => this.#find(ns, id)));
    return all.filter((x) => x !== null);
  }

  async registerServer(...args: [id: string, endpoint: Endpoint, config?: Config]): Promise<void> {
    await this.#register('server', ...args);
  }

  async registerTransport(...args: [id: string, endpoint: Endpoint, config?: Config]): Promise<void> {
    await this.#register('transport', ...args);
  }

  async unregisterServer(id: string): Promise<void> {
    await this.#unregister('server', id);
  }

  async unregisterTransport(id: string): Promise<void> {
    await this.#unregister('transport', id);
  }

  async updateServer(id: string, config: Config): Promise<void> {
    must(isId(id));
    const own = copyConfig(config);
    await this.#write(id, () => {
      const x = this.#get('server', id);
      must(x !== undefined, 'server_not_found');
      x.config = own;
    });
  }

  async findServer(id: string): Promise<Registration | null> {
    return this.#find('server', id);
  }

  async findTransport(id: string): Promise<Registration | null> {
    return this.#find('transport', id);
  }

  async listServers(): Promise<Registration[]> {
    return this.#list('server');
  }

  async listTransports(): Promise<Registration[]> {
    return this.#list('transport');
  }

  async bindTransportToServer(transportId: string, serverId: string): Promise<void> {
    must(isId(transportId) && isId(serverId));
    await this.#write(transportId, () => {
      const server = this.#get('server', serverId);
      must(server !== undefined, 'server_not_found');
      const x = this.#get('transport', transportId);
      must(x !== undefined, 'transport_not_found');
      this.#bindings.set(x, server);
    });
  }

  async unbindTransport(id: string): Promise<void> {
    must(isId(id));
    await this.#write(id, () => {
      const x = this.#get('transport', id);
      if (x !== undefined) this.#bindings.delete(x);
    });
  }

  async getServerForTransport(id: string): Promise<string | null> {
    must(isId(id));
    return this.#bound(this.#get('transport', id))?.id ?? null;
  }

  /** Queues a delivery for an incarnation; the answer: whether it was handed over. */
  #enqueue(x: Locked, from: string, message: unknown): Promise<boolean> {
    return new Promise((resolve) => {
      let queue = this.#queues.get(x);
      if (queue === undefined) {
        const fresh: Awaiting[] = (queue = []);
        this.#queues.set(x, fresh);
        queueMicrotask(() => this.#drain(x, fresh));
      }
      queue.push({ from, message, resolve });
    });
  }

  #drain(x: Locked, queue: Awaiting[]): void {
    const next = queue.shift();
    if (next === undefined) {
      this.#queues.delete(x);
      return;
    }
    let handed = false;
    if (this.#is(x)) {
      handed = true;
      try {
        const result = x.endpoint.send({ namespace: x.ns, to: x.id, from: next.from, message: next.message });
        Promise.resolve(result).catch(noop);
      } catch {
        // counts as handed over
      }
    }
    next.resolve(handed);
    queueMicrotask(() => this.#drain(x, queue)); // one at a time
  }

  async routeToServer(serverId: string, transportId: string, message: unknown): Promise<number> {
    must(isId(serverId) && isId(transportId));
    const x = this.#get('server', serverId);
    return x !== undefined && (await this.#enqueue(x, transportId, message)) ? 1 : 0;
  }

  async routeToTransport(transportId: string | typeof broadcast, serverId: string, message: unknown): Promise<number> {
    must(isId(serverId));
    if (transportId !== broadcast) {
      must(isId(transportId));
      const x = this.#get('transport', transportId);
      return x !== undefined && (await this.#enqueue(x, serverId, message)) ? 1 : 0;
    }
    const server = this.#get('server', serverId);
    const to = server === undefined ? [] : [...this.#transports.values()].filter((x) => this.#is(x) && this.#bound(x) === server);
    await Promise.all(to.map((x) => this.#enqueue(x, serverId, message)));
    return to.length;
  }

  async getPartitionStats(partition?: number): Promise<unknown> {
    return statsOf(this.#meters, partition);
  }

  async resetStats(): Promise<void> {
    for (const meter of this.#meters) meter.reset();
    this.#watch();
  }

  async getContentionStatus(): Promise<ContentionStatus> {
    this.#watch();
    return { partitions: lockedPartitions, alarmed: [...this.#alarms].sort((a, b) => a - b), admission: this.#admitted() ? 'open' : 'closed', mode: this.#mode };
  }

  async setAdmission(mode: AdmissionMode): Promise<void> {
    needMode(mode);
    this.#mode = mode;
  }

  async close(): Promise<void> {
    await this.#mutex.hold(() => {
      if (this.#closed) return;
      this.#closed = true;
      for (const { forget } of this.#byEndpoint.values()) forget();
      this.#byEndpoint.clear();
      this.#servers.clear();
      this.#transports.clear();
      this.#bindings.clear();
    });
  }
}

// ---- A log.

const refusal = (code: ErrorCode): RegistryError => refuse(code, `the log does not take this: ${code}`);

function need(...ids: readonly unknown[]): void {
  for (const id of ids) if (!isId(id)) throw refusal('invalid_argument');
}

// One channel for all registries of this module; it keeps the process alive only while there is something to do.
const { port1, port2 } = new MessageChannel();
let due: (() => void)[] = [];
port1.on('message', () => {
  const now = due;
  due = [];
  port1.unref();
  for (const work of now) work();
});
port1.unref();

/** Does it on the next message of the channel. */
function soon(work: () => void): void {
  port1.ref();
  due.push(work);
  if (due.length === 1) port2.postMessage(0);
}

const loggedPartitions = 16;
const loggedPartitionOf = (id: string): number => fnv(id, 0x12345678) & (loggedPartitions - 1);
const keyOf = (ns: Namespace, id: string): string => `${ns === 'server' ? 's' : 't'}:${id}`;

/** Of a server, which incarnation. */
interface Bound {
  readonly id: string;
  readonly inc: number;
}

interface Logged {
  readonly inc: number;
  readonly ns: Namespace;
  readonly id: string;
  readonly endpoint: Endpoint;
  config: Config;
  to: Bound | undefined;
}

type LogEvent =
  | ({ readonly type: 'registered' } & Readonly<Logged>)
  | { readonly type: 'ended'; readonly ns: Namespace; readonly id: string; readonly inc: number }
  | { readonly type: 'updated'; readonly id: string; readonly config: Config }
  | { readonly type: 'bound'; readonly id: string; readonly to: Bound | undefined }
  | { readonly type: 'closed' }
  | { readonly type: 'admission'; readonly mode: AdmissionMode };

/** The state that a log makes. */
class LoggedState {
  entries = bare<Record<string, Logged>>({});
  closed = false;
  mode: AdmissionMode = 'auto';

  apply(event: LogEvent): void {
    switch (event.type) {
      case 'registered': {
        const { inc, ns, id, endpoint, config, to } = event;
        this.entries[keyOf(ns, id)] = { inc, ns, id, endpoint, config, to };
        break;
      }
      case 'ended': {
        const key = keyOf(event.ns, event.id);
        if (this.entries[key]?.inc === event.inc) Reflect.deleteProperty(this.entries, key);
        break;
      }
      case 'updated':
        this.entries[keyOf('server', event.id)]!.config = event.config;
        break;
      case 'bound':
        this.entries[keyOf('transport', event.id)]!.to = event.to;
        break;
      case 'closed':
        this.entries = bare({});
        this.closed = true;
        break;
      case 'admission':
        this.mode = event.mode;
        break;
    }
  }
}

/** Decides, and gives the answer to be made when the whole batch has been decided. */
type Undecided = () => () => void;

/**
 * A write-ahead log: writes and routing calls gather in a batch, which is decided, appended to the log and answered in one go on the next
 * message of a MessageChannel. The state is a fold of the log; the log is compacted. Reads are answered by value from the state. Real
 * time. One table without a prototype, keyed by prefixed ids; native promises; what a lookup gives has no prototype either.
 */
export class GroupCommit implements Subject {
  readonly #state = new LoggedState();
  #log: (LogEvent & { readonly seq: number })[] = [];
  #seq = 0;
  #batch: Undecided[] = [];
  readonly #listening = new Map<Endpoint, { names: number; readonly listener: () => void }>();
  readonly #meters = Array.from({ length: loggedPartitions }, (_, i) => new Meter(i, defaultThresholds, realTime));

  #append(...events: readonly LogEvent[]): void {
    for (const event of events) {
      this.#log.push(Object.freeze({ ...event, seq: ++this.#seq }));
      this.#state.apply(event);
    }
    if (this.#log.length > 1000) this.#log = []; // the state is the snapshot
  }

  #live(ns: Namespace, id: string): Logged | undefined {
    const x = this.#state.entries[keyOf(ns, id)];
    return x === undefined || x.endpoint.signal.aborted ? undefined : x;
  }

  #boundTo(x: Logged | undefined): Logged | undefined {
    if (x?.to === undefined) return undefined;
    const server = this.#live('server', x.to.id);
    return server?.inc === x.to.inc ? server : undefined;
  }

  #listen(endpoint: Endpoint): void {
    const listening = this.#listening.get(endpoint);
    if (listening !== undefined) {
      listening.names += 1;
      return;
    }
    const listener = (): void => {
      this.#listening.delete(endpoint);
      endpoint.signal.removeEventListener('abort', listener);
      const mine = Object.values(this.#state.entries).filter((x) => x.endpoint === endpoint);
      this.#append(...mine.map(({ ns, id, inc }) => ({ type: 'ended', ns, id, inc }) as const));
    };
    this.#listening.set(endpoint, { names: 1, listener });
    endpoint.signal.addEventListener('abort', listener);
  }

  #unlisten(endpoint: Endpoint): void {
    const listening = this.#listening.get(endpoint);
    if (listening === undefined || --listening.names > 0) return;
    this.#listening.delete(endpoint);
    endpoint.signal.removeEventListener('abort', listening.listener);
  }

  #end(x: Logged): void {
    this.#append({ type: 'ended', ns: x.ns, id: x.id, inc: x.inc });
    this.#unlisten(x.endpoint);
  }

  #submit<T>(decide: () => T, meter?: Meter, token?: Token): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#batch.push(() => {
        try {
          const value = decide();
          if (token !== undefined) meter?.commit(token);
          return () => resolve(value);
        } catch (error) {
          if (token !== undefined) meter?.drop(token);
          return () => reject(error);
        }
      });
      if (this.#batch.length === 1) soon(() => this.#flush());
    });
  }

  #flush(): void {
    const batch = this.#batch;
    this.#batch = [];
    const answers = batch.map((decide) => decide());
    for (const answer of answers) answer(); // all of them when the whole batch is on disk, so to speak
  }

  #write(id: string, decide: () => void): Promise<void> {
    const meter = this.#meters[loggedPartitionOf(id)]!;
    return this.#submit(
      () => {
        if (this.#state.closed) throw refusal('registry_closed');
        decide();
      },
      meter,
      meter.begin(),
    );
  }

  #admitted(): boolean {
    const { mode } = this.#state;
    return mode === 'open' || (mode === 'auto' && alarmedOf(this.#meters).length * 2 <= loggedPartitions);
  }

  async #register(ns: Namespace, id: string, endpoint: Endpoint, config?: Config): Promise<void> {
    need(id);
    if (!isEndpoint(endpoint)) throw refusal('invalid_argument');
    const own = copyConfig(config);
    const wants = ns === 'transport' && Object.hasOwn(own, 'serverId');
    if (wants) need(own['serverId']);
    await this.#write(id, () => {
      if (!this.#admitted()) throw refusal('admission_control_active');
      if (endpoint.signal.aborted) throw refusal('endpoint_down');
      if (this.#live(ns, id) !== undefined) throw refusal('already_registered');
      const ghost = this.#state.entries[keyOf(ns, id)];
      if (ghost !== undefined) this.#end(ghost);
      const server = wants ? this.#live('server', own['serverId'] as string) : undefined;
      const to = server && { id: server.id, inc: server.inc };
      this.#append({ type: 'registered', ns, id, endpoint, config: own, to, inc: this.#seq + 1 });
      this.#listen(endpoint);
    });
  }

  async #unregister(ns: Namespace, id: string): Promise<void> {
    need(id);
    await this.#write(id, () => {
      const x = this.#state.entries[keyOf(ns, id)];
      if (x !== undefined) this.#end(x);
    });
  }

  #show(x: Logged): Registration {
    return bare({ id: x.id, endpoint: x.endpoint, config: copyConfig(x.config, { proto: null }) });
  }

  #find(ns: Namespace, id: string): Registration | undefined {
    need(id);
    const x = this.#live(ns, id);
    return x && this.#show(x);
  }

  #list(ns: Namespace): Registration[] {
    return Object.values(this.#state.entries)
      .filter((x) => x.ns === ns && !x.endpoint.signal.aborted)
      .map((x) => this.#show(x));
  }

  registerServer = (id: string, endpoint: Endpoint, config?: Config): Promise<void> => this.#register('server', id, endpoint, config);
  registerTransport = (id: string, endpoint: Endpoint, config?: Config): Promise<void> => this.#register('transport', id, endpoint, config);
  unregisterServer = (id: string): Promise<void> => this.#unregister('server', id);
  unregisterTransport = (id: string): Promise<void> => this.#unregister('transport', id);
  findServer = (id: string): Registration | undefined => this.#find('server', id);
  findTransport = (id: string): Registration | undefined => this.#find('transport', id);
  listServers = (): Registration[] => this.#list('server');
  listTransports = (): Registration[] => this.#list('transport');

  async updateServer(id: string, config: Config): Promise<void> {
    need(id);
    const own = copyConfig(config);
    await this.#write(id, () => {
      if (this.#live('server', id) === undefined) throw refusal('server_not_found');
      this.#append({ type: 'updated', id, config: own });
    });
  }

  async bindTransportToServer(transportId: string, serverId: string): Promise<void> {
    need(transportId, serverId);
    await this.#write(transportId, () => {
      const server = this.#live('server', serverId);
      if (server === undefined) throw refusal('server_not_found');
      if (this.#live('transport', transportId) === undefined) throw refusal('transport_not_found');
      this.#append({ type: 'bound', id: transportId, to: { id: server.id, inc: server.inc } });
    });
  }

  async unbindTransport(id: string): Promise<void> {
    need(id);
    await this.#write(id, () => {
      if (this.#live('transport', id) !== undefined) this.#append({ type: 'bound', id, to: undefined });
    });
  }

  getServerForTransport(id: string): string | undefined {
    need(id);
    return this.#boundTo(this.#live('transport', id))?.id;
  }

  #route(ns: Namespace, to: string, from: string, message: unknown): Promise<number> {
    return this.#submit(() => {
      const x = this.#live(ns, to);
      if (x === undefined) return 0;
      hand(x.endpoint, { namespace: ns, to, from, message });
      return 1;
    });
  }

  async routeToServer(serverId: string, transportId: string, message: unknown): Promise<number> {
    need(serverId, transportId);
    return this.#route('server', serverId, transportId, message);
  }

  async routeToTransport(transportId: string | typeof broadcast, serverId: string, message: unknown): Promise<number> {
    need(serverId);
    if (transportId !== broadcast) {
      need(transportId);
      return this.#route('transport', transportId, serverId, message);
    }
    return this.#submit(() => {
      const server = this.#live('server', serverId);
      const all = server === undefined ? [] : Object.values(this.#state.entries).filter((x) => x.to?.inc === server.inc && !x.endpoint.signal.aborted);
      for (const x of all) if (this.#live(x.ns, x.id)?.inc === x.inc) hand(x.endpoint, { namespace: 'transport', to: x.id, from: serverId, message });
      return all.length;
    });
  }

  getPartitionStats(partition?: number): unknown {
    return statsOf(this.#meters, partition);
  }

  resetStats(): void {
    for (const meter of this.#meters) meter.reset();
  }

  getContentionStatus(): ContentionStatus {
    return { partitions: loggedPartitions, alarmed: alarmedOf(this.#meters), admission: this.#admitted() ? 'open' : 'closed', mode: this.#state.mode };
  }

  setAdmission(mode: AdmissionMode): void {
    needMode(mode);
    this.#append({ type: 'admission', mode });
  }

  /** Comes after all that is in the batch. */
  async close(): Promise<void> {
    await this.#submit(() => {
      if (this.#state.closed) return;
      for (const [endpoint, { listener }] of this.#listening) endpoint.signal.removeEventListener('abort', listener);
      this.#listening.clear();
      this.#append({ type: 'closed' });
      this.#log = [];
    });
  }
}
