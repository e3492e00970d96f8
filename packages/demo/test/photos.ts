import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { photosForEveryRuntime } from '../../../scripts/fixtures/photos/list.mjs';
import { samplePath } from './visit.js';

/** Photos of every kind in one folder: those of all runtimes, and what is too large, or no photo, to lie among them. */
export async function writePhotos(folder: string): Promise<ReadonlyMap<string, string>> {
  await mkdir(folder, { recursive: true });
  const photos = new Map<string, string>();
  for (const { name, path } of photosForEveryRuntime()) {
    photos.set(name, join(folder, name));
    await copyFile(path, join(folder, name));
  }
  const made = {
    'huge.jpg': await sharp(samplePath('rocket.jpg')).resize(4000, 3000).jpeg().toBuffer(),
    'text.jpg': Buffer.from('no photo at all'),
  };
  for (const [name, bytes] of Object.entries(made)) {
    photos.set(name, join(folder, name));
    await writeFile(join(folder, name), bytes);
  }
  return photos;
}
