import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Configurations } from './configurations.js';
import { Memory, MemoryFull } from './memory.js';
import { cases } from '../testing/cases.js';

/** Bits of entries as the search keeps them: `rest` words of those that ended, and `lost` of the others. Some look like the number of a word. */
const placed = (rest: number, lost: number): fc.Arbitrary<Int32Array> =>
  fc.array(fc.constantFrom(-1, 0, 1, 3), { minLength: rest + lost, maxLength: rest + lost }).map((words) => Int32Array.from(words));

it('tells configurations apart by what they are, even if all have one hash', () => {
  fc.assert(
    fc.property(fc.array(fc.record({ state: fc.nat(2), words: placed(3, 1) }), { minLength: 200, maxLength: 200 }), (all) => {
      const seen = new Configurations(new Memory(2 ** 24));
      const expected = new Set<string>();
      for (const { state, words } of all) {
        let first = 0;
        while (first < 3 && words[first] === -1) first++;
        let last = 3;
        while (last > first && words[last - 1] === 0) last--;
        const name = `${state} ${words.join()}`;
        // The hash that makes that of all states the same.
        expect(seen.add(Math.imul(state, 0x9e3779b1), state, words, first, last, 3)).toBe(!expected.has(name));
        expected.add(name);
      }
    }),
    { numRuns: cases(200) },
  );
});

it('keeps to the memory that it may use, and gives it back', () => {
  const memory = new Memory(100_000);
  for (let round = 0; round < 3; round++) {
    const seen = new Configurations(memory);
    const words = new Int32Array(1);
    let added = 0;
    expect(() => {
      for (;;) {
        words[0]!++;
        seen.add(words[0]!, 0, words, 0, 1, 1);
        added++;
      }
    }).toThrow(MemoryFull);
    expect(added).toBeGreaterThan(500);
    seen.clear();
  }
});
