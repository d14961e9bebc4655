import type { Operation } from '../../model/index.js';
import { AdapterError } from '../contract.js';
import { Blocked } from '../engine/findings.js';
import { showOperation } from '../engine/show.js';
import { chiSquaredLimit } from '../engine/uniformity.js';
import { check, type Trial } from '../engine/trial.js';

/*
 * Partitions, of any number, and ids of any family: how many partitions there are, in which of them each write of an id is, and how ids
 * are spread that are as long as those of the web.
 */

/** Numbers of which most become one from 1 to 64 somehow: cut to so many bits, without their sign or their fraction, or rounded. */
function outOfRange(): number[] {
  const wrapping = [8, 16, 31, 32, 53].flatMap((bits) => [2 ** bits + 1, 2 ** bits + 16, 2 ** bits + 64, 16 - 2 ** bits]);
  const negative = [-1, -2, -8, -16, -64, -200, -255];
  const fractions = [0.01, 0.5, 0.999, 1.01, 1.5, 15.99, 16.000_001, 63.5, 64.000_001, 64.5, -0.5, -15.5];
  return [...wrapping, ...negative, ...fractions, 0, 65, 66, 96, 128, 255, 256, 300, 65_536, 1e6, 1e21, Number.MAX_VALUE, Number.MIN_VALUE, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN];
}

/** Ids of which something is easily left out of account: whatever is not ASCII, not a letter, not in lower case, not at the beginning. */
const families: readonly string[] = [
  'server-1', 'Server-ONE', '0042', '1e3', '-7', '  padded  ', 'tab\tand\nline',
  'é', 'e\u0301', 'straße', 'ÅÄÖ-åäö', '\u00ff\u0100', 'ŁÓDŹ', 'сервер-1', 'διακομιστής', 'שרת', '服务器-一', '서버', '\uac00\uac01', 'ﬁ-\u212b', '\uffff', '\u200bno\u200bwidth',
  '😀', '😀😁', '👩‍👩‍👧', '\u{10ffff}', '\u{20000}-\u{2a6d6}',
  'https://example.org/a/b?c=d#e', '/a//b/../c/', 'C:\\a\\b', 'me@Example.org', '{"a":[1]}', '%e6%9c%8d', '*.example.org',
  'x'.repeat(64), `${'x'.repeat(64)}y`, `${'x'.repeat(254)}服`, `服${'x'.repeat(254)}`, '服'.repeat(255), '😀'.repeat(255),
];

/**
 * All writes there are of a name of its own in each namespace. Where a write has a part of two names they have the same id, so that whose
 * write it is does not matter.
 */
function writesOfAll(t: Trial, id: string): Operation[] {
  const server: Operation[] = [{ op: 'registerServer', id, endpoint: 'e1' }];
  if (t.offers('update')) server.push({ op: 'updateServer', id, config: { v: 1 } }, { op: 'updateServer', id, config: {} });
  const last: Operation = { op: 'unregisterServer', id };
  if (!t.offers('transports')) return [...server, last];
  const transport: Operation[] = [{ op: 'registerTransport', id, endpoint: 'e2' }];
  if (t.offers('binding')) transport.push({ op: 'bindTransportToServer', transportId: id, serverId: id }, { op: 'unbindTransport', transportId: id }, { op: 'bindTransportToServer', transportId: id, serverId: id });
  transport.push({ op: 'unregisterTransport', id });
  if (t.offers('binding') && t.offers('configs')) transport.push({ op: 'registerTransport', id, endpoint: 'e3', config: { serverId: id } }, { op: 'unregisterTransport', id });
  return [...server, ...transport, last];
}

/** Long ids as they are met, that differ in a few digits only: at the beginning, somewhere in the middle, or at the end. */
function longFamilies(seed: number): { readonly name: string; readonly idOf: (n: string) => string }[] {
  const zone = ['eu-north-1', 'us-east-2', 'ap-south-1'][Math.abs(seed) % 3]!;
  const path = 'environments/production/services/session-gateway/instances/primary';
  return [
    { name: 'host names of the cloud', idOf: (n) => `${n}.pod.session-gateway.production.svc.cluster.${zone}.compute.example.internal` },
    { name: 'URLs, which differ in the middle', idOf: (n) => `https://${zone}.api.example.com/tenants/${n}/${path}` },
    { name: 'URLs, which differ before a long query', idOf: (n) => `wss://example.com/rooms/${n}?${Array.from({ length: 18 }, (_, i) => `field-${i}=on`).join('&')}` },
    { name: 'URLs, which differ at the end', idOf: (n) => `https://${zone}.api.example.com/${path}/connections/${n}` },
    { name: 'URLs that differ at the end of a long query', idOf: (n) => `https://example.com/rooms?${Array.from({ length: 17 }, (_, i) => `field-${i}=on`).join('&')}&room=${n}` },
    { name: 'names of resources, of just over 64 code units', idOf: (n) => `arn:example:queues:${zone}:${n}:queue/orders-of-the-day/primary-one` },
    { name: 'JSON', idOf: (n) => `{"region":"${zone}","tenant":${n},"kind":"session","role":"primary","environment":"production"}` },
    { name: 'names in another script', idOf: (n) => `служба/регистрации-и-маршрутизации/производство/экземпляр-${n}/соединение-основное` },
  ];
}

