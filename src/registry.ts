import {
  broadcast,
  type AdmissionMode,
  type Config,
  type ContentionStatus,
  type Endpoint,
  type PartitionStats,
  type Registration,
  type Registry,
} from '../spec/interface.js';
import { copyConfig } from './config.js';
import { Contention } from './contention.js';
import { Directory } from './directory.js';
import type { ServerEntry, TransportEntry } from './entry.js';
import { isDown, signalOf } from './endpoint.js';
import { invalid, RegistryError } from './error.js';
import { checkId, partitionOf } from './ids.js';
import { Lane, type Operation } from './lane.js';
import { Bind, Forget, RegisterServer, RegisterTransport, Unbind, Unregister, UpdateServer } from './operations.js';
import { isMode, makeStore, settle, type RegistryOptions, type Settings } from './options.js';
import { Outbox } from './outbox.js';
import { referTo, type EntryReference } from './reference.js';
import { memoryStore } from './store.js';
import type { Table } from './table.js';
import { Window } from './window.js';

/**
 * A sharded registry of names to live endpoints, in one process.
 *
 * Reads and routing look at memory and answer at once, whatever writes are under way (DLK-1). Writes go through the lane
 * of the id's partition: with a store that commits at once they have taken effect before the call returns. Every
 * operation refuses with a {@link RegistryError}: reads and routing throw it, writes reject with it and never throw.
 * After {@link close} all of them refuse with `registry_closed`. It is linearizable (CON-1).
 *
 * Any write may also be refused with `partition_overloaded`, `write_timeout`, `store_failed` or `outcome_unknown`; with
 * the default store that does not happen.
 */
export class ShardedRegistry implements Registry {
  readonly #settings: Settings;
  readonly #directory: Directory;
  // Those of the directory: one step less on the way of a lookup.
  readonly #servers: Table<Registration, ServerEntry>;
  readonly #transports: Table<Registration, TransportEntry>;
  readonly #lanes: readonly Lane[];
  readonly #contention: Contention;
  readonly #outbox = new Outbox();
  readonly #admit = (): boolean => this.#contention.admits();
  #closed = false;
  #closing: Promise<void> | undefined = undefined;

