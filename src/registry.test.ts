import { getEventListeners } from 'node:events';
import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import type { Endpoint } from '../spec/interface.js';
import { broadcast, ShardedRegistry, memoryStore } from './index.js';
import { ManualClock } from './testing/manual-clock.js';
import { outcome, Probe, thrown, turn } from './testing/fixtures.js';

const open = (): { registry: ShardedRegistry; clock: ManualClock } => {
  const clock = new ManualClock();
  return { registry: new ShardedRegistry({ clock }), clock };
};
const listeners = (probe: Probe): number => getEventListeners(probe.signal, 'abort').length;

test('a write has taken effect when its call returns', async () => {
  const { registry, clock } = open();
  const probe = new Probe();
  const config = { a: [1] };
  const promise = registry.registerServer('s', probe, config);
  const found = registry.findServer('s');
  expect(found).toEqual({ id: 's', endpoint: probe, config: { a: [1] } });
  expect(registry.findServer('s')).toBe(found);
  expect(Object.isFrozen(found)).toBe(true);
  expect(clock.timers).toBe(0);
  await promise;
  config.a[0] = 2;
  expect(registry.findServer('s')?.config).toEqual({ a: [1] });
  void registry.updateServer('s', { b: 1 });
  expect(registry.findServer('s')).toEqual({ id: 's', endpoint: probe, config: { b: 1 } });
  expect(found?.config).toEqual({ a: [1] });
  void registry.unregisterServer('s');
  expect(registry.findServer('s')).toBeUndefined();
});

test('refusals of registration', async () => {
  const { registry } = open();
  const dead = new Probe();
  dead.kill();
  expect(await outcome(registry.registerServer('s', dead))).toBe('endpoint_down');
  await registry.registerServer('s', new Probe());
  expect(await outcome(registry.registerServer('s', new Probe()))).toBe('already_registered');
  expect(await outcome(registry.updateServer('x', {}))).toBe('server_not_found');
  expect(await outcome(registry.unregisterServer('x'))).toBe('done');
  expect(await outcome(registry.unregisterTransport('s'))).toBe('done');
  await registry.registerTransport('s', new Probe());
  await registry.unregisterServer('s');
  expect(registry.findTransport('s')?.id).toBe('s');
  registry.setAdmission('closed');
  expect(await outcome(registry.registerServer('t', new Probe()))).toBe('admission_control_active');
  expect(registry.getContentionStatus()).toMatchObject({ admission: 'closed', mode: 'closed' });
  expect(await outcome(registry.unregisterTransport('s'))).toBe('done');
  registry.setAdmission('open');
  expect(await outcome(registry.registerServer('t', new Probe()))).toBe('done');
  expect(thrown(() => registry.setAdmission('shut' as 'open'))).toBe('invalid_argument');
});

test('arguments that are not what they should be', async () => {
  const { registry } = open();
  const probe = new Probe();
  await registry.registerServer('s', probe);
  await registry.registerTransport('t', probe);
  const endpoints = [null, undefined, 1, {}, { send: 1, signal: probe.signal }, { send: () => 1 }, { send: () => 1, signal: { aborted: false } }, { send: () => 1, signal: null }, { get send(): never { throw new Error('no'); } }];
  for (const endpoint of endpoints) expect(await outcome(registry.registerServer('x', endpoint as unknown as Endpoint))).toBe('invalid_argument');
  for (const bad of ['', '\0', null, 1, undefined, Symbol('a'), { length: 1 }] as string[]) {
    for (const call of [
      () => registry.registerServer(bad, probe),
      () => registry.registerTransport(bad, probe),
      () => registry.unregisterServer(bad),
      () => registry.unregisterTransport(bad),
      () => registry.updateServer(bad, {}),
      () => registry.bindTransportToServer(bad, 's'),
      () => registry.bindTransportToServer('t', bad),
      () => registry.unbindTransport(bad),
    ]) expect(await outcome(call())).toBe('invalid_argument');
    for (const call of [
      () => registry.findServer(bad),
      () => registry.findTransport(bad),
      () => registry.getServerForTransport(bad),
      () => registry.routeToServer(bad, 't', 1),
      () => registry.routeToServer('s', bad, 1),
      () => registry.routeToTransport(bad, 's', 1),
      () => registry.routeToTransport('t', bad, 1),
      () => registry.routeToTransport(broadcast, bad, 1),
    ]) expect(thrown(call)).toBe('invalid_argument');
    if (bad !== undefined) expect(await outcome(registry.registerTransport('x', probe, { serverId: bad }))).toBe('invalid_argument');
  }
  expect(await outcome(registry.updateServer('s', undefined as never))).toBe('invalid_argument');
  expect(await outcome(registry.registerServer('x', probe, { a: NaN }))).toBe('invalid_argument');
  for (const partition of [-1, 16, 0.5, NaN, '0', null]) expect(thrown(() => registry.getPartitionStats(partition as number))).toBe('invalid_argument');
  expect(probe.got).toEqual([]);
});

