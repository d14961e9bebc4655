import type { Thresholds } from './interface.js';

/** The most code points an id may have (NAM-1). */
export const maxIdLength = 255;

/** Partitions: at least, at most, and by default (PRT-1). */
export const partitionLimits = { least: 1, most: 64, default: 16 } as const;

/** The thresholds a registry has unless it is told otherwise (CTN-1 to CTN-4, ADM-1). */
export const defaultThresholds: Thresholds = {
  windowSize: 10,
  windowMs: 1_000,
  minWrites: 10,
  alarmAboveMs: 100,
  stuckAfterMs: 500,
  closeAbove: 0.5,
};

/** An alarm is visible within this many milliseconds of becoming true (CTN-6). */
export const detectionMs = 100;
