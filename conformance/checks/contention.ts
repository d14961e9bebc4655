import { isDeepStrictEqual } from 'node:util';
import type { Operation } from '../../model/index.js';
import { detectionMs, type ContentionStatus } from '../../spec/index.js';
import { Blocked } from '../engine/findings.js';
import type { Call } from '../engine/rig.js';
import { show } from '../engine/show.js';
import { check, type Trial } from '../engine/trial.js';

const advance = (ms: number): Operation => ({ op: 'advance', ms });

/** Whether the alarm of a partition is on. */
async function alarm(t: Trial, partition: number): Promise<boolean> {
  return (await t.stats()).find((stats) => stats.partition === partition)?.alarm ?? false;
}

async function expectAlarm(t: Trial, partition: number, on: boolean, why: string): Promise<void> {
  const shown = await alarm(t, partition);
  t.check(shown === on, `the alarm of partition ${partition}: ${why}`, on ? 'on' : 'off', shown ? 'on' : 'off');
}

/** How many partitions show the alarm. */
export const alarms = async (t: Trial): Promise<number> => (await t.stats()).filter((stats) => stats.alarm).length;

/** Whether admission is closed, as whoever wants to register is told: if nobody is refused, another check says so. */
export const isClosed = async (t: Trial): Promise<boolean> => (await t.refused({ op: 'registerServer', id: t.id(), endpoint: 'e1' })) === 'admission_control_active';

/** Lets time pass with somebody looking at the alarm all the while. */
async function watch(t: Trial, partition: number, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 50) {
    await alarm(t, partition);
    await t.rig.clock.advance(Math.min(50, ms - passed));
  }
}

/** Lets time pass until `detectionMs` after something has changed, with nobody looking at the alarm, or once, so long before the change. */
async function pass(t: Trial, partition: number, ms: number, lookedBefore: number | undefined): Promise<void> {
  await t.rig.clock.advance(ms - (lookedBefore ?? 0));
  if (lookedBefore !== undefined) {
    await alarm(t, partition);
    await status(t);
    await t.rig.clock.advance(lookedBefore);
  }
  await t.rig.clock.advance(detectionMs);
}

/** How long before an alarm changes somebody looks at it, who may be shown again what he was shown then: or nobody. Milliseconds. */
const looks = [undefined, 1, 17, 49, 73, 97] as const;

export async function status(t: Trial): Promise<ContentionStatus> {
  return t.accepted(await t.rig.perform({ op: 'getContentionStatus' }), 'getContentionStatus()', 'it takes no argument') as ContentionStatus;
}

/** Raises the alarm of the partition of this id; it lasts for the better part of a second. */
async function contend(t: Trial, id: string): Promise<void> {
  await t.writes(id, 10, 150);
}

/** A registry of `partitions`, of which the first `count` are alarmed at the same time. Gives ids of those, registered, and of the others. */
export async function alarmed(t: Trial, partitions: number, count: number): Promise<{ busy: string[]; free: string[] }> {
  await t.open({ partitions });
  const ids = await t.idPerPartition(partitions);
  await contendTogether(t, ids.slice(0, count).map(({ id }) => id));
  const shown = await alarms(t);
  if (shown !== count) throw new Blocked(`${count} of ${partitions} partitions had to be alarmed first, and ${shown} were`);
  return { busy: ids.slice(0, count).map(({ id }) => id), free: ids.slice(count).map(({ id }) => id) };
}

/**
 * Slow writes to all these ids at the same time, for seconds: whether an alarm shows in time is for CTN-6 to say. They
 * are updates, which no admission control refuses.
 */
export async function contendTogether(t: Trial, ids: readonly string[], are: 'free' | 'registered' = 'free'): Promise<void> {
  if (are === 'free') for (const id of ids) await t.setup({ op: 'registerServer', id, endpoint: 'e1' });
  await t.rig.slowCommit(150);
  let enough = Infinity; // since when there have been as many writes as the alarm needs
  for (let round = 0; t.rig.clock.now() - enough < 2_250; round++) {
    if (round === 10) enough = t.rig.clock.now();
    const calls = ids.map((id) => t.rig.start({ op: 'updateServer', id, config: { round } }));
    // Once is enough where partitions are independent; where they are not, that is for PRT-4 to say.
    for (let i = 0; i < ids.length; i++) {
      await t.rig.perform(advance(150));
      if (await t.settled(calls, round === 0 ? 8 : 3)) break;
    }
    for (const call of calls) if ((await t.finish(call, 'updateServer')).kind !== 'done') throw new Blocked('updates had to succeed first');
  }
  await t.rig.slowCommit(0);
}