test('every valid id, as itself only', async () => {
  const { registry } = open();
  const ids = ['__proto__', 'constructor', ' ', '\u0001', 'é', 'e\u0301', '1', '01', '😀'.repeat(255)];
  const probe = new Probe();
  for (const id of ids) await registry.registerServer(id, probe);
  expect(registry.listServers().map(({ id }) => id).sort()).toEqual([...ids].sort());
  expect(registry.findServer('E')).toBeUndefined();
  expect(registry.findTransport('1')).toBeUndefined();
  expect(registry.listTransports()).toEqual([]);
});

test('bindings', async () => {
  const { registry } = open();
  const probe = new Probe();
  expect(await outcome(registry.bindTransportToServer('t', 's'))).toBe('server_not_found');
  await registry.registerServer('s', probe);
  expect(await outcome(registry.bindTransportToServer('t', 's'))).toBe('transport_not_found');
  await registry.registerServer('r', probe);
  for (const id of ['t', 'u', 'v']) await registry.registerTransport(id, probe);
  for (const id of ['t', 'u', 'v']) await registry.bindTransportToServer(id, 's');
  await registry.bindTransportToServer('t', 'r');
  const bound = (): (string | undefined)[] => ['t', 'u', 'v'].map((id) => registry.getServerForTransport(id));
  expect(bound()).toEqual(['r', 's', 's']);
  await registry.unbindTransport('u');
  await registry.unbindTransport('u');
  await registry.unbindTransport('nobody');
  expect(bound()).toEqual(['r', undefined, 's']);
  await registry.unregisterServer('s');
  await registry.registerServer('s', probe);
  expect(bound()).toEqual(['r', undefined, undefined]);
  await registry.unregisterTransport('t');
  await registry.registerTransport('t', probe);
  expect(bound()).toEqual([undefined, undefined, undefined]);
  expect(registry.routeToTransport(broadcast, 'r', 1)).toBe(0);
  await registry.registerTransport('w', probe, { serverId: 's' });
  await registry.registerTransport('x', probe, { serverId: 'later' });
  await registry.registerServer('later', probe);
  expect(registry.getServerForTransport('w')).toBe('s');
  expect(registry.getServerForTransport('x')).toBeUndefined();
  expect(registry.getServerForTransport('nobody')).toBeUndefined();
});

test('a "down" takes all names and bindings before the abort returns, and nothing else', async () => {
  const { registry } = open();
  const [one, two] = [new Probe(), new Probe()];
  for (let i = 0; i < 100; i++) {
    await registry.registerServer(`s${i}`, i % 2 ? one : two);
    await registry.registerTransport(`t${i}`, i % 3 ? one : two, { serverId: `s${i}` });
  }
  await registry.unregisterServer('s1');
  await registry.registerServer('s1', two);
  // Another endpoint with the same signal goes too.
  await registry.registerServer('same', { send: () => 1, signal: one.signal });
  one.kill();
  const ids = (list: readonly { id: string }[]): string[] => list.map(({ id }) => id).sort();
  expect(ids(registry.listServers())).toEqual([...Array.from({ length: 50 }, (_, i) => `s${2 * i}`), 's1'].sort());
  expect(ids(registry.listTransports())).toEqual(Array.from({ length: 34 }, (_, i) => `t${3 * i}`).sort());
  expect(registry.getServerForTransport('t0')).toBe('s0');
  expect(registry.getServerForTransport('t3')).toBeUndefined();
  await registry.registerServer('s3', two);
  expect(registry.getServerForTransport('t3')).toBeUndefined();
  expect(listeners(one)).toBe(0);
});

