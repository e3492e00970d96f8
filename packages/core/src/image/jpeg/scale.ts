import type { Size } from '../types.js';
import type { Points } from './inverse-dct.js';

/** How many output pixels come of 8 pixels of the file along an axis: 1 is 1/8, 8 the full size. */
export type Scale = Points;

/** The scales of both axes: the same except for very long strips. */
export interface Scales {
  readonly across: Scale;
  readonly down: Scale;
}

const SCALES: readonly Scale[] = [1, 2, 4, 8];

/** The output's size at a scale; a rest of a cell at the right and lower edge makes a pixel too. */
export function scaledSize(size: Size, { across, down }: Scales): Size {
  return {
    width: Math.ceil((size.width * across) / 8),
    height: Math.ceil((size.height * down) / 8),
  };
}

/** One scale for both axes, as long as no more pixels than these are decoded. */
const MOST_PIXELS = 16e6;

/**
 * The smallest scale at which the picture still has `atLeast` pixels on both sides, where it has them at all. Of
 * a strip of 65,500 × 890 pixels that would be half of it, for its height's sake: where so much were decoded,
 * each axis has a scale of its own.
 */
export function chooseScale(size: Size, atLeast: Size | undefined): Scales {
  if (atLeast === undefined) return { across: 8, down: 8 };
  const across = axisScale(size.width, atLeast.width);
  const down = axisScale(size.height, atLeast.height);
  const larger = Math.max(across, down) as Scale;
  const both = { across: larger, down: larger };
  const decoded = scaledSize(size, componentScale(both));
  return decoded.width * decoded.height > MOST_PIXELS ? { across, down } : both;
}

function axisScale(pixels: number, atLeast: number): Scale {
  const needed = Math.min(pixels, atLeast);
  return SCALES.find((scale) => Math.ceil((pixels * scale) / 8) >= needed) ?? 8;
}

/**
 * The scale at which components are decoded for a picture at a scale. For 1/2 they are decoded whole, and
 * pixels are averaged when they have their colours: strong colours with some texture in them go beyond
 * what RGB can hold, a decoder cuts off each pixel of the full size, and the mean of what is left is not
 * the mean of what there was. Photos at hand had up to 2 % of their samples more than 4 levels off.
 * For 1/4 and 1/8 that would cost more than all else.
 */
export function componentScale(scales: Scales): Scales {
  return scales.across === 4 && scales.down === 4 ? { across: 8, down: 8 } : scales;
}

/** How a component's samples along one axis become the output's: pixel x takes sample x >> shift. */
export interface AxisPlan {
  /** Samples that are made of a block. */
  readonly points: Points;
  /** Above 0 where a component is coarser than the output even if its blocks are decoded whole. */
  readonly shift: number;
}

/**
 * Plans one axis of a component. A component that is stored at half the size of the others is decoded
 * at twice their scale, so that it comes out at the output's own size: at 1/8 of a 4:2:0 file two points
 * a block of the colour differences.
 *
 * @returns `undefined` where samples and pixels do not fit by powers of 2, as with factors 3 and 2: such
 * components take the slow way of spreading samples over pixels by their shares
 */
export function planAxis(factor: number, factorMax: number, scale: Scale): AxisPlan | undefined {
  const points = (scale * factorMax) / factor;
  if (points === 1 || points === 2 || points === 4 || points === 8) return { points, shift: 0 };
  if (points === 16) return { points: 8, shift: 1 };
  if (points === 32) return { points: 8, shift: 2 };
  return undefined;
}
