import type { OpenOptions } from '../../../contract.js';
import type { Mutant } from '../../mutant.js';
import type { Config, Endpoint, Namespace, Registration, RequirementId } from '../../../../spec/index.js';
import {
  adapterOf, checkId, Chunked, Lanes, Mailbox, patienceMs, Refusal, serverIdIn, Tenure, Tie, turn,
  type Answer, type Lane, type Plan, type Watch, type Write,
} from './registry.js';

const ignore = (): void => undefined;
/** No id holds a NUL. */
const keyOf = (namespace: Namespace, id: string): string => `${namespace}\0${id}`;

/* ================================================================ CON, LKP, LST: reads that overlap with writes */

/** CON-1: a bind looks its server up when its turn comes, and takes the tie to it for granted at the commit. */
class BindOnce extends Lanes {
  protected override planBind(id: string, serverId: string): Plan {
    let server: Tenure | undefined;
    return {
      ...super.planBind(id, serverId),
      check: () => {
        server ??= this.holder('server', serverId);
        if (server === undefined) throw new Refusal('server_not_found');
        if (this.holder('transport', id) === undefined) throw new Refusal('transport_not_found');
      },
      apply: () => {
        // A tie to a server that has ended meanwhile is void by itself: whoever reads it looks whether the server is there.
        const transport = this.holder('transport', id);
        if (transport !== undefined && server !== undefined) this.tie(transport, server);
      },
    };
  }
}

/** LKP-1: lookups of the same name share one that is under way. */
class SharedLookups extends Lanes {
  private readonly loads = new Map<string, Promise<Registration | undefined>>();
  override findServer(id: string): Answer<Registration | undefined> {
    return this.load('server', id);
  }
  override findTransport(id: string): Answer<Registration | undefined> {
    return this.load('transport', id);
  }
  private load(namespace: Namespace, id: string): Promise<Registration | undefined> {
    checkId(id);
    const key = keyOf(namespace, id);
    const under = this.loads.get(key);
    if (under !== undefined) return under;
    const found = this.find(namespace, id);
    const load = turn().then(() => {
      this.loads.delete(key);
      return found;
    });
    this.loads.set(key, load);
    return load;
  }
}

/** REG-4: the time-out is around the whole write, the store included. */
class TimeoutAround extends Lanes {
  protected override submit(plan: Plan): Promise<void> {
    const answer = super.submit(plan);
    return new Promise((resolve, reject) => {
      const timer = this.clock.setTimeout(() => reject(new Refusal('write_timeout')), patienceMs);
      answer.then(
        () => {
          this.clock.clearTimeout(timer);
          resolve();
        },
        (error: unknown) => {
          this.clock.clearTimeout(timer);
          reject(error);
        },
      );
    });
  }
}

/** CON-3: a registration that has been given to the store can be read from then on. */
class ReadAhead extends Lanes {
  private readonly ahead = new Map<string, Tenure>();
  protected override planRegister(namespace: Namespace, id: string, endpoint: Endpoint, signal: AbortSignal, config: Config): Plan {
    const plan = super.planRegister(namespace, id, endpoint, signal, config);
    const key = keyOf(namespace, id);
    const preview = new Tenure(namespace, id, endpoint, signal, config);
    return {
      ...plan,
      check: () => {
        plan.check();
        this.ahead.set(key, preview);
      },
      done: () => {
        if (this.ahead.get(key) === preview) this.ahead.delete(key);
      },
    };
  }
  protected override visible(namespace: Namespace, id: string): Tenure | undefined {
    const preview = this.ahead.get(keyOf(namespace, id));
    return super.visible(namespace, id) ?? (preview === undefined || this.gone(preview) ? undefined : preview);
  }
  protected override living(namespace: Namespace): Tenure[] {
    const previews = [...this.ahead.values()].filter((preview) => preview.namespace === namespace && !this.gone(preview) && this.holder(namespace, preview.id) === undefined);
    return [...super.living(namespace), ...previews];
  }
}

