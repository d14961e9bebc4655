import { runInNewContext } from 'node:vm';
import type { Adapter, OpenOptions } from '../../../contract.js';
import type { AdmissionMode, Clock, Config, ContentionStatus, Delivery, Endpoint, ErrorCode, Namespace, PartitionStats, Registration, Thresholds } from '../../../../spec/index.js';
import { copyConfig, encode, everyone, handOver, idOf, oneAtATime, partitionsOf, serverIdOf, signalOf, summary, thresholdsOf, type Fail } from './common.js';
import { Receipt } from './receipt.js';

/*
 * Complete. The whole state is one immutable value (hash array mapped tries); a write makes the next one and swaps it in, a list or a
 * broadcast is of the value it began with. Everything that is handed out comes from another realm: its arrays are no `Array` of the
 * caller, its errors no `Error`, its objects no `Object`. Writes answer with bare thenables that call back at once, from within the
 * commit. A binding names an incarnation by number, and means nothing when that has ended.
 */

interface Foreign {
  readonly refuse: (code: ErrorCode, why: string) => Error;
  readonly parse: (text: string) => unknown;
  readonly array: <T>(list: readonly T[]) => readonly T[];
  readonly registration: (id: string, endpoint: Endpoint, config: Config) => Registration;
  readonly delivery: (namespace: Namespace, to: string, from: string, message: unknown) => Delivery;
}

const foreign = runInNewContext(`({
  refuse: (code, why) => Object.assign(new Error(why), { code }),
  parse: (text) => JSON.parse(text),
  array: (list) => Array.from(list),
  registration: (id, endpoint, config) => ({ id, endpoint, config }),
  delivery: (namespace, to, from, message) => ({ namespace, to, from, message }),
})`) as Foreign;

const fail: Fail = (code, why) => foreign.refuse(code, why);

// Tries.

class Leaf<V> {
  constructor(
    readonly hash: number,
    readonly key: string,
    readonly value: V,
    /** Others of the same hash. */
    readonly more: Leaf<V> | undefined,
  ) {}
}

class Branch<V> {
  constructor(
    readonly bitmap: number,
    readonly children: readonly Trie<V>[],
  ) {}
}

type Trie<V> = Leaf<V> | Branch<V>;

const hashOf = (key: string): number => oneAtATime(key) | 0;

