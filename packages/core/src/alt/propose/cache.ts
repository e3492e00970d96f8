import { createHash } from 'node:crypto';
import { appendFile, mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CaptionError } from '../../errors.js';
import { explain } from '../../node/system-error.js';
import type { ImageCaptions } from './image-captions.js';

/** Captions by what they depend on: the image's content, the model, how words were searched. */
export interface CaptionCache {
  get(key: string): ImageCaptions | undefined;
  set(key: string, captions: ImageCaptions): Promise<void>;
}

/** A name for a caption: the same for the same bytes, model and options. */
export function cacheKey(contentHash: string, model: string, options: object): string {
  return createHash('sha256')
    .update(JSON.stringify([contentHash, model, options]))
    .digest('hex');
}

/**
 * A cache in one file, a line an image, each written as soon as it is known: a run that was stopped
 * goes on where it was. A line that is no entry (the last one of a run that was killed) is passed over.
 *
 * @throws CaptionError `WRITE_FAILED` when the file cannot be read and written; so does `set`
 */
export async function fileCache(path: string): Promise<CaptionCache> {
  const entries = new Map<string, ImageCaptions>();
  const refuse = (cause: unknown): never => {
    throw new CaptionError(
      'WRITE_FAILED',
      `The caption cache ${path} cannot be used: ${explain(cause)}. Name another file, or omit the cache.`,
      { cause },
    );
  };
  const append = (line: string) => appendFile(path, line).catch(refuse);
  // Told before anything is captioned.
  await mkdir(dirname(path), { recursive: true }).catch(refuse);
  await append('');
  const text = await readFile(path, 'utf8').catch(refuse);
  for (const line of text.split('\n')) {
    const entry = readEntry(line);
    if (entry) entries.set(entry.key, entry.captions);
  }
  // After a torn line the next one has to begin on its own.
  let begin = text === '' || text.endsWith('\n') ? '' : '\n';
  let lastWrite: Promise<void> = Promise.resolve();
  return {
    get: (key) => entries.get(key),
    async set(key, captions) {
      entries.set(key, captions);
      const line = `${begin}${JSON.stringify({ key, captions })}\n`;
      begin = '';
      lastWrite = lastWrite.then(() => append(line));
      await lastWrite;
    },
  };
}

function readEntry(line: string): { key: string; captions: ImageCaptions } | undefined {
  if (line === '') return undefined;
  try {
    const { key, captions } = JSON.parse(line);
    const sound =
      typeof key === 'string' &&
      Array.isArray(captions.candidates) &&
      captions.candidates.every(
        (each: { text: unknown; confidence: unknown }) =>
          typeof each.text === 'string' && typeof each.confidence === 'number',
      ) &&
      typeof captions.width === 'number' &&
      typeof captions.height === 'number';
    return sound ? { key, captions } : undefined;
  } catch {
    return undefined;
  }
}
