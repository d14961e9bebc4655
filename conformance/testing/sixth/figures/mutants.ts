import type { OpenOptions } from '../../../contract.js';
import type { Mutant } from '../../mutant.js';
import type { AdmissionMode, ContentionStatus, RequirementId } from '../../../../spec/index.js';
import { adapt, Figures, Lane, Ledger, mix, Refusal, type Draft, type Entry, type Job } from './registry.js';
import { Polled, pollMs } from './polled.js';

const refused = (): Refusal => new Refusal('admission_control_active');

// ---- CTN-4: a sample leaves the window one second after its commit

/** A ring in which the cut between old and new is found by bisection: over the slots, which are in order only until the ring wraps. */
class RingLedger extends Ledger {
  private readonly times: number[] = [];
  private readonly spans: number[] = [];
  private readonly slots = Math.floor(this.size);
  private pushed = 0;

  override add(now: number, ms: number): void {
    this.writes++;
    if (this.slots < 1) return;
    this.times[this.pushed % this.slots] = now;
    this.spans[this.pushed % this.slots] = ms;
    this.pushed++;
  }

  override view(now: number): number[] {
    const kept = Math.min(this.pushed, this.slots);
    let low = 0;
    let high = kept;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.times[middle] ?? 0) + this.ageMs <= now) low = middle + 1;
      else high = middle;
    }
    const samples: number[] = [];
    for (let i = this.pushed - kept + low; i < this.pushed; i++) samples.push(this.spans[i % this.slots] ?? 0);
    return samples;
  }

  override mean(now: number): number {
    const samples = this.view(now);
    return samples.length === 0 ? 0 : samples.reduce((sum, ms) => sum + ms, 0) / samples.length;
  }

  override clear(): void {
    super.clear();
    this.pushed = 0;
  }
}

class RingSearch extends Figures {
  protected override makeLedger(): Ledger {
    return new RingLedger(this.settings.windowSize, this.settings.windowMs);
  }
}

// ---- STA-3: minimum and maximum are those of the samples in the window

/** Monotonic queues of values, which keep one of several equal ones and let it go with the first of them. */
class ExtremesLedger extends Ledger {
  private lows: number[] = [];
  private highs: number[] = [];

  override add(now: number, ms: number): void {
    super.add(now, ms);
    if (this.size < 1) return;
    while (this.lows.length > 0 && (this.lows[this.lows.length - 1] ?? 0) >= ms) this.lows.pop();
    this.lows.push(ms);
    while (this.highs.length > 0 && (this.highs[this.highs.length - 1] ?? 0) <= ms) this.highs.pop();
    this.highs.push(ms);
  }

  override least(_samples: readonly number[]): number {
    return this.lows[0] ?? 0;
  }

  override greatest(_samples: readonly number[]): number {
    return this.highs[0] ?? 0;
  }

  override clear(): void {
    super.clear();
    this.lows = [];
    this.highs = [];
  }

  protected override drop(): void {
    const gone = this.ms[this.from];
    if (this.lows[0] === gone) this.lows.shift();
    if (this.highs[0] === gone) this.highs.shift();
    super.drop();
  }
}

class EqualExtremes extends Figures {
  protected override makeLedger(): Ledger {
    return new ExtremesLedger(this.settings.windowSize, this.settings.windowMs);
  }
}

// ---- CTN-1: the alarm is on while the mean over the window is above the limit

/** Only a commit can raise the alarm; time can only clear it. But quick samples may leave before the slow one does. */
class RaiseOnCommit extends Figures {
  private readonly raised: boolean[] = [];

  protected override record(job: Job, now: number): void {
    super.record(job, now);
    this.raised[job.partition] = super.slow(job.partition, now);
  }

  protected override slow(partition: number, now: number): boolean {
    return this.raised[partition] === true && super.slow(partition, now);
  }
}

// ---- CTN-2: the alarm is off unless a write is stuck

/** Stuck is a lane that has been busy for too long, although every write in it is quick. */
class BusySince extends Figures {
  private readonly busySince: (number | undefined)[] = [];

