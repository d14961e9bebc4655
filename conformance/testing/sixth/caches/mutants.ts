import type { OpenOptions } from '../../../contract.js';
import type { Mutant } from '../../mutant.js';
import type { Config, Endpoint, Json, Namespace, PartitionStats, Registration, RequirementId } from '../../../../spec/index.js';
import { adapterOf, SlabRegistry, type Applicant, type Place, type Shard } from './registry.js';
import type {
  SlidingWindow} from './structures.js';
import {
  Entry,
  FOLD,
  hashOf,
  LoggedHoldings,
  mix,
  slotOf,
  Slots,
  SteppedIndex,
  Table,
  type Holdings,
  type NameIndex,
  type Owner,
  type Plan,
  type Roll,
  type Write,
} from './structures.js';
import { AgreedRegistry, BlockRoll, LengthGuardedIndex, LentRoll, MonotonicWindow, PlainTable, SpillingHoldings, type Mark } from './variants.js';

const all: Mutant[] = [];

function broken(id: string, breaks: readonly [RequirementId, ...RequirementId[]], how: string, Kind: new (options: OpenOptions) => SlabRegistry): void {
  all.push({ id: `caches-${id}`, breaks, how, adapter: adapterOf(`caches: ${id}`, Kind) });
}

// ---------------------------------------------------------------------------------------------------------------- NAM

/** Long ids are compared by their bytes, in a buffer that is used again. */
class BytesRegistry extends SlabRegistry {
  private readonly encoder = new TextEncoder();
  // An id has at most 255 characters, and one takes up at most three bytes. (It has 255 code points, and one takes up to four.)
  private readonly buffer = new Uint8Array(255 * 3);

  protected override keyOf(id: string): string {
    if (id.length <= 64) return id;
    const { written } = this.encoder.encodeInto(id, this.buffer);
    return String.fromCharCode(...this.buffer.subarray(0, written));
  }
}

broken(
  'nam-utf8-buffer',
  ['NAM-3'],
  'Long ids are keyed by their UTF-8 bytes, encoded into a buffer of three bytes per character, as the manual of encodeInto advises; the limit of 255 is of code points though, outside the basic plane these take four, and encodeInto cuts off without a word, so two ids that differ only after 191 such code points are one.',
  BytesRegistry,
);

/** Named by the id alone once there are many. */
class IdHoldings extends SpillingHoldings {
  protected override nameOf(entry: Entry): string {
    return entry.registration.id;
  }
}

class IdHoldingsRegistry extends SlabRegistry {
  protected override createHoldings(): Holdings {
    return new IdHoldings();
  }
}

broken(
  'nam-spilled-namespace',
  ['DWN-1', 'NAM-4'],
  'The names of an endpoint are entries in a list, and from the ninth on in a map; its key is the id, without the namespace, so of an endpoint with many names that is both a server and a transport under one id, one is forgotten and stays when the endpoint goes down.',
  IdHoldingsRegistry,
);

// ---------------------------------------------------------------------------------------------------------------- CFG

/** Configurations that look alike are kept once. */
class InterningRegistry extends SlabRegistry {
  private readonly pool = new Map<string, Config>();

  protected override copyForRegistration(config: unknown): Config {
    const copy = super.copyForRegistration(config);
    // Whatever the order of the keys.
    const key = JSON.stringify(copy, Object.keys(copy).sort());
    const known = this.pool.get(key);
    if (known !== undefined) return known;
    this.pool.set(key, copy);
    if (this.pool.size > 256) this.pool.delete(this.pool.keys().next().value!);
    return copy;
  }
}

broken(
  'cfg-interned-by-top-keys',
  ['CFG-1'],
  'Equal configurations are interned to save memory; the key is made by JSON.stringify with the sorted keys as its second argument, meant to order them, which also leaves out every nested key that is not one of the top level: the second of two configurations that differ only further down becomes the first.',
  InterningRegistry,
);

/** A configuration that is passed again is not copied again. */
class TemplateRegistry extends SlabRegistry {
  private readonly copies = new WeakMap<object, Config>();

  protected override copyForRegistration(config: unknown): Config {
    const known = typeof config === 'object' && config !== null ? this.copies.get(config) : undefined;
    if (known !== undefined) return known;
    const copy = super.copyForRegistration(config);
    this.copies.set(config as object, copy);
    return copy;
  }
}

