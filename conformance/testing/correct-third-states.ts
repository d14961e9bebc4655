import { promisify } from 'node:util';
import { broadcast, type AdmissionMode, type Config, type Delivery, type Endpoint, type ErrorCode, type Namespace, type Registration } from '../../spec/index.js';
import type { Subject } from '../contract.js';
import { copyConfig, cyrb53, hand, needEndpoint, needId, needMode, noop, refuse, serverIdOf, type RegistryError } from './correct-third-base.js';

/** Registries that overlap without lanes: one swaps whole states, and tries again; the other locks names, and calls back. */

// ---- Whole states.

/** A search tree by (hash, key), never changed. */
type Tree<V> = TreeNode<V> | null;

interface TreeNode<V> {
  readonly hash: number;
  readonly key: string;
  readonly value: V;
  readonly left: Tree<V>;
  readonly right: Tree<V>;
}

const node = <V>(hash: number, key: string, value: V, left: Tree<V>, right: Tree<V>): TreeNode<V> => Object.freeze({ hash, key, value, left, right });
const order = (hash: number, key: string, at: TreeNode<unknown>): number => (hash !== at.hash ? hash - at.hash : key < at.key ? -1 : key > at.key ? 1 : 0);

function valueOf<V>(tree: Tree<V>, key: string): V | undefined {
  const hash = cyrb53(key);
  let at = tree;
  while (at !== null) {
    const o = order(hash, key, at);
    if (o === 0) return at.value;
    at = o < 0 ? at.left : at.right;
  }
  return undefined;
}

function insert<V>(at: Tree<V>, hash: number, key: string, value: V): TreeNode<V> {
  if (at === null) return node(hash, key, value, null, null);
  const o = order(hash, key, at);
  if (o === 0) return node(hash, key, value, at.left, at.right);
  return o < 0 ? node(at.hash, at.key, at.value, insert(at.left, hash, key, value), at.right) : node(at.hash, at.key, at.value, at.left, insert(at.right, hash, key, value));
}

const withKey = <V>(tree: Tree<V>, key: string, value: V): Tree<V> => insert(tree, cyrb53(key), key, value);

function least<V>(at: TreeNode<V>): TreeNode<V> {
  let first = at;
  while (first.left !== null) first = first.left;
  return first;
}

function remove<V>(at: Tree<V>, hash: number, key: string): Tree<V> {
  if (at === null) return null;
  const o = order(hash, key, at);
  if (o < 0) return node(at.hash, at.key, at.value, remove(at.left, hash, key), at.right);
  if (o > 0) return node(at.hash, at.key, at.value, at.left, remove(at.right, hash, key));
  if (at.left === null) return at.right;
  if (at.right === null) return at.left;
  const next = least(at.right);
  return node(next.hash, next.key, next.value, at.left, remove(at.right, next.hash, next.key));
}

const withoutKey = <V>(tree: Tree<V>, key: string): Tree<V> => remove(tree, cyrb53(key), key);

function* valuesOf<V>(tree: Tree<V>): Generator<V> {
  if (tree === null) return;
  yield* valuesOf(tree.left);
  yield tree.value;
  yield* valuesOf(tree.right);
}

/** What is registered; `to` is which incarnation of a server. */
interface TreeEntry {
  readonly view: Registration & { readonly incarnation: number; readonly namespace: Namespace };
  readonly ns: Namespace;
  readonly inc: number;
  readonly to: { readonly id: string; readonly inc: number } | null;
}

interface Atom {
  readonly server: Tree<TreeEntry>;
  readonly transport: Tree<TreeEntry>;
  readonly mode: AdmissionMode;
  readonly closed: boolean;
}

const empty: Atom = Object.freeze({ server: null, transport: null, mode: 'auto', closed: false });

/** The attempt at which a write no longer waits before it swaps. */
const patience = 6;

/**
 * One atom that holds an immutable state: search trees that share structure. A write reads the atom, works out the next state, waits,
 * and swaps it in if nobody was faster; else it tries again. Live frozen registrations with extra fields. No partitions, no statistics.
 */
