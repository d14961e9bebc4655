import { defaultThresholds, type AdmissionMode, type Endpoint, type Namespace, type PartitionStats, type Registration, type Thresholds } from '../../spec/index.js';
import type { OpenOptions } from '../contract.js';
import type { Mutant } from './mutant.js';
import { broken, hash, refuse, RegistryError, ThirdRegistry, type Entry, type Job, type Order, type Partition, type Register, type Sample, type Unregister, type Watch } from './third-registry.js';

/*
 * Broken registries of routing, partitions, statistics, alarms, admission, progress, consistency and closing, written from the
 * specification alone, as variants of a registry that was written from it alone as well. Each has one mistake. What became of
 * them when the kit first met them: docs/proof.md.
 */

/** What holds a lane, or waits for one, and is no write. */
interface Hold {
  readonly kind: 'hold';
  readonly partition: Partition;
  /** Has the lane now. */
  readonly granted: () => void;
}

/** It stands in the lane like a write. */
const standing = (hold: Hold | { readonly kind: 'delivery' }): Job => hold as unknown as Job;

/** Those that go wrong although one operation comes after the other, and those whose numbers or decisions are wrong. */
export const heldOutThirdLoad: readonly Mutant[] = [
  broken(
    'delivery-names-the-first-name',
    ['RTE-1'],
    'The name in a delivery is looked up by endpoint, which gives the first name that the endpoint took in that namespace and not the one that was routed to.',
    class extends ThirdRegistry {
      protected override handOver(entry: Entry, from: string, message: unknown): void {
        if (!this.isCurrent(entry)) return;
        const first = [...this.watches.get(entry.endpoint)!.entries].find((one) => one.namespace === entry.namespace)!;
        this.deliver(entry.endpoint, Object.freeze({ namespace: entry.namespace, to: first.id, from, message }));
      }
    },
  ),
  broken(
    'broadcast-over-the-live-set',
    ['RTE-3', 'RTE-5'],
    'The broadcast counts the recipients and then iterates over the live set until it has handed over as many: when a send unbinds one and binds another, the newcomer gets the message.',
    class extends ThirdRegistry {
      protected override broadcast(server: Entry, message: unknown): number {
        const count = server.bound.size;
        let handed = 0;
        for (const transport of server.bound) {
          if (handed === count) break;
          this.handOver(transport, server.id, message);
          handed += 1;
        }
        return count;
      }
    },
  ),
  broken(
    'unicast-overtakes-broadcast',
    ['RTE-4'],
    'Broadcasts are handed over in a microtask so that the caller is not held up; messages to one recipient still go out at once, and overtake them.',
    class extends ThirdRegistry {
      protected override broadcast(server: Entry, message: unknown): number {
        const recipients = [...server.bound];
        queueMicrotask(() => {
          for (const transport of recipients) this.handOver(transport, server.id, message);
        });
        return recipients.length;
      }
    },
  ),
  broken(
    'rejection-of-a-broadcast-unhandled',
    ['RTE-6'],
    'The loop of the broadcast has a try/catch of its own, which catches what a send throws but not what it rejects with: an unhandled rejection.',
    class extends ThirdRegistry {
      protected handed?: number;
      protected override broadcast(server: Entry, message: unknown): number {
        const recipients = [...server.bound];
        for (const transport of recipients) {
          if (!this.isCurrent(transport)) continue;
          try {
            const sent = transport.endpoint.send(Object.freeze({ namespace: 'transport', to: transport.id, from: server.id, message }));
            if (sent instanceof Promise) {
              void sent.then(() => {
                this.handed = (this.handed ?? 0) + 1;
              });
            }
          } catch {
            // its own business
          }
        }
        return recipients.length;
      }
    },
  ),
  broken(
    'lane-held-during-a-send',
    ['DLK-4', 'RTE-7', 'RTE-6'],
    'So that a name is not taken away in the middle of a delivery, the lane of the recipient is held until what send returned has settled; a send that awaits a write in that lane waits for itself.',
    class extends ThirdRegistry {
      protected override handOver(entry: Entry, from: string, message: unknown): void {
        if (!this.isCurrent(entry)) return;
        const partition = this.partitionOf(entry.id);
        const hold = standing({ kind: 'delivery' });
        if (partition.current === undefined) partition.current = hold;
        const release = (): void => {
          if (partition.current !== hold) return;
          partition.current = undefined;
          this.next(partition);
        };
        const outcome = this.deliver(entry.endpoint, Object.freeze({ namespace: entry.namespace, to: entry.id, from, message }));
        if (typeof (outcome as { then?: unknown } | null | undefined)?.then === 'function') Promise.resolve(outcome).then(release, release);
        else release();
      }
    },
  ),
  broken(
    'route-cache-not-told-of-downs',
    ['RTE-8', 'RTE-1'],
    'Routing caches the endpoint of a name; unregistering invalidates the cache, "down" does not, so the successor of an endpoint that went down is passed over.',
    class extends ThirdRegistry {
      private readonly cache = { server: new Map<string, Endpoint>(), transport: new Map<string, Endpoint>() };
      protected override route(namespace: Namespace, to: string, from: string, message: unknown): number {
        const entry = this.lookup(namespace, to);
        if (!entry) return 0;
        const cache = this.cache[namespace];
        if (!cache.has(to)) cache.set(to, entry.endpoint);
        this.deliver(cache.get(to)!, Object.freeze({ namespace, to, from, message }));
        return 1;
      }
      protected override applyUnregister(order: Unregister): void {
        super.applyUnregister(order);
        this.cache[order.namespace].delete(order.id);
      }
    },
  ),
  broken(
    'placed-by-load',
    ['PRT-2'],
    'Power of two choices: a name that is registered goes to the emptier of two partitions, remembered while it is registered; registered again at another load it is placed anew.',
    class extends ThirdRegistry {
      /** By id, while a name of that id is registered. */
      private readonly placed = new Map<string, Partition>();
      /** How many are placed in a partition. */
      private readonly counts = new Map<Partition, number>();
      private load(partition: Partition): number {
        return this.counts.get(partition) ?? 0;
      }
      private place(id: string): void {
        const partition = this.partitionOf(id);
        this.placed.set(id, partition);
        this.counts.set(partition, this.load(partition) + 1);
      }
      protected override partitionOf(id: string): Partition {
        const known = this.placed.get(id);
        if (known) return known;
        const first = this.partitions[hash(id) % this.partitions.length]!;
        const second = this.partitions[hash(`${id}#`) % this.partitions.length]!;
        return this.load(second) < this.load(first) ? second : first;
      }
      protected override write(order: Order): Promise<void> {
        if (order.kind === 'register' && !this.placed.has(order.id)) this.place(order.id);
        return super.write(order);
      }
      protected override refused(job: Job, error: unknown): void {
        super.refused(job, error);
        this.unplace(job.id);
      }
      protected override leave(entry: Entry): void {
        super.leave(entry);
        this.unplace(entry.id);
      }
      private unplace(id: string): void {
        const wanted = (job: Job): boolean => job.id === id && job.kind === 'register';
        const partition = this.placed.get(id);
        if (!partition || this.lookup('server', id) || this.lookup('transport', id) || [...partition.inFlight].some(wanted)) return;
        this.placed.delete(id);
        this.counts.set(partition, this.load(partition) - 1);
      }
    },
  ),
  broken(
    'hash-of-the-first-twelve',
    ['PRT-3'],
    'To bound the cost of hashing only the first twelve code units are looked at; families of ids with a long common prefix gather in a few partitions.',
    class extends ThirdRegistry {
      protected override hashOf(id: string): number {
        return hash(id.slice(0, 12));
      }
    },
  ),
  broken(
    'statistics-of-partition-zero',
    ['STA-4'],
    'Whether a partition was asked for is tested by truth, and 0 is false: getPartitionStats(0) gives the whole list.',
    class extends ThirdRegistry {
      override getPartitionStats(partition?: number): PartitionStats | readonly PartitionStats[] {
        return super.getPartitionStats(partition === 0 ? undefined : partition);
      }
    },
  ),
  broken(
    'maximum-outlives-its-sample',
    ['STA-3'],
    'The maximum is kept up to date as samples come in, and forgotten only when the window is empty; when its sample has left a window that has others, it stays.',
    class extends ThirdRegistry {
      protected override measure(job: Job): void {
        const partition: Partition & { peak?: number } = job.partition;
        if (this.windowOf(partition).length === 0) partition.peak = 0;
        super.measure(job);
        partition.peak = Math.max(partition.peak!, partition.samples.at(-1)!.latency);
      }
      protected override statsOf(partition: Partition & { readonly peak?: number }): PartitionStats {
        const stats = super.statsOf(partition);
        return { ...stats, max: stats.sampleCount > 0 ? partition.peak! : 0 };
      }
    },
  ),
  broken(
    'reset-loses-what-is-in-flight',
    ['STA-1', 'STA-2'],
    'Each write remembers the period in which it was called, and measurements of an earlier period are dropped: a write that is in flight during a reset commits after it and is never counted.',
    class extends ThirdRegistry {
      private period = 0;
      protected override write(order: Order & { period?: number }): Promise<void> {
        order.period = this.period;
        return super.write(order);
      }
      protected override measure(job: Job & { readonly period?: number }): void {
        if (job.period === this.period) super.measure(job);
      }
      override resetStats(): void {
        super.resetStats();
        this.period += 1;
      }
    },
  ),
  broken(
    'minimum-of-writes-counted-in-the-window',
    ['CTN-1'],
    'The ten writes before an alarm are counted in the window instead of since the reset: when some of the samples have aged the alarm goes off although the mean of the others is high.',
    class extends ThirdRegistry {
      protected override isSlow(partition: Partition): boolean {
        const samples = this.windowOf(partition);
        return samples.length >= this.limits.minWrites && this.meanOf(samples) > this.limits.alarmAboveMs;
      }
    },
  ),
  broken(
    'alarm-with-hysteresis',
    ['CTN-2', 'CTN-5'],
    'Against flapping the alarm, once on, goes off only when the mean has fallen to 80 % of the limit.',
    class extends ThirdRegistry {
      protected override isSlow(partition: Partition & { slow?: boolean }): boolean {
        const mean = this.meanOf(this.windowOf(partition));
        const limit = this.limits.alarmAboveMs * (partition.slow ? 0.8 : 1);
        partition.slow = partition.writeCount >= this.limits.minWrites && mean > limit;
        return partition.slow;
      }
      protected override measure(job: Job): void {
        super.measure(job);
        this.isSlow(job.partition);
      }
    },
  ),
  broken(
    'stuck-only-after-ten-writes',
    ['CTN-3'],
    'The minimum number of writes was moved to the top of the function, as a guard of both conditions: a partition that is stuck before its tenth write never alarms.',
    class extends ThirdRegistry {
      protected override isAlarmed(partition: Partition): boolean {
        return partition.writeCount >= this.limits.minWrites && super.isAlarmed(partition);
      }
    },
  ),
  broken(
    'samples-age-from-the-call',
    ['CTN-4'],
    'A sample is stamped with the moment of its call, which was at hand, and not of its commit: a slow one leaves the window too early by its own latency.',
    class extends ThirdRegistry {
      protected override sample(job: Job): Sample {
        return { ...super.sample(job), at: job.calledAt };
      }
    },
  ),
  broken(
    'alarms-looked-at-four-times-a-second',
    ['CTN-10', 'CTN-6'],
    'The list of alarmed partitions is expensive to work out, so it is cached for 250 ms, as long as anybody asks.',
    class extends ThirdRegistry {
      private seen?: { readonly at: number; readonly alarmed: readonly number[] };
      protected override alarmed(): readonly number[] {
        const now = this.clock.now();
        if (!this.seen || now - this.seen.at >= 250) this.seen = { at: now, alarmed: super.alarmed() };
        return this.seen.alarmed;
      }
    },
  ),
  broken(
    'threshold-of-zero-is-the-default',
    ['CTN-7'],
    'Options are read with || instead of ??, so a threshold of 0 (any alarm closes, any latency alarms) is taken for "not given".',
    class extends ThirdRegistry {
      protected override takeLimits(options: OpenOptions): Thresholds {
        return Object.fromEntries(Object.entries(defaultThresholds).map(([key, value]) => [key, options[key as keyof Thresholds] || (value as number)])) as unknown as Thresholds;
      }
    },
  ),
  broken(
    'transport-writes-timed-from-their-turn',
    ['CTN-9'],
    'The writes of transports were ported later and take their time from when they have their turn; those of servers from the call, as specified.',
    class extends ThirdRegistry {
      protected override sample(job: Job): Sample {
        const now = this.clock.now();
        return { at: now, latency: now - (job.namespace === 'transport' ? job.startedAt! : job.calledAt) };
      }
    },
  ),
  broken(
    'half-rounded-up',
    ['ADM-1'],
    '"More than half" is computed as more than Math.ceil(partitions * closeAbove), which for an odd number of partitions asks for one too many: two of three alarmed do not close.',
    class extends ThirdRegistry {
      protected override isContended(): boolean {
        return this.alarmed().length > Math.ceil(this.limits.closeAbove * this.partitions.length);
      }
    },
  ),
  broken(
    'transports-of-a-known-server-admitted',
    ['ADM-1', 'ADM-5'],
    'A transport that comes with the serverId of a registered server is let through closed admission, as "existing load".',
    class extends ThirdRegistry {
      protected override admit(order: Register): void {
        const known = order.namespace === 'transport' && order.config.serverId !== undefined && this.lookup('server', order.config.serverId as string);
        if (!known) super.admit(order);
      }
    },
  ),
  broken(
    'closed-admission-blocks-binding',
    ['ADM-3'],
    'Binding a transport that is not bound yet passes the same gate as a registration, since "it brings load to a server".',
    class extends ThirdRegistry {
      override async bindTransportToServer(transportId: string, serverId: string): Promise<void> {
        this.checkId(transportId);
        if (!this.lookup('transport', transportId)?.server) this.admit({ kind: 'bind' });
        return super.bindTransportToServer(transportId, serverId);
      }
    },
  ),
  broken(
    'rejections-keep-admission-closed',
    ['ADM-4', 'ADM-2'],
    'Each automatic rejection opens a back-off of one second in which admission stays closed; clients that retry faster than that keep it closed for ever.',
    class extends ThirdRegistry {
      private backOffUntil = -Infinity;
      protected override isContended(): boolean {
        return super.isContended() || this.clock.now() < this.backOffUntil;
      }
      protected override admit(order: Register): void {
        if (this.mode === 'auto' && this.isContended()) this.backOffUntil = this.clock.now() + 1000;
        super.admit(order);
      }
    },
  ),
  broken(
    'auto-resumes-an-old-decision',
    ['ADM-6', 'ADM-4'],
    'A manual override puts the automatic decision aside, and "auto" takes it up again as it was; it is worked out anew only with the next committed write.',
    class extends ThirdRegistry {
      private aside?: 'open' | 'closed';
      private resumed?: 'open' | 'closed';
      override setAdmission(mode: AdmissionMode): void {
        const was = this.mode === 'auto' ? this.admission() : this.aside;
        super.setAdmission(mode);
        this.aside = was;
        this.resumed = mode === 'auto' ? was : undefined;
      }
      protected override admission(): 'open' | 'closed' {
        return this.mode === 'auto' && this.resumed ? this.resumed : super.admission();
      }
      protected override measure(job: Job): void {
        super.measure(job);
        this.resumed = undefined;
      }
    },
  ),
  broken(
    'close-forgets-endpoints-of-transports',
    ['CLS-3'],
    'Closing removes listeners by going through the servers; an endpoint that holds transports only keeps its listener.',
    class extends ThirdRegistry {
      override async close(): Promise<void> {
        if (this.closed) return;
        for (const [endpoint, watch] of [...this.watches]) {
          if (![...watch.entries].some((entry) => entry.namespace === 'server')) this.watches.delete(endpoint);
        }
        await super.close();
      }
    },
  ),
  broken(
    'listener-of-a-refused-duplicate',
    ['CLS-4'],
    'The listener is added when a registration is called, so as not to miss a "down", and is removed with the last name; a registration that is refused as a duplicate removes nothing.',
    class extends ThirdRegistry {
      private prepare(endpoint: Endpoint): void {
        if (this.watches.has(endpoint)) return;
        const watch: Watch = { signal: endpoint.signal, listener: () => this.down(endpoint), entries: new Set() };
        this.watches.set(endpoint, watch);
        watch.signal.addEventListener('abort', watch.listener);
      }
      protected override write(order: Order): Promise<void> {
        this.checkOpen();
        if (order.kind === 'register' && !order.endpoint.signal.aborted) this.prepare(order.endpoint);
        return super.write(order);
      }
      protected override refused(job: Job, error: unknown): void {
        super.refused(job, error);
        if (job.kind !== 'register' || (error as RegistryError).code === 'already_registered') return;
        const watch = this.watches.get(job.endpoint);
        if (watch?.entries.size === 0) this.forget(job.endpoint, watch);
      }
    },
  ),
];

