/** The last latencies of a partition, in milliseconds, oldest first (STA-2, CTN-4). Bounded by `size`. */
export class Window {
  /** Writes since the last reset (STA-1). */
  writeCount = 0;
  readonly #latencies: number[] = [];
  readonly #times: number[] = [];
  /** Where the next sample goes, once the ring is full. */
  #next = 0;

  constructor(
    readonly size: number,
    readonly spanMs: number,
  ) {}

  /** Counts a write, committed at `now` after `latency` milliseconds. O(1). */
  record(latency: number, now: number): void {
    this.writeCount++;
    this.#latencies[this.#next] = latency;
    this.#times[this.#next] = now;
    this.#next = this.#next + 1 === this.size ? 0 : this.#next + 1;
  }

  reset(): void {
    this.writeCount = this.#next = this.#latencies.length = this.#times.length = 0;
  }

  /** The samples that are younger than the span, oldest first. O(size). */
  samples(now: number): number[] {
    const { length } = this.#times;
    const samples: number[] = [];
    for (let i = 0; i < length; i++) {
      // Until the ring is full, `#next` is its length: the oldest is at 0.
      const at = (this.#next + i) % length;
      if (now - this.#times[at]! < this.spanMs) samples.push(this.#latencies[at]!);
    }
    return samples;
  }
}
