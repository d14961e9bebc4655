import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { findFairLoop } from './liveness.js';
import { Packing } from './packing.js';
import { Search } from './search.js';
import { flags, type Eventually, type Property, type Symmetry, type System } from './system.js';
import { traceOf, traceTo } from './trace.js';
import { OutOfMemory, Visited } from './visited.js';

interface Edge {
  readonly from: number;
  readonly to: number;
  /** -1: owed by nobody. */
  readonly fairness: number;
}

const identity = (values: readonly number[]): Symmetry => ({ target: values.map((_, i) => i), value: values.map((count) => Uint8Array.from({ length: count }, (_, v) => v)) });

/** A system of one slot, whose actions are the edges of a graph. */
function graph(nodes: number, edges: readonly Edge[]): System {
  const next = new Uint8Array(1);
  const symmetries = [identity([nodes])];
  return {
    slots: [{ name: 'node', values: nodes }],
    initial: new Uint8Array(1),
    next,
    symmetries,
    fairSymmetries: symmetries,
    expand: (state, emit) => {
      for (const [action, { from, to, fairness }] of edges.entries()) {
        if (from !== state[0]) continue;
        next[0] = to;
        emit(action, fairness >= 0 ? flags.progress : 0);
      }
    },
    fairnessOf: (action) => edges[action]!.fairness,
    showAction: (action) => `${edges[action]!.from} → ${edges[action]!.to}`,
    showState: (state) => [String(state[0])],
  };
}

const nodes = 6;
const node = fc.nat(nodes - 1);
const edges = fc.array(fc.record({ from: node, to: node, fairness: fc.integer({ min: -1, max: 2 }) }), { maxLength: 14 });
const pendingNodes = fc.uniqueArray(node);

const finish = <T>(work: Generator<void, T>): T => {
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
  }
};

const explored = (system: System, properties: readonly Property[] = []): Search => {
  const search = new Search(system, properties, { symmetries: system.symmetries, until: undefined });
  while (!search.run(1));
  return search;
};

describe('a search', () => {
  test.prop([edges])('finds what can be reached, by shortest ways', (list) => {
    const distances = new Map([[0, 0]]);
    for (const [at, distance] of distances) for (const { from, to } of list) if (from === at && !distances.has(to)) distances.set(to, distance + 1);
    const search = explored(graph(nodes, list));
    expect(search.visited.size).toBe(distances.size);
    expect(search.complete).toBe(true);
    for (const [at, distance] of distances) {
      const { steps, end } = traceTo(search, { state: search.find(Uint8Array.of(at)) });
      expect([steps.length, end[0]]).toEqual([distance, at]);
    }
  });

  test.prop([edges, node])('sees a state or a step if and only if it is there', (list, wanted) => {
    const about = { requirements: [], text: '' };
    const properties: Property[] = [
      { kind: 'always', id: 'state', ...about, state: (state) => state[0] !== wanted },
      { kind: 'always', id: 'step', ...about, step: (before, _, after) => before[0] === after[0] || after[0] !== wanted },
      { kind: 'sometimes', id: 'found', ...about, state: (state) => state[0] === wanted },
      { kind: 'sometimes', id: 'taken', ...about, step: (_, action) => action === 0 },
      { kind: 'always', id: 'goes on', ...about, standstill: (state) => state[0] !== wanted },
    ];
    const search = explored(graph(nodes, list), properties);
    const reached = search.find(Uint8Array.of(wanted)) >= 0;
    expect(search.sightings.has('state')).toBe(reached);
    expect(search.sightings.has('found')).toBe(reached);
    expect(search.sightings.has('step')).toBe(list.some(({ from, to }) => from !== to && to === wanted && search.find(Uint8Array.of(from)) >= 0));
    expect(search.sightings.has('taken')).toBe(list.length > 0 && search.find(Uint8Array.of(list[0]!.from)) >= 0);
    expect(search.sightings.has('goes on')).toBe(reached && !list.some(({ from, fairness }) => from === wanted && fairness >= 0));
    const step = search.sightings.get('step');
    if (step) expect(traceTo(search, step).end[0]).toBe(wanted);
  });

  it('says where it was stopped', () => {
    const search = new Search(graph(2, [{ from: 0, to: 1, fairness: -1 }]), [], { symmetries: [identity([2])] });
    search.stop('interrupted');
    search.stop('seconds');
    expect(search.bound).toBe('interrupted');
    expect(search.complete).toBe(false);
  });

  it('says so when its symmetries are none', () => {
    const swap: Symmetry = { target: [0], value: [Uint8Array.of(1, 0, 2)] };
    const system = { ...graph(3, [{ from: 1, to: 2, fairness: -1 }]), initial: Uint8Array.of(1), symmetries: [identity([3]), swap] };
    system.expand = (state, emit) => {
      system.next[0] = 2;
      if (state[0] === 0) emit(0, 0);
    };
    const search = explored(system);
    expect(() => traceTo(search, { state: 1 })).toThrow('symmetries');
  });
});

