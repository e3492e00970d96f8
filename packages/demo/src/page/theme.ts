import { element } from './element.js';

const KEY = 'zipcaption.theme';
const THEMES = ['system', 'light', 'dark'] as const;
type Theme = (typeof THEMES)[number];

/** A button that goes from the system's theme to light to dark and round again. */
export function startTheme(): void {
  const button = element('theme', HTMLButtonElement);
  let theme: Theme = THEMES.find((name) => name === read()) ?? 'system';
  const apply = () => {
    document.documentElement.dataset.theme = theme;
    const name = theme === 'system' ? 'as the system' : theme;
    button.setAttribute('aria-label', `Theme: ${name}`);
    button.title = `Theme: ${name}`;
  };
  button.addEventListener('click', () => {
    theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? 'system';
    try {
      localStorage.setItem(KEY, theme);
    } catch {
      // Storage is switched off: the choice lasts as long as the page.
    }
    apply();
  });
  apply();
}

function read(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}
