import { broadcast, type AdmissionMode, type Clock, type Config, type ContentionStatus, type Delivery, type Endpoint, type ErrorCode, type Namespace, type PartitionStats, type Registration, type Thresholds } from '../../spec/index.js';
import type { OpenOptions, Subject } from '../contract.js';
import { seeded } from './correct-parts.js';
import { alarmedOf, bare, copyConfig, cyrb53, fnv, hand, isEndpoint, isId, Meter, mix32, needEndpoint, needId, needMode, noop, partitionCount, refuse, serverIdOf, statsOf, thresholdsOf, type RegistryError, type Token } from './correct-third-base.js';

/** Registries with a lane for each partition, in which writes wait for their turn: as promises, as queues with timers, as actors. */

// ---- Promises.

interface Chained {
  readonly ns: Namespace;
  readonly endpoint: Endpoint;
  view: Registration;
  server: Chained | undefined;
  readonly clients: Set<Chained>;
}

/** The incarnations of an endpoint; the set has the listener. */
type HeldNames = Set<Chained> & { readonly listener: () => void };

/**
 * A lane of promises per partition, slow commits by the clock, frozen live registrations; alarm and admission worked out on demand,
 * admission at the call and at the commit; close waits for what is on its way and takes effect after it. Tells who waits for whom.
 */
