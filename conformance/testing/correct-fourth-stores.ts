import { createContext, runInContext } from 'node:vm';
import { setMaxListeners } from 'node:events';
import { broadcast, type AdmissionMode, type Config, type Endpoint, type ErrorCode, type Namespace, type PartitionStats, type Registration } from '../../spec/index.js';
import type { OpenOptions, Subject } from '../contract.js';
import { configOf, deepFrozen, handOver, isEndpoint, isId, Meters, partitionsOf, spread, whenDown, type Refuse } from './correct-fourth-arithmetic.js';

/** Registries that keep what they know in unusual places. */

class StoreError extends Error {
  constructor(readonly code: ErrorCode) {
    super(code);
    this.name = 'StoreError';
  }
}
const refuse: Refuse = (code) => {
  throw new StoreError(code);
};

// --- Slots in shared memory

/** Numbers in shared memory, as many as there are slots; 0 to begin with. */
class Column {
  #cells = new Int32Array(new SharedArrayBuffer(4 * 32));

  get(slot: number): number {
    return slot < this.#cells.length ? Atomics.load(this.#cells, slot) : 0;
  }
  set(slot: number, value: number): void {
    while (slot >= this.#cells.length) {
      const larger = new Int32Array(new SharedArrayBuffer(8 * this.#cells.length));
      larger.set(this.#cells);
      this.#cells = larger;
    }
    Atomics.store(this.#cells, slot, value);
  }
}

/** Which slots are taken: a bit for each. */
class Bitmap {
  readonly #words = new Column();
  #from = 0;

  take(): number {
    while (this.#words.get(this.#from) === -1) this.#from++;
    const word = this.#words.get(this.#from);
    const bit = 31 - Math.clz32(~word & (word + 1));
    this.#words.set(this.#from, word | (1 << bit));
    return this.#from * 32 + bit;
  }
  free(slot: number): void {
    const index = slot >>> 5;
    this.#words.set(index, this.#words.get(index) & ~(1 << (slot & 31)));
    this.#from = Math.min(this.#from, index);
  }
}

/** Doubly linked lists of slots, in columns; links are one more than the slot, so that 0 is none. */
class Chains {
  readonly #next = new Column();
  readonly #previous = new Column();

  prepend(first: number, slot: number): void {
    this.#next.set(slot, first);
    this.#previous.set(slot, 0);
    if (first) this.#previous.set(first - 1, slot + 1);
  }
  /** The first of the list when the slot has been taken out. */
  remove(first: number, slot: number): number {
    const [next, previous] = [this.#next.get(slot), this.#previous.get(slot)];
    if (next) this.#previous.set(next - 1, previous);
    if (previous) this.#next.set(previous - 1, next);
    return previous ? first : next;
  }
  slots(first: number): number[] {
    const slots: number[] = [];
    for (let link = first; link; link = this.#next.get(link - 1)) slots.push(link - 1);
    return slots;
  }
}

/**
 * A name is a slot; an incarnation, a slot and how often it has been used. Who holds what and what is bound to what are chains of slots in shared
 * memory. What succeeds answers with a value, what is refused with a promise that rejects, reads as well. Writes take no time.
 */
export function slots(options: OpenOptions): Subject {
  const { clock } = options;
  const partitions = partitionsOf(options.partitions) ?? refuse('invalid_argument');
  const { windowSize = 10, windowMs = 1000 } = options;
  const index = { server: new Map<string, number>(), transport: new Map<string, number>() };
  const taken = new Bitmap();
  const ids: string[] = [];
  const endpoints: (Endpoint | undefined)[] = [];
  const configs: (Config | undefined)[] = [];
  const uses = new Column();
  const serverOf = new Column();
  const firstBound = new Column();
  const bound = new Chains();
  const held = new Chains();
  const holders = new Map<Endpoint, { first: number; readonly deaf: () => void }>();
  const counts = new Int32Array(new SharedArrayBuffer(4 * partitions));
  const commits = new Float64Array(new SharedArrayBuffer(8 * partitions * windowSize)).fill(-Infinity);
  const written = new Int32Array(new SharedArrayBuffer(4 * partitions));
  let mode: AdmissionMode = 'auto';
  let closed = false;

  const count = (id: string): void => {
    const partition = spread(id, partitions, 7);
    Atomics.add(counts, partition, 1);
    commits[partition * windowSize + (Atomics.add(written, partition, 1) % windowSize)] = clock.now();
  };
  const checked = (id: string): string => (isId(id) ? id : refuse('invalid_argument'));
  const writable = (id: string): string => (closed ? refuse('registry_closed') : checked(id));

  const tie = (transport: number, server: number | undefined): void => {
    const before = serverOf.get(transport);
    if (before) firstBound.set(before - 1, bound.remove(firstBound.get(before - 1), transport));
    serverOf.set(transport, server === undefined ? 0 : server + 1);
    if (server === undefined) return;
    bound.prepend(firstBound.get(server), transport);
    firstBound.set(server, transport + 1);
  };
  const drop = (namespace: Namespace, slot: number): void => {
    index[namespace].delete(ids[slot]!);
    if (namespace === 'transport') tie(slot, undefined);
    else for (const transport of bound.slots(firstBound.get(slot))) tie(transport, undefined);
    const endpoint = endpoints[slot]!;
    const holder = holders.get(endpoint)!;
    holder.first = held.remove(holder.first, slot);
    if (!holder.first) {
      holder.deaf();
      holders.delete(endpoint);
    }
    uses.set(slot, uses.get(slot) + 1);
    [ids[slot], endpoints[slot], configs[slot]] = ['', undefined, undefined];
    taken.free(slot);
  };
  const namespaceOf = (slot: number): Namespace => (index.server.get(ids[slot]!) === slot ? 'server' : 'transport');

  const register = (namespace: Namespace, id: string, endpoint: Endpoint, given: unknown): void => {
    const config = isEndpoint(endpoint) ? configOf(given) : undefined;
    if (config === undefined) refuse('invalid_argument');
    if (index[namespace].has(writable(id))) refuse('already_registered');
    if (mode === 'closed') refuse('admission_control_active');
    if (endpoint.signal.aborted) refuse('endpoint_down');
    const slot = taken.take();
    [ids[slot], endpoints[slot], configs[slot]] = [id, endpoint, deepFrozen(config)];
    index[namespace].set(id, slot);
    for (const column of [serverOf, firstBound]) column.set(slot, 0);
    if (!holders.has(endpoint)) {
      const down = (): void => held.slots(holders.get(endpoint)!.first).forEach((each) => drop(namespaceOf(each), each));
      holders.set(endpoint, { first: 0, deaf: whenDown(endpoint.signal, down) });
    }
    const holder = holders.get(endpoint)!;
    held.prepend(holder.first, slot);
    holder.first = slot + 1;
    if (namespace === 'transport' && Object.hasOwn(config, 'serverId')) tie(slot, index.server.get(config['serverId'] as string));
    count(id);
  };
  const unregister = (namespace: Namespace, id: string): void => {
    const slot = index[namespace].get(writable(id));
    if (slot === undefined) return;
    drop(namespace, slot);
    count(id);
  };
  const shown = (slot: number): Registration => ({ id: ids[slot]!, endpoint: endpoints[slot]!, config: configs[slot]! });
  const find = (namespace: Namespace, id: string): Registration | null => {
    const slot = index[namespace].get(checked(id));
    return slot === undefined ? null : shown(slot);
  };
  const deliver = (namespace: Namespace, slot: number | undefined, from: string, message: unknown): number =>
    slot !== undefined && handOver(endpoints[slot]!, { namespace, to: ids[slot]!, from, message }) ? 1 : 0;
  const stats = (partition: number): PartitionStats => {
    const ring = commits.subarray(partition * windowSize, (partition + 1) * windowSize);
    const samples = Array.from(ring.filter((end) => clock.now() - end < windowMs), () => 0);
    return { partition, writeCount: Atomics.load(counts, partition), sampleCount: samples.length, samples, min: 0, mean: 0, max: 0, alarm: false };
  };

  const byPromise =
    <A extends unknown[], R>(operation: (...args: A) => R) =>
    (...args: A): R | Promise<never> => {
      try {
        return operation(...args);
      } catch (error) {
        return Promise.reject(error as Error);
      }
    };
  return {
    registerServer: byPromise((id, endpoint, config) => register('server', id, endpoint, config)),
    registerTransport: byPromise((id, endpoint, config) => register('transport', id, endpoint, config)),
    unregisterServer: byPromise((id) => unregister('server', id)),
    unregisterTransport: byPromise((id) => unregister('transport', id)),
    updateServer: byPromise((id, given) => {
      const slot = index.server.get(writable(id)) ?? refuse('server_not_found');
      configs[slot] = deepFrozen(configOf(given)) ?? refuse('invalid_argument');
      count(id);
    }),
    findServer: byPromise((id) => find('server', id)),
    findTransport: byPromise((id) => find('transport', id)),
    listServers: () => Array.from(index.server.values(), shown),
    listTransports: () => Array.from(index.transport.values(), shown),
    bindTransportToServer: byPromise((transportId, serverId) => {
      const server = index.server.get(writable(serverId));
      const transport = index.transport.get(checked(transportId));
      tie(server === undefined ? refuse('server_not_found') : (transport ?? refuse('transport_not_found')), server);
      count(transportId);
    }),
    unbindTransport: byPromise((id) => {
      const transport = index.transport.get(writable(id));
      if (transport !== undefined) tie(transport, undefined);
      count(id);
    }),
    getServerForTransport: byPromise((id) => {
      const transport = index.transport.get(checked(id));
      const server = transport === undefined ? 0 : serverOf.get(transport);
      return server ? ids[server - 1]! : null;
    }),
    routeToServer: byPromise((to, from, message) => deliver('server', index.server.get(checked(to)), checked(from), message)),
    routeToTransport: byPromise((to, from, message) => {
      const server = index.server.get(checked(from));
      if (to !== broadcast) return deliver('transport', index.transport.get(checked(to)), from, message);
      const recipients = (server === undefined ? [] : bound.slots(firstBound.get(server))).map((slot) => [slot, uses.get(slot)] as const);
      // A slot that has been used again is another incarnation.
      return recipients.reduce((sum, [slot, use]) => sum + (uses.get(slot) === use ? deliver('transport', slot, from, message) : 0), 0);
    }),
    getPartitionStats: byPromise((partition) => {
      if (partition === undefined) return Array.from(counts, (_, each) => stats(each));
      return Number.isInteger(partition) && partition >= 0 && partition < partitions ? stats(partition) : refuse('invalid_argument');
    }),
    getContentionStatus: () => ({ partitions, alarmed: [], admission: mode === 'closed' ? 'closed' : 'open', mode }),
    resetStats: () => {
      counts.fill(0);
      commits.fill(-Infinity);
    },
    setAdmission: byPromise((asked) => {
      mode = ['auto', 'open', 'closed'].includes(asked) ? asked : refuse('invalid_argument');
    }),
    close: () => {
      closed = true;
      for (const namespace of ['server', 'transport'] as const) for (const slot of index[namespace].values()) drop(namespace, slot);
    },
  };
}

// --- In another realm

interface Realm {
  readonly Array: ArrayConstructor;
  readonly Error: ErrorConstructor;
  readonly JSON: JSON;
  readonly Map: MapConstructor;
  readonly Object: ObjectConstructor;
  readonly Promise: PromiseConstructor;
  readonly Set: SetConstructor;
}

/**
 * Made of the objects of another realm, as by a plug-in that runs in a context of its own: errors, arrays, promises, registrations, configurations and
 * deliveries are instances of other classes than ours. A write is decided a job later, one that is refused by its arguments at once.
 */
export function otherRealm(): Subject {
  realm ??= runInContext('({ Array, Error, JSON, Map, Object, Promise, Set })', createContext()) as Realm;
  return madeOf(realm);
}

let realm: Realm | undefined;

function madeOf(realm: Realm): Subject {
  type Entry = { readonly namespace: Namespace; readonly id: string; readonly endpoint: Endpoint; config: string; server: Entry | undefined; bound: Set<Entry> | undefined };
  const tables = { server: new realm.Map<string, Entry>(), transport: new realm.Map<string, Entry>() };
  const ears = new realm.Map<Endpoint, { readonly held: Set<Entry>; readonly deaf: () => void }>();
  let mode: AdmissionMode = 'auto';
  let closed = false;

  const object = <T extends object>(parts: T): T => realm.Object.assign(new realm.Object() as object, parts) as T;
  const refuseHere: Refuse = (code) => {
    throw realm.Object.assign(new realm.Error(code), { code });
  };
  const checked = (id: string): string => (isId(id) ? id : refuseHere('invalid_argument'));
  const textOf = (config: unknown): string => realm.JSON.stringify(configOf(config) ?? refuseHere('invalid_argument'));
  const write = (id: string, act: () => void): Promise<void> => {
    checked(id);
    return realm.Promise.resolve().then(() => (closed ? refuseHere('registry_closed') : act()));
  };
  const tie = (transport: Entry, server: Entry | undefined): void => {
    transport.server?.bound?.delete(transport);
    transport.server = server;
    if (server) (server.bound ??= new realm.Set()).add(transport);
  };
  const drop = (entry: Entry | undefined): void => {
    if (!entry) return;
    tables[entry.namespace].delete(entry.id);
    tie(entry, undefined);
    entry.bound?.forEach((transport) => tie(transport, undefined));
    const ear = ears.get(entry.endpoint)!;
    ear.held.delete(entry);
    if (ear.held.size > 0) return;
    ear.deaf();
    ears.delete(entry.endpoint);
  };
  const register = (namespace: Namespace, id: string, endpoint: Endpoint, given: unknown): Promise<void> => {
    if (!isEndpoint(endpoint)) refuseHere('invalid_argument');
    const config = textOf(given);
    const { serverId } = realm.Object.assign(realm.Object.create(null) as object, realm.JSON.parse(config)) as { serverId?: unknown };
    if (mode === 'closed') refuseHere('admission_control_active');
    return write(id, () => {
      if (endpoint.signal.aborted) refuseHere('endpoint_down');
      if (tables[namespace].has(id)) refuseHere('already_registered');
      const entry: Entry = { namespace, id, endpoint, config, server: undefined, bound: undefined };
      tables[namespace].set(id, entry);
      if (!ears.has(endpoint)) {
        const held = new realm.Set<Entry>();
        ears.set(endpoint, { held, deaf: whenDown(endpoint.signal, () => held.forEach(drop)) });
      }
      ears.get(endpoint)!.held.add(entry);
      if (namespace === 'transport') tie(entry, tables.server.get(serverId as string));
    });
  };
  const shown = ({ id, endpoint, config }: Entry): Registration => object({ id, endpoint, config: realm.JSON.parse(config) as Config });
  const find = (namespace: Namespace, id: string): Registration | undefined => {
    const entry = tables[namespace].get(checked(id));
    return entry && shown(entry);
  };
  const deliver = (entry: Entry | undefined, from: string, message: unknown): number => {
    if (entry) handOver(entry.endpoint, object({ namespace: entry.namespace, to: entry.id, from, message }));
    return entry ? 1 : 0;
  };

  return {
    registerServer: (id, endpoint, config) => register('server', id, endpoint, config),
    registerTransport: (id, endpoint, config) => register('transport', id, endpoint, config),
    unregisterServer: (id) => write(id, () => drop(tables.server.get(id))),
    unregisterTransport: (id) => write(id, () => drop(tables.transport.get(id))),
    updateServer: (id, given) => {
      const config = textOf(given);
      return write(id, () => void ((tables.server.get(id) ?? refuseHere('server_not_found')).config = config));
    },
    findServer: (id) => find('server', id),
    findTransport: (id) => find('transport', id),
    listServers: () => realm.Array.from(tables.server.values(), shown),
    listTransports: () => realm.Array.from(tables.transport.values(), shown),
    bindTransportToServer: (transportId, serverId) => {
      checked(serverId);
      return write(transportId, () => {
        const server = tables.server.get(serverId) ?? refuseHere('server_not_found');
        tie(tables.transport.get(transportId) ?? refuseHere('transport_not_found'), server);
      });
    },
    unbindTransport: (id) =>
      write(id, () => {
        const transport = tables.transport.get(id);
        if (transport) tie(transport, undefined);
      }),
    getServerForTransport: (id) => tables.transport.get(checked(id))?.server?.id,
    routeToServer: (to, from, message) => deliver(tables.server.get(checked(to)), checked(from), message),
    routeToTransport: (to, from, message) => {
      const server = tables.server.get(checked(from));
      if (to !== broadcast) return deliver(tables.transport.get(checked(to)), from, message);
      const recipients = realm.Array.from(server?.bound ?? []);
      for (const recipient of recipients) deliver(recipient.server === server ? recipient : undefined, from, message);
      return recipients.length;
    },
    setAdmission: (asked) => {
      mode = ['auto', 'open', 'closed'].includes(asked) ? asked : refuseHere('invalid_argument');
    },
    close: () => {
      closed = true;
      for (const table of [tables.server, tables.transport]) table.forEach(drop);
      return realm.Promise.resolve();
    },
  };
}

// --- On an event target

/** A question to whoever listens; whom it concerns puts itself in. */
class Question extends Event {
  readonly answered: Listener[] = [];
}

class Listener {
  server: Listener | undefined;

  constructor(
    readonly namespace: Namespace,
    readonly id: string,
    readonly endpoint: Endpoint,
    readonly serial: number,
    public config: Config,
  ) {}

  handleEvent(event: Event): void {
    (event as Question).answered.push(this);
  }
}

/**
 * Holds no table: a registration is a listener on an event target, a lookup is an event, and a broadcast is an event for whoever listens to the server.
 * Neither lists nor statistics, since nobody knows of all. The outcome of a write is a thenable.
 */
export function eventTarget(): Subject {
  const bus = new EventTarget();
  setMaxListeners(0, bus);
  const ears = new Map<Endpoint, { readonly held: Set<Listener>; readonly deaf: () => void }>();
  let serials = 0;
  let closed = false;

  const ask = (type: string): Listener[] => {
    const question = new Question(type);
    bus.dispatchEvent(question);
    return question.answered;
  };
  const find = (namespace: Namespace, id: string): Listener | undefined => (isId(id) ? ask(`${namespace} ${id}`)[0] : refuse('invalid_argument'));
  const bind = (transport: Listener, server: Listener | undefined): void => {
    if (transport.server) bus.removeEventListener(`bound to ${transport.server.serial}`, transport);
    transport.server = server;
    if (server) bus.addEventListener(`bound to ${server.serial}`, transport);
  };
  const end = (listener: Listener | undefined): void => {
    if (!listener) return;
    const { namespace, id, endpoint, serial } = listener;
    bus.removeEventListener(`${namespace} ${id}`, listener);
    bind(listener, undefined);
    for (const transport of ask(`bound to ${serial}`)) bind(transport, undefined);
    const ear = ears.get(endpoint)!;
    ear.held.delete(listener);
    if (ear.held.size > 0) return;
    ear.deaf();
    ears.delete(endpoint);
  };
  const register = (namespace: Namespace, id: string, endpoint: Endpoint, given: unknown): void => {
    const config = isEndpoint(endpoint) ? configOf(given) : undefined;
    if (config === undefined) refuse('invalid_argument');
    if (endpoint.signal.aborted) refuse('endpoint_down');
    if (find(namespace, id)) refuse('already_registered');
    const listener = new Listener(namespace, id, endpoint, ++serials, config);
    bus.addEventListener(`${namespace} ${id}`, listener);
    if (namespace === 'transport' && isId(config['serverId'])) bind(listener, find('server', config['serverId']));
    if (!ears.has(endpoint)) {
      const held = new Set<Listener>();
      ears.set(endpoint, { held, deaf: whenDown(endpoint.signal, () => held.forEach(end)) });
    }
    ears.get(endpoint)!.held.add(listener);
  };
  /** Made when it is called; what came of it is told to whoever asks. */
  const write = (act: () => void): PromiseLike<void> => {
    const outcome = new Promise<void>((resolve) => {
      if (closed) refuse('registry_closed');
      act();
      resolve();
    });
    outcome.catch(() => undefined);
    return { then: (fulfilled, rejected) => outcome.then(fulfilled, rejected) };
  };
  const shown = (listener: Listener | undefined): Registration | undefined => listener && { id: listener.id, endpoint: listener.endpoint, config: configOf(listener.config)! };
  const deliver = (listener: Listener | undefined, from: string, message: unknown): number => {
    if (listener) handOver(listener.endpoint, { namespace: listener.namespace, to: listener.id, from, message });
    return listener ? 1 : 0;
  };
  const sender = (id: string): string => (isId(id) ? id : refuse('invalid_argument'));

  return {
    registerServer: (id, endpoint, config) => write(() => register('server', id, endpoint, config)),
    registerTransport: (id, endpoint, config) => write(() => register('transport', id, endpoint, config)),
    unregisterServer: (id) => write(() => end(find('server', id))),
    unregisterTransport: (id) => write(() => end(find('transport', id))),
    updateServer: (id, given) =>
      write(() => {
        const server = find('server', id) ?? refuse('server_not_found');
        server.config = configOf(given) ?? refuse('invalid_argument');
      }),
    findServer: (id) => shown(find('server', id)),
    findTransport: (id) => shown(find('transport', id)),
    bindTransportToServer: (transportId, serverId) =>
      write(() => {
        const transport = find('transport', transportId);
        const server = find('server', serverId) ?? refuse('server_not_found');
        bind(transport ?? refuse('transport_not_found'), server);
      }),
    unbindTransport: (id) =>
      write(() => {
        const transport = find('transport', id);
        if (transport) bind(transport, undefined);
      }),
    getServerForTransport: (id) => find('transport', id)?.server?.id,
    routeToServer: (to, from, message) => deliver(find('server', to), sender(from), message),
    routeToTransport: (to, from, message) => {
      const server = find('server', from);
      if (to !== broadcast) return deliver(find('transport', to), from, message);
      const recipients = server ? ask(`bound to ${server.serial}`) : [];
      for (const recipient of recipients) deliver(recipient.server === server ? recipient : undefined, from, message);
      return recipients.length;
    },
    close: () => {
      closed = true;
      for (const { held } of ears.values()) held.forEach(end);
    },
  };
}

// --- Sorted blocks

interface Placed {
  readonly id: string;
  readonly endpoint: Endpoint;
  readonly config: Config;
}

const blockSize = 256;

/** Names in order, in blocks of a few hundred: found by halving. */
class Sorted {
  readonly #blocks: Placed[][] = [];
  #swept = 0;

  /** An entry whose endpoint is down is none: it is taken out by whoever comes upon it. */
  get(id: string): Placed | undefined {
    const placed = this.#at(id)[2];
    return placed && !placed.endpoint.signal.aborted ? placed : undefined;
  }

  put(placed: Placed): void {
    const [block, index, before] = this.#at(placed.id);
    const entries = this.#blocks[block] ?? (this.#blocks[block] = []);
    entries.splice(index, before ? 1 : 0, placed);
    if (entries.length > blockSize) this.#blocks.splice(block + 1, 0, entries.splice(blockSize / 2));
    this.#sweep();
  }

  remove(id: string): boolean {
    const [block, index, before] = this.#at(id);
    if (!before) return false;
    this.#blocks[block]!.splice(index, 1);
    if (this.#blocks[block]!.length === 0) this.#blocks.splice(block, 1);
    this.#sweep();
    return !before.endpoint.signal.aborted;
  }

  /** From the last to the first. */
  all(): Placed[] {
    return this.#blocks.flat().reverse().filter(({ endpoint }) => !endpoint.signal.aborted);
  }

  clear(): void {
    this.#blocks.length = 0;
  }

  /** The block and the place in it where an id is or would be, and what is there under this id. */
  #at(id: string): [block: number, index: number, placed: Placed | undefined] {
    const block = Math.max(0, halve(this.#blocks.length, (middle) => this.#blocks[middle]![0]!.id <= id) - 1);
    const entries = this.#blocks[block] ?? [];
    const index = halve(entries.length, (middle) => entries[middle]!.id < id);
    return [block, index, entries[index]?.id === id ? entries[index] : undefined];
  }

  /** One entry of every block in turn, so that nothing that is down stays for good. */
  #sweep(): void {
    const block = this.#swept++ % Math.max(1, this.#blocks.length);
    const entries = this.#blocks[block];
    const index = entries?.findIndex(({ endpoint }) => endpoint.signal.aborted) ?? -1;
    if (index < 0) return;
    entries!.splice(index, 1);
    if (entries!.length === 0) this.#blocks.splice(block, 1);
  }
}

/** The first number below `end` for which it does not hold. */
function halve(end: number, holds: (middle: number) => boolean): number {
  let from = 0;
  while (from < end) {
    const middle = (from + end) >>> 1;
    if (holds(middle)) from = middle + 1;
    else end = middle;
  }
  return from;
}

/**
 * Arrays in order of code units, searched by halving. Nobody is listened to: what is down is none, and goes when a write comes by. Lists are from last
 * to first. Neither bindings nor routing; admission by hand only; statistics of 64 partitions, without alarms.
 */
export class Blocks {
  readonly #server = new Sorted();
  readonly #transport = new Sorted();
  readonly #meters: Meters;
  #closed = false;

  constructor({ clock }: OpenOptions) {
    this.#meters = new Meters(64, clock);
  }

  async registerServer(id: string, endpoint: Endpoint, config?: Config): Promise<void> {
    this.#register(this.#server, id, endpoint, config);
  }

  async registerTransport(id: string, endpoint: Endpoint, config?: Config): Promise<void> {
    this.#register(this.#transport, id, endpoint, config);
  }

  #register(names: Sorted, id: string, endpoint: Endpoint, given: unknown): void {
    const config = configOf(given);
    if (!isId(id) || !isEndpoint(endpoint) || config === undefined) refuse('invalid_argument');
    if (this.#closed) refuse('registry_closed');
    if (names.get(id)) refuse('already_registered');
    if (this.#meters.mode === 'closed') refuse('admission_control_active');
    if (endpoint.signal.aborted) refuse('endpoint_down');
    names.put(Object.freeze({ id, endpoint, config: deepFrozen(config) }));
    this.#count(id);
  }

  unregisterServer(id: string): void {
    this.#unregister(this.#server, id);
  }

  unregisterTransport(id: string): void {
    this.#unregister(this.#transport, id);
  }

  /** Unregistering works in a closed registry: there is nothing to do. */
  #unregister(names: Sorted, id: string): void {
    if (!isId(id)) refuse('invalid_argument');
    if (names.remove(id)) this.#count(id);
  }

  async updateServer(id: string, given: Config): Promise<void> {
    const config = configOf(given);
    if (!isId(id) || config === undefined) refuse('invalid_argument');
    const { endpoint } = this.#server.get(id) ?? refuse('server_not_found');
    this.#server.put(Object.freeze({ id, endpoint, config: deepFrozen(config) }));
    this.#count(id);
  }

  findServer(id: string): Registration | undefined {
    return this.#server.get(isId(id) ? id : refuse('invalid_argument'));
  }

  findTransport(id: string): Registration | undefined {
    return this.#transport.get(isId(id) ? id : refuse('invalid_argument'));
  }

  listServers(): readonly Registration[] {
    return this.#server.all();
  }

  listTransports(): readonly Registration[] {
    return this.#transport.all();
  }

  setAdmission(mode: AdmissionMode): void {
    this.#meters.set(mode, refuse);
  }

  getPartitionStats(partition?: number): unknown {
    return this.#meters.answer(partition, refuse);
  }

  resetStats(): void {
    this.#meters.reset();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#server.clear();
    this.#transport.clear();
  }

  #count(id: string): void {
    this.#meters.note(spread(id, this.#meters.partitions, 10), this.#meters.clock.now());
  }
}
