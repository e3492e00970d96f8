import type { Caption, WordMap } from '../caption.js';
import { create, element } from './element.js';
import { HeatLayer } from './heat-layer.js';
import type { Photo } from './photo-queue.js';

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
      const ratio = String(naturalWidth / naturalHeight || 1.5);
      this.#photo.style.setProperty('--ratio', ratio);
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
    if (this.#shown?.caption !== photo.caption || photo.status !== 'done') this.#unpin();
    const { caption } = photo;
    this.#image.alt = caption && photo.status === 'done' ? caption.text : `Photo ${photo.name}`;
    this.#photo.classList.toggle('working', photo.status === 'working');
    this.#caption.dataset.status = photo.status;
    this.#note.textContent = note(photo);
    this.#showTags(photo);
    if (photo.status === 'done' && caption) {
      if (this.#shown?.caption !== caption || this.#shown.status !== 'done') {
        this.#caption.replaceChildren(...this.#words(caption));
      }
    } else {
      this.#caption.textContent =
        photo.status === 'failed' ? (photo.error?.message ?? '') : photo.words;
    }
    this.#shown = photo;
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
  #words(caption: Caption): (Node | string)[] {
    const parts: (Node | string)[] = [];
    let at = 0;
    for (const map of caption.attention) {
      const found = caption.text.indexOf(map.word, at);
      if (found < 0) continue;
      parts.push(caption.text.slice(at, found), this.#word(map, parts.length === 0));
      at = found + map.word.length;
    }
    return [...parts, caption.text.slice(at)].filter((part) => part !== '');
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
      const pinned = this.#pinned === word;
      this.#unpin();
      if (pinned) return;
      this.#pinned = word;
      word.setAttribute('aria-pressed', 'true');
      show();
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
    target.focus();
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
      return doneNote(photo.caption);
  }
}

function doneNote(caption: Caption | undefined): string {
  if (!caption) return '';
  const gesture = matchMedia('(pointer: coarse)').matches ? 'Tap' : 'Point at';
  const hint =
    caption.attention.length > 0 ? `${gesture} a word to see where the model looked` : '';
  const sure = `${Math.round(caption.confidence * 100)} % confidence`;
  return [sure, hint, ...caption.warnings].filter(Boolean).join(' · ');
}
