import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { repositoryRoot } from '../repository-root.js';

/** What becomes of a photo before its turn. */
export type Fate = 'sound' | 'broken' | 'deleted' | 'overwritten' | 'forbidden';

export interface Photo {
  readonly key: string;
  readonly fate: Fate;
  etag: string;
}

/** Small photos, each with bytes of its own. */
export async function smallPhotos(): Promise<(index: number) => Buffer> {
  const jpegs = await Promise.all(
    ['astronaut.jpg', 'coffee.jpg', 'rocket.jpg', 'chelsea.png'].flatMap((name) => {
      const bytes = readFileSync(join(repositoryRoot, 'samples', name));
      return [80, 96].map((size) => sharp(bytes).resize(size, size).jpeg().toBuffer());
    }),
  );
  // Decoders end at the end-of-image marker; what follows makes each photo another object.
  return (index) =>
    Buffer.concat([jpegs[index % jpegs.length] ?? Buffer.alloc(0), Buffer.from(`#${index}`)]);
}

/** Files that are no photos, or none any more. */
export function brokenPhoto(photo: Buffer, index: number): Buffer {
  switch (index % 4) {
    case 0:
      return Buffer.alloc(0);
    case 1:
      return photo.subarray(0, 40);
    case 2:
      return Buffer.from(`This is no photo, but a text: ${index}`);
    default:
      return Buffer.concat([Buffer.from('PK\u0003\u0004'), photo]);
  }
}

/** A seeded generator of numbers from 0 to 1 (mulberry32): a run can be repeated. */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Runs `work` for every index below `count`, several at once. */
export async function each(
  count: number,
  atOnce: number,
  work: (index: number) => Promise<unknown>,
): Promise<void> {
  let next = 0;
  const lane = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
}
