import type { Report } from '../result.js';
import { el } from './dom.js';
import { judgement } from './judgement.js';
import { latencies } from './latencies.js';
import { matrix } from './matrix.js';
import { statecharts } from './statecharts.js';
import { themeButton } from './theme.js';

/** What the page is given: the report, and what chapters are called. */
export interface PageData {
  readonly report: Report;
  readonly chapters: Readonly<Record<string, string>>;
}

const data = JSON.parse(document.getElementById('data')!.textContent) as PageData;
const { report } = data;
document.title = `${report.registry.name}: ${report.verdict}`;

const sections = [matrix(data), ...latencies(report), ...statecharts(report)];
document.body.replaceChildren(
  el('a', { class: 'skip', href: '#requirements' }, 'Skip to the requirements'),
  el('header', {}, judgement(report), el('div', { class: 'tools no-print' }, themeButton())),
  el('main', {}, ...sections.map(({ element }) => element)),
  el('footer', { class: 'quiet' }, `sharded-registry ${report.conditions?.kit ?? ''}, specification ${report.specification}. This page holds its data and fetches nothing.`),
);
for (const { ready } of sections) ready?.();