export function persistentTree(): Subject {
  let atom = empty;
  let incarnations = 0;
  const watched = new Map<Endpoint, { count: number; readonly stop: () => void }>();

  const find = (state: Atom, ns: Namespace, id: string): TreeEntry | undefined => {
    const x = valueOf(state[ns], id);
    return x === undefined || x.view.endpoint.signal.aborted ? undefined : x;
  };
  const boundTo = (state: Atom, x: TreeEntry | undefined): TreeEntry | undefined => {
    if (x === undefined || x.to === null) return undefined;
    const server = find(state, 'server', x.to.id);
    return server !== undefined && server.inc === x.to.inc ? server : undefined;
  };
  const withTree = (state: Atom, ns: Namespace, tree: Tree<TreeEntry>): Atom => Object.freeze({ ...state, [ns]: tree });

  const arrive = (endpoint: Endpoint): void => {
    const watching = watched.get(endpoint);
    if (watching !== undefined) {
      watching.count += 1;
      return;
    }
    const { signal } = endpoint;
    const onAbort = (): void => {
      let next = atom;
      for (const ns of ['server', 'transport'] as const)
        for (const x of [...valuesOf(next[ns])]) if (x.view.endpoint === endpoint) next = withTree(next, ns, withoutKey(next[ns], x.view.id));
      atom = next;
      watched.get(endpoint)?.stop();
      watched.delete(endpoint);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    watched.set(endpoint, { count: 1, stop: () => signal.removeEventListener('abort', onAbort) });
  };
  const leave = (endpoint: Endpoint): void => {
    const watching = watched.get(endpoint);
    if (watching === undefined) return;
    watching.count -= 1;
    if (watching.count > 0) return;
    watching.stop();
    watched.delete(endpoint);
  };

  /** `plan` gives the next state (the same one: nothing to do), or throws. `after` is done with the swap. */
  async function write(plan: (state: Atom) => Atom, after: (before: Atom) => void = noop): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const before = atom;
      if (before.closed) throw refuse('registry_closed');
      const next = plan(before);
      if (next === before) return;
      if (attempt < patience) {
        await null;
        if (atom !== before) continue;
        if (plan(before) === before) continue; // what is not in the atom, a signal for example, may have changed
      }
      atom = next;
      after(before);
      return;
    }
  }
  async function register(ns: Namespace, id: string, endpoint: Endpoint, config?: Config): Promise<void> {
    needId(id);
    needEndpoint(endpoint);
    const own = copyConfig(config, { freeze: true });
    const serverId = ns === 'transport' ? serverIdOf(own) : undefined;
    const inc = ++incarnations;
    const view = Object.freeze({ id, endpoint, config: own, incarnation: inc, namespace: ns });
    await write(
      (state) => {
        if (endpoint.signal.aborted) throw refuse('endpoint_down');
        if (find(state, ns, id) !== undefined) throw refuse('already_registered');
        if (state.mode === 'closed') throw refuse('admission_control_active');
        const server = serverId === undefined ? undefined : find(state, 'server', serverId);
        const to = server === undefined ? null : Object.freeze({ id: serverId!, inc: server.inc });
        return withTree(state, ns, withKey(state[ns], id, Object.freeze({ view, ns, inc, to })));
      },
      (before) => {
        const stale = valueOf(before[ns], id); // of an endpoint that is down and not yet swept
        if (stale !== undefined) leave(stale.view.endpoint);
        arrive(endpoint);
      },
    );
  }
  async function unregister(ns: Namespace, id: string): Promise<void> {
    needId(id);
    await write(
      (state) => (valueOf(state[ns], id) === undefined ? state : withTree(state, ns, withoutKey(state[ns], id))),
      (before) => leave(valueOf(before[ns], id)!.view.endpoint),
    );
  }
  const list = (ns: Namespace): Registration[] => {
    const state = atom;
    const all: Registration[] = [];
    for (const x of valuesOf(state[ns])) if (!x.view.endpoint.signal.aborted) all.push(x.view);
    return all;
  };
  const route = (ns: Namespace, to: string, from: string, message: unknown): number => {
    const x = find(atom, ns, to);
    if (x === undefined) return 0;
    hand(x.view.endpoint, { namespace: ns, to, from, message });
    return 1;
  };

  return {
    registerServer: (id, endpoint, config) => register('server', id, endpoint, config),
    registerTransport: (id, endpoint, config) => register('transport', id, endpoint, config),
    unregisterServer: (id) => unregister('server', id),
    unregisterTransport: (id) => unregister('transport', id),
    async updateServer(id, config) {
      needId(id);
      const own = copyConfig(config, { freeze: true });
      await write((state) => {
        const x = find(state, 'server', id);
        if (x === undefined) throw refuse('server_not_found');
        return withTree(state, 'server', withKey(state.server, id, Object.freeze({ ...x, view: Object.freeze({ ...x.view, config: own }) })));
      });
    },
    findServer(id) {
      needId(id);
      return find(atom, 'server', id)?.view;
    },
    findTransport(id) {
      needId(id);
      return find(atom, 'transport', id)?.view;
    },
    listServers: () => list('server'),
    listTransports: () => list('transport'),
    async bindTransportToServer(transportId, serverId) {
      needId(transportId, serverId);
      await write((state) => {
        const server = find(state, 'server', serverId);
        if (server === undefined) throw refuse('server_not_found');
        const x = find(state, 'transport', transportId);
        if (x === undefined) throw refuse('transport_not_found');
        if (boundTo(state, x) === server) return state;
        return withTree(state, 'transport', withKey(state.transport, transportId, Object.freeze({ ...x, to: Object.freeze({ id: serverId, inc: server.inc }) })));
      });
    },
    async unbindTransport(id) {
      needId(id);
      await write((state) => {
        const x = find(state, 'transport', id);
        return x === undefined || x.to === null ? state : withTree(state, 'transport', withKey(state.transport, id, Object.freeze({ ...x, to: null })));
      });
    },
    getServerForTransport(id) {
      needId(id);
      const state = atom;
      return boundTo(state, find(state, 'transport', id))?.view.id;
    },
    routeToServer(serverId, transportId, message) {
      needId(serverId, transportId);
      return route('server', serverId, transportId, message);
    },
    routeToTransport(transportId, serverId, message) {
      needId(serverId);
      if (transportId !== broadcast) {
        needId(transportId);
        return route('transport', transportId, serverId, message);
      }
      const state = atom;
      const server = find(state, 'server', serverId);
      const to: TreeEntry[] = [];
      if (server !== undefined)
        for (const x of valuesOf(state.transport)) if (x.to?.id === serverId && boundTo(state, find(state, 'transport', x.view.id)) === server) to.push(x);
      for (const x of to) {
        // Bound or not by now: whoever is still the same incarnation gets it.
        if (find(atom, 'transport', x.view.id)?.inc === x.inc) hand(x.view.endpoint, { namespace: 'transport', to: x.view.id, from: serverId, message });
      }
      return to.length;
    },
    setAdmission(mode) {
      needMode(mode);
      atom = Object.freeze({ ...atom, mode });
    },
    async close() {
      atom = Object.freeze({ ...atom, server: null, transport: null, closed: true });
      for (const { stop } of watched.values()) stop();
      watched.clear();
    },
  };
}

