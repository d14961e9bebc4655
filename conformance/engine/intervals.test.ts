import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Found, Operation } from '../../model/index.js';
import type { Entry, History } from '../linearizability/index.js';
import { judgeIntervals, type Delivered } from './intervals.js';
import type { Observed } from './registry-history.js';
import { certainlyBound, certainlyRegistered, possiblyBound, possiblyRegistered, simulations, type Simulation } from './testing/simulated-registry.js';
import { cases } from '../testing/cases.js';

type Recorded = Entry<Operation, Observed>;

let made = 0;
const entry = (start: number, end: number, invocation: Operation, value?: unknown): Recorded => ({ id: made++, actor: `c${made}`, invocation, response: end === Infinity ? undefined : { kind: 'done', value }, start, end });
const register = (start: number, end: number, id = 's', endpoint = 'e1', v = 1): Recorded => entry(start, end, { op: 'registerServer', id, endpoint, config: { v } });
const transport = (start: number, end: number, id = 't', endpoint = 'e2', serverId?: string): Recorded => entry(start, end, { op: 'registerTransport', id, endpoint, ...(serverId !== undefined && { config: { serverId } }) });
const unregister = (start: number, end: number, id = 's'): Recorded => entry(start, end, { op: 'unregisterServer', id });
const down = (start: number, end: number, endpoint = 'e1'): Recorded => entry(start, end, { op: 'down', endpoint });
const bind = (start: number, end: number, serverId = 's', transportId = 't'): Recorded => entry(start, end, { op: 'bindTransportToServer', transportId, serverId });
const unbind = (start: number, end: number): Recorded => entry(start, end, { op: 'unbindTransport', transportId: 't' });
const list = (start: number, end: number, ...found: Found[]): Recorded => entry(start, end, { op: 'listServers' }, found);
const unregisterTransport = (start: number, end: number): Recorded => entry(start, end, { op: 'unregisterTransport', id: 't' });
const update = (start: number, end: number, v = 2): Recorded => entry(start, end, { op: 'updateServer', id: 's', config: { v } });
const close = (start: number, end: number): Recorded => entry(start, end, { op: 'close' });
const broadcast = (start: number, end: number, message = 'm'): Recorded => entry(start, end, { op: 'broadcast', serverId: 's', message }, 0);
const route = (start: number, end: number, message = 'm', transportId = 't'): Recorded => entry(start, end, { op: 'routeToTransport', transportId, serverId: 's', message }, 1);
const routeToServer = (start: number, end: number, message = 'm'): Recorded => entry(start, end, { op: 'routeToServer', serverId: 's', transportId: 't', message }, 1);
const arrivedAtServer = (at: number, endpoint = 'e1', message = 'm'): Delivered => ({ message, endpoint, namespace: 'server', to: 's', from: 't', at });
const arrived = (at: number, endpoint = 'e2', message = 'm', to = 't'): Delivered => ({ message, endpoint, namespace: 'transport', to, from: 's', at });
const refused = (one: Recorded, code: 'already_registered' | 'write_timeout' | 'outcome_unknown'): Recorded => ({ ...one, response: { kind: 'refused', code } });

const s: Found = { id: 's', endpoint: 'e1', config: { v: 1 } };

/** How long after its call has ended the last message arrives that is latest. */
const latest = (history: History<Operation, Observed>, deliveries: readonly Delivered[]): number =>
  Math.max(0, ...deliveries.flatMap(({ message, at }) => history.flatMap(({ invocation, end }) => ('message' in invocation && invocation.message === message ? [at - end] : []))));

const broken = (history: History<Operation, Observed>, deliveries: readonly Delivered[] = []): string[] => judgeIntervals(history, deliveries).map(({ requirement }) => requirement!);

