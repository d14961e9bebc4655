import { createHash } from 'node:crypto';
import type { Adapter, OpenOptions } from '../../../contract.js';
import type { AdmissionMode, Clock, Config, ContentionStatus, Delivery, Endpoint, ErrorCode, Json, Namespace, PartitionStats, Registration, Thresholds } from '../../../../spec/index.js';
import { copyConfig, encode, everyone, handOver, idOf, partitionsOf, serverIdOf, signalOf, summary, thresholdsOf, type Fail } from './common.js';

/*
 * Complete, but out of process: a client and a host that know each other by text frames, a turn of the event loop apart each way. The
 * host never sees an endpoint, a signal or a message: of each registration it has a number (a handle), which is its incarnation. What
 * comes from it comes in one order: a message routed before a name ended is handed over before anybody has been told that it has. Lanes
 * are chains of promises. A "down" is one more frame.
 */

const fail: Fail = (code, why) => Object.assign(new Error(`${code} (${why})`), { code, remote: true });

type Frame = readonly Json[];

/** Frames in one direction: a turn of the event loop from when they are sent, all that have been sent meanwhile together. */
class Wire {
  #frames: string[] = [];
  constructor(readonly receive: (frame: Frame) => void) {}
  get quiet(): boolean {
    return this.#frames.length === 0;
  }
  send(...frame: Json[]): void {
    if (this.#frames.push(encode(frame)) > 1) return;
    setImmediate(() => {
      const frames = this.#frames;
      this.#frames = [];
      for (const text of frames) this.receive(JSON.parse(text) as Frame);
    });
  }
}

// The host.

interface Record_ {
  readonly namespace: Namespace;
  readonly id: string;
  readonly handle: number;
  config: Config;
  ended: boolean;
  server: Record_ | undefined;
  readonly transports: Set<Record_>;
}

interface Sleeper {
  readonly timer: unknown;
  readonly wake: () => void;
}

class Lane {
  tail: Promise<void> = Promise.resolve();
  /** When the writes in it were called. */
  readonly calls: number[] = [];
  sleeper: Sleeper | undefined;
  count = 0;
  window: { readonly at: number; readonly took: number }[] = [];
  readonly server = new Map<string, Record_>();
  readonly transport = new Map<string, Record_>();
}

class Host {
  readonly #clock: Clock;
  readonly #thresholds: Thresholds;
  readonly #lanes: readonly Lane[];
  readonly #handles = new Map<number, Record_>();
  /** Handles of registrations that are on their way, and whether their endpoint has gone down meanwhile. */
  readonly #expected = new Map<number, { down: boolean }>();
  #mode: AdmissionMode = 'auto';
  #closed = false;
  commitMs = 0;

  constructor(
    options: OpenOptions,
    readonly reply: (...frame: Json[]) => void,
  ) {
    this.#clock = options.clock;
    this.#thresholds = thresholdsOf(options);
    this.#lanes = Array.from({ length: partitionsOf(options, fail) }, () => new Lane());
  }

  /** `[call, operation, ...]`, or `[0, 'down', ...handles]`. */
  receive(frame: Frame): void {
    const [call, operation, ...rest] = frame as readonly [number, string, ...Json[]];
    if (operation === 'down') {
      for (const handle of rest as number[]) this.#down(handle);
      return;
    }
    try {
      const answer = this.#perform(call, operation, rest);
      if (!(answer instanceof Promise)) this.reply('ok', call, answer);
      else answer.then(() => this.reply('ok', call, null)).catch((error: unknown) => this.#refuse(call, error));
    } catch (error) {
      this.#refuse(call, error);
    }
  }

  #refuse(call: number, error: unknown): void {
    const { code, message } = error as Error & { code: ErrorCode };
    this.reply('no', call, code, message);
  }

