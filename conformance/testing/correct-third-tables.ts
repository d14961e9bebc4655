import { createHash } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import { broadcast, type AdmissionMode, type Config, type ContentionStatus, type Endpoint, type ErrorCode, type Namespace, type Registration, type Thresholds } from '../../spec/index.js';
import type { OpenOptions, Subject } from '../contract.js';
import { alarmedOf, copyConfig, copyJson, fnv, hand, isEndpoint, Meter, needEndpoint, needId, needMode, partitionCount, refuse, serverIdOf, statsOf, thresholdsOf, validId } from './correct-third-base.js';

/** Registries without lanes: tables, and nothing that waits for anything but a turn of the event loop. */

interface Incarnation {
  readonly ns: Namespace;
  readonly id: string;
  readonly endpoint: Endpoint;
  readonly signal: AbortSignal;
  config: Config;
  bound: Incarnation | undefined;
  readonly clients: Set<Incarnation>;
}

interface Watched {
  readonly names: Set<Incarnation>;
  readonly signal: AbortSignal;
  readonly listener: () => void;
}

/** Everything at once and by value, refusals thrown; mutable fresh copies; a "down" and what does nothing count as writes. */
export class PlainSync implements Subject {
  readonly #servers = new Map<string, Incarnation>();
  readonly #transports = new Map<string, Incarnation>();
  readonly #watch = new Map<Endpoint, Watched>();
  #closed = false;
  #mode: AdmissionMode = 'auto';
  readonly #meters: readonly Meter[];
  readonly #thresholds: Thresholds;
  readonly #partitions: number;

  constructor(options: OpenOptions) {
    this.#partitions = partitionCount(options.partitions);
    this.#thresholds = thresholdsOf(options);
    const now = (): number => options.clock.now();
    this.#meters = Array.from({ length: this.#partitions }, (_, i) => new Meter(i, this.#thresholds, now));
  }