/** LST-3: the rows of a namespace are dense, the last fills the gap of one that goes, and a long list is read a page at a time. */
class DenseRows extends Lanes {
  private readonly rows: Readonly<Record<Namespace, Tenure[]>> = { server: [], transport: [] };
  private readonly places = new WeakMap<Tenure, number>();
  protected override enter(tenure: Tenure): void {
    super.enter(tenure);
    const rows = this.rows[tenure.namespace];
    this.places.set(tenure, rows.length);
    rows.push(tenure);
  }
  protected override leave(tenure: Tenure): void {
    super.leave(tenure);
    const rows = this.rows[tenure.namespace];
    const place = this.places.get(tenure);
    const last = rows.pop();
    if (place === undefined || last === undefined || last === tenure) return;
    rows[place] = last;
    this.places.set(last, place);
  }
  override listServers(): Answer<readonly Registration[]> {
    return this.pages('server');
  }
  override listTransports(): Answer<readonly Registration[]> {
    return this.pages('transport');
  }
  private pages(namespace: Namespace): Answer<readonly Registration[]> {
    return this.rows[namespace].length <= 64 ? this.list(namespace) : this.read(namespace);
  }
  private async read(namespace: Namespace): Promise<readonly Registration[]> {
    const rows = this.rows[namespace];
    const found = new Map<string, Registration>();
    for (let at = 0; at < rows.length; at += 64) {
      if (at > 0) await turn();
      for (const tenure of rows.slice(at, at + 64)) {
        if (!this.gone(tenure)) found.set(tenure.id, tenure.registration);
      }
    }
    return [...found.values()];
  }
}

/** DLK-1: the server of a transport that is being bound is read when that has been done. */
class PatientReader extends Lanes {
  private readonly moving = new Map<string, Promise<void>>();
  override bindTransportToServer(transportId: string, serverId: string): Promise<void> {
    const answer = super.bindTransportToServer(transportId, serverId);
    const over = (): void => {
      if (this.moving.get(transportId) === answer) this.moving.delete(transportId);
    };
    this.moving.set(transportId, answer);
    answer.then(over, over);
    return answer;
  }
  override getServerForTransport(transportId: string): Answer<string | undefined> {
    const moving = this.moving.get(transportId);
    if (moving === undefined) return this.boundTo(transportId);
    const read = (): string | undefined => this.boundTo(transportId);
    return moving.then(read, read);
  }
}

/* ================================================================ DLK, PRT: lanes, locks, stores */

/** DLK-2: a ring that grows without being turned: what had wrapped round comes first. */
class UnturnedMailbox<T> extends Mailbox<T> {
  protected override grow(): void {
    this.slots = [...this.slots, ...new Array<T | undefined>(this.slots.length).fill(undefined)];
    this.head = 0;
  }
}
class UnturnedRing extends Lanes {
  protected override makeMailbox(): Mailbox<Write> {
    return new UnturnedMailbox();
  }
}

/** DLK-2: a bind whose server became another incarnation during its commit is tried again, at the end of the lane. */
class RetryAtTheEnd extends Lanes {
  private readonly seen = new WeakMap<Plan, Tenure | undefined>();
  protected override begin(lane: Lane, batch: readonly Write[]): void {
    for (const { plan } of batch) {
      if (plan.serverId !== undefined) this.seen.set(plan, this.holder('server', plan.serverId));
    }
    super.begin(lane, batch);
  }
  protected override commit(lane: Lane, batch: readonly Write[]): void {
    const valid: Write[] = [];
    for (const write of batch) {
      const { plan } = write;
      const server = plan.serverId === undefined ? undefined : this.holder('server', plan.serverId);
      if (server !== undefined && this.seen.get(plan) !== server) lane.waiting.push(write);
      else valid.push(write);
    }
    super.commit(lane, valid);
  }
}

