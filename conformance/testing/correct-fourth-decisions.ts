import { broadcast, type Config, type Endpoint, type ErrorCode, type Json, type Namespace, type Registration } from '../../spec/index.js';
import type { OpenOptions, Subject, Wait } from '../contract.js';
import { configOf, deepFrozen, handOver, isEndpoint, isId, Meters, partitionsOf, spread, whenDown } from './correct-fourth-arithmetic.js';

/** Registries that differ in how a write comes to be decided: before its commit and again after it, under locks, or in a stream. */

// --- Decided first, validated later

/** Of the kind that JavaScript has for it; the code cannot be enumerated. */
function refuseInKind(code: ErrorCode): never {
  throw Object.defineProperty(code === 'invalid_argument' ? new TypeError(code) : new RangeError(code), 'code', { value: code });
}

const sorted = (value: Json): Json => {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(sorted);
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, inner]) => [key, sorted(inner)]));
};

/** A registration as a triple that has names for its parts. */
class Triple extends Array<unknown> implements Registration {
  get id(): string {
    return this[0] as string;
  }
  get endpoint(): Endpoint {
    return this[1] as Endpoint;
  }
  get config(): Config {
    return this[2] as Config;
  }
}

/** An incarnation, whatever becomes of its entry. */
interface Life {
  readonly id: string;
}

/** Never changes: what changes is which entry a table holds. */
interface Entry {
  readonly life: Life;
  readonly endpoint: Endpoint;
  /** The configuration as text, its keys in order. */
  readonly text: string;
  readonly server: Life | undefined;
}

/** What a write has read, and what it is going to put there. */
interface Plan {
  readonly read: [Namespace, string, Entry | undefined][];
  readonly alive?: AbortSignal;
  readonly put?: readonly [Namespace, string, Entry | undefined];
}

interface Planned {
  readonly called: number;
  readonly decide: () => Plan;
  readonly settle: (error?: unknown) => void;
}

/**
 * A write decides when its turn comes: if it is to be refused, it is, without a commit. Otherwise it commits, and looks whether what it has read is still
 * so: if not, it decides again. Alarms are worked out when somebody looks, but at most every 80 ms. Deliveries are numbered.
 */
