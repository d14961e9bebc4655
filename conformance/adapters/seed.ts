import { defaultThresholds, maxIdLength, partitionLimits } from '../../spec/index.js';
import { broadcast, type AdmissionMode, type Clock, type Config, type ContentionStatus, type Endpoint, type PartitionStats, type Registration } from '../../spec/index.js';
import type { Adapter } from '../contract.js';

/**
 * The seed's design, transcribed from Erlang with the faults of the code that shipped with it, each marked *Fault*.
 * It is here so that the kit can be seen to find them. What Erlang itself does right is right here too: terms are
 * copied, arguments are guarded, sending never fails.
 */
class SeedRegistry {
  readonly #servers = new Map<string, Registration>();
  readonly #transports = new Map<string, Registration>();
  readonly #bindings = new Map<string, string>();
  readonly #partitions: Partition[];
  #mode: AdmissionMode = 'auto';
  #closed = false;
  #commitMs = 0;
  // Fault: one gen_server answers lookups as well as writes, so everything waits for the write at the head of its mailbox.
  #mailbox: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly clock: Clock,
    partitions: number,
  ) {
    if (!Number.isInteger(partitions) || partitions < partitionLimits.least || partitions > partitionLimits.most) throw refusal('invalid_argument');
    this.#partitions = Array.from({ length: partitions }, () => ({ writeCount: 0, samples: [], alarm: false }));
    this.#poll();
  }

  slowCommit(ms: number): void {
    this.#commitMs = ms;
  }

  registerServer(id: string, endpoint: Endpoint, config: Config = {}): Promise<void> {
    return this.#write([id], id, () => this.#register(this.#servers, id, endpoint, config));
  }

  registerTransport(id: string, endpoint: Endpoint, config: Config = {}): Promise<void> {
    return this.#write([id], id, () => {
      this.#register(this.#transports, id, endpoint, config);
      // Fault: bound without a look at whether the server is registered.
      if (typeof config['serverId'] === 'string') this.#bindings.set(id, config['serverId']);
      return true;
    });
  }

  unregisterServer(id: string): Promise<void> {
    return this.#write([id], id, () => {
      for (const [transport, server] of this.#bindings) if (server === id) this.#bindings.delete(transport);
      return this.#servers.delete(id);
    });
  }

  unregisterTransport(id: string): Promise<void> {
    return this.#write([id], id, () => {
      this.#bindings.delete(id);
      return this.#transports.delete(id);
    });
  }

  updateServer(id: string, config: Config): Promise<void> {
    return this.#write([id], id, () => {
      const server = this.#servers.get(id);
      if (server === undefined) throw refusal('server_not_found');
      this.#servers.set(id, { ...server, config: structuredClone(config) });
      return true;
    });
  }

  findServer(id: string): Promise<Registration | undefined> {
    return this.#read([id], () => copy(this.#servers.get(id)));
  }

  findTransport(id: string): Promise<Registration | undefined> {
    return this.#read([id], () => copy(this.#transports.get(id)));
  }

  listServers(): Promise<Registration[]> {
    return this.#read([], () => [...this.#servers.values()].map((one) => copy(one)!));
  }

  listTransports(): Promise<Registration[]> {
    return this.#read([], () => [...this.#transports.values()].map((one) => copy(one)!));
  }

  bindTransportToServer(transportId: string, serverId: string): Promise<void> {
    return this.#write([transportId, serverId], transportId, () => {
      if (!this.#servers.has(serverId)) throw refusal('server_not_found');
      if (!this.#transports.has(transportId)) throw refusal('transport_not_found');
      this.#bindings.set(transportId, serverId);
      return true;
    });
  }

  unbindTransport(transportId: string): Promise<void> {
    return this.#write([transportId], transportId, () => this.#bindings.delete(transportId));
  }

  getServerForTransport(transportId: string): Promise<string | undefined> {
    return this.#read([transportId], () => this.#bindings.get(transportId));
  }

  routeToServer(serverId: string, transportId: string, message: unknown): Promise<number> {
    return this.#read([serverId, transportId], () => {
      const server = this.#servers.get(serverId);
      if (server !== undefined) send(server.endpoint, { namespace: 'server', to: serverId, from: transportId, message });
      return server === undefined ? 0 : 1;
    });
  }

  routeToTransport(transportId: string | typeof broadcast, serverId: string, message: unknown): Promise<number> {
    return this.#read(transportId === broadcast ? [serverId] : [transportId, serverId], () => {
      const ids = transportId === broadcast ? [...this.#bindings].filter(([, server]) => server === serverId).map(([id]) => id) : [transportId];
      const recipients = ids.flatMap((id) => this.#transports.get(id) ?? []);
      for (const { id, endpoint } of recipients) send(endpoint, { namespace: 'transport', to: id, from: serverId, message });
      return recipients.length;
    });
  }

  getPartitionStats(partition?: number): PartitionStats | PartitionStats[] {
    this.#guard([]);
    const all = this.#partitions.map(({ writeCount, samples, alarm }, index): PartitionStats => {
      const sum = samples.reduce((total, one) => total + one, 0);
      const some = samples.length > 0;
      return {
        partition: index,
        writeCount,
        sampleCount: samples.length,
        samples: [...samples],
        min: some ? Math.min(...samples) : 0,
        mean: some ? sum / samples.length : 0,
        max: some ? Math.max(...samples) : 0,
        alarm,
      };
    });
    if (partition === undefined) return all;
    const one = all[partition];
    if (one === undefined) throw refusal('invalid_argument');
    return one;
  }

  getContentionStatus(): ContentionStatus {
    this.#guard([]);
    const alarmed = this.#partitions.flatMap(({ alarm }, index) => (alarm ? [index] : []));
    const closed = this.#mode === 'closed' || (this.#mode === 'auto' && alarmed.length > this.#partitions.length / 2);
    return { partitions: this.#partitions.length, alarmed, admission: closed ? 'closed' : 'open', mode: this.#mode };
  }

  resetStats(): void {
    this.#guard([]);
    for (const partition of this.#partitions) Object.assign(partition, { writeCount: 0, samples: [], alarm: false });
  }

  setAdmission(mode: AdmissionMode): void {
    this.#guard([]);
    if (!['auto', 'open', 'closed'].includes(mode)) throw refusal('invalid_argument');
    this.#mode = mode;
  }

  async close(): Promise<void> {
    this.#closed = true;
    return Promise.resolve();
  }

  #register(names: Map<string, Registration>, id: string, endpoint: Endpoint, config: Config): true {
    // Fault: admission control is computed, shown, and never consulted.
    // Fault: nobody monitors the endpoint, before or after: it may be down already, and when it goes down nothing happens.
    if (names.has(id)) throw refusal('already_registered');
    names.set(id, { id, endpoint, config: structuredClone(config) });
    return true;
  }

  #write(ids: readonly string[], partitionOf: string, apply: () => boolean): Promise<void> {
    const called = this.clock.now();
    const takes = this.#commitMs;
    return this.#enqueue(ids, async () => {
      if (takes > 0) await new Promise<void>((resolve) => void this.clock.setTimeout(resolve, takes));
      if (!apply()) return;
      const partition = this.#partitions[phash(partitionOf) % this.#partitions.length]!;
      partition.writeCount++;
      partition.samples = [...partition.samples, this.clock.now() - called].slice(-defaultThresholds.windowSize);
    });
  }

  #read<T>(ids: readonly string[], answer: () => T): Promise<T> {
    return this.#enqueue(ids, answer);
  }

  #enqueue<T>(ids: readonly string[], work: () => T | Promise<T>): Promise<T> {
    const answer = this.#mailbox.then(() => {
      this.#guard(ids);
      return work();
    });
    this.#mailbox = answer.catch(() => undefined);
    return answer;
  }

  #guard(ids: readonly unknown[]): void {
    if (this.#closed) throw refusal('registry_closed');
    for (const id of ids) {
      if (typeof id !== 'string' || id === '' || [...id].length > maxIdLength || /\0|\p{Surrogate}/u.test(id)) throw refusal('invalid_argument');
    }
  }

  // Fault: alarms are looked after once a second, and never while the registry would have it otherwise.
  #poll(): void {
    this.clock.setTimeout(() => {
      for (const partition of this.#partitions) {
        const { samples, writeCount } = partition;
        const mean = samples.reduce((total, one) => total + one, 0) / Math.max(1, samples.length);
        // Fault: samples do not age, so without new writes the alarm stays as it is; and a write that never ends gives none.
        partition.alarm = writeCount >= defaultThresholds.minWrites && mean > defaultThresholds.alarmAboveMs;
      }
      if (!this.#closed) this.#poll();
    }, 1_000);
  }
}

interface Partition {
  writeCount: number;
  samples: number[];
  alarm: boolean;
}

const copy = (one: Registration | undefined): Registration | undefined => one && { ...one, config: structuredClone(one.config) };

/** Like Erlang's `!`: never fails, never waits. */
function send(endpoint: Endpoint, delivery: Parameters<Endpoint['send']>[0]): void {
  try {
    void Promise.resolve(endpoint.send(delivery)).catch(() => undefined);
  } catch {
    // The recipient crashed; the sender does not hear of it.
  }
}

const refusal = (code: string): Error => Object.assign(new Error(code), { code });

/** Stands in for `erlang:phash2`: any uniform hash does. */
function phash(id: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < id.length; i++) hash = Math.imul(hash ^ id.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

export const adapter: Adapter = {
  name: "the seed's design",
  version: 'as shipped',
  features: ['virtual-time', 'slow-commit', 'partitions'],
  open: ({ clock, partitions = partitionLimits.default }) => new SeedRegistry(clock, partitions),
};
