import { existsSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import sharp from 'sharp';

/** A file that decoders are measured on. */
export interface BenchPicture {
  readonly name: string;
  readonly path: string;
}

interface Recipe {
  readonly name: string;
  readonly file: string;
  readonly width: number;
  readonly height: number;
  readonly quality: number;
  readonly progressive: boolean;
}

/** Qualities are such that the files are as large as a phone's: 3 to 5 MB for 12 megapixels. */
const RECIPES: readonly Recipe[] = [
  {
    name: '640×480',
    file: '640x480.jpg',
    width: 640,
    height: 480,
    quality: 85,
    progressive: false,
  },
  { name: '12 MP', file: '12mp.jpg', width: 4032, height: 3024, quality: 94, progressive: false },
  {
    name: '12 MP progressive',
    file: '12mp-progressive.jpg',
    width: 4032,
    height: 3024,
    quality: 94,
    progressive: true,
  },
  { name: '50 MP', file: '50mp.jpg', width: 8160, height: 6120, quality: 92, progressive: false },
  {
    name: '50 MP progressive',
    file: '50mp-progressive.jpg',
    width: 8160,
    height: 6120,
    quality: 92,
    progressive: true,
  },
];

const SAMPLES = ['samples/astronaut.jpg', 'samples/coffee.jpg', 'samples/rocket.jpg'];

/** Makes the generated pictures, once, in a folder, and adds the sample photos that are there. */
export async function benchPictures(folder: string): Promise<BenchPicture[]> {
  await mkdir(folder, { recursive: true });
  const pictures: BenchPicture[] = [];
  for (const recipe of RECIPES) {
    const path = `${folder}/${recipe.file}`;
    if (!existsSync(path)) {
      const { width, height, quality, progressive } = recipe;
      const jpeg = await sharp(await scene(width, height), { raw: { width, height, channels: 3 } })
        .jpeg({ quality, progressive, chromaSubsampling: '4:2:0' })
        .toBuffer();
      await writeFile(`${path}.part`, jpeg);
      await rename(`${path}.part`, path);
    }
    pictures.push({ name: recipe.name, path });
  }
  for (const path of SAMPLES.filter((sample) => existsSync(sample))) {
    pictures.push({ name: basename(path), path });
  }
  return pictures;
}

/**
 * A made-up scene with the statistics of a photo: detail of all sizes whose contrast falls with its
 * size, as it does in nature (D. J. Field, "Relations between the statistics of natural images and the
 * response properties of cortical cells", 1987), hard edges between regions, and a sensor's noise. The
 * same pixels every time.
 */
export async function scene(width: number, height: number): Promise<Uint8Array> {
  const random = mulberry32(width * 31 + height);
  const sum = new Float32Array(width * height * 3).fill(118);
  let contrast = 30;
  for (let cells = 4; cells < width / 2; cells *= 2, contrast *= 0.8) {
    // Only coarse layers have colours; fine detail in photos is mostly light and dark.
    const channels = cells <= 256 ? 3 : 1;
    const layer = await noiseLayer(cells, width, height, channels, random);
    // The coarsest layers are also cut at one level, which gives regions with hard outlines.
    const step = cells <= 16 ? 24 : 0;
    for (let i = 0; i < sum.length; i++) {
      const wave = ((layer[channels === 3 ? i : Math.floor(i / 3)] as number) - 128) / 64;
      sum[i] = (sum[i] as number) + wave * contrast + (wave > 0.15 ? step : 0);
    }
  }
  const pixels = new Uint8Array(sum.length);
  for (let i = 0; i < sum.length; i++) {
    const grain = (random() + random() - 1) * GRAIN;
    pixels[i] = Math.max(0, Math.min(255, Math.round((sum[i] as number) + grain)));
  }
  return pixels;
}

/** Half the range of a sensor's noise, in levels. */
const GRAIN = 14;

/** Smooth noise of so many cells across, grey or with a tint. */
async function noiseLayer(
  cells: number,
  width: number,
  height: number,
  channels: 1 | 3,
  random: () => number,
): Promise<Uint8Array> {
  const rows = Math.max(2, Math.round((cells * height) / width));
  const grid = new Uint8Array(cells * rows * channels);
  for (let i = 0; i < grid.length; i += channels) {
    const level = 32 + random() * 192;
    for (let c = 0; c < channels; c++) {
      const tint = channels === 3 ? (random() - 0.5) * 60 : 0;
      grid[i + c] = Math.max(0, Math.min(255, level + tint));
    }
  }
  return sharp(grid, { raw: { width: cells, height: rows, channels } })
    .resize(width, height, { fit: 'fill', kernel: 'cubic' })
    .toColourspace(channels === 1 ? 'b-w' : 'srgb')
    .raw()
    .toBuffer();
}

/** A small generator of random numbers below 1 that gives the same ones everywhere (public domain, T. Ettinger). */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
