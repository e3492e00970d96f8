import { onWhite } from '../raw.js';
import { GREY, GREY_ALPHA, PALETTE, type PngHeader, RGB } from './header.js';

/** What PLTE and tRNS say. */
export interface PngColours {
  /** R, G, B a colour. */
  readonly palette: Uint8Array;
  /** tRNS: alpha of each palette colour, or the one grey or RGB value that is transparent. */
  readonly transparency: Uint8Array | undefined;
}

/**
 * Turns the bytes of a row into RGB, alpha laid on white.
 *
 * @param row unfiltered bytes
 * @returns `count` RGB pixels; a view of a buffer (or of `row`) that the next call overwrites
 */
export type RowReader = (row: Uint8Array, count: number) => Uint8Array;

/** The reader for a picture's colour type and depth, for rows of up to `header.width` pixels. */
export function rowReader(header: PngHeader, colours: PngColours): RowReader {
  const { colour, depth, width } = header;
  if (depth <= 8 && (colour === GREY || colour === PALETTE)) {
    return indexedReader(depth, width, colour === GREY ? greys(depth, colours) : shades(colours));
  }
  const key = colour === GREY || colour === RGB ? keyOf(header, colours.transparency) : undefined;
  if (depth === 8 && colour === RGB && !key) return (row) => row;
  const rgb = new Uint8Array(width * 3);
  if (depth === 8) return colour === RGB ? keyedRgb8(rgb, key) : alpha8(rgb, colour);
  return colour === GREY || colour === RGB ? opaque16(rgb, colour, key) : alpha16(rgb, colour);
}

/** Pixels that are numbers of up to 8 bits, several in a byte, the leftmost highest (section 7.2). */
function indexedReader(depth: number, width: number, table: Uint8Array): RowReader {
  const rgb = new Uint8Array(width * 3);
  const mask = (1 << depth) - 1;
  return (row, count) => {
    for (let i = 0, to = 0, bit = 0; i < count; i++, to += 3, bit += depth) {
      const shift = 8 - depth - (bit & 7);
      const from = ((row[bit >> 3] >> shift) & mask) * 3;
      rgb[to] = table[from];
      rgb[to + 1] = table[from + 1];
      rgb[to + 2] = table[from + 2];
    }
    return rgb;
  };
}

/** RGB of every grey value of this depth; the transparent one is white. */
function greys(depth: number, { transparency }: PngColours): Uint8Array {
  const top = (1 << depth) - 1;
  const table = new Uint8Array(256 * 3);
  for (let value = 0; value <= top; value++)
    table.fill((value * 255) / top, value * 3, value * 3 + 3);
  const [key] = keyOf({ colour: GREY, depth }, transparency) ?? [];
  if (key !== undefined) table.fill(255, key * 3, key * 3 + 3);
  return table;
}

/** RGB of every palette index; one that the palette does not reach is black. */
function shades({ palette, transparency }: PngColours): Uint8Array {
  const table = new Uint8Array(256 * 3);
  for (let i = 0; i < Math.min(table.length, palette.length); i++) {
    table[i] = onWhite(palette[i], transparency?.[Math.floor(i / 3)] ?? 255);
  }
  return table;
}

/**
 * The transparent colour, one number a sample. Each is stored in two bytes, of which only as many bits as
 * the picture has count (section 11.3.1.1); in some files the others are not 0.
 */
function keyOf(
  { colour, depth }: Pick<PngHeader, 'colour' | 'depth'>,
  transparency: Uint8Array | undefined,
): readonly number[] | undefined {
  const samples = colour === RGB ? 3 : 1;
  if (!transparency || transparency.length < samples * 2) return undefined;
  const mask = 2 ** depth - 1;
  return Array.from({ length: samples }, (_, i) => sample16(transparency, i * 2) & mask);
}

function keyedRgb8(rgb: Uint8Array, key: readonly number[] | undefined): RowReader {
  const [keyR, keyG, keyB] = key ?? [];
  return (row, count) => {
    for (let i = 0; i < count * 3; i += 3) {
      const isKey = row[i] === keyR && row[i + 1] === keyG && row[i + 2] === keyB;
      rgb[i] = isKey ? 255 : row[i];
      rgb[i + 1] = isKey ? 255 : row[i + 1];
      rgb[i + 2] = isKey ? 255 : row[i + 2];
    }
    return rgb;
  };
}

function alpha8(rgb: Uint8Array, colour: number): RowReader {
  const step = colour === GREY_ALPHA ? 2 : 4;
  const [green, blue] = colour === GREY_ALPHA ? [0, 0] : [1, 2];
  return (row, count) => {
    for (let i = 0, from = 0, to = 0; i < count; i++, from += step, to += 3) {
      const alpha = row[from + step - 1];
      if (alpha === 255) {
        rgb[to] = row[from];
        rgb[to + 1] = row[from + green];
        rgb[to + 2] = row[from + blue];
      } else {
        rgb[to] = onWhite(row[from], alpha);
        rgb[to + 1] = onWhite(row[from + green], alpha);
        rgb[to + 2] = onWhite(row[from + blue], alpha);
      }
    }
    return rgb;
  };
}

function opaque16(rgb: Uint8Array, colour: number, key: readonly number[] | undefined): RowReader {
  const samples = colour === RGB ? 3 : 1;
  return (row, count) => {
    for (let i = 0, from = 0, to = 0; i < count; i++, from += samples * 2, to += 3) {
      const r = sample16(row, from);
      const g = samples === 3 ? sample16(row, from + 2) : r;
      const b = samples === 3 ? sample16(row, from + 4) : r;
      const isKey = key && key[0] === r && (samples === 1 || (key[1] === g && key[2] === b));
      rgb[to] = isKey ? 255 : to8(r);
      rgb[to + 1] = isKey ? 255 : to8(g);
      rgb[to + 2] = isKey ? 255 : to8(b);
    }
    return rgb;
  };
}

function alpha16(rgb: Uint8Array, colour: number): RowReader {
  const samples = colour === GREY_ALPHA ? 1 : 3;
  const step = (samples + 1) * 2;
  return (row, count) => {
    for (let i = 0, from = 0, to = 0; i < count; i++, from += step, to += 3) {
      const alpha = sample16(row, from + samples * 2);
      const r = sample16(row, from);
      const g = samples === 3 ? sample16(row, from + 2) : r;
      const b = samples === 3 ? sample16(row, from + 4) : r;
      if (alpha === 65_535) {
        rgb[to] = to8(r);
        rgb[to + 1] = to8(g);
        rgb[to + 2] = to8(b);
      } else {
        const share = alpha / 65_535;
        rgb[to] = ((r - 65_535) * share + 65_535) / 257 + 0.5;
        rgb[to + 1] = ((g - 65_535) * share + 65_535) / 257 + 0.5;
        rgb[to + 2] = ((b - 65_535) * share + 65_535) / 257 + 0.5;
      }
    }
    return rgb;
  };
}

function sample16(row: Uint8Array, at: number): number {
  return (row[at] << 8) | row[at + 1];
}

/** 0–65,535 to 0–255, rounded to nearest: 257 is exactly 1 (section 13.12). */
function to8(sample: number): number {
  // For all of them the same as dividing by 257, half added.
  return (sample * 255 + 32_895) >> 16;
}