describe('a list', () => {
  it.each<[string, Recorded[], string[]]>([
    ['holds what was registered before it', [register(0, 1), list(2, 3, s)], []],
    ['lacks what was registered before it', [register(0, 1), list(2, 3)], ['LST-3']],
    ['lacks what is being registered', [register(0, 3), list(2, 4)], []],
    ['lacks what was registered at the very time at which it began', [register(0, 2), list(2, 4)], []],
    ['lacks what is being unregistered', [register(0, 1), unregister(2, 5), list(3, 4)], []],
    ['lacks what is unregistered from the very time at which it ended', [register(0, 1), list(2, 3), unregister(3, 4)], []],
    ['lacks what was unregistered only afterwards', [register(0, 1), list(2, 3), unregister(4, 5)], ['LST-3']],
    ['lacks what may have been unregistered long ago, by a call that was never answered', [register(0, 1), unregister(2, Infinity), list(8, 9)], []],
    ['lacks what somebody was refused to register again', [register(0, 1), refused(register(2, 3, 's', 'e9'), 'already_registered'), list(4, 5)], ['LST-3']],
    ['lacks what an earlier call unregistered that had ended', [unregister(0, 1), register(2, 3), list(4, 5)], ['LST-3']],
    ['lacks what a call unregistered that overlapped the registration', [unregister(0, 3), register(2, 4), list(5, 6)], []],
    ['lacks what was lost with an endpoint', [register(0, 1), down(2, 3), list(4, 5)], []],
    ['lacks what another endpoint did not take with it', [register(0, 1), down(2, 3, 'e9'), list(4, 5)], ['LST-3']],
    ['lacks what news of a "down" may take away at any time', [register(0, 1), down(2, Infinity), list(8, 9)], []],
    ['lacks everything, since the registry may have been closed', [register(0, 1), entry(2, Infinity, { op: 'close' }), list(8, 9)], []],
    ['lacks everything, since the registry was closed', [register(0, 1), close(2, 3), list(4, 5)], []],
    ['holds what an endpoint held that was down', [register(0, 1), down(2, 3), list(4, 5, s)], ['LST-3']],
    ['holds what nobody has registered', [list(0, 1, s)], ['LST-3']],
    ['holds what is being registered', [register(0, 3), list(1, 2, s)], []],
    ['holds what is registered only afterwards', [list(1, 2, s), register(3, 4)], ['LST-3']],
    ['holds what was unregistered before it', [register(0, 1), unregister(2, 3), list(4, 5, s)], ['LST-3']],
    ['holds what was unregistered until the very time at which it began', [register(0, 1), unregister(2, 3), list(3, 5, s)], []],
    ['holds what was registered by a call that was never answered', [register(0, Infinity), unregister(2, 3), list(4, 5, s)], []],
    ['holds what was refused for want of time (CON-3 says so, and not this)', [refused(register(0, 1), 'write_timeout'), list(4, 5, s)], []],
    ['holds what was refused since the name was taken', [register(0, 1), refused(register(2, 3, 's', 'e9'), 'already_registered'), list(4, 5, { ...s, endpoint: 'e9' })], ['LST-3', 'LST-3']],
    ['holds the older of two incarnations', [register(0, 1), unregister(2, 3), register(4, 5, 's', 'e2', 2), list(6, 7, s)], ['LST-3', 'LST-3']],
    ['holds the older of two, whose end nobody has recorded', [register(0, 1), register(4, 5, 's', 'e2', 2), list(6, 7, s)], ['LST-3', 'LST-3']],
    ['lacks what may have been registered by a call that was never answered', [register(0, Infinity), list(8, 9)], []],
    ['lacks what may have been unregistered long after the call was refused for want of time', [register(0, 1), refused(unregister(2, 3), 'write_timeout'), list(8, 9)], []],
    ['holds what may have been registered long after the call was refused for want of time', [refused(register(0, 1), 'write_timeout'), unregister(2, 3), list(4, 5, s)], []],
    ['holds what was registered by a call of which nobody knows the outcome', [refused(register(0, 1), 'outcome_unknown'), list(4, 5, s)], []],
    ['holds what was there before the registry was closed', [register(0, 1), close(2, 3), list(4, 5, s)], ['LST-3']],
    ['holds what an endpoint held that was down, and went down once more', [register(0, 1), down(2, 3), down(6, 7), list(4, 5, s)], ['LST-3']],
    ['of transports holds the older of two, whose end nobody has recorded', [transport(0, 1), transport(4, 5, 't', 'e3'), entry(6, 7, { op: 'listTransports' }, [{ id: 't', endpoint: 'e2', config: {} }])], ['LST-3', 'LST-3']],
    ['of transports lacks one', [transport(0, 1), entry(6, 7, { op: 'listTransports' }, [])], ['LST-3']],
    ['holds a name twice', [register(0, 1), list(2, 3, s, s)], ['LST-1']],
    ['holds a configuration that was replaced until the very time at which it began', [register(0, 1), update(2, 4), list(4, 5, s)], []],
    ['holds a configuration that a transport of that name has', [register(0, 1), transport(2, 3, 's', 'e2', 'x'), list(4, 5, { ...s, config: { serverId: 'x' } })], ['LST-1']],
    ['holds a configuration that an older incarnation was given', [register(0, 1), update(2, 3), unregister(4, 5), register(6, 7), list(8, 9, { ...s, config: { v: 2 } })], ['LST-1']],
    ['holds a configuration that was given at the very time at which the name was registered', [register(0, 1), unregister(2, 3), update(4, 6), register(6, 7), list(8, 9, { ...s, config: { v: 2 } })], []],
    ['holds a configuration that is being replaced', [register(0, 1), entry(2, 5, { op: 'updateServer', id: 's', config: { v: 2 } }), list(3, 4, s)], []],
    ['holds a configuration that had been replaced', [register(0, 1), entry(2, 3, { op: 'updateServer', id: 's', config: { v: 2 } }), list(4, 5, s)], ['LST-1']],
    ['holds a configuration that may yet come', [register(0, 1), entry(2, Infinity, { op: 'updateServer', id: 's', config: { v: 2 } }), list(4, 5, { ...s, config: { v: 2 } })], []],
    ['holds a configuration that comes only afterwards', [register(0, 1), list(2, 3, { ...s, config: { v: 2 } }), entry(4, 5, { op: 'updateServer', id: 's', config: { v: 2 } })], ['LST-1']],
  ])('that %s', (_, history, expected) => expect(broken(history)).toEqual(expected));
});

