import axe from 'axe-core';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { withExpectations } from './baseline.js';
import { pageAssets, renderHtml } from './html.js';
import { renderJUnit } from './junit.js';
import type { Report } from './result.js';
import { launch, missing } from './testing/chromium.js';
import { history, hostile, sample } from './testing/reports.js';

const chapters = (prefix: string): string => `chapter ${prefix}`;
// The script of the page is bundled by the build.
const assets = pageAssets(new URL('../../dist/conformance/report/page/', import.meta.url));
const render = (report: Report): string => renderHtml(report, chapters, assets);

describe('the file', () => {
  const html = render(sample({ says: hostile }));

  it('holds its data, one script and one style, which its policy allows by their hashes and nothing else', () => {
    const policy = /http-equiv="Content-Security-Policy" content="([^"]+)"/.exec(html)![1]!;
    const hash = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
    const scripts = [...html.matchAll(/<script>([^]*?)<\/script>/g)].map(([, text]) => text!);
    expect(scripts).toHaveLength(1);
    expect(policy).toContain(`script-src ${hash(scripts[0]!)};`);
    expect(policy).toContain(`style-src ${hash(/<style>([^]*?)<\/style>/.exec(html)![1]!)};`);
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
    const bare = html.replace(/<(script|style)[^]*?<\/\1>/g, '');
    expect(bare).not.toMatch(/ on[a-z]+=|javascript:|style="|<link|src=/);
    expect(bare.length).toBeLessThan(1_200);
  });

  it('nothing in the data can end its element or begin another, and it is what it was', () => {
    const data = /id="data">([^]*?)<\/script>/.exec(html)![1]!;
    expect(data).not.toMatch(/[<>&]/);
    expect((JSON.parse(data) as { report: Report }).report).toEqual(JSON.parse(JSON.stringify(sample({ says: hostile }))));
  });

  it('cannot be made of assets that end their element', () => {
    expect(() => renderHtml(sample(), chapters, { script: 'x</script>', style: '' })).toThrow('would end its element');
  });
});

