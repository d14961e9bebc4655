import type { Registration } from '../../../../spec/index.js';
import { SlabRegistry } from './registry.js';
import type { Entry} from './structures.js';
import { GONE, SlidingWindow, SteppedIndex, Table, type Holdings, type Roll, type Summary } from './structures.js';

/*
 * Other structures for the same registry, correct ones. Some mistakes are only made with these.
 */

/** A few names of an endpoint in a list, many in a map by name, and back to a list when there are few again. */
export class SpillingHoldings implements Holdings {
  protected few: Entry[] = [];
  protected many: Map<string, Entry> | undefined = undefined;

  get size(): number {
    return this.many?.size ?? this.few.length;
  }

  add(entry: Entry): void {
    if (this.many === undefined) {
      if (this.few.length < 8) {
        this.few.push(entry);
        return;
      }
      this.many = new Map();
      for (const held of this.few) this.many.set(this.nameOf(held), held);
      this.few = [];
    }
    this.many.set(this.nameOf(entry), entry);
  }

  delete(entry: Entry): void {
    if (this.many === undefined) {
      const at = this.few.indexOf(entry);
      if (at === -1) return;
      this.few[at] = this.few.at(-1)!;
      this.few.pop();
      return;
    }
    this.many.delete(this.nameOf(entry));
    if (this.many.size > 4) return;
    this.few = [...this.many.values()];
    this.many = undefined;
  }

  entries(): Entry[] {
    return this.many === undefined ? [...this.few] : [...this.many.values()];
  }

  protected nameOf(entry: Entry): string {
    return `${entry.namespace}:${entry.registration.id}`;
  }
}

/**
 * Keeps the list itself, from when it is first asked for, rather than making it anew after each change. What is lent to a caller is frozen,
 * and copied by the next change.
 */
export class LentRoll implements Roll {
  protected readonly entries: Entry[] = [];
  protected view: Registration[] | undefined = undefined;
  protected lent = false;

  add(entry: Entry): void {
    entry.rollAt = this.entries.push(entry) - 1;
    this.own()?.push(entry.registration);
  }

  put(entry: Entry): void {
    this.entries[entry.rollAt] = entry;
    const view = this.own();
    if (view !== undefined) view[entry.rollAt] = entry.registration;
  }

  remove(entry: Entry): void {
    const moved = this.entries.pop()!;
    this.own()?.pop();
    if (moved !== entry) {
      moved.rollAt = entry.rollAt;
      this.put(moved);
    }
    entry.rollAt = -1;
  }

  snapshot(): readonly Registration[] {
    this.view ??= this.entries.map((entry) => entry.registration);
    this.lent = true;
    return Object.freeze(this.view);
  }

  /** The list, to be changed. */
  protected own(): Registration[] | undefined {
    if (this.lent) {
      this.view = this.view?.slice();
      this.lent = false;
    }
    return this.view;
  }
}

export interface Block {
  readonly entries: Entry[];
  memo: readonly Registration[] | undefined;
}

const BLOCK = 256;

/** In blocks, each of which remembers its part of the list: a change costs a block. */
export class BlockRoll implements Roll {
  protected readonly blocks: Block[] = [];

  add(entry: Entry): void {
    let last = this.blocks.at(-1);
    if (last === undefined || last.entries.length === BLOCK) {
      last = { entries: [], memo: undefined };
      this.blocks.push(last);
    }
    entry.rollAt = (this.blocks.length - 1) * BLOCK + last.entries.length;
    last.entries.push(entry);
    last.memo = undefined;
  }

  put(entry: Entry): void {
    const block = this.blocks[Math.floor(entry.rollAt / BLOCK)]!;
    block.entries[entry.rollAt % BLOCK] = entry;
    block.memo = undefined;
  }

  remove(entry: Entry): void {
    const last = this.blocks.at(-1)!;
    const moved = last.entries.pop()!;
    last.memo = undefined;
    if (moved !== entry) {
      moved.rollAt = entry.rollAt;
      this.put(moved);
    }
    if (last.entries.length === 0) this.blocks.pop();
    entry.rollAt = -1;
  }

