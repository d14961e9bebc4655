import type { Operation } from '../../model/index.js';
import { defaultThresholds, detectionMs, type ContentionStatus, type PartitionStats } from '../../spec/index.js';
import { showAnswer, type Answer } from '../engine/answer.js';
import { Blocked } from '../engine/findings.js';
import { showOperation } from '../engine/show.js';
import { check, type Trial } from '../engine/trial.js';
import { overtaken } from './in-flight.js';

/*
 * Alarms, and admission with them, change because time passes: nothing is committed at that moment, and nobody asks. What is told the
 * next time somebody does ask is how things are now, whether he asks for statistics or wants to register.
 */

const advance = (ms: number): Operation => ({ op: 'advance', ms });
const admissionRefused = ['admission_control_active'] as const;

const alarmsOf = (stats: readonly PartitionStats[]): number[] => stats.filter(({ alarm }) => alarm).map(({ partition }) => partition);

/** So many partitions show the alarm, or another check says that they have to. */
async function givenAlarms(t: Trial, count: number, of: number): Promise<void> {
  const shown = alarmsOf(await t.stats()).length;
  if (shown !== count) throw new Blocked(`${count} of ${of} partitions had to be alarmed, and ${shown} were`);
}

/** Who is refused for another reason than admission has not been told anything about it; that he is refused, another check says. */
function givenOfAdmission(answer: Answer): void {
  if (answer.kind === 'refused' && answer.code !== 'admission_control_active') throw new Blocked(`a registration had to be possible but for admission, and was ${showAnswer(answer)}`);
}

async function status(t: Trial): Promise<ContentionStatus> {
  return t.accepted(await t.rig.perform({ op: 'getContentionStatus' }), 'getContentionStatus()', 'it takes no argument') as ContentionStatus;
}

/** Makes the same update in each of several partitions at the same time, taking so long, and waits for all of them. */
async function together(t: Trial, ids: readonly string[], takes: number): Promise<void> {
  await t.rig.slowCommit(takes);
  const calls = ids.map((id) => t.rig.start({ op: 'updateServer', id, config: { at: t.rig.clock.now() } }));
  await t.waiting(calls);
  await t.rig.perform(advance(takes));
  for (const call of calls) if ((await t.finish(call, 'updateServer')).kind !== 'done') throw new Blocked('updates had to succeed first');
  await t.rig.slowCommit(0);
}

/** A registry of so many partitions, with an id registered in each. `free` is of another partition than the first `count`, and is not registered. */
async function opened(t: Trial, partitions: number, count: number): Promise<{ readonly busy: readonly string[]; readonly free: string }> {
  await t.open({ partitions });
  const ids = (await t.idPerPartition(partitions)).map(({ id }) => id);
  const busy = ids.slice(0, count);
  for (const id of busy) await t.setup({ op: 'registerServer', id, endpoint: 'e1' });
  await t.setup({ op: 'resetStats' });
  return { busy, free: ids[count]! };
}

/** Ways in which partitions come to be alarmed with no event at that moment. */
interface Way {
  readonly how: string;
  come(t: Trial, ids: readonly string[]): Promise<void>;
}

const stuck: Way = {
  how: 'writes have become stuck',
  async come(t, ids) {
    // Updates, which no admission control refuses.
    for (const id of ids) await t.stall({ op: 'updateServer', id, config: {} }, 60_000);
    await t.rig.perform(advance(3_000));
  },
};

const ways: readonly Way[] = [
  stuck,
  {
    how: 'quick writes have left the windows, and slow ones have not',
    async come(t, ids) {
      for (const id of ids) for (let i = 0; i < 10; i++) await t.setup({ op: 'updateServer', id, config: { i } });
      await t.rig.perform(advance(550));
      await together(t, ids, 400);
      // The quick ones are a second old at 1000 ms; the slow ones are at 1950 ms.
      await t.rig.perform(advance(450));
    },
  },
];

const registrations = (t: Trial): readonly ('registerServer' | 'registerTransport')[] => (t.offers('transports') ? ['registerServer', 'registerTransport'] : ['registerServer']);

