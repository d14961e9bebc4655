import type { Adapter, OpenOptions, Wait } from '../../../contract.js';
import type { AdmissionMode, Config, ContentionStatus, Delivery, Endpoint, ErrorCode, Namespace, PartitionStats, Registration, Thresholds } from '../../../../spec/index.js';
import { copyConfig, everyone, halfSip, handOver, idOf, partitionsOf, randomWord, serverIdOf, signalOf, summary, thresholdsOf, type Fail } from './common.js';

/*
 * Complete; event-sourced. Each partition has a journal; a write is an intention that ripens in the store (several at once: the store
 * is a pipeline) and becomes an event in the order of the calls. State is what the events have made of it and is changed by nothing
 * else. Everything handed out is frozen, and the same object until it changes. Which partition an id is in is another matter in every
 * registry: the hash has a random key. Admission is asked at the call and again at the commit.
 */

class LedgerError extends Error {
  override readonly name = 'LedgerError';
  constructor(
    readonly code: ErrorCode,
    why: string,
  ) {
    super(why);
  }
}
const fail: Fail = (code, why) => new LedgerError(code, why);

const nothing: Config = Object.freeze({});

/** An incarnation of a name. */
class Fact {
  ended = false;
  /** Of a transport: whom it is bound to. */
  patron: Fact | undefined = undefined;
  /** Of a server: who is bound to it. */
  clients: Set<Fact> | undefined = undefined;
  constructor(
    readonly namespace: Namespace,
    public registration: Registration,
    readonly vigil: Vigil,
  ) {}
}

type LedgerEvent =
  | { readonly type: 'born'; readonly namespace: Namespace; readonly id: string; readonly endpoint: Endpoint; readonly signal: AbortSignal; readonly config: Config; readonly patron: Fact | undefined }
  | { readonly type: 'configured'; readonly fact: Fact; readonly config: Config }
  | { readonly type: 'ended'; readonly fact: Fact }
  | { readonly type: 'bound'; readonly fact: Fact; readonly patron: Fact | undefined };

/** Watches over one signal, for all facts that depend on it. */
class Vigil {
  readonly facts = new Set<Fact>();
  constructor(
    readonly signal: AbortSignal,
    readonly news: (vigil: Vigil) => void,
  ) {}
  handleEvent(): void {
    this.news(this);
  }
}

class State {
  readonly names = { server: new Map<string, Fact>(), transport: new Map<string, Fact>() };
  readonly #vigils = new Map<AbortSignal, Vigil>();

