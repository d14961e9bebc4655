import type { Adapter, OpenOptions, Subject } from '../contract.js';
import { optimistic, Streamed, twoLevels } from './correct-fourth-decisions.js';
import { epochs, gossip, lingering, views } from './correct-fourth-eventual.js';
import { coroutines, EventSourced, visibleAtOnce } from './correct-fourth-lanes.js';
import type { CorrectRegistry } from './correct-registries.js';
import { Blocks, eventTarget, otherRealm, slots } from './correct-fourth-stores.js';
import { BytesLater, iterators, survives } from './correct-fourth-turns.js';

const slow: Adapter['features'] = ['virtual-time', 'slow-commit', 'partitions', 'thresholds'];
const prompt: Adapter['features'] = ['virtual-time', 'partitions', 'thresholds'];
const linearizable: Adapter['consistency'] = { level: 'linearizable' };
const eventual = (stalenessMs: number): Adapter['consistency'] => ({ level: 'eventual', stalenessMs });

function offers(name: string, differs: string, open: (options: OpenOptions) => Subject | PromiseLike<Subject>, rest: Partial<Adapter> = {}): CorrectRegistry {
  return { adapter: { name, open, ...rest }, differs, takesTime: rest.consistency?.level === 'eventual' };
}

/**
 * Correct registries of a fourth kind, written from the specification alone by somebody who had seen no check and no other registry: as unlike each
 * other, and as unlike what one expects, as the text allows.
 */
export const correctFourth: readonly CorrectRegistry[] = [
  offers('folded events', 'every change is a fact, names and bindings are folds of it; what changes nothing counts as a write, and a "down" once for each name', (options) => new EventSourced(options), {
    version: '1.0.0',
    consistency: linearizable,
    features: slow,
  }),
  offers(
    'coroutines',
    'lanes are generators; after 30 s a write is withdrawn, or its outcome unknown and it happens later; registrations and deliveries have accessors only; lists from the newest on',
    coroutines,
    { features: slow },
  ),
  offers(
    'visible at once',
    'a write is decided and visible at its call, and acknowledged after its commit; one frozen error for each code; frozen registrations, the same at each look; closed, it refuses reads',
    visibleAtOnce,
    { features: slow },
  ),
  offers(
    'decided first, validated later',
    'a write is decided before its commit, and again if what it has read has changed; alarms up to 80 ms old; configurations have their keys in order; registrations are triples, deliveries numbered',
    (options) => Promise.resolve(optimistic(options)),
    { features: slow, sla: { 'SLA-10': 4 } },
  ),
  offers(
    'two levels of locks',
    'registry and partition are locked together or not at all; waits(); closing waits for who holds a lock; what is handed out inherits all it has; platform errors; who throws does not count; thresholds are fixed',
    twoLevels,
    { features: ['virtual-time', 'slow-commit', 'partitions'] },
  ),
  offers(
    'writable streams',
    'five partitions, each a stream, which refuses the 201st write; reads and routing by promise, and who gets a message is found a job later; admission at the call and at the commit; registrations have further fields',
    async (options) => new Streamed(options),
    { features: ['virtual-time', 'slow-commit', 'thresholds'] },
  ),
  offers('slots in shared memory', 'bitmaps and chains of slots with Atomics; success by value, refusals by promise, of reads too; who throws does not count; what unregisters nothing is no write', slots, { features: prompt }),
  offers('another realm', 'errors, arrays, promises, registrations are objects of another realm; a write is decided a job later; no statistics, admission by hand', otherRealm),
  offers('an event target', 'registrations are listeners, lookups and broadcasts are events; neither lists nor statistics; what writes answer with is a bare thenable', eventTarget, { sla: { 'SLA-10': 6 } }),
  offers('sorted blocks', 'arrays searched by halving, without a listener; what is down goes by and by; no bindings, no routing; a closed registry lets everybody unregister; 64 partitions', (options) => new Blocks(options), {
    features: ['virtual-time'],
    sla: { 'SLA-11': 0.4 },
  }),
  offers('bytes, a turn later', 'every call and every "down" is bytes that arrive at the next turn of the event loop; refusals are plain data; settle()', () => new BytesLater(), {
    without: ['in-process', 'send-failures', 'send-awaited'],
    carries: survives,
    sla: { 'SLA-4': 10_000, 'SLA-5': 8_000, 'SLA-6': 100 },
  }),
  offers(
    'asynchronous iterators',
    'writes and messages are iterated over, in one order; it listens to signals that follow those of the endpoints; eight partitions by SHA-256, real time; lists from the shortest id on; errors are AggregateErrors; no configurations',
    iterators,
    { without: ['configs'] },
  ),
  offers('eventual: what has gone lingers', 'claims eventual: what comes is seen at once, what was unregistered or unbound lingers for 15 ms', lingering, { consistency: eventual(20), features: prompt }),
  offers('eventual: epochs', 'claims eventual: the reads of an epoch of 25 ms see one snapshot, that of its beginning; all by value', epochs, { consistency: eventual(30), features: ['virtual-time'] }),
  offers('eventual: gossip', 'claims eventual: three replicas hear within 30 ms, each in its own order, and the newest wins; reads ask them in turn; no routing', gossip, {
    consistency: eventual(35),
    features: ['virtual-time'],
    sla: { 'SLA-10': 15 },
  }),
  offers('eventual: views', 'claims eventual: lookups are exact, a list is the same frozen array for 20 ms of real time; three partitions; neither bindings nor routing', views, { consistency: eventual(25) }),
];
