import type { Config, Endpoint, Namespace, PartitionStats, Registration, RequirementId } from '../../spec/index.js';
import type { Mutant } from './mutant.js';
import { mutant } from './mutants.js';
import { PlainRegistry, refusal, type Entry } from './plain-registry.js';

/*
 * Mistakes that nobody overlooks for long. Finer ones are found by finer checks; that each of the simple ones can fail is shown by these.
 */

const plain = (id: string, breaks: readonly RequirementId[], how: string, Kind: new () => PlainRegistry): Mutant => ({ id, breaks, how, adapter: { name: how, open: () => new Kind() } });

export const bluntMutants: readonly Mutant[] = [
  plain('finds-no-server', ['REG-1', 'NAM-2', 'NAM-3', 'NAM-4', 'EPT-1', 'REG-4', 'CFG-1', 'LKP-1', 'LST-2', 'INC-1', 'RTE-7'], 'lookups read a replica that nobody ever writes to', class extends PlainRegistry {
    protected override find(namespace: Namespace, id: string): Registration | undefined {
      const found = super.find(namespace, id);
      return namespace === 'server' ? undefined : found;
    }
  }),
  plain('services-of-its-own', ['NAM-2'], 'names that nobody is expected to ask for stand for whoever came last', class extends PlainRegistry {
    protected override find(namespace: Namespace, id: string): Registration | undefined {
      const last = [...this.names.server.values()].at(-1)?.registration;
      return super.find(namespace, id) ?? (namespace === 'server' && last && ['constructor', 'size', 'length'].includes(id) ? { ...last, id } : undefined);
    }
  }),
  plain('routes-in-any-case', ['NAM-3', 'RTE-1'], 'an address is compared as mail servers do, without minding the case', class extends PlainRegistry {
    override routeToServer(serverId: string, transportId: string, message: unknown): number {
      this.checkId(serverId);
      const first = [...this.names.server.keys()].find((id) => id.toLowerCase() === serverId.toLowerCase());
      return super.routeToServer(first ?? serverId, transportId, message);
    }
  }),
  plain('takes-before-it-looks', ['REG-4', 'DWN-4', 'CLS-3'], 'the new holder is written down, and then it is found that there was one', class extends PlainRegistry {
    protected override register(namespace: Namespace, id: string, endpoint: Endpoint, config: Config): void | Promise<void> {
      const held = typeof id === 'string' ? this.names[namespace].get(id) : undefined;
      try {
        return super.register(namespace, id, endpoint, config);
      } catch (error) {
        if ((error as { code?: string }).code === 'already_registered' && held !== undefined) held.registration = Object.freeze({ id, endpoint, config: this.copy(config) });
        throw error;
      }
    }
  }),
  plain('the-dead-keep-the-name', ['REG-4', 'DWN-1'], 'the name is taken first, and not given back when the endpoint turns out to be down', class extends PlainRegistry {
    protected override register(namespace: Namespace, id: string, endpoint: Endpoint, config: Config): void | Promise<void> {
      try {
        return super.register(namespace, id, endpoint, config);
      } catch (error) {
        if ((error as { code?: string }).code === 'endpoint_down' && !this.names[namespace].has(id)) this.insert(namespace, Object.freeze({ id, endpoint, config: this.copy(config) }));
        throw error;
      }
    }
  }),
  plain('update-leaves-a-stub', ['REG-4'], 'an update of what is not there makes an empty record before it is refused', class extends PlainRegistry {
    #last: Endpoint | undefined;

    protected override register(namespace: Namespace, id: string, endpoint: Endpoint, config: Config): void | Promise<void> {
      this.#last = endpoint;
      return super.register(namespace, id, endpoint, config);
    }

    override updateServer(id: string, config: Config): void {
      try {
        super.updateServer(id, config);
      } catch (error) {
        if ((error as { code?: string }).code === 'server_not_found' && this.#last?.signal.aborted === false) this.insert('server', Object.freeze({ id, endpoint: this.#last, config: this.copy(config) }));
        throw error;
      }
    }
  }),
  plain('never-unregisters-servers', ['UNR-1', 'NAM-2', 'REG-5', 'UPD-2', 'LKP-2', 'LST-1', 'BND-2', 'BND-6', 'CLS-4'], 'unregistering marks a server for a sweeper that was never written', class extends PlainRegistry {
    protected override unregister(namespace: Namespace, id: string): void {
      this.open();
      this.checkId(id);
      if (namespace === 'transport') super.unregister(namespace, id);
    }
  }),
  plain('first-lookup-is-kept', ['LKP-1', 'REG-5', 'INC-1'], 'what a name was first registered as is cached, for as long as the name is there', class extends PlainRegistry {
    readonly #first = new Map<string, Registration>();

    protected override insert(namespace: Namespace, registration: Registration): Entry {
      if (namespace === 'server' && !this.#first.has(registration.id)) this.#first.set(registration.id, registration);
      return super.insert(namespace, registration);
    }

    protected override find(namespace: Namespace, id: string): Registration | undefined {
      const found = super.find(namespace, id);
      const first = namespace === 'server' ? this.#first.get(id) : undefined;
      return found && first ? Object.freeze({ ...found, endpoint: first.endpoint }) : found;
    }
  }),
  plain('the-list-is-the-store', ['LST-2', 'ERR-1'], 'the array that is handed out is the one that is kept', class extends PlainRegistry {
    readonly #kept: Registration[] = [];

    protected override insert(namespace: Namespace, registration: Registration): Entry {
      if (namespace === 'server') this.#kept.push(registration);
      return super.insert(namespace, registration);
    }

    protected override remove(entry: Entry): void {
      const at = this.#kept.findIndex(({ id }) => id === entry.registration.id);
      if (entry.namespace === 'server' && at >= 0) this.#kept.splice(at, 1);
      super.remove(entry);
    }

    protected override update(entry: Entry, config: Config): void {
      const at = this.#kept.indexOf(entry.registration);
      super.update(entry, config);
      this.#kept[at] = entry.registration;
    }

    override listServers(): readonly Registration[] {
      this.open();
      return this.#kept;
    }
  }),
  plain('down-takes-what-was-once-held', ['INC-1', 'DWN-4', 'CLS-3', 'CLS-4'], 'a "down" takes every name with it that the endpoint has ever held', class extends PlainRegistry {
    readonly #ever = new Map<AbortSignal, Set<string>>();

    protected override insert(namespace: Namespace, registration: Registration): Entry {
      const { signal } = registration.endpoint;
      const ever = this.#ever.get(signal) ?? new Set();
      if (!this.#ever.has(signal)) signal.addEventListener('abort', () => [...ever].forEach((id) => this.#take(id)), { once: true });
      this.#ever.set(signal, ever);
      if (namespace === 'server') ever.add(registration.id);
      return super.insert(namespace, registration);
    }

    #take(id: string): void {
      const entry = this.names.server.get(id);
      if (entry !== undefined) this.remove(entry);
    }
  }),
  plain('binds-nothing', ['BND-1', 'NAM-3', 'REG-4', 'UPD-1', 'BND-4', 'BND-8', 'RTE-1', 'RTE-3', 'RTE-6', 'RTE-7'], 'a bind is checked, acknowledged and never made', class extends PlainRegistry {
    protected override attach(): void {
      // Nobody wrote this.
    }
  }),
  plain('unbinds-nothing', ['BND-5'], 'an unbind is checked, acknowledged and never made', class extends PlainRegistry {
    override unbindTransport(transportId: string): void {
      this.open();
      this.checkId(transportId);
    }
  }),
  plain('broadcasts-to-first-holders', ['RTE-8'], 'a broadcast goes to the endpoints that were first met under each name', class extends PlainRegistry {
    readonly #first = new Map<string, Entry>();
    #isBroadcast = false;

    override routeToTransport(transportId: string | symbol, serverId: string, message: unknown): number {
      this.#isBroadcast = typeof transportId === 'symbol';
      try {
        return super.routeToTransport(transportId as string, serverId, message);
      } finally {
        this.#isBroadcast = false;
      }
    }

    protected override deliver(entry: Entry | undefined, from: string, message: unknown): number {
      if (entry === undefined || entry.namespace === 'server' || !this.#isBroadcast) return super.deliver(entry, from, message);
      const { id } = entry.registration;
      if (!this.#first.has(id)) this.#first.set(id, { ...entry, live: true });
      return super.deliver(this.#first.get(id), from, message);
    }
  }),
  mutant('one-alarm-for-all', ['CTN-2', 'CTN-1', 'CTN-3', 'CTN-7'], 'an alarm is raised for all partitions', (real) => {
    const any = (): boolean => real.getContentionStatus().alarmed.length > 0;
    const rung = (stats: PartitionStats): PartitionStats => ({ ...stats, alarm: any() });
    return {
      getPartitionStats: (partition?: number) => (partition === undefined ? real.getPartitionStats().map(rung) : rung(real.getPartitionStats(partition))),
      getContentionStatus: () => ({ ...real.getContentionStatus(), alarmed: any() ? real.getPartitionStats().map(({ partition }) => partition) : [] }),
    };
  }),
  mutant('overloaded-says-nothing', ['ADM-3'], 'while alarms keep admission closed, everything that writes is refused', (real) => ({
    unregisterServer: (id: string) => (real.getContentionStatus().mode === 'auto' && real.getContentionStatus().admission === 'closed' ? Promise.reject(refusal('admission_control_active')) : real.unregisterServer(id)),
  })),
];
