import type { Clock, Feature, Registry, RequirementId, Thresholds } from '../spec/index.js';

/**
 * The contract between the kit and a registry of any kind: all that the kit ever knows about it.
 *
 * An adapter opens fresh, empty registries. What it opens has the operations of {@link Registry}, as many as it offers;
 * each may answer at once or through a promise. What is missing is reported *untested*, never passed.
 */
export interface Adapter {
  /** Shown in reports. */
  readonly name: string;
  /** The version of the registry, shown in reports. */
  readonly version?: string;
  /** What the registry claims; `linearizable` unless said. */
  readonly consistency?: Consistency;
  /** What the adapter offers beyond the operations that it has, for example `virtual-time`. */
  readonly features?: readonly Feature[];
  /** What the registry does not offer although the operations are there, for example `configs` or `liveness`. */
  readonly without?: readonly Feature[];
  /** The numbers that the registry promises, stricter or laxer than those of the specification, by requirement: `{ 'SLA-2': 1 }`. It is held to these. */
  readonly sla?: Partial<Record<RequirementId, number>>;
  /** Whether a value reaches the registry as it is. What does not is reported *untested*. Everything does, unless said. */
  carries?(value: unknown): boolean;
  /**
   * What of the adapter itself has broken down so far, a sentence each: a program that has ended, for example. Whatever was found
   * meanwhile says nothing of the registry.
   */
  readonly breakdowns?: readonly string[];
  /** Opens a registry that holds no names. Called once for each thing tried: registries must not share state. */
  open(options: OpenOptions): Subject | PromiseLike<Subject>;
  /**
   * A further client of a registry that `open` made, in another thread or process, where the module of the adapter is loaded again:
   * for registries that live outside the process, as servers and databases do. `handle` is that of what `open` returned. Without it
   * clients in other threads and processes call the registry where it was opened.
   */
  connect?(handle: unknown, options: OpenOptions): Subject | PromiseLike<Subject>;
}

/** What a registry claims about reads that follow a write. */
export type Consistency = { readonly level: 'linearizable' } | { readonly level: 'eventual'; readonly stalenessMs: number };

/**
 * What `open` is asked for. Every option may be ignored by an adapter that does not declare the feature it belongs to:
 * `partitions`, `thresholds` and `virtual-time` (the clock).
 */
export interface OpenOptions extends Partial<Thresholds> {
  /** How many partitions; the default of the registry when it is absent. */
  readonly partitions?: number;
  /** The time that a registry with `virtual-time` lives by. */
  readonly clock: Clock;
}

type Awaitable<T> = T | PromiseLike<T>;
type Answering<F> = F extends (...args: infer A) => infer R ? (...args: A) => Awaitable<Awaited<R> | (undefined extends Awaited<R> ? null : never)> : never;

/** A registry under test: the operations of {@link Registry} it offers, and what helps to observe it. */
export type Subject = {
  readonly [Operation in Exclude<keyof Registry, 'getPartitionStats' | 'registerServer' | 'unregisterServer' | 'findServer'>]?: Answering<Registry[Operation]>;
} & {
  readonly [Operation in 'registerServer' | 'unregisterServer' | 'findServer']: Answering<Registry[Operation]>;
} & {
  // A method, not a property: so that an object with the overloads of Registry is a Subject.
  getPartitionStats?(partition?: number): Awaitable<unknown>;
  /** Feature `slow-commit`: from now on each commit takes this many milliseconds of the clock that `open` was given. */
  slowCommit?(ms: number): Awaitable<void>;
  /** Who waits for whom at this moment. */
  waits?(): Awaitable<readonly Wait[]>;
  /**
   * Of a registry in another process: settles when everything has been done that does not wait for the clock, and what came of it has
   * arrived. Where it is missing, the kit can only wait for as long as anybody has patience.
   */
  settle?(): Awaitable<void>;
  /**
   * Of a registry that takes only so many calls at once: why some of those that the kit made have been kept from it although it had
   * nothing left to do for the others. When they are answered says nothing of it then.
   */
  heldBack?(): string | undefined;
  /** What `connect` of the adapter is given, an address for example: anything that can be cloned (`structuredClone`). */
  readonly handle?: unknown;
  /** Frees what the subject holds outside the process. Called when the kit is done with it, whatever happened. */
  dispose?(): Awaitable<void>;
};

/**
 * One waits for another, and goes on only when the other has: an edge of the wait-for graph. Both are names that mean something to
 * a reader, and to one call or lock only: `bind(t1, s1) #7`, `lock s1`. Who waits for several waits for all of them. A wait that ends by itself, because
 * it is bounded or because somebody breaks cycles up, is none: whoever is in a cycle of these waits for ever.
 */
export interface Wait {
  readonly waiter: string;
  readonly holder: string;
  /** What is waited for, for people: `lock s1`. */
  readonly for?: string;
}

/** The adapter, or what it opened, is not what the contract asks for: a one-line reason. */
export class AdapterError extends Error {
  override readonly name = 'AdapterError';
}