/** DLK-4: a bind locks the partitions of both its names, clockwise: that from which the other is nearer first. */
class Guard {
  private held = false;
  private readonly queue: (() => void)[] = [];
  acquire(): Promise<void> {
    if (this.held) return new Promise((resolve) => this.queue.push(resolve));
    this.held = true;
    return Promise.resolve();
  }
  release(): void {
    const next = this.queue.shift();
    if (next === undefined) this.held = false;
    else next();
  }
}
class ClockwiseLocks extends Lanes {
  private readonly guards = this.lanes.map(() => new Guard());
  protected override store(lane: Lane, batch: readonly Write[], done: () => void): void {
    const plan = batch[0]?.plan;
    if (plan?.serverId === undefined) super.store(lane, batch, done);
    else void this.guarded(lane, batch, done, this.clockwise(this.partition(plan.id), this.partition(plan.serverId)));
  }
  private clockwise(a: number, b: number): readonly Guard[] {
    const guardA = this.guards[a]!;
    const guardB = this.guards[b]!;
    if (a === b) return [guardA];
    const count = this.guards.length;
    const way = (b - a + count) % count;
    const nearer = way * 2 === count ? a < b : way * 2 < count;
    return nearer ? [guardA, guardB] : [guardB, guardA];
  }
  private async guarded(lane: Lane, batch: readonly Write[], done: () => void, guards: readonly Guard[]): Promise<void> {
    for (const guard of guards) await guard.acquire();
    if (this.closed) return;
    super.store(lane, batch, () => {
      for (const guard of guards) guard.release();
      done();
    });
  }
}

/** DLK-4: what the store has taken in vain is taken back; whether the lane goes on then has been decided before. */
class TakenBack extends Lanes {
  private readonly busy = new Set<Lane>();
  protected override run(lane: Lane): void {
    if (!this.busy.has(lane)) super.run(lane);
  }
  protected override commit(lane: Lane, batch: readonly Write[]): void {
    super.commit(lane, batch);
    if (batch.some(({ refused }) => refused)) void this.takeBack(lane, lane.waiting.size > 0);
  }
  private async takeBack(lane: Lane, more: boolean): Promise<void> {
    this.busy.add(lane);
    await turn();
    this.busy.delete(lane);
    if (more) this.run(lane);
  }
}

/** PRT-4: unregistering a server sends a word to the lane of each transport that was bound to it, and answers when all have it. */
class Sweeping extends Lanes {
  override unregisterServer(id: string): Promise<void> {
    let bound: string[] = [];
    const removed = this.attempt(() => {
      checkId(id);
      const plan = this.planUnregister('server', id);
      return this.submit({
        ...plan,
        apply: () => {
          const server = this.holder('server', id);
          bound = server === undefined ? [] : this.roster(server).map(({ transport }) => transport.id);
          plan.apply();
        },
      });
    });
    return removed.then(() => Promise.all(bound.map((transportId) => this.sweep(transportId)))).then(ignore);
  }
  private sweep(id: string): Promise<void> {
    return this.attempt(() => this.submit({ kind: 'tidy', namespace: 'transport', id, check: ignore, apply: ignore, instant: true })).catch(ignore);
  }
}

/** PRT-4: the partitions share eight connections to the store. */
class EightConnections extends Lanes {
  private free = 8;
  private readonly queue: (() => void)[] = [];
  protected override store(lane: Lane, batch: readonly Write[], done: () => void): void {
    const start = (): void =>
      super.store(lane, batch, () => {
        const next = this.queue.shift();
        if (next === undefined) this.free += 1;
        else next();
        done();
      });
    if (this.free > 0) {
      this.free -= 1;
      start();
    } else {
      this.queue.push(start);
    }
  }
}

/* ================================================================ DWN, INC: downs in the middle of writes */

