import type { Operation } from '../../model/index.js';
import type { Config } from '../../spec/index.js';
import { check, type Trial } from '../engine/trial.js';
import { tamper } from '../engine/tamper.js';

/*
 * What goes into a registry and what comes out of it is a copy, of the whole value: in both namespaces, and by whichever
 * operation it goes in or comes out.
 */

const deep = (): Config => ({ v: 1, deep: { list: [1, { x: 'y' }], none: null } });

interface Kind {
  readonly namespace: 'server' | 'transport';
  /** Not the same for both kinds: whether one may be both is for others to say. */
  readonly endpoint: string;
  readonly register: 'registerServer' | 'registerTransport';
  readonly find: 'findServer' | 'findTransport';
  readonly list: 'listServers' | 'listTransports';
  readonly unregister: 'unregisterServer' | 'unregisterTransport';
}

const kinds: readonly Kind[] = [
  { namespace: 'server', endpoint: 'e1', register: 'registerServer', find: 'findServer', list: 'listServers', unregister: 'unregisterServer' },
  { namespace: 'transport', endpoint: 'e2', register: 'registerTransport', find: 'findTransport', list: 'listTransports', unregister: 'unregisterTransport' },
];

const offered = (t: Trial): readonly Kind[] => kinds.filter(({ namespace }) => namespace === 'server' || t.offers('transports'));

/** What a lookup shows of a name. */
const shows = (t: Trial, { find, endpoint }: Kind, id: string, config: Config, why: string): Promise<void> => t.gives({ op: find, id }, { id, endpoint, config }, why);

/** What a list shows, of a name that is the only one. */
async function lists(t: Trial, { list, endpoint }: Kind, id: string, config: Config, why: string): Promise<void> {
  if (t.offers('lists')) await t.gives({ op: list }, [{ id, endpoint, config }], why);
}

