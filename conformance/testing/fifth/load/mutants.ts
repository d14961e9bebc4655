import type { OpenOptions } from '../../../contract.js';
import type { Mutant } from '../../mutant.js';
import { defaultThresholds, type AdmissionMode, type ContentionStatus, type PartitionStats, type RequirementId, type Thresholds } from '../../../../spec/index.js';
import { adapterOf, hash, Partition, refuse, ShardedNames, type Sample, type Write } from './registry.js';

const made: Mutant[] = [];
const mutant = (id: string, breaks: readonly RequirementId[], how: string, make: new (options: OpenOptions) => ShardedNames): void =>
  void made.push({ id, breaks, how, adapter: adapterOf(id, make as never) });

/** A registry with partitions of another make. */
const withPartitions = (Made: new (index: number, limits: Thresholds, clock: OpenOptions['clock']) => Partition) =>
  class extends ShardedNames {
    override makePartition(index: number): Partition {
      return new Made(index, this.limits, this.clock);
    }
  };

// ------------------------------------------------------------------------------------------------------------------- partitions

mutant(
  'load-prt1-byte', ['PRT-1'],
  'The number of partitions is put into a byte of the header before it is checked, so 257 to 320 (or 300) are taken for 1 to 64, while 0, 65, 1.5 and NaN are refused.',
  class extends ShardedNames {
    override readCount(count: number): number {
      return super.readCount(Number.isInteger(count) ? Uint8Array.of(count)[0]! : count);
    }
  },
);

mutant(
  'load-prt2-update', ['PRT-2'],
  'Updates find the statistics by a hash of their own that looks at the low byte of each unit only: an update of an id beyond Latin-1 is counted in another partition than its registration.',
  class extends ShardedNames {
    override account(write: Write): Partition {
      if (write.kind !== 'update') return write.lane;
      let folded = '';
      for (let i = 0; i < write.id.length; i++) folded += String.fromCharCode(write.id.charCodeAt(i) & 0xff);
      return this.partitionOf(folded);
    }
  },
);

mutant(
  'load-prt3-sampled', ['PRT-3'],
  'As in String.hashCode of Java 1.1, ids longer than 64 units are hashed by some 16 of their units only, so long URLs that differ in other places collide.',
  class extends ShardedNames {
    override hash(id: string): number {
      return hash(id, id.length > 64 ? id.length >> 4 : 1);
    }
  },
);

mutant(
  'load-prt4-pool', ['PRT-4'],
  'All partitions share a pool of eight connections to the store: with eight partitions slow at once the writes of a ninth wait.',
  class extends ShardedNames {
    readonly waiting: (() => void)[] = [];
    running = 0;
    override store(write: Write, stored: () => void): void {
      const run = () => {
        this.running++;
        super.store(write, () => {
          this.running--;
          stored();
          if (this.running < 8) this.waiting.shift()?.();
        });
      };
      if (this.running < 8) run();
      else this.waiting.push(run);
    }
  },
);

// ------------------------------------------------------------------------------------------------------------------- statistics

mutant(
  'load-sta1-bind-refused', ['STA-1'],
  'The count goes up when the store has answered, before the second check: a bind whose server was unregistered meanwhile, or a registration whose endpoint went down meanwhile, is refused and counted.',
  class extends ShardedNames {
    override commit(write: Write): void {
      this.account(write).writeCount++;
      const before = this.account(write).writeCount;
      super.commit(write);
      if (this.account(write).writeCount > before) this.account(write).writeCount--;
    }
  },
);

class Eras extends Partition {
  era = 0;
  readonly eras = new WeakMap<Write, number>();
  override enter(write: Write): void {
    this.eras.set(write, this.era);
    super.enter(write);
  }
  override record(write: Write): void {
    if (this.eras.get(write) === this.era) super.record(write);
  }
  override reset(): void {
    this.era++;
    super.reset();
  }
}
mutant('load-sta1-era', ['STA-1', 'STA-2'], 'So that a reset is clean, a write that was called before it and commits after it is not recorded.', withPartitions(Eras));

class Ring extends Partition {
  readonly ring: Sample[] = [];
  next = 0;
  filled = 0;
  override push(sample: Sample): void {
    this.ring[this.next] = sample;
    this.next = (this.next + 1) % this.limits.windowSize;
    this.filled = Math.min(this.filled + 1, this.limits.windowSize);
  }
  override samples(): readonly number[] {
    const from = this.filled < this.limits.windowSize ? 0 : this.next;
    const all = Array.from({ length: this.filled }, (_, i) => this.ring[(from + i) % this.limits.windowSize]);
    return all.filter((sample) => sample !== undefined && this.isFresh(sample)).map((sample) => sample!.latency);
  }
  override reset(): void {
    super.reset();
    this.filled = 0;
  }
}
mutant('load-sta2-ring-reset', ['STA-5', 'STA-2', 'STA-3', 'CTN-4', 'CTN-9'], 'A ring whose reset sets the fill level to nothing but not the position: after a reset in mid-ring the new writes are shown as samples of before it, until the ring is full again.', withPartitions(Ring));

