import type { Registry } from '../../spec/index.js';
import type { Adapter } from '../contract.js';
import { operationNames } from './answer.js';
import { Unanswered } from './findings.js';
import { within } from './patience.js';

/** What is called and waited for: an operation, or something else that an adapter has. */
export type Called = keyof Registry | 'open' | 'slowCommit' | 'settle' | 'dispose';

/** Operations that must not be called any more, and what they did. */
export type GivenUp = Readonly<Partial<Record<Called, string>>>;

/** After so many time-outs there is no use in waiting for an operation again. */
const mostTimeouts = 3;

/**
 * How much a run bears of the operations of one registry. What has not answered several times is not waited for again: what needs it
 * is inconclusive, everything else is judged, and the run takes only so long.
 */
export class Endurance {
  static readonly #ofRuns = new WeakMap<Adapter, Endurance>();

  readonly #timeouts = new Map<Called, number>();

  private constructor(
    private readonly givenUp: GivenUp,
    /** Memory that is seen from outside even while the event loop is blocked: the number of the operation that is being called, or -1. */
    private readonly calling: Int32Array | undefined,
  ) {}

  /** A run begins; what former ones have learned is forgotten, except for what is given. */
  static begin(adapter: Adapter, givenUp: GivenUp = {}, calling?: Int32Array): void {
    Endurance.#ofRuns.set(adapter, new Endurance(givenUp, calling));
  }

  static of(adapter: Adapter): Endurance {
    let endurance = Endurance.#ofRuns.get(adapter);
    if (endurance === undefined) Endurance.#ofRuns.set(adapter, (endurance = new Endurance({}, undefined)));
    return endurance;
  }

  /** To be asked before it is called. Throws {@link Unanswered} if it must not be: it would not return. */
  beforeCall(called: Called): void {
    const reason = this.givenUp[called];
    if (reason !== undefined) throw new Unanswered(`${called} ${reason}, and is not called again`);
  }

  /** To be asked before it is called to be waited for. Throws {@link Unanswered} if there is no use in it. */
  beforeWait(called: Called): void {
    const timeouts = this.#timeouts.size === 0 ? 0 : (this.#timeouts.get(called) ?? 0);
    if (timeouts >= mostTimeouts) throw new Unanswered(`${called} did not answer ${timeouts} times, and is not waited for again`);
  }

  /** Waits for what has been called, no longer than `ms`. */
  async wait<T>(called: Called, ms: number, promise: Promise<T>, what: string = called): Promise<T> {
    try {
      return await within(ms, what, promise);
    } catch (error) {
      if (error instanceof Unanswered) this.#timeouts.set(called, (this.#timeouts.get(called) ?? 0) + 1);
      throw error;
    }
  }

  /** An operation is being called. Gives what was before, for when it has returned. */
  enter(operation: keyof Registry): number {
    if (this.calling === undefined) return -1;
    const before = this.calling[0]!;
    this.calling[0] = operationNames.indexOf(operation);
    return before;
  }

  leave(before: number): void {
    if (this.calling !== undefined) this.calling[0] = before;
  }
}
