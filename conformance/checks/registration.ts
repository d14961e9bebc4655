import type { Found } from '../../model/index.js';
import { Blocked } from '../engine/findings.js';
import { show } from '../engine/show.js';
import { check, type Trial } from '../engine/trial.js';

type Ends = [string, string];

const kinds = [
  { register: 'registerServer', unregister: 'unregisterServer', find: 'findServer' },
  { register: 'registerTransport', unregister: 'unregisterTransport', find: 'findTransport' },
] as const;

export const registrationChecks = [
  check('REG-1', 'a free name can be registered, and is then found', 'a free name, registered and found', async (t) => {
    for (const [register, find, endpoint] of [['registerServer', 'findServer', 'e1'], ['registerTransport', 'findTransport', 'e2']] as const) {
      if (register === 'registerTransport' && !t.offers('transports')) continue;
      for (const id of t.ids(12)) {
        await t.succeeds({ op: register, id, endpoint }, 'the name is free and the endpoint is up');
        await t.holds(id, endpoint, 'it was just registered', find);
        t.occurred();
      }
    }
  }),

  check('REG-2', 'a taken name is refused to its holder and to others', 'a name found held, asked for again', async (t) => {
    for (const id of t.ids(6)) {
      await t.setup({ op: 'registerServer', id, endpoint: 'e1' });
      await t.refuses({ op: 'registerServer', id, endpoint: 'e2' }, ['already_registered'], 'the name is taken');
      await t.refuses({ op: 'registerServer', id, endpoint: 'e1' }, ['already_registered'], 'the name is taken, if by the same endpoint');
      await t.occurs(t.holds(id, 'e1', 'it was registered'));
    }
  }),
  check('REG-2', 'the same for transports', 'a name found held, asked for again', async (t) => {
    for (const id of t.ids(6)) {
      await t.setup({ op: 'registerTransport', id, endpoint: 'e1' });
      await t.refuses({ op: 'registerTransport', id, endpoint: 'e2' }, ['already_registered'], 'the name is taken');
      await t.refuses({ op: 'registerTransport', id, endpoint: 'e1' }, ['already_registered'], 'the name is taken, if by the same endpoint');
      await t.occurs(t.holds(id, 'e1', 'it was registered', 'findTransport'));
    }
  }, { needs: ['transports'] }),

  check('REG-3', 'an endpoint that is down cannot be registered', 'an endpoint that is down, refused a name that one that is up is given', async (t) => {
    // As a step, so that a counterexample shows it.
    await t.setup({ op: 'down', endpoint: 'e1' });
    const id = t.id();
    await t.refuses({ op: 'registerServer', id, endpoint: 'e1' }, ['endpoint_down'], 'the signal has aborted');
    if (t.offers('transports')) await t.refuses({ op: 'registerTransport', id: t.id(), endpoint: 'e1' }, ['endpoint_down'], 'the signal has aborted');
    await t.setup({ op: 'registerServer', id, endpoint: 'e2' });
    await t.occurs(t.holds(id, 'e2', 'it was registered'));
  }),
  check('REG-3', 'whatever the reason that its signal was given', 'an endpoint that is down, refused', async (t) => {
    for (const reason of [undefined, null, 0, false, '', Number.NaN, 'gone', { code: 1 }]) {
      for (const register of t.offers('transports') ? (['registerServer', 'registerTransport'] as const) : (['registerServer'] as const)) {
        const answer = await t.rig.call(register, t.id(), { send: () => undefined, signal: AbortSignal.abort(reason) });
        t.rejected(answer, `${register} of an endpoint whose signal was aborted with ${show(reason)}`, ['endpoint_down'], 'the signal has aborted');
        t.occurred();
      }
    }
  }, { needs: ['in-process'] }),
  check('REG-3', 'nor can one that went down while it held names', 'an endpoint found to hold a name, and down since', async (t) => {
    const id = t.id();
    await t.setup({ op: 'registerServer', id, endpoint: 'e1' });
    await t.occurs(t.holds(id, 'e1', 'it was registered'));
    await t.setup({ op: 'down', endpoint: 'e1' });
    await t.refuses({ op: 'registerServer', id: t.id(), endpoint: 'e1' }, ['endpoint_down'], 'the signal has aborted');
  }),
  check('REG-3', 'nor one that had given up all it held before it went down, however often it asks', 'an endpoint found to hold a name, that gave it up and went down', async (t) => {
    for (const { register, unregister, find } of kinds.filter(({ register }) => register === 'registerServer' || t.offers('transports'))) {
      for (const names of [1, 2]) {
        const [endpoint, ids] = [`of ${t.id()}`, t.ids(names)];
        for (const id of ids) await t.setup({ op: register, id, endpoint });
        await t.occurs(t.holds(ids[0]!, endpoint, 'it was registered', find));
        for (const id of ids) await t.setup({ op: unregister, id });
        await t.setup({ op: 'down', endpoint });
        for (const id of [...ids, t.id(), ids[0]!]) await t.refuses({ op: register, id, endpoint }, ['endpoint_down'], 'the signal has aborted');
      }
    }
  }),

  check('REG-4', 'a registration that admission control refused leaves no trace', 'a registration refused by admission control', async (t) => {
    const [id, other] = t.ids(2) as Ends;
    await t.setup({ op: 'setAdmission', mode: 'closed' });
    t.occurred((await t.refused({ op: 'registerServer', id, endpoint: 'e1' })) === 'admission_control_active');
    await t.holds(id, undefined, 'the registration was refused');
    // That admission is open again is for ADM-6 to say.
    await t.setup({ op: 'setAdmission', mode: 'auto' }, { op: 'registerServer', id: other, endpoint: 'e3' });
    await t.succeeds({ op: 'registerServer', id, endpoint: 'e2' }, 'the name must still be free');
    await t.setup({ op: 'down', endpoint: 'e1' });
    await t.holds(id, 'e2', 'the endpoint that was refused went down');
  }, { needs: ['override', 'liveness'] }),

  check('REG-5', 'a name that was given up is free for anybody', 'a name found held, given up, and found held by another', async (t) => {
    for (const [i, id] of t.ids(6).entries()) {
      await t.setup({ op: 'registerServer', id, endpoint: 'e1' });
      // A lookup may leave traces of its own: half of the names are not looked up.
      if (i % 2 === 0) await t.given(t.holds(id, 'e1', 'it was registered'));
      await t.setup({ op: 'unregisterServer', id });
      await t.succeeds({ op: 'registerServer', id, endpoint: 'e2' }, 'the name was given up');
      await t.holds(id, 'e2', 'it has been registered again');
      t.occurred(i % 2 === 0);
      await t.setup({ op: 'unregisterServer', id });
      await t.succeeds({ op: 'registerServer', id, endpoint: 'e2' }, 'the name was given up by the same endpoint');
    }
  }),
  check('REG-5', 'a name whose endpoint went down is free for anybody', 'a name found held, and gone since with its endpoint', async (t) => {
    const id = t.id();
    await t.setup({ op: 'registerServer', id, endpoint: 'e1' });
    await t.given(t.holds(id, 'e1', 'it was registered'));
    await t.setup({ op: 'down', endpoint: 'e1' });
    await t.eventually(() => t.holds(id, undefined, 'its holder went down'), t.downMs).catch(() => {
      throw new Blocked('the name had to be gone first');
    });
    t.occurred();
    await t.succeeds({ op: 'registerServer', id, endpoint: 'e2' }, 'its holder went down');
  }, { needs: ['liveness'] }),

  check('UPD-1', 'an update keeps the bindings', 'an update that shows, of a server with a binding', async (t) => {
    const [server, transport] = t.ids(2) as Ends;
    await t.setup({ op: 'registerServer', id: server, endpoint: 'e1' }, { op: 'registerTransport', id: transport, endpoint: 'e2' }, { op: 'bindTransportToServer', transportId: transport, serverId: server });
    await t.succeeds({ op: 'updateServer', id: server, config: { b: 3 } }, 'the server is registered');
    await t.gives({ op: 'getServerForTransport', transportId: transport }, server, 'an update is no new incarnation');
    await t.occurs(t.gives({ op: 'findServer', id: server }, { id: server, endpoint: 'e1', config: { b: 3 } }, 'it was updated'));
  }, { needs: ['transports', 'binding'] }),
  check('UPD-2', 'a server that is not registered cannot be updated', 'an update refused, of a server that could be updated before it was unregistered', async (t) => {
    const id = t.id();
    await t.refuses({ op: 'updateServer', id, config: {} }, ['server_not_found'], 'no server has this id');
    await t.setup({ op: 'registerServer', id, endpoint: 'e1' }, { op: 'updateServer', id, config: {} }, { op: 'unregisterServer', id });
    await t.refuses({ op: 'updateServer', id, config: {} }, ['server_not_found'], 'the server was unregistered');
    t.occurred();
  }),

  check('UNR-2', 'unregistering what is not registered succeeds', 'a name unregistered that was found gone', async (t) => {
    const id = t.id();
    await t.succeeds({ op: 'unregisterServer', id }, 'unregistering is idempotent');
    await t.setup({ op: 'registerServer', id, endpoint: 'e1' });
    await t.given(t.holds(id, 'e1', 'it was registered'));
    await t.setup({ op: 'unregisterServer', id });
    await t.occurs(t.holds(id, undefined, 'it was unregistered'));
    await t.succeeds({ op: 'unregisterServer', id }, 'unregistering is idempotent');
    if (t.offers('transports')) await t.succeeds({ op: 'unregisterTransport', id }, 'unregistering is idempotent');
  }),

  check('LKP-1', 'a lookup gives the id and the endpoint of the current registration', 'a name found held that another has given up', async (t) => {
    for (const id of t.ids(6)) {
      await t.setup({ op: 'registerServer', id, endpoint: 'e1' }, { op: 'unregisterServer', id }, { op: 'registerServer', id, endpoint: 'e2' });
      await t.eventually(async () => {
        const answer = await t.rig.perform({ op: 'findServer', id });
        const found = answer.kind === 'done' ? (answer.value as Found | undefined) : undefined;
        t.check(found?.id === id && found.endpoint === 'e2', 'a lookup is wrong', { id, endpoint: 'e2' }, found);
      });
      t.occurred();
    }
  }),
  check('LKP-1', 'a lookup gives nothing of an older incarnation', 'a name found held that showed another configuration in an older incarnation', async (t) => {
    for (const { register, unregister, find } of kinds.filter(({ register }) => register === 'registerServer' || t.offers('transports'))) {
      for (const goesDown of t.offers('liveness') ? [false, true] : [false]) {
        const [id, endpoint] = [t.id(), `${find} ${goesDown}`];
        await t.setup({ op: register, id, endpoint, config: { old: true } });
        await t.occurs(t.gives({ op: find, id }, { id, endpoint, config: { old: true } }, 'it was registered with this configuration'));
        // By the same endpoint if it can, and with no look in between.
        const anew = goesDown ? 'e1' : endpoint;
        await t.setup(goesDown ? { op: 'down', endpoint } : { op: unregister, id });
        if (goesDown && !t.offers('in-process')) await t.given(t.eventually(() => t.holds(id, undefined, 'its endpoint went down', find), t.goneMs));
        await t.setup({ op: register, id, endpoint: anew });
        await t.gives({ op: find, id }, { id, endpoint: anew, config: {} }, 'the configuration went with the older incarnation');
      }
    }
  }, { needs: ['configs'] }),
  check('LKP-2', 'a lookup of a name that nobody holds gives nothing', 'a name that nobody holds any more, found as long as somebody did', async (t) => {
    const id = t.id();
    await t.holds(id, undefined, 'nobody ever registered it');
    if (t.offers('transports')) await t.holds(id, undefined, 'nobody ever registered it', 'findTransport');
    await t.setup({ op: 'registerServer', id, endpoint: 'e1' });
    await t.occurs(t.holds(id, 'e1', 'it was registered'));
    await t.setup({ op: 'unregisterServer', id });
    await t.holds(id, undefined, 'it was given up');
  }),

  check('LST-1', 'a list gives each name once, with its endpoint', 'a list of dozens of names, after others have been given up', async (t) => {
    const ids = t.ids(40);
    for (const [i, id] of ids.entries()) await t.setup({ op: 'registerServer', id, endpoint: `e${i % 3}` });
    for (const id of ids.slice(0, 10)) await t.setup({ op: 'unregisterServer', id });
    await sameList(t, 'listServers', ids.slice(10).map((id, i) => [id, `e${(i + 10) % 3}`]));
    t.occurred();
    await sameList(t, 'listTransports', []);
    for (const id of ids.slice(0, 20)) await t.setup({ op: 'registerTransport', id, endpoint: 'e5' });
    await sameList(t, 'listTransports', ids.slice(0, 20).map((id) => [id, 'e5']));
  }),

  check('INC-1', 'a late "down" does not touch a name that somebody else holds by now', 'a former holder that goes down while another is found to hold the name, where a "down" takes effect', async (t) => {
    const id = t.id();
    await t.setup({ op: 'registerServer', id, endpoint: 'e1' }, { op: 'unregisterServer', id }, { op: 'registerServer', id, endpoint: 'e2' }, { op: 'down', endpoint: 'e1' });
    await lasts(t, () => t.holds(id, 'e2', 'the endpoint that went down had given the name up'));
    // Whoever has nothing left to hold may not be listened to any more: another shows that a "down" is heard of.
    const other = t.id();
    await t.setup({ op: 'registerServer', id: other, endpoint: 'e3' });
    await t.given(t.holds(other, 'e3', 'it was registered'));
    await t.setup({ op: 'down', endpoint: 'e3' });
    await t.occurs(t.eventually(() => t.holds(other, undefined, 'its endpoint went down'), t.downMs));
  }),
];

/** What a list must hold: names and who holds them. */
async function sameList(t: Trial, op: 'listServers' | 'listTransports', expected: readonly (readonly [string, string])[]): Promise<void> {
  await t.eventually(async () => {
    const value = t.accepted(await t.rig.perform({ op }), `${op}()`, 'a list is never refused');
    const listed = (value as readonly Found[]).map(({ id, endpoint }) => [id, endpoint] as const);
    const sorted = (pairs: readonly (readonly [string, string])[]): string => JSON.stringify([...pairs].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
    t.check(sorted(listed) === sorted(expected), `${op}() is wrong`, expected, listed);
  });
}

/** The expectation holds now, and still does after a "down" has had time to do harm. */
async function lasts(t: Trial, expectation: () => Promise<void>): Promise<void> {
  await expectation();
  if (t.downMs === 0) return;
  await new Promise((resolve) => setTimeout(resolve, Math.min(t.downMs, 300)));
  await expectation();
}
