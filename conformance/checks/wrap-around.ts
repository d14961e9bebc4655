import type { Found, Operation } from '../../model/index.js';
import { check } from '../engine/trial.js';

/*
 * What is told apart by a few bits comes round: versions, generations, places in a mask. So things are done again after each number of
 * others, up to some hundreds, and after the powers of two beyond.
 */

const server = (id: string, endpoint = 'e1'): Operation => ({ op: 'registerServer', id, endpoint });
const transport = (id: string, endpoint = 'e2'): Operation => ({ op: 'registerTransport', id, endpoint });
const unregister = (id: string): Operation => ({ op: 'unregisterServer', id });

/** More than are told apart by eight bits, half of them one way and half of them back. */
const crowd = 140;

/** Numbers in an order that has nothing regular, the same each time. */
function scattered(count: number): number[] {
  const step = [89, 83, 79].find((prime) => count % prime !== 0)!;
  return Array.from({ length: count }, (_, i) => (i * step + 7) % count);
}

export const wrapAroundChecks = [
  check('INC-2', 'however many other servers have come and gone between two incarnations of one', 'a server registered again to which a transport was bound, hundreds of registrations ago', async (t) => {
    const count = (await t.areCallsSlow()) ? 24 : crowd;
    // Registered again in the opposite order: after each odd number of registrations, and with one more between after each even one.
    for (const between of [0, 1]) {
      await t.open();
      const all = Array.from({ length: count }, (_, i) => ({ s: `s${i}`, a: `t${i}` }));
      await t.setup(...all.map(({ a }) => transport(a)), ...all.map(({ s }) => server(s)));
      await t.setup(...all.map(({ s, a }): Operation => ({ op: 'bindTransportToServer', transportId: a, serverId: s })));
      await t.given(t.gives({ op: 'getServerForTransport', transportId: 't0' }, 's0', 'it was bound'));
      await t.setup(...all.map(({ s }) => unregister(s)));
      for (let i = 0; i < between; i++) await t.setup(server(`another ${i}`));
      for (const { s, a } of all.toReversed()) {
        // What a look finds may be put in order by it: every other one is only looked at when its server is back.
        if (a.endsWith('0')) await t.given(t.gives({ op: 'getServerForTransport', transportId: a }, undefined, 'its server is gone'));
        await t.setup(server(s));
        await t.gives({ op: 'getServerForTransport', transportId: a }, undefined, 'it was bound to an incarnation of the server that is gone');
        t.occurred();
      }
    }
  }, { needs: ['transports', 'binding'] }),

  check('INC-2', 'however often its server has come and gone since, if nobody has looked', 'a transport bound to an incarnation of a server that others have followed', async (t) => {
    const count = (await t.areCallsSlow()) ? 24 : 2 * crowd;
    for (const before of [0, 1]) {
      await t.open();
      const ids = Array.from({ length: count }, (_, i) => `t${i}`);
      await t.setup(server('s'), ...ids.map((id) => transport(id)));
      // One after the other is bound, to an incarnation of its own: so that of each number up to the last one has as many behind it.
      for (let i = 0; i < before; i++) await t.setup(server(`another ${i}`));
      for (const id of ids) await t.setup({ op: 'bindTransportToServer', transportId: id, serverId: 's' }, unregister('s'), server('s'));
      for (const [i, id] of ids.entries()) {
        await t.gives({ op: 'getServerForTransport', transportId: id }, undefined, `it was bound to an incarnation of the server that is gone, ${count - i} before this one`);
        t.occurred();
      }
    }
  }, { needs: ['transports', 'binding'] }),

  check('LST-1', 'however many writes there have been since the last list', 'a list after hundreds of writes, which have changed what it holds', async (t) => {
    const most = (await t.areCallsSlow()) ? 64 : 1_024;
    const updates = t.offers('update') && t.offers('configs');
    const lists = async (id: string, expected: Found | undefined, writes: number): Promise<void> => {
      await t.eventually(async () => {
        const listed = t.accepted(await t.rig.perform({ op: 'listServers' }), 'listServers()', 'it takes no argument') as readonly Found[];
        const found = listed.find((one) => one.id === id);
        t.check(found?.endpoint === expected?.endpoint && (!updates || JSON.stringify(found?.config) === JSON.stringify(expected?.config)), `listServers(), ${writes} writes after the last list, is what it was then`, expected ?? 'nothing', found ?? 'nothing');
      });
    };
    await t.setup(server('kept'));
    for (let writes = 2; writes <= most; writes *= 2) {
      // So many writes, of which the last makes a difference: a name that comes and goes and comes, and then one that goes.
      const id = `name-${writes}`;
      await lists(id, undefined, 0);
      for (let i = 0; i < writes - 1; i++) await t.setup(i % 2 === 0 ? server(id) : unregister(id));
      await t.setup(server(`another-${writes}`, 'e2'));
      await lists(id, { id, endpoint: 'e1', config: {} }, writes);
      for (let i = 0; i < writes; i++) await t.setup(i % 2 === 0 ? unregister(id) : i === writes - 1 ? unregister(`another-${writes}`) : server(id));
      await lists(id, undefined, writes);
      t.occurred();
      if (!updates) continue;
      for (let i = 1; i <= writes; i++) await t.setup({ op: 'updateServer', id: 'kept', config: { v: i } });
      await lists('kept', { id: 'kept', endpoint: 'e1', config: { v: writes } }, writes);
    }
  }, { needs: ['lists'] }),

  check('DWN-1', 'of an endpoint that has taken hundreds of names, and given up some of them in any order', 'a name found held, of an endpoint that has taken hundreds and given up others', async (t) => {
    const count = (await t.areCallsSlow()) ? 70 : 150;
    const both = t.offers('transports');
    const held = (i: number): Operation[] => [server(`name-${i}`), ...(both ? [transport(`name-${i}`, 'e1')] : [])];
    const left = (i: number): Operation[] => (i % 3 === 0 || !both ? [unregister(`name-${i}`)] : i % 3 === 1 ? [{ op: 'unregisterTransport', id: `name-${i}` }] : [unregister(`name-${i}`), { op: 'unregisterTransport', id: `name-${i}` }]);
    // One of them, some of them, most of them; and taken again, so that places are used again.
    for (const [share, again] of [[1 / count, false], [0.4, false], [0.9, false], [0.4, true]] as const) {
      await t.open();
      await t.setup(server('others', 'e9'));
      for (let i = 0; i < count; i++) await t.setup(...held(i));
      const gone = scattered(count).slice(0, Math.max(1, Math.round(count * share)));
      for (const i of gone) await t.setup(...left(i));
      for (const i of again ? scattered(count).filter((one) => gone.includes(one)) : []) {
        for (const operation of left(i)) await t.setup(operation.op === 'unregisterServer' ? server(`name-${i}`) : transport(`name-${i}`, 'e1'));
      }
      const kept = Array.from({ length: count }, (_, i) => i).find((i) => again || !gone.includes(i))!;
      await t.given(t.holds(`name-${kept}`, 'e1', 'it was registered'));
      await t.setup({ op: 'down', endpoint: 'e1' });
      for (let i = 0; i < count; i++) {
        await t.eventually(() => t.holds(`name-${i}`, undefined, 'its endpoint went down'), t.goneMs);
        if (both) await t.eventually(() => t.holds(`name-${i}`, undefined, 'its endpoint went down', 'findTransport'), t.goneMs);
      }
      t.occurred();
      // That others keep theirs is for DWN-4 to say.
      await t.given(t.holds('others', 'e9', 'its endpoint is up'));
    }
  }, { needs: ['liveness'] }),
];
