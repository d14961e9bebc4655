import { describe, expect, it, vi } from 'vitest';
import { createModel, type ModelOptions, type Operation } from '../../model/index.js';
import { broadcast as broadcastTo, type Config, type ContentionStatus, type Delivery, type Endpoint, type PartitionStats, type Registration, type RequirementId } from '../../spec/index.js';
import { partitionOf } from '../../src/ids.js';
import type { ShardedRegistry } from '../../src/index.js';
import { mutant } from '../testing/mutants.js';
import { Blocked, Unanswered, Violation } from './findings.js';
import { Oracle, type Scope } from './oracle.js';
import { plannedReaction, reacts } from './reaction.js';
import { Rig } from './rig.js';

type Alter = Parameters<typeof mutant>[3];

const everything: Scope = { names: true, bindings: true, lists: true, configs: true, listeners: true, stalenessMs: 0, downMs: 0 };
const pool = { servers: ['a', 'b', 'c'], transports: ['t', 'u', 'a'] };

interface Setting extends Pick<ModelOptions, 'partitions' | 'partitionOf' | 'thresholds'> {
  readonly scope?: Partial<Scope>;
  readonly patienceMs?: number;
}

/** An oracle beside our registry, of which some operations lie. */
async function beside(alter: Alter, { scope, patienceMs = 1_000, ...options }: Setting = {}): Promise<Oracle> {
  const { partitions, thresholds } = options;
  const rig = await Rig.open(mutant('', [], 'a registry that lies', alter).adapter, { ...(partitions !== undefined && { partitions }), ...thresholds }, patienceMs);
  return new Oracle(rig, createModel(options), pool, { ...everything, ...scope });
}

/** What it finds, if it finds anything. */
async function run(oracle: Oracle, steps: readonly Operation[]): Promise<Violation | undefined> {
  try {
    for (const step of steps) await oracle.step(step);
    await oracle.end();
    return undefined;
  } catch (error) {
    if (error instanceof Violation) return error;
    throw error;
  } finally {
    await oracle.rig.dispose();
  }
}

/** Who is blamed, and who may be the cause as well; what is wrong, what was expected, and what was there. */
type Found = readonly [requirements: readonly RequirementId[], message: string, expected: string, actual: string] | undefined;

const shown = (violation: Violation | undefined): Found =>
  violation && [[violation.requirement!, ...violation.suspects], violation.message, violation.expected, violation.actual];

const refuse = (code: string): Promise<never> => Promise.reject(Object.assign(new Error(code), { code }));

const server = (id: string, endpoint: string, config?: Config): Operation => ({ op: 'registerServer', id, endpoint, ...(config && { config }) });
const transport = (id: string, endpoint: string, config?: Config): Operation => ({ op: 'registerTransport', id, endpoint, ...(config && { config }) });
const bind: Operation = { op: 'bindTransportToServer', transportId: 't', serverId: 'a' };
const down = (endpoint: string): Operation => ({ op: 'down', endpoint });
const toServer = (message: string): Operation => ({ op: 'routeToServer', serverId: 'a', transportId: 't', message });
const broadcast = (message: string): Operation => ({ op: 'broadcast', serverId: 'a', message });

