import type { Orientation } from './types.js';

const ORIENTATION_TAG = 0x0112;
const ENTRY_BYTES = 12;
/** Values up to this size stand in the entry itself, larger ones where it points to. */
const INLINE_BYTES = 4;

interface NumberType {
  readonly bytes: number;
  read(view: DataView, at: number, littleEndian: boolean): number;
}

const unsigned32 = (view: DataView, at: number, le: boolean) => view.getUint32(at, le);
const signed32 = (view: DataView, at: number, le: boolean) => view.getInt32(at, le);

/**
 * The types of whole numbers and fractions by their TIFF codes (TIFF 6.0, section 2). EXIF wants a
 * SHORT, but programs write others; libexif (and so libvips) reads all of these.
 */
const NUMBER_TYPES: ReadonlyMap<number, NumberType> = new Map([
  [1, { bytes: 1, read: (view, at) => view.getUint8(at) }],
  [3, { bytes: 2, read: (view, at, le) => view.getUint16(at, le) }],
  [4, { bytes: 4, read: unsigned32 }],
  [5, fraction(unsigned32)],
  [6, { bytes: 1, read: (view, at) => view.getInt8(at) }],
  [8, { bytes: 2, read: (view, at, le) => view.getInt16(at, le) }],
  [9, { bytes: 4, read: signed32 }],
  [10, fraction(signed32)],
]);

function fraction(read: NumberType['read']): NumberType {
  return { bytes: 8, read: (view, at, le) => read(view, at, le) / read(view, at + 4, le) };
}

/**
 * The Orientation tag in a block of EXIF data: a TIFF file's header and first directory (TIFF 6.0
 * section 2, EXIF 2.32 section 4.6.4). JPEG's APP1 and some WebP files put `Exif\0\0` before it;
 * with or without, both are read. Of several values the first counts.
 *
 * Whatever is missing, damaged or out of range gives 1 (upright): a photo is not lost for a bad tag.
 *
 * @example
 * orientationFromExif(app1.subarray(6)); // 6: turn a quarter clockwise to see it upright
 */
export function orientationFromExif(exif: Uint8Array): Orientation {
  const tiff = startsWithExifMarker(exif) ? exif.subarray(EXIF_MARKER.length) : exif;
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
    const value = firstNumber(view, entry, littleEndian);
    return isOrientation(value) ? value : 1;
  }
  return 1;
}

/** The first value of a directory entry; NaN where it has none, is no number or lies beyond the end. */
function firstNumber(view: DataView, entry: number, littleEndian: boolean): number {
  const type = NUMBER_TYPES.get(view.getUint16(entry + 2, littleEndian));
  const count = view.getUint32(entry + 4, littleEndian);
  if (!type || count === 0) return Number.NaN;
  const isInline = type.bytes * count <= INLINE_BYTES;
  const at = isInline ? entry + 8 : view.getUint32(entry + 8, littleEndian);
  if (at + type.bytes > view.byteLength) return Number.NaN;
  return type.read(view, at, littleEndian);
}

/** Whether a photo so oriented is stored lying on its side, its width being the upright height. */
export function swapsSides(orientation: Orientation): boolean {
  return orientation >= 5;
}

function isOrientation(value: number): value is Orientation {
  return Number.isInteger(value) && value >= 1 && value <= 8;
}

/** "Exif", 0, 0. */
const EXIF_MARKER = [0x45, 0x78, 0x69, 0x66, 0, 0];

function startsWithExifMarker(bytes: Uint8Array): boolean {
  return EXIF_MARKER.every((byte, i) => bytes[i] === byte);
}
