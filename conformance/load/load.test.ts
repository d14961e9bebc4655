import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Config, Endpoint, Registration, RequirementId } from '../../spec/index.js';
import type { Adapter, Subject } from '../contract.js';
import { contested } from '../engine/contested.js';
import { loadAdapter } from '../load-adapter.js';
import { reportSchema } from '../report/schema.js';
import { randomFrom } from '../schedules/choosers.js';
import { correct } from '../testing/correct.js';
import { honest, ours, overlappingMutants } from '../testing/overlapping-mutants.js';
import { throughProtocol } from '../testing/through-protocol.js';
import { verify } from '../verify.js';
import { judgeLoad } from './judge.js';
import { ClientPlan, type Mix } from './plan.js';
import { runLoad, type LoadOptions, type LoadRun, type Spread } from './run-load.js';
import { Round } from './rounds.js';
import { searchLoad } from './search-load.js';
import { tableOf } from './table.js';

// Threads and processes run what `npm run build` made.
const script = new URL('../../dist/conformance/load/worker.js', import.meta.url);
const socket = fileURLToPath(new URL('../testing/socket-registry.mjs', import.meta.url));

beforeAll(() => {
  if (!existsSync(script)) throw new Error('run `npm run build` first');
});
afterEach(() => {
  delete process.env['SOCKET_REGISTRY_FAULT'];
  delete process.env['SOCKET_REGISTRY_CLIENT'];
});

const small = { clients: 4, operations: 480, crowd: 4, milliseconds: 20_000, patienceMs: 5_000, workers: 2, script } as const;
const run = (adapter: Adapter, more: Partial<LoadOptions> & Pick<LoadOptions, 'seed' | 'spread'>): Promise<LoadRun> => runLoad(adapter, { ...small, ...more });
const judge = (given: LoadRun): ReturnType<typeof judgeLoad> => judgeLoad(given, { milliseconds: 30_000, isEventual: false });

const mix: Mix = { seed: 5, clients: 4, operations: 300, offered: ['reads', 'configs', 'transports', 'binding', 'routing', 'lists', 'update', 'liveness', 'in-process'], crowd: 2 };

describe('a plan', () => {
  const follow = (client: number): unknown[] => {
    const plan = new ClientPlan(mix, client);
    const operations = [];
    for (let one = plan.next(); one !== undefined; one = plan.next()) {
      operations.push(one);
      plan.answered(one, { kind: 'done', value: undefined });
    }
    return operations;
  };

  it('is the same for the same seed and the same answers', () => {
    expect(follow(1)).toEqual(follow(1));
    expect(follow(1)).not.toEqual(follow(2));
    expect(follow(1)).toHaveLength(mix.operations);
  });

  it('never uses an endpoint, a configuration or a message twice, in no client', () => {
    const all = [0, 1, 2, 3].flatMap(follow) as { op: string; endpoint?: string; message?: string; config?: { v: string } }[];
    const made = all.filter(({ op }) => op.startsWith('register')).map(({ endpoint }) => endpoint);
    const messages = all.flatMap(({ message }) => message ?? []);
    const configs = all.flatMap(({ config }) => config?.v ?? []);
    for (const unique of [made, messages, configs]) expect(new Set(unique).size).toBe(unique.length);
    expect(new Set(all.map(({ op }) => op)).size).toBe(16);
  });

  it('has only what is offered', () => {
    const plan = new ClientPlan({ ...mix, offered: ['reads'] }, 0);
    const ops = new Set(Array.from({ length: mix.operations }, () => plan.next()?.op));
    expect([...ops].sort()).toEqual(['findServer', 'registerServer', 'unregisterServer']);
  });
});

