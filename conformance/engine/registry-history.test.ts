import { expect, it } from 'vitest';
import type { Operation } from '../../model/index.js';
import type { Entry } from '../linearizability/index.js';
import { blameHistory, type Observed } from './registry-history.js';

type Recorded = Entry<Operation, Observed>;

let made = 0;
const entry = (start: number, end: number, invocation: Operation, response: Observed = { kind: 'done', value: undefined }): Recorded => ({ id: made++, actor: `c${made}`, invocation, response, start, end });
const refused = (code: 'already_registered' | 'store_failed' | 'endpoint_down'): Observed => ({ kind: 'refused', code });
const server: Operation = { op: 'registerServer', id: 's', endpoint: 'e1' };
const tied: Operation = { op: 'registerTransport', id: 't', endpoint: 'e2', config: { serverId: 's' } };
const found = (endpoint: string): Observed => ({ kind: 'done', value: { id: 't', endpoint, config: {} } });
const untied: Operation = { op: 'registerTransport', id: 't', endpoint: 'e2' };

it.each<[string, Recorded[], 'CON-1' | 'CON-3']>([
  ['what was refused by a store, and is there', [entry(0, 1, untied, refused('store_failed')), entry(2, 3, { op: 'findTransport', id: 't' }, found('e2'))], 'CON-3'],
  ['what was refused since its endpoint was down, which it was not, and is there', [entry(0, 1, untied, refused('endpoint_down')), entry(2, 3, { op: 'findTransport', id: 't' }, found('e2'))], 'CON-3'],
  ['what nobody registered, and is there', [entry(2, 3, { op: 'findTransport', id: 't' }, found('e2'))], 'CON-1'],
  // That it was refused shows that the other had happened; that the binding is there, that it had not.
  ['what was refused since somebody else had done the same, and has had no effect', [entry(0, 1, server), entry(2, 9, tied), entry(3, 4, tied, refused('already_registered')), entry(5, 6, { op: 'unbindTransport', transportId: 't' }), entry(10, 11, { op: 'getServerForTransport', transportId: 't' }, { kind: 'done', value: 's' }), entry(12, 13, { op: 'findTransport', id: 't' }, { kind: 'done', value: { id: 't', endpoint: 'e2', config: { serverId: 's' } } })], 'CON-1'],
])('%s', (_, history, requirement) => {
  expect(blameHistory(history, { steps: 10_000, milliseconds: 5_000 })).toBe(requirement);
});