describe('a broadcast', () => {
  const bound = [register(0, 1), transport(0, 1), bind(2, 3)];
  const others = [transport(0, 1, 'u', 'e3'), bind(2, 3, 's', 'u'), transport(0, 1, 'v', 'e4'), bind(2, 3, 's', 'v')];
  const toAll = (message: string, t: number, u: number, v: number): Delivered[] => [arrived(t, 'e2', message), arrived(u, 'e3', message, 'u'), arrived(v, 'e4', message, 'v')];
  it.each<[string, Recorded[], Delivered[], string[]]>([
    ['reaches what was bound before it', [...bound, broadcast(4, 5)], [arrived(6)], []],
    ['misses what was bound before it', [...bound, broadcast(4, 5)], [], ['RTE-9']],
    ['was never answered, and misses what was bound before it', [...bound, broadcast(4, Infinity)], [], []],
    ['misses what is being bound', [register(0, 1), transport(0, 1), bind(2, 5), broadcast(4, 6)], [], []],
    ['misses what was bound at the very time at which it began', [register(0, 1), transport(0, 1), bind(2, 4), broadcast(4, 6)], [], []],
    ['misses what is being unbound', [...bound, unbind(5, 7), broadcast(4, 6)], [], []],
    ['misses what is unbound from the very time at which it ended', [...bound, broadcast(4, 6), unbind(6, 7)], [], []],
    ['misses what is unbound only afterwards', [...bound, broadcast(4, 6), unbind(7, 8)], [], ['RTE-9']],
    ['misses what may have been unbound by a call that was never answered', [...bound, unbind(3, Infinity), broadcast(8, 9)], [], []],
    ['misses what is being bound elsewhere', [...bound, bind(5, 7, 's2'), broadcast(4, 6)], [], []],
    ['misses what is being bound once more to the same', [...bound, bind(5, 7), broadcast(4, 6)], [], ['RTE-9']],
    ['misses what is being unregistered', [...bound, entry(4, 5, { op: 'unregisterTransport', id: 't' }), broadcast(4, 6)], [], []],
    ['misses those of a server that is being unregistered', [...bound, unregister(4, 5), broadcast(4, 6)], [], []],
    ['misses what goes down', [...bound, down(4, 5, 'e2'), broadcast(4, 6)], [], []],
    ['misses those of a server that goes down', [...bound, down(4, 5, 'e1'), broadcast(4, 6)], [], []],
    ['misses what another endpoint did not take with it', [...bound, down(4, 5, 'e9'), broadcast(4, 6)], [], ['RTE-9']],
    ['misses what an endpoint did not take with it that had been its own long before', [register(0, 1), transport(0, 1), entry(2, 3, { op: 'unregisterTransport', id: 't' }), transport(4, 5, 't', 'e3'), bind(6, 7), down(9, 10, 'e2'), broadcast(8, 11)], [], ['RTE-9']],
    ['misses what a configuration has bound', [register(0, 1), transport(2, 3, 't', 'e2', 's'), broadcast(4, 5)], [], ['RTE-9']],
    ['misses what a configuration may have bound', [register(0, 2), transport(1, 3, 't', 'e2', 's'), broadcast(4, 5)], [], []],
    ['misses what a configuration may have bound at the very time at which the server was registered', [register(0, 2), transport(2, 3, 't', 'e2', 's'), broadcast(4, 5)], [], []],
    ['misses what a configuration would have bound to a server that is being unregistered', [register(0, 1), unregister(2, 4), transport(3, 5, 't', 'e2', 's'), broadcast(6, 7)], [], []],
    ['misses a transport of the name of a server whose configuration names the other', [register(0, 1), transport(0, 1), entry(2, 3, { op: 'registerServer', id: 't', endpoint: 'e3', config: { serverId: 's' } }), broadcast(4, 5)], [], []],
    ['misses what was bound when the server was being registered', [register(0, 3), transport(0, 1), bind(2, 4), broadcast(5, 6)], [], ['RTE-9']],
    ['misses what is being updated', [...bound, entry(4, 6, { op: 'updateServer', id: 's', config: {} }), broadcast(4, 6)], [], ['RTE-9']],
    ['reaches what a configuration may have bound', [register(0, 2), transport(1, 3, 't', 'e2', 's'), broadcast(4, 5)], [arrived(5)], []],
    ['reaches what no configuration can have bound', [transport(1, 3, 't', 'e2', 's'), register(4, 5), broadcast(6, 7)], [arrived(7)], ['RTE-9']],
    ['reaches what was never bound', [register(0, 1), transport(0, 1), broadcast(4, 5)], [arrived(5)], ['RTE-9']],
    ['reaches what is bound only afterwards', [register(0, 1), transport(0, 1), broadcast(4, 5), bind(6, 7)], [arrived(5)], ['RTE-9']],
    ['reaches what was unbound before it', [...bound, unbind(4, 5), broadcast(6, 7)], [arrived(7)], ['RTE-9']],
    ['reaches what was unbound until the very time at which it began', [...bound, unbind(4, 6), broadcast(6, 7)], [arrived(7)], []],
    ['reaches what was bound elsewhere before it', [...bound, register(0, 1, 's2', 'e3'), bind(4, 5, 's2'), broadcast(6, 7)], [arrived(7)], ['RTE-9']],
    ['reaches what was bound to an older incarnation of the server', [...bound, unregister(4, 5), register(6, 7, 's', 'e3'), broadcast(8, 9)], [arrived(9)], ['RTE-9']],
    ['reaches what was bound to a server that had gone down', [...bound, down(4, 5), broadcast(8, 9)], [arrived(9)], ['RTE-9']],
    ['reaches an older incarnation of a transport', [...bound, entry(4, 5, { op: 'unregisterTransport', id: 't' }), transport(6, 7, 't', 'e3'), bind(8, 9), broadcast(10, 11)], [arrived(11), arrived(11, 'e3')], ['RTE-8']],
    ['reaches an endpoint that never held the name', [...bound, broadcast(4, 5)], [arrived(5), arrived(5, 'e9')], ['RTE-9']],
    ['reaches somebody twice', [...bound, broadcast(4, 5)], [arrived(5), arrived(6)], ['RTE-5']],
    ['was refused, and misses what was bound before it', [...bound, refused(broadcast(4, 5), 'write_timeout')], [], []],
    ['misses what was bound before the registry may have been closed', [...bound, close(4, Infinity), broadcast(8, 9)], [], []],
    ['misses what was bound before the registry was closed', [...bound, close(4, 5), broadcast(8, 9)], [], []],
    ['misses what may have been bound as an incarnation that went down', [register(0, 1), transport(0, 1), down(3, 4, 'e2'), transport(5, 6, 't', 'e3'), bind(2, 9), broadcast(10, 11)], [], []],
    ['reaches an incarnation of a transport that was not there any more when the next was bound', [register(0, 1), transport(0, 1), unregisterTransport(4, 5), transport(6, 7, 't', 'e3'), bind(8, 9), broadcast(3, 10)], [arrived(10), arrived(10, 'e3')], ['RTE-9']],
    ['that nobody was bound to reaches nobody', [register(0, 1), broadcast(2, 3)], [], []],
    ['is one of two of the same message, of which nothing is said', [...bound, broadcast(4, 5), broadcast(6, 7)], [arrived(5), arrived(6), arrived(6)], []],
    ['misses what is unbound soon after it, where another was handed over late', [...bound, ...others, broadcast(4, 5, 'm1'), broadcast(11, 12, 'm2'), unbind(15, 16)], [...toAll('m1', 5, 6, 10), arrived(13, 'e3', 'm2', 'u'), arrived(13, 'e4', 'm2', 'v')], []],
    ['misses what is unbound long after it, where another was handed over late', [...bound, ...others, broadcast(4, 5, 'm1'), broadcast(11, 12, 'm2'), unbind(23, 24)], [...toAll('m1', 5, 6, 10), arrived(13, 'e3', 'm2', 'u'), arrived(13, 'e4', 'm2', 'v')], ['RTE-9']],
    ['comes with a message that nobody sent, of which nothing is said', [...bound, broadcast(4, 5)], [arrived(5), arrived(5, 'e2', 'what')], []],
  ])('that %s', (_, history, deliveries, expected) => expect(broken(history, deliveries)).toEqual(expected));
});