class Monotonic extends Partition {
  rising: Sample[] = [];
  evict(): void {
    const gone = this.window.shift()!;
    if (this.rising[0]?.latency === gone.latency) this.rising.shift();
  }
  override push(sample: Sample): void {
    while (this.rising.length > 0 && this.rising.at(-1)!.latency >= sample.latency) this.rising.pop();
    this.rising.push(sample);
    this.window.push(sample);
    if (this.window.length > this.limits.windowSize) this.evict();
  }
  override samples(): readonly number[] {
    while (this.window.length > 0 && !this.isFresh(this.window[0]!)) this.evict();
    return this.window.map(({ latency }) => latency);
  }
  override extremes(samples: readonly number[]): { min: number; max: number } {
    return { ...super.extremes(samples), min: samples.length === 0 ? 0 : (this.rising[0] ?? this.window[0]!).latency };
  }
  override reset(): void {
    super.reset();
    this.rising = [];
  }
}
mutant('load-sta3-monotonic', ['STA-3'], 'The minimum comes from a monotonic queue that drops equals on entry and evicts by value: when the older of two equal minima leaves, the minimum is forgotten although the newer is still there.', withPartitions(Monotonic));

mutant(
  'load-sta4-memo', ['STA-4'],
  'The entry of one partition is kept until its counts or its alarm change: after a reset and as many writes as before, with other latencies, the old one is given, while the list is right.',
  class extends ShardedNames {
    readonly memo = new Map<Partition, PartitionStats>();
    override statsOf(partition: Partition): PartitionStats {
      const now = partition.stats();
      const then = this.memo.get(partition);
      if (then !== undefined && then.writeCount === now.writeCount && then.sampleCount === now.sampleCount && then.alarm === now.alarm) return { ...then };
      this.memo.set(partition, now);
      return { ...now };
    }
  },
);

class Dirty extends Partition {
  override reset(): void {
    if (this.samples().length > 0) super.reset();
  }
}
mutant('load-sta5-dirty', ['STA-5'], 'A reset passes over partitions with an empty window as there is nothing to clear: one whose samples have all aged keeps its write count.', withPartitions(Dirty));

// ------------------------------------------------------------------------------------------------------------------- contention

class AtCommit extends Partition {
  slow = false;
  override record(write: Write): void {
    super.record(write);
    this.slow = super.isSlow();
  }
  override isSlow(): boolean {
    this.slow &&= super.isSlow();
    return this.slow;
  }
}
mutant('load-ctn1-at-commit', ['CTN-6', 'CTN-1'], 'The mean can raise the alarm at a commit only, and whoever looks only ever clears it: when quick samples age and leave the slow ones, the mean is above the limit without an alarm.', withPartitions(AtCommit));

class Hysteresis extends Partition {
  slow = false;
  override record(write: Write): void {
    super.record(write);
    this.isSlow();
  }
  override isSlow(): boolean {
    this.slow = this.writeCount >= this.limits.minWrites && this.mean() > this.limits.alarmAboveMs * (this.slow ? 0.9 : 1);
    return this.slow;
  }
}
mutant('load-ctn2-hysteresis', ['CTN-2', 'CTN-5'], 'So that the alarm does not flap it goes off at nine tenths of the limit only: it stays on with a mean between 90 and 100 after one above 100.', withPartitions(Hysteresis));

mutant(
  'load-ctn5-leak', ['CTN-5', 'CTN-2'],
  'A write that is refused at its commit (its server or its endpoint went meanwhile) is answered but never taken off the list of writes in flight: 500 ms after its call the alarm goes on, for ever.',
  class extends ShardedNames {
    override commit(write: Write): void {
      try {
        write.check();
      } catch (error) {
        write.done(error);
        return;
      }
      super.commit(write);
    }
  },
);

class Restarted extends Partition {
  since = -Infinity;
  override reset(): void {
    super.reset();
    this.since = this.clock.now();
  }
  override isStuck(): boolean {
    const [oldest] = this.inFlight;
    return oldest !== undefined && this.clock.now() - Math.max(oldest.calledAt, this.since) > this.limits.stuckAfterMs;
  }
}
mutant('load-ctn3-reset', ['CTN-3'], 'A reset starts the watch of the writes in flight afresh, so a stuck partition is without an alarm for 500 ms after it.', withPartitions(Restarted));

