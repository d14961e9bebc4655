import type { CorrectRegistry } from '../../correct-registries.js';
import type { Config, Endpoint, Namespace, Registration } from '../../../../spec/interface.js';
import { adapterOf, checkId, OverlapRegistry, Refusal, ticks } from './registry.js';
import type { Awaitable, Entry, Job, Lane, What } from './registry.js';
import { ReplicaLookups } from './mutants.js';

/**
 * Answers at once or through promises as it comes; refuses at the call what it can; counts "downs" as writes of no latency, and no
 * write that finds nothing to do; `bind` reads the server when its turn comes, and is refused if that incarnation has gone by its commit.
 */
class Fickle extends OverlapRegistry {
  private calls = 0;
  private async later<T>(value: T): Promise<T> {
    await ticks(2);
    return value;
  }
  private sometimes<T>(value: T): Awaitable<T> {
    return this.calls++ % 3 === 0 ? this.later(value) : value;
  }
  private open(): void {
    if (this.closed) throw new Refusal('registry_closed');
  }
  override async register(ns: Namespace, id: string, endpoint: Endpoint, config?: Config): Promise<void> {
    checkId(id);
    this.open();
    if (this.laneOf(id).queue.length === 0 && this.names[ns].has(id) && typeof endpoint?.send === 'function') throw new Refusal('already_registered');
    return super.register(ns, id, endpoint, config);
  }
  override async unregister(ns: Namespace, id: string): Promise<void> {
    checkId(id);
    this.open();
    if (this.laneOf(id).queue.length === 0 && !this.names[ns].has(id)) return;
    return super.unregister(ns, id);
  }
  override async unbind(id: string): Promise<void> {
    checkId(id);
    this.open();
    if (this.laneOf(id).queue.length === 0 && this.names.transport.get(id)?.server === undefined) return;
    return super.unbind(id);
  }
  protected override start(lane: Lane, job: Job): void {
    if (job.what.kind === 'bind') job.what.seen = this.names.server.get(job.what.serverId);
    super.start(lane, job);
  }
  protected override commit(what: What): void | Promise<void> {
    if (what.kind === 'bind') {
      const { seen } = what;
      if (seen === undefined || !seen.live) throw new Refusal('server_not_found');
    }
    if (what.kind === 'register') {
      if (this.names[what.ns].has(what.id)) throw new Refusal('already_registered');
      if (!what.endpoint.signal.aborted && this.admission() === 'closed') throw new Refusal('admission_control_active');
    }
    return super.commit(what);
  }
  protected override down(signal: AbortSignal): void {
    for (const { id } of this.held.get(signal) ?? []) this.sample(this.laneOf(id), this.clock.now());
    super.down(signal);
  }
  override find(ns: Namespace, id: string): Awaitable<Registration | undefined> {
    checkId(id);
    this.open();
    return this.sometimes(super.find(ns, id) as Registration | undefined);
  }
  override list(ns: Namespace): Awaitable<readonly Registration[]> {
    this.open();
    const all = [...(super.list(ns) as readonly Registration[])];
    return this.sometimes(this.calls % 2 === 0 ? all.reverse() : all);
  }
  override serverOf(id: string): Awaitable<string | undefined> {
    checkId(id);
    this.open();
    return this.sometimes(super.serverOf(id) as string | undefined);
  }
  override route(ns: Namespace, to: string, from: string, message: unknown): Awaitable<number> {
    return this.sometimes(super.route(ns, to, from, message) as number);
  }
  /** What throws has not been handed over; whom a broadcast was sent to gets it, even if its name has ended meanwhile. */
  override broadcast(serverId: string, message: unknown): Awaitable<number> {
    checkId(serverId);
    let count = 0;
    for (const transport of [...(this.names.server.get(serverId)?.bound ?? [])].reverse()) count += this.deliver(transport, serverId, message);
    return this.sometimes(count);
  }
  protected override deliver(entry: Entry, from: string, message: unknown): number {
    try {
      const sent = entry.endpoint.send({ namespace: entry.ns, to: entry.id, from, message });
      void (async () => sent)().catch(() => undefined);
      return 1;
    } catch {
      return 0;
    }
  }
}

/** Commits all that waits in a lane at once, in order; what a `send` sends goes out once the call it interrupts is through. */
class Batches extends OverlapRegistry {
  private readonly sizes = new Map<Lane, number>();
  private readonly outbox: (() => void)[] = [];
  private sending = false;
  protected override start(lane: Lane, job: Job): void {
    this.sizes.set(lane, lane.queue.length);
    super.start(lane, job);
  }
  protected override finish(lane: Lane): void {
    const batch = lane.queue.splice(0, this.sizes.get(lane));
    for (const job of batch) this.settle(lane, job);
    lane.running = false;
    this.pump(lane);
  }
  protected override deliver(entry: Entry, from: string, message: unknown): number {
    this.outbox.push(() => void super.deliver(entry, from, message));
    if (this.sending) return 1;
    this.drain();
    return 1;
  }
  override broadcast(serverId: string, message: unknown): Awaitable<number> {
    if (this.sending) return super.broadcast(serverId, message);
    checkId(serverId);
    const bound = [...(this.names.server.get(serverId)?.bound ?? [])];
    // All of it before what the first of them sends.
    this.sending = true;
    for (const transport of bound) this.deliver(transport, serverId, message);
    this.sending = false;
    this.drain();
    return bound.length;
  }
  private drain(): void {
    this.sending = true;
    for (let next = this.outbox.shift(); next !== undefined; next = this.outbox.shift()) next();
    this.sending = false;
  }
}

export const correct: readonly CorrectRegistry[] = [
  { differs: 'Answers at once or through promises, lists in changing order, refuses early, counts downs as writes and void unregistrations as none, does not count a throwing send, re-reads admission at the commit, and refuses a bind whose server changed incarnation meanwhile.', adapter: adapterOf('overlap-fickle', Fickle) },
  { differs: 'Group commit: what waits in a lane when a commit begins commits with it, in order; a call from within a send is delivered after the call it interrupts.', adapter: adapterOf('overlap-batches', Batches) },
  { differs: 'Claims eventual with 50 ms: lookups read a replica that follows within 20 ms, lists, bindings and routing are up to date, and a down reaches both at once.', adapter: adapterOf('overlap-replica', ReplicaLookups, { level: 'eventual', stalenessMs: 50 }) },
];
