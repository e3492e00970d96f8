import { ZIGZAG } from '../../src/image/jpeg/zigzag.js';
import type { Encoded } from './encode.js';
import type { WrittenComponent } from './written-component.js';

/**
 * What a file that was written here says, worked out from the very coefficients that went into it, by
 * the formulas of T.81 and T.871 and by nothing else: no part of it is shared with the decoder.
 */
export interface Reference {
  readonly width: number;
  readonly height: number;
  /** Three values a pixel. */
  readonly data: Float64Array;
}

export interface ReferenceOptions {
  /**
   * Rounds samples and colours to 8 bits and cuts them off at 0 and 255, as every decoder of the full
   * size does. Without it they stay as the transforms give them.
   */
  readonly clamp: boolean;
  /** Components, counted from 0, whose blocks are rounded and cut off where they have but a DC term. */
  readonly roundFlat?: readonly number[];
}

/** Decodes at full size; samples of coarser components are repeated. */
export function referenceDecode(encoded: Encoded, options: ReferenceOptions): Reference {
  const { width, height, encoding } = encoded;
  const samplesAt = sampler(encoded, options.roundFlat ?? []);
  const data = new Float64Array(width * height * 3);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at += 3) {
      const samples = samplesAt(x, y);
      const values = options.clamp ? samples.map(toByte) : samples;
      const colour = toRgb(encoding.colours, encoding.adobeTransform !== undefined, values);
      data.set(options.clamp ? colour.map(toByte) : colour, at);
    }
  }
  return { width, height, data };
}

/**
 * A YCbCr file at 1/factor of its size, which is a multiple of that: means of each component, then their
 * colours, cut off, and where all three are whole levels rounded.
 */
export function referenceMeans(
  encoded: Encoded,
  factor: number,
  roundFlat: readonly number[],
): Reference {
  const samplesAt = sampler(encoded, roundFlat);
  const [width, height] = [encoded.width / factor, encoded.height / factor];
  const data = new Float64Array(width * height * 3);
  for (let cell = 0; cell < width * height; cell++) {
    const [left, top] = [(cell % width) * factor, Math.floor(cell / width) * factor];
    const means = [0, 0, 0];
    for (let i = 0; i < factor * factor; i++) {
      samplesAt(left + (i % factor), top + Math.floor(i / factor)).forEach((sample, component) => {
        means[component] = (means[component] as number) + sample / factor ** 2;
      });
    }
    const isWhole = means.every((mean) => toByte(mean) - mean < 1e-6 && mean - toByte(mean) < 1e-6);
    const colour = toRgb('ycbcr', false, isWhole ? means.map(toByte) : means);
    data.set(
      colour.map((value) => (isWhole ? toByte(value) : Math.max(0, Math.min(255, value)))),
      cell * 3,
    );
  }
  return { width, height, data };
}

/** A function that gives the samples of all components at a pixel. */
function sampler({ components }: Encoded, roundFlat: readonly number[]) {
  const hMax = Math.max(...components.map(({ h }) => h));
  const vMax = Math.max(...components.map(({ v }) => v));
  const planes = components.map((component, index) => ({
    component,
    rows: samplesOf(component, roundFlat.includes(index)),
  }));
  return (x: number, y: number): number[] =>
    planes.map(({ component: { h, v }, rows }) => {
      const row = rows[Math.floor((y * v) / vMax)] as Float64Array;
      return row[Math.floor((x * h) / hMax)] as number;
    });
}

/** All samples of a component, those of blocks beyond the edge included: T.81, A.3.3 and A.3.4. */
function samplesOf({ blocks, quant }: WrittenComponent, roundFlat: boolean): Float64Array[] {
  const across = (blocks[0]?.length ?? 0) * 8;
  const rows = Array.from({ length: blocks.length * 8 }, () => new Float64Array(across));
  blocks.forEach((blockRow, row) => {
    blockRow.forEach((block, column) => {
      const exact = inverseDct(block, quant);
      const isFlat = block.every((value, k) => k === 0 || value === 0);
      // A level in the middle between two goes up, whatever the sum of cosines makes of it.
      const samples = isFlat && roundFlat ? exact.map((value) => toByte(value + 1e-9)) : exact;
      for (let y = 0; y < 8; y++) {
        rows[row * 8 + y]?.set(samples.subarray(y * 8, y * 8 + 8), column * 8);
      }
    });
  });
  return rows;
}

