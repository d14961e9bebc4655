import type { Adapter, OpenOptions } from '../../../contract.js';
import type { AdmissionMode, Clock, Config, ContentionStatus, Endpoint, ErrorCode, Namespace, PartitionStats, Registration, Thresholds } from '../../../../spec/index.js';
import { copyConfig, everyone, fnv, handOver, idOf, partitionsOf, randomWord, serverIdOf, signalOf, summary, thresholdsOf, type Fail } from './common.js';

/*
 * Complete. A warden goes round every 80 ms while the registry is not idle and notes which partitions are in trouble: the alarm is what
 * was noted last, so it comes and goes up to 80 ms late, though the samples beside it are exact. The last round is at the very moment at
 * which the registry becomes idle. Lanes hold sixteen waiting writes. Closing waits for what is on its way, for five seconds at most;
 * writes that are called meanwhile wait for it and find the registry closed. What is handed out has its properties from its class.
 */

const roundMs = 80;
const laneLimit = 16;
const drainMs = 5_000;

class WardenError extends Error {
  get code(): ErrorCode {
    return this.#code;
  }
  readonly #code: ErrorCode;
  constructor(code: ErrorCode, why: string) {
    super(why);
    this.#code = code;
  }
}
const fail: Fail = (code, why) => new WardenError(code, why);

class Card implements Registration {
  readonly #id: string;
  readonly #endpoint: Endpoint;
  readonly #config: Config;
  constructor(id: string, endpoint: Endpoint, config: Config) {
    this.#id = id;
    this.#endpoint = endpoint;
    this.#config = config;
  }
  get id(): string {
    return this.#id;
  }
  get endpoint(): Endpoint {
    return this.#endpoint;
  }
  get config(): Config {
    return this.#config;
  }
}

class Report implements PartitionStats {
  readonly samples: readonly number[];
  constructor(
    readonly partition: number,
    readonly writeCount: number,
    samples: number[],
    readonly alarm: boolean,
    /** When the alarm was looked after. */
    readonly asOf: number,
  ) {
    this.samples = Object.freeze(samples);
    Object.freeze(this);
  }
  get sampleCount(): number {
    return this.samples.length;
  }
  get min(): number {
    return summary(this.samples).min;
  }
  get mean(): number {
    return summary(this.samples).mean;
  }
  get max(): number {
    return summary(this.samples).max;
  }
}

/** What is registered under one id, in both namespaces. */
interface Drawer {
  server: Name | undefined;
  transport: Name | undefined;
}

class Name {
  ended = false;
  server: Name | undefined = undefined;
  transports: Set<Name> | undefined = undefined;
  constructor(
    readonly namespace: Namespace,
    public card: Card,
    readonly watch: Watch,
  ) {}
}

interface Watch {
  readonly signal: AbortSignal;
  readonly names: Set<Name>;
  readonly listener: { handleEvent(): void };
}

/** Samples in a ring that grows up to the size of the window. */
class Ring {
  #at = new Float64Array(16);
  #took = new Float64Array(16);
  #first = 0;
  #length = 0;

