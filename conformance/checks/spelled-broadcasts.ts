import { isDeepStrictEqual } from 'node:util';
import type { Operation } from '../../model/index.js';
import { Violation } from '../engine/findings.js';
import { extremeIds, hostileIds } from '../engine/ids.js';
import { show, showOperation } from '../engine/show.js';
import { check, type Trial } from '../engine/trial.js';

/*
 * Names of every spelling, in each place of every routing call: whoever is meant is reached. Bindings and registrations of such names are
 * looked up first: what is wrong with these is not for routing to answer for.
 */

const server = (id: string, endpoint: string): Operation => ({ op: 'registerServer', id, endpoint });
const transport = (id: string, endpoint: string): Operation => ({ op: 'registerTransport', id, endpoint });
const bind = (transportId: string, serverId: string): Operation => ({ op: 'bindTransportToServer', transportId, serverId });

/** What careless registries put between the parts of a key. */
const separators = [':', '::', '/', '.', '-', '_', '|', ',', ';', '=', '#', '@', '>', ' ', '\t', '\n', '\u0001', '\u001f', '\uffff', ''];

/** Ids that are, begin with, end with or hold what is put between others, and such as may stand for everybody. */
const spelled = [...new Set([...hostileIds, ...extremeIds, ...separators.filter((one) => one !== '').flatMap((one) => [one, `a${one}b`, `${one}a`, `a${one}`, `a${one}b${one}c`]), '**', '?', '%', '.*', 'all', 'everybody', 'Symbol(sharded-registry.broadcast)', 'sharded-registry.broadcast', '[object Object]', '{}', '[]', '$&', '\\0'])];

/** The call delivers to these endpoints and no other, once each. */
async function delivers(t: Trial, operation: Operation, expected: readonly string[]): Promise<void> {
  const count = await t.succeeds(operation, 'every id is valid');
  const got = (await t.arrivals(expected.length)).map(({ endpoint }) => endpoint).sort();
  t.check(isDeepStrictEqual(got, [...expected].sort()), `${showOperation(operation)} did not reach whom it was for, and nobody else`, expected, got);
  t.check(count === expected.length, `${showOperation(operation)} returned the wrong count`, expected.length, count);
}

const isBound = (t: Trial, transportId: string, serverId: string): Promise<void> => t.given(t.gives({ op: 'getServerForTransport', transportId }, serverId, 'it was bound'));

/** Messages to and from a name of this spelling, in both namespaces, in each place. */
async function routes(t: Trial, id: string): Promise<void> {
  const [s, a] = t.ids(2) as [string, string];
  await t.setup(server(s, 'e1'), transport(a, 'e2'), server(id, 'e3'), transport(id, 'e4'));
  // Somebody besides, who must not get it.
  if (t.offers('binding')) await t.setup(bind(a, s));
  await t.given(t.holds(id, 'e3', 'it was registered'));
  await t.given(t.holds(id, 'e4', 'it was registered', 'findTransport'));
  for (const [operation, endpoint] of [
    [{ op: 'routeToServer', serverId: id, transportId: a, message: 'm' }, 'e3'],
    [{ op: 'routeToServer', serverId: s, transportId: id, message: 'm' }, 'e1'],
    [{ op: 'routeToServer', serverId: id, transportId: id, message: 'm' }, 'e3'],
    [{ op: 'routeToTransport', transportId: id, serverId: s, message: 'm' }, 'e4'],
    [{ op: 'routeToTransport', transportId: a, serverId: id, message: 'm' }, 'e2'],
    [{ op: 'routeToTransport', transportId: id, serverId: id, message: 'm' }, 'e4'],
  ] as const) await delivers(t, operation, [endpoint]);
  await t.setup(...gone([s, id], [a, id]));
}

