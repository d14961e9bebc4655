import { setup } from 'xstate';
import type { ErrorCode } from '../../spec/index.js';
import type { Alphabet, StateOf } from '../compile.js';

export type EndpointEvent =
  /** A registration asks for this endpoint. */
  | { readonly type: 'REGISTER' }
  /** The signal of the endpoint aborts. */
  | { readonly type: 'ABORT' };

/** The life of an endpoint: up until its signal aborts, then down for good (REG-3, DWN-1). */
export const endpointMachine = setup({
  types: { events: {} as EndpointEvent, tags: {} as 'down' },
  actions: {
    refuse: (_, _params: { code: ErrorCode }) => {},
    /** Every name of this endpoint, in both namespaces, hears that it went down. */
    releaseNames: () => {},
  },
}).createMachine({
  id: 'endpoint',
  description: 'Endpoint',
  initial: 'up',
  states: {
    up: {
      on: { REGISTER: {}, ABORT: { target: 'down', actions: 'releaseNames' } },
    },
    down: {
      tags: 'down',
      // No way back: what comes up again is another endpoint.
      on: { REGISTER: { actions: { type: 'refuse', params: { code: 'endpoint_down' } } } },
    },
  },
});

export type EndpointState = StateOf<typeof endpointMachine>;

export const endpointAlphabet: Alphabet<EndpointEvent> = { REGISTER: {}, ABORT: {} };
