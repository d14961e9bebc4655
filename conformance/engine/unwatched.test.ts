import { describe, expect, it } from 'vitest';
import { createModel, type Operation } from '../../model/index.js';
import type { Config, Registration, RequirementId } from '../../spec/index.js';
import { adapter as ours } from '../adapters/sharded-registry.js';
import type { Adapter } from '../contract.js';
import { mutant } from '../testing/mutants.js';
import { Violation } from './findings.js';
import { Oracle } from './oracle.js';
import { Rig } from './rig.js';
import { replay, runSuite, suites, type SuiteResult } from './sequences.js';

type Alter = Parameters<typeof mutant>[3];

const registry = (alter: Alter): Adapter => mutant('', [], 'a registry that mends itself when it is looked at', alter).adapter;

const unwatched = suites.find(({ name }) => name === 'unwatched')!;

const search = (adapter: Adapter, seed = 1): Promise<SuiteResult> =>
  runSuite(unwatched, adapter, { seed, runs: 200, patienceMs: 1_000, judged: () => true, failed: new Set(), progress: () => undefined });

async function oracle(alter: Alter): Promise<Oracle> {
  const rig = await Rig.open(registry(alter), {}, 1_000);
  return new Oracle(rig, createModel(), { servers: ['a', 'b'], transports: ['t', 'a'] }, { names: true, bindings: true, lists: true, configs: true, listeners: false, stalenessMs: 0, downMs: 0, isUnwatched: true });
}

async function steps(one: Oracle, operations: readonly Operation[]): Promise<readonly RequirementId[] | undefined> {
  try {
    for (const operation of operations) await one.step(operation);
    await one.lookAtAll();
    return undefined;
  } catch (error) {
    if (error instanceof Violation) return [error.requirement!, ...error.suspects.slice(0, 1)];
    throw error;
  } finally {
    await one.rig.dispose();
  }
}

const server = (id: string, config?: Config): Operation => ({ op: 'registerServer', id, endpoint: 'e1', ...(config && { config }) });

/** An update of what was updated last succeeds, until somebody looks. */
const remembersTheLast: Alter = (real) => {
  let last: string | undefined;
  const forget = <A extends unknown[], R>(read: (...args: A) => R) => (...args: A): R => {
    last = undefined;
    return read(...args);
  };
  return {
    findServer: forget((id: string) => real.findServer(id)),
    listServers: forget(() => real.listServers()),
    updateServer: async (id: string, config: Config) => {
      if (last === id && real.findServer(id) === undefined) return;
      await real.updateServer(id, config);
      last = id;
    },
  };
};

describe('sequences at which nobody looks', () => {
  it('accuse nobody who does what the model says', async () => {
    const { counterexamples, sequences, situations, inconclusive } = await search(ours);
    expect([counterexamples, sequences, inconclusive]).toEqual([[], 200, undefined]);
    for (const requirement of ['UPD-2', 'BND-2', 'RTE-3', 'LKP-2', 'DWN-1'] as const) expect(situations.get(requirement)?.occurred).toBeGreaterThan(0);
  });

  it('find what a look would mend, and what they find is found again', async () => {
    const { counterexamples } = await search(registry(remembersTheLast));
    expect(counterexamples.map(({ requirement }) => requirement)).toEqual(['UPD-2']);
    const [{ program }] = counterexamples as [(typeof counterexamples)[0]];
    expect(program.steps.map(({ op }) => op)).toEqual(['registerServer', 'updateServer', expect.stringMatching(/^(unregisterServer|down)$/) as string, 'updateServer']);
    expect((await replay(program, registry(remembersTheLast), 1_000)).counterexamples.map(({ requirement }) => requirement)).toEqual(['UPD-2']);
    expect((await replay(program, ours, 1_000)).counterexamples).toEqual([]);
    const watched = await runSuite(suites.find(({ name }) => name === 'companions')!, registry(remembersTheLast), { seed: 1, runs: 200, patienceMs: 1_000, judged: () => true, failed: new Set(), progress: () => undefined });
    expect(watched.counterexamples).toEqual([]);
  });

  it('blame the step after which a look first shows it, whatever comes later', async () => {
    // To give one up takes another along; that shows long afterwards.
    const adapter = registry((real) => ({ unregisterTransport: async (id: string) => (await real.unregisterTransport(id), real.unregisterServer(id)) }));
    const { counterexamples } = await search(adapter);
    const [first] = counterexamples;
    expect(first!.requirement).toBe('NAM-4');
    expect(first!.program.steps.at(-1)!.op).toBe('unregisterTransport');
  });
});

describe('an oracle that looks at nothing but what is read', () => {
  it('compares what is read', async () => {
    const old: { row?: Registration | undefined } = {};
    const stale: Alter = (real) => ({ findServer: (id: string) => (old.row ??= real.findServer(id)), listTransports: () => [] });
    expect(await steps(await oracle(stale), [server('a', { v: 1 }), { op: 'findServer', id: 'a' }, { op: 'updateServer', id: 'a', config: { v: 2 } }, { op: 'findServer', id: 'a' }])).toEqual(['LKP-1', 'NAM-3']);
    expect(await steps(await oracle(() => ({ getServerForTransport: () => 'b' })), [{ op: 'getServerForTransport', transportId: 't' }])).toEqual(['BND-1', 'NAM-3']);
    expect(await steps(await oracle(() => ({ listServers: () => [] })), [server('a'), { op: 'listServers' }])).toEqual(['LST-1']);
  });

  it('blames the last step for what is wrong in the end', async () => {
    const forgets: Alter = (real) => ({ updateServer: () => Promise.resolve(void real) });
    expect(await steps(await oracle(forgets), [server('a', { v: 1 }), { op: 'updateServer', id: 'a', config: { v: 2 } }])).toEqual(['UPD-1']);
  });

  it('takes the configuration of a transport for its own, whatever server has its id', async () => {
    const overlay = new Map<string, Config>();
    const shared: Alter = (real) => ({
      updateServer: async (id: string, config: Config) => (await real.updateServer(id, config), void overlay.set(id, config)),
      findTransport: (id: string) => {
        const found = real.findTransport(id);
        return found && { ...found, config: overlay.get(id) ?? found.config };
      },
    });
    expect(await steps(await oracle(shared), [server('a'), { op: 'registerTransport', id: 'a', endpoint: 'e2' }, { op: 'updateServer', id: 'a', config: { v: 2 } }])).toEqual(['NAM-4', 'UPD-1']);
  });
});
