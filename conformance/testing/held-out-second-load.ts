import { partitionOf } from '../../src/ids.js';
import type { AdmissionMode, Config, Endpoint, Namespace, Registry, RequirementId } from '../../spec/index.js';
import type { OpenOptions } from '../contract.js';
import type { Mutant } from './mutant.js';
import { mean, Plain, plainAdapter, refusal, type Answer, type Lane, type Sample, type Steps, type Write } from './whole-registry.js';

/*
 * Broken registries on partitions, statistics, contention, admission and order, written from the specification alone: their author
 * had not seen the checks, nor the broken registries that these had been written with.
 *
 * First met by the kit on 2026-11-25, at commit a541273, with seed 1: of 64, 47 were killed, 6 were found out for the wrong reason or for
 * more than is listed, 10 survived, and one made the kit itself end with an exception (a reset that left samples, met before a random
 * sequence could begin). Since then the kit has been changed, and so have three of these: lookups that wait also missed their wake-up
 * when a write was refused; admission that does not age refuses with few alarms as well; and what a reset forgets may be that admission was open. So what becomes of them now proves no more
 * than that of any other mutant.
 */

const broken = (id: string, breaks: RequirementId | readonly RequirementId[], how: string, Kind: new (options: OpenOptions) => Plain): Mutant => ({
  id: `second-${id}`,
  breaks: typeof breaks === 'string' ? [breaks] : breaks,
  how,
  adapter: plainAdapter(how, Kind),
});

/** One whose steps of a write are altered. */
abstract class Altered extends Plain {
  protected override write(kind: keyof Registry, namespace: Namespace, id: string, prepare: () => Steps): Promise<void> {
    return super.write(kind, namespace, id, () => this.alter(prepare(), kind, id));
  }

  protected abstract alter(steps: Steps, kind: keyof Registry, id: string): Steps;
}

/** One whose reads can wait until writes have ended. */
abstract class Hesitant extends Plain {
  readonly #readers: { readonly busy: () => boolean; readonly answer: () => void }[] = [];

