import { describe, expect, it } from 'vitest';
import { isValidId, type Operation, type Outcome } from '../../model/index.js';
import type { ErrorCode, RequirementId } from '../../spec/index.js';
import { AdapterError, type Adapter, type Subject } from '../contract.js';
import { operationNames, readError, readValue, showAnswer } from './answer.js';
import { blameAnswer, blameDeliveries, blameState, refusalRequirement, successRequirement, type Circumstances, type Difference } from './blame.js';
import { EndpointFailure, Mailbox, TestEndpoint } from './endpoint.js';
import { extremeIds, hostileIds, hostilePool, invalidIds, sampleIds } from './ids.js';
import { offers } from './offers.js';
import { safe, show, showOperation } from './show.js';
import { chiSquaredLimit, idFamilies } from './uniformity.js';
import { VirtualClock } from './virtual-clock.js';

describe('virtual clock', () => {
  it('fires timers in the order in which they are due, and lets promises settle in between', async () => {
    const clock = new VirtualClock();
    const seen: string[] = [];
    clock.setTimeout(() => seen.push(`b at ${clock.now()}`), 20);
    clock.setTimeout(() => {
      seen.push(`a at ${clock.now()}`);
      void Promise.resolve().then(() => clock.setTimeout(() => seen.push(`c at ${clock.now()}`), 5));
    }, 10);
    clock.clearTimeout(clock.setTimeout(() => seen.push('never'), 1));
    clock.setTimeout(() => seen.push('at once'), -1);
    expect(clock.timers).toBe(3);
    await clock.advance(30);
    expect(seen).toEqual(['at once', 'a at 10', 'c at 15', 'b at 20']);
    expect([clock.now(), clock.timers]).toEqual([30, 0]);
  });
});

describe('ids', () => {
  it('are valid or not as the specification says', () => {
    expect([...hostileIds, ...extremeIds].filter((id) => !isValidId(id))).toEqual([]);
    expect(invalidIds.filter(({ value }) => isValidId(value))).toEqual([]);
  });

  it('of a pool do not look alike', () => {
    for (let seed = 0; seed < 200; seed++) {
      const folded = hostilePool(seed, 3).map((id) => id.normalize('NFKC').trim().toLowerCase());
      expect(new Set(folded).size).toBe(3);
    }
  });

  it('of a sample differ, and are the same for the same seed', () => {
    const take = (seed: number): string[] => {
      const ids = sampleIds(seed);
      return Array.from({ length: 50 }, () => ids.next().value);
    };
    expect(new Set(take(1)).size).toBe(50);
    expect(take(1)).toEqual(take(1));
  });
});

describe('uniformity', () => {
  it.each([[7, 43.0], [15, 58.1], [63, 132.3]])('has the critical value for %i degrees of freedom', (df, value) => {
    // Quantiles at 1 - 1e-6; the approximation is good to a few per cent.
    expect(chiSquaredLimit(df) / value).toBeCloseTo(1, 1);
  });

  it('has families of distinct valid ids', () => {
    for (const { ids } of idFamilies(12345, 500)) {
      expect(new Set(ids).size).toBe(ids.length);
      expect(ids.every(isValidId)).toBe(true);
    }
  });
});

