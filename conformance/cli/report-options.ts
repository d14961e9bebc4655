import { InvalidArgumentError, type Command } from 'commander';
import { resolve } from 'node:path';
import { chapters } from '../../spec/index.js';
import { renderBadge } from '../report/badge.js';
import { renderConsole } from '../report/console.js';
import { renderHtml } from '../report/html.js';
import { renderJUnit } from '../report/junit.js';
import { renderMarkdown } from '../report/markdown.js';
import type { Report } from '../report/result.js';
import { isColoured } from './colour.js';
import { UsageError } from './exit.js';
import { jsonOf, writeText } from './write-file.js';

/** The files that a report is to be written to, by format. */
export type ReportOptions = Partial<Record<Format, string>>;

type Format = keyof typeof formats;

export const chapterTitle = (prefix: string): string => chapters.find((chapter) => chapter.prefix === prefix)?.title ?? '';

/** Every way to write a report to a file: what it is for, and how it is made. */
const formats = {
  json: { what: 'as JSON', render: jsonOf },
  junit: { what: 'as JUnit XML', render: (report: Report) => renderJUnit(report, chapterTitle) },
  markdown: { what: 'as Markdown, for the summary of a CI job', render: (report: Report) => renderMarkdown(report, chapterTitle) },
  html: { what: 'as one HTML page', render: (report: Report) => renderHtml(report, chapterTitle) },
  badge: { what: 'in a badge (SVG)', render: renderBadge },
} as const satisfies Record<string, { readonly what: string; readonly render: (report: Report) => string }>;

const names = Object.keys(formats) as Format[];

/** The file name that stands for the standard output. */
const standardOutput = '-';

export function withReportOptions(command: Command): Command {
  for (const name of names) command.option(`--${name} <file>`, `write the verdict ${formats[name].what}${name === 'json' ? '; - is the standard output, which then holds nothing else' : ''}`, fileName);
  return command;
}

function fileName(value: string): string {
  if (value === '') throw new InvalidArgumentError('name a file.');
  return value;
}

/** Finds out before the run, not after it, whether all reports can be written. */
export function probeReports(options: ReportOptions): void {
  const taken = new Map<string, Format>();
  for (const name of names) {
    const file = options[name];
    if (file === undefined) continue;
    const path = file === standardOutput ? file : resolve(file);
    if (taken.has(path)) throw new UsageError(`--${taken.get(path)!} and --${name} would both write ${file}: give each a file of its own`);
    taken.set(path, name);
    if (file !== standardOutput) writeText(file, undefined);
  }
}

/** Writes all reports, and prints one for people: to the standard error where the standard output is taken. */
export function writeReports(report: Report, options: ReportOptions): void {
  const isTaken = names.some((name) => options[name] === standardOutput);
  const stream = isTaken ? process.stderr : process.stdout;
  stream.write(renderConsole(report, { colour: isColoured(stream), chapters: chapterTitle }));
  for (const name of names) {
    const file = options[name];
    if (file === undefined) continue;
    const text = formats[name].render(report);
    if (file === standardOutput) process.stdout.write(text);
    else writeText(file, text);
  }
}