broken(
  'cfg-copied-once',
  ['CFG-1'],
  'Since most registrations come with one of a few configuration objects, the copy of each is remembered in a WeakMap; an object that its owner has changed between two registrations is registered as it was at the first.',
  TemplateRegistry,
);

// ---------------------------------------------------------------------------------------------------------------- REG

class FirstVacancyTable extends Table {
  override taken(key: string, hash: number): Entry | undefined {
    const { cells, mask } = this;
    for (let i = this.home(hash), n = 0; n <= mask; i = (i + 1) & mask, n++) {
      const cell = cells[i]!;
      if (cell <= 0) return undefined; // This is where it would go.
      if (this.holds(cell - 1, key, hash)) return this.slots.at(cell - 1);
    }
    return undefined;
  }
}

class FirstVacancyIndex extends SteppedIndex {
  protected override createTable(capacity: number): Table {
    return new FirstVacancyTable(capacity, this.slots);
  }
}

class FirstVacancyRegistry extends SlabRegistry {
  protected override createIndex(): NameIndex {
    return new FirstVacancyIndex(this.slots);
  }
}

broken(
  'reg-first-tombstone',
  ['REG-2'],
  'Whether a name is taken is asked by probing up to the cell where it would go, and that may be a tombstone: a name that stands behind the tombstone of another is registered a second time. Only in a partition with more than eight names, where there is a table.',
  FirstVacancyRegistry,
);

/** The slot is set aside when the commit begins, and given back if the endpoint goes down meanwhile. */
class ReservingRegistry extends SlabRegistry {
  private readonly reserved = new Map<Applicant, { readonly slot: number; readonly giveBack: () => void }>();

  protected override planRegistration(applicant: Applicant): Plan {
    const plan = super.planRegistration(applicant);
    return {
      check: () => {
        const reservation = this.reserved.get(applicant);
        try {
          plan.check();
        } catch (error) {
          if (reservation !== undefined) {
            this.reserved.delete(applicant);
            this.slots.release(reservation.slot);
          }
          throw error;
        }
        if (reservation === undefined) this.reserve(applicant);
      },
      apply: () => {
        const { slot, giveBack } = this.reserved.get(applicant)!;
        this.reserved.delete(applicant);
        applicant.signal.removeEventListener('abort', giveBack);
        this.spare = slot;
        plan.apply();
      },
    };
  }

  private spare: number | undefined = undefined;

  protected override admit(applicant: Applicant): Entry {
    // The slot that was set aside is the next to be taken.
    if (this.spare !== undefined) (this.slots as ReservableSlots).hold(this.spare);
    this.spare = undefined;
    return super.admit(applicant);
  }

  protected override createSlots(): Slots {
    return new ReservableSlots();
  }

  private reserve(applicant: Applicant): void {
    const { slots } = this;
    const slot = slots.take();
    const giveBack = (): void => slots.release(slot);
    this.reserved.set(applicant, { slot, giveBack });
    applicant.signal.addEventListener('abort', giveBack, { once: true });
  }
}

class ReservableSlots extends Slots {
  /** Makes a slot that was taken the next one. */
  hold(slot: number): void {
    this.vacant.push(slot);
  }
}

broken(
  'reg-slot-freed-twice',
  ['CLS-3', 'REG-4', 'REG-1'],
  'A registration sets its slot aside when its commit begins; if the endpoint goes down meanwhile the slot is given back by the listener, and a second time by the path of the refusal: the free list holds it twice, and of the next two registrations the second takes the place of the first.',
  ReservingRegistry,
);

// ---------------------------------------------------------------------------------------------------------------- UNR

class MiscountingIndex extends SteppedIndex {
  override take(key: string, hash: number): Entry | undefined {
    if (this.few !== undefined) return this.takeFrom(this.few, key, hash);
    const entry = this.table!.take(key, hash) ?? this.next?.take(key, hash);
    if (--this.count <= FOLD) this.fold();
    else this.step();
    return entry;
  }
}

class MiscountingRegistry extends SlabRegistry {
  protected override createIndex(): NameIndex {
    return new MiscountingIndex(this.slots);
  }
}

broken(
  'unr-absent-counted',
  ['UNR-1'],
  'An index counts down with every name that is unregistered, also with one that was not there, as happens when clients unregister twice; once it believes that it holds four it turns from a table into a list of four, and the names it holds besides are lost. Only in a partition with more than eight names.',
  MiscountingRegistry,
);

