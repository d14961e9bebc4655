import type { Adapter, OpenOptions } from '../contract.js';
import { broadcast, type AdmissionMode, type Config, type ContentionStatus, type Delivery, type Endpoint, type Namespace, type PartitionStats, type Registration, type RequirementId } from '../../spec/index.js';
import { partitionOf } from '../../src/ids.js';
import { isThenable } from '../../src/thenable.js';
import type { Mutant } from './mutant.js';
import { mean, Plain, plain, plainAdapter, refusal, type Answer, type Entry, type Lane, type Sample, type Steps, type Write } from './whole-registry.js';

/*
 * Broken registries that were written from the specification alone, by somebody who had not read the checks, about routing,
 * partitions, statistics, contention, admission and progress.
 *
 * First met by the kit on 2026-11-25, at commit fb46182: of 146, 59 were killed, 32 were found out for the wrong reason or for more
 * than is listed, 53 survived, and 2 were inconclusive. Since then the kit has been changed, and so have these: two turned out
 * to break nothing (the specification did not say yet that `send` is called as a method, nor that a refusal waits for its turn), and of
 * six the list of what they break was put right. So what becomes of them now proves no more than that of any other mutant.
 */

const broken = (id: string, breaks: readonly RequirementId[], how: string, Kind: new (options: OpenOptions) => Plain): Mutant => ({ id, breaks, how, adapter: plainAdapter(id, Kind) });

/** Calls from within a send are delivered at once, before the rest of what they interrupt: that conforms. */
class Direct extends Plain {
  protected override post(to: readonly Entry[], from: string, message: unknown): number {
    for (const entry of to) this.hand(entry, from, message);
    return to.length;
  }
}

/** What changes nothing is counted as a write: the specification leaves that open. */
class Diligent extends Plain {
  protected override unregister(...[kind, namespace, id]: Parameters<Plain['unregister']>): Promise<void> {
    const names = this.names(namespace);
    return this.write(kind, namespace, id, () => ({
      check: () => true,
      apply: () => {
        const entry = names.get(id);
        if (entry !== undefined) this.remove(entry);
      },
    }));
  }
  override unbindTransport(transportId: string): Promise<void> {
    return this.write('unbindTransport', 'transport', transportId, () => ({
      check: () => true,
      apply: () => {
        const entry = this.transports.get(transportId);
        if (entry !== undefined) this.untie(entry);
      },
    }));
  }
}

/** Who registers a name that is taken is refused at once, whatever waits to free it: a refusal is no write, and may be the answer at any moment of the call. */
class Hasty extends Plain {
  protected override enqueue(lane: Lane, write: Write): void {
    if (write.kind.startsWith('register') && this.names(write.namespace).has(write.id)) write.reject(refusal('already_registered'));
    else super.enqueue(lane, write);
  }
}

/** Everything is delivered a job later: that conforms. */
class Posting extends Plain {
  protected override post(to: readonly Entry[], from: string, message: unknown): number {
    this.parcels.push({ to, from, message });
    if (this.parcels.length === 1) queueMicrotask(() => this.drain());
    return to.length;
  }
}

const clone = (message: unknown): unknown => {
  try {
    return structuredClone(message);
  } catch {
    return message;
  }
};

