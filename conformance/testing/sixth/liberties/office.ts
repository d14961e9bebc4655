import type { Adapter, OpenOptions } from '../../../contract.js';
import type { AdmissionMode, Clock, Config, ContentionStatus, Endpoint, ErrorCode, Namespace, PartitionStats, Registration, Thresholds } from '../../../../spec/index.js';
import { copyConfig, everyone, handOver, idOf, mix, murmur, partitionsOf, serverIdOf, signalOf, summary, thresholdsOf, type Fail } from './common.js';

/*
 * Complete; an actor. Every operation is a letter to one clerk, who opens them in the order in which they came, in a microtask: so all
 * answers are promises, reads and routing too, and messages are handed over between call and answer. The desk of a partition commits in
 * groups: whatever waits when it becomes free is one commit. A write that has waited for two seconds is withdrawn (`write_timeout`),
 * one that has been in the store for five is answered with `outcome_unknown`, and may happen yet. Configurations are copied at the
 * latest moment allowed. Names that go with their endpoint count as writes.
 */

const patienceMs = 2_000;
const storeMs = 5_000;

class OfficeError extends AggregateError {
  constructor(
    readonly code: ErrorCode,
    readonly detail: string,
  ) {
    super([], `The office regrets: ${code}`);
  }
}
const fail: Fail = (code, why) => new OfficeError(code, why);

class Person {
  ended = false;
  server: Person | undefined = undefined;
  readonly transports: Set<Person> | undefined;
  constructor(
    readonly namespace: Namespace,
    readonly id: string,
    readonly endpoint: Endpoint,
    public config: Config,
    readonly home: Home,
  ) {
    this.transports = namespace === 'server' ? new Set() : undefined;
  }
}

interface Home {
  readonly signal: AbortSignal;
  readonly people: Set<Person>;
  readonly bell: () => void;
}

/** A write. */
interface Case {
  readonly calledAt: number;
  /** Copies what is to be copied, if that has not been done. */
  readonly seal: () => void;
  /** Takes effect. Throws what it is refused with. */
  readonly act: () => void;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
  timer: unknown;
}

interface Desk {
  readonly index: number;
  /** What is being committed. */
  group: Case[];
  timers: unknown[];
  waiting: Case[];
  count: number;
  window: { readonly at: number; readonly took: number }[];
}

class Office {
  readonly #registers = { server: new Map<string, Person>(), transport: new Map<string, Person>() };
  readonly #homes = new Map<AbortSignal, Home>();
  readonly #desks: readonly Desk[];
  readonly #thresholds: Thresholds;
  readonly #clock: Clock;
  #inbox: (() => void)[] = [];
  #commitMs = 0;
  #mode: AdmissionMode = 'auto';
  #closed = false;

