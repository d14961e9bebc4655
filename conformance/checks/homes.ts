import type { Operation } from '../../model/index.js';
import type { Namespace } from '../../spec/index.js';
import { Blocked } from '../engine/findings.js';
import { showOperation } from '../engine/show.js';
import { check, type Trial } from '../engine/trial.js';

/*
 * The partition of an id is the same for every kind of write, and for as long as the registry lives, whatever happens in it.
 */

/** The partition in which a write is counted; undefined if that cannot be told. */
async function homeOf(t: Trial, write: Operation): Promise<number | undefined> {
  const before = await t.stats();
  await t.setup(write);
  const after = await t.stats();
  const risen = after.filter(({ writeCount }, i) => writeCount > (before[i]?.writeCount ?? 0)).map(({ partition }) => partition);
  return risen.length === 1 ? risen[0] : undefined;
}

/** The writes of one name, from beginning to end: what a name is can differ by namespace, and is learned for each by itself. */
const lifeOf = (t: Trial, namespace: Namespace, id: string, endpoint: string): Operation[] =>
  namespace === 'server'
    ? [{ op: 'registerServer', id, endpoint }, ...(t.offers('update') ? [{ op: 'updateServer', id, config: {} } as const] : []), { op: 'unregisterServer', id }]
    : [{ op: 'registerTransport', id, endpoint }, { op: 'unregisterTransport', id }];

export const homesChecks = [
  check('PRT-2', 'an id keeps its partition for every kind of write and whatever happens meanwhile', 'writes of a name that are counted in a partition after others of it were', async (t) => {
    const ids = t.ids(10);
    const namespaces: readonly Namespace[] = t.offers('transports') ? ['server', 'transport'] : ['server'];
    const homes = new Map<string, number>();
    let endpoints = 0;
    /** Goes through the lives of all names, and compares where each of their writes is counted with where all before it were. */
    const look = async (when: string): Promise<void> => {
      for (const namespace of namespaces) {
        for (const id of ids) {
          const key = `${namespace} ${id}`;
          for (const write of lifeOf(t, namespace, id, `e${++endpoints}`)) {
            const home = await homeOf(t, write);
            if (home === undefined) throw new Blocked(`${showOperation(write)} had to raise one write count`);
            t.occurred(homes.has(key));
            const known = homes.get(key) ?? home;
            homes.set(key, known);
            t.check(home === known, `${showOperation(write)} is counted in another partition ${when}`, known, home);
          }
        }
      }
    };
    await look('than the writes of the same name before it');
    await t.setup({ op: 'resetStats' });
    await look('since the statistics were reset');
    for (let i = 0; i < 100; i++) {
      await t.setup({ op: 'registerServer', id: `other-${i}`, endpoint: 'others' });
      if (i === 9 || i === 40) await look('since some other names were registered');
    }
    await look('since a hundred other names were registered');
    for (let i = 0; i < 100; i++) await t.setup({ op: 'unregisterServer', id: `other-${i}` });
    await look('since a hundred other names were given up');
    // Its own partition may become fuller than all others.
    const [id] = ids as [string];
    const home = await t.partitionOf(id);
    const neighbours: string[] = [];
    for (let i = 0; i < 2_000 && neighbours.length < 24; i++) if ((await t.partitionOf(`near-${i}`)) === home) neighbours.push(`near-${i}`);
    for (const neighbour of neighbours) await t.setup({ op: 'registerServer', id: neighbour, endpoint: 'others' });
    await look('since others of its partition were registered');
    for (const neighbour of neighbours) await t.setup({ op: 'unregisterServer', id: neighbour });
    if (t.offers('liveness')) {
      await t.setup({ op: 'registerServer', id: ids[0]!, endpoint: 'mortal' });
      await t.rig.perform({ op: 'down', endpoint: 'mortal' });
      await t.given(t.eventually(() => t.holds(ids[0]!, undefined, 'its endpoint went down'), t.goneMs));
      await look('since its endpoint went down');
    }
    if (t.offers('override')) {
      for (const mode of ['closed', 'open', 'auto'] as const) await t.setup({ op: 'setAdmission', mode });
      await look('since admission was closed and opened');
    }
    if (!t.offers('virtual-time') || !t.offers('slow-commit')) return;
    await t.writes(ids[0]!, 12, 150);
    await t.rig.perform({ op: 'advance', ms: 3_600_000 });
    await look('since it was slow, an hour ago');
  }),
];
