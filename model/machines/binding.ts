import { setup } from 'xstate';
import type { ErrorCode } from '../../spec/index.js';
import { yesOrNo, type Alphabet, type StateOf } from '../compile.js';

export type BindingEvent =
  /** Facts: whether the server, and the transport, is registered. */
  | { readonly type: 'BIND'; readonly server: boolean; readonly transport: boolean }
  /** The transport was registered with `config.serverId`; `server`: whether that server is registered. */
  | { readonly type: 'AUTO_BIND'; readonly server: boolean }
  | { readonly type: 'UNBIND' }
  /** A server was released; `own`: the one this transport is bound to. */
  | { readonly type: 'SERVER_GONE'; readonly own: boolean }
  | { readonly type: 'TRANSPORT_GONE' };

const refuseMissing = [
  // In this order: a missing server is reported whether or not the transport is there (BND-2).
  { guard: 'serverMissing', actions: { type: 'refuse', params: { code: 'server_not_found' } } },
  { guard: 'transportMissing', actions: { type: 'refuse', params: { code: 'transport_not_found' } } },
] as const;

/** What one transport is bound to: nothing, or one server (BND-1 to BND-9, DWN-2, INC-2). */
export const bindingMachine = setup({
  types: { events: {} as BindingEvent, tags: {} as 'bound' },
  guards: {
    serverMissing: ({ event }) => event.type === 'BIND' && !event.server,
    transportMissing: ({ event }) => event.type === 'BIND' && !event.transport,
    serverRegistered: ({ event }) => event.type === 'AUTO_BIND' && event.server,
    ownServer: ({ event }) => event.type === 'SERVER_GONE' && event.own,
  },
  actions: {
    refuse: (_, _params: { code: ErrorCode }) => {},
    /** The transport is bound to the server asked for, and to no other. */
    bind: () => {},
    unbind: () => {},
  },
}).createMachine({
  id: 'binding',
  description: 'Binding of a transport',
  initial: 'unbound',
  states: {
    unbound: {
      on: {
        BIND: [...refuseMissing, { target: 'bound', actions: 'bind' }],
        AUTO_BIND: { guard: 'serverRegistered', target: 'bound', actions: 'bind' },
        UNBIND: {},
      },
    },
    bound: {
      tags: 'bound',
      on: {
        BIND: [...refuseMissing, { actions: 'bind' }],
        UNBIND: { target: 'unbound', actions: 'unbind' },
        SERVER_GONE: { guard: 'ownServer', target: 'unbound', actions: 'unbind' },
        TRANSPORT_GONE: { target: 'unbound', actions: 'unbind' },
      },
    },
  },
});

export type BindingState = StateOf<typeof bindingMachine>;

export const bindingAlphabet: Alphabet<BindingEvent> = {
  BIND: { server: yesOrNo, transport: yesOrNo },
  AUTO_BIND: { server: yesOrNo },
  UNBIND: {},
  SERVER_GONE: { own: yesOrNo },
  TRANSPORT_GONE: {},
};
