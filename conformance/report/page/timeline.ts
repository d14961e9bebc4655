import type { Timeline } from '../result.js';
import { button, count, el, figure, table } from './dom.js';
import { colour, onTheme } from './theme.js';

type Operation = Timeline['operations'][number];

const laneHeight = 26;
const barHeight = 18;
const rulerHeight = 22;
const labelWidth = 96;
const mostHeight = 440;
/** Browsers scroll over no more than this, and then some. Pixels. */
const mostWidth = 8_000_000;
/** How long an operation without an end is drawn. Pixels. */
const openWidth = 90;
/** How many operations around the chosen one are listed. */
const around = 40;

/**
 * The history of a failure: a lane for each client, a bar from each call to its answer, and in the bars that have a place in the
 * longest order that the specification allows the moment at which they take effect there. Only what is in view is drawn.
 */
export function timelineView({ operations, lanes, unit, outOf, ordered }: Timeline): HTMLElement {
  const end = Math.max(1, ...operations.map((one) => one.end ?? one.start)) * 1.02;
  const points = pointsOf(operations);
  const byLane = lanes.map((): number[] => []);
  for (const [i, { lane }] of operations.entries()) byLane[lane]?.push(i);
  const longest = byLane.map((those) => Math.max(0, ...those.map((i) => (operations[i]!.end ?? operations[i]!.start) - operations[i]!.start)));
  const firstError = errorOf(operations);
  const height = Math.min(mostHeight, rulerHeight + lanes.length * laneHeight + 4);

  const canvas = el('canvas', { tabindex: 0, role: 'application', 'aria-roledescription': 'timeline', 'aria-label': `Timeline of ${operations.length} operations of ${lanes.length} clients. Arrow keys go from operation to operation, plus and minus zoom, Home goes to the first error.` });
  const spacer = el('div', { class: 'spacer' }, canvas);
  const view = el('div', { class: 'view' }, spacer);
  const said = el('p', { class: 'chosen', 'aria-live': 'polite' }, 'Choose an operation, with the pointer or the arrow keys.');
  const listed = el('div');
  const listing = el('details', {}, el('summary', {}, 'The operations around it as a table'), listed);

  /** Pixels for each unit of time. */
  let scale = 0;
  let chosen = -1;
  let isDrawing = false;
  const plain = (): number => Math.max(50, view.clientWidth - labelWidth);
  const least = (): number => plain() / end;
  const x = (time: number): number => labelWidth + time * scale - view.scrollLeft;
  const top = (lane: number): number => rulerHeight + lane * laneHeight - view.scrollTop;
  const endOf = (one: Operation): number => one.end ?? one.start + openWidth / scale;

  const zoom = (to: number, time = (view.scrollLeft + plain() / 2) / scale, at = plain() / 2): void => {
    scale = Math.min(Math.max(to, least()), Math.max(least(), mostWidth / end));
    spacer.style.width = `${labelWidth + end * scale}px`;
    view.scrollLeft = time * scale - at;
    draw();
  };
  const choose = (i: number): void => {
    const one = operations[i];
    if (one === undefined) return;
    chosen = i;
    said.textContent = describe(one, lanes, unit);
    if (x(one.start) < labelWidth || x(one.start) > view.clientWidth - 40) view.scrollLeft = one.start * scale - plain() / 3;
    if (top(one.lane) < rulerHeight || top(one.lane) > height - laneHeight) view.scrollTop = one.lane * laneHeight - height / 3;
    if (listing.open) list();
    draw();
  };
  const jump = (): void => {
    const one = operations[firstError];
    if (one === undefined) return;
    const span = Math.max((one.end ?? one.start) - one.start, end / 1e6);
    zoom(Math.max(scale, 160 / span), one.start, plain() / 3);
    choose(firstError);
  };
  const list = (): void => {
    const from = Math.max(0, chosen - around / 2);
    const rows = operations.slice(from, from + around).map((one) => [lanes[one.lane], el('code', {}, one.text), el('code', {}, one.answer ?? ''), time(one.start, unit), one.end === undefined ? 'unknown' : time(one.end, unit), standing(one)]);
    listed.replaceChildren(table('Operations in the order of their calls', ['client', 'operation', 'answer', 'called at', 'answered at', ''], rows));
  };
  listing.addEventListener('toggle', () => listing.open && list());

  const draw = (): void => {
    if (isDrawing) return;
    isDrawing = true;
    requestAnimationFrame(() => {
      isDrawing = false;
      paint();
    });
  };

  const paint = (): void => {
    const context = canvas.getContext('2d');
    const width = view.clientWidth;
    if (context === null || width === 0) return;
    const density = devicePixelRatio;
    if (canvas.width !== Math.round(width * density) || canvas.height !== Math.round(height * density)) {
      canvas.width = Math.round(width * density);
      canvas.height = Math.round(height * density);
      canvas.style.width = `${width}px`;
      canvas.style.height = `${height}px`;
    }
    if (scale === 0) return zoom(least(), 0, 0);
    const c = { ink: colour('ink'), quiet: colour('quiet'), line: colour('line'), paper: colour('paper'), placed: colour('placed'), left: colour('left'), stuck: colour('failed'), point: colour('point'), onBar: colour('on-bar') };
    context.setTransform(density, 0, 0, density, 0, 0);
    context.fillStyle = c.paper;
    context.fillRect(0, 0, width, height);
    context.font = '12px system-ui, sans-serif';
    context.textBaseline = 'middle';
    const [from, to] = [view.scrollLeft / scale, (view.scrollLeft + width) / scale];
    const firstLane = Math.max(0, Math.floor(view.scrollTop / laneHeight));
    const lastLane = Math.min(lanes.length - 1, Math.ceil((view.scrollTop + height) / laneHeight));

    for (let lane = firstLane; lane <= lastLane; lane++) {
      context.fillStyle = c.line;
      context.fillRect(labelWidth, top(lane) + laneHeight - 1, width, 1);
      let edge = -Infinity;
      const those = byLane[lane]!;
      for (let k = firstAfter(those, operations, from - Math.max(longest[lane]!, openWidth / scale)); k < those.length; k++) {
        const i = those[k]!;
        const one = operations[i]!;
        if (one.start > to) break;
        const [a, b] = [x(one.start), Math.max(x(endOf(one)), x(one.start) + 2)];
        // What would be drawn where something has been drawn already is not seen.
        if (b <= edge + 0.5 && one.stuck !== true && one.core !== true && i !== chosen) continue;
        edge = b;
        bar(context, one, a, b, top(one.lane) + (laneHeight - barHeight) / 2, i === chosen, c);
      }
    }
    order(context, c.point, from, to, width);

    context.fillStyle = c.paper;
    context.fillRect(0, rulerHeight, labelWidth - 4, height);
    context.fillRect(0, 0, width, rulerHeight);
    context.fillStyle = c.ink;
    for (let lane = firstLane; lane <= lastLane; lane++) if (top(lane) >= rulerHeight - laneHeight / 2) context.fillText(lanes[lane]!, 2, top(lane) + laneHeight / 2, labelWidth - 8);
    ruler(context, c, width);
  };

  const bar = (context: CanvasRenderingContext2D, one: Operation, a: number, b: number, y: number, isChosen: boolean, c: Record<'ink' | 'placed' | 'left' | 'stuck' | 'paper' | 'onBar', string>): void => {
    context.fillStyle = one.stuck === true ? c.stuck : one.place === undefined && ordered ? c.left : c.placed;
    context.fillRect(a, y, b - a, barHeight);
    if (one.end === undefined) {
      // It fades away: nobody knows when it ended.
      context.fillStyle = c.paper;
      for (let at = 0; at < 4; at++) context.fillRect(b - (4 - at) * 9, y, 3 + at * 1.5, barHeight);
    }
    if (one.core === true || isChosen) {
      context.strokeStyle = c.ink;
      context.lineWidth = isChosen ? 3 : 1.5;
      context.strokeRect(a + 0.5, y + 0.5, b - a - 1, barHeight - 1);
    }
    const visible = Math.max(a, labelWidth);
    if (b - visible < 48) return;
    context.save();
    context.beginPath();
    context.rect(visible, y, b - visible - 3, barHeight);
    context.clip();
    context.fillStyle = c.onBar;
    context.fillText(`${one.text}${one.answer === undefined ? '' : ` → ${one.answer}`}`, visible + 4, y + barHeight / 2 + 1);
    context.restore();
  };

  /** The moments of the longest order, joined in their order where a line can be told from another. */
  const order = (context: CanvasRenderingContext2D, ink: string, from: number, to: number, width: number): void => {
    const first = Math.max(0, lowerBound(points.length, (i) => points[i]!.time >= from) - 1);
    const last = Math.min(points.length, lowerBound(points.length, (i) => points[i]!.time > to) + 1);
    // Closer together than this none can be told from another.
    if (last - first > width) return;
    const dots = points.slice(first, last).map(({ time: at, lane }) => [x(at), top(lane) + laneHeight / 2] as const);
    context.strokeStyle = context.fillStyle = ink;
    if (dots.length < width / 4) {
      context.lineWidth = 1;
      context.globalAlpha = 0.55;
      context.beginPath();
      for (const [px, py] of dots) context.lineTo(px, py);
      context.stroke();
      context.globalAlpha = 1;
    }
    for (const [px, py] of dots) if (py > 0 && py < height + barHeight) context.fillRect(px - 2, py - barHeight / 2, 4, barHeight);
  };

  const ruler = (context: CanvasRenderingContext2D, c: Record<'quiet', string>, width: number): void => {
    context.fillStyle = c.quiet;
    const step = 10 ** Math.ceil(Math.log10(110 / scale));
    const nice = [step / 5, step / 2, step].find((one) => one * scale >= 90) ?? step;
    for (let at = Math.floor(view.scrollLeft / scale / nice) * nice; x(at) < width; at += nice) {
      if (x(at) < labelWidth - 1) continue;
      context.fillRect(x(at), rulerHeight - 5, 1, 5);
      context.fillText(time(at, unit), x(at) + 3, rulerHeight / 2);
    }
  };

  /** What is at a point of the canvas. */
  const at = (event: MouseEvent): number => {
    const box = canvas.getBoundingClientRect();
    const lane = Math.floor((event.clientY - box.top - rulerHeight + view.scrollTop) / laneHeight);
    const when = (event.clientX - box.left - labelWidth + view.scrollLeft) / scale;
    const slack = 4 / scale;
    return (byLane[lane] ?? []).find((i) => operations[i]!.start - slack <= when && when <= endOf(operations[i]!) + slack) ?? -1;
  };
  let drag: { readonly x: number; readonly left: number; hasMoved: boolean } | undefined;
  canvas.addEventListener('pointerdown', (event) => {
    if (event.pointerType !== 'mouse') return;
    drag = { x: event.clientX, left: view.scrollLeft, hasMoved: false };
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener('pointermove', (event) => {
    if (drag === undefined) return void (canvas.title = operations[at(event)]?.text ?? '');
    drag.hasMoved ||= Math.abs(event.clientX - drag.x) > 3;
    if (drag.hasMoved) view.scrollLeft = drag.left - (event.clientX - drag.x);
  });
  canvas.addEventListener('pointerup', () => setTimeout(() => (drag = undefined)));
  canvas.addEventListener('click', (event) => drag?.hasMoved !== true && choose(at(event)));
  view.addEventListener('scroll', draw, { passive: true });
  view.addEventListener('wheel', (event) => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    const px = event.clientX - canvas.getBoundingClientRect().left - labelWidth;
    zoom(scale * Math.exp(-event.deltaY / 300), (view.scrollLeft + px) / scale, px);
  }, { passive: false });
  const neighbour = (direction: number): number => {
    const lane = operations[chosen]?.lane ?? -1;
    const middle = operations[chosen]?.start ?? 0;
    for (let next = lane + direction; next >= 0 && next < lanes.length; next += direction) {
      const [first, ...rest] = byLane[next]!;
      if (first !== undefined) return rest.reduce((best, i) => (Math.abs(operations[i]!.start - middle) < Math.abs(operations[best]!.start - middle) ? i : best), first);
    }
    return chosen;
  };
  canvas.addEventListener('keydown', (event) => {
    const acts: Readonly<Record<string, () => void>> = {
      ArrowRight: () => choose(Math.min(chosen + 1, operations.length - 1)),
      ArrowLeft: () => choose(Math.max(chosen - 1, 0)),
      ArrowDown: () => choose(neighbour(1)),
      ArrowUp: () => choose(neighbour(-1)),
      '+': () => zoom(scale * 1.5),
      '=': () => zoom(scale * 1.5),
      '-': () => zoom(scale / 1.5),
      Home: jump,
    };
    if (event.ctrlKey || event.metaKey || event.altKey || acts[event.key] === undefined) return;
    event.preventDefault();
    acts[event.key]!();
  });
  new ResizeObserver(draw).observe(view);
  onTheme.push(draw);
  spacer.style.height = `${rulerHeight + lanes.length * laneHeight + 4}px`;
  view.style.height = `${height + 18}px`;

  const shown = operations.length < outOf ? `, those nearest to what is wrong of ${count(outOf)}` : '';
  const core = operations.filter((one) => one.core === true);
  return el(
    'figure',
    { class: 'timeline' },
    el('figcaption', {}, `When ${count(operations.length)} operations of ${lanes.length} ${lanes.length === 1 ? 'client' : 'clients'} were called and answered${shown}. `, ordered ? `The longest order that the specification allows has ${count(points.length)} of them: a mark in a bar is the moment at which it takes effect there.` : 'What is wrong is not their order.'),
    el('ul', { class: 'legend' }, ...[['placed', 'has a place in the longest order'], ['left', 'has none'], ['stuck', 'should be next, and cannot']].map(([kind, text]) => el('li', {}, el('span', { class: `swatch ${kind!}` }), text)), core.length > 0 ? el('li', {}, el('span', { class: 'swatch core' }), 'contradicts others') : undefined),
    el('div', { class: 'tools no-print' }, firstError < 0 ? undefined : button('First error', jump), button('All', () => zoom(least(), 0, 0)), button('Closer', () => zoom(scale * 2)), button('Further', () => zoom(scale / 2))),
    view,
    said,
    listing,
    core.length === 0 || core.length > 60 ? undefined : table('The fewest operations that contradict each other', ['client', 'operation', 'answer', 'called at', 'answered at'], core.map((one) => [lanes[one.lane], el('code', {}, one.text), el('code', {}, one.answer ?? ''), time(one.start, unit), one.end === undefined ? 'unknown' : time(one.end, unit)])),
  );
}

/** The moments at which the operations of the longest order take effect: each as early as its call and the one before allow. */
function pointsOf(operations: readonly Operation[]): { readonly time: number; readonly lane: number }[] {
  const placed = operations.filter(({ place }) => place !== undefined).sort((a, b) => a.place! - b.place!);
  let last = 0;
  return placed.map(({ start, lane }) => ({ time: (last = Math.max(last, start)), lane }));
}

/** The first operation that is wrong, by its answer. -1 if none is marked. */
function errorOf(operations: readonly Operation[]): number {
  for (const isWrong of [(one: Operation) => one.stuck === true, (one: Operation) => one.core === true && one.end !== undefined]) {
    const wrong = operations.flatMap((one, i) => (isWrong(one) ? [i] : []));
    if (wrong.length > 0) return wrong.reduce((first, i) => ((operations[i]!.end ?? Infinity) < (operations[first]!.end ?? Infinity) ? i : first));
  }
  return -1;
}

const standing = ({ place, stuck, core }: Operation): string => [stuck === true ? 'should be next, and cannot' : place === undefined ? '' : `number ${place + 1} of the order`, core === true ? 'contradicts others' : ''].filter((part) => part !== '').join('; ');

function describe(one: Operation, lanes: readonly string[], unit: Timeline['unit']): string {
  const answer = one.answer === undefined ? '' : ` → ${one.answer}`;
  const ended = one.end === undefined ? 'of its end nothing is known' : `answered at ${time(one.end, unit)}`;
  return `${lanes[one.lane]!}: ${one.text}${answer}. Called at ${time(one.start, unit)}, ${ended}. ${standing(one)}`;
}

const time = (value: number, unit: Timeline['unit']): string => (unit === 'steps' ? `step ${Math.round(value)}` : value >= 1e9 ? `${figure(value / 1e9)} s` : value >= 1e6 || value === 0 ? `${figure(value / 1e6)} ms` : `${figure(value / 1e3)} µs`);

/** The first of `size` for which something is so that is so from there on. */
function lowerBound(size: number, isSo: (i: number) => boolean): number {
  let [low, high] = [0, size];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isSo(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

const firstAfter = (lane: readonly number[], operations: readonly Operation[], start: number): number => lowerBound(lane.length, (k) => operations[lane[k]!]!.start >= start);
