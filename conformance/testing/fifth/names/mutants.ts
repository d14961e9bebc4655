import type { Config, Endpoint, Json, Namespace, Registration, RequirementId } from '../../../../spec/index.js';
import type { Mutant } from '../../mutant.js';
import { adapterOf, copyJson, NameRegistry, Refused, type Entry } from './registry.js';

const put = (target: object, key: string, value: unknown): void =>
  void Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true });
const mark = (namespace: Namespace, id: string): string => `${namespace}:${id}`;

// ------------------------------------------------------------------------------------------------------------------------- names

class CountedSurrogates extends NameRegistry {
  override checkId(id: unknown): asserts id is string {
    if (typeof id !== 'string' || id === '' || id.includes('\0')) throw new Refused('invalid_argument', 'id');
    let high = 0;
    let low = 0;
    for (let i = 0; i < id.length; i++) {
      const unit = id.charCodeAt(i) & 0xfc00;
      if (unit === 0xd800) high++;
      else if (unit === 0xdc00) low++;
    }
    // Each high one has its low one; a pair is one code point.
    if (high !== low || id.length - low > 255) throw new Refused('invalid_argument', 'id');
  }
}

class CountedGraphemes extends NameRegistry {
  static readonly #segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
  override checkId(id: unknown): asserts id is string {
    if (typeof id !== 'string' || id === '' || id.includes('\0') || /\p{Surrogate}/u.test(id)) throw new Refused('invalid_argument', 'id');
    if (id.length <= 255) return;
    let characters = 0;
    for (const _ of CountedGraphemes.#segmenter.segment(id)) if (++characters > 255) throw new Refused('invalid_argument', 'id');
  }
}

class PrefixKey extends NameRegistry {
  protected override key(id: string): string {
    return id.length > 191 ? id.slice(0, 191) : id;
  }
}

class DecodedKey extends NameRegistry {
  readonly #encoder = new TextEncoder();
  readonly #decoder = new TextDecoder();
  protected override key(id: string): string {
    // Off the wire, ids are slices of large strings: a copy lets go of those.
    return this.#decoder.decode(this.#encoder.encode(id));
  }
}

class ConfigOverlay extends NameRegistry {
  /** What has been updated since it was registered. */
  readonly #updated = new Map<string, { readonly config: Config; readonly serial: number }>();
  override update(id: string, given: Config): void {
    super.update(id, given);
    const entry = this.get('server', id)!;
    this.#updated.set(id, { config: entry.config, serial: entry.serial });
  }
  protected override end(entry: Entry): void {
    if (this.#updated.get(entry.id)?.serial === entry.serial) this.#updated.delete(entry.id);
    super.end(entry);
  }
  protected override begin(namespace: Namespace, id: string, endpoint: Endpoint, config: Config): Entry {
    if (namespace === 'server') this.#updated.delete(id);
    return super.begin(namespace, id, endpoint, config);
  }
  protected override show(entry: Entry): Registration {
    return { id: entry.id, endpoint: entry.endpoint, config: this.copyOut(this.#updated.get(entry.id)?.config ?? entry.config) };
  }
}

// ------------------------------------------------------------------------------------------------------------------ who goes down

class HeldIds extends NameRegistry {
  readonly #held = new Map<AbortSignal, { readonly ids: Set<string>; readonly listener: () => void }>();
  protected override hold(entry: Entry): void {
    const { signal } = entry;
    let held = this.#held.get(signal);
    if (held === undefined) {
      held = { ids: new Set(), listener: () => this.down(signal) };
      this.#held.set(signal, held);
      signal.addEventListener('abort', held.listener);
    }
    held.ids.add(entry.id);
  }
  protected override release(entry: Entry): void {
    const held = this.#held.get(entry.signal);
    if (held === undefined) return;
    held.ids.delete(entry.id);
    if (held.ids.size > 0) return;
    this.#held.delete(entry.signal);
    entry.signal.removeEventListener('abort', held.listener);
  }
  protected override down(signal: AbortSignal): void {
    for (const id of [...(this.#held.get(signal)?.ids ?? [])]) {
      for (const namespace of ['server', 'transport'] as const) {
        const entry = this.get(namespace, id);
        if (entry?.signal === signal) this.end(entry);
      }
    }
  }
}

class SlotMask extends NameRegistry {
  readonly #slots = new Map<AbortSignal, { alive: number; next: number; readonly bySlot: Map<number, Entry>; readonly slotOf: Map<Entry, number>; readonly listener: () => void }>();
  protected override hold(entry: Entry): void {
    const { signal } = entry;
    let slots = this.#slots.get(signal);
    if (slots === undefined) {
      slots = { alive: 0, next: 0, bySlot: new Map(), slotOf: new Map(), listener: () => this.down(signal) };
      this.#slots.set(signal, slots);
      signal.addEventListener('abort', slots.listener);
    }
    const slot = slots.next++;
    slots.alive |= 1 << slot;
    slots.bySlot.set(slot, entry);
    slots.slotOf.set(entry, slot);
  }
  protected override release(entry: Entry): void {
    const slots = this.#slots.get(entry.signal);
    const slot = slots?.slotOf.get(entry);
    if (slots === undefined || slot === undefined) return;
    slots.slotOf.delete(entry);
    slots.bySlot.delete(slot);
    slots.alive &= ~(1 << slot);
    if (slots.bySlot.size > 0) return;
    this.#slots.delete(entry.signal);
    entry.signal.removeEventListener('abort', slots.listener);
  }
  protected override down(signal: AbortSignal): void {
    const slots = this.#slots.get(signal);
    if (slots === undefined) return;
    const { alive } = slots;
    for (const [slot, entry] of [...slots.bySlot]) if ((alive & (1 << slot)) !== 0) this.end(entry);
  }
}

class SignalOwner extends NameRegistry {
  readonly #owners = new Map<AbortSignal, Endpoint>();
  protected override hold(entry: Entry): void {
    if (this.#owners.get(entry.signal) !== entry.endpoint) {
      // Another endpoint: what the record says is of somebody who is gone.
      const stale = this.holdings.get(entry.signal);
      if (stale !== undefined) entry.signal.removeEventListener('abort', stale.listener);
      this.holdings.delete(entry.signal);
      this.#owners.set(entry.signal, entry.endpoint);
    }
    super.hold(entry);
  }
  protected override release(entry: Entry): void {
    super.release(entry);
    if (!this.holdings.has(entry.signal)) this.#owners.delete(entry.signal);
  }
}

class KnownAlive extends NameRegistry {
  readonly #alive = new WeakSet<Endpoint>();
  protected override isDown(endpoint: Endpoint): boolean {
    if (this.#alive.has(endpoint)) return false;
    return super.isDown(endpoint);
  }
  protected override hold(entry: Entry): void {
    this.#alive.add(entry.endpoint);
    super.hold(entry);
  }
  protected override down(signal: AbortSignal): void {
    for (const entry of this.holdings.get(signal)?.entries ?? []) this.#alive.delete(entry.endpoint);
    super.down(signal);
  }
}

class ClaimFirst extends NameRegistry {
  readonly #claims = new Map<AbortSignal, Map<string, readonly [Namespace, string]>>();
  override register(namespace: Namespace, id: string, endpoint: Endpoint, given?: Config): void {
    const claims = this.holdings.has(endpoint?.signal) ? this.#claims.get(endpoint.signal) : undefined;
    // Known before it is tried, so that a "down" in between is not lost.
    if (claims !== undefined && typeof id === 'string') claims.set(mark(namespace, id), [namespace, id]);
    super.register(namespace, id, endpoint, given);
  }
  protected override hold(entry: Entry): void {
    super.hold(entry);
    const claims = this.#claims.get(entry.signal) ?? new Map<string, readonly [Namespace, string]>();
    this.#claims.set(entry.signal, claims.set(mark(entry.namespace, entry.id), [entry.namespace, entry.id]));
  }
  protected override release(entry: Entry): void {
    super.release(entry);
    this.#claims.get(entry.signal)?.delete(mark(entry.namespace, entry.id));
    if (!this.holdings.has(entry.signal)) this.#claims.delete(entry.signal);
  }
  protected override down(signal: AbortSignal): void {
    for (const [namespace, id] of [...(this.#claims.get(signal)?.values() ?? [])]) {
      const entry = this.get(namespace, id);
      if (entry !== undefined) this.end(entry);
    }
  }
}

class ShortSerial extends NameRegistry {
  readonly #ledger = new Map<AbortSignal, Map<string, { readonly namespace: Namespace; readonly id: string; readonly incarnation: number }>>();
  protected override hold(entry: Entry): void {
    super.hold(entry);
    const lines = this.#ledger.get(entry.signal) ?? new Map();
    // Two bits are enough to tell an incarnation from the one before.
    this.#ledger.set(entry.signal, lines.set(mark(entry.namespace, entry.id), { namespace: entry.namespace, id: entry.id, incarnation: entry.serial & 3 }));
  }
  protected override release(entry: Entry): void {
    super.release(entry);
    if (!this.holdings.has(entry.signal)) this.#ledger.delete(entry.signal);
  }
  protected override down(signal: AbortSignal): void {
    for (const { namespace, id, incarnation } of [...(this.#ledger.get(signal)?.values() ?? [])]) {
      const entry = this.get(namespace, id);
      if (entry !== undefined && (entry.serial & 3) === incarnation) this.end(entry);
    }
  }
}

class DeferredDown extends NameRegistry {
  #depth = 0;
  #waiting: AbortSignal[] = [];
  #within<T>(work: () => T): T {
    this.#depth++;
    try {
      return work();
    } finally {
      if (--this.#depth === 0) for (const signal of this.#waiting.splice(0)) super.down(signal);
    }
  }
  override broadcast(serverId: string, message: unknown): number {
    return this.#within(() => super.broadcast(serverId, message));
  }
  protected override down(signal: AbortSignal): void {
    if (this.#depth > 0) this.#waiting.push(signal);
    else super.down(signal);
  }
}

// ------------------------------------------------------------------------------------------------------------------ registrations

class Reconnecting extends NameRegistry {
  override register(namespace: Namespace, id: string, endpoint: Endpoint, given?: Config): void {
    const existing = namespace === 'transport' && typeof id === 'string' ? this.get('transport', id) : undefined;
    const wanted = given?.['serverId'];
    const server = typeof wanted === 'string' ? this.get('server', wanted) : undefined;
    if (existing !== undefined && existing.endpoint === endpoint && server !== undefined && this.mode !== 'closed') {
      existing.config = this.copyIn(given!);
      this.tie(existing, server);
      return;
    }
    super.register(namespace, id, endpoint, given);
  }
}

class KeptPlace extends NameRegistry {
  readonly #places = new Map<string, Endpoint>();
  override register(namespace: Namespace, id: string, endpoint: Endpoint, given?: Config): void {
    const place = typeof id === 'string' ? this.#places.get(mark(namespace, id)) : undefined;
    if (place !== undefined && place.signal.aborted) this.#places.delete(mark(namespace, id));
    else if (place !== undefined && place !== endpoint && this.mode !== 'closed') throw new Refused('already_registered', id);
    try {
      super.register(namespace, id, endpoint, given);
      this.#places.delete(mark(namespace, id));
    } catch (error) {
      if (error instanceof Refused && error.code === 'admission_control_active' && this.get(namespace, id) === undefined) {
        // It has been told to come back: its place is kept.
        if (place === undefined) this.#places.set(mark(namespace, id), endpoint);
      }
      throw error;
    }
  }
}

class InPlace extends NameRegistry {
  override update(id: string, given: Config): void {
    this.checkId(id);
    this.checkConfig(given);
    this.checkOpen();
    const entry = this.get('server', id);
    if (entry === undefined) throw new Refused('server_not_found', id);
    const target = entry.config as Record<string, Json>;
    for (const key of Object.keys(target)) if (!Object.hasOwn(given, key)) Reflect.deleteProperty(target, key);
    for (const key of Object.keys(given)) put(target, key, copyJson(given[key]!));
  }
}

// ----------------------------------------------------------------------------------------------------------------- configurations

class FrozenKept extends NameRegistry {
  protected override copyIn(config: Config): Config {
    const copy = super.copyIn(config);
    return Object.isFrozen(config) ? config : copy;
  }
}

const assigned = (value: Json): Json => {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item: Json) => assigned(item));
  const copy: Record<string, Json> = {};
  for (const key of Object.keys(value)) copy[key] = assigned((value as Config)[key]!);
  return copy;
};
class Assigned extends NameRegistry {
  protected override copyIn(config: Config): Config {
    return assigned(super.copyIn(config)) as Config;
  }
  protected override copyOut(config: Config): Config {
    return assigned(config) as Config;
  }
}

class MergePatch extends NameRegistry {
  override update(id: string, given: Config): void {
    super.update(id, given);
    const entry = this.get('server', id)!;
    const patched = (value: Json): Json => {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
      const copy = {};
      for (const [key, item] of Object.entries(value as Config)) if (item !== null) put(copy, key, patched(item));
      return copy;
    };
    entry.config = patched(entry.config) as Config;
  }
}

class OneHop extends NameRegistry {
  /** How often the server of a binding has been replaced since it was bound. */
  readonly #hops = new WeakMap<Entry, number>();
  protected override tie(transport: Entry, server: Entry): void {
    super.tie(transport, server);
    this.#hops.set(transport, 0);
  }
  override update(id: string, given: Config): void {
    super.update(id, given);
    for (const transport of [...this.get('server', id)!.transports]) {
      const hops = this.#hops.get(transport)! + 1;
      this.#hops.set(transport, hops);
      if (hops > 1) this.cut(transport);
    }
  }
}

class LastUpdated extends NameRegistry {
  #last: Entry | undefined;
  override update(id: string, given: Config): void {
    if (this.#last !== undefined && this.#last.id === id) {
      this.checkConfig(given);
      this.checkOpen();
      this.#last.config = this.copyIn(given);
      return;
    }
    super.update(id, given);
    this.#last = this.get('server', id);
  }
  override register(namespace: Namespace, id: string, endpoint: Endpoint, given?: Config): void {
    super.register(namespace, id, endpoint, given);
    if (namespace === 'server' && this.#last?.id === id) this.#last = undefined;
  }
  override unregister(namespace: Namespace, id: string): void {
    super.unregister(namespace, id);
    if (namespace === 'server' && this.#last?.id === id) this.#last = undefined;
  }
}

// ----------------------------------------------------------------------------------------------------------------- unregistration

class UnbindFirst extends NameRegistry {
  readonly #serverIds = new WeakMap<Entry, string>();
  protected override tie(transport: Entry, server: Entry): void {
    super.tie(transport, server);
    this.#serverIds.set(transport, server.id);
  }
  override unbind(transportId: string): void {
    super.unbind(transportId);
    const transport = this.get('transport', transportId);
    if (transport !== undefined) this.#serverIds.delete(transport);
  }
  override unregister(namespace: Namespace, id: string): void {
    const transport = namespace === 'transport' && typeof id === 'string' ? this.get('transport', id) : undefined;
    const serverId = transport && this.#serverIds.get(transport);
    // Its server is told first.
    if (serverId !== undefined && this.get('server', serverId) === undefined) throw new Refused('server_not_found', serverId);
    super.unregister(namespace, id);
  }
}

class Stranded extends NameRegistry {
  readonly #lost = new Set<string>();
  protected override down(signal: AbortSignal): void {
    for (const entry of this.holdings.get(signal)?.entries ?? []) if (entry.transports.size > 0) this.#lost.add(entry.id);
    super.down(signal);
  }
  protected override begin(namespace: Namespace, id: string, endpoint: Endpoint, config: Config): Entry {
    if (namespace === 'server') this.#lost.delete(id);
    return super.begin(namespace, id, endpoint, config);
  }
  override unregister(namespace: Namespace, id: string): void {
    super.unregister(namespace, id);
    if (namespace === 'server' && this.#lost.delete(id)) throw new Refused('endpoint_down', id);
  }
}

// -------------------------------------------------------------------------------------------------------------------------- lists

class ByteVersion extends NameRegistry {
  readonly #version = new Uint8Array(1);
  readonly #cached: Partial<Record<Namespace, { readonly version: number; readonly rows: readonly Registration[] }>> = {};
  protected override begin(namespace: Namespace, id: string, endpoint: Endpoint, config: Config): Entry {
    this.#version[0]!++;
    return super.begin(namespace, id, endpoint, config);
  }
  protected override end(entry: Entry): void {
    if (entry.live) this.#version[0]!++;
    super.end(entry);
  }
  override update(id: string, given: Config): void {
    super.update(id, given);
    this.#version[0]!++;
  }
  override list(namespace: Namespace): readonly Registration[] {
    let cached = this.#cached[namespace];
    if (cached?.version !== this.#version[0]) cached = this.#cached[namespace] = { version: this.#version[0]!, rows: super.list(namespace) as readonly Registration[] };
    return cached!.rows.map((row) => ({ ...row, config: this.copyOut(row.config) }));
  }
}

class SharedRows extends NameRegistry {
  readonly #cached: Partial<Record<Namespace, readonly Registration[]>> = {};
  protected override begin(namespace: Namespace, id: string, endpoint: Endpoint, config: Config): Entry {
    this.#cached[namespace] = undefined;
    return super.begin(namespace, id, endpoint, config);
  }
  protected override end(entry: Entry): void {
    this.#cached[entry.namespace] = undefined;
    super.end(entry);
  }
  override update(id: string, given: Config): void {
    super.update(id, given);
    delete this.#cached.server;
  }
  override list(namespace: Namespace): readonly Registration[] {
    const rows = (this.#cached[namespace] ??= super.list(namespace) as readonly Registration[]);
    return rows.map((row) => ({ ...row, config: { ...row.config } }));
  }
}

/** The names of each namespace side by side, so that a list is a run over an array. */
class Dense extends NameRegistry {
  protected readonly rows: Readonly<Record<Namespace, Entry[]>> = { server: [], transport: [] };
  protected readonly places = new Map<Entry, number>();
  protected override begin(namespace: Namespace, id: string, endpoint: Endpoint, config: Config): Entry {
    const entry = super.begin(namespace, id, endpoint, config);
    this.places.set(entry, this.rows[namespace].push(entry) - 1);
    return entry;
  }
  protected override end(entry: Entry): void {
    if (entry.live) this.drop(entry);
    super.end(entry);
  }
  protected drop(entry: Entry): void {
    const rows = this.rows[entry.namespace];
    const place = this.places.get(entry)!;
    this.places.delete(entry);
    const last = rows.pop()!;
    if (last === entry) return;
    rows[place] = last;
    this.places.set(last, place);
  }
  override list(namespace: Namespace): readonly Registration[] | Promise<readonly Registration[]> {
    return this.rows[namespace].map((entry) => this.show(entry));
  }
}

class StalePlace extends Dense {
  protected override drop(entry: Entry): void {
    const rows = this.rows[entry.namespace];
    const place = this.places.get(entry)!;
    this.places.delete(entry);
    const last = rows.pop()!;
    if (place < rows.length) rows[place] = last;
  }
}

class Paged extends Dense {
  override list(namespace: Namespace): readonly Registration[] | Promise<readonly Registration[]> {
    const rows = this.rows[namespace];
    if (rows.length <= 100) return super.list(namespace);
    return (async () => {
      const listed: Registration[] = [];
      for (let i = 0; i < rows.length; i += 100) {
        if (i > 0) await undefined;
        for (const entry of rows.slice(i, i + 100)) listed.push(this.show(entry));
      }
      return listed;
    })();
  }
}

// ------------------------------------------------------------------------------------------------------------------- incarnations

class SameEndpoint extends NameRegistry {
  readonly #former = new WeakMap<Entry, { readonly id: string; readonly endpoint: Endpoint }>();
  protected override end(entry: Entry): void {
    if (entry.live) for (const transport of entry.transports) this.#former.set(transport, entry);
    super.end(entry);
  }
  protected override tie(transport: Entry, server: Entry): void {
    this.#former.delete(transport);
    super.tie(transport, server);
  }
  override unbind(transportId: string): void {
    super.unbind(transportId);
    const transport = this.get('transport', transportId);
    if (transport !== undefined) this.#former.delete(transport);
  }
  protected override begin(namespace: Namespace, id: string, endpoint: Endpoint, config: Config): Entry {
    const entry = super.begin(namespace, id, endpoint, config);
    if (namespace === 'server') {
      for (const transport of this.tables.transport.values()) {
        const former = this.#former.get(transport);
        if (former !== undefined && former.id === id && former.endpoint === endpoint) this.tie(transport, entry);
      }
    }
    return entry;
  }
}

class LazyBinding extends NameRegistry {
  readonly #bound = new Map<string, Entry>();
  protected override down(signal: AbortSignal): void {
    for (const entry of this.holdings.get(signal)?.entries ?? []) if (entry.namespace === 'transport' && entry.server !== undefined) this.#bound.set(entry.id, entry.server);
    super.down(signal);
  }
  protected override end(entry: Entry): void {
    super.end(entry);
    if (entry.namespace === 'server') for (const [id, server] of this.#bound) if (server === entry) this.#bound.delete(id);
  }
  override register(namespace: Namespace, id: string, endpoint: Endpoint, given?: Config): void {
    super.register(namespace, id, endpoint, given);
    if (namespace === 'server') return;
    const transport = this.get('transport', id)!;
    const left = this.#bound.get(id);
    this.#bound.delete(id);
    // No `serverId`: unbound. One that is registered: bound to that. Else there is nothing to be set.
    if (transport.config['serverId'] !== undefined && transport.server === undefined && left?.live === true) this.tie(transport, left);
  }
}

const mutant = (id: string, breaks: readonly RequirementId[], make: new () => NameRegistry, how: string): Mutant => ({ id, breaks, how, adapter: adapterOf(id, () => new make()) });

export const mutants: readonly Mutant[] = [
  mutant('names-counted-surrogates', ['NAM-1'], CountedSurrogates, 'To save a regular expression it counts high and low surrogates and compares, so an id whose pair is reversed (low before high, both lone) is accepted.'),
  mutant('names-counted-graphemes', ['NAM-1'], CountedGraphemes, 'Beyond 255 code units it counts user-perceived characters with Intl.Segmenter, so more than 255 code points are accepted when they combine (letters with accents, joined emoji).'),
  mutant('names-prefix-key', ['NAM-3'], PrefixKey, 'The index has keys of at most 191 characters, as that of a database has: two ids that are the same up to there, and differ later, are one name.'),
  mutant('names-bom-key', ['NAM-3'], DecodedKey, 'Keys are copied through TextEncoder and TextDecoder, which drops a leading U+FEFF: an id with it in front is the same name as the one without.'),
  mutant('names-config-overlay', ['NAM-4', 'LKP-1', 'CFG-1'], ConfigOverlay, 'Updated configurations are kept in a map by id, which is consulted for transports as well: updating a server changes the transport of the same id.'),
  mutant('names-held-ids', ['DWN-1', 'NAM-4'], HeldIds, 'What an endpoint holds is a set of ids without namespace: it holds the same id as server and as transport, gives one up, goes down, and the other stays.'),
  mutant('names-slot-mask', ['DWN-1'], SlotMask, 'Which of the names of an endpoint are alive is a bit mask: the 33rd it ever took (while it held others) shares its bit with the first, and when that is given up the first survives the "down".'),
  mutant('names-signal-owner', ['DWN-1'], SignalOwner, 'Names are kept by signal in a record of one endpoint: two endpoints with the same signal replace one another there, and the names of the earlier survive the "down".'),
  mutant('names-known-alive', ['REG-3'], KnownAlive, 'Endpoints that have held a name are remembered as alive until their "down" is heard; one that has given up all its names is not listened to, goes down, and may register.'),
  mutant('names-claim-first', ['DWN-4', 'REG-4'], ClaimFirst, 'A name is noted for its endpoint before the registration is tried, and stays noted when it is refused as taken: when an endpoint that holds other names goes down, it takes along the name that somebody else holds.'),
  mutant('names-short-serial', ['INC-1', 'DWN-4'], ShortSerial, 'The ledger of an endpoint is cleaned lazily and tells incarnations by two bits of a counter: a late "down" takes the new incarnation along if it was made 4, 8, ... registrations after the old one (and the endpoint still held another name).'),
  mutant('names-deferred-down', ['DWN-3', 'RTE-8'], DeferredDown, 'So that a broadcast is not disturbed, a "down" during it is put off until it is over: an abort from within a `send` of a broadcast returns before it has taken effect.'),
  mutant('names-reconnecting', ['REG-2'], Reconnecting, 'A transport that registers again, by the same endpoint and with the serverId of a registered server, is taken for one that reconnects, and moved instead of refused.'),
  mutant('names-kept-place', ['REG-4', 'REG-1'], KeptPlace, 'Whoever was refused by admission control is kept its place: when admission has re-opened, another endpoint is refused the free name.'),
  mutant('names-in-place', ['REG-4'], InPlace, 'An update changes the configuration in place, key by key: refused for a value that is no JSON, it has removed and replaced keys already.'),
  mutant('names-frozen-kept', ['CFG-1'], FrozenKept, 'A frozen configuration is kept without copying, but freezing is shallow: what is nested in it may still be changed from outside.'),
  mutant('names-proto-key', ['CFG-1'], Assigned, 'The copy is made by assignment, so a key `__proto__` of a configuration (at any depth), as JSON.parse gives it, sets the prototype and is lost.'),
  mutant('names-merge-patch', ['UPD-1'], MergePatch, 'Updates go through a JSON merge patch onto nothing, in which null means absence: keys that are null, at any depth of objects, are lost from an updated configuration.'),
  mutant('names-one-hop', ['UPD-1'], OneHop, 'An update makes a new record of the server, and a binding that names an old record follows one hop only: the second update after a bind loses the binding.'),
  mutant('names-last-updated', ['UPD-2'], LastUpdated, 'The server updated last is remembered, and forgotten when it is registered or unregistered, but not when its endpoint goes down: updating it once more succeeds.'),
  mutant('names-unbind-first', ['UNR-1', 'BND-7'], UnbindFirst, 'Unregistering a transport unbinds it first by a helper that looks its server up: a transport whose server went before it is refused with server_not_found and stays.'),
  mutant('names-stranded', ['UNR-2'], Stranded, 'That a server with bound transports went down is remembered, to tell whoever unregisters it: unregistering it then is refused, once, with endpoint_down.'),
  mutant('names-byte-version', ['LST-1'], ByteVersion, 'A list is cached with a version of eight bits: after exactly 256 writes (or a multiple) between two lists the old one is given.'),
  mutant('names-shared-rows', ['CFG-1', 'LST-2'], SharedRows, 'Lists are cached until the next write and copied one level deep: changing what is nested in a configuration of one list changes the next one.'),
  mutant('names-stale-place', ['LST-1'], StalePlace, 'Lists run over a dense array from which entries are removed by moving the last one into the gap, whose new place is not noted: removing that one later drops another from the list and keeps itself.'),
  mutant('names-paged', ['LST-3', 'CON-1'], Paged, 'A list of more than 100 names is read in pages, other calls in between, from an array that fills gaps with its last entry: an unregistration meanwhile moves that behind the reader, and it is missing.'),
  mutant('names-same-endpoint', ['INC-2', 'BND-9'], SameEndpoint, 'A server that is registered again by the same endpoint is taken for the same server: transports that were bound to its old incarnation are bound to the new one.'),
  mutant('names-lazy-binding', ['BND-9', 'INC-2'], LazyBinding, 'The binding of a transport that went down is left lying by its id and overwritten by the next registration, except one with the serverId of a server that is not registered: that gets the old binding.'),
];
