import type { Operation } from '../../model/index.js';
import type { RequirementId } from '../../spec/index.js';
import type { OpenOptions } from '../contract.js';
import { Unanswered, Violation } from '../engine/findings.js';
import type { Call } from '../engine/rig.js';
import { showOperation } from '../engine/show.js';
import type { Trial } from '../engine/trial.js';
import { Wakers } from '../progress/wakers.js';
import { Watchdog } from '../progress/watchdog.js';

/** Calls of a check that are watched until they end. */
export interface Watched {
  /** Makes a call; nobody waits for it before {@link allEnd}. */
  call(operation: Operation): Call;
  /**
   * All calls made so far come to an end: else the requirement is broken, if it can be proved that they never will, and nothing is
   * said against the registry if not.
   */
  allEnd(why: string): Promise<void>;
}

export interface WatchOptions extends Omit<OpenOptions, 'clock'> {
  /** The requirement that is broken when calls come to no end, if it is not the one under test. */
  readonly breaks?: RequirementId;
  /** How much virtual time calls may take, if later is as bad as never. Milliseconds. */
  readonly withinMs?: number;
}

/** Opens a registry under the eyes of a watchdog: whatever it begins from now on, and could still answer a call, is seen. */
export async function underWatch(t: Trial, { breaks, withinMs, ...options }: WatchOptions, work: (watched: Watched) => Promise<void>): Promise<void> {
  const wakers = Wakers.all ?? Wakers.fromNow();
  let dog: Watchdog | undefined;
  try {
    const { subject, clock, patienceMs } = await t.open(options);
    dog = new Watchdog({ subject, wakers, patienceMs, longestMs: 4 * patienceMs, ...(t.offers('virtual-time') && { clock }), ...(withinMs !== undefined && { withinMs }) });
    const watchdog = dog;
    await work({
      call(operation) {
        const call = t.rig.start(operation);
        if (call.settled === undefined) watchdog.watch([{ what: showOperation(operation), answer: call.answer }]);
        return call;
      },
      async allEnd(why) {
        const outcome = await watchdog.settled();
        if (outcome.kind === 'unanswered') throw new Unanswered(`${why}: ${outcome.reason}`);
        t.evidence++;
        if (outcome.kind === 'blocked') throw new Violation(`calls came to no end: ${why}`, 'an answer to each', `${outcome.proof}; none to ${outcome.open.join(', ')}`, breaks);
      },
    });
  } finally {
    dog?.stop();
    if (wakers !== Wakers.all) wakers.stop();
  }
}
