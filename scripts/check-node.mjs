// Does the built package work on the runtime that runs this (Node, Bun, Deno)? Captions the photos of
// scripts/fixtures/photos/list.mjs, on this thread and on two worker threads. Prints the captions and warnings,
// which are the same on every runtime.
import { loadCaptioner } from 'zipcaption';
import { photosForEveryRuntime } from './fixtures/photos/list.mjs';

const photos = photosForEveryRuntime();

async function captions(workers) {
  const captioner = await loadCaptioner({ workers });
  const all = [];
  const paths = photos.map(({ path }) => path);
  for await (const { index, text, error, warnings } of captioner.captionAll(paths)) {
    const { name } = photos[index];
    if (error) throw new Error(`${name}: ${error.message}`, { cause: error });
    if (text === '') throw new Error(`${name} has an empty caption.`);
    all.push([name, text, ...warnings]);
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
