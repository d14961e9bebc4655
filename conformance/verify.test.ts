import { describe, expect, it } from 'vitest';
import type { Subject } from './contract.js';
import { AdapterError, verify, type Adapter, type Report } from './index.js';
import { adapter as naive } from './adapters/naive-map.js';
import { adapter as seed } from './adapters/seed.js';
import { adapter as ours } from './adapters/sharded-registry.js';

const failed = ({ requirements }: Report): string[] => requirements.filter(({ status, level }) => status === 'failed' && level === 'MUST').map(({ id }) => id);

const seeds = Array.from({ length: 20 }, (_, i) => 1 + i * 104_729);

describe('the registries that ship', () => {
  it('our registry is conformant', async () => {
    for (const one of seeds.slice(0, 5)) {
      const report = await verify(ours, { seed: one, runs: 60 });
      expect(report.verdict).toBe('conformant');
      expect(report.counts).toMatchObject({ failed: 0, warnings: 0, inconclusive: 0 });
    }
  });

  it.each(seeds.slice(0, 4))("the seed's design breaks what its faults break, with seed %i", async (one) => {
    const report = await verify(seed, { seed: one, runs: 20 });
    expect(failed(report)).toEqual([
      'REG-3', // nobody looks whether the endpoint is up
      'BND-9', // bound to a server that is not registered
      'DWN-1', // nobody reacts to "down"
      'DWN-2',
      'DWN-3',
      'PRT-4', // one queue for all partitions
      'CTN-1', // alarms are looked after once a second, and not at the tenth write
      'CTN-3', // a write that never ends has no latency
      'CTN-4', // samples do not age
      'CTN-5',
      'CTN-6', // alarms are looked after once a second
      'CTN-8', // by a timer that never stops
      'ADM-1', // admission is never consulted
      'ADM-4', // and cannot reopen
      'ADM-5',
      'ADM-6',
      'DLK-1', // lookups wait in the queue
    ]);
  });

  it('the naive Map breaks what is naive about it', async () => {
    const report = await verify(naive, { seed: 1, runs: 100 });
    expect(failed(report)).toEqual(['NAM-1', 'REG-3', 'CFG-1', 'LST-2', 'INC-1', 'INC-2', 'BND-6', 'BND-9', 'DWN-2', 'RTE-3', 'RTE-6']);
    const untested = report.requirements.filter(({ id }) => id.startsWith('CTN'));
    expect(untested.map(({ status }) => status)).toEqual(untested.map(() => 'untested'));
  });
});

/** A registry that is nothing but these operations. */
const only = (operations: Partial<Record<keyof Subject, (...args: never[]) => unknown>>): Adapter =>
  ({ name: 'test', open: () => ({ registerServer: () => undefined, unregisterServer: () => undefined, findServer: () => undefined, ...operations }) }) as unknown as Adapter;

