import { describe, expect, it } from 'vitest';
import { unmeasured } from './catalogue.js';
import type { Row } from './kill.js';
import { faults, withLatest, type Matrix } from './matrix.js';
import { matrixPage } from './page.js';

const settings = { seeds: [1], runs: 100, patienceMs: 300 };
const row = (mutant: string, revision: string, fate: Row['fate'] = 'killed'): Row => {
  const [aim] = unmeasured.find(({ id }) => id === mutant)!.breaks;
  return { mutant, aim: aim!, fate, failed: [{ requirement: aim!, check: 'a check', message: 'a message' }], escapes: [], revision };
};
const ids = unmeasured.map(({ id }) => id);
// Of a fault of overlap it is not compared by which check it is found.
const one = unmeasured.find(({ profile }) => profile === 'core')!.id;
const other = ids.at(-1)!;
const whole: Matrix = { settings, rows: ids.map((id) => row(id, 'old')) };

describe('what is known better by now', () => {
  it('takes the place of what was known before, and the rest stays', () => {
    const latest = withLatest(whole, { settings, rows: [row(other, 'new')] });
    expect(latest.rows.map(({ mutant }) => mutant)).toEqual(ids);
    expect(latest.rows.filter(({ revision }) => revision === 'new').map(({ mutant }) => mutant)).toEqual([other]);
    expect(matrixPage(latest)).toContain(`Judged by the kit as of old (${ids.length - 1}), new (1).`);
  });

  it('does not stand beside what was judged otherwise, nor beside mutants that are no more', () => {
    expect(withLatest({ ...whole, settings: { ...settings, runs: 10 } }, { settings, rows: [row(one, 'new')] }).rows).toEqual([row(one, 'new')]);
    expect(withLatest(undefined, { settings, rows: [row(one, 'new')] }).rows).toEqual([row(one, 'new')]);
    const withAnother: Matrix = { settings, rows: [...whole.rows, { ...row(one, 'old'), mutant: 'of another time' }] };
    expect(withLatest(withAnother, { settings, rows: [] }).rows).toEqual(whole.rows);
  });
});

describe('a fault of the matrix is', () => {
  it('a mutant that is not killed, or was not judged', () => {
    expect(faults(whole, undefined)).toEqual([]);
    expect(faults(withLatest(whole, { settings, rows: [row(one, 'new', 'survived')] }), undefined)).toEqual([expect.stringContaining(`${one}: survived`)]);
    expect(faults({ settings, rows: whole.rows.slice(1) }, undefined)).toEqual([`${one}: was not judged`]);
  });

  it('what has changed since it was kept', () => {
    const otherwise = { ...row(one, 'new'), failed: [{ ...row(one, 'new').failed[0]!, check: 'another check' }] };
    expect(faults(withLatest(whole, { settings, rows: [otherwise] }), whole)).toEqual([expect.stringContaining(`${one}: is killed otherwise than before`)]);
    expect(faults(whole, { settings, rows: whole.rows.filter(({ mutant }) => mutant !== one) })).toEqual([`${one}: is not in the matrix that is kept: run \`npm run kill-matrix\``]);
  });
});