  protected override took(job: Job): void {
    super.took(job);
    if (this.flying(job.partition).size === 1) this.busySince[job.partition] = job.calledAt;
  }

  protected override oldest(partition: number): number | undefined {
    return this.flying(partition).size === 0 ? undefined : this.busySince[partition];
  }
}

// ---- CTN-3: the alarm is on while a write has been in flight for too long

/** In flight is a map by name: of two writes to one name it knows one, and forgets it when the other ends. */
class FlightByName extends Figures {
  private readonly calls = new Map<number, Map<string, number>>();

  private of(partition: number): Map<string, number> {
    let calls = this.calls.get(partition);
    if (calls === undefined) this.calls.set(partition, (calls = new Map()));
    return calls;
  }

  protected override took(job: Job): void {
    super.took(job);
    this.of(job.partition).set(`${job.namespace} ${job.id}`, job.calledAt);
  }

  protected override left(job: Job, error: unknown): void {
    super.left(job, error);
    this.of(job.partition).delete(`${job.namespace} ${job.id}`);
  }

  protected override oldest(partition: number): number | undefined {
    let oldest: number | undefined;
    for (const calledAt of this.of(partition).values()) if (oldest === undefined || calledAt < oldest) oldest = calledAt;
    return oldest;
  }

  protected override letGo(): void {
    super.letGo();
    this.calls.clear();
  }
}

/** A clock that has gone on for a minute with nobody here to see it: the machine has slept, and no write is to blame. */
class SuspendGuard extends Figures {
  private seenAt = -Infinity;
  private wokenAt = -Infinity;

  private seen(now: number): void {
    if (now - this.seenAt > 60_000) this.wokenAt = now;
    this.seenAt = now;
  }

  protected override took(job: Job): void {
    this.seen(job.calledAt);
    super.took(job);
  }

  protected override perform(job: Job, now: number): boolean {
    this.seen(now);
    return super.perform(job, now);
  }

  protected override stuck(partition: number, now: number): boolean {
    this.seen(now);
    return super.stuck(partition, now);
  }

  protected override oldest(partition: number): number | undefined {
    const oldest = super.oldest(partition);
    return oldest === undefined ? undefined : Math.max(oldest, this.wokenAt);
  }
}

// ---- CTN-5: the alarm goes off by itself once its condition has ended

/** The token of a write in flight is given back on every way out but one: the endpoint that has gone down meanwhile. */
class LostToken extends Figures {
  private readonly tokens = new Map<number, Set<Job>>();

  private of(partition: number): Set<Job> {
    let tokens = this.tokens.get(partition);
    if (tokens === undefined) this.tokens.set(partition, (tokens = new Set()));
    return tokens;
  }

  protected override took(job: Job): void {
    super.took(job);
    this.of(job.partition).add(job);
  }

  protected override left(job: Job, error: unknown): void {
    super.left(job, error);
    if (error instanceof Refusal && error.code === 'endpoint_down') return;
    this.of(job.partition).delete(job);
  }

  protected override oldest(partition: number): number | undefined {
    for (const job of this.of(partition)) return job.calledAt;
    return undefined;
  }

  protected override letGo(): void {
    super.letGo();
    this.tokens.clear();
  }
}

// ---- CTN-7: all thresholds are options

/** Writes are counted for the alarm by the fill of the window, which ends at its size. */
class MinBeyondWindow extends Figures {
  protected override slow(partition: number, now: number): boolean {
    const filled = Math.min(this.ledger(partition).writes, this.settings.windowSize);
    return filled >= this.settings.minWrites && super.slow(partition, now);
  }
}

// ---- CTN-6: on and off are visible within 100 ms

/** Polls more and more rarely while an alarm stays as it is, and so is late for the next one. */
class PollBackoff extends Polled {
  private quiet = 0;
  private every = pollMs;

  protected override interval(): number {
    return this.every;
  }

  protected override refresh(): boolean {
    const changed = super.refresh();
    if (changed || !this.flags.includes(true)) {
      this.quiet = 0;
      this.every = pollMs;
    }
    return changed;
  }

