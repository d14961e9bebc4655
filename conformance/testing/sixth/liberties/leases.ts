import type { Adapter, OpenOptions } from '../../../contract.js';
import type { AdmissionMode, Config, ContentionStatus, Endpoint, ErrorCode, Namespace, PartitionStats, Registration, Thresholds } from '../../../../spec/index.js';
import { copyConfig, everyone, fnv, handOver, idOf, partitionsOf, serverIdOf, signalOf, summary, thresholdsOf, type Fail } from './common.js';

/*
 * Complete. Listens to no signal at all: whether an endpoint is down is seen when somebody looks, and every operation sweeps a few names
 * of its shard. A write takes effect when its turn comes, in memory, and is answered when the store has it: until then it can be read
 * already. What can be answered at once is (by null, or by throwing), what cannot is promised. What is refused or changes nothing costs
 * no commit and is not counted. Answers are fresh objects without prototypes. Admission is asked at the call alone.
 */

class LeaseError extends Error {
  readonly code: ErrorCode;
  readonly refused = true;
  constructor(code: ErrorCode, why: string) {
    super(why, { cause: code });
    this.code = code;
  }
}
const fail: Fail = (code, why) => new LeaseError(code, why);

class Lease {
  ended = false;
  server: Lease | undefined = undefined;
  tied: Set<Lease> | undefined = undefined;
  constructor(
    readonly id: string,
    readonly endpoint: Endpoint,
    readonly signal: AbortSignal,
    public config: Config | undefined,
    readonly home: Map<string, Lease>,
  ) {}
}

interface Job {
  readonly calledAt: number;
  /** Takes effect; false where there was nothing to do. Throws what it is refused with. */
  readonly run: () => boolean;
  readonly resolve: (nothing: null) => void;
  readonly reject: (error: unknown) => void;
}

/** What has taken effect, and is on its way into the store. */
interface Commit {
  readonly calledAt: number;
  readonly resolve: (nothing: null) => void;
  timer: unknown;
}

class Shard {
  readonly server = new Map<string, Lease>();
  readonly transport = new Map<string, Lease>();
  commit: Commit | undefined;
  waiting: Job[] = [];
  count = 0;
  window: [at: number, took: number][] = [];
  broom: Iterator<Lease> = this.server.values();
  sweeps: Namespace = 'server';
}

class Leases {
  readonly #shards: readonly Shard[];
  readonly #thresholds: Thresholds;
  #commitMs = 0;
  #mode: AdmissionMode = 'auto';
  #closed = false;

  constructor(readonly options: OpenOptions) {
    this.#thresholds = thresholdsOf(options);
    this.#shards = Array.from({ length: partitionsOf(options, fail) }, () => new Shard());
  }

  registerServer(id: unknown, endpoint: unknown, config?: unknown): null | Promise<null> {
    return this.#register('server', id, endpoint, config);
  }

  registerTransport(id: unknown, endpoint: unknown, config?: unknown): null | Promise<null> {
    return this.#register('transport', id, endpoint, config);
  }

  unregisterServer(id: unknown): null | Promise<null> {
    return this.#unregister('server', idOf(id, fail));
  }

  unregisterTransport(id: unknown): null | Promise<null> {
    return this.#unregister('transport', idOf(id, fail));
  }

