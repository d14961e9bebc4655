import { broadcast, type Config, type Delivery, type Endpoint, type Namespace, type Registration, type RequirementId } from '../../spec/index.js';
import type { Mutant } from './mutant.js';
import { PlainRegistry, refusal, type Entry } from './plain-registry.js';

/**
 * Broken registries of bindings, routing, lifetimes in the middle of a delivery, and closing, written from the specification alone by
 * somebody who had not seen the checks: see `held-out-second-names.ts`.
 */
const plain = (id: string, breaks: readonly RequirementId[], how: string, Kind: new () => PlainRegistry): Mutant => ({ id, breaks, how, adapter: { name: how, open: () => new Kind() } });

/** Hands over whatever happens, and takes nothing from it. */
const quietly = (endpoint: Endpoint, delivery: Delivery): void => {
  try {
    Promise.resolve(endpoint.send(delivery)).catch(() => undefined);
  } catch {
    // Its own affair.
  }
};

const deliveryTo = ({ namespace, registration }: Entry, from: string, message: unknown): Delivery => ({ namespace, to: registration.id, from, message });

/** Hands each message over at once, also from within a `send`, unless told otherwise. */
class Direct extends PlainRegistry {
  protected override deliver(entry: Entry | undefined, from: string, message: unknown): number {
    if (entry?.live !== true) return 0;
    this.hand(entry, from, message);
    return 1;
  }
  protected hand(entry: Entry, from: string, message: unknown): void {
    quietly(entry.registration.endpoint, deliveryTo(entry, from, message));
  }
}

/** One whose broadcasts are a method of their own. */
class Broadcasting extends PlainRegistry {
  override routeToTransport(transportId: string | typeof broadcast, serverId: string, message: unknown): number {
    if (transportId !== broadcast) return super.routeToTransport(transportId, serverId, message);
    this.open();
    this.checkId(serverId);
    const server = this.names.server.get(serverId);
    return server === undefined ? 0 : this.broadcast(server, [...server.members], message);
  }
  protected broadcast(server: Entry, bound: readonly Entry[], message: unknown): number {
    for (const transport of bound) this.deliver(transport, server.registration.id, message);
    return bound.length;
  }
}

