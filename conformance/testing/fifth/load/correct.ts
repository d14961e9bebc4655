import type { OpenOptions, Subject } from '../../../contract.js';
import type { CorrectRegistry } from '../../correct-registries.js';
import type { ContentionStatus, Namespace, PartitionStats, Registration } from '../../../../spec/index.js';
import { adapterOf, features, Partition, Refused, refuse, ShardedNames, type Entry, type Sample, type Write } from './registry.js';

const frozen = <T>(value: T): T => {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value) || value instanceof AbortSignal) return value;
  for (const each of Object.values(value)) frozen(each);
  return Object.freeze(value);
};

/** Alarms worked out at most every 80 ms (CTN-6 allows 100), and a timer that runs while, and only while, there is something in the window. */
class Lagging extends Partition {
  last: { value: boolean; at: number } | undefined;
  timer: unknown;
  override alarm(): boolean {
    const at = this.clock.now();
    if (this.last === undefined || at - this.last.at >= 80) this.last = { value: super.alarm(), at };
    return this.last.value;
  }
  override push(sample: Sample): void {
    super.push(sample);
    if (this.timer === undefined) this.arm();
  }
  arm(): void {
    this.timer = this.window.length === 0 ? undefined : this.clock.setTimeout(() => (this.samples(), this.arm()), this.window[0]!.at + this.limits.windowMs - this.clock.now());
  }
  override reset(): void {
    super.reset();
    if (this.timer !== undefined) this.clock.clearTimeout(this.timer);
    this.timer = undefined;
  }
}

/** What it hands out is frozen; lists are in reverse; a taken name is refused as taken first; giving up nothing is no write. */
class Unhurried extends ShardedNames {
  override makePartition(index: number): Partition {
    return new Lagging(index, this.limits, this.clock);
  }
  override shown({ id, endpoint, config }: Entry): Registration {
    return Object.freeze({ id, endpoint, config: frozen(structuredClone(config)) });
  }
  override listServers(): readonly Registration[] {
    return Object.freeze([...super.listServers()].reverse());
  }
  override listTransports(): readonly Registration[] {
    return Object.freeze([...super.listTransports()].reverse());
  }
  override getPartitionStats(): readonly PartitionStats[];
  override getPartitionStats(partition: number): PartitionStats;
  override getPartitionStats(partition?: number): PartitionStats | readonly PartitionStats[] {
    return frozen(super.getPartitionStats(partition as number));
  }
  override getContentionStatus(): ContentionStatus {
    return frozen(super.getContentionStatus());
  }
  // Taken comes before closed: where two errors apply, either conforms.
  override admit(space: Namespace, id: string): void {
    if (this.isAdmitting()) return;
    refuse(this.names[space].has(id) ? 'already_registered' : 'admission_control_active');
  }
  override unregister(space: Namespace, id: string): Promise<void> {
    const lane = typeof id === 'string' && id !== '' ? this.partitionOf(id) : undefined;
    // Nothing to give up, and nobody before it in the lane: not a write.
    if (!this.closed && lane?.inFlight.size === 0 && id.length < 256 && !/[\0\p{Surrogate}]/u.test(id) && !this.names[space].has(id)) return Promise.resolve();
    return super.unregister(space, id);
  }
}

/** Everything that waits in a lane is committed with one commit, in its order; admission is asked again at the commit; a "down" counts as a write. */
class Batching extends ShardedNames {
  override pump(lane: Partition): void {
    if (lane.pumping || lane.committing.length > 0 || lane.queue.length === 0) return;
    lane.pumping = true;
    do {
      const batch = lane.queue.splice(0);
      lane.committing = batch;
      this.store(batch[0]!, () => {
        for (const write of batch) this.commit(write);
        lane.committing = [];
        this.pump(lane);
      });
    } while (lane.committing.length === 0 && lane.queue.length > 0);
    lane.pumping = false;
  }
  override commit(write: Write): void {
    if (write.kind === 'register' && !this.isAdmitting()) this.end(write, new Refused('admission_control_active'));
    else super.commit(write);
  }
  override readonly down = (event: Event): void => {
    for (const entry of [...(this.held.get(event.target as AbortSignal) ?? [])].reverse()) {
      this.remove(entry);
      const lane = this.partitionOf(entry.id);
      lane.writeCount++;
      lane.push({ at: this.clock.now(), latency: 0 });
    }
  };
}

/** The same as a subject that answers through promises what it could answer at once, at every other call, with `null` for nothing, and throws at once what it may. */
function promising(options: OpenOptions): Subject {
  const registry = new Batching(options);
  let calls = 0;
  const answer = <T>(value: T): T | Promise<T> => (calls++ % 2 === 0 ? value : Promise.resolve(value));
  return {
    registerServer: (id, endpoint, config) => registry.registerServer(id, endpoint, config),
    registerTransport: (id, endpoint, config) => registry.registerTransport(id, endpoint, config),
    unregisterServer: (id) => registry.unregisterServer(id),
    unregisterTransport: (id) => registry.unregisterTransport(id),
    updateServer: (id, config) => registry.updateServer(id, config),
    bindTransportToServer: (transportId, serverId) => registry.bindTransportToServer(transportId, serverId),
    unbindTransport: (transportId) => registry.unbindTransport(transportId),
    findServer: (id) => answer(registry.findServer(id) ?? null),
    findTransport: (id) => answer(registry.findTransport(id) ?? null),
    listServers: () => answer(registry.listServers()),
    listTransports: () => answer(registry.listTransports()),
    getServerForTransport: (transportId) => answer(registry.getServerForTransport(transportId) ?? null),
    routeToServer: (serverId, transportId, message) => answer(registry.routeToServer(serverId, transportId, message)),
    routeToTransport: (transportId, serverId, message) => answer(registry.routeToTransport(transportId, serverId, message)),
    getPartitionStats: (partition?: number) => answer(partition === undefined ? registry.getPartitionStats() : registry.getPartitionStats(partition)),
    getContentionStatus: () => answer(registry.getContentionStatus()),
    resetStats: () => answer(registry.resetStats()),
    setAdmission: (mode) => answer(registry.setAdmission(mode)),
    close: () => registry.close(),
    slowCommit: (ms) => registry.slowCommit(ms),
  };
}

export const correct: readonly CorrectRegistry[] = [
  {
    differs: 'Alarms (and with them admission) are worked out at most every 80 ms; a timer runs per window that holds a sample, and none otherwise; all answers are frozen, lists in reverse; a taken name is refused as taken while admission is closed; giving up nothing is no write.',
    adapter: adapterOf('load unhurried', Unhurried),
  },
  {
    differs: 'What waits in a lane is committed together, in its order; admission is asked at the call and again at the commit; a "down" counts as a write, of no latency; every other read answers through a promise, and nothing is null.',
    adapter: { name: 'load batching', version: '1', features, open: promising },
  },
];
