import { CaptionError } from '../../errors.js';
import { orientationFromExif } from '../exif.js';
import type { ImageHeader, Orientation } from '../types.js';
import { endOfFrameHeader, type Frame, namesCoding, readFrame } from './frame.js';
import { findMarker, Marker, nextSegment, readUint16, type Segment } from './markers.js';
import {
  defineHuffmanTables,
  defineQuantTables,
  defineRestartInterval,
  initialTables,
  type Tables,
} from './tables.js';

const EXIF_NAME = 'Exif\0\0';

/** All that stands before the first scan of a file. */
export interface JpegHead {
  readonly frame: Frame;
  readonly tables: Tables;
  readonly orientation: Orientation;
  /** A JFIF segment was there: the colours are YCbCr or grey (T.871). */
  readonly jfif: boolean;
  /** The colour transform that Adobe's segment names: 0 none, 1 YCbCr, 2 YCCK; absent without one. */
  readonly adobeTransform: number | undefined;
  /** Where the SOS marker of the first scan is, or the file's length if there is none. */
  readonly firstScan: number;
}

/**
 * Reads a JPEG's size and orientation without decoding it.
 *
 * @param bytes the whole file, or at least all before its first scan
 * @throws CaptionError `UNSUPPORTED_FORMAT` for a coding that is not read (arithmetic, lossless,
 * hierarchical, 12-bit, 2 or more than 4 components), `DECODE_FAILED` when there is no sound header
 *
 * @example
 * readJpegHeader(bytes); // { format: 'jpeg', width: 4032, height: 3024, orientation: 6 }
 */
export function readJpegHeader(bytes: Uint8Array): ImageHeader {
  const { frame, orientation } = readHead(bytes);
  return { format: 'jpeg', width: frame.width, height: frame.height, orientation };
}

/** Reads all segments up to the first scan (T.81, B.2.1, figure B.2). */
export function readHead(bytes: Uint8Array): JpegHead {
  if (bytes[0] !== 0xff || bytes[1] !== Marker.SOI) {
    throw new CaptionError(
      'DECODE_FAILED',
      'The bytes are not a JPEG: they do not begin with FF D8.',
    );
  }
  const tables = initialTables();
  let frame: Frame | undefined;
  let orientation: Orientation | undefined;
  let jfif = false;
  let adobeTransform: number | undefined;
  let firstScan = bytes.length;

  for (let at = 2; ; ) {
    const segment = nextSegment(bytes, at);
    if (segment === undefined || segment.marker === Marker.EOI) break;
    if (segment.marker === Marker.SOS) {
      firstScan = segment.at;
      break;
    }
    at = segment.end;
    if (namesCoding(segment.marker)) {
      if (frame !== undefined) throw secondFrame();
      frame = readFrame(bytes, segment, (end) => linesAfterFirstScan(bytes, end));
      at = endOfFrameHeader(bytes, segment, frame);
    } else if (segment.marker === Marker.APP0) {
      jfif ||= startsWith(bytes, segment, 'JFIF\0');
    } else if (segment.marker === Marker.APP1 && startsWith(bytes, segment, EXIF_NAME)) {
      // Of several the first counts, as for libexif and Pillow; one without content is none.
      const exif = bytes.subarray(segment.start + EXIF_NAME.length, segment.end);
      if (exif.length > 0) orientation ??= orientationFromExif(exif);
    } else if (segment.marker === Marker.APP14 && startsWith(bytes, segment, 'Adobe')) {
      // Adobe Technical Note 5116: version, two words of flags, then the transform.
      if (segment.end >= segment.start + 12) adobeTransform = bytes[segment.start + 11];
    } else {
      at = readTables(bytes, segment, tables);
    }
  }

  if (frame === undefined) {
    throw new CaptionError(
      'DECODE_FAILED',
      'The JPEG has no frame header before its data or its end; the file is cut off or damaged.',
    );
  }
  return { frame, tables, orientation: orientation ?? 1, jfif, adobeTransform, firstScan };
}

/** Reads a segment that defines tables, and passes over every other (B.2.4). @returns where it ended */
export function readTables(bytes: Uint8Array, segment: Segment, tables: Tables): number {
  if (segment.marker === Marker.DQT) return defineQuantTables(bytes, segment, tables);
  if (segment.marker === Marker.DHT) return defineHuffmanTables(bytes, segment, tables);
  if (segment.marker === Marker.DRI) return defineRestartInterval(bytes, segment, tables);
  return segment.end;
}

/** A frame's height of 0 promises a DNL segment right after the first scan (B.2.5). */
function linesAfterFirstScan(bytes: Uint8Array, from: number): number {
  for (let at = from; ; ) {
    const segment = nextSegment(bytes, at);
    if (segment === undefined) return 0;
    if (segment.marker === Marker.SOS) {
      const after = findMarker(bytes, segment.end, true);
      return bytes[after + 1] === Marker.DNL ? readUint16(bytes, after + 4) : 0;
    }
    at = segment.end;
  }
}

function startsWith(bytes: Uint8Array, segment: Segment, text: string): boolean {
  if (segment.end - segment.start < text.length) return false;
  for (let i = 0; i < text.length; i++) {
    if (bytes[segment.start + i] !== text.charCodeAt(i)) return false;
  }
  return true;
}

function secondFrame(): CaptionError {
  return new CaptionError(
    'DECODE_FAILED',
    'The JPEG has two frame headers before its data; the file is damaged.',
  );
}
