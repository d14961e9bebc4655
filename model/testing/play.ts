import type { ErrorCode } from '../../spec/index.js';
import { createModel, type ExpectedDelivery, type ModelOptions, type Operation, type Outcome, type RegistryState } from '../index.js';

export interface Played {
  readonly state: RegistryState;
  readonly outcomes: readonly Outcome[];
  readonly last: Outcome;
  readonly deliveries: readonly ExpectedDelivery[];
}

/** Steps a model through a sequence. */
export const play = (operations: readonly Operation[], options?: ModelOptions, from?: RegistryState): Played => {
  const model = createModel(options);
  let state = from ?? model.initial;
  const outcomes: Outcome[] = [];
  const deliveries: ExpectedDelivery[] = [];
  for (const operation of operations) {
    const step = model.step(state, operation);
    state = step.state;
    outcomes.push(step.outcome);
    deliveries.push(...step.deliveries);
  }
  return { state, outcomes, last: outcomes.at(-1) ?? done(), deliveries };
};

export const done = (value?: unknown): Outcome => ({ kind: 'done', value });
export const refused = (...codes: ErrorCode[]): Outcome => ({ kind: 'refused', codes });

/** The answer to the last of these operations. */
export const answer = (operations: readonly Operation[], options?: ModelOptions): Outcome => play(operations, options).last;

export const server = (id: string, endpoint: string, more: object = {}): Operation => ({ op: 'registerServer', id, endpoint, ...more });
export const transport = (id: string, endpoint: string, more: object = {}): Operation => ({ op: 'registerTransport', id, endpoint, ...more });
export const findServer = (id: string): Operation => ({ op: 'findServer', id });
export const findTransport = (id: string): Operation => ({ op: 'findTransport', id });
export const bind = (transportId: string, serverId: string, more: object = {}): Operation => ({ op: 'bindTransportToServer', transportId, serverId, ...more });
export const boundTo = (transportId: string): Operation => ({ op: 'getServerForTransport', transportId });
export const down = (endpoint: string): Operation => ({ op: 'down', endpoint });
export const advance = (ms: number): Operation => ({ op: 'advance', ms });
