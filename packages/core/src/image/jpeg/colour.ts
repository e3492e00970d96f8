import type { Size } from '../types.js';
import type { ComponentPlane } from './component-output.js';
import type { JpegHead } from './header.js';

/**
 * What the components of a file stand for. T.81 leaves that open; JFIF (T.871) and Adobe's segment
 * (Technical Note 5116) tell, and where they do not, identifiers and habit do.
 */
export type ColourModel = 'grey' | 'ycbcr' | 'rgb' | 'cmyk' | 'cmyk-inverted' | 'ycck-inverted';

/** Which colours a file has. Adobe's programs store inks inverted, 0 being full. */
export function colourModelOf(head: JpegHead): ColourModel {
  const { frame, jfif, adobeTransform } = head;
  const { components } = frame;
  if (components.length === 1) return 'grey';
  if (components.length === 4) {
    if (adobeTransform === undefined) return 'cmyk';
    return adobeTransform === 2 ? 'ycck-inverted' : 'cmyk-inverted';
  }
  if (jfif) return 'ycbcr';
  if (adobeTransform !== undefined) return adobeTransform === 0 ? 'rgb' : 'ycbcr';
  const named = String.fromCharCode(...components.map(({ id }) => id));
  return named === 'RGB' ? 'rgb' : 'ycbcr';
}

/** Turns finished planes into RGB, three bytes a pixel. */
export function toRgb(
  model: ColourModel,
  planes: readonly ComponentPlane[],
  { width, height }: Size,
): Uint8Array {
  const rgb = new Uint8Array(width * height * 3);
  const rows = planes.map((plane) => rowsOf(plane, width));
  for (let y = 0; y < height; y++) {
    const out = new Uint8ClampedArray(rgb.buffer, y * width * 3, width * 3);
    convertRow(
      model,
      rows.map((row) => row(y)),
      out,
    );
  }
  return rgb;
}

/** Rows of a plane at the output's width, samples repeated where the plane is coarser. */
function rowsOf(plane: ComponentPlane, width: number): (y: number) => Uint8ClampedArray {
  const { data, stride, repeatX, repeatY } = plane;
  const row = (y: number) => {
    const from = Math.floor(y / repeatY) * stride;
    return data.subarray(from, from + stride);
  };
  if (repeatX === 1) return row;
  const wide = new Uint8ClampedArray(stride * repeatX);
  return (y) => {
    if (y % repeatY === 0) {
      const narrow = row(y);
      for (let x = 0, to = 0; to < width; x++) {
        for (let i = 0; i < repeatX; i++) wide[to++] = narrow[x] as number;
      }
    }
    return wide;
  };
}

function convertRow(
  model: ColourModel,
  [first, second, third, fourth]: readonly Uint8ClampedArray[],
  out: Uint8ClampedArray,
): void {
  if (first === undefined) return;
  if (second === undefined || third === undefined) {
    greyRow(first, out);
  } else if (fourth === undefined) {
    if (model === 'rgb') rgbRow(first, second, third, out);
    else ycbcrRow(first, second, third, out);
  } else if (model === 'ycck-inverted') {
    ycbcrRow(first, second, third, out);
    for (let i = 0; i < out.length; i++) out[i] = 255 - (out[i] as number);
    inkRow(fourth, 0, out);
  } else if (model === 'cmyk') {
    rgbRow(first, second, third, out);
    for (let i = 0; i < out.length; i++) out[i] = 255 - (out[i] as number);
    inkRow(fourth, 255, out);
  } else {
    rgbRow(first, second, third, out);
    inkRow(fourth, 0, out);
  }
}

function greyRow(grey: Uint8ClampedArray, out: Uint8ClampedArray): void {
  for (let x = 0, to = 0; to < out.length; x++, to += 3) {
    const level = grey[x] as number;
    out[to] = level;
    out[to + 1] = level;
    out[to + 2] = level;
  }
}

function rgbRow(
  red: Uint8ClampedArray,
  green: Uint8ClampedArray,
  blue: Uint8ClampedArray,
  out: Uint8ClampedArray,
): void {
  for (let x = 0, to = 0; to < out.length; x++, to += 3) {
    out[to] = red[x] as number;
    out[to + 1] = green[x] as number;
    out[to + 2] = blue[x] as number;
  }
}

/** The factors of T.871, section 7, with 16 bits after the point. */
const RED_OF_CR = Math.round(1.402 * 65536);
const GREEN_OF_CB = Math.round(0.344136 * 65536);
const GREEN_OF_CR = Math.round(0.714136 * 65536);
const BLUE_OF_CB = Math.round(1.772 * 65536);
const HALF = 32768;

function ycbcrRow(
  luma: Uint8ClampedArray,
  blueDifference: Uint8ClampedArray,
  redDifference: Uint8ClampedArray,
  out: Uint8ClampedArray,
): void {
  for (let x = 0, to = 0; to < out.length; x++, to += 3) {
    const y = ((luma[x] as number) << 16) + HALF;
    const cb = (blueDifference[x] as number) - 128;
    const cr = (redDifference[x] as number) - 128;
    out[to] = (y + RED_OF_CR * cr) >> 16;
    out[to + 1] = (y - GREEN_OF_CB * cb - GREEN_OF_CR * cr) >> 16;
    out[to + 2] = (y + BLUE_OF_CB * cb) >> 16;
  }
}

/** Lays the black plane over RGB; `full` is the value that stands for full ink. */
function inkRow(black: Uint8ClampedArray, full: number, out: Uint8ClampedArray): void {
  for (let x = 0, to = 0; to < out.length; x++, to += 3) {
    const light = Math.abs((black[x] as number) - full) / 255;
    out[to] = (out[to] as number) * light;
    out[to + 1] = (out[to + 1] as number) * light;
    out[to + 2] = (out[to + 2] as number) * light;
  }
}
