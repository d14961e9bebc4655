import type { Thresholds } from '../../spec/index.js';
import { commitIn, emptyPartition, isAlarmed, observe } from '../contention.js';
import type { PartitionState } from '../state.js';

/** What can happen to a partition, as far as contention asks. */
export const contentionEvents = ['commitFast', 'commitSlow', 'tick', 'stall', 'unstall', 'reset'] as const;
export type ContentionEvent = (typeof contentionEvents)[number];

/**
 * Thresholds in ticks. A tick is longer than what an alarm waits for, so a write is either fast (no tick) or slow (one): any slow
 * sample in a window raises the mean above the limit, whatever its latency is, and a write that is in flight for a tick is stuck.
 */
export const tickThresholds = ({ windowTicks = 1, windowSize = 2, minWrites = 2 }: WindowSize = {}): Thresholds => ({
  windowSize,
  windowMs: windowTicks,
  minWrites,
  alarmAboveMs: 0.9 / windowSize,
  stuckAfterMs: 0.5,
  closeAbove: 0.5,
});

/** How far windows are shortened, to keep the number of states down. */
export interface WindowSize {
  /** For how many ticks a sample stays. */
  readonly windowTicks?: number;
  /** How many samples there are at most. */
  readonly windowSize?: number;
  /** From how many writes on the mean counts. */
  readonly minWrites?: number;
}

/** All that a partition can be like, numbered; 0 is an empty one. */
export interface PartitionTable {
  readonly states: readonly PartitionState[];
  /** `next[state * contentionEvents.length + event]`. */
  readonly next: Uint8Array;
  readonly alarmed: Uint8Array;
  /** Whether a write is in flight. */
  readonly busy: Uint8Array;
}

/** What a mistaken design makes of contention. */
export interface ContentionMistakes {
  /** An alarm that has gone on stays on. */
  readonly latched?: boolean;
}

/** Explores one partition by itself, with the model's own functions, into a table. */
export function compilePartition(thresholds: Thresholds, { latched = false }: ContentionMistakes = {}): PartitionTable {
  const states: PartitionState[] = [];
  const numbers = new Map<string, number>();
  const number = (state: PartitionState): number => {
    const key = JSON.stringify(state);
    const known = numbers.get(key);
    if (known !== undefined) return known;
    if (states.length === 256) throw new RangeError('a partition has more than 256 states: take a smaller window');
    numbers.set(key, states.length);
    return states.push(state) - 1;
  };

  const step = (before: PartitionState, event: ContentionEvent): PartitionState => {
    const now = event === 'tick' || event === 'commitSlow' ? 1 : 0;
    const look = (partition: PartitionState): PartitionState => {
      const after = observe(partition, now, thresholds);
      return normal(latched && isAlarmed(before) ? { ...after, alarm: before.alarm } : after, now, thresholds);
    };
    switch (event) {
      case 'commitFast': return look(commitIn(before, now, 0, thresholds));
      case 'commitSlow': return look(commitIn(before, now, 1, thresholds));
      case 'tick': return look(before);
      case 'stall': return look({ ...before, inFlight: [now] });
      case 'unstall': return look(before.inFlight.reduce<PartitionState>((after, calledAt) => commitIn(after, now, now - calledAt, thresholds), { ...before, inFlight: [] }));
      case 'reset': return look({ ...before, writeCount: 0, window: [] });
    }
  };

  number(emptyPartition);
  const next: number[] = [];
  // The list grows while it is walked.
  for (const state of states) for (const event of contentionEvents) next.push(number(step(state, event)));
  return {
    states,
    next: Uint8Array.from(next),
    alarmed: Uint8Array.from(states, (state) => (isAlarmed(state) ? 1 : 0)),
    busy: Uint8Array.from(states, ({ inFlight }) => (inFlight.length > 0 ? 1 : 0)),
  };
}

/** A state as it is seen from its own moment, without what makes no difference any more. */
export function normal({ alarm, writeCount, window, inFlight }: PartitionState, now: number, { minWrites, windowMs, stuckAfterMs }: Thresholds, tick = 1): PartitionState {
  const age = (at: number): number => (now - at) / tick;
  // Older than this, a write in flight is only stuck.
  const oldest = stuckAfterMs === Infinity ? 1 : Math.floor(stuckAfterMs / tick) + 1;
  return {
    alarm,
    writeCount: Math.min(writeCount, minWrites),
    window: window.map(({ latency, committedAt }) => ({ latency: latency > 0 ? 1 : 0, committedAt: windowMs === Infinity ? 0 : 0 - age(committedAt) })),
    inFlight: inFlight.map((calledAt) => 0 - Math.min(age(calledAt), oldest)),
  };
}
