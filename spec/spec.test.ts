import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { chapters, claims, errorCodes, features, findRequirement, requirements, specification } from './index.js';

const seed = claims.map(({ id }) => id);

describe('requirements', () => {
  it('have ids that are unique and of a chapter', () => {
    const ids = requirements.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const prefixes = chapters.map(({ prefix }) => prefix);
    expect(requirements.filter(({ id }) => !prefixes.includes(id.replace(/-\d+$/, '')))).toEqual([]);
  });

  it('are one sentence each', () => {
    expect(requirements.filter(({ text }) => !/^[A-Z1`].*\.$/.test(text) || /[.!?] [A-Z]/.test(text)).map(({ id }) => id)).toEqual([]);
  });

  it('come from claims that exist', () => {
    expect(requirements.flatMap(({ claims: from = [] }) => from).filter((claim) => !seed.includes(claim))).toEqual([]);
  });

  it('need features that exist', () => {
    expect(requirements.flatMap(({ needs }) => needs).filter((need) => !(need in features))).toEqual([]);
  });

  it('carry numbers exactly where they are measured', () => {
    expect(requirements.filter(({ sla, method }) => (sla !== undefined) !== (method === 'load'))).toEqual([]);
  });

  it('are found by id', () => {
    expect(findRequirement('REG-1')?.text).toContain('free name');
    expect(findRequirement('REG-0')).toBeUndefined();
  });
});

describe('claims of the seed', () => {
  it('have unique ids, and name each requirement that names them', () => {
    expect(new Set(seed).size).toBe(seed.length);
    const missing = requirements.flatMap(({ id, claims: from = [] }) => from.filter((claim) => !claims.find((one) => one.id === claim)!.requirements.includes(id)).map((claim) => `${claim} → ${id}`));
    expect(missing).toEqual([]);
  });

  it('lead to a requirement, unless they are refuted or not ours', () => {
    expect(claims.filter(({ verdict, requirements: into }) => into.length === 0 && verdict !== 'refuted' && verdict !== 'not ours')).toEqual([]);
  });
});

describe('the document', () => {
  it('is the one in the repository: run `npm run docs`', () => {
    expect(readFileSync(new URL('SPECIFICATION.md', import.meta.url), 'utf8')).toBe(specification());
  });

  it('shows every requirement, code, feature and claim', () => {
    const text = specification();
    for (const shown of [...requirements.map(({ id }) => `**${id}**`), ...errorCodes, ...Object.keys(features), ...seed]) expect(text).toContain(shown);
  });
});