export function promiseLanes(options: OpenOptions): Subject {
  const { clock } = options;
  const n = partitionCount(options.partitions);
  const thresholds = thresholdsOf(options);
  const lanes = Array.from({ length: n }, (_, i) => ({ tail: Promise.resolve(), meter: new Meter(i, thresholds, () => clock.now()), queue: [] as string[] }));
  const meters = lanes.map(({ meter }) => meter);
  const tables = { server: new Map<string, Chained>(), transport: new Map<string, Chained>() };
  const held = new Map<Endpoint, HeldNames>();
  let slow = 0;
  let mode: AdmissionMode = 'auto';
  let closed = false;
  let closing: Promise<void> | undefined;
  let calls = 0;

  const laneOf = (id: string): (typeof lanes)[number] => lanes[Math.floor((fnv(id) / 2 ** 32) * n)]!; // by ranges of the hash
  const current = (ns: Namespace, id: string): Chained | undefined => {
    const x = tables[ns].get(id);
    return x === undefined || x.endpoint.signal.aborted ? undefined : x;
  };
  const isCurrent = (x: Chained | undefined): boolean => x !== undefined && current(x.ns, x.view.id) === x;
  const serverOf = (x: Chained | undefined): Chained | undefined => (x !== undefined && isCurrent(x.server) ? x.server : undefined);
  const drop = (x: Chained): void => {
    if (tables[x.ns].get(x.view.id) === x) tables[x.ns].delete(x.view.id);
    x.server?.clients.delete(x);
    const names = held.get(x.endpoint);
    if (names?.delete(x) && names.size === 0) {
      held.delete(x.endpoint);
      x.endpoint.signal.removeEventListener('abort', names.listener);
    }
  };
  const put = (x: Chained): void => {
    const old = tables[x.ns].get(x.view.id);
    if (old !== undefined) drop(old); // one whose endpoint is down
    tables[x.ns].set(x.view.id, x);
    let names = held.get(x.endpoint);
    if (names === undefined) {
      const mine: HeldNames = Object.assign(new Set<Chained>(), {
        listener: () => {
          for (const y of [...mine]) drop(y);
        },
      });
      names = mine;
      held.set(x.endpoint, names);
      x.endpoint.signal.addEventListener('abort', names.listener, { once: true });
    }
    names.add(x);
  };
  const alarmed = (): number[] => alarmedOf(meters);
  const admitted = (): boolean => (mode === 'auto' ? alarmed().length <= thresholds.closeAbove * n : mode === 'open');
  const needAdmission = (): void => {
    if (!admitted()) throw refuse('admission_control_active');
  };
  const sleep = (ms: number): Promise<void> => new Promise((resolve) => clock.setTimeout(resolve, ms));

  /** A write: waits in one lane, then takes effect in one step, which says whether it counts. */
  const write = (label: string, id: string, step: () => unknown): Promise<void> => {
    const lane = laneOf(id);
    const token = lane.meter.begin();
    const me = `${label} #${++calls}`;
    lane.queue.push(me);
    const done = lane.tail.then(async () => {
      try {
        if (slow > 0) await sleep(slow);
        if (closed) throw refuse('registry_closed');
        if (step() === false) lane.meter.drop(token);
        else lane.meter.commit(token);
      } finally {
        lane.meter.drop(token);
        lane.queue.shift();
      }
    });
    lane.tail = done.catch(noop);
    return done;
  };
  const attach = (x: Chained, server: Chained | undefined): void => {
    x.server?.clients.delete(x);
    x.server = server;
    server?.clients.add(x);
  };
  const register =
    (ns: Namespace) =>
    async (id: string, endpoint: Endpoint, config?: Config): Promise<void> => {
      needId(id);
      needEndpoint(endpoint);
      const own = copyConfig(config, { freeze: true });
      const serverId = ns === 'transport' ? serverIdOf(own) : undefined;
      if (closed) throw refuse('registry_closed');
      needAdmission();
      const x: Chained = { ns, endpoint, view: Object.freeze({ id, endpoint, config: own }), server: undefined, clients: new Set() };
      return write(`register ${ns} ${id}`, id, () => {
        if (endpoint.signal.aborted) throw refuse('endpoint_down');
        if (current(ns, id) !== undefined) throw refuse('already_registered');
        needAdmission();
        put(x);
        if (serverId !== undefined) attach(x, current('server', serverId));
      });
    };
  const unregister =
    (ns: Namespace) =>
    async (id: string): Promise<void> => {
      needId(id);
      if (closed) throw refuse('registry_closed');
      return write(`unregister ${ns} ${id}`, id, () => {
        const x = current(ns, id);
        if (x === undefined) return false; // not a write
        drop(x);
        return true;
      });
    };
  const find =
    (ns: Namespace) =>
    (id: string): Registration | undefined => {
      needId(id);
      return current(ns, id)?.view;
    };
  const list = (ns: Namespace) => (): readonly Registration[] =>
    Object.freeze([...tables[ns].keys()].map((id) => current(ns, id)?.view).filter((view) => view !== undefined));
  const one = (ns: Namespace, to: string, from: string, message: unknown): number => {
    const x = current(ns, to);
    if (x === undefined) return 0;
    hand(x.endpoint, Object.freeze({ namespace: ns, to, from, message }));
    return 1;
  };

  return {
    registerServer: register('server'),
    registerTransport: register('transport'),
    unregisterServer: unregister('server'),
    unregisterTransport: unregister('transport'),
    findServer: find('server'),
    findTransport: find('transport'),
    listServers: list('server'),
    listTransports: list('transport'),
    async updateServer(id, config) {
      needId(id);
      const own = copyConfig(config, { freeze: true });
      return write(`update ${id}`, id, () => {
        const x = current('server', id);
        if (x === undefined) throw refuse('server_not_found');
        x.view = Object.freeze({ id, endpoint: x.endpoint, config: own });
      });
    },
    async bindTransportToServer(transportId, serverId) {
      needId(transportId, serverId);
      return write(`bind ${transportId} to ${serverId}`, transportId, () => {
        const server = current('server', serverId);
        if (server === undefined) throw refuse('server_not_found');
        const x = current('transport', transportId);
        if (x === undefined) throw refuse('transport_not_found');
        attach(x, server);
      });
    },
    async unbindTransport(id) {
      needId(id);
      return write(`unbind ${id}`, id, () => {
        const x = current('transport', id);
        if (x === undefined || serverOf(x) === undefined) return false;
        attach(x, undefined);
        return true;
      });
    },
    getServerForTransport(id) {
      needId(id);
      return serverOf(current('transport', id))?.view.id;
    },
    routeToServer(serverId, transportId, message) {
      needId(serverId, transportId);
      return one('server', serverId, transportId, message);
    },
    routeToTransport(transportId, serverId, message) {
      needId(serverId);
      if (transportId !== broadcast) {
        needId(transportId);
        return one('transport', transportId, serverId, message);
      }
      const all = [...(current('server', serverId)?.clients ?? [])].filter(isCurrent);
      for (const x of all) if (isCurrent(x)) hand(x.endpoint, Object.freeze({ namespace: 'transport', to: x.view.id, from: serverId, message }));
      return all.length; // those that threw too
    },
    getPartitionStats: (partition) => statsOf(meters, partition),
    resetStats() {
      for (const meter of meters) meter.reset();
    },
    getContentionStatus: () => ({ partitions: n, alarmed: alarmed(), admission: admitted() ? 'open' : 'closed', mode }),
    setAdmission(wanted) {
      needMode(wanted);
      mode = wanted;
    },
    slowCommit(ms) {
      slow = ms;
    },
    waits: () => lanes.flatMap(({ queue }, i) => queue.slice(1).map((waiter, k) => ({ waiter, holder: queue[k]!, for: `lane ${i}` }))),
    close() {
      closing ??= Promise.all(lanes.map(({ tail }) => tail)).then(() => {
        closed = true;
        for (const [endpoint, names] of held) endpoint.signal.removeEventListener('abort', names.listener);
        held.clear();
        tables.server.clear();
        tables.transport.clear();
      });
      return closing;
    },
  };
}

