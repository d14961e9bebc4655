import { setup } from 'xstate';
import type { ErrorCode } from '../../spec/index.js';
import { yesOrNo, type Alphabet, type StateOf } from '../compile.js';

export type RegistrationEvent =
  | { readonly type: 'REGISTER' }
  | { readonly type: 'UNREGISTER' }
  | { readonly type: 'UPDATE' }
  /** An endpoint went down; `ofHolder`: the one that holds this incarnation of the name. */
  | { readonly type: 'DOWN'; readonly ofHolder: boolean };

/** One name of one namespace: held by at most one endpoint (REG-1, REG-2, UNR-1, UNR-2, UPD-1, UPD-2, DWN-4, INC-1). */
export const registrationMachine = setup({
  types: { events: {} as RegistrationEvent, tags: {} as 'registered' },
  guards: {
    ofHolder: ({ event }) => event.type === 'DOWN' && event.ofHolder,
  },
  actions: {
    refuse: (_, _params: { code: ErrorCode }) => {},
    /** The name now stands for the endpoint and keeps its own copy of the configuration. */
    hold: () => {},
    /** The name stands for nobody; bindings to or of this incarnation end. */
    release: () => {},
    replaceConfig: () => {},
  },
}).createMachine({
  id: 'registration',
  description: 'Registration of a name',
  initial: 'free',
  states: {
    free: {
      on: {
        REGISTER: { target: 'held', actions: 'hold' },
        UNREGISTER: {},
        UPDATE: { actions: { type: 'refuse', params: { code: 'server_not_found' } } },
      },
    },
    held: {
      tags: 'registered',
      on: {
        REGISTER: { actions: { type: 'refuse', params: { code: 'already_registered' } } },
        UNREGISTER: { target: 'free', actions: 'release' },
        UPDATE: { actions: 'replaceConfig' },
        // Without the guard a late DOWN of an earlier holder would take the name from its new one.
        DOWN: { guard: 'ofHolder', target: 'free', actions: 'release' },
      },
    },
  },
});

export type RegistrationState = StateOf<typeof registrationMachine>;

export const registrationAlphabet: Alphabet<RegistrationEvent> = {
  REGISTER: {},
  UNREGISTER: {},
  UPDATE: {},
  DOWN: { ofHolder: yesOrNo },
};