/** Remembers where the names are that were looked up last, so that unregistering them needs no probing. */
class RememberingRegistry extends SlabRegistry {
  private readonly recent = new Map<string, number>();

  protected override lookUp(namespace: Namespace, id: unknown): Entry | undefined {
    const entry = super.lookUp(namespace, id);
    if (entry !== undefined) {
      this.recent.set(`${namespace}:${entry.key}`, entry.handle);
      if (this.recent.size > 512) this.recent.delete(this.recent.keys().next().value!);
    }
    return entry;
  }

  protected override admit(applicant: Applicant): Entry {
    this.recent.delete(`${applicant.namespace}:${applicant.place.key}`);
    return super.admit(applicant);
  }

  protected override planUnregistration(namespace: Namespace, place: Place): Plan {
    const plan = super.planUnregistration(namespace, place);
    return {
      check: plan.check,
      apply: () => {
        const name = `${namespace}:${place.key}`;
        const handle = this.recent.get(name);
        if (handle === undefined) {
          plan.apply();
          return;
        }
        this.recent.delete(name);
        const entry = this.slots.get(handle);
        if (entry === undefined) throw new Error('Stale handle');
        this.retire(entry);
      },
    };
  }
}

broken(
  'unr-stale-handle',
  ['UNR-2', 'DWN-3'],
  'The handles of the last names looked up are remembered, and unregistering goes by them; registering and unregistering drop them, and an endpoint going down does not, so that a name that was looked up and then went down with its endpoint cannot be unregistered: the assertion on stale handles fails.',
  RememberingRegistry,
);

// ---------------------------------------------------------------------------------------------------------------- UPD

const isObject = (value: Json | undefined): value is readonly Json[] | { readonly [key: string]: Json } => typeof value === 'object' && value !== null;

/** The new value, made of as much of the old one as is equal. */
function share(before: Json | undefined, after: Json): Json {
  if (!isObject(before) || !isObject(after)) return after;
  const old = before as { readonly [key: string]: Json };
  const now = after as { readonly [key: string]: Json };
  const keys = Object.keys(now);
  const shared = keys.map((key) => share(Object.hasOwn(old, key) ? old[key] : undefined, now[key]!));
  if (keys.length === Object.keys(old).length && keys.every((key, i) => Object.hasOwn(old, key) && Object.is(old[key], shared[i]))) return before;
  if (Array.isArray(after)) return Object.freeze(shared);
  const copy = {};
  keys.forEach((key, i) => Object.defineProperty(copy, key, { value: shared[i], enumerable: true }));
  return Object.freeze(copy);
}

class SharingRegistry extends SlabRegistry {
  protected override amend(entry: Entry, config: Config): void {
    let shared = config;
    try {
      shared = share(entry.registration.config, config) as Config;
    } catch {
      // Too deep to be worth it.
    }
    // Nothing has changed: whoever compares by identity need not look.
    if (shared !== entry.registration.config) super.amend(entry, shared);
  }
}

broken(
  'upd-empty-shapes',
  ['UPD-1'],
  'An update shares with the old configuration what is equal to it, and equal are values with the same keys and equal values under them; an array and an object are not told apart, so that [] is never replaced by {}, as it has to be when a client in another language has mended its encoder.',
  SharingRegistry,
);

/** An update puts another entry in the place of the old one. */
class CopyingRegistry extends AgreedRegistry {
  protected override amend(entry: Entry, config: Config): void {
    const copy = new Entry(entry.namespace, entry.key, entry.hash, entry.shard, entry.owner, Object.freeze({ ...entry.registration, config }));
    copy.rollAt = entry.rollAt;
    copy.bag = entry.bag;
    this.slots.put(slotOf(entry.handle), copy);
    this.rolls[entry.namespace].put(copy);
  }

  protected override planBinding(transport: Place, server: Place): Plan {
    let to: Entry | undefined;
    const plan = super.planBinding(transport, server);
    return {
      check: () => {
        plan.check();
        // The incarnation that is meant.
        to ??= this.entryAt('server', server);
      },
      apply: () => {
        // As long as that is still there.
        if (to === undefined || this.slots.get(to.handle) === undefined) return plan.apply();
        this.bind(this.entryAt('transport', transport)!, to);
      },
    };
  }
}