export const alarmsUnaskedChecks = [
  check('CTN-6', 'the alarm shows within 100 ms when quick writes leave the window and slow ones stay', 'a mean that is above 100 ms since samples have left the window, and was not before', async (t) => {
    const id = t.id();
    const partition = await t.partitionOf(id);
    const seen = async (): Promise<PartitionStats> => (await t.stats()).find((stats) => stats.partition === partition)!;
    // At different moments within a second, and with or without somebody who looks on.
    for (const [i, offset] of [0, 270, 530, 790].entries()) {
      await t.rig.perform(advance(3_000 + offset));
      await t.setup({ op: 'resetStats' });
      await t.writes(id, 10, 0);
      await t.setup(advance(550), { op: 'registerServer', id, endpoint: 'e1', takes: 400 });
      if (i % 2 === 0) {
        const { mean, writeCount, alarm } = await seen();
        if (mean > defaultThresholds.alarmAboveMs || writeCount < 11 || alarm) throw new Blocked('quick writes and a slow one had to raise no alarm first');
      }
      // The quick ones are a second old in 50 ms, the slow one in a second.
      await t.rig.perform(advance(50 + detectionMs));
      for (let ms = 0; ms <= 700; ms += 350) {
        const { mean, alarm } = await seen();
        if (mean <= defaultThresholds.alarmAboveMs) throw new Blocked('the mean of what is left had to be high');
        t.check(alarm, `the alarm of partition ${partition}: the mean has been ${mean} ms for ${detectionMs + ms} ms, since quick writes left the window`, 'on', 'off');
        t.occurred();
        await t.rig.perform(advance(350));
      }
      await t.setup({ op: 'unregisterServer', id });
    }
  }),

  check('CTN-2', 'a write that was refused leaves no alarm behind, whatever it was', 'a write refused at its commit, or at its turn', async (t) => {
    for (const which of overtaken(t, 'a', 'b').keys()) {
      const after = await afterRefusal(t, which, 50);
      if (after === undefined) continue;
      t.occurred();
      t.check(after.alarmed.length === 0, `the alarm of partition ${after.alarmed.join(', ')}: no write is in flight, and ${after.why}`, 'off', 'on');
    }
    // At its turn: the name was free at the call.
    await t.open();
    const calls = [await t.stall({ op: 'registerServer', id: 'a', endpoint: 'e1' }, 50), t.rig.start({ op: 'registerServer', id: 'a', endpoint: 'e2' })];
    await t.rig.perform(advance(200));
    for (const call of calls) await t.finish(call, 'registerServer');
    await t.rig.perform(advance(3_000));
    t.occurred(calls.some(({ settled }) => settled?.kind === 'refused'));
    const alarmed = alarmsOf(await t.stats());
    t.check(alarmed.length === 0, `the alarm of partition ${alarmed.join(', ')}: no write is in flight, and the last was refused because another had taken the name`, 'off', 'on');
  }),
  check('CTN-5', 'the alarm goes off when a write that was stuck is refused', 'an alarm that shows, and a write refused at its commit that raised it', async (t) => {
    for (const which of overtaken(t, 'a', 'b').keys()) {
      const after = await afterRefusal(t, which, 800);
      if (after === undefined) continue;
      if (!after.wasAlarmed) throw new Blocked('the alarm had to be on first');
      t.occurred();
      t.check(after.alarmed.length === 0, `the alarm of partition ${after.alarmed.join(', ')}: no write is in flight any more, and ${after.why}`, 'off', 'on');
    }
    t.ruledOut('no write is refused at its commit');
  }),

  check('CTN-10', 'the status shows admission as those are told who register, by hand and with alarms', 'admission set by hand, as a registration is told, while more than half of the partitions show the alarm', async (t) => {
    for (const [partitions, count] of [[3, 2], [4, 2], [3, 0]] as const) {
      const { busy, free } = await opened(t, partitions, count);
      for (const id of busy) await t.stall({ op: 'updateServer', id, config: {} }, 60_000);
      await t.rig.perform(advance(3_000));
      await givenAlarms(t, count, partitions);
      for (const mode of ['open', 'closed', 'auto', 'closed', 'open', 'auto'] as const) {
        // When it shows, and how soon, is not the question.
        await t.setup({ op: 'setAdmission', mode }, advance(1_500));
        // Before a registration is tried and after, which may be when it is found out.
        const shown = [await status(t)];
        const answer = await t.rig.perform({ op: 'registerServer', id: free, endpoint: 'e1' });
        shown.push(await status(t));
        const expected = answer.kind === 'done' ? 'open' : 'closed';
        const should = mode === 'auto' ? (count * 2 > partitions ? 'closed' : 'open') : mode;
        if (expected !== should || (answer.kind === 'refused' && answer.code !== 'admission_control_active')) throw new Blocked(`a registration had to find admission ${should} first, and was ${showAnswer(answer)}`);
        for (const { admission, mode: inStatus } of shown) {
          t.check(admission === expected && inStatus === mode, `the status shows another state of admission than whoever registers is told, with ${count} of ${partitions} partitions alarmed`, { admission: expected, mode }, { admission, mode: inStatus });
        }
        t.occurred(mode !== 'auto' && count === 2);
        if (answer.kind === 'done') await t.setup({ op: 'unregisterServer', id: free });
      }
    }
  }, { needs: ['override', 'update', 'partitions'] }),

  check('ADM-1', 'alarms that come with nobody asking close admission to the first who registers', 'a registration before anybody has looked, where more than half of the partitions then show the alarm', async (t) => {
    const { how, come } = stuck;
    for (const [partitions, count] of [[3, 2], [5, 3], [16, 9]] as const) {
      // The first who asks may be told how things were, and the second how they are: so each kind is the first once.
      for (const op of registrations(t)) {
        const { busy, free } = await opened(t, partitions, count);
        await come(t, busy);
        const answer = await t.rig.perform({ op, id: free, endpoint: 'e2' });
        await givenAlarms(t, count, partitions);
        givenOfAdmission(answer);
        t.occurred();
        t.rejected(answer, showOperation({ op, id: free, endpoint: 'e2' }), admissionRefused, `${count} of ${partitions} partitions are alarmed, since ${how}, and nobody has asked for it`);
        await t.refuses({ op, id: free, endpoint: 'e2' }, admissionRefused, `${count} of ${partitions} partitions are alarmed, since ${how}`);
      }
    }
  }, { needs: ['update'] }),
  check('ADM-2', 'alarms that come with nobody asking, in half of the partitions, refuse nobody', 'a registration before anybody has looked, where half of the partitions then show the alarm', async (t) => {
    for (const { how, come } of ways) {
      for (const op of registrations(t)) {
        const { busy, free } = await opened(t, 4, 2);
        await come(t, busy);
        const answer = await t.rig.perform({ op, id: free, endpoint: 'e2' });
        await givenAlarms(t, 2, 4);
        givenOfAdmission(answer);
        t.occurred();
        t.accepted(answer, { op, id: free, endpoint: 'e2' }, `only two of four partitions are alarmed, since ${how}`);
      }
    }
  }, { needs: ['update'] }),
  check('ADM-2', 'resets while alarms are on close nothing', 'resets while partitions show the alarm, of which half or fewer show it afterwards', async (t) => {
    // Those that are stuck are alarmed before and after; who looks in between may count them each time.
    for (const looks of [true, false]) {
      const { busy, free } = await opened(t, 4, 2);
      for (const id of busy) await t.stall({ op: 'updateServer', id, config: {} }, 60_000);
      await t.rig.perform(advance(3_000));
      if (looks) await givenAlarms(t, 2, 4);
      for (let i = 0; i < 4; i++) {
        await t.setup({ op: 'resetStats' }, advance(2 * detectionMs));
        if (looks) await status(t);
      }
      const answer = await t.rig.perform({ op: 'registerServer', id: free, endpoint: 'e2' });
      await givenAlarms(t, 2, 4);
      givenOfAdmission(answer);
      t.occurred();
      t.accepted(answer, { op: 'registerServer', id: free, endpoint: 'e2' }, 'two of four partitions are alarmed, as before the statistics were reset');
    }
    // Those that are slow go off with the reset, and others come on: never more than half at once.
    await t.open({ partitions: 4 });
    const ids = (await t.idPerPartition(4)).map(({ id }) => id);
    for (const id of ids) await t.setup({ op: 'registerServer', id, endpoint: 'e1' });
    for (const pair of [[0, 1], [2, 3], [1, 2], [0, 3]]) {
      await t.setup({ op: 'resetStats' }, advance(2 * detectionMs));
      const slow = pair.map((i) => ids[i]!);
      for (let i = 0; i < 10; i++) await together(t, slow, 150);
      await t.rig.perform(advance(2 * detectionMs));
      await givenAlarms(t, 2, 4);
      t.occurred();
      const id = t.id();
      await t.succeeds({ op: 'registerServer', id, endpoint: 'e2' }, 'two of four partitions are alarmed, and the alarms of others went off when the statistics were reset');
    }
  }, { needs: ['update'] }),

  check('ADM-4', 'admission has reopened to the first who registers, with nobody asking before', 'a registration refused because of the alarms, and no call since', async (t) => {
    for (const op of registrations(t)) {
      for (const ends of ['aged', 'committed', 'reset'] as const) {
        const { busy, free } = await opened(t, 3, 2);
        const calls = [];
        if (ends === 'committed') {
          for (const id of busy) calls.push(await t.stall({ op: 'updateServer', id, config: {} }, 3_000));
          await t.rig.perform(advance(2_500));
        } else {
          for (let i = 0; i < 10; i++) await together(t, busy, 150);
          await t.rig.perform(advance(2 * detectionMs));
        }
        if ((await t.refused({ op, id: free, endpoint: 'e2' })) !== 'admission_control_active') throw new Blocked('admission had to be closed first');
        t.occurred();
        if (ends === 'reset') await t.setup({ op: 'resetStats' });
        await t.rig.perform(advance(5_000));
        for (const call of calls) await t.finish(call, 'updateServer');
        const answer = await t.rig.perform({ op, id: free, endpoint: 'e2' });
        await givenAlarms(t, 0, 3);
        givenOfAdmission(answer);
        const why = { aged: 'the last slow write ended seconds ago', committed: 'the writes that were stuck ended seconds ago', reset: 'the statistics were reset' }[ends];
        t.accepted(answer, { op, id: free, endpoint: 'e2' }, `${why}, and nobody has asked since`);
      }
    }
  }, { needs: ['update'] }),
];

