import { setup } from 'xstate';
import type { AdmissionMode, ErrorCode } from '../../spec/index.js';
import { yesOrNo, type Alphabet, type StateOf } from '../compile.js';

export type AdmissionEvent =
  /** The alarms, as they are now; `majority`: more than the fraction `closeAbove` of the partitions is alarmed. */
  | { readonly type: 'ALARMS'; readonly majority: boolean }
  /** Set by hand. The alarms come along, for `auto` follows them from that moment. */
  | { readonly type: 'SET'; readonly mode: AdmissionMode; readonly majority: boolean }
  | { readonly type: 'REGISTER' };

const byHand = [
  { guard: 'setOpen', target: '#forcedOpen' },
  { guard: 'setClosed', target: '#forcedClosed' },
  { guard: 'setAutoAndMajority', target: '#auto.closed' },
  { target: '#auto.open' },
] as const;

const rejected = { actions: { type: 'refuse', params: { code: 'admission_control_active' } } } as const;

/** Whether registrations are admitted: by the alarms, or by hand. Only registrations ask (ADM-1 to ADM-6). */
export const admissionMachine = setup({
  types: { events: {} as AdmissionEvent, tags: {} as 'closed' },
  guards: {
    majority: ({ event }) => event.type === 'ALARMS' && event.majority,
    noMajority: ({ event }) => event.type === 'ALARMS' && !event.majority,
    setOpen: ({ event }) => event.type === 'SET' && event.mode === 'open',
    setClosed: ({ event }) => event.type === 'SET' && event.mode === 'closed',
    setAutoAndMajority: ({ event }) => event.type === 'SET' && event.mode === 'auto' && event.majority,
  },
  actions: {
    refuse: (_, _params: { code: ErrorCode }) => {},
  },
}).createMachine({
  id: 'admission',
  description: 'Admission control',
  initial: 'auto',
  states: {
    auto: {
      id: 'auto',
      initial: 'open',
      on: { SET: byHand },
      states: {
        open: { on: { ALARMS: { guard: 'majority', target: 'closed' }, REGISTER: {} } },
        closed: { tags: 'closed', on: { ALARMS: { guard: 'noMajority', target: 'open' }, REGISTER: rejected } },
      },
    },
    // By hand: whatever the alarms say.
    forcedOpen: { id: 'forcedOpen', on: { SET: byHand, REGISTER: {} } },
    forcedClosed: { id: 'forcedClosed', tags: 'closed', on: { SET: byHand, REGISTER: rejected } },
  },
});

export type AdmissionState = StateOf<typeof admissionMachine>;

/** The mode that each state stands for, as `getContentionStatus` tells it. */
export const modeOf: { readonly [State in AdmissionState]: AdmissionMode } = {
  'auto.open': 'auto',
  'auto.closed': 'auto',
  forcedOpen: 'open',
  forcedClosed: 'closed',
};

export const admissionAlphabet: Alphabet<AdmissionEvent> = {
  ALARMS: { majority: yesOrNo },
  SET: { mode: ['auto', 'open', 'closed'], majority: yesOrNo },
  REGISTER: {},
};