function bits(word: number): number {
  let n = word - ((word >>> 1) & 0x55555555);
  n = (n & 0x33333333) + ((n >>> 2) & 0x33333333);
  return Math.imul((n + (n >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

function get<V>(root: Trie<V> | undefined, key: string): V | undefined {
  const hash = hashOf(key);
  let node = root;
  for (let shift = 0; node instanceof Branch; shift += 5) {
    const bit = 1 << ((hash >>> shift) & 31);
    if ((node.bitmap & bit) === 0) return undefined;
    node = node.children[bits(node.bitmap & (bit - 1))];
  }
  for (; node !== undefined; node = node.more) {
    if (node.key === key) return node.value;
  }
  return undefined;
}

const put = <V>(root: Trie<V> | undefined, key: string, value: V): Trie<V> => insert(root, 0, hashOf(key), key, value);

function insert<V>(node: Trie<V> | undefined, shift: number, hash: number, key: string, value: V): Trie<V> {
  if (node === undefined) return new Leaf(hash, key, value, undefined);
  if (node instanceof Leaf) {
    if (node.hash === hash) return new Leaf(hash, key, value, without(node, key));
    return insert(new Branch(1 << ((node.hash >>> shift) & 31), [node]), shift, hash, key, value);
  }
  const bit = 1 << ((hash >>> shift) & 31);
  const at = bits(node.bitmap & (bit - 1));
  const children = node.children.slice();
  if ((node.bitmap & bit) === 0) children.splice(at, 0, new Leaf(hash, key, value, undefined));
  else children[at] = insert(children[at], shift + 5, hash, key, value);
  return new Branch(node.bitmap | bit, children);
}

/** A chain of leaves of one hash, without that of a key. */
function without<V>(leaf: Leaf<V> | undefined, key: string): Leaf<V> | undefined {
  if (leaf === undefined) return undefined;
  if (leaf.key === key) return leaf.more;
  return new Leaf(leaf.hash, leaf.key, leaf.value, without(leaf.more, key));
}

const take = <V>(root: Trie<V> | undefined, key: string): Trie<V> | undefined => remove(root, 0, hashOf(key), key);

function remove<V>(node: Trie<V> | undefined, shift: number, hash: number, key: string): Trie<V> | undefined {
  if (node === undefined) return undefined;
  if (node instanceof Leaf) return node.hash === hash ? without(node, key) : node;
  const bit = 1 << ((hash >>> shift) & 31);
  if ((node.bitmap & bit) === 0) return node;
  const at = bits(node.bitmap & (bit - 1));
  const child = remove(node.children[at], shift + 5, hash, key);
  const children = node.children.slice();
  if (child !== undefined) {
    children[at] = child;
    return children.length === 1 && child instanceof Leaf ? child : new Branch(node.bitmap, children);
  }
  children.splice(at, 1);
  if (children.length === 0) return undefined;
  return children.length === 1 && children[0] instanceof Leaf ? children[0] : new Branch(node.bitmap & ~bit, children);
}

function* entries<V>(node: Trie<V> | undefined): Generator<Leaf<V>> {
  if (node instanceof Branch) for (const child of node.children) yield* entries(child);
  else for (let leaf = node; leaf !== undefined; leaf = leaf.more) yield leaf;
}

// The state.

interface Name {
  readonly incarnation: number;
  readonly id: string;
  readonly endpoint: Endpoint;
  readonly signal: AbortSignal;
  /** The configuration as text. */
  readonly text: string;
  /** Of a server: the ids of the transports bound to it. */
  readonly clients: Trie<true> | undefined;
  /** Of a transport: the server it is bound to, while that incarnation lasts. */
  readonly bond: { readonly id: string; readonly incarnation: number } | undefined;
}

interface World {
  readonly server: Trie<Name> | undefined;
  readonly transport: Trie<Name> | undefined;
}

const empty: World = { server: undefined, transport: undefined };

/** The server of a bond, if it is that incarnation yet. */
function bonded(world: World, { bond }: Name): Name | undefined {
  const server = bond === undefined ? undefined : get(world.server, bond.id);
  return server?.incarnation === bond?.incarnation ? server : undefined;
}

function unbound(world: World, transport: Name): World {
  const server = bonded(world, transport);
  return {
    server: server === undefined ? world.server : put(world.server, server.id, { ...server, clients: take(server.clients, transport.id) }),
    transport: put(world.transport, transport.id, { ...transport, bond: undefined }),
  };
}

function bound(world: World, transportId: string, serverId: string): World {
  const free = unbound(world, get(world.transport, transportId)!);
  const server = get(free.server, serverId)!;
  return {
    server: put(free.server, serverId, { ...server, clients: put(server.clients, transportId, true as const) }),
    transport: put(free.transport, transportId, { ...get(free.transport, transportId)!, bond: { id: serverId, incarnation: server.incarnation } }),
  };
}

function ended(world: World, namespace: Namespace, name: Name): World {
  if (namespace === 'server') return { ...world, server: take(world.server, name.id) };
  const free = unbound(world, name);
  return { ...free, transport: take(free.transport, name.id) };
}

interface Household {
  readonly server: Set<string>;
  readonly transport: Set<string>;
  readonly leave: () => void;
}

interface Write {
  readonly calledAt: number;
  readonly act: () => void;
  readonly receipt: Receipt<void>;
}

interface Lane {
  queue: Write[];
  running: boolean;
  timer: unknown;
  count: number;
  window: { readonly at: number; readonly took: number }[];
}

class Realm {
  readonly #clock: Clock;
  readonly #thresholds: Thresholds;
  readonly #lanes: readonly Lane[];
  readonly #households = new Map<AbortSignal, Household>();
  #world: World = empty;
  #incarnations = 0;
  #commitMs = 0;
  #mode: AdmissionMode = 'auto';
  #closed = false;

  constructor(options: OpenOptions) {
    this.#clock = options.clock;
    this.#thresholds = thresholdsOf(options);
    this.#lanes = Array.from({ length: partitionsOf(options, fail) }, () => ({ queue: [], running: false, timer: undefined, count: 0, window: [] }));
  }

  registerServer(id: unknown, endpoint: unknown, config?: unknown): PromiseLike<void> {
    return this.#register('server', id, endpoint, config);
  }

  registerTransport(id: unknown, endpoint: unknown, config?: unknown): PromiseLike<void> {
    return this.#register('transport', id, endpoint, config);
  }

  unregisterServer(id: unknown): PromiseLike<void> {
    return this.#unregister('server', id);
  }

  unregisterTransport(id: unknown): PromiseLike<void> {
    return this.#unregister('transport', id);
  }

  updateServer(id: unknown, config: unknown): PromiseLike<void> {
    return this.#write(() => {
      const name = idOf(id, fail);
      const text = encode(copyConfig(config, fail));
      return [
        name,
        () => {
          const server = this.#live('server', name);
          if (server === undefined) throw fail('server_not_found', name);
          this.#world = { ...this.#world, server: put(this.#world.server, name, { ...server, text }) };
        },
      ];
    });
  }

  findServer(id: unknown): Registration | undefined {
    return this.#find('server', id);
  }

  findTransport(id: unknown): Registration | undefined {
    return this.#find('transport', id);
  }

  listServers(): readonly Registration[] {
    return this.#list('server');
  }

  listTransports(): readonly Registration[] {
    return this.#list('transport');
  }

  bindTransportToServer(transportId: unknown, serverId: unknown): PromiseLike<void> {
    return this.#write(() => {
      const name = idOf(transportId, fail);
      const serverName = idOf(serverId, fail);
      return [
        name,
        () => {
          if (this.#live('server', serverName) === undefined) throw fail('server_not_found', serverName);
          if (this.#live('transport', name) === undefined) throw fail('transport_not_found', name);
          this.#world = bound(this.#world, name, serverName);
        },
      ];
    });
  }

  unbindTransport(transportId: unknown): PromiseLike<void> {
    return this.#write(() => {
      const name = idOf(transportId, fail);
      return [
        name,
        () => {
          const transport = this.#live('transport', name);
          if (transport !== undefined) this.#world = unbound(this.#world, transport);
        },
      ];
    });
  }

  getServerForTransport(transportId: unknown): string | null {
    const name = idOf(transportId, fail);
    this.#mustBeOpen();
    const transport = this.#live('transport', name);
    const server = transport === undefined ? undefined : bonded(this.#world, transport);
    return server === undefined || this.#live('server', server.id) === undefined ? null : server.id;
  }

  routeToServer(serverId: unknown, transportId: unknown, message: unknown): number {
    const to = idOf(serverId, fail);
    const from = idOf(transportId, fail);
    const server = this.#live('server', to);
    if (server === undefined) return 0;
    handOver(server.endpoint, foreign.delivery('server', to, from, message));
    return 1;
  }

  routeToTransport(transportId: unknown, serverId: unknown, message: unknown): number {
    const from = idOf(serverId, fail);
    if (transportId !== everyone) {
      const to = idOf(transportId, fail);
      const transport = this.#live('transport', to);
      if (transport === undefined) return 0;
      handOver(transport.endpoint, foreign.delivery('transport', to, from, message));
      return 1;
    }
    const server = this.#live('server', from);
    const world = this.#world;
    const recipients: Name[] = [];
    for (const { key } of entries(server?.clients)) {
      const transport = get(world.transport, key)!;
      if (!transport.signal.aborted) recipients.push(transport);
    }
    for (const { id, incarnation, endpoint } of recipients) {
      if (get(this.#world.transport, id)?.incarnation === incarnation) handOver(endpoint, foreign.delivery('transport', id, from, message));
    }
    return recipients.length;
  }

  getPartitionStats(partition?: unknown): PartitionStats | readonly PartitionStats[] {
    if (partition === undefined) return foreign.parse(JSON.stringify(this.#lanes.map((lane, index) => this.#stats(lane, index)))) as PartitionStats[];
    const lane = typeof partition === 'number' ? this.#lanes[partition] : undefined;
    if (lane === undefined) throw fail('invalid_argument', 'no such partition');
    return foreign.parse(JSON.stringify(this.#stats(lane, this.#lanes.indexOf(lane)))) as PartitionStats;
  }

  resetStats(): PromiseLike<null> {
    for (const lane of this.#lanes) {
      lane.count = 0;
      lane.window = [];
    }
    const receipt = new Receipt<null>(true);
    receipt.keep(null);
    return receipt;
  }

  getContentionStatus(): ContentionStatus {
    const alarmed = this.#alarmed();
    return foreign.parse(JSON.stringify({ partitions: this.#lanes.length, alarmed, admission: this.#admits(alarmed) ? 'open' : 'closed', mode: this.#mode })) as ContentionStatus;
  }

  setAdmission(mode: unknown): PromiseLike<null> {
    const receipt = new Receipt<null>(true);
    if (mode === 'auto' || mode === 'open' || mode === 'closed') {
      this.#mode = mode;
      receipt.keep(null);
    } else receipt.fail(fail('invalid_argument', 'no such mode'));
    return receipt;
  }

  close(): PromiseLike<void> {
    const receipt = new Receipt<void>(true);
    if (!this.#closed) {
      this.#closed = true;
      this.#world = empty;
      for (const { leave } of this.#households.values()) leave();
      this.#households.clear();
      const lost: Write[] = [];
      for (const lane of this.#lanes) {
        if (lane.timer !== undefined) this.#clock.clearTimeout(lane.timer);
        lost.push(...lane.queue);
        Object.assign(lane, { queue: [], running: false, timer: undefined, window: [] });
      }
      for (const write of lost) write.receipt.fail(fail('store_failed', 'the store has been closed'));
    }
    receipt.keep();
    return receipt;
  }

  slowCommit(ms: number): void {
    this.#commitMs = ms;
  }

  #register(namespace: Namespace, id: unknown, endpoint: unknown, given: unknown): PromiseLike<void> {
    return this.#write(() => {
      const name = idOf(id, fail);
      const signal = signalOf(endpoint, fail);
      const config = given === undefined ? {} : copyConfig(given, fail);
      const text = encode(config);
      const serverId = namespace === 'transport' ? serverIdOf(config, fail) : undefined;
      this.#mustBeOpen();
      if (!this.#admits()) throw fail('admission_control_active', name);
      return [
        name,
        () => {
          if (signal.aborted) throw fail('endpoint_down', name);
          if (this.#live(namespace, name) !== undefined) throw fail('already_registered', name);
          const entry: Name = { incarnation: ++this.#incarnations, id: name, endpoint: endpoint as Endpoint, signal, text, clients: undefined, bond: undefined };
          const server = serverId === undefined ? undefined : this.#live('server', serverId);
          const world: World = { ...this.#world, [namespace]: put(this.#world[namespace], name, entry) };
          this.#world = server === undefined ? world : bound(world, name, server.id);
          this.#household(signal)[namespace].add(name);
        },
      ];
    });
  }

  #unregister(namespace: Namespace, id: unknown): PromiseLike<void> {
    return this.#write(() => {
      const name = idOf(id, fail);
      return [
        name,
        () => {
          const entry = this.#live(namespace, name);
          if (entry !== undefined) this.#end(namespace, entry);
        },
      ];
    });
  }

  #write(prepare: () => readonly [id: string, act: () => void]): PromiseLike<void> {
    try {
      const [id, act] = prepare();
      const receipt = new Receipt<void>(true);
      if (this.#closed) {
        act();
        receipt.keep();
        return receipt;
      }
      const lane = this.#lanes[oneAtATime(id) % this.#lanes.length]!;
      lane.queue.push({ calledAt: this.#clock.now(), act, receipt });
      this.#run(lane);
      return receipt;
    } catch (error) {
      return Receipt.broken(error, true);
    }
  }

  #run(lane: Lane): void {
    if (lane.running) return;
    lane.running = true;
    while (lane.queue.length > 0) {
      if (this.#commitMs > 0) {
        lane.timer = this.#clock.setTimeout(() => {
          lane.timer = undefined;
          this.#commit(lane);
          lane.running = false;
          this.#run(lane);
        }, this.#commitMs);
        return;
      }
      this.#commit(lane);
    }
    lane.running = false;
  }

  /** The answer last: whoever listens is called from here, and may do anything. */
  #commit(lane: Lane): void {
    const { act, calledAt, receipt } = lane.queue.shift()!;
    try {
      act();
    } catch (error) {
      receipt.fail(error);
      return;
    }
    const at = this.#clock.now();
    lane.count++;
    lane.window.push({ at, took: at - calledAt });
    while (lane.window.length > this.#thresholds.windowSize) lane.window.shift();
    receipt.keep();
  }

  #mustBeOpen(): void {
    if (this.#closed) throw fail('registry_closed', 'closed');
  }

  #live(namespace: Namespace, id: string): Name | undefined {
    const name = get(this.#world[namespace], id);
    if (name === undefined || !name.signal.aborted) return name;
    this.#lose(name.signal);
    return undefined;
  }

  #household(signal: AbortSignal): Household {
    let household = this.#households.get(signal);
    if (household === undefined) {
      const listener = (): void => this.#lose(signal);
      household = { server: new Set(), transport: new Set(), leave: () => signal.removeEventListener('abort', listener) };
      this.#households.set(signal, household);
      signal.addEventListener('abort', listener);
    }
    return household;
  }

  #lose(signal: AbortSignal): void {
    const household = this.#households.get(signal);
    if (household === undefined) return;
    for (const namespace of ['transport', 'server'] as const) {
      for (const id of [...household[namespace]]) this.#end(namespace, get(this.#world[namespace], id)!);
    }
  }

  #end(namespace: Namespace, name: Name): void {
    this.#world = ended(this.#world, namespace, name);
    const household = this.#households.get(name.signal)!;
    household[namespace].delete(name.id);
    if (household.server.size > 0 || household.transport.size > 0) return;
    household.leave();
    this.#households.delete(name.signal);
  }

  #find(namespace: Namespace, id: unknown): Registration | undefined {
    const wanted = idOf(id, fail);
    this.#mustBeOpen();
    const name = this.#live(namespace, wanted);
    return name === undefined ? undefined : show(name);
  }

  #list(namespace: Namespace): readonly Registration[] {
    this.#mustBeOpen();
    const list: Registration[] = [];
    for (const { value } of entries(this.#world[namespace])) {
      if (!value.signal.aborted) list.push(show(value));
    }
    return foreign.array(list);
  }

  #admits(alarmed?: readonly number[]): boolean {
    if (this.#closed) return false;
    if (this.#mode !== 'auto') return this.#mode === 'open';
    return (alarmed ?? this.#alarmed()).length / this.#lanes.length <= this.#thresholds.closeAbove;
  }

  #alarmed(): number[] {
    return this.#lanes.flatMap((lane, index) => (this.#isAlarmed(lane) ? [index] : []));
  }

  #isAlarmed(lane: Lane): boolean {
    const { minWrites, alarmAboveMs, stuckAfterMs } = this.#thresholds;
    const oldest = lane.queue[0];
    if (oldest !== undefined && this.#clock.now() > oldest.calledAt + stuckAfterMs) return true;
    if (lane.count < minWrites) return false;
    const samples = this.#samples(lane);
    return samples.length > 0 && summary(samples).mean > alarmAboveMs;
  }

  #samples(lane: Lane): number[] {
    const now = this.#clock.now();
    while (lane.window.length > 0 && lane.window[0]!.at + this.#thresholds.windowMs <= now) lane.window.shift();
    return lane.window.map(({ took }) => took);
  }

  #stats(lane: Lane, partition: number): PartitionStats {
    const samples = this.#samples(lane);
    return { partition, writeCount: lane.count, sampleCount: samples.length, samples, ...summary(samples), alarm: this.#isAlarmed(lane) };
  }
}

const show = (name: Name): Registration => foreign.registration(name.id, name.endpoint, foreign.parse(name.text) as Config);

export const realm: Adapter = {
  name: 'liberties: realm (one immutable value, answers from another realm, thenables that call back at once)',
  features: ['partitions', 'thresholds', 'virtual-time', 'slow-commit'],
  sla: { 'SLA-10': 8 },
  open: (options) => {
    const receipt = new Receipt<Realm>(true);
    try {
      receipt.keep(new Realm(options));
    } catch (error) {
      receipt.fail(error);
    }
    return receipt;
  },
};
