import fc from 'fast-check';
import { expect, it } from 'vitest';
import { bruteForce } from '../linearizability/testing/brute-force.js';
import { registerHistories } from '../linearizability/testing/histories.js';
import { register } from '../linearizability/testing/models.js';
import { remembering } from './remembering.js';
import { isExplainedByEnds } from './witness.js';

const model = { ...register, key: (state: number | null) => state, operationKey: register.operationKey! };

it('explains by their ends only histories that are linearizable, and many of them', () => {
  let [explained, linearizable] = [0, 0];
  fc.assert(
    fc.property(registerHistories({ most: 6 }), (history) => {
      const verdict = bruteForce(register, history);
      if (verdict === 'linearizable') linearizable++;
      if (!isExplainedByEnds(register, history)) return;
      explained++;
      expect(verdict).toBe('linearizable');
    }),
    { numRuns: 5_000 },
  );
  expect(explained).toBeGreaterThan(linearizable / 2);
});

it('remembers what the model said, whoever is asked and in whatever order', () => {
  const once = remembering(model);
  fc.assert(
    fc.property(registerHistories({ most: 6 }), (history) => {
      expect(bruteForce(once, history)).toBe(bruteForce(register, history));
    }),
    { numRuns: 2_000 },
  );
});

it('asks the model once for each state, operation and answer', () => {
  let asked = 0;
  const counting = remembering({ ...model, step: (...args: Parameters<typeof model.step>) => (asked++, model.step(...args)) });
  for (let i = 0; i < 10; i++) expect(counting.step(null, { op: 'write', value: 1 }, 'done')).toEqual([1]);
  expect(asked).toBe(1);
});