  /** Throws `invalid_argument` for an option that is wrong. */
  constructor(options: RegistryOptions = {}) {
    const settings = (this.#settings = settle(options));
    const { thresholds, clock, partitions, maxWaitingWrites, writeTimeoutMs, admission } = settings;
    const directory = (this.#directory = new Directory((entries) => {
      if (settings.store === memoryStore) return; // It keeps nothing that it would have to forget.
      // In the order of their registration: a group has its latest name first.
      for (const entry of entries.toReversed()) this.#lane(entry.registration.id).interject(new Forget(entry));
    }));
    this.#servers = directory.servers;
    this.#transports = directory.transports;
    const gauges = Array.from({ length: partitions }, (_, partition) => ({
      window: new Window(thresholds.windowSize, thresholds.windowMs),
      lane: new Lane(makeStore(settings.store, partition), {
        clock,
        maxWaitingWrites,
        writeTimeoutMs,
        restate: (entry) => directory.restate(entry),
        onCommit: (latency, now) => this.#contention.record(partition, latency, now),
        onBusy: () => this.#contention.suspect(partition),
      }),
    }));
    this.#lanes = gauges.map(({ lane }) => lane);
    this.#contention = new Contention(thresholds, clock, gauges, admission);
  }

  /**
   * Registers a server (REG-1 to REG-5). The configuration is copied (CFG-1). Rejects with `invalid_argument`,
   * `admission_control_active`, `endpoint_down`, `already_registered`. O(size of the configuration).
   */
  registerServer(id: string, endpoint: Endpoint, config?: Config): Promise<void> {
    return this.#write(() => {
      checkId(id, 'The server id');
      const signal = signalOf(endpoint);
      const operation = new RegisterServer(this.#directory, id, endpoint, signal, copyConfig(config), this.#admit);
      operation.check();
      return operation;
    });
  }

  /**
   * Registers a transport, like {@link registerServer}; binds it in the same step to the server that
   * `config.serverId` names, if that is registered (BND-8, BND-9).
   */
  registerTransport(id: string, endpoint: Endpoint, config?: Config): Promise<void> {
    return this.#write(() => {
      checkId(id, 'The transport id');
      const signal = signalOf(endpoint);
      const copy = copyConfig(config);
      if (Object.hasOwn(copy, 'serverId')) checkId(copy['serverId'], 'config.serverId');
      const operation = new RegisterTransport(this.#directory, id, endpoint, signal, copy, this.#admit);
      operation.check();
      return operation;
    });
  }

  /** Removes a server and ends its bindings; succeeds if there is none (UNR-1, UNR-2, BND-6). O(bindings). */
  unregisterServer(id: string): Promise<void> {
    return this.#write(() => {
      checkId(id, 'The server id');
      return new Unregister(this.#directory, 'server', id);
    });
  }

  /** Removes a transport and ends its binding; succeeds if there is none (UNR-1, UNR-2, BND-7). O(1). */
  unregisterTransport(id: string): Promise<void> {
    return this.#write(() => {
      checkId(id, 'The transport id');
      return new Unregister(this.#directory, 'transport', id);
    });
  }

  /**
   * Replaces the configuration of a server; endpoint and bindings stay (UPD-1, UPD-2). Rejects with
   * `invalid_argument`, `server_not_found`. O(size of the configuration).
   */
  updateServer(id: string, config: Config): Promise<void> {
    return this.#write(() => {
      checkId(id, 'The server id');
      if (config === undefined) throw invalid('The config is missing: give the one that replaces the present one.');
      return new UpdateServer(this.#directory, id, copyConfig(config));
    });
  }

  /** The server registered under an id (LKP-1, LKP-2): a frozen record, the same until it changes. O(1). */
  findServer(id: string): Registration | undefined {
    return this.#servers.find(id) ?? this.#miss(id, 'The server id');
  }

  /** The transport registered under an id; see {@link findServer}. */
  findTransport(id: string): Registration | undefined {
    return this.#transports.find(id) ?? this.#miss(id, 'The transport id');
  }

  /**
   * A reference to the present registration of a server; undefined if there is none. What it refers to takes a step to
   * find, where a lookup takes a search. O(1).
   */
  referToServer(id: string): EntryReference | undefined {
    const entry = this.#servers.get(id) ?? this.#miss(id, 'The server id');
    return entry && referTo(entry);
  }

  /** A reference to the present registration of a transport; see {@link referToServer}. */
  referToTransport(id: string): EntryReference | undefined {
    const entry = this.#transports.get(id) ?? this.#miss(id, 'The transport id');
    return entry && referTo(entry);
  }

  /** All servers, in no order, as a list of its own (LST-1 to LST-3). O(servers). */
  listServers(): readonly Registration[] {
    this.#open();
    return this.#servers.list();
  }

  /** All transports; see {@link listServers}. */
  listTransports(): readonly Registration[] {
    this.#open();
    return this.#transports.list();
  }

  /**
   * Binds a transport to a server; moves it if it is bound (BND-1 to BND-4). A write of the transport's partition.
   * Rejects with `invalid_argument`, `server_not_found`, `transport_not_found`, in this order. O(1).
   */
  bindTransportToServer(transportId: string, serverId: string): Promise<void> {
    return this.#write(() => {
      checkId(transportId, 'The transport id');
      checkId(serverId, 'The server id');
      return new Bind(this.#directory, transportId, serverId);
    });
  }

  /** Ends the binding of a transport; succeeds if there is none (BND-5). O(1). */
  unbindTransport(transportId: string): Promise<void> {
    return this.#write(() => {
      checkId(transportId, 'The transport id');
      return new Unbind(this.#directory, transportId);
    });
  }

  /** The id of the server that a transport is bound to (BND-1, INC-2). O(1). */
  getServerForTransport(transportId: string): string | undefined {
    return (this.#transports.get(transportId) ?? this.#miss(transportId, 'The transport id'))?.server?.registration.id;
  }

  /**
   * Hands a message from a transport to a server (RTE-1, RTE-2); the sender need not be registered. Returns how many
   * endpoints it goes to: 1 or 0. A call from within a `send` is handed over after what it interrupts (RTE-4).
   */
  routeToServer(serverId: string, transportId: string, message: unknown): number {
    const entry = this.#servers.get(serverId) ?? this.#miss(serverId, 'The server id');
    checkId(transportId, 'The transport id');
    if (entry?.group === undefined || isDown(entry.group.signal)) return 0;
    this.#outbox.post(entry, transportId, message);
    return 1;
  }

  /**
   * Hands a message from a server to a transport, or with {@link broadcast} to every transport bound to it at this
   * moment (RTE-3). Returns how many endpoints it goes to. O(recipients).
   */
  routeToTransport(transportId: string | typeof broadcast, serverId: string, message: unknown): number {
    if (transportId === broadcast) {
      const members = (this.#servers.get(serverId) ?? this.#miss(serverId, 'The server id'))?.members;
      if (members === undefined) return 0;
      const { length } = members.list;
      this.#outbox.postAll(members, serverId, message);
      return length;
    }
    const entry = this.#transports.get(transportId) ?? this.#miss(transportId, 'The transport id');
    checkId(serverId, 'The server id');
    if (entry?.group === undefined || isDown(entry.group.signal)) return 0;
    this.#outbox.post(entry, serverId, message);
    return 1;
  }

  /**
   * Statistics of all partitions, or of one (STA-1 to STA-4), latencies in milliseconds. Throws `invalid_argument` for a
   * partition that does not exist. O(samples).
   */
  getPartitionStats(): readonly PartitionStats[];
  getPartitionStats(partition: number): PartitionStats;
  getPartitionStats(partition?: number): PartitionStats | readonly PartitionStats[] {
    this.#open();
    const { partitions, clock } = this.#settings;
    if (partition === undefined) {
      const now = clock.now();
      return this.#lanes.map((_, index) => this.#contention.stats(index, now));
    }
    if (!Number.isInteger(partition) || partition < 0 || partition >= partitions) {
      throw invalid(`There is no such partition: give an integer from 0 to ${partitions - 1}.`);
    }
    return this.#contention.stats(partition);
  }

  /** Which partitions are alarmed, and whether registrations are admitted (CTN-10). O(samples). */
  getContentionStatus(): ContentionStatus {
    this.#open();
    return this.#contention.status();
  }

  /** Sets write counts and windows back to nothing (STA-5). O(partitions). */
  resetStats(): void {
    this.#open();
    this.#contention.reset();
  }

  /** Opens or closes admission by hand, or gives it back to the alarms (ADM-3, ADM-5, ADM-6). Throws `invalid_argument`. */
  setAdmission(mode: AdmissionMode): void {
    this.#open();
    if (!isMode(mode)) throw invalid("There is no such admission mode: give 'auto', 'open' or 'closed'.");
    this.#contention.mode = mode;
  }

  /**
   * Closes the registry (CLS-1 to CLS-4): forgets every name, lets go of every signal, refuses what waits and all that
   * comes with `registry_closed`. Resolves when commits under way have ended and the stores have closed, or after
   * `writeTimeoutMs`. What is stored stays, as after a crash. Rejects with `store_failed` if a store fails to close.
   * O(names).
   */
  close(): Promise<void> {
    if (!this.#closed) {
      this.#closed = true;
      this.#directory.clear();
      this.#closing = this.#shut(this.#lanes.map((lane) => lane.close()));
    }
    return this.#closing ?? Promise.resolve();
  }

  async #shut(endings: readonly (Promise<void> | undefined)[]): Promise<void> {
    const { clock, writeTimeoutMs } = this.#settings;
    const ended = Promise.all(endings).then(() => Promise.all(this.#lanes.map(async ({ store }) => store.close?.())));
    let timer: unknown;
    const late = new Promise<void>((resolve) => (timer = clock.setTimeout(resolve, writeTimeoutMs)));
    try {
      await Promise.race([ended, late]);
    } catch (cause) {
      throw new RegistryError('store_failed', 'The registry is closed, but a store failed to close.', { cause });
    } finally {
      clock.clearTimeout(timer);
    }
  }

  /** Checks at the edge, then the lane. Nothing is thrown: who calls a write expects a promise. */
  #write(check: () => Operation): Promise<void> {
    let operation: Operation;
    try {
      this.#open();
      operation = check();
    } catch (error) {
      return Promise.reject(error as RegistryError);
    }
    return this.#lane(operation.id).submit(operation);
  }

  #lane(id: string): Lane {
    return this.#lanes[partitionOf(id, this.#lanes.length)]!;
  }

  /** A lookup found nothing. Only now need anything be checked: what is there has been, and a closed registry holds nothing. */
  #miss(id: unknown, what: string): undefined {
    this.#open();
    checkId(id, what);
  }

  #open(): void {
    if (this.#closed) throw new RegistryError('registry_closed', 'The registry has been closed: make a new one.');
  }
}
