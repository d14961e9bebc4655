import { broadcast, type AdmissionMode, type Config, type Delivery, type Endpoint, type ErrorCode, type Json, type Namespace, type Registration } from '../../spec/index.js';
import type { OpenOptions, Subject } from '../contract.js';
import { configOf, deepFrozen, handOver, isEndpoint, isId, Meters, partitionsOf, spread, whenDown } from './correct-fourth-arithmetic.js';

/** Registries whose partitions have lanes, each of another kind. */

class Refused extends Error {
  constructor(readonly code: ErrorCode) {
    super(`refused: ${code}`);
  }
}

function refuse(code: ErrorCode): never {
  throw new Refused(code);
}

// --- Events, and what is folded from them

type Fact =
  | { readonly kind: 'registered'; readonly named: Named; readonly server: number | undefined }
  | { readonly kind: 'configured'; readonly serial: number; readonly config: Config }
  | { readonly kind: 'ended'; readonly serials: readonly number[] }
  | { readonly kind: 'bound'; readonly transport: number; readonly server: number }
  | { readonly kind: 'unbound'; readonly transport: number };

/** An incarnation: its serial is never used again. */
interface Named extends Registration {
  readonly serial: number;
  readonly namespace: Namespace;
}

/** Which names there are: folded at once. */
class Names {
  readonly server = new Map<string, Named>();
  readonly transport = new Map<string, Named>();
  readonly bySerial = new Map<number, Named>();
  readonly held = new Map<Endpoint, Set<number>>();
  /** Who has come to hold nothing. */
  readonly freed: Endpoint[] = [];

  fold(fact: Fact): void {
    if (fact.kind === 'registered') this.#put(fact.named, (this.held.get(fact.named.endpoint) ?? new Set()).add(fact.named.serial));
    if (fact.kind === 'configured') this.#put({ ...this.bySerial.get(fact.serial)!, config: fact.config });
    if (fact.kind !== 'ended') return;
    for (const serial of fact.serials) {
      const { namespace, id, endpoint } = this.bySerial.get(serial)!;
      this[namespace].delete(id);
      this.bySerial.delete(serial);
      this.held.get(endpoint)!.delete(serial);
      if (this.held.get(endpoint)!.size > 0) continue;
      this.held.delete(endpoint);
      this.freed.push(endpoint);
    }
  }

  #put(named: Named, held?: Set<number>): void {
    this[named.namespace].set(named.id, named);
    this.bySerial.set(named.serial, named);
    if (held) this.held.set(named.endpoint, held);
  }
}

/** What is bound to what: folded when somebody asks, or when much is left to fold. */
class Bindings {
  readonly #serverOf = new Map<number, number>();
  readonly #boundTo = new Map<number, Set<number>>();
  readonly #backlog: Fact[] = [];

  fold(fact: Fact): void {
    if (fact.kind === 'configured' || (fact.kind === 'registered' && fact.server === undefined)) return;
    if (this.#backlog.push(fact) > 256) this.#catchUp();
  }

  serverOf(transport: number): number | undefined {
    this.#catchUp();
    return this.#serverOf.get(transport);
  }

  boundTo(server: number): number[] {
    this.#catchUp();
    return [...(this.#boundTo.get(server) ?? [])];
  }

  #catchUp(): void {
    for (const fact of this.#backlog.splice(0)) {
      if (fact.kind === 'registered') this.#tie(fact.named.serial, fact.server);
      if (fact.kind === 'bound') this.#tie(fact.transport, fact.server);
      if (fact.kind === 'unbound') this.#tie(fact.transport, undefined);
      if (fact.kind === 'ended') fact.serials.forEach((serial) => this.#end(serial));
    }
  }

  #end(serial: number): void {
    this.#tie(serial, undefined);
    this.#boundTo.get(serial)?.forEach((transport) => this.#serverOf.delete(transport));
    this.#boundTo.delete(serial);
  }

  #tie(transport: number, server: number | undefined): void {
    const before = this.#serverOf.get(transport);
    if (before !== undefined) {
      const others = this.#boundTo.get(before)!;
      others.delete(transport);
      if (others.size === 0) this.#boundTo.delete(before);
    }
    this.#serverOf.delete(transport);
    if (server === undefined) return;
    this.#serverOf.set(transport, server);
    this.#boundTo.set(server, (this.#boundTo.get(server) ?? new Set()).add(transport));
  }
}

interface Job {
  readonly called: number;
  readonly act: () => void;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * Every change is a fact; names and bindings are folds of the facts. What changes nothing counts as a write, and so does a "down", once for
 * each name. Admission is asked at the call only.
 */
export class EventSourced {
  readonly #names = new Names();
  readonly #bindings = new Bindings();
  readonly #ears = new Map<Endpoint, () => void>();
  readonly #lanes: Job[][];
  readonly #meters: Meters;
  #serials = 0;
  #slow = 0;
  #closed = false;

