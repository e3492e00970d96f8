import { basename } from 'node:path';
import { CaptionError, type Manifest } from 'zipcaption';

/** The part of a manifest that names files. */
type NamedFiles = Pick<Manifest, 'encoder' | 'decoder' | 'tokenizer'>;

/**
 * The files that a model consists of besides its manifest.
 *
 * @param source name of the model in error messages
 * @throws CaptionError `MODEL_INVALID`
 */
export function modelFiles(manifest: unknown, source: string): string[] {
  const { encoder, decoder, tokenizer } = (manifest ?? {}) as Partial<NamedFiles>;
  const files = [
    ...[encoder?.file, ...(encoder?.data ?? []), decoder?.file, ...(decoder?.data ?? [])],
    ...[decoder?.firstStep?.file, ...(decoder?.firstStep?.data ?? [])],
    ...[tokenizer?.file, tokenizer?.config],
  ].filter((file) => file !== undefined);
  for (const file of [encoder?.file, decoder?.file, tokenizer?.file, ...files]) {
    if (typeof file !== 'string' || basename(file) !== file || file === '..') {
      throw new CaptionError(
        'MODEL_INVALID',
        `The manifest of ${source} must name an encoder, a decoder and a tokenizer in its own folder, not ${JSON.stringify(file)}.`,
      );
    }
  }
  return [...new Set(files)];
}
