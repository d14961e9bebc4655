import { isDeepStrictEqual } from 'node:util';
import type { Operation } from '../../model/index.js';
import { defaultThresholds, detectionMs, type ContentionStatus, type PartitionStats } from '../../spec/index.js';
import { AdapterError } from '../contract.js';
import { Blocked } from '../engine/findings.js';
import { show, showOperation } from '../engine/show.js';
import { check, type Trial } from '../engine/trial.js';
import { overtaken } from './in-flight.js';
import { hold, writesOf } from './lanes.js';

/*
 * A window of any size, with any number of samples in it, at any moment: whatever has been in it before, and whoever has looked.
 */

const advance = (ms: number): Operation => ({ op: 'advance', ms });

/** Registers or gives up a name, whichever is its turn; takes so many milliseconds. */
const write = (id: string, turn: number, takes = 0): Operation => ({ ...(turn % 2 === 0 ? { op: 'registerServer', id, endpoint: 'e1' } : { op: 'unregisterServer', id }), ...(takes > 0 && { takes }) }) as Operation;

/** Writes a name so many times, each taking what is said; which is even, so that the name is free before and after. */
async function writeAll(t: Trial, id: string, takes: readonly number[]): Promise<void> {
  for (const [turn, ms] of takes.entries()) await t.setup(write(id, turn, ms));
}

/** An id, its partition, and nothing of either in the statistics. */
async function fresh(t: Trial): Promise<{ readonly id: string; readonly partition: number }> {
  const id = t.id();
  const partition = await t.partitionOf(id);
  await t.setup({ op: 'resetStats' });
  return { id, partition };
}

/** The only partition in which anything has been counted, in a registry in which only one name has been written. */
async function home(t: Trial): Promise<PartitionStats> {
  const [one, ...others] = (await t.stats()).filter(({ writeCount }) => writeCount > 0);
  if (one === undefined || others.length > 0) throw new Blocked('the writes of a name had to be counted, in one partition');
  return one;
}

/** Opens a registry with other thresholds; says whether it takes them. One that does not take these may take others. */
async function opens(t: Trial, options: NonNullable<Parameters<Trial['open']>[0]>): Promise<boolean> {
  try {
    // One of four: an alarm must not close admission, or the next write would be refused.
    await t.open({ ...(t.offers('partitions') && { partitions: 4 }), ...options });
    return true;
  } catch (error) {
    if (!(error instanceof AdapterError)) throw error;
    t.ruledOut(`it does not take ${show(options)}`);
    return false;
  }
}

/** Minimum, mean and maximum are those of the samples that are shown with them. */
function summarised(t: Trial, { min, mean, max, samples }: PartitionStats): void {
  const expected = samples.length === 0 ? [0, 0, 0] : [Math.min(...samples), samples.reduce((sum, one) => sum + one, 0) / samples.length, Math.max(...samples)];
  t.check([min, mean, max].every((value, n) => Math.abs(value - expected[n]!) < 1e-6), `minimum, mean or maximum of the samples ${samples.join(', ')} is wrong`, expected, [min, mean, max]);
}

/** How often the least sample of a window is in it, or the greatest. */
const equals = (samples: readonly number[]): number => Math.max(0, ...[Math.min(...samples), Math.max(...samples)].map((extreme) => samples.filter((sample) => sample === extreme).length));

const timed = ['virtual-time', 'slow-commit'] as const;

