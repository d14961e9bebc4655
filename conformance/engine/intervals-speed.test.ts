import { expect, it } from 'vitest';
import type { Found, Operation } from '../../model/index.js';
import { randomFrom } from '../schedules/choosers.js';
import type { Entry } from '../linearizability/index.js';
import { judgeIntervals, type Delivered } from './intervals.js';
import type { Observed } from './registry-history.js';

// How long judging takes: apart from what it says.

it('takes seconds at most for a hundred thousand operations of a registry that is right', () => {
  const random = randomFrom(7);
  const below = (count: number): number => Math.floor(random() * count);
  const history: Entry<Operation, Observed>[] = [];
  const deliveries: Delivered[] = [];
  const registered = new Map<string, Found>();
  const bound = new Map<string, string>();
  /** Each takes effect when its turn comes; 32 of them overlap. */
  const around = (at: number, invocation: Operation, value?: unknown): void => void history.push({ id: history.length, actor: `c${history.length}`, invocation, response: { kind: 'done', value }, start: at - random() * 16, end: at + random() * 16 });
  for (let at = 0; history.length < 100_000; at++) {
    const [id, transportId] = [`s${below(40)}`, `t${below(100)}`];
    const kind = below(8);
    if (at < 100) around(at, { op: 'registerTransport', id: `t${at}`, endpoint: `t${at}` });
    else if (kind < 2 && !registered.has(id)) {
      registered.set(id, { id, endpoint: `e${at}`, config: {} });
      around(at, { op: 'registerServer', id, endpoint: `e${at}` });
    } else if (kind === 2) {
      registered.delete(id);
      for (const [transport, server] of bound) if (server === id) bound.delete(transport);
      around(at, { op: 'unregisterServer', id });
    } else if (kind < 5 && registered.has(id)) {
      bound.set(transportId, id);
      around(at, { op: 'bindTransportToServer', transportId, serverId: id });
    } else if (kind === 5) {
      bound.delete(transportId);
      around(at, { op: 'unbindTransport', transportId });
    } else if (kind === 6) around(at, { op: 'listServers' }, [...registered.values()]);
    else if (kind === 7) {
      const message = `m${at}`;
      around(at, { op: 'broadcast', serverId: id, message }, 0);
      for (const [to, server] of bound) if (server === id) deliveries.push({ message, endpoint: to, namespace: 'transport', to, from: id, at });
    }
  }
  const before = process.cpuUsage();
  expect(judgeIntervals(history, deliveries)).toEqual([]);
  // Of the processor, which others may use at the same time: what is not nearly linear takes minutes.
  expect(process.cpuUsage(before).user / 1e6).toBeLessThan(10);
}, 60_000);
