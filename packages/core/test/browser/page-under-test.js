/**
 * Runs in the page: loads a captioner from the bundle and answers the test's questions.
 *
 * @typedef {{ photo: string, as?: string, options?: object, threads?: number }} Question
 */
import { CaptionError, loadCaptioner } from '/zipcaption.js';

const captioner = await loadCaptioner({
  model: './model/',
  runtime: new URLSearchParams(location.search).get('runtime') ?? undefined,
  threads: Number(new URLSearchParams(location.search).get('threads') ?? 1),
  workers: Number(new URLSearchParams(location.search).get('workers') ?? 0),
  wasm: {
    mjs: new URL('./ort/ort-wasm-simd-threaded.mjs', location.href),
    wasm: new URL('./ort/ort-wasm-simd-threaded.wasm', location.href),
  },
});

async function draw(blob) {
  const bitmap = await createImageBitmap(blob);
  const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d');
  context.drawImage(bitmap, 0, 0);
  return context.getImageData(0, 0, bitmap.width, bitmap.height);
}

const inputs = {
  blob: (blob) => blob,
  bytes: async (blob) => new Uint8Array(await blob.arrayBuffer()),
  bitmap: (blob) => createImageBitmap(blob),
  pixels: draw,
  answer: (blob) => new Response(blob),
  stream: (blob) => blob.stream(),
  address: (blob) => URL.createObjectURL(blob),
  'data URL': async (blob) => {
    const reader = new FileReader();
    await new Promise((resolve) => {
      reader.onload = resolve;
      reader.readAsDataURL(blob);
    });
    return reader.result;
  },
  canvas: async (blob) => {
    const pixels = await draw(blob);
    const canvas = Object.assign(document.createElement('canvas'), {
      ...{ width: pixels.width, height: pixels.height },
    });
    canvas.getContext('2d').putImageData(pixels, 0, 0);
    return canvas;
  },
  'offscreen canvas': async (blob) => {
    const pixels = await draw(blob);
    const canvas = new OffscreenCanvas(pixels.width, pixels.height);
    canvas.getContext('2d').putImageData(pixels, 0, 0);
    return canvas;
  },
  frame: async (blob) => new VideoFrame(await createImageBitmap(blob), { timestamp: 0 }),
  'closed frame': async (blob) => {
    const frame = new VideoFrame(await createImageBitmap(blob), { timestamp: 0 });
    frame.close();
    return frame;
  },
  'empty canvas': () => Object.assign(document.createElement('canvas'), { width: 0 }),
  'empty video': () => document.createElement('video'),
  // A video of one picture: what the canvas shows.
  video: async (blob) => {
    const canvas = await inputs.canvas(blob);
    const video = document.createElement('video');
    video.muted = true;
    video.srcObject = canvas.captureStream(30);
    const shown = new Promise((resolve) => {
      video.onloadeddata = resolve;
    });
    await video.play();
    await shown;
    return video;
  },
  element: (blob) => Object.assign(new Image(), { src: URL.createObjectURL(blob) }),
  foreign: () =>
    Object.assign(new Image(), { src: new URLSearchParams(location.search).get('foreign') }),
  path: () => 'photo.jpg',
};

/** @param {Question} question */
globalThis.ask = async ({ photo, as = 'blob', options = {} }) => {
  const bytes = Uint8Array.from(atob(photo), (character) => character.charCodeAt(0));
  try {
    const input = await inputs[as](new Blob([bytes]));
    const { text, score, image } = await captioner.caption(input, options);
    return { text, score, image };
  } catch (error) {
    if (!(error instanceof CaptionError)) throw error;
    return { code: error.code, message: error.message };
  }
};
