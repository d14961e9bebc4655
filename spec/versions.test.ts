import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { findRequirement, frozen, requirements, requirementsOf, specificationVersions } from './index.js';

/** What a promise consists of: what is said, how binding it is, and the numbers. */
function digestOf(ids: readonly string[]): string {
  const promises = ids.map((id) => {
    const { level, text, sla } = findRequirement(id)!;
    return [id, level, text, sla === undefined ? null : [sla.metric, sla.relation, sla.value, sla.unit]];
  });
  return createHash('sha256').update(JSON.stringify(promises)).digest('hex');
}

describe.each(specificationVersions)('specification %s', (version) => {
  it('has requirements that all exist, each once, in the order of the specification', () => {
    expect(requirementsOf(version).map(({ id }) => id)).toEqual(frozen[version].ids);
  });

  it('says what it said: to say something else, a requirement gets a new id in a new version', () => {
    expect(digestOf(frozen[version].ids)).toBe(frozen[version].digest);
  });
});

it('every requirement is of some version', () => {
  const all = new Set(specificationVersions.flatMap((version) => frozen[version].ids));
  expect(requirements.filter(({ id }) => !all.has(id))).toEqual([]);
});