const COSINES = Float64Array.from({ length: 64 }, (_, i) => {
  const n = i >> 3;
  const u = i & 7;
  return (u === 0 ? Math.SQRT1_2 : 1) * 0.5 * Math.cos(((2 * n + 1) * u * Math.PI) / 16);
});

function inverseDct(block: Int32Array, quant: readonly number[]): Float64Array {
  const samples = new Float64Array(64).fill(128);
  block.forEach((value, k) => {
    if (value === 0) return;
    const place = ZIGZAG[k] as number;
    const amount = value * (quant[k] as number);
    for (let y = 0; y < 8; y++) {
      const down = amount * (COSINES[y * 8 + (place >> 3)] as number);
      for (let x = 0; x < 8; x++) {
        const at = y * 8 + x;
        samples[at] = (samples[at] as number) + down * (COSINES[x * 8 + (place & 7)] as number);
      }
    }
  });
  return samples;
}

function toRgb(colours: string, adobe: boolean, values: readonly number[]): number[] {
  const [a = 0, b = 0, c = 0, black = 0] = values;
  const light = (y: number, cb: number, cr: number) => [
    y + 1.402 * (cr - 128),
    y - 0.344136 * (cb - 128) - 0.714136 * (cr - 128),
    y + 1.772 * (cb - 128),
  ];
  if (colours === 'grey') return [a, a, a];
  if (colours === 'ycbcr') return light(a, b, c);
  if (colours === 'rgb') return [a, b, c];
  // Adobe: 255 is no ink. Others: 0 is no ink.
  const inks = colours === 'ycck' ? light(a, b, c).map((value) => 255 - value) : [a, b, c];
  const paper = (value: number) => (adobe ? value : 255 - value) / 255;
  return inks.map((ink) => 255 * paper(Math.max(0, Math.min(255, ink))) * paper(black));
}

function toByte(value: number): number {
  return Math.max(0, Math.min(255, Math.round(value)));
}

/** A picture whose every pixel is the mean of a square of pixels; at the edges, of those that are there. */
export function averaged(
  picture: { readonly width: number; readonly height: number; readonly data: ArrayLike<number> },
  factor: number,
): Reference {
  const width = Math.ceil(picture.width / factor);
  const height = Math.ceil(picture.height / factor);
  const data = new Float64Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const right = Math.min(picture.width, (x + 1) * factor);
      const bottom = Math.min(picture.height, (y + 1) * factor);
      const pixels = (right - x * factor) * (bottom - y * factor);
      for (let py = y * factor; py < bottom; py++) {
        for (let px = x * factor; px < right; px++) {
          for (let c = 0; c < 3; c++) {
            const at = (y * width + x) * 3 + c;
            const value = picture.data[(py * picture.width + px) * 3 + c] as number;
            data[at] = (data[at] as number) + value / pixels;
          }
        }
      }
    }
  }
  return { width, height, data };
}

/** How far two pictures lie apart, in levels. */
export interface Distance {
  readonly mean: number;
  readonly max: number;
  /** The share of samples that differ by more than 4. */
  readonly beyond4: number;
  readonly samples: number;
}

export function distance(a: ArrayLike<number>, b: ArrayLike<number>): Distance {
  if (a.length !== b.length) throw new Error(`pictures of ${a.length} and ${b.length} samples`);
  let sum = 0;
  let max = 0;
  let beyond = 0;
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs((a[i] as number) - (b[i] as number));
    sum += difference;
    max = Math.max(max, difference);
    if (difference > 4) beyond++;
  }
  return { mean: sum / a.length, max, beyond4: beyond / a.length, samples: a.length };
}

/** By how much a picture was scaled down: 1, 2, 4 or 8, the largest that gives its size. */
export function factorBetween(
  full: { readonly width: number; readonly height: number },
  scaled: { readonly width: number; readonly height: number },
): number {
  const factor = [8, 4, 2, 1].find(
    (n) =>
      scaled.width === Math.ceil(full.width / n) && scaled.height === Math.ceil(full.height / n),
  );
  if (factor === undefined) throw new Error(`${scaled.width}×${scaled.height} is no scale`);
  return factor;
}

/** Distances of many pictures taken together. */
export function pooled(distances: readonly Distance[]): Distance {
  const samples = distances.reduce((sum, one) => sum + one.samples, 0);
  const share = (of: (one: Distance) => number) =>
    distances.reduce((sum, one) => sum + of(one) * one.samples, 0) / samples;
  return {
    mean: share(({ mean }) => mean),
    max: Math.max(...distances.map(({ max }) => max)),
    beyond4: share(({ beyond4 }) => beyond4),
    samples,
  };
}
