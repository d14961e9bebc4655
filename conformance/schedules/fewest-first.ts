import type { Chooser, Schedule, Step } from './world.js';

/**
 * Chooses so that every schedule comes up once, those first in which the fewest threads are interrupted that could go on (iterative
 * context bounding: Musuvathi and Qadeer, 2007). Most faults need few, and are then shown with no more than they need. What is still
 * to be tried is kept as the beginnings of schedules: as many, at most, as there were ways to go on in the runs so far.
 */
export class FewestFirst<S extends Step> implements Chooser<S> {
  /** Beginnings of schedules that have not been run, by how many interruptions they have: none for some numbers, where a world offers less than it did. */
  readonly #begun: (Schedule[] | undefined)[] = [[[]]];
  #beginning: Schedule = [];
  readonly #way: number[] = [];
  #thread: number | undefined;
  #interruptions = 0;

  /** Whether there is another schedule. To be called before each run. */
  advance(): boolean {
    const beginning = this.#begun.find((some) => some !== undefined && some.length > 0)?.pop();
    if (beginning === undefined) return false;
    this.#beginning = beginning;
    this.#way.length = 0;
    this.#thread = undefined;
    this.#interruptions = 0;
    return true;
  }

  choose(enabled: readonly S[]): number {
    const depth = this.#way.length;
    const goesOn = enabled.some(({ thread }) => thread === this.#thread);
    const interruptions = ({ thread }: S): number => this.#interruptions + (goesOn && thread !== this.#thread ? 1 : 0);
    let choice = this.#beginning[depth];
    if (choice === undefined) {
      choice = enabled.findIndex((step) => interruptions(step) === this.#interruptions);
      // The last to be put there is the first to be taken.
      for (let other = enabled.length - 1; other >= 0; other--) {
        if (other !== choice) (this.#begun[interruptions(enabled[other]!)] ??= []).push([...this.#way, other]);
      }
    }
    // A world that lives by a time of its own may offer less than it did.
    const step = enabled[(choice = Math.min(choice, enabled.length - 1))]!;
    this.#interruptions = interruptions(step);
    this.#thread = step.thread;
    this.#way.push(choice);
    return choice;
  }
}
