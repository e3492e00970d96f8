import { readFileSync } from 'node:fs';
import jpegJs from 'jpeg-js';
import { describe, expect, it } from 'vitest';
import {
  decodeWithJpegJs,
  decodeWithSharp,
  encodeWithMozjpeg,
  encodeWithSharp,
} from '../../../test/jpeg/decoders.js';
import { type Encoded, type Encoding, encodeJpeg } from '../../../test/jpeg/encode.js';
import { makePicture, type Picture, type PictureKind } from '../../../test/jpeg/pictures.js';
import { pick, type Random, seeded, whole } from '../../../test/jpeg/random.js';
import {
  averaged,
  type Distance,
  distance,
  factorBetween,
  pooled,
  referenceDecode,
  referenceMeans,
} from '../../../test/jpeg/reference.js';
import {
  progressiveScript,
  randomEncoding,
  SAMPLINGS,
  type Sampling,
  sequentialScans,
  USUAL_SCRIPT,
} from '../../../test/jpeg/variety.js';
import type { ScanPlan } from '../../../test/jpeg/writer.js';
import { decodeJpeg } from './decoder.js';

const FACTORS = [1, 2, 4, 8] as const;

/** Decodes at 1/factor, or at less where that gives the same size. */
function decodeAt(bytes: Uint8Array, { width, height }: Picture | Encoded, factor: number) {
  return decodeJpeg(bytes, {
    atLeast: { width: Math.ceil(width / factor), height: Math.ceil(height / factor) },
  });
}

/** How far our decode at 1/factor is from a full decode, averaged down by as much. */
function distanceFrom(
  full: { width: number; height: number; data: ArrayLike<number> },
  scaled: { width: number; height: number; data: ArrayLike<number> },
): Distance {
  return distance(scaled.data, averaged(full, factorBetween(full, scaled)).data);
}

/** A picture as large as 67×131, and a way of writing it. */
function randomFile(seed: number, kinds: readonly PictureKind[], levels?: [number, number]) {
  const random = seeded(seed);
  const encoding = randomEncoding(random);
  const [width, height] = [whole(random, 1, 67), whole(random, 1, 131)];
  const picture = makePicture(random, pick(random, kinds), width, height, levels);
  return encodeJpeg(picture, encoding);
}

const ALL_KINDS = ['smooth', 'photo', 'edges', 'noise', 'flat'] as const;
const seedsFrom = (first: number, count: number) =>
  Array.from({ length: count }, (_, i) => first + i);

describe('the files that these tests write', () => {
  const encoding = (sampling: Sampling, more: Partial<Encoding>): Encoding => ({
    colours: 'ycbcr',
    sampling,
    quality: 90,
    progressive: false,
    scans: [{ components: [0, 1, 2] }],
    jfif: true,
    ...more,
  });
  const random = seeded(3);
  // No differences in colour, so that it does not matter how decoders enlarge them.
  const grey = (): Picture => {
    const picture = makePicture(random, 'photo', 45, 37);
    picture.data.forEach((_, i) => {
      picture.data[i] = picture.data[i - (i % 3)] as number;
    });
    return picture;
  };

  // Not those with more than ten blocks in an MCU, which libjpeg does not take, nor those with coarser
  // light than colours.
  it.each(['4:4:4', '4:2:2', '4:4:0', '4:2:0', '4:1:1', '4:1:0', '4:2:1', 'thirds'])(
    '%s: libjpeg-turbo and jpeg-js see what was written',
    async (name) => {
      const sampling = SAMPLINGS[name] as Sampling;
      const withoutRestarts = ({ restartInterval, ...scan }: ScanPlan) => scan;
      for (const more of [
        { scans: [{ components: [0, 1, 2], restartInterval: 2 }] },
        { scans: [{ components: [0] }, { components: [1] }, { components: [2] }] },
        { progressive: true, scans: USUAL_SCRIPT },
        { progressive: true, scans: progressiveScript(random, 3).map(withoutRestarts) },
        { wideQuant: true, frameMarker: 0xc1, huffman: 'standard' },
      ] satisfies Partial<Encoding>[]) {
        const encoded = encodeJpeg(grey(), encoding(sampling, more));
        const expected = referenceDecode(encoded, { clamp: true });
        expect(distanceFrom(expected, await decodeWithSharp(encoded.bytes)).max).toBeLessThan(4);
        expect(distanceFrom(expected, decodeWithJpegJs(encoded.bytes)).max).toBeLessThan(4);
      }
    },
  );

  it.each([
    ['fill bytes', { fillBytes: 4, scans: [{ components: [0, 1, 2], restartInterval: 3 }] }],
    [
      'restarts within scans of one component',
      { scans: [0, 1, 2].map((index) => ({ components: [index], restartInterval: 4 })) },
    ],
    [
      'progressive with restarts',
      { progressive: true, scans: USUAL_SCRIPT.map((scan) => ({ ...scan, restartInterval: 5 })) },
    ],
    ['tables left out', { huffman: 'absent' }],
  ] satisfies [string, Partial<Encoding>][])('%s: libjpeg-turbo sees it', async (_, more) => {
    const encoded = encodeJpeg(
      grey(),
      encoding(
        [
          [2, 2],
          [1, 1],
          [1, 1],
        ],
        more,
      ),
    );
    const expected = referenceDecode(encoded, { clamp: true });
    expect(distanceFrom(expected, await decodeWithSharp(encoded.bytes)).max).toBeLessThan(4);
  });
});