  push(at: number, took: number, most: number): void {
    if (most < 1) return;
    while (this.#length + 1 > most) this.#drop();
    if (this.#length === this.#at.length) this.#grow();
    const i = (this.#first + this.#length++) % this.#at.length;
    this.#at[i] = at;
    this.#took[i] = took;
  }

  /** The samples of commits from after `now - age`, oldest first; the others are gone. */
  samples(now: number, age: number): number[] {
    while (this.#length > 0 && this.#at[this.#first]! + age <= now) this.#drop();
    return Array.from({ length: this.#length }, (_, i) => this.#took[(this.#first + i) % this.#took.length]!);
  }

  clear(): void {
    this.#length = 0;
  }

  #drop(): void {
    this.#first = (this.#first + 1) % this.#at.length;
    this.#length--;
  }

  #grow(): void {
    const [at, took] = [new Float64Array(2 * this.#at.length), new Float64Array(2 * this.#at.length)];
    for (let i = 0; i < this.#length; i++) {
      at[i] = this.#at[(this.#first + i) % this.#at.length]!;
      took[i] = this.#took[(this.#first + i) % this.#at.length]!;
    }
    [this.#at, this.#took, this.#first] = [at, took, 0];
  }
}

interface Write {
  readonly calledAt: number;
  /** Called while the registry was being closed: waits for that. */
  readonly late: boolean;
  readonly act: () => void;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

interface Lane {
  readonly index: number;
  readonly ring: Ring;
  queue: Write[];
  /** The first of the queue is being committed. */
  busy: boolean;
  timer: unknown;
  count: number;
  /** What the warden noted. */
  alarm: boolean;
}

class Warden {
  readonly #clock: Clock;
  readonly #thresholds: Thresholds;
  readonly #seed = randomWord();
  readonly #drawers = new Map<string, Drawer>();
  readonly #watches = new Map<AbortSignal, Watch>();
  readonly #lanes: readonly Lane[];
  #commitMs = 0;
  #mode: AdmissionMode = 'auto';

  /** The rounds. */
  #roundAt: number;
  #timer: { readonly due: number; readonly handle: unknown } | undefined;
  /** Writes in lanes. */
  #inFlight = 0;
  /** Until when there is a sample in a window. */
  #freshUntil = -Infinity;

  #state: 'open' | 'draining' | 'closed' = 'open';
  #closing: Promise<void> | undefined;
  #closeDone: () => void = () => {};
  #drainTimer: unknown;

  constructor(options: OpenOptions) {
    this.#clock = options.clock;
    this.#thresholds = thresholdsOf(options);
    this.#roundAt = this.#clock.now();
    this.#lanes = Array.from({ length: partitionsOf(options, fail) }, (_, index) => ({ index, ring: new Ring(), queue: [], busy: false, timer: undefined, count: 0, alarm: false }));
  }

  async registerServer(id: unknown, endpoint: unknown, config?: unknown): Promise<void> {
    return this.#register('server', id, endpoint, config);
  }

  async registerTransport(id: unknown, endpoint: unknown, config?: unknown): Promise<void> {
    return this.#register('transport', id, endpoint, config);
  }

  async unregisterServer(id: unknown): Promise<void> {
    return this.#unregister('server', id);
  }

  async unregisterTransport(id: unknown): Promise<void> {
    return this.#unregister('transport', id);
  }

  async updateServer(id: unknown, given: unknown): Promise<void> {
    const name = idOf(id, fail);
    const config = copyConfig(given, fail, { frozen: true });
    return this.#enter(name, () => {
      const server = this.#live('server', name);
      if (server === undefined) throw fail('server_not_found', name);
      server.card = new Card(name, server.card.endpoint, config);
    });
  }

  findServer(id: unknown): Registration | undefined {
    return this.#live('server', idOf(id, fail))?.card;
  }

  findTransport(id: unknown): Registration | undefined {
    return this.#live('transport', idOf(id, fail))?.card;
  }

  listServers(): readonly Registration[] {
    return this.#list('server');
  }

  listTransports(): readonly Registration[] {
    return this.#list('transport');
  }

  async bindTransportToServer(transportId: unknown, serverId: unknown): Promise<void> {
    const name = idOf(transportId, fail);
    const serverName = idOf(serverId, fail);
    return this.#enter(name, () => {
      const server = this.#live('server', serverName);
      if (server === undefined) throw fail('server_not_found', serverName);
      const transport = this.#live('transport', name);
      if (transport === undefined) throw fail('transport_not_found', name);
      tie(transport, server);
    });
  }

  async unbindTransport(transportId: unknown): Promise<void> {
    const name = idOf(transportId, fail);
    return this.#enter(name, () => {
      const transport = this.#live('transport', name);
      if (transport !== undefined) tie(transport, undefined);
    });
  }

  getServerForTransport(transportId: unknown): string | undefined {
    const server = this.#live('transport', idOf(transportId, fail))?.server;
    return server === undefined ? undefined : this.#live('server', server.card.id)?.card.id;
  }

  routeToServer(serverId: unknown, transportId: unknown, message: unknown): number {
    const to = idOf(serverId, fail);
    const from = idOf(transportId, fail);
    return this.#deliver(this.#live('server', to), from, message);
  }

  routeToTransport(transportId: unknown, serverId: unknown, message: unknown): number {
    const from = idOf(serverId, fail);
    if (transportId !== everyone) return this.#deliver(this.#live('transport', idOf(transportId, fail)), from, message);
    const server = this.#live('server', from);
    const recipients = [...(server?.transports ?? [])].filter(({ watch }) => !watch.signal.aborted);
    for (const transport of recipients) {
      // Who has been unbound meanwhile is left out.
      if (transport.server === server && !transport.ended && !transport.watch.signal.aborted) this.#deliver(transport, from, message);
    }
    return recipients.length;
  }

  getPartitionStats(partition?: unknown): PartitionStats | readonly PartitionStats[] {
    this.#look();
    if (partition === undefined) return this.#lanes.map((lane) => this.#report(lane));
    const lane = typeof partition === 'number' ? this.#lanes[partition] : undefined;
    if (lane === undefined) throw fail('invalid_argument', 'no such partition');
    return this.#report(lane);
  }

  resetStats(): void {
    for (const lane of this.#lanes) {
      lane.count = 0;
      lane.ring.clear();
    }
    this.#freshUntil = -Infinity;
    this.#round();
    this.#plan();
  }

  getContentionStatus(): ContentionStatus {
    this.#look();
    const alarmed = this.#lanes.filter(({ alarm }) => alarm).map(({ index }) => index);
    return { partitions: this.#lanes.length, alarmed, admission: this.#admits() ? 'open' : 'closed', mode: this.#mode };
  }

  setAdmission(mode: unknown): void {
    if (mode !== 'auto' && mode !== 'open' && mode !== 'closed') throw fail('invalid_argument', 'no such mode');
    this.#mode = mode;
  }

  close(): Promise<void> {
    if (this.#closing === undefined) {
      this.#closing = new Promise((resolve) => {
        this.#closeDone = resolve;
      });
      this.#state = 'draining';
      if (this.#drained()) this.#finishClosing();
      else this.#drainTimer = this.#clock.setTimeout(() => this.#giveUpDraining(), drainMs);
    }
    return this.#closing;
  }

  slowCommit(ms: number): void {
    this.#commitMs = ms;
  }

  #register(namespace: Namespace, id: unknown, endpoint: unknown, given: unknown): Promise<void> {
    const name = idOf(id, fail);
    const signal = signalOf(endpoint, fail);
    const config = given === undefined ? nothing : copyConfig(given, fail, { frozen: true });
    const serverId = namespace === 'transport' ? serverIdOf(config, fail) : undefined;
    const admit = (): void => {
      this.#look();
      if (!this.#admits()) throw fail('admission_control_active', name);
    };
    if (this.#state === 'open') admit();
    return this.#enter(name, () => {
      admit();
      if (this.#live(namespace, name) !== undefined) throw fail('already_registered', name);
      if (signal.aborted) throw fail('endpoint_down', name);
      const server = serverId === undefined ? undefined : this.#live('server', serverId);
      const entry = new Name(namespace, new Card(name, endpoint as Endpoint, config), this.#watch(signal));
      entry.watch.names.add(entry);
      let drawer = this.#drawers.get(name);
      if (drawer === undefined) this.#drawers.set(name, (drawer = { server: undefined, transport: undefined }));
      drawer[namespace] = entry;
      if (server !== undefined) tie(entry, server);
    });
  }

  #unregister(namespace: Namespace, id: unknown): Promise<void> {
    const name = idOf(id, fail);
    return this.#enter(name, () => {
      const entry = this.#live(namespace, name);
      if (entry !== undefined) this.#end(entry);
    });
  }

