import { CaptionError } from '../../errors.js';
import { collectDocuments } from '../files/documents.js';
import { readText } from '../files/text-file.js';
import type { FileProblem, FindOptions, FoundImage, ImageUse } from '../types.js';
import { documentKind, findInText, type SourceText } from './find.js';

/** The images of many files. */
export interface Survey {
  /** Paths of the files that were read. */
  readonly files: readonly string[];
  /** All images, whatever their alternative texts are like, file by file. */
  readonly images: readonly FoundImage[];
  readonly problems: readonly FileProblem[];
}

export interface SurveyOptions extends FindOptions {
  /** Stops between files with code `ABORTED`. */
  readonly signal?: AbortSignal;
}

/**
 * Finds the images in files and in folders of them (HTML, Markdown, MDX, Astro, Vue, Svelte). A file
 * that cannot be read or parsed is reported in `problems`; the others are still read.
 *
 * @throws CaptionError `ABORTED`
 *
 * @example
 * const { images } = await findImages(['site/']);
 * images.filter(needsAlt).length; // images without an alternative text
 */
export async function findImages(
  paths: readonly string[],
  options: SurveyOptions = {},
): Promise<Survey> {
  const { files, problems } = await collectDocuments(paths);
  const survey = {
    files: [] as string[],
    images: [] as FoundImage[],
    problems: [...problems],
  };
  for (const file of files) {
    if (options.signal?.aborted) throw new CaptionError('ABORTED', 'Stopped.');
    try {
      const { images } = await imagesOfFile(file, options);
      survey.files.push(file);
      survey.images.push(...images);
    } catch (error) {
      if (!(error instanceof CaptionError)) throw error;
      survey.problems.push({ file, error });
    }
  }
  return survey;
}

/** True if the image has no alternative text, or one that describes nothing. */
export function needsAlt({ status }: Pick<ImageUse, 'status'>): boolean {
  return status === 'missing' || status === 'placeholder';
}

/** @throws CaptionError why it cannot be read */
export async function imagesOfFile(
  file: string,
  options: FindOptions,
): Promise<{ readonly source: SourceText; readonly images: readonly FoundImage[] }> {
  const source = { text: await readText(file), kind: documentKind(file) ?? 'html', path: file };
  return { source, images: inFile(file, await findInText(source, options)) };
}

function inFile(file: string, uses: readonly ImageUse[]): FoundImage[] {
  const counts = new Map<string, number>();
  return uses.map((use) => {
    const key = `${use.kind} ${use.src}`;
    const occurrence = counts.get(key) ?? 0;
    counts.set(key, occurrence + 1);
    return { ...use, file, occurrence };
  });
}