const admissionRefused = ['admission_control_active'] as const;

/** Which partitions are alarmed: those at one end, at the other, or every second and what is missing from the rest. */
const choices: readonly (readonly [name: string, choose: (partitions: number, count: number) => number[]])[] = [
  ['the first', (_, count) => Array.from({ length: count }, (_, i) => i)],
  ['the last', (partitions, count) => Array.from({ length: count }, (_, i) => partitions - 1 - i)],
  ['every second', (partitions, count) => [...Array.from({ length: Math.ceil(partitions / 2) }, (_, i) => 2 * i), ...Array.from({ length: Math.floor(partitions / 2) }, (_, i) => 2 * i + 1)].slice(0, count)],
];

/** With writes stuck in so many partitions of a registry, for long enough to alarm: once in each of the choices. What runs is given an id of another partition, which is not registered. */
async function withStuck(t: Trial, partitions: number, count: number, run: (free: string, why: string) => Promise<void>): Promise<void> {
  await t.open({ partitions });
  const ids = (await t.idPerPartition(partitions)).sort((a, b) => a.partition - b.partition).map(({ id }) => id);
  for (const id of ids) await t.setup({ op: 'registerServer', id, endpoint: 'e1' });
  for (const [which, choose] of choices) {
    const chosen = choose(partitions, count).sort((a, b) => a - b);
    const free = ids.find((_, partition) => !chosen.includes(partition))!;
    await t.setup({ op: 'unregisterServer', id: free }, { op: 'resetStats' });
    // Updates, which no admission control refuses.
    const calls = [];
    for (const partition of chosen) calls.push(await t.stall({ op: 'updateServer', id: ids[partition]!, config: {} }, 1_000));
    await t.rig.perform(advance(501 + detectionMs));
    const shown = (await t.stats()).filter((stats) => stats.alarm).map(({ partition }) => partition);
    if (!isDeepStrictEqual(shown, chosen)) throw new Blocked(`the partitions ${chosen.join(', ')} had to be alarmed first, and ${shown.join(', ')} were`);
    t.occurred();
    await run(free, `${which} ${count} of ${partitions} partitions are alarmed`);
    await t.rig.perform(advance(3_000));
    for (const call of calls) await t.finish(call, 'updateServer');
    await t.answers({ op: 'registerServer', id: free, endpoint: 'e1' });
  }
}