  #perform(call: number, operation: string, args: readonly Json[]): Json | Promise<void> {
    switch (operation) {
      case 'register': {
        const [calledAt, namespace, id, handle, config] = args as [number, Namespace, string, number, Config];
        return this.#register(calledAt, namespace, id, handle, config);
      }
      case 'unregister': {
        const [calledAt, namespace, id] = args as [number, Namespace, string];
        if (this.#closed) return null;
        return this.#write(id, calledAt, () => {
          const record = this.#lane(id)[namespace].get(id);
          if (record !== undefined) this.#end(record);
        });
      }
      case 'update': {
        const [calledAt, id, config] = args as [number, string, Config];
        return this.#write(id, calledAt, () => {
          const record = this.#lane(id).server.get(id);
          if (record === undefined) throw fail('server_not_found', id);
          record.config = config;
        });
      }
      case 'bind': {
        const [calledAt, transportId, serverId] = args as [number, string, string];
        const server = this.#lane(serverId).server.get(serverId);
        if (server === undefined) throw fail('server_not_found', serverId);
        return this.#write(transportId, calledAt, () => {
          if (server.ended) throw fail('server_not_found', serverId);
          const transport = this.#lane(transportId).transport.get(transportId);
          if (transport === undefined) throw fail('transport_not_found', transportId);
          tie(transport, server);
        });
      }
      case 'unbind': {
        const [calledAt, transportId] = args as [number, string];
        if (this.#closed) return null;
        return this.#write(transportId, calledAt, () => {
          const transport = this.#lane(transportId).transport.get(transportId);
          if (transport !== undefined) tie(transport, undefined);
        });
      }
      case 'find': {
        const [namespace, id] = args as [Namespace, string];
        this.#mustBeOpen();
        const record = this.#lane(id)[namespace].get(id);
        return record === undefined ? null : [record.handle, record.config];
      }
      case 'list': {
        const [namespace] = args as [Namespace];
        this.#mustBeOpen();
        return this.#lanes.flatMap((lane) => [...lane[namespace].values()].map(({ id, handle, config }) => [id, handle, config]));
      }
      case 'bound': {
        const [transportId] = args as [string];
        this.#mustBeOpen();
        return this.#lane(transportId).transport.get(transportId)?.server?.id ?? null;
      }
      case 'route': {
        const [namespace, to, from] = args as [Namespace, string | null, string];
        const recipients = to === null ? [...(this.#lane(from).server.get(from)?.transports ?? [])] : [this.#lane(to)[namespace].get(to)].filter((record) => record !== undefined);
        for (const { handle, id } of recipients) this.reply('hand', call, handle, namespace, id, from);
        return recipients.length;
      }
      case 'stats': {
        const [partition] = args as [Json];
        if (partition === null) return this.#lanes.map((lane, index) => this.#stats(lane, index));
        const lane = typeof partition === 'number' ? this.#lanes[partition] : undefined;
        if (lane === undefined) throw fail('invalid_argument', 'no such partition');
        return this.#stats(lane, this.#lanes.indexOf(lane));
      }
      case 'reset':
        for (const lane of this.#lanes) {
          lane.count = 0;
          lane.window = [];
        }
        return null;
      case 'status':
        return { partitions: this.#lanes.length, alarmed: this.#alarmed(), admission: this.#admits() ? 'open' : 'closed', mode: this.#mode };
      case 'admission':
        this.#mode = args[0] as AdmissionMode;
        return null;
      case 'close':
        this.#close();
        return null;
    }
    throw fail('invalid_argument', 'no such operation');
  }

  async #register(calledAt: number, namespace: Namespace, id: string, handle: number, config: Config): Promise<void> {
    const expected = { down: false };
    this.#expected.set(handle, expected);
    try {
      this.#mustBeOpen();
      if (!this.#admits()) throw fail('admission_control_active', id);
      await this.#write(id, calledAt, () => {
        if (expected.down) throw fail('endpoint_down', id);
        const names = this.#lane(id)[namespace];
        if (names.has(id)) throw fail('already_registered', id);
        this.#expected.delete(handle);
        const record: Record_ = { namespace, id, handle, config, ended: false, server: undefined, transports: new Set() };
        names.set(id, record);
        this.#handles.set(handle, record);
        const serverId = namespace === 'transport' ? config['serverId'] : undefined;
        if (typeof serverId === 'string') tie(record, this.#lane(serverId).server.get(serverId));
      });
    } finally {
      this.#expected.delete(handle);
    }
  }

  /** A turn in the lane of an id. */
  #write(id: string, calledAt: number, act: () => void): Promise<void> {
    const lane = this.#lane(id);
    lane.calls.push(calledAt);
    const turn = lane.tail.then(async () => {
      try {
        if (this.commitMs > 0 && !this.#closed) await this.#sleep(lane, this.commitMs);
        if (this.#closed) throw fail('registry_closed', 'closed meanwhile');
        act();
        const at = this.#clock.now();
        lane.count++;
        lane.window.push({ at, took: at - calledAt });
        while (lane.window.length > this.#thresholds.windowSize) lane.window.shift();
      } finally {
        lane.calls.shift();
      }
    });
    lane.tail = turn.catch(() => {});
    return turn;
  }

  #sleep(lane: Lane, ms: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        lane.sleeper = undefined;
        resolve();
      };
      lane.sleeper = { timer: this.#clock.setTimeout(wake, ms), wake };
    });
  }

  #lane(id: string): Lane {
    return this.#lanes[createHash('sha256').update(id).digest().readUInt32LE(0) % this.#lanes.length]!;
  }

  #mustBeOpen(): void {
    if (this.#closed) throw fail('registry_closed', 'the host is closed');
  }

  #down(handle: number): void {
    const record = this.#handles.get(handle);
    if (record !== undefined) this.#end(record);
    const expected = this.#expected.get(handle);
    if (expected !== undefined) expected.down = true;
  }

  #end(record: Record_): void {
    record.ended = true;
    this.#lane(record.id)[record.namespace].delete(record.id);
    this.#handles.delete(record.handle);
    tie(record, undefined);
    for (const transport of [...record.transports]) tie(transport, undefined);
    this.reply('end', record.handle);
  }

  #close(): void {
    this.#closed = true;
    for (const record of [...this.#handles.values()]) this.#end(record);
    for (const lane of this.#lanes) {
      lane.window = [];
      if (lane.sleeper === undefined) continue;
      this.#clock.clearTimeout(lane.sleeper.timer);
      lane.sleeper.wake();
    }
  }

  #admits(): boolean {
    if (this.#closed) return false;
    if (this.#mode !== 'auto') return this.#mode === 'open';
    return this.#alarmed().length / this.#lanes.length <= this.#thresholds.closeAbove;
  }

  #alarmed(): number[] {
    return this.#lanes.flatMap((lane, index) => (this.#isAlarmed(lane) ? [index] : []));
  }

  #isAlarmed(lane: Lane): boolean {
    const { minWrites, alarmAboveMs, stuckAfterMs } = this.#thresholds;
    if (lane.calls.length > 0 && this.#clock.now() > lane.calls[0]! + stuckAfterMs) return true;
    if (lane.count < minWrites) return false;
    const samples = this.#samples(lane);
    return samples.length > 0 && summary(samples).mean > alarmAboveMs;
  }

  #samples(lane: Lane): number[] {
    const now = this.#clock.now();
    lane.window = lane.window.filter(({ at }) => now < at + this.#thresholds.windowMs);
    return lane.window.map(({ took }) => took);
  }

  #stats(lane: Lane, partition: number): Config {
    const samples = this.#samples(lane);
    return { partition, writeCount: lane.count, sampleCount: samples.length, samples, ...summary(samples), alarm: this.#isAlarmed(lane) };
  }
}

