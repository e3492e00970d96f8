import { readFile } from 'node:fs/promises';
import sharp, { type WebpOptions } from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { difference, noise, scene } from '../../../test/image/pictures.js';
import { readWebpWasm } from '../../node/webp-wasm.js';
import { decodeWebp, setWebpWasm } from './decode.js';
import { readWebpHeader } from './header.js';
import { riffChunks } from './riff.js';

beforeAll(() => setWebpWasm(readWebpWasm));

const rgb = (width: number, height: number) =>
  sharp(scene(width, height).data, { raw: { width, height, channels: 3 } });

/** A picture with every alpha from clear on the left to solid on the right. */
function rgba(width: number, height: number) {
  const { data } = scene(width, height);
  const bytes = new Uint8Array(width * height * 4);
  for (let i = 0; i < width * height; i++) {
    const alpha = Math.round((255 * (i % width)) / Math.max(1, width - 1));
    bytes.set([...data.subarray(i * 3, i * 3 + 3), alpha], i * 4);
  }
  return sharp(bytes, { raw: { width, height, channels: 4 } });
}

const onWhite = (file: Uint8Array) =>
  sharp(file).flatten({ background: '#fff' }).removeAlpha().raw().toBuffer();

describe('against sharp', () => {
  const options: readonly WebpOptions[] = [
    { quality: 80 },
    { quality: 10, smartSubsample: true },
    { lossless: true },
    { nearLossless: true, quality: 40 },
  ];
  it.each([
    [1, 1],
    [2, 5],
    [33, 17],
    [200, 150],
  ])('%i×%i: lossy and lossless, with and without alpha', async (width, height) => {
    for (const option of options) {
      for (const picture of [rgb(width, height), rgba(width, height)]) {
        const file = await picture.webp(option).toBuffer();
        expect(readWebpHeader(file)).toEqual({ format: 'webp', width, height, orientation: 1 });
        const ours = await decodeWebp(file);
        expect(ours.warnings).toEqual([]);
        expect(difference(ours.data, await onWhite(file)).max).toBeLessThanOrEqual(1);
      }
    }
  });

  it.each([false, true])('the first picture of an animation (lossless: %s)', async (lossless) => {
    const bytes = new Uint8Array(24 * 30 * 3 * 4);
    for (let i = 0; i < 24 * 90; i++) {
      const at = i * 3;
      bytes.set([...noise(24, 90, 4).data.subarray(at, at + 3), i % 5 === 0 ? 90 : 255], i * 4);
    }
    const file = await sharp(bytes, { raw: { width: 24, height: 90, channels: 4, pageHeight: 30 } })
      .webp({ lossless, delay: [100, 100, 100] })
      .toBuffer();
    expect([...riffChunks(file, 12)].map(({ type }) => type)).toContain('ANMF');
    expect(readWebpHeader(file)).toMatchObject({ width: 24, height: 30 });
    const ours = await decodeWebp(file);
    expect(difference(ours.data, await onWhite(file)).max).toBeLessThanOrEqual(1);
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8])('orientation %i from EXIF', async (orientation) => {
    const file = await rgb(9, 6).withMetadata({ orientation }).webp().toBuffer();
    expect(readWebpHeader(file).orientation).toBe(orientation);
    const another = await rgb(9, 6).withMetadata({ orientation: 3 }).webp().toBuffer();
    const second = [...riffChunks(another, 12)].find(({ type }) => type === 'EXIF');
    const chunks = [...riffChunks(file, 12)].map(({ type, data }) => [type, Buffer.from(data)]);
    const both = riff([...chunks, ['EXIF', Buffer.from(second?.data ?? [])]] as [string, Buffer][]);
    expect(readWebpHeader(both).orientation).toBe(orientation);
  });
});

