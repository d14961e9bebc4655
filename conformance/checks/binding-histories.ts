import type { Operation } from '../../model/index.js';
import { check, type Trial } from '../engine/trial.js';

/*
 * A binding is the same however it came about, and ends however it ends: every way into one, with every way out.
 */

const server = (id: string, endpoint = 'e1'): Operation => ({ op: 'registerServer', id, endpoint });
const transport = (id: string, endpoint = 'e2', serverId?: string): Operation => ({ op: 'registerTransport', id, endpoint, ...(serverId !== undefined && { config: { serverId } }) });
const bind = (transportId: string, serverId: string): Operation => ({ op: 'bindTransportToServer', transportId, serverId });
const unbind = (transportId: string): Operation => ({ op: 'unbindTransport', transportId });
const gone = (id: string): Operation => ({ op: 'unregisterServer', id });
const left = (id: string): Operation => ({ op: 'unregisterTransport', id });
const down = (endpoint: string): Operation => ({ op: 'down', endpoint });
const bound = (t: Trial, transportId: string, to: string | undefined, why: string): Promise<void> => t.gives({ op: 'getServerForTransport', transportId }, to, why);

/** Two servers and a transport, by id; the endpoints are `server`, `other` and the transport's own. */
interface Scene {
  readonly s: string;
  readonly other: string;
  readonly a: string;
  readonly endpoint: string;
}

interface Way {
  readonly title: string;
  readonly configs?: true;
  readonly steps: (scene: Scene) => readonly Operation[];
}

/** Each leaves `a` registered, and bound to `s`. */
const waysIn: readonly Way[] = [
  { title: 'bound', steps: ({ s, a, endpoint }) => [transport(a, endpoint), bind(a, s)] },
  { title: 'bound twice', steps: ({ s, a, endpoint }) => [transport(a, endpoint), bind(a, s), bind(a, s)] },
  { title: 'moved here', steps: ({ s, other, a, endpoint }) => [transport(a, endpoint), bind(a, other), bind(a, s)] },
  { title: 'moved away and back', steps: ({ s, other, a, endpoint }) => [transport(a, endpoint), bind(a, s), bind(a, other), bind(a, s)] },
  { title: 'moved again and again', steps: ({ s, other, a, endpoint }) => [transport(a, endpoint), ...Array.from({ length: 5 }, () => [bind(a, s), bind(a, other)]).flat(), bind(a, s)] },
  { title: 'unbound and bound again', steps: ({ s, a, endpoint }) => [transport(a, endpoint), bind(a, s), unbind(a), bind(a, s)] },
  { title: 'unbound from another and bound here', steps: ({ s, other, a, endpoint }) => [transport(a, endpoint), bind(a, other), unbind(a), bind(a, s)] },
  { title: 'registered anew and bound', steps: ({ s, other, a, endpoint }) => [transport(a, endpoint), bind(a, other), left(a), transport(a, endpoint), bind(a, s)] },
  { title: 'bound by its configuration', configs: true, steps: ({ s, a, endpoint }) => [transport(a, endpoint, s)] },
  { title: 'bound to another by its configuration, and moved here', configs: true, steps: ({ s, other, a, endpoint }) => [transport(a, endpoint, other), bind(a, s)] },
  { title: 'bound by its configuration, moved away and back', configs: true, steps: ({ s, other, a, endpoint }) => [transport(a, endpoint, s), bind(a, other), bind(a, s)] },
  { title: 'bound by its configuration after another incarnation was bound to another server', configs: true, steps: ({ s, other, a, endpoint }) => [transport(a, endpoint, other), left(a), transport(a, endpoint, s)] },
];

/** A server `s` with a transport for each way in, each at an endpoint of its own, and one that is bound to `other`. */
async function crowded(t: Trial): Promise<{ s: string; other: string; bystander: string; all: readonly (Scene & { title: string })[] }> {
  await t.open();
  const [s, other, bystander] = t.ids(3) as [string, string, string];
  await t.setup(server(s, 'server'), server(other, 'other'), transport(bystander, 'bystander'), bind(bystander, other));
  const all = waysIn.filter(({ configs }) => configs === undefined || t.offers('configs')).map(({ title, steps }, i) => {
    const scene = { s, other, a: t.id(), endpoint: `own${i}` };
    return { ...scene, title, operations: steps(scene) };
  });
  for (const { operations } of all) await t.setup(...operations);
  for (const { a } of all) await t.given(bound(t, a, s, 'it was bound to it'));
  return { s, other, bystander, all };
}

/** One that went down had time to be noticed. */
const ends = (t: Trial, transportId: string, why: string, ms = t.stalenessMs): Promise<void> => t.eventually(() => bound(t, transportId, undefined, why), ms);

