import { broadcast, type Config, type Endpoint, type Json, type Namespace, type Registration } from '../../spec/index.js';
import type { Mutant } from './mutant.js';
import { broken, namespaces, noConfig, refuse, ThirdRegistry, type Bind, type Entry, type Job, type Order, type Register, type Unbind, type Update, type Watch } from './third-registry.js';
import type { Answer } from './whole-registry.js';

/*
 * Broken registries of names, endpoints, configurations, lists, incarnations and bindings, written from the specification alone,
 * as variants of a registry that was written from it alone as well. Each has one mistake. What became of
 * them when the kit first met them: docs/proof.md.
 */

/** A map whose keys are what fits into the column of the table behind it. */
class ColumnMap extends Map<string, Entry> {
  private static key(id: string): string {
    return id.slice(0, 255);
  }
  override get(id: string): Entry | undefined {
    return super.get(ColumnMap.key(id));
  }
  override has(id: string): boolean {
    return super.has(ColumnMap.key(id));
  }
  override set(id: string, entry: Entry): this {
    return super.set(ColumnMap.key(id), entry);
  }
  override delete(id: string): boolean {
    return super.delete(ColumnMap.key(id));
  }
}

/** A "down" that stands in a lane like a write. */
interface Down {
  readonly kind: 'down';
  readonly namespace: Namespace;
  readonly id: string;
  readonly entry: Entry;
}

const keyOf = (namespace: Namespace, id: string): string => `${namespace} ${id}`;

