import { safe } from '../engine/show.js';
import { expectationOf } from './baseline.js';
import { failureText } from './console.js';
import { figureTable } from './figures.js';
import { byChapter, countsLine, occurrencesOf, registryName } from './plain.js';
import type { Report, RequirementResult } from './result.js';

const marks = { passed: '✅', failed: '❌', inconclusive: '❔', untested: '⚪' } as const;

/** A CI takes summaries of a mebibyte and no more: what is shown of failures ends well before. Characters. */
const mostShown = 400_000;

/** The report as GitHub-flavoured Markdown, for the summary of a CI job: the verdict, chapter by chapter, then what failed. */
export function renderMarkdown(report: Report, chapters: (prefix: string) => string): string {
  const { verdict, interrupted, requirements, seed, runs, milliseconds } = report;
  const figures = figureTable(report);
  return [
    `## ${verdict === 'conformant' ? '✅' : verdict === 'not conformant' ? '❌' : '❔'} ${text(registryName(report))}: ${verdict}`,
    '',
    `${countsLine(report)}${interrupted ? '; interrupted: this is what was found so far' : ''}. Specification ${report.specification}, ${text(report.registry.consistency)}; seed ${seed}, ${runs} runs, ${(milliseconds / 1_000).toFixed(1)} s.`,
    ...baselineLines(report),
    '',
    '| | chapter | passed | failed | inconclusive | untested |',
    '|---|---|--:|--:|--:|--:|',
    ...[...byChapter(requirements)].map(([prefix, those]) => chapterRow(prefix, chapters(prefix), those)),
    ...notPassed(report),
    ...(figures.length === 0 ? [] : ['', '### Measured', '', ...fenced(figures.join('\n'))]),
    ...failures(requirements),
    '',
  ].join('\n');
}

function chapterRow(prefix: string, title: string, requirements: readonly RequirementResult[]): string {
  const of = (status: RequirementResult['status']): number => requirements.filter((one) => one.status === status).length;
  const worst = (['failed', 'inconclusive', 'passed', 'untested'] as const).find((status) => of(status) > 0)!;
  return `| ${marks[worst]} | **${text(prefix)}** ${text(title)} | ${of('passed')} | ${of('failed')} | ${of('inconclusive')} | ${of('untested')} |`;
}

function notPassed(report: Report): string[] {
  const rows = report.requirements
    .filter(({ status }) => status !== 'passed')
    .map((requirement) => {
      const { id, level, status, reason, text: says, checks } = requirement;
      const why = checks.find(({ failure }) => failure !== undefined)?.failure?.message ?? reason ?? '';
      const expectation = expectationOf(report, id);
      const note = expectation === undefined || status === 'untested' ? '' : `, ${expectation.list === 'flaky' ? 'known to be flaky' : 'expected'}: ${expectation.reason}`;
      return `| ${marks[status]} | ${text(id)} | ${level} | ${text(says)} | ${text(`${status}${note}`)} | ${text(why)} | ${occurrencesOf(requirement)} |`;
    });
  return rows.length === 0 ? [] : ['', '### Not passed', '', '| | requirement | | says | verdict | why | came about |', '|---|---|---|---|---|---|--:|', ...rows];
}

function baselineLines({ baseline }: Report): string[] {
  if (baseline === undefined) return [];
  const stale = baseline.entries.filter(({ state }) => state === 'stale');
  const met = baseline.outcome === 'met' ? '**As expected**: nothing fails that is not on the list.' : '**Not as expected.**';
  return [
    '',
    met,
    ...(baseline.unexpected.length > 0 ? ['', `Not on the list: ${text(baseline.unexpected.join(', '))}.`] : []),
    ...stale.map(({ id, reason }) => `\n- stale: ${text(id)} passes, although it is listed (${text(reason)}); take it off the list`),
  ];
}

function failures(requirements: readonly RequirementResult[]): string[] {
  const failed = requirements.filter(({ checks }) => checks.some(({ failure }) => failure !== undefined));
  if (failed.length === 0) return [];
  const lines = ['', '### What failed, and how'];
  let [shown, length] = [0, 0];
  for (const requirement of failed) {
    const details = fenced(failureText(requirement));
    length += details.reduce((sum, line) => sum + line.length + 1, 0);
    if (length > mostShown) break;
    lines.push('', `<details><summary>${text(requirement.id)} (${requirement.level})</summary>`, '', ...details, '', '</details>');
    shown++;
  }
  return shown === failed.length ? lines : [...lines, '', `… and ${failed.length - shown} more: they are in the JSON report.`];
}

/** Lines that are shown as they are: no run of backticks in them is as long as the fence. */
export function fenced(lines: string): string[] {
  const shown = lines.split('\n').map((line) => safe(line, 2_000));
  const fence = '`'.repeat(Math.max(3, ...shown.flatMap((line) => [...line.matchAll(/`+/g)].map(([run]) => run.length + 1))));
  return [`${fence}text`, ...shown, fence];
}

/** Text that is only that, on one line: what has a meaning in Markdown or HTML becomes an entity, and nobody is mentioned or linked to. */
export const text = (given: string): string =>
  safe(given, 1_000)
    .replace(/[&<>|`*_[\]#~!\\$^]|:(?=\/)|\.(?=\w)/g, (c) => `&#${c.charCodeAt(0)};`)
    .replace(/@/g, '&#64;&#8203;');
