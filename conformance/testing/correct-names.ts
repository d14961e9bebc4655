import type { Config, Endpoint, Namespace, Registration } from '../../spec/index.js';
import { Refused } from './correct-parts.js';

/**
 * Ways to hold names and bindings, each a design of its own. All answer at once: when anything is called is the matter of
 * `correct-front.ts`. Arguments have been looked at before.
 */
export interface Names {
  register(namespace: Namespace, id: string, endpoint: Endpoint, config: Config): void;
  /** Whether there was anything to do, as with `unbind`. */
  unregister(namespace: Namespace, id: string): boolean;
  update(serverId: string, config: Config): void;
  bind(transportId: string, serverId: string): void;
  unbind(transportId: string): boolean;
  find(namespace: Namespace, id: string): Registration | undefined;
  list(namespace: Namespace): Registration[];
  serverOf(transportId: string): string | undefined;
  /** The transports bound to a server. */
  boundTo(serverId: string): Registration[];
  clear(): void;
  /** Told of each name that goes because its endpoint went down, by those who can tell. */
  onFall?: (id: string) => void;
}

/** BND-8: the server that a configuration names. What is no string names none. */
const wanted = ({ serverId }: Config): string | undefined => (typeof serverId === 'string' ? serverId : undefined);

/** Listens to each endpoint for as long as it holds a name, once however many it holds (CLS-4). */
class Listeners {
  readonly #held = new Map<Endpoint, { names: number; stop: () => void }>();

  constructor(private readonly down: (endpoint: Endpoint) => void) {}

  hold(endpoint: Endpoint): void {
    const known = this.#held.get(endpoint);
    if (known) {
      known.names++;
      return;
    }
    const listener = (): void => this.down(endpoint);
    endpoint.signal.addEventListener('abort', listener);
    this.#held.set(endpoint, { names: 1, stop: () => endpoint.signal.removeEventListener('abort', listener) });
  }

  release(endpoint: Endpoint): void {
    const known = this.#held.get(endpoint)!;
    known.names--;
    if (known.names > 0) return;
    known.stop();
    this.#held.delete(endpoint);
  }

  releaseAll(): void {
    for (const { stop } of this.#held.values()) stop();
    this.#held.clear();
  }
}

/** A configuration that is handed out is a new copy each time. */
const handedOut = (id: string, endpoint: Endpoint, config: Config): Registration => ({ id, endpoint, config: structuredClone(config) });

// ---------------------------------------------------------------------------------------------------------------------

/** One map for everything, under keys that say how long the namespace is. A transport points at the entry of its server, which may have gone by now. */
export class OneMap implements Names {
  readonly #map = new Map<string, { namespace: Namespace; id: string; endpoint: Endpoint; config: Config; server?: object | undefined }>();
  readonly #listeners = new Listeners((endpoint) => {
    for (const { namespace, id, endpoint: holder } of [...this.#map.values()]) if (holder === endpoint) this.unregister(namespace, id);
  });

  static #key(namespace: Namespace, id: string): string {
    return `${namespace.length}:${namespace}${id}`;
  }

