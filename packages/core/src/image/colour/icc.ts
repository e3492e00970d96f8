import { IDENTITY, matrixOf } from './matrix.js';
import { type ColourProfile, curveOf, profileOf } from './profile.js';

/** A damaged or unsupported profile. It is ignored, and a warning has this message. */
export class ProfileError extends Error {}

const HEADER_BYTES = 128;
const TAG_BYTES = 12;
/** Real profiles have 9 to 30 tags. */
const MAX_TAGS = 1000;
const MAX_CURVE_POINTS = 65_536;

/**
 * Reads an ICC profile of the kind that photos carry: red, green and blue with a curve each and a matrix
 * (ICC.1:2022, section 8.3.3), or grey with a curve (8.3.4), versions 2 to 4.
 *
 * @returns undefined for a sound profile of another kind (tables, inks), which is not applied
 * @throws ProfileError when it is damaged
 */
export function readIccProfile(bytes: Uint8Array): IccProfile | undefined {
  if (bytes.length < HEADER_BYTES + 4) throw new ProfileError('it is cut short');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (text(bytes, 36) !== 'acsp') throw new ProfileError('it has no ICC signature');
  const colours = text(bytes, 16);
  const connection = text(bytes, 20);
  const tags = readTags(view, bytes);
  if (colours === 'RGB ' && connection === 'XYZ ' && MATRIX_TAGS.every((tag) => tags.has(tag))) {
    const read = (tag: string) => curveAt(view, bytes, tags.get(tag));
    const curves = [read('rTRC'), read('gTRC'), read('bTRC')] as const;
    const columns = ['rXYZ', 'gXYZ', 'bXYZ'].map((tag) => xyzAt(view, bytes, tags.get(tag)));
    const matrix = matrixOf((row, column) => columns[column]?.[row] ?? 0);
    return { ...profileOf(curves, matrix), colours: 'rgb' };
  }
  if (colours === 'GRAY' && tags.has('kTRC')) {
    const curve = curveAt(view, bytes, tags.get('kTRC'));
    // With L*a*b* to connect by, the curve gives lightness (as lcms reads it), and light follows.
    const light = connection === 'Lab ' ? curve.map(lightOfLightness) : curve;
    return { curves: [light, light, light], matrix: IDENTITY, colours: 'grey' };
  }
  return undefined;
}

export interface IccProfile extends ColourProfile {
  /** What pictures it is for. */
  readonly colours: 'rgb' | 'grey';
}

const MATRIX_TAGS = ['rTRC', 'gTRC', 'bTRC', 'rXYZ', 'gXYZ', 'bXYZ'];

interface Tag {
  readonly start: number;
  readonly end: number;
}

function readTags(view: DataView, bytes: Uint8Array): ReadonlyMap<string, Tag> {
  const count = view.getUint32(HEADER_BYTES);
  const tableEnd = HEADER_BYTES + 4 + count * TAG_BYTES;
  if (count > MAX_TAGS || tableEnd > bytes.length)
    throw new ProfileError('its tag table is damaged');
  const tags = new Map<string, Tag>();
  for (let at = HEADER_BYTES + 4; at < tableEnd; at += TAG_BYTES) {
    const start = view.getUint32(at + 4);
    tags.set(text(bytes, at), { start, end: start + view.getUint32(at + 8) });
  }
  return tags;
}

/** The data of a tag from its type on. */
function tagAt(tag: Tag | undefined, bytes: Uint8Array, least: number): Tag {
  if (!tag || tag.end > bytes.length || tag.end - tag.start < least) {
    throw new ProfileError('a tag lies beyond its end');
  }
  return tag;
}

function xyzAt(view: DataView, bytes: Uint8Array, tag: Tag | undefined): readonly number[] {
  const { start } = tagAt(tag, bytes, 20);
  if (text(bytes, start) !== 'XYZ ') throw new ProfileError('a primary has no coordinates');
  return [8, 12, 16].map((offset) => fixed(view, start + offset));
}

/** The linear light of levels 0–255 by a curve: `curv` or `para` (sections 10.6 and 10.18). */
function curveAt(view: DataView, bytes: Uint8Array, tag: Tag | undefined): Float32Array {
  const { start, end } = tagAt(tag, bytes, 12);
  const type = text(bytes, start);
  if (type === 'curv') return tableCurve(view, start + 8, end);
  if (type === 'para') return parametricCurve(view, start + 8, end);
  throw new ProfileError('a tone curve has an unknown type');
}

/** No point: a straight line. One: an exponent. More: values that are joined by straight lines. */
function tableCurve(view: DataView, at: number, end: number): Float32Array {
  const count = view.getUint32(at);
  if (count > MAX_CURVE_POINTS || at + 4 + count * 2 > end) {
    throw new ProfileError('a tone curve lies beyond its end');
  }
  if (count === 0) return curveOf((level) => level);
  if (count === 1) {
    const gamma = view.getUint16(at + 4) / 256;
    return curveOf((level) => level ** gamma);
  }
  const point = (i: number) => view.getUint16(at + 4 + Math.min(i, count - 1) * 2) / 65_535;
  return curveOf((level) => {
    const place = level * (count - 1);
    const below = Math.floor(place);
    return point(below) + (point(below + 1) - point(below)) * (place - below);
  });
}

/** Numbers of parameters of the five functions (table 68 of section 10.18). */
const PARAMETERS = [1, 3, 4, 5, 7];

function parametricCurve(view: DataView, at: number, end: number): Float32Array {
  const kind = view.getUint16(at);
  const count = PARAMETERS[kind];
  if (count === undefined || at + 4 + count * 4 > end) {
    throw new ProfileError('a tone curve has an unknown type');
  }
  const parameters = Array.from({ length: count }, (_, i) => fixed(view, at + 4 + i * 4));
  const [g = 1, a = 1, b = 0, c = 0, d = 0, e = 0, f = 0] = parameters;
  const power = (x: number) => Math.max(0, a * x + b) ** g;
  switch (kind) {
    case 0:
      return curveOf((x) => x ** g);
    case 1:
      return curveOf((x) => (x >= -b / a ? power(x) : 0));
    case 2:
      return curveOf((x) => (x >= -b / a ? power(x) + c : c));
    case 3:
      return curveOf((x) => (x >= d ? power(x) : c * x));
    default:
      return curveOf((x) => (x >= d ? power(x) + e : c * x + f));
  }
}

/** CIE 1976 lightness, 0–1, to light. */
function lightOfLightness(lightness: number): number {
  const f = (lightness * 100 + 16) / 116;
  return f > 6 / 29 ? f ** 3 : 3 * (6 / 29) ** 2 * (f - 4 / 29);
}

/** s15Fixed16Number. */
function fixed(view: DataView, at: number): number {
  return view.getInt32(at) / 65_536;
}

function text(bytes: Uint8Array, at: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + 4));
}