  constructor(readonly options: OpenOptions) {
    const partitions = partitionsOf(options.partitions) ?? refuse('invalid_argument');
    this.#lanes = Array.from({ length: partitions }, () => []);
    this.#meters = new Meters(partitions, options.clock, options, (partition) => this.#lanes[partition]![0]?.called);
  }

  async registerServer(id: string, endpoint: Endpoint, config?: Config): Promise<void> {
    return this.#register('server', id, endpoint, config);
  }

  async registerTransport(id: string, endpoint: Endpoint, config?: Config): Promise<void> {
    return this.#register('transport', id, endpoint, config);
  }

  #register(namespace: Namespace, id: string, endpoint: Endpoint, given: unknown): Promise<void> {
    const config = isEndpoint(endpoint) ? configOf(given) : undefined;
    if (config === undefined) refuse('invalid_argument');
    const serverId = namespace === 'transport' && Object.hasOwn(config, 'serverId') ? config['serverId'] : undefined;
    if (serverId !== undefined && !isId(serverId)) refuse('invalid_argument');
    return this.#write(
      id,
      () => {
        if (this.#names[namespace].has(id)) refuse('already_registered');
        if (endpoint.signal.aborted) refuse('endpoint_down');
        const server = typeof serverId === 'string' ? this.#names.server.get(serverId)?.serial : undefined;
        this.#append({ kind: 'registered', named: { serial: this.#serials++, namespace, id, endpoint, config }, server });
      },
      () => this.#meters.admits() || refuse('admission_control_active'),
    );
  }

  async unregisterServer(id: string): Promise<void> {
    return this.#write(id, () => this.#end(this.#names.server.get(id)));
  }

  async unregisterTransport(id: string): Promise<void> {
    return this.#write(id, () => this.#end(this.#names.transport.get(id)));
  }

  async updateServer(id: string, given: Config): Promise<void> {
    const config = configOf(given) ?? refuse('invalid_argument');
    return this.#write(id, () => this.#append({ kind: 'configured', serial: (this.#names.server.get(id) ?? refuse('server_not_found')).serial, config }));
  }