class RegistrationsOnly extends Partition {
  override isStuck(): boolean {
    for (const { kind, calledAt } of this.inFlight) if (kind !== 'bind' && kind !== 'unbind') return this.clock.now() - calledAt > this.limits.stuckAfterMs;
    return false;
  }
}
mutant('load-ctn3-bind', ['CTN-3'], 'Binds and unbinds take a path of their own that is not under the watchdog: one that is stuck raises no alarm until a write of another kind has waited behind it for as long.', withPartitions(RegistrationsOnly));

class Wheel extends Partition {
  override isFresh(sample: Sample): boolean {
    const slot = this.limits.windowMs / 16;
    return Math.floor(this.clock.now() / slot) - Math.floor(sample.at / slot) < 16;
  }
}
mutant('load-ctn4-wheel', ['CTN-4'], 'The window is a wheel of 16 slots that are dropped as a whole: a sample leaves up to 62 ms early, unless its commit falls on the edge of a slot.', withPartitions(Wheel));

class Sliding extends Partition {
  last: { value: boolean; at: number } | undefined;
  override alarm(): boolean {
    const at = this.clock.now();
    this.last = { value: this.last !== undefined && at - this.last.at < 90 ? this.last.value : super.alarm(), at };
    return this.last.value;
  }
  override reset(): void {
    super.reset();
    this.last = undefined;
  }
}
mutant('load-ctn6-sliding', ['CTN-6', 'ADM-4'], 'An alarm once worked out holds for 90 ms, and being looked at renews the term: a dashboard that polls every 50 ms never sees it change.', withPartitions(Sliding));

mutant(
  'load-ctn7-zero', ['CTN-7'],
  'Options are defaulted with `||`, so that a threshold of 0 (alarm above 0 ms, closed above 0 of the partitions) is taken for none given.',
  class extends ShardedNames {
    override readLimits(options: OpenOptions): Thresholds {
      const given = super.readLimits(options);
      const or = defaultThresholds;
      return { ...given, alarmAboveMs: given.alarmAboveMs || or.alarmAboveMs, stuckAfterMs: given.stuckAfterMs || or.stuckAfterMs, closeAbove: given.closeAbove || or.closeAbove };
    }
  },
);

mutant(
  'load-ctn7-cap', ['CTN-7'],
  'The ring is made for 16 samples when the module is loaded, and `windowSize` only cuts it shorter: with a larger one the window still holds 16.',
  class extends ShardedNames {
    override readLimits(options: OpenOptions): Thresholds {
      const given = super.readLimits(options);
      return { ...given, windowSize: Math.min(given.windowSize, 16) };
    }
  },
);

class Housekept extends Partition {
  timer: unknown;
  override push(sample: Sample): void {
    super.push(sample);
    this.arm();
  }
  arm(): void {
    if (this.timer !== undefined || this.window.length === 0) return;
    const left = this.window[0]!.at + this.limits.windowMs - this.clock.now();
    this.timer = this.clock.setTimeout(() => {
      this.timer = undefined;
      this.samples();
      this.arm();
    }, left);
  }
}
mutant('load-ctn8-reset', ['CTN-8'], 'A timer throws out what has aged and stops when the window is empty; a reset empties the window and leaves the timer running, for up to a second of idleness.', withPartitions(Housekept));

class Short extends Partition {
  override push({ at, latency }: Sample): void {
    super.push({ at, latency: Uint16Array.of(latency)[0]! });
  }
}
mutant('load-ctn9-short', ['CTN-9'], 'Samples are kept in a Uint16Array: the latency of a write that was stuck for more than 65,535 ms comes out as its remainder.', withPartitions(Short));

mutant(
  'load-ctn10-order', ['CTN-10', 'ERR-1'],
  'The alarmed partitions are collected in a set and handed out with `.sort()`, which sorts numbers as strings: 10 comes before 2.',
  class extends ShardedNames {
    override getContentionStatus(): ContentionStatus {
      const status = super.getContentionStatus();
      return { ...status, alarmed: [...status.alarmed].sort() };
    }
  },
);

mutant(
  'load-ctn10-open', ['CTN-10'],
  'The state of admission is shown as the alarms have it unless it is closed by hand: with admission held open during contention it reads closed.',
  class extends ShardedNames {
    override getContentionStatus(): ContentionStatus {
      const status = super.getContentionStatus();
      return { ...status, admission: this.mode === 'closed' || this.isTooMany(status.alarmed.length) ? 'closed' : 'open' };
    }
  },
);