describe.each<Spread>(['tasks', 'threads', 'processes'])('clients that are %s', (spread) => {
  it.each([1, 2, 3])('find our registry linearizable with seed %i, calls overlapping', async (seed) => {
    const result = await run(ours, { spread, seed, killsOne: seed === 2 });
    expect(await judge(result)).toMatchObject({ violations: [], undecided: undefined });
    expect(result).toMatchObject({ unanswered: [], blocked: false, flooded: false, connected: false });
    expect(result.history.filter(({ actor, end }) => actor.startsWith('client') && end !== Infinity).length).toBeGreaterThan(seed === 2 ? 200 : 470);
  });

  it('find out who looks before he leaps', async () => {
    const { adapter } = overlappingMutants[0]!;
    const found = [];
    for (let seed = 1; seed <= 3 && found.length === 0; seed++) found.push(...(await judge(await run(adapter, { spread, seed, operations: 960 }))).violations);
    expect(found.map(({ requirement }) => requirement)).toContain('CON-1');
  });
});

describe.each<Spread>(['threads', 'processes'])('clients in %s that call the registry themselves', (spread) => {
  it('find one behind a socket linearizable, also when a worker dies in the middle of its calls', async () => {
    const adapter = await loadAdapter(socket);
    for (const killsOne of [false, true]) {
      const result = await run(adapter, { spread, seed: 4, module: socket, killsOne });
      expect(result.connected).toBe(true);
      expect(result.abandoned).toHaveLength(killsOne ? 1 : 0);
      expect(await judge(result)).toMatchObject({ violations: [], undecided: undefined });
    }
  });

  it('find out one that looks before it leaps', async () => {
    const adapter = await loadAdapter(socket);
    process.env['SOCKET_REGISTRY_FAULT'] = 'check-then-act';
    const found = [];
    for (let seed = 1; seed <= 4 && found.length === 0; seed++) found.push(...(await judge(await run(adapter, { spread, seed, module: socket, operations: 800 }))).violations);
    expect(found.map(({ requirement }) => requirement)).toContain('CON-1');
  });

  it.each([
    ['exits', 'ended by itself'],
    ['hangs', 'silent'],
    ['floods', 'more than its clients can have to say'],
  ])('are given up when their worker %s, and the history is judged all the same', async (how, why) => {
    const adapter = await loadAdapter(socket);
    process.env['SOCKET_REGISTRY_CLIENT'] = how;
    const result = await run(adapter, { spread, seed: 4, module: socket, patienceMs: 600, operations: 400 });
    expect(result.abandoned.map(({ reason }) => reason).join()).toContain(why);
    expect(result.history.some(({ end }) => end === Infinity)).toBe(true);
    expect(await judge(result)).toMatchObject({ violations: [] });
  }, 60_000);
});

describe('a search', () => {
  const options = { spread: 'tasks', clients: 8, operations: 1_200, patienceMs: 500, milliseconds: 3_000 } as const;

  /** Endpoints of a load call nothing back: these two go wrong only if one does, and schedules find them. */
  const calledBack = new Set(['re-entrant-own-lane', 'broadcast-skip']);

  it.each(overlappingMutants.filter(({ id }) => !calledBack.has(id)).map((mutant) => [mutant.id, mutant] as const))('finds out %s', async (_, { adapter, breaks: [aim] }) => {
    const found = new Set<RequirementId>();
    for (let seed = 1; seed <= 4 && !found.has(aim!); seed++) for (const { requirement } of (await searchLoad(adapter, { ...options, seed })).violations) found.add(requirement);
    expect([...found]).toContain(aim);
  }, 120_000);

  it.each([ours, honest, ...correct].map((adapter) => [adapter.name, adapter] as const))('accuses %s of nothing', async (_, adapter) => {
    const { violations, inconclusive, scenarios, figures } = await searchLoad(adapter, { ...options, seed: 6, patienceMs: 10_000 });
    expect([violations, inconclusive, scenarios.filter(({ violation }) => violation)]).toEqual([[], [], []]);
    expect(figures.verdict).toBe('linearizable');
  }, 60_000);

  it('accuses one that is right and slow of nothing, and says how much less it did', async () => {
    const { violations, inconclusive, figures } = await searchLoad(slow, { ...options, clients: 4, operations: 2_000, seed: 7, patienceMs: 10_000, milliseconds: 1_000 });
    expect([violations, inconclusive]).toEqual([[], []]);
    expect(figures.operations).toBeLessThan(figures.asked);
  }, 60_000);

  it('leaves to others what goes wrong in sequence', async () => {
    const forgets: Adapter = { ...ours, async open(given) { const real = await ours.open(given); return new Proxy(real, { get: (target, key) => (key === 'unregisterServer' ? async () => undefined : Reflect.get(target, key)) }); } };
    const { violations, inconclusive } = await searchLoad(forgets, { ...options, seed: 1 });
    expect(violations).toEqual([]);
    expect(inconclusive[0]?.reason).toContain('broken without it');
  });
});

