import { refuseFragment } from '../limits.js';
import { RowAssembler } from '../row-assembler.js';
import { factorsFor, RowSink } from '../row-sink.js';
import type { DecodedPixels, DecodeRequest, Levels, RgbImage } from '../types.js';
import { isInPasses, type Pass, passesOf } from './adam7.js';
import { type Chunk, chunksOf } from './chunks.js';
import { unfilter } from './filter.js';
import { notDecodable, PALETTE, type PngHeader, readIhdr, SAMPLES } from './header.js';
import { InflateError, Inflater } from './inflate.js';
import { type PngColours, type RowReader, rowReader } from './pixels.js';

/** No deflate stream grows by more than this: 258 bytes from two bits. */
const MAX_INFLATION = 1032;

/**
 * Decodes a PNG row by row: inflated, unfiltered, turned into RGB on white and averaged down as the
 * rows come, so that memory is that of the result and a few rows. Of an animated PNG it is the
 * default image. Samples are as stored: for gamma and colour profiles see `colour-chunks.ts`.
 *
 * A file that is cut short or damaged gives what came before, the rest grey, and a warning.
 *
 * @param request with `atLeast`, each side is divided by the largest whole number that leaves it at
 *   least twice as long as that
 * @throws CaptionError `DECODE_FAILED` when too little of the picture is there; see {@link refuseFragment}
 */
export function decodePng(bytes: Uint8Array, request: DecodeRequest = {}): DecodedPixels {
  const header = readIhdr(bytes);
  const warnings: string[] = [];
  const { colours, dataBytes } = survey(bytes, header, warnings);
  const passes = passesOf(header, header.interlaced);
  const rawBytes = passes.reduce((sum, p) => sum + p.height * (1 + rowBytes(header, p.width)), 0);
  if (dataBytes * MAX_INFLATION < rawBytes / 2) {
    throw notDecodable(
      `its header says ${header.width}×${header.height} pixels, but its ${dataBytes} bytes of data cannot hold even half of them`,
    );
  }
  const { image, trouble } = decodeRows(
    pixelData(bytes, warnings),
    header,
    colours,
    passes,
    request,
  );
  return { ...image, warnings: trouble ? [...warnings, trouble] : warnings };
}

/** Reads the chunks that colours need, and counts the bytes of pixel data. */
function survey(
  bytes: Uint8Array,
  header: PngHeader,
  warnings: string[],
): { colours: PngColours; dataBytes: number } {
  let palette: Chunk | undefined;
  let transparency: Chunk | undefined;
  let dataBytes = 0;
  for (const chunk of chunksOf(bytes)) {
    if (chunk.type === 'IDAT') dataBytes += chunk.length;
    else if (dataBytes > 0) continue;
    else if (chunk.type === 'PLTE') palette ??= chunk;
    else if (chunk.type === 'tRNS') transparency ??= chunk;
  }
  if (dataBytes === 0) throw notDecodable('it has no pixel data (IDAT)');
  if (header.colour === PALETTE && !palette) throw notDecodable('its palette (PLTE) is missing');
  for (const chunk of [palette, transparency]) {
    if (chunk && !chunk.isIntact()) {
      warnings.push(`The PNG's ${chunk.type} chunk is damaged: colours may be wrong.`);
    }
  }
  const none = new Uint8Array(0);
  return {
    colours: { palette: palette?.data ?? none, transparency: transparency?.data },
    dataBytes,
  };
}

/** The data of all IDAT chunks; a wrong checksum leads to a warning when its chunk is reached. */
function* pixelData(bytes: Uint8Array, warnings: string[]): Generator<Uint8Array> {
  let isSound = true;
  for (const chunk of chunksOf(bytes)) {
    if (chunk.type !== 'IDAT') continue;
    if (isSound && !chunk.isCut && !chunk.isIntact()) {
      isSound = false;
      warnings.push('The PNG is damaged: a checksum of its pixel data is wrong.');
    }
    yield chunk.data;
  }
}

