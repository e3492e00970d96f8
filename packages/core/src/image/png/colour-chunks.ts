import { ProfileError } from '../colour/icc.js';
import { IDENTITY } from '../colour/matrix.js';
import {
  type ColourProfile,
  curveOf,
  D65,
  type FoundColour,
  type Primaries,
  profileOf,
  SRGB_PRIMARIES,
  srgbToLinear,
  toXyzD50,
} from '../colour/profile.js';
import { type Chunk, chunksOf } from './chunks.js';
import { GREY, GREY_ALPHA, readIhdr } from './header.js';
import { InflateError, Inflater } from './inflate.js';

/** Profiles for screens have 0.5–4 KB, those with tables up to 2 MB. */
const MAX_PROFILE_BYTES = 8 * 2 ** 20;

/**
 * The colours of a PNG, by the first of these that it has: cICP, iCCP, sRGB, gAMA with cHRM, gAMA alone
 * (PNG, third edition, section 13.13; what browsers do with the last two).
 *
 * @throws ProfileError when the one that counts is damaged or not known
 */
export function pngColour(bytes: Uint8Array): FoundColour | undefined {
  const chunks = new Map<string, Chunk>();
  for (const chunk of chunksOf(bytes)) {
    if (chunk.type === 'IDAT') break;
    if (!chunks.has(chunk.type)) chunks.set(chunk.type, chunk);
  }
  const dataOf = (type: string, least: number) => soundData(chunks.get(type), least);
  const codePoints = dataOf('cICP', 4);
  if (codePoints) {
    const profile = codePointProfile(codePoints);
    return profile && { profile };
  }
  const compressed = dataOf('iCCP', 4);
  if (compressed) {
    const { colour } = readIhdr(bytes);
    const isGrey = colour === GREY || colour === GREY_ALPHA;
    return { icc: inflated(compressed), pictureColours: isGrey ? 'grey' : 'rgb' };
  }
  if (chunks.has('sRGB')) return undefined;
  const gamma = dataOf('gAMA', 4);
  const profile = gamma && gammaProfile(gamma, dataOf('cHRM', 32));
  return profile && { profile };
}

function soundData(chunk: Chunk | undefined, least: number): Uint8Array | undefined {
  if (!chunk) return undefined;
  if (!chunk.isIntact() || chunk.length < least) {
    throw new ProfileError(`its ${chunk.type} chunk is damaged`);
  }
  return chunk.data;
}

/** iCCP: a name, 0, the method of compression (0, zlib), the profile compressed (section 11.3.2.3). */
function inflated(data: Uint8Array): Uint8Array {
  const nameEnd = data.subarray(0, 80).indexOf(0);
  if (nameEnd < 0 || data[nameEnd + 1] !== 0) throw new ProfileError('its iCCP chunk is damaged');
  const inflater = new Inflater([data.subarray(nameEnd + 2)]);
  let profile = new Uint8Array(0);
  let length = 0;
  try {
    for (const block of inflater.blocks()) {
      if (length === 0 && block.length >= 4) {
        const declared = new DataView(block.buffer, block.byteOffset).getUint32(0);
        if (declared > MAX_PROFILE_BYTES) throw new ProfileError('it is too long');
        profile = new Uint8Array(declared);
      }
      const rest = block.subarray(0, profile.length - length);
      profile.set(rest, length);
      length += rest.length;
      if (length >= profile.length) break;
    }
  } catch (error) {
    if (!(error instanceof InflateError)) throw error;
    throw new ProfileError(`its iCCP chunk is damaged (${error.message})`);
  }
  if (length < profile.length) throw new ProfileError('it is cut short');
  return profile;
}

/** libpng leaves pixels alone whose gamma is this close to the screen's. */
const GAMMA_TOLERANCE = 0.05;
/** What a PNG without a gamma is made for; screens have its inverse. */
const SCREEN_GAMMA = 2.2;

