import { createModel, type Operation, type RegistryModel } from '../../model/index.js';
import { SequentialSystem, type SequentialSize } from '../../model/explore/sequential.js';
import { graphOf, walksOf, wayTo, type Edge, type Graph } from '../../model/explore/walks.js';
import { detectionMs, type Feature, type RequirementId, type Thresholds } from '../../spec/index.js';
import { AdapterError, type Adapter, type OpenOptions } from '../contract.js';
import type { ModelCoverage } from '../report/result.js';
import { watchBreakdowns } from './breakdowns.js';
import { Blocked, Unanswered, Violation } from './findings.js';
import { allOutcomes, machineCoverage, outcomesOf, watchCells, type Cells } from './machine-coverage.js';
import { offers } from './offers.js';
import { Oracle } from './oracle.js';
import { Rig } from './rig.js';
import type { Counterexample, SequentialProgram } from './sequences.js';

/**
 * The whole model at a small size, walked through: every transition of its graph is taken by the registry, and compared. Two
 * graphs, because the specification leaves open what counts as a write when nothing changes or an endpoint goes down: one of
 * names, which says nothing of statistics, and one of contention, in which every write is one for certain.
 */
interface Territory {
  readonly name: 'names' | 'contention';
  readonly size: SequentialSize;
  /** Whether a step belongs to it. */
  includes(system: SequentialSystem): (action: number, before: Uint8Array, after: Uint8Array) => boolean;
  readonly options: Omit<OpenOptions, 'clock'>;
  readonly needs: readonly Feature[];
}

/** Longer than any alarm takes to show, so that pauses in which alarms are waited for do not add up to one; shorter than time-outs of writes. */
const tickMs = 1_000;

const thresholds: Partial<Thresholds> = { windowSize: 2, windowMs: tickMs / 2, minWrites: 2, alarmAboveMs: 0.45 * tickMs, stuckAfterMs: tickMs / 2 };

/** No write is in flight for longer: a registry may have given it up by then, and what that does to its alarm is left open. */
const longestStallMs = 4 * tickMs;

/** How many pauses there may be from one tick to the next, so that all of them are shorter than what `thresholds` tell apart. */
const mostPauses = Math.floor((0.4 * tickMs) / detectionMs);

const same = (before: Uint8Array, after: Uint8Array): boolean => before.every((value, slot) => value === after[slot]);

const territories: readonly Territory[] = [
  {
    name: 'names',
    // All writes are alike here: a window of one sample keeps the graph small.
    size: { partitions: 1, servers: 2, transports: 1, endpoints: 2, windowSize: 1, minWrites: 1 },
    includes: (system) => (action, before) => {
      const { kind, slow } = system.actions[action]!;
      if (slow || ['tick', 'stall', 'unstall', 'resetStats'].includes(kind)) return false;
      // Of a closed registry the specification says only that it registers nothing (CLS-1).
      return system.isOpen(before) || kind.startsWith('register');
    },
    options: {},
    needs: ['servers'],
  },
  {
    name: 'contention',
    size: { partitions: 1, servers: 1, transports: 0, endpoints: 1 },
    includes: (system) => (action, before, after) => {
      const { kind } = system.actions[action]!;
      if (['down', 'renew', 'close'].includes(kind)) return false;
      return kind !== 'unregisterServer' || !same(before, after);
    },
    options: { partitions: 1, ...thresholds },
    needs: ['servers', 'configs', 'update', 'stats', 'contention', 'virtual-time', 'slow-commit', 'partitions', 'thresholds'],
  },
];

/** What an action needs of an adapter beyond what its territory does. */
const needsOf = (system: SequentialSystem, action: number): readonly Feature[] => {
  const { kind, server } = system.actions[action]!;
  switch (kind) {
    case 'registerTransport': return server < 0 ? ['transports'] : ['transports', 'binding', 'configs'];
    case 'unregisterTransport': return ['transports'];
    case 'bindTransportToServer':
    case 'unbindTransport': return ['transports', 'binding'];
    case 'updateServer': return ['update', 'configs'];
    case 'setAdmission': return ['override'];
    case 'close': return ['close'];
    case 'down':
    case 'renew': return ['liveness'];
    default: return [];
  }
};

/** What the walk through the model came to. */
export interface WalkResult {
  readonly coverage: ModelCoverage;
  /** One for each requirement that seems to be broken. */
  readonly counterexamples: readonly Counterexample[];
  /** Why it could not be finished. */
  readonly inconclusive?: string;
  /** The walk was ended because it took too long. */
  readonly late: boolean;
}

/** After so many disagreements a registry is not walked any further. */
const mostDisagreements = 20;

