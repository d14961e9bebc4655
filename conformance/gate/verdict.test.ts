import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { randomFrom, type Random } from '../schedules/choosers.js';
import { thereAndBack } from './order.js';
import { logRatio, type Times } from './rounds.js';
import { ratiosOf } from './timed-run.js';
import { judge, percent, recurring, worst, type Judgement, type Ratios, type RunVerdict } from './verdict.js';

const rule = { floor: 0.05, confidence: 0.99 };

/** A machine that is never the same twice: what it does to a batch, by the moment and by the process. */
interface Noise {
  /** From one batch to the next, the scatter. */
  readonly jitter: number;
  /** By how much it becomes slower with every batch. */
  readonly drift: number;
  /** By how much some processes are slower than others for as long as they live: an unlucky layout. */
  readonly bimodal: number;
  /** How probable it is that a batch takes three times as long. */
  readonly stalls: number;
}

const quiet: Noise = { jitter: 0.005, drift: 0, bimodal: 0, stalls: 0 };

/** What a gate run would measure of a candidate that is slower by this much. */
function simulate(slowdown: number, { jitter, drift, bimodal, stalls }: Noise, random: Random, rounds = 8): Ratios {
  const slower: Record<string, number> = { baseline: 0, control: 0, planted: 0.1, candidate: slowdown };
  const names = Object.keys(slower);
  const all = Array.from({ length: rounds }, (): Times => {
    const modes = new Map(names.map((name) => [name, random() < 0.25 ? 1 + bimodal : 1]));
    const times: Record<string, number[]> = Object.fromEntries(names.map((name) => [name, []]));
    for (const [position, name] of thereAndBack(names, random).entries()) {
      const scatter = 1 + jitter * (2 * random() - 1);
      times[name]!.push(50 * (1 + slower[name]!) * modes.get(name)! * (1 + drift * position) * scatter * (random() < stalls ? 3 : 1));
    }
    return times;
  });
  return ratiosOf(all, 'candidate');
}

const verdictOf = (slowdown: number, noise: Noise, seed: number): RunVerdict => judge(simulate(slowdown, noise, randomFrom(seed)), rule, randomFrom(seed)).verdict;

/** How often a run says what, over many machines. */
function tally(slowdown: number, noise: Noise, runs = 60): Record<RunVerdict, number> {
  const counts: Record<RunVerdict, number> = { 'slower': 0, 'not slower': 0, 'undecided': 0, 'invalid': 0 };
  for (let seed = 1; seed <= runs; seed++) counts[verdictOf(slowdown, noise, seed)]++;
  return counts;
}

const noises: readonly (readonly [string, Noise])[] = [
  ['a quiet machine', quiet],
  ['one that becomes slower all the time', { ...quiet, jitter: 0.02, drift: 0.05 }],
  ['processes that are quick or slow for life', { ...quiet, bimodal: 0.15 }],
  ['stalls', { ...quiet, stalls: 0.05 }],
  ['all of these', { jitter: 0.03, drift: 0.02, bimodal: 0.08, stalls: 0.05 }],
  ['nothing but noise', { jitter: 0.3, drift: 0.05, bimodal: 0.3, stalls: 0.2 }],
];

describe('one run, on simulated machines', () => {
  it.each(noises)('hardly ever accuses the same build: %s', (_, noise) => {
    expect(tally(0, noise).slower).toBeLessThanOrEqual(2);
  });

  it.each(noises)('hardly ever accuses a slowdown at the floor: %s', (_, noise) => {
    expect(tally(0.05, noise).slower).toBeLessThanOrEqual(4);
  });

  it.each(noises)('does not pass a slowdown of 20 %%: %s', (_, noise) => {
    expect(tally(0.2, noise)['not slower']).toBeLessThanOrEqual(2);
  });

  it('sees 10 % on a quiet machine, and where all becomes slower steadily', () => {
    expect(tally(0.1, quiet).slower).toBe(60);
    expect(tally(0.2, noises[1]![1]).slower).toBeGreaterThanOrEqual(57);
  });

  it('knows when it can tell nothing', () => {
    expect(tally(0, noises[5]![1]).invalid).toBeGreaterThanOrEqual(54);
  });
});

