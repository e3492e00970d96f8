import { type Filler, type FillOptions, mdastFiller } from 'zipcaption/alt';

export type { FillOptions } from 'zipcaption/alt';

/**
 * A remark plugin that gives images without an alternative text a caption for one.
 *
 * @param options see `FillOptions`; an unknown one throws `INVALID_OPTION`
 *
 * @example
 * remark().use(remarkZipcaption, { minConfidence: 0.6 });
 */
export default function remarkZipcaption(options: FillOptions = {}): Filler {
  return mdastFiller(options);
}
