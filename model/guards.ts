import type { AnyStateMachine, AnyStateNode } from 'xstate';
import type { AnyEvent, Table } from './compile.js';

/** The outcomes of guards that each cell of a table stands for, as `name: yes` and `name: no`. */
export type GuardOutcomes = readonly (readonly string[])[];

/**
 * Which guards a machine asks in each state about each event, and what they say: what there is to cover beyond states and
 * transitions. Cells are numbered as in {@link Table.next}. O(states · events).
 */
export function guardsOf<Event extends AnyEvent>(machine: AnyStateMachine, table: Table<string, Event>): GuardOutcomes {
  const guards = machine.implementations.guards as Readonly<Record<string, (args: { event: Event }) => boolean>>;
  return table.states.flatMap((state) =>
    table.events.map((event) => {
      const outcomes: string[] = [];
      // The innermost state has the first say; what follows a guard that says yes is not asked.
      for (const node of path(machine.root, state).reverse()) {
        for (const { guard } of node.transitions.get(event.type) ?? []) {
          if (typeof guard !== 'string') return outcomes;
          const yes = guards[guard]!({ event });
          outcomes.push(`${machine.id}.${guard}: ${yes ? 'yes' : 'no'}`);
          if (yes) return outcomes;
        }
      }
      return outcomes;
    }),
  );
}

function path(root: AnyStateNode, state: string): AnyStateNode[] {
  const nodes = [root];
  for (const key of state.split('.')) nodes.push(nodes.at(-1)!.states[key]!);
  return nodes;
}
