import type { Encoding, WrittenColours } from './encode.js';
import { pick, type Random, whole } from './random.js';
import type { ScanPlan } from './writer.js';

export type Sampling = readonly (readonly [number, number])[];

/** Sampling factors of three components by their usual names, and some that are rare or odd. */
export const SAMPLINGS: Readonly<Record<string, Sampling>> = {
  '4:4:4': [
    [1, 1],
    [1, 1],
    [1, 1],
  ],
  '4:4:4 as 2×2': [
    [2, 2],
    [2, 2],
    [2, 2],
  ],
  '4:2:2': [
    [2, 1],
    [1, 1],
    [1, 1],
  ],
  '4:4:0': [
    [1, 2],
    [1, 1],
    [1, 1],
  ],
  '4:2:0': [
    [2, 2],
    [1, 1],
    [1, 1],
  ],
  '4:1:1': [
    [4, 1],
    [1, 1],
    [1, 1],
  ],
  '4:1:0': [
    [4, 2],
    [1, 1],
    [1, 1],
  ],
  '4:2:1': [
    [4, 1],
    [2, 1],
    [1, 1],
  ],
  thirds: [
    [3, 1],
    [1, 1],
    [1, 1],
  ],
  'two thirds': [
    [3, 2],
    [2, 1],
    [1, 2],
  ],
  'three quarters': [
    [4, 3],
    [3, 2],
    [1, 1],
  ],
  'colour finer than light': [
    [1, 1],
    [2, 2],
    [1, 1],
  ],
};

/** A random progressive script (T.81, G.1.1.1): any split into bands and bits, in any order allowed. */
export function progressiveScript(random: Random, components: number): ScanPlan[] {
  const all = Array.from({ length: components }, (_, i) => i);
  const restart = () => (random() < 0.2 ? { restartInterval: whole(random, 1, 9) } : {});

  // DC terms together or component by component, then the same bit by bit.
  const dcGroups = random() < 0.6 ? [all] : all.map((index) => [index]);
  const dcLow = whole(random, 0, 2);
  const dcFirst = dcGroups.map((group) => ({ components: group, low: dcLow, ...restart() }));
  const chains: ScanPlan[][] = dcGroups.map((group) =>
    Array.from({ length: dcLow }, (_, i) => ({
      components: group,
      high: dcLow - i,
      low: dcLow - i - 1,
      ...restart(),
    })),
  );

  for (const index of all) {
    for (let from = 1; from <= 63; ) {
      const to = random() < 0.4 ? 63 : whole(random, from, 63);
      const low = whole(random, 0, 3);
      const band = { components: [index], from, to };
      chains.push([
        { ...band, low, ...restart() },
        ...Array.from({ length: low }, (_, i) => ({
          ...band,
          high: low - i,
          low: low - i - 1,
          ...restart(),
        })),
      ]);
      from = to + 1;
    }
  }

  // Merge the chains in random order, keeping the order within each.
  const script: ScanPlan[] = [...dcFirst];
  for (let rest = chains.filter((chain) => chain.length > 0); rest.length > 0; ) {
    script.push((pick(random, rest) as ScanPlan[]).shift() as ScanPlan);
    rest = rest.filter((chain) => chain.length > 0);
  }
  return script;
}

/** The scans that libjpeg writes for a progressive file of three components. */
export const USUAL_SCRIPT: readonly ScanPlan[] = [
  { components: [0, 1, 2], low: 1 },
  { components: [0], from: 1, to: 5, low: 2 },
  { components: [2], from: 1, to: 63, low: 1 },
  { components: [1], from: 1, to: 63, low: 1 },
  { components: [0], from: 6, to: 63, low: 2 },
  { components: [0], from: 1, to: 63, high: 2, low: 1 },
  { components: [0, 1, 2], high: 1, low: 0 },
  { components: [2], from: 1, to: 63, high: 1, low: 0 },
  { components: [1], from: 1, to: 63, high: 1, low: 0 },
  { components: [0], from: 1, to: 63, high: 1, low: 0 },
];

/** The scans of a sequential file: all components in one, or each in its own, or any mixture. */
export function sequentialScans(random: Random, components: number): ScanPlan[] {
  const scans: ScanPlan[] = [];
  let group: number[] = [];
  const joined = random();
  for (let index = 0; index < components; index++) {
    group.push(index);
    if (index < components - 1 && random() < joined) continue;
    scans.push({
      components: group,
      ...(random() < 0.35 ? { restartInterval: whole(random, 1, 12) } : {}),
    });
    group = [];
  }
  return scans;
}

/** A random way of writing a file, out of all that the writer can do and a decoder should read. */
export function randomEncoding(random: Random): Encoding {
  const colours = pick<WrittenColours>(random, [
    'ycbcr',
    'ycbcr',
    'ycbcr',
    'grey',
    'rgb',
    'cmyk',
    'ycck',
  ]);
  const sampling = samplingFor(random, colours);
  const progressive = random() < 0.45;
  const adobe = { rgb: 0, cmyk: 0, ycck: 2, ycbcr: 1, grey: undefined }[colours];
  const isPlain = colours === 'ycbcr' || colours === 'grey';
  return {
    colours,
    sampling,
    progressive,
    quality: pick(random, [1, 5, 20, 50, 75, 85, 92, 97, 100]),
    scans: progressive
      ? progressiveScript(random, sampling.length)
      : sequentialScans(random, sampling.length),
    huffman: !progressive && random() < 0.3 ? pick(random, ['standard', 'absent']) : 'optimal',
    jfif: isPlain && random() < 0.7,
    ...(isPlain || adobe === undefined ? {} : { adobeTransform: adobe }),
    fillBytes: random() < 0.15 ? whole(random, 1, 5) : 0,
    wideQuant: random() < 0.15,
    numberOfLines: random() < 0.1,
    ...(progressive || random() < 0.6 ? {} : { frameMarker: 0xc1 }),
  };
}

/** A random way of writing a file among those that cameras and programs use. */
export function commonEncoding(random: Random): Encoding {
  const grey = random() < 0.15;
  const sampling = grey
    ? ([[1, 1]] as const)
    : (SAMPLINGS[pick(random, ['4:4:4', '4:2:2', '4:4:0', '4:2:0'])] as Sampling);
  const progressive = !grey && random() < 0.4;
  const restartInterval = random() < 0.25 ? whole(random, 1, 9) : 0;
  return {
    colours: grey ? 'grey' : 'ycbcr',
    sampling,
    progressive,
    quality: whole(random, 30, 98),
    scans: progressive
      ? USUAL_SCRIPT
      : [
          {
            components: sampling.map((_, index) => index),
            restartInterval: grey ? 0 : restartInterval,
          },
        ],
    huffman: !progressive && random() < 0.5 ? 'standard' : 'optimal',
    jfif: true,
  };
}

function samplingFor(random: Random, colours: WrittenColours): Sampling {
  if (colours === 'grey') return [[whole(random, 1, 4), whole(random, 1, 4)]];
  const three = SAMPLINGS[pick(random, Object.keys(SAMPLINGS))] as Sampling;
  if (colours === 'ycbcr') return three;
  if (colours === 'rgb')
    return random() < 0.7
      ? [
          [1, 1],
          [1, 1],
          [1, 1],
        ]
      : three;
  return [...three, three[0] as readonly [number, number]];
}
