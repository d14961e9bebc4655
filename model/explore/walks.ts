import { Search } from './search.js';
import type { SequentialSystem } from './sequential.js';
import type { Slots, System } from './system.js';

/** One transition of the model, as an edge of its graph. Self-loops are operations that change nothing, or are refused. */
export interface Edge {
  readonly number: number;
  readonly action: number;
  readonly from: number;
  readonly to: number;
}

/** The graph of the sequential model at a size: every state, every transition, names told apart. */
export interface Graph {
  readonly system: SequentialSystem;
  readonly states: number;
  readonly edges: readonly Edge[];
  /** The edges out of each state. */
  readonly out: readonly (readonly Edge[])[];
  /** The state with a number, in slots. */
  stateOf(number: number): Slots;
}

/** Explores a system into its graph. `includes`: the steps that belong to it. */
export function graphOf(system: SequentialSystem, includes: (action: number, before: Slots, after: Slots) => boolean = () => true): Graph {
  const only: System = {
    slots: system.slots, initial: system.initial, next: system.next, symmetries: system.symmetries.slice(0, 1), fairSymmetries: [],
    expand: (state, emit) => system.expand(state, (action, flags) => void (includes(action, state, system.next) && emit(action, flags))),
    fairnessOf: () => -1,
    showAction: (action) => system.showAction(action),
    showState: (state) => system.showState(state),
  };
  const search = new Search(only, [], { symmetries: only.symmetries });
  search.run();
  const edges: Edge[] = [];
  const out: Edge[][] = [];
  const state = new Uint8Array(system.slots.length);
  for (let from = 0; from < search.visited.size; from++) {
    search.read(from, state);
    const here: Edge[] = [];
    only.expand(state, (action) => here.push({ number: edges.length + here.length, action, from, to: search.find(system.next) }));
    edges.push(...here);
    out.push(here);
  }
  const stateOf = (number: number): Slots => {
    const slots = new Uint8Array(system.slots.length);
    search.read(number, slots);
    return slots;
  };
  return { system, states: search.visited.size, edges, out, stateOf };
}

/**
 * Walks from the initial state that together take every edge that is wanted and can be come to over edges that may be taken. Each
 * is taken as soon as it is near: at a state the edges that lead nowhere first, then the others, then the shortest way to a state
 * that has one left. A walk ends where there is none. O(edges · states) at worst.
 */
export function* walksOf(graph: Graph, may: (edge: Edge) => boolean, wanted: (edge: Edge) => boolean = may): Generator<Edge[], void> {
  // Taken from the end: edges that lead nowhere come last, and so go first.
  const left = graph.out.map((edges) => edges.filter((edge) => may(edge) && wanted(edge)).sort((a, b) => Number(a.from === a.to) - Number(b.from === b.to)));
  for (;;) {
    const walk: Edge[] = [];
    let at = 0;
    for (;;) {
      const edge = left[at]!.pop();
      if (edge !== undefined) {
        walk.push(edge);
        at = edge.to;
        continue;
      }
      const way = wayTo(graph, at, may, (state) => left[state]!.length > 0);
      if (way === undefined) break;
      walk.push(...way);
      at = way.at(-1)!.to;
    }
    if (walk.length === 0) return;
    yield walk;
  }
}

/** The shortest way from a state to one that is wanted, over edges that may be taken; undefined if there is none. O(edges). */
export function wayTo({ out }: Pick<Graph, 'out'>, from: number, may: (edge: Edge) => boolean, wanted: (state: number) => boolean): Edge[] | undefined {
  const cameBy = new Map<number, Edge | undefined>([[from, undefined]]);
  for (const at of cameBy.keys()) {
    if (at !== from && wanted(at)) {
      const way: Edge[] = [];
      for (let edge = cameBy.get(at); edge !== undefined; edge = cameBy.get(edge.from)) way.unshift(edge);
      return way;
    }
    for (const edge of out[at]!) if (!cameBy.has(edge.to) && may(edge)) cameBy.set(edge.to, edge);
  }
  return undefined;
}
