import type { Operation } from '../../model/index.js';
import { detectionMs } from '../../spec/index.js';
import { Blocked } from '../engine/findings.js';
import { showOperation } from '../engine/show.js';
import { check, type Trial } from '../engine/trial.js';
import { alarmed, alarms, contendTogether, isClosed, status } from './contention.js';
import { hold, writesOf } from './lanes.js';

/*
 * Closed is closed and open is open: whoever registers what, however often, and whatever has happened in between.
 */

const admissionRefused = ['admission_control_active'] as const;

/** Registrations of everybody: of names held before, by endpoints that hold others, of transports that come with a server. */
async function registrations(t: Trial): Promise<Operation[]> {
  const [held, before, free] = t.ids(3) as [string, string, string];
  await t.setup({ op: 'registerServer', id: held, endpoint: 'known' }, { op: 'registerServer', id: before, endpoint: 'e2' }, { op: 'unregisterServer', id: before });
  const registrations: Operation[] = [free, before].flatMap((id) => ['known', 'unknown'].map((endpoint): Operation => ({ op: 'registerServer', id, endpoint })));
  if (t.offers('transports')) for (const endpoint of ['known', 'unknown']) registrations.push({ op: 'registerTransport', id: free, endpoint });
  if (t.offers('transports') && t.offers('binding') && t.offers('configs')) registrations.push({ op: 'registerTransport', id: free, endpoint: 'known', config: { serverId: held } });
  // As long as admission is open, each of them has to succeed: if one does not, another check says so.
  for (const registration of registrations) await t.setup(registration, givenUp(registration));
  return registrations;
}

const givenUp = (registration: Operation): Operation => ({ op: registration.op === 'registerServer' ? 'unregisterServer' : 'unregisterTransport', id: (registration as { id: string }).id });

async function allRefused(t: Trial, registrations: readonly Operation[], why: string, times = 1): Promise<void> {
  for (let i = 0; i < times; i++) for (const registration of registrations) await t.refuses(registration, admissionRefused, why);
}

/** Each succeeds; what it registers is given up again. */
async function allAdmitted(t: Trial, registrations: readonly Operation[], why: string): Promise<void> {
  for (const registration of registrations) {
    await t.succeeds(registration, `${showOperation(registration)}: ${why}`);
    await t.setup(givenUp(registration));
  }
}

const contending = ['stats', 'contention', 'partitions', 'virtual-time', 'slow-commit', 'update'] as const;

