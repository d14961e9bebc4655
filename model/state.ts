import type { Config, Namespace } from '../spec/index.js';
import type { AdmissionState, AlarmState, BindingState, EndpointState, LifecycleState, RegistrationState } from './machines/index.js';
import type { EndpointName } from './operation.js';

/** A name that is not in the initial state of its machine: who holds it, with which configuration. */
export interface NameState {
  readonly state: RegistrationState;
  readonly endpoint: EndpointName;
  readonly config: Config;
}

/** The binding of a transport that is not in the initial state of its machine. */
export interface BindingOf {
  readonly state: BindingState;
  readonly server: string;
}

/** The latency of a write, and when it was committed. */
export interface Sample {
  readonly latency: number;
  readonly committedAt: number;
}

/** One partition: what was written in it, as far as contention asks. */
export interface PartitionState {
  readonly alarm: AlarmState;
  readonly writeCount: number;
  /** The samples in the window, oldest first. */
  readonly window: readonly Sample[];
  /** When each write in flight was called, oldest first. */
  readonly inFlight: readonly number[];
}

/**
 * A registry at rest: the state of every machine, by name, with the data that its effects have left. Machines in their initial
 * state (free names, unbound transports, endpoints that are up) are left out. Plain data, and never changed.
 */
export interface RegistryState {
  /** Milliseconds since the registry was opened. */
  readonly now: number;
  readonly lifecycle: LifecycleState;
  readonly admission: AdmissionState;
  readonly endpoints: ReadonlyMap<EndpointName, EndpointState>;
  readonly names: { readonly [N in Namespace]: ReadonlyMap<string, NameState> };
  /** By transport id. */
  readonly bindings: ReadonlyMap<string, BindingOf>;
  readonly partitions: readonly PartitionState[];
}

/** A copy of a map with an entry set. */
export const withEntry = <K, V>(map: ReadonlyMap<K, V>, key: K, value: V): ReadonlyMap<K, V> => new Map(map).set(key, value);

/** A copy of a map with an entry gone. */
export const withoutEntry = <K, V>(map: ReadonlyMap<K, V>, key: K): ReadonlyMap<K, V> => {
  const copy = new Map(map);
  copy.delete(key);
  return copy;
};
