import type { AnyStateMachine } from 'xstate';
import { admissionMachine, alarmMachine, bindingMachine, endpointMachine, lifecycleMachine, registrationMachine } from './machines/index.js';

/** A machine as a picture. */
export interface Diagram {
  readonly name: string;
  readonly title: string;
  /** The source of a Mermaid `stateDiagram-v2`. */
  readonly mermaid: string;
}

type StateNode = AnyStateMachine['root'];
type Transition = StateNode['transitions'] extends Map<string, (infer T)[]> ? T : never;

/** Mermaid takes no dots in the names of states: `auto.closed` is `auto_closed`, shown as `closed`. */
const idOf = (node: StateNode): string => node.path.join('_');

const typeOf = (named: unknown): string => (typeof named === 'string' ? named : (named as { readonly type: string }).type);

const actionOf = (action: unknown): string => {
  const params = typeof action === 'object' && action !== null && 'params' in action ? (action.params as Record<string, unknown> | undefined) : undefined;
  return params ? `${typeOf(action)}(${Object.values(params).join(', ')})` : typeOf(action);
};

const labelOf = ({ eventType, guard, actions }: Transition): string =>
  [eventType, guard === undefined ? '' : ` [${typeOf(guard)}]`, actions.length > 0 ? ` / ${actions.map(actionOf).join(', ')}` : ''].join('');

const linesOf = (node: StateNode, indent: string): string[] => {
  const children = Object.values(node.states);
  const first = node.initial.target?.[0];
  return [
    ...(first ? [`${indent}[*] --> ${idOf(first)}`] : []),
    ...children.flatMap((child) => {
      const inner = Object.keys(child.states).length > 0;
      return inner
        ? [`${indent}state "${child.key}" as ${idOf(child)} {`, ...linesOf(child, `${indent}  `), `${indent}}`]
        : [`${indent}state "${child.key}" as ${idOf(child)}`];
    }),
    // After all states of this level, so that an arrow never draws a state outside of the one that holds it.
    ...children.flatMap((child) =>
      [...child.transitions.values()].flat().map((transition) => {
        const target = transition.target?.[0] ?? child;
        return `${indent}${idOf(child)} --> ${idOf(target)} : ${labelOf(transition)}`;
      }),
    ),
  ];
};

/** A machine as a Mermaid `stateDiagram-v2`: arrows are labelled `EVENT [guard] / effects`, and one without target stays. */
export const mermaidOf = (machine: AnyStateMachine): string => ['stateDiagram-v2', ...linesOf(machine.root, '  ')].join('\n');

/** Every machine of the model, drawn from the machine itself. */
export const diagrams = (): Diagram[] =>
  [lifecycleMachine, endpointMachine, registrationMachine, bindingMachine, alarmMachine, admissionMachine].map((machine: AnyStateMachine) => ({
    name: machine.id,
    title: machine.root.description ?? machine.id,
    mermaid: mermaidOf(machine),
  }));
