import type { PartitionStats, Thresholds } from '../spec/index.js';
import type { PartitionState, RegistryState, Sample } from './state.js';
import { tables } from './tables.js';

const { alarm: alarms, admission } = tables;

export const emptyPartition: PartitionState = { alarm: alarms.initial, writeCount: 0, window: [], inFlight: [] };

const sum = (window: readonly Sample[]): number => window.reduce((total, { latency }) => total + latency, 0);
const mean = (window: readonly Sample[]): number => (window.length === 0 ? 0 : sum(window) / window.length);

/** A write, called `latency` milliseconds ago, commits (STA-1, STA-2, CTN-9). */
export const commitIn = (partition: PartitionState, now: number, latency: number, { windowSize }: Thresholds): PartitionState => ({
  ...partition,
  writeCount: partition.writeCount + 1,
  window: [...partition.window, { latency, committedAt: now }].slice(-windowSize),
});

/** Lets samples leave the window (CTN-4) and asks the alarm what it makes of what is left. */
export const observe = (partition: PartitionState, now: number, thresholds: Thresholds): PartitionState => {
  const isIn = ({ committedAt }: Sample): boolean => now - committedAt < thresholds.windowMs;
  const window = partition.window.every(isIn) ? partition.window : partition.window.filter(isIn);
  const { state: alarm } = alarms.move(partition.alarm, {
    type: 'OBSERVED',
    warm: partition.writeCount >= thresholds.minWrites,
    above: mean(window) > thresholds.alarmAboveMs,
    stuck: partition.inFlight.some((calledAt) => now - calledAt > thresholds.stuckAfterMs),
  });
  return alarm === partition.alarm && window === partition.window ? partition : { ...partition, alarm, window };
};

export const isAlarmed = ({ alarm }: PartitionState): boolean => alarms.has(alarm, 'alarm');

/** The fact that admission control wants to know: whether more than the fraction `closeAbove` is alarmed. */
export const isMajority = (partitions: readonly PartitionState[], { closeAbove }: Thresholds): boolean =>
  partitions.filter(isAlarmed).length / partitions.length > closeAbove;

/** Brings alarms and admission up to the time and the writes of a state: nothing need be asked or written for it (CTN-5, ADM-4). */
export const settle = (state: RegistryState, thresholds: Thresholds): RegistryState => {
  const partitions = state.partitions.map((partition) => observe(partition, state.now, thresholds));
  const { state: admitting } = admission.move(state.admission, { type: 'ALARMS', majority: isMajority(partitions, thresholds) });
  return { ...state, partitions, admission: admitting };
};

/** What `getPartitionStats` tells of a partition (STA-1 to STA-3). */
export const statsOf = (partition: PartitionState, index: number): PartitionStats => {
  const samples = partition.window.map(({ latency }) => latency);
  const empty = samples.length === 0;
  return {
    partition: index,
    writeCount: partition.writeCount,
    sampleCount: samples.length,
    samples,
    min: empty ? 0 : Math.min(...samples),
    mean: mean(partition.window),
    max: empty ? 0 : Math.max(...samples),
    alarm: isAlarmed(partition),
  };
};