  apply(event: LedgerEvent): void {
    switch (event.type) {
      case 'born': {
        const fact = new Fact(event.namespace, Object.freeze({ id: event.id, endpoint: event.endpoint, config: event.config }), this.#vigil(event.signal));
        fact.vigil.facts.add(fact);
        this.names[event.namespace].set(event.id, fact);
        this.#tie(fact, event.patron);
        break;
      }
      case 'configured':
        event.fact.registration = Object.freeze({ ...event.fact.registration, config: event.config });
        break;
      case 'bound':
        this.#tie(event.fact, event.patron);
        break;
      case 'ended': {
        const { fact } = event;
        if (fact.ended) break;
        fact.ended = true;
        this.names[fact.namespace].delete(fact.registration.id);
        this.#tie(fact, undefined);
        for (const client of fact.clients ?? []) client.patron = undefined;
        fact.clients = undefined;
        fact.vigil.facts.delete(fact);
        if (fact.vigil.facts.size === 0) {
          fact.vigil.signal.removeEventListener('abort', fact.vigil);
          this.#vigils.delete(fact.vigil.signal);
        }
      }
    }
  }

  /** The current incarnation. That its endpoint is down is seen here even where its signal has not told us. */
  live(namespace: Namespace, id: string): Fact | undefined {
    const fact = this.names[namespace].get(id);
    if (fact === undefined) return undefined;
    if (!fact.vigil.signal.aborted) return fact;
    this.bury(fact.vigil);
    return undefined;
  }

  bury(vigil: Vigil): void {
    for (const fact of [...vigil.facts]) this.apply({ type: 'ended', fact });
  }

  clear(): void {
    for (const vigil of [...this.#vigils.values()]) this.bury(vigil);
  }

  #vigil(signal: AbortSignal): Vigil {
    let vigil = this.#vigils.get(signal);
    if (vigil === undefined) {
      vigil = new Vigil(signal, (told) => this.bury(told));
      this.#vigils.set(signal, vigil);
      signal.addEventListener('abort', vigil);
    }
    return vigil;
  }

  #tie(fact: Fact, patron: Fact | undefined): void {
    fact.patron?.clients?.delete(fact);
    fact.patron = patron;
    if (patron !== undefined) (patron.clients ??= new Set()).add(fact);
  }
}

/** A write on its way. */
interface Intention {
  readonly label: string;
  readonly calledAt: number;
  /** What it comes to; nothing where there is nothing to do. Throws what it is refused with. */
  readonly decide: () => LedgerEvent | undefined;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
  ripe: boolean;
  timer: unknown;
}

interface Journal {
  readonly intentions: Intention[];
  committed: number;
  /** The last commits. */
  readonly tail: { readonly at: number; readonly took: number }[];
}

class Ledger {
  readonly #state = new State();
  readonly #journals: readonly Journal[];
  readonly #thresholds: Thresholds;
  readonly #key = [randomWord(), randomWord()] as const;
  #commitMs = 0;
  #mode: AdmissionMode = 'auto';
  #closed = false;
  #serial = 0;

  constructor(readonly options: OpenOptions) {
    this.#thresholds = thresholdsOf(options);
    this.#journals = Array.from({ length: partitionsOf(options, fail) }, () => ({ intentions: [], committed: 0, tail: [] }));
  }

  registerServer(id: unknown, endpoint: unknown, config?: unknown): Promise<void> {
    return this.#register('server', id, endpoint, config);
  }

  registerTransport(id: unknown, endpoint: unknown, config?: unknown): Promise<void> {
    return this.#register('transport', id, endpoint, config);
  }

  unregisterServer(id: unknown): Promise<void> {
    return this.#unregister('server', id);
  }

  unregisterTransport(id: unknown): Promise<void> {
    return this.#unregister('transport', id);
  }