test('a reference is to one registration of a name, whatever becomes of the name', async () => {
  const { registry } = open();
  const probe = new Probe();
  expect([registry.referToServer('s'), registry.referToTransport('t')]).toEqual([undefined, undefined]);
  await registry.registerServer('s', probe, { a: 1 });
  await registry.registerTransport('t', probe);
  const [server, transport] = [registry.referToServer('s')!, registry.referToTransport('t')!];
  expect(server.registration).toBe(registry.findServer('s'));
  expect(transport.registration).toBe(registry.findTransport('t'));
  expect(registry.referToServer('s')).toBe(server);
  expect(Reflect.ownKeys(server)).toEqual([]);
  await registry.updateServer('s', { a: 2 });
  expect(server.registration?.config).toEqual({ a: 2 });
  // Another registration under the same id is another.
  await registry.unregisterServer('s');
  expect(server.registration).toBeUndefined();
  await registry.registerServer('s', probe);
  expect(server.registration).toBeUndefined();
  const again = registry.referToServer('s')!;
  expect(again).not.toBe(server);
  expect(again.registration).toBe(registry.findServer('s'));
  probe.kill();
  expect([again.registration, transport.registration]).toEqual([undefined, undefined]);
  await registry.registerServer('s', new Probe());
  const last = registry.referToServer('s')!;
  for (const bad of ['', null, 1] as string[]) {
    expect(thrown(() => registry.referToServer(bad))).toBe('invalid_argument');
    expect(thrown(() => registry.referToTransport(bad))).toBe('invalid_argument');
  }
  await registry.close();
  expect(last.registration).toBeUndefined();
  expect(thrown(() => registry.referToServer('s'))).toBe('registry_closed');
  expect(thrown(() => registry.referToTransport('t'))).toBe('registry_closed');
});

test('a "down" leaves the store in the order of registration', async () => {
  const gone: string[] = [];
  const registry = new ShardedRegistry({
    partitions: 1,
    store: () => ({ ...memoryStore(), commit: (change) => (change.kind === 'delete' && gone.push(change.key.id), { kind: 'committed', revision: 1 }) }),
  });
  const probe = new Probe();
  for (const id of ['a', 'b', 'c', 'd']) await registry.registerServer(id, probe);
  await registry.unregisterServer('b');
  probe.kill();
  expect(gone).toEqual(['b', 'a', 'c', 'd']);
});

test('names come and go as in a plain map, and exactly those of a signal go with it', () => {
  const step = fc.record({ id: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), owner: fc.nat(1), act: fc.constantFrom('register', 'register', 'register', 'register', 'unregister', 'unregister', 'unregister', 'unregister', 'kill') });
  fc.assert(fc.property(fc.array(step, { minLength: 20, maxLength: 60 }), (steps) => {
    const { registry } = open();
    const model = new Map<string, Probe>();
    const probes = [new Probe(), new Probe()];
    for (const { id, owner, act } of steps) {
      const probe = probes[owner]!;
      if (act === 'register') {
        void outcome(registry.registerServer(id, probe));
        if (!model.has(id)) model.set(id, probe);
      } else if (act === 'unregister') {
        void registry.unregisterServer(id);
        model.delete(id);
      } else {
        probe.kill();
        for (const [name, holder] of [...model]) if (holder === probe) model.delete(name);
        probes[owner] = new Probe();
      }
      expect(new Map(registry.listServers().map((found) => [found.id, found.endpoint]))).toEqual(model);
      for (const one of probes) expect(listeners(one)).toBe([...model.values()].includes(one) ? 1 : 0);
    }
  }));
});

test('one listener per signal, gone with the last name, and no warning about leaks', async () => {
  const warned = vi.fn();
  process.on('warning', warned);
  const { registry } = open();
  const probe = new Probe();
  for (let i = 0; i < 1_000; i++) await registry.registerServer(`s${i}`, { send: () => 1, signal: probe.signal });
  expect(listeners(probe)).toBe(1);
  for (let i = 0; i < 1_000; i++) await registry.unregisterServer(`s${i}`);
  expect(listeners(probe)).toBe(0);
  await turn();
  process.off('warning', warned);
  expect(warned).not.toHaveBeenCalled();
});

test('signals that are not quite signals', async () => {
  const { registry } = open();
  const deaf = { aborted: false, addEventListener: () => { throw new Error('no'); }, removeEventListener: () => undefined };
  expect(await outcome(registry.registerServer('s', { send: () => 1, signal: deaf as unknown as AbortSignal }))).toBe('invalid_argument');
  expect(registry.findServer('s')).toBeUndefined();
  let listener = (): void => undefined;
  const sticky = { aborted: false, addEventListener: (_: string, on: () => void) => (listener = on), removeEventListener: () => { throw new Error('no'); } };
  await registry.registerServer('s', { send: () => 1, signal: sticky as unknown as AbortSignal });
  await registry.unregisterServer('s');
  await registry.registerServer('s', new Probe());
  listener();
  expect(registry.findServer('s')).toBeDefined();
  let reads = 0;
  const fickle = { get aborted() { if (reads++ > 0) throw new Error('no'); return false; }, addEventListener: () => undefined, removeEventListener: () => undefined };
  expect(await outcome(registry.registerServer('f', { send: () => 1, signal: fickle as unknown as AbortSignal }))).toBe('endpoint_down');
});

