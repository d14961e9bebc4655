import type { OpenOptions } from '../../../contract.js';
import type { Config, Delivery, Endpoint, ErrorCode, RequirementId } from '../../../../spec/index.js';
import type { Mutant } from '../../mutant.js';
import type {
  Tenancy} from './registry.js';
import {
  adapterOf,
  Bond,
  Chain,
  Lease,
  Ledger,
  nothing,
  Refusal,
  type Fan,
  type Holdings,
  type Partition,
  type Request,
  type Table,
  type Tenancies,
} from './registry.js';

const found: Mutant[] = [];

const mutant = (id: string, breaks: readonly RequirementId[], how: string, Kind: new (options: OpenOptions) => Ledger): void => {
  const full = `lifetimes-${id}`;
  found.push({ id: full, breaks, how, adapter: adapterOf(full, Kind) });
};

// ---------------------------------------------------------------------------------------------------------------- routing

/** RTE-3: "reaches each transport bound to the server at that moment exactly once". */
mutant(
  'round-wraps',
  ['RTE-3'],
  'Exactly once is ensured by a mark, the number of the broadcast, that each recipient carries in one byte: a transport that was last reached 256 broadcasts ago, or never as the 256th goes out, passes for one that has had it already.',
  class extends Ledger {
    #round = 0;
    readonly #marks = new WeakMap<Lease, number>();
    protected override spread(server: Lease, message: unknown): number {
      this.#round = (this.#round + 1) & 0xff;
      const round = this.#round;
      let count = 0;
      for (const { transport } of server.fan?.bonds() ?? []) {
        if ((this.#marks.get(transport) ?? 0) === round) continue;
        this.#marks.set(transport, round);
        count += 1;
        if (transport.alive) this.deliver(transport, server.id, message);
      }
      return count;
    }
  },
);

/** RTE-1: "a message routed to a registered name is handed to the endpoint registered at that moment". */
mutant(
  'circuit-breaker',
  ['RTE-6', 'RTE-1'],
  'An endpoint whose send has thrown five times in a row is spared for half a minute, as one does with a backend that fails: what is routed to it meanwhile is never handed over, although it may have recovered at once.',
  class extends Ledger {
    readonly #breakers = new WeakMap<Endpoint, { failures: number; until: number }>();
    protected override hand(endpoint: Endpoint, delivery: Delivery): boolean {
      const now = this.clock.now();
      const breaker = this.#breakers.get(endpoint);
      if (breaker !== undefined && breaker.failures >= 5 && now < breaker.until) return false;
      const taken = super.hand(endpoint, delivery);
      if (taken) this.#breakers.delete(endpoint);
      else this.#breakers.set(endpoint, { failures: (breaker?.failures ?? 0) + 1, until: now + 30_000 });
      return taken;
    }
  },
);

/** RTE-4: "messages from one sender to one recipient arrive in the order in which they were routed". */
mutant(
  'nested-stack',
  ['RTE-4'],
  'So as not to recurse, what is routed from within a send is put aside until that send is over; the list it is put on is emptied from the end, so two messages from one send arrive the wrong way round.',
  class extends Ledger {
    #delivering = false;
    readonly #aside: { readonly lease: Lease; readonly from: string; readonly message: unknown }[] = [];
    protected override deliver(lease: Lease, from: string, message: unknown): number {
      if (this.#delivering) {
        this.#aside.push({ lease, from, message });
        return 1;
      }
      this.#delivering = true;
      try {
        super.deliver(lease, from, message);
        for (let next = this.#aside.pop(); next !== undefined; next = this.#aside.pop()) {
          if (next.lease.alive) super.deliver(next.lease, next.from, next.message);
        }
      } finally {
        this.#delivering = false;
      }
      return 1;
    }
  },
);

/** RTE-4 again, by size. */
mutant(
  'overtaken-broadcast',
  ['RTE-4'],
  'A broadcast to more than 256 goes out in slices of 256, each in a microtask of its own, so as not to keep the event loop; a message that the server then routes to one of the later ones overtakes the broadcast.',
  class extends Ledger {
    protected override spread(server: Lease, message: unknown): number {
      const bonds = server.fan?.bonds() ?? [];
      const slice = (from: number): void => {
        for (const { transport } of bonds.slice(from, from + 256)) if (transport.alive) this.deliver(transport, server.id, message);
        if (from + 256 < bonds.length) queueMicrotask(() => slice(from + 256));
      };
      slice(0);
      return bonds.length;
    }
  },
);

/** RTE-8: "never delivered to an older incarnation of a name"; with it RTE-3, since the new one gets nothing. */
mutant(
  'stale-fanout',
  ['RTE-8', 'RTE-3'],
  'The recipients of servers with more than 64 are kept as a flat array of ids and endpoints, made anew when its length is not the number of bindings: if one goes and one comes between two broadcasts, the length is right and the array is not.',
  class extends Ledger {
    readonly #flat = new WeakMap<Lease, readonly { readonly to: string; readonly endpoint: Endpoint }[]>();
    protected override spread(server: Lease, message: unknown): number {
      const { fan } = server;
      if (fan === undefined || fan.size <= 64) return super.spread(server, message);
      let flat = this.#flat.get(server);
      if (flat?.length !== fan.size) {
        flat = fan.bonds().map(({ transport }) => ({ to: transport.id, endpoint: transport.endpoint }));
        this.#flat.set(server, flat);
      }
      for (const { to, endpoint } of flat) this.hand(endpoint, { namespace: 'transport', to, from: server.id, message });
      return flat.length;
    }
  },
);

class NumberedBond extends Bond {
  serial = 0;
}

/** Can be walked while nodes are taken out: these keep their way on. */
class WalkableFan implements Fan {
  readonly chain = new Chain<NumberedBond>();
  get size(): number {
    return this.chain.size;
  }
  add(bond: Bond): void {
    this.chain.append(bond as NumberedBond);
  }
  remove(bond: Bond): void {
    const { after } = bond;
    this.chain.remove(bond as NumberedBond);
    bond.after = after;
  }
  bonds(): Bond[] {
    return this.chain.toArray();
  }
}

/** RTE-7: "a send that calls back into the registry completes, and harms nobody else"; with it RTE-3 (each exactly once, and no other). */
mutant(
  'moved-mid-walk',
  ['RTE-7', 'RTE-3'],
  'A broadcast walks the list of bindings itself; what is taken out keeps its way on, and what is added is too young. But a move takes the node along to the list of the other server: after a recipient that moves itself from within its send, the walk goes on there, and the rest get nothing.',
  class extends Ledger {
    #bound = 0;
    protected override newFan(): Fan {
      return new WalkableFan();
    }
    protected override attach(transport: Lease, server: Lease): void {
      const old = transport.bond as NumberedBond | undefined;
      if (old?.server === server) return;
      if (old !== undefined) old.server.fan?.remove(old);
      const bond = old ?? new NumberedBond(transport, server);
      this.#bound += 1;
      bond.serial = this.#bound;
      bond.server = server;
      transport.bond = bond;
      this.fanOf(server).add(bond);
    }
    protected override spread(server: Lease, message: unknown): number {
      const fan = server.fan as WalkableFan | undefined;
      if (fan === undefined) return 0;
      const { size } = fan;
      const youngest = this.#bound;
      for (let bond = fan.chain.first; bond !== undefined && bond.serial <= youngest; bond = bond.after as NumberedBond | undefined) {
        if (bond.transport.bond === bond && bond.server === server) this.deliver(bond.transport, server.id, message);
      }
      return size;
    }
  },
);

/** RTE-3: "each transport bound to the server at that moment … the call returns how many there were". */
mutant(
  'no-echo',
  ['RTE-7', 'RTE-3'],
  'A server that passes on what it is just being sent, by a broadcast from within its send, does not reach the transport that sent it: whoever said something need not hear it again.',
  class extends Ledger {
    readonly #handling: { readonly server: Lease; readonly from: string }[] = [];
    protected override deliver(lease: Lease, from: string, message: unknown): number {
      if (lease.space === 'transport') return super.deliver(lease, from, message);
      this.#handling.push({ server: lease, from });
      try {
        return super.deliver(lease, from, message);
      } finally {
        this.#handling.pop();
      }
    }
    protected override spread(server: Lease, message: unknown): number {
      const now = this.#handling.at(-1);
      const speaker = now?.server === server ? now.from : undefined;
      const bonds = (server.fan?.bonds() ?? []).filter(({ transport }) => transport.id !== speaker);
      for (const { transport } of bonds) if (transport.alive) this.deliver(transport, server.id, message);
      return bonds.length;
    }
  },
);

class LazyFan implements Fan {
  #members: Lease[] = [];
  #gone = 0;
  size = 0;
  constructor(readonly owner: Lease) {}
  add(bond: Bond): void {
    this.#members.push(bond.transport);
    this.size += 1;
  }
  remove(bond: Bond): void {
    this.size -= 1;
    if (this.#members.length <= 64) {
      this.#members.splice(this.#members.indexOf(bond.transport), 1);
      return;
    }
    this.#gone += 1;
    if (this.#gone <= this.#members.length / 2) return;
    this.#members = this.#members.filter((each) => each.bond?.server === this.owner);
    this.#gone = 0;
  }
  bonds(): Bond[] {
    return this.#members.flatMap(({ bond }) => (bond?.server === this.owner ? [bond] : []));
  }
}

/** RTE-5: "a message is delivered at most once"; with it RTE-3 (exactly once, and how many there were). */
mutant(
  'revived-member',
  ['RTE-3', 'RTE-5'],
  'In servers with more than 64 transports unbinding leaves the entry where it is, to be passed over since the transport is bound elsewhere or nowhere; when it is bound again, the old entry counts as well as the new one.',
  class extends Ledger {
    protected override newFan(server: Lease): Fan {
      return new LazyFan(server);
    }
  },
);

// -------------------------------------------------------------------------------------------------------------- endpoints

/** DWN-1: "when an endpoint goes down, all its names go". */
mutant(
  'shared-signal',
  ['DWN-1'],
  'There is one listener for each signal, whatever the number of endpoints that share it; the first of these to give up its last name takes the listener away from the others.',
  class extends Ledger {
    readonly #watches = new WeakMap<AbortSignal, { readonly tenants: Set<Tenancy>; readonly listener: () => void }>();
    protected override watch(tenancy: Tenancy): void {
      const known = this.#watches.get(tenancy.signal);
      if (known !== undefined) {
        known.tenants.add(tenancy);
        return;
      }
      const tenants = new Set([tenancy]);
      const listener = (): void => {
        for (const each of [...tenants]) this.goneDown(each);
      };
      this.#watches.set(tenancy.signal, { tenants, listener });
      tenancy.signal.addEventListener('abort', listener, { once: true });
    }
    protected override unwatch(tenancy: Tenancy): void {
      const watch = this.#watches.get(tenancy.signal);
      if (watch === undefined) return;
      watch.tenants.delete(tenancy);
      tenancy.signal.removeEventListener('abort', watch.listener);
      this.#watches.delete(tenancy.signal);
    }
  },
);

/** DWN-3: "a down has taken effect before the abort returns". */
mutant(
  'down-in-slices',
  ['DWN-3'],
  'An endpoint that goes down with more than 256 names would hold up everybody else, so the names beyond these go in microtasks, 256 at a time: after the abort has returned.',
  class extends Ledger {
    protected override goneDown(tenancy: Tenancy): void {
      const leases = tenancy.holdings.all();
      const slice = (from: number): void => {
        for (const lease of leases.slice(from, from + 256)) this.end(lease);
        if (from + 256 < leases.length) queueMicrotask(() => slice(from + 256));
      };
      slice(0);
    }
  },
);

/** DWN-4: "a down touches no name that another endpoint holds"; with it DWN-1, since that other's own down is not seen. */
mutant(
  'inherited-tenancy',
  ['LKP-1', 'DWN-4', 'DWN-1'],
  'What an endpoint holds is kept on the endpoint, under a symbol, which is quicker than a map; an endpoint made from another with Object.create, or a proxy of one, finds what that other holds and takes it for its own.',
  class extends Ledger {
    protected override newTenancies(): Tenancies {
      const key = Symbol('tenancy');
      const sealed = new WeakMap<Endpoint, Tenancy>();
      return {
        get: (endpoint) => (endpoint as unknown as { [key]?: Tenancy })[key] ?? sealed.get(endpoint),
        set: (endpoint, tenancy) => {
          if (Object.isExtensible(endpoint)) Object.defineProperty(endpoint, key, { value: tenancy, configurable: true });
          else sealed.set(endpoint, tenancy);
        },
        delete: (endpoint) => {
          if (Object.isExtensible(endpoint)) Reflect.deleteProperty(endpoint, key);
          sealed.delete(endpoint);
        },
      };
    }
  },
);

/** DWN-4, after a race for a name. */
mutant(
  'loser-remembers',
  ['DWN-4'],
  'A name that is taken is refused at once while the lane is idle; otherwise at the commit, and there the endpoint has been told of the name just before: the loser of a race for a name holds it too as far as its own end is concerned, and takes it from the winner when it goes down.',
  class extends Ledger {
    protected override admit(request: Request): void {
      super.admit(request);
      if (this.partitionOf(request.id).idle) this.checkFree(request);
    }
    protected override commitRegister(request: Request): void {
      this.checkUp(request);
      const lease = this.claim(request);
      this.checkFree(request);
      this.enter(lease, request);
    }
  },
);

class PackedHoldings implements Holdings {
  #few: Lease[] = [];
  #many: Map<string, Lease> | undefined = undefined;
  get size(): number {
    return this.#many?.size ?? this.#few.length;
  }
  add(lease: Lease): void {
    if (this.#many !== undefined) this.#many.set(lease.id, lease);
    else if (this.#few.push(lease) > 8) {
      this.#many = new Map(this.#few.map((each) => [each.id, each]));
      this.#few = [];
    }
  }
  delete(lease: Lease): void {
    if (this.#many !== undefined) this.#many.delete(lease.id);
    else this.#few.splice(this.#few.indexOf(lease), 1);
  }
  all(): Lease[] {
    return [...(this.#many?.values() ?? this.#few)];
  }
}

/** DWN-1: "all its names go, in both namespaces"; EPT-1: "any number of names, in both namespaces". */
mutant(
  'packed-names',
  ['DWN-1', 'EPT-1'],
  'What an endpoint holds is a short array, and from the ninth name on a map by id, where a server and a transport of the same id are in each other’s place: one of the two outlives the endpoint.',
  class extends Ledger {
    protected override newHoldings(): Holdings {
      return new PackedHoldings();
    }
  },
);

/** DWN-2: "when an endpoint goes down, the bindings of its names end": here one is made to what has gone. */
mutant(
  'bound-to-the-dead',
  ['CON-1', 'DWN-2'],
  'Only unregistering marks an incarnation as ended; going down takes it out of the tables by a way of its own, which forgets the mark, and a bind that is on its way to the store then ties a transport to a server that is gone.',
  class extends Ledger {
    protected override goneDown(tenancy: Tenancy): void {
      for (const lease of tenancy.holdings.all()) this.erase(lease);
    }
  },
);

// ----------------------------------------------------------------------------------------------------------- incarnations

/** INC-1: "a late down of an endpoint that held a name before never touches the new incarnation of that name". */
mutant(
  'late-tidying',
  ['INC-1'],
  'A down takes effect at once, and where the lane is busy the store is tidied up by a job at the end of the lane, by name, in case a write on its way has put something there: it removes the registration of another endpoint that was waiting in the lane before it.',
  class extends Ledger {
    protected override goneDown(tenancy: Tenancy): void {
      const leases = tenancy.holdings.all();
      super.goneDown(tenancy);
      for (const { space, id } of leases) {
        if (this.partitionOf(id).idle) continue;
        this.submit({ op: 'tidy', space, id }, () => this.commitUnregister(space, id), nothing, true).catch(nothing);
      }
    }
  },
);

/** INC-2: "a binding of an older incarnation, of the server or of the transport, never holds for the new one". */
mutant(
  'generation-wraps',
  ['INC-2'],
  'A binding is a ticket with the slot of the server and its generation, so that removing a server is one increment; slots are used again, last come first served, and the generation is one byte: after 256 incarnations the old tickets are good again.',
  class extends Ledger {
    readonly #slots: (Lease | undefined)[] = [];
    readonly #generations: number[] = [];
    readonly #free: number[] = [];
    readonly #slotOf = new WeakMap<Lease, number>();
    readonly #tickets = new WeakMap<Lease, { readonly slot: number; readonly generation: number }>();
    protected override enter(lease: Lease, request: Request): void {
      if (lease.space === 'server') {
        const slot = this.#free.pop() ?? this.#slots.length;
        this.#slots[slot] = lease;
        this.#generations[slot] ??= 0;
        this.#slotOf.set(lease, slot);
      }
      super.enter(lease, request);
    }
    protected override erase(lease: Lease): void {
      super.erase(lease);
      const slot = this.#slotOf.get(lease);
      if (slot === undefined) return;
      this.#slots[slot] = undefined;
      this.#generations[slot] = ((this.#generations[slot] ?? 0) + 1) & 0xff;
      this.#free.push(slot);
    }
    protected override attach(transport: Lease, server: Lease): void {
      super.attach(transport, server);
      const slot = this.#slotOf.get(server);
      if (slot !== undefined) this.#tickets.set(transport, { slot, generation: this.#generations[slot] ?? 0 });
    }
    protected override detach(transport: Lease): void {
      super.detach(transport);
      this.#tickets.delete(transport);
    }
    protected override serverOf(transport: Lease): Lease | undefined {
      const ticket = this.#tickets.get(transport);
      if (ticket === undefined || this.#generations[ticket.slot] !== ticket.generation) return undefined;
      return this.#slots[ticket.slot];
    }
  },
);

/** INC-2 again, when writes wait for each other. */
mutant(
  'merged-reconnect',
  ['DLK-2', 'INC-2'],
  'A registration that comes to wait right behind the unregistration of the same server, by the endpoint that holds it, is a reconnect: the two are merged into one write, which leaves the registration where it is and gives it the new configuration; the bindings stay too.',
  class extends Ledger {
    protected override queueRegister(request: Request): Promise<void> {
      const { space, id, endpoint } = request;
      const partition = this.partitionOf(id);
      const ahead = partition.queue.at(-1);
      if (space !== 'server' || ahead?.about.op !== 'unregister' || ahead.about.space !== space || ahead.about.id !== id || this.lookup(space, id)?.endpoint !== endpoint) {
        return super.queueRegister(request);
      }
      partition.queue.pop();
      const answer = this.submit({ op: 'register', space, id }, () => {
        const held = this.lookup(space, id);
        try {
          if (held?.endpoint === endpoint) {
            held.config = request.config;
          } else {
            if (held !== undefined) this.end(held);
            this.commitRegister(request);
          }
        } finally {
          this.record(partition, ahead.calledAt);
          ahead.resolve();
        }
      });
      answer.catch(ahead.reject);
      return answer;
    }
  },
);

// --------------------------------------------------------------------------------------------------------------- bindings

/** BND-1: "binding a registered transport to a registered server succeeds"; UPD: "without making a new incarnation". */
mutant(
  'update-replaces',
  ['CON-1', 'BND-1'],
  'Records are immutable, so an update puts a new one in the place of the old and takes the bindings along, all but those that are on their way: a bind whose turn had come before the update finds that its server has ended, and is refused.',
  class extends Ledger {
    protected override commitUpdate(id: string, config: Config): void {
      const old = this.lookup('server', id);
      if (old === undefined) throw this.refuse('server_not_found', 'no such server');
      const fresh = new Lease('server', id, old.tenancy, config);
      fresh.fan = old.fan;
      for (const bond of old.fan?.bonds() ?? []) bond.server = fresh;
      old.tenancy.holdings.add(fresh);
      old.tenancy.holdings.delete(old);
      old.alive = false;
      old.fan = undefined;
      this.partitionOf(id).server.set(id, fresh);
    }
  },
);

/** BND-4: "moves it: it is bound to the new server only". */
mutant(
  'tidied-binding',
  ['BND-4'],
  'The bindings of a server end with it, since they name its incarnation, and the field in each transport is cleared in the lane of that transport; clearing does not look at what is in the field by then: if a bind to another server was ahead in the lane, it is undone.',
  class extends Ledger {
    protected override serverOf(transport: Lease): Lease | undefined {
      const server = super.serverOf(transport);
      return server?.alive === true ? server : undefined;
    }
    protected override dissolve(server: Lease): void {
      const bonds = server.fan?.bonds() ?? [];
      server.fan = undefined;
      for (const { transport } of bonds) {
        this.submit({ op: 'tidy', space: 'transport', id: transport.id }, () => this.detach(transport), nothing, true).catch(nothing);
      }
    }
  },
);

/** REG-4: "a refused operation changes nothing". */
mutant(
  'move-half-done',
  ['CON-3', 'REG-4'],
  'A bind of a bound transport lets go of the old server and then asks whether the new one is still there: if that has gone while the bind was on its way, it is refused, and the old binding is lost.',
  class extends Ledger {
    protected override commitBind(transportId: string, _serverId: string, server: Lease | undefined): void {
      if (server === undefined) throw this.refuse('server_not_found', 'no such server');
      const transport = this.lookup('transport', transportId);
      if (transport === undefined) throw server.alive ? this.refuse('transport_not_found', 'no such transport') : this.refuse('server_not_found', 'no such server');
      if (transport.bond?.server !== server) this.detach(transport);
      if (!server.alive) throw this.refuse('server_not_found', 'no such server');
      this.attach(transport, server);
    }
  },
);

// ------------------------------------------------------------------------------------------------ registration and the rest

/** REG-3: "registering for an endpoint whose signal has aborted is refused with endpoint_down". */
mutant(
  'reason-for-down',
  ['REG-3'],
  'Whether a signal has aborted is told by its reason, which was wanted as the cause of the error anyway: one that was aborted with null, 0, false or an empty string counts as up.',
  class extends Ledger {
    protected override isDown(signal: AbortSignal): boolean {
      return Boolean(signal.reason);
    }
  },
);

class MigratingTable implements Table {
  #now = new Map<string, Lease>();
  #before: Map<string, Lease> | undefined = undefined;
  #limit = 128;
  get(id: string): Lease | undefined {
    const lease = this.#now.get(id);
    if (lease !== undefined || this.#before === undefined) return lease;
    const old = this.#before.get(id);
    if (old !== undefined) this.#now.set(id, old);
    return old;
  }
  set(id: string, lease: Lease): void {
    this.#now.set(id, lease);
    if (this.#before !== undefined) this.#step(this.#before);
    else if (this.#now.size > this.#limit) {
      this.#before = this.#now;
      this.#now = new Map();
      this.#limit *= 4;
    }
  }
  delete(id: string): void {
    if (!this.#now.delete(id)) this.#before?.delete(id);
  }
  *values(): Iterable<Lease> {
    yield* this.#now.values();
    for (const [id, lease] of this.#before ?? []) if (!this.#now.has(id)) yield lease;
  }
  #step(before: Map<string, Lease>): void {
    let left = 4;
    for (const [id, lease] of before) {
      before.delete(id);
      if (!this.#now.has(id)) this.#now.set(id, lease);
      left -= 1;
      if (left === 0) break;
    }
    if (before.size === 0) this.#before = undefined;
  }
}

/** UNR-1: "unregistering a name removes it". */
mutant(
  'migrating-table',
  ['UNR-1'],
  'A table that has outgrown 128 names of one partition moves them to a larger one bit by bit, a few with each registration, and whatever is looked up at once; that leaves the old entry, which is to be dropped with the old table: unregistering removes the new entry only, and the old one comes back.',
  class extends Ledger {
    protected override newTable(): Table {
      return new MigratingTable();
    }
  },
);

/** UPD-1: "updating a server replaces its configuration". */
mutant(
  'merged-updates',
  ['DLK-2', 'UPD-1'],
  'Updates of one server that wait for their turn are merged: the first of them writes the newest configuration, and the others find nothing left to do, even if the name has been given up and registered again in between, by writes that waited between them.',
  class extends Ledger {
    readonly #newest = new Map<string, Config>();
    protected override queueUpdate(id: string, config: Config): Promise<void> {
      this.#newest.set(id, config);
      return this.submit({ op: 'update', space: 'server', id }, () => {
        const newest = this.#newest.get(id);
        this.#newest.delete(id);
        if (newest !== undefined) this.commitUpdate(id, newest);
        else if (this.lookup('server', id) === undefined) throw this.refuse('server_not_found', 'no such server');
      });
    }
  },
);

/** ERR-1: "a refusal is an error whose code is one of the specified codes". */
mutant(
  'shared-errors',
  ['ERR-1'],
  'Errors are dear because of their stacks, so there is one for each code, made when it is first needed: who writes on the one he was given, as those do who wrap errors, writes on those of everybody else.',
  class extends Ledger {
    readonly #known = new Map<ErrorCode, Refusal>();
    protected override refuse(code: ErrorCode, message: string): Refusal {
      let refusal = this.#known.get(code);
      if (refusal === undefined) {
        refusal = new Refusal(code, message);
        this.#known.set(code, refusal);
      }
      return refusal;
    }
  },
);

// ---------------------------------------------------------------------------------------------------------------- closing

/** CLS-1: "after close … no name is found". */
mutant(
  'served-after-close',
  ['CLS-3', 'CLS-1'],
  'Closing refuses the writes that wait, but lets those finish that the store is working on; one that ends after the close puts its name into the table all the same. Lookups and lists look at the flag first, routing does not: it relies on the tables’ being empty.',
  class extends Ledger {
    protected override abandon(partition: Partition): void {
      const waiting = partition.queue;
      partition.queue = [];
      for (const job of waiting) job.reject(this.refuse('registry_closed', 'the registry has been closed'));
    }
  },
);

/** DLK-4: "every operation ends". */
mutant(
  'dropped-at-close',
  ['DLK-4'],
  'Closing refuses the write of each lane that is on its way to the store and empties the lane; those that had been waiting behind it are never answered.',
  class extends Ledger {
    protected override abandon(partition: Partition): void {
      partition.queue = [];
      super.abandon(partition);
    }
  },
);

/** Two more than were asked for. */
const spare = new Set(['lifetimes-round-wraps', 'lifetimes-overtaken-broadcast']);

export const mutants: readonly Mutant[] = found.filter(({ id }) => !spare.has(id));
export const spares: readonly Mutant[] = found.filter(({ id }) => spare.has(id));