export function optimistic(options: OpenOptions): Subject {
  const { clock } = options;
  const partitions = partitionsOf(options.partitions) ?? refuseInKind('invalid_argument');
  const queues: Planned[][] = Array.from({ length: partitions }, () => []);
  const meters = new Meters(partitions, clock, options, (partition) => queues[partition]![0]?.called);
  const tables = { server: new Map<string, Entry>(), transport: new Map<string, Entry>() };
  const bound = new Map<Life, Set<string>>();
  const held = new Map<Endpoint, { readonly lives: Map<Life, Namespace>; readonly deaf: () => void }>();
  let slow = 0;
  let closed = false;
  let delivered = 0;
  let looked = { at: -Infinity, alarmed: [] as number[] };

  const alarmed = (): number[] => {
    const now = clock.now();
    if (now - looked.at > 80) looked = { at: now, alarmed: meters.alarmed() };
    return [...looked.alarmed];
  };
  const admits = (): boolean => meters.admits(alarmed());

  const put = (namespace: Namespace, id: string, after: Entry | undefined): void => {
    const before = tables[namespace].get(id);
    if (after) tables[namespace].set(id, after);
    else tables[namespace].delete(id);
    if (before?.server !== after?.server || !after) {
      if (before?.server) bound.get(before.server)?.delete(id);
      if (after?.server) bound.set(after.server, (bound.get(after.server) ?? new Set()).add(id));
    }
    if (before?.life === after?.life) return;
    if (before) leave(before);
    if (after) join(namespace, after);
  };
  const join = (namespace: Namespace, { life, endpoint }: Entry): void => {
    if (!held.has(endpoint)) {
      const lives = new Map<Life, Namespace>();
      held.set(endpoint, { lives, deaf: whenDown(endpoint.signal, () => lives.forEach((space, { id }) => put(space, id, undefined))) });
    }
    held.get(endpoint)!.lives.set(life, namespace);
  };
  const leave = ({ life, endpoint }: Entry): void => {
    const { lives, deaf } = held.get(endpoint)!;
    bound.delete(life);
    lives.delete(life);
    if (lives.size > 0) return;
    deaf();
    held.delete(endpoint);
  };

  const serve = async (partition: number): Promise<void> => {
    const queue = queues[partition]!;
    while (queue.length > 0) {
      const { called, decide, settle } = queue[0]!;
      try {
        let plan = decide();
        if (slow > 0) await new Promise<void>((wake) => clock.setTimeout(wake, slow));
        const holds = !closed && !plan.alive?.aborted && plan.read.every(([namespace, id, entry]) => tables[namespace].get(id) === entry);
        if (!holds) plan = decide();
        if (plan.put) put(...plan.put);
        meters.note(partition, called);
        settle();
      } catch (error) {
        settle(error);
      }
      queue.shift();
    }
  };
  const write = (id: string, decide: (plan: Plan) => Plan): Promise<void> => {
    if (!isId(id)) refuseInKind('invalid_argument');
    if (closed) refuseInKind('registry_closed');
    return new Promise((resolve, reject) => {
      const partition = spread(id, partitions, 4);
      const planned: Planned = {
        called: clock.now(),
        decide: () => (closed ? refuseInKind('registry_closed') : decide({ read: [] })),
        settle: (error) => (error === undefined ? resolve() : reject(error)),
      };
      if (queues[partition]!.push(planned) === 1) void serve(partition);
    });
  };
  const look = ({ read }: Plan, namespace: Namespace, id: string): Entry | undefined => {
    const entry = tables[namespace].get(id);
    read.push([namespace, id, entry]);
    return entry;
  };

  const textOf = (given: unknown): string => JSON.stringify(sorted((configOf(given) ?? refuseInKind('invalid_argument')) as Json));
  const register = async (namespace: Namespace, id: string, endpoint: Endpoint, given: unknown): Promise<void> => {
    if (!isEndpoint(endpoint)) refuseInKind('invalid_argument');
    const text = textOf(given);
    const serverId = namespace === 'transport' ? Object.entries(JSON.parse(text) as Config).find(([key]) => key === 'serverId')?.[1] : undefined;
    if (serverId !== undefined && !isId(serverId)) refuseInKind('invalid_argument');
    if (!admits()) refuseInKind('admission_control_active');
    return write(id, (plan) => {
      if (look(plan, namespace, id)) refuseInKind('already_registered');
      if (endpoint.signal.aborted) refuseInKind('endpoint_down');
      const server = typeof serverId === 'string' ? look(plan, 'server', serverId)?.life : undefined;
      return { ...plan, alive: endpoint.signal, put: [namespace, id, { life: { id }, endpoint, text, server }] };
    });
  };
  const unregister = async (namespace: Namespace, id: string): Promise<void> =>
    write(id, (plan) => (look(plan, namespace, id) ? { ...plan, put: [namespace, id, undefined] } : plan));

  const get = (namespace: Namespace, id: string): Entry | undefined => (isId(id) ? tables[namespace].get(id) : refuseInKind('invalid_argument'));
  const shown = ({ life, endpoint, text }: Entry): Triple => Triple.from([life.id, endpoint, JSON.parse(text)]) as Triple;
  const serverOf = (transport: Entry | undefined): string | undefined =>
    transport?.server && tables.server.get(transport.server.id)?.life === transport.server ? transport.server.id : undefined;
  const deliver = (namespace: Namespace, { life, endpoint }: Entry, from: string, message: unknown): number => {
    handOver(endpoint, Object.assign({ namespace, to: life.id, from, message }, { number: ++delivered }));
    return 1;
  };

  return {
    registerServer: (id, endpoint, config) => register('server', id, endpoint, config),
    registerTransport: (id, endpoint, config) => register('transport', id, endpoint, config),
    unregisterServer: (id) => unregister('server', id),
    unregisterTransport: (id) => unregister('transport', id),
    updateServer: async (id, given) => {
      const text = textOf(given);
      return write(id, (plan) => ({ ...plan, put: ['server', id, { ...(look(plan, 'server', id) ?? refuseInKind('server_not_found')), text }] }));
    },
    findServer(id) {
      const entry = get('server', id);
      return entry ? shown(entry) : null;
    },
    findTransport(id) {
      const entry = get('transport', id);
      return entry ? shown(entry) : null;
    },
    listServers: () => Array.from(tables.server.values(), shown),
    listTransports: () => Array.from(tables.transport.values(), shown),
    bindTransportToServer: async (transportId, serverId) => {
      if (!isId(serverId)) refuseInKind('invalid_argument');
      return write(transportId, (plan) => {
        const { life: server } = look(plan, 'server', serverId) ?? refuseInKind('server_not_found');
        const transport = look(plan, 'transport', transportId) ?? refuseInKind('transport_not_found');
        return { ...plan, put: ['transport', transportId, { ...transport, server }] };
      });
    },
    unbindTransport: async (id) =>
      write(id, (plan) => {
        const transport = look(plan, 'transport', id);
        return transport ? { ...plan, put: ['transport', id, { ...transport, server: undefined }] } : plan;
      }),
    getServerForTransport: (id) => serverOf(get('transport', id)) ?? null,
    routeToServer(to, from, message) {
      const server = get('server', to);
      get('transport', from);
      return server ? deliver('server', server, from, message) : 0;
    },
    routeToTransport(to, from, message) {
      const server = get('server', from);
      if (to !== broadcast) {
        const transport = get('transport', to);
        return transport ? deliver('transport', transport, from, message) : 0;
      }
      const recipients = Array.from((server && bound.get(server.life)) ?? [], (id) => tables.transport.get(id)!);
      for (const recipient of recipients) {
        // It still gets the message when it is unbound or unregistered meanwhile, but not when it is down or the name is another's.
        const now = tables.transport.get(recipient.life.id);
        if (!recipient.endpoint.signal.aborted && (!now || now.life === recipient.life)) deliver('transport', recipient, from, message);
      }
      return recipients.length;
    },
    getPartitionStats(partition) {
      const now = alarmed();
      const answer = meters.answer(partition, refuseInKind);
      return Array.isArray(answer) ? answer.map((stats) => ({ ...stats, alarm: now.includes(stats.partition) })) : { ...answer, alarm: now.includes(answer.partition) };
    },
    getContentionStatus: () => ({ partitions, alarmed: alarmed(), admission: admits() ? 'open' : 'closed', mode: meters.mode }),
    resetStats: () => meters.reset(),
    setAdmission: (mode) => meters.set(mode, refuseInKind),
    slowCommit: (ms) => void (slow = ms),
    close: async () => {
      closed = true;
      for (const namespace of ['server', 'transport'] as const) for (const id of tables[namespace].keys()) put(namespace, id, undefined);
    },
  };
}

