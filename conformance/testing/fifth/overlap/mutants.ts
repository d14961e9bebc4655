import type { OpenOptions } from '../../../contract.js';
import type { Config, Namespace, Registration } from '../../../../spec/interface.js';
import type { Mutant } from '../../mutant.js';
import { adapterOf, checkId, OverlapRegistry, Refusal, ticks } from './registry.js';
import type { Awaitable, Entry, Job, Lane, What } from './registry.js';

/** The server was read when bind was called; at the commit only its name is looked for. */
class BindChecksName extends OverlapRegistry {
  override async bind(id: string, serverId: string): Promise<void> {
    checkId(id);
    checkId(serverId);
    return this.write({ kind: 'bind', ns: 'transport', id, serverId, seen: this.names.server.get(serverId) });
  }
  protected override commit(what: What): void | Promise<void> {
    if (what.kind !== 'bind' || what.seen === undefined) return super.commit(what);
    const entry = this.names.transport.get(what.id);
    if (!this.names.server.has(what.serverId)) throw new Refusal('server_not_found');
    if (entry === undefined) throw new Refusal('transport_not_found');
    this.tie(entry, what.seen);
  }
}

/** Listens from the call of a registration on; the listener goes with the last committed name. */
class ListenAtCall extends OverlapRegistry {
  protected override enqueue(lane: Lane, job: Job): void {
    if (job.what.kind === 'register') {
      const { signal } = job.what.endpoint;
      if (!this.held.has(signal)) {
        this.held.set(signal, new Set());
        signal.addEventListener('abort', this.onAbort);
      }
    }
    super.enqueue(lane, job);
  }
  protected override settle(lane: Lane, job: Job): boolean {
    const done = super.settle(lane, job);
    if (job.what.kind === 'register') {
      const { signal } = job.what.endpoint;
      if (this.held.get(signal)?.size === 0) {
        this.held.delete(signal);
        signal.removeEventListener('abort', this.onAbort);
      }
    }
    return done;
  }
  protected override hold(entry: Entry): void {
    // The listener is there since the call.
    const { signal } = entry.endpoint;
    const entries = this.held.get(signal) ?? new Set();
    this.held.set(signal, entries.add(entry));
  }
}

/** Pages of a list by offset. */
class OffsetPages extends OverlapRegistry {
  override list(ns: Namespace): Awaitable<readonly Registration[]> {
    if (this.names[ns].size <= 32) return super.list(ns);
    return this.pages(ns);
  }
  private async pages(ns: Namespace): Promise<readonly Registration[]> {
    const found = new Map<string, Registration>();
    for (let offset = 0; ; offset += 32) {
      const page = [...this.names[ns].values()].slice(offset, offset + 32);
      for (const entry of page) found.set(entry.id, this.show(entry));
      if (page.length < 32) return [...found.values()];
      await ticks(3);
    }
  }
}

/** Pages of a list by a live iterator. */
class LiveIterator extends OverlapRegistry {
  override async list(ns: Namespace): Promise<readonly Registration[]> {
    const found: Registration[] = [];
    let n = 0;
    for (const entry of this.names[ns].values()) {
      if (n++ % 16 === 15) await ticks(3);
      // May have gone while we waited.
      if (entry.live) found.push(this.show(entry));
    }
    return found;
  }
}

/** A cached list is thrown away when a write is called, not when it commits. */
class ListCacheByCall extends OverlapRegistry {
  private cached: Partial<Record<Namespace, readonly Entry[]>> = {};
  protected override enqueue(lane: Lane, job: Job): void {
    this.cached = {};
    super.enqueue(lane, job);
  }
  protected override down(signal: AbortSignal): void {
    this.cached = {};
    super.down(signal);
  }
  override list(ns: Namespace): readonly Registration[] {
    return (this.cached[ns] ??= [...this.names[ns].values()]).map((entry) => this.show(entry));
  }
  override async close(): Promise<void> {
    await super.close();
    this.cached = {};
  }
}

