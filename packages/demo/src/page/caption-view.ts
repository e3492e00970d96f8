import type { Caption, WordMap } from '../caption.js';
import { create, element } from './element.js';
import { HeatLayer } from './heat-layer.js';
import { type Photo, textOf } from './photo-queue.js';
import { alignWords } from './word-alignment.js';

/** Width / height of the frames of the tallest and the widest photos. */
const TALLEST = 0.4;
const WIDEST = 6;

/** The big photo with its caption under it, whose words show where the model looked. */
export class CaptionView {
  readonly #photo = element('photo', HTMLElement);
  readonly #image = element('image', HTMLImageElement);
  readonly #caption = element('caption', HTMLElement);
  readonly #tags = element('tags', HTMLElement);
  readonly #note = element('caption-note', HTMLElement);
  readonly #heat = new HeatLayer(element('heat', HTMLCanvasElement));
  #pinned: HTMLButtonElement | undefined;
  #shown: Photo | undefined;

  constructor() {
    this.#image.addEventListener('load', () => {
      const { naturalWidth, naturalHeight } = this.#image;
      const ratio = naturalWidth / naturalHeight || 1.5;
      // A strip that is thinner stands in a frame, or nothing of it would be seen.
      const frame = Math.min(WIDEST, Math.max(TALLEST, ratio));
      this.#photo.style.setProperty('--ratio', String(frame));
    });
    this.#image.addEventListener('error', () => {
      this.#photo.classList.add('broken');
      this.#photo.style.removeProperty('--ratio');
    });
    this.#caption.addEventListener('keydown', (event) => this.#moveAmongWords(event));
    document.addEventListener('keydown', (event) => {
      if (event.key === 'Escape') this.#unpin();
    });
  }

  /** @param address of the photo's bytes */
  show(photo: Photo, address: string): void {
    if (this.#image.src !== address) {
      this.#photo.classList.remove('broken');
      this.#image.src = address;
    }
    const same = this.#shown?.caption === photo.caption && this.#shown?.edited === photo.edited;
    if (!same || photo.status !== 'done') this.#unpin();
    const { caption } = photo;
    this.#image.alt = caption && photo.status === 'done' ? textOf(photo) : `Photo ${photo.name}`;
    this.#photo.classList.toggle('working', photo.status === 'working');
    this.#caption.dataset.status = photo.status;
    this.#note.textContent = note(photo);
    this.#showTags(photo);
    if (photo.status === 'done' && caption) {
      if (!same || this.#shown?.status !== 'done') {
        this.#caption.replaceChildren(...this.#words(textOf(photo), caption));
      }
    } else {
      this.#caption.textContent =
        photo.status === 'failed' ? (photo.error?.message ?? '') : photo.words;
    }
    this.#shown = photo;
  }

  /** Puts the photo and its caption where they are seen; on a wide screen that is the page's top. */
  reveal(): void {
    const narrow = matchMedia('(max-width: 56rem)').matches;
    const behavior = matchMedia('(prefers-reduced-motion: reduce)').matches ? 'auto' : 'smooth';
    if (narrow) this.#photo.scrollIntoView({ block: 'start', behavior });
    else scrollTo({ top: 0, behavior });
  }

  #showTags({ status, caption }: Photo): void {
    const tags = status === 'done' ? (caption?.tags ?? []) : [];
    this.#tags.hidden = tags.length === 0;
    this.#tags.replaceChildren(
      ...tags.map(({ text, probability }) => {
        const share = `${Math.round(100 * probability)} %`;
        return create(
          'li',
          { class: 'tag' },
          text,
          ' ',
          create('span', { class: 'tag-share' }, share),
        );
      }),
    );
  }

  /** The caption with a button for each word that has a map, one of them in the tab order. */
  #words(text: string, { attention }: Caption): (Node | string)[] {
    let first = true;
    return alignWords(text, attention).map((part) => {
      if (typeof part === 'string') return part;
      const word = this.#word(part, first);
      first = false;
      return word;
    });
  }

  #word(map: WordMap, first: boolean): HTMLButtonElement {
    const word = create(
      'button',
      { type: 'button', class: 'word', 'aria-pressed': 'false' },
      map.word,
    );
    word.title = `Where the model looked for “${map.word}”`;
    word.tabIndex = first ? 0 : -1;
    const show = () =>
      this.#heat.show(map, this.#image.naturalWidth / this.#image.naturalHeight || 1);
    const leave = () => {
      if (this.#pinned) this.#pinned.dispatchEvent(new Event('showheat'));
      else this.#heat.hide();
    };
    word.addEventListener('showheat', show);
    word.addEventListener('pointerenter', (event) => event.pointerType === 'mouse' && show());
    word.addEventListener('pointerleave', (event) => event.pointerType === 'mouse' && leave());
    word.addEventListener('focus', () => word.matches(':focus-visible') && show());
    word.addEventListener('blur', leave);
    word.addEventListener('click', () => {
      // Safari does not focus a button that is clicked, and arrow keys go on from here.
      if (document.activeElement !== word) word.focus({ preventScroll: true });
      const pinned = this.#pinned === word;
      this.#unpin();
      if (pinned) return;
      this.#pinned = word;
      word.setAttribute('aria-pressed', 'true');
      show();
      if (this.#photo.getBoundingClientRect().top < 0) this.reveal();
    });
    return word;
  }

  #unpin(): void {
    this.#pinned?.setAttribute('aria-pressed', 'false');
    this.#pinned = undefined;
    this.#heat.hide();
  }

  /** Arrow keys go from word to word, as in a toolbar (WAI-ARIA practices, roving tabindex). */
  #moveAmongWords(event: KeyboardEvent): void {
    const words = [...this.#caption.querySelectorAll<HTMLButtonElement>('.word')];
    const now = words.indexOf(document.activeElement as HTMLButtonElement);
    if (now < 0) return;
    const next = { ArrowRight: now + 1, ArrowLeft: now - 1, Home: 0, End: words.length - 1 }[
      event.key
    ];
    const target = next === undefined ? undefined : words[(next + words.length) % words.length];
    if (!target) return;
    event.preventDefault();
    for (const word of words) word.tabIndex = word === target ? 0 : -1;
    // A click before does not make WebKit forget to show where the focus is.
    const visible: FocusOptions & { focusVisible?: boolean } = { focusVisible: true };
    target.focus(visible);
    target.dispatchEvent(new Event('showheat'));
  }
}

function note(photo: Photo): string {
  switch (photo.status) {
    case 'waiting':
      return 'Waiting for its turn';
    case 'working':
      return photo.words ? 'Still looking for better words' : 'Looking at the photo';
    case 'cancelled':
      return 'Cancelled';
    case 'failed':
      return `${photo.name} · ${photo.error?.code ?? ''}`;
    case 'done':
      return doneNote(photo);
  }
}

function doneNote({ caption, edited }: Photo): string {
  if (!caption) return '';
  const gesture = matchMedia('(pointer: coarse)').matches ? 'Tap' : 'Point at';
  const hint =
    caption.attention.length > 0 ? `${gesture} a word to see where the model looked` : '';
  const sure = `${Math.round(caption.confidence * 100)} % confidence`;
  const mine = edited !== undefined && 'Edited by you';
  return [mine, sure, hint, ...caption.warnings].filter(Boolean).join(' · ');
}
