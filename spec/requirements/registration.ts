import type { Requirement } from '../requirement.js';

export const registration = [
  { id: 'REG-1', level: 'MUST', needs: ['servers'], method: 'sequential', text: 'Registering a free name for an endpoint that is up, while admission is open, succeeds, and a lookup then gives that endpoint.', claims: ['C-API', 'C-SHARDED-WRITES'] },
  { id: 'REG-2', level: 'MUST', needs: ['servers'], method: 'sequential', text: 'Registering a taken name is refused with `already_registered`, whoever asks.', claims: ['C-API'] },
  { id: 'REG-3', level: 'MUST', needs: ['servers', 'liveness'], method: 'sequential', text: 'Registering for an endpoint whose signal has aborted is refused with `endpoint_down`.', claims: ['C-LIVENESS'] },
  { id: 'REG-4', level: 'MUST', needs: ['servers'], method: 'sequential', text: 'A refused operation changes nothing.', claims: ['C-ERRORS'] },
  { id: 'REG-5', level: 'MUST', needs: ['servers'], method: 'sequential', text: 'A name that has been given up can be registered again, by anybody.', claims: ['C-API'] },
  { id: 'CFG-1', level: 'MUST', needs: ['servers', 'configs'], method: 'sequential', text: 'A registration keeps the configuration it was given, as its own copy: changing the object passed in, or one handed out, changes nothing in the registry.', claims: ['C-API'] },
  { id: 'UPD-1', level: 'MUST', needs: ['servers', 'configs', 'update'], method: 'sequential', text: 'Updating a server replaces its configuration and keeps its endpoint and its bindings.', claims: ['C-API'] },
  { id: 'UPD-2', level: 'MUST', needs: ['servers', 'update'], method: 'sequential', text: 'Updating a server that is not registered is refused with `server_not_found`.', claims: ['C-ERRORS'] },
  { id: 'UNR-1', level: 'MUST', needs: ['servers'], method: 'sequential', text: 'Unregistering a name removes it, whoever asks, and no other name.', claims: ['C-API'] },
  { id: 'UNR-2', level: 'MUST', needs: ['servers'], method: 'sequential', text: 'Unregistering a name that is not registered succeeds.', claims: ['C-API'] },
  { id: 'LKP-1', level: 'MUST', needs: ['servers'], method: 'sequential', text: 'A lookup gives the id, the endpoint and the configuration of the current registration.', claims: ['C-LOOKUP'] },
  { id: 'LKP-2', level: 'MUST', needs: ['servers'], method: 'sequential', text: 'A lookup of a name that is not registered gives nothing, and is not an error.', claims: ['C-LOOKUP'] },
  { id: 'LST-1', level: 'MUST', needs: ['lists'], method: 'sequential', text: 'A list gives each registered name of its namespace exactly once, with its endpoint and configuration, in any order.', claims: ['C-LISTS'] },
  { id: 'LST-2', level: 'MUST', needs: ['lists'], method: 'sequential', text: 'A list is a snapshot: later operations do not change it, and changing it changes nothing in the registry.', claims: ['C-LISTS'] },
  { id: 'LST-3', level: 'MUST', needs: ['lists'], method: 'concurrent', text: 'A list holds everything that was registered throughout the call and nothing that was absent throughout.', claims: ['C-LISTS'] },
  { id: 'INC-1', level: 'MUST', needs: ['servers', 'liveness'], method: 'sequential', text: 'A late "down" of an endpoint that held a name before never touches the new incarnation of that name.', claims: ['C-LIVENESS'] },
  { id: 'INC-2', level: 'MUST', needs: ['servers', 'transports', 'binding'], method: 'sequential', text: 'A binding of an older incarnation, of the server or of the transport, never holds for the new one.', claims: ['C-BINDING'] },
] as const satisfies readonly Requirement[];