describe('a route', () => {
  const there = [register(0, 1), transport(0, 1)];
  it.each<[string, Recorded[], Delivered[], string[]]>([
    ['goes where the name is', [...there, route(2, 3)], [arrived(3)], []],
    ['goes to nobody', [...there, route(2, 3)], [], []],
    ['goes there twice', [...there, route(2, 3)], [arrived(3), arrived(4)], ['RTE-5']],
    ['goes to who had given the name up', [...there, entry(2, 3, { op: 'unregisterTransport', id: 't' }), route(4, 5)], [arrived(5)], ['RTE-8']],
    ['goes to who is giving the name up', [...there, entry(2, 4, { op: 'unregisterTransport', id: 't' }), route(3, 5)], [arrived(6)], []],
    ['goes to who had gone down', [...there, down(2, 3, 'e2'), route(4, 5)], [arrived(5)], ['RTE-8']],
    ['goes to who gets the name only afterwards', [route(2, 3), transport(4, 5)], [arrived(5)], ['RTE-1']],
    ['is overtaken by one that was called when it had ended', [...there, route(2, 3, 'm1'), route(4, 5, 'm2')], [arrived(6, 'e2', 'm2'), arrived(7, 'e2', 'm1')], ['RTE-4']],
    ['is overtaken by one that overlapped it', [...there, route(2, 4, 'm1'), route(3, 5, 'm2')], [arrived(6, 'e2', 'm2'), arrived(7, 'e2', 'm1')], []],
    ['is overtaken by one that was called at the very time at which it ended', [...there, route(2, 4, 'm1'), route(4, 5, 'm2')], [arrived(6, 'e2', 'm2'), arrived(7, 'e2', 'm1')], []],
    ['arrives at the very time of the next', [...there, route(2, 3, 'm1'), route(4, 5, 'm2')], [arrived(6, 'e2', 'm2'), arrived(6, 'e2', 'm1')], []],
    ['goes to two that held the name, one after the other', [register(0, 1), transport(0, 1), unregisterTransport(2, 4), transport(3, 6, 't', 'e3'), route(2, 7)], [arrived(5), arrived(6, 'e3')], ['RTE-5']],
    ['goes where it is for, under another name', [...there, route(2, 3)], [arrived(3, 'e2', 'm', 'u')], []],
    ['goes to somebody else, under his own name', [...there, transport(0, 1, 'u', 'e3'), route(2, 3)], [arrived(3, 'e3', 'm', 'u')], ['RTE-1']],
    ['to a server goes where the name is', [...there, routeToServer(2, 3)], [arrivedAtServer(3)], []],
    ['to a server goes there twice', [...there, routeToServer(2, 3)], [arrivedAtServer(3), arrivedAtServer(4)], ['RTE-5']],
    ['to a server goes to who had given the name up', [...there, unregister(2, 3), routeToServer(4, 5)], [arrivedAtServer(5)], ['RTE-8']],
    ['to a server goes to a transport', [...there, routeToServer(2, 3)], [arrivedAtServer(3, 'e2')], ['RTE-1']],
    ['is overtaken by one that somebody else sent', [...there, route(2, 3, 'm1'), route(4, 5, 'm2')], [{ ...arrived(6, 'e2', 'm2'), from: 's2' }, arrived(7, 'e2', 'm1')], []],
    ['is overtaken by one to somebody else', [...there, transport(0, 1, 'u', 'e3'), route(2, 3, 'm1'), route(4, 5, 'm2', 'u')], [arrived(6, 'e3', 'm2', 'u'), arrived(7, 'e2', 'm1')], []],
    ['is in order, in whichever order that was recorded', [...there, route(6, 7, 'm3'), route(2, 3, 'm1'), route(4, 5, 'm2')], [arrived(8, 'e2', 'm1'), arrived(9, 'e2', 'm2'), arrived(10, 'e2', 'm3')], []],
    ['is overtaken by the first of three', [...there, route(2, 7, 'm1'), route(4, 5, 'm2'), route(6, 8, 'm3')], [arrived(9, 'e2', 'm3'), arrived(10, 'e2', 'm1'), arrived(11, 'e2', 'm2')], ['RTE-4']],
    ['is overtaken by the second of three', [...there, route(2, 7, 'm1'), route(4, 5, 'm2'), route(6, 8, 'm3')], [arrived(9, 'e2', 'm1'), arrived(10, 'e2', 'm3'), arrived(11, 'e2', 'm2')], ['RTE-4']],
    ['overtakes the rest of a broadcast, called from within it, in whichever order that was recorded', [...there, bind(2, 3), transport(0, 1, 't2', 'e3'), bind(2, 3, 's', 't2'), broadcast(4, 5, 'm1'), route(7, 8, 'm2')], [arrived(9, 'e2', 'm1'), arrived(8, 'e2', 'm2'), arrived(6, 'e3', 'm1', 't2')], []],
    ['is overtaken by a broadcast', [...there, bind(2, 3), route(4, 5, 'm1'), broadcast(6, 7, 'm2')], [arrived(8, 'e2', 'm2'), arrived(9, 'e2', 'm1')], ['RTE-4']],
    ['overtakes the rest of a broadcast, called from within it', [...there, bind(2, 3), transport(0, 1, 't2', 'e3'), bind(2, 3, 's', 't2'), broadcast(4, 5, 'm1'), route(7, 8, 'm2')], [arrived(6, 'e3', 'm1', 't2'), arrived(8, 'e2', 'm2'), arrived(9, 'e2', 'm1')], []],
  ])('that %s', (_, history, deliveries, expected) => expect(broken(history, deliveries)).toEqual(expected));
});