/** Those that go wrong although one operation comes after the other. */
export const heldOutThirdNames: readonly Mutant[] = [
  broken(
    'server-id-of-config-in-code-units',
    ['NAM-2', 'BND-8'],
    'The serverId inside a configuration is validated by an older helper that counts UTF-16 units with .length, while the main path counts code points.',
    class extends ThirdRegistry {
      protected override checkServerId(id: unknown): void {
        if (typeof id !== 'string' || id === '' || id.length > 255) refuse('invalid_argument', 'serverId');
        this.checkId(id);
      }
    },
  ),
  broken(
    'broadcast-sender-unchecked',
    ['NAM-1'],
    'The branch for broadcasts was put before the validation, so the sender of a broadcast goes unvalidated and an invalid id counts as "no such server".',
    class extends ThirdRegistry {
      override routeToTransport(transportId: string | typeof broadcast, serverId: string, message: unknown): Answer<number> {
        if (transportId === broadcast) {
          const server = this.lookup('server', serverId);
          return server ? this.broadcast(server, message) : 0;
        }
        return super.routeToTransport(transportId, serverId, message);
      }
    },
  ),
  broken(
    'bind-normalises-server-id',
    ['NAM-3', 'NAM-1', 'NAM-2', 'BND-1'],
    'Somebody once got a decomposed id from a Mac client and normalised it to NFC in the one operation of the bug report, bindTransportToServer.',
    class extends ThirdRegistry {
      override async bindTransportToServer(transportId: string, serverId: string): Promise<void> {
        return super.bindTransportToServer(transportId, typeof serverId === 'string' ? serverId.normalize('NFC') : serverId);
      }
    },
  ),
  broken(
    'key-cut-at-255-code-units',
    ['NAM-3'],
    'The index stores its keys in a VARCHAR(255)-like column: valid ids of more than 255 code units (astral characters) collide when they share their first 255 units.',
    class extends ThirdRegistry {
      protected override openNames(): Map<string, Entry> {
        return new ColumnMap();
      }
    },
  ),
  broken(
    'dot-does-not-match-newline',
    ['NAM-2'],
    'The id is validated by /^.{1,255}$/u, and the dot of a regular expression does not match line terminators.',
    class extends ThirdRegistry {
      protected override checkId(id: unknown): void {
        if (typeof id !== 'string' || !/^.{1,255}$/u.test(id)) refuse('invalid_argument', 'id');
        super.checkId(id);
      }
    },
  ),
  broken(
    'bindings-in-plain-object',
    ['ERR-1', 'NAM-2', 'BND-1'],
    'The table from transport ids to server ids is a plain object, so an id like "constructor" or "__proto__" finds what Object.prototype holds.',
    class extends ThirdRegistry {
      private serverIds: Record<string, string> = {};
      protected override link(transport: Entry, server: Entry): void {
        super.link(transport, server);
        this.serverIds[transport.id] = server.id;
      }
      protected override unlink(transport: Entry): void {
        super.unlink(transport);
        Reflect.deleteProperty(this.serverIds, transport.id);
      }
      protected override endBindings(server: Entry): void {
        for (const transport of server.bound) Reflect.deleteProperty(this.serverIds, transport.id);
        super.endBindings(server);
      }
      override getServerForTransport(transportId: string): string | undefined {
        this.checkId(transportId);
        return this.serverIds[transportId];
      }
      override async close(): Promise<void> {
        this.serverIds = {};
        return super.close();
      }
    },
  ),
  broken(
    'transport-ends-bindings-of-server-of-same-id',
    ['NAM-4', 'BND-7', 'DWN-4', 'UNR-1'],
    'Removing a name calls a helper that clears "all bindings of this id" in both roles, although the id was removed in the transport namespace only.',
    class extends ThirdRegistry {
      protected override leave(entry: Entry): void {
        super.leave(entry);
        const server = entry.namespace === 'transport' ? this.lookup('server', entry.id) : undefined;
        if (server) this.endBindings(server);
      }
    },
  ),
  broken(
    'refused-duplicate-moves-the-binding',
    ['REG-4'],
    'To have the binding in place when the transport becomes visible, it is written first and by id; the check for duplicates comes after it.',
    class extends ThirdRegistry {
      protected override checkRegister(order: Register): void {
        const taken = order.namespace === 'transport' ? this.lookup('transport', order.id) : undefined;
        const server = taken && order.config.serverId !== undefined ? this.lookup('server', order.config.serverId as string) : undefined;
        if (taken && server) this.link(taken, server);
        super.checkRegister(order);
      }
    },
  ),
  broken(
    'shared-default-config',
    ['CFG-1'],
    'Registrations without a configuration share one default object; it is not frozen, since only copies of given configurations are.',
    class extends ThirdRegistry {
      private readonly defaultConfig: Config = {};
      protected override takeConfig(namespace: Namespace, config: Config | undefined): Config {
        return config === undefined ? this.defaultConfig : super.takeConfig(namespace, config);
      }
    },
  ),
  broken(
    'proto-key-lost-in-copy',
    ['CFG-1'],
    'The deep copy assigns key by key with copy[key] = value, which for the key "__proto__" sets the prototype instead of a property.',
    class extends ThirdRegistry {
      protected override record(entries: readonly (readonly [string, Json])[]): Record<string, Json> {
        const copy: Record<string, Json> = {};
        for (const [key, value] of entries) copy[key] = value;
        return copy;
      }
    },
  ),
  broken(
    'config-outlives-registration',
    ['LKP-1', 'CFG-1'],
    'Configurations are in a table of their own, written when one is given and never deleted: a name registered again without one shows that of its predecessor.',
    class extends ThirdRegistry {
      private readonly configs = new Map<string, Config>();
      protected override makeEntry(order: Register): Entry {
        const key = keyOf(order.namespace, order.id);
        if (order.config !== noConfig) this.configs.set(key, order.config);
        return super.makeEntry({ ...order, config: this.configs.get(key) ?? noConfig });
      }
      protected override applyUpdate(order: Update): void {
        super.applyUpdate(order);
        this.configs.set(keyOf('server', order.id), order.config);
      }
    },
  ),
  broken(
    'empty-update-ignored',
    ['UPD-1'],
    'An "optimisation" returns early when the new configuration has no keys, as if there were nothing to change.',
    class extends ThirdRegistry {
      protected override applyUpdate(order: Update): void {
        if (Object.keys(order.config).length > 0) super.applyUpdate(order);
      }
    },
  ),
  broken(
    'cached-list-handed-out',
    ['LST-2', 'ERR-1'],
    'Lists are memoised until the next change, and the memo itself is handed out: a caller that sorts or splices its list changes what the next one gets.',
    class extends ThirdRegistry {
      private memo: Partial<Record<Namespace, Answer<readonly Registration[]>>> = {};
      protected override list(namespace: Namespace): Answer<readonly Registration[]> {
        return (this.memo[namespace] ??= super.list(namespace));
      }
      protected override enter(entry: Entry): void {
        super.enter(entry);
        this.memo = {};
      }
      protected override leave(entry: Entry): void {
        super.leave(entry);
        this.memo = {};
      }
      protected override applyUpdate(order: Update): void {
        super.applyUpdate(order);
        this.memo = {};
      }
      override async close(): Promise<void> {
        await super.close();
        this.memo = {};
      }
    },
  ),
  broken(
    'down-removes-by-id',
    ['INC-1', 'DWN-4'],
    'The names of an endpoint are remembered as ids and forgotten only with the last of them; "down" removes all remembered ids without looking who holds them by now.',
    class extends ThirdRegistry {
      protected override unwatch(entry: Entry): void {
        const watch = this.watches.get(entry.endpoint);
        if (watch && ![...watch.entries].some((one) => this.isCurrent(one))) this.forget(entry.endpoint, watch);
      }
      protected override down(endpoint: Endpoint): void {
        for (const { namespace, id } of [...(this.watches.get(endpoint)?.entries ?? [])]) {
          const entry = this.lookup(namespace, id);
          if (entry) this.leave(entry);
        }
      }
    },
  ),
  broken(
    'late-down-unbinds-the-successor',
    ['INC-1', 'DWN-4'],
    '"Down" compares the endpoint before it removes a name, but it first ends the bindings of every server id that the endpoint ever held beside the ones it holds.',
    class extends ThirdRegistry {
      private readonly everServed = new WeakMap<Endpoint, Set<string>>();
      protected override watch(entry: Entry): void {
        super.watch(entry);
        if (entry.namespace !== 'server') return;
        const ids = this.everServed.get(entry.endpoint) ?? new Set();
        this.everServed.set(entry.endpoint, ids.add(entry.id));
      }
      protected override down(endpoint: Endpoint): void {
        for (const id of this.everServed.get(endpoint) ?? []) {
          const server = this.lookup('server', id);
          if (server) this.endBindings(server);
        }
        super.down(endpoint);
      }
    },
  ),
  broken(
    'binding-by-id-survives-down',
    ['INC-2', 'DWN-2'],
    'A transport remembers the id of its server. Unregistering clears that; "down" does not, since a lookup hides it while the server is gone; it comes back with the next server of that id.',
    class extends ThirdRegistry {
      private isDown = false;
      protected override down(endpoint: Endpoint): void {
        this.isDown = true;
        super.down(endpoint);
        this.isDown = false;
      }
      protected override endBindings(server: Entry): void {
        if (!this.isDown) super.endBindings(server);
      }
      override getServerForTransport(transportId: string): string | undefined {
        const id = super.getServerForTransport(transportId);
        return id !== undefined && this.lookup('server', id) ? id : undefined;
      }
    },
  ),
  broken(
    'bind-unbinds-before-it-checks',
    ['REG-4', 'BND-2'],
    'Moving a transport first ends the old binding and then looks for the new server; when there is none the call is refused, and the old binding is gone.',
    class extends ThirdRegistry {
      protected override checkBind(order: Bind): void {
        const transport = this.lookup('transport', order.id);
        if (transport && !this.lookup('server', order.serverId)) this.unlink(transport);
        super.checkBind(order);
      }
    },
  ),
  broken(
    'binding-of-registration-not-in-both-indices',
    ['RTE-3', 'BND-4'],
    'bindTransportToServer keeps a back reference for moving; binding by config.serverId was written separately and adds to the index of the server only, so that a transport moved later is still broadcast to by its first server.',
    class extends ThirdRegistry {
      protected override link(transport: Entry & { slot?: Set<Entry> }, server: Entry): void {
        super.link(transport, server);
        transport.slot = server.bound;
      }
      protected override unlink(transport: Entry & { slot?: Set<Entry> }): void {
        transport.slot?.delete(transport);
        transport.slot = undefined;
        transport.server = undefined;
      }
      protected override bindAtRegistration(entry: Entry): void {
        const { serverId } = entry.registration.config;
        const server = entry.namespace === 'transport' && serverId !== undefined ? this.lookup('server', serverId as string) : undefined;
        if (!server) return;
        entry.server = server;
        server.bound.add(entry);
      }
      protected override leave(entry: Entry): void {
        entry.server?.bound.delete(entry);
        super.leave(entry);
      }
      protected override applyUnbind({ id }: Unbind): void {
        const transport = this.lookup('transport', id);
        if (!transport) return;
        transport.server?.bound.delete(transport);
        this.unlink(transport);
      }
    },
  ),
  broken(
    'unbind-splices-minus-one',
    ['BND-5'],
    'Bindings are kept in an array, and unbinding does splice(indexOf(transport), 1): for a transport that is not bound indexOf gives -1, and the last binding of somebody else goes.',
    class extends ThirdRegistry {
      private order: Entry[] = [];
      protected override link(transport: Entry, server: Entry): void {
        super.link(transport, server);
        this.order.push(transport);
      }
      protected override unlink(transport: Entry): void {
        this.order = this.order.filter((one) => one !== transport);
        super.unlink(transport);
      }
      protected override endBindings(server: Entry): void {
        this.order = this.order.filter((one) => one.server !== server);
        super.endBindings(server);
      }
      protected override applyUnbind({ id }: Unbind): void {
        const transport = this.lookup('transport', id);
        if (!transport) return;
        const [gone] = this.order.splice(this.order.indexOf(transport), 1);
        if (gone) super.unlink(gone);
      }
    },
  ),
  broken(
    'every-second-binding-survives',
    ['BND-6', 'DWN-2', 'INC-2'],
    'Ending the bindings of a server iterates over its array of transports while unlinking removes from that same array, so every second one is skipped.',
    class extends ThirdRegistry {
      protected override endBindings(server: Entry): void {
        const bound = [...server.bound];
        for (const transport of bound) {
          bound.splice(bound.indexOf(transport), 1);
          this.unlink(transport);
        }
      }
    },
  ),
  broken(
    'transport-bound-when-its-server-comes',
    ['BND-9', 'INC-2'],
    'Meant as a convenience for start-up in any order: registering a server looks for unbound transports whose configuration names it, and binds them.',
    class extends ThirdRegistry {
      protected override applyRegister(order: Register): void {
        super.applyRegister(order);
        if (order.namespace !== 'server') return;
        const server = this.lookup('server', order.id)!;
        for (const transport of this.names.transport.values()) {
          if (!transport.server && transport.registration.config.serverId === order.id) this.link(transport, server);
        }
      }
    },
  ),
  broken(
    'watch-keyed-by-id-alone',
    ['DWN-1', 'NAM-4'],
    'The set of what an endpoint holds has ids without their namespace: one that holds a server and a transport of the same id, and gives one up, is no longer watched for the other.',
    class extends ThirdRegistry {
      protected override readonly watches = new Map<Endpoint, Watch & { ids?: Set<string> }>();
      protected override watch(entry: Entry): void {
        super.watch(entry);
        (this.watches.get(entry.endpoint)!.ids ??= new Set()).add(entry.id);
      }
      protected override unwatch(entry: Entry): void {
        const watch = this.watches.get(entry.endpoint);
        if (!watch) return;
        watch.ids!.delete(entry.id);
        if (watch.ids!.size === 0) this.forget(entry.endpoint, watch);
      }
      protected override down(endpoint: Endpoint): void {
        for (const id of [...(this.watches.get(endpoint)?.ids ?? [])]) {
          for (const namespace of namespaces) {
            const entry = this.lookup(namespace, id);
            if (entry?.endpoint === endpoint) this.leave(entry);
          }
        }
      }
    },
  ),
  broken(
    'endpoint-that-comes-back-is-not-watched',
    ['DWN-1', 'DWN-2'],
    'A WeakSet says which endpoints are listened to already; the listener goes with the last name, the mark in the set stays, and a later name of that endpoint gets no listener.',
    class extends ThirdRegistry {
      private readonly listenedTo = new WeakSet<Endpoint>();
      protected override watch(entry: Entry): void {
        const { endpoint } = entry;
        let watch = this.watches.get(endpoint);
        if (!watch) {
          watch = { signal: endpoint.signal, listener: () => this.down(endpoint), entries: new Set() };
          this.watches.set(endpoint, watch);
          if (!this.listenedTo.has(endpoint)) watch.signal.addEventListener('abort', watch.listener);
          this.listenedTo.add(endpoint);
        }
        watch.entries.add(entry);
      }
    },
  ),
  // BND-8 as well, and CON-1, when operations overlap.
  broken(
    'registration-and-binding-in-two-steps',
    ['BND-8', 'DLK-2', 'CTN-9'],
    'registerTransport with a serverId registers, waits for that to commit, and then binds with a write of its own: in between the transport is visible and unbound.',
    class extends ThirdRegistry {
      protected override bindAtRegistration(): void {
        // Later.
      }
      override async registerTransport(id: string, endpoint: Endpoint, config?: Config): Promise<void> {
        const serverId = this.takeConfig('transport', config).serverId as string | undefined;
        await super.registerTransport(id, endpoint, config);
        if (serverId === undefined) return;
        const order: Bind & { readonly uncounted: true } = { kind: 'bind', namespace: 'transport', id, serverId, uncounted: true };
        await this.write(order).catch(() => {});
      }
      protected override measure(job: Job & { readonly uncounted?: boolean }): void {
        if (!job.uncounted) super.measure(job);
      }
    },
  ),
];