export const heldOutSecondRouting: readonly Mutant[] = [
  // BND

  plain(
    'bound-already-by-joined-names',
    ['BND-1', 'NAM-3'],
    'binding what is bound already is skipped; that it is, is a set of "transport:server", and ids may hold a colon',
    class extends PlainRegistry {
      private readonly pairs = new Set<string>();
      protected override attach(transport: Entry, server: Entry): void {
        const pair = `${transport.registration.id}:${server.registration.id}`;
        if (this.pairs.has(pair)) return;
        super.attach(transport, server);
        this.pairs.add(pair);
      }
      protected override detach(transport: Entry): void {
        if (transport.server !== undefined) this.pairs.delete(`${transport.registration.id}:${transport.server.registration.id}`);
        super.detach(transport);
      }
    },
  ),
  plain(
    'no-binding-to-oneself',
    ['BND-1', 'EPT-1', 'BND-8'],
    'a transport that is the same endpoint as the server would loop, so binding it does nothing',
    class extends PlainRegistry {
      protected override attach(transport: Entry, server: Entry): void {
        if (transport.registration.endpoint !== server.registration.endpoint) super.attach(transport, server);
      }
    },
  ),
  plain(
    'bound-once-counts-twice',
    ['RTE-5', 'RTE-3', 'BND-4'],
    'members are a list, onto which a transport is pushed again when it is bound to the server that it is bound to',
    class extends Broadcasting {
      private readonly extra = new Map<Entry, Entry>();
      protected override attach(transport: Entry, server: Entry): void {
        const again = transport.server === server;
        super.attach(transport, server);
        if (again) this.extra.set(transport, server);
        else this.extra.delete(transport);
      }
      protected override broadcast(server: Entry, bound: readonly Entry[], message: unknown): number {
        return super.broadcast(server, [...bound, ...bound.filter((transport) => this.extra.get(transport) === server)], message);
      }
    },
  ),
  plain(
    'no-move-back',
    ['BND-4', 'BND-1'],
    'a transport that moves remembers where it was, so that a bind that arrives twice does not move it back: and one that is meant to is taken for one that arrives twice',
    class extends PlainRegistry {
      private readonly former = new WeakMap<Entry, Entry>();
      protected override attach(transport: Entry, server: Entry): void {
        if (transport.server !== undefined && this.former.get(transport) === server && transport.server !== server) return;
        if (transport.server !== undefined) this.former.set(transport, transport.server);
        super.attach(transport, server);
      }
    },
  ),
  plain(
    'unbound-again-is-an-error',
    ['BND-5'],
    'who unbinds a transport whose server has gone is told that the server is not there',
    class extends PlainRegistry {
      private readonly orphans = new WeakSet<Entry>();
      protected override detachAll(server: Entry): void {
        for (const transport of server.members) this.orphans.add(transport);
        super.detachAll(server);
      }
      protected override attach(transport: Entry, server: Entry): void {
        this.orphans.delete(transport);
        super.attach(transport, server);
      }
      override unbindTransport(id: string): void {
        const transport = this.names.transport.get(id);
        if (transport !== undefined && this.orphans.delete(transport)) throw refusal('server_not_found');
        super.unbindTransport(id);
      }
    },
  ),
  plain(
    'unbind-needs-a-transport',
    ['BND-5'],
    'unbinding a transport that is not registered is refused, as binding it is',
    class extends PlainRegistry {
      override unbindTransport(id: string): void {
        super.unbindTransport(id);
        if (!this.names.transport.has(id)) throw refusal('transport_not_found');
      }
    },
  ),
  plain(
    'unbind-takes-the-siblings',
    ['BND-5'],
    'a client that leaves a server leaves it with all the transports that it has there',
    class extends PlainRegistry {
      override unbindTransport(id: string): void {
        const transport = this.names.transport.get(id);
        const server = transport?.server;
        super.unbindTransport(id);
        for (const other of [...(server?.members ?? [])]) if (other.registration.endpoint === transport!.registration.endpoint) this.detach(other);
      }
    },
  ),
  plain(
    'unbound-after-an-update-in-name-only',
    ['RTE-3', 'BND-5', 'UPD-1'],
    'an update copies the list of members into a new entry; a transport that is unbound later is taken off the old list',
    class extends Broadcasting {
      private readonly copies = new WeakMap<Entry, Set<Entry>>();
      protected override update(entry: Entry, config: Config): void {
        super.update(entry, config);
        this.copies.set(entry, new Set(entry.members));
      }
      protected override attach(transport: Entry, server: Entry): void {
        super.attach(transport, server);
        this.copies.get(server)?.add(transport);
      }
      protected override broadcast(server: Entry, bound: readonly Entry[], message: unknown): number {
        return super.broadcast(server, [...(this.copies.get(server) ?? bound)].filter(({ live }) => live), message);
      }
    },
  ),
  plain(
    'cascade-skips-while-it-splices',
    ['BND-6', 'DWN-2'],
    'the members of a server are spliced out of the list that is walked, so that every other one stays',
    class extends PlainRegistry {
      protected override detachAll(server: Entry): void {
        const stuck = [...server.members].filter((_, index) => index % 2 === 1);
        super.detachAll(server);
        for (const transport of stuck) transport.server = server;
      }
    },
  ),
  plain(
    'cascade-of-a-second-server',
    ['DWN-2', 'BND-6'],
    'the bindings of an endpoint that goes down are ended for its server: that it may have two, nobody thought of',
    class extends PlainRegistry {
      private going = 0;
      protected override down(signal: AbortSignal): void {
        this.going = 1;
        super.down(signal);
        this.going = 0;
      }
      protected override detachAll(server: Entry): void {
        if (this.going > 0 && server.namespace === 'server' && this.going++ > 1) return;
        super.detachAll(server);
      }
    },
  ),
  plain(
    'cascade-takes-three',
    ['BND-6', 'DWN-2'],
    'a server that goes lets go of what is in the first bucket of its members, which has room for three',
    class extends PlainRegistry {
      protected override detachAll(server: Entry): void {
        for (const transport of [...server.members].slice(0, 3)) this.detach(transport);
      }
    },
  ),
  plain(
    'rebound-by-config-only-once',
    ['BND-8'],
    'whether the binding of a configuration has been made is kept by id, and not forgotten when the transport goes',
    class extends PlainRegistry {
      private readonly done = new Set<string>();
      protected override insert(namespace: Namespace, registration: Registration): Entry {
        const entry = super.insert(namespace, registration);
        if (entry.server !== undefined && namespace === 'transport') {
          if (this.done.has(registration.id)) this.detach(entry);
          else this.done.add(registration.id);
        }
        return entry;
      }
    },
  ),
  plain(
    'bound-by-config-misses-broadcasts',
    ['RTE-3', 'BND-8'],
    'a binding that comes with a registration is written into the transport, and not into the list that broadcasts go by',
    class extends Broadcasting {
      private readonly late = new WeakSet<Entry>();
      private inserting = false;
      protected override insert(namespace: Namespace, registration: Registration): Entry {
        this.inserting = true;
        const entry = super.insert(namespace, registration);
        this.inserting = false;
        return entry;
      }
      protected override attach(transport: Entry, server: Entry): void {
        super.attach(transport, server);
        if (this.inserting) this.late.add(transport);
        else this.late.delete(transport);
      }
      protected override broadcast(server: Entry, bound: readonly Entry[], message: unknown): number {
        return super.broadcast(server, bound.filter((transport) => !this.late.has(transport)), message);
      }
    },
  ),
  plain(
    'gone-transports-still-count',
    ['RTE-3', 'BND-7', 'DWN-2'],
    'a transport that goes is not taken off the list of its server; it gets nothing, but it is counted',
    class extends Broadcasting {
      private readonly ever = new WeakMap<Entry, Set<Entry>>();
      protected override attach(transport: Entry, server: Entry): void {
        super.attach(transport, server);
        if (!this.ever.has(server)) this.ever.set(server, new Set());
        this.ever.get(server)!.add(transport);
      }
      protected override detach(transport: Entry): void {
        if (transport.live && transport.server !== undefined) this.ever.get(transport.server)?.delete(transport);
        super.detach(transport);
      }
      protected override broadcast(server: Entry, bound: readonly Entry[], message: unknown): number {
        super.broadcast(server, bound, message);
        return this.ever.get(server)?.size ?? 0;
      }
    },
  ),
  plain(
    'members-by-the-name-of-the-server',
    ['RTE-3', 'INC-2'],
    'who is bound is kept twice; in the list that broadcasts go by, which is one for each name, a "down" of the server is not seen',
    class extends Broadcasting {
      private readonly lists = new Map<string, Set<Entry>>();
      private going = false;
      protected override attach(transport: Entry, server: Entry): void {
        super.attach(transport, server);
        const { id } = server.registration;
        if (!this.lists.has(id)) this.lists.set(id, new Set());
        this.lists.get(id)!.add(transport);
      }
      protected override detach(transport: Entry): void {
        if (transport.server !== undefined && !this.going) this.lists.get(transport.server.registration.id)?.delete(transport);
        super.detach(transport);
      }
      protected override down(signal: AbortSignal): void {
        this.going = true;
        super.down(signal);
        this.going = false;
      }
      protected override broadcast(server: Entry, _bound: readonly Entry[], message: unknown): number {
        const { id } = server.registration;
        return super.broadcast(server, [...(this.lists.get(id) ?? [])].filter(({ live }) => live), message);
      }
    },
  ),

  // RTE: what is delivered

  plain(
    'one-delivery-refilled',
    ['RTE-1', 'RTE-3', 'RTE-6'],
    'to spare the garbage collector there is one delivery object, which is filled in anew for each recipient',
    class extends Direct {
      private readonly delivery: { -readonly [K in keyof Delivery]: Delivery[K] } = { namespace: 'server', to: '', from: '', message: undefined };
      protected override hand(entry: Entry, from: string, message: unknown): void {
        quietly(entry.registration.endpoint, Object.assign(this.delivery, deliveryTo(entry, from, message)));
      }
    },
  ),
  plain(
    'recipients-share-a-broadcast',
    ['RTE-1', 'RTE-3', 'RTE-6', 'RTE-4'],
    'the message of a broadcast is read out of one envelope for all, in which a recipient may write',
    class extends Broadcasting {
      protected override broadcast(server: Entry, bound: readonly Entry[], message: unknown): number {
        const envelope = { message };
        for (const transport of bound) {
          const delivery = { namespace: 'transport' as const, to: transport.registration.id, from: server.registration.id } as Delivery;
          Object.defineProperty(delivery, 'message', { enumerable: true, get: () => envelope.message, set: (value: unknown) => (envelope.message = value) });
          if (transport.live) quietly(transport.registration.endpoint, delivery);
        }
        return bound.length;
      }
    },
  ),
  plain(
    'long-names-cut-short',
    ['RTE-1'],
    'the header of a delivery has room for 255 code units of a name',
    class extends Direct {
      protected override hand({ namespace, registration }: Entry, from: string, message: unknown): void {
        quietly(registration.endpoint, { namespace, to: registration.id.slice(0, 255), from: from.slice(0, 255), message });
      }
    },
  ),
  plain(
    'control-characters-cleaned-out-of-senders',
    ['RTE-1', 'NAM-2'],
    'senders end up in log files, so line breaks and the like are taken out of their names',
    class extends PlainRegistry {
      protected override deliver(entry: Entry | undefined, from: string, message: unknown): number {
        return super.deliver(entry, from.replaceAll(/[\u0001-\u001F\u007F]/g, ' '), message);
      }
    },
  ),
  plain(
    'addressed-to-the-first-name',
    ['RTE-1'],
    'the recipient of a delivery is looked up by endpoint, which finds its first name in the namespace',
    class extends Direct {
      protected override hand(entry: Entry, from: string, message: unknown): void {
        const { endpoint } = entry.registration;
        const first = [...this.names[entry.namespace].values()].find(({ registration }) => registration.endpoint === endpoint) ?? entry;
        quietly(endpoint, deliveryTo(first, from, message));
      }
    },
  ),
  plain(
    'broadcasts-come-from-nowhere',
    ['RTE-1', 'RTE-3'],
    'the delivery of a broadcast says nothing of a namespace, since it can be but one',
    class extends Broadcasting {
      protected override broadcast(server: Entry, bound: readonly Entry[], message: unknown): number {
        for (const { live, registration } of bound) if (live) quietly(registration.endpoint, { to: registration.id, from: server.registration.id, message } as Delivery);
        return bound.length;
      }
    },
  ),
  plain(
    'no-message-becomes-null',
    ['RTE-1'],
    'messages are to be JSON some day, so that no message is sent as null',
    class extends PlainRegistry {
      protected override deliver(entry: Entry | undefined, from: string, message: unknown): number {
        return super.deliver(entry, from, message ?? null);
      }
    },
  ),
  plain(
    'promised-messages-are-awaited',
    ['RTE-1'],
    'a message that is a promise is handed over when it has been kept, for what else could be meant',
    class extends Direct {
      protected override hand(entry: Entry, from: string, message: unknown): void {
        if (typeof (message as PromiseLike<unknown> | undefined)?.then !== 'function') super.hand(entry, from, message);
        else Promise.resolve(message).then((kept) => super.hand(entry, from, kept)).catch(() => undefined);
      }
    },
  ),
  plain(
    'messages-frozen-on-the-way',
    ['RTE-1'],
    'so that no recipient changes what others get, a message is frozen before it is handed over',
    class extends PlainRegistry {
      protected override deliver(entry: Entry | undefined, from: string, message: unknown): number {
        if (typeof message === 'object' && message !== null) Object.freeze(message);
        return super.deliver(entry, from, message);
      }
    },
  ),
  plain(
    'errors-become-text',
    ['RTE-1'],
    'an Error does not survive JSON, so what is sent of it is its name and message',
    class extends PlainRegistry {
      protected override deliver(entry: Entry | undefined, from: string, message: unknown): number {
        return super.deliver(entry, from, message instanceof Error ? { name: message.name, message: message.message } : message);
      }
    },
  ),

  // RTE: who gets it

  plain(
    'no-echo-to-the-sender',
    ['RTE-3'],
    'a broadcast leaves out the endpoint that sends it, also where that is bound to itself',
    class extends Broadcasting {
      protected override broadcast(server: Entry, bound: readonly Entry[], message: unknown): number {
        return super.broadcast(server, bound.filter(({ registration }) => registration.endpoint !== server.registration.endpoint), message);
      }
    },
  ),
  plain(
    'one-copy-for-each-client',
    ['RTE-3'],
    'a client with two transports would see a broadcast twice, so recipients are made unique by endpoint',
    class extends Broadcasting {
      protected override broadcast(server: Entry, bound: readonly Entry[], message: unknown): number {
        const unique = new Map(bound.map((transport) => [transport.registration.endpoint, transport]));
        return super.broadcast(server, [...unique.values()], message);
      }
    },
  ),
  plain(
    'whole-chunks-only',
    ['RTE-3'],
    'a broadcast to many goes out in chunks of sixteen, and the last one is sent when it is full',
    class extends Broadcasting {
      protected override broadcast(server: Entry, bound: readonly Entry[], message: unknown): number {
        const full = bound.length <= 16 ? bound.length : bound.length - (bound.length % 16);
        super.broadcast(server, bound.slice(0, full), message);
        return bound.length;
      }
    },
  ),
  plain(
    'falls-back-to-the-other-namespace',
    ['RTE-2', 'NAM-4'],
    'a message to a server that is not there goes to the transport of that name, which knows what to do with it',
    class extends PlainRegistry {
      override routeToServer(serverId: string, transportId: string, message: unknown): number {
        return super.routeToServer(serverId, transportId, message) || this.deliver(this.names.transport.get(serverId), transportId, message);
      }
    },
  ),
  plain(
    'one-for-nobody-within-a-send',
    ['RTE-7', 'RTE-2'],
    'while a delivery is under way a call is queued, and answers 1 for what it cannot know yet',
    class extends PlainRegistry {
      private depth = 0;
      protected override deliver(entry: Entry | undefined, from: string, message: unknown): number {
        const nested = this.depth > 0;
        this.depth++;
        try {
          const count = super.deliver(entry, from, message);
          return nested ? 1 : count;
        } finally {
          this.depth--;
        }
      }
    },
  ),
  plain(
    'broadcast-from-within-counts-none',
    ['RTE-7', 'RTE-3'],
    'a broadcast from within a send is queued, and answers how many have got it so far',
    class extends Broadcasting {
      private busy = false;
      protected override deliver(entry: Entry | undefined, from: string, message: unknown): number {
        const before = this.busy;
        this.busy = true;
        try {
          return super.deliver(entry, from, message);
        } finally {
          this.busy = before;
        }
      }
      protected override broadcast(server: Entry, bound: readonly Entry[], message: unknown): number {
        const nested = this.busy;
        const count = super.broadcast(server, bound, message);
        return nested ? 0 : count;
      }
    },
  ),
  plain(
    'broadcast-walks-the-living-set',
    ['RTE-3', 'RTE-7', 'RTE-5'],
    'a broadcast walks the set of members itself, to which a send may add',
    class extends Direct {
      override routeToTransport(transportId: string | typeof broadcast, serverId: string, message: unknown): number {
        if (transportId !== broadcast) return super.routeToTransport(transportId, serverId, message);
        this.open();
        this.checkId(serverId);
        const bound = this.names.server.get(serverId)?.members ?? new Set<Entry>();
        const count = bound.size;
        for (const transport of bound) this.deliver(transport, serverId, message);
        return count;
      }
    },
  ),
  plain(
    'broadcast-to-names',
    ['RTE-3', 'RTE-8', 'RTE-7', 'RTE-4'],
    'the recipients of a broadcast are a list of ids, each looked up when it is its turn: by then somebody else may have the name',
    class extends Broadcasting {
      protected override broadcast(server: Entry, bound: readonly Entry[], message: unknown): number {
        for (const id of bound.map(({ registration }) => registration.id)) {
          const entry = this.names.transport.get(id);
          if (entry !== undefined) quietly(entry.registration.endpoint, deliveryTo(entry, server.registration.id, message));
        }
        return bound.length;
      }
    },
  ),
  plain(
    'routes-cached-for-each-pair',
    ['RTE-8', 'RTE-1'],
    'where a transport found its server is cached, and looked up again only when that endpoint has gone down',
    class extends PlainRegistry {
      private readonly routes = new Map<string, Endpoint>();
      override routeToServer(serverId: string, transportId: string, message: unknown): number {
        this.open();
        this.checkId(serverId);
        this.checkId(transportId);
        const entry = this.names.server.get(serverId);
        if (entry === undefined) return 0;
        const pair = JSON.stringify([serverId, transportId]);
        let endpoint = this.routes.get(pair);
        if (endpoint === undefined || endpoint.signal.aborted) this.routes.set(pair, (endpoint = entry.registration.endpoint));
        quietly(endpoint, deliveryTo(entry, transportId, message));
        return 1;
      }
    },
  ),
  plain(
    'eight-deep-and-no-further',
    ['RTE-7', 'RTE-1'],
    'messages that answer messages are cut off after eight, for that must be a loop',
    class extends Direct {
      private depth = 0;
      protected override hand(entry: Entry, from: string, message: unknown): void {
        if (this.depth >= 8) return;
        this.depth++;
        super.hand(entry, from, message);
        this.depth--;
      }
    },
  ),
  plain(
    'eight-slots-an-endpoint',
    ['RTE-3', 'RTE-1'],
    'a broadcast keeps eight slots for each endpoint, and has none for its ninth name',
    class extends Broadcasting {
      protected override broadcast(server: Entry, bound: readonly Entry[], message: unknown): number {
        const seen = new Map<Endpoint, number>();
        for (const entry of bound) {
          const { endpoint } = entry.registration;
          const nth = (seen.get(endpoint) ?? 0) + 1;
          seen.set(endpoint, nth);
          if (nth <= 8) this.deliver(entry, server.registration.id, message);
        }
        return bound.length;
      }
    },
  ),

  // RTE: order and number

  plain(
    'answers-last-come-first',
    ['RTE-4'],
    'what is routed from within a send is put on a stack, and taken off it when the delivery is over',
    class extends Direct {
      private busy = false;
      private readonly stack: (() => void)[] = [];
      protected override hand(entry: Entry, from: string, message: unknown): void {
        if (this.busy) {
          this.stack.push(() => entry.live && super.hand(entry, from, message));
          return;
        }
        this.busy = true;
        super.hand(entry, from, message);
        for (let next = this.stack.pop(); next !== undefined; next = this.stack.pop()) next();
        this.busy = false;
      }
    },
  ),
  plain(
    'large-broadcasts-go-out-later',
    ['RTE-4'],
    'a broadcast to more than eight goes out in a microtask of its own; a message to one of them overtakes it',
    class extends Broadcasting {
      protected override broadcast(server: Entry, bound: readonly Entry[], message: unknown): number {
        if (bound.length <= 8) return super.broadcast(server, bound, message);
        queueMicrotask(() => super.broadcast(server, bound, message));
        return bound.length;
      }
    },
  ),
  plain(
    'urgent-messages-first',
    ['RTE-4'],
    'text is small and goes out at once; what has structure goes out in the next microtask',
    class extends Direct {
      protected override hand(entry: Entry, from: string, message: unknown): void {
        if (typeof message !== 'object') super.hand(entry, from, message);
        else queueMicrotask(() => entry.live && super.hand(entry, from, message));
      }
    },
  ),
  plain(
    'false-means-again',
    ['RTE-5'],
    'send answers false when it is full, as streams do; then the message is sent once more',
    class extends Direct {
      protected override hand(entry: Entry, from: string, message: unknown): void {
        try {
          const answer = entry.registration.endpoint.send(deliveryTo(entry, from, message));
          if (answer === false) quietly(entry.registration.endpoint, deliveryTo(entry, from, message));
          else Promise.resolve(answer).catch(() => undefined);
        } catch {
          // Its own affair.
        }
      }
    },
  ),
  plain(
    'rejected-means-again',
    ['RTE-5'],
    'what a send rejects is sent once more, in case it was only for the moment',
    class extends Direct {
      protected override hand({ namespace, registration }: Entry, from: string, message: unknown): void {
        const delivery: Delivery = { namespace, to: registration.id, from, message };
        try {
          Promise.resolve(registration.endpoint.send(delivery)).catch(() => quietly(registration.endpoint, delivery));
        } catch {
          // Its own affair.
        }
      }
    },
  ),
  plain(
    'the-same-message-is-sent-once',
    ['RTE-1'],
    'a sender that sends the same message twice in a row has stuttered: the second is counted and left out',
    class extends PlainRegistry {
      private readonly last = new WeakMap<Entry, { readonly from: string; readonly message: unknown }>();
      protected override deliver(entry: Entry | undefined, from: string, message: unknown): number {
        if (entry === undefined) return 0;
        const before = this.last.get(entry);
        this.last.set(entry, { from, message });
        return before?.from === from && before.message === message ? 1 : super.deliver(entry, from, message);
      }
    },
  ),

  // RTE: sends that misbehave

  plain(
    'thrown-nothing-has-no-message',
    ['RTE-6'],
    'what is thrown is logged with its message: `throw null` has none, and that throws again',
    class extends Direct {
      protected override hand(entry: Entry, from: string, message: unknown): void {
        try {
          Promise.resolve(entry.registration.endpoint.send(deliveryTo(entry, from, message))).catch(() => undefined);
        } catch (error) {
          void (error as Error).message.length;
        }
      }
    },
  ),
  plain(
    'then-is-looked-at-outside',
    ['RTE-6'],
    'whether a send has answered with a promise is asked after the try',
    class extends Direct {
      protected override hand(entry: Entry, from: string, message: unknown): void {
        let answer: unknown;
        try {
          answer = entry.registration.endpoint.send(deliveryTo(entry, from, message));
        } catch {
          return;
        }
        if (typeof (answer as PromiseLike<unknown> | undefined)?.then === 'function') void Promise.resolve(answer).catch(() => undefined);
      }
    },
  ),
  plain(
    'three-strikes',
    ['RTE-6', 'RTE-1', 'RTE-3'],
    'an endpoint that throws three times is taken for broken and gets nothing more',
    class extends Direct {
      private readonly strikes = new WeakMap<Endpoint, number>();
      protected override hand(entry: Entry, from: string, message: unknown): void {
        const { endpoint } = entry.registration;
        if ((this.strikes.get(endpoint) ?? 0) >= 3) return;
        try {
          Promise.resolve(endpoint.send(deliveryTo(entry, from, message))).catch(() => undefined);
        } catch {
          this.strikes.set(endpoint, (this.strikes.get(endpoint) ?? 0) + 1);
        }
      }
    },
  ),
  plain(
    'one-throw-skips-its-other-names',
    ['RTE-6', 'RTE-3', 'RTE-4'],
    'an endpoint that throws at a broadcast is not tried again under its other names',
    class extends Broadcasting {
      protected override broadcast(server: Entry, bound: readonly Entry[], message: unknown): number {
        const failed = new Set<Endpoint>();
        for (const entry of bound) {
          const { endpoint } = entry.registration;
          if (failed.has(endpoint) || !entry.live) continue;
          try {
            Promise.resolve(endpoint.send(deliveryTo(entry, server.registration.id, message))).catch(() => undefined);
          } catch {
            failed.add(endpoint);
          }
        }
        return bound.length;
      }
    },
  ),
  plain(
    'a-throw-from-within-jams-the-queue',
    ['RTE-6', 'RTE-7', 'RTE-1'],
    'that a delivery is under way is a flag, which a throw in what was queued meanwhile leaves set',
    class extends Direct {
      private busy = false;
      private readonly waiting: (() => void)[] = [];
      protected override hand(entry: Entry, from: string, message: unknown): void {
        const { endpoint } = entry.registration;
        if (this.busy) {
          this.waiting.push(() => void (entry.live && endpoint.send(deliveryTo(entry, from, message))));
          return;
        }
        this.busy = true;
        super.hand(entry, from, message);
        try {
          for (let next = this.waiting.shift(); next !== undefined; next = this.waiting.shift()) next();
          this.busy = false;
        } catch {
          // Nobody hears of it.
        }
      }
    },
  ),
  plain(
    'nobody-hears-a-rejection',
    ['RTE-6'],
    'send is called in a try, which does nothing against a promise that is rejected later',
    class extends Direct {
      protected override hand(entry: Entry, from: string, message: unknown): void {
        try {
          entry.registration.endpoint.send(deliveryTo(entry, from, message));
        } catch {
          // Its own affair.
        }
      }
    },
  ),

  // Going down and closing in the middle of it

  plain(
    'down-waits-for-the-delivery',
    ['DWN-3', 'RTE-7', 'RTE-8'],
    'a "down" in the middle of a delivery is put off until that is over, so that nothing changes under it',
    class extends Direct {
      private depth = 0;
      private readonly later: AbortSignal[] = [];
      protected override hand(entry: Entry, from: string, message: unknown): void {
        this.depth++;
        super.hand(entry, from, message);
        this.depth--;
        if (this.depth === 0) for (const signal of this.later.splice(0)) super.down(signal);
      }
      protected override down(signal: AbortSignal): void {
        if (this.depth > 0) this.later.push(signal);
        else super.down(signal);
      }
    },
  ),
  plain(
    'unregistering-within-a-send-waits',
    ['RTE-7', 'UNR-1', 'RTE-8'],
    'what a send unregisters is remembered, and taken out when the delivery is over; the call has answered by then',
    class extends Direct {
      private depth = 0;
      private readonly later: Entry[] = [];
      protected override hand(entry: Entry, from: string, message: unknown): void {
        this.depth++;
        super.hand(entry, from, message);
        this.depth--;
        if (this.depth === 0) for (const gone of this.later.splice(0)) super.remove(gone);
      }
      protected override unregister(namespace: Namespace, id: string): void {
        const entry = this.names[namespace].get(id);
        if (this.depth > 0 && entry !== undefined) this.later.push(entry);
        else super.unregister(namespace, id);
      }
    },
  ),
  plain(
    'routing-outlives-close',
    ['CLS-1'],
    'close empties the tables that lookups use; routing has its own, and nobody told it',
    class extends Direct {
      private readonly served = new Map<string, Entry>();
      protected override insert(namespace: Namespace, registration: Registration): Entry {
        const entry = super.insert(namespace, registration);
        if (namespace === 'server') this.served.set(registration.id, entry);
        return entry;
      }
      protected override unregister(namespace: Namespace, id: string): void {
        super.unregister(namespace, id);
        if (namespace === 'server') this.served.delete(id);
      }
      override routeToServer(serverId: string, transportId: string, message: unknown): number {
        if (!this.closed) return super.routeToServer(serverId, transportId, message);
        const entry = this.served.get(serverId);
        if (entry === undefined || entry.registration.endpoint.signal.aborted) return 0;
        this.hand(entry, transportId, message);
        return 1;
      }
    },
  ),
  plain(
    'bindings-outlive-close',
    ['CLS-1'],
    'close removes names; what is bound to what is a table of its own, which a lookup still reads',
    class extends PlainRegistry {
      private readonly bound = new Map<string, string>();
      protected override attach(transport: Entry, server: Entry): void {
        super.attach(transport, server);
        this.bound.set(transport.registration.id, server.registration.id);
      }
      override getServerForTransport(id: string): string | undefined {
        return this.closed ? this.bound.get(id) : super.getServerForTransport(id);
      }
    },
  ),
  plain(
    'transports-register-after-close',
    ['CLS-1'],
    'that the registry is closed is asked on the way of servers; transports, which came later, go by another one',
    class extends PlainRegistry {
      override registerTransport(id: string, endpoint: Endpoint, config: Config = {}): void | Promise<void> {
        if (!this.closed) return super.registerTransport(id, endpoint, config);
        this.checkId(id);
        this.checkEndpoint('transport', endpoint);
        this.copy(config);
      }
    },
  ),
  plain(
    'close-within-a-send-is-lost',
    ['CLS-1', 'RTE-7'],
    'close from within a send would take away what is being walked, so it does nothing, and says that it is done',
    class extends Direct {
      private depth = 0;
      protected override hand(entry: Entry, from: string, message: unknown): void {
        this.depth++;
        super.hand(entry, from, message);
        this.depth--;
      }
      override close(): void {
        if (this.depth === 0) super.close();
      }
    },
  ),
];
