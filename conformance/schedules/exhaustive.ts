import type { Chooser, Step } from './world.js';

/** What is looked at, and what is left out. */
export interface ExhaustiveOptions<S extends Step> {
  /** How often a thread may be interrupted that could go on (Musuvathi and Qadeer, 2007); without limit unless said. */
  readonly preemptions?: number;
  /**
   * Whether two steps of different threads come to the same in either order: then only one order is looked at (sleep sets,
   * Godefroid, 1996). A step is known by its thread and its label. Not together with `preemptions`: the one order that is kept may
   * be the one that is interrupted too often.
   */
  readonly independent?: (a: S, b: S) => boolean;
}

/** A place on the way, and what is left to be tried there. */
interface Place<S> {
  readonly enabled: readonly S[];
  choice: number;
  /** Steps that need not be taken here: what follows has been seen where they were taken earlier. */
  readonly asleep: S[];
  /** Interruptions on the way, this choice included. */
  preemptions: number;
}

/**
 * Chooses so that every schedule comes up once, depth first: each run repeats the last one up to the last place where something
 * else can be tried. Nothing is kept but the choices of one way, so memory is that of one schedule.
 */
export class Exhaustive<S extends Step> implements Chooser<S> {
  readonly #way: Place<S>[] = [];
  #begun = false;

  constructor(readonly options: ExhaustiveOptions<S> = {}) {
    if (options.preemptions !== undefined && options.independent !== undefined) throw new RangeError('preemptions and independent cannot be combined');
  }

  /** Whether there is another schedule. To be called before each run. */
  advance(): boolean {
    if (!this.#begun) return (this.#begun = true);
    for (let place = this.#way.at(-1); place !== undefined; place = this.#way.at(-1)) {
      if (this.options.independent !== undefined) place.asleep.push(place.enabled[place.choice]!);
      if (this.#pick(place, this.#way.length - 1)) return true;
      this.#way.pop();
    }
    return false;
  }

  choose(enabled: readonly S[], depth: number): number {
    const known = this.#way[depth];
    if (known !== undefined) return known.choice;
    const place: Place<S> = { enabled, choice: -1, asleep: this.#stillAsleep(depth), preemptions: 0 };
    if (!this.#pick(place, depth)) return -1;
    this.#way.push(place);
    return place.choice;
  }

  /** What sleeps on after the last step: what does not depend on it. */
  #stillAsleep(depth: number): S[] {
    const before = this.#way[depth - 1];
    const { independent } = this.options;
    if (independent === undefined || before === undefined) return [];
    const taken = before.enabled[before.choice]!;
    return before.asleep.filter((step) => step.thread !== taken.thread && independent(step, taken));
  }

  /** Goes on to the next choice at a place; false if there is none. */
  #pick(place: Place<S>, depth: number): boolean {
    const { enabled, asleep } = place;
    const before = this.#way[depth - 1];
    const thread = before?.enabled[before.choice]!.thread;
    const goesOn = enabled.some((step) => step.thread === thread);
    for (let choice = place.choice + 1; choice < enabled.length; choice++) {
      const step = enabled[choice]!;
      if (asleep.some((one) => one.thread === step.thread && one.label === step.label)) continue;
      const preemptions = (before?.preemptions ?? 0) + (goesOn && step.thread !== thread ? 1 : 0);
      if (preemptions > (this.options.preemptions ?? Infinity)) continue;
      place.choice = choice;
      place.preemptions = preemptions;
      return true;
    }
    return false;
  }
}