test('routing', async () => {
  const { registry } = open();
  const [s, t, u] = [new Probe(), new Probe(), new Probe()];
  await registry.registerServer('s', s);
  await registry.registerTransport('t', t, { serverId: 's' });
  await registry.registerTransport('u', u, { serverId: 's' });
  const message = { deep: [] };
  expect(registry.routeToServer('s', 'nobody', message)).toBe(1);
  expect(s.got).toEqual([{ namespace: 'server', to: 's', from: 'nobody', message }]);
  expect(s.got[0]!.message).toBe(message);
  expect(registry.routeToTransport('t', 's', 1)).toBe(1);
  expect(registry.routeToTransport('x', 's', 1)).toBe(0);
  expect(registry.routeToServer('x', 't', 1)).toBe(0);
  expect(registry.routeToTransport(broadcast, 'x', 1)).toBe(0);
  expect(registry.routeToTransport(broadcast, 's', 2)).toBe(2);
  expect(t.got.map((delivery) => delivery.message)).toEqual([1, 2]);
  expect(u.got).toEqual([{ namespace: 'transport', to: 'u', from: 's', message: 2 }]);
});

test('what a send does harms nobody', async () => {
  const rejected = vi.fn();
  process.on('unhandledRejection', rejected);
  const { registry } = open();
  await registry.registerServer('s', new Probe());
  const bad: (() => unknown)[] = [
    () => { throw new Error('no'); },
    () => Promise.reject(new Error('no')),
    () => ({ get then(): never { throw new Error('no'); } }),
    () => ({ then: (_: unknown, reject: (error: Error) => void) => { reject(new Error('no')); } }),
    () => ({ then: 1 }),
    () => Object.assign(() => 1, { then: () => { throw new Error('no'); } }),
    () => null,
  ];
  const probes = bad.map((react) => Object.assign(new Probe(), { react }));
  for (const [i, probe] of probes.entries()) await registry.registerTransport(`t${i}`, probe, { serverId: 's' });
  expect(registry.routeToTransport(broadcast, 's', 1)).toBe(bad.length);
  expect(probes.map(({ got }) => got.length)).toEqual(bad.map(() => 1));
  await turn();
  process.off('unhandledRejection', rejected);
  expect(rejected).not.toHaveBeenCalled();
});

test('a call from within a send comes after what it interrupts', async () => {
  const { registry } = open();
  const probes = [new Probe(), new Probe(), new Probe()];
  await registry.registerServer('s', new Probe());
  for (const [i, probe] of probes.entries()) await registry.registerTransport(`t${i}`, probe, { serverId: 's' });
  const answers: number[] = [];
  probes[0]!.react = ({ message }) => {
    if (message !== 'first') return;
    answers.push(registry.routeToTransport(broadcast, 's', 'second'), registry.routeToTransport('t2', 's', 'third'), registry.routeToTransport('t9', 's', 'none'));
  };
  expect(registry.routeToTransport(broadcast, 's', 'first')).toBe(3);
  expect(answers).toEqual([3, 1, 0]);
  expect(probes.map(({ got }) => got.map(({ message }) => message))).toEqual([['first', 'second'], ['first', 'second'], ['first', 'second', 'third']]);
  // Also what is sent to one only, and from within a send that was itself queued.
  let within: number[] = [];
  probes[0]!.react = () => {
    registry.routeToTransport('t1', 's', 'fourth');
    within = probes.map(({ got }) => got.length);
  };
  expect(registry.routeToTransport('t0', 's', 'again')).toBe(1);
  expect(within).toEqual([3, 2, 3]);
  expect(probes.map(({ got }) => got.length)).toEqual([3, 3, 3]);
});