export const contentionChecks = [
  check('CTN-1', 'slow writes raise the alarm', 'an alarm that shows, of a partition that is written to slowly', async (t) => {
    for (const ms of [150, 101]) {
      const id = t.id();
      const partition = await t.partitionOf(id);
      await t.setup({ op: 'resetStats' });
      // For several seconds: whether the alarm shows in time is for CTN-6 to say.
      await t.writes(id, Math.ceil(4_000 / ms), ms);
      await expectAlarm(t, partition, true, `for seconds the mean has been ${ms} ms`);
      t.occurred();
    }
  }),
  check('CTN-1', 'ten slow writes are enough, and looking does not change it', 'an alarm that shows after ten writes', async (t) => {
    const id = t.id();
    const partition = await t.partitionOf(id);
    await t.setup({ op: 'resetStats' });
    await t.writes(id, 10, 150);
    let on = false;
    // At some time while it lasts: how soon is for CTN-6 to say.
    for (let ms = 0; ms < 900 && !on; ms += 100) {
      await t.rig.perform(advance(100));
      on = await alarm(t, partition);
    }
    t.check(on, `the alarm of partition ${partition} never showed: ten writes have a mean of 150 ms`, 'on', 'off');
    await t.stats();
    await expectAlarm(t, partition, true, 'it was on a moment ago, and no time has passed');
    t.occurred();
  }),
  check('CTN-2', 'nine slow writes since the last reset raise no alarm', 'nine slow writes, after which a tenth raises the alarm', async (t) => {
    const id = t.id();
    const partition = await t.partitionOf(id);
    await t.setup({ op: 'resetStats' });
    for (let i = 0; i < 9; i++) {
      await t.setup(i % 2 === 0 ? { op: 'registerServer', id, endpoint: 'e1', takes: 400 } : { op: 'unregisterServer', id, takes: 400 });
      await expectAlarm(t, partition, false, `only ${i + 1} writes`);
    }
    await t.setup({ op: 'resetStats' });
    await t.setup({ op: 'unregisterServer', id, takes: 400 });
    await expectAlarm(t, partition, false, 'only one write since the reset');
    await t.writes(id, 9, 400);
    await t.setup(advance(detectionMs));
    await t.occurs(expectAlarm(t, partition, true, 'ten writes of 400 ms'));
  }),
  check('CTN-2', 'a mean of exactly 100 ms raises no alarm', 'ten writes or more that show a mean of 100 ms or a little less, where slower ones raise the alarm', async (t) => {
    const id = t.id();
    const partition = await t.partitionOf(id);
    await t.setup({ op: 'resetStats' });
    await t.writes(id, 20, 100);
    const nearly = async (): Promise<boolean> => (await t.stats()).some((stats) => stats.partition === partition && stats.writeCount >= 10 && stats.mean > 99 && stats.mean <= 100);
    await expectAlarm(t, partition, false, 'a mean of 100 ms is not above 100 ms');
    const was = await nearly();
    await t.rig.perform(advance(3_000));
    for (let i = 0; i < 5; i++) await t.setup({ op: 'registerServer', id, endpoint: 'e1', takes: 50 }, { op: 'unregisterServer', id, takes: 149 });
    await expectAlarm(t, partition, false, 'a mean of 99.5 ms is not above 100 ms, whatever its greatest sample');
    const isNearly = was && (await nearly());
    await t.writes(id, 10, 150);
    await t.rig.perform(advance(detectionMs));
    await t.given(expectAlarm(t, partition, true, 'ten writes of 150 ms'));
    t.occurred(isNearly);
  }),
  check('CTN-2', 'a partition is not alarmed by the load on another', 'a partition beside one that shows the alarm', async (t) => {
    const [one, other] = await t.idPerPartition(2);
    await contend(t, one!.id);
    await expectAlarm(t, other!.partition, false, 'another partition is contended');
    await t.setup(advance(detectionMs));
    t.occurred(await alarm(t, one!.partition));
    await expectAlarm(t, other!.partition, false, 'another partition is contended');
  }),

  check('CTN-3', 'a write in flight for more than 500 ms raises the alarm although nothing completes', 'a call that is open for longer than 500 ms', async (t) => {
    const id = t.id();
    const partition = await t.partitionOf(id);
    await t.setup({ op: 'resetStats' });
    const call = await t.stall({ op: 'registerServer', id, endpoint: 'e1' }, 60_000);
    await t.rig.perform(advance(499));
    await expectAlarm(t, partition, false, 'the write has been in flight for 499 ms');
    await t.rig.perform(advance(3_000));
    t.occurred(t.underWay([call]));
    await expectAlarm(t, partition, true, 'the write has been in flight for seconds');
    await t.rig.perform(advance(30_000));
    await expectAlarm(t, partition, true, 'the write is still in flight');
  }),
  check('CTN-4', 'a sample leaves the window one second after its commit', 'samples seen in a window, and gone from it', async (t) => {
    const id = t.id();
    const partition = await t.partitionOf(id);
    await t.setup({ op: 'resetStats' });
    const samples = async (): Promise<number> => (await t.stats()).find((stats) => stats.partition === partition)?.sampleCount ?? -1;
    await t.writes(id, 3, 300); // committed at 300, 600 and 900 ms
    t.check((await samples()) === 3, 'the window holds the wrong number of samples', 3, await samples());
    await t.rig.perform(advance(399)); // the first is 999 ms old
    t.check((await samples()) === 3, 'a sample left the window too early', 3, await samples());
    await t.rig.perform(advance(2 + detectionMs));
    t.check((await samples()) === 2, 'a sample stayed in the window for more than a second', 2, await samples());
    await t.rig.perform(advance(1_000));
    t.check((await samples()) === 0, 'samples stayed in the window for more than a second', 0, await samples());
    t.occurred();
  }),
  check('CTN-5', 'the alarm goes off by itself when the slow writes are over', 'an alarm that shows, and whose condition has ended', async (t) => {
    const id = t.id();
    const partition = await t.partitionOf(id);
    await t.setup({ op: 'resetStats' });
    await t.writes(id, 30, 150);
    if (!(await alarm(t, partition))) throw new Blocked('the alarm had to be on first');
    t.occurred();
    await t.rig.perform(advance(5_000));
    await expectAlarm(t, partition, false, 'no slow write was made for five seconds');
  }),
  check('CTN-5', 'and when a stuck write ends', 'an alarm that shows, and whose condition has ended', async (t) => {
    const id = t.id();
    const partition = await t.partitionOf(id);
    await t.setup({ op: 'resetStats' });
    const call = await t.stall({ op: 'registerServer', id, endpoint: 'e1' }, 3_000);
    await t.rig.perform(advance(2_999));
    if (!(await alarm(t, partition))) throw new Blocked('the alarm had to be on first');
    t.occurred();
    await t.rig.perform(advance(3_000));
    await t.finish(call, 'registerServer');
    await expectAlarm(t, partition, false, 'the write that was stuck has been committed, and was the only one');
  }),
  check('CTN-6', 'on and off show within 100 ms', 'an alarm seen on and off', async (t) => {
    const id = t.id();
    const partition = await t.partitionOf(id);
    // Enough writes for an alarm, long ago: from now on one slow write raises it.
    await t.writes(id, 20, 0);
    // At ten moments within a second, so that a poll cannot happen to come just in time; and somebody looks all the
    // while, so that what was seen before cannot be shown again.
    for (const offset of [0, 137, 291, 389, 473, 541, 659, 733, 877, 953]) {
      await watch(t, partition, 2_000 + offset);
      await expectAlarm(t, partition, false, 'there has been no slow write for seconds');
      await t.setup({ op: 'registerServer', id, endpoint: 'e1', takes: 150 });
      await watch(t, partition, detectionMs);
      await expectAlarm(t, partition, true, 'the only sample in the window, 150 ms, was committed 100 ms ago');
      await watch(t, partition, 1_000);
      await expectAlarm(t, partition, false, 'the last sample left the window 100 ms ago');
      t.occurred();
      await t.setup({ op: 'unregisterServer', id });
    }
    for (const lookedBefore of looks) {
      await t.rig.perform(advance(2_000));
      const looked = lookedBefore === undefined ? 'nobody has looked since' : `somebody looked ${lookedBefore} ms before`;
      const call = await t.stall({ op: 'registerServer', id, endpoint: 'e1' }, 150);
      await pass(t, partition, 150, lookedBefore);
      if ((await t.finish(call, 'registerServer')).kind !== 'done') throw new Blocked('a registration had to succeed first');
      await expectAlarm(t, partition, true, `the only sample in the window, 150 ms, was committed 100 ms ago, and ${looked}`);
      await pass(t, partition, 900, lookedBefore);
      await expectAlarm(t, partition, false, `the last sample left the window 100 ms ago, and ${looked}`);
      await t.setup({ op: 'unregisterServer', id });
    }
  }),
  check('CTN-6', 'a stuck write shows within 100 ms of being one, and so does its end', 'a call that is open for longer than 500 ms', async (t) => {
    for (const offset of [0, 291, 541, 877]) {
      await t.open();
      const id = t.id();
      const partition = await t.partitionOf(id);
      await t.setup({ op: 'resetStats' });
      await t.rig.perform(advance(offset));
      const call = await t.stall({ op: 'registerServer', id, endpoint: 'e1' }, 700);
      await watch(t, partition, 501 + detectionMs);
      t.occurred(t.underWay([call]));
      await expectAlarm(t, partition, true, 'the write has been in flight for more than 500 ms, 100 ms ago');
      await watch(t, partition, 99 + detectionMs);
      await t.finish(call, 'registerServer');
      await expectAlarm(t, partition, false, 'the write that was stuck was committed 100 ms ago, and was the only one');
    }
    for (const lookedBefore of looks) {
      await t.open();
      const id = t.id();
      const partition = await t.partitionOf(id);
      await t.setup({ op: 'resetStats' });
      const looked = lookedBefore === undefined ? 'nobody has looked since' : `somebody looked ${lookedBefore} ms before`;
      const call = await t.stall({ op: 'registerServer', id, endpoint: 'e1' }, 900);
      await pass(t, partition, 501, lookedBefore);
      t.occurred(t.underWay([call]));
      await expectAlarm(t, partition, true, `the write has been in flight for more than 500 ms, 100 ms ago, and ${looked}`);
      await pass(t, partition, 299, lookedBefore);
      await t.finish(call, 'registerServer');
      await expectAlarm(t, partition, false, `the write that was stuck was committed 100 ms ago, and was the only one, and ${looked}`);
    }
  }),
  check('CTN-6', 'also when another has been stuck for long, with nobody looking', 'a call that is open for longer than 500 ms while another has been open for seconds', async (t) => {
    for (const [ms, step] of [[7_000, 7_000], [12_000, 50]] as const) {
      await t.open({ partitions: 4 });
      const [one, other] = await t.idPerPartition(2);
      await t.stall({ op: 'registerServer', id: one!.id, endpoint: 'e1' }, 90_000);
      for (let passed = 0; passed < ms; passed += step) await t.rig.perform(advance(step));
      const call = await t.stall({ op: 'registerServer', id: other!.id, endpoint: 'e1' }, 90_000);
      await t.rig.perform(advance(501 + detectionMs));
      if (!t.underWay([call])) continue;
      t.occurred();
      await expectAlarm(t, other!.partition, true, `the write has been in flight for more than 500 ms, 100 ms ago, and one in another partition for ${ms / 1_000} s more`);
    }
  }, { needs: ['partitions'] }),
  check('CTN-7', 'every threshold can be set', 'a registry opened with another threshold, which shows', async (t) => {
    const id = 'a';
    const on = async (): Promise<boolean> => (await t.stats()).some((stats) => stats.alarm);
    const trial = async (options: Parameters<Trial['open']>[0], writes: number, takes: number): Promise<boolean> => {
      // One of four: an alarm must not close admission, or the next write would be refused.
      await t.open({ partitions: 4, ...options });
      await t.writes(id, writes, takes);
      await t.rig.perform(advance(detectionMs));
      return on();
    };
    t.check(await trial({ minWrites: 3 }, 3, 150), 'minWrites was ignored', 'an alarm after 3 writes', 'none');
    t.check(await trial({ alarmAboveMs: 20 }, 12, 21), 'alarmAboveMs was ignored', 'an alarm at 21 ms', 'none');
    t.check(!(await trial({ alarmAboveMs: 200 }, 12, 150)), 'alarmAboveMs was ignored', 'no alarm at 150 ms', 'an alarm');
    t.check(await trial({ windowSize: 2, minWrites: 2 }, 2, 150), 'minWrites was ignored', 'an alarm after 2 writes', 'none');
    await t.writes(id, 4, 150);
    const kept = async (): Promise<number> => Math.max(...(await t.stats()).map(({ sampleCount }) => sampleCount));
    t.check((await kept()) === 2, 'windowSize was ignored', 2, await kept());
    await trial({ windowMs: 300 }, 10, 150);
    await t.rig.perform(advance(301 + detectionMs));
    t.check((await kept()) === 0, 'windowMs was ignored', 'an empty window after 301 ms', await kept());
    await t.open({ partitions: 4, stuckAfterMs: 50 });
    await t.stall({ op: 'registerServer', id, endpoint: 'e1' }, 60_000);
    await t.rig.perform(advance(51 + detectionMs));
    t.check(await on(), 'stuckAfterMs was ignored', 'an alarm after 51 ms', 'none');
    await t.open({ partitions: 4, closeAbove: 0.1, minWrites: 1 });
    await t.writes(id, 1, 150);
    await t.rig.perform(advance(detectionMs));
    t.check((await status(t)).admission === 'closed', 'closeAbove was ignored', 'closed with one of four partitions alarmed', 'open');
    t.occurred();
  }, { needs: ['partitions'] }),
  check('CTN-9', 'the latency of a write includes the time it waits for its turn', 'writes to one name that are under way at the same time', async (t) => {
    const id = t.id();
    const partition = await t.partitionOf(id);
    await t.setup({ op: 'resetStats' });
    await t.rig.slowCommit(40);
    const called = t.rig.clock.now();
    const calls = [t.rig.start({ op: 'registerServer', id, endpoint: 'e1' }), t.rig.start({ op: 'unregisterServer', id }), t.rig.start({ op: 'registerServer', id, endpoint: 'e1' })];
    t.occurred(await t.waiting(calls, 2));
    // In steps, to see when each is answered: a registry may commit them one by one or together.
    const ended = new Map<Call, number>();
    for (let ms = 0; ms < 400 && ended.size < calls.length; ms += 20) {
      await t.rig.clock.advance(20);
      await t.settled(calls);
      for (const call of calls) if (call.settled !== undefined && !ended.has(call)) ended.set(call, t.rig.clock.now() - called);
    }
    await t.rig.slowCommit(0);
    for (const call of calls) t.accepted(await t.finish(call, 'a write'), 'a write', 'each follows on the one before');
    const expected = [...ended.values()].sort((a, b) => a - b);
    const samples = [...((await t.stats()).find((stats) => stats.partition === partition)?.samples ?? [])].sort((a, b) => a - b);
    const same = samples.length === expected.length && samples.every((sample, i) => Math.abs(sample - expected[i]!) <= 20);
    t.check(same, 'a latency does not run from the call to the commit', `${show(expected)}, give or take 20 ms`, samples);
  }),
  check('CTN-10', 'the status lists the alarmed partitions and the state of admission', 'an alarm that the statistics show', async (t) => {
    const [one] = await t.idPerPartition(2);
    const calm = await status(t);
    const stats = await t.stats();
    t.check(calm.partitions === stats.length, 'the status shows the wrong number of partitions', stats.length, calm.partitions);
    t.check(calm.alarmed.length === 0 && calm.admission === 'open' && calm.mode === 'auto', 'a calm registry does not look calm', { alarmed: [], admission: 'open', mode: 'auto' }, calm);
    await t.writes(one!.id, 30, 150);
    const seen = await status(t);
    const expected = (await t.stats()).filter((each) => each.alarm).map((each) => each.partition);
    t.check(JSON.stringify([...seen.alarmed].sort((a, b) => a - b)) === JSON.stringify(expected), 'the status contradicts the statistics', expected, seen.alarmed);
    t.occurred(expected.length > 0);
    if (!t.offers('override')) return;
    for (const mode of ['closed', 'open', 'auto'] as const) {
      await t.setup({ op: 'setAdmission', mode });
      const now = await status(t);
      t.check(now.mode === mode, 'the status shows the wrong mode', mode, now.mode);
      if (mode !== 'auto') t.check(now.admission === mode, 'the status shows the wrong state of admission', mode, now.admission);
    }
  }),
];

