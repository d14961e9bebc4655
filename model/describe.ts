import { isAlarmed } from './contention.js';
import { modeOf } from './machines/index.js';
import type { PartitionState, RegistryState } from './state.js';
import { tables } from './tables.js';

const describePartition = ({ writeCount, window, inFlight, ...partition }: PartitionState, index: number): string[] => {
  const facts = [
    `${writeCount} writes`,
    `window [${window.map(({ latency }) => latency).join(', ')}]`,
    ...(inFlight.length > 0 ? [`in flight since ${inFlight.map((calledAt) => `${calledAt} ms`).join(', ')}`] : []),
    ...(isAlarmed({ writeCount, window, inFlight, ...partition }) ? ['alarm'] : []),
  ];
  return writeCount + window.length + inFlight.length === 0 ? [] : [`partition ${index}: ${facts.join(', ')}`];
};

/** A state in words, a line for each thing that there is: for reports. Partitions in which nothing was written are left out. */
export const describe = (state: RegistryState): string[] => {
  const closed = tables.lifecycle.has(state.lifecycle, 'closed');
  const down = [...state.endpoints].filter(([, endpoint]) => tables.endpoint.has(endpoint, 'down')).map(([name]) => name);
  const admission = tables.admission.has(state.admission, 'closed') ? 'closed' : 'open';
  return [
    ...[...state.names.server].map(([id, { endpoint, config }]) => `server ${id} → ${endpoint} ${JSON.stringify(config)}`),
    ...[...state.names.transport].map(([id, { endpoint, config }]) => {
      const bound = state.bindings.get(id);
      const configured = Object.keys(config).length > 0 ? ` ${JSON.stringify(config)}` : '';
      return `transport ${id} → ${endpoint}${configured}${bound ? `, bound to ${bound.server}` : ''}`;
    }),
    ...(down.length > 0 ? [`down: ${down.join(', ')}`] : []),
    ...state.partitions.flatMap(describePartition),
    `admission ${admission} (${modeOf[state.admission] === 'auto' ? 'auto' : 'by hand'})`,
    ...(closed ? ['registry closed'] : []),
    `time ${state.now} ms`,
  ];
};
