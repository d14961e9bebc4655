import type { Adapter, OpenOptions, Subject } from '../contract.js';
import type { CorrectRegistry } from './correct-registries.js';
import { AsOf, Cached, Journaled } from './correct-third-eventual.js';
import { AlarmTimers, promiseLanes, tinyMailbox } from './correct-third-lanes.js';
import { GroupCommit, QueueEverything, SlowGlobalLock } from './correct-third-queues.js';
import { perNameCallbacks, persistentTree } from './correct-third-states.js';
import { lazyScan, minimalFour, PlainSync } from './correct-third-tables.js';

const everything: Adapter['features'] = ['virtual-time', 'slow-commit', 'partitions', 'thresholds'];
const linearizable: Adapter['consistency'] = { level: 'linearizable' };

/** Those that take time live by real time at every step, or claim `eventual`. */
function offers(name: string, differs: string, open: (options: OpenOptions) => Subject | Promise<Subject>, rest: Partial<Adapter> = {}, takesTime = false): CorrectRegistry {
  return { adapter: { name, open, ...rest }, differs, takesTime };
}

/**
 * Correct registries of a third kind, after those written together with the kit and those of `correct-registries.ts`: written from the
 * specification alone, and with no part of a registry in common with either. What they answer with is as odd as the text allows.
 */
export const correctThird: readonly CorrectRegistry[] = [
  offers('plain and synchronous', 'everything at once and by value, refusals thrown; mutable fresh copies; a "down" and what does nothing count as writes', (options) => new PlainSync(options), {
    features: ['virtual-time', 'partitions', 'thresholds'],
  }),
  offers('rows that are scanned', 'a table of rows, without a listener on any signal; a write takes a turn of the event loop; statistics but no alarms; who threw does not count', lazyScan),
  offers('four operations', 'no configurations, no liveness, nothing else; answers by value, by a bare thenable, by a promise, by throwing; null for nothing', minimalFour, { without: ['configs', 'liveness'] }),
  offers(
    'lanes of promises',
    'frozen live registrations, lists and deliveries; admission at the call and at the commit; closing takes effect after what is on its way; waits()',
    async (options) => promiseLanes(options),
    { version: '2.0.1', consistency: linearizable, features: everything },
  ),
  offers(
    'alarms with timers',
    'thenables of its own; an alarm has a timer for when it may change by itself; a write that waits 30 s is withdrawn; closing refuses what is on its way; what is routed from within a send waits; null for nothing',
    (options) => new AlarmTimers(options),
    { features: everything },
  ),
  offers(
    'mailboxes for eight',
    'a ninth write is refused; read-only proxies, deliveries without a prototype; every registry has a hash of its own; a "down" counts as a write of each name',
    tinyMailbox,
    { features: everything },
  ),
  offers('one queue for all', 'four operations are served in a turn of the event loop, reads and downs too; one partition; subclasses of Map and Array; errors with a getter for the code', () => new QueueEverything()),
  offers('one slow lock', 'a write holds the only lock for 1 to 3 ms of real time; seven partitions; alarms are polled; a queue of deliveries for each recipient', async () => new SlowGlobalLock(), {}, true),
  offers('a log with group commit', 'writes and messages gather in a batch, decided and answered on the next message of a channel; answers without a prototype', () => new GroupCommit(), { version: '0.3.0-beta' }),
  offers('a persistent tree', 'one atom that is swapped, or the write is tried again; registrations have further fields; no partitions, no statistics', persistentTree, { consistency: linearizable }),
  offers('a lock for each name', 'callbacks, turned into promises; closed, it refuses reads too; frozen errors; who was unbound meanwhile gets no broadcast; no lists', perNameCallbacks, { consistency: linearizable }),
  offers(
    'eventual: as of a while ago',
    'claims eventual: three replicas, asked in turn, see what was the case 0, 20 and 45 ms ago; registrations have an age',
    (options) => new AsOf(options),
    { consistency: { level: 'eventual', stalenessMs: 50 }, features: ['virtual-time', 'partitions', 'thresholds'] },
    true,
  ),
  offers(
    'eventual: a cache',
    'claims eventual: a lookup is kept for 20 ms, also when there was nothing, and by chance for less; five operations; accessors',
    (options) => new Cached(options),
    { consistency: { level: 'eventual', stalenessMs: 25 }, features: ['virtual-time'] },
    true,
  ),
  offers(
    'eventual: three replicas',
    'claims eventual: three replicas pull a journal by timers of real time, and reads go to any of them',
    () => new Journaled(),
    { consistency: { level: 'eventual', stalenessMs: 60 }, without: ['in-process'] },
    true,
  ),
];
