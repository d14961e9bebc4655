import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Contention, type Gauge } from './contention.js';
import { ShardedRegistry } from './index.js';
import { partitionOf } from './ids.js';
import { HandStore } from './testing/hand-store.js';
import { outcome, Probe, turn } from './testing/fixtures.js';
import { ManualClock } from './testing/manual-clock.js';
import { Window } from './window.js';
import { defaultThresholds } from '../spec/defaults.js';

const open = (partitions: number) => {
  const clock = new ManualClock();
  const stores = Array.from({ length: partitions }, () => Object.assign(new HandStore(), { auto: true }));
  const registry = new ShardedRegistry({ partitions, clock, store: (partition) => stores[partition]! });
  const ids = Array.from({ length: partitions }, (_, partition) => Array.from({ length: 1_000 }, (_, i) => `s${i}`).find((id) => partitionOf(id, partitions) === partition)!);
  /** A write that takes `ms`. */
  const write = async (partition: number, ms: number): Promise<void> => {
    const store = stores[partition]!;
    store.auto = false;
    const id = ids[partition]!;
    const promise = registry.findServer(id) ? registry.unregisterServer(id) : registry.registerServer(id, new Probe());
    clock.advance(ms);
    store.next.commit();
    await promise;
    store.auto = true;
  };
  return { clock, stores, registry, ids, write };
};

test('the alarm by the mean: ten writes, above the limit, for as long as the window holds', async () => {
  const { clock, registry, write } = open(1);
  for (let i = 0; i < 9; i++) await write(0, 101);
  expect(registry.getPartitionStats(0)).toMatchObject({ writeCount: 9, sampleCount: 9, alarm: false, min: 101, mean: 101, max: 101 });
  await write(0, 101);
  expect(registry.getPartitionStats(0)).toMatchObject({ writeCount: 10, sampleCount: 10, alarm: true });
  expect(registry.getContentionStatus()).toEqual({ partitions: 1, alarmed: [0], admission: 'closed', mode: 'auto' });
  expect(await outcome(registry.registerServer('x', new Probe()))).toBe('admission_control_active');
  expect(clock.timers).toBe(0);
  registry.setAdmission('open');
  expect(registry.getContentionStatus().admission).toBe('open');
  registry.setAdmission('auto');
  clock.advance(999);
  expect(registry.getPartitionStats(0)).toMatchObject({ sampleCount: 1, alarm: true });
  clock.advance(1);
  expect(registry.getPartitionStats(0)).toMatchObject({ writeCount: 10, sampleCount: 0, alarm: false, min: 0, mean: 0, max: 0 });
  expect(await outcome(registry.registerServer('x', new Probe()))).toBe('done');
});

test('a mean of exactly the limit is no alarm; old low samples that leave can raise one', async () => {
  const { clock, registry, write } = open(1);
  for (let i = 0; i < 9; i++) await write(0, 0);
  clock.advance(500);
  await write(0, 400);
  expect(registry.getPartitionStats(0)).toMatchObject({ mean: 40, alarm: false });
  expect(await outcome(registry.unregisterServer('nobody'))).toBe('done');
  expect(registry.getContentionStatus().admission).toBe('open');
  clock.advance(100); // The nine leave.
  expect(registry.getPartitionStats(0)).toMatchObject({ samples: [400], alarm: true });
  expect(await outcome(registry.registerServer('x', new Probe()))).toBe('admission_control_active');
  registry.resetStats();
  expect(await outcome(registry.registerServer('x', new Probe()))).toBe('done');
  for (let i = 0; i < 20; i++) await write(0, 100);
  expect(registry.getPartitionStats(0)).toMatchObject({ mean: 100, alarm: false });
});

test('a stuck write raises the alarm although nothing completes', async () => {
  const { clock, stores, registry, ids } = open(1);
  stores[0]!.auto = false;
  const stuck = outcome(registry.registerServer(ids[0]!, new Probe()));
  clock.advance(500);
  expect(registry.getPartitionStats(0).alarm).toBe(false);
  const waiting = outcome(registry.registerServer('x', new Probe()));
  expect(registry.getContentionStatus().admission).toBe('open'); // To look does not make it forget.
  clock.advance(1);
  expect(registry.getPartitionStats(0).alarm).toBe(true);
  expect(await outcome(registry.registerServer('y', new Probe()))).toBe('admission_control_active');
  stores[0]!.next.commit();
  expect(await stuck).toBe('done');
  expect(registry.getPartitionStats(0)).toMatchObject({ samples: [501], alarm: false });
  await turn();
  stores[0]!.next.commit();
  expect(await waiting).toBe('done');
});