  protected override tick(): void {
    if (this.refresh()) return;
    if (this.flags.includes(true) && ++this.quiet >= 64) this.every = Math.min(this.every * 2, 1_600);
  }
}

// ---- CTN-8: no timer runs while the registry is idle

/** A timer for each partition clears samples away as they age; a reset clears them away and leaves the timer. */
class ResetTimer extends Figures {
  private readonly sweeps: unknown[] = [];

  protected override record(job: Job, now: number): void {
    super.record(job, now);
    if (this.sweeps[job.partition] === undefined) this.sweep(job.partition);
  }

  private sweep(partition: number): void {
    this.sweeps[partition] = undefined;
    const now = this.clock.now();
    const next = this.ledger(partition).firstLeaves(now);
    if (next === undefined || next === Infinity) return;
    this.sweeps[partition] = this.clock.setTimeout(() => this.sweep(partition), next - now);
  }

  protected override letGo(): void {
    super.letGo();
    for (const timer of this.sweeps) if (timer !== undefined) this.clock.clearTimeout(timer);
    this.sweeps.length = 0;
  }
}

// ---- CTN-9: the latency of a write runs from its call to its commit

/** A partition has one stopwatch, which the next call starts anew. */
class SharedStopwatch extends Figures {
  private readonly startedAt: number[] = [];

  protected override took(job: Job): void {
    super.took(job);
    this.startedAt[job.partition] = job.calledAt;
  }

  protected override record(job: Job, now: number): void {
    this.ledger(job.partition).add(now, now - (this.startedAt[job.partition] ?? now));
  }
}

// ---- STA-1: a partition counts the writes committed in it

/** An update that finds another of the same server waiting takes its place: one commit for both. */
class Coalesced extends Figures {
  protected override enter(job: Job): void {
    const { jobs } = this.lane(job.partition);
    const last = jobs.last();
    if (job.kind !== 'update' || last === undefined || last.kind !== 'update' || last.id !== job.id || last === jobs.first()) {
      super.enter(job);
      return;
    }
    const { resolve, reject } = last;
    last.step = job.step;
    last.resolve = () => {
      resolve();
      job.resolve();
    };
    last.reject = (error) => {
      reject(error);
      job.reject(error);
    };
  }
}

// ---- STA-4: the statistics of one partition are its entry in the list

// ---- ADM-1, ADM-2: closed while more than half of the partitions are alarmed, and not otherwise

/** Counts reasons for alarm, of which a partition may have two. */
class TwoReasons extends Figures {
  protected override crowded(now: number): boolean {
    let reasons = 0;
    for (let partition = 0; partition < this.settings.partitions; partition++) {
      if (this.slow(partition, now)) reasons++;
      if (this.stuck(partition, now)) reasons++;
    }
    return reasons / this.settings.partitions > this.settings.closeAbove;
  }
}

/** After it has been closed, admission opens bit by bit: so many at first, and more with every tenth of a second. */
class SlowStart extends Figures {
  private shut = false;
  private openedAt = -Infinity;
  private admitted = 0;

  protected override ask(draft: Draft): void {
    if (draft.kind !== 'register' || this.mode !== 'auto') return super.ask(draft);
    const now = this.clock.now();
    if (this.crowded(now)) {
      this.shut = true;
      throw refused();
    }
    if (this.shut) {
      this.shut = false;
      this.openedAt = now;
      this.admitted = 0;
    }
    if (now - this.openedAt >= this.settings.windowMs) return;
    const allowed = this.settings.partitions * (1 + Math.floor((now - this.openedAt) / 100));
    if (this.admitted >= allowed) throw refused();
    this.admitted++;
  }
}

/** Keeps the number of alarmed partitions by counting up and down; a reset sets it to nothing, and those alarmed are counted down again. */
class NegativeTally extends Figures {
  private readonly known: boolean[] = [];
  private tally = 0;