describe('showing', () => {
  it('makes any text harmless', () => {
    expect(safe('a\nb\u001b[31m\u202e\ud800')).toBe('a\\u000ab\\u001b[31m\\u202e\\ud800');
    expect(safe('😀')).toBe('😀');
    expect(safe('x'.repeat(500), 10)).toBe('xxxxxxxxxx… (500 characters)');
  });

  it('shows any value on one line, and never throws', () => {
    const cyclic: Record<string, unknown> = {};
    cyclic['self'] = cyclic;
    expect(show({ a: [1, 'b', null, undefined, true], f: () => 1, n: 10n })).toBe('{a: [1, "b", null, undefined, true], f: a function, n: 10n}');
    expect(show(cyclic)).toContain('…');
    expect(show(new TypeError('oops'))).toBe('TypeError: oops');
    expect(show(Array.from({ length: 30 }, () => 0))).toMatch(/…\]$/);
    expect(show(new Proxy({}, { ownKeys: () => { throw new Error('no'); } }))).toBe('a value that cannot be shown');
  });

  it('shows operations as code', () => {
    expect(showOperation({ op: 'registerServer', id: 'a', endpoint: 'e1', takes: 5 })).toBe('registerServer("a", e1) taking 5 ms');
    expect(showOperation({ op: 'broadcast', serverId: 's', message: 'm' })).toBe('routeToTransport(broadcast, "s", "m")');
    expect(showOperation({ op: 'down', endpoint: 'e1' })).toBe('e1 goes down');
    expect(showOperation({ op: 'advance', ms: 5 })).toBe('5 ms pass');
  });
});

