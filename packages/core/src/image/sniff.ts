import { CaptionError } from '../errors.js';
import { FRAME, matches, NOT_A_PHOTO, SIGNATURES, toJpeg } from './sniff-signatures.js';
import { structuredKind } from './sniff-structure.js';
import { mangledKind, textKind } from './sniff-text.js';
import type { ImageFormat } from './types.js';

/** What a file is, judged by its bytes alone; names and MIME types lie too often. */
export type FileKind =
  | { readonly format: ImageFormat }
  | {
      readonly format: undefined;
      /** As it stands in a sentence: "a TIFF or camera raw file". */
      readonly name: string;
      /** What the user can do, as a sentence. */
      readonly advice: string;
    };

/** Brands of ISO base media files (ISO/IEC 14496-12; the registry at mp4ra.org). */
const BRANDS: readonly { readonly test: RegExp; readonly name: string; readonly advice: string }[] =
  [
    { test: /^av(if|is)$/, name: 'an AVIF picture', advice: toJpeg('photo.avif') },
    {
      test: /^(hei[cxms]|hev[cxms]|mif1|msf1|mif2)$/,
      name: 'a HEIC/HEIF photo',
      advice:
        'Convert it to JPEG, for instance with `magick photo.heic photo.jpg` or, on macOS, `sips -s format jpeg photo.heic --out photo.jpg`; an iPhone saves JPEG with Settings › Camera › Formats › Most Compatible.',
    },
    { test: /^crx $/, name: 'a Canon raw file (CR3)', advice: toJpeg('photo.cr3') },
    { test: /^jp[2xm] $/, name: 'a JPEG 2000 picture', advice: toJpeg('photo.jp2') },
    { test: /^M4[AB] $/, name: 'an MPEG-4 sound', advice: NOT_A_PHOTO },
  ];

/**
 * What kind of file this is, by its first bytes. Never throws; what is not known is named so.
 *
 * @example
 * sniff(bytes).format; // 'jpeg', 'png', 'webp', 'gif' or undefined
 */
export function sniff(bytes: Uint8Array): FileKind {
  const format = readFormat(bytes);
  if (format && !(keepsSignatureAsText(format) && mangledKind(bytes))) return { format };
  const known =
    emptyKind(bytes) ??
    brokenPng(bytes) ??
    SIGNATURES.find(({ magic, offset }) => matches(bytes, magic, offset)) ??
    baseMediaKind(bytes) ??
    structuredKind(bytes) ??
    pdfKind(bytes) ??
    textKind(bytes) ??
    mangledKind(bytes) ??
    unknownKind(bytes);
  return { format: undefined, name: known.name, advice: known.advice };
}

/**
 * The format of a file that is read here.
 *
 * @throws CaptionError `UNSUPPORTED_FORMAT` naming what the file is and what to do
 */
export function supportedFormat(bytes: Uint8Array): ImageFormat {
  const kind = sniff(bytes);
  if (kind.format) return kind.format;
  throw new CaptionError(
    'UNSUPPORTED_FORMAT',
    `This is ${kind.name}; only JPEG, PNG, WebP and GIF are supported. ${kind.advice}`,
  );
}

function readFormat(bytes: Uint8Array): ImageFormat | undefined {
  if (matches(bytes, '\xff\xd8\xff') || (bytes.length === 2 && matches(bytes, '\xff\xd8'))) {
    return 'jpeg';
  }
  if (matches(bytes, '\x89PNG\r\n\x1a\n')) return 'png';
  if (matches(bytes, 'RIFF....WEBP')) return 'webp';
  if (matches(bytes, 'GIF87a') || matches(bytes, 'GIF89a')) return 'gif';
  return undefined;
}

/** Signatures of nothing but ASCII letters survive when a file is treated as text; the rest does not. */
function keepsSignatureAsText(format: ImageFormat): boolean {
  return format === 'gif' || format === 'webp';
}

type Known = { readonly name: string; readonly advice: string };

function emptyKind(bytes: Uint8Array): Known | undefined {
  if (bytes.length === 0) {
    return {
      name: 'an empty file (0 bytes)',
      advice: 'Check that it was copied or uploaded completely.',
    };
  }
  const probe = bytes.subarray(0, 4096);
  if (bytes.length >= 16 && probe.every((byte) => byte === 0)) {
    return {
      name: 'a file that begins with nothing but zero bytes',
      advice: 'It was probably not written completely: copy it again from its source.',
    };
  }
  return undefined;
}

/** PNG's signature holds both line endings so that a transfer as text shows (PNG section 5.2). */
function brokenPng(bytes: Uint8Array): Known | undefined {
  if (!matches(bytes, '.PNG')) return undefined;
  return {
    name: 'a PNG whose signature is damaged',
    advice: 'A transfer in text mode does this: copy it again in binary mode.',
  };
}

function baseMediaKind(bytes: Uint8Array): Known | undefined {
  if (!matches(bytes, 'ftyp', 4)) {
    const isQuickTime = ['moov', 'mdat', 'wide', 'free', 'skip'].some((b) => matches(bytes, b, 4));
    return isQuickTime ? { name: 'an MP4 or QuickTime video', advice: FRAME } : undefined;
  }
  const [b0 = 0, b1 = 0, b2 = 0, b3 = 0] = bytes;
  const boxEnd = Math.min(bytes.length, ((b0 << 24) | (b1 << 16) | (b2 << 8) | b3) >>> 0, 256);
  // The major brand, a version, then the compatible brands. AVIF often calls itself mif1 first.
  const brands = [latin1(bytes, 8, 12)];
  for (let at = 16; at + 4 <= boxEnd; at += 4) brands.push(latin1(bytes, at, at + 4));
  const isVideoFirst = !/^(mif1|msf1|mif2)$/.test(brands[0] ?? '');
  const candidates = isVideoFirst ? brands.slice(0, 1) : brands;
  const picture = BRANDS.find(({ test }) => candidates.some((brand) => test.test(brand)));
  return picture ?? { name: 'an MP4 or QuickTime video', advice: FRAME };
}

/** Readers accept the header anywhere in the first 1,024 bytes (PDF 1.7, appendix H, note 13). */
function pdfKind(bytes: Uint8Array): Known | undefined {
  if (!latin1(bytes, 0, 1024).includes('%PDF-')) return undefined;
  return {
    name: 'a PDF document',
    advice:
      'Render a page as a picture, for instance with `pdftoppm -jpeg -f 1 -l 1 file.pdf page`.',
  };
}

function unknownKind(bytes: Uint8Array): Known {
  const start = Array.from(bytes.subarray(0, 8), (b) => b.toString(16).padStart(2, '0')).join(' ');
  return {
    name: `a file of an unknown kind (it begins with the bytes ${start})`,
    advice: 'Check that it is a photo; if another program can show it, save it from there as JPEG.',
  };
}

function latin1(bytes: Uint8Array, from: number, to: number): string {
  return String.fromCharCode(...bytes.subarray(from, to));
}
