import { deflateSync } from 'node:zlib';
import sharp from 'sharp';
import UPNG from 'upng-js';
import { describe, expect, it } from 'vitest';
import { difference, noise, scene } from '../../../test/image/pictures.js';
import { type PngPlan, pngOf, writePng } from '../../../test/image/png-writer.js';
import { CaptionError } from '../../errors.js';
import type { RgbImage } from '../types.js';
import { chunksOf } from './chunks.js';
import { decodePng } from './decode.js';
import { readPngHeader } from './header.js';

const KINDS: readonly (readonly [PngPlan['colour'], readonly PngPlan['depth'][]])[] = [
  [0, [1, 2, 4, 8, 16]],
  [2, [8, 16]],
  [3, [1, 2, 4, 8]],
  [4, [8, 16]],
  [6, [8, 16]],
];
const SIZES = [
  [1, 1],
  [3, 5],
  [8, 8],
  [13, 7],
  [2, 33],
  [41, 4],
] as const;

const plans = KINDS.flatMap(([colour, depths]) =>
  depths.flatMap((depth) =>
    SIZES.flatMap(([width, height]) =>
      [false, true].flatMap((interlaced) =>
        [false, true]
          .filter((transparent) => !transparent || colour < 4)
          .map((transparent) => planOf({ colour, depth, width, height, interlaced }, transparent)),
      ),
    ),
  ),
);

describe('every kind of PNG', () => {
  it.each(KINDS)('colour type %i at depths %o: each pixel as the format defines it', (colour) => {
    for (const plan of plans.filter((p) => p.colour === colour)) {
      const { width, height, data, warnings } = decodePng(writePng(plan));
      expect({ width, height, warnings }).toEqual({
        width: plan.width,
        height: plan.height,
        warnings: [],
      });
      expect(difference(data, expected(plan)).max, label(plan)).toBe(0);
    }
  });

  it.each(KINDS)('colour type %i at depths %o: as sharp reads it', async (colour) => {
    for (const plan of plans.filter((p) => p.colour === colour)) {
      const png = writePng(plan);
      const theirs = await sharp(png)
        .toColourspace('srgb')
        .flatten({ background: '#fff' })
        .removeAlpha()
        .raw()
        .toBuffer();
      // libvips cuts 16 bits to 8 where we round, and rounds alpha its own way.
      expect(difference(decodePng(png).data, theirs).max, label(plan)).toBeLessThanOrEqual(1);
    }
  });

  it('with 8 bits: as upng-js reads them', () => {
    // It trips over keys of 0 and over empty passes, so those are left to sharp.
    const known = plans.filter((p) => p.depth === 8 && !p.interlaced);
    for (const plan of known.filter((p) => p.colour === 3 || !p.transparency)) {
      const png = writePng(plan);
      const decoded = UPNG.decode(Uint8Array.from(png).buffer);
      const rgba = new Uint8Array(UPNG.toRGBA8(decoded)[0] as ArrayBuffer);
      expect(difference(decodePng(png).data, onWhite(rgba)).max, label(plan)).toBeLessThanOrEqual(
        1,
      );
    }
  });

  it('what upng-js and sharp write', async () => {
    const { width, height, data } = scene(67, 41);
    const rgba = Uint8Array.from({ length: width * height * 4 }, (_, i) =>
      i % 4 === 3 ? 255 : (data[Math.floor(i / 4) * 3 + (i % 4)] ?? 0),
    );
    expect(decodePng(new Uint8Array(UPNG.encode([rgba.buffer], width, height, 0))).data).toEqual(
      data,
    );
    for (const options of [{}, { adaptiveFiltering: true }, { progressive: true }]) {
      const png = await sharp(data, { raw: { width, height, channels: 3 } })
        .png(options)
        .toBuffer();
      expect(decodePng(png).data).toEqual(data);
    }
  });

  it('pixel data in pieces of any length, empty ones included', () => {
    const plan = planOf({ colour: 2, depth: 8, width: 31, height: 17, interlaced: false }, false);
    for (const pieces of [[1, 1, 1, 1], [0, 5, 0, 0, 100], Array(60).fill(3), [1_000_000]]) {
      expect(decodePng(writePng({ ...plan, pieces })).data).toEqual(expected(plan));
    }
  });

  it('the default image of an animation', async () => {
    const red = new Uint8Array(12 * 9 * 4).fill(255);
    for (let i = 0; i < red.length; i += 4) red.fill(0, i + 1, i + 3);
    const blue = new Uint8Array(12 * 9 * 4).fill(255);
    for (let i = 0; i < blue.length; i += 4) blue.fill(0, i, i + 2);
    const apng = new Uint8Array(UPNG.encode([red.buffer, blue.buffer], 12, 9, 0, [100, 100]));
    expect([...chunksOf(apng)].some(({ type }) => type === 'acTL')).toBe(true);
    expect(new Set(decodePng(apng).data)).toEqual(new Set([255, 0]));
    expect([...decodePng(apng).data.subarray(0, 3)]).toEqual([255, 0, 0]);
  });

  it('a palette index that the palette does not reach is black', () => {
    const plan: PngPlan = {
      width: 2,
      height: 1,
      colour: 3,
      depth: 8,
      samples: [0, 9],
      palette: [7, 8, 9],
    };
    expect([...decodePng(writePng(plan)).data]).toEqual([7, 8, 9, 0, 0, 0]);
  });
});

