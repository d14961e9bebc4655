import type { Requirement } from '../requirement.js';

export const progress = [
  { id: 'DLK-1', level: 'MUST', needs: ['servers', 'virtual-time', 'slow-commit'], method: 'sequential', text: 'Reads never wait: they answer while a write is in flight in their partition.', claims: ['C-LOOKUP', 'C-NO-DEADLOCK'] },
  { id: 'DLK-2', level: 'MUST', needs: ['servers', 'virtual-time', 'slow-commit'], method: 'sequential', text: 'Writes to one partition take effect one after the other, in the order of their calls.', claims: ['C-NO-DEADLOCK'] },
  { id: 'DLK-3', level: 'MUST', needs: ['servers'], method: 'argument', text: 'A write waits in the lane of one partition only and holds nothing while it waits; an operation on two partitions is made of steps on one, tied by incarnations.', claims: ['C-NO-DEADLOCK'] },
  { id: 'DLK-4', level: 'MUST', needs: ['servers'], method: 'concurrent', text: 'Every operation ends, with 1,000 clients at once as with one.', claims: ['C-NO-DEADLOCK', 'C-1000-PROCESSES'] },
  { id: 'CON-1', level: 'MUST', needs: ['servers'], method: 'concurrent', text: 'A registry that claims `linearizable` is: each operation takes effect at one moment between its call and its answer.', claims: ['C-CONCURRENT-TESTS'] },
  { id: 'CON-2', level: 'MUST', needs: ['servers'], method: 'concurrent', text: 'A registry that claims `eventual` shows every acknowledged write to every reader within the staleness bound it states.', claims: ['C-CONCURRENT-TESTS'] },
  { id: 'CON-3', level: 'MUST', needs: ['servers'], method: 'concurrent', text: 'An operation that was refused, timed out or crashed happened wholly or not at all.', claims: ['C-ERRORS'] },
  { id: 'CLS-1', level: 'MUST', needs: ['servers', 'close'], method: 'sequential', text: 'After `close`, every registration is refused and no name is found: a read gives nothing or is refused with `registry_closed`.' },
  { id: 'CLS-2', level: 'MUST', needs: ['servers', 'close'], method: 'sequential', text: 'Closing a closed registry succeeds.' },
  { id: 'CLS-3', level: 'SHOULD', needs: ['servers', 'close', 'in-process'], method: 'sequential', text: 'A closed registry has let go of every endpoint: no listener is left on any signal.' },
  { id: 'CLS-4', level: 'SHOULD', needs: ['servers', 'in-process'], method: 'sequential', text: 'An endpoint that holds no name any more has no listener left on its signal, and one that holds many has as few as one that holds one.' },
] as const satisfies readonly Requirement[];