export const anyWindowChecks = [
  check('STA-2', 'after any number of writes the window holds the last ten', 'a window after more writes than it holds, that took different times', async (t) => {
    const id = t.id();
    // No two neighbours are alike, and less than a second passes.
    const takes = Array.from({ length: 32 }, (_, i) => 1 + ((i * 7) % 13));
    for (let turn = 0; turn < takes.length; turn++) {
      await t.setup(write(id, turn, takes[turn]));
      const expected = takes.slice(Math.max(0, turn - 9), turn + 1);
      const { samples, sampleCount } = await home(t);
      t.check(isDeepStrictEqual(samples, expected) && sampleCount === expected.length, `after ${turn + 1} writes the window holds the wrong samples`, expected, samples);
      t.occurred(turn >= 10);
    }
  }, { needs: timed }),

  check('STA-3', 'when one of several equal samples leaves the window, the others still count', 'a window whose least or greatest sample is in it more than once', async (t) => {
    const id = t.id();
    const look = async (): Promise<void> => {
      const all = await t.stats();
      for (const stats of all) summarised(t, stats);
      t.occurred(all.some(({ samples }) => samples.length > 1 && equals(samples) > 1));
    };
    // They leave because others come: at every distance that two equal ones can have in the window.
    const pairs = [2, 5, 9].flatMap((apart) => [3, 40].flatMap((extreme) => [extreme, ...Array.from({ length: apart - 1 }, (_, i) => 10 + (i % 4)), extreme, ...Array.from({ length: 11 }, (_, i) => 11 + (i % 5))]));
    for (const [turn, ms] of [...pairs, 5, 5, 5, 9, 9, 5, 9, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 6].entries()) {
      await t.setup(write(id, turn, ms));
      await look();
    }
    // They leave because time passes, one by one; whatever was in the window before is gone, or has been reset.
    for (const order of [[20, 90, 20, 90], [90, 20, 90, 20], [20, 20, 20, 50], [50, 50, 90, 50], [20, 50, 20, 20]]) {
      await t.setup({ op: 'resetStats' });
      for (const [turn, ms] of order.entries()) await t.setup(advance(100), write(id, turn, ms));
      for (let ms = 0; ms < defaultThresholds.windowMs + detectionMs; ms += 50) {
        await look();
        await t.setup(advance(50));
      }
      await look();
    }
  }),

  check('STA-4', 'the entry of one partition is that of the list at any moment, whoever has looked at which before', 'an entry that is another than the one before it, after as many writes', async (t) => {
    const { id, partition } = await fresh(t);
    let last: PartitionStats | undefined;
    /** What the list shows, which has to be right if it is known; and what is shown for each partition alone, asked for before or after it. */
    const look = async (when: string, samples: readonly number[] | undefined, isListFirst: boolean): Promise<void> => {
      const single = async (which: number): Promise<PartitionStats> => t.accepted(await t.rig.call('getPartitionStats', which), `getPartitionStats(${which})`, 'the partition exists') as PartitionStats;
      const before = isListFirst ? undefined : await single(partition);
      const list = await t.stats();
      const now = list.find((stats) => stats.partition === partition);
      if (now === undefined || (samples !== undefined && !isDeepStrictEqual(now.samples, samples))) throw new Blocked(`the list had to show the samples ${show(samples)} of partition ${partition} first`);
      for (const one of [...(before === undefined ? [] : [before]), await single(partition)]) t.check(isDeepStrictEqual(one, now), `the statistics of partition ${partition} differ from the list ${when}`, now, one);
      for (const other of list) if (other.partition !== partition && other.partition < 4) t.check(isDeepStrictEqual(await single(other.partition), other), `the statistics of partition ${other.partition} differ from the list ${when}`, other, 'others');
      t.occurred(last !== undefined && last.writeCount === now.writeCount && last.sampleCount === now.sampleCount && !isDeepStrictEqual(last, now));
      last = now;
    };
    for (const isListFirst of [false, true]) {
      // As many as before each time: two, then as many as there are in a window, then more.
      for (const count of [2, 10, 12]) {
        for (const ms of [3, 8, 5]) {
          await t.setup({ op: 'resetStats' });
          const takes = Array.from({ length: count }, (_, i) => ms + (i % 2));
          await writeAll(t, id, takes);
          await look(`after a reset and ${count} writes`, takes.slice(-10), isListFirst);
        }
        // Without a reset: a full window is full of others.
        const takes = Array.from({ length: count }, (_, i) => 20 + i);
        await writeAll(t, id, takes);
        if (count >= 10) await look(`after ${count} writes more`, takes.slice(-10), isListFirst);
      }
      // Nothing is written, and samples leave; and as many as have left come again.
      await t.setup({ op: 'resetStats' });
      for (const ms of [4, 9]) {
        await t.setup(write(id, 0, ms), advance(600), write(id, 1, ms + 1));
        await look('when a second has not passed', [ms, ms + 1], isListFirst);
        await t.setup(advance(550));
        await look('after a sample has left the window', [ms + 1], isListFirst);
        await t.setup(advance(1_200));
        await look('after all samples have left the window', [], isListFirst);
      }
      // The alarm goes on and off with nothing else changing but the samples.
      await writeAll(t, id, Array.from({ length: 12 }, () => 150));
      await t.setup(advance(2 * detectionMs));
      await look('with writes that were slow', undefined, isListFirst);
      await t.setup(advance(3_000));
      await look('some seconds after writes that were slow', [], isListFirst);
    }
  }, { needs: timed }),

  check('STA-5', 'after a reset at any number of writes the window holds what was written since', 'a reset of a window that held samples, and writes after it', async (t) => {
    // What is wrong without a reset as well is not the fault of the reset.
    const rounds = [1, 3, 4, 9, 10, 11, 13, 17, 20];
    const takes = (round: number): number[] => Array.from({ length: round % 2 === 0 ? 12 : 4 }, (_, i) => 1 + ((round + 3 * i) % 7));
    for (const round of rounds.keys()) {
      await t.open();
      const id = t.id();
      for (const [turn, ms] of takes(round).entries()) {
        await t.setup(write(id, turn, ms));
        if (!isDeepStrictEqual((await home(t)).samples, takes(round).slice(0, turn + 1).slice(-10))) throw new Blocked('the window had to hold the right samples without a reset');
      }
    }
    for (const [round, before] of rounds.entries()) {
      await t.open();
      const id = t.id();
      for (let turn = 0; turn < before; turn++) await t.setup(write(id, turn, 20 + (turn % 5)));
      const { sampleCount, writeCount } = await home(t);
      if (sampleCount !== Math.min(before, 10) || writeCount !== before) throw new Blocked(`${before} writes had to be counted, and the last of them to be in the window`);
      for (const often of [1, 2]) {
        for (let i = 0; i < often; i++) await t.setup({ op: 'resetStats' });
        const written: number[] = [];
        for (const ms of takes(round)) {
          // Whichever is the turn of the name, after as many writes as there were.
          await t.setup(write(id, before + written.length, ms));
          written.push(ms);
          // In whichever partition that is now, and however many are counted.
          const samples = (await t.stats()).flatMap((stats) => stats.samples);
          t.check(isDeepStrictEqual(samples, written.slice(-10)), `a reset after ${before} writes left something of them: now there have been ${written.length}, and the window shows`, written.slice(-10), samples);
        }
        t.occurred();
        await t.setup(advance(50));
      }
    }
  }, { needs: timed }),
  check('STA-5', 'a reset clears what has aged as well, in every partition, and when nobody has looked', 'a reset of statistics that showed writes, some of them of an hour ago', async (t) => {
    for (const looked of [true, false]) {
      await t.open();
      const ids = t.ids(24);
      for (const id of ids) await t.setup({ op: 'registerServer', id, endpoint: 'e1' });
      const shown = (await t.stats()).filter(({ writeCount }) => writeCount > 0).length;
      // Some windows are empty by now, some are not.
      await t.setup(advance(3_600_000), write(t.id(), 0, 5));
      if (looked) await t.stats();
      await t.setup({ op: 'resetStats' });
      const left = (await t.stats()).find(({ writeCount, sampleCount, samples, min, mean, max }) => writeCount + sampleCount + samples.length + min + mean + max > 0);
      t.occurred(shown > 0);
      t.check(left === undefined, 'a reset left something', 'nothing', left);
      for (const id of ids) await t.given(t.holds(id, 'e1', 'a reset of statistics is no reset of names'));
    }
  }, { needs: timed }),

  check('CTN-7', 'a window may be of any size and any age', 'a window that is full, of another size than there is unless told otherwise', async (t) => {
    const { windowMs } = defaultThresholds;
    for (const windowSize of [1, 2, 9, 11, 16, 17, 33, 64, 100, 257]) {
      if (!(await opens(t, { windowSize }))) continue;
      const written: number[] = [];
      // Most of them take no time, so that less than a second passes.
      for (let turn = 0; turn < windowSize + 3; turn++) {
        const ms = turn % 9 === 0 ? 2 + (turn % 5) : 0;
        await t.setup(write('a', turn, ms));
        written.push(ms);
        if (turn < windowSize - 1 && turn % 16 !== 15) continue;
        const { samples, sampleCount } = (await t.stats()).find((stats) => stats.sampleCount > 0) ?? { samples: [], sampleCount: 0 };
        const expected = written.slice(-windowSize);
        t.check(sampleCount === expected.length && isDeepStrictEqual(samples, expected), `windowSize ${windowSize} was ignored: after ${turn + 1} writes the window holds the wrong samples`, expected, samples);
        t.occurred(turn >= windowSize);
      }
    }
    for (const ms of [20, windowMs - 100, windowMs + 500, 30_000, 120_000]) {
      if (!(await opens(t, { windowMs: ms }))) continue;
      await t.setup(write('a', 0), advance(ms - 1));
      const kept = async (): Promise<number> => (await t.stats()).reduce((sum, { sampleCount }) => sum + sampleCount, 0);
      t.check((await kept()) === 1, `windowMs ${ms} was ignored: a sample of ${ms - 1} ms ago has left`, 1, await kept());
      await t.setup(advance(2 + detectionMs));
      t.check((await kept()) === 0, `windowMs ${ms} was ignored: a sample of ${ms + 1} ms ago has not left`, 0, await kept());
    }
  }),
  check('CTN-7', 'the thresholds of the alarm may be far from what they are unless told otherwise', 'an alarm at another threshold than there is unless told otherwise', async (t) => {
    const on = async (): Promise<boolean> => (await t.stats()).some(({ alarm }) => alarm);
    const expect = async (expected: boolean, why: string): Promise<void> => {
      t.check((await on()) === expected, why, expected ? 'an alarm' : 'none', expected ? 'none' : 'an alarm');
      t.occurred(expected);
    };
    for (const minWrites of [1, 2, 17, 60]) {
      if (!(await opens(t, { minWrites }))) continue;
      await t.writes('a', minWrites - 1, 150);
      await t.setup(advance(2 * detectionMs));
      await expect(false, `minWrites ${minWrites} was ignored: there have been ${minWrites - 1} writes`);
      await t.setup({ op: 'resetStats' });
      await t.writes('b', minWrites, 150);
      await t.setup(advance(2 * detectionMs));
      await expect(true, `minWrites ${minWrites} was ignored: there have been as many, of 150 ms each`);
    }
    for (const alarmAboveMs of [1, 5, 250, 1_000, 40_000]) {
      if (!(await opens(t, { alarmAboveMs }))) continue;
      await t.writes('a', 10, 0);
      for (const [turn, takes] of [alarmAboveMs, alarmAboveMs + 1].entries()) {
        // Nothing of what was written before is left in the window.
        await t.setup(advance(2_000));
        // What takes that long may be given up: then there is nothing to see.
        if ((await t.rig.perform(write('a', turn, takes))).kind !== 'done') break;
        await t.setup(advance(2 * detectionMs));
        await expect(takes > alarmAboveMs, `alarmAboveMs ${alarmAboveMs} was ignored: the mean is ${takes} ms`);
      }
    }
    for (const stuckAfterMs of [1, 20, 3_000, 70_000]) {
      if (!(await opens(t, { stuckAfterMs }))) continue;
      const call = await t.stall({ op: 'registerServer', id: 'a', endpoint: 'e1' }, stuckAfterMs + 10_000);
      await t.rig.perform(advance(stuckAfterMs));
      await expect(false, `stuckAfterMs ${stuckAfterMs} was ignored: the only write has been in flight for as long, and no longer`);
      await t.rig.perform(advance(1_000 + detectionMs));
      if (t.underWay([call])) await expect(true, `stuckAfterMs ${stuckAfterMs} was ignored: a write has been in flight for longer`);
    }
  }),
  check('CTN-7', 'closeAbove may be any share of the partitions, from none to all', 'alarms in so many partitions as show closed admission, or only just do not', async (t) => {
    for (const [closeAbove, most] of [[0, 0], [0.1, 0], [0.25, 1], [0.3, 1], [0.7, 2], [0.75, 3], [0.9, 3], [1, 4]] as const) {
      if (!(await opens(t, { closeAbove }))) continue;
      const ids = await t.idPerPartition(4);
      for (const { id } of ids) await t.setup({ op: 'registerServer', id, endpoint: 'e1' });
      for (let count = 0; count <= 4; count++) {
        if (count > 0) {
          await t.stall({ op: 'updateServer', id: ids[count - 1]!.id, config: {} }, 60_000);
          // How soon an alarm shows is for CTN-6 to say.
          await t.rig.perform(advance(3_000));
        }
        const shown = (await t.stats()).filter(({ alarm }) => alarm).length;
        if (shown !== count) throw new Blocked(`${count} of four partitions had to be alarmed first, and ${shown} were`);
        const { admission } = t.accepted(await t.rig.perform({ op: 'getContentionStatus' }), 'getContentionStatus()', 'it takes no argument') as ContentionStatus;
        const expected = count > most ? 'closed' : 'open';
        t.check(admission === expected, `closeAbove ${closeAbove} was ignored: ${count} of four partitions are alarmed`, expected, admission);
        t.occurred(count === most || count === most + 1);
      }
    }
  }, { needs: ['partitions', 'update'] }),

  check('CTN-8', 'after a reset, with no write in flight, no timer runs', 'a reset of a window that held samples, with a second not over', async (t) => {
    /** Nothing is left to wait for, and less than a second has passed since the last write. A little later, if it is noticed by a timer. */
    const idles = async (after: string): Promise<void> => {
      const held = (await t.stats()).some(({ sampleCount }) => sampleCount > 0);
      await t.setup({ op: 'resetStats' }, advance(2 * detectionMs));
      const left = (await t.stats()).some(({ sampleCount }) => sampleCount > 0);
      if (left) throw new Blocked('a reset had to empty every window first');
      t.check(t.rig.clock.timers === 0, `a registry that is idle has a timer running, ${after} and a reset`, 0, t.rig.clock.timers);
      t.occurred(held);
    };
    await t.setup(write('a', 0));
    await idles('after a write');
    for (const id of t.ids(20)) await t.setup({ op: 'registerServer', id, endpoint: 'e1' });
    await idles('after writes in several partitions');
    await t.setup(write('a', 1), advance(600), write('a', 0), advance(300), { op: 'resetStats' }, write('a', 1));
    await idles('after writes, a reset, a write');
    if (t.offers('contention')) await t.setup(write('a', 0), { op: 'getContentionStatus' });
    await idles('after a look at the alarms');
    for (const kind of writesOf(t, 'b', 'c', 'd').keys()) {
      await t.open();
      await hold(t, 'b', 'd');
      const one = writesOf(t, 'b', 'c', 'd')[kind]!;
      await t.setup(one);
      await idles(`after ${showOperation(one)}`);
    }
    if (!t.offers('slow-commit')) return;
    await t.open();
    await t.writes('e', 12, 150);
    await idles('after writes that were slow');
    const call = await t.stall({ op: 'registerServer', id: 'e', endpoint: 'e1' }, 700);
    await t.setup(advance(600), { op: 'resetStats' }, advance(100));
    await t.finish(call, 'registerServer');
    await idles('after a write that was stuck during a reset');
    for (const which of overtaken(t, 'f', 'g').keys()) {
      await t.open();
      const { needed, write, meanwhile } = overtaken(t, 'f', 'g')[which]!;
      await t.setup(...needed);
      const calls = [await t.stall(write, 50)];
      if (meanwhile.op === 'down') await t.setup(meanwhile);
      else calls.push(t.rig.start(meanwhile));
      await t.rig.perform(advance(200));
      for (const call of calls) await t.finish(call, 'a write');
      await idles(`after ${showOperation(write)}, with ${showOperation(meanwhile)} during its commit`);
    }
    // What may show late may have timers to show it by.
  }, { needs: ['stats'], consistency: 'linearizable' }),

  check('CTN-9', 'the latency of a write that takes very long is as long', 'a write that was committed after many seconds', async (t) => {
    // A latency may be kept in a number of few bits for its whole part; its fraction is nobody's business here, and so are millionths.
    const isNear = (shown: number | undefined, latency: number): boolean => shown !== undefined && Math.abs(shown - latency) <= 1 + latency / 1e6;
    for (const takes of [300, 700, 4_200, 17_000, 33_000, 66_000, 70_000.5, 132_000]) {
      await t.open();
      const id = t.id();
      await t.setup({ op: 'registerServer', id, endpoint: 'e1' }, advance(2_000));
      const call = await t.stall({ op: 'unregisterServer', id }, takes);
      await t.rig.perform(advance(takes));
      // What is given up after a while has no latency.
      if ((await t.finish(call, 'unregisterServer')).kind !== 'done') {
        t.ruledOut('writes are not waited for as long as that');
        break;
      }
      const samples = (await t.stats()).flatMap((stats) => stats.samples);
      if (samples.length === 0) throw new Blocked('a write that has just been committed had to be in the window');
      t.check(isNear(samples.at(-1), takes), `the latency of a write that took ${takes} ms is wrong`, takes, samples);
      t.occurred(takes > 4_000);
    }
  }),
];
