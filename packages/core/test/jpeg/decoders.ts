import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import encodeMozjpeg, { init as initMozjpeg } from '@jsquash/jpeg/encode.js';
import jpegJs from 'jpeg-js';
import sharp, { type JpegOptions } from 'sharp';
import type { Picture } from './pictures.js';

/** jpeg-js: JavaScript, independent of libjpeg. */
export function decodeWithJpegJs(bytes: Uint8Array, isRgb = false): Picture {
  const options = { useTArray: true, formatAsRGBA: false } as const;
  // It cannot tell RGB from YCbCr by itself.
  return jpegJs.decode(bytes, isRgb ? { ...options, colorTransform: false } : options);
}

/** libjpeg-turbo, by way of libvips; damage of any kind is an error. */
export async function decodeWithSharp(bytes: Uint8Array): Promise<Picture> {
  const { data, info } = await sharp(bytes, { failOn: 'warning' })
    .toColourspace('srgb')
    .raw()
    .toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  if (channels === 3) return { width, height, data };
  return {
    width,
    height,
    data: Uint8Array.from({ length: data.length * 3 }, (_, i) => data[Math.floor(i / 3)] as number),
  };
}

type MozjpegOptions = NonNullable<Parameters<typeof encodeMozjpeg>[1]>;

let mozjpeg: Promise<void> | undefined;

/** mozjpeg, compiled to WebAssembly: trellis quantisation, scan scripts of its own, many options. */
export async function encodeWithMozjpeg(
  { width, height, data }: Picture,
  options: MozjpegOptions,
): Promise<Uint8Array> {
  mozjpeg ??= readFile(
    createRequire(import.meta.url).resolve('@jsquash/jpeg/codec/enc/mozjpeg_enc.wasm'),
  ).then(async (wasm) => initMozjpeg(await WebAssembly.compile(wasm)));
  await mozjpeg;
  const rgba = new Uint8ClampedArray(width * height * 4).fill(255);
  for (let i = 0; i < width * height; i++) rgba.set(data.subarray(i * 3, i * 3 + 3), i * 4);
  const image = { width, height, data: rgba, colorSpace: 'srgb' } as ImageData;
  return new Uint8Array(await encodeMozjpeg(image, options));
}

/** libjpeg-turbo or libvips' mozjpeg mode. */
export function encodeWithSharp(
  { width, height, data }: Picture,
  options: JpegOptions,
): Promise<Buffer> {
  return sharp(data, { raw: { width, height, channels: 3 } })
    .jpeg(options)
    .toBuffer();
}
