import { describe, expect, it } from 'vitest';
import { adapter as ours } from '../adapters/sharded-registry.js';
import { adapter as naive } from '../adapters/naive-map.js';
import { VirtualClock } from '../engine/virtual-clock.js';
import { throughProtocol } from '../testing/through-protocol.js';
import { verify } from '../verify.js';
import type { RequirementId } from '../../spec/index.js';

const endpoint = (): { send: () => undefined; signal: AbortSignal; abort: () => void } => {
  const lifetime = new AbortController();
  return { send: () => undefined, signal: lifetime.signal, abort: () => lifetime.abort() };
};

describe('a registry behind the protocol', () => {
  it('says of itself what it says in process, but for what no pipe carries', async () => {
    const adapter = await throughProtocol(ours);
    expect(adapter).toMatchObject({ name: ours.name, features: ['partitions', 'thresholds', 'virtual-time', 'slow-commit', 'send-failures', 'send-awaited'], without: ['in-process'] });
    await adapter.end();
  });

  it('lives by the clock of the kit to the millisecond: its timers are timers of that clock', async () => {
    const adapter = await throughProtocol(ours);
    const clock = new VirtualClock();
    const subject = await adapter.open({ clock });
    clock.settle = async () => void (await subject.settle!());
    await subject.slowCommit!(7);
    const e = endpoint();
    let registered = false;
    void Promise.resolve(subject.registerServer('a', e)).then(() => (registered = true));
    await clock.settle();
    expect([...clock.waiting()].filter(({ after }) => after === 7)).toHaveLength(1);
    await clock.advance(6.5);
    expect([registered, await subject.findServer('a')]).toEqual([false, undefined]);
    await clock.advance(0.5);
    expect(registered).toBe(true);
    expect(await subject.findServer('a')).toEqual({ id: 'a', endpoint: e, config: {} });
    e.abort();
    expect(await subject.findServer('a')).toBeUndefined();
    await subject.dispose!();
    expect(clock.timers).toBe(0);
    await adapter.end();
  });

  it('is refused with its codes, and is answered in any order', async () => {
    const adapter = await throughProtocol(ours);
    const subject = await adapter.open({ clock: new VirtualClock() });
    await subject.registerServer('a', endpoint());
    await expect(subject.registerServer('a', endpoint())).rejects.toMatchObject({ code: 'already_registered' });
    await expect(subject.registerServer(undefined as unknown as string, endpoint())).rejects.toMatchObject({ code: 'invalid_argument' });
    await expect(subject.findServer(Symbol('a') as unknown as string)).rejects.toThrow(/cannot be carried to the program as it is/);
    await adapter.end();
  });

  it('is conformant if it is in process, and what cannot be carried is untested, not passed', async () => {
    const adapter = await throughProtocol(ours);
    const only: RequirementId[] = ['NAM-1', 'REG-1', 'REG-4', 'BND-8', 'DWN-1', 'DWN-3', 'RTE-1', 'RTE-3', 'RTE-6', 'RTE-7', 'CTN-1', 'ADM-7', 'CLS-1', 'CLS-4', 'STA-6', 'CON-1', 'DLK-4'];
    const report = await verify(adapter, { only, seed: 1, runs: 20, patienceMs: 10_000, operations: 400 });
    expect(report.requirements.filter(({ status }) => status !== 'passed' && status !== 'untested').map(({ id, checks }) => [id, checks])).toEqual([]);
    expect(report.requirements.filter(({ status }) => status === 'untested').map(({ id }) => id)).toEqual(['DWN-3', 'CLS-4']);
    const untried = report.requirements.find(({ id }) => id === 'NAM-1')!.checks.filter(({ status }) => status === 'untested');
    expect(untried.map(({ reason }) => reason)).toEqual(['does not reach the registry as it is, and was not tried: an object that prints as an id, a String object']);
    await adapter.end();
  });

  it('is wrong where it is in process', async () => {
    const adapter = await throughProtocol(naive);
    const report = await verify(adapter, { only: ['INC-1', 'BND-4'], seed: 1, runs: 1, patienceMs: 5_000 });
    const inProcess = await verify(naive, { only: ['INC-1', 'BND-4'], seed: 1, runs: 1, patienceMs: 5_000 });
    expect(report.requirements.map(({ id, status }) => [id, status])).toEqual(inProcess.requirements.map(({ id, status }) => [id, status]));
    await adapter.end();
  });
});
