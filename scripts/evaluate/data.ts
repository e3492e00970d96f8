import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** One photo with what people wrote about it. */
export interface LabelledPhoto {
  readonly path: string;
  readonly file: string;
  readonly references: readonly string[];
}

/**
 * Reads a labelled set: a list of `{ file, captions, split? }`.
 *
 * @param split keep only photos of this split; all when undefined
 * @throws Error saying what is wrong with the file, or which photo is missing
 */
export function readLabelledSet(
  captionsFile: string,
  images: string,
  split?: string,
): LabelledPhoto[] {
  const list: unknown = JSON.parse(readFileSync(captionsFile, 'utf8'));
  if (!Array.isArray(list)) throw new Error(`${captionsFile} must hold a list of photos.`);
  const photos = list.flatMap((entry: unknown, i): LabelledPhoto[] => {
    const { file, captions, split: part } = (entry ?? {}) as Record<string, unknown>;
    const sound =
      typeof file === 'string' &&
      Array.isArray(captions) &&
      captions.length > 0 &&
      captions.every((caption) => typeof caption === 'string');
    if (!sound) {
      throw new Error(`Entry ${i} of ${captionsFile} must be { "file": …, "captions": ["…", …] }.`);
    }
    if (split !== undefined && part !== split) return [];
    return [{ file, path: join(images, file), references: captions as string[] }];
  });
  if (photos.length === 0) {
    throw new Error(
      `There is no photo${split ? ` of the split "${split}"` : ''} in ${captionsFile}.`,
    );
  }
  const missing = photos.find(({ path }) => !existsSync(path));
  if (missing) throw new Error(`${missing.path} is named in ${captionsFile} but not there.`);
  return photos;
}