describe('a load in bursts, of a registry elsewhere', () => {
  const bursts = { spread: 'bursts', clients: 64, operations: 4_000, readsAfter: false, milliseconds: 60_000 } as const;
  const judgedRemotely = async (adapter: Adapter, seed: number): Promise<[LoadRun, Awaited<ReturnType<typeof judgeLoad>>]> => {
    const remote = await throughProtocol(adapter);
    const result = await run(remote, { ...bursts, seed });
    await remote.end();
    return [result, await judge(result)];
  };
  const judged = async (adapter: Adapter, seed: number): Promise<readonly RequirementId[]> => (await judgedRemotely(adapter, seed))[1].violations.map(({ requirement }) => requirement);

  it.each([1, 22, 333])('accuses one that is right of nothing, with seed %i', async (seed) => {
    const [{ history, unanswered }, { violations, undecided }] = await judgedRemotely(honest, seed);
    expect([violations, undecided, unanswered]).toEqual([[], undefined, []]);
    // Everything that there is is called, and what goes down is known to have gone when all is quiet.
    expect(new Set(history.map(({ invocation }) => invocation.op)).size).toBe(16);
    expect(history.filter(({ invocation, end }) => invocation.op === 'down' && end === Infinity)).toEqual([]);
    expect(contested(history).operations).toBeGreaterThan(1_000);
  });

  it('finds a name that outlives an endpoint which took several at once', async () => {
    expect(await judged(losesNames, 1)).toContain('DWN-1');
  });

  it('is planned the same for the same seed', () => {
    const rounds = (seed: number): unknown[] => {
      const clients = [0, 1, 2, 3].map((i) => new ClientPlan({ ...mix, seed }, i));
      return [0, 1, 2, 3, 4, 5, 6, 7].flatMap((number) => {
        const { parts, held } = new Round({ ...mix, seed }, clients, 0, number);
        return [held, ...parts.flatMap((part) => clients.flatMap((_, i) => part(i).map((step) => step())))];
      });
    };
    expect(rounds(1)).toEqual(rounds(1));
    expect(rounds(1)).not.toEqual(rounds(2));
  });

  it('asks nothing that is not offered', async () => {
    const least: Adapter = { ...honest, without: [...(honest.without ?? []), 'transports', 'binding', 'routing', 'lists', 'update', 'configs'] };
    const [{ history }, { violations }] = await judgedRemotely(least, 1);
    expect(violations).toEqual([]);
    expect([...new Set(history.map(({ invocation }) => invocation.op))].sort()).toEqual(['down', 'findServer', 'registerServer', 'unregisterServer']);
  });
});

