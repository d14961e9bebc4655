import { button } from './dom.js';

const themes = ['auto', 'light', 'dark'] as const;
type Theme = (typeof themes)[number];

/** Told when colours change: what is drawn by hand has to be drawn anew. */
export const onTheme: (() => void)[] = [];

const tell = (): void => {
  for (const listener of onTheme) listener();
};

/** Light or dark, as the system is unless somebody chooses. */
export function themeButton(): HTMLButtonElement {
  let theme: Theme = 'auto';
  const made = button('', () => {
    theme = themes[(themes.indexOf(theme) + 1) % themes.length]!;
    show();
  });
  const show = (): void => {
    made.textContent = `Colours: ${theme}`;
    if (theme === 'auto') delete document.documentElement.dataset['theme'];
    else document.documentElement.dataset['theme'] = theme;
    tell();
  };
  show();
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', tell);
  return made;
}

/** A colour of the style sheet, as it is now. */
export const colour = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