broken(
  'bnd-updated-meanwhile',
  ['CON-1', 'BND-1'],
  'Entries are copied on write, and share the bag of bound transports, which is made with the first binding; a bind looks its server up when its commit begins, and at the end asks only whether that incarnation is still there. The first binding of a server that is updated meanwhile ends up in the bag of the entry that has been replaced.',
  CopyingRegistry,
);

// ---------------------------------------------------------------------------------------------------------------- LKP

class ByteLengthsIndex extends LengthGuardedIndex {
  protected override createLengths(): Uint8Array {
    return new Uint8Array(511);
  }
}

class ByteLengthsRegistry extends SlabRegistry {
  protected override createIndex(): NameIndex {
    return new ByteLengthsIndex(this.slots);
  }
}

broken(
  'lkp-length-counts',
  ['NAM-3', 'LKP-1'],
  'An index counts the ids of each length, so as not to look for one of a length that is not there; the counts are bytes, so that with 256 ids of a length in a partition there seem to be none, until the next comes or one goes.',
  ByteLengthsRegistry,
);

class LiveTable extends PlainTable {
  override crowded(): boolean {
    return this.live * 4 >= this.capacity * 3;
  }
}

class LiveIndex extends SteppedIndex {
  protected override createTable(capacity: number): Table {
    return new LiveTable(capacity, this.slots);
  }
}

class LiveRegistry extends SlabRegistry {
  protected override createIndex(): NameIndex {
    return new LiveIndex(this.slots);
  }
}

broken(
  'lkp-tombstones',
  ['ERR-1', 'LKP-2', 'UNR-2'],
  'Whether a table is crowded is judged by the names in it, without the tombstones; after enough names have come and gone no cell is empty, and looking for a name that is not there goes round and ends in the assertion that there is one.',
  LiveRegistry,
);

// ---------------------------------------------------------------------------------------------------------------- LST

class OnceLentRoll extends LentRoll {
  override snapshot(): readonly Registration[] {
    if (this.view === undefined) {
      this.view = this.entries.map((entry) => entry.registration);
      this.lent = true;
      Object.freeze(this.view);
    }
    return this.view;
  }
}

class OnceLentRegistry extends SlabRegistry {
  protected override createRoll(): Roll {
    return new OnceLentRoll();
  }
}

broken(
  'lst-lent-once',
  ['LST-2'],
  'The list is built when it is first asked for and then kept up to date, copied on write if it has been lent; that it is lent is noted where it is built, so that the second list handed out is the one that the registry goes on changing.',
  OnceLentRegistry,
);

class ShorterBlockRoll extends BlockRoll {
  override remove(entry: Entry): void {
    const last = this.blocks.at(-1)!;
    const moved = last.entries.pop()!;
    if (moved === entry) last.memo = undefined;
    else {
      moved.rollAt = entry.rollAt;
      this.put(moved);
    }
    if (last.entries.length === 0) this.blocks.pop();
    entry.rollAt = -1;
  }
}

class ShorterBlockRegistry extends SlabRegistry {
  protected override createRoll(): Roll {
    return new ShorterBlockRoll();
  }
}

broken(
  'lst-block-memo',
  ['LST-1'],
  'A list is kept in blocks of 256, each of which remembers its part of it; when a name goes the last one takes its place, and the block where that lands is told, the one that it came from is not: after a list of more than 256 names, one that was in the last block is listed twice.',
  ShorterBlockRegistry,
);

// ---------------------------------------------------------------------------------------------------------------- BND

/** Knows all bindings by one key each: what is bound already need not be bound. */
class EdgeRegistry extends SlabRegistry {
  private readonly edges = new Set<string>();

  protected override bind(transport: Entry, server: Entry): void {
    if (!this.edges.has(this.edge(server, transport))) super.bind(transport, server);
  }

  protected override link(transport: Entry, server: Entry): void {
    super.link(transport, server);
    this.edges.add(this.edge(server, transport));
  }

  protected override unlink(transport: Entry): void {
    const server = this.slots.get(transport.linkTo);
    if (server !== undefined) this.edges.delete(this.edge(server, transport));
    super.unlink(transport);
  }

  protected override release(entry: Entry): void {
    for (const handle of entry.bag ?? []) {
      const transport = this.slots.get(handle);
      if (transport !== undefined) this.edges.delete(this.edge(entry, transport));
    }
    super.release(entry);
  }

