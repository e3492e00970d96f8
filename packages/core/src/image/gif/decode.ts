import { refuseFragment } from '../limits.js';
import { RowAssembler } from '../row-assembler.js';
import { factorsFor, type Gaps, RowSink } from '../row-sink.js';
import type { DecodedPixels, DecodeRequest } from '../types.js';
import { type GifFrame, notDecodable, readFirstFrame } from './header.js';
import { lzwIndices } from './lzw.js';

/** The order of an interlaced picture's rows: from `start`, every `step`th (GIF89a, appendix E). */
const INTERLACE = [
  { start: 0, step: 8 },
  { start: 4, step: 8 },
  { start: 2, step: 4 },
  { start: 1, step: 2 },
] as const;
const GREYS = Uint8Array.from({ length: 256 * 3 }, (_, i) => Math.floor(i / 3));
const IN_ORDER = [{ start: 0, step: 1 }] as const;

/**
 * Decodes the first picture of a GIF, laid where it belongs on a white canvas; what is transparent
 * is white, too. Rows are averaged down as they come.
 *
 * A file that is cut short or damaged gives what came before, the rest grey, and a warning; rows that
 * an interlaced one lacks are filled with those above.
 *
 * @param request as for PNG
 * @throws CaptionError `DECODE_FAILED` when too little of the picture is there; see {@link refuseFragment}
 */
export function decodeGif(bytes: Uint8Array, request: DecodeRequest = {}): DecodedPixels {
  const gif = readFirstFrame(bytes);
  const { frame, width, height } = gif;
  const colours = coloursOf(gif);
  const sink = new RowSink({ width, height }, factorsFor(gif, request.atLeast));
  const rows = new RowAssembler(lzwIndices(bytes, gif.dataAt));
  const indices = new Uint8Array(frame.width);
  const canvasRow = new Uint8Array(width * 3).fill(255);

  for (let y = 0; y < height; y++) {
    const isInFrame = y >= frame.top && y < frame.top + frame.height;
    if (!isInFrame) sink.add(y, canvasRow);
  }
  let done = 0;
  for (const y of rowOrder(gif)) {
    if (!rows.fill(indices)) break;
    for (let x = 0, to = frame.left * 3; x < indices.length; x++, to += 3) {
      const from = indices[x] * 3;
      canvasRow[to] = colours[from];
      canvasRow[to + 1] = colours[from + 1];
      canvasRow[to + 2] = colours[from + 2];
    }
    sink.add(frame.top + y, canvasRow);
    done++;
  }
  if (done === frame.height) return { ...sink.finish(), warnings: [] };
  if (done === 0) throw notDecodable('its data are damaged or end before the first row');
  const missing = shareMissing(gif, done);
  refuseFragment('GIF', missing);
  return { ...sink.finish(gapsOf(gif, done)), warnings: [describe(gif, missing)] };
}

/**
 * RGB of every index: the palette, white where transparent, black beyond the palette's end. Without a
 * palette, which the format leaves to the reader (GIF89a, section 11), indices are levels of grey as in Pillow.
 */
function coloursOf({ palette, transparent }: GifFrame): Uint8Array {
  const colours = palette ? new Uint8Array(256 * 3) : GREYS.slice();
  if (palette) colours.set(palette);
  if (transparent !== undefined) colours.fill(255, transparent * 3, transparent * 3 + 3);
  return colours;
}

function* rowOrder({ frame, interlaced }: GifFrame): Generator<number> {
  for (const { start, step } of interlaced ? INTERLACE : IN_ORDER) {
    for (let y = start; y < frame.height; y += step) yield y;
  }
}

/** The share of the picture of which nothing came: below the last row, or the last one of the first pass. */
function shareMissing({ frame, interlaced }: GifFrame, done: number): number {
  const rows = interlaced ? Math.ceil(frame.height / INTERLACE[0].step) : frame.height;
  return Math.max(0, 1 - done / rows);
}

/** How an interlaced picture's rows that did not come are filled up. */
function gapsOf(gif: GifFrame, done: number): Gaps | undefined {
  if (!gif.interlaced) return undefined;
  const { top, height } = gif.frame;
  const came = new Uint8Array(gif.height).fill(1);
  came.fill(0, top, top + height);
  let left = done;
  for (const y of rowOrder(gif)) {
    if (left-- === 0) break;
    came[top + y] = 1;
  }
  return { hasPixel: (_, y) => came[y] === 1, top };
}

function describe({ interlaced }: GifFrame, missing: number): string {
  const problem = 'The GIF ends early or is damaged';
  const grey = `the lower ${Math.ceil(100 * missing)} % of it is grey`;
  if (!interlaced) return `${problem}: ${grey}.`;
  const coarse = 'it is coarser than it should be';
  return `${problem}: ${coarse}${missing > 0 ? `, and ${grey}` : ''}.`;
}