describe('an oracle', () => {
  it('accuses nobody who does what the model says, and counts what it has seen', async () => {
    const oracle = await beside(() => ({}));
    const violation = await run(oracle, [
      server('a', 'e1', { v: 1 }),
      server('a', 'e2'),
      transport('t', 'throws1', { serverId: 'a' }),
      transport('u', 'unbinds1', { serverId: 'a' }),
      { op: 'updateServer', id: 'a', config: { v: 2 } },
      broadcast('m1'),
      { op: 'routeToTransport', transportId: 'u', serverId: 'a', message: 'm2' },
      toServer('m3'),
      { op: 'getServerForTransport', transportId: 'u' },
      { op: 'unbindTransport', transportId: 'u' },
      bind,
      { op: 'bindTransportToServer', transportId: 'x', serverId: 'a' },
      { op: 'bindTransportToServer', transportId: 't', serverId: 'x' },
      { op: 'findServer', id: 'a' },
      { op: 'findServer', id: 'b' },
      { op: 'listServers' },
      { op: 'unregisterServer', id: 'a' },
      server('a', 'e2'),
      toServer('m4'),
      down('e2'),
      toServer('m5'),
      server('b', 'e2'),
      { op: 'setAdmission', mode: 'closed' },
      server('b', 'e3'),
      { op: 'setAdmission', mode: 'open' },
      { op: 'resetStats' },
      { op: 'getPartitionStats' },
      { op: 'getContentionStatus' },
      server('a', 'e4'),
      { op: 'unregisterTransport', id: 'u' },
      transport('u', 'leaves1', { serverId: 'a' }),
      transport('a', 'rebroadcasts1', { serverId: 'a' }),
      { op: 'routeToTransport', transportId: 'a', serverId: 'a', message: 'm6' },
      broadcast('m7'),
      { op: 'close' },
      { op: 'findServer', id: 'a' },
    ]);
    expect(violation).toBeUndefined();
    expect(Object.fromEntries(oracle.occurred)).toEqual({
      'NAM-4': 1, 'REG-1': 7, 'REG-2': 1, 'REG-3': 1, 'REG-4': 6, 'REG-5': 3, 'CFG-1': 5, 'UNR-1': 2, 'UPD-1': 1, 'LKP-1': 1, 'LKP-2': 1, 'INC-2': 3,
      'BND-1': 1, 'BND-2': 1, 'BND-3': 1, 'BND-5': 1, 'BND-6': 1, 'BND-8': 4, 'RTE-1': 4, 'RTE-2': 1, 'RTE-3': 2, 'RTE-5': 6, 'RTE-6': 1, 'RTE-7': 3, 'RTE-8': 3,
      'DWN-1': 1, 'DWN-4': 1, 'ADM-5': 1, 'ADM-6': 3, 'STA-5': 1,
      // Looked at after every step, of every endpoint that is up, holds nothing, and has been listened to.
      'CLS-3': 12, 'CLS-4': 24,
    });
    expect(oracle.program).toHaveLength(36);
    expect(oracle.spoiled).toBe(false);
  });

  const holds: Operation[] = [server('a', 'e1', { v: 1 })];
  const bound: Operation[] = [...holds, transport('t', 'e3', { serverId: 'a' })];
  const found = (real: ShardedRegistry, id: string): Registration => real.findServer(id)!;

  /** Takes a name once. */
  const refusingAgain = (real: ShardedRegistry): ReturnType<Alter> => {
    const taken = new Set<string>();
    const once = (id: string, register: () => Promise<void>): Promise<void> => (taken.has(id) ? refuse('already_registered') : (taken.add(id), register()));
    return {
      registerServer: (...args: [string, Endpoint]) => once(`server ${args[0]}`, () => real.registerServer(...args)),
      registerTransport: (...args: [string, Endpoint]) => once(`transport ${args[0]}`, () => real.registerTransport(...args)),
    };
  };
  const keepingBindings = (real: ShardedRegistry): ReturnType<Alter> => {
    const last = new Map<string, string | undefined>();
    return { getServerForTransport: (id: string) => (last.set(id, real.getServerForTransport(id) ?? last.get(id)), last.get(id)) };
  };
  const movingNowhere = (real: ShardedRegistry): ReturnType<Alter> => ({ getServerForTransport: (id: string) => (real.getServerForTransport(id) === 'b' ? undefined : real.getServerForTransport(id)) });
  /** Shows a transport bound to a server as soon as that has been registered so many times. */
  const bindingTo = (real: ShardedRegistry, transportId: string, serverId: string, times = 1): ReturnType<Alter> => {
    let registered = 0;
    return {
      registerServer: (id: string, ...rest: [Endpoint]) => (id === serverId && registered++, real.registerServer(id, ...rest)),
      getServerForTransport: (id: string) => (id === transportId && registered === times ? serverId : real.getServerForTransport(id)),
    };
  };

  it.each<[string, Found, Alter, readonly Operation[], Setting?]>([
    // Answers.
    ['refuses what is fine', [['REG-1'], 'registerServer("a", e1, {v: 1}) was answered wrongly', 'success', 'refused: already_registered'], () => ({ registerServer: () => refuse('already_registered') }), holds],
    ['takes what has to be refused', [['REG-2'], 'registerServer("a", e2) was answered wrongly', 'refused: already_registered', 'done'], (real) => ({ registerServer: (...args: [string, Endpoint]) => real.registerServer(...args).catch(() => undefined) }), [...holds, server('a', 'e2')]],
    ['refuses with another code', [['UPD-2'], 'updateServer("x", {}) was answered wrongly', 'refused: server_not_found', 'refused: endpoint_down'], () => ({ updateServer: () => refuse('endpoint_down') }), [{ op: 'updateServer', id: 'x', config: {} }]],
    ['counts one delivery too many', [['RTE-1'], 'routeToServer("a", "t", "m") was answered wrongly', '1', '2'], (real) => ({ routeToServer: (...args: [string, string, unknown]) => real.routeToServer(...args) + 1 }), [...holds, toServer('m')]],
    ['counts one too few', [['RTE-1'], 'routeToServer("a", "t", "m") was answered wrongly', '1', '0'], (real) => ({ routeToServer: (...args: [string, string, unknown]) => real.routeToServer(...args) - 1 }), [...holds, toServer('m')]],
    ['counts one too few, of a send that throws', undefined, (real) => ({ routeToServer: (...args: [string, string, unknown]) => real.routeToServer(...args) - 1 }), [server('a', 'throws1'), toServer('m')]],
    ['counts one too few, of a send that rejects', undefined, (real) => ({ routeToServer: (...args: [string, string, unknown]) => real.routeToServer(...args) - 1 }), [server('a', 'rejects1'), toServer('m')]],
    ['counts one too many, of a send that throws', [['RTE-1'], 'routeToServer("a", "t", "m") was answered wrongly', '0 to 1', '2'], (real) => ({ routeToServer: (...args: [string, string, unknown]) => real.routeToServer(...args) + 1 }), [server('a', 'throws1'), toServer('m')]],
    ['counts too many of a broadcast', [['RTE-3'], 'routeToTransport(broadcast, "a", "m") was answered wrongly', '1', '2'], (real) => ({ routeToTransport: (...args: [string, string, unknown]) => real.routeToTransport(...args) + 1 }), [...bound, broadcast('m')]],
    ['counts too many of a route to a transport', [['RTE-1'], 'routeToTransport("t", "a", "m") was answered wrongly', '1', '2'], (real) => ({ routeToTransport: (...args: [string, string, unknown]) => real.routeToTransport(...args) + 1 }), [...bound, { op: 'routeToTransport', transportId: 't', serverId: 'a', message: 'm' }]],
    ['refuses with a code that does not apply, where two do', [['REG-1'], 'registerServer("a", e2) was answered wrongly', 'refused: already_registered or admission_control_active', 'refused: endpoint_down'], (real) => ({ registerServer: (...args: [string, Endpoint]) => (real.getContentionStatus().mode === 'closed' ? refuse('endpoint_down') : real.registerServer(...args)) }), [...holds, { op: 'setAdmission', mode: 'closed' }, server('a', 'e2')]],
    ['refuses to route', [['RTE-1'], 'routeToServer("a", "t", "m") was answered wrongly', '1', 'refused: server_not_found'], () => ({ routeToServer: () => refuse('server_not_found') }), [...holds, toServer('m')]],
    ['refuses a name that was given up', [['REG-5', 'REG-1'], 'registerServer("a", e2) was answered wrongly', 'success', 'refused: already_registered'], (real) => refusingAgain(real), [server('a', 'e1'), { op: 'unregisterServer', id: 'a' }, server('a', 'e2')]],
    ['refuses a transport that was given up', [['REG-5', 'REG-1'], 'registerTransport("t", e2) was answered wrongly', 'success', 'refused: already_registered'], (real) => refusingAgain(real), [transport('t', 'e1'), { op: 'unregisterTransport', id: 't' }, transport('t', 'e2')]],
    ['refuses a transport of the id of a server', [['NAM-4', 'REG-1'], 'registerTransport("a", e2) was answered wrongly', 'success', 'refused: already_registered'], () => ({ registerTransport: () => refuse('already_registered') }), [...holds, transport('a', 'e2')]],
    ['refuses a server of the id of a transport', [['NAM-4', 'REG-1'], 'registerServer("a", e1) was answered wrongly', 'success', 'refused: already_registered'], () => ({ registerServer: () => refuse('already_registered') }), [transport('a', 'e2'), server('a', 'e1')]],
    ['refuses a lookup that is asked for', [['LKP-2'], 'findServer("x") was answered wrongly', 'success', 'refused: server_not_found'], (real) => ({ findServer: (id: string) => (id === 'x' ? refuse('server_not_found') : real.findServer(id)) }), [{ op: 'findServer', id: 'x' }]],
    // Deliveries.
    ['delivers nothing', [['RTE-1'], 'routeToServer("a", "t", "m") did not deliver what it had to', '"m" to server "a" at e1', 'missing "m" to server "a" at e1'], () => ({ routeToServer: () => 1 }), [...holds, toServer('m')]],
    ['delivers twice', [['RTE-5'], 'routeToServer("a", "t", "m") did not deliver what it had to', '"m" to server "a" at e1', 'too many "m" to server "a" at e1'], (real) => ({ routeToServer: (...args: [string, string, unknown]) => (real.routeToServer(...args), real.routeToServer(...args)) }), [...holds, toServer('m')]],
    ['delivers what was delivered before', [['RTE-5'], 'routeToServer("a", "t", "m2") did not deliver what it had to', '"m2" to server "a" at e1', 'too many "m1" to server "a" at e1'], (real) => ({ routeToServer: (id: string, from: string, message: unknown) => (message === 'm2' && real.routeToServer(id, from, 'm1'), real.routeToServer(id, from, message)) }), [...holds, toServer('m1'), toServer('m2')]],
    ['delivers another message', [['RTE-1'], 'routeToServer("a", "t", "m") did not deliver what it had to', '"m" to server "a" at e1', 'missing "m" to server "a" at e1; too many "other" to server "a" at e1'], (real) => ({ routeToServer: (id: string, from: string) => real.routeToServer(id, from, 'other') }), [...holds, toServer('m')]],
    ['delivers under another name', [['RTE-1'], 'routeToServer("a", "t", "m") did not deliver what it had to', '"m" to server "a" at e1', 'missing "m" to server "a" at e1; too many "m" to server "b" at e1'], (real) => ({ routeToServer: (id: string, from: string, message: unknown) => (found(real, id).endpoint.send({ namespace: 'server', to: 'b', from, message }), 1) }), [...holds, toServer('m')]],
    ['delivers what is no delivery', [['RTE-1'], 'a delivery was malformed', '{ namespace, to, from, message }', '"m"'], (real) => ({ routeToServer: (id: string) => (found(real, id).endpoint.send('m' as unknown as Delivery), 1) }), [...holds, toServer('m')]],
    ['delivers to nobody who is there', [['RTE-2'], 'routeToServer("a", "t", "m") did not deliver what it had to', 'no delivery', 'too many "m" to server "a" at e1'], (real) => ({ routeToServer: (...args: [string, string, unknown]) => (real.findServer('b')?.endpoint.send({ namespace: 'server', to: 'a', from: args[1], message: args[2] }), 0) }), [server('b', 'e1'), toServer('m')]],
    ['delivers to whoever held the name', [['RTE-8', 'RTE-1'], 'routeToServer("a", "t", "m") did not deliver what it had to', '"m" to server "a" at e2', 'too many "m" to server "a" at e1'], (real) => {
      let first: Endpoint | undefined;
      return {
        registerServer: (id: string, endpoint: Endpoint) => ((first ??= endpoint), real.registerServer(id, endpoint)),
        routeToServer: (id: string, from: string, message: unknown) => (first!.send({ namespace: 'server', to: id, from, message }), real.routeToServer(id, from, message)),
      };
    }, [server('a', 'e1'), { op: 'unregisterServer', id: 'a' }, server('a', 'e2'), toServer('m')]],
    ['delivers to whoever held the name, and to whom it has to under another', [['RTE-8', 'RTE-3'], 'routeToTransport(broadcast, "a", "m") did not deliver what it had to', '"m" to transport "t" at e3, "m" to transport "u" at e5', 'too many "m" to transport "t" at e5'], (real) => ({ routeToTransport: (_: unknown, from: string, message: unknown) => (real.findTransport('u')!.endpoint.send({ namespace: 'transport', to: 't', from, message }), real.routeToTransport(broadcastTo, from, message)) }),
      [...holds, transport('t', 'e5'), { op: 'unregisterTransport', id: 't' }, transport('t', 'e3', { serverId: 'a' }), transport('u', 'e5', { serverId: 'a' }), broadcast('m')]],
    ['delivers one of a broadcast twice', [['RTE-5'], 'routeToTransport(broadcast, "a", "m") did not deliver what it had to', '"m" to transport "t" at e3, "m" to transport "u" at e4', 'too many "m" to transport "t" at e3'], (real) => ({ routeToTransport: (_: unknown, from: string, message: unknown) => (real.routeToTransport('t', from, message), real.routeToTransport(broadcastTo, from, message)) }), [...bound, transport('u', 'e4', { serverId: 'a' }), broadcast('m')]],
    ['delivers as a server what it was once', [['RTE-8', 'RTE-1'], 'routeToTransport("a", "b", "m") did not deliver what it had to', '"m" to transport "a" at e1', 'too many "m" to server "a" at e1'], (real) => ({ routeToTransport: (id: string, from: string, message: unknown) => (found(real, 'b').endpoint.send({ namespace: 'server', to: 'a', from, message }), real.routeToTransport(id, from, message)) }),
      [server('a', 'e1'), { op: 'unregisterServer', id: 'a' }, server('b', 'e1'), transport('a', 'e1'), { op: 'routeToTransport', transportId: 'a', serverId: 'b', message: 'm' }]],
    ['delivers an echo to whoever held the name', [['RTE-8', 'RTE-3'], 'routeToTransport(broadcast, "a", "m2") did not deliver what it had to', '"m2" to transport "u" at rebroadcasts1, "m2" to transport "t" at e6, "echo" to transport "u" at rebroadcasts1, "echo" to transport "t" at e6', 'too many "echo" to transport "t" at e3'], (real) => {
      const former: Endpoint[] = [];
      return {
        registerTransport: (id: string, endpoint: Endpoint, config?: Config) => (id === 't' && former.push(endpoint), real.registerTransport(id, endpoint, config)),
        routeToTransport: (id: string, from: string, message: unknown) => (message === 'echo' && former.length > 1 && former[0]!.send({ namespace: 'transport', to: 't', from, message }), real.routeToTransport(id, from, message)),
      };
    }, [...bound, transport('u', 'rebroadcasts1', { serverId: 'a' }), broadcast('m1'), { op: 'unregisterTransport', id: 't' }, transport('t', 'e6', { serverId: 'a' }), broadcast('m2')]],
    ['loses the second message', [['RTE-1'], 'routeToServer("a", "t", "m2") did not deliver what it had to', '"m2" to server "a" at e1', 'missing "m2" to server "a" at e1'], (real) => ({ routeToServer: (...args: [string, string, unknown]) => (args[2] === 'm2' ? 1 : real.routeToServer(...args)) }), [...holds, toServer('m1'), toServer('m2')]],
    ['leaves one out of a broadcast', [['RTE-3'], 'routeToTransport(broadcast, "a", "m") did not deliver what it had to', '"m" to transport "t" at e3, "m" to transport "u" at e4', 'missing "m" to transport "u" at e4'], (real) => ({ routeToTransport: (_: unknown, from: string, message: unknown) => real.routeToTransport('t', from, message) + 1 }), [...bound, transport('u', 'e4', { serverId: 'a' }), broadcast('m')]],
    ['leaves out whoever throws', [['RTE-6', 'RTE-3'], 'routeToTransport(broadcast, "a", "m") did not deliver what it had to', '"m" to transport "t" at e3, "m" to transport "u" at throws4', 'missing "m" to transport "u" at throws4'], (real) => ({ routeToTransport: (_: unknown, from: string, message: unknown) => real.routeToTransport('t', from, message) + 1 }), [...bound, transport('u', 'throws4', { serverId: 'a' }), broadcast('m')]],
    ['leaves somebody out after one has thrown', [['RTE-1', 'RTE-6', 'RTE-7'], 'routeToServer("a", "t", "m2") did not deliver what it had to', '"m2" to server "a" at e1', 'missing "m2" to server "a" at e1'], (real) => {
      let thrown = false;
      return { routeToServer: (...args: [string, string, unknown]) => (thrown ? 1 : ((thrown = true), real.routeToServer(...args))) };
    }, [server('a', 'throws1'), toServer('m1'), { op: 'unregisterServer', id: 'a' }, server('a', 'e1'), toServer('m2')]],
    // Calls from within a send.
    ['refuses a call from within a send', [['RTE-7', 'UNR-1', 'BND-5', 'RTE-3'], 'a call made from within a send failed', 'success', 'refused: store_failed'], (real) => ({ unbindTransport: () => refuse('store_failed'), routeToTransport: (...args: [string, string, unknown]) => real.routeToTransport(...args) }), [...bound, transport('u', 'unbinds1', { serverId: 'a' }), { op: 'routeToTransport', transportId: 'u', serverId: 'a', message: 'm' }]],
    ['forgets a call from within a send', [['RTE-7', 'UNR-1', 'NAM-4', 'BND-5', 'BND-6', 'BND-7'], 'after routeToTransport("u", "a", "m"), getServerForTransport("t") is wrong', 'nothing', '"a"'], () => ({ unbindTransport: () => Promise.resolve() }), [...bound, transport('u', 'unbinds1', { serverId: 'a' }), { op: 'routeToTransport', transportId: 'u', serverId: 'a', message: 'm' }]],
    ['delivers nothing to whoever calls back', [['RTE-7', 'RTE-1'], 'routeToTransport("u", "a", "m") did not deliver what it had to', '"m" to transport "u" at unbinds1', 'missing "m" to transport "u" at unbinds1'], () => ({ routeToTransport: () => 1 }), [...bound, transport('u', 'unbinds1', { serverId: 'a' }), { op: 'routeToTransport', transportId: 'u', serverId: 'a', message: 'm' }]],
    // Names, bindings, lists.
    ['finds nothing', [['REG-1', 'LKP-1'], 'after registerServer("a", e1, {v: 1}), findServer("a") is wrong', '{id: "a", endpoint: "e1", config: {v: 1}}', 'nothing'], () => ({ findServer: () => undefined }), holds],
    ['finds what is not there', [['NAM-3'], 'after registerServer("a", e1, {v: 1}), findServer("b") is wrong', 'nothing', '{id: "b", endpoint: "e1", config: {v: 1}}'], (real) => ({ findServer: (id: string) => ({ ...real.findServer('a')!, id }) }), holds],
    ['finds somebody else', [['NAM-3'], 'after registerServer("b", e2), findServer("a") is wrong', '{id: "a", endpoint: "e1", config: {v: 1}}', '{id: "a", endpoint: "e2", config: {v: 1}}'], (real) => ({ findServer: (id: string) => (id === 'a' && real.findServer('b') ? { ...found(real, 'a'), endpoint: found(real, 'b').endpoint } : real.findServer(id)) }), [...holds, server('b', 'e2')]],
    ['finds somebody else from the beginning', [['REG-1', 'LKP-1'], 'after registerServer("a", e1), findServer("a") is wrong', '{id: "a", endpoint: "e1", config: {}}', '{id: "a", endpoint: "e2", config: {}}'], (real) => ({ findServer: (id: string) => (real.findServer('a') && id === 'a' ? { ...found(real, 'a'), endpoint: found(real, 'b').endpoint } : real.findServer(id)) }), [server('b', 'e2'), server('a', 'e1')]],
    ['finds another configuration after a refusal', [['CFG-1', 'REG-4'], 'after registerServer("a", e1, {v: 1}), findServer("a") is wrong', '{id: "a", endpoint: "e1", config: {v: 1}}', '{id: "a", endpoint: "e1", config: {}}'], (real) => ({ findServer: (id: string) => real.findServer(id) && { ...found(real, id), config: {} } }), [server('b', 'e1'), server('b', 'e2'), ...holds]],
    ['says that it is closed', [['LKP-2'], 'after registerServer("a", e1, {v: 1}), findServer("a") is wrong', '{id: "a", endpoint: "e1", config: {v: 1}}', 'refused: registry_closed'], (real) => ({ findServer: (id: string) => (real.findServer('a') ? refuse('registry_closed') : real.findServer(id)) }), holds],
    ['finds another id', [['REG-1', 'LKP-1'], 'after registerServer("a", e1, {v: 1}), findServer("a") is wrong', '{id: "a", endpoint: "e1", config: {v: 1}}', '{id: "b", endpoint: "e1", config: {v: 1}}'], (real) => ({ findServer: (id: string) => real.findServer(id) && { ...found(real, id), id: 'b' } }), holds],
    ['finds another configuration', [['CFG-1'], 'after registerServer("a", e1, {v: 1}), findServer("a") is wrong', '{id: "a", endpoint: "e1", config: {v: 1}}', '{id: "a", endpoint: "e1", config: {v: 2}}'], (real) => ({ findServer: (id: string) => real.findServer(id) && { ...found(real, id), config: { v: 2 } } }), holds],
    ['finds another configuration, which nobody looks at', undefined, (real) => ({ findServer: (id: string) => real.findServer(id) && { ...found(real, id), config: { v: 2 } } }), holds, { scope: { configs: false } }],
    ['finds nothing, and nobody looks', undefined, () => ({ findServer: () => undefined }), holds, { scope: { names: false } }],
    ['finds no transport', [['REG-1', 'LKP-1'], 'after registerTransport("t", e3, {serverId: "a"}), findTransport("t") is wrong', '{id: "t", endpoint: "e3", config: {serverId: "a"}}', 'nothing'], () => ({ findTransport: () => undefined }), bound],
    ['finds a transport of the id of a server', [['NAM-4'], 'after registerServer("a", e1, {v: 1}), findTransport("a") is wrong', 'nothing', '{id: "a", endpoint: "e1", config: {v: 1}}'], (real) => ({ findTransport: (id: string) => real.findServer(id) }), holds],
    ['refuses a lookup', [['LKP-2'], 'after registerServer("a", e1, {v: 1}), findServer("a") is wrong', '{id: "a", endpoint: "e1", config: {v: 1}}', 'refused: server_not_found'], (real) => ({ findServer: (id: string) => (real.findServer('a') ? refuse('server_not_found') : real.findServer(id)) }), holds],
    ['refuses a lookup while admission is closed', [['ADM-3'], 'after setAdmission("closed"), findServer("a") is wrong', 'nothing', 'refused: admission_control_active'], (real) => ({ findServer: (id: string) => (real.getContentionStatus().mode === 'closed' ? refuse('admission_control_active') : real.findServer(id)) }), [{ op: 'setAdmission', mode: 'closed' }]],
    ['answers a lookup with something else', [['ERR-1'], 'after registerServer("a", e1, {v: 1}), findServer("a") is wrong', '{id: "a", endpoint: "e1", config: {v: 1}}', 'findServer returned 7: Invalid input: expected object, received number'], (real) => ({ findServer: (id: string) => (real.findServer('a') ? 7 : real.findServer(id)) }), holds],
    ['has no binding', [['BND-8'], 'after registerTransport("t", e3, {serverId: "a"}), getServerForTransport("t") is wrong', '"a"', 'nothing'], () => ({ getServerForTransport: () => undefined }), bound],
    ['binds what was never bound', [['BND-9', 'INC-2'], 'after registerServer("a", e1), getServerForTransport("t") is wrong', 'nothing', '"a"'], (real) => ({ getServerForTransport: () => (real.findServer('a') ? 'a' : undefined) }), [server('b', 'e1'), transport('t', 'e2'), server('a', 'e1')]],
    ['keeps a binding to what went down', [['DWN-2', 'DWN-1', 'DWN-3'], 'after e1 goes down, getServerForTransport("t") is wrong', 'nothing', '"a"'], (real) => keepingBindings(real), [...bound, down('e1')]],
    ['loses a binding that is moved', [['BND-4', 'BND-1'], 'after bindTransportToServer("t", "b"), getServerForTransport("t") is wrong', '"b"', 'nothing'], (real) => movingNowhere(real), [...bound, server('b', 'e2'), { op: 'bindTransportToServer', transportId: 't', serverId: 'b' }]],
    ['loses a binding that is made', [['BND-1'], 'after bindTransportToServer("t", "b"), getServerForTransport("t") is wrong', '"b"', 'nothing'], (real) => movingNowhere(real), [...holds, transport('t', 'e3'), server('b', 'e2'), { op: 'bindTransportToServer', transportId: 't', serverId: 'b' }]],
    ['has a binding too many', [['BND-9', 'INC-2'], 'after registerServer("a", e1, {v: 1}), getServerForTransport("t") is wrong', 'nothing', '"a"'], () => ({ getServerForTransport: () => 'a' }), holds],
    ['refuses to tell a binding', [['LKP-2'], 'after registerServer("a", e1, {v: 1}), getServerForTransport("t") is wrong', 'nothing', 'refused: transport_not_found'], () => ({ getServerForTransport: () => refuse('transport_not_found') }), holds],
    ['has no binding, and nobody looks', undefined, () => ({ getServerForTransport: () => undefined }), bound, { scope: { bindings: false } }],
    ['lists nothing', [['LST-1'], 'listServers() contradicts the lookups', '[{id: "a", endpoint: "e1", config: {v: 1}}]', '[]'], () => ({ listServers: () => [] }), holds],
    ['refuses to list what is empty', [['LST-1'], 'listTransports() contradicts the lookups', '[]', 'refused: admission_control_active'], () => ({ listTransports: () => refuse('admission_control_active') }), holds],
    ['lists too much', [['LST-1'], 'listServers() contradicts the lookups', '[{id: "a", endpoint: "e1", config: {v: 1}}]', '[{id: "a", endpoint: "e1", config: {v: 1}}, {id: "a", endpoint: "e1", config: {v: 1}}]'], (real) => ({ listServers: () => [...real.listServers(), ...real.listServers()] }), holds],
    ['lists another id', [['LST-1'], 'listServers() contradicts the lookups', '[{id: "a", endpoint: "e1", config: {v: 1}}]', '[{id: "b", endpoint: "e1", config: {v: 1}}]'], (real) => ({ listServers: () => real.listServers().map((one) => ({ ...one, id: 'b' })) }), holds],
    ['lists somebody else', [['LST-1'], 'listTransports() contradicts the lookups', '[{id: "t", endpoint: "e3", config: {serverId: "a"}}]', '[{id: "t", endpoint: "e1", config: {serverId: "a"}}]'], (real) => ({ listTransports: () => real.listTransports().map((one) => ({ ...one, endpoint: found(real, 'a').endpoint })) }), bound],
    ['lists another configuration', [['LST-1'], 'listServers() contradicts the lookups', '[{id: "a", endpoint: "e1", config: {v: 1}}]', '[{id: "a", endpoint: "e1", config: {v: 2}}]'], (real) => ({ listServers: () => real.listServers().map((one) => ({ ...one, config: { v: 2 } })) }), holds],
    ['lists another configuration, which nobody looks at', undefined, (real) => ({ listServers: () => real.listServers().map((one) => ({ ...one, config: { v: 2 } })) }), holds, { scope: { configs: false } }],
    ['refuses to list', [['LST-1'], 'listServers() contradicts the lookups', '[{id: "b", endpoint: "e1", config: {}}]', 'refused: admission_control_active'], () => ({ listServers: () => refuse('admission_control_active') }), [server('b', 'e1')]],
    ['lists something else', [['ERR-1'], 'listServers() contradicts the lookups', '[{id: "a", endpoint: "e1", config: {v: 1}}]', 'listServers returned [7]: Invalid input: expected object, received number at 0'], () => ({ listServers: () => [7] }), holds],
    ['lists nothing, and nobody looks', undefined, () => ({ listServers: () => [] }), holds, { scope: { lists: false } }],
    // What operations leave behind.
    ['keeps what went down', [['DWN-1', 'DWN-3'], 'after e1 goes down, findServer("a") is wrong', 'nothing', '{id: "a", endpoint: "e1", config: {v: 1}}'], (real) => {
      const last = new Map<string, Registration | undefined>();
      return { findServer: (id: string) => (last.set(id, real.findServer(id) ?? last.get(id)), last.get(id)), listServers: () => [...last.values()].filter((one) => one !== undefined) };
    }, [...holds, down('e1')]],
    ['takes a name from somebody else', [['DWN-4'], 'after e2 goes down, findServer("a") is wrong', '{id: "a", endpoint: "e1", config: {}}', 'nothing'], (real) => ({ registerServer: (id: string, endpoint: Endpoint) => real.registerServer(id, endpoint).then(() => void (id === 'b' && endpoint.signal.addEventListener('abort', () => void real.unregisterServer('a')))) }), [server('a', 'e1'), server('b', 'e2'), down('e2')], { scope: { listeners: false } }],
    ['takes a name from whoever holds it now', [['INC-1', 'DWN-4'], 'after e1 goes down, findServer("a") is wrong', '{id: "a", endpoint: "e2", config: {}}', 'nothing'], (real) => ({ registerServer: (id: string, endpoint: Endpoint) => real.registerServer(id, endpoint).then(() => void endpoint.signal.addEventListener('abort', () => void real.unregisterServer(id))) }), [server('a', 'e1'), { op: 'unregisterServer', id: 'a' }, server('a', 'e2'), down('e1')], { scope: { listeners: false } }],
    ['binds anew what had been bound once', [['INC-2', 'BND-9'], 'after registerTransport("t", e4), getServerForTransport("t") is wrong', 'nothing', '"a"'], (real) => {
      const once = new Set<string>();
      return {
        getServerForTransport: (id: string) => {
          const server = real.getServerForTransport(id);
          if (server !== undefined) once.add(id);
          return once.has(id) && real.findTransport(id) && real.findServer('a') ? 'a' : server;
        },
      };
    }, [...bound, { op: 'unregisterTransport', id: 't' }, transport('t', 'e4')]],
    ['binds anew to the next of that name', [['INC-2', 'BND-9'], 'after registerServer("a", e2), getServerForTransport("t") is wrong', 'nothing', '"a"'], (real) => {
      const once = new Set<string>();
      return {
        getServerForTransport: (id: string) => {
          const server = real.getServerForTransport(id);
          if (server !== undefined) once.add(id);
          return once.has(id) && real.findServer('a') ? 'a' : server;
        },
      };
    }, [...bound, { op: 'unregisterServer', id: 'a' }, server('a', 'e2')]],
    ['binds a transport that was bound as another', [['BND-9', 'INC-2'], 'after registerServer("c", e5), getServerForTransport("t") is wrong', 'nothing', '"c"'], (real) => bindingTo(real, 't', 'c'), [...bound, { op: 'unregisterTransport', id: 't' }, transport('t', 'e4'), server('c', 'e5')]],
    ['binds a transport that has the id of a server', [['INC-2', 'BND-9'], 'after registerServer("b", e4), getServerForTransport("a") is wrong', 'nothing', '"b"'], (real) => bindingTo(real, 'a', 'b', 2), [server('b', 'e1'), transport('a', 'e2', { serverId: 'b' }), { op: 'unregisterServer', id: 'b' }, server('a', 'e3'), server('b', 'e4')]],
    ['registers what it refuses', [['REG-4'], 'after registerServer("a", e1), findServer("a") is wrong', 'nothing', '{id: "a", endpoint: "e1", config: {}}'], (real) => ({ registerServer: async (id: string, endpoint: Endpoint) => {
      if (real.getContentionStatus().mode !== 'closed') return real.registerServer(id, endpoint);
      real.setAdmission('open');
      await real.registerServer(id, endpoint);
      real.setAdmission('closed');
      return refuse('admission_control_active');
    } }), [{ op: 'setAdmission', mode: 'closed' }, server('a', 'e1')]],
    ['changes something with every message', [['RTE-1'], 'after routeToServer("a", "t", "m"), findServer("a") is wrong', '{id: "a", endpoint: "e1", config: {v: 1}}', 'nothing'], (real) => ({ routeToServer: (...args: [string, string, unknown]) => {
      const count = real.routeToServer(...args);
      void real.unregisterServer('a');
      return count;
    } }), [...holds, toServer('m')]],
    ['counts on when it is reset', [['STA-5'], 'a reset left something', 'no writes and no samples', '[{partition: 0, writeCount: 1, sampleCount: 0, samples: [], min: 0, mean: 0, max: 0, alarm: false}]'], (real) => ({ getPartitionStats: () => real.getPartitionStats().map((one) => ({ ...one, writeCount: 1 })) }), [{ op: 'resetStats' }], { partitions: 1 }],
    ['keeps samples when it is reset', [['STA-5'], 'a reset left something', 'no writes and no samples', '[{partition: 0, writeCount: 0, sampleCount: 0, samples: [1], min: 0, mean: 0, max: 0, alarm: false}]'], (real) => ({ getPartitionStats: () => real.getPartitionStats().map((one) => ({ ...one, samples: [1] })) }), [{ op: 'resetStats' }], { partitions: 1 }],
    ['refuses statistics when it is reset', undefined, () => ({ getPartitionStats: () => refuse('invalid_argument') }), [{ op: 'resetStats' }]],
    ['shows statistics of one partition when it is reset', undefined, (real) => ({ getPartitionStats: () => real.getPartitionStats(0) }), [{ op: 'resetStats' }]],
    ['leaves writes behind when it is reset', [['STA-5'], 'a reset left something', 'no writes and no samples', '[{partition: 3, writeCount: 1, sampleCount: 1, samples: [0], min: 0, mean: 0, max: 0, alarm: false}]'], () => ({ resetStats: () => undefined }), [...holds, { op: 'resetStats' }]],
    // Listeners.
    ['goes on listening to who has left', [['CLS-4'], 'after unregisterServer("a"), e1 holds no name, and is still listened to', '0 listeners', '1'], (real) => ({ registerServer: (id: string, endpoint: Endpoint) => (endpoint.signal.addEventListener('abort', () => undefined), real.registerServer(id, endpoint)) }), [server('a', 'e1'), { op: 'unregisterServer', id: 'a' }]],
    ['goes on listening to who went down', undefined, (real) => ({ registerServer: (id: string, endpoint: Endpoint) => (endpoint.signal.addEventListener('abort', () => undefined), real.registerServer(id, endpoint)) }), [server('a', 'e1'), down('e1')]],
    ['goes on listening when it is closed', [['CLS-3'], 'after close(), e1 holds no name, and is still listened to', '0 listeners', '1'], (real) => ({ registerServer: (id: string, endpoint: Endpoint) => (endpoint.signal.addEventListener('abort', () => undefined), real.registerServer(id, endpoint)) }), [server('a', 'e1'), { op: 'close' }]],
    ['goes on listening, and nobody looks', undefined, (real) => ({ registerServer: (id: string, endpoint: Endpoint) => (endpoint.signal.addEventListener('abort', () => undefined), real.registerServer(id, endpoint)) }), [server('a', 'e1'), { op: 'close' }], { scope: { listeners: false } }],
    // After the close.
    ['is closed, and finds nothing', undefined, (real) => {
      let closed = false;
      return { close: () => ((closed = true), real.close()), findServer: (id: string) => (closed ? undefined : real.findServer(id)), findTransport: (id: string) => (closed ? refuse('registry_closed') : real.findTransport(id)) };
    }, [...holds, { op: 'close' }]],
    ['is closed, and finds what was there', [['LKP-1'], 'after close(), findServer("a") is wrong', 'nothing', '{id: "a", endpoint: "e1", config: {v: 1}}'], (real) => {
      let last: Registration | undefined;
      return { findServer: (id: string) => (id === 'a' ? (last ??= real.findServer('a')) : undefined) };
    }, [...holds, { op: 'close' }]],
    ['is closed, and refuses lookups with another code', [['LKP-2'], 'after close(), findServer("a") is wrong', 'nothing', 'refused: server_not_found'], (real) => {
      let closed = false;
      return { close: () => ((closed = true), real.close()), findServer: (id: string) => (closed ? refuse('server_not_found') : real.findServer(id)) };
    }, [...holds, { op: 'close' }]],
  ])('finds out whoever %s', async (_, expected, alter, steps, setting) => {
    expect(shown(await run(await beside(alter, setting), steps))).toEqual(expected);
  });

  it('leaves open whether a broadcast reaches whom a call from within a send unbinds meanwhile, and nothing more', async () => {
    // Hands over to one after the other, unless one is no longer bound, and counts those.
    const carefully = (skips: string): Alter => (real) => ({
      routeToTransport: (to: string | typeof broadcastTo, from: string, message: unknown) => {
        if (to !== broadcastTo) return real.routeToTransport(to, from, message);
        const members = real.listTransports().filter(({ id }) => real.getServerForTransport(id) === from);
        return members.reverse().filter(({ id }) => id !== skips && real.getServerForTransport(id) === from && real.routeToTransport(id, from, message) === 1).length;
      },
    });
    const members = [server('a', 'e1'), transport('t', 'e1', { serverId: 'a' }), transport('a', 'throws1', { serverId: 'a' }), transport('u', 'unbinds1', { serverId: 'a' })];
    const skipping = await beside(carefully(''));
    expect(await run(skipping, [...members, broadcast('m')])).toBeUndefined();
    const reaching = await beside(() => ({}));
    expect(await run(reaching, [...members, broadcast('m')])).toBeUndefined();
    expect([skipping, reaching].map(({ occurred }) => occurred.get('RTE-7'))).toEqual([1, 1]);
    // Whoever throws was sent nothing by the one.
    expect([skipping, reaching].map(({ occurred }) => occurred.get('RTE-6'))).toEqual([undefined, 1]);
    expect(shown(await run(await beside(carefully('u')), [...members, broadcast('m')]))?.[0]).toEqual(['RTE-6', 'RTE-3']);
    expect(shown(await run(await beside(carefully('t')), [...members.slice(0, 3), transport('u', 'leaves1', { serverId: 'a' }), broadcast('m')]))?.[0]).toEqual(['RTE-6', 'RTE-3']);
  });

  it('takes what was forgone, and comes late, for no repetition', async () => {
    // Who is unbound from within a send gets the message after the next one.
    const lately: Alter = (real) => {
      const late: (() => void)[] = [];
      return {
        routeToTransport: (to: string | typeof broadcastTo, from: string, message: unknown) => {
          if (to !== broadcastTo) return real.routeToTransport(to, from, message);
          const members = real.listTransports().filter(({ id }) => real.getServerForTransport(id) === from);
          return members.reverse().filter(({ id, endpoint }) => {
            if (real.getServerForTransport(id) === from) return real.routeToTransport(id, from, message) === 1;
            late.push(() => endpoint.send({ namespace: 'transport', to: id, from, message }));
            return false;
          }).length;
        },
        routeToServer: (...args: [string, string, unknown]) => (late.splice(0).forEach((deliver) => deliver()), real.routeToServer(...args)),
      };
    };
    const violation = await run(await beside(lately), [server('a', 'e1'), transport('t', 'e2', { serverId: 'a' }), transport('u', 'unbinds1', { serverId: 'a' }), broadcast('m1'), toServer('m2')]);
    expect(violation?.actual).toBe('too many "m1" to transport "t" at e2');
    expect(violation?.requirement).not.toBe('RTE-5');
  });

  it.each<[string, readonly RequirementId[] | undefined, Alter, readonly Operation[]]>([
    ['refuse to let strangers route to a server', undefined, (real) => ({ routeToServer: (id: string, from: string, message: unknown) => (real.findTransport(from) ? real.routeToServer(id, from, message) : refuse('transport_not_found')) }), [...holds, toServer('m')]],
    ['refuse to let strangers route to a transport', undefined, (real) => ({ routeToTransport: (id: string, from: string, message: unknown) => (real.findServer(from) ? real.routeToTransport(id, from, message) : refuse('server_not_found')) }), [transport('t', 'e1'), { op: 'routeToTransport', transportId: 't', serverId: 'a', message: 'm' }]],
    ['let nobody hear of strangers, nor them unbind anybody', undefined, (real) => ({ routeToTransport: (id: string, from: string, message: unknown) => (real.findServer(from) ? real.routeToTransport(id, from, message) : 0) }), [...bound, transport('u', 'unbinds1', { serverId: 'a' }), { op: 'routeToTransport', transportId: 'u', serverId: 'b', message: 'm1' }, broadcast('m2')]],
    ['refuse to let strangers route to nobody', undefined, (real) => ({ routeToServer: (id: string, from: string, message: unknown) => (real.findTransport(from) ? real.routeToServer(id, from, message) : refuse('transport_not_found')) }), [toServer('m')]],
    ['refuse strangers with the code of another', ['RTE-1'], (real) => ({ routeToServer: (id: string, from: string, message: unknown) => (real.findTransport(from) ? real.routeToServer(id, from, message) : refuse('server_not_found')) }), [...holds, toServer('m')]],
    ['refuse strangers to a transport with the code of another', ['RTE-1'], (real) => ({ routeToTransport: (id: string, from: string, message: unknown) => (real.findServer(from) ? real.routeToTransport(id, from, message) : refuse('transport_not_found')) }), [transport('t', 'e1'), { op: 'routeToTransport', transportId: 't', serverId: 'a', message: 'm' }]],
    ['refuse those who are registered', ['RTE-1'], (real) => ({ routeToServer: () => real.findTransport('t') && refuse('transport_not_found') }), [...bound, toServer('m')]],
    ['let nobody hear of those who are registered', ['RTE-1'], () => ({ routeToServer: () => 0 }), [...bound, toServer('m')]],
    ['let nobody hear of strangers now and then', ['RTE-1'], (real) => ({ routeToServer: (id: string, from: string, message: unknown) => (message === 'm2' ? 0 : real.routeToServer(id, from, message)) }), [...holds, toServer('m1'), toServer('m2')]],
    ['refuse strangers, and hand over what they say', ['RTE-1'], (real) => ({ routeToServer: (id: string, from: string, message: unknown) => (real.routeToServer(id, from, message), real.findTransport(from) ? 1 : refuse('transport_not_found')) }), [...holds, toServer('m')]],
    ['answer strangers with something else', ['RTE-1'], (real) => ({ routeToServer: (id: string, from: string, message: unknown) => (real.findTransport(from) ? real.routeToServer(id, from, message) : real.findServer('known') ? 0 : 2) }), [...holds, toServer('m')]],
  ])('judges those who %s by whether they hear any stranger', async (_, blamed, alter, steps) => {
    const violation = await run(await beside(alter, { patienceMs: 50 }), steps);
    expect(violation?.requirement && [violation.requirement]).toEqual(blamed);
  });

  it('counts what strangers send to nobody, whether they are heard or not', async () => {
    const deaf = await beside((real) => ({ routeToServer: (id: string, from: string, message: unknown) => (real.findTransport(from) ? real.routeToServer(id, from, message) : 0) }));
    expect(await run(deaf, [toServer('m')])).toBeUndefined();
    expect(deaf.occurred.get('RTE-2')).toBe(1);
  });

  it('blames what is delivered too much on a repetition only if it has been delivered before', async () => {
    const [first, second] = [new Set<unknown>(), new Set<unknown>()];
    const doubly = (others: Set<unknown>, again: unknown): Alter => (real) => ({
      routeToServer: (id: string, from: string, message: unknown) => {
        if (others.size === 1) real.routeToServer('b', from, again ?? message);
        others.add(message);
        return real.routeToServer(id, from, message);
      },
    });
    const steps = [...holds, server('b', 'e2'), transport('t', 'e3'), toServer('m1'), toServer('m2')];
    const once = shown(await run(await beside(doubly(first, undefined)), steps));
    expect(once?.[3]).toBe('too many "m2" to server "b" at e2');
    expect(once?.[0]).not.toContain('RTE-5');
    const toOther: Operation = { op: 'routeToServer', serverId: 'b', transportId: 't', message: 'm1' };
    expect(shown(await run(await beside(doubly(second, 'm1')), [...steps.slice(0, 3), toOther, toServer('m2')]))?.[0]).toEqual(['RTE-5']);
  });

  it('takes the answer of a read for no count of recipients', async () => {
    const rig = await Rig.open(mutant('', [], 'ours', () => ({})).adapter, {}, 1_000);
    const oracle = new Oracle(rig, createModel(), { servers: ['7'], transports: ['t'] }, everything);
    expect(await run(oracle, [server('7', 'e1'), transport('t', 'e2', { serverId: '7' }), { op: 'getServerForTransport', transportId: 't' }])).toBeUndefined();
  });

  it('waits for what is on its way: until the registry says that it has settled, and some turns in any case', async () => {
    const settling: Alter = (real) => {
      const under: [string, string, unknown][] = [];
      const deliver = (): void => under.splice(0).forEach((args) => real.routeToServer(...args));
      return { routeToServer: (...args: [string, string, unknown]) => under.push(args), settle: () => Promise.resolve(deliver()) };
    };
    const steps = [...holds, transport('t', 'e2'), toServer('m')];
    expect(await run(await beside(settling), steps)).toBeUndefined();

    const late: Alter = (real) => ({
      routeToServer: (...args: [string, string, unknown]) => {
        let turns = 20;
        const wait = (): void => void (turns-- > 0 ? setImmediate(wait) : real.routeToServer(...args));
        wait();
        return 1;
      },
    });
    const oracle = await beside(late);
    for (const step of steps.slice(0, -1)) await oracle.step(step);
    // On a machine so slow that all patience is at an end before anything is looked at.
    let now = performance.now();
    const slow = vi.spyOn(performance, 'now').mockImplementation(() => (now += 1_000));
    try {
      await oracle.step(steps.at(-1)!);
    } finally {
      slow.mockRestore();
      await oracle.rig.dispose();
    }
    expect(oracle.occurred.get('RTE-1')).toBe(1);
  });

  it('counts no listener that was taken off where there never was one', async () => {
    const unwatched = await beside((real) => {
      const lifetimes = new Map<Endpoint, Endpoint>();
      // A signal of its own, that nobody else sees.
      const own = (endpoint: Endpoint): Endpoint => {
        const known = lifetimes.get(endpoint) ?? { send: (delivery: Delivery) => endpoint.send(delivery), signal: new AbortController().signal };
        lifetimes.set(endpoint, known);
        return known;
      };
      const back = (found: Registration | undefined): Registration | undefined => found && { ...found, endpoint: [...lifetimes].find(([, own]) => own === found.endpoint)![0] };
      return {
        registerServer: (id: string, endpoint: Endpoint, config?: Config) => real.registerServer(id, own(endpoint), config),
        findServer: (id: string) => back(real.findServer(id)),
        listServers: () => real.listServers().map((found) => back(found)!),
      };
    });
    expect(await run(unwatched, [...holds, { op: 'unregisterServer', id: 'a' }])).toBeUndefined();
    expect(unwatched.occurred.get('CLS-4')).toBeUndefined();
    const watched = await beside(() => ({}));
    expect(await run(watched, [...holds, { op: 'unregisterServer', id: 'a' }])).toBeUndefined();
    expect(watched.occurred.get('CLS-4')).toBeGreaterThan(0);
  });

  it('lets no call from within a send of a stranger happen later', async () => {
    const oracle = await beside((real) => ({ routeToTransport: (id: string, from: string, message: unknown) => (real.findServer(from) ? real.routeToTransport(id, from, message) : 0) }), { scope: { bindings: false } });
    for (const step of [...bound, transport('u', 'unbinds1', { serverId: 'a' })]) await oracle.step(step);
    await oracle.step({ op: 'routeToTransport', transportId: 'u', serverId: 'b', message: 'm' });
    expect(oracle.rig.mailbox.reaction).toBeUndefined();
    expect(oracle.state).toBe(oracle.before);
    await oracle.rig.dispose();
  });

  it('blames what goes wrong while admission is closed on that as well', async () => {
    const closed: Operation = { op: 'setAdmission', mode: 'closed' };
    const deaf: Alter = (real) => ({ routeToServer: (...args: [string, string, unknown]) => (real.getContentionStatus().admission === 'closed' ? 1 : real.routeToServer(...args)) });
    expect(shown(await run(await beside(deaf), [...holds, closed, toServer('m')]))?.[0]).toEqual(['RTE-1', 'ADM-3']);
    const miscounting: Alter = (real) => ({ routeToServer: (...args: [string, string, unknown]) => real.routeToServer(...args) + 1 });
    expect(shown(await run(await beside(miscounting), [...holds, closed, toServer('m')]))?.[0]).toEqual(['RTE-1', 'ADM-3']);
    const forgetful: Alter = () => ({ unregisterServer: () => refuse('admission_control_active') });
    expect(shown(await run(await beside(forgetful), [...holds, closed, { op: 'unregisterServer', id: 'a' }]))?.[0]).toEqual(['ADM-3']);
  });

  it('tells a refusal to remove what is there from one to remove what is not', async () => {
    const refusing: Alter = () => ({ unregisterServer: () => refuse('endpoint_down'), unregisterTransport: () => refuse('endpoint_down') });
    const blamed = async (...steps: Operation[]) => shown(await run(await beside(refusing), steps))?.[0];
    expect(await blamed(...holds, { op: 'unregisterServer', id: 'a' })).toEqual(['UNR-1']);
    expect(await blamed(transport('a', 'e1'), { op: 'unregisterServer', id: 'a' })).toEqual(['UNR-2']);
    expect(await blamed(transport('t', 'e1'), { op: 'unregisterTransport', id: 't' })).toEqual(['UNR-1']);
    expect(await blamed(server('t', 'e1'), { op: 'unregisterTransport', id: 't' })).toEqual(['UNR-2']);
  });

  it('blames a count on whoever throws only if it is too low', async () => {
    const counting = (change: number): Alter => (real) => ({ routeToTransport: (...args: [string, string, unknown]) => real.routeToTransport(...args) + change });
    const steps = [...bound, transport('u', 'throws1', { serverId: 'a' }), broadcast('m')];
    expect(shown(await run(await beside(counting(-2)), steps))).toEqual([['RTE-6', 'RTE-3'], 'routeToTransport(broadcast, "a", "m") was answered wrongly', '1 to 2', '0']);
    expect(shown(await run(await beside(counting(1)), steps))?.[0]).toEqual(['RTE-3']);
    expect(shown(await run(await beside((real) => ({ routeToTransport: (...args: [string, string, unknown]) => (real.routeToTransport(...args), refuse('server_not_found')) })), steps))?.[0]).toEqual(['RTE-6', 'RTE-3']);
  });

  it('begins with what has to go well, and says what did not', async () => {
    const oracle = await beside(() => ({}));
    await oracle.begin(bound);
    expect(oracle.program).toEqual([]);
    expect(oracle.registered('server')).toEqual(['a']);
    expect(oracle.rig.subject.findServer('a')).toBeDefined();
    await oracle.rig.dispose();

    const failing = await beside(() => ({ registerTransport: () => refuse('already_registered') }));
    const disposed = vi.spyOn(failing.rig, 'dispose');
    const error: unknown = await failing.begin(bound).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(Blocked);
    expect((error as Blocked).message).toBe('this had to be right before anything could begin: registerTransport("t", e3, {serverId: "a"}) was answered wrongly');
    expect(disposed).toHaveBeenCalledOnce();

    const hanging = await beside(() => ({ registerServer: () => new Promise(() => undefined) }), { patienceMs: 20 });
    await expect(hanging.begin(holds)).rejects.toBeInstanceOf(Unanswered);
  });

  it('sends to every name, from somebody, and to everybody, but to no two at once who call back', async () => {
    const oracle = await beside(() => ({}));
    for (const step of bound) await oracle.step(step);
    const before = oracle.program.length;
    await oracle.probe(true);
    const toAll = ['a', 'b', 'c'].map((serverId) => ({ op: 'broadcast', serverId, message: `to all of ${serverId}` }));
    const toServers = ['a', 'b', 'c'].map((serverId) => ({ op: 'routeToServer', serverId, transportId: 't', message: `to server ${serverId}` }));
    const toTransports = ['t', 'u', 'a'].map((transportId) => ({ op: 'routeToTransport', transportId, serverId: 'a', message: `to transport ${transportId}` }));
    expect(oracle.program.slice(before)).toEqual([...toAll, ...toServers, ...toTransports]);
    await oracle.probe(false);
    expect(oracle.program.slice(before + 9)).toEqual([...toServers, ...toTransports]);
    await oracle.rig.dispose();

    const two = await beside(() => ({}));
    for (const step of [...bound, transport('u', 'leaves1', { serverId: 'a' })]) await two.step(step);
    await two.probe(true);
    expect(two.program).toContainEqual(toAll[0]);
    await two.rig.dispose();
    const three = await beside(() => ({}));
    for (const step of [...holds, transport('t', 'leaves1', { serverId: 'a' }), transport('u', 'leaves2', { serverId: 'a' })]) await three.step(step);
    await three.probe(true);
    expect(three.program).not.toContainEqual(toAll[0]);
    expect(three.program).toContainEqual(toAll[1]);
    await three.rig.dispose();
  });

  it('probes with the ids of the one kind where there are none of the other', async () => {
    const rig = await Rig.open(mutant('', [], 'ours', () => ({})).adapter, {}, 1_000);
    const servers = new Oracle(rig, createModel(), { servers: ['a'], transports: [] }, everything);
    await servers.probe(false);
    expect(servers.program).toEqual([{ op: 'routeToServer', serverId: 'a', transportId: 'a', message: 'to server a' }]);
    const transports = new Oracle(rig, createModel(), { servers: [], transports: ['t'] }, everything);
    await transports.probe(false);
    expect(transports.program).toEqual([{ op: 'routeToTransport', transportId: 't', serverId: 't', message: 'to transport t' }]);
    await rig.dispose();
  });

  it('lets the time pass for both in which a registry may be late by the clock that it was given', async () => {
    const late = mutant('', [], 'late by 40 ms', (real, { clock }) => {
      const since = new Map<string, number>();
      return {
        registerServer: (id: string, ...rest: [Endpoint]) => real.registerServer(id, ...rest).then(() => void since.set(id, clock!.now())),
        findServer: (id: string) => (since.has(id) && clock!.now() < since.get(id)! + 40 ? undefined : real.findServer(id)),
      };
    });
    const rig = await Rig.open({ ...late.adapter, consistency: { level: 'eventual', stalenessMs: 50 } }, {}, 1_000);
    const oracle = new Oracle(rig, createModel(), pool, { ...everything, lists: false, stalenessMs: 0 });
    await oracle.step(server('a', 'e1'));
    expect(rig.clock.now()).toBeGreaterThanOrEqual(40);
    expect(oracle.state.now).toBe(rig.clock.now());
    await rig.dispose();
  });

  it('excuses nothing unless it is told to', async () => {
    const oracle = await beside(() => ({}));
    expect(oracle.excuses(new Violation('', '', ''))).toBe(false);
    await oracle.rig.dispose();
  });

  it('knows who is registered', async () => {
    const oracle = await beside(() => ({}));
    await run(oracle, [server('b', 'e1'), transport('t', 'e1'), transport('a', 'e1')]);
    expect([oracle.registered('server'), oracle.registered('transport')]).toEqual([['b'], ['t', 'a']]);
    expect(oracle.describeBefore().join()).toContain('b');
  });

  it('finds what arrives when nothing more should', async () => {
    const again: (() => void)[] = [];
    const oracle = await beside((real) => ({ routeToServer: (id: string, from: string, message: unknown) => (again.push(() => real.routeToServer(id, from, message)), real.routeToServer(id, from, message)) }));
    for (const step of [...holds, toServer('m')]) await oracle.step(step);
    await oracle.end();
    for (const call of again) call();
    await expect(oracle.end()).rejects.toMatchObject({ requirement: 'RTE-5', message: 'a delivery arrived that nothing asked for', expected: 'no further delivery', actual: '[{endpoint: "e1", namespace: "server", to: "a", from: "t", message: "m"}]' });
    // It was taken out.
    await oracle.end();
  });

  it('waits for a delivery that is posted, and for a change that may show late, but not for ever', async () => {
    const late: Alter = (real) => {
      const past: (Registration | undefined)[] = [undefined, undefined, undefined];
      return {
        findServer: (id: string) => (id === 'a' ? (past.push(real.findServer(id)), past.shift()) : undefined),
        routeToServer: (...args: [string, string, unknown]) => (setTimeout(() => real.routeToServer(...args), 20), 1),
      };
    };
    const scope = { lists: false, bindings: false, listeners: false };
    expect(await run(await beside(late, { scope: { ...scope, stalenessMs: 1_000 } }), [...holds, toServer('m')])).toBeUndefined();
    const never: Alter = (real) => ({ routeToServer: (...args: [string, string, unknown]) => (setTimeout(() => real.routeToServer(...args), 200), 1) });
    expect(await run(await beside(never, { patienceMs: 20 }), [...holds, toServer('m')])).toMatchObject({ requirement: 'RTE-1' });
    expect(await run(await beside(late, { scope }), holds)).toMatchObject({ requirement: 'REG-1' });
    expect(await run(await beside(late, { scope: { ...scope, downMs: 1_000 } }), holds)).toMatchObject({ requirement: 'REG-1' });
    expect(await run(await beside(late, { scope: { ...scope, stalenessMs: 1_000 } }), [...holds, { op: 'advance', ms: 1 }, { op: 'advance', ms: 1 }, { op: 'advance', ms: 1 }, down('e1')])).toMatchObject({ requirement: 'DWN-1' });
    expect(await run(await beside(late, { scope: { ...scope, stalenessMs: 1_000, downMs: 1_000 } }), [...holds, down('e1')])).toBeUndefined();
  });
});

