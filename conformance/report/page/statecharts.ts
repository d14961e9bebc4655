import type { MachineCoverage, Report } from '../result.js';
import { count, el, svg, table } from './dom.js';

type Transition = MachineCoverage['transitions'][number];
type Standing = 'covered' | 'missed' | 'unreachable';

const standingOf = ({ covered, reachable }: { readonly covered: boolean; readonly reachable: boolean }): Standing => (covered ? 'covered' : reachable ? 'missed' : 'unreachable');
const words: Record<Standing, string> = { covered: 'came about', missed: 'did not come about', unreachable: 'cannot come about with this adapter, or at this size' };

/** The machines of the model, with what of them came about. */
export function statecharts({ model }: Report): { readonly element: HTMLElement; readonly ready?: () => void }[] {
  if (model?.machines === undefined) return [];
  const { states, transitions, guards, disagreements, unreachable } = model;
  const element = el(
    'section',
    { id: 'model', 'aria-labelledby': 'model-title' },
    el('h2', { id: 'model-title' }, 'The model, and what of it came about'),
    el('p', {}, `The registry was walked through ${count(states.covered)} of ${count(states.reachable)} states and ${count(transitions.covered)} of ${count(transitions.reachable)} transitions of the whole model; ${count(guards.covered)} of ${count(guards.reachable)} outcomes of guards came about; ${disagreements === 0 ? 'all agree' : `${count(disagreements)} disagree`}.`),
    ...(unreachable.length === 0 ? [] : [el('ul', { class: 'quiet' }, ...unreachable.map(({ reason, transitions: those }) => el('li', {}, `${count(those)} of ${count(transitions.total)} transitions cannot be reached: ${reason}`)))]),
    el('ul', { class: 'legend' }, ...(Object.keys(words) as Standing[]).map((standing) => el('li', {}, el('span', { class: `swatch ${standing}` }), words[standing]))),
    ...model.machines.map(machineView),
  );
  return [{ element }];
}

function machineView(machine: MachineCoverage): HTMLElement {
  const { name, title, transitions } = machine;
  const covered = transitions.filter((one) => one.covered).length;
  const reachable = transitions.filter((one) => one.reachable).length;
  return el(
    'details',
    { class: 'machine', id: `machine-${name}`, open: true },
    el('summary', {}, el('strong', {}, title), el('span', { class: 'quiet' }, ` ${covered} of ${reachable} transitions`)),
    el('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': `Statechart: ${title}` }, drawing(machine)),
    el(
      'details',
      {},
      el('summary', {}, 'Its transitions'),
      table(`Transitions of ${name}`, ['', 'from', 'event', 'to', 'does', ''], transitions.map((one, i) => [String(i + 1), one.from, label(one), one.to, one.effects.join(', '), el('span', { class: `standing ${standingOf(one)}` }, words[standingOf(one)])])),
    ),
  );
}

const label = ({ event, guard }: Transition): string => `${event}${guard === undefined ? '' : ` [${guard}]`}`;

const nodeHeight = 34;
const lineHeight = 15;

