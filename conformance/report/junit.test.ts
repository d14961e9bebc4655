import { describe, expect, it } from 'vitest';
import { withExpectations } from './baseline.js';
import { renderJUnit } from './junit.js';
import { hostile, sample } from './testing/reports.js';

const chapters = (prefix: string): string => `chapter ${prefix}`;
const caseOf = (xml: string, id: string): string => new RegExp(`<testcase [^>]*name="${id} [^>]*?(?:/>|>[^]*?</testcase>)`).exec(xml)![0];

describe('JUnit XML', () => {
  const xml = renderJUnit(sample(), chapters);

  it('has a test for each requirement, in a suite for each chapter, and counts that agree', () => {
    const report = sample();
    expect([...xml.matchAll(/<testcase /g)]).toHaveLength(report.requirements.length);
    expect(xml).toContain('<testsuite name="REG chapter REG"');
    expect(xml).toMatch(/<testsuites name="[^"]+" tests="\d+" failures="2" errors="1" skipped="3" time="31\.415">/);
    for (const [kind, count] of Object.entries({ failure: 2, error: 1, skipped: 3 })) expect([...xml.matchAll(new RegExp(`<${kind} `, 'g'))]).toHaveLength(count);
  });

  it('passes what passed and nothing else', () => {
    expect(caseOf(xml, 'REG-1')).toMatch(/\/>$/);
    expect(caseOf(xml, 'REG-2')).toContain('<failure message="plain words" type="MUST">');
    expect(caseOf(xml, 'REG-2')).toContain('replay    sharded-registry verify');
    expect(caseOf(xml, 'BND-4')).toContain('<error message="inconclusive: plain words"');
    expect(caseOf(xml, 'ADM-2')).toContain('<skipped message="untested: the adapter does not offer');
    expect(caseOf(xml, 'CTN-8')).toContain('<skipped ');
    // A SHOULD does not fail the run, but has not passed.
    expect(caseOf(xml, 'STA-6')).toContain('<skipped message="warning, a SHOULD is broken');
  });

  it('does not fail for what is expected, and does for what is stale', () => {
    const expected = withExpectations(sample(), { expectedFailures: [{ id: 'REG-2', reason: 'issue 12' }, { id: 'REG-1', reason: 'not any more' }], knownFlaky: [{ id: 'CON-1', reason: 'races' }] });
    const compared = renderJUnit(expected, chapters);
    expect(caseOf(compared, 'REG-2')).toContain('<skipped message="expected (issue 12)');
    expect(caseOf(compared, 'CON-1')).toContain('<skipped message="known to be flaky (races)');
    expect(caseOf(compared, 'REG-1')).toContain('<failure message="passes, although it is listed as an expected failure (not any more)');
    expect(compared).toContain('failures="1" errors="1"');
  });

  it('holds nothing that XML has no place for, whatever a registry says', () => {
    const dirty = renderJUnit(sample({ says: hostile }), chapters);
    // The production Char of XML 1.0, as surrogate pairs are none here.
    expect(dirty).toMatch(/^[\t\n\r\u0020-\ud7ff\ue000-\ufffd]*$/);
    expect(dirty).not.toContain('<script');
    expect(dirty).not.toContain(']]>');
    // Every tag is one of ours.
    expect(new Set([...dirty.matchAll(/<\/?([^\s/>?]+)/g)].map(([, tag]) => tag))).toEqual(new Set(['testsuites', 'testsuite', 'properties', 'property', 'testcase', 'failure', 'error', 'skipped', 'system-out', '?xml'].filter((tag) => tag !== '?xml')));
  });
});
