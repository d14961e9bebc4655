import type { Operation } from '../../model/index.js';
import type { Namespace } from '../../spec/index.js';
import type { Entry, History } from '../linearizability/index.js';
import { effectOf } from './lifetimes.js';
import { Periods, type Period } from './periods.js';
import type { Observed } from './registry-history.js';

/** How many lists and broadcasts overlapped a write that may have changed what they give. */
export interface Contested {
  readonly lists: number;
  readonly broadcasts: number;
}

/** No list and no broadcast. */
export const uncontested: Contested = { lists: 0, broadcasts: 0 };

const isWhole = ({ invocation: { op } }: Entry<Operation, Observed>): boolean => op === 'broadcast' || op.startsWith('list');

/** Counts what puts LST-3 and RTE-9 to the test. */
export function contested(history: History<Operation, Observed>): Contested {
  if (!history.some(isWhole)) return uncontested;
  const writes = history.filter((entry) => effectOf(entry) !== 'none');
  const ofNamespace: Record<Namespace, Periods<Period>> = { server: new Periods(), transport: new Periods() };
  const ofServer = new Map<string, Periods<Period>>();
  const serversOf = tied(writes);
  for (const { invocation, start, end } of writes) {
    const period = { from: start, to: end };
    for (const namespace of namespacesOf(invocation)) ofNamespace[namespace].add(period);
    for (const server of serversConcerned(invocation, serversOf)) {
      const periods = ofServer.get(server) ?? new Periods<Period>();
      ofServer.set(server, periods);
      periods.add(period);
    }
  }
  const isContested = ({ invocation, start, end }: Entry<Operation, Observed>): boolean => {
    const periods = invocation.op === 'broadcast' ? ofServer.get(invocation.serverId) : ofNamespace[invocation.op === 'listServers' ? 'server' : 'transport'];
    return periods?.some({ start, end }, () => true) ?? false;
  };
  const answered = history.filter(({ response }) => response?.kind === 'done');
  return {
    lists: answered.filter((entry) => entry.invocation.op.startsWith('list') && isContested(entry)).length,
    broadcasts: answered.filter((entry) => entry.invocation.op === 'broadcast' && isContested(entry)).length,
  };
}

/** For each transport, the servers that it was ever tied to; for each endpoint, those whose bindings end with it. */
function tied(writes: History<Operation, Observed>): { readonly transports: ReadonlyMap<string, ReadonlySet<string>>; readonly endpoints: ReadonlyMap<string, ReadonlySet<string>> } {
  const [transports, endpoints] = [new Map<string, Set<string>>(), new Map<string, Set<string>>()];
  const tie = (map: Map<string, Set<string>>, key: string, server: string): void => void map.set(key, (map.get(key) ?? new Set()).add(server));
  for (const { invocation } of writes) {
    if (invocation.op === 'bindTransportToServer') tie(transports, invocation.transportId, invocation.serverId);
    if (invocation.op === 'registerTransport' && typeof invocation.config?.['serverId'] === 'string') tie(transports, invocation.id, invocation.config['serverId']);
  }
  for (const { invocation } of writes) {
    if (invocation.op === 'registerServer') tie(endpoints, invocation.endpoint, invocation.id);
    if (invocation.op === 'registerTransport') for (const server of transports.get(invocation.id) ?? []) tie(endpoints, invocation.endpoint, server);
  }
  return { transports, endpoints };
}

function namespacesOf({ op }: Operation): readonly Namespace[] {
  if (op === 'down' || op === 'close') return ['server', 'transport'];
  if (op === 'registerServer' || op === 'unregisterServer') return ['server'];
  return op === 'registerTransport' || op === 'unregisterTransport' ? ['transport'] : [];
}

function serversConcerned(operation: Operation, { transports, endpoints }: ReturnType<typeof tied>): Iterable<string> {
  switch (operation.op) {
    case 'unregisterServer':
      return [operation.id];
    case 'registerTransport':
    case 'unregisterTransport':
      return transports.get(operation.id) ?? [];
    case 'bindTransportToServer':
    case 'unbindTransport':
      return transports.get(operation.transportId) ?? [];
    case 'down':
      return endpoints.get(operation.endpoint) ?? [];
    default:
      return [];
  }
}
