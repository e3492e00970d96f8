import { matches, toJpeg } from './sniff-signatures.js';

interface Kind {
  readonly name: string;
  readonly advice: string;
}

/** Kinds whose signature is short or missing: several fields of the header have to fit. */
export function structuredKind(bytes: Uint8Array): Kind | undefined {
  const found = STRUCTURES.find(({ test }) => test(bytes));
  return found && { name: found.name, advice: found.advice };
}

const STRUCTURES: readonly (Kind & { test(bytes: Uint8Array): boolean })[] = [
  { test: isBitmap, name: 'a BMP picture', advice: toJpeg('picture.bmp') },
  {
    test: isBareBitmap,
    name: 'a BMP picture without its file header',
    advice: toJpeg('picture.dib'),
  },
  {
    test: (bytes) => isIconOf(1, bytes),
    name: 'an icon (ICO)',
    advice: toJpeg('picture.ico'),
  },
  {
    test: (bytes) => isIconOf(2, bytes),
    name: 'a cursor (CUR)',
    advice: toJpeg('picture.cur'),
  },
  { test: isTarga, name: 'a Targa picture (TGA)', advice: toJpeg('picture.tga') },
  { test: isPcx, name: 'a PCX picture', advice: toJpeg('picture.pcx') },
  {
    test: isNetpbm,
    name: 'a Netpbm picture (PBM, PGM, PPM, PAM)',
    advice: 'Convert it to PNG, for instance with `magick picture.ppm picture.png`.',
  },
];

const uint16 = (bytes: Uint8Array, at: number) => (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8);
const uint32 = (bytes: Uint8Array, at: number) =>
  (uint16(bytes, at) | (uint16(bytes, at + 2) << 16)) >>> 0;

const BITMAP_HEADER_SIZES = [12, 16, 40, 52, 56, 64, 108, 124];

function isBitmap(bytes: Uint8Array): boolean {
  return matches(bytes, 'BM') && BITMAP_HEADER_SIZES.includes(uint32(bytes, 14));
}

/** A bitmap as it lies in memory or in the clipboard: begins with the size of its header, 40. */
function isBareBitmap(bytes: Uint8Array): boolean {
  const depths = [1, 4, 8, 16, 24, 32];
  return uint32(bytes, 0) === 40 && uint16(bytes, 12) === 1 && depths.includes(uint16(bytes, 14));
}

/** 0, the type, a number of pictures; each has a size and place beyond the list (Microsoft, ICONDIR). */
function isIconOf(type: number, bytes: Uint8Array): boolean {
  const count = uint16(bytes, 4);
  const isHeader = uint16(bytes, 0) === 0 && uint16(bytes, 2) === type && count > 0;
  return isHeader && uint32(bytes, 14) > 0 && uint32(bytes, 18) >= 6 + count * 16;
}

/** No signature at the start (Truevision TGA 2.0): a type, depths and sizes that go together. */
function isTarga(bytes: Uint8Array): boolean {
  if (bytes.length < 18) return false;
  const [, hasMap = 0, type = 0] = bytes;
  const mapDepth = bytes[7] ?? 0;
  const depth = bytes[16] ?? 0;
  const flags = bytes[17] ?? 0;
  if (uint16(bytes, 12) === 0 || uint16(bytes, 14) === 0 || (flags & 0xc0) !== 0) return false;
  const isMapped = type === 1 || type === 9;
  const depths = isMapped ? [8, 15, 16] : type === 3 || type === 11 ? [1, 8, 16] : [15, 16, 24, 32];
  if (![1, 2, 3, 9, 10, 11].includes(type) || !depths.includes(depth)) return false;
  if (hasMap === 1) return uint16(bytes, 5) > 0 && [15, 16, 24, 32].includes(mapDepth);
  return hasMap === 0 && !isMapped && uint16(bytes, 5) === 0;
}

/** Signature 10, a version, run-length coding or none, bits a sample (ZSoft). */
function isPcx(bytes: Uint8Array): boolean {
  const [signature, version = 0, coding = 0, bits = 0] = bytes;
  return (
    signature === 10 &&
    [0, 2, 3, 4, 5].includes(version) &&
    coding <= 1 &&
    [1, 2, 4, 8].includes(bits) &&
    bytes.length >= 128
  );
}

/** "P", a digit, then white space or a comment; the pixels behind may be binary. */
function isNetpbm(bytes: Uint8Array): boolean {
  const head = String.fromCharCode(...bytes.subarray(0, 64));
  // P7 is PAM, and before that was the name of the thumbnails of xv.
  return /^P[1-6](#|\s+(#|\d+\s))/.test(head) || /^P7(\n|\s*#|\s+332)/.test(head);
}
