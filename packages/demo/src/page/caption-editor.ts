import { element } from './element.js';

/** A field in place of the caption, to write a better one. */
export class CaptionEditor {
  readonly #form = element('edit-form', HTMLFormElement);
  readonly #field = element('edit-text', HTMLTextAreaElement);
  readonly #caption = element('caption', HTMLElement);
  #save: ((text: string) => void) | undefined;

  constructor() {
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.leave();
      element('edit', HTMLButtonElement).focus();
    });
    this.#field.addEventListener('keydown', (event) => {
      if (event.key === 'Enter' && !event.isComposing) {
        event.preventDefault();
        this.#form.requestSubmit();
      }
      if (event.key === 'Escape') this.#cancel();
    });
    element('edit-cancel', HTMLButtonElement).addEventListener('click', () => this.#cancel());
  }

  /** @param save called with the visitor's text, in one line; empty when it was deleted */
  open(text: string, save: (text: string) => void): void {
    this.#save = save;
    this.#field.value = text;
    this.#show(true);
    this.#field.focus();
    this.#field.select();
  }

  /** Saves what was written so far: nobody's words are lost by looking at another photo. */
  leave(): void {
    const save = this.#save;
    const hadFocus = this.#form.contains(document.activeElement);
    this.#close();
    if (hadFocus) element('stage', HTMLElement).focus({ preventScroll: true });
    save?.(this.#field.value.replace(/\s+/g, ' ').trim());
  }

  #cancel(): void {
    this.#close();
    element('edit', HTMLButtonElement).focus();
  }

  #close(): void {
    this.#save = undefined;
    this.#show(false);
  }

  #show(open: boolean): void {
    this.#form.hidden = !open;
    this.#caption.hidden = open;
  }
}
