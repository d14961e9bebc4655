import type { Registry } from './interface.js';

/** What a requirement may depend on: operations a registry may lack, or means of observing it that an adapter may lack. */
export interface FeatureDefinition {
  readonly meaning: string;
  /** The operations that make up the feature: it is offered when all of them are there. Empty: it must be declared. */
  readonly operations: readonly (keyof Registry)[];
}

export const features = {
  servers: { meaning: 'server names', operations: ['registerServer', 'unregisterServer', 'findServer'] },
  transports: { meaning: 'transport names', operations: ['registerTransport', 'unregisterTransport', 'findTransport'] },
  configs: { meaning: 'a configuration kept with a registration', operations: ['registerServer', 'findServer'] },
  liveness: { meaning: 'entries go when their endpoint goes down', operations: ['registerServer', 'findServer'] },
  update: { meaning: 'changing the configuration of a server', operations: ['updateServer'] },
  lists: { meaning: 'listing what is registered', operations: ['listServers', 'listTransports'] },
  binding: { meaning: 'binding transports to servers', operations: ['bindTransportToServer', 'unbindTransport', 'getServerForTransport'] },
  routing: { meaning: 'routing and broadcasting messages', operations: ['routeToServer', 'routeToTransport'] },
  stats: { meaning: 'statistics per partition', operations: ['getPartitionStats', 'resetStats'] },
  contention: { meaning: 'contention alarms and automatic admission control', operations: ['getContentionStatus'] },
  override: { meaning: 'setting admission by hand', operations: ['setAdmission'] },
  close: { meaning: 'closing a registry', operations: ['close'] },
  'in-process': { meaning: 'endpoints and registry share a process, so that "down" takes effect before the abort returns', operations: ['registerServer'] },
  'send-failures': { meaning: 'what a `send` throws, or rejects with, reaches the registry', operations: ['registerServer'] },
  'send-awaited': { meaning: 'what a `send` calls is called from within the call that set it off: the registry hears when the `send` is over', operations: ['registerServer'] },
  partitions: { meaning: 'the number of partitions is an option, `partitions`', operations: [] },
  thresholds: { meaning: 'the thresholds of contention are options', operations: [] },
  'virtual-time': { meaning: 'all time comes from the `clock` given to open', operations: [] },
  'slow-commit': { meaning: 'the adapter can make commits slow', operations: [] },
} as const satisfies Record<string, FeatureDefinition>;

export type Feature = keyof typeof features;
