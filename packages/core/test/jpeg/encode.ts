import { ZIGZAG } from '../../src/image/jpeg/zigzag.js';
import type { Picture } from './pictures.js';
import { type WriterOptions, writeJpeg } from './writer.js';
import type { WrittenComponent } from './written-component.js';

/** What the components of a written file stand for. */
export type WrittenColours = 'grey' | 'ycbcr' | 'rgb' | 'cmyk' | 'ycck';

export interface Encoding extends Omit<WriterOptions, 'width' | 'height'> {
  readonly colours: WrittenColours;
  /** Sampling factors of each component, `[h, v]`. */
  readonly sampling: readonly (readonly [number, number])[];
  /** 1 to 100, as libjpeg scales the tables of T.81 annex K.1. */
  readonly quality: number;
  /** Component identifiers; 1, 2, 3, … by default. */
  readonly ids?: readonly number[];
  /** What fills blocks beyond the picture's edge: its last samples, or something else. */
  readonly padding?: 'repeat' | 'white';
  /** Every coefficient is multiplied by this before quantisation, for extreme values. */
  readonly gain?: number;
}

/** A file as written, and what was written into it. */
export interface Encoded {
  readonly bytes: Uint8Array;
  readonly components: readonly WrittenComponent[];
  readonly encoding: Encoding;
  readonly width: number;
  readonly height: number;
}

/** Encodes a picture, straight by the formulas of T.81 and with no thought for speed. */
export function encodeJpeg(picture: Picture, encoding: Encoding): Encoded {
  const { width, height } = picture;
  const { sampling, quality, colours } = encoding;
  const hMax = Math.max(...sampling.map(([h]) => h));
  const vMax = Math.max(...sampling.map(([, v]) => v));
  const mcusAcross = Math.ceil(width / (8 * hMax));
  const mcusDown = Math.ceil(height / (8 * vMax));

  const components = sampling.map(([h, v], index): WrittenComponent => {
    const across = Math.ceil((width * h) / hMax);
    const down = Math.ceil((height * v) / vMax);
    const plane = subsampled(picture, colours, index, [h, v], [hMax, vMax], across, down);
    const isLuma = index === 0 || index === 3 || colours === 'rgb' || colours === 'cmyk';
    const quant = quantTable(isLuma ? LUMINANCE : CHROMINANCE, quality, encoding.wideQuant);
    const blocks = Array.from({ length: mcusDown * v }, (_, row) =>
      Array.from({ length: mcusAcross * h }, (_, column) => {
        const samples = new Float64Array(64);
        for (let y = 0; y < 8; y++) {
          for (let x = 0; x < 8; x++) {
            const px = column * 8 + x;
            const py = row * 8 + y;
            const outside = px >= across || py >= down;
            samples[y * 8 + x] =
              outside && encoding.padding === 'white'
                ? 127
                : (plane[Math.min(py, down - 1) * across + Math.min(px, across - 1)] as number) -
                  128;
          }
        }
        return quantised(forwardDct(samples), quant, encoding.gain ?? 1);
      }),
    );
    return {
      id: encoding.ids?.[index] ?? index + 1,
      h,
      v,
      quantSlot: isLuma ? 0 : 1,
      quant,
      blocks,
      blocksAcross: Math.ceil(across / 8),
      blocksDown: Math.ceil(down / 8),
    };
  });
  const bytes = writeJpeg(components, { ...encoding, width, height });
  return { bytes, components, encoding, width, height };
}

/** A component's samples, each the mean of the pixels that it stands for. */
function subsampled(
  { width, height, data }: Picture,
  colours: WrittenColours,
  index: number,
  [h, v]: readonly [number, number],
  [hMax, vMax]: readonly [number, number],
  across: number,
  down: number,
): Float64Array {
  const sums = new Float64Array(across * down);
  const counts = new Float64Array(across * down);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [red, green, blue] = data.subarray((y * width + x) * 3) as unknown as number[];
      const value = toComponents(colours, red as number, green as number, blue as number)[index];
      const at = Math.floor((y * v) / vMax) * across + Math.floor((x * h) / hMax);
      sums[at] = (sums[at] as number) + (value as number);
      counts[at] = (counts[at] as number) + 1;
    }
  }
  return sums.map((sum, i) => Math.round(sum / (counts[i] as number)));
}

function toComponents(colours: WrittenColours, r: number, g: number, b: number): number[] {
  const ycbcr = (red: number, green: number, blue: number) => [
    0.299 * red + 0.587 * green + 0.114 * blue,
    128 - 0.168736 * red - 0.331264 * green + 0.5 * blue,
    128 + 0.5 * red - 0.418688 * green - 0.081312 * blue,
  ];
  // Some black, half of what could be taken out of the three inks; files of Adobe's hold inks inverted.
  const light = 255 - (255 - Math.max(r, g, b)) / 2;
  const inks = [r, g, b].map((value) => Math.min(255, (value * 255) / light));
  if (colours === 'grey') return ycbcr(r, g, b).slice(0, 1);
  if (colours === 'ycbcr') return ycbcr(r, g, b);
  if (colours === 'rgb') return [r, g, b];
  if (colours === 'cmyk') return [...inks, light];
  const [c, m, y] = inks as [number, number, number];
  return [...ycbcr(255 - c, 255 - m, 255 - y), light];
}

/** The forward transform by its definition (T.81, A.3.3), one dimension after the other. */
function forwardDct(samples: Float64Array): Float64Array {
  const half = new Float64Array(64);
  const result = new Float64Array(64);
  for (let y = 0; y < 8; y++) {
    for (let u = 0; u < 8; u++) {
      let sum = 0;
      for (let x = 0; x < 8; x++) {
        sum += (samples[y * 8 + x] as number) * Math.cos(((2 * x + 1) * u * Math.PI) / 16);
      }
      half[y * 8 + u] = (u === 0 ? Math.SQRT1_2 : 1) * 0.5 * sum;
    }
  }
  for (let u = 0; u < 8; u++) {
    for (let v = 0; v < 8; v++) {
      let sum = 0;
      for (let y = 0; y < 8; y++) {
        sum += (half[y * 8 + u] as number) * Math.cos(((2 * y + 1) * v * Math.PI) / 16);
      }
      result[v * 8 + u] = (v === 0 ? Math.SQRT1_2 : 1) * 0.5 * sum;
    }
  }
  return result;
}

function quantised(dct: Float64Array, quant: readonly number[], gain: number): Int32Array {
  return Int32Array.from(ZIGZAG, (place, k) => {
    const value = Math.round(((dct[place] as number) * gain) / (quant[k] as number));
    // Baseline files hold 11 bits of difference for DC and 10 bits for AC (T.81, F.1.2.1 and F.1.2.2).
    return Math.max(-1023, Math.min(1023, value));
  });
}

/** A table of annex K.1 for a quality, as libjpeg scales it, in zigzag order; `wide` has steps above 255. */
function quantTable(base: readonly number[], quality: number, wide = false): number[] {
  const scale = quality < 50 ? 5000 / quality : 200 - 2 * quality;
  return Array.from(ZIGZAG, (place) =>
    Math.max(
      1,
      Math.min(wide ? 65535 : 255, Math.floor(((base[place] as number) * scale + 50) / 100)),
    ),
  );
}

/** Table K.1, row by row. */
const LUMINANCE = [
  16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56,
  14, 17, 22, 29, 51, 87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113,
  92, 49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
];

/** Table K.2, row by row. */
const CHROMINANCE = [
  17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99, 99, 99,
  47, 66, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
  99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
];
