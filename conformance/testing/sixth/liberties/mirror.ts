import type { Adapter, OpenOptions } from '../../../contract.js';
import type { AdmissionMode, Clock, Config, ContentionStatus, Endpoint, ErrorCode, Namespace, PartitionStats, Registration } from '../../../../spec/index.js';
import { copyConfig, everyone, fnv, handOver, idOf, mix, partitionsOf, serverIdOf, signalOf, summary, type Fail } from './common.js';

/*
 * Complete but for thresholds as options; eventually consistent, with a staleness of 100 ms. Reads are answered in turn by two mirrors,
 * one 40 ms behind and one 90 ms, so that a reader may see what is new, then what was before, then what is new. Writes and routing are
 * the leader's. A "down" is in the mirrors at once. The mirrors' timers run while they are behind, which is while a window holds the
 * sample of what they are behind of; when the windows are reset, the mirrors catch up.
 */

const lags = [90, 40] as const;

class MirrorError extends Error {
  readonly code: ErrorCode;
  constructor(options: { readonly code: ErrorCode; readonly why: string }) {
    super(options.why);
    this.code = options.code;
  }
  toJSON(): object {
    return { code: this.code };
  }
}
const fail: Fail = (code, why) => new MirrorError({ code, why });

class Entry {
  ended = false;
  server: Entry | undefined = undefined;
  transports: Set<Entry> | undefined = undefined;
  constructor(
    readonly namespace: Namespace,
    public registration: Registration,
    readonly watch: Watch,
  ) {}
}

interface Watch {
  readonly signal: AbortSignal;
  readonly entries: Set<Entry>;
  readonly listener: () => void;
}

/** What a mirror shows of a name. */
interface Image {
  readonly entry: Entry;
  readonly registration: Registration;
  readonly server: Entry | undefined;
}

class Mirror {
  readonly server = new Map<string, Image>();
  readonly transport = new Map<string, Image>();
  /** Names that have changed, and when that is to be seen. */
  behind: { readonly due: number; readonly namespace: Namespace; readonly id: string }[] = [];
  constructor(readonly lag: number) {}
}

interface Write {
  readonly calledAt: number;
  readonly act: () => void;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

interface Lane {
  queue: Write[];
  timer: unknown;
  count: number;
  window: { readonly at: number; readonly took: number }[];
}

class Leader {
  readonly #clock: Clock;
  readonly #lanes: readonly Lane[];
  readonly #names = { server: new Map<string, Entry>(), transport: new Map<string, Entry>() };
  readonly #watches = new Map<AbortSignal, Watch>();
  readonly #mirrors = lags.map((lag) => new Mirror(lag));
  #turn = 0;
  #timer: { readonly due: number; readonly handle: unknown } | undefined;
  #commitMs = 0;
  #mode: AdmissionMode = 'auto';
  #closed = false;

  constructor(options: OpenOptions) {
    this.#clock = options.clock;
    this.#lanes = Array.from({ length: partitionsOf(options, fail) }, () => ({ queue: [], timer: undefined, count: 0, window: [] }));
  }

  async registerServer(id: unknown, endpoint: unknown, config?: unknown): Promise<void> {
    await this.#register('server', id, endpoint, config);
  }

  async registerTransport(id: unknown, endpoint: unknown, config?: unknown): Promise<void> {
    await this.#register('transport', id, endpoint, config);
  }

  async unregisterServer(id: unknown): Promise<void> {
    await this.#unregister('server', id);
  }

  async unregisterTransport(id: unknown): Promise<void> {
    await this.#unregister('transport', id);
  }