function tie(transport: Record_, server: Record_ | undefined): void {
  transport.server?.transports.delete(transport);
  transport.server = server;
  server?.transports.add(transport);
}

// The client.

interface Call {
  readonly resolve: (answer: Json) => void;
  readonly reject: (error: unknown) => void;
  /** Of a registration: its handle. */
  readonly handle: number | undefined;
  /** Of a routing: what is to be handed over. */
  readonly message: unknown;
  /** How many it could not be handed to any more. */
  missed: number;
}

interface Watch {
  readonly signal: AbortSignal;
  readonly handles: Set<number>;
  readonly listener: () => void;
}

class Client {
  readonly #clock: Clock;
  readonly #host: Host;
  readonly #up: Wire;
  readonly #down: Wire;
  readonly #calls = new Map<number, Call>();
  readonly #endpoints = new Map<number, { readonly endpoint: Endpoint; readonly watch: Watch }>();
  readonly #watches = new Map<AbortSignal, Watch>();
  #serial = 0;

  constructor(options: OpenOptions) {
    this.#clock = options.clock;
    this.#down = new Wire((frame) => this.#receive(frame));
    this.#host = new Host(options, (...frame) => this.#down.send(...frame));
    this.#up = new Wire((frame) => this.#host.receive(frame));
  }