test('the recipients of a broadcast are those bound at the call; the dead are skipped', async () => {
  const { registry } = open();
  const probes = Array.from({ length: 6 }, () => new Probe());
  await registry.registerServer('s', new Probe());
  for (const [i, probe] of probes.slice(0, 5).entries()) await registry.registerTransport(`t${i}`, probe, { serverId: 's' });
  probes[0]!.react = () => {
    probes[0]!.react = undefined;
    void registry.unregisterTransport('t0');
    void registry.unbindTransport('t1');
    void registry.registerTransport('t5', probes[5]!, { serverId: 's' });
    registry.routeToTransport('t4', 's', 'queued'); // Gone when its turn comes.
    probes[4]!.kill();
    registry.routeToTransport(broadcast, 's', 'second');
    void registry.unregisterServer('s');
  };
  expect(registry.routeToTransport(broadcast, 's', 'first')).toBe(5);
  expect(probes.map(({ got }) => got.map(({ message }) => message))).toEqual([['first'], ['first'], ['first', 'second'], ['first', 'second'], [], ['second']]);
  expect(registry.getServerForTransport('t2')).toBeUndefined();
  expect(registry.routeToTransport('t2', 's', 'third')).toBe(1);
});

test('nothing is handed to an endpoint whose abort is being told', async () => {
  const { registry } = open();
  const probe = new Probe();
  const counts: number[] = [];
  probe.signal.addEventListener('abort', () => {
    counts.push(registry.routeToServer('s', 't', 1), registry.routeToTransport('t', 's', 1));
  });
  await registry.registerServer('s', probe);
  await registry.registerTransport('t', probe);
  probe.kill();
  expect(counts).toEqual([0, 0]);
  expect(probe.got).toEqual([]);
});

test('statistics', async () => {
  const { registry } = open();
  const probe = new Probe();
  const total = (): number => registry.getPartitionStats().reduce((sum, { writeCount }) => sum + writeCount, 0);
  await registry.registerServer('s', probe);
  await registry.registerTransport('t', probe);
  await registry.bindTransportToServer('t', 's');
  await registry.unbindTransport('t');
  await registry.updateServer('s', {});
  expect(total()).toBe(5);
  await registry.unbindTransport('t');
  await registry.unregisterServer('x');
  await outcome(registry.registerServer('s', probe));
  probe.kill();
  expect(total()).toBe(5);
  expect(registry.getPartitionStats(3)).toEqual(registry.getPartitionStats()[3]);
  registry.resetStats();
  expect(total()).toBe(0);
});

test('closing', async () => {
  const { registry, clock } = open();
  const probe = new Probe();
  await registry.registerServer('s', probe);
  await registry.registerTransport('t', probe, { serverId: 's' });
  probe.react = () => void registry.close();
  expect(registry.routeToServer('s', 't', 1)).toBe(1);
  await registry.close();
  await registry.close();
  expect(clock.timers).toBe(0);
  expect(listeners(probe)).toBe(0);
  for (const call of [
    () => registry.findServer('s'),
    () => registry.findTransport('t'),
    () => registry.getServerForTransport('t'),
    () => registry.listServers(),
    () => registry.listTransports(),
    () => registry.routeToServer('s', 't', 1),
    () => registry.routeToTransport('t', 's', 1),
    () => registry.routeToTransport(broadcast, 's', 1),
    () => registry.getPartitionStats(),
    () => registry.getContentionStatus(),
    () => registry.resetStats(),
    () => registry.setAdmission('open'),
  ]) expect(thrown(call)).toBe('registry_closed');
  for (const call of [
    () => registry.registerServer('s', probe),
    () => registry.registerTransport('s', probe),
    () => registry.unregisterServer('s'),
    () => registry.updateServer('s', {}),
    () => registry.bindTransportToServer('t', 's'),
    () => registry.unbindTransport('t'),
  ]) expect(await outcome(call())).toBe('registry_closed');
  probe.kill();
});

test('closing closes the stores', async () => {
  const close = vi.fn(() => Promise.resolve());
  const good = new ShardedRegistry({ partitions: 3, store: () => ({ ...memoryStore(), close }) });
  await Promise.all([good.close(), good.close()]);
  await good.close();
  expect(close).toHaveBeenCalledTimes(3);
  const bad = new ShardedRegistry({ store: () => ({ ...memoryStore(), close: () => { throw new Error('no'); } }) });
  expect(await outcome(bad.close())).toBe('store_failed');
  let reentered: Promise<void> | undefined;
  const probe = new Probe();
  const nested = new ShardedRegistry();
  const signal = { aborted: false, addEventListener: () => undefined, removeEventListener: () => void (reentered = nested.close()) };
  await nested.registerServer('s', { send: () => probe, signal: signal as unknown as AbortSignal });
  await nested.close();
  await reentered;
});