  #map(ns: Namespace): Map<string, Incarnation> {
    return ns === 'server' ? this.#servers : this.#transports;
  }

  #count(id: string): void {
    const meter = this.#meters[fnv(id) % this.#partitions]!;
    meter.commit(meter.begin());
  }

  /** The current incarnation; one whose endpoint is down, though no listener told so yet, is removed at that. */
  #get(ns: Namespace, id: string): Incarnation | undefined {
    const x = this.#map(ns).get(id);
    if (x !== undefined && x.signal.aborted) {
      this.#down(x.endpoint);
      return undefined;
    }
    return x;
  }

  #sweep(): void {
    for (const [endpoint, watched] of this.#watch) if (watched.signal.aborted) this.#down(endpoint);
  }

  #add(ns: Namespace, id: string, endpoint: Endpoint, config: Config): Incarnation {
    const x: Incarnation = { ns, id, endpoint, signal: endpoint.signal, config, bound: undefined, clients: new Set() };
    this.#map(ns).set(id, x);
    let watched = this.#watch.get(endpoint);
    if (watched === undefined) {
      watched = { names: new Set(), signal: x.signal, listener: () => this.#down(endpoint) };
      this.#watch.set(endpoint, watched);
      x.signal.addEventListener('abort', watched.listener);
    }
    watched.names.add(x);
    return x;
  }

  #remove(x: Incarnation): void {
    this.#map(x.ns).delete(x.id);
    this.#unbind(x);
    for (const client of [...x.clients]) this.#unbind(client);
    const watched = this.#watch.get(x.endpoint)!;
    watched.names.delete(x);
    if (watched.names.size === 0) {
      watched.signal.removeEventListener('abort', watched.listener);
      this.#watch.delete(x.endpoint);
    }
  }

  #unbind(transport: Incarnation): void {
    transport.bound?.clients.delete(transport);
    transport.bound = undefined;
  }

  #bind(transport: Incarnation, server: Incarnation): void {
    this.#unbind(transport);
    transport.bound = server;
    server.clients.add(transport);
  }

  #down(endpoint: Endpoint): void {
    for (const x of [...(this.#watch.get(endpoint)?.names ?? [])]) {
      this.#remove(x);
      this.#count(x.id);
    }
  }

  #open(): void {
    if (this.#closed) throw refuse('registry_closed');
  }

  #alarms(): number[] {
    return alarmedOf(this.#meters);
  }

  #admitted(): boolean {
    if (this.#mode !== 'auto') return this.#mode === 'open';
    return this.#alarms().length <= this.#thresholds.closeAbove * this.#partitions;
  }

  #register(ns: Namespace, id: string, endpoint: Endpoint, config?: Config): void {
    this.#open();
    needId(id);
    needEndpoint(endpoint);
    const own = copyConfig(config);
    const serverId = ns === 'transport' ? serverIdOf(own) : undefined;
    if (!this.#admitted()) throw refuse('admission_control_active');
    if (this.#get(ns, id) !== undefined) throw refuse('already_registered');
    if (endpoint.signal.aborted) throw refuse('endpoint_down');
    const x = this.#add(ns, id, endpoint, own);
    const server = serverId === undefined ? undefined : this.#get('server', serverId);
    if (server !== undefined) this.#bind(x, server);
    this.#count(id);
  }

  #unregister(ns: Namespace, id: string): void {
    this.#open();
    needId(id);
    const x = this.#get(ns, id);
    if (x !== undefined) this.#remove(x);
    this.#count(id);
  }

  #view(x: Incarnation): Registration {
    return { id: x.id, endpoint: x.endpoint, config: copyJson(x.config) };
  }

  #found(ns: Namespace, id: string): Registration | undefined {
    const x = this.#get(ns, id);
    return x && this.#view(x);
  }

  registerServer(id: string, endpoint: Endpoint, config?: Config): void {
    this.#register('server', id, endpoint, config);
  }

  registerTransport(id: string, endpoint: Endpoint, config?: Config): void {
    this.#register('transport', id, endpoint, config);
  }

  unregisterServer(id: string): void {
    this.#unregister('server', id);
  }

  unregisterTransport(id: string): void {
    this.#unregister('transport', id);
  }

  updateServer(id: string, config: Config): void {
    this.#open();
    needId(id);
    const own = copyConfig(config);
    const x = this.#get('server', id);
    if (x === undefined) throw refuse('server_not_found');
    x.config = own;
    this.#count(id);
  }

  findServer(id: string): Registration | undefined {
    needId(id);
    return this.#found('server', id);
  }

  findTransport(id: string): Registration | undefined {
    needId(id);
    return this.#found('transport', id);
  }

  listServers(): Registration[] {
    this.#sweep();
    return [...this.#servers.values()].map((x) => this.#view(x));
  }

  listTransports(): Registration[] {
    this.#sweep();
    return [...this.#transports.values()].map((x) => this.#view(x)).reverse();
  }

  bindTransportToServer(transportId: string, serverId: string): void {
    this.#open();
    needId(transportId, serverId);
    const server = this.#get('server', serverId);
    if (server === undefined) throw refuse('server_not_found');
    const transport = this.#get('transport', transportId);
    if (transport === undefined) throw refuse('transport_not_found');
    this.#bind(transport, server);
    this.#count(transportId);
  }

  unbindTransport(id: string): void {
    this.#open();
    needId(id);
    const transport = this.#get('transport', id);
    if (transport !== undefined) this.#unbind(transport);
    this.#count(id);
  }

  getServerForTransport(id: string): string | undefined {
    needId(id);
    const transport = this.#get('transport', id);
    return transport?.bound && this.#get('server', transport.bound.id) === transport.bound ? transport.bound.id : undefined;
  }

  #one(ns: Namespace, to: string, from: string, message: unknown): number {
    const x = this.#get(ns, to);
    if (x === undefined) return 0;
    return hand(x.endpoint, { namespace: ns, to, from, message }) ? 1 : 0;
  }

  routeToServer(serverId: string, transportId: string, message: unknown): number {
    needId(serverId, transportId);
    return this.#one('server', serverId, transportId, message);
  }

  routeToTransport(transportId: string | typeof broadcast, serverId: string, message: unknown): number {
    needId(serverId);
    if (transportId !== broadcast) {
      needId(transportId);
      return this.#one('transport', transportId, serverId, message);
    }
    this.#sweep();
    const all = [...(this.#servers.get(serverId)?.clients ?? [])];
    for (const x of all)
      if (this.#get('transport', x.id) === x && x.bound?.id === serverId) hand(x.endpoint, { namespace: 'transport', to: x.id, from: serverId, message });
    return all.length;
  }

  getPartitionStats(partition?: number): unknown {
    return statsOf(this.#meters, partition);
  }

  getContentionStatus(): ContentionStatus {
    return { partitions: this.#partitions, alarmed: this.#alarms(), admission: this.#admitted() ? 'open' : 'closed', mode: this.#mode };
  }

  resetStats(): void {
    for (const meter of this.#meters) meter.reset();
  }

  setAdmission(mode: AdmissionMode): void {
    needMode(mode);
    this.#mode = mode;
  }

  close(): void {
    this.#closed = true;
    for (const watched of this.#watch.values()) watched.signal.removeEventListener('abort', watched.listener);
    this.#watch.clear();
    this.#servers.clear();
    this.#transports.clear();
  }
}

interface Row {
  readonly ns: Namespace;
  readonly id: string;
  readonly endpoint: Endpoint;
  config: Config;
  server: Row | undefined;
  there: boolean;
}

const scannedPartitions = 16;
const scannedPartitionOf = (id: string): number => createHash('md5').update(id, 'utf16le').digest()[5]! % scannedPartitions;

/**
 * A table of rows that is scanned. No listener on any signal, ever: rows of endpoints that are down are never shown, and are swept out
 * when somebody writes. Writes are async functions that take a turn of the event loop; real time; statistics but no alarms.
 */
export function lazyScan(): Subject {
  let rows: Row[] = [];
  let closed = false;
  const meters = Array.from({ length: scannedPartitions }, (_, i) => new Meter(i, thresholdsOf(), () => performance.now()));

  const up = (row: Row | undefined): row is Row => row !== undefined && row.there && !row.endpoint.signal.aborted;
  const find = (ns: Namespace, id: string): Row | undefined => rows.find((row) => row.ns === ns && row.id === id && up(row));
  const sweep = (): void => {
    if (!rows.every((row) => up(row))) rows = rows.filter(up);
  };
  const show = (row: Row): Registration => ({ id: row.id, endpoint: row.endpoint, config: structuredClone(row.config) });
  const found = (ns: Namespace, id: string): Registration | undefined => {
    const row = find(ns, id);
    return row && show(row);
  };

  async function write(id: string, step: () => void): Promise<void> {
    const meter = meters[scannedPartitionOf(id)]!;
    const token = meter.begin();
    try {
      await turn();
      if (closed) throw refuse('registry_closed');
      step();
      meter.commit(token);
      sweep();
    } finally {
      meter.drop(token);
    }
  }
  async function register(ns: Namespace, id: string, endpoint: Endpoint, config?: Config): Promise<void> {
    needId(id);
    needEndpoint(endpoint);
    const own = copyConfig(config);
    const serverId = ns === 'transport' ? serverIdOf(own) : undefined;
    await write(id, () => {
      if (find(ns, id) !== undefined) throw refuse('already_registered');
      if (endpoint.signal.aborted) throw refuse('endpoint_down');
      const server = serverId === undefined ? undefined : find('server', serverId);
      rows.unshift({ ns, id, endpoint, config: own, server, there: true });
    });
  }
  async function unregister(ns: Namespace, id: string): Promise<void> {
    needId(id);
    await write(id, () => {
      const row = find(ns, id);
      if (row !== undefined) row.there = false;
    });
  }
  return {
    registerServer: (id, endpoint, config) => register('server', id, endpoint, config),
    registerTransport: (id, endpoint, config) => register('transport', id, endpoint, config),
    unregisterServer: (id) => unregister('server', id),
    unregisterTransport: (id) => unregister('transport', id),
    async updateServer(id, config) {
      needId(id);
      const own = copyConfig(config);
      await write(id, () => {
        const row = find('server', id);
        if (row === undefined) throw refuse('server_not_found');
        row.config = own;
      });
    },
    async findServer(id) {
      needId(id);
      return found('server', id);
    },
    async findTransport(id) {
      needId(id);
      return found('transport', id);
    },
    async listServers() {
      return rows.filter((row) => row.ns === 'server' && up(row)).map(show);
    },
    async listTransports() {
      return rows.filter((row) => row.ns === 'transport' && up(row)).map(show);
    },
    async bindTransportToServer(transportId, serverId) {
      needId(transportId);
      needId(serverId);
      await write(transportId, () => {
        const server = find('server', serverId);
        if (server === undefined) throw refuse('server_not_found');
        const row = find('transport', transportId);
        if (row === undefined) throw refuse('transport_not_found');
        row.server = server;
      });
    },
    async unbindTransport(id) {
      needId(id);
      await write(id, () => {
        const row = find('transport', id);
        if (row !== undefined) row.server = undefined;
      });
    },
    async getServerForTransport(id) {
      needId(id);
      const server = find('transport', id)?.server;
      return up(server) ? server.id : undefined;
    },
    async routeToServer(serverId, transportId, message) {
      needId(serverId);
      needId(transportId);
      const row = find('server', serverId);
      if (row === undefined) return 0;
      return Number(hand(row.endpoint, { namespace: 'server', to: serverId, from: transportId, message }));
    },
    async routeToTransport(transportId, serverId, message) {
      needId(serverId);
      if (transportId !== broadcast) needId(transportId);
      const server = find('server', serverId);
      const to =
        transportId === broadcast
          ? rows.filter((row) => server !== undefined && row.ns === 'transport' && row.server === server && up(row))
          : [find('transport', transportId)].filter((row) => row !== undefined);
      let n = 0;
      for (const row of to) {
        // One that has gone in the meantime was still there when the call took effect, and counts; it gets nothing.
        if (!up(row) || hand(row.endpoint, { namespace: 'transport', to: row.id, from: serverId, message })) n += 1;
      }
      return n; // who threw does not count
    },
    async getPartitionStats(partition) {
      return statsOf(meters, partition);
    },
    async resetStats() {
      for (const meter of meters) meter.reset();
    },
    async close() {
      closed = true;
      rows = [];
    },
  };
}

/** A thenable that is asked later, and has no other method, nor a prototype. */
function thenable<T>(work: () => T): PromiseLike<T> {
  let result: (ok?: (value: T) => void, no?: (reason: unknown) => void) => void;
  try {
    const value = work();
    result = (ok) => ok?.(value);
  } catch (error) {
    result = (_, no) => no?.(error);
  }
  return Object.freeze({ __proto__: null, then: (ok?: (value: T) => void, no?: (reason: unknown) => void) => void setImmediate(() => result(ok, no)) }) as unknown as PromiseLike<T>;
}

const typeError = (message: string): TypeError => Object.assign(new TypeError(message), { code: 'invalid_argument' satisfies ErrorCode });

/**
 * Four operations and no more, without configurations and without an eye on lifetimes: an entry stays until somebody takes it out.
 * Buckets of parallel arrays instead of a Map; mixed ways to answer: by value, by a thenable, by a promise, by throwing.
 */
export function minimalFour(): Subject {
  const buckets = Array.from({ length: 61 }, (): { readonly ids: string[]; readonly endpoints: Endpoint[] } => ({ ids: [], endpoints: [] }));
  const bucket = (id: string): { readonly ids: string[]; readonly endpoints: Endpoint[] } => {
    let h = 7;
    for (let i = 0; i < id.length; i++) h = (h * 31 + id.charCodeAt(i)) % 61;
    return buckets[h]!;
  };
  const need = (id: string): void => {
    if (!validId(id)) throw typeError('an id is a string of 1 to 255 code points');
  };
  return {
    registerServer: (id, endpoint) =>
      thenable(() => {
        need(id);
        if (!isEndpoint(endpoint)) throw typeError('an endpoint has send and signal');
        const { ids, endpoints } = bucket(id);
        if (ids.includes(id)) throw Object.freeze(refuse('already_registered'));
        ids.push(id);
        endpoints.push(endpoint);
      }),
    unregisterServer(id) {
      need(id); // thrown, not rejected
      const { ids, endpoints } = bucket(id);
      const i = ids.indexOf(id);
      if (i >= 0) {
        ids.splice(i, 1);
        endpoints.splice(i, 1);
      }
      return Promise.resolve(null);
    },
    findServer(id) {
      need(id);
      const { ids, endpoints } = bucket(id);
      const i = ids.indexOf(id);
      return i < 0 ? null : Object.freeze({ id, endpoint: endpoints[i]!, config: Object.freeze({}) });
    },
    listServers() {
      return buckets.flatMap(({ ids, endpoints }) => ids.map((id, i) => ({ id, endpoint: endpoints[i]!, config: {} })));
    },
  };
}
