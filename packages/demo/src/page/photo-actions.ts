import { CaptionEditor } from './caption-editor.js';
import { copyFrom } from './copy.js';
import { element } from './element.js';
import { toAltAttribute, toImageTag, toMarkdown } from './exports.js';
import { isPending, type Photo, type PhotoQueue, textOf } from './photo-queue.js';

/** What can be copied of a photo's caption, by the id of its button. */
const COPIES: Readonly<Record<string, (photo: Photo) => string>> = {
  copy: textOf,
  'copy-alt': (photo) => toAltAttribute(textOf(photo)),
  'copy-html': (photo) => toImageTag(photo.name, textOf(photo)),
  'copy-markdown': (photo) => toMarkdown(photo.name, textOf(photo)),
};

const button = (id: string) => element(id, HTMLButtonElement);

/** The buttons under the photo that is shown. */
export class PhotoActions {
  readonly #editor = new CaptionEditor();
  #shown: number | undefined;

  /** @param remove takes a photo out, and shows another */
  constructor(queue: PhotoQueue, remove: (id: number) => void) {
    const current = () => queue.get(this.#shown ?? 0);
    for (const [id, toText] of Object.entries(COPIES)) {
      button(id).addEventListener('click', () => {
        const photo = current();
        if (photo?.status === 'done') void copyFrom(button(id), toText(photo));
      });
    }
    button('edit').addEventListener('click', () => {
      const photo = current();
      if (photo?.status !== 'done') return;
      this.#editor.open(textOf(photo), (text) => {
        queue.edit(photo.id, text === photo.caption?.text ? undefined : text);
      });
    });
    button('edit-undo').addEventListener('click', () => {
      if (this.#shown) queue.edit(this.#shown, undefined);
      button('edit').focus();
    });
    button('again').addEventListener('click', () => queue.again(this.#shown ?? 0));
    button('cancel').addEventListener('click', () => queue.cancel(this.#shown ?? 0));
    button('remove').addEventListener('click', () => this.#shown && remove(this.#shown));
  }

  /** The button that had the focus is gone; without another the visitor would start again from the page's top. */
  #passFocus(from: string): void {
    // These two take each other's place.
    const other = { again: 'cancel', cancel: 'again' }[from];
    const next = other && !button(other).hidden ? button(other) : element('stage', HTMLElement);
    next.focus({ preventScroll: true });
  }

  /** Offers what can be done with this photo. */
  show(photo: Photo): void {
    const done = photo.status === 'done';
    if (photo.id !== this.#shown || !done) this.#editor.leave();
    this.#shown = photo.id;
    const shown: Readonly<Record<string, boolean>> = {
      again: !done && !isPending(photo),
      cancel: isPending(photo),
      edit: done,
      'edit-undo': done && photo.edited !== undefined,
      ...Object.fromEntries(Object.keys(COPIES).map((id) => [id, done])),
    };
    const focused = document.activeElement?.id ?? '';
    for (const [id, isShown] of Object.entries(shown)) button(id).hidden = !isShown;
    if (shown[focused] === false) this.#passFocus(focused);
  }
}