function gammaProfile(
  gamma: Uint8Array,
  chromaticities: Uint8Array | undefined,
): ColourProfile | undefined {
  const exponent = uint32(gamma, 0) / 100_000;
  if (exponent === 0) throw new ProfileError('its gamma is 0');
  const isUsual = Math.abs(exponent * SCREEN_GAMMA - 1) < GAMMA_TOLERANCE;
  if (!chromaticities) {
    if (isUsual) return undefined;
    // Levels for a screen with a gamma of 2.2; sRGB's curve is taken off so that it can be put on again.
    const light = curveOf((level) => srgbToLinear(level ** (1 / exponent / SCREEN_GAMMA)));
    return { curves: [light, light, light], matrix: IDENTITY };
  }
  const [wx = 0, wy = 0, rx = 0, ry = 0, gx = 0, gy = 0, bx = 0, by = 0] = Array.from(
    { length: 8 },
    (_, i) => uint32(chromaticities, i * 4) / 100_000,
  );
  const primaries: Primaries = { white: [wx, wy], red: [rx, ry], green: [gx, gy], blue: [bx, by] };
  if (isUsual && isNear(primaries, SRGB_PRIMARIES)) return undefined;
  const light = curveOf((level) => level ** (1 / exponent));
  return withPrimaries(light, primaries);
}

function withPrimaries(light: Float32Array, primaries: Primaries): ColourProfile {
  const matrix = toXyzD50(primaries);
  if (!matrix) throw new ProfileError('its primaries lie on one line');
  return profileOf([light, light, light], matrix);
}

/** The tolerance of libpng for primaries that are meant to be sRGB's. */
function isNear(a: Primaries, b: Primaries): boolean {
  const values = ({ white, red, green, blue }: Primaries) => [...white, ...red, ...green, ...blue];
  const others = values(b);
  return values(a).every((value, i) => Math.abs(value - (others[i] ?? 0)) <= 0.01);
}

/** Primaries by their code points (ITU-T H.273, table 2). */
const PRIMARIES: ReadonlyMap<number, Primaries> = new Map([
  [1, SRGB_PRIMARIES],
  [4, { white: [0.31, 0.316], red: [0.67, 0.33], green: [0.21, 0.71], blue: [0.14, 0.08] }],
  [5, { white: D65, red: [0.64, 0.33], green: [0.29, 0.6], blue: [0.15, 0.06] }],
  [6, { white: D65, red: [0.63, 0.34], green: [0.31, 0.595], blue: [0.155, 0.07] }],
  [7, { white: D65, red: [0.63, 0.34], green: [0.31, 0.595], blue: [0.155, 0.07] }],
  [9, { white: D65, red: [0.708, 0.292], green: [0.17, 0.797], blue: [0.131, 0.046] }],
  [11, { white: [0.314, 0.351], red: [0.68, 0.32], green: [0.265, 0.69], blue: [0.15, 0.06] }],
  [12, { white: D65, red: [0.68, 0.32], green: [0.265, 0.69], blue: [0.15, 0.06] }],
]);

/** Transfer functions by their code points (ITU-T H.273, table 3): samples to light. */
const TRANSFERS: ReadonlyMap<number, (sample: number) => number> = new Map([
  ...[1, 6, 14, 15].map((code) => [code, rec709ToLinear] as const),
  [4, (sample: number) => sample ** 2.2],
  [5, (sample: number) => sample ** 2.8],
  [8, (sample: number) => sample],
  [13, srgbToLinear],
]);

function rec709ToLinear(sample: number): number {
  return sample < 0.081 ? sample / 4.5 : ((sample + 0.099) / 1.099) ** (1 / 0.45);
}

/** cICP: code points of primaries, transfer function and matrix, and whether the full range is used. */
function codePointProfile([primaries, transfer, matrix, full]: Uint8Array):
  | ColourProfile
  | undefined {
  const found = PRIMARIES.get(primaries ?? 0);
  const light = TRANSFERS.get(transfer ?? 0);
  if (primaries === 2 && transfer === 2) return undefined; // Unspecified.
  if (!found || !light || matrix !== 0 || full !== 1) {
    const codes = [primaries, transfer, matrix, full].join('/');
    throw new ProfileError(`its coding-independent code points ${codes} are not supported`);
  }
  return withPrimaries(curveOf(light), found);
}

function uint32(data: Uint8Array, at: number): number {
  return new DataView(data.buffer, data.byteOffset, data.byteLength).getUint32(at);
}
