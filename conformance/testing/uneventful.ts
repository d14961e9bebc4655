import type { Adapter, Subject } from '../contract.js';
import { partitionLimits, type Endpoint, type PartitionStats, type Registry } from '../../spec/index.js';
import type { ShardedRegistry } from '../../src/index.js';
import { mutant } from './mutants.js';
import { PlainRegistry } from './plain-registry.js';

/** A registry in which something never happens: checks of what comes of it have nothing to say about it, whatever they expect. */
export interface Uneventful {
  readonly id: string;
  /** What never happens. */
  readonly never: string;
  readonly adapter: Adapter;
  /** Checks that are about nothing else, by requirement and title. What else there is may fail, or pass for what does happen. */
  readonly vacuous: readonly string[];
}

type Operations = Partial<Record<keyof Registry, (...args: never[]) => unknown>>;

const uneventful = (id: string, never: string, vacuous: readonly string[], alter: (real: ShardedRegistry) => Operations): Uneventful => ({ id, never, adapter: mutant(id, [], never, alter).adapter, vacuous });

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
  uneventful('black-hole', 'a name is found', [
    'NAM-2 nothing is registered under an id that merely looks built in, nor bound to it',
    'NAM-3 thousands of ids are as many names, also those that have a hash in common',
    'UNR-2 unregistering what is not registered succeeds',
    'LKP-2 a lookup of a name that nobody holds gives nothing',
    'INC-2 a binding holds for no other incarnation, whichever end began anew and however it ended, and with the same endpoint',
    'DWN-1 of those that are left when one has been given up',
    'DWN-3 the names are gone when the abort returns',
    'DWN-1 all of hundreds of names go',
    'DWN-3 of hundreds of names none is left when the abort returns',
    'CLS-1 it refuses every registration, whatever was there before, and shows nothing of it',
  ], () => ({
    registerServer: done,
    registerTransport: done,
    unregisterServer: done,
    unregisterTransport: done,
    updateServer: done,
    bindTransportToServer: done,
    unbindTransport: done,
  })),
  uneventful('unbound', 'a transport is bound', [
    'INC-2 a binding holds for no other incarnation, whichever end began anew and however it ended, and with the same endpoint',
    'BND-4 a moved transport gets broadcasts of its new server only',
    'BND-9 a transport registered with an unknown serverId is registered unbound, and stays so',
    'DWN-2 every binding ends when the endpoint of its server goes down, however it came about, and no other',
    'RTE-8 nor does a broadcast',
  ], (real) => ({
    bindTransportToServer: done,
    registerTransport: (id: string, endpoint: Endpoint) => real.registerTransport(id, endpoint),
  })),
  uneventful('immortal', 'a "down" is heard of', [
    'INC-1 a late "down" does not touch a name that somebody else holds by now',
    'INC-1 a late "down" touches neither the configuration nor the bindings of whoever holds the name by now',
    'DWN-4 names of other endpoints stay',
    'DWN-4 also those of the same id in the other namespace',
    'DWN-4 whoever was refused a name goes down without it',
  ], (real) => {
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
  uneventful('silent', 'a message is delivered', [
    'BND-4 a moved transport gets broadcasts of its new server only',
    'RTE-2 a message to nobody is handed to nobody',
    'RTE-4 messages of every kind arrive in order, at one of many recipients as at one of few',
    'RTE-4 towards a server as well',
    'RTE-4 calls from within a send keep their order among themselves',
    'RTE-5 nothing is delivered twice',
    'RTE-8 a message never reaches an older incarnation',
    'RTE-8 nor does a broadcast',
  ], (real) => ({
    routeToServer: (id: string) => (real.findServer(id) === undefined ? 0 : 1),
    routeToTransport: (id: string | symbol, server: string) =>
      typeof id === 'string' ? (real.findTransport(id) === undefined ? 0 : 1) : real.listTransports().filter((one) => real.getServerForTransport(one.id) === server).length,
  })),
  uneventful('calm', 'an alarm is raised', [
    'CTN-2 nine slow writes since the last reset raise no alarm',
    'CTN-2 a mean of exactly 100 ms raises no alarm',
    'CTN-2 a partition is not alarmed by the load on another',
    'CTN-2 a write that has been in flight for just 500 ms raises no alarm',
    'CTN-2 an alarm that has been on is off when the mean is below 100 ms, by however little',
    'CTN-5 the alarm goes off by itself when the slow writes are over',
    'CTN-10 the status lists the alarmed partitions and the state of admission',
    'CTN-10 the status lists what is stuck as well, in ascending order',
    'ADM-1 while the alarms keep admission closed, nobody registers anything, however often',
    'ADM-2 with exactly half of the partitions alarmed, or fewer, registrations are admitted',
    'ADM-2 admission that was closed is open when half of the partitions are alarmed',
    'ADM-3 while the alarms keep admission closed, messages reach everybody and every other write works',
    'ADM-4 admission reopens by itself, while registrations keep being rejected',
    'ADM-5 alarms that come and go do not open what was closed by hand',
    'ADM-6 admission opened by hand is open for everybody, also where the alarms are',
    'ADM-6 admission opened by hand stays open when alarms go, and when they come again',
  ], (real) => ({
    getPartitionStats: (partition?: number) => (partition === undefined ? real.getPartitionStats().map((stats) => ({ ...stats, alarm: false })) : { ...real.getPartitionStats(partition), alarm: false }),
    getContentionStatus: () => {
      const { mode, ...status } = real.getContentionStatus();
      return { ...status, mode, alarmed: [], admission: mode === 'closed' ? 'closed' : 'open' };
    },
  })),
  uneventful('unstoppable', 'admission is closed', [
    'ADM-3 while admission is closed by hand, messages reach everybody and every other write works',
    'ADM-3 while admission is closed, writes of any other kind work',
    'ADM-6 admission given back to the alarms admits registrations',
  ], () => ({ setAdmission: () => undefined })),
  uneventful('unclosing', 'the registry is closed', [
    'CLS-2 closing again succeeds, and again, with names and without',
    'CLS-2 also while the first is under way',
  ], () => ({ close: done })),
  uneventful('partition-each', 'two ids share a partition', [
    'DLK-2 writes of any kind to one partition take effect in the order of their calls',
  ], (real) =>
    counting(real, (writes) => (writes.size === 0 ? [0] : [...writes.values()]).slice(0, partitionLimits.most).map((count, partition) => ({ partition, ...asIf(count) }))),
  ),
  uneventful('undivided', 'two ids have different partitions', [
    'PRT-2 also when the registry grows',
    'PRT-2 as the name of a transport as well',
    'PRT-3 every family of ids is spread uniformly',
  ], (real) => counting(real, (writes) => [{ partition: 0, ...asIf([...writes.values()].reduce((sum, count) => sum + count, 0)) }])),
  uneventful('uncounted', 'a write is counted', [
    'STA-1 refused registrations are not counted',
    'STA-1 a write that is refused is not counted, whatever it is',
    'STA-4 the statistics of one partition are those of the list',
    'STA-5 a reset clears counts and windows, and nothing else',
  ], (real) => ({
    getPartitionStats: (partition?: number) => {
      const none = real.getPartitionStats().map((stats) => ({ partition: stats.partition, ...asIf(0) }));
      return partition === undefined ? none : none[partition];
    },
  })),
  { id: 'hasty', never: 'a commit takes time', adapter: hasty(), vacuous: [
    'DWN-1 also while a write is in flight',
    'PRT-4 a write of any kind that is stuck delays no operation of any kind on ids of another partition',
    'PRT-4 many calls in all other partitions come to an end while a write is stuck in one',
    'STA-3 minimum, mean and maximum are those of the window',
    'CTN-2 a mean of exactly 100 ms raises no alarm',
    'CTN-2 a write that has been in flight for just 500 ms raises no alarm',
    'CTN-3 a write of any kind that is stuck raises the alarm',
    'CTN-8 a registry that has been busy, slow and contended is idle again without a timer',
    'CTN-9 the latency of a write includes the time it waits for its turn',
    'CTN-9 the latency of a write of any kind runs from its call',
    'DLK-1 a read of any kind answers while a write of any kind is stuck',
    'DLK-2 writes to one name take effect in the order of their calls',
    'DLK-2 writes of any kind to one partition take effect in the order of their calls',
  ] },
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

/** Looks whether signals have aborted, whenever it is asked anything, and listens to none. */
class Looking extends PlainRegistry {
  protected override watch(): void {
    // Nobody tells it.
  }

  protected override unwatch(): void {
    // Nor has anybody to be told.
  }

  protected override open(): void {
    super.open();
    for (const names of Object.values(this.names)) for (const entry of [...names.values()]) if (entry.registration.endpoint.signal.aborted) this.remove(entry);
  }
}

const afresh = (name: string, Variant: new () => PlainRegistry): Adapter => ({ name, open: () => new Variant() });

/** Correct registries in which something cannot come about, for a reason that can be seen: it is untested, and no doubt is left by it. */
export const ruledOut: readonly { readonly adapter: Adapter; readonly reason: string; readonly untested: readonly string[] }[] = [
  {
    adapter: afresh('a registry that does everything at once', PlainRegistry),
    reason: 'calls are answered before they return: none is ever under way',
    untested: ['CLS-1 what was being written when it was closed is not found either', 'CLS-2 also while the first is under way', 'CLS-3 nor when a write was under way', 'DLK-4 a thousand calls at once, on a few names, all come to an end'],
  },
  {
    adapter: afresh('a registry that looks whether endpoints are down', Looking),
    reason: 'the registry listens to no endpoint: it has nothing to let go of',
    untested: ['CLS-3 a closed registry has no listener left, whatever its endpoints held and did', 'CLS-4 listeners do not grow with names, and go with the last'],
  },
];
