import { defaultThresholds, partitionLimits, type AdmissionMode, type ContentionStatus, type Delivery, type ErrorCode, type Namespace, type Thresholds } from '../spec/index.js';
import { commitIn, emptyPartition, isAlarmed, isMajority, settle, statsOf } from './contention.js';
import { isValidId } from './id.js';
import { modeOf } from './machines/index.js';
import { abort, askBinding, askEndpoint, askName, holdName, isRegistered, moveBinding, reconfigureServer, releaseName } from './names.js';
import type { ExpectedDelivery, Found, Operation, Step } from './operation.js';
import type { NameState, PartitionState, RegistryState } from './state.js';
import { tables } from './tables.js';

/** What a model is made with; what is left out is as the specification says. */
export interface ModelOptions {
  /** 1 to 64 (PRT-1). */
  readonly partitions?: number;
  /** To which partition an id belongs, from 0 (PRT-2): the specification leaves it open. All to the first, unless given. */
  readonly partitionOf?: (id: string) => number;
  readonly thresholds?: Partial<Thresholds>;
  readonly admission?: AdmissionMode;
}

/** The registry that the specification means, one operation at a time. */
export interface RegistryModel {
  readonly initial: RegistryState;
  /** Pure: the same state and operation give the same step, and the state given stays as it was. */
  readonly step: (state: RegistryState, operation: Operation) => Step<RegistryState>;
}

type Answer = Step<RegistryState>;

const done = (state: RegistryState, value?: unknown): Answer => ({ state, outcome: { kind: 'done', value }, deliveries: [] });

/** A refused operation changes nothing: the state is the very same (REG-4). */
const refused = (state: RegistryState, codes: readonly ErrorCode[]): Answer => ({
  state,
  outcome: { kind: 'refused', codes: [...new Set(codes)] },
  deliveries: [],
});

const found = (id: string, { endpoint, config }: NameState): Found => ({ id, endpoint, config });

const list = (names: ReadonlyMap<string, NameState>): Found[] => [...names].map(([id, name]) => found(id, name));

const find = (state: RegistryState, namespace: Namespace, id: string): Found | undefined => {
  const name = state.names[namespace].get(id);
  return name && found(id, name);
};

const deliver = (state: RegistryState, deliveries: readonly Delivery[]): Answer => {
  const reached = deliveries.flatMap((delivery): ExpectedDelivery[] => {
    const name = state.names[delivery.namespace].get(delivery.to);
    return name ? [{ ...delivery, endpoint: name.endpoint }] : [];
  });
  return { ...done(state, reached.length), deliveries: reached };
};

const invalidIds = (operation: Operation): readonly ErrorCode[] => {
  const named = operation as { readonly id?: unknown; readonly serverId?: unknown; readonly transportId?: unknown };
  for (const key of ['id', 'serverId', 'transportId'] as const) {
    if (key in operation && !isValidId(named[key])) return ['invalid_argument'];
  }
  // The `serverId` that a transport is configured with is an id like any other (BND-8).
  const { serverId = 'none' } = (operation.op === 'registerTransport' && operation.config) || {};
  return isValidId(serverId) ? [] : ['invalid_argument'];
};

/** What refuses a registration whatever its name: endpoint and admission have a say in nothing else (ADM-3). */
const refusalsOfSurroundings = (state: RegistryState, operation: Operation): readonly ErrorCode[] => {
  if (operation.op !== 'registerServer' && operation.op !== 'registerTransport') return [];
  return [
    ...askEndpoint(state, operation.endpoint, { type: 'REGISTER' }).refusals,
    ...tables.admission.move(state.admission, { type: 'REGISTER' }).refusals,
  ];
};

/** What refuses a call before any name is asked: the registry is closed, or an id is none and so has no name to ask (NAM-1). */
const refusalsOfCall = (state: RegistryState, operation: Operation): readonly ErrorCode[] => {
  switch (operation.op) {
    case 'close':
    case 'down':
    case 'advance':
    case 'unstall':
      return [];
    default:
      return [...tables.lifecycle.move(state.lifecycle, { type: 'CALL' }).refusals, ...invalidIds(operation)];
  }
};

