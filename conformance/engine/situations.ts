import { modeOf, tables, type ExpectedDelivery, type Operation, type Outcome, type RegistryState } from '../../model/index.js';
import type { ErrorCode, Namespace, PartitionStats, RequirementId } from '../../spec/index.js';
import { harms } from './endpoint.js';

/*
 * What random sequences come to by chance: which requirements a step put to the test. Registry and model have agreed on the step, so
 * what the model says of it is what the registry showed.
 */

/** What a requirement is about, and whether it has come about. */
interface Situation<Seen> {
  readonly requirement: RequirementId;
  readonly what: string;
  readonly occurs: (seen: Seen) => boolean;
}

/** A step that was taken. */
export interface Taken {
  readonly operation: Operation;
  readonly outcome: Outcome;
  readonly deliveries: readonly ExpectedDelivery[];
  readonly before: RegistryState;
  readonly after: RegistryState;
  /** Whether a recipient called back. */
  readonly isReentrant: boolean;
  readonly past: Past;
}

/** What was so before, and has left no trace in the state. */
export interface Past {
  /** Whoever has held a name. */
  holders(namespace: Namespace, id: string): ReadonlySet<string>;
  /** Whether a name has been an end of a binding. */
  wasTied(namespace: Namespace, id: string): boolean;
}

type Registration = Extract<Operation, { op: 'registerServer' | 'registerTransport' }>;

const namespaces = ['server', 'transport'] as const;
const namespaceOf = (operation: Operation): Namespace => (operation.op.endsWith('Transport') ? 'transport' : 'server');
const other = (namespace: Namespace): Namespace => (namespace === 'server' ? 'transport' : 'server');

const isDone = ({ outcome }: Taken): boolean => outcome.kind === 'done';
const isRegistration = (operation: Operation): operation is Registration => operation.op === 'registerServer' || operation.op === 'registerTransport';
const isRoute = ({ operation: { op } }: Taken): boolean => op === 'routeToServer' || op === 'routeToTransport' || op === 'broadcast';

/** Something about a registration that succeeded. */
const registered = (test: (registration: Registration, namespace: Namespace, taken: Taken) => boolean) => (taken: Taken): boolean =>
  isRegistration(taken.operation) && isDone(taken) && test(taken.operation, namespaceOf(taken.operation), taken);

/** A refusal for one reason alone: where two apply, either conforms. */
const refused = (code: ErrorCode, test: (taken: Taken) => boolean = () => true) => (taken: Taken): boolean =>
  taken.outcome.kind === 'refused' && taken.outcome.codes.length === 1 && taken.outcome.codes[0] === code && test(taken);

/** Something about the end of an endpoint. */
const down = (test: (endpoint: string, taken: Taken) => boolean) => (taken: Taken): boolean => taken.operation.op === 'down' && test(taken.operation.endpoint, taken);

const hasName = ({ names }: RegistryState, test: (endpoint: string, namespace: Namespace, id: string) => boolean): boolean => {
  for (const namespace of namespaces) for (const [id, { endpoint }] of names[namespace]) if (test(endpoint, namespace, id)) return true;
  return false;
};
const countNames = ({ names }: RegistryState): number => names.server.size + names.transport.size;

const mode = ({ before }: Taken): string => modeOf[before.admission];
const isAlarmed = ({ partitions }: RegistryState): boolean => partitions.some(({ alarm }) => tables.alarm.has(alarm, 'alarm'));
const isClosed = ({ before }: Taken): boolean => tables.admission.has(before.admission, 'closed');

