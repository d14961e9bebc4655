import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createModel, type Operation } from '../../model/index.js';
import { adapter as ours } from '../adapters/sharded-registry.js';
import type { Adapter } from '../contract.js';
import { mutant } from '../testing/mutants.js';
import type { Vocabulary } from './commands.js';
import { crowdedSteps, crowdSize } from './crowds.js';
import { replay, runSuite, suites, type SuiteResult } from './sequences.js';

const everything: Vocabulary = { transports: true, configs: true, liveness: true, update: true, binding: true, routing: true, override: true, lists: true, inProcess: true, failures: true, awaited: true };
const ids = Array.from({ length: crowdSize }, (_, i) => `id ${i}`);
const crowd = (seed: number, offered: Partial<Vocabulary> = {}, steps = 2_000): readonly Operation[] => fc.sample(crowdedSteps(ids, { ...everything, ...offered }, steps), { seed, numRuns: 1 })[0]!;

/** After each step, how many servers the model says there are. */
function population(steps: readonly Operation[]): number[] {
  const model = createModel();
  let state = model.initial;
  return steps.map((operation) => {
    ({ state } = model.step(state, operation));
    return state.names.server.size;
  });
}

const suite = suites.find(({ name }) => name === 'crowds')!;
const search = (adapter: Adapter): Promise<SuiteResult> => runSuite(suite, adapter, { seed: 1, runs: 200, patienceMs: 1_000, judged: () => true, failed: new Set(), progress: () => undefined });

describe('the steps of a crowd', () => {
  it('are few names at first, and then as many as fit a byte, for as long as it takes to pass it again and again', () => {
    const many = population(crowd(1, {}, 6_000));
    expect(Math.max(...many.slice(0, 1_000))).toBeLessThan(60);
    const passes = many.filter((count, i) => i > 0 && count > 256 !== (many[i - 1]! > 256)).length;
    expect(passes).toBeGreaterThan(10);
  });

  it('are the same for the same seed, and others for another', () => {
    expect(crowd(7)).toEqual(crowd(7));
    expect(crowd(7)).not.toEqual(crowd(8));
  });

  it('are of what is offered', () => {
    const of = (offered: Partial<Vocabulary>): string[] => [...new Set(crowd(1, offered).map(({ op }) => op))].sort();
    expect(of({})).toEqual(['bindTransportToServer', 'broadcast', 'down', 'findServer', 'findTransport', 'getServerForTransport', 'listServers', 'registerServer', 'registerTransport', 'unbindTransport', 'unregisterServer', 'unregisterTransport', 'updateServer']);
    expect(of({ transports: false, binding: false, routing: false, liveness: false, lists: false, update: false })).toEqual(['findServer', 'registerServer', 'unregisterServer']);
    expect(of({ binding: false, routing: false })).not.toContain('broadcast');
    expect(crowd(1, { configs: false }).some((operation) => 'config' in operation)).toBe(false);
  });

  it('shrink to those without which it does not come about, wherever they are', () => {
    const updates = (steps: readonly Operation[]): number => steps.filter(({ op }) => op === 'updateServer').length;
    const { counterexample } = fc.check(fc.property(crowdedSteps(ids, everything, 2_000), (steps) => updates(steps) < 3 || !steps.some(({ op }) => op === 'broadcast')), { seed: 1 });
    expect(counterexample![0].map(({ op }) => op).sort()).toEqual(['broadcast', 'updateServer', 'updateServer', 'updateServer']);
  });
});

describe('sequences of a crowd', () => {
  it('accuse nobody who does what the model says', async () => {
    const { counterexamples, sequences, steps, situations, inconclusive } = await search(ours);
    expect([counterexamples, sequences, inconclusive]).toEqual([[], 1, undefined]);
    expect(steps).toBeGreaterThan(6_000);
    for (const requirement of ['REG-1', 'UNR-1', 'BND-2', 'DWN-1', 'UPD-1'] as const) expect(situations.get(requirement)?.occurred).toBeGreaterThan(0);
  });

  it('find what only many names bring about, shrink it, and find it again', async () => {
    // Holds 200 names, and no more: who came first is forgotten.
    const forgets = (real: Parameters<Parameters<typeof mutant>[3]>[0]): ReturnType<Parameters<typeof mutant>[3]> => ({
      registerServer: async (...args: Parameters<typeof real.registerServer>) => {
        await real.registerServer(...args);
        const all = [...real.listServers()];
        if (all.length > 200) await real.unregisterServer(all.find(({ id }) => id !== args[0])!.id);
      },
    });
    const { adapter } = mutant('', [], 'a registry that forgets', forgets);
    const { counterexamples } = await search(adapter);
    expect(counterexamples.map(({ requirement }) => requirement)).toContain('NAM-3');
    const { program } = counterexamples.find(({ requirement }) => requirement === 'NAM-3')!;
    expect(program.steps.length).toBeLessThan(260);
    expect(program.ids.length).toBeLessThan(260);
    expect((await replay(program, adapter, 1_000)).counterexamples.map(({ requirement }) => requirement)).toEqual(['NAM-3']);
    expect((await replay(program, ours, 1_000)).counterexamples).toEqual([]);
  });

  it('are not for registries whose writes show later', async () => {
    expect(await search({ ...ours, consistency: { level: 'eventual', stalenessMs: 100 } })).toMatchObject({ sequences: 0, counterexamples: [] });
  });
});
