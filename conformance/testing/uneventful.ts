import type { Adapter, Subject } from '../contract.js';
import { partitionLimits, type Endpoint, type PartitionStats, type Registry } from '../../spec/index.js';
import type { ShardedRegistry } from '../../src/index.js';
import { mutant } from './mutants.js';

/** A registry in which something never happens: checks of what comes of it have nothing to say about it, whatever they expect. */
export interface Uneventful {
  readonly id: string;
  /** What never happens. */
  readonly never: string;
  readonly adapter: Adapter;
}

type Operations = Partial<Record<keyof Registry, (...args: never[]) => unknown>>;

const uneventful = (id: string, never: string, alter: (real: ShardedRegistry) => Operations): Uneventful => ({ id, never, adapter: mutant(id, [], never, alter).adapter });

const done = (): Promise<void> => Promise.resolve();

const asIf = (count: number, latencies: readonly number[] = []): Omit<PartitionStats, 'partition'> => ({ writeCount: count, sampleCount: latencies.length, samples: latencies, min: 0, mean: 0, max: 0, alarm: false });

/** Counts each committed write of an id, and shows what it will. */
function counting(real: ShardedRegistry, show: (writes: ReadonlyMap<string, number>) => readonly PartitionStats[]): Operations {
  const writes = new Map<string, number>();
  const counted = <A extends readonly unknown[]>(write: (id: string, ...rest: A) => Promise<void>) => (id: string, ...rest: A): Promise<void> =>
    write.call(real, id, ...rest).then(() => void writes.set(id, (writes.get(id) ?? 0) + 1));
  return {
    registerServer: counted(real.registerServer.bind(real)),
    registerTransport: counted(real.registerTransport.bind(real)),
    unregisterServer: counted(real.unregisterServer.bind(real)),
    unregisterTransport: counted(real.unregisterTransport.bind(real)),
    updateServer: counted(real.updateServer.bind(real)),
    bindTransportToServer: counted(real.bindTransportToServer.bind(real)),
    unbindTransport: counted(real.unbindTransport.bind(real)),
    getPartitionStats: (partition?: number) => (partition === undefined ? show(writes) : show(writes)[partition]),
    resetStats: () => {
      for (const id of writes.keys()) writes.set(id, 0);
      real.resetStats();
    },
  };
}

export const uneventfuls: readonly Uneventful[] = [
  uneventful('black-hole', 'a name is found', () => ({
    registerServer: done,
    registerTransport: done,
    unregisterServer: done,
    unregisterTransport: done,
    updateServer: done,
    bindTransportToServer: done,
    unbindTransport: done,
  })),
  uneventful('unbound', 'a transport is bound', (real) => ({
    bindTransportToServer: done,
    registerTransport: (id: string, endpoint: Endpoint) => real.registerTransport(id, endpoint),
  })),
  uneventful('immortal', 'a "down" is heard of', (real) => {
    const immortal = new AbortController().signal;
    const outer = new WeakMap<Endpoint, Endpoint>();
    const inner = new WeakMap<Endpoint, Endpoint>();
    const kept = (endpoint: Endpoint): Endpoint => {
      const known = outer.get(endpoint);
      if (known !== undefined || typeof endpoint?.send !== 'function') return known ?? endpoint;
      const proxy: Endpoint = { send: (delivery) => endpoint.send(delivery), signal: immortal };
      outer.set(endpoint, proxy);
      inner.set(proxy, endpoint);
      return proxy;
    };
    const shown = <R extends { readonly endpoint: Endpoint } | undefined>(found: R): R => found && { ...found, endpoint: inner.get(found.endpoint) ?? found.endpoint };
    return {
      registerServer: (id: string, endpoint: Endpoint, config?: never) => real.registerServer(id, kept(endpoint), config),
      registerTransport: (id: string, endpoint: Endpoint, config?: never) => real.registerTransport(id, kept(endpoint), config),
      findServer: (id: string) => shown(real.findServer(id)),
      findTransport: (id: string) => shown(real.findTransport(id)),
      listServers: () => real.listServers().map(shown),
      listTransports: () => real.listTransports().map(shown),
    };
  }),
  uneventful('silent', 'a message is delivered', (real) => ({
    routeToServer: (id: string) => (real.findServer(id) === undefined ? 0 : 1),
    routeToTransport: (id: string | symbol, server: string) =>
      typeof id === 'string' ? (real.findTransport(id) === undefined ? 0 : 1) : real.listTransports().filter((one) => real.getServerForTransport(one.id) === server).length,
  })),
  uneventful('calm', 'an alarm is raised', (real) => ({
    getPartitionStats: (partition?: number) => (partition === undefined ? real.getPartitionStats().map((stats) => ({ ...stats, alarm: false })) : { ...real.getPartitionStats(partition), alarm: false }),
    getContentionStatus: () => {
      const { mode, ...status } = real.getContentionStatus();
      return { ...status, mode, alarmed: [], admission: mode === 'closed' ? 'closed' : 'open' };
    },
  })),
  uneventful('unstoppable', 'admission is closed', () => ({ setAdmission: () => undefined })),
  uneventful('unclosing', 'the registry is closed', () => ({ close: done })),
  uneventful('partition-each', 'two ids share a partition', (real) =>
    counting(real, (writes) => (writes.size === 0 ? [0] : [...writes.values()]).slice(0, partitionLimits.max).map((count, partition) => ({ partition, ...asIf(count) }))),
  ),
  uneventful('undivided', 'two ids have different partitions', (real) => counting(real, (writes) => [{ partition: 0, ...asIf([...writes.values()].reduce((sum, count) => sum + count, 0)) }])),
  uneventful('uncounted', 'a write is counted', (real) => ({
    getPartitionStats: (partition?: number) => {
      const none = real.getPartitionStats().map((stats) => ({ partition: stats.partition, ...asIf(0) }));
      return partition === undefined ? none : none[partition];
    },
  })),
  { id: 'hasty', never: 'a commit takes time', adapter: hasty() },
];

/** Says that commits can be made slow, and makes none so. */
function hasty(): Adapter {
  const { adapter } = mutant('hasty', [], 'a commit takes time', () => ({}));
  return {
    ...adapter,
    open: async (options) => {
      const real = (await adapter.open(options)) as Subject;
      return new Proxy(real, { get: (target, key) => (key === 'slowCommit' ? () => undefined : (Reflect.get(target, key) as unknown)) });
    },
  };
}