describe('decoding to at least a size', () => {
  const sizes = [
    [100, 80, 15, 15],
    [97, 61, 10, 3],
    [64, 64, 64, 64],
    [50, 300, 60, 25],
    [9, 9, 1, 1],
  ] as const;

  it.each(sizes)('%i×%i to %i×%i: the means of whole boxes', (width, height, atWidth, atHeight) => {
    const full = noise(width, height, width * height);
    const plan = planOfRgb(full);
    for (const interlaced of [false, true]) {
      const request = { atLeast: { width: atWidth, height: atHeight } };
      const reduced = decodePng(writePng({ ...plan, interlaced }), request);
      expect(reduced.width).toBeGreaterThanOrEqual(Math.min(width, atWidth));
      expect(reduced.height).toBeGreaterThanOrEqual(Math.min(height, atHeight));
      const x = Math.max(1, Math.floor(width / (2 * atWidth)));
      const y = Math.max(1, Math.floor(height / (2 * atHeight)));
      if (x * y > 1) {
        expect(reduced.data).toEqual(boxMeans(full, x, y));
        expect(reduced.reduction).toEqual({ full: { width, height }, x, y, left: 0, top: 0 });
      } else {
        expect(reduced.data).toEqual(full.data);
        expect(reduced.reduction).toBeUndefined();
      }
    }
  });

  it('boxes of more than 65,535 in sum do not overflow', () => {
    const png = writePng({
      width: 600,
      height: 600,
      colour: 0,
      depth: 8,
      samples: Array(360_000).fill(255),
    });
    const { data, width, height } = decodePng(png, { atLeast: { width: 2, height: 2 } });
    expect([width, height]).toEqual([4, 4]);
    expect(new Set(data)).toEqual(new Set([255]));
  });
});

describe('orientation', () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8] as const)(
    '%i from an eXIf chunk before or after the pixels',
    (o) => {
      const exif = {
        type: 'eXIf',
        data: Uint8Array.of(
          77,
          77,
          0,
          42,
          0,
          0,
          0,
          8,
          0,
          1,
          1,
          18,
          0,
          3,
          0,
          0,
          0,
          1,
          0,
          o,
          0,
          0,
          0,
          0,
          0,
          0,
        ),
      };
      const plan = planOfRgb(noise(3, 2, 1));
      expect(readPngHeader(writePng({ ...plan, before: [exif] })).orientation).toBe(o);
      const chunks = [...chunksOf(writePng(plan))].map(({ type, data }) => ({ type, data }));
      const late = pngOf([...chunks.slice(0, -1), exif, ...chunks.slice(-1)]);
      expect(readPngHeader(late).orientation).toBe(o);
    },
  );
});

