/**
 * The base with alarms that are kept, not worked out: looked after at every write and, while the registry is not idle, by a timer. When
 * nothing is in flight the timer is set no later than the moment at which the last sample leaves: so none is left once it is idle.
 */
import type { OpenOptions } from '../../../contract.js';
import { Figures, type Job, type Lane } from './registry.js';

export const pollMs = 50;

export class Polled extends Figures {
  protected readonly flags: boolean[];
  protected poll: unknown = undefined;

  constructor(options: OpenOptions) {
    super(options);
    this.flags = this.ledgers.map(() => false);
  }

  /** What the alarm should be. */
  protected truth(partition: number, now: number): boolean {
    return super.alarm(partition, now);
  }

  protected override alarm(partition: number, _now: number): boolean {
    return this.flags[partition] === true;
  }

  /** How long until the alarms are looked after again. */
  protected interval(): number {
    return pollMs;
  }

  /** Looks after the alarms: true if one has changed. */
  protected refresh(): boolean {
    const now = this.clock.now();
    let changed = false;
    for (let partition = 0; partition < this.flags.length; partition++) {
      const flag = this.truth(partition, now);
      if (flag !== this.flags[partition]) changed = true;
      this.flags[partition] = flag;
    }
    return changed;
  }

  protected tick(): void {
    this.refresh();
  }

  protected rearm(): void {
    if (this.poll !== undefined) this.clock.clearTimeout(this.poll);
    this.poll = undefined;
    let wait = this.interval();
    if (this.flight.every((flying) => flying.size === 0)) {
      const now = this.clock.now();
      let left = 0;
      for (const ledger of this.ledgers) left = Math.max(left, (ledger.lastLeaves(now) ?? now) - now);
      if (left <= 0) return;
      wait = Math.min(wait, left);
    }
    this.poll = this.clock.setTimeout(() => {
      this.poll = undefined;
      this.tick();
      this.rearm();
    }, wait);
  }

  protected happened(): void {
    this.refresh();
    this.rearm();
  }

  protected override enter(job: Job): void {
    super.enter(job);
    this.happened();
  }

  protected override turn(lane: Lane): void {
    super.turn(lane);
    this.happened();
  }

  override resetStats(): void {
    super.resetStats();
    this.happened();
  }

  protected override letGo(): void {
    super.letGo();
    this.happened();
  }
}