  register(namespace: Namespace, id: string, endpoint: Endpoint, config: Config): void {
    if (endpoint.signal.aborted) throw new Refused('endpoint_down');
    const key = OneMap.#key(namespace, id);
    if (this.#map.has(key)) throw new Refused('already_registered');
    const server = namespace === 'transport' ? wanted(config) : undefined;
    this.#map.set(key, { namespace, id, endpoint, config, server: server === undefined ? undefined : this.#map.get(OneMap.#key('server', server)) });
    this.#listeners.hold(endpoint);
  }

  unregister(namespace: Namespace, id: string): boolean {
    const key = OneMap.#key(namespace, id);
    const entry = this.#map.get(key);
    if (entry) this.#listeners.release(entry.endpoint);
    return this.#map.delete(key);
  }

  update(serverId: string, config: Config): void {
    const entry = this.#map.get(OneMap.#key('server', serverId));
    if (!entry) throw new Refused('server_not_found');
    entry.config = config;
  }

  bind(transportId: string, serverId: string): void {
    const server = this.#map.get(OneMap.#key('server', serverId));
    if (!server) throw new Refused('server_not_found');
    const transport = this.#map.get(OneMap.#key('transport', transportId));
    if (!transport) throw new Refused('transport_not_found');
    transport.server = server;
  }

  unbind(transportId: string): boolean {
    const transport = this.#map.get(OneMap.#key('transport', transportId));
    const had = transport !== undefined && this.#serverOf(transport) !== undefined;
    if (transport) transport.server = undefined;
    return had;
  }

  find(namespace: Namespace, id: string): Registration | undefined {
    const entry = this.#map.get(OneMap.#key(namespace, id));
    return entry && handedOut(id, entry.endpoint, entry.config);
  }

  /** Newest first. */
  list(namespace: Namespace): Registration[] {
    return [...this.#map.values()].filter((entry) => entry.namespace === namespace).map(({ id, endpoint, config }) => handedOut(id, endpoint, config)).reverse();
  }

  serverOf(transportId: string): string | undefined {
    const transport = this.#map.get(OneMap.#key('transport', transportId));
    return transport && this.#serverOf(transport);
  }

  boundTo(serverId: string): Registration[] {
    const entries = [...this.#map.values()].filter((entry) => entry.namespace === 'transport' && this.#serverOf(entry) === serverId);
    return entries.map(({ id, endpoint, config }) => handedOut(id, endpoint, config));
  }

  clear(): void {
    this.#map.clear();
    this.#listeners.releaseAll();
  }

  #serverOf({ server }: { readonly server?: object | undefined }): string | undefined {
    const { id } = (server ?? {}) as { id?: string };
    return id !== undefined && this.#map.get(OneMap.#key('server', id)) === server ? id : undefined;
  }
}

// ---------------------------------------------------------------------------------------------------------------------

/** A map that is never changed: 512 small maps, of which a change copies one, and the row of them. */
class Unchanging<V> {
  private constructor(private readonly rows: readonly ReadonlyMap<string, V>[]) {}

  static empty<V>(): Unchanging<V> {
    return new Unchanging<V>(Array.from({ length: 512 }, () => new Map()));
  }

  static #row(key: string): number {
    let row = 7;
    for (let at = 0; at < key.length; at++) row = (row * 31 + key.charCodeAt(at)) & 511;
    return row;
  }

  get(key: string): V | undefined {
    return this.rows[Unchanging.#row(key)]!.get(key);
  }

  with(key: string, value: V | undefined): Unchanging<V> {
    const at = Unchanging.#row(key);
    const row = new Map(this.rows[at]);
    if (value === undefined) row.delete(key);
    else row.set(key, value);
    return new Unchanging(this.rows.map((old, index) => (index === at ? row : old)));
  }

  values(): V[] {
    return this.rows.flatMap((row) => [...row.values()]);
  }
}

interface Held extends Registration {
  readonly incarnation: number;
}

/** Everything at one moment. A binding says which incarnations it ties: it holds while both are there. */
export class Snapshot {
  private constructor(
    private readonly names: Readonly<Record<Namespace, Unchanging<Held>>>,
    private readonly bindings: Unchanging<{ readonly transport: number; readonly server: number; readonly serverId: string }>,
  ) {}

  static readonly empty = new Snapshot({ server: Unchanging.empty(), transport: Unchanging.empty() }, Unchanging.empty());

  held(namespace: Namespace, id: string): Held | undefined {
    return this.names[namespace].get(id);
  }

  with(namespace: Namespace, id: string, held: Held | undefined): Snapshot {
    return new Snapshot({ ...this.names, [namespace]: this.names[namespace].with(id, held) }, this.bindings);
  }

  bound(transportId: string, serverId: string | undefined): Snapshot {
    const [transport, server] = [this.held('transport', transportId), serverId === undefined ? undefined : this.held('server', serverId)];
    const binding = transport && server && { transport: transport.incarnation, server: server.incarnation, serverId: server.id };
    return new Snapshot(this.names, this.bindings.with(transportId, binding));
  }

  serverOf(transportId: string): string | undefined {
    const binding = this.bindings.get(transportId);
    const holds = binding && this.held('transport', transportId)?.incarnation === binding.transport && this.held('server', binding.serverId)?.incarnation === binding.server;
    return holds ? binding.serverId : undefined;
  }

  all(namespace: Namespace): Held[] {
    return this.names[namespace].values();
  }
}

/** Snapshots, one after the other; what is handed out is frozen to the last leaf, and so needs no copy. Lists come in the order of rows. */
export class Snapshots implements Names {
  #now = Snapshot.empty;
  #incarnations = 0;
  readonly #listeners = new Listeners((endpoint) => {
    for (const namespace of ['transport', 'server'] as const) {
      for (const held of this.#now.all(namespace)) if (held.endpoint === endpoint) this.unregister(namespace, held.id);
    }
  });

  constructor(private readonly onChange: (snapshot: Snapshot) => void = () => undefined) {}

  register(namespace: Namespace, id: string, endpoint: Endpoint, config: Config): void {
    if (this.#now.held(namespace, id)) throw new Refused('already_registered');
    if (endpoint.signal.aborted) throw new Refused('endpoint_down');
    const registered = this.#now.with(namespace, id, Object.freeze({ id, endpoint, config: frozen(config), incarnation: ++this.#incarnations }));
    this.#listeners.hold(endpoint);
    this.#become(namespace === 'transport' ? registered.bound(id, wanted(config)) : registered);
  }

  unregister(namespace: Namespace, id: string): boolean {
    const held = this.#now.held(namespace, id);
    if (!held) return false;
    this.#listeners.release(held.endpoint);
    const without = this.#now.with(namespace, id, undefined);
    this.#become(namespace === 'transport' ? without.bound(id, undefined) : without);
    return true;
  }

  update(serverId: string, config: Config): void {
    const held = this.#now.held('server', serverId);
    if (!held) throw new Refused('server_not_found');
    this.#become(this.#now.with('server', serverId, Object.freeze({ ...held, config: frozen(config) })));
  }

  bind(transportId: string, serverId: string): void {
    if (!this.#now.held('server', serverId)) throw new Refused('server_not_found');
    if (!this.#now.held('transport', transportId)) throw new Refused('transport_not_found');
    this.#become(this.#now.bound(transportId, serverId));
  }

  unbind(transportId: string): boolean {
    const had = this.serverOf(transportId) !== undefined;
    this.#become(this.#now.bound(transportId, undefined));
    return had;
  }

  find(namespace: Namespace, id: string): Registration | undefined {
    return this.#now.held(namespace, id);
  }

  list(namespace: Namespace): Registration[] {
    return this.#now.all(namespace);
  }

  serverOf(transportId: string): string | undefined {
    return this.#now.serverOf(transportId);
  }

  boundTo(serverId: string): Registration[] {
    return this.#now.all('transport').filter(({ id }) => this.#now.serverOf(id) === serverId);
  }

  clear(): void {
    this.#listeners.releaseAll();
    this.#become(Snapshot.empty);
  }

  #become(snapshot: Snapshot): void {
    this.#now = snapshot;
    this.onChange(snapshot);
  }
}

function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(frozen);
  return value;
}

// ---------------------------------------------------------------------------------------------------------------------

type Happened =
  | { readonly what: 'registered'; readonly namespace: Namespace; readonly id: string; readonly endpoint: Endpoint; readonly config: Config; readonly incarnation: number }
  | { readonly what: 'updated'; readonly incarnation: number; readonly config: Config }
  | { readonly what: 'gone'; readonly incarnation: number }
  | { readonly what: 'bound'; readonly transport: number; readonly server: number | undefined };

/** What happened, in a log; what is the case is a fold of it, brought up to date when somebody asks. Bindings are pairs of incarnations, looked up when asked for. */
export class EventLog implements Names {
  #log: Happened[] = [];
  #incarnations = 0;
  readonly #live = new Map<number, Extract<Happened, { what: 'registered' }>>();
  readonly #current: Record<Namespace, Map<string, number>> = { server: new Map(), transport: new Map() };
  readonly #serverOf = new Map<number, number>();
  readonly #listeners = new Listeners((endpoint) => {
    const fallen = [...this.#folded().live.values()].filter((entry) => entry.endpoint === endpoint);
    for (const { namespace, id } of fallen) this.unregister(namespace, id);
  });

  /** `pick` chooses among the reasons for a refusal, when there are several. */
  constructor(private readonly pick: <T>(reasons: readonly T[]) => T = ([first]) => first!) {}

  register(namespace: Namespace, id: string, endpoint: Endpoint, config: Config): void {
    const { current } = this.#folded();
    this.#refuseFor([...(current[namespace].has(id) ? (['already_registered'] as const) : []), ...(endpoint.signal.aborted ? (['endpoint_down'] as const) : [])]);
    const incarnation = ++this.#incarnations;
    this.#listeners.hold(endpoint);
    this.#log.push({ what: 'registered', namespace, id, endpoint, config, incarnation });
    const serverId = namespace === 'transport' ? wanted(config) : undefined;
    const server = serverId === undefined ? undefined : current.server.get(serverId);
    if (server !== undefined) this.#log.push({ what: 'bound', transport: incarnation, server });
  }

  unregister(namespace: Namespace, id: string): boolean {
    const { current, live } = this.#folded();
    const incarnation = current[namespace].get(id);
    if (incarnation === undefined) return false;
    this.#listeners.release(live.get(incarnation)!.endpoint);
    this.#log.push({ what: 'gone', incarnation });
    return true;
  }

  update(serverId: string, config: Config): void {
    const incarnation = this.#folded().current.server.get(serverId);
    if (incarnation === undefined) throw new Refused('server_not_found');
    this.#log.push({ what: 'updated', incarnation, config });
  }

  bind(transportId: string, serverId: string): void {
    const { current } = this.#folded();
    const [transport, server] = [current.transport.get(transportId), current.server.get(serverId)];
    if (server === undefined) throw new Refused('server_not_found');
    if (transport === undefined) throw new Refused('transport_not_found');
    this.#log.push({ what: 'bound', transport, server });
  }

  unbind(transportId: string): boolean {
    const transport = this.#folded().current.transport.get(transportId);
    const had = this.serverOf(transportId) !== undefined;
    if (transport !== undefined) this.#log.push({ what: 'bound', transport, server: undefined });
    return had;
  }

  find(namespace: Namespace, id: string): Registration | undefined {
    const { current, live } = this.#folded();
    const incarnation = current[namespace].get(id);
    if (incarnation === undefined) return undefined;
    const { endpoint, config } = live.get(incarnation)!;
    return handedOut(id, endpoint, config);
  }

  /** By the sums of their code units: an order that nobody expects. */
  list(namespace: Namespace): Registration[] {
    const weight = (id: string): number => [...id].reduce((sum, char) => (sum * 7 + char.codePointAt(0)!) % 1009, 0);
    return [...this.#folded().current[namespace].keys()].sort((a, b) => weight(a) - weight(b)).map((id) => this.find(namespace, id)!);
  }

  serverOf(transportId: string): string | undefined {
    const { current, live, serverOf } = this.#folded();
    const transport = current.transport.get(transportId);
    return transport === undefined ? undefined : live.get(serverOf.get(transport) ?? 0)?.id;
  }

  boundTo(serverId: string): Registration[] {
    return this.list('transport').filter(({ id }) => this.serverOf(id) === serverId);
  }

  clear(): void {
    const { live } = this.#folded();
    for (const incarnation of [...live.keys()]) this.#log.push({ what: 'gone', incarnation });
    this.#listeners.releaseAll();
  }

  #refuseFor(reasons: readonly ('already_registered' | 'endpoint_down')[]): void {
    if (reasons.length > 0) throw new Refused(this.pick(reasons));
  }

  #folded() {
    const { live, current, serverOf } = { live: this.#live, current: this.#current, serverOf: this.#serverOf };
    for (const event of this.#log) {
      switch (event.what) {
        case 'registered':
          live.set(event.incarnation, event);
          current[event.namespace].set(event.id, event.incarnation);
          break;
        case 'updated':
          live.set(event.incarnation, { ...live.get(event.incarnation)!, config: event.config });
          break;
        case 'gone': {
          const { namespace, id } = live.get(event.incarnation)!;
          live.delete(event.incarnation);
          current[namespace].delete(id);
          serverOf.delete(event.incarnation);
          break;
        }
        case 'bound':
          if (event.server === undefined) serverOf.delete(event.transport);
          else serverOf.set(event.transport, event.server);
      }
    }
    this.#log = [];
    return { live, current, serverOf };
  }
}

// ---------------------------------------------------------------------------------------------------------------------

/** What the tree holds, and hands out: an object of a class, whose parts are getters and not properties of its own. */
class Leaf implements Registration {
  #config: Config;
  readonly #id: string;
  readonly #endpoint: Endpoint;

