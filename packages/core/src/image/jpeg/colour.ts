import { clampLevels } from '../levels.js';
import { RowSink } from '../row-sink.js';
import type { Levels, Size } from '../types.js';
import type { ComponentPlane } from './component-output.js';
import type { JpegHead } from './header.js';
import type { Samples } from './inverse-dct.js';
import { type Row, rowsOf } from './rows.js';

/**
 * What the components of a file stand for. T.81 leaves that open; JFIF (T.871) and Adobe's segment
 * (Technical Note 5116) tell, and where they do not, identifiers and habit do.
 */
export type ColourModel = 'grey' | 'ycbcr' | 'rgb' | 'cmyk' | 'ycck';

/**
 * Which colours a file has. Inks are stored inverted, 0 being full: Adobe's programs began with that, and
 * browsers, Pillow and libvips read files without Adobe's segment so, too.
 */
export function colourModelOf(head: JpegHead): ColourModel {
  const { frame, jfif, adobeTransform } = head;
  const { components } = frame;
  if (components.length === 1) return 'grey';
  if (components.length === 4) {
    return (adobeTransform ?? 0) === 0 ? 'cmyk' : 'ycck';
  }
  if (jfif) return 'ycbcr';
  if (adobeTransform !== undefined) return adobeTransform === 0 ? 'rgb' : 'ycbcr';
  const named = String.fromCharCode(...components.map(({ id }) => id));
  return named === 'RGB' ? 'rgb' : 'ycbcr';
}

/**
 * Turns finished planes into RGB, three samples a pixel.
 *
 * @param interpolate planes that are coarser than the picture are interpolated, not repeated
 */
export function toRgb(
  model: ColourModel,
  planes: readonly ComponentPlane[],
  size: Size,
  interpolate: boolean,
): Uint8Array {
  const out = new Uint8ClampedArray(size.width * size.height * 3);
  const writeRow = rowWriter(model, planes, size, interpolate);
  for (let y = 0; y < size.height; y++) writeRow(y, out, y * size.width * 3);
  return new Uint8Array(out.buffer);
}

/** The same for planes of means, whose fractions are kept. */
export function toRgbMeans(
  model: ColourModel,
  planes: readonly ComponentPlane[],
  size: Size,
): Float32Array {
  const out = new Float32Array(size.width * size.height * 3);
  const writeRow = rowWriter(model, planes, size, false);
  for (let y = 0; y < size.height; y++) writeRow(y, out, y * size.width * 3);
  clampLevels(out);
  return out;
}

/** The means of 2 × 2 pixels, from planes of the full size. */
export function toHalvedRgb(
  model: ColourModel,
  planes: readonly ComponentPlane[],
  full: Size,
  interpolate: boolean,
): Levels {
  const sink = new RowSink(full, { x: 2, y: 2 });
  const row = new Uint8ClampedArray(full.width * 3);
  const writeRow = rowWriter(model, planes, full, interpolate);
  for (let y = 0; y < full.height; y++) {
    writeRow(y, row, 0);
    sink.add(y, row);
  }
  return sink.finish().data;
}

/** A function that writes row y as RGB into `out`, from `to` on. */
function rowWriter(
  model: ColourModel,
  planes: readonly ComponentPlane[],
  size: Size,
  interpolate: boolean,
): (y: number, out: Samples, to: number) => void {
  const { width } = size;
  const rows = planes.map((plane) => rowsOf(plane, size, interpolate));
  return (y, out, to) => {
    const [first, second, third, fourth] = rows.map((row) => row(y));
    if (first === undefined || second === undefined || third === undefined) {
      if (first !== undefined) greyRow(first, out, to, width);
    } else if (model === 'ycbcr' || model === 'ycck') {
      if (isBytes(first) && isBytes(second) && isBytes(third)) {
        ycbcrBytesRow(first, second, third, out, to, width);
      } else {
        ycbcrRow(first, second, third, out, to, width);
      }
    } else {
      rgbRow(first, second, third, out, to, width);
    }
    if (fourth === undefined) return;
    // Inverted inks are light: CMY as it is stored is RGB. YCCK holds the inks themselves.
    if (model === 'ycck') invertRow(out, to, width);
    layBlack(fourth, out, to, width);
  };
}

interface ByteRow extends Row {
  readonly data: Uint8ClampedArray;
}

function isBytes(row: Row): row is ByteRow {
  return row.data instanceof Uint8ClampedArray;
}

