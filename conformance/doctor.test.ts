import { describe, expect, it } from 'vitest';
import { ShardedRegistry } from '../src/index.js';
import { adapterFor } from './adapters/adapter-for.js';
import { adapter as ours } from './adapters/sharded-registry.js';
import type { Adapter, OpenOptions, Subject } from './contract.js';
import { examine, type Examination } from './doctor.js';
import { correct } from './testing/correct.js';
import { mutant } from './testing/mutants.js';
import { throughProtocol } from './testing/through-protocol.js';

async function examined(adapter: Adapter, patienceMs = 100): Promise<Examination[]> {
  const all: Examination[] = [];
  for await (const examination of examine(adapter, { patienceMs })) all.push(examination);
  return all;
}

const unsound = (all: readonly Examination[]): string[] => all.flatMap(({ what, status }) => (status === 'unsound' ? [what] : []));

/** Ours, of which some operations are replaced. */
const but = (alter: Parameters<typeof mutant>[3]): Adapter => mutant('not sound', ['ERR-1'], 'for the doctor', alter).adapter;
const opening = (open: (options: OpenOptions) => unknown): Adapter => ({ ...ours, open: open as Adapter['open'] });
const never = new Promise<never>(() => undefined);
/** A clock of its own, which stands still whatever time the kit says it is. */
const ownClock = { now: () => 0, setTimeout: () => undefined, clearTimeout: () => undefined };

describe('an adapter that is sound', () => {
  it.each(correct.map((adapter) => [adapter.name, adapter] as const))('is found so: %s', async (_, adapter) => {
    expect(unsound(await examined(adapter, 2_000))).toEqual([]);
  });

  it('is found so through the protocol', async () => {
    const remote = await throughProtocol(ours);
    try {
      const all = await examined(remote, 2_000);
      expect(all.map(({ status }) => status)).toEqual(all.map(() => 'sound'));
    } finally {
      await remote.end();
    }
  });

  it('may offer no more than three operations: the rest is untested, and says what is missing', async () => {
    const least = opening(() => {
      const { registerServer, unregisterServer, findServer } = ours.open({ clock: ownClock }) as Subject;
      return { registerServer, unregisterServer, findServer };
    });
    const all = await examined({ name: 'three operations', open: least.open });
    expect(unsound(all)).toEqual([]);
    expect(all.flatMap(({ reason }) => reason ?? [])).toContain('it does not offer `routing`: routeToServer, routeToTransport');
  });
});