  private edge(server: Entry, transport: Entry): string {
    return `${server.registration.id}/${transport.registration.id}`;
  }
}

broken(
  'bnd-joined-key',
  ['BND-1'],
  'Bindings are in a set of "server/transport", so that binding what is bound costs nothing; ids may hold a slash, so that once "web/1" is bound to "eu", binding "1" to "eu/web" is answered as done already.',
  EdgeRegistry,
);

/** The server of a transport is looked up together with everything else, before the write is put in its lane. */
class PrefetchingRegistry extends SlabRegistry {
  protected override resolver(server: Place): () => Entry | undefined {
    const handle = this.entryAt('server', server)?.handle;
    // It may have ended by the time the transport is registered.
    return () => (handle === undefined ? undefined : this.slots.get(handle));
  }
}

broken(
  'bnd-prefetched-server',
  ['DLK-2', 'BND-8'],
  'The server of a transport that is registered with a serverId is looked up when the call comes in and kept as a handle, so as not to be bound to another incarnation; that it may have been registered by the time the transport is, was forgotten: the transport, which waited in its lane, comes up unbound beside its server.',
  PrefetchingRegistry,
);

// ---------------------------------------------------------------------------------------------------------------- INC

class ReencodingHoldings extends LoggedHoldings {
  protected override compacted(): number[] {
    const log: number[] = [];
    for (const handle of this.log) {
      const entry = this.slots.at(slotOf(handle));
      if (entry !== undefined) log.push(entry.handle);
    }
    return log;
  }
}

class ReencodingRegistry extends SlabRegistry {
  protected override createHoldings(): Holdings {
    return new ReencodingHoldings(this.slots);
  }
}

broken(
  'inc-compacted-log',
  ['INC-1', 'DWN-4'],
  'The log of the names of an endpoint is compacted when most of it is stale, by keeping what is in its slots now: a slot that has been used again is taken for the name that was there before, and when the endpoint goes down it takes the name along that another endpoint has registered since. Only for an endpoint through which names have come and gone.',
  ReencodingRegistry,
);

class ByteGenerationSlots extends Slots {
  protected override following(generation: number): number {
    return (generation + 1) & 0xff;
  }
}

class ByteGenerationRegistry extends SlabRegistry {
  protected override createSlots(): Slots {
    return new ByteGenerationSlots();
  }
}

broken(
  'inc-generation-wraps',
  ['INC-2', 'INC-1'],
  'A handle is a slot and a generation of eight bits; nobody keeps a handle for long, it was thought, but the link of a transport to a server that has ended stays until somebody looks: a server that has crashed and come back 256 times has the bindings of 256 incarnations ago.',
  ByteGenerationRegistry,
);

// ---------------------------------------------------------------------------------------------------------------- DWN

/** Handles while there are few; handles with what they stood for when there are many. */
class VouchedHoldings implements Holdings {
  private few: number[] = [];
  private many: Map<number, Registration> | undefined = undefined;

  constructor(private readonly slots: Slots) {}

  get size(): number {
    return this.many?.size ?? this.few.length;
  }

  add(entry: Entry): void {
    if (this.many === undefined) {
      if (this.few.length < 16) {
        this.few.push(entry.handle);
        return;
      }
      this.many = new Map();
      for (const handle of this.few) this.many.set(handle, this.slots.get(handle)!.registration);
      this.few = [];
    }
    this.many.set(entry.handle, entry.registration);
  }

  delete(entry: Entry): void {
    if (this.many === undefined) this.few = this.few.filter((handle) => handle !== entry.handle);
    else this.many.delete(entry.handle);
  }

  entries(): Entry[] {
    const entries: Entry[] = [];
    if (this.many === undefined) {
      for (const handle of this.few) entries.push(this.slots.get(handle)!);
      return entries;
    }
    for (const [handle, registration] of this.many) {
      const entry = this.slots.get(handle);
      // Not what has been registered in its place.
      if (entry !== undefined && entry.registration === registration) entries.push(entry);
    }
    return entries;
  }
}

class VouchedRegistry extends SlabRegistry {
  protected override createHoldings(): Holdings {
    return new VouchedHoldings(this.slots);
  }
}

broken(
  'dwn-updated-among-many',
  ['DWN-1'],
  'Once an endpoint holds more than sixteen names they are kept with their registrations, and when it goes down each is compared, so as not to touch what another has registered since; an update puts another registration in place, and so a server updated since then is taken for one of these, and stays.',
  VouchedRegistry,
);

