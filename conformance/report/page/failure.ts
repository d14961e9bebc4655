import type { Failure } from '../result.js';
import { button, el, table } from './dom.js';
import { timelineView } from './timeline.js';

/** What a failed check shows. */
export function failureView({ message, expected, actual, stateBefore, steps, interleaving, timeline, replay }: Failure): HTMLElement {
  return el(
    'div',
    { class: 'failure' },
    el('p', { class: 'wrong' }, message),
    el(
      'dl',
      { class: 'difference' },
      el('div', { class: 'expected' }, el('dt', {}, 'expected'), el('dd', {}, expected)),
      el('div', { class: 'actual' }, el('dt', {}, 'actual'), el('dd', {}, actual)),
      ...(stateBefore.length > 0 ? [el('div', {}, el('dt', {}, 'held before'), el('dd', {}, el('ul', {}, ...stateBefore.map((line) => el('li', {}, line)))))] : []),
    ),
    ...(steps.length > 0 ? [table('The operations, one after the other', ['', 'operation', 'answer'], steps.map(({ text, answer }, i) => [String(i + 1), el('code', {}, text), el('code', {}, answer)]))] : []),
    ...(interleaving === undefined || interleaving.length === 0 ? [] : [interleavingView(interleaving)]),
    ...(timeline === undefined ? [] : [timelineView(timeline)]),
    replayView(replay),
  );
}

/** A column for each client, a row for each step; a bar from each call to its answer, and a mark where a client is interrupted. */
function interleavingView(rows: NonNullable<Failure['interleaving']>): HTMLElement {
  const clients = Math.min(64, 1 + Math.max(-1, ...rows.map(({ client }) => client ?? -1)));
  const open = Array.from({ length: clients }, () => false);
  const body = rows.map(({ client, text, switch: interrupts }, i) => {
    const number = el('th', { scope: 'row' }, String(i + 1), interrupts ? el('span', { class: 'switches-here', title: 'another client comes in between' }, ' ⇄', el('span', { class: 'hidden' }, ' another client comes in between')) : undefined);
    if (client === undefined || client >= clients) return el('tr', { class: 'nobodys' }, number, el('td', { colspan: Math.max(1, clients) }, text));
    const isAnswer = text.includes(' → ');
    const cells = open.map((isOpen, column) => {
      if (column !== client) return el('td', { class: isOpen ? 'open' : undefined });
      const place = isAnswer ? (isOpen ? 'ends' : 'at-once') : isOpen ? 'open goes-on' : 'begins';
      return el('td', { class: place }, el('code', {}, text));
    });
    open[client] = !isAnswer;
    return el('tr', {}, number, ...cells);
  });
  return el(
    'div',
    { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'How the clients took turns' },
    el(
      'table',
      { class: 'interleaving' },
      el('caption', { class: 'quiet' }, 'How the clients took turns: time runs downwards, a bar is an open call'),
      el('thead', {}, el('tr', {}, el('th', { scope: 'col' }, el('span', { class: 'hidden' }, 'step')), ...Array.from({ length: clients }, (_, client) => el('th', { scope: 'col' }, `client ${client + 1}`)))),
      el('tbody', {}, ...body),
    ),
  );
}

function replayView(replay: string): HTMLElement {
  const line = el('code', { class: 'replay', tabindex: 0 }, replay);
  const copy = button('Copy', () => {
    void navigator.clipboard.writeText(replay).then(
      () => void (copy.textContent = 'Copied'),
      // Where there is no clipboard, the line is chosen, to be copied by hand.
      () => getSelection()?.selectAllChildren(line),
    );
  }, { class: 'no-print' });
  return el('div', { class: 'replays' }, el('span', { class: 'quiet' }, 'replay'), line, copy);
}