/** DWN-1: the signal is watched from the call on, and no longer watched when a registration fails and nothing is held. */
class WatchedEarly extends Lanes {
  private using: Watch | undefined = undefined;
  protected override gone(tenure: Tenure): boolean {
    return tenure.ended;
  }
  protected override planRegister(namespace: Namespace, id: string, endpoint: Endpoint, signal: AbortSignal, config: Config): Plan {
    const plan = super.planRegister(namespace, id, endpoint, signal, config);
    const watch = this.watchFor(signal);
    let installed = false;
    return {
      ...plan,
      apply: () => {
        this.using = watch;
        plan.apply();
        this.using = undefined;
        installed = true;
      },
      done: () => {
        if (!installed && watch.tenures.size === 0) this.drop(watch);
      },
    };
  }
  protected override attach(tenure: Tenure): void {
    (this.using ?? this.watchFor(tenure.signal)).tenures.add(tenure);
  }
}

/** DWN-4: a down during a registration removes the name that is being registered. */
class Claims extends Lanes {
  private readonly claims = new Map<AbortSignal, { readonly plans: Set<Plan>; readonly fallen: () => void }>();
  private claimsOf(signal: AbortSignal): { readonly plans: Set<Plan>; readonly fallen: () => void } {
    const known = this.claims.get(signal);
    if (known !== undefined) return known;
    const plans = new Set<Plan>();
    const fallen = (): void => {
      for (const { namespace, id } of plans) {
        const tenure = this.names[namespace].get(id);
        if (tenure !== undefined) this.end(tenure);
      }
    };
    const claims = { plans, fallen };
    this.claims.set(signal, claims);
    signal.addEventListener('abort', fallen, { once: true });
    return claims;
  }
  protected override planRegister(namespace: Namespace, id: string, endpoint: Endpoint, signal: AbortSignal, config: Config): Plan {
    const { plans, fallen } = this.claimsOf(signal);
    const plan: Plan = {
      ...super.planRegister(namespace, id, endpoint, signal, config),
      done: () => {
        plans.delete(plan);
        if (plans.size > 0) return;
        signal.removeEventListener('abort', fallen);
        this.claims.delete(signal);
      },
    };
    plans.add(plan);
    return plan;
  }
}

/** INC-1: a down takes effect at once, and is posted to the lanes of the names as well, which forget them in their turn. */
class PostedDowns extends Lanes {
  protected override down(watch: Watch): void {
    const fallen = [...watch.tenures];
    super.down(watch);
    for (const { namespace, id } of fallen) {
      const forget: Plan = {
        kind: 'tidy',
        namespace,
        id,
        check: ignore,
        apply: () => {
          const tenure = this.names[namespace].get(id);
          if (tenure !== undefined) this.end(tenure);
        },
        instant: true,
      };
      this.attempt(() => this.submit(forget)).catch(ignore);
    }
  }
}

/** INC-2: what a transport is bound to is kept with its name; at the commit a bind looks again at its server only. */
class TiedNames extends Lanes {
  private readonly links = new Map<string, Tenure>();
  private readonly members = new WeakMap<Tenure, Set<string>>();
  private link(id: string, server: Tenure): void {
    this.unlink(id);
    this.links.set(id, server);
    const members = this.members.get(server) ?? new Set();
    this.members.set(server, members.add(id));
  }
  private unlink(id: string): void {
    const server = this.links.get(id);
    if (server === undefined) return;
    this.links.delete(id);
    this.members.get(server)?.delete(id);
  }
  protected override tie(transport: Tenure, server: Tenure): void {
    this.link(transport.id, server);
  }
  protected override untie(tenure: Tenure): void {
    if (tenure.namespace === 'transport') this.unlink(tenure.id);
  }
  protected override release(server: Tenure): void {
    for (const id of [...(this.members.get(server) ?? [])]) this.unlink(id);
  }
  protected override serverOf(transport: Tenure): Tenure | undefined {
    const server = this.links.get(transport.id);
    return server === undefined || this.gone(server) ? undefined : server;
  }
  protected override roster(server: Tenure): Tie[] {
    const ties: Tie[] = [];
    for (const id of this.members.get(server) ?? []) {
      const transport = this.holder('transport', id);
      if (transport !== undefined) ties.push(new Tie(transport, server));
    }
    return ties;
  }
  protected override planBind(id: string, serverId: string): Plan {
    const plan = super.planBind(id, serverId);
    let looked = false;
    return {
      ...plan,
      check: () => {
        // The second time: nobody but this lane touches the transport.
        if (!looked) plan.check();
        else if (this.holder('server', serverId) === undefined) throw new Refusal('server_not_found');
        looked = true;
      },
      apply: () => {
        const server = this.holder('server', serverId);
        if (server !== undefined) this.link(id, server);
      },
    };
  }
}