describe('a registry that misbehaves gets a verdict', () => {
  const quick = { seed: 1, runs: 5, patienceMs: 40 };

  it('one that hangs is inconclusive, soon', async () => {
    const report = await verify(only({ registerServer: () => new Promise(() => undefined) }), quick);
    expect(report.verdict).toBe('inconclusive');
    expect(report.requirements.find(({ id }) => id === 'REG-1')?.reason).toMatch(/did not answer|stopped answering/);
  });

  it('one that calls have been kept from is not blamed by the checks that made them', async () => {
    const withHeldBack = (heldBack: () => string): Adapter => ({ ...seed, open: async (options) => Object.assign(await seed.open(options), { heldBack }) });
    const statuses = async (adapter: Adapter): Promise<string[]> =>
      (await verify(adapter, { ...quick, only: ['PRT-4'] })).requirements.find(({ id }) => id === 'PRT-4')!.checks.map(({ title, status, reason }) => `${title}: ${status}${status === 'inconclusive' ? `, ${reason}` : ''}`);
    const blamed = (await statuses(seed)).filter((one) => one.endsWith(': failed'));
    expect(blamed.length).toBeGreaterThan(0);
    expect(await statuses(withHeldBack(() => 'two at once'))).toEqual(expect.arrayContaining(blamed.map((one) => one.replace(/failed$/, 'inconclusive, two at once'))));
    const unable = withHeldBack(() => {
      throw new Error('who knows');
    });
    expect(await statuses(unable)).toEqual(expect.arrayContaining(blamed));
  });

  it('one whose opening hangs is inconclusive too', async () => {
    await expect(verify({ name: 'test', open: () => new Promise<never>(() => undefined) }, quick)).rejects.toThrow('open did not answer within 40 ms');
  });

  it.each([
    ['throws null', () => { throw null; }],
    ['throws what cannot be read', () => { throw new Proxy({}, { get: () => { throw new Error('no'); } }); }],
    ['throws without a code', () => { throw new TypeError('oops'); }],
    ['returns a number', () => 42],
    ['returns something that cannot be read', () => new Proxy({}, { get: (_, key) => { if (key === 'then') return undefined; throw new Error('no'); } })],
    ['answers twice', () => ({ then: (yes: (value: unknown) => void) => { yes(undefined); yes(undefined); } })],
    ['has a then that throws', () => ({ then: () => { throw new Error('no'); } })],
  ])('one whose lookup %s breaks ERR-1', async (_, findServer) => {
    const report = await verify(only({ findServer }), quick);
    expect(failed(report)).toContain('ERR-1');
  });

  it('one that throws from a timer or a listener breaks ERR-1', async () => {
    const report = await verify(only({ registerServer: () => void setTimeout(() => { throw new Error('late'); }, 0) }), { ...quick, runs: 50 });
    const found = report.requirements.find(({ id }) => id === 'ERR-1')!;
    expect(found.status).toBe('failed');
    expect(JSON.stringify(found.checks)).toContain('escaped');
  });

  it('one that does nothing is not conformant', async () => {
    const report = await verify(only({}), quick);
    expect(failed(report)).toEqual(expect.arrayContaining(['REG-1', 'REG-2', 'NAM-1']));
  });

  it('one that cannot be opened is an error of the adapter', async () => {
    const broken = (open: () => unknown): Promise<Report> => verify({ name: 'test', open: open as Adapter['open'] }, quick);
    await expect(broken(() => { throw new Error('no database'); })).rejects.toThrow(AdapterError);
    await expect(broken(() => 7)).rejects.toThrow('must return an object');
    await expect(broken(() => ({ registerServer() { return undefined; } }))).rejects.toThrow('has no unregisterServer()');
  });

  it('one that floods its endpoints is cut off', async () => {
    const flood: Adapter = {
      ...ours,
      name: 'flood',
      async open(options) {
        const real = await ours.open(options);
        return new Proxy(real, {
          get: (target, key) =>
            key === 'routeToServer'
              ? (id: string, from: string, message: unknown) => {
                  const found = target.findServer(id) as { endpoint: { send(delivery: unknown): unknown } } | undefined;
                  for (let i = 0; i < 200_000; i++) found?.endpoint.send({ namespace: 'server', to: id, from, message });
                  return found ? 1 : 0;
                }
              : (Reflect.get(target, key) as unknown),
        });
      },
    };
    const report = await verify(flood, { ...quick, only: ['RTE-1', 'RTE-5'], patienceMs: 1_000 });
    expect(failed(report)).toContain('RTE-1');
  });
});

describe('a run', () => {
  it('is the same for the same seed', async () => {
    const stripped = async (): Promise<string> => JSON.stringify(await verify(seed, { seed: 7, runs: 20, only: ['REG-3', 'DWN-1', 'NAM-2'] }), (key, value: unknown) => (key === 'milliseconds' ? 0 : value));
    expect(await stripped()).toBe(await stripped());
  });

  it('shrinks a random counterexample and replays it', async () => {
    const report = await verify(naive, { seed: 3, runs: 200, only: ['BND-6'] });
    const random = report.requirements[0]!.checks.find(({ title }) => title.startsWith('random sequences of operations'))!;
    expect(random.status).toBe('failed');
    expect(random.failure!.steps.length).toBeLessThanOrEqual(4);
    const program = JSON.parse(/--replay '(.*)'/.exec(random.failure!.replay)![1]!) as Parameters<typeof verify>[1] extends infer O ? NonNullable<NonNullable<O>['replay' & keyof O]> : never;
    const again = await verify(naive, { replay: program, only: ['BND-6'] });
    expect(again.requirements[0]!.checks[0]!.failure).toMatchObject({ message: random.failure!.message, expected: random.failure!.expected, actual: random.failure!.actual, steps: random.failure!.steps });
  });

  it('says where it is', async () => {
    const seen: string[] = [];
    await verify(ours, { seed: 1, runs: 40, only: ['REG-1'], onProgress: ({ doing, done, of }) => void seen.push(`${done}/${of} ${doing}`) });
    expect(seen.length).toBeGreaterThan(3);
    expect(seen.at(-1)).toMatch(/^(\d+)\/\1 /);
  });
});