/** Broadcasts in portions of 32, by offset into what is bound. */
class BroadcastPortions extends OverlapRegistry {
  private readonly going = new Map<string, Promise<unknown>>();
  override broadcast(serverId: string, message: unknown): Awaitable<number> {
    checkId(serverId);
    const server = this.names.server.get(serverId);
    const before = this.going.get(serverId);
    if (before === undefined && (server === undefined || server.bound.size <= 32)) return super.broadcast(serverId, message);
    return this.after(serverId, before, () => this.portions(serverId, message));
  }
  override route(ns: Namespace, to: string, from: string, message: unknown): Awaitable<number> {
    checkId(to);
    checkId(from);
    const before = ns === 'transport' ? this.going.get(from) : undefined;
    if (before === undefined) return super.route(ns, to, from, message);
    return this.after(from, before, () => super.route(ns, to, from, message));
  }
  private after(from: string, before: Promise<unknown> | undefined, go: () => Awaitable<number>): Promise<number> {
    const mine = (before ?? Promise.resolve()).then(go);
    this.going.set(from, mine);
    void mine.then(() => this.going.get(from) === mine && this.going.delete(from));
    return mine;
  }
  private async portions(serverId: string, message: unknown): Promise<number> {
    const server = this.names.server.get(serverId);
    const reached = new Set<Entry>();
    for (let offset = 0; server !== undefined; offset += 32) {
      const portion = [...server.bound].slice(offset, offset + 32);
      for (const transport of portion) {
        if (!transport.live || reached.has(transport)) continue;
        reached.add(transport);
        this.deliver(transport, serverId, message);
      }
      if (portion.length < 32) break;
      await ticks(3);
    }
    return reached.size;
  }
}

/** Binding a transport to the server it is bound to takes it out first, and puts it back at the commit. */
class RebindSame extends OverlapRegistry {
  protected override start(lane: Lane, job: Job): void {
    if (job.what.kind === 'bind') {
      const transport = this.names.transport.get(job.what.id);
      // It is going to be put at the end: the most recently bound come last.
      if (transport?.server?.id === job.what.serverId) transport.server.bound.delete(transport);
    }
    super.start(lane, job);
  }
}

/** A waiting update takes a later one of the same server along, whatever stands between them. */
class CoalescedUpdates extends OverlapRegistry {
  private readonly along = new Map<Job, Job[]>();
  protected override enqueue(lane: Lane, job: Job): void {
    if (job.what.kind === 'update') {
      const from = lane.running ? 1 : 0;
      for (let i = lane.queue.length - 1; i >= from; i--) {
        const other = lane.queue[i]!;
        if (other.what.kind !== 'update' || other.what.id !== job.what.id) continue;
        other.what.config = job.what.config;
        this.along.set(other, [...(this.along.get(other) ?? []), job]);
        return;
      }
    }
    super.enqueue(lane, job);
  }
  protected override settle(lane: Lane, job: Job): boolean {
    const followers = this.along.get(job) ?? [];
    this.along.delete(job);
    const done = super.settle(lane, job);
    for (const follower of followers) {
      if (done) this.sample(lane, follower.called);
      follower.resolve(job.answer);
    }
    return done;
  }
}

/** What does not fit into a lane is parked, and comes in when a write has been committed. */
class ParkedOverflow extends OverlapRegistry {
  private readonly parked = new Map<Lane, Job[]>();
  protected override enqueue(lane: Lane, job: Job): void {
    const parked = this.parked.get(lane) ?? [];
    if (lane.queue.length < 64 && parked.length === 0) return super.enqueue(lane, job);
    lane.inFlight.add(job);
    parked.push(job);
    this.parked.set(lane, parked);
  }
  protected override settle(lane: Lane, job: Job): boolean {
    const done = super.settle(lane, job);
    const parked = this.parked.get(lane);
    if (done && parked !== undefined) while (lane.queue.length < 64 && parked.length > 0) lane.queue.push(parked.shift()!);
    return done;
  }
}

