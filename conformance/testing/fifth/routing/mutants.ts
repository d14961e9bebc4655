import { broadcast as everybody, type Config, type Delivery, type Endpoint, type Namespace, type RequirementId } from '../../../../spec/index.js';
import type { Subject } from '../../../contract.js';
import type { Mutant } from '../../mutant.js';
import { adapterOf, Book, Refusal, subjectOf, validId, type Entry, type Why } from './registry.js';

/** RTE-3: recipients in an array; "is it in there?" is asked of the last one only. */
class LastOnly extends Book {
  readonly lists = new WeakMap<Entry, Entry[]>();
  protected override attach(transport: Entry, server: Entry): void {
    if (transport.server !== server) this.detach(transport);
    transport.server = server;
    this.join(transport, server);
    const list = this.lists.get(server) ?? [];
    if (list.at(-1) !== transport) list.push(transport);
    this.lists.set(server, list);
  }
  protected override detach(transport: Entry): void {
    const { server } = transport;
    const list = server && this.lists.get(server);
    if (server && list) this.lists.set(server, list.filter((other) => other !== transport));
    super.detach(transport);
  }
  protected override recipients(server: Entry): Entry[] {
    return [...(this.lists.get(server) ?? [])];
  }
}

/** RTE-3: removal by swapping with the last, whose slot is not written down. */
class SwapRemove extends Book {
  readonly lists = new WeakMap<Entry, Entry[]>();
  readonly slots = new WeakMap<Entry, number>();
  protected override attach(transport: Entry, server: Entry): void {
    super.attach(transport, server);
    const list = this.lists.get(server) ?? [];
    this.lists.set(server, list);
    this.slots.set(transport, list.push(transport) - 1);
  }
  protected override detach(transport: Entry): void {
    const list = transport.server && this.lists.get(transport.server);
    super.detach(transport);
    if (!list) return;
    const slot = this.slots.get(transport)!;
    const last = list.pop();
    if (last !== undefined && last !== transport && slot < list.length) list[slot] = last;
    this.slots.delete(transport);
  }
  protected override recipients(server: Entry): Entry[] {
    return [...(this.lists.get(server) ?? [])];
  }
}

/** Bindings are pairs of a server id and a generation of it: nothing needs to be ended when a server goes. */
abstract class Generations extends Book {
  readonly own = new WeakMap<Entry, number>();
  readonly bound = new Map<Entry, { readonly id: string; readonly generation: number }>();
  protected abstract next(id: string): number;
  protected override created(namespace: Namespace, id: string, endpoint: Endpoint, config: Config): Entry {
    const entry = super.created(namespace, id, endpoint, config);
    if (namespace === 'server') this.own.set(entry, this.next(id));
    return entry;
  }
  protected override attach(transport: Entry, server: Entry): void {
    this.bound.set(transport, { id: server.id, generation: this.own.get(server)! });
  }
  protected override detach(transport: Entry): void {
    this.bound.delete(transport);
  }
  protected override dissolve(): void {}
  private current(transport: Entry): Entry | undefined {
    const reference = this.bound.get(transport);
    const server = reference && this.tables.server.get(reference.id);
    return server && this.own.get(server) === reference.generation ? server : undefined;
  }
  override serverOf(transportId: string): string | undefined {
    validId(transportId);
    const transport = this.tables.transport.get(transportId);
    return transport && this.current(transport)?.id;
  }
  protected override recipients(server: Entry): Entry[] {
    return [...this.tables.transport.values()].filter((transport) => this.current(transport) === server);
  }
}

/** INC-2: the counters of names that are gone are kept for the last 32 only. */
class Evicted extends Generations {
  readonly generations = new Map<string, number>();
  protected override next(id: string): number {
    const generation = (this.generations.get(id) ?? 0) + 1;
    this.generations.delete(id);
    this.generations.set(id, generation);
    return generation;
  }
  protected override end(entry: Entry, why: Why): void {
    super.end(entry, why);
    if (this.generations.size <= this.tables.server.size + 32) return;
    for (const id of this.generations.keys()) {
      if (this.tables.server.has(id)) continue;
      this.generations.delete(id);
      break;
    }
  }
}

