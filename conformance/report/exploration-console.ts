import pc from 'picocolors';
import type { Exploration, ExploreProgress, PropertyResult, PropertyVerdict } from '../../model/explore/index.js';

type Colours = ReturnType<typeof pc.createColors>;

const marks: Record<PropertyVerdict, string> = { proved: '✓', witnessed: '✓', violated: '✗', vacuous: '?', bounded: '?' };

/** One exploration for people: its size, each property, the counterexamples, the totals. */
export function renderExploration(exploration: Exploration, { colour }: { colour: boolean }): string {
  const c = pc.createColors(colour);
  const { depth, variant, size, properties } = exploration;
  const counts = Object.entries(size).map(([kind, count]) => `${kind} ${count}`);
  return `${[
    c.bold(`${variant === undefined ? 'our design' : `variant ${variant}`}, ${depth} depth`) + c.dim(`: ${counts.join(', ')}`),
    ...properties.map((property) => propertyLine(property, c)),
    ...properties.filter(({ verdict }) => verdict === 'violated').flatMap((property) => counterexample(property, c)),
    totals(exploration, c),
    '',
  ].join('\n')}\n`;
}

function propertyLine({ id, kind, verdict, text, requirements, trace }: PropertyResult, c: Colours): string {
  const paint = verdict === 'violated' ? c.red : verdict === 'proved' || verdict === 'witnessed' ? c.green : c.yellow;
  const after = verdict === 'witnessed' ? ` in ${trace!.steps.length} step${trace!.steps.length === 1 ? '' : 's'}` : '';
  return `  ${paint(marks[verdict])} ${verdict.padEnd(9)} ${kind.padEnd(10)} ${id.padEnd(24)} ${text} ${c.dim(`(${requirements.join(', ')})${after}`)}`;
}

/** Numbered steps, each beside the state that it leads to. */
function counterexample({ id, text, requirements, trace, explanation }: PropertyResult, c: Colours): string[] {
  const { steps, loopFrom } = trace!;
  const width = Math.min(76, Math.max(...steps.map(({ action }) => action.length)));
  const lines = steps.flatMap(({ action, state }, i) => {
    const loop = i === loopFrom ? [`      ${c.yellow('from here on, for ever, but for names that may be interchanged:')}`] : [];
    const [first = 'nothing is registered', ...more] = state;
    // What does not fit beside its action stands below it.
    const head = action.length > width ? [`${action}`, `${' '.repeat(width)}  ${c.dim('→')} ${first}`] : [`${action.padEnd(width)}  ${c.dim('→')} ${first}`];
    const [line, ...rest] = [...head, ...more.map((one) => `${' '.repeat(width)}    ${one}`)];
    return [...loop, `  ${c.dim(`${i + 1}.`.padStart(4))}  ${line}`, ...rest.map((one) => `        ${one}`)];
  });
  const standsStill = loopFrom !== undefined && loopFrom === steps.length ? [`      ${c.yellow('and there it stays: nobody owes a step')}`] : [];
  return ['', c.bold(c.red(`✗ ${id}`)) + ` (${requirements.join(', ')})`, `  ${text}`, ...lines, ...standsStill, ...explanation.map((line) => `  ${c.red('→')} ${line}`), ''];
}

const bounds: Record<NonNullable<Exploration['bound']>, string> = {
  states: 'bounded: the budget of states is spent',
  seconds: 'bounded: the budget of time is spent',
  memory: 'bounded: the memory is full',
  interrupted: 'bounded: interrupted',
  violation: 'stopped where a property fails',
};

function totals({ states, transitions, diameter, milliseconds, bytesPerState, bound, symmetries }: Exploration, c: Colours): string {
  const figures = `${count(states)} states, ${count(transitions)} transitions, ${diameter} steps deep, ${(milliseconds / 1_000).toFixed(1)} s, ${rate(transitions, milliseconds)}, ${bytesPerState.toFixed(0)} bytes a state, ${symmetries} ${symmetries === 1 ? 'symmetry' : 'symmetries'}`;
  return `  ${bound === undefined ? '' : `${c.yellow(bounds[bound])}; `}${c.dim(figures)}`;
}

/** A line of progress, to be overwritten by the next. */
export function progressLine({ depth, pass, states, transitions, distance, frontier, bytes, milliseconds }: ExploreProgress, columns: number): string {
  // With an empty frontier all states are known, and no more are computed.
  const search = frontier > 0 ? `, frontier ${count(frontier)}, ${rate(transitions, milliseconds)}` : '';
  const line = `${depth}, ${pass}: ${count(states)} states, ${distance} steps deep${search}, ${(bytes / 2 ** 20).toFixed(0)} MiB`;
  return line.slice(0, Math.max(10, columns - 1));
}

const count = (n: number): string => n.toLocaleString('en');

const rate = (transitions: number, milliseconds: number): string => `${(transitions / Math.max(1, milliseconds) / 1_000).toFixed(2)} M transitions/s`;
