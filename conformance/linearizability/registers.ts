import { check, type CheckResult } from './check.js';
import { isDefinite, type Entry, type History } from './history.js';
import type { Model } from './model.js';
import type { PartResult, Placed } from './search.js';

/** What an operation does to a register: it leaves a value there, or it finds one. Values are primitives. */
export interface Access<V> {
  readonly op: 'write' | 'read';
  readonly value: V;
}

/** How a history of registers is to be read. */
export interface RegisterView<I, O, V> {
  readonly initial: V;
  /** Undefined for an operation of another kind. A read that was lost has no value: it is not asked for. */
  access(invocation: I, response: O | undefined): Access<V> | undefined;
  /** Which register an operation is about; one and the same, unless given. */
  register?(invocation: I): unknown;
  /** Whether an operation that was lost was a read. */
  isRead(invocation: I): boolean;
}

/**
 * Judges a history of registers to each of which no value is written twice, nor the initial one; undefined if there is another
 * operation in it, or a value twice. In O(n log n), however many operations overlap (Gibbons and Korach, "Testing shared memories",
 * SIAM J. Comput. 26, 1997, theorem 4.2).
 *
 * A write and the reads of its value are a *cluster*; without anything between them they follow each other in any order that there
 * is. If one of them ends before another starts, the register must hold the value from the first end to the last start: that is its
 * *forward zone*. Otherwise there are times at which all of them are open, its *backward zone*, and a moment of them is enough. The
 * history is linearizable if and only if no read ends before its write starts, forward zones do not overlap, and no backward zone
 * is within a forward one. An indefinite write that nobody has seen may be left out; one that was seen ends after everything.
 *
 * The result is as that of {@link check}; the part that is violated holds only the few operations that contradict each other.
 */
export function checkRegisters<I, O, V>(view: RegisterView<I, O, V>, history: History<I, O>): CheckResult<V, I, O> | undefined {
  const registers = new Map<unknown, Clusters<I, O, V>>();
  for (const entry of history) {
    if (!(entry.start <= entry.end)) throw new RangeError(`entry ${entry.id}: its start, ${entry.start}, is not before its end, ${entry.end}`);
    const key = view.register?.(entry.invocation);
    let clusters = registers.get(key);
    if (clusters === undefined) registers.set(key, (clusters = new Clusters(view)));
    if (!clusters.add(entry)) return undefined;
  }
  const parts: PartResult<V, I, O>[] = [];
  for (const clusters of registers.values()) {
    const contradiction = clusters.contradiction();
    if (contradiction !== undefined) {
      const small = check(clusters.model, contradiction);
      return { ...small, parts: [...small.parts, ...parts], steps: history.length };
    }
    parts.push(clusters.explained());
  }
  return { verdict: 'linearizable', parts, steps: history.length };
}

/** A write, unless it is that of the initial value, and the reads of what it wrote. */
class Cluster<I, O, V> {
  write: Entry<I, O> | undefined = undefined;
  readonly reads: Entry<I, O>[] = [];
  /** The operation that ends first, and the one that starts last. */
  firstToEnd: Entry<I, O> | undefined = undefined;
  lastToStart: Entry<I, O> | undefined = undefined;

  constructor(readonly value: V, readonly isInitial: boolean) {}

  include(entry: Entry<I, O>): void {
    if (this.firstToEnd === undefined || entry.end < this.firstToEnd.end) this.firstToEnd = entry;
    if (this.lastToStart === undefined || entry.start > this.lastToStart.start) this.lastToStart = entry;
  }

  /** The initial value was there before everything. */
  get firstEnd(): number {
    return this.isInitial ? -Infinity : this.firstToEnd!.end;
  }

  get lastStart(): number {
    return this.lastToStart!.start;
  }

  /** Whether it must hold for a time, and not only at a moment. Where an end meets a start, the moment is enough. */
  get isForward(): boolean {
    return this.firstEnd < this.lastStart;
  }

  /** What tells its zone. */
  get witnesses(): Entry<I, O>[] {
    return [this.write, this.isInitial ? undefined : this.firstToEnd, this.lastToStart].filter((entry) => entry !== undefined);
  }
}

class Clusters<I, O, V> {
  readonly model: Model<V, I, O>;
  readonly #view: RegisterView<I, O, V>;
  readonly #history: Entry<I, O>[] = [];
  readonly #byValue = new Map<V, Cluster<I, O, V>>();

