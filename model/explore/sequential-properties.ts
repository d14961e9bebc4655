import { sequentialFlags, type SequentialSystem } from './sequential.js';
import { same } from './search.js';
import { flags as flag, type Property, type Slots } from './system.js';

/** What is to be shown of the sequential model. Witnesses that a size leaves no room for are not asked for. */
export function sequentialProperties(system: SequentialSystem): Property[] {
  const { size, at, actions } = system;
  const all = (count: number, holds: (i: number) => boolean): boolean => {
    for (let i = 0; i < count; i++) if (!holds(i)) return false;
    return true;
  };
  const some = (count: number, holds: (i: number) => boolean): boolean => !all(count, (i) => !holds(i));
  const isMajority = (state: Slots): boolean => system.alarms(state) * 2 > size.partitions;
  const automatic = (state: Slots): boolean => system.admission(state).startsWith('auto');
  /** By alarms, in a registry that is open. */
  const closed = (state: Slots): boolean => system.isOpen(state) && system.admission(state) === 'auto.closed';

  // The definition of the alarm (CTN-1 to CTN-3), from what there is in a partition; tick thresholds, in which any slow sample
  // is too slow a mean, and any tick in flight too long.
  const { minWrites = 2 } = size;
  const contended = system.partition.states.map(
    ({ writeCount, window, inFlight }) => (writeCount >= minWrites && window.some(({ latency }) => latency > 0)) || inFlight.some((calledAt) => calledAt < 0),
  );
  const isContended = (state: Slots, partition: number): boolean => contended[state[at.partitions + partition]!]!;
  const mayLag = (state: Slots, partition: number): boolean => system.design.alarm === 'is polled' && state[at.late + partition] === 0;
  const calm = (state: Slots): boolean => system.isOpen(state) && !some(size.partitions, (p) => system.isBusy(state, p));
  const nameSlots = at.partitions;
  const names = size.servers + size.transports;

  return [
    {
      kind: 'always',
      id: 'one-holder',
      requirements: ['REG-1', 'REG-2'],
      text: 'a name that is registered has been free',
      step: (before, action, _, flags) => {
        if ((flags & (sequentialFlags.registers | flag.refused)) !== sequentialFlags.registers) return true;
        const { server, transport } = actions[action]!;
        return before[transport < 0 ? at.servers + server : at.transports + transport] === 0;
      },
    },
    {
      kind: 'always',
      id: 'bindings-end',
      requirements: ['BND-6', 'BND-7', 'DWN-2'],
      text: 'no transport is bound to a server that is not registered',
      state: (state) => all(size.transports, (t) => system.bindingOf(state, t) < 0 || system.holderOfServer(state, system.bindingOf(state, t)) >= 0),
    },
    {
      kind: 'always',
      id: 'nothing-outlives',
      requirements: ['DWN-1', 'DWN-3', 'REG-3'],
      text: 'no name is held by an endpoint that is down',
      state: (state) =>
        all(size.servers, (s) => system.holderOfServer(state, s) < 0 || !system.isDown(state, system.holderOfServer(state, s))) &&
        all(size.transports, (t) => system.holderOfTransport(state, t) < 0 || !system.isDown(state, system.holderOfTransport(state, t))),
    },
    {
      kind: 'always',
      id: 'refused-changes-nothing',
      requirements: ['REG-4', 'UPD-2', 'BND-2', 'BND-3', 'CLS-1'],
      text: 'an operation that is refused changes nothing',
      step: (before, _, after, flags) => (flags & flag.refused) === 0 || same(before, after),
    },
    {
      kind: 'always',
      id: 'closes-above-half',
      requirements: ['ADM-2'],
      text: 'alarms close admission only if they are of more than half of the partitions',
      state: (state) => !closed(state) || isMajority(state),
    },
    {
      kind: 'always',
      id: 'closes-with-majority',
      requirements: ['ADM-1', 'ADM-6'],
      text: 'while more than half of the partitions are alarmed, admission that follows the alarms is closed',
      state: (state) => !automatic(state) || !isMajority(state) || !system.isOpen(state) || closed(state),
    },
    {
      kind: 'always',
      id: 'alarm-in-time',
      requirements: ['CTN-1', 'CTN-2', 'CTN-3', 'CTN-5', 'CTN-6'],
      text: 'an alarm shows what is the case, at the latest when a tick has passed',
      state: (state) => all(size.partitions, (p) => system.shows(state, p) === isContended(state, p) || mayLag(state, p)),
    },
    {
      kind: 'eventually',
      id: 'alarms-clear',
      requirements: ['CTN-4', 'CTN-5'],
      text: 'when no write is slow or stuck any more, every alarm goes off, whether or not anybody calls',
      pending: (state) => calm(state) && system.alarms(state) > 0,
      allowed: (_, flags) => (flags & sequentialFlags.contends) === 0,
    },
    {
      kind: 'eventually',
      id: 'reopens',
      requirements: ['ADM-4'],
      text: 'when no write is slow or stuck any more, admission that was closed by alarms opens, whether or not anybody calls',
      pending: (state) => calm(state) && closed(state),
      allowed: (_, flags) => (flags & sequentialFlags.contends) === 0,
    },
    {
      kind: 'sometimes',
      id: 'all-alarmed',
      requirements: ['CTN-1', 'CTN-3'],
      text: 'all partitions are alarmed at once',
      state: (state) => system.alarms(state) === size.partitions,
    },
    {
      kind: 'sometimes',
      id: 'closed-and-reopened',
      requirements: ['ADM-4'],
      text: 'admission has closed, and opens again by itself',
      step: (before, action, after) => closed(before) && actions[action]!.kind === 'tick' && system.admission(after) === 'auto.open',
    },
    {
      kind: 'sometimes',
      id: 'closed-by-hand',
      requirements: ['ADM-5'],
      text: 'admission is closed by hand while nothing is alarmed',
      state: (state) => system.admission(state) === 'forcedClosed' && system.alarms(state) === 0,
    },
    ...when(names > 0, {
      kind: 'sometimes',
      id: 'rejected',
      requirements: ['ADM-1'],
      text: 'a registration of a free name, for an endpoint that is up, is rejected',
      step: (before, action, _, flags) => {
        const { server, transport, endpoint } = actions[action]!;
        const needed = sequentialFlags.registers | flag.refused;
        return (flags & needed) === needed && before[transport < 0 ? at.servers + server : at.transports + transport] === 0 && !system.isDown(before, endpoint);
      },
    }),
    ...when(names > 1, {
      kind: 'sometimes',
      id: 'two-names-down',
      requirements: ['DWN-3'],
      text: 'an endpoint goes down that holds two names',
      step: (before, action, after) => {
        if (actions[action]!.kind !== 'down') return false;
        let gone = 0;
        for (let i = at.servers; i < nameSlots; i++) if (before[i] !== 0 && after[i] === 0) gone++;
        return gone > 1;
      },
    }),
    ...when(size.servers > 1 && size.transports > 0, {
      kind: 'sometimes',
      id: 'moves-binding',
      requirements: ['BND-4'],
      text: 'a transport that is bound is bound to another server',
      step: (before, action, after) => {
        const { kind, transport } = actions[action]!;
        return kind === 'bindTransportToServer' && system.bindingOf(before, transport) >= 0 && system.bindingOf(before, transport) !== system.bindingOf(after, transport);
      },
    }),
  ];
}

export const when = (possible: boolean, property: Property): Property[] => (possible ? [property] : []);
