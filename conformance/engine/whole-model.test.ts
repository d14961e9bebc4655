import { describe, expect, it } from 'vitest';
import { adapterFor } from '../adapters/adapter-for.js';
import { adapter as naive } from '../adapters/naive-map.js';
import { adapter as ours } from '../adapters/sharded-registry.js';
import type { Adapter } from '../contract.js';
import { ShardedRegistry } from '../../src/index.js';
import { replay } from './sequences.js';
import { walkModel } from './whole-model.js';

const limits = { patienceMs: 500, milliseconds: 60_000, progress: () => undefined };

describe('the walk through the model', () => {
  it('takes our registry through all of it', async () => {
    let told = 0;
    const { coverage, counterexamples, inconclusive, late } = await walkModel(ours, { ...limits, progress: (taken) => (told = taken) });
    expect([counterexamples, inconclusive, late]).toEqual([[], undefined, false]);
    for (const { covered, reachable, total } of [coverage.states, coverage.transitions, coverage.guards]) {
      expect([covered, reachable]).toEqual([total, total]);
      expect(total).toBeGreaterThan(0);
    }
    expect(coverage.unreachable).toEqual([]);
    expect(told).toBe(coverage.transitions.total);
  }, 60_000);

  it('says what it cannot reach with an adapter that lacks something, and why', async () => {
    const without: Adapter = { ...ours, features: [], without: ['override', 'close'] };
    const { coverage, counterexamples } = await walkModel(without, limits);
    expect(counterexamples).toEqual([]);
    expect(coverage.transitions.covered).toBe(coverage.transitions.reachable);
    expect(coverage.states.covered).toBe(coverage.states.reachable);
    expect(coverage.guards.covered).toBe(coverage.guards.reachable);
    expect(coverage.guards.reachable).toBeLessThan(coverage.guards.total);
    const listed = coverage.unreachable.reduce((sum, { transitions }) => sum + transitions, 0);
    expect(listed).toBe(coverage.transitions.total - coverage.transitions.reachable);
    expect(coverage.unreachable.map(({ reason }) => reason)).toEqual(expect.arrayContaining(['the adapter does not offer `override`', 'the adapter does not offer `close`', 'the adapter does not offer `virtual-time`']));
  }, 60_000);

  it('finds short ways to what is wrong, which can be replayed', async () => {
    const { coverage, counterexamples } = await walkModel(naive, limits);
    expect(coverage.disagreements).toBeGreaterThan(0);
    expect(coverage.transitions.covered).toBeLessThan(coverage.transitions.reachable);
    expect(counterexamples.map(({ requirement }) => requirement)).toContain('REG-3');
    for (const { program, requirement } of counterexamples) {
      expect(program.steps.length).toBeLessThanOrEqual(6);
      const { counterexamples: again } = await replay(program, naive, 500);
      expect(again.map((one) => one.requirement)).toEqual([requirement]);
    }
  }, 60_000);

  it('finds what happens only while a write is in flight', async () => {
    const forgetful = adapterFor('forgets what is in flight', (options) => {
      const real = new ShardedRegistry(options);
      return new Proxy(real, {
        get: (target, key) => {
          if (key === 'getPartitionStats') return () => real.getPartitionStats().map((one) => ({ ...one, alarm: one.alarm && one.sampleCount > 0 }));
          const value: unknown = Reflect.get(target, key, target);
          return typeof value === 'function' ? (value.bind(target) as unknown) : value;
        },
      });
    });
    const { counterexamples } = await walkModel(forgetful, limits);
    const [first] = counterexamples;
    expect(first!.program.suite).toBe('model-contention');
    expect(first!.program.steps.map(({ op }) => op)).toEqual(['stall', 'advance']);
    expect((await replay(first!.program, forgetful, 500)).counterexamples).toHaveLength(1);
  }, 60_000);

  it('does not wait for a registry that does not answer', async () => {
    const hangs: Adapter = { name: 'hangs', open: () => ({ registerServer: () => new Promise<void>(() => undefined), unregisterServer: () => undefined, findServer: () => undefined }) };
    const { inconclusive, coverage } = await walkModel(hangs, { ...limits, patienceMs: 30 });
    expect(inconclusive).toContain('did not answer');
    expect(coverage.transitions.covered).toBeLessThan(coverage.transitions.reachable);
  });

  it('ends when its time is over', async () => {
    const { late, coverage, inconclusive } = await walkModel(ours, { ...limits, milliseconds: 0 });
    expect([late, inconclusive]).toEqual([true, undefined]);
    expect(coverage.transitions.covered).toBeLessThan(coverage.transitions.reachable);
  });
});
