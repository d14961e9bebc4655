import type { Config, Endpoint, Json, Namespace, Registration, RequirementId } from '../../spec/index.js';
import type { Mutant } from './mutant.js';
import { PlainRegistry, refusal, type Entry } from './plain-registry.js';

/**
 * Broken registries of names, configurations, lists and lifetimes, written from the specification alone by somebody who had not seen the
 * checks, to miss what a check is likely to look for: faults that need an id of a certain shape, a second or third incarnation, two
 * namespaces, one path among several.
 *
 * First met by the kit on 25 November 2026, at commit 0c14012, with those of `held-out-second-routing.ts`: of 118, it killed 67, found
 * fault with 14 for another reason than theirs or for more than is listed, passed 36, and was inconclusive about one.
 *
 * Passed: uuids-in-any-case, config-server-id-trimmed, empty-server-id-is-none, endpoints-must-own-their-send, endpoints-interned-by-signal,
 * endpoints-known-by-their-send, update-refuses-with-a-plain-object, refused-update-has-cleared, frozen-configs-are-kept,
 * fractions-in-single-precision, dates-are-revived, config-strings-trimmed, unchanged-as-far-as-seen, lists-leave-out-empty-configs,
 * transports-follow-a-server-that-comes-back, down-trips-over-its-own-server, bound-already-by-joined-names,
 * unbound-after-an-update-in-name-only, members-by-the-name-of-the-server, send-without-its-endpoint, recipients-share-a-broadcast,
 * long-names-cut-short, control-characters-cleaned-out-of-senders, messages-frozen-on-the-way, one-for-nobody-within-a-send,
 * broadcast-from-within-counts-none, broadcast-to-names, broadcast-to-endpoints-as-they-were, large-broadcasts-go-out-later,
 * urgent-messages-first, thrown-nothing-has-no-message, one-throw-skips-its-other-names, a-throw-from-within-jams-the-queue,
 * down-waits-for-the-delivery, unregistering-within-a-send-waits, close-within-a-send-is-lost.
 * For another reason, or for more: one-map-with-prefixes, bindings-in-a-plain-object, refused-claimant-takes-the-name-down,
 * refused-registration-leaves-a-listener, unregistering-the-dead-is-refused, onabort-is-never-taken-off, no-binding-to-oneself,
 * bound-once-counts-twice, unbind-takes-the-siblings, cascade-skips-while-it-splices, bound-by-config-misses-broadcasts,
 * one-delivery-refilled, addressed-to-the-first-name, false-means-again. Inconclusive: flapping-names-are-held-back.
 *
 * Since then the kit has been changed, and so have these: three turned out to break nothing that is written down, and are gone
 * (broadcast-to-endpoints-as-they-were: whom a broadcast was sent to may get it; send-without-its-endpoint: nothing said yet that `send` is called as a method; empty-server-id-is-none: nothing says for certain that a
 * `serverId` that is no id must be refused). In four there were mistakes that were not meant, and of twelve the list of what they break
 * was put right. So what becomes of them now proves no more than that of any other mutant.
 */
const plain = (id: string, breaks: readonly RequirementId[], how: string, Kind: new () => PlainRegistry): Mutant => ({ id, breaks, how, adapter: { name: how, open: () => new Kind() } });

type Part = (value: Json) => Json;

/** A frozen copy of JSON data, of which each part goes through `change` first. */
const mapped = (value: Json, change: Part): Json => {
  const part = change(value);
  if (Array.isArray(part)) return Object.freeze((part as Json[]).map((item) => mapped(item, change)));
  if (typeof part !== 'object' || part === null) return part;
  return Object.freeze(Object.fromEntries(Object.entries(part).map(([key, item]) => [key, mapped(item, change)])));
};

/** A registry whose copies of configurations come out otherwise. */
const copying = (copy: (config: Config, whole: (config: unknown) => Config) => Config): new () => PlainRegistry =>
  class extends PlainRegistry {
    protected override copy(config: unknown): Config {
      const whole = super.copy(config);
      return copy(config as Config, () => whole);
    }
  };

/** A registry that takes some ids for others. */
const naming = (canonical: (id: string, namespace: Namespace) => string): new () => PlainRegistry =>
  class extends PlainRegistry {
    protected override readonly names = { server: new NamedBy('server', canonical), transport: new NamedBy('transport', canonical) };
  };

class NamedBy extends Map<string, Entry> {
  constructor(
    private readonly namespace: Namespace,
    private readonly canonical: (id: string, namespace: Namespace) => string,
  ) {
    super();
  }
  override get(id: string): Entry | undefined {
    return super.get(this.key(id));
  }
  override has(id: string): boolean {
    return super.has(this.key(id));
  }
  override set(id: string, entry: Entry): this {
    return super.set(this.key(id), entry);
  }
  override delete(id: string): boolean {
    return super.delete(this.key(id));
  }
  private key(id: string): string {
    return typeof id === 'string' ? this.canonical(id, this.namespace) : id;
  }
}

