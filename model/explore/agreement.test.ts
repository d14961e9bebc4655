import { describe, expect, it } from 'vitest';
import { createModel, tables, type RegistryModel, type RegistryState } from '../index.js';
import { normal, tickThresholds } from './partition.js';
import { rulesOf } from './rules.js';
import { Search, same } from './search.js';
import { SequentialSystem, type SequentialSize } from './sequential.js';
import { homeOf } from './symmetry.js';
import { flags as flag, type Slots } from './system.js';

describe('rules', () => {
  it.each(Object.entries(tables))('say of %s what its table says', (_, table) => {
    const rules = rulesOf(table as never) as ReturnType<typeof rulesOf>;
    const move = table.move as (state: string, event: { type: string }) => ReturnType<typeof tables.endpoint.move>;
    for (const [s, state] of table.states.entries()) {
      for (const [e, event] of table.events.entries()) {
        const cell = s * rules.events + e;
        const expected = move(state, event);
        expect(rules.eventOf(event)).toBe(e);
        expect(rules.states[rules.next[cell]!]).toBe(expected.state);
        expect(rules.refuses[cell]).toBe(expected.refusals.length > 0 ? 1 : 0);
        expect(rules.does[cell]).toBe([...expected.does].reduce((bits, name) => bits | rules.effect(name), 0));
      }
    }
  });

  it('know no effects that there are not', () => {
    expect(() => rulesOf(tables.endpoint).effect('nothing')).toThrow();
  });
});

/** A state of the model, and how many endpoints have had each place. */
interface Concrete {
  readonly state: RegistryState;
  readonly generations: readonly number[];
}

/** What a state of the model is when it is packed. */
function packed(system: SequentialSystem, { state, generations }: Concrete): Slots {
  const slots = Uint8Array.from(system.initial);
  slots[0] = tables.lifecycle.states.indexOf(state.lifecycle);
  const { size, at } = system;
  const endpointOf = (name: string): number => Number(name.split('.')[0]!.slice(1)) - 1;
  slots[1] = tables.admission.states.indexOf(state.admission);
  for (let e = 0; e < size.endpoints; e++) {
    slots[at.endpoints + e] = tables.endpoint.states.indexOf(state.endpoints.get(nameOf(generations, e)) ?? tables.endpoint.initial);
  }
  // What was written before a registry was closed shows nowhere.
  if (!system.isOpen(slots)) return slots;
  for (let s = 0; s < size.servers; s++) {
    const held = state.names.server.get(`s${s + 1}`);
    if (held) slots[at.servers + s] = 1 + 2 * endpointOf(held.endpoint) + ('updated' in held.config ? 1 : 0);
  }
  for (let t = 0; t < size.transports; t++) {
    const held = state.names.transport.get(`t${t + 1}`);
    const bound = state.bindings.get(`t${t + 1}`);
    if (held) slots[at.transports + t] = 1 + endpointOf(held.endpoint) * (size.servers + 1) + (bound ? Number(bound.server.slice(1)) : 0);
  }
  const known = system.partition.states.map((one) => JSON.stringify(one));
  for (const [p, partition] of state.partitions.entries()) {
    slots[at.partitions + p] = known.indexOf(JSON.stringify(normal(partition, state.now, tickThresholds(size))));
  }
  return slots;
}

const nameOf = (generations: readonly number[], endpoint: number): string => `e${endpoint + 1}.${generations[endpoint]!}`;

describe('the packed model', () => {
  const sizes: SequentialSize[] = [
    { partitions: 1, servers: 1, transports: 1, endpoints: 2 },
    { partitions: 2, servers: 2, transports: 1, endpoints: 1, minWrites: 1, windowSize: 1 },
    { partitions: 1, servers: 1, transports: 0, endpoints: 1, windowTicks: 2, windowSize: 3, minWrites: 3 },
  ];

  it.each(sizes)('takes every step as the model does: $partitions partitions, $servers servers, $transports transports, $endpoints endpoints', (size) => {
    const system = new SequentialSystem(size);
    const model: RegistryModel = createModel({
      partitions: size.partitions,
      partitionOf: (id) => homeOf(id.startsWith('s') ? Number(id.slice(1)) - 1 : size.servers + Number(id.slice(1)) - 1, size.partitions),
      thresholds: tickThresholds(size),
    });
    const search = new Search(system, [], { symmetries: system.symmetries.slice(0, 1) });
    search.run();
    const concrete = new Map<number, Concrete>([[0, { state: model.initial, generations: Array.from({ length: size.endpoints }, () => 0) }]]);
    expect(packed(system, concrete.get(0)!)).toEqual(system.initial);
    const before = new Uint8Array(system.slots.length);
    let compared = 0;
    const differences: string[] = [];
    for (let number = 0; number < search.visited.size; number++) {
      search.read(number, before);
      const { state, generations } = concrete.get(number)!;
      system.expand(before, (action, flags) => {
        const operation = system.operationOf(action, 1, (endpoint) => nameOf(generations, endpoint));
        const step = operation === undefined ? undefined : model.step(state, operation);
        const renewed = operation === undefined ? generations.map((count, e) => (e === system.actions[action]!.endpoint ? count + 1 : count)) : generations;
        const after = { state: step?.state ?? state, generations: renewed };
        const refused = step?.outcome.kind === 'refused';
        if (refused !== ((flags & flag.refused) !== 0) || !same(packed(system, after), system.next)) differences.push(`${system.showState(before).join('; ')}: ${system.showAction(action)}`);
        const next = search.find(system.next);
        if (!concrete.has(next)) concrete.set(next, after);
        compared++;
      });
      if (differences.length > 0) break;
    }
    expect(differences).toEqual([]);
    expect(compared).toBe(search.transitions);
    expect(concrete.size).toBe(search.visited.size);
  }, 60_000);
});
