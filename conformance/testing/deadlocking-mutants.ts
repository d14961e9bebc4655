import type { Adapter, Wait } from '../contract.js';
import { randomFrom } from '../schedules/choosers.js';
import { RegistryError, ShardedRegistry } from '../../src/index.js';
import type { AdmissionMode, Clock, Config, Endpoint, RequirementId } from '../../spec/index.js';
import { adapterFor } from '../adapters/adapter-for.js';
import type { Mutant } from './mutant.js';
import { anew, Honest, type Entry } from './overlapping-mutants.js';

/*
 * Registries in which calls wait for what never comes, or leave something behind when they are cut short; each is right as long as
 * operations come one after the other.
 */

/** A broken registry, and which check finds it. */
export interface DeadlockingMutant extends Mutant {
  /** How the title of the check begins that finds it, and the requirement it belongs to. */
  readonly foundBy: readonly [RequirementId, string];
}

/** A call that waits for a lane is noted, as is who has it. */
class Noting extends Honest {
  readonly #holders = new Map<string, string>();
  readonly #waiting = new Map<symbol, { readonly who: string; readonly lane: string }>();
  protected calls = 0;

  protected override exclusively<T>(key: string, work: () => Promise<T>, who = `a write of ${key.slice(1)} #${++this.calls}`): Promise<T> {
    // One lane for an id, in whichever namespace.
    const lane = key.slice(1);
    const me = Symbol();
    this.#waiting.set(me, { who, lane });
    return super.exclusively(lane, async () => {
      this.#waiting.delete(me);
      this.#holders.set(lane, who);
      try {
        return await work();
      } finally {
        this.#holders.delete(lane);
      }
    });
  }

  waits(): Wait[] {
    return [...this.#waiting.values()].flatMap(({ who, lane }) => {
      const holder = this.#holders.get(lane);
      return holder === undefined ? [] : [{ waiter: who, holder, for: `lane ${lane}` }];
    });
  }
}

const never = <T>(): Promise<T> => new Promise(() => undefined);