  async registerServer(id: unknown, endpoint: unknown, config?: unknown): Promise<void> {
    await this.#register('server', id, endpoint, config);
  }

  async registerTransport(id: unknown, endpoint: unknown, config?: unknown): Promise<void> {
    await this.#register('transport', id, endpoint, config);
  }

  async unregisterServer(id: unknown): Promise<void> {
    await this.#call('unregister', [this.#clock.now(), 'server', idOf(id, fail)]);
  }

  async unregisterTransport(id: unknown): Promise<void> {
    await this.#call('unregister', [this.#clock.now(), 'transport', idOf(id, fail)]);
  }

  async updateServer(id: unknown, config: unknown): Promise<void> {
    await this.#call('update', [this.#clock.now(), idOf(id, fail), copyConfig(config, fail)]);
  }

  async findServer(id: unknown): Promise<Registration | null> {
    return this.#find('server', idOf(id, fail));
  }

  async findTransport(id: unknown): Promise<Registration | null> {
    return this.#find('transport', idOf(id, fail));
  }

  async listServers(): Promise<Registration[]> {
    return this.#list('server');
  }

  async listTransports(): Promise<Registration[]> {
    return this.#list('transport');
  }

  async bindTransportToServer(transportId: unknown, serverId: unknown): Promise<void> {
    await this.#call('bind', [this.#clock.now(), idOf(transportId, fail), idOf(serverId, fail)]);
  }

  async unbindTransport(transportId: unknown): Promise<void> {
    await this.#call('unbind', [this.#clock.now(), idOf(transportId, fail)]);
  }

