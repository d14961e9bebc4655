import type { Operation } from '../../model/index.js';
import { Blocked } from '../engine/findings.js';
import { check, type Trial } from '../engine/trial.js';

const server = (id: string, endpoint = 'e1'): Operation => ({ op: 'registerServer', id, endpoint });
const transport = (id: string, endpoint = 'e2'): Operation => ({ op: 'registerTransport', id, endpoint });
const bind = (transportId: string, serverId: string): Operation => ({ op: 'bindTransportToServer', transportId, serverId });
const bound = (t: Trial, transportId: string, to: string | undefined, why: string): Promise<void> => t.gives({ op: 'getServerForTransport', transportId }, to, why);

/** Whether a server goes, its endpoint being down; that it must is for DWN-1 to say. */
const goes = (t: Trial, id: string): Promise<boolean> => t.eventually(() => t.holds(id, undefined, 'its endpoint went down'), t.goneMs).then(() => true, () => false);

type Three = [string, string, string];

export const bindingChecks = [
  check('BND-1', 'a transport bound to a server shows that server', 'a transport that shows the server it was bound to', async (t) => {
    const [s, a, b] = t.ids(3) as Three;
    await t.setup(server(s), transport(a), transport(b, 'e3'));
    await bound(t, a, undefined, 'it has not been bound');
    await t.succeeds(bind(a, s), 'both ends are registered');
    await bound(t, a, s, 'it was just bound');
    await bound(t, b, undefined, 'another transport was bound');
    await t.succeeds(bind(b, s), 'a server may have many transports');
    await bound(t, a, s, 'another transport was bound to the same server');
    await bound(t, b, s, 'it was just bound');
    t.occurred();
  }),
  check('BND-1', 'a server and a transport of the same id can be bound', 'a transport that shows a server of its own id', async (t) => {
    const id = t.id();
    await t.setup(server(id), transport(id));
    await t.succeeds(bind(id, id), 'both ends are registered');
    await bound(t, id, id, 'it was just bound');
    t.occurred();
  }),

  check('BND-2', 'a server that is not registered cannot be bound to', 'a bind refused, of a transport that shows a binding when the server is there', async (t) => {
    const [none, a, gone] = t.ids(3) as Three;
    await t.setup(transport(a), server(gone), { op: 'unregisterServer', id: gone });
    await t.refuses(bind(a, none), ['server_not_found'], 'no server has this id');
    await t.refuses(bind(a, gone), ['server_not_found'], 'the server was unregistered');
    await t.setup(server(gone), bind(a, gone));
    await t.occurs(bound(t, a, gone, 'it was bound'));
  }),
  check('BND-2', 'a missing server is reported before a missing transport', 'a bind refused, of a transport that shows a binding when both ends are there', async (t) => {
    const [s, a] = t.ids(2) as [string, string];
    await t.refuses(bind(a, s), ['server_not_found'], 'both ends are missing, and the server comes first');
    await t.setup(server(s), transport(a), bind(a, s));
    await t.occurs(bound(t, a, s, 'it was bound'));
  }),
  check('BND-3', 'a transport that is not registered cannot be bound', 'a bind refused, of a transport that shows a binding when it is there', async (t) => {
    const [s, none, gone] = t.ids(3) as Three;
    await t.setup(server(s), transport(gone), { op: 'unregisterTransport', id: gone });
    await t.refuses(bind(none, s), ['transport_not_found'], 'no transport has this id');
    await t.refuses(bind(gone, s), ['transport_not_found'], 'the transport was unregistered');
    await t.setup(transport(gone), bind(gone, s));
    await t.occurs(bound(t, gone, s, 'it was bound'));
  }),

  check('BND-4', 'a moved transport gets broadcasts of its new server only', 'a transport that was moved, and gets a broadcast of its new server', async (t) => {
    const [s1, s2, a] = t.ids(3) as Three;
    await t.setup(server(s1), server(s2), transport(a), bind(a, s1), bind(a, s2), { op: 'broadcast', serverId: s1, message: 'old' }, { op: 'broadcast', serverId: s2, message: 'new' });
    const messages = (await t.arrivals(1)).map(({ message }) => message);
    t.check(!messages.includes('old'), 'a transport got a broadcast of the server it was moved away from', ['new'], messages);
    t.occurred(messages.includes('new'));
  }, { needs: ['routing'] }),

  check('BND-5', 'unbinding ends one binding and is idempotent', 'a binding that was there, unbound, beside one that stays', async (t) => {
    const [s, a, b] = t.ids(3) as Three;
    await t.setup(server(s), transport(a), transport(b), bind(a, s), bind(b, s));
    await t.given(bound(t, a, s, 'it was bound'));
    await t.succeeds({ op: 'unbindTransport', transportId: a }, 'it is bound');
    await bound(t, a, undefined, 'it was unbound');
    await bound(t, b, s, 'another transport was unbound');
    t.occurred();
    await t.succeeds({ op: 'unbindTransport', transportId: a }, 'unbinding is idempotent');
    await t.succeeds({ op: 'unbindTransport', transportId: t.id() }, 'unbinding what is not registered succeeds');
    await t.holds(a, 'e2', 'it was unbound, not unregistered', 'findTransport');
  }),

  check('BND-8', 'a transport registered with a registered serverId is bound at once', 'a transport that shows the server that its configuration names', async (t) => {
    const [s, a] = t.ids(2) as [string, string];
    await t.setup(server(s));
    await t.succeeds({ op: 'registerTransport', id: a, endpoint: 'e2', config: { serverId: s } }, 'the name is free');
    await bound(t, a, s, 'its configuration names a registered server');
    t.occurred();
    if (t.offers('routing')) {
      await t.setup({ op: 'broadcast', serverId: s, message: 'm' });
      t.check((await t.arrivals(1)).some(({ to }) => to === a), 'a broadcast missed a transport that was bound by its configuration', 'a delivery', 'none');
    }
  }),
  check('BND-8', 'also when the commit takes its time: it is never there and unbound', 'a transport found held, whose registration had been under way', async (t) => {
    const [s, a] = t.ids(2) as [string, string];
    await t.setup(server(s));
    // Commits are slow until it has been answered, so that what it does in several is slow to the last.
    await t.rig.slowCommit(50);
    const call = t.rig.start({ op: 'registerTransport', id: a, endpoint: 'e2', config: { serverId: s } });
    await t.rig.underway(call);
    const wasOpen = t.underWay([call]);
    for (let ms = 0; ms < 500; ms += 10) {
      const found = await t.rig.peek({ op: 'findTransport', id: a });
      if (found.kind === 'done' && found.value !== undefined) {
        await bound(t, a, s, 'its configuration names a registered server, and it is registered by now');
        t.occurred(wasOpen);
      }
      await t.rig.clock.advance(10);
    }
    await t.rig.slowCommit(0);
    await t.finish(call, 'a registration');
    // What an eventual registry shows of the one and of the other need not be of the same age.
  }, { needs: ['virtual-time', 'slow-commit'], consistency: 'linearizable' }),
  check('BND-9', 'a transport registered with an unknown serverId is registered unbound, and stays so', 'a transport registered before the server that its configuration names, where others show a binding to that', async (t) => {
    const [s, a, b] = t.ids(3) as Three;
    await t.succeeds({ op: 'registerTransport', id: a, endpoint: 'e2', config: { serverId: s } }, 'an unknown serverId is no reason to refuse');
    await t.holds(a, 'e2', 'it was registered', 'findTransport');
    await bound(t, a, undefined, 'the server it names is not registered');
    await t.setup(server(s));
    await bound(t, a, undefined, 'the server was registered later');
    await t.given(t.holds(s, 'e1', 'it was registered'));
    await t.setup(transport(b), bind(b, s));
    await t.occurs(bound(t, b, s, 'it was bound'));
    await t.setup({ op: 'unregisterServer', id: s }, server(s));
    await bound(t, b, undefined, 'its server was registered again');
  }),

  check('BND-9', 'whatever its name was bound to before, and whatever comes of that server later', 'a transport registered with an unknown serverId, whose name had been bound', async (t) => {
    /** A transport that was bound, by hand or by its configuration, and has gone; its name is registered again, and names `s` or none. */
    const begun = async (end: 'unregistered' | 'down', byHand: boolean, names: boolean): Promise<Three> => {
      const [s, other, a, b] = t.ids(4) as [...Three, string];
      await t.setup(server(s), server(other), { op: 'registerTransport', id: a, endpoint: `of ${a}`, ...(!byHand && { config: { serverId: other } }) });
      if (byHand) await t.setup(bind(a, s));
      await t.given(bound(t, a, byHand ? s : other, 'it was bound'));
      await t.setup({ op: 'unregisterServer', id: s }, end === 'down' ? { op: 'down', endpoint: `of ${a}` } : { op: 'unregisterTransport', id: a });
      await t.given(t.eventually(() => t.holds(a, undefined, `it was ${end}`, 'findTransport'), Math.max(t.goneMs, t.stalenessMs)));
      await t.given(t.holds(s, undefined, 'it was unregistered'));
      await t.setup({ op: 'registerTransport', id: a, endpoint: `of ${a}, again`, ...(names && { config: { serverId: s } }) });
      return [s, a, b];
    };
    for (const end of ['unregistered', ...(t.offers('liveness') ? (['down'] as const) : [])] as const) {
      for (const byHand of [true, false]) {
        const [s, a, b] = await begun(end, byHand, true);
        try {
          await bound(t, a, undefined, 'the server it names is not registered');
        } catch (error) {
          // Whoever is bound without naming anybody is bound to what it was before (INC-2).
          const [, unnamed] = await begun(end, byHand, false);
          await t.given(bound(t, unnamed, undefined, 'it names no server'));
          throw error;
        }
        await t.setup(server(s), transport(b), bind(b, s));
        await bound(t, a, undefined, 'the server was registered later');
        if (t.offers('update')) await t.setup({ op: 'updateServer', id: s, config: { v: 1 } });
        await bound(t, a, undefined, 'the server was registered later, and updated');
        await t.setup({ op: 'unbindTransport', transportId: b }, { op: 'unregisterTransport', id: b });
        await bound(t, a, undefined, 'the server was registered later, and another bound and unbound');
        t.occurred();
      }
    }
  }, { needs: ['configs'] }),

  check('DWN-1', 'of those that are left when one has been given up', 'a name found held, whose endpoint has given up another and goes down', async (t) => {
    const [given, left, other] = t.ids(3) as Three;
    await t.setup(server(given), server(left), server(other), { op: 'unregisterServer', id: given });
    await t.occurs(t.holds(left, 'e1', 'it was registered'));
    await t.setup({ op: 'down', endpoint: 'e1' });
    await t.eventually(() => t.holds(left, undefined, 'its endpoint went down'), t.goneMs);
    await t.eventually(() => t.holds(other, undefined, 'its endpoint went down'), t.goneMs);
  }),
  check('DWN-1', 'of endpoints that share a signal', 'names found held by endpoints that share a signal', async (t) => {
    const [one, other] = t.ids(2) as [string, string];
    await t.setup(server(one));
    t.accepted(await t.rig.call('registerServer', other, t.rig.endpoint('e1').twin('e1b')), 'registerServer', 'the endpoint is up');
    await t.given(t.holds(one, 'e1', 'it was registered'));
    await t.occurs(t.holds(other, 'e1b', 'it was registered'));
    await t.setup({ op: 'down', endpoint: 'e1' });
    await t.eventually(() => t.holds(one, undefined, 'the signal of its endpoint has aborted'), t.goneMs);
    await t.eventually(() => t.holds(other, undefined, 'the signal of its endpoint has aborted'), t.goneMs);
  }, { needs: ['in-process'] }),
  check('DWN-2', 'all bindings of all servers of an endpoint end, also to its own transports', 'a binding that was there when the endpoint of a server went down', async (t) => {
    const [s1, s2, kept] = t.ids(3) as Three;
    const transports = t.ids(9);
    await t.setup(server(s1), server(s2), server(kept, 'e8'));
    for (const [i, id] of transports.entries()) await t.setup(transport(id, i === 0 ? 'e1' : `e${2 + (i % 3)}`), bind(id, [s1, s2, kept][i % 3]!));
    for (const [i, id] of transports.entries()) await t.occurs(bound(t, id, [s1, s2, kept][i % 3], 'it was bound'));
    await t.setup({ op: 'down', endpoint: 'e1' });
    for (const [i, id] of transports.entries()) {
      const stays = i % 3 === 2;
      await t.eventually(() => bound(t, id, stays ? kept : undefined, stays ? 'the endpoint of another server went down' : 'the endpoint of its server went down'), t.goneMs);
    }
  }),

  check('DWN-3', 'the names are gone when the abort returns', 'a name found held, whose endpoint goes down', async (t) => {
    const id = t.id();
    await t.setup(server(id));
    await t.occurs(t.holds(id, 'e1', 'it was registered'));
    t.rig.endpoint('e1').kill();
    // No turn of the event loop in between: the very next call must not see it.
    const answer = t.rig.perform({ op: 'findServer', id });
    const settled = answer instanceof Promise ? await answer : answer;
    if (settled.kind !== 'done') throw new Blocked('a lookup of what may be gone had to be answered, and was not');
    t.check(settled.value === undefined, 'a name outlived the abort of its endpoint', 'nothing', settled);
    // What an eventual registry shows may be old, of a "down" as well.
  }, { consistency: 'linearizable' }),

  check('DWN-4', 'also those of the same id in the other namespace', 'a name that goes with its endpoint, and another of its id that stays', async (t) => {
    const [one, other] = t.ids(2) as [string, string];
    await t.setup(server(one, 'e1'), transport(one, 'e2'), server(other, 'e3'), transport(other, 'e1'));
    await t.given(t.holds(one, 'e1', 'it was registered'));
    await t.setup({ op: 'down', endpoint: 'e1' });
    const went = await goes(t, one);
    await t.holds(one, 'e2', 'the endpoint of the server of the same id went down', 'findTransport');
    await t.holds(other, 'e3', 'the endpoint of the transport of the same id went down');
    t.occurred(went);
  }, { needs: ['transports'] }),
  check('DWN-4', 'names of other endpoints stay', 'a name that goes with its endpoint, and others that stay', async (t) => {
    const [one, other, third] = t.ids(3) as Three;
    await t.setup(server(one, 'e1'), server(other, 'e2'), server(third, 'e3'));
    await t.given(t.holds(other, 'e2', 'it was registered'));
    await t.setup({ op: 'down', endpoint: 'e2' });
    const went = await goes(t, other);
    await t.holds(one, 'e1', 'another endpoint went down');
    await t.holds(third, 'e3', 'another endpoint went down');
    t.occurred(went);
  }),
];