// --- Two levels of locks

/** The kind of error that a platform throws; its own code is ours. */
function refuseAsPlatform(code: ErrorCode): never {
  throw Object.defineProperty(new DOMException(`The registry does not do that: ${code}.`, 'InvalidStateError'), 'code', { value: code });
}

interface Ticket {
  readonly name: string;
  readonly called: number;
  readonly partition: number;
  granted(error?: unknown): void;
}

/**
 * A write takes the registry, shared, and its partition, for itself: both together or neither, so that it holds nothing while it waits. Closing takes
 * the registry for itself: who waits is refused, who holds ends first. Whoever throws does not count; the last to be bound is the first to hear.
 */
export function twoLevels(options: OpenOptions): Subject {
  const { clock } = options;
  const partitions = partitionsOf(options.partitions) ?? refuseAsPlatform('invalid_argument');
  const holders: (Ticket | undefined)[] = Array.from({ length: partitions }, () => undefined);
  const queues: Ticket[][] = holders.map(() => []);
  const meters = new Meters(partitions, clock, {}, (partition) => holders[partition]?.called);

  interface Node {
    readonly namespace: Namespace;
    /** What is handed out inherits from this. */
    base: Registration;
    peers: Set<Node> | undefined;
  }
  const tables = { server: new Map<string, Node>(), transport: new Map<string, Node>() };
  const ears = new Map<AbortSignal, { readonly nodes: Set<Node>; readonly deaf: () => void }>();
  let tickets = 0;
  let slow = 0;
  let closing: Promise<void> | undefined;
  let emptied: (() => void) | undefined;

  const acquire = (name: string, partition: number): Promise<Ticket> =>
    new Promise((resolve, reject) => {
      const ticket: Ticket = { name: `${name} #${++tickets}`, called: clock.now(), partition, granted: (error) => (error === undefined ? resolve(ticket) : reject(error)) };
      if (holders[partition]) queues[partition]!.push(ticket);
      else (holders[partition] = ticket).granted();
    });
  const release = ({ partition }: Ticket): void => {
    holders[partition] = queues[partition]!.shift();
    holders[partition]?.granted();
    if (holders.every((holder) => holder === undefined)) emptied?.();
  };
  const write = async (what: string, id: string, act: () => void): Promise<void> => {
    if (closing) refuseAsPlatform('registry_closed');
    const ticket = await acquire(what, spread(id, partitions, 5));
    try {
      if (slow > 0) await new Promise<void>((wake) => clock.setTimeout(wake, slow));
      act();
      meters.note(ticket.partition, ticket.called);
    } finally {
      release(ticket);
    }
  };

  const checked = (id: string): string => (isId(id) ? id : refuseAsPlatform('invalid_argument'));
  const tie = (transport: Node, server: Node | undefined): void => {
    transport.peers?.forEach((before) => before.peers!.delete(transport));
    transport.peers = server && new Set([server]);
    if (server) (server.peers ??= new Set()).add(transport);
  };
  const drop = (node: Node): void => {
    const { id, endpoint } = node.base;
    tables[node.namespace].delete(id);
    node.peers?.forEach((peer) => peer.peers!.delete(node));
    const ear = ears.get(endpoint.signal)!;
    ear.nodes.delete(node);
    if (ear.nodes.size > 0) return;
    ear.deaf();
    ears.delete(endpoint.signal);
  };
  const register = async (namespace: Namespace, id: string, endpoint: Endpoint, given: unknown): Promise<void> => {
    const config = isEndpoint(endpoint) ? configOf(given) : undefined;
    if (config === undefined) refuseAsPlatform('invalid_argument');
    if (!meters.admits()) refuseAsPlatform('admission_control_active');
    await write(`register ${namespace} ${checked(id)}`, id, () => {
      if (tables[namespace].has(id)) refuseAsPlatform('already_registered');
      const { signal } = endpoint;
      if (signal.aborted) refuseAsPlatform('endpoint_down');
      const node: Node = { namespace, base: Object.freeze({ id, endpoint, config: deepFrozen(config) }), peers: undefined };
      tables[namespace].set(id, node);
      if (!ears.has(signal)) {
        const nodes = new Set<Node>();
        ears.set(signal, { nodes, deaf: whenDown(signal, () => nodes.forEach(drop)) });
      }
      ears.get(signal)!.nodes.add(node);
      if (namespace === 'transport' && Object.hasOwn(config, 'serverId')) tie(node, tables.server.get(config['serverId'] as string));
    });
  };
  const unregister = async (namespace: Namespace, id: string): Promise<void> =>
    write(`unregister ${namespace} ${checked(id)}`, id, () => {
      const node = tables[namespace].get(id);
      if (node) drop(node);
    });
  const shown = (node: Node): Registration => Object.create(node.base) as Registration;
  const find = (namespace: Namespace, id: string): Registration | undefined => {
    const node = tables[namespace].get(checked(id));
    return node && shown(node);
  };
  const deliver = (node: Node, from: string, message: unknown): number => (handOver(node.base.endpoint, { namespace: node.namespace, to: node.base.id, from, message }) ? 1 : 0);
  const deliverTo = (node: Node | undefined, from: string, message: unknown): number => (node ? deliver(node, checked(from), message) : (checked(from), 0));

  return {
    registerServer: (id, endpoint, config) => register('server', id, endpoint, config),
    registerTransport: (id, endpoint, config) => register('transport', id, endpoint, config),
    unregisterServer: (id) => unregister('server', id),
    unregisterTransport: (id) => unregister('transport', id),
    updateServer: async (id, given) => {
      const config = configOf(given);
      if (config === undefined) refuseAsPlatform('invalid_argument');
      await write(`update ${checked(id)}`, id, () => {
        const node = tables.server.get(id) ?? refuseAsPlatform('server_not_found');
        node.base = Object.freeze({ ...node.base, config: deepFrozen(config) });
      });
    },
    findServer: (id) => find('server', id),
    findTransport: (id) => find('transport', id),
    listServers: () => Array.from(tables.server.values(), shown),
    listTransports: () => Array.from(tables.transport.values(), shown),
    bindTransportToServer: async (transportId, serverId) => {
      await write(`bind(${checked(transportId)}, ${checked(serverId)})`, transportId, () => {
        const server = tables.server.get(serverId) ?? refuseAsPlatform('server_not_found');
        tie(tables.transport.get(transportId) ?? refuseAsPlatform('transport_not_found'), server);
      });
    },
    unbindTransport: async (id) =>
      write(`unbind(${checked(id)})`, id, () => {
        const node = tables.transport.get(id);
        if (node) tie(node, undefined);
      }),
    getServerForTransport: (id) => [...(tables.transport.get(checked(id))?.peers ?? [])][0]?.base.id,
    routeToServer: (to, from, message) => deliverTo(tables.server.get(checked(to)), from, message),
    routeToTransport(to, from, message) {
      if (to !== broadcast) return deliverTo(tables.transport.get(checked(to)), from, message);
      const peers = [...(tables.server.get(checked(from))?.peers ?? [])].reverse();
      const current = (peer: Node): boolean => tables.transport.get(peer.base.id) === peer;
      return peers.reduce((count, peer) => count + (current(peer) ? deliver(peer, from, message) : 1), 0);
    },
    getPartitionStats: (partition) => meters.answer(partition, refuseAsPlatform),
    getContentionStatus: () => meters.status(),
    resetStats: () => meters.reset(),
    setAdmission: (mode) => meters.set(mode, refuseAsPlatform),
    slowCommit: (ms) => void (slow = ms),
    waits: (): Wait[] =>
      holders.flatMap((holder, partition) => {
        const lock = `lock of partition ${partition}`;
        return holder ? [{ waiter: lock, holder: holder.name }, ...queues[partition]!.map(({ name }) => ({ waiter: name, holder: lock, for: lock }))] : [];
      }),
    close() {
      closing ??= (async () => {
        for (const { granted } of queues.flatMap((queue) => queue.splice(0))) {
          try {
            refuseAsPlatform('registry_closed');
          } catch (error) {
            granted(error);
          }
        }
        if (holders.some((holder) => holder !== undefined)) await new Promise<void>((resolve) => (emptied = resolve));
        for (const table of [tables.server, tables.transport]) table.forEach(drop);
      })();
      return closing;
    },
  };
}

