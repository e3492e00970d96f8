import { clampLevels } from '../levels.js';
import type { Levels, Size } from '../types.js';
import type { ComponentPlane } from './component-output.js';
import type { JpegHead } from './header.js';
import type { Samples } from './inverse-dct.js';
import { type Row, rowsOf } from './rows.js';

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
    return adobeTransform === 0 ? 'cmyk-inverted' : 'ycck-inverted';
  }
  if (jfif) return 'ycbcr';
  if (adobeTransform !== undefined) return adobeTransform === 0 ? 'rgb' : 'ycbcr';
  const named = String.fromCharCode(...components.map(({ id }) => id));
  return named === 'RGB' ? 'rgb' : 'ycbcr';
}

/**
 * Turns finished planes into RGB, three samples a pixel.
 *
 * @param fractions keep those of the means that a reduced picture is made of
 * @param interpolate planes that are coarser than the picture are interpolated, not repeated
 */
export function toRgb(
  model: ColourModel,
  planes: readonly ComponentPlane[],
  size: Size,
  interpolate: boolean,
  fractions: boolean,
): Levels {
  const { width, height } = size;
  // Stores to a clamped array round to the nearest level and keep to 0–255.
  const out: Samples = new (fractions ? Float32Array : Uint8ClampedArray)(width * height * 3);
  const rows = planes.map((plane) => rowsOf(plane, size, interpolate));
  for (let y = 0; y < height; y++) {
    const [first, second, third, fourth] = rows.map((row) => row(y));
    const to = y * width * 3;
    if (first === undefined || second === undefined || third === undefined) {
      if (first !== undefined) greyRow(first, out, to, width);
    } else if (model === 'ycbcr' || model === 'ycck-inverted') {
      if (isBytes(first) && isBytes(second) && isBytes(third)) {
        ycbcrBytesRow(first, second, third, out, to, width);
      } else {
        ycbcrRow(first, second, third, out, to, width);
      }
    } else {
      rgbRow(first, second, third, out, to, width);
    }
    if (fourth === undefined) continue;
    // Colours of inks are those of light, turned round; Adobe's files hold CMY that way already.
    if (model !== 'cmyk-inverted') invertRow(out, to, width);
    layBlack(fourth, model === 'cmyk' ? 255 : 0, out, to, width);
  }
  if (out instanceof Uint8ClampedArray) return new Uint8Array(out.buffer);
  clampLevels(out);
  return out;
}

interface ByteRow extends Row {
  readonly data: Uint8ClampedArray;
}

function isBytes(row: Row): row is ByteRow {
  return row.data instanceof Uint8ClampedArray;
}

function greyRow({ data, at, shift }: Row, out: Samples, start: number, width: number) {
  for (let x = 0, to = start; x < width; x++, to += 3) {
    const level = data[at + (x >> shift)] as number;
    out[to] = level;
    out[to + 1] = level;
    out[to + 2] = level;
  }
}

function rgbRow(red: Row, green: Row, blue: Row, out: Samples, start: number, width: number): void {
  for (let x = 0, to = start; x < width; x++, to += 3) {
    out[to] = red.data[red.at + (x >> red.shift)] as number;
    out[to + 1] = green.data[green.at + (x >> green.shift)] as number;
    out[to + 2] = blue.data[blue.at + (x >> blue.shift)] as number;
  }
}

/** YCbCr to RGB: T.871, section 7; the factors with libjpeg's five digits, for the same pixels. */
function ycbcrRow(
  luma: Row,
  blueness: Row,
  redness: Row,
  out: Samples,
  start: number,
  width: number,
): void {
  const { data: y, at: yAt, shift: yShift } = luma;
  const { data: cb, at: cbAt, shift: cbShift } = blueness;
  const { data: cr, at: crAt, shift: crShift } = redness;
  for (let x = 0, to = start; x < width; x++, to += 3) {
    const light = y[yAt + (x >> yShift)] as number;
    const blue = (cb[cbAt + (x >> cbShift)] as number) - 128;
    const red = (cr[crAt + (x >> crShift)] as number) - 128;
    out[to] = light + RED_OF_CR * red;
    out[to + 1] = light - GREEN_OF_CB * blue - GREEN_OF_CR * red;
    out[to + 2] = light + BLUE_OF_CB * blue;
  }
}

const RED_OF_CR = 1.402;
const GREEN_OF_CB = 0.34414;
const GREEN_OF_CR = 0.71414;
const BLUE_OF_CB = 1.772;

/**
 * The same with whole numbers, 16 bits of them after the point, which is faster when the samples are
 * bytes; and where two pixels share their colour differences, as in most photos, two at a time.
 */
function ycbcrBytesRow(
  luma: ByteRow,
  blueness: ByteRow,
  redness: ByteRow,
  out: Samples,
  start: number,
  width: number,
): void {
  const { data: y, at: yAt, shift: yShift } = luma;
  const { data: cb, at: cbAt, shift: cbShift } = blueness;
  const { data: cr, at: crAt, shift: crShift } = redness;
  const inPairs = yShift === 0 && cbShift > 0 && crShift > 0;
  for (let x = 0, to = start; x < width; x++, to += 3) {
    const blue = (cb[cbAt + (x >> cbShift)] as number) - 128;
    const red = (cr[crAt + (x >> crShift)] as number) - 128;
    const toRed = Math.imul(RED_OF_CR_16, red);
    const toGreen = Math.imul(GREEN_OF_CB_16, blue) + Math.imul(GREEN_OF_CR_16, red);
    const toBlue = Math.imul(BLUE_OF_CB_16, blue);
    const light = ((y[yAt + (x >> yShift)] as number) << 16) + 0x8000;
    out[to] = (light + toRed) >> 16;
    out[to + 1] = (light - toGreen) >> 16;
    out[to + 2] = (light + toBlue) >> 16;
    if (inPairs && x + 1 < width) {
      x++;
      to += 3;
      const next = ((y[yAt + x] as number) << 16) + 0x8000;
      out[to] = (next + toRed) >> 16;
      out[to + 1] = (next - toGreen) >> 16;
      out[to + 2] = (next + toBlue) >> 16;
    }
  }
}

const RED_OF_CR_16 = Math.round(RED_OF_CR * 65536);
const GREEN_OF_CB_16 = Math.round(GREEN_OF_CB * 65536);
const GREEN_OF_CR_16 = Math.round(GREEN_OF_CR * 65536);
const BLUE_OF_CB_16 = Math.round(BLUE_OF_CB * 65536);

function invertRow(out: Samples, start: number, width: number): void {
  for (let to = start; to < start + 3 * width; to++) out[to] = 255 - (out[to] as number);
}

/** Lays the black plane over RGB; `full` is the value that stands for full ink. */
function layBlack(
  { data, at, shift }: Row,
  full: number,
  out: Samples,
  start: number,
  width: number,
): void {
  for (let x = 0, to = start; x < width; x++, to += 3) {
    const light = Math.abs((data[at + (x >> shift)] as number) - full) / 255;
    out[to] = (out[to] as number) * light;
    out[to + 1] = (out[to + 1] as number) * light;
    out[to + 2] = (out[to + 2] as number) * light;
  }
}