const uuid = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i;

export const heldOutSecondNames: readonly Mutant[] = [
  // NAM

  plain(
    'uuids-in-any-case',
    ['NAM-3'],
    'session ids are UUIDs, which are the same in upper and lower case: what looks like one is folded',
    naming((id) => (uuid.test(id) ? id.toLowerCase() : id)),
  ),
  plain(
    'transport-ids-normalised',
    ['NAM-3'],
    'file names on a Mac made trouble once, so the ids of transports (which are named after sockets) are put into NFC',
    naming((id, namespace) => (namespace === 'transport' ? id.normalize('NFC') : id)),
  ),
  plain(
    'numeric-ids-by-value',
    ['NAM-3'],
    'an id that reads as a number, in any notation, is kept as that number, because numbers hash faster',
    naming((id) => (id.trim() !== '' && Number.isFinite(Number(id)) ? String(Number(id)) : id)),
  ),
  plain(
    'config-server-id-trimmed',
    ['NAM-3'],
    'the serverId in a configuration was typed by people, so white space around it is taken off',
    class extends PlainRegistry {
      protected override insert(namespace: Namespace, registration: Registration): Entry {
        const entry = super.insert(namespace, registration);
        const wanted = registration.config['serverId'];
        if (namespace !== 'transport' || typeof wanted !== 'string' || entry.server !== undefined) return entry;
        const server = this.names.server.get(wanted.trim());
        if (server !== undefined) this.attach(entry, server);
        return entry;
      }
    },
  ),
  plain(
    'one-map-with-prefixes',
    ['NAM-4'],
    'one map for both namespaces, in which transports have the prefix "transport:" and servers, which came first, have none',
    (() => {
      class OneMap extends PlainRegistry {
        protected override readonly names = (() => {
          const all = new Map<string, Entry>();
          return { server: new View(all, ''), transport: new View(all, 'transport:') };
        })();
      }
      class View extends Map<string, Entry> {
        constructor(
          private readonly all: Map<string, Entry>,
          private readonly prefix: string,
        ) {
          super();
        }
        override get(id: string): Entry | undefined {
          return typeof id === 'string' ? this.all.get(this.prefix + id) : undefined;
        }
        override has(id: string): boolean {
          return this.all.has(this.prefix + id);
        }
        override set(id: string, entry: Entry): this {
          this.all.set(this.prefix + id, entry);
          return this;
        }
        override delete(id: string): boolean {
          return this.all.delete(this.prefix + id);
        }
        override values(): MapIterator<Entry> {
          return [...this.all.values()].filter(({ namespace }) => (namespace === 'transport') === (this.prefix !== ''))[Symbol.iterator]() as MapIterator<Entry>;
        }
      }
      return OneMap;
    })(),
  ),
  plain(
    'low-surrogates-slip-through',
    ['NAM-1'],
    'the test for lone surrogates looks for a high one without a low one, and not for the reverse',
    class extends PlainRegistry {
      protected override checkId(id: unknown): void {
        if (typeof id === 'string') super.checkId(id.replace(/(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g, '?'));
        else super.checkId(id);
      }
    },
  ),
  plain(
    'unbind-checks-no-id',
    ['NAM-1'],
    'unbinding what is not bound does nothing anyway, so nobody looks at what was given',
    class extends PlainRegistry {
      override unbindTransport(id: string): void {
        this.open();
        const transport = this.names.transport.get(id);
        if (transport !== undefined) this.detach(transport);
      }
    },
  ),
  plain(
    'string-objects-are-ids',
    ['NAM-1'],
    'an id is read with valueOf, so that what another library wraps is taken too',
    class extends PlainRegistry {
      protected override checkId(id: unknown): void {
        super.checkId(id instanceof String ? id.valueOf() : id);
      }
      protected override find(namespace: Namespace, id: string): Registration | undefined {
        return super.find(namespace, (id as unknown) instanceof String ? id.valueOf() : id);
      }
    },
  ),
  plain(
    'transport-ids-of-255-bytes',
    ['NAM-2'],
    'the column for the ids of transports takes 255 bytes of UTF-8',
    class extends PlainRegistry {
      protected override register(namespace: Namespace, id: string, endpoint: Endpoint, config: Config): void | Promise<void> {
        this.checkId(id);
        if (namespace === 'transport' && Buffer.byteLength(id) > 255) throw refusal('invalid_argument');
        return super.register(namespace, id, endpoint, config);
      }
    },
  ),
  plain(
    'bindings-in-a-plain-object',
    ['ERR-1', 'NAM-2'],
    'names are in maps since the last incident; what is bound to what is still in an object literal',
    class extends PlainRegistry {
      private readonly bound: Record<string, string | undefined> = {};
      override getServerForTransport(id: string): string | undefined {
        super.getServerForTransport(id);
        return this.names.transport.has(id) ? this.bound[id] : undefined;
      }
      protected override attach(transport: Entry, server: Entry): void {
        super.attach(transport, server);
        this.bound[transport.registration.id] = server.registration.id;
      }
      protected override detach(transport: Entry): void {
        super.detach(transport);
        if (transport.namespace === 'transport') this.bound[transport.registration.id] = undefined;
      }
    },
  ),
  plain(
    'watch-keyed-by-id',
    ['DWN-1', 'NAM-4'],
    'what an endpoint holds is a map from ids, in which the server and the transport of one id are the same key',
    class extends PlainRegistry {
      protected override down(signal: AbortSignal): void {
        const last = new Map([...(this.watches.get(signal)?.entries ?? [])].map((entry) => [entry.registration.id, entry]));
        for (const entry of last.values()) this.remove(entry);
      }
    },
  ),
  plain(
    'unregister-takes-both-sides',
    ['NAM-4', 'UNR-1'],
    'a server that is its own transport goes as a whole: the transport of the same id and endpoint is unregistered with it',
    class extends PlainRegistry {
      override unregisterServer(id: string): void {
        const endpoint = this.find('server', id)?.endpoint;
        super.unregisterServer(id);
        if (endpoint !== undefined && this.find('transport', id)?.endpoint === endpoint) super.unregisterTransport(id);
      }
    },
  ),
  plain(
    'bind-puts-arguments-right',
    ['BND-2', 'NAM-4', 'BND-3'],
    'people mixed up the arguments, so that they are exchanged where only the other way round makes sense',
    class extends PlainRegistry {
      override bindTransportToServer(transportId: string, serverId: string): void {
        const { server, transport } = this.names;
        const swapped = !server.has(serverId) && !transport.has(transportId) && server.has(transportId) && transport.has(serverId);
        if (swapped) super.bindTransportToServer(serverId, transportId);
        else super.bindTransportToServer(transportId, serverId);
      }
    },
  ),

  // EPT

  plain(
    'thirty-two-names-an-endpoint',
    ['EPT-1'],
    'a connection that registers without end is a fault of the client: more than 32 names are refused',
    class extends PlainRegistry {
      protected override insert(namespace: Namespace, registration: Registration): Entry {
        if ((this.watches.get(registration.endpoint.signal)?.entries.size ?? 0) >= 32) throw refusal('partition_overloaded');
        return super.insert(namespace, registration);
      }
    },
  ),
  plain(
    'endpoints-must-own-their-send',
    ['REG-1'],
    'endpoints are checked with Object.hasOwn, which an instance of a class does not pass',
    class extends PlainRegistry {
      protected override checkEndpoint(namespace: Namespace, endpoint: unknown): void {
        super.checkEndpoint(namespace, endpoint);
        if (!Object.hasOwn(endpoint as object, 'send')) throw refusal('invalid_argument');
      }
    },
  ),
  plain(
    'endpoints-interned-by-signal',
    ['LKP-1', 'RTE-1'],
    'an endpoint is known by its signal, and of two that share one the first is kept for both',
    class extends PlainRegistry {
      private readonly known = new WeakMap<AbortSignal, Endpoint>();
      protected override insert(namespace: Namespace, registration: Registration): Entry {
        const { signal } = registration.endpoint;
        const endpoint = this.known.get(signal) ?? registration.endpoint;
        this.known.set(signal, endpoint);
        return super.insert(namespace, Object.freeze({ ...registration, endpoint }));
      }
    },
  ),
  plain(
    'endpoints-known-by-their-send',
    ['DWN-4'],
    'what goes down is looked for by its send function, which all instances of a class have in common',
    class extends PlainRegistry {
      protected override down(signal: AbortSignal): void {
        const gone = new Set([...(this.watches.get(signal)?.entries ?? [])].map(({ registration }) => registration.endpoint.send));
        for (const entry of [...this.names.server.values(), ...this.names.transport.values()]) if (gone.has(entry.registration.endpoint.send)) this.remove(entry);
      }
    },
  ),
  plain(
    'signal-optional-for-transports',
    ['EPT-2'],
    'a transport on stdio lives as long as the process, so it may come without a signal',
    class extends PlainRegistry {
      protected override register(namespace: Namespace, id: string, endpoint: Endpoint, config: Config): void | Promise<void> {
        const bare = namespace === 'transport' && typeof endpoint?.send === 'function' && endpoint.signal === undefined;
        return super.register(namespace, id, bare ? { send: (delivery) => endpoint.send(delivery), signal: new AbortController().signal } : endpoint, config);
      }
    },
  ),

  // ERR

  plain(
    'update-refuses-with-a-plain-object',
    ['ERR-1'],
    'the refusal of an update comes out of a worker thread, and what arrives is an object with a code',
    class extends PlainRegistry {
      override updateServer(id: string, config: Config): void {
        try {
          super.updateServer(id, config);
        } catch (error) {
          throw { code: (error as { code: string }).code };
        }
      }
    },
  ),

  // REG

  plain(
    'same-transport-again-is-fine',
    ['REG-2'],
    'a client that does not know whether its registration arrived sends it again: the same endpoint with the same configuration is let in',
    class extends PlainRegistry {
      protected override register(namespace: Namespace, id: string, endpoint: Endpoint, config: Config): void | Promise<void> {
        const held = this.names.transport.get(id)?.registration;
        if (namespace === 'transport' && held !== undefined && held.endpoint === endpoint && JSON.stringify(held.config) === JSON.stringify(config)) return;
        return super.register(namespace, id, endpoint, config);
      }
    },
  ),
  plain(
    'refused-transport-is-bound-anyway',
    ['REG-4'],
    'the binding that a configuration asks for is made first, so that it is there with the name; that the name is taken comes out later',
    class extends PlainRegistry {
      protected override register(namespace: Namespace, id: string, endpoint: Endpoint, config: Config): void | Promise<void> {
        const held = this.names.transport.get(id);
        const server = namespace === 'transport' ? this.names.server.get(config?.['serverId'] as string) : undefined;
        if (held !== undefined && server !== undefined) this.attach(held, server);
        return super.register(namespace, id, endpoint, config);
      }
    },
  ),
  plain(
    'dead-claimant-clears-the-name',
    ['REG-4'],
    'whoever asks for a name with an aborted signal is cleaned up after, by name, whoever holds it',
    class extends PlainRegistry {
      protected override register(namespace: Namespace, id: string, endpoint: Endpoint, config: Config): void | Promise<void> {
        try {
          return super.register(namespace, id, endpoint, config);
        } catch (error) {
          if ((error as { code?: string }).code === 'endpoint_down') this.unregister(namespace, id);
          throw error;
        }
      }
    },
  ),
  plain(
    'refused-claimant-takes-the-name-down',
    ['DWN-4', 'INC-1', 'REG-4', 'CLS-3', 'CLS-4'],
    'the signal is watched before the name is asked for, and nobody stops watching when that is refused',
    class extends PlainRegistry {
      protected override register(namespace: Namespace, id: string, endpoint: Endpoint, config: Config): void | Promise<void> {
        try {
          return super.register(namespace, id, endpoint, config);
        } catch (error) {
          if ((error as { code?: string }).code === 'already_registered') endpoint.signal.addEventListener('abort', () => !this.closed && this.unregister(namespace, id));
          throw error;
        }
      }
    },
  ),
  plain(
    'refused-registration-leaves-a-listener',
    ['CLS-4', 'REG-4', 'CLS-3'],
    'the signal is watched before the name is asked for; the listener finds nothing to do, but it is there',
    class extends PlainRegistry {
      protected override register(namespace: Namespace, id: string, endpoint: Endpoint, config: Config): void | Promise<void> {
        try {
          return super.register(namespace, id, endpoint, config);
        } catch (error) {
          if ((error as { code?: string }).code === 'already_registered') endpoint.signal.addEventListener('abort', () => undefined);
          throw error;
        }
      }
    },
  ),
  plain(
    'taken-is-remembered-past-a-down',
    ['REG-5'],
    'that a name is taken is cached for those who try again and again; giving it up clears the cache, the end of its endpoint does not',
    class extends PlainRegistry {
      private readonly taken = { server: new Set<string>(), transport: new Set<string>() };
      protected override register(namespace: Namespace, id: string, endpoint: Endpoint, config: Config): void | Promise<void> {
        if (this.taken[namespace].has(id)) throw refusal('already_registered');
        try {
          return super.register(namespace, id, endpoint, config);
        } catch (error) {
          if ((error as { code?: string }).code === 'already_registered') this.taken[namespace].add(id);
          throw error;
        }
      }
      protected override unregister(namespace: Namespace, id: string): void {
        super.unregister(namespace, id);
        this.taken[namespace].delete(id);
      }
    },
  ),
  plain(
    'flapping-names-are-held-back',
    ['REG-5'],
    'a name that has been given up three times flaps: it is not given out again',
    class extends PlainRegistry {
      private readonly ended = new Map<string, number>();
      protected override insert(namespace: Namespace, registration: Registration): Entry {
        if ((this.ended.get(`${namespace} ${registration.id}`) ?? 0) >= 3) throw refusal('already_registered');
        return super.insert(namespace, registration);
      }
      protected override remove(entry: Entry): void {
        const key = `${entry.namespace} ${entry.registration.id}`;
        if (entry.live) this.ended.set(key, (this.ended.get(key) ?? 0) + 1);
        super.remove(entry);
      }
    },
  ),
  plain(
    'known-endpoints-are-taken-for-live',
    ['REG-3'],
    'whether a signal has aborted is asked when an endpoint is seen first; after that the listener would have told',
    class extends PlainRegistry {
      private readonly known = new WeakSet<AbortSignal>();
      protected override register(namespace: Namespace, id: string, endpoint: Endpoint, config: Config): void | Promise<void> {
        if (!this.known.has(endpoint?.signal)) {
          const result = super.register(namespace, id, endpoint, config);
          this.known.add(endpoint.signal);
          return result;
        }
        this.open();
        this.checkId(id);
        this.checkEndpoint(namespace, endpoint);
        const copy = this.copy(config);
        if (namespace === 'transport' && Object.hasOwn(copy, 'serverId')) this.checkId(copy['serverId']);
        if (this.names[namespace].has(id)) throw refusal('already_registered');
        this.insert(namespace, Object.freeze({ id, endpoint, config: copy }));
      }
    },
  ),
  plain(
    'refused-update-has-cleared',
    ['REG-4'],
    'an update empties the configuration before it fills in the new one, and finds out too late that this is no JSON data',
    class extends PlainRegistry {
      override updateServer(id: string, config: Config): void {
        const entry = typeof id === 'string' ? this.names.server.get(id) : undefined;
        if (entry !== undefined && typeof config === 'object' && config !== null) this.update(entry, Object.freeze({}));
        super.updateServer(id, config);
      }
    },
  ),

  // CFG

  plain(
    'arrays-are-not-copied',
    ['CFG-1'],
    'the copy walks through objects, and takes an array for a value',
    copying((config) => mappedButArrays(config) as Config),
  ),
  plain(
    'frozen-configs-are-kept',
    ['CFG-1'],
    'what is frozen cannot change, so it need not be copied: but only the outermost object is',
    copying((config, whole) => (Object.isFrozen(config) ? config : whole(config))),
  ),
  plain(
    'shared-below-the-third-level',
    ['CFG-1'],
    'a copy of three levels is enough for every configuration that anybody has seen',
    copying((config) => shallow(config, 3) as Config),
  ),
  plain(
    'list-of-transports-hands-out-its-own',
    ['CFG-1', 'LST-2'],
    'lookups hand out copies; the list of transports, which is for administrators, hands out what is kept',
    class extends PlainRegistry {
      protected override copy(config: unknown): Config {
        return structuredClone(super.copy(config));
      }
      protected override find(namespace: Namespace, id: string): Registration | undefined {
        const found = super.find(namespace, id);
        return found && { ...found, config: structuredClone(found.config) };
      }
      override listServers(): readonly Registration[] {
        return super.listServers().map((one) => ({ ...one, config: structuredClone(one.config) }));
      }
      override listTransports(): readonly Registration[] {
        return super.listTransports().map((one) => ({ ...one }));
      }
    },
  ),
  plain(
    'dangerous-keys-removed',
    ['CFG-1'],
    'configurations come off the wire, so keys that poison prototypes are taken out of them',
    copying((given, whole) => mapped(whole(given), (part) => (isRecord(part) ? Object.fromEntries(Object.entries(part).filter(([key]) => key !== '__proto__' && key !== 'constructor')) : part)) as Config),
  ),
  plain(
    'null-is-nothing',
    ['CFG-1'],
    'a key with null says that there is no value, so it is left out',
    copying((given, whole) => mapped(whole(given), (part) => (isRecord(part) ? Object.fromEntries(Object.entries(part).filter(([, item]) => item !== null)) : part)) as Config),
  ),
  plain(
    'whole-numbers-of-32-bits',
    ['CFG-1'],
    'whole numbers are packed into 32 bits, as the wire format has them',
    copying((given, whole) => mapped(whole(given), (part) => (Number.isInteger(part) ? (part as number) | 0 : part)) as Config),
  ),
  plain(
    'fractions-in-single-precision',
    ['CFG-1'],
    'fractions are packed as 32-bit floats, as the wire format has them',
    copying((given, whole) => mapped(whole(given), (part) => (typeof part === 'number' && !Number.isInteger(part) ? Math.fround(part) : part)) as Config),
  ),
  plain(
    'dates-are-revived',
    ['CFG-1', 'ERR-1'],
    'the reviver that the rest of the application uses turns what looks like a time into a Date',
    copying((given, whole) => JSON.parse(JSON.stringify(whole(given)), (_key, part: unknown) => (typeof part === 'string' && /^\d{4}-\d\d-\d\dT/.test(part) ? new Date(part) : typeof part === 'object' ? Object.freeze(part) : part)) as Config),
  ),
  plain(
    'config-strings-trimmed',
    ['CFG-1', 'NAM-2', 'NAM-3'],
    'what people type into forms has white space at its ends, which is taken off',
    copying((given, whole) => mapped(whole(given), (part) => (typeof part === 'string' ? part.trim() : part)) as Config),
  ),
  plain(
    'empty-lists-become-objects',
    ['CFG-1'],
    'the store came from a language with one kind of table, in which an empty list and an empty object are the same',
    copying((given, whole) => mapped(whole(given), (part) => (Array.isArray(part) && part.length === 0 ? {} : part)) as Config),
  ),

  // UPD

  plain(
    'an-empty-update-is-none',
    ['UPD-1'],
    'an update without any key has nothing to say',
    class extends PlainRegistry {
      protected override update(entry: Entry, config: Config): void {
        if (Object.keys(config).length > 0) super.update(entry, config);
      }
    },
  ),
  plain(
    'unchanged-as-far-as-seen',
    ['UPD-1'],
    'an update that changes nothing is skipped; JSON.stringify with a list of keys was meant to sort them, and leaves out the nested ones',
    class extends PlainRegistry {
      protected override update(entry: Entry, config: Config): void {
        const text = (one: Config): string => JSON.stringify(one, Object.keys(one).sort());
        if (text(config) !== text(entry.registration.config)) super.update(entry, config);
      }
    },
  ),
  plain(
    'update-forgets-the-watch',
    ['DWN-1'],
    'an update puts a new entry in the place of the old; the watch of the signal has the old one, and removes only what it has',
    class extends PlainRegistry {
      protected override update(entry: Entry, config: Config): void {
        super.update(entry, config);
        this.updated.add(entry);
      }
      protected override down(signal: AbortSignal): void {
        for (const entry of [...(this.watches.get(signal)?.entries ?? [])]) if (!this.updated.has(entry)) this.remove(entry);
      }
      private readonly updated = new WeakSet<Entry>();
    },
  ),
  plain(
    'update-restores-the-first-endpoint',
    ['UPD-1'],
    'an update writes the whole record; the endpoint in it comes from a table that is filled when a name is seen first',
    class extends PlainRegistry {
      private readonly first = new Map<string, Endpoint>();
      protected override insert(namespace: Namespace, registration: Registration): Entry {
        if (namespace === 'server' && !this.first.has(registration.id)) this.first.set(registration.id, registration.endpoint);
        return super.insert(namespace, registration);
      }
      protected override update(entry: Entry, config: Config): void {
        entry.registration = Object.freeze({ id: entry.registration.id, endpoint: this.first.get(entry.registration.id)!, config });
      }
    },
  ),
  plain(
    'update-of-a-transport-passes',
    ['UPD-2', 'NAM-4'],
    'whether the name exists is asked of both namespaces, and the write then finds no server to change',
    class extends PlainRegistry {
      override updateServer(id: string, config: Config): void {
        if (typeof id === 'string' && this.names.transport.has(id) && !this.names.server.has(id)) {
          this.copy(config);
          return;
        }
        super.updateServer(id, config);
      }
    },
  ),

  // UNR

  plain(
    'unregistering-the-dead-is-refused',
    ['UNR-2'],
    'of a name whose endpoint has gone down there is a tombstone, and who unregisters it is told so',
    class extends PlainRegistry {
      private readonly tombs = { server: new Set<string>(), transport: new Set<string>() };
      protected override down(signal: AbortSignal): void {
        for (const { namespace, registration } of this.watches.get(signal)?.entries ?? []) this.tombs[namespace].add(registration.id);
        super.down(signal);
      }
      protected override insert(namespace: Namespace, registration: Registration): Entry {
        this.tombs[namespace].delete(registration.id);
        return super.insert(namespace, registration);
      }
      protected override unregister(namespace: Namespace, id: string): void {
        if (this.tombs[namespace].has(id)) throw refusal('endpoint_down');
        super.unregister(namespace, id);
      }
    },
  ),
  plain(
    'ids-are-paths',
    ['UNR-1'],
    'ids are paths, as in a file system: who removes "a" removes "a/b" with it',
    class extends PlainRegistry {
      protected override unregister(namespace: Namespace, id: string): void {
        super.unregister(namespace, id);
        for (const [other, entry] of [...this.names[namespace]]) if (other.startsWith(`${id}/`)) this.remove(entry);
      }
    },
  ),

  // LKP and LST

  plain(
    'misses-are-remembered',
    ['REG-1', 'LKP-1'],
    'that a transport is not there is cached, because clients poll; a registration clears the cache, but not one that binds at once',
    class extends PlainRegistry {
      private readonly missing = new Set<string>();
      protected override insert(namespace: Namespace, registration: Registration): Entry {
        if (!Object.hasOwn(registration.config, 'serverId')) this.missing.delete(registration.id);
        return super.insert(namespace, registration);
      }
      override findTransport(id: string): Registration | undefined {
        const found = super.findTransport(id);
        if (found === undefined) this.missing.add(id);
        return this.missing.has(id) ? undefined : found;
      }
    },
  ),
  plain(
    'list-misses-updates',
    ['LST-1', 'UPD-1'],
    'the list of servers is kept until a name comes or goes; an update is neither',
    class extends PlainRegistry {
      private kept: readonly Registration[] | undefined;
      override listServers(): readonly Registration[] {
        const fresh = super.listServers();
        if (this.kept?.length !== fresh.length || this.kept.some(({ id, endpoint }, index) => id !== fresh[index]!.id || endpoint !== fresh[index]!.endpoint)) this.kept = fresh;
        return [...this.kept];
      }
    },
  ),
  plain(
    'list-misses-the-other-side-of-a-down',
    ['LST-1', 'DWN-1'],
    'the lists are kept until something changes; an endpoint that goes down and holds servers clears the list of servers only',
    class extends PlainRegistry {
      private readonly kept: { server?: readonly Registration[] | undefined; transport?: readonly Registration[] | undefined } = {};
      protected override list(namespace: Namespace): readonly Registration[] {
        const fresh = super.list(namespace);
        return [...(this.kept[namespace] ??= fresh)];
      }
      protected override insert(namespace: Namespace, registration: Registration): Entry {
        this.kept[namespace] = undefined;
        return super.insert(namespace, registration);
      }
      protected override update(entry: Entry, config: Config): void {
        this.kept.server = undefined;
        super.update(entry, config);
      }
      protected override unregister(namespace: Namespace, id: string): void {
        this.kept[namespace] = undefined;
        super.unregister(namespace, id);
      }
      protected override down(signal: AbortSignal): void {
        const [first] = this.watches.get(signal)?.entries ?? [];
        if (first !== undefined) this.kept[first.namespace] = undefined;
        super.down(signal);
      }
    },
  ),
  plain(
    'lists-of-a-hundred',
    ['LST-1'],
    'lists come in pages of a hundred, and nobody asks for the second',
    class extends PlainRegistry {
      protected override list(namespace: Namespace): readonly Registration[] {
        return super.list(namespace).slice(0, 100);
      }
    },
  ),
  plain(
    'lists-change-with-updates',
    ['LST-2'],
    'an update changes the object that lookups and lists have handed out',
    class extends PlainRegistry {
      protected override insert(namespace: Namespace, registration: Registration): Entry {
        return super.insert(namespace, { ...registration });
      }
      protected override update(entry: Entry, config: Config): void {
        Object.assign(entry.registration, { config });
      }
    },
  ),
  plain(
    'lists-leave-out-empty-configs',
    ['LST-1', 'ERR-1'],
    'to keep lists short, a configuration that says nothing is left out of them',
    class extends PlainRegistry {
      protected override list(namespace: Namespace): readonly Registration[] {
        return super.list(namespace).map(({ config, ...rest }) => (Object.keys(config).length > 0 ? { ...rest, config } : rest) as Registration);
      }
    },
  ),

  // INC

  plain(
    'bindings-outlive-a-down-transport',
    ['INC-2'],
    'bindings are kept by id; unregistering clears them, an endpoint that goes down does not, and a lookup asks first whether the transport is there',
    class extends PlainRegistry {
      private readonly left = new Map<string, Entry>();
      protected override down(signal: AbortSignal): void {
        for (const { namespace, registration, server } of this.watches.get(signal)?.entries ?? []) if (namespace === 'transport' && server !== undefined) this.left.set(registration.id, server);
        super.down(signal);
      }
      protected override insert(namespace: Namespace, registration: Registration): Entry {
        const entry = super.insert(namespace, registration);
        const server = this.left.get(registration.id);
        if (namespace === 'transport' && entry.server === undefined && server?.live === true) this.attach(entry, server);
        return entry;
      }
      protected override unregister(namespace: Namespace, id: string): void {
        super.unregister(namespace, id);
        if (namespace === 'transport') this.left.delete(id);
      }
    },
  ),
  plain(
    'transports-follow-a-server-that-comes-back',
    ['INC-2'],
    'a transport that was registered with a serverId belongs to that server: when it is registered again the transports that it had are bound again',
    class extends PlainRegistry {
      private readonly left = new Map<string, readonly Entry[]>();
      protected override detachAll(server: Entry): void {
        if (server.namespace === 'server') this.left.set(server.registration.id, [...server.members].filter(({ registration }) => registration.config['serverId'] === server.registration.id));
        super.detachAll(server);
      }
      protected override insert(namespace: Namespace, registration: Registration): Entry {
        const entry = super.insert(namespace, registration);
        if (namespace === 'server') for (const transport of this.left.get(registration.id) ?? []) if (transport.live && transport.server === undefined) this.attach(transport, entry);
        return entry;
      }
    },
  ),
  plain(
    'down-takes-the-id-in-both-namespaces',
    ['DWN-4', 'NAM-4'],
    'what went with an endpoint is a list of ids, each of which is removed from both tables',
    class extends PlainRegistry {
      protected override down(signal: AbortSignal): void {
        for (const { registration } of [...(this.watches.get(signal)?.entries ?? [])]) {
          for (const names of [this.names.server, this.names.transport]) {
            const entry = names.get(registration.id);
            if (entry !== undefined) this.remove(entry);
          }
        }
      }
    },
  ),

  // DWN

  plain(
    'down-in-batches',
    ['DWN-3', 'DWN-1'],
    'so that an endpoint with many names does not block the loop, eight go at once and the rest when there is time',
    class extends PlainRegistry {
      protected override down(signal: AbortSignal): void {
        const [...entries] = this.watches.get(signal)?.entries ?? [];
        for (const entry of entries.slice(0, 8)) this.remove(entry);
        if (entries.length > 8) queueMicrotask(() => this.down(signal));
      }
    },
  ),
  plain(
    'down-trips-over-its-own-server',
    ['DWN-1', 'DWN-2'],
    'a transport is taken out of its server, which has gone a moment before, for it was of the same endpoint; the error is logged and the rest stays',
    class extends PlainRegistry {
      protected override down(signal: AbortSignal): void {
        const [...entries] = this.watches.get(signal)?.entries ?? [];
        const homes = new Map(entries.map((entry) => [entry, entry.server]));
        for (const entry of entries) {
          if (homes.get(entry)?.live === false) return;
          this.remove(entry);
        }
      }
    },
  ),

  // CLS

  plain(
    'onabort-is-never-taken-off',
    ['CLS-4', 'CLS-3', 'DWN-1'],
    'the registry puts a handler into signal.onabort, which is one for all names, and leaves it there',
    class extends PlainRegistry {
      protected override watch(entry: Entry): void {
        super.watch(entry);
        const { signal } = entry.registration.endpoint;
        signal.removeEventListener('abort', this.watches.get(signal)!.listener);
        signal.onabort = () => this.down(signal);
      }
    },
  ),
  plain(
    'a-listener-for-each-binding',
    ['CLS-4', 'CLS-3'],
    'each binding listens to the signal of its server, and only a "down" takes that off again',
    class extends PlainRegistry {
      protected override attach(transport: Entry, server: Entry): void {
        super.attach(transport, server);
        server.registration.endpoint.signal.addEventListener('abort', () => undefined, { once: true });
      }
    },
  ),
  plain(
    'close-lets-go-of-servers-only',
    ['CLS-3'],
    'close walks over the servers and then clears the table of transports',
    class extends PlainRegistry {
      override close(): void {
        this.closed = true;
        for (const entry of [...this.names.server.values()]) this.remove(entry);
        this.names.transport.clear();
      }
    },
  ),
  plain(
    'second-close-counts-the-names',
    ['CLS-2'],
    'close waits for as many ends as there were names, and the second time around there are fewer: it says that it is closed',
    class extends PlainRegistry {
      private had = 0;
      override close(): void {
        if (this.closed && this.had > 0) throw refusal('registry_closed');
        this.had = this.names.server.size + this.names.transport.size;
        super.close();
      }
    },
  ),
];

const isRecord = (value: Json): value is { readonly [key: string]: Json } => typeof value === 'object' && value !== null && !Array.isArray(value);

const mappedButArrays = (value: Json): Json => (isRecord(value) ? Object.freeze(Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mappedButArrays(item)]))) : value);

/** A copy of so many levels; what is below is shared. */
const shallow = (value: Json, levels: number): Json => {
  if (levels === 0 || typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return Object.freeze((value as Json[]).map((item) => shallow(item, levels - 1)));
  return Object.freeze(Object.fromEntries(Object.entries(value).map(([key, item]) => [key, shallow(item, levels - 1)])));
};