test('the removal of a name that went down raises none, but what waits for it does', async () => {
  const { clock, stores, registry } = open(1);
  const probe = new Probe();
  await registry.registerServer('a', probe);
  stores[0]!.auto = false;
  probe.kill();
  clock.advance(10_000);
  expect(registry.getPartitionStats(0).alarm).toBe(false);
  const waiting = outcome(registry.unregisterServer('b'));
  clock.advance(501);
  expect(registry.getPartitionStats(0).alarm).toBe(true);
  stores[0]!.next.commit();
  expect(await waiting).toBe('done');
  expect(registry.getPartitionStats(0)).toMatchObject({ writeCount: 1, alarm: false });
});

test('admission closes above half of the partitions, and opens by itself', async () => {
  const { clock, stores, registry, ids } = open(4);
  const stick = (partition: number): void => {
    stores[partition]!.auto = false;
    void outcome(registry.registerServer(ids[partition]!, new Probe()));
  };
  stick(0);
  stick(1);
  clock.advance(501);
  expect(registry.getContentionStatus()).toEqual({ partitions: 4, alarmed: [0, 1], admission: 'open', mode: 'auto' });
  stick(2);
  clock.advance(501);
  expect(registry.getContentionStatus()).toMatchObject({ alarmed: [0, 1, 2], admission: 'closed' });
  expect(await outcome(registry.registerTransport(ids[3]!, new Probe()))).toBe('admission_control_active');
  expect(await outcome(registry.unregisterServer(ids[3]!))).toBe('done');
  stores[1]!.next.commit();
  await turn();
  expect(registry.getContentionStatus()).toMatchObject({ alarmed: [0, 2], admission: 'open' });
  expect(await outcome(registry.registerTransport(ids[3]!, new Probe()))).toBe('done');
});

test('a registration that waited is asked again at its turn', async () => {
  const { clock, stores, registry, ids } = open(1);
  stores[0]!.auto = false;
  const first = outcome(registry.registerServer(ids[0]!, new Probe()));
  const second = outcome(registry.registerServer('x', new Probe()));
  registry.setAdmission('closed');
  clock.advance(1);
  stores[0]!.next.commit();
  expect(await Promise.all([first, second])).toEqual(['done', 'admission_control_active']);
});

test('slow writes that were too few for an alarm are not forgotten when there are enough', () => {
  const gauges: Gauge[] = [{ window: new Window(5, 1_000), lane: { idle: true, oldestCall: undefined } }];
  const contention = new Contention({ ...defaultThresholds, minWrites: 3, closeAbove: 0 }, new ManualClock(), gauges, 'auto');
  for (const [latency, admits] of [[300, true], [300, true], [0, false]] as const) {
    contention.record(0, latency, 0);
    expect(contention.admits()).toBe(admits);
  }
});

test('the short cut of admission agrees with the status', () => {
  const step = fc.record({ partition: fc.nat(3), latency: fc.constantFrom(0, 50, 100, 101, 300, 2_000), wait: fc.constantFrom(0, 10, 300, 999, 1_000) });
  fc.assert(fc.property(fc.array(step, { maxLength: 80 }), fc.constantFrom(0, 0.25, 0.5, 1), (steps, closeAbove) => {
    const clock = new ManualClock();
    const gauges: Gauge[] = Array.from({ length: 4 }, () => ({ window: new Window(5, 1_000), lane: { idle: true, oldestCall: undefined } }));
    const contention = new Contention({ ...defaultThresholds, windowSize: 5, minWrites: 3, closeAbove }, clock, gauges, 'auto');
    for (const { partition, latency, wait } of steps) {
      contention.record(partition, latency, clock.now());
      clock.advance(wait);
      const alarmed = [0, 1, 2, 3].filter((one) => contention.stats(one).alarm).length;
      expect(contention.admits()).toBe(alarmed <= closeAbove * 4);
      expect(contention.status().alarmed).toHaveLength(alarmed);
    }
  }));
});
