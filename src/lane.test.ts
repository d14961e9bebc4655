import { describe, expect, test } from 'vitest';
import { ShardedRegistry, type RegistryOptions } from './index.js';
import { partitionOf } from './ids.js';
import { HandStore, type Pending } from './testing/hand-store.js';
import { outcome, Probe, turn } from './testing/fixtures.js';
import { ManualClock } from './testing/manual-clock.js';

/** A registry with one partition and a store driven by hand. */
const open = (options: RegistryOptions = {}) => {
  const clock = new ManualClock();
  const store = new HandStore();
  const registry = new ShardedRegistry({ partitions: 1, clock, store: () => store, closeAbove: 1, ...options });
  /** Starts a write, commits everything it needs, and gives its outcome. */
  const done = async (write: Promise<void>): Promise<string> => {
    const result = outcome(write);
    for (await turn(); store.pending.length > 0; await turn()) store.next.commit();
    return result;
  };
  const act = async (how: (pending: Pending) => void): Promise<void> => {
    how(store.next);
    await turn();
  };
  const stored = (): string[] => [...store.data.keys()].sort();
  const found = (): string[] => [...registry.listServers().map(({ id }) => `server:${id}`), ...registry.listTransports().map(({ id }) => `transport:${id}`)].sort();
  return { clock, store, registry, done, act, stored, found };
};