function greyRow({ data, at, shift }: Row, out: Samples, start: number, width: number) {
  for (let x = 0, to = start; x < width; x++, to += 3) {
    const level = data[at + (x >> shift)];
    out[to] = level;
    out[to + 1] = level;
    out[to + 2] = level;
  }
}

function rgbRow(red: Row, green: Row, blue: Row, out: Samples, start: number, width: number): void {
  for (let x = 0, to = start; x < width; x++, to += 3) {
    out[to] = red.data[red.at + (x >> red.shift)];
    out[to + 1] = green.data[green.at + (x >> green.shift)];
    out[to + 2] = blue.data[blue.at + (x >> blue.shift)];
  }
}

/**
 * YCbCr to RGB: T.871, section 7; the factors with libjpeg's five digits, for the same pixels.
 *
 * Where all three samples are whole levels, so is the colour: blocks without any detail are, and what
 * is one colour throughout is the same colour at every size as far as it is known to be (in a progressive
 * file at 1/8 it is not).
 */
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
    const light = y[yAt + (x >> yShift)];
    const blueLevel = cb[cbAt + (x >> cbShift)];
    const redLevel = cr[crAt + (x >> crShift)];
    const blue = blueLevel - 128;
    const red = redLevel - 128;
    if (isWholeLevel(light) && isWholeLevel(blueLevel) && isWholeLevel(redLevel)) {
      const rounded = (light << 16) + HALF_16;
      out[to] = (rounded + redOf(red)) >> 16;
      out[to + 1] = (rounded - greenOf(blue, red)) >> 16;
      out[to + 2] = (rounded + blueOf(blue)) >> 16;
    } else {
      out[to] = light + RED_OF_CR * red;
      out[to + 1] = light - GREEN_OF_CB * blue - GREEN_OF_CR * red;
      out[to + 2] = light + BLUE_OF_CB * blue;
    }
  }
}

const RED_OF_CR = 1.402;
const GREEN_OF_CB = 0.34414;
const GREEN_OF_CR = 0.71414;
const BLUE_OF_CB = 1.772;

// The same for whole numbers, with 16 bits after the point.
const HALF_16 = 1 << 15;
const RED_OF_CR_16 = Math.round(RED_OF_CR * 65536);
const GREEN_OF_CB_16 = Math.round(GREEN_OF_CB * 65536);
const GREEN_OF_CR_16 = Math.round(GREEN_OF_CR * 65536);
const BLUE_OF_CB_16 = Math.round(BLUE_OF_CB * 65536);

/** Whether a sample is one of the levels 0 to 255; means of many may lie beyond. */
const isWholeLevel = (sample: number) => (sample & 255) === sample;
const redOf = (red: number) => Math.imul(RED_OF_CR_16, red);
const greenOf = (blue: number, red: number) =>
  Math.imul(GREEN_OF_CB_16, blue) + Math.imul(GREEN_OF_CR_16, red);
const blueOf = (blue: number) => Math.imul(BLUE_OF_CB_16, blue);

/**
 * The same for samples that all are bytes, which is faster; and where two pixels share their colour
 * differences, as in most photos, two at a time.
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
    const blue = cb[cbAt + (x >> cbShift)] - 128;
    const red = cr[crAt + (x >> crShift)] - 128;
    const toRed = redOf(red);
    const toGreen = greenOf(blue, red);
    const toBlue = blueOf(blue);
    const light = (y[yAt + (x >> yShift)] << 16) + HALF_16;
    out[to] = (light + toRed) >> 16;
    out[to + 1] = (light - toGreen) >> 16;
    out[to + 2] = (light + toBlue) >> 16;
    if (inPairs && x + 1 < width) {
      x++;
      to += 3;
      const next = (y[yAt + x] << 16) + HALF_16;
      out[to] = (next + toRed) >> 16;
      out[to + 1] = (next - toGreen) >> 16;
      out[to + 2] = (next + toBlue) >> 16;
    }
  }
}

function invertRow(out: Samples, start: number, width: number): void {
  for (let to = start; to < start + 3 * width; to++) out[to] = 255 - out[to];
}

/** Lays the black plane, in which 0 is full ink, over RGB. */
function layBlack({ data, at, shift }: Row, out: Samples, start: number, width: number): void {
  for (let x = 0, to = start; x < width; x++, to += 3) {
    const light = data[at + (x >> shift)] / 255;
    out[to] *= light;
    out[to + 1] *= light;
    out[to + 2] *= light;
  }
}
