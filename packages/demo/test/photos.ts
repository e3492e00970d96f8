import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { profileNamed } from '../../core/test/image/colour-profiles.js';
import { samplePath } from './visit.js';

const of = (name: string, width = 400) => sharp(samplePath(name)).resize(width);

/** Photos of the kinds that browsers treat differently; written into a folder once. */
export async function writePhotos(folder: string): Promise<ReadonlyMap<string, string>> {
  await mkdir(folder, { recursive: true });
  const adobe = join(folder, 'adobe.icc');
  await writeFile(adobe, profileNamed('Adobe RGB').icc);
  const coffee = await readFile(samplePath('coffee.jpg'));
  const files: Record<string, Uint8Array> = {
    'p3.jpg': await of('coffee.jpg').withIccProfile('p3').jpeg().toBuffer(),
    'adobe-rgb.jpg': await of('rocket.jpg').withIccProfile(adobe).jpeg().toBuffer(),
    'adobe-rgb.png': await of('chelsea.png').withIccProfile(adobe).png().toBuffer(),
    'p3-turned.webp': await of('astronaut.jpg')
      .withMetadata({ orientation: 8 })
      .withIccProfile('p3')
      .webp({ quality: 90 })
      .toBuffer(),
    'turned.jpg': await of('rocket.jpg').withMetadata({ orientation: 6 }).jpeg().toBuffer(),
    'cut.jpg': coffee.subarray(0, coffee.length / 3),
    'progressive-cut.jpg': await half(of('chelsea.png').jpeg({ progressive: true })),
    'cut.png': await half(of('chelsea.png').png()),
    'cut.webp': await half(of('chelsea.png').webp({ quality: 80 })),
    'huge.jpg': await sharp(samplePath('rocket.jpg')).resize(4000, 3000).jpeg().toBuffer(),
    'one-pixel.png': await sharp(samplePath('coffee.jpg')).resize(1, 1).png().toBuffer(),
    'animated.gif': await animation('gif'),
    'animated.webp': await animation('webp'),
    'grey.jpg': await of('astronaut.jpg').greyscale().jpeg().toBuffer(),
    'cmyk.jpg': await of('coffee.jpg').toColourspace('cmyk').jpeg().toBuffer(),
    'transparent.png': await of('chelsea.png').ensureAlpha(0.4).png().toBuffer(),
    'transparent.webp': await of('chelsea.png')
      .ensureAlpha(0.4)
      .webp({ lossless: true })
      .toBuffer(),
    'deep.png': await of('rocket.jpg').toColourspace('rgb16').png().toBuffer(),
    'text.jpg': Buffer.from('no photo at all'),
  };
  const written = Object.entries(files).map(async ([name, bytes]) => {
    const path = join(folder, name);
    await writeFile(path, bytes);
    return [name, path] as const;
  });
  return new Map(await Promise.all(written));
}

async function half(photo: Sharp): Promise<Uint8Array> {
  const file = await photo.toBuffer();
  return file.subarray(0, file.length / 2);
}

/** Two pictures that are nothing alike: a decoder that gave the second would be found out. */
async function animation(format: 'gif' | 'webp'): Promise<Uint8Array> {
  const frames = await Promise.all(
    ['rocket.jpg', 'chelsea.png'].map((name) =>
      sharp(samplePath(name)).resize(240, 160).removeAlpha().png().toBuffer(),
    ),
  );
  const joined = sharp(frames, { join: { animated: true } });
  return format === 'gif' ? joined.gif().toBuffer() : joined.webp({ quality: 80 }).toBuffer();
}