describe('the order of writes', () => {
  test('one at a time, in the order of the calls, and visible when committed', async () => {
    const { clock, store, registry, act } = open();
    const [a, b] = [new Probe(), new Probe()];
    const results = [
      registry.registerServer('x', a),
      registry.registerServer('x', b),
      registry.updateServer('x', { v: 1 }),
      registry.unregisterServer('x'),
      registry.unregisterServer('x'),
      registry.registerServer('x', b),
      registry.registerServer('y', b),
    ].map(outcome);
    expect(registry.findServer('x')).toBeUndefined();
    expect(store.pending).toHaveLength(1);
    expect(clock.timers).toBe(7);
    clock.advance(10);
    await act((p) => p.commit());
    expect(registry.findServer('x')?.endpoint).toBe(a);
    await act((p) => p.commit());
    expect(registry.findServer('x')?.config).toEqual({ v: 1 });
    await act((p) => p.commit());
    expect(registry.findServer('x')).toBeUndefined();
    await act((p) => p.commit());
    expect(registry.findServer('x')?.endpoint).toBe(b);
    await act((p) => p.commit());
    expect(await Promise.all(results)).toEqual(['done', 'already_registered', 'done', 'done', 'done', 'done', 'done']);
    expect(clock.timers).toBe(0);
    expect(registry.getPartitionStats(0)).toMatchObject({ writeCount: 5, samples: [10, 10, 10, 10, 10] });
  });

  test('a partition whose store hangs holds up no other', async () => {
    const { registry, store } = open({ partitions: 8 });
    const ids = Array.from({ length: 100 }, (_, i) => `s${i}`);
    const results = ids.map((id) => outcome(registry.registerServer(id, new Probe())));
    await turn();
    // One commit in each partition, all in the one store of the test.
    expect(store.pending.map(({ change }) => partitionOf(change.key.id, 8)).sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    for (; store.pending.some(({ change }) => partitionOf(change.key.id, 8) !== 3); await turn()) {
      for (const pending of [...store.pending]) if (partitionOf(pending.change.key.id, 8) !== 3) pending.commit();
    }
    expect(registry.listServers().map(({ id }) => id).sort()).toEqual(ids.filter((id) => partitionOf(id, 8) !== 3).sort());
    for (; store.pending.length > 0; await turn()) store.pending[0]!.commit();
    expect(new Set(await Promise.all(results))).toEqual(new Set(['done']));
  });

  test('thousands that wait are answered without deep recursion', async () => {
    const { registry, store, act } = open();
    const results = Array.from({ length: 10_000 }, (_, i) => outcome(registry.registerServer(`s${i}`, new Probe())));
    store.auto = true;
    await act((p) => p.commit());
    expect(new Set(await Promise.all(results))).toEqual(new Set(['done']));
    expect(registry.listServers()).toHaveLength(10_000);
  });

  test('a store that calls back into the registry has its call queued', async () => {
    let inner: Promise<string> | undefined;
    const registry = new ShardedRegistry({
      partitions: 1,
      store: () => ({
        commit: () => {
          inner ??= outcome(registry.registerServer('inner', new Probe()));
          return { kind: 'committed', revision: 1 };
        },
        read: () => undefined,
      }),
    });
    await registry.registerServer('outer', new Probe());
    expect(await inner).toBe('done');
    expect(registry.listServers().map(({ id }) => id)).toEqual(['outer', 'inner']);
  });
});

describe('what a store may answer', () => {
  test('conflict: the name is taken elsewhere', async () => {
    const { registry, act, found } = open();
    const result = outcome(registry.registerServer('x', new Probe()));
    await act((p) => p.conflict());
    expect(await result).toBe('already_registered');
    expect(found()).toEqual([]);
  });

  test('conflict with a record of our own: refused once, with the right revision from then on', async () => {
    const { registry, store, done, act } = open();
    await done(registry.registerServer('x', new Probe()));
    const stored = store.data.get('server:x')!;
    store.data.set('server:x', { ...stored, revision: 77 });
    expect(await done(registry.updateServer('x', { v: 1 }))).toBe('store_failed');
    expect(registry.findServer('x')?.config).toEqual({});
    expect(await done(registry.updateServer('x', { v: 2 }))).toBe('done');
    store.data.delete('server:x');
    expect(await done(registry.updateServer('x', { v: 3 }))).toBe('store_failed');
    expect(await done(registry.updateServer('x', { v: 4 }))).toBe('done');
    expect(store.data.get('server:x')?.record.config).toEqual({ v: 4 });
    store.readFails = true;
    const result = outcome(registry.updateServer('x', { v: 5 }));
    await act((p) => p.conflict());
    expect(await result).toBe('store_failed');
  });

  test('conflict of a binding: refused, and it stays as it was', async () => {
    const { registry, store, done } = open();
    await done(registry.registerServer('s', new Probe()));
    await done(registry.registerTransport('t', new Probe(), { serverId: 's' }));
    const change = (): void => void store.data.set('transport:t', { ...store.data.get('transport:t')!, revision: store.log.length + 100 });
    for (const write of [() => registry.unbindTransport('t'), () => registry.bindTransportToServer('t', 's'), () => registry.unregisterTransport('t')]) {
      change();
      expect(await done(write())).toBe('store_failed');
      expect(registry.getServerForTransport('t')).toBe('s');
    }
    expect(await done(registry.unbindTransport('t'))).toBe('done');
  });

  test("conflict with somebody else's record: refused for as long as it is there", async () => {
    const { registry, store, done } = open();
    await done(registry.registerServer('x', new Probe()));
    store.data.set('server:x', { record: { config: {}, incarnation: 999, operation: 999 }, revision: 99 });
    for (let i = 0; i < 2; i++) expect(await done(registry.unregisterServer('x'))).toBe('store_failed');
    expect(store.data.get('server:x')?.revision).toBe(99);
  });

  test('failed: nothing has changed', async () => {
    const { registry, store, done, act, found } = open();
    const result = registry.registerServer('x', new Probe());
    await turn();
    const refused = result.catch((error: unknown) => error);
    await act((p) => p.fail());
    expect(await refused).toMatchObject({ code: 'store_failed', cause: new Error('disk full') });
    expect(found()).toEqual([]);
    await done(registry.registerServer('x', new Probe()));
    const removal = outcome(registry.unregisterServer('x'));
    await act((p) => p.fail());
    expect(await removal).toBe('store_failed');
    expect(found()).toEqual(['server:x']);
    expect(registry.getPartitionStats(0).writeCount).toBe(1);
    // There is no doubt about it: the next write asks the store for nothing but itself.
    expect([store.log.length, store.reads]).toEqual([3, 0]);
    expect(await done(registry.unregisterServer('x'))).toBe('done');
    expect([store.log.length, store.reads]).toEqual([4, 0]);
  });

  test.each([true, false])('unknown, and settled by reading (stored: %s)', async (did) => {
    const { registry, done, act, found, stored } = open();
    const expected = did ? 'done' : 'store_failed';
    const put = outcome(registry.registerServer('x', new Probe()));
    await act((p) => p.doubt(did));
    expect(await put).toBe(expected);
    expect(found()).toEqual(did ? ['server:x'] : []);
    expect(stored()).toEqual(found());
    if (!did) await done(registry.registerServer('x', new Probe()));
    const removal = outcome(registry.unregisterServer('x'));
    await act((p) => p.reject(did));
    expect(await removal).toBe(expected);
    expect(found()).toEqual(did ? [] : ['server:x']);
    expect(stored()).toEqual(found());
  });

  test('a throw, and an answer that is none, are unknown', async () => {
    const answers: (() => unknown)[] = [() => { throw new Error('no'); }, () => undefined, () => ({ kind: 'ok' }), () => Promise.resolve(null)];
    for (const answer of answers) {
      const registry = new ShardedRegistry({ store: () => ({ commit: answer as never, read: () => undefined }) });
      expect(await outcome(registry.registerServer('x', new Probe()))).toBe('store_failed');
    }
  });
});

describe('doubt that reading cannot settle', () => {
  const doubted = async (did: boolean, probe = new Probe()) => {
    const all = open();
    all.store.readFails = true;
    const result = outcome(all.registry.registerServer('x', probe));
    await all.act((p) => p.doubt(did));
    expect(await result).toBe('outcome_unknown');
    expect(all.found()).toEqual([]);
    // Other keys go on; this one is refused until the store can be read.
    expect(await all.done(all.registry.registerServer('y', new Probe()))).toBe('done');
    expect(await all.done(all.registry.unregisterServer('x'))).toBe('store_failed');
    return all;
  };

  test('it had happened: it takes effect before the next write', async () => {
    const { registry, store, done, found, stored } = await doubted(true);
    store.readFails = false;
    expect(await done(registry.registerServer('x', new Probe()))).toBe('already_registered');
    expect(found()).toEqual(['server:x', 'server:y']);
    expect(stored()).toEqual(found());
    expect(registry.getPartitionStats(0).writeCount).toBe(2);
    expect(await done(registry.updateServer('x', { v: 1 }))).toBe('done');
  });

  test('it had not', async () => {
    const { registry, store, done, found, stored } = await doubted(false);
    store.readFails = false;
    expect(await done(registry.registerServer('x', new Probe()))).toBe('done');
    expect(found()).toEqual(['server:x', 'server:y']);
    expect(stored()).toEqual(found());
  });

  test('it had, but the endpoint has gone since', async () => {
    const probe = new Probe();
    const { registry, store, done, stored } = await doubted(true, probe);
    probe.kill();
    store.readFails = false;
    expect(await done(registry.unregisterServer('x'))).toBe('done');
    expect(stored()).toEqual(['server:y']);
    expect(await done(registry.registerServer('x', new Probe()))).toBe('done');
  });

  test('it had not, and the endpoint has gone since: the store is not asked to remove anything', async () => {
    const probe = new Probe();
    const { registry, store, done, stored } = await doubted(false, probe);
    probe.kill();
    store.readFails = false;
    const commits = store.log.length;
    expect(await done(registry.unregisterServer('x'))).toBe('done');
    expect(store.log).toHaveLength(commits);
    expect(stored()).toEqual(['server:y']);
  });

  test('the name is somebody else\'s by now', async () => {
    const { registry, store, done } = await doubted(false);
    store.readFails = false;
    store.data.set('server:x', { record: { config: {}, incarnation: 999, operation: 999 }, revision: 99 });
    expect(await done(registry.registerServer('x', new Probe()))).toBe('already_registered');
    expect(store.data.get('server:x')?.revision).toBe(99);
  });

  test('the store does not take the correction: the doubt stays', async () => {
    const { registry, store, done, act, found } = await doubted(true);
    store.readFails = false;
    const result = registry.updateServer('x', { v: 1 }).catch((error: unknown) => error);
    await turn();
    await act((p) => p.fail());
    expect(await result).toMatchObject({ code: 'store_failed', cause: { message: 'The store did not take the correction.', cause: { kind: 'failed' } } });
    expect(found()).toEqual(['server:x', 'server:y']);
    expect(await done(registry.updateServer('x', { v: 2 }))).toBe('done');
    expect(store.data.get('server:x')?.record.config).toEqual({ v: 2 });
    // It has taken effect once, and the doubt is over: one write is one commit again.
    expect(registry.getPartitionStats(0).writeCount).toBe(3);
    const commits = store.log.length;
    expect(await done(registry.updateServer('x', { v: 3 }))).toBe('done');
    expect(store.log).toHaveLength(commits + 1);
  });

  test('a removal in doubt', async () => {
    for (const did of [true, false]) {
      const { registry, store, done, act, found, stored } = open();
      await done(registry.registerServer('x', new Probe()));
      store.readFails = true;
      const result = outcome(registry.unregisterServer('x'));
      await act((p) => p.doubt(did));
      expect(await result).toBe('outcome_unknown');
      expect(found()).toEqual(['server:x']);
      store.readFails = false;
      expect(await done(registry.registerServer('x', new Probe()))).toBe(did ? 'done' : 'already_registered');
      expect(stored()).toEqual(found());
    }
  });

  test('a write that times out while its key is settled does not happen', async () => {
    const { registry, store, clock, act, done, found } = await doubted(true);
    store.readFails = false;
    const result = outcome(registry.updateServer('x', { v: 1 }));
    await turn();
    clock.advance(5_000);
    expect(await result).toBe('write_timeout');
    await act((p) => p.commit());
    expect(store.pending).toEqual([]);
    expect(found()).toEqual(['server:x', 'server:y']);
    expect(registry.findServer('x')?.config).toEqual({});
    expect(await done(registry.unregisterServer('x'))).toBe('done');
  });

  test('the time that a write may take begins anew when its key has been settled', async () => {
    const { registry, store, clock, act } = await doubted(true);
    store.readFails = false;
    let result = 'nothing yet';
    void outcome(registry.updateServer('x', { v: 1 })).then((code) => (result = code));
    await turn();
    clock.advance(3_000);
    await act((p) => p.commit());
    clock.advance(4_999);
    await turn();
    expect(result).toBe('nothing yet');
    clock.advance(1);
    await turn();
    expect(result).toBe('outcome_unknown');
    await act((p) => p.commit());
    expect([registry.findServer('x')?.config, clock.timers]).toEqual([{ v: 1 }, 0]);
  });

  test('closing while a key is settled', async () => {
    const { registry, store, act } = await doubted(true);
    store.readFails = false;
    const result = outcome(registry.updateServer('x', { v: 1 }));
    await turn();
    const closing = registry.close();
    await act((p) => p.commit());
    expect(await result).toBe('registry_closed');
    await closing;
    expect(store.pending).toEqual([]);
  });
});

describe('"down" during a write', () => {
  test('of a registration in flight: refused, and nothing is left', async () => {
    const { registry, act, found, stored } = open();
    const probe = new Probe();
    const result = outcome(registry.registerServer('x', probe));
    probe.kill();
    await act((p) => p.commit());
    expect(stored()).toEqual(['server:x']);
    await act((p) => p.commit());
    expect(await result).toBe('endpoint_down');
    expect(found()).toEqual([]);
    expect(stored()).toEqual([]);
    expect(registry.getPartitionStats(0).writeCount).toBe(0);
  });

  test('and the store does not take the removal: the next write of the name sees to it', async () => {
    const { registry, done, act, stored } = open();
    const probe = new Probe();
    const result = outcome(registry.registerServer('x', probe));
    probe.kill();
    await act((p) => p.commit());
    await act((p) => p.fail());
    expect(await result).toBe('endpoint_down');
    expect(stored()).toEqual(['server:x']);
    const next = new Probe();
    expect(await done(registry.registerServer('x', next))).toBe('done');
    expect(registry.findServer('x')?.endpoint).toBe(next);
  });

  test('before the call: the store is not asked', async () => {
    const { registry, store } = open();
    const probe = new Probe();
    probe.kill();
    expect(await outcome(registry.registerServer('x', probe))).toBe('endpoint_down');
    expect(store.log).toEqual([]);
  });

  test('of a registration that waits', async () => {
    const { registry, done } = open();
    const probe = new Probe();
    const first = registry.registerServer('x', new Probe());
    const second = outcome(registry.registerServer('y', probe));
    probe.kill();
    await done(first);
    expect(await second).toBe('endpoint_down');
  });

  test('of a name, with its lane busy: gone at once, and from the store before anything that waits', async () => {
    const { registry, store, done, act, found, stored } = open();
    const [probe, next] = [new Probe(), new Probe()];
    await done(registry.registerServer('x', probe));
    await done(registry.registerTransport('t', next, { serverId: 'x' }));
    const busy = outcome(registry.registerServer('y', next));
    const waiting = outcome(registry.registerServer('x', next));
    probe.kill();
    expect(found()).toEqual(['transport:t']);
    expect(registry.getServerForTransport('t')).toBeUndefined();
    await act((p) => p.commit());
    expect(store.next.change).toMatchObject({ kind: 'delete', key: { id: 'x' } });
    await act((p) => p.commit());
    await act((p) => p.commit());
    expect(await Promise.all([busy, waiting])).toEqual(['done', 'done']);
    expect(stored()).toEqual(['server:x', 'server:y', 'transport:t']);
    expect(registry.getServerForTransport('t')).toBeUndefined();
  });

  test('the store does not take the removal: the next registration does', async () => {
    for (const how of [(p: Pending) => p.fail(), (p: Pending) => p.doubt(false), (p: Pending) => p.conflict()]) {
      const { registry, done, act, stored } = open();
      const probe = new Probe();
      await done(registry.registerServer('x', probe));
      probe.kill();
      await act(how);
      expect(stored()).toEqual(['server:x']);
      expect(await done(registry.registerServer('x', new Probe()))).toBe('done');
    }
  });

  test('the removal of a name waits for as long as it takes: nobody is kept waiting by it', async () => {
    const { registry, clock, done, act, stored } = open();
    const probe = new Probe();
    await done(registry.registerServer('x', probe));
    probe.kill();
    expect(clock.timers).toBe(0);
    clock.advance(100_000);
    await act((p) => p.commit());
    expect(stored()).toEqual([]);
  });

  test('the store does not take the removal, and gives the name to somebody else', async () => {
    const { registry, store, done, act } = open();
    const probe = new Probe();
    await done(registry.registerServer('x', probe));
    probe.kill();
    await act((p) => p.fail());
    store.data.set('server:x', { record: { config: {}, incarnation: 999, operation: 999 }, revision: 99 });
    expect(await done(registry.registerServer('x', new Probe()))).toBe('already_registered');
    expect(store.data.get('server:x')?.revision).toBe(99);
  });

  test('the removal of a key in doubt, once the store can be read', async () => {
    const { registry, store, done, act, stored } = open();
    const probe = new Probe();
    await done(registry.registerServer('x', probe));
    store.readFails = true;
    const result = outcome(registry.updateServer('x', { v: 1 }));
    await act((p) => p.doubt(true));
    expect(await result).toBe('outcome_unknown');
    store.readFails = false;
    const commits = store.log.length;
    probe.kill();
    await done(Promise.resolve());
    expect(stored()).toEqual([]);
    expect(store.log).toHaveLength(commits + 1); // Removed once.
  });

  test('the removal of a key in doubt', async () => {
    const { registry, store, done, act, stored } = open();
    const probe = new Probe();
    await done(registry.registerServer('x', probe));
    store.readFails = true;
    const result = outcome(registry.updateServer('x', { v: 1 }));
    await act((p) => p.doubt(true));
    expect(await result).toBe('outcome_unknown');
    probe.kill();
    await turn();
    expect(stored()).toEqual(['server:x']); // It could not be read then either.
    store.readFails = false;
    expect(await done(registry.unregisterServer('x'))).toBe('done');
    expect(stored()).toEqual([]);
  });

  test('of a name that is being updated, unregistered, unbound or bound', async () => {
    const { registry, store, done, act, found, stored } = open();
    const keep = new Probe();
    await done(registry.registerServer('s', keep));
    const during = async (namespace: 'server' | 'transport', write: () => Promise<void>): Promise<string> => {
      const probe = new Probe();
      await done(namespace === 'server' ? registry.registerServer('x', probe) : registry.registerTransport('x', probe, { serverId: 's' }));
      const result = outcome(write());
      probe.kill();
      await act((p) => p.commit());
      await done(Promise.resolve());
      expect(found()).toEqual(['server:s']);
      expect(stored()).toEqual(['server:s']);
      return result;
    };
    expect(await during('server', () => registry.updateServer('x', { v: 1 }))).toBe('server_not_found');
    expect(await during('server', () => registry.unregisterServer('x'))).toBe('done');
    const commits = store.log.length;
    expect(await during('transport', () => registry.unregisterTransport('x'))).toBe('done');
    expect(store.log).toHaveLength(commits + 2); // Removed once, not again by the "down".
    expect(await during('transport', () => registry.unbindTransport('x'))).toBe('done');
    expect(await during('transport', () => registry.bindTransportToServer('x', 's'))).toBe('transport_not_found');
  });
});

describe('bindings across two partitions', () => {
  const two = async () => {
    const stores = [new HandStore(), new HandStore()];
    const clock = new ManualClock();
    const registry = new ShardedRegistry({ partitions: 2, store: (partition) => stores[partition]!, clock });
    const named = (prefix: string, partition: number): string => Array.from({ length: 100 }, (_, i) => `${prefix}${i}`).find((id) => partitionOf(id, 2) === partition)!;
    const [s, r, t] = [named('s', 0), named('r', 0), named('t', 1)];
    stores[0]!.auto = stores[1]!.auto = true;
    const [server, transport] = [new Probe(), new Probe()];
    await registry.registerServer(s, server);
    await registry.registerServer(r, transport);
    await registry.registerTransport(t, transport, { serverId: r });
    const stored = (): unknown => stores[1]!.data.get(`transport:${t}`)?.record.binding?.serverId;
    stores[1]!.auto = false;
    return { registry, clock, store: stores[1]!, s, r, t, server, transport, stored };
  };

  test('the server goes while a bind is committed: refused, and the previous binding is kept', async () => {
    for (const how of ['unregister', 'kill', 'replace'] as const) {
      const { registry, store, s, r, t, server, stored } = await two();
      const result = outcome(registry.bindTransportToServer(t, s));
      if (how === 'kill') server.kill();
      else await registry.unregisterServer(s);
      if (how === 'replace') await registry.registerServer(s, server);
      expect(registry.getServerForTransport(t)).toBe(r);
      store.next.commit();
      await turn();
      expect(stored()).toBe(s);
      store.next.commit();
      expect(await result).toBe('server_not_found');
      expect(stored()).toBe(r);
      expect(registry.getServerForTransport(t)).toBe(r);
    }
  });

  test('both go: the server is named', async () => {
    const { registry, store, s, t, server, transport } = await two();
    const result = outcome(registry.bindTransportToServer(t, s));
    server.kill();
    transport.kill();
    store.next.commit();
    expect(await result).toBe('server_not_found');
    await turn();
    store.next.commit();
    expect(store.data.size).toBe(0);
  });

  test('the correction fails: the next write of the transport makes it good', async () => {
    const { registry, store, s, r, t, stored } = await two();
    const result = outcome(registry.bindTransportToServer(t, s));
    await registry.unregisterServer(s);
    store.next.commit();
    await turn();
    store.next.fail();
    expect(await result).toBe('server_not_found');
    expect(stored()).toBe(s);
    store.auto = true;
    await registry.unbindTransport('nobody');
    expect(await outcome(registry.bindTransportToServer(t, 'nobody'))).toBe('server_not_found');
    expect(stored()).toBe(r);
  });

  test('a transport is bound to the server that is registered when it is', async () => {
    const { registry, clock, store, s, t, server, transport } = await two();
    const late = 'late-t1';
    const id = partitionOf(late, 2) === 1 ? late : ['late-a', 'late-b', 'late-c', 'late-d'].find((one) => partitionOf(one, 2) === 1)!;
    const binding = (): unknown => store.data.get(`transport:${id}`)?.record.binding;
    // It goes meanwhile: unbound.
    let result = outcome(registry.registerTransport(id, transport, { serverId: s }));
    await registry.unregisterServer(s);
    store.next.commit();
    expect(await result).toBe('done');
    expect(registry.getServerForTransport(id)).toBeUndefined();
    store.auto = true;
    await registry.unregisterTransport(id);
    store.auto = false;
    // It comes meanwhile: bound, and the store is told.
    result = outcome(registry.registerTransport(id, transport, { serverId: s }));
    await registry.registerServer(s, server);
    store.next.commit();
    expect(await result).toBe('done');
    expect(registry.getServerForTransport(id)).toBe(s);
    expect(binding()).toBeUndefined();
    // Its caller has been answered, so nothing is stuck; but the lane is held until the store agrees.
    clock.advance(501);
    expect(registry.getPartitionStats(1).alarm).toBe(false);
    const next = outcome(registry.unbindTransport(t));
    expect(store.pending).toHaveLength(1);
    store.next.commit();
    await turn();
    expect(binding()).toMatchObject({ serverId: s });
    store.next.commit();
    expect(await next).toBe('done');
    // The store agrees: there is no doubt about it, and the next write knows what it will find.
    store.auto = true;
    const commits = store.log.length;
    expect(await outcome(registry.unbindTransport(id))).toBe('done');
    expect([store.log.length, binding()]).toEqual([commits + 1, undefined]);
  });
});

describe('waiting is bounded', () => {
  test('a lane that is full', async () => {
    const { registry, done } = open({ maxWaitingWrites: 2 });
    const probe = new Probe();
    const results = ['a', 'b', 'c', 'd'].map((id) => registry.registerServer(id, probe)).map(outcome);
    await done(Promise.resolve());
    expect(await Promise.all(results)).toEqual(['done', 'done', 'done', 'partition_overloaded']);
  });

  test('a write that waits too long is withdrawn', async () => {
    const { registry, clock, done, act, found } = open();
    const first = outcome(registry.registerServer('a', new Probe()));
    clock.advance(1_000);
    const second = outcome(registry.registerServer('b', new Probe()));
    clock.advance(1_000);
    const third = outcome(registry.registerServer('c', new Probe()));
    clock.advance(3_000);
    expect(await first).toBe('outcome_unknown');
    clock.advance(1_000);
    expect(await second).toBe('write_timeout');
    await act((p) => p.commit());
    expect(found()).toEqual(['server:a']); // The late result counts.
    expect(clock.timers).toBe(1);
    await done(Promise.resolve());
    expect(await third).toBe('done');
    expect(found()).toEqual(['server:a', 'server:c']);
    expect(clock.timers).toBe(0);
    expect(registry.getPartitionStats(0).writeCount).toBe(2);
  });

  test('a late failure', async () => {
    const { registry, clock, act, done, found } = open();
    const first = outcome(registry.registerServer('a', new Probe()));
    clock.advance(5_000);
    expect(await first).toBe('outcome_unknown');
    await act((p) => p.fail());
    expect(found()).toEqual([]);
    expect(await done(registry.registerServer('a', new Probe()))).toBe('done');
  });
});

test('a clock is asked to clear the timers that it has set, and nothing else', async () => {
  const clock = new ManualClock();
  const cleared: unknown[] = [];
  const registry = new ShardedRegistry({ clock: { now: () => clock.now(), setTimeout: (callback, ms) => clock.setTimeout(callback, ms), clearTimeout: (timer) => void cleared.push(timer) } });
  await registry.registerServer('x', new Probe());
  await registry.unregisterServer('x');
  expect(cleared).toEqual([]);
});

describe('closing', () => {
  test('refuses what waits, and waits for what is under way', async () => {
    const { registry, store, clock, act } = open();
    const probe = new Probe();
    const first = outcome(registry.registerServer('a', probe));
    const second = outcome(registry.registerServer('b', probe));
    let closed = false;
    const closing = registry.close().then(() => (closed = true));
    expect(await second).toBe('registry_closed');
    await turn();
    expect(closed).toBe(false);
    await act((p) => p.commit());
    expect(await first).toBe('done');
    await closing;
    expect(store.closed).toBe(1);
    expect(clock.timers).toBe(0);
  });

  test('but not for ever', async () => {
    const { registry, store, clock, act } = open();
    const result = outcome(registry.registerServer('a', new Probe()));
    const closing = registry.close();
    clock.advance(5_000);
    await closing;
    expect(await result).toBe('outcome_unknown');
    expect(store.closed).toBe(0);
    await act((p) => p.commit());
    expect(store.closed).toBe(1);
  });
});