export const copiesChecks = [
  check('CFG-1', 'changing what a lookup or a list handed out changes nothing', 'a configuration handed out, as it was given', async (t) => {
    for (const kind of offered(t)) {
      const id = t.id();
      await t.setup({ op: kind.register, id, endpoint: kind.endpoint, config: deep() });
      await t.occurs(shows(t, kind, id, deep(), 'it was registered with this configuration'));
      await t.given(lists(t, kind, id, deep(), 'it was registered with this configuration'));
      const tamperAll = async (): Promise<void> => {
        tamper(((await t.rig.raw(kind.find, id)) as { config?: unknown } | undefined)?.config);
        if (t.offers('lists')) for (const { config } of (await t.rig.raw(kind.list)) as readonly { config?: unknown }[]) tamper(config);
      };
      const asBefore = async (): Promise<void> => {
        await shows(t, kind, id, deep(), 'somebody changed what the registry had handed out');
        await lists(t, kind, id, deep(), 'somebody changed what the registry had handed out');
      };
      await tamperAll();
      await asBefore();
      if (kind.namespace === 'transport' || !t.offers('update')) continue;
      await t.setup({ op: 'updateServer', id, config: deep() });
      await t.given(asBefore());
      await tamperAll();
      await asBefore();
    }
  }, { needs: ['in-process'] }),
  check('CFG-1', 'nor does it change what others have been given, or are given later', 'a configuration handed out for one name, and another for another', async (t) => {
    for (const kind of offered(t)) {
      const [one, other] = t.ids(2) as [string, string];
      await t.setup({ op: kind.register, id: one, endpoint: kind.endpoint });
      await t.given(t.holds(one, kind.endpoint, 'it was registered', kind.find));
      const handed = ((await t.rig.raw(kind.find, one)) as { config?: unknown } | undefined)?.config;
      tamper(handed);
      await t.gives({ op: kind.find, id: one }, { id: one, endpoint: kind.endpoint, config: {} }, 'somebody changed what the registry had handed out');
      await t.setup({ op: kind.register, id: other, endpoint: kind.endpoint });
      await t.gives({ op: kind.find, id: other }, { id: other, endpoint: kind.endpoint, config: {} }, 'somebody changed the configuration of another name');
      t.occurred(typeof handed === 'object' && handed !== null);
    }
  }, { needs: ['in-process'] }),

  check('LST-2', 'a list that was given before stays as it was, whatever happens to the names on it', 'a list given before another that is different', async (t) => {
    for (const kind of offered(t)) {
      await t.open();
      const [one, other, third] = t.ids(3) as [string, string, string];
      await t.setup({ op: kind.register, id: one, endpoint: 'e1' }, { op: kind.register, id: other, endpoint: 'e2' });
      const expected = [`${one} e1 {}`, `${other} e2 {}`].sort();
      let list: unknown;
      const listed = (): Promise<void> =>
        t.given(t.eventually(async () => {
          list = await t.rig.raw(kind.list);
          t.check(same(read(list), expected), 'the list is wrong', expected, 'another');
        }));
      await listed();
      // The second that is given may not be made as the first.
      const fourth = t.id();
      await t.setup({ op: kind.register, id: fourth, endpoint: 'e3' }, { op: kind.unregister, id: fourth });
      await listed();
      const later: Operation[] = [{ op: kind.register, id: third, endpoint: 'e1' }, { op: kind.unregister, id: one }, { op: kind.register, id: one, endpoint: 'e2' }];
      if (kind.namespace === 'server' && t.offers('update') && t.offers('configs')) later.unshift({ op: 'updateServer', id: one, config: { v: 2 } });
      if (t.offers('liveness')) later.push({ op: 'down', endpoint: 'e2' });
      for (const operation of later) {
        await t.setup(operation);
        t.check(same(read(list), expected), 'a list changed after it was given', expected, read(list));
      }
      await t.occurs(t.eventually(async () => t.check(!same(read(await t.rig.raw(kind.list)), expected), 'the list is as it was before', 'another', expected)));
    }
  }, { needs: ['in-process'] }),
  check('LST-2', 'changing a list, or what is on it, changes nothing in the registry', 'a list with the names on it that were registered, changed by whoever asked for it', async (t) => {
    for (const kind of offered(t)) {
      const [one, other] = t.ids(2) as [string, string];
      await t.setup({ op: kind.register, id: one, endpoint: 'e1' }, { op: kind.register, id: other, endpoint: 'e1' });
      const expected = [`${one} e1 {}`, `${other} e1 {}`].sort();
      await t.occurs(t.eventually(async () => t.check(same(read(await t.rig.raw(kind.list)), expected), 'the list is wrong', expected, 'another')));
      const mine = (await t.rig.raw(kind.list)) as unknown[];
      for (const record of mine) spoil(record, 'id');
      spoil(mine, 0);
      try {
        mine.length = 1;
        mine.push('tampered');
      } catch {
        // Frozen: as good as a copy.
      }
      const after = await t.rig.raw(kind.list);
      t.check(same(read(after), expected), 'changing a list changed the registry', expected, read(after));
      await t.holds(one, 'e1', 'somebody changed a list', kind.find);
    }
  }, { needs: ['in-process'] }),
];

function spoil(target: unknown, key: string | number): void {
  try {
    (target as Record<string | number, unknown>)[key] = 'tampered';
  } catch {
    // Frozen: as good as a copy.
  }
}

/** A raw list as lines of text. Never throws: what is on it may be anything. */
function read(list: unknown): string[] {
  try {
    return (list as readonly { id: string; endpoint: { name: string }; config?: unknown }[]).map(({ id, endpoint, config }) => `${id} ${endpoint.name} ${JSON.stringify(config ?? {})}`).sort();
  } catch {
    return ['a list that cannot be read'];
  }
}

const same = (one: readonly string[], other: readonly string[]): boolean => JSON.stringify(one) === JSON.stringify(other);