/** INC-2: the counter, one for all servers, is a byte. */
class OneByte extends Generations {
  #last = 0;
  protected override next(): number {
    return (this.#last = (this.#last + 1) & 0xff);
  }
}

/** BND-1: bindings of a server that has gone are swept at the next unregistration, whatever they have become. */
class LateSweep extends Book {
  readonly swept: Entry[] = [];
  override unregister(namespace: Namespace, id: string): void {
    for (const member of this.swept.splice(0)) if (member.live) this.detach(member);
    super.unregister(namespace, id);
  }
  protected override dissolve(server: Entry): void {
    this.swept.push(...server.members);
    server.members.clear();
  }
  override serverOf(transportId: string): string | undefined {
    validId(transportId);
    const server = this.tables.transport.get(transportId)?.server;
    return server?.live ? server.id : undefined;
  }
}

/** RTE-3: an update makes a new record, with a copy of the set of members; the members still refer to the old one. */
class CopiedMembers extends Book {
  protected override updated(server: Entry, config: Config): void {
    const next: Entry = { ...server, config, members: new Set(server.members) };
    this.release(server);
    this.tables.server.set(server.id, next);
    this.hold(next);
  }
}

/** INC-2: the record of a transport that has lost its connection is used again, its binding with it. */
class Reconnect extends Book {
  readonly graves = new Map<string, Entry>();
  protected override end(entry: Entry, why: Why): void {
    const { server } = entry;
    super.end(entry, why);
    if (why !== 'down' || entry.namespace !== 'transport') return;
    entry.server = server;
    this.graves.set(entry.id, entry);
  }
  protected override created(namespace: Namespace, id: string, endpoint: Endpoint, config: Config): Entry {
    const entry = super.created(namespace, id, endpoint, config);
    const grave = namespace === 'transport' ? this.graves.get(id) : undefined;
    if (grave?.server?.live) entry.server = grave.server;
    this.graves.delete(id);
    return entry;
  }
  override serverOf(transportId: string): string | undefined {
    validId(transportId);
    const server = this.tables.transport.get(transportId)?.server;
    return server?.live ? server.id : undefined;
  }
}

/** BND-9: whoever waits for a server is looked for when it is updated. */
class Waiting extends Book {
  readonly wanted = new Map<Entry, string>();
  protected override bindAtBirth(transport: Entry, wanted: string): void {
    if (this.tables.server.has(wanted)) super.bindAtBirth(transport, wanted);
    else this.wanted.set(transport, wanted);
  }
  protected override detach(transport: Entry): void {
    super.detach(transport);
    this.wanted.delete(transport);
  }
  protected override updated(server: Entry, config: Config): void {
    super.updated(server, config);
    for (const [transport, wanted] of [...this.wanted]) if (wanted === server.id) this.attach(transport, server);
  }
}

/** BND-1: a transport that is bound to that id already is left as it is, though the id is another incarnation by now. */
class Shortcut extends Book {
  override bind(transportId: string, serverId: string): void {
    const transport = this.tables.transport.get(transportId);
    const previous = transport?.server;
    if (previous?.id === serverId && this.tables.server.has(serverId) && !this.shut) return;
    super.bind(transportId, serverId);
  }
  protected override dissolve(server: Entry): void {
    server.members.clear();
  }
  override serverOf(transportId: string): string | undefined {
    validId(transportId);
    const server = this.tables.transport.get(transportId)?.server;
    return server?.live ? server.id : undefined;
  }
}

/** BND-2: bind remembers the server of the last bind; "down" does not make it forget. */
class LastServer extends Book {
  #last: Entry | undefined;
  override register(namespace: Namespace, id: string, endpoint: Endpoint, config?: Config): void {
    super.register(namespace, id, endpoint, config);
    if (namespace === 'server') this.#last = undefined;
  }
  override unregister(namespace: Namespace, id: string): void {
    super.unregister(namespace, id);
    if (namespace === 'server') this.#last = undefined;
  }
  override bind(transportId: string, serverId: string): void {
    validId(transportId);
    validId(serverId);
    this.assertOpen();
    const server = this.#last?.id === serverId ? this.#last : this.server(serverId);
    const transport = this.tables.transport.get(transportId);
    if (transport === undefined) throw new Refusal('transport_not_found');
    this.attach(transport, server);
    this.#last = server;
  }
  override serverOf(transportId: string): string | undefined {
    validId(transportId);
    const server = this.tables.transport.get(transportId)?.server;
    return server?.live ? server.id : undefined;
  }
}

/** BND-3: "is it registered?" is asked of the set of interned ids, which both namespaces share. */
class Interned extends Book {
  readonly ids = new Map<string, number>();
  protected override hold(entry: Entry): void {
    super.hold(entry);
    this.ids.set(entry.id, (this.ids.get(entry.id) ?? 0) + 1);
  }
  protected override end(entry: Entry, why: Why): void {
    super.end(entry, why);
    const left = this.ids.get(entry.id)! - 1;
    if (left === 0) this.ids.delete(entry.id);
    else this.ids.set(entry.id, left);
  }
  override bind(transportId: string, serverId: string): void {
    validId(transportId);
    validId(serverId);
    this.assertOpen();
    const server = this.server(serverId);
    if (!this.ids.has(transportId)) throw new Refusal('transport_not_found');
    const transport = this.tables.transport.get(transportId);
    if (transport) this.attach(transport, server);
  }
}

/** BND-5: unbinding is the helper that ends all bindings of a name, whatever it names. */
class EitherEnd extends Book {
  override unbind(id: string): void {
    validId(id);
    this.assertOpen();
    const entry = this.tables.transport.get(id) ?? this.tables.server.get(id);
    if (entry?.namespace === 'server') this.dissolve(entry);
    else if (entry) this.detach(entry);
  }
}

/** RTE-3: counted when it is over. */
class CountedAfter extends Book {
  override broadcast(serverId: string, message: unknown): number {
    super.broadcast(serverId, message);
    return this.tables.server.get(serverId)?.members.size ?? 0;
  }
}

/** RTE-7: copy on write while somebody iterates, which is a flag and not a count. */
class Flag extends Book {
  readonly lists = new WeakMap<Entry, Entry[]>();
  #iterating = false;
  protected override attach(transport: Entry, server: Entry): void {
    super.attach(transport, server);
    const list = this.lists.get(server) ?? [];
    this.lists.set(server, this.#iterating ? [...list, transport] : list);
    if (!this.#iterating) list.push(transport);
  }
  protected override detach(transport: Entry): void {
    const { server } = transport;
    super.detach(transport);
    const list = server && this.lists.get(server);
    if (!server || !list) return;
    if (this.#iterating) this.lists.set(server, list.filter((other) => other !== transport));
    else list.splice(list.indexOf(transport), 1);
  }
  override broadcast(serverId: string, message: unknown): number {
    validId(serverId);
    const server = this.tables.server.get(serverId);
    const list = (server && this.lists.get(server)) ?? [];
    const count = list.length;
    this.#iterating = true;
    for (let at = 0; at < list.length; at++) if (list[at]!.live) this.hand(list[at]!, serverId, message);
    this.#iterating = false;
    return count;
  }
}

interface Parcel {
  readonly entry: Entry;
  readonly from: string;
  readonly message: unknown;
}

/** RTE-4: what is sent to a recipient while it is in its `send` waits on a stack. */
class Stack extends Book {
  readonly busy = new Map<Entry, Parcel[]>();
  protected override hand(entry: Entry, from: string, message: unknown): void {
    const waiting = this.busy.get(entry);
    if (waiting) return void waiting.push({ entry, from, message });
    const stack: Parcel[] = [];
    this.busy.set(entry, stack);
    super.hand(entry, from, message);
    for (let parcel; (parcel = stack.pop()); ) super.hand(entry, parcel.from, parcel.message);
    this.busy.delete(entry);
  }
  protected override end(entry: Entry, why: Why): void {
    for (const parcel of this.busy.get(entry)?.splice(0) ?? []) super.hand(entry, parcel.from, parcel.message);
    if (entry.live) super.end(entry, why);
  }
}

/** RTE-4: large broadcasts are handed over sixteen at a time, so as not to hold up the process. */
class Chunks extends Book {
  override broadcast(serverId: string, message: unknown): number {
    validId(serverId);
    const server = this.tables.server.get(serverId);
    const recipients = server ? this.recipients(server) : [];
    const count = recipients.length;
    const next = (): void => {
      for (const recipient of recipients.splice(0, 16)) if (recipient.live) this.hand(recipient, serverId, message);
      if (recipients.length > 0) queueMicrotask(next);
    };
    next();
    return count;
  }
}

/** RTE-3: the snapshot is of ids, which are looked up when it is their turn. */
class IdSnapshot extends Book {
  override broadcast(serverId: string, message: unknown): number {
    validId(serverId);
    const server = this.tables.server.get(serverId);
    const ids = server ? this.recipients(server).map(({ id }) => id) : [];
    for (const id of ids) this.route('transport', id, serverId, message);
    return ids.length;
  }
}

/** CLS-1: names that have been routed to are in a cache, which `close` does not empty. */
class RouteCache extends Book {
  readonly routes: Record<Namespace, Map<string, Entry>> = { server: new Map(), transport: new Map() };
  override route(namespace: Namespace, to: string, from: string, message: unknown): number {
    validId(to);
    validId(from);
    const cached = this.routes[namespace].get(to) ?? this.tables[namespace].get(to);
    if (cached === undefined) return 0;
    this.routes[namespace].set(to, cached);
    this.hand(cached, from, message);
    return 1;
  }
  protected override end(entry: Entry, why: Why): void {
    super.end(entry, why);
    if (why !== 'closed') this.routes[entry.namespace].delete(entry.id);
  }
}

/** RTE-3: the list of recipients is kept until a binding changes, which a registration is not thought to do. */
class RecipientCache extends Book {
  readonly cache = new Map<Entry, Entry[]>();
  override bind(transportId: string, serverId: string): void {
    super.bind(transportId, serverId);
    this.cache.clear();
  }
  override unbind(transportId: string): void {
    super.unbind(transportId);
    this.cache.clear();
  }
  protected override end(entry: Entry, why: Why): void {
    super.end(entry, why);
    this.cache.clear();
  }
  protected override recipients(server: Entry): Entry[] {
    const cached = this.cache.get(server) ?? super.recipients(server);
    this.cache.set(server, cached);
    return [...cached];
  }
}

/** DWN-2: an endpoint is thought to be one server at most. */
class OneServer extends Book {
  protected override down(entries: readonly Entry[]): void {
    const server = entries.find(({ namespace }) => namespace === 'server');
    for (const entry of entries) {
      if (entry.namespace === 'transport' || entry === server) this.end(entry, 'down');
      else {
        entry.live = false;
        this.tables.server.delete(entry.id);
        this.release(entry);
      }
    }
  }
}

/** CLS-1: closed, and closed for registrations, are states of one gate. */
class Gate extends Book {
  #gate: 'auto' | 'open' | 'closed' | 'shut' = 'auto';
  override setAdmission(mode: 'auto' | 'open' | 'closed'): void {
    super.setAdmission(mode);
    this.#gate = mode;
  }
  override close(): void {
    super.close();
    this.#gate = 'shut';
  }
  protected override assertOpen(): void {
    if (this.#gate === 'shut') throw new Refusal('registry_closed');
  }
}

/** CLS-1: `getServerForTransport` has an index of its own, which `close` forgets. */
class OwnIndex extends Book {
  readonly boundTo = new Map<string, string>();
  protected override attach(transport: Entry, server: Entry): void {
    super.attach(transport, server);
    this.boundTo.set(transport.id, server.id);
  }
  protected override detach(transport: Entry): void {
    super.detach(transport);
    this.boundTo.delete(transport.id);
  }
  override serverOf(transportId: string): string | undefined {
    return this.boundTo.get(validId(transportId));
  }
  override close(): void {
    this.shut = true;
    for (const table of Object.values(this.tables)) {
      for (const entry of table.values()) {
        entry.live = false;
        this.release(entry);
      }
      table.clear();
    }
  }
}

/** CTN-8: what was bound to a server that has gone is remembered for five seconds, for the logs. */
class Grace extends Book {
  readonly orphans = new Map<string, string>();
  protected override dissolve(server: Entry): void {
    const ids = [...server.members].map(({ id }) => id);
    super.dissolve(server);
    if (ids.length === 0) return;
    for (const id of ids) this.orphans.set(id, server.id);
    this.clock.setTimeout(() => ids.forEach((id) => this.orphans.delete(id)), 5_000);
  }
}

/** RTE-6: a broadcast in which three have failed is given up. */
class Breaker extends Book {
  #failures = 0;
  override broadcast(serverId: string, message: unknown): number {
    validId(serverId);
    const server = this.tables.server.get(serverId);
    const recipients = server ? this.recipients(server) : [];
    this.#failures = 0;
    for (const recipient of recipients) {
      if (recipient.live) this.hand(recipient, serverId, message);
      if (this.#failures === 3) break;
    }
    return recipients.length;
  }
  protected override failed(_entry: Entry, _delivery: Delivery, _error: unknown, how: 'thrown' | 'rejected'): void {
    if (how === 'thrown') this.#failures++;
  }
}

/** RTE-6: what is thrown is thought to have a message. */
class Logged extends Book {
  lastError = '';
  protected override failed(_entry: Entry, _delivery: Delivery, error: unknown, how: 'thrown' | 'rejected'): void {
    if (how === 'thrown') this.lastError = String((error as Error).message);
  }
}

/** RTE-5: what a `send` has rejected is handed over once more, with the next message. */
class Redelivery extends Book {
  readonly undelivered = new Map<Entry, Delivery[]>();
  protected override failed(entry: Entry, delivery: Delivery, _error: unknown, how: 'thrown' | 'rejected'): void {
    if (how === 'rejected' && entry.live) this.undelivered.set(entry, [...(this.undelivered.get(entry) ?? []), delivery]);
  }
  protected override hand(entry: Entry, from: string, message: unknown): void {
    const again = this.undelivered.get(entry) ?? [];
    this.undelivered.delete(entry);
    for (const delivery of again) super.hand(entry, delivery.from, delivery.message);
    super.hand(entry, from, message);
  }
  protected override end(entry: Entry, why: Why): void {
    super.end(entry, why);
    this.undelivered.delete(entry);
  }
}

/** RTE-3: bindings are keys `transport:server`, taken apart at the last colon. */
class Keys extends Book {
  readonly keys = new Set<string>();
  protected override attach(transport: Entry, server: Entry): void {
    super.attach(transport, server);
    this.keys.add(`${transport.id}:${server.id}`);
  }
  protected override detach(transport: Entry): void {
    if (transport.server) this.keys.delete(`${transport.id}:${transport.server.id}`);
    super.detach(transport);
  }
  protected override recipients(server: Entry): Entry[] {
    const found: Entry[] = [];
    for (const key of this.keys) {
      const colon = key.lastIndexOf(':');
      if (key.slice(colon + 1) !== server.id) continue;
      const transport = this.tables.transport.get(key.slice(0, colon));
      if (transport) found.push(transport);
    }
    return found;
  }
}

/** BND-8: the configuration is kept as text, and the server looked for in it. */
class Scan extends Book {
  protected override bindAtBirth(transport: Entry): void {
    const [, id] = /"serverId":("(?:[^"\\]|\\.)*")/.exec(JSON.stringify(transport.config)) ?? [];
    if (id !== undefined) super.bindAtBirth(transport, JSON.parse(id) as string);
  }
}

/** BND-5: a transport has a home, the server of its configuration, to which it goes back. */
class Home extends Book {
  readonly home = new WeakMap<Entry, Entry>();
  protected override bindAtBirth(transport: Entry, wanted: string): void {
    super.bindAtBirth(transport, wanted);
    if (transport.server) this.home.set(transport, transport.server);
  }
  override unbind(transportId: string): void {
    const transport = this.tables.transport.get(transportId);
    const before = transport?.server;
    super.unbind(transportId);
    const home = transport && this.home.get(transport);
    if (!home) return;
    if (before === home || before === undefined) this.home.delete(transport);
    else if (home.live) this.attach(transport, home);
  }
}

/** REG-4: a registration that is refused because the name is taken has bound the transport already. */
class Upsert extends Book {
  override register(namespace: Namespace, id: string, endpoint: Endpoint, config?: Config): void {
    try {
      super.register(namespace, id, endpoint, config);
    } catch (error) {
      const wanted = config?.['serverId'];
      const entry = this.tables[namespace].get(id);
      if (error instanceof Refusal && error.code === 'already_registered' && namespace === 'transport' && entry && typeof wanted === 'string') this.bindAtBirth(entry, wanted);
      throw error;
    }
  }
}

/** RTE-2: messages to a transport that has lost its connection wait for it to come back. */
class Parked extends Book {
  readonly parked = new Map<string, { from: string; message: unknown }[]>();
  protected override end(entry: Entry, why: Why): void {
    super.end(entry, why);
    if (entry.namespace === 'transport' && why === 'down') this.parked.set(entry.id, []);
  }
  override route(namespace: Namespace, to: string, from: string, message: unknown): number {
    const handed = super.route(namespace, to, from, message);
    if (handed === 0 && namespace === 'transport') this.parked.get(to)?.push({ from, message });
    return handed;
  }
  override register(namespace: Namespace, id: string, endpoint: Endpoint, config?: Config): void {
    super.register(namespace, id, endpoint, config);
    if (namespace !== 'transport') return;
    const waiting = this.parked.get(id) ?? [];
    this.parked.delete(id);
    for (const { from, message } of waiting) super.route('transport', id, from, message);
  }
}

/** RTE-1: everybody is `*`, as on the wire. */
class Wildcard extends Book {
  override route(namespace: Namespace, to: string, from: string, message: unknown): number {
    return namespace === 'transport' && to === '*' ? this.broadcast(from, message) : super.route(namespace, to, from, message);
  }
}

/** RTE-9: pages of eight, by offset, with a breath between. */
class Paged extends Book {
  async pages(serverId: string, message: unknown): Promise<number> {
    validId(serverId);
    const server = this.tables.server.get(serverId);
    let handed = 0;
    for (let offset = 0; server; offset += 8) {
      const page = [...server.members].slice(offset, offset + 8);
      for (const recipient of page) {
        if (!recipient.live) continue;
        this.hand(recipient, serverId, message);
        handed++;
      }
      if (page.length < 8) break;
      await Promise.resolve();
    }
    return handed;
  }
}

function pagedSubject(book: Book): Subject {
  const plain = subjectOf(book);
  return { ...plain, routeToTransport: (to, from, message) => (to === everybody ? (book as Paged).pages(from, message) : book.route('transport', to, from, message)) };
}

type Kind = new (...args: ConstructorParameters<typeof Book>) => Book;
const mutant = (id: string, breaks: readonly RequirementId[], Kind: Kind, how: string, subject?: (book: Book) => Subject): Mutant => ({
  id,
  breaks,
  how,
  adapter: adapterOf(`routing ${id}`, ({ clock }) => new Kind(clock), subject),
});

export const mutants: readonly Mutant[] = [
  mutant('rebind-same-after-another', ['RTE-3', 'RTE-5'], LastOnly, 'Recipients are an array and only its last is compared before a push: binding a transport again to the server it is bound to, after another was bound there, makes it a recipient twice.'),
  mutant('swap-remove-slot', ['RTE-3'], SwapRemove, 'Removal swaps the last recipient into the hole and does not write down its new slot: when one that was swapped is unbound in turn, a broadcast still reaches it and misses another.'),
  mutant('generation-evicted', ['INC-2'], Evicted, 'Bindings name (id, generation) and the counters of names that are gone are kept for 32 only: unregister the server, unregister 32 others, register it again, and the old binding holds.'),
  mutant('generation-byte', ['INC-2'], OneByte, 'Bindings name (id, generation) and generations are a byte, counted over all servers: when the server is registered again as the 256th registration of a server after the one that the binding was to, the binding holds again.'),
  mutant('late-sweep', ['BND-7', 'BND-6', 'BND-1'], LateSweep, 'Bindings of an ended server are ended at the next unregistration of anything, without a look at what the transport is bound to by now: bound, server unregistered, bound elsewhere, anything unregistered, and it is unbound.'),
  mutant('update-copies-members', ['RTE-3', 'DWN-4'], CopiedMembers, 'An update makes a new record with a copy of the set of members while the members refer to the old record: unbind or move a transport after an update of its server, and a broadcast still reaches it.'),
  mutant('reconnect-record', ['INC-2', 'DWN-2'], Reconnect, 'The record of a transport that went down is used again when its id registers again, without a reset of its server: the new incarnation has the old binding as long as that server lives (not after an unregistration).'),
  mutant('wanted-on-update', ['BND-9'], Waiting, 'Transports whose config.serverId was not registered are remembered, and an update of that server (not its registration) picks them up.'),
  mutant('bind-shortcut', ['BND-1'], Shortcut, 'Bind returns early for a transport whose last binding has that server id: after the server was registered again the old, ended binding is taken for the new one.'),
  mutant('bind-memo-down', ['BND-2'], LastServer, 'Bind remembers the server of the last bind and forgets it at register and unregister, not at "down": a second transport binds to a server that is down.'),
  mutant('bind-interned', ['BND-3'], Interned, 'Whether the transport is registered is asked of the ids of both namespaces: binding an id that is a server only succeeds.'),
  mutant('unbind-either-end', ['BND-5'], EitherEnd, 'Unbind uses the helper that ends the bindings of a name: the id of a server that is no transport ends all bindings of that server.'),
  mutant('count-after', ['RTE-3'], CountedAfter, 'The answer of a broadcast is the number of members when it is over: too small when recipients unbind or unregister themselves in their send, too great when they bind others.'),
  mutant('iterating-flag', ['RTE-7'], Flag, 'Recipients are copied on write while a broadcast runs, which is a flag that a nested broadcast clears: a recipient that broadcasts to another server and then unbinds itself makes the next one be missed.'),
  mutant('busy-stack', ['RTE-4'], Stack, 'What is routed to a recipient from within its own send waits, on a stack: two such messages arrive in the wrong order.'),
  mutant('chunked-broadcast', ['RTE-4'], Chunks, 'A broadcast hands over sixteen at a time with a microtask between: with more, a message that is routed to a late recipient at once overtakes it (for a caller that awaits each call, with more than 32).'),
  mutant('id-snapshot', ['RTE-3'], IdSnapshot, 'A broadcast takes a snapshot of ids and looks each up at its turn: a recipient that unregisters another and registers it again has the message delivered to the new, unbound incarnation.'),
  mutant('route-cache-close', ['CLS-1', 'RTE-2'], RouteCache, 'Names once routed to are in a cache that unregister and "down" clear and close does not: routing to them still delivers after close.'),
  mutant('recipient-cache', ['RTE-3'], RecipientCache, 'The recipients of a server are cached from its first broadcast until a bind, unbind or removal: a transport registered with config.serverId after a broadcast is missed by the next.'),
  mutant('down-one-server', ['DWN-2'], OneServer, 'When an endpoint goes down the bindings of its first server name are ended: with two server names, transports bound to the second keep theirs.'),
  mutant('close-gate', ['CLS-1'], Gate, 'Closed and closed for registrations are values of one field: setAdmission after close opens the registry again.'),
  mutant('close-index', ['CLS-1'], OwnIndex, 'getServerForTransport reads an index of its own, which close does not clear.'),
  mutant('grace-timer', ['CTN-8'], Grace, 'When a server with bindings ends, a timer of five seconds is left to forget about them.'),
  mutant('three-failures', ['RTE-6', 'RTE-7'], Breaker, 'A broadcast is given up at the third send that throws: the rest of the recipients are missed.'),
  mutant('throws-null', ['RTE-6'], Logged, 'The message of what was thrown is kept for the logs: a send that throws null or undefined fails the routing call.'),
  mutant('redelivery', ['RTE-5'], Redelivery, 'What a send has rejected is handed over again in front of the next message to the same name.'),
  mutant('colon-keys', ['RTE-3'], Keys, 'Bindings are keys transport:server split at the last colon: a broadcast of a server with a colon in its id reaches nobody.'),
  mutant('config-scan', ['BND-8'], Scan, 'The server is looked for in the text of the configuration: a nested serverId that comes before the one of the transport is taken.'),
  mutant('home-server', ['BND-5'], Home, 'A transport goes back to the server of its configuration when it is unbound from another that it was moved to.'),
  mutant('refused-upsert', ['REG-4'], Upsert, 'A registration refused with already_registered has applied its config.serverId to the transport that holds the name.'),
  mutant('parked-until-registered', ['RTE-2'], Parked, 'Messages to a transport whose endpoint went down (not unregistered) are kept and delivered when the id is registered again.'),
  mutant('wildcard', ['NAM-2', 'RTE-1'], Wildcard, 'Everybody is `*` on the wire: a message to a transport of that name is broadcast.'),
  mutant('paged-broadcast', ['RTE-9'], Paged, 'A broadcast reads its recipients eight at a time, by offset, with an await between: an unbind of an early recipient meanwhile makes it miss one that was bound throughout.', pagedSubject),
];