describe('a file that says that nothing in it is transparent', () => {
  /** Sets or clears the alpha bit of a chunk: VP8X has it in its first byte, VP8L in its fifth. */
  const withAlpha = (file: Uint8Array, type: 'VP8X' | 'VP8L', alpha: boolean) => {
    const copy = Uint8Array.from(file);
    const chunk = [...riffChunks(copy, 12)].find((one) => one.type === type);
    const at = type === 'VP8X' ? 0 : 4;
    if (!chunk) throw new Error(`no ${type}`);
    chunk.data[at] = ((chunk.data[at] ?? 0) & ~0x10) | (alpha ? 0x10 : 0);
    return copy;
  };

  it('lossless: by its hint', async () => {
    const file = await rgba(30, 20).webp({ lossless: true, exact: true }).toBuffer();
    const hasFlag = [...riffChunks(file, 12)].some(({ type }) => type === 'VP8X');
    const extended = hasFlag ? withAlpha(file, 'VP8X', false) : file;
    const hinted = withAlpha(extended, 'VP8L', false);
    const { data } = await decodeWebp(hinted);
    expect(difference(data, await sharp(hinted).removeAlpha().raw().toBuffer()).max).toBe(0);
    expect(difference(data, scene(30, 20).data).max).toBe(0);
    // The hint counts, whatever the flag says.
    const flagged = withAlpha(file, 'VP8L', true);
    const flaggedData = (await decodeWebp(flagged)).data;
    expect(difference(flaggedData, await onWhite(flagged)).max).toBeLessThanOrEqual(1);
  });

  it('lossy: by the flag of its VP8X chunk', async () => {
    const file = await rgba(30, 20).webp({ quality: 90 }).toBuffer();
    const opaque = withAlpha(file, 'VP8X', false);
    const theirs = await sharp(opaque).removeAlpha().raw().toBuffer();
    expect(difference((await decodeWebp(opaque)).data, theirs).max).toBeLessThanOrEqual(1);
    expect(difference(theirs, await onWhite(file)).mean).toBeGreaterThan(10);
  });
});

it('a picture that is a part of an animation lies where it belongs', async () => {
  // Frames are put together by hand: encoders enlarge them to what suits them.
  const still = await rgb(20, 10).webp({ lossless: true }).toBuffer();
  const picture = [...riffChunks(still, 12)].find(({ type }) => type === 'VP8L');
  if (!picture) throw new Error('no VP8L');
  const frame = Buffer.alloc(16 + 8 + picture.data.length);
  frame.writeUIntLE(3, 0, 3); // x / 2
  frame.writeUIntLE(4, 3, 3); // y / 2
  frame.writeUIntLE(19, 6, 3);
  frame.writeUIntLE(9, 9, 3);
  frame.write('VP8L', 16, 'latin1');
  frame.writeUInt32LE(picture.data.length, 20);
  frame.set(picture.data, 24);
  const canvas = Buffer.alloc(10);
  canvas[0] = 2;
  canvas.writeUIntLE(39, 4, 3);
  canvas.writeUIntLE(29, 7, 3);
  const file = riff([
    ['VP8X', canvas],
    ['ANIM', Buffer.alloc(6)],
    ['ANMF', frame],
  ]);
  const { data, width, height } = await decodeWebp(file);
  expect([width, height]).toEqual([40, 30]);
  const at = (x: number, y: number) => [...data.subarray((y * 40 + x) * 3, (y * 40 + x) * 3 + 3)];
  const source = scene(20, 10).data;
  expect(at(6, 8)).toEqual([...source.subarray(0, 3)]);
  expect(at(25, 17)).toEqual([...source.subarray(source.length - 3)]);
  for (const [x, y] of [
    [5, 8],
    [6, 7],
    [26, 17],
    [25, 18],
  ] as const) {
    expect(at(x, y)).toEqual([255, 255, 255]);
  }
});

it('decodes to at least a size: the means of boxes', async () => {
  const file = await rgb(60, 40).webp({ lossless: true }).toBuffer();
  const reduced = await decodeWebp(file, { atLeast: { width: 10, height: 10 } });
  expect(reduced).toMatchObject({ width: 20, height: 20, reduction: { x: 3, y: 2 } });
  const { data } = scene(60, 40);
  const mean = [0, 1, 2].map((x) => (data[x * 3] ?? 0) + (data[(60 + x) * 3] ?? 0));
  expect(reduced.data[0]).toBe(Math.fround(mean.reduce((a, b) => a + b) / 6));
});

it('a lossless picture too large for libwebp: row by row, as a small one', async () => {
  const large = { width: 4200, height: 4000 };
  const small = sharp(scene(42, 40).data, { raw: { width: 42, height: 40, channels: 3 } });
  const file = await small
    .resize(large.width, large.height, { kernel: 'nearest' })
    .webp({ lossless: true, effort: 0 })
    .toBuffer();
  const before = process.memoryUsage().arrayBuffers;
  const { data } = await decodeWebp(file, { atLeast: { width: 21, height: 20 } });
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(40e6);
  expect(difference(data, scene(42, 40).data).max).toBe(0);
  const half = await decodeWebp(file.subarray(0, file.length / 2), {
    atLeast: { width: 21, height: 20 },
  });
  expect(half.warnings).toEqual([expect.stringMatching(/the lower \d+ % of it is grey/)]);
});