/** How far the pixel data went. */
interface Progress {
  readonly passesDone: number;
  /** Of the pass after those. */
  readonly rowsDone: number;
  /** What stopped it, where it was not just the end of the file. */
  readonly fault?: InflateError;
}

function decodeRows(
  parts: Iterable<Uint8Array>,
  header: PngHeader,
  colours: PngColours,
  passes: readonly Pass[],
  request: DecodeRequest,
): { image: RgbImage<Levels>; trouble: string | undefined } {
  const sink = new RowSink(header, factorsFor(header, request.atLeast));
  const progress = addRows(sink, parts, header, rowReader(header, colours), passes);
  const { passesDone, rowsDone, fault } = progress;
  if (passesDone === passes.length) return { image: sink.finish(), trouble: undefined };
  if (passesDone === 0 && rowsDone === 0) {
    const why = fault
      ? `its data are damaged (${fault.message})`
      : 'its data end before the first row';
    throw notDecodable(why, fault);
  }
  const missing = shareMissing(progress, passes);
  refuseFragment('PNG', missing);
  const gaps = { hasPixel: isInPasses(passes, passesDone, rowsDone) };
  const image = sink.finish(header.interlaced ? gaps : undefined);
  return { image, trouble: describe(progress, header, passes) };
}

/**
 * Pulls the rows of all passes out of the compressed data. As soon as the last row is there no more
 * is inflated, however much the file still holds.
 */
function addRows(
  sink: RowSink,
  parts: Iterable<Uint8Array>,
  header: PngHeader,
  read: RowReader,
  passes: readonly Pass[],
): Progress {
  const rows = new RowAssembler(new Inflater(parts).blocks());
  const step = pixelBytes(header);
  let passesDone = 0;
  let rowsDone = 0;
  try {
    for (const pass of passes) {
      const length = rowBytes(header, pass.width);
      let row = new Uint8Array(step + length);
      let above = new Uint8Array(step + length);
      for (rowsDone = 0; rowsDone < pass.height; rowsDone++) {
        const filter = rows.byte();
        if (filter === undefined || !rows.fill(row, step)) return { passesDone, rowsDone };
        if (!unfilter(filter, row, above, step)) {
          throw new InflateError(`a row with filter ${filter}, which does not exist`);
        }
        const rgb = read(row.subarray(step), pass.width);
        const y = pass.top + rowsDone * pass.down;
        if (header.interlaced) sink.addSparse(y, pass.left, pass.across, pass.width, rgb);
        else sink.add(y, rgb);
        [row, above] = [above, row];
      }
      passesDone++;
      rowsDone = 0;
    }
  } catch (fault) {
    if (fault instanceof InflateError) return { passesDone, rowsDone, fault };
    throw fault;
  }
  return { passesDone, rowsDone };
}

/** The share of the picture of which nothing came; what is there may be coarse. */
function shareMissing(
  { passesDone, rowsDone }: Pick<Progress, 'passesDone' | 'rowsDone'>,
  [first]: readonly Pass[],
): number {
  return passesDone > 0 ? 0 : 1 - rowsDone / first.height;
}

function describe(
  { passesDone, rowsDone, fault }: Progress,
  header: PngHeader,
  passes: readonly Pass[],
): string {
  const what = fault ? `is damaged (${fault.message})` : 'ends early';
  if (header.interlaced) {
    return `The PNG ${what} in pass ${passesDone + 1} of ${passes.length}: it is coarser than it should be.`;
  }
  const missing = Math.ceil(100 * shareMissing({ passesDone, rowsDone }, passes));
  return `The PNG ${what}: the lower ${missing} % of it is grey.`;
}

function rowBytes(header: PngHeader, width: number): number {
  return Math.ceil((width * bitsPerPixel(header)) / 8);
}

/** Distance to the pixel at the left for filters: whole bytes, at least one (section 9.2). */
function pixelBytes(header: PngHeader): number {
  return Math.max(1, bitsPerPixel(header) / 8);
}

function bitsPerPixel({ colour, depth }: PngHeader): number {
  return (SAMPLES[colour] ?? 1) * depth;
}
