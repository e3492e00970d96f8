import { create, element, setHidden } from './element.js';
import { isPending, type Photo, textOf } from './photo-queue.js';
import { Thumbnails } from './thumbnails.js';
import { TimeLeft, timeLeftText } from './time-left.js';

const STATUS: Readonly<Record<Photo['status'], string>> = {
  waiting: 'waiting',
  working: 'being captioned',
  done: 'done',
  failed: 'failed',
  cancelled: 'cancelled',
};

export interface StripListener {
  select(id: number): void;
  remove(id: number): void;
}

/** Put in by the build: the file name of the worker's script. */
declare const THUMBNAIL_SCRIPT: string;

/** All photos, small, with what has become of each. */
export class StripView {
  readonly #strip = element('strip', HTMLUListElement);
  readonly #buttons = new Map<number, HTMLButtonElement>();
  readonly #thumbnails = new Thumbnails(new URL(THUMBNAIL_SCRIPT, document.baseURI));
  readonly #timeLeft = new TimeLeft();
  readonly #listener: StripListener;
  #selected: HTMLButtonElement | undefined;
  #inTabOrder: HTMLButtonElement | undefined;
  #pending = 0;
  #frame = 0;

  constructor(listener: StripListener) {
    this.#listener = listener;
    this.#strip.addEventListener('keydown', (event) => this.#onKey(event));
  }

  show(photo: Photo): void {
    const button = this.#buttons.get(photo.id) ?? this.#add(photo);
    button.dataset.status = photo.status;
    const text = photo.status === 'done' ? textOf(photo) : STATUS[photo.status];
    button.setAttribute('aria-label', `${photo.name}: ${text}`);
    const label = button.querySelector('.thumb-text');
    if (label) label.textContent = text;
  }

  /** Marks the photo that is shown large; it alone is in the tab order. */
  select(id: number): void {
    const button = this.#buttons.get(id);
    if (button !== this.#selected) {
      this.#selected?.setAttribute('aria-pressed', 'false');
      button?.setAttribute('aria-pressed', 'true');
      this.#selected = button;
    }
    this.#takeTabOrder(button);
  }

  #takeTabOrder(button: HTMLButtonElement | undefined): void {
    if (this.#inTabOrder) this.#inTabOrder.tabIndex = -1;
    this.#inTabOrder = button;
    if (button) button.tabIndex = 0;
  }

  /** Gives the photo's button the focus, after the one that had it is gone. */
  focus(id: number): void {
    this.#buttons.get(id)?.focus();
  }

  remove(id: number): void {
    this.#thumbnails.forget(id);
    const button = this.#buttons.get(id);
    const image = button?.querySelector('img');
    if (image) URL.revokeObjectURL(image.src);
    button?.closest('li')?.remove();
    this.#buttons.delete(id);
  }

  /** Counts once a frame, however many photos change in it. */
  showProgress(photos: () => readonly Photo[]): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => this.#showProgress(photos()));
  }

  #showProgress(photos: readonly Photo[]): void {
    const pending = photos.filter(isPending).length;
    const done = photos.filter(({ status }) => status === 'done').length;
    const failed = photos.filter(({ status }) => status === 'failed').length;
    if (pending > this.#pending) this.#timeLeft.start(performance.now());
    for (let i = pending; i < this.#pending; i++) this.#timeLeft.finish(performance.now());
    this.#pending = pending;
    const left = pending > 0 ? this.#timeLeft.estimate(pending) : undefined;
    const count = [`${done} of ${photos.length} captioned`, failed > 0 && `${failed} failed`];
    element('queue-count', HTMLElement).textContent = [
      count.filter(Boolean).join(', '),
      ...(left === undefined ? [] : [timeLeftText(left)]),
    ].join(' · ');
    element('queue', HTMLElement).classList.toggle('single', photos.length < 2);
    const bar = element('queue-bar', HTMLProgressElement);
    bar.hidden = pending === 0 || photos.length < 2;
    bar.max = photos.length;
    bar.value = photos.length - pending;
    const chosen = () => this.#selected ?? element('stage', HTMLElement);
    setHidden(element('cancel-all', HTMLButtonElement), pending === 0, chosen);
    for (const ending of ['json', 'csv', 'txt']) {
      element(`download-${ending}`, HTMLButtonElement).disabled = done + failed === 0;
    }
  }

  #add(photo: Photo): HTMLButtonElement {
    const image = create('img', { alt: '', decoding: 'async', draggable: 'false' });
    image.hidden = true;
    const button = create(
      'button',
      {
        type: 'button',
        class: 'thumb',
        'aria-pressed': 'false',
        'aria-keyshortcuts': 'Delete Backspace',
      },
      create('span', { class: 'thumb-photo' }, image),
      create('span', { class: 'thumb-text' }),
    );
    button.tabIndex = -1;
    button.addEventListener('click', () => this.#listener.select(photo.id));
    this.#buttons.set(photo.id, button);
    this.#strip.append(create('li', { class: 'strip-item' }, button));
    void this.#thumbnails.make(photo.id, photo.file).then((thumbnail) => {
      if (!this.#buttons.has(photo.id)) return;
      image.addEventListener('error', () => {
        URL.revokeObjectURL(image.src);
        image.removeAttribute('src');
        button.classList.add('broken');
      });
      // Of a photo that is cut off Chromium makes no bitmap, but it shows what is there.
      image.src = URL.createObjectURL(thumbnail ?? photo.file);
      image.hidden = false;
    });
    return button;
  }

  /** Arrows go from photo to photo, as in a toolbar (WAI-ARIA practices, roving tabindex). */
  #onKey(event: KeyboardEvent): void {
    const buttons = [...this.#buttons];
    const now = buttons.findIndex(([, button]) => button === document.activeElement);
    const id = buttons[now]?.[0];
    if (id === undefined) return;
    // The key that Macs call "delete" is Backspace.
    if (event.key === 'Delete' || event.key === 'Backspace') {
      event.preventDefault();
      this.#listener.remove(id);
      return;
    }
    const next = { ArrowRight: now + 1, ArrowLeft: now - 1, Home: 0, End: buttons.length - 1 }[
      event.key
    ];
    const target = next === undefined ? undefined : buttons[next]?.[1];
    if (!target) return;
    event.preventDefault();
    this.#takeTabOrder(target);
    target.focus();
  }
}
