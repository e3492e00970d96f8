import type { Orientation } from './types.js';

const ORIENTATION_TAG = 0x0112;
const TYPE_SHORT = 3;
const ENTRY_BYTES = 12;

/**
 * The Orientation tag in a block of EXIF data: a TIFF file's header and first directory (TIFF 6.0
 * section 2, EXIF 2.32 section 4.6.4). JPEG's APP1 and some WebP files put `Exif\0\0` before it;
 * with or without, both are read.
 *
 * Whatever is missing, damaged or out of range gives 1 (upright): a photo is not lost for a bad tag.
 *
 * @example
 * orientationFromExif(app1.subarray(6)); // 6: turn a quarter clockwise to see it upright
 */
export function orientationFromExif(exif: Uint8Array): Orientation {
  const tiff = startsWithExifMarker(exif) ? exif.subarray(6) : exif;
  if (tiff.length < 8) return 1;
  const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.byteLength);
  const byteOrder = view.getUint16(0);
  const littleEndian = byteOrder === 0x4949;
  if (!littleEndian && byteOrder !== 0x4d4d) return 1;
  if (view.getUint16(2, littleEndian) !== 42) return 1;

  const directory = view.getUint32(4, littleEndian);
  if (directory + 2 > tiff.length) return 1;
  const declared = view.getUint16(directory, littleEndian);
  const fitting = Math.floor((tiff.length - directory - 2) / ENTRY_BYTES);
  for (let i = 0; i < Math.min(declared, fitting); i++) {
    const entry = directory + 2 + i * ENTRY_BYTES;
    if (view.getUint16(entry, littleEndian) !== ORIENTATION_TAG) continue;
    const isOneShort =
      view.getUint16(entry + 2, littleEndian) === TYPE_SHORT &&
      view.getUint32(entry + 4, littleEndian) === 1;
    const value = view.getUint16(entry + 8, littleEndian);
    return isOneShort && isOrientation(value) ? value : 1;
  }
  return 1;
}

/** Whether a photo so oriented is stored lying on its side, its width being the upright height. */
export function swapsSides(orientation: Orientation): boolean {
  return orientation >= 5;
}

function isOrientation(value: number): value is Orientation {
  return Number.isInteger(value) && value >= 1 && value <= 8;
}

function startsWithExifMarker(bytes: Uint8Array): boolean {
  const marker = [0x45, 0x78, 0x69, 0x66, 0, 0];
  return marker.every((byte, i) => bytes[i] === byte);
}
