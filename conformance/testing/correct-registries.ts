import { runInNewContext } from 'node:vm';
import type { Clock, Registry } from '../../spec/index.js';
import type { Adapter, OpenOptions, Subject } from '../contract.js';
import { Behind, FarBehind, LongAgo, Replica } from './correct-behind.js';
import { Front, type Ways } from './correct-front.js';
import { AtOnce, Batches, Chains, Groups, Mailboxes, OneMailbox, RealTime, Yielding } from './correct-lanes.js';
import { EventLog, OneMap, Snapshots, Tree, Unwatched } from './correct-names.js';
import { byJumps, byRange, byRemainder, crc, fnv, murmur, PolledMeter, seeded, thresholdsOf } from './correct-parts.js';
import { ServersOnly, Switchboard } from './correct-small.js';
import { overWire } from './correct-wire.js';

/**
 * Correct registries, none of which is ours or wraps it: written from the specification and the contract alone, before the kit had
 * met any of them, and each as far from the others as the text allows. A kit that accuses one of them, or warns of it, is wrong.
 */
export interface CorrectRegistry {
  readonly adapter: Adapter;
  /** How it differs from ours. */
  readonly differs: string;
  /** Whether every step of it takes real time, so that few seeds can be tried. */
  readonly takesTime?: boolean;
}

const everything: Adapter['features'] = ['virtual-time', 'slow-commit', 'partitions', 'thresholds'];
const allOperations: readonly (keyof Registry)[] = [
  'registerServer', 'registerTransport', 'unregisterServer', 'unregisterTransport', 'updateServer',
  'findServer', 'findTransport', 'listServers', 'listTransports',
  'bindTransportToServer', 'unbindTransport', 'getServerForTransport', 'routeToServer', 'routeToTransport',
  'getPartitionStats', 'getContentionStatus', 'resetStats', 'setAdmission', 'close',
];

const realClock: Clock = { now: () => performance.now(), setTimeout: (callback, ms) => setTimeout(callback, ms), clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout) };

/** An error as another realm has it: no instance of our `Error`. */
const foreignError = runInNewContext('(code) => Object.assign(new Error(code), { code })') as (code: string) => unknown;

const coin = (random: () => number) => (): boolean => random() < 0.5;

/** The operations of a registry that are named, and no other. */
const only = (subject: Front, ...operations: readonly (keyof Front)[]): Subject =>
  Object.fromEntries(operations.map((operation) => [operation, (subject[operation] as (...args: unknown[]) => unknown).bind(subject)])) as unknown as Subject;

function offers(name: string, differs: string, open: (options: OpenOptions) => Subject, rest: Partial<Adapter> = {}, takesTime = false): CorrectRegistry {
  return { adapter: { name, open, ...rest }, differs, takesTime };
}