/** Takes every transition of the model on a registry, for as long as `milliseconds` of real time. */
export async function walkModel(
  adapter: Adapter,
  { patienceMs, milliseconds, progress }: { readonly patienceMs: number; readonly milliseconds: number; readonly progress: (taken: number) => void },
): Promise<WalkResult> {
  const deadline = performance.now() + milliseconds;
  const counterexamples = new Map<RequirementId, Counterexample>();
  const unreachable = new Map<string, number>();
  let disagreements = 0;
  let late = false;
  let inconclusive: string | undefined;
  const totals = { states: { covered: 0, reachable: 0, total: 0 }, transitions: { covered: 0, reachable: 0, total: 0 } };
  const cells = { covered: new Set<string>(), reachable: new Set<string>() };

  for (const territory of territories) {
    const graph = mapOf(territory);
    const offered = await offeredBy(adapter, patienceMs).catch(stop);
    const lacking = graph.system.actions.map((_, action) => [...territory.needs, ...needsOf(graph.system, action)].find((feature) => offered?.(feature) !== true));
    const may = ({ action }: Edge): boolean => lacking[action] === undefined;
    const reachable = reachableStates(graph, may);
    if (offered !== undefined) for (const cell of cellsWithin(territory, graph, may)) cells.reachable.add(cell);
    const askedSince = watchCells();
    const taken = new Set<Edge>();
    const wrong = new Set<Edge>();
    /** Transitions that the registry does not make, and need not. */
    const open = new Set<Edge>();
    const seen = new Set<number>([0]);

    while (inconclusive === undefined && !late && disagreements < mostDisagreements) {
      const before = taken.size + wrong.size + open.size;
      for (const walk of walksOf(graph, (edge) => may(edge) && !wrong.has(edge) && !open.has(edge), (edge) => !taken.has(edge))) {
        const wholly = await take(territory, graph, walk, taken, wrong, open, seen).catch(stop);
        progress(totals.transitions.covered + taken.size);
        late = performance.now() > deadline;
        // What a walk that was broken off has left has to be planned anew.
        if (wholly !== true || late) break;
      }
      if (taken.size + wrong.size + open.size === before) break;
    }

    const reached = open.size === 0 ? reachable : reachableStates(graph, (edge) => may(edge) && !open.has(edge));
    const within = graph.edges.filter((edge) => may(edge) && !open.has(edge) && reached.has(edge.from));
    add(totals.states, seen.size, reached.size, graph.states);
    add(totals.transitions, taken.size, within.length, graph.edges.length);
    for (const edge of graph.edges) {
      if (may(edge) && !open.has(edge) && reached.has(edge.from)) continue;
      const feature = lacking[edge.action];
      const reason = open.has(edge) ? overtaken : feature === undefined ? 'starts from a state that cannot be reached with this adapter' : `the adapter does not offer \`${feature}\``;
      unreachable.set(reason, (unreachable.get(reason) ?? 0) + 1);
    }
    for (const cell of askedSince()) cells.covered.add(cell);
  }

  const guards = { covered: outcomesOf(cells.covered), reachable: outcomesOf(cells.reachable) };
  return {
    coverage: {
      ...totals,
      guards: { covered: [...guards.covered].filter((outcome) => guards.reachable.has(outcome)).length, reachable: guards.reachable.size, total: allOutcomes.size },
      machines: machineCoverage(cells.covered, cells.reachable),
      disagreements,
      unreachable: [...unreachable].map(([reason, transitions]) => ({ reason, transitions })),
    },
    counterexamples: [...counterexamples.values()],
    late,
    ...(inconclusive !== undefined && { inconclusive }),
  };

  function stop(error: unknown): undefined {
    if (error instanceof Violation) inconclusive ??= `this had to be so first: ${error.message}`;
    else if (error instanceof Unanswered || error instanceof Blocked || error instanceof AdapterError) inconclusive ??= error.message;
    else throw error;
    return undefined;
  }

  /** Walks on a fresh registry, until the first disagreement; gives whether it went all the way. */
  async function take(territory: Territory, graph: Graph, walk: readonly Edge[], taken: Set<Edge>, wrong: Set<Edge>, open: Set<Edge>, seen: Set<number>): Promise<boolean> {
    const brokenDown = watchBreakdowns(adapter);
    const oracle = await prepareWalk(adapter, territory.name, patienceMs);
    try {
      const operations = operationsOf(territory, graph, walk);
      for (const [i, edge] of walk.entries()) {
        if (operations[i] === undefined || performance.now() > deadline) return false;
        if (i % 50 === 0) progress(totals.transitions.covered + taken.size);
        try {
          await perform(oracle, territory.name, operations[i]);
        } catch (error) {
          const broke = brokenDown();
          if (broke !== undefined) throw new AdapterError(broke);
          if (!(error instanceof Violation)) throw error;
          if (isOvertaken(graph, edge, error)) {
            open.add(edge);
            return false;
          }
          wrong.add(edge);
          disagreements++;
          await note(territory, graph, edge, error, oracle);
          return false;
        }
        taken.add(edge);
        seen.add(edge.to);
      }
      return true;
    } finally {
      await oracle.rig.dispose();
    }
  }

  /** Keeps a disagreement: by the nearest state in which the same action shows it, if there is one that is nearer. */
  async function note(territory: Territory, graph: Graph, edge: Edge, violation: Violation, oracle: Oracle): Promise<void> {
    const requirement = violation.requirement ?? 'ERR-1';
    if (counterexamples.has(requirement)) return;
    const keep = (found: Violation, by: Oracle): void =>
      void counterexamples.set(requirement, { requirement, violation: found, lines: by.rig.lines, stateBefore: by.describeBefore(), program: { suite: `model-${territory.name}`, ids: [], steps: by.program } });
    keep(violation, oracle);
    // States are numbered by their distance from the first.
    for (const candidate of graph.edges.filter(({ action, from }) => action === edge.action && from <= edge.from).slice(0, mostCandidates)) {
      const way = candidate.from === 0 ? [] : wayTo(graph, 0, (one) => one !== edge, (state) => state === candidate.from);
      if (way === undefined) continue;
      const nearer = await prepareWalk(adapter, territory.name, patienceMs);
      try {
        for (const operations of operationsOf(territory, graph, [...way, candidate])) await perform(nearer, territory.name, operations ?? []);
      } catch (error) {
        if (!(error instanceof Violation)) throw error;
        if ((error.requirement ?? 'ERR-1') === requirement) return keep(error, nearer);
      } finally {
        await nearer.rig.dispose();
      }
    }
  }
}

