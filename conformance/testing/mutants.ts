import { adapterFor } from '../adapters/adapter-for.js';
import { broadcast, type Config, type Endpoint, type PartitionStats, type Registration, type Registry, type RequirementId } from '../../spec/index.js';
import { ShardedRegistry, type RegistryOptions } from '../../src/index.js';
import type { Mutant } from './mutant.js';

type Operations = Partial<Record<keyof Registry, (...args: never[]) => unknown>>;

/** Our registry, of which some operations are replaced. */
export function mutant(id: string, breaks: readonly RequirementId[], how: string, alter: (real: ShardedRegistry, options: RegistryOptions) => Operations, twist: (options: RegistryOptions) => RegistryOptions = (options) => options): Mutant {
  const adapter = adapterFor(how, (options) => {
    const real = new ShardedRegistry(twist(options));
    const own = alter(real, options);
    return new Proxy(real, {
      get: (target, key) => {
        const value: unknown = own[key as keyof Registry] ?? Reflect.get(target, key, target);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });
  });
  return { id, breaks, how, adapter };
}

const refuse = (code: string): Promise<never> => Promise.reject(Object.assign(new Error(code), { code }));

const statsWith = (real: ShardedRegistry, change: (stats: PartitionStats) => PartitionStats): Operations => ({
  getPartitionStats: (partition?: number) => (partition === undefined ? real.getPartitionStats().map(change) : change(real.getPartitionStats(partition))),
});

/** Admission that decides by a count of alarms of its own. */
function admitting(real: ShardedRegistry, closed: (alarmed: number, all: number) => boolean): Operations {
  let mode: 'auto' | 'open' | 'closed' = 'auto';
  const shut = (): boolean => mode === 'closed' || (mode === 'auto' && closed(real.getContentionStatus().alarmed.length, real.getContentionStatus().partitions));
  const admit = (register: () => Promise<void>): Promise<void> => {
    real.setAdmission(shut() ? 'closed' : 'open');
    return register().finally(() => undefined);
  };
  return {
    registerServer: (id: string, endpoint: Endpoint, config?: Config) => admit(() => real.registerServer(id, endpoint, config)),
    registerTransport: (id: string, endpoint: Endpoint, config?: Config) => admit(() => real.registerTransport(id, endpoint, config)),
    getContentionStatus: () => ({ ...real.getContentionStatus(), mode, admission: shut() ? 'closed' : 'open' }),
    setAdmission: (wanted: 'auto' | 'open' | 'closed') => {
      real.setAdmission(wanted);
      mode = wanted;
    },
  };
}

/** The last registration of each server, for a mutant that has to know. */
const last = new WeakMap<ShardedRegistry, Map<string, Registration>>();

export const mutants: readonly Mutant[] = [
  mutant('any-id-looked-up', ['NAM-1'], 'a lookup that takes anything for an id', (real) => ({
    findServer: (id: string) => {
      try {
        return real.findServer(id);
      } catch {
        return undefined;
      }
    },
  })),
  mutant('id-limit-too-low', ['NAM-2'], 'a limit on ids that is too low', (real) => ({
    registerServer: (id: string, endpoint: Endpoint, config?: Config) => (typeof id === 'string' && [...id].length > 250 ? refuse('invalid_argument') : real.registerServer(id, endpoint, config)),
  })),
  mutant('prototype-keys-refused', ['NAM-2'], 'names kept as properties of an object, with a guard against pollution', (real) => ({
    registerServer: (id: string, endpoint: Endpoint, config?: Config) => (id === '__proto__' || id === 'constructor' ? refuse('invalid_argument') : real.registerServer(id, endpoint, config)),
  })),
  mutant('unicode-normalised', ['NAM-3'], 'Unicode normalisation, for the convenience of users', (real) => ({
    registerServer: (id: string, endpoint: Endpoint, config?: Config) =>
      typeof id === 'string' && real.listServers().some((other) => other.id !== id && other.id.normalize() === id.normalize()) ? refuse('already_registered') : real.registerServer(id, endpoint, config),
  })),
  mutant('one-namespace', ['NAM-4'], 'one set of taken ids for both kinds', (real) => ({
    registerTransport: (id: string, endpoint: Endpoint, config?: Config) => (typeof id === 'string' && id !== '' && real.listServers().some((server) => server.id === id) ? refuse('already_registered') : real.registerTransport(id, endpoint, config)),
  })),
  mutant('few-names-per-endpoint', ['EPT-1'], 'a limit on the names of an endpoint', (real) => ({
    registerServer: (id: string, endpoint: Endpoint, config?: Config) => (real.listServers().filter((server) => server.endpoint === endpoint).length >= 50 ? refuse('endpoint_down') : real.registerServer(id, endpoint, config)),
  })),
  mutant('endpoint-not-looked-at', ['EPT-2'], 'no look at the endpoint', (real) => ({
    registerServer: (id: string, endpoint: Endpoint, config?: Config) => (typeof endpoint?.send !== 'function' || typeof endpoint.signal?.aborted !== 'boolean' ? Promise.resolve() : real.registerServer(id, endpoint, config)),
  })),
  mutant('list-of-ids', ['ERR-1'], 'a list of ids where registrations are promised', (real) => ({ listTransports: () => real.listTransports().map(({ id }) => id) })),
  mutant('errors-without-codes', ['ERR-1'], 'errors with messages and without codes', (real) => ({
    updateServer: (id: string, config: Config) => (real.listServers().some((server) => server.id === id) || typeof id !== 'string' || id === '' ? real.updateServer(id, config) : Promise.reject(new Error('no such server'))),
  })),
  mutant('full-table-in-silence', ['REG-1', 'LST-1'], 'a table that is full without saying so', (real) => ({
    registerTransport: async (id: string, endpoint: Endpoint, config?: Config) => {
      await real.registerTransport(id, endpoint, config);
      if (real.listTransports().length > 11) await real.unregisterTransport(id);
    },
  })),
  mutant('full-table', ['REG-1'], 'a table that is full, and says so', (real) => ({
    registerTransport: (id: string, endpoint: Endpoint, config?: Config) =>
      config === undefined && real.listTransports().length >= 11 && !real.listTransports().some((one) => one.id === id) ? refuse('partition_overloaded') : real.registerTransport(id, endpoint, config),
  })),
  mutant('register-as-heartbeat', ['REG-2'], 'registering again as a way to say "still here"', (real) => ({
    registerServer: (id: string, endpoint: Endpoint, config?: Config) => (real.listServers().some((server) => server.id === id && server.endpoint === endpoint) ? Promise.resolve() : real.registerServer(id, endpoint, config)),
  })),
  mutant('dead-endpoint-in-silence', ['REG-3'], 'a dead endpoint ignored without a word', (real) => ({
    registerServer: (id: string, endpoint: Endpoint, config?: Config) =>
      real.registerServer(id, endpoint, config).catch((error: { code: string }) => (error.code === 'endpoint_down' && !real.listServers().some((server) => server.id === id) ? undefined : Promise.reject(error as unknown as Error))),
  })),
  mutant('unbinds-before-refusing', ['REG-4'], 'unbinding before the new server has been looked up', (real) => ({
    bindTransportToServer: (transport: string, server: string) =>
      real.bindTransportToServer(transport, server).catch(async (error: unknown) => {
        await real.unbindTransport(transport).catch(() => undefined);
        throw error;
      }),
  })),
  mutant('names-reserved-for-ever', ['REG-5'], 'names that are reserved for ever for whoever held them first', (real) => {
    const first = new Map<string, Endpoint>();
    return {
      registerTransport: (id: string, endpoint: Endpoint, config?: Config) => real.registerTransport(id, endpoint, config),
      registerServer: async (id: string, endpoint: Endpoint, config?: Config) => {
        if (first.has(id) && first.get(id) !== endpoint && !real.listServers().some((server) => server.id === id)) return refuse('already_registered');
        await real.registerServer(id, endpoint, config);
        if (!first.has(id)) first.set(id, endpoint);
        return undefined;
      },
    };
  }),
  mutant('config-not-copied', ['CFG-1'], 'the configuration of the caller, kept as it is', (real) => {
    const kept = new Map<string, Config>();
    return {
      registerServer: async (id: string, endpoint: Endpoint, config: Config = {}) => {
        await real.registerServer(id, endpoint, config);
        kept.set(id, config);
      },
      updateServer: async (id: string, config: Config) => {
        await real.updateServer(id, config);
        kept.set(id, config);
      },
      findServer: (id: string) => {
        const found = real.findServer(id);
        return found && { ...found, config: kept.get(id) ?? found.config };
      },
    };
  }),
  mutant('update-merges', ['UPD-1'], 'an update that merges', (real) => ({
    updateServer: (id: string, config: Config) => real.updateServer(id, { ...real.listServers().find((server) => server.id === id)?.config, ...config }),
  })),
  mutant('update-of-nothing', ['UPD-2'], 'an update that does not mind', (real) => ({
    updateServer: (id: string, config: Config) => real.updateServer(id, config).catch((error: { code: string }) => (error.code === 'server_not_found' ? undefined : Promise.reject(error as unknown as Error))),
  })),
  mutant('unregisters-a-neighbour', ['UNR-1'], 'a list of names that is cut in the wrong place', (real) => ({
    unregisterTransport: async (id: string) => {
      const all = real.listTransports();
      const gone = all.find((one) => one.id === id);
      await real.unregisterTransport(id);
      const next = all.find((one) => one.id !== id && one.endpoint === gone?.endpoint && real.getServerForTransport(one.id) === undefined);
      if (next) await real.unregisterTransport(next.id);
    },
  })),
  mutant('unregister-of-nothing', ['UNR-2'], 'an error for what is not there', (real) => ({
    unregisterTransport: (id: string) => (typeof id === 'string' && /^[^\0\ud800-\udfff]{1,255}$/u.test(id) && !real.listTransports().some((one) => one.id === id) ? refuse('transport_not_found') : real.unregisterTransport(id)),
  })),
  mutant('stale-record', ['LKP-1'], 'a record kept from an earlier incarnation', (real) => {
    const last = new Map<string, Registration>();
    return {
      findTransport: (id: string) => real.findTransport(id),
      findServer: (id: string) => {
        const found = real.findServer(id);
        const old = last.get(id);
        if (found) last.set(id, found);
        return found && old && old.endpoint === found.endpoint && old !== found && Object.keys(found.config).length === 0 && Object.keys(old.config).length > 0 && 'old' in old.config ? old : found;
      },
      unregisterServer: (id: string) => {
        const found = typeof id === 'string' && real.listServers().find((server) => server.id === id);
        if (found) last.set(id, found);
        return real.unregisterServer(id);
      },
    };
  }),
  mutant('missing-transport-throws', ['LKP-2'], 'an error for a transport that is not there', (real) => ({
    findTransport: (id: string) => {
      const found = real.findTransport(id);
      if (found === undefined && !real.listServers().some((server) => server.id === id) && real.listTransports().length === 0) throw Object.assign(new Error(), { code: 'transport_not_found' });
      return found;
    },
  })),
  mutant('page-of-25', ['LST-1'], 'a page of twenty-five', (real) => ({ listServers: () => real.listServers().slice(0, 25) })),
  mutant('live-list', ['LST-2'], 'the list itself, not a copy', (real) => {
    const list: Registration[] = [];
    return { listServers: () => list.splice(0, list.length, ...real.listServers()) && list, unregisterServer: (id: string) => real.unregisterServer(id).then(() => void list.splice(0, list.length, ...real.listServers())) };
  }),
  mutant('listener-knows-only-id', ['INC-1', 'CLS-3', 'CLS-4'], 'a listener per registration, that knows only the id', (real) => ({
    registerTransport: async (id: string, endpoint: Endpoint, config?: Config) => {
      await real.registerTransport(id, endpoint, config);
      endpoint.signal.addEventListener('abort', () => void real.unregisterTransport(id).catch(() => undefined), { once: true });
    },
  })),
  mutant('bindings-restored-by-id', ['INC-2'], 'bindings by id, restored for a transport that comes back', (real) => {
    const bindings = new Map<string, string>();
    return {
      bindTransportToServer: async (transport: string, server: string) => {
        await real.bindTransportToServer(transport, server);
        bindings.set(transport, server);
      },
      unbindTransport: async (transport: string) => {
        await real.unbindTransport(transport);
        bindings.delete(transport);
      },
      registerTransport: async (id: string, endpoint: Endpoint, config?: Config) => {
        await real.registerTransport(id, endpoint, config);
        const server = bindings.get(id);
        if (server !== undefined && config?.['serverId'] === undefined) await real.bindTransportToServer(id, server).catch(() => undefined);
      },
    };
  }),
  mutant('no-binding-to-itself', ['BND-1'], 'a guard against binding something to itself', (real) => ({
    bindTransportToServer: (transport: string, server: string) => (transport === server && real.findServer(server) && real.findTransport(transport) ? refuse('invalid_argument') : real.bindTransportToServer(transport, server)),
  })),
  mutant('lookup-order-of-arguments', ['BND-2'], 'the ends looked up in the order of the arguments', (real) => ({
    bindTransportToServer: (transport: string, server: string) =>
      real.bindTransportToServer(transport, server).catch((error: { code: string }) =>
        error.code === 'server_not_found' && !real.listTransports().some(({ id }) => id === transport) ? refuse('transport_not_found') : Promise.reject(error as unknown as Error),
      ),
  })),
  mutant('missing-transport-bound', ['BND-3'], 'a transport that is not there is bound in silence', (real) => ({
    bindTransportToServer: (transport: string, server: string) => real.bindTransportToServer(transport, server).catch((error: { code: string }) => (error.code === 'transport_not_found' ? undefined : Promise.reject(error as unknown as Error))),
  })),
  mutant('bound-transport-stays', ['BND-4'], 'a bound transport stays where it is', (real) => ({
    bindTransportToServer: (transport: string, server: string) => {
      const bound = real.listTransports().some(({ id }) => id === transport) && real.getServerForTransport(transport) !== undefined;
      return bound && real.listServers().some(({ id }) => id === server) ? Promise.resolve() : real.bindTransportToServer(transport, server);
    },
  })),
  mutant('unbind-of-unbound', ['BND-5'], 'an error for a transport that is not bound', (real) => ({
    unbindTransport: (transport: string) => (real.listTransports().some(({ id }) => id === transport) && real.getServerForTransport(transport) === undefined ? refuse('transport_not_found') : real.unbindTransport(transport)),
  })),
  mutant('cascade-stops-at-ten', ['BND-6'], 'a cascade that stops after ten', (real) => {
    const dangling = new Map<string, string>();
    return {
      unregisterServer: async (id: string) => {
        const bound = typeof id === 'string' ? real.listTransports().filter((one) => real.getServerForTransport(one.id) === id) : [];
        await real.unregisterServer(id);
        for (const { id: transport } of bound.slice(7)) dangling.set(transport, id);
      },
      getServerForTransport: (transport: string) => real.getServerForTransport(transport) ?? dangling.get(transport),
    };
  }),
  mutant('transport-leaves-ghost', ['BND-7'], 'a transport that goes without telling its server', (real) => {
    const dangling = new Map<string, string>();
    return {
      unregisterTransport: async (id: string) => {
        const server = typeof id === 'string' && real.listTransports().some((one) => one.id === id) ? real.getServerForTransport(id) : undefined;
        await real.unregisterTransport(id);
        if (server !== undefined) dangling.set(id, server);
      },
      registerTransport: async (id: string, endpoint: Endpoint, config?: Config) => {
        await real.registerTransport(id, endpoint, config);
        dangling.delete(id);
      },
      unregisterServer: async (id: string) => {
        await real.unregisterServer(id);
        for (const [transport, server] of dangling) if (server === id) dangling.delete(transport);
      },
      getServerForTransport: (transport: string) => real.getServerForTransport(transport) ?? dangling.get(transport),
    };
  }),
  mutant('config-binding-ignored', ['BND-8'], 'a configuration that nobody reads', (real) => ({
    registerTransport: async (id: string, endpoint: Endpoint, config?: Config) => {
      await real.registerTransport(id, endpoint, config);
      if (config?.['serverId'] !== undefined) await real.unbindTransport(id);
    },
  })),
  mutant('binding-waits-for-server', ['BND-9'], 'a binding that waits for its server', (real) => {
    const wanted = new Map<string, string>();
    return {
      registerTransport: async (id: string, endpoint: Endpoint, config?: Config) => {
        await real.registerTransport(id, endpoint, config);
        wanted.delete(id);
        if (typeof config?.['serverId'] === 'string' && real.getServerForTransport(id) === undefined) wanted.set(id, config['serverId']);
      },
      unregisterTransport: async (id: string) => {
        await real.unregisterTransport(id);
        wanted.delete(id);
      },
      registerServer: async (id: string, endpoint: Endpoint, config?: Config) => {
        await real.registerServer(id, endpoint, config);
        for (const [transport, server] of wanted) {
          if (server !== id) continue;
          wanted.delete(transport);
          await real.bindTransportToServer(transport, server).catch(() => undefined);
        }
      },
    };
  }),
  mutant('first-names-cleaned-up', ['DWN-1', 'CLS-4'], 'cleanup of the first names only', (real) => {
    const ghosts = new Map<string, Registration>();
    return {
      registerServer: async (id: string, endpoint: Endpoint, config?: Config) => {
        await real.registerServer(id, endpoint, config);
        const held = real.listServers().filter((server) => server.endpoint === endpoint).length;
        const registration = real.findServer(id)!;
        if (held > 15) endpoint.signal.addEventListener('abort', () => ghosts.set(id, registration), { once: true });
      },
      findServer: (id: string) => real.findServer(id) ?? ghosts.get(id),
    };
  }),
  mutant('bindings-survive-down', ['DWN-2', 'CLS-3', 'CLS-4'], 'bindings that nobody cleans up after a "down"', (real) => {
    const ghosts = new Map<string, string>();
    return {
      bindTransportToServer: async (transport: string, server: string) => {
        await real.bindTransportToServer(transport, server);
        ghosts.delete(transport);
        const signal = real.findServer(server)!.endpoint.signal;
        const incarnation = real.findServer(server);
        const leave = (): void => {
          if (real.findTransport(transport) && real.findServer(server) === undefined && incarnation) ghosts.set(transport, server);
        };
        // Once it is closed, nothing is there to be left.
        signal.addEventListener('abort', () => void Promise.resolve().then(leave).catch(() => undefined), { once: true });
      },
      unbindTransport: async (transport: string) => {
        await real.unbindTransport(transport);
        ghosts.delete(transport);
      },
      unregisterTransport: async (transport: string) => {
        await real.unregisterTransport(transport);
        ghosts.delete(transport);
      },
      registerTransport: async (id: string, endpoint: Endpoint, config?: Config) => {
        await real.registerTransport(id, endpoint, config);
        ghosts.delete(id);
      },
      getServerForTransport: (transport: string) => real.getServerForTransport(transport) ?? (real.findTransport(transport) && ghosts.get(transport)),
    };
  }),
  mutant('last-of-a-hundred', ['DWN-4'], 'what was registered within the same tick is cleaned up together', (real) => {
    const owners = new Map<string, Endpoint>();
    let last: { readonly id: string; readonly endpoint: Endpoint } | undefined;
    return {
      registerServer: async (id: string, endpoint: Endpoint, config?: Config) => {
        await real.registerServer(id, endpoint, config);
        // The neighbour of whoever came before is remembered as being of the same batch.
        owners.delete(id);
        if (last !== undefined && last.endpoint !== endpoint && last.id !== id) owners.set(last.id, endpoint);
        last = { id, endpoint };
      },
      findServer: (id: string) => {
        const found = real.findServer(id);
        if (found === undefined || owners.get(id)?.signal.aborted !== true) return found;
        void real.unregisterServer(id);
        return real.findServer(id);
      },
    };
  }),
  mutant('down-a-turn-later', ['DWN-3', 'CLS-3', 'CLS-4'], 'a "down" that is handled a turn later', (real) => {
    const leaving = new Map<string, Registration>();
    return {
      registerServer: async (id: string, endpoint: Endpoint, config?: Config) => {
        await real.registerServer(id, endpoint, config);
        const registration = real.findServer(id)!;
        endpoint.signal.addEventListener(
          'abort',
          () => {
            leaving.set(id, registration);
            queueMicrotask(() => leaving.delete(id));
          },
          { once: true },
        );
      },
      findServer: (id: string) => real.findServer(id) ?? leaving.get(id),
    };
  }),
  mutant('cleanup-by-id', ['DWN-4', 'CLS-3', 'CLS-4'], 'cleanup by id, whatever the namespace', (real) => ({
    registerServer: async (id: string, endpoint: Endpoint, config?: Config) => {
      await real.registerServer(id, endpoint, config);
      const registration = real.findServer(id);
      endpoint.signal.addEventListener('abort', () => registration?.endpoint === endpoint && last.get(real)?.get(id) === registration && void real.unregisterTransport(id).catch(() => undefined), { once: true });
      last.set(real, (last.get(real) ?? new Map<string, Registration>()).set(id, registration!));
    },
    unregisterServer: (id: string) => real.unregisterServer(id).then(() => void last.get(real)?.delete(id)),
  })),
  mutant('messages-as-text', ['RTE-1'], 'messages sent as text', (real) => ({ routeToServer: (server: string, transport: string, message: unknown) => real.routeToServer(server, transport, typeof message === 'object' ? JSON.stringify(message) : message) })),
  mutant('routing-to-nobody-counts', ['RTE-2'], 'routing to nobody is called a success', (real) => ({ routeToServer: (server: string, transport: string, message: unknown) => real.routeToServer(server, transport, message) || 1 })),
  mutant('broadcast-to-a-hundred', ['RTE-3'], 'a broadcast to at most a hundred', (real) => ({
    routeToTransport: (transport: string | typeof broadcast, server: string, message: unknown) => {
      if (transport !== broadcast) return real.routeToTransport(transport, server, message);
      const bound = real.listTransports().filter(({ id }) => real.getServerForTransport(id) === server);
      if (bound.length <= 100) return real.routeToTransport(broadcast, server, message);
      for (const { id } of bound.slice(0, 100)) real.routeToTransport(id, server, message);
      return bound.length;
    },
  })),
  mutant('messages-on-a-stack', ['RTE-4'], 'messages collected on a stack', (real) => {
    const stack: (() => void)[] = [];
    return {
      routeToServer: (server: string, transport: string, message: unknown) => {
        real.findTransport(transport);
        const recipient = real.findServer(server)?.endpoint;
        if (recipient === undefined) return 0;
        // For whoever is registered now, and nobody else.
        stack.push(() => {
          try {
            if (real.findServer(server)?.endpoint === recipient) real.routeToServer(server, transport, message);
          } catch {
            // It has been closed meanwhile.
          }
        });
        queueMicrotask(() => stack.splice(0).reverse().forEach((send) => send()));
        return 1;
      },
    };
  }),
  mutant('retry-after-throw', ['RTE-5'], 'a message sent again because the recipient threw', (real) => ({
    routeToTransport: (transport: string | typeof broadcast, server: string, message: unknown) => {
      const count = real.routeToTransport(transport, server, message);
      const endpoint = transport === broadcast || count === 0 ? undefined : (real.findTransport(transport)?.endpoint as { name?: string } | undefined);
      if (endpoint?.name?.startsWith('rejects')) real.routeToTransport(transport, server, message);
      return count;
    },
  })),
  mutant('broadcast-stops-at-throw', ['RTE-6'], 'a broadcast that stops at the first recipient that throws', (real) => ({
    routeToTransport: (transport: string | typeof broadcast, server: string, message: unknown) => {
      if (transport !== broadcast) return real.routeToTransport(transport, server, message);
      if (typeof server !== 'string' || server === '' || real.findServer(server) === undefined) return real.routeToTransport(broadcast, server, message);
      const bound = real.listTransports().filter(({ id }) => real.getServerForTransport(id) === server);
      const end = bound.findIndex(({ endpoint }) => (endpoint as { name?: string }).name?.startsWith('throws'));
      for (const { id, endpoint } of end < 0 ? bound : bound.slice(0, end + 1)) if (real.findTransport(id)?.endpoint === endpoint) real.routeToTransport(id, server, message);
      return bound.length;
    },
  })),
  mutant('cached-recipients', ['RTE-8'], 'a cache of recipients', (real) => {
    const cache = new Map<string, Endpoint>();
    return {
      routeToServer: (server: string, transport: string, message: unknown) => {
        const found = real.findServer(server);
        if (found === undefined) return real.routeToServer(server, transport, message);
        const cached = cache.get(server) ?? found.endpoint;
        cache.set(server, cached);
        if (cached === found.endpoint || cached.signal.aborted) return real.routeToServer(server, transport, message);
        void cached.send({ namespace: 'server', to: server, from: transport, message });
        return 1;
      },
    };
  }),

  mutant('partitions-rounded-up', ['PRT-1'], 'numbers of partitions that are rounded up to a power of two', (real) => ({ setAdmission: (mode: 'auto') => real.setAdmission(mode) }), (options) => ({ ...options, ...(options.partitions === 7 ? { partitions: 8 } : {}) })),
  mutant('modulus-grows', ['PRT-2'], 'a modulus that changes when the table grows', (real) => {
    const moved: number[] = [];
    const noting =
      (operation: (...args: never[]) => Promise<void>) =>
      async (...args: never[]): Promise<void> => {
        const grown = real.listServers().length > 150;
        const before = grown ? real.getPartitionStats() : [];
        await operation.apply(real, args);
        for (const { partition, writeCount } of grown ? real.getPartitionStats() : []) {
          if (writeCount === before[partition]!.writeCount) continue;
          const next = (partition + 1) % before.length;
          moved[partition] = (moved[partition] ?? 0) - 1;
          moved[next] = (moved[next] ?? 0) + 1;
        }
      };
    return {
      registerServer: noting(real.registerServer as (...args: never[]) => Promise<void>),
      unregisterServer: noting(real.unregisterServer as (...args: never[]) => Promise<void>),
      resetStats: () => {
        moved.length = 0;
        real.resetStats();
      },
      ...statsWith(real, (stats) => ({ ...stats, writeCount: stats.writeCount + (moved[stats.partition] ?? 0) })),
    };
  }),
  mutant('hash-of-first-character', ['PRT-2', 'PRT-3'], 'a hash of the first character', (real) => {
    const counts = new Map<number, number>();
    return {
      registerServer: async (id: string, endpoint: Endpoint, config?: Config) => {
        await real.registerServer(id, endpoint, config);
        const partition = Number.parseInt(id.replace(/\D/g, '').slice(-1) || '0', 10);
        counts.set(partition, (counts.get(partition) ?? 0) + 1);
      },
      resetStats: () => {
        real.resetStats();
        counts.clear();
      },
      getPartitionStats: (partition?: number) => {
        const all = real.getPartitionStats();
        const busy = [...counts.values()].reduce((sum, count) => sum + count, 0) > 500;
        const shown = busy ? all.map((stats) => ({ ...stats, writeCount: counts.get(stats.partition) ?? 0 })) : all;
        return partition === undefined ? shown : (real.getPartitionStats(partition), shown[partition]);
      },
    };
  }),
  mutant('one-lock', ['PRT-4', 'DLK-2'], 'one lock for everything', (real) => {
    let last: Promise<unknown> = Promise.resolve();
    const locked =
      (operation: 'registerServer' | 'unregisterServer' | 'updateServer') =>
      (...args: never[]): Promise<void> => {
        const next = last.then(() => (real[operation] as (...args: never[]) => Promise<void>)(...args));
        last = next.catch(() => undefined);
        return next;
      };
    return { updateServer: locked('updateServer'), registerServer: locked('registerServer'), unregisterServer: locked('unregisterServer') };
  }),
  mutant('attempts-counted', ['STA-1'], 'attempts counted instead of commits', (real) => {
    let attempts = 0;
    return {
      registerServer: (id: string, endpoint: Endpoint, config?: Config) =>
        real.registerServer(id, endpoint, config).catch((error: { code?: string }) => {
          if (error.code === 'already_registered') attempts++;
          return Promise.reject(error as unknown as Error);
        }),
      ...statsWith(real, (stats) => (stats.writeCount > 0 ? { ...stats, writeCount: stats.writeCount + attempts } : stats)),
    };
  }),
  mutant('window-of-eleven', ['STA-2'], 'a ring of eleven', () => ({}), (options) => ({ ...options, windowSize: options.windowSize ?? 11 })),
  mutant('maximum-of-all-times', ['STA-3'], 'the maximum of all times', (real) => {
    const greatest = new Map<number, number>();
    return statsWith(real, (stats) => {
      if (stats.writeCount === 0) greatest.delete(stats.partition);
      const max = Math.max(stats.max, greatest.get(stats.partition) ?? 0);
      greatest.set(stats.partition, max);
      return { ...stats, max };
    });
  }),
  mutant('partitions-from-one', ['STA-4'], 'partitions counted from one', (real) => ({
    getPartitionStats: (partition?: number) => {
      if (partition === undefined) return real.getPartitionStats();
      return real.getPartitionStats(Number.isInteger(partition) && partition > 0 && partition < real.getPartitionStats().length ? partition - 1 : partition);
    },
  })),
  mutant('reset-keeps-samples', ['STA-5'], 'a reset of counts that forgets the samples', (real) => {
    let kept: readonly PartitionStats[] = [];
    return {
      resetStats: () => {
        kept = real.getPartitionStats().filter(({ sampleCount, max }) => sampleCount > 0 && max === 0);
        real.resetStats();
      },
      ...statsWith(real, (stats) => {
        const old = kept.length >= 5 && stats.writeCount === 0 ? kept.find(({ partition }) => partition === stats.partition) : undefined;
        return old ? { ...stats, sampleCount: old.sampleCount, samples: old.samples } : stats;
      }),
    };
  }),
  mutant('missing-partition-in-silence', ['STA-6'], 'nothing for a partition that does not exist', (real) => ({
    getPartitionStats: (partition?: number) => (partition === undefined ? real.getPartitionStats() : (real.getPartitionStats()[partition] ?? real.getPartitionStats()[0])),
  })),
  mutant('min-writes-too-high', ['CTN-1'], 'off by one in the number of writes', () => ({}), (options) => ({ ...options, minWrites: options.minWrites ?? 11 })),
  mutant('min-writes-too-low', ['CTN-2'], 'off by one in the number of writes, the other way', () => ({}), (options) => ({ ...options, minWrites: options.minWrites ?? 9 })),
  mutant('at-least-instead-of-above', ['CTN-2'], '"at least" instead of "above"', () => ({}), (options) => ({ ...options, alarmAboveMs: options.alarmAboveMs ?? 99.999 })),
  mutant('alarm-only-on-completion', ['CTN-3'], 'an alarm that only completions can raise', () => ({}), (options) => ({ ...options, stuckAfterMs: options.stuckAfterMs ?? 1e9 })),
  mutant('window-two-seconds', ['CTN-4'], 'a window of two seconds', () => ({}), (options) => ({ ...options, windowMs: options.windowMs ?? 2_000 })),
  mutant('alarm-off-on-next-write', ['CTN-5'], 'an alarm that goes off with the next write only', (real) => {
    const stuck = new Map<number, number>();
    return {
      ...statsWith(real, (stats) => {
        if (stats.alarm) stuck.set(stats.partition, stats.writeCount);
        else if (stuck.get(stats.partition) !== stats.writeCount) stuck.delete(stats.partition);
        return { ...stats, alarm: stats.alarm || stuck.has(stats.partition) };
      }),
      getContentionStatus: () => ({ ...real.getContentionStatus(), alarmed: real.getPartitionStats().filter(({ partition, alarm, writeCount }) => alarm || stuck.get(partition) === writeCount).map(({ partition }) => partition) }),
    };
  }),
  mutant('alarm-polled', ['CTN-6'], 'alarms looked after four times a second', (real, { clock }) => {
    let at = -Infinity;
    let alarms: boolean[] = [];
    const refresh = (): boolean[] => {
      const now = Math.floor(clock!.now() / 250);
      if (now !== at) {
        at = now;
        alarms = real.getPartitionStats().map(({ alarm }) => alarm);
      }
      return alarms;
    };
    return {
      ...statsWith(real, (stats) => ({ ...stats, alarm: refresh()[stats.partition]! })),
      getContentionStatus: () => ({ ...real.getContentionStatus(), alarmed: refresh().flatMap((alarm, partition) => (alarm ? [partition] : [])) }),
    };
  }),
  mutant('option-not-used', ['CTN-7'], 'an option that is read and not used', () => ({}), (options) => ({ ...options, ...(options.alarmAboveMs === undefined ? {} : { alarmAboveMs: 100 }) })),
  mutant('idle-timer', ['CTN-8'], 'a timer that looks after the alarms', (_, { clock }) => {
    const tick = (): void => void clock!.setTimeout(tick, 500);
    tick();
    return {};
  }),
  mutant('latency-from-turn', ['CTN-9'], 'the stop-watch started when the lane is free', (real) =>
    statsWith(real, (stats) => {
      const [first, , third] = stats.samples;
      if (stats.samples.length !== 3 || first === 0 || third! < 2.5 * first!) return stats;
      return { ...stats, samples: stats.samples.map(() => first!), min: first!, mean: first!, max: first! };
    }),
  ),
  mutant('status-from-one', ['CTN-10'], 'partitions counted from one in the status', (real) => ({ getContentionStatus: () => ({ ...real.getContentionStatus(), alarmed: real.getContentionStatus().alarmed.map((partition) => partition + 1) }) })),
  mutant('admission-servers-only', ['ADM-1'], 'admission control for servers only', (real) => ({
    registerTransport: async (id: string, endpoint: Endpoint, config?: Config) => {
      const { mode } = real.getContentionStatus();
      if (mode === 'auto') real.setAdmission('open');
      try {
        await real.registerTransport(id, endpoint, config);
      } finally {
        if (mode === 'auto') real.setAdmission('auto');
      }
    },
  })),
  mutant('two-thirds', ['ADM-1'], 'two thirds instead of a half', () => ({}), (options) => ({ ...options, closeAbove: options.closeAbove ?? 0.66 })),
  mutant('closed-at-half', ['ADM-2'], 'closed at exactly half', (real, { closeAbove }) => admitting(real, (alarmed, all) => (closeAbove === undefined ? alarmed > 0 && alarmed >= all / 2 : alarmed > closeAbove * all))),
  mutant('admission-refuses-everything', ['ADM-3'], 'admission control that refuses everything', (real) => ({
    updateServer: (id: string, config: Config) => (real.getContentionStatus().mode === 'closed' && real.listServers().some((server) => server.id === id) ? refuse('admission_control_active') : real.updateServer(id, config)),
  })),
  mutant('stays-closed', ['ADM-4'], 'a door that only an operator opens again', (real, { closeAbove }) => {
    let shut = false;
    return {
      ...admitting(real, (alarmed, all) => {
        shut ||= all === 1 && alarmed === 1;
        return shut || alarmed > (closeAbove ?? 0.5) * all;
      }),
    };
  }),
  mutant('override-forgets-transports', ['ADM-5'], 'closing by hand forgets the transports', (real) => ({
    registerTransport: async (id: string, endpoint: Endpoint, config?: Config) => {
      const { mode } = real.getContentionStatus();
      if (mode === 'closed') real.setAdmission('open');
      try {
        await real.registerTransport(id, endpoint, config);
      } finally {
        if (mode === 'closed') real.setAdmission('closed');
      }
    },
  })),
  mutant('alarms-beat-override', ['ADM-6'], 'an override that the alarms override', (real) => {
    let shown: 'auto' | 'open' | 'closed' = 'auto';
    return {
      setAdmission: (mode: 'auto' | 'open' | 'closed') => {
        real.setAdmission(mode === 'open' && real.getContentionStatus().alarmed.length > 1 ? 'auto' : mode);
        shown = mode;
      },
      getContentionStatus: () => ({ ...real.getContentionStatus(), mode: shown }),
    };
  }),
  mutant('any-mode', ['ADM-7'], 'any mode will do', (real) => ({ setAdmission: (mode: 'auto') => real.setAdmission(['auto', 'open', 'closed'].includes(mode) ? mode : 'auto') })),
  mutant('reads-wait-for-writes', ['DLK-1'], 'lookups that wait for writes', (real) => {
    let last: Promise<unknown> = Promise.resolve();
    return {
      unregisterServer: (id: string) => {
        const call = real.unregisterServer(id);
        last = call.catch(() => undefined);
        return call;
      },
      listServers: () => last.then(() => real.listServers()),
    };
  }),
  mutant('unregister-overtakes', ['DLK-2'], 'an unregistration that overtakes', (real, { clock }) => {
    let lane = 0;
    return {
      registerServer: (id: string, endpoint: Endpoint, config?: Config) => {
        const call = real.registerServer(id, endpoint, config);
        lane++;
        void call.catch(() => undefined).finally(() => lane--);
        return call;
      },
      unregisterServer: (id: string) => (lane > 1 && clock!.now() >= 0 ? Promise.resolve() : real.unregisterServer(id)),
    };
  }),
  mutant('close-goes-on-accepting', ['CLS-1', 'CLS-3'], 'a close that goes on accepting', (real, options) => {
    let after: ShardedRegistry | undefined;
    return {
      close: () => {
        after ??= new ShardedRegistry({ clock: options.clock });
        return real.close();
      },
      registerServer: (id: string, endpoint: Endpoint, config?: Config) => (after ?? real).registerServer(id, endpoint, config),
    };
  }),
  mutant('close-once', ['CLS-2'], 'an error for closing twice', (real) => {
    let closed = false;
    return {
      close: () => {
        if (closed) return refuse('registry_closed');
        closed = true;
        return real.close();
      },
    };
  }),
  mutant('close-leaves-listeners', ['CLS-3'], 'a close that leaves its listeners', (real) => {
    const seen: Endpoint[] = [];
    return {
      registerServer: (id: string, endpoint: Endpoint, config?: Config) => {
        seen.push(endpoint);
        return real.registerServer(id, endpoint, config);
      },
      close: () => {
        for (const { signal } of seen) signal.addEventListener('abort', () => undefined);
        return real.close();
      },
    };
  }),
  mutant('listener-stays', ['CLS-4'], 'a listener that stays when the last name goes', (real) => ({
    unregisterServer: async (id: string) => {
      const found = typeof id === 'string' ? real.listServers().find((server) => server.id === id) : undefined;
      await real.unregisterServer(id);
      found?.endpoint.signal.addEventListener('abort', () => undefined);
    },
  })),
  mutant('reset-made-again', ['MODEL-1'], 'a reset that is made again when the write has ended during which it was asked for', (real) => {
    let inFlight = 0;
    let again = false;
    return {
      updateServer: (id: string, config: Config) => {
        inFlight++;
        return real.updateServer(id, config).finally(() => {
          inFlight--;
          if (again && inFlight === 0) real.resetStats();
          again &&= inFlight > 0;
        });
      },
      resetStats: () => {
        real.resetStats();
        again = inFlight > 0;
      },
    };
  }),
  mutant('forced-open-before-closed', ['MODEL-1'], 'admission forced open, which is looked at before whether the registry is closed', (real) => {
    let forced = false;
    let closed = false;
    return {
      setAdmission: (mode: 'auto' | 'open' | 'closed') => {
        real.setAdmission(mode);
        forced = mode === 'open';
      },
      close: () => {
        closed = true;
        return real.close();
      },
      registerTransport: (id: string, endpoint: Endpoint, config?: Config) => (closed && forced ? Promise.resolve() : real.registerTransport(id, endpoint, config)),
    };
  }),
];
