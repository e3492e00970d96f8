import type { WebpCodec } from '../image/webp/decode-with.js';
import { lossySize } from '../image/webp/header.js';
import { riffChunks, stillOf } from '../image/webp/riff.js';
import { canvasRows } from './canvas-rows.js';

/**
 * The browser's own libwebp, for lossy WebP. Its pixels are Node's, except for the last bit where the picture is
 * transparent: a canvas keeps colours multiplied by alpha. Lossless pictures are decoded by code of ours.
 */
export const BROWSER_WEBP: WebpCodec = {
  mostLosslessPixels: 0,
  async decode(file) {
    const chunks = [...riffChunks(file, 12)];
    const picture = chunks.find(({ type }) => type === 'VP8 ');
    const size = picture && lossySize(picture);
    // Of a file that is cut short some browsers would show the beginning.
    if (!size || chunks.some(({ data, declared }) => data.length < declared)) return undefined;
    // Without orientation and colour profile, which not every browser can be told to ignore.
    const still = stillOf(file.subarray(12), size) as Uint8Array<ArrayBuffer>;
    const blob = new Blob([still], { type: 'image/webp' });
    const bitmap = await createImageBitmap(blob).catch(() => undefined);
    if (!bitmap) return undefined;
    const { width, height } = bitmap;
    return {
      width,
      height,
      row: canvasRows(bitmap, { width, height }),
      close: () => bitmap.close(),
    };
  },
};
