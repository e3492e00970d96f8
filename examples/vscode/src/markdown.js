import { basename } from 'node:path';
import { loadCaptioner } from 'zipcaption';

let captioner;

/** `![a dog runs on the beach](dog.jpg)` */
export async function markdownOf(path) {
  // On a thread of its own: all extensions share one. Loaded with the first photo, then kept.
  captioner ??= loadCaptioner({ workers: 1 }).catch((error) => {
    captioner = undefined; // The next call tries again.
    throw error;
  });
  const { text } = await (await captioner).caption(path);
  return `![${text}](${encodeURI(basename(path))})`;
}

export async function dispose() {
  await (await captioner)?.dispose();
  captioner = undefined;
}
