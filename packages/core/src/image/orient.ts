import { swapsSides } from './exif.js';
import { likeArray } from './levels.js';
import type { Levels, Orientation, Reduction, RgbImage, Size } from './types.js';

/**
 * For each EXIF orientation, what has to be done to the stored picture to see it upright: first
 * swap rows and columns, then mirror the result (EXIF 2.32 section 4.6.4, tag Orientation: it names
 * the visual sides of the stored first row and first column).
 */
const STEPS: Readonly<Record<Orientation, { transpose: boolean; flipX: boolean; flipY: boolean }>> =
  {
    1: { transpose: false, flipX: false, flipY: false },
    2: { transpose: false, flipX: true, flipY: false },
    3: { transpose: false, flipX: true, flipY: true },
    4: { transpose: false, flipX: false, flipY: true },
    5: { transpose: true, flipX: false, flipY: false },
    6: { transpose: true, flipX: true, flipY: false },
    7: { transpose: true, flipX: true, flipY: true },
    8: { transpose: true, flipX: false, flipY: true },
  };

/** The size that a photo stored with this size and orientation has when seen upright. */
export function uprightSize(stored: Size, orientation: Orientation): Size {
  return swapsSides(orientation)
    ? { width: stored.height, height: stored.width }
    : { width: stored.width, height: stored.height };
}

/**
 * The picture turned and mirrored so that it is seen upright. Orientation 1 gives the same object,
 * any other a new one.
 *
 * @example
 * applyOrientation({ width: 640, height: 480, data }, 6); // 480×640
 */
export function applyOrientation(
  image: RgbImage<Levels>,
  orientation: Orientation,
): RgbImage<Levels> {
  if (orientation === 1) return image;
  const { transpose, flipX, flipY } = STEPS[orientation];
  const { width, height } = uprightSize(image, orientation);
  const source = image.data;
  const data = likeArray(source, source.length);

  // Walking right (down) in the upright picture moves by `across` (`down`) bytes in the stored one.
  const acrossStored = transpose ? image.width * 3 : 3;
  const downStored = transpose ? 3 : image.width * 3;
  const across = flipX ? -acrossStored : acrossStored;
  const down = flipY ? -downStored : downStored;
  const first = (flipX ? (width - 1) * acrossStored : 0) + (flipY ? (height - 1) * downStored : 0);

  let to = 0;
  for (let y = 0; y < height; y++) {
    let from = first + y * down;
    for (let x = 0; x < width; x++, from += across, to += 3) {
      data[to] = source[from];
      data[to + 1] = source[from + 1];
      data[to + 2] = source[from + 2];
    }
  }
  const { reduction } = image;
  if (!reduction) return { width, height, data };
  return { width, height, data, reduction: turnReduction(image, reduction, orientation) };
}

/** The partly covered edge turns with the picture: what was at the right may now be at the top. */
function turnReduction(image: Size, r: Reduction, orientation: Orientation): Reduction {
  const { transpose, flipX, flipY } = STEPS[orientation];
  const right = image.width - (r.left + r.full.width / r.x);
  const bottom = image.height - (r.top + r.full.height / r.y);
  const full = uprightSize(r.full, orientation);
  return transpose
    ? { full, x: r.y, y: r.x, left: flipX ? bottom : r.top, top: flipY ? right : r.left }
    : { full, x: r.x, y: r.y, left: flipX ? right : r.left, top: flipY ? bottom : r.top };
}
