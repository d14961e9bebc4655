export type Child = Node | string | undefined;

interface Attributes {
  readonly [name: string]: string | number | boolean | undefined;
}

/** An element. Text goes in as text: nothing on this page is ever parsed as HTML. */
export function el<Tag extends keyof HTMLElementTagNameMap>(tag: Tag, attributes: Attributes = {}, ...children: readonly Child[]): HTMLElementTagNameMap[Tag] {
  return filled(document.createElement(tag), attributes, children);
}

export function svg<Tag extends keyof SVGElementTagNameMap>(tag: Tag, attributes: Attributes = {}, ...children: readonly Child[]): SVGElementTagNameMap[Tag] {
  return filled(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, children);
}

function filled<E extends Element>(element: E, attributes: Attributes, children: readonly Child[]): E {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    element.setAttribute(name, value === true ? '' : String(value));
  }
  element.append(...children.filter((child) => child !== undefined));
  return element;
}

/** A table with a head; the cells of the first column are heads of their rows. */
export function table(caption: string, head: readonly string[], rows: readonly (readonly Child[])[]): HTMLElement {
  return el(
    'div',
    { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': caption },
    el(
      'table',
      {},
      el('caption', { class: 'quiet' }, caption),
      el('thead', {}, el('tr', {}, ...head.map((title) => el('th', { scope: 'col' }, title)))),
      el('tbody', {}, ...rows.map((cells) => el('tr', {}, ...cells.map((cell, i) => (i === 0 ? el('th', { scope: 'row' }, cell) : el('td', {}, cell)))))),
    ),
  );
}

/** Text in which what stands between backticks is code, as in the specification. */
export const prose = (text: string): Child[] => text.split('`').map((part, i) => (i % 2 === 1 ? el('code', {}, part) : part));

export const button = (text: string, act: () => void, attributes: Attributes = {}): HTMLButtonElement => {
  const made = el('button', { type: 'button', ...attributes }, text);
  made.addEventListener('click', act);
  return made;
};

export const count = (value: number): string => value.toLocaleString('en');

/** Milliseconds, as a person would say them. */
export const duration = (ms: number): string => (ms < 1 ? '< 1 ms' : ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`);

/** A figure with as many digits as mean something. */
export const figure = (value: number): string => (value === 0 ? '0' : Math.abs(value) >= 100 ? count(Math.round(value)) : value.toPrecision(3));