  #enter(id: string, act: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      const lane = this.#lanes[fnv(id, this.#seed) % this.#lanes.length]!;
      const write: Write = { calledAt: this.#clock.now(), late: this.#state !== 'open', act, resolve, reject };
      if (this.#state === 'closed') {
        this.#tooLate(write);
        return;
      }
      if (lane.queue.length - (lane.busy ? 1 : 0) >= laneLimit) throw fail('partition_overloaded', 'the lane is full');
      lane.queue.push(write);
      this.#inFlight++;
      this.#serve(lane);
      this.#plan();
    });
  }

  #serve(lane: Lane): void {
    while (!lane.busy && lane.queue.length > 0 && !lane.queue[0]!.late) {
      lane.busy = true;
      if (this.#commitMs <= 0) this.#commit(lane);
      else {
        lane.timer = this.#clock.setTimeout(() => {
          this.#commit(lane);
          this.#serve(lane);
          if (this.#state === 'draining' && this.#drained()) this.#finishClosing();
          this.#plan();
        }, this.#commitMs);
      }
    }
  }

  #commit(lane: Lane): void {
    lane.busy = false;
    lane.timer = undefined;
    const { act, calledAt, resolve, reject } = lane.queue.shift()!;
    this.#inFlight--;
    try {
      act();
      const at = this.#clock.now();
      lane.count++;
      lane.ring.push(at, at - calledAt, this.#thresholds.windowSize);
      if (this.#thresholds.windowSize >= 1) this.#freshUntil = at + this.#thresholds.windowMs;
      resolve();
    } catch (error) {
      reject(error);
    }
  }

  // Closing.

  #drained(): boolean {
    return this.#lanes.every(({ queue }) => queue.length === 0 || queue[0]!.late);
  }

  /** What the store has not answered may have happened; what has not had its turn has not. */
  #giveUpDraining(): void {
    for (const lane of this.#lanes) {
      const given = lane.queue.filter(({ late }) => !late);
      lane.queue = lane.queue.filter(({ late }) => late);
      this.#inFlight -= given.length;
      given.forEach(({ reject }, i) => reject(i === 0 && lane.busy ? fail('outcome_unknown', 'the store has not answered') : fail('write_timeout', 'withdrawn')));
      if (lane.timer !== undefined) this.#clock.clearTimeout(lane.timer);
      lane.timer = undefined;
      lane.busy = false;
    }
    this.#finishClosing();
    this.#plan();
  }

  #finishClosing(): void {
    if (this.#drainTimer !== undefined) this.#clock.clearTimeout(this.#drainTimer);
    this.#drainTimer = undefined;
    this.#state = 'closed';
    for (const { names } of [...this.#watches.values()]) for (const name of [...names]) this.#end(name);
    for (const lane of this.#lanes) {
      const late = lane.queue;
      lane.queue = [];
      this.#inFlight -= late.length;
      lane.ring.clear();
      for (const write of late) this.#tooLate(write);
    }
    this.#freshUntil = -Infinity;
    this.#round();
    this.#plan();
    this.#closeDone();
  }

  /** Of a write to a closed registry succeeds what has nothing to do. */
  #tooLate({ act, resolve, reject }: Write): void {
    try {
      act();
      resolve();
    } catch {
      reject(fail('registry_closed', 'closed'));
    }
  }

  // The warden.

  /** What the alarms are now. */
  #round(): void {
    const now = this.#clock.now();
    const { windowMs, minWrites, alarmAboveMs, stuckAfterMs } = this.#thresholds;
    this.#roundAt = now;
    for (const lane of this.#lanes) {
      const stuck = lane.queue.length > 0 && now > lane.queue[0]!.calledAt + stuckAfterMs;
      const samples = lane.ring.samples(now, windowMs);
      lane.alarm = stuck || (lane.count >= minWrites && samples.length > 0 && summary(samples).mean > alarmAboveMs);
    }
  }

  /** Sees to it that there is a next round as long as there is something to look after, and none from then on. */
  #plan(): void {
    const now = this.#clock.now();
    if (this.#inFlight === 0 && now >= this.#freshUntil) {
      if (this.#timer === undefined) return;
      this.#clock.clearTimeout(this.#timer.handle);
      this.#timer = undefined;
      this.#round();
      return;
    }
    // Nothing has changed since it was last idle.
    if (this.#timer === undefined && now > this.#roundAt) this.#roundAt = now;
    const due = this.#inFlight > 0 ? this.#roundAt + roundMs : Math.min(this.#roundAt + roundMs, this.#freshUntil);
    if (this.#timer !== undefined) {
      if (this.#timer.due <= due) return;
      this.#clock.clearTimeout(this.#timer.handle);
    }
    const handle = this.#clock.setTimeout(() => {
      this.#timer = undefined;
      this.#round();
      this.#plan();
    }, Math.max(0, due - now));
    this.#timer = { due, handle };
  }

  /** Where a timer is late, whoever looks goes round instead. */
  #look(): void {
    if (this.#clock.now() > this.#roundAt + roundMs) this.#round();
  }

  #admits(): boolean {
    if (this.#state === 'closed') return false;
    if (this.#mode !== 'auto') return this.#mode === 'open';
    return this.#lanes.filter(({ alarm }) => alarm).length / this.#lanes.length <= this.#thresholds.closeAbove;
  }

  #report(lane: Lane): Report {
    return new Report(lane.index, lane.count, lane.ring.samples(this.#clock.now(), this.#thresholds.windowMs), lane.alarm, this.#roundAt);
  }

  // Names.

  #watch(signal: AbortSignal): Watch {
    let watch = this.#watches.get(signal);
    if (watch === undefined) {
      const names = new Set<Name>();
      const listener = {
        handleEvent: (): void => {
          for (const name of [...names]) this.#end(name);
        },
      };
      watch = { signal, names, listener };
      this.#watches.set(signal, watch);
      signal.addEventListener('abort', listener);
    }
    return watch;
  }

  #live(namespace: Namespace, id: string): Name | undefined {
    const name = this.#drawers.get(id)?.[namespace];
    if (name === undefined || !name.watch.signal.aborted) return name;
    name.watch.listener.handleEvent();
    return undefined;
  }

  #end(name: Name): void {
    if (name.ended) return;
    name.ended = true;
    const drawer = this.#drawers.get(name.card.id)!;
    drawer[name.namespace] = undefined;
    if (drawer.server === undefined && drawer.transport === undefined) this.#drawers.delete(name.card.id);
    tie(name, undefined);
    for (const transport of [...(name.transports ?? [])]) tie(transport, undefined);
    const { watch } = name;
    watch.names.delete(name);
    if (watch.names.size > 0) return;
    watch.signal.removeEventListener('abort', watch.listener);
    this.#watches.delete(watch.signal);
  }

  #list(namespace: Namespace): readonly Registration[] {
    const list: Registration[] = [];
    for (const drawer of this.#drawers.values()) {
      const name = drawer[namespace];
      if (name !== undefined && !name.watch.signal.aborted) list.push(name.card);
    }
    return Object.freeze(list);
  }

  #deliver(name: Name | undefined, from: string, message: unknown): number {
    if (name === undefined) return 0;
    handOver(name.card.endpoint, { namespace: name.namespace, to: name.card.id, from, message });
    return 1;
  }
}

const nothing: Config = Object.freeze({});

function tie(transport: Name, server: Name | undefined): void {
  transport.server?.transports?.delete(transport);
  transport.server = server;
  if (server !== undefined) (server.transports ??= new Set()).add(transport);
}

export const warden: Adapter = {
  name: 'liberties: warden (alarms noted on rounds, bounded lanes, closing waits, answers with getters)',
  features: ['partitions', 'thresholds', 'virtual-time', 'slow-commit'],
  sla: { 'SLA-10': 4 },
  open: (options) => new Warden(options),
};