describe('what is wrong is said in words', () => {
  const said = (history: Recorded[], deliveries: Delivered[] = []): string[][] => judgeIntervals(history, deliveries).map(({ message, expected, actual }) => [message, expected, actual]);
  const bound = [register(0, 1), transport(0, 1), bind(2, 3)];
  const other: Found = { id: 'r', endpoint: 'e3', config: {} };

  it('of a list', () => {
    expect(said([register(0, 1), list(2, 3, s, other, s)])).toEqual([
      ['a list holds a name twice', '"s" once', 'listServers() → [{id: "s", endpoint: "e1", config: {v: 1}}, {id: "s", endpoint: "e1", config: {v: 1}}]'],
      ['a list holds what was not registered at any moment of the call', 'no "r" held by e3', 'listServers() → [{id: "s", endpoint: "e1", config: {v: 1}}, {id: "r", endpoint: "e3", config: {}}, {id: "s", endpoint: "e1", config: {v: 1}}]'],
    ]);
    expect(said([register(0, 1), list(2, 3)])).toEqual([['a list lacks what was registered before it began and until it had ended', '"s", held by e1', 'listServers() → []']]);
    expect(said([register(0, 1), list(2, 3, { ...s, config: {} })])).toEqual([['a list shows a configuration that was not in force at any moment of the call', 'another configuration of "s"', 'listServers() → [{id: "s", endpoint: "e1", config: {}}]']]);
    expect(said([transport(0, 1), entry(2, 3, { op: 'listTransports' }, [])])).toEqual([['a list lacks what was registered before it began and until it had ended', '"t", held by e2', 'listTransports() → []']]);
  });

  it('of messages', () => {
    expect(said([...bound, broadcast(4, 5)], [arrived(6), arrived(7)])).toEqual([['a message was delivered more than once', '"m" at most once', '"m" at e2 as "t", e2 as "t"']]);
    expect(said([...bound, broadcast(4, 5)])).toEqual([['a broadcast did not reach what was bound before it began and until it had ended', '"t", bound to "s"', '"m" reached nobody']]);
    const more = ['u', 'v'].flatMap((id) => [transport(0, 1, id, `e${id}`), bind(2, 3, 's', id)]);
    expect(said([...bound, ...more, broadcast(4, 5)], [arrived(5, 'eu', 'm', 'u'), arrived(6, 'ev', 'm', 'v')])).toEqual([['a broadcast did not reach what was bound before it began and until it had ended', '"t", bound to "s"', '"m" reached "u", "v"']]);
    expect(said([...bound, unbind(4, 5), broadcast(6, 7)], [arrived(7)])).toEqual([['a broadcast reached what was not bound at any moment of the call', 'nothing at "t"', '"m" at e2, as "t"']]);
    expect(said([...bound, unregisterTransport(4, 5), route(6, 7)], [arrived(7)])).toEqual([['a message went to an endpoint that had given the name up before the call', '"t" as it was registered at some moment of the call', '"m" at e2, as "t"']]);
    expect(said([...bound, route(6, 7)], [arrived(7, 'e9')])).toEqual([['a message went to an endpoint that did not hold the name at any moment of the call', '"t" as it was registered at some moment of the call', '"m" at e9, as "t"']]);
    expect(said([...bound, route(4, 5, 'm1'), route(6, 7, 'm2')], [arrived(8, 'e2', 'm2'), arrived(9, 'e2', 'm1')])).toEqual([['messages of one sender overtook each other', '"m1" before "m2", which was sent when the other had been', '"m2" before "m1" at e2']]);
  });
});

