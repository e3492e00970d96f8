import { CaptionFailure, type CaptionRequest } from '../caption.js';
import { LocalEngine } from '../page/local-engine.js';

/*
 * `<zipcaption-image>` for other people's pages: one module script, no other file of theirs. The model runs in
 * a worker and comes from the folder in which this script lies.
 */

/** Put in by the build: the worker's file name, and the model's own search settings. */
declare const WORKER_SCRIPT: string;
declare const MODEL_DEFAULTS: CaptionRequest;

const engine = new LocalEngine(new URL(WORKER_SCRIPT, import.meta.url), {
  progress() {},
  starting() {},
  ready() {},
  // Each photo's own failure says the same.
  failed() {},
});

const styles = new CSSStyleSheet();
styles.replaceSync(`
  :host { display: inline-block; max-width: 100%; }
  ::slotted(img), img { display: block; max-width: 100%; height: auto; }
  p { margin: 0.5em 0 0; }
  p:empty { display: none; }
`);

/**
 * An image with a caption under it, which also becomes its alternative text where it has none.
 *
 *     <zipcaption-image num-beams="3"><img src="photo.jpg" alt=""></zipcaption-image>
 *     <zipcaption-image src="photo.jpg"></zipcaption-image>
 *
 * The attribute `state` is `working`, `done` or `failed`; without an image there is none. Events: `caption`, whose
 * `detail` has `text`, `confidence` (0–1), `tags` and `alternatives`; `captionerror`, whose `detail` has `code` and
 * `message`. The caption is the part `caption`, for `zipcaption-image::part(caption)` in a style sheet.
 */
class ZipcaptionImage extends HTMLElement {
  static readonly observedAttributes = ['src', 'num-beams', 'max-length'];
  readonly #caption = document.createElement('p');
  readonly #own = document.createElement('img');
  #turn: Turn | undefined;
  /** The alternative text that this element wrote; one of the author's is left as it is. */
  #written = '';

  constructor() {
    super();
    const root = this.attachShadow({ mode: 'open' });
    root.adoptedStyleSheets = [styles];
    this.#caption.part.add('caption');
    const slot = document.createElement('slot');
    slot.append(this.#own); // Shown where the author gave no image of their own.
    root.append(slot, this.#caption);
    // Events of images do not bubble, but they can be caught on their way down.
    for (const place of [root, this]) {
      place.addEventListener('load', (event) => this.#onImage(event), true);
      place.addEventListener('error', (event) => this.#onImage(event), true);
    }
    // An image may be put in or taken out later, and have been loaded before.
    const onChildren = new MutationObserver(() => this.#look());
    onChildren.observe(this, { childList: true, subtree: true });
  }

  connectedCallback(): void {
    this.#look();
  }

  disconnectedCallback(): void {
    if (this.getAttribute('state') === 'working') this.#forget();
  }

  attributeChangedCallback(name: string, _before: unknown, now: string | null): void {
    if (name === 'src' && now) {
      this.#own.src = now; // Its own event tells when it is there.
      return;
    }
    if (name === 'src') this.#own.removeAttribute('src');
    this.#look();
  }

  #onImage({ type, target }: Event): void {
    if (target !== this.#image) return;
    // Loaded again after a failure: worth another try.
    if (type === 'load' && this.getAttribute('state') === 'failed') this.#forget();
    this.#look();
  }

  get #image(): HTMLImageElement | undefined {
    return this.querySelector('img') ?? (this.getAttribute('src') ? this.#own : undefined);
  }

  /** Captions the image as it is now, unless that is what was done last. */
  #look(): void {
    if (!this.isConnected) return;
    const image = this.#image;
    // Of an image that is still loading, its own event tells.
    if (image && !image.complete) return;
    const address = image?.currentSrc || image?.src;
    if (!image || !address) {
      this.#forget();
      return;
    }
    const { numBeams, maxLength } = this.#request();
    const key = JSON.stringify([address, numBeams, maxLength]);
    if (this.#turn?.image === image && this.#turn.key === key) return;
    if (this.#turn?.address !== address || this.#turn.image !== image) this.#forget();
    this.#turn?.controller.abort();
    const turn = { image, address, key, controller: new AbortController() };
    this.#turn = turn;
    void this.#run(turn);
  }

  /** What was said of another image, or of none that is left, is not to stay. */
  #forget(): void {
    const image = this.#turn?.image;
    this.#turn?.controller.abort();
    this.#turn = undefined;
    this.#caption.textContent = '';
    this.removeAttribute('state');
    if (image && this.#written && image.alt === this.#written) image.alt = '';
    this.#written = '';
  }

  async #run(turn: Turn): Promise<void> {
    const { image, address, controller } = turn;
    this.setAttribute('state', 'working');
    try {
      const photo = await read(address, controller.signal);
      const caption = await engine.caption(photo, this.#request(), undefined, controller.signal);
      const written = image.alt === '' || image.alt === this.#written;
      if (written) {
        image.alt = caption.text;
        this.#written = caption.text;
      }
      this.#caption.textContent = caption.text;
      // What is the alternative text already need not be heard twice.
      this.#caption.ariaHidden = String(written);
      this.setAttribute('state', 'done');
      const { text, confidence, tags, alternatives } = caption;
      this.#tell('caption', { text, confidence, tags, alternatives });
    } catch (error) {
      if (!controller.signal.aborted) this.#fail(error);
    }
  }

  #request(): CaptionRequest {
    const number = (name: string, otherwise: number) => {
      const text = this.getAttribute(name);
      return text === null ? otherwise : Number(text);
    };
    return {
      numBeams: number('num-beams', MODEL_DEFAULTS.numBeams),
      maxLength: number('max-length', MODEL_DEFAULTS.maxLength),
    };
  }

  #fail(error: unknown): void {
    const code = error instanceof CaptionFailure ? error.code : 'UNEXPECTED';
    const message = error instanceof Error ? error.message : String(error);
    this.#caption.textContent = `No caption: ${message}`;
    this.#caption.ariaHidden = null;
    this.setAttribute('state', 'failed');
    this.#tell('captionerror', { code, message });
  }

  #tell(type: string, detail: unknown): void {
    this.dispatchEvent(new CustomEvent(type, { bubbles: true, detail }));
  }
}

/** Work on one image at one address with one set of options. */
interface Turn {
  readonly image: HTMLImageElement;
  readonly address: string;
  /** Of address and options: the same again need not be done again. */
  readonly key: string;
  readonly controller: AbortController;
}

/** @throws CaptionFailure when the image's bytes cannot be had */
async function read(address: string, signal: AbortSignal): Promise<Blob> {
  const response = await fetch(address, { signal })
    // The browser may have kept the image from before, as it is sent to those who do not ask as another site.
    .catch(() => fetch(address, { signal, cache: 'reload' }))
    .catch(() => undefined);
  if (response?.ok) return response.blob();
  throw signal.aborted ? new CaptionFailure('ABORTED', 'Cancelled.') : unreachable();
}

function unreachable(): CaptionFailure {
  return new CaptionFailure(
    'FETCH_FAILED',
    'the image could not be read. One from another site must be sent with Access-Control-Allow-Origin.',
  );
}

// The line may stand on a page more than once.
if (!customElements.get('zipcaption-image')) {
  customElements.define('zipcaption-image', ZipcaptionImage);
}