/** Reads through a cache that is filled a little after the name was read. */
class CacheFill extends OverlapRegistry {
  private readonly cache = { server: new Map<string, Registration>(), transport: new Map<string, Registration>() };
  override find(ns: Namespace, id: string): Awaitable<Registration | undefined> {
    checkId(id);
    const hit = this.cache[ns].get(id);
    if (hit !== undefined) return { ...hit, config: structuredClone(hit.config) as Config };
    const entry = this.names[ns].get(id);
    return entry === undefined ? undefined : this.fill(ns, this.show(entry));
  }
  private async fill(ns: Namespace, read: Registration): Promise<Registration> {
    await ticks(2);
    this.cache[ns].set(read.id, { ...read, config: structuredClone(read.config) as Config });
    return read;
  }
  protected override changed(ns: Namespace, id: string): void {
    this.cache[ns].delete(id);
  }
}

/** Who lists while a list is under way gets the same. */
class SharedList extends OverlapRegistry {
  private readonly going: Partial<Record<Namespace, Promise<readonly Entry[]>>> = {};
  override async list(ns: Namespace): Promise<readonly Registration[]> {
    const entries = await (this.going[ns] ??= this.collect(ns));
    return entries.map((entry) => this.show(entry));
  }
  private async collect(ns: Namespace): Promise<readonly Entry[]> {
    const found: Entry[] = [...this.names[ns].values()].map((entry) => ({ ...entry }));
    await ticks(8 + found.length / 16);
    this.going[ns] = undefined;
    return found;
  }
}

/** A transport whose server lives in a busy partition is bound a moment after it has been registered. */
class LateTie extends OverlapRegistry {
  private readonly touched = new WeakSet<Entry>();
  protected override tieNew(entry: Entry): void | Promise<void> {
    const server = this.names.server.get(entry.config.serverId as string);
    if (server === undefined || !this.laneOf(server.id).running || this.laneOf(server.id) === this.laneOf(entry.id)) return super.tieNew(entry);
    const { slowMs } = this;
    const pause = slowMs > 0 ? new Promise<void>((resolve) => void this.clock.setTimeout(resolve, 1)) : ticks(3);
    return pause.then(() => {
      if (entry.live && server.live && !this.touched.has(entry)) this.tie(entry, server);
    });
  }
  protected override tie(transport: Entry, server: Entry | undefined): void {
    // Whoever binds or unbinds it meanwhile is later.
    this.touched.add(transport);
    super.tie(transport, server);
  }
}

/** A write that has waited for a second is withdrawn, even if its turn has come. */
class TimeoutWhileCommitting extends OverlapRegistry {
  private readonly timers = new Map<Job, unknown>();
  protected override enqueue(lane: Lane, job: Job): void {
    if (lane.running) {
      const withdraw = () => {
        this.timers.delete(job);
        const at = lane.queue.indexOf(job);
        if (at > 0) {
          lane.queue.splice(at, 1);
          lane.inFlight.delete(job);
        }
        job.reject(new Refusal('write_timeout'));
      };
      this.timers.set(job, this.clock.setTimeout(withdraw, 1_000));
    }
    super.enqueue(lane, job);
  }
  protected override settle(lane: Lane, job: Job): boolean {
    this.clock.clearTimeout(this.timers.get(job));
    this.timers.delete(job);
    return super.settle(lane, job);
  }
}

/** A name that somebody is about to register is refused at once. */
class ReservedNames extends OverlapRegistry {
  private readonly reserved = { server: new Map<string, Job>(), transport: new Map<string, Job>() };
  protected override enqueue(lane: Lane, job: Job): void {
    const { kind, ns, id } = job.what;
    if (kind === 'register') {
      if (this.reserved[ns].has(id)) return job.reject(new Refusal('already_registered'));
      this.reserved[ns].set(id, job);
    } else if (kind === 'unregister') this.reserved[ns].delete(id);
    super.enqueue(lane, job);
  }
  protected override settle(lane: Lane, job: Job): boolean {
    const { ns, id } = job.what;
    if (this.reserved[ns].get(id) === job) this.reserved[ns].delete(id);
    return super.settle(lane, job);
  }
}

