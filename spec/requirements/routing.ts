import type { Requirement } from '../requirement.js';

const needs = ['servers', 'transports', 'routing'] as const;
const withBinding = [...needs, 'binding'] as const;

export const routing = [
  { id: 'RTE-1', level: 'MUST', needs, method: 'sequential', text: 'A message routed to a registered name is handed to the endpoint registered at that moment, exactly as it was given, with the names of recipient and sender; the call returns 1.', claims: ['C-ROUTING'] },
  { id: 'RTE-2', level: 'MUST', needs, method: 'sequential', text: 'A message routed to a name that is not registered is handed to nobody; the call returns 0.', claims: ['C-ROUTING'] },
  { id: 'RTE-3', level: 'MUST', needs: withBinding, method: 'sequential', text: 'A broadcast reaches each transport bound to the server at that moment exactly once, and no other; the call returns how many there were.', claims: ['C-BROADCAST'] },
  { id: 'RTE-4', level: 'MUST', needs, method: 'sequential', text: 'Messages from one sender to one recipient arrive in the order in which they were routed.', claims: ['C-ROUTING'] },
  { id: 'RTE-5', level: 'MUST', needs, method: 'sequential', text: 'A message is delivered at most once.', claims: ['C-ROUTING'] },
  { id: 'RTE-6', level: 'MUST', needs: [...needs, 'send-failures'], method: 'sequential', text: 'A `send` that throws or rejects neither fails the routing call nor keeps a message from anybody else; it may or may not count as handed over.', claims: ['C-ROUTING', 'C-ERRORS'] },
  { id: 'RTE-7', level: 'MUST', needs: [...needs, 'send-awaited'], method: 'sequential', text: 'A `send` that calls back into the registry (unregisters itself, unbinds another, broadcasts again) completes, and harms nobody else.', claims: ['C-NO-DEADLOCK'] },
  { id: 'RTE-8', level: 'MUST', needs, method: 'sequential', text: 'A message is never delivered to an older incarnation of a name.', claims: ['C-ROUTING', 'C-LIVENESS'] },
  { id: 'RTE-9', level: 'MUST', needs: withBinding, method: 'concurrent', text: 'A broadcast that overlaps binds and unbinds reaches everything bound throughout the call and nothing unbound throughout.', claims: ['C-BROADCAST'] },
] as const satisfies readonly Requirement[];
