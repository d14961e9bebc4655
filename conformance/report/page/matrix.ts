import type { Baseline, CheckResult, RequirementResult, Status } from '../result.js';
import { button, count, duration, el, prose } from './dom.js';
import { failureView } from './failure.js';
import type { PageData } from './page.js';

const marks: Record<Status, string> = { passed: '✓', failed: '✗', inconclusive: '?', untested: '·' };
const statuses = Object.keys(marks) as Status[];

interface Row {
  readonly requirement: RequirementResult;
  readonly element: HTMLDetailsElement;
  /** Everything that can be searched, in lower case. */
  readonly text: string;
  /** Fills it in, the first time that somebody wants to see it. */
  readonly fill: () => void;
}

interface Chapter {
  readonly prefix: string;
  readonly element: HTMLElement;
  readonly rows: readonly Row[];
}

/** Every requirement by chapter, with what is found in it by filter, search and link. */
export function matrix({ report, chapters: titles }: PageData): { readonly element: HTMLElement; readonly ready: () => void } {
  const prefixes = [...new Set(report.requirements.map(({ id }) => id.replace(/-\d+$/, '')))];
  const chapters = prefixes.map((prefix) => chapterOf(prefix, titles[prefix] ?? '', report.requirements.filter(({ id }) => id.startsWith(`${prefix}-`)), report.baseline?.entries ?? []));
  const rows = chapters.flatMap((chapter) => chapter.rows);

  const search = el('input', { type: 'search', id: 'search', placeholder: 'id, text, what went wrong' });
  const only = el('select', { id: 'chapter' }, el('option', { value: '' }, 'all chapters'), ...prefixes.map((prefix) => el('option', { value: prefix }, `${prefix} ${titles[prefix] ?? ''}`)));
  const wanted = new Set<Status>();
  const switches = statuses.map((status) => {
    const made = button(`${marks[status]} ${status} ${rows.filter(({ requirement }) => requirement.status === status).length}`, () => {
      if (!wanted.delete(status)) wanted.add(status);
      apply(true);
    }, { class: `switch ${status}`, 'aria-pressed': 'false' });
    return { status, made };
  });
  const shown = el('p', { role: 'status', class: 'quiet' });

  const apply = (isChosen: boolean): void => {
    const words = search.value.toLowerCase().split(/\s+/).filter((word) => word !== '');
    let visible = 0;
    for (const { prefix, element, rows: those } of chapters) {
      let any = false;
      for (const { requirement, element: row, text } of those) {
        row.hidden = (wanted.size > 0 && !wanted.has(requirement.status)) || (only.value !== '' && only.value !== prefix) || !words.every((word) => text.includes(word));
        any ||= !row.hidden;
        if (!row.hidden) visible++;
      }
      element.hidden = !any;
    }
    for (const { status, made } of switches) made.setAttribute('aria-pressed', String(wanted.has(status)));
    shown.textContent = visible === rows.length ? `${rows.length} requirements` : `${visible} of ${rows.length} requirements`;
    if (!isChosen) return;
    const state = new URLSearchParams();
    if (wanted.size > 0) state.set('status', [...wanted].join(' '));
    if (only.value !== '') state.set('chapter', only.value);
    if (search.value !== '') state.set('q', search.value);
    history.replaceState(null, '', state.size > 0 ? `#?${state.toString()}` : '#');
  };
  const clear = (): void => {
    wanted.clear();
    search.value = only.value = '';
    apply(true);
  };

  /** `#REG-1` opens a requirement, `#?status=failed&q=late` filters. */
  const follow = (): void => {
    const hash = location.hash.slice(1);
    const row = rows.find(({ requirement }) => requirement.id === hash);
    if (row !== undefined) {
      if (row.element.hidden) {
        wanted.clear();
        search.value = only.value = '';
        apply(false);
      }
      row.fill();
      row.element.open = true;
      row.element.scrollIntoView({ block: 'start' });
      row.element.querySelector('summary')!.focus({ preventScroll: true });
    } else if (hash.startsWith('?')) {
      const state = new URLSearchParams(hash.slice(1));
      wanted.clear();
      for (const status of state.get('status')?.split(' ') ?? []) if ((statuses as string[]).includes(status)) wanted.add(status as Status);
      only.value = prefixes.find((prefix) => prefix === state.get('chapter')) ?? '';
      search.value = state.get('q') ?? '';
      apply(false);
    }
  };

  const openAll = (isOpen: boolean) => (): void => {
    for (const row of rows) if (!row.element.hidden) {
      if (isOpen) row.fill();
      row.element.open = isOpen;
    }
  };
  search.addEventListener('input', () => apply(true));
  only.addEventListener('change', () => apply(true));
  addEventListener('hashchange', follow);
  // On paper nobody can open anything: what failed is shown.
  addEventListener('beforeprint', () => {
    for (const { requirement, element, fill } of rows) {
      if (requirement.status !== 'failed') continue;
      fill();
      element.open = true;
    }
  });

  const element = el(
    'section',
    { id: 'requirements', 'aria-labelledby': 'requirements-title' },
    el('h2', { id: 'requirements-title', tabindex: -1 }, 'Requirements'),
    el(
      'div',
      { class: 'filters no-print', role: 'search' },
      el('span', { class: 'field' }, el('label', { for: 'search' }, 'Search'), search),
      el('span', { class: 'field' }, el('label', { for: 'chapter' }, 'Chapter'), only),
      el('span', { class: 'switches', role: 'group', 'aria-label': 'Show only' }, ...switches.map(({ made }) => made)),
      el('span', { class: 'switches' }, button('Clear', clear), button('Open all', openAll(true)), button('Close all', openAll(false))),
      shown,
    ),
    ...chapters.map((chapter) => chapter.element),
  );
  return {
    element,
    ready: () => {
      apply(false);
      // When the browser has gone to where the link leads by itself: that takes the focus away.
      addEventListener('load', () => requestAnimationFrame(follow));
    },
  };
}

