import type { Operation } from '../../model/index.js';
import type { Config, Json } from '../../spec/index.js';
import { show } from '../engine/show.js';
import { check, type Trial } from '../engine/trial.js';

/*
 * The server that a transport is bound to by its configuration is what `serverId` of the configuration itself says, and nothing in it that
 * looks like that: the same key further in, keys spelled like it, or text that holds it.
 */

/** What is no `serverId` of the configuration itself, though it names a server in one way or another. */
function decoys(other: string): readonly (readonly [key: string, value: Json])[] {
  const nest = (depth: number): Json => (depth === 0 ? { serverId: other } : depth % 2 === 0 ? { next: nest(depth - 1), after: null } : [0, nest(depth - 1)]);
  return [
    ...[0, 1, 2, 3, 6].map((depth) => ['nested', nest(depth)] as const),
    ['config', { serverId: other, config: { serverId: other } }],
    ['list', [{ serverId: other }, { serverId: other }]],
    ['serverIds', [other]],
    ['pairs', [['serverId', other]]],
    ['field', { key: 'serverId', value: other }],
    ['text', `"serverId":"${other}"`],
    ['json', JSON.stringify({ serverId: other })],
    ['url', `?serverId=${other}`],
    ['"serverId"', other],
    ['a"serverId":"b', other],
    ['config.serverId', other],
    ...['ServerId', 'serverID', 'serverid', 'SERVERID', 'server_id', 'server-id', 'serverId ', ' serverId', 'server', 'id', 'serverIds', 'xserverId', 'serverId2', 'toServerId', 'transport', 'serverI', 'ſerverId'].map((key) => [key, other] as const),
    ...['__proto__', 'constructor', 'prototype', 'toJSON'].map((key) => [key, { serverId: other }] as const),
  ];
}

/** An object with these fields in this order: `__proto__` is a key like any other. */
const objectOf = (fields: readonly (readonly [string, Json])[]): Config => Object.fromEntries(fields);

/** Registers a transport with this configuration, finds it as it was given, and then bound to this server or to none. */
async function binds(t: Trial, config: Config, to: string | undefined, why: string): Promise<void> {
  const id = t.id();
  const register: Operation = { op: 'registerTransport', id, endpoint: 'e2', config };
  await t.setup(register);
  // That it is kept at all is for others to say; of a key like this one that cannot be read.
  if (!Object.hasOwn(config, '__proto__')) await t.given(t.gives({ op: 'findTransport', id }, { id, endpoint: 'e2', config }, 'it was registered with this configuration'));
  await t.gives({ op: 'getServerForTransport', transportId: id }, to, `it was registered with ${show(config, 120)}: ${why}`);
  await t.setup({ op: 'unregisterTransport', id });
}

export const configServerIdsChecks = [
  check('BND-8', 'only the serverId of the configuration itself counts, whatever else is in there, before it or after', 'a transport registered with a configuration that holds something like a serverId besides', async (t) => {
    const [s, other, none] = t.ids(3) as [string, string, string];
    await t.setup({ op: 'registerServer', id: s, endpoint: 'e1' }, { op: 'registerServer', id: other, endpoint: 'e1' });
    await t.given(binds(t, { before: { x: 1 }, serverId: s, after: [1] }, s, 'it names a server that is registered'));
    await t.given(binds(t, { before: { x: 1 }, after: [1] }, undefined, 'it names no server'));
    for (const named of [other, none]) {
      const all = decoys(named);
      for (const decoy of all) {
        for (const fields of [[decoy, ['serverId', s]], [['serverId', s], decoy], [decoy, ['serverId', s], ['more', objectOf([decoy])]]] as const) await binds(t, objectOf(fields), s, 'its serverId names a server that is registered');
        await binds(t, objectOf([decoy]), undefined, 'it has no serverId itself');
        t.occurred();
      }
      await binds(t, objectOf([...all, ['serverId', s]]), s, 'its serverId names a server that is registered');
      await binds(t, objectOf(all), undefined, 'it has no serverId itself');
    }
  }),
];