const routing: readonly Mutant[] = [
  broken('one-pending-call', ['RTE-7', 'RTE-1', 'RTE-3'], 'room for one call from within a send: the next takes its place', class extends Plain {
    protected override post(to: readonly Entry[], from: string, message: unknown): number {
      if (this.delivering && this.parcels.length > 1) this.parcels.pop();
      return super.post(to, from, message);
    }
  }),
  broken('nested-calls-reversed', ['RTE-4'], 'calls from within a send are kept on a stack', class extends Plain {
    protected override drain(): void {
      this.delivering = true;
      for (let parcel = this.parcels.pop(); parcel !== undefined; parcel = this.parcels.pop()) for (const entry of parcel.to) this.hand(entry, parcel.from, parcel.message);
      this.delivering = false;
    }
  }),
  broken('nesting-limit', ['RTE-7', 'RTE-1'], 'a guard against loops: calls from within calls are dropped from a depth of sixteen on', class extends Plain {
    #depth = 0;
    protected override post(to: readonly Entry[], from: string, message: unknown): number {
      if (this.#depth >= 16) return to.length;
      this.#depth++;
      for (const entry of to) this.hand(entry, from, message);
      this.#depth--;
      return to.length;
    }
  }),
  broken('busy-after-throw', ['RTE-6', 'RTE-1', 'RTE-3'], 'the flag that somebody is delivering stays up when a send throws', class extends Plain {
    protected override drain(): void {
      this.delivering = true;
      try {
        for (let parcel = this.parcels.shift(); parcel !== undefined; parcel = this.parcels.shift()) for (const entry of parcel.to) this.hand(entry, parcel.from, parcel.message);
        this.delivering = false;
      } catch {
        // Logged.
      }
    }
    protected override send(endpoint: Endpoint, delivery: Delivery): void {
      void Promise.resolve(endpoint.send(delivery)).catch(() => undefined);
    }
  }),
  broken('broadcast-over-live-set', ['RTE-3', 'RTE-7', 'RTE-5'], 'a broadcast walks the set of members itself, so that who is bound during it is reached as well', class extends Direct {
    protected override broadcast(server: Entry | undefined, from: string, message: unknown): number {
      const count = server?.members.size ?? 0;
      for (const member of server?.members ?? []) this.hand(member, from, message);
      return count;
    }
  }),
  broken('broadcast-by-index', ['RTE-3', 'RTE-7'], 'members in an array that is walked by index: who leaves during a broadcast makes the next be passed over', class extends Direct {
    readonly #members = new Map<Entry, Entry[]>();
    protected override tie(transport: Entry, server: Entry): void {
      super.tie(transport, server);
      const list = this.#members.get(server);
      if (list === undefined) this.#members.set(server, [transport]);
      else list.push(transport);
    }
    protected override untie(transport: Entry): void {
      const list = transport.server && this.#members.get(transport.server);
      if (list?.includes(transport) === true) list.splice(list.indexOf(transport), 1);
      super.untie(transport);
    }
    protected override broadcast(server: Entry | undefined, from: string, message: unknown): number {
      const list = (server && this.#members.get(server)) ?? [];
      const { length } = list;
      for (let i = 0; i < list.length; i++) this.hand(list[i]!, from, message);
      return length;
    }
  }),
  broken('moved-and-still-listed', ['RTE-3', 'BND-4'], 'a transport that is moved stays in the list that its old server broadcasts to', class extends Plain {
    readonly #audience = new Map<Entry, Set<Entry>>();
    protected override tie(transport: Entry, server: Entry): void {
      transport.server?.members.delete(transport);
      transport.server = server;
      server.members.add(transport);
      this.#audience.set(server, (this.#audience.get(server) ?? new Set()).add(transport));
    }
    protected override untie(transport: Entry): void {
      if (transport.server !== undefined) this.#audience.get(transport.server)?.delete(transport);
      super.untie(transport);
    }
    protected override broadcast(server: Entry | undefined, from: string, message: unknown): number {
      return this.post([...((server && this.#audience.get(server)) ?? [])].filter(({ alive }) => alive), from, message);
    }
  }),
  broken('audience-by-server-id', ['INC-2', 'RTE-3'], 'whom a broadcast reaches is kept by the id of the server, and outlives its registration', class extends Plain {
    readonly #audience = new Map<string, Set<Entry>>();
    protected override tie(transport: Entry, server: Entry): void {
      super.tie(transport, server);
      this.#audience.set(server.id, (this.#audience.get(server.id) ?? new Set()).add(transport));
    }
    protected override untie(transport: Entry): void {
      if (transport.server?.alive === true) this.#audience.get(transport.server.id)?.delete(transport);
      super.untie(transport);
    }
    protected override broadcast(server: Entry | undefined, from: string, message: unknown): number {
      return this.post(server === undefined ? [] : [...(this.#audience.get(server.id) ?? [])].filter(({ alive }) => alive), from, message);
    }
  }),
  broken('one-broadcast-per-endpoint', ['RTE-3'], 'an endpoint that is bound under two names gets a broadcast once', class extends Plain {
    protected override broadcast(server: Entry | undefined, from: string, message: unknown): number {
      return this.post([...new Map([...(server?.members ?? [])].map((member) => [member.endpoint, member])).values()], from, message);
    }
  }),
  broken('no-echo', ['RTE-3'], 'a broadcast leaves out the endpoint it comes from, as chat servers do', class extends Plain {
    protected override broadcast(server: Entry | undefined, from: string, message: unknown): number {
      return this.post([...(server?.members ?? [])].filter(({ endpoint }) => endpoint !== server?.endpoint), from, message);
    }
  }),
  broken('first-page-only', ['RTE-3'], 'members are read in pages of a hundred, and nobody asks for the second', class extends Plain {
    protected override broadcast(server: Entry | undefined, from: string, message: unknown): number {
      return this.post([...(server?.members ?? [])].slice(0, 100), from, message);
    }
  }),
  broken('coalesced-broadcasts', ['RTE-3', 'RTE-1'], 'only the newest state matters: a broadcast replaces one of the same server that has not gone out yet', class extends Posting {
    readonly #last = new Map<string, readonly Entry[]>();
    protected override broadcast(server: Entry | undefined, from: string, message: unknown): number {
      const waiting = this.parcels.findIndex(({ to }) => to === this.#last.get(from));
      if (waiting >= 0 && !this.delivering) this.parcels[waiting] = { to: [], from, message };
      const to = [...(server?.members ?? [])];
      this.#last.set(from, to);
      return this.post(to, from, message);
    }
  }),
  broken('broadcast-a-job-later', ['RTE-4'], 'a broadcast is taken out of the way of its caller, a single message is not', class extends Plain {
    protected override broadcast(server: Entry | undefined, from: string, message: unknown): number {
      const to = [...(server?.members ?? [])];
      queueMicrotask(() => this.post(to, from, message));
      return to.length;
    }
  }),
  broken('same-message-once', ['RTE-1'], 'to be sure of at most once, a recipient is not given the message it was given last', class extends Plain {
    readonly #last = new WeakMap<Entry, unknown>();
    protected override hand(entry: Entry, from: string, message: unknown): void {
      if (this.#last.has(entry) && this.#last.get(entry) === message) return;
      this.#last.set(entry, message);
      super.hand(entry, from, message);
    }
  }),
  broken('empty-messages-dropped', ['RTE-1'], '`if (!message) return`: nothing to say is not said', class extends Plain {
    protected override hand(entry: Entry, from: string, message: unknown): void {
      if (message) super.hand(entry, from, message);
    }
  }),
  broken('undefined-becomes-null', ['RTE-1'], 'a message travels in an envelope that knows JSON only, where it is cheap to tell', class extends Plain {
    protected override hand(entry: Entry, from: string, message: unknown): void {
      super.hand(entry, from, message ?? null);
    }
  }),
  broken('messages-in-batches', ['RTE-1', 'RTE-5'], 'a batch is an array, so an array is taken for a batch', class extends Plain {
    protected override hand(entry: Entry, from: string, message: unknown): void {
      for (const one of [message].flat()) super.hand(entry, from, one);
    }
  }),
  broken('messages-cloned', ['RTE-1'], 'a message is copied, so that recipients cannot change it for each other', class extends Plain {
    protected override hand(entry: Entry, from: string, message: unknown): void {
      super.hand(entry, from, clone(message));
    }
  }),
  broken('promised-message-awaited', ['RTE-1'], 'who sends a promise surely means what it promises', class extends Plain {
    protected override hand(entry: Entry, from: string, message: unknown): void {
      if (isThenable(message)) void Promise.resolve(message).then((settled) => super.hand(entry, from, settled), () => undefined);
      else super.hand(entry, from, message);
    }
  }),
  broken('one-delivery-for-all', ['RTE-1', 'RTE-3'], 'one delivery is made for a broadcast, and readdressed for each recipient', class extends Direct {
    protected override broadcast(server: Entry | undefined, from: string, message: unknown): number {
      const members = [...(server?.members ?? [])];
      const delivery = { namespace: 'transport' as const, to: '', from, message };
      for (const member of members) {
        delivery.to = member.id;
        if (member.alive) this.send(member.endpoint, delivery);
      }
      return members.length;
    }
  }),
  broken('broadcast-to-server', ['RTE-3', 'RTE-1'], 'a broadcast is addressed to the name that was broadcast to', class extends Direct {
    protected override broadcast(server: Entry | undefined, from: string, message: unknown): number {
      const members = [...(server?.members ?? [])];
      for (const { alive, endpoint } of members) if (alive) this.send(endpoint, { namespace: 'transport', to: from, from, message });
      return members.length;
    }
  }),
  broken('first-name-of-endpoint', ['RTE-1', 'RTE-3'], 'a mailbox for each endpoint, which bears the name it was made for', class extends Plain {
    readonly #names = new WeakMap<Endpoint, Map<Namespace, string>>();
    protected override insert(entry: Entry): void {
      const names = this.#names.get(entry.endpoint) ?? new Map<Namespace, string>();
      if (!names.has(entry.namespace)) names.set(entry.namespace, entry.id);
      this.#names.set(entry.endpoint, names);
      super.insert(entry);
    }
    protected override send(endpoint: Endpoint, delivery: Delivery): void {
      super.send(endpoint, { ...delivery, to: this.#names.get(endpoint)?.get(delivery.namespace) ?? delivery.to });
    }
  }),
  broken('catch-on-anything', ['RTE-1', 'RTE-6', 'RTE-3'], '`endpoint.send(delivery)?.catch(...)`: a send that gives back something that is no promise fails the call', class extends Direct {
    protected override send(endpoint: Endpoint, delivery: Delivery): void {
      let result: unknown;
      try {
        result = endpoint.send(delivery);
      } catch {
        return;
      }
      (result as Promise<unknown> | undefined)?.catch(() => undefined);
    }
  }),
  broken('then-that-throws', ['RTE-6'], 'what a send gives back is asked to tell of its end, outside of the try', class extends Direct {
    protected override send(endpoint: Endpoint, delivery: Delivery): void {
      let result: unknown;
      try {
        result = endpoint.send(delivery);
      } catch {
        return;
      }
      if (isThenable(result)) result.then(undefined, () => undefined);
    }
  }),
  broken('rejections-unheard', ['RTE-6'], 'try and catch around a send, as if all sends were synchronous', class extends Plain {
    protected override send(endpoint: Endpoint, delivery: Delivery): void {
      try {
        endpoint.send(delivery);
      } catch {
        // Logged.
      }
    }
  }),
  broken('broadcast-ends-at-throw', ['RTE-6', 'RTE-3'], 'one try around the whole broadcast', class extends Direct {
    protected override broadcast(server: Entry | undefined, from: string, message: unknown): number {
      const members = [...(server?.members ?? [])];
      try {
        for (const { alive, id, endpoint } of members) if (alive) void Promise.resolve(endpoint.send({ namespace: 'transport', to: id, from, message })).catch(() => undefined);
      } catch {
        // Logged.
      }
      return members.length;
    }
  }),
  broken('backpressure', ['RTE-1', 'RTE-3', 'RTE-6', 'RTE-7'], 'an endpoint is given the next message when it has done with the last: one that never has is given none', class extends Plain {
    readonly #busy = new WeakMap<Endpoint, Promise<unknown>>();
    #result: Promise<unknown> | undefined;
    protected override hand(entry: Entry, from: string, message: unknown): void {
      const busy = this.#busy.get(entry.endpoint);
      const deliver = (): Promise<unknown> | undefined => {
        this.#result = undefined;
        super.hand(entry, from, message);
        return this.#result;
      };
      const done = busy === undefined ? deliver() : busy.then(deliver);
      if (done === undefined) return;
      const held = done.then(() => {
        if (this.#busy.get(entry.endpoint) === held) this.#busy.delete(entry.endpoint);
      });
      this.#busy.set(entry.endpoint, held);
    }
    protected override send(endpoint: Endpoint, delivery: Delivery): void {
      try {
        const result = endpoint.send(delivery);
        this.#result = isThenable(result) ? Promise.resolve(result).catch(() => undefined) : undefined;
      } catch {
        // Its own affair.
      }
    }
  }),
  broken('sent-again-on-rejection', ['RTE-5'], 'a send that rejects is tried once more', class extends Plain {
    protected override send(endpoint: Endpoint, delivery: Delivery): void {
      try {
        const result = endpoint.send(delivery);
        if (isThenable(result)) Promise.resolve(result).then(undefined, () => super.send(endpoint, delivery));
      } catch {
        // Its own affair.
      }
    }
  }),
  broken('circuit-breaker', ['RTE-6', 'RTE-1', 'RTE-3'], 'an endpoint whose send has thrown three times is sent no more', class extends Plain {
    readonly #failures = new WeakMap<Endpoint, number>();
    protected override send(endpoint: Endpoint, delivery: Delivery): void {
      const failures = this.#failures.get(endpoint) ?? 0;
      if (failures >= 3) return;
      const send = (sent: Delivery): unknown => {
        try {
          return endpoint.send(sent);
        } catch (error) {
          this.#failures.set(endpoint, failures + 1);
          throw error;
        }
      };
      super.send({ send, signal: endpoint.signal }, delivery);
    }
  }),
  broken('false-means-refused', ['RTE-1', 'RTE-3'], 'a send that returns false has not taken the message, as a stream does', class extends Direct {
    protected override post(to: readonly Entry[], from: string, message: unknown): number {
      let taken = 0;
      for (const entry of to) {
        let result: unknown;
        super.hand({ ...entry, endpoint: { send: (delivery) => (result = entry.endpoint.send(delivery)), signal: entry.endpoint.signal } }, from, message);
        if (result !== false) taken++;
      }
      return taken;
    }
  }),
  broken('stale-route', ['RTE-8', 'RTE-1'], 'routes are cached, and looked at again only when the name turns out to be gone', class extends Plain {
    readonly #routes = new Map<string, Entry>();
    protected override present(entry: Entry | undefined): Entry[] {
      if (entry === undefined) return [];
      const key = `${entry.namespace} ${entry.id}`;
      const cached = this.#routes.get(key);
      if (cached !== undefined && !cached.endpoint.signal.aborted) return [cached];
      this.#routes.set(key, entry);
      return super.present(entry);
    }
    protected override found(namespace: Namespace, id: string): Entry | undefined {
      const entry = super.found(namespace, id);
      if (entry === undefined) this.#routes.delete(`${namespace} ${id}`);
      return entry;
    }
    protected override hand(entry: Entry, from: string, message: unknown): void {
      this.send(entry.endpoint, { namespace: entry.namespace, to: entry.id, from, message });
    }
  }),
  broken('route-outlives-down', ['RTE-2', 'RTE-8'], 'the table of routes is cleared by unregistering, and nobody thought of endpoints that go down', class extends Plain {
    readonly #routes = new Map<string, Entry>();
    protected override insert(entry: Entry): void {
      super.insert(entry);
      if (entry.namespace === 'transport') this.#routes.set(entry.id, entry);
    }
    override unregisterTransport(id: string): Promise<void> {
      return super.unregisterTransport(id).then(() => void this.#routes.delete(id));
    }
    override routeToTransport(to: string | typeof broadcast, from: string, message: unknown): Answer<number> {
      this.open();
      const route = to === broadcast ? undefined : this.#routes.get(to);
      if (route === undefined || route.alive) return super.routeToTransport(to, from, message);
      this.send(route.endpoint, { namespace: 'transport', to: route.id, from, message });
      return 1;
    }
  }),
  broken('store-and-forward', ['RTE-2', 'RTE-1'], 'messages to a name that is not there are kept, and handed over when it comes', class extends Plain {
    readonly #kept = new Map<string, Delivery[]>();
    override routeToServer(to: string, from: string, message: unknown): Answer<number> {
      const count = super.routeToServer(to, from, message);
      if (count === 0) this.#kept.set(to, [...(this.#kept.get(to) ?? []), { namespace: 'server', to, from, message }]);
      return count;
    }
    protected override insert(entry: Entry): void {
      super.insert(entry);
      if (entry.namespace !== 'server') return;
      for (const delivery of this.#kept.get(entry.id) ?? []) this.send(entry.endpoint, delivery);
      this.#kept.delete(entry.id);
    }
  }),
  broken('only-bound-senders', ['RTE-1'], 'a server hears only the transports that are bound to it', class extends Plain {
    override routeToServer(to: string, from: string, message: unknown): Answer<number> {
      const server = this.found('server', to);
      const sender = this.found('transport', from);
      return sender !== undefined && sender.server !== server ? 0 : super.routeToServer(to, from, message);
    }
  }),
  broken('broadcast-is-a-word', ['NAM-2', 'RTE-1', 'RTE-3'], 'the symbol is turned into a word on the wire, and a transport of that name can be reached no more', class extends Plain {
    override routeToTransport(to: string | typeof broadcast, from: string, message: unknown): Answer<number> {
      return super.routeToTransport(to === 'broadcast' ? broadcast : to, from, message);
    }
  }),
  broken('no-writes-from-within', ['RTE-7'], 'whoever writes during a delivery is told to come back later', class extends Plain {
    protected override write(...[kind, namespace, id, prepare]: Parameters<Plain['write']>): Promise<void> {
      return this.delivering ? Promise.reject(refusal('partition_overloaded')) : super.write(kind, namespace, id, prepare);
    }
  }),
];

/** Our hash, fed with something else than the id. */
const hashing = (id: string, how: string, key: (id: string) => string): Mutant =>
  broken(id, ['PRT-3'], how, class extends Plain {
    protected override partitionOf(id: string): number {
      return partitionOf(key(id), this.settings.partitions);
    }
  });

const withPartitions = (id: string, how: string, change: (asked: number | undefined) => number | undefined): Mutant =>
  broken(id, ['PRT-1'], how, class extends Plain {
    constructor(options: OpenOptions) {
      const partitions = change(options.partitions);
      const { partitions: _, ...rest } = options;
      super(partitions === undefined ? rest : { ...rest, partitions });
    }
  });

const partitions: readonly Mutant[] = [
  withPartitions('zero-is-default', '`options.partitions || 16`', (asked) => asked || undefined),
  withPartitions('partitions-clamped', 'more partitions than there may be are made as many as there may be', (asked) => (asked === undefined ? undefined : Math.min(64, asked))),
  withPartitions('partitions-truncated', '`Math.floor` rather than a refusal', (asked) => (asked === undefined || Number.isNaN(asked) ? asked : Math.floor(asked))),
  withPartitions('powers-of-two', 'rounded up to a power of two, so that a mask can take the place of a division', (asked) => (asked === undefined || !Number.isInteger(asked) || asked < 1 || asked > 64 ? asked : 2 ** Math.ceil(Math.log2(asked)))),
  broken('one-partition-shift', ['PRT-1', 'ERR-1', 'REG-1'], 'the partition is the top bits of a hash, shifted right by 32 - log2(n): for one partition that is a shift by nothing', class extends Plain {
    protected override partitionOf(id: string): number {
      const { partitions } = this.settings;
      const bits = Math.log2(partitions);
      if (!Number.isInteger(bits)) return partitionOf(id, partitions);
      return (((partitionOf(id, 2 ** 16) << 16) | partitionOf(`${id} `, 2 ** 16)) >>> (32 - bits)) % (partitions === 1 ? Infinity : partitions);
    }
  }),
  broken('mask-for-any-number', ['PRT-3'], '`hash & (n - 1)`, also where n is no power of two', class extends Plain {
    protected override partitionOf(id: string): number {
      return partitionOf(id, 2 ** 16) & (this.settings.partitions - 1);
    }
  }),
  hashing('hash-of-prefix', 'only the first sixteen characters are hashed, for speed', (id) => id.slice(0, 16)),
  hashing('hash-of-suffix', 'only the last eight characters are hashed: that is where ids differ', (id) => id.slice(-8)),
  hashing('hash-of-samples', 'of a long id only every eighth character is hashed, as Java once did', (id) => (id.length <= 15 ? id : [...id].filter((_, at) => at % Math.floor(id.length / 8) === 0).join(''))),
  hashing('hash-of-ascii', 'what is not ASCII is a question mark to the hash', (id) => id.replaceAll(/[^\x20-\x7e]/g, '?')),
  broken('numeric-ids-as-numbers', ['PRT-3'], 'an id that is a number already is one: those of a generator that counts in steps share a partition', class extends Plain {
    protected override partitionOf(id: string): number {
      return /^\d{1,15}$/.test(id) ? Number(id) % this.settings.partitions : partitionOf(id, this.settings.partitions);
    }
  }),
  broken('sum-of-characters', ['PRT-3'], 'the hash is the sum of the characters', class extends Plain {
    protected override partitionOf(id: string): number {
      return [...id].reduce((sum, character) => sum + character.codePointAt(0)!, 0) % this.settings.partitions;
    }
  }),
  broken('partition-by-turn', ['PRT-2'], 'a new name gets the next partition, and a name that comes back is new', class extends Plain {
    #next = 0;
    readonly #of = new Map<string, number>();
    protected override partitionOf(id: string): number {
      let partition = this.#of.get(id);
      if (partition === undefined) {
        partition = partitionOf(String(this.#next++), this.settings.partitions);
        this.#of.set(id, partition);
      }
      return partition;
    }
    protected override remove(entry: Entry): void {
      super.remove(entry);
      if (!this.servers.has(entry.id) && !this.transports.has(entry.id)) this.#of.delete(entry.id);
    }
  }),
  broken('partition-of-namespace', ['PRT-2'], 'the hash is of the key, and the key begins with the namespace', class extends Plain {
    protected override partitionOf(id: string, namespace: Namespace): number {
      return partitionOf(`${namespace}:${id}`, this.settings.partitions);
    }
  }),
  broken('grows-into-partitions', ['PRT-2', 'PRT-3'], 'a small registry uses a quarter of its partitions, and rehashes when it has grown', class extends Plain {
    protected override partitionOf(id: string): number {
      const { partitions } = this.settings;
      const names = this.servers.size + this.transports.size;
      return partitionOf(id, names < 64 ? Math.ceil(partitions / 4) : partitions);
    }
  }),
  broken('unregistering-in-one-lane', ['PRT-4', 'DLK-2'], 'removals touch several maps, so they have a lane for all partitions together', class extends Plain {
    readonly #common: Lane = { partition: 0, waiting: [], holder: undefined, count: 0, samples: [] };
    protected override enqueue(lane: Lane, write: Write): void {
      if (!write.kind.startsWith('unregister')) return super.enqueue(lane, write);
      const { resolve } = write;
      super.enqueue(this.#common, { ...write, resolve: () => {
        this.record(lane, write);
        resolve();
      } });
    }
    protected override inFlight(lane: Lane): Write[] {
      return [...super.inFlight(lane), ...super.inFlight(this.#common).filter(({ id, namespace }) => this.laneOf(id, namespace) === lane)];
    }
  }),
  broken('unbinds-in-servers-lane', ['PRT-4', 'DLK-2', 'CTN-9'], 'to end a binding is a matter of the server, so it waits in the lane of the server', class extends Plain {
    override unbindTransport(transportId: string): Promise<void> {
      const server = typeof transportId === 'string' ? this.transports.get(transportId)?.server : undefined;
      const busy = server && this.inFlight(this.laneOf(server.id, 'server')).at(-1);
      return busy === undefined ? super.unbindTransport(transportId) : this.after(busy).then(() => super.unbindTransport(transportId));
    }
    protected after(write: Write): Promise<void> {
      return new Promise((resolve) => {
        const look = (): void => {
          if (this.lanes.some((lane) => this.inFlight(lane).includes(write))) this.settings.clock.setTimeout(look, 10);
          else resolve();
        };
        look();
      });
    }
  }),
];

/** Reads that wait for the writes of a partition. */
class Waiting extends Plain {
  protected settled<T>(lanes: readonly Lane[], read: () => T): Answer<T> {
    if (lanes.every((lane) => this.inFlight(lane).length === 0)) return read();
    return new Promise((resolve) => this.settings.clock.setTimeout(() => resolve(this.settled(lanes, read)), 10));
  }
}

const progress: readonly Mutant[] = [
  broken('transport-lookup-waits', ['DLK-1'], 'a lookup of a transport goes through the lane, so that it sees what was asked for before it', class extends Waiting {
    override findTransport(id: string): Answer<Registration | undefined> {
      const found = this.found('transport', id);
      return this.settled([this.laneOf(id, 'transport')], () => (found?.alive === true ? found : this.transports.get(id))?.registration);
    }
  }),
  broken('lists-wait', ['DLK-1'], 'a list waits until no write is under way, to be a snapshot', class extends Waiting {
    override listServers(): Answer<readonly Registration[]> {
      return this.settled(this.lanes, () => super.listServers() as Registration[]);
    }
  }),
  broken('binding-lookup-waits', ['DLK-1'], 'who a transport is bound to is asked in its lane', class extends Waiting {
    override getServerForTransport(id: string): Answer<string | undefined> {
      this.found('transport', id);
      return this.settled([this.laneOf(id, 'transport')], () => this.transports.get(id)?.server?.id);
    }
  }),
  broken('routing-waits', ['DLK-1', 'RTE-1', 'PRT-4'], 'messages take their turn among the writes of the name they go to', class extends Waiting {
    override routeToServer(to: string, from: string, message: unknown): Answer<number> {
      this.found('server', to);
      return this.settled([this.laneOf(to, 'server')], () => super.routeToServer(to, from, message)) as Answer<number>;
    }
  }),
  broken('urgent-removals', ['DLK-2'], 'an unregistration goes to the head of the queue, because it makes room', class extends Plain {
    protected override enqueue(lane: Lane, write: Write): void {
      if (!write.kind.startsWith('unregister')) return super.enqueue(lane, write);
      lane.waiting.unshift(write);
      this.pump(lane);
    }
  }),
  broken('binds-in-no-lane', ['DLK-2'], 'a binding is only a pointer, and is set without waiting for anything but its own commit', class extends Plain {
    readonly #binds = new Set<Write>();
    protected override enqueue(lane: Lane, write: Write): void {
      if (write.kind !== 'bindTransportToServer') return super.enqueue(lane, write);
      const commit = (): void => {
        this.#binds.delete(write);
        try {
          write.steps.check();
          write.steps.apply();
          this.record(lane, write);
          write.resolve();
        } catch (error) {
          write.reject(error);
        }
      };
      if (this.commitMs === 0) return commit();
      this.#binds.add(write);
      this.settings.clock.setTimeout(commit, this.commitMs);
    }
    protected override inFlight(lane: Lane): Write[] {
      return [...super.inFlight(lane), ...[...this.#binds].filter(({ id, namespace }) => this.laneOf(id, namespace) === lane)];
    }
  }),
  broken('nothing-to-remove-in-haste', ['DLK-2'], 'who unregisters a name that is not there is answered at once, whatever waits to register it', class extends Plain {
    protected override enqueue(lane: Lane, write: Write): void {
      if (write.kind.startsWith('unregister') && !this.names(write.namespace).has(write.id)) write.resolve();
      else super.enqueue(lane, write);
    }
  }),
  broken('lane-for-each-name', ['DLK-2', 'CTN-9'], 'writes wait for writes of the same name only, and commit beside all others of the partition', class extends Plain {
    protected override pump(lane: Lane): void {
      const busy = new Set<string>();
      for (const write of [...lane.waiting]) {
        const key = `${write.namespace}:${write.id}`;
        if (busy.has(key)) continue;
        busy.add(key);
        if (this.#going.has(write)) continue;
        if (this.commitMs === 0) {
          lane.waiting.splice(lane.waiting.indexOf(write), 1);
          busy.delete(key);
          this.commitAlone(lane, write);
        } else {
          this.#going.add(write);
          this.settings.clock.setTimeout(() => {
            lane.waiting.splice(lane.waiting.indexOf(write), 1);
            this.commitAlone(lane, write);
            this.pump(lane);
          }, this.commitMs);
        }
      }
    }
    readonly #going = new WeakSet<Write>();
    protected commitAlone(lane: Lane, write: Write): void {
      try {
        this.open();
        write.steps.enter?.();
        if (write.steps.check()) {
          write.steps.apply();
          this.record(lane, write);
        }
        write.resolve();
      } catch (error) {
        write.reject(error);
      }
    }
  }),
  broken('binds-last', ['DLK-2'], 'two queues for each partition, names first and bindings when there is time', class extends Plain {
    protected override enqueue(lane: Lane, write: Write): void {
      const isBinding = (one: Write): boolean => one.kind === 'bindTransportToServer' || one.kind === 'unbindTransport';
      const first = isBinding(write) ? -1 : lane.waiting.findIndex(isBinding);
      lane.waiting.splice(first < 0 ? lane.waiting.length : first, 0, write);
      this.pump(lane);
    }
  }),
  broken('lane-ends-at-refusal', ['DLK-4'], 'a refusal ends the loop that serves the lane, and nobody starts it again until the next write comes', class extends Plain {
    protected override pump(lane: Lane): void {
      if (lane.holder !== undefined) return;
      const [write] = lane.waiting;
      if (write === undefined) return;
      let refused = false;
      const { reject } = write;
      lane.waiting[0] = { ...write, reject: (error) => {
        refused = true;
        reject(error);
      } };
      const rest = lane.waiting.splice(1);
      super.pump(lane);
      lane.waiting.push(...rest);
      if (!refused && (lane.holder as Write | undefined) === undefined) this.pump(lane);
    }
  }),
  broken('down-forgets-who-waits', ['DLK-4'], 'when an endpoint goes down its waiting registrations are thrown away, and their callers are not told', class extends Plain {
    readonly #endpoints = new WeakMap<Write, AbortSignal>();
    #preparing: AbortSignal | undefined;
    protected override register(...[kind, namespace, id, endpoint, config]: Parameters<Plain['register']>): Promise<void> {
      this.#preparing = endpoint?.signal;
      return super.register(kind, namespace, id, endpoint, config);
    }
    protected override enqueue(lane: Lane, write: Write): void {
      if (write.kind.startsWith('register') && this.#preparing !== undefined) this.#endpoints.set(write, this.#preparing);
      super.enqueue(lane, write);
    }
    protected override pump(lane: Lane): void {
      if (lane.holder === undefined) {
        const kept = lane.waiting.filter((write) => this.#endpoints.get(write)?.aborted !== true || write.startedAt === this.now());
        lane.waiting.splice(0, lane.waiting.length, ...kept);
      }
      super.pump(lane);
    }
  }),
  broken('refused-and-done', ['CON-3'], 'a queue that is full says so, and takes the write all the same', class extends Plain {
    protected override enqueue(lane: Lane, write: Write): void {
      if (lane.waiting.length >= 1) write.reject(refusal('partition_overloaded'));
      super.enqueue(lane, write);
    }
  }),
  broken('server-remembered', ['CON-1'], 'a binding looks its server up when it is called, and ties the transport to that one whatever has become of it', class extends Plain {
    override bindTransportToServer(transportId: string, serverId: string): Promise<void> {
      const server = typeof serverId === 'string' ? this.servers.get(serverId) : undefined;
      if (server === undefined) return super.bindTransportToServer(transportId, serverId);
      return this.write('bindTransportToServer', 'transport', transportId, () => ({
        check: () => {
          if (!this.transports.has(transportId)) throw refusal('transport_not_found');
          return true;
        },
        apply: () => this.tie(this.transports.get(transportId)!, server),
      }));
    }
  }),
  broken('bindings-end-later', ['CON-1'], 'the bindings of a server that is unregistered end one by one, each at its turn in the lane of its transport', class extends Plain {
    protected override remove(entry: Entry): void {
      const later = [...entry.members].filter((member) => this.inFlight(this.laneOf(member.id, 'transport')).length > 0);
      for (const member of later) entry.members.delete(member);
      super.remove(entry);
      for (const member of later) {
        const now = this.now();
        const steps: Steps = { check: () => member.server === entry, apply: () => this.untie(member) };
        const ignore = (): void => undefined;
        this.enqueue(this.laneOf(member.id, 'transport'), { kind: 'unbindTransport', namespace: 'transport', id: member.id, calledAt: now, startedAt: now, steps, resolve: ignore, reject: ignore });
      }
    }
  }),
];

const statistics: readonly Mutant[] = [
  broken('counted-at-the-call', ['STA-1'], 'a write is counted when it is asked for', class extends Plain {
    protected override stats(lane: Lane): PartitionStats {
      return { ...super.stats(lane), writeCount: lane.count + this.inFlight(lane).length };
    }
  }),
  broken('count-of-samples', ['STA-1'], 'the count is the length of the list of samples', class extends Plain {
    protected override stats(lane: Lane): PartitionStats {
      return { ...super.stats(lane), writeCount: lane.samples.length };
    }
  }),
  broken('bindings-not-counted', ['STA-1', 'STA-2'], 'only what changes a name is counted as a write', class extends Plain {
    protected override record(lane: Lane, write: Write): void {
      if (write.kind !== 'bindTransportToServer' && write.kind !== 'unbindTransport') super.record(lane, write);
    }
  }),
  broken('move-counts-twice', ['STA-1', 'STA-2'], 'to move a transport is to unbind and to bind it, and both are counted', class extends Plain {
    #moved = false;
    protected override tie(transport: Entry, server: Entry): void {
      this.#moved = transport.server !== undefined;
      super.tie(transport, server);
    }
    protected override record(lane: Lane, write: Write): void {
      super.record(lane, write);
      if (write.kind === 'bindTransportToServer' && this.#moved) super.record(lane, write);
    }
  }),
  broken('bound-registration-counts-twice', ['STA-1'], 'a transport that is registered with a server is counted as registered and as bound', class extends Plain {
    protected override record(lane: Lane, write: Write): void {
      super.record(lane, write);
      if (write.kind === 'registerTransport' && this.transports.get(write.id)?.server !== undefined) lane.count++;
    }
  }),
  broken('update-counts-twice', ['STA-1', 'STA-2'], 'an update is a removal and an insertion to the table, which counts its writes itself', class extends Plain {
    protected override record(lane: Lane, write: Write): void {
      super.record(lane, write);
      if (write.kind === 'updateServer') super.record(lane, write);
    }
  }),
  broken('refused-counts', ['STA-1', 'STA-2'], 'the counter is in a finally', class extends Plain {
    protected override pump(lane: Lane): void {
      for (const [at, write] of lane.waiting.entries()) {
        if (this.#seen.has(write)) continue;
        const { reject } = write;
        const watched = { ...write, reject: (error: unknown) => {
          this.record(lane, watched);
          reject(error);
        } };
        this.#seen.add(watched);
        lane.waiting[at] = watched;
      }
      super.pump(lane);
    }
    readonly #seen = new WeakSet<Write>();
  }),
  broken('in-flight-at-reset', ['STA-1', 'STA-2'], 'a write that began before a reset is left out of the counts after it', class extends Plain {
    #resetAt = -1;
    override resetStats(): Answer<void> {
      this.#resetAt = this.now();
      return super.resetStats();
    }
    protected override record(lane: Lane, write: Write): void {
      if (write.calledAt >= this.#resetAt) super.record(lane, write);
    }
  }),
  broken('ring-of-nine', ['STA-2'], 'a ring whose write index never meets its read index holds one less than it has places', class extends Plain {
    protected override sample(lane: Lane, latency: number, write: Write): void {
      super.sample(lane, latency, write);
      const { windowSize } = this.settings.thresholds;
      if (windowSize > 1 && lane.samples.length >= windowSize) lane.samples.shift();
    }
  }),
  broken('ring-not-unrolled', ['STA-2'], 'the ring is given as it lies in memory, which is out of order once it has gone round', class extends Plain {
    protected override stats(lane: Lane): PartitionStats {
      const stats = super.stats(lane);
      const { windowSize } = this.settings.thresholds;
      const turn = lane.count > windowSize ? lane.count % windowSize : 0;
      const { samples } = stats;
      const rolled = samples.length < windowSize || turn === 0 ? samples : [...samples.slice(windowSize - turn), ...samples.slice(0, windowSize - turn)];
      return { ...stats, samples: rolled };
    }
  }),
  broken('samples-sorted', ['STA-2'], 'sorted in place for a percentile', class extends Plain {
    protected override stats(lane: Lane): PartitionStats {
      const stats = super.stats(lane);
      return { ...stats, samples: [...stats.samples].sort((a, b) => a - b) };
    }
  }),
  broken('newest-first', ['STA-2'], 'samples are put at the head of the list', class extends Plain {
    protected override stats(lane: Lane): PartitionStats {
      const stats = super.stats(lane);
      return { ...stats, samples: [...stats.samples].reverse() };
    }
  }),
  broken('no-time-no-sample', ['STA-2'], '`if (latency)`: a write that took no time leaves no sample', class extends Plain {
    protected override sample(lane: Lane, latency: number, write: Write): void {
      if (latency) super.sample(lane, latency, write);
    }
  }),
  broken('old-samples-counted', ['STA-2', 'CTN-4'], 'samples that are too old are not shown, and are counted', class extends Plain {
    protected override stats(lane: Lane): PartitionStats {
      return { ...super.stats(lane), sampleCount: lane.samples.length };
    }
  }),
  broken('least-is-nothing', ['STA-3'], 'the search for the least begins at 0', class extends Plain {
    protected override stats(lane: Lane): PartitionStats {
      return { ...super.stats(lane), min: 0 };
    }
  }),
  broken('greatest-ever', ['STA-3'], 'the greatest is kept as samples come, and not looked for again when they go', class extends Plain {
    readonly #greatest = new WeakMap<Lane, number>();
    protected override sample(lane: Lane, latency: number, write: Write): void {
      super.sample(lane, latency, write);
      this.#greatest.set(lane, Math.max(latency, this.window(lane).length <= 1 ? 0 : (this.#greatest.get(lane) ?? 0)));
    }
    protected override stats(lane: Lane): PartitionStats {
      const stats = super.stats(lane);
      return { ...stats, max: stats.sampleCount === 0 ? 0 : (this.#greatest.get(lane) ?? 0) };
    }
  }),
  broken('mean-rounded', ['STA-3'], 'the mean is shown in whole milliseconds', class extends Plain {
    protected override stats(lane: Lane): PartitionStats {
      const stats = super.stats(lane);
      return { ...stats, mean: Math.round(stats.mean) };
    }
  }),
  broken('mean-of-ten', ['STA-3'], 'the sum is divided by the size of the window, however many samples there are', class extends Plain {
    protected override stats(lane: Lane): PartitionStats {
      const stats = super.stats(lane);
      return { ...stats, mean: stats.samples.reduce((sum, one) => sum + one, 0) / this.settings.thresholds.windowSize };
    }
  }),
  broken('mean-moves-slowly', ['STA-3'], 'an exponentially weighted mean', class extends Plain {
    protected override stats(lane: Lane): PartitionStats {
      const stats = super.stats(lane);
      return { ...stats, mean: stats.samples.reduce((mean, one, at) => (at === 0 ? one : 0.8 * mean + 0.2 * one), 0) };
    }
  }),
  broken('partition-zero-is-all', ['STA-4', 'STA-6'], '`if (!partition)`: partition 0 is taken for none', class extends Plain {
    override getPartitionStats(partition?: number): Answer<unknown> {
      return super.getPartitionStats(partition || undefined);
    }
  }),
  broken('one-partition-from-cache', ['STA-4'], 'the statistics of one partition are kept until its next write, and do not age', class extends Plain {
    readonly #kept = new Map<number, { readonly count: number; readonly stats: unknown }>();
    override getPartitionStats(partition?: number): Answer<unknown> {
      if (partition === undefined) return super.getPartitionStats();
      const count = this.lanes[partition]?.count ?? 0;
      const kept = this.#kept.get(partition);
      if (kept?.count === count && count > 0) return kept.stats;
      const stats = super.getPartitionStats(partition);
      this.#kept.set(partition, { count, stats });
      return stats;
    }
  }),
  broken('reset-of-alarmed', ['STA-5'], 'only partitions that have something to be forgiven are reset', class extends Plain {
    protected override resetLane(lane: Lane): void {
      if (this.isAlarmed(lane) || this.window(lane).length > 0) super.resetLane(lane);
    }
  }),
  broken('reset-leaves-the-index', ['STA-5', 'STA-2', 'STA-3', 'CTN-1'], 'a reset empties the ring and leaves the index of its next place', class extends Plain {
    readonly #next = new WeakMap<Lane, number>();
    protected override sample(lane: Lane, latency: number, { calledAt }: Write): void {
      const next = this.#next.get(lane) ?? 0;
      lane.samples[next] = { latency, calledAt, at: this.now() };
      this.#next.set(lane, (next + 1) % this.settings.thresholds.windowSize);
    }
    protected override window(lane: Lane): number[] {
      const { windowSize } = this.settings.thresholds;
      const next = this.#next.get(lane) ?? 0;
      const isFull = lane.samples.length === windowSize;
      const inOrder = Array.from({ length: lane.samples.length }, (_, at) => lane.samples[isFull ? (next + at) % windowSize : at]);
      return inOrder.filter((sample) => sample === undefined || this.isFresh(sample, lane)).map((sample) => sample?.latency ?? 0);
    }
  }),
  broken('reset-opens-admission', ['ADM-5', 'STA-5', 'ADM-6'], 'a reset sets everything about contention back, what was set by hand as well', class extends Plain {
    override resetStats(): Answer<void> {
      this.mode = 'auto';
      return super.resetStats();
    }
  }),
  broken('index-from-the-end', ['STA-6'], '`.at(partition)`: partition -1 is the last one', class extends Plain {
    override getPartitionStats(partition?: number): Answer<unknown> {
      return super.getPartitionStats(partition !== undefined && partition < 0 ? this.lanes.length + partition : partition);
    }
  }),
];

const contention: readonly Mutant[] = [
  broken('eleven-writes', ['CTN-1'], 'more than ten writes where at least ten are meant', class extends Plain {
    protected override isSlow(lane: Lane): boolean {
      return lane.count > this.settings.thresholds.minWrites && super.isSlow(lane);
    }
  }),
  broken('nine-writes', ['CTN-2'], 'the write is counted after the alarm has been thought about, so somebody made up for it', class extends Plain {
    protected override isSlow(lane: Lane): boolean {
      const { minWrites, alarmAboveMs } = this.settings.thresholds;
      return lane.count >= minWrites - 1 && this.level(lane) > alarmAboveMs;
    }
  }),
  broken('alarm-at-the-limit', ['CTN-2'], 'a mean of the limit alarms', class extends Plain {
    protected override isSlow(lane: Lane): boolean {
      const { minWrites, alarmAboveMs } = this.settings.thresholds;
      return lane.count >= minWrites && this.level(lane) >= alarmAboveMs;
    }
  }),
  broken('outlier-left-out', ['CTN-1'], 'the slowest write is an outlier and does not count', class extends Plain {
    protected override level(lane: Lane): number {
      const samples = this.window(lane).sort((a, b) => a - b);
      return mean(samples.length > 2 ? samples.slice(0, -1) : samples);
    }
  }),
  broken('alarm-by-greatest', ['CTN-2'], 'the alarm goes by the slowest write', class extends Plain {
    protected override level(lane: Lane): number {
      return Math.max(0, ...this.window(lane));
    }
  }),
  broken('alarm-by-median', ['CTN-1', 'CTN-2'], 'the alarm goes by the median', class extends Plain {
    protected override level(lane: Lane): number {
      const samples = this.window(lane).sort((a, b) => a - b);
      return samples[Math.floor(samples.length / 2)] ?? 0;
    }
  }),
  broken('window-must-be-full', ['CTN-1'], 'ten samples in the window where ten writes since the reset are meant', class extends Plain {
    protected override isSlow(lane: Lane): boolean {
      return this.window(lane).length >= this.settings.thresholds.minWrites && super.isSlow(lane);
    }
  }),
  broken('count-outlives-reset', ['CTN-2'], 'the alarm has a count of its own, which nobody resets', class extends Plain {
    readonly #count = new WeakMap<Lane, number>();
    protected override record(lane: Lane, write: Write): void {
      super.record(lane, write);
      this.#count.set(lane, (this.#count.get(lane) ?? 0) + 1);
    }
    protected override isSlow(lane: Lane): boolean {
      const { minWrites, alarmAboveMs } = this.settings.thresholds;
      return (this.#count.get(lane) ?? 0) >= minWrites && this.level(lane) > alarmAboveMs;
    }
  }),
  broken('stuck-since-its-turn', ['CTN-3'], 'a write is in flight from its turn on', class extends Plain {
    protected override isStuck({ holder }: Lane): boolean {
      return holder !== undefined && this.now() - holder.startedAt > this.settings.thresholds.stuckAfterMs;
    }
  }),
  broken('stuck-since-last-sign', ['CTN-3'], 'a partition is stuck when it has shown no sign of life, and a call is one', class extends Plain {
    protected override isStuck(lane: Lane): boolean {
      const writes = this.inFlight(lane);
      return writes.length > 0 && writes.every(({ calledAt }) => this.now() - calledAt > this.settings.thresholds.stuckAfterMs);
    }
  }),
  broken('stuck-at-the-limit', ['CTN-2'], 'in flight for half a second, where more than that is meant', class extends Plain {
    protected override isStuck(lane: Lane): boolean {
      return this.inFlight(lane).some(({ calledAt }) => this.now() - calledAt >= this.settings.thresholds.stuckAfterMs);
    }
  }),
  broken('stuck-after-ten-writes', ['CTN-3'], 'no alarm at all before there have been ten writes', class extends Plain {
    protected override isAlarmed(lane: Lane): boolean {
      return lane.count >= this.settings.thresholds.minWrites && super.isAlarmed(lane);
    }
  }),
  broken('reset-forgets-what-is-stuck', ['CTN-3'], 'a reset forgets since when a write has been in flight', class extends Plain {
    #resetAt = -Infinity;
    override resetStats(): Answer<void> {
      this.#resetAt = this.now();
      return super.resetStats();
    }
    protected override isStuck(lane: Lane): boolean {
      return this.inFlight(lane).some(({ calledAt }) => this.now() - Math.max(calledAt, this.#resetAt) > this.settings.thresholds.stuckAfterMs);
    }
  }),
  broken('removals-are-not-watched', ['CTN-3'], 'only what registers, updates and binds is watched for being stuck', class extends Plain {
    protected override inFlight(lane: Lane): Write[] {
      return super.inFlight(lane).filter(({ kind }) => !kind.startsWith('unregister'));
    }
  }),
  broken('ages-from-the-call', ['CTN-4'], 'a sample ages from the call of its write', class extends Plain {
    protected override isFresh({ calledAt }: Sample): boolean {
      return this.now() - calledAt < this.settings.thresholds.windowMs;
    }
  }),
  broken('ages-by-the-clock', ['CTN-4'], 'a window is a second of the clock: at the turn of the second it is empty', class extends Plain {
    protected override isFresh({ at }: Sample): boolean {
      const { windowMs } = this.settings.thresholds;
      return Math.floor(at / windowMs) === Math.floor(this.now() / windowMs);
    }
  }),
  broken('ages-by-the-newest', ['CTN-4'], 'a window goes when nothing has come for a second, and as a whole', class extends Plain {
    protected override isFresh(_sample: Sample, { samples }: Lane): boolean {
      return this.now() - samples.at(-1)!.at < this.settings.thresholds.windowMs;
    }
  }),
  broken('ages-by-the-oldest', ['CTN-4'], 'the whole window is thrown away when its oldest sample is too old', class extends Plain {
    protected override isFresh(_sample: Sample, { samples }: Lane): boolean {
      return this.now() - samples[0]!.at < this.settings.thresholds.windowMs;
    }
    protected override sample(lane: Lane, latency: number, write: Write): void {
      if (lane.samples.length > 0 && !this.isFresh(lane.samples[0]!, lane)) lane.samples = [];
      super.sample(lane, latency, write);
    }
  }),
  broken('alarm-does-not-age', ['CTN-5', 'CTN-2', 'ADM-4'], 'samples age where they are shown, and the alarm goes by all there are', class extends Plain {
    protected override level(lane: Lane): number {
      return mean(lane.samples.map(({ latency }) => latency));
    }
  }),
  broken('hysteresis', ['CTN-2', 'CTN-5'], 'an alarm goes off only when the mean has fallen to half the limit, so that it does not flap', class extends Plain {
    readonly #on = new WeakSet<Lane>();
    protected override isSlow(lane: Lane): boolean {
      const { alarmAboveMs } = this.settings.thresholds;
      if (super.isSlow(lane)) this.#on.add(lane);
      else if (this.level(lane) <= alarmAboveMs / 2) this.#on.delete(lane);
      return this.#on.has(lane);
    }
  }),
  broken('alarm-lasts-five-seconds', ['CTN-5', 'CTN-6', 'CTN-2', 'ADM-4'], 'an alarm is shown for five seconds at least, so that somebody sees it', class extends Plain {
    readonly #since = new WeakMap<Lane, number>();
    protected override isAlarmed(lane: Lane): boolean {
      if (super.isAlarmed(lane)) this.#since.set(lane, this.now());
      return this.now() - (this.#since.get(lane) ?? -Infinity) < 5_000;
    }
  }),
  broken('stuck-until-next-commit', ['CTN-5'], 'that a write was stuck is noted when somebody looks, and forgotten at the next write that is not', class extends Plain {
    readonly #stuck = new WeakSet<Lane>();
    protected override isStuck(lane: Lane): boolean {
      if (super.isStuck(lane)) this.#stuck.add(lane);
      return this.#stuck.has(lane);
    }
    protected override record(lane: Lane, write: Write): void {
      super.record(lane, write);
      if (this.now() - write.calledAt <= this.settings.thresholds.stuckAfterMs) this.#stuck.delete(lane);
    }
  }),
  broken('looked-at-every-quarter', ['CTN-6'], 'whether a partition is alarmed is worked out four times a second at most', class extends Plain {
    readonly #kept = new WeakMap<Lane, { readonly at: number; readonly alarm: boolean }>();
    protected override isAlarmed(lane: Lane): boolean {
      const kept = this.#kept.get(lane);
      if (kept !== undefined && this.now() - kept.at < 250) return kept.alarm;
      const alarm = super.isAlarmed(lane);
      this.#kept.set(lane, { at: this.now(), alarm });
      return alarm;
    }
  }),
  broken('zero-is-no-threshold', ['CTN-7'], '`options.closeAbove || 0.5`: a threshold of 0 is taken for none', class extends Plain {
    constructor({ partitions, clock, ...thresholds }: OpenOptions) {
      super({ clock, ...(partitions !== undefined && { partitions }), ...Object.fromEntries(Object.entries(thresholds).filter(([, value]) => value !== 0)) });
    }
  }),
  broken('one-ten-for-both', ['CTN-7'], 'the number of writes that an alarm needs is the size of the window', class extends Plain {
    constructor(options: OpenOptions) {
      super({ ...options, minWrites: options.windowSize ?? 10 });
    }
  }),
  broken('half-a-second-for-good', ['CTN-7'], 'when a write is stuck is a constant', class extends Plain {
    constructor(options: OpenOptions) {
      super({ ...options, stuckAfterMs: 500 });
    }
  }),
  broken('watchdog-left', ['CTN-8'], 'a slow write is watched by a timer that nobody takes off when it has ended', class extends Plain {
    protected override enqueue(lane: Lane, write: Write): void {
      super.enqueue(lane, write);
      if (this.inFlight(lane).length > 0) this.settings.clock.setTimeout(() => undefined, 3_600_000);
    }
  }),
  broken('poll-runs-on', ['CTN-8'], 'the first alarm starts a timer that looks after alarms, and it runs from then on', class extends Plain {
    #runs = false;
    protected override record(lane: Lane, write: Write): void {
      super.record(lane, write);
      if (this.#runs || !this.isAlarmed(lane)) return;
      this.#runs = true;
      const look = (): void => void this.settings.clock.setTimeout(look, 50);
      look();
    }
  }),
  broken('bindings-timed-from-their-turn', ['CTN-9'], 'the time of a binding is taken when it begins', class extends Plain {
    protected override began(write: Write): number {
      return write.kind === 'bindTransportToServer' ? write.startedAt : write.calledAt;
    }
  }),
  broken('status-without-stuck', ['CTN-10', 'ADM-1'], 'the status knows of slow partitions, the statistics of stuck ones as well', class extends Plain {
    protected override alarmed(): number[] {
      return this.lanes.filter((lane) => this.isSlow(lane)).map(({ partition }) => partition);
    }
  }),
  broken('alarmed-in-order-of-time', ['CTN-10'], 'alarmed partitions are kept in a set, and listed as they came', class extends Plain {
    #known = new Set<number>();
    protected override record(lane: Lane, write: Write): void {
      super.record(lane, write);
      this.alarmed();
    }
    protected override alarmed(): number[] {
      const now = super.alarmed();
      this.#known = new Set([...[...this.#known].filter((one) => now.includes(one)), ...now]);
      return [...this.#known];
    }
  }),
  broken('status-of-alarms-only', ['CTN-10'], 'the status shows what the alarms say of admission, whatever was set by hand', class extends Plain {
    override getContentionStatus(): Answer<ContentionStatus> {
      return { ...(super.getContentionStatus() as ContentionStatus), admission: this.isCalm() ? 'open' : 'closed' };
    }
  }),
];

const admission: readonly Mutant[] = [
  broken('limit-rounded', ['ADM-1'], 'half the partitions, rounded: of nine it takes six', class extends Plain {
    protected override isCalm(): boolean {
      return this.alarmed().length <= Math.round(this.settings.thresholds.closeAbove * this.lanes.length);
    }
  }),
  broken('one-alarm-is-none', ['ADM-1', 'CTN-7'], 'a single alarm is no reason to close, not even if it is the only partition there is', class extends Plain {
    protected override isCalm(): boolean {
      return this.alarmed().length <= 1 || super.isCalm();
    }
  }),
  broken('shut-at-half', ['ADM-2'], 'closed when half of them are alarmed, not when more are', class extends Plain {
    protected override isCalm(): boolean {
      return this.alarmed().length < this.settings.thresholds.closeAbove * this.lanes.length;
    }
  }),
  broken('of-those-in-use', ['ADM-2'], 'the alarmed are counted against the partitions that have seen writes', class extends Plain {
    protected override isCalm(): boolean {
      return this.alarmed().length <= this.settings.thresholds.closeAbove * this.lanes.filter((lane) => lane.count > 0 || lane.holder !== undefined).length;
    }
  }),
  broken('of-sixteen', ['ADM-1', 'ADM-2'], 'half of sixteen, however many partitions there are', class extends Plain {
    protected override isCalm(): boolean {
      return this.alarmed().length <= this.settings.thresholds.closeAbove * 16;
    }
  }),
  broken('own-partition-alarmed', ['ADM-2'], 'a registration is rejected if its own partition is alarmed', class extends Plain {
    protected override admits(namespace: Namespace, id: string): boolean {
      return this.isOpen() && (this.mode === 'open' || !this.isAlarmed(this.laneOf(id, namespace)));
    }
  }),
  broken('bound-transports-admitted', ['ADM-1', 'ADM-5'], 'a transport that comes with its server is part of a session, and sessions go on', class extends Plain {
    protected override admits(namespace: Namespace, _id: string, _endpoint: Endpoint, config: Config): boolean {
      return this.isOpen() || (namespace === 'transport' && typeof config['serverId'] === 'string' && this.servers.has(config['serverId']));
    }
  }),
  broken('known-endpoints-admitted', ['ADM-1', 'ADM-5'], 'whoever is registered already may register more', class extends Plain {
    protected override admits(_namespace: Namespace, _id: string, endpoint: Endpoint): boolean {
      return this.isOpen() || this.watched.has(endpoint.signal);
    }
  }),
  broken('returning-names-admitted', ['ADM-1', 'ADM-5'], 'who was there before may come back', class extends Plain {
    readonly #seen = new Set<string>();
    protected override insert(entry: Entry): void {
      this.#seen.add(`${entry.namespace}:${entry.id}`);
      super.insert(entry);
    }
    protected override admits(namespace: Namespace, id: string): boolean {
      return this.isOpen() || this.#seen.has(`${namespace}:${id}`);
    }
  }),
  broken('moves-are-registrations', ['ADM-3'], 'to move a transport to another server needs admission', class extends Plain {
    protected override write(...[kind, namespace, id, prepare]: Parameters<Plain['write']>): Promise<void> {
      const moves = kind === 'bindTransportToServer' && this.transports.get(id)?.server !== undefined;
      return moves && !this.isOpen() ? Promise.reject(refusal('admission_control_active')) : super.write(kind, namespace, id, prepare);
    }
  }),
  broken('no-updates-while-closed', ['ADM-3'], 'an update registers anew, and is admitted like a registration', class extends Plain {
    protected override write(...[kind, namespace, id, prepare]: Parameters<Plain['write']>): Promise<void> {
      return kind === 'updateServer' && this.servers.has(id) && !this.isOpen() ? Promise.reject(refusal('admission_control_active')) : super.write(kind, namespace, id, prepare);
    }
  }),
  broken('no-broadcasts-while-closed', ['ADM-3'], 'broadcasts are what costs most, and are shed first', class extends Plain {
    protected override broadcast(server: Entry | undefined, from: string, message: unknown): Answer<number> {
      return this.isOpen() ? super.broadcast(server, from, message) : 0;
    }
  }),
  broken('removing-nothing-while-closed', ['ADM-3'], 'who unregisters a name that is not there while admission is closed is told so', class extends Plain {
    protected override unregister(...[kind, namespace, id]: Parameters<Plain['unregister']>): Promise<void> {
      return !this.isOpen() && typeof id === 'string' && !this.names(namespace).has(id) ? Promise.reject(refusal('admission_control_active')) : super.unregister(kind, namespace, id);
    }
  }),
  broken('decided-at-commits', ['ADM-4', 'ADM-2'], 'whether admission is open is worked out when a write has been committed', class extends Plain {
    #calm = true;
    protected override record(lane: Lane, write: Write): void {
      super.record(lane, write);
      this.#calm = super.isCalm();
    }
    protected override isCalm(): boolean {
      if (!super.isCalm()) this.#calm = false;
      return this.#calm;
    }
  }),
  broken('reopens-at-a-quarter', ['ADM-2'], 'once closed, admission opens again when no more than a quarter are alarmed', class extends Plain {
    #closed = false;
    protected override isCalm(): boolean {
      const limit = this.settings.thresholds.closeAbove * this.lanes.length;
      this.#closed = this.alarmed().length > (this.#closed ? limit / 2 : limit);
      return !this.#closed;
    }
    protected override record(lane: Lane, write: Write): void {
      super.record(lane, write);
      this.isCalm();
    }
  }),
  broken('override-expires', ['ADM-5', 'ADM-6'], 'what is set by hand is forgotten after a minute, lest an operator forget it', class extends Plain {
    #setAt = 0;
    override setAdmission(mode: AdmissionMode): Answer<void> {
      this.#setAt = this.now();
      return super.setAdmission(mode);
    }
    protected override isOpen(): boolean {
      if (this.now() - this.#setAt > 60_000) this.mode = 'auto';
      return super.isOpen();
    }
  }),
  broken('auto-leaves-it-closed', ['ADM-6', 'ADM-4'], 'back to auto, admission stays as it was until an alarm comes or goes', class extends Plain {
    #stays: { readonly alarmed: string; readonly open: boolean } | undefined;
    override setAdmission(mode: AdmissionMode): Answer<void> {
      const open = this.isOpen();
      super.setAdmission(mode);
      this.#stays = mode === 'auto' ? { alarmed: this.alarmed().join(), open } : undefined;
    }
    protected override isCalm(): boolean {
      if (this.#stays !== undefined && this.alarmed().join() === this.#stays.alarmed) return this.#stays.open;
      this.#stays = undefined;
      return super.isCalm();
    }
  }),
  broken('open-but-not-where-alarmed', ['ADM-6'], 'opened by hand, but a partition that is alarmed is spared', class extends Plain {
    protected override admits(namespace: Namespace, id: string): boolean {
      return this.isOpen() && (this.mode !== 'open' || !this.isAlarmed(this.laneOf(id, namespace)));
    }
  }),
  broken('alarm-ends-override', ['ADM-5'], 'when alarms close or reopen admission, what was set by hand is over', class extends Plain {
    #wasCalm = true;
    protected override record(lane: Lane, write: Write): void {
      super.record(lane, write);
      this.isOpen();
    }
    protected override isOpen(): boolean {
      const calm = this.isCalm();
      if (calm !== this.#wasCalm && this.mode === 'closed') this.mode = 'auto';
      this.#wasCalm = calm;
      return super.isOpen();
    }
  }),
  broken('fourth-try-admitted', ['ADM-5', 'ADM-1'], 'who has been rejected three times is let in, so that nobody starves', class extends Plain {
    readonly #retries = new WeakMap<Endpoint, number>();
    protected override admits(_namespace: Namespace, _id: string, endpoint: Endpoint): boolean {
      if (this.isOpen()) return true;
      const tries = (this.#retries.get(endpoint) ?? 0) + 1;
      this.#retries.set(endpoint, tries);
      return tries > 3;
    }
  }),
];

/** What some of them are made from, and is right as it stands. */
export const foundations: readonly Adapter[] = [plain, plainAdapter('one that delivers calls from within at once', Direct), plainAdapter('one that delivers a job later', Posting), plainAdapter('one that counts what changes nothing', Diligent), plainAdapter('one that refuses at once', Hasty)];

/** All of them. */
export const heldOutLoad: readonly Mutant[] = [...routing, ...partitions, ...progress, ...statistics, ...contention, ...admission];
