import type { Levels } from '../types.js';
import { diagonal, product } from './matrix.js';
import { type ColourProfile, linearToSrgb, srgbToLinear } from './profile.js';

/**
 * Brings pixels to sRGB, in place: linear light by the profile's curves, sRGB's red, green and blue by its
 * matrix, levels by sRGB's own curve. What sRGB cannot show is cut off, as lcms and browsers do with such
 * profiles.
 *
 * @param data RGB, three samples a pixel, 0–255; whole levels stay whole, means keep their fractions
 */
export function toSrgb(data: Levels, profile: ColourProfile): void {
  if (data instanceof Uint8Array) levelsToSrgb(data, profile);
  else meansToSrgb(data, profile);
}

/** Steps of light in the table for whole levels: in the dark, a step is a 20th of a level. */
const FINE_STEPS = 65_535;
let fineEncoding: Uint8Array | undefined;

/** By where each level begins, since 255 powers are done sooner than 65,536. */
function fineTable(): Uint8Array {
  const table = new Uint8Array(FINE_STEPS + 1);
  for (let level = 1; level <= 255; level++) {
    table.fill(level, Math.ceil(FINE_STEPS * srgbToLinear((level - 0.5) / 255)));
  }
  return table;
}

function levelsToSrgb(data: Uint8Array, { curves, matrix }: ColourProfile): void {
  fineEncoding ??= fineTable();
  const table = fineEncoding;
  const [red, green, blue] = curves;
  const inSteps = product(diagonal([FINE_STEPS, FINE_STEPS, FINE_STEPS]), matrix);
  const [rr, rg, rb, gr, gg, gb, br, bg, bb] = inSteps;
  for (let i = 0; i < data.length; i += 3) {
    const r = red[data[i]];
    const g = green[data[i + 1]];
    const b = blue[data[i + 2]];
    data[i] = table[step(rr * r + rg * g + rb * b)];
    data[i + 1] = table[step(gr * r + gg * g + gb * b)];
    data[i + 2] = table[step(br * r + bg * g + bb * b)];
  }
}

function step(light: number): number {
  return light <= 0 ? 0 : light >= FINE_STEPS ? FINE_STEPS : (light + 0.5) | 0;
}

/** Steps of light in the table for means; between them it is straight within 0.01 levels. */
const STEPS = 4096;
let encoding: Float32Array | undefined;

function meansToSrgb(data: Float32Array, { curves, matrix }: ColourProfile): void {
  // The last entry comes twice, for what would lie after it.
  encoding ??= Float32Array.from(
    { length: STEPS + 2 },
    (_, i) => 255 * linearToSrgb(Math.min(1, i / STEPS)),
  );
  const table = encoding;
  const [red, green, blue] = curves;
  const [rr, rg, rb, gr, gg, gb, br, bg, bb] = matrix;
  for (let i = 0; i < data.length; i += 3) {
    const r = between(red, data[i]);
    const g = between(green, data[i + 1]);
    const b = between(blue, data[i + 2]);
    data[i] = encode(table, rr * r + rg * g + rb * b);
    data[i + 1] = encode(table, gr * r + gg * g + gb * b);
    data[i + 2] = encode(table, br * r + bg * g + bb * b);
  }
}

function between(curve: Float32Array, level: number): number {
  const below = level | 0;
  const value = curve[below];
  return below === 255 ? value : value + (curve[below + 1] - value) * (level - below);
}

function encode(table: Float32Array, light: number): number {
  const place = light <= 0 ? 0 : light >= 1 ? STEPS : light * STEPS;
  const below = place | 0;
  const value = table[below];
  return value + (table[below + 1] - value) * (place - below);
}

/** Levels by which a profile may differ from sRGB and still count as sRGB. */
const NEGLIGIBLE = 2;

/**
 * Whether a profile is sRGB by another name. There are dozens, some with curves of 26 points: so its colours
 * are looked at, not its name or bytes.
 */
export function isNearlySrgb(profile: ColourProfile): boolean {
  const converted = PROBES.slice();
  toSrgb(converted, profile);
  return converted.every((level, i) => Math.abs(level - PROBES[i]) <= NEGLIGIBLE);
}

/** The corners and faces of the cube of colours, and its greys, closer together where it is dark. */
const PROBES = (() => {
  const levels = [0, 64, 128, 192, 255];
  const cube = levels.flatMap((r) => levels.flatMap((g) => levels.flatMap((b) => [r, g, b])));
  const greys = [2, 4, 8, 12, 16, 24, 32, 48, 96, 160, 224].flatMap((grey) => [grey, grey, grey]);
  return Float32Array.from([...cube, ...greys]);
})();