  protected calmly<T>(busy: () => boolean, read: () => Answer<T>): Answer<T> {
    if (!busy()) return read();
    return new Promise((resolve) => this.#readers.push({ busy, answer: () => resolve(read()) }));
  }

  protected override pump(lane: Lane): void {
    super.pump(lane);
    for (const reader of this.#readers.splice(0)) {
      if (reader.busy()) this.#readers.push(reader);
      else reader.answer();
    }
  }

  protected writes(namespace: Namespace, id: string): boolean {
    return this.inFlight(this.laneOf(id, namespace)).some((write) => write.namespace === namespace && write.id === id);
  }
}

const hash = (text: string, partitions: number): number => partitionOf(text, partitions);

export const heldOutSecondLoad: readonly Mutant[] = [
  // Partitions

  broken('zero-partitions-are-the-default', 'PRT-1', 'The number of partitions is `options.partitions || 16`, so that none at all is taken for "unless told otherwise".', class extends Plain {
    constructor(options: OpenOptions) {
      super({ ...options, partitions: options.partitions || 16 });
    }
  }),

  broken('partitions-clamped', 'PRT-1', 'The number of partitions is clamped to the limits instead of refused: `Math.min(64, partitions)`.', class extends Plain {
    constructor(options: OpenOptions) {
      super(options.partitions === undefined ? options : { ...options, partitions: options.partitions > 64 ? 64 : options.partitions });
    }
  }),

  broken('partitions-power-of-two', 'PRT-1', 'The number of partitions is rounded up to a power of two, so that a mask can be used, and nobody is told.', class extends Plain {
    constructor(options: OpenOptions) {
      const { partitions } = options;
      super(partitions === undefined || !(partitions > 1 && partitions <= 64) || !Number.isInteger(partitions) ? options : { ...options, partitions: 2 ** Math.ceil(Math.log2(partitions)) });
    }
  }),

  broken('least-loaded-partition', 'PRT-2', 'A new name goes to the partition with the fewest names, which is kept in a table for as long as the name is registered: given up and registered again it is elsewhere.', class extends Plain {
    readonly #homes = new Map<string, number>();
    #next = 0;

    protected override partitionOf(id: string): number {
      let home = this.#homes.get(id);
      if (home === undefined) this.#homes.set(id, (home = this.#next++ % this.settings.partitions));
      return home;
    }

    protected override commit(lane: Lane, write: Write): void {
      super.commit(lane, write);
      if (write.kind.startsWith('unregister')) this.#homes.delete(write.id);
    }
  }),

  broken('rehash-on-reset', 'PRT-2', 'Resetting the statistics takes a new salt for the hash, "to break up hot partitions".', class extends Plain {
    #salt = '';

    protected override partitionOf(id: string): number {
      return hash(this.#salt + id, this.settings.partitions);
    }

    override resetStats(): Answer<void> {
      void super.resetStats();
      this.#salt += '+';
    }
  }),

  broken('update-hashes-the-key', 'PRT-2', 'Updates came later and hash the key of the store, `server:id`, where registration hashes the id.', class extends Plain {
    protected override write(kind: keyof Registry, namespace: Namespace, id: string, prepare: () => Steps): Promise<void> {
      this.#updating = kind === 'updateServer';
      try {
        return super.write(kind, namespace, id, prepare);
      } finally {
        this.#updating = false;
      }
    }

    #updating = false;

    protected override partitionOf(id: string): number {
      return hash(this.#updating ? `server:${id}` : id, this.settings.partitions);
    }
  }),

  broken('hash-of-the-beginning', 'PRT-3', 'The hash looks at the first 32 characters only, for speed: ids under one long prefix share a partition.', class extends Plain {
    protected override partitionOf(id: string): number {
      return hash(id.slice(0, 32), this.settings.partitions);
    }
  }),

  broken('hash-of-the-end', 'PRT-3', 'The hash looks at the last eight characters only, where ids differ: host names with one domain share a partition.', class extends Plain {
    protected override partitionOf(id: string): number {
      return hash(id.slice(-8), this.settings.partitions);
    }
  }),

  broken('hash-of-ascii', 'PRT-3', 'The hash strips what is not ASCII before it begins, so that ids in other scripts share a partition.', class extends Plain {
    protected override partitionOf(id: string): number {
      return hash(id.replaceAll(/[^ -~]/g, ''), this.settings.partitions);
    }
  }),

  broken('mask-for-modulo', 'PRT-3', 'The partition is `hash & (partitions - 1)`, which is uniform for powers of two and for nothing else.', class extends Plain {
    protected override partitionOf(id: string): number {
      return hash(id, 2 ** 16) & (this.settings.partitions - 1);
    }
  }),

  broken('four-workers', 'PRT-4', 'Commits go through a pool of four workers: four stuck partitions stop all others.', class extends Plain {
    protected override pump(lane: Lane): void {
      if (this.lanes.filter(({ holder }) => holder !== undefined).length < 4) super.pump(lane);
    }

    protected override commit(lane: Lane, write: Write): void {
      super.commit(lane, write);
      for (const other of this.lanes) this.pump(other);
    }
  }),

  broken('transports-in-one-queue', 'PRT-4', 'Writes of transports take one lock for the table of transports, whatever their partition; servers do not.', class extends Plain {
    protected override pump(lane: Lane): void {
      if (lane.waiting[0]?.namespace === 'transport' && this.lanes.some((other) => other !== lane && other.holder?.namespace === 'transport')) return;
      super.pump(lane);
    }

    protected override commit(lane: Lane, write: Write): void {
      super.commit(lane, write);
      for (const other of this.lanes) this.pump(other);
    }
  }),

  // Statistics

  broken('count-in-a-byte', 'STA-1', 'Write counts are kept in a Uint8Array, and begin again after 255.', class extends Plain {
    protected override record(lane: Lane, write: Write): void {
      super.record(lane, write);
      lane.count &= 0xff;
    }
  }),

  broken('unbinding-not-counted', 'STA-1', 'Ending a binding is a deletion, and deletions are not counted by the wrapper around the table of bindings.', class extends Plain {
    protected override record(lane: Lane, write: Write): void {
      super.record(lane, write);
      if (write.kind === 'unbindTransport') lane.count--;
    }
  }),

  broken('refused-updates-counted', 'STA-1', 'An update that is refused at its turn is counted like one that is committed.', class extends Altered {
    protected override alter(steps: Steps, kind: keyof Registry, id: string): Steps {
      if (kind !== 'updateServer') return steps;
      return {
        ...steps,
        check: () => {
          try {
            return steps.check();
          } catch (error) {
            this.laneOf(id, 'server').count++;
            throw error;
          }
        },
      };
    }
  }),

  broken('reset-forgets-writes-in-flight', 'STA-1', 'Writes carry the generation of the statistics they began in: one in flight over a reset is never counted.', class extends Plain {
    readonly #old = new WeakSet<Write>();

    protected override resetLane(lane: Lane): void {
      super.resetLane(lane);
      for (const write of this.inFlight(lane)) this.#old.add(write);
    }

    protected override record(lane: Lane, write: Write): void {
      if (!this.#old.has(write)) super.record(lane, write);
    }
  }),

  broken('window-of-nine', 'STA-2', 'The ring keeps one slot free to tell full from empty, and so nine samples of ten.', class extends Plain {
    protected override sample(lane: Lane, latency: number, write: Write): void {
      super.sample(lane, latency, write);
      if (lane.samples.length > this.settings.thresholds.windowSize - 1) lane.samples.shift();
    }
  }),

  broken('ring-order', 'STA-2', 'Samples are given as they lie in the ring, which is oldest first only until it is full.', class extends Plain {
    protected override stats(lane: Lane): ReturnType<Plain['stats']> {
      const stats = super.stats(lane);
      const turned = stats.sampleCount === this.settings.thresholds.windowSize ? lane.count % stats.sampleCount : 0;
      return { ...stats, samples: [...stats.samples.slice(stats.sampleCount - turned), ...stats.samples.slice(0, stats.sampleCount - turned)] };
    }
  }),

  broken('window-begins-again', 'STA-2', 'A full window is emptied and begins again.', class extends Plain {
    protected override sample(lane: Lane, latency: number, write: Write): void {
      if (lane.samples.length === this.settings.thresholds.windowSize) lane.samples = [];
      super.sample(lane, latency, write);
    }
  }),

  broken('mean-since-reset', 'STA-3', 'The mean that is shown is a running mean since the last reset, that of the alarm is not.', class extends Plain {
    readonly #all = new Map<Lane, number[]>();

    protected override sample(lane: Lane, latency: number, write: Write): void {
      super.sample(lane, latency, write);
      this.#all.set(lane, [...(this.#all.get(lane) ?? []), latency]);
    }

    protected override resetLane(lane: Lane): void {
      super.resetLane(lane);
      this.#all.delete(lane);
    }

    protected override stats(lane: Lane): ReturnType<Plain['stats']> {
      const stats = super.stats(lane);
      return stats.sampleCount === 0 ? stats : { ...stats, mean: mean(this.#all.get(lane) ?? []) };
    }
  }),

  broken('greatest-ever', 'STA-3', 'The maximum is a high-water mark, which only a reset takes down.', class extends Plain {
    readonly #marks = new Map<Lane, number>();

    protected override sample(lane: Lane, latency: number, write: Write): void {
      super.sample(lane, latency, write);
      this.#marks.set(lane, Math.max(latency, this.#marks.get(lane) ?? 0));
    }

    protected override resetLane(lane: Lane): void {
      super.resetLane(lane);
      this.#marks.delete(lane);
    }

    protected override stats(lane: Lane): ReturnType<Plain['stats']> {
      const stats = super.stats(lane);
      return stats.sampleCount === 0 ? stats : { ...stats, max: this.#marks.get(lane) ?? 0 };
    }
  }),

  broken('mean-in-whole-milliseconds', 'STA-3', 'The mean is rounded to whole milliseconds for display.', class extends Plain {
    protected override stats(lane: Lane): ReturnType<Plain['stats']> {
      const stats = super.stats(lane);
      return { ...stats, mean: Math.round(stats.mean) };
    }
  }),

  broken('one-partition-from-cache', 'STA-4', 'The statistics of one partition are cached until its next write: its samples do not age, those of the whole list do.', class extends Plain {
    readonly #cache = new Map<Lane, { readonly count: number; readonly stats: unknown }>();

    override getPartitionStats(partition?: number): Answer<unknown> {
      const fresh = super.getPartitionStats(partition);
      if (partition === undefined) return fresh;
      const lane = this.lanes[partition]!;
      const cached = this.#cache.get(lane);
      if (cached?.count === lane.count) return cached.stats;
      if (lane.holder === undefined) this.#cache.set(lane, { count: lane.count, stats: fresh });
      return fresh;
    }
  }),

  broken('reset-of-the-alarmed', 'STA-5', 'A reset is for alarms, and passes over the windows of partitions that have none.', class extends Plain {
    protected override resetLane(lane: Lane): void {
      if (this.isAlarmed(lane)) super.resetLane(lane);
      else lane.count = 0;
    }
  }),

  broken('partitions-from-the-end', 'STA-6', 'The partition is looked up with `at`, which counts from the end and drops fractions.', class extends Plain {
    override getPartitionStats(partition?: number): Answer<unknown> {
      if (partition === undefined) return super.getPartitionStats();
      this.open();
      const lane = this.lanes.at(partition);
      if (lane === undefined) throw refusal('invalid_argument');
      return this.stats(lane);
    }
  }),

  // Contention

  broken('eleventh-write', 'CTN-1', 'The alarm asks for more than ten writes instead of at least ten.', class extends Plain {
    protected override isSlow(lane: Lane): boolean {
      return lane.count > this.settings.thresholds.minWrites && super.isSlow(lane);
    }
  }),

  broken('ten-in-the-window', 'CTN-1', 'The alarm asks for ten samples in the window instead of ten writes since the reset: when some have aged, no slowness of the others raises it.', class extends Plain {
    protected override isSlow(lane: Lane): boolean {
      return super.isSlow(lane) && this.window(lane).length >= Math.min(this.settings.thresholds.minWrites, this.settings.thresholds.windowSize);
    }
  }),

  broken('alarm-at-the-limit', 'CTN-2', 'The alarm is on with a mean of exactly 100 ms.', class extends Plain {
    protected override isSlow(lane: Lane): boolean {
      const { minWrites, alarmAboveMs } = this.settings.thresholds;
      return lane.count >= minWrites && lane.samples.length > 0 && this.level(lane) >= alarmAboveMs;
    }
  }),

  broken('stuck-at-the-limit', 'CTN-2', 'A write counts as stuck when it has been in flight for exactly 500 ms.', class extends Plain {
    protected override isStuck(lane: Lane): boolean {
      return this.inFlight(lane).some(({ calledAt }) => this.now() - calledAt >= this.settings.thresholds.stuckAfterMs);
    }
  }),

  broken('hysteresis', 'CTN-2', 'So that it does not flap, an alarm that is on goes off only below four fifths of the limit.', class extends Plain {
    readonly #raised = new Set<Lane>();

    protected override isSlow(lane: Lane): boolean {
      const { minWrites, alarmAboveMs } = this.settings.thresholds;
      const on = lane.count >= minWrites && this.level(lane) > alarmAboveMs * (this.#raised.has(lane) ? 0.8 : 1);
      if (on) this.#raised.add(lane);
      else this.#raised.delete(lane);
      return on;
    }
  }),

  broken('waiting-is-not-stuck', 'CTN-3', 'Only the write that is being committed is watched, from when it had its turn: one that waits behind others for longer than 500 ms is not seen.', class extends Plain {
    protected override isStuck({ holder }: Lane): boolean {
      return holder !== undefined && this.now() - holder.startedAt > this.settings.thresholds.stuckAfterMs;
    }
  }),

  broken('stuck-registrations-only', 'CTN-3', 'The watchdog was put around registrations; other writes may be stuck unseen.', class extends Plain {
    protected override isStuck(lane: Lane): boolean {
      return this.inFlight(lane).some(({ kind, calledAt }) => kind.startsWith('register') && this.now() - calledAt > this.settings.thresholds.stuckAfterMs);
    }
  }),

  broken('first-stuck-partition', 'CTN-3', 'The watchdog looks for a stuck partition with `find`, and marks the first it meets.', class extends Plain {
    protected override isStuck(lane: Lane): boolean {
      return this.lanes.find((one) => super.isStuck(one)) === lane;
    }
  }),

  broken('reset-forgives-the-stuck', 'CTN-3', 'A reset starts the time of writes in flight anew, so that a stuck partition is calm for another 500 ms.', class extends Plain {
    readonly #since = new WeakMap<Write, number>();

    protected override resetLane(lane: Lane): void {
      super.resetLane(lane);
      for (const write of this.inFlight(lane)) this.#since.set(write, this.now());
    }

    protected override isStuck(lane: Lane): boolean {
      return this.inFlight(lane).some((write) => this.now() - (this.#since.get(write) ?? write.calledAt) > this.settings.thresholds.stuckAfterMs);
    }
  }),

  broken('ages-from-the-call', 'CTN-4', 'A sample carries the time of its call, and leaves the window one second after that.', class extends Plain {
    protected override isFresh({ calledAt }: Sample): boolean {
      return this.now() - calledAt < this.settings.thresholds.windowMs;
    }
  }),

  broken('ages-as-a-whole', 'CTN-4', 'The window is dropped as a whole one second after its newest sample; a trickle of writes keeps the oldest.', class extends Plain {
    protected override isFresh(_sample: Sample, lane: Lane): boolean {
      return this.now() - lane.samples.at(-1)!.at < this.settings.thresholds.windowMs;
    }
  }),

  broken('alarm-ages-on-writes', 'CTN-5', 'What is shown ages, but the alarm is only worked out when a write commits, and stays until the next one.', class extends Plain {
    readonly #slow = new Set<Lane>();

    protected override record(lane: Lane, write: Write): void {
      super.record(lane, write);
      if (super.isSlow(lane)) this.#slow.add(lane);
      else this.#slow.delete(lane);
    }

    protected override resetLane(lane: Lane): void {
      super.resetLane(lane);
      this.#slow.delete(lane);
    }

    protected override isSlow(lane: Lane): boolean {
      return this.#slow.has(lane);
    }
  }),

  broken('alarm-cached-for-a-quarter', 'CTN-6', 'An alarm that somebody has looked at is not worked out again for 250 ms.', class extends Plain {
    readonly #seen = new Map<Lane, { readonly at: number; readonly alarm: boolean }>();

    protected override isAlarmed(lane: Lane): boolean {
      const seen = this.#seen.get(lane);
      if (seen !== undefined && this.now() - seen.at < 250) return seen.alarm;
      const alarm = super.isAlarmed(lane);
      this.#seen.set(lane, { at: this.now(), alarm });
      return alarm;
    }
  }),

  broken('window-from-the-limit', 'CTN-7', 'How long samples stay is ten times the limit of the alarm, which is right by default; the option for it is not read.', class extends Plain {
    protected override isFresh({ at }: Sample): boolean {
      return this.now() - at < this.settings.thresholds.alarmAboveMs * 10;
    }
  }),

  broken('polls-once-looked-at', 'CTN-8', 'The first look at the contention status starts a timer that refreshes it every 100 ms, for ever.', class extends Plain {
    #polling = false;

    override getContentionStatus(): ReturnType<Plain['getContentionStatus']> {
      if (!this.#polling) this.#poll();
      return super.getContentionStatus();
    }

    #poll(): void {
      this.#polling = true;
      if (!this.closed) this.settings.clock.setTimeout(() => this.#poll(), 100);
    }
  }),

  broken('watchdog-of-the-refused', 'CTN-8', 'Every write starts a watchdog of a minute, which is cleared when the write has been committed, but not when it is refused.', class extends Plain {
    protected override write(kind: keyof Registry, namespace: Namespace, id: string, prepare: () => Steps): Promise<void> {
      const { clock } = this.settings;
      const timer = clock.setTimeout(() => undefined, 60_000);
      const ended = super.write(kind, namespace, id, prepare);
      void ended.then(() => clock.clearTimeout(timer), () => undefined);
      return ended;
    }
  }),

  broken('latency-of-bindings', 'CTN-9', 'The latency of a binding counts from its turn, that of everything else from its call.', class extends Plain {
    protected override began(write: Write): number {
      return write.kind.startsWith('bind') ? write.startedAt : write.calledAt;
    }
  }),

  broken('alarmed-in-words', 'CTN-10', 'The alarmed partitions are the keys of an object, sorted as strings: 10 comes before 2.', class extends Plain {
    protected override alarmed(): number[] {
      return super.alarmed().map(String).sort().map(Number);
    }
  }),

  broken('status-without-override', 'CTN-10', 'The status says what the alarms would do, and not what was set by hand.', class extends Plain {
    override getContentionStatus(): ReturnType<Plain['getContentionStatus']> {
      this.open();
      return { partitions: this.lanes.length, alarmed: this.alarmed(), admission: this.isCalm() ? 'open' : 'closed', mode: this.mode };
    }
  }),

  // Admission

  broken('admits-returning-names', 'ADM-1', 'A name that had been registered before is a reconnect, and let in whatever the alarms say.', class extends Plain {
    readonly #known = new Set<string>();

    protected override admits(namespace: Namespace, id: string): boolean {
      if (this.mode === 'auto' && this.#known.has(`${namespace} ${id}`)) return true;
      const open = this.isOpen();
      if (open) this.#known.add(`${namespace} ${id}`);
      return open;
    }
  }),

  broken('admits-bound-transports', 'ADM-1', 'A transport that comes with the server it belongs to is part of a session, and let in whatever the alarms say.', class extends Plain {
    protected override admits(namespace: Namespace, _id: string, _endpoint: Endpoint, config: Config): boolean {
      return (this.mode === 'auto' && namespace === 'transport' && config['serverId'] !== undefined) || this.isOpen();
    }
  }),

  broken('half-of-sixteen', ['ADM-1', 'ADM-2'], 'Half of the partitions is a constant, 8.', class extends Plain {
    protected override isCalm(): boolean {
      return this.alarmed().length <= 16 * this.settings.thresholds.closeAbove;
    }
  }),

  broken('half-rounded-up', 'ADM-1', 'Half of an odd number of partitions is rounded up.', class extends Plain {
    protected override isCalm(): boolean {
      return this.alarmed().length <= Math.ceil(this.settings.thresholds.closeAbove * this.lanes.length);
    }
  }),

  broken('half-in-percent', 'ADM-2', 'The alarmed are compared in whole percent and must be fewer than 50, so that exactly half closes.', class extends Plain {
    protected override isCalm(): boolean {
      return Math.round((100 * this.alarmed().length) / this.lanes.length) < 100 * this.settings.thresholds.closeAbove;
    }
  }),

  broken('no-binding-while-alarmed', 'ADM-3', 'Binding is refused while the alarms keep admission closed; closed by hand it is not.', class extends Altered {
    protected override alter(steps: Steps, kind: keyof Registry): Steps {
      if (kind !== 'bindTransportToServer') return steps;
      return {
        ...steps,
        enter: () => {
          if (this.mode === 'auto' && !this.isCalm()) throw refusal('admission_control_active');
        },
      };
    }
  }),

  broken('no-broadcast-while-closed', 'ADM-3', 'While admission is closed, broadcasts to more than one are shed.', class extends Plain {
    protected override broadcast(...[server, from, message]: Parameters<Plain['broadcast']>): Answer<number> {
      return !this.isOpen() && (server?.members.size ?? 0) > 1 ? 0 : super.broadcast(server, from, message);
    }
  }),

  broken('latched-until-looked-at', 'ADM-4', 'Once a registration has been rejected, admission stays closed until somebody asks for the status.', class extends Plain {
    #latched = false;

    protected override admits(): boolean {
      if (this.mode !== 'auto') return this.isOpen();
      if (!this.isCalm()) this.#latched = true;
      return !this.#latched;
    }

    override getContentionStatus(): ReturnType<Plain['getContentionStatus']> {
      this.#latched = false;
      return super.getContentionStatus();
    }
  }),

  broken('admission-does-not-age', ['ADM-4', 'ADM-2'], 'What is shown leaves out what is too old; what admission goes by is the bare ring.', class extends Plain {
    protected override isCalm(): boolean {
      const { minWrites, alarmAboveMs, closeAbove } = this.settings.thresholds;
      const slow = this.lanes.filter((lane) => (lane.count >= minWrites && mean(lane.samples.map(({ latency }) => latency)) > alarmAboveMs) || this.isStuck(lane));
      return slow.length <= closeAbove * this.lanes.length;
    }
  }),

  broken('reset-resets-the-override', ['ADM-5', 'ADM-6'], 'A reset sets everything of contention back, what was set by hand included.', class extends Plain {
    override resetStats(): Answer<void> {
      void super.resetStats();
      this.mode = 'auto';
    }
  }),

  broken('open-until-calm', 'ADM-6', 'Admission opened by hand goes back to automatic when the alarms that it was opened for have cleared.', class extends Plain {
    #needed = false;

    protected override isOpen(): boolean {
      if (this.mode === 'open') {
        if (!this.isCalm()) this.#needed = true;
        else if (this.#needed) {
          this.#needed = false;
          this.mode = 'auto';
        }
      }
      return super.isOpen();
    }
  }),

  broken('auto-keeps-open', 'ADM-6', 'Going back from open to automatic keeps the decision until the number of alarmed partitions changes.', class extends Plain {
    #kept: number | undefined;

    override setAdmission(mode: AdmissionMode): Answer<void> {
      const was = this.mode;
      void super.setAdmission(mode);
      this.#kept = mode === 'auto' && was === 'open' ? this.alarmed().length : undefined;
    }

    protected override isOpen(): boolean {
      if (this.#kept === this.alarmed().length) return true;
      this.#kept = undefined;
      return super.isOpen();
    }
  }),

  broken('modes-in-capitals', 'ADM-7', 'Modes are put into lower case before they are looked at.', class extends Plain {
    override setAdmission(mode: AdmissionMode): Answer<void> {
      return super.setAdmission(typeof mode === 'string' ? (mode.toLowerCase() as AdmissionMode) : mode);
    }
  }),

  // Order and progress, one operation after the other in flight

  broken('find-waits-for-its-name', 'DLK-1', 'A lookup of a name waits for a write to that very name, "to read what was written".', class extends Hesitant {
    override findServer(id: string): ReturnType<Plain['findServer']> {
      const read = (): ReturnType<Plain['findServer']> => super.findServer(id);
      return typeof id === 'string' && id !== '' ? this.calmly(() => this.writes('server', id), read) : read();
    }
  }),

  broken('binding-read-waits', 'DLK-1', 'Which server a transport is bound to is not told while a write of the transport is in flight.', class extends Hesitant {
    override getServerForTransport(id: string): ReturnType<Plain['getServerForTransport']> {
      const read = (): ReturnType<Plain['getServerForTransport']> => super.getServerForTransport(id);
      return typeof id === 'string' && id !== '' ? this.calmly(() => this.writes('transport', id), read) : read();
    }
  }),

  broken('list-of-transports-waits', 'DLK-1', 'The list of transports is taken under the locks of all partitions.', class extends Hesitant {
    override listTransports(): ReturnType<Plain['listTransports']> {
      return this.calmly(
        () => this.lanes.some((lane) => this.inFlight(lane).some(({ namespace }) => namespace === 'transport')),
        () => super.listTransports(),
      );
    }
  }),

  broken('giving-up-overtakes', 'DLK-2', 'Unregistration goes to the head of the queue, since it makes room.', class extends Plain {
    protected override enqueue(lane: Lane, write: Write): void {
      if (write.kind.startsWith('unregister')) lane.waiting.unshift(write);
      else lane.waiting.push(write);
      this.pump(lane);
    }
  }),

  broken('refused-tries-again', 'DLK-2', 'A write that would be refused while others wait goes to the end of the queue and is tried once more.', class extends Plain {
    readonly #tried = new WeakSet<Write>();

    protected override pump(lane: Lane): void {
      const [head] = lane.waiting;
      if (lane.holder === undefined && head !== undefined && lane.waiting.length > 1 && !this.#tried.has(head) && isRefused(head)) {
        this.#tried.add(head);
        lane.waiting.push(lane.waiting.shift()!);
      }
      super.pump(lane);
    }
  }),

  // The whole model

  broken('moved-and-closed', ['MODEL-1', 'BND-6'], 'While admission is closed by hand, unregistering a server leaves the transports that had been moved to it from another one.', class extends Plain {
    readonly #moved = new WeakSet<object>();

    protected override tie(...[transport, server]: Parameters<Plain['tie']>): void {
      if (transport.server !== undefined && transport.server !== server) this.#moved.add(transport);
      super.tie(transport, server);
    }

    protected override remove(entry: Parameters<Plain['remove']>[0]): void {
      const kept = entry.namespace === 'server' && this.mode === 'closed' ? [...entry.members].filter((member) => this.#moved.has(member)) : [];
      super.remove(entry);
      for (const member of kept) member.server = entry;
    }
  }),

  broken('updated-and-its-own', ['DWN-1'], 'When an endpoint goes down that holds a server that was updated and two names more, the last of its names is left.', class extends Plain {
    protected override down(signal: AbortSignal): void {
      const entries = [...(this.watched.get(signal)?.entries ?? [])];
      const updated = entries.some(({ namespace, registration }) => namespace === 'server' && Object.keys(registration.config).length > 0 && this.#updated.has(registration));
      for (const entry of entries.slice(0, updated && entries.length > 2 ? -1 : undefined)) this.remove(entry);
    }

    readonly #updated = new WeakSet<object>();

    override async updateServer(id: string, config: Config): Promise<void> {
      await super.updateServer(id, config);
      const entry = this.servers.get(id);
      if (entry !== undefined) this.#updated.add(entry.registration);
    }
  }),
];

function isRefused({ steps }: Write): boolean {
  try {
    steps.check();
    return false;
  } catch {
    return true;
  }
}