describe('a file that is cut short', () => {
  const full = noise(40, 50, 77);
  const png = writePng(planOfRgb(full));

  it('gives the rows that came before, the rest grey, and says so', () => {
    for (const share of [0.35, 0.5, 0.8]) {
      const { data, warnings } = decodePng(png.subarray(0, Math.floor(png.length * share)));
      const grey = data.findIndex(
        (_, i) => i % 120 === 0 && data.subarray(i).every((v) => v === 128),
      );
      const rows = grey / 120;
      expect(data.subarray(0, grey)).toEqual(full.data.subarray(0, grey));
      expect(rows).toBeGreaterThan(50 * share - 5);
      expect(rows).toBeLessThan(50 * share + 5);
      expect(warnings).toEqual([
        `The PNG ends early: the lower ${(50 - rows) * 2} % of it is grey.`,
      ]);
    }
  });

  it('gives averages of what came, too', () => {
    const request = { atLeast: { width: 4, height: 5 } };
    const half = decodePng(png.subarray(0, png.length / 2), request);
    const whole = decodePng(png, request);
    expect(half.data.subarray(0, 8 * 3 * 4)).toEqual(whole.data.subarray(0, 8 * 3 * 4));
    expect(half.data.subarray(8 * 3 * 6).every((v) => v === 128)).toBe(true);
  });

  it('interlaced, shows coarse what did not come fine', () => {
    const picture = scene(80, 60);
    const interlaced = writePng({ ...planOfRgb(picture), interlaced: true });
    for (const request of [{}, { atLeast: { width: 13, height: 10 } }]) {
      const whole = decodePng(interlaced, request);
      const errors = [0.15, 0.4, 0.7, 0.95].map((share) => {
        const cut = decodePng(
          interlaced.subarray(0, Math.floor(interlaced.length * share)),
          request,
        );
        expect(cut.warnings[0]).toMatch(/ends early in pass \d of 7/);
        return difference(cut.data, whole.data).mean;
      });
      expect(errors).toEqual([...errors].sort((a, b) => b - a));
      expect(errors[0]).toBeLessThan(20);
      expect(errors[3]).toBeLessThan(1.5);
    }
  });

  it('interlaced and cut in its first pass: what is below is grey', () => {
    const interlaced = writePng({ ...planOfRgb(noise(400, 400, 6)), interlaced: true });
    const { data } = decodePng(interlaced.subarray(0, 4000));
    expect(data.subarray(data.length - 1200).every((v) => v === 128)).toBe(true);
    expect(data.subarray(0, 1200).some((v) => v !== 128)).toBe(true);
  });

  it('fails when more than three quarters of it are missing, by its first pass if interlaced', () => {
    const interlaced = writePng({ ...planOfRgb(noise(400, 400, 6)), interlaced: true });
    for (const [file, share] of [
      [png, 0.2],
      [interlaced, 0.003],
    ] as const) {
      expect(() => decodePng(file.subarray(0, Math.floor(file.length * share)))).toThrow(
        /^The PNG is cut off or damaged: \d+ % of its picture is there, too little/,
      );
    }
  });

  it('cannot be decoded when not one row is there', () => {
    const dataAt = Buffer.from(png).indexOf('IDAT');
    for (const length of [8, 20, 33, dataAt + 4, dataAt + 8]) {
      expect(codeOf(() => decodePng(png.subarray(0, length)))).toBe('DECODE_FAILED');
    }
  });
});