const singlePartition = 'the registry has a single partition';

export const anyPartitionChecks = [
  check('PRT-1', 'numbers of partitions outside 1 to 64 are refused', 'a number of partitions that is out of range, asked for where one in range is given', async (t) => {
    await t.open({ partitions: 2 });
    for (const partitions of outOfRange()) {
      let refused = false;
      try {
        await t.open({ partitions });
      } catch (error) {
        if (!(error instanceof AdapterError)) throw error;
        refused = true;
      }
      t.check(refused, 'a number of partitions that is out of range was accepted', `invalid_argument for ${String(partitions)}`, refused ? 'refused' : `a registry of ${(await t.stats()).length}`);
      t.occurred();
    }
  }),
  check('PRT-1', 'of any number in range there are as many as asked for, and no more', 'a registry of as many partitions as asked for, in which a write is counted', async (t) => {
    // One more and one less than what tables and masks are made for, and numbers that divide nothing.
    for (const partitions of [3, 4, 5, 9, 10, 15, 17, 24, 31, 33, 47, 48, 63]) {
      await t.open({ partitions });
      const stats = await t.stats();
      t.check(stats.length === partitions, 'the number of partitions is not what was asked for', partitions, stats.length);
      await t.setup({ op: 'registerServer', id: t.id(), endpoint: 'e1' });
      t.occurred((await t.stats()).some(({ writeCount }) => writeCount === 1));
    }
  }),

  check('PRT-2', 'every write of an id is counted in one partition, whatever the id is made of', 'writes of an id that are counted after others of it were', async (t) => {
    let before = await t.stats();
    if (before.length === 1) t.ruledOut(singlePartition);
    for (const id of families) {
      let home: number | undefined;
      for (const write of writesOfAll(t, id)) {
        await t.setup(write);
        const after = await t.stats();
        const risen = after.filter(({ writeCount }, i) => writeCount > (before[i]?.writeCount ?? 0)).map(({ partition }) => partition);
        if (risen.length !== 1) throw new Blocked(`${showOperation(write)} had to raise one write count`);
        home ??= risen[0]!;
        t.check(risen[0] === home, `${showOperation(write)} is counted in another partition than the writes of the same id before it`, home, risen[0]);
        t.occurred(after.length > 1 && write.op !== 'registerServer');
        before = after;
      }
    }
  }),

  check('PRT-3', 'long ids that differ in one place are spread uniformly, wherever that is', 'long ids that are counted in one partition with others', async (t) => {
    for (const { name, idOf } of longFamilies(t.seed)) {
      await t.open();
      const ids = Array.from({ length: 640 }, (_, i) => idOf(String((Math.abs(t.seed) % 1_000_000) + i).padStart(7, '0')));
      for (const id of ids) await t.setup({ op: 'registerServer', id, endpoint: 'e1' });
      const counts = (await t.stats()).map(({ writeCount }) => writeCount);
      if (counts.reduce((sum, count) => sum + count, 0) !== ids.length) throw new Blocked('every registration had to be counted');
      if (counts.length < 2) {
        t.ruledOut(singlePartition);
        return;
      }
      t.rig.lines.length = 0;
      t.rig.lines.push({ what: `${ids.length} registrations: ${showOperation({ op: 'registerServer', id: ids[0]!, endpoint: 'e1' })} and so on` });
      t.occurred(counts.some((count) => count > 1));
      const mean = ids.length / counts.length;
      const statistic = counts.reduce((sum, count) => sum + (count - mean) ** 2 / mean, 0);
      const limit = chiSquaredLimit(counts.length - 1);
      t.check(statistic <= limit, `${name}, like ${ids[0]!}, are not spread uniformly`, `a chi-squared statistic of at most ${limit.toFixed(1)}`, `${statistic.toFixed(1)} with the counts ${counts.join(' ')}`);
    }
  }),
];
