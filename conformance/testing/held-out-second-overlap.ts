import type { AdmissionMode, Config, Endpoint, Namespace, Registration, Registry, RequirementId } from '../../spec/index.js';
import { copyConfig } from '../../src/config.js';
import type { OpenOptions } from '../contract.js';
import type { Mutant } from './mutant.js';
import { Plain, plainAdapter, refusal, type Answer, type Entry, type Lane, type Steps, type Write } from './whole-registry.js';

/*
 * Broken registries that go wrong where operations overlap, and such as claim to be eventual and are later than they say. Written
 * from the specification alone: their author had not seen the checks, nor the broken registries that these had been written with.
 * Nothing here is left to chance: what is decided by an order is decided by that of calls, commits and timers.
 *
 * First met by the kit on 2026-11-25, at commit a541273. Of the 36 that are linearizable but for their fault, 25 were killed with seed 1 and
 * 23 with seed 2, 5 and 3 were found out for the wrong reason or for more than is listed, 6 and 10 survived. All seven that claim to be
 * eventual were accused, and that says nothing: so was the correct registry that they are made from, because the kit waited by real
 * time for news that come by the clock it had given. Since then the kit has been changed, so that what becomes of them now
 * proves no more than that of any other mutant.
 */

const broken = (id: string, breaks: RequirementId | readonly RequirementId[], how: string, Kind: new (options: OpenOptions) => Plain): Mutant => ({ id: `second-${id}`, breaks: typeof breaks === 'string' ? [breaks] : breaks, how, adapter: plainAdapter(how, Kind) });

const stalenessMs = 100;

/** One that claims to be eventual, with a staleness of 100 ms. */
const late = (id: string, how: string, Kind: new (options: OpenOptions) => Plain): Mutant => {
  const mutant = broken(id, 'CON-2', how, Kind);
  return { ...mutant, adapter: { ...mutant.adapter, consistency: { level: 'eventual', stalenessMs } } };
};

/** One whose steps of a write are altered. */
abstract class Altered extends Plain {
  protected override write(kind: keyof Registry, namespace: Namespace, id: string, prepare: () => Steps): Promise<void> {
    return super.write(kind, namespace, id, () => this.alter(prepare(), kind, id));
  }

  protected abstract alter(steps: Steps, kind: keyof Registry, id: string): Steps;
}

const codeOf = (error: unknown): unknown => (error as { code?: unknown }).code;

/** Locks by name, each held by one at a time and given in the order of asking. */
class Locks {
  readonly #queues = new Map<string, (() => void)[]>();

  async take(name: string): Promise<void> {
    const queue = this.#queues.get(name);
    if (queue === undefined) this.#queues.set(name, []);
    else await new Promise<void>((resolve) => queue.push(resolve));
  }

  give(name: string): void {
    const next = this.#queues.get(name)?.shift();
    if (next === undefined) this.#queues.delete(name);
    else next();
  }
}

/** One that can wait for as long as a commit takes. */
abstract class Waiting extends Plain {
  protected async pause(): Promise<void> {
    if (this.commitMs === 0) return;
    await new Promise<void>((resolve) => void this.settings.clock.setTimeout(resolve, this.commitMs));
  }
}

/** What a replica holds. */
interface Replica {
  readonly names: Readonly<Record<Namespace, Map<string, Registration>>>;
  readonly bindings: Map<string, string>;
}

type News = { readonly kind: 'put' | 'remove'; readonly namespace: Namespace; readonly id: string; readonly value?: Registration } | { readonly kind: 'bind'; readonly id: string; readonly value: string | undefined };

/** Writes go to one place, reads to a replica that hears of them 50 ms later: eventual, and correct as it stands. */
export class Replicated extends Plain {
  protected readonly replica: Replica = { names: { server: new Map(), transport: new Map() }, bindings: new Map() };

  /** How long news take. */
  protected lag(_news: News): number {
    return stalenessMs / 2;
  }

  protected tell(news: News): void {
    this.settings.clock.setTimeout(() => this.hear(this.replica, news), this.lag(news));
  }

  protected hear(replica: Replica, news: News): void {
    if (news.kind === 'bind') {
      if (news.value === undefined) replica.bindings.delete(news.id);
      else replica.bindings.set(news.id, news.value);
    } else if (news.kind === 'put') replica.names[news.namespace].set(news.id, news.value!);
    else replica.names[news.namespace].delete(news.id);
  }