describe('answers', () => {
  const endpoint = new TestEndpoint('e1', new Mailbox());

  it('are read through the shape of the interface', () => {
    expect(readValue('findServer', null)).toEqual({ kind: 'done', value: undefined });
    expect(readValue('findServer', { id: 'a', endpoint, config: { v: 1 } })).toEqual({ kind: 'done', value: { id: 'a', endpoint: 'e1', config: { v: 1 } } });
    expect(readValue('findServer', { id: 'a', endpoint })).toMatchObject({ value: { config: {} } });
    expect(readValue('findServer', { id: 'a', endpoint: {} })).toMatchObject({ kind: 'broken', breaks: 'ERR-1' });
    for (const [given, type] of [[7, 'number'], [null, 'null'], ['a', 'string']] as const) expect(readValue('listServers', [given])).toMatchObject({ kind: 'broken', what: expect.stringContaining(`expected object, received ${type} at 0`) as string });
    const array = Object.assign([], { id: 'a', endpoint, config: { v: 1 } });
    const called = Object.assign(() => undefined, { id: 'a', endpoint, config: {} });
    expect(readValue('listServers', [array])).toEqual({ kind: 'done', value: [{ id: 'a', endpoint: 'e1', config: { v: 1 } }] });
    expect(readValue('listServers', [called])).toMatchObject({ kind: 'broken' });
    expect(readValue('routeToServer', -1)).toMatchObject({ kind: 'broken' });
    expect(readValue('registerServer', 'anything')).toEqual({ kind: 'done', value: undefined });
    const stats = { partition: 0, writeCount: 0, sampleCount: 0, samples: [], min: null, mean: Number.NaN, alarm: false };
    expect(readValue('getPartitionStats', [stats])).toMatchObject({ kind: 'done', value: [{ min: 0, mean: 0, max: 0 }] });
  });

  it('that throw when they are read are broken', () => {
    const thrower = { get id(): string { throw new Error('no'); } };
    expect(readValue('findServer', thrower)).toEqual({ kind: 'broken', breaks: 'ERR-1', what: 'findServer returned a value that throws when it is read: Error: no' });
  });

  it('say where they are wrong', () => {
    expect(readValue('listServers', [{ id: 'a', endpoint, config: { v: 1 } }, { id: 7, endpoint }])).toMatchObject({ what: expect.stringMatching(/: Invalid input: expected string, received number at 1\.id$/) as string });
    expect(readValue('routeToServer', 'x')).toMatchObject({ what: 'routeToServer returned "x": Invalid input: expected number, received string' });
  });

  it('of a registry with clients elsewhere may show endpoints from there', () => {
    const foreign = { id: 'a', endpoint: {}, config: {} };
    for (const operation of ['findServer', 'findTransport'] as const) {
      expect(readValue(operation, foreign, true)).toEqual({ kind: 'done', value: { id: 'a', endpoint: '?', config: {} } });
      expect(readValue(operation, { ...foreign, endpoint }, true)).toMatchObject({ value: { endpoint: 'e1' } });
      expect(readValue(operation, null, true)).toEqual({ kind: 'done', value: undefined });
      expect(readValue(operation, foreign)).toMatchObject({ kind: 'broken' });
    }
    for (const operation of ['listServers', 'listTransports'] as const) {
      expect(readValue(operation, [foreign], true)).toMatchObject({ value: [{ endpoint: '?' }] });
      expect(readValue(operation, [foreign])).toMatchObject({ kind: 'broken' });
    }
  });

  it('about contention are whole', () => {
    const status = { partitions: 2, alarmed: [1], admission: 'open', mode: 'auto' };
    const stats = { partition: 0, writeCount: 1, sampleCount: 1, samples: [2.5], min: 2.5, mean: 2.5, max: 2.5, alarm: true };
    for (const good of [status, { ...status, admission: 'closed', mode: 'closed' }, { ...status, mode: 'open', alarmed: [] }]) expect(readValue('getContentionStatus', good)).toEqual({ kind: 'done', value: good });
    for (const wrong of [{ partitions: 0 }, { partitions: 1.5 }, { alarmed: [-1] }, { alarmed: undefined }, { admission: 'auto' }, { mode: 'shut' }, { mode: undefined }]) expect(readValue('getContentionStatus', { ...status, ...wrong })).toMatchObject({ kind: 'broken' });
    for (const good of [stats, [stats], [stats, { ...stats, partition: 1 }]]) expect(readValue('getPartitionStats', good)).toEqual({ kind: 'done', value: good });
    for (const wrong of [{ partition: -1 }, { writeCount: 0.5 }, { sampleCount: '1' }, { samples: [-1] }, { samples: undefined }, { min: '0' }, { mean: -1 }, { max: {} }, { alarm: 1 }]) expect(readValue('getPartitionStats', [{ ...stats, ...wrong }])).toMatchObject({ kind: 'broken' });
    expect(readValue('getPartitionStats', [])).toMatchObject({ kind: 'broken' });
    expect(readValue('getPartitionStats', Array(1025).fill(stats))).toMatchObject({ kind: 'broken' });
    expect(readValue('getPartitionStats', Array(1024).fill(stats))).toMatchObject({ kind: 'done' });
  });

  it('have a shape for every operation', () => {
    expect(readValue('routeToTransport', 2)).toEqual({ kind: 'done', value: 2 });
    expect(readValue('routeToTransport', 0.5)).toMatchObject({ kind: 'broken' });
    expect(readValue('getServerForTransport', null)).toEqual({ kind: 'done', value: undefined });
    expect(readValue('getServerForTransport', 7)).toMatchObject({ kind: 'broken' });
    expect(readValue('findTransport', { id: 'a', endpoint, config: null })).toEqual({ kind: 'done', value: { id: 'a', endpoint: 'e1', config: {} } });
    for (const operation of ['resetStats', 'setAdmission', 'close', 'updateServer', 'unbindTransport'] as const) expect(readValue(operation, 'anything')).toEqual({ kind: 'done', value: undefined });
    expect(operationNames).toHaveLength(19);
  });

  it('that are errors have a code, or are broken', () => {
    const refused = Object.assign(new Error('down'), { code: 'endpoint_down' });
    expect(readError('findServer', refused)).toEqual({ kind: 'refused', code: 'endpoint_down' });
    expect(readError('findServer', { code: 'endpoint_down', message: 'off a wire' })).toEqual({ kind: 'refused', code: 'endpoint_down' });
    expect(readError('findServer', { code: 'endpoint_down' })).toMatchObject({ breaks: 'ERR-1', what: 'findServer was refused with something that is no error: {code: "endpoint_down"}' });
    for (const error of [null, undefined, 7, new Error('x'), { code: 'nonsense' }, { get code(): string { throw new Error('no'); } }]) {
      expect(readError('findServer', error)).toMatchObject({ kind: 'broken', breaks: 'ERR-1' });
    }
    const silent = { code: 'endpoint_down', get message(): string { throw new Error('no'); } };
    expect(readError('findServer', silent)).toMatchObject({ kind: 'broken', what: expect.stringContaining('was refused with something that is no error') as string });
    const broken = new AdapterError('gone');
    expect(() => readError('findServer', broken)).toThrow(broken);
    expect(readError('findServer', new Error('x'))).toMatchObject({ what: 'findServer failed without one of the specified codes: Error: x' });
    expect(readError('routeToServer', new EndpointFailure('x', new Mailbox()))).toEqual({ kind: 'broken', breaks: 'RTE-6', what: 'routeToServer failed with what a recipient threw: x' });
  });

  it('are shown in words', () => {
    expect(showAnswer({ kind: 'done', value: undefined })).toBe('done');
    expect(showAnswer({ kind: 'done', value: undefined }, 'nothing')).toBe('nothing');
    expect(showAnswer({ kind: 'refused', code: 'endpoint_down' })).toBe('refused: endpoint_down');
    expect(showAnswer({ kind: 'broken', what: 'nonsense', breaks: 'ERR-1' })).toBe('nonsense');
    expect(showAnswer({ kind: 'done', value: [{ writeCount: 0, alarm: true, sampleCount: 0 }, { writeCount: 0, alarm: false, sampleCount: 1 }] })).toBe('[{writeCount: 0, alarm: true, sampleCount: 0}, {writeCount: 0, alarm: false, sampleCount: 1}]');
    for (const value of [[null], [7, { writeCount: 0 }], [{ writeCount: 0 }, {}]]) expect(showAnswer({ kind: 'done', value })).toBe(show(value));
    expect(showAnswer({ kind: 'done', value: [{ writeCount: 0, alarm: false, sampleCount: 0 }, { writeCount: 1, alarm: false, sampleCount: 0 }] })).toBe('[{writeCount: 1, alarm: false, sampleCount: 0}]');
  });
});

