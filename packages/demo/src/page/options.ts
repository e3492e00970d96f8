import type { CaptionRequest } from '../caption.js';
import { element } from './element.js';
import { recall, remember } from './storage.js';

/** The visitor's settings; the model's own until the visitor moves a slider. */
export class Options {
  readonly #numBeams = element('num-beams', HTMLInputElement);
  readonly #maxLength = element('max-length', HTMLInputElement);
  readonly #onShow: (request: CaptionRequest) => void;
  #chosen: boolean;

  /**
   * @param onChange called once a slider was let go
   * @param onShow called with every setting that is shown, while a slider moves too
   */
  constructor(onChange: () => void, onShow: (request: CaptionRequest) => void) {
    this.#onShow = onShow;
    const kept = recallOptions();
    this.#chosen = kept !== undefined;
    if (kept) this.#set(kept);
    for (const input of [this.#numBeams, this.#maxLength]) {
      input.addEventListener('input', () => this.#show());
      input.addEventListener('change', () => {
        this.#chosen = true;
        remember('options', JSON.stringify(this.request));
        onChange();
      });
    }
    this.#show();
  }

  get request(): CaptionRequest {
    return {
      numBeams: this.#numBeams.valueAsNumber,
      maxLength: this.#maxLength.valueAsNumber,
    };
  }

  /** What the model prefers. */
  suggest(request: CaptionRequest): void {
    if (!this.#chosen) this.#set(request);
  }

  #set({ numBeams, maxLength }: CaptionRequest): void {
    this.#numBeams.valueAsNumber = numBeams;
    this.#maxLength.valueAsNumber = maxLength;
    this.#show();
  }

  #show(): void {
    const { numBeams, maxLength } = this.request;
    element('num-beams-value', HTMLOutputElement).value =
      numBeams === 1 ? 'greedy' : String(numBeams);
    element('max-length-value', HTMLOutputElement).value = `${maxLength} tokens`;
    this.#onShow({ numBeams, maxLength });
  }
}

function recallOptions(): CaptionRequest | undefined {
  try {
    const kept: unknown = JSON.parse(recall('options') ?? 'null');
    if (typeof kept !== 'object' || kept === null) return undefined;
    const { numBeams, maxLength } = kept as Record<string, unknown>;
    if (typeof numBeams !== 'number' || typeof maxLength !== 'number') return undefined;
    return { numBeams, maxLength };
  } catch {
    return undefined;
  }
}
