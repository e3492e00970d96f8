import { toast } from './announce.js';
import { element } from './element.js';
import { KeptQueue } from './kept-queue.js';
import type { Photo, PhotoQueue } from './photo-queue.js';
import { forget, recall, remember } from './storage.js';

/** The switch that keeps photos over a reload; off until the visitor turns it on. */
export class KeepSwitch {
  readonly #setting: string;
  readonly #kept: KeptQueue;
  readonly #input = element('keep', HTMLInputElement);

  /** @param mode photos kept on the page that keeps them to itself must not turn up on the one that sends them */
  constructor(mode: string) {
    this.#setting = `keep-${mode}`;
    this.#kept = new KeptQueue(`zipcaption-photos-${mode}`, () => this.#fail());
    element('keep-label', HTMLElement).hidden = typeof indexedDB === 'undefined';
    this.#input.checked = recall(this.#setting) === 'on' && typeof indexedDB !== 'undefined';
  }

  /** Brings back the photos of earlier visits, and keeps those of `queue` from now on. */
  async start(queue: PhotoQueue): Promise<void> {
    this.#input.addEventListener('change', () => {
      if (this.#input.checked) {
        remember(this.#setting, 'on');
        for (const photo of queue.photos) this.#kept.save(photo);
      } else void this.#off();
    });
    if (!this.#input.checked) return;
    const photos = await this.#kept.load().catch(() => undefined);
    if (!photos) return this.#fail();
    for (const { key, ...photo } of photos) this.#kept.adopt(queue.restore(photo).id, key);
  }

  save(photo: Photo): void {
    if (this.#input.checked) this.#kept.save(photo);
  }

  remove(id: number): void {
    if (this.#input.checked) this.#kept.remove(id);
  }

  #fail(): void {
    this.#input.checked = false;
    void this.#off();
    toast('The browser has no room for these photos, so they are not kept.');
  }

  async #off(): Promise<void> {
    forget(this.#setting);
    await this.#kept.clear().catch(() => undefined);
  }
}
