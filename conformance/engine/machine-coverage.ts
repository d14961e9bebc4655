import { guardsOf, machines, tables } from '../../model/index.js';
import type { MachineCoverage } from '../report/result.js';

/** Which cells of the tables of the machines have been asked for: what of the machines came about. A cell is an event in a state. */
export type Cells = ReadonlySet<string>;

type MachineName = keyof typeof machines;
const machineNames = Object.keys(machines) as MachineName[];
const outcomes = Object.fromEntries(machineNames.map((name) => [name, guardsOf(machines[name], tables[name] as never)])) as Readonly<Record<MachineName, readonly (readonly string[])[]>>;

const cellName = (name: MachineName, cell: number): string => `${name} ${cell}`;

/** Begins to look: what it gives is asked in the end for the cells that have been asked for since. */
export function watchCells(): () => Cells {
  const before = new Map(machineNames.map((name) => [name, Uint32Array.from(tables[name].asked)]));
  return () => new Set(machineNames.flatMap((name) => [...before.get(name)!].flatMap((count, cell) => (tables[name].asked[cell] === count ? [] : [cellName(name, cell)]))));
}

/** The outcomes of guards that cells stand for: `binding.ownServer: yes`. */
export const outcomesOf = (cells: Cells): ReadonlySet<string> => new Set(machineNames.flatMap((name) => outcomes[name].filter((_, cell) => cells.has(cellName(name, cell))).flat()));

/** How many outcomes of guards there are. */
export const allOutcomes: ReadonlySet<string> = new Set(machineNames.flatMap((name) => outcomes[name].flat()));

/** The machines, transition by transition. What an event leaves as it is is none. */
export const machineCoverage = (covered: Cells, reachable: Cells): MachineCoverage[] => machineNames.map((name) => coverageOf(name, covered, reachable));

function coverageOf(name: MachineName, covered: Cells, reachable: Cells): MachineCoverage {
  const { states, events, next, effects, initial } = tables[name];
  const transitions = new Map<string, MachineCoverage['transitions'][number]>();
  const seen = { covered: new Set<string>([initial]), reachable: new Set<string>([initial]) };
  for (const [cell, to] of next.entries()) {
    const from = states[Math.floor(cell / events.length)]!;
    const { type: event } = events[cell % events.length]!;
    const does = effects[cell]!.map(({ type, params }) => (type === 'refuse' ? `refuse ${String(params['code'])}` : type));
    const guard = /\.(.*): yes$/.exec(outcomes[name][cell]!.at(-1) ?? '')?.[1];
    const key = JSON.stringify([from, to, event, guard, does]);
    const mayBe = reachable.has(cellName(name, cell));
    const is = { covered: mayBe && covered.has(cellName(name, cell)), reachable: mayBe };
    for (const kind of ['covered', 'reachable'] as const) if (is[kind]) seen[kind].add(from).add(states[to]!);
    if (states[to] === from && does.length === 0) continue;
    const known = transitions.get(key);
    transitions.set(key, { from, to: states[to]!, event, ...(guard !== undefined && { guard }), effects: does, covered: is.covered || known?.covered === true, reachable: is.reachable || known?.reachable === true });
  }
  return {
    name,
    title: machines[name].root.description ?? name,
    initial,
    states: states.map((state) => ({ name: state, covered: seen.covered.has(state), reachable: seen.reachable.has(state) })),
    transitions: [...transitions.values()],
  };
}
