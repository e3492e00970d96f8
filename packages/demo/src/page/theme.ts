import { element } from './element.js';
import { recall, remember } from './storage.js';

const THEMES = ['system', 'light', 'dark'] as const;
type Theme = (typeof THEMES)[number];

/** A button that goes from the system's theme to light to dark and round again. */
export function startTheme(): void {
  const button = element('theme', HTMLButtonElement);
  let theme: Theme = THEMES.find((name) => name === recall('theme')) ?? 'system';
  const apply = () => {
    document.documentElement.dataset.theme = theme;
    const name = theme === 'system' ? 'as the system' : theme;
    button.setAttribute('aria-label', `Theme: ${name}`);
    button.title = `Theme: ${name}`;
  };
  button.addEventListener('click', () => {
    theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? 'system';
    remember('theme', theme);
    apply();
  });
  apply();
}
