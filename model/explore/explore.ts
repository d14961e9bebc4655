import type { RequirementId } from '../../spec/index.js';
import { findFairLoop } from './liveness.js';
import { protocolProperties } from './protocol-properties.js';
import { ProtocolSystem, type ProtocolDesign } from './protocol.js';
import { Search, type Bound } from './search.js';
import { sequentialProperties } from './sequential-properties.js';
import { SequentialSystem, type SequentialDesign } from './sequential.js';
import type { Eventually, Property, System } from './system.js';
import { traceOf, traceTo, type Trace } from './trace.js';
import { OutOfMemory } from './visited.js';
import type { WindowSize } from './partition.js';
import type { Variant } from './variants.js';

/** Operations as a whole, or taken apart into the steps of clients that overlap. */
export type Depth = 'sequential' | 'protocol';

/** How large a registry is explored. */
export interface ExploreSize extends WindowSize {
  readonly partitions: number;
  readonly servers: number;
  readonly transports: number;
  readonly endpoints: number;
  /** At depth `protocol`. */
  readonly clients: number;
}

/** The size that is explored unless another is asked for. */
export const defaultSize: ExploreSize = { partitions: 2, servers: 2, transports: 2, endpoints: 2, clients: 3 };

/** The least and the most of each that can be explored: symmetries are permutations, and there are many of those. */
export const largestSize: { readonly [Kind in keyof Required<ExploreSize>]: readonly [least: number, most: number] } = {
  partitions: [1, 4],
  servers: [0, 3],
  transports: [0, 3],
  endpoints: [1, 3],
  clients: [1, 4],
  windowTicks: [1, 4],
  windowSize: [1, 4],
  minWrites: [1, 10],
};

/** What to explore, and how far. */
export interface ExploreOptions {
  readonly depth: Depth;
  readonly size?: Partial<ExploreSize>;
  /** A design that is not ours. */
  readonly variant?: Variant;
  /** The properties to look at, by id; all unless said. */
  readonly properties?: readonly string[];
  /** Whether states that differ in names alone count as one; true unless said. */
  readonly symmetry?: boolean;
  /** Whether steps that nobody else can notice are left to one order; true unless said. */
  readonly partialOrder?: boolean;
  /** How many states may be found. */
  readonly states?: number;
  /** How long it may take. */
  readonly seconds?: number;
  /** How many bytes the states may take. */
  readonly memory?: number;
  readonly signal?: AbortSignal;
  /** Called some times a second. */
  readonly onProgress?: (progress: ExploreProgress) => void;
}

/** Where an exploration stands. */
export interface ExploreProgress {
  readonly depth: Depth;
  /** Which of its passes: reachable states, or a property that needs fairness. */
  readonly pass: string;
  readonly states: number;
  readonly transitions: number;
  /** Steps from the initial state. */
  readonly distance: number;
  readonly frontier: number;
  readonly bytes: number;
  /** Since the search of these states began. */
  readonly milliseconds: number;
}

/**
 * What became of a property. `proved`: it holds in all that is reachable; `witnessed`: it was found; `violated`: see the
 * counterexample; `vacuous`: there is no witness anywhere; `bounded`: the exploration ended before it could tell.
 */
export type PropertyVerdict = 'proved' | 'witnessed' | 'violated' | 'vacuous' | 'bounded';

/** What became of one property. */
export interface PropertyResult {
  readonly id: string;
  readonly kind: Property['kind'];
  readonly requirements: readonly RequirementId[];
  readonly text: string;
  readonly verdict: PropertyVerdict;
  /** The shortest way to where it fails, or for a witness to where it is found. */
  readonly trace?: Trace;
  /** What there is to say about the end of the way. */
  readonly explanation: readonly string[];
}

/** What an exploration found. */
export interface Exploration {
  readonly depth: Depth;
  readonly size: Partial<ExploreSize>;
  readonly variant: string | undefined;
  readonly symmetries: number;
  readonly partialOrder: boolean;
  readonly states: number;
  readonly transitions: number;
  /** The transitions that lead to another state. */
  readonly moves: number;
  /** The greatest distance from the initial state. */
  readonly diameter: number;
  readonly milliseconds: number;
  readonly bytesPerState: number;
  /** Set if it ended before it had seen everything. */
  readonly bound: Bound | undefined;
  readonly properties: readonly PropertyResult[];
}

/** How long one slice of work lasts, before anything else may have its turn. */
const sliceMs = 40;

/**
 * Explores a design exhaustively: all that is reachable at a size, and for each property whether it holds of it. What ends early,
 * for want of time, memory or patience, is *bounded*, never proved. Throws a `RangeError` for a size beyond {@link largestSize}.
 */