// -------------------------------------------------------------------------------------------------------------------- admission

mutant(
  'load-adm1-ceil', ['ADM-1'],
  'The number of alarms that may be is worked out once, as `Math.ceil(closeAbove * partitions)`: with an odd number of partitions the smallest majority does not close admission.',
  class extends ShardedNames {
    override isTooMany(alarmed: number): boolean {
      return this.partitions.length > 1 ? alarmed > Math.ceil(this.limits.closeAbove * this.partitions.length) : super.isTooMany(alarmed);
    }
  },
);

/** Keeps the decision of the alarms, and makes it anew when something commits or somebody looks. */
class Deciding extends ShardedNames {
  tooMany = false;
  decide(): boolean {
    return (this.tooMany = this.isTooMany(this.alarmed().length));
  }
  override commit(write: Write): void {
    super.commit(write);
    this.decide();
  }
  override getPartitionStats(): readonly PartitionStats[];
  override getPartitionStats(partition: number): PartitionStats;
  override getPartitionStats(partition?: number): PartitionStats | readonly PartitionStats[] {
    this.decide();
    return super.getPartitionStats(partition as number);
  }
  override getContentionStatus(): ContentionStatus {
    this.decide();
    return super.getContentionStatus();
  }
  override resetStats(): void {
    super.resetStats();
    this.decide();
  }
  override setAdmission(mode: AdmissionMode): void {
    super.setAdmission(mode);
    this.decide();
  }
}

mutant(
  'load-adm1-unwatched', ['ADM-1'],
  'Admission is decided at each commit and whenever somebody looks, and a registration trusts an open gate: partitions that become stuck, which is no event, close it only once somebody has asked for statistics.',
  class extends Deciding {
    override admit(): void {
      if (this.mode === 'auto' ? this.tooMany && this.decide() : this.mode === 'closed') refuse('admission_control_active');
    }
  },
);

mutant(
  'load-adm2-drift', ['ADM-2', 'ADM-4'],
  'The alarms are counted up and down as they change, and a reset puts them off without counting down: from then on admission closes with fewer than half of them on, or stays closed.',
  class extends ShardedNames {
    readonly on = new Set<Partition>();
    count = 0;
    override isAdmitting(): boolean {
      for (const partition of this.partitions) {
        const is = partition.alarm();
        if (is === this.on.has(partition)) continue;
        this.count += is ? 1 : -1;
        if (is) this.on.add(partition);
        else this.on.delete(partition);
      }
      return this.mode === 'auto' ? !this.isTooMany(this.count) : this.mode === 'open';
    }
    override resetStats(): void {
      super.resetStats();
      this.on.clear();
    }
  },
);

mutant(
  'load-adm3-move', ['ADM-3'],
  'Moving a bound transport is made of an unbind and a registration at the new server, with the checks of the latter: a rebind is refused while admission is closed; a first bind is not.',
  class extends ShardedNames {
    override async bindTransportToServer(transportId: string, serverId: string): Promise<void> {
      if (typeof transportId === 'string' && this.names.transport.get(transportId)?.server !== undefined && this.names.server.has(serverId)) this.admit('transport', transportId, serverId);
      return super.bindTransportToServer(transportId, serverId);
    }
  },
);

mutant(
  'load-adm4-latched', ['ADM-4', 'ADM-2'],
  'Admission is decided at each commit and whenever somebody looks, and a registration trusts a closed gate: it opens again only once somebody has asked for statistics or something has committed.',
  class extends Deciding {
    override admit(): void {
      if (this.mode === 'auto' ? this.tooMany || this.decide() : this.mode === 'closed') refuse('admission_control_active');
    }
  },
);

mutant(
  'load-adm5-session', ['ADM-5'],
  'A transport that names a registered server belongs to a session that was admitted before, and is let in although admission is closed by hand.',
  class extends ShardedNames {
    override admit(...args: Parameters<ShardedNames['admit']>): void {
      const [, , serverId] = args;
      if (this.mode === 'closed' && serverId !== undefined && this.names.server.has(serverId)) return;
      super.admit(...args);
    }
  },
);

mutant(
  'load-adm6-reset', ['ADM-6', 'ADM-5'],
  'resetStats starts the whole monitor afresh, the mode of admission included: what was set by hand is forgotten.',
  class extends ShardedNames {
    override resetStats(): void {
      super.resetStats();
      this.mode = 'auto';
    }
  },
);

export const mutants: readonly Mutant[] = made;
