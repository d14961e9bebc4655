/**
 * A sharded registry of names to live endpoints: lookups that never wait, writes that wait for nobody but their own
 * partition, contention alarms and admission control. No dependencies.
 *
 * ```ts
 * const registry = new ShardedRegistry({ partitions: 16 });
 * await registry.registerServer('tools', { send: (delivery) => console.log(delivery), signal: lifetime.signal });
 * registry.routeToServer('tools', 'stdio-1', { method: 'ping' });
 * ```
 *
 * @module sharded-registry
 */
export { ShardedRegistry } from './registry.js';
export type { RegistryOptions } from './options.js';
export type { EntryReference } from './reference.js';
export { RegistryError } from './error.js';
export { systemClock } from './clock.js';
export { memoryStore } from './store.js';
export type { Change, CommitResult, Key, Store, Stored, StoredRecord } from './store.js';
export { broadcast } from '../spec/interface.js';
export type {
  AdmissionMode,
  Clock,
  Config,
  ContentionStatus,
  Delivery,
  Endpoint,
  Json,
  Namespace,
  PartitionStats,
  Registration,
  Registry,
  Thresholds,
} from '../spec/interface.js';
export type { ErrorCode } from '../spec/errors.js';
