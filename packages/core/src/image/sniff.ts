import { CaptionError } from '../errors.js';
import { textKind } from './sniff-text.js';
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

/** What begins with `magic` at `offset` (0 unless given). `.` in `magic` stands for any byte. */
interface Signature {
  readonly magic: string;
  readonly offset?: number;
  readonly name: string;
  readonly advice: string;
}

const toJpeg = (file: string) =>
  `Convert it to JPEG, for instance with \`magick ${file} photo.jpg\` (ImageMagick).`;
const FRAME =
  'Take a frame out of it, for instance with `ffmpeg -i clip.mp4 -frames:v 1 frame.jpg`.';
const UNPACK = 'Unpack it and give the photos in it one by one.';
const NOT_A_PHOTO = 'Give a photo: JPEG, PNG, WebP or GIF.';

const signature = (magic: string, name: string, advice: string, offset = 0): Signature => ({
  ...{ magic, name, advice, offset },
});

/** Signatures as their formats' specifications or the registry of `file(1)` give them. */
const SIGNATURES: readonly Signature[] = [
  signature('II*\0', 'a TIFF or camera raw file (DNG, NEF, CR2, ARW)', toJpeg('photo.tif')),
  signature('MM\0*', 'a TIFF or camera raw file (DNG, NEF, CR2, ARW)', toJpeg('photo.tif')),
  signature('II+\0', 'a BigTIFF file', toJpeg('photo.tif')),
  signature('MM\0+', 'a BigTIFF file', toJpeg('photo.tif')),
  signature('IIRO', 'an Olympus raw file (ORF)', toJpeg('photo.orf')),
  signature('IIU\0', 'a Panasonic raw file (RW2)', toJpeg('photo.rw2')),
  signature('FUJIFILMCCD-RAW', 'a Fujifilm raw file (RAF)', toJpeg('photo.raf')),
  signature('II\xbc\x01', 'a JPEG XR picture', toJpeg('photo.jxr')),
  signature('\0\0\0\x0cjP  \r\n\x87\n', 'a JPEG 2000 picture', toJpeg('photo.jp2')),
  signature('\xff\x4f\xff\x51', 'a JPEG 2000 picture', toJpeg('photo.j2k')),
  signature('\0\0\0\x0cJXL \r\n\x87\n', 'a JPEG XL picture', toJpeg('photo.jxl')),
  signature('\xff\x0a', 'a JPEG XL picture', toJpeg('photo.jxl')),
  signature('8BPS', 'a Photoshop document (PSD)', toJpeg('picture.psd')),
  signature('gimp xcf', 'a GIMP document (XCF)', toJpeg('picture.xcf')),
  signature('\0\0\x01\0', 'an icon (ICO)', toJpeg('picture.ico')),
  signature('\0\0\x02\0', 'a cursor (CUR)', toJpeg('picture.cur')),
  signature('icns', 'an Apple icon (ICNS)', toJpeg('picture.icns')),
  signature('qoif', 'a QOI picture', toJpeg('picture.qoi')),
  signature('DDS ', 'a DirectDraw texture (DDS)', toJpeg('picture.dds')),
  signature('\x76\x2f\x31\x01', 'an OpenEXR picture', toJpeg('picture.exr')),
  signature('#?RADIANCE', 'a Radiance HDR picture', toJpeg('picture.hdr')),
  signature('SIMPLE  =', 'a FITS file', toJpeg('picture.fits')),
  signature('\x8aMNG\r\n\x1a\n', 'an MNG animation', toJpeg('picture.mng')),
  signature('\x8bJNG\r\n\x1a\n', 'a JNG picture', toJpeg('picture.jng')),
  signature('%!PS', 'a PostScript document', toJpeg('page.ps')),
  signature('\xc5\xd0\xd3\xc6', 'a PostScript document (EPS)', toJpeg('page.eps')),
  signature('\x1a\x45\xdf\xa3', 'a WebM or Matroska video', FRAME),
  signature('RIFF....AVI ', 'an AVI video', FRAME),
  signature('FLV\x01', 'a Flash video', FRAME),
  signature('\0\0\x01\xba', 'an MPEG video', FRAME),
  signature('\0\0\x01\xb3', 'an MPEG video', FRAME),
  signature('\x30\x26\xb2\x75\x8e\x66\xcf\x11', 'a Windows Media file', FRAME),
  signature('RIFF....WAVE', 'a WAV sound', NOT_A_PHOTO),
  signature('ID3', 'an MP3 sound', NOT_A_PHOTO),
  signature('\xff\xfb', 'an MP3 sound', NOT_A_PHOTO),
  signature('\xff\xf3', 'an MP3 sound', NOT_A_PHOTO),
  signature('\xff\xf2', 'an MP3 sound', NOT_A_PHOTO),
  signature('\xff\xf1', 'an AAC sound', NOT_A_PHOTO),
  signature('\xff\xf9', 'an AAC sound', NOT_A_PHOTO),
  signature('OggS', 'an Ogg sound or video', NOT_A_PHOTO),
  signature('fLaC', 'a FLAC sound', NOT_A_PHOTO),
  signature('MThd', 'a MIDI file', NOT_A_PHOTO),
  signature('PK\x03\x04', 'a ZIP archive (or an office document)', UNPACK),
  signature('PK\x05\x06', 'an empty ZIP archive', UNPACK),
  signature('\x1f\x8b', 'gzip-compressed data', 'Unpack it first, for instance with `gunzip`.'),
  signature('BZh', 'bzip2-compressed data', 'Unpack it first, for instance with `bunzip2`.'),
  signature('\xfd7zXZ\0', 'xz-compressed data', 'Unpack it first, for instance with `unxz`.'),
  signature('\x28\xb5\x2f\xfd', 'Zstandard-compressed data', 'Unpack it first with `unzstd`.'),
  signature('7z\xbc\xaf\x27\x1c', 'a 7-Zip archive', UNPACK),
  signature('Rar!\x1a\x07', 'a RAR archive', UNPACK),
  signature('ustar', 'a tar archive', UNPACK, 257),
  signature('\x7fELF', 'a program', NOT_A_PHOTO),
  signature('MZ\x90\0', 'a Windows program', NOT_A_PHOTO),
  signature('\0asm', 'a WebAssembly module', NOT_A_PHOTO),
  signature('SQLite format 3\0', 'an SQLite database', NOT_A_PHOTO),
  signature('wOF', 'a web font', NOT_A_PHOTO),
  signature('\x93NUMPY', 'a NumPy array', 'Give its values as raw pixels instead.'),
  signature(
    '\0\x05\x16\x07',
    'an AppleDouble file, the side file that macOS writes beside a photo',
    'Give the photo itself: the file of the same name without the leading `._`.',
  ),
];

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
  if (format) return { format };
  const known =
    emptyKind(bytes) ??
    brokenPng(bytes) ??
    SIGNATURES.find(({ magic, offset }) => matches(bytes, magic, offset)) ??
    baseMediaKind(bytes) ??
    bitmapKind(bytes) ??
    pdfKind(bytes) ??
    textKind(bytes) ??
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
    `This is ${kind.name}; JPEG, PNG, WebP and GIF are read. ${kind.advice}`,
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