  private observe(now: number): void {
    for (let partition = 0; partition < this.settings.partitions; partition++) {
      const alarm = this.alarm(partition, now);
      if (alarm === (this.known[partition] === true)) continue;
      this.known[partition] = alarm;
      this.tally += alarm ? 1 : -1;
    }
  }

  protected override crowded(now: number): boolean {
    this.observe(now);
    return this.tally / this.settings.partitions > this.settings.closeAbove;
  }

  override resetStats(): void {
    super.resetStats();
    this.tally = 0;
  }
}

/** A transport that names a registered server belongs to a session that has been admitted already. */
class SessionTransports extends Figures {
  protected override ask(draft: Draft): void {
    const serverId = draft.kind === 'register' && draft.namespace === 'transport' ? draft.config?.['serverId'] : undefined;
    if (typeof serverId === 'string' && this.live('server', serverId) !== undefined) return;
    super.ask(draft);
  }
}

// ---- ADM-3: while admission is closed, all else works as ever

/** Admission found open at the call is looked at again at the turn, for every write that brings something in and not for registrations alone. */
class TicketForAll extends Figures {
  private readonly tickets = new WeakSet<Job>();

  protected override enter(job: Job): void {
    if (this.admits(job.calledAt)) this.tickets.add(job);
    super.enter(job);
  }

  protected override perform(job: Job, now: number): boolean {
    if (now > job.calledAt && job.kind !== 'unregister' && job.kind !== 'unbind' && this.tickets.has(job) && !this.admits(now)) throw refused();
    return super.perform(job, now);
  }
}

// ---- ADM-5: closed by hand is closed, whatever the alarms say

/** One switch for alarms and hands: when contention ends it is thrown, whoever had closed it. */
class ReopenWipes extends Figures {
  private shut = false;
  private wasCrowded = false;

  private observe(now: number): void {
    const crowded = this.crowded(now);
    if (crowded !== this.wasCrowded) this.shut = crowded;
    this.wasCrowded = crowded;
  }

  protected override admits(now: number): boolean {
    this.observe(now);
    return this.mode === 'open' || !this.shut;
  }

  override setAdmission(mode: AdmissionMode): void {
    super.setAdmission(mode);
    this.observe(this.clock.now());
    this.shut = mode === 'closed' || (mode === 'auto' && this.wasCrowded);
  }
}

// ---- ADM-6: opened by hand is open, whatever the alarms say

/** A registration that has had to wait is asked about again at its commit: there the alarms are asked, and not the mode. */
class CommitAsksAlarms extends Figures {
  protected override perform(job: Job, now: number): boolean {
    if (job.kind === 'register' && now > job.calledAt && (this.mode === 'closed' || this.crowded(now))) throw refused();
    return super.perform(job, now);
  }
}

// ---- PRT-2: an id maps to one partition

/** A registration whose partition is alarmed goes to the next that is not, and the id stays there. */
class Spillover extends Figures {
  private readonly moved = new Map<string, number>();

  protected override placeOf(draft: Draft): number {
    const home = this.moved.get(draft.id) ?? this.partitionOf(draft.id);
    const now = this.clock.now();
    if (draft.kind !== 'register' || !this.alarm(home, now)) return home;
    for (const job of this.flying(home)) if (job.id === draft.id) return home;
    for (let step = 1; step < this.settings.partitions; step++) {
      const other = (home + step) % this.settings.partitions;
      if (this.alarm(other, now)) continue;
      this.moved.set(draft.id, other);
      return other;
    }
    return home;
  }

  protected override letGo(): void {
    super.letGo();
    this.moved.clear();
  }
}

// ---- PRT-3: ids are spread uniformly

/** The hash of strings of Lua 5.1: of long ids it takes every second character, or every third. */
class LuaHash extends Figures {
  protected override hash(id: string): number {
    let h = id.length;
    const step = (id.length >> 5) + 1;
    for (let i = id.length; i >= step; i -= step) h ^= (h << 5) + (h >>> 2) + id.charCodeAt(i - 1);
    return mix(h);
  }
}

