import { broadcast, type AdmissionMode, type Config, type Endpoint, type ErrorCode, type Namespace, type Registration } from '../../spec/index.js';
import type { OpenOptions, Subject } from '../contract.js';
import { configOf, deepFrozen, handOver, isEndpoint, isId, Meters, partitionsOf, spread, whenDown, type Refuse } from './correct-fourth-arithmetic.js';

/** Registries whose reads lag behind. What they decide and to whom they deliver does not; and nobody is shown who is down. */

class LaggingError extends Error {
  readonly code: ErrorCode;
  constructor(code: ErrorCode) {
    super(`no: ${code}`);
    this.code = code;
  }
}
const refuse: Refuse = (code) => {
  throw new LaggingError(code);
};
const checked = (id: string): string => (isId(id) ? id : refuse('invalid_argument'));
const configFor = (given: unknown): Config => configOf(given) ?? refuse('invalid_argument');

interface Member {
  readonly namespace: Namespace;
  readonly id: string;
  readonly endpoint: Endpoint;
  config: Config;
  home?: Member | undefined;
  guests?: Set<Member>;
}

/** What is the case: decides everything, at once. `changed` hears of each member before it changes or goes, and after it has come. */
class Truth {
  readonly server = new Map<string, Member>();
  readonly transport = new Map<string, Member>();
  readonly #ears = new Map<Endpoint, { readonly members: Set<Member>; readonly deaf: () => void }>();
  mode: AdmissionMode = 'auto';
  closed = false;

  constructor(readonly changed: (member: Member, what: 'comes' | 'configured' | 'bound' | 'goes') => void = () => undefined) {}

