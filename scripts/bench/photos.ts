import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import sharp from 'sharp';

/** A photo that the benchmark captions. */
export interface BenchPhoto {
  readonly name: string;
  readonly path: string;
}

const SOURCE = 'samples/coffee.jpg';

/**
 * The benchmark's photos, made from a sample once and kept: enlarged, and given a sensor's noise so
 * that the files are as large and as hard to decode as a camera's.
 */
export async function benchPhotos(folder: string): Promise<BenchPhoto[]> {
  await mkdir(folder, { recursive: true });
  const make = async (name: string, file: string, width: number, height: number) => {
    const path = `${folder}/${file}`;
    if (!existsSync(path)) {
      const noise = { type: 'gaussian' as const, mean: 128, sigma: 12 };
      const grain = await sharp({
        create: { width, height, channels: 3, background: '#808080', noise },
      })
        .png({ compressionLevel: 0 })
        .toBuffer();
      const photo = sharp(SOURCE)
        .resize(width, height, { fit: 'cover' })
        .composite([{ input: grain, blend: 'soft-light' }]);
      await (file.endsWith('.png') ? photo.png() : photo.jpeg({ quality: 90 })).toFile(path);
    }
    return { name, path };
  };
  return [
    await make('JPEG 640×480', '640x480.jpg', 640, 480),
    await make('JPEG 12 MP', '12mp.jpg', 4000, 3000),
    await make('PNG 640×480', '640x480.png', 640, 480),
  ];
}
