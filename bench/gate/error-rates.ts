import type { Verdict } from '../../conformance/gate/verdict.js';
import type { Repetition } from './self-test.js';

const columns: readonly Verdict[] = ['regression', 'undecided', 'pass', 'invalid'];
const titles = { idle: 'nothing else of ours running', busy: 'a spinning process for each processor' } as const;

/** How often each planted slowdown was called what, as a table. */
export function errorRates(all: readonly Repetition[]): string {
  const conditions = (['idle', 'busy'] as const).filter((condition) => all.some((one) => one.condition === condition));
  return conditions.flatMap((condition) => rows(condition, all.filter((one) => one.condition === condition))).join('\n');
}

function rows(condition: keyof typeof titles, all: readonly Repetition[]): string[] {
  const slowdowns = Object.keys(all[0]!.verdicts);
  const middle = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!;
  const loads = all.map(({ load }) => load);
  const count = (slowdown: string, verdict: Verdict): number => all.filter(({ verdicts }) => verdicts[slowdown] === verdict).length;
  // All of them, if somebody has gone on with another Node, on another machine, or at another revision.
  const different = (of: (one: Repetition) => string): string => [...new Set(all.map(of))].join(' and ');
  return [
    `**${titles[condition][0]!.toUpperCase()}${titles[condition].slice(1)}**: ${all.length} repetitions (seeds ${Math.min(...all.map(({ seed }) => seed))} to ${Math.max(...all.map(({ seed }) => seed))}), revision ${different(({ revision }) => revision)}, Node ${different(({ node }) => node)}, ${different(({ processor }) => processor)}, load of the machine ${Math.min(...loads)} to ${Math.max(...loads)}; median ${middle(all.map(({ rounds }) => rounds))} rounds and ${middle(all.map(({ seconds }) => seconds)).toFixed(0)} s a repetition of all four.`,
    '',
    `| planted | ${columns.join(' | ')} |`,
    `|---|${'---|'.repeat(columns.length)}`,
    ...slowdowns.map((slowdown) => `| ${slowdown} | ${columns.map((verdict) => `${count(slowdown, verdict)} of ${all.length}`).join(' | ')} |`),
    '',
  ];
}
