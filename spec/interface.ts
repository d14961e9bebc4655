/**
 * The interface of a registry, as the specification means it. Types only, but for the one constant
 * {@link broadcast}. Requirement ids in parentheses are those of `spec/SPECIFICATION.md`.
 */

/** What a name stands for. The two namespaces never collide (NAM-4). */
export type Namespace = 'server' | 'transport';

/** JSON data: what a configuration may hold. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/**
 * A configuration: plain JSON data, of which the registry keeps its own copy (CFG-1). For a transport `serverId`, an id,
 * names the server to bind it to in the same step, if that server is registered (BND-8).
 */
export interface Config {
  readonly [key: string]: Json;
}

/** A message on its way to an endpoint. */
export interface Delivery {
  /** The namespace of the recipient; the sender is of the other one. */
  readonly namespace: Namespace;
  /** The id under which the recipient is registered: one endpoint may hold many names (EPT-1). */
  readonly to: string;
  /** The id of the sender. */
  readonly from: string;
  /** The message, as it was given to the routing call. */
  readonly message: unknown;
}

/** What Erlang calls a pid: something that takes deliveries until its signal aborts. */
export interface Endpoint {
  /** Takes a delivery; called as a method of the endpoint. What it throws, rejects with, or does to the registry harms nobody else (RTE-6, RTE-7). */
  send(delivery: Delivery): unknown;
  /** The lifetime of the endpoint: once it has aborted, the endpoint is *down* (DWN-1). */
  readonly signal: AbortSignal;
}

/** A registered name: what a lookup or a list gives. Never changes; an update makes a new one. */
export interface Registration {
  readonly id: string;
  readonly endpoint: Endpoint;
  readonly config: Config;
}

/** What `getPartitionStats` tells of one partition. Latencies are in milliseconds. */
export interface PartitionStats {
  /** The index of the partition, from 0. */
  readonly partition: number;
  /** Writes committed since the last reset (STA-1). */
  readonly writeCount: number;
  /** How many samples the window holds now: at most `windowSize` (STA-2). */
  readonly sampleCount: number;
  /** The samples in the window, oldest first: milliseconds from call to commit. */
  readonly samples: readonly number[];
  /** Least sample in the window; 0 when it is empty (STA-3). */
  readonly min: number;
  /** Mean of the samples in the window; 0 when it is empty (STA-3). */
  readonly mean: number;
  /** Greatest sample in the window; 0 when it is empty (STA-3). */
  readonly max: number;
  /** Whether the contention alarm is on (CTN-1 to CTN-5). */
  readonly alarm: boolean;
}

/** Whether registrations are admitted: by the alarms, or by hand (ADM-6). */
export type AdmissionMode = 'auto' | 'open' | 'closed';

/** What `getContentionStatus` tells. */
export interface ContentionStatus {
  /** How many partitions there are. */
  readonly partitions: number;
  /** Indices of the alarmed partitions, ascending. */
  readonly alarmed: readonly number[];
  /** Whether a registration would be admitted now. */
  readonly admission: 'open' | 'closed';
  /** What `setAdmission` last asked for; `auto` to begin with. */
  readonly mode: AdmissionMode;
}

/** Every threshold of contention and admission (CTN-7). */
export interface Thresholds {
  /** The window holds at most this many samples. */
  readonly windowSize: number;
  /** Milliseconds after which a sample leaves the window. */
  readonly windowMs: number;
  /** Writes since the last reset before the mean may raise the alarm. */
  readonly minWrites: number;
  /** The alarm is on while the mean is above this many milliseconds. */
  readonly alarmAboveMs: number;
  /** The alarm is on while a write has been in flight for longer than this many milliseconds. */
  readonly stuckAfterMs: number;
  /** Admission is closed while more than this fraction of the partitions is alarmed. */
  readonly closeAbove: number;
}

/** Time, injected: milliseconds that never go back, and timers that follow them. */
export interface Clock {
  /** Milliseconds since some fixed moment. */
  now(): number;
  /** Calls `callback` once, `ms` milliseconds from now; the result cancels it. */
  setTimeout(callback: () => void, ms: number): unknown;
  clearTimeout(timer: unknown): void;
}

/** Given to `routeToTransport` in place of a transport id: every transport bound to the server. */
export const broadcast: unique symbol = Symbol.for('sharded-registry.broadcast') as typeof broadcast;

/**
 * A registry: names to live endpoints. Reads and routing answer at once; writes return promises.
 * Everything refused is refused with an error whose `code` is one of {@link errorCodes}, and changes nothing (REG-4).
 */
export interface Registry {
  registerServer(id: string, endpoint: Endpoint, config?: Config): Promise<void>;
  registerTransport(id: string, endpoint: Endpoint, config?: Config): Promise<void>;
  unregisterServer(id: string): Promise<void>;
  unregisterTransport(id: string): Promise<void>;
  updateServer(id: string, config: Config): Promise<void>;

  findServer(id: string): Registration | undefined;
  findTransport(id: string): Registration | undefined;
  listServers(): readonly Registration[];
  listTransports(): readonly Registration[];

  bindTransportToServer(transportId: string, serverId: string): Promise<void>;
  unbindTransport(transportId: string): Promise<void>;
  getServerForTransport(transportId: string): string | undefined;

  routeToServer(serverId: string, transportId: string, message: unknown): number;
  routeToTransport(transportId: string | typeof broadcast, serverId: string, message: unknown): number;

  getPartitionStats(): readonly PartitionStats[];
  getPartitionStats(partition: number): PartitionStats;
  getContentionStatus(): ContentionStatus;
  resetStats(): void;
  setAdmission(mode: AdmissionMode): void;

  close(): Promise<void>;
}
