import type { AdmissionMode, Clock, ContentionStatus, PartitionStats, Thresholds } from '../spec/interface.js';
import type { Lane } from './lane.js';
import type { Window } from './window.js';

/** What contention is judged by. */
export interface Gauge {
  readonly window: Window;
  readonly lane: Pick<Lane, 'idle' | 'oldestCall'>;
}

/**
 * Alarms and admission, worked out whenever somebody looks: exact at every moment, and nothing runs while nobody does
 * (CTN-5, CTN-6, CTN-8, ADM-4).
 *
 * Every registration looks. Only a *suspect* can be alarmed: a partition whose lane was held beyond a call, or that has
 * a sample above the limit in its window, without which no mean is above it. As long as there are too few suspects to
 * close admission, a look costs one comparison.
 */
export class Contention {
  mode: AdmissionMode;
  readonly #suspects = new Set<number>();

  constructor(
    readonly thresholds: Thresholds,
    readonly clock: Clock,
    readonly gauges: readonly Gauge[],
    mode: AdmissionMode,
  ) {
    this.mode = mode;
  }

  /** Notes that a partition may be, or come to be, alarmed. O(1). */
  suspect(partition: number): void {
    this.#suspects.add(partition);
  }

  /** Counts a committed write. O(1). */
  record(partition: number, latency: number, now: number): void {
    this.gauges[partition]!.window.record(latency, now);
    if (latency > this.thresholds.alarmAboveMs) this.suspect(partition);
  }

  /** Whether a registration is admitted now (ADM-1, ADM-2, ADM-5, ADM-6). O(1), with contention O(partitions · window). */
  admits(): boolean {
    if (this.mode !== 'auto') return this.mode === 'open';
    const limit = this.thresholds.closeAbove * this.gauges.length;
    if (this.#suspects.size <= limit) return true;
    const now = this.clock.now();
    let alarmed = 0;
    for (const partition of this.#suspects) {
      if (this.stats(partition, now).alarm) alarmed++;
      else this.#acquit(partition, now);
    }
    return alarmed <= limit;
  }

  /** STA-1 to STA-4, CTN-1 to CTN-4. O(window). */
  stats(partition: number, now: number = this.clock.now()): PartitionStats {
    const { window, lane } = this.gauges[partition]!;
    const { minWrites, alarmAboveMs, stuckAfterMs } = this.thresholds;
    const samples = window.samples(now);
    const { min, mean, max } = summary(samples);
    const { oldestCall } = lane;
    const contended = window.writeCount >= minWrites && mean > alarmAboveMs;
    const stuck = now - (oldestCall ?? now) > stuckAfterMs;
    return { partition, writeCount: window.writeCount, sampleCount: samples.length, samples, min, mean, max, alarm: contended || stuck };
  }

  /** CTN-10. O(partitions · window). */
  status(): ContentionStatus {
    const now = this.clock.now();
    const alarmed = this.gauges.map((_, partition) => partition).filter((partition) => this.stats(partition, now).alarm);
    return { partitions: this.gauges.length, alarmed, admission: this.admits() ? 'open' : 'closed', mode: this.mode };
  }

  /** STA-5. */
  reset(): void {
    for (const { window } of this.gauges) window.reset();
  }

  #acquit(partition: number, now: number): void {
    const { window, lane } = this.gauges[partition]!;
    if (lane.idle && !window.samples(now).some((sample) => sample > this.thresholds.alarmAboveMs)) this.#suspects.delete(partition);
  }
}

function summary(samples: readonly number[]): { min: number; mean: number; max: number } {
  if (samples.length === 0) return { min: 0, mean: 0, max: 0 };
  let min = Infinity;
  let max = -Infinity;
  let sum = 0;
  for (const sample of samples) {
    min = Math.min(min, sample);
    max = Math.max(max, sample);
    sum += sample;
  }
  // Rounding must not put the mean outside of what it is the mean of.
  return { min, mean: Math.min(max, Math.max(min, sum / samples.length)), max };
}