// ---- Queues, and timers for what may change by itself.

/** How long a write may wait for its turn before it is withdrawn, in milliseconds. */
const withdrawAfterMs = 30_000;

const refused = (code: ErrorCode): RegistryError => refuse(code, `refused: ${code}`);

type Settled = { readonly as: 'done'; readonly value: unknown } | { readonly as: 'refused'; readonly error: unknown };

/** Something with `then`, and nothing else that matters; told synchronously. */
class Later<T> implements PromiseLike<T> {
  #settled: Settled | undefined;
  readonly #waiting: (() => void)[] = [];

  settle(settled: Settled): void {
    if (this.#settled !== undefined) return;
    this.#settled = settled;
    for (const tell of this.#waiting.splice(0)) tell();
  }

  then<A = T, B = never>(ok?: ((value: T) => A | PromiseLike<A>) | null, no?: ((reason: unknown) => B | PromiseLike<B>) | null): Promise<A | B> {
    return new Promise((resolve, reject) => {
      const tell = (): void => {
        const settled = this.#settled!;
        const [follow, outcome] = settled.as === 'done' ? [ok, settled.value] : [no, settled.error];
        if (typeof follow !== 'function') return settled.as === 'done' ? resolve(settled.value as A) : reject(settled.error);
        try {
          resolve((follow as (outcome: unknown) => A | B)(outcome));
        } catch (error) {
          reject(error);
        }
      };
      if (this.#settled === undefined) this.#waiting.push(tell);
      else tell();
    });
  }
}

interface Job {
  readonly at: number;
  readonly step: () => void;
  readonly later: Later<null>;
  timer: unknown;
  running: boolean;
}

/** What all lanes of a registry know of it. */
interface Owner {
  readonly clock: Clock;
  readonly limits: Thresholds;
  slow: number;
  readonly alarmsChanged: () => void;
}

class TimedLane {
  readonly queue: Job[] = [];
  busy = false;
  count = 0;
  samples: { readonly at: number; readonly ms: number }[] = [];
  alarm = false;
  timer: unknown;

  constructor(
    readonly owner: Owner,
    readonly index: number,
  ) {}

  push(step: () => void): Later<null> {
    const { clock } = this.owner;
    const job: Job = { at: clock.now(), step, later: new Later(), timer: undefined, running: false };
    this.queue.push(job);
    if (this.busy) job.timer = clock.setTimeout(() => this.#withdraw(job), withdrawAfterMs);
    this.#next();
    this.look();
    return job.later;
  }

  #withdraw(job: Job): void {
    const i = this.queue.indexOf(job);
    if (i < 0 || job.running) return;
    this.queue.splice(i, 1);
    this.look();
    job.later.settle({ as: 'refused', error: refused('write_timeout') });
  }

  #next(): void {
    const { clock } = this.owner;
    while (!this.busy && this.queue.length > 0) {
      this.busy = true;
      const job = this.queue[0]!;
      job.running = true;
      if (job.timer !== undefined) clock.clearTimeout(job.timer);
      job.timer = undefined;
      if (this.owner.slow > 0) {
        job.timer = clock.setTimeout(() => {
          this.#run(job);
          this.#next();
          this.look();
        }, this.owner.slow);
        return;
      }
      this.#run(job);
    }
  }

  #run(job: Job): void {
    let settled: Settled = { as: 'done', value: null };
    try {
      job.step();
      const now = this.owner.clock.now();
      this.count += 1;
      this.samples.push({ at: now, ms: now - job.at });
      if (this.samples.length > this.owner.limits.windowSize) this.samples.shift();
    } catch (error) {
      settled = { as: 'refused', error };
    }
    this.queue.shift();
    this.busy = false;
    this.look();
    job.later.settle(settled);
  }

  /** Refuses all that waits, and what is being written as well. */
  abandon(): void {
    const jobs = this.queue.splice(0);
    this.busy = false;
    for (const job of jobs) if (job.timer !== undefined) this.owner.clock.clearTimeout(job.timer);
    this.look();
    for (const job of jobs) job.later.settle({ as: 'refused', error: refused('registry_closed') });
  }

  prune(): void {
    const now = this.owner.clock.now();
    while (this.samples.length > 0 && now - this.samples[0]!.at >= this.owner.limits.windowMs) this.samples.shift();
  }

  get mean(): number {
    let sum = 0;
    for (const { ms } of this.samples) sum += ms;
    return this.samples.length === 0 ? 0 : sum / this.samples.length;
  }

  /** Works the alarm out, and sets a timer for when it may change by itself. */
  look(): void {
    const { clock, limits } = this.owner;
    if (this.timer !== undefined) clock.clearTimeout(this.timer);
    this.timer = undefined;
    this.prune();
    const now = clock.now();
    let next = Infinity;
    let on = this.count >= limits.minWrites && this.samples.length > 0 && this.mean > limits.alarmAboveMs;
    if (this.samples.some(({ ms }) => ms > limits.alarmAboveMs)) next = this.samples[0]!.at + limits.windowMs;
    const oldest = this.queue[0];
    if (oldest !== undefined) {
      if (now - oldest.at > limits.stuckAfterMs) on = true;
      else next = Math.min(next, oldest.at + limits.stuckAfterMs + 1);
    }
    if (on !== this.alarm) {
      this.alarm = on;
      this.owner.alarmsChanged();
    }
    if (next < Infinity) {
      this.timer = clock.setTimeout(
        () => {
          this.timer = undefined;
          this.look();
        },
        Math.max(1, next - now),
      );
    }
  }

  stats(): PartitionStats & { readonly waiting: number } {
    this.look();
    const samples = this.samples.map(({ ms }) => ms);
    return {
      partition: this.index,
      writeCount: this.count,
      sampleCount: samples.length,
      samples,
      min: samples.reduce((a, b) => Math.min(a, b), samples[0] ?? 0),
      mean: this.mean,
      max: samples.reduce((a, b) => Math.max(a, b), 0),
      alarm: this.alarm,
      waiting: this.queue.length, // more than asked for
    };
  }
}

interface Timed {
  readonly ns: Namespace;
  readonly id: string;
  readonly endpoint: Endpoint;
  config: Config;
  server: Timed | null;
  ended: boolean;
}

/** What listens to an endpoint: an object with `handleEvent`. */
interface Listening {
  readonly mine: Set<Timed>;
  readonly signal: AbortSignal;
  readonly handleEvent: () => void;
}

/**
 * Lanes as explicit queues with callbacks, home-made thenables, alarms kept by timers of the clock (none while nothing is slow),
 * admission as a flag kept up to date and consulted at the call, rendezvous hashing, null for nothing, close refuses what is on its way,
 * a write that waits half a minute for its turn is withdrawn, re-entrant routing deferred. All its operations are its own properties.
 */
export class AlarmTimers implements Subject {
  readonly #names = { server: new Map<string, Timed>(), transport: new Map<string, Timed>() };
  readonly #endpoints = new Map<Endpoint, Listening>();
  readonly #lanes: readonly TimedLane[];
  #mode: AdmissionMode = 'auto';
  #open = true;
  #closed = false;
  #routing = false;
  readonly #deferred: (() => () => void)[] = [];
  readonly owner: Owner;

