import { type Filler, type FillOptions, hastFiller } from 'zipcaption/alt';

export type { FillOptions } from 'zipcaption/alt';

/**
 * A rehype plugin that gives images without an alternative text a caption for one.
 *
 * @param options see `FillOptions`; an unknown one throws `INVALID_OPTION`
 *
 * @example
 * rehype().use(rehypeZipcaption, { minConfidence: 0.6 });
 */
export default function rehypeZipcaption(options: FillOptions = {}): Filler {
  return hastFiller(options);
}
