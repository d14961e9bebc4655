import type { Operation } from '../../model/index.js';
import type { Adapter } from '../contract.js';
import { Mailbox } from '../engine/endpoint.js';
import { offers } from '../engine/offers.js';
import { Rig, type Surroundings } from '../engine/rig.js';
import { randomFrom, type Random } from '../schedules/choosers.js';
import type { Ending } from './client.js';
import { RealClock, type Now } from './clock.js';
import type { TimedArrival } from './ledger.js';

/** A mailbox that keeps nothing, and says when each delivery came. */
class TimedMailbox extends Mailbox {
  constructor(
    private readonly now: Now,
    private readonly arrived: (arrival: TimedArrival) => void,
  ) {
    super();
  }

  override put(endpoint: string, delivery: unknown): Promise<void> | undefined {
    const at = this.now();
    const reaction = super.put(endpoint, delivery);
    for (const arrival of this.take()) this.arrived({ ...arrival, at });
    return reaction;
  }
}

export interface SiteOptions {
  readonly seed: number;
  readonly now: Now;
  readonly arrived: (arrival: TimedArrival) => void;
  readonly patienceMs: number;
  /** Whether commits take their time, where the kit can make them slow. */
  readonly slows?: boolean;
  /** Whether clients elsewhere are to connect to it. */
  readonly isShared?: boolean;
  /** A registry that was opened elsewhere, to become a client of. */
  readonly connectTo?: Surroundings['connectTo'];
}

/**
 * Contention is not what a load is about: alarms would only have registrations refused. A day, since a registry that adds to it must
 * still get what a timer can keep; a million, since not every program takes a threshold of any size.
 */
const withoutAlarms = { minWrites: 1_000_000, stuckAfterMs: 86_400_000 };

/** How long the slowest commits take, where the kit can make them slow. Milliseconds. */
const slowestMs = 1;

/** A registry in real time, and the endpoints of its clients. */
export class Site {
  /** Calls that have not been answered. */
  readonly waiting = new Set<Operation>();
  readonly #random: Random;
  readonly #makesSlow: boolean;
  readonly #downIsPrompt: boolean;

  private constructor(
    readonly rig: Rig,
    readonly clock: RealClock,
    seed: number,
    { slows = true, connectTo }: SiteOptions,
  ) {
    const isClient = connectTo !== undefined;
    this.#random = randomFrom(seed);
    this.#makesSlow = slows && offers(rig.adapter, rig.subject, 'slow-commit');
    this.#downIsPrompt = !isClient && offers(rig.adapter, rig.subject, 'in-process');
  }

  /** Throws what `Rig.open` does. */
  static async open(adapter: Adapter, options: SiteOptions): Promise<Site> {
    const { seed, now, arrived, patienceMs, connectTo, isShared } = options;
    const clock = new RealClock();
    const thresholds = offers(adapter, undefined, 'thresholds') ? withoutAlarms : {};
    const rig = await Rig.open(adapter, thresholds, patienceMs, { clock, mailbox: new TimedMailbox(now, arrived), ...(isShared && { isShared }), ...(connectTo && { connectTo }) });
    return new Site(rig, clock, seed, options);
  }

  /** Makes a call. Whoever waits for it bounds the wait. */
  perform(operation: Operation): Ending | Promise<Ending> {
    if (operation.op === 'down') {
      this.rig.endpoint(operation.endpoint).kill();
      // Elsewhere it takes effect when the news arrives, of which nobody is told.
      return this.#downIsPrompt ? { kind: 'done', value: undefined } : undefined;
    }
    if (this.#makesSlow && this.#random() < 1 / 2) this.#change();
    const { settled, answer } = this.rig.begin(operation);
    if (settled !== undefined) return settled;
    this.waiting.add(operation);
    return answer.finally(() => this.waiting.delete(operation));
  }

  dispose(): Promise<void> {
    return this.rig.dispose();
  }

  /** From now on commits take another time, or none: so that writes overlap in many ways. */
  #change(): void {
    const ms = this.#random() < 1 / 2 ? 0 : this.#random() * slowestMs;
    // What cannot be made slow is as good a registry.
    this.rig.slowCommit(ms).catch(() => undefined);
  }
}
