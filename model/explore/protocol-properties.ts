import { pc, protocolFlags, type ProtocolSystem } from './protocol.js';
import { homeOf } from './symmetry.js';
import { when } from './sequential-properties.js';
import { flags as flag, type Property, type Slots } from './system.js';

/** What is to be shown of the protocol. Witnesses that a size leaves no room for are not asked for. */
export function protocolProperties(system: ProtocolSystem): Property[] {
  const { size, lanes } = system;
  const names = size.servers + size.transports;
  const all = (count: number, holds: (i: number) => boolean): boolean => {
    for (let i = 0; i < count; i++) if (!holds(i)) return false;
    return true;
  };
  const some = (count: number, holds: (i: number) => boolean): boolean => !all(count, (i) => !holds(i));
  const holderOf = (state: Slots, name: number): number => (name < size.servers ? system.holderOfServer(state, name) : system.holderOfTransport(state, name - size.servers));
  const committing = (state: Slots, client: number): boolean => system.pcOf(state, client) === pc.commits;

  return [
    {
      kind: 'always',
      id: 'no-circular-wait',
      requirements: ['DLK-3', 'DLK-4', 'RTE-7'],
      text: 'no clients wait for each other in a circle',
      state: (state) => system.circularWait(state).length === 0,
      explain: (state) =>
        system.circularWait(state).map((client) => {
          const lane = system.laneOf(state, client);
          return `client ${client + 1} waits for lane ${lane}, which client ${system.holderOf(state, lane) + 1} holds`;
        }),
    },
    {
      kind: 'always',
      id: 'nobody-stuck',
      requirements: ['DLK-4'],
      text: 'where somebody waits, somebody can go on',
      standstill: (state) => all(size.clients, (c) => system.pcOf(state, c) === pc.idle),
      explain: (state) => system.showState(state).filter((line) => line.includes('waits') || line.includes('lane')),
    },
    {
      kind: 'always',
      id: 'one-lane',
      requirements: ['DLK-3'],
      text: 'a client holds at most one lane',
      state: (state) =>
        all(size.clients, (c) => {
          let held = 0;
          for (let lane = 0; lane < lanes; lane++) if (system.holds(state, c, lane)) held++;
          return held <= 1;
        }),
    },
    {
      kind: 'always',
      id: 'reads-never-wait',
      requirements: ['DLK-1'],
      text: 'a read waits for nobody',
      step: (_, __, ___, flags) => (flags & protocolFlags.readWaits) === 0,
    },
    {
      kind: 'always',
      id: 'one-holder',
      requirements: ['REG-1', 'REG-2'],
      text: 'a name that is registered has been free',
      step: (_, __, ___, flags) => (flags & protocolFlags.takesHeld) === 0,
    },
    {
      kind: 'always',
      id: 'bindings-end',
      requirements: ['BND-6', 'BND-7', 'DWN-2'],
      text: 'no transport is bound to a server that is not registered',
      state: (state) => all(size.transports, (t) => system.bindingOf(state, t) < 0 || system.isHeld(state, system.bindingOf(state, t))),
    },
    {
      kind: 'always',
      id: 'nothing-outlives',
      requirements: ['DWN-1', 'DWN-3', 'REG-3'],
      text: 'no name is held by an endpoint that is down, unless the news is on its way',
      state: (state) => all(names, (name) => holderOf(state, name) < 0 || !system.isDown(state, holderOf(state, name)) || system.noticeOf(state, name) === 'of the holder'),
    },
    {
      kind: 'always',
      id: 'incarnations',
      requirements: ['INC-1', 'DWN-4'],
      text: 'news that an endpoint is down removes no name that is held by another',
      step: (_, __, ___, flags) => (flags & protocolFlags.removesOther) === 0,
    },
    {
      kind: 'always',
      id: 'ties-what-it-found',
      requirements: ['INC-2', 'BND-1'],
      text: 'a bind ties the incarnations that it found, and no later ones',
      step: (_, __, ___, flags) => (flags & protocolFlags.tiesOther) === 0,
    },
    {
      kind: 'always',
      id: 'refused-changes-nothing',
      requirements: ['REG-4', 'UPD-2', 'BND-2', 'BND-3'],
      text: 'an operation that is refused changes nothing that can be looked up',
      step: (before, _, after, flags) => (flags & flag.refused) === 0 || system.looksTheSame(before, after),
    },
    {
      kind: 'always',
      id: 'store-agrees',
      requirements: ['REG-1', 'UNR-1', 'DWN-1'],
      text: 'where nothing is under way, the store holds what is registered and nothing else: no name is lost, none comes back',
      state: (state) =>
        all(names, (name) => system.holderOf(state, homeOf(name, lanes)) >= 0 || system.isForgetting(state, name) || system.storedOf(state, name) === (system.isHeld(state, name) ? 'current' : 'nothing')),
    },
    {
      kind: 'eventually',
      id: 'every-operation-ends',
      requirements: ['DLK-2', 'DLK-4'],
      text: 'an operation that has been called ends, if whoever can go on does so',
      // The clients are alike: what holds of the first holds of all.
      pending: (state) => system.pcOf(state, 0) !== pc.idle,
      allowed: () => true,
    },
    ...when(size.clients > 1, {
      kind: 'sometimes',
      id: 'waits',
      requirements: ['DLK-2'],
      text: 'a client waits for a lane that another holds',
      state: (state) => some(size.clients, (c) => system.isWaiting(state, c) && system.holderOf(state, system.laneOf(state, c)) >= 0),
    }),
    ...when(size.clients > 1 && lanes > 1, {
      kind: 'sometimes',
      id: 'partitions-at-once',
      requirements: ['PRT-4'],
      text: 'two clients hold lanes at once',
      state: (state) => system.holderOf(state, 0) >= 0 && system.holderOf(state, 1) >= 0,
    }),
    ...when(size.clients > 1 && size.servers > 1 && size.transports > 0 && lanes > 1, {
      kind: 'sometimes',
      id: 'rebind-races-removal',
      requirements: ['BND-4', 'BND-6'],
      text: 'a bound transport is being bound to another server, while that server is being unregistered',
      state: (state) =>
        some(size.clients, (binder) => {
          const bind = system.operationOf(state, binder);
          if (bind?.kind !== 'bind' || !committing(state, binder) || system.bindingOf(state, bind.transport) < 0 || system.bindingOf(state, bind.transport) === bind.server) return false;
          return some(size.clients, (remover) => {
            const removal = system.operationOf(state, remover);
            return removal?.kind === 'unregisterServer' && removal.server === bind.server && committing(state, remover);
          });
        }),
    }),
    ...when(names > 0, {
      kind: 'sometimes',
      id: 'overtaken',
      requirements: ['DWN-1', 'REG-3'],
      text: 'a registration finds, when it has been committed, that its endpoint is down',
      step: (before, _, __, flags) => {
        if ((flags & protocolFlags.overtaken) === 0) return false;
        return some(size.clients, (c) => committing(before, c) && (system.operationOf(before, c)?.kind ?? '').startsWith('register'));
      },
    }),
    ...when(size.servers > 0 && size.transports > 0, {
      kind: 'sometimes',
      id: 'server-gone-meanwhile',
      requirements: ['BND-2', 'INC-2'],
      text: 'a bind finds, when it has been committed, that the server it found is gone',
      step: (before, _, after) => some(size.clients, (c) => system.operationOf(before, c)?.kind === 'bind' && committing(before, c) && system.pcOf(after, c) === pc.amends),
    }),
  ];
}