/** Those that are right as long as one operation comes after the other. */
export const heldOutThirdLoadInOverlap: readonly Mutant[] = [
  broken(
    'broadcast-yields-and-goes-on-by-index',
    ['RTE-9', 'RTE-3', 'RTE-4', 'RTE-7'],
    'Large broadcasts yield after every second recipient and go on by index in the current array: an unbind meanwhile shifts it, and somebody who was bound throughout is skipped.',
    class extends ThirdRegistry {
      protected override async broadcast(server: Entry, message: unknown): Promise<number> {
        const count = server.bound.size;
        for (let i = 0; i < server.bound.size; i += 1) {
          this.handOver([...server.bound][i]!, server.id, message);
          if (i % 2 === 1) await null;
        }
        return count;
      }
    },
  ),
  broken(
    'pool-of-four-commits',
    ['PRT-4'],
    'All lanes share a pool of four connections to the store: with four partitions stuck a write in a fifth one waits for them.',
    class extends ThirdRegistry {
      private readonly pool: { readonly busy: Set<Job>; waiting: Job[] } = { busy: new Set(), waiting: [] };
      protected override schedule(job: Job): void {
        if (this.pool.busy.size >= 4) {
          this.pool.waiting.push(job);
          return;
        }
        this.pool.busy.add(job);
        super.schedule(job);
      }
      protected override release(job: Job): void {
        super.release(job);
        this.pool.waiting = this.pool.waiting.filter((one) => one !== job);
        if (!this.pool.busy.delete(job) || this.closed) return;
        const successor = this.pool.waiting.shift();
        if (!successor) return;
        this.schedule(successor);
        this.next(successor.partition);
      }
    },
  ),
  broken(
    'bind-holds-two-lanes',
    ['DLK-4', 'DLK-3'],
    'To keep the server from going away a bind takes the lane of the server for its commit, while it holds that of the transport; two binds that cross wait for each other for ever.',
    class extends ThirdRegistry {
      protected override commit(job: Job & { hold?: Hold }): void {
        const other = job.kind === 'bind' ? this.partitionOf(job.serverId) : job.partition;
        if (other === job.partition || job.hold) {
          super.commit(job);
          return;
        }
        job.hold = {
          kind: 'hold',
          partition: other,
          granted: () => {
            super.commit(job);
            this.next(job.partition);
          },
        };
        other.queue.push(standing(job.hold));
        this.next(other);
      }
      protected override begin(job: Job | Hold): void {
        if (job.kind === 'hold') job.granted();
        else super.begin(job);
      }
      protected override release(job: Job & { readonly hold?: Hold }): void {
        super.release(job);
        if (!job.hold || job.hold.partition.current !== standing(job.hold)) return;
        job.hold.partition.current = undefined;
        if (!this.closed) this.next(job.hold.partition);
      }
    },
  ),
  broken(
    'lane-kept-when-the-commit-is-refused',
    ['DLK-4'],
    'The refusal at the commit (the endpoint went down, the server went away while the write was in flight) was added later and rejects the call without releasing the lane.',
    class extends ThirdRegistry {
      protected override commit(job: Job): void {
        try {
          this.check(job);
        } catch (error) {
          job.partition.inFlight.delete(job);
          job.reject(error);
          return;
        }
        super.commit(job);
      }
    },
  ),
  broken(
    'unregister-jumps-the-queue',
    ['DLK-2'],
    'Removals are put in front of the lane, because they free resources: one that was called after a registration that waits takes effect before it.',
    class extends ThirdRegistry {
      protected override enqueue(job: Job): void {
        if (job.kind === 'unregister') job.partition.queue.unshift(job);
        else super.enqueue(job);
      }
    },
  ),
  broken(
    'transport-taken-checked-at-the-call',
    ['CON-1', 'REG-2'],
    'Check, then act: whether the name of a transport is free is looked at when the call comes in and not again when it commits, so two that overlap both succeed.',
    class extends ThirdRegistry {
      protected override write(order: Order): Promise<void> {
        if (order.kind === 'register' && order.namespace === 'transport' && this.lookup('transport', order.id)) refuse('already_registered', order.id);
        return super.write(order);
      }
      protected override checkRegister(order: Register): void {
        if (order.namespace === 'server') super.checkRegister(order);
        else if (order.endpoint.signal.aborted) refuse('endpoint_down');
      }
      protected override enter(entry: Entry): void {
        const loser = this.lookup(entry.namespace, entry.id);
        if (loser) this.leave(loser);
        super.enter(entry);
      }
    },
  ),
  broken(
    'miss-cached-before-the-commit',
    ['CON-1', 'LKP-1'],
    'Lookups cache misses; a registration forgets the miss when it is called, and a lookup between its call and its commit remembers it again.',
    class extends ThirdRegistry {
      private readonly misses = new Set<string>();
      protected override find(namespace: Namespace, id: string): Registration | undefined {
        this.checkId(id);
        const key = `${namespace} ${id}`;
        if (this.misses.has(key)) return undefined;
        const found = super.find(namespace, id);
        if (!found) this.misses.add(key);
        return found;
      }
      protected override write(order: Order): Promise<void> {
        if (order.kind === 'register') this.misses.delete(`${order.namespace} ${order.id}`);
        return super.write(order);
      }
    },
  ),
  broken(
    'unbind-acknowledged-early',
    ['CON-1'],
    'Unbinding cannot fail, so it is acknowledged as soon as it is in the lane; the binding still holds until it commits.',
    class extends ThirdRegistry {
      override async unbindTransport(transportId: string): Promise<void> {
        this.checkId(transportId);
        this.checkOpen();
        super.unbindTransport(transportId).catch(() => {});
      }
    },
  ),
  broken(
    'timed-out-write-stays-in-the-lane',
    ['CON-3', 'REG-4'],
    'A write that has waited two seconds for its turn is refused with write_timeout, but it is not taken out of the lane, and happens later.',
    class extends ThirdRegistry {
      protected override write(order: Order): Promise<void> {
        const answer = super.write(order);
        const job = order as Job & { patience?: unknown };
        if (job.partition.inFlight.has(job) && job.partition.current !== job) {
          job.patience = this.clock.setTimeout(() => {
            job.partition.inFlight.delete(job);
            job.reject(new RegistryError('write_timeout'));
          }, 2000);
        }
        return answer;
      }
      protected override begin(job: Job & { readonly patience?: unknown }): void {
        if (job.patience !== undefined) this.clock.clearTimeout(job.patience);
        super.begin(job);
      }
      protected override refused(job: Job & { readonly patience?: unknown }, error: unknown): void {
        if (job.patience !== undefined) this.clock.clearTimeout(job.patience);
        super.refused(job, error);
      }
    },
  ),
  broken(
    'visible-before-the-commit-and-rolled-back',
    ['CON-1', 'CON-3', 'LST-3', 'DLK-2'],
    'A registration is put into the table when it has its turn and taken out again when the commit is refused, because the endpoint went down: readers saw what never happened.',
    class extends ThirdRegistry {
      protected override checkRegister(order: Register & { entry?: Entry }): void {
        if (order.entry === undefined) {
          super.checkRegister(order);
          order.entry = super.makeEntry(order);
          this.names[order.namespace].set(order.id, order.entry);
        } else if (order.endpoint.signal.aborted) {
          this.names[order.namespace].delete(order.id);
          refuse('endpoint_down');
        }
      }
      protected override makeEntry(order: Register & { readonly entry?: Entry }): Entry {
        return order.entry!;
      }
    },
  ),
  broken(
    'commit-in-flight-survives-close',
    ['CLS-1', 'CLS-3'],
    'Closing refuses what waits in the lanes, but lets the write that is being committed finish, and does so into the emptied registry.',
    class extends ThirdRegistry {
      protected override closePartition(partition: Partition): void {
        const { current } = partition;
        if (current) partition.inFlight.delete(current);
        super.closePartition(partition);
      }
    },
  ),
  broken(
    'waiting-writes-unanswered-by-close',
    ['DLK-4'],
    'Closing refuses the write at the head of each lane and drops the queue behind it: calls that waited there are never answered.',
    class extends ThirdRegistry {
      protected override closePartition(partition: Partition): void {
        partition.queue = [];
        const { current } = partition;
        partition.inFlight = new Set(current ? [current] : []);
        super.closePartition(partition);
      }
    },
  ),
];