// --- A stream for each partition

/** Errors whose code belongs to their class. */
const kinds = new Map<ErrorCode, new (message: string, options?: ErrorOptions) => Error>();
function failure(code: ErrorCode): Error {
  if (!kinds.has(code)) {
    const Kind = class extends Error {};
    Object.assign(Kind.prototype, { code, name: code });
    kinds.set(code, Kind);
  }
  return new (kinds.get(code)!)('The stream refused it.', { cause: { code } });
}
function refuseByStream(code: ErrorCode): never {
  throw failure(code);
}

interface Chunk {
  readonly called: number;
  readonly act: () => void;
  error?: unknown;
}

const fivePartitions = 5;
const roomFor = 200;

/**
 * Five partitions, each a writable stream that takes one write after the other; a stream with 200 waiting takes no more. Everything is answered
 * by a promise, reads and routing too. Registrations have further fields.
 */
export class Streamed {
  readonly #clock: OpenOptions['clock'];
  readonly #meters: Meters;
  readonly #writers: WritableStreamDefaultWriter<Chunk>[];
  readonly #inFlight: Chunk[][];
  readonly #tables = { server: new Map<string, StreamedEntry>(), transport: new Map<string, StreamedEntry>() };
  readonly #ears = new Map<AbortSignal, { readonly entries: Set<StreamedEntry>; readonly deaf: () => void }>();
  #incarnations = 0;
  #slow = 0;
  #closed = false;