export const deadlockingMutants: readonly DeadlockingMutant[] = [
  {
    id: 'waits-for-its-own-lane',
    how: 'a message is delivered in the lane of the recipient, so that it comes in order, and the lane waits until it has been taken',
    breaks: ['DLK-4', 'DLK-1'],
    foundBy: ['DLK-4', 'a recipient that waits'],
    adapter: anew('waits for its own lane', (clock) => new (class extends Honest {
      override routeToServer(serverId: string, transportId: string, message: unknown): Promise<number> {
        return this.exclusively(`s${serverId}`, async () => {
          const entry = this.servers.get(serverId);
          if (entry === undefined) return 0;
          try {
            await entry.endpoint.send({ namespace: 'server', to: serverId, from: transportId, message });
          } catch {
            // Of no account to the sender.
          }
          return 1;
        });
      }
    })(clock)),
  },
  {
    id: 'an-endpoint-and-its-names',
    how: 'registration locks the name and then the endpoint, to note the name there; "down" locks the endpoint and then its names',
    breaks: ['DLK-4', 'CON-1'],
    foundBy: ['DLK-4', 'whoever hears that an endpoint is down'],
    adapter: { ...anew('an endpoint and its names', (clock) => new EndpointLocks(clock)), without: ['stats', 'contention', 'in-process'] },
  },
  {
    id: 'lanes-that-cross',
    how: 'there is one lane for each id, and bind takes that of the transport and then that of the server',
    breaks: ['DLK-4'],
    foundBy: ['DLK-4', 'bindings that cross'],
    adapter: anew('lanes that cross', (clock) => new (class extends Noting {
      override bindTransportToServer(transportId: string, serverId: string): Promise<void> {
        const who = `bind(${transportId}, ${serverId}) #${++this.calls}`;
        const tie = async (): Promise<void> => this.tie(transportId, serverId);
        return this.exclusively(`t${transportId}`, async () => {
          await this.pause();
          await (transportId === serverId ? tie() : this.exclusively(`s${serverId}`, tie, who));
        }, who);
      }
    })(clock)),
  },
  {
    id: 'four-connections',
    how: 'writes go over four connections to the store in turns, and wait for whoever is on theirs',
    breaks: ['PRT-4'],
    foundBy: ['PRT-4', 'many calls in all other partitions'],
    adapter: adapterFor('four connections', (options) => {
      const connections: Promise<unknown>[] = Array.from({ length: 4 }, () => Promise.resolve());
      let turn = 0;
      return new ShardedRegistry({
        ...options,
        store: (...args) => {
          const inner = options.store!(...args);
          return {
            ...inner,
            commit: (change) => {
              const mine = turn++ % connections.length;
              const committed = connections[mine]!.then(() => inner.commit(change));
              connections[mine] = committed.catch(() => undefined);
              return committed;
            },
          };
        },
      });
    }),
  },
  {
    id: 'closed-on-those-in-line',
    how: 'closing empties the lanes, with all who stand in them',
    breaks: ['DLK-4'],
    foundBy: ['DLK-4', 'closing answers every call'],
    adapter: anew('closed on those in line', (clock) => new (class extends ClosedForGood {
      protected override exclusively<T>(key: string, work: () => Promise<T>): Promise<T> {
        return super.exclusively(key, () => (this.closed ? never() : work()));
      }
    })(clock)),
  },
  {
    id: 'lands-after-closing',
    how: 'a registration looks whether the registry is open when it is called, and no more',
    breaks: ['CLS-1', 'CLS-3'],
    foundBy: ['DLK-4', 'closing answers every call'],
    adapter: anew('lands after closing', (clock) => new Closing(clock)),
  },
  {
    id: 'refused-too-late',
    how: 'admission may have closed while a registration was committed, so it is looked at again before the answer',
    breaks: ['CON-3'],
    foundBy: ['CON-3', 'what is refused because admission closes'],
    adapter: anew('refused too late', (clock) => new (class extends Admitting {
      protected override async register(names: Map<string, Entry>, id: string, endpoint: Endpoint, config: Config): Promise<void> {
        await super.register(names, id, endpoint, config);
        this.admit(id);
      }
    })(clock)),
  },
  {
    id: 'parked',
    how: 'whoever was admitted and finds admission closed meanwhile waits until somebody opens it, by hand',
    breaks: ['DLK-4'],
    foundBy: ['CON-3', 'what is refused because admission closes'],
    adapter: anew('parked', (clock) => new (class extends Admitting {
      #parked: (() => void)[] = [];
      protected override async register(names: Map<string, Entry>, id: string, endpoint: Endpoint, config: Config): Promise<void> {
        await this.pause();
        if (this.mode === 'closed') await new Promise<void>((resolve) => void this.#parked.push(resolve));
        this.insert(names, id, endpoint, config);
      }
      override setAdmission(mode: AdmissionMode): void {
        super.setAdmission(mode);
        if (mode === 'open') for (const wake of this.#parked.splice(0)) wake();
      }
    })(clock)),
  },
  {
    id: 'nobody-left-to-answer',
    how: 'a registration whose endpoint has died meanwhile is dropped: nobody is left to hear the answer',
    breaks: ['DLK-4'],
    foundBy: ['DLK-4', 'a registration whose endpoint dies'],
    adapter: anew('nobody left to answer', (clock) => new (class extends Honest {
      override async registerServer(id: string, endpoint: Endpoint, config: Config = {}): Promise<void> {
        if (endpoint.signal.aborted) throw new RegistryError('endpoint_down', id);
        return super.registerServer(id, endpoint, config);
      }
      protected override async register(names: Map<string, Entry>, id: string, endpoint: Endpoint, config: Config): Promise<void> {
        await this.pause();
        if (endpoint.signal.aborted) return never();
        this.insert(names, id, endpoint, config);
      }
    })(clock)),
  },
  {
    id: 'a-name-for-the-dead',
    how: 'whether the endpoint is alive is looked at before the commit, and the listener is attached after it',
    breaks: ['DWN-1'],
    foundBy: ['DLK-4', 'a registration whose endpoint dies'],
    adapter: anew('a name for the dead', (clock) => new (class extends Honest {
      protected override async register(names: Map<string, Entry>, id: string, endpoint: Endpoint, config: Config): Promise<void> {
        if (endpoint.signal.aborted) throw new RegistryError('endpoint_down', id);
        await this.pause();
        if (names.has(id)) throw new RegistryError('already_registered', id);
        this.put(names, { id, endpoint, config, alive: true });
      }
    })(clock)),
  },
];

/** Can be closed; what is being registered meanwhile still is. */
class Closing extends Honest {
  protected closed = false;

  override async registerServer(id: string, endpoint: Endpoint, config: Config = {}): Promise<void> {
    if (this.closed) throw new RegistryError('registry_closed', id);
    return super.registerServer(id, endpoint, config);
  }

  override async registerTransport(id: string, endpoint: Endpoint, config: Config = {}): Promise<void> {
    if (this.closed) throw new RegistryError('registry_closed', id);
    return super.registerTransport(id, endpoint, config);
  }

  close(): void {
    this.closed = true;
    for (const names of [this.servers, this.transports]) for (const entry of [...names.values()]) this.remove(names, entry);
  }
}

/** And what was being registered meanwhile is refused. */
class ClosedForGood extends Closing {
  protected override insert(names: Map<string, Entry>, id: string, endpoint: Endpoint, config: Config): void {
    if (this.closed) throw new RegistryError('registry_closed', id);
    super.insert(names, id, endpoint, config);
  }
}

/** Admission is opened and closed by hand. */
export class Admitting extends Honest {
  protected mode: AdmissionMode = 'auto';

  setAdmission(mode: AdmissionMode): void {
    if (!['auto', 'open', 'closed'].includes(mode)) throw new RegistryError('invalid_argument', String(mode));
    this.mode = mode;
  }

  protected admit(id: string): void {
    if (this.mode === 'closed') throw new RegistryError('admission_control_active', id);
  }

  override async registerServer(id: string, endpoint: Endpoint, config: Config = {}): Promise<void> {
    this.admit(id);
    return super.registerServer(id, endpoint, config);
  }

  override async registerTransport(id: string, endpoint: Endpoint, config: Config = {}): Promise<void> {
    this.admit(id);
    return super.registerTransport(id, endpoint, config);
  }
}

/** Locks names and endpoints: one after the other, in two orders. */
class EndpointLocks extends Honest {
  readonly #keys = new WeakMap<Endpoint, string>();
  #endpoints = 0;

  #keyOf(endpoint: Endpoint): string {
    let key = this.#keys.get(endpoint);
    if (key === undefined) this.#keys.set(endpoint, (key = `e${++this.#endpoints}`));
    return key;
  }

  protected override async register(names: Map<string, Entry>, id: string, endpoint: Endpoint, config: Config): Promise<void> {
    await this.pause();
    await this.exclusively(this.#keyOf(endpoint), async () => this.insert(names, id, endpoint, config));
  }

  protected override async unregister(names: Map<string, Entry>, id: string): Promise<void> {
    await this.pause();
    const entry = names.get(id);
    if (entry !== undefined) await this.exclusively(this.#keyOf(entry.endpoint), async () => this.remove(names, entry));
  }

  protected override down(names: Map<string, Entry>, entry: Entry): void {
    void this.exclusively(this.#keyOf(entry.endpoint), async () => {
      await this.pause();
      await this.exclusively(`${names === this.servers ? 's' : 't'}${entry.id}`, async () => this.remove(names, entry));
    });
  }
}

/** Takes some time of its own for every step, now less and now more. Milliseconds of real time. */
const dawdling = (most: number) => (clock: Clock): Honest => {
  const random = randomFrom(most);
  return new (class extends Honest {
    protected override async pause(): Promise<void> {
      await super.pause();
      await new Promise<void>((resolve) => void setTimeout(resolve, random() * most));
    }
  })(clock);
};

/** Right, and slow at every step: by the clock of the kit, and besides, or only, by their own. */
export const slow: readonly Adapter[] = [
  anew('slow by two clocks', dawdling(6)),
  { ...anew('slow by its own clock', dawdling(6)), features: [] },
  { ...anew('slower than patience lasts', dawdling(200)), features: [] },
];
