import { describe, expect, it } from 'vitest';
import { createModel, type Operation } from './index.js';
import { advance, answer, bind, boundTo, done, down, findServer, findTransport, play, refused, server, transport } from './testing/play.js';

const unregisterServer = (id: string): Operation => ({ op: 'unregisterServer', id });
const unregisterTransport = (id: string): Operation => ({ op: 'unregisterTransport', id });
const update = (id: string, config: { a: number }): Operation => ({ op: 'updateServer', id, config });
const unbind = (transportId: string): Operation => ({ op: 'unbindTransport', transportId });
const closedByHand: Operation = { op: 'setAdmission', mode: 'closed' };

describe('names', () => {
  it('NAM-1: every operation refuses an id that is none', () => {
    const operations: Operation[] = [
      server('', 'e1'), transport('', 'e1'), unregisterServer(''), unregisterTransport(''), update('', { a: 1 }), findServer(''), findTransport(''),
      bind('', 's'), bind('t', ''), unbind(''), boundTo(''),
      { op: 'routeToServer', serverId: '', transportId: 't', message: 'm' },
      { op: 'routeToServer', serverId: 's', transportId: '', message: 'm' },
      { op: 'routeToTransport', serverId: '\0', transportId: 't', message: 'm' },
      { op: 'broadcast', serverId: '', message: 'm' },
    ];
    for (const operation of operations) {
      expect(answer([operation])).toEqual(refused('invalid_argument'));
      // Admission has a say in registrations, and in nothing else (ADM-3).
      if (!operation.op.startsWith('register')) expect(answer([closedByHand, operation])).toEqual(refused('invalid_argument'));
    }
  });

  it('NAM-2, NAM-3: any valid id is a name of its own', () => {
    const ids = ['__proto__', 'constructor', 'a', 'A', ' a', '1', '01', 'é', 'e\u0301'];
    const { state, outcomes } = play(ids.map((id, i) => server(id, `e${i}`)));
    expect(outcomes).toEqual(ids.map(() => done()));
    ids.forEach((id, i) => expect(play([findServer(id)], {}, state).last).toEqual(done({ id, endpoint: `e${i}`, config: {} })));
  });

  it('NAM-4, EPT-1: the namespaces are separate, and one endpoint may hold many names', () => {
    const { state, outcomes } = play([server('a', 'e1'), transport('a', 'e1'), server('b', 'e1'), unregisterServer('a')]);
    expect(outcomes.every(({ kind }) => kind === 'done')).toBe(true);
    expect(play([findTransport('a')], {}, state).last).toEqual(done({ id: 'a', endpoint: 'e1', config: {} }));
    expect(play([findServer('a')], {}, state).last).toEqual(done());
  });
});

describe('registration', () => {
  it('REG-1, LKP-1: a lookup gives what was registered', () => {
    expect(answer([server('s', 'e1', { config: { a: [1] } }), findServer('s')])).toEqual(done({ id: 's', endpoint: 'e1', config: { a: [1] } }));
    expect(answer([transport('t', 'e1'), findTransport('t')])).toEqual(done({ id: 't', endpoint: 'e1', config: {} }));
  });

  it('REG-2: a taken name is refused, whoever asks', () => {
    expect(answer([server('s', 'e1'), server('s', 'e2')])).toEqual(refused('already_registered'));
    expect(answer([transport('t', 'e1'), transport('t', 'e1')])).toEqual(refused('already_registered'));
  });

  it('REG-3: an endpoint that is down is refused', () => {
    expect(answer([down('e1'), server('s', 'e1')])).toEqual(refused('endpoint_down'));
  });

  it('refuses with any of the errors that apply', () => {
    const { outcomes } = play([server('s', 'e1'), down('e2'), closedByHand, server('s', 'e2'), server('', 'e2'), { op: 'close' }, server('', 'e2')]);
    expect(outcomes[3]).toEqual(refused('already_registered', 'endpoint_down', 'admission_control_active'));
    expect(outcomes[4]).toEqual(refused('invalid_argument', 'endpoint_down', 'admission_control_active'));
    expect(outcomes[6]).toEqual(refused('registry_closed', 'invalid_argument', 'endpoint_down', 'admission_control_active'));
  });

  it('REG-5: a name given up is free for anybody', () => {
    expect(answer([server('s', 'e1'), unregisterServer('s'), server('s', 'e2'), findServer('s')])).toEqual(done({ id: 's', endpoint: 'e2', config: {} }));
  });

  it('CFG-1: the configuration is a copy that nothing changes', () => {
    const config = { list: [{ a: 1 }] };
    const { state } = play([server('s', 'e1', { config })]);
    config.list[0]!.a = 2;
    expect(play([findServer('s')], {}, state).last).toEqual(done({ id: 's', endpoint: 'e1', config: { list: [{ a: 1 }] } }));
    const held = state.names.server.get('s')!.config as typeof config;
    expect(() => { held.list[0]!.a = 3; }).toThrow(TypeError);
    expect(() => held.list.push({ a: 4 })).toThrow(TypeError);
  });

  it('UPD-1, UPD-2: an update replaces the configuration and keeps endpoint and bindings', () => {
    const { outcomes } = play([server('s', 'e1', { config: { b: 1 } }), transport('t', 'e2'), bind('t', 's'), update('s', { a: 2 }), findServer('s'), boundTo('t'), update('x', { a: 1 })]);
    expect(outcomes.slice(4)).toEqual([done({ id: 's', endpoint: 'e1', config: { a: 2 } }), done('s'), refused('server_not_found')]);
  });

  it('UNR-1, UNR-2, LKP-2: a name goes, no other does, and twice is as good as once', () => {
    const { outcomes } = play([server('a', 'e1'), server('b', 'e1'), unregisterServer('a'), unregisterServer('a'), findServer('a'), findServer('b'), unregisterTransport('a')]);
    expect(outcomes.slice(2)).toEqual([done(), done(), done(), done({ id: 'b', endpoint: 'e1', config: {} }), done()]);
  });

  it('LST-1: lists give each name once', () => {
    const { outcomes } = play([server('a', 'e1'), server('b', 'e2'), transport('t', 'e1', { config: { x: 1 } }), { op: 'listServers' }, { op: 'listTransports' }]);
    expect(outcomes.slice(3)).toEqual([
      done([{ id: 'a', endpoint: 'e1', config: {} }, { id: 'b', endpoint: 'e2', config: {} }]),
      done([{ id: 't', endpoint: 'e1', config: { x: 1 } }]),
    ]);
  });
});