export async function explore(options: ExploreOptions): Promise<Exploration> {
  const { depth, symmetry = true, partialOrder = true, variant } = options;
  const { system, size, properties: all } = prepare(options);
  const properties = options.properties === undefined ? all : all.filter(({ id }) => options.properties!.includes(id));
  const started = performance.now();
  let passStarted = started;
  const deadline = started + (options.seconds ?? Infinity) * 1_000;
  const symmetries = symmetry ? system.symmetries : system.symmetries.slice(0, 1);
  const fairSymmetries = symmetry ? system.fairSymmetries : symmetries;
  const limits = { ...(options.memory !== undefined && { memory: options.memory }), ...(options.states !== undefined && { states: options.states }) };

  const sought = properties.find(({ id, kind }) => id === variant?.breaks && kind === 'always')?.id;
  const search = new Search(system, properties, { symmetries, ...limits, ...(variant !== undefined && { until: sought }) });
  await runSearch(search, 'reachable states');
  const { milliseconds, bytes } = { milliseconds: performance.now() - started, bytes: search.visited.bytes };

  const results: PropertyResult[] = [];
  let fairSearch: Search | undefined;
  for (const property of properties) {
    const { id, kind, requirements, text } = property;
    const about = { id, kind, requirements, text };
    if (property.kind !== 'eventually') {
      const sighting = search.sightings.get(id);
      const trace = sighting && traceTo(search, sighting);
      const verdict = kind === 'always' ? (sighting ? 'violated' : search.complete ? 'proved' : 'bounded') : sighting ? 'witnessed' : search.complete ? 'vacuous' : 'bounded';
      const explanation = kind === 'always' && trace ? ((property.explain?.(trace.end)) ?? []) : [];
      results.push({ ...about, verdict, ...(trace && { trace }), explanation });
      continue;
    }
    const outcome = search.complete ? await lookForLoop(property) : 'bounded';
    if (outcome === 'bounded' || outcome === undefined) results.push({ ...about, verdict: outcome ?? 'proved', explanation: [] });
    else results.push({ ...about, verdict: 'violated', trace: outcome, explanation: [] });
  }

  return {
    depth, size, variant: variant?.id, symmetries: symmetries.length, partialOrder: depth === 'protocol' && partialOrder,
    states: search.visited.size, transitions: search.transitions, moves: search.moves, diameter: search.depth,
    milliseconds, bytesPerState: bytes / search.visited.size, bound: search.bound, properties: results,
  };

  async function runSearch(one: Search, pass: string): Promise<void> {
    passStarted = performance.now();
    while (!one.run(sliceMs)) {
      tell(one, pass);
      await turn();
      if (options.signal?.aborted) one.stop('interrupted');
      else if (performance.now() > deadline) one.stop('seconds');
    }
    tell(one, pass);
  }

  /** A fair loop, nothing, or that it cannot be told. */
  async function lookForLoop(property: Eventually): Promise<Trace | 'bounded' | undefined> {
    if (fairSearch === undefined) {
      // Where fairness tells clients apart, so must the states.
      fairSearch = fairSymmetries.length === symmetries.length ? search : new Search(system, [], { symmetries: fairSymmetries, ...limits });
      await runSearch(fairSearch, 'states for fairness');
    }
    if (!fairSearch.complete) return 'bounded';
    try {
      const looking = findFairLoop(fairSearch, property);
      let next = looking.next();
      for (let sliceEnd = performance.now() + sliceMs; !next.done; next = looking.next()) {
        if (performance.now() < sliceEnd) continue;
        tell(fairSearch, property.id);
        await turn();
        if (options.signal?.aborted || performance.now() > deadline) return 'bounded';
        sliceEnd = performance.now() + sliceMs;
      }
      return next.value && traceOf(fairSearch, next.value);
    } catch (error) {
      if (error instanceof OutOfMemory || error instanceof RangeError) return 'bounded';
      throw error;
    }
  }

  function tell({ visited, transitions, frontier, depth: distance }: Search, pass: string): void {
    options.onProgress?.({ depth, pass, states: visited.size, transitions, distance, frontier, bytes: visited.bytes, milliseconds: performance.now() - passStarted });
  }
}

/** Lets everything else have its turn. */
const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** The properties of a depth, at a size. */
export function propertiesOf(depth: Depth, size: Partial<ExploreSize> = {}): readonly Property[] {
  return prepare({ depth, size }).properties;
}

function prepare({ depth, size: wanted = {}, variant, partialOrder = true }: ExploreOptions): { system: System; size: Partial<ExploreSize>; properties: readonly Property[] } {
  const size = { ...defaultSize, ...variant?.size, ...wanted };
  for (const [kind, count] of Object.entries(size) as [keyof ExploreSize, number][]) {
    const [least, most] = largestSize[kind];
    if (!Number.isInteger(count) || count < least || count > most) throw new RangeError(`${kind}: must be a whole number from ${least} to ${most}`);
  }
  if (size.servers + size.transports === 0) throw new RangeError('there must be at least one name: a server or a transport');
  if (depth === 'sequential') {
    const { clients: _, ...sequential } = size;
    const system = new SequentialSystem(sequential, (variant?.design ?? {}) as SequentialDesign);
    return { system, size: sequential, properties: sequentialProperties(system) };
  }
  const { partitions, servers, transports, endpoints, clients } = size;
  const protocol = { partitions, servers, transports, endpoints, clients };
  const system = new ProtocolSystem(protocol, (variant?.design ?? {}) as ProtocolDesign, { partialOrder });
  return { system, size: protocol, properties: protocolProperties(system) };
}
