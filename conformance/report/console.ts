import pc from 'picocolors';
import { safe } from '../engine/show.js';
import { figureTable } from './figures.js';
import { chapterOf, countsLine, occurrencesOf } from './plain.js';
import type { CheckResult, Failure, LoadCoverage, ModelCoverage, ScheduleCoverage, Report, RequirementResult, Status } from './result.js';

type Colours = ReturnType<typeof pc.createColors>;

const marks: Record<Status, string> = { passed: '✓', failed: '✗', inconclusive: '?', untested: '·' };

/** A report for people: chapter by chapter, then each failure, then the verdict. */
export function renderConsole(report: Report, { colour, chapters }: { colour: boolean; chapters: (id: string) => string }): string {
  const c = pc.createColors(colour);
  const lines: string[] = [];
  const { registry } = report;
  lines.push(`${c.bold(registry.name)}${registry.version ? ` ${registry.version}` : ''}, ${registry.consistency}`, '');

  let chapter = '';
  for (const requirement of report.requirements) {
    const prefix = chapterOf(requirement.id);
    if (prefix !== chapter) {
      chapter = prefix;
      lines.push(c.bold(`${chapter}  ${chapters(chapter)}`));
    }
    lines.push(requirementLine(requirement, c));
  }
  const figures = figureTable(report);
  if (figures.length > 0) lines.push('', c.bold('Measured'), c.dim(figures[0]!), ...figures.slice(1));
  for (const requirement of report.requirements) {
    const failed = requirement.checks.filter((check) => check.failure !== undefined);
    if (failed.length > 0) lines.push('', ...failureLines(requirement, failed, c));
  }
  lines.push('', ...verdictLines(report, c));
  return `${lines.join('\n')}\n`;
}

function requirementLine(requirement: RequirementResult, c: Colours): string {
  const { id, level, status, reason, text } = requirement;
  const paint = status === 'passed' ? c.green : status === 'failed' ? (level === 'MUST' ? c.red : c.yellow) : status === 'inconclusive' ? c.yellow : c.dim;
  // How often what the requirement is about came about; of an expectation that nothing could fail nobody wants to know.
  const occurred = occurrencesOf(requirement);
  const detail = status === 'passed' ? c.dim(`${occurred} ${occurred === 1 ? 'time' : 'times'}`) : status === 'failed' ? (level === 'MUST' ? 'failed' : 'failed (SHOULD)') : c.dim(`${status}: ${reason ?? ''}`);
  return `  ${paint(marks[status])} ${id.padEnd(7)} ${shorten(text, 76)}  ${detail}`;
}

/** What failed of a requirement, without colours: the smallest counterexample first. */
export const failureText = (requirement: RequirementResult): string => failureLines(requirement, requirement.checks.filter(({ failure }) => failure !== undefined), pc.createColors(false)).join('\n');

/** The smallest counterexample in full; what other checks found is another way to see the same, mostly, and has a line that shows it. */
function failureLines({ id, level, text }: RequirementResult, checks: readonly CheckResult[], c: Colours): string[] {
  const [first, ...others] = [...checks].sort((a, b) => rowsOf(a.failure!) - rowsOf(b.failure!)) as [CheckResult, ...CheckResult[]];
  const note = ({ mayFollowFrom }: CheckResult): string[] => (mayFollowFrom === undefined ? [] : [`  ${c.dim('note')}      may follow from ${mayFollowFrom.join(', ')}, broken as well: mend that first`]);
  return [
    c.bold((level === 'MUST' ? c.red : c.yellow)(`✗ ${id} (${level})`)),
    `  ${text}`,
    '',
    `  ${c.dim('check')}     ${first.title}`,
    ...failureDetail(first.failure!, c),
    ...note(first),
    ...others.flatMap((check) => ['', `  ${c.dim('also')}      ${check.title}`, `  ${c.dim('wrong')}     ${check.failure!.message}`, `  ${c.dim('replay')}    ${check.failure!.replay}`, ...note(check)]),
  ];
}

/** How much there is to read: lines of a terminal, also for what replays it. */
const rowsOf = ({ steps, interleaving = [], replay }: Failure): number => steps.length + interleaving.length + Math.ceil(replay.length / 80);

function failureDetail(failure: Failure, c: Colours): string[] {
  const width = Math.min(60, Math.max(0, ...failure.steps.map(({ text }) => text.length)));
  return [
    `  ${c.dim('wrong')}     ${failure.message}`,
    `  ${c.dim('expected')}  ${c.green(failure.expected)}`,
    `  ${c.dim('actual')}    ${c.red(failure.actual)}`,
    ...(failure.stateBefore.length > 0 ? [`  ${c.dim('before')}    ${failure.stateBefore[0]}`, ...failure.stateBefore.slice(1).map((line) => `            ${line}`)] : []),
    ...(failure.interleaving === undefined ? [] : columnsOf(failure.interleaving, c)),
    ...failure.steps.map(({ text, answer }, i) => `  ${c.dim(`${i + 1}.`.padStart(8))}  ${text.padEnd(width)}  ${c.dim('→')} ${answer}`),
    `  ${c.dim('replay')}    ${failure.replay}`,
  ];
}

