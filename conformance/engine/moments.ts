/** From when to when a call lasted; somewhere in it lies the moment at which it took effect. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

interface Earliest extends Span {
  readonly label: string | undefined;
  readonly others: number;
}

/** What calls of one kind did, of each of which only the span is known in which it happened. Asked in logarithmic time. */
export class Moments {
  readonly #spans: { readonly span: Span; readonly label: string | undefined }[] = [];
  /** By end: the least start from here on, whose label that is, and the least of all other labels. */
  #earliest: Earliest[] | undefined;
  /** By start: the least end from here on. */
  #settled: Span[] | undefined;

  /** To be called before anything is asked. A span without an end: at any moment after its start, or never. */
  add(span: Span, label?: string): void {
    this.#spans.push({ span, label });
  }

  /** By when one of them has certainly happened that certainly came after a time; `Infinity` if there is none. */
  doneAfter(time: number): number {
    this.#settled ??= suffixes(this.#spans.map(({ span }) => span).sort((a, b) => a.start - b.start), (span, after?: Span): Span => ({ start: span.start, end: Math.min(span.end, after?.end ?? Infinity) }));
    return this.#settled[firstIndex(this.#settled, ({ start }) => start > time)]?.end ?? Infinity;
  }

  /** From when one of them can have happened that can have come after a time; those with the label `except` do not count. */
  possibleAfter(time: number, except?: string): number {
    this.#earliest ??= suffixes([...this.#spans].sort((a, b) => a.span.end - b.span.end), ({ span: { start, end }, label }, after?: Earliest): Earliest => {
      if (after === undefined) return { end, start, label, others: Infinity };
      if (label === after.label) return { end, start: Math.min(start, after.start), label, others: after.others };
      return start < after.start ? { end, start, label, others: after.start } : { end, start: after.start, label: after.label, others: Math.min(start, after.others) };
    });
    const first = this.#earliest[firstIndex(this.#earliest, ({ end }) => end >= time)];
    if (first === undefined) return Infinity;
    return except !== undefined && first.label === except ? first.others : first.start;
  }
}

/** Folds a list from its end, and keeps what came of it at each place. */
function suffixes<T, A>(items: readonly T[], fold: (item: T, after: A | undefined) => A): A[] {
  const folded: A[] = [];
  for (const item of items.toReversed()) folded.push(fold(item, folded.at(-1)));
  return folded.reverse();
}

/** The first place from which on something holds, by halving. */
export function firstIndex<T>(items: readonly T[], holds: (item: T) => boolean): number {
  let [low, high] = [0, items.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(items[middle]!)) high = middle;
    else low = middle + 1;
  }
  return low;
}