describe('features', () => {
  const adapter = (more: Partial<Adapter>): Adapter => ({ name: 'x', open: () => subject, ...more });
  const subject = { registerServer: () => undefined, unregisterServer: () => undefined, findServer: () => undefined } as unknown as Subject;

  it('are offered by having the operations, or by declaration, unless they are excepted', () => {
    expect(offers(adapter({}), subject, 'servers')).toBe(true);
    expect(offers(adapter({}), subject, 'binding')).toBe(false);
    expect(offers(adapter({}), subject, 'virtual-time')).toBe(false);
    expect(offers(adapter({ features: ['virtual-time'] }), undefined, 'virtual-time')).toBe(true);
    expect(offers(adapter({ features: ['slow-commit'] }), subject, 'slow-commit')).toBe(false);
    expect(offers(adapter({ without: ['liveness'] }), subject, 'liveness')).toBe(false);
  });
});

describe('blame', () => {
  const done: Outcome = { kind: 'done', value: undefined };
  const circumstances = (operation: Operation, more: Partial<Circumstances> = {}): Circumstances => ({
    operation,
    outcome: done,
    mode: 'auto',
    held: () => true,
    overcounted: () => false,
    heldBefore: () => false,
    heldElsewhere: () => false,
    troubled: false,
    formerHolder: () => false,
    wasBound: () => false,
    everBound: () => false,
    refusedBefore: false,
    reentrant: false,
    throwing: false,
    ...more,
  });
  const register: Operation = { op: 'registerServer', id: 'a', endpoint: 'e1' };
  const registerTransport: Operation = { op: 'registerTransport', id: 't', endpoint: 'e1', config: { serverId: 'a' } };
  const bind: Operation = { op: 'bindTransportToServer', transportId: 't', serverId: 'a' };
  const broadcast: Operation = { op: 'broadcast', serverId: 'a', message: 'm' };
  const down: Operation = { op: 'down', endpoint: 'e1' };

  const bindsNobody: Operation = { op: 'registerTransport', id: 't', endpoint: 'e1' };
  const refusing = (...codes: ErrorCode[]): Partial<Circumstances> => ({ outcome: { kind: 'refused', codes } });
  /** True of this name only. */
  const only = (namespace: string, id: string) => (asked: string, name: string): boolean => asked === namespace && name === id;

  // The first is blamed; the others may be the cause as well.
  it.each<[RequirementId[], Circumstances, Parameters<typeof blameAnswer>[1]]>([
    [['REG-2'], circumstances(register, refusing('already_registered')), { kind: 'done', value: undefined }],
    [['REG-3'], circumstances(register, refusing('endpoint_down')), { kind: 'done', value: undefined }],
    [['REG-2', 'ADM-1'], circumstances(register, refusing('already_registered', 'admission_control_active')), { kind: 'done', value: undefined }],
    [['ADM-5'], circumstances(register, { mode: 'closed', ...refusing('admission_control_active') }), { kind: 'done', value: undefined }],
    [['ADM-1'], circumstances(register, refusing('admission_control_active')), { kind: 'done', value: undefined }],
    [['NAM-1'], circumstances(register, refusing('invalid_argument')), { kind: 'done', value: undefined }],
    [['CLS-1'], circumstances(register, refusing('registry_closed')), { kind: 'done', value: undefined }],
    [['NAM-2', 'EPT-1', 'CFG-1'], circumstances(register), { kind: 'refused', code: 'invalid_argument' }],
    [['ADM-2', 'ADM-6'], circumstances(register), { kind: 'refused', code: 'admission_control_active' }],
    [['ADM-6'], circumstances(register, { mode: 'open' }), { kind: 'refused', code: 'admission_control_active' }],
    [['REG-5', 'REG-1'], circumstances(register, { heldBefore: only('server', 'a') }), { kind: 'refused', code: 'already_registered' }],
    [['REG-5', 'REG-1'], circumstances(registerTransport, { heldBefore: only('transport', 't') }), { kind: 'refused', code: 'already_registered' }],
    [['NAM-4', 'REG-1'], circumstances(registerTransport, { heldElsewhere: only('transport', 't') }), { kind: 'refused', code: 'already_registered' }],
    [['REG-5', 'NAM-4', 'REG-1'], circumstances(register, { heldBefore: () => true, heldElsewhere: () => true }), { kind: 'refused', code: 'already_registered' }],
    [['REG-1'], circumstances(register), { kind: 'refused', code: 'already_registered' }],
    [['REG-1'], circumstances(register, { heldBefore: () => true, heldElsewhere: () => true }), { kind: 'refused', code: 'endpoint_down' }],
    [['REG-1'], circumstances(register), { kind: 'refused', code: 'server_not_found' }],
    [['BND-9', 'REG-1'], circumstances(registerTransport), { kind: 'refused', code: 'server_not_found' }],
    [['REG-1'], circumstances(registerTransport), { kind: 'refused', code: 'endpoint_down' }],
    [['BND-3'], circumstances(bind, refusing('transport_not_found')), { kind: 'refused', code: 'server_not_found' }],
    [['BND-2'], circumstances(bind, refusing('server_not_found')), { kind: 'done', value: undefined }],
    [['UPD-2'], circumstances({ op: 'updateServer', id: 'a', config: {} }, refusing('server_not_found')), { kind: 'done', value: undefined }],
    [['ADM-3'], circumstances(bind), { kind: 'refused', code: 'admission_control_active' }],
    [['ADM-3'], circumstances({ op: 'unregisterServer', id: 'a' }), { kind: 'refused', code: 'admission_control_active' }],
    [['RTE-6', 'RTE-3'], circumstances(broadcast, { throwing: true }), { kind: 'refused', code: 'server_not_found' }],
    [['RTE-7', 'RTE-3'], circumstances(broadcast, { reentrant: true }), { kind: 'done', value: 7 }],
    [['RTE-3'], circumstances(broadcast), { kind: 'done', value: 7 }],
    [['RTE-3'], circumstances(broadcast, { reentrant: true }), { kind: 'refused', code: 'server_not_found' }],
    [['UNR-2'], circumstances({ op: 'unregisterServer', id: 'a' }), { kind: 'refused', code: 'server_not_found' }],
    [['UNR-2'], circumstances({ op: 'unregisterTransport', id: 't' }), { kind: 'refused', code: 'transport_not_found' }],
    [['UNR-1'], circumstances({ op: 'unregisterServer', id: 'a' }), { kind: 'refused', code: 'endpoint_down' }],
    [['BND-1'], circumstances(bind), { kind: 'refused', code: 'server_not_found' }],
    [['ERR-1'], circumstances(register), { kind: 'broken', what: 'x', breaks: 'ERR-1' }],
    [['RTE-6'], circumstances(broadcast, refusing('registry_closed')), { kind: 'broken', what: 'x', breaks: 'RTE-6' }],
  ])('an answer breaks %s', (requirements, given, answer) => {
    expect(blameAnswer(given, answer)).toEqual(requirements);
  });

  const name = (namespace: 'server' | 'transport', id: string, expected: boolean, configOnly = false): Difference => ({ in: 'name', namespace, id, expected, configOnly });
  const binding = (transportId: string, expected: boolean): Difference => ({ in: 'binding', transportId, expected });
  const unregister: Operation = { op: 'unregisterServer', id: 'a' };
  const unregisterTransport: Operation = { op: 'unregisterTransport', id: 't' };
  it.each<[RequirementId[], Circumstances, Difference]>([
    [['LST-1'], circumstances(register), { in: 'list' }],
    [['LST-1'], circumstances(register, refusing()), { in: 'list' }],
    [['REG-4'], circumstances(register, refusing()), binding('t', true)],
    [['BND-8'], circumstances(registerTransport), binding('t', true)],
    [['BND-9'], circumstances(registerTransport), binding('t', false)],
    [['BND-9', 'REG-4'], circumstances(registerTransport, { refusedBefore: true }), binding('t', false)],
    [['INC-2', 'BND-9'], circumstances(registerTransport), binding('u', false)],
    [['INC-2', 'BND-9'], circumstances(bindsNobody), binding('t', false)],
    [['INC-2', 'BND-9', 'REG-4'], circumstances(bindsNobody, { refusedBefore: true }), binding('t', false)],
    [['BND-9', 'INC-2'], circumstances(register), binding('t', false)],
    [['BND-9', 'INC-2'], circumstances({ ...register, config: { serverId: 'b' } }), binding('a', true)],
    [['INC-2', 'BND-9'], circumstances(register, { everBound: (transport) => transport === 't' }), binding('t', false)],
    [['BND-9', 'INC-2', 'REG-4'], circumstances(register, { refusedBefore: true }), binding('t', false)],
    [['NAM-3'], circumstances(register), name('server', 'A', false)],
    [['UNR-1', 'DWN-1', 'NAM-3'], circumstances(register, { heldBefore: only('server', 'A') }), name('server', 'A', false)],
    [['NAM-3'], circumstances(register, { heldBefore: only('server', 'A') }), name('transport', 'A', false)],
    [['NAM-3'], circumstances(register, { heldBefore: only('server', 'A') }), name('server', 'A', true)],
    [['NAM-4'], circumstances(register), name('transport', 'a', false)],
    [['NAM-4'], circumstances(registerTransport), name('server', 't', false)],
    [['CFG-1'], circumstances(register), name('server', 'a', true, true)],
    [['CFG-1'], circumstances(registerTransport), name('transport', 't', true, true)],
    [['CFG-1', 'REG-4'], circumstances(register, { refusedBefore: true }), name('server', 'a', true, true)],
    [['REG-1', 'LKP-1'], circumstances(register), name('server', 'a', true)],
    [['BND-6', 'BND-4'], circumstances(unregister), binding('t', false)],
    [['BND-6', 'BND-4'], circumstances(unregister), binding('t', true)],
    [['BND-6', 'BND-4'], circumstances(unregister), binding('a', false)],
    [['NAM-4', 'BND-6', 'BND-4'], circumstances(unregister), binding('a', true)],
    [['UNR-1', 'NAM-4'], circumstances(unregister), name('server', 'a', false)],
    [['UNR-1', 'NAM-4'], circumstances(unregister), name('transport', 'b', true)],
    [['NAM-4', 'UNR-1'], circumstances(unregister), name('transport', 'a', true)],
    [['BND-7', 'UNR-1'], circumstances(unregisterTransport), binding('t', false)],
    [['UNR-1', 'NAM-4'], circumstances(unregisterTransport), name('transport', 't', false)],
    [['UNR-1', 'NAM-4'], circumstances(unregisterTransport), name('server', 'u', true)],
    [['NAM-4', 'UNR-1'], circumstances(unregisterTransport), name('server', 't', true)],
    [['UPD-1'], circumstances({ op: 'updateServer', id: 'a', config: {} }), name('server', 'a', true, true)],
    [['BND-1'], circumstances(bind), binding('t', true)],
    [['BND-1'], circumstances(bind, { wasBound: () => true }), binding('u', true)],
    [['BND-1'], circumstances(bind, { wasBound: () => true }), name('transport', 't', true)],
    [['BND-4', 'BND-1'], circumstances(bind, { wasBound: (transport) => transport === 't' }), binding('t', true)],
    [['BND-5'], circumstances({ op: 'unbindTransport', transportId: 't' }), binding('t', false)],
    [['DWN-1', 'DWN-3'], circumstances(down), name('server', 'a', false)],
    [['DWN-2', 'DWN-1', 'DWN-3'], circumstances(down), binding('t', false)],
    [['DWN-4', 'DWN-2', 'BND-4', 'INC-1'], circumstances(down), binding('t', true)],
    [['DWN-4'], circumstances(down), name('server', 'a', true)],
    [['DWN-4', 'REG-4'], circumstances(down, { refusedBefore: true }), name('server', 'a', true)],
    [['INC-1', 'DWN-4'], circumstances(down, { formerHolder: only('server', 'a') }), name('server', 'a', true)],
    [['STA-5'], circumstances({ op: 'resetStats' }), name('server', 'a', true)],
    [['RTE-7', 'UNR-1', 'NAM-4', 'BND-5', 'BND-6', 'BND-7'], circumstances(broadcast, { reentrant: true }), binding('t', false)],
    [['RTE-1'], circumstances(broadcast), binding('t', true)],
    [['RTE-1'], circumstances({ op: 'routeToServer', serverId: 'a', transportId: 't', message: 'm' }), binding('t', true)],
    [['RTE-1'], circumstances({ op: 'routeToTransport', serverId: 'a', transportId: 't', message: 'm' }), binding('t', true)],
    [['LKP-1'], circumstances({ op: 'advance', ms: 1 }), name('server', 'a', true)],
  ])('a state breaks %s', (requirements, given, difference) => {
    expect(blameState(given, difference)).toEqual(requirements);
  });

  const delivery = { endpoint: 'e1', namespace: 'transport', to: 't', from: 'a', message: 'm' } as const;
  const route: Operation = { op: 'routeToTransport', transportId: 't', serverId: 'a', message: 'm' };
  it.each<[RequirementId[], Circumstances, Partial<Parameters<typeof blameDeliveries>[1]>]>([
    [['RTE-8', 'RTE-1'], circumstances(route), { extra: [delivery], formerHolderOf: () => true }],
    [['RTE-5'], circumstances(route), { extra: [delivery], deliveredBefore: () => true, formerHolderOf: () => true }],
    // It arrived where it had to, under another name.
    [['RTE-1'], circumstances(route), { missing: [delivery], extra: [{ ...delivery, to: 'other' }], formerHolderOf: () => true }],
    [['RTE-8', 'RTE-1'], circumstances(route), { missing: [delivery], extra: [{ ...delivery, endpoint: 'e2' }], formerHolderOf: () => true }],
    [['RTE-8', 'RTE-1'], circumstances(route), { missing: [delivery], extra: [{ ...delivery, message: 'n' }], formerHolderOf: () => true }],
    [['RTE-6', 'RTE-3'], circumstances(broadcast, { throwing: true, reentrant: true }), { missing: [delivery] }],
    [['RTE-7', 'RTE-3'], circumstances(broadcast, { reentrant: true }), { missing: [delivery] }],
    [['RTE-3'], circumstances(broadcast), { missing: [delivery] }],
    [['RTE-3', 'RTE-6', 'RTE-7'], circumstances(broadcast, { troubled: true }), { missing: [delivery] }],
    [['RTE-1'], circumstances(route), { missing: [delivery] }],
    [['RTE-5'], circumstances(route), { extra: [delivery], expected: [delivery] }],
    [['RTE-5'], circumstances(route), { extra: [{ ...delivery, to: 'other' }, delivery], expected: [delivery] }],
    [['RTE-1'], circumstances(route), { extra: [{ ...delivery, endpoint: 'e2' }], expected: [delivery] }],
    [['RTE-1'], circumstances(route), { extra: [{ ...delivery, message: 'n' }], expected: [delivery] }],
    [['RTE-3'], circumstances(broadcast), { extra: [delivery] }],
    [['RTE-2'], circumstances(route), { extra: [delivery] }],
    [['RTE-1'], circumstances(route), { extra: [{ ...delivery, to: 'other' }], expected: [delivery] }],
  ])('deliveries break %s', (requirements, given, found) => {
    expect(blameDeliveries(given, { missing: [], extra: [], expected: [], formerHolderOf: () => false, deliveredBefore: () => false, ...found })).toEqual(requirements);
  });

  it.each<[RequirementId, Operation, unknown]>([
    ['REG-1', register, undefined],
    ['REG-1', registerTransport, undefined],
    ['UNR-1', unregister, undefined],
    ['UNR-1', unregisterTransport, undefined],
    ['UPD-1', { op: 'updateServer', id: 'a', config: {} }, undefined],
    ['LKP-1', { op: 'findServer', id: 'a' }, {}],
    ['LKP-2', { op: 'findTransport', id: 'a' }, undefined],
    ['LST-1', { op: 'listServers' }, []],
    ['LST-1', { op: 'listTransports' }, []],
    ['BND-1', bind, undefined],
    ['BND-1', { op: 'getServerForTransport', transportId: 't' }, 'a'],
    ['BND-5', { op: 'unbindTransport', transportId: 't' }, undefined],
    ['RTE-1', { op: 'routeToServer', serverId: 'a', transportId: 't', message: 'm' }, 1],
    ['RTE-1', route, 1],
    ['RTE-2', route, 0],
    ['RTE-3', broadcast, 0],
    ['ADM-6', { op: 'setAdmission', mode: 'open' }, undefined],
    ['STA-1', { op: 'getPartitionStats' }, []],
    ['STA-5', { op: 'resetStats' }, undefined],
    ['CTN-10', { op: 'getContentionStatus' }, {}],
    ['CLS-2', { op: 'close' }, undefined],
    ['DWN-1', down, undefined],
    ['ERR-1', { op: 'advance', ms: 1 }, undefined],
  ])('success is what %s says', (requirement, operation, value) => {
    expect(successRequirement(operation, value)).toBe(requirement);
    expect(refusalRequirement('invalid_argument', { operation, mode: 'auto' })).toBe('NAM-1');
  });
});
