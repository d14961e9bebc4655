import { describe, expect, it } from 'vitest';
import { expectationsFrom, ExpectationsError, parseExpectations, withExpectations, type Expectations } from './baseline.js';
import { sample } from './testing/reports.js';

const list = (expected: readonly string[], flaky: readonly string[] = []): Expectations => ({ expectedFailures: expected.map((id) => ({ id, reason: 'known' })), knownFlaky: flaky.map((id) => ({ id, reason: 'races' })) });

/** In the sample REG-2, CON-1 and STA-6 (a SHOULD) fail, BND-4 is inconclusive, ADM-2 and CTN-8 are untested, all else passes. */
describe('expected failures', () => {
  it.each([
    ['all that fails is listed', ['REG-2', 'CON-1', 'BND-4'], [], 'met', []],
    ['a pattern lists it', ['REG-2', 'C*-1', 'B*D-4'], [], 'met', []],
    ['one that fails is not', ['REG-2', 'BND-4'], [], 'broken', ['CON-1']],
    ['one that is inconclusive is not', ['REG-2', 'CON-1'], [], 'inconclusive', ['BND-4']],
    ['a listed one passes', ['REG-2', 'CON-1', 'BND-4', 'REG-1'], [], 'broken', []],
    ['all of a pattern passes', ['REG-2', 'CON-1', 'BND-4', 'LKP-*'], [], 'broken', []],
    ['a listed one was not judged', ['REG-2', 'CON-1', 'BND-4', 'ADM-2'], [], 'met', []],
    ['a flaky one passes', ['REG-2', 'CON-1', 'BND-4'], ['REG-1'], 'met', []],
    ['a flaky one fails', ['REG-2', 'BND-4'], ['CON-1'], 'met', []],
    ['a SHOULD that fails is not listed', ['REG-2', 'CON-1', 'BND-4'], [], 'met', []],
    ['a SHOULD that fails is', ['REG-2', 'CON-1', 'BND-4', 'STA-6'], [], 'met', []],
  ])('%s: %j and flaky %j', (_, expected, flaky, outcome, unexpected) => {
    const { baseline, verdict } = withExpectations(sample(), list(expected, flaky));
    expect(baseline).toMatchObject({ outcome, unexpected });
    // What is found to be broken stays so.
    expect(verdict).toBe('not conformant');
  });

  it('nothing is stale in a run that was interrupted, and nothing is as expected', () => {
    const { baseline } = withExpectations({ ...sample(), interrupted: true }, list(['REG-1', 'REG-2', 'CON-1', 'BND-4']));
    expect(baseline).toMatchObject({ outcome: 'inconclusive' });
  });

  it('a run in which nothing passed shows nothing, whatever is listed', () => {
    const report = sample();
    const none = { ...report, counts: { ...report.counts, passed: 0 }, requirements: report.requirements.filter(({ status }) => status !== 'passed') };
    expect(withExpectations(none, list(['*'])).baseline!.outcome).toBe('inconclusive');
  });

  it('what is not asked for is not judged', () => {
    const report = sample();
    const only = { ...report, requirements: report.requirements.filter(({ id }) => id === 'REG-2') };
    expect(withExpectations(only, list(['REG-2', 'REG-1'])).baseline).toMatchObject({ outcome: 'met', entries: [{ state: 'failed' }, { state: 'not judged' }] });
  });
});

describe('a file of them', () => {
  it.each<[string, unknown, string]>([
    ['no reason', { expectedFailures: [{ id: 'REG-1' }] }, 'expectedFailures[0].reason: a reason is required'],
    ['an empty reason', { expectedFailures: [{ id: 'REG-1', reason: '  ' }] }, 'a reason is required'],
    ['an unknown requirement', { knownFlaky: [{ id: 'XYZ-1', reason: 'x' }] }, 'knownFlaky[0]: XYZ-1 is no requirement'],
    ['a pattern that nothing matches', { expectedFailures: [{ id: 'X*', reason: 'x' }] }, 'nor a pattern that any requirement matches'],
    ['the same twice', { expectedFailures: [{ id: 'REG-1', reason: 'x' }], knownFlaky: [{ id: 'REG-*', reason: 'x' }] }, 'REG-1 is already meant by expectedFailures[0] (REG-1)'],
    ['something else in it', { failures: [] }, 'expectedFailures'],
    ['a list', [], 'the file holds `expectedFailures`'],
    ['another version', { specification: '0.9' }, 'run with --spec 0.9'],
    ['a prototype', JSON.parse('{"__proto__": {"x": 1}}'), 'the file'],
  ])('with %s is refused, and it is said what to do', (_, data, why) => {
    expect(() => parseExpectations(data, '1.0')).toThrow(ExpectationsError);
    expect(() => parseExpectations(data, '1.0')).toThrow(why);
  });

  it('may be empty', () => {
    expect(parseExpectations(null, '1.0')).toEqual({ expectedFailures: [], knownFlaky: [] });
  });

  it('patterns take no time, whatever they are', () => {
    expect(() => parseExpectations({ expectedFailures: [{ id: `${'*a'.repeat(20_000)}*`, reason: 'x' }] }, '1.0')).toThrow('no requirement');
  });

  it('is written from a report so that the next run is as expected', () => {
    const written = expectationsFrom(sample(), undefined);
    expect(written.expectedFailures.map(({ id }) => id).sort()).toEqual(['BND-4', 'CON-1', 'REG-2', 'STA-6']);
    expect(withExpectations(sample(), parseExpectations(written, '1.0')).baseline!.outcome).toBe('met');
  });

  it('is written anew with the reasons that somebody gave, and without what is stale', () => {
    const older = list(['REG-2', 'REG-1', 'LKP-*'], ['CON-1']);
    const written = expectationsFrom(withExpectations(sample(), older), older);
    expect(written.expectedFailures.find(({ id }) => id === 'REG-2')).toEqual({ id: 'REG-2', reason: 'known' });
    expect(written.expectedFailures.map(({ id }) => id)).not.toContain('REG-1');
    expect(written.knownFlaky).toEqual(older.knownFlaky);
    expect(withExpectations(sample(), written).baseline!.outcome).toBe('met');
  });
});