/** A column for each client, a row for each step; `⇄` where one is interrupted that could have gone on. */
export function columnsOf(rows: NonNullable<Failure['interleaving']>, c: Colours): string[] {
  const clients = 1 + Math.max(-1, ...rows.map(({ client }) => client ?? -1));
  const widths = Array.from({ length: clients }, (_, client) => Math.max(10, ...rows.filter((row) => row.client === client).map(({ text }) => text.length)));
  const before = (client: number): number => widths.slice(0, client).reduce((sum, width) => sum + width + 3, 0);
  const head = widths.map((width, client) => `client ${client + 1}`.padEnd(width)).join('   ');
  let number = 0;
  return [
    `            ${c.dim(head.trimEnd())}`,
    ...rows.map(({ client, text, switch: interrupts }) => `  ${c.dim(`${++number}.`.padStart(6))} ${interrupts ? c.yellow('⇄') : ' '} ${client === undefined ? c.dim(text) : `${' '.repeat(before(client))}${text}`}`),
  ];
}

function verdictLines({ verdict, interrupted, counts, seed, runs, sequences, milliseconds, requirements, model, schedules, load, baseline }: Report, c: Colours): string[] {
  const paint = verdict === 'conformant' ? c.green : verdict === 'not conformant' ? c.red : c.yellow;
  const failed = requirements.filter(({ status, level }) => status === 'failed' && level === 'MUST').map(({ id }) => id);
  return [
    c.bold(paint(verdict.toUpperCase())) + (failed.length > 0 ? `: ${failed.join(', ')}` : '') + (interrupted ? ' (interrupted: this is what was found so far)' : ''),
    countsLine({ counts }),
    ...baselineLines(baseline, c),
    ...(model === undefined ? [] : coverageLines(model, c)),
    ...(schedules === undefined ? [] : [scheduleLine(schedules)]),
    ...(load === undefined ? [] : loadLines(load, c)),
    c.dim(`seed ${seed}, ${runs} runs asked for, ${sequences} random sequences, ${(milliseconds / 1000).toFixed(1)} s`),
  ];
}

function baselineLines(baseline: Report['baseline'], c: Colours): string[] {
  if (baseline === undefined) return [];
  const { outcome, entries, unexpected } = baseline;
  const said = { met: c.green('as expected'), broken: c.red('not as expected'), inconclusive: c.yellow('whether it is as expected could not be told') }[outcome];
  const kept = entries.filter(({ state }) => state !== 'stale');
  return [
    `${c.bold(said)}${unexpected.length > 0 ? `: not on the list: ${unexpected.join(', ')}` : ''}`,
    ...entries.filter(({ state }) => state === 'stale').map(({ id, reason }) => `  ${c.red('stale')}  ${safe(id)} passes, although it is listed (${safe(reason)}): take it off the list`),
    ...kept.map(({ id, list, state, reason }) => c.dim(`  ${list === 'flaky' ? 'known to be flaky' : 'expected'}  ${safe(id)} ${state}: ${safe(reason)}`)),
  ];
}

function coverageLines({ states, transitions, guards, disagreements, unreachable }: ModelCoverage, c: Colours): string[] {
  const share = ({ covered, reachable }: { covered: number; reachable: number }, what: string): string => `${covered} of ${reachable} ${what}`;
  const wrong = disagreements > 0 ? `; ${disagreements} ${disagreements === 1 ? 'disagrees' : 'disagree'}` : '';
  return [
    `model: ${share(states, 'states')}, ${share(transitions, 'transitions')}, ${share(guards, 'guard outcomes')}${wrong}`,
    ...unreachable.map(({ reason, transitions: count }) => c.dim(`  ${count} of ${transitions.total} transitions cannot be reached: ${reason}`)),
  ];
}

function scheduleLine({ programs, exhausted, run, random, outOf, commands, late }: ScheduleCoverage): string {
  const all = outOf > run ? ` of about ${outOf < 1e6 ? outOf.toLocaleString('en') : outOf.toExponential(1)}` : '';
  const end = late ? '; then the time was over' : '';
  return `overlap: ${run.toLocaleString('en')} schedules run${all}, ${random.toLocaleString('en')} of them at random, of ${programs} programs; every one of ${exhausted}; ${commands.toLocaleString('en')} runs of random commands${end}`;
}

function loadLines({ spread, access, clients, loads, asked, operations, judged, lost, overlapping, perSecond, abandoned, verdict }: LoadCoverage, c: Colours): string[] {
  const number = (count: number): string => count.toLocaleString('en');
  const where = spread === 'tasks' ? 'tasks of one event loop' : `${spread}, ${access === 'served' ? 'the registry in that of the run' : 'each a client of the registry'}`;
  return [
    `load: ${clients} clients (${where}) and once 1,000, ${loads} loads of ${number(asked)} operations together, ${number(operations)} made; ${number(judged)} judged, ${verdict}; ${Math.round(100 * overlapping)} % overlapped, ${number(lost)} lost, ${number(perSecond)}/s`,
    ...abandoned.map((one) => c.dim(`  ${one}`)),
  ];
}

const shorten = (text: string, width: number): string => {
  const plain = safe(text, 1_000);
  return (plain.length > width ? `${plain.slice(0, width - 1)}…` : plain).padEnd(width);
};
