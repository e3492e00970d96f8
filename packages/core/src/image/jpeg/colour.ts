import type { Size } from '../types.js';
import type { Samples } from './block-transform.js';
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
function rowsOf(plane: ComponentPlane, width: number): (y: number) => Samples {
  const { data, stride, repeatX, repeatY } = plane;
  const row = (y: number) => {
    const from = Math.floor(y / repeatY) * stride;
    return data.subarray(from, from + stride);
  };
  if (repeatX === 1) return row;
  const wide =
    data instanceof Float32Array
      ? new Float32Array(stride * repeatX)
      : new Uint8ClampedArray(stride * repeatX);
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
  [first, second, third, fourth]: readonly Samples[],
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

function greyRow(grey: Samples, out: Uint8ClampedArray): void {
  for (let x = 0, to = 0; to < out.length; x++, to += 3) {
    const level = grey[x] as number;
    out[to] = level;
    out[to + 1] = level;
    out[to + 2] = level;
  }
}

function rgbRow(red: Samples, green: Samples, blue: Samples, out: Uint8ClampedArray): void {
  for (let x = 0, to = 0; to < out.length; x++, to += 3) {
    out[to] = red[x] as number;
    out[to + 1] = green[x] as number;
    out[to + 2] = blue[x] as number;
  }
}

/**
 * T.871, section 7. Stores to a clamped array round to the nearest level and keep to 0–255.
 */
function ycbcrRow(
  luma: Samples,
  blueDifference: Samples,
  redDifference: Samples,
  out: Uint8ClampedArray,
): void {
  for (let x = 0, to = 0; to < out.length; x++, to += 3) {
    const y = luma[x] as number;
    const cb = (blueDifference[x] as number) - 128;
    const cr = (redDifference[x] as number) - 128;
    out[to] = y + 1.402 * cr;
    out[to + 1] = y - 0.344136 * cb - 0.714136 * cr;
    out[to + 2] = y + 1.772 * cb;
  }
}

/** Lays the black plane over RGB; `full` is the value that stands for full ink. */
function inkRow(black: Samples, full: number, out: Uint8ClampedArray): void {
  for (let x = 0, to = 0; to < out.length; x++, to += 3) {
    const light = Math.abs((black[x] as number) - full) / 255;
    out[to] = (out[to] as number) * light;
    out[to + 1] = (out[to + 1] as number) * light;
    out[to + 2] = (out[to + 2] as number) * light;
  }
}