/** What is wrong with each, and what has to be found of it, first. */
const patients: readonly (readonly [string, Adapter, string])[] = [
  ['open throws', opening(() => { throw new Error('no database'); }), 'a registry opens, and has registerServer, unregisterServer and findServer'],
  ['open never ends', opening(() => never), 'a registry opens, and has registerServer, unregisterServer and findServer'],
  ['operations are missing', opening(() => ({ findServer: () => undefined })), 'a registry opens, and has registerServer, unregisterServer and findServer'],
  ['registering is not awaited', but((real, { clock }) => ({ registerServer: (...args: Parameters<ShardedRegistry['registerServer']>) => void clock!.setTimeout(() => void real.registerServer(...args), 5) })), 'a name that is registered is found, as it was registered'],
  ['another endpoint is given back', but((real) => ({ findServer: (id: string) => { const found = real.findServer(id); return found && { ...found, endpoint: { ...found.endpoint } }; } })), 'a name that is registered is found, as it was registered'],
  ['nothing is an error', but((real) => ({ findServer: (id: string) => { const found = real.findServer(id); if (found === undefined) throw new Error('not found'); return found; } })), 'a name that nobody holds gives nothing, and no error'],
  ['refusals have no code', but((real) => ({ registerServer: (...args: Parameters<ShardedRegistry['registerServer']>) => real.registerServer(...args).catch(() => Promise.reject(new Error('taken'))) })), 'a refusal is an error with a specified code'],
  ['giving up does nothing', but(() => ({ unregisterServer: () => Promise.resolve() })), 'a name that is given up is gone'],
  ['all registries are one', ((one) => opening(() => one))(ours.open({ clock: ownClock })), 'two registries that are open at once share nothing'],
  ['registries that are open have one table', table(sharedTables()), 'two registries that are open at once share nothing'],
  ['registries come from a pool', pooled(), 'a registry that is opened when another is done with is empty'],
  ['only some calls are answered', but((real) => { let calls = 0; return { registerServer: (...args: Parameters<ShardedRegistry['registerServer']>) => (++calls > 10 ? never : real.registerServer(...args)) }; }), 'fifty calls that are open together are all answered'],
  ['messages go nowhere', but(() => ({ routeToServer: () => 1 })), 'a message arrives where it is sent'],
  ['a lock is held while a send runs', but((real) => { let isSending = false; return { routeToServer: (...args: Parameters<ShardedRegistry['routeToServer']>) => { isSending = true; try { return real.routeToServer(...args); } finally { isSending = false; } }, registerServer: (...args: Parameters<ShardedRegistry['registerServer']>) => (isSending ? never : real.registerServer(...args)) }; }), 'a call that is made from within a send is answered'],
  ['nobody listens to signals', table(() => ({ held: new Map(), dispose: () => undefined })), 'the names of an endpoint go when it goes down'],
  ['partitions are as many as it likes', { ...ours, open: ({ clock }) => ours.open({ clock, partitions: 16 }) }, 'the number of partitions is the one that was asked for'],
  ['thresholds are looked for elsewhere', { ...ours, open: ({ clock, partitions, ...thresholds }) => ours.open({ clock, ...(partitions !== undefined && { partitions }), ...(thresholds as { thresholds?: object }).thresholds }) }, 'the thresholds are those that were asked for'],
  ['time is not the one given', adapterFor('by a clock of its own', (options) => new ShardedRegistry({ ...options, clock: ownClock })), 'its time is that of the clock it was given'],
  ['commits are never slow', opening((options) => Object.assign(new ShardedRegistry(options), { slowCommit: () => undefined })), 'a commit that is made slow takes as long as it was told, by that clock'],
  ['closing does nothing', but(() => ({ close: () => Promise.resolve() })), 'closing is answered, and ends it'],
];

interface Table {
  readonly held: Map<unknown, unknown>;
  readonly dispose: () => void;
}

/** A table, and nothing else. */
function table(open: () => Table): Adapter {
  return {
    name: 'a table',
    open: () => {
      const { held, dispose } = open();
      return {
        registerServer(id, endpoint, config = {}) {
          if (held.has(id)) throw Object.assign(new Error('taken'), { code: 'already_registered' });
          held.set(id, { id, endpoint, config });
        },
        unregisterServer: (id) => void held.delete(id),
        findServer: (id) => held.get(id) as never,
        dispose,
      };
    },
  };
}

/** Those that are open at once are one; it is emptied when nobody has it any more. */
function sharedTables(): () => Table {
  let [held, open] = [new Map<unknown, unknown>(), 0];
  return () => {
    if (open++ === 0) held = new Map();
    return { held, dispose: () => void open-- };
  };
}

/** A registry that nobody needs any more is handed out again, as it is, once it has been let go of. */
function pooled(): Adapter {
  const free: Subject[] = [];
  return {
    name: 'a pool',
    open: (options) => {
      const one = free.pop() ?? (ours.open(options) as Subject);
      return new Proxy(one, { get: (target, key) => (key === 'dispose' ? () => void ((target.findServer('anew') as unknown) !== undefined && free.push(target)) : (Reflect.get(target, key) as unknown)) });
    },
  };
}

describe('an adapter that is not sound', () => {
  it.each(patients)('is found out by what it lacks and by nothing before, and told where to look: %s', async (_, adapter, what) => {
    const all = await examined(adapter);
    expect(unsound(all)[0]).toBe(what);
    expect(all.find((one) => one.what === what)).toMatchObject({ reason: expect.stringMatching(/./) as string, advice: expect.stringMatching(/./) as string });
  });
});
