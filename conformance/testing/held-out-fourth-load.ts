import type { AdmissionMode, ContentionStatus, Namespace, PartitionStats } from '../../spec/index.js';
import { RegistryError, ShardedRegistry } from '../../src/index.js';
import { wrong, wronglyUsed } from './held-out-fourth-wrong.js';
import type { Mutant } from './mutant.js';
import { hash, refuse, ThirdRegistry, type Entry, type Job, type Order, type Partition, type Register, type Sample } from './third-registry.js';

/* Held out: partitions, statistics, contention, admission. */

const partitions: readonly Mutant[] = [
  wronglyUsed(
    'fractions-of-partitions',
    ['PRT-1'],
    'The number of partitions comes from an environment variable and is rounded down before anybody looks whether it is one: 2.5 makes two.',
    (options) => new ShardedRegistry({ ...options, partitions: options.partitions && Math.floor(options.partitions) }),
  ),

  wrong(
    'namespace-hashed',
    ['PRT-2'],
    'What is hashed is the key of the table, which begins with the namespace: as a server and as a transport an id is in two partitions.',
    class extends ThirdRegistry {
      #namespace: Namespace = 'server';

      protected override write(order: Order): Promise<void> {
        this.#namespace = order.namespace;
        return super.write(order);
      }

      protected override hashOf(id: string): number {
        return hash(`${this.#namespace}:${id}`);
      }
    },
  ),

  wrong(
    'prefix-hashed',
    ['PRT-3'],
    'To bound the time that a hash takes, it looks at the first 32 characters only; ids that begin alike for longer are all in one partition.',
    class extends ThirdRegistry {
      protected override hashOf(id: string): number {
        return hash(id.slice(0, 32));
      }
    },
  ),

  wrong(
    'eight-commits',
    ['PRT-4'],
    'Commits share a pool of eight connections: when eight partitions are slow, the others wait.',
    class extends ThirdRegistry {
      readonly #connected = new Set<Job>();
      readonly #waiting: Job[] = [];

      protected override schedule(job: Job): void {
        if (this.#connected.size >= 8) {
          this.#waiting.push(job);
          return;
        }
        this.#connected.add(job);
        super.schedule(job);
      }

      protected override release(job: Job): void {
        super.release(job);
        if (!this.#connected.delete(job)) return;
        let next = this.#waiting.shift();
        while (next && !next.partition.inFlight.has(next)) next = this.#waiting.shift();
        if (!next) return;
        this.schedule(next);
        this.next(next.partition);
      }
    },
  ),
];

const statistics: readonly Mutant[] = [
  wrong(
    'refused-at-commit-counted',
    ['STA-1'],
    'A write is counted when its commit has ended, however it ended: one whose endpoint went down during the commit is refused, and counted.',
    class extends ThirdRegistry {
      readonly #committing = new WeakSet<Job>();

      protected override schedule(job: Job): void {
        this.#committing.add(job);
        super.schedule(job);
      }

      protected override refused(job: Job, error: unknown): void {
        if (this.#committing.has(job) && !this.closed) this.measure(job);
        super.refused(job, error);
      }
    },
  ),

  wrong(
    'ring-not-rewound',
    ['STA-5', 'STA-2'],
    'Samples are in a ring, and a reset sets the count back, but not the place of the next: until the ring is full again, old samples are shown for new ones.',
    class extends ThirdRegistry {
      readonly #rings = new WeakMap<Partition, { readonly slots: Sample[]; next: number }>();

      protected override measure(job: Job): void {
        const { partition } = job;
        const ring = this.#rings.get(partition) ?? { slots: [], next: 0 };
        this.#rings.set(partition, ring);
        partition.writeCount += 1;
        ring.slots[ring.next] = this.sample(job);
        ring.next = (ring.next + 1) % this.limits.windowSize;
      }

      protected override windowOf(partition: Partition): readonly number[] {
        const { slots, next } = this.#rings.get(partition) ?? { slots: [], next: 0 };
        const { windowSize, windowMs } = this.limits;
        const full = partition.writeCount >= windowSize;
        const samples = full ? [...slots.slice(next), ...slots.slice(0, next)] : slots.slice(0, partition.writeCount);
        return samples.filter((sample) => this.clock.now() - sample.at < windowMs).map((sample) => sample.latency);
      }
    },
  ),

  wrong(
    'least-remembered',
    ['STA-3'],
    'Minimum and maximum change only when something is written, so they are worked out once for each write; that samples also leave by themselves came later.',
    class extends ThirdRegistry {
      #remembered = new WeakMap<Partition, PartitionStats>();

      protected override statsOf(partition: Partition): PartitionStats {
        const stats = super.statsOf(partition);
        const before = this.#remembered.get(partition);
        if (before?.writeCount !== stats.writeCount) this.#remembered.set(partition, stats);
        else if (stats.sampleCount > 0) return { ...stats, min: before.min, max: before.max };
        return stats;
      }

      override resetStats(): void {
        super.resetStats();
        this.#remembered = new WeakMap();
      }
    },
  ),

  wrong(
    'one-partition-never-stuck',
    ['STA-4'],
    'The statistics of one partition are those of its window; that a stuck write raises the alarm as well was added to the whole list only.',
    class extends ThirdRegistry {
      override getPartitionStats(partition?: number): PartitionStats | readonly PartitionStats[] {
        const stats = super.getPartitionStats(partition);
        return partition === undefined ? stats : { ...(stats as PartitionStats), alarm: this.isSlow(this.partitions[partition]!) };
      }
    },
  ),

  wrong(
    'samples-handed-out',
    ['STA-2'],
    'The window is kept as it was last worked out, and handed out: who sorts it, or empties it, has sorted or emptied that of the registry.',
    class extends ThirdRegistry {
      #windows = new WeakMap<Partition, { readonly state: string; readonly samples: readonly number[] }>();

      protected override windowOf(partition: Partition): readonly number[] {
        const samples = super.windowOf(partition);
        const state = `${partition.writeCount} ${samples.length}`;
        const before = this.#windows.get(partition);
        if (before?.state === state) return before.samples;
        this.#windows.set(partition, { state, samples });
        return samples;
      }

      override resetStats(): void {
        super.resetStats();
        this.#windows = new WeakMap();
      }
    },
  ),

  wrong(
    'bind-timed-from-turn',
    ['CTN-9'],
    'Binds and unbinds came later than the other writes, and their latency is taken from when they have the lane, not from the call.',
    class extends ThirdRegistry {
      protected override sample(job: Job): Sample {
        return super.sample(job.kind === 'bind' || job.kind === 'unbind' ? { ...job, calledAt: job.startedAt! } : job);
      }
    },
  ),
];

const alarms: readonly Mutant[] = [
  wrong(
    'enough-samples',
    ['CTN-1'],
    'Whether there are enough writes to judge by is asked of the window, from which some may have gone, not of the count since the reset.',
    class extends ThirdRegistry {
      protected override isSlow(partition: Partition): boolean {
        const samples = this.windowOf(partition);
        return samples.length >= this.limits.minWrites && this.meanOf(samples) > this.limits.alarmAboveMs;
      }
    },
  ),

  wrong(
    'stuck-since-turn',
    ['CTN-3'],
    'A write is stuck when it has held the lane for too long; how long those behind it have waited is nobody’s business.',
    class extends ThirdRegistry {
      protected override isStuck({ current }: Partition): boolean {
        return current?.startedAt !== undefined && this.clock.now() - current.startedAt > this.limits.stuckAfterMs;
      }
    },
  ),

  wrong(
    'reset-forgets-flight',
    ['CTN-3'],
    'A reset begins again from nothing, so the writes that are in flight are not looked at any more, however long they take.',
    class extends ThirdRegistry {
      readonly #forgotten = new WeakSet<Job>();

      override resetStats(): void {
        super.resetStats();
        for (const { inFlight } of this.partitions) for (const job of inFlight) this.#forgotten.add(job);
      }

      protected override isStuck({ inFlight }: Partition): boolean {
        for (const job of inFlight) if (!this.#forgotten.has(job)) return this.clock.now() - job.calledAt > this.limits.stuckAfterMs;
        return false;
      }
    },
  ),

  wrong(
    'hysteresis',
    ['CTN-2', 'CTN-5'],
    'So that it does not flutter, an alarm that is on goes off only when the mean is a tenth below the limit.',
    class extends ThirdRegistry {
      readonly #on = new WeakSet<Partition>();

      protected override isSlow(partition: Partition): boolean {
        const limit = this.limits.alarmAboveMs * (this.#on.has(partition) ? 0.9 : 1);
        const on = partition.writeCount >= this.limits.minWrites && this.meanOf(this.windowOf(partition)) > limit;
        if (on) this.#on.add(partition);
        else this.#on.delete(partition);
        return on;
      }
    },
  ),

  wrong(
    'alarm-remembered',
    ['CTN-6'],
    'An alarm is worked out again when something has been written, and otherwise at most every 150 ms, since every registration asks for all of them.',
    class extends ThirdRegistry {
      #remembered = new WeakMap<Partition, { readonly until: number; readonly writeCount: number; readonly alarm: boolean }>();

      protected override isAlarmed(partition: Partition): boolean {
        const now = this.clock.now();
        const { writeCount } = partition;
        const before = this.#remembered.get(partition);
        if (before && before.writeCount === writeCount && now < before.until) return before.alarm;
        const alarm = super.isAlarmed(partition);
        this.#remembered.set(partition, { until: now + 150, writeCount, alarm });
        return alarm;
      }

      override resetStats(): void {
        super.resetStats();
        this.#remembered = new WeakMap();
      }
    },
  ),

  wrong(
    'timer-of-refused',
    ['CTN-8'],
    'Each write has a timer that bounds it, which is stopped when the write is committed; when it is refused the timer runs on.',
    class extends ThirdRegistry {
      readonly #timers = new WeakMap<Job, unknown>();

      protected override enqueue(job: Job): void {
        this.#timers.set(job, this.clock.setTimeout(() => undefined, 5_000));
        super.enqueue(job);
      }

      protected override measure(job: Job): void {
        this.clock.clearTimeout(this.#timers.get(job));
        super.measure(job);
      }

      protected override refused(job: Job, error: unknown): void {
        if (this.closed) this.clock.clearTimeout(this.#timers.get(job));
        super.refused(job, error);
      }
    },
  ),
];

const admission: readonly Mutant[] = [
  wrong(
    'alarms-in-32-bits',
    ['ADM-1'],
    'The alarmed partitions are counted as the bits of a number, which has 32 of them: of 64 partitions two share each.',
    class extends ThirdRegistry {
      protected override isContended(): boolean {
        let bits = this.alarmed().reduce((mask, index) => mask | (1 << index), 0) >>> 0;
        let count = 0;
        for (; bits !== 0; bits = (bits & (bits - 1)) >>> 0) count += 1;
        return count > this.limits.closeAbove * this.partitions.length;
      }
    },
  ),

  wronglyUsed(
    'bind-admitted',
    ['ADM-3'],
    'To spare contended partitions, binds are refused as registrations are, while the alarms have closed admission.',
    (options) =>
      new (class extends ShardedRegistry {
        override async bindTransportToServer(transportId: string, serverId: string): Promise<void> {
          const { mode, admission } = this.getContentionStatus();
          if (mode === 'auto' && admission === 'closed') throw new RegistryError('admission_control_active', 'Binds are rejected for now.');
          return super.bindTransportToServer(transportId, serverId);
        }
      })(options),
  ),

  wrong(
    'reopens-when-looked-at',
    ['ADM-4'],
    'Once closed, admission is worked out again when a write is committed or somebody asks for the status; a registration that is refused does neither.',
    class extends ThirdRegistry {
      #shut = false;

      protected override admission(): 'open' | 'closed' {
        const admission = super.admission();
        this.#shut = this.mode === 'auto' && admission === 'closed';
        return admission;
      }

      protected override admit(order: Pick<Order, 'kind'>): void {
        if (this.mode === 'auto' && this.#shut) refuse('admission_control_active');
        super.admit(order);
      }

      protected override measure(job: Job): void {
        super.measure(job);
        if (this.#shut) this.admission();
      }

      override setAdmission(mode: AdmissionMode): void {
        super.setAdmission(mode);
        this.#shut = false;
      }
    },
  ),

  wrong(
    'override-expires',
    ['ADM-5', 'ADM-6'],
    'Somebody once forgot that admission had been set by hand, so after ten minutes it goes back to the alarms by itself.',
    class extends ThirdRegistry {
      #setAt = 0;

      override setAdmission(mode: AdmissionMode): void {
        super.setAdmission(mode);
        this.#setAt = this.clock.now();
      }

      protected override admission(): 'open' | 'closed' {
        if (this.clock.now() - this.#setAt > 600_000) this.mode = 'auto';
        return super.admission();
      }

      override getContentionStatus(): ContentionStatus {
        this.admission();
        return super.getContentionStatus();
      }
    },
  ),

  wrong(
    'known-names-admitted',
    ['ADM-5', 'ADM-1'],
    'Admission control rejects new registrations; one of a name that was registered before is not new, and is admitted.',
    class extends ThirdRegistry {
      readonly #before = new Set<string>();

      protected override enter(entry: Entry): void {
        super.enter(entry);
        this.#before.add(`${entry.namespace} ${entry.id}`);
        const [oldest] = this.#before;
        if (this.#before.size > 1_000) this.#before.delete(oldest!);
      }

      protected override admit(order: Register): void {
        if (!this.#before.has(`${order.namespace} ${order.id}`)) super.admit(order);
      }
    },
  ),
];

export const heldOutFourthLoad: readonly Mutant[] = [...partitions, ...statistics, ...alarms, ...admission];
