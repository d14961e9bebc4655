import type { ExpectedDelivery, Operation, RegistryModel, RegistryState, Step } from '../../model/index.js';
import type { Pool } from './oracle.js';

/** What an endpoint does to the registry, from within its `send`, and what the model says comes of it. */
export interface Reaction {
  readonly endpoint: string;
  readonly operations: readonly Operation[];
  readonly deliveries: readonly ExpectedDelivery[];
  /** Deliveries of the step itself whose binding these calls end: whether they are still handed over is left open (chapter RTE). */
  readonly forgone: readonly ExpectedDelivery[];
  readonly state: RegistryState;
}

/** Endpoints whose name says that they call back. */
export const reacts = (endpoint: string): boolean => /^(leaves|unbinds|rebroadcasts)/.test(endpoint);

/**
 * The calls that the one recipient that calls back will make (RTE-7): `leaves` unregisters itself, `unbinds` unbinds
 * everybody else, `rebroadcasts` broadcasts again. With two such recipients the result would depend on who comes
 * first, which the specification leaves open.
 */
export function plannedReaction(model: RegistryModel, step: Step<RegistryState>, pool: Pool): Reaction | undefined {
  const delivery = step.deliveries.find(({ endpoint }) => reacts(endpoint));
  if (delivery === undefined) return undefined;
  const operations = reactionTo(model, step.state, delivery, pool);
  if (operations.length === 0) return undefined; // Nothing is called from within: no evidence of anything, and nothing to blame.
  let { state } = step;
  const deliveries: ExpectedDelivery[] = [];
  for (const operation of operations) {
    const nested = model.step(state, operation);
    state = nested.state;
    deliveries.push(...nested.deliveries);
  }
  const unbound = new Set(operations.flatMap((operation) => (operation.op === 'unbindTransport' ? [operation.transportId] : [])));
  const forgone = step.deliveries.filter(({ namespace, to }) => namespace === 'transport' && unbound.has(to));
  return { endpoint: delivery.endpoint, operations, deliveries, forgone, state };
}

function reactionTo(model: RegistryModel, state: RegistryState, delivery: ExpectedDelivery, pool: Pool): Operation[] {
  const { endpoint, namespace, to, from } = delivery;
  if (endpoint.startsWith('leaves')) return [{ op: namespace === 'server' ? 'unregisterServer' : 'unregisterTransport', id: to }];
  if (namespace === 'server') return [];
  if (endpoint.startsWith('rebroadcasts')) return [{ op: 'broadcast', serverId: from, message: 'echo' }];
  const bound = (transportId: string): boolean => {
    const { outcome } = model.step(state, { op: 'getServerForTransport', transportId });
    return outcome.kind === 'done' && outcome.value === from;
  };
  return pool.transports.filter((id) => id !== to && bound(id)).map((transportId) => ({ op: 'unbindTransport', transportId }));
}
