import { expect, it } from 'vitest';
import { renderBadge } from './badge.js';
import { withExpectations } from './baseline.js';
import { hostile, sample } from './testing/reports.js';

it('shows the verdict, and nothing of what a registry says', () => {
  const badge = renderBadge(sample({ says: hostile }));
  expect(badge).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" width="\d+" height="20" role="img" aria-label="registry 1\.0: not conformant, \d+ of \d+">/);
  expect(badge).toBe(renderBadge(sample()));
  expect(renderBadge({ ...sample(), verdict: 'conformant' })).toContain('#1a7f37');
});

it('tells a list of expected failures that was met', () => {
  const met = withExpectations(sample(), { expectedFailures: [{ id: '*', reason: 'all of it' }], knownFlaky: [] });
  expect(met.baseline!.outcome).toBe('met');
  expect(renderBadge(met)).toContain('(as expected)');
});