  snapshot(): readonly Registration[] {
    return this.blocks.flatMap((block) => (block.memo ??= block.entries.map((entry) => entry.registration)));
  }
}

export interface Mark {
  readonly latency: number;
  readonly at: number;
  readonly seq: number;
}

/** Knows the least and the greatest sample without going through them: two monotonic queues. */
export class MonotonicWindow extends SlidingWindow {
  protected highs: Mark[] = [];
  protected lows: Mark[] = [];
  protected seq = 0;

  override add(latency: number, at: number): void {
    super.add(latency, at);
    const mark: Mark = { latency, at, seq: ++this.seq };
    this.rank(this.highs, mark, (older, newer) => newer - older);
    this.rank(this.lows, mark, (older, newer) => older - newer);
  }

  override summary(now: number): Summary {
    const samples = this.samples(now);
    for (const marks of [this.highs, this.lows]) while (marks.length > 0 && this.past(marks[0]!, now)) marks.shift();
    if (samples.length === 0) return { min: 0, mean: 0, max: 0 };
    let sum = 0;
    for (const sample of samples) sum += sample;
    return { min: this.lows[0]?.latency ?? 0, mean: sum / samples.length, max: this.highs[0]?.latency ?? 0 };
  }

  override clear(): void {
    super.clear();
    this.highs = [];
    this.lows = [];
  }

  /** Whatever is outdone by the new one, and would leave before it, will never be the first. */
  protected rank(marks: Mark[], mark: Mark, outdoes: (older: number, newer: number) => number): void {
    while (marks.length > 0 && outdoes(marks.at(-1)!.latency, mark.latency) >= 0) marks.pop();
    marks.push(mark);
  }

  private past(mark: Mark, now: number): boolean {
    return now - mark.at >= this.ms || mark.seq <= this.seq - this.size;
  }
}

/** Counts the keys of each length, and does not look for one of a length that is not there. */
export class LengthGuardedIndex extends SteppedIndex {
  protected lengths: Uint8Array | Uint32Array = this.createLengths();

  override find(key: string, hash: number): Entry | undefined {
    return this.lengths[key.length] === 0 ? undefined : super.find(key, hash);
  }

  override insert(entry: Entry): void {
    super.insert(entry);
    this.lengths[entry.key.length]!++;
  }

  override take(key: string, hash: number): Entry | undefined {
    const entry = super.take(key, hash);
    if (entry !== undefined) this.lengths[key.length]!--;
    return entry;
  }

  /** An id has at most 255 code points, and so 510 code units. */
  protected createLengths(): Uint8Array | Uint32Array {
    return new Uint32Array(511);
  }
}

/** Leaves its tombstones where they are. */
export class PlainTable extends Table {
  protected override erase(at: number): void {
    this.cells[at] = GONE;
    this.live--;
  }
}

export class PlainIndex extends SteppedIndex {
  protected override createTable(capacity: number): Table {
    return new PlainTable(capacity, this.slots);
  }
}

/** A transport is bound where it says it is and the server says so too. */
export class AgreedRegistry extends SlabRegistry {
  protected override serverOf(transport: Entry): Entry | undefined {
    const server = super.serverOf(transport);
    return server?.bag?.[transport.linkAt] === transport.handle ? server : undefined;
  }
}

/** Other structures wherever there are any. */
export class OtherRegistry extends SlabRegistry {
  protected override createIndex(): SteppedIndex {
    return new LengthGuardedIndex(this.slots);
  }

  protected override createRoll(): Roll {
    return new LentRoll();
  }

  protected override createWindow(): SlidingWindow {
    return new MonotonicWindow(this.thresholds.windowSize, this.thresholds.windowMs);
  }

  protected override createHoldings(): Holdings {
    return new SpillingHoldings();
  }
}

/** Yet others. */
export class BlockedRegistry extends AgreedRegistry {
  protected override createIndex(): SteppedIndex {
    return new PlainIndex(this.slots);
  }

  protected override createRoll(): Roll {
    return new BlockRoll();
  }
}

