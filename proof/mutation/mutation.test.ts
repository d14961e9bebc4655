import { describe, expect, it } from 'vitest';
import { compare, figuresOf, scoreOf } from './figures.js';
import { goneOnFrom, mutantsOf, type Judged } from './mutants.js';
import { mutationPage } from './page.js';
import { parts } from './parts.js';

const source = 'const a = 1;\nfunction f() {\n  return a;\n}\n';
const at = (line: number, column: number, endLine: number, endColumn: number) => ({ start: { line, column }, end: { line: endLine, column: endColumn } });

const report = {
  files: {
    'x.ts': {
      source,
      mutants: [
        { mutatorName: 'Number', replacement: '2', status: 'Killed', location: at(1, 11, 1, 12) },
        { mutatorName: 'BlockStatement', replacement: '{}', status: 'Survived', location: at(2, 14, 4, 2) },
        { mutatorName: 'Identifier', replacement: 'b', status: 'Timeout', location: at(3, 10, 3, 11) },
        { mutatorName: 'Identifier', replacement: 'c', status: 'NoCoverage', location: at(3, 10, 3, 11) },
        { mutatorName: 'Identifier', replacement: '?', status: 'CompileError', location: at(3, 10, 3, 11) },
      ],
    },
  },
};

describe('a report of mutants', () => {
  it('is read by the text of the mutants, not by where they stand', () => {
    expect(mutantsOf(report)).toEqual<Judged[]>([
      { file: 'x.ts', line: 'const a = 1;', from: '1', to: '2', fate: 'killed' },
      { file: 'x.ts', line: 'function f() {', from: '{ return a; }', to: '{}', fate: 'survived' },
      { file: 'x.ts', line: 'return a;', from: 'a', to: 'b', fate: 'timed out' },
      { file: 'x.ts', line: 'return a;', from: 'a', to: 'c', fate: 'no coverage' },
      { file: 'x.ts', line: 'return a;', from: 'a', to: '?', fate: 'invalid' },
    ]);
  });

  it('can be gone on from without what has to be run again', () => {
    const fatesOf = (kept: unknown): string[] => mutantsOf(kept).map(({ fate }) => fate);
    expect(fatesOf(goneOnFrom(report, { timedOut: false }))).toEqual(fatesOf(report));
    expect(fatesOf(goneOnFrom(report, { timedOut: true }))).toEqual(['killed', 'survived', 'no coverage', 'invalid']);
    const whileLoading = { files: { 'x.ts': { source, mutants: report.files['x.ts'].mutants.map((mutant) => ({ ...mutant, static: true })) } } };
    expect(fatesOf(goneOnFrom(whileLoading, { timedOut: false }))).toEqual(['killed', 'timed out', 'no coverage', 'invalid']);
    expect(goneOnFrom({ ...report, config: 1 }, { timedOut: true })).toMatchObject({ config: 1 });
  });

  it('is counted, but for mutants that are no program', () => {
    const figures = figuresOf('Stryker', mutantsOf(report), () => 'digest');
    expect(scoreOf(figures)).toEqual({ mutants: 4, killed: 1, timedOut: 1, survived: 1, uncovered: 1, percent: 50 });
    expect(figures.files).toEqual({ 'x.ts': { digest: 'digest', mutants: 4, killed: 1 } });
  });
});

describe('survivors', () => {
  const survivor = { file: 'x.ts', line: 'return a;', from: 'a', to: 'c' };
  const figures = (...survived: (typeof survivor)[]) => ({ tool: '', files: { 'x.ts': { digest: '', mutants: 9, killed: 0 } }, timedOut: [], survived, uncovered: 0 });
  const excuse = { ...survivor, reason: 'as good' };

  it('need a reason each, also where the same change survives twice in one line', () => {
    expect(compare(figures(survivor), [])).toEqual({ unexcused: [survivor], stale: [] });
    expect(compare(figures(survivor), [excuse])).toEqual({ unexcused: [], stale: [] });
    expect(compare(figures(survivor, survivor), [excuse])).toEqual({ unexcused: [survivor], stale: [] });
    expect(compare(figures(survivor, survivor), [excuse, excuse])).toEqual({ unexcused: [], stale: [] });
    expect(compare(figures(survivor), [{ ...excuse, to: 'd' }])).toEqual({ unexcused: [survivor], stale: [{ ...excuse, to: 'd' }] });
  });

  it('that are listed, and do not survive, are stale, but for files that were not tested', () => {
    expect(compare(figures(), [excuse])).toEqual({ unexcused: [], stale: [excuse] });
    expect(compare(figures(survivor), [excuse, excuse])).toEqual({ unexcused: [], stale: [excuse] });
    expect(compare(figures(), [{ ...excuse, file: 'y.ts' }])).toEqual({ unexcused: [], stale: [] });
    expect(compare({ ...figures(), timedOut: [survivor] }, [excuse])).toEqual({ unexcused: [], stale: [] });
    expect(compare({ ...figures(), timedOut: [survivor] }, [{ ...excuse, to: 'd' }])).toEqual({ unexcused: [], stale: [{ ...excuse, to: 'd' }] });
  });
});

it('the page says what was measured, and nothing of what was not', () => {
  const page = mutationPage({ [parts[0]!.id]: figuresOf('Stryker 1.2', mutantsOf(report), () => '') });
  expect(page).toContain('Stryker 1.2');
  expect(page).toContain('| 4 | 1 | 1 | 1 | 1 | 50.0 % |');
  expect(page).toContain('| `x.ts` | 4 | 1 | 1 | 50.0 % |');
  expect(page).not.toContain(parts[1]!.title);
});
