import { CaptionError } from '../../src/errors.js';
import { decodeJpeg, readJpegHeader } from '../../src/image/jpeg/index.js';
import { isStartOfFrame, Marker, nextSegment, type Segment } from '../../src/image/jpeg/markers.js';
import type { DecodedPixels, Size } from '../../src/image/types.js';
import { type Damage, damaged } from '../image/damage.js';
import { type Encoded, encodeJpeg } from './encode.js';
import { makePicture, type PictureKind } from './pictures.js';
import { pick, type Random, seeded, whole } from './random.js';
import { commonEncoding, randomEncoding } from './variety.js';

/** A sound file to be damaged. */
export function soundFile(seed: number): Encoded {
  const random = seeded(seed);
  const kind = pick<PictureKind>(random, ['smooth', 'photo', 'edges', 'noise']);
  const width = whole(random, 1, 40);
  const height = whole(random, 1, 40);
  const encoding = random() < 0.5 ? commonEncoding(random) : randomEncoding(random);
  return encodeJpeg(makePicture(random, kind, width, height), encoding);
}

/** A file with up to four things wrong: bytes anywhere, or what the format's own fields say. */
export function damagedFile(random: Random, sound: Uint8Array): Uint8Array {
  let bytes: Uint8Array = Uint8Array.from(sound);
  for (let count = whole(random, 1, 4); count > 0; count--) {
    bytes = random() < 0.5 ? damaged(bytes, [anyDamage(random)]) : damageFormat(random, bytes);
  }
  return bytes;
}

function anyDamage(random: Random): Damage {
  const at = whole(random, 0, 0xffff);
  const value = pick(random, [
    0,
    1,
    2,
    3,
    8,
    16,
    63,
    64,
    127,
    128,
    254,
    255,
    whole(random, 0, 255),
  ]);
  return pick<Damage>(random, [
    { kind: 'flip', at, bit: whole(random, 0, 7) },
    { kind: 'set', at, value },
    { kind: 'cut', at },
    { kind: 'remove', at, length: whole(random, 1, 60) },
    { kind: 'insert', at, bytes: [value, whole(random, 0, 255)] },
    { kind: 'insert', at, bytes: [0xff, whole(random, 0xc0, 0xff)] },
    { kind: 'repeat', at, length: whole(random, 1, 60) },
    { kind: 'fill', at, length: whole(random, 1, 20), value },
  ]);
}

/** Damage that goes for segments: their fields, their order, their number. */
function damageFormat(random: Random, bytes: Uint8Array): Uint8Array {
  const segments = segmentsOf(bytes);
  if (segments.length === 0) return bytes;
  const segment = pick(random, segments);
  const whole8 = () => whole(random, 0, 255);
  switch (whole(random, 0, 5)) {
    case 0: {
      // A field of the parameters, or the length before them.
      const at = whole(random, segment.at + 2, Math.max(segment.at + 2, segment.end - 1));
      bytes[at] = pick(random, [0, 1, 2, 4, 0x11, 0x22, 0x44, 63, 64, 255, whole8()]);
      return bytes;
    }
    case 1:
      bytes[segment.at + 1] = whole(random, 0xc0, 0xff);
      return bytes;
    case 2:
      return joined(bytes.subarray(0, segment.at), bytes.subarray(segment.end));
    case 3: {
      const elsewhere = pick(random, segments).at;
      const copy = bytes.slice(segment.at, segment.end);
      return joined(bytes.subarray(0, elsewhere), copy, bytes.subarray(elsewhere));
    }
    case 4: {
      const frame = segments.find(({ marker }) => isStartOfFrame(marker));
      if (frame === undefined) return bytes;
      const sizeByte = frame.start + whole(random, 1, 4);
      bytes[sizeByte] = pick(random, [0, 1, 2, 255, whole8()]);
      return bytes;
    }
    default: {
      // Restart markers lost, doubled, or with another number.
      const restarts = [...bytes.keys()].filter(
        (at) => bytes[at] === 0xff && ((bytes[at + 1] ?? 0) & 0xf8) === Marker.RST0,
      );
      if (restarts.length === 0) return bytes;
      const at = pick(random, restarts);
      if (random() < 0.4) bytes[at + 1] = whole(random, Marker.RST0, Marker.RST7);
      else if (random() < 0.5) return joined(bytes.subarray(0, at), bytes.subarray(at + 2));
      else return joined(bytes.subarray(0, at), bytes.subarray(at, at + 2), bytes.subarray(at));
      return bytes;
    }
  }
}

function segmentsOf(bytes: Uint8Array): Segment[] {
  const segments: Segment[] = [];
  for (let segment = nextSegment(bytes, 0); segment; segment = nextSegment(bytes, segment.end)) {
    segments.push(segment);
  }
  return segments;
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

/** What became of a file. */
export type Outcome =
  | { readonly kind: 'read'; readonly pixels: DecodedPixels }
  | { readonly kind: 'refused'; readonly error: CaptionError }
  /** Larger than any caller would ask for after a look at the header. */
  | { readonly kind: 'too large'; readonly size: Size };

/** More than this is left to the limits that callers set (see `DecodeLimits`). */
const MOST_PIXELS = 1 << 24;

/**
 * Decodes a file, damaged or not, and checks what must hold for every file.
 *
 * @throws Error if something else than pixels of the promised size or a CaptionError comes out
 */
export function decodeAny(bytes: Uint8Array, atLeast?: Size): Outcome {
  const before = Uint8Array.from(bytes);
  const outcome = decodeChecked(bytes, atLeast);
  if (!before.every((byte, i) => byte === bytes[i])) throw new Error('the file was written to');
  return outcome;
}

function decodeChecked(bytes: Uint8Array, atLeast?: Size): Outcome {
  try {
    const header = readJpegHeader(bytes);
    if (header.width * header.height > MOST_PIXELS) return { kind: 'too large', size: header };
    const pixels = decodeJpeg(bytes, atLeast && { atLeast });
    checkPixels(header, pixels, atLeast);
    return { kind: 'read', pixels };
  } catch (error) {
    if (!(error instanceof CaptionError)) throw error;
    if (error.code !== 'DECODE_FAILED' && error.code !== 'UNSUPPORTED_FORMAT') throw error;
    return { kind: 'refused', error };
  }
}

function checkPixels(header: Size, pixels: DecodedPixels, atLeast: Size = header): void {
  const { width, height, data } = pixels;
  const divisor = [1, 2, 4, 8].find(
    (n) => width === Math.ceil(header.width / n) && height === Math.ceil(header.height / n),
  );
  if (divisor === undefined) throw new Error(`${width}×${height} is no scale of the picture`);
  if (data.length !== width * height * 3) throw new Error(`${data.length} samples`);
  if (data instanceof Float32Array) {
    const stray = data.find((value) => !(value >= 0 && value <= 255));
    if (stray !== undefined) throw new Error(`a level of ${stray}`);
  } else if (divisor > 1) throw new Error('averages without their fractions');
  if (width < Math.min(header.width, atLeast.width)) throw new Error(`${width} is too narrow`);
  if (height < Math.min(header.height, atLeast.height)) throw new Error(`${height} is too low`);
}
