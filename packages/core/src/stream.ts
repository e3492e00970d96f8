import { linkedController } from './abort.js';
import type { CaptionOptions, CaptionResult, CaptionToken } from './types.js';

/**
 * A caption under construction: yields its tokens, then gives its result.
 *
 * Leaving the loop early stops the caption.
 *
 * @example
 * const stream = captioner.stream('dog.jpg');
 * for await (const { text } of stream) process.stdout.write(text);
 * const { confidence } = await stream.result;
 */
export class CaptionStream implements AsyncIterableIterator<CaptionToken, void, undefined> {
  /** The whole caption. Rejects as `caption` does, with `ABORTED` where the loop was left early. */
  readonly result: Promise<CaptionResult>;
  readonly #controller: AbortController;
  readonly #tokens: CaptionToken[] = [];
  #ended = false;
  /** The loop was left early. */
  #isLeft = false;
  #failure: { readonly error: unknown } | undefined;
  #wake: () => void = () => {};

  /** @internal */
  constructor(
    caption: (options: CaptionOptions) => Promise<CaptionResult>,
    { signal, ...options }: CaptionOptions,
  ) {
    const { controller, unlink } = linkedController(signal);
    this.#controller = controller;
    const end = (failure?: { readonly error: unknown }) => {
      unlink();
      this.#failure = failure;
      this.#ended = true;
      this.#wake();
    };
    this.result = caption({
      ...options,
      signal: controller.signal,
      onToken: (_, token) => {
        this.#tokens.push(token);
        this.#wake();
      },
    });
    this.result.then(
      () => end(),
      (error: unknown) => end({ error }),
    );
  }

  /** @throws CaptionError as `caption` does, after the tokens before the failure were yielded */
  async next(): Promise<IteratorResult<CaptionToken, void>> {
    for (;;) {
      const value = this.#tokens.shift();
      if (value) return { done: false, value };
      if (this.#ended || this.#isLeft) break;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure && !this.#isLeft) throw failure.error;
    return { done: true, value: undefined };
  }

  async return(): Promise<IteratorResult<CaptionToken, void>> {
    this.#tokens.length = 0;
    this.#isLeft = true;
    this.#controller.abort();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