  async bindTransportToServer(transportId: string, serverId: string): Promise<void> {
    if (!isId(serverId)) refuse('invalid_argument');
    return this.#write(transportId, () => {
      const { serial: server } = this.#names.server.get(serverId) ?? refuse('server_not_found');
      const { serial: transport } = this.#names.transport.get(transportId) ?? refuse('transport_not_found');
      this.#append({ kind: 'bound', transport, server });
    });
  }

  async unbindTransport(id: string): Promise<void> {
    return this.#write(id, () => {
      const named = this.#names.transport.get(id);
      if (named) this.#append({ kind: 'unbound', transport: named.serial });
    });
  }

  findServer(id: string): Registration | undefined {
    return handedOut(this.#names.server.get(isId(id) ? id : refuse('invalid_argument')));
  }

  findTransport(id: string): Registration | undefined {
    return handedOut(this.#names.transport.get(isId(id) ? id : refuse('invalid_argument')));
  }

  listServers(): Registration[] {
    return Array.from(this.#names.server.values(), (named) => handedOut(named)!);
  }

  listTransports(): Registration[] {
    return Array.from(this.#names.transport.values(), (named) => handedOut(named)!);
  }

  getServerForTransport(id: string): string | undefined {
    const named = this.#names.transport.get(isId(id) ? id : refuse('invalid_argument'));
    const server = named && this.#bindings.serverOf(named.serial);
    return server === undefined ? undefined : this.#names.bySerial.get(server)!.id;
  }

  routeToServer(to: string, from: string, message: unknown): number {
    if (!isId(to) || !isId(from)) refuse('invalid_argument');
    return this.#deliver(this.#names.server.get(to), from, message);
  }

  routeToTransport(to: string | typeof broadcast, from: string, message: unknown): number {
    if ((to !== broadcast && !isId(to)) || !isId(from)) refuse('invalid_argument');
    if (to !== broadcast) return this.#deliver(this.#names.transport.get(to), from, message);
    const server = this.#names.server.get(from);
    const bound = server ? this.#bindings.boundTo(server.serial) : [];
    for (const serial of bound) this.#deliver(this.#names.bySerial.get(serial), from, message); // Whose name has ended meanwhile is gone.
    return bound.length;
  }

  #deliver(named: Named | undefined, from: string, message: unknown): number {
    if (named) handOver(named.endpoint, { namespace: named.namespace, to: named.id, from, message });
    return named ? 1 : 0;
  }

  getPartitionStats(partition?: number): unknown {
    return this.#meters.answer(partition, refuse);
  }

  getContentionStatus() {
    return this.#meters.status();
  }

  resetStats(): void {
    this.#meters.reset();
  }

  setAdmission(mode: AdmissionMode): void {
    this.#meters.set(mode, refuse);
  }

  slowCommit(ms: number): void {
    this.#slow = ms;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#append({ kind: 'ended', serials: [...this.#names.bySerial.keys()] });
  }

  #end(named: Named | undefined): void {
    if (named) this.#append({ kind: 'ended', serials: [named.serial] });
  }

  #append(fact: Fact): void {
    this.#names.fold(fact);
    this.#bindings.fold(fact);
    if (fact.kind === 'registered') this.#listen(fact.named.endpoint);
    if (fact.kind === 'ended') this.#leave();
  }

  #listen(endpoint: Endpoint): void {
    if (this.#ears.has(endpoint)) return;
    const down = (): void => {
      const serials = [...(this.#names.held.get(endpoint) ?? [])];
      for (const serial of serials) this.#meters.note(spread(this.#names.bySerial.get(serial)!.id, this.#meters.partitions), this.options.clock.now());
      this.#append({ kind: 'ended', serials });
    };
    this.#ears.set(endpoint, whenDown(endpoint.signal, down));
  }

  /** Whoever holds nothing any more is not listened to. */
  #leave(): void {
    for (const endpoint of this.#names.freed.splice(0)) {
      this.#ears.get(endpoint)?.();
      this.#ears.delete(endpoint);
    }
  }

  #write(id: string, act: () => void, asked = (): unknown => undefined): Promise<void> {
    if (!isId(id)) refuse('invalid_argument');
    if (this.#closed) refuse('registry_closed');
    asked();
    const partition = spread(id, this.#meters.partitions);
    return new Promise((resolve, reject) => {
      if (this.#lanes[partition]!.push({ called: this.options.clock.now(), act, resolve, reject }) === 1) this.#serve(partition);
    });
  }

  #serve(partition: number): void {
    const lane = this.#lanes[partition]!;
    while (lane.length > 0) {
      if (this.#slow > 0) {
        this.options.clock.setTimeout(() => {
          this.#commit(partition, lane[0]!);
          this.#serve(partition);
        }, this.#slow);
        return;
      }
      this.#commit(partition, lane[0]!);
    }
  }

  #commit(partition: number, { act, called, resolve, reject }: Job): void {
    try {
      if (this.#closed) refuse('registry_closed');
      act();
      this.#meters.note(partition, called);
      resolve();
    } catch (error) {
      reject(error);
    }
    this.#lanes[partition]!.shift();
  }
}

const handedOut = (named: Named | undefined): Registration | undefined => named && { id: named.id, endpoint: named.endpoint, config: configOf(named.config)! };

// --- Coroutines

/** A refusal without a stack, for those are dear. */
const bare = (code: ErrorCode): Error => Object.assign(Object.create(Error.prototype) as Error, { name: 'RegistryError', message: code, code });
const refuseBare: (code: ErrorCode) => never = (code) => {
  throw bare(code);
};

class Incarnation {
  home: Incarnation | undefined;
  guests: Set<Incarnation> | undefined;

  constructor(
    readonly namespace: Namespace,
    readonly id: string,
    readonly endpoint: Endpoint,
    readonly signal: AbortSignal,
    public config: Config,
  ) {}

  move(home: Incarnation | undefined): void {
    this.home?.guests?.delete(this);
    this.home = home;
    if (home) (home.guests ??= new Set()).add(this);
  }

  end(): void {
    this.move(undefined);
    this.guests?.forEach((guest) => guest.move(undefined));
  }
}

/** What is handed out: nothing of its own, all by accessors of its class, and a copy at each look. */
class Row implements Registration {
  readonly #of: Incarnation;
  readonly #config: Config;

  constructor(of: Incarnation) {
    this.#of = of;
    this.#config = of.config;
  }

  get id(): string {
    return this.#of.id;
  }

  get endpoint(): Endpoint {
    return this.#of.endpoint;
  }

  get config(): Config {
    return configOf(this.#config)!;
  }
}

/** A delivery by accessors as well. */
class Letter implements Delivery {
  readonly #parts: readonly [Namespace, string, string, unknown];
  constructor(...parts: [Namespace, string, string, unknown]) {
    this.#parts = parts;
  }
  get namespace(): Namespace {
    return this.#parts[0];
  }
  get to(): string {
    return this.#parts[1];
  }
  get from(): string {
    return this.#parts[2];
  }
  get message(): unknown {
    return this.#parts[3];
  }
}

interface Call {
  readonly called: number;
  readonly act: () => void;
  readonly settle: (error?: unknown) => void;
}

/** Yields for how long to sleep, or that there is nothing to do. */
function* lane(calls: Call[], slow: () => number, commit: (call: Call) => void): Generator<number | 'idle', never> {
  for (;;) {
    const call = calls[0];
    if (call === undefined) {
      yield 'idle';
      continue;
    }
    const ms = slow();
    if (ms > 0) yield ms;
    commit(call);
    calls.shift();
  }
}

const patienceMs = 30_000;

/**
 * Lanes are generators that sleep by the clock. A write that has not had its turn in 30 s is withdrawn, one that is being committed for so long
 * has an unknown outcome, and takes effect when the commit ends. Admission is asked at the call and at the commit. What changes nothing is no write.
 */
export function coroutines(options: OpenOptions): Subject {
  const { clock } = options;
  const partitions = partitionsOf(options.partitions) ?? refuseBare('invalid_argument');
  const calls: Call[][] = Array.from({ length: partitions }, () => []);
  const meters = new Meters(partitions, clock, options, (partition) => calls[partition]![0]?.called);
  const names = { server: new Map<string, Incarnation>(), transport: new Map<string, Incarnation>() };
  const holdings = new Map<AbortSignal, { readonly names: Set<Incarnation>; readonly leave: () => void }>();
  const changesNothing = Symbol('changes nothing');
  let slow = 0;
  let closed = false;

  const lanes = calls.map((queue, partition) =>
    lane(queue, () => slow, ({ act, called, settle }) => {
      try {
        if (closed) refuseBare('registry_closed');
        act();
        meters.note(partition, called);
        settle();
      } catch (error) {
        settle(error === changesNothing ? undefined : error);
      }
    }),
  );
  const awake = lanes.map(() => false);
  const drive = (partition: number): void => {
    awake[partition] = true;
    const step = lanes[partition]!.next().value;
    if (step === 'idle') awake[partition] = false;
    else clock.setTimeout(() => drive(partition), step);
  };

  const write = (id: string, act: () => void): Promise<void> => {
    if (!isId(id)) refuseBare('invalid_argument');
    if (closed) refuseBare('registry_closed');
    return new Promise((resolve, reject) => {
      const partition = spread(id, partitions, 2);
      const queue = calls[partition]!;
      let timer: unknown = undefined; // Set when the call has to wait.
      let settled = false;
      const call: Call = {
        called: clock.now(),
        act,
        settle: (error) => {
          settled = true;
          if (timer !== undefined) clock.clearTimeout(timer);
          if (error === undefined) resolve();
          else reject(error);
        },
      };
      queue.push(call);
      if (!awake[partition]) drive(partition);
      if (settled) return;
      timer = clock.setTimeout(() => {
        if (queue[0] === call) return reject(bare('outcome_unknown'));
        queue.splice(queue.indexOf(call), 1);
        reject(bare('write_timeout'));
      }, patienceMs);
    });
  };

  const end = (incarnation: Incarnation): void => {
    incarnation.end();
    names[incarnation.namespace].delete(incarnation.id);
    const { signal } = incarnation;
    const holding = holdings.get(signal)!;
    holding.names.delete(incarnation);
    if (holding.names.size > 0) return;
    holdings.delete(signal);
    holding.leave();
  };
  const hold = (incarnation: Incarnation): void => {
    const { signal } = incarnation;
    if (!holdings.has(signal)) {
      const held = new Set<Incarnation>();
      holdings.set(signal, { names: held, leave: whenDown(signal, () => held.forEach(end)) });
    }
    holdings.get(signal)!.names.add(incarnation);
    names[incarnation.namespace].set(incarnation.id, incarnation);
  };

  const register = async (namespace: Namespace, id: string, endpoint: Endpoint, given: unknown): Promise<void> => {
    if (!meters.admits()) refuseBare('admission_control_active');
    const config = isEndpoint(endpoint) ? configOf(given) : undefined;
    if (config === undefined) refuseBare('invalid_argument');
    return write(id, () => {
      if (!meters.admits()) refuseBare('admission_control_active');
      if (endpoint.signal.aborted) refuseBare('endpoint_down');
      if (names[namespace].has(id)) refuseBare('already_registered');
      const incarnation = new Incarnation(namespace, id, endpoint, endpoint.signal, config);
      const home: Json | undefined = namespace === 'transport' && Object.hasOwn(config, 'serverId') ? config['serverId'] : undefined;
      if (typeof home === 'string') incarnation.move(names.server.get(home)); // What is no id is the id of no server.
      hold(incarnation);
    });
  };
  const unregister = async (namespace: Namespace, id: string): Promise<void> =>
    write(id, () => {
      const incarnation = names[namespace].get(id);
      if (!incarnation) throw changesNothing;
      end(incarnation);
    });
  const find = (namespace: Namespace, id: string): Incarnation | undefined => (isId(id) ? names[namespace].get(id) : refuseBare('invalid_argument'));
  const list = (namespace: Namespace): Row[] => Array.from(names[namespace].values(), (incarnation) => new Row(incarnation)).reverse();
  const deliver = (to: Incarnation, from: string, message: unknown): number => {
    handOver(to.endpoint, new Letter(to.namespace, to.id, from, message));
    return 1;
  };

  return {
    registerServer: (id, endpoint, config) => register('server', id, endpoint, config),
    registerTransport: (id, endpoint, config) => register('transport', id, endpoint, config),
    unregisterServer: (id) => unregister('server', id),
    unregisterTransport: (id) => unregister('transport', id),
    updateServer: async (id, given) => {
      const config = configOf(given) ?? refuseBare('invalid_argument');
      return write(id, () => ((names.server.get(id) ?? refuseBare('server_not_found')).config = config));
    },
    findServer(id) {
      const incarnation = find('server', id);
      return incarnation && new Row(incarnation);
    },
    findTransport(id) {
      const incarnation = find('transport', id);
      return incarnation && new Row(incarnation);
    },
    listServers: () => list('server'),
    listTransports: () => list('transport'),
    bindTransportToServer: async (transportId, serverId) => {
      if (!isId(serverId)) refuseBare('invalid_argument');
      return write(transportId, () => {
        const home = names.server.get(serverId) ?? refuseBare('server_not_found');
        (names.transport.get(transportId) ?? refuseBare('transport_not_found')).move(home);
      });
    },
    unbindTransport: async (id) =>
      write(id, () => {
        const transport = names.transport.get(id);
        if (!transport?.home) throw changesNothing;
        transport.move(undefined);
      }),
    getServerForTransport: (id) => find('transport', id)?.home?.id,
    routeToServer(to, from, message) {
      if (!isId(from)) refuseBare('invalid_argument');
      const server = find('server', to);
      return server ? deliver(server, from, message) : 0;
    },
    routeToTransport(to, from, message) {
      const server = find('server', from);
      if (to === broadcast) return server ? [...(server.guests ?? [])].reduce((count, guest) => count + (guest.home === server ? deliver(guest, from, message) : 1), 0) : 0;
      const transport = find('transport', to);
      return transport ? deliver(transport, from, message) : 0;
    },
    getPartitionStats: (partition) => meters.answer(partition, refuseBare),
    getContentionStatus: () => meters.status(),
    resetStats: () => meters.reset(),
    setAdmission: (mode) => meters.set(mode, refuseBare),
    slowCommit: (ms) => void (slow = ms),
    close: async () => {
      closed = true;
      for (const incarnation of [...names.server.values(), ...names.transport.values()]) end(incarnation);
    },
  };
}

// --- Visible before it is acknowledged

/** One error for each code, for good. */
const refusals = new Map<ErrorCode, Error>();
function refuseTheSame(code: ErrorCode): never {
  if (!refusals.has(code)) refusals.set(code, Object.freeze(Object.assign(new TypeError(`Not now: ${code}`), { code })));
  throw refusals.get(code)!;
}

/** A promise of its own class. */
class Acknowledgement extends Promise<void> {}

interface Acknowledging {
  readonly called: number;
  readonly acknowledge: () => void;
}

/**
 * A write is decided and seen by everybody when it is called; only its acknowledgement waits for its turn and for the commit. Who holds what, and what
 * is bound to what, is in weak maps. Registrations are frozen all through, and the same at each look.
 */
export function visibleAtOnce(options: OpenOptions): Subject {
  const { clock } = options;
  const partitions = partitionsOf(options.partitions) ?? refuseTheSame('invalid_argument');
  const waiting: Acknowledging[][] = Array.from({ length: partitions }, () => []);
  const meters = new Meters(partitions, clock, options, (partition) => waiting[partition]![0]?.called);
  /** An entry stays the same object for as long as its incarnation; what is handed out of it is frozen. */
  type Entry = { readonly namespace: Namespace; shown: Registration };
  const tables = { server: new Map<string, Entry>(), transport: new Map<string, Entry>() };
  const holdings = new WeakMap<Endpoint, { readonly entries: Set<Entry>; readonly leave: () => void }>();
  const serverOf = new WeakMap<Entry, Entry>();
  const boundTo = new WeakMap<Entry, Set<Entry>>();
  const timers = new Set<unknown>();
  let slow = 0;
  let closed = false;

  const serve = (partition: number): void => {
    const queue = waiting[partition]!;
    const finish = (): void => {
      const first = queue.shift();
      if (!first) return; // Closed meanwhile.
      meters.note(partition, first.called);
      first.acknowledge();
    };
    while (queue.length > 0) {
      if (slow <= 0) {
        finish();
        continue;
      }
      const timer = clock.setTimeout(() => {
        timers.delete(timer);
        finish();
        serve(partition);
      }, slow);
      timers.add(timer);
      return;
    }
  };
  /** Does it at once, or refuses it at once. */
  const write = (id: unknown, act: () => void): Acknowledgement => {
    const called = clock.now();
    return new Acknowledgement((acknowledge) => {
      if (!isId(id)) refuseTheSame('invalid_argument');
      if (closed) refuseTheSame('registry_closed');
      act();
      const partition = spread(id, partitions, 3);
      if (waiting[partition]!.push({ called, acknowledge }) === 1) serve(partition);
    });
  };

  const bind = (transport: Entry, server: Entry | undefined): void => {
    const before = serverOf.get(transport);
    if (before) boundTo.get(before)!.delete(transport);
    serverOf.delete(transport);
    if (!server) return;
    serverOf.set(transport, server);
    if (!boundTo.has(server)) boundTo.set(server, new Set());
    boundTo.get(server)!.add(transport);
  };
  const end = (entry: Entry | undefined): void => {
    if (!entry) return;
    const { id, endpoint } = entry.shown;
    tables[entry.namespace].delete(id);
    bind(entry, undefined);
    boundTo.get(entry)?.forEach((transport) => serverOf.delete(transport));
    boundTo.delete(entry);
    const holding = holdings.get(endpoint)!;
    holding.entries.delete(entry);
    if (holding.entries.size > 0) return;
    holding.leave();
    holdings.delete(endpoint);
  };
  const register = (namespace: Namespace, id: string, endpoint: Endpoint, given: unknown): Acknowledgement =>
    write(id, () => {
      const config = isEndpoint(endpoint) ? configOf(given) : undefined;
      if (config === undefined) refuseTheSame('invalid_argument');
      if (tables[namespace].has(id)) refuseTheSame('already_registered');
      if (endpoint.signal.aborted) refuseTheSame('endpoint_down');
      if (!meters.admits()) refuseTheSame('admission_control_active');
      const entry: Entry = { namespace, shown: Object.freeze({ id, endpoint, config: deepFrozen(config) }) };
      tables[namespace].set(id, entry);
      if (namespace === 'transport' && Object.hasOwn(config, 'serverId')) bind(entry, tables.server.get(config['serverId'] as string));
      if (!holdings.has(endpoint)) {
        const entries = new Set<Entry>();
        holdings.set(endpoint, { entries, leave: whenDown(endpoint.signal, () => entries.forEach(end)) });
      }
      holdings.get(endpoint)!.entries.add(entry);
    });
  const find = (namespace: Namespace, id: string): Entry | undefined => {
    if (!isId(id)) refuseTheSame('invalid_argument');
    return closed ? refuseTheSame('registry_closed') : tables[namespace].get(id);
  };
  const list = (namespace: Namespace): readonly Registration[] => {
    if (closed) refuseTheSame('registry_closed');
    return Object.freeze(Array.from(tables[namespace].values(), ({ shown }) => shown));
  };
  const deliver = (entry: Entry, from: string, message: unknown): number => {
    const { id: to, endpoint } = entry.shown;
    handOver(endpoint, Object.freeze({ namespace: entry.namespace, to, from, message }));
    return 1;
  };

  return {
    registerServer: (id, endpoint, config) => register('server', id, endpoint, config),
    registerTransport: (id, endpoint, config) => register('transport', id, endpoint, config),
    unregisterServer: (id) => write(id, () => end(tables.server.get(id))),
    unregisterTransport: (id) => write(id, () => end(tables.transport.get(id))),
    updateServer: (id, given) =>
      write(id, () => {
        const entry = tables.server.get(id) ?? refuseTheSame('server_not_found');
        entry.shown = Object.freeze({ ...entry.shown, config: deepFrozen(configOf(given) ?? refuseTheSame('invalid_argument')) });
      }),
    findServer: (id) => find('server', id)?.shown,
    findTransport: (id) => find('transport', id)?.shown,
    listServers: () => list('server'),
    listTransports: () => list('transport'),
    bindTransportToServer: (transportId, serverId) =>
      write(transportId, () => {
        if (!isId(serverId)) refuseTheSame('invalid_argument');
        const server = tables.server.get(serverId) ?? refuseTheSame('server_not_found');
        bind(tables.transport.get(transportId) ?? refuseTheSame('transport_not_found'), server);
      }),
    unbindTransport: (id) =>
      write(id, () => {
        const transport = tables.transport.get(id);
        if (transport) bind(transport, undefined);
      }),
    getServerForTransport(id) {
      const transport = find('transport', id);
      return transport && serverOf.get(transport)?.shown.id;
    },
    routeToServer(to, from, message) {
      if (!isId(from)) refuseTheSame('invalid_argument');
      const server = find('server', to);
      return server ? deliver(server, from, message) : 0;
    },
    routeToTransport(to, from, message) {
      const server = find('server', from);
      if (to !== broadcast) {
        const transport = find('transport', to);
        return transport ? deliver(transport, from, message) : 0;
      }
      const bound = [...((server && boundTo.get(server)) ?? [])];
      // Whoever was bound at the call gets it, unless its name has ended meanwhile.
      for (const transport of bound) if (tables.transport.get(transport.shown.id) === transport) deliver(transport, from, message);
      return bound.length;
    },
    getPartitionStats: (partition) => Object.freeze(meters.answer(partition, refuseTheSame)),
    getContentionStatus: () => Object.freeze(meters.status()),
    resetStats: () => meters.reset(),
    setAdmission: (mode) => meters.set(mode, refuseTheSame),
    slowCommit: (ms) => void (slow = ms),
    close: () =>
      new Acknowledgement((resolve) => {
        closed = true;
        for (const table of [tables.server, tables.transport]) table.forEach(end);
        for (const timer of timers) clock.clearTimeout(timer);
        for (const { acknowledge } of waiting.flatMap((queue) => queue.splice(0))) acknowledge(); // They have happened.
        resolve();
      }),
  };
}