const overtaken = 'a slow registration closes admission before its commit: whether it is refused is left open';

/** A registration that is refused because it has been in flight for so long itself. */
const isOvertaken = ({ system }: Graph, { action }: Edge, { requirement }: Violation): boolean => {
  const { kind, slow } = system.actions[action]!;
  return slow && kind.startsWith('register') && requirement === 'ADM-2';
};

/** How many nearer states are tried for a shorter counterexample. */
const mostCandidates = 60;

const add = (share: { covered: number; reachable: number; total: number }, covered: number, reachable: number, total: number): void => {
  share.covered += covered;
  share.reachable += reachable;
  share.total += total;
};

const maps = new Map<string, Graph>();

/** The graph of a territory, explored once. */
function mapOf(territory: Territory): Graph {
  let graph = maps.get(territory.name);
  if (graph === undefined) {
    const system = new SequentialSystem(territory.size);
    graph = graphOf(system, territory.includes(system));
    maps.set(territory.name, graph);
  }
  return graph;
}

function reachableStates({ out }: Graph, may: (edge: Edge) => boolean): ReadonlySet<number> {
  const reachable = new Set([0]);
  for (const state of reachable) for (const edge of out[state]!) if (may(edge)) reachable.add(edge.to);
  return reachable;
}

async function offeredBy(adapter: Adapter, patienceMs: number): Promise<(feature: Feature) => boolean> {
  const rig = await Rig.open(adapter, {}, patienceMs);
  const { subject } = rig;
  await rig.dispose();
  return (feature) => offers(adapter, subject, feature);
}

/** Opens a registry for a walk, and the oracle beside it. */
export async function prepareWalk(adapter: Adapter, name: Territory['name'], patienceMs: number): Promise<Oracle> {
  const territory = territories.find((one) => one.name === name)!;
  const rig = await Rig.open(adapter, territory.options, patienceMs);
  const has = (feature: Feature): boolean => offers(adapter, rig.subject, feature);
  const staleness = adapter.consistency?.level === 'eventual' ? adapter.consistency.stalenessMs : 0;
  const contention = name === 'contention';
  const pool = {
    servers: [...(contention ? [rig.anchor] : []), ...Array.from({ length: territory.size.servers }, (_, s) => `s${s + 1}`)],
    transports: has('transports') ? Array.from({ length: territory.size.transports }, (_, t) => `t${t + 1}`) : [],
  };
  const oracle = new Oracle(rig, modelOf(territory), pool, {
    // Waiting until they show would take of the time that alarms are about.
    names: !contention || staleness === 0,
    bindings: has('binding') && (!contention || staleness === 0),
    lists: has('lists') && !contention,
    configs: has('configs'),
    // The model knows of none.
    listeners: false,
    stalenessMs: staleness,
    downMs: rig.downMs,
  });
  if (contention) {
    await oracle.begin([{ op: 'registerServer', id: rig.anchor, endpoint: 'e0' }, { op: 'resetStats' }]);
    rig.lines.length = 0;
  }
  return oracle;
}