export const correctRegistries: readonly CorrectRegistry[] = [
  offers(
    'one map, at once',
    'everything answers with a value, and throws; what does nothing counts as a write; a closed registry refuses reads; lists in the opposite order',
    (options) =>
      new Front(new OneMap(), new AtOnce(), { partitionOf: (id, partitions) => byRemainder(crc(id), partitions), countsNothing: () => true, closedRead: 'refused', closedUnregister: 'done' }, options),
    { features: ['virtual-time', 'partitions', 'thresholds'] },
  ),
  offers(
    'a log of events',
    'all that is left open is decided by lot, call by call: which of several errors, what counts as a write, whether a send that threw counts; closing waits for what was called before',
    (options) => {
      const random = seeded(1);
      const pick = <T>(reasons: readonly T[]): T => reasons[Math.floor(random() * reasons.length)]!;
      const ways: Ways = { partitionOf: (id, partitions) => byRange(fnv(id), partitions), pick, countsNothing: coin(random), countsThrown: coin(random), stranger: 'ignored', admission: 'commit too' };
      return new Front(new EventLog(pick), new Chains(options.clock), ways, options);
    },
    { features: everything },
  ),
  offers(
    'actors',
    'a mailbox for each partition, with room for 4096, a time-out, and waits(); what is handed out are objects of a class; closing refuses what is on its way',
    (options) => {
      const lanes = new Mailboxes(options.clock);
      const ways: Ways = { partitionOf: (id, partitions) => byRemainder(murmur(id), partitions), countsThrown: () => false, strangeServerId: 'refused' };
      return Object.assign(new Front(new Tree(), lanes, ways, options), { waits: () => lanes.waits() });
    },
    { features: everything },
  ),
  offers(
    'actors with little room',
    'a mailbox holds eight letters, and the ninth is refused; nobody listens to endpoints: who is down is seen to be down when somebody looks',
    (options) =>
      new Front(new Unwatched(), new Mailboxes(options.clock, 8, 2_000), { partitionOf: (id, partitions) => byRange(crc(id), partitions), closedUnregister: 'done', pick: (reasons) => reasons.at(-1)! }, options),
    { features: everything },
  ),
  offers(
    'snapshots and group commits',
    'nothing is ever changed; one commit is of all the writes that came while the last was on its way; thenables, and frozen answers; jump consistent hash; the last of several errors',
    (options) =>
      new Front(new Snapshots(), new Groups(options.clock), { partitionOf: (id, partitions) => byJumps(fnv(id), partitions), pick: (reasons) => reasons.at(-1)!, closedRead: 'refused' }, options),
    { features: everything },
  ),
  offers(
    'alarms by a timer',
    'a timer looks after the alarms every 60 ms while there is something to look after; errors of another realm',
    (options) =>
      new Front(
        new OneMap(),
        new Chains(options.clock),
        { partitionOf: (id, partitions) => byJumps(murmur(id), partitions), refusal: foreignError, meter: (partitions) => new PolledMeter(partitions, thresholdsOf(options), options.clock) },
        options,
      ),
    { features: everything },
  ),
  offers(
    'later, please',
    'what is routed from within a send waits until that is over; a binding is a write of the partition of its server; names that go with their endpoint count as writes; who is not registered may not send',
    (options) => {
      const ways: Ways = { partitionOf: (id, partitions) => byRemainder(fnv(id), partitions), nested: 'later', bindsIn: 'server', countsFalls: true, stranger: 'refused', countsNothing: () => true };
      return new Front(new Tree(), new Groups(options.clock), ways, options);
    },
    { features: everything },
  ),
  offers(
    'one mailbox for everything',
    'one actor serialises everything, reads and routing too, which wait for their turn',
    (options) => new Front(new EventLog(), new OneMailbox(), { partitionOf: (id, partitions) => byRange(murmur(id), partitions), closedRead: 'refused' }, options),
    { features: ['virtual-time', 'partitions', 'thresholds'] },
  ),
  offers(
    'yields at every step',
    'a random number of turns of the promise queue before and after every step, of reads as well',
    (options) => {
      const random = seeded(2);
      return new Front(new Snapshots(), new Yielding(options.clock, random), { partitionOf: (id, partitions) => byRange(fnv(id), partitions), countsThrown: () => false, admission: 'commit too' }, options);
    },
    { features: everything },
  ),
  offers(
    'batches',
    'writes are made all together at the next turn of the event loop; time is real, and there are always twelve partitions',
    (options) => new Front(new Tree(), new Batches(), { partitionOf: (id, partitions) => byRemainder(murmur(id), partitions), countsNothing: () => true }, { ...options, partitions: 12, clock: realClock }),
  ),
  offers(
    'real time',
    'every write takes some real time in its lane, which holds 64; five partitions',
    (options) => {
      const ways: Ways = { partitionOf: (id, partitions) => byRemainder(crc(id), partitions), stranger: 'ignored' };
      return new Front(new OneMap(), new RealTime(seeded(3)), ways, { ...options, partitions: 5, clock: realClock });
    },
    {},
    true,
  ),
  offers(
    'eventual: what was so long ago',
    'claims eventual: lookups and lists show what was the case 40 ms ago, without any timer',
    (options) => new Behind(new LongAgo(options.clock, 40), new Chains(options.clock), { partitionOf: (id, partitions) => byJumps(crc(id), partitions) }, options),
    { features: everything, consistency: { level: 'eventual', stalenessMs: 50 }, without: ['in-process'] },
    true,
  ),
  offers(
    'eventual: a replica',
    'claims eventual: a replica hears of each write some random time later, by a timer of the clock it was given',
    (options) => {
      const random = seeded(4);
      const replica = new Replica((news) => void options.clock.setTimeout(news, 90 * random()));
      return new Behind(replica, new Groups(options.clock), { partitionOf: (id, partitions) => byRange(crc(id), partitions), closedRead: 'refused' }, options);
    },
    { features: everything, consistency: { level: 'eventual', stalenessMs: 100 }, without: ['in-process'] },
    true,
  ),
  offers(
    'eventual: a replica in real time',
    'claims eventual: the replica is up to 15 ms of real time late, and a message goes only to a server of which it has heard',
    (options) => {
      const random = seeded(5);
      const replica = new Replica((news) => void setTimeout(news, 15 * random()));
      return new FarBehind(replica, new Batches(), { partitionOf: (id, partitions) => byRemainder(fnv(id), partitions) }, { ...options, clock: realClock });
    },
    { consistency: { level: 'eventual', stalenessMs: 60 }, without: ['in-process'] },
    true,
  ),
  offers(
    'over a wire',
    'everything is cloned and takes a turn of the event loop each way; a down takes effect when the registry hears of it',
    (options) => {
      const clock = realClock;
      return overWire(new Front(new EventLog(), new Chains(clock), { partitionOf: (id, partitions) => byRange(murmur(id), partitions), countsThrown: () => true }, { ...options, clock }), allOperations);
    },
    { features: ['partitions', 'thresholds'], without: ['in-process'] },
  ),
  offers(
    'counts but no alarms',
    'statistics without contention, without lists, without closing: the rest is not there',
    (options) => {
      const front = new Front(new Unwatched(), new Chains(options.clock), { partitionOf: (id, partitions) => byRemainder(fnv(id), partitions) }, options);
      return only(front, 'registerServer', 'unregisterServer', 'findServer', 'registerTransport', 'unregisterTransport', 'findTransport', 'bindTransportToServer', 'unbindTransport', 'getServerForTransport', 'getPartitionStats', 'resetStats', 'slowCommit');
    },
    { features: ['virtual-time', 'slow-commit'] },
  ),
  offers(
    'admission by hand',
    'admission can be set, and nothing is counted; updates and lists, no transports',
    (options) => only(new Front(new Tree(), new AtOnce(), { partitionOf: () => 0 }, options), 'registerServer', 'unregisterServer', 'findServer', 'updateServer', 'setAdmission', 'listServers', 'close'),
  ),
  offers('servers only', 'a list of pairs: no configurations, no liveness, nothing else', () => new ServersOnly(), { without: ['configs', 'liveness', 'in-process'] }),
  offers('switchboard', 'servers, transports, lists and messages one at a time, all through promises; nothing is bound, counted or closed', () => new Switchboard()),
];