/** A lookup shows an update whose commit has begun; a list shows what has been committed. */
class EarlyUpdate extends OverlapRegistry {
  private readonly coming = new Map<Entry, Config>();
  protected override start(lane: Lane, job: Job): void {
    const entry = job.what.kind === 'update' ? this.names.server.get(job.what.id) : undefined;
    if (entry !== undefined) this.coming.set(entry, (job.what as { config: Config }).config);
    super.start(lane, job);
  }
  protected override settle(lane: Lane, job: Job): boolean {
    const entry = job.what.kind === 'update' ? this.names.server.get(job.what.id) : undefined;
    if (entry !== undefined) this.coming.delete(entry);
    return super.settle(lane, job);
  }
  protected override remove(entry: Entry): void {
    this.coming.delete(entry);
    super.remove(entry);
  }
  override find(ns: Namespace, id: string): Awaitable<Registration | undefined> {
    checkId(id);
    const entry = this.names[ns].get(id);
    const config = entry && this.coming.get(entry);
    return entry && config ? this.show({ ...entry, config }) : super.find(ns, id);
  }
}

/** An unregistration means the incarnation that was there when it was called. */
class UnregisterSeen extends OverlapRegistry {
  override async unregister(ns: Namespace, id: string): Promise<void> {
    checkId(id);
    return this.write({ kind: 'unregister', ns, id, seen: this.names[ns].get(id) });
  }
  protected override commit(what: What): void | Promise<void> {
    if (what.kind === 'unregister' && what.seen !== undefined && this.names[what.ns].get(what.id) !== what.seen) return;
    return super.commit(what);
  }
}

/** Moving a transport holds the server it leaves and the one it comes to, in this order. */
class MoveLocks extends OverlapRegistry {
  private readonly locks = new Map<string, Promise<void>>();
  private readonly release = new Map<Job, (() => void)[]>();
  protected override start(lane: Lane, job: Job): void {
    const { what } = job;
    const from = what.kind === 'bind' ? this.names.transport.get(what.id)?.server?.id : undefined;
    if (what.kind !== 'bind' || from === undefined || from === what.serverId) return super.start(lane, job);
    void this.lock(job, from)
      .then(() => this.lock(job, what.serverId))
      .then(() => super.start(lane, job));
  }
  protected override settle(lane: Lane, job: Job): boolean {
    const done = super.settle(lane, job);
    for (const release of this.release.get(job) ?? []) release();
    this.release.delete(job);
    return done;
  }
  private lock(job: Job, id: string): Promise<void> {
    const before = this.locks.get(id) ?? Promise.resolve();
    const mine = new Promise<void>((release) => this.release.set(job, [...(this.release.get(job) ?? []), release]));
    const all = before.then(() => mine);
    this.locks.set(id, all);
    void all.then(() => this.locks.get(id) === all && this.locks.delete(id));
    return before;
  }
}

/** Stuck is a lane that has been busy for long. */
class BusySince extends OverlapRegistry {
  private readonly since = new Map<Lane, number>();
  protected override enqueue(lane: Lane, job: Job): void {
    if (lane.queue.length === 0) this.since.set(lane, job.called);
    super.enqueue(lane, job);
  }
  protected override isStuck(lane: Lane): boolean {
    return lane.queue.length > 0 && this.clock.now() - this.since.get(lane)! > this.limits.stuckAfterMs;
  }
}

/** A write counts in the period in which it was called. */
class CountedAtCall extends OverlapRegistry {
  private period = 0;
  private readonly periods = new WeakMap<Job, number>();
  private current: Job | undefined;
  protected override enqueue(lane: Lane, job: Job): void {
    this.periods.set(job, this.period);
    super.enqueue(lane, job);
  }
  protected override settle(lane: Lane, job: Job): boolean {
    this.current = job;
    return super.settle(lane, job);
  }
  protected override sample(lane: Lane, called: number): void {
    if (this.periods.get(this.current!) === this.period) super.sample(lane, called);
  }
  override resetStats(): void {
    this.period++;
    super.resetStats();
  }
}