  async getServerForTransport(transportId: unknown): Promise<string | null> {
    return (await this.#call('bound', [idOf(transportId, fail)])) as string | null;
  }

  async routeToServer(serverId: unknown, transportId: unknown, message: unknown): Promise<number> {
    return this.#route('server', idOf(serverId, fail), idOf(transportId, fail), message);
  }

  async routeToTransport(transportId: unknown, serverId: unknown, message: unknown): Promise<number> {
    return this.#route('transport', transportId === everyone ? null : idOf(transportId, fail), idOf(serverId, fail), message);
  }

  async getPartitionStats(partition?: unknown): Promise<PartitionStats | readonly PartitionStats[]> {
    if (partition !== undefined && !(typeof partition === 'number' && Number.isInteger(partition))) throw fail('invalid_argument', 'no such partition');
    return (await this.#call('stats', [(partition as number | undefined) ?? null])) as unknown as PartitionStats | readonly PartitionStats[];
  }

  async resetStats(): Promise<void> {
    await this.#call('reset', []);
  }

  async getContentionStatus(): Promise<ContentionStatus> {
    return (await this.#call('status', [])) as unknown as ContentionStatus;
  }

  async setAdmission(mode: unknown): Promise<void> {
    if (mode !== 'auto' && mode !== 'open' && mode !== 'closed') throw fail('invalid_argument', 'no such mode');
    await this.#call('admission', [mode]);
  }

  async close(): Promise<void> {
    await this.#call('close', []);
  }

  slowCommit(ms: number): void {
    this.#host.commitMs = ms;
  }

  /** Until no frame is on its way. What the host does at once it does within a turn. */
  async settle(): Promise<void> {
    for (let quiet = 0; quiet < 2; quiet = this.#up.quiet && this.#down.quiet ? quiet + 1 : 0) await new Promise<void>((resolve) => setImmediate(resolve));
  }

  dispose(): void {
    for (const { signal, listener } of this.#watches.values()) signal.removeEventListener('abort', listener);
    this.#watches.clear();
    this.#endpoints.clear();
  }

  async #register(namespace: Namespace, id: unknown, endpoint: unknown, given: unknown): Promise<void> {
    const name = idOf(id, fail);
    const signal = signalOf(endpoint, fail);
    const config = given === undefined ? {} : copyConfig(given, fail);
    if (namespace === 'transport') serverIdOf(config, fail);
    if (signal.aborted) throw fail('endpoint_down', name);
    const handle = ++this.#serial;
    const watch = this.#watch(signal);
    watch.handles.add(handle);
    this.#endpoints.set(handle, { endpoint: endpoint as Endpoint, watch });
    await this.#call('register', [this.#clock.now(), namespace, name, handle, config], { handle });
  }

  async #find(namespace: Namespace, id: string): Promise<Registration | null> {
    const found = (await this.#call('find', [namespace, id], { id })) as unknown as Registration | null;
    return found;
  }

  async #list(namespace: Namespace): Promise<Registration[]> {
    return (await this.#call('list', [namespace])) as unknown as Registration[];
  }

  async #route(namespace: Namespace, to: string | null, from: string, message: unknown): Promise<number> {
    return (await this.#call('route', [namespace, to, from], { message })) as number;
  }

  #call(operation: string, args: readonly Json[], more: { readonly handle?: number; readonly message?: unknown; readonly id?: string } = {}): Promise<unknown> {
    return new Promise<unknown>((resolve, reject) => {
      const call = ++this.#serial;
      const entry: Call = {
        // Handles are looked up when the answer comes: what ends later is told later.
        resolve: (answer) => resolve(this.#read(operation, answer, more.id, entry)),
        reject,
        handle: more.handle,
        message: more.message,
        missed: 0,
      };
      this.#calls.set(call, entry);
      this.#up.send(call, operation, ...args);
    });
  }

  #read(operation: string, answer: Json, id: string | undefined, { missed }: Call): unknown {
    switch (operation) {
      case 'find': {
        if (answer === null) return null;
        const [handle, config] = answer as [number, Config];
        return { id, endpoint: this.#endpoints.get(handle)!.endpoint, config };
      }
      case 'list':
        return (answer as [string, number, Config][]).map(([name, handle, config]) => ({ id: name, endpoint: this.#endpoints.get(handle)!.endpoint, config }));
      case 'route':
        return (answer as number) - missed;
    }
    return answer;
  }

  #receive(frame: Frame): void {
    const [type, number] = frame as [string, number];
    if (type === 'end') {
      this.#forget(number);
      return;
    }
    const call = this.#calls.get(number);
    if (call === undefined) return;
    if (type === 'hand') {
      const [, , handle, namespace, to, from] = frame as [string, number, number, Namespace, string, string];
      const known = this.#endpoints.get(handle);
      const delivery: Delivery = { namespace, to, from, message: call.message };
      if (known === undefined || known.watch.signal.aborted) call.missed++;
      else handOver(known.endpoint, delivery);
      return;
    }
    this.#calls.delete(number);
    if (type === 'ok') call.resolve(frame[2]!);
    else {
      if (call.handle !== undefined) this.#forget(call.handle);
      call.reject(fail(frame[2] as ErrorCode, String(frame[3])));
    }
  }

  #watch(signal: AbortSignal): Watch {
    const known = this.#watches.get(signal);
    if (known !== undefined) return known;
    const watch: Watch = { signal, handles: new Set(), listener: () => this.#up.send(0, 'down', ...watch.handles) };
    this.#watches.set(signal, watch);
    signal.addEventListener('abort', watch.listener);
    return watch;
  }

  #forget(handle: number): void {
    const known = this.#endpoints.get(handle);
    if (known === undefined) return;
    this.#endpoints.delete(handle);
    const { handles, signal, listener } = known.watch;
    handles.delete(handle);
    if (handles.size > 0) return;
    signal.removeEventListener('abort', listener);
    this.#watches.delete(signal);
  }
}

export const wire: Adapter = {
  name: 'liberties: wire (a client and a host, frames of text, everything a turn later)',
  features: ['partitions', 'thresholds', 'virtual-time', 'slow-commit'],
  without: ['in-process', 'send-failures', 'send-awaited'],
  sla: { 'SLA-4': 20_000, 'SLA-5': 5_000, 'SLA-6': 100, 'SLA-10': 12 },
  open: async (options) => new Client(options),
};