// ---- Locks and callbacks.

type Done = (error: unknown, value?: unknown) => void;

const frozen = (code: ErrorCode): RegistryError => Object.freeze(refuse(code));

interface Numbered {
  readonly ns: Namespace;
  readonly id: string;
  readonly endpoint: Endpoint;
  readonly config: Config;
  readonly inc: number;
  /** Which incarnation of a server it is bound to; 0 for none. */
  server: number;
}

/** The incarnations of an endpoint; the set has the listener. */
type Life = Set<number> & { readonly off: () => void };

/** How many arguments each operation has before its callback. */
const arities = {
  registerServer: 3,
  registerTransport: 3,
  unregisterServer: 1,
  unregisterTransport: 1,
  findServer: 1,
  findTransport: 1,
  bindTransportToServer: 2,
  unbindTransport: 1,
  getServerForTransport: 1,
  routeToServer: 3,
  routeToTransport: 3,
  close: 0,
} as const;

type CalledBack = keyof typeof arities;

function callbackRegistry() {
  const locks = new Map<string, (() => void)[]>(); // by `ns id`; the first is running
  const names = { server: new Map<string, Numbered>(), transport: new Map<string, Numbered>() };
  const incs = new Map<number, Numbered>();
  const members = new Map<number, Set<number>>(); // of a server, the transports
  const lives = new Map<Endpoint, Life>();
  let last = 0;
  let closed = false;

  const attempt = (done: Done, work: () => unknown): void => {
    let value: unknown;
    try {
      value = work();
    } catch (error) {
      return done(error);
    }
    done(null, value);
  };
  function locked(name: string, done: Done, step: () => unknown): void {
    const job = (): void =>
      attempt(
        (error, value) => {
          const queue = locks.get(name)!;
          queue.shift();
          if (queue.length === 0) locks.delete(name);
          else queueMicrotask(queue[0]!);
          done(error, value);
        },
        () => {
          if (closed) throw frozen('registry_closed');
          return step();
        },
      );
    const queue = locks.get(name);
    if (queue !== undefined) {
      queue.push(job);
      return;
    }
    locks.set(name, [job]);
    queueMicrotask(job);
  }
  const find = (ns: Namespace, id: string): Numbered | undefined => {
    const x = names[ns].get(id);
    if (x === undefined || !x.endpoint.signal.aborted) return x;
    lives.get(x.endpoint)?.off(); // nobody has told us yet
    return undefined;
  };
  const unbind = (x: Numbered): void => {
    members.get(x.server)?.delete(x.inc);
    x.server = 0;
  };
  const bind = (x: Numbered, server: Numbered): void => {
    unbind(x);
    x.server = server.inc;
    if (!members.has(server.inc)) members.set(server.inc, new Set());
    members.get(server.inc)!.add(x.inc);
  };
  const end = (x: Numbered): void => {
    names[x.ns].delete(x.id);
    incs.delete(x.inc);
    if (x.ns === 'transport') unbind(x);
    else {
      for (const inc of members.get(x.inc) ?? []) incs.get(inc)!.server = 0;
      members.delete(x.inc);
    }
    const life = lives.get(x.endpoint);
    if (life?.delete(x.inc) && life.size === 0) {
      lives.delete(x.endpoint);
      x.endpoint.signal.removeEventListener('abort', life.off);
    }
  };
  const begin = (ns: Namespace, id: string, endpoint: Endpoint, config: Config): Numbered => {
    const x: Numbered = { ns, id, endpoint, config, inc: ++last, server: 0 };
    names[ns].set(id, x);
    incs.set(x.inc, x);
    let life = lives.get(endpoint);
    if (life === undefined) {
      const fresh: Life = Object.assign(new Set<number>(), {
        off: () => {
          for (const inc of [...fresh]) end(incs.get(inc)!);
        },
      });
      life = fresh;
      lives.set(endpoint, life);
      endpoint.signal.addEventListener('abort', life.off);
    }
    life.add(x.inc);
    return x;
  };
  const register =
    (ns: Namespace) =>
    (id: string, endpoint: Endpoint, config: Config | undefined, done: Done): void => {
      let own: Config;
      let serverId: string | undefined;
      try {
        needId(id);
        needEndpoint(endpoint);
        own = copyConfig(config, { freeze: true });
        if (ns === 'transport') serverId = serverIdOf(own);
        if (endpoint.signal.aborted) throw frozen('endpoint_down');
      } catch (error) {
        return done(error);
      }
      locked(`${ns} ${id}`, done, () => {
        if (find(ns, id) !== undefined) throw frozen('already_registered');
        if (endpoint.signal.aborted) throw frozen('endpoint_down');
        const server = serverId === undefined ? undefined : find('server', serverId);
        const x = begin(ns, id, endpoint, own);
        if (server !== undefined) bind(x, server);
      });
    };
  const checked = (done: Done, ids: readonly unknown[], work: () => void): void => {
    try {
      needId(...ids);
    } catch (error) {
      return done(error);
    }
    work();
  };
  const unregister =
    (ns: Namespace) =>
    (id: string, done: Done): void =>
      checked(done, [id], () =>
        locked(`${ns} ${id}`, done, () => {
          const x = find(ns, id);
          if (x !== undefined) end(x);
        }),
      );
  const read = (done: Done, ids: readonly unknown[], work: () => unknown): void =>
    attempt(done, () => {
      needId(...ids);
      if (closed) throw frozen('registry_closed');
      return work();
    });
  const look =
    (ns: Namespace) =>
    (id: string, done: Done): void =>
      read(done, [id], () => {
        const x = find(ns, id);
        return x && Object.freeze({ id, endpoint: x.endpoint, config: x.config });
      });
  const send = (x: Numbered, from: string, message: unknown): void => {
    const delivery: Delivery = { namespace: x.ns, to: x.id, from, message };
    try {
      const result = x.endpoint.send(delivery);
      if (result instanceof Promise) result.catch(noop);
      else if (result !== null && typeof result === 'object' && typeof (result as PromiseLike<unknown>).then === 'function') (result as PromiseLike<unknown>).then(noop, noop);
    } catch {
      // handed over all the same
    }
  };
  const one = (ns: Namespace, to: string, from: string, message: unknown): number => {
    const x = find(ns, to);
    if (x === undefined) return 0;
    send(x, from, message);
    return 1;
  };
  return {
    registerServer: register('server'),
    registerTransport: register('transport'),
    unregisterServer: unregister('server'),
    unregisterTransport: unregister('transport'),
    findServer: look('server'),
    findTransport: look('transport'),
    bindTransportToServer: (transportId: string, serverId: string, done: Done) =>
      checked(done, [transportId, serverId], () =>
        locked(`transport ${transportId}`, done, () => {
          const server = find('server', serverId);
          if (server === undefined) throw frozen('server_not_found');
          const x = find('transport', transportId);
          if (x === undefined) throw frozen('transport_not_found');
          bind(x, server);
        }),
      ),
    unbindTransport: (id: string, done: Done) =>
      checked(done, [id], () =>
        locked(`transport ${id}`, done, () => {
          const x = find('transport', id);
          if (x !== undefined) unbind(x);
        }),
      ),
    getServerForTransport: (id: string, done: Done) =>
      read(done, [id], () => {
        const server = incs.get(find('transport', id)?.server ?? 0);
        return server === undefined || find('server', server.id) !== server ? undefined : server.id;
      }),
    routeToServer: (serverId: string, transportId: string, message: unknown, done: Done) => read(done, [serverId, transportId], () => one('server', serverId, transportId, message)),
    routeToTransport: (transportId: string | typeof broadcast, serverId: string, message: unknown, done: Done) =>
      read(done, transportId === broadcast ? [serverId] : [transportId, serverId], () => {
        if (transportId !== broadcast) return one('transport', transportId, serverId, message);
        const server = find('server', serverId);
        const to = server === undefined ? [] : [...(members.get(server.inc) ?? [])].map((inc) => incs.get(inc)!).filter((x) => !x.endpoint.signal.aborted);
        for (const x of to) if (incs.get(x.inc) === x && !x.endpoint.signal.aborted && x.server === server?.inc) send(x, serverId, message);
        return to.length;
      }),
    close: (done: Done) => {
      if (!closed) {
        closed = true;
        for (const [endpoint, life] of lives) endpoint.signal.removeEventListener('abort', life.off);
        for (const all of [names.server, names.transport, incs, members, lives]) all.clear();
      }
      process.nextTick(done, null); // what waits for its turn will be refused
    },
  } satisfies Readonly<Record<CalledBack, (...args: never[]) => void>>;
}

/**
 * Written with callbacks, turned into promises at the end. A lock for each name: writes to one name are served in turn, a microtask each.
 * No lists, no update, no statistics. A transport's binding is kept with the server as well, by incarnation numbers. After closing all is
 * refused, reads too. Errors are frozen. In a broadcast nobody who has been unbound meanwhile is bothered.
 */
export function perNameCallbacks(): Subject {
  const registry = callbackRegistry();
  const promised = (operation: CalledBack): ((...args: unknown[]) => Promise<unknown>) => {
    const call = promisify(registry[operation] as (...args: unknown[]) => void) as (...args: unknown[]) => Promise<unknown>;
    // The callback comes last, however many arguments there were.
    return (...args) => call(...Array.from({ length: arities[operation] }, (_, i) => args[i]));
  };
  return Object.fromEntries((Object.keys(arities) as CalledBack[]).map((operation) => [operation, promised(operation)])) as unknown as Subject;
}
