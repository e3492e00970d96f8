import { CaptionError } from '../../errors.js';
import { fileName } from '../find/placeholders.js';
import { needsAlt } from '../find/survey.js';
import { type Located, type LocateOptions, locateImage } from '../images/locate.js';
import type { FoundImage } from '../types.js';
import {
  type AltCaptioner,
  type CaptionImagesOptions,
  captionImages,
  placeKey,
} from './captions.js';
import type { ImageCaptions } from './image-captions.js';
import { altText, checkStyle, type StyleOptions } from './style.js';

/** A model's draft for an image. The model saw only the image, not the page. */
export interface AltDraft {
  /** To be written. */
  readonly alt: string;
  /** The model's own words. */
  readonly caption: string;
  /** 0–1, see `confidence` of a caption. */
  readonly confidence: number;
  /** Other texts, best first. */
  readonly alternatives: readonly { readonly alt: string; readonly confidence: number }[];
}

/** An image without an alternative text, and a draft for it. */
export interface Proposal extends FoundImage {
  readonly located: Located;
  readonly draft?: AltDraft;
  /** Why there is no draft, or why it should not be written. */
  readonly reason?: string;
  /** `write`: there is a draft with enough confidence, and the place can be written. */
  readonly decision: 'write' | 'skip';
}

export interface ProposeOptions extends CaptionImagesOptions, StyleOptions {
  /** Drafts with less confidence get the decision `skip`. 0–1, default 0.5. */
  readonly minConfidence?: number;
  /** Folders that addresses beginning with `/` start from. Default: the working folder. */
  readonly roots?: readonly string[];
  /** The site's own address: images at it are looked up in `roots`. */
  readonly site?: URL;
}

/** Smaller images are icons and ornaments; captions of them are guesses. */
const LEAST_SIDE = 32;

/**
 * Proposes alternative texts for the images that have none. Images of the same content are captioned
 * once.
 *
 * @param images what `findImages` found; those that need no text are passed over
 * @param load   gives what captions them: `loadCaptioner`
 * @throws CaptionError `INVALID_OPTION`, `ABORTED`, what `load` throws
 *
 * @example
 * const { images } = await findImages(['site/']);
 * const proposals = await proposeAlts(images, loadCaptioner, { roots: ['site'] });
 */
export async function proposeAlts(
  images: readonly FoundImage[],
  load: () => Promise<AltCaptioner>,
  options: ProposeOptions = {},
): Promise<Proposal[]> {
  checkStyle(options);
  const { minConfidence = 0.5 } = options;
  if (!(minConfidence >= 0 && minConfidence <= 1)) {
    throw new CaptionError(
      'INVALID_OPTION',
      'The option "minConfidence" must be a number from 0 to 1.',
    );
  }
  const where: LocateOptions = {
    roots: options.roots ?? ['.'],
    remote: options.download !== undefined,
    ...(options.site && { site: options.site }),
  };
  const wanting: { readonly image: FoundImage; readonly located: Located }[] = [];
  for (const image of images) {
    if (needsAlt(image)) wanting.push({ image, located: await locateImage(image, where) });
  }
  const places = wanting.map(({ located }) => located).filter(({ type }) => type !== 'none');
  const captions = await captionImages(places, load, options);
  return wanting.map(({ image, located }) =>
    proposal(image, located, captions.get(placeKey(located)), { ...options, minConfidence }),
  );
}

function proposal(
  image: FoundImage,
  located: Located,
  captions: ImageCaptions | CaptionError | undefined,
  options: StyleOptions & { readonly minConfidence: number },
): Proposal {
  const skip = (reason: string, draft?: AltDraft): Proposal => ({
    ...image,
    located,
    reason,
    decision: 'skip',
    ...(draft && { draft }),
  });
  if (located.type === 'none') return skip(located.reason);
  if (captions instanceof CaptionError) return skip(captions.message);
  const draft = captions && draftOf(captions, fileName(image.src ?? ''), options);
  if (!captions || !draft) return skip('The model found no caption.');
  if (Math.min(captions.width, captions.height) < LEAST_SIDE) {
    const size = `${captions.width}×${captions.height}`;
    return skip(`It is too small (${size} pixels) for a reliable caption.`);
  }
  if (!image.slot) return skip('It is only reported: write its text by hand.', draft);
  if (draft.confidence < options.minConfidence) {
    return skip('The confidence is below the minimum.', draft);
  }
  return { ...image, located, draft, decision: 'write' };
}

function draftOf(
  { candidates }: ImageCaptions,
  name: string,
  style: StyleOptions,
): AltDraft | undefined {
  const [best, ...others] = candidates.map(({ text, confidence }) => ({
    caption: text,
    confidence,
    alt: altText({ caption: text, name, confidence }, style),
  }));
  if (!best || best.alt === '') return undefined;
  const alternatives = others.map(({ alt, confidence }) => ({ alt, confidence }));
  return { ...best, alternatives };
}