describe('an endpoint that calls back', () => {
  const model = createModel();
  const state = [server('a', 'leaves1'), transport('t', 'unbinds1', { serverId: 'a' }), transport('u', 'e1', { serverId: 'a' }), transport('a', 'e2')].reduce((before, step) => model.step(before, step).state, model.initial);
  /** What comes of a message that this endpoint is sent under this name. */
  const planned = (endpoint: string, namespace: 'server' | 'transport', to: string) => {
    const { operations, deliveries, state: after, endpoint: name } = plannedReaction(model, { state, outcome: { kind: 'done', value: 1 }, deliveries: [{ endpoint: 'e0', namespace, to, from: 'a', message: 'm' }, { endpoint, namespace, to, from: 'a', message: 'm' }] }, pool) ?? {};
    return operations && { name, operations, to: deliveries!.map((one) => one.to), same: after === state };
  };

  it('is known by its name', () => {
    expect(['leaves1', 'unbinds1', 'rebroadcasts1', 'e1', 'throws1', 'e-leaves'].map(reacts)).toEqual([true, true, true, false, false, false]);
    expect(planned('e1', 'transport', 't')).toBeUndefined();
  });

  it('leaves, unbinds everybody else, or broadcasts again', () => {
    expect(planned('leaves1', 'server', 'a')).toEqual({ name: 'leaves1', operations: [{ op: 'unregisterServer', id: 'a' }], to: [], same: false });
    expect(planned('leaves1', 'transport', 't')).toEqual({ name: 'leaves1', operations: [{ op: 'unregisterTransport', id: 't' }], to: [], same: false });
    expect(planned('unbinds1', 'transport', 't')).toEqual({ name: 'unbinds1', operations: [{ op: 'unbindTransport', transportId: 'u' }], to: [], same: false });
    const delivery = (to: string, endpoint: string) => ({ endpoint, namespace: 'transport' as const, to, from: 'a', message: 'm' });
    const step = { state, outcome: { kind: 'done', value: 2 } as const, deliveries: [delivery('t', 'unbinds1'), delivery('u', 'e1')] };
    expect(plannedReaction(model, step, pool)!.forgone).toEqual([delivery('u', 'e1')]);
    expect(planned('rebroadcasts1', 'transport', 't')).toEqual({ name: 'rebroadcasts1', operations: [{ op: 'broadcast', serverId: 'a', message: 'echo' }], to: ['t', 'u'], same: true });
  });

  it('does nothing as a server but leave: it has nobody to tell', () => {
    for (const endpoint of ['unbinds1', 'rebroadcasts1']) expect(planned(endpoint, 'server', 'a')).toBeUndefined();
  });
});