  constructor(options: OpenOptions) {
    this.#clock = options.clock;
    this.#thresholds = thresholdsOf(options);
    this.#desks = Array.from({ length: partitionsOf(options, fail) }, (_, index) => ({ index, group: [], timers: [], waiting: [], count: 0, window: [] }));
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

  updateServer(id: unknown, given: unknown): Promise<void> {
    return this.#write(id, () => {
      const name = idOf(id, fail);
      this.#mustBeOpen();
      const config = once(() => copyConfig(given, fail, { sorted: true }));
      return {
        seal: config,
        act: () => {
          const copy = config();
          const person = this.#live('server', name);
          if (person === undefined) throw fail('server_not_found', name);
          person.config = copy;
        },
      };
    });
  }

  findServer(id: unknown): Promise<Registration | undefined> {
    return this.#read(() => card(this.#live('server', idOf(id, fail))));
  }

  findTransport(id: unknown): Promise<Registration | undefined> {
    return this.#read(() => card(this.#live('transport', idOf(id, fail))));
  }

  listServers(): Promise<readonly Registration[]> {
    return this.#read(() => this.#list('server'));
  }

  listTransports(): Promise<readonly Registration[]> {
    return this.#read(() => this.#list('transport'));
  }

  bindTransportToServer(transportId: unknown, serverId: unknown): Promise<void> {
    return this.#write(transportId, () => {
      const transportName = idOf(transportId, fail);
      const serverName = idOf(serverId, fail);
      this.#mustBeOpen();
      return {
        seal: () => {},
        act: () => {
          const server = this.#live('server', serverName);
          if (server === undefined) throw fail('server_not_found', serverName);
          const transport = this.#live('transport', transportName);
          if (transport === undefined) throw fail('transport_not_found', transportName);
          tie(transport, server);
        },
      };
    });
  }

  unbindTransport(transportId: unknown): Promise<void> {
    return this.#write(transportId, () => {
      const name = idOf(transportId, fail);
      return {
        seal: () => {},
        act: () => {
          const transport = this.#live('transport', name);
          if (transport !== undefined) tie(transport, undefined);
        },
      };
    });
  }

  getServerForTransport(transportId: unknown): Promise<string | undefined> {
    return this.#read(() => {
      const server = this.#live('transport', idOf(transportId, fail))?.server;
      return server === undefined ? undefined : this.#live('server', server.id)?.id;
    });
  }

  routeToServer(serverId: unknown, transportId: unknown, message: unknown): Promise<number> {
    return this.#post(() => {
      const to = idOf(serverId, fail);
      return this.#deliver(this.#live('server', to), idOf(transportId, fail), message);
    });
  }

  routeToTransport(transportId: unknown, serverId: unknown, message: unknown): Promise<number> {
    return this.#post(() => {
      const from = idOf(serverId, fail);
      if (transportId !== everyone) return this.#deliver(this.#live('transport', idOf(transportId, fail)), from, message);
      const server = this.#live('server', from);
      const recipients = [...(server?.transports ?? [])].filter(({ home }) => !home.signal.aborted);
      for (const person of recipients) {
        if (person.server === server && !person.ended) this.#deliver(person, from, message);
      }
      return recipients.length;
    });
  }

  getPartitionStats(partition?: unknown): Promise<PartitionStats | readonly PartitionStats[]> {
    return this.#post(() => {
      if (partition === undefined) return this.#desks.map((desk) => this.#stats(desk));
      const desk = typeof partition === 'number' ? this.#desks[partition] : undefined;
      if (desk === undefined) throw fail('invalid_argument', 'no such partition');
      return this.#stats(desk);
    });
  }

  resetStats(): Promise<void> {
    return this.#post(() => {
      for (const desk of this.#desks) {
        desk.count = 0;
        desk.window = [];
      }
    });
  }

  getContentionStatus(): Promise<ContentionStatus> {
    return this.#post(() => {
      const alarmed = this.#alarmed();
      return { partitions: this.#desks.length, alarmed, admission: this.#admits() ? ('open' as const) : ('closed' as const), mode: this.#mode };
    });
  }

  setAdmission(mode: unknown): Promise<void> {
    return this.#post(() => {
      if (mode !== 'auto' && mode !== 'open' && mode !== 'closed') throw fail('invalid_argument', 'no such mode');
      this.#mode = mode;
    });
  }

  close(): Promise<void> {
    return this.#post(() => {
      if (this.#closed) return;
      this.#closed = true;
      for (const desk of this.#desks) {
        const { group, waiting, timers } = desk;
        desk.group = [];
        desk.waiting = [];
        desk.timers = [];
        desk.window = [];
        for (const timer of timers) this.#clock.clearTimeout(timer);
        for (const { reject } of group) reject(fail('outcome_unknown', 'closed while the store was at work'));
        for (const { reject, timer } of waiting) {
          if (timer !== undefined) this.#clock.clearTimeout(timer);
          reject(fail('registry_closed', 'closed before its turn came'));
        }
      }
      for (const home of [...this.#homes.values()]) for (const person of [...home.people]) this.#end(person);
    });
  }

  slowCommit(ms: number): void {
    this.#commitMs = ms;
  }

  /** Whoever waits here is bounded by a time-out. */
  waits(): [] {
    return [];
  }

  /** A letter to the clerk. */
  #post<T>(open: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      const letter = (): void => {
        try {
          resolve(open());
        } catch (error) {
          reject(error);
        }
      };
      if (this.#inbox.push(letter) === 1) queueMicrotask(() => this.#work());
    });
  }

  /** Letters that come meanwhile are for the next time. */
  #work(): void {
    const letters = this.#inbox;
    this.#inbox = [];
    for (const letter of letters) letter();
  }

  #read<T>(look: () => T): Promise<T> {
    return this.#post(() => {
      this.#mustBeOpen();
      return look();
    });
  }

  #write(id: unknown, open: () => Pick<Case, 'seal' | 'act'>): Promise<void> {
    const calledAt = this.#clock.now();
    return new Promise((resolve, reject) => {
      this.#post(() => {
        try {
          const { seal, act } = open();
          if (this.#closed) {
            // Only what finds nothing to do has come so far.
            act();
            resolve();
            return;
          }
          const desk = this.#desk(id as string);
          const item: Case = { calledAt, seal, act, resolve, reject, timer: undefined };
          desk.waiting.push(item);
          this.#serve(desk);
          if (desk.waiting.includes(item)) {
            item.timer = this.#clock.setTimeout(() => {
              desk.waiting = desk.waiting.filter((other) => other !== item);
              reject(fail('write_timeout', 'withdrawn'));
            }, patienceMs);
          }
        } catch (error) {
          reject(error);
        }
      }).catch(reject);
    });
  }

  /** All that waits is the next group. */
  #serve(desk: Desk): void {
    if (desk.group.length > 0 || desk.waiting.length === 0) return;
    const group = desk.waiting;
    desk.group = group;
    desk.waiting = [];
    for (const { timer } of group) {
      if (timer !== undefined) this.#clock.clearTimeout(timer);
    }
    if (this.#commitMs <= 0) {
      this.#commit(desk);
      return;
    }
    desk.timers = [this.#clock.setTimeout(() => this.#commit(desk), this.#commitMs)];
    if (this.#commitMs > storeMs) {
      desk.timers.push(
        this.#clock.setTimeout(() => {
          for (const { seal, reject } of group) {
            try {
              seal();
              reject(fail('outcome_unknown', 'the store has not answered'));
            } catch (error) {
              // Sealed as what it is: it will be refused at the commit as well.
              reject(error);
            }
          }
        }, storeMs),
      );
    }
  }

  #commit(desk: Desk): void {
    for (const { seal, reject } of desk.group) {
      // What a getter does, it does now: nothing has been decided.
      try {
        seal();
      } catch (error) {
        reject(error);
      }
    }
    const { group, timers } = desk;
    desk.group = [];
    desk.timers = [];
    for (const timer of timers) this.#clock.clearTimeout(timer);
    for (const { act, calledAt, resolve, reject } of group) {
      try {
        act();
        this.#count(desk, this.#clock.now() - calledAt);
        resolve();
      } catch (error) {
        reject(error);
      }
    }
    this.#serve(desk);
  }

  #count(desk: Desk, took: number): void {
    desk.count++;
    desk.window.push({ at: this.#clock.now(), took });
    while (desk.window.length > this.#thresholds.windowSize) desk.window.shift();
  }

  #register(namespace: Namespace, id: unknown, endpoint: unknown, given: unknown): Promise<void> {
    return this.#write(id, () => {
      const name = idOf(id, fail);
      const signal = signalOf(endpoint, fail);
      this.#mustBeOpen();
      if (!this.#admits()) throw fail('admission_control_active', name);
      const config = once(() => {
        const copy = given === undefined ? {} : copyConfig(given, fail, { sorted: true });
        return { copy, serverId: namespace === 'transport' ? serverIdOf(copy, fail) : undefined };
      });
      return {
        seal: config,
        act: () => {
          const { copy, serverId } = config();
          if (!this.#admits()) throw fail('admission_control_active', name);
          if (signal.aborted) throw fail('endpoint_down', name);
          if (this.#live(namespace, name) !== undefined) throw fail('already_registered', name);
          const server = serverId === undefined ? undefined : this.#live('server', serverId);
          const person = new Person(namespace, name, endpoint as Endpoint, copy, this.#home(signal));
          person.home.people.add(person);
          this.#registers[namespace].set(name, person);
          if (server !== undefined) tie(person, server);
        },
      };
    });
  }

  #unregister(namespace: Namespace, id: unknown): Promise<void> {
    return this.#write(id, () => {
      const name = idOf(id, fail);
      return {
        seal: () => {},
        act: () => {
          const person = this.#live(namespace, name);
          if (person !== undefined) this.#end(person);
        },
      };
    });
  }

  #mustBeOpen(): void {
    if (this.#closed) throw fail('registry_closed', 'the office is closed');
  }

  #desk(id: string): Desk {
    // Jump consistent hash (Lamping and Veach).
    let key = murmur(id, 0x5bd1e995);
    let at = 0;
    for (let next = 0; next < this.#desks.length; ) {
      at = next;
      key = mix((key + 0x9e3779b9) >>> 0);
      next = Math.floor((at + 1) * (2 ** 32 / (key + 1)));
    }
    return this.#desks[at]!;
  }

  #home(signal: AbortSignal): Home {
    const known = this.#homes.get(signal);
    if (known !== undefined) return known;
    const home: Home = { signal, people: new Set(), bell: () => this.#lose(home) };
    this.#homes.set(signal, home);
    signal.addEventListener('abort', home.bell);
    return home;
  }

  #live(namespace: Namespace, id: string): Person | undefined {
    const person = this.#registers[namespace].get(id);
    if (person === undefined || !person.home.signal.aborted) return person;
    this.#lose(person.home);
    return undefined;
  }

  /** A down counts as a write that took no time, for each name. */
  #lose(home: Home): void {
    for (const person of [...home.people]) {
      this.#end(person);
      this.#count(this.#desk(person.id), 0);
    }
  }

  #end(person: Person): void {
    if (person.ended) return;
    person.ended = true;
    this.#registers[person.namespace].delete(person.id);
    tie(person, undefined);
    for (const transport of [...(person.transports ?? [])]) tie(transport, undefined);
    const { home } = person;
    home.people.delete(person);
    if (home.people.size > 0) return;
    home.signal.removeEventListener('abort', home.bell);
    this.#homes.delete(home.signal);
  }

  #deliver(person: Person | undefined, from: string, message: unknown): number {
    if (person === undefined) return 0;
    handOver(person.endpoint, Object.freeze({ message, from, to: person.id, namespace: person.namespace, handedOverAt: this.#clock.now() }));
    return 1;
  }

  #list(namespace: Namespace): readonly Registration[] {
    const people = [...this.#registers[namespace].values()].filter(({ home }) => !home.signal.aborted);
    return people.sort((a, b) => (a.id < b.id ? 1 : -1)).map((person) => card(person)!);
  }

  #admits(): boolean {
    if (this.#closed) return false;
    if (this.#mode !== 'auto') return this.#mode === 'open';
    return this.#alarmed().length / this.#desks.length <= this.#thresholds.closeAbove;
  }

  #alarmed(): number[] {
    return this.#desks.filter((desk) => this.#isAlarmed(desk)).map(({ index }) => index);
  }

  #isAlarmed(desk: Desk): boolean {
    const { minWrites, alarmAboveMs, stuckAfterMs } = this.#thresholds;
    const oldest = desk.group[0] ?? desk.waiting[0];
    if (oldest !== undefined && this.#clock.now() > oldest.calledAt + stuckAfterMs) return true;
    if (desk.count < minWrites) return false;
    const samples = this.#samples(desk);
    return samples.length > 0 && summary(samples).mean > alarmAboveMs;
  }

  #samples(desk: Desk): number[] {
    const now = this.#clock.now();
    desk.window = desk.window.filter(({ at }) => now < at + this.#thresholds.windowMs);
    return desk.window.map(({ took }) => took);
  }

  #stats(desk: Desk): PartitionStats {
    const samples = this.#samples(desk);
    return { partition: desk.index, writeCount: desk.count, sampleCount: samples.length, samples, ...summary(samples), alarm: this.#isAlarmed(desk) };
  }
}

function card(person: Person | undefined): Registration | undefined {
  return person === undefined ? undefined : Object.freeze({ config: copyConfig(person.config, fail, { frozen: true, sorted: true }), endpoint: person.endpoint, id: person.id });
}

function tie(transport: Person, server: Person | undefined): void {
  transport.server?.transports?.delete(transport);
  transport.server = server;
  server?.transports?.add(transport);
}

/** The same result, or error, each time. */
function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | { readonly error: unknown } | undefined;
  return () => {
    if (made === undefined) {
      try {
        made = { value: make() };
      } catch (error) {
        made = { error };
      }
    }
    if ('error' in made) throw made.error;
    return made.value;
  };
}

export const office: Adapter = {
  name: 'liberties: office (an actor; everything promised, group commit, time-outs, downs are writes)',
  features: ['partitions', 'thresholds', 'virtual-time', 'slow-commit'],
  sla: { 'SLA-10': 5 },
  open: (options) => Promise.resolve().then(() => new Office(options)),
};