/** States in a row; what leads forward is an arc above them, what leads back one below, what stays a list over its state. */
function drawing({ name, states, transitions, initial, title }: MachineCoverage): SVGSVGElement {
  const arrow = `url(#arrow-${name})`;
  const arcs = new Map<string, { readonly from: number; readonly to: number; readonly those: { readonly transition: Transition; readonly number: number }[] }>();
  const indexOf = (wanted: string): number => states.findIndex((state) => state.name === wanted);
  for (const [i, transition] of transitions.entries()) {
    const key = `${transition.from} ${transition.to}`;
    if (!arcs.has(key)) arcs.set(key, { from: indexOf(transition.from), to: indexOf(transition.to), those: [] });
    arcs.get(key)!.those.push({ transition, number: i + 1 });
  }
  const all = [...arcs.values()];
  // Wide enough for the name of a state, and for what stands over it and over the arc to the next.
  const wide = (text: string): number => text.length * 6.6 + 26;
  const widest = Math.max(...transitions.map((one) => wide(label(one))), 90);
  const gap = Math.max(...states.map(({ name }) => wide(name)), 0) + widest * 0.9 + 40;
  const x = (state: number): number => widest / 2 + 40 + state * gap;
  const nodeWidth = (state: number): number => Math.max(70, wide(states[state]!.name));
  const side = (isUp: boolean): { height: number; shapes: SVGElement[] } => {
    // Short arcs lie within long ones.
    const mine = all.filter(({ from, to }) => (isUp ? to >= from : to < from)).sort((a, b) => Math.abs(a.to - a.from) - Math.abs(b.to - b.from));
    const levels: number[] = states.map(() => 0);
    let height = 0;
    const shapes = mine.flatMap(({ from, to, those }) => {
      const [low, high] = [Math.min(from, to), Math.max(from, to)];
      const base = Math.max(...levels.slice(low, high + 1)) + (low === high ? 8 : 22);
      const reach = base + those.length * lineHeight + 6;
      for (let i = low; i <= high; i++) levels[i] = reach;
      height = Math.max(height, reach);
      const standings = new Set(those.map(({ transition }) => standingOf(transition)));
      const kind = standings.has('covered') ? 'covered' : standings.has('missed') ? 'missed' : 'unreachable';
      const sign = isUp ? -1 : 1;
      const start = (nodeHeight / 2) * sign;
      const middle = (x(from) + x(to)) / 2;
      const shift = from === to ? 0 : (to > from ? 1 : -1) * 14;
      const path = from === to
        ? svg('path', { class: `arc ${kind}`, d: `M ${x(from) - 16} ${start} v ${sign * (base - 2)} h 32 v ${-sign * (base - 2)}`, 'marker-end': arrow })
        : svg('path', { class: `arc ${kind}`, d: `M ${x(from) + shift} ${start} L ${x(from) + shift * 1.4} ${start + sign * base} L ${x(to) - shift * 1.4} ${start + sign * base} L ${x(to) - shift} ${start + sign * 3}`, 'marker-end': arrow });
      const texts = those.map(({ transition, number }, line) => svg('text', { class: `label ${standingOf(transition)}`, x: middle, y: start + sign * (base + 4 + (isUp ? line : line + 0.75) * lineHeight), 'text-anchor': 'middle' }, `${number} ${label(transition)}`));
      return [path, ...texts];
    });
    return { height, shapes };
  };
  const [up, down] = [side(true), side(false)];
  const width = x(states.length - 1) + widest / 2 + 40;
  const total = up.height + down.height + nodeHeight + 24;
  const nodes = states.map((state, i) => [
    svg('rect', { class: `state ${standingOf(state)}`, x: x(i) - nodeWidth(i) / 2, y: -nodeHeight / 2, width: nodeWidth(i), height: nodeHeight, rx: 8 }),
    svg('text', { class: 'name', x: x(i), y: 4, 'text-anchor': 'middle' }, state.name),
    ...(state.name === initial ? [svg('circle', { class: 'initial', cx: x(i) - nodeWidth(i) / 2 - 16, cy: 0, r: 5 }), svg('path', { class: 'arc covered', d: `M ${x(i) - nodeWidth(i) / 2 - 11} 0 h 8`, 'marker-end': arrow })] : []),
  ]).flat();
  return svg(
    'svg',
    { class: 'statechart', role: 'img', 'aria-label': `${title}: states ${states.map(({ name }) => name).join(', ')}; the table below has its transitions`, width, height: total, viewBox: `0 ${-(up.height + nodeHeight / 2 + 12)} ${width} ${total}` },
    svg('defs', {}, svg('marker', { id: `arrow-${name}`, viewBox: '0 0 8 8', refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: 'auto-start-reverse' }, svg('path', { d: 'M 0 0 L 8 4 L 0 8 z', fill: 'context-stroke' }))),
    ...up.shapes,
    ...down.shapes,
    ...nodes,
  );
}