export const ofSteps: readonly Situation<Taken>[] = [
  { requirement: 'NAM-4', what: 'a name registered whose id the other namespace holds', occurs: registered(({ id }, namespace, { before }) => before.names[other(namespace)].has(id)) },
  { requirement: 'EPT-1', what: 'a name registered for an endpoint that holds another', occurs: registered(({ endpoint }, _, { before }) => hasName(before, (one) => one === endpoint)) },
  { requirement: 'REG-1', what: 'a free name, registered', occurs: registered(() => true) },
  { requirement: 'REG-2', what: 'a name that is held, asked for again', occurs: refused('already_registered') },
  { requirement: 'REG-3', what: 'a name asked for by an endpoint that is down', occurs: refused('endpoint_down') },
  { requirement: 'REG-4', what: 'a refusal, and a look at everything', occurs: ({ outcome }) => outcome.kind === 'refused' },
  { requirement: 'REG-5', what: 'a name registered that had been held before', occurs: registered(({ id }, namespace, { past }) => past.holders(namespace, id).size > 0) },
  { requirement: 'CFG-1', what: 'a name registered with a configuration', occurs: registered(({ config }) => config !== undefined) },
  { requirement: 'UPD-1', what: 'an update of a server that is held', occurs: (taken) => taken.operation.op === 'updateServer' && isDone(taken) },
  { requirement: 'UPD-2', what: 'an update of a server that nobody holds', occurs: refused('server_not_found', ({ operation }) => operation.op === 'updateServer') },
  { requirement: 'UNR-1', what: 'a name unregistered that was held', occurs: ({ operation, before }) => operation.op.startsWith('unregister') && before.names[namespaceOf(operation)].has((operation as { id: string }).id) },
  { requirement: 'UNR-2', what: 'a name unregistered that nobody held', occurs: (taken) => taken.operation.op.startsWith('unregister') && isDone(taken) && !taken.before.names[namespaceOf(taken.operation)].has((taken.operation as { id: string }).id) },
  { requirement: 'LKP-1', what: 'a lookup of a name that is held', occurs: ({ operation, outcome }) => operation.op.startsWith('find') && outcome.kind === 'done' && outcome.value !== undefined },
  { requirement: 'LKP-2', what: 'a lookup of a name that nobody holds', occurs: ({ operation, outcome }) => operation.op.startsWith('find') && outcome.kind === 'done' && outcome.value === undefined },
  { requirement: 'INC-1', what: 'a "down" of an endpoint that has held a name which is another\'s by now', occurs: down((endpoint, { after, past }) => hasName(after, (one, namespace, id) => one !== endpoint && past.holders(namespace, id).has(endpoint))) },
  { requirement: 'INC-2', what: 'a name registered that was an end of a binding before', occurs: registered(({ id }, namespace, { past }) => past.wasTied(namespace, id)) },
  { requirement: 'BND-1', what: 'a transport bound', occurs: (taken) => taken.operation.op === 'bindTransportToServer' && isDone(taken) },
  { requirement: 'BND-2', what: 'a bind to a server that nobody holds', occurs: refused('server_not_found', ({ operation }) => operation.op === 'bindTransportToServer') },
  { requirement: 'BND-3', what: 'a bind of a transport that nobody holds', occurs: refused('transport_not_found') },
  { requirement: 'BND-4', what: 'a transport bound that was bound to another server', occurs: (taken) => taken.operation.op === 'bindTransportToServer' && isDone(taken) && ![undefined, taken.operation.serverId].includes(taken.before.bindings.get(taken.operation.transportId)?.server) },
  { requirement: 'BND-5', what: 'a transport unbound that was bound', occurs: ({ operation, before }) => operation.op === 'unbindTransport' && before.bindings.has(operation.transportId) },
  { requirement: 'BND-6', what: 'a server unregistered to which transports were bound', occurs: ({ operation, before }) => operation.op === 'unregisterServer' && [...before.bindings.values()].some(({ server }) => server === operation.id) },
  { requirement: 'BND-7', what: 'a transport unregistered that was bound', occurs: ({ operation, before }) => operation.op === 'unregisterTransport' && before.bindings.has(operation.id) },
  { requirement: 'BND-8', what: 'a transport registered whose configuration names a server that is held', occurs: registered(({ id }, namespace, { after }) => namespace === 'transport' && after.bindings.has(id)) },
  { requirement: 'BND-9', what: 'a transport registered whose configuration names a server that nobody holds', occurs: registered(({ id, config }, namespace, { after }) => namespace === 'transport' && config?.['serverId'] !== undefined && !after.bindings.has(id)) },
  { requirement: 'DWN-1', what: 'a "down" of an endpoint that held names', occurs: down((endpoint, { before }) => hasName(before, (one) => one === endpoint)) },
  { requirement: 'DWN-2', what: 'a "down" with which bindings ended', occurs: down((_, { before, after }) => after.bindings.size < before.bindings.size) },
  { requirement: 'DWN-4', what: 'a "down" of an endpoint that held names, while others held theirs', occurs: down((_, { before, after }) => countNames(after) > 0 && countNames(after) < countNames(before)) },
  { requirement: 'RTE-1', what: 'a message to a name that is held', occurs: ({ operation, deliveries }) => operation.op.startsWith('route') && deliveries.length > 0 },
  { requirement: 'RTE-2', what: 'a message to nobody', occurs: (taken) => isRoute(taken) && taken.deliveries.length === 0 },
  { requirement: 'RTE-3', what: 'a broadcast to transports that are bound', occurs: ({ operation, deliveries }) => operation.op === 'broadcast' && deliveries.length > 0 },
  { requirement: 'RTE-5', what: 'a message that was delivered', occurs: ({ deliveries }) => deliveries.length > 0 },
  { requirement: 'RTE-6', what: 'a message delivered to an endpoint that fails', occurs: ({ deliveries }) => deliveries.some(({ endpoint }) => harms(endpoint)) },
  { requirement: 'RTE-7', what: 'a call made from within a send', occurs: ({ isReentrant }) => isReentrant },
  { requirement: 'RTE-8', what: 'a message delivered to a name that another endpoint has held', occurs: ({ deliveries, past }) => deliveries.some(({ namespace, to, endpoint }) => [...past.holders(namespace, to)].some((one) => one !== endpoint)) },
  { requirement: 'STA-5', what: 'a reset of statistics that showed writes', occurs: ({ operation, before }) => operation.op === 'resetStats' && before.partitions.some(({ writeCount }) => writeCount > 0) },
  { requirement: 'ADM-1', what: 'a registration while the alarms keep admission closed', occurs: refused('admission_control_active', (taken) => mode(taken) === 'auto') },
  { requirement: 'ADM-2', what: 'a registration admitted while some partitions are alarmed', occurs: registered((_, __, taken) => mode(taken) === 'auto' && isAlarmed(taken.before)) },
  { requirement: 'ADM-3', what: 'something else than a registration, while admission is closed', occurs: (taken) => !isRegistration(taken.operation) && isDone(taken) && isClosed(taken) && !['advance', 'setAdmission', 'down', 'stall', 'unstall'].includes(taken.operation.op) },
  { requirement: 'ADM-5', what: 'a registration while admission is closed by hand', occurs: refused('admission_control_active', (taken) => mode(taken) === 'closed') },
  { requirement: 'ADM-6', what: 'a registration while admission is open by hand', occurs: registered((_, __, taken) => mode(taken) === 'open') },
];

