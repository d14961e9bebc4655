import type { Namespace, Registration } from '../../spec/index.js';
import { RegistryError, ShardedRegistry } from '../../src/index.js';
import { wrong, wronglyUsed } from './held-out-fourth-wrong.js';
import type { Mutant } from './mutant.js';
import { ThirdRegistry, type Job, type Order, type Partition } from './third-registry.js';
import type { Answer } from './whole-registry.js';

/* Held out: what overlaps, waits, ends and closes. */

const waiting: readonly Mutant[] = [
  wrong(
    'list-waits',
    ['DLK-1'],
    'So that it is up to date, a list waits for the writes that are under way when it is called.',
    class extends ThirdRegistry {
      readonly #underWay = new Set<Promise<void>>();

      protected override write(order: Order): Promise<void> {
        const answer = super.write(order);
        const ended = (): void => void this.#underWay.delete(answer);
        this.#underWay.add(answer);
        answer.then(ended, ended);
        return answer;
      }

      protected override list(namespace: Namespace): Answer<readonly Registration[]> {
        if (this.#underWay.size === 0) return super.list(namespace);
        return Promise.allSettled(this.#underWay).then(() => super.list(namespace));
      }
    },
  ),

  wrong(
    'updates-together',
    ['DLK-2'],
    'An update that finds another of the same server waiting queues up right behind it, so that they are written together; whatever was called in between comes after both.',
    class extends ThirdRegistry {
      protected override enqueue(job: Job): void {
        const { queue } = job.partition;
        const before = job.kind === 'update' ? queue.findLastIndex((other) => other.kind === 'update' && other.id === job.id) : -1;
        if (before < 0) super.enqueue(job);
        else queue.splice(before + 1, 0, job);
      }
    },
  ),

  wrong(
    'refusal-wakes-nobody',
    ['DLK-4'],
    'Who has committed wakes whoever waits for the lane; one that is refused at its commit leaves by another way, and wakes nobody.',
    class extends ThirdRegistry {
      protected override schedule(job: Job): void {
        if (this.delay === 0) return super.schedule(job);
        job.timer = this.clock.setTimeout(() => {
          const { partition } = job;
          const before = partition.writeCount;
          this.commit(job);
          if (partition.writeCount > before) this.next(partition);
        }, this.delay);
      }
    },
  ),

  wrong(
    'both-lanes',
    ['DLK-4', 'DLK-3', 'PRT-4'],
    'A bind takes the lane of the transport and then that of the server, and holds the first while it waits for the second: two of them that cross wait for ever.',
    class extends ThirdRegistry {
      readonly #parked = new Set<Job>();
      readonly #freed: Partition[] = [];

      protected override schedule(job: Job): void {
        const other = this.#otherOf(job);
        if (other?.current) {
          this.#parked.add(job);
          return;
        }
        if (other) other.current = job;
        super.schedule(job);
      }

      protected override release(job: Job): void {
        super.release(job);
        this.#parked.delete(job);
        const other = this.#otherOf(job);
        if (other?.current !== job) return;
        other.current = undefined;
        this.#freed.push(other);
      }

      protected override next(partition: Partition): void {
        super.next(partition);
        for (let freed = this.#freed.pop(); freed; freed = this.#freed.pop()) super.next(freed);
        for (const job of this.#parked) {
          if (this.#otherOf(job)?.current) continue;
          this.#parked.delete(job);
          this.schedule(job);
          super.next(job.partition);
        }
      }

      /** The lane of the server, unless it is the same. */
      #otherOf(job: Job): Partition | undefined {
        const other = job.kind === 'bind' ? this.partitionOf(job.serverId) : job.partition;
        return other === job.partition ? undefined : other;
      }
    },
  ),
];

const answering: readonly Mutant[] = [
  wronglyUsed(
    'answered-early',
    ['CON-1'],
    'Nobody waits for a transport to be gone, so unregistering one is answered when it has been asked for, and done when its turn comes.',
    (options) =>
      new (class extends ShardedRegistry {
        override async unregisterTransport(id: string): Promise<void> {
          this.findTransport(id); // Refuses what is no id, and a registry that is closed.
          super.unregisterTransport(id).catch(() => undefined);
        }
      })(options),
  ),

  wrong(
    'timed-out-still-done',
    ['CON-3'],
    'A write that has waited for its turn for more than five seconds is answered with `write_timeout`, and stays in the queue.',
    class extends ThirdRegistry {
      readonly #timers = new WeakMap<Job, unknown>();

      protected override enqueue(job: Job): void {
        super.enqueue(job);
        this.#timers.set(job, this.clock.setTimeout(() => job.reject(new RegistryError('write_timeout', 'The write was withdrawn.')), 5_000));
      }

      protected override begin(job: Job): void {
        this.clock.clearTimeout(this.#timers.get(job));
        super.begin(job);
      }

      protected override refused(job: Job, error: unknown): void {
        this.clock.clearTimeout(this.#timers.get(job));
        super.refused(job, error);
      }
    },
  ),
];

const closing: readonly Mutant[] = [
  wrong(
    'close-forgets-the-waiting',
    ['DLK-4'],
    'Closing refuses the write that has the lane and empties the queue; those that waited in it are never answered.',
    class extends ThirdRegistry {
      protected override closePartition(partition: Partition): void {
        const { current } = partition;
        partition.queue = [];
        if (!current) return;
        this.clock.clearTimeout(current.timer);
        this.refused(current, new RegistryError('registry_closed', 'The registry has been closed.'));
      }
    },
  ),

  wrong(
    'commits-after-close',
    ['CLS-1', 'CON-3', 'CLS-3'],
    'Closing refuses the write whose commit is under way, and does not stop the commit, which then puts its name into a registry that is closed.',
    class extends ThirdRegistry {
      protected override closePartition(partition: Partition): void {
        for (const job of partition.inFlight) delete job.timer;
        super.closePartition(partition);
      }
    },
  ),

  wronglyUsed(
    'close-while-closing',
    ['CLS-2'],
    'A registry that is being closed refuses every call with `registry_closed`, a second close among them, until it has been closed.',
    (options) =>
      new (class extends ShardedRegistry {
        #state: 'open' | 'closing' | 'closed' = 'open';

        override async close(): Promise<void> {
          if (this.#state === 'closing') throw new RegistryError('registry_closed', 'The registry is being closed.');
          if (this.#state === 'open') this.#state = 'closing';
          await super.close();
          this.#state = 'closed';
        }
      })(options),
  ),
];

export const heldOutFourthOverlap: readonly Mutant[] = [...waiting, ...answering, ...closing];