const runs = 1_500;

describe('registries in which every write takes effect at a moment of its call', () => {
  it.each(['at one moment', 'piece by piece'] as const)('are not accused, whose lists and broadcasts happen %s', (manner) => {
    fc.assert(fc.property(simulations(manner), ({ history, deliveries }) => void expect(broken(history, deliveries)).toEqual([])), { numRuns: cases(runs) });
  });

  const seen = { missing: 0, kept: 0 };
  it('are accused of one thing missing if it was there throughout, and only then', () => {
    fc.assert(
      fc.property(simulations('piece by piece'), fc.nat(), ({ history, deliveries }, which) => {
        const items = history.flatMap((entry) => (isList(entry) ? valueOf(entry).map((item) => ({ entry, item })) : []));
        if (items.length > 0) {
          const { entry, item } = items[which % items.length]!;
          const without = history.with(history.indexOf(entry), { ...entry, response: { kind: 'done', value: valueOf(entry).filter((one) => one !== item) } });
          const certain = certainlyRegistered(history, entry, item);
          expect(broken(without, deliveries)).toEqual(certain ? ['LST-3'] : []);
          seen[certain ? 'missing' : 'kept']++;
        }
        const reached = deliveries.flatMap((delivery) => history.flatMap((entry) => (entry.invocation.op === 'broadcast' && entry.invocation.message === delivery.message ? [{ entry, delivery }] : [])));
        if (reached.length === 0) return;
        const { entry, delivery } = reached[which % reached.length]!;
        const others = deliveries.filter((one) => one !== delivery);
        // Whoever hands over late may find a name gone that was there when the call ended.
        const certain = certainlyBound(history, { ...entry, end: entry.end + 2 * latest(history, others) }, delivery.to);
        expect(broken(history, others)).toEqual(certain ? ['RTE-9'] : []);
        seen[certain ? 'missing' : 'kept']++;
      }),
      { numRuns: cases(runs) },
    );
    expect(Math.min(seen.missing, seen.kept)).toBeGreaterThan(cases(100));
  });

  const added = { wrong: 0, possible: 0 };
  it('are accused of one thing too much if it was absent throughout, and only then', () => {
    fc.assert(
      fc.property(simulations('piece by piece'), fc.nat(), (simulation, which) => {
        const { history, deliveries } = simulation;
        const ghosts = ghostsOf(simulation);
        if (ghosts.length > 0) {
          const { entry, item } = ghosts[which % ghosts.length]!;
          const possible = possiblyRegistered(history, entry, item);
          const more = history.with(history.indexOf(entry), { ...entry, response: { kind: 'done', value: [...valueOf(entry), item] } });
          expect(broken(more, deliveries).filter((one) => one !== 'LST-1')).toEqual(possible ? [] : ['LST-3']);
          added[possible ? 'possible' : 'wrong']++;
        }
        const strays = straysOf(simulation);
        if (strays.length === 0) return;
        const { entry, delivery } = strays[which % strays.length]!;
        const possible = possiblyBound(history, entry, delivery);
        const found = broken(history, [...deliveries, delivery]).filter((one) => one !== 'RTE-4');
        expect(found.length > 0, JSON.stringify(found)).toBe(!possible);
        added[possible ? 'possible' : 'wrong']++;
      }),
      { numRuns: cases(runs) },
    );
    expect(Math.min(added.wrong, added.possible)).toBeGreaterThan(cases(100));
  });
});