describe.skipIf(missing !== undefined)('in a browser', () => {
  const folder = mkdtempSync(join(tmpdir(), 'html-'));
  let browser: Browser;
  const wrong: string[] = [];
  beforeAll(async () => {
    browser = await launch();
  });
  afterEach(async () => {
    for (const context of browser.contexts()) await context.close();
    expect(wrong.splice(0)).toEqual([]);
  });
  afterAll(async () => {
    await browser.close();
    rmSync(folder, { recursive: true });
  });

  /** Opens a report as a file; what it asks the network for, and what goes wrong in it, is noted. */
  async function open(report: Report, { hash = '', width = 1200, dark = false } = {}): Promise<Page> {
    const file = join(folder, `${browser.contexts().length}.html`);
    writeFileSync(file, render(report));
    const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme: dark ? 'dark' : 'light' });
    const page = await context.newPage();
    const url = pathToFileURL(file).href;
    page.on('request', (request) => !request.url().startsWith(url) && wrong.push(`asks for ${request.url()}`));
    page.on('console', (message) => ['error', 'warning'].includes(message.type()) && wrong.push(message.text()));
    page.on('pageerror', (error) => wrong.push(error.message));
    await page.goto(`${url}${hash}`);
    return page;
  }
  const visible = (page: Page): Promise<string[]> => page.locator('.requirement:visible').evaluateAll((rows) => rows.map(({ id }) => id));

  it('shows the verdict, the conditions and every requirement', async () => {
    const report = sample();
    const page = await open(report);
    expect(await page.title()).toBe('plain words: not conformant');
    expect(await page.locator('.verdict').innerText()).toBe('not conformant');
    expect(await page.locator('.conditions').innerText()).toContain('kit 0.1.0');
    expect(await visible(page)).toEqual(report.requirements.map(({ id }) => id));
    expect(await page.locator('#REG-1 summary').innerText()).toMatch(/✓[^]*REG-1[^]*7[^]*12 ms/);
    expect(await page.locator('.statechart').count()).toBe(1);
    expect(await page.locator('.arc.covered').count()).toBeGreaterThan(1);
    expect(await page.locator('.percentiles').count()).toBe(1);
  });

  it('shows what was expected', async () => {
    const page = await open(withExpectations(sample(), { expectedFailures: [{ id: 'REG-1', reason: hostile }], knownFlaky: [] }));
    expect(await page.locator('.note.broken').innerText()).toContain('stale: it passes; take it off the list');
    expect(await page.locator('#REG-1 summary').innerText()).toContain('expected to fail, but passes: </script>');
  });

  it('finds by status, chapter and words, and keeps that in its address', async () => {
    const page = await open(sample());
    await page.getByRole('button', { name: /failed/ }).click();
    expect(await visible(page)).toEqual(['REG-2', 'STA-6', 'CON-1']);
    await page.getByLabel('Chapter', { exact: true }).selectOption('CON');
    expect(await visible(page)).toEqual(['CON-1']);
    await page.getByRole('button', { name: 'Clear' }).click();
    await page.getByLabel('Search').fill('LKP already');
    expect(await visible(page)).toEqual([]);
    await page.getByLabel('Search').fill('reg-2');
    expect(await visible(page)).toContain('REG-2');
    const { hash } = new URL(page.url());
    expect(hash).toBe('#?q=reg-2');
    expect(await visible(await open(sample(), { hash: '#?status=failed&q=con-1' }))).toEqual(['CON-1']);
  });

  it('opens what a link says, also if it is filtered away', async () => {
    const page = await open(sample(), { hash: '#REG-2' });
    expect(await page.locator('#REG-2').getAttribute('open')).not.toBeNull();
    expect(await page.evaluate('document.activeElement.parentElement.id')).toBe('REG-2');
    expect(await page.locator('#REG-2 .replay').innerText()).toContain('--only REG-2 --seed 1');
    await page.getByRole('button', { name: /untested/ }).click();
    await page.locator('.judgement a[href="#CON-1"]').click();
    await page.locator('#CON-1 .timeline').waitFor();
    expect(await visible(page)).toContain('CON-1');
  });

  it('can be used with the keyboard alone', async () => {
    const page = await open(sample());
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.className')).toBe('skip');
    await page.locator('#CON-1 summary').focus();
    await page.keyboard.press('Enter');
    await page.locator('#CON-1 canvas').focus();
    for (const [key, says] of [['Home', 'should be next, and cannot; contradicts others'], ['ArrowRight', 'client 8'], ['ArrowLeft', 'contradicts others'], ['ArrowUp', 'client 6']] as const) {
      await page.keyboard.press(key);
      expect(await page.locator('#CON-1 .chosen').innerText()).toContain(says);
    }
  });

  it('draws of ten thousand operations what is in view, and goes to the first error', async () => {
    const page = await open(sample({ timeline: history(10_000, 'findServer("s1")', 64) }), { hash: '#CON-1' });
    const canvas = page.locator('#CON-1 canvas');
    const size = (): Promise<number[]> => canvas.evaluate((element) => [(element as unknown as { width: number }).width, (element as unknown as { height: number }).height]);
    await page.getByRole('button', { name: 'First error' }).click();
    expect(await page.locator('#CON-1 .chosen').innerText()).toContain('should be next, and cannot');
    expect(await page.locator('#CON-1 .view').evaluate((view) => view.scrollLeft)).toBeGreaterThan(10_000);
    const [width, height] = await size();
    expect(width).toBeLessThan(1_300);
    expect(height).toBeLessThan(500);
    // However many there are, the page holds no more elements for them.
    expect(await page.locator('#CON-1 *').count()).toBeLessThan(400);
    // What is drawn is not one colour: there are bars where the error is.
    await page.evaluate('new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))');
    const colours = await canvas.evaluate((element) => {
      const { data } = (element as unknown as { getContext(kind: string): { getImageData(x: number, y: number, w: number, h: number): { data: Uint8ClampedArray } } }).getContext('2d').getImageData(100, 0, 900, 400);
      const found = new Set<string>();
      for (let i = 0; i < data.length; i += 4) found.add(`${data[i]},${data[i + 1]},${data[i + 2]}`);
      return [...found];
    });
    for (const wanted of ['180,35,24', '47,111,159', '255,255,255']) expect(colours).toContain(wanted);
  });

  it('shows what a registry says as text, and lets it do nothing', async () => {
    const page = await open(withExpectations(sample({ says: hostile, timeline: history(50, hostile) }), { expectedFailures: [{ id: 'REG-2', reason: hostile }], knownFlaky: [] }));
    await page.getByRole('button', { name: 'Open all' }).click();
    for (const summary of await page.locator('figure summary').all()) await summary.click();
    await page.locator('#CON-1 canvas').focus();
    await page.keyboard.press('Home');
    expect(await page.evaluate('globalThis.hacked')).toBeUndefined();
    expect(await page.locator('script, img, iframe, object, link').count()).toBe(0);
    expect(await page.locator('#REG-2 .wrong').innerText()).toContain('<img src=x onerror=');
    const addresses = await page.locator('a').evaluateAll((links) => links.map((link) => link.getAttribute('href')));
    expect(addresses.filter((address) => !/^#[A-Z]+-\d+$|^#requirements$/.test(address ?? ''))).toEqual([]);
  });

  it('is held to its policy: no script, no handler and no HTML can be put in', async () => {
    const page = await open(sample());
    expect(await page.evaluate(`(() => { try { document.body.innerHTML = '<b>x</b>'; return 'done'; } catch (error) { return error.name; } })()`)).toBe('TypeError');
    await page.evaluate(`document.body.setAttribute('onclick', 'globalThis.hacked = 1')`).catch(() => undefined);
    await page.locator('h1').click();
    expect(await page.evaluate('globalThis.hacked')).toBeUndefined();
    // It has said so, and that is what was wanted.
    expect(wrong.splice(0).join()).toMatch(/Content Security Policy|TrustedHTML/);
  });

  it.each([
    ['light', { dark: false, width: 1200 }],
    ['dark', { dark: true, width: 1200 }],
    ['at the width of a phone', { dark: false, width: 360 }],
    ['dark, at the width of a phone', { dark: true, width: 360 }],
  ])('axe finds nothing serious: %s', async (_, options) => {
    const page = await open(withExpectations(sample({ says: hostile }), { expectedFailures: [{ id: 'REG-1', reason: 'x' }], knownFlaky: [{ id: 'REG-2', reason: 'y' }] }), options);
    await page.getByRole('button', { name: 'Open all' }).click();
    for (const summary of await page.locator('figure summary, .machine details > summary').all()) await summary.click();
    await page.evaluate(axe.source);
    const { violations } = (await page.evaluate('axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] })')) as axe.AxeResults;
    wrong.splice(0);
    const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
    expect(serious.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map(({ html }) => html).join(' ')}`)).toEqual([]);
    // Nothing sticks out: only tables, pictures and timelines scroll by themselves.
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
  });

  it('shows on paper what failed', async () => {
    const page = await open(sample());
    const pdf = await page.pdf();
    expect(pdf.subarray(0, 4).toString()).toBe('%PDF');
    expect(await page.locator('details.requirement[open]').evaluateAll((rows) => rows.map(({ id }) => id))).toEqual(['REG-2', 'STA-6', 'CON-1']);
  });

  it('JUnit XML is XML', async () => {
    const page = await (await browser.newContext()).newPage();
    const parsed = await page.evaluate((xml) => {
      type Parsed = { querySelector(selector: string): { textContent: string | null; getAttribute(name: string): string | null } | null; querySelectorAll(selector: string): { length: number } };
      const Parser = (globalThis as unknown as { DOMParser: new () => { parseFromString(text: string, type: string): Parsed } }).DOMParser;
      const document = new Parser().parseFromString(xml, 'application/xml');
      return { error: document.querySelector('parsererror')?.textContent, tests: document.querySelectorAll('testcase').length, message: document.querySelector('failure')?.getAttribute('message') };
    }, renderJUnit(sample({ says: hostile }), chapters));
    expect(parsed).toMatchObject({ error: undefined, tests: sample().requirements.length });
    expect(parsed.message).toContain('</script><script>globalThis.hacked = 1</script>');
  });
});
