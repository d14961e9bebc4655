import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anything, pct, randomFrom, replaying } from './choosers.js';
import { Exhaustive, type ExhaustiveOptions } from './exhaustive.js';
import { FewestFirst } from './fewest-first.js';
import { run, type Step, type World } from './world.js';

/** Threads that each take their own steps, one after the other: the steps are the things that they touch. */
class Threads implements World {
  readonly trace: Step[] = [];
  readonly #taken: number[];

  constructor(readonly programs: readonly (readonly string[])[]) {
    this.#taken = programs.map(() => 0);
  }

  enabled(): Step[] {
    return this.programs.flatMap((program, thread) => {
      const at = this.#taken[thread]!;
      return at < program.length ? [{ thread, label: `${at} ${program[at]!}` }] : [];
    });
  }

  take(step: Step): void {
    this.#taken[step.thread]!++;
    this.trace.push(step);
  }
}

const touched = ({ label }: Step): string => label.split(' ')[1]!;
const independent = (a: Step, b: Step): boolean => touched(a) !== touched(b);

/** All schedules, and how many runs were given up because they would have repeated something. */
function all(programs: readonly (readonly string[])[], options?: ExhaustiveOptions<Step>): { traces: Step[][]; pruned: number } {
  const chooser = new Exhaustive(options);
  const traces: Step[][] = [];
  let pruned = 0;
  while (chooser.advance()) {
    const world = new Threads(programs);
    if (run(world, chooser)) traces.push(world.trace);
    else pruned++;
  }
  return { traces, pruned };
}

const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1));
const interleavings = (lengths: readonly number[]): number => lengths.reduce((rest, length) => rest / factorial(length), factorial(lengths.reduce((a, b) => a + b, 0)));
const text = (trace: readonly Step[]): string => trace.map(({ thread, label }) => `${thread}:${label}`).join(', ');

/** The order of all dependent steps: what remains of a trace if independent steps are swapped as they may be (Mazurkiewicz, 1977). */
const essence = (trace: readonly Step[]): string =>
  trace
    .flatMap((a, i) => trace.slice(i + 1).filter((b) => a.thread === b.thread || !independent(a, b)).map((b) => `${text([a])} < ${text([b])}`))
    .sort()
    .join('; ');

/** How often a thread was interrupted that could have gone on. */
const preemptions = (trace: readonly Step[]): number =>
  trace.filter((step, i) => i > 0 && trace[i - 1]!.thread !== step.thread && trace.slice(i).some(({ thread }) => thread === trace[i - 1]!.thread)).length;

const programs = fc.array(fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 3 });

describe('all schedules', () => {
  it.each([[[1]], [[2, 2]], [[3, 3]], [[2, 2, 2]], [[4, 1, 2]]])('of threads with %j steps come up once', (lengths) => {
    const { traces, pruned } = all(lengths.map((length) => Array.from({ length }, () => 'a')));
    expect(traces.length).toBe(interleavings(lengths));
    expect(new Set(traces.map(text)).size).toBe(traces.length);
    expect(pruned).toBe(0);
  });

  it('with so many interruptions are those of all that have no more', () => {
    fc.assert(
      fc.property(programs, fc.nat(3), (threads, most) => {
        const wanted = all(threads).traces.filter((trace) => preemptions(trace) <= most).map(text).sort();
        expect(all(threads, { preemptions: most }).traces.map(text).sort()).toEqual(wanted);
      }),
    );
  });

  it('that differ in more than the order of independent steps come up, each once', () => {
    fc.assert(
      fc.property(programs, (threads) => {
        const every = new Set(all(threads).traces.map(essence));
        const reduced = all(threads, { independent }).traces.map(essence);
        expect(new Set(reduced)).toEqual(every);
        expect(reduced.length).toBe(every.size);
      }),
    );
  });

  it('cannot be had with interruptions counted and orders left out at once', () => {
    expect(() => new Exhaustive({ preemptions: 1, independent })).toThrow(RangeError);
  });
});