describe('binding', () => {
  const both = [server('s', 'e1'), server('r', 'e1'), transport('t', 'e2')];

  it('BND-1, BND-4: binds, and moves', () => {
    const { outcomes } = play([...both, bind('t', 's'), boundTo('t'), bind('t', 'r'), boundTo('t')]);
    expect(outcomes.slice(3)).toEqual([done(), done('s'), done(), done('r')]);
  });

  it('BND-2, BND-3: refuses what is not registered, the server first', () => {
    expect(answer([bind('t', 's')])).toEqual(refused('server_not_found'));
    expect(answer([transport('t', 'e1'), bind('t', 's')])).toEqual(refused('server_not_found'));
    expect(answer([server('s', 'e1'), bind('t', 's')])).toEqual(refused('transport_not_found'));
  });

  it('BND-5: unbinds one, and nothing', () => {
    const { outcomes } = play([...both, transport('u', 'e2'), bind('t', 's'), bind('u', 's'), unbind('t'), unbind('t'), boundTo('t'), boundTo('u')]);
    expect(outcomes.slice(6)).toEqual([done(), done(), done(), done('s')]);
  });

  it('BND-6, BND-7, INC-2: ends with the server and with the transport, and does not come back', () => {
    const bound = [...both, bind('t', 's')];
    expect(answer([...bound, unregisterServer('s'), boundTo('t')])).toEqual(done());
    expect(answer([...bound, unregisterServer('r'), boundTo('t')])).toEqual(done('s'));
    expect(answer([...bound, unregisterServer('s'), server('s', 'e1'), boundTo('t')])).toEqual(done());
    expect(answer([...bound, unregisterTransport('t'), transport('t', 'e2'), boundTo('t')])).toEqual(done());
  });

  it('BND-8, BND-9: binds at registration if the server is there, and never later', () => {
    const auto = transport('t', 'e2', { config: { serverId: 's' } });
    expect(answer([server('s', 'e1'), auto, boundTo('t')])).toEqual(done('s'));
    expect(answer([auto, server('s', 'e1'), boundTo('t')])).toEqual(done());
    for (const serverId of [7, '', null]) {
      expect(answer([transport('t', 'e2', { config: { serverId } })])).toEqual(refused('invalid_argument'));
      expect(answer([server('s', 'e2', { config: { serverId } })])).toEqual(done());
    }
    expect(answer([server('s', 'e1'), server('t', 'e2', { config: { serverId: 's' } }), boundTo('t')])).toEqual(done());
  });
});