describe('the full size', () => {
  it.each(seedsFrom(100, 90))('file %i is what the formulas of T.81 and T.871 say', (seed) => {
    const encoded = randomFile(seed, ALL_KINDS);
    const pixels = decodeJpeg(encoded.bytes);
    expect(pixels.warnings).toEqual([]);
    // A sample in the middle between two levels may be rounded to either; in colours that makes up to 3.
    const { max } = distanceFrom(referenceDecode(encoded, { clamp: true }), pixels);
    expect(max).toBeLessThanOrEqual(3);
  });

  it('is what jpeg-js reads, within rounding', () => {
    const distances: Distance[] = [];
    for (const seed of seedsFrom(300, 150)) {
      const encoded = randomFile(seed, ALL_KINDS);
      try {
        const theirs = decodeWithJpegJs(encoded.bytes, encoded.encoding.colours === 'rgb');
        distances.push(distanceFrom(theirs, decodeJpeg(encoded.bytes)));
      } catch {
        // It lacks DNL, restart intervals that do not divide a scan, and tables left out.
      }
    }
    expect(distances.length).toBeGreaterThan(80);
    // It cuts colours off where T.871 rounds: half a level, and 3 in the most saturated ones.
    expect(pooled(distances).mean).toBeLessThan(0.6);
    expect(pooled(distances).max).toBeLessThanOrEqual(4);
  });

  it.each([
    ['4:2:0', { subsampling: '4:2:0' }],
    ['4:4:4', { subsampling: '4:4:4' }],
  ])('files of jpeg-js and libvips, %s, are read', async (_, { subsampling }) => {
    const picture = makePicture(seeded(8), 'photo', 83, 61);
    const rgba = Buffer.alloc(83 * 61 * 4, 255);
    for (let i = 0; i < 83 * 61; i++) rgba.set(picture.data.subarray(i * 3, i * 3 + 3), i * 4);
    const files = [
      jpegJs.encode({ width: 83, height: 61, data: rgba }, 80).data,
      await encodeWithSharp(picture, { chromaSubsampling: subsampling, quality: 80 }),
    ];
    for (const file of files) {
      const { max } = distanceFrom(decodeWithJpegJs(file), decodeJpeg(file));
      expect(max).toBeLessThanOrEqual(4);
    }
  });
});