/* ================================================================ BND, REG: writes that meet */

/** BND-6: the bindings of a server are collected before the store is asked, and ended after it has answered. */
class CollectedFirst extends Lanes {
  private collected: readonly Tie[] | undefined = undefined;
  protected override serverOf(transport: Tenure): Tenure | undefined {
    const server = transport.tie?.server;
    // Bindings are taken away when their server goes. (An abort may not have come to us yet.)
    return server !== undefined && server.signal.aborted ? undefined : server;
  }
  protected override release(server: Tenure): void {
    if (server.namespace !== 'server') return;
    for (const tie of this.collected ?? [...server.ties]) {
      if (tie.transport.tie === tie) tie.transport.tie = undefined;
    }
    server.ties.clear();
  }
  protected override planUnregister(namespace: Namespace, id: string): Plan {
    const plan = super.planUnregister(namespace, id);
    if (namespace === 'transport') return plan;
    let ties: readonly Tie[] | undefined;
    return {
      ...plan,
      check: () => {
        const server = this.holder('server', id);
        ties ??= server === undefined ? [] : [...server.ties];
      },
      apply: () => {
        this.collected = ties;
        plan.apply();
        this.collected = undefined;
      },
    };
  }
}

/** BND-9: a transport that names a server whose registration is under way is bound once that has been done. */
class Anticipating extends Lanes {
  private readonly coming = new Map<string, Promise<void>>();
  protected override register(namespace: Namespace, id: string, endpoint: Endpoint, config: Config | undefined): Promise<void> {
    const answer = super.register(namespace, id, endpoint, config);
    if (namespace === 'server') {
      const over = (): void => {
        if (this.coming.get(id) === answer) this.coming.delete(id);
      };
      this.coming.set(id, answer);
      answer.then(over, over);
    }
    return answer;
  }
  protected override install(tenure: Tenure): void {
    super.install(tenure);
    const serverId = tenure.namespace === 'transport' ? serverIdIn(tenure.registration.config) : undefined;
    if (serverId === undefined || tenure.tie !== undefined) return;
    const bind = (): void => {
      const server = this.holder('server', serverId);
      if (server !== undefined && tenure.tie === undefined && !this.gone(tenure)) this.tie(tenure, server);
    };
    this.coming.get(serverId)?.then(bind, ignore);
  }
}

/** REG-1: group commit of writes to different names; what fails when the group is applied fails the rest of it. */
class OneForAll extends Lanes {
  protected override take(lane: Lane): readonly Write[] {
    const batch: Write[] = [];
    const names = new Set<string>();
    for (let write = lane.waiting.peek(); write !== undefined; write = lane.waiting.peek()) {
      const { namespace, id, serverId } = write.plan;
      const key = keyOf(namespace, id);
      if (names.has(key) || (serverId !== undefined && names.has(keyOf('server', serverId)))) break;
      names.add(key);
      batch.push(write);
      lane.waiting.shift();
    }
    return batch;
  }
  protected override commit(lane: Lane, batch: readonly Write[]): void {
    let at = 0;
    try {
      for (const write of batch) {
        write.plan.check();
        this.finish(lane, write);
        at += 1;
      }
    } catch (error) {
      for (const write of batch.slice(at)) write.fail(error);
    }
  }
}