  register(namespace: Namespace, id: string, endpoint: Endpoint, given: unknown): void {
    if (!isEndpoint(endpoint)) refuse('invalid_argument');
    const config = configFor(given);
    const serverId = namespace === 'transport' && Object.hasOwn(config, 'serverId') ? config['serverId'] : undefined;
    if (this[namespace].has(this.#open(id))) refuse('already_registered');
    if (this.mode === 'closed') refuse('admission_control_active');
    if (endpoint.signal.aborted) refuse('endpoint_down');
    const member: Member = { namespace, id, endpoint, config };
    this.changed(member, 'comes');
    this[namespace].set(id, member);
    if (!this.#ears.has(endpoint)) {
      const members = new Set<Member>();
      this.#ears.set(endpoint, { members, deaf: whenDown(endpoint.signal, () => members.forEach((each) => this.drop(each))) });
    }
    this.#ears.get(endpoint)!.members.add(member);
    const home = typeof serverId === 'string' ? this.server.get(serverId) : undefined;
    if (home) this.#tie(member, home);
  }

  unregister(namespace: Namespace, id: string): void {
    this.drop(this[namespace].get(this.#open(id)));
  }

  update(id: string, given: unknown): void {
    const member = this.server.get(this.#open(id)) ?? refuse('server_not_found');
    const config = configFor(given);
    this.changed(member, 'configured');
    member.config = config;
  }

  bind(transportId: string, serverId: string): void {
    const [transport, server] = [this.transport.get(this.#open(transportId)), this.server.get(checked(serverId))];
    this.#tie(server ? (transport ?? refuse('transport_not_found')) : refuse('server_not_found'), server);
  }

  unbind(transportId: string): void {
    const transport = this.transport.get(this.#open(transportId));
    if (transport?.home) this.#tie(transport, undefined);
  }

  drop(member: Member | undefined): void {
    if (!member) return;
    this.changed(member, 'goes');
    this[member.namespace].delete(member.id);
    member.home?.guests?.delete(member);
    member.guests?.forEach((guest) => this.#tie(guest, undefined));
    const ear = this.#ears.get(member.endpoint)!;
    ear.members.delete(member);
    if (ear.members.size > 0) return;
    ear.deaf();
    this.#ears.delete(member.endpoint);
  }

  close(): void {
    this.closed = true;
    for (const table of [this.server, this.transport]) table.forEach((member) => this.drop(member));
  }

  route(namespace: Namespace, to: string | typeof broadcast, from: string, message: unknown): number {
    checked(from);
    const server = this.server.get(from);
    if (to !== broadcast) return this.#deliver(this[namespace].get(checked(to)), from, message);
    return [...(server?.guests ?? [])].reduce((count, guest) => count + (guest.home === server ? this.#deliver(guest, from, message) : 1), 0);
  }

  #deliver(member: Member | undefined, from: string, message: unknown): number {
    if (member) handOver(member.endpoint, { namespace: member.namespace, to: member.id, from, message });
    return member ? 1 : 0;
  }

  #tie(transport: Member, home: Member | undefined): void {
    this.changed(transport, 'bound');
    transport.home?.guests?.delete(transport);
    transport.home = home;
    if (home) (home.guests ??= new Set()).add(transport);
  }

  #open(id: string): string {
    return this.closed ? refuse('registry_closed') : checked(id);
  }
}

const isUp = ({ endpoint }: Pick<Member, 'endpoint'>): boolean => !endpoint.signal.aborted;
const shown = ({ id, endpoint, config }: Pick<Member, 'id' | 'endpoint' | 'config'>): Registration => ({ id, endpoint, config: configFor(config) });

/** Does something, and answers with a promise. */
const promised = async (act: () => void): Promise<void> => act();

// --- What has gone lingers

const lingersMs = 15;

/** What comes is seen at once. What has been unregistered lingers for 15 ms, in lookups and lists, and so does what has been unbound. */
export function lingering(options: OpenOptions): Subject {
  const { clock } = options;
  const meters = new Meters(partitionsOf(options.partitions) ?? refuse('invalid_argument'), clock, options);
  type Gone = { readonly until: number; readonly member: Member };
  const gone = { server: new Map<string, Gone>(), transport: new Map<string, Gone>() };
  const left = new Map<Member, { readonly until: number; readonly home: Member }>();
  const truth = new Truth((member, what) => {
    const until = clock.now() + lingersMs;
    const graves = gone[member.namespace];
    if (what === 'comes' || what === 'goes') graves.delete(member.id);
    if (what === 'goes' && isUp(member) && !truth.closed) graves.set(member.id, { until, member });
    left.delete(member);
    if (what === 'bound' && member.home) left.set(member, { until, home: member.home });
  });
  /** The oldest come first. */
  const forget = <K>(ended: Map<K, { readonly until: number }>): void => {
    for (const [key, { until }] of ended) {
      if (clock.now() < until) return;
      ended.delete(key);
    }
  };
  const tidy = (): void => [gone.server, gone.transport, left].forEach((ended) => forget(ended as Map<unknown, { readonly until: number }>));
  const find = (namespace: Namespace, id: string): Registration | undefined => {
    tidy();
    const member = truth[namespace].get(checked(id)) ?? gone[namespace].get(id)?.member;
    return member && isUp(member) ? shown(member) : undefined;
  };
  const list = (namespace: Namespace): Registration[] => {
    tidy();
    return [...Array.from(gone[namespace].values(), ({ member }) => member), ...truth[namespace].values()].filter(isUp).map(shown);
  };
  const write = (id: string, act: () => void): Promise<void> =>
    promised(() => {
      tidy();
      const called = clock.now();
      act();
      meters.note(spread(id, meters.partitions, 13), called);
    });

  return {
    registerServer: (id, endpoint, config) => write(id, () => truth.register('server', id, endpoint, config)),
    registerTransport: (id, endpoint, config) => write(id, () => truth.register('transport', id, endpoint, config)),
    unregisterServer: (id) => write(id, () => truth.unregister('server', id)),
    unregisterTransport: (id) => write(id, () => truth.unregister('transport', id)),
    updateServer: (id, config) => write(id, () => truth.update(id, config)),
    bindTransportToServer: (transportId, serverId) => write(transportId, () => truth.bind(transportId, serverId)),
    unbindTransport: (id) => write(id, () => truth.unbind(id)),
    findServer: (id) => find('server', id),
    findTransport: (id) => find('transport', id),
    listServers: () => list('server'),
    listTransports: () => list('transport'),
    getServerForTransport(id) {
      tidy();
      const transport = truth.transport.get(checked(id));
      const home = transport && (transport.home ?? left.get(transport)?.home);
      return home && truth.server.get(home.id) === home ? home.id : undefined;
    },
    routeToServer: (to, from, message) => truth.route('server', to, from, message),
    routeToTransport: (to, from, message) => truth.route('transport', to, from, message),
    getPartitionStats: (partition) => meters.answer(partition, refuse),
    getContentionStatus: () => meters.status(),
    resetStats: () => meters.reset(),
    setAdmission: (mode) => {
      meters.set(mode, refuse);
      truth.mode = mode;
    },
    close: () => promised(() => truth.close()),
  };
}

// --- Epochs

const epochMs = 25;

/** All reads of an epoch of 25 ms see one snapshot, that of its beginning: what has changed since is kept as it was. Answers by value. */
export function epochs({ clock }: OpenOptions): Subject {
  type Then = { readonly id: string; readonly endpoint: Endpoint; readonly config: Config; readonly member: Member; readonly home: Member | undefined };
  const before = { server: new Map<string, Then | undefined>(), transport: new Map<string, Then | undefined>() };
  let epoch = -Infinity;
  const turnOver = (): void => {
    const now = Math.floor(clock.now() / epochMs);
    if (now === epoch) return;
    epoch = now;
    for (const changes of [before.server, before.transport]) changes.clear();
  };
  const asIs = (member: Member | undefined): Then | undefined => member && { id: member.id, endpoint: member.endpoint, config: member.config, member, home: member.home };
  const truth = new Truth(({ namespace, id }) => {
    turnOver();
    if (!before[namespace].has(id)) before[namespace].set(id, asIs(truth[namespace].get(id)));
  });
  const view = (namespace: Namespace, id: string): Then | undefined => {
    turnOver();
    const then = before[namespace].has(id) ? before[namespace].get(id) : asIs(truth[namespace].get(id));
    return then && isUp(then) && !truth.closed ? then : undefined;
  };
  const find = (namespace: Namespace, id: string): Registration | null => {
    const then = view(namespace, checked(id));
    return then ? shown(then) : null;
  };
  const list = (namespace: Namespace): Registration[] => {
    turnOver();
    const ids = new Set([...before[namespace].keys(), ...truth[namespace].keys()]);
    return Array.from(ids, (id) => view(namespace, id)).flatMap((then) => (then ? [shown(then)] : []));
  };

  return {
    registerServer: (id, endpoint, config) => truth.register('server', id, endpoint, config),
    registerTransport: (id, endpoint, config) => truth.register('transport', id, endpoint, config),
    unregisterServer: (id) => truth.unregister('server', id),
    unregisterTransport: (id) => truth.unregister('transport', id),
    updateServer: (id, config) => truth.update(id, config),
    bindTransportToServer: (transportId, serverId) => truth.bind(transportId, serverId),
    unbindTransport: (id) => truth.unbind(id),
    findServer: (id) => find('server', id),
    findTransport: (id) => find('transport', id),
    listServers: () => list('server'),
    listTransports: () => list('transport'),
    getServerForTransport(id) {
      const home = view('transport', checked(id))?.home;
      return home && view('server', home.id)?.member === home ? home.id : null;
    },
    routeToServer: (to, from, message) => truth.route('server', to, from, message),
    routeToTransport: (to, from, message) => truth.route('transport', to, from, message),
    setAdmission: (mode) => {
      truth.mode = ['auto', 'open', 'closed'].includes(mode) ? mode : refuse('invalid_argument');
    },
    close: () => truth.close(),
  };
}

// --- Gossip

const gossipMs = 30;

/** What is gossiped: the newest about a key wins, whichever comes first. */
interface Rumour {
  readonly key: string;
  readonly stamp: number;
  /** When it arrives, and when all that was said before has. */
  readonly at: number;
  readonly until: number;
  readonly value: { readonly of: number; readonly registration?: Registration; readonly server?: string; readonly to?: number } | undefined;
}

/** A replica: rumours on their way to it, and the newest that it has heard about each key. */
class Replica {
  readonly cells = new Map<string, Rumour>();
  #coming: Rumour[] = [];
  #earliest = Infinity;
  #graves: Rumour[] = [];
  #tidyAt = 64;

  tell(rumour: Rumour, now: number): void {
    this.#earliest = Math.min(this.#earliest, rumour.at, rumour.until);
    if (this.#coming.push(rumour) < this.#tidyAt) return;
    this.hear(now);
    this.#tidyAt = 64 + 2 * this.#coming.length;
  }

  hear(now: number): void {
    if (now < this.#earliest) return;
    const arrived = this.#coming.filter(({ at }) => at <= now);
    if (arrived.length > 0) this.#coming = this.#coming.filter(({ at }) => at > now);
    for (const rumour of arrived) {
      if ((this.cells.get(rumour.key)?.stamp ?? -1) > rumour.stamp) continue;
      this.cells.set(rumour.key, rumour);
      if (!rumour.value) this.#graves.push(rumour);
    }
    for (const grave of this.#graves) if (grave.until <= now && this.cells.get(grave.key) === grave) this.cells.delete(grave.key);
    this.#graves = this.#graves.filter(({ until }) => until > now);
    this.#earliest = [...this.#coming.map(({ at }) => at), ...this.#graves.map(({ until }) => until)].reduce((least, each) => Math.min(least, each), Infinity);
  }

  value(key: string): Rumour['value'] {
    return this.cells.get(key)?.value;
  }

  clear(): void {
    this.cells.clear();
    this.#coming = [];
    this.#graves = [];
  }
}

/**
 * A primary decides; three replicas hear of it within 30 ms, each in an order of its own, and keep the newest about each name and each binding. Every
 * read asks the next of them. No routing. Time is the clock's, and there are no timers: what has arrived is heard when somebody reads.
 */
export function gossip({ clock }: OpenOptions): Subject {
  const replicas = [new Replica(), new Replica(), new Replica()];
  const incarnations = new Map<Member, number>();
  let stamps = 0;
  let turns = 0;
  let dice = 1;

  const tell = (key: string, value: Rumour['value']): void => {
    const now = clock.now();
    const stamp = ++stamps;
    for (const replica of replicas) {
      dice = (Math.imul(dice, 1664525) + 1013904223) >>> 0;
      replica.tell({ key, stamp, at: now + (dice / 2 ** 32) * gossipMs, until: now + gossipMs, value }, now);
    }
  };
  const tellOf = (member: Member): void =>
    tell(`${member.namespace} ${member.id}`, { of: incarnations.get(member)!, registration: Object.freeze({ id: member.id, endpoint: member.endpoint, config: deepFrozen(member.config) }) });
  const tellHome = ({ id, home }: Member, of: number): void => tell(`home of ${id}`, home && { of, server: home.id, to: incarnations.get(home)! });

  // The truth is told when it has been changed.
  let touched = new Map<Member, Set<string>>();
  const truth: Truth = new Truth((member, what) => touched.set(member, (touched.get(member) ?? new Set()).add(what)));
  const spreadNews = (): void => {
    const news = touched;
    touched = new Map();
    for (const [member, what] of news) {
      if (what.has('comes')) incarnations.set(member, ++stamps);
      if (what.has('comes') || what.has('configured')) tellOf(member);
    }
    for (const [member, what] of news) {
      if (what.has('bound') && !what.has('goes')) tellHome(member, incarnations.get(member)!);
      if (!what.has('goes')) continue;
      incarnations.delete(member);
      tell(`${member.namespace} ${member.id}`, undefined);
      if (member.namespace === 'transport') tell(`home of ${member.id}`, undefined);
    }
    if (truth.closed) replicas.forEach((replica) => replica.clear());
  };
  const write = async (act: () => void): Promise<void> => {
    spreadNews(); // Of who has gone down.
    act();
    spreadNews();
  };
  const next = (): Replica => {
    spreadNews();
    const replica = replicas[turns++ % replicas.length]!;
    replica.hear(clock.now());
    return replica;
  };
  const current = (replica: Replica, key: string): Rumour['value'] => {
    const value = replica.value(key);
    return value?.registration && isUp(value.registration) ? value : undefined;
  };
  const list = (namespace: Namespace): Registration[] => {
    const replica = next();
    const keys = [...replica.cells.keys()].filter((key) => key.startsWith(`${namespace} `));
    return keys.flatMap((key) => current(replica, key)?.registration ?? []);
  };

  return {
    registerServer: (id, endpoint, config) => write(() => truth.register('server', id, endpoint, config)),
    registerTransport: (id, endpoint, config) => write(() => truth.register('transport', id, endpoint, config)),
    unregisterServer: (id) => write(() => truth.unregister('server', id)),
    unregisterTransport: (id) => write(() => truth.unregister('transport', id)),
    updateServer: (id, config) => write(() => truth.update(id, config)),
    bindTransportToServer: (transportId, serverId) => write(() => truth.bind(transportId, serverId)),
    unbindTransport: (id) => write(() => truth.unbind(id)),
    findServer: (id) => current(next(), `server ${checked(id)}`)?.registration,
    findTransport: (id) => current(next(), `transport ${checked(id)}`)?.registration,
    listServers: () => list('server'),
    listTransports: () => list('transport'),
    getServerForTransport(id) {
      const replica = next();
      const transport = current(replica, `transport ${checked(id)}`);
      const home = replica.value(`home of ${id}`);
      const server = home && current(replica, `server ${home.server!}`);
      return server && transport?.of === home.of && server.of === home.to ? home.server : undefined;
    },
    close: () => write(() => truth.close()),
  };
}

// --- Views

const viewMs = 20;

/**
 * Lookups see what is the case, lists what was up to 20 ms of real time ago: the same frozen array until then, and every list after that is
 * another. Three partitions. Everything by value, refusals are thrown. Neither bindings nor routing.
 */
export function views(): Subject {
  const clock = { now: () => performance.now(), setTimeout: () => undefined, clearTimeout: () => undefined };
  const meters = new Meters(3, clock);
  const made = { server: { at: -Infinity, list: [] as readonly Registration[] }, transport: { at: -Infinity, list: [] as readonly Registration[] } };
  const truth = new Truth();
  const list = (namespace: Namespace): readonly Registration[] => {
    const now = clock.now();
    const { at, list: lately } = made[namespace];
    if (now - at >= viewMs || truth.closed || !lately.every(isUp)) made[namespace] = { at: now, list: Object.freeze(Array.from(truth[namespace].values(), (member) => Object.freeze({ ...shown(member), config: deepFrozen(configFor(member.config)) }))) };
    return made[namespace].list;
  };
  const find = (namespace: Namespace, id: string): Registration | null => {
    const member = truth[namespace].get(checked(id));
    return member ? shown(member) : null;
  };
  const write = (id: string, act: () => void): void => {
    const called = clock.now();
    act();
    meters.note(spread(id, 3, 16), called);
  };

  return {
    registerServer: (id, endpoint, config) => write(id, () => truth.register('server', id, endpoint, config)),
    registerTransport: (id, endpoint, config) => write(id, () => truth.register('transport', id, endpoint, config)),
    unregisterServer: (id) => write(id, () => truth.unregister('server', id)),
    unregisterTransport: (id) => write(id, () => truth.unregister('transport', id)),
    updateServer: (id, config) => write(id, () => truth.update(id, config)),
    findServer: (id) => find('server', id),
    findTransport: (id) => find('transport', id),
    listServers: () => list('server'),
    listTransports: () => list('transport'),
    getPartitionStats: (partition) => meters.answer(partition, refuse),
    resetStats: () => meters.reset(),
    close: () => truth.close(),
  };
}
