import { CaptionError } from '../../errors.js';
import { refuseFragment } from '../limits.js';
import type { DecodedPixels, DecodeRequest, Levels } from '../types.js';
import { colourModelOf, toHalvedRgb, toRgb, toRgbMeans } from './colour.js';
import { EntropyWindow } from './entropy-window.js';
import { type JpegHead, readHead, readTables } from './header.js';
import { findMarker, Marker, nextSegment } from './markers.js';
import type { Picture } from './picture.js';
import { ProgressivePicture } from './progressive-picture.js';
import { chooseScale, componentScale, scaledSize } from './scale.js';
import { walkScan } from './scan.js';
import { readScanHeader } from './scan-header.js';
import { SequentialPicture } from './sequential-picture.js';

/**
 * More scans than any encoder writes; a file with more is made to keep decoders busy, since a scan of a
 * few hundred bytes can touch every block of the picture.
 */
const MAX_SCANS = 500;

/** The share of a picture that the file's bytes must at least cover before memory is allocated for it. */
const LEAST_SHARE = 1 / 64;

/**
 * Decodes a JPEG: baseline, extended sequential or progressive, Huffman-coded, 8 bits a sample.
 *
 * Asked for less than the full size, it decodes straight to 1/8, 1/4 or 1/2: the smallest at which both
 * sides still have the pixels that were asked for (of a very long strip, each side by itself). Each output pixel is the mean of the pixels that it
 * stands for; at 1/2 of what a full decode makes of those. Memory goes with the output, and so does time,
 * with that and with the file's bytes.
 *
 * A file that is cut off or damaged gives what can be read of it, mid-grey where nothing can, and says
 * so in `warnings`, unless too little is there.
 *
 * @param bytes the whole file
 * @param request `atLeast`: the size, as stored, that is needed; the full size by default.
 * `interpolateColour`: smooth colour at the full size and at 1/2
 * @returns RGB as stored: the EXIF orientation, which {@link readJpegHeader} gives, is not applied
 * @throws CaptionError `UNSUPPORTED_FORMAT` for arithmetic, lossless, hierarchical and 12-bit coding,
 * `DECODE_FAILED` when too little of the picture is there; see {@link refuseFragment}
 *
 * @example
 * decodeJpeg(bytes, { atLeast: { width: 224, height: 224 } }); // a 4032×3024 photo comes as 504×378
 */
export function decodeJpeg(bytes: Uint8Array, request: DecodeRequest = {}): DecodedPixels {
  const head = readHead(bytes);
  const { frame } = head;
  refuseEmpty(bytes, head);
  const scales = chooseScale(frame, request.atLeast);
  const Picture = frame.progressive ? ProgressivePicture : SequentialPicture;
  const picture = new Picture(frame, componentScale(scales));
  const warnings = readScans(bytes, head, picture);
  const model = colourModelOf(head);
  const planes = picture.finish();
  const size = scaledSize(frame, scales);
  const interpolate = request.interpolateColour ?? false;
  const { across, down } = scales;
  if (across !== down) {
    const { width, height } = frame;
    const reduction = { full: { width, height }, x: 8 / across, y: 8 / down, left: 0, top: 0 };
    return { ...size, data: toRgbMeans(model, planes, size), reduction, warnings };
  }
  let data: Levels;
  if (across === 8) data = toRgb(model, planes, size, interpolate);
  else if (across === 4) data = toHalvedRgb(model, planes, frame, interpolate);
  else data = toRgbMeans(model, planes, size);
  return { ...size, data, warnings };
}

/**
 * Reads scans, and the tables between them, until the picture is complete or the file ends (T.81, B.2.1).
 *
 * @returns what a user may want to know about damage
 * @throws CaptionError `DECODE_FAILED` when too few blocks could be read
 */
function readScans(bytes: Uint8Array, head: JpegHead, picture: Picture): string[] {
  const { frame, tables } = head;
  const window = new EntropyWindow(bytes);
  let scans = 0;
  let leftovers = false;
  let problem: CaptionError | undefined;
  for (let at = head.firstScan; !picture.complete; ) {
    const segment = nextSegment(bytes, at);
    if (segment === undefined || segment.marker === Marker.EOI) break;
    at = segment.marker === Marker.SOS ? segment.start : segment.end;
    try {
      if (segment.marker === Marker.SOS) {
        if (++scans > MAX_SCANS) break;
        const scan = readScanHeader(bytes, segment, frame);
        if (!picture.wants(scan)) {
          at = findMarker(bytes, scan.dataAt, true);
          continue;
        }
        const decoder = picture.begin(scan, tables, window);
        const { restartInterval } = tables;
        const outcome = walkScan(bytes, window, frame, scan, restartInterval, decoder);
        picture.end(scan, outcome);
        leftovers ||= outcome.leftovers;
        at = outcome.end;
      } else {
        // A second frame is not allowed; it is skipped like unknown segments.
        at = readTables(bytes, segment, tables);
      }
    } catch (error) {
      // Damage here may leave later scans readable, and what was read before it is kept in any case.
      if (!(error instanceof CaptionError)) throw error;
      problem ??= error;
    }
  }

  if (scans > MAX_SCANS) {
    throw new CaptionError(
      'DECODE_FAILED',
      `The JPEG has more than ${MAX_SCANS} scans; no camera or program writes such files, so it was not decoded.`,
    );
  }
  if (picture.missing === 1) {
    throw new CaptionError(
      'DECODE_FAILED',
      'The JPEG has a header but no image data that can be read; it is cut off or damaged.',
      problem && { cause: problem },
    );
  }
  refuseFragment('JPEG', picture.missing);
  return warningsAbout(picture, leftovers);
}

function warningsAbout({ missing, coarse }: Picture, leftovers: boolean): string[] {
  if (missing > 0) {
    const percent = missing < 0.01 ? 'less than 1' : `${Math.round(missing * 100)}`;
    return [
      `The JPEG is cut off or damaged: ${percent} % of its picture data is missing and left grey.`,
    ];
  }
  if (coarse) return ['The JPEG is cut off or damaged: some of its detail is missing.'];
  if (leftovers) return ['The JPEG has data left over after its last block; it may be damaged.'];
  return [];
}

/**
 * Refuses a file that is too small to hold even a little of the picture that its header declares, so
 * that a few bytes cannot ask for hundreds of megabytes. A block takes at least two bits, one for DC and
 * one for the end of block, or one bit in a progressive file (T.81, F.1.2 and G.1.2).
 */
function refuseEmpty(bytes: Uint8Array, { frame, firstScan }: JpegHead): void {
  const blocks = frame.components.reduce(
    (sum, { blocksAcross, blocksDown }) => sum + blocksAcross * blocksDown,
    0,
  );
  const leastBits = blocks * (frame.progressive ? 1 : 2);
  if ((bytes.length - firstScan) * 8 < leastBits * LEAST_SHARE) {
    throw new CaptionError(
      'DECODE_FAILED',
      `The JPEG says it has ${frame.width}×${frame.height} pixels but holds almost no data for them; it is cut off or damaged.`,
    );
  }
}