describe('1/2, 1/4 and 1/8 of the size', () => {
  it.each(seedsFrom(500, 90))(
    'file %i: at 1/4 and 1/8 a pixel is the mean of those it stands for',
    (seed) => {
      // Levels away from black and white, so that nothing has to be cut off.
      const encoded = randomFile(seed, ['smooth', 'photo', 'flat'], [45, 210]);
      const all = encoded.components.map((_, index) => index);
      const linear = referenceDecode(encoded, { clamp: false, roundFlat: all });
      for (const factor of [4, 8]) {
        const { mean, max } = distanceFrom(linear, decodeAt(encoded.bytes, encoded, factor));
        // Samples are rounded where blocks are decoded whole, at cut edges and for odd factors: with half a
        // level of each, blue is off by 0.5 × (1 + 1.772), and colours of inks by the half level of black more.
        expect(mean).toBeLessThan(0.5);
        expect(max).toBeLessThan(2);
      }
    },
  );

  it.each(seedsFrom(700, 24))(
    'file %i: with the hardest contrasts and the coarsest steps 1/4 and 1/8 are the means of the components, in colour',
    (seed) => {
      const random = seeded(seed);
      const kind = pick(random, ['edges', 'noise'] as const);
      const picture = makePicture(random, kind, 16 * whole(random, 1, 4), 16 * whole(random, 1, 4));
      const progressive = random() < 0.5;
      const encoded = encodeJpeg(picture, {
        colours: 'ycbcr',
        sampling: SAMPLINGS[pick(random, ['4:4:4', '4:2:0'])] as Sampling,
        quality: pick(random, [1, 3, 10, 30]),
        progressive,
        scans: progressive ? USUAL_SCRIPT : [{ components: [0, 1, 2] }],
        jfif: true,
      });
      const isHalved = encoded.components[0]?.h === 2;
      for (const factor of [4, 8] as const) {
        // Where the scans of AC coefficients are not read, no block is known to be flat.
        const known = [0, 1, 2].filter((i) => factor < 8 || !progressive || (isHalved && i > 0));
        const expected = referenceMeans(encoded, factor, known);
        const ours = decodeAt(encoded.bytes, encoded, factor);
        // Apart only by the digits of libjpeg's factors for green, 0.000004 a level, and of 32-bit numbers.
        expect(distance(ours.data, expected.data).max).toBeLessThan(0.002);
      }
    },
  );

  it.each(seedsFrom(800, 60))('file %i: 1/2 is the mean of what a full decode gives', (seed) => {
    const encoded = randomFile(seed, ALL_KINDS);
    const half = decodeAt(encoded.bytes, encoded, 2);
    const full = decodeJpeg(encoded.bytes);
    // A picture of few pixels is as small at 1/4 or 1/8.
    const isHalf = factorBetween(full, half) === 2;
    expect(isHalf || Math.max(encoded.width, encoded.height) <= 2).toBe(true);
    if (isHalf) expect(distanceFrom(full, half).max).toBeLessThan(0.0001);
  });

  it('samples far beyond 0 to 255 are cut off', () => {
    const data = Uint8Array.from({ length: 32 * 16 * 3 }, (_, i) => (i % 96 < 48 ? 10 : 245));
    const { bytes } = encodeJpeg(
      { width: 32, height: 16, data },
      {
        colours: 'ycbcr',
        sampling: SAMPLINGS['4:4:4'] as Sampling,
        quality: 50,
        jfif: true,
        wideQuant: true,
        progressive: true,
        scans: USUAL_SCRIPT,
      },
    );
    // The step of the DC terms of light, the first of table 0, of 16 bits.
    const table = bytes.findIndex((byte, i) => byte === 0xff && bytes[i + 1] === 0xdb) + 4;
    expect(bytes[table]).toBe(0x10);
    bytes.set([0x80, 0x00], table + 1);
    const found = decodeJpeg(bytes, { atLeast: { width: 4, height: 2 } });
    expect(found).toMatchObject({ width: 4, height: 2, warnings: [] });
    for (const row of [0, 12]) {
      expect(Array.from(found.data.slice(row, row + 12))).toEqual([
        0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255,
      ]);
    }
  });

  it('means keep their fractions', () => {
    for (const factor of FACTORS.slice(1)) {
      const samples = seedsFrom(900, 20).flatMap((seed) => {
        const encoded = randomFile(seed, ['photo'], [45, 210]);
        return Array.from(decodeAt(encoded.bytes, encoded, factor).data);
      });
      const fractions = samples.filter((value) => value !== Math.round(value));
      // Of four whole levels, as at 1/2, the mean is a whole one in a quarter of all cases.
      expect(fractions.length / samples.length).toBeGreaterThan(0.5);
    }
  });

  it('a baseline picture of one colour is at 1/4 and 1/8 what it is at the full size', () => {
    const random = seeded(33);
    for (let i = 0; i < 200; i++) {
      const colour = [whole(random, 0, 255), whole(random, 0, 255), whole(random, 0, 255)] as const;
      const [width, height] = [whole(random, 16, 60), whole(random, 16, 60)];
      const length = width * height * 3;
      const data = Uint8Array.from({ length }, (_, at) => colour[at % 3] as number);
      const encoded = encodeJpeg(
        { width, height, data },
        {
          colours: 'ycbcr',
          sampling: SAMPLINGS[pick(random, ['4:4:4', '4:2:2', '4:2:0', '4:1:1'])] as Sampling,
          quality: pick(random, [10, 50, 75, 92]),
          progressive: false,
          scans: [{ components: [0, 1, 2] }],
          jfif: true,
        },
      );
      const full = decodeJpeg(encoded.bytes);
      for (const factor of [4, 8]) {
        const reduced = decodeAt(encoded.bytes, encoded, factor);
        expect(distanceFrom(full, reduced).max).toBeLessThan(1e-6);
      }
    }
  });

  describe('against full decodes, averaged down: at most 0.4 apart on average, 99.9 % within 4', () => {
    const SIZES = [
      [1, 1],
      [7, 5],
      [16, 16],
      [33, 20],
      [67, 131],
      [64, 96],
    ] as const;
    const pictures = (random: Random) =>
      SIZES.map(([width, height], i) =>
        makePicture(random, i % 2 === 0 ? 'photo' : 'smooth', width, height, [16, 235]),
      );

    const compare = async (file: Uint8Array, alsoSharp: boolean) => {
      const full = decodeWithJpegJs(file);
      const scaled = FACTORS.slice(1).map((factor) => decodeAt(file, full, factor));
      const sharpFull = alsoSharp ? await decodeWithSharp(file) : undefined;
      return {
        jpegJs: scaled.map((one) => distanceFrom(full, one)),
        sharp: sharpFull === undefined ? [] : scaled.map((one) => distanceFrom(sharpFull, one)),
      };
    };
    /** The full pictures of those decoders that read the file; neither reads all that T.81 allows. */
    const fullDecodes = async (bytes: Uint8Array) => {
      const sharpFull = await decodeWithSharp(bytes).catch(() => undefined);
      let jpegJsFull: Picture | undefined;
      try {
        jpegJsFull = decodeWithJpegJs(bytes);
      } catch {
        // Restart intervals that do not divide a scan.
      }
      return [
        ...(jpegJsFull ? [['jpegJs', jpegJsFull] as const] : []),
        ...(sharpFull ? [['sharp', sharpFull] as const] : []),
      ];
    };
    const expectClose = (distances: readonly Distance[]) => {
      expect(distances.length).toBeGreaterThanOrEqual(18);
      expect(pooled(distances).mean).toBeLessThanOrEqual(0.4);
      expect(pooled(distances).beyond4).toBeLessThanOrEqual(0.001);
    };

    it.each(['4:4:4', '4:2:0'] as const)('libjpeg and mozjpeg, %s', async (subsampling) => {
      const random = seeded(21);
      const results = [];
      for (const picture of pictures(random)) {
        for (const quality of [5, 30, 60, 80, 92, 100]) {
          const options = { quality, chromaSubsampling: subsampling };
          for (const file of [
            await encodeWithSharp(picture, options),
            await encodeWithSharp(picture, { ...options, progressive: true }),
            await encodeWithSharp(picture, { ...options, mozjpeg: true }),
            await encodeWithMozjpeg(picture, {
              quality: Math.max(75, quality),
              progressive: random() < 0.5,
              trellis_multipass: random() < 0.5,
              trellis_opt_zero: random() < 0.5,
              quant_table: whole(random, 0, 3),
              auto_subsample: false,
              chroma_subsample: subsampling === '4:4:4' ? 1 : 2,
            }),
          ]) {
            results.push(await compare(file, true));
          }
        }
      }
      expectClose(results.flatMap((result) => result.jpegJs));
      expectClose(results.flatMap((result) => result.sharp));
    });

    it.each(Object.keys(SAMPLINGS))(
      '%s, of any size, quality, script and restarts',
      async (name) => {
        const random = seeded(5);
        const distances: Record<'jpegJs' | 'sharp', Distance[]> = { jpegJs: [], sharp: [] };
        for (let i = 0; i < 24; i++) {
          const kind = pick(random, ['photo', 'smooth'] as const);
          const [width, height] = [whole(random, 1, 67), whole(random, 1, 131)];
          const progressive = random() < 0.5;
          const { bytes } = encodeJpeg(makePicture(random, kind, width, height, [16, 235]), {
            colours: 'ycbcr',
            sampling: SAMPLINGS[name] as Sampling,
            quality: pick(random, [1, 2, 5, 10, 25, 50, 75, 90, 100]),
            progressive,
            scans: progressive ? progressiveScript(random, 3) : sequentialScans(random, 3),
            jfif: true,
          });
          for (const [decoder, full] of await fullDecodes(bytes)) {
            for (const factor of FACTORS.slice(1)) {
              distances[decoder].push(distanceFrom(full, decodeAt(bytes, full, factor)));
            }
          }
        }
        // libjpeg takes no more than ten blocks in an MCU, and interpolates light that is coarser than colour.
        const isRare = ['two thirds', 'three quarters', 'colour finer than light', '4:4:4 as 2×2'];
        if (!isRare.includes(name)) expectClose(distances.sharp);
        expectClose(distances.jpegJs);
      },
    );

    it.each(['astronaut', 'coffee', 'rocket'])('the sample photo %s', (name) => {
      const file = readFileSync(new URL(`../../../../../samples/${name}.jpg`, import.meta.url));
      const full = decodeWithJpegJs(file);
      const distances = FACTORS.slice(1).map((factor) =>
        distanceFrom(full, decodeAt(file, full, factor)),
      );
      // It cuts colours off where T.871 rounds, by half a level on average.
      distances.forEach(({ mean }, i) => {
        // At 1/2 ours rounds, too; at 1/4 and 1/8 it keeps the fractions that cutting takes away.
        expect(mean).toBeLessThanOrEqual(i === 0 ? 0.6 : 0.55);
      });
      expect(distances[0]?.max).toBeLessThanOrEqual(4);
      // At 1/4 and 1/8 strong colours are cut off after the mean is taken, not before.
      for (const { beyond4 } of distances) expect(beyond4).toBeLessThanOrEqual(0.0011);
      expect(pooled(distances).beyond4).toBeLessThanOrEqual(0.001);
    });
  });
});

