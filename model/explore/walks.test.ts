import { describe, expect, it } from 'vitest';
import { SequentialSystem } from './sequential.js';
import { graphOf, walksOf, wayTo, type Edge } from './walks.js';

const system = new SequentialSystem({ partitions: 1, servers: 1, transports: 1, endpoints: 1 });
const graph = graphOf(system);

const expectConnected = (walk: readonly Edge[]): void => {
  expect(walk[0]!.from).toBe(0);
  for (const [i, edge] of walk.slice(1).entries()) expect(edge.from).toBe(walk[i]!.to);
};

describe('the graph', () => {
  it('has the edges of each state, and they lead where the steps do', () => {
    expect(graph.out).toHaveLength(graph.states);
    expect(graph.out.flat()).toEqual(graph.edges);
    for (const { from, to, action } of graph.edges.filter((_, i) => i % 97 === 0)) {
      let next: Uint8Array | undefined;
      system.expand(graph.stateOf(from), (one) => {
        if (one === action) next = Uint8Array.from(system.next);
      });
      expect(graph.stateOf(to)).toEqual(next);
    }
  });

  it('leaves out what does not belong to it', () => {
    const without = graphOf(system, (action) => system.actions[action]!.kind !== 'close');
    expect(without.states).toBeLessThan(graph.states);
    expect(without.edges.some(({ action }) => system.actions[action]!.kind === 'close')).toBe(false);
  });
});

describe('walks', () => {
  it('begin at the beginning, are connected, and take every edge between them', () => {
    const taken = new Set<Edge>();
    for (const walk of walksOf(graph, () => true)) {
      expectConnected(walk);
      for (const edge of walk) taken.add(edge);
    }
    expect(taken.size).toBe(graph.edges.length);
  });

  it('take only what may be taken, and seek only what is wanted', () => {
    const may = ({ action }: Edge): boolean => !system.actions[action]!.slow;
    const wanted = ({ action }: Edge): boolean => system.actions[action]!.kind === 'stall';
    const walks = [...walksOf(graph, may, wanted)];
    const taken = new Set(walks.flat());
    for (const walk of walks) expectConnected(walk);
    expect([...taken].every(may)).toBe(true);
    const reachable = new Set([0]);
    for (const state of reachable) for (const edge of graph.out[state]!) if (may(edge)) reachable.add(edge.to);
    for (const edge of graph.edges) if (wanted(edge) && may(edge) && reachable.has(edge.from)) expect(taken.has(edge)).toBe(true);
  });

  it('are none where nothing may be taken', () => {
    expect([...walksOf(graph, () => false)]).toEqual([]);
    expect(wayTo(graph, 0, () => false, (state) => state === 1)).toBeUndefined();
  });
});
