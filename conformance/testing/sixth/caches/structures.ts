import type { Config, Endpoint, ErrorCode, Json, Namespace, Registration } from '../../../../spec/index.js';

/** A refusal, with one of the codes of the specification. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  constructor(
    readonly code: ErrorCode,
    message: string,
  ) {
    super(message);
  }
}

/** What went wrong within is the store's fault, as far as a caller is concerned. */
export const asRefusal = (error: unknown): Refusal => (error instanceof Refusal ? error : new Refusal('store_failed', String(error)));

// ---------------------------------------------------------------------------------------------------------------- ids

/** Whether the value is an id: 1 to 255 code points, no NUL, no lone surrogate. */
export function isId(value: unknown): value is string {
  if (typeof value !== 'string' || value.length === 0 || value.length > 510) return false;
  let points = 0;
  for (let i = 0; i < value.length; i++) {
    const unit = value.charCodeAt(i);
    if (unit === 0) return false;
    if ((unit & 0xf800) === 0xd800) {
      if (unit >= 0xdc00) return false;
      const low = value.charCodeAt(++i);
      if (!(low >= 0xdc00 && low <= 0xdfff)) return false;
    }
    points++;
  }
  return points <= 255;
}

/** The last steps of MurmurHash3: every bit in depends on every bit out. */
export function mix(hash: number): number {
  let h = hash;
  h ^= h >>> 16;
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/** A hash of all code units, a signed 32-bit integer. */
export function hashOf(key: string): number {
  let h = 0x811c9dc5 | 0;
  for (let i = 0; i < key.length; i++) h = Math.imul(h ^ key.charCodeAt(i), 0x01000193);
  return mix(h);
}

// ------------------------------------------------------------------------------------------------------------ entries

/** An incarnation of a name. */
export class Entry {
  /** Where it is in the slab, and which occupant of that slot it is; -1 before it is there. */
  handle = -1;
  /** Its place in the roll of its namespace. */
  rollAt = -1;
  /** Of a transport: the handle of the server it is bound to, or -1. May outlive that server. */
  linkTo = -1;
  /** Of a bound transport: its place in the bag of that server. */
  linkAt = -1;
  /** Of a server: the handles of the transports bound to it; made with the first. */
  bag: number[] | undefined = undefined;

  constructor(
    readonly namespace: Namespace,
    readonly key: string,
    readonly hash: number,
    readonly shard: number,
    readonly owner: Owner,
    public registration: Registration,
  ) {}
}

/** An endpoint that holds names: what is to go when it goes down. */
export class Owner {
  readonly onDown: () => void;

  constructor(
    readonly endpoint: Endpoint,
    readonly signal: AbortSignal,
    readonly holdings: Holdings,
    down: (owner: Owner) => void,
  ) {
    this.onDown = () => down(this);
  }
}

// --------------------------------------------------------------------------------------------------------------- slab

/** More slots than anybody needs; what is above is the generation. */
export const SLOTS = 2 ** 22;

export const slotOf = (handle: number): number => handle % SLOTS;

/** All entries, in slots that are used again; a handle is a slot and a generation, and so names one occupant for ever. */
export class Slots {
  protected readonly entries: (Entry | undefined)[] = [];
  protected readonly generations: number[] = [];
  protected readonly vacant: number[] = [];

  /** A free slot, which is not free any more. */
  take(): number {
    const slot = this.vacant.pop();
    if (slot !== undefined) return slot;
    if (this.entries.length === SLOTS) throw new Refusal('store_failed', 'The slab is full');
    this.generations.push(0);
    return this.entries.push(undefined) - 1;
  }

  put(slot: number, entry: Entry): void {
    this.entries[slot] = entry;
    entry.handle = this.generations[slot]! * SLOTS + slot;
  }

  /** Whoever is in the slot now. */
  at(slot: number): Entry | undefined {
    return this.entries[slot];
  }

  /** Whom the handle names, while it is there. */
  get(handle: number): Entry | undefined {
    const slot = handle % SLOTS;
    return this.generations[slot] === Math.floor(handle / SLOTS) ? this.entries[slot] : undefined;
  }

  release(slot: number): void {
    this.entries[slot] = undefined;
    this.generations[slot] = this.following(this.generations[slot]!);
    this.vacant.push(slot);
  }

  protected following(generation: number): number {
    return generation + 1;
  }
}

// -------------------------------------------------------------------------------------------------------------- index

/** From the keys of a partition and a namespace to slots. */
export interface NameIndex {
  find(key: string, hash: number): Entry | undefined;
  /** Who has the key, asked by whoever is about to take it. */
  taken(key: string, hash: number): Entry | undefined;
  /** Puts in an entry that has its slot, and whose key nobody has. */
  insert(entry: Entry): void;
  /** Takes the key out, and gives who had it. The entry must still be in its slot. */
  take(key: string, hash: number): Entry | undefined;
}

export const EMPTY = 0;
/** A tombstone. Any other cell is a slot, plus one. */
export const GONE = -1;

/** Open addressing, linear probing, tombstones. Keys are not in it, but in the entries in the slots. */
export class Table {
  readonly cells: Int32Array;
  /** Cells that hold a slot. */
  live = 0;
  /** Cells that are not empty: tombstones too. */
  used = 0;
  protected readonly mask: number;

  constructor(
    readonly capacity: number,
    protected readonly slots: Slots,
  ) {
    this.cells = new Int32Array(capacity);
    this.mask = capacity - 1;
  }

  /** Whether it is time for another table. As long as it is heeded, a cell is empty and every probe ends. */
  crowded(): boolean {
    return this.used * 4 >= this.capacity * 3;
  }

  find(key: string, hash: number): Entry | undefined {
    const i = this.probe(key, hash);
    return i < 0 ? undefined : this.slots.at(this.cells[i]! - 1);
  }

  taken(key: string, hash: number): Entry | undefined {
    const { cells, mask } = this;
    for (let i = this.home(hash), n = 0; n <= mask; i = (i + 1) & mask, n++) {
      const cell = cells[i]!;
      if (cell === EMPTY) return undefined;
      if (cell !== GONE && this.holds(cell - 1, key, hash)) return this.slots.at(cell - 1);
    }
    return undefined;
  }

  insert(slot: number, hash: number): void {
    const { cells, mask } = this;
    let i = this.home(hash);
    while (cells[i]! > 0) i = (i + 1) & mask;
    if (cells[i] === EMPTY) this.used++;
    cells[i] = slot + 1;
    this.live++;
  }

  take(key: string, hash: number): Entry | undefined {
    const i = this.probe(key, hash);
    if (i < 0) return undefined;
    const entry = this.slots.at(this.cells[i]! - 1);
    this.erase(i);
    return entry;
  }

  /** Adds slots that are in it, until there are so many. */
  collect(into: number[], atMost: number): void {
    for (const cell of this.cells) {
      if (into.length >= atMost) return;
      if (cell > 0) into.push(cell - 1);
    }
  }

  protected erase(at: number): void {
    const { cells, mask } = this;
    cells[at] = GONE;
    this.live--;
    // Nobody probes past a tombstone that is followed by nothing.
    if (cells[(at + 1) & mask] !== EMPTY) return;
    for (let i = at; cells[i] === GONE; i = (i - 1) & mask) {
      cells[i] = EMPTY;
      this.used--;
    }
  }

  protected home(hash: number): number {
    const x = Math.imul(hash, 0x9e3779b1);
    return (x ^ (x >>> 15)) & this.mask;
  }

  protected holds(slot: number, key: string, hash: number): boolean {
    const entry = this.slots.at(slot);
    return entry !== undefined && entry.hash === hash && entry.key === key;
  }

  protected probe(key: string, hash: number): number {
    const { cells, mask } = this;
    for (let i = this.home(hash), n = 0; n <= mask; i = (i + 1) & mask, n++) {
      const cell = cells[i]!;
      if (cell === EMPTY) return -1;
      if (cell !== GONE && this.holds(cell - 1, key, hash)) return i;
    }
    throw new Error('A table has no empty cell');
  }
}

/** As many names as a list is quicker for. */
export const FEW = 8;
/** As few as a table is given up for. */
export const FOLD = 4;
const FIRST_CAPACITY = 32;
/** Cells moved to the next table with every change. */
const STEP = 8;

/** A list while there are few; then a table, which moves to another step by step when it gets crowded. */
export class SteppedIndex implements NameIndex {
  protected few: number[] | undefined = [];
  protected table: Table | undefined = undefined;
  protected next: Table | undefined = undefined;
  protected cursor = 0;
  /** How many are in the tables. */
  protected count = 0;

  constructor(protected readonly slots: Slots) {}

  find(key: string, hash: number): Entry | undefined {
    if (this.few !== undefined) return this.among(this.few, key, hash);
    return this.table!.find(key, hash) ?? this.next?.find(key, hash);
  }

  taken(key: string, hash: number): Entry | undefined {
    if (this.few !== undefined) return this.among(this.few, key, hash);
    return this.table!.taken(key, hash) ?? this.next?.taken(key, hash);
  }

  insert(entry: Entry): void {
    if (this.few !== undefined) {
      if (this.few.length < FEW) {
        this.few.push(slotOf(entry.handle));
        return;
      }
      this.unfold(this.few);
    }
    if (this.next === undefined && this.table!.crowded()) this.begin(this.table!);
    (this.next ?? this.table!).insert(slotOf(entry.handle), entry.hash);
    this.count++;
    this.step();
  }

  take(key: string, hash: number): Entry | undefined {
    if (this.few !== undefined) return this.takeFrom(this.few, key, hash);
    const entry = this.table!.take(key, hash) ?? this.next?.take(key, hash);
    if (entry === undefined) return undefined;
    this.count--;
    if (this.count <= FOLD) this.fold();
    else this.step();
    return entry;
  }

  protected createTable(capacity: number): Table {
    return new Table(capacity, this.slots);
  }

  protected among(few: readonly number[], key: string, hash: number): Entry | undefined {
    for (const slot of few) {
      const entry = this.slots.at(slot);
      if (entry !== undefined && entry.hash === hash && entry.key === key) return entry;
    }
    return undefined;
  }

  protected takeFrom(few: number[], key: string, hash: number): Entry | undefined {
    const entry = this.among(few, key, hash);
    if (entry === undefined) return undefined;
    few[few.indexOf(slotOf(entry.handle))] = few.at(-1)!;
    few.pop();
    return entry;
  }

  protected unfold(few: readonly number[]): void {
    const table = this.createTable(FIRST_CAPACITY);
    for (const slot of few) {
      const entry = this.slots.at(slot);
      if (entry !== undefined) table.insert(slot, entry.hash);
    }
    this.few = undefined;
    this.table = table;
    this.count = few.length;
  }

  /** Back to a list: of all there are, so that looking on is of no use once there are so many. */
  protected fold(): void {
    const few: number[] = [];
    this.table?.collect(few, this.count);
    this.next?.collect(few, this.count);
    this.few = few;
    this.table = this.next = undefined;
    this.cursor = this.count = 0;
  }

  /** What is put in while cells are being moved leaves room enough: an eighth of the old capacity at most. */
  protected begin(table: Table): void {
    const { capacity, live } = table;
    let wanted = capacity;
    if (live * 8 > capacity * 3) wanted = capacity * 2;
    else if (live * 8 < capacity && capacity > FIRST_CAPACITY) wanted = capacity / 2;
    this.next = this.createTable(wanted);
    this.cursor = 0;
  }

  protected step(): void {
    const { table, next } = this;
    if (table === undefined || next === undefined) return;
    const end = Math.min(this.cursor + STEP, table.capacity);
    for (; this.cursor < end; this.cursor++) {
      const cell = table.cells[this.cursor]!;
      if (cell <= 0) continue;
      const entry = this.slots.at(cell - 1);
      if (entry !== undefined) next.insert(cell - 1, entry.hash);
      table.cells[this.cursor] = GONE;
      table.live--;
    }
    if (this.cursor < table.capacity) return;
    this.table = next;
    this.next = undefined;
    this.cursor = 0;
  }
}

// ----------------------------------------------------------------------------------------------------------- holdings

/** The names of one endpoint. */
export interface Holdings {
  readonly size: number;
  add(entry: Entry): void;
  /** Called when the entry has left its slot. */
  delete(entry: Entry): void;
  /** All of them, to be gone through while they go. */
  entries(): Entry[];
}

/** A log of handles. What ends stays in it, since its handle names nobody any more, until the log is mostly that. */
export class LoggedHoldings implements Holdings {
  size = 0;
  protected log: number[] = [];

  constructor(protected readonly slots: Slots) {}

  add(entry: Entry): void {
    this.log.push(entry.handle);
    this.size++;
  }

  delete(_entry: Entry): void {
    this.size--;
    if (this.size === 0) this.log = [];
    else if (this.log.length > 2 * this.size + 16) this.log = this.compacted();
  }

  entries(): Entry[] {
    const entries: Entry[] = [];
    for (const handle of this.log) {
      const entry = this.slots.get(handle);
      if (entry !== undefined) entries.push(entry);
    }
    return entries;
  }

  protected compacted(): number[] {
    return this.log.filter((handle) => this.slots.get(handle) !== undefined);
  }
}

// --------------------------------------------------------------------------------------------------------------- roll

/** All names of a namespace, to be listed. */
export interface Roll {
  add(entry: Entry): void;
  /** The entry, or another in its place, shows something else from now on. */
  put(entry: Entry): void;
  remove(entry: Entry): void;
  snapshot(): readonly Registration[];
}

/** Dense; the last takes the place of whoever leaves. The list is made when asked for, and kept until something changes. */
export class MemoRoll implements Roll {
  protected readonly entries: Entry[] = [];
  protected memo: readonly Registration[] | undefined = undefined;

  add(entry: Entry): void {
    entry.rollAt = this.entries.push(entry) - 1;
    this.memo = undefined;
  }

  put(entry: Entry): void {
    this.entries[entry.rollAt] = entry;
    this.memo = undefined;
  }

  remove(entry: Entry): void {
    const moved = this.entries.pop()!;
    if (moved !== entry) {
      moved.rollAt = entry.rollAt;
      this.entries[moved.rollAt] = moved;
    }
    entry.rollAt = -1;
    this.memo = undefined;
  }

  snapshot(): readonly Registration[] {
    this.memo ??= Object.freeze(this.entries.map((entry) => entry.registration));
    return this.memo;
  }
}

// ------------------------------------------------------------------------------------------------------------- window

export interface Summary {
  readonly min: number;
  readonly mean: number;
  readonly max: number;
}

/** The last latencies that are not too old. */
export class SlidingWindow {
  protected latencies: number[] = [];
  protected stamps: number[] = [];
  protected start = 0;

  constructor(
    protected readonly size: number,
    protected readonly ms: number,
  ) {}

  add(latency: number, at: number): void {
    this.latencies.push(latency);
    this.stamps.push(at);
    if (this.stamps.length - this.start > this.size) this.start++;
    if (this.start > 32 && this.start * 2 > this.stamps.length) {
      this.latencies = this.latencies.slice(this.start);
      this.stamps = this.stamps.slice(this.start);
      this.start = 0;
    }
  }

  /** A fresh array, oldest first. */
  samples(now: number): number[] {
    while (this.start < this.stamps.length && now - this.stamps[this.start]! >= this.ms) this.start++;
    return this.latencies.slice(this.start);
  }

  summary(now: number): Summary {
    const samples = this.samples(now);
    if (samples.length === 0) return { min: 0, mean: 0, max: 0 };
    let sum = 0;
    let min = Infinity;
    let max = -Infinity;
    for (const sample of samples) {
      sum += sample;
      if (sample < min) min = sample;
      if (sample > max) max = sample;
    }
    return { min, mean: sum / samples.length, max };
  }

  clear(): void {
    this.latencies = [];
    this.stamps = [];
    this.start = 0;
  }
}

// --------------------------------------------------------------------------------------------------------------- lane

/** What a write does in the lane: look whether it may, and do it. It looks when its turn comes, and again when it is committed. */
export interface Plan {
  check(): void;
  apply(): void;
}

export interface Write {
  readonly calledAt: number;
  readonly plan: Plan;
  resolve(): void;
  reject(error: unknown): void;
}

/** First in, first out. */
export class Lane {
  private items: Write[] = [];
  private head = 0;

  get length(): number {
    return this.items.length - this.head;
  }

  first(): Write | undefined {
    return this.items[this.head];
  }

  push(write: Write): void {
    this.items.push(write);
  }

  shift(): void {
    this.head++;
    if (this.head >= this.items.length) {
      this.items = [];
      this.head = 0;
    } else if (this.head > 256 && this.head * 2 > this.items.length) {
      this.items = this.items.slice(this.head);
      this.head = 0;
    }
  }

  drain(): Write[] {
    const rest = this.items.slice(this.head);
    this.items = [];
    this.head = 0;
    return rest;
  }
}

// ------------------------------------------------------------------------------------------------------------ configs

export const EMPTY_CONFIG: Config = Object.freeze({});

const invalid = (what: string): Refusal => new Refusal('invalid_argument', what);

interface Frame {
  readonly source: object;
  readonly target: Json[] | Record<string, Json>;
  readonly keys: readonly string[];
  at: number;
}

function frameOf(source: object): Frame {
  const keys = Object.keys(source);
  if (Object.getOwnPropertySymbols(source).length > 0) throw invalid('A configuration has no symbols');
  if (Array.isArray(source)) {
    if (keys.length !== source.length) throw invalid('An array of a configuration has all its elements, and nothing else');
    return { source, target: [], keys, at: 0 };
  }
  const prototype: unknown = Object.getPrototypeOf(source);
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) throw invalid('A configuration has no instances of classes');
  return { source, target: {}, keys, at: 0 };
}