/** Whether there is a set of pending nodes in which a weakly fair run can stay for ever: all sets are tried. */
function hasFairLoop(list: readonly Edge[], pending: readonly number[], reachable: ReadonlySet<number>): boolean {
  const candidates = pending.filter((one) => reachable.has(one));
  for (let bits = 1; bits < 1 << candidates.length; bits++) {
    const members = new Set(candidates.filter((_, i) => (bits >> i) & 1));
    const inner = list.filter(({ from, to }) => members.has(from) && members.has(to));
    const closed = [...members].every((start) => {
      const seen = new Set([start]);
      for (const at of seen) for (const { from, to } of inner) if (from === at) seen.add(to);
      return seen.size === members.size;
    });
    if (!closed) continue;
    const enabled = (at: number, fairness: number): boolean => list.some((edge) => edge.from === at && edge.fairness === fairness);
    const owesNothing = members.size === 1 && [0, 1, 2].every((fairness) => !enabled([...members][0]!, fairness));
    if (inner.length === 0 && !owesNothing) continue;
    if ([0, 1, 2].every((fairness) => inner.some((edge) => edge.fairness === fairness) || [...members].some((at) => !enabled(at, fairness)))) return true;
  }
  return false;
}

describe('a fair loop', () => {
  test.prop([edges, pendingNodes], { numRuns: 2_000 })('is found if and only if there is one, and is one', (list, pending) => {
    const property: Eventually = { kind: 'eventually', id: 'ends', requirements: [], text: '', pending: (state) => pending.includes(state[0]!), allowed: () => true };
    const search = explored(graph(nodes, list));
    const reachable = new Set(Array.from({ length: nodes }, (_, i) => i).filter((i) => search.find(Uint8Array.of(i)) >= 0));
    const lasso = finish(findFairLoop(search, property));
    expect(lasso !== undefined).toBe(hasFairLoop(list, pending, reachable));
    if (lasso === undefined) return;
    const { steps, loopFrom } = traceOf(search, lasso);
    const loop = steps.slice(loopFrom);
    const start = loopFrom === 0 ? 0 : Number(steps[loopFrom! - 1]!.state[0]);
    const visited = [start, ...loop.map(({ state }) => Number(state[0]))];
    expect(visited.at(-1)).toBe(start);
    for (const at of visited) expect(pending).toContain(at);
    // Whatever is enabled all the way round is taken.
    for (const fairness of [0, 1, 2]) {
      const always = visited.every((at) => list.some((edge) => edge.from === at && edge.fairness === fairness));
      if (always) expect(loop.some(({ number }) => list[number]!.fairness === fairness)).toBe(true);
    }
  });
});

describe('packing', () => {
  const shape = fc.array(fc.integer({ min: 1, max: 256 }), { minLength: 1, maxLength: 12 });
  const stateOf = (values: readonly number[]): fc.Arbitrary<Uint8Array> => fc.tuple(...values.map((count) => fc.nat(count - 1))).map((state) => Uint8Array.from(state));

  test.prop([shape.chain((values) => fc.tuple(fc.constant(values), stateOf(values)))])('gives back what it was given', ([values, state]) => {
    const packing = new Packing(values.map((count, i) => ({ name: String(i), values: count })), [identity(values)]);
    packing.pack(state);
    const back = new Uint8Array(state.length);
    packing.unpack(packing.packed, 0, back);
    expect(back).toEqual(state);
  });

  test.prop([fc.array(fc.nat(255), { minLength: 3, maxLength: 3 })])('gives alike states the same words', (state) => {
    const slots = [0, 1, 2].map((i) => ({ name: String(i), values: 256 }));
    const same = Uint8Array.from({ length: 256 }, (_, v) => v);
    const orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
    const packing = new Packing(slots, orders.map((target) => ({ target, value: [same, same, same] })));
    const words = orders.map((order) => {
      packing.pack(Uint8Array.from(order, (i) => state[i]!));
      return packing.packed.join();
    });
    expect(new Set(words).size).toBe(1);
  });
});

describe('visited states', () => {
  test.prop([fc.array(fc.tuple(fc.integer(), fc.integer()), { maxLength: 300 })])('are those added, once, in order', (list) => {
    const visited = new Visited(2);
    const known: string[] = [];
    for (const words of list) {
      const fresh = !known.includes(words.join());
      expect(visited.find(Int32Array.from(words)) >= 0).toBe(!fresh);
      expect(visited.add(Int32Array.from(words), known.length - 1)).toBe(fresh);
      if (fresh) known.push(words.join());
      expect(visited.find(Int32Array.from(words))).toBe(known.indexOf(words.join()));
    }
    expect(visited.size).toBe(known.length);
  });

  it('are many, in at most 32 bytes each', () => {
    const visited = new Visited(2);
    for (let i = 0; i < 1_000_000; i++) visited.add(Int32Array.of(i % 1000, Math.floor(i / 1000)), i - 1);
    expect(visited.size).toBe(1_000_000);
    expect(visited.parentOf(999_999)).toBe(999_998);
    expect(visited.bytes / visited.size).toBeLessThanOrEqual(32);
    for (let i = 0; i < 1_000_000; i += 997) expect(visited.find(Int32Array.of(i % 1000, Math.floor(i / 1000)))).toBe(i);
  });

  it('stop at the memory they are given', () => {
    const visited = new Visited(1, 1 << 20);
    expect(() => {
      for (let i = 0; i < 10_000_000; i++) visited.add(Int32Array.of(i), 0);
    }).toThrow(OutOfMemory);
    expect(visited.bytes).toBeLessThanOrEqual(1 << 20);
  });
});