/** Performs the operations of one edge, and compares all that can be seen when they are done. */
async function perform(oracle: Oracle, name: Territory['name'], operations: readonly Operation[]): Promise<void> {
  for (const operation of operations) await oracle.step(operation);
  if (name === 'contention') await oracle.compareContention();
}

/**
 * What each edge of a walk is as operations; undefined from where on the walk cannot be gone. Where an alarm or admission changes
 * at once, a pause follows: it may take that long to show (CTN-6).
 */
function operationsOf({ name, size }: Territory, { system, stateOf }: Graph, walk: readonly Edge[], limits = { mostPauses, longestStallMs }): (readonly Operation[] | undefined)[] {
  const generations = Array.from({ length: size.endpoints }, () => 1);
  const endpointName = (endpoint: number): string => (generations[endpoint] === 1 ? `e${endpoint + 1}` : `e${endpoint + 1}.${generations[endpoint]!}`);
  let pauses = 0;
  let stalled = -1;
  const steps: ({ operations: Operation[]; ms: number } | undefined)[] = walk.map(({ action, from, to }) => {
    const { kind, endpoint, slow } = system.actions[action]!;
    if (kind === 'renew') {
      generations[endpoint]!++;
      return { operations: [], ms: 0 };
    }
    const passes = kind === 'tick' || slow;
    if (passes) pauses = 0;
    const [before, after] = [stateOf(from), stateOf(to)];
    // A slow write is stuck before it commits: its alarm has been on, and may be seen to be.
    const shows = name === 'contention' && kind !== 'tick' && (slow || system.alarms(before) !== system.alarms(after) || system.admission(before) !== system.admission(after));
    if (shows && ++pauses > limits.mostPauses) return undefined;
    const ms = (passes ? tickMs : 0) + (shows ? detectionMs : 0) + (kind === 'unstall' ? 1 : 0);
    if (kind === 'stall') stalled = 0;
    else if (kind === 'unstall') stalled = -1;
    else if (stalled >= 0 && (stalled += ms) > limits.longestStallMs) return undefined;
    const operation = system.operationOf(action, tickMs, endpointName)!;
    return { operations: [kind === 'unstall' ? ({ ...operation, takes: 1 } as Operation) : operation, ...(shows ? [{ op: 'advance', ms: detectionMs } as const] : [])], ms };
  });
  const cut = steps.indexOf(undefined);
  const possible = cut < 0 ? steps : steps.slice(0, cut);
  // A write that is to be in flight has to be told when it begins how long that will be.
  for (const [i, step] of possible.entries()) {
    const [operation] = step!.operations;
    if (operation?.op !== 'stall') continue;
    const end = possible.findIndex((later, j) => j > i && later!.operations[0]?.op === 'unstall');
    const between = possible.slice(i, end < 0 ? undefined : end + 1).map((later) => later!.ms);
    const pauseOfEnd = end < 0 ? tickMs : -(possible[end]!.ms - 1);
    step!.operations[0] = { ...operation, takes: between.reduce((sum, ms) => sum + ms, 0) + pauseOfEnd };
  }
  return walk.map((_, i) => possible[i]?.operations);
}

/** Performs the steps of a walk that has been recorded, and compares as the walk did. */
export async function retrace(oracle: Oracle, { suite, steps }: SequentialProgram): Promise<void> {
  for (const [i, step] of steps.entries()) {
    await oracle.step(step);
    const next = steps[i + 1];
    const pauses = next?.op === 'advance' && next.ms === detectionMs;
    if (suite === 'model-contention' && !pauses) await oracle.compareContention();
  }
}

/** What of the machines comes about when the model takes all transitions that may be taken. */
function cellsWithin(territory: Territory, graph: Graph, may: (edge: Edge) => boolean): Cells {
  const model = modelOf(territory);
  const askedSince = watchCells();
  for (const walk of walksOf(graph, may)) {
    let state = model.initial;
    for (const operation of operationsOf(territory, graph, walk, { mostPauses: Infinity, longestStallMs: Infinity }).flatMap((operations) => operations ?? [])) ({ state } = model.step(state, operation));
  }
  return askedSince();
}

const modelOf = ({ name, size }: Territory): RegistryModel => createModel({ partitions: size.partitions, ...(name === 'contention' && { thresholds }) });
