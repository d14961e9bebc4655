import type { Subject, Wait } from '../contract.js';
import { within } from '../engine/patience.js';
import type { VirtualClock } from '../engine/virtual-clock.js';
import { askWaits, findCycle, showCycle } from './wait-for-graph.js';
import type { Wakers } from './wakers.js';

/** What became of the calls that were watched. */
export type Outcome =
  | { readonly kind: 'answered' }
  /** They never will be, and that is proved. */
  | { readonly kind: 'blocked'; readonly proof: string; readonly open: readonly string[]; readonly cycle?: DetectedCycle }
  /** Nothing proves that they never will be. */
  | { readonly kind: 'unanswered'; readonly reason: string; readonly open: readonly string[] };

/** Calls that wait for each other. */
export interface DetectedCycle {
  readonly waits: readonly Wait[];
  /** At most so long after it closed it was seen: since then it had been looked for, and not been there. Milliseconds. */
  readonly latencyMs: number;
}

export interface WatchdogOptions {
  /** Is asked who waits for whom, if it can tell. */
  readonly subject: Pick<Subject, 'waits' | 'settle'>;
  /** How long nothing at all may be answered before it is given up. Milliseconds of real time. */
  readonly patienceMs: number;
  /** How long it waits where there is progress. Milliseconds of real time; ten times the patience unless said. */
  readonly longestMs?: number;
  /** The clock that the registry lives by, if it lives by one of ours: time passes when nothing else can happen. */
  readonly clock?: VirtualClock;
  /** How much time of that clock calls may take, where to answer later is as bad as never. Milliseconds. */
  readonly withinMs?: number;
  /** Sees what could still answer: everything in the process, or what was begun since the registry was opened. */
  readonly wakers?: Wakers | undefined;
}

/** How often it is asked who waits for whom. Milliseconds. */
const pollMs = 20;

/** How much time of our clock calls are given. Milliseconds. */
const longestVirtualMs = 600_000;

/** How many turns of the event loop must pass in which there is nothing that could wake anybody. */
const idleTurns = 5;

/**
 * Tells calls that are blocked for ever from calls that are slow. It is made before the first call, and stopped after the last. As long as anything is answered there is progress, and it waits.
 * Blocked is said only of what is proved: calls wait for each other in a circle, or nothing is left that could answer them.
 */
export class Watchdog {
  readonly #open = new Map<symbol, { readonly what: string; readonly since: number }>();
  readonly #wakers: Wakers | undefined;
  #ended = 0;
  #lastEnd = performance.now();
  #lastClear = performance.now();
  #suspect: (DetectedCycle & { readonly seenAt: number }) | undefined;
  #blocked: (Outcome & { readonly kind: 'blocked' }) | undefined;
  #stopped = false;

  constructor(private readonly options: WatchdogOptions) {
    this.#wakers = options.wakers;
    if (typeof options.subject.waits === 'function') void this.#poll();
  }