  updateServer(id: unknown, config: unknown): null | Promise<null> {
    const name = idOf(id, fail);
    const copy = copyConfig(config, fail, { bare: true });
    return this.#write(name, () => {
      const lease = this.#live('server', name);
      if (lease === undefined) throw fail('server_not_found', name);
      lease.config = copy;
      return true;
    });
  }

  findServer(id: unknown): Registration | null {
    return show(this.#live('server', idOf(id, fail)));
  }

  findTransport(id: unknown): Registration | null {
    return show(this.#live('transport', idOf(id, fail)));
  }

  listServers(): Registration[] {
    return this.#list('server');
  }

  listTransports(): Registration[] {
    return this.#list('transport');
  }

  bindTransportToServer(transportId: unknown, serverId: unknown): null | Promise<null> {
    const name = idOf(transportId, fail);
    const serverName = idOf(serverId, fail);
    return this.#write(name, () => {
      const server = this.#live('server', serverName);
      if (server === undefined) throw fail('server_not_found', serverName);
      const transport = this.#live('transport', name);
      if (transport === undefined) throw fail('transport_not_found', name);
      tie(transport, server);
      return true;
    });
  }

  unbindTransport(transportId: unknown): null | Promise<null> {
    const name = idOf(transportId, fail);
    return this.#write(name, () => {
      const transport = this.#live('transport', name);
      if (transport === undefined || transport.server === undefined || transport.server.signal.aborted) return false;
      tie(transport, undefined);
      return true;
    });
  }

  getServerForTransport(transportId: unknown): string | null {
    const server = this.#live('transport', idOf(transportId, fail))?.server;
    return server === undefined || server.signal.aborted ? null : server.id;
  }

  routeToServer(serverId: unknown, transportId: unknown, message: unknown): number {
    const to = idOf(serverId, fail);
    const from = idOf(transportId, fail);
    const lease = this.#live('server', to);
    if (lease === undefined) return 0;
    handOver(lease.endpoint, bare({ namespace: 'server', to, from, message }));
    return 1;
  }

  routeToTransport(transportId: unknown, serverId: unknown, message: unknown): number {
    const from = idOf(serverId, fail);
    if (transportId !== everyone) {
      const to = idOf(transportId, fail);
      const lease = this.#live('transport', to);
      if (lease === undefined) return 0;
      handOver(lease.endpoint, bare({ namespace: 'transport', to, from, message }));
      return 1;
    }
    const recipients = [...(this.#live('server', from)?.tied ?? [])].filter(({ signal }) => !signal.aborted).reverse();
    for (const lease of recipients) {
      // Unbound meanwhile: all the same. Gone meanwhile: no.
      if (!lease.ended && !lease.signal.aborted) handOver(lease.endpoint, bare({ namespace: 'transport', to: lease.id, from, message }));
    }
    return recipients.length;
  }

  getPartitionStats(partition?: unknown): PartitionStats | PartitionStats[] {
    if (partition === undefined) return this.#shards.map((shard, index) => this.#stats(shard, index));
    const shard = typeof partition === 'number' ? this.#shards[partition] : undefined;
    if (shard === undefined) throw fail('invalid_argument', 'no such partition');
    return this.#stats(shard, this.#shards.indexOf(shard));
  }

  resetStats(): null {
    for (const shard of this.#shards) {
      shard.count = 0;
      shard.window = [];
    }
    return null;
  }

  getContentionStatus(): ContentionStatus {
    const alarmed = this.#alarmed();
    return bare({ partitions: this.#shards.length, alarmed, admission: this.#admits(alarmed) ? 'open' : 'closed', mode: this.#mode, closed: this.#closed });
  }

  setAdmission(mode: unknown): null {
    if (mode !== 'auto' && mode !== 'open' && mode !== 'closed') throw fail('invalid_argument', 'no such mode');
    this.#mode = mode;
    return null;
  }

  /** What has taken effect is taken as committed, what waits for its turn is sent away. */
  close(): null {
    if (this.#closed) return null;
    this.#closed = true;
    for (const shard of this.#shards) {
      for (const lease of [...shard.server.values(), ...shard.transport.values()]) end(lease);
      const { commit, waiting } = shard;
      shard.commit = undefined;
      shard.waiting = [];
      shard.window = [];
      if (commit !== undefined) {
        this.options.clock.clearTimeout(commit.timer);
        commit.resolve(null);
      }
      for (const { reject } of waiting) reject(fail('registry_closed', 'closed before its turn came'));
    }
    return null;
  }

  slowCommit(ms: number): void {
    this.#commitMs = ms;
  }

  #register(namespace: Namespace, id: unknown, endpoint: unknown, given: unknown): null | Promise<null> {
    const name = idOf(id, fail);
    const signal = signalOf(endpoint, fail);
    const config = given === undefined ? undefined : copyConfig(given, fail, { bare: true });
    const serverId = namespace === 'transport' && config !== undefined ? serverIdOf(config, fail) : undefined;
    if (this.#closed) throw fail('registry_closed', name);
    if (!this.#admits()) throw fail('admission_control_active', name);
    return this.#write(name, () => {
      if (signal.aborted) throw fail('endpoint_down', name);
      if (this.#live(namespace, name) !== undefined) throw fail('already_registered', name);
      const home = this.#shard(name)[namespace];
      const lease = new Lease(name, endpoint as Endpoint, signal, config, home);
      home.set(name, lease);
      if (serverId !== undefined) tie(lease, this.#live('server', serverId));
      return true;
    });
  }

  #unregister(namespace: Namespace, name: string): null | Promise<null> {
    return this.#write(name, () => {
      const lease = this.#live(namespace, name);
      if (lease === undefined) return false;
      end(lease);
      return true;
    });
  }

  #write(id: string, run: () => boolean): null | Promise<null> {
    const shard = this.#shard(id);
    const calledAt = this.options.clock.now();
    if (shard.commit !== undefined || shard.waiting.length > 0) {
      return new Promise((resolve, reject) => shard.waiting.push({ calledAt, run, resolve, reject }));
    }
    if (!run()) return null;
    sweep(shard, 4);
    if (this.#commitMs > 0) return new Promise((resolve) => this.#store(shard, calledAt, resolve));
    this.#committed(shard, calledAt);
    return null;
  }

  #store(shard: Shard, calledAt: number, resolve: (nothing: null) => void): void {
    const commit: Commit = { calledAt, resolve, timer: undefined };
    shard.commit = commit;
    commit.timer = this.options.clock.setTimeout(() => {
      if (shard.commit !== commit) return;
      shard.commit = undefined;
      this.#committed(shard, calledAt);
      resolve(null);
      this.#next(shard);
    }, this.#commitMs);
  }

  #next(shard: Shard): void {
    while (shard.commit === undefined) {
      const job = shard.waiting.shift();
      if (job === undefined) return;
      try {
        if (!job.run()) job.resolve(null);
        else if (this.#commitMs > 0) this.#store(shard, job.calledAt, job.resolve);
        else {
          this.#committed(shard, job.calledAt);
          job.resolve(null);
        }
      } catch (error) {
        job.reject(error);
      }
    }
  }

  #committed(shard: Shard, calledAt: number): void {
    const at = this.options.clock.now();
    shard.count++;
    shard.window.push([at, at - calledAt]);
    if (shard.window.length > this.#thresholds.windowSize) shard.window.shift();
  }

  #shard(id: string): Shard {
    return this.#shards[Math.floor((fnv(id) / 2 ** 32) * this.#shards.length)]!;
  }

  #live(namespace: Namespace, id: string): Lease | undefined {
    const shard = this.#shard(id);
    sweep(shard, 1);
    const lease = shard[namespace].get(id);
    if (lease === undefined || !lease.signal.aborted) return lease;
    end(lease);
    return undefined;
  }

  #list(namespace: Namespace): Registration[] {
    const list: Registration[] = [];
    for (const shard of this.#shards) {
      for (const lease of shard[namespace].values()) {
        if (!lease.signal.aborted) list.push(show(lease)!);
      }
    }
    return list.reverse();
  }

  #admits(alarmed = this.#alarmed()): boolean {
    if (this.#mode !== 'auto') return this.#mode === 'open' && !this.#closed;
    return !this.#closed && alarmed.length / this.#shards.length <= this.#thresholds.closeAbove;
  }

  #alarmed(): number[] {
    const alarmed: number[] = [];
    this.#shards.forEach((shard, index) => {
      if (this.#isAlarmed(shard)) alarmed.push(index);
    });
    return alarmed;
  }

  #isAlarmed(shard: Shard): boolean {
    const { minWrites, alarmAboveMs, stuckAfterMs } = this.#thresholds;
    if (shard.commit !== undefined && this.options.clock.now() > shard.commit.calledAt + stuckAfterMs) return true;
    if (shard.count < minWrites) return false;
    const samples = this.#samples(shard);
    return samples.length > 0 && summary(samples).mean > alarmAboveMs;
  }

  #samples(shard: Shard): number[] {
    const now = this.options.clock.now();
    shard.window = shard.window.filter(([at]) => now < at + this.#thresholds.windowMs);
    return shard.window.map(([, took]) => took);
  }

  #stats(shard: Shard, partition: number): PartitionStats {
    const samples = this.#samples(shard);
    const { min, mean, max } = summary(samples);
    const inFlight = shard.waiting.length + (shard.commit === undefined ? 0 : 1);
    return bare({ inFlight, partition, writeCount: shard.count, sampleCount: samples.length, samples, min, mean, max, alarm: this.#isAlarmed(shard) });
  }
}