describe('an oracle that looks at contention', () => {
  const thresholds = { minWrites: 2 };
  const scope = { lists: false, bindings: false, listeners: false };
  const slow = (n: number, takes: number): Operation[] => Array.from({ length: n }, (_, v) => ({ op: 'updateServer', id: 'a', config: { v: v + 1 }, takes }));
  const setAdmission = (mode: 'auto' | 'open' | 'closed'): Operation => ({ op: 'setAdmission', mode });

  /** What it finds when it looks, and whether it could compare. */
  async function looks(alter: Alter, steps: readonly Operation[]): Promise<Found | boolean> {
    const oracle = await beside(alter, { scope, partitions: 1, thresholds });
    try {
      for (const step of [server('a', 'e1'), ...steps]) await oracle.step(step);
      return await oracle.look();
    } catch (error) {
      if (error instanceof Violation) return shown(error);
      throw error;
    } finally {
      await oracle.rig.dispose();
    }
  }

  it('compares what has been so for as long as an alarm may take to show, and nothing else', async () => {
    expect(await looks(() => ({}), [])).toBe(true);
    expect(await looks(() => ({}), slow(3, 200))).toBe(true);
    // Samples leave the window while it looks, or just after.
    expect(await looks(() => ({}), [...slow(3, 200), { op: 'advance', ms: 895 }])).toBe(true);
    expect(await looks(() => ({}), [...slow(3, 200), { op: 'advance', ms: 950 }])).toBe(false);
    expect(await looks(() => ({}), [...slow(3, 200), { op: 'advance', ms: 2_000 }])).toBe(true);
    const lying: Alter = (real) => ({ getPartitionStats: () => real.getPartitionStats().map((one) => ({ ...one, writeCount: 9 })) });
    expect(await looks(lying, [...slow(3, 200), { op: 'advance', ms: 950 }])).toBe(false);
  });

  it('lets the time pass for both, and says so', async () => {
    const oracle = await beside(() => ({}), { scope, partitions: 1 });
    await oracle.step(server('a', 'e1'));
    await oracle.look();
    expect(oracle.program.at(-1)).toEqual({ op: 'advance', ms: 100 });
    expect([oracle.state.now, oracle.rig.clock.now()]).toEqual([100, 100]);
    expect(Object.fromEntries(oracle.occurred)).toEqual({ 'REG-1': 1, 'STA-1': 1, 'STA-2': 1, 'STA-3': 1, 'CTN-2': 1 });
    for (const step of slow(10, 200)) await oracle.step(step);
    await oracle.look();
    expect(Object.fromEntries(oracle.occurred)).toEqual({ 'REG-1': 1, 'UPD-1': 10, 'STA-1': 2, 'STA-2': 2, 'STA-3': 2, 'CTN-1': 1, 'CTN-2': 1, 'CTN-10': 1, 'ADM-3': 1 });
    await oracle.step({ op: 'resetStats' });
    await oracle.look();
    expect(oracle.occurred.get('STA-3')).toBe(2);
  });

  const stats = (change: (stats: PartitionStats) => Partial<PartitionStats>): Alter => (real) => ({ getPartitionStats: () => real.getPartitionStats().map((one) => ({ ...one, ...change(one) })) });
  const status = (change: Partial<ContentionStatus>): Alter => (real) => ({ getContentionStatus: () => ({ ...real.getContentionStatus(), ...change }) });
  const alarmed = slow(2, 200);

  it.each<[string, readonly RequirementId[], string, Alter, readonly Operation[]]>([
    ['counts a write too many', ['STA-1'], 'the writeCount of partition 0 is wrong', stats(({ writeCount }) => ({ writeCount: writeCount + 1 })), []],
    ['shows another partition', ['STA-1'], 'the writeCount of partition 0 is wrong', stats(() => ({ partition: 1 })), []],
    ['keeps a sample too long', ['CTN-4', 'CTN-4', 'STA-5'], 'the samples of partition 0 is wrong', stats(({ samples }) => ({ samples: [...samples, 0] })), slow(8, 1)],
    ['keeps more samples than there may be', ['STA-2', 'CTN-4', 'STA-5'], 'the samples of partition 0 is wrong', stats(({ samples }) => ({ samples: [...samples, 0] })), slow(9, 1)],
    ['loses a sample', ['STA-2', 'CTN-4', 'STA-5'], 'the samples of partition 0 is wrong', stats(({ samples }) => ({ samples: samples.slice(1) })), []],
    ['shows another sample', ['STA-2', 'CTN-4', 'STA-5'], 'the samples of partition 0 is wrong', stats(({ samples }) => ({ samples: samples.map((ms) => ms + 0.01) })), []],
    ['counts its samples wrongly', ['STA-2'], 'the sampleCount of partition 0 is wrong', stats(({ sampleCount }) => ({ sampleCount: sampleCount + 1 })), []],
    ['shows another minimum', ['STA-3'], 'the min of partition 0 is wrong', stats(({ min }) => ({ min: min + 1 })), []],
    ['shows another mean', ['STA-3'], 'the mean of partition 0 is wrong', stats(({ mean }) => ({ mean: mean * 1.00001 })), slow(2, 200)],
    ['shows a small mean wrongly', ['STA-3'], 'the mean of partition 0 is wrong', stats(({ mean }) => ({ mean: mean + 0.00001 })), []],
    ['shows another maximum', ['STA-3'], 'the max of partition 0 is wrong', stats(({ max }) => ({ max: max + 1 })), []],
    ['shows no alarm', ['CTN-1'], 'the alarm of partition 0 is wrong', stats(() => ({ alarm: false })), alarmed],
    ['shows an alarm', ['CTN-2'], 'the alarm of partition 0 is wrong', stats(() => ({ alarm: true })), []],
    ['refuses to show statistics', ['STA-1'], 'getPartitionStats() was answered wrongly', () => ({ getPartitionStats: () => refuse('invalid_argument') }), []],
    ['shows statistics of one partition', ['STA-1'], 'getPartitionStats() was answered wrongly', (real) => ({ getPartitionStats: () => real.getPartitionStats(0) }), []],
    ['refuses to show its status', ['CTN-10', 'ADM-5', 'ADM-6'], 'getContentionStatus() contradicts the statistics', () => ({ getContentionStatus: () => refuse('invalid_argument') }), []],
    ['lists an alarm too many', ['CTN-10', 'ADM-5', 'ADM-6'], 'getContentionStatus() contradicts the statistics', status({ alarmed: [0] }), []],
    ['lists an alarm too few', ['CTN-10', 'ADM-5', 'ADM-6'], 'getContentionStatus() contradicts the statistics', status({ alarmed: [] }), alarmed],
    ['shows another mode', ['CTN-10', 'ADM-5', 'ADM-6'], 'getContentionStatus() contradicts the statistics', status({ mode: 'open' }), []],
    ['shows another number of partitions', ['CTN-10', 'ADM-5', 'ADM-6'], 'getContentionStatus() contradicts the statistics', status({ partitions: 2 }), []],
    ['is open, and was closed by hand', ['ADM-5', 'CTN-10'], 'getContentionStatus() shows the wrong admission', status({ admission: 'open' }), [setAdmission('closed')]],
    ['is closed, and was opened by hand', ['ADM-6', 'CTN-10'], 'getContentionStatus() shows the wrong admission', status({ admission: 'closed' }), [setAdmission('open')]],
    ['is open with all partitions alarmed', ['ADM-1', 'CTN-10'], 'getContentionStatus() shows the wrong admission', status({ admission: 'open' }), alarmed],
    ['is closed with none', ['ADM-2', 'CTN-10'], 'getContentionStatus() shows the wrong admission', status({ admission: 'closed' }), []],
  ])('finds out whoever %s', async (_, requirements, message, alter, steps) => {
    expect(await looks(alter, steps)).toEqual([requirements, message, expect.any(String), expect.any(String)]);
  });

  it('says what was wrong with an answer that is none', async () => {
    expect(await looks(() => ({ getPartitionStats: () => refuse('invalid_argument') }), [])).toEqual([['STA-1'], 'getPartitionStats() was answered wrongly', 'a list', 'refused: invalid_argument']);
  });

  it('forgives what is only rounded, and the order of alarms', async () => {
    expect(await looks(stats(({ mean, samples }) => ({ mean: mean * (1 + 1e-7), samples: samples.map((ms) => ms * (1 + 1e-7)) })), alarmed)).toBe(true);
    const thresholds = { minWrites: 1 };
    const turned: Alter = (real) => ({ getContentionStatus: () => ({ ...real.getContentionStatus(), alarmed: [...real.getContentionStatus().alarmed].reverse() }) });
    const oracle = await beside(turned, { scope, partitions: 2, partitionOf: (id) => partitionOf(id, 2), thresholds });
    const ids = [0, 1].map((partition) => ['a', 'b', 'c', 'd'].find((id) => partitionOf(id, 2) === partition)!);
    for (const id of ids) await oracle.step({ ...server(id, 'e1'), takes: 200 } as Operation);
    expect(oracle.rig.subject.getPartitionStats!()).toMatchObject([{ alarm: true }, { alarm: true }]);
    await oracle.compareContention();
  });

  it('tells an alarm that does not go off from one that never should have been', async () => {
    let stuck = false;
    const oracle = await beside((real) => ({ getPartitionStats: () => real.getPartitionStats().map((one) => ({ ...one, alarm: stuck || one.alarm })) }), { scope, partitions: 1, thresholds });
    for (const step of [server('a', 'e1'), ...alarmed]) await oracle.step(step);
    expect(await oracle.look()).toBe(true);
    stuck = true;
    await oracle.step({ op: 'advance', ms: 2_000 });
    await expect(oracle.look()).rejects.toMatchObject({ requirement: 'CTN-5', message: 'the alarm of partition 0 is wrong' });
  });
});
