import { element } from './element.js';

/** Has a screen reader say something once it has time to. */
export function announce(text: string): void {
  element('live', HTMLElement).textContent = text;
}

let timer: ReturnType<typeof setTimeout> | undefined;

/** Shows a message at the window's upper edge for some seconds; screen readers say it. */
export function toast(message: string): void {
  const place = element('toast', HTMLElement);
  place.textContent = message;
  place.classList.add('shown');
  clearTimeout(timer);
  timer = setTimeout(() => place.classList.remove('shown'), 4000);
}
