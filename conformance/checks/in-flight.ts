import type { Operation } from '../../model/index.js';
import { detectionMs, type ContentionStatus, type PartitionStats } from '../../spec/index.js';
import { Blocked } from '../engine/findings.js';
import type { Call } from '../engine/rig.js';
import { show, showOperation } from '../engine/show.js';
import { check, type Trial } from '../engine/trial.js';
import { hold, writesOf } from './lanes.js';

/*
 * What statistics and alarms say of writes of each kind, and while they are under way.
 */

const advance = (ms: number): Operation => ({ op: 'advance', ms });
const total = (stats: readonly PartitionStats[]): number => stats.reduce((sum, { writeCount }) => sum + writeCount, 0);
const alarms = (stats: readonly PartitionStats[]): number[] => stats.filter(({ alarm }) => alarm).map(({ partition }) => partition);

/** A fresh registry for each kind of write, with what such a write needs; of four partitions, so that an alarm closes nothing. */
async function eachKind(t: Trial, run: (write: Operation) => Promise<void>): Promise<void> {
  for (let kind = 0; kind < writesOf(t, 'a', 'b', 'c').length; kind++) {
    await t.open({ partitions: 4 });
    await hold(t, 'a', 'c');
    await t.setup({ op: 'resetStats' });
    await run(writesOf(t, 'a', 'b', 'c')[kind]!);
  }
}

/** A write that is right when it is called, and what happens while its commit is under way so that it must be refused there. */
export interface Overtaken {
  readonly needed: readonly Operation[];
  readonly write: Operation;
  readonly meanwhile: Operation;
}

/** One for each way in which a write can come too late; `here` and `there` are of two partitions, if there are two. */
export function overtaken(t: Trial, here: string, there: string): Overtaken[] {
  const dies: Operation = { op: 'down', endpoint: 'dies' };
  const server = (id: string, endpoint = 'e1'): Operation => ({ op: 'registerServer', id, endpoint });
  const transport = (id: string, endpoint = 'e2'): Operation => ({ op: 'registerTransport', id, endpoint });
  const all: Overtaken[] = [];
  const binds = t.offers('transports') && t.offers('binding');
  const bind: Operation = { op: 'bindTransportToServer', transportId: here, serverId: there };
  if (t.offers('liveness')) {
    all.push({ needed: [], write: server(here, 'dies'), meanwhile: dies });
    if (t.offers('transports')) all.push({ needed: [], write: transport(here, 'dies'), meanwhile: dies });
    if (t.offers('update')) all.push({ needed: [server(here, 'dies')], write: { op: 'updateServer', id: here, config: {} }, meanwhile: dies });
    if (binds) for (const [a, s] of [['dies', 'e1'], ['e2', 'dies']] as const) all.push({ needed: [transport(here, a), server(there, s)], write: bind, meanwhile: dies });
  }
  if (binds) all.push({ needed: [transport(here), server(there)], write: bind, meanwhile: { op: 'unregisterServer', id: there } });
  return all;
}

/** How many writes are counted after what happened, with or without the write that it overtakes; undefined if that was not refused. */
async function countedAfter(t: Trial, which: number, withWrite: boolean): Promise<{ readonly count: number; readonly what: string } | undefined> {
  await t.open();
  const ids = await t.idPerPartition(Math.min(2, (await t.stats()).length));
  const { needed, write, meanwhile } = overtaken(t, ids[0]!.id, ids.at(-1)!.id + (ids.length > 1 ? '' : '+'))[which]!;
  await t.setup(...needed, { op: 'resetStats' });
  const call = withWrite ? await t.stall(write, 50) : undefined;
  if (call !== undefined && !t.underWay([call])) return undefined;
  const other = meanwhile.op === 'down' ? undefined : t.rig.start(meanwhile);
  if (other === undefined) await t.setup(meanwhile);
  await t.rig.perform(advance(100));
  if (other !== undefined) await t.finish(other, meanwhile.op);
  if (call === undefined) return { count: total(await t.stats()), what: '' };
  const answer = await t.finish(call, write.op);
  if (answer.kind !== 'refused' || answer.code === 'outcome_unknown') return undefined;
  return { count: total(await t.stats()), what: `${showOperation(write)} was counted, and refused: ${answer.code}, because of ${showOperation(meanwhile)} during its commit` };
}

