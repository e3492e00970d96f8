import type { Size } from '../types.js';
import type { ComponentPlane } from './component-output.js';
import type { Samples } from './inverse-dct.js';

/** A row of a component at the picture's resolution: pixel x takes `data[at + (x >> shift)]`. */
export interface Row {
  readonly data: Samples;
  readonly at: number;
  readonly shift: number;
}

/**
 * The rows of a plane, by the picture's y. A plane that is coarser than the picture is repeated, or
 * interpolated; then a row is good until the next one is asked for.
 */
export function rowsOf(
  plane: ComponentPlane,
  size: Size,
  interpolate: boolean,
): (y: number) => Row {
  const { data, stride, shiftX, shiftY } = plane;
  const samples = ((size.width - 1) >> shiftX) + 1;
  const isHalved = shiftX <= 1 && shiftY <= 1 && shiftX + shiftY > 0;
  const isWide = shiftX === 0 || samples >= LEAST_SAMPLES;
  if (interpolate && isHalved && isWide) return interpolatedRows(plane, size);
  return (y) => ({ data, at: (y >> shiftY) * stride, shift: shiftX });
}

/**
 * libjpeg interpolates no component that has fewer samples than this in a row, nor one of which four
 * pixels of an axis share a sample (4:1:1).
 */
const LEAST_SAMPLES = 3;

/**
 * Linear interpolation between the middles of samples, what libjpeg calls "fancy upsampling": of two
 * pixels that share a sample each takes three quarters of it and one of the neighbour on its side.
 * At the picture's edge, where there is no neighbour, the sample stands alone.
 *
 * A value in the middle between two levels is rounded up for every other pixel and down for the
 * rest, again as libjpeg does it, so that the picture as a whole grows neither lighter nor darker.
 */
function interpolatedRows(
  { data, stride, shiftX, shiftY }: ComponentPlane,
  { width, height }: Size,
): (y: number) => Row {
  const down = places(height, shiftY);
  const samples = ((width - 1) >> shiftX) + 1;
  // Of a pair of columns the left one goes up where both axes are coarse, the right one where only
  // this axis is; of a pair of rows, where only those are shared, the lower one.
  const goesUp = (x: number, y: number) =>
    (shiftX === 0 ? y & 1 : x & 1) === (shiftX > 0 && shiftY > 0 ? 0 : 1);
  const blended = new Int32Array(samples);
  const row = new Uint8ClampedArray(width);
  return (y) => {
    const above = down.before[y] * stride;
    const below = down.after[y] * stride;
    const lower = down.eighths[y];
    for (let i = 0; i < samples; i++) {
      const sample = data[above + i];
      blended[i] = 8 * sample + (data[below + i] - sample) * lower;
    }
    const halfAtEven = goesUp(0, y) ? HALF : HALF - 1;
    const halfAtOdd = goesUp(1, y) ? HALF : HALF - 1;
    if (shiftX === 1) {
      writePairs(blended, row, halfAtEven, halfAtOdd);
      return { data: row, at: 0, shift: 0 };
    }
    for (let x = 0; x < width; x++) row[x] = (8 * blended[x] + halfAtEven) >> VALUE_BITS;
    return { data: row, at: 0, shift: 0 };
  };
}

/** Pairs of pixels, each a quarter of a sample from its middle. */
function writePairs(
  blended: Int32Array,
  row: Uint8ClampedArray,
  halfAtEven: number,
  halfAtOdd: number,
): void {
  let before = blended[0];
  let sample = before;
  for (let i = 1, x = 0; x < row.length; i++, x += 2) {
    const after = i < blended.length ? blended[i] : sample;
    row[x] = (6 * sample + 2 * before + halfAtEven) >> VALUE_BITS;
    row[x + 1] = (6 * sample + 2 * after + halfAtOdd) >> VALUE_BITS;
    before = sample;
    sample = after;
  }
}

/** Values are in 64ths: eighths of eighths, one for each axis. */
const VALUE_BITS = 6;
const HALF = 1 << (VALUE_BITS - 1);

/** Between which two samples each row of pixels lies, and the second one's share, in eighths. */
interface Places {
  readonly before: Int32Array;
  readonly after: Int32Array;
  readonly eighths: Int32Array;
}

function places(pixels: number, shift: number): Places {
  const last = (pixels - 1) >> shift;
  const before = new Int32Array(pixels);
  const after = new Int32Array(pixels);
  const eighths = new Int32Array(pixels);
  for (let i = 0; i < pixels; i++) {
    const place = (i + 0.5) / (1 << shift) - 0.5;
    const sample = Math.floor(place);
    before[i] = Math.max(0, sample);
    after[i] = Math.min(last, sample + 1);
    eighths[i] = 8 * (place - sample);
  }
  return { before, after, eighths };
}
