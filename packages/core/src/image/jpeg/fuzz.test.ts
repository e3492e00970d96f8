import jpegJs from 'jpeg-js';
import { describe, expect, it } from 'vitest';
import { type Comparison, compareWithJpegJs } from '../../../test/jpeg/compare.js';
import { damagedFile, decodeAny, soundFile } from '../../../test/jpeg/fuzz.js';
import { pick, seeded, whole } from '../../../test/jpeg/random.js';
import { decodeJpeg } from './decoder.js';

// `node scripts/run.mjs scripts/fuzz/jpeg.ts` does the same with other seeds, for as long as one likes.

/** Why one of the two decoders refuses what the other reads; scripts/fuzz/jpeg.md explains each. */
const ONLY_JPEG_JS_READS =
  /holds almost no data|no image data|too little to tell|bits a sample|sampling factors|frame header|height open/;
const ONLY_WE_READ = new RegExp(
  [
    ...[
      'unknown JPEG marker',
      'unexpected marker',
      'marker was not found',
      'invalid huffman sequence',
    ],
    'Cannot read properties of undefined',
    'Could not recreate Huffman Table',
    'Cannot set properties of undefined',
    'only single frame JPEGs supported',
    'Unsupported color mode',
    'invalid table spec',
  ].join('|'),
);

function isExplained({ ours, theirs, reason }: Comparison): boolean {
  if (ours === 'refused' && theirs !== 'refused') return ONLY_JPEG_JS_READS.test(reason);
  if (ours === 'read' && theirs === 'refused') return ONLY_WE_READ.test(reason);
  return true;
}

describe('any bytes', () => {
  const SOUND_FILES = 80;
  const DAMAGED_EACH = 25;

  it.each(Array.from({ length: SOUND_FILES }, (_, i) => i + 1))(
    'file %i, damaged in many ways, gives pixels of the promised size or a CaptionError, as jpeg-js or for a reason',
    (seed) => {
      const { bytes } = soundFile(seed);
      const sound = decodeJpeg(bytes).data;
      const random = seeded(seed * 7919);
      for (let i = 0; i < DAMAGED_EACH; i++) {
        const size = pick(random, [undefined, { width: whole(random, 1, 40), height: 5 }]);
        const damaged = damagedFile(random, bytes);
        // Throws, and so fails the test, unless the outcome is one of the two.
        if (size) expect(decodeAny(damaged, size)).toBeDefined();
        const comparison = compareWithJpegJs(jpegJs, damaged, decodeAny(damaged), sound);
        expect(comparison).toSatisfy(isExplained);
      }
    },
  );

  it('random bytes after a start of image are refused', () => {
    const random = seeded(4);
    for (let i = 0; i < 300; i++) {
      const bytes = Uint8Array.from({ length: whole(random, 0, 400) }, () => whole(random, 0, 255));
      bytes.set([0xff, 0xd8].slice(0, bytes.length));
      expect(decodeAny(bytes).kind).not.toBe('read');
    }
  });

  it('every beginning of a file is refused, or read with a warning unless it is all there', () => {
    const { bytes } = soundFile(11);
    for (let length = 0; length < bytes.length; length++) {
      const outcome = decodeAny(bytes.subarray(0, length));
      if (outcome.kind === 'read' && length < bytes.length - 4) {
        expect(outcome.pixels.warnings, `${length} of ${bytes.length} bytes`).not.toEqual([]);
      }
    }
  });
});