/** The statistics of a partition, which the registry shows as the model does. */
export interface Shown {
  readonly stats: PartitionStats;
  /** Whether its alarm has been on before. */
  readonly wasAlarmed: boolean;
}

export const ofPartitions: readonly Situation<Shown>[] = [
  { requirement: 'STA-1', what: 'a partition in which writes have been counted', occurs: ({ stats }) => stats.writeCount > 0 },
  { requirement: 'STA-2', what: 'a window with samples', occurs: ({ stats }) => stats.sampleCount > 0 },
  { requirement: 'STA-3', what: 'a window with samples', occurs: ({ stats }) => stats.sampleCount > 0 },
  { requirement: 'CTN-1', what: 'an alarm that is on', occurs: ({ stats }) => stats.alarm },
  { requirement: 'CTN-2', what: 'a window with samples that raise no alarm', occurs: ({ stats }) => stats.sampleCount > 0 && !stats.alarm },
  { requirement: 'CTN-5', what: 'an alarm that is off, and was on before', occurs: ({ stats, wasAlarmed }) => wasAlarmed && !stats.alarm },
  { requirement: 'CTN-10', what: 'an alarm that is on', occurs: ({ stats }) => stats.alarm },
];

/** An endpoint that holds no name. */
export interface Idle {
  readonly wasListenedTo: boolean;
  readonly isClosed: boolean;
}

export const ofEndpoints: readonly Situation<Idle>[] = [
  { requirement: 'CLS-3', what: 'an endpoint that was listened to before the registry was closed', occurs: ({ wasListenedTo, isClosed }) => wasListenedTo && isClosed },
  { requirement: 'CLS-4', what: 'an endpoint that was listened to while it held names', occurs: ({ wasListenedTo, isClosed }) => wasListenedTo && !isClosed },
];

const texts: ReadonlyMap<RequirementId, string> = new Map([...ofSteps, ...ofPartitions, ...ofEndpoints].map(({ requirement, what }) => [requirement, what]));

/** What is counted under a requirement. */
export const situationOf = (requirement: RequirementId): string => texts.get(requirement) ?? 'a step that the model takes as well';
