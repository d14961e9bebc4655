import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { byChapter } from './plain.js';
import type { Report } from './result.js';

/** What the page consists of beside its data; the script is bundled from `page/` when the package is built. */
export interface PageAssets {
  readonly script: string;
  readonly style: string;
}

/** Reads the assets from the folder where the build puts them. */
export function pageAssets(folder: URL = new URL('./page/', import.meta.url)): PageAssets {
  const read = (name: string): string => readFileSync(new URL(name, folder), 'utf8');
  return { script: read('page.bundle.js'), style: read('page.css') };
}

/**
 * The report as one HTML page that needs nothing else: its data is JSON in an element that is not executed, and only the one script
 * and the one style of the kit are allowed to act, by their hashes. The script puts text in as text, and the browser holds it to that
 * (Trusted Types).
 */
export function renderHtml(report: Report, chapters: (prefix: string) => string, { script, style }: PageAssets = pageAssets()): string {
  for (const [what, text] of Object.entries({ script, style })) if (/<\/(script|style)|<!--/i.test(text)) throw new Error(`the ${what} of the page would end its element`);
  const titles = Object.fromEntries([...byChapter(report.requirements).keys()].map((prefix) => [prefix, chapters(prefix)]));
  const policy = `default-src 'none'; script-src '${hashOf(script)}'; style-src '${hashOf(style)}'; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'`;
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Conformance report</title>
<style>${style}</style>
</head>
<body>
<noscript><p>This report is drawn by a script. Its data is in this file, as JSON. Verdict: ${verdictIn(report)}.</p></noscript>
<script type="application/json" id="data">${inert({ report, chapters: titles })}</script>
<script>${script}</script>
</body>
</html>
`;
}

const hashOf = (text: string): string => `sha256-${createHash('sha256').update(text, 'utf8').digest('base64')}`;

/** JSON in which nothing can end the element that holds it, or begin another. */
const inert = (data: unknown): string => JSON.stringify(data).replace(/[<>&\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);

const verdictIn = ({ verdict }: Report): string => (['conformant', 'not conformant'] as const).find((one) => one === verdict) ?? 'inconclusive';