describe('damage', () => {
  it('a lossy file that is cut short gives its top, and says so', async () => {
    const file = await rgb(160, 160).webp({ quality: 90 }).toBuffer();
    const whole = await decodeWebp(file);
    for (const share of [0.6, 0.9]) {
      const cut = await decodeWebp(file.subarray(0, Math.floor(file.length * share)));
      expect(cut.warnings[0]).toMatch(/^The WebP ends early: \d+ % of its data are missing\.$/);
      const top = 160 * 3 * 48;
      expect(difference(cut.data.subarray(0, top), whole.data.subarray(0, top)).max).toBe(0);
    }
  });

  it('a lossless file that is cut short gives its rows, the rest grey, and says so', async () => {
    const file = await sharp(noise(64, 100, 5).data, {
      raw: { width: 64, height: 100, channels: 3 },
    })
      .webp({ lossless: true })
      .toBuffer();
    const whole = await decodeWebp(file);
    for (const share of [0.6, 0.9]) {
      const cut = await decodeWebp(file.subarray(0, Math.floor(file.length * share)));
      const percent = Number(/the lower (\d+) % of it is grey/.exec(cut.warnings[0] ?? '')?.[1]);
      expect(percent).toBeGreaterThan(100 * (1 - share) - 8);
      expect(percent).toBeLessThan(100 * (1 - share) + 8);
      const there = 64 * 3 * (100 - percent);
      expect(cut.data.subarray(0, there)).toEqual(whole.data.subarray(0, there));
      expect(cut.data.subarray(there).every((level) => level === 128)).toBe(true);
    }
  });

  it.each([
    ['a lossless file of which little is there', { lossless: true }, 0.05],
    ['a lossy file of which little is there', { quality: 90 }, 0.1],
    ['a header', { quality: 90 }, 0.005],
  ])('%s cannot be decoded', async (_, options, share) => {
    const file = await rgb(120, 120).webp(options).toBuffer();
    const cut = file.subarray(0, Math.max(16, Math.floor(file.length * share)));
    await expect(decodeWebp(cut)).rejects.toMatchObject({ code: 'DECODE_FAILED' });
  });

  it('a size in the header that is not the data’s is refused', async () => {
    const file = await rgb(20, 20).webp({ lossless: true }).toBuffer();
    const frame = [...riffChunks(file, 12)].find(({ type }) => type === 'VP8L');
    if (!frame) throw new Error('no VP8L');
    const anmf = Buffer.alloc(24 + frame.data.length);
    anmf.writeUIntLE(9, 6, 3);
    anmf.writeUIntLE(9, 9, 3);
    anmf.write('VP8L', 16, 'latin1');
    anmf.writeUInt32LE(frame.data.length, 20);
    anmf.set(frame.data, 24);
    const lying = riff([
      ['VP8X', Buffer.alloc(10)],
      ['ANMF', anmf],
    ]);
    await expect(decodeWebp(lying)).rejects.toThrow('another size');
  });
});

describe('the WebAssembly', () => {
  it('may come as bytes, as a module, or from a function', async () => {
    const file = await rgb(5, 5).webp().toBuffer();
    const bytes = new Uint8Array(await readFile(await wasmPath()));
    for (const source of [bytes, await WebAssembly.compile(bytes), async () => bytes]) {
      setWebpWasm(source);
      expect((await decodeWebp(file)).width).toBe(5);
    }
  });

  it('that cannot be had is said so, and asked for again next time', async () => {
    const file = await rgb(5, 5).webp().toBuffer();
    let asked = 0;
    setWebpWasm(async () => {
      asked++;
      if (asked === 1) throw new Error('no network');
      return readWebpWasm();
    });
    await expect(decodeWebp(file)).rejects.toMatchObject({
      code: 'UNSUPPORTED_FORMAT',
      cause: new Error('no network'),
    });
    expect((await decodeWebp(file)).width).toBe(5);
    expect(asked).toBe(2);
  });

  it('decodes several at once', async () => {
    const file = await rgb(50, 40).webp().toBuffer();
    const all = await Promise.all(Array.from({ length: 5 }, () => decodeWebp(file)));
    for (const one of all) expect(one.data).toEqual(all[0]?.data);
  });

  it('leaves no ImageData behind in Node', () => {
    expect('ImageData' in globalThis).toBe(false);
  });
});

async function wasmPath(): Promise<string> {
  const { createRequire } = await import('node:module');
  return createRequire(import.meta.url).resolve('@jsquash/webp/codec/dec/webp_dec.wasm');
}

function riff(chunks: readonly (readonly [type: string, data: Buffer])[]): Uint8Array {
  const parts = chunks.map(([type, data]) => {
    const head = Buffer.alloc(8);
    head.write(type, 'latin1');
    head.writeUInt32LE(data.length, 4);
    return Buffer.concat([head, data, Buffer.alloc(data.length & 1)]);
  });
  const body = Buffer.concat([Buffer.from('WEBP'), ...parts]);
  const head = Buffer.alloc(8);
  head.write('RIFF');
  head.writeUInt32LE(body.length, 4);
  return Buffer.concat([head, body]);
}