/**
 * The executable specification. The machines know the rules; this asks them, all that have a say in an operation, and
 * refuses with all their codes if any refuses (where several errors apply, either conforms), or else lets all commit.
 */
export const createModel = (options: ModelOptions = {}): RegistryModel => {
  const { partitions = partitionLimits.default, partitionOf = () => 0, admission: mode = 'auto' } = options;
  const thresholds: Thresholds = { ...defaultThresholds, ...options.thresholds };
  if (!Number.isInteger(partitions) || partitions < partitionLimits.least || partitions > partitionLimits.most) {
    throw Object.assign(new RangeError(`partitions: ${partitions}`), { code: 'invalid_argument' as const });
  }

  const setMode = (state: RegistryState, wanted: AdmissionMode): RegistryState => {
    const majority = isMajority(state.partitions, thresholds);
    return { ...state, admission: tables.admission.move(state.admission, { type: 'SET', mode: wanted, majority }).state };
  };

  const onPartition = (state: RegistryState, index: number, change: (partition: PartitionState) => PartitionState): RegistryState => ({
    ...state,
    partitions: state.partitions.map((partition, i) => (i === index ? change(partition) : partition)),
  });

  const advance = (state: RegistryState, ms: number): RegistryState => (ms > 0 ? settle({ ...state, now: state.now + ms }, thresholds) : state);

  /** Ends a write: time passes, and if anything changed it commits and is counted in the partition of the id (STA-1, CTN-9). */
  const commit = (before: RegistryState, after: RegistryState, id: string, { takes = 0 }: { readonly takes?: number }): Answer => {
    if (after === before) return done(advance(before, takes));
    const now = before.now + takes;
    return done(settle(onPartition({ ...after, now }, partitionOf(id), (partition) => commitIn(partition, now, takes, thresholds)), thresholds));
  };

  const register = (state: RegistryState, namespace: Namespace, operation: Operation & { op: 'registerServer' | 'registerTransport' }): Answer => {
    const { id } = operation;
    const move = askName(state, namespace, id, { type: 'REGISTER' });
    const refusals = [...move.refusals, ...refusalsOfSurroundings(state, operation)];
    if (refusals.length > 0) return refused(state, refusals);
    return commit(state, holdName(state, namespace, id, move, operation), id, operation);
  };

  const unregister = (state: RegistryState, namespace: Namespace, operation: Operation & { op: 'unregisterServer' | 'unregisterTransport' }): Answer => {
    const { id } = operation;
    return commit(state, releaseName(state, namespace, id, askName(state, namespace, id, { type: 'UNREGISTER' })), id, operation);
  };

  const update = (state: RegistryState, operation: Operation & { op: 'updateServer' }): Answer => {
    const { id } = operation;
    const move = askName(state, 'server', id, { type: 'UPDATE' });
    if (move.refusals.length > 0) return refused(state, move.refusals);
    return commit(state, reconfigureServer(state, id, move, operation.config), id, operation);
  };

  const bind = (state: RegistryState, operation: Operation & { op: 'bindTransportToServer' }): Answer => {
    const { transportId, serverId } = operation;
    const facts = { server: isRegistered(state, 'server', serverId), transport: isRegistered(state, 'transport', transportId) };
    const move = askBinding(state, transportId, { type: 'BIND', ...facts });
    if (move.refusals.length > 0) return refused(state, move.refusals);
    return commit(state, moveBinding(state, transportId, move, serverId), transportId, operation);
  };

  const unbind = (state: RegistryState, operation: Operation & { op: 'unbindTransport' }): Answer => {
    const { transportId } = operation;
    return commit(state, moveBinding(state, transportId, askBinding(state, transportId, { type: 'UNBIND' })), transportId, operation);
  };

  const broadcast = (state: RegistryState, { serverId, message }: Operation & { op: 'broadcast' }): Answer => {
    const bound = [...state.bindings].filter(([, { server }]) => server === serverId);
    return deliver(state, bound.map(([to]) => ({ namespace: 'transport', to, from: serverId, message })));
  };

  const status = (state: RegistryState): ContentionStatus => ({
    partitions,
    alarmed: state.partitions.flatMap((partition, index) => (isAlarmed(partition) ? [index] : [])),
    admission: tables.admission.has(state.admission, 'closed') ? 'closed' : 'open',
    mode: modeOf[state.admission],
  });

  const reset = (state: RegistryState): RegistryState =>
    settle({ ...state, partitions: state.partitions.map((partition) => ({ ...partition, writeCount: 0, window: [] })) }, thresholds);

  const stall = (state: RegistryState, index: number): RegistryState =>
    settle(onPartition(state, index, (partition) => ({ ...partition, inFlight: [...partition.inFlight, state.now] })), thresholds);

  /** Everything in flight in a partition commits, in the order of the calls (DLK-2). */
  const unstall = (state: RegistryState, index: number): RegistryState => {
    const release = (partition: PartitionState): PartitionState =>
      partition.inFlight.reduce<PartitionState>((after, calledAt) => commitIn(after, state.now, state.now - calledAt, thresholds), { ...partition, inFlight: [] });
    return settle(onPartition(state, index, release), thresholds);
  };

  const close = (state: RegistryState): RegistryState => {
    const move = tables.lifecycle.move(state.lifecycle, { type: 'CLOSE' });
    if (!move.does.has('forgetNames')) return state;
    return { ...state, lifecycle: move.state, names: { server: new Map(), transport: new Map() }, bindings: new Map() };
  };

  const perform = (state: RegistryState, operation: Operation): Answer => {
    switch (operation.op) {
      case 'registerServer': return register(state, 'server', operation);
      case 'registerTransport': return register(state, 'transport', operation);
      case 'unregisterServer': return unregister(state, 'server', operation);
      case 'unregisterTransport': return unregister(state, 'transport', operation);
      case 'updateServer': return update(state, operation);
      case 'findServer': return done(state, find(state, 'server', operation.id));
      case 'findTransport': return done(state, find(state, 'transport', operation.id));
      case 'listServers': return done(state, list(state.names.server));
      case 'listTransports': return done(state, list(state.names.transport));
      case 'bindTransportToServer': return bind(state, operation);
      case 'unbindTransport': return unbind(state, operation);
      case 'getServerForTransport': return done(state, state.bindings.get(operation.transportId)?.server);
      case 'routeToServer': return deliver(state, [{ namespace: 'server', to: operation.serverId, from: operation.transportId, message: operation.message }]);
      case 'routeToTransport': return deliver(state, [{ namespace: 'transport', to: operation.transportId, from: operation.serverId, message: operation.message }]);
      case 'broadcast': return broadcast(state, operation);
      case 'getPartitionStats': return done(state, state.partitions.map(statsOf));
      case 'getContentionStatus': return done(state, status(state));
      case 'resetStats': return done(reset(state));
      case 'setAdmission': return done(setMode(state, operation.mode));
      case 'stall': return done(stall(state, operation.partition));
      case 'close': return done(close(state));
      case 'unstall': return done(unstall(advance(state, operation.takes ?? 0), operation.partition));
      case 'down': return done(abort(state, operation.endpoint));
      case 'advance': return done(advance(state, operation.ms));
    }
  };

  const opened: RegistryState = {
    now: 0,
    lifecycle: tables.lifecycle.initial,
    admission: tables.admission.initial,
    endpoints: new Map(),
    names: { server: new Map(), transport: new Map() },
    bindings: new Map(),
    partitions: Array.from({ length: partitions }, () => emptyPartition),
  };

  return {
    initial: setMode(opened, mode),
    step: (state, operation) => {
      const refusals = refusalsOfCall(state, operation);
      return refusals.length > 0 ? refused(state, [...refusals, ...refusalsOfSurroundings(state, operation)]) : perform(state, operation);
    },
  };
};
