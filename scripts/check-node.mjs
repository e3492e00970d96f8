// Does the built package work on the runtime that runs this (Node, Bun, Deno)? Captions the sample photos,
// and one photo for each way of storing one, on this thread and on two worker threads. Prints the captions,
// which are the same on every runtime.
import { readdirSync } from 'node:fs';
import { loadCaptioner } from 'zipcaption';

const LEAST_PHOTOS = 10;

const photos = ['samples', 'scripts/fixtures/photos'].flatMap((folder) =>
  readdirSync(folder)
    .filter((name) => /\.(jpg|png|webp|gif)$/.test(name))
    .sort()
    .map((name) => `${folder}/${name}`),
);
if (photos.length < LEAST_PHOTOS) {
  throw new Error(`Only ${photos.length} photos were found; ${LEAST_PHOTOS} were expected.`);
}

async function captions(workers) {
  const captioner = await loadCaptioner({ workers });
  const all = [];
  for await (const { index, text, error, warnings } of captioner.captionAll(photos)) {
    if (error) throw error;
    if (text === '' || warnings.length > 0) {
      throw new Error(`${photos[index]}: "${text}", warnings: ${warnings.join(' ')}`);
    }
    all.push(text);
  }
  await captioner.dispose();
  return JSON.stringify(all);
}

const [onThisThread, onWorkers] = [await captions(0), await captions(2)];
if (onThisThread !== onWorkers) {
  throw new Error(
    `Worker threads give other captions than the main thread: ${onWorkers}, ${onThisThread}`,
  );
}
console.log(onThisThread);
