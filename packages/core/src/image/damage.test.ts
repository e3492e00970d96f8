import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Damage, damaged, EDGES, withRightChecksums } from '../../test/image/damage.js';
import { type Seed, seeds } from '../../test/image/seeds.js';
import { CaptionError } from '../errors.js';
import { readWebpWasm } from '../node/webp-wasm.js';
import { decodeImage } from './decode.js';
import type { DecodedImage } from './types.js';
import { setWebpWasm } from './webp/codec.js';

const CASES_EACH = 170;

const place = fc.nat({ max: 1_000_000 });
const byte = fc.oneof(fc.constantFrom(...EDGES), fc.nat(255));
const length = fc.integer({ min: 1, max: 40 });
const damage: fc.Arbitrary<Damage> = fc.oneof(
  fc.record({ kind: fc.constant('set' as const), at: place, value: byte }),
  // Most of what steers a decoder stands at the beginning.
  fc.record({ kind: fc.constant('set' as const), at: fc.nat(120), value: byte }),
  fc.record({ kind: fc.constant('flip' as const), at: place, bit: fc.nat(7) }),
  fc.record({ kind: fc.constant('cut' as const), at: place }),
  fc.record({ kind: fc.constant('remove' as const), at: place, length }),
  fc.record({
    kind: fc.constant('insert' as const),
    at: place,
    bytes: fc.array(byte, { minLength: 1, maxLength: 8 }),
  }),
  fc.record({ kind: fc.constant('repeat' as const), at: place, length }),
  fc.record({ kind: fc.constant('fill' as const), at: place, length, value: byte }),
);

describe('any damage to a real file ends in a picture or a CaptionError', () => {
  let files: readonly Seed[] = [];
  beforeAll(async () => {
    setWebpWasm(readWebpWasm);
    files = await seeds();
  });

  const names = [
    'jpeg 4:2:0',
    'jpeg 4:4:4, turned',
    'jpeg progressive',
    'jpeg grey',
    'jpeg Display P3',
    'jpeg CMYK',
    'png RGB, turned',
    'png Display P3',
    'png palette',
    'png alpha, interlaced',
    'png 16 bits',
    'webp lossy, turned',
    'webp Display P3',
    'webp lossless',
    'webp lossy with alpha',
    'webp animated',
    'gif',
    'gif interlaced, animated',
  ];

  it.each(names)(`%s (${CASES_EACH} cases)`, async (name) => {
    const seed = files.find((file) => file.name === name);
    if (!seed) throw new Error(`no seed ${name}`);
    expect(await outcome(seed.bytes)).toMatchObject({ warnings: [] });
    await fc.assert(
      fc.asyncProperty(
        fc.array(damage, { minLength: 1, maxLength: 4 }),
        fc.boolean(),
        fc.boolean(),
        async (damages, right, whole) => {
          const file = damaged(seed.bytes, damages);
          await outcome(right && name.startsWith('png') ? withRightChecksums(file) : file, whole);
        },
      ),
      { numRuns: CASES_EACH },
    );
  });

  it('names every seed once', () => {
    expect(files.map(({ name }) => name)).toEqual(names);
  });
});

/** Decodes and checks that what comes is a whole picture; anything but a CaptionError is thrown on. */
async function outcome(file: Uint8Array, whole = true): Promise<DecodedImage | undefined> {
  try {
    const image = await decodeImage(file, {
      maxBytes: 1e6,
      maxPixels: 1e6,
      orientation: true,
      ...(whole ? {} : { minimumSize: () => ({ width: 4, height: 3 }) }),
    });
    expect(image.width * image.height * 3).toBe(image.data.length);
    expect(image.width).toBeGreaterThan(0);
    expect(image.height).toBeGreaterThan(0);
    if (image.reduction) expect(image.data).toBeInstanceOf(Float32Array);
    expect(image.data.every((value) => value >= 0 && value <= 255)).toBe(true);
    const { width, height } = image.reduction?.full ?? image;
    expect(width * height).toBe(image.header.width * image.header.height);
    return image;
  } catch (error) {
    if (!(error instanceof CaptionError)) throw error;
    expect(['DECODE_FAILED', 'UNSUPPORTED_FORMAT', 'IMAGE_TOO_LARGE']).toContain(error.code);
    expect(error.message.length).toBeGreaterThan(20);
    return undefined;
  }
}