describe('a damaged file', () => {
  const plan = planOfRgb(scene(60, 60));

  it('with a wrong checksum in its pixel data is decoded with a warning', () => {
    const png = writePng({ ...plan, filters: [0] });
    // The checksum itself: the pixels are sound, and still nobody can know.
    const crcAt = Buffer.from(png).lastIndexOf('IEND') - 5;
    png[crcAt] = (png[crcAt] ?? 0) ^ 1;
    const { data, warnings } = decodePng(png);
    expect(data).toEqual(expected(plan));
    expect(warnings).toEqual(['The PNG is damaged: a checksum of its pixel data is wrong.']);
  });

  it('with a filter that does not exist is grey from there', () => {
    const rows = [0, 0, 0, 0, 0, 0, 7].flatMap((filter) => [filter, ...Array(6).fill(10)]);
    const png = pngOf([
      { type: 'IHDR', data: Uint8Array.of(0, 0, 0, 2, 0, 0, 0, 10, 8, 2, 0, 0, 0) },
      { type: 'IDAT', data: deflateSync(Uint8Array.from([...rows, ...Array(70).fill(0)])) },
    ]);
    const { data, warnings } = decodePng(png);
    expect([...data.subarray(33, 39)]).toEqual([10, 10, 10, 128, 128, 128]);
    expect(warnings[0]).toMatch(
      'damaged (a row with filter 7, which does not exist): the lower 40 %',
    );
  });

  it('with a broken palette is decoded with a warning', () => {
    const palette = { width: 1, height: 1, colour: 3, depth: 8, samples: [0] } as const;
    const png = Buffer.from(writePng({ ...palette, palette: [1, 2, 3] }));
    png[png.indexOf('PLTE') + 4] = 200;
    expect(decodePng(png).warnings).toEqual([
      "The PNG's PLTE chunk is damaged: colours may be wrong.",
    ]);
    expect(codeOf(() => decodePng(writePng(palette)))).toBe('DECODE_FAILED');
  });

  it.each([
    ['width 0', 0, 0, 0, 0, 0, 0, 0, 1, 8, 2, 0, 0, 0],
    ['height beyond reason', 0, 0, 0, 1, 127, 255, 255, 255, 8, 2, 0, 0, 0],
    ['3 bits', 0, 0, 0, 1, 0, 0, 0, 1, 3, 0, 0, 0, 0],
    ['RGB of 4 bits', 0, 0, 0, 1, 0, 0, 0, 1, 4, 2, 0, 0, 0],
    ['colour type 5', 0, 0, 0, 1, 0, 0, 0, 1, 8, 5, 0, 0, 0],
    ['compression 1', 0, 0, 0, 1, 0, 0, 0, 1, 8, 2, 1, 0, 0],
    ['interlace 2', 0, 0, 0, 1, 0, 0, 0, 1, 8, 2, 0, 0, 2],
  ] as const)('with a header of %s is refused', (_, ...header) => {
    const png = pngOf([{ type: 'IHDR', data: Uint8Array.from(header) }]);
    expect(codeOf(() => readPngHeader(png))).toBe('DECODE_FAILED');
  });

  it("of Apple's own kind is refused by name", () => {
    const png = pngOf([{ type: 'CgBI', data: Uint8Array.of(0x50, 0, 0x20, 2) }]);
    expect(() => readPngHeader(png)).toThrow('CgBI');
    expect(codeOf(() => readPngHeader(png))).toBe('UNSUPPORTED_FORMAT');
  });
});

describe('bombs', () => {
  it('data that go on beyond the last row are not inflated', () => {
    const rows = Buffer.alloc(10 * 31 + 60_000_000);
    const png = pngOf([
      { type: 'IHDR', data: Uint8Array.of(0, 0, 0, 10, 0, 0, 0, 10, 8, 2, 0, 0, 0) },
      { type: 'IDAT', data: deflateSync(rows, { level: 1 }) },
    ]);
    const before = process.memoryUsage().arrayBuffers;
    const { data, warnings } = decodePng(png);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2_000_000);
    expect(warnings).toEqual([]);
    expect(data.length).toBe(300);
  });

  it('a size that the data cannot fill is refused before memory is taken', () => {
    const header = new Uint8Array(13);
    const view = new DataView(header.buffer);
    view.setUint32(0, 10_000);
    view.setUint32(4, 10_000);
    header.set([16, 6, 0, 0, 0], 8);
    const png = pngOf([
      { type: 'IHDR', data: header },
      { type: 'IDAT', data: deflateSync(new Uint8Array(1_000_000)) },
    ]);
    const before = process.memoryUsage().arrayBuffers;
    expect(codeOf(() => decodePng(png))).toBe('DECODE_FAILED');
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2_000_000);
  });
});