export const inFlightChecks = [
  check('STA-1', 'a write of any kind is counted once, when it has been committed', 'a write that is counted, and was under way before if commits can be slow', async (t) => {
    await eachKind(t, async (write) => {
      if (t.offers('slow-commit') && t.offers('virtual-time')) {
        const call = await t.stall(write, 50);
        const isOpen = t.underWay([call]);
        t.occurred(isOpen);
        if (isOpen) t.check(total(await t.stats()) === 0, `${showOperation(write)} was counted before it had been committed`, 0, total(await t.stats()));
        await t.rig.perform(advance(50));
        if ((await t.finish(call, 'a write')).kind !== 'done') throw new Blocked(`${showOperation(write)} had to succeed first`);
      } else {
        await t.setup(write);
        t.occurred();
      }
      t.check(total(await t.stats()) === 1, `${showOperation(write)} is one write`, 1, total(await t.stats()));
    });
  }, { needs: ['partitions'] }),
  check('STA-1', 'a write that is refused is not counted, whatever it is', 'a write that was refused, where one that succeeds is counted', async (t) => {
    const refused: Operation[] = [{ op: 'registerServer', id: 'a', endpoint: 'e3' }];
    if (t.offers('update')) refused.push({ op: 'updateServer', id: 'none', config: {} });
    if (t.offers('transports')) refused.push({ op: 'registerTransport', id: 'a', endpoint: 'e3' });
    if (t.offers('transports') && t.offers('binding')) refused.push({ op: 'bindTransportToServer', transportId: 'a', serverId: 'none' }, { op: 'bindTransportToServer', transportId: 'none', serverId: 'a' });
    await hold(t, 'a', 'a');
    await t.setup({ op: 'resetStats' });
    for (const write of refused) {
      await t.refused(write);
      t.check(total(await t.stats()) === 0, `${showOperation(write)} was counted, and refused`, 0, total(await t.stats()));
    }
    await t.setup({ op: 'registerServer', id: t.id(), endpoint: 'e1' });
    t.occurred(total(await t.stats()) === 1);
    if (!t.offers('slow-commit') || !t.offers('virtual-time')) return;
    for (const which of overtaken(t, 'a', 'b').keys()) {
      const after = await countedAfter(t, which, true);
      if (after === undefined) continue;
      // What ends with an endpoint may count, or not: the same without the write says which.
      const without = await countedAfter(t, which, false);
      t.check(after.count === without!.count, after.what, without!.count, after.count);
    }
  }),
  check('STA-1', 'a write that was called before a reset and committed after it is counted', 'a reset while a call is open', async (t) => {
    const id = t.id();
    const call = await t.stall({ op: 'registerServer', id, endpoint: 'e1' }, 100);
    await t.rig.perform(advance(50));
    t.occurred(t.underWay([call]));
    await t.setup({ op: 'resetStats' });
    await t.rig.perform(advance(100));
    t.accepted(await t.finish(call, 'a write'), 'a write', 'the name was free');
    t.check(total(await t.stats()) === 1, 'a write committed since the reset was not counted', 1, total(await t.stats()));
  }, { needs: ['virtual-time', 'slow-commit'] }),
  check('STA-4', 'the statistics of one partition are those of the list at all times', 'statistics of a partition that has been written to', async (t) => {
    const id = t.id();
    const partition = await t.partitionOf(id);
    const same = async (when: string): Promise<void> => {
      const one = t.accepted(await t.rig.call('getPartitionStats', partition), `getPartitionStats(${partition})`, 'the partition exists');
      const all = (await t.stats()).find((stats) => stats.partition === partition);
      t.check(JSON.stringify(one) === JSON.stringify(all), `the statistics of one partition differ from the list, ${when}`, all, one);
      t.occurred(all !== undefined && all.sampleCount > 0);
    };
    await same('at the beginning');
    await t.writes(id, 12, 150);
    await t.rig.perform(advance(detectionMs));
    await same('after slow writes');
    await t.rig.perform(advance(700));
    await same('when some samples are too old');
    await t.rig.perform(advance(2_000));
    await same('when all samples are too old');
    await t.stall({ op: 'registerServer', id, endpoint: 'e1' }, 60_000);
    await t.rig.perform(advance(1_000));
    await same('while a write is stuck');
    await t.setup({ op: 'resetStats' });
    await same('after a reset');
  }, { needs: ['virtual-time', 'slow-commit'], options: { partitions: 4 } }),
  check('STA-5', 'after a reset a partition begins anew, whatever was in its window', 'a reset of statistics that showed writes', async (t) => {
    for (const [count, pause] of [[3, 0], [14, 0], [4, 5_000]] as const) {
      const id = t.id();
      for (let i = 0; i < count; i++) await t.setup(i % 2 === 0 ? { op: 'registerServer', id, endpoint: 'e1', takes: 4 } : { op: 'unregisterServer', id, takes: 4 });
      await t.rig.perform(advance(pause));
      t.occurred(total(await t.stats()) > 0);
      await t.setup({ op: 'resetStats' });
      t.check(total(await t.stats()) === 0, `a reset left a count, ${pause} ms after the last write`, 0, total(await t.stats()));
      const takes = [9, 2, 7];
      for (const [i, ms] of takes.entries()) await t.setup((count + i) % 2 === 0 ? { op: 'registerServer', id, endpoint: 'e1', takes: ms } : { op: 'unregisterServer', id, takes: ms });
      // In whatever order: that is for STA-2 to say.
      const samples = (await t.stats()).flatMap((stats) => stats.samples).sort((a, b) => a - b);
      t.check(JSON.stringify(samples) === JSON.stringify([...takes].sort((a, b) => a - b)), 'a window does not hold the writes since the reset, and nothing else', takes, samples);
    }
  }, { needs: ['virtual-time', 'slow-commit'] }),

  check('CTN-1', 'the mean decides, however the latencies are distributed', 'an alarm that shows, of a partition with a few slow writes', async (t) => {
    const quick = Array.from({ length: 9 }, () => 1);
    for (const takes of [[...quick, 1_500], [1_500, ...quick], [300, 1, 300, 1, 300, 1, 300, 1, 1, 1], [101, 101, 101, 101, 101, 101, 101, 101, 101, 100]]) {
      await t.open({ partitions: 4 });
      const id = t.id();
      for (const [i, ms] of takes.entries()) await t.setup(i % 2 === 0 ? { op: 'registerServer', id, endpoint: 'e1', takes: ms } : { op: 'unregisterServer', id, takes: ms });
      // At some time while it lasts: how soon is for CTN-6 to say.
      let on = false;
      for (let ms = 0; ms < 900 && !on; ms += 90) {
        await t.rig.perform(advance(90));
        on = alarms(await t.stats()).length === 1;
      }
      t.check(on, `no alarm shows although the mean of ten writes is above 100 ms: ${takes.join(', ')} ms`, 'on', 'off');
      t.occurred();
    }
  }, { needs: ['partitions'] }),
  check('CTN-2', 'a write that has been in flight for just 500 ms raises no alarm', 'a call that is open for 500 ms, and raises the alarm later', async (t) => {
    const id = t.id();
    const call = await t.stall({ op: 'registerServer', id, endpoint: 'e1' }, 60_000);
    await t.rig.perform(advance(500));
    t.check(alarms(await t.stats()).length === 0, 'an alarm shows although no write has been in flight for longer than 500 ms', 'off', 'on');
    await t.rig.perform(advance(1 + detectionMs));
    if (alarms(await t.stats()).length === 0) throw new Blocked('the alarm had to show later');
    t.occurred(t.underWay([call]));
  }),
  check('CTN-2', 'an alarm that has been on is off when the mean is below 100 ms, by however little', 'an alarm that shows before the mean falls below 100 ms', async (t) => {
    await t.open({ partitions: 4 });
    const id = t.id();
    await t.writes(id, 30, 150);
    if (alarms(await t.stats()).length !== 1) throw new Blocked('the alarm had to be on first');
    t.occurred();
    for (let i = 0; i < 4; i++) {
      await t.writes(id, 10, 95);
      await t.stats();
    }
    t.check(alarms(await t.stats()).length === 0, 'an alarm shows although for seconds the mean has been 95 ms', 'off', 'on');
  }, { needs: ['partitions'] }),
  check('CTN-2', 'a partition that is never at rest, with writes that are quick, raises no alarm', 'calls that are open for a second without a pause, none of them for long', async (t) => {
    await t.open({ partitions: 4 });
    const id = t.id();
    await t.setup({ op: 'registerServer', id, endpoint: 'e1' }, { op: 'resetStats' });
    await t.rig.slowCommit(20);
    const open: { readonly call: Call; readonly at: number }[] = [];
    let busyFor = 0;
    for (let round = 0; round < 120; round++) {
      open.push({ call: t.rig.start({ op: 'updateServer', id, config: { round } }), at: t.rig.clock.now() });
      await t.rig.clock.advance(10);
      await t.settled(open.map(({ call }) => call), 1);
      const waiting = open.filter(({ call }) => call.settled === undefined);
      busyFor = waiting.length === 0 ? 0 : busyFor + 10;
      // Whoever does them one by one falls behind: then there is a pause, and no call has been open for long.
      if (waiting.length > 2) {
        await t.rig.clock.advance(10);
        busyFor += 10;
      }
      const stats = await t.stats();
      const oldest = Math.max(0, ...waiting.map(({ at }) => t.rig.clock.now() - at));
      const slowest = Math.max(0, ...stats.map(({ max }) => max ?? 0));
      if (busyFor < 600 || oldest > 90 || slowest > 90) continue;
      t.occurred();
      t.check(alarms(stats).length === 0, `an alarm shows although no write has taken longer than ${slowest} ms, and none is open for longer`, 'off', 'on');
    }
    await t.rig.slowCommit(0);
    await t.rig.clock.advance(5_000);
    for (const { call } of open) await t.finish(call, 'updateServer');
    if (t.occurrences === 0) t.ruledOut('its writes were never open without a pause');
  }, { needs: ['partitions', 'update', 'configs'] }),
  check('CTN-3', 'a write of any kind that is stuck raises the alarm', 'a call that is open for longer than 500 ms', async (t) => {
    await eachKind(t, async (write) => {
      const call = await t.stall(write, 60_000);
      if (call.settled !== undefined) return;
      await t.rig.perform(advance(3_000));
      t.occurred(t.underWay([call]));
      t.check(alarms(await t.stats()).length === 1, `no alarm shows although ${showOperation(write)} has been in flight for seconds`, 'on', 'off');
    });
  }, { needs: ['partitions'] }),
  check('CTN-3', 'a write that waits for its turn is in flight from its call, whatever is called and committed meanwhile', 'a call that is open for longer than a second while others are made and answered', async (t) => {
    await t.open({ partitions: 4 });
    const id = t.id();
    await t.setup({ op: 'registerServer', id, endpoint: 'e1' });
    // One commit may be of all the writes that came during the last one: then none waits for longer than two.
    await t.rig.slowCommit(450);
    const calls: { readonly call: Call; readonly at: number }[] = [];
    let longest = 0;
    for (let round = 0; round < 20; round++) {
      calls.push({ call: t.rig.start({ op: 'updateServer', id, config: { round } }), at: t.rig.clock.now() });
      await t.rig.clock.advance(100);
      await t.settled(calls.map(({ call }) => call));
      const oldest = calls.find(({ call }) => call.settled === undefined);
      const age = oldest === undefined ? 0 : t.rig.clock.now() - oldest.at;
      longest = Math.max(longest, age);
      if (age <= 500 + detectionMs) continue;
      t.occurred();
      t.check(alarms(await t.stats()).length === 1, `no alarm shows although a write has been in flight for ${age} ms`, 'on', 'off');
    }
    // Commits of one partition may overlap, as long as they take effect in order: each takes its time, and none waits.
    if (longest >= 400 && longest <= 500 + detectionMs) t.ruledOut(`no write waits for its turn: of writes that take 450 ms and are called every 100 ms, none was open for longer than ${500 + detectionMs} ms`);
    await t.rig.slowCommit(0);
  }, { needs: ['partitions', 'update', 'configs'] }),
  check('CTN-3', 'a reset does not end what is stuck', 'a call that is open for longer than 500 ms, with a reset meanwhile', async (t) => {
    await t.open({ partitions: 4 });
    const call = await t.stall({ op: 'registerServer', id: t.id(), endpoint: 'e1' }, 60_000);
    await t.rig.perform(advance(400));
    await t.setup({ op: 'resetStats' });
    // Less than 500 ms after the reset.
    await t.rig.perform(advance(490));
    t.occurred(t.underWay([call]));
    t.check(alarms(await t.stats()).length === 1, 'no alarm shows although a write has been in flight for 890 ms, a reset or not', 'on', 'off');
  }, { needs: ['partitions'] }),
  check('CTN-7', 'a threshold may be 0', 'a registry opened with a threshold of 0, which shows', async (t) => {
    const opened = async (options: Parameters<Trial['open']>[0]): Promise<boolean> => {
      try {
        await t.open({ partitions: 4, ...options });
        return true;
      } catch {
        return false; // What it does not take, it does not ignore.
      }
    };
    if (await opened({ closeAbove: 0, minWrites: 1 })) {
      await t.writes('a', 1, 150);
      await t.rig.perform(advance(detectionMs));
      const { admission } = t.accepted(await t.rig.perform({ op: 'getContentionStatus' }), 'getContentionStatus()', 'it takes no argument') as ContentionStatus;
      t.check(admission === 'closed', 'closeAbove: 0 was ignored', 'closed with one of four partitions alarmed', admission);
      t.occurred();
    }
    if (await opened({ alarmAboveMs: 0, minWrites: 1 })) {
      await t.writes('a', 1, 5);
      await t.rig.perform(advance(detectionMs));
      t.check(alarms(await t.stats()).length === 1, 'alarmAboveMs: 0 was ignored', 'an alarm at 5 ms', 'none');
      t.occurred();
    }
    t.ruledOut('the registry takes no threshold of 0');
  }, { needs: ['partitions'] }),
  check('CTN-9', 'the latency of a write of any kind runs from its call', 'writes in one partition that are under way at the same time', async (t) => {
    await eachKind(t, async (write) => {
      // Something that takes its time in the same partition, and touches nothing that the write does.
      const other: Operation = !('id' in write && write.id === 'b') ? { op: 'updateServer', id: 'a', config: {} } : write.op === 'registerServer' ? { op: 'registerTransport', id: 'b', endpoint: 'e1' } : { op: 'registerServer', id: 'b', endpoint: 'e1' };
      await t.rig.slowCommit(60);
      const before = t.rig.start(other);
      const called = t.rig.clock.now();
      const call = t.rig.start(write);
      t.occurred(await t.waiting([before, call], 2));
      let ended = 0;
      for (let ms = 0; ms < 400 && call.settled === undefined; ms += 10) {
        await t.rig.clock.advance(10);
        await t.settled([call], ms % 50 === 0 ? 3 : 0);
        ended = t.rig.clock.now() - called;
      }
      await t.rig.slowCommit(0);
      await t.finish(before, 'a write');
      if ((await t.finish(call, 'a write')).kind !== 'done') return;
      const samples = (await t.stats()).flatMap((stats) => stats.samples);
      t.check(samples.some((sample) => Math.abs(sample - ended) <= 20), `the latency of ${showOperation(write)} does not run from the call to the commit`, `${ended} ms, give or take 20 ms`, samples);
    });
  }, { needs: ['partitions', 'update', 'configs', 'transports'] }),
  check('CTN-9', 'also of writes that were called at different times while others were under way', 'writes in one partition, called at different times, that are under way at the same time', async (t) => {
    await t.open({ partitions: 4, windowMs: 60_000 });
    const id = t.id();
    await t.setup({ op: 'registerServer', id, endpoint: 'e1' }, { op: 'resetStats' });
    await t.rig.slowCommit(60);
    const calls: { readonly call: Call; readonly at: number; ended?: number }[] = [];
    for (let ms = 0; ms < 600 && (calls.length < 5 || calls.some(({ ended }) => ended === undefined)); ms += 10) {
      if (calls.length < 5 && ms % 30 === 0) calls.push({ call: t.rig.start({ op: 'updateServer', id, config: { ms } }), at: t.rig.clock.now() });
      await t.rig.clock.advance(10);
      await t.settled(calls.map(({ call }) => call), ms % 50 === 0 ? 3 : 0);
      for (const one of calls) if (one.call.settled !== undefined) one.ended ??= t.rig.clock.now() - one.at;
      t.occurred(t.underWay(calls.map(({ call }) => call), 2));
    }
    await t.rig.slowCommit(0);
    for (const { call } of calls) if ((await t.finish(call, 'an update')).kind !== 'done') return;
    const ascending = (all: readonly number[]): number[] => [...all].sort((a, b) => a - b);
    const expected = ascending(calls.map(({ ended }) => ended ?? 0));
    const samples = ascending((await t.stats()).flatMap((stats) => stats.samples));
    const same = samples.length === expected.length && samples.every((sample, i) => Math.abs(sample - expected[i]!) <= 20);
    t.check(same, 'latencies of updates that were called 30 ms after each other do not run from the call to the commit', `${show(expected)}, give or take 20 ms`, samples);
  }, { needs: ['partitions', 'update', 'configs', 'thresholds'] }),
  check('STA-1', 'so many writes that wait for their turn are counted as so many', 'writes of one name that are under way at the same time', async (t) => {
    await t.open({ partitions: 4 });
    const id = t.id();
    await t.setup({ op: 'registerServer', id, endpoint: 'e1' }, { op: 'resetStats' });
    await t.rig.slowCommit(20);
    const calls = Array.from({ length: 7 }, (_, i) => t.rig.start({ op: 'updateServer', id, config: { i } }));
    t.occurred(await t.waiting(calls, 3));
    for (let ms = 0; ms < 400 && calls.some(({ settled }) => settled === undefined); ms += 20) {
      await t.rig.clock.advance(20);
      await t.settled(calls);
    }
    await t.rig.slowCommit(0);
    let done = 0;
    for (const call of calls) if ((await t.finish(call, 'an update')).kind === 'done') done++;
    const counted = (await t.stats()).reduce((sum, { writeCount }) => sum + writeCount, 0);
    t.check(counted === done, `${calls.length} updates of one server were called at once, and ${done} acknowledged`, `${done} writes counted`, counted);
  }, { needs: ['partitions', 'update', 'configs', 'virtual-time', 'slow-commit'] }),
  check('CTN-10', 'the status lists what is stuck as well, in ascending order', 'alarms that the statistics show, of calls that are open', async (t) => {
    await t.open({ partitions: 4 });
    const ids = (await t.idPerPartition(4)).sort((a, b) => b.partition - a.partition);
    for (const { id } of ids.slice(0, 3)) {
      await t.stall({ op: 'registerServer', id, endpoint: 'e1' }, 60_000);
      for (let ms = 0; ms < 600 + detectionMs; ms += 50) {
        await t.rig.clock.advance(50);
        const shown = alarms(await t.stats());
        const { alarmed } = t.accepted(await t.rig.perform({ op: 'getContentionStatus' }), 'getContentionStatus()', 'it takes no argument') as ContentionStatus;
        t.check(JSON.stringify(alarmed) === JSON.stringify(shown.sort((a, b) => a - b)), 'the status does not list the partitions whose statistics show the alarm, ascending', show(shown), show(alarmed));
        t.occurred(shown.length > 0);
      }
    }
  }, { needs: ['partitions'] }),
];