  protected override insert(entry: Entry): void {
    this.tell({ kind: 'put', namespace: entry.namespace, id: entry.id, value: entry.registration });
    super.insert(entry);
  }

  protected override remove(entry: Entry): void {
    super.remove(entry);
    this.tell({ kind: 'remove', namespace: entry.namespace, id: entry.id });
  }

  protected override tie(transport: Entry, server: Entry): void {
    super.tie(transport, server);
    this.tell({ kind: 'bind', id: transport.id, value: server.id });
  }

  protected override untie(transport: Entry): void {
    if (transport.server !== undefined) this.tell({ kind: 'bind', id: transport.id, value: undefined });
    super.untie(transport);
  }

  protected override commit(lane: Lane, write: Write): void {
    const before = this.servers.get(write.id)?.registration;
    super.commit(lane, write);
    const after = this.servers.get(write.id)?.registration;
    if (write.kind === 'updateServer' && after !== undefined && after !== before) this.tell({ kind: 'put', namespace: 'server', id: write.id, value: after });
  }

  protected seen(): Replica {
    return this.replica;
  }

  override findServer(id: string): Answer<Registration | undefined> {
    void this.found('server', id);
    return this.seen().names.server.get(id);
  }

  override findTransport(id: string): Answer<Registration | undefined> {
    void this.found('transport', id);
    return this.seen().names.transport.get(id);
  }

  override getServerForTransport(id: string): Answer<string | undefined> {
    void this.found('transport', id);
    return this.seen().bindings.get(id);
  }

  override listServers(): Answer<readonly Registration[]> {
    this.open();
    return [...this.seen().names.server.values()];
  }

  override listTransports(): Answer<readonly Registration[]> {
    this.open();
    return [...this.seen().names.transport.values()];
  }
}

