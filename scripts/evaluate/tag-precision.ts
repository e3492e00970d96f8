import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CaptionTag, Manifest } from 'zipcaption';
import { averagePrecision } from './metrics/average-precision.js';
import { tokenize } from './metrics/tokenize.js';
import { singularAmong } from './singular.js';

/** Tags of a photo that are looked at: as many as the library gives at most. */
export const RANKED = 100;

/**
 * Every word that the model may give as a tag. Its tokens must be whole words (WordPiece, WordLevel).
 *
 * @param folder of the model
 */
export function tagVocabulary(folder: string, { encoder, tokenizer }: Manifest): Set<string> {
  const json = JSON.parse(readFileSync(join(folder, tokenizer.file), 'utf8'));
  const words = new Map(
    Object.entries<number>(json.model.vocab).map(([word, token]) => [token, word]),
  );
  return new Set((encoder.tags?.tokens ?? []).map((token) => words.get(token) ?? ''));
}

/**
 * Mean average precision of the tags, each photo's own list ranked: a tag is right if any of the
 * photo's captions has the word, its number left out of account as the library does. Words of the
 * captions that the model has no tag for are not counted; photos without any other are left out.
 *
 * @param vocabulary of {@link tagVocabulary}
 * @returns 0–1
 */
export function tagPrecision(
  photos: readonly { readonly tags: readonly CaptionTag[]; readonly captions: readonly string[] }[],
  vocabulary: ReadonlySet<string>,
): number {
  const thing = (word: string) => singularAmong(vocabulary, word);
  const values = photos.flatMap(({ tags, captions }) => {
    const words = captions.flatMap(tokenize).filter((word) => vocabulary.has(word));
    const ranked = tags.map(({ text }) => thing(text));
    return averagePrecision(ranked, new Set(words.map(thing))) ?? [];
  });
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}
