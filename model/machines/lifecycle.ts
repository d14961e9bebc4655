import { setup } from 'xstate';
import type { ErrorCode } from '../../spec/index.js';
import type { Alphabet, StateOf } from '../compile.js';

export type LifecycleEvent =
  /** Any operation of the interface but `close`. */
  | { readonly type: 'CALL' }
  | { readonly type: 'CLOSE' };

/** The registry as a whole: open until closed, then closed for good (CLS-1, CLS-2). */
export const lifecycleMachine = setup({
  types: { events: {} as LifecycleEvent, tags: {} as 'closed' },
  actions: {
    refuse: (_, _params: { code: ErrorCode }) => {},
    /** All names and bindings go. */
    forgetNames: () => {},
  },
}).createMachine({
  id: 'lifecycle',
  description: 'Registry as a whole',
  initial: 'open',
  states: {
    open: {
      on: { CALL: {}, CLOSE: { target: 'closed', actions: 'forgetNames' } },
    },
    closed: {
      tags: 'closed',
      on: { CALL: { actions: { type: 'refuse', params: { code: 'registry_closed' } } }, CLOSE: {} },
    },
  },
});

export type LifecycleState = StateOf<typeof lifecycleMachine>;

export const lifecycleAlphabet: Alphabet<LifecycleEvent> = { CALL: {}, CLOSE: {} };
