import fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import { cases } from '../testing/cases.js';
import { check } from './check.js';
import type { Entry } from './history.js';
import { bruteForce } from './testing/brute-force.js';
import { registerHistories } from './testing/histories.js';
import { register, type RegisterAnswer, type RegisterCall } from './testing/models.js';

// As if all that has a hash had the same one. What the checker says must not depend on luck.
vi.mock('./hash.js', () => ({ mix: () => 0 }));

type RegisterEntry = Entry<RegisterCall, RegisterAnswer>;

const write = (id: number, value: number, start: number, end: number): RegisterEntry => ({ id, actor: `c${id}`, invocation: { op: 'write', value }, response: end === Infinity ? undefined : 'done', start, end });
const read = (id: number, value: number, start: number): RegisterEntry => ({ id, actor: `c${id}`, invocation: { op: 'read' }, response: value, start, end: start + 1 });

it('judges by what has been placed, not by its hash', () => {
  const seen = { linearizable: 0, violated: 0, unknown: 0 };
  fc.assert(
    fc.property(registerHistories({ most: 7, lostOfTen: 2, overlap: 8 }), fc.constantFrom(0, 26, 31, 32, 40, 63), fc.constantFrom(0, 30, 32, 40), (tail, before, lost) => {
      // Writes that nobody overlaps, so that what can be tried in every order is in this word or in that; and others of which nobody has seen anything.
      const writes = Array.from({ length: before }, (_, i) => write(1_000 + i, 7, 2 * i - 1_000, 2 * i - 999));
      const unseen = Array.from({ length: lost }, (_, i) => write(2_000 + i, 7, -1_000, Infinity));
      const started = before === 0 ? register : { ...register, initial: 7 };
      const { initial, step, isRead } = register;
      const result = check({ initial, step, isRead: isRead! }, [...writes, ...unseen, ...tail], { steps: 100_000 });
      expect(result.verdict).toBe(bruteForce(started, [...unseen.slice(0, 1), ...tail]));
      seen[result.verdict]++;
    }),
    { numRuns: cases(2_000) },
  );
  expect(Math.min(seen.linearizable, seen.violated)).toBeGreaterThan(cases(200));
});

it('tells operations that were lost apart, also where there are more than fit one word', () => {
  const lost = Array.from({ length: 70 }, (_, i) => write(i, i, 0, Infinity));
  for (const order of [[65, 3, 34, 66, 2, 33], [1, 33, 65, 0, 32, 64]]) {
    const reads = order.map((value, i) => read(100 + i, value, 10 * (i + 1)));
    expect(check(register, [...lost, ...reads], { steps: 100_000 }).verdict).toBe('linearizable');
    expect(check(register, [...lost, ...reads, read(200, order[0]!, 100)], { steps: 200_000 }).verdict).toBe('violated');
  }
});

it('accuses nobody whose operations were lost but took place', () => {
  fc.assert(
    fc.property(fc.infiniteStream(fc.nat(1_000_000)), fc.constantFrom(1, 20, 34), (stream, early) => {
      const random = (below: number): number => stream.next().value! % below;
      // Nobody sees anything of these, but each might be what is seen.
      const history = Array.from({ length: early }, (_, i) => write(i, 3, 0, Infinity));
      // One after the other they take place at 10, 20, …; their calls and answers are some way off, so they overlap.
      let value: number | null = null;
      for (let id = 100, now = 10; id < 112; id++, now += 10) {
        const [start, end] = [now - random(25), now + random(25)];
        const looks = random(3) > 0;
        if (!looks) value = random(3);
        history.push(looks ? { id, actor: `c${id}`, invocation: { op: 'read' }, response: value, start, end } : write(id, value!, start, random(2) === 0 ? Infinity : end));
      }
      expect(check(register, history, { steps: 100_000 }).verdict).not.toBe('violated');
      const { initial, step, isRead } = register;
      expect(check({ initial, step, isRead: isRead! }, history, { steps: 20_000 }).verdict).not.toBe('violated');
    }),
    { numRuns: cases(2_000) },
  );
});
