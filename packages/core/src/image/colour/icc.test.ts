import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PROFILES, profileNamed } from '../../../test/image/colour-profiles.js';
import { difference } from '../../../test/image/pictures.js';
import { ProfileError, readIccProfile } from './icc.js';
import { isNearlySrgb, toSrgb } from './to-srgb.js';

const profileOf = (icc: Uint8Array) => {
  const profile = readIccProfile(icc);
  if (!profile) throw new Error('not of a kind that is read');
  return profile;
};

describe('pixels by a profile', () => {
  it.each(PROFILES)('$name: as Little CMS converts them', ({ icc, pixels, srgb }) => {
    const converted = pixels.slice();
    toSrgb(converted, profileOf(icc));
    const { mean, max } = difference(converted, srgb);
    expect(max).toBeLessThanOrEqual(1);
    expect(mean).toBeLessThan(0.005);
  });

  it.each(PROFILES)('$name: means, with their fractions', ({ icc, pixels, srgb }) => {
    const profile = profileOf(icc);
    const converted = Float32Array.from(pixels);
    toSrgb(converted, profile);
    expect(difference(converted, srgb).max).toBeLessThanOrEqual(0.55);
    // A grey half way between two levels lies between what becomes of those.
    const greysFrom = (first: number) =>
      Float32Array.from({ length: 255 * 3 }, (_, i) => first + Math.floor(i / 3));
    const [below, between, above] = [greysFrom(0), greysFrom(0.5), greysFrom(1)];
    for (const data of [below, between, above]) toSrgb(data, profile);
    const isBetween = (level: number, i: number) =>
      level >= (below[i] as number) && level <= (above[i] as number);
    expect(between.every(isBetween)).toBe(true);
  });

  it('sRGB is known by its colours, however it is written', () => {
    const known = PROFILES.filter(({ icc }) => isNearlySrgb(profileOf(icc)));
    expect(known.map(({ name }) => name)).toEqual([
      'sRGB, function',
      'sRGB, 1024 points',
      'sRGB, 26 points',
    ]);
  });
});

describe('other profiles', () => {
  const { icc } = profileNamed('Display P3');

  it('of inks, or with tables only, are not read', () => {
    const inks = Uint8Array.from(icc);
    inks.set(Buffer.from('CMYK'), 16);
    expect(readIccProfile(inks)).toBeUndefined();
    const tables = Uint8Array.from(icc);
    tables.set(Buffer.from('A2B0'), 128 + 4 + 3 * 12);
    expect(readIccProfile(tables)).toBeUndefined();
  });

  it.each([
    ['nothing', new Uint8Array(0)],
    ['half a header', icc.subarray(0, 100)],
    ['no signature', changed(36, 0)],
    ['an endless list of tags', changed(128, 255)],
    ['a tag beyond the end', changed(128 + 4 + 3 * 12 + 4, 1)],
    ['a file cut short', icc.subarray(0, icc.length - 4)],
    ['a curve of an unknown type', changedCurve(0, 'x'.charCodeAt(0))],
    ['a function that does not exist', changedCurve(9, 9)],
  ])('%s is refused', (_, bytes) => {
    expect(() => readIccProfile(bytes)).toThrow(ProfileError);
  });

  it('any damage gives a profile, none, or that error; its pixels stay within 0–255', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...PROFILES),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 6 }),
        fc.nat(),
        (recorded, changes, cut) => {
          const bytes = Uint8Array.from(recorded.icc);
          for (const [at, value] of changes) bytes[at % bytes.length] = value;
          const pixels = Float32Array.from(recorded.pixels.subarray(0, 300));
          try {
            const whole = cut % 3 > 0;
            const profile = readIccProfile(whole ? bytes : bytes.subarray(0, cut % bytes.length));
            if (profile) toSrgb(pixels, profile);
          } catch (error) {
            expect(error).toBeInstanceOf(ProfileError);
          }
          expect(pixels.every((level) => level >= 0 && level <= 255)).toBe(true);
        },
      ),
      { numRuns: 400 },
    );
  });

  function changed(at: number, value: number): Uint8Array {
    const bytes = Uint8Array.from(icc);
    bytes[at] = value;
    return bytes;
  }

  /** With a byte of the curve of red changed. */
  function changedCurve(at: number, value: number): Uint8Array {
    const entry = 128 + 4 + 3 * 12;
    const start = new DataView(icc.buffer, icc.byteOffset).getUint32(entry + 4);
    return changed(start + at, value);
  }
});
