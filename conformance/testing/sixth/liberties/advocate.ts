import type { Adapter, OpenOptions } from '../../../contract.js';
import type { AdmissionMode, Clock, Config, ContentionStatus, Delivery, Endpoint, ErrorCode, Namespace, PartitionStats, Registration, Thresholds } from '../../../../spec/index.js';
import { copyConfig, everyone, handOver, hush, isId, murmur, partitionsOf, randomWord, serverIdOf, signalOf, summary, thresholdsOf, type Fail } from './common.js';

/*
 * Complete. Where several refusals apply it takes any of them, another one each time. A broadcast is posted, and delivered in the next
 * microtask or before whatever else is routed to the same transport; the sender must be registered; a send that throws has not taken
 * its message. What has nothing to do costs nothing and is no write, yet keeps its turn. Reads of a closed registry now give nothing,
 * now are refused. Names are keys of plain objects without a prototype. Null is no configuration.
 */

const classes = new Map<ErrorCode, new (why: string) => Error>();
/** A class for each code. */
const fail: Fail = (code, why) => {
  let made = classes.get(code);
  if (made === undefined) {
    made = class extends Error {
      readonly code = code;
      override readonly name = `${code.replace(/(?:^|_)(.)/g, (_, letter: string) => letter.toUpperCase())}Error`;
    };
    classes.set(code, made);
  }
  return new made(why);
};

/** What a client of the advocate may insist on beyond what is certain: see `disputed` in correct.ts. */
export interface Readings {
  /** Refuses at the call what the state at that moment refuses, though writes to the same partition are waiting. */
  readonly eager?: boolean;
  /** Once closed, refuses every operation with `registry_closed`. */
  readonly nothingAfterClose?: boolean;
  /** A sample of exactly the age of the window is in it yet. */
  readonly samplesStay?: boolean;
}

class Holding {
  ended = false;
  patron: Holding | undefined = undefined;
  clients: Set<Holding> | undefined = undefined;
  /** What has been broadcast to it and not been handed over. */
  mail: Delivery[] | undefined = undefined;
  constructor(
    readonly namespace: Namespace,
    readonly id: string,
    readonly endpoint: Endpoint,
    public config: Config,
    readonly firm: Firm,
    readonly shelf: Shelf,
  ) {}
}

type Shelf = Record<string, Holding>;

interface Firm {
  readonly signal: AbortSignal;
  readonly holdings: Set<Holding>;
  readonly listener: () => void;
}

/** A write. */
interface Brief {
  readonly calledAt: number;
  /** What is to be done: nothing, perhaps. Throws a refusal. `final`: at the commit. */
  readonly decide: (final: boolean) => (() => void) | undefined;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

interface Court {
  readonly server: Shelf;
  readonly transport: Shelf;
  /** The first of them is being committed. */
  briefs: Brief[];
  timer: unknown;
  count: number;
  window: { readonly at: number; readonly took: number }[];
}

/** Collects what is wrong with a call. */
class Complaints {
  readonly #errors: Error[] = [];

  add(code: ErrorCode, why: string): void {
    this.#errors.push(fail(code, why));
  }

  /** What it gives; undefined, and a complaint, where it throws. */
  try<T>(make: () => T): T | undefined {
    try {
      return make();
    } catch (error) {
      this.#errors.push(error as Error);
      return undefined;
    }
  }

  /** Refuses for any of the reasons. */
  heard(): void {
    if (this.#errors.length > 0) throw this.#errors[Math.floor(Math.random() * this.#errors.length)]!;
  }
}

class Advocate {
  readonly #clock: Clock;
  readonly #thresholds: Thresholds;
  readonly #readings: Readings;
  readonly #seed = randomWord();
  readonly #courts: readonly Court[];
  readonly #firms = new Map<AbortSignal, Firm>();
  #posted: Holding[] = [];
  #commitMs = 0;
  #mode: AdmissionMode = 'auto';
  #closed = false;

