// Does the built package work on the Node that runs this? Captions the sample photos, once in this
// thread and once on two worker threads, from JPEG and PNG.
import { readdirSync } from 'node:fs';
import { loadCaptioner } from 'zipcaption';

const photos = readdirSync('samples')
  .filter((name) => /\.(jpg|png)$/.test(name))
  .map((name) => `samples/${name}`);
const captioner = await loadCaptioner();
const texts = async (concurrency) => {
  const all = [];
  for await (const { text, error } of captioner.captionAll(photos, { concurrency })) {
    if (error) throw error;
    all.push(text);
  }
  return all;
};
const [here, workers] = [await texts(1), await texts(2)];
await captioner.dispose();
if (here.length === 0 || JSON.stringify(here) !== JSON.stringify(workers)) {
  throw new Error(
    `Node ${process.version}: worker threads give other captions than the main thread.`,
  );
}
console.log(`Node ${process.version}: ${here.length} photos captioned, “${here[0]}”`);