/** Remembers the server of each transport, for as long as no server has ended in the partition of that server. */
class MemoRegistry extends SlabRegistry {
  private readonly endings = new Array<number>(this.shards.length).fill(0);
  private readonly memo = new Map<number, { readonly id: string; readonly shard: number; readonly endings: number }>();
  private bulk = false;

  protected override serverIdOf(transport: Entry): string | undefined {
    const known = this.memo.get(transport.handle);
    if (known !== undefined && known.endings === this.endings[known.shard]) return known.id;
    const server = this.serverOf(transport);
    if (server === undefined) {
      this.memo.delete(transport.handle);
      return undefined;
    }
    const { id } = server.registration;
    this.memo.set(transport.handle, { id, shard: server.shard, endings: this.endings[server.shard]! });
    return id;
  }

  protected override link(transport: Entry, server: Entry): void {
    this.memo.delete(transport.handle);
    super.link(transport, server);
  }

  protected override unlink(transport: Entry): void {
    this.memo.delete(transport.handle);
    super.unlink(transport);
  }

  protected override release(entry: Entry): void {
    this.memo.delete(entry.handle);
    super.release(entry);
    if (entry.namespace === 'server' && !this.bulk) this.endings[entry.shard]!++;
  }

  protected override down(owner: Owner): void {
    const server = owner.holdings.entries().find(({ namespace }) => namespace === 'server');
    this.bulk = true;
    try {
      super.down(owner);
    } finally {
      this.bulk = false;
    }
    // Once is enough, however many have ended.
    if (server !== undefined) this.endings[server.shard]!++;
  }
}

broken(
  'dwn-memo-of-first',
  ['DWN-2'],
  'The server of a transport is remembered together with how many servers had ended in the partition of that server; when an endpoint goes down this is counted up once, for the first of its servers, and the bindings to its servers in other partitions live on for whoever has looked at them before.',
  MemoRegistry,
);

// ---------------------------------------------------------------------------------------------------------------- EPT

/** Owners are found by what they are told by. */
class SignalRegistry extends SlabRegistry {
  protected override ownerKey(_endpoint: Endpoint, signal: AbortSignal): object {
    return signal;
  }
}

broken(
  'ept-interned-by-signal',
  ['LKP-1', 'REG-1'],
  'What is kept of an endpoint, itself among it, is found by its signal, since that is what there is one listener on; endpoints that live and die together share a signal, and the names of the second are given to the first.',
  SignalRegistry,
);

const ORDINALS = 1024;

/** The names of all endpoints in one map: a small set for each would cost more. */
class PackedHoldings implements Holdings {
  size = 0;
  private ordinal = 0;
  private readonly keys = new Map<Entry, number>();

  constructor(
    private readonly shared: Map<number, Entry>,
    private readonly base: number,
  ) {}

  add(entry: Entry): void {
    const key = this.base + this.ordinal++;
    this.shared.set(key, entry);
    this.keys.set(entry, key);
    this.size++;
  }

  delete(entry: Entry): void {
    this.shared.delete(this.keys.get(entry)!);
    this.keys.delete(entry);
    this.size--;
  }

  entries(): Entry[] {
    const entries: Entry[] = [];
    for (let ordinal = 0; ordinal < this.ordinal; ordinal++) {
      const entry = this.shared.get(this.base + ordinal);
      if (entry !== undefined) entries.push(entry);
    }
    return entries;
  }
}

class PackedRegistry extends SlabRegistry {
  private readonly held = new Map<number, Entry>();
  private known = 0;

  protected override createHoldings(): Holdings {
    return new PackedHoldings(this.held, this.known++ * ORDINALS);
  }
}

broken(
  'ept-packed-keys',
  ['DWN-1', 'DWN-4'],
  'The names of all endpoints are in one map under the number of the endpoint times 1024 plus how many it had registered before; an endpoint that has registered more than 1024 in its life, if not at once, runs into the keys of the next one, which takes these names along when it goes down and leaves its own.',
  PackedRegistry,
);

// ---------------------------------------------------------------------------------------------------------------- PRT

/** Of two partitions the one with fewer names: what there is of an id stays where it is. */
class TwoChoiceRegistry extends SlabRegistry {
  private readonly placed = new Map<string, { readonly shard: number; uses: number }>();
  private readonly load = new Array<number>(this.shards.length).fill(0);

