import type { OpenOptions } from '../../../contract.js';
import type { Namespace, Registration } from '../../../../spec/index.js';
import type { broadcast } from '../../../../spec/index.js';
import type { Correct } from '../correct.js';
import type { Bond, Lease, Tenancy} from './registry.js';
import { adapterOf, Ledger, type Fan, type Holdings, type Job, type Partition, type Request } from './registry.js';

const found: Correct[] = [];

const add = (id: string, how: string, Kind: new (options: OpenOptions) => Ledger): void => {
  const full = `lifetimes-${id}`;
  found.push({ id: full, how, adapter: adapterOf(full, Kind) });
};

add(
  'ledger',
  'Incarnations are objects that are never used twice, in intrusive chains by endpoint and by server; writes are jobs in lanes, and commit within the call as long as commits take no time.',
  Ledger,
);

class CompactingFan implements Fan {
  #rows: Bond[] = [];
  size = 0;
  add(bond: Bond): void {
    this.#rows.push(bond);
    this.size += 1;
  }
  remove(): void {
    this.size -= 1;
    if (this.#rows.length > 2 * this.size + 16) this.#compact();
  }
  bonds(): Bond[] {
    if (this.#rows.length > this.size) this.#compact();
    return [...this.#rows];
  }
  #compact(): void {
    this.#rows = this.#rows.filter((bond) => bond.transport.bond === bond);
  }
}

class GrowingHoldings implements Holdings {
  #few: Lease[] = [];
  #many: Set<Lease> | undefined = undefined;
  get size(): number {
    return this.#many?.size ?? this.#few.length;
  }
  add(lease: Lease): void {
    if (this.#many !== undefined) this.#many.add(lease);
    else if (this.#few.push(lease) > 8) {
      this.#many = new Set(this.#few);
      this.#few = [];
    }
  }
  delete(lease: Lease): void {
    if (this.#many !== undefined) {
      this.#many.delete(lease);
      return;
    }
    const at = this.#few.indexOf(lease);
    if (at >= 0) this.#few.splice(at, 1);
  }
  all(): Lease[] {
    return [...(this.#many ?? this.#few)];
  }
}

add(
  'lazy',
  'Bindings that have ended stay in the list of their server until half of it is dead; names of an endpoint are an array and then a set; one listener for each signal, however many endpoints share it, until the last of them has gone.',
  class extends Ledger {
    readonly #watches = new WeakMap<AbortSignal, { readonly tenants: Set<Tenancy>; readonly listener: () => void }>();
    protected override newFan(): Fan {
      return new CompactingFan();
    }
    protected override newHoldings(): Holdings {
      return new GrowingHoldings();
    }
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
      if (watch.tenants.size > 0) return;
      tenancy.signal.removeEventListener('abort', watch.listener);
      this.#watches.delete(tenancy.signal);
    }
  },
);

add(
  'contrary',
  'Does otherwise wherever the text lets it: reads and routing refuse when closed, a send that throws is not counted, a broadcast passes over whom it no longer concerns, admission is asked at the commit as well, what goes down counts as writes and what did nothing does not, lists run backwards, deliveries are frozen.',
  class extends Ledger {
    #idle = false;
    protected override record(partition: Partition, calledAt: number): void {
      if (!this.#idle) super.record(partition, calledAt);
      this.#idle = false;
    }
    protected override commitRegister(request: Request): void {
      if (!this.admits()) throw this.refuse('admission_control_active', 'too many partitions are contended');
      super.commitRegister(request);
    }
    protected override commitUnregister(space: Namespace, id: string): void {
      this.#idle = this.lookup(space, id) === undefined;
      super.commitUnregister(space, id);
    }
    protected override goneDown(tenancy: Tenancy): void {
      const leases = tenancy.holdings.all();
      super.goneDown(tenancy);
      for (const { id } of leases) super.record(this.partitionOf(id), this.clock.now());
    }
    protected override find(space: Namespace, id: string): Registration | undefined {
      this.checkId(id);
      this.checkOpen();
      return super.find(space, id);
    }
    protected override list(space: Namespace): Registration[] {
      this.checkOpen();
      return super.list(space).reverse();
    }
    override getServerForTransport(transportId: string): string | undefined {
      this.checkId(transportId);
      this.checkOpen();
      return super.getServerForTransport(transportId);
    }
    override routeToServer(serverId: string, transportId: string, message: unknown): number {
      this.checkOpen();
      return super.routeToServer(serverId, transportId, message);
    }
    override routeToTransport(transportId: string | typeof broadcast, serverId: string, message: unknown): number {
      this.checkOpen();
      return super.routeToTransport(transportId, serverId, message);
    }
    protected override spread(server: Lease, message: unknown): number {
      const bonds = server.fan?.bonds() ?? [];
      for (const bond of bonds) if (bond.transport.bond === bond) this.deliver(bond.transport, server.id, message);
      return bonds.length;
    }
    protected override deliver(lease: Lease, from: string, message: unknown): number {
      return this.hand(lease.endpoint, Object.freeze({ namespace: lease.space, to: lease.id, from, message })) ? 1 : 0;
    }
  },
);

add(
  'unhurried',
  'No write commits within its call: even if the store takes no time, it is a microtask later.',
  class extends Ledger {
    protected override serve(partition: Partition, job: Job): void {
      if (this.commitMs > 0) {
        super.serve(partition, job);
        return;
      }
      queueMicrotask(() => {
        if (partition.serving === job) this.finish(partition, job);
      });
    }
  },
);

export const correct: readonly Correct[] = found;
