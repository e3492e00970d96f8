import { RowAssembler } from '../row-assembler.js';
import { factorsFor, RowSink } from '../row-sink.js';
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
 * A file that is cut short or damaged gives what came before, the rest grey, and a warning.
 *
 * @param request as for PNG
 * @throws CaptionError `DECODE_FAILED` when not one row is usable
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
  return { ...sink.finish(), warnings: [missing(gif, done)] };
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

function missing({ frame, interlaced }: GifFrame, done: number): string {
  const share = Math.ceil((100 * (frame.height - done)) / frame.height);
  return interlaced
    ? `The GIF ends early or is damaged: ${share} % of its rows are grey.`
    : `The GIF ends early or is damaged: the lower ${share} % of it is grey.`;
}
