import type { Size } from '../types.js';
import type { Points } from './inverse-dct.js';

/** How many output pixels come of 8 pixels of the file, along both axes: 1 is 1/8, 8 the full size. */
export type Scale = Points;

const SCALES: readonly Scale[] = [1, 2, 4, 8];

/** The output's size at a scale; a rest of a cell at the right and lower edge makes a pixel too. */
export function scaledSize(size: Size, scale: Scale): Size {
  return {
    width: Math.ceil((size.width * scale) / 8),
    height: Math.ceil((size.height * scale) / 8),
  };
}

/** The smallest scale at which the picture still has `atLeast` pixels on both sides, where it has them at all. */
export function chooseScale(size: Size, atLeast: Size | undefined): Scale {
  if (atLeast === undefined) return 8;
  const width = Math.min(size.width, atLeast.width);
  const height = Math.min(size.height, atLeast.height);
  const fits = (scale: Scale) => {
    const scaled = scaledSize(size, scale);
    return scaled.width >= width && scaled.height >= height;
  };
  return SCALES.find(fits) ?? 8;
}

/**
 * The scale at which components are decoded for a picture at a scale. For 1/2 they are decoded whole, and
 * pixels are averaged when they have their colours: strong colours with some texture in them go beyond
 * what RGB can hold, a decoder cuts off each pixel of the full size, and the mean of what is left is not
 * the mean of what there was. Photos at hand had up to 2 % of their samples more than 4 levels off.
 * For 1/4 and 1/8 that would cost more than all else.
 */
export function componentScale(scale: Scale): Scale {
  return scale === 4 ? 8 : scale;
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