  protected override shardOf(key: string, hash: number): number {
    const known = this.placed.get(key);
    if (known !== undefined) return known.shard;
    const first = super.shardOf(key, hash);
    const second = super.shardOf(key, mix(hash ^ 0x5bd1e995));
    return this.load[first]! > this.load[second]! + 8 ? second : first;
  }

  protected override submit(place: Place, plan: Plan): Promise<void> {
    this.pin(place.key, place.shard);
    const unpin = (): void => this.unpin(place.key);
    try {
      const done = super.submit(place, plan);
      done.then(unpin, unpin);
      return done;
    } catch (error) {
      unpin();
      throw error;
    }
  }

  protected override admit(applicant: Applicant): Entry {
    const entry = super.admit(applicant);
    this.pin(entry.key, entry.shard);
    this.load[entry.shard]!++;
    return entry;
  }

  protected override release(entry: Entry): void {
    super.release(entry);
    this.unpin(entry.key);
    this.load[entry.shard]!--;
  }

  private pin(key: string, shard: number): void {
    const known = this.placed.get(key);
    if (known === undefined) this.placed.set(key, { shard, uses: 1 });
    else known.uses++;
  }

  private unpin(key: string): void {
    const known = this.placed.get(key);
    if (known !== undefined && --known.uses === 0) this.placed.delete(key);
  }
}

broken(
  'prt-two-choices',
  ['PRT-2'],
  'An id goes into the first of two partitions, or the second if the first has over eight names more, and where it is is remembered while it is registered; one that is given up and comes back later may come back to the other one.',
  TwoChoiceRegistry,
);

class StridingRegistry extends SlabRegistry {
  protected override hash(key: string): number {
    if (key.length <= 64) return hashOf(key);
    // As Lua does it: of a long string 32 to 64 characters will do.
    const stride = (key.length >>> 6) + 1;
    let h = key.length;
    for (let i = key.length - 1; i >= 0; i -= stride) h = Math.imul(h ^ key.charCodeAt(i), 0x01000193);
    return mix(h);
  }
}

broken(
  'prt-long-ids-sampled',
  ['PRT-3'],
  'To bound the cost of hashing, only every second character counts of an id of over 64, every third of one of over 128, and so on, from the end; long ids with a running number at the end, as URLs have it, share their hashes by tens and are not spread as uniformly as they should be.',
  StridingRegistry,
);

// ---------------------------------------------------------------------------------------------------------------- STA

class DistinctWindow extends MonotonicWindow {
  protected override rank(marks: Mark[], mark: Mark, outdoes: (older: number, newer: number) => number): void {
    while (marks.length > 0 && outdoes(marks.at(-1)!.latency, mark.latency) > 0) marks.pop();
    if (marks.at(-1)?.latency !== mark.latency) marks.push(mark);
  }
}

class DistinctRegistry extends SlabRegistry {
  protected override createWindow(): SlidingWindow {
    return new DistinctWindow(this.thresholds.windowSize, this.thresholds.windowMs);
  }
}

broken(
  'sta-equal-samples',
  ['STA-3'],
  'Minimum and maximum come from monotonic queues, in which a sample equal to the last is left out, as it would change nothing; but it would stay longer: when the first of equal samples leaves the window, the others do not count for minimum and maximum any more.',
  DistinctRegistry,
);

/** What was told of one partition is told again while nothing has been written in it. */
class MemoStatsRegistry extends SlabRegistry {
  private readonly told = new Map<number, PartitionStats>();

  protected override describeOne(shard: Shard): PartitionStats {
    let stats = this.told.get(shard.index);
    if (stats === undefined) {
      stats = this.describe(shard);
      this.told.set(shard.index, stats);
    }
    return { ...stats, samples: [...stats.samples] };
  }

  protected override record(shard: Shard, write: Write): void {
    super.record(shard, write);
    this.told.delete(shard.index);
  }

  override resetStats(): void {
    super.resetStats();
    this.told.clear();
  }
}

broken(
  'sta-single-remembered',
  ['STA-4'],
  'The statistics of a single partition, which dashboards ask for all the time, are remembered until something is written there or they are reset; samples leave the window without that, so that the single entry still has them, and the alarm, when the whole list does not.',
  MemoStatsRegistry,
);

export const mutants: readonly Mutant[] = all;