describe('judge', () => {
  const flat = (value: number): number[] => Array.from({ length: 8 }, () => value);
  const good = { same: flat(0), planted: flat(Math.log(1.1)) };
  const judged = (ratios: Partial<Ratios>): Judgement => judge({ candidate: flat(0), ...good, ...ratios }, rule, randomFrom(1));

  it.each<[string, Partial<Ratios>, RunVerdict]>([
    ['as quick', {}, 'not slower'],
    ['quicker', { candidate: flat(-0.5) }, 'not slower'],
    ['slower by the floor exactly', { candidate: flat(Math.log1p(0.05)) }, 'not slower'],
    ['slower by more than the floor', { candidate: flat(Math.log(1.06)) }, 'slower'],
    ['now this, now that', { candidate: [0, 0.2, 0, 0.2, 0, 0.2, 0, 0.2] }, 'undecided'],
    ['a baseline that differs from itself', { same: flat(0.03) }, 'invalid'],
    ['a baseline that differs from itself the other way', { same: flat(-0.03) }, 'invalid'],
    ['a planted slowdown that is not seen', { planted: flat(0.01) }, 'invalid'],
    ['a time that is none', { candidate: [...flat(0).slice(1), Number.NaN] }, 'invalid'],
  ])('%s', (_, ratios, verdict) => {
    expect(judged(ratios).verdict).toBe(verdict);
    expect(judged(ratios).reason === undefined).toBe(verdict !== 'invalid');
  });

  const sample = fc.array(fc.double({ min: -0.5, max: 0.5, noNaN: true }), { minLength: 8, maxLength: 8 });
  const rank: Readonly<Record<RunVerdict, number>> = { 'invalid': -1, 'not slower': 0, 'undecided': 1, 'slower': 2 };

  test.prop([sample, fc.double({ min: 0, max: 0.5, noNaN: true })])('who becomes slower is never judged more kindly', (candidate, more) => {
    expect(rank[judged({ candidate: candidate.map((value) => value + more) }).verdict]).toBeGreaterThanOrEqual(rank[judged({ candidate }).verdict]);
  });

  test.prop([sample, sample, sample])('the controls are judged without a look at the candidate', (candidate, same, planted) => {
    expect(judged({ candidate, same, planted }).verdict === 'invalid').toBe(judged({ same, planted }).verdict === 'invalid');
  });
});

describe('the verdict in the end', () => {
  it.each([
    ['slower', 'slower', 'regression'],
    ['slower', 'undecided', 'undecided'],
    ['slower', 'not slower', 'undecided'],
    ['slower', 'invalid', 'invalid'],
    ['slower', undefined, 'invalid'],
    ['undecided', undefined, 'undecided'],
    ['not slower', undefined, 'pass'],
    ['invalid', undefined, 'invalid'],
  ] as const)('%s, then %s: %s', (first, second, verdict) => {
    expect(recurring(first, second)).toBe(verdict);
  });

  it('a regression counts, whatever became of the rest', () => {
    expect(worst([])).toBe('pass');
    expect(worst(['pass', 'undecided'])).toBe('undecided');
    expect(worst(['pass', 'invalid', 'undecided'])).toBe('invalid');
    expect(worst(['invalid', 'regression'])).toBe('regression');
  });

  it('is said in per cent', () => {
    expect([percent(Math.log(1.1)), percent(0), percent(Math.log(0.9))]).toEqual(['+10.0 %', '+0.0 %', '−10.0 %']);
  });
});

describe('the order of turns', () => {
  test.prop([fc.nat()])('there and back: all arms have the same middle, and a steady drift cancels out', (seed) => {
    const arms = ['a', 'b', 'c', 'd'];
    const order = thereAndBack(arms, randomFrom(seed));
    const middle = (arm: string): number => order.indexOf(arm) + order.lastIndexOf(arm);
    expect(new Set(arms.map(middle))).toEqual(new Set([2 * arms.length - 1]));
    const times: Record<string, number[]> = { a: [], b: [], c: [], d: [] };
    for (const [position, arm] of order.entries()) times[arm]!.push(Math.exp(0.1 * position));
    for (const arm of arms) expect(logRatio(times, arm, 'a')).toBeCloseTo(0, 10);
  });

  it('chance decides who is first', () => {
    const random = randomFrom(1);
    expect(new Set(Array.from({ length: 50 }, () => thereAndBack(['a', 'b'], random).join(''))).size).toBe(2);
  });
});
