import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Captioner, loadCaptioner } from '../../src/captioner.js';
import { decodeImage } from '../../src/image/decode.js';
import { Marker, nextSegment } from '../../src/image/jpeg/markers.js';
import { fitted } from '../../src/image/preprocess.js';
import type { RgbImage } from '../../src/image/types.js';
import { sample } from '../package/pack.js';

interface Recorded {
  readonly tokens: number[];
  readonly text: string;
  readonly score: number;
}

/** What Python makes of the sample photos with the shipped files: scripts/train/README.md. */
const recording: {
  sha256: Record<string, string>;
  photos: {
    file: string;
    pixelsSha256: string;
    channelMeans: number[];
    greedy: Recorded;
    beam: Recorded;
  }[];
} = JSON.parse(
  readFileSync(new URL('../fixtures/parity/lite-parity.json', import.meta.url), 'utf8'),
);

let captioner: Captioner;
beforeAll(async () => {
  captioner = await loadCaptioner();
});
afterAll(() => captioner.dispose());

test('the recording was made with the weights that are shipped', () => {
  for (const [file, digest] of Object.entries(recording.sha256)) {
    const bytes = readFileSync(new URL(`../../../../models/lite/${file}`, import.meta.url));
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(digest);
    expect(captioner.model.sha256[file]).toBe(digest);
  }
});

/** A sample without its colour profile, which Pillow leaves to programs: `rocket.jpg` is in Adobe RGB. */
function withoutProfile(file: string): Uint8Array {
  const bytes = readFileSync(sample(file));
  if (!file.endsWith('.jpg')) return bytes;
  const parts: Uint8Array[] = [];
  let at = 0;
  for (let segment = nextSegment(bytes, 2); segment; segment = nextSegment(bytes, segment.end)) {
    if (segment.marker === Marker.SOS) break;
    if (segment.marker !== Marker.APP2) continue;
    parts.push(bytes.subarray(at, segment.at));
    at = segment.end;
  }
  return Buffer.concat([...parts, bytes.subarray(at)]);
}

/** Every pixel of a sample: captioning decodes to about the size that is needed, which is not exact. */
async function everyPixel(file: string): Promise<RgbImage> {
  const { width, height, data } = await decodeImage(withoutProfile(file), {
    maxBytes: 1e8,
    maxPixels: 1e8,
    orientation: true,
    interpolateColour: true,
  });
  if (!(data instanceof Uint8Array)) throw new Error(`${file} came as averages`);
  return { width, height, data };
}

describe.each(recording.photos)('$file', ({ file, pixelsSha256, channelMeans, greedy, beam }) => {
  test('becomes the pixels that Pillow makes of it', async () => {
    const pixels = fitted(await everyPixel(file), captioner.model.image);
    const means = [0, 1, 2].map((channel) => {
      const values = Array.from(pixels.data).filter((_, i) => i % 3 === channel);
      return values.reduce((sum, value) => sum + value, 0) / values.length;
    });
    means.forEach((mean, channel) => {
      expect(mean).toBeCloseTo(channelMeans[channel] ?? 0, 3);
    });
    // To the bit, JPEGs too: blocks and colours are made of them as libjpeg does it.
    expect(createHash('sha256').update(pixels.data).digest('hex')).toBe(pixelsSha256);
  });

  const searches = [
    ['greedy', 1, greedy],
    ['beam search', 3, beam],
  ] as const;

  test.each(searches)("%s finds Python's words", async (_, numBeams, expected) => {
    const { eos } = captioner.model.generation;
    const words = expected.tokens.filter((id) => id !== eos);
    const { data, width, height } = await everyPixel(file);
    const exact = await captioner.caption({ data, width, height, channels: 3 }, { numBeams });
    expect(exact.tokens.map(({ id }) => id)).toEqual(words);
    // The engine multiplies int8 weights by activations of 15 bits.
    expect(Math.abs(exact.score - expected.score)).toBeLessThan(1e-4);
  });

  for (const [name, numBeams, expected] of searches) {
    test(`decoded at a reduced size, too: ${name}`, async () => {
      const { text } = await captioner.caption(withoutProfile(file), { numBeams });
      expect(text).toBe(expected.text);
    });
  }
});
