// node similar.mjs photo.jpg folder [model]: the five photos of the folder that look most like it
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { loadCaptioner } from 'zipcaption';

const [photo, folder, model] = process.argv.slice(2);
if (!photo || !folder) throw new Error('usage: node similar.mjs photo.jpg folder [model]');
const captioner = await loadCaptioner({ workers: 2, ...(model && { model }) });
const wanted = await captioner.embed(photo);

const files = (await readdir(folder)).filter((name) => /\.(jpe?g|png|webp|gif)$/i.test(name));
const found = await Promise.all(
  files.map(async (name) => {
    try {
      const features = await captioner.embed(join(folder, name));
      // Both have a length of 1: this is their cosine similarity.
      return { name, similarity: features.reduce((sum, value, i) => sum + value * wanted[i], 0) };
    } catch (error) {
      console.error(`${name}: ${error.message}`);
      return { name, similarity: -1 };
    }
  }),
);
await captioner.dispose();
found.sort((a, b) => b.similarity - a.similarity);
for (const { name, similarity } of found.slice(0, 5)) {
  if (similarity > -1) console.log(`${similarity.toFixed(3)}  ${name}`);
}
