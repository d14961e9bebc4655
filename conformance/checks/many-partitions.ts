import type { Operation } from '../../model/index.js';
import { detectionMs, type ContentionStatus } from '../../spec/index.js';
import { Blocked } from '../engine/findings.js';
import { showOperation } from '../engine/show.js';
import { check, type Trial } from '../engine/trial.js';
import { contendTogether } from './contention.js';

/*
 * Partitions are independent of each other however many of them are in trouble: what holds with one that is slow or stuck holds
 * with all but one.
 */

/** A write that is stuck for longer than any check takes. */
const stuckMs = 60_000;

/** The partitions whose alarm is on. */
const alarms = async (t: Trial): Promise<number[]> => (await t.stats()).filter(({ alarm }) => alarm).map(({ partition }) => partition);

/** What is asked of the partition that is free. */
function operationsOn(t: Trial, id: string): Operation[] {
  return [
    { op: 'registerServer', id, endpoint: 'e1' },
    ...(t.offers('transports') ? [{ op: 'registerTransport', id, endpoint: 'e2' } as const] : []),
    ...(t.offers('transports') && t.offers('binding') ? [{ op: 'bindTransportToServer', transportId: id, serverId: id } as const, { op: 'getServerForTransport', transportId: id } as const, { op: 'unbindTransport', transportId: id } as const] : []),
    ...(t.offers('update') ? [{ op: 'updateServer', id, config: {} } as const] : []),
    { op: 'findServer', id },
    { op: 'unregisterServer', id },
  ];
}

export const manyPartitionsChecks = [
  check('PRT-4', 'with a write stuck in every partition but one, that one goes on', 'a write under way in every partition but one', async (t) => {
    for (const partitions of [3, 16, 64]) {
      for (const kind of t.offers('transports') ? (['registerServer', 'registerTransport'] as const) : (['registerServer'] as const)) {
        await t.open({ partitions });
        const ids = (await t.idPerPartition(partitions)).map(({ id }) => id);
        const free = ids.pop()!;
        await t.answers(...operationsOn(t, free));
        const stuck = [];
        for (const id of ids) stuck.push(await t.stall({ op: kind, id, endpoint: 'e1' }, stuckMs));
        t.occurred(t.underWay(stuck, stuck.length));
        for (const operation of operationsOn(t, free)) await t.answersNow(operation, `a write is stuck in each of the ${partitions - 1} other partitions`);
      }
    }
  }, { needs: ['partitions'] }),
  check('CTN-3', 'every partition with a stuck write alarms, however many there are', 'writes under way in several partitions', async (t) => {
    const ids = await t.idPerPartition(5);
    // Updates, which no admission control refuses.
    for (const { id } of ids) await t.setup({ op: 'registerServer', id, endpoint: 'e1' });
    await t.setup({ op: 'resetStats' });
    const stuck = new Set<number>();
    for (const { id, partition } of ids.slice(0, 4)) {
      const call = await t.stall({ op: 'updateServer', id, config: {} }, stuckMs);
      if (call.settled?.kind === 'refused') throw new Blocked('an update had to be let in');
      stuck.add(partition);
      t.occurred(t.underWay([call]) && stuck.size > 1);
      await t.rig.perform({ op: 'advance', ms: 501 + detectionMs });
      const shown = await alarms(t);
      const missing = [...stuck].filter((one) => !shown.includes(one));
      t.check(missing.length === 0, `the alarm of partition ${missing.join(', ')}: a write has been in flight there for more than half a second, as in ${stuck.size - 1} others`, 'on', 'off');
    }
  }, { needs: ['update', 'partitions'], options: { partitions: 5 } }),
  check('CTN-1', 'every partition that is slow alarms, however many there are', 'alarms that show in several partitions', async (t) => {
    const ids = await t.idPerPartition(5);
    await contendTogether(t, ids.slice(0, 4).map(({ id }) => id));
    const shown = await alarms(t);
    t.occurred(shown.length > 1);
    const expected = ids.slice(0, 4).map(({ partition }) => partition);
    const missing = expected.filter((one) => !shown.includes(one));
    t.check(missing.length === 0, `the alarm of partition ${missing.join(', ')}: its writes have taken 150 ms for seconds, as have those of others`, 'on', 'off');
    if (shown.length > expected.length) throw new Blocked('only partitions that are slow had to be alarmed');
  }, { needs: ['update', 'partitions'], options: { partitions: 5 } }),
  check('CTN-10', 'of many partitions the status lists all that are alarmed, in ascending order', 'more than ten partitions that show the alarm', async (t) => {
    const ids = await t.idPerPartition(12);
    for (const { id } of ids) await t.setup({ op: 'registerServer', id, endpoint: 'e1' });
    // Not in order either.
    for (const { id } of ids.toReversed()) await t.stall({ op: 'updateServer', id, config: {} }, stuckMs);
    await t.rig.perform({ op: 'advance', ms: 501 + detectionMs });
    const expected = await alarms(t);
    if (expected.length < 11) throw new Blocked('all of twelve partitions had to be alarmed first');
    t.occurred();
    const status = (await t.rig.raw('getContentionStatus')) as ContentionStatus;
    t.check(JSON.stringify(status.alarmed) === JSON.stringify(expected.toSorted((a, b) => a - b)), 'the status does not list the alarmed partitions in ascending order', expected, status.alarmed);
  }, { needs: ['update', 'partitions'], options: { partitions: 12 } }),
  check('STA-1', 'a thousand writes to one partition are counted, and there only', 'a partition in which writes are counted', async (t) => {
    const id = t.id();
    const total = async (): Promise<number> => (await t.stats()).reduce((sum, { writeCount }) => sum + writeCount, 0);
    t.check((await total()) === 0, 'a fresh registry has no writes', 0, await total());
    const partition = await t.partitionOf(id);
    await t.setup({ op: 'resetStats' });
    for (let count = 0; count < 1_000; count += 2) await t.setup({ op: 'registerServer', id, endpoint: 'e1' }, { op: 'unregisterServer', id });
    t.rig.lines.length = 0;
    t.rig.lines.push({ what: `a thousand writes: ${showOperation({ op: 'registerServer', id, endpoint: 'e1' })}, ${showOperation({ op: 'unregisterServer', id })} and so on` });
    const counted = (await t.stats()).find((stats) => stats.partition === partition)?.writeCount;
    t.occurred((counted ?? 0) > 0);
    t.check(counted === 1_000, `the write count of partition ${partition} is wrong`, 1_000, counted);
    t.check((await total()) === 1_000, 'writes are counted in several partitions', 1_000, await total());
  }),
];