/** REG-2: a registration that is called twice with the same arguments is made once. */
class DoubleClick extends Lanes {
  private readonly under = new Map<string, { readonly endpoint: Endpoint; readonly config: Config | undefined; readonly answer: Promise<void> }>();
  protected override register(namespace: Namespace, id: string, endpoint: Endpoint, config: Config | undefined): Promise<void> {
    if (typeof id !== 'string') return super.register(namespace, id, endpoint, config);
    const key = keyOf(namespace, id);
    const same = this.under.get(key);
    if (same !== undefined && same.endpoint === endpoint && same.config === config) return same.answer;
    const answer = super.register(namespace, id, endpoint, config);
    const over = (): void => {
      if (this.under.get(key)?.answer === answer) this.under.delete(key);
    };
    this.under.set(key, { endpoint, config, answer });
    answer.then(over, over);
    return answer;
  }
}

/* ================================================================ RTE: broadcasts */

/** RTE-9: a long broadcast passes over whose tie has been replaced since it began. */
class TieByTie extends Chunked {
  protected override wanted(tie: Tie): boolean {
    return super.wanted(tie) && tie.transport.tie === tie;
  }
}

/** RTE-4: what of a broadcast exceeds 256 is handed over in later turns of the event loop. */
class LaterThan256 extends Lanes {
  protected override spread(server: Tenure, message: unknown): Answer<number> {
    const roster = this.roster(server);
    if (roster.length <= 256) return super.spread(server, message);
    this.give(roster.slice(0, 256), server.id, message);
    void this.rest(roster, server.id, message);
    return roster.length;
  }
  private async rest(roster: readonly Tie[], from: string, message: unknown): Promise<void> {
    for (let at = 256; at < roster.length; at += 256) {
      await turn();
      this.give(roster.slice(at, at + 256), from, message);
    }
  }
  private give(ties: readonly Tie[], from: string, message: unknown): void {
    for (const { transport } of ties) {
      if (!this.gone(transport)) this.hand(transport, from, message);
    }
  }
}

/** RTE-5: the transports of a server are dense, the last fills the gap of one that goes; a broadcast walks them backwards. */
class DenseMembers extends Lanes {
  private readonly lists = new WeakMap<Tenure, Tenure[]>();
  private readonly places = new WeakMap<Tenure, number>();
  private membersOf(server: Tenure): Tenure[] {
    const known = this.lists.get(server);
    if (known !== undefined) return known;
    const members: Tenure[] = [];
    this.lists.set(server, members);
    return members;
  }
  protected override tie(transport: Tenure, server: Tenure): void {
    this.untie(transport);
    transport.tie = new Tie(transport, server);
    const members = this.membersOf(server);
    this.places.set(transport, members.length);
    members.push(transport);
  }
  protected override untie(transport: Tenure): void {
    const { tie } = transport;
    if (tie === undefined) return;
    transport.tie = undefined;
    const members = this.membersOf(tie.server);
    const place = this.places.get(transport);
    const last = members.pop();
    if (place === undefined || last === undefined || last === transport) return;
    members[place] = last;
    this.places.set(last, place);
  }
  protected override release(server: Tenure): void {
    if (server.namespace !== 'server') return;
    for (const transport of this.membersOf(server).splice(0)) transport.tie = undefined;
  }
  protected override roster(server: Tenure): Tie[] {
    return this.membersOf(server).map((transport) => new Tie(transport, server)).filter(({ transport }) => !this.gone(transport));
  }
  protected override spread(server: Tenure, message: unknown): Answer<number> {
    const members = this.membersOf(server);
    const count = this.roster(server).length;
    // Backwards, so that a send may take its own transport away.
    for (let at = members.length - 1; at >= 0; at -= 1) {
      const transport = members[at];
      if (transport !== undefined && !this.gone(transport)) this.hand(transport, server.id, message);
    }
    return count;
  }
}