/** A reset forgets what is in flight as well. */
class ResetForgets extends OverlapRegistry {
  override resetStats(): void {
    super.resetStats();
    for (const lane of this.lanes) lane.inFlight.clear();
  }
}

/** Whether the registry is closed is asked when the turn of a write comes. */
class ClosedAtTurn extends OverlapRegistry {
  private readonly begun = new Set<Job>();
  protected override start(lane: Lane, job: Job): void {
    if (!this.closed) this.begun.add(job);
    super.start(lane, job);
  }
  protected override settle(lane: Lane, job: Job): boolean {
    const { closed } = this;
    if (this.begun.delete(job)) this.closed = false;
    try {
      return super.settle(lane, job);
    } finally {
      this.closed = closed;
    }
  }
}

/** Lookups read a replica that follows in portions; whether a portion may wait for ever is the question. */
export class ReplicaLookups extends OverlapRegistry {
  private readonly replica = { server: new Map<string, Registration>(), transport: new Map<string, Registration>() };
  private readonly dirty = { server: new Set<string>(), transport: new Set<string>() };
  private timer: unknown;
  private ending = false;
  protected debounced = false;
  override find(ns: Namespace, id: string): Awaitable<Registration | undefined> {
    checkId(id);
    const read = this.replica[ns].get(id);
    return read && { ...read, config: structuredClone(read.config) as Config };
  }
  protected override down(signal: AbortSignal): void {
    // Names that the replica still gives to somebody who is down, too.
    for (const names of Object.values(this.replica)) for (const [id, read] of names) if (read.endpoint.signal === signal) names.delete(id);
    this.ending = true;
    super.down(signal);
    this.ending = false;
  }
  protected override changed(ns: Namespace, id: string): void {
    if (this.ending || this.closed) {
      this.follow(ns, id);
      return;
    }
    this.dirty[ns].add(id);
    if (this.debounced && this.timer !== undefined) {
      this.clock.clearTimeout(this.timer);
      this.timer = undefined;
    }
    this.timer ??= this.clock.setTimeout(() => this.flush(), 20);
  }
  private follow(ns: Namespace, id: string): void {
    const entry = this.names[ns].get(id);
    if (entry === undefined) this.replica[ns].delete(id);
    else this.replica[ns].set(id, this.show(entry));
  }
  override resetStats(): void {
    super.resetStats();
    this.flush();
  }
  override async close(): Promise<void> {
    await super.close();
    this.flush();
  }
  private flush(): void {
    if (this.timer !== undefined) this.clock.clearTimeout(this.timer);
    this.timer = undefined;
    for (const ns of ['server', 'transport'] as const) {
      for (const id of this.dirty[ns]) this.follow(ns, id);
      this.dirty[ns].clear();
    }
  }
}

class DebouncedReplica extends ReplicaLookups {
  protected override debounced = true;
}

type Make = new (options: OpenOptions) => OverlapRegistry;
const mutant = (id: string, breaks: Mutant['breaks'], how: string, make: Make, stalenessMs?: number): Mutant => ({
  id,
  breaks,
  how,
  adapter: adapterOf(id, make, stalenessMs === undefined ? undefined : { level: 'eventual', stalenessMs }),
});