export const heldOutSecondOverlap: readonly Mutant[] = [
  // Linearizability: names

  broken('free-when-asked', 'CON-1', 'Whether the name of a transport is free is looked up when the call comes, and not again at its turn: two that ask at once both get it.', class extends Altered {
    protected override alter(steps: Steps, kind: keyof Registry, id: string): Steps {
      if (kind !== 'registerTransport' || this.transports.has(id)) return steps;
      return {
        ...steps,
        check: () => {
          try {
            return steps.check();
          } catch (error) {
            if (codeOf(error) !== 'already_registered') throw error;
            return true;
          }
        },
      };
    }

    protected override insert(entry: Entry): void {
      const before = this.names(entry.namespace).get(entry.id);
      if (before !== undefined) this.remove(before);
      super.insert(entry);
    }
  }),

  broken('reserved-is-taken', 'CON-1', 'A name is reserved by the call, so that others are refused at once as if it were taken, although the reservation may come to nothing.', class extends Plain {
    protected override enqueue(lane: Lane, write: Write): void {
      const rival = this.inFlight(lane).some(({ kind, id }) => kind === write.kind && id === write.id);
      if (write.kind.startsWith('register') && rival) write.reject(refusal('already_registered'));
      else super.enqueue(lane, write);
    }
  }),

  broken('seen-before-committed', ['CON-1'], 'A server is put into the table of lookups before its commit, and taken out again if that is refused.', class extends Plain {
    readonly #coming = new WeakMap<Write, Registration>();
    #next: Registration | undefined;

    override findServer(id: string): Answer<Registration | undefined> {
      const found = super.findServer(id);
      const { holder } = this.laneOf(id, 'server');
      const coming = holder?.kind === 'registerServer' && holder.id === id ? this.#coming.get(holder) : undefined;
      return found ?? (coming?.endpoint.signal.aborted === true ? undefined : coming);
    }

    override registerServer(id: string, endpoint: Endpoint, config?: Config): Promise<void> {
      try {
        this.#next = Object.freeze({ id, endpoint, config: copyConfig(config) });
      } catch {
        this.#next = undefined;
      }
      return super.registerServer(id, endpoint, config);
    }

    protected override enqueue(lane: Lane, write: Write): void {
      if (write.kind === 'registerServer' && this.#next !== undefined) this.#coming.set(write, this.#next);
      super.enqueue(lane, write);
    }
  }),

  broken('dead-on-arrival', 'CON-1', 'Whether the endpoint is up is looked at before the commit and not after it: one that goes down meanwhile is registered for ever.', class extends Altered {
    protected override alter(steps: Steps, kind: keyof Registry): Steps {
      if (!kind.startsWith('register')) return steps;
      let up = false;
      return {
        ...steps,
        check: () => {
          try {
            return (up = steps.check());
          } catch (error) {
            if (up && codeOf(error) === 'endpoint_down') return true;
            throw error;
          }
        },
      };
    }
  }),

  broken('update-brings-back', 'CON-1', 'An update writes back the whole record that it read before its commit: a server that went down meanwhile is there again.', class extends Altered {
    protected override alter(steps: Steps, kind: keyof Registry, id: string): Steps {
      if (kind !== 'updateServer') return steps;
      let read: Entry | undefined;
      return {
        check: () => (read ??= this.servers.get(id)) !== undefined || steps.check(),
        apply: () => {
          this.servers.set(id, read!);
          steps.apply();
        },
      };
    }

    protected override remove(entry: Entry): void {
      if (entry.alive) super.remove(entry);
      else this.names(entry.namespace).delete(entry.id);
    }
  }),

  broken('cache-of-one-write', 'CON-1', 'Lookups of a server that is being written are cached until the write has been committed; that another one waits behind it is forgotten.', class extends Plain {
    readonly #cache = new Map<string, { readonly write: Write; readonly found: Registration | undefined }>();

    override findServer(id: string): Answer<Registration | undefined> {
      const found = super.findServer(id) as Registration | undefined;
      const lane = this.laneOf(id, 'server');
      const cached = this.#cache.get(id);
      if (cached !== undefined && cached.found?.endpoint.signal.aborted !== true) return cached.found;
      const write = this.inFlight(lane).findLast((one) => one.id === id && one.namespace === 'server');
      // Kept until the last write that was in flight has been committed.
      if (write !== undefined) this.#cache.set(id, { write, found });
      return found;
    }

    protected override commit(lane: Lane, write: Write): void {
      super.commit(lane, write);
      if (this.#cache.get(write.id)?.write === write) this.#cache.delete(write.id);
    }

    protected override pump(lane: Lane): void {
      super.pump(lane);
      for (const [id, { write }] of this.#cache) if (!this.inFlight(this.laneOf(id, 'server')).includes(write)) this.#cache.delete(id);
    }
  }),

  broken('index-when-idle', 'CON-1', 'Which server a transport is bound to is read from an index that is rebuilt when no write is in flight anywhere.', class extends Plain {
    readonly #index = new Map<string, string>();

    protected override pump(lane: Lane): void {
      super.pump(lane);
      if (this.lanes.some(({ holder }) => holder !== undefined)) return;
      this.#index.clear();
      for (const [id, { server }] of this.transports) if (server !== undefined) this.#index.set(id, server.id);
    }

    override getServerForTransport(id: string): Answer<string | undefined> {
      const entry = this.found('transport', id);
      return this.lanes.some(({ holder }) => holder !== undefined) ? this.#index.get(id) : entry?.server?.id;
    }
  }),

  broken('found-in-two-steps', 'CON-1', 'A lookup fetches the endpoint, and then the configuration: between the two the name may have become another.', class extends Plain {
    override async findServer(id: string): Promise<Registration | undefined> {
      const before = this.found('server', id);
      await Promise.resolve();
      await Promise.resolve();
      const after = this.closed ? undefined : this.servers.get(id);
      if (before === undefined || after === undefined) return before?.registration;
      return before === after ? after.registration : Object.freeze({ id, endpoint: before.endpoint, config: after.registration.config });
    }
  }),

  // Linearizability: bindings

  broken('bound-to-a-memory', 'CON-1', 'A binding keeps the server that it found before its commit: one that is gone by then is bound to nevertheless.', class extends Plain {
    override bindTransportToServer(transportId: string, serverId: string): Promise<void> {
      return this.write('bindTransportToServer', 'transport', transportId, () => {
        if (typeof serverId !== 'string' || serverId === '') throw refusal('invalid_argument');
        let server: Entry | undefined;
        return {
          check: () => {
            server ??= this.servers.get(serverId);
            if (server === undefined) throw refusal('server_not_found');
            if (!this.transports.has(transportId)) throw refusal('transport_not_found');
            return true;
          },
          apply: () => this.tie(this.transports.get(transportId)!, server!),
        };
      });
    }
  }),

  broken('members-counted-first', 'CON-1', 'Removing a server first collects its transports and then commits: one that is bound in between keeps its binding.', class extends Altered {
    readonly #leaving = new WeakMap<Entry, readonly Entry[]>();

    protected override alter(steps: Steps, kind: keyof Registry, id: string): Steps {
      if (kind !== 'unregisterServer') return steps;
      return {
        ...steps,
        check: () => {
          const entry = this.servers.get(id);
          if (entry !== undefined && !this.#leaving.has(entry)) this.#leaving.set(entry, [...entry.members]);
          return steps.check();
        },
      };
    }

    protected override remove(entry: Entry): void {
      const collected = this.#leaving.get(entry);
      const later = collected === undefined ? [] : [...entry.members].filter((member) => !collected.includes(member));
      super.remove(entry);
      for (const member of later) member.server = entry;
    }
  }),

  broken('moved-in-two-steps', ['CON-3', 'CON-1'], 'Moving a transport ends its binding, commits, and binds it: in between it is bound to nothing, and so it stays if it is refused.', class extends Altered {
    protected override alter(steps: Steps, kind: keyof Registry, id: string): Steps {
      if (kind !== 'bindTransportToServer') return steps;
      return {
        ...steps,
        check: () => {
          const go = steps.check();
          const transport = this.transports.get(id);
          if (transport !== undefined) this.untie(transport);
          return go;
        },
      };
    }
  }),

  broken('name-first-binding-later', 'CON-1', 'A transport that is registered with its server is bound by a second step, a commit after the one that registers it.', class extends Waiting {
    #inserting: Entry | undefined;
    #server: Entry | undefined;

    override async registerTransport(id: string, endpoint: Endpoint, config?: Config): Promise<void> {
      await super.registerTransport(id, endpoint, config);
      const entry = this.transports.get(id);
      const server = entry && this.#missing.get(entry);
      if (entry === undefined || server === undefined) return;
      this.#missing.delete(entry);
      await this.pause();
      if (entry.alive && server.alive && entry.server === undefined) this.tie(entry, server);
    }

    readonly #missing = new WeakMap<Entry, Entry>();

    protected override insert(entry: Entry): void {
      this.#inserting = entry;
      super.insert(entry);
      this.#inserting = undefined;
      if (this.#server !== undefined) this.#missing.set(entry, this.#server);
      this.#server = undefined;
    }

    protected override tie(transport: Entry, server: Entry): void {
      if (this.#inserting === transport && this.commitMs > 0) this.#server = server;
      else super.tie(transport, server);
    }
  }),

  broken('cascade-by-name', 'CON-1', 'The bindings of a server that was removed are cleaned up one commit later, by its name: those of its successor as well.', class extends Waiting {
    protected override remove(entry: Entry): void {
      super.remove(entry);
      if (entry.namespace === 'server' && this.commitMs > 0 && !this.closed) {
        void this.pause().then(() => {
          for (const transport of this.transports.values()) if (transport.server?.id === entry.id) this.untie(transport);
        });
      }
    }
  }),

  broken('cascade-waits-its-turn', 'CON-1', 'A binding to a server that was removed ends when the partition of the transport has nothing else to do.', class extends Plain {
    readonly #left: { readonly transport: Entry; readonly server: Entry }[] = [];

    protected override remove(entry: Entry): void {
      const busy = entry.namespace === 'server' ? [...entry.members].filter(({ id }) => this.laneOf(id, 'transport').holder !== undefined) : [];
      super.remove(entry);
      for (const transport of busy) {
        transport.server = entry;
        this.#left.push({ transport, server: entry });
      }
    }

    protected override commit(lane: Lane, write: Write): void {
      super.commit(lane, write);
      for (const one of this.#left.splice(0)) {
        if (this.laneOf(one.transport.id, 'transport').holder !== undefined) this.#left.push(one);
        else if (one.transport.server === one.server) one.transport.server = undefined;
      }
    }
  }),

  // Refused, and yet it happened

  broken('timed-out-and-done', 'CON-3', 'A write that takes longer than a second is answered with a time-out that says it was withdrawn; it is not.', class extends Plain {
    protected override write(kind: keyof Registry, namespace: Namespace, id: string, prepare: () => Steps): Promise<void> {
      const done = super.write(kind, namespace, id, prepare);
      if (this.commitMs === 0) return done;
      const { clock } = this.settings;
      return new Promise((resolve, reject) => {
        const timer = clock.setTimeout(() => reject(refusal('write_timeout')), 1_000);
        done.then(resolve, reject).finally(() => clock.clearTimeout(timer));
      });
    }
  }),

  broken('unknown-by-half', 'CON-3', 'A registration that takes longer than a second ends as unknown, and leaves the name without the binding that belongs to it.', class extends Plain {
    readonly #timers = new Map<Write, unknown>();
    readonly #given = new WeakSet<Write>();

    protected override enqueue(lane: Lane, write: Write): void {
      super.enqueue(lane, write);
      if (this.commitMs === 0 || write.kind !== 'registerTransport' || !this.inFlight(lane).includes(write)) return;
      const give = (): void => {
        this.#given.add(write);
        write.reject(refusal('outcome_unknown'));
      };
      this.#timers.set(write, this.settings.clock.setTimeout(give, 1_000));
    }

    protected override commit(lane: Lane, write: Write): void {
      this.settings.clock.clearTimeout(this.#timers.get(write));
      this.#timers.delete(write);
      super.commit(lane, write);
      const entry = this.transports.get(write.id);
      if (entry !== undefined && this.#given.has(write)) this.untie(entry);
    }
  }),

  broken('refused-when-closed-and-kept', 'CON-3', 'Closing admission refuses the registrations that wait, and forgets to take them out of the queue.', class extends Altered {
    protected override alter(steps: Steps): Steps {
      let entered = false;
      return {
        ...steps,
        enter: () => {
          if (!entered) steps.enter?.();
          entered = true;
        },
      };
    }

    override setAdmission(mode: AdmissionMode): Answer<void> {
      void super.setAdmission(mode);
      if (mode !== 'closed') return;
      for (const lane of this.lanes) for (const write of lane.waiting) if (write.kind.startsWith('register')) write.reject(refusal('admission_control_active'));
    }
  }),

  broken('conflict-with-itself', 'CON-3', 'A registration with others waiting behind it is looked at once more after its commit, and takes itself for the one that was first.', class extends Plain {
    protected override commit(lane: Lane, write: Write): void {
      const crowded = write.kind.startsWith('register') && lane.waiting.some(({ id, namespace }) => id === write.id && namespace === write.namespace);
      super.commit(lane, crowded ? { ...write, resolve: () => write.reject(refusal('already_registered')) } : write);
    }
  }),

  broken('unbound-before-refused', ['CON-3', 'CON-1'], 'Moving a transport ends its binding at the commit and only then looks whether the new server is still there: refused, it is bound to nothing.', class extends Plain {
    protected override commit(lane: Lane, write: Write): void {
      if (write.kind === 'bindTransportToServer' && !this.closed) {
        try {
          write.steps.check();
        } catch {
          const transport = this.transports.get(write.id);
          if (transport !== undefined) this.untie(transport);
        }
      }
      super.commit(lane, write);
    }
  }),

  // Lists and broadcasts

  broken('list-by-offset', 'LST-3', 'A list is fetched one name at a time by offset: when a name before the offset goes, the next one is passed over.', class extends Plain {
    override async listServers(): Promise<readonly Registration[]> {
      this.open();
      const list: Registration[] = [];
      for (let offset = 0; ; offset++) {
        const entry = [...this.servers.values()][offset];
        if (entry === undefined) return list;
        list.push(entry.registration);
        await Promise.resolve();
      }
    }
  }),

  broken('list-by-page', 'LST-3', 'A list of transports is fetched in pages of two, each a round trip: what goes meanwhile moves the rest to the page before.', class extends Waiting {
    override async listTransports(): Promise<readonly Registration[]> {
      this.open();
      const list: Registration[] = [];
      for (let offset = 0; offset < this.transports.size; offset += 2) {
        if (offset > 0) await this.pause();
        list.push(...[...this.transports.values()].slice(offset, offset + 2).map(({ registration }) => registration));
      }
      return list.filter(({ id }, index) => list.findIndex((other) => other.id === id) === index);
    }
  }),

  broken('list-by-cursor', 'LST-1', 'A list walks the table itself, with a pause after each name: a name that is registered again meanwhile is met twice.', class extends Plain {
    override async listServers(): Promise<readonly Registration[]> {
      this.open();
      const list: Registration[] = [];
      for (const { registration } of this.servers.values()) {
        list.push(registration);
        await Promise.resolve();
      }
      return list;
    }
  }),

  broken('one-list-for-all', 'LST-3', 'Who asks for a list while another is being fetched shares its result, although that was begun before.', class extends Waiting {
    #flight: Promise<readonly Registration[]> | undefined;

    override listServers(): Promise<readonly Registration[]> {
      this.open();
      this.#flight ??= this.#fetch().finally(() => (this.#flight = undefined));
      return this.#flight;
    }

    async #fetch(): Promise<readonly Registration[]> {
      const list = [...this.servers.values()].map(({ registration }) => registration);
      await this.pause();
      return list;
    }
  }),

  broken('recipients-of-yesterday', 'RTE-9', 'The recipients of broadcasts are cached and the cache is dropped when a binding is asked for, not when it is committed.', class extends Altered {
    readonly #recipients = new Map<Entry, readonly Entry[]>();

    protected override alter(steps: Steps, kind: keyof Registry): Steps {
      if (kind.endsWith('Transport') || kind.startsWith('bind')) this.#recipients.clear();
      return steps;
    }

    protected override broadcast(...[server, from, message]: Parameters<Plain['broadcast']>): Answer<number> {
      if (server === undefined) return 0;
      // Only while something is in flight is it worth it.
      const busy = this.lanes.some(({ holder }) => holder !== undefined);
      const recipients = this.#recipients.get(server) ?? [...server.members];
      if (busy) this.#recipients.set(server, recipients);
      return this.post(recipients, from, message);
    }

    protected override remove(entry: Entry): void {
      super.remove(entry);
      this.#recipients.clear();
    }
  }),

  broken('broadcast-by-index', 'RTE-9', 'A broadcast counts through the list of transports and lets others in between: when one goes, the last takes its place and is passed over.', class extends Plain {
    readonly #order = new Map<Entry, Entry[]>();

    protected override tie(transport: Entry, server: Entry): void {
      super.tie(transport, server);
      const list = this.#order.get(server) ?? [];
      this.#order.set(server, [...list, transport]);
    }

    protected override untie(transport: Entry): void {
      const list = transport.server && this.#order.get(transport.server);
      super.untie(transport);
      const at = list?.indexOf(transport) ?? -1;
      if (list === undefined || at < 0) return;
      const last = list.pop()!;
      if (last !== transport) list[at] = last;
    }

    protected override async broadcast(...[server, from, message]: Parameters<Plain['broadcast']>): Promise<number> {
      const list = (server && this.#order.get(server)) ?? [];
      let handed = 0;
      for (let index = 0; index < list.length; index++) {
        handed += this.post([list[index]!], from, message);
        await Promise.resolve();
      }
      return handed;
    }
  }),

  broken('broadcast-to-the-rebound', 'RTE-5', 'A broadcast walks the live set of transports with a pause after each: one that is unbound and bound again meanwhile gets it twice.', class extends Plain {
    protected override async broadcast(...[server, from, message]: Parameters<Plain['broadcast']>): Promise<number> {
      let handed = 0;
      for (const member of server?.members ?? []) {
        handed += this.post([member], from, message);
        await Promise.resolve();
      }
      return handed;
    }
  }),

  // Progress

  broken('refused-wakes-nobody', 'DLK-4', 'A write that is refused at its turn returns before it wakes the next one.', class extends Plain {
    protected override pump(lane: Lane): void {
      const [head] = lane.waiting;
      if (lane.holder === undefined && head !== undefined && lane.waiting.length > 1) {
        try {
          head.steps.check();
        } catch (error) {
          lane.waiting.shift();
          head.reject(error);
          return;
        }
      }
      super.pump(lane);
    }
  }),

  broken('refused-keeps-the-lane', 'DLK-4', 'What is found out of date after its commit throws past the line that frees the partition.', class extends Plain {
    protected override commit(lane: Lane, write: Write): void {
      try {
        if (!this.closed) write.steps.check();
      } catch (error) {
        write.reject(error);
        return;
      }
      super.commit(lane, write);
    }
  }),

  broken('locks-in-two-orders', 'DLK-4', 'Binding locks the transport and then the server, removing a server locks it and then its transports.', class extends Waiting {
    readonly #locks = new Locks();

    override async bindTransportToServer(transportId: string, serverId: string): Promise<void> {
      const [first, second] = [`transport ${String(transportId)}`, `server ${String(serverId)}`];
      await this.#locks.take(first);
      await this.pause();
      await this.#locks.take(second);
      try {
        await super.bindTransportToServer(transportId, serverId);
      } finally {
        this.#locks.give(second);
        this.#locks.give(first);
      }
    }

    override async unregisterServer(id: string): Promise<void> {
      await this.#locks.take(`server ${String(id)}`);
      const members = [...(this.servers.get(id)?.members ?? [])].map((member) => `transport ${member.id}`);
      await this.pause();
      for (const member of members) await this.#locks.take(member);
      try {
        await super.unregisterServer(id);
      } finally {
        for (const member of members) this.#locks.give(member);
        this.#locks.give(`server ${String(id)}`);
      }
    }
  }),

  broken('pool-of-three', 'DLK-4', 'A binding takes one of three connections for the transport, and while it has that, another for the server: three bindings at once have one each.', class extends Waiting {
    #free = 3;
    readonly #queue: (() => void)[] = [];

    async #take(): Promise<void> {
      if (this.#free > 0) this.#free--;
      else await new Promise<void>((resolve) => this.#queue.push(resolve));
    }

    #give(): void {
      const next = this.#queue.shift();
      if (next === undefined) this.#free++;
      else next();
    }

    override async bindTransportToServer(transportId: string, serverId: string): Promise<void> {
      await this.#take();
      await this.pause();
      await this.#take();
      try {
        await super.bindTransportToServer(transportId, serverId);
      } finally {
        this.#give();
        this.#give();
      }
    }
  }),

  broken('down-withdraws', 'DLK-4', 'When an endpoint goes down, what waits for its names is withdrawn, and nobody is told.', class extends Plain {
    protected override down(signal: AbortSignal): void {
      const names = [...(this.watched.get(signal)?.entries ?? [])];
      super.down(signal);
      for (const { id, namespace } of names) {
        const { waiting } = this.laneOf(id, namespace);
        const kept = waiting.filter((write) => write.id !== id || write.namespace !== namespace);
        waiting.splice(0, waiting.length, ...kept);
      }
    }
  }),

  broken('send-waits-for-the-answer', 'DLK-4', 'A broadcast waits for what each recipient returns, and holds a lock meanwhile that bindings take as well: a recipient that binds and waits for it never ends.', class extends Plain {
    readonly #locks = new Locks();

    protected override async broadcast(...[server, from, message]: Parameters<Plain['broadcast']>): Promise<number> {
      if (server === undefined) return 0;
      await this.#locks.take(server.id);
      const members = [...server.members];
      try {
        for (const { alive, endpoint, namespace, id } of members) {
          if (alive && !endpoint.signal.aborted) await Promise.resolve(endpoint.send({ namespace, to: id, from, message })).catch(() => undefined);
        }
      } finally {
        this.#locks.give(server.id);
      }
      return members.length;
    }

    override async bindTransportToServer(transportId: string, serverId: string): Promise<void> {
      await this.#locks.take(serverId);
      this.#locks.give(serverId);
      await super.bindTransportToServer(transportId, serverId);
    }
  }),

  // Closing

  broken('close-drops-what-waits', 'DLK-4', 'Closing empties the queues, and those who wait in them are never told.', class extends Plain {
    override close(): Promise<void> {
      for (const lane of this.lanes) lane.waiting.length = 0;
      return super.close();
    }
  }),

  broken('close-waits-for-the-woken', 'DLK-4', 'Closing waits for what is in flight to say that it has ended; what finds the registry closed never says so.', class extends Plain {
    readonly #ended = new Map<Lane, () => void>();

    override async close(): Promise<void> {
      const busy = this.closed ? [] : this.lanes.filter(({ holder }) => holder !== undefined);
      const all = busy.map((lane) => new Promise<void>((resolve) => this.#ended.set(lane, resolve)));
      await super.close();
      await Promise.all(all);
    }

    protected override commit(lane: Lane, write: Write): void {
      super.commit(lane, write);
      if (!this.closed) this.#ended.get(lane)?.();
    }
  }),

  broken('committed-after-close', 'CLS-3', 'A registration that was being committed when the registry closed is put into the emptied table, and listens to its endpoint.', class extends Plain {
    protected override commit(lane: Lane, write: Write): void {
      const { closed } = this;
      this.closed = false;
      super.commit(lane, write);
      this.closed = closed;
    }
  }),

  broken('closing-twice-at-once', 'CLS-2', 'Closing waits for what is in flight; who closes meanwhile is refused, because the registry is closed.', class extends Waiting {
    #closing = false;

    override async close(): Promise<void> {
      if (this.#closing) throw refusal('registry_closed');
      this.#closing = true;
      await super.close();
      if (this.lanes.some(({ holder }) => holder !== undefined)) await this.pause();
      this.#closing = false;
    }
  }),

  // Eventual, and later than they say

  late('bindings-by-the-slow-way', 'News of bindings take a channel of their own, which is three times as slow as is promised.', class extends Replicated {
    protected override lag(news: News): number {
      return news.kind === 'bind' ? 3 * stalenessMs : super.lag(news);
    }
  }),

  late('one-news-at-a-time', 'News are sent one after the other, each after the one before has arrived: the more is written, the later they come.', class extends Replicated {
    #free = 0;

    protected override lag(news: News): number {
      this.#free = Math.max(this.now(), this.#free) + super.lag(news);
      return this.#free - this.now();
    }
  }),

  late('first-of-many', 'News of a name for which news are under way already are dropped as duplicates: the replica keeps the older.', class extends Replicated {
    readonly #under = new Set<string>();

    protected override tell(news: News): void {
      const key = `${news.kind === 'bind' ? 'binding' : news.namespace} ${news.id}`;
      if (this.#under.has(key)) return;
      this.#under.add(key);
      this.settings.clock.setTimeout(() => {
        this.#under.delete(key);
        this.hear(this.replica, news);
      }, this.lag(news));
    }
  }),

  late('two-replicas-in-turn', 'Reads go to two replicas in turn, one of which is far away: who has seen a write no longer sees it, also long after.', class extends Replicated {
    readonly #far: Replica = { names: { server: new Map(), transport: new Map() }, bindings: new Map() };
    #turn = false;

    protected override tell(news: News): void {
      super.tell(news);
      this.settings.clock.setTimeout(() => this.hear(this.#far, news), 4 * stalenessMs);
    }

    protected override seen(): Replica {
      this.#turn = !this.#turn;
      return this.#turn ? this.replica : this.#far;
    }
  }),

  late('removals-overtake', 'Removals are urgent, and overtake the registration that they undo, which then arrives and stays for ever.', class extends Replicated {
    protected override lag(news: News): number {
      return news.kind === 'remove' ? stalenessMs / 10 : super.lag(news);
    }
  }),

  late('down-is-news-of-today', 'That an endpoint went down is told to the replica at once; a registration that is still under way comes after it, and stays.', class extends Replicated {
    #going = false;

    protected override down(signal: AbortSignal): void {
      this.#going = true;
      super.down(signal);
      this.#going = false;
    }

    protected override tell(news: News): void {
      if (this.#going && news.kind === 'remove') this.hear(this.replica, news);
      else super.tell(news);
    }
  }),

  late('lists-from-the-archive', 'Lookups ask the replica, lists an index that is ten times as late.', class extends Replicated {
    readonly #archive: Replica = { names: { server: new Map(), transport: new Map() }, bindings: new Map() };

    protected override tell(news: News): void {
      super.tell(news);
      this.settings.clock.setTimeout(() => this.hear(this.#archive, news), 10 * stalenessMs);
    }

    override listTransports(): Answer<readonly Registration[]> {
      this.open();
      return [...this.#archive.names.transport.values()];
    }
  }),
];
