import { create, element } from './element.js';
import { isPending, type Photo } from './photo-queue.js';

const STATUS: Readonly<Record<Photo['status'], string>> = {
  waiting: 'waiting',
  working: 'being captioned',
  done: 'done',
  failed: 'failed',
  cancelled: 'cancelled',
};

/** The row of all photos with what has become of each. */
export class StripView {
  readonly #strip = element('strip', HTMLUListElement);
  readonly #buttons = new Map<number, HTMLButtonElement>();
  readonly #select: (id: number) => void;

  constructor(select: (id: number) => void) {
    this.#select = select;
  }

  show(photo: Photo, address: string): void {
    const button = this.#buttons.get(photo.id) ?? this.#add(photo, address);
    button.dataset.status = photo.status;
    const text = photo.status === 'done' ? (photo.caption?.text ?? '') : STATUS[photo.status];
    button.setAttribute('aria-label', `${photo.name}: ${text}`);
    const label = button.querySelector('.thumb-text');
    if (label) label.textContent = text;
  }

  select(id: number): void {
    for (const [other, button] of this.#buttons) {
      button.setAttribute('aria-pressed', String(other === id));
    }
  }

  showProgress(photos: readonly Photo[]): void {
    const pending = photos.filter(isPending).length;
    const done = photos.filter(({ status }) => status === 'done').length;
    const failed = photos.filter(({ status }) => status === 'failed').length;
    const count = [`${done} of ${photos.length} captioned`, failed > 0 && `${failed} failed`];
    element('queue-count', HTMLElement).textContent = count.filter(Boolean).join(', ');
    element('queue', HTMLElement).classList.toggle('single', photos.length < 2);
    const bar = element('queue-bar', HTMLProgressElement);
    bar.hidden = pending === 0 || photos.length < 2;
    bar.max = photos.length;
    bar.value = photos.length - pending;
    element('cancel-all', HTMLButtonElement).hidden = pending === 0;
    for (const id of ['download-json', 'download-csv']) {
      element(id, HTMLButtonElement).disabled = done + failed === 0;
    }
  }

  #add(photo: Photo, address: string): HTMLButtonElement {
    const image = create('img', { src: address, alt: '', decoding: 'async', draggable: 'false' });
    image.addEventListener('error', () => button.classList.add('broken'));
    const button = create(
      'button',
      { type: 'button', class: 'thumb', 'aria-pressed': 'false' },
      create('span', { class: 'thumb-photo' }, image),
      create('span', { class: 'thumb-text' }),
    );
    button.addEventListener('click', () => this.#select(photo.id));
    this.#buttons.set(photo.id, button);
    this.#strip.append(create('li', {}, button));
    return button;
  }
}