export const bindingHistoryChecks = [
  check('BND-4', 'a transport may be moved any number of times', 'a transport that shows the server it was just bound to', async (t) => {
    const servers = t.ids(3);
    const a = t.id();
    await t.setup(...servers.map((id) => server(id)), transport(a));
    for (let i = 0; i < 40; i++) {
      const to = servers[(i * i + i) % 7 % 3]!;
      await t.succeeds(bind(a, to), 'both ends are registered');
      await bound(t, a, to, 'it was just bound to it');
      t.occurred();
    }
  }),
  check('BND-4', 'the server that a transport was moved away from takes nothing along, when it is unregistered and when it goes down', 'a server found gone, and a transport that was moved away from it before', async (t) => {
    for (const ending of t.offers('liveness') ? [gone, () => down('e3')] : [gone]) {
      await t.open();
      const [first, second, last, a, b] = t.ids(5) as [string, string, string, string, string];
      await t.setup(server(first, 'e3'), server(second, 'e3'), server(last, 'e4'), transport(a), transport(b, 'e5'), bind(a, first), bind(a, second), bind(a, last), bind(b, last), bind(b, first), bind(b, last));
      await t.given(bound(t, a, last, 'it was moved'));
      await t.given(bound(t, b, last, 'it was moved'));
      await t.setup(ending(first), ...(ending === gone ? [gone(second)] : []));
      await bound(t, a, last, 'it has gone from the servers that ended');
      await bound(t, b, last, 'it has gone from the servers that ended');
      await t.occurs(t.eventually(() => t.holds(first, undefined, 'it was unregistered, or its endpoint went down'), t.goneMs));
    }
  }),
  check('BND-5', 'every binding ends when it is unbound, however it came about, and no other', 'a binding that was there, however it came about, and has ended', async (t) => {
    const { s, other, bystander, all } = await crowded(t);
    for (const [i, { a, title }] of all.entries()) {
      await t.succeeds(unbind(a), 'it is bound');
      await bound(t, a, undefined, `it was ${title}, then unbound`);
      t.occurred();
      for (const { a: rest } of all.slice(i + 1)) await bound(t, rest, s, 'another was unbound');
    }
    await bound(t, bystander, other, 'others were unbound');
  }),
  check('BND-5', 'also when one endpoint holds many of the transports', 'a binding that was there, of an endpoint that holds many transports', async (t) => {
    const s = t.id();
    const transports = t.ids(6);
    await t.setup(server(s));
    for (const id of transports) await t.setup(transport(id), bind(id, s));
    for (const id of transports) await t.occurs(bound(t, id, s, 'it was bound'));
    for (const [i, id] of transports.entries()) {
      await t.setup(unbind(id));
      for (const [j, rest] of transports.entries()) await bound(t, rest, j > i ? s : undefined, j > i ? 'another transport of its endpoint was unbound' : 'it was unbound');
    }
  }),
  check('BND-6', 'every binding ends when its server is unregistered, however it came about, and no other', 'a binding that was there, however it came about, and has ended', async (t) => {
    const { s, other, bystander, all } = await crowded(t);
    await t.setup(gone(s));
    for (const { a, title } of all) {
      await ends(t, a, `it was ${title}, then its server was unregistered`);
      t.occurred();
    }
    await bound(t, bystander, other, 'another server was unregistered');
  }),
  check('BND-7', 'every binding ends when its transport is unregistered, however it came about, and no other', 'a binding that was there, however it came about, and has ended', async (t) => {
    const { s, other, bystander, all } = await crowded(t);
    for (const [i, { a, title }] of all.entries()) {
      await t.setup(left(a));
      await bound(t, a, undefined, `it was ${title}, then unregistered`);
      t.occurred();
      for (const { a: rest } of all.slice(i + 1)) await bound(t, rest, s, 'another was unregistered');
    }
    await bound(t, bystander, other, 'others were unregistered');
    if (!t.offers('routing')) return;
    await t.setup({ op: 'broadcast', serverId: s, message: 'm' });
    const reached = (await t.arrivals(0)).map(({ to }) => to);
    t.check(reached.length === 0, 'a broadcast reached a transport that was unregistered', 'no delivery', reached);
  }),
  check('DWN-2', 'every binding ends when the endpoint of its server goes down, however it came about, and no other', 'a binding that was there, however it came about, and has ended', async (t) => {
    const { other, bystander, all } = await crowded(t);
    await t.setup(down('server'));
    for (const { a, title } of all) {
      await ends(t, a, `it was ${title}, then the endpoint of its server went down`, t.goneMs);
      t.occurred();
    }
    await bound(t, bystander, other, 'the endpoint of another server went down');
  }),
  check('DWN-2', 'every binding ends when the endpoint of its transport goes down, however it came about, and no other', 'a binding that was there, however it came about, and has ended', async (t) => {
    const { s, other, bystander, all } = await crowded(t);
    for (const [i, { a, title, endpoint }] of all.entries()) {
      await t.setup(down(endpoint));
      await ends(t, a, `it was ${title}, then its endpoint went down`, t.goneMs);
      t.occurred();
      for (const { a: rest } of all.slice(i + 1)) await bound(t, rest, s, 'the endpoint of another transport went down');
    }
    await bound(t, bystander, other, 'the endpoints of other transports went down');
  }),

  check('INC-1', 'a late "down" touches neither the configuration nor the bindings of whoever holds the name by now', 'a former holder whose "down" takes effect while another is found to hold the names', async (t) => {
    const [s, a, kept] = t.ids(3) as [string, string, string];
    const config = t.offers('configs') ? { config: { v: 1 } } : {};
    const binds = t.offers('binding');
    // The one that goes down has held both names, and still holds another.
    await t.setup(server(kept, 'e1'), server(s, 'e1'), transport(a, 'e1'), ...(binds ? [bind(a, s)] : []), gone(s), left(a));
    await t.setup({ op: 'registerServer', id: s, endpoint: 'e2', ...config }, transport(a, 'e3'), ...(binds ? [bind(a, s)] : []));
    if (binds) await t.given(bound(t, a, s, 'it was bound'));
    await t.given(t.holds(kept, 'e1', 'it was registered'));
    await t.setup(down('e1'));
    const went = await t.eventually(() => t.holds(kept, undefined, 'its endpoint went down'), t.goneMs).then(() => true, () => false);
    await t.holds(s, 'e2', 'the endpoint that went down had given the name up');
    await t.holds(a, 'e3', 'the endpoint that went down had given the name up', 'findTransport');
    if (binds) await bound(t, a, s, 'the endpoint that went down had given both names up');
    t.occurred(went);
    if (t.offers('configs')) await t.gives({ op: 'findServer', id: s }, { id: s, endpoint: 'e2', config: { v: 1 } }, 'the endpoint that went down had given the name up');
  }, { needs: ['transports'] }),

  check('INC-2', 'a binding holds for no other incarnation, whichever end began anew and however it ended, and with the same endpoint', 'a binding that was there, and can be made again, with another incarnation of one of its ends', async (t) => {
    const ways: readonly ((s: string, a: string) => readonly Operation[])[] = [
      (s) => [gone(s), server(s, 'e1')],
      (s) => [gone(s), server(s, 'e5')],
      (_s, a) => [left(a), transport(a, 'e2')],
      (_s, a) => [left(a), transport(a, 'e6')],
      (s, a) => [gone(s), left(a), server(s, 'e1'), transport(a, 'e2')],
      (s, a) => [left(a), gone(s), transport(a, 'e2'), server(s, 'e1')],
      ...(t.offers('liveness')
        ? [(s: string) => [down('e1'), server(s, 'e5')], (_s: string, a: string) => [down('e2'), transport(a, 'e6')], (s: string, a: string) => [down('e1'), down('e2'), transport(a, 'e6'), server(s, 'e5')]]
        : []),
    ];
    // Without any look in between first, for a binding that has not ended yet is one to come back; "downs" are waited for, since they may take their time.
    for (const [looks, steps] of [false, true].flatMap((looks) => ways.map((steps) => [looks, steps] as const))) {
      await t.open();
      const [s, a] = t.ids(2) as [string, string];
      await t.setup(server(s, 'e1'), transport(a, 'e2'), bind(a, s));
      await t.given(bound(t, a, s, 'it was bound'));
      for (const operation of steps(s, a)) {
        await t.setup(operation);
        // What has not ended has not come back either.
        if (operation.op === 'down' || (looks && !operation.op.startsWith('register'))) await t.given(ends(t, a, 'an end of it has gone', operation.op === 'down' ? t.goneMs : t.stalenessMs));
      }
      await bound(t, a, undefined, 'the binding was of an older incarnation');
      if (t.offers('routing')) {
        await t.setup({ op: 'broadcast', serverId: s, message: 'm' });
        const reached = await t.arrivals(0);
        t.check(reached.length === 0, 'a broadcast reached a transport whose binding was of an older incarnation', 'no delivery', reached);
      }
      await t.setup(bind(a, s));
      await t.occurs(bound(t, a, s, 'it was bound again'));
    }
  }),
];
