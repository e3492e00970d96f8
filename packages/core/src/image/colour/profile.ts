import {
  applied,
  columnsOf,
  diagonal,
  inverse,
  type Matrix3,
  product,
  type Vector3,
} from './matrix.js';

/** What the samples of a file stand for, given as the way from them to sRGB. */
export interface ColourProfile {
  /** For red, green and blue: the linear light, 0–1, of each level 0–255. */
  readonly curves: readonly [Float32Array, Float32Array, Float32Array];
  /** From linear light of the file's red, green and blue to that of sRGB's. */
  readonly matrix: Matrix3;
}

/** What a reader finds in a file of its format. */
export type FoundColour =
  | { readonly icc: Uint8Array; readonly pictureColours: 'rgb' | 'grey' | 'inks' }
  | { readonly profile: ColourProfile };

/** A place in the CIE 1931 diagram. */
export type Chromaticity = readonly [x: number, y: number];

export interface Primaries {
  readonly white: Chromaticity;
  readonly red: Chromaticity;
  readonly green: Chromaticity;
  readonly blue: Chromaticity;
}

export const D65: Chromaticity = [0.3127, 0.329];

export const SRGB_PRIMARIES: Primaries = {
  white: D65,
  red: [0.64, 0.33],
  green: [0.3, 0.6],
  blue: [0.15, 0.06],
};

/** The white of ICC's connection space: X, Y, Z of D50 as ICC.1:2022, section 7.2.16, gives it. */
const D50: Vector3 = [0.9642, 1, 0.8249];

/** Bradford's matrix, which ICC.1:2022 (annex E) adapts one white to another with. */
// biome-ignore format: rows of a matrix
const BRADFORD: Matrix3 = [
  0.8951, 0.2664, -0.1614,
  -0.7502, 1.7135, 0.0367,
  0.0389, -0.0685, 1.0296,
];

/**
 * The matrix from linear RGB with these primaries to X, Y, Z relative to D50; undefined where they span
 * no colours.
 */
export function toXyzD50({ white, red, green, blue }: Primaries): Matrix3 | undefined {
  const whiteXyz = xyzOf(white);
  const shape = columnsOf([xyzOf(red), xyzOf(green), xyzOf(blue)]);
  const unshape = inverse(shape);
  const unbradford = inverse(BRADFORD);
  if (!unshape || !unbradford || ![...shape, ...whiteXyz].every(Number.isFinite)) return undefined;
  const [from, to] = [applied(BRADFORD, whiteXyz), applied(BRADFORD, D50)];
  const gains: Vector3 = [to[0] / from[0], to[1] / from[1], to[2] / from[2]];
  const adaptation = product(unbradford, product(diagonal(gains), BRADFORD));
  return product(adaptation, product(shape, diagonal(applied(unshape, whiteXyz))));
}

function xyzOf([x, y]: Chromaticity): Vector3 {
  return [x / y, 1, (1 - x - y) / y];
}

/** From X, Y, Z relative to D50 to linear sRGB. */
export const XYZ_D50_TO_SRGB: Matrix3 = (() => {
  const matrix = toXyzD50(SRGB_PRIMARIES);
  const back = matrix && inverse(matrix);
  if (!back) throw new Error('sRGB has sound primaries');
  return back;
})();

/** A profile by the X, Y, Z relative to D50 of its red, green and blue. */
export function profileOf(curves: ColourProfile['curves'], toXyz: Matrix3): ColourProfile {
  return { curves, matrix: product(XYZ_D50_TO_SRGB, toXyz) };
}

/** The linear light of levels 0–255 by a function of 0–1, cut off at 0 and 1. */
export function curveOf(light: (level: number) => number): Float32Array {
  return Float32Array.from({ length: 256 }, (_, level) => {
    const value = light(level / 255);
    return value > 0 ? Math.min(1, value) : 0; // NaN is 0, too.
  });
}

/** IEC 61966-2-1: an sRGB sample, 0–1, to linear light. */
export function srgbToLinear(sample: number): number {
  return sample <= 0.04045 ? sample / 12.92 : ((sample + 0.055) / 1.055) ** 2.4;
}

export function linearToSrgb(light: number): number {
  return light <= 0.0031308 ? light * 12.92 : 1.055 * light ** (1 / 2.4) - 0.055;
}
