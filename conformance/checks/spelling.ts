import { isDeepStrictEqual } from 'node:util';
import type { Operation } from '../../model/index.js';
import { extremeIds, hostileIds, lookAlikes } from '../engine/ids.js';
import { check, type Trial } from '../engine/trial.js';

/*
 * Ids that are alike, or begin alike, or run together when they are joined: in both namespaces, and at both ends of a binding.
 */

const server = (id: string, endpoint = 'e1'): Operation => ({ op: 'registerServer', id, endpoint });
const transport = (id: string, endpoint = 'e2', serverId?: string): Operation => ({ op: 'registerTransport', id, endpoint, ...(serverId !== undefined && { config: { serverId } }) });
const bind = (transportId: string, serverId: string): Operation => ({ op: 'bindTransportToServer', transportId, serverId });
const bound = (t: Trial, transportId: string, to: string | undefined, why: string): Promise<void> => t.gives({ op: 'getServerForTransport', transportId }, to, why);

/** What careless registries put between the parts of a key. */
const separators = [':', '/', '.', '-', '_', '|', ',', '\u0001', ''];

/** What they call the namespaces in a key. */
const prefixes = ['server', 'transport', 's', 't'];

export const spellingChecks = [
  check('NAM-2', 'every operation takes every valid id, in each place', 'an operation that was given an id of an unusual spelling, and succeeded', async (t) => {
    // What is refused to harmless ids as well is refused for another reason.
    await t.given(takesAll(t, t.ids(3)));
    await takesAll(t, [...new Set([...extremeIds, ...hostileIds]), ...t.ids(40)]);
  }),

  check('NAM-2', 'every valid id can be that of the server that a configuration names', 'a binding by a configuration to a server of an unusual spelling', async (t) => {
    /** Of a transport that is new each time: bound by its configuration, or by hand. */
    const binds = async (id: string, byHand: boolean, why: string): Promise<void> => {
      const a = t.id();
      await t.setup(server(id));
      await t.succeeds(byHand ? transport(a) : transport(a, 'e2', id), why);
      if (byHand) await t.succeeds(bind(a, id), why);
      await bound(t, a, id, why);
      await t.setup({ op: 'unregisterTransport', id: a }, { op: 'unregisterServer', id });
    };
    await t.given(binds(t.id(), false, 'it names a server that is registered'));
    for (const id of [...extremeIds, ...hostileIds]) {
      await t.given(binds(id, true, 'both ends are registered'));
      await binds(id, false, 'the id is valid');
      t.occurred();
    }
  }, { needs: ['binding', 'transports', 'configs'] }),

  check('NAM-3', 'transport ids that differ in any code unit are different names', 'two transport ids that look alike, both found held', async (t) => {
    for (const [one, other, mistake] of lookAlikes) {
      const why = `${mistake} must not make two ids one`;
      await t.open();
      await t.setup(transport(one, 'e1'));
      await t.holds(other, undefined, why, 'findTransport');
      await t.succeeds(transport(other, 'e2'), why);
      await t.holds(one, 'e1', why, 'findTransport');
      await t.occurs(t.holds(other, 'e2', 'it was registered', 'findTransport'));
      await t.setup({ op: 'unregisterTransport', id: other });
      await t.holds(one, 'e1', why, 'findTransport');
      await t.setup({ op: 'unregisterTransport', id: one });
    }
  }, { needs: ['transports'] }),
  check('NAM-3', 'nor are they taken for each other where they are bound', 'two transports that look alike, bound to servers that do', async (t) => {
    for (const [one, other, mistake] of lookAlikes) {
      const why = `${mistake} must not make two ids one`;
      await t.open();
      await t.setup(server(one), transport(one), server(other), transport(other, 'e3'));
      // That ids like these can be bound at all is for others to say.
      await t.setup(bind(one, other));
      await bound(t, one, other, why);
      await bound(t, other, undefined, why);
      await t.setup(bind(other, one));
      await bound(t, other, one, why);
      await bound(t, one, other, why);
      t.occurred();
      await t.succeeds({ op: 'unbindTransport', transportId: other }, why);
      await bound(t, one, other, why);

      await t.open();
      await t.setup(server(one), transport(one));
      // What is not alike is refused as well.
      const unlike = t.id();
      await t.refused(bind(one, unlike));
      await t.refused(bind(unlike, one));
      for (const operation of [bind(one, other), bind(other, one)]) {
        const answer = await t.rig.perform(operation);
        t.check(answer.kind === 'refused', `a bind of what is not registered succeeded: ${why}`, 'a refusal', answer);
      }
    }
  }, { needs: ['binding', 'transports'] }),

  check('NAM-3', 'nor where a configuration names a server', 'a transport registered with the serverId of a server, and one with a serverId that looks like it', async (t) => {
    for (const [one, other, mistake] of lookAlikes) {
      const why = `${mistake} must not make two ids one`;
      await t.open();
      await t.setup(server(one), transport('x', 'e2', one), transport('w', 'e2', t.id()));
      await t.given(bound(t, 'x', one, 'it was registered with this serverId'));
      await t.given(bound(t, 'w', undefined, 'it was registered with a serverId that is nobody\'s'));
      await t.setup(transport('y', 'e2', other));
      await bound(t, 'y', undefined, why);
      await t.setup(server(other), transport('z', 'e2', other));
      await bound(t, 'z', other, why);
      await bound(t, 'x', one, why);
      t.occurred();
    }
  }, { needs: ['binding', 'transports', 'configs'] }),
  check('NAM-3', 'nor where messages are routed', 'a message delivered to one of two names that look alike', async (t) => {
    for (const [one, other, mistake] of lookAlikes) {
      const why = `${mistake} must not make two ids one`;
      await t.open();
      await t.setup(server(one, 'e1'), transport(one, 'e3'), server(other, 'e2'), transport(other, 'e4'));
      if (t.offers('binding')) await t.setup(bind(one, one), bind(other, other));
      for (const [id, at, from] of [[one, 'e1', 'e3'], [other, 'e2', 'e4']] as const) {
        await t.setup({ op: 'routeToServer', serverId: id, transportId: id, message: 'm' }, { op: 'routeToTransport', transportId: id, serverId: id, message: 'm' });
        if (t.offers('binding')) await t.setup({ op: 'broadcast', serverId: id, message: 'm' });
        const got = (await t.arrivals(t.offers('binding') ? 3 : 2)).map(({ endpoint }) => endpoint).sort();
        t.check(got.every((endpoint) => endpoint === at || endpoint === from), why, [at, from], got);
        t.occurred(got.length > 0);
      }
    }
  }, { needs: ['transports', 'routing'] }),

  check('NAM-3', 'nor where all are meant: both are on a list, and both get a broadcast', 'two names that look alike, both found on a list or both delivered a broadcast', async (t) => {
    const broadcasts = t.offers('routing') && t.offers('binding');
    if (!broadcasts && !t.offers('lists')) return t.ruledOut('neither lists nor broadcasts are offered');
    const both = async (one: string, other: string, why: string): Promise<void> => {
      await t.open();
      const s = t.id();
      await t.setup(server(one, 'e1'), server(other, 'e1'), transport(one, 'e2'), transport(other, 'e4'));
      const expected = [one, other].sort();
      for (const op of t.offers('lists') ? (['listServers', 'listTransports'] as const) : []) {
        await t.eventually(async () => {
          const listed = (t.accepted(await t.rig.perform({ op }), `${op}()`, 'a list is never refused') as readonly { id: string }[]).map(({ id }) => id).sort();
          t.check(isDeepStrictEqual(listed, expected), `${op}(): ${why}`, expected, listed);
        });
        t.occurred();
      }
      if (!broadcasts) return;
      await t.setup(server(s, 'e3'), bind(one, s), bind(other, s), { op: 'broadcast', serverId: s, message: 'm' });
      const reached = (await t.arrivals(2)).map(({ endpoint }) => endpoint).sort();
      t.check(isDeepStrictEqual(reached, ['e2', 'e4']), `a broadcast to transports that look alike: ${why}`, ['e2', 'e4'], reached);
      t.occurred();
    };
    const [one, other] = t.ids(2) as [string, string];
    await t.given(both(one, other, 'both are registered'));
    for (const [one, other, mistake] of lookAlikes) await both(one, other, `${mistake} must not make two ids one`);
  }, { needs: ['transports'] }),

  check('NAM-4', 'an id that spells the namespace and the id of another name is not that name', 'a name found held after another was given up with which it runs together', async (t) => {
    for (const separator of separators) {
      for (const prefix of prefixes) {
        const [long, short] = [`${prefix}${separator}a`, 'a'];
        const why = 'the other namespace has another id, however they are joined';
        await t.open();
        await t.setup(server(long, 'e1'));
        await t.holds(short, undefined, why, 'findTransport');
        await t.succeeds(transport(short, 'e2'), why);
        await t.setup({ op: 'unregisterTransport', id: short });
        await t.holds(long, 'e1', why);
        await t.setup(transport(long, 'e2'), { op: 'unregisterServer', id: long });
        await t.holds(short, undefined, why);
        await t.succeeds(server(short, 'e1'), why);
        await t.setup({ op: 'unregisterServer', id: short });
        await t.holds(long, 'e2', why, 'findTransport');
        t.occurred();
      }
    }
  }, { needs: ['transports'] }),

  check('UNR-1', 'an unregistered name is gone, and no other, nor one that begins or ends like it', 'a name given up, and others found held, also such as are spelled in part like it', async (t) => {
    for (const separator of separators) {
      for (const [op, register, find] of [['unregisterServer', server, 'findServer'], ['unregisterTransport', transport, 'findTransport']] as const) {
        if (op === 'unregisterTransport' && !t.offers('transports')) continue;
        const others = [`a${separator}b`, `a${separator}a`, `b${separator}a`, 'b', t.id()];
        await t.setup(register('a', 'e1'), ...others.map((id) => register(id, 'e1')));
        await t.given(t.holds('a', 'e1', 'it was registered', find));
        await t.succeeds({ op, id: 'a' }, 'it is registered');
        await t.holds('a', undefined, 'it was unregistered', find);
        for (const id of others) await t.holds(id, 'e1', 'another name of the same endpoint was unregistered', find);
        t.occurred();
        await t.setup(...others.map((id): Operation => ({ op, id })));
      }
    }
  }),

  check('BND-1', 'whatever the ids spell that are bound', 'a binding of names of an unusual spelling', async (t) => {
    const [s, a] = t.ids(2) as [string, string];
    await t.setup(server(s), transport(a));
    for (const id of [...extremeIds, ...hostileIds]) {
      await t.setup(server(id, 'e3'), transport(id, 'e4'));
      await t.succeeds(bind(id, s), 'both ends are registered');
      await bound(t, id, s, 'it was just bound');
      await t.succeeds(bind(a, id), 'both ends are registered');
      await bound(t, a, id, 'it was just bound');
      t.occurred();
      await t.setup({ op: 'unregisterServer', id }, { op: 'unregisterTransport', id });
    }
  }),
  check('BND-1', 'two bindings, also when the ids of the one and the ids of the other run together into the same text', 'two bindings whose ids run together into the same text', async (t) => {
    for (const separator of [...separators, ';', ' ', '->', '=>', '::', '\n', '\t', '@', '#', '~', '\u001f', '\u0002']) {
      const pairs = [['a', `b${separator}c`], [`a${separator}b`, 'c']] as const;
      // Whichever of the two comes first in the text.
      const [one, other] = pairs.map(([a, s]) => [s, a] as const) as [readonly [string, string], readonly [string, string]];
      for (const [[a, s], [b, r]] of [[pairs[0], pairs[1]], [pairs[1], pairs[0]], [one, other], [other, one]] as const) {
        await t.open();
        await t.setup(server(s), server(r), transport(a), transport(b));
        await t.succeeds(bind(a, s), 'both ends are registered');
        await bound(t, a, s, 'it was just bound');
        await t.succeeds(bind(b, r), 'both ends are registered');
        await bound(t, b, r, 'it was just bound');
        await bound(t, a, s, 'another was bound');
        t.occurred();
      }
    }
  }, { needs: ['binding', 'transports'] }),
  check('BND-5', 'a transport is unbound, and none that begins like it or is bound to a server that begins like its own', 'a binding that was there, among others spelled in part like it', async (t) => {
    await alike(t, async (rest) => {
      await t.succeeds({ op: 'unbindTransport', transportId: 'a' }, 'it is bound');
      await bound(t, 'a', undefined, 'it was unbound');
      await rest('a transport that is spelled in part like it was unbound');
    });
  }),
  check('BND-6', 'the bindings of a server end, and none of a server that begins like it', 'a binding that was there, among others spelled in part like it', async (t) => {
    await alike(t, async (rest) => {
      await t.setup({ op: 'unregisterServer', id: 'a' });
      await bound(t, 'a', undefined, 'its server was unregistered');
      await rest('a server that is spelled in part like it was unregistered');
    });
  }),
  check('BND-7', 'the binding of a transport ends, and none of a transport that begins like it', 'a binding that was there, among others spelled in part like it', async (t) => {
    await alike(t, async (rest) => {
      await t.setup({ op: 'unregisterTransport', id: 'a' });
      await bound(t, 'a', undefined, 'it was unregistered');
      await rest('a transport that is spelled in part like it was unregistered');
    });
  }),
];