type Known = { readonly name: string; readonly advice: string };

function emptyKind(bytes: Uint8Array): Known | undefined {
  if (bytes.length === 0) {
    return {
      name: 'an empty file (0 bytes)',
      advice: 'Check that copying or uploading it came to its end.',
    };
  }
  const probe = bytes.subarray(0, 4096);
  if (bytes.length >= 16 && probe.every((byte) => byte === 0)) {
    return {
      name: 'a file that begins with nothing but zero bytes',
      advice: 'It was probably not written to its end: get it again from where it came.',
    };
  }
  return undefined;
}

/** PNG's signature holds both line endings so that a transfer as text shows (PNG section 5.2). */
function brokenPng(bytes: Uint8Array): Known | undefined {
  if (!matches(bytes, '.PNG')) return undefined;
  return {
    name: 'a PNG whose signature is damaged',
    advice: 'A transfer as text does this: copy it again as binary.',
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

/** Two letters alone are not enough: the size of the header that follows is one of a few. */
function bitmapKind(bytes: Uint8Array): Known | undefined {
  const headerSizes = [12, 16, 40, 52, 56, 64, 108, 124];
  const isBitmap = matches(bytes, 'BM') && headerSizes.includes(bytes[14] ?? 0);
  return isBitmap ? { name: 'a BMP picture', advice: toJpeg('picture.bmp') } : undefined;
}

/** Readers accept the header anywhere in the first 1,024 bytes (PDF 1.7, appendix H, note 13). */
function pdfKind(bytes: Uint8Array): Known | undefined {
  if (!latin1(bytes, 0, 1024).includes('%PDF-')) return undefined;
  return {
    name: 'a PDF document',
    advice:
      'Draw a page of it as a picture, for instance with `pdftoppm -jpeg -f 1 -l 1 file.pdf page`.',
  };
}

function unknownKind(bytes: Uint8Array): Known {
  const start = Array.from(bytes.subarray(0, 8), (b) => b.toString(16).padStart(2, '0')).join(' ');
  return {
    name: `a file of an unknown kind (it begins with the bytes ${start})`,
    advice:
      'Check that it is a photo; if programs show it as one, save it from there again as JPEG.',
  };
}

function matches(bytes: Uint8Array, magic: string, offset = 0): boolean {
  if (bytes.length < offset + magic.length) return false;
  for (let i = 0; i < magic.length; i++) {
    const code = magic.charCodeAt(i);
    if (code !== 0x2e && bytes[offset + i] !== code) return false;
  }
  return true;
}

function latin1(bytes: Uint8Array, from: number, to: number): string {
  return String.fromCharCode(...bytes.subarray(from, to));
}