export const admissionChecks = [
  check('ADM-1', 'with just more than half of the partitions alarmed, however many there are, registrations are refused', 'more than half of the partitions that show the alarm', async (t) => {
    for (const [partitions, count] of [[1, 1], [3, 2], [8, 5], [9, 5], [16, 9]] as const) {
      const { free } = await alarmed(t, partitions, count);
      t.occurred();
      await t.refuses({ op: 'registerServer', id: free[0] ?? t.id(), endpoint: 'e1' }, admissionRefused, `${count} of ${partitions} partitions are alarmed`);
    }
    for (const [partitions, count] of [[3, 2], [33, 17], [64, 33]] as const) {
      await withStuck(t, partitions, count, async (free, why) => {
        await t.refuses({ op: 'registerServer', id: free, endpoint: 'e1' }, admissionRefused, why);
        if (t.offers('transports')) await t.refuses({ op: 'registerTransport', id: free, endpoint: 'e1' }, admissionRefused, why);
      });
    }
  }, { needs: ['update'] }),
  check('ADM-2', 'with exactly half of the partitions alarmed, or fewer, registrations are admitted', 'some of the partitions that show the alarm, half of them or fewer', async (t) => {
    for (const [partitions, count] of [[4, 2], [8, 4], [16, 8], [3, 1], [2, 1]] as const) {
      const { busy, free } = await alarmed(t, partitions, count);
      const why = `only ${count} of ${partitions} partitions are alarmed`;
      t.occurred();
      await t.succeeds({ op: 'registerServer', id: free[0]!, endpoint: 'e1' }, why);
      if (t.offers('transports')) await t.succeeds({ op: 'registerTransport', id: `${free[0]!}-t`, endpoint: 'e1' }, why);
      // Names of the partitions that are alarmed are registered as well.
      for (const id of busy) {
        if (t.offers('transports')) await t.succeeds({ op: 'registerTransport', id, endpoint: 'e2' }, why);
        await t.setup({ op: 'unregisterServer', id });
        await t.succeeds({ op: 'registerServer', id, endpoint: 'e2' }, why);
      }
    }
    // What is alarmed for two reasons is one partition.
    for (const [partitions, count] of [[4, 2], [5, 2], [16, 8]] as const) {
      const { busy, free } = await alarmed(t, partitions, count);
      for (const id of busy) await t.stall({ op: 'updateServer', id, config: {} }, 60_000);
      await t.rig.clock.advance(501 + detectionMs);
      if ((await t.stats()).filter(({ alarm }) => alarm).length === count) await t.succeeds({ op: 'registerServer', id: free[0]!, endpoint: 'e1' }, `only ${count} of ${partitions} partitions are alarmed, if for two reasons`);
    }
    for (const [partitions, count] of [[3, 1], [33, 16], [64, 32]] as const) {
      await withStuck(t, partitions, count, async (free, why) => {
        await t.succeeds({ op: 'registerServer', id: free, endpoint: 'e1' }, `only ${why}`);
      });
    }
  }, { needs: ['update'] }),
  check('ADM-2', 'however many register at once when it has reopened', 'many registrations at once, after admission was closed by the alarms and reopened', async (t) => {
    await t.open({ partitions: 2 });
    const ids = (await t.idPerPartition(2)).map(({ id }) => id);
    await contendTogether(t, ids);
    if ((await status(t)).admission !== 'closed') throw new Blocked('admission had to be closed first');
    await t.refused({ op: 'registerServer', id: 'too early', endpoint: 'e1' });
    for (let ms = 0; ms < 3_000 && (await status(t)).admission === 'closed'; ms += 100) await t.rig.perform(advance(100));
    await t.given(Promise.resolve(t.check((await status(t)).admission === 'open', 'admission has not reopened', 'open', 'closed')));
    const calls = Array.from({ length: 20 }, (_, i) => t.rig.start({ op: 'registerServer', id: `many ${i}`, endpoint: 'e1' }));
    for (const call of calls) {
      const answer = await t.finish(call, 'a registration');
      t.occurred(answer.kind === 'done');
      t.check(answer.kind !== 'refused' || answer.code !== 'admission_control_active', '20 registrations were made at once when admission had reopened', 'none refused because of the alarms', answer);
    }
  }, { needs: ['update', 'partitions'] }),
  check('ADM-4', 'admission reopens by itself, while registrations keep being rejected', 'a registration refused because of the alarms', async (t) => {
    await t.open({ partitions: 1 });
    await contendTogether(t, ['a']);
    if ((await status(t)).admission !== 'closed') throw new Blocked('admission had to be closed first');
    // In the seed's design this is for ever: what is rejected gives no samples, and without samples no mean falls.
    let rejecting = true;
    for (let i = 0; i < 60; i++) {
      if (rejecting) rejecting = (await t.rig.perform({ op: 'registerServer', id: `b${i}`, endpoint: 'e1' })).kind === 'refused';
      t.occurred(rejecting);
      await t.rig.perform(advance(55));
    }
    t.check((await status(t)).admission === 'open', 'admission has not reopened by itself', 'open: the last slow write ended seconds ago', 'closed');
    await t.succeeds({ op: 'registerServer', id: 'c', endpoint: 'e1' }, 'the last slow write ended seconds ago');
  }, { needs: ['update'] }),
];

export const overrideChecks = [
  check('ADM-6', 'admission given back to the alarms admits registrations', 'admission opened that was closed, as a registration was told', async (t) => {
    await t.setup({ op: 'setAdmission', mode: 'closed' });
    t.occurred(await isClosed(t));
    await t.setup({ op: 'setAdmission', mode: 'auto' });
    await t.succeeds({ op: 'registerServer', id: t.id(), endpoint: 'e1' }, 'no partition is alarmed');
    await t.setup({ op: 'setAdmission', mode: 'closed' });
    t.occurred(await isClosed(t));
    await t.setup({ op: 'setAdmission', mode: 'open' });
    await t.succeeds({ op: 'registerServer', id: t.id(), endpoint: 'e1' }, 'admission was opened by hand');
    if (t.offers('transports')) await t.succeeds({ op: 'registerTransport', id: t.id(), endpoint: 'e1' }, 'admission was opened by hand');
  }),
];