describe('all schedules, those with the fewest interruptions first,', () => {
  const fewestFirst = (threads: readonly (readonly string[])[]): Step[][] => {
    const chooser = new FewestFirst();
    const traces: Step[][] = [];
    while (chooser.advance()) {
      const world = new Threads(threads);
      run(world, chooser);
      traces.push(world.trace);
    }
    return traces;
  };

  it('come up once, in this order', () => {
    fc.assert(
      fc.property(programs, (threads) => {
        const traces = fewestFirst(threads);
        expect(traces.map(text).sort()).toEqual(all(threads).traces.map(text).sort());
        const interruptions = traces.map(preemptions);
        expect(interruptions).toEqual([...interruptions].sort((a, b) => a - b));
      }),
    );
  });

  it('go on where a world that lives by a time of its own offers something else than it did', () => {
    const chooser = new FewestFirst();
    const choices = (...enabled: (readonly number[])[]): number[] => enabled.map((threads) => chooser.choose(threads.map((thread) => ({ thread, label: '' }))));
    expect(chooser.advance()).toBe(true);
    expect(choices([0], [1, 2])).toEqual([0, 0]);
    expect(chooser.advance()).toBe(true);
    // The first goes on, after all: what was no interruption is one, and the next beginning has two.
    expect(choices([0], [0, 1], [1, 2])).toEqual([0, 1, 0]);
    expect(chooser.advance()).toBe(true);
    expect(choices([0], [0, 1], [1, 2])).toEqual([0, 1, 1]);
    expect(chooser.advance()).toBe(false);
  });
});

describe('a schedule', () => {
  it('is repeated by its numbers', () => {
    fc.assert(
      fc.property(programs, fc.integer(), (threads, seed) => {
        const first = new Threads(threads);
        const schedule: number[] = [];
        run(first, anything(randomFrom(seed)), schedule);
        const second = new Threads(threads);
        run(second, replaying(schedule));
        expect(text(second.trace)).toBe(text(first.trace));
      }),
    );
  });

  it('that is cut short, or does not fit, runs to the end all the same', () => {
    const world = new Threads([['a', 'a'], ['b']]);
    expect(run(world, replaying([7]))).toBe(true);
    expect(text(world.trace)).toBe('1:0 b, 0:0 a, 0:1 a');
  });
});

describe('probabilistic concurrency testing', () => {
  /** Whether the one order came about that a fault needs. */
  const chance = (threads: readonly (readonly string[])[], depth: number, isFault: (trace: readonly Step[]) => boolean): number => {
    const random = randomFrom(1);
    const steps = threads.flat().length;
    const runs = 20_000;
    let hits = 0;
    for (let i = 0; i < runs; i++) {
      const world = new Threads(threads);
      run(world, pct(random, { threads: threads.length, steps, depth }));
      if (isFault(world.trace)) hits++;
    }
    return hits / runs;
  };
  const at = (trace: readonly Step[], step: string): number => trace.findIndex((one) => text([one]) === step);

  it('meets a fault of depth 1 at least once in as many runs as there are threads', () => {
    const threads = [['a', 'a', 'a'], ['b', 'b', 'b'], ['c', 'c', 'c'], ['d', 'd', 'd']];
    // The last thread is done before the first has begun.
    expect(chance(threads, 1, (trace) => at(trace, '3:2 d') < at(trace, '0:0 a'))).toBeGreaterThan(1 / 4);
  });

  it('meets a fault of depth 2 as often as is promised', () => {
    const threads = [['a', 'a', 'a', 'a'], ['b', 'b', 'b', 'b']];
    // One thread is interrupted between two steps of its own, for all of the other.
    const isFault = (trace: readonly Step[]): boolean => at(trace, '0:1 a') < at(trace, '1:0 b') && at(trace, '1:3 b') < at(trace, '0:2 a');
    expect(chance(threads, 2, isFault)).toBeGreaterThan(1 / (2 * 8));
    expect(chance(threads, 1, isFault)).toBe(0);
  });
});