export const everyRegistrationChecks = [
  check('ADM-1', 'while the alarms keep admission closed, nobody registers anything, however often', 'three of four partitions that show the alarm', async (t) => {
    await t.open({ partitions: 4 });
    const everybody = await registrations(t);
    const ids = await t.idPerPartition(3);
    await contendTogether(t, ids.map(({ id }) => id));
    const count = await alarms(t);
    if (count !== 3) throw new Blocked(`three of four partitions had to be alarmed first, and ${count} were`);
    t.occurred();
    await allRefused(t, everybody, 'three of four partitions are alarmed', 6);
    t.check((await status(t)).admission === 'closed', 'the status does not show that admission is closed', 'closed', 'open');
  }, { needs: ['update'] }),
  check('ADM-1', 'alarms that come again after a reset close admission again', 'three of four partitions that show the alarm, after a reset had ended it', async (t) => {
    await t.open({ partitions: 4 });
    const ids = (await t.idPerPartition(3)).map(({ id }) => id);
    for (let times = 0; times < 3; times++) {
      await contendTogether(t, ids, times === 0 ? 'free' : 'registered');
      const [count, { admission }] = [await alarms(t), await status(t)];
      if (count !== 3) throw new Blocked(`three of four partitions had to be alarmed first, and ${count} were`);
      t.occurred(times > 0);
      t.check(admission === 'closed', `three of four partitions are alarmed, after ${times} resets, and the status does not show that admission is closed`, 'closed', admission);
      await t.refuses({ op: 'registerServer', id: t.id(), endpoint: 'e2' }, admissionRefused, `three of four partitions are alarmed, after ${times} resets`);
      await t.setup({ op: 'resetStats' }, { op: 'advance', ms: 2 * detectionMs });
      await alarms(t);
    }
  }, { needs: ['update'] }),
  check('ADM-2', 'admission that was closed is open when half of the partitions are alarmed', 'half of the partitions that show the alarm, after admission showed closed', async (t) => {
    const { busy } = await alarmed(t, 4, 3);
    const wasClosed = (await status(t)).admission === 'closed';
    await contendTogether(t, busy.slice(0, 2), 'registered');
    t.occurred(wasClosed && (await alarms(t)) === 2);
    await t.succeeds({ op: 'registerServer', id: t.id(), endpoint: 'e2' }, 'only two of four partitions are alarmed, and have been for seconds');
  }, { needs: ['update'] }),
  check('ADM-3', 'while admission is closed, writes of any other kind work', 'admission that is closed, as a registration is told', async (t) => {
    await hold(t, 'held', 'server');
    await t.setup({ op: 'setAdmission', mode: 'closed' });
    const why = 'closed admission rejects registrations only';
    for (const write of writesOf(t, 'held', 'free', 'server')) if (!write.op.startsWith('register')) await t.succeeds(write, why);
    await t.succeeds({ op: 'unregisterServer', id: 'none' }, why);
    if (t.offers('binding') && t.offers('transports')) await t.succeeds({ op: 'unbindTransport', transportId: 'none' }, why);
    t.occurred(await isClosed(t));
  }),
  check('ADM-5', 'admission closed by hand stays closed, for everybody, whatever happens', 'registrations that were admitted, and are refused since admission was closed', async (t) => {
    const everybody = await registrations(t);
    const id = t.id();
    await t.setup({ op: 'registerServer', id, endpoint: 'goes' });
    await t.setup({ op: 'setAdmission', mode: 'closed' });
    await allRefused(t, everybody, 'admission was closed by hand', 6);
    t.occurred();
    await t.setup({ op: 'unregisterServer', id });
    if (t.offers('liveness')) await t.setup({ op: 'down', endpoint: 'goes' });
    if (t.offers('stats')) await t.setup({ op: 'resetStats' });
    await allRefused(t, everybody, 'admission was closed by hand, and nobody has opened it since');
    if (!t.offers('virtual-time')) return;
    for (const ms of [1_100, 61_000, 3_600_000]) {
      await t.rig.perform({ op: 'advance', ms });
      await allRefused(t, everybody, `admission was closed by hand, ${ms} ms ago or more`);
    }
  }),
  check('ADM-5', 'alarms that come and go do not open what was closed by hand', 'alarms that show and go off while admission is closed', async (t) => {
    await t.open({ partitions: 2 });
    const ids = (await t.idPerPartition(2)).map(({ id }) => id);
    for (const id of ids) await t.setup({ op: 'registerServer', id, endpoint: 'e1' });
    await t.setup({ op: 'setAdmission', mode: 'closed' });
    await contendTogether(t, ids, 'registered');
    const shown = await alarms(t);
    await t.refuses({ op: 'registerServer', id: t.id(), endpoint: 'e2' }, admissionRefused, 'admission was closed by hand');
    await t.rig.perform({ op: 'advance', ms: 3_000 });
    t.occurred(shown === 2 && (await alarms(t)) === 0);
    for (let i = 0; i < 3; i++) await t.refuses({ op: 'registerServer', id: t.id(), endpoint: 'e2' }, admissionRefused, 'admission was closed by hand, and the alarms have gone off since');
  }, { needs: contending }),
  check('ADM-6', 'admission opened by hand is open for everybody, also where the alarms are', 'admission opened while three of four partitions show the alarm', async (t) => {
    await t.open({ partitions: 4 });
    const everybody = await registrations(t);
    const ids = (await t.idPerPartition(3)).map(({ id }) => id);
    if (t.offers('transports')) for (const id of ids) everybody.push({ op: 'registerTransport', id, endpoint: 'e2' });
    await contendTogether(t, ids);
    t.occurred((await alarms(t)) === 3);
    await t.setup({ op: 'setAdmission', mode: 'open' });
    // Whoever takes their time over it is admitted all the way: few of them, since quick writes end the alarms.
    for (const registration of [everybody[0]!, everybody.at(-1)!]) {
      const call = await t.stall(registration, 50);
      await t.rig.perform({ op: 'advance', ms: 100 });
      t.accepted(await t.finish(call, 'a registration'), registration, 'admission was opened by hand, and the registration took 50 ms');
      await t.setup(givenUp(registration));
    }
    await allAdmitted(t, everybody, 'admission was opened by hand');
  }, { needs: contending }),
];