  async updateServer(id: unknown, config: unknown): Promise<void> {
    const name = idOf(id, fail);
    const copy = copyConfig(config, fail, { frozen: true });
    this.#mustBeOpen();
    return this.#intend(name, `updateServer(${name})`, () => {
      const fact = this.#state.live('server', name);
      if (fact === undefined) throw fail('server_not_found', name);
      return { type: 'configured', fact, config: copy };
    });
  }

  findServer(id: unknown): Registration | undefined {
    return this.#state.live('server', idOf(id, fail))?.registration;
  }

  findTransport(id: unknown): Registration | undefined {
    return this.#state.live('transport', idOf(id, fail))?.registration;
  }

  listServers(): readonly Registration[] {
    return this.#list('server');
  }

  listTransports(): readonly Registration[] {
    return this.#list('transport');
  }

  async bindTransportToServer(transportId: unknown, serverId: unknown): Promise<void> {
    const name = idOf(transportId, fail);
    const serverName = idOf(serverId, fail);
    const patron = this.#state.live('server', serverName);
    if (patron === undefined) throw fail('server_not_found', serverName);
    return this.#intend(name, `bindTransportToServer(${name}, ${serverName})`, () => {
      // That very incarnation, whatever is registered under the name now.
      if (this.#state.live('server', serverName) !== patron) throw fail('server_not_found', serverName);
      const fact = this.#state.live('transport', name);
      if (fact === undefined) throw fail('transport_not_found', name);
      return { type: 'bound', fact, patron };
    });
  }

  async unbindTransport(transportId: unknown): Promise<void> {
    const name = idOf(transportId, fail);
    if (this.#closed) return;
    return this.#intend(name, `unbindTransport(${name})`, () => {
      const fact = this.#state.live('transport', name);
      return fact === undefined ? undefined : { type: 'bound', fact, patron: undefined };
    });
  }

  getServerForTransport(transportId: unknown): string | undefined {
    const patron = this.#state.live('transport', idOf(transportId, fail))?.patron;
    return patron === undefined ? undefined : this.#state.live('server', patron.registration.id)?.registration.id;
  }

  routeToServer(serverId: unknown, transportId: unknown, message: unknown): number {
    const to = idOf(serverId, fail);
    return this.#deliver(this.#state.live('server', to), idOf(transportId, fail), message);
  }

  routeToTransport(transportId: unknown, serverId: unknown, message: unknown): number {
    const from = idOf(serverId, fail);
    if (transportId !== everyone) return this.#deliver(this.#state.live('transport', idOf(transportId, fail)), from, message);
    const clients = [...(this.#state.live('server', from)?.clients ?? [])].filter(({ vigil }) => !vigil.signal.aborted);
    for (const client of clients) {
      if (!client.ended) this.#deliver(client, from, message);
    }
    return clients.length;
  }

  getPartitionStats(partition?: unknown): PartitionStats | readonly PartitionStats[] {
    if (partition === undefined) return Object.freeze(this.#journals.map((_, index) => this.#stats(index)));
    if (typeof partition !== 'number' || this.#journals[partition] === undefined) throw fail('invalid_argument', 'no such partition');
    return this.#stats(partition);
  }

  resetStats(): void {
    for (const journal of this.#journals) {
      journal.committed = 0;
      journal.tail.length = 0;
    }
  }

  getContentionStatus(): ContentionStatus {
    const alarmed = this.#alarmed();
    return Object.freeze({ partitions: this.#journals.length, alarmed: Object.freeze(alarmed), admission: this.#admits(alarmed) ? 'open' : 'closed', mode: this.#mode });
  }

  setAdmission(mode: unknown): void {
    if (mode !== 'auto' && mode !== 'open' && mode !== 'closed') throw fail('invalid_argument', 'no such mode');
    this.#mode = mode;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const { intentions } of this.#journals) {
      for (const { timer, reject, label } of intentions.splice(0)) {
        if (timer !== undefined) this.options.clock.clearTimeout(timer);
        reject(fail('registry_closed', label));
      }
    }
    this.#state.clear();
    this.resetStats();
  }

  slowCommit(ms: number): void {
    this.#commitMs = ms;
  }

  waits(): readonly Wait[] {
    return this.#journals.flatMap(({ intentions }) => intentions.slice(1).map(({ label }, i) => ({ waiter: label, holder: intentions[i]!.label, for: 'its turn in the journal' })));
  }

  async #register(namespace: Namespace, id: unknown, endpoint: unknown, given: unknown): Promise<void> {
    const name = idOf(id, fail);
    const signal = signalOf(endpoint, fail);
    const config = given === undefined ? nothing : copyConfig(given, fail, { frozen: true });
    const serverId = namespace === 'transport' ? serverIdOf(config, fail) : undefined;
    this.#mustBeOpen();
    this.#mustAdmit();
    if (signal.aborted) throw fail('endpoint_down', name);
    return this.#intend(name, `register ${namespace} ${name}`, () => {
      if (this.#state.live(namespace, name) !== undefined) throw fail('already_registered', name);
      if (signal.aborted) throw fail('endpoint_down', name);
      this.#mustAdmit();
      const patron = serverId === undefined ? undefined : this.#state.live('server', serverId);
      return { type: 'born', namespace, id: name, endpoint: endpoint as Endpoint, signal, config, patron };
    });
  }

  async #unregister(namespace: Namespace, id: unknown): Promise<void> {
    const name = idOf(id, fail);
    if (this.#closed) return;
    return this.#intend(name, `unregister ${namespace} ${name}`, () => {
      const fact = this.#state.live(namespace, name);
      return fact === undefined ? undefined : { type: 'ended', fact };
    });
  }

  #mustBeOpen(): void {
    if (this.#closed) throw fail('registry_closed', 'the books are closed');
  }

  #mustAdmit(): void {
    if (!this.#admits()) throw fail('admission_control_active', 'contention');
  }

  #admits(alarmed?: readonly number[]): boolean {
    if (this.#closed) return false;
    return this.#mode === 'auto' ? (alarmed ?? this.#alarmed()).length / this.#journals.length <= this.#thresholds.closeAbove : this.#mode === 'open';
  }

  #intend(id: string, label: string, decide: Intention['decide']): Promise<void> {
    const journal = this.#journals[halfSip(id, ...this.#key) % this.#journals.length]!;
    const { clock } = this.options;
    return new Promise((resolve, reject) => {
      const intention: Intention = { label: `${label} #${++this.#serial}`, calledAt: clock.now(), decide, resolve, reject, ripe: this.#commitMs <= 0, timer: undefined };
      journal.intentions.push(intention);
      if (intention.ripe) this.#harvest(journal);
      else {
        intention.timer = clock.setTimeout(() => {
          intention.timer = undefined;
          intention.ripe = true;
          this.#harvest(journal);
        }, this.#commitMs);
      }
    });
  }

  /** Turns into events what is ripe, in the order of the calls. */
  #harvest(journal: Journal): void {
    const { clock } = this.options;
    while (journal.intentions[0]?.ripe === true) {
      const { decide, resolve, reject, calledAt } = journal.intentions.shift()!;
      try {
        const event = decide();
        if (event !== undefined) this.#state.apply(event);
        const at = clock.now();
        journal.committed++;
        journal.tail.push({ at, took: at - calledAt });
        while (journal.tail.length > this.#thresholds.windowSize) journal.tail.shift();
        resolve();
      } catch (error) {
        reject(error);
      }
    }
  }

  #deliver(fact: Fact | undefined, from: string, message: unknown): number {
    if (fact === undefined) return 0;
    const delivery: Delivery = Object.freeze({ namespace: fact.namespace, to: fact.registration.id, from, message });
    handOver(fact.registration.endpoint, delivery);
    return 1;
  }

  #list(namespace: Namespace): readonly Registration[] {
    const list: Registration[] = [];
    for (const { registration, vigil } of this.#state.names[namespace].values()) {
      if (!vigil.signal.aborted) list.push(registration);
    }
    return Object.freeze(list);
  }

  #stats(partition: number): PartitionStats {
    const { committed, tail } = this.#recent(partition);
    const samples = Object.freeze(tail.map(({ took }) => took));
    return Object.freeze({ partition: partition === 0 ? 0 : partition, writeCount: committed, sampleCount: samples.length, samples, ...summary(samples), alarm: this.#isAlarmed(partition) });
  }

  #recent(partition: number): Journal {
    const journal = this.#journals[partition]!;
    const now = this.options.clock.now();
    while (journal.tail.length > 0 && journal.tail[0]!.at + this.#thresholds.windowMs <= now) journal.tail.shift();
    return journal;
  }

  #isAlarmed(partition: number): boolean {
    const { committed, tail, intentions } = this.#recent(partition);
    const { minWrites, alarmAboveMs, stuckAfterMs } = this.#thresholds;
    if (intentions.length > 0 && this.options.clock.now() > intentions[0]!.calledAt + stuckAfterMs) return true;
    return committed >= minWrites && tail.length > 0 && summary(tail.map(({ took }) => took)).mean > alarmAboveMs;
  }

  #alarmed(): number[] {
    return [...this.#journals.keys()].filter((partition) => this.#isAlarmed(partition));
  }
}

export const ledger: Adapter = {
  name: 'liberties: ledger (event-sourced, a pipeline of commits, frozen answers, keyed hash)',
  features: ['partitions', 'thresholds', 'virtual-time', 'slow-commit'],
  open: (options) => new Ledger(options),
};
