import { announce, toast } from './announce.js';

const timers = new WeakMap<HTMLButtonElement, ReturnType<typeof setTimeout>>();

/** Copies a text; the button itself says that it was done, so that nothing else is covered. */
export async function copyFrom(button: HTMLButtonElement, text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    toast('The browser did not allow copying.');
    return;
  }
  const label = button.querySelector('span');
  if (!label) return;
  label.dataset.label ??= label.textContent ?? '';
  button.style.minWidth = `${button.offsetWidth}px`; // Its neighbours stay where they are.
  label.textContent = 'Copied';
  announce(`${label.dataset.label}: copied`);
  clearTimeout(timers.get(button));
  timers.set(
    button,
    setTimeout(() => {
      label.textContent = label.dataset.label ?? '';
      button.style.minWidth = '';
    }, 2000),
  );
}