/**
 * Transport `a` bound to server `a`, among bindings whose ids begin like these, or run together with them into the same
 * text. The ending ends the one binding; the rest, it asks for itself, must stay.
 */
async function alike(t: Trial, ending: (rest: (why: string) => Promise<void>) => Promise<void>): Promise<void> {
  for (const separator of separators) {
    await t.open();
    const pairs = [
      [`a${separator}a`, `b`],
      [`b`, `a${separator}a`],
      [`a${separator}b`, `a${separator}b`],
      [`b${separator}a`, `b${separator}a`],
    ] as const;
    await t.setup(server('a'), transport('a'), bind('a', 'a'));
    for (const [a, s] of pairs) await t.setup(server(s, 'e3'), transport(a, 'e4'), bind(a, s));
    const rest = async (why: string): Promise<void> => {
      for (const [a, s] of pairs) {
        await t.given(t.holds(a, 'e4', why, 'findTransport'));
        await t.given(t.holds(s, 'e3', why));
        await bound(t, a, s, why);
      }
    };
    await t.given(rest('it was bound'));
    await t.occurs(bound(t, 'a', 'a', 'it was bound'));
    await ending(rest);
  }
}

/** Each operation with each of these ids, wherever it takes one: one id after the other, for some look alike. */
async function takesAll(t: Trial, ids: readonly string[]): Promise<void> {
  const [s, a] = t.ids(2) as [string, string];
  const kinds = [
    { make: server, find: 'findServer', end: 'unregisterServer' },
    ...(t.offers('transports') ? [{ make: transport, find: 'findTransport', end: 'unregisterTransport' } as const] : []),
  ] as const;
  await t.setup(server(s, 'e5'), ...(t.offers('transports') ? [transport(a, 'e6')] : []));
  const succeeds = async (operation: Operation): Promise<void> => {
    await t.succeeds(operation, 'the id is valid');
    t.occurred();
  };
  for (const id of ids) {
    for (const { make, find } of kinds) {
      await succeeds(make(id, 'e3'));
      await t.holds(id, 'e3', 'it was just registered', find);
    }
    for (const operation of uses(t, id, s, a)) await succeeds(operation);
    for (const { find, end } of kinds) {
      await succeeds({ op: end, id });
      await t.holds(id, undefined, 'it was just given up', find);
    }
  }
}

/** What can be done with an id that is registered as a server and, where there are any, as a transport, beside others. */
function uses(t: Trial, id: string, s: string, a: string): Operation[] {
  const transports = t.offers('transports');
  const [binding, routing] = [transports && t.offers('binding'), transports && t.offers('routing')];
  return [
    ...(t.offers('update') && t.offers('configs') ? [{ op: 'updateServer', id, config: { v: 1 } } as const] : []),
    ...(binding ? [bind(id, s), bind(a, id), bind(id, id), { op: 'getServerForTransport', transportId: id } as const] : []),
    ...(routing ? messages(id, s, a) : []),
    ...(routing && binding ? [{ op: 'broadcast', serverId: id, message: 'm' } as const] : []),
    ...(binding ? [{ op: 'unbindTransport', transportId: id } as const] : []),
  ];
}

/** Messages to and from an id, in both namespaces. */
const messages = (id: string, s: string, a: string): Operation[] => [
  { op: 'routeToServer', serverId: id, transportId: a, message: 'm' },
  { op: 'routeToServer', serverId: s, transportId: id, message: 'm' },
  { op: 'routeToTransport', transportId: id, serverId: s, message: 'm' },
  { op: 'routeToTransport', transportId: a, serverId: id, message: 'm' },
];