/** RTE-7: rosters come from a pool. After a send that throws, the rest is served by a slower path, which gives the roster back as well. */
class PooledRosters extends Lanes {
  private readonly pool: Tenure[][] = [];
  protected override spread(server: Tenure, message: unknown): Answer<number> {
    const roster = this.pool.pop() ?? [];
    for (const { transport } of this.roster(server)) roster.push(transport);
    const count = roster.length;
    let at = 0;
    try {
      while (at < roster.length) {
        const transport = roster[at];
        at += 1;
        if (transport !== undefined && !this.gone(transport)) this.offer(transport, server.id, message);
      }
    } catch {
      this.carefully(roster, at, server.id, message);
    } finally {
      this.giveBack(roster);
    }
    return count;
  }
  private carefully(roster: Tenure[], from: number, serverId: string, message: unknown): void {
    for (const transport of roster.slice(from)) {
      if (!this.gone(transport)) this.hand(transport, serverId, message);
    }
    this.giveBack(roster);
  }
  private giveBack(roster: Tenure[]): void {
    roster.length = 0;
    this.pool.push(roster);
  }
}

/* ================================================================ CLS */

/** CLS-1: closing lets the writes in flight end first; who closes meanwhile is told that it has been done. */
class GracefulClose extends Lanes {
  private pending = 0;
  private closing = false;
  private drained: (() => void) | undefined = undefined;
  protected override submit(plan: Plan): Promise<void> {
    if (this.closing) throw new Refusal('registry_closed');
    const answer = super.submit({
      ...plan,
      done: () => {
        plan.done?.();
        this.pending -= 1;
        if (this.pending === 0) this.drained?.();
      },
    });
    this.pending += 1;
    return answer;
  }
  override close(): Promise<void> {
    if (this.closing) return Promise.resolve();
    this.closing = true;
    if (this.pending === 0) return super.close();
    return new Promise((resolve) => {
      this.drained = () => {
        this.drained = undefined;
        void super.close();
        resolve();
      };
    });
  }
}

/* ================================================================ the list */

const mutant = (id: string, breaks: readonly RequirementId[], how: string, make: (options: OpenOptions) => Lanes): Mutant => ({ id, breaks, how, adapter: adapterOf(id, make) });

