// Does the built package work on the runtime that runs this (Node, Bun, Deno)? Captions the sample photos
// on this thread and on two worker threads. Prints the captions, which are the same everywhere.
import { readdirSync } from 'node:fs';
import { loadCaptioner } from 'zipcaption';

const photos = readdirSync('samples')
  .filter((name) => /\.(jpg|png)$/.test(name))
  .sort()
  .map((name) => `samples/${name}`);

async function captions(workers) {
  const captioner = await loadCaptioner({ workers });
  const all = [];
  for await (const { text, error } of captioner.captionAll(photos)) {
    if (error) throw error;
    all.push(text);
  }
  await captioner.dispose();
  return JSON.stringify(all);
}

const [here, workers] = [await captions(0), await captions(2)];
if (photos.length === 0 || here !== workers) {
  throw new Error(`Worker threads give other captions than the main thread: ${workers}, ${here}`);
}
console.log(here);
