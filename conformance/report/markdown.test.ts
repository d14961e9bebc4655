import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { withExpectations } from './baseline.js';
import { renderMarkdown } from './markdown.js';
import { failure, hostile, requirementIn, sample } from './testing/reports.js';

const chapters = (prefix: string): string => `chapter ${prefix}`;
const MarkdownIt = createRequire(import.meta.url)('markdown-it') as new (options: { html: boolean; linkify: boolean }) => { render(text: string): string };
/** As GitHub does it: HTML is let through, links are found in text, tables are known. */
const html = (markdown: string): string => new MarkdownIt({ html: true, linkify: true }).render(markdown);

describe('Markdown', () => {
  it('shows the verdict, the chapters, what did not pass and how it failed', () => {
    const text = renderMarkdown(sample(), chapters);
    expect(text).toContain('## ❌ plain words plain words: not conformant');
    expect(text).toContain('specification 1.0'.replace('s', 'S'));
    expect(text).toMatch(/\| ❌ \| \*\*REG\*\* chapter REG \| 4 \| 1 \| 0 \| 0 \|/);
    expect(text).toMatch(/\| ❔ \| BND-4 \| MUST \|/);
    expect(text).toContain('<details><summary>REG-2 (MUST)</summary>');
    expect(text).toContain('### Measured');
    expect([...html(text).matchAll(/<table>/g)]).toHaveLength(2);
  });

  it('says what was expected', () => {
    const text = renderMarkdown(withExpectations(sample(), { expectedFailures: [{ id: 'REG-2', reason: 'issue 12' }, { id: 'REG-1', reason: 'x' }], knownFlaky: [] }), chapters);
    expect(text).toContain('**Not as expected.**');
    expect(text).toContain('Not on the list: BND-4, CON-1');
    expect(text).toContain('stale: REG-1 passes');
  });

  it('shows what a registry says as text, and lets it break nothing', () => {
    const clean = html(renderMarkdown(sample(), chapters));
    const dirty = html(renderMarkdown(sample({ says: hostile }), chapters));
    const tags = (page: string): Record<string, number> => {
      const counts: Record<string, number> = {};
      for (const [, tag] of page.matchAll(/<([a-z0-9]+)/g)) counts[tag!] = (counts[tag!] ?? 0) + 1;
      return counts;
    };
    expect(tags(dirty)).toEqual(tags(clean));
    expect(dirty).not.toMatch(/<(script|img|a) /);
    expect(dirty).not.toMatch(/@somebody(?![^<]*<\/code>)/);
    expect(dirty).toContain('globalThis.hacked');
  });

  it('ends before a CI would cut it off', () => {
    const report = sample();
    const long = { ...requirementIn(report, 'REG-2'), checks: Array.from({ length: 100 }, () => ({ ...requirementIn(report, 'REG-2').checks[0]!, failure: failure({ message: 'x'.repeat(600), actual: 'y'.repeat(600) }) })) };
    const text = renderMarkdown({ ...report, requirements: [...report.requirements, ...Array.from({ length: 20 }, () => long)] }, chapters);
    expect(text.length).toBeLessThan(1_000_000);
    expect(text).toMatch(/… and \d+ more: they are in the JSON report/);
  });
});
