import { isDeepStrictEqual } from 'node:util';
import { detectionMs, partitionLimits } from '../../spec/index.js';
import { chiSquaredLimit, idFamilies } from '../engine/uniformity.js';
import { showAnswer } from '../engine/answer.js';
import { check, type Trial } from '../engine/trial.js';

/** Write counts after registering these ids, each once. */
async function spread(t: Trial, ids: readonly string[]): Promise<number[]> {
  await t.setup({ op: 'resetStats' });
  for (const id of ids) await t.setup({ op: 'registerServer', id, endpoint: 'e1' });
  return (await t.stats()).map(({ writeCount }) => writeCount);
}

const singlePartition = 'the registry has a single partition';

/** The situation has come about if ids have been seen in different partitions: in a single one they have nowhere to go. */
async function severalSeen(t: Trial, seen: ReadonlySet<number>): Promise<void> {
  t.occurred(seen.size > 1);
  if ((await t.stats()).length === 1) t.ruledOut(singlePartition);
}

/** Does with what statistics show what whoever takes it for his own may do: turns it round, takes something out, writes other numbers over it. */
function spoil(handed: unknown): void {
  const entries = (Array.isArray(handed) ? [...(handed as unknown[])] : [handed]) as { samples: number[] }[];
  const changes: readonly (() => unknown)[] = [
    ...entries.flatMap((entry) => [() => entry.samples.reverse(), () => entry.samples.pop(), () => entry.samples.fill(7), () => Object.assign(entry, { writeCount: 99, sampleCount: 0, min: 7, mean: 8, max: 9 })]),
    () => (handed as unknown[]).reverse(),
    () => (handed as unknown[]).pop(),
  ];
  for (const change of changes) {
    try {
      change();
    } catch {
      // Frozen: as good as a copy. Or no list.
    }
  }
}

/**
 * Minimum, mean and maximum are those of the samples that are shown with them; whether those are the right ones is for STA-2 to say.
 * Gives how many different ones there are.
 */
async function summarised(t: Trial): Promise<number> {
  const { min, mean, max, samples } = (await t.stats()).find(({ samples }) => samples.length > 0) ?? { min: 0, mean: 0, max: 0, samples: [0] };
  const expected = [Math.min(...samples), samples.reduce((sum, one) => sum + one, 0) / samples.length, Math.max(...samples)];
  t.check([min, mean, max].every((value, n) => Math.abs(value - expected[n]!) < 1e-6), 'minimum, mean or maximum is wrong', expected, [min, mean, max]);
  return new Set(samples).size;
}