// ---- PRT-4: a stuck partition delays no operation on any other

/** All partitions share 32 connections to the store: more than there have ever been partitions, until there were 64. */
class Pool extends Figures {
  private readonly busy = new Set<Lane>();
  private readonly backlog = new Set<Lane>();

  protected override mayStart(lane: Lane): boolean {
    if (this.busy.has(lane)) return true;
    if (this.busy.size >= 32) {
      this.backlog.add(lane);
      return false;
    }
    this.busy.add(lane);
    return true;
  }

  protected override finish(lane: Lane): void {
    super.finish(lane);
    this.busy.delete(lane);
    for (const next of this.backlog) {
      this.backlog.delete(next);
      this.begin(next);
      break;
    }
  }

  protected override letGo(): void {
    super.letGo();
    this.busy.clear();
    this.backlog.clear();
  }
}

// ---- CLS-1: after close, every registration is refused

/** Closing is letting go of everything and closing admission by hand: which can be opened by hand. */
class CloseByAdmission extends Figures {
  override close(): Promise<void> {
    this.letGo();
    this.setAdmission('closed');
    return Promise.resolve();
  }
}

// ---- ERR-1: every answer has the shape that the interface gives it

/** A set of alarmed partitions in the order in which they were raised, sorted as strings are. */
class Lexical extends Figures {
  override getContentionStatus(): ContentionStatus {
    const status = super.getContentionStatus();
    return { ...status, alarmed: [...status.alarmed].sort() };
  }
}

// ---- DWN-4: a "down" touches no name that another endpoint holds

/**
 * Registering is noting the name with its endpoint, asking for admission if there has been a wait, and entering the name. A registration
 * refused in between leaves the note, and a "down" removes what is noted, whoever holds it by then.
 */
class HalfRefused extends Figures {
  private readonly notes = new Map<AbortSignal, Map<string, Job>>();

  protected override perform(job: Job, now: number): boolean {
    if (job.kind !== 'register' || job.signal === undefined || job.signal.aborted || this.live(job.namespace, job.id) !== undefined) return super.perform(job, now);
    this.grip(job.signal);
    let notes = this.notes.get(job.signal);
    if (notes === undefined) this.notes.set(job.signal, (notes = new Map()));
    notes.set(`${job.namespace} ${job.id}`, job);
    if (now > job.calledAt && !this.admits(now)) throw refused();
    return super.perform(job, now);
  }

  protected override end(entry: Entry): void {
    const notes = this.notes.get(entry.signal);
    notes?.delete(`${entry.namespace} ${entry.id}`);
    if (notes?.size === 0) this.notes.delete(entry.signal);
    super.end(entry);
  }

  protected override fell(signal: AbortSignal): void {
    const notes = [...(this.notes.get(signal)?.values() ?? [])];
    this.notes.delete(signal);
    super.fell(signal);
    for (const { namespace, id } of notes) {
      const entry = this.names[namespace].get(id);
      if (entry !== undefined) this.end(entry);
    }
    this.holdings.delete(signal);
  }
}

// ---- DLK-2: writes to one partition take effect in the order of their calls

/** A reset gives every partition a new lane too; what stands in the old one goes on there, beside what comes later. */
class ResetLanes extends Figures {
  override resetStats(): void {
    super.resetStats();
    for (let partition = 0; partition < this.lanes.length; partition++) this.lanes[partition] = new Lane();
  }
}

const make = (id: string, breaks: readonly RequirementId[], how: string, kind: new (options: OpenOptions) => Figures): Mutant => ({ id: `figures-${id}`, breaks, how, adapter: adapt(`figures-${id}`, kind) });

