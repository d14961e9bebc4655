import { setup } from 'xstate';
import { yesOrNo, type Alphabet, type StateOf } from '../compile.js';

/**
 * What is the case in a partition now. `warm`: it has seen at least `minWrites` writes since the last reset; `above`: the mean
 * over its window is above `alarmAboveMs`; `stuck`: a write has been in flight for longer than `stuckAfterMs`.
 */
export interface AlarmEvent {
  readonly type: 'OBSERVED';
  readonly warm: boolean;
  readonly above: boolean;
  readonly stuck: boolean;
}

// The same from everywhere: the alarm follows what is the case and remembers nothing, so it cannot stay on (CTN-5).
const followTheFacts = [
  { guard: 'stuck', target: 'stuck' },
  { guard: 'warmAndAbove', target: 'slow' },
  { target: 'calm' },
] as const;

/** The contention alarm of one partition: level-triggered, on in `slow` and `stuck` (CTN-1 to CTN-5). */
export const alarmMachine = setup({
  types: { events: {} as AlarmEvent, tags: {} as 'alarm' },
  guards: {
    stuck: ({ event }) => event.stuck,
    warmAndAbove: ({ event }) => event.warm && event.above,
  },
}).createMachine({
  id: 'alarm',
  description: 'Contention alarm of a partition',
  initial: 'calm',
  states: {
    calm: { on: { OBSERVED: followTheFacts } },
    slow: { tags: 'alarm', on: { OBSERVED: followTheFacts } },
    stuck: { tags: 'alarm', on: { OBSERVED: followTheFacts } },
  },
});

export type AlarmState = StateOf<typeof alarmMachine>;

export const alarmAlphabet: Alphabet<AlarmEvent> = {
  OBSERVED: { warm: yesOrNo, above: yesOrNo, stuck: yesOrNo },
};
