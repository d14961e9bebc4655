import fc from 'fast-check';
import { expect, it } from 'vitest';
import { cases } from '../testing/cases.js';
import { Candidates, type Kind } from './candidates.js';
import type { Entry } from './history.js';

const kinds = [0, 1, 2] as const;

/** Entries in the order of their calls, those that ended first, of which some only look. */
const entries = fc.tuple(fc.array(fc.tuple(fc.nat(9), fc.nat(9), fc.boolean()), { maxLength: 8 }), fc.array(fc.nat(9), { maxLength: 4 })).map(([ended, lost]) => {
  const definite = ended.map(([start, length, looks]) => ({ start, end: start + length, kind: (looks ? 1 : 0) as Kind })).sort((a, b) => a.start - b.start);
  return [...definite, ...lost.sort((a, b) => a - b).map((start) => ({ start, end: Infinity, kind: 2 as Kind }))];
});

it('are those that have no place yet, however they are lifted out and put back', () => {
  fc.assert(
    fc.property(entries, fc.array(fc.option(fc.nat())), (all, moves) => {
      const definite = all.filter(({ end }) => end !== Infinity).length;
      const candidates = new Candidates(all as unknown as Entry[], definite, (entry) => all[entry]!.kind);
      const listed = (kind: Kind): number[] => {
        const found: number[] = [];
        for (let entry = candidates.next[candidates.head(kind)]!; entry !== candidates.head(kind); entry = candidates.next[entry]!) found.push(entry);
        return found;
      };
      const lifted: number[] = [];
      const look = (): void => {
        const left = all.flatMap((_, entry) => (lifted.includes(entry) ? [] : [entry]));
        expect(kinds.map(listed)).toEqual(kinds.map((kind) => left.filter((entry) => all[entry]!.kind === kind)));
        expect(candidates.bound).toBe(Math.min(Infinity, ...left.map((entry) => all[entry]!.end)));
      };
      look();
      for (const move of moves) {
        const left = all.flatMap((_, entry) => (lifted.includes(entry) ? [] : [entry]));
        if (move === null || left.length === 0) {
          if (lifted.length === 0) continue;
          candidates.unlift(lifted.pop()!);
        } else {
          const entry = left[move % left.length]!;
          candidates.lift(entry);
          lifted.push(entry);
        }
        look();
      }
      expect(Array.from(candidates.start)).toEqual([...all.map(({ start }) => start), Infinity, Infinity, Infinity]);
    }),
    { numRuns: cases(1_000) },
  );
});