export const mutants: readonly Mutant[] = [
  mutant('bind-checks-name', ['CON-1'], 'bind remembers the server it saw when called and at its commit asks only whether the name is registered: bound to a dead incarnation when the server was unregistered and registered again meanwhile.', BindChecksName),
  mutant('listen-at-call', ['DWN-1'], 'Listens for the abort from the call of a registration on, to miss none, and stops with the last committed name: a registration in flight while the last other name of its endpoint is given up is never cleaned up.', ListenAtCall),
  mutant('list-offset-pages', ['LST-3', 'CON-1'], 'Lists of more than 32 names are collected in pages by offset, giving way between them: a name given up in an earlier page shifts one that was there throughout past the next.', OffsetPages),
  mutant('list-live-iterator', ['LST-1', 'CON-1'], 'A long list iterates over the live map and gives way after every 16 names: a name unregistered and registered again meanwhile is listed twice.', LiveIterator),
  mutant('list-cache-by-call', ['LST-3', 'LST-1', 'CON-1'], 'The cached list is dropped when a write is called instead of when it commits: a list taken while the write is in flight is kept, and is stale once the write is acknowledged.', ListCacheByCall),
  mutant('broadcast-portions', ['RTE-9', 'CON-1'], 'A broadcast to more than 32 goes out in portions by offset into the set of what is bound: an unbind between two portions makes it skip one that was bound throughout.', BroadcastPortions),
  mutant('rebind-same', ['RTE-9', 'CON-1'], 'To keep the most recently bound last, binding a transport to the server it is bound to takes it out of the index when its turn comes and puts it back at the commit: a broadcast in between misses it.', RebindSame),
  mutant('coalesced-updates', ['DLK-2'], 'A waiting update takes a later one of the same server along (last write wins), without looking whether an unregistration and a registration wait between the two: the later update is lost.', CoalescedUpdates),
  mutant('parked-overflow', ['DLK-4'], 'More than 64 writes of a lane are parked and let in after a committed write, not after a refused one: when all 64 are refused, what is parked never ends.', ParkedOverflow),
  mutant('cache-fill', ['CON-1', 'LKP-1'], 'A read-through cache is filled two promise turns after the read: a write that commits in between has invalidated nothing, and its old value stays in the cache.', CacheFill),
  mutant('shared-list', ['LST-3', 'CON-1'], 'Whoever lists while a list is being collected is given that one, although a write may have been acknowledged since it was read.', SharedList),
  mutant('late-tie', ['CON-1', 'BND-8'], 'A transport with config.serverId is bound in a second step, a moment after it can be seen, when a write is in flight in the (other) partition of its server.', LateTie),
  mutant('timeout-while-committing', ['CON-3'], 'The time-out of a waiting write (1 s) is not cancelled when its turn comes: a write whose commit has begun is refused with write_timeout and happens all the same.', TimeoutWhileCommitting),
  mutant('reserved-names', ['CON-1'], 'The second of two overlapping registrations of a name is refused with already_registered at once, even if the first is then refused because its endpoint went down: nobody ever held the name.', ReservedNames),
  mutant('early-update', ['CON-1'], 'A lookup shows an update from its turn on (read your writes), a list only once it has committed: new in a lookup, then old in a list.', EarlyUpdate),
  mutant('unregister-seen', ['DLK-2'], 'An unregistration captures the incarnation at its call and spares any other: behind an unregistration and a registration of the same name that still wait, it does nothing.', UnregisterSeen),
  mutant('move-locks', ['DLK-4', 'DLK-3', 'PRT-4'], 'Moving a transport locks the server it leaves, then the one it comes to: two that swap servers at the same time wait for each other for ever.', MoveLocks),
  mutant('busy-since', ['CTN-2'], 'A partition counts as stuck when its lane has been busy for more than 500 ms without a break, although each single write was quick: overlapping clients keep it busy.', BusySince),
  mutant('counted-at-call', ['STA-1'], 'A write carries the period of statistics in which it was called: committed after a reset that overlapped it, it is not counted.', CountedAtCall),
  mutant('reset-forgets', ['CTN-3'], 'resetStats clears the record of writes in flight with the rest: one that is stuck raises no alarm any more.', ResetForgets),
  mutant('closed-at-turn', ['CLS-1', 'CLS-3'], 'Whether the registry is closed is asked when a write begins to commit: a registration whose commit is under way at close is found afterwards.', ClosedAtTurn),
  mutant('debounced-replica', ['CON-2'], 'Lookups read a replica that follows 20 ms after the last change, and each change starts the 20 ms anew: while writes keep coming it never follows (50 ms are promised).', DebouncedReplica, 50),
];
