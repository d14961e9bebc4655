import { firstIndex, type Span } from './moments.js';

/** For how long something was so: at the longest, if it is said of what is possible, at the least, of what is certain. */
export interface Period {
  readonly from: number;
  readonly to: number;
}

/** Periods of one kind, of which those are asked for that meet a span. */
export class Periods<P extends Period> {
  readonly #periods: P[] = [];
  /** For each, the last moment of it and all before it; undefined as long as they are not sorted. */
  #latest: number[] | undefined;

  add(period: P): void {
    this.#periods.push(period);
    this.#latest = undefined;
  }

  /**
   * Whether one will do of those that have begun at `end` and were not over at `start`. Whoever began last is asked first, since it
   * mostly is the one.
   */
  some({ start, end }: Span, will: (period: P) => boolean): boolean {
    const latest = (this.#latest ??= this.#sort());
    const first = firstIndex(latest, (last) => last >= start);
    for (let i = firstIndex(this.#periods, ({ from }) => from > end) - 1; i >= first; i--) {
      const period = this.#periods[i]!;
      if (period.to >= start && will(period)) return true;
    }
    return false;
  }

  #sort(): number[] {
    let last = -Infinity;
    return this.#periods.sort((a, b) => a.from - b.from).map(({ to }) => (last = Math.max(last, to)));
  }
}

/**
 * Each call, with the periods that began before it and were not over when it ended. What touches does not count: of two things that
 * happen at one time either may have come first. Takes as long as there are periods that hold when a call is made.
 */
export function* throughout<C extends Span, P extends Period>(calls: readonly C[], periods: readonly P[]): Generator<readonly [C, P[]]> {
  const waiting = [...periods].sort((a, b) => a.from - b.from);
  let next = 0;
  const holding = new Set<P>();
  for (const call of [...calls].sort((a, b) => a.start - b.start)) {
    while (next < waiting.length && waiting[next]!.from < call.start) holding.add(waiting[next++]!);
    for (const period of holding) if (period.to <= call.start) holding.delete(period);
    yield [call, [...holding].filter(({ to }) => to > call.end)];
  }
}
