import type { Requirement } from '../requirement.js';

export const names = [
  { id: 'NAM-1', level: 'MUST', needs: ['servers'], method: 'sequential', text: 'An id is a non-empty string of at most 255 code points without NUL or lone surrogates; every operation refuses any other value with `invalid_argument`.' },
  { id: 'NAM-2', level: 'MUST', needs: ['servers'], method: 'sequential', text: 'Every valid id is accepted, whatever it spells: 255 code points outside the basic plane, `__proto__`, white space, control characters other than NUL.' },
  { id: 'NAM-3', level: 'MUST', needs: ['servers'], method: 'sequential', text: 'Two ids are the same only if they are equal code unit by code unit: no case folding, Unicode normalisation, trimming or numeric conversion.' },
  { id: 'NAM-4', level: 'MUST', needs: ['servers', 'transports'], method: 'sequential', text: 'The namespaces `server` and `transport` are separate: a name in one never affects the same id in the other.' },
  { id: 'EPT-1', level: 'MUST', needs: ['servers'], method: 'sequential', text: 'One endpoint may hold any number of names, in both namespaces.', claims: ['C-LIVENESS'] },
  { id: 'EPT-2', level: 'SHOULD', needs: ['servers'], method: 'sequential', text: 'A value that is not an endpoint (a `send` function and a `signal`) is refused with `invalid_argument`.' },
  { id: 'ERR-1', level: 'MUST', needs: ['servers'], method: 'sequential', text: 'A refusal is an error whose `code` is one of the specified codes, and every answer has the shape that the interface gives it.', claims: ['C-ERRORS'] },
] as const satisfies readonly Requirement[];