function planOf(
  shape: Pick<PngPlan, 'colour' | 'depth' | 'width' | 'height'> & { interlaced: boolean },
  transparent: boolean,
): PngPlan {
  const { colour, depth, width, height } = shape;
  const top = 2 ** depth - 1;
  const count = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 }[colour];
  const random = noise(width, height * 4, width * 31 + height + colour + depth).data;
  const samples = Array.from({ length: width * height * count }, (_, i) => {
    const [a = 0, b = 0] = [random[2 * i], random[2 * i + 1]];
    return (a * 256 + b) & top;
  });
  const plan = { ...shape, samples };
  if (colour === 3) {
    const colours = top + 1;
    const palette = [...noise(colours, 1, 9).data];
    return transparent
      ? { ...plan, palette, transparency: [0, 100, 255, 3].slice(0, colours) }
      : { ...plan, palette };
  }
  if (!transparent) return plan;
  // The colour of some pixel in the middle becomes the transparent one.
  const at = Math.floor((width * height) / 2) * count;
  const key = samples.slice(at, at + count);
  // Bits above the depth do not count, and in some files are not 0.
  const above = 0xffff & ~top;
  return { ...plan, transparency: key.flatMap((v) => [(v | above) >> 8, (v | above) & 255]) };
}

function planOfRgb({ width, height, data }: RgbImage): PngPlan {
  return { width, height, colour: 2, depth: 8, samples: [...data] };
}

/** The format's definition, pixel by pixel, in fractions of 1. */
function expected(plan: PngPlan): Uint8Array {
  const { colour, depth, samples, palette = [], transparency } = plan;
  const top = 2 ** depth - 1;
  const count = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 }[colour];
  const result: number[] = [];
  for (let i = 0; i < samples.length; i += count) {
    const pixel = samples.slice(i, i + count);
    const [index = 0] = pixel;
    const key = transparency
      ?.filter((_, j) => j % 2 === 1)
      .map((low, j) => ((transparency[2 * j] ?? 0) * 256 + low) & top);
    const isKey = colour !== 3 && key !== undefined && key.every((v, j) => v === pixel[j]);
    const alphas = {
      0: 1,
      2: 1,
      3: (transparency?.[index] ?? 255) / 255,
      4: (pixel[1] ?? 0) / top,
      6: (pixel[3] ?? 0) / top,
    };
    const alpha = isKey ? 0 : alphas[colour];
    const rgb =
      colour === 3
        ? palette.slice(index * 3, index * 3 + 3).map((v) => v / 255)
        : (count < 3 ? [index, index, index] : pixel.slice(0, 3)).map((v) => v / top);
    // Rounding up at exactly a half, up to what double precision lets through.
    for (const v of rgb) result.push(Math.floor((v * alpha + 1 - alpha) * 255 + 0.5 + 1e-9));
  }
  return Uint8Array.from(result);
}

function boxMeans({ width, height, data }: RgbImage, x: number, y: number): Float32Array {
  const result: number[] = [];
  for (let top = 0; top < height; top += y) {
    for (let left = 0; left < width; left += x) {
      for (let channel = 0; channel < 3; channel++) {
        let sum = 0;
        let count = 0;
        for (let v = top; v < Math.min(height, top + y); v++) {
          for (let u = left; u < Math.min(width, left + x); u++, count++) {
            sum += data[(v * width + u) * 3 + channel] ?? 0;
          }
        }
        result.push(sum / count);
      }
    }
  }
  return Float32Array.from(result);
}

function onWhite(rgba: Uint8Array): Uint8Array {
  return Uint8Array.from({ length: (rgba.length / 4) * 3 }, (_, i) => {
    const at = Math.floor(i / 3) * 4;
    const alpha = (rgba[at + 3] ?? 0) / 255;
    return Math.round((rgba[at + (i % 3)] ?? 0) * alpha + 255 * (1 - alpha));
  });
}

function label({ colour, depth, width, height, interlaced, transparency }: PngPlan): string {
  return `colour ${colour} depth ${depth} ${width}×${height} ${interlaced ? 'interlaced' : ''} ${transparency ? 'tRNS' : ''}`;
}

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof CaptionError) return error.code;
    throw error;
  }
  return 'none';
}
