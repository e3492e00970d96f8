import sharp from 'sharp';
import { scene } from './pictures.js';
import { writePng } from './png-writer.js';

/** A small real file to be damaged. */
export interface Seed {
  readonly name: string;
  readonly bytes: Uint8Array;
}

const WIDTH = 29;
const HEIGHT = 22;

/** Small files of every kind that is read, most of them written by libvips. */
export async function seeds(): Promise<readonly Seed[]> {
  const { data } = scene(WIDTH, HEIGHT);
  const opaque = () => sharp(data, { raw: { width: WIDTH, height: HEIGHT, channels: 3 } });
  const clear = () => opaque().ensureAlpha(0.6);
  const tall = scene(WIDTH, HEIGHT * 3).data;
  const animated = () =>
    sharp(tall, {
      raw: { width: WIDTH, height: HEIGHT * 3, channels: 3, pageHeight: HEIGHT },
    });
  const turned = () => opaque().withMetadata({ orientation: 6 });
  const files: Readonly<Record<string, Promise<Uint8Array>>> = {
    'jpeg 4:2:0': opaque().jpeg({ quality: 80 }).toBuffer(),
    'jpeg 4:4:4, turned': turned().jpeg({ quality: 95, chromaSubsampling: '4:4:4' }).toBuffer(),
    'jpeg progressive': opaque().jpeg({ quality: 60, progressive: true }).toBuffer(),
    'jpeg grey': opaque().greyscale().jpeg({ optimiseCoding: false }).toBuffer(),
    'jpeg Display P3': opaque().withIccProfile('p3').jpeg().toBuffer(),
    'jpeg CMYK': opaque().toColourspace('cmyk').jpeg().toBuffer(),
    'png RGB, turned': turned().png().toBuffer(),
    'png Display P3': opaque().withIccProfile('p3').png().toBuffer(),
    'png palette': opaque().png({ palette: true, colours: 9 }).toBuffer(),
    'png alpha, interlaced': clear().png({ progressive: true, adaptiveFiltering: true }).toBuffer(),
    'png 16 bits': Promise.resolve(sixteenBits(data)),
    'webp lossy, turned': turned().webp({ quality: 70 }).toBuffer(),
    'webp Display P3': opaque().withIccProfile('p3').webp().toBuffer(),
    'webp lossless': opaque().webp({ lossless: true }).toBuffer(),
    'webp lossy with alpha': clear().webp({ quality: 50 }).toBuffer(),
    'webp animated': animated()
      .webp({ delay: [9, 9, 9] })
      .toBuffer(),
    gif: opaque().gif().toBuffer(),
    'gif interlaced, animated': animated()
      .gif({ delay: [9, 9, 9], progressive: true })
      .toBuffer(),
  };
  return Promise.all(
    Object.entries(files).map(async ([name, file]) => ({
      name,
      bytes: new Uint8Array(await file),
    })),
  );
}

function sixteenBits(data: Uint8Array): Uint8Array {
  return writePng({
    width: WIDTH,
    height: HEIGHT,
    colour: 2,
    depth: 16,
    samples: Array.from(data, (sample) => sample * 257),
  });
}