it('a quantisation table that is redefined between scans holds from there on', async () => {
  const picture = makePicture(seeded(12), 'photo', 48, 40, [60, 190]);
  const { bytes } = encodeJpeg(picture, {
    colours: 'ycbcr',
    sampling: SAMPLINGS['4:4:4'] as Sampling,
    quality: 90,
    jfif: true,
    progressive: false,
    scans: [0, 1, 2].map((index) => ({ components: [index] })),
  });
  const isScan = (byte: number, i: number) => byte === 0xff && bytes[i + 1] === 0xda;
  const last = bytes.findLastIndex(isScan);
  const coarse = [0xff, 0xdb, 0, 67, 1, ...new Array<number>(64).fill(9)];
  const redefined = Uint8Array.of(...bytes.subarray(0, last), ...coarse, ...bytes.subarray(last));
  const theirs = await decodeWithSharp(redefined);
  expect(distanceFrom(theirs, decodeJpeg(redefined)).max).toBe(0);
  expect(distanceFrom(theirs, decodeJpeg(bytes)).max).toBeGreaterThan(4);
});

describe('what is asked for', () => {
  const encoded = encodeJpeg(makePicture(seeded(1), 'photo', 90, 62), {
    colours: 'grey',
    sampling: [[1, 1]],
    quality: 80,
    progressive: false,
    scans: [{ components: [0] }],
  });

  it.each([
    [undefined, 90, 62],
    [{ width: 90, height: 62 }, 90, 62],
    [{ width: 46, height: 10 }, 90, 62],
    [{ width: 45, height: 31 }, 45, 31],
    [{ width: 20, height: 16 }, 23, 16],
    [{ width: 1, height: 1 }, 12, 8],
    // More than there is counts as all that there is.
    [{ width: 1, height: 1000 }, 90, 62],
  ])('at least %j gives %i×%i', (atLeast, width, height) => {
    const pixels = decodeJpeg(encoded.bytes, atLeast && { atLeast });
    expect(pixels).toMatchObject({ width, height, warnings: [] });
    expect(pixels.data).toHaveLength(width * height * 3);
    // Means keep their fractions, the file's own pixels have none.
    expect(pixels.data).toBeInstanceOf(width < 90 ? Float32Array : Uint8Array);
  });
});