export const mutants: readonly Mutant[] = [
  mutant('lanes-bind-once', ['CON-3', 'CON-1'], 'The second look at the server was removed from bind since a tie to an ended server is void anyway: so a bind succeeds after its server has gone, and until then the old binding can be read.', (options) => new BindOnce(options)),
  mutant('lanes-shared-lookups', ['CON-1', 'LKP-1'], 'Lookups of one name within a turn of the event loop are one lookup (as a data loader does it), whose value has been read at the first of them.', (options) => new SharedLookups(options)),
  mutant('lanes-timeout-around', ['CON-3', 'REG-4', 'CON-1'], 'The time-out is a race around the write as a whole, so that it also refuses with write_timeout what is already in the store and is going to happen.', (options) => new TimeoutAround(options)),
  mutant('lanes-read-ahead', ['CON-1', 'CON-3'], 'Read your writes: a registration can be read as soon as it has been given to the store, although a down or a close may still refuse it.', (options) => new ReadAhead(options)),
  mutant('lanes-dense-rows', ['LST-3', 'CON-1', 'LST-1'], 'Lists are read in pages of 64 by row number, and the row of a name that goes is filled with the last one, which may move behind the reader.', (options) => new DenseRows(options)),
  mutant('lanes-patient-reader', ['DLK-1'], 'To avoid a stale answer, the server of a transport is read after the bind of that transport which is in flight.', (options) => new PatientReader(options)),
  mutant('lanes-unturned-ring', ['DLK-2'], 'The ring of a mailbox doubles by appending free slots and starts from slot 0, which is right only while its head is there.', (options) => new UnturnedRing(options)),
  mutant('lanes-retry-at-the-end', ['DLK-2'], 'Optimistic bind: if the server became another incarnation during the commit, the bind is posted again, behind what has been called since.', (options) => new RetryAtTheEnd(options)),
  mutant('lanes-clockwise-locks', ['DLK-4', 'DLK-3', 'PRT-4'], 'A bind locks two partitions, always in the order round the ring by the shorter way, which two binds agree about and three may not.', (options) => new ClockwiseLocks(options)),
  mutant('lanes-taken-back', ['DLK-4'], 'After a commit in vain the store is rolled back while the lane pauses; whether anybody waits was asked before the pause, so whoever comes during it is not woken.', (options) => new TakenBack(options)),
  mutant('lanes-sweeping', ['PRT-4', 'DLK-3'], 'Unregistering a server answers only when the lanes of its bound transports have been told in turn.', (options) => new Sweeping(options)),
  mutant('lanes-eight-connections', ['PRT-4'], 'The stores of all partitions share a pool of eight connections, so eight stuck partitions stop the rest.', (options) => new EightConnections(options)),
  mutant('lanes-watched-early', ['DWN-1'], 'The listener is there from the call on and is removed when a registration fails while the endpoint holds nothing, although another registration of it is in flight.', (options) => new WatchedEarly(options)),
  mutant('lanes-claims', ['DWN-4'], 'A down during a registration cleans up the name being registered, whoever holds it.', (options) => new Claims(options)),
  mutant('lanes-posted-downs', ['INC-1', 'CON-1', 'DWN-4'], 'A down acts at once and is posted to the lane too, where it arrives behind a registration that was called before and succeeded because of it.', (options) => new PostedDowns(options)),
  mutant('lanes-tied-names', ['CON-1', 'INC-2'], 'Bindings are kept by the name of the transport, and a bind looks again at the server only: a transport that goes down during the commit leaves a binding to the next holder of its name.', (options) => new TiedNames(options)),
  mutant('lanes-collected-first', ['CON-1', 'BND-6'], 'Unregistering a server collects its bindings before the commit, and ends just these after it.', (options) => new CollectedFirst(options)),
  mutant('lanes-anticipating', ['CON-1', 'BND-9'], 'A transport that names a server whose registration is still in flight is bound when that ends.', (options) => new Anticipating(options)),
  mutant('lanes-one-for-all', ['CON-1', 'REG-1'], 'Group commit in one try block: the first write that fails when applied fails all behind it, with its error.', (options) => new OneForAll(options)),
  mutant('lanes-double-click', ['CON-1', 'REG-2'], 'A registration called again with the same arguments while it is in flight shares its answer, as a protection against double submission.', (options) => new DoubleClick(options)),
  mutant('lanes-tie-by-tie', ['RTE-7', 'RTE-9', 'RTE-3'], 'A long broadcast, handed over in several turns, leaves out whoever has been bound anew since it began, even to the same server.', (options) => new TieByTie(options)),
  mutant('lanes-later-than-256', ['RTE-4'], 'What of a broadcast exceeds 256 recipients is handed over in later turns, and a message to one of them overtakes it.', (options) => new LaterThan256(options)),
  mutant('lanes-dense-members', ['RTE-5', 'RTE-3', 'RTE-7'], 'A broadcast walks a dense array backwards; when a send takes down a recipient not yet served, one already served fills its place.', (options) => new DenseMembers(options)),
  mutant('lanes-pooled-rosters', ['RTE-7', 'RTE-3'], 'After a send that throws, the roster is given back to the pool twice, so that a later broadcast from within a broadcast gets the same array.', (options) => new PooledRosters(options)),
  mutant('lanes-graceful-close', ['CLS-1'], 'Close waits for the writes in flight; a second close meanwhile is answered at once, and the names are still there.', (options) => new GracefulClose(options)),
];