  async updateServer(id: unknown, given: unknown): Promise<void> {
    const name = idOf(id, fail);
    const config = copyConfig(given, fail, { frozen: true });
    await this.#write(name, () => {
      const server = this.#live('server', name);
      if (server === undefined) throw fail('server_not_found', name);
      server.registration = Object.freeze({ ...server.registration, config });
      this.#changed('server', name);
    });
  }

  findServer(id: unknown): Registration | undefined {
    return this.#look('server', idOf(id, fail))?.registration;
  }

  findTransport(id: unknown): Registration | undefined {
    return this.#look('transport', idOf(id, fail))?.registration;
  }

  listServers(): Registration[] {
    return this.#list('server');
  }

  listTransports(): Registration[] {
    return this.#list('transport');
  }

  async bindTransportToServer(transportId: unknown, serverId: unknown): Promise<void> {
    const name = idOf(transportId, fail);
    const serverName = idOf(serverId, fail);
    await this.#write(name, () => {
      const server = this.#live('server', serverName);
      if (server === undefined) throw fail('server_not_found', serverName);
      const transport = this.#live('transport', name);
      if (transport === undefined) throw fail('transport_not_found', name);
      tie(transport, server);
      this.#changed('transport', name);
    });
  }

  async unbindTransport(transportId: unknown): Promise<void> {
    const name = idOf(transportId, fail);
    await this.#write(name, () => {
      const transport = this.#live('transport', name);
      if (transport?.server === undefined) return;
      tie(transport, undefined);
      this.#changed('transport', name);
    });
  }

  getServerForTransport(transportId: unknown): string | undefined {
    const server = this.#look('transport', idOf(transportId, fail))?.server;
    // That a server has ended is known at once.
    return server === undefined || server.ended || server.watch.signal.aborted ? undefined : server.registration.id;
  }

  routeToServer(serverId: unknown, transportId: unknown, message: unknown): number {
    const to = idOf(serverId, fail);
    return deliver(this.#live('server', to), idOf(transportId, fail), message);
  }

  routeToTransport(transportId: unknown, serverId: unknown, message: unknown): number {
    const from = idOf(serverId, fail);
    if (transportId !== everyone) return deliver(this.#live('transport', idOf(transportId, fail)), from, message);
    const recipients = [...(this.#live('server', from)?.transports ?? [])].filter(({ watch }) => !watch.signal.aborted);
    shuffle(recipients);
    for (const transport of recipients) if (!transport.ended) deliver(transport, from, message);
    return recipients.length;
  }

  getPartitionStats(partition?: unknown): PartitionStats | readonly PartitionStats[] {
    if (partition === undefined) return this.#lanes.map((lane, index) => this.#stats(lane, index));
    const lane = typeof partition === 'number' ? this.#lanes[partition] : undefined;
    if (lane === undefined) throw fail('invalid_argument', 'no such partition');
    return this.#stats(lane, this.#lanes.indexOf(lane));
  }

  resetStats(): void {
    for (const lane of this.#lanes) {
      lane.count = 0;
      lane.window = [];
    }
    this.#catchUp(Infinity);
  }

  getContentionStatus(): ContentionStatus {
    const alarmed = this.#alarmed();
    return { partitions: this.#lanes.length, alarmed, admission: this.#admits() ? 'open' : 'closed', mode: this.#mode };
  }

  setAdmission(mode: unknown): void {
    if (mode !== 'auto' && mode !== 'open' && mode !== 'closed') throw fail('invalid_argument', 'no such mode');
    this.#mode = mode;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const lane of this.#lanes) {
      const { queue, timer } = lane;
      lane.queue = [];
      lane.timer = undefined;
      if (timer !== undefined) this.#clock.clearTimeout(timer);
      for (const { reject } of queue) reject(fail('registry_closed', 'closed meanwhile'));
    }
    for (const watch of [...this.#watches.values()]) this.#lose(watch);
    this.resetStats();
  }

  slowCommit(ms: number): void {
    this.#commitMs = ms;
  }

  async #register(namespace: Namespace, id: unknown, endpoint: unknown, given: unknown): Promise<void> {
    const name = idOf(id, fail);
    const signal = signalOf(endpoint, fail);
    const config: Config = given === undefined ? Object.freeze({}) : copyConfig(given, fail, { frozen: true });
    const serverId = namespace === 'transport' ? serverIdOf(config, fail) : undefined;
    if (this.#closed) throw fail('registry_closed', name);
    if (!this.#admits()) throw fail('admission_control_active', name);
    await this.#write(name, () => {
      if (this.#live(namespace, name) !== undefined) throw fail('already_registered', name);
      if (signal.aborted) throw fail('endpoint_down', name);
      const server = serverId === undefined ? undefined : this.#live('server', serverId);
      const entry = new Entry(namespace, Object.freeze({ id: name, endpoint: endpoint as Endpoint, config }), this.#watch(signal));
      entry.watch.entries.add(entry);
      this.#names[namespace].set(name, entry);
      tie(entry, server);
      this.#changed(namespace, name);
    });
  }

  async #unregister(namespace: Namespace, id: unknown): Promise<void> {
    const name = idOf(id, fail);
    await this.#write(name, () => {
      const entry = this.#live(namespace, name);
      if (entry === undefined) return;
      for (const gone of this.#end(entry)) this.#changed(gone.namespace, gone.registration.id);
    });
  }

  // The leader.

  #write(id: string, act: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#closed) {
        act();
        resolve();
        return;
      }
      const lane = this.#lanes[this.#partition(id)]!;
      if (lane.queue.push({ calledAt: this.#clock.now(), act, resolve, reject }) === 1) this.#serve(lane);
    });
  }

  #serve(lane: Lane): void {
    for (let write = lane.queue[0]; write !== undefined; write = lane.queue[0]) {
      if (this.#commitMs > 0) {
        lane.timer = this.#clock.setTimeout(() => {
          lane.timer = undefined;
          this.#commit(lane);
          this.#serve(lane);
        }, this.#commitMs);
        return;
      }
      this.#commit(lane);
    }
  }

  #commit(lane: Lane): void {
    const { act, calledAt, resolve, reject } = lane.queue.shift()!;
    try {
      act();
      const at = this.#clock.now();
      lane.count++;
      lane.window.push({ at, took: at - calledAt });
      if (lane.window.length > 10) lane.window.shift();
      resolve();
    } catch (error) {
      reject(error);
    }
  }

  /** Rendezvous hashing: the partition that draws the highest number. */
  #partition(id: string): number {
    const hash = fnv(id);
    let best = 0;
    let highest = -1;
    for (let partition = 0; partition < this.#lanes.length; partition++) {
      const drawn = mix((hash ^ Math.imul(partition + 1, 0x9e3779b1)) >>> 0);
      if (drawn > highest) [best, highest] = [partition, drawn];
    }
    return best;
  }

  #live(namespace: Namespace, id: string): Entry | undefined {
    const entry = this.#names[namespace].get(id);
    if (entry === undefined || !entry.watch.signal.aborted) return entry;
    this.#lose(entry.watch);
    return undefined;
  }

  #watch(signal: AbortSignal): Watch {
    const known = this.#watches.get(signal);
    if (known !== undefined) return known;
    const watch: Watch = { signal, entries: new Set(), listener: () => this.#lose(watch) };
    this.#watches.set(signal, watch);
    signal.addEventListener('abort', watch.listener);
    return watch;
  }

  /** A down: the mirrors show what is registered now. */
  #lose(watch: Watch): void {
    for (const entry of [...watch.entries]) {
      for (const gone of this.#end(entry)) {
        for (const mirror of this.#mirrors) this.#renew(mirror, gone.namespace, gone.registration.id);
      }
    }
  }

  /** Whose image is to change. */
  #end(entry: Entry): Entry[] {
    const touched = [entry, ...(entry.transports ?? [])];
    entry.ended = true;
    this.#names[entry.namespace].delete(entry.registration.id);
    tie(entry, undefined);
    for (const transport of touched.slice(1)) tie(transport, undefined);
    const { watch } = entry;
    watch.entries.delete(entry);
    if (watch.entries.size === 0) {
      watch.signal.removeEventListener('abort', watch.listener);
      this.#watches.delete(watch.signal);
    }
    return touched;
  }

  // The mirrors.

  #changed(namespace: Namespace, id: string): void {
    const now = this.#clock.now();
    for (const mirror of this.#mirrors) mirror.behind.push({ due: now + mirror.lag, namespace, id });
    this.#arm();
  }

  #catchUp(now: number): void {
    for (const mirror of this.#mirrors) {
      let done = 0;
      for (; done < mirror.behind.length && mirror.behind[done]!.due <= now; done++) this.#renew(mirror, mirror.behind[done]!.namespace, mirror.behind[done]!.id);
      if (done > 0) mirror.behind = mirror.behind.slice(done);
    }
    this.#arm();
  }

  #renew(mirror: Mirror, namespace: Namespace, id: string): void {
    const entry = this.#names[namespace].get(id);
    if (entry === undefined) mirror[namespace].delete(id);
    else mirror[namespace].set(id, { entry, registration: entry.registration, server: entry.server });
  }

  /** One timer, for what is due first; none when no mirror is behind. */
  #arm(): void {
    const due = Math.min(...this.#mirrors.map(({ behind }) => behind[0]?.due ?? Infinity));
    if (this.#timer !== undefined) {
      if (this.#timer.due === due) return;
      this.#clock.clearTimeout(this.#timer.handle);
      this.#timer = undefined;
    }
    if (due === Infinity) return;
    const handle = this.#clock.setTimeout(() => {
      this.#timer = undefined;
      this.#catchUp(Math.max(due, this.#clock.now()));
    }, Math.max(0, due - this.#clock.now()));
    this.#timer = { due, handle };
  }

  #mirror(): Mirror {
    const now = this.#clock.now();
    if (this.#timer !== undefined && this.#timer.due <= now) this.#catchUp(now);
    this.#turn = (this.#turn + 1) % this.#mirrors.length;
    return this.#mirrors[this.#turn]!;
  }

  #look(namespace: Namespace, id: string): Image | undefined {
    const image = this.#mirror()[namespace].get(id);
    return image === undefined || image.entry.watch.signal.aborted ? undefined : image;
  }

  #list(namespace: Namespace): Registration[] {
    const list: Registration[] = [];
    for (const { entry, registration } of this.#mirror()[namespace].values()) {
      if (!entry.watch.signal.aborted) list.push(registration);
    }
    return shuffle(list);
  }

  // Statistics.

  #admits(): boolean {
    if (this.#closed) return false;
    return this.#mode === 'auto' ? this.#alarmed().length / this.#lanes.length <= 0.5 : this.#mode === 'open';
  }

  #alarmed(): number[] {
    return this.#lanes.flatMap((lane, index) => (this.#isAlarmed(lane) ? [index] : []));
  }

  #isAlarmed(lane: Lane): boolean {
    const oldest = lane.queue[0];
    if (oldest !== undefined && this.#clock.now() > oldest.calledAt + 500) return true;
    return lane.count >= 10 && summary(this.#samples(lane)).mean > 100;
  }

  #samples(lane: Lane): number[] {
    const now = this.#clock.now();
    while (lane.window.length > 0 && lane.window[0]!.at + 1_000 <= now) lane.window.shift();
    return lane.window.map(({ took }) => took);
  }

  #stats(lane: Lane, partition: number): PartitionStats {
    const samples = this.#samples(lane);
    return { partition, writeCount: lane.count, sampleCount: samples.length, samples, ...summary(samples), alarm: this.#isAlarmed(lane) };
  }
}

function tie(transport: Entry, server: Entry | undefined): void {
  transport.server?.transports?.delete(transport);
  transport.server = server;
  if (server !== undefined) (server.transports ??= new Set()).add(transport);
}

function deliver(entry: Entry | undefined, from: string, message: unknown): number {
  if (entry === undefined) return 0;
  handOver(entry.registration.endpoint, { namespace: entry.namespace, to: entry.registration.id, from, message });
  return 1;
}

function shuffle<T>(list: T[]): T[] {
  for (let i = list.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1));
    [list[i], list[j]] = [list[j]!, list[i]!];
  }
  return list;
}

export const mirror: Adapter = {
  name: 'liberties: mirror (eventual, two mirrors in turn, shuffled lists)',
  consistency: { level: 'eventual', stalenessMs: 100 },
  features: ['partitions', 'virtual-time', 'slow-commit'],
  sla: { 'SLA-10': 12 },
  open: (options) => new Leader(options),
};
