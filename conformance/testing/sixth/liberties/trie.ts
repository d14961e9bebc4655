import type { Adapter } from '../../../contract.js';
import type { Config, Endpoint, ErrorCode, Namespace, Registration } from '../../../../spec/index.js';
import { copyConfig, idOf, serverIdOf, signalOf, type Fail } from './common.js';

/*
 * Servers, transports, lists, and admission by hand; no bindings, no routing, no statistics. A crit-bit tree for each namespace, so
 * that lists come sorted. Lookups answer through a promise, lists and writes at once. Not in-process: that an endpoint is down is
 * acted on in a turn of its own.
 */

class TreeError extends Error {
  readonly code: ErrorCode;
  constructor(code: ErrorCode, why: string) {
    super(`${code}: ${why}`);
    this.code = code;
    Object.freeze(this);
  }
}
const fail: Fail = (code, why) => new TreeError(code, why);

interface Household {
  readonly signal: AbortSignal;
  readonly members: Set<Leaf>;
  readonly listener: () => void;
}

class Leaf {
  constructor(
    readonly id: string,
    readonly namespace: Namespace,
    readonly registration: Registration,
    readonly household: Household,
  ) {}
}

class Fork {
  constructor(
    readonly at: number,
    readonly bit: number,
    public zero: Leaf | Fork,
    public one: Leaf | Fork,
  ) {}
}

/** The symbol of an id at a position; behind its end there are zeros. */
const symbolAt = (id: string, at: number): number => (at < id.length ? id.charCodeAt(at) + 1 : 0);
const branch = (fork: Fork, id: string): Leaf | Fork => ((symbolAt(id, fork.at) & fork.bit) === 0 ? fork.zero : fork.one);

class Tree {
  #root: Leaf | Fork | undefined;

  find(id: string): Leaf | undefined {
    let node = this.#root;
    while (node instanceof Fork) node = branch(node, id);
    return node !== undefined && node.id === id ? node : undefined;
  }

  /** Its id is not in the tree. */
  insert(leaf: Leaf): void {
    if (this.#root === undefined) {
      this.#root = leaf;
      return;
    }
    let like = this.#root;
    while (like instanceof Fork) like = branch(like, leaf.id);
    let at = 0;
    while (symbolAt(like.id, at) === symbolAt(leaf.id, at)) at++;
    const bit = 1 << (31 - Math.clz32(symbolAt(like.id, at) ^ symbolAt(leaf.id, at)));
    let parent: Fork | undefined;
    let node = this.#root;
    while (node instanceof Fork && (node.at < at || (node.at === at && node.bit > bit))) {
      parent = node;
      node = branch(node, leaf.id);
    }
    const fork = (symbolAt(leaf.id, at) & bit) === 0 ? new Fork(at, bit, leaf, node) : new Fork(at, bit, node, leaf);
    this.#replace(parent, node, fork);
  }

  remove(leaf: Leaf): void {
    let grandparent: Fork | undefined;
    let parent: Fork | undefined;
    let node = this.#root;
    while (node instanceof Fork) {
      grandparent = parent;
      parent = node;
      node = branch(node, leaf.id);
    }
    if (node !== leaf) return;
    if (parent === undefined) this.#root = undefined;
    else this.#replace(grandparent, parent, parent.zero === leaf ? parent.one : parent.zero);
  }

  leaves(): Leaf[] {
    const leaves: Leaf[] = [];
    const ahead: (Leaf | Fork)[] = this.#root === undefined ? [] : [this.#root];
    for (let node = ahead.pop(); node !== undefined; node = ahead.pop()) {
      if (node instanceof Fork) ahead.push(node.one, node.zero);
      else leaves.push(node);
    }
    return leaves;
  }

  #replace(parent: Fork | undefined, child: Leaf | Fork, by: Leaf | Fork): void {
    if (parent === undefined) this.#root = by;
    else if (parent.zero === child) parent.zero = by;
    else parent.one = by;
  }
}

class Trie {
  readonly #trees = { server: new Tree(), transport: new Tree() };
  readonly #households = new Map<AbortSignal, Household>();
  #shut = false;

  registerServer(id: unknown, endpoint: unknown, config?: unknown): undefined {
    this.#register('server', id, endpoint, config);
  }

  registerTransport(id: unknown, endpoint: unknown, config?: unknown): undefined {
    this.#register('transport', id, endpoint, config);
  }

  unregisterServer(id: unknown): undefined {
    this.#unregister('server', id);
  }

  unregisterTransport(id: unknown): undefined {
    this.#unregister('transport', id);
  }

  async findServer(id: unknown): Promise<Registration | undefined> {
    return this.#trees.server.find(idOf(id, fail))?.registration;
  }

  async findTransport(id: unknown): Promise<Registration | undefined> {
    return this.#trees.transport.find(idOf(id, fail))?.registration;
  }

  listServers(): readonly Registration[] {
    return Object.freeze(this.#trees.server.leaves().map(({ registration }) => registration));
  }

  listTransports(): readonly Registration[] {
    return Object.freeze(this.#trees.transport.leaves().map(({ registration }) => registration));
  }

  setAdmission(mode: unknown): undefined {
    if (mode !== 'auto' && mode !== 'open' && mode !== 'closed') throw fail('invalid_argument', 'no such mode');
    this.#shut = mode === 'closed';
  }

  /** Until every "down" of now has been acted on. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 2; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
  }

  #register(namespace: Namespace, id: unknown, endpoint: unknown, given: unknown): void {
    if (this.#shut) {
      // Whatever else is wrong with it.
      throw fail('admission_control_active', 'closed by hand');
    }
    const name = idOf(id, fail);
    const signal = signalOf(endpoint, fail);
    const config = given === undefined ? (Object.freeze({}) as Config) : copyConfig(given, fail, { frozen: true });
    if (namespace === 'transport') serverIdOf(config, fail);
    // Getters may have done anything.
    if (this.#shut) throw fail('admission_control_active', 'closed by hand');
    if (signal.aborted) throw fail('endpoint_down', name);
    const tree = this.#trees[namespace];
    if (tree.find(name) !== undefined) throw fail('already_registered', name);
    const household = this.#household(signal);
    const leaf = new Leaf(name, namespace, Object.freeze({ id: name, endpoint: endpoint as Endpoint, config }), household);
    household.members.add(leaf);
    tree.insert(leaf);
  }

  #unregister(namespace: Namespace, id: unknown): void {
    const leaf = this.#trees[namespace].find(idOf(id, fail));
    if (leaf !== undefined) this.#remove(leaf);
  }

  #household(signal: AbortSignal): Household {
    const known = this.#households.get(signal);
    if (known !== undefined) return known;
    const household: Household = { signal, members: new Set(), listener: () => void setImmediate(() => this.#disperse(household)) };
    signal.addEventListener('abort', household.listener, { once: true });
    this.#households.set(signal, household);
    return household;
  }

  #disperse(household: Household): void {
    for (const leaf of [...household.members]) this.#remove(leaf);
  }

  #remove(leaf: Leaf): void {
    this.#trees[leaf.namespace].remove(leaf);
    const { household } = leaf;
    household.members.delete(leaf);
    if (household.members.size > 0) return;
    household.signal.removeEventListener('abort', household.listener);
    if (this.#households.get(household.signal) === household) this.#households.delete(household.signal);
  }
}

export const trie: Adapter = {
  name: 'liberties: trie (crit-bit trees, sorted lists, news of a down travels)',
  without: ['in-process', 'send-failures', 'send-awaited'],
  sla: { 'SLA-11': 0.5, 'SLA-10': 4 },
  open: () => new Trie(),
};
