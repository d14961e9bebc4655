import { describe, expect, it } from 'vitest';
import { catalogue } from './catalogue.js';
import { kill } from './kill.js';

// Every one of them is for `npm run kill-matrix`; here it is whether the kit still finds out one in eight.
const some = catalogue.filter((_, i) => i % 8 === 0);

describe.each(some)('$id: $how', (mutant) => {
  it('is killed', async () => {
    const row = await kill(mutant, { seeds: [2], runs: 60, patienceMs: 300 });
    expect(row, JSON.stringify(row.failed, undefined, 1)).toMatchObject({ fate: 'killed', escapes: [] });
  });
});

it('no two mutants have the same id', () => {
  expect(new Set(catalogue.map(({ id }) => id)).size).toBe(catalogue.length);
});