/** Which names an endpoint holds is read, added to and written back. */
const losesNames: Adapter = {
  ...honest,
  name: 'loses names',
  async open(options) {
    const real = (await honest.open(options)) as Required<Subject>;
    const held = new Map<Endpoint, readonly (() => unknown)[]>();
    const immortal = new Map<Endpoint, Endpoint>();
    const alias = (endpoint: Endpoint): Endpoint => {
      const made = immortal.get(endpoint) ?? { send: (delivery) => endpoint.send(delivery), signal: new AbortController().signal };
      if (!immortal.has(endpoint)) endpoint.signal.addEventListener('abort', () => held.get(endpoint)?.forEach((release) => void release()));
      immortal.set(endpoint, made);
      return made;
    };
    const taking = (register: Required<Subject>['registerServer'], unregister: (id: string) => unknown) => async (id: string, endpoint: Endpoint, config?: Config) => {
      if (endpoint.signal.aborted) throw Object.assign(new Error('down'), { code: 'endpoint_down' });
      await register(id, alias(endpoint), config);
      const before = held.get(endpoint) ?? [];
      await new Promise((resolve) => void setImmediate(resolve));
      held.set(endpoint, [...before, () => unregister(id)]);
    };
    return Object.assign(Object.create(real) as Subject, {
      registerServer: taking(real.registerServer.bind(real), real.unregisterServer.bind(real)),
      registerTransport: taking(real.registerTransport.bind(real), real.unregisterTransport.bind(real)),
      findServer: async (id: string) => shown(await real.findServer(id)),
      findTransport: async (id: string) => shown(await real.findTransport(id)),
      listServers: undefined,
      listTransports: undefined,
    });
    function shown(found: Registration | null | undefined): Registration | undefined {
      return found ? { ...found, endpoint: [...immortal].find(([, made]) => made === found.endpoint)![0] } : undefined;
    }
  },
};

/** Every call waits at random before and after, in real time: a load has no other. */
const slow: Adapter = {
  ...honest,
  name: 'right and slow',
  without: [...(honest.without ?? []), 'virtual-time', 'slow-commit', 'in-process'],
  features: [],
  async open(options) {
    const real = await honest.open(options);
    const random = randomFrom(1);
    const wait = (): Promise<void> => new Promise((resolve) => void setTimeout(resolve, 1 + random() * 20));
    return new Proxy(real, {
      get(target, key) {
        const value: unknown = Reflect.get(target, key);
        if (typeof value !== 'function' || key === 'then') return value;
        return async (...args: unknown[]) => {
          await wait();
          const answer: unknown = await (value as (...given: unknown[]) => unknown).apply(target, args);
          await wait();
          return answer;
        };
      },
    });
  },
};

it('shows a violation as a table, and the report says what the load was', async () => {
  const { adapter } = overlappingMutants[0]!;
  const report = await verify(adapter, { seed: 3, runs: 1, only: ['LST-3', 'CON-1'], clients: 'tasks', concurrency: 8, operations: 2_400, patienceMs: 500 });
  expect(report.load).toMatchObject({ spread: 'tasks', access: 'in process', clients: 8, verdict: 'violated' });
  const failed = report.requirements.flatMap(({ checks }) => checks).find(({ title, failure }) => title.startsWith('a load') && failure?.interleaving !== undefined);
  expect(failed?.failure?.replay).toContain('check-history --entries');
  expect(Object.keys((reportSchema['properties'] as object))).toContain('load');
}, 60_000);

it('puts each client in a column of its own, and what is answered at once in one row', () => {
  const entry = (id: number, actor: string, op: 'findServer' | 'unregisterServer', start: number, end: number) => ({ id, actor, invocation: { op, id: 's' }, response: end === Infinity ? undefined : { kind: 'done' as const, value: undefined }, start, end });
  const rows = tableOf([entry(0, 'client 7', 'unregisterServer', 1, 4), entry(1, 'client 3, life 2', 'findServer', 2, 3), entry(2, 'afterwards', 'findServer', 5, 6), entry(3, 'client 7', 'unregisterServer', 7, Infinity)]);
  expect(rows).toEqual([
    { client: 0, text: 'unregisterServer("s")', switch: false },
    { client: 1, text: 'findServer("s") → nothing', switch: false },
    { client: 0, text: 'unregisterServer → done', switch: false },
    { text: 'afterwards: findServer("s") → nothing', switch: false },
    { client: 0, text: 'unregisterServer("s"), at some time from now on, or never', switch: false },
  ]);
});
