import type { Operation, RegistryState } from '../../model/index.js';
import type { History, Model, Objects } from '../linearizability/index.js';
import { mortalIn, subjects, type Observed } from './registry-history.js';

type NameState = RegistryState['names']['server'] extends ReadonlyMap<string, infer N> ? N : never;
type EndpointState = RegistryState['endpoints'] extends ReadonlyMap<string, infer E> ? E : never;
type Binding = RegistryState['bindings'] extends ReadonlyMap<string, infer B> ? B : never;

/** What one object holds: a name with its holder and its binding, or the state of an endpoint. */
interface Held {
  readonly name?: NameState;
  readonly binding?: Binding;
  readonly endpoint?: EndpointState;
  /** The objects without which it would not be so. */
  readonly refersTo: readonly string[];
}

/** Operations that touch the objects that they name, and of a removal those that refer to them. */
const known: ReadonlySet<Operation['op']> = new Set<Operation['op']>([
  'registerServer', 'registerTransport', 'unregisterServer', 'unregisterTransport', 'updateServer', 'findServer', 'findTransport',
  'bindTransportToServer', 'unbindTransport', 'getServerForTransport', 'routeToServer', 'routeToTransport', 'down',
]);

/**
 * A registry as objects: servers, transports with their bindings, and endpoints that go down. The rules are those of the model: it is
 * asked about a registry in which there is nothing but the objects that an operation touches.
 */
export function registryObjects(model: Model<RegistryState, Operation, Observed>, history: History<Operation, Observed>): Objects<Operation, Observed> | undefined {
  if (!history.every(({ invocation }) => known.has(invocation.op))) return undefined;
  const mortal = mortalIn(history);
  const held: Held[] = [{ refersTo: [] }];
  const numbers = new Map<string, number>();

  const numberOf = (kind: string, name: NameState | undefined, binding: Binding | undefined, endpoint: EndpointState | undefined): number => {
    if (name === undefined && binding === undefined && endpoint === undefined) return 0;
    const key = endpoint ?? `${kind} ${name!.state} ${name!.endpoint} ${binding?.state} ${binding?.server} ${JSON.stringify(name!.config)}`;
    let number = numbers.get(key);
    if (number === undefined) {
      const refersTo = [...(binding === undefined ? [] : [`server ${binding.server}`]), ...(name !== undefined && mortal.has(name.endpoint) ? [`endpoint ${name.endpoint}`] : [])];
      number = held.push({ refersTo, ...(name && { name }), ...(binding && { binding }), ...(endpoint !== undefined && { endpoint }) }) - 1;
      numbers.set(key, number);
    }
    return number;
  };

  /** A registry with nothing else in it. */
  const only = (objects: readonly Subject[], values: readonly number[]): RegistryState => {
    let { names: { server, transport }, bindings, endpoints } = model.initial;
    const and = <V>(map: ReadonlyMap<string, V>, id: string, value: V): ReadonlyMap<string, V> => (map.size === 0 ? new Map<string, V>() : (map as Map<string, V>)).set(id, value);
    for (let i = 0; i < objects.length; i++) {
      if (values[i] === 0) continue;
      const { kind, id } = objects[i]!;
      const { name, binding, endpoint } = held[values[i]!]!;
      if (kind === 'endpoint') endpoints = and(endpoints, id, endpoint!);
      else if (kind === 'server') server = and(server, id, name!);
      else transport = and(transport, id, name!);
      if (binding !== undefined) bindings = and(bindings, id, binding);
    }
    return { ...model.initial, names: { server, transport }, bindings, endpoints };
  };

  const subjectsByName = new Map<string, Subject>();
  const subjectOf = (object: string): Subject => {
    let subject = subjectsByName.get(object);
    if (subject === undefined) {
      const at = object.indexOf(' ');
      subjectsByName.set(object, (subject = { kind: object.slice(0, at) as Subject['kind'], id: object.slice(at + 1) }));
    }
    return subject;
  };

  return {
    touches: (operation) => [...subjects(operation, mortal)],
    isRemoval: ({ op }) => op === 'unregisterServer' || op === 'down',
    refersTo: (value) => held[value]!.refersTo,
    step(objects, values, operation, observed) {
      const touched = objects.map(subjectOf);
      const before = only(touched, values);
      const [after] = model.step(before, operation, observed);
      if (after === undefined) return undefined;
      if (after === before) return values;
      return touched.map(({ kind, id }) => (kind === 'endpoint' ? numberOf(kind, undefined, undefined, after.endpoints.get(id)) : numberOf(kind, after.names[kind].get(id), kind === 'transport' ? after.bindings.get(id) : undefined, undefined)));
    },
  };
}

interface Subject {
  readonly kind: 'server' | 'transport' | 'endpoint';
  readonly id: string;
}