/** Broadcasts of a server of this spelling, and to a transport of it. */
async function broadcasts(t: Trial, id: string): Promise<void> {
  const [s, a, b] = t.ids(3) as [string, string, string];
  await t.setup(server(s, 'e1'), server(id, 'e2'), transport(a, 'e3'), transport(b, 'e4'), transport(id, 'e5'));
  for (const [transportId, serverId] of [[a, id], [id, id], [b, s]] as const) {
    await t.setup(bind(transportId, serverId));
    await isBound(t, transportId, serverId);
  }
  for (const [transportId, endpoint] of [[a, 'e3'], [id, 'e5'], [b, 'e4']] as const) {
    await t.given(delivers(t, { op: 'routeToTransport', transportId, serverId: id, message: 'one' }, [endpoint]));
  }
  await delivers(t, { op: 'broadcast', serverId: id, message: 'all' }, ['e3', 'e5']);
  await delivers(t, { op: 'broadcast', serverId: s, message: 'all' }, ['e4']);
  await t.setup(bind(id, s));
  await isBound(t, id, s);
  await delivers(t, { op: 'broadcast', serverId: s, message: 'all' }, ['e4', 'e5']);
  await delivers(t, { op: 'broadcast', serverId: id, message: 'all' }, ['e3']);
  await t.setup(...gone([s, id], [a, b, id]));
}

const gone = (servers: readonly string[], transports: readonly string[]): Operation[] => [...servers.map((id): Operation => ({ op: 'unregisterServer', id })), ...transports.map((id): Operation => ({ op: 'unregisterTransport', id }))];

/** Those that are tried: not all where each call, or what comes of it, takes time of its own. */
const affordable = async (t: Trial): Promise<readonly string[]> => (t.stalenessMs > 0 || (await t.areCallsSlow()) ? ['a:b', '*', '__proto__', 'a/b', '\n', '😀'.repeat(255)] : spelled);

/** Tried with each of these names. What goes wrong with a harmless name as well is not for this to say. */
async function withEach(t: Trial, ids: readonly string[], work: (t: Trial, id: string) => Promise<void>): Promise<void> {
  await t.given(work(t, t.id()));
  for (const id of ids) {
    try {
      await work(t, id);
    } catch (error) {
      if (error instanceof Violation) await t.given(work(t, t.id()));
      throw error;
    }
    t.occurred();
  }
}

export const spelledBroadcastsChecks = [
  check('NAM-2', 'a message reaches its recipient and nobody else, whatever either end is called, in both directions', 'a message delivered to or from a name of an unusual spelling', async (t) => {
    await withEach(t, await affordable(t), routes);
  }, { needs: ['transports', 'routing'] }),
  check('RTE-3', 'a broadcast reaches those who are bound, whatever they and the server are called', 'a broadcast delivered to or in the name of an unusual spelling', async (t) => {
    await withEach(t, await affordable(t), broadcasts);
  }),
  check('RTE-3', 'and nobody else, also where the two ends of bindings run together into the same text', 'two bindings that are the same text when their ends are joined, and a broadcast delivered to each', async (t) => {
    for (const separator of t.stalenessMs > 0 ? [':', ''] : separators) {
      for (const [t1, s1, t2, s2] of [
        ['t', `a${separator}s`, `t${separator}a`, 's'],
        ['t', `t${separator}t`, `t${separator}t`, 't'],
        [`t${separator}s`, 's', 't', `s${separator}s`],
      ] as const) {
        await t.open();
        await t.setup(server(s1, 'e1'), server(s2, 'e2'), transport(t1, 'e3'), transport(t2, 'e4'));
        for (const [transportId, serverId, endpoint] of [[t1, s1, 'e3'], [t2, s2, 'e4']] as const) {
          await t.given(delivers(t, { op: 'routeToTransport', transportId, serverId, message: 'one' }, [endpoint]));
          await t.setup(bind(transportId, serverId));
        }
        await isBound(t, t1, s1);
        await isBound(t, t2, s2);
        await delivers(t, { op: 'broadcast', serverId: s1, message: show(separator) }, ['e3']);
        await delivers(t, { op: 'broadcast', serverId: s2, message: show(separator) }, ['e4']);
        t.occurred();
      }
    }
  }),
];
