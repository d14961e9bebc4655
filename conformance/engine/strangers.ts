import type { Operation } from '../../model/index.js';
import type { Adapter } from '../contract.js';
import type { History } from '../linearizability/index.js';
import { isRoute, type Observed } from './registry-history.js';
import { offers } from './offers.js';
import { Rig } from './rig.js';

/*
 * Whether one may send who is not registered is left open: a registry may let nobody hear of it, or refuse it. What it does is found
 * out by trying, so that one who hears everybody is held to it.
 */

type Route = 'routeToServer' | 'routeToTransport';

const known = new WeakMap<Adapter, Promise<ReadonlySet<Route>>>();

/** The routes by which this registry lets those send who are not registered. */
export function hearsStrangers(adapter: Adapter, patienceMs: number): Promise<ReadonlySet<Route>> {
  let heard = known.get(adapter);
  // What cannot be tried is excused from nothing: other checks say what is wrong.
  if (heard === undefined) known.set(adapter, (heard = tried(adapter, patienceMs).catch(() => new Set(routes))));
  return heard;
}

const routes: readonly Route[] = ['routeToServer', 'routeToTransport'];

async function tried(adapter: Adapter, patienceMs: number): Promise<ReadonlySet<Route>> {
  const rig = await Rig.open(adapter, {}, patienceMs);
  try {
    if (!offers(adapter, rig.subject, 'routing') || !offers(adapter, rig.subject, 'transports')) return new Set(routes);
    await rig.perform({ op: 'registerServer', id: 'known', endpoint: 'e1' });
    await rig.perform({ op: 'registerTransport', id: 'known', endpoint: 'e2' });
    const toServer = await rig.perform({ op: 'routeToServer', serverId: 'known', transportId: 'unknown', message: 'm' });
    const toTransport = await rig.perform({ op: 'routeToTransport', transportId: 'known', serverId: 'unknown', message: 'm' });
    return new Set(routes.filter((_, i) => isHeard([toServer, toTransport][i]!)));
  } finally {
    await rig.dispose();
  }
}

/** Of what is answered like this it may be that nobody heard of it, for want of the sender. */
const isHeard = (answer: Observed): boolean => {
  if (answer.kind === 'refused') return answer.code !== 'transport_not_found' && answer.code !== 'server_not_found';
  return answer.kind !== 'done' || (answer.value !== undefined && answer.value !== 0);
};

/** A history without routes that came to nothing and whose sender may not have been registered, where that is a reason. */
export async function withoutStrangers(adapter: Adapter, history: History<Operation, Observed>, patienceMs: number): Promise<History<Operation, Observed>> {
  const isUnheard = ({ invocation, response }: History<Operation, Observed>[number]): boolean => isRoute(invocation) && response !== undefined && !isHeard(response);
  if (!history.some(isUnheard)) return history;
  const heard = await hearsStrangers(adapter, patienceMs);
  if (routes.every((route) => heard.has(route))) return history;
  const registered = registrations(history);
  return history.filter((entry) => {
    const { invocation, start, end } = entry;
    if (!isUnheard(entry) || heard.has(invocation.op as Route)) return true;
    const sender = invocation.op === 'routeToServer' ? `transport ${invocation.transportId}` : `server ${(invocation as { serverId: string }).serverId}`;
    return registered(sender, start, end);
  });
}

/** Whether a name was certainly registered from one time to another: an answer says so before, and nothing may have ended it since. */
function registrations(history: History<Operation, Observed>): (name: string, from: number, to: number) => boolean {
  const begins = new Map<string, { readonly called: number; readonly answered: number }[]>();
  const ends = new Map<string, { readonly start: number; readonly end: number }[]>();
  const downs: { readonly start: number; readonly end: number }[] = [];
  const add = <V>(map: Map<string, V[]>, name: string, value: V): void => void (map.get(name)?.push(value) ?? map.set(name, [value]));
  for (const { invocation, response, start, end } of history) {
    if (invocation.op === 'down' || invocation.op === 'close') downs.push({ start, end });
    if (response?.kind === 'refused') continue;
    if (invocation.op === 'registerServer' || invocation.op === 'registerTransport') {
      if (response?.kind === 'done') add(begins, `${invocation.op === 'registerServer' ? 'server' : 'transport'} ${invocation.id}`, { called: start, answered: end });
    } else if (invocation.op === 'unregisterServer' || invocation.op === 'unregisterTransport') {
      add(ends, `${invocation.op === 'unregisterServer' ? 'server' : 'transport'} ${invocation.id}`, { start, end });
    }
  }
  return (name, from, to) =>
    (begins.get(name) ?? []).some(({ called, answered }) => answered < from && ![...(ends.get(name) ?? []), ...downs].some(({ start, end }) => end > called && start < to));
}
