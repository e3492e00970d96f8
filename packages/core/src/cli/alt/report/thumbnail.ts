import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { decodeImage } from '../../../image/decode.js';
import { inWholeLevels } from '../../../image/levels.js';
import { resize } from '../../../image/resize.js';
import type { RgbImage, Size } from '../../../image/types.js';

/** Largest side of an image in the page, in pixels. */
const SIDE = 360;
const QUALITY = 70;

type Encode = (pixels: ImageData, options: { quality: number }) => Promise<ArrayBuffer>;

let encoder: Promise<Encode> | undefined;

/**
 * A small copy of an image as a `data:` URL of a WebP: pixels only, without what the file says of
 * itself (which may be where it was taken).
 *
 * @throws CaptionError when it cannot be decoded
 */
export async function thumbnail(
  bytes: Uint8Array,
  limits: { readonly maxBytes: number; readonly maxPixels: number },
): Promise<string> {
  const decoded = await decodeImage(bytes, {
    ...limits,
    orientation: true,
    interpolateColour: true,
    minimumSize: fitted,
  });
  const image = inWholeLevels(decoded);
  const size = fitted(image);
  const small = size.width === image.width ? image : resize(image, size, 'bicubic');
  encoder ??= loadEncoder();
  const webp = await (await encoder)(rgba(small), { quality: QUALITY });
  return `data:image/webp;base64,${Buffer.from(webp).toString('base64')}`;
}

function fitted({ width, height }: Size): Size {
  const scale = Math.min(1, SIDE / Math.max(width, height));
  const side = (length: number) => Math.max(1, Math.round(length * scale));
  return { width: side(width), height: side(height) };
}

function rgba({ width, height, data }: RgbImage<Uint8Array>): ImageData {
  const pixels = new Uint8ClampedArray(4 * width * height).fill(255);
  for (let pixel = 0; pixel < width * height; pixel++) {
    for (let channel = 0; channel < 3; channel++) {
      pixels[4 * pixel + channel] = data[3 * pixel + channel] ?? 0;
    }
  }
  // Node has no ImageData; these fields are all that the encoder looks at.
  return { width, height, data: pixels } as unknown as ImageData;
}

async function loadEncoder(): Promise<Encode> {
  const { default: encode, init } = await import('@jsquash/webp/encode.js');
  const file = createRequire(import.meta.url).resolve('@jsquash/webp/codec/enc/webp_enc_simd.wasm');
  await init(await WebAssembly.compile(await readFile(file)));
  return encode;
}
