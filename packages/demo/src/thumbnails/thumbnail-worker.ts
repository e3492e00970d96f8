/// <reference lib="webworker" />

/*
 * Makes small pictures of photos. In a worker, since encoding one on the page's own thread waits for the
 * page to be idle, and two hundred of them would keep it from that.
 */

declare const self: DedicatedWorkerGlobalScope;

/** Twice the strip's widest column, for screens with two device pixels a CSS pixel. */
const WIDTH = 320;
const HEIGHT = 240;

self.onmessage = async ({ data }: MessageEvent<Blob>) => {
  self.postMessage(await shrink(data).catch(() => undefined));
};

/** The photo's middle, 320 × 240 pixels, as JPEG. */
async function shrink(file: Blob): Promise<Blob> {
  const bitmap = await open(file);
  const canvas = new OffscreenCanvas(WIDTH, HEIGHT);
  const scale = Math.max(WIDTH / bitmap.width, HEIGHT / bitmap.height);
  const [width, height] = [bitmap.width * scale, bitmap.height * scale];
  const place = [(WIDTH - width) / 2, (HEIGHT - height) / 2, width, height] as const;
  canvas.getContext('2d')?.drawImage(bitmap, ...place);
  bitmap.close();
  return canvas.convertToBlob({ type: 'image/jpeg', quality: 0.8 });
}

/** The photo about as large as it is needed. With one side given, the other one follows from it. */
async function open(file: Blob): Promise<ImageBitmap> {
  const byHeight = () => createImageBitmap(file, { resizeHeight: HEIGHT, resizeQuality: 'medium' });
  const byWidth = () => createImageBitmap(file, { resizeWidth: WIDTH, resizeQuality: 'medium' });
  // The height may be more than a bitmap can have, for a photo of a few columns.
  const bitmap = await byWidth().catch(byHeight);
  if (bitmap.height > HEIGHT / 2) return bitmap;
  // The middle of a panorama would be blurred.
  return byHeight().catch(() => bitmap);
}

export {};