  constructor(options: OpenOptions) {
    const n = partitionCount(options.partitions);
    const limits = thresholdsOf(options);
    const owner: Owner = {
      clock: options.clock,
      limits,
      slow: 0,
      alarmsChanged: () => {
        this.#open = this.#lanes.filter(({ alarm }) => alarm).length <= limits.closeAbove * n;
      },
    };
    this.#lanes = Array.from({ length: n }, (_, i) => new TimedLane(owner, i));
    this.owner = owner;
    for (const name of Object.getOwnPropertyNames(AlarmTimers.prototype)) if (name !== 'constructor') Reflect.set(this, name, (Reflect.get(this, name) as () => unknown).bind(this));
  }

  #lane(id: string): TimedLane {
    const h = cyrb53(id) >>> 0;
    let best = 0;
    let weight = -1;
    for (let i = 0; i < this.#lanes.length; i++) {
      const w = mix32(h ^ Math.imul(i + 1, 0x9e3779b1));
      if (w > weight) {
        weight = w;
        best = i;
      }
    }
    return this.#lanes[best]!;
  }

  #need(...ids: readonly unknown[]): void {
    for (const id of ids) if (!isId(id)) throw refused('invalid_argument');
  }

  #find(ns: Namespace, id: string): Timed | null {
    const x = this.#names[ns].get(id);
    return x === undefined || x.endpoint.signal.aborted ? null : x;
  }

  #is(x: Timed | null): boolean {
    return x !== null && this.#find(x.ns, x.id) === x;
  }

  #end(x: Timed): void {
    if (this.#names[x.ns].get(x.id) === x) this.#names[x.ns].delete(x.id);
    x.ended = true;
    const listening = this.#endpoints.get(x.endpoint);
    if (listening === undefined || !listening.mine.delete(x) || listening.mine.size > 0) return;
    this.#endpoints.delete(x.endpoint);
    listening.signal.removeEventListener('abort', listening);
  }

  #begin(x: Timed): void {
    const stale = this.#names[x.ns].get(x.id);
    if (stale !== undefined) this.#end(stale);
    this.#names[x.ns].set(x.id, x);
    let listening = this.#endpoints.get(x.endpoint);
    if (listening === undefined) {
      const mine = new Set<Timed>();
      listening = {
        mine,
        signal: x.endpoint.signal,
        handleEvent: () => {
          for (const y of [...mine]) this.#end(y);
        },
      };
      this.#endpoints.set(x.endpoint, listening);
      listening.signal.addEventListener('abort', listening);
    }
    listening.mine.add(x);
  }

  #write(id: string, step: () => void): Later<null> {
    if (this.#closed) throw refused('registry_closed');
    return this.#lane(id).push(step);
  }

  #register(ns: Namespace, id: string, endpoint: Endpoint, config?: Config): Later<null> {
    this.#need(id);
    if (!isEndpoint(endpoint)) throw refused('invalid_argument');
    const own = copyConfig(config);
    let serverId: string | null = null;
    if (ns === 'transport' && Object.hasOwn(own, 'serverId')) this.#need((serverId = own['serverId'] as string));
    if (this.#mode === 'closed' || (this.#mode === 'auto' && !this.#open)) throw refused('admission_control_active');
    return this.#write(id, () => {
      if (this.#mode === 'closed') throw refused('admission_control_active');
      if (endpoint.signal.aborted) throw refused('endpoint_down');
      if (this.#find(ns, id) !== null) throw refused('already_registered');
      const server = serverId === null ? null : this.#find('server', serverId);
      this.#begin({ ns, id, endpoint, config: own, server, ended: false });
    });
  }

  #unregister(ns: Namespace, id: string): Later<null> {
    this.#need(id);
    return this.#write(id, () => {
      const x = this.#find(ns, id);
      if (x !== null) this.#end(x);
    });
  }

  #show(x: Timed | null): Registration | null {
    return x && { id: x.id, endpoint: x.endpoint, config: copyConfig(x.config, { freeze: true }) };
  }

  registerServer(id: string, endpoint: Endpoint, config?: Config): Later<null> {
    return this.#register('server', id, endpoint, config);
  }

  registerTransport(id: string, endpoint: Endpoint, config?: Config): Later<null> {
    return this.#register('transport', id, endpoint, config);
  }

  unregisterServer(id: string): Later<null> {
    return this.#unregister('server', id);
  }

  unregisterTransport(id: string): Later<null> {
    return this.#unregister('transport', id);
  }

  updateServer(id: string, config: Config): Later<null> {
    this.#need(id);
    const own = copyConfig(config);
    return this.#write(id, () => {
      const x = this.#find('server', id);
      if (x === null) throw refused('server_not_found');
      x.config = own;
    });
  }

  findServer(id: string): Registration | null {
    this.#need(id);
    return this.#show(this.#find('server', id));
  }

  findTransport(id: string): Registration | null {
    this.#need(id);
    return this.#show(this.#find('transport', id));
  }

  #list(ns: Namespace): Registration[] {
    const ids = [...this.#names[ns].keys()].sort();
    return ids.flatMap((id) => this.#show(this.#find(ns, id)) ?? []);
  }

  listServers(): Registration[] {
    return this.#list('server');
  }

  listTransports(): Registration[] {
    return this.#list('transport');
  }

  bindTransportToServer(transportId: string, serverId: string): Later<null> {
    this.#need(serverId, transportId);
    return this.#write(transportId, () => {
      const server = this.#find('server', serverId);
      if (server === null) throw refused('server_not_found');
      const x = this.#find('transport', transportId);
      if (x === null) throw refused('transport_not_found');
      x.server = server;
    });
  }

  unbindTransport(id: string): Later<null> {
    this.#need(id);
    return this.#write(id, () => {
      const x = this.#find('transport', id);
      if (x !== null) x.server = null;
    });
  }

  getServerForTransport(id: string): string | null {
    this.#need(id);
    const x = this.#find('transport', id);
    return x !== null && this.#is(x.server) ? x.server!.id : null;
  }

  /** One routing call at a time: what is called from within a `send` has its turn when the deliveries under way are done. */
  #route(work: () => number): number | Later<number> {
    if (this.#routing) {
      const later = new Later<number>();
      this.#deferred.push(() => {
        const value = work();
        return () => later.settle({ as: 'done', value });
      });
      return later;
    }
    this.#routing = true;
    const answers: (() => void)[] = [];
    try {
      return work();
    } finally {
      while (this.#deferred.length > 0) answers.push(this.#deferred.shift()!());
      this.#routing = false;
      for (const answer of answers) answer();
    }
  }

  #one(ns: Namespace, to: string, from: string, message: unknown): number | Later<number> {
    return this.#route(() => {
      const x = this.#find(ns, to);
      if (x === null) return 0;
      this.#send(x, from, message);
      return 1;
    });
  }

  #send(x: Timed, from: string, message: unknown): void {
    try {
      const result = x.endpoint.send({ namespace: x.ns, to: x.id, from, message }) as PromiseLike<unknown> | null | undefined;
      if (typeof result?.then === 'function') result.then(noop, noop);
    } catch {
      // its own business
    }
  }

  routeToServer(serverId: string, transportId: string, message: unknown): number | Later<number> {
    this.#need(serverId, transportId);
    return this.#one('server', serverId, transportId, message);
  }

  routeToTransport(transportId: string | typeof broadcast, serverId: string, message: unknown): number | Later<number> {
    this.#need(serverId);
    if (transportId !== broadcast) {
      this.#need(transportId);
      return this.#one('transport', transportId, serverId, message);
    }
    return this.#route(() => {
      const server = this.#find('server', serverId);
      const to = server === null ? [] : [...this.#names.transport.values()].filter((x) => x.server === server && this.#is(x));
      for (const x of to) if (this.#is(x)) this.#send(x, serverId, message); // even if it has been unbound meanwhile
      return to.length;
    });
  }

  getPartitionStats(partition?: number): unknown {
    if (partition === undefined) return this.#lanes.map((lane) => lane.stats());
    const lane = Number.isInteger(partition) ? this.#lanes[partition] : undefined;
    if (lane === undefined) throw refused('invalid_argument');
    return lane.stats();
  }

  getContentionStatus(): ContentionStatus {
    for (const lane of this.#lanes) lane.look();
    const open = this.#mode === 'auto' ? this.#open : this.#mode === 'open';
    return {
      partitions: this.#lanes.length,
      alarmed: this.#lanes.filter(({ alarm }) => alarm).map(({ index }) => index),
      admission: open ? 'open' : 'closed',
      mode: this.#mode,
    };
  }

  resetStats(): null {
    for (const lane of this.#lanes) {
      lane.count = 0;
      lane.samples = [];
      lane.look();
    }
    return null;
  }

  setAdmission(mode: AdmissionMode): null {
    if (!['auto', 'open', 'closed'].includes(mode)) throw refused('invalid_argument');
    this.#mode = mode;
    return null;
  }

  slowCommit(ms: number): void {
    this.owner.slow = ms;
  }

  close(): Later<null> {
    const later = new Later<null>();
    if (!this.#closed) {
      this.#closed = true;
      for (const listening of this.#endpoints.values()) listening.signal.removeEventListener('abort', listening);
      this.#endpoints.clear();
      this.#names.server.clear();
      this.#names.transport.clear();
      for (const lane of this.#lanes) lane.abandon();
    }
    later.settle({ as: 'done', value: null });
    return later;
  }
}

// ---- Actors.

/** How many writes a mailbox takes. */
const mailboxSize = 8;

const spelledOut = (code: ErrorCode): RegistryError => refuse(code, code.replaceAll('_', ' '));

/** Jump consistent hashing (Lamping and Veach, 2014), in whole numbers of 64 bits. */
function jump(key: number, buckets: number): number {
  let k = BigInt(key);
  let b = -1n;
  let j = 0n;
  const n = BigInt(buckets);
  while (j < n) {
    b = j;
    k = (k * 2862933555777941757n + 1n) & 0xffffffffffffffffn;
    j = BigInt(Math.floor(Number(b + 1n) * (2147483648 / Number((k >> 33n) + 1n))));
  }
  return Number(b);
}

const readOnly = {
  set: () => false,
  defineProperty: () => false,
  deleteProperty: () => false,
  setPrototypeOf: () => false,
  preventExtensions: () => false,
};

/** A view of JSON data that cannot be changed, made as one goes down. */
const sealed = <T extends object>(data: T): T =>
  new Proxy(data, {
    ...readOnly,
    get(target, key) {
      const value: unknown = Reflect.get(target, key);
      if (value === null || typeof value !== 'object') return value;
      return Object.getOwnPropertyDescriptor(target, key) === undefined ? value : sealed(value);
    },
    getOwnPropertyDescriptor(target, key) {
      const descriptor: PropertyDescriptor | undefined = Reflect.getOwnPropertyDescriptor(target, key);
      if (descriptor !== undefined && descriptor.configurable && descriptor.value !== null && typeof descriptor.value === 'object') descriptor.value = sealed(descriptor.value as object);
      return descriptor;
    },
  });

interface Claimed {
  readonly ns: Namespace;
  readonly id: string;
  readonly endpoint: Endpoint;
  config: Config;
  server: Claimed | undefined;
}

class LiveTable extends Map<string, Claimed> {
  live(id: string): Claimed | undefined {
    const x = super.get(id);
    return x === undefined || x.endpoint.signal.aborted ? undefined : x;
  }

  *lives(): Generator<Claimed> {
    for (const x of this.values()) if (!x.endpoint.signal.aborted) yield x;
  }
}

interface Letter {
  readonly step: () => void;
  readonly answer: (error: unknown) => void;
  readonly token: Token;
}

class Actor {
  readonly #mail: Letter[] = [];
  #busy = false;
  /** Whom to tell when nothing is being written. */
  readonly #idle: (() => void)[] = [];

  constructor(
    readonly system: { readonly clock: Clock; slow: number },
    readonly meter: Meter,
  ) {}

  tell(step: () => void, answer: (error: unknown) => void): void {
    if (this.#mail.length >= mailboxSize) return answer(spelledOut('partition_overloaded'));
    this.#mail.push({ step, answer, token: this.meter.begin() });
    if (!this.#busy) {
      this.#busy = true;
      process.nextTick(() => this.#receive());
    }
  }

  #receive(): void {
    const letter = this.#mail.shift();
    if (letter === undefined) {
      this.#busy = false;
      for (const done of this.#idle.splice(0)) done();
      return;
    }
    const work = (): void => {
      let error: unknown = null;
      try {
        letter.step();
        this.meter.commit(letter.token);
      } catch (reason) {
        this.meter.drop(letter.token);
        error = reason;
      }
      letter.answer(error);
      process.nextTick(() => this.#receive());
    };
    const { slow, clock } = this.system;
    if (slow > 0) clock.setTimeout(work, slow);
    else work();
  }

  /** Refuses what waits; `done` is called when nothing is being written any more. */
  stop(done: () => void): void {
    for (const letter of this.#mail.splice(0)) {
      this.meter.drop(letter.token);
      letter.answer(spelledOut('registry_closed'));
    }
    if (this.#busy) this.#idle.push(done);
    else done();
  }
}

/** The entries of an endpoint, by `ns id`; the map has the listener. */
type Claims = Map<string, Claimed> & { readonly listener: () => void };

/** Keys of hashes: goes on from one registry to the next, so that no two place an id alike, and a whole run can be repeated. */
const hashKey = seeded(6);

/**
 * A partition is an actor with a mailbox that takes eight writes and refuses more with partition_overloaded. Actors run on nextTick;
 * slow commits by the clock. What is handed out are read-only proxies, a list is an array of them; the tables are a subclass of Map.
 * The hash is keyed by a number of each registry; jump consistent hashing. Closing refuses what waits but lets finish what is being
 * written, and is answered after that. Sends directly, even when re-entrant. A "down" counts as a write of each name.
 */
export function tinyMailbox(options: OpenOptions): Subject {
  const { clock } = options;
  const n = partitionCount(options.partitions);
  const limits = thresholdsOf(options);
  const seed = Math.floor(hashKey() * 2 ** 31);
  const system = { clock, slow: 0 };
  const meters = Array.from({ length: n }, (_, i) => new Meter(i, limits, () => clock.now()));
  const actors = meters.map((meter) => new Actor(system, meter));
  const servers = new LiveTable();
  const transports = new LiveTable();
  const tables = bare({ server: servers, transport: transports });
  const claims = new Map<Endpoint, Claims>();
  let mode: AdmissionMode = 'auto';
  let closed = false;

  const indexOf = (id: string): number => jump(cyrb53(id, seed), n);
  const ask = (id: string, step: () => void): Promise<void> =>
    new Promise((resolve, reject) => {
      if (closed) throw spelledOut('registry_closed');
      actors[indexOf(id)]!.tell(
        () => {
          if (closed) throw spelledOut('registry_closed');
          step();
        },
        (error) => (error === null ? resolve() : reject(error)),
      );
    });
  // The endpoint must stay itself: a proxy of the registration, but not of what it names.
  const show = ({ id, endpoint, config }: Claimed): Registration => new Proxy({ id, endpoint, config: sealed(config) }, readOnly);
  const found = (x: Claimed | undefined): Registration | undefined => x && show(x);
  const finish = (x: Claimed): void => {
    if (tables[x.ns].get(x.id) === x) tables[x.ns].delete(x.id);
    const mine = claims.get(x.endpoint);
    if (mine === undefined) return;
    mine.delete(`${x.ns} ${x.id}`);
    if (mine.size > 0) return;
    claims.delete(x.endpoint);
    x.endpoint.signal.removeEventListener('abort', mine.listener);
  };
  const start = (x: Claimed): void => {
    const ghost = tables[x.ns].get(x.id);
    if (ghost !== undefined) finish(ghost);
    tables[x.ns].set(x.id, x);
    let mine = claims.get(x.endpoint);
    if (mine === undefined) {
      const fresh: Claims = Object.assign(new Map<string, Claimed>(), {
        listener: () => {
          for (const y of [...fresh.values()]) {
            finish(y);
            meters[indexOf(y.id)]!.commit({ at: clock.now() });
          }
        },
      });
      mine = fresh;
      claims.set(x.endpoint, mine);
      x.endpoint.signal.addEventListener('abort', mine.listener);
    }
    mine.set(`${x.ns} ${x.id}`, x);
  };
  const admitted = (): boolean => (mode === 'auto' ? !(alarmedOf(meters).length > limits.closeAbove * n) : mode === 'open');
  const register = async (ns: Namespace, id: string, endpoint: Endpoint, config?: Config): Promise<void> => {
    needId(id);
    needEndpoint(endpoint);
    const own = copyConfig(config);
    const serverId = ns === 'transport' ? serverIdOf(own) : undefined;
    if (!admitted()) throw spelledOut('admission_control_active');
    await ask(id, () => {
      if (!admitted()) throw spelledOut('admission_control_active');
      if (tables[ns].live(id) !== undefined) throw spelledOut('already_registered');
      if (endpoint.signal.aborted) throw spelledOut('endpoint_down');
      start({ ns, id, endpoint, config: own, server: serverId === undefined ? undefined : servers.live(serverId) });
    });
  };
  const unregister = async (ns: Namespace, id: string): Promise<void> => {
    needId(id);
    await ask(id, () => {
      const x = tables[ns].live(id);
      if (x !== undefined) finish(x);
    });
  };
  const serverOf = (x: Claimed | undefined): Claimed | undefined => (x?.server !== undefined && servers.live(x.server.id) === x.server ? x.server : undefined);
  const send = (x: Claimed, from: string, message: unknown): number => {
    try {
      Promise.resolve(x.endpoint.send(bare<Delivery>({ namespace: x.ns, to: x.id, from, message }))).catch(noop);
      return 1;
    } catch {
      return 0;
    }
  };

  return {
    registerServer: (...args) => register('server', ...args),
    registerTransport: (...args) => register('transport', ...args),
    unregisterServer: (id) => unregister('server', id),
    unregisterTransport: (id) => unregister('transport', id),
    updateServer: async (id, config) => {
      needId(id);
      const own = copyConfig(config);
      await ask(id, () => {
        const x = servers.live(id);
        if (x === undefined) throw spelledOut('server_not_found');
        x.config = own; // who has the old one keeps it
      });
    },
    findServer(id) {
      needId(id);
      return found(servers.live(id));
    },
    findTransport(id) {
      needId(id);
      return found(transports.live(id));
    },
    listServers: () => Array.from(servers.lives(), show),
    listTransports: () => Array.from(transports.lives(), show),
    bindTransportToServer: async (transportId, serverId) => {
      needId(transportId, serverId);
      await ask(transportId, () => {
        const server = servers.live(serverId);
        if (server === undefined) throw spelledOut('server_not_found');
        const x = transports.live(transportId);
        if (x === undefined) throw spelledOut('transport_not_found');
        x.server = server;
      });
    },
    unbindTransport: async (id) => {
      needId(id);
      await ask(id, () => {
        const x = transports.live(id);
        if (x !== undefined) x.server = undefined;
      });
    },
    getServerForTransport(id) {
      needId(id);
      return serverOf(transports.live(id))?.id;
    },
    routeToServer(serverId, transportId, message) {
      needId(serverId, transportId);
      const x = servers.live(serverId);
      return x === undefined ? 0 : send(x, transportId, message);
    },
    routeToTransport(transportId, serverId, message) {
      needId(serverId);
      if (transportId !== broadcast) {
        needId(transportId);
        const x = transports.live(transportId);
        return x === undefined ? 0 : send(x, serverId, message);
      }
      const server = servers.live(serverId);
      const to = Array.from(transports.lives()).filter((x) => server !== undefined && x.server === server);
      // Also whom it finds without its name by now, as long as it is up and nobody else has the name.
      for (const x of to) if (!x.endpoint.signal.aborted && [undefined, x].includes(transports.get(x.id))) send(x, serverId, message);
      return to.length;
    },
    getPartitionStats: (partition) => statsOf(meters, partition),
    resetStats: () => meters.forEach((meter) => meter.reset()),
    getContentionStatus: () => ({ partitions: n, alarmed: alarmedOf(meters), admission: admitted() ? 'open' : 'closed', mode }),
    setAdmission(wanted) {
      needMode(wanted);
      mode = wanted;
    },
    slowCommit(ms) {
      system.slow = ms;
    },
    close() {
      if (!closed) {
        closed = true; // what is being written will be refused when it is done
        for (const [endpoint, mine] of claims) endpoint.signal.removeEventListener('abort', mine.listener);
        claims.clear();
        servers.clear();
        transports.clear();
      }
      return Promise.all(actors.map((actor) => new Promise<void>((done) => actor.stop(done)))).then(noop);
    },
  };
}
