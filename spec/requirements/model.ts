import type { Requirement } from '../requirement.js';

export const model = [
  { id: 'MODEL-1', level: 'MUST', needs: ['servers'], method: 'sequential', text: 'In every state that the model reaches at a small size, every operation does what the model says.' },
] as const satisfies readonly Requirement[];