function chapterOf(prefix: string, title: string, requirements: readonly RequirementResult[], expected: Baseline['entries']): Chapter {
  const rows = requirements.map((requirement) => rowOf(requirement, expected.find(({ requirements: meant }) => meant.includes(requirement.id))));
  const passed = requirements.filter(({ status }) => status === 'passed').length;
  const element = el(
    'section',
    { class: 'chapter', 'aria-labelledby': `chapter-${prefix}` },
    el('h3', { id: `chapter-${prefix}` }, el('span', { class: 'id' }, prefix), ` ${title} `, el('span', { class: 'quiet' }, `${passed} of ${requirements.length} passed`)),
    el('div', { class: 'columns quiet', 'aria-hidden': 'true' }, el('span'), el('span', {}, 'id'), el('span', {}, 'says'), el('span', {}, 'came about'), el('span', {}, 'took')),
    ...rows.map((row) => row.element),
  );
  return { prefix, element, rows };
}

function rowOf(requirement: RequirementResult, expectation: Baseline['entries'][number] | undefined): Row {
  const { id, level, text, status, reason, checks } = requirement;
  const occurred = checks.reduce((sum, { situation }) => sum + situation.occurred, 0);
  const took = checks.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  const kind = status === 'failed' && level === 'SHOULD' ? 'warning' : status;
  const note = expectation === undefined ? '' : `${expectation.list === 'flaky' ? 'known to be flaky' : 'expected to fail'}${expectation.state === 'stale' ? ', but passes' : ''}: ${expectation.reason}`;
  const element = el(
    'details',
    { id, class: `requirement ${kind}` },
    el(
      'summary',
      {},
      el('span', { class: 'mark', title: kind }, el('span', { 'aria-hidden': 'true' }, marks[status]), el('span', { class: 'hidden' }, kind)),
      el('span', { class: 'id' }, id),
      el('span', { class: 'says' }, ...prose(text), reason === undefined ? undefined : el('span', { class: 'reason quiet' }, ` ${status}: ${reason}`), note === '' ? undefined : el('span', { class: 'reason quiet' }, note)),
      el('span', { class: 'number' }, el('span', { class: 'unit' }, 'came about '), count(occurred)),
      el('span', { class: 'number' }, el('span', { class: 'unit' }, 'took '), checks.length === 0 ? '' : duration(took)),
    ),
  );
  let isFilled = false;
  const fill = (): void => {
    if (isFilled) return;
    isFilled = true;
    element.append(el('div', { class: 'body' }, el('p', { class: 'quiet' }, `${level}. `, el('a', { href: `#${id}` }, `Link to ${id}`)), ...checks.map(checkView)));
  };
  element.addEventListener('toggle', () => element.open && fill());
  const words = [id, level, text, status, reason ?? '', note, ...checks.flatMap(({ title, reason: why, failure }) => [title, why ?? '', failure?.message ?? '', failure?.expected ?? '', failure?.actual ?? ''])];
  return { requirement, element, text: words.join(' ').toLowerCase(), fill };
}

function checkView({ title, status, evidence, situation, milliseconds, reason, failure, mayFollowFrom }: CheckResult): HTMLElement {
  return el(
    'article',
    { class: `check ${status}` },
    el('h4', {}, el('span', { 'aria-hidden': 'true' }, `${marks[status]} `), title, el('span', { class: 'hidden' }, `, ${status}`)),
    el('p', { class: 'quiet' }, `${situation.what}: ${count(situation.occurred)} times; ${count(evidence)} expectations put to the test; ${duration(milliseconds)}`),
    reason === undefined ? undefined : el('p', {}, `${status}: ${reason}`),
    ...(mayFollowFrom === undefined ? [] : [el('p', { class: 'note' }, 'May follow from ', ...mayFollowFrom.flatMap((cause, i) => [i === 0 ? '' : ', ', el('a', { href: `#${cause}` }, cause)]), ', broken as well: mend that first.')]),
    ...(failure === undefined ? [] : [failureView(failure)]),
  );
}
