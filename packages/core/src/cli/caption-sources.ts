import {
  type CaptionAllOptions,
  CaptionError,
  type Captioner,
  type CaptionResult,
  type ImageInput,
} from '../index.js';
import type { PhotoSource } from './inputs.js';
import { type OpenLimits, openPhoto } from './open-photo.js';

/** The outcome of one photo. */
export type SourceOutcome = { readonly source: PhotoSource } & (
  | { readonly result: CaptionResult; readonly input: ImageInput; readonly error?: undefined }
  | { readonly error: CaptionError; readonly result?: undefined }
);

/**
 * Captions the photos in their order. A photo that cannot be opened becomes a failed outcome in its
 * place and is not passed to the library.
 *
 * @param load called when the first photo was opened, so that the model is only loaded if needed
 * @throws CaptionError errors that stop all of them: `ABORTED`, `INVALID_OPTION`, a missing model
 */
export async function* captionSources(
  sources: readonly PhotoSource[],
  load: () => Promise<Pick<Captioner, 'captionAll'>>,
  options: CaptionAllOptions,
  limits: OpenLimits,
): AsyncGenerator<SourceOutcome, void, undefined> {
  /** By place in `sources`: why it could not be opened. */
  const unopened = new Map<number, CaptionError>();
  for (const [place, source] of sources.entries()) {
    if (source.kind === 'missing') unopened.set(place, source.error);
  }
  /** For each input of the library: its source and the input. */
  const opened = new Map<number, { place: number; source: PhotoSource; input: ImageInput }>();

  async function* inputs(): AsyncGenerator<ImageInput> {
    let count = 0;
    for (const [place, source] of sources.entries()) {
      if (source.kind === 'missing') continue;
      try {
        const input = await openPhoto(source, limits);
        opened.set(count++, { place, source, input });
        yield input;
      } catch (error) {
        if (!(error instanceof CaptionError) || error.code === 'ABORTED') throw error;
        unopened.set(place, error);
      }
    }
  }

  let next = 0;
  function* failuresBefore(end: number): Generator<SourceOutcome> {
    for (; next < end; next++) {
      const source = sources[next];
      const error = unopened.get(next);
      if (source && error) yield { source, error };
    }
  }

  if (unopened.size < sources.length) {
    const captioner = await load();
    for await (const outcome of captioner.captionAll(inputs(), options)) {
      const photo = opened.get(outcome.index);
      if (!photo) continue;
      // Bytes of a download are needed no longer.
      opened.delete(outcome.index);
      const { place, source, input } = photo;
      yield* failuresBefore(place);
      next = place + 1;
      if (outcome.error) yield { source, error: outcome.error };
      else yield { source, input, result: outcome };
    }
  }
  yield* failuresBefore(sources.length);
}