  constructor(options: OpenOptions, readings: Readings) {
    this.#clock = options.clock;
    this.#thresholds = thresholdsOf(options);
    this.#readings = readings;
    this.#courts = Array.from({ length: partitionsOf(options, fail) }, () => ({
      server: Object.create(null) as Shelf,
      transport: Object.create(null) as Shelf,
      briefs: [],
      timer: undefined,
      count: 0,
      window: [],
    }));
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
    const complaints = new Complaints();
    if (!isId(id)) complaints.add('invalid_argument', 'not an id');
    const config = complaints.try(() => copyConfig(given, fail, { frozen: true }));
    if (this.#closed) complaints.add('registry_closed', 'closed');
    if (isId(id) && this.#mayDecide(id) && this.#live('server', id) === undefined) complaints.add('server_not_found', id);
    complaints.heard();
    const name = id as string;
    return this.#plead(name, () => {
      const server = this.#live('server', name);
      if (server === undefined) throw fail('server_not_found', name);
      return () => {
        server.config = config!;
      };
    });
  }

  findServer(id: unknown): Registration | undefined {
    return this.#find('server', id);
  }

  findTransport(id: unknown): Registration | undefined {
    return this.#find('transport', id);
  }

  listServers(): Registration[] {
    return this.#list('server');
  }

  listTransports(): Registration[] {
    return this.#list('transport');
  }

  async bindTransportToServer(transportId: unknown, serverId: unknown): Promise<void> {
    const complaints = new Complaints();
    if (!isId(transportId) || !isId(serverId)) complaints.add('invalid_argument', 'not an id');
    if (this.#closed) complaints.add('registry_closed', 'closed');
    const server = isId(serverId) ? this.#live('server', serverId) : undefined;
    if (isId(serverId) && server === undefined) complaints.add('server_not_found', serverId);
    // Whether the server is registered comes first: only where it is, does the transport matter.
    if (server !== undefined && isId(transportId) && this.#mayDecide(transportId) && this.#live('transport', transportId) === undefined) complaints.add('transport_not_found', transportId);
    complaints.heard();
    const name = transportId as string;
    return this.#plead(name, () => {
      if (this.#live('server', server!.id) !== server) throw fail('server_not_found', server!.id);
      const transport = this.#live('transport', name);
      if (transport === undefined) throw fail('transport_not_found', name);
      return () => tie(transport, server);
    });
  }

  async unbindTransport(transportId: unknown): Promise<void> {
    if (!isId(transportId)) throw fail('invalid_argument', 'not an id');
    this.#mayAct();
    if (this.#closed) return;
    return this.#plead(transportId, () => {
      const transport = this.#live('transport', transportId);
      return transport?.patron === undefined ? undefined : () => tie(transport, undefined);
    });
  }

  getServerForTransport(transportId: unknown): string | undefined {
    if (!isId(transportId)) throw fail('invalid_argument', 'not an id');
    this.#mayRead();
    const patron = this.#live('transport', transportId)?.patron;
    return patron === undefined ? undefined : this.#live('server', patron.id)?.id;
  }

  routeToServer(serverId: unknown, transportId: unknown, message: unknown): number {
    if (!isId(serverId) || !isId(transportId)) throw fail('invalid_argument', 'not an id');
    this.#mayAct();
    const server = this.#live('server', serverId);
    if (server === undefined) return 0;
    if (this.#live('transport', transportId) === undefined) throw fail('transport_not_found', `the sender, ${transportId}`);
    return handOver(server.endpoint, { namespace: 'server', to: serverId, from: transportId, message }) ? 1 : 0;
  }

  routeToTransport(transportId: unknown, serverId: unknown, message: unknown): number {
    if (!isId(serverId) || !(transportId === everyone || isId(transportId))) throw fail('invalid_argument', 'not an id');
    this.#mayAct();
    if (!isId(transportId)) return this.#broadcast(serverId, message);
    const transport = this.#live('transport', transportId);
    if (transport === undefined) return 0;
    if (this.#live('server', serverId) === undefined) throw fail('server_not_found', `the sender, ${serverId}`);
    // What was broadcast before comes first.
    this.#empty(transport);
    if (transport.ended || transport.firm.signal.aborted) return 0;
    return handOver(transport.endpoint, { namespace: 'transport', to: transportId, from: serverId, message }) ? 1 : 0;
  }

  getPartitionStats(partition?: unknown): PartitionStats | PartitionStats[] {
    this.#mayAct();
    if (partition === undefined) return this.#courts.map((court, index) => this.#stats(court, index));
    const court = typeof partition === 'number' ? this.#courts[partition] : undefined;
    if (court === undefined) throw fail('invalid_argument', 'no such partition');
    return this.#stats(court, this.#courts.indexOf(court));
  }

  resetStats(): void {
    this.#mayAct();
    for (const court of this.#courts) {
      court.count = 0;
      court.window = [];
    }
  }

  getContentionStatus(): ContentionStatus {
    this.#mayAct();
    return { mode: this.#mode, admission: this.#admits() ? 'open' : 'closed', alarmed: this.#alarmed(), partitions: this.#courts.length };
  }

  setAdmission(mode: unknown): void {
    this.#mayAct();
    if (mode !== 'auto' && mode !== 'open' && mode !== 'closed') throw fail('invalid_argument', 'no such mode');
    this.#mode = mode;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const court of this.#courts) {
      const { briefs, timer } = court;
      court.briefs = [];
      court.timer = undefined;
      court.window = [];
      if (timer !== undefined) this.#clock.clearTimeout(timer);
      for (const { reject } of briefs) reject(fail('registry_closed', 'closed meanwhile'));
    }
    for (const firm of [...this.#firms.values()]) this.#dissolve(firm);
  }

  slowCommit(ms: number): void {
    this.#commitMs = ms;
  }

  #register(namespace: Namespace, id: unknown, endpoint: unknown, given: unknown): Promise<void> {
    const complaints = new Complaints();
    if (!isId(id)) complaints.add('invalid_argument', 'not an id');
    const signal = complaints.try(() => signalOf(endpoint, fail));
    const config = complaints.try(() => {
      const copy: Config = given === undefined || given === null ? Object.freeze({}) : copyConfig(given, fail, { frozen: true });
      if (namespace === 'transport') serverIdOf(copy, fail);
      return copy;
    });
    const serverId = namespace === 'transport' ? (config?.['serverId'] as string | undefined) : undefined;
    if (this.#closed) complaints.add('registry_closed', 'closed');
    else if (!this.#admits()) complaints.add('admission_control_active', 'not now');
    if (signal?.aborted === true) complaints.add('endpoint_down', 'its signal has aborted');
    if (isId(id) && this.#mayDecide(id) && this.#live(namespace, id) !== undefined) complaints.add('already_registered', id);
    complaints.heard();
    const name = id as string;
    return this.#plead(name, (final) => {
      const found = new Complaints();
      if (final && !this.#admits()) found.add('admission_control_active', 'not now');
      if (signal!.aborted) found.add('endpoint_down', 'its signal has aborted');
      if (this.#live(namespace, name) !== undefined) found.add('already_registered', name);
      found.heard();
      return () => {
        const patron = serverId === undefined ? undefined : this.#live('server', serverId);
        const shelf = this.#court(name)[namespace];
        const holding = new Holding(namespace, name, endpoint as Endpoint, config!, this.#firm(signal!), shelf);
        holding.firm.holdings.add(holding);
        shelf[name] = holding;
        tie(holding, patron);
      };
    });
  }

  async #unregister(namespace: Namespace, id: unknown): Promise<void> {
    if (!isId(id)) throw fail('invalid_argument', 'not an id');
    this.#mayAct();
    if (this.#closed) return;
    return this.#plead(id, () => {
      const holding = this.#live(namespace, id);
      return holding === undefined ? undefined : () => this.#end(holding);
    });
  }

  /** Whether what is refused now would be refused at its turn: where it has its turn now. */
  #mayDecide(id: string): boolean {
    return this.#readings.eager === true || this.#court(id).briefs.length === 0;
  }

  #mayAct(): void {
    if (this.#closed && this.#readings.nothingAfterClose === true) throw fail('registry_closed', 'closed');
  }

  #mayRead(): void {
    if (this.#closed && (this.#readings.nothingAfterClose === true || Math.random() < 0.5)) throw fail('registry_closed', 'closed');
  }

  // Writes.

  #plead(id: string, decide: Brief['decide']): Promise<void> {
    return new Promise((resolve, reject) => {
      const court = this.#court(id);
      if (court.briefs.push({ calledAt: this.#clock.now(), decide, resolve, reject }) === 1) this.#sit(court);
    });
  }

  #sit(court: Court): void {
    for (let brief = court.briefs[0]; brief !== undefined; brief = court.briefs[0]) {
      const { decide, resolve, reject, calledAt } = brief;
      if (this.#commitMs > 0) {
        try {
          if (decide(false) !== undefined) {
            court.timer = this.#clock.setTimeout(() => {
              court.timer = undefined;
              court.briefs.shift();
              this.#rule(court, brief!);
              this.#sit(court);
            }, this.#commitMs);
            return;
          }
          resolve();
        } catch (error) {
          reject(error);
        }
        court.briefs.shift();
      } else {
        court.briefs.shift();
        this.#rule(court, { decide, resolve, reject, calledAt });
      }
    }
  }

  #rule(court: Court, { decide, resolve, reject, calledAt }: Brief): void {
    try {
      const effect = decide(true);
      if (effect !== undefined) {
        effect();
        const at = this.#clock.now();
        court.count++;
        court.window.push({ at, took: at - calledAt });
        while (court.window.length > this.#thresholds.windowSize) court.window.shift();
      }
      resolve();
    } catch (error) {
      reject(error);
    }
  }

  #court(id: string): Court {
    return this.#courts[murmur(id, this.#seed) % this.#courts.length]!;
  }

  // Names.

  #live(namespace: Namespace, id: string): Holding | undefined {
    const holding = this.#court(id)[namespace][id];
    if (holding === undefined || !holding.firm.signal.aborted) return holding;
    this.#dissolve(holding.firm);
    return undefined;
  }

  #firm(signal: AbortSignal): Firm {
    const known = this.#firms.get(signal);
    if (known !== undefined) return known;
    const firm: Firm = { signal, holdings: new Set(), listener: () => this.#dissolve(firm) };
    this.#firms.set(signal, firm);
    signal.addEventListener('abort', firm.listener, { once: true, passive: true });
    return firm;
  }

  #dissolve(firm: Firm): void {
    for (const holding of [...firm.holdings]) this.#end(holding);
  }

  #end(holding: Holding): void {
    if (holding.ended) return;
    holding.ended = true;
    holding.mail = undefined;
    Reflect.deleteProperty(holding.shelf, holding.id);
    tie(holding, undefined);
    for (const client of [...(holding.clients ?? [])]) tie(client, undefined);
    const { firm } = holding;
    firm.holdings.delete(holding);
    if (firm.holdings.size > 0) return;
    firm.signal.removeEventListener('abort', firm.listener);
    this.#firms.delete(firm.signal);
  }

  #find(namespace: Namespace, id: unknown): Registration | undefined {
    if (!isId(id)) throw fail('invalid_argument', 'not an id');
    this.#mayRead();
    const holding = this.#live(namespace, id);
    return holding === undefined ? undefined : this.#show(holding);
  }

  #list(namespace: Namespace): Registration[] {
    this.#mayRead();
    return this.#courts.flatMap((court) => Object.values(court[namespace]).filter(({ firm }) => !firm.signal.aborted).map((holding) => this.#show(holding)));
  }

  #show({ id, endpoint, config }: Holding): Registration & { readonly partition: number } {
    return { partition: this.#courts.indexOf(this.#court(id)), config, endpoint, id };
  }

  // Broadcasts.

  #broadcast(from: string, message: unknown): number {
    const clients = [...(this.#live('server', from)?.clients ?? [])].filter(({ firm }) => !firm.signal.aborted);
    for (const client of clients) {
      (client.mail ??= []).push({ namespace: 'transport', to: client.id, from, message });
      if (this.#posted.push(client) === 1) queueMicrotask(() => this.#deliver());
    }
    return clients.length;
  }

  #deliver(): void {
    const posted = this.#posted;
    this.#posted = [];
    for (const holding of posted) this.#empty(holding);
  }

  #empty(holding: Holding): void {
    for (let delivery = holding.mail?.shift(); delivery !== undefined; delivery = holding.mail?.shift()) {
      if (holding.firm.signal.aborted) return;
      try {
        hush(holding.endpoint.send(delivery));
      } catch {
        // Its own affair.
      }
    }
  }

  // Statistics.

  #admits(): boolean {
    if (this.#closed) return false;
    if (this.#mode !== 'auto') return this.#mode === 'open';
    return this.#alarmed().length / this.#courts.length <= this.#thresholds.closeAbove;
  }

  #alarmed(): number[] {
    return this.#courts.flatMap((court, index) => (this.#isAlarmed(court) ? [index] : []));
  }

  #isAlarmed(court: Court): boolean {
    const { minWrites, alarmAboveMs, stuckAfterMs } = this.#thresholds;
    const oldest = court.briefs[0];
    if (oldest !== undefined && this.#clock.now() > oldest.calledAt + stuckAfterMs) return true;
    if (court.count < minWrites) return false;
    const samples = this.#samples(court);
    return samples.length > 0 && summary(samples).mean > alarmAboveMs;
  }

  #samples(court: Court): number[] {
    const now = this.#clock.now();
    const { windowMs } = this.#thresholds;
    court.window = court.window.filter(({ at }) => now < at + windowMs || (this.#readings.samplesStay === true && now === at + windowMs));
    return court.window.map(({ took }) => took);
  }

  #stats(court: Court, partition: number): PartitionStats {
    const samples = this.#samples(court);
    return { alarm: this.#isAlarmed(court), ...summary(samples), samples, sampleCount: samples.length, writeCount: court.count, partition };
  }
}

function tie(transport: Holding, server: Holding | undefined): void {
  transport.patron?.clients?.delete(transport);
  transport.patron = server;
  if (server !== undefined) (server.clients ??= new Set()).add(transport);
}

export const advocateWith = (name: string, readings: Readings): Adapter => ({
  name,
  features: ['partitions', 'thresholds', 'virtual-time', 'slow-commit'],
  without: ['send-awaited'],
  sla: { 'SLA-10': 5 },
  open: (options) => new Advocate(options, readings),
});

export const advocate: Adapter = advocateWith('liberties: advocate (any error that applies, posted broadcasts, senders must be registered)', {});
