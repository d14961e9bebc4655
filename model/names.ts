import type { Config, Namespace } from '../spec/index.js';
import type { Move } from './compile.js';
import { copyConfig } from './config.js';
import type { BindingEvent, BindingState, EndpointEvent, EndpointState, RegistrationEvent, RegistrationState } from './machines/index.js';
import type { EndpointName } from './operation.js';
import { withEntry, withoutEntry, type RegistryState } from './state.js';
import { tables } from './tables.js';

/**
 * Names, bindings and endpoints: asks their machines, with facts got from other machines, and carries out what they say.
 * What is left out of the state is in the initial state of its machine.
 */
const { endpoint: endpoints, registration: registrations, binding: bindings } = tables;

export const askEndpoint = (state: RegistryState, name: EndpointName, event: EndpointEvent): Move<EndpointState> =>
  endpoints.move(state.endpoints.get(name) ?? endpoints.initial, event);

export const askName = (state: RegistryState, namespace: Namespace, id: string, event: RegistrationEvent): Move<RegistrationState> =>
  registrations.move(state.names[namespace].get(id)?.state ?? registrations.initial, event);

export const askBinding = (state: RegistryState, transportId: string, event: BindingEvent): Move<BindingState> =>
  bindings.move(state.bindings.get(transportId)?.state ?? bindings.initial, event);

/** The fact that other machines want to know of a name. */
export const isRegistered = (state: RegistryState, namespace: Namespace, id: string): boolean =>
  registrations.has(state.names[namespace].get(id)?.state ?? registrations.initial, 'registered');

/** Carries out a move of a binding. */
export const moveBinding = (state: RegistryState, transportId: string, move: Move<BindingState>, server?: string): RegistryState => {
  if (move.does.has('bind')) return { ...state, bindings: withEntry(state.bindings, transportId, { state: move.state, server: server! }) };
  if (move.does.has('unbind')) return { ...state, bindings: withoutEntry(state.bindings, transportId) };
  return state;
};

/** Carries out a move that may make a name held; a transport may be bound in the same step (BND-8, BND-9). */
export const holdName = (
  state: RegistryState,
  namespace: Namespace,
  id: string,
  move: Move<RegistrationState>,
  holder: { readonly endpoint: EndpointName; readonly config?: Config | undefined },
): RegistryState => {
  if (!move.does.has('hold')) return state;
  const config = copyConfig(holder.config);
  const held = { state: move.state, endpoint: holder.endpoint, config };
  const registered = { ...state, names: { ...state.names, [namespace]: withEntry(state.names[namespace], id, held) } };
  const { serverId } = config;
  if (namespace === 'server' || typeof serverId !== 'string') return registered;
  const bound = askBinding(registered, id, { type: 'AUTO_BIND', server: isRegistered(registered, 'server', serverId) });
  return moveBinding(registered, id, bound, serverId);
};

/** Carries out a move that may replace the configuration of a server; endpoint and bindings stay (UPD-1). */
export const reconfigureServer = (state: RegistryState, id: string, move: Move<RegistrationState>, config: Config): RegistryState => {
  const held = state.names.server.get(id);
  if (held === undefined || !move.does.has('replaceConfig')) return state;
  const updated = { ...held, state: move.state, config: copyConfig(config) };
  return { ...state, names: { ...state.names, server: withEntry(state.names.server, id, updated) } };
};

/** Carries out a move that may release a name: every binding that could be of it hears so. */
export const releaseName = (state: RegistryState, namespace: Namespace, id: string, move: Move<RegistrationState>): RegistryState => {
  if (!move.does.has('release')) return state;
  let after: RegistryState = { ...state, names: { ...state.names, [namespace]: withoutEntry(state.names[namespace], id) } };
  if (namespace === 'transport') return moveBinding(after, id, askBinding(after, id, { type: 'TRANSPORT_GONE' }));
  for (const [transportId, { server }] of state.bindings) {
    after = moveBinding(after, transportId, askBinding(after, transportId, { type: 'SERVER_GONE', own: server === id }));
  }
  return after;
};

/** An endpoint goes down: every name hears so (DWN-1, DWN-4). */
export const abort = (state: RegistryState, name: EndpointName): RegistryState => {
  const move = askEndpoint(state, name, { type: 'ABORT' });
  if (!move.does.has('releaseNames')) return state;
  let after: RegistryState = { ...state, endpoints: withEntry(state.endpoints, name, move.state) };
  for (const namespace of ['server', 'transport'] as const) {
    for (const [id, { endpoint }] of state.names[namespace]) {
      after = releaseName(after, namespace, id, askName(after, namespace, id, { type: 'DOWN', ofHolder: endpoint === name }));
    }
  }
  return after;
};
