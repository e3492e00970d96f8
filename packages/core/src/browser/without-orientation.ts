import { Marker, nextSegment } from '../image/jpeg/markers.js';
import { chunksOf } from '../image/png/chunks.js';
import type { ImageFormat } from '../image/types.js';
import { riffChunks } from '../image/webp/riff.js';

/** Bytes of a file, from and to before. */
type Range = readonly [from: number, to: number];

/**
 * The file without its EXIF block, as the parts of a `Blob`.
 *
 * `createImageBitmap` turns a photo as its EXIF says and cannot be told not to: "none" is now
 * another word for "from-image" (HTML standard, section 8.11.2). Which formats' EXIF it heeds
 * differs from browser to browser. Where there is none, the pixels come as they are stored.
 */
export function withoutOrientation(
  bytes: Uint8Array<ArrayBuffer>,
  format: ImageFormat,
): Uint8Array<ArrayBuffer>[] {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let at = 0;
  for (const [from, to] of exifBlocks(bytes, format)) {
    parts.push(bytes.subarray(at, from));
    // A RIFF file says how long it is, so that a chunk is renamed, to one of those to be ignored.
    if (format === 'webp') parts.push(Uint8Array.from([0x4a, 0x55, 0x4e, 0x4b])); // JUNK
    at = to;
  }
  parts.push(bytes.subarray(at));
  return parts;
}

function exifBlocks(bytes: Uint8Array, format: ImageFormat): Range[] {
  if (format === 'jpeg') return jpegBlocks(bytes);
  const places: Range[] = [];
  const startOf = (data: Uint8Array) => data.byteOffset - bytes.byteOffset;
  if (format === 'png') {
    for (const { type, data } of chunksOf(bytes)) {
      // Length and type before the data, a checksum after it.
      const start = startOf(data);
      if (type === 'eXIf') places.push([start - 8, start + data.length + 4]);
    }
  }
  if (format === 'webp') {
    for (const { type, data } of riffChunks(bytes, 12)) {
      if (type === 'EXIF') places.push([startOf(data) - 8, startOf(data) - 4]);
    }
  }
  return places;
}

function jpegBlocks(bytes: Uint8Array): Range[] {
  const places: Range[] = [];
  for (let at = 2; ; ) {
    const segment = nextSegment(bytes, at);
    if (!segment || segment.marker === Marker.SOS || segment.marker === Marker.EOI) return places;
    const name = String.fromCharCode(...bytes.subarray(segment.start, segment.start + 5));
    if (segment.marker === Marker.APP1 && name === 'Exif\0') places.push([segment.at, segment.end]);
    at = segment.end;
  }
}