/** What alarms there are seconds after a write that takes so long was refused at its commit; undefined if it was not. */
async function afterRefusal(t: Trial, which: number, takes: number): Promise<{ readonly alarmed: readonly number[]; readonly wasAlarmed: boolean; readonly why: string } | undefined> {
  await t.open();
  const { needed, write, meanwhile } = overtaken(t, 'a', 'b')[which]!;
  await t.setup(...needed, { op: 'resetStats' });
  const call = await t.stall(write, takes);
  if (!t.underWay([call])) return undefined;
  await t.rig.perform(advance(takes - 50));
  const wasAlarmed = alarmsOf(await t.stats()).length > 0;
  const other = meanwhile.op === 'down' ? undefined : t.rig.start(meanwhile);
  if (other === undefined) await t.setup(meanwhile);
  await t.rig.perform(advance(200));
  if (other !== undefined) await t.finish(other, meanwhile.op);
  const answer = await t.finish(call, write.op);
  if (answer.kind !== 'refused' || answer.code === 'outcome_unknown') return undefined;
  await t.rig.perform(advance(3_000));
  const alarmed = alarmsOf(await t.stats());
  // Where nothing goes on in the partition after a refusal, something is in flight there for ever.
  if (alarmed.length > 0 && !(await ends(t, { op: 'unregisterServer', id: 'a' }))) throw new Blocked('a write after the one that was refused had to end');
  return { alarmed, wasAlarmed, why: `${showOperation(write)} was refused because of ${showOperation(meanwhile)} during its commit` };
}

/** Whether a call comes to an end with nothing in its way. */
async function ends(t: Trial, operation: Operation): Promise<boolean> {
  const call = t.rig.start(operation);
  for (let i = 0; i < 10 && !(await t.settled([call])); i++) await t.rig.perform(advance(100));
  return call.settled !== undefined;
}
