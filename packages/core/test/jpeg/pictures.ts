import { pick, type Random } from './random.js';

/** An RGB picture, three bytes a pixel. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

export type PictureKind = 'smooth' | 'photo' | 'edges' | 'noise' | 'flat';

/**
 * A made-up picture: `smooth` has waves of light and colour, `photo` adds fine grain and a few soft
 * shapes, `edges` has hard shapes in strong colours, `noise` is random in every pixel.
 *
 * @param levels darkest and brightest level used: narrow ranges keep decoders from clamping
 */
export function makePicture(
  random: Random,
  kind: PictureKind,
  width: number,
  height: number,
  levels: readonly [number, number] = [0, 255],
): Picture {
  const paint = painters[kind](random, width, height);
  const [low, high] = levels;
  const data = new Uint8Array(width * height * 3);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (const value of paint(x, y)) {
        data[at++] = Math.round(low + (high - low) * Math.max(0, Math.min(1, value)));
      }
    }
  }
  return { width, height, data };
}

/** The colour at a pixel: red, green, blue, each 0 to 1. */
type Paint = (x: number, y: number) => [number, number, number];
type Painter = (random: Random, width: number, height: number) => Paint;

const painters: Record<PictureKind, Painter> = {
  flat: (random) => {
    const colour: [number, number, number] = [random(), random(), random()];
    return () => colour;
  },

  noise: (random) => () => [random(), random(), random()],

  smooth: (random) => {
    const waves = Array.from({ length: 5 }, () => ({
      across: (random() - 0.5) * 0.16,
      down: (random() - 0.5) * 0.16,
      phase: random() * 6.3,
      tint: [0.6 + 0.4 * random(), 0.6 + 0.4 * random(), 0.6 + 0.4 * random()],
    }));
    return (x, y) => {
      const colour: [number, number, number] = [0.5, 0.5, 0.5];
      for (const { across, down, phase, tint } of waves) {
        const wave = 0.1 * Math.sin(across * x + down * y + phase);
        for (let c = 0; c < 3; c++) colour[c] = (colour[c] as number) + wave * (tint[c] as number);
      }
      return colour;
    };
  },

  photo: (random, width, height) => {
    const smooth = painters.smooth(random, width, height);
    const shapes = Array.from({ length: 4 }, () => ({
      x: random() * width,
      y: random() * height,
      radius: 3 + (random() * (width + height)) / 6,
      light: (random() - 0.5) * 0.5,
    }));
    return (x, y) => {
      const [red, green, blue] = smooth(x, y);
      let light = (random() - 0.5) * 0.06;
      for (const shape of shapes) {
        const inside = shape.radius - Math.hypot(x - shape.x, y - shape.y);
        light += shape.light / (1 + Math.exp(-inside));
      }
      return [red + light, green + light, blue + light];
    };
  },

  edges: (random, width, height) => {
    const shapes = Array.from({ length: 6 }, () => ({
      x: random() * width,
      y: random() * height,
      radius: (random() * (width + height)) / 5,
      square: random() < 0.5,
      colour: [pick(random, [0, 1]), pick(random, [0, 1]), random()] as [number, number, number],
    }));
    return (x, y) => {
      let colour: [number, number, number] = [0, 0.5, 1];
      for (const shape of shapes) {
        const across = Math.abs(x - shape.x);
        const down = Math.abs(y - shape.y);
        const distance = shape.square ? Math.max(across, down) : Math.hypot(across, down);
        if (distance < shape.radius) colour = shape.colour;
      }
      return colour;
    };
  },
};
