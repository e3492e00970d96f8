import { CaptionError, type Manifest } from 'zipcaption';

/** The part of a manifest that names files. */
type NamedFiles = Pick<Manifest, 'encoder' | 'embedding' | 'textEncoder' | 'decoder' | 'tokenizer'>;

/**
 * The files that a model consists of besides its manifest.
 *
 * @param source name of the model in error messages
 * @throws CaptionError `MODEL_INVALID`
 */
export function modelFiles(manifest: unknown, source: string): string[] {
  const { encoder, embedding, textEncoder, decoder, tokenizer } = (manifest ??
    {}) as Partial<NamedFiles>;
  const networks = [encoder, embedding, textEncoder, decoder, decoder?.firstStep];
  const files = [
    ...networks.flatMap((network) => [network?.file, ...(network?.data ?? [])]),
    ...[tokenizer?.file, tokenizer?.config],
  ].filter((file) => file !== undefined);
  for (const file of [encoder?.file, decoder?.file, tokenizer?.file, ...files]) {
    if (typeof file !== 'string' || !isInside(file)) {
      throw new CaptionError(
        'MODEL_INVALID',
        `The manifest of ${source} must name an encoder, a decoder and a tokenizer in its own folder, not ${JSON.stringify(file)}.`,
      );
    }
  }
  return [...new Set(files)];
}

/** A file of the folder or of one in it: no way out of it. */
function isInside(file: string): boolean {
  return file.split('/').every((part) => /^\w[\w.+-]*$/.test(part));
}
