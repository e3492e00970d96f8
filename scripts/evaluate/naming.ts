import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Captioner, CaptionTag } from 'zipcaption';
import { tokenize } from './metrics/tokenize.js';

/** A photo of one thing, and the everyday words that name it. */
export interface NamedPhoto {
  readonly file: string;
  readonly path: string;
  readonly label: string;
  readonly words: ReadonlySet<string>;
}

/** Tags among which the thing is looked for. */
const BEST = 5;

/**
 * Reads a naming set: a folder with `naming.json`, a list of `{ file, label, words }`, and the photos
 * in `images/`.
 *
 * @throws Error saying what is wrong with the file, or which photo is missing
 */
export function readNamingSet(folder: string): NamedPhoto[] {
  const file = join(folder, 'naming.json');
  const list: unknown = JSON.parse(readFileSync(file, 'utf8'));
  if (!Array.isArray(list) || list.length === 0) {
    throw new Error(`${file} must hold a list of photos.`);
  }
  const photos = list.map((entry: unknown, i): NamedPhoto => {
    const { file: name, label, words } = (entry ?? {}) as Record<string, unknown>;
    const sound =
      typeof name === 'string' &&
      typeof label === 'string' &&
      Array.isArray(words) &&
      words.every((word) => typeof word === 'string');
    if (!sound) {
      throw new Error(
        `Entry ${i} of ${file} must be { "file": …, "label": …, "words": ["…", …] }.`,
      );
    }
    const path = join(folder, 'images', name);
    return { file: name, label, path, words: new Set(words as string[]) };
  });
  const missing = photos.find(({ path }) => !existsSync(path));
  if (missing) throw new Error(`${missing.path} is named in ${file} but not there.`);
  return photos;
}

/** Does a caption say one of the words? */
export function names(caption: string, words: ReadonlySet<string>): boolean {
  return tokenize(caption).some((word) => words.has(word));
}

export interface NamingScores {
  readonly model: string;
  readonly photos: number;
  /** Captions that name the thing. */
  readonly named: number;
  /** Photos whose likeliest tag names the thing, and that have such a tag among the five likeliest. */
  readonly tagged?: { readonly first: number; readonly amongBest: number };
  readonly failed: number;
  readonly perPhoto: readonly NamedResult[];
}

interface NamedResult {
  readonly file: string;
  readonly label: string;
  readonly caption: string;
  readonly confidence: number;
  /** Of each token of the caption. */
  readonly logProbs: readonly number[];
  readonly named: boolean;
  readonly tags?: readonly CaptionTag[];
}

/** Captions the photos, and counts how many are named by the caption and by the tags. */
export async function scoreNaming(
  captioner: Captioner,
  photos: readonly NamedPhoto[],
  { concurrency, numBeams }: { readonly concurrency: number; readonly numBeams?: number },
): Promise<NamingScores> {
  const { name, version, encoder } = captioner.model;
  const perPhoto: NamedResult[] = [];
  let [named, first, amongBest] = [0, 0, 0];
  for await (const outcome of captioner.captionAll(
    photos.map(({ path }) => path),
    {
      concurrency,
      ...(numBeams !== undefined && { numBeams }),
      ...(encoder.tags && { numTags: BEST }),
    },
  )) {
    const { file, label, words } = photos[outcome.index] as NamedPhoto;
    if (outcome.error) {
      console.error(`${file}: ${outcome.error.message}`);
      continue;
    }
    const { text: caption, confidence, tags } = outcome;
    const logProbs = outcome.tokens.map((token) => token.logProb);
    const isNamed = names(caption, words);
    const place = tags?.findIndex(({ text }) => words.has(text)) ?? -1;
    if (isNamed) named++;
    if (place === 0) first++;
    if (place >= 0) amongBest++;
    const result = { file, label, caption, confidence, logProbs, named: isNamed };
    perPhoto.push({ ...result, ...(tags && { tags }) });
  }
  return {
    model: `${name} ${version}`,
    photos: perPhoto.length,
    named,
    ...(encoder.tags && { tagged: { first, amongBest } }),
    failed: photos.length - perPhoto.length,
    perPhoto,
  };
}

/** The scores in lines for people. */
export function namingLines({ model, photos, named, tagged, failed }: NamingScores): string[] {
  const share = (count: number) =>
    `${((100 * count) / Math.max(1, photos)).toFixed(1)} % (${count})`;
  const rows: [string, string][] = [
    ['model', model],
    ['photos', String(photos)],
    ['caption names it', share(named)],
    ['first tag', tagged ? share(tagged.first) : 'the model gives no tags'],
    [`among ${BEST} tags`, tagged ? share(tagged.amongBest) : 'the model gives no tags'],
    ['failed', String(failed)],
  ];
  return rows.map(([key, value]) => `${key.padEnd(18)} ${value}`);
}