describe('down', () => {
  it('DWN-1, DWN-2, DWN-4: all names of the endpoint go, with their bindings, and no other', () => {
    const { state, outcomes } = play([
      server('a', 'e1'), server('b', 'e2'), transport('x', 'e1'), transport('y', 'e2'), transport('z', 'e3'),
      bind('x', 'b'), bind('y', 'a'), bind('z', 'b'), down('e1'),
    ]);
    expect(outcomes.at(-1)).toEqual(done());
    expect([...state.names.server.keys()]).toEqual(['b']);
    expect([...state.names.transport.keys()]).toEqual(['y', 'z']);
    expect([...state.bindings.keys()]).toEqual(['z']);
    expect(play([down('e1')], {}, state).state).toBe(state);
  });

  it('INC-1: does not touch a name that the endpoint held before', () => {
    expect(answer([server('s', 'e1'), unregisterServer('s'), server('s', 'e2'), down('e1'), findServer('s')])).toEqual(done({ id: 's', endpoint: 'e2', config: {} }));
  });
});

describe('routing', () => {
  it('RTE-1, RTE-8: to the endpoint that holds the name now, from whomever', () => {
    const { last, deliveries } = play([server('s', 'e1'), unregisterServer('s'), server('s', 'e2'), { op: 'routeToServer', serverId: 's', transportId: 't', message: 'm' }]);
    expect(last).toEqual(done(1));
    expect(deliveries).toEqual([{ namespace: 'server', to: 's', from: 't', message: 'm', endpoint: 'e2' }]);
    expect(play([transport('t', 'e1'), { op: 'routeToTransport', serverId: 's', transportId: 't', message: 'm' }]).deliveries)
      .toEqual([{ namespace: 'transport', to: 't', from: 's', message: 'm', endpoint: 'e1' }]);
  });

  it('RTE-2: to nobody', () => {
    const { outcomes, deliveries } = play([
      { op: 'routeToServer', serverId: 's', transportId: 't', message: 'm' },
      { op: 'routeToTransport', serverId: 's', transportId: 't', message: 'm' },
      { op: 'broadcast', serverId: 's', message: 'm' },
    ]);
    expect(outcomes).toEqual([done(0), done(0), done(0)]);
    expect(deliveries).toEqual([]);
  });

  it('RTE-3: a broadcast reaches each bound transport once, one endpoint under each of its names', () => {
    const { last, deliveries } = play([
      server('s', 'e1'), server('r', 'e1'), transport('t', 'e2'), transport('u', 'e2'), transport('v', 'e3'), transport('w', 'e3'),
      bind('t', 's'), bind('u', 's'), bind('v', 'r'), { op: 'broadcast', serverId: 's', message: 'm' },
    ]);
    expect(last).toEqual(done(2));
    expect(deliveries.map(({ to, endpoint }) => `${to}@${endpoint}`)).toEqual(['t@e2', 'u@e2']);
  });
});

describe('close', () => {
  it('CLS-1, CLS-2: refuses everything but closing again, and holds no name', () => {
    const { state, last } = play([server('s', 'e1'), transport('t', 'e1'), bind('t', 's'), { op: 'close' }]);
    expect(last).toEqual(done());
    expect([state.names.server.size, state.names.transport.size, state.bindings.size]).toEqual([0, 0, 0]);
    const after = (operation: Operation) => play([operation], {}, state);
    for (const operation of [server('x', 'e1'), findServer('s'), unbind('t'), { op: 'listServers' }, { op: 'getContentionStatus' }, { op: 'stall', partition: 0 }] as const) {
      expect(after(operation).last).toEqual(refused('registry_closed'));
    }
    expect(after({ op: 'close' }).last).toEqual(done());
    expect(after({ op: 'close' }).state).toBe(state);
    expect(after({ op: 'unstall', partition: 0 }).last).toEqual(done());
    expect(after(advance(5)).state.now).toBe(5);
    expect(after(down('e1')).last).toEqual(done());
  });
});

describe('time', () => {
  it('does not pass, and nothing becomes another, where there is nothing to do', () => {
    const { state } = play([server('s', 'e1')]);
    for (const operation of [unregisterServer('x'), unbind('t'), advance(0)]) expect(play([operation], {}, state).state).toBe(state);
  });

  it('passes before what was stuck commits', () => {
    const { state } = play([{ op: 'stall', partition: 0 }, advance(5), { op: 'unstall', partition: 0, takes: 7 }]);
    expect(state.now).toBe(12);
    expect(state.partitions[0]!.window).toEqual([{ latency: 12, committedAt: 12 }]);
    expect(play([{ op: 'stall', partition: 0 }, advance(5), { op: 'unstall', partition: 0 }]).state.now).toBe(5);
  });
});

describe('createModel', () => {
  it('PRT-1: has 1 to 64 partitions, 16 unless told otherwise', () => {
    expect(createModel().initial.partitions).toHaveLength(16);
    for (const partitions of [1, 64]) expect(createModel({ partitions }).initial.partitions).toHaveLength(partitions);
    for (const partitions of [0, 65, -1, 1.5, Number.NaN]) expect(() => createModel({ partitions })).toThrow(expect.objectContaining({ code: 'invalid_argument', message: `partitions: ${partitions}` }));
  });
});