/** Those that are right as long as one operation comes after the other. */
export const heldOutThirdNamesInOverlap: readonly Mutant[] = [
  broken(
    'bind-that-lost-its-server-has-no-code',
    ['ERR-1'],
    'The second look at the server, when the bind commits, was added later and throws a plain Error instead of the coded one.',
    class extends ThirdRegistry {
      protected override commit(job: Job): void {
        if (job.kind === 'bind' && !this.lookup('server', job.serverId)) this.refused(job, new Error(`server ${job.serverId} went away`));
        else super.commit(job);
      }
    },
  ),
  broken(
    'reservation-kept-after-failed-commit',
    ['DWN-1', 'CON-1', 'REG-1'],
    'A registration reserves its name while it is in flight and releases it on success; when the endpoint goes down before the commit nobody releases it, and the name stays taken for ever.',
    class extends ThirdRegistry {
      private readonly reserved = new Map<string, Register>();
      protected override checkRegister(order: Register): void {
        const key = keyOf(order.namespace, order.id);
        if (this.reserved.has(key) && this.reserved.get(key) !== order) refuse('already_registered', order.id);
        super.checkRegister(order);
        this.reserved.set(key, order);
      }
      protected override applyRegister(order: Register): void {
        super.applyRegister(order);
        this.reserved.delete(keyOf(order.namespace, order.id));
      }
    },
  ),
  broken(
    'update-resurrects',
    ['CON-1', 'UPD-2', 'DWN-1', 'LST-3', 'RTE-9'],
    'An update takes the record when its turn comes and puts the changed record back when it commits, without looking whether the server has gone down in between.',
    class extends ThirdRegistry {
      protected override checkUpdate(order: Update & { entry?: Entry }): void {
        if (order.entry) return;
        super.checkUpdate(order);
        order.entry = this.lookup('server', order.id);
      }
      protected override applyUpdate({ id, config, entry }: Update & { entry?: Entry }): void {
        entry!.registration = Object.freeze({ id, endpoint: entry!.endpoint, config });
        this.names.server.set(id, entry!);
      }
    },
  ),
  broken(
    'unregister-refused-when-somebody-was-faster',
    ['CON-1', 'UNR-2', 'DLK-2'],
    'Unregistering succeeds for a name that is absent at the call, but a name that was there and disappeared before the commit is treated as a conflict and reported.',
    class extends ThirdRegistry {
      protected override write(order: Order & { existed?: boolean }): Promise<void> {
        order.existed = order.kind === 'unregister' && this.lookup(order.namespace, order.id) !== undefined;
        return super.write(order);
      }
      protected override check(job: Job & { existed?: boolean }): void {
        super.check(job);
        if (job.existed && !this.lookup(job.namespace, job.id)) refuse(`${job.namespace}_not_found`, job.id);
      }
    },
  ),
  broken(
    'list-paged-by-offset',
    ['LST-3'],
    'Long lists yield to the event loop after each page of four and go on by offset: a name that is removed meanwhile shifts the rest, and one that was there throughout is skipped.',
    class extends ThirdRegistry {
      protected override async list(namespace: Namespace): Promise<readonly Registration[]> {
        const found: Registration[] = [];
        for (let offset = 0; ; offset += 4) {
          const page = (super.list(namespace) as readonly Registration[]).slice(offset, offset + 4);
          found.push(...page);
          if (page.length < 4) return found;
          await null;
        }
      }
    },
  ),
  broken(
    'down-waits-in-the-lane',
    ['DWN-1', 'DWN-3', 'CON-1', 'LST-3', 'RTE-8'],
    '"Down" is sent through the lane like every other change, so that it is ordered with the writes; while the lane is busy it has not taken effect when the abort returns.',
    class extends ThirdRegistry {
      protected override down(endpoint: Endpoint): void {
        for (const entry of [...(this.watches.get(endpoint)?.entries ?? [])]) {
          if (this.partitionOf(entry.id).current === undefined) this.leave(entry);
          else this.write({ kind: 'down', namespace: entry.namespace, id: entry.id, entry }).catch(() => {});
        }
      }
      protected override write(order: Order | Down): Promise<void> {
        return super.write(order as Order);
      }
      protected override apply(job: Job | Down): void {
        if (job.kind !== 'down') super.apply(job);
        else if (this.isCurrent(job.entry)) this.leave(job.entry);
      }
      protected override measure(job: Job | Down): void {
        if (job.kind !== 'down') super.measure(job);
      }
    },
  ),
  broken(
    'down-before-the-commit-is-missed',
    ['DWN-1', 'REG-3'],
    'The signal is looked at when the call comes in, and listened to from the commit on; what aborts in between is registered and stays for ever.',
    class extends ThirdRegistry {
      protected override register(namespace: Namespace, id: string, endpoint: Endpoint, config: Config | undefined): Promise<void> {
        this.checkEndpoint(endpoint);
        if (endpoint.signal.aborted) refuse('endpoint_down');
        return super.register(namespace, id, endpoint, config);
      }
      protected override checkRegister({ namespace, id }: Register): void {
        if (this.lookup(namespace, id)) refuse('already_registered', id);
      }
    },
  ),
];