  /** A call has been made. Gives what is to be called when it has been answered. */
  begin(what: string): () => void {
    const key = Symbol();
    if (this.#open.size === 0) this.#lastEnd = performance.now();
    this.#open.set(key, { what, since: performance.now() });
    return () => {
      if (!this.#open.delete(key)) return;
      this.#ended++;
      this.#lastEnd = performance.now();
    };
  }

  /** Calls that have been made, until they are answered. */
  watch(calls: Iterable<{ readonly what: string; readonly answer: PromiseLike<unknown> }>): void {
    for (const { what, answer } of calls) {
      const end = this.begin(what);
      void answer.then(end, end);
    }
  }

  /** A circle of calls that wait for each other, as soon as one has been seen for certain. */
  get blocked(): (Outcome & { readonly kind: 'blocked' }) | undefined {
    return this.#blocked;
  }

  /** Waits until all calls have been answered, or it is known that they never will be, or patience is at its end. */
  async settled(): Promise<Outcome> {
    const { patienceMs, longestMs = 10 * patienceMs, clock, withinMs, subject } = this.options;
    const begun = performance.now();
    const until = clock && clock.now() + (withinMs ?? longestVirtualMs);
    this.#lastEnd = begun;
    for (;;) {
      await this.#turn();
      if (this.#open.size === 0) return { kind: 'answered' };
      if (this.#blocked !== undefined) return this.#blocked;
      const now = performance.now();
      const silent = now - this.#lastEnd >= patienceMs;
      const isOver = now - begun >= longestMs;
      if (clock !== undefined && this.#nextDue() <= until! && !isOver) {
        await clock.advance(Math.max(0, this.#nextDue() - clock.now()));
        continue;
      }
      // Of what was begun before the registry was opened nothing is known, unless everything is seen: then patience speaks as well.
      if (this.#wakers !== undefined && (this.#wakers.isWhole || (clock !== undefined && silent)) && (await this.#nothingIsLeft(this.#wakers, until))) {
        const waits = findCycle(await askWaits(subject, patienceMs));
        const cycle = waits && { waits, latencyMs: this.#suspect?.latencyMs ?? performance.now() - this.#lastClear };
        if (this.#open.size > 0) return this.#blockedBy(cycle, withinMs === undefined ? 'nothing is left that could answer' : `nothing is left that could answer within ${withinMs / 1_000} s`);
      }
      // Whoever has been seen in a circle is given the time to be seen in it again.
      if ((silent || isOver) && (this.#suspect === undefined || now - begun >= longestMs + patienceMs)) return this.#unanswered(now, silent);
      await this.#pause(2);
    }
  }

  /** Looks no more. */
  stop(): void {
    this.#stopped = true;
  }

  async #poll(): Promise<void> {
    while (!this.#stopped && this.#blocked === undefined) {
      await this.#look();
      await this.#pause(pollMs);
    }
  }

  async #look(): Promise<void> {
    const { subject, patienceMs } = this.options;
    const asked = performance.now();
    const waits = await askWaits(subject, patienceMs);
    const now = performance.now();
    const there = new Set(waits.map(({ waiter, holder }) => JSON.stringify([waiter, holder])));
    if (this.#suspect?.waits.every(({ waiter, holder }) => there.has(JSON.stringify([waiter, holder])))) {
      const { seenAt } = this.#suspect;
      // A picture that took time to take, or in which two calls have one name, may show a circle that never was: it is believed when
      // it stays, and somebody who was there when it was seen is there still.
      const stillOpen = [...this.#open.values()].some(({ since }) => since <= seenAt);
      if (stillOpen && now - seenAt >= patienceMs) this.#blocked = this.#blockedBy(this.#suspect, 'they wait for each other');
      return;
    }
    const cycle = findCycle(waits);
    this.#suspect = cycle && { waits: cycle, latencyMs: now - this.#lastClear, seenAt: now };
    if (cycle === undefined) this.#lastClear = asked;
  }

  #blockedBy(cycle: DetectedCycle | undefined, proof: string): Outcome & { readonly kind: 'blocked' } {
    const circle = cycle && `in a circle: ${showCycle(cycle.waits)} (seen at most ${Math.ceil(cycle.latencyMs)} ms after it closed)`;
    return { kind: 'blocked', proof: circle ?? proof, open: this.#names(), ...(cycle && { cycle: { waits: cycle.waits, latencyMs: cycle.latencyMs } }) };
  }

  #unanswered(now: number, silent: boolean): Outcome {
    const oldest = Math.min(...[...this.#open.values()].map(({ since }) => since));
    const seconds = ((now - oldest) / 1_000).toFixed(1);
    const others = `${this.#ended} other${this.#ended === 1 ? ' was' : 's were'}`;
    const calls = `${this.#open.size} call${this.#open.size === 1 ? '' : 's'} did not answer for ${seconds} s`;
    return { kind: 'unanswered', open: this.#names(), reason: `${calls}, while ${others}${silent ? ': may be blocked, or very slow' : ', and still others are: slow'}` };
  }

  #names(): string[] {
    return [...this.#open.values()].slice(0, 20).map(({ what }) => what);
  }

  /** When something on the clock is due that could answer. */
  #nextDue(): number {
    return Math.min(...(this.options.clock?.pending().map(({ due }) => due) ?? []));
  }

  /** Whether for some turns of the event loop there has been nothing that could wake anybody. */
  async #nothingIsLeft(wakers: Wakers, until: number | undefined): Promise<boolean> {
    const ended = this.#ended;
    const farthest = this.options.withinMs === undefined ? Infinity : until!;
    const idle = (): boolean => wakers.alive().length === 0 && this.#ended === ended && !(this.#nextDue() <= farthest && this.#nextDue() < Infinity);
    for (let turns = 0; turns < idleTurns; turns++) {
      if (!idle()) return false;
      await this.#turn();
    }
    // Elsewhere something may still be on its way.
    if (this.options.subject.settle !== undefined) await within(this.options.patienceMs, 'settle', Promise.resolve(this.options.subject.settle()));
    return idle();
  }

  #hide<T>(begin: () => T): T {
    return this.#wakers === undefined ? begin() : this.#wakers.hide(begin);
  }

  #turn(): Promise<void> {
    return new Promise((resolve) => void this.#hide(() => setImmediate(resolve)));
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => void this.#hide(() => setTimeout(resolve, ms)));
  }
}
