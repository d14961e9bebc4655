import { describe, expect, it } from 'vitest';
import { catalogue, findMutant } from './catalogue.js';
import { kill } from './kill.js';
import { conformant } from './traceability.js';

// Every one of them is for `npm run kill-matrix`; here it is whether its verdicts are what they say.
const settings = { seeds: [1, 2], runs: 30, patienceMs: 300 };

describe('a registry is', () => {
  const mutant = findMutant('dead-endpoint-in-silence')!;

  it('killed by a check of the requirement that it breaks', async () => {
    const row = await kill(mutant, settings);
    expect(row).toMatchObject({ fate: 'killed', aim: 'REG-3', escapes: [] });
    expect(row.failed.every(({ requirement }) => mutant.breaks.includes(requirement as (typeof mutant.breaks)[number]))).toBe(true);
    expect(row.operations).toBeGreaterThan(0);
    expect(row.steps).toBeGreaterThan(0);
  });

  it('killed for the wrong reason where something else fails', async () => {
    expect(await kill({ ...mutant, breaks: ['LKP-1'] }, settings)).toMatchObject({ fate: 'wrong reason', escapes: [{ seed: 2, fate: 'wrong reason' }] });
  });

  it('a survivor where nothing fails', async () => {
    expect(await kill({ ...mutant, adapter: conformant[0]! }, settings)).toMatchObject({ fate: 'survived', failed: [], escapes: [{ fate: 'survived' }] });
  });
});

it('no two mutants have the same id', () => {
  expect(new Set(catalogue.map(({ id }) => id)).size).toBe(catalogue.length);
});