  constructor(view: RegisterView<I, O, V>) {
    this.#view = view;
    this.#cluster(view.initial);
    this.model = {
      initial: view.initial,
      isRead: (invocation) => view.isRead(invocation),
      step: (state, invocation, response) => {
        const { op, value } = view.access(invocation, response)!;
        return op === 'write' ? [value] : [state].includes(value) ? [state] : [];
      },
    };
  }

  /** False if it is of another kind, or if the value has been written already. */
  add(entry: Entry<I, O>): boolean {
    const { invocation, response } = entry;
    this.#history.push(entry);
    // Nothing is known of it, and it changes nothing.
    if (!isDefinite(entry) && this.#view.isRead(invocation)) return true;
    const access = this.#view.access(invocation, response);
    if (access === undefined) return false;
    const cluster = this.#cluster(access.value);
    if (access.op === 'write') {
      if (cluster.write !== undefined || cluster.isInitial) return false;
      cluster.write = entry;
    } else {
      cluster.reads.push(entry);
    }
    cluster.include(entry);
    return true;
  }

  /** A few operations that no order explains, if there are. */
  contradiction(): History<I, O> | undefined {
    const clusters = this.#clusters();
    for (const { write, isInitial, reads } of clusters) {
      if (isInitial) continue;
      const early = write === undefined ? reads[0] : reads.find(({ end }) => end < write.start);
      if (early !== undefined) return write === undefined ? [early] : [write, early];
    }
    const forward = this.#forward(clusters);
    for (const [i, cluster] of forward.entries()) {
      const before = forward[i - 1];
      if (before !== undefined && cluster.firstEnd < before.lastStart) return distinct([...before.witnesses, ...cluster.witnesses]);
    }
    for (const cluster of clusters) {
      const around = cluster.isForward ? undefined : this.#around(forward, cluster);
      if (around !== undefined && cluster.firstEnd < around.lastStart) return distinct([...around.witnesses, ...cluster.witnesses]);
    }
    return undefined;
  }

  /** An order of all of them, if there is no contradiction. */
  explained(): PartResult<V, I, O> {
    const clusters = this.#clusters();
    const forward = this.#forward(clusters);
    // A moment within a forward zone will not do: the end of that zone is one of its own as well.
    const moments = clusters.map((cluster) => ({ cluster, at: cluster.isForward ? cluster.firstEnd : (this.#around(forward, cluster)?.lastStart ?? cluster.lastStart) }));
    moments.sort((a, b) => (a.at === b.at ? Number(a.cluster.isForward) - Number(b.cluster.isForward) : a.at - b.at));
    const longest = moments.flatMap(({ cluster: { write, reads, value } }): Placed<V, I, O>[] =>
      [...(write === undefined ? [] : [write]), ...reads.sort((a, b) => a.start - b.start)].map((entry) => ({ entry, state: value })),
    );
    return { verdict: 'linearizable', history: this.#history, longest, unplaced: [], stuck: [] };
  }

  #cluster(value: V): Cluster<I, O, V> {
    let cluster = this.#byValue.get(value);
    if (cluster === undefined) this.#byValue.set(value, (cluster = new Cluster<I, O, V>(value, this.#byValue.size === 0)));
    return cluster;
  }

  /** Those that have to be somewhere. */
  #clusters(): Cluster<I, O, V>[] {
    return [...this.#byValue.values()].filter(({ write, reads }) => reads.length > 0 || (write !== undefined && isDefinite(write)));
  }

  #forward(clusters: readonly Cluster<I, O, V>[]): Cluster<I, O, V>[] {
    return clusters.filter(({ isForward }) => isForward).sort((a, b) => a.firstEnd - b.firstEnd);
  }

  /** The forward zone, if any, in which a backward zone begins. Of zones in their order, none of which overlap. O(log n). */
  #around(forward: readonly Cluster<I, O, V>[], { lastStart }: Cluster<I, O, V>): Cluster<I, O, V> | undefined {
    let [low, high] = [0, forward.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (forward[middle]!.firstEnd < lastStart) low = middle + 1;
      else high = middle;
    }
    const last = forward[low - 1];
    return last !== undefined && lastStart < last.lastStart ? last : undefined;
  }
}

const distinct = <T>(all: readonly T[]): T[] => [...new Set(all)];