  constructor({ clock, ...limits }: OpenOptions) {
    this.#clock = clock;
    this.#inFlight = Array.from({ length: fivePartitions }, () => []);
    this.#meters = new Meters(fivePartitions, clock, limits, (partition) => this.#inFlight[partition]![0]?.called);
    this.#writers = this.#inFlight.map((inFlight, partition) =>
      new WritableStream<Chunk>(
        {
          write: async (chunk) => {
            if (this.#slow > 0) await new Promise<void>((wake) => this.#clock.setTimeout(wake, this.#slow));
            try {
              if (this.#closed) refuseByStream('registry_closed');
              chunk.act();
              this.#meters.note(partition, chunk.called);
            } catch (error) {
              chunk.error = error; // Not thrown: that would be the end of the stream.
            }
            inFlight.shift();
          },
        },
        new CountQueuingStrategy({ highWaterMark: roomFor }),
      ).getWriter(),
    );
  }

  async #write(id: string, act: () => void): Promise<void> {
    const partition = spread(id, fivePartitions, 6);
    const writer = this.#writers[partition]!;
    if (this.#closed) refuseByStream('registry_closed');
    if (writer.desiredSize! <= 0) refuseByStream('partition_overloaded');
    const chunk: Chunk = { called: this.#clock.now(), act };
    this.#inFlight[partition]!.push(chunk);
    await writer.write(chunk);
    if (chunk.error !== undefined) throw chunk.error;
  }

  async registerServer(id: string, endpoint: Endpoint, config?: Config): Promise<void> {
    await this.#register('server', id, endpoint, config);
  }

  async registerTransport(id: string, endpoint: Endpoint, config?: Config): Promise<void> {
    await this.#register('transport', id, endpoint, config);
  }

  #register(namespace: Namespace, id: string, endpoint: Endpoint, given: unknown): Promise<void> {
    if (!isId(id) || !isEndpoint(endpoint)) refuseByStream('invalid_argument');
    if (endpoint.signal.aborted) refuseByStream('endpoint_down');
    if (!this.#meters.admits()) refuseByStream('admission_control_active');
    const config = configOf(given) ?? refuseByStream('invalid_argument');
    return this.#write(id, () => {
      if (endpoint.signal.aborted) refuseByStream('endpoint_down');
      if (!this.#meters.admits()) refuseByStream('admission_control_active');
      if (this.#tables[namespace].has(id)) refuseByStream('already_registered');
      const entry = new StreamedEntry(namespace, id, endpoint, config, ++this.#incarnations);
      this.#tables[namespace].set(id, entry);
      this.#listen(endpoint.signal, entry);
      if (namespace === 'transport' && Object.hasOwn(config, 'serverId')) entry.server = this.#tables.server.get(config['serverId'] as string);
      entry.server?.bound.add(entry);
    });
  }

  async unregisterServer(id: string): Promise<void> {
    await this.#unregister('server', id);
  }

  async unregisterTransport(id: string): Promise<void> {
    await this.#unregister('transport', id);
  }

  async #unregister(namespace: Namespace, id: string): Promise<void> {
    if (!isId(id)) refuseByStream('invalid_argument');
    await this.#write(id, () => this.#end(this.#tables[namespace].get(id)));
  }

  async updateServer(id: string, given: Config): Promise<void> {
    const config = configOf(given);
    if (!isId(id) || config === undefined) refuseByStream('invalid_argument');
    await this.#write(id, () => ((this.#tables.server.get(id) ?? refuseByStream('server_not_found')).config = config));
  }

  async bindTransportToServer(transportId: string, serverId: string): Promise<void> {
    if (!isId(transportId) || !isId(serverId)) refuseByStream('invalid_argument');
    if (!this.#tables.server.has(serverId)) refuseByStream('server_not_found');
    await this.#write(transportId, () => {
      const server = this.#tables.server.get(serverId) ?? refuseByStream('server_not_found');
      const transport = this.#tables.transport.get(transportId) ?? refuseByStream('transport_not_found');
      transport.server?.bound.delete(transport);
      transport.server = server;
      server.bound.add(transport);
    });
  }

  async unbindTransport(id: string): Promise<void> {
    if (!isId(id)) refuseByStream('invalid_argument');
    await this.#write(id, () => {
      const transport = this.#tables.transport.get(id);
      transport?.server?.bound.delete(transport);
      if (transport) transport.server = undefined;
    });
  }

  async findServer(id: string): Promise<Registration | undefined> {
    return this.#get('server', id)?.shown();
  }

  async findTransport(id: string): Promise<Registration | undefined> {
    return this.#get('transport', id)?.shown();
  }

  async listServers(): Promise<Registration[]> {
    return Array.from(this.#tables.server.values(), (entry) => entry.shown());
  }

  async listTransports(): Promise<Registration[]> {
    return Array.from(this.#tables.transport.values(), (entry) => entry.shown());
  }

  async getServerForTransport(id: string): Promise<string | undefined> {
    return this.#get('transport', id)?.server?.id;
  }

  async routeToServer(to: string, from: string, message: unknown): Promise<number> {
    this.#get('transport', from);
    this.#get('server', to);
    await null; // To whom it goes is found when it is handed over.
    return this.#deliver(this.#get('server', to), from, message);
  }

  async routeToTransport(to: string | typeof broadcast, from: string, message: unknown): Promise<number> {
    this.#get('server', from);
    if (to !== broadcast) this.#get('transport', to);
    await null;
    if (to !== broadcast) return this.#deliver(this.#get('transport', to), from, message);
    const server = this.#get('server', from);
    const bound = [...(server?.bound ?? [])];
    for (const transport of bound) if (transport.server === server) this.#deliver(transport, from, message); // Who has been unbound meanwhile gets nothing.
    return bound.length;
  }

  #deliver(entry: StreamedEntry | undefined, from: string, message: unknown): number {
    if (entry) handOver(entry.endpoint, { namespace: entry.namespace, to: entry.id, from, message });
    return entry ? 1 : 0;
  }

  async getPartitionStats(partition?: number): Promise<unknown> {
    return this.#meters.answer(partition, refuseByStream);
  }

  async getContentionStatus() {
    return this.#meters.status();
  }

  async resetStats(): Promise<void> {
    this.#meters.reset();
  }

  async setAdmission(mode: 'auto' | 'open' | 'closed'): Promise<void> {
    this.#meters.set(mode, refuseByStream);
  }

  async slowCommit(ms: number): Promise<void> {
    this.#slow = ms;
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const table of [this.#tables.server, this.#tables.transport]) table.forEach((entry) => this.#end(entry));
  }

  #get(namespace: Namespace, id: string): StreamedEntry | undefined {
    return isId(id) ? this.#tables[namespace].get(id) : refuseByStream('invalid_argument');
  }

  #listen(signal: AbortSignal, entry: StreamedEntry): void {
    if (!this.#ears.has(signal)) {
      const entries = new Set<StreamedEntry>();
      this.#ears.set(signal, { entries, deaf: whenDown(signal, () => entries.forEach((one) => this.#end(one))) });
    }
    this.#ears.get(signal)!.entries.add(entry);
  }

  #end(entry: StreamedEntry | undefined): void {
    if (!entry) return;
    this.#tables[entry.namespace].delete(entry.id);
    entry.server?.bound.delete(entry);
    entry.server = undefined;
    for (const transport of entry.bound) transport.server = undefined;
    const { entries, deaf } = this.#ears.get(entry.signal)!;
    entries.delete(entry);
    if (entries.size > 0) return;
    deaf();
    this.#ears.delete(entry.signal);
  }
}

const nobody: Set<StreamedEntry> = new Set();

class StreamedEntry {
  readonly signal: AbortSignal;
  server: StreamedEntry | undefined;
  #bound: Set<StreamedEntry> | undefined;

  constructor(
    readonly namespace: Namespace,
    readonly id: string,
    readonly endpoint: Endpoint,
    public config: Config,
    readonly incarnation: number,
  ) {
    this.signal = endpoint.signal;
  }

  /** Who is bound to it: few names have anybody. */
  get bound(): Set<StreamedEntry> {
    return (this.#bound ??= this.namespace === 'server' ? new Set() : nobody);
  }

  shown(): Registration {
    const { namespace, id, endpoint, config, incarnation } = this;
    return Object.assign({ id, endpoint, config: configOf(config)! }, { namespace, incarnation, toString: () => `${namespace} ${id}, the ${incarnation}th` });
  }
}