const isList = ({ invocation, response }: Recorded): boolean => invocation.op.startsWith('list') && response?.kind === 'done';
const valueOf = ({ response }: Recorded): readonly Found[] => (response as { value: readonly Found[] }).value;

/** Registrations of the history that a list does not show. */
function ghostsOf({ history }: Simulation): { entry: Recorded; item: Found }[] {
  return history.filter(isList).flatMap((entry) =>
    history.flatMap(({ invocation }) => {
      if (invocation.op !== (entry.invocation.op === 'listServers' ? 'registerServer' : 'registerTransport')) return [];
      const { id, endpoint, config = {} } = invocation as Operation & { op: 'registerServer' };
      return valueOf(entry).some((one) => one.id === id) ? [] : [{ entry, item: { id, endpoint, config } }];
    }),
  );
}

/** Transports of the history that a broadcast does not reach. */
function straysOf({ history, deliveries }: Simulation): { entry: Recorded; delivery: Delivered }[] {
  return history.flatMap((entry) => {
    const { invocation } = entry;
    if (invocation.op !== 'broadcast') return [];
    return history.flatMap(({ invocation: other }) => {
      if (other.op !== 'registerTransport' || deliveries.some(({ message, to }) => message === invocation.message && to === other.id)) return [];
      return [{ entry, delivery: { message: invocation.message, namespace: 'transport' as const, to: other.id, from: invocation.serverId, endpoint: other.endpoint, at: entry.start } }];
    });
  });
}
