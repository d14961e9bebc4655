import type { Requirement } from '../requirement.js';

const needs = ['servers', 'transports', 'binding'] as const;

export const binding = [
  { id: 'BND-1', level: 'MUST', needs, method: 'sequential', text: 'Binding a registered transport to a registered server succeeds, and `getServerForTransport` then gives that server.', claims: ['C-BINDING'] },
  { id: 'BND-2', level: 'MUST', needs, method: 'sequential', text: 'Binding to a server that is not registered is refused with `server_not_found`, whether or not the transport is registered.', claims: ['C-BINDING', 'C-ERRORS'] },
  { id: 'BND-3', level: 'MUST', needs, method: 'sequential', text: 'Binding a transport that is not registered to a server that is, is refused with `transport_not_found`.', claims: ['C-BINDING', 'C-ERRORS'] },
  { id: 'BND-4', level: 'MUST', needs, method: 'sequential', text: 'Binding a bound transport again moves it: it is bound to the new server only.', claims: ['C-BINDING'] },
  { id: 'BND-5', level: 'MUST', needs, method: 'sequential', text: 'Unbinding ends the binding of that transport and no other, and succeeds when there is none.', claims: ['C-BINDING'] },
  { id: 'BND-6', level: 'MUST', needs, method: 'sequential', text: 'Unregistering a server ends all its bindings.', claims: ['C-BINDING'] },
  { id: 'BND-7', level: 'MUST', needs, method: 'sequential', text: 'Unregistering a transport ends its binding.', claims: ['C-BINDING'] },
  { id: 'BND-8', level: 'MUST', needs: [...needs, 'configs'], method: 'sequential', text: 'A transport registered with `config.serverId` is bound to that server in the same step, if the server is registered.', claims: ['C-BINDING'] },
  { id: 'BND-9', level: 'MUST', needs: [...needs, 'configs'], method: 'sequential', text: 'A transport registered with the `config.serverId` of a server that is not registered is registered unbound, and stays so when that server is registered later.', claims: ['C-BINDING'] },
  { id: 'DWN-1', level: 'MUST', needs: ['servers', 'liveness'], method: 'sequential', text: 'When an endpoint goes down, all its names go, in both namespaces.', claims: ['C-LIVENESS'] },
  { id: 'DWN-2', level: 'MUST', needs: [...needs, 'liveness'], method: 'sequential', text: 'When an endpoint goes down, the bindings of its names end.', claims: ['C-LIVENESS'] },
  { id: 'DWN-3', level: 'MUST', needs: ['servers', 'liveness', 'in-process'], method: 'sequential', text: 'In an in-process registry a "down" has taken effect before the abort returns.', claims: ['C-LIVENESS'] },
  { id: 'DWN-4', level: 'MUST', needs: ['servers', 'liveness'], method: 'sequential', text: 'A "down" touches no name that another endpoint holds.', claims: ['C-LIVENESS'] },
] as const satisfies readonly Requirement[];