export const statisticsChecks = [
  check('PRT-1', 'there are 16 partitions unless told otherwise, and as many as told', 'a name found held, in a registry of as many partitions as asked for', async (t) => {
    t.check((await t.stats()).length === partitionLimits.default, 'the default number of partitions is wrong', partitionLimits.default, (await t.stats()).length);
    for (const partitions of [1, 2, 7, 8, 16, 32, 64]) {
      await t.open({ partitions });
      const stats = await t.stats();
      t.check(stats.length === partitions, 'the number of partitions is not what was asked for', partitions, stats.length);
      t.check(stats.every(({ partition }, i) => partition === i), 'partitions are numbered from 0', [...stats.keys()], stats.map(({ partition }) => partition));
      const ids = t.ids(10);
      for (const id of ids) {
        const answer = await t.rig.perform({ op: 'registerServer', id, endpoint: 'e1' });
        t.check(answer.kind === 'done', `a registry of ${partitions} partitions does not register a name`, 'success', showAnswer(answer));
      }
      await t.occurs(t.holds(ids[9]!, 'e1', 'it was registered'));
    }
  }),
  check('PRT-2', 'also when the registry grows', 'an id whose writes are counted in its partition, and those of hundreds in others', async (t) => {
    const [id, ...others] = ['kept', ...Array.from({ length: 200 }, (_, i) => `other-${i}`)] as [string, ...string[]];
    const first = await t.partitionOf(id);
    for (const other of others) await t.setup({ op: 'registerServer', id: other, endpoint: 'e1' });
    const now = await t.partitionOf(id);
    t.check(now === first, 'an id moved to another partition', first, now);
    await severalSeen(t, new Set((await t.stats()).filter(({ writeCount }) => writeCount > 0).map(({ partition }) => partition)));
  }),
  check('PRT-2', 'as the name of a transport as well', 'ids whose writes are counted in different partitions, as servers and as transports', async (t) => {
    const seen = new Set<number>();
    for (const id of t.ids(12)) {
      const first = await t.partitionOf(id);
      seen.add(first);
      const before = await t.stats();
      await t.setup({ op: 'registerTransport', id, endpoint: 'e1' });
      const after = await t.stats();
      const risen = after.filter(({ writeCount }, i) => writeCount > before[i]!.writeCount).map(({ partition }) => partition);
      t.check(JSON.stringify(risen) === JSON.stringify([first]), 'an id maps to one partition as a server and to another as a transport', [first], risen);
    }
    await severalSeen(t, seen);
  }, { needs: ['transports'] }),
  check('PRT-3', 'every family of ids is spread uniformly', 'ids of a family that are counted in one partition with others', async (t) => {
    const families = idFamilies(t.seed, 2_000).map((family) => ({ ...family, partitions: undefined as number | undefined }));
    // A number of partitions that is no power of two is divided by in another way.
    if (t.offers('partitions')) for (const partitions of [7, 12, 64]) families.push({ ...families[1]!, partitions });
    for (const { name, ids, partitions } of families) {
      await t.open(partitions === undefined ? {} : { partitions });
      const counts = await spread(t, ids);
      const counted = counts.reduce((sum, count) => sum + count, 0);
      t.check(counted === ids.length, 'the write counts do not add up to the registrations made', ids.length, counted);
      if (counts.length < 2) {
        t.ruledOut(singlePartition);
        continue;
      }
      t.occurred(counts.some((count) => count > 1));
      const mean = ids.length / counts.length;
      const statistic = counts.reduce((sum, count) => sum + (count - mean) ** 2 / mean, 0);
      const limit = chiSquaredLimit(counts.length - 1);
      t.check(statistic <= limit, `ids like ${name} are not spread uniformly`, `a chi-squared statistic of at most ${limit.toFixed(1)}`, `${statistic.toFixed(1)} with the counts ${counts.join(' ')}`);
    }
  }),

  check('STA-1', 'refused registrations are not counted', 'a registration refused, where one that was not is counted', async (t) => {
    const id = t.id();
    await t.setup({ op: 'registerServer', id, endpoint: 'e1' });
    const before = await t.stats();
    await t.refused({ op: 'registerServer', id, endpoint: 'e3' });
    await t.rig.perform({ op: 'findServer', id });
    const after = await t.stats();
    const counts = (stats: typeof before): number[] => stats.map(({ writeCount }) => writeCount);
    t.check(JSON.stringify(counts(before)) === JSON.stringify(counts(after)), 'something that is no write was counted', counts(before), counts(after));
    t.occurred(counts(before).some((count) => count > 0));
  }),
  check('STA-2', 'the window holds the last ten samples', 'a window that is full, after more writes than it holds', async (t) => {
    const id = t.id();
    for (let i = 1; i <= 23; i++) {
      await t.setup(i % 2 === 1 ? { op: 'registerServer', id, endpoint: 'e1' } : { op: 'unregisterServer', id });
      const { sampleCount, samples } = (await t.stats()).find(({ writeCount }) => writeCount > 0) ?? { sampleCount: 0, samples: [] };
      if (t.offers('virtual-time')) t.check(sampleCount === Math.min(i, 10), 'the window holds the wrong number of samples', Math.min(i, 10), sampleCount);
      t.check(sampleCount <= 10 && samples.length === sampleCount, 'the samples are not as many as said', sampleCount, samples);
      t.occurred(i > 10 && sampleCount > 0);
    }
  }),
  check('STA-2', 'and they are the last, not the first, oldest first', 'a window after more writes than it holds, that took different times', async (t) => {
    const id = t.id();
    const takes = [7, 6, 5, 4, 3, 2, 1, 2, 3, 4, 5, 6, 7, 8];
    for (const [i, ms] of takes.entries()) await t.setup(i % 2 === 0 ? { op: 'registerServer', id, endpoint: 'e1', takes: ms } : { op: 'unregisterServer', id, takes: ms });
    const { samples } = (await t.stats()).find(({ writeCount }) => writeCount > 0) ?? { samples: [] };
    t.check(JSON.stringify(samples) === JSON.stringify(takes.slice(-10)), 'the window holds the wrong samples', takes.slice(-10), samples);
    t.occurred();
  }, { needs: ['virtual-time', 'slow-commit'] }),
  check('STA-2', 'changing what was handed out changes no window', 'samples handed out, and shown again after they were changed', async (t) => {
    const id = t.id();
    const partition = await t.partitionOf(id);
    await t.setup({ op: 'resetStats' });
    for (let i = 0; i < 14; i++) {
      await t.setup(i % 2 === 0 ? { op: 'registerServer', id, endpoint: 'e1', takes: (i * 5) % 7 } : { op: 'unregisterServer', id, takes: (i * 5) % 7 });
      if (i % 6 > 1) continue;
      await t.rig.caughtUp();
      const before = await t.stats();
      for (const args of [[], [partition]]) {
        spoil(await t.rig.raw('getPartitionStats', ...args));
        const after = await t.stats();
        const changed = before.findIndex((one, i) => !isDeepStrictEqual(one, after[i]));
        t.check(changed < 0, `whoever changed what getPartitionStats(${args.join()}) had handed out has changed what the registry keeps of partition ${changed}`, before[changed], after[changed]);
      }
      t.occurred(before.some(({ sampleCount }) => sampleCount > 0));
    }
  }, { needs: ['virtual-time', 'in-process'] }),
  check('STA-3', 'minimum, mean and maximum are those of the window', 'a window of samples that differ', async (t) => {
    const id = t.id();
    const empty = (await t.stats())[0]!;
    t.check(empty.min === 0 && empty.mean === 0 && empty.max === 0, 'an empty window shows 0', [0, 0, 0], [empty.min, empty.mean, empty.max]);
    // Long enough for the least and the greatest to leave the window again.
    const takes = [90, 1, 40, 5, 60, 20, 30, 2, 80, 3, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19];
    for (const [i, ms] of takes.entries()) {
      await t.setup(i % 2 === 0 ? { op: 'registerServer', id, endpoint: 'e1', takes: ms } : { op: 'unregisterServer', id, takes: ms });
      t.occurred((await summarised(t)) > 1);
    }
    // Nothing is written any more, and they leave one by one: the least first, the greatest first, or one in the middle.
    for (const order of [[1, 20, 150, 60], [150, 60, 20, 1], [60, 1, 150, 20], [20, 150, 1, 60]]) {
      await t.setup({ op: 'resetStats' });
      for (const [i, ms] of order.entries()) await t.setup({ op: 'advance', ms: 100 }, i % 2 === 0 ? { op: 'registerServer', id, endpoint: 'e1', takes: ms } : { op: 'unregisterServer', id, takes: ms });
      for (let ms = 0; ms < 1_000 + detectionMs; ms += 50) {
        await summarised(t);
        await t.setup({ op: 'advance', ms: 50 });
      }
      const all = await t.stats();
      t.check(all.every(({ samples, min, mean, max }) => samples.length > 0 || (min === 0 && mean === 0 && max === 0)), 'a window that everything has left shows 0', 0, all.find(({ min, max }) => min !== 0 || max !== 0));
    }
  }),
  check('STA-4', 'the statistics of one partition are those of the list', 'a partition with writes that are counted', async (t) => {
    for (const id of t.ids(20)) await t.setup({ op: 'registerServer', id, endpoint: 'e1' });
    const all = await t.stats();
    for (const { partition, writeCount } of all) {
      const one = t.accepted(await t.rig.call('getPartitionStats', partition), `getPartitionStats(${partition})`, 'the partition exists') as { partition: number; writeCount: number };
      t.check(one.partition === partition && one.writeCount === writeCount, 'the statistics of one partition differ from the list', { partition, writeCount }, one);
      t.occurred(writeCount > 0);
    }
  }),
  check('STA-6', 'a partition that does not exist is refused', 'a partition that does not exist, asked for where one that does is shown', async (t) => {
    const count = (await t.stats()).length;
    const isShown = (await t.rig.call('getPartitionStats', 0)).kind === 'done';
    for (const wrong of [-1, count, 0.5, Number.NaN, 'x']) {
      if (!t.carries('getPartitionStats', [wrong])) continue;
      const answer = await t.rig.call('getPartitionStats', wrong);
      t.check(answer.kind === 'refused' && answer.code === 'invalid_argument', `getPartitionStats(${String(wrong)}): there is no such partition`, 'refused: invalid_argument', showAnswer(answer));
      t.occurred(isShown);
    }
  }),
  check('STA-5', 'a reset clears counts and windows, and nothing else', 'a reset of statistics that showed writes', async (t) => {
    const ids = t.ids(20);
    for (const id of ids) await t.setup({ op: 'registerServer', id, endpoint: 'e1' });
    t.occurred((await t.stats()).some(({ writeCount }) => writeCount > 0));
    await t.setup({ op: 'resetStats' });
    for (const stats of await t.stats()) {
      t.check(stats.writeCount === 0 && stats.sampleCount === 0 && stats.samples.length === 0, 'a reset left something', { writeCount: 0, sampleCount: 0 }, stats);
    }
    for (const id of ids) await t.holds(id, 'e1', 'a reset of statistics is no reset of names');
  }),
];
