import type { Operation } from '../../model/index.js';
import type { ErrorCode } from '../../spec/index.js';
import { check, type Trial } from '../engine/trial.js';

/*
 * What is refused right after a name has gone, by whoever was given it right before: what an operation remembers of its last call must
 * not outlive the name. Nobody looks in between, since a look may be what mends it.
 */

const server = (id: string, endpoint: string): Operation => ({ op: 'registerServer', id, endpoint });
const transport = (id: string, endpoint: string): Operation => ({ op: 'registerTransport', id, endpoint });
const bind = (transportId: string, serverId: string): Operation => ({ op: 'bindTransportToServer', transportId, serverId });

/** How a name goes: it is given up, or its endpoint goes down, alone or with another name of the same endpoint. */
function* goings(t: Trial, end: (id: string) => Operation): Generator<{ readonly why: string; readonly go: (id: string, endpoint: string) => Operation; readonly more: number }> {
  yield { why: 'it was unregistered', go: end, more: 0 };
  if (!t.offers('liveness')) return;
  for (const more of [0, 1]) yield { why: 'its endpoint went down', go: (_, endpoint) => ({ op: 'down', endpoint }), more };
}

/** Does it, ends the name, and demands that the same is refused, and again. */
async function refusedRightAfter(t: Trial, { register, end, use, code }: {
  readonly register: (id: string, endpoint: string) => Operation;
  readonly end: (id: string) => Operation;
  /** Uses the name, with others of its own. */
  readonly use: (id: string) => Promise<readonly [first: Operation, again: Operation]>;
  readonly code: ErrorCode;
}): Promise<void> {
  for (const { why, go, more } of goings(t, end)) {
    for (const times of [1, 2]) {
      const [id, another, endpoint] = [t.id(), t.id(), `of ${t.id()}`];
      await t.setup(register(id, endpoint), ...(more > 0 ? [register(another, endpoint)] : []));
      const [first, again] = await use(id);
      for (let i = 0; i < times; i++) await t.setup(first);
      await t.setup(go(id, endpoint));
      // Elsewhere the news of a "down" has to arrive first.
      if (t.downMs > 0 || t.stalenessMs > 0) await t.given(t.eventually(() => t.holds(id, undefined, why, register === server ? 'findServer' : 'findTransport'), Math.max(t.goneMs, t.stalenessMs)));
      await t.refuses(again, [code], why);
      await t.refuses(first, [code], why);
      t.occurred();
    }
  }
}

const unregisterServer = (id: string): Operation => ({ op: 'unregisterServer', id });

export const rightAfterChecks = [
  check('UPD-2', 'nor can one right after it has gone, by whoever has just updated it', 'an update refused, of a server that had just been updated', (t) =>
    refusedRightAfter(t, { register: server, end: unregisterServer, code: 'server_not_found', use: (id) => Promise.resolve([{ op: 'updateServer', id, config: { v: 1 } }, { op: 'updateServer', id, config: { v: 2 } }] as const) }), { needs: ['configs'] }),
  check('BND-2', 'also right after it has gone, when another has just been bound to it', 'a bind refused, to a server to which another had just been bound', (t) =>
    refusedRightAfter(t, {
      register: server,
      end: unregisterServer,
      code: 'server_not_found',
      async use(id) {
        const [a, b] = t.ids(2) as [string, string];
        await t.setup(transport(a, 'e8'), transport(b, 'e9'));
        return [bind(a, id), bind(b, id)];
      },
    }), { needs: ['binding', 'transports'] }),
  check('BND-3', 'also right after it has gone, when it has just been bound', 'a bind refused, of a transport that had just been bound', (t) =>
    refusedRightAfter(t, {
      register: transport,
      end: (id) => ({ op: 'unregisterTransport', id }),
      code: 'transport_not_found',
      async use(id) {
        const [s, r] = t.ids(2) as [string, string];
        await t.setup(server(s, 'e8'), server(r, 'e9'));
        return [bind(id, s), bind(id, r)];
      },
    }), { needs: ['binding', 'transports'] }),
];
