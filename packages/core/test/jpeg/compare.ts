import { colourModelOf } from '../../src/image/jpeg/colour.js';
import { readHead } from '../../src/image/jpeg/header.js';
import type { Levels } from '../../src/image/types.js';
import type { Outcome } from './fuzz.js';
import { distance } from './reference.js';

/** The part of jpeg-js that is used; handed in, since it is a dependency of this package's tests alone. */
export interface JpegJs {
  decode(
    bytes: Uint8Array,
    options: {
      useTArray: true;
      formatAsRGBA: false;
      colorTransform?: boolean;
      maxResolutionInMP: number;
    },
  ): { width: number; height: number; data: Uint8Array };
}

/** How the two decoders did on a file: a pair of words, and what they said where they disagree. */
export interface Comparison {
  readonly ours: 'read' | 'read, with warning' | 'refused' | 'too large';
  readonly theirs: 'same pixels' | 'other pixels' | 'other size' | 'read' | 'refused';
  readonly reason: string;
}

/**
 * Compares what we made of a damaged file with what jpeg-js makes of it.
 *
 * @param sound the pixels of the undamaged file
 */
export function compareWithJpegJs(
  jpegJs: JpegJs,
  bytes: Uint8Array,
  outcome: Outcome,
  sound: Levels,
): Comparison {
  const warnings = outcome.kind === 'read' ? outcome.pixels.warnings : [];
  const ours = warnings.length > 0 ? 'read, with warning' : outcome.kind;
  const weSaid = gist(outcome.kind === 'refused' ? outcome.error.message : warnings.join(' '));
  const theirs = readWithJpegJs(jpegJs, bytes);
  if (typeof theirs === 'string') return { ours, theirs: 'refused', reason: theirs };
  if (outcome.kind !== 'read') return { ours, theirs: 'read', reason: weSaid };
  const { width, height, data } = outcome.pixels;
  if (theirs.width !== width || theirs.height !== height) {
    return { ours, theirs: 'other size', reason: weSaid };
  }
  // The two round differently, by 3 levels at most in colours at the edge of the range.
  const same = distance(data, theirs.data).max <= 5;
  if (same) return { ours, theirs: 'same pixels', reason: weSaid };
  return { ours, theirs: 'other pixels', reason: `${nearer(data, theirs.data, sound)}; ${weSaid}` };
}

/** Which of two readings of a damaged file is nearer to what the file showed without damage. */
function nearer(ours: Levels, theirs: Levels, sound: Levels): string {
  if (ours.length !== sound.length) return 'of another size than without damage';
  const gain = distance(theirs, sound).mean - distance(ours, sound).mean;
  if (Math.abs(gain) < 1) return 'as near to the undamaged picture';
  return `${gain > 0 ? 'ours' : 'theirs'} nearer to the undamaged picture`;
}

function readWithJpegJs(jpegJs: JpegJs, bytes: Uint8Array) {
  try {
    return jpegJs.decode(bytes, {
      useTArray: true,
      formatAsRGBA: false,
      maxResolutionInMP: 17,
      // It cannot tell RGB from YCbCr by itself.
      ...(isRgb(bytes) ? { colorTransform: false } : {}),
    });
  } catch (error) {
    return gist(error instanceof Error ? error.message : String(error));
  }
}

function isRgb(bytes: Uint8Array): boolean {
  try {
    return colourModelOf(readHead(bytes)) === 'rgb';
  } catch {
    return false;
  }
}

/** A message without its numbers. */
export function gist(message: string): string {
  return message
    .replace(/0x[0-9a-f]+|\b[0-9a-f]*\d[0-9a-f]*\b|\b(ff)?[0-9a-f]{2}\b/g, '#')
    .slice(0, 110);
}