/** The same without a prototype. */
function bare<T extends object>(properties: T): T {
  return Object.assign(Object.create(null) as T, properties);
}

function show(lease: Lease | undefined): Registration | null {
  if (lease === undefined) return null;
  const config = lease.config === undefined ? (Object.create(null) as Config) : copyConfig(lease.config, fail, { bare: true });
  return bare({ id: lease.id, endpoint: lease.endpoint, config });
}

function tie(transport: Lease, server: Lease | undefined): void {
  transport.server?.tied?.delete(transport);
  transport.server = server;
  if (server !== undefined) (server.tied ??= new Set()).add(transport);
}

function end(lease: Lease): void {
  if (lease.ended) return;
  lease.ended = true;
  lease.home.delete(lease.id);
  tie(lease, undefined);
  for (const transport of lease.tied ?? []) transport.server = undefined;
  lease.tied = undefined;
}

/** A few names further: whose endpoint is down goes. */
function sweep(shard: Shard, steps: number): void {
  for (let i = 0; i < steps; i++) {
    const step = shard.broom.next();
    if (step.done === true) {
      shard.sweeps = shard.sweeps === 'server' ? 'transport' : 'server';
      shard.broom = shard[shard.sweeps].values();
    } else if (step.value.signal.aborted) end(step.value);
  }
}

export const leases: Adapter = {
  name: 'liberties: leases (listens to nobody, effect before the commit, null-prototype answers)',
  features: ['partitions', 'thresholds', 'virtual-time', 'slow-commit'],
  sla: { 'SLA-10': 6 },
  open: async (options) => new Leases(options),
};