function scalar(value: unknown): Json {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw invalid('A configuration is JSON data');
}

function set(target: Frame['target'], key: string, value: Json): void {
  if (key === '__proto__') Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
  else (target as Record<string, Json>)[key] = value;
}

/** A frozen copy of JSON data, as deep as it may be. */
export function copyConfig(config: unknown): Config {
  if (typeof config !== 'object' || config === null || Array.isArray(config)) throw invalid('A configuration is an object');
  const root = frameOf(config);
  if (root.keys.length === 0) return EMPTY_CONFIG;
  const done = new Map<object, Json>();
  const open = new Set<object>([config]);
  const stack = [root];
  for (let frame = stack.at(-1); frame !== undefined; frame = stack.at(-1)) {
    if (frame.at === frame.keys.length) {
      Object.freeze(frame.target);
      open.delete(frame.source);
      done.set(frame.source, frame.target);
      stack.pop();
      continue;
    }
    const key = frame.keys[frame.at++]!;
    const value = (frame.source as Record<string, unknown>)[key];
    if (typeof value !== 'object' || value === null) {
      set(frame.target, key, scalar(value));
      continue;
    }
    let copy = done.get(value);
    if (copy === undefined) {
      if (open.has(value)) throw invalid('A configuration does not hold itself');
      const child = frameOf(value);
      open.add(value);
      stack.push(child);
      copy = child.target;
    }
    set(frame.target, key, copy);
  }
  return root.target as Config;
}
