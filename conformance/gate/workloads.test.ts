import { setMaxListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { adapter as naive } from '../adapters/naive-map.js';
import { adapter as ours } from '../adapters/sharded-registry.js';
import type { Subject } from '../contract.js';
import { VirtualClock } from '../engine/virtual-clock.js';
import { workloads, type LivingEndpoint } from './workloads.js';

describe.each([['our registry', ours], ['the naive one', naive]] as const)('%s', (_, adapter) => {
  it.each(workloads.map((one) => [one.name, one] as const))('%s: each unit finds the registry as the one before did', async (_name, { needs, prepare }) => {
    const subject = await adapter.open({ clock: new VirtualClock() });
    expect(needs.every((one) => typeof subject[one] === 'function')).toBe(true);
    let delivered = 0;
    const endpoint = (): LivingEndpoint => {
      const lifetime = new AbortController();
      setMaxListeners(0, lifetime.signal);
      return { endpoint: { send: () => void delivered++, signal: lifetime.signal }, kill: () => lifetime.abort() };
    };
    const { before, run } = await prepare(subject, { entries: 64, size: 3, endpoint });
    const names = async (): Promise<string[]> => [...(await subject.listServers!()), ...(await subject.listTransports!())].map(({ id }) => id).sort();
    const found = [];
    for (let i = 0; i < 3; i++) {
      delivered = 0;
      before?.();
      await run();
      found.push({ names: await names(), delivered });
    }
    expect(found[0]!.names.length).toBeGreaterThanOrEqual(64);
    expect(found.slice(1)).toEqual([found[0], found[0]]);
    await (subject as Subject).dispose?.();
  });
});
