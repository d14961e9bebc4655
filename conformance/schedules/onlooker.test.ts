import { describe, expect, it } from 'vitest';
import type { Operation } from '../../model/index.js';
import type { Config, Endpoint, Registration } from '../../spec/index.js';
import type { Adapter } from '../contract.js';
import { adapter as ours } from '../adapters/sharded-registry.js';
import { mutant } from '../testing/mutants.js';
import { FewestFirst } from './fewest-first.js';
import { runProgram, type Run } from './overlap.js';
import { inSequence, readsOf, smaller, type ConcurrentProgram } from './program.js';
import type { RegistryStep } from './registry-world.js';
import { replaySchedule } from './search-schedules.js';

const server = (id: string, endpoint: string, config?: Config): Operation => ({ op: 'registerServer', id, endpoint, ...(config && { config }) });

/** A lookup shows an update as soon as it is called, and the old configuration once it has been refused. */
const shownTooEarly: Adapter = mutant('', [], 'an update shows before it is committed', (real) => {
  const early = new Map<string, Config>();
  return {
    updateServer: async (id: string, config: Config) => {
      early.set(id, config);
      await real.updateServer(id, config).finally(() => early.delete(id));
    },
    findServer: (id: string): Registration | undefined => {
      const found = real.findServer(id);
      return found && { ...found, config: early.get(id) ?? found.config };
    },
  };
}).adapter;

/** The program's update is overtaken by the end of the server, and refused. */
const program: ConcurrentProgram = {
  setup: [server('s1', 'e1', { v: 1 })],
  clients: [[{ op: 'updateServer', id: 's1', config: { v: 2 } }], [{ op: 'down', endpoint: 'e1' }]],
};

/** The first schedule under which a program fails. */
async function failing(adapter: Adapter, one: ConcurrentProgram): Promise<Run | undefined> {
  const inOrder = new FewestFirst<RegistryStep>();
  while (inOrder.advance()) {
    const run = await runProgram(adapter, one, inOrder, 100);
    if (run?.violation !== undefined) return run;
  }
  return undefined;
}

describe('a program that is watched', () => {
  it('shows what nobody else would have seen', async () => {
    expect(await failing(shownTooEarly, program)).toBeUndefined();
    const run = await failing(shownTooEarly, { ...program, isWatched: true });
    expect(run!.violation!.requirement).toBe('CON-1');
    expect(await failing(ours, { ...program, isWatched: true })).toBeUndefined();
    // Found again; and nothing is found where nobody looks.
    const replayed = { suite: 'schedules', ...program, schedule: run!.schedule } as const;
    expect((await replaySchedule(shownTooEarly, { ...replayed, isWatched: true }, 100)).counterexamples.map(({ requirement }) => requirement)).toEqual(['CON-1']);
    expect((await replaySchedule(shownTooEarly, replayed, 100)).counterexamples).toEqual([]);
  });

  it('is told without repetition', async () => {
    const run = await failing(shownTooEarly, { ...program, isWatched: true });
    const seen = run!.rows().map(({ text }) => text).filter((text) => text.startsWith('an onlooker'));
    expect(seen).toEqual(['an onlooker: findServer("s1") → {id: "s1", endpoint: "e1", config: {v: 2}}', 'an onlooker: findServer("s1") → nothing']);
  });

  it('is watched where its names are, and by whom it is made smaller', () => {
    expect(readsOf(program)).toEqual([{ op: 'findServer', id: 's1' }]);
    expect(readsOf({ setup: [], clients: [[{ op: 'bindTransportToServer', transportId: 't2', serverId: 's1' }]] })).toEqual([{ op: 'findServer', id: 's1' }, { op: 'findTransport', id: 't2' }, { op: 'getServerForTransport', transportId: 't2' }]);
    expect(readsOf({ setup: [], clients: [], reactions: { e1: { op: 'registerTransport', id: 't1', endpoint: 'e2', config: { serverId: 's2' } } } })).toHaveLength(3);
    expect(inSequence({ ...program, isWatched: true }).isWatched).toBe(true);
    expect(inSequence(program)).not.toHaveProperty('isWatched');
    expect([...smaller({ ...program, isWatched: true })].filter(({ isWatched }) => isWatched === undefined)).toEqual([program]);
  });
});

it('every endpoint goes down afterwards, and no name may outlive that', async () => {
  // What is registered while the endpoint gives up its other name is not listened to.
  const unheard = mutant('', [], 'a registration that nobody cleans up', (real) => {
    const left = new Map<string, Registration>();
    let givingUp = false;
    return {
      unregisterServer: async (id: string) => {
        givingUp = true;
        await real.unregisterServer(id).finally(() => (givingUp = false));
      },
      registerServer: async (id: string, endpoint: Endpoint, config?: Config) => {
        await real.registerServer(id, endpoint, config);
        if (givingUp) left.set(id, { id, endpoint, config: config ?? {} });
      },
      findServer: (id: string) => real.findServer(id) ?? left.get(id),
    };
  }).adapter;
  const run = await failing(unheard, { setup: [server('s1', 'e1')], clients: [[{ op: 'unregisterServer', id: 's1' }], [server('s2', 'e1')]] });
  expect(run!.violation).toMatchObject({ requirement: 'DWN-1', expected: 'nothing' });
  expect(run!.violation!.message).toMatch(/^afterwards every endpoint goes down, and findServer\("s2"\) still gives one$/);
});
