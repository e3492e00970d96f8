import { describe, expect, it } from 'vitest';
import { damagedFile, decodeAny, soundFile } from '../../../test/jpeg/fuzz.js';
import { pick, seeded, whole } from '../../../test/jpeg/random.js';

// `node scripts/run.mjs scripts/fuzz/jpeg.ts` does the same with other seeds, for as long as one likes,
// and compares with another decoder.

describe('any bytes', () => {
  const SOUND_FILES = 40;
  const DAMAGED_EACH = 25;

  it.each(Array.from({ length: SOUND_FILES }, (_, i) => i + 1))(
    'file %i, damaged in many ways, gives pixels of the promised size or a CaptionError',
    (seed) => {
      const { bytes } = soundFile(seed);
      const random = seeded(seed * 7919);
      for (let i = 0; i < DAMAGED_EACH; i++) {
        const size = pick(random, [undefined, { width: whole(random, 1, 40), height: 5 }]);
        // Throws, and so fails the test, unless the outcome is one of the two.
        expect(decodeAny(damagedFile(random, bytes), size)).toBeDefined();
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