  constructor(id: string, endpoint: Endpoint, config: Config) {
    [this.#id, this.#endpoint, this.#config] = [id, endpoint, config];
  }

  get id(): string {
    return this.#id;
  }

  get endpoint(): Endpoint {
    return this.#endpoint;
  }

  get config(): Config {
    return structuredClone(this.#config);
  }

  withConfig(config: Config): Leaf {
    return new Leaf(this.#id, this.#endpoint, config);
  }
}

interface Node {
  readonly next: Map<string, Node>;
  entry?: { leaf: Leaf; readonly bound: Set<string>; server?: string | undefined } | undefined;
}

const node = (): Node => ({ next: new Map() });

/** A tree of characters, sorted where it is listed. A server knows the transports bound to it, a transport its server, and whoever goes tells the other. */
export class Tree implements Names {
  #roots: Record<Namespace, Node> = { server: node(), transport: node() };
  readonly #held = new Map<Endpoint, Set<`${'s' | 't'}${string}`>>();
  readonly #listeners = new Listeners((endpoint) => {
    for (const name of [...this.#held.get(endpoint)!]) {
      this.unregister(name.startsWith('s') ? 'server' : 'transport', name.slice(1));
      this.onFall?.(name.slice(1));
    }
  });
  onFall?: (id: string) => void;

  register(namespace: Namespace, id: string, endpoint: Endpoint, config: Config): void {
    const place = this.#at(namespace, id);
    if (endpoint.signal.aborted) throw new Refused('endpoint_down');
    if (place.entry) throw new Refused('already_registered');
    place.entry = { leaf: new Leaf(id, endpoint, config), bound: new Set() };
    this.#listeners.hold(endpoint);
    this.#held.set(endpoint, (this.#held.get(endpoint) ?? new Set()).add(namespace === 'server' ? `s${id}` : `t${id}`));
    const serverId = namespace === 'transport' ? wanted(config) : undefined;
    if (serverId !== undefined && this.#entry('server', serverId)) this.bind(id, serverId);
  }

  unregister(namespace: Namespace, id: string): boolean {
    const entry = this.#entry(namespace, id);
    if (!entry) return false;
    const { endpoint } = entry.leaf;
    for (const transport of entry.bound) this.#entry('transport', transport)!.server = undefined;
    if (entry.server !== undefined) this.#entry('server', entry.server)!.bound.delete(id);
    this.#at(namespace, id).entry = undefined;
    this.#prune(namespace, id);
    const names = this.#held.get(endpoint)!;
    names.delete(namespace === 'server' ? `s${id}` : `t${id}`);
    if (names.size === 0) this.#held.delete(endpoint);
    this.#listeners.release(endpoint);
    return true;
  }

  update(serverId: string, config: Config): void {
    const entry = this.#entry('server', serverId);
    if (!entry) throw new Refused('server_not_found');
    entry.leaf = entry.leaf.withConfig(config);
  }

  bind(transportId: string, serverId: string): void {
    const [transport, server] = [this.#entry('transport', transportId), this.#entry('server', serverId)];
    if (!server) throw new Refused('server_not_found');
    if (!transport) throw new Refused('transport_not_found');
    this.unbind(transportId);
    server.bound.add(transportId);
    transport.server = serverId;
  }

  unbind(transportId: string): boolean {
    const transport = this.#entry('transport', transportId);
    if (transport?.server === undefined) return false;
    this.#entry('server', transport.server)!.bound.delete(transportId);
    transport.server = undefined;
    return true;
  }

  find(namespace: Namespace, id: string): Registration | undefined {
    return this.#entry(namespace, id)?.leaf;
  }

  list(namespace: Namespace): Registration[] {
    const leaves: Leaf[] = [];
    const nodes = [this.#roots[namespace]];
    for (let next = nodes.pop(); next; next = nodes.pop()) {
      if (next.entry) leaves.push(next.entry.leaf);
      nodes.push(...next.next.values());
    }
    return leaves.sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  serverOf(transportId: string): string | undefined {
    return this.#entry('transport', transportId)?.server;
  }

  boundTo(serverId: string): Registration[] {
    return [...(this.#entry('server', serverId)?.bound ?? [])].map((id) => this.#entry('transport', id)!.leaf);
  }

  clear(): void {
    this.#listeners.releaseAll();
    this.#held.clear();
    this.#roots = { server: node(), transport: node() };
  }

  #entry(namespace: Namespace, id: string): Node['entry'] {
    let at: Node | undefined = this.#roots[namespace];
    for (let index = 0; at && index < id.length; index++) at = at.next.get(id[index]!);
    return at?.entry;
  }

  #at(namespace: Namespace, id: string): Node {
    let at = this.#roots[namespace];
    for (let index = 0; index < id.length; index++) {
      const next = at.next.get(id[index]!) ?? node();
      at.next.set(id[index]!, next);
      at = next;
    }
    return at;
  }

  /** Cuts off what leads nowhere any more. */
  #prune(namespace: Namespace, id: string): void {
    const path = [this.#roots[namespace]];
    for (const unit of id.split('')) path.push(path.at(-1)!.next.get(unit)!);
    for (let at = id.length; at > 0 && path[at]!.next.size === 0 && !path[at]!.entry; at--) path[at - 1]!.next.delete(id[at - 1]!);
  }
}

// ---------------------------------------------------------------------------------------------------------------------

interface Row extends Registration {
  config: Config;
  server?: Row | undefined;
}

/** Listens to nobody: who is down is seen to be down when somebody looks, and swept away when somebody writes. */
export class Unwatched implements Names {
  readonly #rows: Record<Namespace, Map<string, Row>> = { server: new Map(), transport: new Map() };

  register(namespace: Namespace, id: string, endpoint: Endpoint, config: Config): void {
    this.#sweep();
    if (this.#live(namespace, id)) throw new Refused('already_registered');
    if (endpoint.signal.aborted) throw new Refused('endpoint_down');
    const serverId = namespace === 'transport' ? wanted(config) : undefined;
    this.#rows[namespace].set(id, { id, endpoint, config, server: serverId === undefined ? undefined : this.#live('server', serverId) });
  }

  unregister(namespace: Namespace, id: string): boolean {
    const had = this.#live(namespace, id) !== undefined;
    this.#rows[namespace].delete(id);
    return had;
  }

  update(serverId: string, config: Config): void {
    const row = this.#live('server', serverId);
    if (!row) throw new Refused('server_not_found');
    row.config = config;
  }

  bind(transportId: string, serverId: string): void {
    const [transport, server] = [this.#live('transport', transportId), this.#live('server', serverId)];
    if (!server) throw new Refused('server_not_found');
    if (!transport) throw new Refused('transport_not_found');
    transport.server = server;
  }

  unbind(transportId: string): boolean {
    const had = this.serverOf(transportId) !== undefined;
    const transport = this.#live('transport', transportId);
    if (transport) transport.server = undefined;
    return had;
  }

  find(namespace: Namespace, id: string): Registration | undefined {
    const row = this.#live(namespace, id);
    return row && readOnly(row);
  }

  list(namespace: Namespace): Registration[] {
    return [...this.#rows[namespace].keys()].flatMap((id) => this.find(namespace, id) ?? []);
  }

  serverOf(transportId: string): string | undefined {
    const server = this.#live('transport', transportId)?.server;
    return server && this.#live('server', server.id) === server ? server.id : undefined;
  }

  boundTo(serverId: string): Registration[] {
    return this.list('transport').filter(({ id }) => this.serverOf(id) === serverId);
  }

  clear(): void {
    this.#rows.server.clear();
    this.#rows.transport.clear();
  }

  #live(namespace: Namespace, id: string): Row | undefined {
    const row = this.#rows[namespace].get(id);
    return row?.endpoint.signal.aborted ? undefined : row;
  }

  #sweep(): void {
    for (const rows of Object.values(this.#rows)) for (const [id, { endpoint }] of rows) if (endpoint.signal.aborted) rows.delete(id);
  }
}

/** A view of what a row holds now, that takes no change and says so to nobody. */
function readOnly({ id, endpoint, config }: Row): Registration {
  return new Proxy(handedOut(id, endpoint, config), { set: () => true, deleteProperty: () => true, defineProperty: () => true });
}