export const mutants: readonly Mutant[] = [
  make('ring-search', ['CTN-6', 'CTN-7', 'CTN-4'], 'Finds the samples that are too old by bisection over the slots of the ring, which are in order only until it wraps.', RingSearch),
  make('equal-extremes', ['STA-3'], 'Keeps minimum and maximum in monotonic queues of values: of equal samples one is kept, and it goes when the first of them does.', EqualExtremes),
  make('raise-on-commit', ['CTN-6', 'CTN-1'], 'Takes it that only a commit can raise the alarm and time can only clear it; but quick samples may age before the slow one.', RaiseOnCommit),
  make('busy-since', ['CTN-2'], 'Notes since when a lane has been busy, and calls it stuck when that is long ago, though no write in it has waited for long.', BusySince),
  make('flight-by-name', ['CTN-3'], 'Keeps the writes in flight in a map by name, so that of two writes to one name the second is forgotten when the first ends.', FlightByName),
  make('suspend-guard', ['CTN-7', 'CTN-3'], 'Guards against alarms after the machine has slept: if the clock has gone on for a minute between two looks, in-flight times begin anew.', SuspendGuard),
  make('lost-token', ['CTN-5', 'CTN-2'], 'Gives the token of a write in flight back on commit and on refusal, but not when the endpoint has gone down before the commit.', LostToken),
  make('min-beyond-window', ['CTN-7'], 'Counts writes for the alarm by the fill of the window, which is as good as long as minWrites is at most windowSize.', MinBeyondWindow),
  make('poll-backoff', ['CTN-6'], 'Polls more and more rarely while an alarm stays on for seconds, and so sees the alarm of a second partition late.', PollBackoff),
  make('reset-timer', ['CTN-8'], 'Clears samples away with a timer for each partition, and forgets it when a reset has emptied the window.', ResetTimer),
  make('shared-stopwatch', ['CTN-9'], 'Keeps the start of the write in the partition, where the next call overwrites it before the first has been committed.', SharedStopwatch),
  make('coalesced', ['STA-1'], 'Replaces an update that waits by a later one of the same server, and commits, and counts, both as one.', Coalesced),
  make('two-reasons', ['ADM-2'], 'Adds up the partitions that are slow and those that are stuck, so that one that is both counts twice.', TwoReasons),
  make('slow-start', ['ADM-2'], 'Protects against the rush when admission reopens by letting only so many in at first.', SlowStart),
  make('negative-tally', ['ADM-1'], 'Counts alarms up and down as they come and go, and sets the count to nothing at a reset, after which they go once more.', NegativeTally),
  make('session-transports', ['ADM-1', 'ADM-5'], 'Lets transports in that name a registered server in their configuration: their session has been admitted before.', SessionTransports),
  make('ticket-for-all', ['ADM-3'], 'Looks again at admission at the turn of a write, and means registrations, but spares only unregistration and unbinding.', TicketForAll),
  make('reopen-wipes', ['ADM-5'], 'Has one switch for alarms and hands, which the end of contention throws although it was closed by hand.', ReopenWipes),
  make('commit-asks-alarms', ['ADM-6'], 'Asks for admission again when a registration that has waited is committed, and there asks the alarms whatever the mode.', CommitAsksAlarms),
  make('spillover', ['PRT-2'], 'Places a new registration in the next partition while its own is alarmed, to let that recover.', Spillover),
  make('lua-hash', ['PRT-3'], 'Takes the string hash of Lua, which skips characters of ids longer than 31: digits of a counter, for example.', LuaHash),
  make('pool', ['PRT-4'], 'Lets all partitions share 32 connections to the store, and so has none left when 32 of 64 partitions are stuck.', Pool),
  make('close-by-admission', ['CLS-1'], 'Closes by letting go of everything and closing admission by hand, so that setting admission afterwards opens the registry again.', CloseByAdmission),
  make('lexical', ['CTN-10'], 'Sorts the indices of alarmed partitions without a comparison, so that 10 comes before 2.', Lexical),
  make('half-refused', ['DWN-4', 'REG-4'], 'Notes the name with its endpoint before it asks for admission at the commit, and does not take the note back when that is refused.', HalfRefused),
];

/** Kept in reserve. */
export const reserve: readonly Mutant[] = [
  make('reset-lanes', ['DLK-2'], 'Makes all of a partition anew at a reset, its lane included, while writes still stand in the old one.', ResetLanes),
];
