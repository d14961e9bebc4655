import { failureText } from './console.js';
import { expectationOf } from './baseline.js';
import { byChapter, countsLine, millisecondsOf, occurrencesOf, registryName } from './plain.js';
import type { Report, RequirementResult } from './result.js';

/**
 * The report as JUnit XML: a suite for each chapter, a test for each requirement. A broken MUST is a failure, what is inconclusive an
 * error. Skipped is whatever neither passed nor fails the run: the untested, a broken SHOULD, failures that are expected or flaky.
 * The time of a test is that of its checks, of which some judge several requirements at once: it counts for each.
 */
export function renderJUnit(report: Report, chapters: (prefix: string) => string): string {
  const suites = [...byChapter(report.requirements)].map(([prefix, requirements]) => suiteOf(`${prefix} ${chapters(prefix)}`.trim(), requirements, report));
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name=${quoted(registryName(report))} ${totals(suites.map(({ counts }) => counts))} time="${seconds(report.milliseconds)}">`,
    ...suites.map(({ lines }) => lines),
    '</testsuites>',
    '',
  ].flat().join('\n');
}

interface Counts {
  readonly tests: number;
  readonly failures: number;
  readonly errors: number;
  readonly skipped: number;
}

function suiteOf(name: string, requirements: readonly RequirementResult[], report: Report): { readonly counts: Counts; readonly lines: readonly string[] } {
  const outcomes = requirements.map((requirement) => outcomeOf(requirement, report));
  const count = (kind: string): number => outcomes.filter((outcome) => outcome?.kind === kind).length;
  const counts = { tests: requirements.length, failures: count('failure'), errors: count('error'), skipped: count('skipped') };
  const milliseconds = requirements.reduce((sum, requirement) => sum + millisecondsOf(requirement), 0);
  return {
    counts,
    lines: [
      `  <testsuite name=${quoted(name)} ${totals([counts])} time="${seconds(milliseconds)}">`,
      '    <properties>',
      ...Object.entries({ specification: report.specification, verdict: report.verdict, seed: report.seed, counts: countsLine(report) }).map(([key, value]) => `      <property name="${key}" value=${quoted(String(value))}/>`),
      '    </properties>',
      ...requirements.flatMap((requirement, i) => testCase(name, requirement, outcomes[i])),
      '  </testsuite>',
    ],
  };
}

interface Outcome {
  readonly kind: 'failure' | 'error' | 'skipped';
  readonly message: string;
  readonly type: string;
}

function outcomeOf({ id, status, level, reason, checks }: RequirementResult, report: Report): Outcome | undefined {
  const expectation = expectationOf(report, id);
  if (expectation?.state === 'stale') return { kind: 'failure', type: 'stale', message: `passes, although it is listed as an expected failure (${expectation.reason}): take it off the list` };
  if (status === 'passed') return undefined;
  const wrong = checks.find(({ failure }) => failure !== undefined)?.failure?.message ?? reason ?? status;
  if (expectation !== undefined && status !== 'untested') return { kind: 'skipped', type: expectation.list, message: `${expectation.list === 'flaky' ? 'known to be flaky' : 'expected'} (${expectation.reason}): ${wrong}` };
  if (status === 'failed') return level === 'MUST' ? { kind: 'failure', type: 'MUST', message: wrong } : { kind: 'skipped', type: 'SHOULD', message: `warning, a SHOULD is broken: ${wrong}` };
  return { kind: status === 'inconclusive' ? 'error' : 'skipped', type: status, message: `${status}: ${wrong}` };
}

function testCase(suite: string, requirement: RequirementResult, outcome: Outcome | undefined): string[] {
  const open = `    <testcase classname=${quoted(suite)} name=${quoted(`${requirement.id} ${requirement.text}`)} time="${seconds(millisecondsOf(requirement))}"`;
  if (outcome === undefined) return [`${open}/>`];
  const { kind, type, message } = outcome;
  const details = requirement.checks.some(({ failure }) => failure !== undefined) ? failureText(requirement) : `came about: ${occurrencesOf(requirement)}`;
  const attributes = `message=${quoted(message)}${kind === 'skipped' ? '' : ` type=${quoted(type)}`}`;
  // A skipped test has no text in the schemas that are about: what is wrong all the same is its output.
  return kind === 'skipped'
    ? [`${open}>`, `      <skipped ${attributes}/>`, ...(requirement.status === 'failed' ? [`      <system-out>${escaped(details)}</system-out>`] : []), '    </testcase>']
    : [`${open}>`, `      <${kind} ${attributes}>${escaped(details)}</${kind}>`, '    </testcase>'];
}

const totals = (all: readonly Counts[]): string => (['tests', 'failures', 'errors', 'skipped'] as const).map((key) => `${key}="${all.reduce((sum, counts) => sum + counts[key], 0)}"`).join(' ');

const seconds = (milliseconds: number): string => (milliseconds / 1_000).toFixed(3);

/** What XML 1.0 has no place for, not even as an entity; and what nobody should take for something else. */
const impossible = /[^\t\n\r\u0020-\u007e\u00a0-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]|[\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/gu;

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', '\t': '&#9;', '\n': '&#10;', '\r': '&#13;' };

const possible = (text: string): string => text.replace(impossible, (c) => `\\u{${c.codePointAt(0)!.toString(16)}}`);
const escaped = (text: string): string => possible(text).replace(/[&<>\r]/g, (c) => entities[c]!);
const quoted = (text: string): string => `"${possible(text).replace(/[&<>"\t\n\r]/g, (c) => entities[c]!)}"`;
